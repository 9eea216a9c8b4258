/* lrn.c -- response normalisation across planes: checks, splitting among
 * threads. The loops are in loops_plane.c. Same bits on any ISA and number of
 * threads. Parts are blocks of positions with all planes. */
#include "layer.h"
#include "layer_loops.h"

struct job {
  const struct rk_plane_loops *loops;
  const struct rk_lrn *n;
  char *y, *scale;
  const char *x, *g, *out;
  int64_t images, c, s, blocks, size;
};

static void part(void *arg, int64_t k) {
  const struct job *j = arg;
  int64_t first = k % j->blocks * RK_LRN_BLOCK, width = j->s - first;
  if (width > RK_LRN_BLOCK) width = RK_LRN_BLOCK;
  int64_t at = (k / j->blocks * j->c * j->s + first) * j->size;
  if (j->g)
    j->loops->lrn_back(j->y + at, j->g + at, j->x + at, j->out + at, j->scale + at, j->n, j->c, width, j->s);
  else
    j->loops->lrn(j->y + at, j->scale + at, j->x + at, j->n, j->c, width, j->s);
}

static int check(const struct rk_tensor *x, const struct rk_lrn *n, const char *who) {
  if (!n) return rk_fail(RK_EARG, "%s: no parameters given", who);
  if (x->rank < 2) return rk_fail(RK_ESHAPE, "%s: input (batch, planes, ...) expected, got %s", who, rk_describe(x));
  if (n->size < 1) return rk_fail(RK_EARG, "%s: size %d must be at least 1", who, n->size);
  return RK_OK;
}

static int run(struct job *j, const struct rk_tensor *x, const struct rk_lrn *n) {
  int dtype = rk_layer_dtype(x->dt);
  j->loops = rk_plane_loops(dtype), j->size = rk_dtype_size(dtype), j->n = n;
  j->images = x->shape[0], j->c = x->shape[1], j->s = 1;
  for (int d = 2; d < x->rank; d++) j->s *= x->shape[d];
  j->blocks = (j->s + RK_LRN_BLOCK - 1) / RK_LRN_BLOCK;
  return rk_parallel_try(j->images * j->blocks, rk_tensor_count(x) * (8 + n->size), part, j);
}

int rk_lrn_forward(struct rk_tensor *out, struct rk_tensor *scale, const struct rk_tensor *x, const struct rk_lrn *n) {
  const char *who = "lrn";
  struct rk_tensor tx = {0};
  struct rk_result ry = {0}, rs = {0};
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need(scale, who, 2));
  RK_TRY(rk_need_float(x, who, 3));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_same_dtype(who, scale, x));
  RK_TRY(check(x, n, who));
  RK_TRY(rk_need_apart(out, x, who));
  RK_TRY(rk_need_apart(scale, x, who));
  RK_TRY(rk_need_apart(out, scale, who));
  int dtype = rk_layer_dtype(x->dt), layout = rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS;
  int status = rk_operand(&tx, x, dtype, RK_ROWS);
  if (!status) status = rk_result_rows(&ry, out, dtype, x->rank, x->shape, layout);
  if (!status) status = rk_result_open(&rs, scale, dtype, x->rank, x->shape, RK_ROWS);
  if (!status) {
    struct job j = {.x = rk_at(&tx), .y = rk_at(&ry.t), .scale = rk_at(&rs.t)};
    status = run(&j, x, n);
  }
  if (ry.out) status = rk_result_close(&ry, status);
  if (rs.out) status = rk_result_close(&rs, status);
  rk_tensor_drop(&tx);
  return status;
}

int rk_lrn_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                    const struct rk_tensor *out, const struct rk_tensor *scale, const struct rk_lrn *n) {
  const char *who = "lrn backward";
  const struct rk_tensor *in[4] = {g, x, out, scale};
  struct rk_tensor t[4] = {{0}};
  struct rk_result r = {0};
  RK_TRY(rk_need(dx, who, 1));
  for (int k = 0; k < 4; k++) {
    RK_TRY(rk_need_float(in[k], who, k + 2));
    RK_TRY(rk_same_dtype(who, dx, in[k]));
    RK_TRY(rk_need_apart(dx, in[k], who));
  }
  RK_TRY(check(x, n, who));
  RK_TRY(rk_need_shape(g, x->rank, x->shape, who, "gradient"));
  RK_TRY(rk_need_shape(out, x->rank, x->shape, who, "output"));
  RK_TRY(rk_need_shape(scale, x->rank, x->shape, who, "scale (call forward first)"));
  int dtype = rk_layer_dtype(x->dt), layout = rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS, status = RK_OK;
  for (int k = 0; k < 4 && !status; k++) status = rk_operand(&t[k], in[k], dtype, RK_ROWS);
  if (!status) status = rk_result_rows(&r, dx, dtype, x->rank, x->shape, layout);
  if (!status) {
    struct job j = {.g = rk_at(&t[0]), .x = rk_at(&t[1]), .out = rk_at(&t[2]), .scale = rk_at(&t[3])};
    j.y = rk_at(&r.t);
    status = run(&j, x, n);
  }
  if (r.out) status = rk_result_close(&r, status);
  for (int k = 0; k < 4; k++) rk_tensor_drop(&t[k]);
  return status;
}
