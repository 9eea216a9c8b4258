/* alloc_test.c -- every allocation of the heavy functions made to fail, one after the other: the status says so, and
 * nothing is lost. */
#include "test.h"

enum { SLOTS = 6 };
static struct rk_tensor image, kernel, matrix, labels;
/* Results of a job: dropped by the loop, whatever the job came to. */
static struct rk_tensor r[SLOTS];
static void fresh(int dtype) {
  for (int k = 0; k < SLOTS; k++) r[k] = (struct rk_tensor){.dt = (int8_t)dtype};
}

static int convolution(int dtype) {
  const struct rk_conv c = {.dims = 2, .groups = 1, .stride = {1, 1, 1}, .pad = {1, 1, 1}, .dilation = {1, 1, 1}};
  fresh(dtype);
  RK_TRY(rk_tensor_resize_as(&r[0], &image));
  RK_TRY(rk_copy(&r[0], &image));
  RK_TRY(rk_tensor_resize_as(&r[1], &kernel));
  RK_TRY(rk_copy(&r[1], &kernel));
  RK_TRY(rk_conv_forward(&r[2], &r[0], &r[1], NULL, &c));
  RK_TRY(rk_conv_backward_input(&r[3], &r[2], &r[1], &r[0], &c));
  return rk_conv_backward_weight(&r[1], NULL, &r[2], &r[0], 1, &c);
}
static int convolution_f32(void) { return convolution(RK_f32); }
static int convolution_f64(void) { return convolution(RK_f64); }
static int product(int dtype) {
  fresh(dtype);
  RK_TRY(rk_tensor_resize(&r[0], 2, (int64_t[]){40, 40}, NULL));
  RK_TRY(rk_tensor_resize_as(&r[1], &matrix));
  RK_TRY(rk_copy(&r[1], &matrix));
  RK_TRY(rk_transpose(&r[2], &r[1], 0, 1));
  return rk_gemm(&r[0], 0, 1, &r[1], &r[2]);
}
static int product_f32(void) { return product(RK_f32); }
static int product_i32(void) { return product(RK_i32); }
static int pointwise(void) {
  fresh(RK_f32);
  RK_TRY(rk_tensor_resize_as(&r[0], &matrix));
  RK_TRY(rk_copy(&r[0], &matrix));
  RK_TRY(rk_narrow(&r[1], &r[0], 1, 0, 30));
  RK_TRY(rk_narrow(&r[2], &r[0], 1, 5, 30));
  RK_TRY(rk_map2(RK_OP_cadd, &r[1], &r[1], &r[2], 1)); /* partial overlap: computed aside */
  return rk_map2(RK_OP_cmul, &r[3], &matrix, &matrix, 1);
}
static int reductions(void) {
  struct rk_value v;
  double d;
  fresh(RK_f32);
  r[1].dt = RK_i64;
  RK_TRY(rk_reduce(RK_RED_sum, &image, 1, &v));
  RK_TRY(rk_reduce_dim(RK_RED_sum, &r[0], &image, 1, 1));
  RK_TRY(rk_extreme_dim(1, &r[0], &r[1], &image, 2));
  RK_TRY(rk_variance_dim(&r[0], &image, 0, 0, 1));
  RK_TRY(rk_variance(&image, 0, 0, &d));
  return rk_norm_dim(&r[0], &image, 2, 1);
}
static int pooling(void) {
  const struct rk_pool p = {.dims = 2, .size = {2, 2, 1}, .stride = {2, 2, 1}, .dilation = {1, 1, 1}};
  fresh(RK_f32);
  r[1].dt = RK_i64;
  RK_TRY(rk_maxpool_forward(&r[0], &r[1], &image, &p));
  RK_TRY(rk_maxpool_backward(&r[2], &r[0], &r[1], &image, &p));
  RK_TRY(rk_avgpool_forward(&r[0], &image, &p));
  return rk_avgpool_backward(&r[2], &r[0], &image, &p);
}
static int normalisation(void) {
  const struct rk_batchnorm b = {&r[0], &r[1], &r[2], &r[3], 1e-5, 0.1, 1};
  fresh(RK_f32);
  RK_TRY(rk_tensor_resize(&r[0], 1, (int64_t[]){8}, NULL));
  RK_TRY(rk_tensor_resize(&r[1], 1, (int64_t[]){8}, NULL));
  RK_TRY(rk_zero(&r[0]));
  RK_TRY(rk_fill(&r[1], 1));
  RK_TRY(rk_batchnorm_forward(&r[4], &image, NULL, NULL, &b));
  return rk_batchnorm_backward(&r[5], NULL, NULL, &r[4], &image, NULL, 1, &b);
}
static int losses(void) {
  double loss, total;
  fresh(RK_f32);
  RK_TRY(rk_transpose(&r[0], &matrix, 0, 1));
  RK_TRY(rk_softmax_forward(&r[1], &r[0], 1, 1));
  RK_TRY(rk_softmax_backward(&r[2], &r[0], &r[1], 1, 1));
  RK_TRY(rk_nll_forward(&loss, &total, &r[0], &labels, NULL, -100, 1));
  return rk_nll_backward(&r[3], &r[0], &labels, NULL, -100, total, 1);
}
static int random_numbers(void) {
  fresh(RK_f32);
  r[2].dt = RK_i64;
  RK_TRY(rk_tensor_resize(&r[0], 2, (int64_t[]){30, 40}, NULL));
  RK_TRY(rk_transpose(&r[1], &r[0], 0, 1));
  RK_TRY(rk_random_fill(rk_random_default(), RK_NORMAL, &r[1], 0, 1));
  return rk_random_permutation(rk_random_default(), &r[2], 100);
}

static void fail_each(int (*job)(void), const char *name) {
  enum { MOST = 300 };
  int status = RK_ENOMEM;
  job(); /* libraries opened on first use keep what they allocate */
  for (int k = 0; k < SLOTS; k++) rk_tensor_drop(&r[k]);
  const int64_t held = rk_live_bytes;
  test_name = name;
  for (int n = 1; status && n <= MOST; n++) {
    rk_fail_allocation(n);
    status = job();
    rk_fail_allocation(0);
    for (int k = 0; k < SLOTS; k++) rk_tensor_drop(&r[k]);
    CHECK(status == RK_OK || status == RK_ENOMEM);
    CHECK_EQ(rk_live_bytes, held);
  }
  CHECK_EQ(status, RK_OK);
}
#define FAIL_EACH(job) fail_each(job, #job)

int main(void) {
  CHECK_OK(rk_tensor_init(&image, RK_f32, 4, (int64_t[]){2, 8, 10, 10}));
  CHECK_OK(rk_range(&image, 0, 0.01));
  CHECK_OK(rk_tensor_init(&kernel, RK_f32, 4, (int64_t[]){6, 8, 3, 3}));
  CHECK_OK(rk_range(&kernel, 0, 0.01));
  CHECK_OK(rk_tensor_init2(&matrix, RK_f32, 40, 40));
  CHECK_OK(rk_range(&matrix, 0, 0.001));
  CHECK_OK(rk_tensor_init1(&labels, RK_i64, 40));
  CHECK_OK(rk_fill(&labels, 3));
  FAIL_EACH(convolution_f32);
  FAIL_EACH(convolution_f64);
  FAIL_EACH(product_f32);
  FAIL_EACH(product_i32);
  FAIL_EACH(pointwise);
  FAIL_EACH(reductions);
  FAIL_EACH(pooling);
  FAIL_EACH(normalisation);
  FAIL_EACH(losses);
  FAIL_EACH(random_numbers);
  rk_tensor_drop(&image), rk_tensor_drop(&kernel), rk_tensor_drop(&matrix), rk_tensor_drop(&labels);
  return test_done();
}
