// pointwise_f64.cu -- pointwise kernels and reductions that compute in double (see rows.h).
#include "device.h"
#define RK_C f64
#define C double
#define A double
#define RK_IS_FLT 1
#include "rows.h"
