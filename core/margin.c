/* margin.c -- hinge losses of whole rows of scores: one class against the
 * others (multi_margin), a list of classes against the others
 * (multi_label_margin). In double, row by row, rows added up in order: same
 * bits everywhere. */
#include "layer.h"
#include <string.h>

struct job {
  struct rk_tensor x, target, weights; /* packed: double, i64, double */
  struct rk_result r;                  /* gradient, open when dx was given */
  int64_t n, c;
  double *dx;
};

static void done(struct job *j) {
  rk_tensor_drop(&j->x);
  rk_tensor_drop(&j->target);
  rk_tensor_drop(&j->weights);
}

/* Bring the operands in; dx NULL: only the loss is wanted. */
static int begin(struct job *j, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *target,
                 const struct rk_tensor *weights, const char *who) {
  memset(j, 0, sizeof *j);
  RK_TRY(rk_need_float(x, who, 1));
  RK_TRY(rk_need(target, who, 2));
  if (target->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "%s: target: LongTensor expected, got %s", who, rk_describe(target));
  if (x->rank < 1 || x->rank > 2)
    return rk_fail(RK_ESHAPE, "%s: scores [N x C] or [C] expected, got %s", who, rk_describe(x));
  j->n = x->rank == 2 ? x->shape[0] : 1, j->c = x->shape[x->rank - 1];
  if (weights) RK_TRY(rk_need_shape(weights, 1, &j->c, who, "weights"));
  if (dx) RK_TRY(rk_same_dtype(who, dx, x));
  int status = rk_operand(&j->x, x, RK_f64, RK_ROWS);
  if (!status) status = rk_operand(&j->target, target, RK_i64, RK_ROWS);
  if (!status && weights) status = rk_operand(&j->weights, weights, RK_f64, RK_ROWS);
  if (!status && dx) status = rk_result_open(&j->r, dx, RK_f64, x->rank, x->shape, RK_ROWS);
  if (!status && dx) status = rk_zero(&j->r.t);
  if (!status && dx) j->dx = (double *)rk_at(&j->r.t);
  if (status) {
    if (j->r.out) status = rk_result_close(&j->r, status);
    done(j);
  }
  return status;
}

static int close(struct job *j, int status) {
  if (j->r.out) status = rk_result_close(&j->r, status);
  done(j);
  return status;
}

static int check_classes(const struct job *j, const char *who) {
  const int64_t *t = (const int64_t *)rk_at(&j->target);
  if (rk_tensor_count(&j->target) != j->n)
    return rk_fail(RK_ESHAPE, "%s: %lld targets expected, one a row, got %s", who, (long long)j->n,
                   rk_describe(&j->target));
  for (int64_t i = 0; i < j->n; i++)
    if (t[i] < 1 || t[i] > j->c) return rk_fail_class(who, i, t[i], j->c);
  return RK_OK;
}

int rk_multi_margin(double *loss, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *target,
                    const struct rk_tensor *weights, int p, double margin, int average) {
  const char *who = "multi margin";
  struct job j;
  double all = 0;
  if (p != 1 && p != 2) return rk_fail(RK_EARG, "%s: p: 1 or 2 expected, got %d", who, p);
  RK_TRY(begin(&j, dx, x, target, weights, who));
  int status = check_classes(&j, who);
  const double *w = weights ? (const double *)rk_at(&j.weights) : NULL, *row = (const double *)rk_at(&j.x);
  const int64_t *t = (const int64_t *)rk_at(&j.target);
  for (int64_t i = 0; i < j.n && !status; i++, row += j.c) {
    int64_t k = t[i] - 1;
    double scale = (w ? w[k] : 1) / (double)j.c / (average ? (double)j.n : 1), sum = 0, pull = 0;
    for (int64_t c = 0; c < j.c; c++) {
      double z = margin - row[k] + row[c];
      if (c == k || !(z > 0)) continue;
      double g = p == 1 ? scale : 2 * z * scale;
      sum += p == 1 ? z : z * z, pull += g;
      if (j.dx) j.dx[i * j.c + c] = g;
    }
    if (j.dx) j.dx[i * j.c + k] = -pull;
    all += sum * scale;
  }
  if (loss && !status) *loss = all;
  return close(&j, status);
}

int rk_multi_label_margin(double *loss, struct rk_tensor *dx, struct rk_tensor *marks, const struct rk_tensor *x,
                          const struct rk_tensor *target, int average) {
  const char *who = "multi label margin";
  struct job j;
  struct rk_result m = {0};
  double all = 0;
  RK_TRY(rk_need(marks, who, 3));
  RK_TRY(begin(&j, dx, x, target, NULL, who));
  const double *row = (const double *)rk_at(&j.x);
  const int64_t *t = (const int64_t *)rk_at(&j.target);
  int status = rk_need_shape(target, x->rank, x->shape, who, "target");
  if (!status) status = rk_result_open(&m, marks, RK_f64, x->rank, x->shape, RK_ROWS);
  if (!status) status = rk_zero(&m.t);
  double *mark = status ? NULL : (double *)rk_at(&m.t);
  const double scale = 1 / (double)j.c / (average ? (double)j.n : 1);
  for (int64_t i = 0; i < j.n && !status && mark && row; i++, row += j.c, t += j.c, mark += j.c) {
    int64_t listed = 0;
    double *d = j.dx ? j.dx + i * j.c : NULL;
    for (; listed < j.c && t[listed] != 0 && !status; listed++)
      if (t[listed] < 0 || t[listed] > j.c)
        status = rk_fail_class(who, i, t[listed], j.c);
      else
        mark[t[listed] - 1] = 1;
    for (int64_t q = 0; q < listed && !status; q++)
      for (int64_t c = 0; c < j.c; c++) {
        double z = mark[c] != 0 ? 0 : 1 - row[t[q] - 1] + row[c];
        if (!(z > 0)) continue;
        all += z * scale;
        if (d) d[t[q] - 1] -= scale, d[c] += scale;
      }
  }
  if (m.out) status = rk_result_close(&m, status);
  if (loss && !status) *loss = all;
  return close(&j, status);
}
