/* map_run.c -- running a checked pointwise job on the CPU.
 *
 * The loops see packed memory of a compute type only. Operands that are so
 * already are passed as they lie; strided, repeated and narrower ones go
 * through blocks on the stack, which stay in the first-level cache. One body
 * per op thus serves every layout, and a transposed exp is still a vector exp.
 * Results do not depend on how the work is split. */
#include "copy.h"
#include "kernels.h"
#include "stream_loops.h"
#include "turn.h"
#include <string.h>

enum { BLOCK = 512, CHUNK = 1 << 14, SHORT_ROW = 64, AHEAD = 1024 };

int64_t rk_job_count(const struct rk_job *j) {
  int64_t n = 1;
  for (int d = 0; d < j->rank; d++) n *= j->shape[d];
  return n;
}

static void swap_dims(struct rk_job *j, int d, int e) {
  int64_t n = j->shape[d];
  j->shape[d] = j->shape[e], j->shape[e] = n;
  for (int k = 0; k < j->args; k++) n = j->step[k][d], j->step[k][d] = j->step[k][e], j->step[k][e] = n;
}
static int64_t size_of_step(int64_t s) { return s < 0 ? -s : s; }

/* Order is free in a pointwise job: walk the result's memory, join what can be joined. */
void rk_job_collapse(struct rk_job *j) {
  int rank = 0;
  for (int d = 0; d < j->rank; d++)
    if (j->shape[d] != 1) {
      if (d != rank) swap_dims(j, d, rank);
      rank++;
    }
  j->rank = rank;
  for (int d = 1; d < rank; d++)
    for (int e = d; e > 0 && size_of_step(j->step[0][e - 1]) < size_of_step(j->step[0][e]); e--) swap_dims(j, e - 1, e);
  int last = 0;
  for (int d = 1; d < rank; d++) {
    bool joins = true;
    for (int k = 0; k < j->args; k++) joins &= j->step[k][last] == j->step[k][d] * j->shape[d];
    if (joins) {
      j->shape[last] *= j->shape[d];
      for (int k = 0; k < j->args; k++) j->step[k][last] = j->step[k][d];
    } else if (++last != d) {
      swap_dims(j, d, last);
    }
  }
  j->rank = rank ? last + 1 : 1;
  if (!rank) {
    j->shape[0] = 1;
    for (int k = 0; k < j->args; k++) j->step[k][0] = 1;
  }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* -- what a loop reads ------------------------------------------------------------------- */
/* A gradient is handed the row's inputs, its result and the gradient of that, but few rows need all of them: what the
 * formula does not name is neither loaded nor fetched. ReLU's of 6.4 M floats: 2.0 -> 1.3 ms. */
#define SLOPE1(op, cls, scalars, f, dx, ...) [RK_OP_##op] = {#dx, NULL},
#define SLOPE2(op, cls, scalars, f, dx, dy, ...) [RK_OP_##op] = {#dx, #dy},
static const char *const slopes[RK_NOPS][2] = {RK_OP1(SLOPE1, ) RK_OP2(SLOPE2, )};
static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
static bool mentions(const char *formula, char name) {
  for (const char *at = strchr(formula, name); at; at = strchr(at + 1, name))
    if ((at == formula || !is_word(at[-1])) && !is_word(at[1])) return true;
  return false;
}
/* Bit k: input k is read. Looked up once a formula; every thread would find the same. */
static unsigned reads_of(const struct rk_job *j) {
  static const char *const names[] = {[RK_MAP1] = "xyg", [RK_MAP2] = "xyzg"};
  static uint8_t known[RK_NCOLUMNS][RK_NOPS];
  if (j->column == RK_VALUE) return ~0u;
  unsigned reads = __atomic_load_n(&known[j->column][j->op], __ATOMIC_RELAXED);
  if (reads) return reads;
  reads = 1; /* the result: known */
  for (int k = 1; k < j->args; k++)
    if (mentions(slopes[j->op][j->column - RK_GRAD_X], names[rk_op_kind(j->op)][k - 1])) reads |= 1u << k;
  __atomic_store_n(&known[j->column][j->op], (uint8_t)reads, __ATOMIC_RELAXED);
  return reads;
}

/* -- one run of elements at constant steps --------------------------------------------- */
struct work {
  const struct rk_job *job;
  const struct rk_loops *loops;
  rk_map_loop *f;
  int size, out_size; /* bytes of an element in memory */
  int compute_size;
  bool plain;                       /* memory holds compute values */
  bool stream;                      /* write past the caches */
  unsigned reads;                   /* bit k: input k is read */
  _Alignas(8) char zero[8], one[8]; /* what a comparison stores */
  _Alignas(64) char block[RK_MAX_ARGS][BLOCK * 8];
};

static void fetch_lines(const char *from, int64_t bytes) {
  for (int64_t at = 0; at < bytes; at += RK_LINE) __builtin_prefetch(from + at);
}

#define READS(w, k) ((w)->reads >> (k)&1)

static void store_flags(struct work *w, char *to, const uint8_t *flag, int64_t step, int64_t n) {
  const int size = w->out_size;
  for (int64_t i = 0; i < n; i++) memcpy(to + i * step * size, flag[i] ? w->one : w->zero, (size_t)size);
}
static bool out_is_direct(const struct work *w, int64_t step) {
  const struct rk_job *j = w->job;
  if (rk_op_kind(j->op) == RK_COMPARE) return j->out_dtype == RK_u8 && step == 1;
  return w->plain && step == 1 && !w->stream;
}
/* Results that can be written past the caches when they are large: of cheap ops, and nothing of them is read. */
static bool streams(const struct rk_job *j) {
  bool fresh = RK_STREAMS && rk_is_compute(j->dtype) && (uintptr_t)j->base[0] % (size_t)rk_dtype_size(j->dtype) == 0 &&
               rk_op_kind(j->op) != RK_COMPARE && RK_STREAMED(j->op, rk_op_class(j->op)) &&
               j->step[0][j->rank - 1] == 1;
  for (int k = 1; k < j->args; k++) fresh &= j->base[k] != j->base[0];
  return fresh;
}
static void store_out(struct work *w, char *to, int64_t step, int64_t n) {
  const struct rk_job *j = w->job;
  if (rk_op_kind(j->op) == RK_COMPARE)
    store_flags(w, to, (uint8_t *)w->block[0], step, n);
  else
    w->loops->store[j->dtype](to, w->block[0], step, n);
}

/* While a block is streamed out nothing is read: the start of the next one is fetched, as far as measured best. */
static void stream_out(struct work *w, char *to, const struct rk_loop *l, const bool *direct) {
  const struct rk_job *j = w->job;
  const int64_t bytes = l->n * w->out_size;
  for (int k = 1; k < j->args; k++)
    if (READS(w, k) && direct[k] && (j->rank == 1 || j->step[k][j->rank - 2]))
      fetch_lines((const char *)l->in[k - 1] + AHEAD, bytes);
  rk_stream_loops()->copy(to, w->block[0], bytes, NULL);
}

/* From memory to memory past the caches: the elements around the whole lines of the result as usual. Inputs are packed
 * or `still`: one element, of which a block is full. */
static void run_past(const struct work *w, struct rk_loop *l, char *const *p, const bool *still, int64_t n) {
  const int64_t size = w->size, head = least((int64_t)(-(uintptr_t)p[0] % RK_LINE) / size, n);
  const int64_t body = (n - head) & -(RK_LINE / size), ends[] = {head, head + body, n};
  int64_t most = n;
  for (int k = 1; k < w->job->args; k++)
    if (still[k]) most = BLOCK;
  for (int k = 0; k < 3; k++)
    for (int64_t at = k ? ends[k - 1] : 0; at < ends[k]; at += l->n) {
      l->n = least(ends[k] - at, most), l->past = k == 1, l->out = p[0] + at * size;
      for (int in = 1; in < w->job->args; in++) l->in[in - 1] = still[in] ? w->block[in] : p[in] + at * size;
      w->f(l);
    }
}

static void run_line(struct work *w, char *const *p, int64_t n) {
  const struct rk_job *j = w->job;
  const int inner = j->rank - 1;
  struct rk_loop l = {.a = j->a, .b = j->b, .ia = j->ia, .ib = j->ib, .mask = rk_dtype_mask(j->dtype)};
  bool direct[RK_MAX_ARGS] = {0}, still[RK_MAX_ARGS] = {0}, all = true, past = w->stream;
  direct[0] = out_is_direct(w, j->step[0][inner]);
  for (int k = 1; k < j->args; k++) {
    all &= direct[k] = !READS(w, k) || (w->plain && j->step[k][inner] == 1);
    past &= direct[k] || (still[k] = j->step[k][inner] == 0);
    if (still[k] && !direct[k]) /* once for all blocks */
      w->loops->load[j->dtype](w->block[k], p[k], 0, n < BLOCK ? n : BLOCK);
  }
  if (past) {
    run_past(w, &l, p, still, n);
    return;
  }
  all &= direct[0];
  const int64_t most = all ? n : BLOCK;
  for (int64_t i = 0; i < n; i += most) {
    l.n = n - i < most ? n - i : most;
    for (int k = 1; k < j->args; k++) {
      const int64_t step = j->step[k][inner];
      char *from = p[k] + i * step * w->size;
      if (!direct[k] && step) w->loops->load[j->dtype](w->block[k], from, step, l.n);
      l.in[k - 1] = direct[k] ? from : w->block[k];
    }
    char *to = p[0] + i * j->step[0][inner] * w->out_size;
    l.out = direct[0] ? to : w->block[0];
    w->f(&l);
    if (w->stream)
      stream_out(w, to, &l, direct);
    else if (!direct[0])
      store_out(w, to, j->step[0][inner], l.n);
  }
}

/* -- walking the outer dims ---------------------------------------------------------------- */
struct place {
  int64_t at[RK_MAX_DIMS];
  char *p[RK_MAX_ARGS];
};
static void place_at(const struct work *w, struct place *c, int64_t index) {
  const struct rk_job *j = w->job;
  for (int k = 0; k < j->args; k++) c->p[k] = j->base[k];
  for (int d = j->rank - 1; d >= 0; d--) {
    c->at[d] = index % j->shape[d], index /= j->shape[d];
    for (int k = 0; k < j->args; k++) c->p[k] += c->at[d] * j->step[k][d] * (k ? w->size : w->out_size);
  }
}
/* n elements on along the innermost dim, at most to its end. */
static void advance(const struct work *w, struct place *c, int64_t n) {
  const struct rk_job *j = w->job;
  for (int d = j->rank - 1; d >= 0; d--, n = 1) {
    const int64_t back = c->at[d] + n == j->shape[d] ? j->shape[d] : 0;
    for (int k = 0; k < j->args; k++) c->p[k] += (n - back) * j->step[k][d] * (k ? w->size : w->out_size);
    c->at[d] += n - back;
    if (!back) return;
  }
}

static void run_rows(struct work *w, int64_t first, int64_t end) {
  const int64_t inner = w->job->shape[w->job->rank - 1];
  struct place c;
  place_at(w, &c, first);
  while (first < end) {
    int64_t n = inner - c.at[w->job->rank - 1];
    n = n < end - first ? n : end - first;
    run_line(w, c.p, n);
    advance(w, &c, n);
    first += n;
  }
}
/* Rows too short for a call each: many rows to a block. */
static void run_short_rows(struct work *w, int64_t first, int64_t end) {
  const struct rk_job *j = w->job;
  const int inner = j->rank - 1, args = j->args;
  struct rk_loop l = {
      .a = j->a, .b = j->b, .ia = j->ia, .ib = j->ib, .mask = rk_dtype_mask(j->dtype), .out = w->block[0]};
  const bool flags = rk_op_kind(j->op) == RK_COMPARE;
  struct place c, start;
  place_at(w, &c, first);
  for (; first < end; first += l.n) {
    start = c;
    l.n = end - first < BLOCK ? end - first : BLOCK;
    for (int64_t i = 0, n; i < l.n; i += n) {
      n = j->shape[inner] - c.at[inner];
      n = n < l.n - i ? n : l.n - i;
      for (int k = 1; k < args; k++)
        if (READS(w, k)) w->loops->load[j->dtype](w->block[k] + i * w->compute_size, c.p[k], j->step[k][inner], n);
      advance(w, &c, n);
    }
    for (int k = 1; k < args; k++) l.in[k - 1] = w->block[k];
    w->f(&l);
    for (int64_t i = 0, n; i < l.n; i += n) {
      n = j->shape[inner] - start.at[inner];
      n = n < l.n - i ? n : l.n - i;
      if (flags)
        store_flags(w, start.p[0], (uint8_t *)w->block[0] + i, j->step[0][inner], n);
      else
        w->loops->store[j->dtype](start.p[0], w->block[0] + i * w->compute_size, j->step[0][inner], n);
      advance(w, &start, n);
    }
  }
}

static void run_range(const struct rk_job *j, int64_t first, int64_t end, bool large) {
  struct work w;
  w.job = j;
  w.loops = rk_cpu_loops[j->dtype];
  w.f = w.loops->map[j->column][j->op];
  w.size = rk_dtype_size(j->dtype), w.out_size = rk_dtype_size(j->out_dtype);
  w.compute_size = rk_compute_of[j->dtype] == RK_C_i64 || rk_compute_of[j->dtype] == RK_C_f64 ? 8 : 4;
  w.plain = rk_is_compute(j->dtype);
  w.reads = reads_of(j);
  if (rk_op_kind(j->op) == RK_COMPARE) {
    const double d[2] = {0, 1};
    const float f[2] = {0, 1};
    const int32_t i[2] = {0, 1};
    const int64_t q[2] = {0, 1};
    const void *from[RK_NCOMPUTE] = {i, q, f, d};
    const int c = rk_compute_of[j->out_dtype], size = c == RK_C_f64 || c == RK_C_i64 ? 8 : 4;
    rk_cpu_loops[j->out_dtype]->store[j->out_dtype](w.zero, from[c], 1, 1);
    rk_cpu_loops[j->out_dtype]->store[j->out_dtype](w.one, (const char *)from[c] + size, 1, 1);
  }
  w.stream = false;
  if (j->rank > 1 && j->shape[j->rank - 1] < SHORT_ROW) {
    run_short_rows(&w, first, end);
    return;
  }
  w.stream = large && streams(j);
  run_rows(&w, first, end);
  if (w.stream) rk_stream_end();
}

/* A job as its parts see it. */
struct running {
  const struct rk_job *job;
  bool large; /* the result is: see streams */
  bool past;  /* blocks of it can be written past the caches */
  int across; /* with strips: the dim cut into them besides the last, and how many there are along both */
  int64_t row_strips, col_strips;
};
static void run_part(void *arg, int64_t part) {
  const struct running *s = arg;
  run_range(s->job, part * CHUNK, least((part + 1) * CHUNK, rk_job_count(s->job)), s->large);
}

/* -- operands that run across the result --------------------------------------------------- */
/* Row by row, each element of a transposed operand would come from a line, often a page, of its own. So blocks are
 * turned first, into memory that stays in the second-level cache: large ones, so that both sides are read in runs.
 * Floats, a + b:t() on two threads, 4096 x 4096: 59 ms row by row, 12 in blocks of 256 x 256, 8 in these. */
enum { STRIP_ROWS = 64, STRIP_COLS = 512, STRIPS_FROM = 1 << 16, SHORT_ACROSS = 16 };
static bool is_across(const struct rk_job *j, int k, int d) {
  return j->step[k][d] == 1 && size_of_step(j->step[k][j->rank - 1]) >= SHORT_ACROSS;
}
/* The dim along which some input runs while it steps far along the result's; -1: none. */
static int find_across(const struct rk_job *j) {
  const int inner = j->rank - 1;
  if (j->shape[inner] < SHORT_ROW) return -1;
  for (int d = 0; d < inner; d++)
    for (int k = 1; k < j->args && j->shape[d] >= SHORT_ACROSS; k++)
      if (is_across(j, k, d)) return d;
  return -1;
}
/* Of dim d only what begins at `first`. */
static void narrow_dim(struct rk_job *j, int d, int64_t first, int64_t n) {
  for (int k = 0; k < j->args; k++) j->base[k] += first * j->step[k][d] * rk_dtype_size(k ? j->dtype : j->out_dtype);
  j->shape[d] = n;
}

/* A block of a large result: computed in the place of what was turned for it, then written past the caches while what
 * the next block reads is fetched. Writing while computing gives each too little of the memory's time: a + b:t(), two
 * cores of a Zen 4, 3162 x 3162, 13 -> 20 GB/s. */
static void run_past_block(struct rk_job *j, char *aside, int64_t width, struct rk_coming *coming, int sources) {
  const int size = rk_dtype_size(j->dtype);
  const int64_t rows = j->shape[0], cols = j->shape[1];
  const struct rk_move v = {rows, cols * size, j->base[0], j->step[0][0] * size, 1, aside, width * size, 1, true};
  j->base[0] = aside, j->step[0][0] = width;
  run_range(j, 0, rows * cols, false);
  rk_turn_loops()->write(&v, coming, sources);
}

static void run_strip(void *arg, int64_t part) {
  const struct running *s = arg;
  struct rk_job j = *s->job;
  const int inner = j.rank - 1, d = s->across, size = rk_dtype_size(j.dtype);
  const int64_t col = part % s->col_strips * STRIP_COLS, row = part / s->col_strips % s->row_strips * STRIP_ROWS;
  const int64_t next = least(STRIP_COLS, j.shape[inner] - col - STRIP_COLS); /* columns of the next block */
  int64_t outer = part / s->col_strips / s->row_strips;
  narrow_dim(&j, inner, col, least(STRIP_COLS, j.shape[inner] - col));
  narrow_dim(&j, d, row, least(STRIP_ROWS, j.shape[d] - row));
  for (int e = inner - 1; e >= 0; e--)
    if (e != d) {
      const int64_t n = j.shape[e];
      narrow_dim(&j, e, outer % n, 1);
      outer /= n;
    }
  swap_dims(&j, 0, d), swap_dims(&j, 1, inner);
  const int64_t rows = j.shape[0], cols = j.shape[1];
  j.rank = 2;
  const int64_t width = cols + RK_LINE / size; /* a line more: rows in one set of the cache drive each other out */
  char *turned[RK_MAX_ARGS] = {NULL}, *aside = NULL;
  struct rk_coming coming[RK_MAX_ARGS];
  int sources = 0;
  for (int k = 1; k < j.args; k++) {
    struct rk_coming *c = &coming[sources];
    const int64_t step = j.step[k][1] * size;
    if (is_across(&j, k, 0) && (turned[k] = rk_scratch(rows * width * size, "map"))) { /* without: slower */
      const struct rk_move v = {rows, cols, turned[k], width * size, size, j.base[k], size, step, false};
      rk_move_elements(size, &v);
      *c = (struct rk_coming){j.base[k] + STRIP_COLS * step, step, rows * size / RK_LINE + 1, next, 0};
      j.base[k] = aside = turned[k], j.step[k][0] = width, j.step[k][1] = 1;
    } else if (step == size) {
      *c = (struct rk_coming){j.base[k] + cols * size, j.step[k][0] * size, next * size / RK_LINE + 1, rows, 0};
    } else {
      continue;
    }
    if (next > 0) sources++;
  }
  if (s->past && aside)
    run_past_block(&j, aside, width, coming, sources);
  else
    run_range(&j, 0, rows * cols, s->large);
  for (int k = 1; k < j.args; k++) rk_scratch_free(turned[k]);
}

int rk_job_run(const struct rk_job *j) {
  const int64_t total = rk_job_count(j), cost = rk_op_class(j->op) == RK_FLT ? 8 : 4;
  struct running s = {.job = j, .large = total * rk_dtype_size(j->out_dtype) >= RK_STREAM_FROM};
  s.across = total < STRIPS_FROM ? -1 : find_across(j);
  if (s.across < 0) return rk_parallel_try((total + CHUNK - 1) / CHUNK, total * cost, run_part, &s);
  s.past = s.large && streams(j);
  s.row_strips = (j->shape[s.across] + STRIP_ROWS - 1) / STRIP_ROWS;
  s.col_strips = (j->shape[j->rank - 1] + STRIP_COLS - 1) / STRIP_COLS;
  const int64_t outer = total / j->shape[s.across] / j->shape[j->rank - 1];
  return rk_parallel_try(outer * s.row_strips * s.col_strips, total * cost, run_strip, &s);
}
