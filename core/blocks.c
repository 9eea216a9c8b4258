/* blocks.c -- float images between channels-last and oneDNN's blocks of 16
 * planes, in which the 16 numbers of a position are one cache line. oneDNN's own
 * reorder between the two took 2 to 4 times a plain copy's time (51 MB on two
 * Zen 4 cores: 12.7 ms in, 5.8 ms out). */
#include "dnnl.h"
#include <string.h>

enum { BLOCK = 16, RUN = 64 }; /* planes of a block; positions of a part: all of its lines stay in the L2 cache */

struct job {
  float *blocks, *last;
  int64_t c, places, runs; /* planes; positions of an image; parts of an image */
  bool out;                /* from blocks */
};

static void part(void *arg, int64_t k) {
  const struct job *j = arg;
  int64_t n = k / j->runs, first = k % j->runs * RUN, end = first + RUN < j->places ? first + RUN : j->places;
  float *image = j->last + n * j->c * j->places, *blocks = j->blocks + n * j->c * j->places;
  for (int64_t b = 0; b < j->c / BLOCK; b++) {
    float *at = image + first * j->c + b * BLOCK, *line = blocks + (b * j->places + first) * BLOCK;
    if (j->out)
      for (int64_t p = first; p < end; p++, at += j->c, line += BLOCK) memcpy(at, line, BLOCK * sizeof *at);
    else
      for (int64_t p = first; p < end; p++, at += j->c, line += BLOCK) memcpy(line, at, BLOCK * sizeof *at);
  }
}

void rk_blocks_copy(float *blocks, float *last, int64_t n, int64_t c, int64_t places, bool out) {
  struct job j = {blocks, last, c, places, (places + RUN - 1) / RUN, out};
  rk_parallel(n * j.runs, n * c * places, part, &j);
}
