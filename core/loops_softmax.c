/* loops_softmax.c -- inner loops of softmax and log-softmax; see
 * layer_loops.h. Compiled once per ISA; includes itself once per type. */
#ifndef REAL
#include "layer_loops.h"
#include "scalar.h"
enum { STRETCH = 512 }; /* of a row, in a buffer */

/* e^x of logarithms of probabilities: 0 where it would be subnormal, e^88 above that. NaN remains. */
static inline float decay_f32(float x) {
  const float c = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  int32_t n;
  const float r = rk_exp_reduce_f32(c, &n), y = (rk_expm1_core_f32(r) + 1.0f) * rk_pow2_f32(n);
  return x < -87.0f ? 0.0f : y;
}
static inline double decay_f64(double x) { return rk_exp_f64(x); }
#define LOOPS_FILE "loops_softmax.c"
#include "each_real.h"

#define TABLE(t)                                                                                                       \
  { .rows = rows_##t, .rows_back = rows_back_##t, .columns = columns_##t, .columns_back = columns_back_##t }
const struct rk_softmax_loops RK_LOOPS_NAME(rk_softmax_loops, RK_ISA)[2] = {TABLE(f32), TABLE(f64)};

#else
typedef REAL FN(lanes) __attribute__((vector_size(RK_LANES * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));

static REAL FN(fold)(const void *acc) {
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
  for (int w = RK_LANES / 2; w; w /= 2)
    for (int k = 0; k < w; k++) m[k] = m[k + w] > m[k] ? m[k + w] : m[k];
  return m[0] > best ? m[0] : best;
}

/* Sum of the exponentials, which go to y unless it is NULL. The last stretch is filled up to whole vectors with what
 * adds 0: the few numbers that make none would cost as much as all others. */
static REAL FN(exponentials)(REAL *y, const REAL *x, REAL m, int64_t n) {
  FN(lanes) acc = {0};
  REAL buffer[STRETCH];
  for (; n >= STRETCH; n -= STRETCH, x += STRETCH, y += y ? STRETCH : 0) {
    REAL *e = y ? y : buffer;
    RK_IVDEP for (int64_t i = 0; i < STRETCH; i++) e[i] = FN(decay)(x[i] - m);
    for (int64_t i = 0; i < STRETCH; i += RK_LANES) acc += *(const FN(lanes) *)(e + i);
  }
  const int64_t whole = (n + RK_LANES - 1) / RK_LANES * RK_LANES;
  for (int64_t i = 0; i < n; i++) buffer[i] = x[i] - m;
  for (int64_t i = n; i < whole; i++) buffer[i] = (REAL)-INFINITY;
  RK_IVDEP for (int64_t i = 0; i < whole; i++) buffer[i] = FN(decay)(buffer[i]);
  for (int64_t i = 0; i < whole; i += RK_LANES) acc += *(const FN(lanes) *)(buffer + i);
  if (y) memcpy(y, buffer, (size_t)n * sizeof *y);
  return FN(fold)(&acc);
}

/* Rows together, as far as their logarithms and reciprocals make a vector. */
static void FN(rows)(void *out, const void *in, int64_t rows, int64_t n, int take_log) {
  for (int64_t r = 0; r < rows; r += RK_LANES) {
    const int64_t here = rows - r < RK_LANES ? rows - r : RK_LANES;
    REAL *y = (REAL *)out + r * n, m[RK_LANES] = {0}, s[RK_LANES] = {0};
    const REAL *x = (const REAL *)in + r * n;
    for (int64_t k = 0; k < here; k++) {
      m[k] = FN(largest)(x + k * n, n);
      s[k] = FN(exponentials)(take_log ? NULL : y + k * n, x + k * n, m[k], n);
    }
    for (int k = 0; k < RK_LANES; k++) s[k] = take_log ? rk_log(s[k]) : 1 / s[k];
    for (int64_t k = 0; k < here; k++, x += n, y += n)
      if (take_log)
        RK_IVDEP for (int64_t i = 0; i < n; i++) y[i] = x[i] - m[k] - s[k];
      else
        for (int64_t i = 0; i < n; i++) y[i] *= s[k];
  }
}

static void FN(row_back)(REAL *dx, const REAL *g, const REAL *y, int64_t n, int take_log) {
  REAL acc[RK_LANES] = {0};
  int64_t i = 0;
  if (take_log) {
    for (; i + RK_LANES <= n; i += RK_LANES)
      for (int k = 0; k < RK_LANES; k++) acc[k] += g[i + k];
    for (; i < n; i++) acc[i % RK_LANES] += g[i];
    REAL s = FN(fold)(acc);
    RK_IVDEP for (i = 0; i < n; i++) dx[i] = g[i] - FN(decay)(y[i]) * s;
    return;
  }
  for (; i + RK_LANES <= n; i += RK_LANES)
    for (int k = 0; k < RK_LANES; k++) acc[k] += g[i + k] * y[i + k];
  for (; i < n; i++) acc[i % RK_LANES] += g[i] * y[i];
  REAL s = FN(fold)(acc);
  RK_IVDEP for (i = 0; i < n; i++) dx[i] = (g[i] - s) * y[i];
}
static void FN(rows_back)(void *dx, const void *g, const void *y, int64_t rows, int64_t n, int take_log) {
  for (int64_t at = 0; at < rows * n; at += n)
    FN(row_back)((REAL *)dx + at, (const REAL *)g + at, (const REAL *)y + at, n, take_log);
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
