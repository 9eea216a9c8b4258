/* ctc.c -- connectionist temporal classification (Graves et al. 2006): the
 * probability of a short target given a long sequence, summed over all ways to
 * stretch it by repeating classes and by blanks between them.
 *
 * A target of S classes becomes L = 2S + 1 places, a blank between and around
 * them. alpha[t][s] is the log of the probability to have come to place s by
 * step t, beta[t][s] that of what is left from there, both with step t's own
 * probability in them: alpha + beta - p is the log of all ways through (t, s).
 * Samples are shared out among threads. */
#include "ctc.h"
#include "layer.h"
#include <math.h>
#include <stdatomic.h>

struct job {
  const struct rk_ctc *c;
  const struct rk_ctc_loops *loops;
  struct rk_tensor x, targets, lengths, target_lengths; /* packed */
  struct rk_result losses, dx;
  int64_t steps, batch, classes;
  bool gradient;
  int64_t *first; /* of each sample in the targets, and its length */
  atomic_int status;
};

static const int64_t *integers(const struct rk_tensor *t) { return t->mem ? (const int64_t *)rk_at(t) : NULL; }
static int64_t steps_of(const struct job *j, int64_t n) {
  const int64_t *t = integers(&j->lengths);
  return t ? t[n] : j->steps;
}
static int64_t size_of(const struct job *j, int64_t n) {
  const int64_t *t = integers(&j->target_lengths);
  return t ? t[n] : j->targets.shape[1];
}

/* -- checks ---------------------------------------------------------------------------------- */
static int check(const struct rk_tensor *losses, const struct rk_tensor *x, const struct rk_ctc *c, const char *who) {
  RK_TRY(rk_need(losses, who, 1));
  RK_TRY(rk_need_float(x, who, 3));
  if (!c || !c->targets) return rk_fail(RK_EARG, "%s: targets expected, got nil", who);
  if (x->rank != 3 || rk_tensor_count(x) == 0)
    return rk_fail(RK_ESHAPE, "%s: log-probabilities (steps x batch x classes) expected, got %s", who, rk_describe(x));
  if (losses->dt != x->dt)
    return rk_fail(RK_EDTYPE, "%s: losses: %s, but the input is %s", who, rk_describe(losses), rk_describe(x));
  const struct rk_tensor *t = c->targets;
  if (t->rank > 2 || (t->rank == 2 && t->shape[0] != x->shape[1]))
    return rk_fail(RK_ESHAPE, "%s: targets (batch of %lld x length, or a vector) expected, got %s", who,
                   (long long)x->shape[1], rk_describe(t));
  if (!c->target_lengths && t->rank != 2)
    return rk_fail(RK_EARG, "%s: targets in one vector need the length of each", who);
  if (c->lengths) RK_TRY(rk_need_shape(c->lengths, 1, x->shape + 1, who, "lengths"));
  if (c->target_lengths) RK_TRY(rk_need_shape(c->target_lengths, 1, x->shape + 1, who, "target lengths"));
  if (c->blank < 1 || c->blank > x->shape[2])
    return rk_fail(RK_EARG, "%s: blank %lld is not a class in 1..%lld", who, (long long)c->blank,
                   (long long)x->shape[2]);
  return RK_OK;
}

/* Find each sample's target and look at every number before anything is computed. */
static int check_targets(struct job *j, const char *who) {
  const int64_t *t = integers(&j->targets), count = rk_tensor_count(&j->targets);
  const bool padded = j->targets.rank == 2;
  int64_t at = 0;
  for (int64_t n = 0; n < j->batch; n++) {
    const int64_t steps = steps_of(j, n), size = size_of(j, n), room = padded ? j->targets.shape[1] : count - at;
    if (steps < 0 || steps > j->steps)
      return rk_fail(RK_EARG, "%s: length %lld of sequence %lld is not in 0..%lld", who, (long long)steps,
                     (long long)n + 1, (long long)j->steps);
    if (size < 0 || size > room)
      return rk_fail(RK_EARG, "%s: length %lld of target %lld, but there are %lld classes", who, (long long)size,
                     (long long)n + 1, (long long)room);
    if (padded) at = n * j->targets.shape[1];
    for (int64_t k = 0; k < size; k++) {
      const int64_t class = t[at + k];
      if (class < 1 || class > j->classes || class == j->c->blank)
        return rk_fail(
            RK_EARG, "%s: target %lld of sequence %lld is %lld: a class in 1..%lld other than the blank %lld expected",
            who, (long long)k + 1, (long long)n + 1, (long long)class, (long long)j->classes, (long long)j->c->blank);
    }
    j->first[n] = at;
    if (!padded) at += size;
  }
  return RK_OK;
}

/* -- one sample ------------------------------------------------------------------------------ */
struct sample {
  int64_t n, steps, places;
  const int64_t *target;
  double *alpha;                            /* steps x (places + 2): two impossible places before each row */
  double *p, *skip, *beta, *later, *weight; /* of the places; beta and later with two before them too */
};

static int64_t class_at(const struct job *j, const struct sample *s, int64_t place) {
  return place & 1 ? s->target[place / 2] : j->c->blank;
}

/* Log-probabilities of the places at step t; `back`: from the last place to the first. */
static void fetch(const struct job *j, struct sample *s, int64_t t, bool back) {
  const int64_t row = (t * j->batch + s->n) * j->classes;
  for (int64_t k = 0; k < s->places; k++) {
    const int64_t at = row + class_at(j, s, back ? s->places - 1 - k : k) - 1;
    s->p[k] = j->x.dt == RK_f64 ? ((const double *)rk_at(&j->x))[at] : (double)((const float *)rk_at(&j->x))[at];
  }
}

/* Which places may be come to from two before: a class unlike the one before. The same read from either end. */
static void fill_skip(const struct job *j, struct sample *s, bool back) {
  for (int64_t k = 0; k < s->places; k++) {
    const int64_t here = back ? s->places - 1 - k : k, other = back ? here + 2 : here - 2;
    const bool may = (here & 1) && other >= 0 && other < s->places && class_at(j, s, here) != class_at(j, s, other);
    s->skip[k] = may ? 0 : -HUGE_VAL;
  }
}

/* Before the first step one stands before the first place. */
static void fill_start(double *row, int64_t places) {
  for (int64_t k = -2; k < places; k++) row[k] = -HUGE_VAL;
  row[-1] = 0;
}

static double forward(const struct job *j, struct sample *s) {
  const int64_t row = s->places + 2;
  fill_skip(j, s, false);
  fill_start(s->later, s->places);
  /* From before the first place both the first blank and the first class are one step away. */
  const double *from = s->later;
  for (int64_t t = 0; t < s->steps; t++) {
    double *to = s->alpha + t * row + 2;
    to[-1] = to[-2] = -HUGE_VAL;
    fetch(j, s, t, false);
    if (t == 0 && s->places > 1) s->skip[1] = 0;
    j->loops->step(to, from, s->skip, s->p, s->places);
    if (t == 0 && s->places > 1) s->skip[1] = -HUGE_VAL;
    from = to;
  }
  if (!s->steps) return s->places == 1 ? 0 : -HUGE_VAL;
  const double a = from[s->places - 1], b = s->places > 1 ? from[s->places - 2] : -HUGE_VAL, m = a > b ? a : b;
  return m < -1e300 ? -HUGE_VAL : m + log(exp(a - m) + exp(b - m));
}

static void subtract(const struct job *j, const struct sample *s, int64_t t, double scale) {
  const int64_t row = (t * j->batch + s->n) * j->classes;
  for (int64_t k = 0; k < s->places; k++) {
    const int64_t at = row + class_at(j, s, k) - 1;
    if (j->x.dt == RK_f64)
      ((double *)rk_at(&j->dx.t))[at] -= scale * s->weight[k];
    else
      ((float *)rk_at(&j->dx.t))[at] -= (float)(scale * s->weight[k]);
  }
}

/* From the last step back, places counted from the last one, which makes it the same recursion. */
static void backward(const struct job *j, struct sample *s, double likelihood, double scale) {
  const int64_t row = s->places + 2;
  double *beta = s->beta, *later = s->later;
  fill_skip(j, s, true);
  fill_start(later, s->places);
  beta[-1] = beta[-2] = -HUGE_VAL;
  for (int64_t t = s->steps - 1; t >= 0; t--) {
    const bool last = t == s->steps - 1 && s->places > 1;
    fetch(j, s, t, true);
    if (last) s->skip[1] = 0;
    j->loops->step(beta, later, s->skip, s->p, s->places);
    if (last) s->skip[1] = -HUGE_VAL;
    if (last || t == s->steps - 1) later[-1] = -HUGE_VAL;
    double *turned = s->weight + s->places; /* beta in the order of alpha */
    for (int64_t k = 0; k < s->places; k++) turned[k] = beta[s->places - 1 - k];
    fetch(j, s, t, false);
    j->loops->weigh(s->weight, s->alpha + t * row + 2, turned, s->p, -likelihood, s->places);
    subtract(j, s, t, scale);
    double *swap = beta;
    beta = later, later = swap;
  }
}

static void sample_part(void *arg, int64_t n) {
  struct job *j = arg;
  const int64_t size = size_of(j, n);
  struct sample s = {.n = n, .steps = steps_of(j, n), .places = 2 * size + 1};
  s.target = integers(&j->targets) + j->first[n];
  const int64_t row = s.places + 2;
  double *memory = rk_scratch(((s.steps + 8) * row) * (int64_t)sizeof *memory, "ctc");
  if (!memory) {
    atomic_store(&j->status, RK_ENOMEM);
    return;
  }
  s.alpha = memory, s.p = memory + s.steps * row, s.skip = s.p + row, s.beta = s.skip + row + 2;
  s.later = s.beta + row, s.weight = s.later + row; /* weight: two of them */
  double likelihood = forward(j, &s), loss = -likelihood;
  const bool impossible = likelihood < -1e300;
  if (impossible && j->c->zero_infinity) loss = 0;
  if (j->x.dt == RK_f64)
    ((double *)rk_at(&j->losses.t))[n] = loss;
  else
    ((float *)rk_at(&j->losses.t))[n] = (float)loss;
  if (j->gradient && !impossible) {
    const double divisor = j->c->mean ? (double)j->batch * (double)(size > 1 ? size : 1) : 1;
    backward(j, &s, likelihood, 1 / divisor);
  }
  rk_scratch_free(memory);
}

/* -------------------------------------------------------------------------------------------- */
static int open_job(struct job *j, const struct rk_tensor *x, const struct rk_ctc *c, const char *who) {
  RK_TRY(rk_operand(&j->x, x, rk_layer_dtype(x->dt), RK_ROWS));
  RK_TRY(rk_operand(&j->targets, c->targets, RK_i64, RK_ROWS));
  if (c->lengths) RK_TRY(rk_operand(&j->lengths, c->lengths, RK_i64, RK_ROWS));
  if (c->target_lengths) RK_TRY(rk_operand(&j->target_lengths, c->target_lengths, RK_i64, RK_ROWS));
  j->first = rk_scratch(j->batch * (int64_t)sizeof *j->first, who);
  if (!j->first) return RK_ENOMEM;
  return check_targets(j, who);
}

int rk_ctc(struct rk_tensor *losses, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_ctc *c) {
  const char *who = "ctc";
  RK_TRY(check(losses, x, c, who));
  if (dx && dx->dt != x->dt)
    return rk_fail(RK_EDTYPE, "%s: gradient: %s, but the input is %s", who, rk_describe(dx), rk_describe(x));
  RK_TRY(rk_need_apart(dx, x, who));
  struct job j = {.c = c, .steps = x->shape[0], .batch = x->shape[1], .classes = x->shape[2], .gradient = dx != NULL};
  const int dtype = rk_layer_dtype(x->dt);
  j.loops = rk_ctc_loops(RK_f64);
  int status = open_job(&j, x, c, who);
  if (!status) status = rk_result_open(&j.losses, losses, dtype, 1, &j.batch, RK_ROWS);
  if (!status && dx) status = rk_result_open(&j.dx, dx, dtype, 3, x->shape, RK_ROWS);
  if (!status && dx) status = rk_zero(&j.dx.t);
  if (!status) {
    const int64_t work = j.batch * j.steps * (j.targets.rank == 2 ? j.targets.shape[1] : 8) * 64;
    status = rk_parallel_try(j.batch, work, sample_part, &j);
    if (!status && atomic_load(&j.status)) status = rk_fail(atomic_load(&j.status), "%s: out of memory", who);
  }
  if (j.losses.out) status = rk_result_close(&j.losses, status);
  if (j.dx.out) status = rk_result_close(&j.dx, status);
  rk_tensor_drop(&j.x);
  rk_tensor_drop(&j.targets);
  rk_tensor_drop(&j.lengths);
  rk_tensor_drop(&j.target_lengths);
  rk_scratch_free(j.first);
  return status;
}
