/* random.h -- what random.c needs from random_kernels.c. */
#ifndef RK_RANDOM_H
#define RK_RANDOM_H
#include "internal.h"

/* n words to n numbers; a and b as the distribution has them. Normals: n is even. */
typedef void random_fill(void *out, const uint32_t *words, int64_t n, double a, double b);

struct random_kernels {
  void (*twist)(uint32_t *state);                                 /* the next 624 state words, in place */
  void (*temper)(uint32_t *to, const uint32_t *state, int64_t n); /* state words to random words */
  random_fill *fill[RK_BERNOULLI + 1][2];                         /* [distribution][0 float, 1 double] */
};
const struct random_kernels *rk_random_kernels(void); /* for the instruction set in use */

uint32_t rk_random_temper(uint32_t word);
/* The pair behind normal draws: u gives the angle, v the radius. */
double rk_random_radius(double v);
void rk_random_turn(double u, double *cosine, double *sine);
#endif
