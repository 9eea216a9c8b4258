/* loops_gemm.c -- small products straight from their matrices; see gemm_small.c. Compiled once per ISA; includes
 * itself once per type.
 *
 * Columns by the vector, the last ones under a mask; eight rows of sums in registers, then those that are left. A sum
 * runs over k in order, by the same multiply-add as the tiles of gemm_kernels.c: same bits. */
#ifndef REAL
#include "gemm.h"
#include "unroll.h"
#if defined __AVX512F__ || defined __AVX2__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

/* MOST: multiplications up to which this was found to be the faster way. For each type: MASK(n) stands for the first n
 * lanes, all of them where n is larger; LOAD and SAVE leave the memory of the others alone; MULADD(c, s, v) is c += s *
 * v, s a number. */
#if defined __AVX512F__
enum { VBYTES = 64, MOST = 1 << 14 };
#define MASK_f32(n) (__mmask16)((n) < 16 ? (1u << (n)) - 1 : 0xffffu)
#define MASK_f64(n) (__mmask8)((n) < 8 ? (1u << (n)) - 1 : 0xffu)
#define LOAD_f32(x, n, mask) (vector) _mm512_maskz_loadu_ps(mask, x)
#define LOAD_f64(x, n, mask) (vector) _mm512_maskz_loadu_pd(mask, x)
#define SAVE_f32(x, n, mask, v) _mm512_mask_storeu_ps(x, mask, (__m512)(v))
#define SAVE_f64(x, n, mask, v) _mm512_mask_storeu_pd(x, mask, (__m512d)(v))
#define MULADD_f32(c, s, v) c = (vector)_mm512_fmadd_ps(_mm512_set1_ps(s), (__m512)(v), (__m512)(c));
#define MULADD_f64(c, s, v) c = (vector)_mm512_fmadd_pd(_mm512_set1_pd(s), (__m512d)(v), (__m512d)(c));
#elif defined __AVX2__
enum { VBYTES = 32, MOST = 1 << 13 };
#define MASK_f32(n)                                                                                                    \
  _mm256_cmpgt_epi32(_mm256_set1_epi32((n) < 8 ? (int)(n) : 8), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define MASK_f64(n) _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3))
#define LOAD_f32(x, n, mask) (vector) _mm256_maskload_ps(x, mask)
#define LOAD_f64(x, n, mask) (vector) _mm256_maskload_pd(x, mask)
/* a whole vector without the mask: masked stores are slow on some processors */
#define SAVE_f32(x, n, mask, v) ((n) < 8 ? _mm256_maskstore_ps(x, mask, (__m256)(v)) : _mm256_storeu_ps(x, (__m256)(v)))
#define SAVE_f64(x, n, mask, v)                                                                                        \
  ((n) < 4 ? _mm256_maskstore_pd(x, mask, (__m256d)(v)) : _mm256_storeu_pd(x, (__m256d)(v)))
#define MULADD_f32(c, s, v) c = (vector)_mm256_fmadd_ps(_mm256_set1_ps(s), (__m256)(v), (__m256)(c));
#define MULADD_f64(c, s, v) c = (vector)_mm256_fmadd_pd(_mm256_set1_pd(s), (__m256d)(v), (__m256d)(c));
#else
enum { VBYTES = 16, MOST = 1 << 11 };
#define MASK_f32(n) ((n) < 4 ? (size_t)(n)*4 : 16) /* bytes */
#define MASK_f64(n) ((n) < 2 ? (size_t)(n)*8 : 16)
#define LOAD_f32(x, n, mask) load_f32(x, mask)
#define LOAD_f64(x, n, mask) load_f64(x, mask)
#define SAVE_f32(x, n, mask, v) save_f32(x, mask, v)
#define SAVE_f64(x, n, mask, v) save_f64(x, mask, v)
#define SLOW_MASKS
#if defined __aarch64__
#define MULADD_f32(c, s, v) c = (vector)vfmaq_n_f32((float32x4_t)(c), (float32x4_t)(v), s);
#define MULADD_f64(c, s, v) c = (vector)vfmaq_n_f64((float64x2_t)(c), (float64x2_t)(v), s);
#else
#define MULADD_f32(c, s, v) c += (s) * (v);
#define MULADD_f64(c, s, v) c += (s) * (v);
#endif
#endif

#define LOOPS_FILE "loops_gemm.c"
#include "each_real.h"
const struct rk_gemm_loops RK_LOOPS_NAME(rk_gemm_loops, RK_ISA)[2] = {{product_f32, VBYTES / 4, MOST},
                                                                      {product_f64, VBYTES / 8, MOST}};

#else
typedef REAL FN(vector) __attribute__((vector_size(VBYTES), may_alias, aligned(sizeof(REAL))));
#define vector FN(vector)
#define MASK FN(MASK)
#define LOAD FN(LOAD)
#define SAVE FN(SAVE)
#define MULADD FN(MULADD)

#ifdef SLOW_MASKS
static inline vector FN(load)(const REAL *x, size_t bytes) {
  vector v = {0};
  if (bytes == VBYTES) return *(const vector *)x;
  memcpy(&v, x, bytes);
  return v;
}
static inline void FN(save)(REAL *x, size_t bytes, vector v) {
  if (bytes == VBYTES)
    *(vector *)x = v;
  else
    memcpy(x, &v, bytes);
}
#endif

#define ZERO(i) vector c##i = {0};
#define STEP(i) MULADD(c##i, a[i * p->a_row], v)
#define KEEP(i)                                                                                                        \
  c##i *= alpha;                                                                                                       \
  if (beta != 0) c##i = beta * LOAD(out, n, mask) + c##i;                                                              \
  SAVE(out, n, mask, c##i);                                                                                            \
  out += p->out_row;
/* Some rows of some columns. */
#define BLOCK(rows)                                                                                                    \
  static void FN(rows_##rows)(const struct rk_product *p, const REAL *a, const REAL *b, REAL *out, int64_t n) {        \
    const REAL alpha = (REAL)p->alpha, beta = (REAL)p->beta;                                                           \
    const __auto_type mask = MASK(n);                                                                                  \
    ROWS##rows(ZERO) for (int64_t q = 0; q < p->k; q++, a += p->a_col, b += p->b_row) {                                \
      vector v = LOAD(b, n, mask);                                                                                     \
      ROWS##rows(STEP)                                                                                                 \
    }                                                                                                                  \
    ROWS##rows(KEEP)                                                                                                   \
  }
BLOCK(1)
BLOCK(2)
BLOCK(3)
BLOCK(4)
BLOCK(5)
BLOCK(6)
BLOCK(7)
BLOCK(8)
static void FN(product)(const struct rk_product *p) {
  static void (*const some[])(const struct rk_product *, const REAL *, const REAL *, REAL *, int64_t) = {
      NULL, FN(rows_1), FN(rows_2), FN(rows_3), FN(rows_4), FN(rows_5), FN(rows_6), FN(rows_7)};
  for (int64_t j = 0; j < p->n; j += VBYTES / (int)sizeof(REAL)) {
    const REAL *a = (const REAL *)p->a, *b = (const REAL *)p->b + j;
    REAL *out = (REAL *)p->out + j;
    int64_t i = 0;
    for (; i + 8 <= p->m; i += 8) FN(rows_8)(p, a + i * p->a_row, b, out + i * p->out_row, p->n - j);
    if (i < p->m) some[p->m - i](p, a + i * p->a_row, b, out + i * p->out_row, p->n - j);
  }
}
#undef vector
#undef MASK
#undef LOAD
#undef SAVE
#undef MULADD
#undef ZERO
#undef STEP
#undef KEEP
#undef BLOCK
#endif
