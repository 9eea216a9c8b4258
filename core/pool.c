/* pool.c -- max and average pooling over 1 to 3 spatial dims: checks, sizes of
 * results, splitting among threads. The loops are in loops_pool.c. Same bits
 * on any ISA and number of threads. */
#include "layer.h"
#include "layer_loops.h"

struct job {
  const struct rk_pool_loops *loops;
  struct rk_pool_plan plan;
  char *y;        /* result of the direction */
  const char *x;  /* forward: input. backward: gradient of the output */
  int64_t *index; /* max only */
  int64_t blocks; /* channel blocks an image, channels last, backward */
  int64_t size;   /* of an element */
  int bad;        /* an index was out of range */
};
enum { BLOCK = 64 }; /* channels a part takes in backward, channels last */

/* -- sizes ------------------------------------------------------------------- */
static int64_t out_size(int64_t in, const struct rk_pool *p, int d, int64_t dilation) {
  int64_t room = in + 2 * (int64_t)p->pad[d] - dilation * (p->size[d] - 1) - 1, stride = p->stride[d];
  if (room < 0) return 0;
  int64_t n = (p->ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
  return (n - 1) * stride >= in + p->pad[d] ? n - 1 : n; /* the last window starts in the padding */
}

static int check_sizes(const struct rk_tensor *x, const struct rk_pool *p, const char *who, int max) {
  if (!p) return rk_fail(RK_EARG, "%s: no parameters given", who);
  if (p->dims < 1 || p->dims > 3)
    return rk_fail(RK_EARG, "%s: 1 to 3 spatial dimensions expected, got %d", who, p->dims);
  if (x->rank != p->dims + 2)
    return rk_fail(RK_ESHAPE, "%s: input of %d dimensions (batch, planes, %d spatial) expected, got %s", who,
                   p->dims + 2, p->dims, rk_describe(x));
  for (int d = 0; d < p->dims; d++) {
    if (p->size[d] < 1 || p->stride[d] < 1 || p->dilation[d] < 0)
      return rk_fail(RK_EARG, "%s: window size %d, stride %d, dilation %d: each must be at least 1", who, p->size[d],
                     p->stride[d], p->dilation[d]);
    if (p->pad[d] < 0 || p->pad[d] > p->size[d] / 2)
      return rk_fail(RK_EARG, "%s: padding %d must be at least 0 and at most half the window size %d", who, p->pad[d],
                     p->size[d]);
    if (!max && p->dilation[d] > 1) return rk_fail(RK_EARG, "%s: an average has no dilation", who);
  }
  return RK_OK;
}

static int make_plan(struct rk_pool_plan *q, const struct rk_tensor *x, const struct rk_pool *p, const char *who,
                     int max) {
  RK_TRY(check_sizes(x, p, who, max));
  memset(q, 0, sizeof *q);
  q->n = x->shape[0], q->c = x->shape[1], q->plane = q->places = 1, q->count_pad = p->count_pad;
  for (int k = 0; k < 3; k++) {
    int d = k - (3 - p->dims);
    q->in[k] = d < 0 ? 1 : x->shape[d + 2];
    q->size[k] = d < 0 ? 1 : p->size[d];
    q->stride[k] = d < 0 ? 1 : p->stride[d];
    q->pad[k] = d < 0 ? 0 : p->pad[d];
    q->dilation[k] = d < 0 || !p->dilation[d] ? 1 : p->dilation[d];
    q->out[k] = d < 0 ? 1 : out_size(q->in[k], p, d, q->dilation[k]);
    if (q->in[k] < 1 || q->out[k] < 1)
      return rk_fail(RK_ESHAPE, "%s: input %s: a window of %d (dilation %d) does not fit %lld (padding %d)", who,
                     rk_describe(x), (int)q->size[k], (int)q->dilation[k], (long long)q->in[k], (int)q->pad[k]);
    q->plane *= q->in[k];
    q->places *= q->out[k];
  }
  if (q->plane > INT32_MAX)
    return rk_fail(RK_ESHAPE, "%s: input %s: a plane may have at most %d elements", who, rk_describe(x), INT32_MAX);
  return RK_OK;
}

static void out_shape(const struct rk_tensor *x, const struct rk_pool_plan *q, int64_t *shape) {
  shape[0] = q->n, shape[1] = q->c;
  for (int d = 2; d < x->rank; d++) shape[d] = q->out[d + 3 - x->rank];
}

/* The tables of lo and hi. Scratch, to be freed through q->lo. */
static int make_tables(struct rk_pool_plan *q, const char *who) {
  int64_t n = q->out[2], size = q->size[2], s = q->stride[2], dil = q->dilation[2];
  q->lo = rk_scratch(2 * size * (int64_t)sizeof *q->lo, who);
  if (!q->lo) return RK_ENOMEM;
  q->hi = q->lo + size;
  for (int64_t k = 0; k < size; k++) {
    int64_t at = k * dil - q->pad[2]; /* of column 0 */
    int64_t lo = at < 0 ? (-at + s - 1) / s : 0, hi = at >= q->in[2] ? 0 : (q->in[2] - at + s - 1) / s;
    q->lo[k] = lo, q->hi[k] = hi < n ? hi : n;
  }
  return RK_OK;
}

/* -- parts ---------------------------------------------------------------------- */
static void forward_plane(void *arg, int64_t k) {
  struct job *j = arg;
  const struct rk_pool_plan *p = &j->plan;
  char *y = j->y + k * p->places * j->size;
  const char *x = j->x + k * p->plane * j->size;
  if (j->index)
    j->loops->max_plane(y, j->index + k * p->places, x, p);
  else
    j->loops->avg_plane(y, x, p);
}
static void forward_row(void *arg, int64_t k) { /* channels last: one row of one image */
  struct job *j = arg;
  const struct rk_pool_plan *p = &j->plan;
  int64_t oy = k % p->out[1], oz = k / p->out[1] % p->out[0], image = k / p->out[1] / p->out[0];
  char *y = j->y + k * p->out[2] * p->c * j->size;
  const char *x = j->x + image * p->plane * p->c * j->size;
  if (j->index)
    j->loops->max_last(y, j->index + k * p->out[2] * p->c, x, p, oz, oy);
  else
    j->loops->avg_last(y, x, p, oz, oy);
}
static void backward_plane(void *arg, int64_t k) {
  struct job *j = arg;
  const struct rk_pool_plan *p = &j->plan;
  char *dx = j->y + k * p->plane * j->size;
  const char *g = j->x + k * p->places * j->size;
  if (!j->index)
    j->loops->avg_plane_back(dx, g, p);
  else if (!j->loops->max_back(dx, g, j->index + k * p->places, p, 1, 1))
    __atomic_store_n(&j->bad, 1, __ATOMIC_RELAXED);
}
static void backward_block(void *arg, int64_t k) { /* channels last: some channels of one image */
  struct job *j = arg;
  const struct rk_pool_plan *p = &j->plan;
  int64_t c = k % j->blocks * BLOCK, image = k / j->blocks, count = p->c - c < BLOCK ? p->c - c : BLOCK;
  char *dx = j->y + (image * p->plane * p->c + c) * j->size;
  int64_t at = image * p->places * p->c + c;
  if (!j->index)
    j->loops->avg_last_back(dx, j->x + at * j->size, p, count);
  else if (!j->loops->max_back(dx, j->x + at * j->size, j->index + at, p, count, p->c))
    __atomic_store_n(&j->bad, 1, __ATOMIC_RELAXED);
}

static int run_forward(struct job *j, int layout) {
  const struct rk_pool_plan *p = &j->plan;
  int64_t work = p->n * p->c * p->places * p->size[0] * p->size[1] * p->size[2];
  if (!work) return RK_OK;
  if (layout == RK_LAST && p->c > 1) return rk_parallel_try(p->n * p->out[0] * p->out[1], work, forward_row, j);
  return rk_parallel_try(p->n * p->c, work, forward_plane, j);
}
static int run_backward(struct job *j, int layout) {
  const struct rk_pool_plan *p = &j->plan;
  int64_t work = p->n * p->c * (p->plane + p->places);
  if (!p->n || !p->c) return RK_OK;
  j->blocks = (p->c + BLOCK - 1) / BLOCK;
  if (layout == RK_LAST && p->c > 1) /* one channel: the same memory */
    return rk_parallel_try(p->n * j->blocks, work, backward_block, j);
  return rk_parallel_try(p->n * p->c, work, backward_plane, j);
}

/* -- forward ------------------------------------------------------------------------ */
static int check_forward(const struct rk_tensor *out, const struct rk_tensor *x, const char *who, int n) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need_float(x, who, n));
  RK_TRY(rk_same_dtype(who, out, x));
  return rk_need_apart(out, x, who);
}

/* index NULL: average. */
static int forward(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, struct job *j,
                   const char *who) {
  int64_t shape[RK_MAX_DIMS];
  int dtype = rk_layer_dtype(x->dt), layout = rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS;
  struct rk_tensor tx = {0};
  struct rk_result ry = {0}, ri = {0};
  j->loops = rk_pool_loops(dtype), j->size = rk_dtype_size(dtype);
  out_shape(x, &j->plan, shape);
  RK_TRY(make_tables(&j->plan, who));
  int status = rk_operand(&tx, x, dtype, layout);
  if (!status) status = rk_result_open(&ry, out, dtype, x->rank, shape, layout);
  if (!status && index) status = rk_result_open(&ri, index, RK_i64, x->rank, shape, layout);
  if (!status) {
    j->x = rk_at(&tx), j->y = rk_at(&ry.t), j->index = index ? (int64_t *)rk_at(&ri.t) : NULL;
    status = run_forward(j, layout);
  }
  if (ry.out) status = rk_result_close(&ry, status);
  if (ri.out) status = rk_result_close(&ri, status);
  rk_tensor_drop(&tx);
  rk_scratch_free(j->plan.lo);
  return status;
}

int rk_maxpool_forward(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x,
                       const struct rk_pool *p) {
  const char *who = "maxpool";
  struct job j = {0};
  RK_TRY(check_forward(out, x, who, 3));
  RK_TRY(rk_need(index, who, 2));
  if (index->dt != RK_i64) return rk_fail(RK_EDTYPE, "%s: index: LongTensor expected, got %s", who, rk_describe(index));
  RK_TRY(rk_need_apart(index, x, who));
  RK_TRY(rk_need_apart(index, out, who));
  RK_TRY(make_plan(&j.plan, x, p, who, 1));
  return forward(out, index, x, &j, who);
}

int rk_avgpool_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_pool *p) {
  const char *who = "avgpool";
  struct job j = {0};
  RK_TRY(check_forward(out, x, who, 2));
  RK_TRY(make_plan(&j.plan, x, p, who, 0));
  return forward(out, NULL, x, &j, who);
}

/* -- backward ------------------------------------------------------------------------ */
/* index NULL: average. */
static int backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *index,
                    const struct rk_tensor *x, struct job *j, const char *who) {
  int64_t shape[RK_MAX_DIMS];
  int dtype = rk_layer_dtype(x->dt), layout = rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS;
  struct rk_tensor tg = {0}, ti = {0};
  struct rk_result r = {0};
  j->loops = rk_pool_loops(dtype), j->size = rk_dtype_size(dtype);
  out_shape(x, &j->plan, shape);
  RK_TRY(rk_need_shape(g, x->rank, shape, who, "gradient"));
  if (index) RK_TRY(rk_need_shape(index, x->rank, shape, who, "index"));
  RK_TRY(make_tables(&j->plan, who));
  int status = rk_operand(&tg, g, dtype, layout);
  if (!status && index) status = rk_operand(&ti, index, RK_i64, layout);
  if (!status) status = rk_result_open(&r, dx, dtype, x->rank, x->shape, layout);
  if (!status) {
    j->x = rk_at(&tg), j->y = rk_at(&r.t), j->index = index ? (int64_t *)rk_at(&ti) : NULL;
    status = run_backward(j, layout);
    if (!status && j->bad)
      status = rk_fail(RK_EARG, "%s: index: a position is not in 1..%lld (0: none), the size of an input plane", who,
                       (long long)j->plan.plane);
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tg);
  rk_tensor_drop(&ti);
  rk_scratch_free(j->plan.lo);
  return status;
}

int rk_maxpool_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *index,
                        const struct rk_tensor *x, const struct rk_pool *p) {
  const char *who = "maxpool backward";
  struct job j = {0};
  RK_TRY(rk_need(index, who, 3));
  RK_TRY(rk_need_gradient(dx, g, x, who));
  if (index->dt != RK_i64) return rk_fail(RK_EDTYPE, "%s: index: LongTensor expected, got %s", who, rk_describe(index));
  RK_TRY(rk_need_apart(dx, index, who));
  RK_TRY(make_plan(&j.plan, x, p, who, 1));
  return backward(dx, g, index, x, &j, who);
}

int rk_avgpool_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                        const struct rk_pool *p) {
  const char *who = "avgpool backward";
  struct job j = {0};
  RK_TRY(rk_need_gradient(dx, g, x, who));
  RK_TRY(make_plan(&j.plan, x, p, who, 0));
  return backward(dx, g, NULL, x, &j, who);
}
