/* index_test.c -- index, gather, scatter, masks, sort, topk, k-th, mode, cumsum against naive loops over doubles,
 * for every dtype, layout and dimension. */
#include "test.h"

static struct rk_tensor empty(int dtype) { return (struct rk_tensor){.dt = (int8_t)dtype}; }
static int64_t count(const struct rk_tensor *t) { return rk_tensor_count(t); }

/* Row-major position of element k of a tensor of this shape, with its place along dim replaced. */
static int64_t replace(int rank, const int64_t *shape, int64_t k, int dim, int64_t place, const int64_t *other) {
  int64_t i[RK_MAX_DIMS], at = 0;
  for (int d = rank - 1; d >= 0; d--) i[d] = k % shape[d], k /= shape[d];
  i[dim] = place;
  for (int d = 0; d < rank; d++) at = at * other[d] + i[d];
  return at;
}
static int64_t along(int rank, const int64_t *shape, int64_t k, int dim) {
  int64_t i = 0;
  for (int d = rank - 1; d >= dim; d--) i = k % shape[d], k /= shape[d];
  return i;
}
static void random_shape(int rank, int64_t *shape) {
  for (int d = 0; d < rank; d++) shape[d] = test_int(1, 6);
}
/* An index tensor of the shape, 1..size, in a random layout. */
static void indices(struct rk_tensor *t, int rank, const int64_t *shape, int64_t size, int layout) {
  CHECK_OK(test_layout(t, RK_i64, rank, shape, layout));
  for (int64_t k = 0; k < t->mem->bytes / 8; k++) rk_poke(t, k, 0, test_int(1, size));
}

static void picks(void) {
  for (int it = 0; it < 600; it++) {
    int dtype = it % RK_NDTYPES, rank = (int)test_int(1, 4), dim = (int)test_int(0, rank - 1);
    int64_t shape[4], n = test_int(1, 7);
    struct rk_tensor x, index, out = empty(dtype), all, got = empty(dtype);
    random_shape(rank, shape);
    CHECK_OK(test_layout(&x, dtype, rank, shape, (int)test_int(0, TEST_LAYOUTS - 1)));
    indices(&index, 1, &n, shape[dim], (int)test_int(0, TEST_LAYOUTS - 1));
    CHECK_OK(rk_index_select(&out, &x, dim, &index));
    CHECK_EQ(out.shape[dim], n);
    for (int64_t k = 0; k < count(&out); k++) {
      int64_t from = (int64_t)test_get(&index, along(rank, out.shape, k, dim)) - 1;
      CHECK(test_get(&out, k) == test_get(&x, replace(rank, out.shape, k, dim, from, shape)));
    }
    int64_t wide[4];
    memcpy(wide, shape, sizeof wide);
    wide[dim] = n;
    indices(&all, rank, wide, shape[dim], (int)test_int(0, TEST_LAYOUTS - 1));
    CHECK_OK(rk_gather(&got, &x, dim, &all));
    for (int64_t k = 0; k < count(&got); k++)
      CHECK(test_get(&got, k) == test_get(&x, replace(rank, wide, k, dim, (int64_t)test_get(&all, k) - 1, shape)));
    rk_tensor_drop(&x), rk_tensor_drop(&index), rk_tensor_drop(&out), rk_tensor_drop(&all), rk_tensor_drop(&got);
  }
}

/* how: 0 copy, 1 add, 2 fill; `each`: scatter forms. Naive: doubles of out, changed in order, then compared. */
static void places(void) {
  for (int it = 0; it < 900; it++) {
    int dtype = it % RK_NDTYPES, rank = (int)test_int(1, 3), dim = (int)test_int(0, rank - 1), how = it % 3,
        each = (it / 3) % 2;
    int64_t shape[3], wide[3], n = test_int(1, 5);
    struct rk_tensor out, index, src;
    random_shape(rank, shape);
    memcpy(wide, shape, sizeof wide);
    wide[dim] = n;
    int layout = (int)test_int(0, 2); /* an expanded out makes no sense */
    CHECK_OK(test_layout(&out, dtype, rank, shape, layout));
    CHECK_OK(test_layout(&src, dtype, rank, wide, (int)test_int(0, TEST_LAYOUTS - 1)));
    indices(&index, each ? rank : 1, each ? wide : &n, shape[dim], (int)test_int(0, TEST_LAYOUTS - 1));
    int64_t m = count(&out);
    double *want = malloc((size_t)m * sizeof *want);
    for (int64_t k = 0; k < m; k++) want[k] = test_get(&out, k);
    for (int64_t k = 0; k < count(&src); k++) {
      int64_t j = each ? k : along(rank, wide, k, dim);
      int64_t at = replace(rank, wide, k, dim, (int64_t)test_get(&index, j) - 1, shape);
      want[at] = how == 0 ? test_get(&src, k) : how == 1 ? want[at] + test_get(&src, k) : 3;
    }
    int status = each       ? how == 0   ? rk_scatter(&out, dim, &index, &src)
                              : how == 1 ? rk_scatter_add(&out, dim, &index, &src)
                                         : rk_scatter_fill(&out, dim, &index, 3)
                       : how == 0 ? rk_index_copy(&out, dim, &index, &src)
                 : how == 1 ? rk_index_add(&out, dim, &index, &src)
                            : rk_index_fill(&out, dim, &index, 3);
    CHECK_OK(status);
    for (int64_t k = 0; k < m; k++) {
      double w = dtype == RK_u8   ? (double)(uint8_t)(int64_t)want[k]
                 : dtype == RK_i8 ? (double)(int8_t)(int64_t)want[k]
                                  : want[k];
      CHECK_NEAR(test_get(&out, k), w, dtype == RK_bf16 ? 0.05 : 1e-9);
    }
    free(want);
    rk_tensor_drop(&out), rk_tensor_drop(&index), rk_tensor_drop(&src);
  }
}

static void masks(void) {
  for (int it = 0; it < 300; it++) {
    int dtype = it % RK_NDTYPES, rank = (int)test_int(1, 3);
    int64_t shape[3], k2 = 0;
    struct rk_tensor x, mask, out = empty(dtype), places_ = empty(RK_i64), copy = empty(dtype);
    random_shape(rank, shape);
    CHECK_OK(test_layout(&x, dtype, rank, shape, (int)test_int(0, 2)));
    CHECK_OK(test_layout(&mask, RK_u8, rank, shape, (int)test_int(0, 2)));
    for (int64_t k = 0; k < mask.mem->bytes; k++) rk_poke(&mask, k, 0, test_int(0, 1));
    CHECK_OK(rk_masked_select(&out, &x, &mask));
    CHECK_OK(rk_nonzero(&places_, &x));
    int64_t row = 0;
    for (int64_t k = 0; k < count(&x); k++) {
      if (test_get(&mask, k) != 0) CHECK(test_get(&out, k2++) == test_get(&x, k));
      if (test_get(&x, k) == 0) continue;
      for (int d = 0; d < rank; d++)
        CHECK_EQ((int64_t)test_get(&places_, row * rank + d), along(rank, shape, k, d) + 1);
      row++;
    }
    CHECK_EQ(count(&out), k2);
    CHECK_EQ(count(&places_), row * rank);
    CHECK_OK(rk_tensor_like(&copy, &x));
    CHECK_OK(rk_copy(&copy, &x));
    CHECK_OK(rk_masked_fill(&x, &mask, 2));
    for (int64_t k = 0; k < count(&x); k++)
      CHECK(test_get(&x, k) == (test_get(&mask, k) != 0 ? 2 : test_get(&copy, k)));
    CHECK_OK(rk_masked_copy(&x, &mask, &copy));
    for (int64_t k = 0, j = 0; k < count(&x); k++)
      CHECK(test_get(&x, k) == (test_get(&mask, k) != 0 ? test_get(&copy, j++) : test_get(&copy, k)));
    rk_tensor_drop(&x), rk_tensor_drop(&mask), rk_tensor_drop(&out), rk_tensor_drop(&places_), rk_tensor_drop(&copy);
  }
}

/* Does a come before b? NaN last; ties by position. */
static bool before(double a, int64_t i, double b, int64_t j, bool descending) {
  double x = isnan(a) ? (double)INFINITY : a, y = isnan(b) ? (double)INFINITY : b;
  if (isnan(a) != isnan(b) && x == y) return descending ? isnan(a) : isnan(b);
  if (x != y) return descending ? x > y : x < y;
  return i < j;
}

static void orders(void) {
  for (int it = 0; it < 500; it++) {
    int dtype = it % RK_NDTYPES, rank = (int)test_int(1, 3), dim = (int)test_int(0, rank - 1), down = it & 1;
    int64_t shape[3];
    struct rk_tensor x, out = empty(dtype), index = empty(RK_i64), top = empty(dtype), top_at = empty(RK_i64),
                        kth = empty(dtype), kth_at = empty(RK_i64);
    random_shape(rank, shape);
    if (it % 10 == 0) shape[dim] = test_int(500, 1500); /* the radix sort */
    CHECK_OK(test_layout(&x, dtype, rank, shape, (int)test_int(0, TEST_LAYOUTS - 1)));
    if (rk_dtype_is_float(dtype))
      for (int64_t k = 0; k < x.mem->bytes / rk_dtype_size(dtype); k += test_int(1, 9))
        rk_poke(&x, k, test_int(0, 5) ? test_real(-1e3, 1e3) : test_int(0, 1) ? (double)NAN : -(double)INFINITY, 0);
    int64_t n = shape[dim], k0 = test_int(1, n);
    CHECK_OK(rk_sort(&out, &index, &x, dim, down));
    CHECK_OK(rk_topk(&top, &top_at, &x, k0, dim, down, 1));
    CHECK_OK(rk_kth(&kth, &kth_at, &x, k0, dim));
    for (int64_t k = 0; k < count(&x); k++) {
      int64_t place = along(rank, shape, k, dim), from = (int64_t)test_get(&index, k) - 1;
      int64_t source = replace(rank, shape, k, dim, from, shape);
      double v = test_get(&x, source), got = test_get(&out, k);
      CHECK(v == got || (isnan(v) && isnan(got)));
      if (place + 1 < n) {
        int64_t next = replace(rank, shape, k, dim, place + 1, shape);
        CHECK(before(v, from, test_get(&out, next), (int64_t)test_get(&index, next) - 1, down));
      }
      if (place < k0) CHECK_EQ((int64_t)test_get(&top_at, replace(rank, shape, k, dim, place, top.shape)), from + 1);
      if (place == k0 - 1 && !down)
        CHECK_EQ((int64_t)test_get(&kth_at, replace(rank, shape, k, dim, 0, kth.shape)), from + 1);
    }
    rk_tensor_drop(&x), rk_tensor_drop(&out), rk_tensor_drop(&index), rk_tensor_drop(&top), rk_tensor_drop(&top_at);
    rk_tensor_drop(&kth), rk_tensor_drop(&kth_at);
  }
}

static void modes_and_scans(void) {
  for (int it = 0; it < 400; it++) {
    int dtype = it % RK_NDTYPES, rank = (int)test_int(1, 3), dim = (int)test_int(0, rank - 1);
    int64_t shape[3];
    struct rk_tensor x, sum = empty(dtype), prod = empty(dtype), mode = empty(dtype), at = empty(RK_i64);
    random_shape(rank, shape);
    CHECK_OK(test_layout(&x, dtype, rank, shape, (int)test_int(0, TEST_LAYOUTS - 1)));
    for (int64_t k = 0; k < x.mem->bytes / rk_dtype_size(dtype); k++) {
      int64_t i = test_int(0, 3);
      rk_poke(&x, k, (double)i, i);
    }
    CHECK_OK(rk_cumsum(&sum, &x, dim));
    CHECK_OK(rk_cumprod(&prod, &x, dim));
    CHECK_OK(rk_mode(&mode, &at, &x, dim));
    for (int64_t k = 0; k < count(&x); k++) {
      double s = 0, p = 1;
      int64_t place = along(rank, shape, k, dim), counts[4] = {0}, best = 0;
      for (int64_t j = 0; j < shape[dim]; j++) {
        double v = test_get(&x, replace(rank, shape, k, dim, j, shape));
        if (j <= place) s += v, p *= v;
        counts[(int)v]++;
      }
      CHECK(test_get(&sum, k) == s);
      /* bfloat16 holds 8 digits of 3^6 */
      CHECK_NEAR(test_get(&prod, k),
                 dtype == RK_u8   ? (uint8_t)p
                 : dtype == RK_i8 ? (int8_t)p
                                  : p,
                 dtype == RK_bf16 ? 0.004 : 0);
      for (int v = 1; v < 4; v++)
        if (counts[v] > counts[best]) best = v;
      int64_t m = replace(rank, shape, k, dim, 0, mode.shape);
      CHECK(test_get(&mode, m) == (double)best);
      CHECK(test_get(&x, replace(rank, shape, k, dim, (int64_t)test_get(&at, m) - 1, shape)) == (double)best);
    }
    CHECK_OK(rk_cumsum(&sum, &sum, dim)); /* in place */
    rk_tensor_drop(&x), rk_tensor_drop(&sum), rk_tensor_drop(&prod), rk_tensor_drop(&mode), rk_tensor_drop(&at);
  }
}

static void refusals(void) {
  struct rk_tensor x, y, index, mask, out = empty(RK_f32), ind = empty(RK_i64), wrong = empty(RK_f64);
  const int64_t shape[] = {3, 4}, n = 2;
  CHECK_OK(test_layout(&x, RK_f32, 2, shape, 0));
  CHECK_OK(test_layout(&y, RK_f64, 2, shape, 0));
  CHECK_OK(test_layout(&mask, RK_u8, 2, shape, 0));
  CHECK_OK(rk_tensor_init1(&index, RK_i64, n));
  CHECK_OK(rk_fill(&index, 4));
  CHECK_FAILS(rk_index_select(&out, &x, 0, &index), RK_EARG, "index: index 4 at position 1 is out of range 1 to 3");
  CHECK_OK(rk_fill(&index, 0));
  CHECK_FAILS(rk_index_select(&out, &x, 1, &index), RK_EARG, "out of range");
  CHECK_OK(rk_fill(&index, 1));
  CHECK_FAILS(rk_index_select(&out, &x, 2, &index), RK_EARG, "dimension 3 out of range");
  CHECK_FAILS(rk_index_select(&out, &x, 0, &x), RK_EDTYPE, "LongTensor");
  CHECK_FAILS(rk_index_select(&wrong, &x, 0, &index), RK_EDTYPE, "DoubleTensor");
  CHECK_FAILS(rk_index_select(&out, NULL, 0, &index), RK_EARG, "nil");
  CHECK_FAILS(rk_index_add(&x, 0, &index, &x), RK_ESHAPE, "slices");
  CHECK_FAILS(rk_gather(&out, &x, 0, &index), RK_ESHAPE, "do not fit");
  CHECK_FAILS(rk_scatter(&x, 0, &index, &y), RK_EDTYPE, "DoubleTensor");
  CHECK_OK(rk_fill(&mask, 2));
  CHECK_FAILS(rk_masked_fill(&x, &mask, 1), RK_EARG, "0 or 1");
  CHECK_FAILS(rk_masked_fill(&x, &x, 1), RK_EDTYPE, "ByteTensor");
  CHECK_OK(rk_fill(&mask, 1));
  CHECK_FAILS(rk_masked_copy(&y, &mask, &wrong), RK_ESHAPE, "fewer");
  CHECK_FAILS(rk_topk(&out, &ind, &x, 5, 1, 0, 0), RK_EARG, "out of range");
  CHECK_FAILS(rk_kth(&out, &ind, &x, 0, 1), RK_EARG, "at least 1");
  CHECK_FAILS(rk_sort(&out, &wrong, &x, 1, 0), RK_EDTYPE, "LongTensor");
  CHECK_FAILS(rk_cumsum(&out, &x, -1), RK_EARG, "dimension 0 out of range");
  CHECK_FAILS(rk_nonzero(&out, &x), RK_EDTYPE, "LongTensor");
  rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&index), rk_tensor_drop(&mask), rk_tensor_drop(&out),
      rk_tensor_drop(&ind);
}

int main(void) {
  RUN(picks);
  RUN(places);
  RUN(masks);
  RUN(orders);
  RUN(modes_and_scans);
  RUN(refusals);
  CHECK_EQ(rk_live_bytes, 0);
  return test_done();
}
