/* conv.c -- convolution and transposed convolution over 1 to 3 spatial dims:
 * checks, sizes, layouts, gradients of the bias, and the choice of who computes
 * (oneDNN, or im2col and gemm; see conv.h). */
#include "dnnl.h"
#include "layer_loops.h"
#include <stdio.h>
#include <string.h>

/* -- checks and sizes ---------------------------------------------------------- */
static int check_numbers(const struct rk_conv *c, const char *who) {
  if (!c) return rk_fail(RK_EARG, "%s: no parameters given", who);
  if (c->dims < 1 || c->dims > 3)
    return rk_fail(RK_EARG, "%s: 1 to 3 spatial dimensions expected, got %d", who, c->dims);
  if (c->groups < 1) return rk_fail(RK_EARG, "%s: %d groups: at least 1 expected", who, c->groups);
  for (int d = 0; d < c->dims; d++) {
    if (c->stride[d] < 1 || c->dilation[d] < 1 || c->pad[d] < 0)
      return rk_fail(RK_EARG, "%s: stride %d and dilation %d must be at least 1, padding %d at least 0", who,
                     c->stride[d], c->dilation[d], c->pad[d]);
    if (c->transposed && (c->extra[d] < 0 || (c->extra[d] >= c->stride[d] && c->extra[d] >= c->dilation[d])))
      return rk_fail(RK_EARG, "%s: extra size %d must be at least 0 and less than the stride %d", who, c->extra[d],
                     c->stride[d]);
  }
  return RK_OK;
}

static int check_planes(const struct rk_tensor *x, const struct rk_tensor *w, const struct rk_conv *c,
                        const char *who) {
  if (x->rank != c->dims + 2)
    return rk_fail(RK_ESHAPE, "%s: input of %d dimensions (batch, planes, %d spatial) expected, got %s", who,
                   c->dims + 2, c->dims, rk_describe(x));
  if (w->rank != c->dims + 2)
    return rk_fail(RK_ESHAPE, "%s: weight of %d dimensions expected, got %s", who, c->dims + 2, rk_describe(w));
  int64_t planes = c->transposed ? w->shape[0] : w->shape[1] * c->groups;
  if (x->shape[1] != planes)
    return rk_fail(RK_ESHAPE, "%s: input %s has %lld planes, weight %s in %d group%s takes %lld", who, rk_describe(x),
                   (long long)x->shape[1], rk_describe(w), c->groups, c->groups > 1 ? "s" : "", (long long)planes);
  if (w->shape[0] % c->groups)
    return rk_fail(RK_ESHAPE, "%s: %lld planes of weight %s do not divide into %d groups", who, (long long)w->shape[0],
                   rk_describe(w), c->groups);
  for (int d = 0; d < w->rank; d++)
    if (w->shape[d] < 1) return rk_fail(RK_ESHAPE, "%s: weight %s is empty", who, rk_describe(w));
  return RK_OK;
}

/* "3x5" of sizes + 2 * pad, or of dilation * (sizes - 1) + 1; pad or dilation may be NULL. */
static const char *sizes_text(char *text, size_t n, int dims, const int64_t *size, const int32_t *pad,
                              const int32_t *dilation) {
  size_t at = 0;
  for (int d = 0; d < dims && at < n; d++) {
    int64_t v = size[d] + (pad ? 2 * pad[d] : 0);
    if (dilation) v = dilation[d] * (v - 1) + 1;
    at += (size_t)snprintf(text + at, n - at, "%s%lld", d ? "x" : "", (long long)v);
  }
  return text;
}

static int fail_size(const struct rk_tensor *x, const struct rk_tensor *w, const struct rk_conv *c, const char *who) {
  char in[80], padded[80], kernel[80], dilated[80];
  sizes_text(in, sizeof in, c->dims, x->shape + 2, NULL, NULL);
  sizes_text(padded, sizeof padded, c->dims, x->shape + 2, c->pad, NULL);
  sizes_text(kernel, sizeof kernel, c->dims, w->shape + 2, NULL, NULL);
  sizes_text(dilated, sizeof dilated, c->dims, w->shape + 2, NULL, c->dilation);
  if (c->transposed)
    return rk_fail(RK_ESHAPE, "%s: nothing is left of an input of %s with a kernel of %s: reduce the padding", who, in,
                   kernel);
  bool pads = strcmp(in, padded) != 0, dilates = strcmp(kernel, dilated) != 0;
  return rk_fail(RK_ESHAPE, "%s: the input of %s%s%s%s is smaller than the kernel of %s%s%s%s", who, in,
                 pads ? " (padded: " : "", pads ? padded : "", pads ? ")" : "", kernel, dilates ? " (dilated: " : "",
                 dilates ? dilated : "", dilates ? ")" : "");
}

/* The image side is x of a convolution and the result of a transposed one. */
static int make_plan(struct rk_conv_plan *p, const struct rk_tensor *x, const struct rk_tensor *w,
                     const struct rk_conv *c, const char *who) {
  RK_TRY(check_numbers(c, who));
  RK_TRY(check_planes(x, w, c, who));
  p->dims = c->dims, p->n = x->shape[0], p->groups = c->groups, p->transposed = c->transposed != 0;
  p->cj = w->shape[0], p->ci = w->shape[1] * c->groups;
  p->places_in = p->places_out = p->taps = 1;
  for (int k = 0; k < 3; k++) {
    int d = k - (3 - c->dims);
    int64_t size = d < 0 ? 1 : x->shape[d + 2];
    p->k[k] = d < 0 ? 1 : w->shape[d + 2], p->stride[k] = d < 0 ? 1 : c->stride[d];
    p->pad[k] = d < 0 ? 0 : c->pad[d], p->dilation[k] = d < 0 ? 1 : c->dilation[d];
    int64_t reach = p->dilation[k] * (p->k[k] - 1) + 1, room = size + 2 * p->pad[k] - reach;
    int64_t full = (size - 1) * p->stride[k] - 2 * p->pad[k] + reach + (d < 0 ? 0 : c->extra[d]);
    if (size < 1 || (c->transposed ? full < 1 : room < 0)) return fail_size(x, w, c, who);
    p->in[k] = c->transposed ? full : size;
    p->out[k] = c->transposed ? size : room / p->stride[k] + 1;
    p->places_in *= p->in[k], p->places_out *= p->out[k], p->taps *= p->k[k];
  }
  p->flops = 2.0 * (double)p->n * (double)(p->cj * p->places_out) * (double)(p->ci / p->groups * p->taps);
  return RK_OK;
}

static void result_shape(const struct rk_conv_plan *p, int64_t *shape) {
  shape[0] = p->n, shape[1] = p->transposed ? p->ci : p->cj;
  for (int d = 0; d < p->dims; d++) shape[d + 2] = p->transposed ? p->in[d + 3 - p->dims] : p->out[d + 3 - p->dims];
}

static int check_bias(const struct rk_tensor *b, const struct rk_tensor *x, int64_t planes, const char *who) {
  if (!b) return RK_OK;
  RK_TRY(rk_same_dtype(who, x, b));
  return rk_need_shape(b, 1, &planes, who, "bias");
}

static int check_gradient(const struct rk_tensor *g, const struct rk_tensor *x, const struct rk_conv_plan *p,
                          const char *who) {
  int64_t shape[RK_MAX_DIMS];
  result_shape(p, shape);
  return rk_need_shape(g, x->rank, shape, who, "gradient");
}

static int layout_of(const struct rk_tensor *x) { return rk_layout_of(x) == RK_LAST ? RK_LAST : RK_ROWS; }
/* The layout in which to read x: a part of the planes of a channels-last tensor is copied as such. */
static int layout_to_read(const struct rk_tensor *x) {
  return rk_layout_of(x) == RK_OTHER && x->rank > 3 && x->shape[1] > 1 && x->step[1] == 1 ? RK_LAST : layout_of(x);
}

/* -- the products --------------------------------------------------------------- */
/* out += bias, a number a plane. */
static int add_bias(struct rk_tensor *out, const struct rk_tensor *bias) {
  struct rk_tensor b = *bias; /* borrowed: a (1, planes, 1...) view */
  b.rank = out->rank;
  for (int d = 0; d < b.rank; d++) b.shape[d] = 1, b.step[d] = bias->step[0];
  b.shape[1] = bias->shape[0];
  return rk_map2(RK_OP_cadd, out, out, &b, 1);
}

/* What a forward call asks for beyond the product: see struct rk_conv. */
struct extras {
  const struct rk_tensor *bias, *add;
  struct rk_tensor *packed;
  bool relu;
};

/* out = out + add, then the activation: what oneDNN did not do on its way. */
static int finish(struct rk_tensor *out, const struct rk_tensor *add, bool relu) {
  if (add) RK_TRY(rk_map2(RK_OP_cadd, out, out, add, 1));
  return relu ? rk_map1(RK_OP_relu, out, out, 0, 0) : RK_OK;
}

static int run_dnnl(struct rk_dnnl *e, int kind, struct rk_tensor *out, const struct rk_tensor *a,
                    const struct rk_tensor *w, const struct extras *x, const char *who) {
  const struct rk_tensor *i = kind == RK_GATHER ? a : out, *j = kind == RK_GATHER ? out : a;
  struct rk_dnnl_data data = {(float *)rk_at(i), (float *)rk_at(w), (float *)rk_at(j), NULL, NULL, x->packed};
  if (x->bias) data.bias = (float *)rk_at(x->bias);
  if (x->add) data.add = (const float *)rk_at(x->add);
  if (kind == RK_GATHER) return rk_dnnl_run(e, &data, who);
  int status = rk_dnnl_run(e, &data, who);
  return status || !x->bias ? status : add_bias(out, x->bias);
}

/* im2col works in packed rows; a channels-last result is copied from such. */
static int run_im2col(const struct rk_conv_plan *p, int kind, struct rk_tensor *out, const struct rk_tensor *a,
                      const struct rk_tensor *w, const struct rk_tensor *bias) {
  struct rk_tensor rows = {0}, *to = out;
  if (rk_layout_of(out) != RK_ROWS) RK_TRY(rk_tensor_init(to = &rows, out->dt, out->rank, out->shape));
  int status = (kind == RK_GATHER ? rk_im2col_gather : rk_im2col_scatter)(p, to, a, w, bias);
  if (!status && to != out) status = rk_copy(out, to);
  rk_tensor_drop(&rows);
  return status;
}

/* oneDNN pads planes to blocks of 16: patches this small are sooner written out as columns. Measured on 1 -> 6 planes
 * of 28x28, 5x5, batch 64, one thread: forward 0.41 and 0.35 ms, to the input 0.78 and 0.33. */
static bool is_tiny(const struct rk_conv_plan *p, int layout) {
  return layout == RK_ROWS && p->groups == 1 && p->ci * p->taps <= 32 && p->n >= 8 && !rk_deterministic();
}

/* The operands of a product, in the layouts and the dtype that its computer takes. */
struct operands {
  struct rk_tensor a, w, bias, add;
  struct rk_result r;
};
static int open_operands(struct operands *o, struct rk_tensor *out, const int64_t *shape, int from, int to,
                         const struct rk_tensor *a, const struct rk_tensor *w, const struct extras *x) {
  int dtype = rk_layer_dtype(a->dt);
  RK_TRY(rk_operand(&o->a, a, dtype, from));
  RK_TRY(rk_operand(&o->w, w, dtype, RK_ROWS));
  if (x->bias) RK_TRY(rk_operand(&o->bias, x->bias, dtype, RK_ROWS));
  if (x->add) RK_TRY(rk_operand(&o->add, x->add, dtype, to));
  return rk_result_open(&o->r, out, dtype, a->rank, shape, to);
}
static void drop_operands(struct operands *o) {
  struct rk_tensor *all[] = {&o->a, &o->w, &o->bias, &o->add};
  for (int k = 0; k < 4; k++) rk_tensor_drop(all[k]);
}

/* A primitive that does as much as can be had; the caller does what is then left in `rest`. */
static struct rk_dnnl *begin(const struct rk_conv_plan *p, int kind, int from, int to, const struct extras *x,
                             struct extras *now, struct extras *rest) {
  struct rk_dnnl_wish wish = {kind, kind == RK_GATHER ? from : to, kind == RK_GATHER ? to : from, false, false, false};
  *now = *x, *rest = (struct extras){0};
  if (kind == RK_GATHER) wish.bias = x->bias != NULL, wish.add = x->add != NULL, wish.relu = x->relu;
  struct rk_dnnl *e = rk_dnnl_begin(&wish, p);
  if (e && kind == RK_GATHER) return e;
  rest->add = x->add, rest->relu = x->relu;
  now->add = NULL;
  wish.add = wish.relu = false;
  return e || !(x->add || x->relu) ? e : rk_dnnl_begin(&wish, p);
}

/* out = gather or scatter of a, laid out as `layout`. */
static int product(const struct rk_conv_plan *p, int kind, struct rk_tensor *out, const int64_t *shape, int layout,
                   const struct rk_tensor *a, const struct rk_tensor *w, const struct extras *x, const char *who) {
  struct extras now = *x, rest = {.add = x->add, .relu = x->relu};
  int from = layout_to_read(a);
  bool wanted = rk_layer_dtype(a->dt) == RK_f32 && !is_tiny(p, layout == from ? layout : RK_LAST);
  struct rk_dnnl *e = wanted ? begin(p, kind, from, layout, x, &now, &rest) : NULL;
  struct operands o = {.a = {0}};
  if (!e) rest.add = x->add, rest.relu = x->relu;
  int status = open_operands(&o, out, shape, e ? from : RK_ROWS, layout, a, w, x);
  const struct rk_tensor *add = x->add ? &o.add : NULL;
  now.bias = x->bias ? &o.bias : NULL, now.add = now.add ? add : NULL;
  if (!status && e)
    status = run_dnnl(e, kind, &o.r.t, &o.a, &o.w, &now, who);
  else if (!status)
    status = run_im2col(p, kind, &o.r.t, &o.a, &o.w, now.bias);
  if (!status) status = finish(&o.r.t, rest.add ? add : NULL, rest.relu);
  if (o.r.out) status = rk_result_close(&o.r, status);
  rk_dnnl_end(e);
  drop_operands(&o);
  return status;
}

static int check_extras(const struct rk_conv *c, const struct rk_tensor *out, const struct rk_tensor *x,
                        const int64_t *shape, const char *who) {
  if (c->add) {
    RK_TRY(rk_same_dtype(who, x, c->add));
    RK_TRY(rk_need_shape(c->add, x->rank, shape, who, "what is added"));
    RK_TRY(rk_need_apart(out, c->add, who));
  }
  if (c->packed && c->packed->dt != RK_f32)
    return rk_fail(RK_EDTYPE, "%s: packed weights are kept in a FloatTensor, got %s", who, rk_describe(c->packed));
  return RK_OK;
}

int rk_conv_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *weight,
                    const struct rk_tensor *bias, const struct rk_conv *c) {
  const char *who = c && c->transposed ? "full conv" : "conv";
  struct rk_conv_plan p;
  int64_t shape[RK_MAX_DIMS];
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need_float(x, who, 2));
  RK_TRY(rk_need(weight, who, 3));
  RK_TRY(rk_same_dtype(who, out, x));
  RK_TRY(rk_same_dtype(who, x, weight));
  RK_TRY(make_plan(&p, x, weight, c, who));
  result_shape(&p, shape);
  RK_TRY(check_bias(bias, x, shape[1], who));
  RK_TRY(rk_need_apart(out, x, who));
  RK_TRY(rk_need_apart(out, weight, who));
  RK_TRY(rk_need_apart(out, bias, who));
  RK_TRY(check_extras(c, out, x, shape, who));
  struct extras extras = {bias, c->add, c->packed, c->relu != 0};
  int layout = c->last ? RK_LAST : layout_of(x);
  return product(&p, p.transposed ? RK_SCATTER : RK_GATHER, out, shape, layout, x, weight, &extras, who);
}

int rk_conv_backward_input(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *weight,
                           const struct rk_tensor *x, const struct rk_conv *c) {
  const char *who = c && c->transposed ? "full conv backward" : "conv backward";
  struct rk_conv_plan p;
  RK_TRY(rk_need(dx, who, 1));
  RK_TRY(rk_need_float(g, who, 2));
  RK_TRY(rk_need(weight, who, 3));
  RK_TRY(rk_need(x, who, 4));
  RK_TRY(rk_same_dtype(who, dx, g));
  RK_TRY(rk_same_dtype(who, g, weight));
  RK_TRY(rk_same_dtype(who, g, x));
  RK_TRY(make_plan(&p, x, weight, c, who));
  RK_TRY(check_gradient(g, x, &p, who));
  RK_TRY(rk_need_apart(dx, g, who));
  RK_TRY(rk_need_apart(dx, weight, who));
  struct extras none = {0};
  return product(&p, p.transposed ? RK_GATHER : RK_SCATTER, dx, x->shape, layout_of(x), g, weight, &none, who);
}

/* -- gradients of the parameters --------------------------------------------------- */
struct sums {
  const struct rk_norm_loops *loops;
  const char *g;
  int64_t n, c, places, size;
  double *sum;
};
static void sum_part(void *arg, int64_t c) {
  struct sums *s = arg;
  for (int64_t n = 0; n < s->n; n++) s->sum[c] += s->loops->sum(s->g + (n * s->c + c) * s->places * s->size, s->places);
}

/* db += scale * sum */
static int add_sums(struct rk_tensor *db, double scale, const double *sum, double *scratch) {
  int64_t n = db->shape[0];
  RK_TRY(rk_read_doubles(db, scratch, n));
  for (int64_t c = 0; c < n; c++) scratch[c] += scale * sum[c];
  return rk_write_doubles(db, scratch, n);
}

/* db += scale * sums of g's planes; g packed. */
static int bias_gradient(struct rk_tensor *db, const struct rk_tensor *g, double scale, const char *who) {
  struct sums s = {rk_norm_loops(g->dt), rk_at(g), g->shape[0], g->shape[1], 1, rk_dtype_size(g->dt), NULL};
  for (int d = 2; d < g->rank; d++) s.places *= g->shape[d];
  s.sum = rk_scratch(2 * s.c * (int64_t)sizeof(double), who);
  if (!s.sum) return RK_ENOMEM;
  memset(s.sum, 0, (size_t)s.c * sizeof(double));
  int status = rk_parallel_try(s.c, s.n * s.c * s.places, sum_part, &s);
  if (!status) status = add_sums(db, scale, s.sum, s.sum + s.c);
  rk_scratch_free(s.sum);
  return status;
}

/* db += scale * sums of g's planes; g channels-last: the sums of a matrix' columns. */
static int bias_gradient_last(struct rk_tensor *db, const struct rk_tensor *g, double scale) {
  const int64_t planes = g->shape[1];
  struct rk_tensor sums = {.dt = g->dt}, matrix = *g; /* borrowed */
  matrix.rank = 2;
  matrix.shape[0] = planes ? rk_tensor_count(g) / planes : 0, matrix.step[0] = planes;
  matrix.shape[1] = planes, matrix.step[1] = 1;
  int status = rk_reduce_dim(RK_RED_sum, &sums, &matrix, 0, 0);
  if (!status) status = rk_tensor_resize(&sums, 1, &planes, NULL);
  if (!status) status = rk_map2(RK_OP_cadd, db, db, &sums, scale);
  rk_tensor_drop(&sums);
  return status;
}

/* dw += scale * what oneDNN makes; db too, when it comes with it (j is then the gradient). */
static int weights_dnnl(struct rk_dnnl *e, struct rk_tensor *dw, struct rk_tensor *db, const struct rk_tensor *i,
                        const struct rk_tensor *j, double scale, const char *who) {
  struct rk_tensor tw = {0}, tb = {0};
  int status = rk_tensor_init(&tw, RK_f32, dw->rank, dw->shape);
  if (!status && db) status = rk_tensor_init1(&tb, RK_f32, db->shape[0]);
  struct rk_dnnl_data data = {(float *)rk_at(i), NULL, (float *)rk_at(j), NULL, NULL, NULL};
  if (!status) data.w = (float *)rk_at(&tw), data.bias = db ? (float *)rk_at(&tb) : NULL;
  if (!status) status = rk_dnnl_run(e, &data, who);
  if (!status) status = rk_map2(RK_OP_cadd, dw, dw, &tw, scale);
  if (!status && db) status = rk_map2(RK_OP_cadd, db, db, &tb, scale);
  rk_tensor_drop(&tw);
  rk_tensor_drop(&tb);
  return status;
}

/* By our own loops, from channels-last tensors; db too, of a convolution that is not transposed. */
static int weights_own(const struct rk_conv_plan *p, struct rk_tensor *dw, struct rk_tensor *db,
                       const struct rk_tensor *j, const struct rk_tensor *i, double scale, const char *who) {
  double *sums = NULL;
  if (db && !(sums = rk_scratch(2 * p->cj * (int64_t)sizeof *sums, who))) return RK_ENOMEM;
  int status = rk_conv_weights(p, dw, sums, j, i, scale, who);
  if (!status && db) status = add_sums(db, scale, sums, sums + p->cj);
  rk_scratch_free(sums);
  return status;
}

/* Both gradients, of checked arguments. */
static int parameters(const struct rk_conv_plan *p, struct rk_tensor *dw, struct rk_tensor *db,
                      const struct rk_tensor *g, const struct rk_tensor *x, double scale, const char *who) {
  int dtype = rk_layer_dtype(x->dt);
  int lx = layout_to_read(x), lg = layout_to_read(g);
  bool own = dtype == RK_f32 && lx == RK_LAST && lg == RK_LAST && rk_conv_weights_serves(p);
  bool fused = db && !p->transposed && (own || db->dt == RK_f32);
  struct rk_dnnl_wish wish = {RK_WEIGHTS, p->transposed ? lg : lx, p->transposed ? lx : lg, fused, false, false};
  struct rk_dnnl *e = dtype == RK_f32 && !own ? rk_dnnl_begin(&wish, p) : NULL;
  struct rk_tensor tg = {0}, tx = {0}, rows = {0};
  struct rk_result r = {0};
  int status = rk_operand(&tg, g, dtype, e || own ? lg : RK_ROWS);
  if (!status) status = rk_operand(&tx, x, dtype, e || own ? lx : RK_ROWS);
  if (!status) status = rk_result_add(&r, dw, dtype);
  const struct rk_tensor *i = p->transposed ? &tg : &tx, *j = p->transposed ? &tx : &tg;
  if (!status && own)
    status = weights_own(p, &r.t, fused ? db : NULL, j, i, scale, who);
  else if (!status && e)
    status = weights_dnnl(e, &r.t, fused ? db : NULL, i, j, scale, who);
  else if (!status)
    status = rk_im2col_weights(p, &r.t, j, i, scale);
  if (r.out) status = rk_result_close(&r, status);
  if (!status && db && !((e || own) && fused)) {
    bool last = rk_layout_of(&tg) == RK_LAST && tg.dt == db->dt;
    if (!last) status = rk_operand(&rows, &tg, dtype, RK_ROWS);
    if (!status) status = last ? bias_gradient_last(db, &tg, scale) : bias_gradient(db, &rows, scale, who);
  }
  rk_dnnl_end(e);
  rk_tensor_drop(&rows);
  rk_tensor_drop(&tg);
  rk_tensor_drop(&tx);
  return status;
}

int rk_conv_backward_weight(struct rk_tensor *dw, struct rk_tensor *db, const struct rk_tensor *g,
                            const struct rk_tensor *x, double scale, const struct rk_conv *c) {
  const char *who = c && c->transposed ? "full conv backward" : "conv backward";
  struct rk_conv_plan p;
  RK_TRY(rk_need(dw, who, 1));
  RK_TRY(rk_need_float(g, who, 3));
  RK_TRY(rk_need(x, who, 4));
  RK_TRY(rk_same_dtype(who, dw, g));
  RK_TRY(rk_same_dtype(who, g, x));
  RK_TRY(make_plan(&p, x, dw, c, who));
  RK_TRY(check_gradient(g, x, &p, who));
  RK_TRY(check_bias(db, x, p.transposed ? p.ci : p.cj, who));
  RK_TRY(rk_need_apart(dw, g, who));
  RK_TRY(rk_need_apart(dw, x, who));
  RK_TRY(rk_need_apart(db, g, who));
  RK_TRY(rk_need_apart(db, x, who));
  return parameters(&p, dw, db, g, x, scale, who);
}
