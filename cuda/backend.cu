// backend.cu -- librekindle_cuda as the core sees it: one rk_backend.
#include "device.h"

typedef int map_function(const struct rk_job *j, int64_t count, uint64_t mask);
typedef int fold_function(const struct rk_fold_job *f);
extern "C" {
map_function rk_cuda_map_i32, rk_cuda_map_i64, rk_cuda_map_f32, rk_cuda_map_f64;
fold_function rk_cuda_fold_i32, rk_cuda_fold_i64, rk_cuda_fold_f32, rk_cuda_fold_f64;
}

// The compute type of each dtype, from the rows of dtypes.h: its size and class say it.
struct dtype_row {
  int bytes, compute_bytes, is_float;
};
enum { IS_INT, IS_FLT };
#define ROW(dt, T, CT, cls, ...) {sizeof(T), sizeof(CT), IS_##cls},
static const dtype_row dtypes[RK_NDTYPES] = {RK_DTYPES(ROW, )};

static int map(const struct rk_job *j) {
  static map_function *const by[2][2] = {{rk_cuda_map_i32, rk_cuda_map_i64}, {rk_cuda_map_f32, rk_cuda_map_f64}};
  const dtype_row *d = &dtypes[j->dtype];
  int64_t count = 1;
  for (int k = 0; k < j->rank; k++) count *= j->shape[k];
  return count ? by[d->is_float][d->compute_bytes == 8](j, count, ~(uint64_t)0 >> (64 - 8 * d->bytes)) : RK_OK;
}
static int fold(const struct rk_fold_job *f) {
  static fold_function *const by[2][2] = {{rk_cuda_fold_i32, rk_cuda_fold_i64}, {rk_cuda_fold_f32, rk_cuda_fold_f64}};
  const dtype_row *d = &dtypes[f->dtype];
  return f->outputs ? by[d->is_float][d->compute_bytes == 8](f) : RK_OK;
}
static const struct rk_backend backend = {"cuda", map, fold};
extern "C" __attribute__((visibility("default"))) const struct rk_backend *rk_cuda_backend(void) { return &backend; }
