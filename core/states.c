/* states.c -- Lua states on threads of their own.
 *
 * librekindle does not link LuaJIT: the interpreter that has loaded it is already in the process, and its functions are
 * looked up there when the first state is made.
 *
 * Leaving: when the process exits while such threads live, those that wait for something are parked, and the others
 * have GRACE seconds to come to a wait or to end. Otherwise they would run on while libraries are torn down under
 * them; so after that time the files are flushed and the process ends without teardown. */
#define _GNU_SOURCE
#include "states.h"
#include "internal.h"
#include "leave.h"
#include "low_stack.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double GRACE = 2; /* seconds */
static const size_t STACK = (size_t)8 << 20;

/* -- the interpreter --------------------------------------------------------------------- */
typedef void lua; /* lua_State */
static struct {
  lua *(*newstate)(void);
  void (*openlibs)(lua *);
  int (*loadbuffer)(lua *, const char *, size_t, const char *);
  int (*pcall)(lua *, int, int, int);
  const char *(*tolstring)(lua *, int, size_t *);
  void (*pushcclosure)(lua *, int (*)(lua *), int);
  void (*traceback)(lua *, lua *, const char *, int);
  void (*close)(lua *);
} api;
static pthread_once_t api_once = PTHREAD_ONCE_INIT;
static const char *missing; /* name of a function that was not found */

static void *look_up(const char *name) {
  void *f = dlsym(RTLD_DEFAULT, name);
  if (!f) missing = name;
  return f;
}

static void find_api(void) {
  *(void **)&api.newstate = look_up("luaL_newstate");
  *(void **)&api.openlibs = look_up("luaL_openlibs");
  *(void **)&api.loadbuffer = look_up("luaL_loadbuffer");
  *(void **)&api.pcall = look_up("lua_pcall");
  *(void **)&api.tolstring = look_up("lua_tolstring");
  *(void **)&api.pushcclosure = look_up("lua_pushcclosure");
  *(void **)&api.traceback = look_up("luaL_traceback");
  *(void **)&api.close = look_up("lua_close");
}

/* -- threads -------------------------------------------------------------------------------- */
struct rk_thread {
  pthread_t id;
  int cores;
  bool ended, abandoned;
  int64_t length;
  char code[];
};

/* One lock and one condition for all: they start and end rarely. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int64_t living, parked;
static int leaving;
static pid_t watched; /* the process whose leaving is ours to watch; a forked child has none of the threads */
static _Thread_local bool ours;

bool rk_leaving(void) { return ours && __atomic_load_n(&leaving, __ATOMIC_ACQUIRE); }

void rk_park(void) {
  pthread_mutex_lock(&lock);
  parked++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  for (;;) pause();
}

static int with_traceback(lua *L) {
  const char *text = api.tolstring(L, 1, NULL);
  if (text) api.traceback(L, L, text, 1);
  return 1;
}

static void run_code(void *arg) {
  const struct rk_thread *t = arg;
  const char *const code = t->code;
  const size_t length = (size_t)t->length;
  lua *L = api.newstate();
  if (!L) {
    fprintf(stderr, "threads: no memory for a Lua state\n");
    return;
  }
  api.openlibs(L);
  api.pushcclosure(L, with_traceback, 0);
  if (api.loadbuffer(L, code, length, "=threads") || api.pcall(L, 0, 0, 1)) {
    const char *text = api.tolstring(L, -1, NULL);
    if (!rk_leaving()) fprintf(stderr, "threads.Thread: %s\n", text ? text : "(an error without text)");
  }
  if (rk_leaving()) rk_park();
  api.close(L);
}

static void *thread_main(void *arg) {
  struct rk_thread *t = arg;
  ours = true;
  if (t->cores) rk_set_threads(t->cores);
  rk_on_low_stack(STACK, run_code, t);
  pthread_mutex_lock(&lock);
  living--;
  t->ended = true;
  const bool last = t->abandoned;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  if (last) free(t);
  return NULL;
}

/* -- leaving the process ------------------------------------------------------------------------ */
static struct timespec after(double seconds) { /* on the clock that conditions use by default */
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  if (seconds > 1e6) seconds = 1e6;
  at.tv_sec += (time_t)seconds;
  at.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  return at;
}

static void *flush_files(void *arg) {
  (void)arg;
  fflush(NULL);
  pthread_mutex_lock(&lock);
  living = 0;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void leave(int status, void *arg) {
  (void)arg;
  if (watched != getpid()) return;
  __atomic_store_n(&leaving, 1, __ATOMIC_RELEASE);
  rk_sync_wake_all();
  struct timespec at = after(GRACE);
  pthread_mutex_lock(&lock);
  const int64_t running = living - ours; /* a worker may be the one that exits */
  while (parked < running && pthread_cond_timedwait(&changed, &lock, &at) != ETIMEDOUT) {}
  const bool quiet = parked >= running;
  pthread_mutex_unlock(&lock);
  if (quiet) return;
  pthread_t
      helper; /* a thread that waits for input holds the lock of its file: flushing waits, too, but not for ever */
  if (!pthread_create(&helper, NULL, flush_files, NULL)) {
    at = after(GRACE / 2);
    pthread_mutex_lock(&lock);
    while (living && pthread_cond_timedwait(&changed, &lock, &at) != ETIMEDOUT) {}
    pthread_mutex_unlock(&lock);
  }
  _exit(status);
}

/* -- starting and joining -------------------------------------------------------------------------- */
int rk_thread_start(struct rk_thread **out, const char *code, int64_t length, int cores) {
  if (!out || !code || length < 0) return rk_fail(RK_EARG, "threads.Thread: argument 1: Lua code expected");
  pthread_once(&api_once, find_api);
  if (missing)
    return rk_fail(RK_ESYS,
                   "threads.Thread: this process has no function %s, so no Lua states can be made: run under "
                   "th or luajit, or export LuaJIT's symbols",
                   missing);
  struct rk_thread *t = malloc(sizeof *t + (size_t)length + 1);
  if (!t) return rk_fail(RK_ENOMEM, "threads.Thread: no memory for %lld bytes of code", (long long)length);
  *t = (struct rk_thread){.cores = cores, .length = length};
  memcpy(t->code, code, (size_t)length);
  t->code[length] = 0;
  sigset_t all, before; /* signals are the main thread's */
  sigfillset(&all);
  pthread_mutex_lock(&lock);
  if (!watched) on_exit(leave, NULL);
  watched = getpid();
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(&t->id, NULL, thread_main, t);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!error) living++;
  pthread_mutex_unlock(&lock);
  if (error) {
    free(t);
    return rk_fail(RK_ESYS, "threads.Thread: cannot start a thread: %s", strerror(error));
  }
  *out = t;
  return RK_OK;
}

int rk_thread_join(struct rk_thread *t, double seconds) {
  if (!t) return RK_DONE;
  const struct timespec at = after(seconds < 0 ? 1e9 : seconds);
  pthread_mutex_lock(&lock);
  while (!t->ended && pthread_cond_timedwait(&changed, &lock, &at) != ETIMEDOUT) {}
  const bool ended = t->ended;
  pthread_mutex_unlock(&lock);
  if (!ended) return RK_TIMEOUT;
  pthread_join(t->id, NULL);
  free(t);
  return RK_DONE;
}

void rk_thread_abandon(struct rk_thread *t) {
  if (!t) return;
  pthread_mutex_lock(&lock);
  const bool ended = t->ended;
  t->abandoned = true;
  if (!ended) pthread_detach(t->id);
  pthread_mutex_unlock(&lock);
  if (ended) rk_thread_join(t, 0);
}
