/* norm.c -- batch normalisation over dim 1, forward and backward: checks,
 * statistics of channels, running estimates, splitting among threads. The loops
 * are in loops_norm.c. Same bits on any ISA and number of threads.
 *
 * Packed rows: a part is a channel, whose passes (statistics, result) follow
 * one another while it is in the cache. Channels last, and matrices: parts are
 * runs of rows, with moments of their own that merge in order. */
#include "layer.h"
#include "layer_loops.h"
#include <math.h>

enum { PARTS = 64, PART_ROWS = 256 }; /* channels last: at most so many parts, of at least so many rows */

struct job {
  const struct rk_norm_loops *loops;
  int dtype, last, train;
  int64_t size;                 /* of an element */
  int64_t n, c, s, rows, count; /* images, channels, positions; n*s; the same, as used in means */
  int64_t parts, part_rows;
  double eps;
  char *y;
  const char *x, *g;
  bool want_dx;
  double *mean, *std, *weight, *bias; /* of each channel; std: 1/sqrt(var + eps) */
  double *m2, *sg, *sgx;              /* sum of squared distances; sums of g and of g*(x - mean) */
  struct rk_moments *moments;         /* parts x c */
  double *dots;                       /* parts x 2 x c */
  void *cm, *ca, *cb, *ck;            /* constants as the loops want them: REAL[c] */
  void *memory;
};

/* -- preparation ------------------------------------------------------------------ */
static int check_vector(const struct rk_tensor *t, const struct rk_tensor *x, const char *who, const char *name) {
  if (!t) return RK_OK;
  RK_TRY(rk_same_dtype(who, x, t));
  if (t->rank != 1 || t->shape[0] != x->shape[1])
    return rk_fail(RK_ESHAPE, "%s: %s: a vector of %lld (one a plane of input %s) expected, got %s", who, name,
                   (long long)x->shape[1], rk_describe(x), rk_describe(t));
  return RK_OK;
}

static int check(const struct rk_tensor *x, const struct rk_tensor *weight, const struct rk_tensor *bias,
                 const struct rk_batchnorm *b, const char *who) {
  if (!b) return rk_fail(RK_EARG, "%s: no parameters given", who);
  if (x->rank < 2) return rk_fail(RK_ESHAPE, "%s: input (batch, planes, ...) expected, got %s", who, rk_describe(x));
  if (!(b->eps >= 0)) return rk_fail(RK_EARG, "%s: eps %g must not be negative", who, b->eps);
  RK_TRY(check_vector(weight, x, who, "weight"));
  RK_TRY(check_vector(bias, x, who, "bias"));
  RK_TRY(check_vector(b->running_mean, x, who, "running mean"));
  RK_TRY(check_vector(b->running_var, x, who, "running variance"));
  if (!b->running_mean != !b->running_var) return rk_fail(RK_EARG, "%s: running mean and variance come together", who);
  if (!b->train && !b->running_mean) return rk_fail(RK_EARG, "%s: evaluating needs the running mean and variance", who);
  if (b->train && (!b->save_mean || !b->save_std))
    return rk_fail(RK_EARG, "%s: training needs save_mean and save_std", who);
  if (b->train) RK_TRY(rk_same_dtype(who, x, b->save_mean));
  if (b->train) RK_TRY(rk_same_dtype(who, x, b->save_std));
  return RK_OK;
}

/* One number a channel has no variance: the running estimates serve, and stay (Torch7's rule). */
static bool uses_batch(const struct rk_tensor *x, const struct rk_batchnorm *b) {
  int64_t count = x->shape[1] ? rk_tensor_count(x) / x->shape[1] : 0;
  return b->train && (count > 1 || !b->running_mean);
}

static int prepare(struct job *j, const struct rk_tensor *x, const struct rk_batchnorm *b, const char *who) {
  int layout = rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS;
  j->dtype = rk_layer_dtype(x->dt), j->size = rk_dtype_size(j->dtype), j->loops = rk_norm_loops(j->dtype);
  j->n = x->shape[0], j->c = x->shape[1], j->s = 1;
  for (int d = 2; d < x->rank; d++) j->s *= x->shape[d];
  j->rows = j->n * j->s, j->eps = b->eps, j->train = uses_batch(x, b);
  j->last = layout == RK_LAST || j->s == 1;
  j->part_rows = (j->rows + PARTS - 1) / PARTS;
  if (j->part_rows < PART_ROWS) j->part_rows = PART_ROWS;
  j->parts = (j->rows + j->part_rows - 1) / j->part_rows;
  int64_t per = 7 * (int64_t)sizeof(double) + 4 * j->size;
  if (j->last) per += j->parts * (int64_t)(sizeof(struct rk_moments) + 2 * sizeof(double));
  j->memory = rk_scratch(j->c * per + 64, who);
  if (!j->memory) return RK_ENOMEM;
  memset(j->memory, 0, (size_t)(j->c * per));
  double *d = j->memory;
  double **vectors[] = {&j->mean, &j->std, &j->weight, &j->bias, &j->m2, &j->sg, &j->sgx};
  for (int k = 0; k < 7; k++, d += j->c) *vectors[k] = d;
  if (j->last) {
    j->moments = (struct rk_moments *)d, d += 3 * j->parts * j->c;
    j->dots = d, d += 2 * j->parts * j->c;
  }
  char *q = (char *)d;
  void **constants[] = {&j->cm, &j->ca, &j->cb, &j->ck};
  for (int k = 0; k < 4; k++, q += j->c * j->size) *constants[k] = q;
  return layout;
}

/* A vector's numbers, or `otherwise` for NULL. */
static int read_vector(double *to, const struct rk_tensor *t, int64_t n, double otherwise) {
  if (t) return rk_read_doubles(t, to, n);
  for (int64_t c = 0; c < n; c++) to[c] = otherwise;
  return RK_OK;
}

static void to_real(const struct job *j, void *to, const double *from) {
  for (int64_t c = 0; c < j->c; c++)
    if (j->dtype == RK_f64)
      ((double *)to)[c] = from[c];
    else
      ((float *)to)[c] = (float)from[c];
}

static const char *rows_of(const struct job *j, const char *base, int64_t part, int64_t *count) {
  int64_t first = part * j->part_rows;
  *count = j->rows - first < j->part_rows ? j->rows - first : j->part_rows;
  return base + first * j->c * j->size;
}

/* -- forward ------------------------------------------------------------------------ */
static void settle(struct job *j, int64_t c, const struct rk_moments *m) {
  j->mean[c] = m->mean;
  j->m2[c] = m->m2 > 0 || m->m2 != m->m2 ? m->m2 : 0;
  j->std[c] = 1 / sqrt(j->m2[c] / m->n + j->eps);
}

static void forward_channel(void *arg, int64_t c) {
  struct job *j = arg;
  int64_t at = c * j->s * j->size;
  if (j->train) {
    struct rk_moments m = {0, 0, 0};
    j->loops->moments(&m, j->x + at, j->n, j->s, j->c * j->s);
    settle(j, c, &m);
  }
  j->loops->apply(j->y + at, j->x + at, j->mean[c], j->std[c] * j->weight[c], j->bias[c], j->n, j->s, j->c * j->s);
}

static void moments_part(void *arg, int64_t part) {
  struct job *j = arg;
  int64_t rows;
  const char *x = rows_of(j, j->x, part, &rows);
  j->loops->moments_last(j->moments + part * j->c, x, rows, j->c);
}
static void merge_moments(struct job *j) {
  for (int64_t c = 0; c < j->c; c++) {
    struct rk_moments m = j->moments[c];
    for (int64_t p = 1; p < j->parts; p++) {
      const struct rk_moments *q = &j->moments[p * j->c + c];
      double d = q->mean - m.mean, all = m.n + q->n;
      m.m2 += q->m2 + d * d * m.n * q->n / all;
      m.mean += d * q->n / all;
      m.n = all;
    }
    settle(j, c, &m);
  }
}
static void apply_part(void *arg, int64_t part) {
  struct job *j = arg;
  int64_t rows;
  const char *x = rows_of(j, j->x, part, &rows);
  j->loops->apply_last(j->y + (x - j->x), x, j->cm, j->ca, j->cb, rows, j->c);
}

static int run_forward(struct job *j) {
  int64_t work = j->rows * j->c * 4;
  if (!work) return RK_OK;
  if (!j->last) return rk_parallel_try(j->c, work, forward_channel, j);
  if (j->train) {
    RK_TRY(rk_parallel_try(j->parts, work, moments_part, j));
    merge_moments(j);
  }
  to_real(j, j->cm, j->mean);
  to_real(j, j->cb, j->bias);
  for (int64_t c = 0; c < j->c; c++) j->sg[c] = j->std[c] * j->weight[c];
  to_real(j, j->ca, j->sg);
  return rk_parallel_try(j->parts, work, apply_part, j);
}

/* What evaluation uses in place of the batch's statistics. */
static int read_running(struct job *j, const struct rk_batchnorm *b) {
  RK_TRY(rk_read_doubles(b->running_mean, j->mean, j->c));
  RK_TRY(rk_read_doubles(b->running_var, j->std, j->c));
  for (int64_t c = 0; c < j->c; c++) j->std[c] = 1 / sqrt(j->std[c] + j->eps);
  return RK_OK;
}

static int update_running(struct job *j, const struct rk_batchnorm *b) {
  double m = b->momentum, n = (double)j->rows;
  RK_TRY(rk_write_doubles(b->save_mean, j->mean, j->c));
  RK_TRY(rk_write_doubles(b->save_std, j->std, j->c));
  if (!b->running_mean) return RK_OK;
  RK_TRY(rk_read_doubles(b->running_mean, j->sg, j->c));
  RK_TRY(rk_read_doubles(b->running_var, j->sgx, j->c));
  for (int64_t c = 0; c < j->c; c++) {
    j->sg[c] = (1 - m) * j->sg[c] + m * j->mean[c];
    j->sgx[c] = (1 - m) * j->sgx[c] + m * j->m2[c] / (n - 1);
  }
  RK_TRY(rk_write_doubles(b->running_mean, j->sg, j->c));
  return rk_write_doubles(b->running_var, j->sgx, j->c);
}

int rk_batchnorm_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *weight,
                         const struct rk_tensor *bias, const struct rk_batchnorm *b) {
  const char *who = "batchnorm";
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need_float(x, who, 2));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(check(x, weight, bias, b, who));
  if (rk_overlap(out, x)) return rk_fail(RK_EARG, "%s: the result shares part of its memory with the input", who);
  struct job j = {0};
  struct rk_tensor tx = {0};
  struct rk_result r = {0};
  int layout = prepare(&j, x, b, who);
  if (!j.memory) return RK_ENOMEM;
  int status = read_vector(j.weight, weight, j.c, 1);
  if (!status) status = read_vector(j.bias, bias, j.c, 0);
  if (!status && !j.train) status = read_running(&j, b);
  if (!status && j.train) status = rk_tensor_resize(b->save_mean, 1, &j.c, NULL);
  if (!status && j.train) status = rk_tensor_resize(b->save_std, 1, &j.c, NULL);
  if (!status) status = rk_operand(&tx, x, j.dtype, layout);
  if (!status) status = rk_result_open(&r, out, j.dtype, x->rank, x->shape, layout);
  if (!status) {
    j.x = rk_at(&tx), j.y = rk_at(&r.t);
    status = run_forward(&j);
    if (!status && j.train && j.rows) status = update_running(&j, b);
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tx);
  rk_scratch_free(j.memory);
  return status;
}

/* -- backward ------------------------------------------------------------------------ */
/* dx = (g - mean(g) - (x - mean) * sum(g (x - mean)) std^2 / n) * weight * std; evaluating: g * weight * std. */
static void slopes(const struct job *j, int64_t c, double *gm, double *k, double *a) {
  double n = (double)j->rows;
  *gm = j->train ? j->sg[c] / n : 0;
  *k = j->train ? j->sgx[c] * j->std[c] * j->std[c] / n : 0;
  *a = j->std[c] * j->weight[c];
}

static void backward_channel(void *arg, int64_t c) {
  struct job *j = arg;
  int64_t at = c * j->s * j->size, gap = j->c * j->s;
  double gm, k, a;
  j->loops->dots(&j->sg[c], &j->sgx[c], j->g + at, j->x + at, j->mean[c], j->n, j->s, gap);
  slopes(j, c, &gm, &k, &a);
  if (j->want_dx) j->loops->back(j->y + at, j->g + at, j->x + at, gm, j->mean[c], k, a, j->n, j->s, gap);
}

static void dots_part(void *arg, int64_t part) {
  struct job *j = arg;
  int64_t rows;
  const char *x = rows_of(j, j->x, part, &rows);
  double *sg = j->dots + 2 * part * j->c;
  j->loops->dots_last(sg, sg + j->c, j->g + (x - j->x), x, j->cm, rows, j->c);
}
static void back_part(void *arg, int64_t part) {
  struct job *j = arg;
  int64_t rows;
  const char *x = rows_of(j, j->x, part, &rows);
  j->loops->back_last(j->y + (x - j->x), j->g + (x - j->x), x, j->cb, j->cm, j->ck, j->ca, rows, j->c);
}

static int run_backward(struct job *j) {
  int64_t work = j->rows * j->c * 4;
  if (!work) return RK_OK;
  if (!j->last) return rk_parallel_try(j->c, work, backward_channel, j);
  to_real(j, j->cm, j->mean);
  RK_TRY(rk_parallel_try(j->parts, work, dots_part, j));
  for (int64_t p = 0; p < j->parts; p++)
    for (int64_t c = 0; c < j->c; c++) {
      j->sg[c] += j->dots[2 * p * j->c + c];
      j->sgx[c] += j->dots[(2 * p + 1) * j->c + c];
    }
  if (!j->want_dx) return RK_OK;
  for (int64_t c = 0; c < j->c; c++) slopes(j, c, &j->bias[c], &j->m2[c], &j->mean[c]);
  to_real(j, j->cb, j->bias);
  to_real(j, j->ck, j->m2);
  to_real(j, j->ca, j->mean);
  return rk_parallel_try(j->parts, work, back_part, j);
}

/* t += scale * v, through v. */
static int add_to_vector(struct rk_tensor *t, double scale, const double *v, const double *factor, double *scratch,
                         int64_t n) {
  if (!t) return RK_OK;
  RK_TRY(rk_read_doubles(t, scratch, n));
  for (int64_t c = 0; c < n; c++) scratch[c] += scale * v[c] * (factor ? factor[c] : 1);
  return rk_write_doubles(t, scratch, n);
}

static int check_backward(const struct rk_tensor *dx, const struct rk_tensor *dw, const struct rk_tensor *db,
                          const struct rk_tensor *g, const struct rk_tensor *x, const struct rk_tensor *weight,
                          const struct rk_batchnorm *b, const char *who) {
  RK_TRY(rk_need_float(g, who, 4));
  RK_TRY(rk_need_float(x, who, 5));
  RK_TRY(rk_same_dtype(who, g, x));
  if (dx) RK_TRY(rk_same_dtype(who, dx, x));
  RK_TRY(check(x, weight, NULL, b, who));
  RK_TRY(check_vector(dw, x, who, "gradient of the weight"));
  RK_TRY(check_vector(db, x, who, "gradient of the bias"));
  RK_TRY(rk_need_shape(g, x->rank, x->shape, who, "gradient"));
  if (uses_batch(x, b)) {
    RK_TRY(check_vector(b->save_mean, x, who, "save_mean (call forward first)"));
    RK_TRY(check_vector(b->save_std, x, who, "save_std (call forward first)"));
  }
  if (dx && (rk_overlap(dx, x) || rk_overlap(dx, g)))
    return rk_fail(RK_EARG, "%s: the result shares part of its memory with an argument", who);
  return RK_OK;
}

int rk_batchnorm_backward(struct rk_tensor *dx, struct rk_tensor *dw, struct rk_tensor *db, const struct rk_tensor *g,
                          const struct rk_tensor *x, const struct rk_tensor *weight, double scale,
                          const struct rk_batchnorm *b) {
  const char *who = "batchnorm backward";
  RK_TRY(check_backward(dx, dw, db, g, x, weight, b, who));
  struct job j = {0};
  struct rk_tensor tx = {0}, tg = {0};
  struct rk_result r = {0};
  int layout = prepare(&j, x, b, who);
  if (!j.memory) return RK_ENOMEM;
  j.want_dx = dx;
  int status = read_vector(j.weight, weight, j.c, 1);
  if (!status && !j.train) status = read_running(&j, b);
  if (!status && j.train) status = rk_read_doubles(b->save_mean, j.mean, j.c);
  if (!status && j.train) status = rk_read_doubles(b->save_std, j.std, j.c);
  if (!status) status = rk_operand(&tx, x, j.dtype, layout);
  if (!status) status = rk_operand(&tg, g, j.dtype, layout);
  if (!status && dx) status = rk_result_open(&r, dx, j.dtype, x->rank, x->shape, layout);
  if (!status) {
    j.x = rk_at(&tx), j.g = rk_at(&tg), j.y = dx ? rk_at(&r.t) : NULL;
    status = run_backward(&j);
    if (!status) status = add_to_vector(dw, scale, j.sgx, j.std, j.weight, j.c);
    if (!status) status = add_to_vector(db, scale, j.sg, NULL, j.weight, j.c);
  }
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tx);
  rk_tensor_drop(&tg);
  rk_scratch_free(j.memory);
  return status;
}
