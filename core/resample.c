/* resample.c -- up-sampling and down-sampling of the last one to three dims:
 * nearest, linear, cubic. Same bits on any ISA and number of threads.
 *
 * One pass a dimension, the innermost first (its rows are shortest then): a
 * pass sees (outer, n, inner) and makes (outer, m, inner), each of its m rows a
 * blend of one, two or four rows of the input by a table of places and
 * weights. Backward runs the transposed passes in the opposite order. */
#include "layer.h"
#include "layer_loops.h"
#include <math.h>

struct pass {
  int64_t n, m, taps;
  int64_t *place; /* m x taps */
  double *weight;
};
struct job {
  const struct rk_plane_loops *loops;
  const struct pass *pass;
  char *to;
  const char *from;
  int64_t outer, inner, size, blocks, backward;
};
enum { BLOCK = 4096 }; /* numbers of a row that a part takes */

/* -- tables -------------------------------------------------------------------------- */
static int64_t clamped(int64_t i, int64_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

/* Keys' kernel, a = -0.75, of a distance in [0, 2]. */
static double cubic(double d) {
  const double a = -0.75;
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

static void fill_tap(const struct pass *p, const struct rk_resample *r, int64_t o, double scale) {
  int64_t *place = p->place + o * p->taps, n = p->n;
  double *weight = p->weight + o * p->taps, at;
  if (r->kind == RK_NEAREST) {
    place[0] = clamped((int64_t)floor((double)o / scale), n), weight[0] = 1;
    return;
  }
  if (r->align && r->kind == RK_LINEAR) /* in float, as Torch7 finds the place whatever the dtype */
    at = p->m > 1 ? (double)((float)o * ((float)(n - 1) / (float)(p->m - 1))) : 0;
  else if (r->align)
    at = p->m > 1 ? (double)o * (double)(n - 1) / (double)(p->m - 1) : 0;
  else
    at = ((double)o + 0.5) / scale - 0.5;
  if (r->kind == RK_LINEAR && at < 0) at = 0;
  int64_t i = (int64_t)floor(at);
  double t = at - (double)i;
  if (r->kind == RK_LINEAR) {
    place[0] = clamped(i, n), place[1] = clamped(i + 1, n);
    weight[0] = 1 - t, weight[1] = t;
    return;
  }
  for (int k = 0; k < 4; k++) {
    place[k] = clamped(i - 1 + k, n);
    weight[k] = cubic(fabs(t - (double)(k - 1)));
  }
}

/* The passes of a job, dim by dim; scratch, to be freed through pass[0].place. */
static int make_passes(struct pass *pass, const struct rk_tensor *x, const struct rk_resample *r, const char *who) {
  int64_t taps = r->kind == RK_NEAREST ? 1 : r->kind == RK_LINEAR ? 2 : 4, entries = 0;
  for (int d = 0; d < r->dims; d++) entries += r->out[d] * taps;
  int64_t *place = rk_scratch(entries * 16, who);
  if (!place) return RK_ENOMEM;
  double *weight = (double *)(place + entries);
  for (int d = 0; d < r->dims; d++) {
    pass[d] = (struct pass){x->shape[d + 2], r->out[d], taps, place, weight};
    double scale = r->scale[d] > 0 ? r->scale[d] : (double)r->out[d] / (double)x->shape[d + 2];
    for (int64_t o = 0; o < r->out[d]; o++) fill_tap(&pass[d], r, o, scale);
    place += r->out[d] * taps, weight += r->out[d] * taps;
  }
  return RK_OK;
}

/* -- passes ------------------------------------------------------------------------------ */
static void part(void *arg, int64_t k) {
  const struct job *j = arg;
  const struct pass *p = j->pass;
  int64_t first = k % j->blocks * BLOCK, outer = k / j->blocks, width = j->inner - first;
  if (width > BLOCK) width = BLOCK;
  int64_t from = j->backward ? p->m : p->n, to = j->backward ? p->n : p->m;
  const char *x = j->from + (outer * from * j->inner + first) * j->size;
  char *y = j->to + (outer * to * j->inner + first) * j->size;
  if (!j->backward) {
    j->loops->blend(y, x, p->place, p->weight, p->taps, p->m, width, j->inner);
    return;
  }
  for (int64_t i = 0; i < p->n; i++) memset(y + i * j->inner * j->size, 0, (size_t)(width * j->size));
  j->loops->spread(y, x, p->place, p->weight, p->taps, p->m, width, j->inner);
}

/* Every pass in turn; what lies between two passes is scratch. sizes: of the tensor as it is before the first one. */
static int run(struct job *j, const struct pass *pass, int dims, const int64_t *sizes, int64_t outer, int64_t inner,
               char *to, const char *from, const char *who) {
  int64_t size[3];
  char *mine[2] = {NULL, NULL};
  memcpy(size, sizes, (size_t)dims * sizeof *size);
  int status = RK_OK;
  for (int k = 0; k < dims && !status; k++) {
    int d = j->backward ? k : dims - 1 - k;
    j->pass = &pass[d], j->outer = outer, j->inner = inner;
    for (int i = 0; i < d; i++) j->outer *= size[i];
    for (int i = d + 1; i < dims; i++) j->inner *= size[i];
    int64_t after = j->backward ? pass[d].n : pass[d].m, count = j->outer * after * j->inner;
    char *old = mine[k % 2];
    rk_scratch_free(old);
    mine[k % 2] = NULL;
    if (k + 1 < dims && !(mine[k % 2] = rk_scratch(count * j->size + 64, who))) status = RK_ENOMEM;
    j->from = k ? mine[(k + 1) % 2] : from, j->to = k + 1 < dims ? mine[k % 2] : to;
    j->blocks = (j->inner + BLOCK - 1) / BLOCK;
    if (count && !status) status = rk_parallel_try(j->outer * j->blocks, count * pass[d].taps, part, j);
    size[d] = after;
  }
  rk_scratch_free(mine[0]);
  rk_scratch_free(mine[1]);
  return status;
}

/* -- entry points --------------------------------------------------------------------------- */
static int check(const struct rk_tensor *x, const struct rk_resample *r, int64_t *shape, const char *who) {
  if (!r) return rk_fail(RK_EARG, "%s: no parameters given", who);
  if (r->kind < RK_NEAREST || r->kind > RK_CUBIC) return rk_fail(RK_EARG, "%s: unknown kind %d", who, r->kind);
  if (r->dims < 1 || r->dims > 3)
    return rk_fail(RK_EARG, "%s: 1 to 3 spatial dimensions expected, got %d", who, r->dims);
  if (x->rank != r->dims + 2)
    return rk_fail(RK_ESHAPE, "%s: input of %d dimensions (batch, planes, %d spatial) expected, got %s", who,
                   r->dims + 2, r->dims, rk_describe(x));
  shape[0] = x->shape[0], shape[1] = x->shape[1];
  for (int d = 0; d < r->dims; d++) {
    if (r->out[d] < 1 || r->out[d] > INT32_MAX || x->shape[d + 2] < 1)
      return rk_fail(RK_ESHAPE, "%s: input %s: a dimension of %lld cannot become %lld", who, rk_describe(x),
                     (long long)x->shape[d + 2], (long long)r->out[d]);
    shape[d + 2] = r->out[d];
  }
  return RK_OK;
}

int rk_resample_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_resample *r) {
  const char *who = "resample";
  struct pass pass[3] = {{0}};
  struct rk_tensor tx = {0};
  struct rk_result y = {0};
  int64_t shape[RK_MAX_DIMS];
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need_float(x, who, 2));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_need_apart(out, x, who));
  RK_TRY(check(x, r, shape, who));
  RK_TRY(make_passes(pass, x, r, who));
  int dtype = rk_layer_dtype(x->dt), last = rk_layout_of(x) == RK_LAST, layout = last ? RK_LAST : RK_ROWS;
  struct job j = {.loops = rk_plane_loops(dtype), .size = rk_dtype_size(dtype)};
  int status = rk_operand(&tx, x, dtype, layout);
  if (!status) status = rk_result_open(&y, out, dtype, x->rank, shape, layout);
  if (!status)
    status = run(&j, pass, r->dims, x->shape + 2, last ? x->shape[0] : x->shape[0] * x->shape[1],
                 last ? x->shape[1] : 1, rk_at(&y.t), rk_at(&tx), who);
  if (y.out) status = rk_result_close(&y, status);
  rk_tensor_drop(&tx);
  rk_scratch_free(pass[0].place);
  return status;
}

int rk_resample_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                         const struct rk_resample *r) {
  const char *who = "resample backward";
  struct pass pass[3] = {{0}};
  struct rk_tensor tg = {0};
  struct rk_result y = {0};
  int64_t shape[RK_MAX_DIMS];
  RK_TRY(rk_need_gradient(dx, g, x, who));
  RK_TRY(check(x, r, shape, who));
  RK_TRY(rk_need_shape(g, x->rank, shape, who, "gradient"));
  RK_TRY(make_passes(pass, x, r, who));
  int dtype = rk_layer_dtype(x->dt), last = rk_layout_of(x) == RK_LAST, layout = last ? RK_LAST : RK_ROWS;
  struct job j = {.loops = rk_plane_loops(dtype), .size = rk_dtype_size(dtype), .backward = 1};
  int status = rk_operand(&tg, g, dtype, layout);
  if (!status) status = rk_result_open(&y, dx, dtype, x->rank, x->shape, layout);
  if (!status)
    status = run(&j, pass, r->dims, r->out, last ? x->shape[0] : x->shape[0] * x->shape[1], last ? x->shape[1] : 1,
                 rk_at(&y.t), rk_at(&tg), who);
  if (y.out) status = rk_result_close(&y, status);
  rk_tensor_drop(&tg);
  rk_scratch_free(pass[0].place);
  return status;
}
