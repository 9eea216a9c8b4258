/* conv_weights.c -- the gradient of a convolution's weight from channels-last
 * float32 tensors: our own loops, where these are faster than oneDNN's.
 *
 * With planes side by side it is a sum of outer products over places: a place's
 * planes of the column side times the planes of each image place that a tap of
 * the kernel sees. A tile keeps rows x 2 vectors of such sums in registers and
 * reads both where they lie. Nothing is packed: packing for the kernels of
 * gemm.c waited for memory that these loops read between their products, and
 * took 1.4 times as long (256 -> 128 planes, 1x1, 28x28, batch 16).
 * Places go by chunks that stay in L2 with all planes.
 *
 * Each sum goes over the places in order, whatever tile or thread has it: the
 * same bits with AVX2 and AVX-512 and any number of threads. */
#include "conv.h"
#include "unroll.h"
#include <string.h>
#if defined __x86_64__
#include <immintrin.h>
#endif

/* A stretch of places: of the column side, and the places that a tap sees from there. */
struct run {
  const float *j, *i;
  int64_t n;
};
/* sums[row][2 vectors] += column side's planes at..at + rows, times the image side's planes from..from + 2 vectors */
typedef void tile_function(const struct run *runs, int count, int64_t at, int64_t j_step, int64_t from, int64_t i_step,
                           float *sums);
struct kernel {
  tile_function *tile;
  int rows, cols;
};
static const struct kernel none = {NULL, 1, 1};

#if defined __x86_64__
#define LOAD_SUMS(r) vector c##r##_0 = LOAD(sums + 2 * LANES * r), c##r##_1 = LOAD(sums + 2 * LANES * r + LANES);
#define STORE_SUMS(r) STORE(sums + 2 * LANES * r, c##r##_0), STORE(sums + 2 * LANES * r + LANES, c##r##_1);
#define ADD_PRODUCT(r) s = SPREAD(j[r]), c##r##_0 = MULADD(s, i0, c##r##_0), c##r##_1 = MULADD(s, i1, c##r##_1);
#define TILE(name, TARGET, ROWS)                                                                                       \
  TARGET static void name(const struct run *runs, int count, int64_t at, int64_t j_step, int64_t from, int64_t i_step, \
                          float *sums) {                                                                               \
    ROWS(LOAD_SUMS)                                                                                                    \
    for (; count > 0; count--, runs++) {                                                                               \
      const float *j = runs->j + at, *i = runs->i + from;                                                              \
      for (int64_t n = runs->n; n > 0; n--, j += j_step, i += i_step) {                                                \
        vector i0 = LOAD(i), i1 = LOAD(i + LANES), s;                                                                  \
        ROWS(ADD_PRODUCT)                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
    ROWS(STORE_SUMS)                                                                                                   \
  }

#define vector __m512
#define LANES 16
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define SPREAD _mm512_set1_ps
#define MULADD _mm512_fmadd_ps
TILE(tile_avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), ROWS13)
#undef vector
#undef LANES
#undef LOAD
#undef STORE
#undef SPREAD
#undef MULADD
#define vector __m256
#define LANES 8
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define SPREAD _mm256_set1_ps
#define MULADD _mm256_fmadd_ps
TILE(tile_avx2, __attribute__((target("avx2,fma"))), ROWS6)

static const struct kernel *kernel(void) {
  static const struct kernel avx512 = {tile_avx512, 13, 32}, avx2 = {tile_avx2, 6, 16};
  const char *isa = rk_isa();
  return strcmp(isa, "avx512") == 0 ? &avx512 : strcmp(isa, "avx2") == 0 ? &avx2 : &none;
}
#else
static const struct kernel *kernel(void) { return &none; }
#endif

/* Places of a chunk, at least; stretches of a chunk, at most. */
enum { PLACES = 256, RUNS = 64 };

struct job {
  const struct rk_conv_plan *p;
  const struct kernel *kernel;
  const int *flag; /* of the caller: see rk_interrupt_flag */
  const float *i, *j;
  float *sums, *dw; /* tiles of the result, block after block; the result */
  double *bias;     /* NULL, or sums of the column side's planes */
  double scale;
  int64_t lines, pieces;           /* lines of places on the column side, pieces that a line is cut into */
  int64_t tiles, blocks;           /* of planes of the column side; of those of the image side, for each tap */
  int64_t tile_parts, block_parts; /* parts of the work along both */
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t rounded_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
/* The first plane of tile or block k: the last one reaches back, so that all are whole. */
static int64_t start_of(int64_t k, int64_t width, int64_t planes) { return least(k * width, planes - width); }

/* The stretch that tap `tap` sees from piece `piece` of the places; false: none, it looks past the border. */
static bool find_run(const struct job *job, int64_t piece, int64_t tap, struct run *r) {
  const struct rk_conv_plan *p = job->p;
  const int64_t line = piece / job->pieces, kw = tap % p->k[2], shift = kw * p->dilation[2] - p->pad[2];
  const int64_t oh = line % p->out[1], od = line / p->out[1] % p->out[0], n = line / p->out[1] / p->out[0];
  const int64_t h = oh * p->stride[1] - p->pad[1] + tap / p->k[2] % p->k[1] * p->dilation[1];
  const int64_t d = od * p->stride[0] - p->pad[0] + tap / p->k[2] / p->k[1] * p->dilation[0];
  if (h < 0 || h >= p->in[1] || d < 0 || d >= p->in[0] || shift >= p->in[2]) return false;
  int64_t first = piece % job->pieces * PLACES, last = least(first + PLACES, p->out[2]);
  /* those w for which 0 <= w * stride + shift < in */
  const int64_t low = shift < 0 ? rounded_up(-shift, p->stride[2]) : 0;
  if (first < low) first = low;
  last = least(last, rounded_up(p->in[2] - shift, p->stride[2]));
  r->n = last - first;
  r->j = job->j + (line * p->out[2] + first) * p->cj;
  r->i = job->i + (((n * p->in[0] + d) * p->in[1] + h) * p->in[2] + first * p->stride[2] + shift) * p->ci;
  return r->n > 0;
}

/* bias[planes first..last] += the sums of a chunk, each added up in float. */
static void add_bias(const struct job *job, int64_t from, int64_t end, int64_t first, int64_t last) {
  enum { WIDE = 32 };
  const struct rk_conv_plan *p = job->p;
  const int64_t q = from / job->pieces * p->out[2] + from % job->pieces * PLACES;
  const int64_t q1 = least(end / job->pieces * p->out[2] + end % job->pieces * PLACES, job->lines * p->out[2]);
  for (; first < last; first += WIDE) {
    float sum[WIDE] = {0};
    const int64_t lanes = least(last - first, WIDE);
    const float *j = job->j + q * p->cj + first;
    if (lanes == WIDE)
      for (int64_t k = q; k < q1; k++, j += p->cj)
        for (int c = 0; c < WIDE; c++) sum[c] += j[c];
    else
      for (int64_t k = q; k < q1; k++, j += p->cj)
        for (int64_t c = 0; c < lanes; c++) sum[c] += j[c];
    for (int64_t c = 0; c < lanes; c++) job->bias[first + c] += (double)sum[c];
  }
}

/* dw += scale * the sums of a tile. */
static void add_tile(const struct job *job, int64_t tile, int64_t block, const float *sums) {
  const struct rk_conv_plan *p = job->p;
  const int rows = job->kernel->rows, cols = job->kernel->cols;
  const int64_t at = start_of(tile, rows, p->cj), from = start_of(block / p->taps, cols, p->ci);
  for (int64_t r = tile * rows - at; r < rows; r++)
    for (int64_t c = block / p->taps * cols - from; c < cols; c++)
      job->dw[((at + r) * p->ci + from + c) * p->taps + block % p->taps] += (float)job->scale * sums[r * cols + c];
}

static void part(void *arg, int64_t k) {
  const struct job *job = arg;
  const struct rk_conv_plan *p = job->p;
  const int rows = job->kernel->rows, cols = job->kernel->cols;
  const int64_t parts = job->tile_parts * job->block_parts, a = k % job->tile_parts, b = k / job->tile_parts;
  const int64_t t0 = job->tiles * a / job->tile_parts, t1 = job->tiles * (a + 1) / job->tile_parts;
  const int64_t b0 = job->blocks * b / job->block_parts, b1 = job->blocks * (b + 1) / job->block_parts;
  const int64_t all = job->lines * job->pieces, chunk = least(RUNS, rounded_up(PLACES, p->out[2]));
  struct run runs[RUNS];
  for (int64_t piece = 0; piece < all && !rk_stopped(job->flag); piece += chunk) {
    const int64_t end = least(piece + chunk, all);
    for (int64_t block = b0; block < b1; block++) {
      int count = 0;
      for (int64_t q = piece; q < end; q++) count += find_run(job, q, block % p->taps, &runs[count]);
      for (int64_t t = t0; t < t1; t++)
        job->kernel->tile(runs, count, start_of(t, rows, p->cj), p->cj, start_of(block / p->taps, cols, p->ci),
                          p->stride[2] * p->ci, job->sums + (block * job->tiles + t) * rows * cols);
    }
    if (job->bias) add_bias(job, piece, end, p->cj * k / parts, p->cj * (k + 1) / parts);
  }
  for (int64_t block = b0; block < b1; block++)
    for (int64_t t = t0; t < t1; t++) add_tile(job, t, block, job->sums + (block * job->tiles + t) * rows * cols);
}

/* Measured against oneDNN 2.6 on two Zen 4 cores, batch 8: 3x3 by steps of 2, 64 -> 128 planes of 56x56 1.5 times as
 * fast, 128 -> 256 1.3; 1x1, 64 -> 256 of 56x56 1.3 to 1.5, 256 -> 128 of 28x28 1.1 to 1.3, 512 -> 128 0.95. Larger
 * kernels by steps of 1 reuse there in registers what they have read: 0.7. Places 2 KB apart meet in few sets of the
 * caches: 0.8. */
bool rk_conv_weights_serves(const struct rk_conv_plan *p) {
  const struct kernel *k = kernel();
  if (!k->tile || p->groups > 1 || p->cj < k->rows || p->cj > 256 || p->ci < k->cols || !p->n) return false;
  if (p->ci * p->stride[2] > 384) return false;
  bool steps = p->taps == 1;
  for (int d = 0; d < 3; d++) steps = steps || p->stride[d] > 1;
  const double made = (double)(rounded_up(p->cj, k->rows) * k->rows * rounded_up(p->ci, k->cols) * k->cols);
  return steps && (double)(p->ci * p->cj) > 0.85 * made;
}

int rk_conv_weights(const struct rk_conv_plan *given, struct rk_tensor *dw, double *bias, const struct rk_tensor *j,
                    const struct rk_tensor *i, double scale, const char *who) {
  struct rk_conv_plan plan = *given, *p = &plan;
  bool flat = true; /* one tap that sees each place once: all places are one line */
  for (int d = 0; d < 3; d++) flat = flat && p->k[d] == 1 && p->stride[d] == 1 && p->pad[d] == 0;
  if (flat) {
    p->places_out *= p->n, p->n = 1;
    for (int d = 0; d < 3; d++) p->in[d] = p->out[d] = d == 2 ? p->places_out : 1;
  }
  struct job job = {.p = p, .kernel = kernel(), .flag = rk_interrupt_flag(), .bias = bias, .scale = scale};
  job.i = (const float *)rk_at(i), job.j = (const float *)rk_at(j), job.dw = (float *)rk_at(dw);
  job.lines = p->n * p->out[0] * p->out[1], job.pieces = rounded_up(p->out[2], PLACES);
  const int rows = job.kernel->rows, cols = job.kernel->cols;
  job.tiles = rounded_up(p->cj, rows), job.blocks = rounded_up(p->ci, cols) * p->taps;
  job.tile_parts = 1, job.block_parts = least(job.blocks, rk_threads());
  while (job.tile_parts * job.block_parts < rk_threads() && job.tile_parts < job.tiles) job.tile_parts++;
  const int64_t bytes = job.tiles * job.blocks * rows * cols * (int64_t)sizeof(float);
  if (!(job.sums = rk_scratch(bytes, who))) return RK_ENOMEM;
  memset(job.sums, 0, (size_t)bytes);
  if (bias) memset(bias, 0, (size_t)p->cj * sizeof *bias);
  const int status = rk_parallel_try(job.tile_parts * job.block_parts, (int64_t)p->flops, part, &job);
  rk_scratch_free(job.sums);
  return status;
}
