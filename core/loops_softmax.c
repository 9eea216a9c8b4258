/* loops_softmax.c -- inner loops of softmax and log-softmax; see
 * layer_loops.h. Compiled once per ISA; includes itself once per type. */
#ifndef REAL
#include "layer_loops.h"
#include "scalar.h"
#define LOOPS_FILE "loops_softmax.c"
#include "each_real.h"

#define TABLE(t)                                                                                                       \
  { .row = row_##t, .row_back = row_back_##t, .columns = columns_##t, .columns_back = columns_back_##t }
const struct rk_softmax_loops RK_LOOPS_NAME(rk_softmax_loops, RK_ISA)[2] = {TABLE(f32), TABLE(f64)};

#else
static REAL FN(fold)(const REAL *acc) {
  REAL s[RK_LANES];
  memcpy(s, acc, sizeof s);
  for (int w = RK_LANES / 2; w; w /= 2)
    for (int k = 0; k < w; k++) s[k] += s[k + w];
  return s[0];
}

/* NaN never becomes the maximum, but reaches the result through its own exponential. */
static REAL FN(largest)(const REAL *x, int64_t n) {
  REAL m[RK_LANES], best = (REAL)-INFINITY;
  for (int k = 0; k < RK_LANES; k++) m[k] = best;
  int64_t i = 0;
  for (; i + RK_LANES <= n; i += RK_LANES)
    for (int k = 0; k < RK_LANES; k++) m[k] = x[i + k] > m[k] ? x[i + k] : m[k];
  for (; i < n; i++) best = x[i] > best ? x[i] : best;
  for (int k = 0; k < RK_LANES; k++) best = m[k] > best ? m[k] : best;
  return best;
}

static void FN(row)(void *out, const void *in, int64_t n, int take_log) {
  REAL *y = out;
  const REAL *x = in;
  REAL m = FN(largest)(x, n), acc[RK_LANES] = {0};
  int64_t i = 0;
  if (take_log) {
    for (; i + RK_LANES <= n; i += RK_LANES)
      for (int k = 0; k < RK_LANES; k++) acc[k] += rk_exp(x[i + k] - m);
    for (; i < n; i++) acc[i % RK_LANES] += rk_exp(x[i] - m);
    REAL l = rk_log(FN(fold)(acc));
    RK_IVDEP for (i = 0; i < n; i++) y[i] = x[i] - m - l;
    return;
  }
  for (; i + RK_LANES <= n; i += RK_LANES) RK_IVDEP for (int k = 0; k < RK_LANES; k++) {
      REAL e = rk_exp(x[i + k] - m);
      y[i + k] = e;
      acc[k] += e;
    }
  for (; i < n; i++) acc[i % RK_LANES] += y[i] = rk_exp(x[i] - m);
  REAL f = 1 / FN(fold)(acc);
  for (i = 0; i < n; i++) y[i] *= f;
}

static void FN(row_back)(void *out, const void *grad, const void *result, int64_t n, int take_log) {
  REAL *dx = out;
  const REAL *g = grad, *y = result;
  REAL acc[RK_LANES] = {0};
  int64_t i = 0;
  if (take_log) {
    for (; i + RK_LANES <= n; i += RK_LANES)
      for (int k = 0; k < RK_LANES; k++) acc[k] += g[i + k];
    for (; i < n; i++) acc[i % RK_LANES] += g[i];
    REAL s = FN(fold)(acc);
    RK_IVDEP for (i = 0; i < n; i++) dx[i] = g[i] - rk_exp(y[i]) * s;
    return;
  }
  for (; i + RK_LANES <= n; i += RK_LANES)
    for (int k = 0; k < RK_LANES; k++) acc[k] += g[i + k] * y[i + k];
  for (; i < n; i++) acc[i % RK_LANES] += g[i] * y[i];
  REAL s = FN(fold)(acc);
  RK_IVDEP for (i = 0; i < n; i++) dx[i] = (g[i] - s) * y[i];
}

static void FN(columns)(void *out, const void *in, int64_t n, int64_t gap, int64_t width, int take_log) {
  REAL *y = out, m[RK_SOFTMAX_BLOCK], s[RK_SOFTMAX_BLOCK];
  const REAL *x = in;
  for (int64_t i = 0; i < width; i++) m[i] = (REAL)-INFINITY, s[i] = 0;
  for (int64_t j = 0; j < n; j++)
    for (int64_t i = 0; i < width; i++) m[i] = x[j * gap + i] > m[i] ? x[j * gap + i] : m[i];
  for (int64_t j = 0; j < n; j++) RK_IVDEP for (int64_t i = 0; i < width; i++) {
      REAL d = x[j * gap + i] - m[i], e = rk_exp(d);
      y[j * gap + i] = take_log ? d : e;
      s[i] += e;
    }
  RK_IVDEP for (int64_t i = 0; i < width; i++) s[i] = take_log ? rk_log(s[i]) : 1 / s[i];
  for (int64_t j = 0; j < n; j++)
    RK_IVDEP for (int64_t i = 0; i < width; i++) y[j * gap + i] =
        take_log ? y[j * gap + i] - s[i] : y[j * gap + i] * s[i];
}

static void FN(columns_back)(void *out, const void *grad, const void *result, int64_t n, int64_t gap, int64_t width,
                             int take_log) {
  REAL *dx = out, s[RK_SOFTMAX_BLOCK];
  const REAL *g = grad, *y = result;
  for (int64_t i = 0; i < width; i++) s[i] = 0;
  for (int64_t j = 0; j < n; j++)
    for (int64_t i = 0; i < width; i++) s[i] += take_log ? g[j * gap + i] : g[j * gap + i] * y[j * gap + i];
  for (int64_t j = 0; j < n; j++) {
    const REAL *gj = g + j * gap, *yj = y + j * gap;
    REAL *dj = dx + j * gap;
    if (take_log)
      RK_IVDEP for (int64_t i = 0; i < width; i++) dj[i] = gj[i] - rk_exp(yj[i]) * s[i];
    else
      RK_IVDEP for (int64_t i = 0; i < width; i++) dj[i] = (gj[i] - s[i]) * yj[i];
  }
}
#endif
