/* error.c -- the text of the last failure, one a thread, and tensors put into words. */
#include "internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char text[1024];

const char *rk_error(void) { return text; }
const char *rk_version(void) { return "0.1.0"; }

#undef rk_fail
int rk_fail(int status, const char *format, ...) {
  char fresh[sizeof text]; /* an argument may point into the old text */
  va_list ap;
  va_start(ap, format);
  vsnprintf(fresh, sizeof fresh, format, ap);
  va_end(ap);
  memcpy(text, fresh, sizeof text);
  return status;
}

/* Several descriptions fit in one message: a ring of buffers. */
enum { RING = 8, WIDTH = 192 };
static char *next_buffer(void) {
  static _Thread_local char ring[RING][WIDTH];
  static _Thread_local unsigned at;
  return ring[at++ % RING];
}

static void put_shape(char *to, size_t room, int rank, const int64_t *shape) {
  size_t n = 0;
  n += (size_t)snprintf(to + n, room - n, "[");
  for (int d = 0; d < rank && n + 24 < room; d++)
    n += (size_t)snprintf(to + n, room - n, d ? "x%lld" : "%lld", (long long)shape[d]);
  snprintf(to + n, room - n, "]");
}

const char *rk_describe_shape(int rank, const int64_t *shape) {
  char *to = next_buffer();
  put_shape(to, WIDTH, rank, shape);
  return to;
}

const char *rk_describe(const struct rk_tensor *t) {
  if (!t) return "nil";
  char *to = next_buffer();
  const char *name = rk_dtype_class(t->dt);
  int n = snprintf(to, WIDTH, "%sTensor ", name ? name : "?");
  put_shape(to + n, (size_t)(WIDTH - n), t->rank, t->shape);
  return to;
}

#undef rk_need
int rk_need(const struct rk_tensor *t, const char *who, int n) {
  return t ? RK_OK : rk_fail(RK_EARG, "%s: argument %d: tensor expected, got nil", who, n);
}

int rk_same_dtype(const char *who, const struct rk_tensor *t, const struct rk_tensor *u) {
  if (t->dev != u->dev)
    return rk_fail(RK_EDEVICE, "%s: %s and %s are on different devices", who, rk_describe(t), rk_describe(u));
  if (t->dt != u->dt)
    return rk_fail(RK_EDTYPE, "%s: expected %sTensor, got %s; convert one of them", who, rk_dtype_class(t->dt),
                   rk_describe(u));
  return RK_OK;
}
