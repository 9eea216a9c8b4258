/* dnnl_gemm.c -- float32 products by oneDNN's sgemm, which on x86 makes its kernels for the processor it finds.
 *
 * Against OpenBLAS 0.3.21 (GFLOP/s, Zen 4, two threads, b's rows dense): 256^3 208 to 187, 512^3 218 to 147,
 * 128x784 * 784x512 218 to 190, 50x128 * 128x512 197 to 153, 16x1024 * 1024x1024 208 to 127. */
#include "dnnl_library.h"
#include "gemm.h"
#include <string.h>

bool rk_dnnl_gemm(const struct rk_product *given, int threads) {
  if (!rk_dnnl() || strcmp(rk_isa(), "base") == 0) return false;
  struct rk_product p = *given;
  int a_lead, b_lead, out_lead;
  if (rk_blas_layout(p.m, p.n, p.out_row, p.out_col, &out_lead) == 'T') { /* the transposed product */
    p.m = given->n, p.a = given->b, p.a_row = given->b_col, p.a_col = given->b_row;
    p.n = given->m, p.b = given->a, p.b_row = given->a_col, p.b_col = given->a_row;
  }
  const char a = rk_blas_layout(p.m, p.k, p.a_row, p.a_col, &a_lead),
             b = rk_blas_layout(p.k, p.n, p.b_row, p.b_col, &b_lead);
  const int before = rk_dnnl_swap_threads(threads);
  const int status =
      rk_dnnl_library.sgemm(a, b, p.m, p.n, p.k, (float)p.alpha, (const float *)(const void *)p.a, a_lead,
                            (const float *)(const void *)p.b, b_lead, (float)p.beta, (float *)(void *)p.out, out_lead);
  rk_dnnl_swap_threads(before);
  return status == 0;
}
