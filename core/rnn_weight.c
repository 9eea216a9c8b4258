/* rnn_weight.c -- recurrent layers: the gradients of weights and biases, of all steps at once.
 *
 *   [dw_ih | dw_hh | db] += scale * dgates' * [x | states before | 1], a row a step and sample
 *
 * One product for all of them. The gates' gradients, the largest operand by far, lie as the tiles of the matrix product
 * (gemm_kernels.c) read them: a column of these is a hidden unit. The other operand is packed in stretches of rows, its
 * features being the rows of the tiles; which features a tile holds does not matter to it. Where few rows of the input
 * differ (repeats.c), the gradients that meet the same row are summed first, and the input has a product of its own
 * with these sums. Which sums a number is made of, and in which order, depends on the shapes and on these repeats
 * alone. */
#include "gemm.h"
#include "layer.h"
#include "repeats.h"
#include "rnn.h"

/* Rows (steps x samples) packed at a time at most; a cache line between panels, for they would meet in the same set of
 * a cache. */
enum { PASS = 1024, GAP = 64 };

enum { INPUT, STATE, SIDES };
struct side {
  struct rk_tensor from; /* x, or the states: rows dense */
  struct rk_result dw;   /* packed */
  struct rk_tensor *db;  /* NULL: not wanted */
  int64_t lane, width;   /* first of its features among those packed, how many; 0: not wanted */
};
struct sums {
  const struct rk_rnn *r;
  const struct rk_rnn_loops *loops;
  const struct rk_gemm_kernel *kernel;
  int size; /* of an element */
  int64_t batch, steps, hidden;
  double scale;
  const char *dgates;
  int64_t blocks, block; /* of dgates: how many; from one to the next, in bytes */
  struct side side[SIDES];
  struct rk_tensor h0;   /* empty: zeros */
  int64_t ones, lanes;   /* the feature that is 1, past the others where there is none; how many are packed */
  int64_t panels, panel; /* of features; from one to the next, in bytes */
  char *packed, *tiles, *column_sums; /* tiles: sums of the passes so far; column_sums: as the columns of dgates */
  int64_t first, count, rows;         /* rows of this pass; of all */
  int64_t pack_rows, chunk, chunks;   /* rows packed by one part; panels that one multiplies, parts to a block */
  int64_t parts, next;                /* of the products: how many, who takes one takes this */
};
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t parts_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

/* -- packing ------------------------------------------------------------------------------- */
/* A row of a tile: two moves that may overlap, without a call. */
static inline void copy_lanes(char *to, const char *from, size_t bytes) {
  if (bytes >= 32 && bytes <= 64) {
    memcpy(to, from, 32);
    memcpy(to + bytes - 32, from + bytes - 32, 32);
  } else {
    memcpy(to, from, bytes);
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

static void put_ones(char *to, int size) {
  if (size == 4)
    *(float *)to = 1;
  else
    *(double *)to = 1;
}

/* `n` features from `lane` on, of row q; from NULL: zeros. */
static void pack_run(const struct sums *s, int64_t q, int64_t lane, const char *from, int64_t n) {
  const int64_t rows = s->kernel->rows;
  while (n > 0) {
    const int64_t i = lane % rows, here = least(rows - i, n);
    char *to = s->packed + lane / rows * s->panel + (q * rows + i) * s->size;
    if (from) {
      copy_lanes(to, from, (size_t)(here * s->size));
      from += here * s->size;
    } else {
      memset(to, 0, (size_t)(here * s->size));
    }
    lane += here, n -= here;
  }
}
static void pack_part(void *arg, int64_t part) {
  const struct sums *s = arg;
  for (int64_t q = part * s->pack_rows; q < least(s->count, (part + 1) * s->pack_rows); q++) {
    const int64_t row = s->first + q;
    for (int k = 0; k < SIDES; k++)
      if (s->side[k].width)
        pack_run(s, q, s->side[k].lane, row_of(s, k, row / s->batch, row % s->batch), s->side[k].width);
    const int64_t rows = s->kernel->rows;
    if (s->ones < s->lanes)
      put_ones(s->packed + s->ones / rows * s->panel + (q * rows + s->ones % rows) * s->size, s->size);
  }
}

/* -- products ------------------------------------------------------------------------------ */
/* Which gate of the weights on that side the block belongs to; -1: none. GRU's blocks are n, r, z, and n as the state's
 * share sees it. */
static int64_t gate_of(const struct sums *s, int side, int64_t block) {
  if (s->r->kind != RK_RNN_GRU) return block;
  if (side == STATE) return block - 1;
  return block < 3 ? (block + 2) % 3 : -1;
}
/* The features [*from, *end) of a panel, counted from its first one, that are that side's and that the block is for. */
static bool features_of(const struct sums *s, int side, int64_t block, int64_t panel, int64_t *from, int64_t *end) {
  const int64_t rows = s->kernel->rows, first = panel * rows, lane = s->side[side].lane;
  *from = lane > first ? lane - first : 0, *end = least(rows, lane + s->side[side].width - first);
  return *end > *from && gate_of(s, side, block) >= 0;
}

/* dw[j][f] += scale * sum[f][j] for n units and `count` features */
#define ADD_TURNED(type)                                                                                               \
  static void add_##type(void *pdw, int64_t width, const void *psum, int cols, int64_t n, int64_t count,               \
                         double scale) {                                                                               \
    const type *sum = psum, a = (type)scale;                                                                           \
    for (int64_t j = 0; j < n; j++) {                                                                                  \
      type *dw = (type *)pdw + j * width;                                                                              \
      for (int64_t f = 0; f < count; f++) dw[f] += a * sum[f * cols + j];                                              \
    }                                                                                                                  \
  }
ADD_TURNED(float)
ADD_TURNED(double)

/* A tile's sums to where they belong: block b's gate and first unit. */
static void store(const struct sums *s, int64_t gate, int64_t unit, int64_t panel, const char *sum) {
  const int rows = s->kernel->rows, cols = s->kernel->cols;
  const int64_t n = least(cols, s->hidden - unit);
  int64_t from = 0, end = 0;
  for (int k = 0; k < SIDES; k++) {
    const struct side *to = s->side + k;
    if (!features_of(s, k, gate, panel, &from, &end)) continue;
    const int64_t row = gate_of(s, k, gate) * s->hidden + unit, column = panel * rows + from - to->lane;
    (s->size == 4 ? add_float : add_double)(rk_at(&to->dw.t) + (row * to->width + column) * s->size, to->width,
                                            sum + from * cols * s->size, cols, n, end - from, s->scale);
  }
  const int64_t ones = s->ones - panel * rows;
  if (ones >= 0 && ones < rows && s->ones < s->lanes)
    memcpy(s->column_sums + (gate * s->hidden + unit) * s->size, sum + ones * cols * s->size, (size_t)(n * s->size));
}
static bool wanted(const struct sums *s, int64_t gate, int64_t panel) {
  int64_t from = 0, end = 0;
  for (int k = 0; k < SIDES; k++)
    if (features_of(s, k, gate, panel, &from, &end)) return true;
  return s->ones < s->lanes && s->ones / s->kernel->rows == panel;
}

static void tiles_part(void *arg, int64_t part) {
  const struct sums *s = arg;
  const int64_t block = part / s->chunks, first = part % s->chunks * s->chunk, row = s->kernel->cols * s->size;
  const int64_t gate = block % s->blocks, unit = block / s->blocks * s->kernel->cols, tile = s->kernel->rows * row;
  const bool last = s->first + s->count == s->rows;
  const char *gradients = s->dgates + block * s->block + s->first * row;
  for (int64_t panel = first; panel < least(s->panels, first + s->chunk); panel++) {
    char now[RK_TILE_ROWS * RK_TILE_COLS * 4] __attribute__((aligned(64)));
    if (!wanted(s, gate, panel)) continue;
    char *sum = s->tiles ? s->tiles + (block * s->panels + panel) * tile : now;
    s->kernel->tile(s->count, s->packed + panel * s->panel, gradients, s->first ? now : sum);
    if (s->first) s->loops->add(sum, 0, now, 0, 1, tile / s->size);
    if (last) store(s, gate, unit, panel, sum);
  }
}

/* Parts go to whoever is free: threads are seldom equally quick. */
static void taker(void *arg, int64_t part) {
  struct sums *s = arg;
  (void)part;
  for (int64_t k; (k = __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED)) < s->parts;) tiles_part(s, k);
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

/* The kernel that takes the least time for `lanes` features: short tiles read the gradients more often, tall ones may
 * be filled up with nothing. */
static const struct rk_gemm_kernel *kernel_for(const struct rk_rnn *r, int64_t lanes) {
  const struct rk_gemm_kernel *best = rk_rnn_kernel(r, 1);
  for (int64_t rows = best->rows; rows <= RK_TILE_ROWS; rows++) {
    const struct rk_gemm_kernel *k = rk_rnn_kernel(r, rows);
    if (parts_of(lanes, k->rows) * (2 * k->rows + 1) <= parts_of(lanes, best->rows) * (2 * best->rows + 1)) best = k;
  }
  return best;
}

static int run(struct sums *s, const char *who) {
  const int64_t passes = parts_of(s->rows, PASS), pass = parts_of(s->rows, passes), threads = rk_threads();
  s->kernel = kernel_for(s->r, s->lanes);
  const int64_t blocks = parts_of(s->hidden, s->kernel->cols) * s->blocks, m = s->kernel->rows, n = s->kernel->cols;
  s->panels = parts_of(s->lanes, m), s->panel = parts_of(pass * m * s->size, 64) * 64 + GAP;
  const int64_t packed = s->panels * s->panel, tiles = passes > 1 ? blocks * s->panels * m * n * s->size : 0;
  s->packed = rk_scratch(packed + tiles + s->blocks * s->hidden * s->size, who);
  if (!s->packed) return RK_ENOMEM;
  s->tiles = tiles ? s->packed + packed : NULL, s->column_sums = s->packed + packed + tiles;
  s->chunk = parts_of(s->panels, least(s->panels, parts_of(16 * threads, blocks)));
  s->chunks = parts_of(s->panels, s->chunk), s->parts = blocks * s->chunks;
  s->pack_rows = parts_of(pass, 2 * threads);
  int status = RK_OK;
  for (s->first = 0; s->first < s->rows && !status; s->first += pass) {
    s->count = least(pass, s->rows - s->first);
    rk_parallel(parts_of(s->count, s->pack_rows), s->count * s->lanes, pack_part, s);
    s->next = 0;
    rk_parallel(least(s->parts, threads), s->count * s->lanes * blocks * n / 16, taker, s);
    if (passes > 1) status = rk_interrupted();
  }
  scale_by(s->column_sums, s->blocks * s->hidden, s->size, s->scale);
  if (!status) status = biases(s, INPUT);
  if (!status) status = biases(s, STATE);
  rk_scratch_free(s->packed);
  return status;
}

static int open_side(struct sums *s, int side, struct rk_tensor *dw, const struct rk_tensor *from) {
  struct side *k = s->side + side;
  k->lane = s->lanes;
  if (!dw) return RK_OK;
  RK_TRY(rk_rnn_dense_rows(&k->from, from));
  RK_TRY(rk_result_add(&k->dw, dw, s->r->x->dt));
  k->width = dw->shape[1], s->lanes += k->width;
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
  const int cols = rk_rnn_kernel(s->r, 1)->cols;
  const int64_t bytes = k->repeats->count * cols * s->size;
  if (gate_of(s, INPUT, part % s->blocks) < 0) return;
  memset(k->to + part * bytes, 0, (size_t)bytes);
  s->loops->gather(k->to + part * bytes, s->dgates + part * s->block, k->repeats->which, s->rows, cols);
}

/* dw_ih alone, by sums of gradients. */
static int by_kinds(const struct sums *all, struct rk_tensor *dw, const struct rk_repeats *repeats, int64_t blocks,
                    const char *who) {
  const int64_t n = repeats->count, cols = rk_rnn_kernel(all->r, 1)->cols, row = repeats->rows.step[0];
  struct by_kind k = {.s = all, .repeats = repeats, .to = rk_scratch(blocks * n * cols * all->size, who)};
  if (!k.to) return RK_ENOMEM;
  rk_parallel(blocks, all->rows * blocks * cols / 4, kinds_part, &k);
  struct sums s = *all;
  memset(s.side, 0, sizeof s.side);
  s.steps = 1, s.batch = s.rows = n, s.dgates = k.to, s.block = n * cols * s.size, s.lanes = 0;
  struct rk_tensor x;
  rk_lend(&x, &repeats->rows);
  x.rank = 3, x.shape[0] = 1, x.shape[1] = n, x.shape[2] = dw->shape[1];
  x.step[0] = n * row, x.step[1] = row, x.step[2] = 1;
  int status = open_side(&s, INPUT, dw, &x);
  s.ones = s.lanes;
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
  s.side[INPUT].db = db_ih, s.side[STATE].db = db_hh;
  const bool before = s.steps > 1 || r->h0; /* else all states before are zero */
  struct rk_repeats repeats = {0};
  int status = r->h0 ? rk_operand(&s.h0, r->h0, dt, RK_ROWS) : RK_OK;
  if (!status && dw_ih) status = rk_find_repeats(&repeats, r->x, who);
  if (!status) status = open_side(&s, INPUT, repeats.count ? NULL : dw_ih, r->x);
  if (!status) status = open_side(&s, STATE, before ? dw_hh : NULL, r->lengths ? r->states : r->y);
  s.ones = s.lanes;
  if (db_ih || db_hh) s.lanes++;
  if (!status && s.lanes) status = run(&s, who);
  if (!status && repeats.count) status = by_kinds(&s, dw_ih, &repeats, dgates->shape[0], who);
  for (int k = 0; k < SIDES; k++) {
    if (s.side[k].dw.out) status = rk_result_close(&s.side[k].dw, status);
    rk_tensor_drop(&s.side[k].from);
  }
  rk_tensor_drop(&s.h0);
  rk_drop_repeats(&repeats);
  return status;
}
