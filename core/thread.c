/* thread.c -- splitting work among threads (one OpenMP runtime, shared with BLAS and oneDNN), and stopping it. */
#include "crowd.h"
#include "internal.h"
#include <stdio.h>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif

static _Thread_local int wanted; /* as OpenMP has it: of the thread that calls; 0: not asked for yet */
static int deterministic;        /* see rk_set_deterministic */

/* Cores that a container's quota amounts to (cgroup 2), rounded up; 0 when there is none. */
static int quota(void) {
  long most = 0, period = 0;
  FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
  if (!f) return 0;
  const int n = fscanf(f, "%ld %ld", &most, &period);
  fclose(f);
  return n == 2 && most > 0 && period > 0 ? (int)((most + period - 1) / period) : 0;
}

/* Cores that this process may use: affinity and quota counted in. */
int rk_cores(void) {
  static int known;
  int n = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (n) return n;
#ifdef _OPENMP
  n = omp_get_num_procs();
#else
  n = (int)sysconf(_SC_NPROCESSORS_ONLN);
#endif
  const int allowed = quota();
  if (allowed && allowed < n) n = allowed;
  if (n < 1) n = 1;
  __atomic_store_n(&known, n, __ATOMIC_RELAXED);
  return n;
}

int rk_threads(void) {
#ifdef _OPENMP
  if (wanted) return wanted;
  const int most = omp_get_max_threads(); /* OMP_NUM_THREADS, or the cores it sees */
  return most < rk_cores() ? most : rk_cores();
#else
  return 1;
#endif
}

int rk_set_threads(int n) {
  if (n < 1 || n > 4096) return rk_fail(RK_EARG, "setnumthreads: a number from 1 to 4096 expected, got %d", n);
  wanted = n;
#ifdef _OPENMP
  omp_set_num_threads(n);
#endif
  return RK_OK;
}

void rk_set_deterministic(int on) { deterministic = on != 0; }
int rk_deterministic(void) { return deterministic; }

#ifdef _OPENMP
/* Threads do not survive in a forked child, but OpenMP believes they do and would wait for them for ever: a child whose
 * parent has run in parallel stays on one thread. */
static bool orphaned(void) {
  static int owner;
  int first = 0;
  const int me = (int)getpid();
  return !__atomic_compare_exchange_n(&owner, &first, me, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) && first != me;
}
#endif

#ifdef _OPENMP
/* Each thread has a share of the parts, in order, so that the same data meet the same caches again; who is done goes on
 * with what others have left. Claims are of a few parts, lest they cost as much as small parts do. */
enum { SHARES = 256, CLAIMS = 32 };
/* Beside other processes a region ends when the last thread has had its turn, milliseconds later: what takes less (some
 * 10 ms) the caller does alone. */
enum { WORTH_WAITING = 1 << 27 };
struct share {
  _Alignas(64) int64_t next;
  int64_t end;
};
static void run_shares(int threads, int64_t parts, void (*f)(void *arg, int64_t part), void *arg, const int *flag) {
  struct share shares[SHARES];
  const int64_t claim = parts / threads / CLAIMS + 1;
  for (int k = 0; k < threads; k++) shares[k] = (struct share){parts * k / threads, parts * (k + 1) / threads};
#pragma omp parallel num_threads(threads)
  for (int k = 0, mine = omp_get_thread_num(); k < threads; k++) {
    struct share *s = &shares[(mine + k) % threads];
    for (int64_t i; (i = __atomic_fetch_add(&s->next, claim, __ATOMIC_RELAXED)) < s->end;)
      for (int64_t end = i + claim < s->end ? i + claim : s->end; i < end && !rk_stopped(flag); i++) f(arg, i);
  }
}
#endif

/* No part is begun any more once the flag is set. */
static void run(int64_t parts, int64_t work, void (*f)(void *arg, int64_t part), void *arg, const int *flag) {
#ifdef _OPENMP
  int64_t threads = work / RK_WORK_PER_THREAD;
  if (threads > parts) threads = parts;
  if (threads > rk_threads()) threads = rk_threads();
  if (threads > SHARES) threads = SHARES;
  if (threads > 1 && !omp_in_parallel() && !orphaned()) {
    const bool alone = rk_crowded() && work < WORTH_WAITING;
    const int most = omp_get_max_threads();
    if (!alone) return run_shares((int)threads, parts, f, arg, flag);
    omp_set_num_threads(1); /* of libraries that f may call, too, as in a parallel region */
    for (int64_t k = 0; k < parts && !rk_stopped(flag); k++) f(arg, k);
    omp_set_num_threads(most);
    return;
  }
#else
  (void)work;
#endif
  for (int64_t k = 0; k < parts && !rk_stopped(flag); k++) f(arg, k);
}

void rk_parallel(int64_t parts, int64_t work, void (*f)(void *arg, int64_t part), void *arg) {
  static const int never;
  run(parts, work, f, arg, &never);
}

/* -- interruption ---------------------------------------------------------------------------- */
static _Thread_local int interrupt;

int *rk_interrupt_flag(void) { return &interrupt; }

int rk_interrupted(void) { return rk_stopped(&interrupt) ? rk_fail(RK_EINTERRUPT, "operation: interrupted!") : RK_OK; }

int rk_parallel_try(int64_t parts, int64_t work, void (*f)(void *arg, int64_t part), void *arg) {
  if (parts == 1) return f(arg, 0), RK_OK; /* what is small pays nothing for being left */
  run(parts, work, f, arg, &interrupt);
  return parts > 1 ? rk_interrupted() : RK_OK;
}
