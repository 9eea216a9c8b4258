/* pointloss.c -- losses that compare element with element: one pass over input
 * and target for the sum or the losses, one for the gradient. The formulas are rows of
 * loss_rows.h. Sums run in fixed chunks and lanes: same bits at any number of
 * threads and on any ISA. */
#include "layer.h"
#include "layer_loops.h"

enum { CHUNK = 1024, PART = 16 }; /* elements summed in the compute type; chunks a part */

struct job {
  const struct rk_loss_loops *loops;
  int loss, each; /* each: d is for the losses, not their slopes */
  const char *x, *t, *w;
  char *d;
  int64_t n, period, size; /* elements, weights, bytes of an element */
  double a, b, scale, *sums;
};

static const char *const names[] = {
#define NAME(name, f, df, doc) #name,
    RK_LOSS_ROWS(NAME)};
static const char *const docs[] = {
#define DOC(name, f, df, doc) doc,
    RK_LOSS_ROWS(DOC)};

const char *rk_loss_name(int loss) { return loss >= 0 && loss < RK_NLOSSES ? names[loss] : NULL; }
const char *rk_loss_doc(int loss) { return loss >= 0 && loss < RK_NLOSSES ? docs[loss] : NULL; }

/* A stretch of elements: cut where the weights begin again. */
static double stretch(const struct job *j, int64_t first, int64_t n) {
  double sum = 0;
  while (n > 0) {
    int64_t k = n, at = j->w ? first % j->period : 0;
    if (j->w && k > j->period - at) k = j->period - at;
    const void *x = j->x + first * j->size, *t = j->t + first * j->size, *w = j->w ? j->w + at * j->size : NULL;
    if (j->d && j->each)
      j->loops->row[j->loss].each(j->d + first * j->size, x, t, w, k, j->a, j->b);
    else if (j->d)
      j->loops->row[j->loss].slope(j->d + first * j->size, x, t, w, k, j->a, j->b, j->scale);
    else
      sum += j->loops->row[j->loss].sum(x, t, w, k, j->a, j->b);
    first += k, n -= k;
  }
  return sum;
}

static void part(void *arg, int64_t k) {
  struct job *j = arg;
  double sum = 0;
  for (int64_t c = k * PART; c < (k + 1) * PART && c * CHUNK < j->n; c++)
    sum += stretch(j, c * CHUNK, j->n - c * CHUNK < CHUNK ? j->n - c * CHUNK : CHUNK);
  if (j->sums) j->sums[k] = sum;
}

static int check(int loss, const struct rk_tensor *x, const struct rk_tensor *target, const struct rk_tensor *weights,
                 const char *who) {
  if (loss < 0 || loss >= RK_NLOSSES) return rk_fail(RK_EARG, "%s: no loss of number %d", who, loss);
  RK_TRY(rk_need_float(x, who, 1));
  RK_TRY(rk_need(target, who, 2));
  RK_TRY(rk_same_dtype(who, x, target));
  int64_t n = rk_tensor_count(x);
  if (rk_tensor_count(target) != n)
    return rk_fail(RK_ESHAPE, "%s: input %s and target %s differ in their number of elements", who, rk_describe(x),
                   rk_describe(target));
  if (weights) {
    RK_TRY(rk_same_dtype(who, x, weights));
    int64_t p = rk_tensor_count(weights);
    if (n && (!p || n % p))
      return rk_fail(RK_ESHAPE, "%s: weights %s do not repeat over input %s", who, rk_describe(weights),
                     rk_describe(x));
  }
  return RK_OK;
}

/* All directions: dx NULL gives the sum. */
static int run(struct job *j, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *target,
               const struct rk_tensor *weights, double *total) {
  const char *who = rk_loss_name(j->loss);
  int dtype = rk_layer_dtype(x->dt);
  struct rk_tensor tx = {0}, tt = {0}, tw = {0};
  struct rk_result r = {0};
  j->loops = rk_loss_loops(dtype), j->size = rk_dtype_size(dtype), j->n = rk_tensor_count(x);
  int64_t parts = (j->n + PART * CHUNK - 1) / (PART * CHUNK);
  double few[8], *many = NULL;
  int status = rk_operand(&tx, x, dtype, RK_ROWS);
  if (!status) status = rk_operand(&tt, target, dtype, RK_ROWS);
  if (!status && weights) status = rk_operand(&tw, weights, dtype, RK_ROWS);
  if (!status && dx) status = rk_result_open(&r, dx, dtype, x->rank, x->shape, RK_ROWS);
  if (!status && !dx && parts > 8 && !(many = rk_scratch(parts * (int64_t)sizeof *many, who))) status = RK_ENOMEM;
  if (!status) {
    j->x = rk_at(&tx), j->t = rk_at(&tt), j->w = weights ? rk_at(&tw) : NULL;
    j->period = weights ? rk_tensor_count(weights) : 0;
    j->d = dx ? rk_at(&r.t) : NULL, j->sums = dx ? NULL : many ? many : few;
    status = rk_parallel_try(parts, j->n * 2 * j->size, part, j);
    if (total && !status) {
      *total = 0;
      for (int64_t k = 0; k < parts; k++) *total += j->sums[k];
    }
  }
  if (many) rk_scratch_free(many);
  if (r.out) status = rk_result_close(&r, status);
  rk_tensor_drop(&tx);
  rk_tensor_drop(&tt);
  rk_tensor_drop(&tw);
  return status;
}

int rk_loss_forward(int loss, double *sum, const struct rk_tensor *x, const struct rk_tensor *target,
                    const struct rk_tensor *weights, double a, double b) {
  struct job j = {.loss = loss, .a = a, .b = b};
  if (!sum) return rk_fail(RK_EARG, "loss: no place for the result given");
  RK_TRY(check(loss, x, target, weights, rk_loss_name(loss) ? rk_loss_name(loss) : "loss"));
  return run(&j, NULL, x, target, weights, sum);
}

static int into(struct job *j, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *target,
                const struct rk_tensor *weights) {
  const char *who = rk_loss_name(j->loss) ? rk_loss_name(j->loss) : "loss";
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(check(j->loss, x, target, weights, who));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_need_apart(out, target, who));
  return run(j, out, x, target, weights, NULL);
}

int rk_loss_each(int loss, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *target,
                 const struct rk_tensor *weights, double a, double b) {
  struct job j = {.loss = loss, .each = 1, .a = a, .b = b};
  return into(&j, out, x, target, weights);
}

int rk_loss_backward(int loss, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *target,
                     const struct rk_tensor *weights, double a, double b, double scale) {
  struct job j = {.loss = loss, .a = a, .b = b, .scale = scale};
  return into(&j, dx, x, target, weights);
}
