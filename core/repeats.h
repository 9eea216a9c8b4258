/* repeats.h -- rows of a matrix that are the same bits: what repeats.c finds and the recurrent layers use. */
#ifndef RK_REPEATS_H
#define RK_REPEATS_H
#include "internal.h"

struct rk_repeats {
  int64_t count;  /* different rows; 0: no use, as nearly all of them differ */
  int32_t *which; /* by row: which of the different ones it is */
  struct rk_tensor
      rows; /* (count, features): these, in the order of their first appearance, on cache lines of their own */
};
/* Of x (steps, batch, features) on the CPU, row t * batch + n being x[t][n]. What is found holds until x changes. Drop
 * it, also after an error or when there is nothing. */
int rk_find_repeats(struct rk_repeats *found, const struct rk_tensor *x, const char *who);
void rk_drop_repeats(struct rk_repeats *found);
#endif
