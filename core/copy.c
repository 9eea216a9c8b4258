/* copy.c -- any dtype and layout to any other.
 *
 * Both layouts are brought to one list of dimensions, ordered by the steps of
 * the destination and merged where neighbours step as one; most copies are
 * then one packed run. The last two dimensions are cut into blocks of a fixed
 * size, which go to threads and move through rk_move_elements; between
 * dtypes, a block is gathered, converted as a packed run and scattered. */
#include "copy.h"
#include "stream_loops.h"
#include "turn.h"
#include <string.h>

/* -- conversions of the ISA in use ------------------------------------------------------ */
#define DECLARE(isa) extern const struct rk_converters rk_converters_##isa;
#pragma GCC visibility push(hidden)
DECLARE(base)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif
#pragma GCC visibility pop
static const struct {
  const char *isa;
  const struct rk_converters *table;
} isas[] = {
    {"base", &rk_converters_base},
#if defined(__x86_64__)
    {"avx2", &rk_converters_avx2},
    {"avx512", &rk_converters_avx512},
#endif
};

rk_convert_run *rk_converter(int from, int to) {
  static const struct rk_converters *chosen; /* every thread would find the same */
  const struct rk_converters *table = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
  if (!table) {
    table = &rk_converters_base;
    for (size_t k = 0; k < sizeof isas / sizeof isas[0]; k++)
      if (!strcmp(isas[k].isa, rk_isa())) table = isas[k].table;
    __atomic_store_n(&chosen, table, __ATOMIC_RELAXED);
  }
  return table->run[from][to];
}

/* -- layouts ------------------------------------------------------------------------------ */
/* REPEATS_FROM: bytes from which on what is hardly read is written past the caches: until then they take in as fast as
 * memory does. Zeros go past them as every large result: twice as quick on a Zen 4 (10 M floats 50 -> 90 GB/s). */
enum { BLOCK = 1 << 15, STRIP = 512, STRIP_WIDTH = 64, ASIDE = 1 << 10, BIG_RUN = 1 << 20, REPEATS_FROM = 64 << 20 };

struct job {
  rk_convert_run *convert; /* NULL: the dtypes agree */
  char *out;
  const char *in;
  int out_size, in_size; /* bytes an element */
  int rank;              /* outermost first; steps in elements */
  int64_t shape[RK_MAX_DIMS], to[RK_MAX_DIMS], from[RK_MAX_DIMS];
  int64_t m, n;               /* a block of the last two dims */
  int64_t m_blocks, n_blocks; /* how many cover them */
  bool large;                 /* the whole is larger than caches */
  bool across;                /* the source runs along the last dim but one */
  bool turns;                 /* ... and both sides in runs that are turned past the caches */
  bool zeros;                 /* one element is repeated, whose bits are 0 */
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void swap_dims(struct job *j, int a, int b) {
  int64_t *all[] = {j->shape, j->to, j->from};
  for (int k = 0; k < 3; k++) {
    int64_t t = all[k][a];
    all[k][a] = all[k][b], all[k][b] = t;
  }
}

/* A destination that repeats along a dim keeps what comes last. */
static void drop_repeats(struct job *j) {
  for (int d = 0; d < j->rank; d++)
    if (j->to[d] == 0 && j->shape[d] > 1) {
      j->in += (j->shape[d] - 1) * j->from[d] * j->in_size;
      j->shape[d] = 1;
    }
}

/* Order the dims by the destination's steps, largest first, so that its run comes last. False when elements of the
 * destination may share memory (unfolded windows): then the order matters and is left alone. */
static bool sort_dims(struct job *j) {
  struct job sorted = *j;
  int64_t reach = 0;
  for (int d = 1; d < sorted.rank; d++)
    for (int k = d; k > 0 && (sorted.shape[k] == 1 || sorted.to[k - 1] < sorted.to[k]) && sorted.shape[k - 1] > 1; k--)
      swap_dims(&sorted, k - 1, k);
  for (int d = sorted.rank - 1; d >= 0; d--) {
    if (sorted.shape[d] == 1) continue;
    if (sorted.to[d] <= reach) return false;
    reach += (sorted.shape[d] - 1) * sorted.to[d];
  }
  *j = sorted;
  return true;
}

/* Bring the dim along which the source runs next to the last one, and cut both into blocks. */
static void plan(struct job *j) {
  int64_t *steps[] = {j->to, j->from};
  drop_repeats(j);
  const bool free_order = sort_dims(j);
  j->rank = rk_collapse(j->rank, j->shape, 2, steps);
  for (; j->rank < 2; j->rank++) { /* leading dims of size 1 */
    for (int k = 0; k < 3; k++) {
      int64_t *of = k == 0 ? j->shape : steps[k - 1];
      of[1] = j->rank ? of[0] : k == 0, of[0] = k == 0;
    }
  }
  const int last = j->rank - 1;
  for (int d = 0; free_order && d < last && j->from[last] != 1 && j->from[last] != 0; d++)
    if (j->from[d] == 1 && j->shape[d] > 1) {
      for (int k = d; k < last - 1; k++) swap_dims(j, k, k + 1);
      j->across = true;
      break;
    }
  const int64_t m = j->shape[last - 1], n = j->shape[last];
  const struct rk_move whole = {m,
                                n,
                                j->out,
                                j->to[last - 1] * j->out_size,
                                j->to[last] * j->out_size,
                                j->in,
                                j->from[last - 1] * j->in_size,
                                j->from[last] * j->in_size,
                                true};
  j->turns = free_order && j->across && j->large && !j->convert && rk_move_turns(j->out_size, &whole);
  if (!free_order)
    j->m = m, j->n = n;
  else if (j->turns)
    j->m = least(RK_TURN_READ / j->out_size, RK_TURN_ROWS), j->n = RK_TURN_LONG / j->out_size;
  else if (j->across)
    j->m = STRIP, j->n = STRIP_WIDTH;
  else
    j->n = n < BLOCK ? n : BLOCK, j->m = BLOCK / j->n;
  if (j->m > m) j->m = m;
  if (j->n > n) j->n = n;
  j->m_blocks = (m + j->m - 1) / j->m, j->n_blocks = (n + j->n - 1) / j->n;
}

/* -- blocks ---------------------------------------------------------------------------------- */
/* Through memory aside: gather, convert, scatter. */
static void convert_aside(const struct job *j, const struct rk_move *v) {
  _Alignas(64) char from[ASIDE * 8];
  _Alignas(64) char to[ASIDE * 8];
  const int64_t side = j->across ? 32 : ASIDE;
  const int64_t n = v->n < side ? v->n : side, m = v->m < ASIDE / n ? v->m : ASIDE / n;
  for (int64_t i = 0; i < v->m; i += m)
    for (int64_t k = 0; k < v->n; k += n) {
      const int64_t rows = v->m - i < m ? v->m - i : m, columns = v->n - k < n ? v->n - k : n;
      const struct rk_move gather = {
          rows,    columns, from, columns * j->in_size, j->in_size, v->in + i * v->in_m + k * v->in_n,
          v->in_m, v->in_n, false};
      const struct rk_move scatter = {
          rows,        columns, v->out + i * v->out_m + k * v->out_n, v->out_m, v->out_n, to, columns * j->out_size,
          j->out_size, false};
      rk_move_elements(j->in_size, &gather);
      j->convert(rows * columns, to, from);
      rk_move_elements(j->out_size, &scatter);
    }
}

static void copy_block(const struct job *j, const struct rk_move *v, bool goes_on) {
  if (j->turns) {
    rk_move_past(j->out_size, v, goes_on);
  } else if (!j->convert) {
    rk_move_elements(j->out_size, v);
  } else if (v->out_n == j->out_size && v->in_n == j->in_size && v->n >= 32) {
    for (int64_t i = 0; i < v->m; i++) j->convert(v->n, v->out + i * v->out_m, v->in + i * v->in_m);
  } else {
    convert_aside(j, v);
  }
}

static void copy_part(void *arg, int64_t part) {
  const struct job *j = arg;
  const int last = j->rank - 1;
  const int64_t b = part % j->n_blocks * j->n, a = part / j->n_blocks % j->m_blocks * j->m;
  int64_t outer = part / j->n_blocks / j->m_blocks;
  int64_t to = a * j->to[last - 1] + b * j->to[last], from = a * j->from[last - 1] + b * j->from[last];
  for (int d = last - 2; d >= 0; d--) {
    to += outer % j->shape[d] * j->to[d], from += outer % j->shape[d] * j->from[d];
    outer /= j->shape[d];
  }
  const int64_t m = j->shape[last - 1] - a, n = j->shape[last] - b;
  const struct rk_move v = {m < j->m ? m : j->m,
                            n < j->n ? n : j->n,
                            j->out + to * j->out_size,
                            j->to[last - 1] * j->out_size,
                            j->to[last] * j->out_size,
                            j->in + from * j->in_size,
                            j->from[last - 1] * j->in_size,
                            j->from[last] * j->in_size,
                            j->large};
  copy_block(j, &v, n > j->n);
}

/* Several small blocks a part, so that handing out parts costs nothing against the work in them. */
struct batch {
  const struct job *job;
  int64_t blocks, each;
};
static void copy_batch(void *arg, int64_t part) {
  const struct batch *b = arg;
  const int64_t end = (part + 1) * b->each < b->blocks ? (part + 1) * b->each : b->blocks;
  for (int64_t k = part * b->each; k < end; k++) copy_part((void *)b->job, k);
}

static int run(struct job *j) {
  int64_t outer = 1, bytes = j->out_size, distinct = j->out_size;
  for (int d = 0; d < j->rank; d++) bytes *= j->shape[d], distinct *= j->from[d] ? j->shape[d] : 1;
  j->large = bytes >= (distinct < bytes / 4 && !j->zeros ? REPEATS_FROM : RK_STREAM_FROM);
  plan(j);
  for (int d = 0; d < j->rank - 2; d++) outer *= j->shape[d];
  struct batch b = {j, outer * j->m_blocks * j->n_blocks, 1 + BLOCK / (j->m * j->n)};
  const int64_t work = b.blocks * j->m * j->n * (j->out_size + j->in_size) / 4;
  return rk_parallel_try((b.blocks + b.each - 1) / b.each, work, copy_batch, &b);
}

/* One packed run of bytes. */
struct bytes {
  char *out;
  const char *in;
  int64_t n;
};
static void copy_bytes(void *arg, int64_t part) {
  const struct bytes *b = arg;
  const int64_t first = part * BIG_RUN, n = b->n - first < BIG_RUN ? b->n - first : BIG_RUN;
  if (!RK_STREAMS || b->n < RK_STREAM_FROM) {
    memcpy(b->out + first, b->in + first, (size_t)n);
    return;
  }
  rk_stream_loops()->copy(b->out + first, b->in + first, n, b->in + first + n);
  rk_stream_end();
}

/* Dims for both sides. When the shapes differ one side is packed: it takes the shape of the other. */
static int lay_out(struct job *j, const struct rk_tensor *out, const struct rk_tensor *x) {
  const bool same = rk_tensor_same_shape(out, x);
  const struct rk_tensor *guide = rk_tensor_packed(x) ? out : x;
  struct rk_tensor packed = {0};
  RK_TRY(rk_layout(&packed, guide->rank, guide->shape, "copy"));
  const int64_t *to = same || guide == out ? out->step : packed.step;
  const int64_t *from = same || guide == x ? x->step : packed.step;
  j->rank = guide->rank;
  for (int d = 0; d < j->rank; d++) j->shape[d] = guide->shape[d], j->to[d] = to[d], j->from[d] = from[d];
  return RK_OK;
}

static int copy_through(struct rk_tensor *out, const struct rk_tensor *x) {
  struct rk_tensor tmp;
  RK_TRY(rk_tensor_like(&tmp, x));
  int status = rk_copy(&tmp, x);
  if (!status) status = rk_copy(out, &tmp);
  rk_tensor_drop(&tmp);
  return status;
}

int rk_copy(struct rk_tensor *out, const struct rk_tensor *x) {
  RK_TRY(rk_need(out, "copy", 1));
  RK_TRY(rk_need(x, "copy", 2));
  if (out->dev != RK_CPU || x->dev != RK_CPU) return rk_fail(RK_EDEVICE, "copy: not on this device");
  const int64_t n = rk_tensor_count(out);
  if (n != rk_tensor_count(x))
    return rk_fail(RK_ESHAPE, "copy: argument 2: %lld elements expected for %s, got %s", (long long)n, rk_describe(out),
                   rk_describe(x));
  if (n == 0) return RK_OK;
  const bool out_packed = rk_tensor_packed(out), x_packed = rk_tensor_packed(x), same = out->dt == x->dt;
  const int size = rk_dtype_size(out->dt);
  if (same && out_packed && x_packed) {
    struct bytes b = {rk_at(out), rk_at(x), n * size};
    if (b.n <= BIG_RUN || (b.out < b.in + b.n && b.in < b.out + b.n))
      memmove(b.out, b.in, (size_t)b.n); // NOLINT(clang-analyzer-core.NonNullParamChecker): n > 0, so both have memory
    else
      return rk_parallel_try((b.n + BIG_RUN - 1) / BIG_RUN, b.n / 4, copy_bytes, &b);
    return RK_OK;
  }
  if (same && rk_tensor_same_view(out, x)) return RK_OK;
  if (rk_overlap(out, x) || (!out_packed && !x_packed && !rk_tensor_same_shape(out, x))) return copy_through(out, x);
  struct job j = {.convert = same ? NULL : rk_converter(x->dt, out->dt),
                  .out = rk_at(out),
                  .in = rk_at(x),
                  .out_size = size,
                  .in_size = rk_dtype_size(x->dt)};
  RK_TRY(lay_out(&j, out, x));
  return run(&j);
}

int rk_fill_with(struct rk_tensor *out, const void *element) {
  const int64_t n = rk_tensor_count(out), size = rk_dtype_size(out->dt);
  struct job j = {.out = rk_at(out), .in = element, .out_size = (int)size, .rank = out->rank};
  if (n == 0) return RK_OK;
  if (n <= BLOCK && rk_tensor_packed(out)) {
    const struct rk_move v = {1, n, j.out, 0, size, j.in, 0, 0, false};
    rk_move_elements((int)size, &v);
    return RK_OK;
  }
  for (int d = 0; d < j.rank; d++) j.shape[d] = out->shape[d], j.to[d] = out->step[d];
  const uint64_t zero = 0;
  j.zeros = memcmp(element, &zero, (size_t)size) == 0;
  return run(&j);
}
