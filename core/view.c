/* view.c -- other shapes on the same elements: no view copies. Each function computes the new layout in a local
 * tensor, checked, and then points `out` at it, so `out` may be the input itself. */
#include "internal.h"

/* Give `out` the layout of `v`, whose storage is borrowed from x. */
static int settle(struct rk_tensor *out, const struct rk_tensor *v, const char *who) {
  RK_TRY(rk_need(out, who, 1));
  if (out->mem && out->dt != v->dt) RK_TRY(rk_same_dtype(who, out, v));
  struct rk_storage *old = out->mem;
  if (rk_is_inside(v->mem)) { /* only a header that borrows it may be moved on it */
    if (old != v->mem || v->mem == &out->inside.mem) return rk_refuse_inside(v->mem);
  } else if (out->bare) {
    return rk_refuse_bare(out);
  }
  if (old != v->mem) {
    rk_storage_hold(v->mem);
    rk_storage_drop(old);
  }
  out->mem = v->mem, out->start = v->start, out->dt = v->dt, out->dev = v->dev, out->rank = v->rank;
  for (int d = 0; d < v->rank; d++) out->shape[d] = v->shape[d], out->step[d] = v->step[d];
  return RK_OK;
}

static int check_dim(const char *who, const struct rk_tensor *x, int dim) {
  RK_TRY(rk_need(x, who, 2));
  if (dim < 0 || dim >= x->rank)
    return rk_fail(RK_EARG, "%s: dimension %d out of range for %s (1 to %d)", who, dim + 1, rk_describe(x), x->rank);
  return RK_OK;
}

int rk_narrow(struct rk_tensor *out, const struct rk_tensor *x, int dim, int64_t first, int64_t length) {
  RK_TRY(check_dim("narrow", x, dim));
  if (first < 0 || length < 0 || first > x->shape[dim] || length > x->shape[dim] - first)
    return rk_fail(RK_EARG, "narrow: %lld elements from %lld on leave dimension %d of %s", (long long)length,
                   (long long)((uint64_t)first + 1), dim + 1, rk_describe(x));
  struct rk_tensor v = *x;
  v.start += first * v.step[dim];
  v.shape[dim] = length;
  return settle(out, &v, "narrow");
}

static void remove_dim(struct rk_tensor *v, int dim) {
  v->rank--;
  for (int d = dim; d < v->rank; d++) v->shape[d] = v->shape[d + 1], v->step[d] = v->step[d + 1];
}
static void insert_dim(struct rk_tensor *v, int dim, int64_t size, int64_t step) {
  for (int d = v->rank; d > dim; d--) v->shape[d] = v->shape[d - 1], v->step[d] = v->step[d - 1];
  v->rank++;
  v->shape[dim] = size, v->step[dim] = step;
}
static int check_room(const char *who, const struct rk_tensor *x) {
  if (x->rank >= RK_MAX_DIMS)
    return rk_fail(RK_ESHAPE, "%s: %s has the most dimensions there can be (%d)", who, rk_describe(x), RK_MAX_DIMS);
  return RK_OK;
}

int rk_select(struct rk_tensor *out, const struct rk_tensor *x, int dim, int64_t index) {
  RK_TRY(check_dim("select", x, dim));
  if (x->rank == 1) return rk_fail(RK_ESHAPE, "select: %s has one dimension: its elements are numbers", rk_describe(x));
  if (index < 0 || index >= x->shape[dim])
    return rk_fail(RK_EARG, "select: index %lld out of range for dimension %d of %s", (long long)((uint64_t)index + 1),
                   dim + 1, rk_describe(x));
  struct rk_tensor v = *x;
  v.start += index * v.step[dim];
  remove_dim(&v, dim);
  return settle(out, &v, "select");
}

int rk_transpose(struct rk_tensor *out, const struct rk_tensor *x, int d1, int d2) {
  RK_TRY(check_dim("transpose", x, d1));
  RK_TRY(check_dim("transpose", x, d2));
  struct rk_tensor v = *x;
  v.shape[d1] = x->shape[d2], v.step[d1] = x->step[d2];
  v.shape[d2] = x->shape[d1], v.step[d2] = x->step[d1];
  return settle(out, &v, "transpose");
}

int rk_permute(struct rk_tensor *out, const struct rk_tensor *x, int rank, const int64_t *order) {
  RK_TRY(rk_need(x, "permute", 2));
  if (rank != x->rank) return rk_fail(RK_EARG, "permute: %d dimensions given for %s", rank, rk_describe(x));
  if (rank && !order) return rk_fail(RK_EARG, "permute: dimensions expected, got nil");
  struct rk_tensor v = *x;
  unsigned seen = 0;
  for (int d = 0; d < rank; d++) {
    int64_t from = order[d];
    if (from < 0 || from >= rank || (seen >> from & 1))
      return rk_fail(RK_EARG, "permute: dimension %lld is out of range or given twice for %s", (long long)from + 1,
                     rk_describe(x));
    seen |= 1u << from;
    v.shape[d] = x->shape[from], v.step[d] = x->step[from];
  }
  return settle(out, &v, "permute");
}

int rk_unfold(struct rk_tensor *out, const struct rk_tensor *x, int dim, int64_t size, int64_t step) {
  RK_TRY(check_dim("unfold", x, dim));
  RK_TRY(check_room("unfold", x));
  if (size < 1 || size > x->shape[dim])
    return rk_fail(RK_EARG, "unfold: windows of %lld in dimension %d of %s", (long long)size, dim + 1, rk_describe(x));
  if (step < 1) return rk_fail(RK_EARG, "unfold: step %lld, at least 1 expected", (long long)step);
  struct rk_tensor v = *x;
  insert_dim(&v, v.rank, size, x->step[dim]);
  v.shape[dim] = (x->shape[dim] - size) / step + 1;
  /* of a single window, which nothing follows, the step may be too large for a number */
  if (__builtin_mul_overflow(x->step[dim], step, &v.step[dim])) v.step[dim] = x->step[dim];
  return settle(out, &v, "unfold");
}

int rk_expand(struct rk_tensor *out, const struct rk_tensor *x, int rank, const int64_t *shape) {
  RK_TRY(rk_need(x, "expand", 2));
  struct rk_tensor v = {.mem = x->mem, .start = x->start, .dt = x->dt, .dev = x->dev};
  RK_TRY(rk_layout(&v, rank, shape, "expand"));
  int lead = rank - x->rank;
  bool fits = lead >= 0 && x->rank > 0;
  for (int d = 0; fits && d < rank; d++) {
    int64_t have = d < lead ? 1 : x->shape[d - lead];
    fits = have == shape[d] || have == 1;
    v.step[d] = have == shape[d] && d >= lead ? x->step[d - lead] : 0;
  }
  if (!fits)
    return rk_fail(RK_ESHAPE, "expand: %s does not expand to %s: only dimensions of size 1 grow", rk_describe(x),
                   rk_describe_shape(rank, shape));
  return settle(out, &v, "expand");
}

int rk_squeeze(struct rk_tensor *out, const struct rk_tensor *x, int dim) {
  RK_TRY(rk_need(x, "squeeze", 2));
  if (dim != -1) RK_TRY(check_dim("squeeze", x, dim));
  struct rk_tensor v = *x;
  for (int d = v.rank - 1; d >= 0; d--)
    if (v.shape[d] == 1 && v.rank > 1 && (dim == -1 || d == dim)) remove_dim(&v, d);
  return settle(out, &v, "squeeze");
}

int rk_unsqueeze(struct rk_tensor *out, const struct rk_tensor *x, int dim) {
  RK_TRY(rk_need(x, "unsqueeze", 2));
  RK_TRY(check_room("unsqueeze", x));
  if (dim < 0 || dim > x->rank || x->rank == 0)
    return rk_fail(RK_EARG, "unsqueeze: dimension %d out of range for %s", dim + 1, rk_describe(x));
  struct rk_tensor v = *x;
  insert_dim(&v, dim, 1, dim < x->rank ? x->step[dim] * x->shape[dim] : 1);
  return settle(out, &v, "unsqueeze");
}

/* Replace one -1 in `shape` by what the element count leaves. */
static int infer(const struct rk_tensor *x, int rank, const int64_t *shape, int64_t *full) {
  int64_t known = 1, n = rk_tensor_count(x);
  int open = -1;
  for (int d = 0; d < rank; d++) {
    full[d] = shape[d];
    if (shape[d] == -1 && open >= 0)
      return rk_fail(RK_EARG, "view: only one size may be -1, got %s", rk_describe_shape(rank, shape));
    if (shape[d] == -1)
      open = d;
    else if (__builtin_mul_overflow(known, shape[d], &known))
      known = -1;
  }
  if (open >= 0) full[open] = known > 0 ? n / known : 0;
  if (known < 0 || known * (open >= 0 ? full[open] : 1) != n || rank < 1)
    return rk_fail(RK_ESHAPE, "view: %lld elements of %s do not make %s", (long long)n, rk_describe(x),
                   rk_describe_shape(rank, shape));
  return RK_OK;
}

/* Walk old and new shape together in groups of equal products; within a group the old dims must step as one. */
static bool restep(const struct rk_tensor *x, struct rk_tensor *v) {
  struct rk_tensor c = *x;
  int64_t *step[] = {c.step};
  int rank = rk_collapse(c.rank, c.shape, 1, step), k = v->rank - 1;
  if (rk_tensor_count(x) == 0) return true; /* rk_layout's packed steps do */
  for (int d = rank - 1; d >= 0; d--) {
    int64_t left = c.shape[d], at = c.step[d];
    while (left > 1 && k >= 0) {
      if (left % v->shape[k]) return false;
      v->step[k] = at;
      at *= v->shape[k], left /= v->shape[k], k--;
    }
    if (left != 1) return false;
  }
  return true; /* leading dims of size 1 keep their packed steps */
}

int rk_reshape(struct rk_tensor *out, const struct rk_tensor *x, int rank, const int64_t *shape) {
  RK_TRY(rk_need(x, "view", 2));
  if (rank < 0 || rank > RK_MAX_DIMS)
    return rk_fail(RK_ESHAPE, "view: %d dimensions asked for, at most %d", rank, RK_MAX_DIMS);
  if (rank && !shape) return rk_fail(RK_EARG, "view: sizes expected, got nil");
  int64_t full[RK_MAX_DIMS];
  RK_TRY(infer(x, rank, shape, full));
  struct rk_tensor v = {.mem = x->mem, .start = x->start, .dt = x->dt, .dev = x->dev};
  RK_TRY(rk_layout(&v, rank, full, "view"));
  if (!restep(x, &v))
    return rk_fail(RK_ESHAPE,
                   "view: the strides of %s do not allow %s without copying: call contiguous() first, or reshape",
                   rk_describe(x), rk_describe_shape(rank, full));
  return settle(out, &v, "view");
}

int rk_diagonal(struct rk_tensor *out, const struct rk_tensor *x, int64_t k) {
  RK_TRY(rk_need(x, "diag", 2));
  if (x->rank != 2) return rk_fail(RK_ESHAPE, "diag: a matrix expected, got %s", rk_describe(x));
  if (k <= -x->shape[0] || k >= x->shape[1])
    return rk_fail(RK_EARG, "diag: %s has no diagonal %lld", rk_describe(x), (long long)k);
  int64_t row = k < 0 ? -k : 0, column = k > 0 ? k : 0;
  struct rk_tensor v = *x;
  int64_t n = x->shape[0] - row, m = x->shape[1] - column;
  v.start += row * x->step[0] + column * x->step[1];
  v.rank = 1, v.shape[0] = n < m ? n : m, v.step[0] = x->step[0] + x->step[1];
  return settle(out, &v, "diag");
}
