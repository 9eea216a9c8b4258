/* copy.h -- what the files that move elements share: conversions of packed runs, and 2-d moves of bits. */
#ifndef RK_COPY_H
#define RK_COPY_H
#include "internal.h"
#pragma GCC visibility push(hidden)

/* n packed elements of one dtype to packed elements of another; the memories are disjoint. */
typedef void rk_convert_run(int64_t n, void *out, const void *in);
struct rk_converters {
  rk_convert_run *run[RK_NDTYPES][RK_NDTYPES]; /* [from][to] */
};
rk_convert_run *rk_converter(int from, int to);

/* out[i][j] = in[i][j] for i < m, j < n, elements of `size` bytes (1, 2, 4, 8); steps in bytes, 0 repeats. */
struct rk_move {
  int64_t m, n;
  char *out;
  int64_t out_m, out_n;
  const char *in;
  int64_t in_m, in_n;
  bool large; /* part of a result that no cache will keep */
};
void rk_move_elements(int size, const struct rk_move *v);
/* Is it a transposition that can go past the caches? Such a one, of RK_TURN_ROWS rows at most (turn.h); goes_on: the
 * columns after n are moved next. */
bool rk_move_turns(int size, const struct rk_move *v);
void rk_move_past(int size, const struct rk_move *v, bool goes_on);

/* Fill `out` with one element (of its dtype) repeated. */
int rk_fill_with(struct rk_tensor *out, const void *element);
#pragma GCC visibility pop
#endif
