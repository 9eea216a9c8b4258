/* im2col.c -- convolution as matrix products: the patches of an image are
 * written out as the columns of a matrix, which rk_gemm multiplies. Serves
 * float64, half types (computed in float32 by the caller) and whatever oneDNN
 * does not. Kernels of one tap at stride 1 need no columns at all. */
#include "conv.h"
#include <string.h>

struct job {
  const struct rk_conv_plan *p;
  char *columns, *image;
  int64_t size; /* of an element */
};

/* Output columns [*lo, *hi) for which tap k lies inside a row of the input, and the input column at *lo. */
static int64_t inside(const struct rk_conv_plan *p, int d, int64_t k, int64_t *lo, int64_t *hi) {
  int64_t at = k * p->dilation[d] - p->pad[d], s = p->stride[d];
  *lo = at < 0 ? (-at + s - 1) / s : 0;
  *hi = at >= p->in[d] ? 0 : (p->in[d] - at + s - 1) / s;
  if (*hi > p->out[d]) *hi = p->out[d];
  if (*lo > *hi) *lo = *hi;
  return *lo * s + at;
}

/* One row of an image to or from one row of columns; every type has its own pair, made by a macro. */
#define ROWS(T, name)                                                                                                  \
  static void gather_##name(T *to, const T *from, int64_t n, int64_t lo, int64_t hi, int64_t s) {                      \
    for (int64_t x = 0; x < lo; x++) to[x] = 0;                                                                        \
    if (s == 1)                                                                                                        \
      memcpy(to + lo, from, (size_t)(hi - lo) * sizeof(T));                                                            \
    else                                                                                                               \
      for (int64_t x = lo; x < hi; x++) to[x] = from[(x - lo) * s];                                                    \
    for (int64_t x = hi; x < n; x++) to[x] = 0;                                                                        \
  }                                                                                                                    \
  static void scatter_##name(T *to, const T *from, int64_t lo, int64_t hi, int64_t s) {                                \
    if (s == 1)                                                                                                        \
      for (int64_t x = lo; x < hi; x++) to[x - lo] += from[x];                                                         \
    else                                                                                                               \
      for (int64_t x = lo; x < hi; x++) to[(x - lo) * s] += from[x];                                                   \
  }
ROWS(float, f32)
ROWS(double, f64)

/* One tap of one plane, all places. */
static void gather_tap(const struct job *j, char *to, const char *plane, const int64_t *k) {
  const struct rk_conv_plan *p = j->p;
  int64_t lo[3], hi[3], at[3], row = p->out[2] * j->size;
  for (int d = 0; d < 3; d++) at[d] = inside(p, d, k[d], &lo[d], &hi[d]);
  for (int64_t z = 0; z < p->out[0]; z++)
    for (int64_t y = 0; y < p->out[1]; y++, to += row) {
      if (z < lo[0] || z >= hi[0] || y < lo[1] || y >= hi[1] || lo[2] == hi[2]) {
        memset(to, 0, (size_t)row);
        continue;
      }
      int64_t line = (at[0] + (z - lo[0]) * p->stride[0]) * p->in[1] + at[1] + (y - lo[1]) * p->stride[1];
      const char *from = plane + (line * p->in[2] + at[2]) * j->size;
      if (j->size == 4)
        gather_f32((float *)to, (const float *)from, p->out[2], lo[2], hi[2], p->stride[2]);
      else
        gather_f64((double *)to, (const double *)from, p->out[2], lo[2], hi[2], p->stride[2]);
    }
}

static void scatter_tap(const struct job *j, char *plane, const char *from, const int64_t *k) {
  const struct rk_conv_plan *p = j->p;
  int64_t lo[3], hi[3], at[3];
  for (int d = 0; d < 3; d++) at[d] = inside(p, d, k[d], &lo[d], &hi[d]);
  if (lo[2] == hi[2]) return;
  for (int64_t z = lo[0]; z < hi[0]; z++)
    for (int64_t y = lo[1]; y < hi[1]; y++) {
      int64_t line = (at[0] + (z - lo[0]) * p->stride[0]) * p->in[1] + at[1] + (y - lo[1]) * p->stride[1];
      char *to = plane + (line * p->in[2] + at[2]) * j->size;
      const char *row = from + (z * p->out[1] + y) * p->out[2] * j->size;
      if (j->size == 4)
        scatter_f32((float *)to, (const float *)row, lo[2], hi[2], p->stride[2]);
      else
        scatter_f64((double *)to, (const double *)row, lo[2], hi[2], p->stride[2]);
    }
}

/* A part is one plane of the image: its taps are rows of the columns, and nobody else's. */
static void plane_part(const struct job *j, int64_t c,
                       void (*tap)(const struct job *, char *, char *, const int64_t *)) {
  const struct rk_conv_plan *p = j->p;
  char *plane = j->image + c * p->places_in * j->size, *row = j->columns + c * p->taps * p->places_out * j->size;
  int64_t k[3];
  for (k[0] = 0; k[0] < p->k[0]; k[0]++)
    for (k[1] = 0; k[1] < p->k[1]; k[1]++)
      for (k[2] = 0; k[2] < p->k[2]; k[2]++, row += p->places_out * j->size) tap(j, plane, row, k);
}
static void to_columns(const struct job *j, char *plane, char *row, const int64_t *k) { gather_tap(j, row, plane, k); }
static void from_columns(const struct job *j, char *plane, char *row, const int64_t *k) {
  scatter_tap(j, plane, row, k);
}
static void gather_part(void *arg, int64_t c) { plane_part(arg, c, to_columns); }
static void scatter_part(void *arg, int64_t c) { plane_part(arg, c, from_columns); }

/* Is the image itself the matrix of columns? */
static bool is_plain(const struct rk_conv_plan *p) {
  for (int d = 0; d < 3; d++)
    if (p->k[d] != 1 || p->stride[d] != 1 || p->pad[d] != 0 || p->in[d] != p->out[d]) return false;
  return true;
}

/* A rows x columns window on t's memory from element `at`; borrowed, not to be dropped. */
static struct rk_tensor matrix(const struct rk_tensor *t, int64_t at, int64_t rows, int64_t columns) {
  struct rk_tensor m = *t;
  m.start += at, m.rank = 2;
  m.shape[0] = rows, m.shape[1] = columns, m.step[0] = columns, m.step[1] = 1;
  return m;
}
static struct rk_tensor transposed(struct rk_tensor m) {
  int64_t n = m.shape[0], s = m.step[0];
  m.shape[0] = m.shape[1], m.step[0] = m.step[1], m.shape[1] = n, m.step[1] = s;
  return m;
}

/* The matrices of group g of image n. */
struct views {
  struct rk_tensor i, j, w;
};
static struct views views_of(const struct rk_conv_plan *p, const struct rk_tensor *i, const struct rk_tensor *j,
                             const struct rk_tensor *w, const struct rk_tensor *columns, int64_t n, int64_t g) {
  int64_t ci = p->ci / p->groups, cj = p->cj / p->groups, rows = ci * p->taps;
  struct views v;
  v.i = columns->mem ? matrix(columns, g * rows * p->places_out, rows, p->places_out)
                     : matrix(i, (n * p->ci + g * ci) * p->places_in, rows, p->places_out);
  v.j = matrix(j, (n * p->cj + g * cj) * p->places_out, cj, p->places_out);
  v.w = matrix(w, g * cj * rows, cj, rows);
  return v;
}

static int make_columns(const struct rk_conv_plan *p, struct rk_tensor *columns, int dtype) {
  memset(columns, 0, sizeof *columns);
  if (is_plain(p)) return RK_OK;
  return rk_tensor_init1(columns, dtype, p->ci * p->taps * p->places_out);
}
static int run_columns(const struct rk_conv_plan *p, struct rk_tensor *columns, const struct rk_tensor *i, int64_t n,
                       void (*part)(void *, int64_t)) {
  int64_t size = rk_dtype_size(i->dt);
  struct job j = {p, rk_at(columns), rk_at(i) + n * p->ci * p->places_in * size, size};
  return rk_parallel_try(p->ci, p->ci * p->taps * p->places_out, part, &j);
}

/* Every plane of t set to its number of `bias`, or to zero. */
static int start_from(struct rk_tensor *t, const struct rk_tensor *bias, int64_t n, int64_t c, int64_t places) {
  if (!bias) return rk_zero(t);
  struct rk_tensor b = *bias;
  b.rank = 3, b.shape[0] = n, b.shape[1] = c, b.shape[2] = places;
  b.step[1] = bias->step[0], b.step[0] = b.step[2] = 0;
  return rk_copy(t, &b);
}

/* One direction over the images [first, last). */
struct span {
  const struct rk_conv_plan *p;
  struct rk_tensor *to;
  const struct rk_tensor *from, *w;
  bool add; /* to what `to` holds: the bias */
  int scatter, status;
};
static int run_images(const struct span *s, int64_t first, int64_t last) {
  const struct rk_conv_plan *p = s->p;
  const struct rk_tensor *i = s->scatter ? s->to : s->from, *j = s->scatter ? s->from : s->to;
  struct rk_tensor columns;
  RK_TRY(make_columns(p, &columns, i->dt));
  int status = RK_OK;
  for (int64_t n = first; n < last && !status; n++) {
    status = columns.mem && !s->scatter ? run_columns(p, &columns, i, n, gather_part) : rk_interrupted();
    for (int64_t g = 0; g < p->groups && !status; g++) {
      struct views v = views_of(p, i, j, s->w, &columns, n, g);
      struct rk_tensor wt = transposed(v.w);
      if (s->scatter)
        status = rk_gemm(&v.i, s->add && !columns.mem ? 1 : 0, 1, &wt, &v.j);
      else
        status = rk_gemm(&v.j, s->add ? 1 : 0, 1, &v.w, &v.i);
    }
    if (columns.mem && s->scatter && !status) status = run_columns(p, &columns, i, n, scatter_part);
  }
  rk_tensor_drop(&columns);
  return status;
}
static void image_part(void *arg, int64_t n) {
  struct span *s = arg;
  int status = run_images(s, n, n + 1);
  if (status) __atomic_store_n(&s->status, status, __ATOMIC_RELAXED);
}

/* Small images are shared out among threads; otherwise each product is. */
enum { SHARE_FROM = 4 };
static const double share_below = 2e7; /* operations an image */
static int run(struct span *s) {
  const struct rk_conv_plan *p = s->p;
  if (p->n < SHARE_FROM || p->flops / (double)p->n > share_below) return run_images(s, 0, p->n);
  RK_TRY(rk_parallel_try(p->n, (int64_t)p->flops, image_part, s));
  /* The text stayed with the thread that failed. */
  return s->status ? rk_fail(s->status, "conv: an image of the batch failed (out of memory?)") : RK_OK;
}

int rk_im2col_gather(const struct rk_conv_plan *p, struct rk_tensor *j, const struct rk_tensor *i,
                     const struct rk_tensor *w, const struct rk_tensor *bias) {
  struct span s = {p, j, i, w, bias != NULL, 0, RK_OK};
  if (bias) RK_TRY(start_from(j, bias, p->n, p->cj, p->places_out));
  return run(&s);
}

int rk_im2col_scatter(const struct rk_conv_plan *p, struct rk_tensor *i, const struct rk_tensor *j,
                      const struct rk_tensor *w, const struct rk_tensor *bias) {
  struct span s = {p, i, j, w, bias != NULL, 1, RK_OK};
  if (bias || !is_plain(p)) RK_TRY(start_from(i, bias, p->n, p->ci, p->places_in));
  return run(&s);
}

int rk_im2col_weights(const struct rk_conv_plan *p, struct rk_tensor *dw, const struct rk_tensor *j,
                      const struct rk_tensor *i, double scale) {
  struct rk_tensor columns;
  RK_TRY(make_columns(p, &columns, i->dt));
  int status = RK_OK;
  for (int64_t n = 0; n < p->n && !status; n++) {
    status = columns.mem ? run_columns(p, &columns, i, n, gather_part) : rk_interrupted();
    for (int64_t g = 0; g < p->groups && !status; g++) {
      struct views v = views_of(p, i, j, dw, &columns, n, g);
      struct rk_tensor it = transposed(v.i);
      status = rk_gemm(&v.w, 1, scale, &v.j, &it);
    }
  }
  rk_tensor_drop(&columns);
  return status;
}
