/* loss.c -- negative log likelihood of integer classes, forward and backward.
 * Reads its arguments through their steps: only the chosen numbers are touched.
 * Sums in double, in order: same bits everywhere. */
#include "layer.h"
#include <string.h>

/* A problem brought to images x classes x positions, all by address. */
struct job {
  struct rk_tensor target, weights; /* i64 and double copies or views, packed */
  int64_t n, c, s;                  /* images, classes, positions */
  const int64_t *t;
  const double *w; /* NULL: 1 each */
  int64_t ignore;
};

static int check(struct job *j, const struct rk_tensor *x, const struct rk_tensor *target,
                 const struct rk_tensor *weights, int64_t ignore, const char *who, int n) {
  RK_TRY(rk_need_float(x, who, n));
  RK_TRY(rk_need(target, who, n + 1));
  if (x->rank < 1) return rk_fail(RK_ESHAPE, "%s: the input is empty", who);
  int skip = x->rank > 1; /* a vector is one sample: its target holds one class */
  j->n = skip ? x->shape[0] : 1, j->c = x->shape[skip], j->s = 1, j->ignore = ignore;
  int64_t shape[RK_MAX_DIMS] = {j->n};
  for (int d = 2; d < x->rank; d++) j->s *= shape[d - 1] = x->shape[d];
  RK_TRY(rk_need_shape(target, x->rank > 2 ? x->rank - 1 : 1, shape, who, "target"));
  if (weights) {
    RK_TRY(rk_same_dtype(who, x, weights));
    RK_TRY(rk_need_shape(weights, 1, &j->c, who, "weights"));
  }
  return RK_OK;
}

static void done(struct job *j) {
  rk_tensor_drop(&j->target);
  rk_tensor_drop(&j->weights);
}

/* Fetch targets and weights and look at every target before anything is computed. */
static int fetch(struct job *j, const struct rk_tensor *target, const struct rk_tensor *weights, const char *who) {
  int status = rk_operand(&j->target, target, RK_i64, RK_ROWS);
  if (!status && weights) status = rk_operand(&j->weights, weights, RK_f64, RK_ROWS);
  if (!status) {
    j->t = (const int64_t *)rk_at(&j->target), j->w = weights ? (const double *)rk_at(&j->weights) : NULL;
    for (int64_t i = 0; i < j->n * j->s && !status; i++)
      if ((j->t[i] < 1 || j->t[i] > j->c) && j->t[i] != j->ignore) status = rk_fail_class(who, i, j->t[i], j->c);
  }
  if (status) done(j);
  return status;
}

/* Offset in x of the number that target i chooses. */
static int64_t chosen(const struct rk_tensor *x, const struct job *j, int64_t i) {
  if (x->rank == 2) return x->start + i * x->step[0] + (j->t[i] - 1) * x->step[1];
  int64_t at = x->start, place = i % j->s;
  if (x->rank > 1) at += i / j->s * x->step[0];
  for (int d = x->rank - 1; d >= 2; place /= x->shape[d--]) at += place % x->shape[d] * x->step[d];
  return at + (j->t[i] - 1) * x->step[x->rank > 1];
}

/* At an offset from `chosen`, which lies in x. */
static double number_at(const struct rk_tensor *x, int64_t at) {
  struct rk_value v = {.f = 0};
  if (x->dt == RK_f32) return (double)((const float *)x->mem->data)[at];
  if (x->dt == RK_f64) return ((const double *)x->mem->data)[at];
  rk_peek(x, at, &v);
  return v.f;
}
static void put_at(struct rk_tensor *x, int64_t at, double v) {
  if (x->dt == RK_f32)
    ((float *)x->mem->data)[at] = (float)v;
  else if (x->dt == RK_f64)
    ((double *)x->mem->data)[at] = v;
  else
    rk_poke(x, at, v, 0);
}

int rk_nll_forward(double *loss, double *total, const struct rk_tensor *x, const struct rk_tensor *target,
                   const struct rk_tensor *weights, int64_t ignore, int average) {
  const char *who = "nll";
  struct job j = {0};
  double sum = 0, all = 0;
  if (!loss || !total) return rk_fail(RK_EARG, "%s: no place for the results given", who);
  RK_TRY(check(&j, x, target, weights, ignore, who, 3));
  RK_TRY(fetch(&j, target, weights, who));
  for (int64_t i = 0; i < j.n * j.s; i++) {
    if (j.t[i] == ignore) continue;
    const double w = j.w ? j.w[j.t[i] - 1] : 1;
    sum -= w * number_at(x, chosen(x, &j, i)), all += w;
  }
  done(&j);
  *loss = average && all != 0 ? sum / all : sum;
  *total = all;
  return RK_OK;
}

int rk_nll_backward(struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *target,
                    const struct rk_tensor *weights, int64_t ignore, double total, int average) {
  const char *who = "nll backward";
  struct job j = {0};
  struct rk_result r = {0};
  RK_TRY(rk_need(dx, who, 1));
  RK_TRY(check(&j, x, target, weights, ignore, who, 2));
  RK_TRY(rk_same_dtype(who, dx, x));
  RK_TRY(rk_need_apart(dx, x, who));
  RK_TRY(fetch(&j, target, weights, who));
  int status = rk_result_open(&r, dx, x->dt, x->rank, x->shape, rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS);
  if (!status) status = rk_zero(&r.t);
  double scale = average && total != 0 ? 1 / total : 1;
  for (int64_t i = 0; i < j.n * j.s && !status; i++)
    if (j.t[i] != ignore) put_at(&r.t, chosen(&r.t, &j, i), -(j.w ? j.w[j.t[i] - 1] : 1) * scale);
  if (r.out) status = rk_result_close(&r, status);
  done(&j);
  return status;
}
