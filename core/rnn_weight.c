/* rnn_weight.c -- recurrent layers: the gradients of weights and biases, of all steps at once.
 *
 *   [dw_ih | dw_hh] += scale * dgates' * [x | states before], a row a step and sample
 *
 * One product for both: the gates' gradients, the largest operand by far, are read once, packed for the tiles of the
 * matrix product (gemm_kernels.c) in stretches of rows, and their columns are summed on the way for the biases. Which
 * sums a number is made of, and in which order, depends on the shapes alone. Two layers of LSTM of 128 units, 50 steps
 * of 50, one thread: 15.9 ms by a library's products and sums, 14.0 this way. */
#include "gemm.h"
#include "layer.h"
#include "rnn.h"

/* Rows (steps x samples) packed at a time at most; columns that one part packs, panels of gates that one part
 * multiplies, at most; a cache line between panels, for they would meet in the same set of a cache. */
enum { PASS = 1024, PACK_COLS = 256, PART_PANELS = 12, GAP = 64 };

enum { INPUT, STATE, SIDES };
struct side {
  struct rk_tensor from;        /* x, or the states: rows dense */
  struct rk_result dw;          /* packed */
  struct rk_tensor *db;         /* NULL: not wanted */
  int64_t width, panel, panels; /* columns; first of its panels, how many; 0: not wanted */
};
struct sums {
  const struct rk_rnn *r;
  const struct rk_rnn_loops *loops;
  const struct rk_gemm_kernel *kernel;
  int size;                           /* of an element */
  int64_t batch, steps, hidden, cols; /* cols: of dgates */
  double scale;
  const char *dgates;
  struct side side[SIDES];
  struct rk_tensor h0; /* empty: zeros */
  char *a, *b, *column_sums;
  int64_t a_panels, a_step, b_step; /* steps from panel to panel, in bytes */
  int64_t first, count;             /* rows of this pass */
  int64_t pack_cols, pack_parts, pack_rows, part_panels;
};
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t parts_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

/* -- packing ------------------------------------------------------------------------------- */
/* A row of a tile; constant sizes are copied without a call. */
static inline void copy_lanes(char *to, const char *from, size_t bytes) {
  if (bytes == 32)
    memcpy(to, from, 32);
  else if (bytes == 64)
    memcpy(to, from, 64);
  else
    memcpy(to, from, bytes);
}

/* Columns [first, first + pack_cols) of dgates, and their sums. */
static void pack_gates(const struct sums *s, int64_t first) {
  const int64_t n = least(s->pack_cols, s->cols - first), row = s->cols * s->size;
  const char *from = s->dgates + s->first * row + first * s->size;
  s->loops->add(s->column_sums + first * s->size, 0, from, s->cols, s->count, n);
  const size_t bytes = (size_t)s->kernel->rows * (size_t)s->size;
  char *to = s->a + first / s->kernel->rows * s->a_step;
  const int64_t whole = n / s->kernel->rows;
  const size_t rest = (size_t)(n * s->size) - (size_t)whole * bytes;
  for (int64_t q = 0; q < s->count; q++, from += row, to += bytes) {
    for (int64_t p = 0; p < whole; p++) copy_lanes(to + p * s->a_step, from + (size_t)p * bytes, bytes);
    if (!rest) continue;
    char *last = to + whole * s->a_step;
    memcpy(last, from + (size_t)whole * bytes, rest);
    memset(last + rest, 0, bytes - rest);
  }
}

/* What step t of sample n read on that side; NULL: zeros. */
static const char *row_of(const struct sums *s, int side, int64_t t, int64_t n) {
  if (side == STATE) {
    t += s->r->reverse ? 1 : -1;
    if (t < 0 || t >= s->steps) return s->h0.mem ? rk_at(&s->h0) + n * s->hidden * s->size : NULL;
  }
  const struct rk_tensor *from = &s->side[side].from;
  return rk_at(from) + (t * from->step[0] + n * from->step[1]) * s->size;
}
static void pack_rows(const struct sums *s, int64_t first) {
  const int64_t bytes = s->kernel->cols * s->size;
  for (int64_t q = first; q < least(s->count, first + s->pack_rows); q++)
    for (int k = 0; k < SIDES; k++) {
      const struct side *side = s->side + k;
      const int64_t row = s->first + q;
      const char *from = row_of(s, k, row / s->batch, row % s->batch);
      char *to = s->b + side->panel * s->b_step + q * bytes;
      for (int64_t p = 0, left = side->width * s->size; p < side->panels; p++, left -= bytes, to += s->b_step) {
        const int64_t here = from ? least(bytes, left) : 0;
        if (here) memcpy(to, from + p * bytes, (size_t)here);
        memset(to + here, 0, (size_t)(bytes - here));
      }
    }
}
static void pack_part(void *arg, int64_t part) {
  const struct sums *s = arg;
  if (part < s->pack_parts)
    pack_gates(s, part * s->pack_cols);
  else
    pack_rows(s, (part - s->pack_parts) * s->pack_rows);
}

/* -- products ------------------------------------------------------------------------------ */
/* The row of the weights on that side that column `c` of dgates belongs to; -1: none. `end`: up to where the next
 * columns go to the next rows. GRU's blocks are r, z, n, and n as the state's share sees it. */
static int64_t target(const struct sums *s, int side, int64_t c, int64_t *end) {
  *end = s->cols;
  if (s->r->kind != RK_RNN_GRU) return c;
  const int64_t block = c / s->hidden;
  *end = (block + 1) * s->hidden;
  if (side == INPUT) return block == 3 ? -1 : c;
  return block == 2 ? -1 : block == 3 ? c - s->hidden : c;
}

static void scale_by(char *x, int64_t n, int size, double scale) {
  if (scale == 1) return;
  for (int64_t i = 0; i < n; i++)
    if (size == 4)
      ((float *)x)[i] *= (float)scale;
    else
      ((double *)x)[i] *= scale;
}

static void tile(const struct sums *s, int side, int64_t a_panel, int64_t panel) {
  char sum[RK_TILE_ROWS * RK_TILE_COLS * 4] __attribute__((aligned(64)));
  const struct side *to = s->side + side;
  const int rows = s->kernel->rows, cols = s->kernel->cols;
  const int64_t first = a_panel * rows, last = least(first + rows, s->cols), col = panel * cols;
  int64_t end = 0;
  if (target(s, side, first, &end) < 0 && end >= last) return;
  s->kernel->tile(s->count, s->a + a_panel * s->a_step, s->b + (to->panel + panel) * s->b_step, sum);
  scale_by(sum, rows * cols, s->size, s->scale);
  for (int64_t c = first; c < last; c = end) {
    const int64_t row = target(s, side, c, &end);
    if (row >= 0)
      s->loops->add(rk_at(&to->dw.t) + (row * to->width + col) * s->size, to->width, sum + (c - first) * cols * s->size,
                    cols, least(end, last) - c, least(cols, to->width - col));
  }
}
static void tiles_part(void *arg, int64_t part) {
  const struct sums *s = arg;
  const int64_t first = part * s->part_panels, end = least(s->a_panels, first + s->part_panels);
  for (int k = 0; k < SIDES; k++)
    for (int64_t panel = 0; panel < s->side[k].panels; panel++)
      for (int64_t i = first; i < end; i++) tile(s, k, i, panel);
}

static int biases(const struct sums *s, int side) {
  struct rk_result db;
  if (!s->side[side].db) return RK_OK;
  RK_TRY(rk_result_add(&db, s->side[side].db, s->r->x->dt));
  for (int64_t c = 0, end = 0; c < s->cols; c = end) {
    const int64_t row = target(s, side, c, &end);
    if (row >= 0) s->loops->add(rk_at(&db.t) + row * s->size, 0, s->column_sums + c * s->size, 0, 1, end - c);
  }
  return rk_result_close(&db, RK_OK);
}

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

static int run(struct sums *s, const char *who) {
  const int64_t rows = s->steps * s->batch, passes = parts_of(rows, PASS), pass = parts_of(rows, passes);
  const int64_t m = s->kernel->rows, n = s->kernel->cols, threads = rk_threads();
  for (int k = 0, panel = 0; k < SIDES; panel += (int)s->side[k++].panels) s->side[k].panel = panel;
  const int64_t b_panels = s->side[STATE].panel + s->side[STATE].panels;
  s->a_panels = parts_of(s->cols, m);
  s->a_step = parts_of(pass * m * s->size, 64) * 64 + GAP, s->b_step = parts_of(pass * n * s->size, 64) * 64 + GAP;
  const int64_t bytes = s->a_panels * s->a_step + b_panels * s->b_step;
  s->a = rk_scratch(bytes + s->cols * s->size, who);
  if (!s->a) return RK_ENOMEM;
  s->b = s->a + s->a_panels * s->a_step, s->column_sums = s->a + bytes;
  memset(s->column_sums, 0, (size_t)(s->cols * s->size));
  s->pack_cols = clamp(parts_of(s->cols, 2 * threads * m) * m, m, PACK_COLS / m * m);
  s->pack_parts = parts_of(s->cols, s->pack_cols), s->pack_rows = parts_of(pass, 2 * threads);
  s->part_panels = clamp(s->a_panels / (4 * threads), 1, PART_PANELS);
  for (s->first = 0; s->first < rows; s->first += pass) {
    s->count = least(pass, rows - s->first);
    rk_parallel(s->pack_parts + (b_panels ? parts_of(s->count, s->pack_rows) : 0), s->count * (s->cols + b_panels * n),
                pack_part, s);
    if (b_panels)
      rk_parallel(parts_of(s->a_panels, s->part_panels), s->count * s->cols * b_panels * n / 16, tiles_part, s);
  }
  scale_by(s->column_sums, s->cols, s->size, s->scale);
  int status = biases(s, INPUT);
  if (!status) status = biases(s, STATE);
  rk_scratch_free(s->a);
  return status;
}

static int open_side(struct sums *s, int side, struct rk_tensor *dw, const struct rk_tensor *from) {
  struct side *k = s->side + side;
  if (!dw) return RK_OK;
  RK_TRY(rk_rnn_dense_rows(&k->from, from));
  RK_TRY(rk_result_add(&k->dw, dw, s->r->x->dt));
  k->width = dw->shape[1], k->panels = parts_of(k->width, s->kernel->cols);
  return RK_OK;
}

static int check(struct rk_tensor *const dw[2], struct rk_tensor *const db[2], const struct rk_rnn *r,
                 const struct rk_tensor *dgates, const char *who) {
  RK_TRY(rk_rnn_check(r, who));
  const struct rk_tensor *x = r->x;
  const int64_t h = r->w_hh->shape[1], gh = r->w_hh->shape[0];
  const int64_t shape[] = {x->shape[0], x->shape[1], rk_rnn_blocks(r->kind) * h};
  RK_TRY(rk_rnn_need(dgates, x, 3, shape, who, "gradients of the gates"));
  if (!rk_tensor_packed(dgates)) return rk_fail(RK_EARG, "%s: packed gradients of the gates expected", who);
  if (r->lengths) RK_TRY(rk_rnn_need(r->states, x, 3, r->y->shape, who, "states (of a forward pass)"));
  RK_TRY(rk_rnn_optional(dw[INPUT], x, 2, r->w_ih->shape, who, "dw_ih"));
  RK_TRY(rk_rnn_optional(dw[STATE], x, 2, r->w_hh->shape, who, "dw_hh"));
  RK_TRY(rk_rnn_optional(db[INPUT], x, 1, &gh, who, "db_ih"));
  return rk_rnn_optional(db[STATE], x, 1, &gh, who, "db_hh");
}

int rk_rnn_backward_weight(struct rk_tensor *dw_ih, struct rk_tensor *dw_hh, struct rk_tensor *db_ih,
                           struct rk_tensor *db_hh, double scale, const struct rk_rnn *r,
                           const struct rk_tensor *dgates) {
  const char *who = "rnn backward weight";
  struct rk_tensor *const dw[] = {dw_ih, dw_hh}, *const db[] = {db_ih, db_hh};
  RK_TRY(check(dw, db, r, dgates, who));
  const int dt = r->x->dt;
  struct sums s = {.r = r, .loops = rk_rnn_loops(dt), .size = rk_dtype_size(dt), .scale = scale};
  s.kernel = rk_gemm_kernel(dt == RK_f64 ? RK_COMPUTE_F64 : RK_COMPUTE_F32);
  s.steps = r->x->shape[0], s.batch = r->x->shape[1], s.hidden = r->w_hh->shape[1], s.cols = dgates->shape[2];
  s.dgates = rk_at(dgates);
  s.side[INPUT].db = db_ih, s.side[STATE].db = db_hh;
  const bool before = s.steps > 1 || r->h0; /* else all states before are zero */
  int status = r->h0 ? rk_operand(&s.h0, r->h0, dt, RK_ROWS) : RK_OK;
  if (!status) status = open_side(&s, INPUT, dw_ih, r->x);
  if (!status) status = open_side(&s, STATE, before ? dw_hh : NULL, r->lengths ? r->states : r->y);
  if (!status) status = run(&s, who);
  for (int k = 0; k < SIDES; k++) {
    if (s.side[k].dw.out) status = rk_result_close(&s.side[k].dw, status);
    rk_tensor_drop(&s.side[k].from);
  }
  rk_tensor_drop(&s.h0);
  return status;
}
