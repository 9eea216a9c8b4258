// pointwise_i32.cu -- pointwise kernels and reductions that compute in int32_t (see rows.h).
#include "device.h"
#define RK_C i32
#define C int32_t
#define A int64_t
#define RK_IS_FLT 0
#include "rows.h"
