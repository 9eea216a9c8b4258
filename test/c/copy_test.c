/* copy_test.c -- copies between all dtypes and layouts, conversions at the edges, fills, ranges, C arrays. */
#include "test.h"
#include <math.h>

static struct rk_tensor empty(int dtype) { return (struct rk_tensor){.dt = (int8_t)dtype}; }
static void random_shape(int *rank, int64_t *shape, int64_t most) {
  *rank = (int)test_int(1, 4);
  for (int d = 0; d < *rank; d++) shape[d] = test_int(0, 9) ? test_int(1, most) : 1;
}

/* What an element becomes: through a double, as C on x86 casts it. The test values are small. */
static double converted(double v, int dtype) {
  switch (dtype) {
  case RK_u8: return (uint8_t)(int32_t)v;
  case RK_i8: return (int8_t)(int32_t)v;
  case RK_i16:
  case RK_i32:
  case RK_i64: return trunc(v);
  default: return v;
  }
}

static void every_dtype_and_layout(void) {
  for (int from = 0; from < RK_NDTYPES; from++)
    for (int to = 0; to < RK_NDTYPES; to++)
      for (int kind = 0; kind < TEST_LAYOUTS * 3; kind++) {
        int rank;
        int64_t shape[4];
        struct rk_tensor x, out;
        random_shape(&rank, shape, kind % 5 == 0 ? 40 : 7);
        if (rank > 3) rank = 3;
        CHECK_OK(test_layout(&x, from, rank, shape, kind % TEST_LAYOUTS));
        CHECK_OK(test_layout(&out, to, rank, shape, kind / TEST_LAYOUTS)); /* not expanded */
        CHECK_OK(rk_copy(&out, &x));
        bool same = true;
        for (int64_t k = 0; k < rk_tensor_count(&x); k++) same &= test_get(&out, k) == converted(test_get(&x, k), to);
        if (!CHECK(same))
          fprintf(stderr, "  %s to %s, layouts %d and %d, %s\n", rk_describe(&x), rk_describe(&out),
                  kind % TEST_LAYOUTS, kind / TEST_LAYOUTS, rk_describe_shape(rank, shape));
        rk_tensor_drop(&x), rk_tensor_drop(&out);
      }
}

/* Large enough for several blocks, and for the transposing squares with a remainder. */
static void large(void) {
  static const int64_t shapes[][3] = {{1, 300, 517}, {3, 130, 129}, {2, 1000, 5},
                                      {70, 3, 200},  {40000, 2, 2}, {2, 3, 40001}};
  static const int dtypes[] = {RK_u8, RK_i16, RK_f32, RK_f64};
  for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
    for (int k = 0; k < 4; k++)
      for (int other = 0; other < 2; other++) {
        struct rk_tensor x, y, back;
        int64_t turn[] = {0, 2, 1}, turned[] = {shapes[s][0], shapes[s][2], shapes[s][1]};
        CHECK_OK(rk_tensor_init(&x, dtypes[k], 3, shapes[s]));
        for (int64_t i = 0; i < rk_tensor_count(&x); i++) rk_poke(&x, i, (double)(i % 120), i % 120);
        CHECK_OK(rk_tensor_init(&y, other ? RK_f32 : dtypes[k], 3, turned));
        CHECK_OK(rk_permute(&y, &y, 3, turn));
        CHECK_OK(rk_copy(&y, &x)); /* transposing */
        CHECK_OK(rk_tensor_like(&back, &x));
        CHECK_OK(rk_copy(&back, &y)); /* and back */
        int equal = 1;
        for (int64_t i = 0; i < rk_tensor_count(&x); i++) equal &= test_get(&back, i) == (double)(i % 120);
        CHECK(equal);
        int64_t probe = test_int(0, rk_tensor_count(&x) - 1);
        CHECK_NEAR(test_get(&y, probe), (double)(probe % 120), 0);
        rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&back);
      }
}

/* Transposed beyond the caches, into the middle of a larger matrix, so that rows begin and end anywhere within a line;
 * what surrounds them stays. few: of one side or of the other. */
static void larger_than_caches(void) {
  enum { AROUND = 5, BYTES = 17 << 20 };
  static const struct {
    int dtype, few;
  } rows[] = {{RK_u8, 0},     {RK_i16, 0},  {RK_f32, 0},   {RK_f64, 0},
              {RK_f32, 2048}, {RK_f32, 21}, {RK_i16, -37}, {RK_f64, 16}};
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    const int dt = rows[k].dtype, size = rk_dtype_size(dt), few = rows[k].few;
    const int64_t count = BYTES / size, root = (int64_t)sqrt((double)count);
    const int64_t m = few > 0 ? few : few < 0 ? count / -few : root | 1, n = count / m;
    struct rk_tensor x, y, to = empty(dt), t = empty(dt);
    CHECK_OK(rk_tensor_init2(&x, dt, n, m));
    CHECK_OK(rk_tensor_init2(&y, dt, m + 2, n + AROUND));
    uint8_t *from = (void *)rk_at(&x), *whole = (void *)rk_at(&y);
    for (int64_t i = 0; i < n * m * size; i++) from[i] = (uint8_t)((uint64_t)i * 0x9e3779b97f4a7c15u >> 56);
    memset(whole, 0xaa, (size_t)((m + 2) * (n + AROUND) * size));
    CHECK_OK(rk_transpose(&t, &x, 0, 1));
    CHECK_OK(rk_narrow(&to, &y, 0, 1, m));
    CHECK_OK(rk_narrow(&to, &to, 1, few ? 3 : 1, n));
    CHECK_OK(rk_copy(&to, &t));
    bool same = true;
    const uint8_t *at = whole;
    for (int64_t i = -1; i <= m; i++)
      for (int64_t j = few ? -3 : -1; j < n + AROUND - (few ? 3 : 1); j++)
        for (int b = 0; b < size; b++)
          same &= *at++ == (i < 0 || i == m || j < 0 || j >= n ? 0xaa : from[(j * m + i) * size + b]);
    if (!CHECK(same)) fprintf(stderr, "  %s, %lld x %lld\n", rk_dtype_class(dt), (long long)m, (long long)n);
    rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&to), rk_tensor_drop(&t);
  }
}

/* Rows and fills beyond the caches that begin and end anywhere within a line; what lies between them stays. */
static void large_rows(void) {
  enum { ROWS = 65, WIDTH = 65600 };
  struct rk_tensor x, y, out = empty(RK_f32), from = empty(RK_f32);
  CHECK_OK(rk_tensor_init2(&x, RK_f32, ROWS, WIDTH));
  CHECK_OK(rk_range(&x, 0, 1));
  CHECK_OK(rk_tensor_init2(&y, RK_f32, ROWS, WIDTH));
  for (int first = 0; first < 4; first++)
    for (int fill = 0; fill < 2; fill++) {
      const int64_t n = WIDTH - first - 5;
      CHECK_OK(rk_fill(&y, -1));
      CHECK_OK(rk_narrow(&out, &y, 1, first, n));
      CHECK_OK(rk_narrow(&from, &x, 1, 3, n));
      CHECK_OK(fill ? rk_fill(&out, 7) : rk_copy(&out, &from));
      const float *a = (const float *)(void *)rk_at(&x), *b = (const float *)(void *)rk_at(&y);
      bool same = true;
      for (int64_t i = 0; i < ROWS; i++)
        for (int64_t j = 0; j < WIDTH; j++, b++)
          same &= *b == (j < first || j >= first + n ? -1 : fill ? 7 : a[i * WIDTH + j - first + 3]);
      CHECK(same);
    }
  rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&out), rk_tensor_drop(&from);
}

/* Ranges beyond the caches, from anywhere within a line on. */
static void large_ranges(void) {
  static const int dtypes[] = {RK_i16, RK_f32, RK_i64};
  for (int k = 0; k < 3; k++)
    for (int64_t first = 0; first < 3; first++) {
      const int64_t n = (17 << 20) / rk_dtype_size(dtypes[k]) + 3, all = n + 5;
      struct rk_tensor whole, part = empty(dtypes[k]);
      CHECK_OK(rk_tensor_init(&whole, dtypes[k], 1, &all));
      CHECK_OK(rk_fill(&whole, -7));
      CHECK_OK(rk_narrow(&part, &whole, 0, first, n));
      CHECK_OK(rk_range(&part, 5, 2));
      bool same = true;
      for (int64_t i = 0; i < all; i++) {
        const int64_t place = i - first, wanted = place < 0 || place >= n ? -7 : 5 + 2 * place;
        same &= test_get(&whole, i) == (dtypes[k] == RK_i16 ? (double)(int16_t)wanted : (double)(float)wanted);
      }
      CHECK(same);
      rk_tensor_drop(&whole), rk_tensor_drop(&part);
    }
}

static void other_shapes(void) {
  for (int round = 0; round < 60; round++) {
    struct rk_tensor x, out;
    int64_t a[] = {test_int(1, 6), test_int(1, 6), test_int(1, 6)}, b[] = {a[2], a[0] * a[1]};
    CHECK_OK(test_layout(&x, RK_f32, 3, a, round % TEST_LAYOUTS));
    CHECK_OK(test_layout(&out, round % 2 ? RK_i32 : RK_f32, 2, b, round % 3));
    CHECK_OK(rk_copy(&out, &x));
    bool same = true;
    for (int64_t k = 0; k < rk_tensor_count(&x); k++) same &= test_get(&out, k) == converted(test_get(&x, k), out.dt);
    CHECK(same);
    rk_tensor_drop(&x), rk_tensor_drop(&out);
  }
}

static void overlapping(void) {
  struct rk_tensor t, a = empty(RK_f64), b = empty(RK_f64);
  for (int64_t shift = -3; shift <= 3; shift++) {
    CHECK_OK(rk_tensor_init1(&t, RK_f64, 40));
    CHECK_OK(rk_range(&t, 0, 1));
    CHECK_OK(rk_narrow(&a, &t, 0, 3, 30));
    CHECK_OK(rk_narrow(&b, &t, 0, 3 + shift, 30));
    CHECK_OK(rk_copy(&b, &a));
    for (int64_t k = 0; k < 30; k++) CHECK_NEAR(test_get(&b, k), (double)(3 + k), 0);
    rk_tensor_drop(&t);
  }
  CHECK_OK(rk_tensor_init2(&t, RK_f64, 5, 5)); /* a square onto its own transpose */
  CHECK_OK(rk_range(&t, 0, 1));
  CHECK_OK(rk_transpose(&a, &t, 0, 1));
  CHECK_OK(rk_copy(&a, &t));
  for (int64_t k = 0; k < 25; k++) CHECK_NEAR(test_get(&t, k), (double)(k % 5 * 5 + k / 5), 0);
  rk_tensor_drop(&t), rk_tensor_drop(&a), rk_tensor_drop(&b);
}

/* Destinations that show an element more than once: the last value in row-major order stays. */
static void repeated(void) {
  struct rk_tensor t, wide = empty(RK_f32), x;
  const int64_t shape[] = {3, 4};
  CHECK_OK(rk_tensor_init2(&t, RK_f32, 3, 1));
  CHECK_OK(rk_expand(&wide, &t, 2, shape));
  CHECK_OK(rk_tensor_init2(&x, RK_f32, 3, 4));
  CHECK_OK(rk_range(&x, 0, 1));
  CHECK_OK(rk_copy(&wide, &x));
  for (int64_t k = 0; k < 3; k++) CHECK_NEAR(test_get(&t, k), (double)(4 * k + 3), 0);
  CHECK_OK(rk_fill(&wide, 7));
  CHECK_NEAR(test_get(&t, 2), 7, 0);
  rk_tensor_drop(&t), rk_tensor_drop(&x), rk_tensor_drop(&wide);
  CHECK_OK(rk_tensor_init1(&t, RK_f32, 10)); /* windows of 4, 2 apart */
  wide = empty(RK_f32);
  CHECK_OK(rk_unfold(&wide, &t, 0, 4, 2));
  CHECK_OK(rk_tensor_like(&x, &wide));
  CHECK_OK(rk_range(&x, 0, 1));
  CHECK_OK(rk_copy(&wide, &x));
  static const double want[] = {0, 1, 4, 5, 8, 9, 12, 13, 14, 15};
  for (int64_t k = 0; k < 10; k++) CHECK_NEAR(test_get(&t, k), want[k], 0);
  rk_tensor_drop(&t), rk_tensor_drop(&x), rk_tensor_drop(&wide);
}

/* x86's casts. `cvttsd2si` gives the lowest integer for what does not fit. */
static void edges(void) {
  static const double in[] = {
      300,        -1,           258.9,         -2.7,          1e10,          -1e10, 1e19,   -1e19,
      2147483647, 2147483648.0, -2147483648.0, -2147483648.5, -2147483649.0, 65537, -40000, 4294967296.0 * 3 + 5};
  static const int64_t as_i32[] = {300,       -1,        258,        -2,        INT32_MIN, INT32_MIN,
                                   INT32_MIN, INT32_MIN, 2147483647, INT32_MIN, INT32_MIN, INT32_MIN,
                                   INT32_MIN, 65537,     -40000,     INT32_MIN};
  static const int64_t as_i64[] = {300,         -1,        258,        -2,         10000000000, -10000000000,
                                   INT64_MIN,   INT64_MIN, 2147483647, 2147483648, -2147483648, -2147483648,
                                   -2147483649, 65537,     -40000,     12884901893};
  enum { N = sizeof in / sizeof in[0] };
  struct rk_tensor x, y;
  CHECK_OK(rk_tensor_init1(&x, RK_f64, N));
  CHECK_OK(rk_write_doubles(&x, in, N));
  for (int dt = RK_u8; dt <= RK_i64; dt++) {
    struct rk_tensor one;
    CHECK_OK(rk_tensor_init1(&one, dt, 1));
    CHECK_OK(rk_tensor_init1(&y, dt, N));
    CHECK_OK(rk_copy(&y, &x));
    for (int k = 0; k < N; k++) {
      struct rk_value v;
      const int64_t wide = dt == RK_i64 ? as_i64[k] : as_i32[k];
      const int64_t want = dt == RK_u8    ? (uint8_t)wide
                           : dt == RK_i8  ? (int8_t)wide
                           : dt == RK_i16 ? (int16_t)wide
                                          : wide;
      CHECK_OK(rk_peek(&y, k, &v));
      CHECK_EQ(v.i, want);
      CHECK_OK(rk_fill(&one, in[k]));
      CHECK_OK(rk_peek(&one, 0, &v));
      CHECK_EQ(v.i, want);
    }
    rk_tensor_drop(&y), rk_tensor_drop(&one);
  }
  rk_tensor_drop(&x);
  static const double special[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
  for (int from = RK_f16; from <= RK_f64; from++)
    for (int k = 0; k < 3; k++) {
      struct rk_value v;
      CHECK_OK(rk_tensor_init1(&x, from, 70));
      CHECK_OK(rk_fill(&x, special[k]));
      CHECK_OK(rk_tensor_init1(&y, RK_i32, 70));
      CHECK_OK(rk_copy(&y, &x));
      CHECK_OK(rk_peek(&y, 69, &v));
      CHECK_EQ(v.i, INT32_MIN);
      CHECK_OK(rk_peek(&x, 3, &v));
      CHECK_NEAR(v.f, special[k], 0);
      CHECK_EQ(v.i, INT64_MIN);
      rk_tensor_drop(&x), rk_tensor_drop(&y);
    }
}

/* Bits of half: the figures of the original. */
static void halves(void) {
  static const struct {
    double value;
    uint16_t bits;
  } rows[] = {{0, 0},
              {1, 15360},
              {-1, 48128},
              {2.7, 16742},
              {-2.7, 49510},
              {127, 22512},
              {255, 23544},
              {32767, 30720},
              {65504, 31743},
              {65519, 31743},
              {65520, 31744},
              {-40000, 63714},
              {1e6, 31744},
              {6e-8, 1},
              {1e-8, 0},
              {2049, 26624},
              {1.0013580322266e-05, 168}};
  struct rk_tensor t;
  CHECK_OK(rk_tensor_init1(&t, RK_f16, 1));
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    uint16_t bits;
    CHECK_OK(rk_fill(&t, rows[k].value));
    memcpy(&bits, rk_at(&t), 2);
    CHECK_EQ(bits, rows[k].bits);
  }
  rk_tensor_drop(&t);
}

static void exact_integers(void) {
  struct rk_tensor t;
  struct rk_value v;
  static const int64_t values[] = {9007199254740993, -9007199254740993, INT64_MAX, INT64_MIN};
  CHECK_OK(rk_tensor_init1(&t, RK_i64, 3));
  for (int k = 0; k < 4; k++) {
    CHECK_OK(rk_fill_long(&t, values[k]));
    CHECK_OK(rk_peek(&t, 1, &v));
    CHECK_EQ(v.i, values[k]);
    CHECK_OK(rk_poke(&t, 2, 0.5, values[k] ^ 1));
    CHECK_OK(rk_peek(&t, 2, &v));
    CHECK(v.i == (int64_t)((uint64_t)values[k] ^ 1));
  }
  rk_tensor_drop(&t);
}

static void ranges(void) {
  for (int dt = 0; dt < RK_NDTYPES; dt++)
    for (int kind = 0; kind < 3; kind++) {
      struct rk_tensor t;
      const int64_t shape[] = {5, 7};
      CHECK_OK(test_layout(&t, dt, 2, shape, kind));
      CHECK_OK(rk_range(&t, 3, 1.5));
      for (int64_t k = 0; k < 35; k++)
        CHECK_NEAR(test_get(&t, k), rk_dtype_is_float(dt) ? 3 + 1.5 * (double)k : 3 + (double)k, 0);
      rk_tensor_drop(&t);
    }
}

static void arrays(void) {
  double to[12], from[12];
  for (int k = 0; k < 12; k++) from[k] = k;
  for (int kind = 0; kind < 3; kind++) {
    struct rk_tensor t;
    const int64_t shape[] = {3, 4};
    CHECK_OK(test_layout(&t, RK_i16, 2, shape, kind));
    CHECK_OK(rk_write_doubles(&t, from, 12));
    CHECK_OK(rk_read_doubles(&t, to, 12));
    for (int k = 0; k < 12; k++) CHECK_NEAR(to[k], k, 0);
    CHECK_FAILS(rk_read_doubles(&t, to, 11), RK_ESHAPE, "11 numbers");
    CHECK_FAILS(rk_write_doubles(&t, NULL, 12), RK_EARG, "got nil");
    rk_tensor_drop(&t);
  }
}

static void wrong_calls(void) {
  struct rk_tensor a, b, none = empty(RK_f32);
  struct rk_value v;
  double d[1];
  CHECK_OK(rk_tensor_init1(&a, RK_f32, 3));
  CHECK_OK(rk_tensor_init2(&b, RK_f64, 2, 2));
  CHECK_FAILS(rk_copy(NULL, &a), RK_EARG, "copy: argument 1: tensor expected, got nil");
  CHECK_FAILS(rk_copy(&a, NULL), RK_EARG, "copy: argument 2");
  CHECK_FAILS(rk_copy(&a, &b), RK_ESHAPE, "DoubleTensor [2x2]");
  CHECK_FAILS(rk_copy(&a, &none), RK_ESHAPE, "FloatTensor []");
  CHECK_FAILS(rk_fill(NULL, 0), RK_EARG, "fill");
  CHECK_FAILS(rk_fill_long(NULL, 0), RK_EARG, "fill");
  CHECK_FAILS(rk_zero(NULL), RK_EARG, "zero");
  CHECK_FAILS(rk_range(NULL, 0, 1), RK_EARG, "range");
  CHECK_FAILS(rk_peek(&a, 3, &v), RK_EARG, "element 4");
  CHECK_FAILS(rk_peek(&a, -1, &v), RK_EARG, "element 0");
  CHECK_FAILS(rk_peek(&none, 0, &v), RK_EARG, "storage");
  CHECK_FAILS(rk_poke(&a, 3, 0, 0), RK_EARG, "element 4");
  CHECK_FAILS(rk_poke(NULL, 0, 0, 0), RK_EARG, "nil");
  CHECK_FAILS(rk_read_doubles(NULL, d, 1), RK_EARG, "nil");
  CHECK_OK(rk_copy(&none, &none));
  CHECK_OK(rk_fill(&none, 1));
  CHECK_OK(rk_read_doubles(&none, NULL, 0));
  rk_tensor_drop(&a), rk_tensor_drop(&b);
}

int main(void) {
  const int64_t held = rk_live_bytes;
  RUN(every_dtype_and_layout);
  RUN(large);
  RUN(larger_than_caches);
  RUN(large_rows);
  RUN(large_ranges);
  RUN(other_shapes);
  RUN(overlapping);
  RUN(repeated);
  RUN(edges);
  RUN(halves);
  RUN(exact_integers);
  RUN(ranges);
  RUN(arrays);
  RUN(wrong_calls);
  CHECK_EQ(rk_live_bytes, held);
  return test_done();
}
