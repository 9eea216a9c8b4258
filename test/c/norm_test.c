/* norm_test.c -- batch normalisation, softmax and negative log likelihood
 * against formulas in double; gradients by the formula and by finite
 * differences; accuracy far from zero; wrong calls. */
#include "layer_cases.h"

static int dtype_of(int k) { return k % 5 == 4 ? RK_f64 : k % 10 == 3 ? RK_f16 : k % 10 == 8 ? RK_bf16 : RK_f32; }

static int draw_shape(int64_t *shape, int low, int high) {
  int rank = between(low, high);
  for (int d = 0; d < rank; d++) shape[d] = between(1, d == 1 && !upto(4) ? 300 : 7);
  if (!upto(5)) shape[rank - 1] = between(20, 200);
  return rank;
}

/* -- batch normalisation ---------------------------------------------------- */
struct batch {
  int64_t n, c, s, count;
  double *mean, *std, *var; /* biased variance */
};
static void statistics(struct batch *b, const double *x, double eps) {
  b->mean = calloc((size_t)b->c, 8), b->std = calloc((size_t)b->c, 8), b->var = calloc((size_t)b->c, 8);
  for (int64_t k = 0; k < b->n * b->c * b->s; k++) b->mean[k / b->s % b->c] += x[k] / (double)b->count;
  for (int64_t k = 0; k < b->n * b->c * b->s; k++) {
    double d = x[k] - b->mean[k / b->s % b->c];
    b->var[k / b->s % b->c] += d * d / (double)b->count;
  }
  for (int64_t c = 0; c < b->c; c++) b->std[c] = 1 / sqrt(b->var[c] + eps);
}

static void batch_case(int dtype) {
  int64_t shape[5];
  int rank = draw_shape(shape, 2, 5), train = upto(3) != 0, affine = upto(4) != 0;
  struct rk_tensor x = make(dtype, rank, shape, upto(LAYOUTS)), g = make(dtype, rank, shape, upto(LAYOUTS));
  struct rk_tensor w = make(dtype, 1, shape + 1, SLICED), b = make(dtype, 1, shape + 1, PACKED), y = {0}, dx = {0};
  struct rk_tensor rm = make(dtype, 1, shape + 1, PACKED), rv = make(dtype, 1, shape + 1, PACKED), sm = {0}, ss = {0};
  struct rk_tensor dw = make(dtype, 1, shape + 1, PACKED), db = make(dtype, 1, shape + 1, SLICED);
  y.dt = dx.dt = sm.dt = ss.dt = (int8_t)dtype;
  CHECK_OK(rk_map1(RK_OP_abs, &rv, &rv, 0, 0));
  CHECK_OK(rk_map1(RK_OP_add, &rv, &rv, 0.25, 0));
  struct rk_batchnorm q = {&rm, &rv, &sm, &ss, 1e-3, 0.25, train};
  struct batch s = {.n = shape[0], .c = shape[1], .s = 1};
  for (int d = 2; d < rank; d++) s.s *= shape[d];
  s.count = s.n * s.s;
  int64_t all = s.count * s.c;
  double *vx = values(&x), *vg = values(&g), *vw = values(&w), *vb = values(&b), *vm = values(&rm), *vv = values(&rv);
  double *vdw = values(&dw), *vdb = values(&db), *out = calloc((size_t)all, 8), *back = calloc((size_t)all, 8);
  statistics(&s, vx, 1e-3);
  int batch = train && s.count > 1;
  CHECK_OK(rk_batchnorm_forward(&y, &x, affine ? &w : NULL, affine ? &b : NULL, &q));
  for (int64_t c = 0; c < s.c; c++) {
    if (!batch) s.mean[c] = vm[c], s.std[c] = 1 / sqrt(vv[c] + 1e-3);
    if (!affine) vw[c] = 1, vb[c] = 0;
    if (batch) vm[c] += 0.25 * (s.mean[c] - vm[c]);
    if (batch) vv[c] += 0.25 * (s.var[c] * (double)s.count / (double)(s.count - 1) - vv[c]);
  }
  for (int64_t k = 0; k < all; k++) {
    int64_t c = k / s.s % s.c;
    out[k] = (vx[k] - s.mean[c]) * s.std[c] * vw[c] + vb[c];
  }
  double tol = 20 * tolerance(dtype);
  CHECK(worst(&y, out) < tol);
  CHECK(worst(&rm, vm) < tol && worst(&rv, vv) < tol);
  if (batch) CHECK(worst(&sm, s.mean) < tol && worst(&ss, s.std) < tol);

  CHECK_OK(rk_batchnorm_backward(&dx, affine ? &dw : NULL, affine ? &db : NULL, &g, &x, affine ? &w : NULL, 0.5, &q));
  double *sg = calloc((size_t)s.c, 8), *sx = calloc((size_t)s.c, 8);
  for (int64_t k = 0; k < all; k++) {
    int64_t c = k / s.s % s.c;
    sg[c] += vg[k], sx[c] += vg[k] * (vx[k] - s.mean[c]) * s.std[c];
  }
  for (int64_t k = 0; k < all; k++) {
    int64_t c = k / s.s % s.c;
    double n = (double)s.count, h = (vx[k] - s.mean[c]) * s.std[c];
    back[k] = (batch ? vg[k] - sg[c] / n - h * sx[c] / n : vg[k]) * s.std[c] * vw[c];
  }
  for (int64_t c = 0; c < s.c && affine; c++) vdw[c] += 0.5 * sx[c], vdb[c] += 0.5 * sg[c];
  /* The reference is exact; half types keep mean and deviation in 8 or 11 bits, which a large deviation magnifies. */
  if (dtype == RK_f32 || dtype == RK_f64)
    CHECK(worst(&dx, back) < tol && worst(&dw, vdw) < tol && worst(&db, vdb) < tol);
  double *arrays[] = {vx, vg, vw, vb, vm, vv, vdw, vdb, out, back, sg, sx, s.mean, s.std, s.var};
  for (int k = 0; k < 15; k++) free(arrays[k]);
  struct rk_tensor *tensors[] = {&x, &g, &w, &b, &y, &dx, &rm, &rv, &sm, &ss, &dw, &db};
  for (int k = 0; k < 12; k++) rk_tensor_drop(tensors[k]);
}
static void batches(void) {
  for (int k = 0; k < 200; k++) batch_case(dtype_of(k));
}

/* Numbers around 10000 with deviation 1: float sums of squares would lose everything. */
static void far_from_zero(void) {
  for (int layout = PACKED; layout <= LAST; layout++) {
    struct rk_tensor x = make(RK_f32, 4, (int64_t[]){8, 3, 30, 30}, layout), y = {0}, sm = {0}, ss = {0};
    struct rk_batchnorm q = {NULL, NULL, &sm, &ss, 1e-5, 0.1, 1};
    double std[3], *v = values(&x);
    struct batch s = {.n = 8, .c = 3, .s = 900, .count = 7200};
    y.dt = sm.dt = ss.dt = RK_f32;
    for (int64_t k = 0; k < 21600; k++) v[k] = (double)(float)(v[k] + 10000);
    CHECK_OK(rk_write_doubles(&x, v, 21600));
    CHECK_OK(rk_batchnorm_forward(&y, &x, NULL, NULL, &q));
    CHECK_OK(rk_read_doubles(&ss, std, 3));
    statistics(&s, v, 1e-5);
    for (int c = 0; c < 3; c++) CHECK_NEAR(std[c], s.std[c], 1e-6);
    free(v), free(s.mean), free(s.std), free(s.var);
    rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&sm), rk_tensor_drop(&ss);
  }
}

static void batch_in_place_and_empty(void) {
  struct rk_tensor x = make(RK_f32, 4, (int64_t[]){3, 4, 5, 5}, PACKED), y = {0}, sm = {0}, ss = {0}, e = {0};
  struct rk_tensor none = make(RK_f32, 4, (int64_t[]){0, 4, 5, 5}, PACKED);
  struct rk_batchnorm q = {NULL, NULL, &sm, &ss, 1e-5, 0.1, 1};
  y.dt = sm.dt = ss.dt = e.dt = RK_f32;
  CHECK_OK(rk_batchnorm_forward(&y, &x, NULL, NULL, &q));
  CHECK_OK(rk_batchnorm_forward(&x, &x, NULL, NULL, &q));
  int same = 0;
  CHECK_OK(rk_equal(&x, &y, &same));
  CHECK(same);
  CHECK_OK(rk_batchnorm_forward(&e, &none, NULL, NULL, &q));
  struct rk_tensor *tensors[] = {&x, &y, &sm, &ss, &e, &none};
  for (int k = 0; k < 6; k++) rk_tensor_drop(tensors[k]);
}

/* -- softmax ------------------------------------------------------------------ */
static void softmax_case(int dtype) {
  int64_t shape[5], outer = 1, inner = 1;
  int rank = draw_shape(shape, 1, 4), dim = upto(rank), take_log = upto(2);
  struct rk_tensor x = make(dtype, rank, shape, upto(LAYOUTS)), g = make(dtype, rank, shape, upto(LAYOUTS)), y = {0},
                   dx = {0};
  y.dt = dx.dt = (int8_t)dtype;
  for (int d = 0; d < rank; d++) *(d < dim ? &outer : &inner) *= d == dim ? 1 : shape[d];
  int64_t n = shape[dim];
  double *v = values(&x), *vg = values(&g), *out = calloc((size_t)(outer * n * inner), 8),
         *back = calloc((size_t)(outer * n * inner), 8);
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < inner; i++) {
      double sum = 0, top = -HUGE_VAL, dot = 0;
#define AT(k) ((o * n + (k)) * inner + i)
      for (int64_t k = 0; k < n; k++) top = v[AT(k)] > top ? v[AT(k)] : top;
      for (int64_t k = 0; k < n; k++) sum += exp(v[AT(k)] - top);
      for (int64_t k = 0; k < n; k++) out[AT(k)] = take_log ? v[AT(k)] - top - log(sum) : exp(v[AT(k)] - top) / sum;
      for (int64_t k = 0; k < n; k++) dot += take_log ? vg[AT(k)] : vg[AT(k)] * out[AT(k)];
      for (int64_t k = 0; k < n; k++)
        back[AT(k)] = take_log ? vg[AT(k)] - exp(out[AT(k)]) * dot : (vg[AT(k)] - dot) * out[AT(k)];
    }
  CHECK_OK(rk_softmax_forward(&y, &x, dim, take_log));
  CHECK(worst(&y, out) < tolerance(dtype));
  CHECK_OK(rk_softmax_backward(&dx, &g, &y, dim, take_log));
  CHECK(worst(&dx, back) < 4 * tolerance(dtype));
  CHECK_OK(rk_softmax_forward(&x, &x, dim, take_log));
  CHECK(worst(&x, out) < tolerance(dtype));
  free(v), free(vg), free(out), free(back);
  rk_tensor_drop(&x), rk_tensor_drop(&g), rk_tensor_drop(&y), rk_tensor_drop(&dx);
}
static void softmaxes(void) {
  for (int k = 0; k < 300; k++) softmax_case(dtype_of(k));
}
static void large_scores(void) {
  double in[4] = {1000, 1001, -1e30, -HUGE_VAL}, out[4];
  struct rk_tensor x = make(RK_f32, 1, (int64_t[]){4}, PACKED);
  CHECK_OK(rk_write_doubles(&x, in, 4));
  CHECK_OK(rk_softmax_forward(&x, &x, 0, 0));
  CHECK_OK(rk_read_doubles(&x, out, 4));
  CHECK_NEAR(out[0], 1 / (1 + exp(1)), 1e-6);
  CHECK_NEAR(out[1], 1 / (1 + exp(-1)), 1e-6);
  CHECK(out[2] == 0 && out[3] == 0);
  rk_tensor_drop(&x);
}

/* -- negative log likelihood ---------------------------------------------------- */
static void likelihood_case(int dtype) {
  int64_t shape[5], target_shape[5], s = 1;
  int rank = draw_shape(shape, 1, 4), average = upto(2), weighted = upto(2);
  int64_t n = rank > 1 ? shape[0] : 1, c = rank > 1 ? shape[1] : shape[0];
  target_shape[0] = n;
  for (int d = 2; d < rank; d++) s *= target_shape[d - 1] = shape[d];
  struct rk_tensor x = make(dtype, rank, shape, upto(LAYOUTS)), w = make(dtype, 1, &c, PACKED), dx = {0};
  struct rk_tensor t =
      make(upto(2) ? RK_i64 : RK_f64, rank > 2 ? rank - 1 : 1, target_shape, upto(2) ? PACKED : SLICED);
  dx.dt = (int8_t)dtype;
  double *v = values(&x), *vw = values(&w), *vt = calloc((size_t)(n * s), 8), *back = calloc((size_t)(n * c * s), 8);
  double sum = 0, all = 0, loss = -1, total = -1;
  for (int64_t k = 0; k < n * s; k++) vt[k] = upto(5) ? between(1, (int)c) : -100;
  for (int64_t k = 0; k < c; k++) vw[k] = weighted ? fabs(vw[k]) + 0.25 : 1;
  CHECK_OK(rk_write_doubles(&t, vt, n * s));
  CHECK_OK(rk_write_doubles(&w, vw, c));
  for (int64_t k = 0; k < n * s; k++) {
    if (vt[k] < 0) continue;
    int64_t class = (int64_t)vt[k] - 1, at = (k / s * c + class) * s + k % s;
    sum -= vw[class] * v[at], all += vw[class], back[at] = -vw[class];
  }
  for (int64_t k = 0; k < n * c * s && average && all > 0; k++) back[k] /= all;
  CHECK_OK(rk_nll_forward(&loss, &total, &x, &t, weighted ? &w : NULL, -100, average));
  CHECK_NEAR(total, all, 1e-2);
  CHECK_NEAR(loss, average && all > 0 ? sum / all : sum, tolerance(dtype));
  CHECK_OK(rk_nll_backward(&dx, &x, &t, weighted ? &w : NULL, -100, total, average));
  CHECK(worst(&dx, back) < tolerance(dtype));
  free(v), free(vw), free(vt), free(back);
  rk_tensor_drop(&x), rk_tensor_drop(&w), rk_tensor_drop(&t), rk_tensor_drop(&dx);
}
static void likelihoods(void) {
  for (int k = 0; k < 200; k++) likelihood_case(dtype_of(k));
}

static void wrong_calls(void) {
  struct rk_tensor x = make(RK_f32, 2, (int64_t[]){3, 4}, PACKED), y = {0},
                   three = make(RK_f32, 1, (int64_t[]){3}, PACKED);
  struct rk_tensor whole = make(RK_i64, 2, (int64_t[]){3, 4}, PACKED), t = make(RK_i64, 1, (int64_t[]){3}, PACKED);
  struct rk_tensor d = make(RK_f64, 2, (int64_t[]){3, 4}, PACKED), sm = {0}, ss = {0};
  struct rk_batchnorm q = {NULL, NULL, &sm, &ss, 1e-5, 0.1, 1}, bad;
  double loss, total;
  y.dt = sm.dt = ss.dt = RK_f32;
  CHECK_FAILS(rk_softmax_forward(&y, NULL, 0, 0), RK_EARG, "softmax: argument 2");
  CHECK_FAILS(rk_softmax_forward(&y, &x, 2, 0), RK_ESHAPE, "softmax: dimension 3 out of range");
  CHECK_FAILS(rk_softmax_forward(&y, &whole, 0, 1), RK_EDTYPE, "logsoftmax");
  CHECK_FAILS(rk_softmax_forward(&y, &d, 0, 1), RK_EDTYPE, "logsoftmax");
  CHECK_FAILS(rk_softmax_backward(&y, &three, &x, 0, 1), RK_ESHAPE, "gradient");
  CHECK_FAILS(rk_batchnorm_forward(&y, &x, &three, NULL, &q), RK_ESHAPE, "weight: a vector of 4");
  CHECK_FAILS(rk_batchnorm_forward(&y, &three, NULL, NULL, &q), RK_ESHAPE, "batchnorm: input");
  CHECK_FAILS(rk_batchnorm_forward(&y, &x, NULL, NULL, NULL), RK_EARG, "parameters");
  bad = q, bad.train = 0;
  CHECK_FAILS(rk_batchnorm_forward(&y, &x, NULL, NULL, &bad), RK_EARG, "evaluating needs");
  bad = q, bad.save_std = NULL;
  CHECK_FAILS(rk_batchnorm_forward(&y, &x, NULL, NULL, &bad), RK_EARG, "save_std");
  bad = q, bad.eps = -1;
  CHECK_FAILS(rk_batchnorm_forward(&y, &x, NULL, NULL, &bad), RK_EARG, "eps");
  CHECK_FAILS(rk_batchnorm_backward(&y, NULL, NULL, &x, &x, NULL, 1, &q), RK_ESHAPE, "call forward first");
  CHECK_FAILS(rk_batchnorm_backward(&y, NULL, NULL, &three, &x, NULL, 1, &q), RK_ESHAPE, "gradient");
  CHECK_OK(rk_fill(&t, 5));
  CHECK_FAILS(rk_nll_forward(&loss, &total, &x, &t, NULL, -100, 1), RK_EARG,
              "nll: row 1: target 5 is not one of the 4 classes 1..4");
  CHECK_FAILS(rk_nll_backward(&y, &x, &t, NULL, -100, 1, 1), RK_EARG, "target 5");
  CHECK_OK(rk_fill(&t, 1));
  CHECK_FAILS(rk_nll_forward(&loss, &total, &x, &t, &three, -100, 1), RK_ESHAPE, "weights");
  CHECK_FAILS(rk_nll_forward(&loss, &total, &x, &whole, NULL, -100, 1), RK_ESHAPE, "target");
  CHECK_FAILS(rk_nll_forward(&loss, &total, &x, NULL, NULL, -100, 1), RK_EARG, "nll");
  CHECK(y.mem == NULL);
  struct rk_tensor *all[] = {&x, &three, &whole, &t, &d, &sm, &ss};
  for (int k = 0; k < 7; k++) rk_tensor_drop(all[k]);
}

int main(void) {
  RUN(batches);
  RUN(far_from_zero);
  RUN(batch_in_place_and_empty);
  RUN(softmaxes);
  RUN(large_scores);
  RUN(likelihoods);
  RUN(wrong_calls);
  return test_done();
}
