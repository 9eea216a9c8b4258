/* loss_rows.h -- every loss that compares an input with a target element by
 * element, once:
 *
 *   LOSS(name, loss = f(x, t; a, b), slope = df/dx, doc)
 *
 * x the input, t the target, a and b numbers; all of one compute type, so
 * write K(0.5), never 0.5, and selects, never branches (see ops.h). The loops,
 * the enum and the library's names follow. */
#ifndef RK_LOSS_ROWS_H
#define RK_LOSS_ROWS_H
/* clang-format off */
#define RK_LOSS_ROWS(LOSS)                                                                                             \
  LOSS(mse, (x - t) * (x - t), 2 * (x - t), "(x - t)^2")                                                               \
  LOSS(abs, rk_abs(x - t), K((x > t) - (x < t)), "|x - t|")                                                            \
  LOSS(huber, rk_abs(x - t) < a ? K(0.5) * (x - t) * (x - t) : a * (rk_abs(x - t) - K(0.5) * a),                       \
       x - t < -a ? -a : x - t > a ? a : x - t, "d^2/2 where |d| < a, else a(|d| - a/2), of d = x - t")                \
  LOSS(bce, -(t * rk_log(x + a) + (1 - t) * rk_log(1 - x + a)), (x - t) / ((1 - x + a) * (x + a)),                     \
       "-(t log(x + a) + (1 - t) log(1 - x + a))")                                                                     \
  LOSS(bce_logits, (x > 0 ? x : 0) - x * t + rk_softplus(-rk_abs(x)), rk_sigmoid(x) - t,                               \
       "log(1 + e^x) - x t: cross entropy of sigmoid(x)")                                                              \
  LOSS(soft_margin, rk_softplus(-x * t), -t * rk_sigmoid(-x * t), "log(1 + e^(-x t))")                                 \
  LOSS(margin, a - x * t > 0 ? a - x * t : 0, a - x * t > 0 ? -t : 0, "max(0, a - x t)")                               \
  LOSS(ranking, a - x * t > 0 ? a - x * t : 0, a - x * t >= 0 ? -t : 0, "max(0, a - x t), with a slope at 0")          \
  LOSS(hinge, t > 0 ? x : a - x > 0 ? a - x : 0, t > 0 ? 1 : a - x > 0 ? -1 : 0,                                       \
       "x for t = 1, max(0, a - x) for t = -1")                                                                        \
  LOSS(kl, t > 0 ? t * (rk_log(t > 0 ? t : 1) - x) : 0, t > 0 ? -t : 0, "t (log t - x) where t > 0")                   \
  LOSS(kl_log, rk_exp(t) * (t - x), -rk_exp(t), "e^t (t - x): both are logarithms")                                    \
  LOSS(poisson, x - t * rk_log(x + a) + b * rk_stirling(t), 1 - t / (x + a), "x - t log(x + a)")                       \
  LOSS(poisson_log, rk_exp(x) - t * x + b * rk_stirling(t), rk_exp(x) - t, "e^x - t x")                                \
  LOSS(ratio, rk_softplus(x - t), rk_sigmoid(x - t), "log(1 + e^(x - t))")
/* clang-format on */
#endif
