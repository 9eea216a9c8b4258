/* loops_rnn.c -- gates of recurrent layers, forward and backward; see rnn.h.
 * Compiled once per ISA; includes itself once per type. */
#ifndef REAL
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
#define ACC(g, r) ((const REAL *)t->acc[g] + (r)*t->acc_row)
#define BIAS(g) ((const REAL *)t->bias + (g)*t->unit)
/* Every row r; one that is inactive only does what `idle` says. */
#define EACH_ROW(idle)                                                                                                 \
  for (int64_t r = 0; r < t->rows; r++)                                                                                \
    if (t->active && !t->active[r])                                                                                    \
      idle;                                                                                                            \
    else

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
  EACH_ROW(FN(hold)(t, r, 0)) {
    const int64_t n = t->n;
    const REAL *a = ACC(0, r), *b = BIAS(0), *x = BEFORE(x, r);
    REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) y[j] = rk_tanh(x[j] + a[j] + b[j]);
    FN(keep)(t, r);
  }
}

static void FN(step_relu)(const struct rk_rnn_tile *t) {
  EACH_ROW(FN(hold)(t, r, 0)) {
    const int64_t n = t->n;
    const REAL *a = ACC(0, r), *b = BIAS(0), *x = BEFORE(x, r);
    REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      REAL v = x[j] + a[j] + b[j];
      y[j] = v < 0 ? 0 : v;
    }
    FN(keep)(t, r);
  }
}

static void FN(step_lstm)(const struct rk_rnn_tile *t) {
  const REAL *bi = BIAS(0), *bf = BIAS(1), *bg = BIAS(2), *bo = BIAS(3);
  EACH_ROW(FN(hold)(t, r, 1)) {
    const int64_t n = t->n;
    const REAL *ai = ACC(0, r), *af = ACC(1, r), *ag = ACC(2, r), *ao = ACC(3, r), *before = BEFORE(cell_before, r);
    const REAL *xi = BEFORE(x, r), *xf = xi + t->x_gate, *xg = xf + t->x_gate, *xo = xg + t->x_gate;
    REAL *gi = ROW(gates, r), *gf = gi + t->gate, *gg = gf + t->gate, *go = gg + t->gate, *cell = ROW(cell, r);
    REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      REAL i = rk_sigmoid(xi[j] + ai[j] + bi[j]), f = rk_sigmoid(xf[j] + af[j] + bf[j]);
      REAL g = rk_tanh(xg[j] + ag[j] + bg[j]), o = rk_sigmoid(xo[j] + ao[j] + bo[j]);
      REAL c = f * before[j] + i * g;
      gi[j] = i, gf[j] = f, gg[j] = g, go[j] = o;
      cell[j] = c;
      y[j] = o * rk_tanh(c);
    }
    FN(keep)(t, r);
  }
}

static void FN(step_gru)(const struct rk_rnn_tile *t) {
  const REAL *br = BIAS(0), *bz = BIAS(1), *bn = BIAS(2), *bm = BIAS(3);
  EACH_ROW(FN(hold)(t, r, 0)) {
    const int64_t n = t->n;
    const REAL *ar = ACC(0, r), *az = ACC(1, r), *am = ACC(2, r), *before = BEFORE(before, r);
    const REAL *xr = BEFORE(x, r), *xz = xr + t->x_gate, *xn = xz + t->x_gate;
    REAL *gr = ROW(gates, r), *gz = gr + t->gate, *gn = gz + t->gate, *share = ROW(cell, r), *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      REAL reset = rk_sigmoid(xr[j] + ar[j] + br[j]), z = rk_sigmoid(xz[j] + az[j] + bz[j]), m = am[j] + bm[j];
      REAL fresh = rk_tanh(xn[j] + bn[j] + reset * m);
      gr[j] = reset, gz[j] = z, gn[j] = fresh;
      share[j] = m;
      y[j] = fresh + z * (before[j] - fresh);
    }
    FN(keep)(t, r);
  }
}

/* -- backward -- */
/* dh of a row: from the output, from the later step's gates, and what that step passed on. */
#define DH(j) (g[j] + a[j] + carry[j])
#define OPEN_BACK                                                                                                      \
  const int64_t n = t->n;                                                                                              \
  const REAL *a = ACC(0, r), *g = BEFORE(g, r);                                                                        \
  REAL *carry = (REAL *)t->carry + r * t->unit, *d = ROW(dgates, r);

/* An inactive row hands its gradient on as it is. */
static void FN(pass)(const struct rk_rnn_tile *t, int64_t r, int blocks) {
  const REAL *a = ACC(0, r);
  REAL *carry = (REAL *)t->carry + r * t->unit, *d = ROW(dgates, r);
  for (int64_t j = 0; j < t->n; j++) carry[j] += a[j];
  for (int b = 0; b < blocks; b++) memset(d + b * t->unit, 0, (size_t)t->n * sizeof(REAL));
}

static void FN(back_tanh)(const struct rk_rnn_tile *t) {
  EACH_ROW(FN(pass)(t, r, 1)) {
    OPEN_BACK
    const REAL *y = ROW(y, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      d[j] = DH(j) * (1 - y[j] * y[j]);
      carry[j] = 0;
    }
  }
}

static void FN(back_relu)(const struct rk_rnn_tile *t) {
  EACH_ROW(FN(pass)(t, r, 1)) {
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
  EACH_ROW(FN(pass)(t, r, 4)) {
    OPEN_BACK
    REAL *dcell = (REAL *)t->dcell + r * t->unit, *df = d + t->unit, *dg = df + t->unit, *dq = dg + t->unit;
    const REAL *gi = ROW(gates, r), *gf = gi + t->gate, *gg = gf + t->gate, *go = gg + t->gate;
    const REAL *cell = ROW(cell, r), *before = BEFORE(cell_before, r);
    RK_IVDEP for (int64_t j = 0; j < n; j++) {
      REAL dh = DH(j), tc = rk_tanh(cell[j]), i = gi[j], f = gf[j], u = gg[j], o = go[j];
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
  EACH_ROW(FN(pass)(t, r, 4)) {
    OPEN_BACK
    REAL *dz = d + t->unit, *dn = dz + t->unit, *dm = dn + t->unit;
    const REAL *gr = ROW(gates, r), *gz = gr + t->gate, *gn = gz + t->gate, *share = ROW(cell, r);
    const REAL *before = BEFORE(before, r);
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
#undef BIAS
#undef EACH_ROW
#undef DH
#undef OPEN_BACK
#endif
