/* blas.c -- OpenBLAS for float32 and float64 products, opened on first use.
 *
 * RK_BLAS names another library with the Fortran BLAS, or is "own" for none.
 * Without one gemm_own.c serves.
 *
 * Core type. OpenBLAS chooses its kernels from a table of processor models
 * when it is loaded; models younger than it get those of the Prescott of 2004:
 * five times slower, seen with 0.3.21 (Debian 12) on recent Xeons. The kernels
 * only need instructions, so these decide, through OPENBLAS_CORETYPE:
 *
 *   processor has                 core type     measured with 0.3.21 on Zen 4, 2 threads, GFLOP/s:
 *                                               f32 2048   256   64    f64 1024
 *   AVX-512 F, BW, DQ, VL         SkylakeX        213.6   189.7  113.7   104.1
 *   the same and bfloat16         Cooperlake      212.5   191.9  114.2   105.6
 *   AVX2 and FMA, made by AMD     Zen             210.3   184.2   77.5    89.9
 *   AVX2 and FMA                  Haswell         210.3   138.4   92.5    95.1
 *   less                          left to OpenBLAS
 *
 * (oneDNN's sgemm there: 213.7, 219.3 and 146.4.) A value that the user has set
 * is left alone; ours is taken back once OpenBLAS has read it, so that
 * programs started from this one do not inherit it. */
#include "gemm.h"
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#define GEMM(type)                                                                                                     \
  void (*)(const char *, const char *, const int *, const int *, const int *, const type *, const type *, const int *, \
           const type *, const int *, const type *, type *, const int *)
#define GEMV(type)                                                                                                     \
  void (*)(const char *, const int *, const int *, const type *, const type *, const int *, const type *, const int *, \
           const type *, type *, const int *)

typedef void any_function(void);
static struct {
  any_function *sgemm, *dgemm, *sgemv, *dgemv;
  void (*set_threads)(int);
  int threads; /* last set */
  int pooled;  /* has threads of its own: set_threads also counts inside our parallel loops */
  char name[128];
  void *library;
} blas = {.name = "own"};
static pthread_once_t blas_once = PTHREAD_ONCE_INIT;

/* The core type for this processor; NULL: OpenBLAS decides. */
static const char *core_type(void) {
#if defined __x86_64__
  __builtin_cpu_init();
  bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512) return __builtin_cpu_supports("avx512bf16") ? "Cooperlake" : "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return __builtin_cpu_is("amd") ? "Zen" : "Haswell";
#endif
  return NULL;
}

static void *open_with_core_type(const char *soname) {
  void *already = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (already) return already; /* someone else's choice: too late to change it */
  const char *core = getenv("OPENBLAS_CORETYPE") ? NULL : core_type();
  if (core) setenv("OPENBLAS_CORETYPE", core, 1);
  void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
  if (core) unsetenv("OPENBLAS_CORETYPE");
  return library;
}

static any_function *find(void *library, const char *name) {
  any_function *f;
  void *p = dlsym(library, name);
  memcpy(&f, &p, sizeof f);
  return f;
}

/* "OpenBLAS 0.3.21 Cooperlake" */
static void describe(void *library, const char *soname) {
  char *(*config)(void) = (char *(*)(void))find(library, "openblas_get_config");
  char *(*core)(void) = (char *(*)(void))find(library, "openblas_get_corename");
  char version[64] = "";
  if (config && core && sscanf(config(), "OpenBLAS %63s", version) == 1)
    snprintf(blas.name, sizeof blas.name, "OpenBLAS %s %s", version, core());
  else
    snprintf(blas.name, sizeof blas.name, "%s", soname);
}

static bool open_library(const char *soname) {
  void *library = open_with_core_type(soname);
  if (!library) return false;
  blas.sgemm = find(library, "sgemm_"), blas.dgemm = find(library, "dgemm_");
  blas.sgemv = find(library, "sgemv_"), blas.dgemv = find(library, "dgemv_");
  if (!blas.sgemm || !blas.dgemm || !blas.sgemv || !blas.dgemv) {
    blas.sgemm = NULL;
    dlclose(library);
    return false;
  }
  blas.library = library;
  blas.set_threads = (void (*)(int))find(library, "openblas_set_num_threads");
  int (*parallel)(void) = (int (*)(void))find(library, "openblas_get_parallel");
  blas.pooled = parallel && parallel() == 1;
  describe(library, soname);
  return true;
}

static void open_blas(void) {
  static const char *const sonames[] = {"libopenblas.so.0", "libopenblas.so", "libopenblasp.so.0", "libopenblaso.so.0"};
  const char *wanted = getenv("RK_BLAS");
  if (wanted && *wanted) {
    if (strcmp(wanted, "own") != 0 && !open_library(wanted))
      fprintf(stderr, "rekindle: warning: RK_BLAS=%s: no such BLAS library can be opened; our own loops run\n", wanted);
    return;
  }
  for (size_t i = 0; i < sizeof sonames / sizeof *sonames; i++)
    if (open_library(sonames[i])) return;
}

const char *rk_blas(void) {
  pthread_once(&blas_once, open_blas);
  return blas.name;
}

static bool in_parallel(void) {
#ifdef _OPENMP
  return omp_in_parallel();
#else
  return false;
#endif
}

/* How many threads the library may use. Its OpenMP build would set the number
 * for our own loops with it. */
static void set_threads(int n) {
  if (!blas.set_threads || blas.threads == n) return;
#ifdef _OPENMP
  int ours = omp_get_max_threads();
#endif
  blas.set_threads(n);
#ifdef _OPENMP
  omp_set_num_threads(ours);
#endif
  blas.threads = n;
}
/* Only a library with a pool of threads of its own needs telling to keep to
 * one: an OpenMP build does so inside our parallel loops. */
void rk_blas_alone(bool alone) {
  if (blas.pooled)
    set_threads(alone ? 1 : rk_threads());
  else if (!in_parallel())
    set_threads(rk_threads());
}

void *rk_blas_symbol(const char *name) {
  rk_blas();
  if (!blas.library) return NULL;
  set_threads(rk_deterministic() ? 1 : rk_threads());
  return dlsym(blas.library, name);
}

char rk_blas_layout(int64_t rows, int64_t cols, int64_t row, int64_t col, int *lead) {
  if ((col == 1 || cols == 1) && (row >= cols || rows == 1) && row <= INT_MAX) {
    *lead = rows == 1 || row < 1 ? (int)cols : (int)row;
    return 'N';
  }
  if ((row == 1 || rows == 1) && (col >= rows || cols == 1) && col <= INT_MAX) {
    *lead = cols == 1 || col < 1 ? (int)rows : (int)col;
    return 'T';
  }
  return 0;
}

bool rk_blas_serves(const struct rk_product *p) {
  int lead;
  if (p->dt != RK_f32 && p->dt != RK_f64) return false;
  if (p->m > INT_MAX || p->n > INT_MAX || p->k > INT_MAX || p->m < 1 || p->n < 1 || p->k < 1) return false;
  if (!rk_blas_layout(p->m, p->k, p->a_row, p->a_col, &lead) ||
      !rk_blas_layout(p->k, p->n, p->b_row, p->b_col, &lead) ||
      !rk_blas_layout(p->m, p->n, p->out_row, p->out_col, &lead))
    return false;
  rk_blas();
  return blas.sgemm != NULL;
}

/* BLAS counts by columns: our rows are its columns, so the operands change places. */
void rk_blas_gemm(const struct rk_product *p) {
  int a_lead, b_lead, out_lead, m = (int)p->m, n = (int)p->n, k = (int)p->k;
  char a = rk_blas_layout(p->m, p->k, p->a_row, p->a_col, &a_lead),
       b = rk_blas_layout(p->k, p->n, p->b_row, p->b_col, &b_lead);
  const char *first = p->b, *second = p->a;
  if (rk_blas_layout(p->m, p->n, p->out_row, p->out_col, &out_lead) == 'T') {
    /* a result dense along its columns is what BLAS has in mind anyway */
    char swap = a == 'N' ? 'T' : 'N';
    a = b == 'N' ? 'T' : 'N', b = swap;
    int lead = a_lead;
    a_lead = b_lead, b_lead = lead;
    first = p->a, second = p->b;
    m = (int)p->n, n = (int)p->m;
  }
  if (p->dt == RK_f32) {
    float alpha = (float)p->alpha, beta = (float)p->beta;
    ((GEMM(float))blas.sgemm)(&b, &a, &n, &m, &k, &alpha, (const float *)first, &b_lead, (const float *)second, &a_lead,
                              &beta, (float *)p->out, &out_lead);
  } else {
    ((GEMM(double))blas.dgemm)(&b, &a, &n, &m, &k, &p->alpha, (const double *)first, &b_lead, (const double *)second,
                               &a_lead, &p->beta, (double *)p->out, &out_lead);
  }
}

enum { GEMV_ALONE = 1 << 18, GEMV_PIECE = 8000 };

static void gemv_rows(const struct rk_product *p, char layout_a, int lead, int b_step, int out_step, int64_t first,
                      int m) {
  const char *letter = layout_a == 'N' ? "T" : "N"; /* by columns */
  int k = (int)p->k;
  const int *rows = layout_a == 'N' ? &k : &m, *cols = layout_a == 'N' ? &m : &k;
  if (p->dt == RK_f32) {
    const float *a = (const float *)p->a + first * p->a_row;
    float alpha = (float)p->alpha, beta = (float)p->beta, *out = (float *)p->out + first * out_step;
    ((GEMV(float))blas.sgemv)(letter, rows, cols, &alpha, a, &lead, (const float *)p->b, &b_step, &beta, out,
                              &out_step);
  } else {
    const double *a = (const double *)p->a + first * p->a_row;
    double *out = (double *)p->out + first * out_step;
    ((GEMV(double))blas.dgemv)(letter, rows, cols, &p->alpha, a, &lead, (const double *)p->b, &b_step, &p->beta, out,
                               &out_step);
  }
}

bool rk_blas_gemv(const struct rk_product *p) {
  int lead = 1;
  if (p->dt != RK_f32 && p->dt != RK_f64) return false;
  if (p->m > INT_MAX || p->k > INT_MAX || p->m < 1 || p->k < 1) return false;
  char a = rk_blas_layout(p->m, p->k, p->a_row, p->a_col, &lead);
  int64_t b_step = p->k == 1 ? 1 : p->b_row, out_step = p->m == 1 ? 1 : p->out_row;
  if (!a || b_step < 1 || b_step > INT_MAX || out_step < 1 || out_step > INT_MAX) return false;
  rk_blas();
  if (!blas.sgemv) return false;
  rk_blas_alone(p->m * p->k < GEMV_ALONE);
  /* OpenBLAS starts threads from 9216 elements on, before that pays. */
  int rows = p->m * p->k < GEMV_ALONE ? (int)(GEMV_PIECE / p->k + 1) : (int)p->m;
  for (int64_t first = 0; first < p->m; first += rows)
    gemv_rows(p, a, lead, (int)b_step, (int)out_step, first, p->m - first < rows ? (int)p->m - first : rows);
  return true;
}
