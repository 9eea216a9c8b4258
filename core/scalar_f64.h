/* scalar_f64.h -- double functions for scalar.h, which includes this file.
 *
 * Series are plain Taylor series on the reduced range, long enough for a last
 * term below half an ulp; ln 2 and pi/2 are split so that k * high part is
 * exact. Measured errors (against libm in long double): test/c/pointwise_test.c. */
#ifndef RK_SCALAR_F64_H
#define RK_SCALAR_F64_H

RK_FN double rk_abs_f64(double x) { return fabs(x); }
RK_FN double rk_copysign_f64(double x, double y) { return copysign(x, y); }
RK_FN double rk_sqrt_f64(double x) { return sqrt(x); }
RK_FN double rk_floor_f64(double x) { return floor(x); }
RK_FN double rk_ceil_f64(double x) { return ceil(x); }
RK_FN double rk_trunc_f64(double x) { return trunc(x); }
RK_FN double rk_round_f64(double x) { /* halves away from zero */
  double t = trunc(x);
  return fabs(x - t) >= 0.5 ? t + copysign(1.0, x) : t;
}

/* 2^n for -1022 <= n <= 1023 */
RK_FN double rk_pow2_f64(int64_t n) { return rk_asdouble((uint64_t)(n + 1023) << 52); }
/* p * 2^n, in two steps so that subnormal and huge results are right */
RK_FN double rk_scale_f64(double p, int64_t n) {
  int64_t h =
      (int64_t)((uint64_t)(n + 4096) >> 1) - 2048; /* n >> 1 without a 64-bit arithmetic shift, which AVX2 lacks */
  return p * rk_pow2_f64(h) * rk_pow2_f64(n - h);
}
/* e^r - 1 for |r| <= ln2/2 */
RK_FN double rk_expm1_core_f64(double r) {
  double p = 1.0 / 87178291200.0;
  p = p * r + 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  return p * (r * r) + r;
}
/* x = k ln2 + r; k as a double with 1.5 * 2^52 added holds the integer in its low bits. */
RK_FN double rk_exp_reduce_f64(double x, int64_t *n) {
  double z = x * 1.4426950408889634 + 6755399441055744.0, k = z - 6755399441055744.0;
  *n = (int64_t)(rk_asbits64(z) - 0x4338000000000000u);
  return (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10; /* ln2: 33 bits, and the rest */
}
/* e^x * 2^more */
RK_FN double rk_exp_times_f64(double x, int64_t more) {
  double c = x < -746.0 ? -746.0 : x > 711.0 ? 711.0 : x;
  int64_t n;
  double r = rk_exp_reduce_f64(c, &n);
  return rk_scale_f64(rk_expm1_core_f64(r) + 1.0, n + more);
}
RK_FN double rk_exp_f64(double x) { return rk_exp_times_f64(x, 0); }
RK_FN double rk_exp2_f64(double x) {
  double c = x < -1076.0 ? -1076.0 : x > 1025.0 ? 1025.0 : x;
  double z = c + 6755399441055744.0, f = c - (z - 6755399441055744.0);
  return rk_scale_f64(rk_expm1_core_f64(f * 0.6931471805599453) + 1.0, (int64_t)(rk_asbits64(z) - 0x4338000000000000u));
}
RK_FN double rk_expm1_f64(double x) {
  double c = x < -40.0 ? -40.0 : x > 711.0 ? 711.0 : x;
  int64_t n;
  double r = rk_exp_reduce_f64(c, &n);
  double p = rk_expm1_core_f64(r), t = rk_pow2_f64(n - 1); /* 2^1024 would overflow */
  double y = (t * p + (t - 0.5)) * 2.0;
  return x == 0 ? x : y;
}

/* x = 2^e * m, sqrt(1/2) <= m < sqrt(2): returns m - 1 */
RK_FN double rk_log_reduce_f64(double x, double *e) {
  int tiny = x < 2.2250738585072014e-308;
  uint64_t u = rk_asbits64(tiny ? x * 18014398509481984.0 : x), v = u - 0x3fe6a09e667f3bcdu;
  uint64_t biased = (v + 0x4000000000000000u) >> 52; /* exponent + 1024 */
  *e = rk_asdouble(biased + 0x4330000000000000u) - 4503599627370496.0 - (tiny ? 1078.0 : 1024.0);
  return rk_asdouble((v & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
}
/* log(1 + f) = f - (h - s * (h + R)), h = f^2/2, s = f/(2+f), R = 2 s^2/3 + 2 s^4/5 + ... */
RK_FN double rk_log_tail_f64(double f, double h) {
  double s = f / (2.0 + f), z = s * s;
  double p = 2.0 / 23.0;
  p = p * z + 2.0 / 21.0;
  p = p * z + 2.0 / 19.0;
  p = p * z + 2.0 / 17.0;
  p = p * z + 2.0 / 15.0;
  p = p * z + 2.0 / 13.0;
  p = p * z + 2.0 / 11.0;
  p = p * z + 2.0 / 9.0;
  p = p * z + 2.0 / 7.0;
  p = p * z + 2.0 / 5.0;
  p = p * z + 2.0 / 3.0;
  return s * (h + p * z);
}
RK_FN double rk_log_ends_f64(double x, double y) {
  y = x > 1.7976931348623157e308 ? x : y;
  y = x == 0 ? -HUGE_VAL : y;
  return x >= 0 ? y : rk_asdouble(0x7ff8000000000000u);
}
RK_FN double rk_log_f64(double x) {
  double e, f = rk_log_reduce_f64(x, &e), h = 0.5 * f * f;
  double y = e * 6.93147180369123816490e-01 - ((h - (rk_log_tail_f64(f, h) + e * 1.90821492927058770002e-10)) - f);
  return rk_log_ends_f64(x, y);
}
/* log(x) * c + e, with 1/log(base) in two parts so that powers of the base are exact or nearly so */
RK_FN double rk_log_base_f64(double x, double c_high, double c_low, double two_high, double two_low) {
  double e, f = rk_log_reduce_f64(x, &e), h = 0.5 * f * f, t = rk_log_tail_f64(f, h);
  double high = rk_asdouble(rk_asbits64(f - h) & 0xffffffff00000000u), low = (f - high) - h + t;
  double y = e * two_high + (e * two_low + low * c_low + high * c_low + low * c_high + high * c_high);
  return rk_log_ends_f64(x, y);
}
RK_FN double rk_log2_f64(double x) {
  return rk_log_base_f64(x, 1.44269504072144627571e+00, 1.67517131648865118353e-10, 1.0, 0.0);
}
RK_FN double rk_log10_f64(double x) {
  return rk_log_base_f64(x, 4.34294481878168880939e-01, 2.50829467116452752298e-11, 3.01029995663611771306e-01,
                         3.69423907715893078616e-13);
}
RK_FN double rk_log1p_f64(double x) {
  double u = 1.0 + x, c = (x - (u - 1.0)) / u; /* c: what the rounding of u lost */
  uint64_t keep =
      0 - (uint64_t)((u != 0) & (u <= 1.7976931348623157e308)); /* a mask: GCC made a branch of the select */
  return rk_log_f64(u) + rk_asdouble(rk_asbits64(c) & keep);
}

RK_FN double rk_tanh_f64(double x) {
  double e = rk_expm1_f64(-2.0 * fabs(x));
  return copysign(-e / (2.0 + e), x);
}
RK_FN double rk_sigmoid_f64(double x) {
  double e = rk_exp_f64(-fabs(x)); /* never overflows, exact in both tails */
  return (x < 0 ? e : 1.0) / (1.0 + e);
}
RK_FN double rk_softplus_f64(double x) { return (x > 0 ? x : 0.0) + rk_log1p_f64(rk_exp_f64(-fabs(x))); }
RK_FN double rk_sinh_f64(double x) {
  double a = fabs(x), e = rk_expm1_f64(a);
  double y = a > 22.0 ? rk_exp_times_f64(a, -1) : 0.5 * (e + e / (e + 1.0));
  return copysign(y, x);
}
RK_FN double rk_cosh_f64(double x) {
  double t = rk_exp_times_f64(fabs(x), -1);
  return t + 0.25 / t;
}

/* -- circular functions. near: |x| <= RK_TRIG_NEAR, branch-free; far: any x -- */
#define RK_TRIG_NEAR 1.0e6
/* x = k pi/2 + r + tail */
RK_FN double rk_trig_reduce_f64(double x, double *tail, uint64_t *quadrant) {
  double z = x * 0.63661977236758134 + 6755399441055744.0, k = z - 6755399441055744.0;
  double a = x - k * 1.57079632673412561417e+00, b = k * 6.07710050630396597660e-11,
         r = a - b; /* pi/2: 33 bits, 33, rest */
  double t = ((a - r) - b) - k * 2.02226624879595063154e-21, s = r + t;
  *tail = (r - s) + t;
  *quadrant = rk_asbits64(z);
  return s;
}
RK_FN double rk_sin_core_f64(double r, double t) {
  double s = r * r, p = 1.0 / 355687428096000.0;
  p = p * s - 1.0 / 1307674368000.0;
  p = p * s + 1.0 / 6227020800.0;
  p = p * s - 1.0 / 39916800.0;
  p = p * s + 1.0 / 362880.0;
  p = p * s - 1.0 / 5040.0;
  p = p * s + 1.0 / 120.0;
  p = p * s - 1.0 / 6.0;
  return r + (p * (s * r) + t * (1.0 - 0.5 * s));
}
RK_FN double rk_cos_core_f64(double r, double t) {
  double s = r * r, p = 1.0 / 20922789888000.0, h = 0.5 * s, w = 1.0 - h;
  p = p * s - 1.0 / 87178291200.0;
  p = p * s + 1.0 / 479001600.0;
  p = p * s - 1.0 / 3628800.0;
  p = p * s + 1.0 / 40320.0;
  p = p * s - 1.0 / 720.0;
  p = p * s + 1.0 / 24.0;
  return w + (((1.0 - w) - h) + (s * s * p - r * t));
}
RK_FN double rk_sin_near_f64(double x) {
  double t;
  uint64_t q;
  double r = rk_trig_reduce_f64(x, &t, &q), s = rk_sin_core_f64(r, t), c = rk_cos_core_f64(r, t);
  double y = rk_asdouble(rk_asbits64(q & 1 ? c : s) ^ (q & 2) << 62);
  return x == 0 ? x : y;
}
RK_FN double rk_cos_near_f64(double x) {
  double t;
  uint64_t q;
  double r = rk_trig_reduce_f64(x, &t, &q), s = rk_sin_core_f64(r, t), c = rk_cos_core_f64(r, t);
  return rk_asdouble(rk_asbits64(q & 1 ? s : c) ^ ((q + 1) & 2) << 62);
}
RK_FN double rk_tan_near_f64(double x) {
  double t;
  uint64_t q;
  double r = rk_trig_reduce_f64(x, &t, &q), s = rk_sin_core_f64(r, t), c = rk_cos_core_f64(r, t);
  double y = (q & 1 ? -c : s) / (q & 1 ? s : c);
  return x == 0 ? x : y;
}
RK_FN double rk_sin_far_f64(double x) { return fabs(x) <= RK_TRIG_NEAR ? rk_sin_near_f64(x) : sin(x); }
RK_FN double rk_cos_far_f64(double x) { return fabs(x) <= RK_TRIG_NEAR ? rk_cos_near_f64(x) : cos(x); }
RK_FN double rk_tan_far_f64(double x) { return fabs(x) <= RK_TRIG_NEAR ? rk_tan_near_f64(x) : tan(x); }

/* -- error function --------------------------------------------------------------- */
/* erfc(x) = e^(-x^2) * p(t) / (1 + 2x), t = (x - 4.0) / (x + 4.0), for x >= 0: p fitted at the Chebyshev points of
 * 0 <= x <= 28 (the form is N. Juffa's). e^(-x^2) magnifies the rounding of x^2, which is made up for. */
RK_FN double rk_erfc_positive_f64(double x) {
  double c = x > 28.0 ? 28.0 : x, t = (c - 4.0) / (c + 4.0);
  double p = -1.8206098680308682e-09;
  p = p * t - 1.3670989863347383e-08;
  p = p * t - 7.71541861441783e-09;
  p = p * t + 1.1534943745754157e-07;
  p = p * t + 6.270727157198311e-08;
  p = p * t - 8.351619688696847e-07;
  p = p * t + 3.0135049944875397e-07;
  p = p * t + 5.7178872846321855e-06;
  p = p * t - 1.1224789135154701e-05;
  p = p * t - 2.4403169244974074e-05;
  p = p * t + 0.000150622243948303;
  p = p * t - 0.00019925550755614952;
  p = p * t - 0.00075777334141333;
  p = p * t + 0.005031969755895426;
  p = p * t - 0.016197734059115006;
  p = p * t + 0.03716751556249286;
  p = p * t - 0.06633036581152939;
  p = p * t + 0.09373283499679412;
  p = p * t - 0.10103906603635213;
  p = p * t + 0.06809705425473732;
  p = p * t + 0.01537965210262074;
  p = p * t - 0.1396211168405629;
  p = p * t + 1.2329951186255526;
  double high = rk_asdouble(rk_asbits64(c) & 0xfffffffff8000000u), low = c - high, s = c * c;
  double lost = ((high * high - s) + 2 * high * low) + low * low; /* c^2 - s, exactly */
  double y = rk_exp_f64(-s) * (p / (1 + 2 * c));
  return y - lost * y;
}
RK_FN double rk_erfc_f64(double x) {
  double y = rk_erfc_positive_f64(fabs(x));
  return x != x ? x : x < 0 ? 2 - y : y;
}
RK_FN double rk_erf_f64(double x) { /* erf(x) / x as a polynomial in x^2 where 1 - erfc would cancel */
  double s = x * x;
  double p = 1.1079017947501558e-08;
  p = p * s - 1.5827667064567424e-07;
  p = p * s + 1.641705649300286e-06;
  p = p * s - 1.4923283048388212e-05;
  p = p * s + 0.00012055252657271225;
  p = p * s - 0.000854832526774754;
  p = p * s + 0.005223977601471378;
  p = p * s - 0.02686617064321942;
  p = p * s + 0.11283791670947298;
  p = p * s - 0.37612638903183626;
  p = p * s + 1.1283791670955126;
  double small = p * x, large = copysign(1 - rk_erfc_positive_f64(fabs(x)), x);
  return x != x ? x : fabs(x) < 0.8 ? small : large;
}

/* -- inverse hyperbolic: logarithms of 1 + what is left exact for small arguments --- */
RK_FN double rk_asinh_f64(double x) {
  double a = fabs(x), big = rk_log_f64(a) + 0.6931471805599453;
  double y = rk_log1p_f64(a + a * (a / (1.0 + sqrt(a * a + 1.0))));
  return copysign(a > 1e150 ? big : y, x);
}
RK_FN double rk_acosh_f64(double x) {
  double t = x - 1.0, big = rk_log_f64(x) + 0.6931471805599453;
  double y = rk_log1p_f64(t + sqrt(t * (t + 2.0)));
  y = x > 1e150 ? big : y;
  return x >= 1.0 ? y : rk_asdouble(0x7ff8000000000000u);
}
RK_FN double rk_atanh_f64(double x) {
  double a = fabs(x);
  return copysign(0.5 * rk_log1p_f64(2.0 * a / (1.0 - a)), x);
}

/* -- inverse of erf: three digits, then two of Halley's steps, each of which triples them ---- */
RK_FN double rk_erfinv_step_f64(double y, double a) { /* y: near erfinv(a) */
  double miss = a < 0.5 ? rk_erf_f64(y) - a : (1.0 - a) - rk_erfc_f64(y);
  double u = miss * 0.8862269254527580 * rk_exp_f64(y * y);
  return y - u / (1.0 + y * u);
}
/* The start: two terms of the series at 0, or S. Winitzki's "A handy approximation for the error function" (2008). */
RK_FN double rk_erfinv_f64(double x) {
  double a = fabs(x), l = rk_log_f64((1.0 - a) * (1.0 + a)), h = 4.330746750799873 + 0.5 * l; /* 2 / (pi 0.147) */
  double far = sqrt(sqrt(h * h - l / 0.147) - h), near = a * 0.8862269254527580 * (1.0 + 0.2617993877991494 * a * a);
  double y = rk_erfinv_step_f64(rk_erfinv_step_f64(a < 0.5 ? near : far, a), a);
  y = a == 1.0 ? HUGE_VAL : y;
  return a <= 1.0 ? copysign(y, x) : rk_asdouble(0x7ff8000000000000u);
}

/* sqrt(x^2 + y^2) without overflow */
RK_FN double rk_hypot_f64(double x, double y) {
  double a = fabs(x), b = fabs(y), most = a > b ? a : b, least = a > b ? b : a, q = least / most;
  double z = most * sqrt(1.0 + q * q);
  z = (a == 0) & (b == 0) ? 0.0 : z;
  z = (a > 1.7976931348623157e308) | (b > 1.7976931348623157e308) ? HUGE_VAL : z;
  return z;
}

/* -- exp and log for float32 results: half an ulp of these ------------------------- */
RK_FN double rk_exp_core_short(double x, int64_t *n) { /* e^x / 2^n */
  double z = x * 1.4426950408889634 + 6755399441055744.0, k = z - 6755399441055744.0, r = x - k * 0.6931471805599453;
  double p = 2.4859913741804633e-05;
  p = p * r + 0.00019899609630907557;
  p = p * r + 0.001388885364547036;
  p = p * r + 0.008333298079430647;
  p = p * r + 0.04166666671989357;
  p = p * r + 0.16666666719910625;
  p = p * r + 0.5;
  *n = (int64_t)(rk_asbits64(z) - 0x4338000000000000u);
  return p * (r * r) + r + 1.0;
}
RK_FN double rk_exp_short(double x) {
  double c = x < -160.0 ? -160.0 : x > 140.0 ? 140.0 : x;
  int64_t n;
  double y = rk_exp_core_short(c, &n);
  return y * rk_pow2_f64(n);
}
/* x = 2^e * m: log(m); x a float32's number, not below 0 */
RK_FN double rk_log_parts_short(double x, double *e) {
  uint64_t v = rk_asbits64(x) - 0x3fe6a09e667f3bcdu;
  *e = rk_asdouble(((v + 0x4000000000000000u) >> 52) + 0x4330000000000000u) - 4503599627371520.0;
  double f = rk_asdouble((v & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0, s = f / (2.0 + f), z = s * s;
  double p = 0.19362685019474993;
  p = p * z + 0.22191399219082047;
  p = p * z + 0.285717545612925;
  p = p * z + 0.3999999879721329;
  p = p * z + 0.6666666666737519;
  return s * z * p + 2.0 * s;
}
/* log(x) / log(base), of which log(2) / log(base) and 1 / log(base) are given */
RK_FN double rk_log_short(double x, double two, double one) {
  double e, y = rk_log_parts_short(x, &e);
  return rk_log_ends_f64(x, e * two + y * one);
}

/* |x|^y, a double: terms of norms of float32 numbers */
RK_FN double rk_power_short(double x, double y) {
  double e = y * rk_log_short(fabs(x), 0.6931471805599453, 1.0), c = e < -746.0 ? -746.0 : e > 711.0 ? 711.0 : e;
  int64_t n;
  double p = rk_exp_core_short(c, &n);
  return rk_scale_f64(p, n);
}
RK_FN double rk_power_f64(double x, double y) { return pow(fabs(x), y); }

/* -- inverse circular functions --------------------------------------------------- */
/* asin(x) = x + x z p(z) with z = x^2 up to 1/2, from there pi/2 - 2 asin(sqrt((1 - x) / 2)). atan(t) = t + t z p(z)
 * with z = t^2 up to tan(pi/8); larger arguments are turned by pi/4 or pi/2. p: interpolation at the Chebyshev points,
 * for float64 and, shorter, for float32, whose results are right to half an ulp. */
RK_FN double rk_asin_core_f64(double z) {
  double p = 0.028757851367421566;
  p = p * z - 0.014851887071247204;
  p = p * z + 0.01740087944269402;
  p = p * z + 0.005457506718640358;
  p = p * z + 0.01032281435018578;
  p = p * z + 0.011479177415184906;
  p = p * z + 0.013971212973552933;
  p = p * z + 0.017352392720869973;
  p = p * z + 0.02237217294214989;
  p = p * z + 0.030381944138531247;
  p = p * z + 0.04464285714635543;
  p = p * z + 0.07499999999998433;
  p = p * z + 0.16666666666666669;
  return p;
}
RK_FN double rk_asin_core_short(double z) {
  double p = 0.02930523970533579;
  p = p * z + 0.0054431851027481075;
  p = p * z + 0.019306260869368045;
  p = p * z + 0.022132443623426794;
  p = p * z + 0.030397634130580702;
  p = p * z + 0.044642358484883196;
  p = p * z + 0.07500000598829049;
  p = p * z + 0.16666666665495086;
  return p;
}
RK_FN double rk_atan_core_f64(double z) {
  double p = -0.019176876340386832;
  p = p * z + 0.03923164949432966;
  p = p * z - 0.050854494332888335;
  p = p * z + 0.05858148854584724;
  p = p * z - 0.06664511440680289;
  p = p * z + 0.0769218319035032;
  p = p * z - 0.09090904578103423;
  p = p * z + 0.11111111015255858;
  p = p * z - 0.14285714284666537;
  p = p * z + 0.1999999999999552;
  p = p * z - 0.3333333333333333;
  return p;
}
RK_FN double rk_atan_core_short(double z) {
  double p = -0.04043223436192419;
  p = p * z + 0.07135324464525214;
  p = p * z - 0.0902898338447586;
  p = p * z + 0.1110749512639246;
  p = p * z - 0.14285612511051807;
  p = p * z + 0.19999998917284234;
  p = p * z - 0.33333333331440723;
  return p;
}
#define RK_ARCS(kind)                                                                                                  \
  RK_FN double rk_asin_##kind(double x) {                                                                              \
    double a = fabs(x), z = a > 0.5 ? (1.0 - a) * 0.5 : a * a, r = a > 0.5 ? sqrt(z) : a;                              \
    double t = r + r * (z * rk_asin_core_##kind(z));                                                                   \
    return copysign(a > 0.5 ? 1.57079632679489655800e+00 - (2.0 * t - 6.12323399573676603587e-17) : t, x);             \
  }                                                                                                                    \
  RK_FN double rk_acos_##kind(double x) {                                                                              \
    double a = fabs(x), z = a > 0.5 ? (1.0 - a) * 0.5 : a * a, r = a > 0.5 ? sqrt(z) : a;                              \
    double t = r + r * (z * rk_asin_core_##kind(z));                                                                   \
    double near = 1.57079632679489655800e+00 - (copysign(t, x) - 6.12323399573676603587e-17);                          \
    double far = x > 0 ? 2.0 * t : 3.14159265358979311600e+00 - (2.0 * t - 1.22464679914735317720e-16);                \
    return a > 0.5 ? far : near;                                                                                       \
  }                                                                                                                    \
  RK_FN double rk_atan_##kind(double x) {                                                                              \
    double a = fabs(x);                                                                                                \
    int steep = a > 2.4142135623730950, mid = a > 0.41421356237309503;                                                 \
    double t = (steep ? -1.0 : mid ? a - 1.0 : a) / (steep ? a : mid ? a + 1.0 : 1.0), z = t * t;                      \
    double r = t + t * (z * rk_atan_core_##kind(z));                                                                   \
    double low = steep ? 6.12323399573676603587e-17 : mid ? 3.06161699786838301793e-17 : 0.0;                          \
    double high = steep ? 1.57079632679489655800e+00 : mid ? 7.85398163397448278999e-01 : 0.0;                         \
    return copysign(high + (r + low), x);                                                                              \
  }                                                                                                                    \
  /* of the smaller by the larger, then from its eighth of the circle to where (x, y) lies */                          \
  RK_FN double rk_atan2_##kind(double y, double x) {                                                                   \
    double ax = fabs(x), ay = fabs(y);                                                                                 \
    int steep = ay > ax;                                                                                               \
    double most = steep ? ay : ax, least = steep ? ax : ay, scale = most > 1e300 ? 0.25 : 1.0;                         \
    int endless = (most > 1.7976931348623157e308) & (least > 1.7976931348623157e308);                                  \
    most = endless ? 1.0 : most * scale, least = endless ? 1.0 : least * scale;                                        \
    int mid = least > most * 0.41421356237309503;                                                                      \
    double t = (mid ? least - most : least) / (mid ? least + most : most);                                             \
    t = most == 0 ? 0.0 : t;                                                                                           \
    double z = t * t, r = t + t * (z * rk_atan_core_##kind(z));                                                        \
    r = mid ? 7.85398163397448278999e-01 + (r + 3.06161699786838301793e-17) : r;                                       \
    r = steep ? 1.57079632679489655800e+00 - (r - 6.12323399573676603587e-17) : r;                                     \
    r = rk_asbits64(x) >> 63 ? 3.14159265358979311600e+00 - (r - 1.22464679914735317720e-16) : r;                      \
    r = copysign(r, y);                                                                                                \
    return (x != x) | (y != y) ? x + y : r;                                                                            \
  }
RK_ARCS(f64)
RK_ARCS(short)
#undef RK_ARCS

/* -- left to libm: scalar, the same code on every ISA ---------------------------- */
RK_FN double rk_pow_f64(double x, double y) { return pow(x, y); }
RK_FN double rk_fmod_f64(double x, double y) { return fmod(x, y); }
RK_FN double rk_remainder_f64(double x, double y) { /* sign of y; Torch7's formula, NaN by zero */
  return y == 0 ? rk_asdouble(0x7ff8000000000000u) : x - y * floor(x / y);
}
RK_FN double rk_normal_density_f64(double x) { return 0.3989422804014327 * rk_exp_f64(-0.5 * x * x); }

/* -- gamma functions. near: x >= 0, branch-free -- */
/* lgamma(2 + t) = t (t + 1) r(t), r fitted at the Chebyshev points of |t| <= 1/2, to 5e-19. What lies below 8 is moved
 * there: lgamma(x) is that of x + 1 or x + 2 less the logarithm of what led there, or of a smaller argument and more.
 * So nothing cancels about the zeros, 1 and 2. From 8 on by Stirling's series (Abramowitz & Stegun 6.1.41). */
RK_FN double rk_lgamma_core_f64(double t) {
  double p = 1.2034907763468638839e-7;
  p = p * t - 2.5254853429586513317e-7;
  p = p * t + 3.8837480981603404474e-7;
  p = p * t - 8.2089874427208220854e-7;
  p = p * t + 1.8124087986144873007e-6;
  p = p * t - 3.8563136093174779751e-6;
  p = p * t + 8.2214789180596209064e-6;
  p = p * t - 0.000017660194017271153567;
  p = p * t + 0.000038168959876181242004;
  p = p * t - 0.000083095273255336939457;
  p = p * t + 0.00018255263497305118056;
  p = p * t - 0.00040570738897825625787;
  p = p * t + 0.00091537692238059905848;
  p = p * t - 0.0021081308342234147444;
  p = p * t + 0.0049986411646954691982;
  p = p * t - 0.012384192193367467594;
  p = p * t + 0.03296500062115583363;
  p = p * t - 0.10031730167435393705;
  p = p * t + 0.42278433509846713939;
  return t * (t + 1.0) * p;
}
/* As below, for float32 results: r fitted to 1e-11, Stirling's series from 5 on. */
RK_FN double rk_lgamma_short(double x) {
  double w = x, product = 1;
  for (int k = 0; k < 3; k++) {
    int more = w >= 2.5;
    w = more ? w - 1.0 : w;
    product = more ? product * w : product;
  }
  double below = x < 0.5 ? x * (x + 1.0) : x;
  double t = x < 0.5 ? x : x < 1.5 ? x - 1.0 : w - 2.0;
  double l = rk_log_short(x < 1.5 ? below : x < 5.0 ? product : x, 0.6931471805599453, 1.0);
  double r = 4.4412206005968e-5;
  r = r * t - 9.6493393396628e-5;
  r = r * t + 0.0001809424839244;
  r = r * t - 0.00040225296442764;
  r = r * t + 0.00091555556895534;
  r = r * t - 0.002108514053256;
  r = r * t + 0.0049986331325531;
  r = r * t - 0.012384174964542;
  r = r * t + 0.032965000721835;
  r = r * t - 0.1003173018903;
  r = r * t + 0.42278433509847;
  double small = t * (t + 1.0) * r + (x < 1.5 ? -l : l);
  double z = 1.0 / x, s = z * z, p = -691.0 / 360360.0;
  p = p * s + 1.0 / 1188.0;
  p = p * s - 1.0 / 1680.0;
  p = p * s + 1.0 / 1260.0;
  p = p * s - 1.0 / 360.0;
  p = p * s + 1.0 / 12.0;
  double large = (x - 0.5) * (l - 1.0) + (p * z + 0.41893853320467274178);
  return x < 5.0 ? small : x > 3.402823466e38 ? x : large;
}
RK_FN double rk_lgamma_near_f64(double x) {
  double w = x, product = 1;
  for (int k = 0; k < 6; k++) {
    int more = w >= 2.5;
    w = more ? w - 1.0 : w;
    product = more ? product * w : product;
  }
  double below = x < 0.5 ? x * (x + 1.0) : x;
  double t = x < 0.5 ? x : x < 1.5 ? x - 1.0 : w - 2.0;
  double l = rk_log_f64(x < 1.5 ? below : x < 8.0 ? product : x);
  double small = rk_lgamma_core_f64(t) + (x < 1.5 ? -l : l);
  double z = 1.0 / x, s = z * z, p = -3617.0 / 122400.0;
  p = p * s + 1.0 / 156.0;
  p = p * s - 691.0 / 360360.0;
  p = p * s + 1.0 / 1188.0;
  p = p * s - 1.0 / 1680.0;
  p = p * s + 1.0 / 1260.0;
  p = p * s - 1.0 / 360.0;
  p = p * s + 1.0 / 12.0;
  double large = (x - 0.5) * (l - 1.0) + (p * z + 0.41893853320467274178);
  return x < 8.0 ? small : x > 1.7976931348623157e308 ? x : large;
}
RK_FN double rk_lgamma_f64(double x) {
  if (!(x < 0)) return rk_lgamma_near_f64(x);
#ifdef __CUDACC__
  return lgamma(x);
#else
  int sign; /* lgamma itself writes the global signgam */
  return lgamma_r(x, &sign);
#endif
}
/* psi(x): recurrence up to 10, as one fraction; then the asymptotic series (6.3.18); reflection below 0. */
RK_FN double rk_digamma_near_f64(double x) {
  double w = x, up = 0, down = 1;
  for (int k = 0; k < 10; k++) {
    int more = w < 10.0;
    up = more ? up * w + down : up;
    down = more ? down * w : down;
    w = more ? w + 1.0 : w;
  }
  double r = 1.0 / w, z = r * r, p = -1.0 / 12.0;
  p = p * z + 691.0 / 32760.0;
  p = p * z - 1.0 / 132.0;
  p = p * z + 1.0 / 240.0;
  p = p * z - 1.0 / 252.0;
  p = p * z + 1.0 / 120.0;
  p = p * z - 1.0 / 12.0;
  return rk_log_f64(w) + (p * z - 0.5 * r) - up / down;
}
RK_FN double rk_digamma_f64(double x) {
  if (!(x < 0)) return x == 0 ? copysign(HUGE_VAL, -x) : rk_digamma_near_f64(x);
  if (x == floor(x)) return rk_asdouble(0x7ff8000000000000u);
  return rk_digamma_near_f64(1.0 - x) - 3.141592653589793 / tan(3.141592653589793 * (x - floor(x)));
}
/* psi'(x), likewise (6.4.12) */
RK_FN double rk_trigamma_f64(double x) {
  double reflect = 0, sign = 1, w = x, sum = 0;
  if (x <= 0) {
    double s = sin(3.141592653589793 * (x - floor(x)));
    reflect = 9.869604401089358 / (s * s), sign = -1, w = 1.0 - x;
  }
  for (; w < 10.0; w += 1.0) sum += 1.0 / (w * w);
  double z = 1.0 / (w * w), p = 7.0 / 6.0;
  p = p * z - 691.0 / 2730.0;
  p = p * z + 5.0 / 66.0;
  p = p * z - 1.0 / 30.0;
  p = p * z + 1.0 / 42.0;
  p = p * z - 1.0 / 30.0;
  p = p * z + 1.0 / 6.0;
  return reflect + sign * (sum + 1.0 / w + 0.5 * z + p * z / w);
}

/* -- slopes of ops.h's rows that would not fit there; s = sigmoid(..), t = tanh(softplus(x)) -- */
RK_FN double rk_gelu_tanh_slope_f64(double x, double s) {
  return s + x * s * (1 - s) * 1.5957691216057308 * (1 + 0.134145 * x * x);
}
RK_FN double rk_mish_slope_f64(double x, double t) { return t + x * rk_sigmoid_f64(x) * (1 - t * t); }
#endif
