/* loops_loss.c -- inner loops of the losses of loss_rows.h: sum, values and slope.
 * Compiled once per ISA; includes itself once per type. */
#ifndef REAL
#include "layer_loops.h"
#include "loss_rows.h"
#include "scalar.h"
/* log t! by Stirling's formula, for t > 1 */
#define rk_stirling(t) (t > 1 ? t * rk_log(t) - t + K(0.5) * rk_log(K(6.283185307179586) * t) : 0)
#define K(c) ((REAL)(c))
#define LOOPS_FILE "loops_loss.c"
#include "each_real.h"

#define ROW32(name, f, df, doc) {sum_##name##_f32, each_##name##_f32, slope_##name##_f32},
#define ROW64(name, f, df, doc) {sum_##name##_f64, each_##name##_f64, slope_##name##_f64},
const struct rk_loss_loops RK_LOOPS_NAME(rk_loss_loops, RK_ISA)[2] = {{{RK_LOSS_ROWS(ROW32)}}, {{RK_LOSS_ROWS(ROW64)}}};

#else
static double FN(fold)(const REAL *acc) {
  double s[RK_LANES];
  for (int k = 0; k < RK_LANES; k++) s[k] = (double)acc[k];
  for (int w = RK_LANES / 2; w; w /= 2)
    for (int k = 0; k < w; k++) s[k] += s[k + w];
  return s[0];
}

#define LOSS(name, f, df, doc)                                                                                         \
  static double FN(sum_##name)(const void *px, const void *pt, const void *pw, int64_t n, double da, double db) {      \
    const REAL *px_ = px, *pt_ = pt, *w = pw, a = (REAL)da, b = (REAL)db;                                              \
    REAL acc[RK_LANES] = {0};                                                                                          \
    int64_t i = 0;                                                                                                     \
    (void)a, (void)b;                                                                                                  \
    if (w) {                                                                                                           \
      for (; i < n; i++) {                                                                                             \
        REAL x = px_[i], t = pt_[i];                                                                                   \
        acc[i % RK_LANES] += (f)*w[i];                                                                                 \
      }                                                                                                                \
      return FN(fold)(acc);                                                                                            \
    }                                                                                                                  \
    for (; i + RK_LANES <= n; i += RK_LANES)                                                                           \
      for (int k = 0; k < RK_LANES; k++) {                                                                             \
        REAL x = px_[i + k], t = pt_[i + k];                                                                           \
        acc[k] += (f);                                                                                                 \
      }                                                                                                                \
    for (; i < n; i++) {                                                                                               \
      REAL x = px_[i], t = pt_[i];                                                                                     \
      acc[i % RK_LANES] += (f);                                                                                        \
    }                                                                                                                  \
    return FN(fold)(acc);                                                                                              \
  }                                                                                                                    \
  static void FN(each_##name)(void *py, const void *px, const void *pt, const void *pw, int64_t n, double da,          \
                              double db) {                                                                             \
    REAL *y = py, a = (REAL)da, b = (REAL)db;                                                                          \
    const REAL *px_ = px, *pt_ = pt, *w = pw;                                                                          \
    (void)a, (void)b;                                                                                                  \
    RK_IVDEP for (int64_t i = 0; i < n; i++) {                                                                         \
      REAL x = px_[i], t = pt_[i];                                                                                     \
      y[i] = (f);                                                                                                      \
    }                                                                                                                  \
    if (w) RK_IVDEP for (int64_t i = 0; i < n; i++) y[i] *= w[i];                                                      \
  }                                                                                                                    \
  static void FN(slope_##name)(void *pd, const void *px, const void *pt, const void *pw, int64_t n, double da,         \
                               double db, double dscale) {                                                             \
    REAL *d = pd, a = (REAL)da, b = (REAL)db, scale = (REAL)dscale;                                                    \
    const REAL *px_ = px, *pt_ = pt, *w = pw;                                                                          \
    (void)a, (void)b;                                                                                                  \
    RK_IVDEP for (int64_t i = 0; i < n; i++) {                                                                         \
      REAL x = px_[i], t = pt_[i];                                                                                     \
      (void)x;                                                                                                         \
      d[i] = (df)*scale;                                                                                               \
    }                                                                                                                  \
    if (w) RK_IVDEP for (int64_t i = 0; i < n; i++) d[i] *= w[i];                                                      \
  }
RK_LOSS_ROWS(LOSS)
#undef LOSS
#endif
