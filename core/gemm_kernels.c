/* gemm_kernels.c -- tiles of the matrix product for each instruction set, from
 * gemm_kernels.h.
 *
 * A tile keeps rows x 2 vectors of sums in registers: 8 rows where there are 32
 * registers (AVX-512, NEON), 6 where there are 16. Eight independent sums are
 * what two multiply-add units of latency 4 need; the tiles have 12 and 16. */
#include "gemm.h"
#include "unroll.h"
#include <string.h>
#if defined __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

#if defined __x86_64__
/* Eight rows of eight floats, transposed in registers. */
__attribute__((target("avx2"))) static inline void transpose_8x8(float *to, int width, const float *x, int64_t step) {
  __m256 r0 = _mm256_loadu_ps(x), r1 = _mm256_loadu_ps(x + step), r2 = _mm256_loadu_ps(x + 2 * step),
         r3 = _mm256_loadu_ps(x + 3 * step), r4 = _mm256_loadu_ps(x + 4 * step), r5 = _mm256_loadu_ps(x + 5 * step),
         r6 = _mm256_loadu_ps(x + 6 * step), r7 = _mm256_loadu_ps(x + 7 * step);
  __m256 a0 = _mm256_unpacklo_ps(r0, r1), a1 = _mm256_unpackhi_ps(r0, r1), a2 = _mm256_unpacklo_ps(r2, r3),
         a3 = _mm256_unpackhi_ps(r2, r3), a4 = _mm256_unpacklo_ps(r4, r5), a5 = _mm256_unpackhi_ps(r4, r5),
         a6 = _mm256_unpacklo_ps(r6, r7), a7 = _mm256_unpackhi_ps(r6, r7);
  r0 = _mm256_shuffle_ps(a0, a2, 0x44), r1 = _mm256_shuffle_ps(a0, a2, 0xee);
  r2 = _mm256_shuffle_ps(a1, a3, 0x44), r3 = _mm256_shuffle_ps(a1, a3, 0xee);
  r4 = _mm256_shuffle_ps(a4, a6, 0x44), r5 = _mm256_shuffle_ps(a4, a6, 0xee);
  r6 = _mm256_shuffle_ps(a5, a7, 0x44), r7 = _mm256_shuffle_ps(a5, a7, 0xee);
  _mm256_storeu_ps(to, _mm256_permute2f128_ps(r0, r4, 0x20));
  _mm256_storeu_ps(to + width, _mm256_permute2f128_ps(r1, r5, 0x20));
  _mm256_storeu_ps(to + 2 * width, _mm256_permute2f128_ps(r2, r6, 0x20));
  _mm256_storeu_ps(to + 3 * width, _mm256_permute2f128_ps(r3, r7, 0x20));
  _mm256_storeu_ps(to + 4 * width, _mm256_permute2f128_ps(r0, r4, 0x31));
  _mm256_storeu_ps(to + 5 * width, _mm256_permute2f128_ps(r1, r5, 0x31));
  _mm256_storeu_ps(to + 6 * width, _mm256_permute2f128_ps(r2, r6, 0x31));
  _mm256_storeu_ps(to + 7 * width, _mm256_permute2f128_ps(r3, r7, 0x31));
}
__attribute__((target("avx2"))) static void transpose8_float(void *pto, int width, const void *from, int64_t step,
                                                             int64_t k) {
  float *to = pto;
  const float *x = from;
  int64_t q = 0;
  for (; q + 8 <= k; q += 8) transpose_8x8(to + q * width, width, x + q, step);
  for (; q < k; q++)
    for (int i = 0; i < 8; i++) to[q * width + i] = x[i * step + q];
}
__attribute__((target("avx2"))) static void transpose8_double(void *pto, int width, const void *from, int64_t step,
                                                              int64_t k) {
  double *to = pto;
  int64_t q = 0;
  for (; q + 4 <= k; q += 4)
    for (int half = 0; half < 8; half += 4) {
      const double *x = (const double *)from + half * step + q;
      double *y = to + q * width + half;
      __m256d r0 = _mm256_loadu_pd(x), r1 = _mm256_loadu_pd(x + step), r2 = _mm256_loadu_pd(x + 2 * step),
              r3 = _mm256_loadu_pd(x + 3 * step);
      __m256d a0 = _mm256_unpacklo_pd(r0, r1), a1 = _mm256_unpackhi_pd(r0, r1), a2 = _mm256_unpacklo_pd(r2, r3),
              a3 = _mm256_unpackhi_pd(r2, r3);
      _mm256_storeu_pd(y, _mm256_permute2f128_pd(a0, a2, 0x20));
      _mm256_storeu_pd(y + width, _mm256_permute2f128_pd(a1, a3, 0x20));
      _mm256_storeu_pd(y + 2 * width, _mm256_permute2f128_pd(a0, a2, 0x31));
      _mm256_storeu_pd(y + 3 * width, _mm256_permute2f128_pd(a1, a3, 0x31));
    }
  for (; q < k; q++)
    for (int i = 0; i < 8; i++) to[q * width + i] = ((const double *)from)[i * step + q];
}

#define RK_NAME(f) f##_avx512
#define RK_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define RK_VBYTES 64
#define RK_ROWS ROWS8
#define RK_NROWS 8
#define RK_MULADD_float(c, s, b) c = (vector)_mm512_fmadd_ps(_mm512_set1_ps(s), (__m512)(b), (__m512)(c));
#define RK_MULADD_double(c, s, b) c = (vector)_mm512_fmadd_pd(_mm512_set1_pd(s), (__m512d)(b), (__m512d)(c));
#define RK_TRANSPOSE_float transpose8_float
#define RK_TRANSPOSE_double transpose8_double
#include "gemm_kernels.h"
#undef RK_TARGET
#undef RK_VBYTES
#undef RK_MULADD_float
#undef RK_MULADD_double

#define RK_NAME(f) f##_avx2
#define RK_TARGET __attribute__((target("avx2,fma")))
#define RK_VBYTES 32
#define RK_ROWS ROWS6
#define RK_NROWS 6
#define RK_MULADD_float(c, s, b) c = (vector)_mm256_fmadd_ps(_mm256_set1_ps(s), (__m256)(b), (__m256)(c));
#define RK_MULADD_double(c, s, b) c = (vector)_mm256_fmadd_pd(_mm256_set1_pd(s), (__m256d)(b), (__m256d)(c));
#include "gemm_kernels.h"
#undef RK_TARGET
#undef RK_VBYTES
#undef RK_MULADD_float
#undef RK_MULADD_double
#undef RK_TRANSPOSE_float
#undef RK_TRANSPOSE_double
#endif

#define RK_NAME(f) f##_base
#define RK_TARGET
#define RK_VBYTES 16
#if defined __aarch64__
#define RK_ROWS ROWS8
#define RK_NROWS 8
#define RK_MULADD_float(c, s, b) c = (vector)vfmaq_n_f32((float32x4_t)(c), (float32x4_t)(b), s);
#define RK_MULADD_double(c, s, b) c = (vector)vfmaq_n_f64((float64x2_t)(c), (float64x2_t)(b), s);
#else
#define RK_ROWS ROWS6
#define RK_NROWS 6
#define RK_MULADD_float(c, s, b) c += (s) * (b);
#define RK_MULADD_double(c, s, b) c += (s) * (b);
#endif
#define RK_TRANSPOSE_float NULL
#define RK_TRANSPOSE_double NULL
#include "gemm_kernels.h"

const struct rk_gemm_kernel *rk_gemm_kernel(int compute) {
#if defined __x86_64__
  const char *isa = rk_isa();
  if (strcmp(isa, "avx512") == 0) return kernels_avx512 + compute;
  if (strcmp(isa, "avx2") == 0) return kernels_avx2 + compute;
#endif
  return kernels_base + compute;
}
