/* pad.c -- borders around the last dims of a tensor: a value, mirrored,
 * repeated, circular; negative borders cut. Forward copies elements of any
 * dtype, backward adds up; float16 and bfloat16 go through float32 there.
 * Same bits at any number of threads.
 *
 * A dimension is a table: of each position of the result the position of the
 * input it shows, or -1. A row is one run of positions that follow one another
 * (copied at once) and a few single ones. Channels last a position is c
 * numbers side by side. */
#include "layer.h"
#include <string.h>

struct axis {
  int64_t in, out, before;
  int64_t lo, hi; /* positions [lo, hi) show before[..]: o - before */
  int64_t *from;  /* out entries */
};
struct job {
  struct axis axis[3];
  int64_t images, c; /* of the two sides: planes (packed) or images (channels last), numbers a position */
  int64_t plane_in, plane_out, size, row;
  char *y;
  const char *x;
  char value[8];
  int dtype;
};

/* -- tables ---------------------------------------------------------------------- */
static int64_t source(int kind, int64_t o, int64_t n) { /* o: position in the input's count */
  if (o >= 0 && o < n) return o;
  switch (kind) {
  case RK_PAD_REFLECT: return o < 0 ? -o : 2 * n - 2 - o;
  case RK_PAD_REPLICATE: return o < 0 ? 0 : n - 1;
  case RK_PAD_CIRCULAR: return o < 0 ? o + n : o - n;
  default: return -1;
  }
}

static void fill_axis(struct axis *a, int kind) {
  a->lo = a->before < 0 ? 0 : a->before < a->out ? a->before : a->out;
  a->hi = a->before + a->in < a->out ? a->before + a->in : a->out;
  if (a->hi < a->lo) a->hi = a->lo;
  for (int64_t o = 0; o < a->out; o++) a->from[o] = source(kind, o - a->before, a->in);
}

static int size_axis(struct axis *a, int64_t after, int kind, const struct rk_tensor *x, const char *who) {
  int64_t most = kind == RK_PAD_REFLECT ? a->in - 1 : kind == RK_PAD_CIRCULAR ? a->in : INT32_MAX, limit = INT32_MAX;
  if (a->before > most || after > most)
    return rk_fail(RK_EARG, "%s: input %s: borders of %lld and %lld, at most %lld fit a dimension of size %lld", who,
                   rk_describe(x), (long long)a->before, (long long)after, (long long)most, (long long)a->in);
  int fits = a->before >= -limit && after >= -limit; /* only then is there a sum */
  a->out = fits ? a->in + a->before + after : 0;
  if (a->out < 1)
    return rk_fail(RK_ESHAPE, "%s: input %s: borders of %lld and %lld leave nothing of size %lld", who, rk_describe(x),
                   (long long)a->before, (long long)after, (long long)a->in);
  return RK_OK;
}

/* The sizes of both sides; the tables into scratch at axis[0].from. shape: of the result. */
static int prepare(struct job *j, const struct rk_tensor *x, const struct rk_pad *p, int64_t *shape, const char *who) {
  if (!p) return rk_fail(RK_EARG, "%s: no parameters given", who);
  if (p->dims < 1 || p->dims > 3 || x->rank < p->dims)
    return rk_fail(RK_ESHAPE, "%s: input of at least %d dimensions expected, got %s", who, p->dims, rk_describe(x));
  if (p->kind < RK_PAD_VALUE || p->kind > RK_PAD_CIRCULAR) return rk_fail(RK_EARG, "%s: unknown kind %d", who, p->kind);
  memcpy(shape, x->shape, sizeof x->shape);
  j->images = 1, j->c = 1;
  int64_t entries = 0, first = x->rank - p->dims;
  for (int d = 0; d < first; d++) j->images *= x->shape[d];
  for (int k = 0; k < 3; k++) {
    int d = k - (3 - p->dims);
    struct axis *a = &j->axis[k];
    a->in = a->out = 1;
    if (d >= 0) {
      a->in = x->shape[first + d], a->before = p->before[d];
      RK_TRY(size_axis(a, p->after[d], p->kind, x, who));
      shape[first + d] = a->out;
    }
    entries += a->out;
  }
  int64_t *table = rk_scratch(entries * 8, who);
  if (!table) return RK_ENOMEM;
  j->plane_in = j->plane_out = 1;
  for (int k = 0; k < 3; table += j->axis[k++].out) {
    j->axis[k].from = table;
    fill_axis(&j->axis[k], p->kind);
    j->plane_in *= j->axis[k].in, j->plane_out *= j->axis[k].out;
  }
  return RK_OK;
}

/* Channels last: the planes of an image are one, its positions wider. */
static int settle(struct job *j, const struct rk_tensor *x, const struct rk_pad *p, int dtype) {
  int last = x->rank == p->dims + 2 && rk_layout_of(x) == RK_LAST;
  if (last) j->images = x->shape[0], j->c = x->shape[1];
  j->dtype = dtype, j->size = rk_dtype_size(dtype) * j->c;
  return last ? RK_LAST : RK_ROWS;
}

/* -- forward ------------------------------------------------------------------------ */
static void fill_value(char *y, const struct job *j, int64_t positions) {
  int64_t size = j->size / j->c, n = positions * j->c;
  for (int64_t i = 0; i < n; i++) memcpy(y + i * size, j->value, (size_t)size);
}

static void forward_row(const struct job *j, char *y, const char *x) {
  const struct axis *a = &j->axis[2];
  for (int64_t o = 0; o < a->out;) {
    if (o == a->lo && a->hi > a->lo) {
      memcpy(y + o * j->size, x + a->from[o] * j->size, (size_t)((a->hi - o) * j->size));
      o = a->hi;
      continue;
    }
    if (a->from[o] < 0)
      fill_value(y + o * j->size, j, 1);
    else
      memcpy(y + o * j->size, x + a->from[o] * j->size, (size_t)j->size);
    o++;
  }
}

static void forward_image(void *arg, int64_t k) {
  const struct job *j = arg;
  const struct axis *a = j->axis;
  char *y = j->y + k * j->plane_out * j->size;
  const char *x = j->x + k * j->plane_in * j->size;
  for (int64_t z = 0; z < a[0].out; z++)
    for (int64_t r = 0; r < a[1].out; r++, y += a[2].out * j->size) {
      if (a[0].from[z] < 0 || a[1].from[r] < 0)
        fill_value(y, j, a[2].out);
      else
        forward_row(j, y, x + (a[0].from[z] * a[1].in + a[1].from[r]) * a[2].in * j->size);
    }
}

int rk_pad_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_pad *p) {
  const char *who = "pad";
  struct job j = {0};
  struct rk_tensor tx = {0}, value = {0};
  struct rk_result r = {0};
  int64_t shape[RK_MAX_DIMS], one = 1;
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need(x, who, 2));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_need_apart(out, x, who));
  RK_TRY(prepare(&j, x, p, shape, who));
  int layout = settle(&j, x, p, x->dt), status = rk_tensor_init(&value, x->dt, 1, &one);
  if (!status) status = rk_fill(&value, p->value);
  if (!status) memcpy(j.value, rk_at(&value), (size_t)rk_dtype_size(x->dt));
  if (!status) status = rk_operand(&tx, x, x->dt, layout);
  if (!status) status = rk_result_open(&r, out, x->dt, x->rank, shape, layout);
  if (!status) {
    j.x = rk_at(&tx), j.y = rk_at(&r.t);
    if (j.images > 0 && j.size > 0) status = rk_parallel_try(j.images, j.images * j.plane_out * j.c, forward_image, &j);
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tx);
  rk_tensor_drop(&value);
  rk_scratch_free(j.axis[0].from);
  return status;
}

/* -- backward ------------------------------------------------------------------------- */
#define ROW_BACK(T)                                                                                                    \
  static void row_back_##T(const struct job *j, void *row, const void *grad) {                                         \
    const struct axis *a = &j->axis[2];                                                                                \
    const T *g = grad;                                                                                                 \
    for (int64_t o = 0; o < a->out;) {                                                                                 \
      int64_t n = o == a->lo && a->hi > a->lo ? a->hi - o : 1, from = a->from[o];                                      \
      T *dx = (T *)row + from * j->c;                                                                                  \
      if (from >= 0)                                                                                                   \
        for (int64_t i = 0; i < n * j->c; i++) dx[i] += g[o * j->c + i];                                               \
      o += n;                                                                                                          \
    }                                                                                                                  \
  }
ROW_BACK(float)
ROW_BACK(double)

static void backward_image(void *arg, int64_t k) {
  const struct job *j = arg;
  const struct axis *a = j->axis;
  const char *g = j->x + k * j->plane_out * j->size;
  char *dx = j->y + k * j->plane_in * j->size;
  memset(dx, 0, (size_t)(j->plane_in * j->size));
  for (int64_t z = 0; z < a[0].out; z++)
    for (int64_t r = 0; r < a[1].out; r++, g += a[2].out * j->size) {
      if (a[0].from[z] < 0 || a[1].from[r] < 0) continue;
      char *row = dx + (a[0].from[z] * a[1].in + a[1].from[r]) * a[2].in * j->size;
      if (j->dtype == RK_f64)
        row_back_double(j, row, g);
      else
        row_back_float(j, row, g);
    }
}

int rk_pad_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                    const struct rk_pad *p) {
  const char *who = "pad backward";
  struct job j = {0};
  struct rk_tensor tg = {0};
  struct rk_result r = {0};
  int64_t shape[RK_MAX_DIMS];
  RK_TRY(rk_need_gradient(dx, g, x, who));
  RK_TRY(prepare(&j, x, p, shape, who));
  int dtype = rk_layer_dtype(x->dt), layout = settle(&j, x, p, dtype);
  int status = rk_need_shape(g, x->rank, shape, who, "gradient");
  if (!status) status = rk_operand(&tg, g, dtype, layout);
  if (!status) status = rk_result_open(&r, dx, dtype, x->rank, x->shape, layout);
  if (!status) {
    j.x = rk_at(&tg), j.y = rk_at(&r.t);
    if (j.images > 0 && j.size > 0)
      status = rk_parallel_try(j.images, j.images * (j.plane_in + j.plane_out) * j.c, backward_image, &j);
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tg);
  rk_scratch_free(j.axis[0].from);
  return status;
}
