/* conv.h -- a convolution as conv.c has checked it, for those who compute it:
 * im2col.c (any type, packed rows), dnnl.c (float32, both layouts),
 * conv_weights.c (float32, channels-last, the weight's gradient).
 *
 * Both directions and the transposed convolution are three products between an
 * image side and a column side; J = W * columns(I) for each image:
 *   gather   J  = W * columns(I)          conv forward, transposed backward
 *   scatter  I  = columns^-1(W^T * J)     conv backward, transposed forward
 *   weights  dW += scale * J * columns(I)^T
 * with W (cj, ci/groups, kernel), which is how both kinds keep their weight. */
#ifndef RK_CONV_H
#define RK_CONV_H
#include "layer.h"

struct rk_conv_plan {
  int dims;                  /* as given; the arrays below have leading ones */
  int64_t n, groups, ci, cj; /* images, groups, planes of the image and of the column side */
  int64_t in[3], out[3];     /* sizes of the image and of the column side */
  int64_t k[3], stride[3], pad[3], dilation[3];
  int64_t places_in, places_out, taps; /* their products */
  int transposed;
  double flops; /* of one product */
};

/* Operands are dense: packed rows for im2col. `bias` NULL or cj (gather), ci (scatter) numbers. */
int rk_im2col_gather(const struct rk_conv_plan *p, struct rk_tensor *j, const struct rk_tensor *i,
                     const struct rk_tensor *w, const struct rk_tensor *bias);
int rk_im2col_scatter(const struct rk_conv_plan *p, struct rk_tensor *i, const struct rk_tensor *j,
                      const struct rk_tensor *w, const struct rk_tensor *bias);
int rk_im2col_weights(const struct rk_conv_plan *p, struct rk_tensor *dw, const struct rk_tensor *j,
                      const struct rk_tensor *i, double scale);

/* Does conv_weights.c serve this, better than oneDNN? */
bool rk_conv_weights_serves(const struct rk_conv_plan *p);
/* From channels-last float32 tensors; dw packed rows. `bias` NULL, or cj numbers: set to the sums of j's planes. */
int rk_conv_weights(const struct rk_conv_plan *p, struct rk_tensor *dw, double *bias, const struct rk_tensor *j,
                    const struct rk_tensor *i, double scale, const char *who);
#endif
