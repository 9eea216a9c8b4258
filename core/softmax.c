/* softmax.c -- softmax and log-softmax along one dim, forward and backward.
 * Rows where the dim lies innermost, blocks of columns where it does not.
 * Same bits on any ISA and number of threads. */
#include "layer.h"
#include "layer_loops.h"

struct job {
  const struct rk_softmax_loops *loops;
  char *y;                 /* result */
  const char *x, *g;       /* forward: x. backward: x is the forward result, g the gradient */
  int64_t outer, n, inner; /* x as outer x n x inner */
  int64_t blocks, rows;    /* column blocks an outer index; rows a part (inner == 1) */
  int64_t size;            /* of an element */
  int take_log;
};

static void rows_part(void *arg, int64_t part) {
  const struct job *j = arg;
  const int64_t first = part * j->rows, rows = j->outer - first < j->rows ? j->outer - first : j->rows;
  const int64_t at = first * j->n * j->size;
  if (j->g)
    j->loops->rows_back(j->y + at, j->g + at, j->x + at, rows, j->n, j->take_log);
  else
    j->loops->rows(j->y + at, j->x + at, rows, j->n, j->take_log);
}

static void columns_part(void *arg, int64_t part) {
  const struct job *j = arg;
  int64_t first = part % j->blocks * RK_SOFTMAX_BLOCK, width = j->inner - first;
  if (width > RK_SOFTMAX_BLOCK) width = RK_SOFTMAX_BLOCK;
  int64_t at = (part / j->blocks * j->n * j->inner + first) * j->size;
  if (j->g)
    j->loops->columns_back(j->y + at, j->g + at, j->x + at, j->n, j->inner, width, j->take_log);
  else
    j->loops->columns(j->y + at, j->x + at, j->n, j->inner, width, j->take_log);
}

static int check(const struct rk_tensor *out, const struct rk_tensor *x, int dim, const char *who) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need_float(x, who, 2));
  RK_TRY(rk_same_dtype(who, out, x));
  if (dim < 0 || dim >= x->rank)
    return rk_fail(RK_ESHAPE, "%s: dimension %d out of range for %s", who, dim + 1, rk_describe(x));
  if (rk_overlap(out, x)) return rk_fail(RK_EARG, "%s: the result shares part of its memory with an argument", who);
  return RK_OK;
}

/* Both directions. g NULL: forward. */
static int run(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *g, int dim, int take_log) {
  int dtype = rk_layer_dtype(x->dt), layout = rk_layout_of(x) == RK_LAST && dim == 1 ? RK_LAST : RK_ROWS;
  struct rk_tensor tx = {0}, tg = {0};
  struct rk_result r = {0};
  /* The copies come first: out may be x or g. */
  int status = rk_operand(&tx, x, dtype, layout);
  if (!status && g) status = rk_operand(&tg, g, dtype, layout);
  if (!status) status = rk_result_open(&r, out, dtype, tx.rank, tx.shape, layout);
  if (!status) {
    struct job j = {.loops = rk_softmax_loops(dtype), .n = x->shape[dim], .outer = 1, .inner = 1, .take_log = take_log};
    j.size = rk_dtype_size(dtype);
    for (int d = 0; d < tx.rank; d++)
      if (d != dim) *(layout == RK_LAST || d < dim ? &j.outer : &j.inner) *= tx.shape[d];
    j.y = rk_at(&r.t), j.x = rk_at(&tx), j.g = g ? rk_at(&tg) : NULL;
    int64_t work = j.outer * j.n * j.inner * 16;
    if (work && j.inner == 1) {
      j.rows = 1 + (1 << 12) / j.n;
      status = rk_parallel_try((j.outer + j.rows - 1) / j.rows, work, rows_part, &j);
    } else if (work) {
      j.blocks = (j.inner + RK_SOFTMAX_BLOCK - 1) / RK_SOFTMAX_BLOCK;
      status = rk_parallel_try(j.outer * j.blocks, work, columns_part, &j);
    }
    status = rk_result_close(&r, status);
  }
  rk_tensor_drop(&tx);
  rk_tensor_drop(&tg);
  return status;
}

int rk_softmax_forward(struct rk_tensor *out, const struct rk_tensor *x, int dim, int take_log) {
  RK_TRY(check(out, x, dim, take_log ? "logsoftmax" : "softmax"));
  return run(out, x, NULL, dim, take_log);
}

int rk_softmax_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *y, int dim,
                        int take_log) {
  const char *who = take_log ? "logsoftmax backward" : "softmax backward";
  RK_TRY(check(dx, y, dim, who));
  RK_TRY(rk_need_float(g, who, 3));
  RK_TRY(rk_same_dtype(who, g, y));
  RK_TRY(rk_need_shape(g, y->rank, y->shape, who, "gradient"));
  return run(dx, y, g, dim, take_log);
}
