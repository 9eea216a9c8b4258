/* groupnorm.c -- group, layer, instance and RMS normalisation: each image's
 * planes in equal groups, every group brought to mean 0 and variance 1 by
 * itself. Checks, sums, splitting among threads; the loops are in loops_norm.c
 * and loops_plane.c. Same bits on any ISA and number of threads.
 *
 * Packed rows: a group is one run of memory. Sums for the weights' gradients
 * run over the images in order: with spatial dims two numbers a plane are kept,
 * without, each part of PART_ROWS images has sums of its own. */
#include "layer.h"
#include "layer_loops.h"
#include <math.h>

enum { PART_ROWS = 16 };
struct job {
  const struct rk_plane_loops *loops;
  const struct rk_norm_loops *norm;
  int64_t n, c, s, groups, per, row, size; /* images, planes, positions; planes and numbers of a group */
  int64_t parts;
  double eps;
  int uncentred, want_weights;
  char *y;
  const char *x, *g;
  void *w, *b;        /* REAL[c] */
  double *mean, *std; /* a group each */
  double *dots;       /* with spatial dims: n x c x 2; without: parts x 2 x c */
  double *doubles;    /* c, to read vectors into */
  void *memory;
};

/* -- preparation ---------------------------------------------------------------------- */
static int check_vector(const struct rk_tensor *t, const struct rk_tensor *x, const char *who, const char *name) {
  if (!t) return RK_OK;
  RK_TRY(rk_same_dtype(who, x, t));
  if (rk_tensor_count(t) != x->shape[1])
    return rk_fail(RK_ESHAPE, "%s: %s: %lld numbers (one a plane of input %s) expected, got %s", who, name,
                   (long long)x->shape[1], rk_describe(x), rk_describe(t));
  return RK_OK;
}

static int check(const struct rk_tensor *x, const struct rk_tensor *weight, const struct rk_tensor *bias,
                 const struct rk_groupnorm *b, const char *who) {
  if (!b || !b->save_mean || !b->save_std) return rk_fail(RK_EARG, "%s: no parameters given", who);
  if (x->rank < 2) return rk_fail(RK_ESHAPE, "%s: input (batch, planes, ...) expected, got %s", who, rk_describe(x));
  if (b->groups < 1 || x->shape[1] % b->groups)
    return rk_fail(RK_ESHAPE, "%s: the planes of input %s do not make %lld equal groups", who, rk_describe(x),
                   (long long)b->groups);
  if (!(b->eps >= 0)) return rk_fail(RK_EARG, "%s: eps %g must not be negative", who, b->eps);
  RK_TRY(rk_same_dtype(who, x, b->save_mean));
  RK_TRY(rk_same_dtype(who, x, b->save_std));
  RK_TRY(check_vector(weight, x, who, "weight"));
  return check_vector(bias, x, who, "bias");
}

static int read_vector(struct job *j, void *to, const struct rk_tensor *t, double otherwise) {
  if (t) RK_TRY(rk_read_doubles(t, j->doubles, j->c));
  for (int64_t c = 0; c < j->c; c++) {
    double v = t ? j->doubles[c] : otherwise;
    if (j->size == 8)
      ((double *)to)[c] = v;
    else
      ((float *)to)[c] = (float)v;
  }
  return RK_OK;
}

static int prepare(struct job *j, const struct rk_tensor *x, const struct rk_groupnorm *b, bool backward,
                   const char *who) {
  int dtype = rk_layer_dtype(x->dt);
  j->loops = rk_plane_loops(dtype), j->norm = rk_norm_loops(dtype), j->size = rk_dtype_size(dtype);
  j->n = x->shape[0], j->c = x->shape[1], j->s = 1, j->groups = b->groups;
  for (int d = 2; d < x->rank; d++) j->s *= x->shape[d];
  j->per = j->c / j->groups, j->row = j->per * j->s, j->eps = b->eps, j->uncentred = b->uncentred;
  j->parts = (j->n + PART_ROWS - 1) / PART_ROWS;
  int64_t dots = !backward ? 0 : j->s > 1 ? j->n * j->c * 2 : j->parts * j->c * 2;
  int64_t count = 2 * j->n * j->groups + dots + j->c;
  double *d = rk_scratch((count + 2 * j->c + 8) * 8, who);
  if (!d) return RK_ENOMEM;
  memset(d, 0, (size_t)count * 8);
  j->memory = d;
  j->mean = d, d += j->n * j->groups;
  j->std = d, d += j->n * j->groups;
  j->dots = d, d += dots;
  j->doubles = d, d += j->c;
  j->w = d, d += j->c;
  j->b = d;
  return RK_OK;
}

/* -- forward ------------------------------------------------------------------------------ */
static const char *at(const void *base, int64_t i, int64_t size) { return (const char *)base + i * size; }

static void forward_group(void *arg, int64_t k) {
  struct job *j = arg;
  struct rk_moments m = {0, 0, 0};
  const char *x = j->x + k * j->row * j->size;
  char *y = j->y + k * j->row * j->size;
  int64_t first = k % j->groups * j->per;
  j->norm->moments(&m, x, 1, j->row, 0);
  double spread = (m.m2 > 0 || m.m2 != m.m2 ? m.m2 : 0) / m.n;
  j->mean[k] = j->uncentred ? 0 : m.mean;
  j->std[k] = 1 / sqrt(spread + (j->uncentred ? m.mean * m.mean : 0) + j->eps);
  if (j->s == 1) {
    j->loops->row_apply(y, x, j->mean[k], j->std[k], at(j->w, first, j->size), at(j->b, first, j->size), j->row, 1);
    return;
  }
  for (int64_t c = 0; c < j->per; c++, x += j->s * j->size, y += j->s * j->size)
    j->loops->row_apply(y, x, j->mean[k], j->std[k], at(j->w, first + c, j->size), at(j->b, first + c, j->size), j->s,
                        0);
}

static int save(const struct job *j, const struct rk_groupnorm *b) {
  int64_t shape[2] = {j->n, j->groups}, count = j->n * j->groups;
  RK_TRY(rk_tensor_resize(b->save_mean, 2, shape, NULL));
  RK_TRY(rk_tensor_resize(b->save_std, 2, shape, NULL));
  RK_TRY(rk_write_doubles(b->save_mean, j->mean, count));
  return rk_write_doubles(b->save_std, j->std, count);
}

int rk_groupnorm_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *weight,
                         const struct rk_tensor *bias, const struct rk_groupnorm *b) {
  const char *who = "groupnorm";
  struct job j = {0};
  struct rk_tensor tx = {0};
  struct rk_result r = {0};
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need_float(x, who, 2));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(check(x, weight, bias, b, who));
  RK_TRY(rk_need_apart(out, x, who));
  RK_TRY(prepare(&j, x, b, false, who));
  int dtype = rk_layer_dtype(x->dt), layout = rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS;
  int status = read_vector(&j, j.w, weight, 1);
  if (!status) status = read_vector(&j, j.b, bias, 0);
  if (!status) status = rk_operand(&tx, x, dtype, RK_ROWS);
  if (!status) status = rk_result_rows(&r, out, dtype, x->rank, x->shape, layout);
  if (!status) {
    j.x = rk_at(&tx), j.y = rk_at(&r.t);
    if (j.row) status = rk_parallel_try(j.n * j.groups, rk_tensor_count(x) * 4, forward_group, &j);
    if (!status) status = save(&j, b);
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tx);
  rk_scratch_free(j.memory);
  return status;
}

/* -- backward --------------------------------------------------------------------------------- */
/* dx = (g*w - mean(g*w) - (x - mean) * sum(g*w*(x - mean)) std^2 / n) * std; uncentred without the second term. */
static void backward_group(struct job *j, int64_t k) {
  int64_t first = k % j->groups * j->per, start = k * j->row;
  const char *x = j->x + start * j->size, *g = j->g + start * j->size, *w = at(j->w, first, j->size);
  double sg = 0, sgx = 0, mean = j->mean[k], std = j->std[k];
  if (j->s == 1) {
    j->loops->row_dots(&sg, &sgx, g, x, w, mean, j->row);
  } else {
    double *dots = j->dots + 2 * (k / j->groups * j->c + first);
    for (int64_t c = 0; c < j->per; c++, dots += 2) {
      double wc = j->size == 8 ? ((const double *)j->w)[first + c] : (double)((const float *)j->w)[first + c];
      j->norm->dots(dots, dots + 1, g + c * j->s * j->size, x + c * j->s * j->size, mean, 1, j->s, 0);
      sg += wc * dots[0], sgx += wc * dots[1];
      dots[1] *= std;
    }
  }
  if (!j->y) return;
  char *dx = j->y + start * j->size;
  double n = (double)j->row, gm = j->uncentred ? 0 : sg / n, slope = sgx * std * std / n;
  if (j->s == 1) {
    j->loops->row_back(dx, g, x, w, gm, mean, slope, std, j->row, 1);
    return;
  }
  for (int64_t c = 0; c < j->per; c++) {
    int64_t off = c * j->s * j->size;
    j->loops->row_back(dx + off, g + off, x + off, w + c * j->size, gm, mean, slope, std, j->s, 0);
  }
}

static void backward_part(void *arg, int64_t part) {
  struct job *j = arg;
  int64_t last = (part + 1) * PART_ROWS < j->n ? (part + 1) * PART_ROWS : j->n;
  for (int64_t i = part * PART_ROWS; i < last; i++)
    for (int64_t k = i * j->groups; k < (i + 1) * j->groups; k++) {
      backward_group(j, k);
      if (j->s > 1 || !j->want_weights) continue;
      double *dw = j->dots + 2 * part * j->c + k % j->groups * j->per;
      int64_t start = k * j->row * j->size;
      j->loops->row_weights(dw, dw + j->c, j->g + start, j->x + start, j->mean[k], j->std[k], j->row);
    }
}
static void backward_plain(void *arg, int64_t k) { backward_group(arg, k); }

/* t += scale * sum over the images (or parts); which 0: the bias, 1: the weight. */
static int add_weights(struct job *j, struct rk_tensor *t, double scale, int which) {
  if (!t) return RK_OK;
  RK_TRY(rk_read_doubles(t, j->doubles, j->c));
  for (int64_t c = 0; c < j->c; c++) {
    double sum = 0;
    if (j->s > 1)
      for (int64_t n = 0; n < j->n; n++) sum += j->dots[2 * (n * j->c + c) + which];
    else
      for (int64_t p = 0; p < j->parts; p++) sum += j->dots[(2 * p + !which) * j->c + c];
    j->doubles[c] += scale * sum;
  }
  return rk_write_doubles(t, j->doubles, j->c);
}

static int check_backward(const struct rk_tensor *dx, const struct rk_tensor *dw, const struct rk_tensor *db,
                          const struct rk_tensor *g, const struct rk_tensor *x, const struct rk_tensor *weight,
                          const struct rk_groupnorm *b, const char *who) {
  RK_TRY(rk_need_float(g, who, 4));
  RK_TRY(rk_need_float(x, who, 5));
  RK_TRY(rk_same_dtype(who, g, x));
  if (dx) RK_TRY(rk_same_dtype(who, dx, x));
  RK_TRY(check(x, weight, NULL, b, who));
  RK_TRY(check_vector(dw, x, who, "gradient of the weight"));
  RK_TRY(check_vector(db, x, who, "gradient of the bias"));
  RK_TRY(rk_need_shape(g, x->rank, x->shape, who, "gradient"));
  int64_t want[2] = {x->shape[0], b->groups};
  RK_TRY(rk_need_shape(b->save_mean, 2, want, who, "save_mean (call forward first)"));
  RK_TRY(rk_need_shape(b->save_std, 2, want, who, "save_std (call forward first)"));
  if (dx) RK_TRY(rk_need_apart(dx, x, who));
  return dx ? rk_need_apart(dx, g, who) : RK_OK;
}

int rk_groupnorm_backward(struct rk_tensor *dx, struct rk_tensor *dw, struct rk_tensor *db, const struct rk_tensor *g,
                          const struct rk_tensor *x, const struct rk_tensor *weight, double scale,
                          const struct rk_groupnorm *b) {
  const char *who = "groupnorm backward";
  struct job j = {0};
  struct rk_tensor tx = {0}, tg = {0};
  struct rk_result r = {0};
  RK_TRY(check_backward(dx, dw, db, g, x, weight, b, who));
  RK_TRY(prepare(&j, x, b, true, who));
  int dtype = rk_layer_dtype(x->dt), layout = rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS;
  j.want_weights = dw || db;
  int status = read_vector(&j, j.w, weight, 1);
  if (!status) status = rk_read_doubles(b->save_mean, j.mean, j.n * j.groups);
  if (!status) status = rk_read_doubles(b->save_std, j.std, j.n * j.groups);
  if (!status) status = rk_operand(&tx, x, dtype, RK_ROWS);
  if (!status) status = rk_operand(&tg, g, dtype, RK_ROWS);
  if (!status && dx) status = rk_result_rows(&r, dx, dtype, x->rank, x->shape, layout);
  if (!status) {
    j.x = rk_at(&tx), j.g = rk_at(&tg), j.y = dx ? rk_at(&r.t) : NULL;
    int64_t work = rk_tensor_count(x) * 6;
    if (j.row && j.s > 1) status = rk_parallel_try(j.n * j.groups, work, backward_plain, &j);
    if (j.row && j.s == 1) status = rk_parallel_try(j.parts, work, backward_part, &j);
    if (!status) status = add_weights(&j, dw, scale, 1);
    if (!status) status = add_weights(&j, db, scale, 0);
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tx);
  rk_tensor_drop(&tg);
  rk_scratch_free(j.memory);
  return status;
}
