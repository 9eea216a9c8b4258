/* bag.c -- rows of a matrix picked by keys: sums of bags of them, each times a
 * value, and the gradients that flow back into the rows. What look-up tables
 * and sparse linear layers are made of. The matrix is read through its steps,
 * so that picking columns is picking rows of its transpose.
 *
 * Gradients are split among threads by columns, and each column adds up in the
 * order of the keys: same bits at any number of threads. */
#include "layer.h"
#include <math.h>
#include <string.h>

enum { COLUMNS = 64, ROWS = 64 }; /* of a part */

struct job {
  struct rk_tensor keys, values, ends, rows; /* packed; rows: the gradients or the results, (N, D) */
  struct rk_tensor wide;                     /* a matrix of halves as floats */
  int dt;                                    /* that is computed in */
  const int64_t *k, *end;                    /* end: NULL for one key a row */
  const void *v;                             /* NULL: 1 each */
  const double *share;                       /* NULL, or by key: what its gradients are divided by */
  char *m;
  int64_t n, count, d, height, step0, step1, offset, skip;
  double scale;
};

static int begin(struct job *j, const struct rk_tensor *m, const struct rk_bag *bag, const char *who) {
  memset(j, 0, sizeof *j);
  if (!bag) return rk_fail(RK_EARG, "%s: no bags given", who);
  RK_TRY(rk_need_float(m, who, 1));
  RK_TRY(rk_need(bag->keys, who, 2));
  if (m->rank != 2) return rk_fail(RK_ESHAPE, "%s: a matrix expected, got %s", who, rk_describe(m));
  if (bag->keys->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "%s: keys: LongTensor expected, got %s", who, rk_describe(bag->keys));
  if (bag->values) RK_TRY(rk_same_dtype(who, m, bag->values));
  j->count = rk_tensor_count(bag->keys), j->height = m->shape[0], j->d = m->shape[1];
  if (bag->values && rk_tensor_count(bag->values) != j->count)
    return rk_fail(RK_ESHAPE, "%s: %lld keys but values %s", who, (long long)j->count, rk_describe(bag->values));
  if (bag->ends && bag->ends->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "%s: ends: LongTensor expected, got %s", who, rk_describe(bag->ends));
  j->n = bag->ends ? rk_tensor_count(bag->ends) : j->count;
  j->dt = rk_layer_dtype(m->dt), j->m = rk_at(m), j->step0 = m->step[0], j->step1 = m->step[1], j->offset = bag->offset,
  j->skip = bag->skip;
  return RK_OK;
}

static void done(struct job *j) {
  rk_tensor_drop(&j->keys), rk_tensor_drop(&j->values);
  rk_tensor_drop(&j->ends), rk_tensor_drop(&j->rows);
  rk_tensor_drop(&j->wide);
}

/* What was done to the matrix where it is kept as halves. */
static int give_back(const struct job *j, struct rk_tensor *m, int status) {
  return !status && j->wide.mem ? rk_copy(m, &j->wide) : status;
}

/* Keys, values and ends as packed memory, every key in range; halves as floats. */
static int fetch(struct job *j, const struct rk_tensor *m, const struct rk_bag *bag, const char *who) {
  RK_TRY(rk_operand(&j->keys, bag->keys, RK_i64, RK_ROWS));
  if (bag->values) RK_TRY(rk_operand(&j->values, bag->values, j->dt, RK_ROWS));
  if (bag->ends) RK_TRY(rk_operand(&j->ends, bag->ends, RK_i64, RK_ROWS));
  j->k = (const int64_t *)rk_at(&j->keys), j->v = bag->values ? rk_at(&j->values) : NULL;
  j->end = bag->ends ? (const int64_t *)rk_at(&j->ends) : NULL;
  for (int64_t i = 0; i < j->count; i++) {
    int64_t k = j->k[i] + j->offset;
    if ((k < 1 || k > j->height) && !(j->skip && k == j->skip))
      return rk_fail(RK_EARG, "%s: index %lld at position %lld is out of range %lld to %lld%s", who, (long long)j->k[i],
                     (long long)i + 1, (long long)(1 - j->offset), (long long)(j->height - j->offset),
                     k == 0 && !j->offset ? "; indices count from 1" : "");
  }
  for (int64_t i = 0, before = 0; j->end && i < j->n; before = j->end[i++])
    if (j->end[i] < before || j->end[i] > j->count || (i + 1 == j->n && j->end[i] != j->count))
      return rk_fail(RK_EARG, "%s: the sizes do not divide %lld keys among %lld rows", who, (long long)j->count,
                     (long long)j->n);
  if (j->dt == m->dt) return RK_OK;
  RK_TRY(rk_operand(&j->wide, m, j->dt, RK_ROWS));
  j->m = rk_at(&j->wide), j->step0 = j->d, j->step1 = 1;
  return RK_OK;
}

#define ROW_LOOPS(T, name)                                                                                             \
  /* to[c] += s * from[c * step] */                                                                                    \
  static void add_##name(T *to, int64_t to_step, const T *from, int64_t from_step, int64_t n, T s) {                   \
    if (to_step == 1 && from_step == 1)                                                                                \
      for (int64_t c = 0; c < n; c++) to[c] += s * from[c];                                                            \
    else                                                                                                               \
      for (int64_t c = 0; c < n; c++) to[c * to_step] += s * from[c * from_step];                                      \
  }                                                                                                                    \
  static void forward_##name(void *arg, int64_t part) {                                                                \
    const struct job *j = arg;                                                                                         \
    T *out = (T *)rk_at(&j->rows);                                                                                     \
    const T *m = (const T *)j->m, *v = j->v;                                                                           \
    for (int64_t i = part * ROWS; i < j->n && i < (part + 1) * ROWS; i++)                                              \
      for (int64_t q = j->end ? (i ? j->end[i - 1] : 0) : i; q < (j->end ? j->end[i] : i + 1); q++) {                  \
        int64_t k = j->k[q] + j->offset;                                                                               \
        if (j->skip && k == j->skip) continue;                                                                         \
        add_##name(out + i * j->d, 1, m + (k - 1) * j->step0, j->step1, j->d, v ? v[q] : 1);                           \
      }                                                                                                                \
  }                                                                                                                    \
  static void backward_##name(void *arg, int64_t part) {                                                               \
    const struct job *j = arg;                                                                                         \
    int64_t first = part * COLUMNS, width = j->d - first < COLUMNS ? j->d - first : COLUMNS;                           \
    const T *g = (const T *)rk_at(&j->rows) + first, *v = j->v;                                                        \
    T *m = (T *)j->m + first * j->step1;                                                                               \
    for (int64_t i = 0, q = 0; i < j->n; i++)                                                                          \
      for (int64_t end = j->end ? j->end[i] : i + 1; q < end; q++) {                                                   \
        int64_t k = j->k[q] + j->offset;                                                                               \
        if (j->skip && k == j->skip) continue;                                                                         \
        double s = j->scale * (v ? (double)v[q] : 1) / (j->share ? j->share[k - 1] : 1);                               \
        add_##name(m + (k - 1) * j->step0, j->step1, g + i * j->d, 1, width, (T)s);                                    \
      }                                                                                                                \
  }                                                                                                                    \
  static void renorm_##name(T *row, const struct job *j, double p, double limit) {                                     \
    double sum = 0;                                                                                                    \
    for (int64_t c = 0; c < j->d; c++) {                                                                               \
      double x = fabs((double)row[c * j->step1]);                                                                      \
      sum += p == 1 ? x : p == 2 ? x * x : pow(x, p);                                                                  \
    }                                                                                                                  \
    double norm = p == 1 ? sum : p == 2 ? sqrt(sum) : pow(sum, 1 / p);                                                 \
    if (!(norm > limit)) return;                                                                                       \
    T f = (T)(limit / (norm + 1e-7));                                                                                  \
    for (int64_t c = 0; c < j->d; c++) row[c * j->step1] *= f;                                                         \
  }
ROW_LOOPS(float, f32)
ROW_LOOPS(double, f64)

int rk_bag_forward(struct rk_tensor *out, const struct rk_tensor *m, const struct rk_bag *bag) {
  const char *who = "bag";
  struct job j;
  struct rk_result r;
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(begin(&j, m, bag, who));
  RK_TRY(rk_same_dtype(who, out, m));
  RK_TRY(rk_need_apart(out, m, who));
  int64_t shape[2] = {j.n, j.d};
  RK_TRY(rk_need_shape(out, 2, shape, who, "result"));
  int status = fetch(&j, m, bag, who);
  if (!status) status = rk_result_add(&r, out, j.dt);
  if (!status) {
    j.rows = r.t;
    if (j.n && j.d)
      status =
          rk_parallel_try((j.n + ROWS - 1) / ROWS, j.count * j.d * 8, j.dt == RK_f32 ? forward_f32 : forward_f64, &j);
    memset(&j.rows, 0, sizeof j.rows); /* r's */
    status = rk_result_close(&r, status);
  }
  done(&j);
  return status;
}

/* How often each key occurs, where it does: the rest of the array is not touched. */
static double *occurrences(const struct job *j, const char *who) {
  double *n = rk_scratch(j->height * (int64_t)sizeof *n, who);
  if (!n) return NULL;
  for (int pass = 0; pass < 2; pass++)
    for (int64_t q = 0; q < j->count; q++) {
      int64_t k = j->k[q] + j->offset - 1;
      if (k >= 0 && k < j->height) n[k] = pass ? n[k] + 1 : 0;
    }
  return n;
}

int rk_bag_backward(struct rk_tensor *dm, const struct rk_tensor *g, const struct rk_bag *bag, double scale) {
  const char *who = "bag backward";
  struct job j;
  RK_TRY(rk_need(dm, who, 1));
  RK_TRY(rk_need(g, who, 2));
  RK_TRY(begin(&j, dm, bag, who));
  RK_TRY(rk_same_dtype(who, dm, g));
  RK_TRY(rk_need_apart(dm, g, who));
  if (rk_tensor_count(g) != j.n * j.d || (g->rank && j.n && g->shape[g->rank - 1] != j.d))
    return rk_fail(RK_ESHAPE, "%s: gradient [%lldx%lld] expected, got %s", who, (long long)j.n, (long long)j.d,
                   rk_describe(g));
  double *share = NULL;
  int status = fetch(&j, dm, bag, who);
  if (!status) status = rk_operand(&j.rows, g, j.dt, RK_ROWS);
  if (!status && bag->by_count && j.height && !(share = occurrences(&j, who))) status = RK_ENOMEM;
  if (!status && j.count && j.d) {
    j.share = share, j.scale = scale;
    status = rk_parallel_try((j.d + COLUMNS - 1) / COLUMNS, j.count * j.d * 8,
                             j.dt == RK_f32 ? backward_f32 : backward_f64, &j);
  }
  if (share) rk_scratch_free(share);
  status = give_back(&j, dm, status);
  done(&j);
  return status;
}

int rk_bag_renorm(struct rk_tensor *m, const struct rk_tensor *keys, double p, double limit) {
  const char *who = "renorm";
  struct job j;
  const struct rk_bag bag = {.keys = keys};
  if (!(p > 0)) return rk_fail(RK_EARG, "%s: a norm above 0 expected, got %g", who, p);
  if (!(limit > 0)) return rk_fail(RK_EARG, "%s: a largest norm above 0 expected, got %g", who, limit);
  RK_TRY(rk_need(m, who, 1));
  RK_TRY(begin(&j, m, &bag, who));
  double *seen = NULL;
  int status = fetch(&j, m, &bag, who);
  if (!status && j.height && !(seen = occurrences(&j, who))) status = RK_ENOMEM;
  for (int64_t q = 0; q < j.count && !status && seen; q++) {
    int64_t k = j.k[q] - 1;
    if (seen[k] == 0) continue; /* done */
    seen[k] = 0;
    if (j.dt == RK_f32)
      renorm_f32((float *)j.m + k * j.step0, &j, p, limit);
    else
      renorm_f64((double *)j.m + k * j.step0, &j, p, limit);
  }
  if (seen) rk_scratch_free(seen);
  status = give_back(&j, m, status);
  done(&j);
  return status;
}
