/* running_test.c -- running extremes, log-sums and binary search against naive loops over doubles, for every dtype,
 * layout and dimension; what they refuse. */
#include "test.h"
#include <math.h>

static struct rk_tensor empty(int dtype) { return (struct rk_tensor){.dt = (int8_t)dtype}; }

/* elements of a packed tensor before and after one along dim */
static int64_t inner(const struct rk_tensor *t, int dim) {
  int64_t n = 1;
  for (int d = dim + 1; d < t->rank; d++) n *= t->shape[d];
  return n;
}
/* Random whole numbers, exact in every dtype, in a random layout. */
static void make(struct rk_tensor *x, int dtype, int rank, const int64_t *shape) {
  struct rk_tensor values = empty(dtype);
  CHECK_OK(rk_tensor_init(&values, dtype, rank, shape));
  for (int64_t k = 0; k < rk_tensor_count(&values); k++) {
    int64_t v = test_int(0, 9);
    rk_poke(&values, k, (double)v, v);
  }
  CHECK_OK(test_layout(x, dtype, rank, shape, (int)test_int(0, TEST_LAYOUTS - 1)));
  CHECK_OK(rk_copy(x, &values));
  rk_tensor_drop(&values);
}

static void running(void) {
  for (int it = 0; it < 300; it++) {
    int dtype = it % RK_NDTYPES, rank = (int)test_int(1, 3), dim = (int)test_int(0, rank - 1), sign = it % 2 ? 1 : -1;
    int64_t shape[3] = {test_int(1, 7), test_int(1, 7), test_int(1, 150)};
    struct rk_tensor x, out = empty(dtype), index = empty(RK_i64), logs = empty(dtype);
    make(&x, dtype, rank, shape);
    CHECK_OK(rk_cumextreme(sign, &out, &index, &x, dim));
    if (rk_dtype_is_float(dtype)) CHECK_OK(rk_logcumsumexp(&logs, &x, dim));
    int64_t m = inner(&out, dim), size = shape[dim];
    for (int64_t k = 0; k < rk_tensor_count(&out); k++) {
      int64_t i = k / m % size, first = k - i * m, at = 0;
      double best = test_get(&x, first), sum = 0;
      for (int64_t j = 0; j <= i; j++) {
        double v = test_get(&x, first + j * m);
        if (sign > 0 ? v > best : v < best) best = v, at = j;
        sum += exp(v);
      }
      CHECK(test_get(&out, k) == best);
      CHECK_EQ((int64_t)test_get(&index, k), at + 1);
      if (rk_dtype_is_float(dtype)) CHECK(fabs(test_get(&logs, k) - log(sum)) < 0.05);
    }
    rk_tensor_drop(&x), rk_tensor_drop(&out), rk_tensor_drop(&index), rk_tensor_drop(&logs);
  }
}

static void searches(void) {
  for (int it = 0; it < 200; it++) {
    int dtype = it % RK_NDTYPES, right = it % 2;
    int64_t rows = test_int(1, 4), n = test_int(1, 9), shape[2] = {rows, test_int(1, 9)}, wide[2] = {rows, n};
    struct rk_tensor raw, sorted = empty(dtype), order = empty(RK_i64), values, out = empty(RK_i64);
    make(&raw, dtype, 2, wide);
    make(&values, dtype, 2, shape);
    CHECK_OK(rk_sort(&sorted, &order, &raw, 1, 0));
    CHECK_OK(rk_searchsorted(&out, &sorted, &values, right));
    for (int64_t k = 0; k < rk_tensor_count(&values); k++) {
      int64_t row = k / shape[1], place = 1;
      double v = test_get(&values, k);
      for (int64_t j = 0; j < n; j++) {
        double s = test_get(&sorted, row * n + j);
        place += right ? s <= v : s < v;
      }
      CHECK_EQ((int64_t)test_get(&out, k), place);
    }
    rk_tensor_drop(&raw), rk_tensor_drop(&sorted), rk_tensor_drop(&order), rk_tensor_drop(&values);
    rk_tensor_drop(&out);
  }
}

static void refusals(void) {
  int64_t shape[2] = {2, 3}, other[2] = {3, 2};
  struct rk_tensor x, y, wrong = empty(RK_f32), longs = empty(RK_i64), out = empty(RK_f64);
  make(&x, RK_f64, 2, shape);
  make(&y, RK_f64, 2, other);
  CHECK(rk_cumextreme(1, &wrong, &longs, &x, 0) == RK_EDTYPE);
  CHECK(rk_cumextreme(1, &out, &wrong, &x, 0) == RK_EDTYPE);
  CHECK(rk_cumextreme(1, &out, &longs, &x, 2) == RK_EARG);
  CHECK(rk_cumextreme(1, &out, NULL, &x, 0) == RK_EARG);
  CHECK(rk_logcumsumexp(&out, NULL, 0) == RK_EARG);
  CHECK(rk_logcumsumexp(&longs, &longs, 0) != RK_OK);
  CHECK(rk_searchsorted(&longs, &x, &y, 0) == RK_ESHAPE);
  CHECK(rk_searchsorted(&out, &x, &x, 0) == RK_EDTYPE);
  rk_tensor_drop(&x), rk_tensor_drop(&y);
}

int main(void) {
  RUN(running);
  RUN(searches);
  RUN(refusals);
  CHECK_EQ(rk_live_bytes, 0);
  return test_done();
}
