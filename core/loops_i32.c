/* loops_i32.c -- int32 loops (see loops.h); narrower integers pass through them, and wrap when stored. */
#define RK_C i32
#define C int32_t
#define A int64_t
#define RK_IS_FLT 0
#define RK_ROW int32_t
#define RK_STORED(P, X)                                                                                                \
  P(u8, uint8_t)                                                                                                       \
  X(u8, uint8_t) P(i8, int8_t) X(i8, int8_t) P(i16, int16_t) X(i16, int16_t) P(i32, int32_t) X(i32, int32_t)
#include "loops.h"
