/* scalar_f32.h -- float functions for scalar.h, which includes this file.
 *
 * Hot ones (exp, log, tanh, sigmoid, sin, cos ...) compute in float; the others
 * round the double function, which makes them right to half an ulp. Measured
 * errors: test/c/pointwise_test.c. Polynomials of exp, log and tanh are those
 * of the Cephes library (S. Moshier, expf.c, logf.c, tanhf.c). */
#ifndef RK_SCALAR_F32_H
#define RK_SCALAR_F32_H

RK_FN float rk_abs_f32(float x) { return fabsf(x); }
RK_FN float rk_copysign_f32(float x, float y) { return copysignf(x, y); }
RK_FN float rk_sqrt_f32(float x) { return sqrtf(x); }
RK_FN float rk_floor_f32(float x) { return floorf(x); }
RK_FN float rk_ceil_f32(float x) { return ceilf(x); }
RK_FN float rk_trunc_f32(float x) { return truncf(x); }
RK_FN float rk_round_f32(float x) { /* halves away from zero */
  float t = truncf(x);
  return fabsf(x - t) >= 0.5f ? t + copysignf(1.0f, x) : t;
}

RK_FN float rk_pow2_f32(int32_t n) { return rk_asfloat((uint32_t)(n + 127) << 23); } /* -126 <= n <= 127 */
RK_FN float rk_scale_f32(float p, int32_t n) { /* p * 2^n, subnormal and huge results too */
  int32_t h = n >> 1;
  return p * rk_pow2_f32(h) * rk_pow2_f32(n - h);
}
RK_FN float rk_expm1_core_f32(float r) { /* |r| <= ln2/2 */
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + r;
}
RK_FN float rk_exp_reduce_f32(float x, int32_t *n) {
  float z = x * 1.44269504f + 12582912.0f, k = z - 12582912.0f;
  *n = (int32_t)(rk_asbits(z) - 0x4b400000u);
  return x - k * 0.693359375f + k * 2.12194440e-4f;
}
RK_FN float rk_exp_times_f32(float x, int32_t more) {
  float c = x < -104.0f ? -104.0f : x > 90.0f ? 90.0f : x;
  int32_t n;
  float r = rk_exp_reduce_f32(c, &n);
  return rk_scale_f32(rk_expm1_core_f32(r) + 1.0f, n + more);
}
RK_FN float rk_exp_f32(float x) { return rk_exp_times_f32(x, 0); }
RK_FN float rk_exp2_f32(float x) {
  float c = x < -151.0f ? -151.0f : x > 129.0f ? 129.0f : x;
  float z = c + 12582912.0f, f = c - (z - 12582912.0f);
  return rk_scale_f32(rk_expm1_core_f32(f * 0.693147181f) + 1.0f, (int32_t)(rk_asbits(z) - 0x4b400000u));
}
RK_FN float rk_expm1_f32(float x) {
  float c = x < -20.0f ? -20.0f : x > 90.0f ? 90.0f : x;
  int32_t n;
  float r = rk_exp_reduce_f32(c, &n);
  float p = rk_expm1_core_f32(r), t = rk_pow2_f32(n - 1);
  float y = (t * p + (t - 0.5f)) * 2.0f;
  return x == 0 ? x : y;
}

RK_FN float rk_log_f32(float x) {
  int tiny = x < 1.17549435e-38f;
  uint32_t u = rk_asbits(tiny ? x * 8388608.0f : x), v = u - 0x3f3504f3u;
  float e = (float)((int32_t)v >> 23) - (tiny ? 23.0f : 0.0f);
  float m = rk_asfloat((v & 0x007fffffu) + 0x3f3504f3u) - 1.0f, s = m * m, p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float y = p * m * s - e * 2.12194440e-4f - 0.5f * s + m + e * 0.693359375f;
  y = x > 3.402823466e38f ? x : y;
  y = x == 0 ? -HUGE_VALF : y;
  return x >= 0 ? y : rk_asfloat(0x7fc00000u);
}
RK_FN float rk_log1p_f32(float x) {
  float u = 1.0f + x, c = (x - (u - 1.0f)) / u;                      /* c: what the rounding of u lost */
  uint32_t keep = 0 - (uint32_t)((u != 0) & (u <= 3.402823466e38f)); /* a mask: GCC made a branch of the select */
  return rk_log_f32(u) + rk_asfloat(rk_asbits(c) & keep);
}

RK_FN float rk_tanh_f32(float x) {
  float ax = fabsf(x), s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  float small = p * s * x + x, t = 1.0f - 2.0f / (rk_exp_f32(2.0f * ax) + 1.0f);
  return ax < 0.625f ? small : copysignf(t, x);
}
RK_FN float rk_sigmoid_f32(float x) { /* with e/2 in place of e = exp(-x), which one power of 2 scales up to x = -89 */
  float c = x > 80.0f ? -80.0f : x < -89.0f ? 89.0f : -x; /* 1 + exp(-80) is 1 */
  int32_t n;
  float r = rk_exp_reduce_f32(c, &n);
  float y = 0.5f / (0.5f + (rk_expm1_core_f32(r) + 1.0f) * rk_pow2_f32(n - 1));
  return x < -89.0f ? 0.0f : y;
}
RK_FN float rk_softplus_f32(float x) { return (x > 0 ? x : 0.0f) + rk_log1p_f32(rk_exp_f32(-fabsf(x))); }
RK_FN float rk_sinh_f32(float x) {
  float a = fabsf(x), e = rk_expm1_f32(a);
  float y = a > 10.0f ? rk_exp_times_f32(a, -1) : 0.5f * (e + e / (e + 1.0f));
  return copysignf(y, x);
}
RK_FN float rk_cosh_f32(float x) {
  float t = rk_exp_times_f32(fabsf(x), -1);
  return t + 0.25f / t;
}

/* -- circular: reduced in double, where |x| <= RK_TRIG_NEAR leaves no error a float shows -- */
RK_FN float rk_trig_reduce_f32(float x, uint32_t *quadrant) {
  double z = (double)x * 0.63661977236758134 + 6755399441055744.0, k = z - 6755399441055744.0;
  *quadrant = (uint32_t)rk_asbits64(z);
  return (float)(((double)x - k * 1.57079632673412561417e+00) - k * 6.07710050650619224932e-11);
}
RK_FN float rk_sin_core_f32(float r) {
  float s = r * r, p = 1.0f / 362880.0f;
  p = p * s - 1.0f / 5040.0f;
  p = p * s + 1.0f / 120.0f;
  p = p * s - 1.0f / 6.0f;
  return p * s * r + r;
}
RK_FN float rk_cos_core_f32(float r) {
  float s = r * r, p = -1.0f / 3628800.0f;
  p = p * s + 1.0f / 40320.0f;
  p = p * s - 1.0f / 720.0f;
  p = p * s + 1.0f / 24.0f;
  return p * (s * s) - 0.5f * s + 1.0f;
}
RK_FN float rk_sin_near_f32(float x) {
  uint32_t q;
  float r = rk_trig_reduce_f32(x, &q), s = rk_sin_core_f32(r), c = rk_cos_core_f32(r);
  float y = rk_asfloat(rk_asbits(q & 1 ? c : s) ^ (q & 2) << 30);
  return x == 0 ? x : y;
}
RK_FN float rk_cos_near_f32(float x) {
  uint32_t q;
  float r = rk_trig_reduce_f32(x, &q), s = rk_sin_core_f32(r), c = rk_cos_core_f32(r);
  return rk_asfloat(rk_asbits(q & 1 ? s : c) ^ ((q + 1) & 2) << 30);
}
RK_FN float rk_tan_near_f32(float x) {
  uint32_t q;
  float r = rk_trig_reduce_f32(x, &q), s = rk_sin_core_f32(r), c = rk_cos_core_f32(r);
  float y = (q & 1 ? -c : s) / (q & 1 ? s : c);
  return x == 0 ? x : y;
}

RK_FN float rk_sin_far_f32(float x) { return fabsf(x) <= 1.0e6f ? rk_sin_near_f32(x) : (float)sin((double)x); }
RK_FN float rk_cos_far_f32(float x) { return fabsf(x) <= 1.0e6f ? rk_cos_near_f32(x) : (float)cos((double)x); }
RK_FN float rk_tan_far_f32(float x) { return fabsf(x) <= 1.0e6f ? rk_tan_near_f32(x) : (float)tan((double)x); }

/* -- error function --------------------------------------------------------------- */
/* erfc(x) = e^(-x^2) * p(t) / (1 + 2x), t = (x - 2.5) / (x + 2.5), for x >= 0: p fitted at the Chebyshev points of
 * 0 <= x <= 11 (the form is N. Juffa's). e^(-x^2) magnifies the rounding of x^2, which is made up for. */
RK_FN float rk_erfc_positive_f32(float x) {
  float c = x > 11.0f ? 11.0f : x, t = (c - 2.5f) / (c + 2.5f);
  float p = 7.60477203e-05f;
  p = p * t + 0.000604349865f;
  p = p * t + 0.000335668913f;
  p = p * t - 0.00441657738f;
  p = p * t + 0.000985495731f;
  p = p * t + 0.032777723f;
  p = p * t - 0.102974851f;
  p = p * t + 0.15762762f;
  p = p * t - 0.0990241162f;
  p = p * t - 0.122356685f;
  p = p * t + 1.26483818f;
  float high = rk_asfloat(rk_asbits(c) & 0xfffff000u), low = c - high, s = c * c;
  float lost = ((high * high - s) + 2 * high * low) + low * low; /* c^2 - s, exactly */
  float y = rk_exp_f32(-s) * (p / (1 + 2 * c));
  return y - lost * y;
}
RK_FN float rk_erfc_f32(float x) {
  float y = rk_erfc_positive_f32(fabsf(x));
  return x != x ? x : x < 0 ? 2 - y : y;
}
RK_FN float rk_erf_f32(float x) { /* erf(x) / x as a polynomial in x^2 where 1 - erfc would cancel */
  float s = x * x;
  float p = -0.000654381683f;
  p = p * s + 0.00508651437f;
  p = p * s - 0.0268215897f;
  p = p * s + 0.11283131f;
  p = p * s - 0.376126029f;
  p = p * s + 1.12837916f;
  float small = p * x, large = copysignf(1 - rk_erfc_positive_f32(fabsf(x)), x);
  return x != x ? x : fabsf(x) < 0.8f ? small : large;
}

/* -- through double (scalar_f64.h): half an ulp, half the speed or libm's -------- */
#define RK_THROUGH_DOUBLE1(f)                                                                                          \
  RK_FN double f##_f64(double x);                                                                                      \
  RK_FN float f##_f32(float x) { return (float)f##_f64((double)x); }
#define RK_THROUGH_DOUBLE2(f)                                                                                          \
  RK_FN double f##_f64(double x, double y);                                                                            \
  RK_FN float f##_f32(float x, float y) { return (float)f##_f64((double)x, (double)y); }
RK_FN double rk_log_short(double x, double two, double one);
RK_FN double rk_exp_short(double x);
RK_FN float rk_log2_f32(float x) { return (float)rk_log_short((double)x, 1.0, 1.4426950408889634); }
RK_FN float rk_log10_f32(float x) { return (float)rk_log_short((double)x, 0.3010299956639812, 0.4342944819032518); }
RK_THROUGH_DOUBLE1(rk_asinh)
RK_THROUGH_DOUBLE1(rk_acosh)
RK_THROUGH_DOUBLE1(rk_atanh)
RK_THROUGH_DOUBLE1(rk_erfinv)
RK_FN double rk_asin_short(double x);
RK_FN double rk_acos_short(double x);
RK_FN double rk_atan_short(double x);
RK_FN double rk_atan2_short(double y, double x);
RK_FN float rk_asin_f32(float x) { return (float)rk_asin_short((double)x); }
RK_FN float rk_acos_f32(float x) { return (float)rk_acos_short((double)x); }
RK_FN float rk_atan_f32(float x) { return (float)rk_atan_short((double)x); }
RK_FN float rk_atan2_f32(float y, float x) { return (float)rk_atan2_short((double)y, (double)x); }
RK_FN double rk_lgamma_short(double x);
RK_FN double rk_lgamma_f64(double x);
RK_FN float rk_lgamma_near_f32(float x) { return (float)rk_lgamma_short((double)x); }
RK_FN float rk_lgamma_f32(float x) { return x < 0 ? (float)rk_lgamma_f64((double)x) : rk_lgamma_near_f32(x); }
RK_THROUGH_DOUBLE1(rk_digamma)
RK_THROUGH_DOUBLE1(rk_digamma_near)
RK_THROUGH_DOUBLE1(rk_trigamma)
/* A quotient below 2^28 is never rounded up to a whole number: what is left of x is exact, and its sign x's. */
RK_FN float rk_fmod_f32(float x, float y) {
  double q = (double)x / (double)y;
  if ((fabs(q) < 268435456.0) & (fabsf(y) <= 3.402823466e38f))
    return copysignf((float)((double)x - trunc(q) * (double)y), x);
  return (float)fmod((double)x, (double)y);
}
RK_FN float rk_hypot_f32(float x, float y) { /* squares of floats do not leave the range of a double */
  float z = (float)sqrt((double)x * (double)x + (double)y * (double)y);
  return (fabsf(x) > 3.402823466e38f) | (fabsf(y) > 3.402823466e38f) ? HUGE_VALF : z;
}
RK_FN float rk_normal_density_f32(float x) { return 0.398942280f * rk_exp_f32(-0.5f * x * x); }
RK_FN float rk_remainder_f32(float x, float y) { return y == 0 ? rk_asfloat(0x7fc00000u) : x - y * floorf(x / y); }
/* exp(y log|x|) in double, then the signs and ends of C's pow */
RK_FN float rk_pow_f32(float x, float y) {
  double p = rk_exp_short((double)y * rk_log_short((double)fabsf(x), 0.6931471805599453, 1.0));
  float whole = truncf(y), half = whole * 0.5f;
  int odd = (truncf(half) != half) & (whole == y), neg = rk_asbits(x) >> 31;
  float r = (float)p;
  r = neg & odd ? -r : r;
  r = ((x < 0) & (whole != y) & (x >= -3.402823466e38f)) ? rk_asfloat(0x7fc00000u) : r;
  return (y == 0) | (x == 1) | ((x == -1) & (fabsf(y) > 3.402823466e38f)) ? 1.0f : r;
}

/* -- slopes of ops.h's rows that would not fit there; s = sigmoid(..), t = tanh(softplus(x)) -- */
RK_FN float rk_gelu_tanh_slope_f32(float x, float s) {
  return s + x * s * (1 - s) * 1.5957691216057308f * (1 + 0.134145f * x * x);
}
RK_FN float rk_mish_slope_f32(float x, float t) { return t + x * rk_sigmoid_f32(x) * (1 - t * t); }
#endif
