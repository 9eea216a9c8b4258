/* loops.h -- all loops of one compute type for one ISA, made from the rows of
 * ops.h. loops_f32.c and its like define RK_C (f32), C (float), A (double), the
 * type in which reductions accumulate, RK_IS_FLT (1 or 0), RK_ROW (an integer
 * as wide as C), RK_STORED (the dtypes that compute in C), and include this.
 * The build compiles them once per ISA with -DRK_ISA=base|avx2|avx512 and that
 * ISA's flags; the compiler does the SIMD.
 *
 * Every loop sees packed memory: one body per op, no tails by hand. */
#include "kernels.h"
#include "scalar.h"
#include "stream.h"
#include "widen.h"

#ifdef __clang__
#define IVDEP _Pragma("clang loop vectorize(assume_safety)")
#define NO_UNROLL
#else
#define IVDEP _Pragma("GCC ivdep")
#define NO_UNROLL _Pragma("GCC unroll 1") /* before it is vectorised */
#endif
#define K(c) ((C)(c))
#define PASTE_(a, b, c) a##b##c
#define PASTE(a, b, c) PASTE_(a, b, c)
#define MAYBE __attribute__((unused))

/* NUM ops exist on all dtypes, FLT and INT ops on theirs; gradients on FLT only. */
#if RK_IS_FLT
#define WHEN_NUM(...) __VA_ARGS__
#define WHEN_FLT(...) __VA_ARGS__
#define WHEN_TRG(...) __VA_ARGS__
#define WHEN_INT(...)
#define GRAD_NUM(...) __VA_ARGS__
#define GRAD_FLT(...) __VA_ARGS__
#define GRAD_TRG(...) __VA_ARGS__
#define GRAD_INT(...)
#define SCALAR_A ((C)l->a)
#define SCALAR_B ((C)l->b)
#define IS_NAN(v) ((v) != (v))
#define RK_LOWEST (-HUGE_VAL)
#define RK_HIGHEST HUGE_VAL
#else
#define WHEN_NUM(...) __VA_ARGS__
#define WHEN_FLT(...)
#define WHEN_TRG(...)
#define WHEN_INT(...) __VA_ARGS__
#define GRAD_NUM(...)
#define GRAD_FLT(...)
#define GRAD_TRG(...)
#define GRAD_INT(...)
#define SCALAR_A ((C)l->ia)
#define SCALAR_B ((C)l->ib)
#define IS_NAN(v) 0
#define RK_LOWEST INT64_MIN
#define RK_HIGHEST INT64_MAX
#endif

/* -- pointwise -------------------------------------------------------------------- */
/* TRG rows: rk_sin(x) is the branch-free one unless the block holds a far argument (W); so are rk_lgamma(x) and its
 * kind unless it holds one below 0. */
#define rk_sin(x) (W ? rk_sin_far(x) : rk_sin_near(x))
#define rk_cos(x) (W ? rk_cos_far(x) : rk_cos_near(x))
#define rk_tan(x) (W ? rk_tan_far(x) : rk_tan_near(x))
#undef rk_power
#define rk_power(x, p) (sizeof(C) < sizeof(A) ? rk_power_short(x, p) : rk_power_f64(x, p))
#undef rk_lgamma
#undef rk_digamma
#define rk_lgamma(x) (W ? RK_BY_FLT(rk_lgamma, x)(x) : rk_lgamma_near(x))
#define rk_digamma(x) (W ? RK_BY_FLT(rk_digamma, x)(x) : rk_digamma_near(x))

/* Written as macros, laid out like the functions they become. */
/* clang-format off */
#define OPEN                                                                                                           \
  const int64_t n = l->n;                                                                                              \
  MAYBE const C a = SCALAR_A, b = SCALAR_B;                                                                            \
  MAYBE const uint64_t M = l->mask;                                                                                    \
  C *o = l->out;                                                                                                       \
  MAYBE const C *in0 = l->in[0], *in1 = l->in[1], *in2 = l->in[2], *in3 = l->in[3];
#define EACH(op, cls, FETCH, DECLARE, E)                                                                               \
  if (RK_STREAMS && RK_STREAMED(RK_OP_##op, RK_##cls) && l->past) {                                                    \
    for (int64_t begin = 0; begin < n; begin += PER_LINE) {                                                            \
      _Alignas(RK_LINE) C line[PER_LINE];                                                                              \
      FETCH;                                                                                                           \
      IVDEP NO_UNROLL for (int k = 0; k < PER_LINE; k++) {                                                             \
        const int64_t i = begin + k;                                                                                   \
        DECLARE;                                                                                                       \
        line[k] = (C)(E);                                                                                              \
      }                                                                                                                \
      rk_stream_line(o + begin, line);                                                                                 \
    }                                                                                                                  \
    return;                                                                                                            \
  }                                                                                                                    \
  IVDEP for (int64_t i = 0; i < n; i++) {                                                                              \
    DECLARE;                                                                                                           \
    o[i] = (C)(E);                                                                                                     \
  }
enum { RK_TRG = RK_FLT, PER_LINE = RK_LINE / sizeof(C), AHEAD = 4096 / sizeof(C) };
/* Lines that will be read soon: the processor's own guesses stop while lines are written past the caches. */
#define FETCH(x) __builtin_prefetch((x) + begin + AHEAD)
#define FETCH_X FETCH(in0)
#define FETCH_XY FETCH(in0), FETCH(in1)
#define FETCH_XYZ FETCH(in0), FETCH(in1), FETCH(in2)
#define FETCH_NONE (void)0 /* a gradient does not read all of its inputs */
#define NEAR_NUM(op, ...) { enum { W = 0 }; (void)W; __VA_ARGS__ }
#define NEAR_FLT(op, ...) NEAR_NUM(op, __VA_ARGS__)
#define NEAR_INT(op, ...) NEAR_NUM(op, __VA_ARGS__)
#define NEAR_TRG(op, ...)                                                                                              \
  if (any_far(RK_OP_##op, in0, n)) { enum { W = 1 }; __VA_ARGS__ } else { enum { W = 0 }; __VA_ARGS__ }

#define IN_X MAYBE const C x = in0[i]
#define IN_XYG MAYBE const C x = in0[i], y = in1[i], g = in2[i]
#define IN_XY MAYBE const C x = in0[i], y = in1[i]
#define IN_XYZG MAYBE const C x = in0[i], y = in1[i], z = in2[i], g = in3[i]
#define IN_XYZ MAYBE const C x = in0[i], y = in1[i], z = in2[i]

#if RK_IS_FLT
static inline int any_far(int op, const C *x, int64_t n) {
  const bool gamma = op == RK_OP_lgamma || op == RK_OP_digamma;
  int32_t far = 0;
  if (gamma)
    for (int64_t i = 0; i < n; i++) far |= x[i] < 0;
  else
    for (int64_t i = 0; i < n; i++) far |= rk_abs(x[i]) > K(RK_TRIG_NEAR);
  return far;
}
#endif

#define MAP1(op, cls, scalars, f, d, ...)                                                                              \
  WHEN_##cls(static void map_##op(const struct rk_loop *l) { OPEN NEAR_##cls(op, EACH(op, cls, FETCH_X, IN_X, f)) })                     \
  GRAD_##cls(static void grad_##op(const struct rk_loop *l) { OPEN NEAR_##cls(op, EACH(op, cls, FETCH_NONE, IN_XYG, d)) })
#define MAP2(op, cls, scalars, f, dx, dy, ...)                                                                         \
  WHEN_##cls(static void map_##op(const struct rk_loop *l) { OPEN EACH(op, cls, FETCH_XY, IN_XY, f) })                                    \
  GRAD_##cls(static void grad_##op(const struct rk_loop *l) { OPEN EACH(op, cls, FETCH_NONE, IN_XYZG, dx) })                                \
  GRAD_##cls(static void grad_y_##op(const struct rk_loop *l) { OPEN EACH(op, cls, FETCH_NONE, IN_XYZG, dy) })
#define MAP3(op, cls, scalars, f, ...)                                                                                 \
  WHEN_##cls(static void map_##op(const struct rk_loop *l) { OPEN EACH(op, cls, FETCH_XYZ, IN_XYZ, f) })
#define COMPARE(op, cls, scalars, f, ...)                                                                              \
  WHEN_##cls(static void map_##op(const struct rk_loop *l) {                                                           \
    const int64_t n = l->n; /* the bytes written may alias anything, so not l->n in the loop */                        \
    MAYBE const C *in0 = l->in[0], *in1 = l->in[1];                                                                    \
    uint8_t *o = l->out;                                                                                               \
    EACH_BYTE(f)                                                                                                       \
  })
#define EACH_BYTE(E)                                                                                                   \
  IVDEP for (int64_t i = 0; i < n; i++) {                                                                              \
    IN_XY;                                                                                                             \
    o[i] = (uint8_t)(E);                                                                                               \
  }
RK_OP1(MAP1, )
RK_OP2(MAP2, )
RK_OP3(MAP3, )
RK_CMP(COMPARE, )

/* -- reductions ------------------------------------------------------------------------- */
/* Sixteen partial results, thirty-two of long sums, whatever the vector width: every ISA adds in the same
 * order. Wider than an element: a float sum is exact to half an ulp or so. */
enum { LANES = 16 };
typedef RK_ROW row_t; /* an integer as wide as C, so that value and place share one select mask */
/* Vectors by name: GCC does not widen a select on two conditions in lanes of its own making. */
typedef C lanes_t __attribute__((vector_size(LANES * sizeof(C)), aligned(sizeof(C)), may_alias));
typedef row_t masks_t __attribute__((vector_size(LANES * sizeof(C)), aligned(sizeof(C)), may_alias));
#define PICK(m, x, y) ((lanes_t)(((masks_t)(x) & (m)) | ((masks_t)(y) & ~(m))))
#define BETTER(x, y, more) ((masks_t)(more) | (masks_t)((x) != (x)))

#if RK_IS_FLT
#define MAGNITUDE(v) ((lanes_t)((masks_t)(v) & ~((row_t)1 << (8 * sizeof(row_t) - 1))))
#else
#define MAGNITUDE(v) (v)
#endif
/* What the row does in C is exact, and a select: whole blocks go by vectors of C, in two independent chains. */
#define PICKS(red) ((red) == RK_RED_amax || (red) == RK_RED_amin || (RK_IS_FLT && (red) == RK_RED_maxabs))
#define TESTS(red) ((red) == RK_RED_any || (red) == RK_RED_all)
#define PICK_LANES(get, OP)                                                                                            \
  for (; i + 2 * LANES <= n; i += 2 * LANES) {                                                                         \
    const lanes_t u = get(*(const lanes_t *)(x + i)), v = get(*(const lanes_t *)(x + i + LANES));                      \
    best[0] = PICK(BETTER(u, best[0], u OP best[0]), u, best[0]);                                                      \
    best[1] = PICK(BETTER(v, best[1], v OP best[1]), v, best[1]);                                                      \
  }
#define AS_IT_IS(v) (v)
static inline int64_t pick_lanes(int red, const C *x, int64_t n, lanes_t *best) {
  int64_t i = 0;
  best[0] = *(const lanes_t *)x, best[1] = *(const lanes_t *)(x + LANES);
  if (red == RK_RED_maxabs) best[0] = MAGNITUDE(best[0]), best[1] = MAGNITUDE(best[1]);
  if (red == RK_RED_maxabs) {
    PICK_LANES(MAGNITUDE, >)
  } else if (red == RK_RED_amax) {
    PICK_LANES(AS_IT_IS, >)
  } else {
    PICK_LANES(AS_IT_IS, <)
  }
  return i;
}
/* Lanes that hold an element which is 0 (all) or is not (any). */
static inline int64_t test_lanes(int red, const C *x, int64_t n, masks_t *hit) {
  int64_t i = 0;
  hit[0] = hit[1] = (masks_t){0};
  for (; i + 2 * LANES <= n; i += 2 * LANES)
    for (int k = 0; k < 2; k++) {
      const lanes_t v = *(const lanes_t *)(x + i + k * LANES);
      hit[k] |= red == RK_RED_any ? (masks_t)(v != 0) : (masks_t)(v == 0);
    }
  return i;
}
/* Sums: whole blocks go by vectors, too, in 2 * LANES chains, as many of them at once as every ISA has registers for. */
#define SUMS(red)                                                                                                      \
  ((red) == RK_RED_sum || (red) == RK_RED_mean || (red) == RK_RED_sumsq || (red) == RK_RED_norm2 ||                    \
   (RK_IS_FLT && ((red) == RK_RED_sumabs || (red) == RK_RED_sumdev)))
#define CUBES(red, p) (RK_IS_FLT && (red) == RK_RED_norm && (p) == 3)
enum { CHAINS = 2 * LANES / WIDE, AT_ONCE = 8, RUN = 2048 };
/* What is widened leaves the processor too little room to look ahead, so lines are called into the second-level cache:
 * 10 M floats that lie in the third-level one 93 -> 115 GB/s on two cores of a Zen 4. Where the memory itself is the
 * limit, farther ones cost more than they bring, as they do in loops that only read. */
enum { SOON = 16384 / sizeof(C) };
#define ADD_LANES(E)                                                                                                   \
  for (; i < n; i += 2 * LANES) {                                                                                      \
    for (int k = 0; FUSED && k < 2 * LANES; k += PER_LINE) __builtin_prefetch(x + i + k + SOON, 0, 2);                 \
    for (int k = 0; k < AT_ONCE; k++) {                                                                                \
      const wide_t v = widen(x + i + k * WIDE);                                                                        \
      acc[k] = E;                                                                                                      \
    }                                                                                                                  \
  }
static inline void add_run(int red, const C *x, int64_t n, MAYBE A p, wide_t *sums) {
  int64_t i = 0;
  wide_t acc[AT_ONCE];
  MAYBE const wide_t one = wide_ones();
  memcpy(acc, sums, sizeof acc);
  if (red == RK_RED_sum || red == RK_RED_mean) {
    ADD_LANES(FUSED ? ADD_PRODUCT(acc[k], v, one) : acc[k] + v)
#if RK_IS_FLT
  } else if (red == RK_RED_sumabs) {
    ADD_LANES(acc[k] + (wide_t)((bits_t)v & INT64_MAX))
  } else if (red == RK_RED_sumdev) {
    ADD_LANES(acc[k] + (v - p) * (v - p))
  } else if (red == RK_RED_norm) {
    ADD_LANES(acc[k] + (wide_t)((bits_t)v & INT64_MAX) * v * v)
#endif
  } else {
    ADD_LANES(FUSED ? ADD_PRODUCT(acc[k], v, v) : acc[k] + v * v)
  }
  memcpy(sums, acc, sizeof acc);
}
static inline int64_t add_lanes(int red, const C *x, int64_t n, A p, wide_t *sums) {
  int64_t i = 0, run;
  for (int k = 0; k < CHAINS; k++) sums[k] = (wide_t){0};
  for (; n - i >= 2 * LANES; i += run) {
    run = n - i < RUN ? (n - i) & -2 * LANES : RUN;
    for (int k = 0; k < CHAINS; k += AT_ONCE) add_run(red, x + i + k * WIDE, run, p, sums + k);
  }
  return i;
}
/* Columns of more than a cache holds: rows go TOGETHER so that accumulators pass through registers less often, and those
 * that come after them are fetched in the order of memory meanwhile: the processor guesses no further than a page. Each
 * column still takes its rows one after another. FROM_MEMORY: elements, somewhat less than a whole part of reduce.c. */
#if defined(__AVX512F__)
enum { TOGETHER = 8 };
#else
enum { TOGETHER = 4 };
#endif
enum { STRETCH = 512 / sizeof(C), FROM_MEMORY = 7 << 15 };
static inline bool from_memory(int64_t columns, int64_t rows) {
  return columns >= 2 * STRETCH && rows * columns >= FROM_MEMORY;
}
struct coming {
  const C *row;
  int64_t at, columns, step; /* columns: 0 where nothing is fetched */
};
static inline struct coming coming_rows(const C *x, int64_t columns, int64_t rows, int64_t step) {
  return (struct coming){x + TOGETHER * step, 0, rows >= 2 * TOGETHER ? columns : 0, step};
}
static inline void fetch_coming(struct coming *c) {
  if (!c->columns) return;
  for (int k = 0; k < TOGETHER; k++) {
    for (int i = 0; i < STRETCH; i += PER_LINE) __builtin_prefetch(c->row + c->at + i, 0, 2);
    c->at += STRETCH;
    if (c->at >= c->columns) c->at = 0, c->row += c->step;
  }
}
#define REDUCE(op, cls, empty, start, step, merge, end, ...)                                                           \
  WHEN_##cls(                                                                                                          \
    RK_FN A step_##op(A acc, A x, A p) { return (void)p, (A)(step); }                                                  \
    RK_FN A merge_##op(A acc, A t) { return (A)(merge); }                                                              \
    static void fold_##op(void *result, const void *from, int64_t n, double power) {                                   \
      const C *x = from;                                                                                               \
      const A p = (A)power;                                                                                            \
      A acc[LANES];                                                                                                    \
      for (int k = 0; k < LANES; k++) acc[k] = (A)(start);                                                             \
      int64_t i = 0;                                                                                                   \
      if ((SUMS(RK_RED_##op) || CUBES(RK_RED_##op, p)) && n >= 4 * LANES) {                                                                       \
        wide_t sums[CHAINS];                                                                                           \
        i = add_lanes(RK_RED_##op, x, n, p, sums);                                                                     \
        for (int k = 0; k < LANES; k++)                                                                                \
          acc[k] = sums[k / WIDE][k % WIDE] + sums[(k + LANES) / WIDE][k % WIDE];                                      \
      } else if (PICKS(RK_RED_##op) && n >= 2 * LANES) {                                                               \
        lanes_t best[2];                                                                                               \
        i = pick_lanes(RK_RED_##op, x, n, best);                                                                       \
        for (int k = 0; k < LANES; k++) acc[k] = merge_##op(merge_##op(acc[k], (A)best[0][k]), (A)best[1][k]);         \
      } else if (TESTS(RK_RED_##op) && n >= 2 * LANES) {                                                               \
        masks_t hit[2];                                                                                                \
        i = test_lanes(RK_RED_##op, x, n, hit);                                                                        \
        for (int k = 0; k < LANES; k++)                                                                                \
          if (hit[0][k] | hit[1][k]) acc[k] = (A)(RK_RED_##op == RK_RED_any);                                          \
      }                                                                                                                \
      for (; i + LANES <= n; i += LANES)                                                                               \
        for (int k = 0; k < LANES; k++) acc[k] = step_##op(acc[k], (A)x[i + k], p);                                    \
      for (int k = 0; i < n; i++, k++) acc[k] = step_##op(acc[k], (A)x[i], p);                                         \
      for (int w = LANES / 2; w; w /= 2)                                                                               \
        for (int k = 0; k < w; k++) acc[k] = merge_##op(acc[k], acc[k + w]);                                           \
      *(A *)result = merge_##op(*(A *)result, acc[0]);                                                                 \
    }                                                                                                                  \
    static void fold_rows_##op(void *result, const void *from, int64_t columns, int64_t rows, int64_t step_,           \
                               double power) {                                                                         \
      const C *x = from;                                                                                               \
      const A p = (A)power;                                                                                            \
      A *acc = result;                                                                                                 \
      const bool large = from_memory(columns, rows);                                                                   \
      while (rows >= TOGETHER && large) {                                                                              \
        struct coming c = coming_rows(x, columns, rows, step_);                                                        \
        for (int64_t first = 0; first < columns; first += STRETCH) {                                                   \
          const int64_t stop = first + STRETCH < columns ? first + STRETCH : columns;                                  \
          fetch_coming(&c);                                                                                            \
          IVDEP for (int64_t j = first; j < stop; j++) {                                                               \
            A t = acc[j];                                                                                              \
            for (int r = 0; r < TOGETHER; r++) t = step_##op(t, (A)x[r * step_ + j], p);                               \
            acc[j] = t;                                                                                                \
          }                                                                                                            \
        }                                                                                                              \
        rows -= TOGETHER, x += TOGETHER * step_;                                                                       \
      }                                                                                                                \
      for (; rows >= 4; rows -= 4, x += 4 * step_) {                                                                   \
        const C *x1 = x + step_, *x2 = x1 + step_, *x3 = x2 + step_;                                                   \
        IVDEP for (int64_t j = 0; j < columns; j++) {                                                                  \
          A t = step_##op(acc[j], (A)x[j], p);                                                                         \
          t = step_##op(t, (A)x1[j], p);                                                                               \
          t = step_##op(t, (A)x2[j], p);                                                                               \
          acc[j] = step_##op(t, (A)x3[j], p);                                                                          \
        }                                                                                                              \
      }                                                                                                                \
      for (; rows; rows--, x += step_)                                                                                 \
        IVDEP for (int64_t j = 0; j < columns; j++) acc[j] = step_##op(acc[j], (A)x[j], p);                            \
    }                                                                                                                  \
    static void merge_all_##op(void *result, const void *from, int64_t n) {                                            \
      A *acc = result;                                                                                                 \
      const A *t = from;                                                                                               \
      for (int64_t j = 0; j < n; j++) acc[j] = merge_##op(acc[j], t[j]);                                               \
    }                                                                                                                  \
    static void start_##op(void *result, int64_t n) {                                                                  \
      for (int64_t j = 0; j < n; j++) ((A *)result)[j] = (A)(start);                                                   \
    }                                                                                                                  \
    static void end_##op(void *result, int64_t many, int64_t count, double power) {                                    \
      MAYBE const A n = (A)count, p = (A)power;                                                                        \
      for (int64_t j = 0; j < many; j++) {                                                                             \
        A acc = ((A *)result)[j];                                                                                      \
        ((A *)result)[j] = (A)(end);                                                                                   \
      }                                                                                                                \
    })
RK_RED(REDUCE, )

/* Best value of a block by lanes, then the first place that holds it. */
/* Best of the n / (2 * LANES) first blocks, in two independent chains. */
#define BEST_OF(OP)                                                                                                    \
  for (; i + 2 * LANES <= n; i += 2 * LANES) {                                                                         \
    const lanes_t u = *(const lanes_t *)(x + i), v = *(const lanes_t *)(x + i + LANES);                                \
    best = PICK(BETTER(u, best, u OP best), u, best);                                                                  \
    other = PICK(BETTER(v, other, v OP other), v, other);                                                              \
  }
static int64_t extreme(int sign, const void *from, int64_t n) {
  const C *x = from;
  int64_t i = 0;
  C top = x[0];
  if (n >= 2 * LANES) {
    lanes_t best = *(const lanes_t *)x, other = best;
    if (sign > 0) {
      BEST_OF(>)
    } else {
      BEST_OF(<)
    }
    for (int k = 0; k < 2 * LANES; k++) {
      const C v = k < LANES ? best[k] : other[k - LANES];
      int more = sign > 0 ? v > top : v < top;
      top = more | IS_NAN(v) ? v : top;
    }
  }
  for (; i < n; i++) {
    int more = sign > 0 ? x[i] > top : x[i] < top;
    top = more | IS_NAN(x[i]) ? x[i] : top;
  }
  for (i = 0; i + 4 * LANES <= n; i += 4 * LANES) {
    masks_t hit = {0};
    for (int k = 0; k < 4; k++) {
      const lanes_t v = *(const lanes_t *)(x + i + k * LANES);
      hit |= BETTER(v, v, v == top);
    }
    row_t any = 0;
    for (int k = 0; k < LANES; k++) any |= hit[k];
    if (any) break;
  }
  while (i < n - 1 && x[i] != top && !IS_NAN(x[i])) i++;
  return i;
}
static void extreme_rows(int sign, void *best, void *place, const void *from, int64_t columns, int64_t rows,
                         int64_t step, int64_t first) {
  const C *x = from;
  C *v = best;
  row_t *at = place;
  for (int64_t r = 0; r < rows; r++, x += step) {
    const row_t here = (row_t)(first + r);
    if (sign > 0)
      IVDEP for (int64_t j = 0; j < columns; j++) {
        int more = (x[j] > v[j]) | (IS_NAN(x[j]) & !IS_NAN(v[j]));
        at[j] = more ? here : at[j];
        v[j] = more ? x[j] : v[j];
      }
    else
      IVDEP for (int64_t j = 0; j < columns; j++) {
        int more = (x[j] < v[j]) | (IS_NAN(x[j]) & !IS_NAN(v[j]));
        at[j] = more ? here : at[j];
        v[j] = more ? x[j] : v[j];
      }
  }
}
#if RK_IS_FLT
static void deviations(double *acc, const double *mean, const void *from, int64_t columns, int64_t rows, int64_t step) {
  const C *x = from;
  const bool large = from_memory(columns, rows);
  for (; rows >= TOGETHER; rows -= TOGETHER, x += TOGETHER * step) {
    struct coming c = coming_rows(x, columns, large ? rows : 0, step);
    for (int64_t first = 0; first < columns; first += STRETCH) {
      const int64_t stop = first + STRETCH < columns ? first + STRETCH : columns;
      fetch_coming(&c);
      IVDEP for (int64_t j = first; j < stop; j++) {
        double sum = acc[j];
        for (int r = 0; r < TOGETHER; r++) {
          const double d = (double)x[r * step + j] - mean[j];
          sum += d * d;
        }
        acc[j] = sum;
      }
    }
  }
  for (; rows; rows--, x += step)
    IVDEP for (int64_t j = 0; j < columns; j++) {
      const double d = (double)x[j] - mean[j];
      acc[j] += d * d;
    }
}
#endif

/* -- storage <-> compute ------------------------------------------------------------------ */
#define LD_f16(v) rk_load_f16(v)
#define LD_bf16(v) rk_load_bf16(v)
#define ST_f16(v) rk_store_f16(v)
#define ST_bf16(v) rk_store_bf16(v)
#define PLAIN(dt, T)                                                                                                   \
  RK_FN C LD_##dt(T v) { return (C)v; }                                                                                \
  RK_FN T ST_##dt(C v) { return (T)v; }
#define CONVERT(dt, T)                                                                                                 \
  static void load_##dt(void *to, const void *from, int64_t step, int64_t n) {                                         \
    C *o = to;                                                                                                         \
    const T *x = from;                                                                                                 \
    if (step == 1) {                                                                                                   \
      IVDEP for (int64_t i = 0; i < n; i++) o[i] = LD_##dt(x[i]);                                                      \
    } else if (step == 0) {                                                                                            \
      const C v = LD_##dt(x[0]);                                                                                       \
      for (int64_t i = 0; i < n; i++) o[i] = v;                                                                        \
    } else {                                                                                                           \
      int64_t i = 0;                                                                                                   \
      for (; i + 4 <= n; i += 4, x += 4 * step) {                                                                      \
        const C v[4] = {LD_##dt(x[0]), LD_##dt(x[step]), LD_##dt(x[2 * step]), LD_##dt(x[3 * step])};                  \
        memcpy(o + i, v, sizeof v);                                                                                    \
      }                                                                                                                \
      for (; i < n; i++, x += step) o[i] = LD_##dt(*x);                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  static void store_##dt(void *to, const void *from, int64_t step, int64_t n) {                                        \
    T *o = to;                                                                                                         \
    const C *x = from;                                                                                                 \
    if (step == 1) {                                                                                                   \
      IVDEP for (int64_t i = 0; i < n; i++) o[i] = ST_##dt(x[i]);                                                      \
    } else                                                                                                             \
      for (int64_t i = 0; i < n; i++, o += step) *o = ST_##dt(x[i]);                                                   \
  }
RK_STORED(PLAIN, CONVERT)

/* -- the table ------------------------------------------------------------------------------ */
#define SET_OP1(op, cls, ...)                                                                                          \
  WHEN_##cls([RK_VALUE][RK_OP_##op] = map_##op, ) GRAD_##cls([RK_GRAD_X][RK_OP_##op] = grad_##op, )
#define SET_OP2(op, cls, ...)                                                                                          \
  WHEN_##cls([RK_VALUE][RK_OP_##op] = map_##op, )                                                                      \
  GRAD_##cls([RK_GRAD_X][RK_OP_##op] = grad_##op, [RK_GRAD_Y][RK_OP_##op] = grad_y_##op, )
#define SET_VALUE(op, cls, ...) WHEN_##cls([RK_VALUE][RK_OP_##op] = map_##op, )
#define SET_FOLD(op, cls, ...) WHEN_##cls([RK_RED_##op] = fold_##op, )
#define SET_FOLD_ROWS(op, cls, ...) WHEN_##cls([RK_RED_##op] = fold_rows_##op, )
#define SET_MERGE(op, cls, ...) WHEN_##cls([RK_RED_##op] = merge_all_##op, )
#define SET_START(op, cls, ...) WHEN_##cls([RK_RED_##op] = start_##op, )
#define SET_END(op, cls, ...) WHEN_##cls([RK_RED_##op] = end_##op, )
#define NOTHING(dt, T)
#define SET_LOAD(dt, T) [RK_##dt] = load_##dt,
#define SET_STORE(dt, T) [RK_##dt] = store_##dt,

extern const struct rk_loops PASTE(PASTE(rk_loops_, RK_C, _), RK_ISA, );
const struct rk_loops PASTE(PASTE(rk_loops_, RK_C, _), RK_ISA, ) = {
  .map = {RK_OP1(SET_OP1, ) RK_OP2(SET_OP2, ) RK_OP3(SET_VALUE, ) RK_CMP(SET_VALUE, )},
  .fold = {RK_RED(SET_FOLD, )},
  .fold_rows = {RK_RED(SET_FOLD_ROWS, )},
  .merge = {RK_RED(SET_MERGE, )},
  .start = {RK_RED(SET_START, )},
  .end = {RK_RED(SET_END, )},
  .extreme = extreme,
  .extreme_rows = extreme_rows,
#if RK_IS_FLT
  .deviations = deviations,
#endif
  .load = {RK_STORED(NOTHING, SET_LOAD)},
  .store = {RK_STORED(NOTHING, SET_STORE)},
};
