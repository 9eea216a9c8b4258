/* pointwise_test.c -- every pointwise op x dtype x layout against references
 * written here on their own, in double and int64; gradients against finite
 * differences; the same bits on every ISA and number of threads. */
#include "kernels.h"
#include "test.h"
#include <math.h>
#include <time.h>

/* -- references ------------------------------------------------------------------------- */
struct args {
  double x, y, z, a, b;
};
struct iargs {
  int64_t x, y, z, a, b;
  int bits; /* width of the dtype */
};
struct reference {
  const char *name;
  double (*f)(struct args v);
  int64_t (*i)(struct iargs v);
};
#define F(name, e)                                                                                                     \
  static double f_##name(struct args v) {                                                                              \
    const double x = v.x, y = v.y, z = v.z, a = v.a, b = v.b;                                                          \
    (void)x, (void)y, (void)z, (void)a, (void)b;                                                                       \
    return e;                                                                                                          \
  }
#define I(name, e)                                                                                                     \
  static int64_t i_##name(struct iargs v) {                                                                            \
    const int64_t x = v.x, y = v.y, z = v.z, a = v.a, b = v.b;                                                         \
    (void)x, (void)y, (void)z, (void)a, (void)b;                                                                       \
    return (int64_t)(e);                                                                                               \
  }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double softplus(double x) { return x > 700 ? x : log1p(exp(x)); }
static double half_away(double x) { return x < 0 ? -floor(0.5 - x) : floor(x + 0.5); }
static double modulo(double x, double y) { return x - y * floor(x / y); }
/* The recurrence up to 40, then as many terms of the series as count. */
static long double exact_digamma(long double x) {
  long double sum = 0;
  for (; x < 40; x += 1) sum += 1 / x;
  const long double z = 1 / (x * x);
  return logl(x) - 1 / (2 * x) - z * (1 / 12.0L - z * (1 / 120.0L - z * (1 / 252.0L - z * (1 / 240.0L - z / 132)))) -
         sum;
}
static double psi(double x) { /* central difference of lgamma: enough for a rough check */
  const double h = 1e-5;
  return (lgamma(x + h) - lgamma(x - h)) / (2 * h);
}
/* Newton's steps on erf, on erfc where erf is flat, until nothing changes. */
static long double exact_erfinv(long double x) {
  const long double a = fabsl(x);
  long double y = a;
  if (!(a < 1)) return a > 1 || isnan(a) ? (long double)NAN : copysignl((long double)INFINITY, x);
  for (int k = 0; k < 60; k++) {
    const long double miss = a < 0.5L ? erfl(y) - a : (1 - a) - erfcl(y), slope = 1.1283791670955125739L * expl(-y * y);
    const long double step = miss / slope;
    y -= step > 0.5L ? 0.5L : step < -0.5L ? -0.5L : step;
    if (fabsl(step) <= 1e-18L * y) break;
  }
  return copysignl(y, x);
}
static uint64_t U(int64_t x) { return (uint64_t)x; }
static int64_t shift_left(struct iargs v, int64_t k) { return k < 0 || k >= 64 ? 0 : (int64_t)(U(v.x) << k); }
static int64_t shift_right(struct iargs v, int64_t k) {
  uint64_t pattern = v.bits == 64 ? U(v.x) : U(v.x) & ((UINT64_C(1) << v.bits) - 1);
  return k < 0 || k >= 64 ? 0 : (int64_t)(pattern >> k);
}
static int64_t ipow(int64_t x, int64_t y) {
  uint64_t r = 1;
  if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
  for (; y > 0; y--) r *= U(x);
  return (int64_t)r;
}
static int64_t imod(int64_t x, int64_t y) { return (x % y + y) % y; }

/* clang-format off */
F(add, x + a) I(add, U(x) + U(a))
F(sub, x - a) I(sub, U(x) - U(a))
F(mul, x *a) I(mul, U(x) * U(a))
F(div, x / a) I(div, x / a)
F(rsub, a - x) I(rsub, U(a) - U(x))
F(rdiv, a / x) I(rdiv, a / x)
F(affine, a *x + b) I(affine, U(a) * U(x) + U(b))
F(fmod, fmod(x, a)) I(fmod, x % a)
F(remainder, modulo(x, a)) I(remainder, imod(x, a))
F(pow, pow(x, a))
F(tpow, pow(a, x))
F(clamp, fmin(fmax(x, a), b)) I(clamp, x < a ? a : x > b ? b : x)
F(clamp_min, fmax(x, a)) I(clamp_min, x < a ? a : x)
F(clamp_max, fmin(x, a)) I(clamp_max, x > a ? a : x)
F(lshift, ldexp(x, (int)a)) I(lshift, shift_left(v, a))
F(rshift, ldexp(x, -(int)a)) I(rshift, shift_right(v, a))
I(bitand, x & a) I(bitor, x | a) I(bitxor, x ^ a) I(bitnot, ~x)
F(neg, -x) I(neg, 0 - U(x))
F(abs, fabs(x)) I(abs, x < 0 ? 0 - U(x) : U(x))
F(sign, x > 0 ? 1 : x < 0 ? -1 : 0) I(sign, x > 0 ? 1 : x < 0 ? -1 : 0)
F(square, x *x) I(square, U(x) * U(x))
F(cube, x *x *x) I(cube, U(x) * U(x) * U(x))
F(floor, floor(x)) F(ceil, ceil(x)) F(round, half_away(x)) F(trunc, trunc(x)) F(frac, x - trunc(x))
F(sqrt, sqrt(x)) F(rsqrt, 1 / sqrt(x)) F(cinv, 1 / x) F(rsquare, 1 / (x * x))
F(exp, exp(x)) F(exp2, exp2(x)) F(expm1, expm1(x)) F(log, log(x)) F(log2, log2(x)) F(log10, log10(x)) F(log1p, log1p(x))
F(sin, sin(x)) F(cos, cos(x)) F(tan, tan(x)) F(asin, asin(x)) F(acos, acos(x)) F(atan, atan(x))
F(sinh, sinh(x)) F(cosh, cosh(x)) F(tanh, tanh(x)) F(erf, erf(x)) F(erfc, erfc(x)) F(lgamma, lgamma(x))
F(digamma, x > 0 ? psi(x) : (double)NAN)
F(asinh, asinh(x)) F(acosh, acosh(x)) F(atanh, atanh(x)) F(erfinv, (double)exact_erfinv((long double)x)) F(logit, log(x / (1 - x)))
F(maximum, isnan(x) ? x : isnan(y) ? y : fmax(x, y)) I(maximum, x > y ? x : y)
F(minimum, isnan(x) ? x : isnan(y) ? y : fmin(x, y)) I(minimum, x < y ? x : y)
F(hypot, hypot(x, y)) F(copysign, copysign(x, y)) F(xlogy, x == 0 && !isnan(y) ? 0 : x * log(y))
F(logaddexp, (double)logl(expl((long double)x) + expl((long double)y)))
F(sigmoid, sigmoid(x)) F(logsigmoid, -softplus(-x))
F(relu, x > 0 ? x : 0) I(relu, x > 0 ? x : 0)
F(relu6, fmin(fmax(x, 0), 6)) F(leaky_relu, x > 0 ? x : a * x)
F(threshold, x > a ? x : b) I(threshold, x > a ? x : b)
F(elu, x > 0 ? x : a * expm1(x))
F(celu, x > 0 ? x : a * expm1(x / a))
F(selu, 1.0507009873554804934193349852946 * (x > 0 ? x : 1.6732632423543772848170429916717 * expm1(x)))
F(gelu, 0.5 * x * erfc(-x / sqrt(2)))
F(gelu_tanh, x *sigmoid(2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)))
F(silu, x *sigmoid(x)) F(mish, x *tanh(softplus(x))) F(softplus, softplus(a *x) / a)
F(hardtanh, fmin(fmax(x, a), b)) F(hardsigmoid, fmin(fmax(x + 3, 0), 6) / 6)
F(hardswish, x *fmin(fmax(x + 3, 0), 6) / 6) F(softsign, x / (1 + fabs(x)))
F(softshrink, x > a ? x - a : x < -a ? x + a : 0) F(hardshrink, fabs(x) > a ? x : 0) F(tanhshrink, x - tanh(x))
F(cadd, x + a * y) I(cadd, U(x) + U(a) * U(y))
F(csub, x - a * y) I(csub, U(x) - U(a) * U(y))
F(cmul, x *y) I(cmul, U(x) * U(y))
F(cdiv, x / y) I(cdiv, x / y)
F(cpow, pow(x, y)) I(cpow, ipow(x, y))
F(cfmod, fmod(x, y)) I(cfmod, x % y)
F(cremainder, modulo(x, y)) I(cremainder, imod(x, y))
F(cmax, fmax(x, y)) I(cmax, x > y ? x : y)
F(cmin, fmin(x, y)) I(cmin, x < y ? x : y)
F(lerp, x + a * (y - x)) F(atan2, atan2(x, y)) F(prelu, x > 0 ? x : x * y)
F(clshift, x *pow(2, y)) I(clshift, shift_left(v, y))
F(crshift, x *pow(2, -y)) I(crshift, shift_right(v, y))
I(cbitand, x & y) I(cbitor, x | y) I(cbitxor, x ^ y)
F(addcmul, x + a * y * z) I(addcmul, U(x) + U(a) * U(y) * U(z))
F(addcdiv, x + a * y / z)
static int64_t i_addcdiv(struct iargs v);
F(where, x != 0 ? y : z) I(where, x != 0 ? y : z)
F(lt, x < y) I(lt, x < y)
F(le, x <= y) I(le, x <= y)
F(gt, x > y) I(gt, x > y)
F(ge, x >= y) I(ge, x >= y)
F(eq, x == y) I(eq, x == y)
F(ne, x != y) I(ne, x != y)
F(isnan, isnan(x) != 0) F(isinf, isinf(x) != 0) F(isfinite, isfinite(x) != 0)
    /* clang-format on */

    static int64_t i_addcdiv(struct iargs v) { /* a*y wraps in the compute type: int32 for the narrow ones */
  int64_t product = v.bits == 64 ? (int64_t)(U(v.a) * U(v.y)) : (int32_t)(v.a * v.y);
  return (int64_t)(U(v.x) + U(product / v.z));
}

#define BOTH(n)                                                                                                        \
  { #n, f_##n, i_##n }
#define ONLY_F(n)                                                                                                      \
  { #n, f_##n, NULL }
#define ONLY_I(n)                                                                                                      \
  { #n, NULL, i_##n }
static const struct reference references[] = {
    BOTH(add),          BOTH(sub),        BOTH(mul),          BOTH(div),          BOTH(rsub),
    BOTH(rdiv),         BOTH(affine),     BOTH(fmod),         BOTH(remainder),    ONLY_F(pow),
    ONLY_F(tpow),       BOTH(clamp),      BOTH(clamp_min),    BOTH(clamp_max),    BOTH(lshift),
    BOTH(rshift),       ONLY_I(bitand),   ONLY_I(bitor),      ONLY_I(bitxor),     ONLY_I(bitnot),
    BOTH(neg),          BOTH(abs),        BOTH(sign),         BOTH(square),       BOTH(cube),
    ONLY_F(floor),      ONLY_F(ceil),     ONLY_F(round),      ONLY_F(trunc),      ONLY_F(frac),
    ONLY_F(sqrt),       ONLY_F(rsqrt),    ONLY_F(cinv),       ONLY_F(rsquare),    ONLY_F(exp),
    ONLY_F(exp2),       ONLY_F(expm1),    ONLY_F(log),        ONLY_F(log2),       ONLY_F(log10),
    ONLY_F(log1p),      ONLY_F(sin),      ONLY_F(cos),        ONLY_F(tan),        ONLY_F(asin),
    ONLY_F(acos),       ONLY_F(atan),     ONLY_F(sinh),       ONLY_F(cosh),       ONLY_F(tanh),
    ONLY_F(erf),        ONLY_F(erfc),     ONLY_F(lgamma),     ONLY_F(digamma),    ONLY_F(sigmoid),
    ONLY_F(logsigmoid), BOTH(relu),       ONLY_F(relu6),      ONLY_F(leaky_relu), BOTH(threshold),
    ONLY_F(elu),        ONLY_F(selu),     ONLY_F(celu),       ONLY_F(gelu),       ONLY_F(gelu_tanh),
    ONLY_F(silu),       ONLY_F(mish),     ONLY_F(softplus),   ONLY_F(hardtanh),   ONLY_F(hardsigmoid),
    ONLY_F(hardswish),  ONLY_F(softsign), ONLY_F(softshrink), ONLY_F(hardshrink), ONLY_F(tanhshrink),
    BOTH(cadd),         BOTH(csub),       BOTH(cmul),         BOTH(cdiv),         BOTH(cpow),
    BOTH(cfmod),        BOTH(cremainder), BOTH(cmax),         BOTH(cmin),         ONLY_F(lerp),
    ONLY_F(atan2),      ONLY_F(prelu),    BOTH(clshift),      BOTH(crshift),      ONLY_I(cbitand),
    ONLY_I(cbitor),     ONLY_I(cbitxor),  BOTH(addcmul),      BOTH(addcdiv),      BOTH(where),
    BOTH(lt),           BOTH(le),         BOTH(gt),           BOTH(ge),           BOTH(eq),
    BOTH(ne),           ONLY_F(isnan),    ONLY_F(isinf),      ONLY_F(isfinite),   ONLY_F(asinh),
    ONLY_F(acosh),      ONLY_F(atanh),    ONLY_F(erfinv),     ONLY_F(logit),      BOTH(maximum),
    BOTH(minimum),      ONLY_F(hypot),    ONLY_F(copysign),   ONLY_F(xlogy),      ONLY_F(logaddexp)};
static const struct reference *reference(int op) {
  for (size_t k = 0; k < sizeof references / sizeof references[0]; k++)
    if (!strcmp(references[k].name, rk_op_name(op))) return &references[k];
  return NULL;
}

/* -- running one op ------------------------------------------------------------------------ */
static int run_op(int op, struct rk_tensor *out, struct rk_tensor *in, double a, double b) {
  switch (rk_op_kind(op)) {
  case RK_MAP1: return rk_map1(op, out, &in[0], a, b);
  case RK_MAP2: return rk_map2(op, out, &in[0], &in[1], a);
  case RK_MAP3: return rk_map3(op, out, &in[0], &in[1], &in[2], a);
  default: return rk_compare(op, out, &in[0], &in[1], 0);
  }
}
static int inputs_of(int op) { return rk_op_kind(op) == RK_COMPARE ? 2 : rk_op_kind(op); }
static double epsilon(int dtype) {
  return dtype == RK_f64 ? 2.2e-16 : dtype == RK_f32 ? 1.2e-7 : dtype == RK_f16 ? 9.8e-4 : 7.9e-3;
}
/* What the dtype holds must be within a few ulps of the reference; what overflows it, infinite. */
static bool close_enough(int dtype, double got, double want) {
  const double most = dtype == RK_f16 ? 65504 : dtype == RK_f64 ? 1.7e308 : 3.3e38;
  const double least = dtype == RK_f16 ? 6.2e-5 : dtype == RK_f64 ? 2.3e-308 : 1.2e-38;
  if (isnan(want)) return isnan(got);
  if (fabs(want) > most * 0.999) return fabs(got) > most * 0.99 && (got > 0) == (want > 0);
  return fabs(got - want) <= 8 * epsilon(dtype) * fmax(fabs(want), fmax(least, 1e-3)) || got == want;
}
static void rescale(struct rk_tensor *t, double factor) { /* contents in place; integer divisors lose their zeros */
  for (int64_t k = 0; k < rk_buffer_count(&(struct rk_buffer){t->mem, t->dt, 0}); k++) {
    struct rk_value v;
    rk_peek(t, k, &v);
    rk_poke(t, k, v.f * factor, v.i);
  }
}
static void no_zeros(struct rk_tensor *t) {
  for (int64_t k = 0; k < rk_buffer_count(&(struct rk_buffer){t->mem, t->dt, 0}); k++) {
    struct rk_value v;
    rk_peek(t, k, &v);
    if (!v.i && !rk_dtype_is_float(t->dt)) rk_poke(t, k, 3, 3);
  }
}

/* Differences of near numbers, remainders a multiple of the divisor off, and the rough reference of digamma. */
static bool forgiven(const char *name, int dtype, double error, double x, double y, double z, double a) {
  const double by = !strcmp(name, "remainder") ? a : y;
  if (!strcmp(name, "digamma")) return isnan(error) || fabs(error) < 0.02 + epsilon(dtype) * 4;
  if (strstr(name, "remainder")) error -= by * half_away(error / by);
  double scale = fabs(x);
  if (!strcmp(name, "lerp") || !strcmp(name, "logaddexp")) scale += fabs(y);
  if (!strcmp(name, "logit")) scale = 1; /* of x / (1 - x) near 1 */
  if (!strcmp(name, "addcmul")) scale += fabs(a * y * z);
  if (!strcmp(name, "addcdiv")) scale += fabs(a * y / z);
  if (!strcmp(name, "gelu")) scale = fabs(0.5 * x * erfc(-x / sqrt(2))) * (4 + x * x); /* of e^(-x^2/2) */
  return strstr("gelu tanhshrink remainder cremainder frac lerp addcmul addcdiv logaddexp logit", name) &&
         fabs(error) <= 4 * epsilon(dtype) * scale;
}
static void check_against(int op, int dtype, int rank, const int64_t *shape, const int *layout, double scale) {
  const struct reference *r = reference(op);
  struct rk_tensor in[3] = {{0}}, out = {.dt = (int8_t)(rk_op_kind(op) == RK_COMPARE ? RK_u8 : dtype)};
  const int n = inputs_of(op);
  double a = rk_dtype_is_float(dtype) ? 0.5 : 3, b = rk_dtype_is_float(dtype) ? 2.25 : 7;
  if (strstr(rk_op_name(op), "shift") && !strstr(rk_op_name(op), "shrink")) a = 2;
  if (!strcmp(rk_op_name(op), "pow")) a = 1.75;
  for (int k = 0; k < n; k++) {
    CHECK_OK(test_layout(&in[k], dtype, rank, shape, layout[k]));
    if (scale != 1) rescale(&in[k], scale);
    if (!rk_dtype_is_float(dtype)) no_zeros(&in[k]);
  }
  struct rk_scalar sa = rk_scalar_double(dtype, a), sb = rk_scalar_double(dtype, b);
  if (!CHECK_OK(run_op(op, &out, in, a, b))) printf("  %s %s\n", rk_op_name(op), rk_dtype_name(dtype));
  CHECK(rk_tensor_same_shape(&out, &in[0]));
  int wrong = 0;
  for (int64_t k = 0; k < rk_tensor_count(&out); k++) {
    struct rk_value x = test_value(&in[0], k), y = n > 1 ? test_value(&in[1], k) : x,
                    z = n > 2 ? test_value(&in[2], k) : x;
    struct rk_value got = test_value(&out, k);
    bool ok;
    double want = 0;
    if (rk_dtype_is_float(dtype)) {
      want = r->f((struct args){x.f, y.f, z.f, sa.f, sb.f});
      ok = close_enough(dtype, got.f, want) || forgiven(r->name, dtype, got.f - want, x.f, y.f, z.f, sa.f);
    } else {
      struct iargs v = {x.i, y.i, z.i, sa.i, sb.i, 8 * rk_dtype_size(dtype)};
      int64_t exact = r->i(v);
      want = (double)exact;
      ok = got.i == (rk_op_kind(op) == RK_COMPARE ? exact : test_wrap(dtype, exact));
    }
    if (!ok && !wrong++)
      printf("%s %s: x %.9g y %.9g z %.9g a %g b %g: got %.9g, want %.9g\n", rk_op_name(op), rk_dtype_name(dtype), x.f,
             y.f, z.f, sa.f, sb.f, got.f, want);
  }
  CHECK(!wrong);
  for (int k = 0; k < n; k++) rk_tensor_drop(&in[k]);
  rk_tensor_drop(&out);
}

static void every_op_has_a_reference(void) {
  for (int op = 0; rk_op_name(op); op++) {
    if (!CHECK(reference(op) != NULL)) printf("  no reference for %s\n", rk_op_name(op));
    CHECK(strlen(rk_op_doc(op)) > 1);
  }
}
static void values_of_every_op(void) {
  static const int64_t shapes[][3] = {{7, 5, 3}, {1, 1, 1}, {2, 1, 90}, {600, 1, 2}, {4, 70, 1}};
  for (int op = 0; rk_op_name(op); op++)
    for (int dt = 0; dt < RK_NDTYPES; dt++) {
      struct rk_tensor x = {.dt = (int8_t)dt}, o = {.dt = (int8_t)dt}, in[3] = {x, x, x};
      if (!rk_op_defined(op, dt)) {
        CHECK_FAILS(run_op(op, &o, in, 1, 1), RK_EDTYPE, rk_op_name(op));
        continue;
      }
      CHECK_OK(run_op(op, &o, in, 1, 1)); /* empty */
      for (int l = 0; l < TEST_LAYOUTS; l++)
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
          int layout[3] = {l, (int)test_int(0, 3), (int)test_int(0, 3)};
          check_against(op, dt, 3, shapes[s], layout, s & 1 || !rk_dtype_is_float(dt) ? 1 : 1.0 / 24);
        }
    }
}

/* -- gradients ------------------------------------------------------------------------------- */
static void fill_between(struct rk_tensor *t, double low, double high) {
  for (int64_t k = 0; k < rk_tensor_count(t); k++) rk_poke(t, k, test_real(low, high), 0);
}
/* Where an op is smooth. */
static void domain(const char *name, double *low, double *high) {
  static const struct {
    const char *names;
    double low, high;
  } rows[] = {{" asin acos atanh erfinv ", -0.9, 0.9},
              {" log log2 log10 log1p pow sqrt rsqrt lgamma digamma cpow xlogy ", 0.2, 3},
              {" acosh ", 1.1, 3},
              {" logit ", 0.1, 0.9}};
  char word[32];
  snprintf(word, sizeof word, " %s ", name);
  *low = -3, *high = 3;
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
    if (strstr(rows[k].names, word)) *low = rows[k].low, *high = rows[k].high;
}
static void gradients(void) {
  enum { N = 60 };
  const double h = 1e-6;
  for (int op = 0; rk_op_name(op); op++) {
    if (!rk_op_has_grad(op)) continue;
    const char *name = rk_op_name(op);
    if (strstr(name, "shift")) continue; /* by whole numbers only */
    bool whole = strstr("floor ceil round trunc frac fmod remainder cfmod cremainder", name) != NULL;
    double low, high, a = 0.7, b = 1.9;
    domain(name, &low, &high);
    struct rk_tensor x[5], moved = {.dt = RK_f64}, up = {.dt = RK_f64}, down = {.dt = RK_f64}, z = {.dt = RK_f64}, g,
                           dx = {.dt = RK_f64};
    const int inputs = rk_op_kind(op);
    if (inputs == 3) continue;
    rk_tensor_init1(&g, RK_f64, N), fill_between(&g, -2, 2);
    for (int k = 0; k < inputs; k++) rk_tensor_init1(&x[k], RK_f64, N), fill_between(&x[k], low, high);
    for (int k = 0; k < N && inputs == 2; k++) /* divisors: differences of quotients by nearly 0 say nothing */
      if (fabs(test_get(&x[1], k)) < 0.05) rk_poke(&x[1], k, 0.05, 0);
    CHECK_OK(run_op(op, &z, x, a, b));
    for (int which = 0; which < inputs; which++) {
      struct rk_tensor in[2] = {x[0], x[inputs > 1]};
      in[which] = moved;
      CHECK_OK(rk_map1(RK_OP_add, &moved, &x[which], h, 0)), in[which] = moved;
      CHECK_OK(run_op(op, &up, in, a, b));
      CHECK_OK(rk_map1(RK_OP_sub, &moved, &x[which], h, 0)), in[which] = moved;
      CHECK_OK(run_op(op, &down, in, a, b));
      CHECK_OK(inputs == 1 ? rk_map_grad(op, &dx, &x[0], &z, &g, a, b)
                           : rk_map2_grad(op, which, &dx, &x[0], &x[1], &z, &g, a));
      int wrong = 0;
      for (int k = 0; k < N; k++) {
        double slope = (test_get(&up, k) - test_get(&down, k)) / (2 * h), want = slope * test_get(&g, k);
        if (whole && fabs(slope) > 1e3) continue; /* across a step */
        double got = test_get(&dx, k), room = 2e-8 * fabs(test_get(&z, k)) / h * 1e-2 + 1e-6 * (1 + fabs(want));
        if (!(fabs(got - want) <= fmax(room, 5e-6 * (1 + fabs(want)))) && !wrong++)
          printf("gradient of %s by input %d at %g: %.9g instead of %.9g\n", name, which, test_get(&x[which], k), got,
                 want);
      }
      CHECK(!wrong);
    }
    for (int k = 0; k < inputs; k++) rk_tensor_drop(&x[k]);
    rk_tensor_drop(&moved), rk_tensor_drop(&up), rk_tensor_drop(&down), rk_tensor_drop(&z), rk_tensor_drop(&g),
        rk_tensor_drop(&dx);
  }
}

/* -- the same bits on every ISA and number of threads ---------------------------------------------- */
static uint64_t bits_of(const struct rk_tensor *t) { /* all NaN count as one: their sign is the processor's affair */
  uint64_t h = 14695981039346656037u;
  for (int64_t k = 0; k < rk_tensor_count(t); k++) {
    struct rk_value v;
    rk_peek(t, t->start + k, &v);
    uint64_t bits = (uint64_t)v.i;
    if (rk_dtype_is_float(t->dt)) memcpy(&bits, &v.f, 8);
    if (rk_dtype_is_float(t->dt) && isnan(v.f)) bits = 1;
    h = (h ^ bits) * 1099511628211u;
    h ^= h >> 29;
  }
  return h;
}
static void same_bits(void) {
  static const char *const isas[] = {"base", "avx2", "avx512"};
  enum { N = 17003 };
  for (int dt = 0; dt < RK_NDTYPES; dt++) {
    struct rk_tensor in[4], out = {.dt = (int8_t)dt}, flags = {.dt = RK_u8};
    for (int k = 0; k < 4; k++) {
      rk_tensor_init1(&in[k], dt, N);
      for (int64_t i = 0; i < N; i++) {
        double v = test_real(-1, 1) * exp2((double)test_int(-12, 12));
        if (!rk_dtype_is_float(dt) && fabs(v) < 1) v = 5;
        if (!rk_dtype_is_float(dt)) v = (double)((int64_t)v | 1);
        if (i % 1001 == 0 && rk_dtype_is_float(dt))
          v = (double[]){HUGE_VAL, -HUGE_VAL, nan(""), 0, -0.0, 1e30, 1e-42}[i / 1001 % 7];
        rk_poke(&in[k], i, v, (int64_t)v);
      }
    }
    for (int op = 0; rk_op_name(op); op++)
      for (int column = 0; column < 2; column++) {
        if (!rk_op_defined(op, dt)) continue;
        if (column && (!rk_op_has_grad(op) || !rk_dtype_is_float(dt) || rk_op_kind(op) != RK_MAP1)) continue;
        uint64_t want = 0;
        for (int run = 0; run < 4; run++) {
          if (!rk_use_isa(isas[run < 3 ? run : 1])) continue;
          rk_set_threads(run == 3 ? 2 : 1);
          struct rk_tensor *o = rk_op_kind(op) == RK_COMPARE ? &flags : &out;
          CHECK_OK(column ? rk_map_grad(op, o, &in[0], &in[1], &in[2], 0.5, 3) : run_op(op, o, in, 1.5, 3));
          if (!run) want = bits_of(o);
          if (!CHECK(bits_of(o) == want))
            printf("  %s %s: bits differ on %s\n", rk_op_name(op), rk_dtype_name(dt), rk_isa());
        }
      }
    for (int k = 0; k < 4; k++) rk_tensor_drop(&in[k]);
    rk_tensor_drop(&out), rk_tensor_drop(&flags);
  }
  rk_use_isa(NULL), rk_set_threads(rk_cores());
}

/* -- 16-bit floats ------------------------------------------------------------------------------------- */
static double half_value(unsigned h) { /* IEEE 754 binary16, by the book */
  int e = (h >> 10) & 31, m = h & 1023;
  double v = e == 31 ? (double)(m ? NAN : INFINITY) : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
  return h & 0x8000 ? -v : v;
}
static void half_patterns(void) {
  int wrong = 0;
  for (unsigned h = 0; h < 65536; h++) {
    rk_f16 in = {(uint16_t)h};
    float f = rk_load_f16(in);
    double want = half_value(h);
    bool ok = isnan(want) ? isnan(f) : (double)f == want && !signbit(f) == !signbit(want);
    ok &= isnan(want) ? (rk_store_f16(f).bits & 0x7fff) > 0x7c00 : rk_store_f16(f).bits == h;
    if (isfinite(want) && (h & 0x7fff) < 0x7bff) { /* ties between neighbours go to the even one */
      float above = (float)half_value(h + 1), middle = (f + above) / 2;
      ok &= rk_store_f16(middle).bits == (h & 1 ? h + 1 : h);
      ok &= rk_store_f16(nextafterf(middle, above)).bits == h + 1 && rk_store_f16(nextafterf(middle, f)).bits == h;
    }
    rk_bf16 b = {(uint16_t)h};
    float g = rk_load_bf16(b);
    ok &= isnan(g) ? isnan(rk_load_bf16(rk_store_bf16(g))) : rk_store_bf16(g).bits == h;
    wrong += !ok;
    if (!ok && wrong < 5) printf("half %x\n", h);
  }
  CHECK_EQ(wrong, 0);
}

/* -- accuracy: the largest error seen, in ulps of the exact value ------------------------------------------- */
struct range {
  const char *name;
  long double (*exact)(long double x); /* libm's double functions are off by up to 4 ulps themselves (erfc) */
  double low, high, most;
};
static long double exact_sigmoid(long double x) { return 1 / (1 + expl(-x)); }
static long double exact_softplus(long double x) { return log1pl(expl(x)); }
static struct rk_tensor drawn(int dtype, int64_t n, double low, double high) {
  struct rk_tensor x;
  rk_tensor_init1(&x, dtype, n);
  const bool logarithmic = high / low > 1e6;
  for (int64_t i = 0; i < n; i++)
    rk_poke(&x, i, logarithmic ? exp(test_real(log(low), log(high))) : test_real(low, high), 0);
  return x;
}
static double worst_ulps(const struct range *row, int dtype) {
  struct rk_tensor x = drawn(dtype, 20000, row->low, row->high), y = {.dt = (int8_t)dtype};
  int op = 0;
  while (strcmp(rk_op_name(op), row->name)) op++;
  CHECK_OK(rk_map1(op, &y, &x, 1, 1));
  double worst = 0;
  for (int64_t i = 0; i < rk_tensor_count(&x); i++) {
    const long double want = row->exact((long double)test_get(&x, i)), size = fabsl(want);
    const double next = dtype == RK_f64 ? nextafter((double)size, (double)INFINITY) - (double)size
                                        : (double)nextafterf((float)size, INFINITY) - (double)(float)size;
    worst = fmax(worst, (double)fabsl((long double)test_get(&y, i) - want) / next);
  }
  rk_tensor_drop(&x), rk_tensor_drop(&y);
  return worst;
}
/* RK_TEST_VERBOSE=1 prints what is seen. erfc near 0 magnifies the rounding of its t: 5.15 in float32 at 0.0376, 4.2 in
 * float64 at 0.0102, the worst of 30 million. */
static void accuracy(void) {
  static const struct range rows[] = {
      {"exp", expl, -87, 88, 3.5},
      {"exp2", exp2l, -125, 127, 3.5},
      {"expm1", expm1l, -10, 80, 3.5},
      {"expm1", expm1l, -0.5, 0.5, 3.5},
      {"log", logl, 1e-30, 1e30, 3.5},
      {"log", logl, 0.5, 2, 3.5},
      {"log2", log2l, 0.5, 2, 3.5},
      {"log2", log2l, 1e-3, 1e9, 3.5},
      {"log10", log10l, 1e-3, 1e9, 3.5},
      {"log1p", log1pl, -0.9, 1e6, 3.5},
      {"log1p", log1pl, -0.1, 0.1, 3.5},
      {"sin", sinl, -10, 10, 3.5},
      {"sin", sinl, -9e5, 9e5, 3.5},
      {"cos", cosl, -1000, 1000, 3.5},
      {"tan", tanl, -10, 10, 3.5},
      {"asin", asinl, -1, 1, 3.5},
      {"acos", acosl, -1, 1, 3.5},
      {"atan", atanl, -50, 50, 3.5},
      {"sinh", sinhl, -80, 80, 3.5},
      {"sinh", sinhl, -0.5, 0.5, 3.5},
      {"cosh", coshl, -80, 80, 3.5},
      {"tanh", tanhl, -9, 9, 3.5},
      {"tanh", tanhl, -0.7, 0.7, 3.5},
      {"sigmoid", exact_sigmoid, -80, 80, 3.5},
      {"softplus", exact_softplus, -80, 80, 3.5},
      {"erf", erfl, -4, 4, 3.5},
      {"erf", erfl, -0.9, 0.9, 3.5},
      {"erfc", erfcl, -3, 8, 5.25},
      {"lgamma", lgammal, 3, 100, 3.5},
      {"lgamma", lgammal, 1e-4, 3, 6.5},
      {"lgamma", lgammal, 0.99, 1.01, 3.5},
      {"lgamma", lgammal, 1.99, 2.01, 3.5},
      {"lgamma", lgammal, 4, 6, 3.5},
      {"lgamma", lgammal, 7, 9, 3.5},
      {"lgamma", lgammal, 100, 1e30, 3.5},
      {"lgamma", lgammal, -1e-3, 0, 3.5},
      {"lgamma", lgammal, -1.9, -0.1, 3.5},
      {"digamma", exact_digamma, 2, 12, 24} /* the sum and the logarithm cancel */,
      {"digamma", exact_digamma, 1e-4, 1, 32},
      {"digamma", exact_digamma, 9, 1e6, 3.5},
      {"asinh", asinhl, -1e4, 1e4, 3.5},
      {"asinh", asinhl, -1, 1, 3.5},
      {"acosh", acoshl, 1, 1.5, 3.5},
      {"acosh", acoshl, 1, 1e9, 3.5},
      {"atanh", atanhl, -1, 1, 3.5},
      {"erfinv", exact_erfinv, -1, 1, 4.5},
      {"erfinv", exact_erfinv, -1e-3, 1e-3, 3.5},
  };
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    const double narrow = worst_ulps(&rows[k], RK_f32), wide = worst_ulps(&rows[k], RK_f64);
    const bool ok = CHECK(narrow <= rows[k].most && wide <= rows[k].most);
    if (!ok || getenv("RK_TEST_VERBOSE"))
      printf("%-9s %8g..%-8g float32 %.2f ulp, float64 %.2f ulp\n", rows[k].name, rows[k].low, rows[k].high, narrow,
             wide);
  }
}

/* Results whose positions share elements: one after another in row-major order. */
static void repeated_results(void) {
  for (int trial = 0; trial < 200; trial++) {
    struct rk_tensor base, out, x;
    const int64_t all = 64;
    const int rank = (int)test_int(1, 4);
    int64_t shape[4], at[4] = {0}, count = 1;
    for (int d = 0; d < rank; d++) shape[d] = test_int(1, 3), count *= shape[d];
    CHECK_OK(test_layout(&base, RK_f64, 1, &all, 0));
    CHECK_OK(test_layout(&x, RK_f64, rank, shape, (int)test_int(0, 3)));
    out = (struct rk_tensor){.dt = RK_f64};
    CHECK_OK(rk_tensor_view(&out, &base));
    out.rank = rank;
    for (int d = 0; d < rank; d++) out.shape[d] = shape[d], out.step[d] = test_int(0, 5);
    double want[64], got[64], value[81];
    CHECK_OK(rk_read_doubles(&base, want, all));
    CHECK_OK(rk_read_doubles(&x, value, count));
    for (int64_t n = 0; n < count; n++) {
      int64_t place = 0;
      for (int d = 0; d < rank; d++) place += at[d] * out.step[d];
      want[place] += value[n];
      for (int d = rank - 1; d >= 0 && ++at[d] == shape[d]; d--) at[d] = 0;
    }
    CHECK_OK(rk_map2(RK_OP_cadd, &out, &out, &x, 1));
    CHECK_OK(rk_read_doubles(&base, got, all));
    CHECK(!memcmp(got, want, sizeof got));
    rk_tensor_drop(&out), rk_tensor_drop(&x), rk_tensor_drop(&base);
  }
}

/* Results beyond the caches, which are written past them, wherever they begin within a line. */
static void large_results(void) {
  enum { ROWS = 65, WIDTH = 65600 };
  struct rk_tensor x, y, row = {.dt = RK_f32}, out = row, in = row;
  CHECK_OK(rk_tensor_init2(&x, RK_f32, ROWS, WIDTH));
  CHECK_OK(rk_range(&x, -1000, 1));
  CHECK_OK(rk_tensor_init2(&y, RK_f32, ROWS, WIDTH));
  for (int first = 0; first < 3; first++)
    for (int kind = 0; kind < 3; kind++) {
      const int64_t n = WIDTH - 2 * first;
      CHECK_OK(rk_fill(&y, -1));
      CHECK_OK(rk_narrow(&out, &y, 1, first, n));
      CHECK_OK(rk_narrow(&in, &x, 1, first ? 2 * first - 1 : 0, n));
      CHECK_OK(rk_narrow(&row, &in, 0, 0, 1));
      CHECK_OK(rk_expand(&row, &row, 2, out.shape));
      if (kind == 0) CHECK_OK(rk_map1(RK_OP_abs, &out, &in, 0, 0));
      if (kind == 1) CHECK_OK(rk_map2(RK_OP_cadd, &out, &in, &row, 1));
      if (kind == 2) CHECK_OK(rk_map2(RK_OP_cmul, &out, &in, &in, 0));
      const float *a = (const float *)(void *)rk_at(&in), *b = (const float *)(void *)rk_at(&y);
      bool same = true;
      for (int64_t i = 0; i < ROWS; i++)
        for (int64_t j = 0; j < WIDTH; j++, b++) {
          const bool outside = j < first || j >= first + n;
          const float v = outside ? 0 : a[i * WIDTH + j - first], first_row = outside ? 0 : a[j - first];
          same &= *b == (outside ? -1 : kind == 0 ? fabsf(v) : kind == 1 ? v + first_row : v * v);
        }
      CHECK(same);
    }
  rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&row), rk_tensor_drop(&out), rk_tensor_drop(&in);
}

/* Each op that can: the same bits as for pieces too small to be written past the caches. */
static void large_results_of_every_op(void) {
  static const int dtypes[] = {RK_f32, RK_f64, RK_i32, RK_i64};
  for (int d = 0; d < 4; d++) {
    const int dt = dtypes[d], size = rk_dtype_size(dt);
    const int64_t n = (16 << 20) / size + 100, piece = n / 3;
    struct rk_tensor in[3] = {{.dt = (int8_t)dt}, {.dt = (int8_t)dt}, {.dt = (int8_t)dt}}, part[3] = {0}, room, out,
                     small;
    for (int k = 0; k < 3; k++) {
      CHECK_OK(rk_tensor_init1(&in[k], dt, n));
      CHECK_OK(rk_range(&in[k], rk_dtype_is_float(dt) ? 0.01 * (k + 1) : k + 1, rk_dtype_is_float(dt) ? 1e-6 : 1));
    }
    CHECK_OK(rk_tensor_init1(&room, dt, n + 3));
    CHECK_OK(rk_tensor_init1(&small, dt, piece));
    memset(&out, 0, sizeof out);
    for (int op = 0; op < RK_NOPS; op++) {
      const int kind = rk_op_kind(op);
      if (kind == RK_COMPARE || !rk_op_defined(op, dt) || !RK_STREAMED(op, rk_op_class(op))) continue;
      CHECK_OK(rk_narrow(&out, &room, 0, op % 4, n));
      if (kind == RK_MAP1) CHECK_OK(rk_map1(op, &out, &in[0], 2, 3));
      if (kind == RK_MAP2) CHECK_OK(rk_map2(op, &out, &in[0], &in[1], 2));
      if (kind == RK_MAP3) CHECK_OK(rk_map3(op, &out, &in[0], &in[1], &in[2], 2));
      bool same = true;
      for (int64_t i = 0; i + piece <= n; i += piece) {
        for (int k = 0; k < 3; k++) CHECK_OK(rk_narrow(&part[k], &in[k], 0, i, piece));
        if (kind == RK_MAP1) CHECK_OK(rk_map1(op, &small, &part[0], 2, 3));
        if (kind == RK_MAP2) CHECK_OK(rk_map2(op, &small, &part[0], &part[1], 2));
        if (kind == RK_MAP3) CHECK_OK(rk_map3(op, &small, &part[0], &part[1], &part[2], 2));
        same &= !memcmp(rk_at(&out) + i * size, rk_at(&small), (size_t)(piece * size));
      }
      if (!same) printf("%s of %s\n", rk_op_name(op), rk_dtype_name(dt));
      CHECK(same);
    }
    for (int k = 0; k < 3; k++) rk_tensor_drop(&in[k]), rk_tensor_drop(&part[k]);
    rk_tensor_drop(&room), rk_tensor_drop(&out), rk_tensor_drop(&small);
  }
}

int main(void) {
  RUN(every_op_has_a_reference);
  RUN(half_patterns);
  for (int threads = 1; threads <= 2; threads++) {
    rk_set_threads(threads);
    RUN(values_of_every_op);
  }
  RUN(gradients);
  RUN(accuracy);
  RUN(same_bits);
  RUN(repeated_results);
  RUN(large_results);
  RUN(large_results_of_every_op);
  return test_done();
}
