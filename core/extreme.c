/* extreme.c -- largest or smallest along a dimension, with its place. The
 * first of equals counts, and the first NaN beats everything. Lines and
 * columns as in reduce.c. */
#include "internal.h"
#include "kernels.h"
#include <string.h>

enum { BLOCK = 1024, PART = 1 << 15 };

struct search {
  const struct rk_loops *loops;
  const struct rk_tensor *x, *out, *index; /* out and index packed */
  int sign, dim, size, compute_size, per_part;
  bool direct;                   /* elements along the walk are packed compute values */
  int64_t n, step, outer, inner; /* x as outer x n x inner */
};
/* Offset of (outer o, inner i, 0 along dim), dims in row-major order. */
static int64_t offset_at(const struct search *s, int64_t o, int64_t i) {
  int64_t at = 0;
  for (int d = s->x->rank - 1; d > s->dim; d--) at += i % s->x->shape[d] * s->x->step[d], i /= s->x->shape[d];
  for (int d = s->dim - 1; d >= 0; d--) at += o % s->x->shape[d] * s->x->step[d], o /= s->x->shape[d];
  return at;
}
static const char *element(const struct search *s, int64_t at) { return (char *)rk_at(s->x) + at * s->size; }

/* One line: block by block, the best so far against the block's best. */
static void search_line(const struct search *s, int64_t output) {
  _Alignas(64) char block[BLOCK * 8], pair[16];
  const int cs = s->compute_size;
  const int64_t start = offset_at(s, output / s->inner, output % s->inner);
  int64_t place = 0;
  for (int64_t i = 0; i < s->n; i += BLOCK) {
    const int64_t n = s->n - i < BLOCK ? s->n - i : BLOCK;
    const void *x = element(s, start + i * s->step);
    if (!s->direct) s->loops->load[s->x->dt](block, x, s->step, n), x = block;
    const int64_t k = s->loops->extreme(s->sign, x, n);
    memcpy(pair + cs, (const char *)x + k * cs, (size_t)cs);
    if (!i || s->loops->extreme(s->sign, pair, 2) == 1) {
      memcpy(pair, pair + cs, (size_t)cs);
      place = i + k;
    }
  }
  s->loops->store[s->x->dt](rk_at(s->out) + output * s->size, pair, 1, 1);
  ((int64_t *)(void *)rk_at(s->index))[output] = place + 1;
}
static void search_lines(void *arg, int64_t part) {
  const struct search *s = arg;
  const int64_t all = s->outer * s->inner, end = (part + 1) * s->per_part;
  for (int64_t k = part * s->per_part; k < (end < all ? end : all); k++) search_line(s, k);
}

/* A block of columns: best values and their rows go on from row to row. */
static void search_columns(void *arg, int64_t part) {
  const struct search *s = arg;
  _Alignas(64) char best[BLOCK * 8], place[BLOCK * 8], row[BLOCK * 8];
  const int64_t blocks = (s->inner + BLOCK - 1) / BLOCK, o = part / blocks, column = part % blocks * BLOCK;
  const int64_t columns = s->inner - column < BLOCK ? s->inner - column : BLOCK;
  const int64_t output = o * s->inner + column;
  const char *from = element(s, offset_at(s, o, column));
  s->loops->load[s->x->dt](best, from, 1, columns);
  memset(place, 0, sizeof place);
  if (s->direct)
    s->loops->extreme_rows(s->sign, best, place, from + s->step * s->size, columns, s->n - 1, s->step, 1);
  else
    for (int64_t r = 1; r < s->n; r++) {
      s->loops->load[s->x->dt](row, from + r * s->step * s->size, 1, columns);
      s->loops->extreme_rows(s->sign, best, place, row, columns, 1, 0, r);
    }
  s->loops->store[s->x->dt](rk_at(s->out) + output * s->size, best, 1, columns);
  int64_t *index = (int64_t *)(void *)rk_at(s->index) + output;
  for (int64_t k = 0; k < columns; k++) {
    int64_t wide = 0;
    int32_t narrow;
    memcpy(&wide, place + k * 8, s->compute_size == 8 ? 8 : 0);
    memcpy(&narrow, place + k * 4, 4);
    index[k] = (s->compute_size == 8 ? wide : narrow) + 1;
  }
}

/* Do the dims after `dim` make one run of packed elements? */
static bool inner_packed(const struct rk_tensor *x, int dim) {
  int64_t n = 1;
  for (int d = x->rank - 1; d > dim; d--) {
    if (x->shape[d] != 1 && x->step[d] != n) return false;
    n *= x->shape[d];
  }
  return true;
}
static int run_search(struct search *s) {
  const struct rk_tensor *x = s->x;
  s->loops = rk_cpu_loops[x->dt];
  s->size = rk_dtype_size(x->dt);
  s->compute_size = rk_compute_of[x->dt] == RK_C_i64 || rk_compute_of[x->dt] == RK_C_f64 ? 8 : 4;
  s->n = x->shape[s->dim], s->step = x->step[s->dim];
  s->outer = s->inner = 1;
  for (int d = 0; d < s->dim; d++) s->outer *= x->shape[d];
  for (int d = s->dim + 1; d < x->rank; d++) s->inner *= x->shape[d];
  const bool plain = rk_is_compute(x->dt), columns = s->inner > 1 && inner_packed(x, s->dim) && s->n < INT32_MAX;
  const int64_t work = s->outer * s->inner * s->n * s->size;
  if (!work) return RK_OK;
  if (columns) {
    s->direct = plain;
    return rk_parallel_try(s->outer * ((s->inner + BLOCK - 1) / BLOCK), work, search_columns, s);
  } else {
    s->direct = plain && s->step == 1;
    s->per_part = (int)(PART / s->n > 1 ? PART / s->n : 1);
    return rk_parallel_try((s->outer * s->inner + s->per_part - 1) / s->per_part, work, search_lines, s);
  }
}

/* A packed tensor of this shape to write into: out itself when nothing stands against it. */
static int target(struct rk_tensor *tmp, const struct rk_tensor *out, const struct rk_tensor *x,
                  const struct rk_tensor *shaped) {
  if (rk_tensor_same_shape(out, shaped) && rk_tensor_packed(out) && out->mem != x->mem) return rk_lend(tmp, out), RK_OK;
  return rk_tensor_init(tmp, out->dt, shaped->rank, shaped->shape);
}
static int deliver(struct rk_tensor *out, const struct rk_tensor *tmp) {
  if (rk_tensor_same_view(out, tmp)) return RK_OK;
  if (!rk_tensor_same_shape(out, tmp)) RK_TRY(rk_tensor_resize(out, tmp->rank, tmp->shape, NULL));
  return rk_copy(out, tmp);
}
int rk_extreme_dim(int sign, struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim) {
  const char *who = sign > 0 ? "max" : "min";
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need(index, who, 2));
  RK_TRY(rk_need(x, who, 3));
  if (x->dev != RK_CPU || out->dev != RK_CPU || index->dev != RK_CPU)
    return rk_fail(RK_EDEVICE, "%s: not on the CPU", who);
  if (out->dt != x->dt)
    return rk_fail(RK_EDTYPE, "%s: result: %sTensor expected, got %s", who, rk_dtype_class(x->dt), rk_describe(out));
  if (index->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "%s: indices: LongTensor expected, got %s", who, rk_describe(index));
  if (out == index) return rk_fail(RK_EARG, "%s: values and indices are the same tensor", who);
  if (dim < 0 || dim >= x->rank)
    return rk_fail(RK_EARG, "%s: dimension %d out of range for %s", who, dim + 1, rk_describe(x));
  if (!x->shape[dim]) return rk_fail(RK_ESHAPE, "%s: dimension %d of %s has no elements", who, dim + 1, rk_describe(x));
  struct rk_tensor shaped = *x, values = {.dt = x->dt}, places = {.dt = RK_i64};
  shaped.shape[dim] = 1;
  int status = target(&values, out, x, &shaped);
  if (!status) status = target(&places, index, x, &shaped);
  if (!status) {
    struct search s = {.x = x, .out = &values, .index = &places, .sign = sign, .dim = dim};
    status = run_search(&s);
    if (!status) status = deliver(out, &values);
  }
  if (!status) status = deliver(index, &places);
  rk_tensor_drop(&values), rk_tensor_drop(&places);
  return status;
}
