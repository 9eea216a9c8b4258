/* gemv_own.c -- matrix times vector, and inner products, without a library.
 *
 * Sums are kept in 16 lanes (rows dense in memory, and inner products) or
 * run along the rows of 64 results at a time (all other steps); pieces have a
 * fixed size: same bits on any instruction set and number of threads. */
#include "element.h"
#include "gemm.h"

enum { LANES = 16, ROWS = 64, CHUNK = 1 << 14 };

/* lanes_: sum of x[i] * y[i] over packed vectors.
 * rows_: sums for `rows` <= ROWS rows of a with any steps; x is packed. */
#define SUMS(name, type, sum)                                                                                          \
  static sum lanes_##name(const type *restrict x, const type *restrict y, int64_t n) {                                 \
    sum lane[LANES] = {0};                                                                                             \
    int64_t i = 0;                                                                                                     \
    for (; i + LANES <= n; i += LANES)                                                                                 \
      for (int l = 0; l < LANES; l++) lane[l] += RK_WIDE_##name(x[i + l]) * RK_WIDE_##name(y[i + l]);                  \
    for (int l = 0; i < n; i++, l++) lane[l] += RK_WIDE_##name(x[i]) * RK_WIDE_##name(y[i]);                           \
    for (int half = LANES / 2; half; half /= 2)                                                                        \
      for (int l = 0; l < half; l++) lane[l] += lane[l + half];                                                        \
    return lane[0];                                                                                                    \
  }                                                                                                                    \
  static void rows_##name(const struct rk_product *p, int64_t first, int64_t rows, sum *restrict total) {              \
    const type *a = (const type *)p->a + first * p->a_row, *x = (const type *)p->b;                                    \
    for (int64_t i = 0; i < rows; i++) total[i] = 0;                                                                   \
    if (p->a_row == 1)                                                                                                 \
      for (int64_t j = 0; j < p->k; j++)                                                                               \
        for (int64_t i = 0; i < rows; i++) total[i] += RK_WIDE_##name(a[j * p->a_col + i]) * RK_WIDE_##name(x[j]);     \
    else                                                                                                               \
      for (int64_t j = 0; j < p->k; j++)                                                                               \
        for (int64_t i = 0; i < rows; i++)                                                                             \
          total[i] += RK_WIDE_##name(a[j * p->a_col + i * p->a_row]) * RK_WIDE_##name(x[j]);                           \
  }                                                                                                                    \
  static void gemv_part_##name(void *arg, int64_t part) {                                                              \
    const struct rk_product *p = arg;                                                                                  \
    int64_t first = part * ROWS, rows = p->m - first < ROWS ? p->m - first : ROWS;                                     \
    sum total[ROWS], alpha = RK_SCALAR_##name(p->alpha), beta = RK_SCALAR_##name(p->beta);                             \
    if (p->a_col == 1)                                                                                                 \
      for (int64_t i = 0; i < rows; i++)                                                                               \
        total[i] = lanes_##name((const type *)p->a + (first + i) * p->a_row, (const type *)p->b, p->k);                \
    else                                                                                                               \
      rows_##name(p, first, rows, total);                                                                              \
    type *out = (type *)p->out + first * p->out_row;                                                                   \
    for (int64_t i = 0; i < rows; i++, out += p->out_row) {                                                            \
      sum added = p->k && alpha != 0 ? alpha * total[i] : 0;                                                           \
      *out = RK_STORE_##name(beta == 0 ? added : beta * RK_WIDE_##name(*out) + added);                                 \
    }                                                                                                                  \
  }                                                                                                                    \
  static struct rk_value dot_##name(const void *x, const void *y, int64_t n) {                                         \
    return VALUE_##sum(lanes_##name(x, y, n));                                                                         \
  }
#define VALUE_float(x) ((struct rk_value){(double)(x), 0})
#define VALUE_double(x) ((struct rk_value){(x), 0})
#define VALUE_uint64_t(x) ((struct rk_value){0, (int64_t)(x)})
SUMS(u8, uint8_t, uint64_t)
SUMS(i8, int8_t, uint64_t)
SUMS(i16, int16_t, uint64_t)
SUMS(i32, int32_t, uint64_t)
SUMS(i64, int64_t, uint64_t)
SUMS(f16, rk_f16, float)
SUMS(bf16, rk_bf16, float)
SUMS(f32, float, float)
SUMS(f64, double, double)

#define ROW(name, ...) {gemv_part_##name, dot_##name},
static const struct {
  void (*gemv_part)(void *, int64_t);
  struct rk_value (*dot)(const void *, const void *, int64_t);
} sums[RK_NDTYPES] = {RK_DTYPES(ROW, )};

int rk_own_gemv(const struct rk_product *given, const char *who) {
  struct rk_product p = *given;
  int size = rk_dtype_size(p.dt);
  char *packed = NULL;
  if (p.k > 1 && p.b_row != 1) {
    packed = rk_scratch(p.k * size, who);
    if (!packed) return RK_ENOMEM;
    for (int64_t j = 0; j < p.k; j++)
      for (int byte = 0; byte < size; byte++) packed[j * size + byte] = p.b[j * p.b_row * size + byte];
    p.b = packed;
  }
  const int status = rk_parallel_try((p.m + ROWS - 1) / ROWS, p.m * p.k * size, sums[p.dt].gemv_part, &p);
  rk_scratch_free(packed);
  return status;
}

/* Chunks are summed in double (int64), one after the other. */
struct dots {
  struct rk_value (*dot)(const void *, const void *, int64_t);
  const char *x, *y;
  int64_t n;
  int size;
  struct rk_value *chunk;
};
static void dot_part(void *arg, int64_t part) {
  const struct dots *s = arg;
  int64_t first = part * CHUNK, n = s->n - first < CHUNK ? s->n - first : CHUNK;
  s->chunk[part] = s->dot(s->x + first * s->size, s->y + first * s->size, n);
}

int rk_own_dot(int dtype, const void *x, const void *y, int64_t n, struct rk_value *out) {
  struct rk_value few[64], *chunk = few, total = {0, 0};
  int64_t chunks = (n + CHUNK - 1) / CHUNK;
  if (chunks > 64 && !(chunk = rk_scratch(chunks * (int64_t)sizeof *chunk, "dot"))) return RK_ENOMEM;
  struct dots s = {sums[dtype].dot, x, y, n, rk_dtype_size(dtype), chunk};
  const int status = rk_parallel_try(chunks, n * s.size * 2, dot_part, &s);
  for (int64_t i = 0; i < chunks && !status; i++) {
    total.f += chunk[i].f;
    total.i = (int64_t)((uint64_t)total.i + (uint64_t)chunk[i].i);
  }
  if (chunk != few) rk_scratch_free(chunk);
  if (!rk_dtype_is_float(dtype)) {
    /* An inner product wraps in the dtype, like the 1 x 1 matrix product that it is (and as in Torch7). */
    int unused = 64 - 8 * rk_dtype_size(dtype);
    uint64_t high = (uint64_t)total.i << unused;
    total.i = dtype == RK_u8 ? (int64_t)(high >> unused) : (int64_t)high >> unused;
    total.f = (double)total.i;
  }
  if (!status) *out = total;
  return status;
}
