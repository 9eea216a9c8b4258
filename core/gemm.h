/* gemm.h -- what gemm.c, gemm_own.c, gemm_kernels.c and blas.c share: matrices
 * as an address with two steps, and who multiplies them. */
#ifndef RK_GEMM_H
#define RK_GEMM_H
#include "layer_loops.h"

/* out (m, n) = beta * out + alpha * a (m, k) * b (k, n), all of one dtype, any
 * steps. beta 0 overwrites. out shares no memory with a or b. */
struct rk_product {
  int dt;
  int64_t m, n, k;
  const char *a, *b;
  char *out;
  int64_t a_row, a_col, b_row, b_col, out_row, out_col; /* steps, in elements */
  double alpha, beta;
};

/* Results whose columns are dense are computed as their transposes: same sums. */
static inline struct rk_product rk_by_rows(const struct rk_product *p) {
  if (p->out_col == 1 || p->out_row != 1) return *p;
  return (struct rk_product){p->dt,    p->n,     p->m,     p->k,       p->b,       p->a,     p->out, p->b_col,
                             p->b_row, p->a_col, p->a_row, p->out_col, p->out_row, p->alpha, p->beta};
}

/* -- small ones (gemm_small.c): floats, by this thread; false: not done -- */
bool rk_small_gemm(const struct rk_product *p);
struct rk_gemm_loops {
  void (*product)(const struct rk_product *p); /* b and out dense along their rows, k > 0 */
  int64_t lanes, most; /* columns go by so many; multiplications for which it pays, whole blocks counted */
};
RK_DECLARE_LOOPS(rk_gemm_loops)

/* -- own (gemm_own.c): every dtype; bits independent of steps and threads -- */
int rk_own_gemm(const struct rk_product *p, const char *who);
/* The same by this thread alone, without allocating: true when p is small enough for that and was done. */
bool rk_own_gemm_small(const struct rk_product *p);
/* n = 1: out[i] = beta * out[i] + alpha * sum over j of a[i][j] * b[j]. */
int rk_own_gemv(const struct rk_product *p, const char *who);
/* Sum of n products of packed vectors: f for floats, i for integers. */
int rk_own_dot(int dtype, const void *x, const void *y, int64_t n, struct rk_value *out);

/* -- the library (blas.c): float32 and float64 -- */
/* Does a library serve this product, steps included? Opens it. */
bool rk_blas_serves(const struct rk_product *p);
void rk_blas_gemm(const struct rk_product *p);
/* n = 1, steps of vectors in b_row and out_row: false when no library serves it. */
bool rk_blas_gemv(const struct rk_product *p);
/* From now on the library works on the calling thread alone, or on rk_threads(). */
void rk_blas_alone(bool alone);

/* The letter and leading dimension by which BLAS reads a matrix of rows x cols, dense along its rows ('N') or columns
 * ('T'); 0: it cannot. */
char rk_blas_layout(int64_t rows, int64_t cols, int64_t row, int64_t col, int *lead);

/* -- oneDNN (dnnl_gemm.c) -- */
/* A float32 product that rk_blas_serves, by oneDNN on so many threads, inside of a parallel loop on one; false: not
 * done, for want of it. */
bool rk_dnnl_gemm(const struct rk_product *p, int threads);

/* -- loops per instruction set (gemm_kernels.c) -- */
/* One tile from packed panels: out[i][j] = sum over q of a[q][i] * b[q][j], rows x cols, all dense. */
typedef void rk_tile(int64_t k, const void *a, const void *b, void *out);
enum { RK_COMPUTE_F32, RK_COMPUTE_F64, RK_COMPUTE_U32, RK_COMPUTE_U64, RK_NCOMPUTE };
enum { RK_TILE_ROWS = 13, RK_TILE_COLS = 32 }; /* the largest of any instruction set */
struct rk_gemm_kernel {
  rk_tile *tile;
  int rows, cols;
  /* 8 rows at the given step to columns of `width` lanes: to[q * width + i] = from[i * step + q], q < k. NULL: none. */
  void (*transpose8)(void *to, int width, const void *from, int64_t step, int64_t k);
};
const struct rk_gemm_kernel *rk_gemm_kernel(int compute);

/* -- the same where only the columns are packed (gemm_strips.c) -- */
/* out[i][j] += sum over p < parts, q < k of a[p * part + i * row + q] * b[p * k + q][j]: `cols` columns, out and b
 * dense and aligned to 64 bytes. */
typedef void rk_strip(int64_t parts, int64_t part, int64_t k, const void *a, int64_t row, const void *b, void *out);
struct rk_strips {
  rk_strip *of[RK_TILE_ROWS + 1];     /* by the number of rows, 1 .. rows */
  rk_strip *turned[RK_TILE_ROWS + 1]; /* those of a[p * part + q * row + i] */
  int rows, cols;
};
/* RK_COMPUTE_F32 or RK_COMPUTE_F64; as many columns as the tiles of rk_gemm_kernel. */
const struct rk_strips *rk_strips(int compute);
#endif
