/* conv_test.c -- convolutions against a naive sum in double: random shapes,
 * strides, paddings, dilations, groups, layouts, types, both directions. */
#include "layer_cases.h"

/* LeakSanitizer of clang 14 crashes on the thread-local memory of libraries opened late, as oneDNN is. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "intercept_tls_get_addr=0"; }

struct reference {
  int64_t n, g, ci, cj, in[3], out[3], k[3];
  const struct rk_conv *c;
  double *i, *w, *j; /* image side, weight, column side */
};
enum { TO_J, TO_I, TO_W };

/* Visit every triple of the trilinear form, adding a product of two to the third. */
static void sum_products(struct reference *r, int to) {
  int64_t at[8], ci = r->ci / r->g, cj = r->cj / r->g, taps = r->k[0] * r->k[1] * r->k[2];
  int64_t plane = r->in[0] * r->in[1] * r->in[2], places = r->out[0] * r->out[1] * r->out[2];
  for (int64_t n = 0; n < r->n; n++)
    for (int64_t b = 0; b < r->cj; b++)
      for (int64_t a = 0; a < ci; a++)
        for (int64_t o = 0; o < places; o++)
          for (int64_t k = 0; k < taps; k++) {
            int64_t oo = o, kk = k, pos = 0, scale = 1, inside = 1;
            for (int d = 2; d >= 0; d--) {
              int e = d - (3 - r->c->dims);
              at[d] = e < 0 ? 0 : oo % r->out[d] * r->c->stride[e] - r->c->pad[e] + kk % r->k[d] * r->c->dilation[e];
              oo /= r->out[d], kk /= r->k[d];
              inside &= at[d] >= 0 && at[d] < r->in[d];
              pos += at[d] * scale, scale *= r->in[d];
            }
            if (!inside) continue;
            double *i = r->i + (n * r->ci + b / cj * ci + a) * plane + pos, *w = r->w + (b * ci + a) * taps + k;
            double *j = r->j + (n * r->cj + b) * places + o;
            if (to == TO_J)
              *j += *w * *i;
            else if (to == TO_I)
              *i += *w * *j;
            else
              *w += *i * *j;
          }
}

static void add_bias(double *y, const double *b, int64_t n, int64_t c, int64_t places) {
  for (int64_t i = 0; i < n * c * places; i++) y[i] += b[i / places % c];
}

static double *zeros(int64_t n) { return calloc((size_t)n + 1, sizeof(double)); }

struct problem {
  struct rk_conv c;
  int64_t x[5], w[5], y[5], bias;
  struct reference r;
};

/* A random problem that fits; false: try again. */
static int draw(struct problem *p) {
  struct rk_conv *c = &p->c;
  memset(p, 0, sizeof *p);
  c->dims = between(1, 3), c->groups = upto(3) ? 1 : between(2, 3), c->transposed = upto(3) == 0;
  int64_t n = upto(12) ? between(1, 3) : 0, ci = c->groups * between(1, upto(4) ? 5 : 20);
  int64_t cj = c->groups * between(1, upto(4) ? 5 : 20);
  struct reference *r = &p->r;
  r->c = c, r->n = n, r->g = c->groups, r->ci = ci, r->cj = cj;
  for (int d = 0; d < 3; d++) r->in[d] = r->out[d] = r->k[d] = 1;
  p->x[0] = p->y[0] = n, p->x[1] = c->transposed ? cj : ci, p->y[1] = p->bias = c->transposed ? ci : cj;
  p->w[0] = cj, p->w[1] = ci / c->groups;
  for (int d = 0; d < c->dims; d++) {
    int64_t size = between(1, c->dims == 3 ? 6 : 11), k = between(1, 4);
    c->stride[d] = between(1, 3), c->pad[d] = between(0, 2), c->dilation[d] = upto(3) ? 1 : 2;
    c->extra[d] = c->transposed ? upto(c->stride[d]) : 0;
    int64_t reach = c->dilation[d] * (k - 1) + 1, out;
    if (c->transposed)
      out = (size - 1) * c->stride[d] - 2 * c->pad[d] + reach + c->extra[d];
    else
      out = size + 2 * c->pad[d] < reach ? 0 : (size + 2 * c->pad[d] - reach) / c->stride[d] + 1;
    if (out < 1) return 0;
    int e = d + 3 - c->dims;
    p->x[d + 2] = size, p->w[d + 2] = r->k[e] = k, p->y[d + 2] = out;
    r->in[e] = c->transposed ? out : size, r->out[e] = c->transposed ? size : out;
  }
  return 1;
}

static int64_t count(const int64_t *shape, int rank) {
  int64_t n = 1;
  for (int d = 0; d < rank; d++) n *= shape[d];
  return n;
}

static void one_case(struct problem *p, int dtype) {
  int rank = p->c.dims + 2, layout = upto(LAYOUTS), t = p->c.transposed;
  struct rk_tensor x = make(dtype, rank, p->x, layout), w = make(dtype, rank, p->w, upto(LAYOUTS));
  struct rk_tensor b = make(dtype, 1, &p->bias, upto(2) ? SLICED : PACKED), g = make(dtype, rank, p->y, upto(LAYOUTS));
  struct rk_tensor y = {0}, dx = {0}, dw = make(dtype, rank, p->w, upto(LAYOUTS)),
                   db = make(dtype, 1, &p->bias, PACKED);
  struct reference r = p->r;
  y.dt = dx.dt = (int8_t)dtype;
  if (upto(2)) y = make(dtype, rank, p->y, upto(LAYOUTS));
  int sliced = y.mem != NULL && !rk_tensor_packed(&y) && !laid_out(&y, LAST);
  double *vx = values(&x), *vw = values(&w), *vb = values(&b), *vg = values(&g), *vdw = values(&dw), *vdb = values(&db);
  double *out = zeros(count(p->y, rank)), *back = zeros(count(p->x, rank)), tol = tolerance(dtype), scale = 0.5;
  int bias = upto(3) != 0;
  int64_t places = p->bias && p->x[0] ? count(p->y, rank) / p->x[0] / p->bias : 0;

  CHECK_OK(rk_conv_forward(&y, &x, &w, bias ? &b : NULL, &p->c));
  r.w = vw, r.i = t ? out : vx, r.j = t ? vx : out;
  sum_products(&r, t ? TO_I : TO_J);
  if (bias) add_bias(out, vb, p->x[0], p->bias, places);
  CHECK(rk_tensor_same_shape(&y, &g));
  CHECK(worst(&y, out) < tol);
  if (layout != SLICED && layout != REVERSED && !sliced && count(p->y, rank))
    CHECK(laid_out(&y, layout) || laid_out(&y, PACKED));

  CHECK_OK(rk_conv_backward_input(&dx, &g, &w, &x, &p->c));
  r.i = t ? vg : back, r.j = t ? back : vg;
  sum_products(&r, t ? TO_J : TO_I);
  CHECK(rk_tensor_same_shape(&dx, &x));
  CHECK(worst(&dx, back) < tol);

  CHECK_OK(rk_conv_backward_weight(&dw, bias ? &db : NULL, &g, &x, scale, &p->c));
  for (int64_t i = 0; i < count(p->w, rank); i++) vdw[i] /= scale;
  r.w = vdw, r.i = t ? vg : vx, r.j = t ? vx : vg;
  sum_products(&r, TO_W);
  for (int64_t i = 0; i < count(p->w, rank); i++) vdw[i] *= scale;
  CHECK(worst(&dw, vdw) < tol);
  if (bias)
    for (int64_t i = 0; i < count(p->y, rank); i++) vdb[i / places % p->bias] += scale * vg[i];
  CHECK(worst(&db, vdb) < tol);

  double *all[] = {vx, vw, vb, vg, vdw, vdb, out, back};
  for (int k = 0; k < 8; k++) free(all[k]);
  struct rk_tensor *tensors[] = {&x, &w, &b, &g, &y, &dx, &dw, &db};
  for (int k = 0; k < 8; k++) rk_tensor_drop(tensors[k]);
}

static void refused(const struct rk_tensor *x, const struct rk_tensor *w, const struct rk_tensor *b, struct rk_conv c,
                    int status, const char *text) {
  struct rk_tensor y = {0};
  y.dt = RK_f32;
  CHECK_FAILS(rk_conv_forward(&y, x, w, b, &c), status, text);
  CHECK(y.mem == NULL);
}

/* Sum with another tensor, ReLU, the wish for a layout and a kept weight: as the plain call and separate steps give. */
static void one_with_extras(struct problem *p, int dtype) {
  int rank = p->c.dims + 2;
  struct rk_conv c = p->c;
  struct rk_tensor x = make(dtype, rank, p->x, upto(LAYOUTS)), w = make(dtype, rank, p->w, PACKED);
  struct rk_tensor z = make(dtype, rank, p->y, upto(LAYOUTS)), want = {0}, got = {0}, packed = {0};
  want.dt = got.dt = (int8_t)dtype, packed.dt = RK_f32;
  CHECK_OK(rk_conv_forward(&want, &x, &w, NULL, &c));
  if (upto(3)) c.add = &z;
  c.relu = upto(2), c.last = upto(2), c.packed = upto(2) ? &packed : NULL;
  if (c.add) CHECK_OK(rk_map2(RK_OP_cadd, &want, &want, &z, 1));
  if (c.relu) CHECK_OK(rk_map1(RK_OP_relu, &want, &want, 0, 0));
  double *numbers = values(&want);
  for (int k = 0; k < 2; k++) {
    CHECK_OK(rk_conv_forward(&got, &x, &w, NULL, &c));
    CHECK(worst(&got, numbers) < 2 * tolerance(dtype));
    CHECK(!c.last || p->y[1] == 1 || !rk_tensor_count(&got) || got.step[1] == 1);
  }
  free(numbers);
  struct rk_tensor *all[] = {&x, &w, &z, &want, &got, &packed};
  for (int k = 0; k < 6; k++) rk_tensor_drop(all[k]);
}

static void with_extras(void) {
  struct problem p;
  for (int k = 0; k < 300;) {
    if (!draw(&p)) continue;
    if (k % 2 && p.c.groups == 1 && !p.c.transposed) p.w[0] = p.y[1] = 16 * between(1, 4); /* whole vectors */
    one_with_extras(&p, k % 4 == 2 ? RK_f64 : RK_f32);
    k++;
  }
}

/* 3x3 by Winograd's algorithm, and blocks of 16 planes from channels-last, against float64. */
static void large_3x3(void) {
  struct rk_conv c = {.dims = 2, .groups = 1, .stride = {1, 1, 1}, .pad = {1, 1, 0}, .dilation = {1, 1, 1}};
  int64_t xs[] = {2, 64, 30, 29}, ws[] = {48, 64, 3, 3};
  for (int layout = PACKED; layout <= SLICED; layout++) {
    struct rk_tensor x = make(RK_f32, 4, xs, layout), w = make(RK_f32, 4, ws, PACKED), y = {0}, dx = {0};
    struct rk_tensor x8 = {0}, w8 = {0}, y8 = {0}, dx8 = {0};
    y.dt = dx.dt = RK_f32, y8.dt = dx8.dt = RK_f64;
    CHECK_OK(rk_tensor_init(&x8, RK_f64, 4, xs));
    CHECK_OK(rk_tensor_init(&w8, RK_f64, 4, ws));
    CHECK_OK(rk_copy(&x8, &x));
    CHECK_OK(rk_copy(&w8, &w));
    CHECK_OK(rk_conv_forward(&y, &x, &w, NULL, &c));
    CHECK_OK(rk_conv_forward(&y8, &x8, &w8, NULL, &c));
    double *want = values(&y8);
    CHECK(worst(&y, want) < 2e-5);
    free(want);
    CHECK_OK(rk_copy(&y8, &y));
    CHECK_OK(rk_conv_backward_input(&dx, &y, &w, &x, &c));
    CHECK_OK(rk_conv_backward_input(&dx8, &y8, &w8, &x8, &c));
    CHECK(worst(&dx, want = values(&dx8)) < 2e-5);
    free(want);
    CHECK_OK(rk_conv_backward_weight(&w, NULL, &y, &x, 1, &c));
    CHECK_OK(rk_conv_backward_weight(&w8, NULL, &y8, &x8, 1, &c));
    CHECK(worst(&w, want = values(&w8)) < 2e-5);
    free(want);
    struct rk_tensor *all[] = {&x, &w, &y, &dx, &x8, &w8, &y8, &dx8};
    for (int k = 0; k < 8; k++) rk_tensor_drop(all[k]);
  }
}

/* The weight's gradient from channels-last tensors, whose loops are our own where steps are larger than 1 or the kernel
 * is a point: against float64, and the same bits from one thread as from several. */
static void weights_last(void) {
  static const struct {
    int64_t ci, cj, size[3], k[3];
    struct rk_conv c;
  } cases[] = {
      {64, 26, {9, 11}, {1, 1}, {.dims = 2, .stride = {1, 1}}},
      {61, 25, {14, 7}, {3, 3}, {.dims = 2, .stride = {2, 2}, .pad = {1, 1}}},
      {32, 39, {300, 3}, {1, 1}, {.dims = 2, .stride = {1, 2}}},
      {32, 13, {5, 700}, {3, 5}, {.dims = 2, .stride = {2, 1}, .pad = {2, 4}, .dilation = {1, 2}}},
      {32, 128, {8, 6}, {1, 1}, {.dims = 2, .stride = {3, 3}, .pad = {1, 0}}},
      {16, 12, {6, 6}, {2, 2}, {.dims = 2, .stride = {2, 2}}},
      {32, 38, {4, 5, 6}, {2, 3, 2}, {.dims = 3, .stride = {1, 2, 2}, .pad = {1, 1, 1}}},
      {64, 64, {3, 2, 5}, {1, 1, 1}, {.dims = 3, .stride = {1, 1, 1}}},
      {32, 26, {7, 5}, {4, 4}, {.dims = 2, .transposed = 1, .stride = {2, 2}, .pad = {1, 1}}},
      {32, 26, {3, 3}, {2, 2}, {.dims = 2, .stride = {2, 2}, .pad = {7, 7}}}, /* much that sees nothing */
  };
  for (size_t q = 0; q < sizeof cases / sizeof *cases; q++) {
    struct rk_conv c = cases[q].c;
    const int rank = c.dims + 2;
    int64_t ws[5] = {cases[q].cj, cases[q].ci}, xs[5] = {3, c.transposed ? ws[0] : ws[1]}, planes = ws[c.transposed];
    c.groups = 1;
    for (int d = 0; d < c.dims; d++) {
      xs[d + 2] = cases[q].size[d], ws[d + 2] = cases[q].k[d];
      if (!c.dilation[d]) c.dilation[d] = 1;
    }
    struct rk_tensor x = make(RK_f32, rank, xs, LAST), w = make(RK_f32, rank, ws, PACKED), y = {0}, w1 = {0};
    struct rk_tensor b = make(RK_f32, 1, &planes, PACKED), x8 = {0}, w8 = {0}, y8 = {0}, b8 = {0};
    y.dt = w1.dt = RK_f32, x8.dt = w8.dt = y8.dt = b8.dt = RK_f64;
    CHECK_OK(rk_conv_forward(&y, &x, &w, NULL, &c));
    CHECK_OK(rk_tensor_init(&x8, RK_f64, rank, xs));
    CHECK_OK(rk_tensor_init(&w8, RK_f64, rank, ws));
    CHECK_OK(rk_tensor_init(&w1, RK_f32, rank, ws));
    CHECK_OK(rk_tensor_init(&y8, RK_f64, rank, y.shape));
    CHECK_OK(rk_tensor_init(&b8, RK_f64, 1, &planes));
    CHECK_OK(rk_copy(&x8, &x));
    CHECK_OK(rk_copy(&w8, &w));
    CHECK_OK(rk_copy(&w1, &w));
    CHECK_OK(rk_copy(&y8, &y));
    CHECK_OK(rk_copy(&b8, &b));
    const int threads = rk_threads();
    rk_set_threads(3);
    CHECK_OK(rk_conv_backward_weight(&w, &b, &y, &x, 0.25, &c));
    rk_set_threads(1);
    CHECK_OK(rk_conv_backward_weight(&w1, NULL, &y, &x, 0.25, &c));
    rk_set_threads(threads);
    CHECK_OK(rk_conv_backward_weight(&w8, &b8, &y8, &x8, 0.25, &c));
    double *want = values(&w8), *bias = values(&b8);
    CHECK(worst(&w, want) < 1e-5);
    CHECK(worst(&w1, want) < 1e-5);
    CHECK(worst(&b, bias) < 1e-5);
    if (strcmp(rk_isa(), "avx512") == 0 && ws[0] >= 13) /* then the loops are our own */
      CHECK(memcmp(rk_at(&w), rk_at(&w1), (size_t)rk_tensor_count(&w) * sizeof(float)) == 0);
    free(want), free(bias);
    struct rk_tensor *all[] = {&x, &w, &y, &w1, &b, &x8, &w8, &y8, &b8};
    for (int k = 0; k < 9; k++) rk_tensor_drop(all[k]);
  }
}

static void wrong_calls(void) {
  struct rk_conv c = {.dims = 2, .groups = 1, .stride = {1, 1, 1}, .dilation = {1, 1, 1}}, bad;
  int64_t n = 6, m = 5;
  struct rk_tensor x = make(RK_f32, 4, (int64_t[]){2, 3, 4, 4}, PACKED),
                   w = make(RK_f32, 4, (int64_t[]){6, 3, 5, 5}, PACKED);
  struct rk_tensor v = make(RK_f32, 4, (int64_t[]){6, 3, 3, 3}, PACKED),
                   d = make(RK_f64, 4, (int64_t[]){6, 3, 3, 3}, PACKED);
  struct rk_tensor b = make(RK_f32, 1, &n, PACKED), b5 = make(RK_f32, 1, &m, PACKED),
                   flat = make(RK_f32, 2, (int64_t[]){3, 3}, PACKED);
  struct rk_tensor whole = make(RK_i64, 4, (int64_t[]){2, 3, 4, 4}, PACKED);
  refused(&x, &w, NULL, c, RK_ESHAPE, "smaller than the kernel of 5x5");
  refused(&x, &w, NULL, c, RK_ESHAPE, "conv: the input of 4x4");
  refused(NULL, &v, NULL, c, RK_EARG, "argument 2");
  refused(&x, NULL, NULL, c, RK_EARG, "argument 3");
  refused(&x, &d, NULL, c, RK_EDTYPE, "conv");
  refused(&whole, &v, NULL, c, RK_EDTYPE, "floating type");
  refused(&flat, &v, NULL, c, RK_ESHAPE, "input of 4 dimensions");
  refused(&x, &flat, NULL, c, RK_ESHAPE, "weight of 4 dimensions");
  refused(&x, &v, &b5, c, RK_ESHAPE, "bias");
  bad = c, bad.stride[1] = 0;
  refused(&x, &v, &b, bad, RK_EARG, "stride");
  bad = c, bad.groups = 0;
  refused(&x, &v, &b, bad, RK_EARG, "groups");
  bad = c, bad.groups = 3;
  refused(&x, &v, &b, bad, RK_ESHAPE, "3 planes");
  bad = c, bad.dims = 4;
  refused(&x, &v, &b, bad, RK_EARG, "1 to 3");
  bad = c, bad.add = &x;
  refused(&x, &v, NULL, bad, RK_ESHAPE, "what is added");
  bad = c, bad.packed = &d;
  refused(&x, &v, NULL, bad, RK_EDTYPE, "packed");
  bad = c, bad.transposed = 1, bad.extra[0] = 1;
  refused(&x, &v, &b, bad, RK_EARG, "extra");
  CHECK_FAILS(rk_conv_forward(&x, &x, &v, NULL, &c), RK_EARG, "");
  CHECK_FAILS(rk_conv_forward(&x, &x, &v, NULL, NULL), RK_EARG, "");
  CHECK_FAILS(rk_conv_backward_input(&b, &x, &v, &x, &c), RK_ESHAPE, "gradient");
  CHECK_FAILS(rk_conv_backward_weight(&v, &b5, &x, &x, 1, &c), RK_ESHAPE, "");
  struct rk_tensor *all[] = {&x, &w, &v, &d, &b, &b5, &flat, &whole};
  for (int k = 0; k < 8; k++) rk_tensor_drop(all[k]);
}

static void against_sums(void) {
  struct problem p;
  for (int k = 0; k < 400;) {
    if (!draw(&p)) continue;
    one_case(&p, k % 5 == 4 ? RK_f64 : k % 10 == 3 ? RK_f16 : k % 10 == 8 ? RK_bf16 : RK_f32);
    k++;
  }
}

int main(void) {
  RUN(against_sums);
  RUN(with_extras);
  RUN(large_3x3);
  RUN(weights_last);
  RUN(wrong_calls);
  return test_done();
}
