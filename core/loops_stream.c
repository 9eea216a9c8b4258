/* loops_stream.c -- runs of memory written past the caches; see stream_loops.h. Compiled once per ISA. */
#include "stream_loops.h"

/* AHEAD: bytes between what is fetched and what is written; the processor's own guesses stop while lines are written
 * past the caches. */
enum { AHEAD = 4096 };

static void copy(char *to, const char *from, int64_t bytes, const char *next) {
  /* The last AHEAD bytes fetch the first ones of the next run. */
  const int64_t own = bytes > 2 * AHEAD ? bytes - AHEAD - (int64_t)((uintptr_t)(to + bytes - AHEAD) % RK_LINE) : 0;
  const char *const ahead = from + AHEAD;
  if (own) rk_stream_fetching(to, from, own, &ahead, 1);
  rk_stream_fetching(to + own, from + own, bytes - own, &next, own && next);
}

static void repeat(char *to, const char *line, int64_t lines) {
  _Alignas(RK_LINE) char kept[RK_LINE];
  memcpy(kept, line, RK_LINE);
  for (int64_t i = 0; i < lines; i++) rk_stream_line(to + i * RK_LINE, kept);
}

const struct rk_stream_loops RK_LOOPS_NAME(rk_stream_loops, RK_ISA)[1] = {{.copy = copy, .repeat = repeat}};
