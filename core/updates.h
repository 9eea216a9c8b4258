/* updates.h -- one step of an optimiser, one row each: what happens to one
 * parameter x, given its gradient g and up to four numbers of state s0..s3.
 * Loops for every ISA and type, the enum and the names Lua asks for follow
 * from the rows (loops_update.c, update.c).
 *
 *   ROW(name, kept, written, doc, statements...)
 *
 * kept: states s0.. that are read and written; written: those after them that
 * are only written, buffers that Torch7's state tables hold. p0..p7 are the
 * step's numbers, cast to the element type; their order stands beside each row.
 *
 * Each operation rounds as the tensor operations of Torch7's optimisers did, so
 * that trajectories are the same bits: a + b*c is two roundings, the order of
 * products is that of addcmul (a*y)*z and addcdiv (a*y)/z. Conditions are on
 * p only: compilers take them out of the loop. DECAYED is g + weightDecay*x. */
#ifndef RK_UPDATES_H
#define RK_UPDATES_H
/* clang-format off */
#define RK_DECAYED g = p0 != 0 ? g + p0 * x : g;
#define RK_UPDATES(ROW)                                                                                                \
  /* weightDecay, -rate */                                                                                             \
  ROW(sgd, 0, 0, "x - rate*g",                                                                                         \
      RK_DECAYED x = x + p1 * g;)                                                                                      \
  /* weightDecay, -rate, momentum, 1 - dampening, first step?, nesterov? */                                            \
  ROW(momentum, 1, 0, "v = momentum*v + (1 - dampening)*g, x - rate*v",                                                \
      RK_DECAYED s0 = p4 != 0 ? g : s0 * p2 + p3 * g; x = x + p1 * (p5 != 0 ? g + p2 * s0 : s0);)                      \
  /* weightDecay, -rate, momentum */                                                                                   \
  ROW(nag, 1, 0, "x - rate*g, v = momentum*v - rate*g",                                                                \
      RK_DECAYED x = x + p1 * g; s0 = s0 * p2 + p1 * g;)                                                               \
  /* weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, epsilon, -step; m, v, denominator */                             \
  ROW(adam, 2, 1, "x - step*m / (sqrt(v) + epsilon)",                                                                  \
      RK_DECAYED s0 = s0 * p1 + p2 * g; s1 = s1 * p3 + p4 * g * g; s2 = rk_sqrt(s1) + p5; x = x + p6 * s0 / s2;)       \
  /* 1 - rate*weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, epsilon, -step, sqrt(1 - beta2^t); m, v */              \
  ROW(adamw, 2, 0, "(1 - rate*weightDecay)*x - step*m / (sqrt(v)/correction + epsilon)",                               \
      x = x * p0; s0 = s0 * p1 + p2 * g; s1 = s1 * p3 + p4 * g * g;                                                    \
      x = x + p6 * s0 / (rk_sqrt(s1) / p7 + p5);)                                                                      \
  /* weightDecay, beta1, beta2, 1 - beta2, epsilon, sqrt(1 - beta2^t), factor of g, factor of m; m, v */               \
  ROW(nadam, 2, 0, "x - (a*g + b*m) / (sqrt(v)/correction + epsilon)",                                                 \
      RK_DECAYED s0 = s0 * p1 + (1 - p1) * g; s1 = s1 * p2 + p3 * g * g;                                               \
      x = x + (p6 * g + p7 * s0) / (rk_sqrt(s1) / p5 + p4);)                                                           \
  /* weightDecay, beta1, beta2, 1 - beta2, epsilon, -step, divide by sqrt(v)?; m, v */                                 \
  ROW(radam, 2, 0, "x - step*m / (sqrt(v) + epsilon), or x - step*m while the variance is unknown",                    \
      RK_DECAYED s0 = s0 * p1 + (1 - p1) * g; s1 = s1 * p2 + p3 * g * g;                                               \
      x = x + p5 * s0 / (p6 != 0 ? rk_sqrt(s1) + p4 : 1);)                                                             \
  /* 1 - rate*weightDecay, beta1, beta2, -rate; m */                                                                   \
  ROW(lion, 1, 0, "x - rate*sign(beta1*m + (1 - beta1)*g)",                                                            \
      const REAL u = s0 * p1 + (1 - p1) * g; x = x * p0;                                                               \
      x = x + p3 * (u > 0 ? (REAL)1 : u < 0 ? (REAL)-1 : u); s0 = s0 * p2 + (1 - p2) * g;)                             \
  /* weightDecay, beta1, 1 - beta1, beta2, epsilon, -step; m, u, both sides of the maximum */                          \
  ROW(adamax, 2, 2, "u = max(beta2*u, |g| + epsilon), x - step*m/u",                                                   \
      RK_DECAYED s0 = s0 * p1 + p2 * g; s2 = s1 * p3; s3 = (g < 0 ? -g : g) + p4;                                      \
      s1 = s2 > s3 ? s2 : s3; x = x + p5 * s0 / s1;)                                                                   \
  /* weightDecay, alpha, 1 - alpha, epsilon, -rate; m, denominator */                                                  \
  ROW(rmsprop, 1, 1, "m = alpha*m + (1 - alpha)*g^2, x - rate*g / (sqrt(m) + epsilon)",                                \
      RK_DECAYED s0 = s0 * p1 + p2 * g * g; s1 = rk_sqrt(s0) + p3; x = x + p4 * g / s1;)                               \
  /* weightDecay, -rate; variance, denominator */                                                                      \
  ROW(adagrad, 1, 1, "v = v + g^2, x - rate*g / (sqrt(v) + 1e-10)",                                                    \
      RK_DECAYED s0 = s0 + g * g; s1 = rk_sqrt(s0) + (REAL)1e-10; x = x + p1 * g / s1;)                                \
  /* weightDecay, rho, 1 - rho, eps; variance, accumulated steps, sqrt(variance + eps), step */                        \
  ROW(adadelta, 2, 2, "x - g*sqrt(d + eps)/sqrt(v + eps)",                                                             \
      RK_DECAYED s0 = s0 * p1 + p2 * g * g; s2 = rk_sqrt(s0 + p3); s3 = rk_sqrt(s1 + p3) / s2 * g;                     \
      x = x - s3; s1 = s1 * p1 + p2 * s3 * s3;)                                                                        \
  /* 1 - lambda*eta, -eta, mu; average, distance */                                                                    \
  ROW(asgd, 1, 1, "x - eta*(g + lambda*x), and the average of x",                                                      \
      x = x * p0; x = x + p1 * g; s1 = x - s0; s0 = p2 != 1 ? s0 + p2 * s1 : x;)                                       \
  /* 1 - decay: x is the average, g what it follows */                                                                 \
  ROW(average, 0, 0, "x + (1 - decay)*(g - x)",                                                                        \
      x = x + p0 * (g - x);)
/* clang-format on */
#endif
