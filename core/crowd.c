/* crowd.c -- do other processes keep the cores busy that our threads want?
 *
 * OpenMP's threads wait for one another by spinning for milliseconds. Alone that is the quickest way. Beside a process
 * that keeps a core busy it is the slowest: a thread that spins uses up its share of the core and is off it when it is
 * needed, and a region of a tenth of a millisecond lasts until the scheduler has gone round. So it is measured now and
 * then how long our threads waited for a core (/proc/self/task/N/schedstat) and how much of the cores others took
 * (/proc/stat). While it is much
 *   - libgomp spins for a few us only: it does so, by its manual (GOMP_SPINCOUNT), whenever there are more OpenMP
 *     threads than cores. A few spare threads, asleep, bring that about;
 *   - regions of our own that last less than some ms run on the calling thread, with the same bits (thread.c).
 * Where the kernel does not tell, nobody is ever in the way. On two cores, beside one such process: steps of an MLP 7.7
 * -> 5.3 ms, of charlstm 50 to 90 -> 43 to 50; alone, all as before. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "crowd.h"
#include "internal.h"
#if defined _OPENMP && defined __linux__
#include <dirent.h>
#include <fcntl.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int64_t MS = 1000000; /* times are in ns */
/* A window of measurement lasts WINDOW ms, and 200 times what a measurement takes; one of more than LONGEST ms says
 * nothing, since the process may have slept in it. What others leave may be judged wrongly (they may be meant to get
 * only what we leave): each RETRY ms we try whether they still are in the way. */
enum { WINDOW = 100, LONGEST = 500, RETRY = 1000, SPARE = 8 };

static int crowded; /* read by everyone, and written, as the rest is, by who has set `busy` */
static int busy;
static int64_t due; /* the next measurement */
struct times {
  int64_t now, waited, used, idle; /* waited: our threads, ready but without a core; idle: our cores */
};
static struct times last;
static int64_t entered;
static int in_the_way; /* windows in a row: two may be an accident, as when real-time processes get their pause */

static int64_t clock_ns(clockid_t clock) {
  struct timespec t;
  return clock_gettime(clock, &t) ? 0 : t.tv_sec * 1000 * MS + t.tv_nsec;
}

/* The second number of a thread's schedstat; 0 when it has ended. */
static int64_t waited_by(int folder, const char *thread) {
  char path[64], text[128], *end;
  if (snprintf(path, sizeof path, "%.20s/schedstat", thread) >= (int)sizeof path) return 0;
  const int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
  const ssize_t n = file < 0 ? 0 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  if (n <= 0) return 0;
  text[n] = 0;
  strtoll(text, &end, 10);
  return strtoll(end, NULL, 10);
}
static bool read_waited(struct times *t) {
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) return false;
  for (const struct dirent *d; (d = readdir(tasks));)
    if (d->d_name[0] != '.') t->waited += waited_by(dirfd(tasks), d->d_name);
  closedir(tasks);
  return true;
}

/* "cpu3 user nice system idle iowait ..." in ticks. */
static bool read_idle(struct times *t) {
  cpu_set_t ours;
  char line[512];
  FILE *file = sched_getaffinity(0, sizeof ours, &ours) ? NULL : fopen("/proc/stat", "re");
  if (!file) return false;
  int64_t ticks = 0;
  while (fgets(line, sizeof line, file) && strncmp(line, "cpu", 3) == 0) {
    char *at = line + 3;
    if (*at == ' ') continue; /* all of them */
    const int64_t cpu = strtoll(at, &at, 10);
    if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, &ours)) continue;
    for (int k = 0; k < 3; k++) strtoll(at, &at, 10);
    ticks += strtoll(at, &at, 10), ticks += strtoll(at, &at, 10);
  }
  fclose(file);
  t->idle = ticks * (1000 * MS / sysconf(_SC_CLK_TCK));
  return true;
}

/* -- spare threads: more of OpenMP's than there are cores ------------------------------------------- */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t change;
  bool wanted, there;
  int count;
} spare = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};

static void *wait_for(void *mutex) {
  pthread_mutex_lock(mutex);
  pthread_mutex_unlock(mutex);
  return NULL;
}
/* Can n more threads be had? OpenMP ends the process where they cannot. */
static bool can_have(int n) {
  pthread_mutex_t go = PTHREAD_MUTEX_INITIALIZER;
  pthread_t threads[SPARE];
  int k = 0;
  pthread_mutex_lock(&go);
  while (k < n && !pthread_create(&threads[k], NULL, wait_for, &go)) k++;
  pthread_mutex_unlock(&go);
  for (int i = 0; i < k; i++) pthread_join(threads[i], NULL);
  return k == n;
}

static void *hold_threads(void *unused) {
  (void)unused;
  if (can_have(spare.count)) {
#pragma omp parallel num_threads(spare.count)
    __asm__ volatile(""); /* or nothing would be left of the region */
  }
  pthread_mutex_lock(&spare.lock);
  while (spare.wanted) pthread_cond_wait(&spare.change, &spare.lock);
  spare.there = false;
  pthread_mutex_unlock(&spare.lock);
  return NULL; /* and OpenMP ends the threads of a thread that ends */
}

static void want_spare(bool wanted) {
  pthread_t thread;
  const int count = omp_get_num_procs() - rk_threads() + 2;
  pthread_mutex_lock(&spare.lock);
  spare.wanted = wanted;
  if (!wanted) pthread_cond_signal(&spare.change);
  if (wanted && !spare.there && count >= 2 && count <= SPARE) {
    spare.count = count;
    spare.there = pthread_create(&thread, NULL, hold_threads, NULL) == 0;
    if (spare.there) pthread_detach(thread);
  }
  pthread_mutex_unlock(&spare.lock);
}

/* -- deciding --------------------------------------------------------------------------------------- */
static void decide(bool now) {
  if (now) entered = last.now;
  __atomic_store_n(&crowded, now, __ATOMIC_RELAXED);
  want_spare(now);
}

static void measure(void) {
  struct times t = {.now = clock_ns(CLOCK_MONOTONIC), .used = clock_ns(CLOCK_PROCESS_CPUTIME_ID)};
  const bool told = read_waited(&t) && read_idle(&t);
  const int64_t took = clock_ns(CLOCK_MONOTONIC) - t.now, window = t.now - last.now;
  const int64_t waited = t.waited - last.waited, left = t.used - last.used + t.idle - last.idle;
  const int64_t wait = 200 * took > WINDOW * MS ? 200 * took : WINDOW * MS;
  __atomic_store_n(&due, told ? t.now + wait : INT64_MAX, __ATOMIC_RELAXED);
  last = t;
  if (!told || window > LONGEST * MS) return;
  const bool room = left > rk_threads() * window - window * 2 / 5;
  in_the_way = !room && waited > window * 3 / 10 ? in_the_way + 1 : 0;
  if (!crowded && in_the_way > 2)
    decide(true);
  else if (crowded && (room || (t.now - entered > RETRY * MS && waited < window / 10)))
    decide(false);
}

int rk_crowded(void) {
  const int64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
  if (now >= __atomic_load_n(&due, __ATOMIC_RELAXED) && !__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) {
    if (now >= __atomic_load_n(&due, __ATOMIC_RELAXED)) measure();
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
  }
  return __atomic_load_n(&crowded, __ATOMIC_RELAXED);
}

void rk_set_crowded(int on) {
  while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) sched_yield();
  __atomic_store_n(&due, on < 0 ? 0 : INT64_MAX, __ATOMIC_RELAXED);
  decide(on > 0);
  __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}
#else
int rk_crowded(void) { return 0; }
void rk_set_crowded(int on) { (void)on; }
#endif
