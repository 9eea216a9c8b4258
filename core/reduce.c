/* reduce.c -- many elements to one: over everything, or over one dimension.
 *
 * Floats accumulate in double, integers in int64, in 16 or 32 lanes (loops.h)
 * over runs of fixed size (packed memory: whole parts or lines; else blocks),
 * in order within parts of fixed size, and parts are merged as a tree: bits depend on shape and steps, never on the ISA
 * or the number of threads. A float sum is thus right to an ulp or so, and a double sum better than a pairwise one.
 *
 * Over a dimension there are two ways: lines, when the dimension itself is the
 * innermost in memory (fold a line into a number), and columns, otherwise
 * (fold rows into a row of accumulators). */
#include "internal.h"
#include "kernels.h"
#include <math.h>
#include <string.h>

enum { BLOCK = 1024, PART = 1 << 15, WIDE = 4096 };

union acc {
  double f;
  int64_t i;
};
static int compute_size(int dtype) {
  return rk_compute_of[dtype] == RK_C_i64 || rk_compute_of[dtype] == RK_C_f64 ? 8 : 4;
}
#define EMPTY_(red, cls, empty, ...) [RK_RED_##red] = empty,
static const uint8_t has_neutral[RK_NREDS] = {RK_RED(EMPTY_, )};

/* -- a tensor as loops see it ---------------------------------------------------------------- */
struct source {
  const struct rk_loops *loops;
  const char *base;
  int dtype, size, compute_size, rank;
  bool plain; /* memory holds compute values */
  int64_t shape[RK_MAX_DIMS], step[RK_MAX_DIMS];
};
/* Dims that can be joined are; order is kept. skip: a dim to leave out, or -1. */
static void open_source(struct source *s, const struct rk_tensor *x, int skip) {
  *s = (struct source){.loops = rk_cpu_loops[x->dt],
                       .base = rk_at(x),
                       .dtype = x->dt,
                       .size = rk_dtype_size(x->dt),
                       .compute_size = compute_size(x->dt),
                       .plain = rk_is_compute(x->dt)};
  for (int d = 0; d < x->rank; d++) {
    const int last = s->rank - 1;
    if (d == skip || x->shape[d] == 1) continue;
    if (s->rank && s->step[last] == x->step[d] * x->shape[d]) {
      s->shape[last] *= x->shape[d], s->step[last] = x->step[d];
    } else {
      s->shape[s->rank] = x->shape[d], s->step[s->rank++] = x->step[d];
    }
  }
  if (!s->rank) s->shape[0] = 1, s->step[0] = 1, s->rank = 1;
}
/* Offset of element `index` in row-major order, over the first `rank` dims. */
static int64_t offset_of(const struct source *s, int rank, int64_t index) {
  int64_t at = 0;
  for (int d = rank - 1; d >= 0; d--) at += index % s->shape[d] * s->step[d], index /= s->shape[d];
  return at;
}
/* n packed compute values from `from`, in place or through `block`. */
static const void *values(const struct source *s, const char *from, int64_t step, int64_t n, void *block) {
  if (s->plain && step == 1) return from;
  s->loops->load[s->dtype](block, from, step, n);
  return block;
}

/* -- checks --------------------------------------------------------------------------------------- */
static int check_source(const struct rk_tensor *x, const char *who, int argument, int red) {
  RK_TRY(rk_need(x, who, argument));
  if (x->dev != RK_CPU) return rk_fail(RK_EDEVICE, "%s: argument %d: not on the CPU", who, argument);
  if (!rk_red_defined(red, x->dt))
    return rk_fail(RK_EDTYPE, "%s: not defined for %sTensor; convert it to a float type", who, rk_dtype_class(x->dt));
  return RK_OK;
}
static int check_red(int red) { return rk_red_name(red) ? RK_OK : rk_fail(RK_EARG, "reduce: no reduction %d", red); }
static int check_dim(const struct rk_tensor *x, const char *who, int dim) {
  if (dim >= 0 && dim < x->rank) return RK_OK;
  return rk_fail(RK_EARG, "%s: dimension %d out of range for %s", who, dim + 1, rk_describe(x));
}

/* -- over everything -------------------------------------------------------------------------------- */
struct total {
  struct source s;
  int red;
  double p;
  int64_t count;
  union acc *parts;
};
static void fold_part(void *arg, int64_t part) {
  const struct total *t = arg;
  const struct source *s = &t->s;
  _Alignas(64) char block[BLOCK * 8];
  const int64_t first = part * PART, end = first + PART < t->count ? first + PART : t->count;
  const int64_t inner = s->shape[s->rank - 1], step = s->step[s->rank - 1];
  union acc acc;
  s->loops->start[t->red](&acc, 1);
  if (s->plain && step == 1 && s->rank == 1) {
    s->loops->fold[t->red](&acc, s->base + first * s->size, end - first, t->p);
    t->parts[part] = acc;
    return;
  }
  for (int64_t i = first; i < end;) {
    int64_t held = 0; /* short rows share a block */
    const void *x = block;
    while (held < BLOCK && i < end) {
      const int64_t column = i % inner;
      int64_t n = inner - column;
      n = n < end - i ? n : end - i;
      n = n < BLOCK - held ? n : BLOCK - held;
      const char *from = s->base + (offset_of(s, s->rank - 1, i / inner) + column * step) * s->size;
      if (!held && n == BLOCK)
        x = values(s, from, step, n, block);
      else
        s->loops->load[s->dtype](block + held * s->compute_size, from, step, n);
      held += n, i += n;
    }
    s->loops->fold[t->red](&acc, x, held, t->p);
  }
  t->parts[part] = acc;
}
static int fold_total(int red, const struct rk_tensor *x, double p, union acc *out) {
  struct total t = {.red = red, .p = p, .count = rk_tensor_count(x)};
  open_source(&t.s, x, -1);
  const struct rk_loops *loops = t.s.loops;
  int64_t parts = (t.count + PART - 1) / PART;
  union acc few[16];
  loops->start[red](out, 1);
  if (!parts) return RK_OK;
  t.parts = parts <= 16 ? few : rk_scratch(parts * (int64_t)sizeof *t.parts, rk_red_name(red));
  if (!t.parts) return RK_ENOMEM;
  const int status = rk_parallel_try(parts, t.count * t.s.size, fold_part, &t);
  for (int64_t w = 1; w < parts && !status; w *= 2)
    for (int64_t k = 0; k + w < parts; k += 2 * w) loops->merge[red](&t.parts[k], &t.parts[k + w], 1);
  if (!status) *out = t.parts[0];
  if (t.parts != few) rk_scratch_free(t.parts);
  return status;
}
static int reduce_as(const char *who, int red, const struct rk_tensor *x, double p, struct rk_value *out) {
  RK_TRY(check_source(x, who, 1, red));
  const int64_t count = rk_tensor_count(x);
  if (!out) return rk_fail(RK_EARG, "%s: nowhere to put the result", who);
  if (!count && !has_neutral[red]) return rk_fail(RK_ESHAPE, "%s: argument 1: %s has no elements", who, rk_describe(x));
  union acc acc;
  RK_TRY(fold_total(red, x, p, &acc));
  rk_cpu_loops[x->dt]->end[red](&acc, 1, count, p);
  if (rk_dtype_is_float(x->dt))
    out->f = acc.f, out->i = 0;
  else
    out->i = acc.i, out->f = (double)acc.i;
  return RK_OK;
}
int rk_reduce(int red, const struct rk_tensor *x, double p, struct rk_value *out) {
  RK_TRY(check_red(red));
  return reduce_as(rk_red_name(red), red, x, p, out);
}

/* -- over one dimension ---------------------------------------------------------------------------------- */
struct folding {
  struct source s; /* the dims that stay */
  int red;         /* or -1: squared deviations from mean[] */
  double p;
  const double *mean; /* by output */
  int64_t n, step;    /* the dim that goes */
  int64_t outputs, columns, row_parts, rows;
  union acc *acc; /* [row_parts][outputs] */
};
static void start_acc(const struct folding *f, union acc *acc, int64_t n) {
  if (f->red < 0)
    memset(acc, 0, (size_t)n * sizeof *acc);
  else
    f->s.loops->start[f->red](acc, n);
}

/* Lines: each part folds so many whole lines. */
static void fold_line(const struct folding *f, int64_t output, void *block) {
  const struct source *s = &f->s;
  const char *line = s->base + offset_of(s, s->rank, output) * s->size;
  const int red = f->red < 0 ? RK_RED_sumdev : f->red;
  const double p = f->red < 0 ? f->mean[output] : f->p;
  s->loops->start[red](&f->acc[output], 1);
  const int64_t most = s->plain && f->step == 1 ? f->n : BLOCK;
  for (int64_t i = 0; i < f->n; i += most) {
    const int64_t n = f->n - i < most ? f->n - i : most;
    s->loops->fold[red](&f->acc[output], values(s, line + i * f->step * s->size, f->step, n, block), n, p);
  }
}
static void fold_lines(void *arg, int64_t part) {
  const struct folding *f = arg;
  _Alignas(64) char block[BLOCK * 8];
  const int64_t end = (part + 1) * f->rows < f->outputs ? (part + 1) * f->rows : f->outputs;
  for (int64_t k = part * f->rows; k < end; k++) fold_line(f, k, block);
}

/* Columns: each part folds so many rows of so many columns. */
static void fold_columns(void *arg, int64_t part) {
  const struct folding *f = arg;
  const struct source *s = &f->s;
  _Alignas(64) char block[WIDE * 8];
  const int64_t width = s->shape[s->rank - 1], blocks = (width + WIDE - 1) / WIDE;
  const int64_t row_part = part % f->row_parts, column = part / f->row_parts % blocks * WIDE;
  const int64_t outer = part / f->row_parts / blocks, columns = width - column < WIDE ? width - column : WIDE;
  const int64_t first = row_part * f->rows, end = first + f->rows < f->n ? first + f->rows : f->n;
  const int64_t step = s->step[s->rank - 1], output = outer * width + column;
  union acc *acc = f->acc + row_part * f->outputs + output;
  const double *mean = f->red < 0 ? f->mean + output : NULL;
  const bool direct = s->plain && step == 1;
  const char *from = s->base + (offset_of(s, s->rank - 1, outer) + column * step + first * f->step) * s->size;
  start_acc(f, acc, columns);
  for (int64_t r = first; r < end; r += direct ? end - first : 1, from += f->step * s->size) {
    const void *x = values(s, from, step, columns, block);
    const int64_t rows = direct ? end - first : 1;
    if (f->red < 0)
      s->loops->deviations(&acc->f, mean, x, columns, rows, f->step);
    else
      s->loops->fold_rows[f->red](acc, x, columns, rows, f->step, f->p);
  }
}

/* Fold dim `dim` of x (red, or -1: squared deviations) into f->acc, which the caller frees unless this
 * fails: one value for each output. */
static int fold_dim(struct folding *f, const struct rk_tensor *x, int dim, int red, double p, const char *who) {
  open_source(&f->s, x, dim);
  const struct source *s = &f->s;
  const int64_t inner_step = s->step[s->rank - 1], width = s->shape[s->rank - 1];
  f->red = red, f->p = p, f->n = x->shape[dim], f->step = x->step[dim];
  f->outputs = f->row_parts = 1;
  for (int d = 0; d < x->rank; d++) f->outputs *= d == dim ? 1 : x->shape[d];
  if (!f->n || !f->outputs) { /* nothing to read: neutral elements, or none at all */
    f->acc = rk_scratch((f->outputs + 1) * (int64_t)sizeof *f->acc, who);
    if (!f->acc) return RK_ENOMEM;
    start_acc(f, f->acc, f->outputs);
    return RK_OK;
  }
  const bool lines = (f->step == 1 && f->n >= 16) || width == 1 || (inner_step != 1 && f->n >= 64);
  int64_t parts;
  if (lines) {
    f->rows = PART / f->n > 1 ? PART / f->n : 1;
    parts = (f->outputs + f->rows - 1) / f->rows;
  } else {
    const int64_t blocks = (width + WIDE - 1) / WIDE, least = 8 * PART / (width < WIDE ? width : WIDE);
    f->rows = least > 256 ? least : 256;
    f->row_parts = (f->n + f->rows - 1) / f->rows;
    parts = f->row_parts * blocks * (f->outputs / width);
  }
  f->acc = rk_scratch((f->outputs * f->row_parts + 1) * (int64_t)sizeof *f->acc, who);
  if (!f->acc) return RK_ENOMEM;
  const int status = rk_parallel_try(parts, f->outputs * f->n * s->size, lines ? fold_lines : fold_columns, f);
  if (status) return rk_scratch_free(f->acc), status;
  const int merge = red < 0 ? RK_RED_sum : red;
  for (int64_t w = 1; w < f->row_parts; w *= 2)
    for (int64_t k = 0; k + w < f->row_parts; k += 2 * w)
      s->loops->merge[merge](f->acc + k * f->outputs, f->acc + (k + w) * f->outputs, f->outputs);
  return RK_OK;
}

/* Shape out as x with `dim` of size 1 and store acc, rounded or wrapped to the dtype. */
static int store_results(struct rk_tensor *out, const struct rk_tensor *x, int dim, const union acc *acc,
                         const char *who) {
  struct rk_tensor shaped = *x, tmp = {.dt = out->dt};
  const int dt = out->dt, c = rk_compute_of[dt];
  shaped.shape[dim] = 1;
  const int64_t count = rk_tensor_count(&shaped);
  if (!rk_tensor_same_shape(out, &shaped)) RK_TRY(rk_tensor_resize(out, shaped.rank, shaped.shape, NULL));
  struct rk_tensor *to = out;
  if (!rk_tensor_packed(out)) {
    RK_TRY(rk_tensor_init(&tmp, dt, shaped.rank, shaped.shape));
    to = &tmp;
  }
  char *p = rk_at(to);
  union {
    float f[256];
    int32_t i[256];
  } block;
  (void)who;
  for (int64_t k = 0; k < count; k += 256) {
    const int64_t n = count - k < 256 ? count - k : 256;
    const void *from = acc + k;
    if (c == RK_C_f32) {
      for (int64_t i = 0; i < n; i++) block.f[i] = (float)acc[k + i].f;
      from = &block;
    } else if (c == RK_C_i32) {
      for (int64_t i = 0; i < n; i++) block.i[i] = (int32_t)acc[k + i].i;
      from = &block;
    }
    rk_cpu_loops[dt]->store[dt](p + k * rk_dtype_size(dt), from, 1, n);
  }
  const int status = to == out ? RK_OK : rk_copy(out, &tmp);
  rk_tensor_drop(&tmp);
  return status;
}
static int check_dim_call(const char *who, const struct rk_tensor *out, const struct rk_tensor *x, int dim, int red) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(check_source(x, who, 2, red));
  if (out->dt != x->dt || out->dev != x->dev)
    return rk_fail(RK_EDTYPE, "%s: result: %sTensor expected, got %s", who, rk_dtype_class(x->dt), rk_describe(out));
  RK_TRY(check_dim(x, who, dim));
  if (!x->shape[dim] && !has_neutral[red])
    return rk_fail(RK_ESHAPE, "%s: dimension %d of %s has no elements", who, dim + 1, rk_describe(x));
  return RK_OK;
}
static int reduce_dim_as(const char *who, int red, struct rk_tensor *out, const struct rk_tensor *x, int dim,
                         double p) {
  RK_TRY(check_dim_call(who, out, x, dim, red));
  struct folding f;
  RK_TRY(fold_dim(&f, x, dim, red, p, who));
  f.s.loops->end[red](f.acc, f.outputs, f.n, p);
  const int status = store_results(out, x, dim, f.acc, who);
  rk_scratch_free(f.acc);
  return status;
}
int rk_reduce_dim(int red, struct rk_tensor *out, const struct rk_tensor *x, int dim, double p) {
  RK_TRY(check_red(red));
  return reduce_dim_as(rk_red_name(red), red, out, x, dim, p);
}

/* -- variance: the mean first, then squared deviations from it ------------------------------------------------ */
static double variance_end(double sum, int64_t n, int biased, int root) {
  const double v = n > !biased ? sum / (double)(n - !biased) : (double)NAN; /* one sample: Torch7's NaN */
  return root ? sqrt(v) : v;
}
int rk_variance(const struct rk_tensor *x, int biased, int root, double *out) {
  struct rk_value mean;
  union acc acc;
  const char *who = root ? "std" : "var";
  RK_TRY(reduce_as(who, RK_RED_mean, x, 0, &mean));
  RK_TRY(fold_total(RK_RED_sumdev, x, mean.f, &acc));
  *out = variance_end(acc.f, rk_tensor_count(x), biased, root);
  return RK_OK;
}
int rk_variance_dim(struct rk_tensor *out, const struct rk_tensor *x, int dim, int biased, int root) {
  const char *who = root ? "std" : "var";
  RK_TRY(check_dim_call(who, out, x, dim, RK_RED_mean));
  struct folding mean, f;
  RK_TRY(fold_dim(&mean, x, dim, RK_RED_mean, 0, who));
  mean.s.loops->end[RK_RED_mean](mean.acc, mean.outputs, mean.n, 0);
  f.mean = &mean.acc->f;
  int status = fold_dim(&f, x, dim, -1, 0, who);
  if (!status) {
    for (int64_t k = 0; k < f.outputs; k++) f.acc[k].f = variance_end(f.acc[k].f, f.n, biased, root);
    status = store_results(out, x, dim, f.acc, who);
    rk_scratch_free(f.acc);
  }
  rk_scratch_free(mean.acc);
  return status;
}

/* -- norms and distances ------------------------------------------------------------------------------------------- */
static int norm_row(double p) {
  return p == 2          ? RK_RED_norm2
         : p == 1        ? RK_RED_sumabs
         : p == 0        ? RK_RED_count
         : p == HUGE_VAL ? RK_RED_maxabs
                         : RK_RED_norm;
}
static int check_norm(const struct rk_tensor *x, const char *who, int argument, double p) {
  RK_TRY(check_source(x, who, argument, RK_RED_norm));
  return p >= 0 ? RK_OK : rk_fail(RK_EARG, "%s: power %g: 0 or more expected", who, p);
}
int rk_norm(const struct rk_tensor *x, double p, double *out) {
  struct rk_value v = {0, 0};
  RK_TRY(check_norm(x, "norm", 1, p));
  RK_TRY(reduce_as("norm", norm_row(p), x, p, &v));
  *out = v.f;
  return RK_OK;
}
int rk_norm_dim(struct rk_tensor *out, const struct rk_tensor *x, double p, int dim) {
  RK_TRY(check_norm(x, "norm", 2, p));
  return reduce_dim_as("norm", norm_row(p), out, x, dim, p);
}
int rk_dist(const struct rk_tensor *x, const struct rk_tensor *y, double p, double *out) {
  RK_TRY(check_norm(x, "dist", 1, p));
  RK_TRY(rk_need(y, "dist", 2));
  if (y->dt != x->dt)
    return rk_fail(RK_EDTYPE, "dist: argument 2: %sTensor expected, got %s", rk_dtype_class(x->dt), rk_describe(y));
  if (rk_tensor_count(y) != rk_tensor_count(x))
    return rk_fail(RK_ESHAPE, "dist: %s and %s have different numbers of elements", rk_describe(x), rk_describe(y));
  struct rk_tensor d = {.dt = x->dt};
  struct rk_value v = {0, 0};
  int status = rk_map2(RK_OP_csub, &d, x, y, 1);
  if (!status) status = reduce_as("dist", norm_row(p), &d, p, &v);
  rk_tensor_drop(&d);
  if (!status) *out = v.f;
  return status;
}
