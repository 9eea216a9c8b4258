// pointwise_i64.cu -- pointwise kernels and reductions that compute in int64_t (see rows.h).
#include "device.h"
#define RK_C i64
#define C int64_t
#define A int64_t
#define RK_IS_FLT 0
#include "rows.h"
