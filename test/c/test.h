/* test.h -- a very small test harness for the C core.
 *
 *   static void adds(void) { CHECK(1 + 1 == 2); CHECK_EQ(1 + 1, 2); }
 *   int main(void) { RUN(adds); return test_done(); }
 *
 * A failed check prints the place and the values and goes on; test_done prints
 * `N passed, N failed`, counting checks, and gives the exit status. */
#ifndef TEST_H
#define TEST_H
#include "internal.h"
#include "scalar.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t test_passed, test_failed;
static const char *test_name = "";

__attribute__((unused)) static bool test_check(bool ok, const char *file, int line, const char *what) {
  if (ok)
    test_passed++;
  else if (test_failed++ < 50)
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, test_name, what);
  return ok;
}
#define CHECK(e) test_check((e), __FILE__, __LINE__, #e)

/* Integers. */
__attribute__((unused)) static bool test_check_eq(int64_t got, int64_t want, const char *file, int line,
                                                  const char *what) {
  char text[256];
  snprintf(text, sizeof text, "%s: %" PRId64 " instead of %" PRId64, what, got, want);
  return test_check(got == want, file, line, text);
}
#define CHECK_EQ(got, want) test_check_eq((got), (want), __FILE__, __LINE__, #got)

/* Doubles: |got - want| <= tolerance * max(1, |want|); NaN equals NaN. */
__attribute__((unused)) static bool test_check_near(double got, double want, double tolerance, const char *file,
                                                    int line, const char *what) {
  char text[256];
  double room = tolerance * (fabs(want) > 1 ? fabs(want) : 1);
  snprintf(text, sizeof text, "%s: %.17g instead of %.17g", what, got, want);
  return test_check(got == want || fabs(got - want) <= room || (isnan(got) && isnan(want)), file, line, text);
}
#define CHECK_NEAR(got, want, tolerance) test_check_near((got), (want), (tolerance), __FILE__, __LINE__, #got)

/* A call that must succeed. */
__attribute__((unused)) static bool test_check_ok(int status, const char *file, int line, const char *what) {
  char text[1400];
  snprintf(text, sizeof text, "%s: status %d: %s", what, status, status ? rk_error() : "");
  return test_check(status == RK_OK, file, line, text);
}
#define CHECK_OK(call) test_check_ok((call), __FILE__, __LINE__, #call)

/* A call that must fail with that status, and a text that holds `part`. */
__attribute__((unused)) static bool test_check_fails(int got, int want, const char *part, const char *file, int line,
                                                     const char *what) {
  char text[1400];
  bool said = got && strstr(rk_error(), part);
  snprintf(text, sizeof text, "%s: status %d (\"%s\") instead of %d (\"...%s...\")", what, got, got ? rk_error() : "",
           want, part);
  return test_check(got == want && said, file, line, text);
}
#define CHECK_FAILS(call, status, part) test_check_fails((call), (status), (part), __FILE__, __LINE__, #call)

#define RUN(f) (test_name = #f, f())

__attribute__((unused)) static int test_done(void) {
  printf("%" PRId64 " passed, %" PRId64 " failed\n", test_passed, test_failed);
  return test_failed != 0;
}

/* Random numbers for the tests themselves: the same in every run. */
static uint64_t test_state = 88172645463325252u;
__attribute__((unused)) static uint64_t test_word(void) {
  test_state ^= test_state << 13, test_state ^= test_state >> 7, test_state ^= test_state << 17;
  return test_state;
}
__attribute__((unused)) static int64_t test_int(int64_t low, int64_t high) { /* low..high inclusive */
  return low + (int64_t)(test_word() % (uint64_t)(high - low + 1));
}
__attribute__((unused)) static double test_real(double low, double high) {
  return low + (high - low) * ((double)(test_word() >> 11) / 9007199254740992.0);
}

/* A tensor with random content and a random layout (packed, transposed, sliced, expanded, offset) of the given shape.
 */
__attribute__((unused)) static int test_layout(struct rk_tensor *t, int dtype, int rank, const int64_t *shape,
                                               int kind) {
  struct rk_tensor base;
  int64_t big[RK_MAX_DIMS], order[RK_MAX_DIMS];
  for (int d = 0; d < rank; d++) big[d] = shape[d], order[d] = d;
  if (kind == 1) /* transposed */
    for (int d = 0; d < rank; d++) big[d] = shape[rank - 1 - d], order[d] = rank - 1 - d;
  if (kind == 2) /* sliced: two more each way */
    for (int d = 0; d < rank; d++) big[d] = shape[d] + 2;
  if (kind == 3) /* expanded along a random dim */
    if (rank) big[test_int(0, rank - 1)] = 1;
  int status = rk_tensor_init(&base, dtype, rank, big);
  for (int64_t k = 0, n = status ? 0 : rk_tensor_count(&base); k < n; k++) {
    int64_t i = test_int(-20, 20);
    rk_poke(&base, k, (double)i + (double)test_int(0, 3) / 4, i);
  }
  if (!status && kind == 1) status = rk_permute(&base, &base, rank, order);
  for (int d = 0; !status && kind == 2 && d < rank; d++) status = rk_narrow(&base, &base, d, test_int(0, 2), shape[d]);
  if (!status && kind == 3) status = rk_expand(&base, &base, rank, shape);
  *t = base;
  return status;
}
enum { TEST_LAYOUTS = 4 };

/* Element k in row-major order, whatever the layout. */
__attribute__((unused)) static int64_t test_offset(const struct rk_tensor *t, int64_t k) {
  int64_t at = t->start;
  for (int d = t->rank - 1; d >= 0; d--) at += k % t->shape[d] * t->step[d], k /= t->shape[d];
  return at;
}
__attribute__((unused)) static struct rk_value test_value(const struct rk_tensor *t, int64_t k) {
  struct rk_value v = {(double)NAN, 0};
  rk_peek(t, test_offset(t, k), &v);
  return v;
}
__attribute__((unused)) static double test_get(const struct rk_tensor *t, int64_t k) { return test_value(t, k).f; }

/* What a dtype keeps of a whole number. */
__attribute__((unused)) static int64_t test_wrap(int dtype, int64_t v) {
  switch (dtype) {
  case RK_u8: return (uint8_t)v;
  case RK_i8: return (int8_t)v;
  case RK_i16: return (int16_t)v;
  case RK_i32: return (int32_t)v;
  default: return v;
  }
}
#endif
