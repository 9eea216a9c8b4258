/* each_real.h -- includes the file that LOOPS_FILE names for float and for double.
 *
 * A file of inner loops includes itself through this: its second part is read
 * twice, with REAL and the integer INDEX of its size, and names made by FN. */
#define REAL float
#define INDEX int32_t
#define FN(name) name##_f32
#include LOOPS_FILE
#undef REAL
#undef INDEX
#undef FN
#define REAL double
#define INDEX int64_t
#define FN(name) name##_f64
#include LOOPS_FILE
#undef REAL
#undef INDEX
#undef FN
#undef LOOPS_FILE
