/* Every pointwise op, comparison and reduction, once. CPU loops for each ISA
 * and dtype, CUDA kernels, the enums, the Lua methods, their documentation and
 * the tests all come from these rows.
 *
 *   OP1(name, class, scalars, y = f(x; a, b), dx = g*f'(x), doc)   one tensor in
 *   OP2(name, class, scalars, z = f(x, y; a), dx, dy, doc)         two
 *   OP3(name, class, scalars, o = f(x, y, z; a), doc)              three
 *   CMP(name, class, scalars, 0 or 1 from x, y, doc)               a byte out
 *   RED(name, class, empty, start, step, merge, end, doc)          many to one
 *
 * In scope: x, y, z (inputs; in an OP1's dx column y is the op's own output,
 * in an OP2's columns z is), g (the incoming gradient), a, b (scalars), M (a
 * mask as wide as the storage type, for shifts). All have the compute type C,
 * so write K(0.5), never 0.5. Gradients exist on FLT dtypes only.
 * In a RED: acc, t (partial results), x, p (a number given by the caller), n
 * (the count, in `end` only), all double for FLT dtypes and int64 for INT;
 * empty is 1 when no elements at all give `end(start)`, 0 when that is an error.
 *
 * Rules, each measured: no ||, && and no branches, selects only (one || made
 * softplus 14 times slower: the loop no longer widened); no libm calls that
 * the compiler cannot widen. class: NUM, FLT or INT, see dtypes.h; TRG is FLT
 * with rk_sin, rk_cos, rk_tan, rk_lgamma or rk_digamma, of which loops of far
 * (for the gamma functions: negative) arguments get slower versions. Rows are part of no ABI: Lua and CUDA look them up
 * by name. */
#ifndef RK_OPS_H
#define RK_OPS_H
/* clang-format off */
#define RK_OP1(OP1, ...)                                                                                                \
  /* arithmetic with a number */                                                                                        \
  OP1(add, NUM, 1, x + a, g, "x + a", __VA_ARGS__)                                                                      \
  OP1(sub, NUM, 1, x - a, g, "x - a", __VA_ARGS__)                                                                      \
  OP1(mul, NUM, 1, x * a, g * a, "x * a", __VA_ARGS__)                                                                  \
  OP1(div, NUM, 1, rk_div(x, a), g / a, "x / a; integers truncate towards zero", __VA_ARGS__)                           \
  OP1(rsub, NUM, 1, a - x, -g, "a - x", __VA_ARGS__)                                                                    \
  OP1(rdiv, NUM, 1, rk_div(a, x), -g * y / x, "a / x; integers truncate towards zero", __VA_ARGS__)                     \
  OP1(affine, NUM, 2, a * x + b, a * g, "a*x + b", __VA_ARGS__)                                                         \
  OP1(fmod, NUM, 1, rk_fmod(x, a), g, "remainder of x / a with the sign of x", __VA_ARGS__)                             \
  OP1(remainder, NUM, 1, rk_remainder(x, a), g, "remainder of x / a with the sign of a", __VA_ARGS__)                   \
  OP1(pow, FLT, 1, rk_pow(x, a), a == 0 ? 0 : g * a * rk_pow(x, a - 1), "x to the power a", __VA_ARGS__)                \
  OP1(tpow, FLT, 1, rk_pow(a, x), a == 0 ? 0 : g * y * rk_log(a), "a to the power x", __VA_ARGS__)                      \
  OP1(clamp, NUM, 2, x < a ? a : x > b ? b : x, (x < a) | (x > b) ? 0 : g, "x limited to a..b", __VA_ARGS__)            \
  OP1(clamp_min, NUM, 1, x < a ? a : x, x < a ? 0 : g, "the larger of x and a", __VA_ARGS__)                            \
  OP1(clamp_max, NUM, 1, x > a ? a : x, x > a ? 0 : g, "the smaller of x and a", __VA_ARGS__)                           \
  OP1(lshift, NUM, 1, rk_lshift(x, a, M), rk_lshift(g, a, M), "x shifted left by a bits; floats: x * 2^a", __VA_ARGS__) \
  OP1(rshift, NUM, 1, rk_rshift(x, a, M), rk_rshift(g, a, M), "x shifted right by a bits, zeros coming in; floats: x / 2^a", __VA_ARGS__) \
  OP1(bitand, INT, 1, x & a, g, "bits set in x and in a", __VA_ARGS__)                                                  \
  OP1(bitor, INT, 1, x | a, g, "bits set in x or in a", __VA_ARGS__)                                                    \
  OP1(bitxor, INT, 1, x ^ a, g, "bits set in x or in a but not in both", __VA_ARGS__)                                   \
  OP1(bitnot, INT, 0, ~x, g, "bits not set in x", __VA_ARGS__)                                                          \
  /* signs, rounding, powers */                                                                                         \
  OP1(neg, NUM, 0, -x, -g, "-x", __VA_ARGS__)                                                                           \
  OP1(abs, NUM, 0, rk_abs(x), g * K((x > 0) - (x < 0)), "x without its sign", __VA_ARGS__)                              \
  OP1(sign, NUM, 0, K((x > 0) - (x < 0)), 0, "-1, 0 or 1 as x is below, at or above zero", __VA_ARGS__)                 \
  OP1(square, NUM, 0, x * x, 2 * g * x, "x * x", __VA_ARGS__)                                                           \
  OP1(cube, NUM, 0, x * x * x, 3 * g * x * x, "x * x * x", __VA_ARGS__)                                                 \
  OP1(floor, FLT, 0, rk_floor(x), 0, "largest whole number not above x", __VA_ARGS__)                                   \
  OP1(ceil, FLT, 0, rk_ceil(x), 0, "smallest whole number not below x", __VA_ARGS__)                                    \
  OP1(round, FLT, 0, rk_round(x), 0, "nearest whole number, halves away from zero", __VA_ARGS__)                        \
  OP1(trunc, FLT, 0, rk_trunc(x), 0, "x without its fraction", __VA_ARGS__)                                             \
  OP1(frac, FLT, 0, x - rk_trunc(x), g, "fraction of x, with the sign of x", __VA_ARGS__)                               \
  OP1(sqrt, FLT, 0, rk_sqrt(x), g / (2 * y), "square root", __VA_ARGS__)                                                \
  OP1(rsqrt, FLT, 0, 1 / rk_sqrt(x), K(-0.5) * g * y / x, "1 / sqrt(x)", __VA_ARGS__)                                   \
  OP1(cinv, FLT, 0, 1 / x, -g * y * y, "1 / x", __VA_ARGS__)                                                            \
  OP1(rsquare, FLT, 0, 1 / (x * x), -2 * g * y / x, "1 / (x * x)", __VA_ARGS__)                                         \
  /* exponentials and logarithms */                                                                                     \
  OP1(exp, FLT, 0, rk_exp(x), g * y, "e to the power x", __VA_ARGS__)                                                   \
  OP1(exp2, FLT, 0, rk_exp2(x), g * y * K(0.6931471805599453), "2 to the power x", __VA_ARGS__)                         \
  OP1(expm1, FLT, 0, rk_expm1(x), g * (y + 1), "e^x - 1, exact near 0", __VA_ARGS__)                                    \
  OP1(log, FLT, 0, rk_log(x), g / x, "natural logarithm", __VA_ARGS__)                                                  \
  OP1(log2, FLT, 0, rk_log2(x), g * K(1.4426950408889634) / x, "logarithm to base 2", __VA_ARGS__)                      \
  OP1(log10, FLT, 0, rk_log10(x), g * K(0.4342944819032518) / x, "logarithm to base 10", __VA_ARGS__)                   \
  OP1(log1p, FLT, 0, rk_log1p(x), g / (1 + x), "log(1 + x), exact near 0", __VA_ARGS__)                                 \
  /* circular and hyperbolic */                                                                                         \
  OP1(sin, TRG, 0, rk_sin(x), g * rk_cos(x), "sine", __VA_ARGS__)                                                       \
  OP1(cos, TRG, 0, rk_cos(x), -g * rk_sin(x), "cosine", __VA_ARGS__)                                                    \
  OP1(tan, TRG, 0, rk_tan(x), g * (1 + y * y), "tangent", __VA_ARGS__)                                                  \
  OP1(asin, FLT, 0, rk_asin(x), g / rk_sqrt(1 - x * x), "arc sine", __VA_ARGS__)                                        \
  OP1(acos, FLT, 0, rk_acos(x), -g / rk_sqrt(1 - x * x), "arc cosine", __VA_ARGS__)                                     \
  OP1(atan, FLT, 0, rk_atan(x), g / (1 + x * x), "arc tangent", __VA_ARGS__)                                            \
  OP1(sinh, FLT, 0, rk_sinh(x), g * rk_cosh(x), "hyperbolic sine", __VA_ARGS__)                                         \
  OP1(cosh, FLT, 0, rk_cosh(x), g * rk_sinh(x), "hyperbolic cosine", __VA_ARGS__)                                       \
  OP1(tanh, FLT, 0, rk_tanh(x), g * (1 - y * y), "hyperbolic tangent", __VA_ARGS__)                                     \
  OP1(asinh, FLT, 0, rk_asinh(x), g / rk_sqrt(x * x + 1), "inverse of sinh", __VA_ARGS__)                               \
  OP1(acosh, FLT, 0, rk_acosh(x), g / (rk_sqrt(x - 1) * rk_sqrt(x + 1)), "inverse of cosh; NaN below 1", __VA_ARGS__)   \
  OP1(atanh, FLT, 0, rk_atanh(x), g / (1 - x * x), "inverse of tanh", __VA_ARGS__)                                      \
  /* special functions */                                                                                               \
  OP1(erf, FLT, 0, rk_erf(x), g * K(1.1283791670955126) * rk_exp(-x * x), "error function", __VA_ARGS__)                \
  OP1(erfc, FLT, 0, rk_erfc(x), -g * K(1.1283791670955126) * rk_exp(-x * x), "1 - erf(x), exact for large x", __VA_ARGS__) \
  OP1(erfinv, FLT, 0, rk_erfinv(x), g * K(0.8862269254527580) * rk_exp(y * y), "inverse of erf", __VA_ARGS__)           \
  OP1(lgamma, TRG, 0, rk_lgamma(x), g * rk_digamma(x), "logarithm of the gamma function's magnitude", __VA_ARGS__)      \
  OP1(digamma, TRG, 0, rk_digamma(x), g * rk_trigamma(x), "derivative of lgamma", __VA_ARGS__)                          \
  /* activations */                                                                                                     \
  OP1(sigmoid, FLT, 0, rk_sigmoid(x), g * y * (1 - y), "1 / (1 + e^-x)", __VA_ARGS__)                                   \
  OP1(logsigmoid, FLT, 0, -rk_softplus(-x), g * rk_sigmoid(-x), "log(sigmoid(x))", __VA_ARGS__)                         \
  OP1(logit, FLT, 0, rk_log(x / (1 - x)), g / (x * (1 - x)), "log(x / (1 - x)), inverse of sigmoid", __VA_ARGS__)       \
  OP1(relu, NUM, 0, x <= 0 ? 0 : x, x <= 0 ? 0 : g, "the larger of x and 0; NaN stays", __VA_ARGS__)                    \
  OP1(relu6, FLT, 0, x <= 0 ? 0 : x > 6 ? 6 : x, (x <= 0) | (x > 6) ? 0 : g, "x limited to 0..6", __VA_ARGS__)          \
  OP1(leaky_relu, FLT, 1, x <= 0 ? a * x : x, x <= 0 ? a * g : g, "x above 0, a*x below", __VA_ARGS__)                  \
  OP1(threshold, NUM, 2, x > a ? x : b, x > a ? g : 0, "x where above a, else b", __VA_ARGS__)                          \
  OP1(elu, FLT, 1, x <= 0 ? a * rk_expm1(x) : x, x <= 0 ? g * (y + a) : g, "x above 0, a*(e^x - 1) below", __VA_ARGS__) \
  OP1(celu, FLT, 1, x <= 0 ? a * rk_expm1(x / a) : x, x <= 0 ? g * (y + a) / a : g, "x above 0, a*(e^(x/a) - 1) below", __VA_ARGS__) \
  OP1(selu, FLT, 0, K(1.0507009873554805) * (x <= 0 ? K(1.6732632423543772) * rk_expm1(x) : x),                         \
      x <= 0 ? g * (y + K(1.7580993408473766)) : g * K(1.0507009873554805),                                             \
      "1.0507 * elu(x; 1.6733)", __VA_ARGS__)                                                                           \
  OP1(gelu, FLT, 0, K(0.5) * x * rk_erfc(x * K(-0.7071067811865476)),                                                   \
      g * (K(0.5) * rk_erfc(x * K(-0.7071067811865476)) + x * rk_normal_density(x)),                                    \
      "x * P(normal <= x) = x/2 * (1 + erf(x / sqrt 2))", __VA_ARGS__)                                                  \
  OP1(gelu_tanh, FLT, 0, x * rk_sigmoid(K(1.5957691216057308) * (x + K(0.044715) * x * x * x)),                         \
      g * rk_gelu_tanh_slope(x, rk_sigmoid(K(1.5957691216057308) * (x + K(0.044715) * x * x * x))),                     \
      "gelu approximated: x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3)))", __VA_ARGS__)                              \
  OP1(silu, FLT, 0, x * rk_sigmoid(x), g * rk_sigmoid(x) * (1 + x - y), "x * sigmoid(x)", __VA_ARGS__)                  \
  OP1(mish, FLT, 0, x * rk_tanh(rk_softplus(x)), g * rk_mish_slope(x, rk_tanh(rk_softplus(x))),                         \
      "x * tanh(log(1 + e^x))", __VA_ARGS__)                                                                            \
  OP1(softplus, FLT, 1, rk_softplus(a * x) / a, g * rk_sigmoid(a * x), "log(1 + e^(a*x)) / a", __VA_ARGS__)             \
  OP1(hardtanh, FLT, 2, x < a ? a : x > b ? b : x, (x <= a) | (x >= b) ? 0 : g, "x limited to a..b; no gradient at the ends", __VA_ARGS__) \
  OP1(hardsigmoid, FLT, 0, x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6, (x <= -3) | (x >= 3) ? 0 : g / 6,                    \
      "(x + 3) / 6 limited to 0..1", __VA_ARGS__)                                                                       \
  OP1(hardswish, FLT, 0, x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6, x <= -3 ? 0 : x >= 3 ? g : g * (2 * x + 3) / 6,    \
      "x * hardsigmoid(x)", __VA_ARGS__)                                                                                \
  OP1(softsign, FLT, 0, x / (1 + rk_abs(x)), g / ((1 + rk_abs(x)) * (1 + rk_abs(x))), "x / (1 + |x|)", __VA_ARGS__)     \
  OP1(softshrink, FLT, 1, x > a ? x - a : x < -a ? x + a : 0 * x, (x > a) | (x < -a) ? g : 0,                           \
      "x moved by a towards zero, not past it", __VA_ARGS__)                                                            \
  OP1(hardshrink, FLT, 1, (x > a) | (x < -a) ? x : 0 * x, (x > a) | (x < -a) ? g : 0, "x where |x| > a, else 0", __VA_ARGS__) \
  OP1(tanhshrink, FLT, 0, x - rk_tanh(x), g * rk_tanh(x) * rk_tanh(x), "x - tanh(x)", __VA_ARGS__)

#define RK_OP2(OP2, ...)                                                                                                \
  OP2(cadd, NUM, 1, x + a * y, g, a * g, "x + a*y", __VA_ARGS__)                                                        \
  OP2(csub, NUM, 1, x - a * y, g, -a * g, "x - a*y", __VA_ARGS__)                                                       \
  OP2(cmul, NUM, 0, x * y, g * y, g * x, "x * y", __VA_ARGS__)                                                          \
  OP2(cdiv, NUM, 0, rk_div(x, y), g / y, -g * z / y, "x / y; integers truncate towards zero", __VA_ARGS__)              \
  OP2(cpow, NUM, 0, rk_pow(x, y), y == 0 ? 0 : g * y * rk_pow(x, y - 1), x == 0 ? 0 : g * z * rk_log(x),                \
      "x to the power y", __VA_ARGS__)                                                                                  \
  OP2(cfmod, NUM, 0, rk_fmod(x, y), g, -g * rk_trunc(x / y), "remainder of x / y with the sign of x", __VA_ARGS__)      \
  OP2(cremainder, NUM, 0, rk_remainder(x, y), g, -g * rk_floor(x / y), "remainder of x / y with the sign of y", __VA_ARGS__) \
  OP2(cmax, NUM, 0, x > y ? x : y, x > y ? g : 0, x > y ? 0 : g, "the larger of x and y", __VA_ARGS__)                  \
  OP2(cmin, NUM, 0, x < y ? x : y, x < y ? g : 0, x < y ? 0 : g, "the smaller of x and y", __VA_ARGS__)                 \
  OP2(maximum, NUM, 0, (x > y) | (x != x) ? x : y, x > y ? g : x == y ? g / 2 : 0, x > y ? 0 : x == y ? g / 2 : g,      \
      "the larger of x and y, NaN where either is", __VA_ARGS__)                                                        \
  OP2(minimum, NUM, 0, (x < y) | (x != x) ? x : y, x < y ? g : x == y ? g / 2 : 0, x < y ? 0 : x == y ? g / 2 : g,      \
      "the smaller of x and y, NaN where either is", __VA_ARGS__)                                                       \
  OP2(lerp, FLT, 1, x + a * (y - x), g * (1 - a), g * a, "x + a*(y - x)", __VA_ARGS__)                                  \
  OP2(atan2, FLT, 0, rk_atan2(x, y), g * y / (x * x + y * y), -g * x / (x * x + y * y),                                 \
      "angle of the point (y, x), in -pi..pi", __VA_ARGS__)                                                             \
  OP2(hypot, FLT, 0, rk_hypot(x, y), g * x / z, g * y / z, "sqrt(x^2 + y^2) without overflow", __VA_ARGS__)             \
  OP2(copysign, FLT, 0, rk_copysign(x, y), x == 0 ? 0 : g * z / x, 0, "magnitude of x with the sign of y", __VA_ARGS__) \
  OP2(logaddexp, FLT, 0, x == y ? x + K(0.6931471805599453) : rk_max(x, y) + rk_log1p(rk_exp(-rk_abs(x - y))),          \
      g * rk_exp(x - z), g * rk_exp(y - z), "log(e^x + e^y) without overflow", __VA_ARGS__)                             \
  OP2(xlogy, FLT, 0, (x == 0) & (y == y) ? 0 : x * rk_log(y), x == 0 ? 0 : g * rk_log(y), g * x / y,                    \
      "x * log(y), 0 where x is", __VA_ARGS__)                                                                          \
  OP2(prelu, FLT, 0, x > 0 ? x : x * y, x > 0 ? g : g * y, x > 0 ? 0 : g * x, "x above 0, x * y elsewhere", __VA_ARGS__)   \
  OP2(clshift, NUM, 0, rk_lshift(x, y, M), rk_lshift(g, y, M), g * z * K(0.6931471805599453),                           \
      "x shifted left by y bits; floats: x * 2^y", __VA_ARGS__)                                                         \
  OP2(crshift, NUM, 0, rk_rshift(x, y, M), rk_rshift(g, y, M), -g * z * K(0.6931471805599453),                          \
      "x shifted right by y bits, zeros coming in; floats: x / 2^y", __VA_ARGS__)                                       \
  OP2(cbitand, INT, 0, x & y, g, g, "bits set in x and in y", __VA_ARGS__)                                              \
  OP2(cbitor, INT, 0, x | y, g, g, "bits set in x or in y", __VA_ARGS__)                                                \
  OP2(cbitxor, INT, 0, x ^ y, g, g, "bits set in x or in y but not in both", __VA_ARGS__)

#define RK_OP3(OP3, ...)                                                                                                \
  OP3(addcmul, NUM, 1, x + a * y * z, "x + a*y*z", __VA_ARGS__)                                                         \
  OP3(addcdiv, NUM, 1, x + rk_div(a * y, z), "x + a*y/z", __VA_ARGS__)                                                  \
  OP3(where, NUM, 0, x != 0 ? y : z, "y where x is not 0, else z", __VA_ARGS__)

#define RK_CMP(CMP, ...)                                                                                                \
  CMP(lt, NUM, 1, x < y, "x < y", __VA_ARGS__)                                                                          \
  CMP(le, NUM, 1, x <= y, "x <= y", __VA_ARGS__)                                                                        \
  CMP(gt, NUM, 1, x > y, "x > y", __VA_ARGS__)                                                                          \
  CMP(ge, NUM, 1, x >= y, "x >= y", __VA_ARGS__)                                                                        \
  CMP(eq, NUM, 1, x == y, "x == y", __VA_ARGS__)                                                                        \
  CMP(ne, NUM, 1, x != y, "x ~= y", __VA_ARGS__)                                                                        \
  CMP(isnan, FLT, 0, x != x, "x is not a number", __VA_ARGS__)                                                          \
  CMP(isinf, FLT, 0, (x == x) & (x - x != x - x), "x is infinite", __VA_ARGS__)                                         \
  CMP(isfinite, FLT, 0, x - x == x - x, "x is a finite number", __VA_ARGS__)

#define RK_RED(RED, ...)                                                                                                \
  RED(sum, NUM, 1, 0, acc + x, acc + t, acc, "sum of the elements", __VA_ARGS__)                                        \
  RED(mean, FLT, 0, 0, acc + x, acc + t, acc / n, "sum of the elements divided by their number", __VA_ARGS__)           \
  RED(prod, NUM, 1, 1, acc * x, acc * t, acc, "product of the elements", __VA_ARGS__)                                   \
  RED(amax, NUM, 0, RK_LOWEST, (x > acc) | (x != x) ? x : acc, (t > acc) | (t != t) ? t : acc, acc,                     \
      "largest element; NaN wins", __VA_ARGS__)                                                                         \
  RED(amin, NUM, 0, RK_HIGHEST, (x < acc) | (x != x) ? x : acc, (t < acc) | (t != t) ? t : acc, acc,                    \
      "smallest element; NaN wins", __VA_ARGS__)                                                                        \
  RED(any, NUM, 1, 0, (acc != 0) | (x != 0), (acc != 0) | (t != 0), acc, "1 when some element is not 0", __VA_ARGS__)   \
  RED(all, NUM, 1, 1, (acc != 0) & (x != 0), (acc != 0) & (t != 0), acc, "1 when no element is 0", __VA_ARGS__)         \
  RED(count, NUM, 1, 0, acc + (x != 0), acc + t, acc, "number of elements that are not 0", __VA_ARGS__)                 \
  RED(sumsq, NUM, 1, 0, acc + x * x, acc + t, acc, "sum of squares", __VA_ARGS__)                                       \
  RED(sumabs, NUM, 1, 0, acc + rk_abs(x), acc + t, acc, "sum of magnitudes", __VA_ARGS__)                               \
  RED(maxabs, NUM, 1, 0, (rk_abs(x) > acc) | (x != x) ? rk_abs(x) : acc, (t > acc) | (t != t) ? t : acc, acc,           \
      "largest magnitude; NaN wins", __VA_ARGS__)                                                                       \
  RED(norm2, FLT, 1, 0, acc + x * x, acc + t, rk_sqrt(acc), "square root of the sum of squares", __VA_ARGS__)           \
  RED(norm, FLT, 1, 0, acc + rk_power(x, p), acc + t, rk_pow(acc, 1 / p), "(sum of |x|^p)^(1/p)", __VA_ARGS__)    \
  RED(sumdev, FLT, 1, 0, acc + (x - p) * (x - p), acc + t, acc, "sum of (x - p)^2", __VA_ARGS__)                        \
  RED(sumexp, FLT, 1, 0, acc + rk_exp(x - p), acc + t, acc, "sum of e^(x - p)", __VA_ARGS__)
/* clang-format on */
#endif
