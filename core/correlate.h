/* correlate.h -- the inner loop of correlate.c; loops_correlate.c is compiled once per instruction set (RK_ISA). */
#ifndef RK_CORRELATE_H
#define RK_CORRELATE_H
#include "layer_loops.h"

/* Sizes of a kernel (planes, depth, rows, columns) and what a step of each but the last is in the input. */
struct rk_correlation {
  int64_t size[4], step[3];
};
struct rk_correlate_loops {
  /* out[j] = sum over the kernel's elements k[p][z][y][q], in order, times x[p * step[0] + z * step[1] + y * step[2] +
   * j + q]; j < n. out is none of the inputs. */
  void (*row)(void *out, const void *x, const void *k, int64_t n, const struct rk_correlation *c);
};
RK_DECLARE_LOOPS(rk_correlate_loops)
#endif
