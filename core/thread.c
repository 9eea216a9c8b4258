/* thread.c -- splitting work among threads (one OpenMP runtime, shared with BLAS and oneDNN). */
#include "internal.h"
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif

static int wanted;        /* 0: not asked for yet */
static int deterministic; /* see rk_set_deterministic */

int rk_cores(void) {
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}

int rk_threads(void) {
#ifdef _OPENMP
  return wanted ? wanted : omp_get_max_threads();
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

void rk_parallel(int64_t parts, int64_t work, void (*f)(void *arg, int64_t part), void *arg) {
#ifdef _OPENMP
  int64_t threads = work / RK_WORK_PER_THREAD;
  if (threads > parts) threads = parts;
  if (threads > rk_threads()) threads = rk_threads();
  if (threads > 1 && !omp_in_parallel()) {
#pragma omp parallel for schedule(static) num_threads((int)threads)
    for (int64_t k = 0; k < parts; k++) f(arg, k);
    return;
  }
#else
  (void)work;
#endif
  for (int64_t k = 0; k < parts; k++) f(arg, k);
}
