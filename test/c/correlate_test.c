/* correlate_test.c -- rk_correlate against plain sums in double, in any layout, on any number of threads; wrong calls.
 */
#include "test.h"

static double at(const struct rk_tensor *t, const int64_t *index) {
  struct rk_value v = {0};
  int64_t offset = t->start;
  for (int d = 0; d < t->rank; d++) offset += index[d] * t->step[d];
  rk_peek(t, offset, &v);
  return v.f;
}

/* Element (o, z, y, q) of the result; of two dims z stays 0. */
static double naive(const struct rk_tensor *x, const struct rk_tensor *k, int dims, const int64_t *place) {
  const int64_t *size = k->shape + 1, depth = dims == 3 ? size[1] : 1;
  double sum = 0;
  for (int64_t p = 0; p < size[0]; p++)
    for (int64_t z = 0; z < depth; z++)
      for (int64_t y = 0; y < size[dims - 1]; y++)
        for (int64_t q = 0; q < size[dims]; q++) {
          const int64_t k3[] = {place[0], p, z, y, q}, k2[] = {place[0], p, y, q};
          const int64_t x3[] = {p, place[1] + z, place[2] + y, place[3] + q}, x2[] = {p, place[2] + y, place[3] + q};
          sum += at(k, dims == 3 ? k3 : k2) * at(x, dims == 3 ? x3 : x2);
        }
  return sum;
}

static void try_one(int dtype, int dims) {
  struct rk_tensor x, k, out = {.dt = (int8_t)dtype}, again = {.dt = (int8_t)dtype};
  int64_t xs[4] = {test_int(1, 3)}, ks[5] = {test_int(1, 3), xs[0]};
  for (int d = 1; d <= dims; d++) {
    ks[d + 1] = test_int(1, 4);
    xs[d] = ks[d + 1] + test_int(0, d == dims ? 150 : 5);
  }
  CHECK_OK(test_layout(&x, dtype, dims + 1, xs, (int)test_int(0, 3)));
  CHECK_OK(test_layout(&k, dtype, dims + 2, ks, (int)test_int(0, 3)));
  CHECK_OK(rk_correlate(&out, &x, &k, dims));
  CHECK(out.rank == dims + 1 && out.shape[0] == ks[0]);
  for (int d = 1; d <= dims; d++) CHECK(out.shape[d] == xs[d] - ks[d + 1] + 1);
  bool good = true;
  int64_t n = rk_tensor_count(&out), plane = out.shape[dims - 1] * out.shape[dims];
  for (int64_t i = 0; i < n && good; i++) {
    const int64_t row = i / out.shape[dims], y = row % out.shape[dims - 1], q = i % out.shape[dims];
    const int64_t depth = dims == 3 ? out.shape[1] : 1, z = i / plane % depth, o = i / plane / depth;
    const double want = naive(&x, &k, dims, (int64_t[]){o, z, y, q});
    good = fabs(test_get(&out, i) - want) <= (dtype == RK_f32 ? 1e-4 : 1e-11) * (1 + fabs(want));
  }
  CHECK(good);
  int threads = rk_threads(), same = 0;
  rk_set_threads(1);
  CHECK_OK(rk_correlate(&again, &x, &k, dims));
  rk_set_threads(threads);
  CHECK_OK(rk_equal(&out, &again, &same)), CHECK(same);
  rk_tensor_drop(&x), rk_tensor_drop(&k), rk_tensor_drop(&out), rk_tensor_drop(&again);
}
static void values(void) {
  for (int round = 0; round < 60; round++) try_one(round & 1 ? RK_f32 : RK_f64, round & 2 ? 2 : 3);
}

static void wrong_calls(void) {
  struct rk_tensor x, k, out = {.dt = RK_f32}, i, other, long_k;
  CHECK_OK(rk_tensor_init(&x, RK_f32, 3, (int64_t[]){2, 4, 4}));
  CHECK_OK(rk_tensor_init(&k, RK_f32, 4, (int64_t[]){1, 2, 3, 3}));
  CHECK_OK(rk_tensor_init(&i, RK_i32, 3, (int64_t[]){2, 4, 4}));
  CHECK_OK(rk_tensor_init(&other, RK_f32, 4, (int64_t[]){1, 3, 3, 3}));
  CHECK_OK(rk_tensor_init(&long_k, RK_f32, 4, (int64_t[]){1, 2, 3, 5}));
  CHECK_OK(rk_fill(&x, 1)), CHECK_OK(rk_fill(&k, 1));
  CHECK_FAILS(rk_correlate(NULL, &x, &k, 2), RK_EARG, "argument 1");
  CHECK_FAILS(rk_correlate(&out, NULL, &k, 2), RK_EARG, "argument 2");
  CHECK_FAILS(rk_correlate(&out, &x, NULL, 2), RK_EARG, "argument 3");
  CHECK_FAILS(rk_correlate(&out, &x, &k, 4), RK_EARG, "2 or 3 dimensions");
  CHECK_FAILS(rk_correlate(&out, &x, &k, 3), RK_ESHAPE, "(o, p, sizes)");
  CHECK_FAILS(rk_correlate(&out, &i, &k, 2), RK_EDTYPE, "float32 or float64");
  CHECK_FAILS(rk_correlate(&i, &x, &k, 2), RK_EDTYPE, "IntTensor");
  CHECK_FAILS(rk_correlate(&out, &x, &other, 2), RK_ESHAPE, "[1x3x3x3]");
  CHECK_FAILS(rk_correlate(&out, &x, &long_k, 2), RK_ESHAPE, "no larger than");
  CHECK_FAILS(rk_correlate(&x, &x, &k, 2), RK_EARG, "a storage of its own");
  CHECK_OK(rk_correlate(&out, &x, &k, 2)), CHECK_NEAR(test_get(&out, 3), 18, 0);
  rk_tensor_drop(&x), rk_tensor_drop(&k), rk_tensor_drop(&out), rk_tensor_drop(&i), rk_tensor_drop(&other);
  rk_tensor_drop(&long_k);
}

int main(void) {
  RUN(values);
  RUN(wrong_calls);
  return test_done();
}
