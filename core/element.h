/* element.h -- one element from and to memory, by dtype, for loops that add and multiply: half types compute in float,
 * integers in uint64, which wraps without undefined behaviour and gives every narrower integer its right bits when
 * stored. Use as RK_WIDE_##dtype(x), RK_STORE_##dtype(v), RK_SCALAR_##dtype(v). */
#ifndef RK_ELEMENT_H
#define RK_ELEMENT_H
#include "scalar.h"
/* what lies in memory, as computed with */
#define RK_WIDE_u8(x) (uint64_t)(x)
#define RK_WIDE_i8(x) (uint64_t)(x)
#define RK_WIDE_i16(x) (uint64_t)(x)
#define RK_WIDE_i32(x) (uint64_t)(x)
#define RK_WIDE_i64(x) (uint64_t)(x)
#define RK_WIDE_f16(x) rk_load_f16(x)
#define RK_WIDE_bf16(x) rk_load_bf16(x)
#define RK_WIDE_f32(x) (x)
#define RK_WIDE_f64(x) (x)
/* a result, as it goes to memory */
#define RK_STORE_u8(v) (uint8_t)(v)
#define RK_STORE_i8(v) (int8_t)(v)
#define RK_STORE_i16(v) (int16_t)(v)
#define RK_STORE_i32(v) (int32_t)(v)
#define RK_STORE_i64(v) (int64_t)(v)
#define RK_STORE_f16(v) rk_store_f16(v)
#define RK_STORE_bf16(v) rk_store_bf16(v)
#define RK_STORE_f32(v) (v)
#define RK_STORE_f64(v) (v)
/* a number given as double (alpha, beta), cast to the dtype first as everywhere */
#define RK_SCALAR_u8(v) (uint64_t)(uint8_t)(int64_t)(v)
#define RK_SCALAR_i8(v) (uint64_t)(int8_t)(int64_t)(v)
#define RK_SCALAR_i16(v) (uint64_t)(int16_t)(int64_t)(v)
#define RK_SCALAR_i32(v) (uint64_t)(int32_t)(int64_t)(v)
#define RK_SCALAR_i64(v) (uint64_t)(int64_t)(v)
#define RK_SCALAR_f16(v) (float)(v)
#define RK_SCALAR_bf16(v) (float)(v)
#define RK_SCALAR_f32(v) (float)(v)
#define RK_SCALAR_f64(v) (v)
#endif
