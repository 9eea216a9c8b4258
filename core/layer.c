/* layer.c -- layouts of image batches, and operands and results of layers
 * brought into them; see layer.h. */
#include "layer.h"
#include <string.h>

void rk_layout_steps(int layout, int rank, const int64_t *shape, int64_t *step) {
  int64_t s = 1;
  if (layout == RK_LAST && rank > 2) {
    step[1] = 1;
    s = shape[1];
    for (int d = rank - 1; d >= 2; s *= shape[d--]) step[d] = s;
    step[0] = s;
  } else {
    for (int d = rank - 1; d >= 0; s *= shape[d--]) step[d] = s;
  }
}

/* Are x's steps those of the layout? The step of a dim of size 1 says nothing, unless `strict`. */
static bool has_steps(const struct rk_tensor *x, int layout, bool strict) {
  int64_t step[RK_MAX_DIMS];
  rk_layout_steps(layout, x->rank, x->shape, step);
  for (int d = 0; d < x->rank; d++)
    if (x->step[d] != step[d] && (strict || x->shape[d] != 1)) return false;
  return true;
}

/* With one channel or one position both layouts are the same memory; then the
 * steps tell which one the net is in, so that it stays in it. */
int rk_layout_of(const struct rk_tensor *x) {
  if (has_steps(x, RK_ROWS, true)) return RK_ROWS;
  if (x->rank > 2 && x->step[1] == 1 && has_steps(x, RK_LAST, false)) return RK_LAST;
  return has_steps(x, RK_ROWS, false) ? RK_ROWS : RK_OTHER;
}

/* A fresh tensor in a layout. */
static int init_in(struct rk_tensor *t, int dtype, int rank, const int64_t *shape, int layout) {
  RK_TRY(rk_tensor_init(t, dtype, rank, shape));
  rk_layout_steps(layout, rank, shape, t->step);
  return RK_OK;
}

int rk_operand(struct rk_tensor *tmp, const struct rk_tensor *x, int dtype, int layout) {
  memset(tmp, 0, sizeof *tmp);
  if (x->dt == dtype && has_steps(x, layout, false)) {
    rk_lend(tmp, x);
    return RK_OK;
  }
  RK_TRY(init_in(tmp, dtype, x->rank, x->shape, layout));
  int status = rk_copy(tmp, x);
  if (status) rk_tensor_drop(tmp);
  return status;
}

int rk_result_open(struct rk_result *r, struct rk_tensor *out, int dtype, int rank, const int64_t *shape, int layout) {
  int64_t step[RK_MAX_DIMS];
  rk_layout_steps(layout, rank, shape, step);
  memset(r, 0, sizeof *r);
  r->out = out;
  bool same = out->rank == rank && memcmp(out->shape, shape, (size_t)rank * sizeof *shape) == 0;
  if (!same) RK_TRY(rk_tensor_resize(out, rank, shape, step));
  bool dense = rk_layout_of(out) != RK_OTHER;
  if (dense) memcpy(out->step, step, (size_t)rank * sizeof *step); /* the same memory, read in the other order */
  if (!dense || out->dt != dtype) return init_in(&r->t, dtype, rank, shape, layout);
  rk_lend(&r->t, out);
  return RK_OK;
}

int rk_result_rows(struct rk_result *r, struct rk_tensor *out, int dtype, int rank, const int64_t *shape, int layout) {
  RK_TRY(rk_result_open(r, out, dtype, rank, shape, layout));
  if (layout != RK_LAST || r->t.mem != out->mem) {
    rk_layout_steps(RK_ROWS, rank, shape, r->t.step); /* its own memory may as well be packed */
    return RK_OK;
  }
  rk_tensor_drop(&r->t);
  return init_in(&r->t, dtype, rank, shape, RK_ROWS);
}

int rk_result_add(struct rk_result *r, struct rk_tensor *out, int dtype) {
  r->out = out;
  return rk_operand(&r->t, out, dtype, RK_ROWS);
}

int rk_result_close(struct rk_result *r, int status) {
  if (!status && r->t.mem != r->out->mem) status = rk_copy(r->out, &r->t);
  rk_tensor_drop(&r->t);
  return status;
}

int rk_need_float(const struct rk_tensor *t, const char *who, int n) {
  RK_TRY(rk_need(t, who, n));
  if (t->dev != RK_CPU) return rk_fail(RK_EDEVICE, "%s: argument %d: not on the CPU", who, n);
  if (!rk_dtype_is_float(t->dt))
    return rk_fail(RK_EDTYPE, "%s: argument %d: a tensor of floating type expected, got %s", who, n, rk_describe(t));
  return RK_OK;
}

int rk_need_apart(const struct rk_tensor *out, const struct rk_tensor *x, const char *who) {
  if (out && x && out->mem && x->mem == out->mem && (rk_overlap(out, x) || rk_tensor_same_view(out, x)))
    return rk_fail(RK_EARG, "%s: the result %s may not share memory with an argument", who, rk_describe(out));
  return RK_OK;
}

int rk_need_gradient(const struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                     const char *who) {
  RK_TRY(rk_need(dx, who, 1));
  RK_TRY(rk_need_float(g, who, 2));
  RK_TRY(rk_need_float(x, who, 3));
  RK_TRY(rk_same_dtype(who, dx, g));
  RK_TRY(rk_same_dtype(who, g, x));
  return rk_need_apart(dx, g, who);
}

int rk_need_shape(const struct rk_tensor *t, int rank, const int64_t *shape, const char *who, const char *name) {
  if (t->rank == rank && memcmp(t->shape, shape, (size_t)rank * sizeof *shape) == 0) return RK_OK;
  return rk_fail(RK_ESHAPE, "%s: %s: %s expected, got %s", who, name, rk_describe_shape(rank, shape), rk_describe(t));
}

int rk_fail_class(const char *who, int64_t row, int64_t value, int64_t classes) {
  return rk_fail(RK_EARG, "%s: row %lld: target %lld is not one of the %lld classes 1..%lld%s", who, (long long)row + 1,
                 (long long)value, (long long)classes, (long long)classes,
                 value == 0 ? "; classes count from 1 here: add 1 to targets that count from 0" : "");
}
