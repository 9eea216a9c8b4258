/* stream_loops.h -- runs of memory written past the caches (stream.h), with stores as wide as the ISA in use has them:
 * loops_stream.c, compiled once per ISA. Every second row of a matrix copied 34 -> 43 GB/s where a plain copy has 50.
 * Other threads see what was written after rk_stream_end. */
#ifndef RK_STREAM_LOOPS_H
#define RK_STREAM_LOOPS_H
#include "layer_loops.h"
#include "stream.h"

struct rk_stream_loops {
  /* memcpy; next: what will be copied after that, or NULL. */
  void (*copy)(char *to, const char *from, int64_t bytes, const char *next);
  /* `line` again and again over [to, to + lines * RK_LINE), `to` at a multiple of a line. */
  void (*repeat)(char *to, const char *line, int64_t lines);
};
extern const struct rk_stream_loops rk_stream_loops_base[1], rk_stream_loops_avx2[1], rk_stream_loops_avx512[1];
static inline const struct rk_stream_loops *rk_stream_loops(void) {
  const struct rk_stream_loops *l = rk_stream_loops_base;
  RK_PREFER_LOOPS(rk_stream_loops, avx2)
  RK_PREFER_LOOPS(rk_stream_loops, avx512)
  return l;
}
#endif
