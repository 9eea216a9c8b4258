/* layer_loops.h -- tables of the inner loops of pooling, batch normalisation
 * softmax and losses. The files loops_pool.c, loops_norm.c ... are
 * compiled once per instruction set (RK_ISA), and hold each loop for float and
 * for double. What is split among threads, and into which parts, is decided by
 * the callers (pool.c, norm.c, softmax.c); sums run in 16 fixed lanes, so the
 * bits depend neither on the ISA nor on the number of threads. */
#ifndef RK_LAYER_LOOPS_H
#define RK_LAYER_LOOPS_H
#include "internal.h"
#include "loss_rows.h"
#include <string.h>

/* -- pooling -- */
/* A pooling problem brought to three dims (leading ones of size 1). */
struct rk_pool_plan {
  int64_t in[3], out[3], size[3], stride[3], pad[3], dilation[3];
  int64_t n, c;          /* images, channels */
  int64_t plane, places; /* elements of an input and of an output plane */
  int count_pad;
  int64_t *lo, *hi; /* size[2] each: the columns ox in [lo, hi) for which a tap lies inside the row */
};
struct rk_pool_loops {
  /* One plane of packed rows. */
  void (*max_plane)(void *y, int64_t *index, const void *x, const struct rk_pool_plan *p);
  /* One output row (oz, oy) of an image, channels last: y, index point at the row, x at the image. */
  void (*max_last)(void *y, int64_t *index, const void *x, const struct rk_pool_plan *p, int64_t oz, int64_t oy);
  /* dx[index - 1] += g for `count` channels of one image that lie `gap` apart, each position `step` after the last one;
   * zeroes dx first. False when an index is out of range. */
  bool (*max_back)(void *dx, const void *g, const int64_t *index, const struct rk_pool_plan *p, int64_t count,
                   int64_t step);
  void (*avg_plane)(void *y, const void *x, const struct rk_pool_plan *p);
  void (*avg_last)(void *y, const void *x, const struct rk_pool_plan *p, int64_t oz, int64_t oy);
  void (*avg_plane_back)(void *dx, const void *g, const struct rk_pool_plan *p);
  void (*avg_last_back)(void *dx, const void *g, const struct rk_pool_plan *p,
                        int64_t count); /* of one image, `count` channels */
};

/* -- batch normalisation -- */
struct rk_moments { /* of `n` numbers: mean and the sum of squared distances from it */
  double n, mean, m2;
};
struct rk_norm_loops {
  double (*sum)(const void *x, int64_t n);
  /* A channel as `runs` runs of n numbers, `gap` apart. */
  void (*moments)(struct rk_moments *m, const void *x, int64_t runs, int64_t n, int64_t gap);
  /* sum of g and of g*(x - mean) */
  void (*dots)(double *sg, double *sgx, const void *g, const void *x, double mean, int64_t runs, int64_t n,
               int64_t gap);
  /* y = (x - mean)*a + b */
  void (*apply)(void *y, const void *x, double mean, double a, double b, int64_t runs, int64_t n, int64_t gap);
  /* dx = (g - gm - (x - mean)*k)*a */
  void (*back)(void *dx, const void *g, const void *x, double gm, double mean, double k, double a, int64_t runs,
               int64_t n, int64_t gap);
  /* The same for `rows` rows of c channels side by side; every constant is an array of c. */
  void (*moments_last)(struct rk_moments *m, const void *x, int64_t rows, int64_t c);
  void (*dots_last)(double *sg, double *sgx, const void *g, const void *x, const void *mean, int64_t rows, int64_t c);
  void (*apply_last)(void *y, const void *x, const void *mean, const void *a, const void *b, int64_t rows, int64_t c);
  void (*back_last)(void *dx, const void *g, const void *x, const void *gm, const void *mean, const void *k,
                    const void *a, int64_t rows, int64_t c);
};

/* -- planes: window.c, resample.c, lrn.c, groupnorm.c -- */
struct rk_span {
  int64_t from, to;
};
/* Pooling brought to three dims (leading ones of size 1). */
struct rk_window_plan {
  int64_t in[3], out[3];
  int64_t n, c;          /* images, channels */
  int64_t plane, places; /* elements of an input and of an output plane */
};
struct rk_plane_loops {
  /* Windows of `width` channels side by side whose positions lie `step` elements apart (1 and 1: a packed plane). span:
   * the windows of dim 0, then of dim 1, then of dim 2. avg_back adds to dx. */
  void (*window_max)(void *y, int64_t *index, const void *x, const struct rk_window_plan *p, const struct rk_span *span,
                     int64_t width, int64_t step);
  void (*window_avg)(void *y, const void *x, const struct rk_window_plan *p, const struct rk_span *span, int64_t width,
                     int64_t step);
  void (*window_avg_back)(void *dx, const void *g, const struct rk_window_plan *p, const struct rk_span *span,
                          int64_t width, int64_t step);
  /* One pass of resampling: y[j] = sum over t of weight[j*taps + t] * x[place[j*taps + t]] for j in [0, m), each of
   * `width` numbers side by side, `gap` apart. spread: its transpose, added to dx. */
  void (*blend)(void *y, const void *x, const int64_t *place, const double *weight, int64_t taps, int64_t m,
                int64_t width, int64_t gap);
  void (*spread)(void *dx, const void *g, const int64_t *place, const double *weight, int64_t taps, int64_t m,
                 int64_t width, int64_t gap);
  /* `width` positions (at most RK_LRN_BLOCK) of c planes `gap` apart; windows of [ch - before, ch + after] planes. */
  void (*lrn)(void *y, void *scale, const void *x, const struct rk_lrn *n, int64_t c, int64_t width, int64_t gap);
  void (*lrn_back)(void *dx, const void *g, const void *x, const void *y, const void *scale, const struct rk_lrn *n,
                   int64_t c, int64_t width, int64_t gap);
  /* One row: y = (x - mean)*std*w + b; sums of g*w and g*w*(x - mean); dx = (g*w - gm - (x - mean)*k)*std;
   * dw += g*(x - mean)*std, db += g. `each`: w, b hold a number an element, else one for all. */
  void (*row_apply)(void *y, const void *x, double mean, double std, const void *w, const void *b, int64_t n, int each);
  void (*row_dots)(double *sg, double *sgx, const void *g, const void *x, const void *w, double mean, int64_t n);
  void (*row_back)(void *dx, const void *g, const void *x, const void *w, double gm, double mean, double k, double std,
                   int64_t n, int each);
  void (*row_weights)(double *dw, double *db, const void *g, const void *x, double mean, double std, int64_t n);
};
enum { RK_LRN_BLOCK = 64, RK_WINDOW_BLOCK = 64 };

/* -- softmax -- */
enum { RK_SOFTMAX_BLOCK = 128 }; /* columns a call of the *_columns loops takes at most */
struct rk_softmax_loops {
  void (*rows)(void *y, const void *x, int64_t rows, int64_t n, int take_log);
  void (*rows_back)(void *dx, const void *g, const void *y, int64_t rows, int64_t n, int take_log);
  /* `width` columns side by side, each of n numbers `gap` apart. */
  void (*columns)(void *y, const void *x, int64_t n, int64_t gap, int64_t width, int take_log);
  void (*columns_back)(void *dx, const void *g, const void *y, int64_t n, int64_t gap, int64_t width, int take_log);
};

/* -- losses element by element (loss_rows.h) -- */
#define RK_LOSS_ENUM(name, f, df, doc) RK_LOSS_##name,
enum { RK_LOSS_ROWS(RK_LOSS_ENUM) RK_NLOSSES };
struct rk_loss_loops {
  struct {
    /* Sum of the losses of n elements, each times w[i] unless w is NULL; few enough to add up in the compute type. */
    double (*sum)(const void *x, const void *t, const void *w, int64_t n, double a, double b);
    /* y[i] = w[i] * loss; y may be x. */
    void (*each)(void *y, const void *x, const void *t, const void *w, int64_t n, double a, double b);
    /* d[i] = scale * w[i] * slope; d may be x. */
    void (*slope)(void *d, const void *x, const void *t, const void *w, int64_t n, double a, double b, double scale);
  } row[RK_NLOSSES];
};

/* -- steps of optimisers: rows of updates.h -- */
struct rk_update_loops {
  /* n parameters; states a row does not have are NULL; g may be x */
  void (*step[RK_NUPDATES])(void *x, const void *g, void *const *states, const double *p, int64_t n);
};

int rk_isa_level(void); /* of rk_isa() (cpu.c) */
enum { RK_LEVEL_base, RK_LEVEL_avx2, RK_LEVEL_avx512 };
/* -- choice: element [0] is float, [1] double -- */
#define RK_LOOPS_NAME_(name, isa) name##_##isa
#define RK_LOOPS_NAME(name, isa) RK_LOOPS_NAME_(name, isa)
#define RK_DECLARE_LOOPS(name)                                                                                         \
  extern const struct name name##_base[2], name##_avx2[2], name##_avx512[2];                                           \
  static inline const struct name *name(int dtype) {                                                                   \
    const struct name *l = name##_base;                                                                                \
    RK_PREFER_LOOPS(name, avx2)                                                                                        \
    RK_PREFER_LOOPS(name, avx512)                                                                                      \
    return l + (dtype == RK_f64);                                                                                      \
  }
#ifdef __x86_64__
#define RK_PREFER_LOOPS(name, isa)                                                                                     \
  if (rk_isa_level() >= RK_LEVEL_##isa) l = name##_##isa;
#else
#define RK_PREFER_LOOPS(name, isa)
#endif
RK_DECLARE_LOOPS(rk_pool_loops)
RK_DECLARE_LOOPS(rk_norm_loops)
RK_DECLARE_LOOPS(rk_plane_loops)
RK_DECLARE_LOOPS(rk_softmax_loops)
RK_DECLARE_LOOPS(rk_loss_loops)
RK_DECLARE_LOOPS(rk_update_loops)

/* In the loops files: the compiler may assume that iterations do not depend on one another. */
#ifdef __clang__
#define RK_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#else
#define RK_IVDEP _Pragma("GCC ivdep")
#endif
enum { RK_LANES = 16 };
#endif
