/* loops_norm.c -- inner loops of batch normalisation; see layer_loops.h.
 * Compiled once per ISA; includes itself once per type.
 *
 * Statistics are exact to rounding whatever the mean: a chunk small enough for
 * the cache is read twice (about its mean, then distances from that and their
 * squares, which give the mean exactly), and chunks merge in double by Chan,
 * Golub and LeVeque's formula, so memory is read once. */
#ifndef REAL
#include "layer_loops.h"
enum { CHUNK = 4096, ROWS = 32 }; /* numbers of a run; rows of channels: one chunk */

static void merge(struct rk_moments *m, double n, double mean, double m2) {
  double d = mean - m->mean, all = m->n + n;
  m->m2 += m2 + d * d * m->n * n / all;
  m->mean += d * n / all;
  m->n = all;
}

#define LOOPS_FILE "loops_norm.c"
#include "each_real.h"

#define TABLE(t)                                                                                                       \
  {                                                                                                                    \
    .sum = sum_##t, .moments = moments_##t, .dots = dots_##t, .apply = apply_##t, .back = back_##t,                    \
    .moments_last = moments_last_##t, .dots_last = dots_last_##t, .apply_last = apply_last_##t,                        \
    .back_last = back_last_##t                                                                                         \
  }
const struct rk_norm_loops RK_LOOPS_NAME(rk_norm_loops, RK_ISA)[2] = {TABLE(f32), TABLE(f64)};

#else
#include "lanes.h"

/* Sums of the distances from `near` and of their squares. */
static void FN(distances)(double *first, double *second, const REAL *x, REAL near, int64_t n) {
  FN(lanes) a = {0}, b = {0};
  int64_t i = 0;
  for (; i + RK_LANES <= n; i += RK_LANES) {
    FN(lanes) d = *(const FN(lanes) *)(x + i) - near;
    a += d;
    b += d * d;
  }
  for (int k = 0; i < n; i++, k++) {
    REAL d = x[i] - near;
    a[k] += d;
    b[k] += d * d;
  }
  *first = FN(fold)(&a);
  *second = FN(fold)(&b);
}

static double FN(sum)(const void *in, int64_t n) {
  const REAL *x = in;
  double s = 0;
  for (int64_t i = 0; i < n; i += CHUNK) s += FN(lane_sum)(x + i, n - i < CHUNK ? n - i : CHUNK);
  return s;
}

static void FN(moments)(struct rk_moments *m, const void *in, int64_t runs, int64_t n, int64_t gap) {
  const REAL *x = in;
  for (int64_t r = 0; r < runs; r++)
    for (int64_t i = 0; i < n; i += CHUNK) {
      const REAL *v = x + r * gap + i;
      int64_t w = n - i < CHUNK ? n - i : CHUNK;
      REAL near = (REAL)(FN(lane_sum)(v, w) / (double)w);
      double first, second, n1 = (double)w;
      FN(distances)(&first, &second, v, near, w);
      merge(m, n1, (double)near + first / n1, second - first * first / n1);
    }
}

static void FN(dots)(double *sg, double *sgx, const void *grad, const void *in, double mean_, int64_t runs, int64_t n,
                     int64_t gap) {
  const REAL *g = grad, *x = in, mean = (REAL)mean_;
  for (int64_t r = 0; r < runs; r++)
    for (int64_t c = 0; c < n; c += CHUNK) {
      const REAL *gv = g + r * gap + c, *xv = x + r * gap + c;
      FN(lanes) a = {0}, b = {0};
      int64_t i = 0, w = n - c < CHUNK ? n - c : CHUNK;
      for (; i + RK_LANES <= w; i += RK_LANES) {
        FN(lanes) v = *(const FN(lanes) *)(gv + i);
        a += v;
        b += v * (*(const FN(lanes) *)(xv + i) - mean);
      }
      for (int k = 0; i < w; i++, k++) {
        a[k] += gv[i];
        b[k] += gv[i] * (xv[i] - mean);
      }
      *sg += FN(fold)(&a);
      *sgx += FN(fold)(&b);
    }
}

static void FN(apply)(void *out, const void *in, double mean_, double a_, double b_, int64_t runs, int64_t n,
                      int64_t gap) {
  const REAL mean = (REAL)mean_, a = (REAL)a_, b = (REAL)b_;
  for (int64_t r = 0; r < runs; r++) {
    REAL *y = (REAL *)out + r * gap;
    const REAL *x = (const REAL *)in + r * gap;
    RK_IVDEP for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * a + b;
  }
}

static void FN(back)(void *out, const void *grad, const void *in, double gm_, double mean_, double k_, double a_,
                     int64_t runs, int64_t n, int64_t gap) {
  const REAL gm = (REAL)gm_, mean = (REAL)mean_, k = (REAL)k_, a = (REAL)a_;
  for (int64_t r = 0; r < runs; r++) {
    REAL *dx = (REAL *)out + r * gap;
    const REAL *g = (const REAL *)grad + r * gap, *x = (const REAL *)in + r * gap;
    RK_IVDEP for (int64_t i = 0; i < n; i++) dx[i] = (g[i] - gm - (x[i] - mean) * k) * a;
  }
}

enum { FN(BLOCK) = 256 }; /* channels at a time */

static void FN(moments_last)(struct rk_moments *m, const void *in, int64_t rows, int64_t c) {
  REAL sum[FN(BLOCK)], near[FN(BLOCK)], m2[FN(BLOCK)];
  for (int64_t c0 = 0; c0 < c; c0 += FN(BLOCK)) {
    int64_t w = c - c0 < FN(BLOCK) ? c - c0 : FN(BLOCK);
    for (int64_t r = 0; r < rows; r += ROWS) {
      const REAL *x = (const REAL *)in + r * c + c0;
      int64_t h = rows - r < ROWS ? rows - r : ROWS;
      for (int64_t k = 0; k < w; k++) sum[k] = 0, m2[k] = 0;
      for (int64_t i = 0; i < h; i++)
        for (int64_t k = 0; k < w; k++) sum[k] += x[i * c + k];
      for (int64_t k = 0; k < w; k++) near[k] = sum[k] / (REAL)h, sum[k] = 0;
      for (int64_t i = 0; i < h; i++)
        for (int64_t k = 0; k < w; k++) {
          REAL d = x[i * c + k] - near[k];
          sum[k] += d;
          m2[k] += d * d;
        }
      for (int64_t k = 0; k < w; k++) {
        double first = (double)sum[k], n1 = (double)h;
        merge(m + c0 + k, n1, (double)near[k] + first / n1, (double)m2[k] - first * first / n1);
      }
    }
  }
}

static void FN(dots_last)(double *sg, double *sgx, const void *grad, const void *in, const void *means, int64_t rows,
                          int64_t c) {
  REAL a[FN(BLOCK)], b[FN(BLOCK)];
  for (int64_t c0 = 0; c0 < c; c0 += FN(BLOCK)) {
    const REAL *mean = (const REAL *)means + c0;
    int64_t w = c - c0 < FN(BLOCK) ? c - c0 : FN(BLOCK);
    for (int64_t r = 0; r < rows; r += ROWS) {
      int64_t h = rows - r < ROWS ? rows - r : ROWS;
      for (int64_t k = 0; k < w; k++) a[k] = 0, b[k] = 0;
      for (int64_t i = 0; i < h; i++) {
        const REAL *g = (const REAL *)grad + (r + i) * c + c0, *x = (const REAL *)in + (r + i) * c + c0;
        for (int64_t k = 0; k < w; k++) {
          a[k] += g[k];
          b[k] += g[k] * (x[k] - mean[k]);
        }
      }
      for (int64_t k = 0; k < w; k++) sg[c0 + k] += (double)a[k];
      for (int64_t k = 0; k < w; k++) sgx[c0 + k] += (double)b[k];
    }
  }
}

static void FN(apply_last)(void *out, const void *in, const void *means, const void *as, const void *bs, int64_t rows,
                           int64_t c) {
  const REAL *mean = means, *a = as, *b = bs;
  for (int64_t r = 0; r < rows; r++) {
    REAL *y = (REAL *)out + r * c;
    const REAL *x = (const REAL *)in + r * c;
    RK_IVDEP for (int64_t k = 0; k < c; k++) y[k] = (x[k] - mean[k]) * a[k] + b[k];
  }
}

static void FN(back_last)(void *out, const void *grad, const void *in, const void *gms, const void *means,
                          const void *ks, const void *as, int64_t rows, int64_t c) {
  const REAL *gm = gms, *mean = means, *m = ks, *a = as;
  for (int64_t r = 0; r < rows; r++) {
    REAL *dx = (REAL *)out + r * c;
    const REAL *g = (const REAL *)grad + r * c, *x = (const REAL *)in + r * c;
    RK_IVDEP for (int64_t k = 0; k < c; k++) dx[k] = (g[k] - gm[k] - (x[k] - mean[k]) * m[k]) * a[k];
  }
}
#endif
