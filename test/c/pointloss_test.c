/* pointloss_test.c -- losses element by element against formulas in double,
 * slopes against finite differences; hinge losses of rows against loops; wrong
 * calls. */
#include "layer_cases.h"

static int dtype_of(int k) { return k % 5 == 4 ? RK_f64 : k % 10 == 3 ? RK_f16 : k % 10 == 8 ? RK_bf16 : RK_f32; }

static int row(const char *name) {
  for (int i = 0; rk_loss_name(i); i++)
    if (strcmp(rk_loss_name(i), name) == 0) return i;
  CHECK(0);
  return -1;
}

/* The references, for targets that suit each. */
static double by_hand(const char *name, double x, double t, double a) {
  if (!strcmp(name, "mse")) return (x - t) * (x - t);
  if (!strcmp(name, "abs")) return fabs(x - t);
  if (!strcmp(name, "huber")) return fabs(x - t) < a ? (x - t) * (x - t) / 2 : a * (fabs(x - t) - a / 2);
  if (!strcmp(name, "bce_logits")) return log1p(exp(x)) - x * t;
  if (!strcmp(name, "soft_margin")) return log1p(exp(-x * t));
  if (!strcmp(name, "margin") || !strcmp(name, "ranking")) return fmax(0, a - x * t);
  if (!strcmp(name, "hinge")) return t > 0 ? x : fmax(0, a - x);
  if (!strcmp(name, "kl")) return t > 0 ? t * (log(t) - x) : 0;
  if (!strcmp(name, "kl_log")) return exp(t) * (t - x);
  if (!strcmp(name, "poisson_log")) return exp(x) - t * x;
  if (!strcmp(name, "ratio")) return log1p(exp(x - t));
  return (double)NAN; /* bce and poisson want positive inputs: tested from Lua */
}

static void loss_case(int loss, int dtype) {
  const char *name = rk_loss_name(loss);
  int64_t shape[3] = {between(1, 9), between(1, 70), between(1, 9)}, n = shape[0] * shape[1] * shape[2];
  struct rk_tensor x = make(dtype, 3, shape, upto(LAYOUTS)), t = make(dtype, 3, shape, upto(LAYOUTS)), dx = {0};
  struct rk_tensor w = make(dtype, 1, shape + 2, SLICED);
  double *vx = values(&x), *vt = values(&t), *vw = values(&w), sum = 0, want = 0, size = 1;
  int weighted = upto(2);
  struct rk_tensor each = {.dt = (int8_t)dtype};
  if (!isnan(by_hand(name, 0, 1, 0.5))) {
    CHECK_OK(rk_loss_forward(loss, &sum, &x, &t, weighted ? &w : NULL, 0.5, 0));
    for (int64_t i = 0; i < n; i++) {
      double f = by_hand(name, vx[i], vt[i], 0.5) * (weighted ? vw[i % shape[2]] : 1);
      want += f, size += fabs(f);
    }
    CHECK(fabs(sum - want) < tolerance(dtype) * size);
    CHECK_OK(rk_loss_each(loss, &each, &x, &t, weighted ? &w : NULL, 0.5, 0));
    double *ve = values(&each);
    CHECK(each.rank == 3);
    for (int64_t i = 0; i < n; i++) {
      double f = by_hand(name, vx[i], vt[i], 0.5) * (weighted ? vw[i % shape[2]] : 1);
      CHECK(fabs(ve[i] - f) < tolerance(dtype) * (1 + fabs(f)));
    }
    free(ve);
    rk_tensor_drop(&each);
    dx.dt = (int8_t)dtype;
    CHECK_OK(rk_loss_backward(loss, &dx, &x, &t, weighted ? &w : NULL, 0.5, 0, 2));
    double *vd = values(&dx), h = 1e-6;
    for (int64_t i = 0; i < n; i++) {
      double up = by_hand(name, vx[i] + h, vt[i], 0.5), down = by_hand(name, vx[i] - h, vt[i], 0.5);
      double mid = by_hand(name, vx[i], vt[i], 0.5);
      if (fabs(up + down - 2 * mid) > 1e-8) continue; /* a corner */
      double g = (up - down) / h * (weighted ? vw[i % shape[2]] : 1);
      CHECK(fabs(vd[i] - g) < (tolerance(dtype) + 1e-6) * (1 + fabs(g)) * 2);
    }
    free(vd);
    rk_tensor_drop(&dx);
  }
  free(vx), free(vt), free(vw);
  rk_tensor_drop(&x), rk_tensor_drop(&t), rk_tensor_drop(&w);
}

static void margin_case(int dtype) {
  int64_t shape[2] = {between(1, 6), between(1, 30)}, n = shape[0], c = shape[1];
  int p = between(1, 2), average = upto(2);
  struct rk_tensor x = make(dtype, 2, shape, upto(LAYOUTS)), t = {0}, dx = {.dt = (int8_t)dtype}, marks = dx;
  double *vx = values(&x), loss = 0, want = 0, *vd, *vm;
  CHECK_OK(rk_tensor_init(&t, RK_i64, 1, &n));
  double class[6];
  for (int i = 0; i < n; i++) class[i] = between(1, (int)c);
  CHECK_OK(rk_write_doubles(&t, class, n));
  CHECK_OK(rk_multi_margin(&loss, &dx, &x, &t, NULL, p, 0.75, average));
  vd = values(&dx);
  for (int64_t i = 0; i < n; i++) {
    double total = 0;
    for (int64_t k = 0; k < c; k++) {
      double z = 0.75 - vx[i * c + (int64_t) class[i] - 1] + vx[i * c + k];
      if (k + 1 != (int64_t) class[i] && z > 0) want += pow(z, p) / (double)c / (average ? (double)n : 1);
      total += vd[i * c + k];
    }
    CHECK(fabs(total) < 20 * tolerance(dtype)); /* what pulls one down pushes another up */
  }
  CHECK(fabs(loss - want) < 1e-9 * (1 + want));
  struct rk_tensor list = {0};
  CHECK_OK(rk_tensor_init(&list, RK_i64, 2, shape));
  CHECK_OK(rk_zero(&list));
  for (int64_t i = 0; i < n; i++) CHECK_OK(rk_poke(&list, list.start + i * c, 0, (int64_t) class[i]));
  CHECK_OK(rk_multi_label_margin(&loss, NULL, &marks, &x, &list, average));
  CHECK_OK(rk_multi_margin(&want, NULL, &x, &t, NULL, 1, 1, average));
  CHECK(fabs(loss - want) < 1e-9 * (1 + want)); /* one label: the same loss */
  vm = values(&marks);
  for (int64_t i = 0; i < n * c; i++) CHECK(vm[i] == (i % c + 1 == (int64_t) class[i / c]));
  free(vx), free(vd), free(vm);
  rk_tensor_drop(&x), rk_tensor_drop(&t), rk_tensor_drop(&dx), rk_tensor_drop(&marks), rk_tensor_drop(&list);
}

static void wrong_calls(void) {
  int64_t shape[2] = {2, 3};
  struct rk_tensor x = make(RK_f32, 2, shape, PACKED), y = make(RK_f64, 2, shape, PACKED), t = {0}, m = {.dt = RK_f32};
  struct rk_tensor row1 = make(RK_f32, 1, shape, PACKED);
  double sum;
  CHECK_OK(rk_tensor_init(&t, RK_i64, 1, shape));
  CHECK_OK(rk_fill(&t, 0));
  CHECK(rk_loss_name(-1) == NULL && rk_loss_doc(1000) == NULL && rk_loss_doc(0) != NULL);
  CHECK_FAILS(rk_loss_forward(1000, &sum, &x, &x, NULL, 0, 0), RK_EARG, "loss");
  CHECK_FAILS(rk_loss_forward(0, NULL, &x, &x, NULL, 0, 0), RK_EARG, "loss");
  CHECK_FAILS(rk_loss_forward(0, &sum, NULL, &x, NULL, 0, 0), RK_EARG, "mse");
  CHECK_FAILS(rk_loss_forward(0, &sum, &x, &y, NULL, 0, 0), RK_EDTYPE, "mse");
  CHECK_FAILS(rk_loss_forward(0, &sum, &x, &row1, NULL, 0, 0), RK_ESHAPE, "number of elements");
  CHECK_FAILS(rk_loss_forward(0, &sum, &t, &t, NULL, 0, 0), RK_EDTYPE, "floating");
  CHECK_FAILS(rk_loss_backward(0, &y, &x, &x, NULL, 0, 0, 1), RK_EDTYPE, "mse");
  CHECK_FAILS(rk_loss_backward(row("huber"), NULL, &x, &x, NULL, 0, 0, 1), RK_EARG, "huber");
  CHECK_FAILS(rk_multi_margin(&sum, NULL, &x, &t, NULL, 1, 1, 1), RK_EARG, "row 1: target 0");
  CHECK_FAILS(rk_multi_margin(&sum, NULL, &x, &t, NULL, 3, 1, 1), RK_EARG, "p");
  CHECK_FAILS(rk_multi_margin(&sum, NULL, &x, &t, &row1, 1, 1, 1), RK_ESHAPE, "weights");
  CHECK_FAILS(rk_multi_margin(&sum, NULL, &x, &x, NULL, 1, 1, 1), RK_EDTYPE, "LongTensor");
  CHECK_FAILS(rk_multi_label_margin(&sum, NULL, &m, &x, &t, 1), RK_ESHAPE, "target");
  CHECK_FAILS(rk_multi_label_margin(&sum, NULL, NULL, &x, &t, 1), RK_EARG, "multi label");
  rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&t), rk_tensor_drop(&m), rk_tensor_drop(&row1);
}

static void losses(void) {
  for (int k = 0; k < 40; k++)
    for (int i = 0; rk_loss_name(i); i++) loss_case(i, dtype_of(k));
}
static void margins(void) {
  for (int k = 0; k < 40; k++) margin_case(dtype_of(k));
}

int main(void) {
  RUN(losses);
  RUN(margins);
  RUN(wrong_calls);
  return test_done();
}
