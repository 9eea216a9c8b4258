/* pool_test.c -- pooling against naive windows in double: random windows,
 * layouts, types, both directions; the order of ties, NaN, wrong calls. */
#include "layer_cases.h"

struct window {
  int64_t shape[5], out[5];
  int rank;
  struct rk_pool p;
};

static int draw(struct window *w, int max) {
  memset(w, 0, sizeof *w);
  int dims = between(1, 3);
  w->p.dims = dims, w->p.ceil_mode = upto(2), w->p.count_pad = upto(2), w->rank = dims + 2;
  w->shape[0] = w->out[0] = upto(12) ? between(1, 3) : 0;
  w->shape[1] = w->out[1] = between(1, upto(4) ? 5 : 300);
  for (int d = 0; d < dims; d++) {
    int64_t in = between(1, dims == 1 && !upto(4) ? 600 : 9), k = w->p.size[d] = between(1, 4),
            s = w->p.stride[d] = between(1, 3);
    int64_t pad = w->p.pad[d] = upto((int)k / 2 + 1), dil = w->p.dilation[d] = max && !upto(3) ? 2 : 1;
    int64_t room = in + 2 * pad - dil * (k - 1) - 1;
    if (room < 0) return 0;
    int64_t n = (w->p.ceil_mode ? (room + s - 1) / s : room / s) + 1;
    while ((n - 1) * s >= in + pad) n--;
    if (n < 1) return 0;
    w->shape[d + 2] = in, w->out[d + 2] = n;
  }
  return 1;
}

static int64_t planes(const int64_t *shape, int rank, int64_t *plane) {
  *plane = 1;
  for (int d = 2; d < rank; d++) *plane *= shape[d];
  return shape[0] * shape[1];
}

/* Positions in the input plane of the window of output place o; returns how many, and the size counted with padding. */
static int positions(const struct window *w, int64_t o, int64_t *at, double *padded) {
  int dims = w->p.dims, n = 0, taps = 1;
  int64_t place[3];
  *padded = 1;
  for (int d = dims - 1; d >= 0; o /= w->out[2 + d--]) {
    place[d] = o % w->out[2 + d] * w->p.stride[d] - w->p.pad[d];
    int64_t last = place[d] + w->p.size[d], limit = w->shape[2 + d] + w->p.pad[d];
    *padded *= (double)((last < limit ? last : limit) - place[d]);
    taps *= w->p.size[d];
  }
  for (int k = 0; k < taps; k++) {
    int kk[3], rest = k, inside = 1;
    int64_t pos = 0;
    for (int d = dims - 1; d >= 0; d--) kk[d] = rest % w->p.size[d], rest /= w->p.size[d];
    for (int d = 0; d < dims; d++) {
      int64_t q = place[d] + (int64_t)kk[d] * w->p.dilation[d];
      inside &= q >= 0 && q < w->shape[2 + d];
      pos = pos * w->shape[2 + d] + q;
    }
    if (inside) at[n++] = pos;
  }
  return n;
}

static void max_case(struct window *w, int dtype) {
  struct rk_tensor x = make(dtype, w->rank, w->shape, upto(LAYOUTS)), g = make(dtype, w->rank, w->out, upto(LAYOUTS));
  struct rk_tensor y = {0}, index = {0}, dx = {0};
  y.dt = dx.dt = (int8_t)dtype, index.dt = RK_i64;
  if (upto(2)) y = make(dtype, w->rank, w->out, upto(LAYOUTS));
  if (upto(2)) dx = make(dtype, w->rank, w->shape, upto(LAYOUTS));
  CHECK_OK(rk_maxpool_forward(&y, &index, &x, &w->p));
  CHECK_OK(rk_maxpool_backward(&dx, &g, &index, &x, &w->p));
  CHECK(rk_tensor_same_shape(&y, &g) && rk_tensor_same_shape(&index, &g) && rk_tensor_same_shape(&dx, &x));
  int64_t plane, places, at[64], n = planes(w->out, w->rank, &places);
  planes(w->shape, w->rank, &plane);
  double *vx = values(&x), *vg = values(&g), *wy = values(&y), *wi = values(&index),
         *back = calloc((size_t)(n * plane) + 1, 8), pad;
  int same = 1;
  for (int64_t c = 0; c < n; c++)
    for (int64_t o = 0; o < places; o++) {
      int taps = positions(w, o, at, &pad);
      double best = -HUGE_VAL, where = 0;
      for (int k = 0; k < taps; k++)
        if (vx[c * plane + at[k]] > best) best = vx[c * plane + at[k]], where = (double)at[k] + 1;
      wy[c * places + o] = best;
      same &= wi[c * places + o] == where;
      if (where > 0) back[c * plane + (int64_t)where - 1] += vg[c * places + o];
    }
  CHECK(same);
  double *vy = values(&y);
  same = 1;
  for (int64_t k = 0; k < n * places; k++) same &= vy[k] == wy[k];
  CHECK(same);
  CHECK(worst(&dx, back) < tolerance(dtype));
  double *all[] = {vx, vg, wy, wi, back, vy};
  for (int k = 0; k < 6; k++) free(all[k]);
  struct rk_tensor *tensors[] = {&x, &g, &y, &index, &dx};
  for (int k = 0; k < 5; k++) rk_tensor_drop(tensors[k]);
}

static void avg_case(struct window *w, int dtype) {
  struct rk_tensor x = make(dtype, w->rank, w->shape, upto(LAYOUTS)), g = make(dtype, w->rank, w->out, upto(LAYOUTS));
  struct rk_tensor y = {0}, dx = {0};
  y.dt = dx.dt = (int8_t)dtype;
  CHECK_OK(rk_avgpool_forward(&y, &x, &w->p));
  CHECK_OK(rk_avgpool_backward(&dx, &g, &x, &w->p));
  int64_t plane, places, at[64], n = planes(w->out, w->rank, &places);
  planes(w->shape, w->rank, &plane);
  double *vx = values(&x), *vg = values(&g), *wy = values(&y), *back = calloc((size_t)(n * plane) + 1, 8), padded;
  for (int64_t c = 0; c < n; c++)
    for (int64_t o = 0; o < places; o++) {
      int taps = positions(w, o, at, &padded);
      double by = w->p.count_pad ? padded : taps, sum = 0;
      for (int k = 0; k < taps; k++) {
        sum += vx[c * plane + at[k]];
        back[c * plane + at[k]] += vg[c * places + o] / by;
      }
      wy[c * places + o] = sum / by;
    }
  CHECK(worst(&y, wy) < tolerance(dtype));
  CHECK(worst(&dx, back) < tolerance(dtype));
  double *all[] = {vx, vg, wy, back};
  for (int k = 0; k < 4; k++) free(all[k]);
  struct rk_tensor *tensors[] = {&x, &g, &y, &dx};
  for (int k = 0; k < 4; k++) rk_tensor_drop(tensors[k]);
}

static int dtype_of(int k) { return k % 5 == 4 ? RK_f64 : k % 10 == 3 ? RK_f16 : k % 10 == 8 ? RK_bf16 : RK_f32; }

static void maxima(void) {
  struct window w;
  for (int k = 0; k < 400;)
    if (draw(&w, 1)) max_case(&w, dtype_of(k++));
}
static void averages(void) {
  struct window w;
  for (int k = 0; k < 300;)
    if (draw(&w, 0)) avg_case(&w, dtype_of(k++));
}

/* The first of equal numbers is chosen; NaN is shown; a row of -infinity still has a place. */
static void unusual_numbers(void) {
  struct rk_pool p = {.dims = 2, .size = {2, 2}, .stride = {2, 2}};
  for (int last = 0; last < 2; last++) {
    struct rk_tensor x = make(RK_f32, 4, (int64_t[]){1, 2, 2, 4}, last ? LAST : PACKED), y = {0}, index = {0};
    double in[16] = {1, 1, 2, (double)NAN, 1, 1, 3, 4, -HUGE_VAL, -HUGE_VAL, 0, 5, -HUGE_VAL, -HUGE_VAL, 5, 5}, v[4],
           i[4];
    y.dt = RK_f32, index.dt = RK_i64;
    CHECK_OK(rk_write_doubles(&x, in, 16));
    CHECK_OK(rk_maxpool_forward(&y, &index, &x, &p));
    CHECK_OK(rk_read_doubles(&y, v, 4));
    CHECK_OK(rk_read_doubles(&index, i, 4));
    CHECK(v[0] == 1 && i[0] == 1 && isnan(v[1]) && i[1] == 4);
    CHECK(isinf(v[2]) && v[2] < 0 && i[2] == 1 && v[3] == 5 && i[3] == 4);
    rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&index);
  }
}

static void wrong_calls(void) {
  struct rk_pool p = {.dims = 2, .size = {2, 2}, .stride = {2, 2}}, bad;
  struct rk_tensor x = make(RK_f32, 4, (int64_t[]){1, 2, 4, 4}, PACKED),
                   g = make(RK_f32, 4, (int64_t[]){1, 2, 2, 2}, PACKED);
  struct rk_tensor i = make(RK_i64, 4, (int64_t[]){1, 2, 2, 2}, PACKED), y = {0},
                   flat = make(RK_f32, 2, (int64_t[]){4, 4}, PACKED);
  y.dt = RK_f32;
  CHECK_FAILS(rk_maxpool_forward(&y, &i, NULL, &p), RK_EARG, "maxpool: argument 3");
  CHECK_FAILS(rk_maxpool_forward(&y, NULL, &x, &p), RK_EARG, "argument 2");
  CHECK_FAILS(rk_maxpool_forward(&y, &y, &x, &p), RK_EDTYPE, "LongTensor");
  CHECK_FAILS(rk_maxpool_forward(&y, &i, &x, NULL), RK_EARG, "parameters");
  CHECK_FAILS(rk_maxpool_forward(&y, &i, &flat, &p), RK_ESHAPE, "input of 4 dimensions");
  CHECK_FAILS(rk_maxpool_forward(&y, &i, &i, &p), RK_EDTYPE, "floating type");
  bad = p, bad.size[0] = 7;
  CHECK_FAILS(rk_maxpool_forward(&y, &i, &x, &bad), RK_ESHAPE, "a window of 7 (dilation 1) does not fit 4 (padding 0)");
  bad = p, bad.pad[1] = 2;
  CHECK_FAILS(rk_maxpool_forward(&y, &i, &x, &bad), RK_EARG, "at most half the window size 2");
  bad = p, bad.stride[1] = 0;
  CHECK_FAILS(rk_avgpool_forward(&y, &x, &bad), RK_EARG, "stride 0");
  bad = p, bad.dilation[1] = 2;
  CHECK_FAILS(rk_avgpool_forward(&y, &x, &bad), RK_EARG, "no dilation");
  CHECK_FAILS(rk_avgpool_backward(&y, &x, &x, &p), RK_ESHAPE, "gradient");
  CHECK_FAILS(rk_avgpool_forward(&x, &x, &p), RK_EARG, "share memory");
  CHECK(y.mem == NULL);
  CHECK_OK(rk_fill(&i, 17));
  CHECK_FAILS(rk_maxpool_backward(&y, &g, &i, &x, &p), RK_EARG, "not in 1..16");
  CHECK_OK(rk_fill(&i, -1));
  CHECK_FAILS(rk_maxpool_backward(&y, &g, &i, &x, &p), RK_EARG, "not in 1..16");
  struct rk_tensor *all[] = {&x, &g, &i, &y, &flat};
  for (int k = 0; k < 5; k++) rk_tensor_drop(all[k]);
}

int main(void) {
  RUN(maxima);
  RUN(averages);
  RUN(unusual_numbers);
  RUN(wrong_calls);
  return test_done();
}
