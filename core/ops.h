/* Every pointwise op, comparison and reduction, once. CPU loops for each ISA
 * and dtype, CUDA kernels, the enums, the Lua methods, their documentation and
 * the tests all come from these rows.
 *
 *   OP1(name, class, scalars, y = f(x; a, b), dx = g*f'(x), doc)   one tensor in
 *   OP2(name, class, scalars, z = f(x, y; a), dx, dy, doc)         two
 *   OP3(name, class, scalars, o = f(x, y, z; a), doc)              three
 *   CMP(name, class, scalars, 0 or 1 from x, y, doc)               a byte out
 *   RED(name, class, start, step(acc, x), merge(acc, t), doc)      many to one
 *
 * In scope: x, y, z (inputs; in an OP1's dx column y is the op's own output,
 * in an OP2's columns z is), g (the incoming gradient), a, b (scalars). All
 * have the compute type C, so write K(0.5), never 0.5.
 *
 * Rules, each measured: no ||, && and no branches, selects only (one || made
 * softplus 14 times slower: the loop no longer widened); no libm calls that
 * the compiler cannot widen. class: NUM, FLT or INT, see dtypes.h.
 * Rows are part of no ABI: Lua and CUDA look them up by name. */
#ifndef RK_OPS_H
#define RK_OPS_H
#define RK_OP1(OP1, ...)                                                                              \
  OP1(neg,  NUM, 0, -x,                -g,                "-x", __VA_ARGS__)                          \
  OP1(relu, NUM, 0, x > 0 ? x : 0,     x > 0 ? g : 0,     "max(x, 0)", __VA_ARGS__)                   \
  OP1(add,  NUM, 1, x + a,             g,                 "x + a", __VA_ARGS__)                       \
  OP1(mul,  NUM, 1, x * a,             g * a,             "x * a", __VA_ARGS__)                       \
  OP1(exp,  FLT, 0, rk_exp(x),         g * y,             "e to the power x", __VA_ARGS__)            \
  OP1(tanh, FLT, 0, rk_tanh(x),        g * (1 - y * y),   "hyperbolic tangent", __VA_ARGS__)

#define RK_OP2(OP2, ...)                                                                              \
  OP2(cadd, NUM, 1, x + a * y, g, a * g,          "x + a*y", __VA_ARGS__)                             \
  OP2(cmul, NUM, 0, x * y,     g * y, g * x,      "x * y", __VA_ARGS__)

#define RK_OP3(OP3, ...)                                                                              \
  OP3(addcmul, NUM, 1, x + a * y * z, "x + a*y*z", __VA_ARGS__)

#define RK_CMP(CMP, ...)                                                                              \
  CMP(lt, NUM, 0, x < y, "x < y", __VA_ARGS__)

#define RK_RED(RED, ...)                                                                              \
  RED(sum, NUM, 0, acc + x, acc + t, "sum of the elements", __VA_ARGS__)
#endif
