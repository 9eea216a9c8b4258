/* loops_turn.c -- transpositions; see turn.h. Compiled once per ISA.
 *
 * What is turned is cut into squares as wide as a cache line, each built of squares as wide as a vector: log2(K) rounds
 * of interleaving rows i and i + K/2 transpose K rows. So every line of either side is touched once, whole.
 *
 * A large result is written past the caches, a block at a time: first turned into memory of the second-level cache,
 * then row by row, whole lines only, while the lines of the next block are fetched; what is left of a row's last line
 * waits for it. Reading and writing in runs this long, 3162 x 3162 floats on two cores of a Zen 4: 17 -> 39 GB/s where
 * a plain copy has 52. */
#include "turn.h"

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define RK_SHUFFLEVECTOR
#endif
#endif
#ifdef RK_SHUFFLEVECTOR
#define SHUFFLE(V, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(V, a, b, ...) __builtin_shuffle(a, b, (V){__VA_ARGS__})
#endif

/* Rows of a square: small elements are not worth wide vectors, whose shuffles of bytes are slow. */
#if defined(__AVX512F__)
#define K_32 16
#define K_64 8
#elif defined(__AVX2__)
#define K_32 8
#define K_64 4
#else
#define K_32 4
#define K_64 2
#endif
#define K_16 8
#define K_8 16

#define LOW_2 0, 2
#define HIGH_2 1, 3
#define LOW_4 0, 4, 1, 5
#define HIGH_4 2, 6, 3, 7
#define LOW_8 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define LOW_16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define LOW(bits) PASTE(LOW_, K_##bits)
#define HIGH(bits) PASTE(HIGH_, K_##bits)

/* -- one tile: a line wide, as many rows as elements in it ------------------------------------- */
/* Rows of `in`, in_n bytes apart, become those that begin at out[k] + at. */
#define TILE(bits)                                                                                                     \
  enum { SIZE_##bits = bits / 8, TILE_##bits = RK_LINE / SIZE_##bits };                                                \
  typedef uint##bits##_t v##bits __attribute__((vector_size(K_##bits * SIZE_##bits)));                                 \
  static inline                                                                                                        \
      __attribute__((always_inline)) void square_##bits(char *const *out, int64_t at, const char *in, int64_t in_n) {  \
    enum { K = K_##bits };                                                                                             \
    v##bits a[K], b[K];                                                                                                \
    for (int i = 0; i < K; i++) memcpy(&a[i], in + i * in_n, sizeof a[i]);                                             \
    for (int width = 1; width < K; width *= 2) {                                                                       \
      for (int i = 0; i < K / 2; i++) {                                                                                \
        b[2 * i] = SHUFFLE(v##bits, a[i], a[i + K / 2], LOW(bits));                                                    \
        b[2 * i + 1] = SHUFFLE(v##bits, a[i], a[i + K / 2], HIGH(bits));                                               \
      }                                                                                                                \
      memcpy(a, b, sizeof a);                                                                                          \
    }                                                                                                                  \
    for (int i = 0; i < K; i++) memcpy(out[i] + at, &a[i], sizeof a[i]);                                               \
  }                                                                                                                    \
  static inline                                                                                                        \
      __attribute__((always_inline)) void tile_##bits(char *const *out, int64_t at, const char *in, int64_t in_n) {    \
    enum { SIZE = SIZE_##bits, T = TILE_##bits, K = K_##bits };                                                        \
    for (int r = 0; r < T; r += K)                                                                                     \
      for (int c = 0; c < T; c += K) square_##bits(out + r, at + c * SIZE, in + c * in_n + r * SIZE, in_n);            \
  }                                                                                                                    \
  static void each_##bits(char *const *out, int64_t at, const char *in, int64_t in_n, int64_t m, int64_t n) {          \
    for (int64_t i = 0; i < m; i++)                                                                                    \
      for (int64_t j = 0; j < n; j++)                                                                                  \
        memcpy(out[i] + at + j * SIZE_##bits, in + j * in_n + i * SIZE_##bits, SIZE_##bits);                           \
  }

/* -- within the caches ------------------------------------------------------------------------------ */
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

#define TURN(bits)                                                                                                     \
  static void turn_##bits(const struct rk_move *v) {                                                                   \
    enum { SIZE = SIZE_##bits, T = TILE_##bits };                                                                      \
    for (int64_t j = 0; j < v->n; j += T)                                                                              \
      for (int64_t i = 0; i < v->m; i += T) {                                                                          \
        const int64_t m = least(v->m - i, T), n = least(v->n - j, T);                                                  \
        const char *in = v->in + j * v->in_n + i * SIZE;                                                               \
        char *out[T];                                                                                                  \
        for (int k = 0; k < T; k++) out[k] = v->out + (i + k) * v->out_m;                                              \
        if (m == T && n == T)                                                                                          \
          tile_##bits(out, j *SIZE, in, v->in_n);                                                                      \
        else                                                                                                           \
          each_##bits(out, j *SIZE, in, v->in_n, m, n);                                                                \
      }                                                                                                                \
  }

/* -- past them ------------------------------------------------------------------------------------------ */
static inline void fetch(struct rk_coming *c) {
  if (!c->rows) return;
  __builtin_prefetch(c->row + c->at * RK_LINE, 0, 2);
  if (++c->at == c->lines) c->at = 0, c->row += c->step, c->rows--;
}
/* Rows of a block: `bytes` of each, which lie aside at aside[i], go to where `before` bytes of the move end. A place
 * aside is as far from the beginning of a line as its destination. */
static void write_block(const struct rk_move *v, char *const *aside, int64_t before, int64_t bytes, bool last,
                        struct rk_coming *c) {
  for (int64_t i = 0; i < v->m; i++) {
    char *to = v->out + i * v->out_m + before;
    const int64_t phase = (int64_t)((uintptr_t)to % RK_LINE), end = phase + bytes;
    char *from = aside[i] - phase;
    int64_t at = 0;
    if (!before && phase) memcpy(to, aside[i], (size_t)least(RK_LINE - phase, bytes)), at = RK_LINE;
    to -= phase;
    for (; at + RK_LINE <= end; at += RK_LINE) {
      rk_stream_line(to + at, from + at);
      fetch(c);
    }
    if (at < end) memcpy(last ? to + at : from, from + at, (size_t)(end - at));
  }
  while (c->rows) fetch(c);
}
#define PAST(bits)                                                                                                     \
  static void past_##bits(const struct rk_move *v, char *aside, bool goes_on) {                                        \
    enum { SIZE = SIZE_##bits, T = TILE_##bits, WIDTH = RK_TURN_WRITE / SIZE };                                        \
    char *row[RK_TURN_ROWS];                                                                                           \
    for (int64_t i = 0; i < v->m; i++)                                                                                 \
      row[i] = aside + i * RK_TURN_ROW + (uintptr_t)(v->out + i * v->out_m) % RK_LINE;                                 \
    for (int64_t first = 0; first < v->n; first += WIDTH) {                                                            \
      const int64_t columns = least(v->n - first, WIDTH), rest = v->n - first - columns;                               \
      const char *block = v->in + first * v->in_n;                                                                     \
      for (int64_t j = 0; j < columns; j += T)                                                                         \
        for (int64_t i = 0; i < v->m; i += T) {                                                                        \
          const int64_t m = least(v->m - i, T), n = least(columns - j, T);                                             \
          const char *in = block + j * v->in_n + i * SIZE;                                                             \
          if (m == T && n == T)                                                                                        \
            tile_##bits(row + i, j * SIZE, in, v->in_n);                                                               \
          else                                                                                                         \
            each_##bits(row + i, j * SIZE, in, v->in_n, m, n);                                                         \
        }                                                                                                              \
      struct rk_coming c = {block + WIDTH * v->in_n, v->in_n, v->m * SIZE / RK_LINE + 1,                               \
                            goes_on ? WIDTH : least(rest, WIDTH), 0};                                                  \
      write_block(v, row, first *SIZE, columns *SIZE, !rest, &c);                                                      \
    }                                                                                                                  \
    rk_stream_end();                                                                                                   \
  }
static void write(const struct rk_move *v, struct rk_coming *coming, int sources) {
  for (int64_t i = 0; i < v->m; i++) {
    char *to = v->out + i * v->out_m;
    const char *from = v->in + i * v->in_m;
    int64_t at = least((int64_t)(-(uintptr_t)to % RK_LINE), v->n);
    memcpy(to, from, (size_t)at);
    for (; at + RK_LINE <= v->n; at += RK_LINE) {
      rk_stream_line(to + at, from + at);
      for (int k = 0; k < sources; k++) fetch(&coming[k]);
    }
    memcpy(to + at, from + at, (size_t)(v->n - at));
  }
  for (int k = 0; k < sources; k++)
    while (coming[k].rows) fetch(&coming[k]);
  rk_stream_end();
}

#define BITS(bits) TILE(bits) TURN(bits) PAST(bits)
BITS(8)
BITS(16)
BITS(32)
BITS(64)

const struct rk_turn_loops RK_LOOPS_NAME(rk_turn_loops, RK_ISA)[1] = {{
    .turn = {[1] = turn_8, [2] = turn_16, [4] = turn_32, [8] = turn_64},
    .past = {[1] = past_8, [2] = past_16, [4] = past_32, [8] = past_64},
    .write = write,
}};
