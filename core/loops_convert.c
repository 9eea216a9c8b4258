/* loops_convert.c -- packed elements of any dtype to any other, once per ISA.
 *
 * Numbers convert as C casts do on x86, where Torch7's vectors come from, but
 * without undefined behaviour: a float outside of int32 (for Long: of int64)
 * and NaN give the lowest integer, which narrower types then cut to their bits. */
#include "copy.h"
#include "scalar.h"

/* Selects, not branches, so that they widen. */
RK_FN int32_t cast_f32_i32(float x) {
  bool in = (x >= -2147483648.0f) & (x < 2147483648.0f);
  int32_t v = (int32_t)(in ? x : 0);
  return in ? v : INT32_MIN;
}
RK_FN int32_t cast_f64_i32(double x) {
  bool in = (x > -2147483649.0) & (x < 2147483648.0);
  int32_t v = (int32_t)(in ? x : 0);
  return in ? v : INT32_MIN;
}
RK_FN int64_t cast_f32_i64(float x) {
  bool in = (x >= -9223372036854775808.0f) & (x < 9223372036854775808.0f);
  int64_t v = (int64_t)(in ? x : 0);
  return in ? v : INT64_MIN;
}
RK_FN int64_t cast_f64_i64(double x) {
  bool in = (x >= -9223372036854775808.0) & (x < 9223372036854775808.0);
  int64_t v = (int64_t)(in ? x : 0);
  return in ? v : INT64_MIN;
}

/* What a dtype is read as: the compute type of dtypes.h. */
#define LOAD_u8(v) ((int32_t)(v))
#define LOAD_i8(v) ((int32_t)(v))
#define LOAD_i16(v) ((int32_t)(v))
#define LOAD_i32(v) (v)
#define LOAD_i64(v) (v)
#define LOAD_f16(v) rk_load_f16(v)
#define LOAD_bf16(v) rk_load_bf16(v)
#define LOAD_f32(v) (v)
#define LOAD_f64(v) (v)
/* Compute types to a dtype: integers first, then floats. */
#define TO_I32(v) _Generic((v), float : cast_f32_i32, double : cast_f64_i32)(v)
#define TO_I64(v) _Generic((v), float : cast_f32_i64, double : cast_f64_i64)(v)
#define INT_TO_u8(v) ((uint8_t)(v))
#define INT_TO_i8(v) ((int8_t)(v))
#define INT_TO_i16(v) ((int16_t)(v))
#define INT_TO_i32(v) ((int32_t)(v))
#define INT_TO_i64(v) ((int64_t)(v))
#define INT_TO_f16(v) rk_store_f16((float)(v))
#define INT_TO_bf16(v) rk_store_bf16((float)(v))
#define INT_TO_f32(v) ((float)(v))
#define INT_TO_f64(v) ((double)(v))
#define FLT_TO_u8(v) ((uint8_t)TO_I32(v))
#define FLT_TO_i8(v) ((int8_t)TO_I32(v))
#define FLT_TO_i16(v) ((int16_t)TO_I32(v))
#define FLT_TO_i32(v) TO_I32(v)
#define FLT_TO_i64(v) TO_I64(v)
#define FLT_TO_f16(v) rk_store_f16((float)(v))
#define FLT_TO_bf16(v) rk_store_bf16((float)(v))
#define FLT_TO_f32(v) ((float)(v))
#define FLT_TO_f64(v) ((double)(v))

#define RUN(from, FROM, C, cls, to, TO)                                                                                \
  static void from##_to_##to(int64_t n, void *restrict out, const void *restrict in) {                                 \
    TO *restrict o = out;                                                                                              \
    const FROM *restrict x = in;                                                                                       \
    for (int64_t i = 0; i < n; i++) {                                                                                  \
      C v = LOAD_##from(x[i]);                                                                                         \
      o[i] = cls##_TO_##to(v);                                                                                         \
    }                                                                                                                  \
  }
#define CELL(from, FROM, C, cls, to, TO) [RK_##to] = from##_to_##to,
/* RK_DTYPES cannot be expanded inside itself, so the second pass is spelled out; a missing dtype is a NULL that the
 * tests find. */
#define EACH_TO(X, ...)                                                                                                \
  X(__VA_ARGS__, u8, uint8_t)                                                                                          \
  X(__VA_ARGS__, i8, int8_t)                                                                                           \
  X(__VA_ARGS__, i16, int16_t)                                                                                         \
  X(__VA_ARGS__, i32, int32_t)                                                                                         \
  X(__VA_ARGS__, i64, int64_t)                                                                                         \
  X(__VA_ARGS__, f16, rk_f16)                                                                                          \
  X(__VA_ARGS__, bf16, rk_bf16)                                                                                        \
  X(__VA_ARGS__, f32, float)                                                                                           \
  X(__VA_ARGS__, f64, double)
#define EXPAND(...) __VA_ARGS__
#define RUNS(from, FROM, C, cls, ...) EXPAND(EACH_TO(RUN, from, FROM, C, cls))
#define LINE(from, FROM, C, cls, ...) [RK_##from] = {EXPAND(EACH_TO(CELL, from, FROM, C, cls))},
RK_DTYPES(RUNS, )

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
extern const struct rk_converters PASTE(rk_converters_, RK_ISA);
const struct rk_converters PASTE(rk_converters_, RK_ISA) = {{RK_DTYPES(LINE, )}};
