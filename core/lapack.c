/* lapack.c -- decompositions and solvers: LAPACK's routines on tensors.
 *
 * LAPACK wants columns; tensors have rows. Each operand is copied into a packed
 * matrix of columns (`struct columns`), the routine runs in place there, and results are
 * copied out: O(n^2) beside O(n^3). Matrices that Torch7 returned column by column are here, too (their
 * steps are 1 and the number of rows); programs test for it. The routines are looked up by
 * name in the library that blas.c has opened; all their arguments are
 * pointers, as in Fortran. */
#include "gemm.h"
#include "internal.h"
#include <stdio.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

typedef const void *P;
#define ARGS_5 P, P, P, P, P
#define ARGS_6 ARGS_5, P
#define ARGS_7 ARGS_6, P
#define ARGS_8 ARGS_7, P
#define ARGS_9 ARGS_8, P
#define ARGS_10 ARGS_9, P
#define ARGS_11 ARGS_10, P
#define ARGS_13 ARGS_11, P, P
#define ARGS_14 ARGS_13, P
#define CALL(n, f, ...) ((void (*)(ARGS_##n))(f))(__VA_ARGS__)

/* Reductions to condensed form multiply vectors, each of which waits for the last: as long as the matrix stays in the
 * caches the library's threads would cost more than they bring (gebrd of 256 x 256 doubles on two cores 8.1 -> 4.0 ms,
 * symeig of 512 x 512 187 -> 121). What was set before is the answer, to be given back. */
enum { ALONE_TO = 512 };
static int keep_alone(int n) {
  if (n > ALONE_TO) return 0;
  int before = 1;
#ifdef _OPENMP
  before = omp_get_max_threads();
  omp_set_num_threads(1);
#endif
  rk_blas_alone(true);
  return before;
}
static void end_alone(int before) {
  if (!before) return;
#ifdef _OPENMP
  omp_set_num_threads(before);
#endif
  rk_blas_alone(false);
}

/* The routine for the dtype: "gesv" is sgesv_ or dgesv_. */
static int routine(const char *who, const char *name, int dtype, void **f) {
  char full[24];
  snprintf(full, sizeof full, "%c%s_", dtype == RK_f32 ? 's' : 'd', name);
  *f = rk_blas_symbol(full);
  return *f ? RK_OK : rk_fail(RK_ESYS, "%s: no LAPACK on this machine: install libopenblas (routine %s)", who, full);
}

static int check_matrix(const char *who, int n, const struct rk_tensor *a, bool square) {
  RK_TRY(rk_need(a, who, n));
  if (a->dt != RK_f32 && a->dt != RK_f64)
    return rk_fail(RK_EDTYPE, "%s: argument %d: expected FloatTensor or DoubleTensor, got %s", who, n, rk_describe(a));
  if (a->rank != 2 || rk_tensor_count(a) == 0)
    return rk_fail(RK_ESHAPE, "%s: argument %d: a matrix with elements expected, got %s", who, n, rk_describe(a));
  if (square && a->shape[0] != a->shape[1])
    return rk_fail(RK_ESHAPE, "%s: argument %d: a square matrix expected, got %s", who, n, rk_describe(a));
  if (a->shape[0] > INT32_MAX || a->shape[1] > INT32_MAX)
    return rk_fail(RK_ESHAPE, "%s: argument %d: %s is larger than LAPACK can count", who, n, rk_describe(a));
  return RK_OK;
}
/* b has the rows of a, and its dtype. */
static int check_pair(const char *who, const struct rk_tensor *b, const struct rk_tensor *a) {
  RK_TRY(check_matrix(who, 1, b, false));
  RK_TRY(rk_same_dtype(who, a, b));
  if (b->shape[0] != a->shape[0])
    return rk_fail(RK_ESHAPE, "%s: right-hand side %s and matrix %s must have as many rows", who, rk_describe(b),
                   rk_describe(a));
  return RK_OK;
}

/* -- matrices of columns ------------------------------------------------------------------------ */
struct columns {
  struct rk_tensor t; /* columns x ld, packed: element (i, j) lies at j*ld + i */
  int rows, cols, ld;
};
static int columns_new(struct columns *m, int dtype, int64_t rows, int64_t cols, int64_t ld) {
  const int64_t shape[] = {cols, ld};
  m->t = (struct rk_tensor){0};
  m->rows = (int)rows, m->cols = (int)cols, m->ld = (int)ld;
  return rk_tensor_init(&m->t, dtype, 2, shape);
}
static void *data(const struct columns *m) { return rk_at(&m->t); }
/* A view of the first rows x cols, rows first. */
static int columns_view(const struct columns *m, int64_t rows, int64_t cols, struct rk_tensor *v) {
  *v = (struct rk_tensor){.dt = m->t.dt};
  RK_TRY(rk_transpose(v, &m->t, 0, 1));
  RK_TRY(rk_narrow(v, v, 0, 0, rows));
  return rk_narrow(v, v, 1, 0, cols);
}
static int columns_load(struct columns *m, const struct rk_tensor *x, int64_t ld) {
  struct rk_tensor v = {0};
  RK_TRY(columns_new(m, x->dt, x->shape[0], x->shape[1], ld > x->shape[0] ? ld : x->shape[0]));
  if (m->ld > m->rows) RK_TRY(rk_zero(&m->t));
  int status = columns_view(m, x->shape[0], x->shape[1], &v);
  if (!status) status = rk_copy(&v, x);
  rk_tensor_drop(&v);
  return status;
}
static int columns_store(struct rk_tensor *out, const struct columns *m, int64_t rows, int64_t cols, const char *who) {
  struct rk_tensor v;
  const int64_t shape[] = {rows, cols};
  if (!out) return RK_OK;
  int status = columns_view(m, rows, cols, &v);
  if (!status && out->dt != v.dt) status = rk_same_dtype(who, out, &v);
  if (!status) status = rk_result(out, 2, shape, who);
  if (!status) status = rk_copy(out, &v);
  rk_tensor_drop(&v);
  return status;
}
/* The same, and a packed result is laid out by columns. */
static int columns_give(struct rk_tensor *out, const struct columns *m, int64_t rows, int64_t cols, const char *who) {
  const int64_t shape[] = {rows, cols};
  if (!out) return RK_OK;
  if (out->dt == m->t.dt) { /* else columns_store refuses */
    RK_TRY(rk_result(out, 2, shape, who));
    if (rk_tensor_packed(out)) out->step[0] = 1, out->step[1] = rows;
  }
  return columns_store(out, m, rows, cols, who);
}
static void columns_drop(struct columns *m) { rk_tensor_drop(&m->t); }

static int vector_store(struct rk_tensor *out, const struct columns *m, int64_t n, const char *who) {
  struct rk_tensor v = {0};
  RK_TRY(rk_tensor_view(&v, &m->t));
  int status = rk_reshape(&v, &v, 1, (const int64_t[]){rk_tensor_count(&m->t)});
  if (!status) status = rk_narrow(&v, &v, 0, 0, n);
  if (!status && out->dt != v.dt) status = rk_same_dtype(who, out, &v);
  if (!status) status = rk_result(out, 1, &n, who);
  if (!status) status = rk_copy(out, &v);
  rk_tensor_drop(&v);
  return status;
}

/* The answer to a workspace query stands in the first element. */
static int workspace(struct columns *work, int dtype, const void *answer, int *size) {
  double n = dtype == RK_f32 ? (double)*(const float *)answer : *(const double *)answer;
  *size = (int)n > 0 ? (int)n : 1;
  return columns_new(work, dtype, *size, 1, *size);
}

/* Zero the triangle above (or below) the diagonal. */
static void clear_triangle(struct columns *m, bool upper_part) {
  size_t size = (size_t)rk_dtype_size(m->t.dt);
  for (int j = 0; j < m->cols; j++) {
    int first = upper_part ? 0 : j + 1, end = upper_part ? (j < m->rows ? j : m->rows) : m->rows;
    if (end > first)
      memset((char *)data(m) + ((size_t)j * (size_t)m->ld + (size_t)first) * size, 0, (size_t)(end - first) * size);
  }
}

static int bad_argument(const char *who, int info) {
  return rk_fail(RK_EARG, "%s: LAPACK refused argument %d (NaN in the matrix?)", who, -info);
}

/* -- solving -------------------------------------------------------------------------------------------- */
int rk_gesv(struct rk_tensor *x, struct rk_tensor *lu, const struct rk_tensor *b, const struct rk_tensor *a) {
  void *f;
  RK_TRY(rk_need(x, "gesv", 1));
  RK_TRY(check_matrix("gesv", 2, a, true));
  RK_TRY(check_pair("gesv", b, a));
  RK_TRY(routine("gesv", "gesv", a->dt, &f));
  struct columns ca = {0}, cb = {0}, pivots = {0};
  int status = columns_load(&ca, a, 0), info = 0;
  if (!status) status = columns_load(&cb, b, 0);
  if (!status) status = columns_new(&pivots, RK_i32, ca.rows, 1, ca.rows);
  if (!status) {
    CALL(8, f, &ca.rows, &cb.cols, data(&ca), &ca.ld, data(&pivots), data(&cb), &cb.ld, &info);
    if (info > 0) status = rk_fail(RK_EARG, "gesv: %s is singular: pivot %d is zero", rk_describe(a), info);
    if (info < 0) status = bad_argument("gesv", info);
  }
  if (!status) status = columns_give(x, &cb, cb.rows, cb.cols, "gesv");
  if (!status) status = columns_give(lu, &ca, ca.rows, ca.cols, "gesv");
  columns_drop(&ca), columns_drop(&cb), columns_drop(&pivots);
  return status;
}

int rk_gels(struct rk_tensor *x, struct rk_tensor *qr, const struct rk_tensor *b, const struct rk_tensor *a) {
  void *f;
  RK_TRY(rk_need(x, "gels", 1));
  RK_TRY(check_matrix("gels", 2, a, false));
  RK_TRY(check_pair("gels", b, a));
  RK_TRY(routine("gels", "gels", a->dt, &f));
  struct columns ca = {0}, cb = {0}, work = {0};
  int status = columns_load(&ca, a, 0), info = 0, query = -1, size = 0;
  double answer = 0;
  if (!status) status = columns_load(&cb, b, a->shape[1]);
  if (!status) {
    CALL(11, f, "N", &ca.rows, &ca.cols, &cb.cols, data(&ca), &ca.ld, data(&cb), &cb.ld, &answer, &query, &info);
    status = workspace(&work, a->dt, &answer, &size);
  }
  if (!status) {
    CALL(11, f, "N", &ca.rows, &ca.cols, &cb.cols, data(&ca), &ca.ld, data(&cb), &cb.ld, data(&work), &size, &info);
    if (info > 0)
      status = rk_fail(RK_EARG, "gels: %s has not full rank: diagonal element %d of its factor is zero", rk_describe(a),
                       info);
    if (info < 0) status = bad_argument("gels", info);
  }
  if (!status) status = columns_give(x, &cb, ca.cols, cb.cols, "gels");
  if (!status) status = columns_give(qr, &ca, ca.rows, ca.cols, "gels");
  columns_drop(&ca), columns_drop(&cb), columns_drop(&work);
  return status;
}

int rk_trtrs(struct rk_tensor *x, const struct rk_tensor *b, const struct rk_tensor *a, int upper, int transposed,
             int unit) {
  void *f;
  RK_TRY(rk_need(x, "trtrs", 1));
  RK_TRY(check_matrix("trtrs", 2, a, true));
  RK_TRY(check_pair("trtrs", b, a));
  RK_TRY(routine("trtrs", "trtrs", a->dt, &f));
  struct columns ca = {0}, cb = {0};
  int status = columns_load(&ca, a, 0), info = 0;
  if (!status) status = columns_load(&cb, b, 0);
  if (!status) {
    CALL(10, f, upper ? "U" : "L", transposed ? "T" : "N", unit ? "U" : "N", &ca.rows, &cb.cols, data(&ca), &ca.ld,
         data(&cb), &cb.ld, &info);
    if (info > 0) status = rk_fail(RK_EARG, "trtrs: %s is singular: diagonal element %d is zero", rk_describe(a), info);
    if (info < 0) status = bad_argument("trtrs", info);
  }
  if (!status) status = columns_give(x, &cb, cb.rows, cb.cols, "trtrs");
  columns_drop(&ca), columns_drop(&cb);
  return status;
}

/* -- factors --------------------------------------------------------------------------------------------- */
int rk_lu(struct rk_tensor *lu, struct rk_tensor *pivots, int *swaps, const struct rk_tensor *a) {
  void *f;
  RK_TRY(rk_need(lu, "lu", 1));
  RK_TRY(check_matrix("lu", 2, a, false));
  RK_TRY(routine("lu", "getrf", a->dt, &f));
  struct columns ca = {0}, piv = {0};
  int n = (int)(a->shape[0] < a->shape[1] ? a->shape[0] : a->shape[1]), info = 0, odd = 0;
  int status = columns_load(&ca, a, 0);
  if (!status) status = columns_new(&piv, RK_i32, n, 1, n);
  if (!status) {
    CALL(6, f, &ca.rows, &ca.cols, data(&ca), &ca.ld, data(&piv), &info);
    if (info < 0) status = bad_argument("lu", info); /* info > 0: a zero pivot, which is an answer here */
    for (int k = 0; k < n; k++) odd += ((int32_t *)data(&piv))[k] != k + 1;
    if (swaps) *swaps = odd;
  }
  if (!status) status = columns_store(lu, &ca, ca.rows, ca.cols, "lu");
  if (!status && pivots) status = vector_store(pivots, &piv, n, "lu");
  columns_drop(&ca), columns_drop(&piv);
  return status;
}

int rk_inverse(struct rk_tensor *out, const struct rk_tensor *a) {
  void *f, *g;
  RK_TRY(rk_need(out, "inverse", 1));
  RK_TRY(check_matrix("inverse", 2, a, true));
  RK_TRY(routine("inverse", "getrf", a->dt, &f));
  RK_TRY(routine("inverse", "getri", a->dt, &g));
  struct columns ca = {0}, piv = {0}, work = {0};
  int info = 0, query = -1, size = 0, status = columns_load(&ca, a, 0);
  double answer = 0;
  if (!status) status = columns_new(&piv, RK_i32, ca.rows, 1, ca.rows);
  if (!status) {
    CALL(6, f, &ca.rows, &ca.cols, data(&ca), &ca.ld, data(&piv), &info);
    if (info > 0) status = rk_fail(RK_EARG, "inverse: %s is singular: pivot %d is zero", rk_describe(a), info);
    if (info < 0) status = bad_argument("inverse", info);
  }
  if (!status) {
    CALL(7, g, &ca.rows, data(&ca), &ca.ld, data(&piv), &answer, &query, &info);
    status = workspace(&work, a->dt, &answer, &size);
  }
  if (!status) {
    CALL(7, g, &ca.rows, data(&ca), &ca.ld, data(&piv), data(&work), &size, &info);
    status = columns_give(out, &ca, ca.rows, ca.cols, "inverse");
  }
  columns_drop(&ca), columns_drop(&piv), columns_drop(&work);
  return status;
}

int rk_potrf(struct rk_tensor *out, const struct rk_tensor *a, int upper) {
  void *f;
  RK_TRY(rk_need(out, "potrf", 1));
  RK_TRY(check_matrix("potrf", 2, a, true));
  RK_TRY(routine("potrf", "potrf", a->dt, &f));
  struct columns ca = {0};
  int info = 0, status = columns_load(&ca, a, 0);
  if (!status) {
    CALL(5, f, upper ? "U" : "L", &ca.rows, data(&ca), &ca.ld, &info);
    if (info > 0)
      status = rk_fail(RK_EARG, "potrf: %s is not positive definite: leading minor %d is not", rk_describe(a), info);
    if (info < 0) status = bad_argument("potrf", info);
  }
  if (!status) {
    clear_triangle(&ca, !upper);
    status = columns_give(out, &ca, ca.rows, ca.cols, "potrf");
  }
  columns_drop(&ca);
  return status;
}

int rk_potrs(struct rk_tensor *x, const struct rk_tensor *b, const struct rk_tensor *factor, int upper) {
  void *f;
  RK_TRY(rk_need(x, "potrs", 1));
  RK_TRY(check_matrix("potrs", 2, factor, true));
  RK_TRY(check_pair("potrs", b, factor));
  RK_TRY(routine("potrs", "potrs", factor->dt, &f));
  struct columns ca = {0}, cb = {0};
  int info = 0, status = columns_load(&ca, factor, 0);
  if (!status) status = columns_load(&cb, b, 0);
  if (!status) {
    CALL(8, f, upper ? "U" : "L", &ca.rows, &cb.cols, data(&ca), &ca.ld, data(&cb), &cb.ld, &info);
    status = info ? bad_argument("potrs", info) : columns_give(x, &cb, cb.rows, cb.cols, "potrs");
  }
  columns_drop(&ca), columns_drop(&cb);
  return status;
}

/* LAPACK fills one triangle; the other is its mirror image. */
static int mirror(struct columns *m, bool from_upper) {
  struct rk_tensor to = {0}, from = {0};
  int status = RK_OK;
  for (int k = 1; k < m->rows && !status; k++) { /* diagonal k above and below */
    status = rk_diagonal(&to, &m->t, from_upper ? k : -k);
    if (!status)
      status = rk_diagonal(&from, &m->t, from_upper ? -k : k); /* t is transposed: its lower part is the upper one */
    if (!status) status = rk_copy(&to, &from);
    rk_tensor_drop(&to), rk_tensor_drop(&from);
    to.dt = from.dt = m->t.dt;
  }
  return status;
}
int rk_potri(struct rk_tensor *out, const struct rk_tensor *factor, int upper) {
  void *f;
  RK_TRY(rk_need(out, "potri", 1));
  RK_TRY(check_matrix("potri", 2, factor, true));
  RK_TRY(routine("potri", "potri", factor->dt, &f));
  struct columns ca = {0};
  int info = 0, status = columns_load(&ca, factor, 0);
  if (!status) {
    CALL(5, f, upper ? "U" : "L", &ca.rows, data(&ca), &ca.ld, &info);
    if (info > 0)
      status = rk_fail(RK_EARG, "potri: %s is singular: diagonal element %d is zero", rk_describe(factor), info);
    if (info < 0) status = bad_argument("potri", info);
  }
  if (!status) status = mirror(&ca, upper);
  if (!status) status = columns_give(out, &ca, ca.rows, ca.cols, "potri");
  columns_drop(&ca);
  return status;
}

int rk_pstrf(struct rk_tensor *out, struct rk_tensor *pivots, const struct rk_tensor *a, int upper, double tolerance) {
  void *f;
  RK_TRY(rk_need(out, "pstrf", 1));
  RK_TRY(rk_need(pivots, "pstrf", 2));
  RK_TRY(check_matrix("pstrf", 3, a, true));
  RK_TRY(routine("pstrf", "pstrf", a->dt, &f));
  struct columns ca = {0}, piv = {0}, work = {0};
  int info = 0, rank = 0, status = columns_load(&ca, a, 0);
  float tolerance32 = (float)tolerance;
  if (!status) status = columns_new(&piv, RK_i32, ca.rows, 1, ca.rows);
  if (!status) status = columns_new(&work, a->dt, 2 * (int64_t)ca.rows, 1, 2 * (int64_t)ca.rows);
  if (!status) {
    CALL(9, f, upper ? "U" : "L", &ca.rows, data(&ca), &ca.ld, data(&piv), &rank,
         a->dt == RK_f32 ? (P)&tolerance32 : (P)&tolerance, data(&work), &info);
    if (info < 0) status = bad_argument("pstrf", info); /* info > 0: rank deficient, which the factor shows */
  }
  if (!status) {
    clear_triangle(&ca, !upper);
    status = columns_give(out, &ca, ca.rows, ca.cols, "pstrf");
  }
  if (!status) status = vector_store(pivots, &piv, ca.rows, "pstrf");
  columns_drop(&ca), columns_drop(&piv), columns_drop(&work);
  return status;
}

/* -- QR -------------------------------------------------------------------------------------------------------- */
/* Run geqrf on ca; tau as a column. */
static int factor_qr(const char *who, struct columns *ca, struct columns *tau) {
  void *f;
  struct columns work = {0};
  int n = ca->rows < ca->cols ? ca->rows : ca->cols, info = 0, query = -1, size = 0;
  double answer = 0;
  RK_TRY(routine(who, "geqrf", ca->t.dt, &f));
  RK_TRY(columns_new(tau, ca->t.dt, n, 1, n));
  CALL(8, f, &ca->rows, &ca->cols, data(ca), &ca->ld, data(tau), &answer, &query, &info);
  RK_TRY(workspace(&work, ca->t.dt, &answer, &size));
  const int before = keep_alone(ca->rows > ca->cols ? ca->rows : ca->cols);
  CALL(8, f, &ca->rows, &ca->cols, data(ca), &ca->ld, data(tau), data(&work), &size, &info);
  end_alone(before);
  columns_drop(&work);
  return info ? bad_argument(who, info) : RK_OK;
}
/* Replace the compact form in the first `cols` columns by Q's. */
static int expand_q(const char *who, struct columns *ca, int cols, const struct columns *tau, int reflectors) {
  void *f;
  struct columns work = {0};
  int info = 0, query = -1, size = 0;
  double answer = 0;
  RK_TRY(routine(who, "orgqr", ca->t.dt, &f));
  CALL(9, f, &ca->rows, &cols, &reflectors, data(ca), &ca->ld, data(tau), &answer, &query, &info);
  RK_TRY(workspace(&work, ca->t.dt, &answer, &size));
  const int before = keep_alone(ca->rows > cols ? ca->rows : cols);
  CALL(9, f, &ca->rows, &cols, &reflectors, data(ca), &ca->ld, data(tau), data(&work), &size, &info);
  end_alone(before);
  columns_drop(&work);
  return info ? bad_argument(who, info) : RK_OK;
}

int rk_geqrf(struct rk_tensor *m, struct rk_tensor *tau, const struct rk_tensor *a) {
  RK_TRY(rk_need(m, "geqrf", 1));
  RK_TRY(rk_need(tau, "geqrf", 2));
  RK_TRY(check_matrix("geqrf", 3, a, false));
  struct columns ca = {0}, ct = {0};
  int status = columns_load(&ca, a, 0);
  if (!status) status = factor_qr("geqrf", &ca, &ct);
  if (!status) status = columns_give(m, &ca, ca.rows, ca.cols, "geqrf");
  if (!status) status = vector_store(tau, &ct, ct.rows, "geqrf");
  columns_drop(&ca), columns_drop(&ct);
  return status;
}

static int check_tau(const char *who, const struct rk_tensor *tau, const struct rk_tensor *m, struct columns *ct) {
  RK_TRY(rk_need(tau, who, 2));
  RK_TRY(rk_same_dtype(who, m, tau));
  int64_t n = rk_tensor_count(tau);
  if (n < 1 || n > m->shape[0] || n > m->shape[1])
    return rk_fail(RK_ESHAPE, "%s: argument 2: one factor for each reflector of %s expected, got %s", who,
                   rk_describe(m), rk_describe(tau));
  RK_TRY(columns_new(ct, m->dt, n, 1, n));
  struct rk_tensor v = {0};
  RK_TRY(rk_tensor_view(&v, &ct->t));
  int status = rk_copy(&v, tau);
  rk_tensor_drop(&v);
  return status;
}

/* Of a wide m, Q takes the first columns, and the others stay as they are: LAPACK fills the matrix in place, and Torch7
 * gave all of it. */
int rk_orgqr(struct rk_tensor *q, const struct rk_tensor *m, const struct rk_tensor *tau) {
  RK_TRY(rk_need(q, "orgqr", 1));
  RK_TRY(check_matrix("orgqr", 1, m, false));
  struct columns ca = {0}, ct = {0};
  int status = check_tau("orgqr", tau, m, &ct);
  if (!status) status = columns_load(&ca, m, 0);
  int cols = ca.cols < ca.rows ? ca.cols : ca.rows;
  if (!status) status = expand_q("orgqr", &ca, cols, &ct, ct.rows);
  if (!status) status = columns_give(q, &ca, ca.rows, ca.cols, "orgqr");
  columns_drop(&ca), columns_drop(&ct);
  return status;
}

int rk_ormqr(struct rk_tensor *out, const struct rk_tensor *m, const struct rk_tensor *tau, const struct rk_tensor *c,
             int left, int transposed) {
  void *f;
  RK_TRY(rk_need(out, "ormqr", 1));
  RK_TRY(check_matrix("ormqr", 1, m, false));
  RK_TRY(check_matrix("ormqr", 3, c, false));
  RK_TRY(rk_same_dtype("ormqr", m, c));
  if (c->shape[left ? 0 : 1] != m->shape[0])
    return rk_fail(RK_ESHAPE, "ormqr: Q of %s cannot multiply %s from the %s", rk_describe(m), rk_describe(c),
                   left ? "left" : "right");
  RK_TRY(routine("ormqr", "ormqr", m->dt, &f));
  struct columns ca = {0}, ct = {0}, cc = {0}, work = {0};
  int info = 0, query = -1, size = 0;
  double answer = 0;
  int status = check_tau("ormqr", tau, m, &ct);
  if (!status) status = columns_load(&ca, m, 0);
  if (!status) status = columns_load(&cc, c, 0);
  if (!status) {
    CALL(13, f, left ? "L" : "R", transposed ? "T" : "N", &cc.rows, &cc.cols, &ct.rows, data(&ca), &ca.ld, data(&ct),
         data(&cc), &cc.ld, &answer, &query, &info);
    status = workspace(&work, m->dt, &answer, &size);
  }
  if (!status) {
    CALL(13, f, left ? "L" : "R", transposed ? "T" : "N", &cc.rows, &cc.cols, &ct.rows, data(&ca), &ca.ld, data(&ct),
         data(&cc), &cc.ld, data(&work), &size, &info);
    status = info ? bad_argument("ormqr", info) : columns_give(out, &cc, cc.rows, cc.cols, "ormqr");
  }
  columns_drop(&ca), columns_drop(&ct), columns_drop(&cc), columns_drop(&work);
  return status;
}

int rk_qr(struct rk_tensor *q, struct rk_tensor *r, const struct rk_tensor *a) {
  RK_TRY(rk_need(q, "qr", 1));
  RK_TRY(rk_need(r, "qr", 2));
  RK_TRY(check_matrix("qr", 3, a, false));
  struct columns ca = {0}, cr = {0}, ct = {0};
  int k = (int)(a->shape[0] < a->shape[1] ? a->shape[0] : a->shape[1]);
  int status = columns_load(&ca, a, 0);
  if (!status) status = factor_qr("qr", &ca, &ct);
  if (!status) status = columns_new(&cr, a->dt, ca.rows, ca.cols, ca.ld);
  if (!status) status = rk_copy(&cr.t, &ca.t);
  if (!status) clear_triangle(&cr, false);
  if (!status) status = expand_q("qr", &ca, k, &ct, k);
  if (!status) status = columns_give(q, &ca, ca.rows, k, "qr");
  if (!status) status = columns_give(r, &cr, k, cr.cols, "qr");
  columns_drop(&ca), columns_drop(&cr), columns_drop(&ct);
  return status;
}

/* -- eigenvalues and singular values ------------------------------------------------------------------------------ */
int rk_symeig(struct rk_tensor *e, struct rk_tensor *v, const struct rk_tensor *a, int vectors, int upper) {
  void *f;
  RK_TRY(rk_need(e, "symeig", 1));
  RK_TRY(check_matrix("symeig", 3, a, true));
  RK_TRY(routine("symeig", "syev", a->dt, &f));
  struct columns ca = {0}, ce = {0}, work = {0};
  int info = 0, query = -1, size = 0, status = columns_load(&ca, a, 0);
  double answer = 0;
  if (!status) status = columns_new(&ce, a->dt, ca.rows, 1, ca.rows);
  if (!status) {
    CALL(9, f, vectors ? "V" : "N", upper ? "U" : "L", &ca.rows, data(&ca), &ca.ld, data(&ce), &answer, &query, &info);
    status = workspace(&work, a->dt, &answer, &size);
  }
  if (!status) {
    const int before = keep_alone(ca.rows);
    CALL(9, f, vectors ? "V" : "N", upper ? "U" : "L", &ca.rows, data(&ca), &ca.ld, data(&ce), data(&work), &size,
         &info);
    end_alone(before);
    if (info > 0)
      status = rk_fail(RK_EARG, "symeig: no convergence for %s: %d off-diagonal elements remain", rk_describe(a), info);
    if (info < 0) status = bad_argument("symeig", info);
  }
  if (!status) status = vector_store(e, &ce, ca.rows, "symeig");
  if (!status && vectors) status = columns_give(v, &ca, ca.rows, ca.cols, "symeig");
  columns_drop(&ca), columns_drop(&ce), columns_drop(&work);
  return status;
}

int rk_eig(struct rk_tensor *e, struct rk_tensor *v, const struct rk_tensor *a, int vectors) {
  void *f;
  RK_TRY(rk_need(e, "eig", 1));
  RK_TRY(check_matrix("eig", 3, a, true));
  RK_TRY(routine("eig", "geev", a->dt, &f));
  struct columns ca = {0}, ce = {0}, cv = {0}, work = {0}; /* ce: a column of real, one of imaginary parts */
  int info = 0, query = -1, size = 0, one = 1, status = columns_load(&ca, a, 0), n = (int)a->shape[0];
  double answer = 0;
  const char *job = vectors ? "V" : "N";
  if (!status) status = columns_new(&ce, a->dt, n, 2, n);
  if (!status) status = columns_new(&cv, a->dt, vectors ? n : 1, vectors ? n : 1, vectors ? n : 1);
  if (!status) {
    char *re = data(&ce), *im = re + (size_t)n * (size_t)rk_dtype_size(a->dt);
    CALL(14, f, "N", job, &n, data(&ca), &ca.ld, re, im, NULL, &one, data(&cv), &cv.ld, &answer, &query, &info);
    status = workspace(&work, a->dt, &answer, &size);
    const int before = keep_alone(n);
    if (!status)
      CALL(14, f, "N", job, &n, data(&ca), &ca.ld, re, im, NULL, &one, data(&cv), &cv.ld, data(&work), &size, &info);
    end_alone(before);
    if (!status && info > 0)
      status = rk_fail(RK_EARG, "eig: no convergence for %s: eigenvalues 1 to %d are missing", rk_describe(a), info);
    if (!status && info < 0) status = bad_argument("eig", info);
  }
  if (!status) status = columns_store(e, &ce, n, 2, "eig");
  if (!status && vectors) status = columns_give(v, &cv, n, n, "eig");
  columns_drop(&ca), columns_drop(&ce), columns_drop(&cv), columns_drop(&work);
  return status;
}

/* -- svd of matrices that are not long in one direction -----------------------------------------------
 * What gesdd does for them, in its own order: bidiagonal form, divide and conquer, and the two orthogonal factors
 * applied. gesdd applies one after the other; here each has a thread, 1.2 times as fast for 256x256 on two cores.
 * m x n with k the lesser; A, U, VT of columns; S: k numbers. */
struct bidiagonal {
  void *apply;                      /* ormbr */
  struct columns *a, *u, *vt, *tau; /* tau: a column for Q, one for P */
  struct columns work[2];
  int m, n, k, size, info[2];
};
static void apply_factor(void *arg, int64_t part) {
  struct bidiagonal *b = arg;
  struct columns *to = part ? b->vt : b->u;
  char *tau = (char *)data(b->tau) + (size_t)part * (size_t)b->tau->ld * (size_t)rk_dtype_size(b->a->t.dt);
  const int rows = part ? b->k : b->m, cols = part ? b->n : b->k, inner = part ? b->m : b->n;
  CALL(14, b->apply, part ? "P" : "Q", part ? "R" : "L", part ? "T" : "N", &rows, &cols, &inner, data(b->a), &b->a->ld,
       tau, data(to), &to->ld, data(&b->work[part]), &b->size, &b->info[part]);
}
enum { SVD_FROM = 48, SVD_BLOCK = 64 };
/* Is it ours? Of moderate shape, neither tiny nor scaled so far that gesdd would rescale it, and finite. */
static bool svd_is_plain(const struct rk_tensor *a, int m, int n) {
  const int k = m < n ? m : n, longer = m < n ? n : m;
  struct rk_value least, most;
  if (k < SVD_FROM || longer > k * 3 / 2) return false;
  if (rk_reduce(RK_RED_amin, a, 0, &least) || rk_reduce(RK_RED_amax, a, 0, &most)) return false;
  const double size = -least.f > most.f ? -least.f : most.f, far = a->dt == RK_f32 ? 1e15 : 1e140;
  return size < far && size > 1 / far;
}
static int svd_plain(struct columns *a, struct columns *u, struct columns *s, struct columns *vt,
                     struct columns *iwork) {
  void *reduce, *solve;
  const int dt = a->t.dt;
  struct columns e = {0}, tau = {0};
  struct bidiagonal b = {.a = a, .u = u, .vt = vt, .tau = &tau, .m = a->rows, .n = a->cols};
  b.k = b.m < b.n ? b.m : b.n;
  b.size = (b.m + b.n) * SVD_BLOCK; /* enough for blocks of 64 in gebrd and ormbr */
  RK_TRY(routine("svd", "gebrd", dt, &reduce));
  RK_TRY(routine("svd", "bdsdc", dt, &solve));
  RK_TRY(routine("svd", "ormbr", dt, &b.apply));
  const int64_t room = 3 * (int64_t)b.k * b.k + 4 * (int64_t)b.k, most = b.size > room ? b.size : room; /* bdsdc's */
  int info = 0, status = columns_new(&e, dt, b.k, 1, b.k);
  if (!status) status = columns_new(&tau, dt, b.k, 2, b.k);
  if (!status) status = columns_new(&b.work[0], dt, most, 1, most);
  if (!status) status = columns_new(&b.work[1], dt, b.size, 1, b.size);
  if (!status) status = rk_zero(&u->t);
  if (!status) status = rk_zero(&vt->t);
  if (!status) {
    char *tauq = data(&tau), *taup = tauq + (size_t)b.k * (size_t)rk_dtype_size(dt);
    const int before = keep_alone(b.k);
    CALL(11, reduce, &b.m, &b.n, data(a), &a->ld, data(s), data(&e), tauq, taup, data(&b.work[0]), &b.size, &info);
    if (!info)
      CALL(14, solve, b.m >= b.n ? "U" : "L", "I", &b.k, data(s), data(&e), data(u), &u->ld, data(vt), &vt->ld, NULL,
           NULL, data(&b.work[0]), data(iwork), &info);
    end_alone(before);
    if (!info) {
      rk_parallel(2, (int64_t)b.m * b.n * b.k, apply_factor, &b);
      info = b.info[0] ? b.info[0] : b.info[1];
    }
    if (info > 0) status = rk_fail(RK_EARG, "svd: no convergence for a matrix of %dx%d", b.m, b.n);
    if (info < 0) status = bad_argument("svd", info);
  }
  columns_drop(&e), columns_drop(&tau), columns_drop(&b.work[0]), columns_drop(&b.work[1]);
  return status;
}

int rk_svd(struct rk_tensor *u, struct rk_tensor *s, struct rk_tensor *v, const struct rk_tensor *a, int full) {
  void *f;
  RK_TRY(rk_need(s, "svd", 2));
  RK_TRY(check_matrix("svd", 4, a, false));
  RK_TRY(routine("svd", "gesdd", a->dt, &f));
  struct columns ca = {0}, cu = {0}, cs = {0}, cv = {0}, iwork = {0}, work = {0};
  int m = (int)a->shape[0], n = (int)a->shape[1], k = m < n ? m : n, info = 0, query = -1, size = 0;
  int nu = full ? m : k, nv = full ? n : k;
  double answer = 0;
  const char *job = full ? "A" : "S";
  int status = columns_load(&ca, a, 0);
  if (!status) status = columns_new(&cu, a->dt, m, nu, m);
  if (!status) status = columns_new(&cv, a->dt, nv, n, nv);
  if (!status) status = columns_new(&cs, a->dt, k, 1, k);
  if (!status) status = columns_new(&iwork, RK_i32, 8 * (int64_t)k, 1, 8 * (int64_t)k);
  const bool plain = (!full || m == n) && svd_is_plain(a, m, n);
  if (!status && plain) status = svd_plain(&ca, &cu, &cs, &cv, &iwork);
  if (!status && !plain) {
    CALL(14, f, job, &m, &n, data(&ca), &ca.ld, data(&cs), data(&cu), &cu.ld, data(&cv), &cv.ld, &answer, &query,
         data(&iwork), &info);
    status = workspace(&work, a->dt, &answer, &size);
  }
  if (!status && !plain) {
    CALL(14, f, job, &m, &n, data(&ca), &ca.ld, data(&cs), data(&cu), &cu.ld, data(&cv), &cv.ld, data(&work), &size,
         data(&iwork), &info);
    if (info > 0)
      status = rk_fail(RK_EARG, "svd: no convergence for %s: %d superdiagonals remain", rk_describe(a), info);
    if (info < 0) status = bad_argument("svd", info);
  }
  if (!status && u) status = columns_give(u, &cu, m, nu, "svd");
  if (!status) status = vector_store(s, &cs, k, "svd");
  if (!status && v) { /* LAPACK gives V transposed: its columns-first memory is V row by row */
    const int64_t shape[] = {n, nv};
    status = v->dt == a->dt ? rk_result(v, 2, shape, "svd") : rk_same_dtype("svd", v, a);
    if (!status) status = rk_copy(v, &cv.t);
  }
  columns_drop(&ca), columns_drop(&cu), columns_drop(&cs), columns_drop(&cv), columns_drop(&iwork), columns_drop(&work);
  return status;
}
