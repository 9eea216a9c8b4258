/* Element types, one row each. Adding a dtype is adding a row: enums, sizes,
 * names, loops of every op, Lua classes and tests follow from it.
 *
 *   NAME  storage   compute  class  Torch class   long name
 *
 * storage: what lies in memory.  compute: what an op's scalar code sees.
 * class:   FLT ops run on FLT rows only, INT ops on INT rows only, NUM ops on
 *          both. The order of the rows is part of the ABI (device tensors and
 *          Lua tables index by it): append, never reorder. */
#ifndef RK_DTYPES_H
#define RK_DTYPES_H
/* clang-format off */
#define RK_DTYPES(X, ...)                                                    \
  X(u8,   uint8_t,  int32_t, INT, "Byte",     "uint8",    __VA_ARGS__)       \
  X(i8,   int8_t,   int32_t, INT, "Char",     "int8",     __VA_ARGS__)       \
  X(i16,  int16_t,  int32_t, INT, "Short",    "int16",    __VA_ARGS__)       \
  X(i32,  int32_t,  int32_t, INT, "Int",      "int32",    __VA_ARGS__)       \
  X(i64,  int64_t,  int64_t, INT, "Long",     "int64",    __VA_ARGS__)       \
  X(f16,  rk_f16,   float,   FLT, "Half",     "float16",  __VA_ARGS__)       \
  X(bf16, rk_bf16,  float,   FLT, "BFloat16", "bfloat16", __VA_ARGS__)       \
  X(f32,  float,    float,   FLT, "Float",    "float32",  __VA_ARGS__)       \
  X(f64,  double,   double,  FLT, "Double",   "float64",  __VA_ARGS__)
/* clang-format on */
#endif
