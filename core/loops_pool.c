/* loops_pool.c -- inner loops of max and average pooling; see layer_loops.h.
 * Compiled once per ISA; includes itself once per type.
 *
 * Packed rows, maximum: blocks of columns, kept in registers over the taps
 * (going through memory between taps was 10 times slower: vectors that start
 * elsewhere wait for the stores before them). Average: each tap a loop over the
 * columns for which it lies inside the input row, with copies for stride 1 and
 * 2, which widen; where columns are few, down the rows first, then across. Channels last: a loop over the channels of
 * each tap; where they are few, stretches of rows. */
#ifndef REAL
#include "layer_loops.h"
#include "scalar.h"

/* The taps k in [*lo, *hi) of output position o that lie inside the input, and the input position of tap 0. */
static inline int64_t taps(const struct rk_pool_plan *p, int d, int64_t o, int64_t *lo, int64_t *hi) {
  int64_t at = o * p->stride[d] - p->pad[d], dil = p->dilation[d];
  *lo = at < 0 ? (-at + dil - 1) / dil : 0;
  *hi = at >= p->in[d] ? 0 : (p->in[d] - at + dil - 1) / dil;
  if (*hi > p->size[d]) *hi = p->size[d];
  return at;
}
/* How many positions of window o count in an average. */
static inline int64_t extent(const struct rk_pool_plan *p, int d, int64_t o) {
  int64_t first = o * p->stride[d] - p->pad[d], last = first + p->size[d];
  if (last > p->in[d] + p->pad[d]) last = p->in[d] + p->pad[d];
  if (p->count_pad) return last - first;
  if (last > p->in[d]) last = p->in[d];
  return last - (first < 0 ? 0 : first);
}

/* Every second lane of two vectors, the second of which starts one element early. */
#if defined(__clang__) || __GNUC__ >= 12
#define EVEN16(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31)
#define EVEN4(a, b) __builtin_shufflevector(a, b, 0, 2, 5, 7)
#else
#define EVEN16(a, b)                                                                                                   \
  __builtin_shuffle(a, b, (__typeof__(take)){0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31})
#define EVEN4(a, b) __builtin_shuffle(a, b, (__typeof__(take)){0, 2, 5, 7})
#endif

#define LOOPS_FILE "loops_pool.c"
#include "each_real.h"

#define TABLE(t)                                                                                                       \
  {                                                                                                                    \
    .max_plane = max_plane_##t, .max_last = max_last_##t, .max_back = max_back_##t, .avg_plane = avg_plane_##t,        \
    .avg_last = avg_last_##t, .avg_plane_back = avg_plane_back_##t, .avg_last_back = avg_last_back_##t                 \
  }
const struct rk_pool_loops RK_LOOPS_NAME(rk_pool_loops, RK_ISA)[2] = {TABLE(f32), TABLE(f64)};

#else
enum { FN(BLOCK) = 256 }; /* columns or channels handled at a time */

/* Vectors of 16 or 4 lanes, as wide as the machine has them or in parts; the same bits either way. */
typedef REAL FN(v16) __attribute__((vector_size(16 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
typedef INDEX FN(i16) __attribute__((vector_size(16 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
typedef REAL FN(v4) __attribute__((vector_size(4 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
typedef INDEX FN(i4) __attribute__((vector_size(4 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));

/* The rows of one output row, and the window of column 0. */
struct FN(span) {
  const REAL *x;
  int64_t line, y0, y1, z0, z1; /* first input row's start less the padding; rows and layers inside */
};
static inline int64_t FN(line_of)(const struct FN(span) * r, const struct rk_pool_plan *p, int64_t kz, int64_t ky) {
  return r->line + (kz * p->dilation[0] * p->in[1] + ky * p->dilation[1]) * p->in[2];
}

/* LANES columns from `column` on, all of whose taps lie inside the row; stride 1 or 2. The second half of a stride-2
 * vector is loaded one element early, so that nothing past the last tap is read. */
#define MAX_BLOCK(LANES, EVEN)                                                                                         \
  static void FN(max_block##LANES)(REAL * y, int64_t * index, const struct FN(span) * r, const struct rk_pool_plan *p, \
                                   int64_t column) {                                                                   \
    FN(v##LANES) best = {0}, v;                                                                                        \
    FN(i##LANES) where = {0}, at = {0}, take;                                                                          \
    int64_t s = p->stride[2];                                                                                          \
    for (int k = 0; k < LANES; k++) {                                                                                  \
      best[k] = (REAL)-INFINITY;                                                                                       \
      where[k] = (INDEX)(FN(line_of)(r, p, r->z0, r->y0) + (column + k) * s + 1);                                      \
      at[k] = (INDEX)((column + k) * s + 1);                                                                           \
    }                                                                                                                  \
    for (int64_t kz = r->z0; kz < r->z1; kz++)                                                                         \
      for (int64_t ky = r->y0; ky < r->y1; ky++)                                                                       \
        for (int64_t kx = 0; kx < p->size[2]; kx++) {                                                                  \
          int64_t offset = FN(line_of)(r, p, kz, ky) + kx * p->dilation[2];                                            \
          const REAL *from = r->x + offset + column * s;                                                               \
          if (s == 1)                                                                                                  \
            v = *(const FN(v##LANES) *)from;                                                                           \
          else                                                                                                         \
            v = EVEN(*(const FN(v##LANES) *)from, *(const FN(v##LANES) *)(from + LANES - 1));                          \
          take = (FN(i##LANES))(v > best) | (FN(i##LANES))(v != v);                                                    \
          best = (FN(v##LANES))(((FN(i##LANES))v & take) | ((FN(i##LANES))best & ~take));                              \
          where = ((at + (INDEX)offset) & take) | (where & ~take);                                                     \
        }                                                                                                              \
    for (int k = 0; k < LANES; k++) y[column + k] = best[k];                                                           \
    for (int k = 0; k < LANES; k++) index[column + k] = where[k];                                                      \
  }
MAX_BLOCK(16, EVEN16)
MAX_BLOCK(4, EVEN4)

/* One column, wherever. */
static void FN(max_one)(REAL *y, int64_t *index, const struct FN(span) * r, const struct rk_pool_plan *p,
                        int64_t column) {
  REAL best = (REAL)-INFINITY;
  int64_t x0, x1, where = 0;
  taps(p, 2, column, &x0, &x1);
  for (int64_t kz = r->z0; kz < r->z1; kz++)
    for (int64_t ky = r->y0; ky < r->y1; ky++)
      for (int64_t kx = x0; kx < x1; kx++) {
        int64_t at = FN(line_of)(r, p, kz, ky) + column * p->stride[2] + kx * p->dilation[2];
        REAL v = r->x[at];
        if (v > best || v != v || !where) best = v, where = at + 1;
      }
  y[column] = best;
  index[column] = where;
}

static void FN(max_row)(REAL *y, int64_t *index, const REAL *x, const struct rk_pool_plan *p, int64_t oz, int64_t oy) {
  struct FN(span) r = {.x = x};
  int64_t z = taps(p, 0, oz, &r.z0, &r.z1), row = taps(p, 1, oy, &r.y0, &r.y1);
  int64_t a = p->lo[0], b = p->hi[p->size[2] - 1], c = 0; /* columns [a, b) have all their taps inside */
  r.line = (z * p->in[1] + row) * p->in[2] - p->pad[2];
  if (p->stride[2] > 2 || b - a < 4 || r.z0 >= r.z1 || r.y0 >= r.y1) a = b = p->out[2];
  for (; c < a; c++) FN(max_one)(y, index, &r, p, c);
  if (b - a >= 16)
    for (; c < b; c += 16) FN(max_block16)(y, index, &r, p, c + 16 <= b ? c : b - 16);
  else
    for (; c < b; c += 4) FN(max_block4)(y, index, &r, p, c + 4 <= b ? c : b - 4);
  for (c = b; c < p->out[2]; c++) FN(max_one)(y, index, &r, p, c);
}

static void FN(max_plane)(void *out, int64_t *index, const void *in, const struct rk_pool_plan *p) {
  REAL *y = out;
  for (int64_t oz = 0; oz < p->out[0]; oz++)
    for (int64_t oy = 0; oy < p->out[1]; oy++, y += p->out[2], index += p->out[2]) FN(max_row)(y, index, in, p, oz, oy);
}

/* Channels [c0, c0 + n) of one position: best over the taps, or nothing when the window holds no element. */
static void FN(max_at)(REAL *y, int64_t *index, const REAL *x, const struct rk_pool_plan *p, const int64_t *at,
                       const int64_t *lo, const int64_t *hi, int64_t n) {
  REAL best[FN(BLOCK)];
  INDEX where[FN(BLOCK)];
  bool first = true;
  for (int64_t i = 0; i < n; i++) best[i] = (REAL)-INFINITY, where[i] = 0;
  for (int64_t kz = lo[0]; kz < hi[0]; kz++)
    for (int64_t ky = lo[1]; ky < hi[1]; ky++)
      for (int64_t kx = lo[2]; kx < hi[2]; kx++) {
        int64_t place = ((at[0] + kz * p->dilation[0]) * p->in[1] + at[1] + ky * p->dilation[1]) * p->in[2] + at[2] +
                        kx * p->dilation[2];
        const REAL *v = x + place * p->c;
        INDEX k = (INDEX)(place + 1);
        if (first) {
          for (int64_t i = 0; i < n; i++) best[i] = v[i], where[i] = k;
          first = false;
        } else
          RK_IVDEP for (int64_t i = 0; i < n; i++) {
            int take = (v[i] > best[i]) | (v[i] != v[i]);
            best[i] = take ? v[i] : best[i];
            where[i] = take ? k : where[i];
          }
      }
  for (int64_t i = 0; i < n; i++) y[i] = best[i];
  for (int64_t i = 0; i < n; i++) index[i] = where[i];
}

/* Few channels: a loop over them would end before it widens. So down first: over a stretch of an input row, channels
 * and columns alike, the best (or the sum) of the window's rows; then across, a few taps a number. */
enum { FN(STRETCH) = 1024, FN(FEW) = 16 };
static inline int64_t FN(reach)(const struct rk_pool_plan *p) { return (p->size[2] - 1) * p->dilation[2] + 1; }
/* How many columns of the result a stretch serves; 0: not this way. */
static inline int64_t FN(columns_at_once)(const struct rk_pool_plan *p) {
  int64_t room = FN(STRETCH) / p->c - FN(reach)(p);
  return p->c >= FN(FEW) || room < 0 ? 0 : room / p->stride[2] + 1;
}
/* Input columns [*from, *to) that results [ox, ox + n) see. */
static inline void FN(stretch)(const struct rk_pool_plan *p, int64_t ox, int64_t n, int64_t *from, int64_t *to) {
  int64_t first = ox * p->stride[2] - p->pad[2], last = first + (n - 1) * p->stride[2] + FN(reach)(p);
  *from = first < 0 ? 0 : first;
  *to = last < p->in[2] ? last : p->in[2];
}

/* The largest at each place of a stretch of n numbers, and the first column of the row it comes from. */
static void FN(max_down)(REAL *best, INDEX *row, const REAL *x, const struct rk_pool_plan *p, const int64_t *at,
                         const int64_t *lo, const int64_t *hi, int64_t from, int64_t n) {
  bool first = true;
  for (int64_t kz = lo[0]; kz < hi[0]; kz++)
    for (int64_t ky = lo[1]; ky < hi[1]; ky++) {
      INDEX k = (INDEX)(((at[0] + kz * p->dilation[0]) * p->in[1] + at[1] + ky * p->dilation[1]) * p->in[2]);
      const REAL *v = x + ((int64_t)k + from) * p->c;
      if (first)
        for (int64_t i = 0; i < n; i++) best[i] = v[i], row[i] = k;
      else
        RK_IVDEP for (int64_t i = 0; i < n; i++) {
          int take = (v[i] > best[i]) | (v[i] != v[i]);
          best[i] = take ? v[i] : best[i];
          row[i] = take ? k : row[i];
        }
      first = false;
    }
}

/* Tap k of results [ox, ox + n) side by side: numbers and places; place 0 where the tap lies outside. */
static void FN(line_up)(REAL *v, INDEX *place, const REAL *best, const INDEX *row, const struct rk_pool_plan *p,
                        int64_t ox, int64_t n, int64_t k, int64_t from) {
  int64_t c = p->c;
  for (int64_t o = ox; o < ox + n; o++, v += c, place += c) {
    int64_t column = o * p->stride[2] - p->pad[2] + k * p->dilation[2], q = (column - from) * c;
    bool inside = column >= 0 && column < p->in[2];
    for (int64_t i = 0; i < c; i++) {
      v[i] = inside ? best[q + i] : (REAL)-INFINITY;
      place[i] = inside ? row[q + i] + (INDEX)column + 1 : 0;
    }
  }
}

/* Results [ox, ox + n) of an output row. Of equal numbers the first in the order of rows stays, of NaN the last. */
static void FN(max_few)(REAL *y, int64_t *index, const REAL *x, const struct rk_pool_plan *p, const int64_t *at,
                        const int64_t *lo, const int64_t *hi, int64_t ox, int64_t n) {
  REAL best[FN(STRETCH)], v[FN(STRETCH)], top[FN(STRETCH)];
  INDEX row[FN(STRETCH)], place[FN(STRETCH)], where[FN(STRETCH)];
  int64_t from, to, c = p->c;
  FN(stretch)(p, ox, n, &from, &to);
  for (int64_t i = 0; i < n * c; i++) top[i] = (REAL)-INFINITY, where[i] = 0;
  bool empty = lo[0] >= hi[0] || lo[1] >= hi[1];
  if (!empty) FN(max_down)(best, row, x, p, at, lo, hi, from, (to - from) * c);
  for (int64_t k = 0; k < p->size[2] && !empty; k++) {
    FN(line_up)(v, place, best, row, p, ox, n, k, from);
    RK_IVDEP for (int64_t i = 0; i < n * c; i++) {
      int better = (v[i] > top[i]) | ((v[i] == top[i]) & (place[i] < where[i])) | (where[i] == 0);
      int nan = (v[i] != v[i]) & ((top[i] == top[i]) | (place[i] > where[i]));
      int take = (better | nan) & (place[i] != 0);
      top[i] = take ? v[i] : top[i];
      where[i] = take ? place[i] : where[i];
    }
  }
  for (int64_t i = 0; i < n * c; i++) y[i] = top[i];
  for (int64_t i = 0; i < n * c; i++) index[i] = where[i];
}

static void FN(max_last)(void *out, int64_t *index, const void *in, const struct rk_pool_plan *p, int64_t oz,
                         int64_t oy) {
  REAL *y = out;
  const REAL *x = in;
  int64_t lo[3], hi[3], at[3];
  at[0] = taps(p, 0, oz, &lo[0], &hi[0]);
  at[1] = taps(p, 1, oy, &lo[1], &hi[1]);
  int64_t some = FN(columns_at_once)(p);
  for (int64_t ox = 0; some && ox < p->out[2]; ox += some)
    FN(max_few)(y + ox * p->c, index + ox * p->c, x, p, at, lo, hi, ox, p->out[2] - ox < some ? p->out[2] - ox : some);
  if (some) return;
  for (int64_t ox = 0; ox < p->out[2]; ox++, y += p->c, index += p->c) {
    at[2] = taps(p, 2, ox, &lo[2], &hi[2]);
    for (int64_t c = 0; c < p->c; c += FN(BLOCK))
      FN(max_at)(y + c, index + c, x + c, p, at, lo, hi, p->c - c < FN(BLOCK) ? p->c - c : FN(BLOCK));
  }
}

static bool FN(max_back)(void *out, const void *grad, const int64_t *index, const struct rk_pool_plan *p, int64_t count,
                         int64_t step) {
  REAL *dx = out;
  const REAL *g = grad;
  uint64_t plane = (uint64_t)p->plane;
  int bad = 0;
  if (step == 1) {
    memset(dx, 0, (size_t)p->plane * sizeof *dx);
    for (int64_t i = 0; i < p->places; i++) {
      uint64_t k = (uint64_t)index[i];
      if (k - 1 < plane)
        dx[k - 1] += g[i];
      else
        bad |= k != 0;
    }
    return !bad;
  }
  for (int64_t i = 0; i < p->plane; i++) memset(dx + i * step, 0, (size_t)count * sizeof *dx);
  for (int64_t i = 0; i < p->places; i++)
    for (int64_t c = 0; c < count; c++) {
      uint64_t k = (uint64_t)index[i * step + c];
      if (k - 1 < plane)
        dx[(int64_t)(k - 1) * step + c] += g[i * step + c];
      else
        bad |= k != 0;
    }
  return !bad;
}

static inline __attribute__((always_inline)) void FN(add_tap)(REAL *sum, const REAL *x, int64_t n, int64_t s) {
  RK_IVDEP for (int64_t i = 0; i < n; i++) sum[i] += x[i * s];
}
static inline __attribute__((always_inline)) void FN(spread_tap)(REAL *dx, const REAL *g, int64_t n, int64_t s) {
  RK_IVDEP for (int64_t i = 0; i < n; i++) dx[i * s] += g[i];
}

/* Few results in a row or far apart, packed rows: a loop over them would not widen. So down first: the window's rows
 * are summed over the stretch of input columns that the results see (its ends may lie in the padding), then across. */
enum { FN(NARROW) = 9, FN(WIDE) = 1024 };
struct FN(window) {
  int64_t lines, z0, z1, y0, y1; /* where the window of column 0 begins in a plane; the layers and rows inside */
  int64_t lo, hi;                /* the part of the stretch inside of the row */
  REAL area;                     /* of layers and rows */
};
static inline int64_t FN(wide)(const struct rk_pool_plan *p) { return (p->out[2] - 1) * p->stride[2] + p->size[2]; }
static inline bool FN(is_narrow)(const struct rk_pool_plan *p) {
  return (p->out[2] < FN(NARROW) || p->stride[2] > 2) && FN(wide)(p) <= FN(WIDE);
}
static struct FN(window) FN(window_at)(const struct rk_pool_plan *p, int64_t oz, int64_t oy) {
  struct FN(window) w = {.lo = p->pad[2], .hi = p->in[2] + p->pad[2]};
  const int64_t z = taps(p, 0, oz, &w.z0, &w.z1), row = taps(p, 1, oy, &w.y0, &w.y1);
  w.lines = (z * p->in[1] + row) * p->in[2] - p->pad[2];
  if (w.hi > FN(wide)(p)) w.hi = FN(wide)(p);
  w.area = (REAL)(extent(p, 0, oz) * extent(p, 1, oy));
  return w;
}
static inline int64_t FN(row_of)(const struct FN(window) * w, const struct rk_pool_plan *p, int64_t kz, int64_t ky) {
  return w->lines + (kz * p->in[1] + ky) * p->in[2];
}

/* In 16 lanes, the rest, and then the lanes. */
static REAL FN(sum_run)(const REAL *x, int64_t n) {
  FN(v16) lanes = {0};
  REAL sum = 0;
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) lanes += *(const FN(v16) *)(x + i);
  for (; i < n; i++) sum += x[i];
  for (int k = 0; k < 16; k++) sum += lanes[k];
  return sum;
}

static void FN(avg_narrow)(REAL *y, const REAL *x, const struct rk_pool_plan *p, int64_t oz, int64_t oy) {
  const struct FN(window) w = FN(window_at)(p, oz, oy);
  REAL down[FN(WIDE)];
  down[0] = 0;
  if (w.lo == 0 && w.hi == p->in[2] && p->out[2] == 1) { /* whole rows: what a layer adds lies in one piece */
    for (int64_t kz = w.z0; kz < w.z1 && w.y0 < w.y1; kz++)
      down[0] += FN(sum_run)(x + FN(row_of)(&w, p, kz, w.y0), (w.y1 - w.y0) * p->in[2]);
    y[0] = down[0] / (w.area * (REAL)extent(p, 2, 0));
    return;
  }
  for (int64_t i = 0; i < FN(wide)(p); i++) down[i] = 0;
  for (int64_t kz = w.z0; kz < w.z1; kz++)
    for (int64_t ky = w.y0; ky < w.y1; ky++)
      FN(add_tap)(down + w.lo, x + FN(row_of)(&w, p, kz, ky) + w.lo, w.hi - w.lo, 1);
  for (int64_t i = 0; i < p->out[2]; i++) {
    REAL sum = 0;
    for (int64_t k = 0; k < p->size[2]; k++) sum += down[i * p->stride[2] + k];
    y[i] = sum / (w.area * (REAL)extent(p, 2, i));
  }
}

static void FN(avg_narrow_back)(REAL *dx, const REAL *g, const struct rk_pool_plan *p, int64_t oz, int64_t oy) {
  const struct FN(window) w = FN(window_at)(p, oz, oy);
  REAL shares[FN(WIDE)];
  for (int64_t i = 0; i < FN(wide)(p); i++) shares[i] = 0;
  for (int64_t i = 0; i < p->out[2]; i++) {
    const REAL share = g[i] / (w.area * (REAL)extent(p, 2, i));
    for (int64_t k = 0; k < p->size[2]; k++) shares[i * p->stride[2] + k] += share;
  }
  for (int64_t kz = w.z0; kz < w.z1; kz++)
    for (int64_t ky = w.y0; ky < w.y1; ky++)
      FN(add_tap)(dx + FN(row_of)(&w, p, kz, ky) + w.lo, shares + w.lo, w.hi - w.lo, 1);
}

static void FN(avg_plane)(void *out, const void *in, const struct rk_pool_plan *p) {
  REAL *y = out;
  const REAL *x = in;
  int64_t s = p->stride[2], n = p->out[2];
  const bool narrow = FN(is_narrow)(p);
  for (int64_t oz = 0; oz < p->out[0]; oz++)
    for (int64_t oy = 0; oy < p->out[1]; oy++, y += n) {
      if (narrow) {
        FN(avg_narrow)(y, x, p, oz, oy);
        continue;
      }
      int64_t z0, z1, y0, y1, z = taps(p, 0, oz, &z0, &z1), row = taps(p, 1, oy, &y0, &y1);
      for (int64_t i = 0; i < n; i++) y[i] = 0;
      for (int64_t kz = z0; kz < z1; kz++)
        for (int64_t ky = y0; ky < y1; ky++)
          for (int64_t kx = 0; kx < p->size[2]; kx++) {
            int64_t lo = p->lo[kx], hi = p->hi[kx];
            const REAL *v = x + ((z + kz) * p->in[1] + row + ky) * p->in[2] + lo * s - p->pad[2] + kx;
            if (lo >= hi) continue;
            if (s == 2)
              FN(add_tap)(y + lo, v, hi - lo, 2);
            else if (s == 1)
              FN(add_tap)(y + lo, v, hi - lo, 1);
            else
              FN(add_tap)(y + lo, v, hi - lo, s);
          }
      REAL area = (REAL)(extent(p, 0, oz) * extent(p, 1, oy));
      for (int64_t i = 0; i < n; i++) y[i] /= area * (REAL)extent(p, 2, i);
    }
}

static void FN(avg_plane_back)(void *out, const void *grad, const struct rk_pool_plan *p) {
  REAL *dx = out, part[FN(BLOCK)];
  const REAL *g = grad;
  int64_t s = p->stride[2], n = p->out[2];
  const bool narrow = FN(is_narrow)(p);
  memset(dx, 0, (size_t)p->plane * sizeof *dx);
  for (int64_t oz = 0; oz < p->out[0]; oz++)
    for (int64_t oy = 0; oy < p->out[1]; oy++, g += n) {
      if (narrow) {
        FN(avg_narrow_back)(dx, g, p, oz, oy);
        continue;
      }
      int64_t z0, z1, y0, y1, z = taps(p, 0, oz, &z0, &z1), row = taps(p, 1, oy, &y0, &y1);
      REAL area = (REAL)(extent(p, 0, oz) * extent(p, 1, oy));
      for (int64_t c0 = 0; c0 < n; c0 += FN(BLOCK)) {
        int64_t c1 = c0 + FN(BLOCK) < n ? c0 + FN(BLOCK) : n;
        for (int64_t i = c0; i < c1; i++) part[i - c0] = g[i] / (area * (REAL)extent(p, 2, i));
        for (int64_t kz = z0; kz < z1; kz++)
          for (int64_t ky = y0; ky < y1; ky++)
            for (int64_t kx = 0; kx < p->size[2]; kx++) {
              int64_t lo = p->lo[kx] > c0 ? p->lo[kx] : c0, hi = p->hi[kx] < c1 ? p->hi[kx] : c1;
              if (lo >= hi) continue;
              REAL *v = dx + ((z + kz) * p->in[1] + row + ky) * p->in[2] + lo * s - p->pad[2] + kx;
              if (s == 2)
                FN(spread_tap)(v, part + (lo - c0), hi - lo, 2);
              else if (s == 1)
                FN(spread_tap)(v, part + (lo - c0), hi - lo, 1);
              else
                FN(spread_tap)(v, part + (lo - c0), hi - lo, s);
            }
      }
    }
}

/* Results [ox, ox + n) of an output row; rows [y0, y1) of layers [z0, z1) lie inside, the first at z and row. */
struct FN(rows) {
  int64_t z, row, z0, z1, y0, y1;
  REAL area; /* of a window, but for its width */
};
static void FN(avg_few)(REAL *y, const REAL *x, const struct rk_pool_plan *p, const struct FN(rows) * r, int64_t ox,
                        int64_t n) {
  REAL sum[FN(STRETCH)];
  int64_t from, to, c = p->c;
  FN(stretch)(p, ox, n, &from, &to);
  for (int64_t i = 0; i < (to - from) * c; i++) sum[i] = 0;
  for (int64_t kz = r->z0; kz < r->z1; kz++)
    for (int64_t ky = r->y0; ky < r->y1; ky++) {
      const REAL *v = x + (((r->z + kz) * p->in[1] + r->row + ky) * p->in[2] + from) * c;
      RK_IVDEP for (int64_t i = 0; i < (to - from) * c; i++) sum[i] += v[i];
    }
  for (int64_t o = ox; o < ox + n; o++, y += c) {
    int64_t k0, k1, first = taps(p, 2, o, &k0, &k1);
    REAL area = r->area * (REAL)extent(p, 2, o);
    for (int64_t i = 0; i < c; i++) {
      REAL s = 0;
      for (int64_t k = k0; k < k1; k++) s += sum[(first + k - from) * c + i];
      y[i] = s / area;
    }
  }
}
static void FN(avg_few_back)(REAL *dx, const REAL *g, const struct rk_pool_plan *p, const struct FN(rows) * r,
                             int64_t ox, int64_t n) {
  REAL share[FN(STRETCH)];
  int64_t from, to, c = p->c;
  FN(stretch)(p, ox, n, &from, &to);
  for (int64_t i = 0; i < (to - from) * c; i++) share[i] = 0;
  for (int64_t o = ox; o < ox + n; o++, g += c) {
    int64_t k0, k1, first = taps(p, 2, o, &k0, &k1);
    REAL area = r->area * (REAL)extent(p, 2, o);
    for (int64_t i = 0; i < c; i++) {
      REAL part = g[i] / area;
      for (int64_t k = k0; k < k1; k++) share[(first + k - from) * c + i] += part;
    }
  }
  for (int64_t kz = r->z0; kz < r->z1; kz++)
    for (int64_t ky = r->y0; ky < r->y1; ky++) {
      REAL *v = dx + (((r->z + kz) * p->in[1] + r->row + ky) * p->in[2] + from) * c;
      RK_IVDEP for (int64_t i = 0; i < (to - from) * c; i++) v[i] += share[i];
    }
}

static void FN(avg_last)(void *out, const void *in, const struct rk_pool_plan *p, int64_t oz, int64_t oy) {
  REAL *y = out;
  const REAL *x = in;
  int64_t z0, z1, y0, y1, x0, x1, z = taps(p, 0, oz, &z0, &z1), row = taps(p, 1, oy, &y0, &y1);
  int64_t some = FN(columns_at_once)(p);
  struct FN(rows) r = {z, row, z0, z1, y0, y1, (REAL)(extent(p, 0, oz) * extent(p, 1, oy))};
  for (int64_t ox = 0; some && ox < p->out[2]; ox += some)
    FN(avg_few)(y + ox * p->c, x, p, &r, ox, p->out[2] - ox < some ? p->out[2] - ox : some);
  if (some) return;
  for (int64_t ox = 0; ox < p->out[2]; ox++, y += p->c) {
    int64_t column = taps(p, 2, ox, &x0, &x1);
    REAL area = (REAL)(extent(p, 0, oz) * extent(p, 1, oy) * extent(p, 2, ox));
    for (int64_t i = 0; i < p->c; i++) y[i] = 0;
    for (int64_t kz = z0; kz < z1; kz++)
      for (int64_t ky = y0; ky < y1; ky++)
        for (int64_t kx = x0; kx < x1; kx++)
          FN(add_tap)(y, x + (((z + kz) * p->in[1] + row + ky) * p->in[2] + column + kx) * p->c, p->c, 1);
    for (int64_t i = 0; i < p->c; i++) y[i] /= area;
  }
}

static void FN(avg_last_back)(void *out, const void *grad, const struct rk_pool_plan *p, int64_t count) {
  REAL *dx = out;
  const REAL *g = grad;
  int64_t some = FN(columns_at_once)(p); /* fewer channels than a block: all of them */
  for (int64_t i = 0; i < p->plane; i++) memset(dx + i * p->c, 0, (size_t)count * sizeof *dx);
  for (int64_t oz = 0; some && oz < p->out[0]; oz++)
    for (int64_t oy = 0; oy < p->out[1]; oy++, g += p->out[2] * p->c) {
      struct FN(rows) r = {.area = (REAL)(extent(p, 0, oz) * extent(p, 1, oy))};
      r.z = taps(p, 0, oz, &r.z0, &r.z1), r.row = taps(p, 1, oy, &r.y0, &r.y1);
      for (int64_t ox = 0; ox < p->out[2]; ox += some)
        FN(avg_few_back)(dx, g + ox * p->c, p, &r, ox, p->out[2] - ox < some ? p->out[2] - ox : some);
    }
  if (some) return;
  for (int64_t oz = 0; oz < p->out[0]; oz++)
    for (int64_t oy = 0; oy < p->out[1]; oy++)
      for (int64_t ox = 0; ox < p->out[2]; ox++, g += p->c) {
        int64_t z0, z1, y0, y1, x0, x1;
        int64_t z = taps(p, 0, oz, &z0, &z1), row = taps(p, 1, oy, &y0, &y1), column = taps(p, 2, ox, &x0, &x1);
        REAL area = (REAL)(extent(p, 0, oz) * extent(p, 1, oy) * extent(p, 2, ox));
        for (int64_t kz = z0; kz < z1; kz++)
          for (int64_t ky = y0; ky < y1; ky++)
            for (int64_t kx = x0; kx < x1; kx++) {
              REAL *v = dx + (((z + kz) * p->in[1] + row + ky) * p->in[2] + column + kx) * p->c;
              RK_IVDEP for (int64_t i = 0; i < count; i++) v[i] += g[i] / area;
            }
      }
}
#endif
