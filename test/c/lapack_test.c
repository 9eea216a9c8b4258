/* lapack_test.c -- decompositions put together again give the matrix, for both precisions, any steps and shapes;
 * matrices that do not allow the operation are refused with the place that is at fault. */
#include "test.h"

static struct rk_tensor empty(int dtype) { return (struct rk_tensor){.dt = (int8_t)dtype}; }
static double tolerance(int dtype) { return dtype == RK_f32 ? 2e-3 : 1e-9; }
/* A matrix of normal-sized numbers in a random layout; spd: symmetric and positive definite. */
static struct rk_tensor matrix(int dtype, int64_t n, int64_t m, bool spd) {
  struct rk_tensor t;
  const int64_t shape[] = {n, m};
  CHECK_OK(test_layout(&t, dtype, 2, shape, (int)test_int(0, 2)));
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < m; j++) {
      double v = test_real(-1, 1);
      if (spd && i > j) v = test_get(&t, j * m + i);
      rk_poke(&t, test_offset(&t, i * m + j), spd && i == j ? (double)n + 1 : v, 0);
    }
  return t;
}
/* max |a*b - c|, with a or b transposed when asked */
static double distance(struct rk_tensor a, bool at, struct rk_tensor b, bool bt, const struct rk_tensor *c) {
  double worst = 0;
  int64_t n = at ? a.shape[1] : a.shape[0], k = at ? a.shape[0] : a.shape[1], m = bt ? b.shape[0] : b.shape[1];
  CHECK_EQ(bt ? b.shape[1] : b.shape[0], k);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < m; j++) {
      double sum = 0;
      for (int64_t q = 0; q < k; q++)
        sum += test_get(&a, at ? q * a.shape[1] + i : i * a.shape[1] + q) *
               test_get(&b, bt ? j * b.shape[1] + q : q * b.shape[1] + j);
      double want = c ? test_get(c, i * m + j) : i == j;
      worst = fabs(sum - want) > worst ? fabs(sum - want) : worst;
    }
  return worst;
}
static void drop(struct rk_tensor *a, struct rk_tensor *b, struct rk_tensor *c, struct rk_tensor *d) {
  rk_tensor_drop(a), rk_tensor_drop(b), rk_tensor_drop(c), rk_tensor_drop(d);
}

static void solvers(void) {
  for (int it = 0; it < 40; it++) {
    int dtype = it & 1 ? RK_f64 : RK_f32, upper = it >> 1 & 1;
    int64_t n = test_int(1, 9), k = test_int(1, 4);
    struct rk_tensor a = matrix(dtype, n, n, true), b = matrix(dtype, n, k, false), x = empty(dtype), f = empty(dtype),
                     one = empty(dtype);
    CHECK_OK(rk_gesv(&x, &f, &b, &a));
    CHECK_NEAR(distance(a, false, x, false, &b), 0, tolerance(dtype));
    CHECK_OK(rk_inverse(&x, &a));
    CHECK_NEAR(distance(a, false, x, false, NULL), 0, tolerance(dtype));
    CHECK_OK(rk_potrf(&f, &a, upper));
    CHECK_NEAR(upper ? distance(f, true, f, false, &a) : distance(f, false, f, true, &a), 0,
               tolerance(dtype) * (double)n);
    CHECK_OK(rk_potrs(&x, &b, &f, upper));
    CHECK_NEAR(distance(a, false, x, false, &b), 0, tolerance(dtype));
    CHECK_OK(rk_potri(&one, &f, upper));
    CHECK_NEAR(distance(a, false, one, false, NULL), 0, tolerance(dtype));
    CHECK_OK(rk_trtrs(&x, &b, &f, upper, 0, 0));
    CHECK_NEAR(distance(f, false, x, false, &b), 0, tolerance(dtype));
    CHECK_OK(rk_trtrs(&x, &b, &f, upper, 1, 0));
    CHECK_NEAR(distance(f, true, x, false, &b), 0, tolerance(dtype));
    drop(&a, &b, &x, &f), rk_tensor_drop(&one);
  }
}

static void least_squares(void) {
  for (int it = 0; it < 40; it++) {
    int dtype = it & 1 ? RK_f64 : RK_f32;
    int64_t n = test_int(1, 8), m = test_int(1, 8);
    struct rk_tensor a = matrix(dtype, n, m, false), b = matrix(dtype, n, 2, false), x = empty(dtype),
                     top = empty(dtype), r = empty(dtype);
    CHECK_OK(rk_gels(&x, NULL, &b, &a));
    CHECK_EQ(x.shape[0], m);
    CHECK_OK(rk_narrow(&top, &x, 0, 0, m));
    if (n <= m) CHECK_NEAR(distance(a, false, top, false, &b), 0, dtype == RK_f32 ? 0.05 : 1e-7);
    /* the residual is orthogonal to the columns of a */
    CHECK_OK(rk_tensor_like(&r, &b));
    CHECK_OK(rk_copy(&r, &b));
    CHECK_OK(rk_gemm(&r, 1, -1, &a, &top));
    struct rk_tensor zero = empty(dtype);
    CHECK_OK(rk_tensor_init2(&zero, dtype, m, 2));
    CHECK_OK(rk_zero(&zero));
    CHECK_NEAR(distance(a, true, r, false, &zero), 0, dtype == RK_f32 ? 0.05 : 1e-7);
    drop(&a, &b, &x, &top), rk_tensor_drop(&r), rk_tensor_drop(&zero);
  }
}

static void factors(void) {
  for (int it = 0; it < 52; it++) {
    int dtype = it & 1 ? RK_f64 : RK_f32, full = it >> 1 & 1;
    int64_t n = test_int(1, 8), m = test_int(1, 8);
    if (it >= 40) n = test_int(48, 70), m = it % 3 ? test_int(48, 70) : n; /* large enough for the short cut of svd */
    struct rk_tensor a = matrix(dtype, n, m, false), q = empty(dtype), r = empty(dtype), tau = empty(dtype),
                     c = matrix(dtype, n, 3, false);
    struct rk_tensor u = empty(dtype), s = empty(dtype), v = empty(dtype), us = empty(dtype), p = empty(dtype);
    CHECK_OK(rk_qr(&q, &r, &a));
    CHECK_NEAR(distance(q, false, r, false, &a), 0, tolerance(dtype));
    CHECK_NEAR(distance(q, true, q, false, NULL), 0, tolerance(dtype));
    CHECK_OK(rk_geqrf(&r, &tau, &a));
    if (n <= m) { /* then the reduced Q is the whole one */
      CHECK_OK(rk_ormqr(&p, &r, &tau, &c, 1, 1));
      CHECK_NEAR(distance(q, true, c, false, &p), 0, tolerance(dtype));
      CHECK_OK(rk_ormqr(&p, &r, &tau, &c, 1, 0));
      CHECK_NEAR(distance(q, false, c, false, &p), 0, tolerance(dtype));
    }
    CHECK_OK(rk_svd(&u, &s, &v, &a, full));
    CHECK_EQ(u.shape[1], full ? n : n < m ? n : m);
    CHECK_NEAR(distance(u, true, u, false, NULL), 0, tolerance(dtype));
    CHECK_NEAR(distance(v, true, v, false, NULL), 0, tolerance(dtype));
    int64_t k = n < m ? n : m;
    CHECK_OK(rk_narrow(&us, &u, 1, 0, k));
    CHECK_OK(rk_expand(&p, &s, 2, (const int64_t[]){n, k}));
    struct rk_tensor scaled = empty(dtype), vk = empty(dtype);
    CHECK_OK(rk_map2(RK_OP_cmul, &scaled, &us, &p, 0));
    CHECK_OK(rk_narrow(&vk, &v, 1, 0, k));
    CHECK_NEAR(distance(scaled, false, vk, true, &a), 0, tolerance(dtype));
    drop(&a, &q, &r, &tau), drop(&u, &s, &v, &us), drop(&p, &scaled, &vk, &c);
  }
}

static void eigenvalues(void) {
  for (int it = 0; it < 40; it++) {
    int dtype = it & 1 ? RK_f64 : RK_f32, upper = it >> 1 & 1;
    int64_t n = test_int(1, 8);
    struct rk_tensor a = matrix(dtype, n, n, true), e = empty(dtype), v = empty(dtype), av = empty(dtype),
                     g = matrix(dtype, n, n, false);
    CHECK_OK(rk_symeig(&e, &v, &a, 1, upper));
    CHECK_NEAR(distance(v, true, v, false, NULL), 0, tolerance(dtype));
    CHECK_OK(rk_tensor_init2(&av, dtype, n, n));
    CHECK_OK(rk_gemm(&av, 0, 1, &a, &v));
    for (int64_t k = 0; k < n * n; k++)
      CHECK_NEAR(test_get(&av, k), test_get(&v, k) * test_get(&e, k % n), tolerance(dtype) * (double)n);
    for (int64_t k = 1; k < n; k++) CHECK(test_get(&e, k) >= test_get(&e, k - 1));
    double trace = 0, sum = 0, imaginary = 0;
    CHECK_OK(rk_eig(&e, &v, &g, 1));
    CHECK_EQ(e.shape[1], 2);
    for (int64_t k = 0; k < n; k++)
      trace += test_get(&g, k * n + k), sum += test_get(&e, 2 * k), imaginary += test_get(&e, 2 * k + 1);
    CHECK_NEAR(sum, trace, tolerance(dtype));
    CHECK_NEAR(imaginary, 0, tolerance(dtype));
    drop(&a, &e, &v, &av), rk_tensor_drop(&g);
  }
}

static void pivots(void) {
  for (int it = 0; it < 20; it++) {
    int64_t n = test_int(1, 8);
    struct rk_tensor a = matrix(RK_f64, n, n, true), f = empty(RK_f64), p = empty(RK_i32), pa = empty(RK_f64);
    CHECK_OK(rk_pstrf(&f, &p, &a, 1, -1));
    CHECK_OK(rk_tensor_init2(&pa, RK_f64, n, n));
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++)
        rk_poke(&pa, i * n + j, test_get(&a, ((int64_t)test_get(&p, i) - 1) * n + (int64_t)test_get(&p, j) - 1), 0);
    CHECK_NEAR(distance(f, true, f, false, &pa), 0, 1e-9);
    int swaps = -1;
    CHECK_OK(rk_lu(&f, &p, &swaps, &a));
    CHECK(swaps >= 0 && swaps <= n);
    CHECK_EQ(rk_tensor_count(&p), n);
    drop(&a, &f, &p, &pa);
  }
}

static void refusals(void) {
  struct rk_tensor a = matrix(RK_f64, 3, 3, false), b = matrix(RK_f64, 2, 1, false), w = matrix(RK_f64, 3, 2, false),
                   x = empty(RK_f64), y = empty(RK_f64);
  struct rk_tensor f = matrix(RK_f32, 3, 1, false), v = empty(RK_f64);
  CHECK_OK(rk_tensor_init1(&v, RK_f64, 3));
  CHECK_FAILS(rk_gesv(&x, &y, &b, &a), RK_ESHAPE, "as many rows");
  CHECK_FAILS(rk_gesv(&x, &y, &f, &a), RK_EDTYPE, "FloatTensor");
  CHECK_FAILS(rk_inverse(&x, &w), RK_ESHAPE, "square");
  CHECK_FAILS(rk_inverse(&x, &v), RK_ESHAPE, "matrix");
  CHECK_FAILS(rk_inverse(&x, NULL), RK_EARG, "nil");
  CHECK_FAILS(rk_orgqr(&x, &a, &f), RK_EDTYPE, "FloatTensor");
  CHECK_FAILS(rk_ormqr(&x, &a, &v, &b, 1, 0), RK_ESHAPE, "cannot multiply");
  CHECK_OK(rk_zero(&a));
  CHECK_FAILS(rk_inverse(&x, &a), RK_EARG, "singular: pivot 1");
  CHECK_FAILS(rk_potrf(&x, &a, 1), RK_EARG, "minor 1");
  CHECK_OK(rk_tensor_resize(&b, 2, (const int64_t[]){3, 1}, NULL));
  CHECK_OK(rk_fill(&b, 1));
  CHECK_FAILS(rk_gesv(&x, &y, &b, &a), RK_EARG, "pivot 1");
  CHECK_FAILS(rk_trtrs(&x, &b, &a, 1, 0, 0), RK_EARG, "diagonal element 1");
  drop(&a, &b, &w, &x), drop(&y, &f, &v, &v);
}

int main(void) {
  struct rk_tensor probe = {.dt = RK_f64}, out = {.dt = RK_f64};
  CHECK_OK(rk_tensor_init2(&probe, RK_f64, 1, 1));
  CHECK_OK(rk_fill(&probe, 2));
  if (rk_inverse(&out, &probe) == RK_ESYS) {
    printf("no LAPACK here: %s\n", rk_error());
    return test_done();
  }
  rk_tensor_drop(&probe), rk_tensor_drop(&out);
  RUN(solvers);
  RUN(least_squares);
  RUN(factors);
  RUN(eigenvalues);
  RUN(pivots);
  RUN(refusals);
  CHECK_EQ(rk_live_bytes, 0);
  return test_done();
}
