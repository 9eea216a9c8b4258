/* equal.c -- do two tensors have the same sizes and values?
 *
 * Where both lie in order their elements are compared in place, part by part, until one differs; else through a
 * comparison of the two. NaN differs from everything, -0 equals 0. */
#include "element.h"
#include "internal.h"
#include <stdatomic.h>

enum { PART = 1 << 15, LOOK = 256 }; /* elements of a part, and between looks at what was found so far */

/* Floating types compare as numbers, the others by their bits. */
#define DIFFER(dt, type, ...)                                                                                          \
  static bool differ_##dt(const void *px, const void *py, int64_t n) {                                                 \
    const type *x = px, *y = py;                                                                                       \
    for (int64_t i = 0; i < n; i += LOOK) {                                                                            \
      const int64_t end = i + LOOK < n ? i + LOOK : n;                                                                 \
      int differs = 0;                                                                                                 \
      for (int64_t k = i; k < end; k++) differs |= !(RK_WIDE_##dt(x[k]) == RK_WIDE_##dt(y[k]));                        \
      if (differs) return true;                                                                                        \
    }                                                                                                                  \
    return false;                                                                                                      \
  }
RK_DTYPES(DIFFER, )
#define ENTRY(dt, ...) [RK_##dt] = differ_##dt,
static bool (*const differ_of[RK_NDTYPES])(const void *, const void *, int64_t) = {RK_DTYPES(ENTRY, )};

struct pair {
  const char *x, *y;
  bool (*differ)(const void *, const void *, int64_t);
  int64_t n, size;
  atomic_bool found;
};
static void part_of(void *arg, int64_t part) {
  struct pair *p = arg;
  const int64_t first = part * PART, n = p->n - first < PART ? p->n - first : PART;
  if (atomic_load_explicit(&p->found, memory_order_relaxed)) return;
  if (p->differ(p->x + first * p->size, p->y + first * p->size, n)) atomic_store(&p->found, true);
}
static int packed_equal(const struct rk_tensor *x, const struct rk_tensor *y, int64_t n, int *out) {
  struct pair p = {.x = rk_at(x), .y = rk_at(y), .differ = differ_of[x->dt], .n = n, .size = rk_sizes[(uint8_t)x->dt]};
  if (n <= PART) return *out = !p.differ(p.x, p.y, n), RK_OK;
  RK_TRY(rk_parallel_try((n + PART - 1) / PART, 2 * n * p.size, part_of, &p));
  *out = !atomic_load(&p.found);
  return RK_OK;
}

int rk_equal(const struct rk_tensor *x, const struct rk_tensor *y, int *out) {
  RK_TRY(rk_need(x, "equal", 1));
  RK_TRY(rk_need(y, "equal", 2));
  if (y->dt != x->dt)
    return rk_fail(RK_EDTYPE, "equal: argument 2: %sTensor expected, got %s", rk_dtype_class(x->dt), rk_describe(y));
  *out = rk_tensor_same_shape(x, y);
  const int64_t n = rk_tensor_count(x);
  if (!*out || n == 0) return RK_OK;
  if (x->dev == RK_CPU && y->dev == RK_CPU && rk_tensor_packed(x) && rk_tensor_packed(y))
    return packed_equal(x, y, n, out);
  struct rk_tensor same = {.dt = RK_u8};
  struct rk_value v = {0, 0};
  int status = rk_compare(RK_OP_eq, &same, x, y, 0);
  if (!status) status = rk_reduce(RK_RED_all, &same, 0, &v);
  rk_tensor_drop(&same);
  if (!status) *out = v.i != 0;
  return status;
}
