/* loops_correlate.c -- a row of a correlation of plain tensors; see correlate.h. Compiled once per ISA; includes itself
 * once per type.
 *
 * Four vectors of sums stay in registers while all of the kernel goes by: each of its elements is read once for them,
 * the input once for each element. Every sum runs over the kernel in its order: same bits on any ISA. */
#ifndef REAL
#include "correlate.h"
#include "unroll.h"
#if defined __AVX512F__
enum { VBYTES = 64 };
#elif defined __AVX2__
enum { VBYTES = 32 };
#else
enum { VBYTES = 16 };
#endif

#define LOOPS_FILE "loops_correlate.c"
#include "each_real.h"
const struct rk_correlate_loops RK_LOOPS_NAME(rk_correlate_loops, RK_ISA)[2] = {{row_f32}, {row_f64}};

#else
typedef REAL FN(vector) __attribute__((vector_size(VBYTES), may_alias, aligned(sizeof(REAL))));
enum { FN(LANES) = VBYTES / sizeof(REAL) };

#define ZERO(i) type c##i = {0};
#define STEP(i) c##i += s * *(const type *)(at + q + (i)*lanes);
#define KEEP(i) *(type *)(out + (i)*lanes) = c##i;
/* As many sums as `all` makes of the type, each of so many lanes. */
#define SUMS(name, all, sum, width)                                                                                    \
  static inline void FN(name)(REAL * out, const REAL *x, const REAL *k, const struct rk_correlation *c) {              \
    typedef sum type;                                                                                                  \
    enum { lanes = width };                                                                                            \
    all(ZERO) for (int64_t p = 0; p < c->size[0]; p++) {                                                               \
      for (int64_t z = 0; z < c->size[1]; z++)                                                                         \
        for (int64_t y = 0; y < c->size[2]; y++) {                                                                     \
          const REAL *at = x + p * c->step[0] + z * c->step[1] + y * c->step[2];                                       \
          for (int64_t q = 0; q < c->size[3]; q++) {                                                                   \
            const REAL s = *k++;                                                                                       \
            all(STEP)                                                                                                  \
          }                                                                                                            \
        }                                                                                                              \
    }                                                                                                                  \
    all(KEEP)                                                                                                          \
  }
SUMS(four, ROWS4, FN(vector), FN(LANES))
SUMS(one, ROWS1, FN(vector), FN(LANES))
SUMS(number, ROWS1, REAL, 1)

static void FN(row)(void *pout, const void *px, const void *k, int64_t n, const struct rk_correlation *c) {
  REAL *out = pout;
  const REAL *x = px;
  int64_t j = 0;
  for (; j + 4 * FN(LANES) <= n; j += 4 * FN(LANES)) FN(four)(out + j, x + j, k, c);
  for (; j + FN(LANES) <= n; j += FN(LANES)) FN(one)(out + j, x + j, k, c);
  if (j < n && n >= FN(LANES)) { /* the last ones once more, with those before them */
    FN(one)(out + n - FN(LANES), x + n - FN(LANES), k, c);
    return;
  }
  for (; j < n; j++) FN(number)(out + j, x + j, k, c);
}
#undef ZERO
#undef STEP
#undef KEEP
#undef SUMS
#endif
