/* loops_update.c -- inner loops of update.c, one for each row of updates.h; see
 * layer_loops.h. Compiled once per ISA; includes itself once per type. */
#ifndef REAL
#include "layer_loops.h"
#include "scalar.h"
#define LOOPS_FILE "loops_update.c"
#include "each_real.h"

#define ENTRY_f32(name, ...) [RK_UPDATE_##name] = name##_f32,
#define ENTRY_f64(name, ...) [RK_UPDATE_##name] = name##_f64,
const struct rk_update_loops RK_LOOPS_NAME(rk_update_loops, RK_ISA)[2] = {{.step = {RK_UPDATES(ENTRY_f32)}},
                                                                          {.step = {RK_UPDATES(ENTRY_f64)}}};

#else
#define MAYBE __attribute__((unused))
/* States a row does not have are NULL and stay untouched: the conditions are constants. */
#define STEP(name, kept, written, doc, ...)                                                                            \
  static void FN(name)(void *xs, const void *gs, void *const *states, const double *p, int64_t n) {                    \
    REAL *to = xs, *t0 = states[0], *t1 = states[1], *t2 = states[2], *t3 = states[3];                                 \
    const REAL *from = gs;                                                                                             \
    MAYBE const REAL p0 = (REAL)p[0], p1 = (REAL)p[1], p2 = (REAL)p[2], p3 = (REAL)p[3], p4 = (REAL)p[4],              \
                     p5 = (REAL)p[5], p6 = (REAL)p[6], p7 = (REAL)p[7];                                                \
    RK_IVDEP for (int64_t i = 0; i < n; i++) {                                                                         \
      MAYBE REAL x = to[i], g = from[i];                                                                               \
      MAYBE REAL s0 = kept > 0 ? t0[i] : 0, s1 = kept > 1 ? t1[i] : 0, s2 = 0, s3 = 0;                                 \
      __VA_ARGS__                                                                                                      \
      to[i] = x;                                                                                                       \
      if (kept + written > 0) t0[i] = s0;                                                                              \
      if (kept + written > 1) t1[i] = s1;                                                                              \
      if (kept + written > 2) t2[i] = s2;                                                                              \
      if (kept + written > 3) t3[i] = s3;                                                                              \
    }                                                                                                                  \
  }
RK_UPDATES(STEP)
#undef STEP
#undef MAYBE
#endif
