/* loops_f32.c -- float loops (see loops.h); both 16-bit floats pass through them. */
#define RK_C f32
#define C float
#define A double
#define RK_IS_FLT 1
#define RK_ROW int32_t
#define RK_STORED(P, X) P(f32, float) X(f32, float) X(f16, rk_f16) X(bf16, rk_bf16)
#include "loops.h"
