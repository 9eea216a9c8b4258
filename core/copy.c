/* copy.c -- moving elements: any dtype and layout to any other, fills, ranges, single elements.
 *
 * A copy first brings both layouts to one list of dimensions, ordered by the
 * steps of the destination and merged where neighbours step as one; most
 * copies are then one packed run. What is left is either rows with constant
 * steps, or, where source and destination run along different dimensions, a
 * transposition done in tiles that stay in the first-level cache.
 *
 * Numbers convert as C casts do on x86, where Torch7's vectors come from, but
 * without undefined behaviour: a float outside of int32 (for Long: int64)
 * gives the lowest integer, which narrow types then cut to their bits. */
#include "internal.h"
#include "scalar.h"
#include <string.h>

/* -- one element ---------------------------------------------------------------------- */
RK_FN int32_t to_i32(double x) {
  bool in = (x > -2147483649.0) & (x < 2147483648.0);
  int32_t v = (int32_t)(in ? x : 0);
  return in ? v : INT32_MIN;
}
RK_FN int64_t to_i64(double x) {
  bool in = (x >= -9223372036854775808.0) & (x < 9223372036854775808.0);
  int64_t v = (int64_t)(in ? x : 0);
  return in ? v : INT64_MIN;
}
/* load: storage to its wide type; FLT dtypes widen to float or double, INT ones to int64 */
#define LOAD_u8(v) ((int64_t)(v))
#define LOAD_i8(v) ((int64_t)(v))
#define LOAD_i16(v) ((int64_t)(v))
#define LOAD_i32(v) ((int64_t)(v))
#define LOAD_i64(v) (v)
#define LOAD_f16(v) rk_load_f16(v)
#define LOAD_bf16(v) rk_load_bf16(v)
#define LOAD_f32(v) (v)
#define LOAD_f64(v) (v)
/* store from a wide integer or a float, by the class of the source */
#define FROM_INT_u8(v) ((uint8_t)(v))
#define FROM_INT_i8(v) ((int8_t)(v))
#define FROM_INT_i16(v) ((int16_t)(v))
#define FROM_INT_i32(v) ((int32_t)(v))
#define FROM_INT_i64(v) ((int64_t)(v))
#define FROM_INT_f16(v) rk_store_f16((float)(v))
#define FROM_INT_bf16(v) rk_store_bf16((float)(v))
#define FROM_INT_f32(v) ((float)(v))
#define FROM_INT_f64(v) ((double)(v))
#define FROM_FLT_u8(v) ((uint8_t)to_i32((double)(v)))
#define FROM_FLT_i8(v) ((int8_t)to_i32((double)(v)))
#define FROM_FLT_i16(v) ((int16_t)to_i32((double)(v)))
#define FROM_FLT_i32(v) to_i32((double)(v))
#define FROM_FLT_i64(v) to_i64((double)(v))
#define FROM_FLT_f16(v) rk_store_f16((float)(v))
#define FROM_FLT_bf16(v) rk_store_bf16((float)(v))
#define FROM_FLT_f32(v) ((float)(v))
#define FROM_FLT_f64(v) ((double)(v))

/* -- runs: n elements at constant steps (in elements) ------------------------------------ */
typedef void run(int64_t n, void *out, int64_t so, const void *in, int64_t si);
#define RUN(to, TO, CTO, cto, l1, n1, from, FROM, cls)                                                                 \
  static void run_##from##_##to(int64_t n, void *out, int64_t so, const void *in, int64_t si) {                        \
    TO *o = out;                                                                                                       \
    const FROM *x = in;                                                                                                \
    if (so == 1 && si == 1)                                                                                            \
      for (int64_t i = 0; i < n; i++) o[i] = FROM_##cls##_##to(LOAD_##from(x[i]));                                     \
    else                                                                                                               \
      for (int64_t i = 0; i < n; i++) o[i * so] = FROM_##cls##_##to(LOAD_##from(x[i * si]));                           \
  }
#define RUNS(X, from, FROM, cls)                                                                                       \
  X(u8, uint8_t, , , , , from, FROM, cls)                                                                              \
  X(i8, int8_t, , , , , from, FROM, cls)                                                                               \
  X(i16, int16_t, , , , , from, FROM, cls)                                                                             \
  X(i32, int32_t, , , , , from, FROM, cls)                                                                             \
  X(i64, int64_t, , , , , from, FROM, cls)                                                                             \
  X(f16, rk_f16, , , , , from, FROM, cls)                                                                              \
  X(bf16, rk_bf16, , , , , from, FROM, cls)                                                                            \
  X(f32, float, , , , , from, FROM, cls)                                                                               \
  X(f64, double, , , , , from, FROM, cls)
#define RUNS_FROM(from, FROM, C, cls, ...) RUNS(RUN, from, FROM, cls)
RK_DTYPES(RUNS_FROM, )
#define CELL(to, TO, a, b, c, d, from, FROM, cls) [RK_##to] = run_##from##_##to,
#define LINE(from, FROM, C, cls, ...) [RK_##from] = {RUNS(CELL, from, FROM, cls)},
static run *const runs[RK_NDTYPES][RK_NDTYPES] = {RK_DTYPES(LINE, )};

/* Same dtype: only the size matters. */
#define SAME(bits)                                                                                                     \
  static void same_##bits(int64_t n, void *out, int64_t so, const void *in, int64_t si) {                              \
    uint##bits##_t *o = out;                                                                                           \
    const uint##bits##_t *x = in;                                                                                      \
    if (so == 1 && si == 1)                                                                                            \
      memcpy(o, x, (size_t)n * sizeof *o);                                                                             \
    else if (si == 0)                                                                                                  \
      for (int64_t i = 0; i < n; i++) o[i * so] = *x;                                                                  \
    else                                                                                                               \
      for (int64_t i = 0; i < n; i++) o[i * so] = x[i * si];                                                           \
  }
SAME(8) SAME(16) SAME(32) SAME(64)
static run *run_for(int to, int from) {
  if (to != from) return runs[from][to];
  int size = rk_dtype_size(to);
  return size == 1 ? same_8 : size == 2 ? same_16 : size == 4 ? same_32 : same_64;
}

/* -- layouts -------------------------------------------------------------------------------- */
struct copy {
  run *f;
  char *out;
  const char *in;
  int64_t so, si; /* bytes an element */
  int rank;       /* outer dims first; the last is the run */
  int64_t shape[RK_MAX_DIMS], to[RK_MAX_DIMS], from[RK_MAX_DIMS];
  int64_t chunk;  /* elements of the last dim a part covers */
  int64_t chunks; /* parts the last dim is cut into */
  int across;     /* the dim along which the source runs, in a transposition; else -1 */
};
enum { TILE = 32, CHUNK = 1 << 15 };

static void swap(int64_t *a, int64_t *b) {
  int64_t t = *a;
  *a = *b, *b = t;
}
/* Order the dims by the destination's steps, largest first, so that its run comes last. */
static void order(struct copy *c) {
  for (int d = 1; d < c->rank; d++)
    for (int k = d; k > 0 && c->to[k - 1] < c->to[k]; k--) {
      swap(&c->to[k - 1], &c->to[k]), swap(&c->from[k - 1], &c->from[k]), swap(&c->shape[k - 1], &c->shape[k]);
    }
}

/* Element offsets of outer index `k` (a number in mixed radix over dims [0, rank - 1) without `skip`). */
static void place(const struct copy *c, int64_t k, int skip, int64_t *to, int64_t *from) {
  *to = *from = 0;
  for (int d = c->rank - 2; d >= 0; d--) {
    if (d == skip) continue;
    int64_t i = k % c->shape[d];
    k /= c->shape[d];
    *to += i * c->to[d], *from += i * c->from[d];
  }
}

static void copy_part(void *arg, int64_t part) {
  const struct copy *c = arg;
  const int last = c->rank - 1;
  int64_t row = part / c->chunks, first = part % c->chunks * c->chunk, to, from;
  int64_t n = c->shape[last] - first < c->chunk ? c->shape[last] - first : c->chunk;
  place(c, row, -1, &to, &from);
  to += first * c->to[last], from += first * c->from[last];
  c->f(n, c->out + to * c->so, c->to[last], c->in + from * c->si, c->from[last]);
}

/* One band of TILE positions of `across`, over the whole last dim. */
static void transpose_part(void *arg, int64_t part) {
  const struct copy *c = arg;
  const int last = c->rank - 1, t = c->across;
  int64_t to, from, first = part % c->chunks * TILE;
  int64_t rows = c->shape[t] - first < TILE ? c->shape[t] - first : TILE;
  place(c, part / c->chunks, t, &to, &from);
  to += first * c->to[t], from += first * c->from[t];
  for (int64_t j = 0; j < c->shape[last]; j += TILE) {
    int64_t n = c->shape[last] - j < TILE ? c->shape[last] - j : TILE;
    for (int64_t i = 0; i < rows; i++)
      c->f(n, c->out + (to + i * c->to[t] + j * c->to[last]) * c->so, c->to[last],
           c->in + (from + i * c->from[t] + j * c->from[last]) * c->si, c->from[last]);
  }
}

static void copy_run(struct copy *c) {
  int64_t *steps[] = {c->to, c->from};
  order(c);
  c->rank = rk_collapse(c->rank, c->shape, 2, steps);
  if (c->rank == 0) c->rank = 1, c->shape[0] = 1, c->to[0] = c->from[0] = 1;
  const int last = c->rank - 1;
  int64_t rows = 1, n = c->shape[last];
  c->across = -1;
  for (int d = 0; d < last; d++) {
    rows *= c->shape[d];
    if (c->from[d] == 1 && c->from[last] != 0 && c->shape[d] > 4 && n > 4 && c->from[last] > 4) c->across = d;
  }
  int64_t work = rows * n * (c->so + c->si);
  if (c->across >= 0) {
    c->chunks = (c->shape[c->across] + TILE - 1) / TILE;
    rk_parallel(rows / c->shape[c->across] * c->chunks, work, transpose_part, c);
  } else {
    c->chunk = CHUNK, c->chunks = (n + CHUNK - 1) / CHUNK;
    rk_parallel(rows * c->chunks, work, copy_part, c);
  }
}

int rk_copy(struct rk_tensor *out, const struct rk_tensor *x) {
  RK_TRY(rk_need(out, "copy", 1));
  RK_TRY(rk_need(x, "copy", 2));
  int64_t n = rk_tensor_count(out);
  if (n != rk_tensor_count(x))
    return rk_fail(RK_ESHAPE, "copy: argument 2: expected %lld elements for %s, got %s", (long long)n, rk_describe(out), rk_describe(x));
  if (out->dev != RK_CPU || x->dev != RK_CPU) return rk_fail(RK_EDEVICE, "copy: not on this device");
  if (n == 0 || (out->dt == x->dt && rk_tensor_same_view(out, x))) return RK_OK;
  bool out_packed = rk_tensor_packed(out), x_packed = rk_tensor_packed(x);
  if (rk_overlap(out, x) || (!out_packed && !x_packed && !rk_tensor_same_shape(out, x))) {
    struct rk_tensor tmp = {0};
    RK_TRY(rk_tensor_like(&tmp, x));
    int status = rk_copy(&tmp, x);
    if (!status) status = rk_copy(out, &tmp);
    rk_tensor_drop(&tmp);
    return status;
  }
  struct copy c = {.f = run_for(out->dt, x->dt), .out = rk_at(out), .in = rk_at(x), .so = rk_dtype_size(out->dt), .si = rk_dtype_size(x->dt)};
  if (out_packed && x_packed) {
    c.rank = 1, c.shape[0] = n, c.to[0] = c.from[0] = 1;
  } else {
    /* when shapes differ one side is packed: it takes the shape of the other */
    const struct rk_tensor *guide = x_packed ? out : x;
    struct rk_tensor packed = {0};
    RK_TRY(rk_layout(&packed, guide->rank, guide->shape, "copy"));
    bool same = rk_tensor_same_shape(out, x);
    c.rank = guide->rank;
    for (int d = 0; d < c.rank; d++) {
      c.shape[d] = guide->shape[d];
      c.to[d] = same || guide == out ? out->step[d] : packed.step[d];
      c.from[d] = same || guide == x ? x->step[d] : packed.step[d];
    }
  }
  copy_run(&c);
  return RK_OK;
}

/* -- fills: a copy from one element, repeated ---------------------------------------------- */
static int fill_with(struct rk_tensor *out, const void *element) {
  struct copy c = {.f = run_for(out->dt, out->dt), .out = rk_at(out), .in = element, .so = rk_dtype_size(out->dt)};
  c.rank = out->rank;
  if (rk_tensor_count(out) == 0) return RK_OK;
  for (int d = 0; d < c.rank; d++) c.shape[d] = out->shape[d], c.to[d] = out->step[d];
  copy_run(&c);
  return RK_OK;
}
int rk_fill(struct rk_tensor *out, double value) {
  uint64_t element;
  RK_TRY(rk_need(out, "fill", 1));
  runs[RK_f64][out->dt](1, &element, 1, &value, 1);
  return fill_with(out, &element);
}
int rk_fill_long(struct rk_tensor *out, int64_t value) {
  uint64_t element;
  RK_TRY(rk_need(out, "fill", 1));
  runs[RK_i64][out->dt](1, &element, 1, &value, 1);
  return fill_with(out, &element);
}
int rk_zero(struct rk_tensor *out) {
  RK_TRY(rk_need(out, "zero", 1));
  return rk_fill_long(out, 0);
}

/* -- elements -------------------------------------------------------------------------------- */
static int check_offset(const char *who, const struct rk_tensor *t, int64_t offset) {
  RK_TRY(rk_need(t, who, 1));
  if (!t->mem || offset < 0 || offset >= t->mem->bytes / rk_dtype_size(t->dt))
    return rk_fail(RK_EARG, "%s: element %lld is outside of the storage of %s", who, (long long)offset + 1, rk_describe(t));
  return RK_OK;
}
int rk_peek(const struct rk_tensor *t, int64_t offset, struct rk_value *v) {
  RK_TRY(check_offset("get", t, offset));
  const char *at = (char *)t->mem->data + offset * rk_dtype_size(t->dt);
  runs[t->dt][RK_f64](1, &v->f, 1, at, 1);
  runs[t->dt][RK_i64](1, &v->i, 1, at, 1);
  return RK_OK;
}
int rk_poke(struct rk_tensor *t, int64_t offset, double f, int64_t i) {
  RK_TRY(check_offset("set", t, offset));
  char *at = (char *)t->mem->data + offset * rk_dtype_size(t->dt);
  if (rk_dtype_is_float(t->dt))
    runs[RK_f64][t->dt](1, at, 1, &f, 1);
  else
    runs[RK_i64][t->dt](1, at, 1, &i, 1);
  return RK_OK;
}

/* A tensor over a C array, for the bulk functions: only for the duration of a call. */
static int over(struct rk_tensor *t, struct rk_buffer *b, double *data, int64_t n) {
  *t = (struct rk_tensor){.dt = RK_f64};
  RK_TRY(rk_buffer_wrap(b, RK_f64, data, n, NULL, NULL));
  int status = rk_tensor_set(t, b, 0, 1, &n, NULL);
  rk_buffer_drop(b);
  return status;
}
int rk_read_doubles(const struct rk_tensor *t, double *to, int64_t n) {
  struct rk_tensor v;
  struct rk_buffer b;
  RK_TRY(rk_need(t, "read", 1));
  RK_TRY(over(&v, &b, to, n));
  int status = rk_copy(&v, t);
  rk_tensor_drop(&v);
  return status;
}
int rk_write_doubles(struct rk_tensor *t, const double *from, int64_t n) {
  struct rk_tensor v;
  struct rk_buffer b;
  RK_TRY(rk_need(t, "write", 1));
  RK_TRY(over(&v, &b, (double *)from, n)); /* only read from */
  int status = rk_copy(t, &v);
  rk_tensor_drop(&v);
  return status;
}

/* Computed aside in runs of 256, as doubles or exact integers, then stored by copies. */
int rk_range(struct rk_tensor *out, double first, double step) {
  RK_TRY(rk_need(out, "range", 1));
  int64_t n = rk_tensor_count(out);
  struct rk_tensor packed;
  RK_TRY(rk_tensor_packed(out) ? rk_packed_view(&packed, out) : rk_tensor_like(&packed, out));
  const bool is_float = rk_dtype_is_float(out->dt);
  const int64_t size = rk_dtype_size(out->dt), i0 = to_i64(first), di = to_i64(step);
  for (int64_t k = 0; k < n; k += 256) {
    int64_t m = n - k < 256 ? n - k : 256;
    double f[256];
    int64_t i[256];
    for (int64_t j = 0; j < m; j++) f[j] = first + (double)(k + j) * step, i[j] = (int64_t)((uint64_t)i0 + (uint64_t)(k + j) * (uint64_t)di);
    runs[is_float ? RK_f64 : RK_i64][out->dt](m, rk_at(&packed) + k * size, 1, is_float ? (void *)f : (void *)i, 1);
  }
  int status = rk_copy(out, &packed);
  rk_tensor_drop(&packed);
  return status;
}
