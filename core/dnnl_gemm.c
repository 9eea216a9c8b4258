/* dnnl_gemm.c -- float32 products by oneDNN's sgemm, which on x86 makes its kernels for the processor it finds.
 *
 * Against OpenBLAS 0.3.21 (GFLOP/s, Zen 4, two threads, b's rows dense): 256^3 208 to 187, 512^3 218 to 147,
 * 128x784 * 784x512 218 to 190, 50x128 * 128x512 197 to 153, 16x1024 * 1024x1024 208 to 127. */
#include "gemm.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

typedef int sgemm_function(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                           float, float *, int64_t);
static sgemm_function *sgemm;

/* The library that convolutions use, in either of the versions whose sgemm is called this way. */
static void open_sgemm(void) {
  const char *name = rk_dnnl();
  int major = 0;
  char soname[32];
  if (!name || sscanf(name, "oneDNN %d", &major) != 1 || strcmp(rk_isa(), "base") == 0) return;
  snprintf(soname, sizeof soname, "libdnnl.so.%d", major);
  void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL), *f = library ? dlsym(library, "dnnl_sgemm") : NULL;
  memcpy(&sgemm, &f, sizeof f);
}

/* oneDNN takes the number of threads from OpenMP. */
static int swap_threads(int n) {
#ifdef _OPENMP
  const int old = omp_get_max_threads();
  if (old != n && !omp_in_parallel()) omp_set_num_threads(n);
  return old;
#else
  return n;
#endif
}

bool rk_dnnl_gemm(const struct rk_product *given, int threads) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_sgemm);
  if (!sgemm) return false;
  struct rk_product p = *given;
  int a_lead, b_lead, out_lead;
  if (rk_blas_layout(p.m, p.n, p.out_row, p.out_col, &out_lead) == 'T') { /* the transposed product */
    p.m = given->n, p.a = given->b, p.a_row = given->b_col, p.a_col = given->b_row;
    p.n = given->m, p.b = given->a, p.b_row = given->a_col, p.b_col = given->a_row;
  }
  const char a = rk_blas_layout(p.m, p.k, p.a_row, p.a_col, &a_lead),
             b = rk_blas_layout(p.k, p.n, p.b_row, p.b_col, &b_lead);
  const int before = swap_threads(threads);
  const int status = sgemm(a, b, p.m, p.n, p.k, (float)p.alpha, (const float *)(const void *)p.a, a_lead,
                           (const float *)(const void *)p.b, b_lead, (float)p.beta, (float *)(void *)p.out, out_lead);
  swap_threads(before);
  return status == 0;
}
