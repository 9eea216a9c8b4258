/* kernels.h -- what a device does, as tables of functions.
 *
 * rk_backend is the only seam between core and a device: jobs that are checked,
 * broadcast and collapsed already. The CPU fills it with drivers (map_run.c)
 * over rk_loops, one table for each compute type and ISA, whose loops see packed
 * memory only: what is strided, broadcast or of a narrower type passes
 * through blocks that stay in the first-level cache. */
#ifndef RK_KERNELS_H
#define RK_KERNELS_H
#include "rk.h"
#include <stdbool.h>
#pragma GCC visibility push(hidden)
#ifdef __cplusplus
extern "C" {
#endif

/* -- loops over packed memory of a compute type ---------------------------------- */
struct rk_loop {
  int64_t n;
  void *out; /* disjoint from, or the very same as, any input */
  const void *in[4];
  double a, b;    /* the scalars, rounded to the dtype */
  int64_t ia, ib; /* the same for INT */
  uint64_t mask;  /* all ones in the width of the storage type */
  bool past;      /* write past the caches (if RK_STREAMED): `out` begins with a line, n elements are whole lines */
};
/* Ops that can write past the caches: those whose arithmetic takes less time than the memory does. NUM ones do; of the
 * others, these. */
#define RK_STREAMED(op, class)                                                                                         \
  ((int)(class) == (int)RK_NUM || (op) == RK_OP_floor || (op) == RK_OP_ceil || (op) == RK_OP_round ||                  \
   (op) == RK_OP_trunc || (op) == RK_OP_frac || (op) == RK_OP_sqrt || (op) == RK_OP_cinv || (op) == RK_OP_rsquare ||   \
   (op) == RK_OP_relu6 || (op) == RK_OP_leaky_relu || (op) == RK_OP_hardtanh || (op) == RK_OP_hardsigmoid ||           \
   (op) == RK_OP_hardswish || (op) == RK_OP_softsign || (op) == RK_OP_softshrink || (op) == RK_OP_hardshrink ||        \
   (op) == RK_OP_lerp || (op) == RK_OP_prelu)
typedef void rk_map_loop(const struct rk_loop *);
/* acc = merge(acc, fold of n packed elements); acc: double or int64 */
typedef void rk_fold_loop(void *acc, const void *x, int64_t n, double p);
/* acc[j] = step(acc[j], x[i*step + j]) for rows i in order */
typedef void rk_fold_rows(void *acc, const void *x, int64_t columns, int64_t rows, int64_t step, double p);

enum rk_compute { RK_C_i32, RK_C_i64, RK_C_f32, RK_C_f64, RK_NCOMPUTE };
enum rk_column { RK_VALUE, RK_GRAD_X, RK_GRAD_Y, RK_NCOLUMNS }; /* what of an op's row to compute */
struct rk_loops {
  rk_map_loop *map[RK_NCOLUMNS][RK_NOPS]; /* comparisons write bytes */
  rk_fold_loop *fold[RK_NREDS];
  rk_fold_rows *fold_rows[RK_NREDS];
  void (*merge[RK_NREDS])(void *acc, const void *t, int64_t n);
  void (*start[RK_NREDS])(void *acc, int64_t n);
  void (*end[RK_NREDS])(void *acc, int64_t n, int64_t count, double p);
  /* position of the first largest (sign > 0) or smallest; the first NaN beats all */
  int64_t (*extreme)(int sign, const void *x, int64_t n);
  /* the same for columns: best[j], row[j] (both of the compute type's size) go on from earlier rows; first: number of
   * row 0 */
  void (*extreme_rows)(int sign, void *best, void *row, const void *x, int64_t columns, int64_t rows, int64_t step,
                       int64_t first);
  /* acc[j] += (x[i*step + j] - mean[j])^2 */
  void (*deviations)(double *acc, const double *mean, const void *x, int64_t columns, int64_t rows, int64_t step);
  /* n elements of a dtype of this compute type, `step` elements apart, from and to packed compute values */
  void (*load[RK_NDTYPES])(void *to, const void *from, int64_t step, int64_t n);
  void (*store[RK_NDTYPES])(void *to, const void *from, int64_t step, int64_t n);
};
extern const struct rk_loops *rk_cpu_loops[RK_NDTYPES]; /* of the ISA in use, by dtype: the table of its compute type */
extern const int rk_compute_of[RK_NDTYPES];
bool rk_use_isa(const char *name); /* NULL: the best; false: this processor has it not */

/* -- jobs ---------------------------------------------------------------------------- */
enum { RK_MAX_ARGS = 5 }; /* the result, then inputs */
/* One pointwise job: collapsed dims, outermost first; steps in elements, 0 repeats. */
struct rk_job {
  int op, column, dtype, out_dtype; /* out_dtype differs for comparisons into bytes */
  int args, rank;
  int64_t shape[RK_MAX_DIMS];
  int64_t step[RK_MAX_ARGS][RK_MAX_DIMS];
  char *base[RK_MAX_ARGS];
  double a, b;
  int64_t ia, ib;
};
int64_t rk_job_count(const struct rk_job *j);
void rk_job_collapse(struct rk_job *j); /* drop and merge dims, best order for the result's memory */
int rk_job_run(const struct rk_job *j); /* fails only when it is interrupted */
/* One reduction: `outputs` lists of n elements each. Element k of list o lies at the place of o in shape/step, plus
 * k*along. result: double or int64 (as the dtype's class), one for each output, `end` applied. */
struct rk_fold_job {
  int red, dtype, rank;
  int64_t shape[RK_MAX_DIMS], step[RK_MAX_DIMS];
  int64_t outputs, n, along;
  const void *base;
  void *result;
  double p;
};
/* What a device can do; an empty slot is an error that says so. Status as everywhere. */
struct rk_backend {
  const char *name;
  int (*map)(const struct rk_job *j);
  int (*fold)(const struct rk_fold_job *f);
};
/* A number as the dtype holds it, in both forms. */
struct rk_scalar {
  double f;
  int64_t i;
};
struct rk_scalar rk_scalar_double(int dtype, double v);
struct rk_scalar rk_scalar_long(int dtype, int64_t v);
uint64_t rk_dtype_mask(int dtype); /* all ones, as wide as an element */
/* What compute type loops see of a dtype's memory: the very same bytes? */
int rk_is_compute(int dtype);
#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
