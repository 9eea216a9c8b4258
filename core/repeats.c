/* repeats.c -- do rows repeat? An input made of symbols, by a table of vectors or one-hot, has as many different rows
 * as there are symbols, and what a layer makes of a row needs to be computed only once for each of them: 65 products in
 * place of 2500 for the characters of a text. Whoever made the input need not say so: to look costs 1 % of what there
 * is to gain, and less than that where the first few hundred rows all differ. Equal means equal bits.
 *
 * Rows are hashed, by several threads; rows of one hash are taken for equal, and all of them compared with the first of
 * their kind afterwards, again by several threads: should one differ, nothing was found. */
#include "repeats.h"
#include "rnn.h"
#include <string.h>

/* Fewer rows or features are not worth a look. Rows looked at first, and how many of them may differ, in 16ths; of all
 * rows half may. */
enum { LEAST_ROWS = 64, LEAST_FEATURES = 16, SAMPLE = 256, MOST_16THS = 12, PART = 256 };

struct search {
  const struct rk_rnn_loops *loops;
  const char *x;
  int64_t batch, n, t_step, b_step, bytes; /* n: rows; steps in bytes */
  uint64_t *hash;                          /* by row */
  int32_t *which, *first;                  /* by row; by kind: its first row */
  int32_t *slots;                          /* a power of two of them: kind + 1 */
  int64_t slot_count, count;
  bool differ;
  char *to;
  int64_t to_row;
};
static const char *row_at(const struct search *s, int64_t i) {
  return s->x + i / s->batch * s->t_step + i % s->batch * s->b_step;
}

static void hash_part(void *arg, int64_t part) {
  const struct search *s = arg;
  for (int64_t i = part * PART; i < s->n && i < (part + 1) * PART; i++)
    s->hash[i] = s->loops->hash(row_at(s, i), s->bytes);
}

/* Which kind has that hash? A new one where none has: the next number. */
static int32_t kind_of(struct search *s, uint64_t hash, int32_t row) {
  for (uint64_t at = hash & (uint64_t)(s->slot_count - 1);; at = (at + 1) & (uint64_t)(s->slot_count - 1)) {
    const int32_t kind = s->slots[at] - 1;
    if (kind >= 0 && s->hash[s->first[kind]] != hash) continue;
    if (kind >= 0) return kind;
    s->first[s->count] = row;
    return (s->slots[at] = (int32_t)++s->count) - 1;
  }
}
static void forget(struct search *s) {
  memset(s->slots, 0, (size_t)s->slot_count * sizeof *s->slots);
  s->count = 0;
}

/* Of rows evenly spread. */
static bool sample_repeats(struct search *s) {
  const int64_t n = s->n < SAMPLE ? s->n : SAMPLE;
  for (int64_t k = 0; k < n; k++) {
    const int64_t i = k * s->n / n;
    s->hash[i] = s->loops->hash(row_at(s, i), s->bytes);
    kind_of(s, s->hash[i], (int32_t)i);
  }
  const bool few = s->count * 16 <= n * MOST_16THS;
  forget(s);
  return few;
}

/* Compares rows with the first ones of their kinds, which it copies. */
static void compare_part(void *arg, int64_t part) {
  struct search *s = arg;
  bool differ = false;
  for (int64_t i = part * PART; i < s->n && i < (part + 1) * PART; i++) {
    const int32_t kind = s->which[i];
    const char *row = row_at(s, i), *first = row_at(s, s->first[kind]);
    if (row == first)
      memcpy(s->to + kind * s->to_row, row, (size_t)s->bytes);
    else
      differ |= memcmp(row, first, (size_t)s->bytes) != 0;
  }
  if (differ) __atomic_store_n(&s->differ, true, __ATOMIC_RELAXED);
}

/* found->which and found->rows from the kinds, if few enough and truly the same. */
static int settle(struct search *s, struct rk_repeats *found, const struct rk_tensor *x) {
  const int64_t parts = (s->n + PART - 1) / PART, work = s->n * x->shape[2] / 2, size = rk_dtype_size(x->dt);
  rk_parallel(parts, work, hash_part, s);
  for (int64_t i = 0; i < s->n && s->count * 2 <= s->n; i++) s->which[i] = kind_of(s, s->hash[i], (int32_t)i);
  if (s->count * 2 > s->n) return RK_OK;
  /* rows padded to an odd number of cache lines, that they do not meet in one set of a cache */
  const int64_t lines = (s->bytes + 63) / 64 | 1;
  RK_TRY(rk_tensor_init(&found->rows, x->dt, 2, (int64_t[]){s->count, lines * 64 / size}));
  found->rows.shape[1] = x->shape[2];
  s->to = rk_at(&found->rows), s->to_row = lines * 64;
  rk_parallel(parts, work, compare_part, s);
  if (!s->differ) found->count = s->count;
  return RK_OK;
}

int rk_find_repeats(struct rk_repeats *found, const struct rk_tensor *x, const char *who) {
  const int64_t n = x->shape[0] * x->shape[1], size = rk_dtype_size(x->dt);
  *found = (struct rk_repeats){0};
  if (n < LEAST_ROWS || x->shape[2] < LEAST_FEATURES || n > INT32_MAX / 4 || x->step[2] != 1) return RK_OK;
  struct search s = {
      .loops = rk_rnn_loops(x->dt), .x = rk_at(x), .batch = x->shape[1], .n = n, .bytes = x->shape[2] * size};
  s.t_step = x->step[0] * size, s.b_step = x->step[1] * size;
  for (s.slot_count = 2 * SAMPLE; s.slot_count < n; s.slot_count *= 2) {}
  found->which = rk_scratch(n * (int64_t)(sizeof *s.hash + 2 * sizeof *s.which) + s.slot_count * 4, who);
  if (!found->which) return RK_ENOMEM;
  s.which = found->which, s.first = s.which + n, s.slots = s.first + n;
  s.hash = (uint64_t *)(void *)(s.slots + s.slot_count);
  forget(&s);
  return sample_repeats(&s) ? settle(&s, found, x) : RK_OK;
}

void rk_drop_repeats(struct rk_repeats *found) {
  rk_scratch_free(found->which);
  rk_tensor_drop(&found->rows);
  *found = (struct rk_repeats){0};
}
