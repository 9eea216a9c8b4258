/* layer.h -- what the layer files (conv.c, pool.c, norm.c, softmax.c, loss.c)
 * share: the two dense layouts of an image batch, operands and results brought
 * into them, and checks. Internal to core/.
 *
 * An image batch (N, C, spatial...) lies packed ("rows": plane after plane) or
 * channels-last (the C numbers of a position side by side: the same sizes,
 * permuted steps). Layers compute in these two; anything else is copied first. */
#ifndef RK_LAYER_H
#define RK_LAYER_H
#include "internal.h"

enum rk_layout_kind { RK_OTHER = -1, RK_ROWS = 0, RK_LAST = 1 };
int rk_layout_of(const struct rk_tensor *x);
void rk_layout_steps(int layout, int rank, const int64_t *shape, int64_t *step);

/* float16 and bfloat16 compute in float32: the dtype in which a layer works. */
static inline int rk_layer_dtype(int dtype) { return dtype == RK_f64 ? RK_f64 : RK_f32; }

/* tmp: x in the layout and dtype asked for; a view of x when it has them, else a copy. Drop it. */
int rk_operand(struct rk_tensor *tmp, const struct rk_tensor *x, int dtype, int layout);

/* Where a layer writes. `t` has the shape, dtype and layout asked for: `out`
 * itself, resized, when that can be; else a tensor of its own, which close
 * copies into `out` (half types, an `out` with gaps). */
struct rk_result {
  struct rk_tensor t, *out;
};
int rk_result_open(struct rk_result *r, struct rk_tensor *out, int dtype, int rank, const int64_t *shape, int layout);
/* The same where the computation wants packed rows whatever the layout of the result: `t` is a tensor of its own for
 * channels last, and close brings it into `out`. */
int rk_result_rows(struct rk_result *r, struct rk_tensor *out, int dtype, int rank, const int64_t *shape, int layout);
/* The same for a tensor that is added to: packed rows, elements kept, the shape is the tensor's. */
int rk_result_add(struct rk_result *r, struct rk_tensor *out, int dtype);
/* Copy into `out` when needed and drop. `status` is what the computation gave; it is returned unless copying fails. */
int rk_result_close(struct rk_result *r, int status);

/* A present CPU tensor of a floating type, or an error naming `who` and argument n. */
int rk_need_float(const struct rk_tensor *t, const char *who, int n);
/* RK_EARG when out shows memory of x. */
int rk_need_apart(const struct rk_tensor *out, const struct rk_tensor *x, const char *who);
/* What f(dx, g, x) that computes dx from the gradient g needs: three tensors of one floating type, dx apart from g. */
int rk_need_gradient(const struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x, const char *who);
/* RK_ESHAPE "who: name [..] expected, got [..]" */
int rk_need_shape(const struct rk_tensor *t, int rank, const int64_t *shape, const char *who, const char *name);
/* RK_EARG: the target of row `row` (from 0) is not one of the classes 1..classes; what to do when they count from 0. */
int rk_fail_class(const char *who, int64_t row, int64_t value, int64_t classes);
#endif
