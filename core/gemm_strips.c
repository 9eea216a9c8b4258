/* gemm_strips.c -- tiles of the matrix product that read their rows where they lie.
 *
 * The tiles of gemm_kernels.c want both operands packed, which costs a pass over what changes from call to call. Here
 * only the columns are: they are the weights of a layer, packed once and multiplied many times, or gradients that were
 * made in this form; turned, the rows of the product are columns where they lie. There is a loop for
 * each number of rows, so that the last ones of a batch cost what they are; and out is added to, so that a product may
 * come in several pieces. Rows three by three share an address register, for there are few of these. Measured, float32,
 * one Zen 4 thread: 114 GFLOP/s, as with packed rows, but 72 where rows lie a multiple of 4 KiB apart and meet in the
 * same set of the cache. */
#include "gemm.h"
#include "unroll.h"
#include <string.h>
#if defined __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

/* Element of row i; the addresses of rows 0, 3, 6 ... */
#define AT_0 p0[0]
#define AT_1 p0[row]
#define AT_2 p0[2 * row]
#define AT_3 p3[0]
#define AT_4 p3[row]
#define AT_5 p3[2 * row]
#define AT_6 p6[0]
#define AT_7 p6[row]
#define AT_8 p6[2 * row]
#define AT_9 p9[0]
#define AT_10 p9[row]
#define AT_11 p9[2 * row]
#define AT_12 p12[0]
#define BASE_0 const strip_t *p0 = a;
#define BASE_1
#define BASE_2
#define BASE_3 const strip_t *p3 = a + 3 * row;
#define BASE_4
#define BASE_5
#define BASE_6 const strip_t *p6 = a + 6 * row;
#define BASE_7
#define BASE_8
#define BASE_9 const strip_t *p9 = a + 9 * row;
#define BASE_10
#define BASE_11
#define BASE_12 const strip_t *p12 = a + 12 * row;
#define NEXT_0 p0++;
#define NEXT_1
#define NEXT_2
#define NEXT_3 p3++;
#define NEXT_4
#define NEXT_5
#define NEXT_6 p6++;
#define NEXT_7
#define NEXT_8
#define NEXT_9 p9++;
#define NEXT_10
#define NEXT_11
#define NEXT_12 p12++;

#define STRIPS6(X, t) X(t, 1) X(t, 2) X(t, 3) X(t, 4) X(t, 5) X(t, 6)
#define STRIPS8(X, t) STRIPS6(X, t) X(t, 7) X(t, 8)
#define STRIPS13(X, t) STRIPS8(X, t) X(t, 9) X(t, 10) X(t, 11) X(t, 12) X(t, 13)

#if defined __x86_64__
#define RK_NAME(f) f##_avx512
#define RK_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define RK_VBYTES 64
#define RK_STRIPS STRIPS13
#define RK_NSTRIPS 13
#define RK_MULADD_float(c, s, b) c = (vector)_mm512_fmadd_ps(_mm512_set1_ps(s), (__m512)(b), (__m512)(c));
#define RK_MULADD_double(c, s, b) c = (vector)_mm512_fmadd_pd(_mm512_set1_pd(s), (__m512d)(b), (__m512d)(c));
#include "gemm_strips.h"

#define RK_NAME(f) f##_avx2
#define RK_TARGET __attribute__((target("avx2,fma")))
#define RK_VBYTES 32
#define RK_STRIPS STRIPS6
#define RK_NSTRIPS 6
#define RK_MULADD_float(c, s, b) c = (vector)_mm256_fmadd_ps(_mm256_set1_ps(s), (__m256)(b), (__m256)(c));
#define RK_MULADD_double(c, s, b) c = (vector)_mm256_fmadd_pd(_mm256_set1_pd(s), (__m256d)(b), (__m256d)(c));
#include "gemm_strips.h"
#endif

#define RK_NAME(f) f##_base
#define RK_TARGET
#define RK_VBYTES 16
#if defined __aarch64__
#define RK_STRIPS STRIPS8
#define RK_NSTRIPS 8
#define RK_MULADD_float(c, s, b) c = (vector)vfmaq_n_f32((float32x4_t)(c), (float32x4_t)(b), s);
#define RK_MULADD_double(c, s, b) c = (vector)vfmaq_n_f64((float64x2_t)(c), (float64x2_t)(b), s);
#else
#define RK_STRIPS STRIPS6
#define RK_NSTRIPS 6
#define RK_MULADD_float(c, s, b) c += (s) * (b);
#define RK_MULADD_double(c, s, b) c += (s) * (b);
#endif
#include "gemm_strips.h"

const struct rk_strips *rk_strips(int compute) {
#if defined __x86_64__
  const char *isa = rk_isa();
  if (strcmp(isa, "avx512") == 0) return strips_avx512 + compute;
  if (strcmp(isa, "avx2") == 0) return strips_avx2 + compute;
#endif
  return strips_base + compute;
}
