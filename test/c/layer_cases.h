/* layer_cases.h -- random tensors in every layout, and comparison with arrays
 * of doubles: for the tests of layers. */
#ifndef LAYER_CASES_H
#define LAYER_CASES_H
#include "internal.h"
#include "test.h"
#include <math.h>

static inline int upto(int n) { return (int)test_int(0, n - 1); }
static inline int between(int a, int b) { return (int)test_int(a, b); }
static inline double near_normal(void) { return test_real(-1, 1) + test_real(-1, 1); }

enum { PACKED, LAST, SLICED, REVERSED, LAYOUTS };

/* A tensor of that shape in one of the layouts, numbers around 0 that the dtype holds exactly. */
static inline struct rk_tensor make(int dtype, int rank, const int64_t *shape, int layout) {
  struct rk_tensor t = {0}, whole = {0};
  int64_t big[RK_MAX_DIMS], order[RK_MAX_DIMS];
  whole.dt = t.dt = (int8_t)dtype;
  for (int d = 0; d < rank; d++) big[d] = shape[d], order[d] = d;
  if (layout == LAST && rank > 2) {
    for (int d = 1; d < rank; d++) big[d] = d + 1 < rank ? shape[d + 1] : shape[1];
    for (int d = 1; d < rank; d++) order[d] = d == 1 ? rank - 1 : d - 1;
  } else if (layout == REVERSED) {
    for (int d = 0; d < rank; d++) big[d] = shape[rank - 1 - d], order[d] = rank - 1 - d;
  } else if (layout == SLICED) {
    for (int d = 0; d < rank; d++) big[d] += 2;
  }
  CHECK_OK(rk_tensor_init(&whole, dtype, rank, big));
  CHECK_OK(rk_permute(&t, &whole, rank, order));
  if (layout == SLICED)
    for (int d = 0; d < rank; d++) CHECK_OK(rk_narrow(&t, &t, d, 1, shape[d]));
  int64_t n = rk_tensor_count(&t);
  double *v = calloc((size_t)n + 1, sizeof *v);
  for (int64_t i = 0; i < n; i++) v[i] = floor(near_normal() * 64) / 64;
  CHECK_OK(rk_write_doubles(&t, v, n));
  free(v);
  rk_tensor_drop(&whole);
  return t;
}

static inline double *values(const struct rk_tensor *t) {
  int64_t n = rk_tensor_count(t);
  double *v = calloc((size_t)n + 1, sizeof *v);
  CHECK_OK(rk_read_doubles(t, v, n));
  return v;
}

static inline double tolerance(int dtype) {
  return dtype == RK_f64 ? 1e-12 : dtype == RK_f32 ? 2e-5 : dtype == RK_f16 ? 4e-3 : 3e-2;
}

/* The largest error, relative to the largest number wanted (at least 1). */
static inline double worst(const struct rk_tensor *t, const double *want) {
  int64_t n = rk_tensor_count(t);
  double *v = values(t), top = 1, error = 0;
  for (int64_t i = 0; i < n; i++) top = fabs(want[i]) > top ? fabs(want[i]) : top;
  for (int64_t i = 0; i < n; i++) error = !(fabs(v[i] - want[i]) <= error) ? fabs(v[i] - want[i]) : error;
  free(v);
  return error / top;
}

/* Steps of a result: channels last for a channels-last x, else packed. */
static inline int laid_out(const struct rk_tensor *t, int layout) {
  if (layout != LAST || t->rank < 3 || rk_tensor_count(t) == 0) return rk_tensor_packed(t);
  int64_t step = 1;
  if (t->step[1] != 1) return 0;
  step = t->shape[1];
  for (int d = t->rank - 1; d > 1; step *= t->shape[d--])
    if (t->shape[d] != 1 && t->step[d] != step) return 0;
  return 1;
}
#endif
