/* gemm_own.c -- the matrix product without a library: every dtype, any steps,
 * the same bits whatever the steps and the number of threads.
 *
 * The scheme of Goto and van de Geijn (2008): panels of a and b are packed in
 * the order in which a tile reads them, zero-padded to whole tiles, and each
 * tile of the result is summed over a stretch of k in registers. What a tile
 * adds up, and in which order, depends on m, n and k alone.
 *
 * Small types compute in a wider one, chosen by a row below: integers in
 * uint32/uint64, where overflow wraps as it must, half types in float over the
 * whole of k, so that they are rounded once. */
#include "element.h"
#include "gemm.h"
#include <string.h>

/* The longest stretch of k in one pass; rows and columns packed at a time; rows
 * and columns of one part of the work, whose rows stay in L2. Parts get fewer
 * rows when there would be too few for the threads: multiples of 24 divide into
 * whole tiles. Measured, float32 2048^3, one Zen 4 thread: stretches of 256 with
 * 96 rows 84 GFLOP/s, 384 with 192: 89, 512 with 192: 94. */
enum { K_PASS = 512, M_PASS = 1536, N_PASS = 2048, M_PART = 192, M_PART_LEAST = 24, N_PART = 512 };
static const int64_t MOST_K = (int64_t)1 << 44;
/* Stack that rk_own_gemm_small packs operands in: both of 64x64 floats. */
enum { SMALL_BYTES = 1 << 15 };

/* -- packing and storing, per dtype --------------------------------------------------- */
#define LOAD_u8(x) (x)
#define LOAD_i8(x) (uint32_t)(x)
#define LOAD_i16(x) (uint32_t)(x)
#define LOAD_i32(x) (uint32_t)(x)
#define LOAD_i64(x) (uint64_t)(x)
#define LOAD_f16(x) rk_load_f16(x)
#define LOAD_bf16(x) rk_load_bf16(x)
#define LOAD_f32(x) (x)
#define LOAD_f64(x) (x)

/* pack_: `lanes` rows of step `across`, k long with step `along`, into panels
 *   of `width` lanes: to[panel][q][lane], the last panel padded with zeros.
 * store_: add a tile (row length `width`) to the result: out = beta * out + alpha * tile. */
#define ACCESS(name, type, compute)                                                                                    \
  static void pack_##name(void *pto, int width, const void *pfrom, int64_t lanes, int64_t k, int64_t across,           \
                          int64_t along, const struct rk_gemm_kernel *kernel) {                                        \
    compute *restrict to = pto;                                                                                        \
    const type *restrict from = pfrom;                                                                                 \
    for (; lanes > 0; lanes -= width, from += width * across, to += width * k) {                                       \
      int64_t here = lanes < width ? lanes : width, lane = 0;                                                          \
      if (along == 1 && sizeof(type) == sizeof(compute) && sizeof(type) >= 4 && kernel->transpose8)                    \
        for (; lane + 8 <= here; lane += 8) kernel->transpose8(to + lane, width, from + lane * across, across, k);     \
      if (lane == width) continue;                                                                                     \
      if (across == 1 && here == width) {                                                                              \
        for (int64_t q = 0; q < k; q++)                                                                                \
          for (int i = 0; i < width; i++) to[q * width + i] = LOAD_##name(from[q * along + i]);                        \
        continue;                                                                                                      \
      }                                                                                                                \
      for (int64_t q = 0; q < k; q++) {                                                                                \
        for (int64_t i = lane; i < here; i++) to[q * width + i] = LOAD_##name(from[q * along + i * across]);           \
        for (int64_t i = here; i < width; i++) to[q * width + i] = 0;                                                  \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  static void store_##name(void *pout, int64_t row, int64_t col, const void *ptile, int width, int64_t rows,           \
                           int64_t cols, double palpha, double pbeta) {                                                \
    type *out = pout;                                                                                                  \
    compute alpha = RK_SCALAR_##name(palpha), beta = RK_SCALAR_##name(pbeta);                                          \
    for (int64_t i = 0; i < rows; i++) {                                                                               \
      const compute *restrict tile = (const compute *)ptile + i * width;                                               \
      type *restrict to = out + i * row;                                                                               \
      if (beta == 0)                                                                                                   \
        for (int64_t j = 0; j < cols; j++) to[j * col] = RK_STORE_##name(alpha * tile[j]);                             \
      else if (col == 1)                                                                                               \
        for (int64_t j = 0; j < cols; j++) to[j] = RK_STORE_##name(beta * LOAD_##name(to[j]) + alpha * tile[j]);       \
      else                                                                                                             \
        for (int64_t j = 0; j < cols; j++)                                                                             \
          to[j * col] = RK_STORE_##name(beta * LOAD_##name(to[j * col]) + alpha * tile[j]);                            \
    }                                                                                                                  \
  }
ACCESS(u8, uint8_t, uint32_t)
ACCESS(i8, int8_t, uint32_t)
ACCESS(i16, int16_t, uint32_t)
ACCESS(i32, int32_t, uint32_t)
ACCESS(i64, int64_t, uint64_t)
ACCESS(f16, rk_f16, float)
ACCESS(bf16, rk_bf16, float)
ACCESS(f32, float, float)
ACCESS(f64, double, double)

struct access {
  void (*pack)(void *, int, const void *, int64_t, int64_t, int64_t, int64_t, const struct rk_gemm_kernel *);
  void (*store)(void *, int64_t, int64_t, const void *, int, int64_t, int64_t, double, double);
  int compute; /* RK_COMPUTE_* */
  int size;    /* bytes of the compute type */
  int whole_k;
};
static const struct access access_of[RK_NDTYPES] = {
    [RK_u8] = {pack_u8, store_u8, RK_COMPUTE_U32, 4, 0},       [RK_i8] = {pack_i8, store_i8, RK_COMPUTE_U32, 4, 0},
    [RK_i16] = {pack_i16, store_i16, RK_COMPUTE_U32, 4, 0},    [RK_i32] = {pack_i32, store_i32, RK_COMPUTE_U32, 4, 0},
    [RK_i64] = {pack_i64, store_i64, RK_COMPUTE_U64, 8, 0},    [RK_f16] = {pack_f16, store_f16, RK_COMPUTE_F32, 4, 1},
    [RK_bf16] = {pack_bf16, store_bf16, RK_COMPUTE_F32, 4, 1}, [RK_f32] = {pack_f32, store_f32, RK_COMPUTE_F32, 4, 0},
    [RK_f64] = {pack_f64, store_f64, RK_COMPUTE_F64, 8, 0},
};

/* -- one pass: a block of a, a block of b, both packed ------------------------------------- */
struct pass {
  const struct rk_product *p;
  const struct access *access;
  const struct rk_gemm_kernel *kernel;
  char *a, *b; /* packed */
  int64_t m0, n0, k0, m, n, k;
  int64_t m_part, m_parts, n_parts;
  double beta;
};
static int64_t padded(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t parts_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

static void pack_a(const struct pass *s, int64_t first, int64_t rows) {
  const struct rk_product *p = s->p;
  s->access->pack(s->a + first * s->k * s->access->size, s->kernel->rows,
                  p->a + ((s->m0 + first) * p->a_row + s->k0 * p->a_col) * rk_dtype_size(p->dt), rows, s->k, p->a_row,
                  p->a_col, s->kernel);
}
static void pack_b(const struct pass *s, int64_t first, int64_t cols) {
  const struct rk_product *p = s->p;
  s->access->pack(s->b + first * s->k * s->access->size, s->kernel->cols,
                  p->b + ((s->n0 + first) * p->b_col + s->k0 * p->b_row) * rk_dtype_size(p->dt), cols, s->k, p->b_col,
                  p->b_row, s->kernel);
}
/* Parts of a, then those of b. */
static void pack_part(void *arg, int64_t part) {
  const struct pass *s = arg;
  int64_t i = part * s->m_part, j = (part - s->m_parts) * N_PART;
  if (part < s->m_parts)
    pack_a(s, i, least(s->m_part, s->m - i));
  else
    pack_b(s, j, least(N_PART, s->n - j));
}

static void tiles(const struct pass *s, int64_t m_first, int64_t m_end, int64_t n_first, int64_t n_end) {
  const struct rk_product *p = s->p;
  const struct rk_gemm_kernel *kernel = s->kernel;
  int size = s->access->size, dsize = rk_dtype_size(p->dt), rows = kernel->rows, cols = kernel->cols;
  char tile[RK_TILE_ROWS * RK_TILE_COLS * 4] __attribute__((aligned(64)));
  for (int64_t j = n_first; j < n_end; j += cols)
    for (int64_t i = m_first; i < m_end; i += rows) {
      kernel->tile(s->k, s->a + i * s->k * size, s->b + j * s->k * size, tile);
      s->access->store(p->out + ((s->m0 + i) * p->out_row + (s->n0 + j) * p->out_col) * dsize, p->out_row, p->out_col,
                       tile, cols, least(rows, m_end - i), least(cols, n_end - j), p->alpha, s->beta);
    }
}
static void tiles_part(void *arg, int64_t part) {
  const struct pass *s = arg;
  int64_t m_first = part / s->n_parts * s->m_part, n_first = part % s->n_parts * N_PART;
  tiles(s, m_first, least(s->m, m_first + s->m_part), n_first, least(s->n, n_first + N_PART));
}

/* k = 0 or alpha = 0: nothing to add. */
static bool only_scale(const struct rk_product *p) {
  if (p->k > 0 && p->alpha != 0) return false;
  if (p->beta == 1) return true;
  static const char zeros[RK_TILE_ROWS * RK_TILE_COLS * 4];
  for (int64_t i = 0; i < p->m; i++)
    for (int64_t j = 0; j < p->n; j += RK_TILE_COLS)
      access_of[p->dt].store(p->out + (i * p->out_row + j * p->out_col) * rk_dtype_size(p->dt), p->out_row, p->out_col,
                             zeros, RK_TILE_COLS, 1, least(RK_TILE_COLS, p->n - j), 0, p->beta);
  return true;
}

bool rk_own_gemm_small(const struct rk_product *given) {
  const struct access *access = access_of + given->dt;
  int64_t m = given->m, n = given->n, k = given->k;
  if (m > SMALL_BYTES || n > SMALL_BYTES || k > K_PASS) return false;
  if (only_scale(given)) return true;
  const struct rk_product q = rk_by_rows(given);
  const struct rk_gemm_kernel *kernel = rk_gemm_kernel(access->compute);
  int64_t a_count = padded(q.m, kernel->rows) * k, b_count = padded(q.n, kernel->cols) * k;
  if ((a_count + b_count) * access->size > SMALL_BYTES) return false;
  char space[SMALL_BYTES] __attribute__((aligned(64)));
  struct pass s = {.p = &q, .access = access, .kernel = kernel, .m = q.m, .n = q.n, .k = k, .beta = q.beta};
  s.b = space;
  s.a = space + b_count * access->size;
  pack_a(&s, 0, q.m);
  pack_b(&s, 0, q.n);
  tiles(&s, 0, q.m, 0, q.n);
  return true;
}

/* At least four parts a thread; where they are cut does not change the sums. */
static void cut(struct pass *s) {
  s->n_parts = parts_of(s->n, N_PART);
  for (s->m_part = M_PART; s->m_part > M_PART_LEAST; s->m_part /= 2)
    if (parts_of(s->m, s->m_part) * s->n_parts >= 4 * (int64_t)rk_threads()) break;
  s->m_parts = parts_of(s->m, s->m_part);
}

int rk_own_gemm(const struct rk_product *given, const char *who) {
  if (rk_own_gemm_small(given) || only_scale(given)) return RK_OK;
  const struct rk_product p = rk_by_rows(given);
  const struct access *access = access_of + p.dt;
  struct pass s = {.p = &p, .access = access, .kernel = rk_gemm_kernel(access->compute)};
  /* stretches of equal length, for the last one not to be a short one */
  int64_t k_passes = access->whole_k ? 1 : parts_of(p.k, K_PASS);
  int64_t k_pass = parts_of(p.k, k_passes), size = access->size;
  /* whole k: pack fewer rows and columns at a time, a tile's at least */
  int64_t share = k_pass > K_PASS ? least(k_pass / K_PASS + 1, M_PASS / M_PART_LEAST) : 1;
  int64_t m_pass = least(p.m, padded(M_PASS / share, M_PART_LEAST)),
          n_pass = least(p.n, padded(N_PASS / share, RK_TILE_COLS));
  /* an expanded view may be longer than any memory: packed lanes of it would count beyond 2^63 */
  if (k_pass > MOST_K)
    return rk_fail(RK_ENOMEM, "%s: out of memory: rows of %lld elements to pack", who, (long long)k_pass);
  int64_t b_bytes = padded(padded(n_pass, s.kernel->cols) * k_pass * size, 64);
  s.b = rk_scratch(b_bytes + padded(m_pass, s.kernel->rows) * k_pass * size, who);
  if (!s.b) return RK_ENOMEM;
  s.a = s.b + b_bytes;
  int status = RK_OK;
  for (s.n0 = 0; s.n0 < p.n && !status; s.n0 += n_pass)
    for (s.k0 = 0; s.k0 < p.k && !status; s.k0 += k_pass)
      for (s.m0 = 0; s.m0 < p.m && !status; s.m0 += m_pass) {
        s.m = least(m_pass, p.m - s.m0), s.n = least(n_pass, p.n - s.n0), s.k = least(k_pass, p.k - s.k0);
        s.beta = s.k0 ? 1 : p.beta;
        cut(&s);
        const int64_t packs = s.m_parts + (s.m0 ? 0 : s.n_parts); /* b once for all rows */
        status = rk_parallel_try(packs, (s.m + s.n) * s.k * 2, pack_part, &s);
        if (!status) status = rk_parallel_try(s.m_parts * s.n_parts, s.m * s.n * s.k / 8, tiles_part, &s);
      }
  rk_scratch_free(s.b);
  return status;
}
