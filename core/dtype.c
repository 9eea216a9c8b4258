/* dtype.c -- what the rows of dtypes.h say, for callers that hold a number. */
#include "internal.h"
#include "scalar.h"

#define ROW(dt, T, CT, cls, lua, name, ...) [RK_##dt] = {name, lua, sizeof(T), IS_##cls},
#define IS_INT 0
#define IS_FLT 1
static const struct {
  const char *name, *class_name;
  int8_t size, is_float;
} rows[] = {RK_DTYPES(ROW, )};

#define SIZE(dt, T, ...) [RK_##dt] = sizeof(T),
const uint8_t rk_sizes[256] = {RK_DTYPES(SIZE, )};

static bool known(int dtype) { return dtype >= 0 && dtype < RK_NDTYPES; }
const char *rk_dtype_name(int dtype) { return known(dtype) ? rows[dtype].name : NULL; }
const char *rk_dtype_class(int dtype) { return known(dtype) ? rows[dtype].class_name : NULL; }
int rk_dtype_size(int dtype) { return known(dtype) ? rows[dtype].size : 0; }
int rk_dtype_is_float(int dtype) { return known(dtype) && rows[dtype].is_float; }
