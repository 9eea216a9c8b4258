/* update.c -- a step of an optimiser in one pass over the parameters, the rows
 * of updates.h: checks, splitting among threads, memory past the caches. The
 * loops are in loops_update.c. Same bits on any ISA and number of threads.
 *
 * A pass over parameters that fill the memory is bound by its bandwidth, so
 * states that are only written go around the caches: a plain store would first
 * read the line that it overwrites. */
#include "layer.h"
#include "layer_loops.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { STATES = 4, PART = 1 << 14, BLOCK = 1 << 10, LINE = 64, PAST_CACHES = 1 << 22 };

static const struct row {
  const char *name, *doc;
  int kept, written;
} rows[] = {
#define ROW(name, kept, written, doc, ...) {#name, doc, kept, written},
    RK_UPDATES(ROW)
#undef ROW
};

const char *rk_update_name(int update) { return update >= 0 && update < RK_NUPDATES ? rows[update].name : NULL; }
const char *rk_update_doc(int update) { return update >= 0 && update < RK_NUPDATES ? rows[update].doc : NULL; }
int rk_update_states(int update) {
  return update >= 0 && update < RK_NUPDATES ? rows[update].kept + rows[update].written : 0;
}

struct job {
  void (*step)(void *x, const void *g, void *const *states, const double *p, int64_t n);
  const struct row *row;
  const double *p;
  char *x, *state[STATES];
  const char *g;
  int64_t n, size;
  bool past; /* write `written` states past the caches */
};

static void copy_past(char *to, const char *from, int64_t bytes) {
#if defined(__SSE2__)
  int64_t k = 0;
  if (((uintptr_t)to & 15) == 0)
    for (; k + 16 <= bytes; k += 16)
      _mm_stream_si128((__m128i *)(void *)(to + k), _mm_load_si128((const __m128i *)(const void *)(from + k)));
  memcpy(to + k, from + k, (size_t)(bytes - k));
#else
  memcpy(to, from, (size_t)bytes);
#endif
}

static void run(const struct job *j, int64_t first, int64_t n) {
  void *state[STATES] = {0};
  const int64_t at = first * j->size;
  for (int k = 0; k < STATES; k++)
    if (j->state[k]) state[k] = j->state[k] + at;
  j->step(j->x + at, j->g + at, state, j->p, n);
}

static void run_past(const struct job *j, int64_t first, int64_t n) {
  _Alignas(LINE) char block[2][BLOCK * 8];
  void *state[STATES] = {0};
  const int kept = j->row->kept, written = j->row->written;
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t count = n - i < BLOCK ? n - i : BLOCK, at = (first + i) * j->size;
    for (int k = 0; k < kept; k++) state[k] = j->state[k] + at;
    for (int k = 0; k < written; k++) state[kept + k] = block[k];
    j->step(j->x + at, j->g + at, state, j->p, count);
    for (int k = 0; k < written; k++) copy_past(j->state[kept + k] + at, block[k], count * j->size);
  }
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

static void part(void *arg, int64_t k) {
  const struct job *j = arg;
  const int64_t first = k * PART, n = j->n - first < PART ? j->n - first : PART;
  if (j->past)
    run_past(j, first, n);
  else
    run(j, first, n);
}

static int check(int update, const struct rk_tensor *x, const struct rk_tensor *g, struct rk_tensor *const *s,
                 const double *p) {
  if (update < 0 || update >= RK_NUPDATES) return rk_fail(RK_EARG, "update: no row %d", update);
  const char *who = rows[update].name;
  if (!p) return rk_fail(RK_EARG, "%s: no numbers given", who);
  RK_TRY(rk_need_float(x, who, 1));
  RK_TRY(rk_need_float(g, who, 2));
  RK_TRY(rk_same_dtype(who, x, g));
  const int64_t n = rk_tensor_count(x);
  if (rk_tensor_count(g) != n)
    return rk_fail(RK_ESHAPE, "%s: %s has a gradient %s", who, rk_describe(x), rk_describe(g));
  if (rk_overlap(x, g)) return rk_fail(RK_EARG, "%s: gradient and parameters share part of their memory", who);
  for (int k = 0; k < rk_update_states(update); k++) {
    RK_TRY(rk_need_float(s[k], who, 3 + k));
    RK_TRY(rk_same_dtype(who, x, s[k]));
    if (rk_tensor_count(s[k]) != n)
      return rk_fail(RK_ESHAPE, "%s: state %d: expected one number for each of %s, got %s", who, k + 1, rk_describe(x),
                     rk_describe(s[k]));
    RK_TRY(rk_need_apart(s[k], x, who));
    RK_TRY(rk_need_apart(s[k], g, who));
    for (int i = 0; i < k; i++) RK_TRY(rk_need_apart(s[k], s[i], who));
  }
  return RK_OK;
}

int rk_update(int update, struct rk_tensor *x, const struct rk_tensor *g, struct rk_tensor *s0, struct rk_tensor *s1,
              struct rk_tensor *s2, struct rk_tensor *s3, const double *p) {
  struct rk_tensor *const s[STATES] = {s0, s1, s2, s3};
  RK_TRY(check(update, x, g, s, p));
  const int dtype = rk_layer_dtype(x->dt), states = rk_update_states(update);
  struct job j = {.step = rk_update_loops(dtype)->step[update], .row = &rows[update], .p = p};
  struct rk_tensor tg = {0};
  struct rk_result rx = {0}, rs[STATES];
  memset(rs, 0, sizeof rs);
  int status = rk_operand(&tg, g, dtype, RK_ROWS);
  if (!status) status = rk_result_add(&rx, x, dtype);
  for (int k = 0; k < states && !status; k++) status = rk_result_add(&rs[k], s[k], dtype);
  if (!status) {
    j.n = rk_tensor_count(x), j.size = rk_dtype_size(dtype);
    j.x = rk_at(&rx.t), j.g = rk_at(&tg);
    for (int k = 0; k < states; k++) j.state[k] = rk_at(&rs[k].t);
    j.past = j.row->written && j.n * j.size >= PAST_CACHES;
    if (j.n) rk_parallel((j.n + PART - 1) / PART, j.n * (3 + states), part, &j);
  }
  for (int k = 0; k < states; k++)
    if (rs[k].out) status = rk_result_close(&rs[k], status);
  if (rx.out) status = rk_result_close(&rx, status);
  rk_tensor_drop(&tg);
  return status;
}
