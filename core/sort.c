/* sort.c -- sort, topk, k-th value, mode: rows along one dimension, several rows at once.
 *
 * A row's elements become unsigned keys whose order is theirs (sign flipped,
 * negative floats inverted, NaN above all, -0 made 0; descending: all bits
 * inverted), paired with their positions. Pairs of up to 32-bit keys fit one
 * 64-bit word, others take two. Long rows are sorted by a radix sort of 8-bit
 * digits that skips digits all keys share, short ones by insertion into
 * halves that are merged. Both keep equal keys in order. Values are fetched
 * by position afterwards, so their bits come back as they went in. */
#include "rows.h"
#include "scalar.h"
#include <string.h>

/* -- keys ---------------------------------------------------------------------------------- */
RK_FN uint32_t key_float(uint32_t u) {
  uint32_t k = u >> 31 ? ~u : u | 0x80000000u;
  k = (u << 1) == 0 ? 0x80000000u : k;
  return (u << 1) > 0xff000000u ? 0xffffffffu : k;
}
RK_FN uint64_t key_double(double x) {
  uint64_t u;
  memcpy(&u, &x, 8);
  uint64_t k = u >> 63 ? ~u : u | (uint64_t)1 << 63;
  k = u << 1 == 0 ? (uint64_t)1 << 63 : k;
  return u << 1 > (uint64_t)0x7ff << 53 ? ~(uint64_t)0 : k;
}
#define KEY_u8(v) ((uint32_t)(v))
#define KEY_i8(v) ((uint32_t)(int32_t)(v) ^ 0x80000000u)
#define KEY_i16(v) ((uint32_t)(int32_t)(v) ^ 0x80000000u)
#define KEY_i32(v) ((uint32_t)(v) ^ 0x80000000u)
#define KEY_i64(v) ((uint64_t)(v) ^ (uint64_t)1 << 63)
#define KEY_f16(v) key_float(rk_asbits(rk_load_f16(v)))
#define KEY_bf16(v) key_float(rk_asbits(rk_load_bf16(v)))
#define KEY_f32(v) key_float(rk_asbits(v))
#define KEY_f64(v) key_double(v)

typedef void keys(const void *row, int64_t n, int64_t step, uint64_t flip, uint64_t *to);
#define KEYS(dt, T, ...)                                                                                               \
  static void keys_##dt(const void *row, int64_t n, int64_t step, uint64_t flip, uint64_t *to) {                       \
    const T *x = row;                                                                                                  \
    for (int64_t i = 0; i < n; i++) to[i] = (uint64_t)KEY_##dt(x[i * step]) ^ flip;                                    \
  }
RK_DTYPES(KEYS, )
#define KEYS_OF(dt, ...) [RK_##dt] = keys_##dt,
static keys *const keys_of[] = {RK_DTYPES(KEYS_OF, )};

/* -- sorting pairs --------------------------------------------------------------------------- */
struct wide {
  uint64_t key, at;
};
enum { SHORT = 24, RADIX_FROM = 512, BLOCK = 512, ASK = 1 << 16 }; /* ASK: elements between looks at the flag */

/* E: element; KEY(e): what orders it; DIGIT(e, d): its d-th 8-bit digit. Sorts a[n] using b[n]; returns where the
 * result is, NULL when the flag was set. */
#define SORTER(name, E, BEFORE, DIGIT, DIGITS)                                                                         \
  static E *merge_##name(E *a, E *b, int64_t n) {                                                                      \
    for (int64_t s = 0; s < n; s += SHORT)                                                                             \
      for (int64_t i = s + 1; i < n && i < s + SHORT; i++) {                                                           \
        E e = a[i];                                                                                                    \
        int64_t k = i;                                                                                                 \
        for (; k > s && BEFORE(e, a[k - 1]); k--) a[k] = a[k - 1];                                                     \
        a[k] = e;                                                                                                      \
      }                                                                                                                \
    for (int64_t w = SHORT; w < n; w *= 2) {                                                                           \
      for (int64_t s = 0; s < n; s += 2 * w) {                                                                         \
        int64_t mid = s + w < n ? s + w : n, end = s + 2 * w < n ? s + 2 * w : n, i = s, j = mid;                      \
        for (int64_t k = s; k < end; k++) b[k] = i < mid && !(j < end && BEFORE(a[j], a[i])) ? a[i++] : a[j++];        \
      }                                                                                                                \
      E *t = a;                                                                                                        \
      a = b, b = t;                                                                                                    \
    }                                                                                                                  \
    return a;                                                                                                          \
  }                                                                                                                    \
  static E *radix_##name(E *a, E *b, int64_t n, const int *flag) {                                                     \
    int64_t count[DIGITS][256];                                                                                        \
    memset(count, 0, sizeof count);                                                                                    \
    for (int64_t first = 0, end; first < n; first = end) {                                                             \
      if (rk_stopped(flag)) return NULL;                                                                               \
      end = n - first < ASK ? n : first + ASK;                                                                         \
      for (int64_t i = first; i < end; i++)                                                                            \
        for (int d = 0; d < DIGITS; d++) count[d][DIGIT(a[i], d)]++;                                                   \
    }                                                                                                                  \
    for (int d = 0; d < DIGITS; d++) {                                                                                 \
      if (count[d][DIGIT(a[0], d)] == n) continue;                                                                     \
      int64_t at = 0;                                                                                                  \
      for (int k = 0; k < 256; k++) {                                                                                  \
        int64_t c = count[d][k];                                                                                       \
        count[d][k] = at, at += c;                                                                                     \
      }                                                                                                                \
      for (int64_t first = 0, end; first < n; first = end) {                                                           \
        if (rk_stopped(flag)) return NULL;                                                                             \
        end = n - first < ASK ? n : first + ASK;                                                                       \
        for (int64_t i = first; i < end; i++) b[count[d][DIGIT(a[i], d)]++] = a[i];                                    \
      }                                                                                                                \
      E *t = a;                                                                                                        \
      a = b, b = t;                                                                                                    \
    }                                                                                                                  \
    return a;                                                                                                          \
  }                                                                                                                    \
  static E *sort_##name(E *a, E *b, int64_t n, const int *flag) {                                                      \
    return n < RADIX_FROM ? merge_##name(a, b, n) : radix_##name(a, b, n, flag);                                       \
  }
#define NARROW_BEFORE(x, y) ((x) < (y)) /* the position breaks ties */
#define NARROW_DIGIT(x, d) ((x) >> (32 + 8 * (d)) & 255)
#define WIDE_BEFORE(x, y) ((x).key < (y).key)
#define WIDE_DIGIT(x, d) ((x).key >> (8 * (d)) & 255)
SORTER(narrow, uint64_t, NARROW_BEFORE, NARROW_DIGIT, 4)
SORTER(wide, struct wide, WIDE_BEFORE, WIDE_DIGIT, 8)

/* -- one row ------------------------------------------------------------------------------------- */
struct job {
  char *out;
  int64_t *index;
  const char *x;
  struct rows r;
  int64_t kept, element; /* elements of the result along dim; bytes of an element */
  int dtype;
  int64_t skip; /* from which place in the order on */
  uint64_t flip;
  bool is_narrow;
  int status;
  const int *flag; /* of the caller */
  /* whether it came to its end */
  bool (*row)(struct job *, const char *x, uint64_t *order, void *work);
};

/* Positions of the row's elements in order, into `order` (n words); work: 4n words. */
static bool order_row(const struct job *j, const char *x, uint64_t *order, void *work) {
  const int64_t n = j->r.size;
  uint64_t *narrow = work;
  struct wide *w = work;
  for (int64_t first = 0, end; first < n; first = end) { /* keys of a block at a time stay in the caches */
    if (rk_stopped(j->flag)) return false;
    end = n - first < ASK ? n : first + ASK;
    keys_of[j->dtype](x + first * j->r.inner * j->element, end - first, j->r.inner, j->flip, order);
    if (j->is_narrow)
      for (int64_t i = first; i < end; i++) narrow[i] = order[i - first] << 32 | (uint64_t)i;
    else
      for (int64_t i = first; i < end; i++) w[i] = (struct wide){order[i - first], (uint64_t)i};
  }
  const uint64_t *s = j->is_narrow ? sort_narrow(narrow, narrow + n, n, j->flag) : NULL;
  const struct wide *v = j->is_narrow ? NULL : sort_wide(w, w + n, n, j->flag);
  for (int64_t first = 0, end; first < n; first = end) {
    if (!(s || v) || rk_stopped(j->flag)) return false;
    end = n - first < ASK ? n : first + ASK;
    if (s)
      for (int64_t i = first; i < end; i++) order[i] = s[i] & 0xffffffffu;
    else
      for (int64_t i = first; i < end; i++) order[i] = v[i].at;
  }
  return true;
}

static void put(const struct job *j, const char *x, int64_t to, uint64_t from, int64_t o, int64_t i) {
  int64_t slot = (o * j->kept + to) * j->r.inner + i;
  char *const at = j->out + slot * j->element;
  const char *const element = x + (int64_t)from * j->r.inner * j->element;
  if (j->element == 8)
    memcpy(at, element, 8);
  else if (j->element == 4)
    memcpy(at, element, 4);
  else
    memcpy(at, element, (size_t)j->element);
  if (j->index) j->index[slot] = (int64_t)from + 1;
}

static bool sort_row(struct job *j, const char *x, uint64_t *order, void *work) { return order_row(j, x, order, work); }

static bool after(const struct wide *a, const struct wide *b) {
  return a->key > b->key || (a->key == b->key && a->at > b->at);
}
static void sift(struct wide *heap, int64_t k, int64_t i) {
  struct wide e = heap[i];
  for (int64_t c; (c = 2 * i + 1) < k; i = c) {
    if (c + 1 < k && after(&heap[c + 1], &heap[c])) c++;
    if (!after(&heap[c], &e)) break;
    heap[i] = heap[c];
  }
  heap[i] = e;
}
/* The `kept` first of the order without sorting the rest: a heap of the best so far, its worst on top. */
static bool top_row(struct job *j, const char *x, uint64_t *order, void *work) {
  const int64_t n = j->r.size, k = j->kept;
  if (k > n / 8 + 8) return order_row(j, x, order, work);
  struct wide *heap = work;
  keys_of[j->dtype](x, k, j->r.inner, j->flip, order);
  for (int64_t i = 0; i < k; i++) heap[i] = (struct wide){order[i], (uint64_t)i};
  for (int64_t i = k / 2; i-- > 0;) sift(heap, k, i);
  uint64_t worst = heap[0].key, key[BLOCK];
  for (int64_t first = k; first < n; first += BLOCK) { /* keys of a block at a time stay in L1 */
    const int64_t here = n - first < BLOCK ? n - first : BLOCK;
    if (rk_stopped(j->flag)) return false;
    keys_of[j->dtype](x + first * j->r.inner * j->element, here, j->r.inner, j->flip, key);
    for (int64_t i = 0; i < here; i++)
      if (key[i] < worst) {
        heap[0] = (struct wide){key[i], (uint64_t)(first + i)};
        sift(heap, k, 0);
        worst = heap[0].key;
      }
  }
  for (int64_t left = k - 1; left > 0; left--) { /* heap sort: the worst goes last */
    struct wide t = heap[0];
    heap[0] = heap[left], heap[left] = t;
    sift(heap, left, 0);
  }
  for (int64_t i = 0; i < k; i++) order[i] = heap[i].at;
  return true;
}

/* The smallest of the most frequent values: the first longest run of equal keys; its last position, as Torch7 gives. */
static bool mode_row(struct job *j, const char *x, uint64_t *order, void *work) {
  const int64_t n = j->r.size;
  if (!order_row(j, x, order, work)) return false;
  uint64_t *key = work;
  keys_of[j->dtype](x, n, j->r.inner, 0, key);
  int64_t best = 0, best_end = 0;
  for (int64_t i = 0, run = 0; i < n; i++) {
    run = i && key[order[i]] == key[order[i - 1]] ? run + 1 : 1;
    if (run > best) best = run, best_end = i;
  }
  order[0] = order[best_end];
  return true;
}

static void rows_part(void *arg, int64_t part) {
  struct job *j = arg;
  const int64_t n = j->r.size, o = part / j->r.inner, i = part % j->r.inner;
  uint64_t *order = rk_scratch((5 * n + 8) * 8, "sort");
  if (!order) {
    __atomic_store_n(&j->status, RK_ENOMEM, __ATOMIC_RELAXED);
    return;
  }
  const char *x = j->x + (o * n * j->r.inner + i) * j->element;
  bool whole = j->row(j, x, order, order + n);
  for (int64_t first = 0; whole && first < j->kept; first += ASK) {
    const int64_t end = j->kept - first < ASK ? j->kept : first + ASK;
    for (int64_t k = first; k < end; k++) put(j, x, k, order[k + j->skip], o, i);
    whole = end == j->kept || !rk_stopped(j->flag);
  }
  if (!whole) __atomic_store_n(&j->status, RK_EINTERRUPT, __ATOMIC_RELAXED);
  rk_scratch_free(order);
}

/* kept: how many of each row stay. skip: from which place in the order on. */
static int run(const char *who, struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim,
               int descending, int64_t kept, int64_t skip,
               bool (*row)(struct job *, const char *, uint64_t *, void *)) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(rk_need(x, who, 3));
  RK_TRY(rk_same_dtype(who, out, x));
  if (index && index->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "%s: argument 2: expected LongTensor for the indices, got %s", who, rk_describe(index));
  RK_TRY(rk_check_dim(who, x, dim));
  if (kept < 0 || skip < 0 || kept + skip > x->shape[dim])
    return rk_fail(RK_EARG, "%s: %lld is out of range for dimension %d of %s", who, (long long)(kept + skip), dim + 1,
                   rk_describe(x));
  struct rk_tensor px, po = {0}, pi = {0};
  RK_TRY(rk_packed_view(&px, x));
  struct rk_tensor like = *x;
  like.shape[dim] = kept;
  int status = rk_result(out, x->rank, like.shape, who);
  if (!status && index) status = rk_result(index, x->rank, like.shape, who);
  if (!status) status = rk_pack_result(&po, out, &px, false);
  if (!status && index) status = rk_pack_result(&pi, index, &px, false);
  if (!status) {
    struct job j = {.out = rk_at(&po),
                    .index = index ? (int64_t *)rk_at(&pi) : NULL,
                    .x = rk_at(&px),
                    .r = rk_rows(x->rank, px.shape, dim),
                    .kept = kept,
                    .element = rk_dtype_size(x->dt),
                    .dtype = x->dt,
                    .skip = skip,
                    .flag = rk_interrupt_flag(),
                    .row = row};
    j.is_narrow = x->dt != RK_i64 && x->dt != RK_f64 && j.r.size < (int64_t)1 << 32;
    j.flip = !descending ? 0 : x->dt != RK_i64 && x->dt != RK_f64 ? 0xffffffffu : ~(uint64_t)0;
    const int64_t rows = j.r.size ? j.r.outer * j.r.inner : 0;
    status = rk_parallel_try(rows, rows * j.r.size * 32, rows_part, &j);
    if (j.status == RK_ENOMEM)
      status = rk_fail(RK_ENOMEM, "%s: out of memory for a row of %lld elements", who, (long long)j.r.size);
    else if (j.status)
      status = rk_interrupted();
  }
  if (po.mem || !status) status = rk_unpack(out, &po, status);
  if (index && (pi.mem || !status)) status = rk_unpack(index, &pi, status);
  rk_tensor_drop(&px);
  return status;
}

int rk_sort(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim, int descending) {
  RK_TRY(rk_need(x, "sort", 3));
  RK_TRY(rk_check_dim("sort", x, dim));
  return run("sort", out, index, x, dim, descending, x->shape[dim], 0, sort_row);
}
int rk_topk(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int64_t k, int dim, int largest,
            int sorted) {
  (void)sorted; /* always in order: it costs little beside finding them */
  return run("topk", out, index, x, dim, largest, k, 0, top_row);
}
int rk_kth(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int64_t k, int dim) {
  if (k < 1) return rk_fail(RK_EARG, "kthvalue: k = %lld, at least 1 expected", (long long)k);
  return run("kthvalue", out, index, x, dim, 0, 1, k - 1, sort_row);
}
int rk_mode(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim) {
  return run("mode", out, index, x, dim, 0, 1, 0, mode_row);
}
