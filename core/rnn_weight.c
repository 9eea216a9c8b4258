/* rnn_weight.c -- recurrent layers: the gradients of weights and biases, of all steps at once.
 *
 *   [dw_ih | dw_hh | db] += scale * dgates' * [x | states before | 1], a row a step and sample
 *
 * The gates' gradients, the largest operand by far, lie as the products (gemm_strips.c) read them: a column of their
 * tiles is a hidden unit. Inputs and states are read where they lie, each row of a tile being one of their features.
 * All tiles of a few blocks of units are summed side by side over a stretch of rows, then over the next one: stretches
 * and tiles stay in the caches. Where few rows of the input differ (repeats.c), the gradients that meet the same row
 * are summed first, and the input has a product of its own with these sums. Which sums a number is made of, and in
 * which order, depends on the shapes and on these repeats alone. */
#include "gemm.h"
#include "layer.h"
#include "repeats.h"
#include "rnn.h"

/* Rows of a stretch. Bytes of tiles that are summed side by side: of a quarter of what a core's own cache holds. */
enum { STRETCH = 256, TILES_BYTES = 1 << 18 };

enum { INPUT, STATE, SIDES };
/* Rows [from, end) of the gradients meet the rows of a matrix, the first one at `at`. */
struct piece {
  int64_t from, end, row;
  const char *at;
};
struct side {
  struct rk_tensor from; /* x, or the states */
  struct rk_result dw;   /* packed */
  struct rk_tensor *db;  /* NULL: not wanted */
  struct piece piece[2];
  int64_t width, panels; /* features, 0: not wanted; tiles that cover them */
};
struct sums {
  const struct rk_rnn *r;
  const struct rk_rnn_loops *loops;
  const struct rk_strips *strips;
  int size; /* of an element */
  int64_t batch, steps, hidden, rows;
  double scale;
  const char *dgates;
  int64_t blocks, block, all; /* of dgates: how many to a panel of units; bytes from one to the next; of all panels */
  struct side side[SIDES];
  struct rk_tensor h0; /* empty: zeros */
  bool biased;
  int64_t tile, panels;       /* bytes of a tile; tiles to a block */
  char *tiles, *column_sums;  /* tiles: of one group for each part; column_sums: as the columns of dgates */
  int64_t group, parts, next; /* blocks of a group; how many groups; who takes one takes this */
  const int *flag;
};
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t most(int64_t x, int64_t y) { return x > y ? x : y; }
static int64_t parts_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

/* Which gate of the weights on that side the block belongs to; -1: none. GRU's blocks are n, r, z, and n as the state's
 * share sees it. */
static int64_t gate_of(const struct sums *s, int side, int64_t block) {
  if (s->r->kind != RK_RNN_GRU) return block;
  if (side == STATE) return block - 1;
  return block < 3 ? (block + 2) % 3 : -1;
}

/* -- products ------------------------------------------------------------------------------ */
static int64_t feature(const struct side *k, int64_t panel) { return panel * k->width / k->panels; }

/* A tile's sums over rows [first, end). */
static void add_stretch(const struct sums *s, const struct side *k, int64_t panel, const char *gradients, int64_t first,
                        int64_t end, char *sum) {
  const int64_t f = feature(k, panel), n = feature(k, panel + 1) - f, line = s->strips->cols * s->size;
  for (int i = 0; i < 2; i++) {
    const struct piece *p = k->piece + i;
    const int64_t from = most(first, p->from), to = least(end, p->end);
    if (from < to)
      s->strips->turned[n](1, 0, to - from, p->at + ((from - p->from) * p->row + f) * s->size, p->row,
                           gradients + from * line, sum);
  }
}

/* dw[j][f] += scale * sum[f][j] for n units and `count` features; from one to the next in sum: unit, feature */
#define ADD_SUMS(type)                                                                                                 \
  static void add_##type(void *pdw, int64_t width, const void *psum, int64_t unit, int64_t feature, int64_t n,         \
                         int64_t count, double scale) {                                                                \
    const type *sum = psum, a = (type)scale;                                                                           \
    for (int64_t j = 0; j < n; j++) {                                                                                  \
      type *dw = (type *)pdw + j * width;                                                                              \
      for (int64_t f = 0; f < count; f++) dw[f] += a * sum[f * feature + j * unit];                                    \
    }                                                                                                                  \
  }
ADD_SUMS(float)
ADD_SUMS(double)

/* A tile's sums to where they belong: gradients lie by units, and sums by features. */
static void store(const struct sums *s, const struct side *k, int64_t gate, int64_t unit, int64_t panel,
                  const char *sum) {
  enum { WIDTH = 16 };
  char turned[RK_TILE_COLS * WIDTH * 4] __attribute__((aligned(64)));
  const int64_t f = feature(k, panel), count = feature(k, panel + 1) - f, cols = s->strips->cols;
  const int64_t n = least(cols, s->hidden - unit);
  const struct rk_gemm_kernel *kernel = rk_gemm_kernel(rk_rnn_compute(s->r));
  char *dw = rk_at(&k->dw.t) + ((gate * s->hidden + unit) * k->width + f) * s->size;
  const bool turn = kernel->transpose8 && count >= 8;
  for (int64_t i = 0; turn && i < count; i += 8) {
    const int64_t from = least(i, count - 8); /* the last eight, some of them once more */
    kernel->transpose8(turned + from * s->size, WIDTH, sum + from * cols * s->size, cols, n);
  }
  (s->size == 4 ? add_float : add_double)(dw, k->width, turn ? turned : sum, turn ? WIDTH : 1, turn ? 1 : cols, n,
                                          count, s->scale);
}

/* All tiles of `count` blocks from `first` on, in `tiles`. */
static void group_sums(const struct sums *s, int64_t first, int64_t count, char *tiles) {
  static const double one_double = 1;
  static const float one_float = 1;
  const void *one = s->size == 4 ? (const void *)&one_float : &one_double;
  memset(tiles, 0, (size_t)(count * s->panels * s->tile));
  for (int64_t row = 0; row < s->rows && !rk_stopped(s->flag); row += STRETCH) {
    const int64_t end = least(s->rows, row + STRETCH);
    char *sum = tiles;
    for (int64_t b = first; b < first + count; b++) {
      const char *gradients = s->dgates + b * s->block;
      for (int k = 0; k < SIDES; k++)
        for (int64_t p = 0; p < s->side[k].panels; p++, sum += s->tile)
          if (gate_of(s, k, b % s->blocks) >= 0) add_stretch(s, s->side + k, p, gradients, row, end, sum);
      if (!s->biased) continue;
      s->strips->turned[1](1, 0, end - row, one, 0, gradients + row * s->strips->cols * s->size, sum);
      sum += s->tile;
    }
  }
}
static void group_stored(const struct sums *s, int64_t first, int64_t count, const char *sum) {
  for (int64_t b = first; b < first + count; b++) {
    const int64_t block = b % s->blocks, unit = b / s->blocks * s->strips->cols;
    for (int k = 0; k < SIDES; k++)
      for (int64_t p = 0; p < s->side[k].panels; p++, sum += s->tile)
        if (gate_of(s, k, block) >= 0) store(s, s->side + k, gate_of(s, k, block), unit, p, sum);
    if (!s->biased) continue;
    memcpy(s->column_sums + (block * s->hidden + unit) * s->size, sum,
           (size_t)(least(s->strips->cols, s->hidden - unit) * s->size));
    sum += s->tile;
  }
}

/* Groups go to whoever is free: threads are seldom equally quick. */
static void taker(void *arg, int64_t part) {
  struct sums *s = arg;
  char *tiles = s->tiles + part * s->group * s->panels * s->tile;
  for (int64_t k; (k = __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED)) < s->parts && !rk_stopped(s->flag);) {
    const int64_t first = k * s->group, count = least(s->group, s->all - first);
    group_sums(s, first, count, tiles);
    if (!rk_stopped(s->flag)) group_stored(s, first, count, tiles);
  }
}

static void scale_by(char *x, int64_t n, int size, double scale) {
  if (scale == 1) return;
  for (int64_t i = 0; i < n; i++)
    if (size == 4)
      ((float *)x)[i] *= (float)scale;
    else
      ((double *)x)[i] *= scale;
}

static int biases(const struct sums *s, int side) {
  struct rk_result db;
  if (!s->side[side].db) return RK_OK;
  RK_TRY(rk_result_add(&db, s->side[side].db, s->r->x->dt));
  for (int64_t b = 0; b < s->blocks; b++) {
    const int64_t gate = gate_of(s, side, b), bytes = s->hidden * s->size;
    if (gate >= 0) s->loops->add(rk_at(&db.t) + gate * bytes, 0, s->column_sums + b * bytes, 0, 1, s->hidden);
  }
  return rk_result_close(&db, RK_OK);
}

static int run(struct sums *s, const char *who) {
  const int64_t threads = rk_threads(), cols = s->strips->cols;
  s->all = parts_of(s->hidden, cols) * s->blocks, s->tile = s->strips->rows * cols * s->size;
  s->panels = s->side[INPUT].panels + s->side[STATE].panels + s->biased;
  s->group = most(1, least(TILES_BYTES / (s->panels * s->tile), s->all / (8 * threads)));
  s->parts = parts_of(s->all, s->group), s->next = 0;
  const int64_t takers = least(s->parts, threads), tiles = takers * s->group * s->panels * s->tile;
  s->tiles = rk_scratch(tiles + s->blocks * s->hidden * s->size, who);
  if (!s->tiles) return RK_ENOMEM;
  s->column_sums = s->tiles + tiles;
  rk_parallel(takers, s->rows * s->panels * s->all * cols, taker, s);
  int status = rk_interrupted();
  if (!status) scale_by(s->column_sums, s->biased ? s->blocks * s->hidden : 0, s->size, s->scale);
  if (!status) status = biases(s, INPUT);
  if (!status) status = biases(s, STATE);
  rk_scratch_free(s->tiles);
  return status;
}

/* A view of t (steps, batch, features) when its rows are dense and lie evenly, else a copy. */
static int even_rows(struct rk_tensor *tmp, const struct rk_tensor *t) {
  const bool dense = t->step[2] == 1 || t->shape[2] == 1;
  if (!dense || (t->shape[0] > 1 && t->shape[1] > 1 && t->step[0] != t->shape[1] * t->step[1]))
    return rk_operand(tmp, t, t->dt, RK_ROWS);
  rk_lend(tmp, t);
  return RK_OK;
}

static int open_side(struct sums *s, int side, struct rk_tensor *dw, const struct rk_tensor *from) {
  struct side *k = s->side + side;
  if (!dw) return RK_OK;
  RK_TRY(even_rows(&k->from, from));
  RK_TRY(rk_result_add(&k->dw, dw, s->r->x->dt));
  k->width = dw->shape[1], k->panels = parts_of(k->width, s->strips->rows);
  const int64_t row = k->from.step[s->batch > 1], skip = side == STATE ? s->batch : 0;
  const bool back = s->r->reverse && skip;
  const char *at = rk_at(&k->from) + (back ? skip * row * s->size : 0);
  k->piece[0] = (struct piece){back ? 0 : skip, back ? s->rows - skip : s->rows, row, at};
  if (skip && s->h0.mem)
    k->piece[1] = (struct piece){back ? s->rows - skip : 0, back ? s->rows : skip, s->hidden, rk_at(&s->h0)};
  return RK_OK;
}

static int check(struct rk_tensor *const dw[2], struct rk_tensor *const db[2], const struct rk_rnn *r,
                 const struct rk_tensor *dgates, const char *who) {
  RK_TRY(rk_rnn_check(r, who));
  const struct rk_tensor *x = r->x;
  const int64_t gh = r->w_hh->shape[0];
  int64_t shape[3];
  rk_rnn_dgates_shape(r, shape);
  RK_TRY(rk_rnn_need(dgates, x, 3, shape, who, "gradients of the gates"));
  if (!rk_tensor_packed(dgates) || (uintptr_t)rk_at(dgates) % 64)
    return rk_fail(RK_EARG, "%s: gradients of the gates as rk_rnn_backward leaves them expected", who);
  if (r->lengths) RK_TRY(rk_rnn_need(r->states, x, 3, r->y->shape, who, "states (of a forward pass)"));
  RK_TRY(rk_rnn_optional(dw[INPUT], x, 2, r->w_ih->shape, who, "dw_ih"));
  RK_TRY(rk_rnn_optional(dw[STATE], x, 2, r->w_hh->shape, who, "dw_hh"));
  RK_TRY(rk_rnn_optional(db[INPUT], x, 1, &gh, who, "db_ih"));
  return rk_rnn_optional(db[STATE], x, 1, &gh, who, "db_hh");
}

/* -- inputs with few different rows --------------------------------------------------------- */
struct by_kind {
  const struct sums *s;
  const struct rk_repeats *repeats;
  char *to; /* a block of dgates after the other, a row for each different row of the input */
};
static void kinds_part(void *arg, int64_t part) {
  const struct by_kind *k = arg;
  const struct sums *s = k->s;
  const int64_t cols = s->strips->cols;
  const int64_t bytes = k->repeats->count * cols * s->size;
  if (gate_of(s, INPUT, part % s->blocks) < 0) return;
  memset(k->to + part * bytes, 0, (size_t)bytes);
  s->loops->gather(k->to + part * bytes, s->dgates + part * s->block, k->repeats->which, s->rows, cols);
}

/* dw_ih alone, by sums of gradients. */
static int by_kinds(const struct sums *all, struct rk_tensor *dw, const struct rk_repeats *repeats, int64_t blocks,
                    const char *who) {
  const int64_t n = repeats->count, cols = all->strips->cols, row = repeats->rows.step[0];
  struct by_kind k = {.s = all, .repeats = repeats, .to = rk_scratch(blocks * n * cols * all->size, who)};
  if (!k.to) return RK_ENOMEM;
  rk_parallel(blocks, all->rows * blocks * cols / 4, kinds_part, &k);
  struct sums s = *all;
  memset(s.side, 0, sizeof s.side);
  s.steps = 1, s.batch = s.rows = n, s.dgates = k.to, s.block = n * cols * s.size, s.biased = false;
  struct rk_tensor x;
  rk_lend(&x, &repeats->rows);
  x.rank = 3, x.shape[0] = 1, x.shape[1] = n, x.shape[2] = dw->shape[1];
  x.step[0] = n * row, x.step[1] = row, x.step[2] = 1;
  int status = open_side(&s, INPUT, dw, &x);
  if (!status) status = run(&s, who);
  if (s.side[INPUT].dw.out) status = rk_result_close(&s.side[INPUT].dw, status);
  rk_tensor_drop(&s.side[INPUT].from);
  rk_tensor_drop(&x);
  rk_scratch_free(k.to);
  return status;
}

int rk_rnn_backward_weight(struct rk_tensor *dw_ih, struct rk_tensor *dw_hh, struct rk_tensor *db_ih,
                           struct rk_tensor *db_hh, double scale, const struct rk_rnn *r,
                           const struct rk_tensor *dgates) {
  const char *who = "rnn backward weight";
  struct rk_tensor *const dw[] = {dw_ih, dw_hh}, *const db[] = {db_ih, db_hh};
  RK_TRY(check(dw, db, r, dgates, who));
  const int dt = r->x->dt;
  struct sums s = {.r = r, .loops = rk_rnn_loops(dt), .size = rk_dtype_size(dt), .scale = scale};
  s.steps = r->x->shape[0], s.batch = r->x->shape[1], s.hidden = r->w_hh->shape[1], s.rows = s.steps * s.batch;
  s.dgates = rk_at(dgates), s.blocks = rk_rnn_blocks(r->kind), s.block = dgates->step[0] * s.size;
  s.side[INPUT].db = db_ih, s.side[STATE].db = db_hh, s.biased = db_ih || db_hh;
  s.strips = rk_strips(rk_rnn_compute(r)), s.flag = rk_interrupt_flag();
  const bool before = s.steps > 1 || r->h0; /* else all states before are zero */
  struct rk_repeats repeats = {0};
  int status = r->h0 ? rk_operand(&s.h0, r->h0, dt, RK_ROWS) : RK_OK;
  if (!status && dw_ih) status = rk_find_repeats(&repeats, r->x, who);
  if (!status) status = open_side(&s, INPUT, repeats.count ? NULL : dw_ih, r->x);
  if (!status) status = open_side(&s, STATE, before ? dw_hh : NULL, r->lengths ? r->states : r->y);
  if (!status && (s.side[INPUT].width || s.side[STATE].width || s.biased)) status = run(&s, who);
  if (!status && repeats.count) status = by_kinds(&s, dw_ih, &repeats, dgates->shape[0], who);
  for (int k = 0; k < SIDES; k++) {
    if (s.side[k].dw.out) status = rk_result_close(&s.side[k].dw, status);
    rk_tensor_drop(&s.side[k].from);
  }
  rk_tensor_drop(&s.h0);
  rk_drop_repeats(&repeats);
  return status;
}
