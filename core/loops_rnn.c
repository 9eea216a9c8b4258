/* loops_rnn.c -- gates of recurrent layers, forward and backward; see rnn.h.
 * Compiled once per ISA; includes itself once per type.
 *
 * A tile's logistic functions and tangents are loops of their own over all its rows: side by side their long chains of
 * dependent steps overlap, which in one loop for everything they do not. */
#ifndef REAL
#include "gemm.h"
#include "rnn.h"
#include "scalar.h"
#if defined __AVX512F__
#include <immintrin.h>
#endif
#define LOOPS_FILE "loops_rnn.c"
/* Logistic functions and tangents of whole vectors: how many of n are done. With AVX-512, where half their time went
 * into divisions and into results that gates do not need (infinities, subnormal numbers): an estimate of the reciprocal
 * and a step of Newton's, within 2 units in the last place. All of an LSTM's step: 2.6 -> 2.1 ns for each unit. */
#if defined __AVX512F__
static inline __m512 all(float x) { return _mm512_set1_ps(x); }
static inline __m512 quotient(__m512 x, __m512 d) { /* |d| < 2^126 */
  const __m512 r = _mm512_rcp14_ps(d), q = _mm512_mul_ps(x, r);
  return _mm512_fmadd_ps(_mm512_fnmadd_ps(q, d, x), r, q);
}
/* e^x - 1 as power * core + (power - 1), |x| <= 87. NaN remains. */
static inline __m512 exponential(__m512 x, __m512 *power) {
  const __m512 magic = all(12582912.0f), z = _mm512_fmadd_ps(x, all(1.44269504f), magic), k = _mm512_sub_ps(z, magic);
  const __m512 r = _mm512_fmadd_ps(k, all(2.12194440e-4f), _mm512_fnmadd_ps(k, all(0.693359375f), x));
  __m512 p = _mm512_fmadd_ps(all(1.9875691500e-4f), r, all(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, all(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, all(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, all(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, all(5.0000001201e-1f));
  *power = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(z), 23), /* 1.0: n = 0 */
                                                _mm512_set1_epi32(0x3f800000)));
  return _mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r);
}
/* x second: where it is NaN, it is the result. */
static inline __m512 between(float low, float high, __m512 x) {
  return _mm512_min_ps(all(high), _mm512_max_ps(all(low), x));
}
static inline __m512 sigmoid16(__m512 x) {
  __m512 power, core = exponential(between(-87, 87, _mm512_sub_ps(_mm512_setzero_ps(), x)), &power);
  return quotient(all(1), _mm512_add_ps(_mm512_fmadd_ps(power, core, power), all(1)));
}
static inline __m512 tanh16(__m512 x) { /* (e^2x - 1) / (e^2x + 1) */
  __m512 power, core = exponential(between(-20, 20, _mm512_add_ps(x, x)), &power);
  const __m512 e = _mm512_fmadd_ps(power, core, _mm512_sub_ps(power, all(1)));
  return quotient(e, _mm512_add_ps(e, all(2)));
}
#define WHOLE_VECTORS(name, f)                                                                                         \
  static int64_t whole_##name##_f32(float *y, const float *x, int64_t n) {                                             \
    int64_t i = 0;                                                                                                     \
    for (; i + 16 <= n; i += 16) _mm512_storeu_ps(y + i, f(_mm512_loadu_ps(x + i)));                                   \
    return i;                                                                                                          \
  }
WHOLE_VECTORS(sigmoids, sigmoid16)
WHOLE_VECTORS(tangents, tanh16)
#else
#define whole_sigmoids_f32(y, x, n) 0
#define whole_tangents_f32(y, x, n) 0
#endif
#define whole_sigmoids_f64(y, x, n) 0
#define whole_tangents_f64(y, x, n) 0
#include "each_real.h"

/* Sixteen chains side by side: each word costs a multiplication, whose latency would add up in one. */
static uint64_t hash(const void *row, int64_t bytes) {
  typedef uint32_t lanes __attribute__((vector_size(64)));
  const char *p = row;
  lanes h = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, rest = {0};
  for (; bytes >= 64; bytes -= 64, p += 64) {
    lanes word;
    memcpy(&word, p, 64);
    h = (h ^ word) * 0x9e3779b1u; /* odd: 2^32 / golden ratio */
    h ^= h >> 15;
  }
  memcpy(&rest, p, (size_t)bytes);
  h = (h ^ rest) * 0x9e3779b1u;
  h ^= h >> 15;
  uint64_t all[8], sum = 0;
  memcpy(all, &h, sizeof all);
  for (int i = 0; i < 8; i++) sum = (sum ^ all[i]) * 0x9e3779b97f4a7c15u, sum ^= sum >> 29;
  return sum;
}

#define TABLE(t)                                                                                                       \
  {                                                                                                                    \
    .step = {step_tanh_##t, step_relu_##t, step_lstm_##t, step_gru_##t},                                               \
    .back = {back_tanh_##t, back_relu_##t, back_lstm_##t, back_gru_##t}, .add = add_##t, .copy = copy_##t,             \
    .pick = pick_##t, .gather = gather_##t, .hash = hash                                                               \
  }
const struct rk_rnn_loops RK_LOOPS_NAME(rk_rnn_loops, RK_ISA)[2] = {TABLE(f32), TABLE(f64)};

#else
#define ROW(field, r) ((REAL *)t->field + (r)*t->field##_row)
#define BEFORE(field, r) ((const REAL *)t->field + (r)*t->field##_row)
#define ACC(g) ((REAL *)t->acc[g])
#define GATE(g) ((REAL *)t->gates + (g)*t->gate)
#define DGATE(g) ((REAL *)t->dgates + (g)*t->dgate)
#define OFF(t, r) ((t)->active && !(t)->active[r])
/* f(t, r, n) with n a constant where rows are as long as they mostly are: loops of two vectors, without remainders. */
#define WITH_LENGTH(f)                                                                                                 \
  do {                                                                                                                 \
    if (t->n == 32)                                                                                                    \
      f(t, r, 32);                                                                                                     \
    else if (t->n == 16)                                                                                               \
      f(t, r, 16);                                                                                                     \
    else                                                                                                               \
      f(t, r, t->n);                                                                                                   \
  } while (0)
#define ROW_LOOP static inline __attribute__((always_inline)) void

ROW_LOOP FN(add_row)(REAL *x, const REAL *y, int64_t n) { RK_IVDEP for (int64_t j = 0; j < n; j++) x[j] += y[j]; }
ROW_LOOP FN(copy_row)(REAL *x, const REAL *y, int64_t n) { RK_IVDEP for (int64_t j = 0; j < n; j++) x[j] = y[j]; }
/* f over rows of n, x and y being those of row r. */
#define EACH_ROW(f, x, y)                                                                                              \
  if (n == 32)                                                                                                         \
    for (int64_t r = 0; r < rows; r++) f((REAL *)to + (x), (const REAL *)from + (y), 32);                              \
  else if (n == 16)                                                                                                    \
    for (int64_t r = 0; r < rows; r++) f((REAL *)to + (x), (const REAL *)from + (y), 16);                              \
  else                                                                                                                 \
    for (int64_t r = 0; r < rows; r++) f((REAL *)to + (x), (const REAL *)from + (y), n);
static void FN(add)(void *to, int64_t to_row, const void *from, int64_t from_row, int64_t rows, int64_t n) {
  EACH_ROW(FN(add_row), r * to_row, r * from_row)
}
static void FN(copy)(void *to, int64_t to_row, const void *from, int64_t from_row, int64_t rows, int64_t n) {
  EACH_ROW(FN(copy_row), r * to_row, r * from_row)
}
static void FN(pick)(void *to, const void *from, const int32_t *which, int64_t rows, int64_t n) {
  EACH_ROW(FN(copy_row), r * n, which[r] * n)
}
static void FN(gather)(void *to, const void *from, const int32_t *which, int64_t rows, int64_t n) {
  EACH_ROW(FN(add_row), which[r] * n, r * n)
}
#undef EACH_ROW

/* y = f(x) over a tile's rows, in one go where these are full. */
#define OVER_TILE(name, f)                                                                                             \
  static void FN(name)(const struct rk_rnn_tile *t, REAL *y, const REAL *x) {                                          \
    const int64_t full = t->n == t->row, rows = full ? 1 : t->rows, n = full ? t->rows * t->n : t->n;                  \
    for (int64_t r = 0; r < rows; r++, y += t->row, x += t->row) {                                                     \
      RK_IVDEP for (int64_t j = FN(whole_##name)(y, x, n); j < n; j++) y[j] = f(x[j]);                                 \
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

ROW_LOOP FN(lstm_cell)(const struct rk_rnn_tile *t, int64_t r, int64_t n) {
  const REAL *i = GATE(0) + r * t->row, *f = GATE(1) + r * t->row, *g = GATE(2) + r * t->row;
  const REAL *before = BEFORE(cell_before, r);
  REAL *cell = ROW(cell, r), *c = ACC(0) + r * t->row;
  RK_IVDEP for (int64_t j = 0; j < n; j++) c[j] = cell[j] = f[j] * before[j] + i[j] * g[j];
}
ROW_LOOP FN(lstm_output)(const struct rk_rnn_tile *t, int64_t r, int64_t n) {
  const REAL *c = ACC(0) + r * t->row, *o = GATE(3) + r * t->row;
  REAL *y = ROW(y, r);
  RK_IVDEP for (int64_t j = 0; j < n; j++) y[j] = o[j] * c[j];
}
static void FN(step_lstm)(const struct rk_rnn_tile *t) {
  FN(sigmoids)(t, GATE(0), ACC(0));
  FN(sigmoids)(t, GATE(1), ACC(1));
  FN(tangents)(t, GATE(2), ACC(2));
  FN(sigmoids)(t, GATE(3), ACC(3));
  for (int64_t r = 0; r < t->rows; r++)
    if (!OFF(t, r)) WITH_LENGTH(FN(lstm_cell));
  FN(tangents)(t, ACC(0), ACC(0)); /* of the cells, where i is no longer needed */
  for (int64_t r = 0; r < t->rows; r++) {
    if (OFF(t, r)) {
      FN(hold)(t, r, 1);
      continue;
    }
    WITH_LENGTH(FN(lstm_output));
    FN(keep)(t, r);
  }
}

ROW_LOOP FN(gru_sums)(const struct rk_rnn_tile *t, int64_t r, int64_t n) {
  const REAL *reset = GATE(0) + r * t->row, *m = ACC(2) + r * t->row;
  REAL *fresh = ACC(3) + r * t->row, *share = ROW(cell, r);
  RK_IVDEP for (int64_t j = 0; j < n; j++) {
    share[j] = m[j];
    fresh[j] += reset[j] * m[j];
  }
}
ROW_LOOP FN(gru_output)(const struct rk_rnn_tile *t, int64_t r, int64_t n) {
  const REAL *z = GATE(1) + r * t->row, *fresh = GATE(2) + r * t->row, *before = BEFORE(before, r);
  REAL *y = ROW(y, r);
  RK_IVDEP for (int64_t j = 0; j < n; j++) y[j] = fresh[j] + z[j] * (before[j] - fresh[j]);
}
static void FN(step_gru)(const struct rk_rnn_tile *t) {
  FN(sigmoids)(t, GATE(0), ACC(0));
  FN(sigmoids)(t, GATE(1), ACC(1));
  for (int64_t r = 0; r < t->rows; r++)
    if (!OFF(t, r)) WITH_LENGTH(FN(gru_sums));
  FN(tangents)(t, GATE(2), ACC(3));
  for (int64_t r = 0; r < t->rows; r++) {
    if (OFF(t, r)) {
      FN(hold)(t, r, 0);
      continue;
    }
    WITH_LENGTH(FN(gru_output));
    FN(keep)(t, r);
  }
}

/* -- backward -- */
/* dh of a row: from the output, from the later step's gates, and what that step passed on. */
#define DH(j) (g[j] + a[j] + carry[j])
#define OPEN_BACK                                                                                                      \
  const REAL *a = ACC(0) + r * t->row, *g = BEFORE(g, r);                                                              \
  REAL *carry = (REAL *)t->carry + r * t->unit, *d = DGATE(0) + r * t->row;
#define BACK_ROWS(f, blocks)                                                                                           \
  for (int64_t r = 0; r < t->rows; r++)                                                                                \
    if (OFF(t, r))                                                                                                     \
      FN(pass)(t, r, blocks);                                                                                          \
    else                                                                                                               \
      WITH_LENGTH(f);

/* An inactive row hands its gradient on as it is. */
static void FN(pass)(const struct rk_rnn_tile *t, int64_t r, int blocks) {
  const REAL *a = ACC(0) + r * t->row;
  REAL *carry = (REAL *)t->carry + r * t->unit;
  for (int64_t j = 0; j < t->n; j++) carry[j] += a[j];
  for (int b = 0; b < blocks; b++) memset(DGATE(b) + r * t->row, 0, (size_t)t->n * sizeof(REAL));
}

ROW_LOOP FN(back_tanh_row)(const struct rk_rnn_tile *t, int64_t r, int64_t n) {
  OPEN_BACK
  const REAL *y = ROW(y, r);
  RK_IVDEP for (int64_t j = 0; j < n; j++) {
    d[j] = DH(j) * (1 - y[j] * y[j]);
    carry[j] = 0;
  }
}
static void FN(back_tanh)(const struct rk_rnn_tile *t){BACK_ROWS(FN(back_tanh_row), 1)}

ROW_LOOP FN(back_relu_row)(const struct rk_rnn_tile *t, int64_t r, int64_t n) {
  OPEN_BACK
  const REAL *y = ROW(y, r);
  RK_IVDEP for (int64_t j = 0; j < n; j++) {
    REAL v = DH(j);
    d[j] = y[j] > 0 ? v : 0;
    carry[j] = 0;
  }
}
static void FN(back_relu)(const struct rk_rnn_tile *t){BACK_ROWS(FN(back_relu_row), 1)}

/* acc[1]: tanh of the cells */
ROW_LOOP FN(back_lstm_row)(const struct rk_rnn_tile *t, int64_t r, int64_t n) {
  OPEN_BACK
  REAL *dcell = (REAL *)t->dcell + r * t->unit, *df = DGATE(1) + r * t->row, *dg = DGATE(2) + r * t->row;
  REAL *dq = DGATE(3) + r * t->row;
  const REAL *gi = GATE(0) + r * t->row, *gf = GATE(1) + r * t->row, *gg = GATE(2) + r * t->row;
  const REAL *go = GATE(3) + r * t->row, *c = ACC(1) + r * t->row, *before = BEFORE(cell_before, r);
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
static void FN(back_lstm)(const struct rk_rnn_tile *t) {
  FN(copy)(ACC(1), t->row, t->cell, t->cell_row, t->rows, t->n);
  FN(tangents)(t, ACC(1), ACC(1));
  BACK_ROWS(FN(back_lstm_row), 4)
}

ROW_LOOP FN(back_gru_row)(const struct rk_rnn_tile *t, int64_t r, int64_t n) {
  OPEN_BACK
  REAL *dr = DGATE(1) + r * t->row, *dz = DGATE(2) + r * t->row, *dm = DGATE(3) + r * t->row;
  const REAL *gr = GATE(0) + r * t->row, *gz = GATE(1) + r * t->row, *gn = GATE(2) + r * t->row;
  const REAL *share = ROW(cell, r), *before = BEFORE(before, r);
  RK_IVDEP for (int64_t j = 0; j < n; j++) {
    REAL dh = DH(j), reset = gr[j], z = gz[j], fresh = gn[j];
    REAL pre = dh * (1 - z) * (1 - fresh * fresh);
    d[j] = pre;
    dr[j] = pre * share[j] * reset * (1 - reset);
    dz[j] = dh * (before[j] - fresh) * z * (1 - z);
    dm[j] = pre * reset;
    carry[j] = dh * z;
  }
}
static void FN(back_gru)(const struct rk_rnn_tile *t) { BACK_ROWS(FN(back_gru_row), 4) }

#undef ROW
#undef BEFORE
#undef ACC
#undef GATE
#undef DGATE
#undef OFF
#undef WITH_LENGTH
#undef ROW_LOOP
#undef BACK_ROWS
#undef DH
#undef OPEN_BACK
#endif
