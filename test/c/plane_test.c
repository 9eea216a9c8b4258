/* plane_test.c -- borders, resampling, windows and group normalisation against naive references in double, in every
 * layout and type; every allocation made to fail; wrong calls. Values of whole layers are in test/nn/spatial_spec.lua.
 */
#include "layer_cases.h"

static int dtype_of(int k) { return k % 4 == 0 ? RK_f64 : k % 8 == 3 ? RK_f16 : RK_f32; }

/* -- borders ------------------------------------------------------------------- */
static int64_t shown(int kind, int64_t o, int64_t n) {
  while (kind == RK_PAD_CIRCULAR && (o < 0 || o >= n)) o += o < 0 ? n : -n;
  if (kind == RK_PAD_REPLICATE) o = o < 0 ? 0 : o >= n ? n - 1 : o;
  if (kind == RK_PAD_REFLECT && o < 0) o = -o;
  if (kind == RK_PAD_REFLECT && o >= n) o = 2 * (n - 1) - o;
  return o < 0 || o >= n ? -1 : o;
}

static void borders(void) {
  for (int k = 0; k < 200; k++) {
    int dtype = dtype_of(k), kind = k % 4;
    struct rk_pad p = {.kind = kind, .dims = 2, .value = 0.5};
    int64_t in[4] = {between(1, 2), between(1, 3), between(3, 5), between(3, 5)}, out[4] = {in[0], in[1]};
    for (int d = 0; d < 2; d++) {
      p.before[d] = between(-1, 2), p.after[d] = between(-1, 2);
      out[2 + d] = in[2 + d] + p.before[d] + p.after[d];
    }
    struct rk_tensor x = make(dtype, 4, in, upto(LAYOUTS)), g = make(dtype, 4, out, upto(LAYOUTS)), y = {0}, dx = {0};
    y.dt = dx.dt = (int8_t)dtype;
    CHECK_OK(rk_pad_forward(&y, &x, &p));
    CHECK_OK(rk_pad_backward(&dx, &g, &x, &p));
    double *vx = values(&x), *vg = values(&g), *want = values(&g), *back = calloc((size_t)rk_tensor_count(&x), 8);
    for (int64_t i = 0; i < rk_tensor_count(&g); i++) {
      int64_t plane = i / (out[2] * out[3]), r = shown(kind, i / out[3] % out[2] - p.before[0], in[2]),
              c = shown(kind, i % out[3] - p.before[1], in[3]), from = (plane * in[2] + r) * in[3] + c;
      want[i] = r < 0 || c < 0 ? 0.5 : vx[from];
      if (r >= 0 && c >= 0) back[from] += vg[i];
    }
    CHECK(worst(&y, want) == 0);
    CHECK(worst(&dx, back) < tolerance(dtype));
    double *all[] = {vx, vg, want, back};
    for (int i = 0; i < 4; i++) free(all[i]);
    struct rk_tensor *t[] = {&x, &g, &y, &dx};
    for (int i = 0; i < 4; i++) rk_tensor_drop(t[i]);
  }
}

/* -- resampling: the backward pass is the transpose of the forward pass --------------- */
static double inner(const struct rk_tensor *a, const struct rk_tensor *b) {
  double *u = values(a), *v = values(b), s = 0;
  for (int64_t i = 0; i < rk_tensor_count(a); i++) s += u[i] * v[i];
  free(u);
  free(v);
  return s;
}

static void resampling(void) {
  for (int k = 0; k < 120; k++) {
    struct rk_resample r = {.kind = k % 3, .dims = between(1, 3), .align = k % 3 && upto(2)};
    int64_t in[5] = {between(1, 2), between(1, 3)}, out[5] = {in[0], in[1]};
    for (int d = 0; d < r.dims; d++) in[2 + d] = between(1, 5), out[2 + d] = r.out[d] = between(1, 8);
    struct rk_tensor x = make(RK_f64, r.dims + 2, in, upto(LAYOUTS)), y = {0}, dx = {0};
    struct rk_tensor g = make(RK_f64, r.dims + 2, out, upto(LAYOUTS));
    y.dt = dx.dt = RK_f64;
    CHECK_OK(rk_resample_forward(&y, &x, &r));
    CHECK_OK(rk_resample_backward(&dx, &g, &x, &r));
    CHECK_NEAR(inner(&y, &g), inner(&x, &dx), 1e-11);
    struct rk_tensor *t[] = {&x, &g, &y, &dx};
    for (int i = 0; i < 4; i++) rk_tensor_drop(t[i]);
  }
}

/* -- windows -------------------------------------------------------------------------- */
static void adaptive(void) {
  for (int k = 0; k < 150; k++) {
    int dtype = dtype_of(k);
    int64_t in[4] = {between(1, 2), between(1, k % 3 ? 4 : 90), between(1, 7), between(1, 40)}, out[4] = {in[0], in[1]};
    struct rk_windows w = {.kind = RK_ADAPTIVE, .dims = 2};
    out[2] = w.out[0] = between(1, 6), out[3] = w.out[1] = between(1, 6);
    struct rk_tensor x = make(dtype, 4, in, upto(LAYOUTS)), y = {0}, top = {0}, index = {0};
    y.dt = top.dt = (int8_t)dtype, index.dt = RK_i64;
    CHECK_OK(rk_window_avg_forward(&y, &x, &w));
    CHECK_OK(rk_window_max_forward(&top, &index, &x, &w));
    double *vx = values(&x), *mean = values(&y), *most = values(&top), *at = values(&index);
    bool same = true;
    for (int64_t i = 0; i < rk_tensor_count(&y); i++) {
      const double *plane = vx + i / (out[2] * out[3]) * in[2] * in[3];
      int64_t a = i / out[3] % out[2], b = i % out[3], n = 0, place = 0;
      double sum = 0, best = -HUGE_VAL;
      for (int64_t r = a * in[2] / out[2]; r < ((a + 1) * in[2] + out[2] - 1) / out[2]; r++)
        for (int64_t c = b * in[3] / out[3]; c < ((b + 1) * in[3] + out[3] - 1) / out[3]; c++, n++) {
          sum += plane[r * in[3] + c];
          if (plane[r * in[3] + c] > best) best = plane[r * in[3] + c], place = r * in[3] + c + 1;
        }
      mean[i] = sum / (double)n;
      same &= most[i] == best && at[i] == (double)place;
    }
    CHECK(same);
    CHECK(worst(&y, mean) < tolerance(dtype));
    double *all[] = {vx, mean, most, at};
    for (int i = 0; i < 4; i++) free(all[i]);
    struct rk_tensor *t[] = {&x, &y, &top, &index};
    for (int i = 0; i < 4; i++) rk_tensor_drop(t[i]);
  }
}

/* -- allocations that fail -------------------------------------------------------------- */
static int everything(struct rk_tensor *x, struct rk_tensor *r) {
  struct rk_pad p = {.kind = RK_PAD_REFLECT, .dims = 2, .before = {1, 1}, .after = {1, 1}};
  struct rk_resample s = {.kind = RK_CUBIC, .dims = 2, .out = {9, 9}};
  struct rk_windows w = {.kind = RK_ADAPTIVE, .dims = 2, .out = {2, 3}};
  struct rk_lrn n = {3, 0.1, 0.75, 1};
  struct rk_groupnorm b = {.save_mean = &r[5], .save_std = &r[6], .eps = 1e-5, .groups = 2};
  RK_TRY(rk_pad_forward(&r[0], x, &p));
  RK_TRY(rk_pad_backward(&r[1], &r[0], x, &p));
  RK_TRY(rk_resample_forward(&r[0], x, &s));
  RK_TRY(rk_resample_backward(&r[1], &r[0], x, &s));
  RK_TRY(rk_window_max_forward(&r[0], &r[7], x, &w));
  RK_TRY(rk_plane_scatter(&r[1], 4, x->shape, &r[0], &r[7], 2, 1));
  RK_TRY(rk_plane_gather(&r[2], x, &r[7], 2));
  RK_TRY(rk_window_avg_forward(&r[0], x, &w));
  RK_TRY(rk_window_avg_backward(&r[1], &r[0], x, &w));
  RK_TRY(rk_lrn_forward(&r[2], &r[3], x, &n));
  RK_TRY(rk_lrn_backward(&r[1], x, x, &r[2], &r[3], &n));
  RK_TRY(rk_groupnorm_forward(&r[4], x, NULL, NULL, &b));
  return rk_groupnorm_backward(&r[1], NULL, NULL, x, x, NULL, 1, &b);
}

static void failing_allocations(void) {
  struct rk_tensor x = make(RK_f16, 4, (int64_t[]){2, 4, 5, 6}, LAST);
  int64_t before = rk_live_bytes, n = 1;
  for (int status = 1; status && n < 500; n++) {
    struct rk_tensor r[8] = {{0}};
    for (int k = 0; k < 8; k++) r[k].dt = k == 7 ? RK_i64 : RK_f16;
    rk_fail_allocation(n);
    status = everything(&x, r);
    rk_fail_allocation(0);
    CHECK(status == RK_OK || status == RK_ENOMEM);
    for (int k = 0; k < 8; k++) rk_tensor_drop(&r[k]);
    CHECK_EQ(rk_live_bytes, before);
  }
  CHECK(n > 20 && n < 500);
  rk_tensor_drop(&x);
}

/* -- wrong calls -------------------------------------------------------------------------- */
static void wrong_calls(void) {
  struct rk_tensor x = make(RK_f32, 4, (int64_t[]){2, 4, 5, 6}, PACKED), y = {.dt = RK_f32}, d = {.dt = RK_f64};
  struct rk_tensor index = {.dt = RK_i64}, m = {.dt = RK_f32}, s = {.dt = RK_f32};
  struct rk_pad p = {.kind = RK_PAD_REFLECT, .dims = 2, .before = {5, 0}};
  struct rk_resample r = {.kind = RK_LINEAR, .dims = 2, .out = {3, 0}};
  struct rk_windows w = {.kind = RK_FRACTIONAL, .dims = 2, .out = {3, 3}, .size = {4, 2}};
  struct rk_groupnorm b = {.save_mean = &m, .save_std = &s, .groups = 3};
  CHECK(rk_pad_forward(&y, &x, &p) == RK_EARG && strstr(rk_error(), "at most 4"));
  CHECK(rk_pad_forward(&y, &x, NULL) == RK_EARG && rk_pad_forward(NULL, &x, &p) == RK_EARG);
  p.before[0] = -5;
  CHECK(rk_pad_forward(&y, &x, &p) == RK_ESHAPE && rk_pad_forward(&d, &x, &p) == RK_EDTYPE);
  CHECK(rk_resample_forward(&y, &x, &r) == RK_ESHAPE && rk_resample_forward(&y, &x, NULL) == RK_EARG);
  CHECK(rk_window_max_forward(&y, &index, &x, &w) == RK_ESHAPE);
  w.size[0] = 2;
  CHECK(rk_window_max_forward(&y, &index, &x, &w) == RK_EARG && strstr(rk_error(), "samples"));
  CHECK(rk_window_avg_forward(&y, &x, &w) == RK_EARG);
  w = (struct rk_windows){.kind = RK_ADAPTIVE, .dims = 2, .out = {INT64_C(1) << 60, 2}};
  CHECK(rk_window_avg_forward(&y, &x, &w) == RK_EARG && strstr(rk_error(), "output size"));
  CHECK(rk_groupnorm_forward(&y, &x, NULL, NULL, &b) == RK_ESHAPE && strstr(rk_error(), "3 equal groups"));
  CHECK(rk_lrn_forward(&y, &m, &x, NULL) == RK_EARG &&
        rk_lrn_forward(&x, &m, &x, &(struct rk_lrn){1, 1, 1, 1}) == RK_EARG);
  CHECK_OK(rk_tensor_resize_as(&index, &x));
  CHECK_OK(rk_fill(&index, 31));
  CHECK(rk_plane_gather(&y, &x, &index, 2) == RK_EARG && strstr(rk_error(), "1..30"));
  struct rk_tensor *t[] = {&x, &y, &d, &index, &m, &s};
  for (int k = 0; k < 6; k++) rk_tensor_drop(t[k]);
}

int main(void) {
  RUN(borders);
  RUN(resampling);
  RUN(adaptive);
  RUN(failing_allocations);
  RUN(wrong_calls);
  return test_done();
}
