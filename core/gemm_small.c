/* gemm_small.c -- small products of floats by one thread straight from their matrices (loops_gemm.c): calling a
 * library, or packing both operands, would take longer than the product. rk_gemm of 8x8 floats takes 53 ns on a Zen 4,
 * 101 with OpenBLAS 0.3.21. */
#include "gemm.h"
#include <string.h>

/* Elements of b that are turned first where its columns are dense. */
enum { TURNED = 1 << 11 };

/* to[q * n + j] = b[q][j], of a b dense along its columns */
#define TURN(name, type, compute)                                                                                      \
  static void turn_##name(void *pto, const struct rk_product *p) {                                                     \
    const struct rk_gemm_kernel *kernel = rk_gemm_kernel(compute);                                                     \
    const int64_t n = p->n, k = p->k;                                                                                  \
    const type *b = (const type *)p->b;                                                                                \
    type *to = pto;                                                                                                    \
    if (n >= 8 && p->b_row == 1 && kernel->transpose8) {                                                               \
      for (int64_t j = 0; j<n; j = j + 16> n && j + 8 < n ? n - 8 : j + 8) /* the last eight may overlap */            \
        kernel->transpose8(to + j, (int)n, b + j * p->b_col, p->b_col, k);                                             \
      return;                                                                                                          \
    }                                                                                                                  \
    for (int64_t j = 0; j < n; j++)                                                                                    \
      for (int64_t q = 0; q < k; q++) to[q * n + j] = b[j * p->b_col + q * p->b_row];                                  \
  }
TURN(f32, float, RK_COMPUTE_F32)
TURN(f64, double, RK_COMPUTE_F64)

/* Multiplications, those of lanes and rows counted that a block has too many: one of fewer than four rows takes as long
 * as one of four, a multiply-add being waited for. */
static int64_t work(const struct rk_product *p, int64_t lanes) {
  const int64_t left = p->m % 8;
  return (p->n + lanes - 1) / lanes * lanes * p->k * (p->m - left + (left && left < 4 ? 4 : left));
}

bool rk_small_gemm(const struct rk_product *given) {
  if (given->dt != RK_f32 && given->dt != RK_f64) return false;
  const struct rk_gemm_loops *loops = rk_gemm_loops(given->dt);
  const int64_t most = loops->most;
  if (given->m > most || given->n > most || given->k > most || given->k == 0 || given->alpha == 0) return false;
  struct rk_product p = rk_by_rows(given);
  if (p.out_col != 1 || work(&p, loops->lanes) > most) return false;
  char space[TURNED * sizeof(double)] __attribute__((aligned(64)));
  if (p.b_col != 1) {
    if (p.n * p.k > (p.m < 4 ? TURNED / 8 : TURNED)) return false;
    (p.dt == RK_f32 ? turn_f32 : turn_f64)(space, &p);
    p.b = space, p.b_row = p.n, p.b_col = 1;
  }
  loops->product(&p);
  return true;
}
