/* turn.h -- transpositions: rows of one side are columns of the other. loops_turn.c, compiled once per ISA. */
#ifndef RK_TURN_H
#define RK_TURN_H
#include "copy.h"
#include "layer_loops.h"
#include "stream.h"
#pragma GCC visibility push(hidden)

/* A block that is turned past the caches: so many bytes of a row of the source (its rows at most), so many of a row of
 * the result at a time (several of a power of 2 of lines would meet in one set of a cache, so two more in memory), and
 * in all. */
enum {
  RK_TURN_READ = 1024,
  RK_TURN_ROWS = 512,
  RK_TURN_WRITE = 256,
  RK_TURN_ROW = RK_TURN_WRITE + 2 * RK_LINE,
  RK_TURN_LONG = 4096,
};
/* Lines that will be read soon, row by row: `rows` of them to come, `at` lines of the first one done with. */
struct rk_coming {
  const char *row;
  int64_t step, lines, rows, at;
};
/* Turning takes a move with out_n and in_m the size of an element (1, 2, 4 or 8: the index). */
struct rk_turn_loops {
  void (*turn[9])(const struct rk_move *v);
  /* Past the caches, by way of `aside`: m rows of RK_TURN_ROW bytes. m is RK_TURN_ROWS at most. goes_on: the columns
   * after n are turned next. */
  void (*past[9])(const struct rk_move *v, char *aside, bool goes_on);
  /* m rows of n bytes, out_m and in_m apart, past the caches; lines of each of coming[sources] are fetched meanwhile.
   */
  void (*write)(const struct rk_move *v, struct rk_coming *coming, int sources);
};
extern const struct rk_turn_loops rk_turn_loops_base[1], rk_turn_loops_avx2[1], rk_turn_loops_avx512[1];
static inline const struct rk_turn_loops *rk_turn_loops(void) {
  const struct rk_turn_loops *l = rk_turn_loops_base;
  RK_PREFER_LOOPS(rk_turn_loops, avx2)
  RK_PREFER_LOOPS(rk_turn_loops, avx512)
  return l;
}
#pragma GCC visibility pop
#endif
