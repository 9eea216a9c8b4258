/* scan.c -- running totals and products along a dimension.
 *
 * Sums along a row are taken in double for the float types (a running float32 sum of 10,000 elements loses four
 * digits), in the wrapped integer for the others. Where other dims lie inside `dim`, whole inner rows are added at
 * once. */
#include "rows.h"
#include "scalar.h"
#include <string.h>

struct scan {
  char *out;
  const char *x;
  struct rows r;
  bool failed;
  void (*row)(const struct scan *, int64_t outer, void *acc);
  const int *flag; /* the caller's: rk_interrupt_flag */
};
enum { ASK = 1 << 20, ROWS = 256 }; /* elements, rows between two looks at it */
#define ACC_u8 uint32_t
#define ACC_i8 uint32_t
#define ACC_i16 uint32_t
#define ACC_i32 uint32_t
#define ACC_i64 uint64_t /* unsigned: wraps */
#define ACC_f16 double
#define ACC_bf16 double
#define ACC_f32 double
#define ACC_f64 double
#define ST_u8(v) ((uint8_t)(v))
#define ST_i8(v) ((int8_t)(v))
#define ST_i16(v) ((int16_t)(v))
#define ST_i32(v) ((int32_t)(v))
#define ST_i64(v) ((int64_t)(v))
#define ST_f16(v) rk_store_f16((float)(v))
#define ST_bf16(v) rk_store_bf16((float)(v))
#define ST_f32(v) ((float)(v))
#define ST_f64(v) (v)
#define LD_u8(v) (v)
#define LD_i8(v) (v)
#define LD_i16(v) (v)
#define LD_i32(v) (v)
#define LD_i64(v) (v)
#define LD_f16 (double)rk_load_f16
#define LD_bf16 (double)rk_load_bf16
#define LD_f32(v) (double)(v)
#define LD_f64(v) (v)
#define SCAN(name, start, OP, dt, T)                                                                                   \
  static void name##_##dt(const struct scan *s, int64_t outer, void *room) {                                           \
    typedef ACC_##dt A;                                                                                                \
    const int64_t n = s->r.size, m = s->r.inner;                                                                       \
    T *o = (T *)s->out + outer * n * m;                                                                                \
    const T *x = (const T *)s->x + outer * n * m;                                                                      \
    A *acc = room;                                                                                                     \
    if (m == 1) {                                                                                                      \
      A a = start;                                                                                                     \
      for (int64_t i = 0, end; i < n && !(i && rk_stopped(s->flag)); i = end) {                                        \
        end = n - i < ASK ? n : i + ASK;                                                                               \
        for (int64_t j = i; j < end; j++) a = a OP(A) LD_##dt(x[j]), o[j] = ST_##dt(a);                                \
      }                                                                                                                \
      return;                                                                                                          \
    }                                                                                                                  \
    for (int64_t k = 0; k < m; k++) acc[k] = start;                                                                    \
    for (int64_t i = 0; i < n && !(i % ROWS == ROWS - 1 && rk_stopped(s->flag)); i++)                                  \
      for (int64_t k = 0; k < m; k++) acc[k] = acc[k] OP(A) LD_##dt(x[i * m + k]), o[i * m + k] = ST_##dt(acc[k]);     \
  }
#define SCANS(dt, T, ...) SCAN(sum, 0, +, dt, T) SCAN(prod, 1, *, dt, T)
RK_DTYPES(SCANS, )
#define SUMS(dt, ...) [RK_##dt] = sum_##dt,
#define PRODS(dt, ...) [RK_##dt] = prod_##dt,
static void (*const sums[])(const struct scan *, int64_t, void *) = {RK_DTYPES(SUMS, )};
static void (*const prods[])(const struct scan *, int64_t, void *) = {RK_DTYPES(PRODS, )};

static void scan_part(void *arg, int64_t outer) {
  struct scan *s = arg;
  void *acc = s->r.inner > 1 ? rk_scratch(s->r.inner * 8, "cumsum") : NULL;
  if (s->r.inner > 1 && !acc) {
    s->failed = true;
    return;
  }
  s->row(s, outer, acc);
  rk_scratch_free(acc);
}

static int scan(const char *who, void (*const row[])(const struct scan *, int64_t, void *), struct rk_tensor *out,
                const struct rk_tensor *x, int dim) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need(x, who, 2));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_check_dim(who, x, dim));
  struct rk_tensor px, tmp = {0};
  RK_TRY(rk_packed_view(&px, x));
  int status = rk_result(out, px.rank, px.shape, who);
  /* in place is fine: each element is read before it is written */
  if (!status) status = rk_pack_result(&tmp, out, rk_tensor_same_view(out, &px) ? NULL : &px, false);
  if (!status) {
    struct scan s = {rk_at(&tmp), rk_at(&px), rk_rows(px.rank, px.shape, dim), false, row[x->dt], rk_interrupt_flag()};
    int64_t n = rk_tensor_count(&px);
    if (n) status = rk_parallel_try(s.r.outer, n * 8, scan_part, &s);
    if (!status && s.r.size >= (s.r.inner == 1 ? ASK : ROWS)) status = rk_interrupted();
    status = rk_unpack(out, &tmp, s.failed ? RK_ENOMEM : status);
  }
  rk_tensor_drop(&px);
  return status;
}
int rk_cumsum(struct rk_tensor *out, const struct rk_tensor *x, int dim) { return scan("cumsum", sums, out, x, dim); }
int rk_cumprod(struct rk_tensor *out, const struct rk_tensor *x, int dim) {
  return scan("cumprod", prods, out, x, dim);
}
