/* rnn.c -- recurrent layers: RNN, LSTM and GRU over whole sequences.
 *
 * The gradients of the weights, of all steps at once, are rnn_weight.c's. What has to go step by step, the product with
 * the state, is cut into tiles of a few samples and a few hidden units. The weights are packed once a call in the order
 * in which the products read them (gemm_strips.c), and stay in the caches of the threads that use them; a general
 * product would pack them anew at every step. Inputs and gradients are read where they lie. A tile's sums go straight
 * into the loops that make gates and states (loops_rnn.c): one meeting of the threads a step, nothing in between; none
 * at all where the weights fit the caches: then a tile of samples goes through the steps by itself, by whichever thread
 * is free. A tile's sums begin with the biases, then comes the input's share, then the state's. Where the weights of
 * the input would crowd the caches, a matrix product does its share for all steps beforehand; and where the input has
 * but few different rows, as symbols have, there is a table of their shares (repeats.c). Gates are kept tile by tile:
 * rows far apart cost more to fetch than to compute.
 *
 * Backward, step by step from the end: dh = g + (gates' gradients of the later step) * w_hh, which is the same scheme
 * with the transposed weights. */
#include "rnn.h"
#include "gemm.h"
#include "layer.h"
#include "repeats.h"

/* How far tiles are that go through the steps by themselves. */
struct turns {
  char lock;
  bool *taken;   /* by tile: does a thread have it? */
  int64_t *done; /* steps */
};
struct run {
  const struct rk_rnn *r;
  const struct rk_rnn_loops *loops;
  const struct rk_gemm_kernel *kernel; /* its transpose8 packs weights */
  const struct rk_strips *strips;
  int dt, size;                              /* of an element */
  int64_t steps, batch, hidden, gates;       /* gates: of w_ih and w_hh */
  int64_t blocks;                            /* of dgates */
  int64_t depth, deep;                       /* of the products: forward in + hidden, backward gates * hidden */
  int64_t rows, cols, tiles, panels;         /* of a tile; tiles that cover the batch, panels that cover the units */
  struct rk_tensor w, w_ih, h0, c0, lengths; /* packed */
  struct rk_tensor x, g;                     /* rows dense */
  /* Where the products with w_ih are done for all steps at once: the input's share in the gates; backward, the gates'
   * gradients row by row. */
  struct rk_tensor share;
  struct rk_repeats repeats; /* forward: where few rows of the input differ; then `table` has their shares */
  int64_t in;                /* features of the input, if its products (its gradient) are done step by step; else 0 */
  int64_t in_panels;         /* backward: of w_ih */
  char *memory, *weights, *x_weights, *table;
  char *now, *next; /* forward: states of the step before and of this one, rows `lane` apart */
  int64_t lane;
  char *zeros, *bias; /* bias: both of them, panel by panel of each gate; GRU's n has one block for each */
  uint8_t *active;
  const char *before, *cell_before; /* of the present step */
  int64_t before_row, cell_before_row;
  int64_t t, last;             /* the present step; backward: the step done last, whose gates have their gradients */
  bool blank;                  /* nothing comes from the step before: the product is 0 */
  int64_t takers;              /* threads that take tiles through all steps, each tile by itself; 0: all together */
  struct turns turns;          /* with takers */
  const int *flag;             /* the caller's: rk_interrupt_flag */
  const struct rk_rnn_grad *d; /* NULL: forward */
};

static const int gates_of[RK_RNN_KINDS] = {1, 1, 4, 3};
static const int blocks_of[RK_RNN_KINDS] = {1, 1, 4, 4};
/* GRU's blocks of gradients are n, r, z and n as the state's share sees it: the three that the input's weights meet lie
 * side by side, and so do the three that the state's meet. Which gate of these weights is the one at `place`? */
static int64_t gate_at(const struct run *s, bool of_state, int64_t place) {
  return s->blocks > s->gates && !of_state ? (place + 2) % 3 : place;
}
int rk_rnn_blocks(int kind) { return blocks_of[kind]; }
static bool has_cells(int kind) { return kind == RK_RNN_LSTM || kind == RK_RNN_GRU; }

/* -- checks -------------------------------------------------------------------------------- */
int rk_rnn_need(const struct rk_tensor *t, const struct rk_tensor *x, int rank, const int64_t *shape, const char *who,
                const char *name) {
  if (!t) return rk_fail(RK_EARG, "%s: %s: tensor expected, got nil", who, name);
  if (t->dt != x->dt)
    return rk_fail(RK_EDTYPE, "%s: %s: %s, but the input is %s", who, name, rk_describe(t), rk_describe(x));
  return rk_need_shape(t, rank, shape, who, name);
}
int rk_rnn_optional(const struct rk_tensor *t, const struct rk_tensor *x, int rank, const int64_t *shape,
                    const char *who, const char *name) {
  return t ? rk_rnn_need(t, x, rank, shape, who, name) : RK_OK;
}

int rk_rnn_check(const struct rk_rnn *r, const char *who) {
  if (!r) return rk_fail(RK_EARG, "%s: a layer expected, got nil", who);
  if (r->kind < 0 || r->kind >= RK_RNN_KINDS) return rk_fail(RK_EARG, "%s: there is no kind %d", who, (int)r->kind);
  const struct rk_tensor *x = r->x;
  RK_TRY(rk_need_float(x, who, 1));
  if (x->dt != RK_f32 && x->dt != RK_f64)
    return rk_fail(RK_EDTYPE, "%s: float32 or float64 expected, got %s", who, rk_describe(x));
  if (x->rank != 3 || rk_tensor_count(x) == 0)
    return rk_fail(RK_ESHAPE, "%s: an input (steps x batch x features) expected, got %s", who, rk_describe(x));
  if (!r->w_hh || r->w_hh->rank != 2)
    return rk_fail(RK_ESHAPE, "%s: w_hh: a matrix expected, got %s", who, rk_describe(r->w_hh));
  int64_t h = r->w_hh->shape[1], gh = h * gates_of[r->kind];
  RK_TRY(rk_rnn_need(r->w_hh, x, 2, (int64_t[]){gh, h}, who, "w_hh"));
  RK_TRY(rk_rnn_need(r->w_ih, x, 2, (int64_t[]){gh, x->shape[2]}, who, "w_ih"));
  RK_TRY(rk_rnn_optional(r->b_ih, x, 1, &gh, who, "b_ih"));
  RK_TRY(rk_rnn_optional(r->b_hh, x, 1, &gh, who, "b_hh"));
  const int64_t state[] = {x->shape[1], h}, all[] = {x->shape[0], x->shape[1], h};
  RK_TRY(rk_rnn_optional(r->h0, x, 2, state, who, "h0"));
  RK_TRY(rk_rnn_optional(r->c0, x, 2, state, who, "c0"));
  RK_TRY(rk_rnn_optional(r->hn, x, 2, state, who, "hn"));
  RK_TRY(rk_rnn_optional(r->cn, x, 2, state, who, "cn"));
  RK_TRY(rk_rnn_need(r->y, x, 3, all, who, "y"));
  if ((r->y->step[2] != 1 && h > 1) || (r->y->step[0] != x->shape[1] * r->y->step[1] && x->shape[0] > 1))
    return rk_fail(RK_EARG, "%s: y: rows that lie evenly expected", who);
  if (r->lengths) RK_TRY(rk_need_shape(r->lengths, 1, state, who, "lengths"));
  if (!r->gates || (has_cells(r->kind) && !r->cells) || (r->lengths && !r->states))
    return rk_fail(RK_EARG, "%s: a place for gates, cells or states is missing", who);
  return RK_OK;
}

static int check_lengths(const struct run *s, const char *who) {
  const int64_t *n = s->r->lengths ? (const int64_t *)rk_at(&s->lengths) : NULL;
  for (int64_t b = 0; n && b < s->batch; b++)
    if (n[b] < 0 || n[b] > s->steps)
      return rk_fail(RK_EARG, "%s: length %lld of sequence %lld is not in 0..%lld", who, (long long)n[b],
                     (long long)b + 1, (long long)s->steps);
  return RK_OK;
}

/* -- packing ------------------------------------------------------------------------------- */
/* to[k * to_step] = from[k * from_step] */
static void spread(char *to, int64_t to_step, const char *from, int64_t from_step, int64_t n, int size) {
  if (size == 4)
    for (int64_t k = 0; k < n; k++) ((uint32_t *)to)[k * to_step] = ((const uint32_t *)from)[k * from_step];
  else
    for (int64_t k = 0; k < n; k++) ((uint64_t *)to)[k * to_step] = ((const uint64_t *)from)[k * from_step];
}

/* Rows to columns of `width`: to[j * width + i] = from[i * row + j]. */
static void turn(const struct run *s, char *to, int64_t width, const char *from, int64_t row, int64_t rows, int64_t n) {
  int64_t i = 0;
  if (s->kernel->transpose8) {
    for (; i + 8 <= rows; i += 8) s->kernel->transpose8(to + i * s->size, (int)width, from + i * row * s->size, row, n);
    if (i && i < rows) { /* the last eight, some of them once more */
      i = rows - 8;
      s->kernel->transpose8(to + i * s->size, (int)width, from + i * row * s->size, row, n);
      return;
    }
  }
  for (; i < rows; i++) spread(to + i * s->size, width, from + i * row * s->size, 1, n, s->size);
}

/* A gate's rows for the `cols` units from `first` on, of a matrix with n features. */
static void pack_rows(const struct run *s, char *to, const struct rk_tensor *w, int64_t gate, int64_t first,
                      int64_t n) {
  const int64_t h = s->hidden, units = h - first < s->cols ? h - first : s->cols;
  if (units < s->cols) memset(to, 0, (size_t)(n * s->cols * s->size));
  turn(s, to, s->cols, rk_at(w) + (gate * h + first) * n * s->size, n, units, n);
}
/* Forward: one gate's rows for `cols` units of both matrices. */
static void forward_weights(const struct run *s, int64_t part) {
  const int64_t first = part % s->panels * s->cols, gate = part / s->panels, line = s->cols * s->size;
  char *to = s->weights + part * s->depth * line;
  if (s->in) pack_rows(s, to, &s->w_ih, gate, first, s->in);
  pack_rows(s, to + s->in * line, &s->w, gate, first, s->hidden);
}
/* Backward: `cols` columns of w_hh or of w_ih, rows in the order in which the gates' gradients lie. */
static void backward_weights(const struct run *s, int64_t part) {
  const bool of_state = part < s->panels;
  const int64_t p = of_state ? part : part - s->panels, features = of_state ? s->hidden : s->in;
  const int64_t n = features - p * s->cols < s->cols ? features - p * s->cols : s->cols, line = s->cols * s->size;
  const char *w = rk_at(of_state ? &s->w : &s->w_ih) + p * line;
  char *to = (of_state ? s->weights : s->x_weights) + p * s->deep * line;
  if (n < s->cols) memset(to, 0, (size_t)(s->deep * line));
  for (int64_t unit = 0; unit < s->hidden; unit += s->cols)
    for (int64_t place = 0; place < s->gates; place++) {
      const char *from = w + (gate_at(s, of_state, place) * s->hidden + unit) * features * s->size;
      for (int64_t q = unit; q < s->hidden && q < unit + s->cols; q++, to += line, from += features * s->size)
        memcpy(to, from, (size_t)(n * s->size));
    }
}
static void weights_part(void *arg, int64_t part) {
  const struct run *s = arg;
  if (s->d)
    backward_weights(s, part);
  else
    forward_weights(s, part);
}

/* The biases that a gate's sums begin with; gate 3: those of the state's share of GRU's n. */
static const char *bias_of(const struct run *s, int64_t gate, int64_t panel) {
  return s->bias + (gate * s->panels + panel) * s->cols * s->size;
}
/* The shares of the input's different rows in one gate of `cols` units. */
static void table_part(void *arg, int64_t part) {
  const struct run *s = arg;
  const struct rk_tensor *x = &s->repeats.rows;
  const int64_t n = x->shape[1], line = s->cols * s->size;
  char *w = s->x_weights + part * n * line, *to = s->table + part * s->repeats.count * line;
  pack_rows(s, w, &s->w_ih, part / s->panels, part % s->panels * s->cols, n);
  for (int64_t i = 0, rows; i < s->repeats.count; i += rows) {
    rows = s->repeats.count - i < s->strips->rows ? s->repeats.count - i : s->strips->rows;
    s->loops->copy(to + i * line, s->cols, bias_of(s, part / s->panels, part % s->panels), 0, rows, s->cols);
    s->strips->of[rows](1, 0, n, rk_at(x) + i * x->step[0] * s->size, x->step[0], w, to + i * line);
  }
}

/* -- a step -------------------------------------------------------------------------------- */
/* Where the state of step t lies, which is the output where all sequences run. */
static const struct rk_tensor *states(const struct rk_rnn *r) { return r->lengths ? r->states : r->y; }
static char *row_at(const struct rk_tensor *t, int64_t step, int64_t row, int64_t unit) {
  return rk_at(t) + (step * t->step[0] + row * t->step[1] + unit) * rk_dtype_size(t->dt);
}

static int64_t first_of(const struct run *s, int64_t tile) { return tile * s->batch / s->tiles; }

/* The part of the gates and states that every loop sees. */
static struct rk_rnn_tile open_tile(const struct run *s, int64_t tile, int64_t panel) {
  const struct rk_rnn *r = s->r;
  const int64_t first = first_of(s, tile), unit = panel * s->cols, block = s->rows * s->cols;
  const int64_t n = s->hidden - unit < s->cols ? s->hidden - unit : s->cols;
  struct rk_rnn_tile t = {.rows = first_of(s, tile + 1) - first, .n = n, .unit = s->hidden, .row = s->cols};
  t.active = r->lengths ? s->active + first : NULL;
  const int64_t place = (s->t * s->panels + panel) * s->tiles + tile;
  if (s->gates > 1) t.gates = rk_at(r->gates) + place * s->gates * block * s->size;
  t.gate = block;
  if (has_cells(r->kind)) t.cell = row_at(r->cells, s->t, first, unit), t.cell_row = r->cells->step[1];
  t.before = s->before + (first * s->before_row + unit) * s->size, t.before_row = s->before_row;
  t.cell_before = s->cell_before + (first * s->cell_before_row + unit) * s->size;
  t.cell_before_row = s->cell_before_row;
  t.y = row_at(r->y, s->t, first, unit), t.y_row = r->y->step[1];
  if (r->lengths) t.state = row_at(r->states, s->t, first, unit), t.state_row = r->states->step[1];
  return t;
}

#define TILE_BYTES (RK_TILE_ROWS * RK_TILE_COLS * 4)

/* Biases and the input's share, of `rows` rows from `first` on. */
static void begin(const struct run *s, int64_t gate, int64_t panel, int64_t first, int64_t rows, char *acc) {
  const int64_t part = gate * s->panels + panel, unit = panel * s->cols, line = s->cols * s->size;
  if (s->repeats.count) {
    const char *table = s->table + part * s->repeats.count * line;
    s->loops->pick(acc, table, s->repeats.which + s->t * s->batch + first, rows, s->cols);
    return;
  }
  s->loops->copy(acc, s->cols, bias_of(s, gate, panel), 0, rows, s->cols);
  if (s->in)
    s->strips->of[rows](1, 0, s->in, row_at(&s->x, s->t, first, 0), s->x.step[1], s->weights + part * s->depth * line,
                        acc);
  else
    s->loops->add(acc, s->cols, row_at(&s->share, s->t, first, gate * s->hidden + unit), s->share.step[1], rows,
                  s->hidden - unit < s->cols ? s->hidden - unit : s->cols);
}

/* What a tile's gates are made of. */
static void gate_products(const struct run *s, int64_t panel, int64_t tile, char acc[4][TILE_BYTES]) {
  const int64_t first = first_of(s, tile), rows = first_of(s, tile + 1) - first, line = s->cols * s->size;
  for (int64_t g = 0; g < s->gates; g++) {
    const bool apart = s->r->kind == RK_RNN_GRU && g == 2;
    begin(s, g, panel, first, rows, acc[apart ? 3 : g]);
    if (apart) s->loops->copy(acc[g], s->cols, bias_of(s, 3, panel), 0, rows, s->cols);
    if (!s->blank)
      s->strips->of[rows](1, 0, s->hidden, s->now + first * s->lane * s->size, s->lane,
                          s->weights + ((g * s->panels + panel) * s->depth + s->in) * line, acc[g]);
  }
}

/* Ask for a tile's share of a tensor while the product runs: rows lie far apart, and waiting for each of them took as
 * long as half the product. */
static void fetch(const struct run *s, const void *at, int64_t row, int64_t blocks, const struct rk_rnn_tile *t) {
  for (int64_t r = 0; at && r < t->rows; r++)
    for (int64_t b = 0; b < blocks; b++) {
      const char *p = (const char *)at + (r * row + b * t->unit) * s->size, *end = p + t->n * s->size;
      for (; p < end; p += 64) __builtin_prefetch(p, 1, 2);
    }
}

static void forward_tile(const struct run *s, int64_t panel, int64_t tile) {
  char acc[4][TILE_BYTES] __attribute__((aligned(64)));
  const int64_t first = first_of(s, tile), unit = panel * s->cols;
  struct rk_rnn_tile t = open_tile(s, tile, panel);
  fetch(s, t.cell, t.cell_row, 1, &t);
  fetch(s, t.y, t.y_row, 1, &t);
  if (s->share.mem) fetch(s, row_at(&s->share, s->t, first, unit), s->share.step[1], s->gates, &t);
  gate_products(s, panel, tile, acc);
  for (int g = 0; g < 4; g++) t.acc[g] = acc[g];
  s->loops->step[s->r->kind](&t);
  const struct rk_tensor *state = states(s->r);
  s->loops->copy(s->next + (first * s->lane + unit) * s->size, s->lane, row_at(state, s->t, first, unit),
                 state->step[1], t.rows, t.n);
}

/* The sum over the gates' gradients of the step done last, of a tile's rows, with packed columns of w_hh or w_ih. */
static void gradient_product(const struct run *s, bool of_state, int64_t tile, const char *weights, char *acc) {
  const struct rk_tensor *dg = s->d->dgates;
  const int64_t first = first_of(s, tile), rows = first_of(s, tile + 1) - first, whole = s->hidden / s->cols;
  const bool even = s->blocks == s->gates; /* then all whole panels lie evenly */
  const char *from = rk_at(dg) + (s->last * s->batch + first) * s->cols * s->size;
  if (!even && of_state) from += dg->step[0] * s->size;
  memset(acc, 0, (size_t)(rows * s->cols * s->size));
  for (int64_t u = 0, here; u < s->panels; u += here) {
    const int64_t k = s->hidden - u * s->cols < s->cols ? s->hidden - u * s->cols : s->cols;
    here = even && u < whole ? whole - u : 1;
    s->strips->of[rows](here * s->gates, dg->step[0], k, from + u * s->blocks * dg->step[0] * s->size, s->cols, weights,
                        acc);
    weights += here * s->gates * k * s->cols * s->size;
  }
}

/* A tile of dx at the step done last. */
static void dx_part(const struct run *s, int64_t panel, int64_t tile) {
  char acc[TILE_BYTES] __attribute__((aligned(64)));
  const int64_t first = first_of(s, tile), unit = panel * s->cols, rows = first_of(s, tile + 1) - first;
  const int64_t n = s->in - unit < s->cols ? s->in - unit : s->cols;
  if (s->blank) return;
  gradient_product(s, false, tile, s->x_weights + unit * s->deep * s->size, acc);
  (s->d->beta == 1 ? s->loops->add : s->loops->copy)(row_at(s->d->dx, s->last, first, unit), s->d->dx->step[1], acc,
                                                     s->cols, rows, n);
}

static void state_gradient(const struct run *s, int64_t tile, int64_t panel, char *acc) {
  if (s->blank)
    memset(acc, 0, TILE_BYTES);
  else
    gradient_product(s, true, tile, s->weights + panel * s->cols * s->deep * s->size, acc);
}

static void backward_tile(const struct run *s, int64_t panel, int64_t tile) {
  char acc[2][TILE_BYTES] __attribute__((aligned(64)));
  const int64_t first = first_of(s, tile), unit = panel * s->cols, steps_row = s->t * s->batch + first;
  const struct rk_tensor *dg = s->d->dgates;
  struct rk_rnn_tile t = open_tile(s, tile, panel);
  t.g = s->d->g ? row_at(&s->g, s->t, first, unit) : s->zeros, t.g_row = s->d->g ? s->g.step[1] : 0;
  t.dgate = dg->step[0];
  t.dgates = rk_at(dg) + (panel * s->blocks * t.dgate + steps_row * s->cols) * s->size;
  fetch(s, t.cell, t.cell_row, 1, &t);
  fetch(s, t.cell_before, t.cell_before_row, 1, &t);
  fetch(s, t.g, t.g_row, 1, &t);
  state_gradient(s, tile, panel, acc[0]);
  t.acc[0] = acc[0], t.acc[1] = acc[1];
  t.carry = rk_at(s->d->dh0) + (first * s->hidden + unit) * s->size;
  if (s->d->dc0) t.dcell = rk_at(s->d->dc0) + (first * s->hidden + unit) * s->size;
  s->loops->back[s->r->kind](&t);
  for (int64_t b = 0; s->share.mem && b < s->gates; b++)
    s->loops->copy(row_at(&s->share, s->t, first, gate_at(s, false, b) * s->hidden + unit), s->share.step[1],
                   (const char *)t.dgates + b * t.dgate * s->size, s->cols, t.rows, t.n);
}

/* What the first step of all passes on to h0. */
static void first_tile(const struct run *s, int64_t panel, int64_t tile) {
  char acc[TILE_BYTES] __attribute__((aligned(64)));
  struct rk_rnn_tile t = open_tile(s, tile, panel);
  state_gradient(s, tile, panel, acc);
  s->loops->add(rk_at(s->d->dh0) + (first_of(s, tile) * s->hidden + panel * s->cols) * s->size, s->hidden, acc, s->cols,
                t.rows, t.n);
}

/* Look at the k-th step in the order of the sequence, samples [row, row + rows). */
static void go_to(struct run *s, int64_t k, int64_t row, int64_t rows) {
  const struct rk_rnn *r = s->r;
  const int64_t t = r->reverse ? s->steps - 1 - k : k, earlier = r->reverse ? t + 1 : t - 1;
  s->t = t;
  bool first = earlier < 0 || earlier >= s->steps;
  const struct rk_tensor *state = states(r);
  s->before = first ? (r->h0 ? rk_at(&s->h0) : s->zeros) : row_at(state, earlier, 0, 0);
  s->before_row = first ? (r->h0 ? s->hidden : 0) : state->step[1];
  s->cell_before = s->zeros, s->cell_before_row = 0;
  if (r->kind == RK_RNN_LSTM) {
    s->cell_before = first ? (r->c0 ? rk_at(&s->c0) : s->zeros) : row_at(r->cells, earlier, 0, 0);
    s->cell_before_row = first ? (r->c0 ? s->hidden : 0) : r->cells->step[1];
  }
  const int64_t *n = r->lengths ? (const int64_t *)rk_at(&s->lengths) : NULL;
  for (int64_t b = row; n && b < row + rows && b < s->batch; b++) s->active[b] = t < n[b];
}
static void swap_states(struct run *s) {
  char *t = s->now;
  s->now = s->next, s->next = t;
}

/* -- who does what ------------------------------------------------------------------------- */
typedef void rnn_tile(const struct run *s, int64_t panel, int64_t tile);
static rnn_tile *const step_tile[] = {forward_tile, backward_tile};

/* The parts of a step are those of the state and those of dx, which are lighter: evenly mixed, for all threads to get
 * their share of both. Which kind is this one, and which of its kind? */
static bool is_state_part(const struct run *s, int64_t *part) {
  const int64_t state = s->panels * s->tiles, all = state + (s->d ? s->in_panels * s->tiles : 0);
  const int64_t before = *part * state / all, after = (*part + 1) * state / all;
  *part = after > before ? before : *part - before;
  return after > before;
}

static void step_part(void *arg, int64_t part) {
  const struct run *s = arg;
  if (is_state_part(s, &part))
    step_tile[s->d != NULL](s, part / s->tiles, part % s->tiles);
  else
    dx_part(s, part / s->tiles, part % s->tiles);
}
static void first_part(void *arg, int64_t part) {
  const struct run *s = arg;
  if (is_state_part(s, &part))
    first_tile(s, part / s->tiles, part % s->tiles);
  else
    dx_part(s, part / s->tiles, part % s->tiles);
}

/* -- tiles on their own: each goes through all steps, by whichever thread -- */
/* Step k (in the order of the pass) of one tile; backward, step `steps` is what is left to do for the first one. */
static void tile_step(const struct run *all, int64_t tile, int64_t k) {
  struct run s = *all;
  if (!(k & 1)) swap_states(&s);
  s.blank = s.blank && k == 0;
  if (s.d && k) s.last = s.r->reverse ? k - 1 : s.steps - k;
  const int64_t first = first_of(all, tile);
  go_to(&s, !s.d ? k : k < s.steps ? s.steps - 1 - k : 0, first, first_of(all, tile + 1) - first);
  for (int64_t panel = 0; panel < s.panels; panel++)
    if (k < s.steps)
      step_tile[s.d != NULL](&s, panel, tile);
    else
      first_tile(&s, panel, tile);
  for (int64_t panel = 0; panel < s.in_panels; panel++) dx_part(&s, panel, tile);
}

/* Give back a tile that has done a step (-1: none), and take another one: of [first, end) the one with the fewest steps
 * done that no thread has, else of all; -1: nothing is left. */
static int64_t next_tile(struct run *s, int64_t tile, int64_t first, int64_t end) {
  struct turns *turns = &s->turns;
  const int64_t last = s->steps + (s->d != NULL), from[] = {first, 0}, to[] = {end, s->tiles};
  while (__atomic_test_and_set(&turns->lock, __ATOMIC_ACQUIRE)) {}
  if (tile >= 0) turns->done[tile]++, turns->taken[tile] = false;
  tile = -1;
  for (int among = 0; among < 2 && tile < 0; among++)
    for (int64_t i = from[among]; i < to[among]; i++)
      if (!turns->taken[i] && turns->done[i] < last && (tile < 0 || turns->done[i] < turns->done[tile])) tile = i;
  if (tile >= 0) turns->taken[tile] = true;
  __atomic_clear(&turns->lock, __ATOMIC_RELEASE);
  return tile;
}
/* The tiles of this part in turn, then what the others have left: threads are seldom equally quick. */
static void turns_part(void *arg, int64_t part) {
  struct run *s = arg;
  const int64_t first = part * s->tiles / s->takers, end = (part + 1) * s->tiles / s->takers;
  for (int64_t tile = -1; !rk_stopped(s->flag) && (tile = next_tile(s, tile, first, end)) >= 0;)
    tile_step(s, tile, s->turns.done[tile]);
}

static void all_tiles(struct run *s, void (*part)(void *, int64_t)) {
  const int64_t panels = s->panels + (s->d ? s->in_panels : 0);
  rk_parallel(panels * s->tiles, s->batch * s->hidden * s->gates * (s->hidden / 16 + 8), part, s);
}
static int all_steps(struct run *s) {
  if (s->takers) {
    rk_parallel(s->takers, s->steps * s->batch * s->hidden * s->gates * (s->hidden / 16 + 8), turns_part, s);
    return rk_interrupted();
  }
  for (int64_t k = 0; k < s->steps; k++) {
    if (k) RK_TRY(rk_interrupted());
    swap_states(s);
    go_to(s, s->d ? s->steps - 1 - k : k, 0, s->batch);
    all_tiles(s, step_part);
    s->last = s->t, s->blank = false;
  }
  if (s->d) all_tiles(s, first_part);
  return RK_OK;
}

/* -- opening and closing ------------------------------------------------------------------- */
static void close_run(struct run *s) {
  rk_tensor_drop(&s->w);
  rk_tensor_drop(&s->w_ih);
  rk_tensor_drop(&s->x);
  rk_tensor_drop(&s->share);
  rk_tensor_drop(&s->h0);
  rk_tensor_drop(&s->c0);
  rk_tensor_drop(&s->lengths);
  rk_tensor_drop(&s->g);
  rk_drop_repeats(&s->repeats);
  rk_scratch_free(s->memory);
}

static int fill_bias(const struct run *s) {
  const struct rk_tensor *side[] = {s->r->b_ih, s->r->b_hh};
  const int64_t wide = s->panels * s->cols * s->size;
  memset(s->bias, 0, (size_t)(4 * wide));
  for (int k = 0; k < 2; k++) {
    struct rk_tensor b;
    if (!side[k]) continue;
    RK_TRY(rk_operand(&b, side[k], s->dt, RK_ROWS));
    for (int64_t g = 0; g < s->gates; g++) {
      const bool apart = s->r->kind == RK_RNN_GRU && g == 2 && k == 1;
      s->loops->add(s->bias + (apart ? 3 : g) * wide, 0, rk_at(&b) + g * s->hidden * s->size, 0, 1, s->hidden);
    }
    rk_tensor_drop(&b);
  }
  return RK_OK;
}

static int64_t aligned(int64_t n) { return (n + 63) / 64 * 64; }

/* Weights of at most this much are kept in the caches together. */
enum { KEPT_BYTES = 1 << 21 };

int rk_rnn_dense_rows(struct rk_tensor *tmp, const struct rk_tensor *t) {
  if (t->step[2] != 1 && t->shape[2] != 1) return rk_operand(tmp, t, t->dt, RK_ROWS);
  rk_lend(tmp, t);
  return RK_OK;
}

/* The input's gradient can come from the packed gradients of the gates. */
static bool gradient_is_direct(const struct rk_rnn_grad *d) {
  return d->dx && (d->beta == 0 || d->beta == 1) && (d->dx->step[2] == 1 || d->dx->shape[2] == 1);
}

int rk_rnn_compute(const struct rk_rnn *r) { return r->x->dt == RK_f64 ? RK_COMPUTE_F64 : RK_COMPUTE_F32; }

void rk_rnn_dgates_shape(const struct rk_rnn *r, int64_t *shape) {
  const int64_t cols = rk_strips(rk_rnn_compute(r))->cols;
  shape[0] = (r->w_hh->shape[1] + cols - 1) / cols * blocks_of[r->kind];
  shape[1] = r->x->shape[0] * r->x->shape[1], shape[2] = cols;
}

/* Rows that lie a multiple of 4 KiB apart meet in the same set of a cache. */
static bool meet(int64_t row, int size) { return row * size % 4096 == 0; }
static bool rows_meet(const struct rk_tensor *x) {
  const bool dense = x->step[2] == 1 || x->shape[2] == 1;
  return x->shape[1] > 1 && meet(dense ? x->step[1] : x->shape[2], rk_dtype_size(x->dt));
}

/* Tiles cover the batch evenly, an even number of them if several. The same forward and backward, whatever the number
 * of threads: the gates are kept by tiles. */
static void size_run(struct run *s) {
  const struct rk_rnn *r = s->r;
  s->steps = r->x->shape[0], s->batch = r->x->shape[1], s->hidden = r->w_hh->shape[1];
  s->kernel = rk_gemm_kernel(rk_rnn_compute(r)), s->strips = rk_strips(rk_rnn_compute(r));
  s->gates = gates_of[r->kind], s->blocks = blocks_of[r->kind];
  s->cols = s->strips->cols, s->panels = (s->hidden + s->cols - 1) / s->cols;
  s->tiles = (s->batch + s->strips->rows - 1) / s->strips->rows;
  if (s->tiles > 1) s->tiles += s->tiles % 2;
  s->rows = (s->batch + s->tiles - 1) / s->tiles;
  const int64_t in = r->x->shape[2];
  const bool direct = s->d ? gradient_is_direct(s->d) : !s->repeats.count && !rows_meet(r->x);
  if (direct && s->gates * s->panels * s->cols * (in + s->hidden) * s->size <= KEPT_BYTES) s->in = in;
  s->in_panels = s->d ? (s->in + s->cols - 1) / s->cols : 0;
  s->depth = s->in + s->hidden, s->deep = s->gates * s->hidden;
  s->lane = (aligned(s->hidden * s->size) + 64) / s->size;
  if (meet(s->lane, s->size)) s->lane += 64 / s->size;
}

/* All places of a run in one piece of memory. */
static int lay_out(struct run *s, const char *who) {
  const int64_t line = s->cols * s->size, wide = s->panels * line, states = s->d ? 0 : s->batch * s->lane * s->size;
  const int64_t features = s->repeats.count ? s->r->x->shape[2] : 0;
  const struct {
    void *at; /* char **, or another pointer to what has no alignment above a cache line's */
    int64_t bytes;
  } places[] = {{&s->weights, (s->d ? s->deep : s->gates * s->depth) * wide},
                {&s->x_weights, s->d ? s->in_panels * s->deep * line : s->gates * features * wide},
                {&s->table, s->gates * s->repeats.count * wide},
                {&s->now, states},
                {&s->next, states},
                {&s->bias, 4 * wide},
                {&s->zeros, s->hidden * s->size},
                {&s->active, s->batch},
                {&s->turns.done, s->tiles * (int64_t)sizeof *s->turns.done},
                {&s->turns.taken, s->tiles * (int64_t)sizeof *s->turns.taken}};
  int64_t bytes = 0;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) bytes += aligned(places[i].bytes);
  s->memory = rk_scratch(bytes, who);
  if (!s->memory) return RK_ENOMEM;
  char *at = s->memory;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    memcpy(places[i].at, &at, sizeof at);
    at += aligned(places[i].bytes);
  }
  memset(s->zeros, 0, (size_t)(at - s->zeros));
  return RK_OK;
}

static int open_operands(struct run *s, const char *who) {
  const struct rk_rnn *r = s->r;
  RK_TRY(rk_operand(&s->w, r->w_hh, s->dt, RK_ROWS));
  if (s->in || s->repeats.count) RK_TRY(rk_operand(&s->w_ih, r->w_ih, s->dt, RK_ROWS));
  if (s->in && !s->d) RK_TRY(rk_rnn_dense_rows(&s->x, r->x));
  if (r->h0) RK_TRY(rk_operand(&s->h0, r->h0, s->dt, RK_ROWS));
  if (r->c0) RK_TRY(rk_operand(&s->c0, r->c0, s->dt, RK_ROWS));
  if (r->lengths) RK_TRY(rk_operand(&s->lengths, r->lengths, RK_i64, RK_ROWS));
  RK_TRY(check_lengths(s, who));
  return fill_bias(s);
}

static int open_run(struct run *s, const struct rk_rnn *r, const struct rk_rnn_grad *d, const char *who) {
  *s = (struct run){.r = r, .d = d, .dt = r->x->dt, .size = rk_dtype_size(r->x->dt), .flag = rk_interrupt_flag()};
  s->loops = rk_rnn_loops(s->dt);
  int status = d ? RK_OK : rk_find_repeats(&s->repeats, r->x, who);
  if (!status) {
    size_run(s);
    status = lay_out(s, who);
  }
  if (!status) status = open_operands(s, who);
  if (status) return close_run(s), status;
  const int64_t threads = rk_threads(),
                kept = (d ? s->deep * (s->panels + s->in_panels) : s->gates * s->panels * s->depth);
  if ((s->tiles % threads == 0 || s->tiles >= 2 * threads) && kept * s->cols * s->size <= KEPT_BYTES)
    s->takers = threads;
  const int64_t parts = d ? s->panels + s->in_panels : s->gates * s->panels;
  rk_parallel(parts, parts * s->cols * (d ? s->deep : s->depth), weights_part, s);
  if (s->repeats.count)
    rk_parallel(parts, parts * s->cols * s->repeats.count * s->repeats.rows.shape[1] / 16, table_part, s);
  return RK_OK;
}

/* t's steps [first, first + count) as a matrix of count * batch rows. */
static int matrix(struct rk_tensor *m, const struct rk_tensor *t, int64_t first, int64_t count) {
  rk_lend(m, t);
  int status = rk_narrow(m, t, 0, first, count);
  if (!status) status = rk_reshape(m, m, 2, (int64_t[]){count * t->shape[1], t->shape[2]});
  if (status) rk_tensor_drop(m);
  return status;
}
/* The same of all steps, copied where the steps do not allow a view. */
static int matrix_of(struct rk_tensor *m, const struct rk_tensor *t) {
  if (matrix(m, t, 0, t->shape[0]) == RK_OK) return RK_OK;
  struct rk_tensor copy;
  RK_TRY(rk_operand(&copy, t, t->dt, RK_ROWS));
  int status = matrix(m, &copy, 0, t->shape[0]);
  rk_tensor_drop(&copy);
  return status;
}

/* share = x * w_ih' for all steps at once */
static int inputs(struct run *s) {
  const struct rk_rnn *r = s->r;
  struct rk_tensor x, share, w;
  RK_TRY(rk_tensor_init(&s->share, s->dt, 3, (int64_t[]){s->steps, s->batch, s->gates * s->hidden}));
  RK_TRY(matrix_of(&x, r->x));
  int status = matrix(&share, &s->share, 0, s->steps);
  if (!status) {
    rk_lend(&w, r->w_ih);
    status = rk_transpose(&w, r->w_ih, 0, 1);
    if (!status) status = rk_gemm(&share, 0, 1, &x, &w);
    rk_tensor_drop(&w);
    rk_tensor_drop(&share);
  }
  rk_tensor_drop(&x);
  return status;
}

/* Gates are kept tile by tile, zero-padded to whole ones. */
static void gates_shape(const struct run *s, int64_t *shape) {
  shape[0] = s->steps, shape[1] = s->panels * s->tiles, shape[2] = s->gates * s->rows * s->cols;
}

static int last_states(const struct rk_rnn *r) {
  int64_t last = r->reverse ? 0 : r->x->shape[0] - 1;
  const struct rk_tensor *from[] = {states(r), r->cells};
  struct rk_tensor *to[] = {r->hn, r->kind == RK_RNN_LSTM ? r->cn : NULL};
  for (int k = 0; k < 2; k++) {
    struct rk_tensor step;
    if (!to[k]) continue;
    rk_lend(&step, from[k]);
    int status = rk_select(&step, from[k], 0, last);
    if (!status) status = rk_copy(to[k], &step);
    rk_tensor_drop(&step);
    RK_TRY(status);
  }
  return RK_OK;
}

int rk_rnn_forward(const struct rk_rnn *r) {
  const char *who = "rnn";
  struct run s;
  RK_TRY(rk_rnn_check(r, who));
  const int64_t all[] = {r->x->shape[0], r->x->shape[1], r->w_hh->shape[1]};
  RK_TRY(open_run(&s, r, NULL, who));
  int64_t gates[3];
  gates_shape(&s, gates);
  int status = s.in || s.repeats.count ? RK_OK : inputs(&s);
  if (!status && s.gates > 1) status = rk_result(r->gates, 3, gates, who);
  if (!status && has_cells(r->kind)) status = rk_result(r->cells, 3, all, who);
  if (!status && r->lengths) status = rk_result(r->states, 3, all, who);
  if (!status) {
    s.blank = !r->h0;
    if (r->h0) s.loops->copy(s.next, s.lane, rk_at(&s.h0), s.hidden, s.batch, s.hidden);
    status = all_steps(&s);
    if (!status) status = last_states(r);
  }
  close_run(&s);
  return status;
}

/* -- backward ------------------------------------------------------------------------------ */
static int check_grad(const struct rk_rnn *r, const struct rk_rnn_grad *d, const char *who) {
  const struct rk_tensor *x = r->x;
  const int64_t h = r->w_hh->shape[1], state[] = {x->shape[1], h}, all[] = {x->shape[0], x->shape[1], h};
  if (!d || !d->dgates) return rk_fail(RK_EARG, "%s: a place for the gates' gradients expected, got nil", who);
  if (has_cells(r->kind)) RK_TRY(rk_rnn_need(r->cells, x, 3, all, who, "cells (of a forward pass)"));
  if (r->lengths) RK_TRY(rk_rnn_need(r->states, x, 3, all, who, "states (of a forward pass)"));
  RK_TRY(rk_rnn_optional(d->g, x, 3, all, who, "gradient of the output"));
  RK_TRY(rk_rnn_optional(d->dhn, x, 2, state, who, "gradient of the last state"));
  RK_TRY(rk_rnn_optional(d->dcn, x, 2, state, who, "gradient of the last cell"));
  RK_TRY(rk_rnn_optional(d->dx, x, 3, x->shape, who, "gradient of the input"));
  RK_TRY(rk_rnn_need(d->dh0, x, 2, state, who, "gradient of the first state"));
  if (r->kind == RK_RNN_LSTM) RK_TRY(rk_rnn_need(d->dc0, x, 2, state, who, "gradient of the first cell"));
  if (!rk_tensor_packed(d->dh0) || (d->dc0 && !rk_tensor_packed(d->dc0)))
    return rk_fail(RK_EARG, "%s: gradients of the first states: packed tensors expected", who);
  return RK_OK;
}

/* dx = beta*dx + dgates * w_ih */
static int to_input(const struct run *s) {
  struct rk_tensor gates, dx;
  RK_TRY(matrix(&dx, s->d->dx, 0, s->steps));
  int status = matrix(&gates, &s->share, 0, s->steps);
  if (!status) {
    status = rk_gemm(&dx, s->d->beta, 1, &gates, s->r->w_ih);
    rk_tensor_drop(&gates);
  }
  rk_tensor_drop(&dx);
  return status;
}

static int start(struct rk_tensor *to, const struct rk_tensor *from) {
  if (!to) return RK_OK;
  return from ? rk_copy(to, from) : rk_zero(to);
}

int rk_rnn_backward(const struct rk_rnn *r, const struct rk_rnn_grad *d) {
  const char *who = "rnn backward";
  struct run s;
  RK_TRY(rk_rnn_check(r, who));
  RK_TRY(check_grad(r, d, who));
  RK_TRY(open_run(&s, r, d, who));
  int64_t gates[3], dgates[3];
  gates_shape(&s, gates);
  rk_rnn_dgates_shape(r, dgates);
  int status = s.gates > 1 ? rk_rnn_need(r->gates, r->x, 3, gates, who, "gates (of a forward pass)") : RK_OK;
  if (!status) status = rk_result(d->dgates, 3, dgates, who);
  if (!status && !rk_tensor_packed(d->dgates))
    status = rk_fail(RK_EARG, "%s: packed gradients of the gates expected", who);
  if (!status && d->dx && !s.in)
    status = rk_tensor_init(&s.share, s.dt, 3, (int64_t[]){s.steps, s.batch, s.gates * s.hidden});
  if (!status && d->g) status = rk_rnn_dense_rows(&s.g, d->g);
  if (!status) status = start(d->dh0, d->dhn);
  if (!status) status = start(d->dc0, d->dcn);
  if (!status) {
    s.blank = true;
    status = all_steps(&s);
    if (!status && d->dx && !s.in) status = to_input(&s);
  }
  close_run(&s);
  return status;
}
