/* window.c -- pooling into a result of given sizes (adaptive windows,
 * fractional windows), and moving numbers to and from recorded positions of
 * planes (backward of maxima, unpooling): checks, tables of windows, splitting
 * among threads. The loops are in loops_plane.c. Same bits on any ISA and
 * number of threads. Regular grids of windows are in pool.c. */
#include "layer.h"
#include "layer_loops.h"
#include <math.h>

struct job {
  const struct rk_plane_loops *loops;
  struct rk_window_plan plan;
  const struct rk_windows *w;
  char *y;
  const char *x;
  int64_t *index;       /* maximum only */
  struct rk_span *span; /* one table; fractional: one a plane */
  int64_t table;        /* its entries: out[0] + out[1] + out[2] */
  const double *sample; /* fractional: dims numbers a plane */
  int64_t blocks, width, size;
  int last, dtype, backward;
};

/* -- sizes ------------------------------------------------------------------- */
static int make_plan(struct job *j, const struct rk_tensor *x, const struct rk_windows *w, const char *who) {
  struct rk_window_plan *q = &j->plan;
  if (!w) return rk_fail(RK_EARG, "%s: no parameters given", who);
  if (w->dims < 1 || w->dims > 3)
    return rk_fail(RK_EARG, "%s: 1 to 3 spatial dimensions expected, got %d", who, w->dims);
  if (x->rank != w->dims + 2)
    return rk_fail(RK_ESHAPE, "%s: input of %d dimensions (batch, planes, %d spatial) expected, got %s", who,
                   w->dims + 2, w->dims, rk_describe(x));
  q->n = x->shape[0], q->c = x->shape[1], q->plane = q->places = 1;
  for (int k = 0; k < 3; k++) {
    int d = k - (3 - w->dims);
    q->in[k] = d < 0 ? 1 : x->shape[d + 2];
    q->out[k] = d < 0 ? 1 : w->out[d];
    if (q->out[k] < 1 || q->out[k] > INT32_MAX)
      return rk_fail(RK_EARG, "%s: output size %lld must be 1 to %d", who, (long long)q->out[k], INT32_MAX);
    if (d >= 0 && w->kind == RK_FRACTIONAL && (w->size[d] < 1 || q->out[k] + w->size[d] - 1 > q->in[k]))
      return rk_fail(RK_ESHAPE, "%s: input %s: %lld windows of %d do not fit %lld", who, rk_describe(x),
                     (long long)q->out[k], w->size[d], (long long)q->in[k]);
    q->plane *= q->in[k];
    q->places *= q->out[k];
    j->table += q->out[k];
  }
  if (q->plane < 1 || q->plane > INT32_MAX)
    return rk_fail(RK_ESHAPE, "%s: input %s: a plane may have 1 to %d elements", who, rk_describe(x), INT32_MAX);
  return RK_OK;
}

static void out_shape(const struct rk_tensor *x, const struct rk_windows *w, int64_t *shape) {
  shape[0] = x->shape[0], shape[1] = x->shape[1];
  for (int d = 0; d < w->dims; d++) shape[d + 2] = w->out[d];
}

/* -- tables of windows ---------------------------------------------------------- */
static struct rk_span *adaptive_spans(struct rk_span *s, int64_t in, int64_t out) {
  for (int64_t o = 0; o < out; o++) *s++ = (struct rk_span){o * in / out, ((o + 1) * in + out - 1) / out};
  return s;
}

/* In the dtype of the layer, as Torch7 computes them: the last digit decides where a window begins. */
static int64_t fractional_start(int dtype, double u, int64_t o, int64_t room, int64_t out) {
  if (dtype == RK_f64) {
    double a = (double)room / (double)(out - 1);
    return (int64_t)(((double)o + u) * a) - (int64_t)(u * a);
  }
  float a = (float)room / (float)(out - 1), v = (float)u;
  return (int64_t)(((float)o + v) * a) - (int64_t)(v * a);
}
static struct rk_span *fractional_spans(struct rk_span *s, int dtype, double u, int64_t in, int64_t out, int64_t size) {
  for (int64_t o = 0; o < out; o++) {
    int64_t from = o + 1 == out ? in - size : fractional_start(dtype, u, o, in - size, out);
    if (from < 0) from = 0; /* samples outside [0, 1) */
    if (from > in - size) from = in - size;
    *s++ = (struct rk_span){from, from + size};
  }
  return s;
}

static void plane_spans(const struct job *j, int64_t plane) {
  const struct rk_window_plan *p = &j->plan;
  struct rk_span *s = j->span + plane * j->table;
  for (int k = 0; k < 3; k++) {
    int d = k - (3 - j->w->dims);
    if (d < 0)
      s = adaptive_spans(s, 1, 1);
    else
      s = fractional_spans(s, j->dtype, j->sample[plane * j->w->dims + j->w->sample[d]], p->in[k], p->out[k],
                           j->w->size[d]);
  }
}

static int make_spans(struct job *j, const char *who) {
  const struct rk_window_plan *p = &j->plan;
  int64_t planes = j->w->kind == RK_FRACTIONAL ? p->n * p->c : 1, numbers = planes * j->w->dims;
  j->span = rk_scratch(planes * j->table * (int64_t)sizeof *j->span + numbers * 8 + 64, who);
  if (!j->span) return RK_ENOMEM;
  if (j->w->kind == RK_ADAPTIVE) {
    struct rk_span *s = j->span;
    for (int k = 0; k < 3; k++) s = adaptive_spans(s, p->in[k], p->out[k]);
    return RK_OK;
  }
  double *sample = (double *)(j->span + planes * j->table);
  j->sample = sample;
  RK_TRY(rk_read_doubles(j->w->samples, sample, numbers));
  for (int64_t i = 0; i < numbers; i++)
    if (!(sample[i] >= 0 && sample[i] <= 1))
      return rk_fail(RK_EARG, "%s: samples: numbers in [0, 1) expected, got %g", who, sample[i]);
  for (int64_t k = 0; k < planes; k++) plane_spans(j, k);
  return RK_OK;
}

/* -- parts ---------------------------------------------------------------------- */
/* Some channels of one image; one plane where planes lie packed or have windows of their own. */
static void part(void *arg, int64_t k) {
  const struct job *j = arg;
  const struct rk_window_plan *p = &j->plan;
  int64_t c = k % j->blocks * j->width, image = k / j->blocks, step = j->last ? p->c : 1;
  int64_t width = p->c - c < j->width ? p->c - c : j->width;
  int64_t in = j->last ? image * p->plane * p->c + c : (image * p->c + c) * p->plane;
  int64_t out = j->last ? image * p->places * p->c + c : (image * p->c + c) * p->places;
  const struct rk_span *span = j->w->kind == RK_FRACTIONAL ? j->span + (image * p->c + c) * j->table : j->span;
  if (j->index) {
    j->loops->window_max(j->y + out * j->size, j->index + out, j->x + in * j->size, p, span, width, step);
  } else if (!j->backward) {
    j->loops->window_avg(j->y + out * j->size, j->x + in * j->size, p, span, width, step);
  } else {
    char *dx = j->y + in * j->size;
    if (j->last)
      for (int64_t i = 0; i < p->plane; i++) memset(dx + i * step * j->size, 0, (size_t)(width * j->size));
    else
      memset(dx, 0, (size_t)(p->plane * j->size));
    j->loops->window_avg_back(dx, j->x + out * j->size, p, span, width, step);
  }
}

static int run(struct job *j) {
  const struct rk_window_plan *p = &j->plan;
  j->width = j->last && j->w->kind == RK_ADAPTIVE ? RK_WINDOW_BLOCK : 1;
  j->blocks = (p->c + j->width - 1) / j->width;
  return rk_parallel_try(p->n * j->blocks, p->n * p->c * (p->plane + p->places), part, j);
}

/* -- entry points ------------------------------------------------------------------ */
static int begin(struct job *j, const struct rk_tensor *x, const struct rk_windows *w, const char *who) {
  RK_TRY(make_plan(j, x, w, who));
  j->w = w, j->dtype = rk_layer_dtype(x->dt), j->size = rk_dtype_size(j->dtype);
  j->loops = rk_plane_loops(j->dtype), j->last = rk_layout_of(x) == RK_LAST;
  if (w->kind != RK_FRACTIONAL) return RK_OK;
  if (!w->samples) return rk_fail(RK_EARG, "%s: samples: a tensor expected, got nil", who);
  int64_t want[3] = {x->shape[0], x->shape[1], w->dims};
  for (int d = 0; d < w->dims; d++)
    if (w->sample[d] < 0 || w->sample[d] >= w->dims)
      return rk_fail(RK_EARG, "%s: sample: 0 to %d expected", who, w->dims - 1);
  return rk_need_shape(w->samples, 3, want, who, "samples");
}

static int forward(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x,
                   const struct rk_windows *w, const char *who) {
  struct job j = {0};
  struct rk_tensor tx = {0};
  struct rk_result ry = {0}, ri = {0};
  int64_t shape[RK_MAX_DIMS];
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need_float(x, who, index ? 3 : 2));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_need_apart(out, x, who));
  RK_TRY(begin(&j, x, w, who));
  out_shape(x, w, shape);
  int status = make_spans(&j, who), layout = j.last ? RK_LAST : RK_ROWS;
  if (!status) status = rk_operand(&tx, x, j.dtype, layout);
  if (!status) status = rk_result_open(&ry, out, j.dtype, x->rank, shape, layout);
  if (!status && index) status = rk_result_open(&ri, index, RK_i64, x->rank, shape, layout);
  if (!status) {
    j.x = rk_at(&tx), j.y = rk_at(&ry.t), j.index = index ? (int64_t *)rk_at(&ri.t) : NULL;
    status = run(&j);
  }
  if (ry.out) status = rk_result_close(&ry, status);
  if (ri.out) status = rk_result_close(&ri, status);
  rk_tensor_drop(&tx);
  rk_scratch_free(j.span);
  return status;
}

int rk_window_max_forward(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x,
                          const struct rk_windows *w) {
  const char *who = "window maximum";
  RK_TRY(rk_need(index, who, 2));
  if (index->dt != RK_i64) return rk_fail(RK_EDTYPE, "%s: index: LongTensor expected, got %s", who, rk_describe(index));
  RK_TRY(rk_need_apart(index, x, who));
  RK_TRY(rk_need_apart(index, out, who));
  return forward(out, index, x, w, who);
}

int rk_window_avg_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_windows *w) {
  if (w && w->kind != RK_ADAPTIVE) return rk_fail(RK_EARG, "window average: adaptive windows only");
  return forward(out, NULL, x, w, "window average");
}

int rk_window_avg_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                           const struct rk_windows *w) {
  const char *who = "window average backward";
  struct job j = {.backward = 1};
  struct rk_tensor tg = {0};
  struct rk_result r = {0};
  int64_t shape[RK_MAX_DIMS];
  RK_TRY(rk_need_gradient(dx, g, x, who));
  if (w && w->kind != RK_ADAPTIVE) return rk_fail(RK_EARG, "%s: adaptive windows only", who);
  RK_TRY(begin(&j, x, w, who));
  out_shape(x, w, shape);
  RK_TRY(rk_need_shape(g, x->rank, shape, who, "gradient"));
  int status = make_spans(&j, who), layout = j.last ? RK_LAST : RK_ROWS;
  if (!status) status = rk_operand(&tg, g, j.dtype, layout);
  if (!status) status = rk_result_open(&r, dx, j.dtype, x->rank, x->shape, layout);
  if (!status) {
    j.x = rk_at(&tg), j.y = rk_at(&r.t);
    status = run(&j);
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tg);
  rk_scratch_free(j.span);
  return status;
}

/* -- places in planes ----------------------------------------------------------------- */
struct move {
  char *out;
  const char *x;
  const int64_t *index;
  int64_t from, to; /* elements of a plane of x (and of the index), of out */
  int64_t size;
  int add, gather, bad;
};

#define MOVE(T)                                                                                                        \
  static bool move_##T(const struct move *m, int64_t plane) {                                                          \
    T *out = (T *)(void *)m->out + plane * m->to;                                                                      \
    const T *x = (const T *)(const void *)m->x + plane * m->from;                                                      \
    int64_t n = m->gather ? m->to : m->from, room = m->gather ? m->from : m->to;                                       \
    const int64_t *index = m->index + plane * n;                                                                       \
    if (!m->gather) memset(out, 0, (size_t)m->to * sizeof *out);                                                       \
    for (int64_t i = 0; i < n; i++) {                                                                                  \
      uint64_t at = (uint64_t)index[i] - 1;                                                                            \
      if (at >= (uint64_t)room) return false;                                                                          \
      if (m->gather)                                                                                                   \
        out[i] = x[at];                                                                                                \
      else if (m->add)                                                                                                 \
        out[at] += x[i];                                                                                               \
      else                                                                                                             \
        out[at] = x[i];                                                                                                \
    }                                                                                                                  \
    return true;                                                                                                       \
  }
MOVE(float)
MOVE(double)

static void move_part(void *arg, int64_t plane) {
  struct move *m = arg;
  if (!(m->size == 8 ? move_double(m, plane) : move_float(m, plane))) __atomic_store_n(&m->bad, 1, __ATOMIC_RELAXED);
}

/* out, shaped `shape`, from x and index, which have the shape `small` (scatter) or out's (gather). */
static int move(struct rk_tensor *out, int rank, const int64_t *shape, const struct rk_tensor *x,
                const struct rk_tensor *index, int dims, struct move *m, const char *who) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need_float(x, who, 2));
  RK_TRY(rk_need(index, who, 3));
  RK_TRY(rk_same_dtype(who, out, x));
  if (index->dt != RK_i64) return rk_fail(RK_EDTYPE, "%s: index: LongTensor expected, got %s", who, rk_describe(index));
  RK_TRY(rk_need_apart(out, x, who));
  RK_TRY(rk_need_apart(out, index, who));
  struct rk_tensor tx = {0}, ti = {0};
  RK_TRY(rk_layout(&tx, rank, shape, who)); /* are they sizes? */
  if (dims < 1 || rank != x->rank || dims > rank || memcmp(shape, x->shape, (size_t)(rank - dims) * sizeof *shape) != 0)
    return rk_fail(RK_ESHAPE, "%s: %s does not have the planes of a result of shape %s", who, rk_describe(x),
                   rk_describe_shape(rank, shape));
  RK_TRY(rk_need_shape(index, rank, m->gather ? shape : x->shape, who, "index"));
  int dtype = rk_layer_dtype(x->dt), layout = rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS;
  struct rk_result r = {0};
  int64_t planes = 1;
  m->from = m->to = 1, m->size = rk_dtype_size(dtype);
  for (int d = 0; d < rank; d++)
    if (d < rank - dims)
      planes *= shape[d];
    else
      m->from *= x->shape[d], m->to *= shape[d];
  int status = rk_operand(&tx, x, dtype, RK_ROWS);
  if (!status) status = rk_operand(&ti, index, RK_i64, RK_ROWS);
  if (!status) status = rk_result_rows(&r, out, dtype, rank, shape, layout);
  if (!status) {
    m->x = rk_at(&tx), m->index = (const int64_t *)rk_at(&ti), m->out = rk_at(&r.t);
    if (planes && m->from + m->to) status = rk_parallel_try(planes, planes * (m->from + m->to) * 4, move_part, m);
    if (!status && m->bad)
      status = rk_fail(RK_EARG, "%s: index: a position is not in 1..%lld, the size of a plane", who,
                       (long long)(m->gather ? m->from : m->to));
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tx);
  rk_tensor_drop(&ti);
  return status;
}

int rk_plane_scatter(struct rk_tensor *out, int rank, const int64_t *shape, const struct rk_tensor *x,
                     const struct rk_tensor *index, int dims, int add) {
  struct move m = {.add = add};
  if (rank < 1 || rank > RK_MAX_DIMS || !shape) return rk_fail(RK_EARG, "plane scatter: no shape given");
  return move(out, rank, shape, x, index, dims, &m, "plane scatter");
}

int rk_plane_gather(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *index, int dims) {
  struct move m = {.gather = 1};
  RK_TRY(rk_need(index, "plane gather", 3));
  return move(out, index->rank, index->shape, x, index, dims, &m, "plane gather");
}
