/* map.c -- pointwise entry points: checks, broadcasting, where the result goes.
 * What runs the job is map_run.c; what it computes is in ops.h.
 *
 * Calls on small packed tensors of one shape leave by a short cut at the top
 * of each entry point: that is what a program in Lua calls millions of times. */
#include "internal.h"
#include "kernels.h"
#include <string.h>

/* A call to be checked and run. */
struct call {
  const char *name;
  int op, column, inputs;
  struct rk_tensor *out;
  const struct rk_tensor *in[RK_MAX_ARGS - 1];
  struct rk_scalar a, b;
  int constant; /* 1: the last input is the number a, kept in `cell` */
  _Alignas(8) char cell[8];
};

/* -- shapes ------------------------------------------------------------------------------ */
struct shape {
  int rank;
  int64_t size[RK_MAX_DIMS];
};
static bool is_shape(const struct rk_tensor *t, const struct shape *s) {
  if (t->rank != s->rank) return false;
  for (int d = 0; d < s->rank; d++)
    if (t->shape[d] != s->size[d]) return false;
  return true;
}
static bool join_shapes(struct shape *s, const struct rk_tensor *t) {
  if (!t->rank) return false;
  const int rank = t->rank > s->rank ? t->rank : s->rank;
  struct shape r = {rank, {0}};
  for (int d = 0; d < rank; d++) {
    const int ds = d - (rank - s->rank), dt = d - (rank - t->rank);
    const int64_t n = ds < 0 ? 1 : s->size[ds], m = dt < 0 ? 1 : t->shape[dt];
    if (n != m && n != 1 && m != 1) return false;
    r.size[d] = n == 1 ? m : n;
  }
  *s = r;
  return true;
}
/* Torch7's rule first: equal counts go pointwise, shaped like the first. */
static int result_shape(const struct call *c, struct shape *s) {
  const struct rk_tensor *x = c->in[0];
  bool equal = true, joins = x->rank > 0;
  s->rank = x->rank;
  memcpy(s->size, x->shape, sizeof s->size);
  for (int k = 1; k < c->inputs; k++) equal &= rk_tensor_count(c->in[k]) == rk_tensor_count(x);
  if (equal) return RK_OK;
  for (int k = 1; k < c->inputs && joins; k++) joins = join_shapes(s, c->in[k]);
  if (joins) return RK_OK;
  return rk_fail(RK_ESHAPE, "%s: sizes do not match: %s, %s%s%s; they must broadcast or have as many elements", c->name,
                 rk_describe(x), rk_describe(c->in[1]), c->inputs > 2 ? ", " : "",
                 c->inputs > 2 ? rk_describe(c->in[2]) : "");
}

/* -- checks --------------------------------------------------------------------------------- */
static int check_types(const struct call *c) {
  const int dtype = c->in[0] ? c->in[0]->dt : 0;
  RK_TRY(rk_need(c->out, c->name, 1));
  for (int k = 0; k < c->inputs; k++) {
    RK_TRY(rk_need(c->in[k], c->name, k + 2));
    if (c->in[k]->dt != dtype)
      return rk_fail(RK_EDTYPE, "%s: argument %d: %s expected as the first operand, got %s; convert one of them",
                     c->name, k + 2, rk_dtype_class(dtype), rk_describe(c->in[k]));
    if (c->in[k]->dev != RK_CPU) return rk_fail(RK_EDEVICE, "%s: argument %d: not on the CPU", c->name, k + 2);
  }
  if (c->out->dev != RK_CPU) return rk_fail(RK_EDEVICE, "%s: argument 1: not on the CPU", c->name);
  const bool bytes = rk_op_kind(c->op) == RK_COMPARE && c->out->dt == RK_u8;
  if (c->out->dt != dtype && !bytes)
    return rk_fail(RK_EDTYPE, "%s: result: %sTensor expected, got %s", c->name, rk_dtype_class(dtype),
                   rk_describe(c->out));
  if (!rk_cpu_loops[dtype]->map[c->column][c->op])
    return rk_fail(RK_EDTYPE, "%s: not defined for %sTensor%s", c->name, rk_dtype_class(dtype),
                   rk_op_class(c->op) == RK_FLT   ? "; convert it to a float type"
                   : rk_op_class(c->op) == RK_INT ? "; convert it to an integer type"
                                                  : "");
  return RK_OK;
}

/* Which operand of an op divides: 0 none, 1 x, 2 y, 3 z, 4 the number a. */
static const uint8_t divisor[RK_NOPS] = {
    [RK_OP_div] = 4,  [RK_OP_fmod] = 4,       [RK_OP_remainder] = 4, [RK_OP_rdiv] = 1,
    [RK_OP_cdiv] = 2, [RK_OP_cremainder] = 2, [RK_OP_cfmod] = 2,     [RK_OP_addcdiv] = 3,
};
static int check_divisor(const struct call *c) {
  const int which = divisor[c->op];
  if (!which || rk_dtype_is_float(c->in[0]->dt) || !rk_tensor_count(c->in[0])) return RK_OK;
  if (which == 4) return c->a.i ? RK_OK : rk_fail(RK_EARG, "%s: integer division by zero", c->name);
  const struct rk_tensor *y = c->in[which - 1];
  struct rk_value v = {0, 0};
  RK_TRY(rk_reduce(RK_RED_all, y, 0, &v));
  if (v.i) return RK_OK;
  struct rk_tensor zero = {.dt = RK_u8}, best = {.dt = RK_u8}, at = {.dt = RK_i64};
  int status = rk_compare(RK_OP_eq, &zero, y, NULL, 0);
  if (!status) status = rk_tensor_resize(&zero, 1, (int64_t[]){rk_tensor_count(y)}, NULL);
  if (!status) status = rk_extreme_dim(1, &best, &at, &zero, 0);
  if (!status) status = rk_peek(&at, 0, &v);
  rk_tensor_drop(&zero), rk_tensor_drop(&best), rk_tensor_drop(&at);
  return status ? status
                : rk_fail(RK_EARG, "%s: integer division by zero at element %lld of %s", c->name, (long long)v.i,
                          rk_describe(y));
}

/* -- building the job -------------------------------------------------------------------------- */
static void packed_steps(const struct shape *s, int64_t *step) {
  int64_t n = 1;
  for (int d = s->rank - 1; d >= 0; d--) step[d] = n, n *= s->size[d];
}
/* Operand k as the result's shape sees it; tmp receives a packed copy when only that will do. */
static int place_input(struct rk_job *j, int k, const struct rk_tensor *t, const struct shape *s,
                       struct rk_tensor *tmp) {
  const bool same = is_shape(t, s);
  const bool broadcast = !same && rk_tensor_count(t) != rk_job_count(j);
  if (!same && !broadcast) { /* as many elements in another shape */
    if (!rk_tensor_packed(t)) {
      RK_TRY(rk_packed_view(tmp, t));
      t = tmp;
    }
    packed_steps(s, j->step[k]);
  } else {
    for (int d = 0; d < s->rank; d++) {
      const int dt = d - (s->rank - t->rank);
      j->step[k][d] = dt < 0 || (t->shape[dt] == 1 && s->size[d] != 1) ? 0 : t->step[dt];
    }
  }
  j->base[k] = rk_at(t);
  return RK_OK;
}
/* Does writing the result disturb an input that is still to be read? */
static bool disturbs(const struct rk_job *j, const struct rk_tensor *out, int k) {
  const int size = rk_dtype_size(j->dtype), out_size = rk_dtype_size(j->out_dtype);
  bool same = size == out_size && j->base[0] == j->base[k];
  int64_t low[2] = {0, 0}, high[2] = {0, 0};
  for (int d = 0; d < j->rank; d++) {
    same &= j->step[0][d] == j->step[k][d] || j->shape[d] == 1;
    for (int w = 0; w < 2; w++) {
      const int64_t span = (j->shape[d] - 1) * j->step[w ? k : 0][d];
      *(span < 0 ? &low[w] : &high[w]) += span;
    }
  }
  (void)out;
  return !same && j->base[0] + low[0] * out_size < j->base[k] + (high[1] + 1) * size &&
         j->base[k] + low[1] * size < j->base[0] + (high[0] + 1) * out_size;
}
static bool shares_memory(const struct call *c) {
  for (int k = 0; k < c->inputs; k++)
    if (c->out->mem && c->out->mem == c->in[k]->mem) return true;
  return false;
}

/* Do all positions of a result differ? (True only if each step leads past all that the smaller ones reach.) */
static bool distinct(const struct rk_job *j) {
  int64_t step[RK_MAX_DIMS], reach[RK_MAX_DIMS], reached = 0;
  int n = 0;
  for (int d = 0; d < j->rank; d++) {
    if (j->shape[d] == 1) continue;
    const int64_t size = j->step[0][d] < 0 ? -j->step[0][d] : j->step[0][d];
    int i = n++;
    for (; i > 0 && step[i - 1] > size; i--) step[i] = step[i - 1], reach[i] = reach[i - 1];
    step[i] = size, reach[i] = size * (j->shape[d] - 1);
  }
  for (int i = 0; i < n; i++) {
    if (step[i] <= reached) return false;
    reached += reach[i];
  }
  return true;
}
/* Put one dimension of a job in front of those of another. */
static void prepend(struct rk_job *to, const struct rk_job *from, int d) {
  memmove(to->shape + 1, to->shape, (size_t)to->rank * sizeof *to->shape);
  to->shape[0] = from->shape[d];
  for (int k = 0; k < from->args; k++) {
    memmove(to->step[k] + 1, to->step[k], (size_t)to->rank * sizeof *to->step[k]);
    to->step[k][0] = from->step[k][d];
  }
  to->rank++;
}
static void drop_first(struct rk_job *j) {
  j->rank--;
  memmove(j->shape, j->shape + 1, (size_t)j->rank * sizeof *j->shape);
  for (int k = 0; k < j->args; k++) memmove(j->step[k], j->step[k] + 1, (size_t)j->rank * sizeof *j->step[k]);
}
/* A result that repeats elements (expanded, unfolded) gets its values one after another in row-major order, as in
 * Torch7: one run over dimensions along which all positions differ, for each position along the others. */
static int run_repeated(const struct rk_job *whole) {
  struct rk_job once = *whole, over = *whole;
  once.rank = over.rank = 0;
  for (int d = whole->rank - 1; d >= 0; d--) {
    prepend(&once, whole, d);
    if (distinct(&once)) continue;
    drop_first(&once);
    prepend(&over, whole, d);
  }
  if (!once.rank) {
    once.rank = 1, once.shape[0] = 1;
    for (int k = 0; k < once.args; k++) once.step[k][0] = 0;
  }
  int64_t at[RK_MAX_DIMS] = {0};
  for (int d = 0; d >= 0;) {
    RK_TRY(rk_interrupted());
    struct rk_job j = once;
    for (int k = 0; k < j.args; k++)
      for (d = 0; d < over.rank; d++)
        j.base[k] += at[d] * over.step[k][d] * rk_dtype_size(k ? whole->dtype : whole->out_dtype);
    rk_job_collapse(&j);
    RK_TRY(rk_job_run(&j));
    for (d = over.rank - 1; d >= 0 && ++at[d] == over.shape[d]; d--) at[d] = 0;
  }
  return RK_OK;
}
static int run_into(struct rk_tensor *out, struct rk_job *j, const struct shape *s) {
  j->base[0] = rk_at(out);
  packed_steps(s, j->step[0]);
  if (is_shape(out, s)) memcpy(j->step[0], out->step, sizeof j->step[0]);
  for (int k = 1; k < j->args; k++)
    if (disturbs(j, out, k)) return -1;
  if (!distinct(j)) return run_repeated(j);
  rk_job_collapse(j);
  return rk_job_run(j);
}
/* Compute into fresh memory, then copy: for results that overlap an input, or that must grow one's storage. */
static int run_aside(const struct call *c, struct rk_job *j, const struct shape *s) {
  struct rk_tensor fresh;
  RK_TRY(rk_tensor_init(&fresh, c->out->dt, s->rank, s->size));
  int status = run_into(&fresh, j, s);
  if (!status && !is_shape(c->out, s)) status = rk_tensor_resize(c->out, s->rank, s->size, NULL);
  if (!status) status = rk_copy(c->out, &fresh);
  rk_tensor_drop(&fresh);
  return status;
}

static int run_call(struct call *c) {
  c->name = rk_op_name(c->op);
  RK_TRY(check_types(c));
  struct shape s;
  RK_TRY(result_shape(c, &s));
  RK_TRY(check_divisor(c));
  const bool fits = is_shape(c->out, &s);
  if (!fits && c->out == c->in[0])
    return rk_fail(RK_ESHAPE, "%s: %s in place cannot hold the result %s", c->name, rk_describe(c->out),
                   rk_describe_shape(s.rank, s.size));
  struct rk_job j = {.op = c->op,
                     .column = c->column,
                     .dtype = c->in[0]->dt, // NOLINT(clang-analyzer-core.NullDereference): check_types has seen it
                     .out_dtype = c->out->dt,
                     .rank = s.rank,
                     .args = c->inputs + c->constant + 1,
                     .a = c->a.f,
                     .b = c->b.f,
                     .ia = c->a.i,
                     .ib = c->b.i};
  memcpy(j.shape, s.size, sizeof j.shape);
  if (!s.rank || !rk_job_count(&j)) return fits ? RK_OK : rk_tensor_resize(c->out, s.rank, s.size, NULL);
  const bool aside = !fits && shares_memory(c);
  struct rk_tensor tmp[RK_MAX_ARGS] = {{0}};
  int status = RK_OK;
  if (!fits && !aside) status = rk_tensor_resize(c->out, s.rank, s.size, NULL);
  for (int k = 0; k < c->inputs && !status; k++) status = place_input(&j, k + 1, c->in[k], &s, &tmp[k]);
  if (c->constant) j.base[j.args - 1] = c->cell;
  if (!status) status = aside ? -1 : run_into(c->out, &j, &s);
  if (status == -1) status = run_aside(c, &j, &s);
  for (int k = 0; k < c->inputs; k++) rk_tensor_drop(&tmp[k]);
  return status;
}

/* -- the short cut: small, packed, one shape ------------------------------------------------------ */
enum { SMALL = 4096 };
static inline int64_t small_packed(const struct rk_tensor *t) { /* the count, or 0 */
  if (!t || !t->mem || t->dev) return 0;
  int64_t n = 1;
  for (int d = t->rank - 1; d >= 0; d--) {
    if (t->step[d] != n) return 0;
    n *= t->shape[d];
  }
  return t->rank && n <= SMALL ? n : 0;
}
static inline bool twin(const struct rk_tensor *t, const struct rk_tensor *u) { /* t is small and packed */
  if (!u || !u->mem || u->dev || u->dt != t->dt || u->rank != t->rank) return false;
  for (int d = 0; d < t->rank; d++)
    if (u->shape[d] != t->shape[d] || u->step[d] != t->step[d]) return false;
  return true;
}
static inline bool apart_or_same(const char *p, const char *q, int64_t bytes) {
  return p == q || p + bytes <= q || q + bytes <= p;
}
/* A result without storage gets the shape of small packed inputs, so that the short cut serves `c = a + b` too. When
 * there is no memory it stays as it is, and the long way says so. */
static inline void provide(int op, int inputs, struct rk_tensor *out, const struct rk_tensor *x,
                           const struct rk_tensor *y, const struct rk_tensor *z) {
  if (!out || out->mem || out->dev || !small_packed(x) || out->dt != x->dt || !rk_is_compute(x->dt)) return;
  if ((inputs > 1 && !twin(x, y)) || (inputs > 2 && !twin(x, z))) return;
  if (!rk_cpu_loops[x->dt]->map[RK_VALUE][op] || (divisor[op] && !rk_dtype_is_float(x->dt))) return;
  if (out->bare)
    (void)rk_keep_inside(out, x->dt, x->rank, x->shape);
  else
    (void)rk_tensor_like(out, x);
}

/* A bare result without storage that cannot hold as many elements as x (or none) becomes an ordinary one... */
static inline bool outgrows(struct rk_tensor *out, const struct rk_tensor *x) {
  if (!out || !out->bare || out->mem || !x) return false;
  const int64_t most = (RK_MAX_DIMS - x->rank) * (int64_t)sizeof x->step[0];
  int64_t bytes = rk_dtype_size(out->dt);
  for (int d = 0; d < x->rank && bytes <= most; d++) bytes *= x->shape[d] <= most ? x->shape[d] : most + 1;
  if (bytes && bytes <= most && x->rank && x->rank <= RK_INSIDE_DIMS) return false;
  out->bare = 0;
  return true;
}
/* ... and its count is the caller's affair. */
static int taken(struct rk_tensor *out, int status) {
  if (!status) return RK_TAKEN;
  rk_tensor_drop(out);
  out->bare = 1;
  return status;
}
/* Fills l and gives the loop, or NULL: take the long way. */
static inline rk_map_loop *short_cut(struct rk_loop *l, int op, int inputs, const struct rk_tensor *out,
                                     const struct rk_tensor *x, const struct rk_tensor *y, const struct rk_tensor *z) {
  const int64_t n = small_packed(out);
  if (!n || !rk_is_compute(out->dt) || !twin(out, x) || (inputs > 1 && !twin(out, y)) || (inputs > 2 && !twin(out, z)))
    return NULL;
  const int size = rk_dtype_size(out->dt);
  const int64_t bytes = n * size;
  char *o = (char *)out->mem->data + out->start * size;
  const char *p = (char *)x->mem->data + x->start * size;
  const char *q = inputs > 1 ? (char *)y->mem->data + y->start * size : o;
  const char *r = inputs > 2 ? (char *)z->mem->data + z->start * size : o;
  if (!apart_or_same(o, p, bytes) || !apart_or_same(o, q, bytes) || !apart_or_same(o, r, bytes)) return NULL;
  if (divisor[op] && !rk_dtype_is_float(out->dt)) return NULL;
  l->n = n, l->out = o, l->in[0] = p, l->in[1] = q, l->in[2] = r;
  l->mask = ~(uint64_t)0 >> (64 - 8 * size), l->past = false;
  return rk_cpu_loops[out->dt]->map[RK_VALUE][op];
}

static int check_op(int op, int kind, const char *who) {
  if (rk_op_kind(op) == kind) return RK_OK;
  return rk_fail(RK_EARG, "%s: op %d (%s) does not take %d tensor%s", who, op,
                 rk_op_name(op) ? rk_op_name(op) : "unknown", kind, kind == 1 ? "" : "s");
}

/* -- one input ---------------------------------------------------------------------------------------- */
static int dtype_of(const struct rk_tensor *x) { return x ? x->dt : RK_f64; }
/* x^a for the exponents that have an exact form. */
static const struct {
  double exponent;
  int op;
  double a;
} exact_powers[] = {{1, RK_OP_mul, 1},      {2, RK_OP_square, 0}, {3, RK_OP_cube, 0},    {0.5, RK_OP_sqrt, 0},
                    {-0.5, RK_OP_rsqrt, 0}, {-1, RK_OP_cinv, 0},  {-2, RK_OP_rsquare, 0}};
static int exact_power(int op, int dtype, struct rk_scalar *a) {
  if (op != RK_OP_pow || !rk_dtype_is_float(dtype)) return op;
  for (size_t k = 0; k < sizeof exact_powers / sizeof exact_powers[0]; k++)
    if (a->f == exact_powers[k].exponent) return a->f = exact_powers[k].a, exact_powers[k].op;
  return op;
}
static int map1(int op, struct rk_tensor *out, const struct rk_tensor *x, struct rk_scalar a, struct rk_scalar b) {
  if (outgrows(out, x)) return taken(out, map1(op, out, x, a, b));
  RK_TRY(check_op(op, RK_MAP1, "map1"));
  op = exact_power(op, dtype_of(x), &a);
  struct rk_loop l = {.a = a.f, .b = b.f, .ia = a.i, .ib = b.i};
  provide(op, 1, out, x, NULL, NULL);
  rk_map_loop *f = short_cut(&l, op, 1, out, x, NULL, NULL);
  if (f) return f(&l), RK_OK;
  struct call c = {.op = op, .inputs = 1, .out = out, .in = {x}, .a = a, .b = b};
  return run_call(&c);
}

int rk_map1(int op, struct rk_tensor *out, const struct rk_tensor *x, double a, double b) {
  const int dt = dtype_of(x);
  return map1(op, out, x, rk_scalar_double(dt, a), rk_scalar_double(dt, b));
}
int rk_map1_long(int op, struct rk_tensor *out, const struct rk_tensor *x, int64_t a, int64_t b) {
  const int dt = dtype_of(x);
  return map1(op, out, x, rk_scalar_long(dt, a), rk_scalar_long(dt, b));
}
int rk_map1_number(int op, double x, double a, double b, double *out) {
  RK_TRY(check_op(op, RK_MAP1, "map1_number"));
  struct rk_scalar s = {a, 0};
  op = exact_power(op, RK_f64, &s);
  rk_map_loop *f = rk_cpu_loops[RK_f64]->map[RK_VALUE][op];
  if (!f) return rk_fail(RK_EDTYPE, "%s: not defined for a number", rk_op_name(op));
  f(&(struct rk_loop){.n = 1, .out = out, .in = {&x}, .a = s.f, .b = b, .mask = ~(uint64_t)0});
  return RK_OK;
}
int rk_map_grad(int op, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *y,
                const struct rk_tensor *g, double a, double b) {
  RK_TRY(check_op(op, RK_MAP1, "map_grad"));
  const int dt = dtype_of(x);
  struct call c = {.op = op,
                   .column = RK_GRAD_X,
                   .inputs = 3,
                   .out = dx,
                   .in = {x, y, g},
                   .a = rk_scalar_double(dt, a),
                   .b = rk_scalar_double(dt, b)};
  return run_call(&c);
}

/* -- two and three inputs ------------------------------------------------------------------------------- */
static int map2(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y,
                struct rk_scalar a) {
  if (outgrows(out, x)) return taken(out, map2(op, out, x, y, a));
  RK_TRY(check_op(op, RK_MAP2, "map2"));
  struct rk_loop l = {.a = a.f, .ia = a.i};
  provide(op, 2, out, x, y, NULL);
  rk_map_loop *f = short_cut(&l, op, 2, out, x, y, NULL);
  if (f) return f(&l), RK_OK;
  struct call c = {.op = op, .inputs = 2, .out = out, .in = {x, y}, .a = a};
  return run_call(&c);
}
int rk_map2(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y, double a) {
  return map2(op, out, x, y, rk_scalar_double(dtype_of(x), a));
}
int rk_map2_long(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y, int64_t a) {
  return map2(op, out, x, y, rk_scalar_long(dtype_of(x), a));
}
int rk_add_to(struct rk_tensor *x, const struct rk_tensor *y) {
  struct rk_loop l;
  rk_map_loop *f = short_cut(&l, RK_OP_cadd, 2, x, x, y, NULL);
  if (!f) return map2(RK_OP_cadd, x, x, y, (struct rk_scalar){1, 1});
  l.a = 1, l.ia = 1;
  f(&l);
  return RK_OK;
}
int rk_map2_grad(int op, int which, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *y,
                 const struct rk_tensor *z, const struct rk_tensor *g, double a) {
  RK_TRY(check_op(op, RK_MAP2, "map2_grad"));
  if (which != 0 && which != 1) return rk_fail(RK_EARG, "map2_grad: input 0 or 1 expected, got %d", which);
  struct call c = {.op = op,
                   .column = which ? RK_GRAD_Y : RK_GRAD_X,
                   .inputs = 4,
                   .out = dx,
                   .in = {x, y, z, g},
                   .a = rk_scalar_double(dtype_of(x), a)};
  return run_call(&c);
}
static int map3(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y,
                const struct rk_tensor *z, struct rk_scalar a) {
  if (outgrows(out, x)) return taken(out, map3(op, out, x, y, z, a));
  RK_TRY(check_op(op, RK_MAP3, "map3"));
  struct rk_loop l = {.a = a.f, .ia = a.i};
  provide(op, 3, out, x, y, z);
  rk_map_loop *f = short_cut(&l, op, 3, out, x, y, z);
  if (f) return f(&l), RK_OK;
  struct call c = {.op = op, .inputs = 3, .out = out, .in = {x, y, z}, .a = a};
  return run_call(&c);
}
int rk_map3(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y,
            const struct rk_tensor *z, double a) {
  return map3(op, out, x, y, z, rk_scalar_double(dtype_of(x), a));
}
int rk_map3_long(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y,
                 const struct rk_tensor *z, int64_t a) {
  return map3(op, out, x, y, z, rk_scalar_long(dtype_of(x), a));
}

/* -- comparisons ------------------------------------------------------------------------------------------ */
static int compare(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y,
                   struct rk_scalar a) {
  if (outgrows(out, x)) return taken(out, compare(op, out, x, y, a));
  RK_TRY(check_op(op, RK_COMPARE, "compare"));
  struct call c = {.op = op, .inputs = y ? 2 : 1, .out = out, .in = {x, y}, .constant = !y};
  if (!y && x) { /* the number becomes an operand of one repeated element */
    const float f = (float)a.f;
    const int32_t i = (int32_t)a.i;
    const void *from[RK_NCOMPUTE] = {[RK_C_i32] = &i, [RK_C_i64] = &a.i, [RK_C_f32] = &f, [RK_C_f64] = &a.f};
    rk_cpu_loops[x->dt]->store[x->dt](c.cell, from[rk_compute_of[x->dt]], 1, 1);
  }
  return run_call(&c);
}
int rk_compare(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y, double a) {
  return compare(op, out, x, y, rk_scalar_double(dtype_of(x), a));
}
int rk_compare_long(int op, struct rk_tensor *out, const struct rk_tensor *x, int64_t a) {
  return compare(op, out, x, NULL, rk_scalar_long(dtype_of(x), a));
}
