/* ctc.h -- the inner loops of ctc.c; loops_ctc.c is compiled once per instruction set (RK_ISA). */
#ifndef RK_CTC_H
#define RK_CTC_H
#include "layer_loops.h"

struct rk_ctc_loops {
  /* One step: to[s] = p[s] + log(e^from[s] + e^from[s-1] + e^(from[s-2] + skip[s])). from[-1] and from[-2] exist. */
  void (*step)(double *to, const double *from, const double *skip, const double *p, int64_t n);
  /* to[s] = e^(a[s] + b[s] - p[s] + shift), 0 where that is not a number */
  void (*weigh)(double *to, const double *a, const double *b, const double *p, double shift, int64_t n);
};
RK_DECLARE_LOOPS(rk_ctc_loops)
#endif
