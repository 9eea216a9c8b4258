/* gemm.c -- matrix products: the checks, and who computes what.
 *
 * float32 and float64 go to the BLAS library (blas.c) when there is one and the steps suit it (transposed operands do,
 * without copying), float32 also to oneDNN (dnnl_gemm.c), but small ones to gemm_small.c; all else, and everything
 * under rk_set_deterministic, to gemm_own.c. A batch of small products is split among the threads instead of each
 * product. */
#include "gemm.h"
#include "crowd.h"
#include <stdatomic.h>
#include <string.h>

/* -- checks ---------------------------------------------------------------------------- */
/* Repeated elements would be written several times. */
static bool repeats(const struct rk_tensor *t) {
  for (int d = 0; t && d < t->rank; d++)
    if (t->step[d] == 0 && t->shape[d] > 1) return true;
  return false;
}
/* A result that repeats elements (expanded) keeps the last of what is written to each: computed in fresh memory. */
static int aside(int f(struct rk_tensor *, double, double, const struct rk_tensor *, const struct rk_tensor *),
                 struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a,
                 const struct rk_tensor *b) {
  struct rk_tensor fresh;
  RK_TRY(rk_tensor_init(&fresh, out->dt, out->rank, out->shape));
  int status = rk_copy(&fresh, out);
  if (!status) status = f(&fresh, beta, alpha, a, b);
  if (!status) status = rk_copy(out, &fresh);
  rk_tensor_drop(&fresh);
  return status;
}
static int check_rank(const char *who, const struct rk_tensor *t, int n, int rank) {
  static const char *const wanted[] = {"", "vector", "matrix", "batch of matrices (3 dimensions)"};
  RK_TRY(rk_need(t, who, n));
  if (t->dev != RK_CPU) return rk_fail(RK_EDEVICE, "%s: argument %d: %s is not on the CPU", who, n, rk_describe(t));
  if (t->rank != rank)
    return rk_fail(RK_ESHAPE, "%s: argument %d: %s expected, got %s", who, n, wanted[rank], rk_describe(t));
  return RK_OK;
}
/* out may be written while a and b are read; b NULL: only a. */
static int check_out(const char *who, const struct rk_tensor *out, const struct rk_tensor *a,
                     const struct rk_tensor *b) {
  RK_TRY(rk_same_dtype(who, out, a));
  RK_TRY(rk_same_dtype(who, a, b));
  if (rk_tensor_count(out) == 0) return RK_OK;
  const struct rk_tensor *const inputs[] = {a, b};
  for (int i = 0; i < 2; i++)
    if (rk_overlap(out, inputs[i]) || (rk_tensor_count(inputs[i]) && rk_tensor_same_view(out, inputs[i])))
      return rk_fail(RK_EARG, "%s: the result %s shares memory with argument %d, %s; give another result", who,
                     rk_describe(out), i + 2, rk_describe(inputs[i]));
  return RK_OK;
}
static int check_result(const char *who, const struct rk_tensor *out, int rank, const int64_t *shape) {
  if (out->rank == rank && memcmp(out->shape, shape, (size_t)rank * sizeof *shape) == 0) return RK_OK;
  return rk_fail(RK_ESHAPE, "%s: the result is %s, the product has size %s", who, rk_describe(out),
                 rk_describe_shape(rank, shape));
}
static int check_inner(const char *who, const struct rk_tensor *a, const struct rk_tensor *b, int64_t x, int64_t y) {
  if (x == y) return RK_OK;
  return rk_fail(RK_ESHAPE, "%s: size mismatch: %s times %s, inner sizes %lld and %lld", who, rk_describe(a),
                 rk_describe(b), (long long)x, (long long)y);
}

/* The product of the last two dimensions. */
static struct rk_product product(const struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a,
                                 const struct rk_tensor *b) {
  int i = a->rank - 2, o = out->rank - 2;
  return (struct rk_product){
      .dt = out->dt,
      .m = a->shape[i],
      .n = b->shape[i + 1],
      .k = a->shape[i + 1],
      .a = rk_at(a),
      .b = rk_at(b),
      .out = rk_at(out),
      .a_row = a->step[i],
      .a_col = a->step[i + 1],
      .b_row = b->step[i],
      .b_col = b->step[i + 1],
      .out_row = out->step[o],
      .out_col = out->step[o + 1],
      .alpha = alpha,
      .beta = beta,
  };
}

static bool library(const struct rk_product *p) { return !rk_deterministic() && p->alpha != 0 && rk_blas_serves(p); }
/* float32 goes to oneDNN where it is the faster of the two, by what was measured (dnnl_gemm.c, on one and two threads
 * of a Zen 4): not for small products, nor for thin ones; where b is dense by columns, only in the middle. */
enum { DNNL_FROM = 1 << 20, DNNL_COLS = 16, DNNL_DOTS_FROM = 256, DNNL_DOTS_TO = 2048 };
static bool to_dnnl(const struct rk_product *p) {
  const double work = (double)p->m * (double)p->n * (double)p->k;
  const bool dots = p->b_col != 1;
  return p->dt == RK_f32 && work >= DNNL_FROM && p->n >= (dots ? DNNL_DOTS_FROM : DNNL_COLS) &&
         (!dots || p->n < DNNL_DOTS_TO);
}
static void by_library(const struct rk_product *p, int threads) {
  if (!to_dnnl(p) || !rk_dnnl_gemm(p, threads)) rk_blas_gemm(p);
}

/* Products are cut in one piece a thread, each of them for the library alone: left to itself, OpenBLAS 0.3.21 cuts them
 * worse; 128x784 * 784x512 on two cores came to 142 GFLOP/s of 200, 512^3 to 150 instead of 177. Large ones with few
 * rows and columns a thread are left to it: it packs shared parts once. It starts threads from 2^18 multiplications on,
 * where they do not pay yet: there the pieces are done one after the other (rk_parallel). */
enum { PIECES_FROM = 1 << 18, PIECES_TO = 1 << 27, PIECE_LEAST = 128, PIECE_GRAIN = 16, TURN_GRAIN = 768 };
struct pieces {
  struct rk_product p;
  int64_t size;
  bool rows;   /* of the rows, else of the columns */
  int threads; /* that work on a piece */
};
static void piece_part(void *arg, int64_t part) {
  const struct pieces *s = arg;
  struct rk_product p = s->p;
  int64_t first = part * s->size, bytes = rk_dtype_size(p.dt);
  if (s->rows) {
    p.m = p.m - first < s->size ? p.m - first : s->size;
    p.a += first * p.a_row * bytes, p.out += first * p.out_row * bytes;
  } else {
    p.n = p.n - first < s->size ? p.n - first : s->size;
    p.b += first * p.b_col * bytes, p.out += first * p.out_col * bytes;
  }
  by_library(&p, s->threads);
}
static void library_multiply(const struct rk_product *p) {
  const double work = (double)p->m * (double)p->n * (double)p->k;
  const int threads = rk_threads();
  struct pieces s = {.p = *p, .rows = p->m >= p->n, .threads = 1};
  const int64_t length = s.rows ? p->m : p->n;
  s.size = ((length + threads - 1) / threads + PIECE_GRAIN - 1) / PIECE_GRAIN * PIECE_GRAIN;
  if (work >= PIECES_FROM) (void)rk_crowded();
  if (threads == 1 || work < PIECES_FROM || (work >= PIECES_TO && s.size < PIECE_LEAST)) {
    rk_blas_alone(work < PIECES_FROM);
    by_library(p, work < PIECES_FROM ? 1 : threads);
    return;
  }
  rk_blas_alone(true);
  rk_parallel((length + s.size - 1) / s.size, (int64_t)work / 16, piece_part, &s);
}

/* A product that takes seconds is done in turns, so that it can be left between them. */
static const double turn_work = (double)((int64_t)1 << 36); /* multiplications */
static int in_turns(const struct rk_product *p) {
  const double work = (double)p->m * (double)p->n * (double)p->k;
  struct pieces s = {.p = *p, .rows = p->m >= p->n, .threads = rk_threads()};
  const int64_t length = s.rows ? p->m : p->n, turns = (int64_t)(work / turn_work) + 1;
  s.size = ((length + turns - 1) / turns + TURN_GRAIN - 1) / TURN_GRAIN * TURN_GRAIN;
  rk_blas_alone(false);
  for (int64_t k = 0; k * s.size < length; k++) {
    RK_TRY(rk_interrupted());
    piece_part(&s, k);
  }
  return RK_OK;
}
static int multiply(const struct rk_product *p, const char *who) {
  if (p->m == 0 || p->n == 0 || rk_small_gemm(p)) return RK_OK;
  if (!library(p)) return rk_own_gemm(p, who);
  if ((double)p->m * (double)p->n * (double)p->k > turn_work) return in_turns(p);
  library_multiply(p);
  return RK_OK;
}

/* -- one product ----------------------------------------------------------------------- */
int rk_gemm(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a, const struct rk_tensor *b) {
  if (repeats(out)) return aside(rk_gemm, out, beta, alpha, a, b);
  RK_TRY(rk_need(out, "mm", 1));
  RK_TRY(check_rank("mm", a, 2, 2));
  RK_TRY(check_rank("mm", b, 3, 2));
  RK_TRY(check_inner("mm", a, b, a->shape[1], b->shape[0]));
  RK_TRY(check_result("mm", out, 2, (int64_t[]){a->shape[0], b->shape[1]}));
  RK_TRY(check_out("mm", out, a, b));
  struct rk_product p = product(out, beta, alpha, a, b);
  return multiply(&p, "mm");
}

int rk_gemv(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a, const struct rk_tensor *x) {
  if (repeats(out)) return aside(rk_gemv, out, beta, alpha, a, x);
  RK_TRY(rk_need(out, "mv", 1));
  RK_TRY(check_rank("mv", a, 2, 2));
  RK_TRY(check_rank("mv", x, 3, 1));
  RK_TRY(check_inner("mv", a, x, a->shape[1], x->shape[0]));
  RK_TRY(check_result("mv", out, 1, a->shape));
  RK_TRY(check_out("mv", out, a, x));
  struct rk_product p = {
      .dt = out->dt,
      .m = a->shape[0],
      .n = 1,
      .k = a->shape[1],
      .a = rk_at(a),
      .b = rk_at(x),
      .out = rk_at(out),
      .a_row = a->step[0],
      .a_col = a->step[1],
      .b_row = x->step[0],
      .b_col = 1,
      .out_row = out->step[0],
      .out_col = 1,
      .alpha = alpha,
      .beta = beta,
  };
  if (p.m == 0) return RK_OK;
  if (!rk_deterministic() && alpha != 0 && rk_blas_gemv(&p)) return RK_OK;
  return rk_own_gemv(&p, "mv");
}

int rk_ger(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *x, const struct rk_tensor *y) {
  if (repeats(out)) return aside(rk_ger, out, beta, alpha, x, y);
  RK_TRY(rk_need(out, "ger", 1));
  RK_TRY(check_rank("ger", x, 2, 1));
  RK_TRY(check_rank("ger", y, 3, 1));
  RK_TRY(check_result("ger", out, 2, (int64_t[]){x->shape[0], y->shape[0]}));
  RK_TRY(check_out("ger", out, x, y));
  struct rk_product p = {
      .dt = out->dt,
      .m = x->shape[0],
      .n = y->shape[0],
      .k = 1,
      .a = rk_at(x),
      .b = rk_at(y),
      .out = rk_at(out),
      .a_row = x->step[0],
      .a_col = 1,
      .b_row = 1,
      .b_col = y->step[0],
      .out_row = out->step[0],
      .out_col = out->step[1],
      .alpha = alpha,
      .beta = beta,
  };
  return multiply(&p, "ger");
}

/* -- batches ----------------------------------------------------------------------------- */
struct batch {
  struct rk_product first;
  int64_t a_step, b_step, out_step; /* bytes from one product to the next */
  bool library;
  atomic_int status;
};
static struct rk_product product_of(const struct batch *s, int64_t i) {
  struct rk_product p = s->first;
  p.a += i * s->a_step, p.b += i * s->b_step, p.out += i * s->out_step;
  return p;
}
static void batch_part(void *arg, int64_t i) {
  struct batch *s = arg;
  struct rk_product p = product_of(s, i);
  if (rk_small_gemm(&p)) return;
  if (s->library)
    by_library(&p, 1);
  else if (rk_own_gemm(&p, "bmm") == RK_ENOMEM)
    atomic_store(&s->status, RK_ENOMEM);
}

static int check_batch(const char *who, const struct rk_tensor *out, const struct rk_tensor *a,
                       const struct rk_tensor *b) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(check_rank(who, a, 2, 3));
  RK_TRY(check_rank(who, b, 3, 3));
  if (a->shape[0] != b->shape[0])
    return rk_fail(RK_ESHAPE, "%s: %s and %s: batches of %lld and %lld", who, rk_describe(a), rk_describe(b),
                   (long long)a->shape[0], (long long)b->shape[0]);
  return check_inner(who, a, b, a->shape[2], b->shape[1]);
}
static struct batch batch_of(const struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a,
                             const struct rk_tensor *b) {
  int size = rk_dtype_size(out->dt);
  struct batch s = {
      .first = product(out, beta, alpha, a, b),
      .a_step = a->step[0] * size,
      .b_step = b->step[0] * size,
      .out_step = out->rank == 3 ? out->step[0] * size : 0,
  };
  s.library = library(&s.first);
  return s;
}

/* Products from this many multiplications on are worth all threads each: BLAS
 * splits one of 512^3 as well as a batch. */
static const double split_product = 1 << 26;

int rk_bmm(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a, const struct rk_tensor *b) {
  if (repeats(out)) return aside(rk_bmm, out, beta, alpha, a, b);
  RK_TRY(check_batch("bmm", out, a, b));
  RK_TRY(check_result("bmm", out, 3, (int64_t[]){a->shape[0], a->shape[1], b->shape[2]}));
  RK_TRY(check_out("bmm", out, a, b));
  if (rk_tensor_count(out) == 0) return RK_OK;
  struct batch s = batch_of(out, beta, alpha, a, b);
  const int64_t n = a->shape[0];
  const double work = (double)s.first.m * (double)s.first.n * ((double)s.first.k + 1); /* of views: of any size */
  if (n == 1 || work >= split_product) {
    for (int64_t i = 0; i < n; i++) {
      struct rk_product p = product_of(&s, i);
      RK_TRY(multiply(&p, "bmm"));
    }
    return RK_OK;
  }
  if (s.library) rk_blas_alone(true);
  RK_TRY(rk_parallel_try(n, (int64_t)((double)n * work / 16), batch_part, &s));
  int status = atomic_load(&s.status);
  return status ? rk_fail(status, "bmm: out of memory") : RK_OK;
}

int rk_bmm_sum(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a, const struct rk_tensor *b) {
  if (repeats(out)) return aside(rk_bmm_sum, out, beta, alpha, a, b);
  RK_TRY(check_batch("addbmm", out, a, b));
  RK_TRY(check_result("addbmm", out, 2, (int64_t[]){a->shape[1], b->shape[2]}));
  RK_TRY(check_out("addbmm", out, a, b));
  if (rk_tensor_count(out) == 0) return RK_OK;
  struct batch s = batch_of(out, beta, alpha, a, b);
  if (a->shape[0] == 0) s.first.k = 0; /* nothing to add, but beta still counts */
  for (int64_t i = 0; i == 0 || i < a->shape[0]; i++) {
    struct rk_product p = product_of(&s, i);
    if (i) p.beta = 1;
    RK_TRY(multiply(&p, "addbmm"));
  }
  return RK_OK;
}

/* -- inner product ------------------------------------------------------------------------ */
int rk_dot(const struct rk_tensor *x, const struct rk_tensor *y, struct rk_value *out) {
  RK_TRY(rk_need(x, "dot", 1));
  RK_TRY(rk_need(y, "dot", 2));
  if (!out) return rk_fail(RK_EARG, "dot: a place for the result expected, got nil");
  if (x->dev != RK_CPU || y->dev != RK_CPU)
    return rk_fail(RK_EDEVICE, "dot: %s and %s: both must be on the CPU", rk_describe(x), rk_describe(y));
  RK_TRY(rk_same_dtype("dot", x, y));
  int64_t n = rk_tensor_count(x);
  if (n != rk_tensor_count(y))
    return rk_fail(RK_ESHAPE, "dot: %s and %s: as many elements expected in both", rk_describe(x), rk_describe(y));
  struct rk_tensor px = {.dt = x->dt}, py = {.dt = y->dt};
  RK_TRY(rk_packed_view(&px, x));
  int status = rk_packed_view(&py, y);
  if (status == RK_OK) status = rk_own_dot(x->dt, rk_at(&px), rk_at(&py), n, out);
  rk_tensor_drop(&px);
  rk_tensor_drop(&py);
  return status;
}
