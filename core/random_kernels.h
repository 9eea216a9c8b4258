/* random_kernels.h -- the loops of the random generator: refilling the state,
 * tempering it into words, and turning words into numbers.
 *
 * random_kernels.c includes this file once per instruction set with RK_NAME
 * and RK_TARGET defined. Everything here is branch-free double arithmetic
 * without contraction, so all instruction sets give the same bits. */

/* Next 624 words of the recurrence of Matsumoto and Nishimura (2002). The
 * second loop reads what the first wrote 227 places before: wide enough for
 * any vector. */
#define TWIST(a, b) ((((a)&0x80000000u) | ((b)&0x7fffffffu)) >> 1 ^ ((0u - ((b)&1u)) & 0x9908b0dfu))
RK_TARGET static void RK_NAME(twist)(uint32_t *s) {
  for (int i = 0; i < 227; i++) s[i] = s[i + 397] ^ TWIST(s[i], s[i + 1]);
  for (int i = 227; i < 623; i++) s[i] = s[i - 227] ^ TWIST(s[i], s[i + 1]);
  s[623] = s[396] ^ TWIST(s[623], s[0]);
}
#undef TWIST

RK_TARGET static void RK_NAME(temper)(uint32_t *restrict to, const uint32_t *restrict s, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = temper_word(s[i]);
}

/* Words to numbers: one word an element, written as float or double. */
#define FROM_WORDS(name, type, expression)                                                                             \
  RK_TARGET static void RK_NAME(name##_##type)(void *restrict out, const uint32_t *restrict words, int64_t n,          \
                                               double a, double b) {                                                   \
    type *restrict to = out;                                                                                           \
    (void)a, (void)b;                                                                                                  \
    for (int64_t i = 0; i < n; i++) {                                                                                  \
      double u = unit(words[i]);                                                                                       \
      to[i] = (type)(expression);                                                                                      \
    }                                                                                                                  \
  }
#define FROM_WORDS_BOTH(name, expression) FROM_WORDS(name, float, expression) FROM_WORDS(name, double, expression)
FROM_WORDS_BOTH(uniform, u *(b - a) + a)
FROM_WORDS_BOTH(exponential, -1.0 / a * log_unit(1 - u))
FROM_WORDS_BOTH(cauchy, a + b * tangent(u - 0.5))
FROM_WORDS_BOTH(bernoulli, u <= a ? 1.0 : 0.0)
/* b: log of the probability */
FROM_WORDS_BOTH(geometric, trunc(log_unit(1 - u) / b) + 1)
#undef FROM_WORDS_BOTH
#undef FROM_WORDS

/* Box-Muller: words 2i and 2i+1 give elements 2i (cosine) and 2i+1 (sine); n is even. */
#define NORMAL(type)                                                                                                   \
  RK_TARGET static void RK_NAME(normal_##type)(void *restrict out, const uint32_t *restrict words, int64_t n,          \
                                               double mean, double std) {                                              \
    type *restrict to = out;                                                                                           \
    for (int64_t i = 0; i < n; i += 2) {                                                                               \
      double c, s, radius = sqrt(-2.0 * log_unit(1 - unit(words[i + 1])));                                             \
      turn(unit(words[i]), &c, &s);                                                                                    \
      to[i] = (type)(radius * c * std + mean);                                                                         \
      to[i + 1] = (type)(radius * s * std + mean);                                                                     \
    }                                                                                                                  \
  }
NORMAL(float)
NORMAL(double)
#undef NORMAL

static const struct random_kernels RK_NAME(table) = {
    RK_NAME(twist),
    RK_NAME(temper),
    {[RK_UNIFORM] = {RK_NAME(uniform_float), RK_NAME(uniform_double)},
     [RK_NORMAL] = {RK_NAME(normal_float), RK_NAME(normal_double)},
     [RK_EXPONENTIAL] = {RK_NAME(exponential_float), RK_NAME(exponential_double)},
     [RK_CAUCHY] = {RK_NAME(cauchy_float), RK_NAME(cauchy_double)},
     /* the exponential function is applied to normals by random.c */
     [RK_LOG_NORMAL] = {RK_NAME(normal_float), RK_NAME(normal_double)},
     [RK_GEOMETRIC] = {RK_NAME(geometric_float), RK_NAME(geometric_double)},
     [RK_BERNOULLI] = {RK_NAME(bernoulli_float), RK_NAME(bernoulli_double)}},
};
