/* rows.h -- a packed tensor seen around one dimension, as [outer][size][inner]: the view that index, sort and scan
 * functions work on, and the packing and unpacking at their edges. */
#ifndef RK_ROWS_H
#define RK_ROWS_H
#include "internal.h"

struct rows {
  int64_t outer, size, inner;
};
static inline struct rows rk_rows(int rank, const int64_t *shape, int dim) {
  struct rows r = {1, rank ? shape[dim] : 0, 1};
  for (int d = 0; d < dim; d++) r.outer *= shape[d];
  for (int d = dim + 1; d < rank; d++) r.inner *= shape[d];
  return r;
}
static inline int rk_check_dim(const char *who, const struct rk_tensor *x, int dim) {
  if (dim < 0 || dim >= x->rank)
    return rk_fail(RK_EARG, "%s: dimension %d out of range for %s (1 to %d)", who, dim + 1, rk_describe(x), x->rank);
  return RK_OK;
}
/* tmp: packed memory for a result of out's shape, out itself where it is packed already and shares nothing with `avoid`
 * (may be NULL). load: start with out's contents. rk_unpack puts a copy back and drops tmp. */
int rk_pack_result(struct rk_tensor *tmp, const struct rk_tensor *out, const struct rk_tensor *avoid, bool load);
int rk_unpack(struct rk_tensor *out, struct rk_tensor *tmp, int status);
#endif
