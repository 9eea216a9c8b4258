/* loops_ctc.c -- inner loops of connectionist temporal classification; see ctc.h. Compiled once per ISA; in double
 * only. */
#include "ctc.h"
#include "scalar.h"

static void step(double *to, const double *from, const double *skip, const double *p, int64_t n) {
  RK_IVDEP for (int64_t s = 0; s < n; s++) {
    double a = from[s], b = from[s - 1], c = from[s - 2] + skip[s];
    double m = a > b ? a : b;
    m = c > m ? c : m;
    m = m < -1e300 ? 0 : m; /* all impossible: log of 0 below */
    to[s] = p[s] + m + rk_log(rk_exp(a - m) + rk_exp(b - m) + rk_exp(c - m));
  }
}

static void weigh(double *to, const double *a, const double *b, const double *p, double shift, int64_t n) {
  RK_IVDEP for (int64_t s = 0; s < n; s++) {
    double v = rk_exp(a[s] + b[s] - p[s] + shift);
    to[s] = v == v ? v : 0;
  }
}

const struct rk_ctc_loops RK_LOOPS_NAME(rk_ctc_loops, RK_ISA)[2] = {{step, weigh}, {step, weigh}};
