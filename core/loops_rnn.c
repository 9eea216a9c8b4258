/* loops_rnn.c -- gates of recurrent layers, forward and backward; see rnn.h.
 * Compiled once per ISA; includes itself once per type.
 *
 * A tile's logistic functions and tangents are loops of their own over all its rows: side by side their long chains of
 * dependent steps overlap, which in one loop for everything they do not. */
#ifndef REAL
#include "gemm.h"
#include "rnn.h"
#include "scalar.h"
#define LOOPS_FILE "loops_rnn.c"
#include "each_real.h"

#define TABLE(t)                                                                                                       \
  {                                                                                                                    \
    .step = {step_tanh_##t, step_relu_##t, step_lstm_##t, step_gru_##t},                                               \
    .back = {back_tanh_##t, back_relu_##t, back_lstm_##t, back_gru_##t}, .add = add_##t                                \
  }
const struct rk_rnn_loops RK_LOOPS_NAME(rk_rnn_loops, RK_ISA)[2] = {TABLE(f32), TABLE(f64)};

#else
#define ROW(field, r) ((REAL *)t->field + (r)*t->field##_row)
#define BEFORE(field, r) ((const REAL *)t->field + (r)*t->field##_row)
#define ACC(g) ((REAL *)t->acc[g])
#define GATE(g) ((REAL *)t->gates + (g)*t->gate)
#define DGATE(g) ((REAL *)t->dgates + (g)*t->dgate)
#define OFF(t, r) ((t)->active && !(t)->active[r])

/* y = f(x) over a tile's rows, in one go where these are full. */
#define OVER_TILE(name, f)                                                                                             \
  static void FN(name)(const struct rk_rnn_tile *t, REAL *y, const REAL *x) {                                          \
    const int64_t full = t->n == t->row, rows = full ? 1 : t->rows, n = full ? t->rows * t->n : t->n;                  \
    for (int64_t r = 0; r < rows; r++, y += t->row, x += t->row) {                                                     \
      RK_IVDEP for (int64_t j = 0; j < n; j++) y[j] = f(x[j]);                                                         \
    }                                                                                                                  \
  }
OVER_TILE(sigmoids, rk_sigmoid)
OVER_TILE(tangents, rk_tanh)
#undef OVER_TILE

/* A sequence that has ended, or not begun: no output, the state stays. */
static void FN(hold)(const struct rk_rnn_tile *t, int64_t r, int cells) {
  size_t bytes = (size_t)t->n * sizeof(REAL);
  memset(ROW(y, r), 0, bytes);
  memcpy(ROW(state, r), BEFORE(before, r), bytes);
  if (cells) memcpy(ROW(cell, r), BEFORE(cell_before, r), bytes);
}
static void FN(keep)(const struct rk_rnn_tile *t, int64_t r) {
  if (t->state) memcpy(ROW(state, r), ROW(y, r), (size_t)t->n * sizeof(REAL));
}

static void FN(step_tanh)(const struct rk_rnn_tile *t) {
  FN(tangents)(t, ACC(0), ACC(0));
  for (int64_t r = 0; r < t->rows; r++) {
    if (OFF(t, r)) {
      FN(hold)(t, r, 0);
      continue;
    }
    memcpy(ROW(y, r), ACC(0) + r * t->row, (size_t)t->n * sizeof(REAL));
    FN(keep)(t, r);
  }
}

static void FN(step_relu)(const struct rk_rnn_tile *t) {
  for (int64_t r = 0; r < t->rows; r++) {
    if (OFF(t, r)) {
      FN(hold)(t, r, 0);
      continue;
    }
    const REAL *a = ACC(0) + r * t->row;
    REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < t->n; j++) y[j] = a[j] < 0 ? 0 : a[j];
    FN(keep)(t, r);
  }
}

static void FN(step_lstm)(const struct rk_rnn_tile *t) {
  REAL *bent = ACC(0); /* tanh of the cells, where i is no longer needed */
  FN(sigmoids)(t, GATE(0), ACC(0));
  FN(sigmoids)(t, GATE(1), ACC(1));
  FN(tangents)(t, GATE(2), ACC(2));
  FN(sigmoids)(t, GATE(3), ACC(3));
  for (int64_t r = 0; r < t->rows; r++) {
    const REAL *i = GATE(0) + r * t->row, *f = GATE(1) + r * t->row, *g = GATE(2) + r * t->row;
    const REAL *before = BEFORE(cell_before, r);
    REAL *cell = ROW(cell, r), *c = bent + r * t->row;
    if (!OFF(t, r)) { RK_IVDEP for (int64_t j = 0; j < t->n; j++) c[j] = cell[j] = f[j] * before[j] + i[j] * g[j]; }
  }
  FN(tangents)(t, bent, bent);
  for (int64_t r = 0; r < t->rows; r++) {
    if (OFF(t, r)) {
      FN(hold)(t, r, 1);
      continue;
    }
    const REAL *c = bent + r * t->row, *o = GATE(3) + r * t->row;
    REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < t->n; j++) y[j] = o[j] * c[j];
    FN(keep)(t, r);
  }
}

static void FN(step_gru)(const struct rk_rnn_tile *t) {
  FN(sigmoids)(t, GATE(0), ACC(0));
  FN(sigmoids)(t, GATE(1), ACC(1));
  for (int64_t r = 0; r < t->rows; r++) {
    const REAL *reset = GATE(0) + r * t->row, *m = ACC(2) + r * t->row;
    REAL *n = ACC(3) + r * t->row, *share = ROW(cell, r);
    if (!OFF(t, r)) {
      RK_IVDEP for (int64_t j = 0; j < t->n; j++) {
        share[j] = m[j];
        n[j] += reset[j] * m[j];
      }
    }
  }
  FN(tangents)(t, GATE(2), ACC(3));
  for (int64_t r = 0; r < t->rows; r++) {
    if (OFF(t, r)) {
      FN(hold)(t, r, 0);
      continue;
    }
    const REAL *z = GATE(1) + r * t->row, *n = GATE(2) + r * t->row, *before = BEFORE(before, r);
    REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < t->n; j++) y[j] = n[j] + z[j] * (before[j] - n[j]);
    FN(keep)(t, r);
  }
}

/* -- backward -- */
/* dh of a row: from the output, from the later step's gates, and what that step passed on. */
#define DH(j) (g[j] + a[j] + carry[j])
#define OPEN_BACK                                                                                                      \
  const int64_t n = t->n;                                                                                              \
  const REAL *a = ACC(0) + r * t->row, *g = BEFORE(g, r);                                                              \
  REAL *carry = (REAL *)t->carry + r * t->unit, *d = DGATE(0) + r * t->row;
/* Every row that is active. */
#define EACH_ROW(blocks)                                                                                               \
  for (int64_t r = 0; r < t->rows; r++)                                                                                \
    if (OFF(t, r))                                                                                                     \
      FN(pass)(t, r, blocks);                                                                                          \
    else

/* An inactive row hands its gradient on as it is. */
static void FN(pass)(const struct rk_rnn_tile *t, int64_t r, int blocks) {
  const REAL *a = ACC(0) + r * t->row;
  REAL *carry = (REAL *)t->carry + r * t->unit;
  for (int64_t j = 0; j < t->n; j++) carry[j] += a[j];
  for (int b = 0; b < blocks; b++) memset(DGATE(b) + r * t->row, 0, (size_t)t->n * sizeof(REAL));
}

static void FN(back_tanh)(const struct rk_rnn_tile *t) {
  EACH_ROW(1) {
    OPEN_BACK
    const REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      d[j] = DH(j) * (1 - y[j] * y[j]);
      carry[j] = 0;
    }
  }
}

static void FN(back_relu)(const struct rk_rnn_tile *t) {
  EACH_ROW(1) {
    OPEN_BACK
    const REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      REAL v = DH(j);
      d[j] = y[j] > 0 ? v : 0;
      carry[j] = 0;
    }
  }
}

static void FN(back_lstm)(const struct rk_rnn_tile *t) {
  REAL bent[RK_TILE_ROWS * RK_TILE_COLS] __attribute__((aligned(64)));
  for (int64_t r = 0; r < t->rows; r++) memcpy(bent + r * t->row, ROW(cell, r), (size_t)t->n * sizeof(REAL));
  FN(tangents)(t, bent, bent);
  EACH_ROW(4) {
    OPEN_BACK
    REAL *dcell = (REAL *)t->dcell + r * t->unit, *df = DGATE(1) + r * t->row, *dg = DGATE(2) + r * t->row;
    REAL *dq = DGATE(3) + r * t->row;
    const REAL *gi = GATE(0) + r * t->row, *gf = GATE(1) + r * t->row, *gg = GATE(2) + r * t->row;
    const REAL *go = GATE(3) + r * t->row, *c = bent + r * t->row, *before = BEFORE(cell_before, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      REAL dh = DH(j), tc = c[j], i = gi[j], f = gf[j], u = gg[j], o = go[j];
      REAL dc = dcell[j] + dh * o * (1 - tc * tc);
      d[j] = dc * u * i * (1 - i);
      df[j] = dc * before[j] * f * (1 - f);
      dg[j] = dc * i * (1 - u * u);
      dq[j] = dh * tc * o * (1 - o);
      dcell[j] = dc * f;
      carry[j] = 0;
    }
  }
}

static void FN(back_gru)(const struct rk_rnn_tile *t) {
  EACH_ROW(4) {
    OPEN_BACK
    REAL *dz = DGATE(1) + r * t->row, *dn = DGATE(2) + r * t->row, *dm = DGATE(3) + r * t->row;
    const REAL *gr = GATE(0) + r * t->row, *gz = GATE(1) + r * t->row, *gn = GATE(2) + r * t->row;
    const REAL *share = ROW(cell, r), *before = BEFORE(before, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      REAL dh = DH(j), reset = gr[j], z = gz[j], fresh = gn[j];
      REAL pre = dh * (1 - z) * (1 - fresh * fresh);
      d[j] = pre * share[j] * reset * (1 - reset);
      dz[j] = dh * (before[j] - fresh) * z * (1 - z);
      dn[j] = pre;
      dm[j] = pre * reset;
      carry[j] = dh * z;
    }
  }
}

static void FN(add)(void *to, int64_t to_row, const void *acc, int64_t acc_row, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; r++) {
    REAL *x = (REAL *)to + r * to_row;
    const REAL *a = (const REAL *)acc + r * acc_row;
    RK_IVDEP for (int64_t j = 0; j < n; j++) x[j] += a[j];
  }
}
#undef ROW
#undef BEFORE
#undef ACC
#undef GATE
#undef DGATE
#undef OFF
#undef EACH_ROW
#undef DH
#undef OPEN_BACK
#endif
