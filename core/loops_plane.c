/* loops_plane.c -- inner loops of adaptive and fractional pooling, resampling,
 * response normalisation and group normalisation; see layer_loops.h. Compiled
 * once per ISA; includes itself once per type. */
#ifndef REAL
#include "layer_loops.h"
#include "scalar.h"

#define LOOPS_FILE "loops_plane.c"
#include "each_real.h"

#define TABLE(t)                                                                                                       \
  {                                                                                                                    \
    .window_max = window_max_##t, .window_avg = window_avg_##t, .window_avg_back = window_avg_back_##t,                \
    .blend = blend_##t, .spread = spread_##t, .lrn = lrn_##t, .lrn_back = lrn_back_##t, .row_apply = row_apply_##t,    \
    .row_dots = row_dots_##t, .row_back = row_back_##t, .row_weights = row_weights_##t                                 \
  }
const struct rk_plane_loops RK_LOOPS_NAME(rk_plane_loops, RK_ISA)[2] = {TABLE(f32), TABLE(f64)};

#else
#include "lanes.h"

static REAL FN(run)(const REAL *x, int64_t n) { /* their sum */
  if (n < RK_LANES) {
    REAL s = 0;
    for (int64_t i = 0; i < n; i++) s += x[i];
    return s;
  }
  return (REAL)FN(lane_sum)(x, n);
}

/* -- windows --------------------------------------------------------------------- */
/* Every window in order: z, y, x are its spans, `out` the element of the result. */
#define EACH_WINDOW(p, span)                                                                                           \
  const struct rk_span *sz = span, *sy = sz + p->out[0], *sx = sy + p->out[1];                                         \
  int64_t out = 0;                                                                                                     \
  for (const struct rk_span *z = sz; z < sy; z++)                                                                      \
    for (const struct rk_span *r = sy; r < sx; r++)                                                                    \
      for (const struct rk_span *q = sx; q < sx + p->out[2]; q++, out += step)

static inline void FN(max_at)(REAL *y, int64_t *index, const REAL *x, const struct rk_window_plan *p,
                              const struct rk_span *z, const struct rk_span *r, const struct rk_span *q, int64_t width,
                              int64_t step) {
  REAL best[RK_WINDOW_BLOCK];
  INDEX where[RK_WINDOW_BLOCK];
  for (int64_t i = 0; i < width; i++) best[i] = (REAL)-INFINITY, where[i] = 0;
  for (int64_t kz = z->from; kz < z->to; kz++)
    for (int64_t ky = r->from; ky < r->to; ky++)
      for (int64_t kx = q->from; kx < q->to; kx++) {
        int64_t at = (kz * p->in[1] + ky) * p->in[2] + kx;
        const REAL *v = x + at * step;
        RK_IVDEP for (int64_t i = 0; i < width; i++) {
          int take = (v[i] > best[i]) | (v[i] != v[i]) | (where[i] == 0);
          best[i] = take ? v[i] : best[i];
          where[i] = take ? (INDEX)(at + 1) : where[i];
        }
      }
  for (int64_t i = 0; i < width; i++) y[i] = best[i];
  for (int64_t i = 0; i < width; i++) index[i] = where[i];
}

static void FN(window_max)(void *result, int64_t *index, const void *x, const struct rk_window_plan *p,
                           const struct rk_span *span, int64_t width, int64_t step) {
  REAL *y = result;
  EACH_WINDOW(p, span) {
    if (width == 1)
      FN(max_at)(y + out, index + out, x, p, z, r, q, 1, step);
    else
      FN(max_at)(y + out, index + out, x, p, z, r, q, width, step);
  }
}

static int64_t FN(extent)(const struct rk_span *z, const struct rk_span *r, const struct rk_span *q) {
  return (z->to - z->from) * (r->to - r->from) * (q->to - q->from);
}

static void FN(window_avg)(void *result, const void *in, const struct rk_window_plan *p, const struct rk_span *span,
                           int64_t width, int64_t step) {
  REAL *y = result;
  const REAL *x = in;
  EACH_WINDOW(p, span) {
    REAL area = (REAL)FN(extent)(z, r, q);
    int64_t layer = p->in[1] * p->in[2], rows = q->to - q->from == p->in[2] ? 1 : r->to - r->from;
    for (int64_t i = 0; i < width; i++) y[out + i] = 0;
    if (step == 1) { /* whole rows are one run */
      int64_t n = rows == 1 ? FN(extent)(z, r, q) / (z->to - z->from) : q->to - q->from;
      for (int64_t kz = z->from; kz < z->to; kz++)
        for (int64_t k = 0; k < rows; k++) y[out] += FN(run)(x + kz * layer + (r->from + k) * p->in[2] + q->from, n);
      y[out] /= area;
      continue;
    }
    for (int64_t kz = z->from; kz < z->to; kz++)
      for (int64_t ky = r->from; ky < r->to; ky++)
        for (int64_t kx = q->from; kx < q->to; kx++) {
          const REAL *v = x + (kz * layer + ky * p->in[2] + kx) * step;
          RK_IVDEP for (int64_t i = 0; i < width; i++) y[out + i] += v[i];
        }
    for (int64_t i = 0; i < width; i++) y[out + i] /= area;
  }
}

static void FN(window_avg_back)(void *result, const void *grad, const struct rk_window_plan *p,
                                const struct rk_span *span, int64_t width, int64_t step) {
  REAL *dx = result, share[RK_WINDOW_BLOCK];
  const REAL *g = grad;
  EACH_WINDOW(p, span) {
    REAL area = (REAL)FN(extent)(z, r, q);
    for (int64_t i = 0; i < width; i++) share[i] = g[out + i] / area;
    for (int64_t kz = z->from; kz < z->to; kz++)
      for (int64_t ky = r->from; ky < r->to; ky++) {
        REAL *v = dx + ((kz * p->in[1] + ky) * p->in[2] + q->from) * step;
        if (step == 1)
          for (int64_t k = 0; k < q->to - q->from; k++) v[k] += share[0];
        else
          for (int64_t k = 0; k < q->to - q->from; k++, v += step)
            RK_IVDEP for (int64_t i = 0; i < width; i++) v[i] += share[i];
      }
  }
}

/* -- resampling -------------------------------------------------------------------- */
static inline void FN(blend_some)(REAL *y, const REAL *x, const int64_t *place, const double *weight, int64_t taps,
                                  int64_t m, int64_t width, int64_t gap) {
  for (int64_t j = 0; j < m; j++, y += gap, place += taps, weight += taps) {
    REAL w = (REAL)weight[0];
    const REAL *v = x + place[0] * gap;
    RK_IVDEP for (int64_t i = 0; i < width; i++) y[i] = w * v[i];
    for (int64_t t = 1; t < taps; t++) {
      w = (REAL)weight[t], v = x + place[t] * gap;
      RK_IVDEP for (int64_t i = 0; i < width; i++) y[i] += w * v[i];
    }
  }
}
static void FN(blend)(void *y, const void *x, const int64_t *place, const double *weight, int64_t taps, int64_t m,
                      int64_t width, int64_t gap) {
  if (taps == 1) { /* all weights are 1 */
    for (int64_t j = 0; j < m; j++)
      memcpy((REAL *)y + j * gap, (const REAL *)x + place[j] * gap, (size_t)width * sizeof(REAL));
  } else if (width == 1 && taps == 2) {
    FN(blend_some)(y, x, place, weight, 2, m, 1, 1);
  } else if (width == 1) {
    FN(blend_some)(y, x, place, weight, 4, m, 1, 1);
  } else {
    FN(blend_some)(y, x, place, weight, taps, m, width, gap);
  }
}

static void FN(spread)(void *result, const void *grad, const int64_t *place, const double *weight, int64_t taps,
                       int64_t m, int64_t width, int64_t gap) {
  REAL *dx = result;
  const REAL *g = grad;
  for (int64_t j = 0; j < m; j++, g += gap, place += taps, weight += taps)
    for (int64_t t = 0; t < taps; t++) {
      REAL w = (REAL)weight[t], *v = dx + place[t] * gap;
      RK_IVDEP for (int64_t i = 0; i < width; i++) v[i] += w * g[i];
    }
}

/* -- across planes ------------------------------------------------------------------- */
static inline int64_t FN(first_of)(const struct rk_lrn *n, int64_t ch) {
  return ch < n->size / 2 ? 0 : ch - n->size / 2;
}
static inline int64_t FN(end_of)(const struct rk_lrn *n, int64_t ch, int64_t c) {
  return ch + (n->size - 1) / 2 + 1 < c ? ch + (n->size - 1) / 2 + 1 : c;
}

static void FN(lrn)(void *result, void *scales, const void *in, const struct rk_lrn *n, int64_t c, int64_t width,
                    int64_t gap) {
  const REAL *x = in, a = (REAL)(n->alpha / n->size), beta = (REAL)n->beta, k = (REAL)n->k;
  for (int64_t ch = 0; ch < c; ch++) {
    REAL sum[RK_LRN_BLOCK] = {0}, *y = (REAL *)result + ch * gap, *s = (REAL *)scales + ch * gap;
    for (int64_t q = FN(first_of)(n, ch); q < FN(end_of)(n, ch, c); q++)
      RK_IVDEP for (int64_t i = 0; i < width; i++) sum[i] += x[q * gap + i] * x[q * gap + i];
    RK_IVDEP for (int64_t i = 0; i < width; i++) {
      REAL scale = k + a * sum[i];
      s[i] = scale;
      y[i] = x[ch * gap + i] * rk_exp(-beta * rk_log(scale));
    }
  }
}

/* Plane q's square is in the sums of those planes whose window holds it: the mirrored window. */
static void FN(lrn_back)(void *result, const void *grad, const void *in, const void *out, const void *scales,
                         const struct rk_lrn *n, int64_t c, int64_t width, int64_t gap) {
  const REAL *g = grad, *x = in, *y = out, *s = scales;
  const REAL f = (REAL)(2 * n->alpha * n->beta / n->size), beta = (REAL)n->beta;
  for (int64_t ch = 0; ch < c; ch++) {
    REAL sum[RK_LRN_BLOCK] = {0}, *dx = (REAL *)result + ch * gap;
    int64_t from = ch - (n->size - 1) / 2, to = ch + n->size / 2 + 1;
    for (int64_t q = from < 0 ? 0 : from; q < (to < c ? to : c); q++) RK_IVDEP for (int64_t i = 0; i < width; i++) {
        int64_t at = q * gap + i;
        sum[i] += g[at] * y[at] / s[at];
      }
    RK_IVDEP for (int64_t i = 0; i < width; i++) {
      int64_t at = ch * gap + i;
      dx[i] = g[at] * rk_exp(-beta * rk_log(s[at])) - f * x[at] * sum[i];
    }
  }
}

/* -- rows ------------------------------------------------------------------------------ */
static void FN(row_apply)(void *result, const void *in, double mean_, double std_, const void *weights,
                          const void *biases, int64_t n, int each) {
  REAL *y = result;
  const REAL *x = in, *w = weights, *b = biases, mean = (REAL)mean_, std = (REAL)std_;
  if (each) {
    RK_IVDEP for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * std * w[i] + b[i];
  } else {
    REAL a = std * w[0], c = b[0];
    RK_IVDEP for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * a + c;
  }
}

static void FN(row_dots)(double *sg, double *sgx, const void *grad, const void *in, const void *weights, double mean_,
                         int64_t n) {
  const REAL *g = grad, *x = in, *w = weights, mean = (REAL)mean_;
  FN(lanes) a = {0}, b = {0};
  int64_t i = 0;
  for (; i + RK_LANES <= n; i += RK_LANES) {
    FN(lanes) v = *(const FN(lanes) *)(g + i) * *(const FN(lanes) *)(w + i);
    a += v;
    b += v * (*(const FN(lanes) *)(x + i) - mean);
  }
  for (int k = 0; i < n; i++, k++) {
    a[k] += g[i] * w[i];
    b[k] += g[i] * w[i] * (x[i] - mean);
  }
  *sg += FN(fold)(&a);
  *sgx += FN(fold)(&b);
}

static void FN(row_back)(void *result, const void *grad, const void *in, const void *weights, double gm_, double mean_,
                         double k_, double std_, int64_t n, int each) {
  REAL *dx = result;
  const REAL *g = grad, *x = in, *w = weights;
  const REAL gm = (REAL)gm_, mean = (REAL)mean_, k = (REAL)k_, std = (REAL)std_, w0 = w[0];
  if (each)
    RK_IVDEP for (int64_t i = 0; i < n; i++) dx[i] = (g[i] * w[i] - gm - (x[i] - mean) * k) * std;
  else
    RK_IVDEP for (int64_t i = 0; i < n; i++) dx[i] = (g[i] * w0 - gm - (x[i] - mean) * k) * std;
}

static void FN(row_weights)(double *dw, double *db, const void *grad, const void *in, double mean_, double std_,
                            int64_t n) {
  const REAL *g = grad, *x = in, mean = (REAL)mean_, std = (REAL)std_;
  RK_IVDEP for (int64_t i = 0; i < n; i++) {
    dw[i] += (double)(g[i] * (x[i] - mean) * std);
    db[i] += (double)g[i];
  }
}
#endif
