/* widen.h -- elements read as a vector of the type in which reductions accumulate, for the sums of loops.h, whose
 * macros it uses: C, the type in memory, and A. Exact, so the same on every ISA. The compilers' own conversions of
 * vectors go by way of halves; one instruction that reads and widens, and half vectors on AVX-512, whose whole ones
 * cost more than two, make the sum of floats in the caches twice as quick (45 -> 90 GB/s on a core of a Zen 4). */
#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
enum { WIDE = 4, FUSED = RK_IS_FLT && sizeof(C) < sizeof(A) };
typedef A wide_t __attribute__((vector_size(WIDE * sizeof(A))));
#define READ_FLOATS(x) (wide_t) _mm256_cvtps_pd(_mm_loadu_ps((const void *)(x)))
#define READ_INTS(x) (wide_t) _mm256_cvtepi32_epi64(_mm_loadu_si128((const void *)(x)))
/* Not known to be 1, else the compilers would add what is to be fused. */
static inline wide_t wide_ones(void) {
  wide_t one = (wide_t){0} + 1;
  __asm__("" : "+x"(one));
  return one;
}
/* acc + v * w where the product is exact: its rounding is that of the sum. Conversions and sums share the units that
 * these leave alone. */
#define ADD_PRODUCT(acc, v, w) (wide_t) _mm256_fmadd_pd((__m256d)(v), (__m256d)(w), (__m256d)(acc))
#else
enum { WIDE = 2, FUSED = 0 };
typedef A wide_t __attribute__((vector_size(WIDE * sizeof(A))));
#define READ_FLOATS(x) ((wide_t){(A)(x)[0], (A)(x)[1]})
#define READ_INTS(x) ((wide_t){(A)(x)[0], (A)(x)[1]})
#define ADD_PRODUCT(acc, v, w) ((acc) + (v) * (w))
static inline wide_t wide_ones(void) { return (wide_t){0} + 1; }
#endif
typedef A unaligned_t __attribute__((vector_size(WIDE * sizeof(A)), aligned(sizeof(A)), may_alias));
typedef int64_t bits_t __attribute__((vector_size(WIDE * sizeof(A))));

static inline wide_t widen(const C *x) {
  if (sizeof(C) == sizeof(A)) return *(const unaligned_t *)(const void *)x;
  return RK_IS_FLT ? READ_FLOATS(x) : READ_INTS(x);
}
