/* bag_test.c -- bags of rows against loops, in any layout; the same bits at any
 * number of threads; wrong calls. */
#include "layer_cases.h"

static struct rk_tensor longs(int64_t n, const double *v) {
  struct rk_tensor t = {0};
  CHECK_OK(rk_tensor_init(&t, RK_i64, 1, &n));
  CHECK_OK(rk_write_doubles(&t, v, n));
  return t;
}

static void bag_case(int dtype) {
  int64_t shape[2] = {between(1, 9), upto(3) ? between(1, 9) : between(100, 200)}, n = between(1, 6), d = shape[1];
  double ends[6], keys[40], count = 0;
  for (int i = 0; i < n; i++) ends[i] = count += between(0, 5);
  int64_t all = (int64_t)count;
  int64_t offset = between(-2, 2), skip = upto(2) ? between(1, (int)shape[0]) : 0, by_count = upto(2);
  for (int64_t q = 0; q < all; q++) keys[q] = (double)(between(1, (int)shape[0]) - offset);
  int64_t out_shape[2] = {n, d};
  struct rk_tensor m = make(dtype, 2, shape, upto(LAYOUTS)), k = longs(all, keys), e = longs(n, ends);
  struct rk_tensor v = make(dtype, 1, &all, SLICED), out = make(dtype, 2, out_shape, upto(LAYOUTS));
  struct rk_tensor g = make(dtype, 2, out_shape, upto(LAYOUTS)), dm = make(dtype, 2, shape, upto(LAYOUTS));
  double *vm = values(&m), *vv = values(&v), *want = values(&out), *vg = values(&g), *grad = values(&dm),
         seen[10] = {0};
  struct rk_bag bag = {&k, &v, &e, offset, skip, (int32_t)by_count};
  for (int64_t q = 0; q < all; q++) seen[(int64_t)keys[q] + offset] += 1;
  for (int64_t i = 0, q = 0; i < n; i++)
    for (; q < (int64_t)ends[i]; q++) {
      int64_t row = (int64_t)keys[q] + offset;
      for (int64_t c = 0; c < d && row != skip; c++) {
        want[i * d + c] += vv[q] * vm[(row - 1) * d + c];
        grad[(row - 1) * d + c] += 0.5 * vv[q] * vg[i * d + c] / (by_count ? seen[row] : 1);
      }
    }
  CHECK_OK(rk_bag_forward(&out, &m, &bag));
  CHECK_OK(rk_bag_backward(&dm, &g, &bag, 0.5));
  double *got = values(&out), *back = values(&dm);
  for (int64_t i = 0; i < n * d; i++) CHECK(fabs(got[i] - want[i]) < tolerance(dtype) * (1 + fabs(want[i])));
  for (int64_t i = 0; i < shape[0] * d; i++) CHECK(fabs(back[i] - grad[i]) < tolerance(dtype) * (1 + fabs(grad[i])));
  free(vm), free(vv), free(want), free(vg), free(grad), free(got), free(back);
  rk_tensor_drop(&m), rk_tensor_drop(&k), rk_tensor_drop(&e), rk_tensor_drop(&v);
  rk_tensor_drop(&out), rk_tensor_drop(&g), rk_tensor_drop(&dm);
}
static void bags(void) {
  for (int i = 0; i < 200; i++) bag_case(i % 2 ? RK_f32 : RK_f64);
}

static void renorms(void) {
  int64_t shape[2] = {5, 7};
  double keys[] = {2, 4, 2};
  for (int p = 1; p <= 3; p++) {
    struct rk_tensor m = make(p == 2 ? RK_f32 : RK_f64, 2, shape, SLICED), k = longs(3, keys);
    double *before = values(&m);
    CHECK_OK(rk_bag_renorm(&m, &k, p, 0.25));
    double *after = values(&m);
    for (int r = 0; r < 5; r++) {
      double a = 0, b = 0;
      for (int c = 0; c < 7; c++) a += pow(fabs(after[r * 7 + c]), p), b += pow(fabs(before[r * 7 + c]), p);
      a = pow(a, 1.0 / p), b = pow(b, 1.0 / p);
      CHECK(fabs(a - (r == 1 || r == 3 ? fmin(b, 0.25) : b)) < 1e-5);
    }
    free(before), free(after);
    rk_tensor_drop(&m), rk_tensor_drop(&k);
  }
}

static void wrong_calls(void) {
  int64_t shape[2] = {3, 2};
  double keys[] = {1, 4, 2}, ends[] = {1, 2, 3};
  struct rk_tensor m = make(RK_f32, 2, shape, PACKED), k = longs(3, keys), e = longs(3, ends), e2 = longs(2, ends);
  struct rk_tensor out = make(RK_f32, 2, shape, PACKED), d = make(RK_f64, 2, shape, PACKED);
  struct rk_tensor h = make(RK_f16, 2, shape, PACKED), row = make(RK_f32, 1, shape, PACKED);
  struct rk_bag bag = {.keys = &k}, bad;
  CHECK_FAILS(rk_bag_forward(&out, &m, &bag), RK_EARG, "index 4 at position 2 is out of range 1 to 3");
  CHECK_FAILS(rk_bag_renorm(&m, &k, 2, 1), RK_EARG, "index 4");
  CHECK_OK(rk_fill(&k, 0));
  CHECK_FAILS(rk_bag_backward(&m, &out, &bag, 1), RK_EARG, "count from 1");
  CHECK_OK(rk_fill(&k, 1));
  bad = bag, bad.ends = &e2;
  CHECK_FAILS(rk_bag_backward(&m, &out, &bad, 1), RK_ESHAPE, "gradient");
  CHECK_FAILS(rk_bag_forward(&out, &m, &bad), RK_ESHAPE, "result");
  bad.ends = &e;
  CHECK_OK(rk_poke(&e, e.start + 2, 0, 2));
  CHECK_FAILS(rk_bag_forward(&out, &m, &bad), RK_EARG, "sizes");
  bad = bag, bad.keys = NULL;
  CHECK_FAILS(rk_bag_forward(&out, &m, &bad), RK_EARG, "argument 2");
  bad.keys = &m;
  CHECK_FAILS(rk_bag_forward(&out, &m, &bad), RK_EDTYPE, "LongTensor");
  bad = bag, bad.values = &d;
  CHECK_FAILS(rk_bag_forward(&out, &m, &bad), RK_EDTYPE, "Double");
  bad.values = &m;
  CHECK_FAILS(rk_bag_forward(&out, &m, &bad), RK_ESHAPE, "values");
  CHECK_FAILS(rk_bag_forward(&out, &m, NULL), RK_EARG, "bag");
  CHECK_FAILS(rk_bag_forward(NULL, &m, &bag), RK_EARG, "bag");
  CHECK_FAILS(rk_bag_forward(&d, &m, &bag), RK_EDTYPE, "bag");
  CHECK_FAILS(rk_bag_forward(&m, &m, &bag), RK_EARG, "share memory");
  CHECK_FAILS(rk_bag_forward(&h, &h, &bag), RK_EARG, "share memory");
  CHECK_FAILS(rk_bag_forward(&k, &k, &bag), RK_EDTYPE, "Long");
  CHECK_FAILS(rk_bag_forward(&out, &row, &bag), RK_ESHAPE, "matrix");
  CHECK_FAILS(rk_bag_renorm(&m, &k, 0, 1), RK_EARG, "norm");
  CHECK_FAILS(rk_bag_renorm(&m, &k, 2, (double)NAN), RK_EARG, "norm");
  rk_tensor_drop(&m), rk_tensor_drop(&k), rk_tensor_drop(&e), rk_tensor_drop(&e2);
  rk_tensor_drop(&out), rk_tensor_drop(&d), rk_tensor_drop(&h), rk_tensor_drop(&row);
}

int main(void) {
  RUN(bags);
  RUN(renorms);
  RUN(wrong_calls);
  return test_done();
}
