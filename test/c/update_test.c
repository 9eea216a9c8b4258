/* update_test.c -- every row of updates.h against its own formula in double,
 * for all types and layouts; threads; failed allocations; wrong calls. That the
 * formulas are Torch7's is checked by test/optim/update_spec.lua. */
#include "layer_cases.h"

/* A row's statements, on one parameter. */
#define REAL double
#define KEEP(v) (void)(v)
#define ROW(name, kept, written, doc, ...)                                                                             \
  static void one_##name(double *x_, double g, double *s, const double *p) {                                           \
    const double p0 = p[0], p1 = p[1], p2 = p[2], p3 = p[3], p4 = p[4], p5 = p[5], p6 = p[6], p7 = p[7];               \
    double x = *x_, s0 = s[0], s1 = s[1], s2 = 0, s3 = 0;                                                              \
    KEEP(p1), KEEP(p2), KEEP(p3), KEEP(p4), KEEP(p5), KEEP(p6), KEEP(p7);                                              \
    __VA_ARGS__                                                                                                        \
    *x_ = x, s[0] = s0, s[1] = s1, s[2] = s2, s[3] = s3;                                                               \
  }
RK_UPDATES(ROW)
#undef ROW
#define ROW(name, ...) one_##name,
static void (*const one[])(double *x, double g, double *s, const double *p) = {RK_UPDATES(ROW)};
#undef ROW

static void row_case(int row, int dtype) {
  const double p[8] = {0.5, 0.25, 0.75, 0.5, 0.25, 1, 0.5, 0.25};
  int64_t shape[4];
  int rank = between(1, 4);
  for (int d = 0; d < rank; d++) shape[d] = between(1, rank == 1 ? 40000 : 9);
  struct rk_tensor x = make(dtype, rank, shape, upto(LAYOUTS)), g = make(dtype, rank, shape, upto(LAYOUTS)),
                   s[4] = {{0}};
  struct rk_tensor *at[4] = {0};
  const int64_t n = rk_tensor_count(&x);
  double *vx = values(&x), *vg = values(&g), *vs[4] = {0};
  for (int k = 0; k < rk_update_states(row); k++) {
    s[k] = make(dtype, rank, shape, upto(LAYOUTS)), at[k] = &s[k];
    CHECK_OK(rk_map1(RK_OP_abs, &s[k], &s[k], 0, 0)); /* variances */
    CHECK_OK(rk_map1(RK_OP_add, &s[k], &s[k], 0.5, 0));
    vs[k] = values(&s[k]);
  }
  CHECK_OK(rk_update(row, &x, &g, at[0], at[1], at[2], at[3], p));
  for (int64_t i = 0; i < n; i++) {
    double state[4] = {0};
    for (int k = 0; k < 4; k++) state[k] = vs[k] ? vs[k][i] : 0;
    one[row](&vx[i], vg[i], state, p);
    for (int k = 0; k < 4; k++)
      if (vs[k]) vs[k][i] = state[k];
  }
  CHECK_NEAR(worst(&x, vx), 0, tolerance(dtype));
  for (int k = 0; k < 4; k++)
    if (vs[k]) CHECK_NEAR(worst(&s[k], vs[k]), 0, tolerance(dtype));
  for (int k = 0; k < 4; k++) rk_tensor_drop(&s[k]), free(vs[k]);
  rk_tensor_drop(&x), rk_tensor_drop(&g);
  free(vx), free(vg);
}

static void rows(void) {
  const int dtypes[] = {RK_f32, RK_f64, RK_f32, RK_f16, RK_bf16};
  for (int row = 0; row < RK_NUPDATES; row++) {
    CHECK(rk_update_name(row) && rk_update_doc(row) && rk_update_states(row) <= 4);
    for (int k = 0; k < 15; k++) row_case(row, dtypes[k % 5]);
  }
  CHECK(!rk_update_name(RK_NUPDATES) && !rk_update_name(-1) && !rk_update_doc(-1) && rk_update_states(-1) == 0);
}

/* A failed allocation changes nothing. */
static void failed_allocations(void) {
  const double p[8] = {0, -0.5, 0.5, 0.5};
  const int64_t shape[] = {5, 6};
  for (int n = 1; n < 20; n++) {
    struct rk_tensor x = make(RK_bf16, 2, shape, SLICED), g = make(RK_bf16, 2, shape, REVERSED);
    struct rk_tensor v = make(RK_bf16, 2, shape, SLICED);
    double *before = values(&x);
    rk_fail_allocation(n);
    int status = rk_update(RK_UPDATE_momentum, &x, &g, &v, NULL, NULL, NULL, p);
    rk_fail_allocation(0);
    CHECK(status == RK_OK || status == RK_ENOMEM);
    if (status) CHECK_NEAR(worst(&x, before), 0, 0);
    free(before);
    rk_tensor_drop(&x), rk_tensor_drop(&g), rk_tensor_drop(&v);
  }
}

static void wrong_calls(void) {
  const double p[8] = {0};
  const int64_t four = 4, three = 3;
  struct rk_tensor x = make(RK_f32, 1, &four, PACKED), g = make(RK_f32, 1, &four, PACKED), part = {.dt = RK_f32};
  struct rk_tensor small = make(RK_f32, 1, &three, PACKED), d = make(RK_f64, 1, &four, PACKED), whole = {.dt = RK_i64};
  CHECK_OK(rk_tensor_init(&whole, RK_i64, 1, &four));
  CHECK_FAILS(rk_update(RK_UPDATE_sgd, NULL, &g, NULL, NULL, NULL, NULL, p), RK_EARG, "sgd: argument 1");
  CHECK_FAILS(rk_update(RK_UPDATE_sgd, &x, NULL, NULL, NULL, NULL, NULL, p), RK_EARG, "sgd: argument 2");
  CHECK_FAILS(rk_update(RK_UPDATE_sgd, &x, &g, NULL, NULL, NULL, NULL, NULL), RK_EARG, "no numbers");
  CHECK_FAILS(rk_update(RK_NUPDATES, &x, &g, NULL, NULL, NULL, NULL, p), RK_EARG, "no row");
  CHECK_FAILS(rk_update(-1, &x, &g, NULL, NULL, NULL, NULL, p), RK_EARG, "no row");
  CHECK_FAILS(rk_update(RK_UPDATE_sgd, &whole, &whole, NULL, NULL, NULL, NULL, p), RK_EDTYPE, "floating type");
  CHECK_FAILS(rk_update(RK_UPDATE_sgd, &x, &d, NULL, NULL, NULL, NULL, p), RK_EDTYPE, "sgd");
  CHECK_FAILS(rk_update(RK_UPDATE_sgd, &x, &small, NULL, NULL, NULL, NULL, p), RK_ESHAPE, "gradient");
  CHECK_FAILS(rk_update(RK_UPDATE_lion, &x, &g, NULL, NULL, NULL, NULL, p), RK_EARG, "lion: argument 3");
  CHECK_FAILS(rk_update(RK_UPDATE_lion, &x, &g, &small, NULL, NULL, NULL, p), RK_ESHAPE, "state 1");
  CHECK_FAILS(rk_update(RK_UPDATE_lion, &x, &g, &x, NULL, NULL, NULL, p), RK_EARG, "share memory");
  CHECK_FAILS(rk_update(RK_UPDATE_lion, &x, &g, &g, NULL, NULL, NULL, p), RK_EARG, "share memory");
  struct rk_tensor v = make(RK_f32, 1, &four, PACKED);
  CHECK_FAILS(rk_update(RK_UPDATE_radam, &x, &g, &v, &v, NULL, NULL, p), RK_EARG, "share memory");
  CHECK_OK(rk_narrow(&part, &x, 0, 0, 3));
  struct rk_tensor other = {.dt = RK_f32};
  CHECK_OK(rk_narrow(&other, &x, 0, 1, 3));
  CHECK_FAILS(rk_update(RK_UPDATE_sgd, &part, &other, NULL, NULL, NULL, NULL, p), RK_EARG, "share part");
  CHECK_OK(rk_update(RK_UPDATE_sgd, &x, &x, NULL, NULL, NULL, NULL, p));
  struct rk_tensor *all[] = {&x, &g, &small, &d, &whole, &part, &other, &v};
  for (int k = 0; k < 8; k++) rk_tensor_drop(all[k]);
}

int main(void) {
  RUN(rows);
  RUN(failed_allocations);
  RUN(wrong_calls);
  return test_done();
}
