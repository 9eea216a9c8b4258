/* random_kernels.c -- the random generator's loops, once per instruction set.
 *
 * Written so that compilers widen them: no branches, no calls, everything in
 * double. The logarithm, sine and cosine are Taylor series over ranges small
 * enough to give full double precision (errors below 2 units in the last
 * place), so that there are no fitted constants to explain. */
#include "random.h"
#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t temper_word(uint32_t y) {
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ y >> 18;
}
/* A word as a number in [0, 1): exact. Set as the low bits of 2^52, a word
 * becomes a double by one subtraction: quicker than an unsigned conversion. */
INLINE double unit(uint32_t word) {
  uint64_t bits = 0x4330000000000000u | word;
  double d;
  memcpy(&d, &bits, 8);
  return (d - 4503599627370496.0) * (1.0 / 4294967296.0);
}
/* log x for normal x > 0: x = m 2^k with m in [sqrt 1/2, sqrt 2), and
 * log m = 2 atanh s, s = (m - 1) / (m + 1), |s| < 0.172. */
INLINE double log_unit(double x) {
  uint64_t bits, top;
  memcpy(&bits, &x, 8);
  bits -= 0x3fe6a09e667f3bcdu; /* sqrt(1/2) */
  /* k without a 64-bit conversion: the biased exponent as the low bits of 2^52 */
  top = 0x4330000000000000u | ((bits + 0x4000000000000000u) >> 52);
  bits = (bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu;
  double k, m;
  memcpy(&k, &top, 8);
  memcpy(&m, &bits, 8);
  k -= 4503599627370496.0 + 1024.0;
  double f = m - 1, s = f / (2 + f), z = s * s, z2 = z * z, z4 = z2 * z2;
  double low = (1.0 / 3 + z * (1.0 / 5)) + z2 * (1.0 / 7 + z * (1.0 / 9));
  double high = (1.0 / 11 + z * (1.0 / 13)) + z2 * (1.0 / 15 + z * (1.0 / 17));
  double rest = 1.0 / 19 + z * (1.0 / 21);
  double p = z * (low + z4 * (high + z4 * rest));
  /* log 2 in two parts, the first short enough for k times it to be exact */
  return k * 0x1.62e42fefa38p-1 + (k * 0x1.ef35793c7673p-45 + (2 * s + 2 * s * p));
}
/* Cosine and sine of x turns, 0 <= |x| <= 1: the nearest quarter turn, exactly, and series on the rest. */
INLINE void turn(double x, double *cosine, double *sine) {
  double shifted = x * 4 + 6755399441055744.0, quarter = shifted - 6755399441055744.0;
  uint64_t q;
  memcpy(&q, &shifted, 8);
  double t = (x - quarter * 0.25) * 6.283185307179586477, z = t * t, z2 = z * z, z4 = z2 * z2;
  double s = (-1.0 / 6 + z * (1.0 / 120)) + z2 * (-1.0 / 5040 + z * (1.0 / 362880)) +
             z4 * ((-1.0 / 39916800 + z * (1.0 / 6227020800)) + z2 * (-1.0 / 1307674368000));
  double c = (1.0 / 24 + z * (-1.0 / 720)) + z2 * (1.0 / 40320 + z * (-1.0 / 3628800)) +
             z4 * ((1.0 / 479001600 + z * (-1.0 / 87178291200)) + z2 * (1.0 / 20922789888000));
  s = t + t * z * s;
  c = 1 - 0.5 * z + z2 * c;
  /* quarter 1: (-s, c); 2: (-c, -s); 3: (s, -c) */
  uint64_t swap = 0 - (q & 1), cs, ss, cbits, sbits;
  memcpy(&cbits, &c, 8);
  memcpy(&sbits, &s, 8);
  cs = ((cbits & ~swap) | (sbits & swap)) ^ ((q + 1) << 62 & 0x8000000000000000u);
  ss = ((sbits & ~swap) | (cbits & swap)) ^ (q << 62 & 0x8000000000000000u);
  memcpy(cosine, &cs, 8);
  memcpy(sine, &ss, 8);
}
/* tan(pi v), |v| <= 1/2. The tangent of a right angle is what the nearest double to it gives, not infinity. */
INLINE double tangent(double v) {
  double c, s;
  turn(v * 0.5, &c, &s);
  c = c == 0 ? 6.123233995736766e-17 : c;
  return s / c;
}

uint32_t rk_random_temper(uint32_t word) { return temper_word(word); }
double rk_random_radius(double v) { return sqrt(-2.0 * log_unit(1 - v)); }
void rk_random_turn(double u, double *cosine, double *sine) { turn(u, cosine, sine); }

#define RK_NAME(f) f##_base
#define RK_TARGET
#include "random_kernels.h"
#undef RK_NAME
#undef RK_TARGET
#if defined __x86_64__
#define RK_NAME(f) f##_avx2
#define RK_TARGET __attribute__((target("avx2")))
#include "random_kernels.h"
#undef RK_NAME
#undef RK_TARGET
#define RK_NAME(f) f##_avx512
#define RK_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#include "random_kernels.h"
#undef RK_NAME
#undef RK_TARGET
#endif

const struct random_kernels *rk_random_kernels(void) {
#if defined __x86_64__
  const char *isa = rk_isa();
  if (strcmp(isa, "avx512") == 0) return &table_avx512;
  if (strcmp(isa, "avx2") == 0) return &table_avx2;
#endif
  return &table_base;
}
