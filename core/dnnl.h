/* dnnl.h -- the seam between conv.c and oneDNN; see dnnl.c. */
#ifndef RK_DNNL_H
#define RK_DNNL_H
#include "conv.h"

enum rk_product { RK_GATHER, RK_SCATTER, RK_WEIGHTS }; /* see conv.h */
struct rk_dnnl;
/* A primitive for this product of float32 tensors in this layout; NULL when oneDNN is absent or does not serve it. */
struct rk_dnnl *rk_dnnl_begin(int product, const struct rk_conv_plan *p, int layout, bool bias);
/* Compute. The result is overwritten: of gather `j`, of scatter `i`, of weights `w` and `bias` (the sums of j's
 * planes). */
int rk_dnnl_run(struct rk_dnnl *e, float *i, float *w, float *j, float *bias, const char *who);
void rk_dnnl_end(struct rk_dnnl *e); /* e may be NULL */
#endif
