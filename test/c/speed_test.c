/* speed_test.c -- do the float rows of ops.h widen? Each is timed in the baseline's loops and in AVX2's on memory that
 * stays in the first-level cache; AVX2 must be 1.5 times as fast. A row that a compiler keeps scalar shows a ratio
 * near 1. The least of many runs is taken, and a row that misses is timed again: a busy machine only makes runs longer.
 */
#include "kernels.h"
#include "test.h"
#include <time.h>

#if defined __SANITIZE_ADDRESS__ || !defined __x86_64__ || !defined __OPTIMIZE__
int main(void) {
  printf("not timed: sanitizers, no optimisation, or another processor\n");
  return test_done();
}
#else
enum { N = 2048, RUNS = 40, TRIES = 60 };
static float x[N], y[N], z[N], out[N];

/* Served by libm, one element at a time; or, lerp, so little arithmetic that loads and stores decide in both. */
static bool exempt(const char *name) {
  static const char *const names[] = {"asin",  "acos",      "atan",       "atan2", "lgamma", "digamma", "fmod",
                                      "cfmod", "remainder", "cremainder", "mod",   "cmod",   "lerp"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    if (!strcmp(names[k], name)) return true;
  return false;
}
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
static double least(const char *isa, int op) {
  CHECK(rk_use_isa(isa));
  const struct rk_loop l = {.n = N, .out = out, .in = {x, y, z}, .a = 0.5, .b = 2, .mask = 0xffffffffu};
  rk_map_loop *f = rk_cpu_loops[RK_f32]->map[RK_VALUE][op];
  double best = 1;
  for (int k = 0; k < RUNS; k++) {
    double start = now();
    f(&l);
    double took = now() - start;
    best = took < best ? took : best;
  }
  return best;
}

int main(void) {
  if (!rk_use_isa("avx2")) {
    printf("not timed: no AVX2 here\n");
    return test_done();
  }
  for (int k = 0; k < N; k++)
    x[k] = (float)test_real(0.1, 3), y[k] = (float)test_real(0.1, 3), z[k] = (float)test_real(0.1, 3);
  for (int op = 0; op < RK_NOPS; op++) {
    if (rk_op_class(op) != RK_FLT || exempt(rk_op_name(op)) || rk_op_kind(op) == RK_COMPARE) continue;
    double ratio = 0;
    for (int k = 0; k < TRIES && ratio < 1.5; k++) {
      if (k > 4) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL); /* whoever disturbs may be gone then */
      double r = least("base", op) / least("avx2", op);
      ratio = r > ratio ? r : ratio;
    }
    if (!CHECK(ratio >= 1.5)) printf("%s: AVX2 is %.2f times the baseline\n", rk_op_name(op), ratio);
  }
  return test_done();
}
#endif
