/* correlate.c -- correlations of plain tensors: torch.xcorr2, conv2 and their kind on floats.
 *
 * Straight from the input, row by row: no windows are written out, so that a large kernel over a large image takes no
 * memory but the result's. */
#include "correlate.h"

struct job {
  const struct rk_correlate_loops *loops;
  struct rk_correlation c;
  const char *x, *k;
  char *out;
  int64_t rows, depth, columns; /* of a result plane */
  int64_t kernel, size;         /* elements of the kernels of a result plane; bytes of an element */
};
/* One row of one result plane. */
static void row_part(void *arg, int64_t part) {
  const struct job *s = arg;
  const int64_t y = part % s->rows, z = part / s->rows % s->depth, o = part / s->rows / s->depth;
  s->loops->row(s->out + part * s->columns * s->size, s->x + (z * s->c.step[1] + y * s->c.step[2]) * s->size,
                s->k + o * s->kernel * s->size, s->columns, &s->c);
}

static int check(const struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *k, int dims) {
  const char *who = "correlate";
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need(x, who, 2));
  RK_TRY(rk_need(k, who, 3));
  if (dims != 2 && dims != 3) return rk_fail(RK_EARG, "%s: 2 or 3 dimensions expected, got %d", who, dims);
  if (x->dt != RK_f32 && x->dt != RK_f64)
    return rk_fail(RK_EDTYPE, "%s: argument 2: float32 or float64 expected, got %s", who, rk_describe(x));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_same_dtype(who, x, k));
  if (x->rank != dims + 1 || k->rank != dims + 2 || k->shape[1] != x->shape[0])
    return rk_fail(RK_ESHAPE, "%s: kernels (o, p, sizes) for %s as (p, sizes) expected, got %s", who, rk_describe(x),
                   rk_describe(k));
  for (int d = 1; d <= dims; d++)
    if (k->shape[d + 1] > x->shape[d] || k->shape[d + 1] < 1)
      return rk_fail(RK_ESHAPE, "%s: kernels no larger than %s expected, got %s", who, rk_describe(x), rk_describe(k));
  return RK_OK;
}

static int rows(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *k, int dims) {
  const int deep = dims == 3;
  const int64_t *xs = x->shape + 1, *ks = k->shape + 2;
  const int64_t row = xs[dims - 1], plane = row * xs[dims - 2];
  struct job s = {
      .loops = rk_correlate_loops(x->dt),
      .c = {.size = {k->shape[1], deep ? ks[0] : 1, ks[dims - 2], ks[dims - 1]},
            .step = {deep ? plane * xs[0] : plane, plane, row}},
      .x = rk_at(x),
      .k = rk_at(k),
      .out = rk_at(out),
      .rows = xs[dims - 2] - ks[dims - 2] + 1,
      .depth = deep ? xs[0] - ks[0] + 1 : 1,
      .columns = row - ks[dims - 1] + 1,
      .size = rk_sizes[(uint8_t)x->dt],
  };
  s.kernel = s.c.size[0] * s.c.size[1] * s.c.size[2] * s.c.size[3];
  const int64_t parts = k->shape[0] * s.depth * s.rows;
  return rk_parallel_try(parts, parts * s.columns * s.kernel, row_part, &s);
}

int rk_correlate(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *k, int dims) {
  RK_TRY(check(out, x, k, dims));
  if (out->mem && (out->mem == x->mem || out->mem == k->mem || !rk_tensor_packed(out)))
    return rk_fail(RK_EARG, "correlate: a packed result with a storage of its own expected, got %s", rk_describe(out));
  int64_t shape[4] = {k->shape[0]};
  for (int d = 1; d <= dims; d++) shape[d] = x->shape[d] - k->shape[d + 1] + 1;
  RK_TRY(rk_result(out, dims + 1, shape, "correlate"));
  if (rk_tensor_count(out) == 0) return RK_OK;
  struct rk_tensor px = {.dt = x->dt}, pk = {.dt = k->dt};
  int status = rk_packed_view(&px, x);
  if (!status) status = rk_packed_view(&pk, k);
  if (!status) status = rows(out, &px, &pk, dims);
  rk_tensor_drop(&px);
  rk_tensor_drop(&pk);
  return status;
}
