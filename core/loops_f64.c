/* loops_f64.c -- double loops (see loops.h). */
#define RK_C f64
#define C double
#define A double
#define RK_IS_FLT 1
#define RK_ROW int64_t
#define RK_STORED(P, X) P(f64, double) X(f64, double)
#include "loops.h"
