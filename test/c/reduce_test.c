/* reduce_test.c -- every reduction x dtype x layout x dimension against plain
 * loops in long double and int64; indices, ties and NaN; accuracy of long sums; the
 * same bits on every ISA and number of threads. */
#include "kernels.h"
#include "test.h"
#include <math.h>

/* -- references: one number from a list ---------------------------------------------------- */
static struct rk_value reference(const char *name, int is_float, const struct rk_value *x, int64_t n, double p) {
  long double f = 0;
  int64_t i = 0;
  const bool largest = !strcmp(name, "amax"), smallest = !strcmp(name, "amin");
  if (!strcmp(name, "prod") || !strcmp(name, "all")) f = 1, i = 1;
  if (largest || smallest) f = (long double)x[0].f, i = x[0].i;
  for (int64_t k = 0; k < n; k++) {
    const long double v = (long double)x[k].f;
    const int64_t w = x[k].i;
    if (!strcmp(name, "sum") || !strcmp(name, "mean")) f += v, i = (int64_t)((uint64_t)i + (uint64_t)w);
    if (!strcmp(name, "prod")) f *= v, i = (int64_t)((uint64_t)i * (uint64_t)w);
    if (largest && !isnan(f) && (v > f || isnan(v))) f = v;
    if (smallest && !isnan(f) && (v < f || isnan(v))) f = v;
    if (largest && w > i) i = w;
    if (smallest && w < i) i = w;
    const bool on = is_float ? v != 0 : w != 0;
    if (!strcmp(name, "any") && on) f = 1, i = 1;
    if (!strcmp(name, "all") && !on) f = 0, i = 0;
    if (!strcmp(name, "count")) f += on, i += on;
    if (!strcmp(name, "sumsq") || !strcmp(name, "norm2")) f += v * v, i += w * w;
    if (!strcmp(name, "sumabs")) f += fabsl(v), i += w < 0 ? -w : w;
    if (!strcmp(name, "maxabs") && fabsl(v) > f) f = fabsl(v);
    if (!strcmp(name, "maxabs") && (w < 0 ? -w : w) > i) i = w < 0 ? -w : w;
    if (!strcmp(name, "norm")) f += powl(fabsl(v), (long double)p);
    if (!strcmp(name, "sumdev")) f += (v - (long double)p) * (v - (long double)p);
    if (!strcmp(name, "sumexp")) f += expl(v - (long double)p);
  }
  if (!strcmp(name, "mean")) f /= (long double)n;
  if (!strcmp(name, "norm2")) f = sqrtl(f);
  if (!strcmp(name, "norm")) f = powl(f, 1 / (long double)p);
  return (struct rk_value){(double)f, i};
}
static double tolerance(int dtype) {
  return dtype == RK_f64 ? 1e-13 : dtype == RK_f32 ? 2e-7 : dtype == RK_f16 ? 1e-3 : 8e-3;
}
static bool agrees(int dtype, struct rk_value got, struct rk_value want, bool rounded) {
  if (!rk_dtype_is_float(dtype)) return got.i == (rounded ? test_wrap(dtype, want.i) : want.i);
  if (rounded && dtype == RK_f16 && fabs(want.f) > 65504) return fabs(got.f) > 65503;
  if (rounded && dtype != RK_f64 && fabs(want.f) > 3.4e38) return fabs(got.f) > 3.3e38;
  const double room = rounded ? fmax(tolerance(dtype), 1e-12) : 1e-12;
  return got.f == want.f || fabs(got.f - want.f) <= room * fmax(1, fabs(want.f)) || (isnan(got.f) && isnan(want.f));
}
/* The elements of x with dim at k, all else as in output o. */
static void line(const struct rk_tensor *x, int dim, int64_t o, struct rk_value *to) {
  int64_t inner = 1;
  for (int d = dim + 1; d < x->rank; d++) inner *= x->shape[d];
  for (int64_t k = 0; k < x->shape[dim]; k++)
    to[k] = test_value(x, (o / inner * x->shape[dim] + k) * inner + o % inner);
}

static void check_red(int red, int dtype, const int64_t *shape, int layout) {
  static struct rk_value list[200000];
  const char *name = rk_red_name(red);
  const double p = !strcmp(name, "norm") ? 3 : 1.5;
  const bool is_float = rk_dtype_is_float(dtype);
  struct rk_tensor x, out = {.dt = (int8_t)dtype};
  CHECK_OK(test_layout(&x, dtype, 3, shape, layout));
  if (!strcmp(name, "prod"))
    for (int64_t k = 0; k < rk_tensor_count(&x); k++)
      if (k % 61) rk_poke(&x, test_offset(&x, k), 1, 1);
  const int64_t n = rk_tensor_count(&x);
  for (int64_t k = 0; k < n; k++) list[k] = test_value(&x, k);
  struct rk_value got = {0, 0};
  CHECK_OK(rk_reduce(red, &x, p, &got));
  struct rk_value want = reference(name, is_float, list, n, p);
  if (!CHECK(agrees(dtype, got, want, false)))
    printf("  %s %s: %.17g (%lld) instead of %.17g (%lld)\n", name, rk_dtype_name(dtype), got.f, (long long)got.i,
           want.f, (long long)want.i);
  for (int dim = 0; dim < 3; dim++) {
    CHECK_OK(rk_reduce_dim(red, &out, &x, dim, p));
    CHECK(out.shape[dim] == 1 && rk_tensor_count(&out) * shape[dim] == n);
    int wrong = 0;
    for (int64_t o = 0; o < rk_tensor_count(&out); o++) {
      line(&x, dim, o, list);
      got = test_value(&out, o), want = reference(name, is_float, list, shape[dim], p);
      if (!agrees(dtype, got, want, true) && !wrong++)
        printf("  %s %s by dim %d: %.9g (%lld) instead of %.9g (%lld)\n", name, rk_dtype_name(dtype), dim, got.f,
               (long long)got.i, want.f, (long long)want.i);
    }
    CHECK(!wrong);
  }
  rk_tensor_drop(&x), rk_tensor_drop(&out);
}
static const int64_t shapes[][3] = {{5, 4, 3},    {1, 1, 1},    {3, 1, 40},  {70, 2, 9},
                                    {2, 1100, 2}, {1, 3, 1500}, {1200, 3, 1}};
static void values_of_every_reduction(void) {
  for (int red = 0; rk_red_name(red); red++)
    for (int dt = 0; dt < RK_NDTYPES; dt++)
      for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int l = 0; l < TEST_LAYOUTS && rk_red_defined(red, dt); l++) check_red(red, dt, shapes[s], l);
}

/* -- variance --------------------------------------------------------------------------------- */
static void variances(void) {
  for (int dt = RK_f16; dt <= RK_f64; dt++)
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
      for (int l = 0; l < TEST_LAYOUTS; l++) {
        static struct rk_value list[2000];
        struct rk_tensor x, out = {.dt = (int8_t)dt};
        CHECK_OK(test_layout(&x, dt, 3, shapes[s], l));
        for (int dim = 0; dim < 3; dim++)
          for (int biased = 0; biased < 2; biased++) {
            CHECK_OK(rk_variance_dim(&out, &x, dim, biased, l & 1));
            for (int64_t o = 0; o < rk_tensor_count(&out); o++) {
              const int64_t n = shapes[s][dim];
              line(&x, dim, o, list);
              double m = reference("mean", 1, list, n, 0).f,
                     v = reference("sumdev", 1, list, n, m).f / (double)(n - !biased);
              struct rk_value want = {n > !biased ? (l & 1 ? sqrt(v) : v) : (double)NAN, 0};
              CHECK(agrees(dt, test_value(&out, o), want, true));
            }
          }
        double total;
        CHECK_OK(rk_variance(&x, 0, 0, &total));
        rk_tensor_drop(&x), rk_tensor_drop(&out);
      }
  /* far from zero: one pass would lose every digit */
  struct rk_tensor x;
  double v;
  rk_tensor_init1(&x, RK_f64, 1000);
  for (int k = 0; k < 1000; k++) rk_poke(&x, k, 1e9 + (k & 1), 0);
  CHECK_OK(rk_variance(&x, 1, 0, &v));
  CHECK_NEAR(v, 0.25, 1e-12);
  rk_tensor_drop(&x);
}

/* -- largest and smallest with their places -------------------------------------------------------- */
static void extremes(void) {
  for (int dt = 0; dt < RK_NDTYPES; dt++)
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
      for (int l = 0; l < TEST_LAYOUTS; l++) {
        static struct rk_value list[2000];
        struct rk_tensor x, out = {.dt = (int8_t)dt}, at = {.dt = RK_i64};
        CHECK_OK(test_layout(&x, dt, 3, shapes[s], l));
        if (rk_dtype_is_float(dt) && l == 2)
          for (int k = 0; k < 5; k++)
            rk_poke(&x, test_offset(&x, test_int(0, rk_tensor_count(&x) - 1)), (double)NAN, 0);
        for (int dim = 0; dim < 3; dim++)
          for (int sign = -1; sign <= 1; sign += 2) {
            CHECK_OK(rk_extreme_dim(sign, &out, &at, &x, dim));
            int wrong = 0;
            for (int64_t o = 0; o < rk_tensor_count(&out); o++) {
              int64_t best = 0;
              line(&x, dim, o, list);
              for (int64_t k = 1; k < shapes[s][dim]; k++) {
                bool more = rk_dtype_is_float(dt) ? (sign > 0 ? list[k].f > list[best].f : list[k].f < list[best].f) ||
                                                        (isnan(list[k].f) && !isnan(list[best].f))
                                                  : (sign > 0 ? list[k].i > list[best].i : list[k].i < list[best].i);
                if (more) best = k;
              }
              struct rk_value got = test_value(&out, o);
              wrong += test_value(&at, o).i != best + 1 ||
                       !(got.f == list[best].f || (isnan(got.f) && isnan(list[best].f))) || got.i != list[best].i;
            }
            if (!CHECK(!wrong))
              printf("  %s %s dim %d layout %d\n", sign > 0 ? "max" : "min", rk_dtype_name(dt), dim, l);
          }
        rk_tensor_drop(&x), rk_tensor_drop(&out), rk_tensor_drop(&at);
      }
}

/* -- accuracy, bits, errors ---------------------------------------------------------------------------- */
static void long_sums(void) {
  enum { N = 1000003 };
  for (int dt = RK_f32; dt <= RK_f64; dt++) {
    struct rk_tensor x, y;
    long double exact = 0;
    rk_tensor_init1(&x, dt, N);
    for (int64_t k = 0; k < N; k++) {
      rk_poke(&x, k, test_real(0, 1), 0);
      exact += (long double)test_get(&x, k);
    }
    struct rk_value v;
    CHECK_OK(rk_reduce(RK_RED_sum, &x, 0, &v));
    CHECK_NEAR(v.f, (double)exact, 3e-15);
    y = (struct rk_tensor){.dt = (int8_t)dt};
    CHECK_OK(rk_reduce_dim(RK_RED_sum, &y, &x, 0, 0));
    CHECK_NEAR(test_get(&y, 0), (double)exact, dt == RK_f32 ? 6e-8 : 1e-14);
    rk_tensor_drop(&x), rk_tensor_drop(&y);
  }
}
static uint64_t hash(uint64_t h, const void *p, size_t n) {
  for (size_t k = 0; k < n; k++) h = (h ^ ((const unsigned char *)p)[k]) * 1099511628211u;
  return h;
}
static void same_bits(void) {
  static const char *const isas[] = {"base", "avx2", "avx512", "avx2"};
  for (int dt = 0; dt < RK_NDTYPES; dt++) {
    struct rk_tensor x, y, out = {.dt = (int8_t)dt}, at = {.dt = RK_i64};
    rk_tensor_init2(&x, dt, 301, 411);
    for (int64_t k = 0; k < 301 * 411; k++) rk_poke(&x, k, test_real(-3, 3), test_int(-100, 100));
    memset(&y, 0, sizeof y), y.dt = (int8_t)dt;
    CHECK_OK(rk_transpose(&y, &x, 0, 1));
    uint64_t want = 0;
    for (int run = 0; run < 4; run++) {
      if (!rk_use_isa(isas[run])) continue;
      rk_set_threads(run == 3 ? 2 : 1);
      uint64_t h = 1;
      struct rk_value v;
      for (int red = 0; rk_red_name(red); red++)
        for (int k = 0; k < 2 && rk_red_defined(red, dt); k++) {
          CHECK_OK(rk_reduce(red, k ? &y : &x, 2.5, &v));
          h = hash(h, &v, sizeof v);
          for (int dim = 0; dim < 2; dim++) {
            CHECK_OK(rk_reduce_dim(red, &out, k ? &y : &x, dim, 2.5));
            h = hash(h, rk_at(&out), (size_t)(rk_tensor_count(&out) * rk_dtype_size(dt)));
          }
        }
      for (int dim = 0; dim < 2; dim++) {
        CHECK_OK(rk_extreme_dim(1, &out, &at, &x, dim));
        h = hash(h, rk_at(&at), (size_t)(rk_tensor_count(&at) * 8));
        if (!rk_dtype_is_float(dt)) continue;
        CHECK_OK(rk_variance_dim(&out, &x, dim, 0, 1));
        h = hash(h, rk_at(&out), (size_t)(rk_tensor_count(&out) * rk_dtype_size(dt)));
      }
      if (!run) want = h;
      if (!CHECK(h == want)) printf("  %s: bits differ on %s\n", rk_dtype_name(dt), isas[run]);
    }
    rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&out), rk_tensor_drop(&at);
  }
  rk_use_isa(NULL), rk_set_threads(rk_cores());
}
/* Columns that come from memory take another loop than a strip of a few of them: the same rows in the same order. */
static void columns_from_memory(void) {
  static const char *const isas[] = {"base", "avx2", "avx512"};
  enum { ROWS = 237, COLUMNS = 1111, STRIP = 101 };
  for (int dt = 0; dt < RK_NDTYPES; dt++) {
    struct rk_tensor x, strip = {.dt = (int8_t)dt}, whole = strip, part = strip;
    rk_tensor_init2(&x, dt, ROWS, COLUMNS);
    for (int64_t k = 0; k < ROWS * COLUMNS; k++) rk_poke(&x, k, test_real(-3, 3), test_int(-100, 100));
    for (int run = 0; run < 3; run++)
      for (int red = -1; red < RK_NREDS && rk_use_isa(isas[run]); red++) {
        const bool variance = red < 0;
        if (variance ? !rk_dtype_is_float(dt) : !rk_red_defined(red, dt)) continue;
        CHECK_OK(variance ? rk_variance_dim(&whole, &x, 0, 0, 1) : rk_reduce_dim(red, &whole, &x, 0, 2.5));
        for (int64_t at = 0; at < COLUMNS; at += STRIP) {
          CHECK_OK(rk_narrow(&strip, &x, 1, at, STRIP));
          CHECK_OK(variance ? rk_variance_dim(&part, &strip, 0, 0, 1) : rk_reduce_dim(red, &part, &strip, 0, 2.5));
          const int size = rk_dtype_size(dt);
          if (!CHECK(!memcmp(rk_at(&part), rk_at(&whole) + at * size, (size_t)(STRIP * size))))
            printf("  %s of %s, %s\n", variance ? "std" : rk_red_name(red), rk_dtype_name(dt), isas[run]);
        }
      }
    rk_tensor_drop(&x), rk_tensor_drop(&strip), rk_tensor_drop(&whole), rk_tensor_drop(&part);
  }
  rk_use_isa(NULL);
}

static void wrong_calls(void) {
  struct rk_tensor x, i, none = {.dt = RK_f32}, out = {.dt = RK_f32}, long_out = {.dt = RK_i64}, d = {.dt = RK_f64};
  struct rk_value v;
  double r;
  int same;
  rk_tensor_init2(&x, RK_f32, 2, 3), rk_fill(&x, 2);
  rk_tensor_init2(&i, RK_i32, 2, 3), rk_fill(&i, 1);
  CHECK_OK(rk_reduce(RK_RED_sum, &none, 0, &v)), CHECK(v.f == 0);
  CHECK_OK(rk_reduce(RK_RED_prod, &none, 0, &v)), CHECK(v.f == 1);
  CHECK_FAILS(rk_reduce(RK_RED_amax, &none, 0, &v), RK_ESHAPE, "no elements");
  CHECK_FAILS(rk_reduce(RK_RED_sum, NULL, 0, &v), RK_EARG, "sum: argument 1");
  CHECK_FAILS(rk_reduce(999, &x, 0, &v), RK_EARG, "999");
  CHECK_FAILS(rk_reduce(RK_RED_mean, &i, 0, &v), RK_EDTYPE, "IntTensor");
  CHECK_FAILS(rk_reduce_dim(RK_RED_sum, &out, &x, 2, 0), RK_EARG, "dimension 3 out of range for FloatTensor [2x3]");
  CHECK_FAILS(rk_reduce_dim(RK_RED_sum, &out, &x, -1, 0), RK_EARG, "dimension");
  CHECK_FAILS(rk_reduce_dim(RK_RED_sum, &d, &x, 0, 0), RK_EDTYPE, "result");
  CHECK_FAILS(rk_reduce_dim(RK_RED_sum, NULL, &x, 0, 0), RK_EARG, "argument 1");
  CHECK_FAILS(rk_extreme_dim(1, &out, &out, &x, 0), RK_EDTYPE, "LongTensor");
  CHECK_FAILS(rk_extreme_dim(1, &out, &long_out, &x, 7), RK_EARG, "max: dimension 8");
  CHECK_FAILS(rk_variance(&i, 0, 0, &r), RK_EDTYPE, "var");
  CHECK_FAILS(rk_norm(&x, -1, &r), RK_EARG, "norm: power -1");
  CHECK_FAILS(rk_dist(&x, &i, 2, &r), RK_EDTYPE, "dist");
  CHECK_FAILS(rk_dist(&x, &none, 2, &r), RK_ESHAPE, "dist");
  CHECK_FAILS(rk_equal(&x, &i, &same), RK_EDTYPE, "equal");
  CHECK_OK(rk_norm(&x, 2, &r)), CHECK_NEAR(r, sqrt(24.0), 1e-14);
  CHECK_OK(rk_norm(&x, 0, &r)), CHECK_NEAR(r, 6, 0);
  CHECK_OK(rk_norm(&x, (double)INFINITY, &r)), CHECK_NEAR(r, 2, 0);
  CHECK_OK(rk_norm(&x, 3, &r)), CHECK_NEAR(r, cbrt(48.0), 1e-14);
  CHECK_OK(rk_dist(&x, &x, 2, &r)), CHECK_NEAR(r, 0, 0);
  CHECK_OK(rk_equal(&x, &x, &same)), CHECK(same);
  CHECK_OK(rk_equal(&x, &none, &same)), CHECK(!same);
  CHECK_OK(rk_reduce_dim(RK_RED_sum, &x, &x, 0, 0)), CHECK_NEAR(test_get(&x, 2), 4, 0); /* in place */
  CHECK(x.shape[0] == 1 && x.shape[1] == 3);
  rk_tensor_drop(&x), rk_tensor_drop(&i), rk_tensor_drop(&out), rk_tensor_drop(&long_out), rk_tensor_drop(&d);
  CHECK_EQ(rk_live_bytes, 0);
}

/* One element that differs is found wherever it is, in any layout; NaN equals nothing, -0 equals 0. */
static void equality(void) {
  static const int64_t sizes[] = {1, 2, 255, 256, 257, 32768, 32769, 100000};
  for (int dt = 0; dt < RK_NDTYPES; dt++)
    for (int s = 0; s < 8; s++) {
      struct rk_tensor x, y, turned;
      int same, n = (int)sizes[s];
      CHECK_OK(rk_tensor_init2(&x, dt, n, 2));
      CHECK_OK(rk_range(&x, 0, 0.0001));
      CHECK_OK(rk_tensor_like(&y, &x));
      CHECK_OK(rk_copy(&y, &x));
      CHECK_OK(rk_equal(&x, &y, &same)), CHECK(same);
      CHECK_OK(rk_tensor_init2(&turned, dt, 2, n)); /* the same numbers, columns dense */
      CHECK_OK(rk_transpose(&turned, &turned, 0, 1));
      CHECK_OK(rk_copy(&turned, &x));
      CHECK_OK(rk_equal(&x, &turned, &same)), CHECK(same);
      const int64_t at = test_int(0, 2 * n - 1);
      CHECK_OK(rk_poke(&y, at, 99, 99));
      CHECK_OK(rk_equal(&x, &y, &same)), CHECK(!same);
      CHECK_OK(rk_equal(&y, &turned, &same)), CHECK(!same);
      if (rk_dtype_is_float(dt)) {
        CHECK_OK(rk_poke(&y, at, (double)NAN, 0));
        CHECK_OK(rk_equal(&y, &y, &same)), CHECK(!same);
        CHECK_OK(rk_copy(&y, &x));
        CHECK_OK(rk_poke(&y, 0, -0.0, 0));
        CHECK_OK(rk_equal(&x, &y, &same)), CHECK(same);
      }
      rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&turned);
    }
}

int main(void) {
  for (int threads = 1; threads <= 2; threads++) {
    rk_set_threads(threads);
    RUN(values_of_every_reduction);
    RUN(variances);
    RUN(extremes);
    RUN(equality);
  }
  RUN(long_sums);
  RUN(same_bits);
  RUN(columns_from_memory);
  RUN(wrong_calls);
  return test_done();
}
