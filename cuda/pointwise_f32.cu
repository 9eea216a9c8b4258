// pointwise_f32.cu -- pointwise kernels and reductions that compute in float (see rows.h).
#include "device.h"
#define RK_C f32
#define C float
#define A double
#define RK_IS_FLT 1
#include "rows.h"
