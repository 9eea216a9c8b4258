/* move.c -- moving bits in two dimensions, whatever they mean: rows, repeats, transpositions (loops_turn.c), anything
 * else. A large result is written past the caches, as memcpy does. */
#include "copy.h"
#include "stream_loops.h"
#include "turn.h"
#include <string.h>

/* PAST_FROM: bytes of a row that is worth to be written past the caches, its two ends aside. */
enum { LINE = RK_LINE, PAST_FROM = 1024 };

/* The general form of a move, and one that repeats an element along a row. */
#define MOVES(bits)                                                                                                    \
  static void plain_##bits(const struct rk_move *v) {                                                                  \
    for (int64_t i = 0; i < v->m; i++) {                                                                               \
      char *o = v->out + i * v->out_m;                                                                                 \
      const char *x = v->in + i * v->in_m;                                                                             \
      for (int64_t j = 0; j < v->n; j++, o += v->out_n, x += v->in_n)                                                  \
        *(uint##bits##_t *)(void *)o = *(const uint##bits##_t *)(const void *)x;                                       \
    }                                                                                                                  \
  }                                                                                                                    \
  static void repeat_##bits(const struct rk_move *v) {                                                                 \
    for (int64_t i = 0; i < v->m; i++) {                                                                               \
      uint##bits##_t *o = (void *)(v->out + i * v->out_m);                                                             \
      const uint##bits##_t x = *(const uint##bits##_t *)(const void *)(v->in + i * v->in_m);                           \
      for (int64_t j = 0; j < v->n; j++) o[j] = x;                                                                     \
    }                                                                                                                  \
  }
MOVES(8)
MOVES(16)
MOVES(32)
MOVES(64)

static void rows(int size, const struct rk_move *v) {
  const int64_t bytes = v->n * size;
  const bool past = RK_STREAMS && v->large && bytes >= PAST_FROM;
  for (int64_t i = 0; i < v->m; i++) {
    char *out = v->out + i * v->out_m;
    const char *in = v->in + i * v->in_m;
    if (past)
      rk_stream_loops()->copy(out, in, bytes, in + v->in_m);
    else
      memcpy(out, in, (size_t)bytes);
  }
  if (past) rk_stream_end();
}

/* Elements at multiples of their size: only such rows come upon a line's beginning. */
static bool in_place(int size, const struct rk_move *v) {
  return ((uintptr_t)v->out | (uintptr_t)v->out_m) % (size_t)size == 0;
}
/* Rows of one element repeated, long enough to be written past the caches. */
static void repeat_past(int size, const struct rk_move *v) {
  for (int64_t i = 0; i < v->m; i++) {
    _Alignas(LINE) char line[LINE];
    for (int k = 0; k < LINE; k += size) memcpy(line + k, v->in + i * v->in_m, (size_t)size);
    char *o = v->out + i * v->out_m, *end = o + v->n * size;
    for (; (uintptr_t)o % LINE; o += size) memcpy(o, line, (size_t)size);
    const int64_t lines = end > o ? (end - o) / LINE : 0;
    rk_stream_loops()->repeat(o, line, lines);
    o += lines * LINE;
    memcpy(o, line, (size_t)(end - o));
  }
  rk_stream_end();
}

typedef void move(const struct rk_move *);
static const struct {
  move *plain, *repeat;
} by_size[] = {
    [1] = {plain_8, repeat_8}, [2] = {plain_16, repeat_16}, [4] = {plain_32, repeat_32}, [8] = {plain_64, repeat_64}};

static bool across(const struct rk_move *v, int size) {
  return v->out_n == size && v->in_m == size && v->m >= LINE / size && v->n >= LINE / size;
}
void rk_move_elements(int size, const struct rk_move *v) {
  if (v->out_n != size)
    by_size[size].plain(v);
  else if (v->in_n == size && v->n > 4)
    rows(size, v);
  else if (v->in_n == 0 && RK_STREAMS && v->large && v->n * size >= PAST_FROM && in_place(size, v))
    repeat_past(size, v);
  else if (v->in_n == 0)
    by_size[size].repeat(v);
  else if (across(v, size))
    rk_turn_loops()->turn[size](v);
  else
    by_size[size].plain(v);
}

bool rk_move_turns(int size, const struct rk_move *v) { return RK_STREAMS && across(v, size); }
void rk_move_past(int size, const struct rk_move *v, bool goes_on) {
  char *aside = rk_scratch(v->m * RK_TURN_ROW, "copy");
  if (aside)
    rk_turn_loops()->past[size](v, aside, goes_on);
  else /* slower */
    rk_move_elements(size, v);
  rk_scratch_free(aside);
}
