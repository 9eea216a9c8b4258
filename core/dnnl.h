/* dnnl.h -- the seam between conv.c and oneDNN; see dnnl.c. */
#ifndef RK_DNNL_H
#define RK_DNNL_H
#include "conv.h"
#include "dnnl_library.h"

struct rk_dnnl;
/* What is asked for: a product of float32 tensors, the layouts of its image and column sides, and for gather
 * j = act(product + bias + add). */
struct rk_dnnl_wish {
  int product, image, column; /* layouts: RK_ROWS, RK_LAST */
  bool bias, add, relu;
};
/* The tensors' memory. `packed` NULL, or a float32 tensor that keeps the weight as the primitive wants it from call to
 * call: an empty one is filled; one that holds the weight of another format or address is filled anew. */
struct rk_dnnl_data {
  float *i, *w, *j, *bias;
  const float *add;
  struct rk_tensor *packed;
};
/* A primitive for this; NULL when oneDNN is absent or does not serve it. */
struct rk_dnnl *rk_dnnl_begin(const struct rk_dnnl_wish *wish, const struct rk_conv_plan *p);
/* Compute. The result is overwritten: of gather `j`, of scatter `i`, of weights `w` and `bias` (the sums of j's
 * planes). */
int rk_dnnl_run(struct rk_dnnl *e, const struct rk_dnnl_data *data, const char *who);
void rk_dnnl_end(struct rk_dnnl *e); /* e may be NULL */

/* Images of c planes (a multiple of 16) from channels-last to blocks of 16 planes, or back when `out` (blocks.c). */
void rk_blocks_copy(float *blocks, float *last, int64_t n, int64_t c, int64_t places, bool out);
#endif
