/* running.c -- running extremes and log-sums along a dimension, and binary search in sorted rows.
 *
 * cummax, cummin and logcumsumexp carry one state for each inner position, in blocks that stay in registers or the
 * first cache, so that memory is walked in order whatever the dimension. Log-sums are carried in double. */
#include "rows.h"
#include "scalar.h"
#include <math.h>
#include <string.h>

enum { BLOCK = 64 }; /* inner positions carried at once */

/* an element as a C number that compares */
#define NUM_u8(v) (v)
#define NUM_i8(v) (v)
#define NUM_i16(v) (v)
#define NUM_i32(v) (v)
#define NUM_i64(v) (v)
#define NUM_f16(v) rk_load_f16(v)
#define NUM_bf16(v) rk_load_bf16(v)
#define NUM_f32(v) (v)
#define NUM_f64(v) (v)

struct run {
  char *out;
  int64_t *index;
  const char *x;
  struct rows r;
  int64_t blocks; /* of inner positions */
  void (*part)(const struct run *, int64_t outer, int64_t first, int64_t count);
};
/* What is not itself loses to nothing: once a NaN has been met it stays. */
#define EXTREME(name, OP, dt, T)                                                                                       \
  static void name##_##dt(const struct run *s, int64_t outer, int64_t first, int64_t count) {                          \
    const int64_t n = s->r.size, m = s->r.inner, base = outer * n * m + first;                                         \
    const T *x = (const T *)s->x + base;                                                                               \
    T *o = (T *)s->out + base;                                                                                         \
    int64_t *index = s->index + base;                                                                                  \
    T best[BLOCK];                                                                                                     \
    int64_t at[BLOCK];                                                                                                 \
    for (int64_t k = 0; k < count; k++) best[k] = x[k], at[k] = 1;                                                     \
    for (int64_t i = 0; i < n; i++)                                                                                    \
      for (int64_t k = 0; k < count; k++) {                                                                            \
        const T v = x[i * m + k];                                                                                      \
        const bool nan = NUM_##dt(best[k]) != NUM_##dt(best[k]);                                                       \
        if (!nan && ((NUM_##dt(v) OP NUM_##dt(best[k])) || NUM_##dt(v) != NUM_##dt(v))) best[k] = v, at[k] = i + 1;    \
        o[i * m + k] = best[k];                                                                                        \
        index[i * m + k] = at[k];                                                                                      \
      }                                                                                                                \
  }
#define EXTREMES(dt, T, ...) EXTREME(largest, >, dt, T) EXTREME(smallest, <, dt, T)
RK_DTYPES(EXTREMES, )
#define LARGEST(dt, ...) [RK_##dt] = largest_##dt,
#define SMALLEST(dt, ...) [RK_##dt] = smallest_##dt,
static void (*const largest[])(const struct run *, int64_t, int64_t, int64_t) = {RK_DTYPES(LARGEST, )};
static void (*const smallest[])(const struct run *, int64_t, int64_t, int64_t) = {RK_DTYPES(SMALLEST, )};

static double log_add(double a, double b) {
  const double high = a > b ? a : b, low = a > b ? b : a;
  if (a != a || b != b) return a + b;
  if (isinf(high)) return high; /* inf - inf below would be NaN */
  return high + log1p(exp(low - high));
}
#define ST_f16(v) rk_store_f16((float)(v))
#define ST_bf16(v) rk_store_bf16((float)(v))
#define ST_f32(v) ((float)(v))
#define ST_f64(v) (v)
#define LOGSUM(dt, T)                                                                                                  \
  static void logsum_##dt(const struct run *s, int64_t outer, int64_t first, int64_t count) {                          \
    const int64_t n = s->r.size, m = s->r.inner, base = outer * n * m + first;                                         \
    const T *x = (const T *)s->x + base;                                                                               \
    T *o = (T *)s->out + base;                                                                                         \
    double acc[BLOCK];                                                                                                 \
    for (int64_t k = 0; k < count; k++) acc[k] = -(double)INFINITY;                                                    \
    for (int64_t i = 0; i < n; i++)                                                                                    \
      for (int64_t k = 0; k < count; k++) {                                                                            \
        acc[k] = log_add(acc[k], (double)NUM_##dt(x[i * m + k]));                                                      \
        o[i * m + k] = ST_##dt(acc[k]);                                                                                \
      }                                                                                                                \
  }
LOGSUM(f16, rk_f16)
LOGSUM(bf16, rk_bf16)
LOGSUM(f32, float)
LOGSUM(f64, double)
static void (*const logsums[RK_NDTYPES])(const struct run *, int64_t, int64_t, int64_t) = {
    [RK_f16] = logsum_f16, [RK_bf16] = logsum_bf16, [RK_f32] = logsum_f32, [RK_f64] = logsum_f64};

static void run_part(void *arg, int64_t part) {
  const struct run *s = arg;
  const int64_t first = part % s->blocks * BLOCK, left = s->r.inner - first;
  s->part(s, part / s->blocks, first, left < BLOCK ? left : BLOCK);
}

/* px: packed x; results are packed aside where `out` or `index` are not, or share memory with x */
static int run(const char *who, struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *px, int dim,
               void (*part)(const struct run *, int64_t, int64_t, int64_t)) {
  struct rk_tensor to = {0}, at = {0};
  RK_TRY(rk_result(out, px->rank, px->shape, who));
  if (index) RK_TRY(rk_result(index, px->rank, px->shape, who));
  RK_TRY(rk_pack_result(&to, out, rk_tensor_same_view(out, px) ? NULL : px, false));
  int status = index ? rk_pack_result(&at, index, px, false) : RK_OK;
  if (!status) {
    struct run s = {rk_at(&to), index ? (int64_t *)(void *)rk_at(&at) : NULL,
                    rk_at(px),  rk_rows(px->rank, px->shape, dim),
                    0,          part};
    s.blocks = (s.r.inner + BLOCK - 1) / BLOCK;
    const int64_t n = rk_tensor_count(px);
    if (n) status = rk_parallel_try(s.r.outer * s.blocks, n * 16, run_part, &s);
    if (index) status = rk_unpack(index, &at, status);
  }
  return rk_unpack(out, &to, status);
}

int rk_cumextreme(int sign, struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim) {
  const char *who = sign > 0 ? "cummax" : "cummin";
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need(index, who, 2));
  RK_TRY(rk_need(x, who, 3));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_check_dim(who, x, dim));
  if (index->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "%s: argument 2: expected LongTensor for the indices, got %s", who, rk_describe(index));
  struct rk_tensor px;
  RK_TRY(rk_packed_view(&px, x));
  int status = run(who, out, index, &px, dim, (sign > 0 ? largest : smallest)[x->dt]);
  rk_tensor_drop(&px);
  return status;
}

int rk_logcumsumexp(struct rk_tensor *out, const struct rk_tensor *x, int dim) {
  RK_TRY(rk_need(out, "logcumsumexp", 1));
  RK_TRY(rk_need(x, "logcumsumexp", 2));
  RK_TRY(rk_same_dtype("logcumsumexp", out, x));
  RK_TRY(rk_check_dim("logcumsumexp", x, dim));
  if (!logsums[x->dt]) return rk_fail(RK_EDTYPE, "logcumsumexp: float types only, got %s", rk_describe(x));
  struct rk_tensor px;
  RK_TRY(rk_packed_view(&px, x));
  int status = run("logcumsumexp", out, NULL, &px, dim, logsums[x->dt]);
  rk_tensor_drop(&px);
  return status;
}

/* -- binary search ------------------------------------------------------------------------------ */
struct search {
  int64_t *out;
  const char *sorted, *values;
  int64_t size, count; /* of a sorted row; values looked up in it */
  bool shared, right;  /* one row for all values; behind equal elements */
  void (*row)(const struct search *, int64_t row);
};
/* NaN counts as the largest, as in sort. */
#define LESS(a, b) ((a) < (b) || ((b) != (b) && (a) == (a)))
#define SEARCH(dt, T, ...)                                                                                             \
  static void search_##dt(const struct search *s, int64_t row) {                                                       \
    const T *sorted = (const T *)s->sorted + (s->shared ? 0 : row * s->size);                                          \
    const T *values = (const T *)s->values + row * s->count;                                                           \
    for (int64_t i = 0; i < s->count; i++) {                                                                           \
      int64_t low = 0, high = s->size;                                                                                 \
      while (low < high) {                                                                                             \
        const int64_t middle = low + (high - low) / 2;                                                                 \
        const bool up = s->right ? !LESS(NUM_##dt(values[i]), NUM_##dt(sorted[middle]))                                \
                                 : LESS(NUM_##dt(sorted[middle]), NUM_##dt(values[i]));                                \
        if (up)                                                                                                        \
          low = middle + 1;                                                                                            \
        else                                                                                                           \
          high = middle;                                                                                               \
      }                                                                                                                \
      s->out[row * s->count + i] = low + 1;                                                                            \
    }                                                                                                                  \
  }
RK_DTYPES(SEARCH, )
#define SEARCHES(dt, ...) [RK_##dt] = search_##dt,
static void (*const searches[])(const struct search *, int64_t) = {RK_DTYPES(SEARCHES, )};
static void search_part(void *arg, int64_t part) {
  const struct search *s = arg;
  s->row(s, part);
}

static int search_packed(struct rk_tensor *out, const struct rk_tensor *sorted, const struct rk_tensor *values,
                         int right) {
  struct rk_tensor to = {0};
  RK_TRY(rk_pack_result(&to, out, values, false));
  const int64_t n = rk_tensor_count(values), size = sorted->shape[sorted->rank - 1];
  struct search s = {(int64_t *)(void *)rk_at(&to),   rk_at(sorted),     rk_at(values), size,
                     values->shape[values->rank - 1], sorted->rank == 1, right != 0,    searches[sorted->dt]};
  return rk_unpack(out, &to, n ? rk_parallel_try(n / s.count, n * 64, search_part, &s) : RK_OK);
}

int rk_searchsorted(struct rk_tensor *out, const struct rk_tensor *sorted, const struct rk_tensor *values, int right) {
  const char *who = "searchsorted";
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need(sorted, who, 2));
  RK_TRY(rk_need(values, who, 3));
  RK_TRY(rk_same_dtype(who, sorted, values));
  if (out->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "%s: the result must be a LongTensor, got %s", who, rk_describe(out));
  bool fit = sorted->rank > 0 && values->rank > 0 && (sorted->rank == 1 || sorted->rank == values->rank);
  for (int d = 0; fit && sorted->rank > 1 && d < sorted->rank - 1; d++) fit = sorted->shape[d] == values->shape[d];
  if (!fit)
    return rk_fail(RK_ESHAPE, "%s: one sorted row, or one for each row of values, expected: got %s and %s", who,
                   rk_describe(sorted), rk_describe(values));
  struct rk_tensor ps, pv;
  RK_TRY(rk_packed_view(&ps, sorted));
  int status = rk_packed_view(&pv, values);
  if (!status) {
    status = rk_result(out, values->rank, values->shape, who);
    if (!status) status = search_packed(out, &ps, &pv, right);
    rk_tensor_drop(&pv);
  }
  rk_tensor_drop(&ps);
  return status;
}
