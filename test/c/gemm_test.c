/* gemm_test.c -- products of random shapes, steps and dtypes against a naive
 * sum in double (int64 for integers), with the library and with our own
 * loops; determinism; wrong calls. */
#include "test.h"

static double at(const struct rk_tensor *t, int64_t i, int64_t j, int64_t k) {
  struct rk_value v = {0};
  int64_t offset = t->start, index[] = {i, j, k};
  for (int d = 0; d < t->rank; d++) offset += index[d] * t->step[d];
  rk_peek(t, offset, &v);
  return v.f;
}
/* x as dtype holds it */
static double rounded(int dtype, double x) {
  struct rk_tensor t = {0};
  CHECK_OK(rk_tensor_init1(&t, dtype, 1));
  CHECK_OK(rk_poke(&t, 0, x, (int64_t)x));
  x = at(&t, 0, 0, 0);
  rk_tensor_drop(&t);
  return x;
}
static double tolerance(int dtype) {
  return dtype == RK_f32 ? 1e-4 : dtype == RK_f16 ? 4e-3 : dtype == RK_bf16 ? 4e-2 : dtype == RK_f64 ? 1e-11 : 0;
}
static void layout(struct rk_tensor *t, int dtype, int rank, const int64_t *shape, int kind) {
  CHECK_OK(test_layout(t, dtype, rank, shape, kind));
}
static const int out_kinds[] = {0, 1, 2}; /* results that are not expanded */

static bool near(int dtype, double got, double want, double scale) {
  want = rounded(dtype, want);
  return got == want || fabs(got - want) <= tolerance(dtype) * (scale > 1 ? scale : 1);
}

/* One product of the given size in random layouts; ranks 2, or 3 with a batch. */
static void try_product(int dtype, int64_t batch, int64_t m, int64_t n, int64_t k) {
  static const double factors[] = {0, 1, -1, 2, 0.5};
  int rank = batch ? 3 : 2, lead = batch ? 0 : 1;
  int64_t sa[] = {batch, m, k}, sb[] = {batch, k, n}, so[] = {batch, m, n};
  struct rk_tensor a, b, out, old;
  layout(&a, dtype, rank, sa + lead, (int)test_int(0, 3));
  layout(&b, dtype, rank, sb + lead, (int)test_int(0, 3));
  layout(&out, dtype, rank, so + lead, out_kinds[test_int(0, 2)]);
  CHECK_OK(rk_tensor_like(&old, &out));
  CHECK_OK(rk_copy(&old, &out));
  bool integer = !rk_dtype_is_float(dtype);
  double alpha = factors[test_int(0, integer ? 3 : 4)], beta = factors[test_int(0, integer ? 3 : 4)];
  if (dtype == RK_u8) alpha = fabs(alpha), beta = fabs(beta);
  if (beta == 0 && !integer) CHECK_OK(rk_fill(&out, (double)NAN));
  CHECK_OK((batch ? rk_bmm : rk_gemm)(&out, beta, alpha, &a, &b));
  bool good = true;
  for (int64_t g = 0; g < (batch ? batch : 1) && good; g++)
    for (int64_t i = 0; i < m && good; i++)
      for (int64_t j = 0; j < n && good; j++) {
        double sum = 0, scale = 0;
        for (int64_t q = 0; q < k; q++) {
          double x = batch ? at(&a, g, i, q) * at(&b, g, q, j) : at(&a, i, q, 0) * at(&b, q, j, 0);
          sum += x, scale += fabs(x);
        }
        double was = batch ? at(&old, g, i, j) : at(&old, i, j, 0), got = batch ? at(&out, g, i, j) : at(&out, i, j, 0);
        good = near(dtype, got, beta * was + alpha * sum, 2 * scale + 2 * fabs(was));
      }
  if (!CHECK(good))
    fprintf(stderr, "%s: %s = %g * itself + %g * %s * %s\n", rk_blas(), rk_describe(&out), beta, alpha, rk_describe(&a),
            rk_describe(&b));
  rk_tensor_drop(&a), rk_tensor_drop(&b), rk_tensor_drop(&out), rk_tensor_drop(&old);
}

static void products(void) {
  for (int own = 0; own < 2; own++) {
    rk_set_deterministic(own);
    for (int dtype = 0; dtype < RK_NDTYPES; dtype++) {
      for (int i = 0; i < 60; i++)
        try_product(dtype, i % 3 == 0 ? test_int(1, 4) : 0, test_int(1, 40), test_int(1, 70), test_int(1, 30));
      for (int i = 0; i < 4; i++) try_product(dtype, 0, test_int(1, 12), test_int(1, 12), test_int(200, 700));
    }
    try_product(RK_f32, 0, 130, 190, 300);
    try_product(RK_f64, 0, 101, 530, 261);
    try_product(RK_f32, 12, 33, 47, 64);
    try_product(RK_f16, 0, 40, 70, 1500);
    try_product(RK_i32, 0, 100, 40, 300);
    for (int dtype = 0; dtype < RK_NDTYPES; dtype++) try_product(dtype, 0, 5, 40, 0);
  }
  rk_set_deterministic(0);
}

static void try_vectors(int dtype) {
  int64_t m = test_int(1, 150), k = test_int(1, 150), shape[] = {m, k};
  struct rk_tensor a, x, y, out, old, outer;
  layout(&a, dtype, 2, shape, (int)test_int(0, 3));
  layout(&x, dtype, 1, &k, (int)test_int(0, 3));
  layout(&y, dtype, 1, &m, (int)test_int(0, 3));
  layout(&out, dtype, 1, &m, 2);
  layout(&outer, dtype, 2, shape, out_kinds[test_int(0, 2)]);
  double beta = (double)test_int(0, 2);
  CHECK_OK(rk_tensor_like(&old, &out));
  CHECK_OK(rk_copy(&old, &out));
  CHECK_OK(rk_gemv(&out, beta, 2, &a, &x));
  CHECK_OK(rk_ger(&outer, 0, 1, &y, &x));
  bool good = true, good_outer = true;
  for (int64_t i = 0; i < m; i++) {
    double sum = 0, scale = 0;
    for (int64_t j = 0; j < k; j++) {
      double z = at(&a, i, j, 0) * at(&x, j, 0, 0);
      sum += z, scale += fabs(z);
      double product = at(&y, i, 0, 0) * at(&x, j, 0, 0);
      good_outer = good_outer && near(dtype, at(&outer, i, j, 0), product, fabs(product));
    }
    double was = at(&old, i, 0, 0);
    good = good && near(dtype, at(&out, i, 0, 0), beta * was + 2 * sum, 2 * scale + 2 * fabs(was));
  }
  if (!CHECK(good)) fprintf(stderr, "mv: %s = %g * itself + 2 * %s * x\n", rk_describe(&out), beta, rk_describe(&a));
  CHECK(good_outer);
  rk_tensor_drop(&a), rk_tensor_drop(&x), rk_tensor_drop(&y), rk_tensor_drop(&out), rk_tensor_drop(&old);
  rk_tensor_drop(&outer);
}
static void vectors(void) {
  for (int own = 0; own < 2; own++) {
    rk_set_deterministic(own);
    for (int dtype = 0; dtype < RK_NDTYPES; dtype++)
      for (int i = 0; i < 20; i++) try_vectors(dtype);
  }
  rk_set_deterministic(0);
}

static void inner(void) {
  for (int dtype = 0; dtype < RK_NDTYPES; dtype++)
    for (int i = 0; i < 12; i++) {
      int64_t shape[] = {test_int(1, 200), test_int(1, 300)};
      struct rk_tensor x, y;
      struct rk_value v;
      layout(&x, dtype, 2, shape, i % 4);
      layout(&y, dtype, 2, shape, (i + 1) % 4);
      double sum = 0, scale = 0;
      for (int64_t a = 0; a < shape[0]; a++)
        for (int64_t b = 0; b < shape[1]; b++) {
          double z = at(&x, a, b, 0) * at(&y, a, b, 0);
          sum += z, scale += fabs(z);
        }
      CHECK_OK(rk_dot(&x, &y, &v));
      if (rk_dtype_is_float(dtype)) {
        CHECK_NEAR(v.f / (scale + 1), sum / (scale + 1), dtype == RK_f64 ? 1e-14 : 1e-6);
      } else { /* wraps in the dtype */
        int64_t total = (int64_t)sum, wide = (int64_t)1 << 8 * (rk_dtype_size(dtype) % 8);
        if (dtype != RK_i64) total = (total % wide + wide) % wide;
        if (dtype != RK_i64 && dtype != RK_u8 && total >= wide / 2) total -= wide;
        CHECK_EQ(v.i, total);
        CHECK_NEAR(v.f, (double)total, 0);
      }
      rk_tensor_drop(&x), rk_tensor_drop(&y);
    }
}

static void sums_of_batches(void) {
  int64_t sa[] = {5, 6, 7}, sb[] = {5, 7, 8}, so[] = {6, 8};
  struct rk_tensor a, b, out, old;
  layout(&a, RK_f32, 3, sa, 1), layout(&b, RK_f32, 3, sb, 2), layout(&out, RK_f32, 2, so, 1);
  CHECK_OK(rk_tensor_like(&old, &out));
  CHECK_OK(rk_copy(&old, &out));
  CHECK_OK(rk_bmm_sum(&out, 3, 0.5, &a, &b));
  for (int64_t i = 0; i < 6; i++)
    for (int64_t j = 0; j < 8; j++) {
      double want = 3 * at(&old, i, j, 0);
      for (int64_t g = 0; g < 5; g++)
        for (int64_t q = 0; q < 7; q++) want += 0.5 * at(&a, g, i, q) * at(&b, g, q, j);
      CHECK_NEAR(at(&out, i, j, 0), want, 1e-4);
    }
  rk_tensor_drop(&a), rk_tensor_drop(&b), rk_tensor_drop(&out), rk_tensor_drop(&old);
}

/* Under rk_set_deterministic: the same bits with any number of threads, and with operands stored transposed. */
static void deterministic(void) {
  int before = rk_threads();
  int64_t sa[] = {211, 600}, sb[] = {600, 333}, so[] = {211, 333};
  struct rk_tensor a, b, at_, one, three;
  layout(&a, RK_f32, 2, sa, 0), layout(&b, RK_f32, 2, sb, 0);
  layout(&one, RK_f32, 2, so, 0), layout(&three, RK_f32, 2, so, 0);
  layout(&at_, RK_f32, 2, sa, 1);
  CHECK_OK(rk_copy(&at_, &a));
  rk_set_deterministic(1);
  CHECK_OK(rk_set_threads(1));
  CHECK_OK(rk_gemm(&one, 0, 1, &a, &b));
  CHECK_OK(rk_set_threads(3));
  CHECK_OK(rk_gemm(&three, 0, 1, &at_, &b));
  CHECK(memcmp(rk_at(&one), rk_at(&three), 211 * 333 * 4) == 0);
  rk_set_deterministic(0);
  CHECK_OK(rk_set_threads(before));
  rk_tensor_drop(&a), rk_tensor_drop(&b), rk_tensor_drop(&at_), rk_tensor_drop(&one), rk_tensor_drop(&three);
}

/* Small products: nothing beside the result is written, and the bits do not depend on how the operands lie. */
static void small_ones(int dtype) {
  enum { ROW = 40 };
  struct rk_tensor a, b, at_, bt, wide, out, again, part = {0};
  for (int round = 0; round < 400; round++) {
    int64_t m = test_int(1, 19), n = test_int(1, 35), k = test_int(1, 12);
    CHECK_OK(test_layout(&a, dtype, 2, (int64_t[]){m, k}, 0));
    CHECK_OK(test_layout(&b, dtype, 2, (int64_t[]){k, n}, 0));
    CHECK_OK(rk_tensor_init2(&at_, dtype, k, m));
    CHECK_OK(rk_tensor_init2(&bt, dtype, n, k));
    CHECK_OK(rk_transpose(&at_, &at_, 0, 1));
    CHECK_OK(rk_transpose(&bt, &bt, 0, 1));
    CHECK_OK(rk_copy(&at_, &a));
    CHECK_OK(rk_copy(&bt, &b));
    CHECK_OK(rk_tensor_init2(&wide, dtype, m, ROW));
    CHECK_OK(rk_fill(&wide, 7));
    part.dt = (int8_t)dtype;
    CHECK_OK(rk_narrow(&part, &wide, 1, 2, n));
    CHECK_OK(rk_gemm(&part, 0.5, 2, &a, &b));
    bool good = true;
    for (int64_t i = 0; i < m && good; i++)
      for (int64_t j = 0; j < ROW && good; j++) {
        double want = 7, scale = 1;
        if (j >= 2 && j < 2 + n) {
          want = 3.5;
          for (int64_t q = 0; q < k; q++) want += 2 * at(&a, i, q, 0) * at(&b, q, j - 2, 0), scale += fabs(want);
        }
        good = near(dtype, at(&wide, i, j, 0), want, j >= 2 && j < 2 + n ? scale : 0);
      }
    CHECK(good);
    CHECK_OK(rk_tensor_init2(&out, dtype, m, n));
    CHECK_OK(rk_tensor_init2(&again, dtype, m, n));
    rk_set_deterministic(1); /* for those that are not small by every instruction set */
    CHECK_OK(rk_gemm(&out, 0, 1, &a, &b));
    for (int kind = 1; kind < 4; kind++) {
      int same = 0;
      CHECK_OK(rk_gemm(&again, 0, 1, kind & 1 ? &at_ : &a, kind & 2 ? &bt : &b));
      CHECK_OK(rk_equal(&out, &again, &same));
      CHECK(same);
    }
    rk_set_deterministic(0);
    rk_tensor_drop(&a), rk_tensor_drop(&b), rk_tensor_drop(&at_), rk_tensor_drop(&bt), rk_tensor_drop(&wide);
    rk_tensor_drop(&out), rk_tensor_drop(&again), rk_tensor_drop(&part);
  }
}
static void small(void) {
  small_ones(RK_f32);
  small_ones(RK_f64);
}

static void wrong_calls(void) {
  struct rk_tensor a, b, v, d, wide, out;
  int64_t s23[] = {2, 3}, s22[] = {2, 2}, s3[] = {3}, s32[] = {3, 2};
  struct rk_value value;
  layout(&a, RK_f32, 2, s23, 0), layout(&b, RK_f32, 2, s22, 0), layout(&v, RK_f32, 1, s3, 0);
  layout(&d, RK_f64, 2, s32, 0), layout(&out, RK_f32, 2, s22, 0);
  wide = (struct rk_tensor){.dt = RK_f32};
  CHECK_OK(rk_tensor_view(&wide, &out));
  wide.step[0] = 0;
  CHECK_FAILS(rk_gemm(&out, 0, 1, &a, &b), RK_ESHAPE, "FloatTensor [2x3] times FloatTensor [2x2], inner sizes 3 and 2");
  CHECK_FAILS(rk_gemm(&a, 0, 1, &b, &b), RK_ESHAPE, "the product has size [2x2]");
  CHECK_FAILS(rk_gemm(&out, 0, 1, &a, &v), RK_ESHAPE, "argument 3: matrix expected, got FloatTensor [3]");
  CHECK_FAILS(rk_gemm(&out, 0, 1, &a, &d), RK_EDTYPE, "DoubleTensor");
  CHECK_FAILS(rk_gemm(&out, 0, 1, &out, &b), RK_EARG, "shares memory with argument 2");
  CHECK_OK(rk_gemm(&wide, 0, 1, &b, &b)); /* of an expanded result the last row stays */
  for (int64_t j = 0; j < 2; j++)
    CHECK(near(RK_f32, at(&wide, 0, j, 0), at(&b, 1, 0, 0) * at(&b, 0, j, 0) + at(&b, 1, 1, 0) * at(&b, 1, j, 0), 1));
  CHECK_FAILS(rk_gemm(NULL, 0, 1, &b, &b), RK_EARG, "argument 1");
  CHECK_FAILS(rk_gemm(&out, 0, 1, NULL, &b), RK_EARG, "argument 2");
  CHECK_FAILS(rk_gemm(&out, 0, 1, &b, NULL), RK_EARG, "argument 3");
  CHECK_FAILS(rk_gemv(&v, 0, 1, &a, &v), RK_ESHAPE, "mv");
  CHECK_FAILS(rk_gemv(&out, 0, 1, &a, &v), RK_ESHAPE, "mv: the result");
  CHECK_FAILS(rk_ger(&out, 0, 1, &v, &v), RK_ESHAPE, "[3x3]");
  CHECK_FAILS(rk_ger(&out, 0, 1, &a, &v), RK_ESHAPE, "vector expected");
  CHECK_FAILS(rk_bmm(&out, 0, 1, &a, &b), RK_ESHAPE, "batch of matrices");
  CHECK_FAILS(rk_bmm_sum(&out, 0, 1, &a, NULL), RK_ESHAPE, "addbmm");
  CHECK_FAILS(rk_dot(&a, &b, &value), RK_ESHAPE, "[2x3] and FloatTensor [2x2]");
  CHECK_FAILS(rk_dot(&a, &d, &value), RK_EDTYPE, "dot");
  CHECK_FAILS(rk_dot(&a, NULL, &value), RK_EARG, "argument 2");
  CHECK_FAILS(rk_dot(&a, &a, NULL), RK_EARG, "result");
  rk_tensor_drop(&wide);
  rk_tensor_drop(&a), rk_tensor_drop(&b), rk_tensor_drop(&v), rk_tensor_drop(&d), rk_tensor_drop(&out);
}

int main(void) {
  CHECK(rk_blas() && *rk_blas());
  RUN(products);
  RUN(vectors);
  RUN(inner);
  RUN(sums_of_batches);
  RUN(deterministic);
  RUN(small);
  RUN(wrong_calls);
  return test_done();
}
