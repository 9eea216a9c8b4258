/* loops_i64.c -- int64 loops (see loops.h). */
#define RK_C i64
#define C int64_t
#define A int64_t
#define RK_IS_FLT 0
#define RK_ROW int64_t
#define RK_STORED(P, X) P(i64, int64_t) X(i64, int64_t)
#include "loops.h"
