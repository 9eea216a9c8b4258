/* index.c -- picking and placing elements by position or by mask.
 *
 * Every function works on packed memory seen as [outer][size][inner] around
 * the dimension in question; operands that are not packed are copied at the
 * edges. Elements move as bit patterns of 1, 2, 4 or 8 bytes whatever their
 * dtype; only the adding forms know numbers. Indices are checked before
 * anything is written. */
#include "element.h"
#include "rows.h"
#include <string.h>

int rk_pack_result(struct rk_tensor *tmp, const struct rk_tensor *out, const struct rk_tensor *avoid, bool load) {
  memset(tmp, 0, sizeof *tmp);
  tmp->dt = out->dt;
  if (rk_tensor_packed(out) && !(avoid && avoid->mem == out->mem)) return rk_lend(tmp, out), RK_OK;
  RK_TRY(rk_tensor_like(tmp, out));
  int status = load ? rk_copy(tmp, out) : RK_OK;
  if (status) rk_tensor_drop(tmp);
  return status;
}
int rk_unpack(struct rk_tensor *out, struct rk_tensor *tmp, int status) {
  if (!status && rk_at(out) != rk_at(tmp)) status = rk_copy(out, tmp);
  rk_tensor_drop(tmp);
  return status;
}

struct checked {
  const int64_t *at;
  int64_t n, size;
  bool bad;
};
enum { ASK = 1 << 18 };    /* so many elements apart long loops look at the interrupt flag */
enum { CHECKS = 1 << 14 }; /* indices, or mask elements, that a part checks */
static void check_part(void *arg, int64_t part) {
  struct checked *c = arg;
  const int64_t first = part * CHECKS, end = first + CHECKS < c->n ? first + CHECKS : c->n;
  const uint64_t size = (uint64_t)c->size;
  uint64_t wrong = 0; /* the sign bits of what must not be negative; the least integer of all wraps in both */
  for (int64_t i = first; i < end; i++) wrong |= ((uint64_t)c->at[i] - 1) | (size - (uint64_t)c->at[i]);
  if (wrong >> 63) __atomic_store_n(&c->bad, true, __ATOMIC_RELAXED);
}
/* index is packed here */
static int check_index(const char *who, const struct rk_tensor *index, int64_t size) {
  const int64_t *at = (const int64_t *)rk_at(index), n = rk_tensor_count(index);
  struct checked c = {at, n, size, false};
  RK_TRY(rk_parallel_try((n + CHECKS - 1) / CHECKS, n * 8, check_part, &c));
  for (int64_t i = 0; c.bad && i < n; i++)
    if ((uint64_t)at[i] - 1 >= (uint64_t)size)
      return rk_fail(RK_EARG, "%s: index %lld at position %lld is out of range 1 to %lld", who, (long long)at[i],
                     (long long)i + 1, (long long)size);
  return RK_OK;
}

static int check_long(const char *who, const struct rk_tensor *index, int n) {
  RK_TRY(rk_need(index, who, n));
  if (index->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "%s: argument %d: expected LongTensor of indices, got %s", who, n, rk_describe(index));
  return RK_OK;
}

/* -- moving blocks of `inner` elements --------------------------------------------------------- */
struct move {
  char *to;
  const char *from;
  const int64_t *index;
  int64_t to_size, from_size, count, block; /* slots along dim on both sides, indices, bytes of a block */
  bool scatter;                             /* the index says where to put, not what to take */
};
/* MOVES: indices a part covers. AHEAD: places are random, so the next blocks are fetched this many before their turn.
 */
enum { MOVES = 256, AHEAD = 4 };
static void move_part(void *arg, int64_t part) {
  const struct move *m = arg;
  int64_t parts = (m->count + MOVES - 1) / MOVES, o = part / parts, first = part % parts * MOVES;
  int64_t end = first + MOVES < m->count ? first + MOVES : m->count;
  char *to = m->to + o * m->to_size * m->block;
  const char *from = m->from + o * m->from_size * m->block;
  const bool ahead = !m->scatter && m->block >= 64 && m->block <= 4096;
  for (int64_t j = first; j < end; j++) {
    int64_t k = m->index[j] - 1, a = m->scatter ? k : j, b = m->scatter ? j : k;
    if (ahead && j + AHEAD < m->count)
      for (int64_t line = 0; line < m->block; line += 64)
        __builtin_prefetch(from + (m->index[j + AHEAD] - 1) * m->block + line);
    if (m->block == 4)
      memcpy(to + a * 4, from + b * 4, 4);
    else if (m->block == 8)
      memcpy(to + a * 8, from + b * 8, 8);
    else
      memcpy(to + a * m->block, from + b * m->block, (size_t)m->block);
  }
}

int rk_index_select(struct rk_tensor *out, const struct rk_tensor *x, int dim, const struct rk_tensor *index) {
  RK_TRY(rk_need(out, "index", 1));
  RK_TRY(rk_need(x, "index", 2));
  RK_TRY(check_long("index", index, 4));
  RK_TRY(rk_same_dtype("index", out, x));
  RK_TRY(rk_check_dim("index", x, dim));
  if (index->rank > 1) return rk_fail(RK_ESHAPE, "index: a vector of indices expected, got %s", rk_describe(index));
  struct rk_tensor px, pi, tmp;
  RK_TRY(rk_packed_view(&pi, index));
  int status = check_index("index", &pi, x->shape[dim]);
  if (!status) status = rk_packed_view(&px, x);
  if (status) return rk_unpack(&pi, &pi, status);
  int64_t shape[RK_MAX_DIMS], n = rk_tensor_count(index);
  memcpy(shape, x->shape, sizeof shape);
  shape[dim] = n;
  struct rows r = rk_rows(x->rank, x->shape, dim);
  status = rk_result(out, x->rank, shape, "index");
  if (!status) status = rk_pack_result(&tmp, out, &px, false);
  if (!status) {
    struct move m = {rk_at(&tmp), rk_at(&px), (int64_t *)rk_at(&pi),          n,
                     r.size,      n,          r.inner * rk_dtype_size(x->dt), false};
    const int64_t parts = m.block ? r.outer * ((n + MOVES - 1) / MOVES) : 0;
    status = rk_unpack(out, &tmp, rk_parallel_try(parts, r.outer * n * (m.block + 8), move_part, &m));
  }
  rk_tensor_drop(&px);
  rk_tensor_drop(&pi);
  return status;
}

/* Checks shared by the functions that write slices: src has out's shape but for `count` slices along dim. */
static int check_slices(const char *who, const struct rk_tensor *out, int dim, const struct rk_tensor *index,
                        const struct rk_tensor *src) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(check_long(who, index, 3));
  RK_TRY(rk_check_dim(who, out, dim));
  if (index->rank > 1) return rk_fail(RK_ESHAPE, "%s: a vector of indices expected, got %s", who, rk_describe(index));
  if (!src) return RK_OK;
  RK_TRY(rk_same_dtype(who, out, src));
  int64_t n = rk_tensor_count(index), rest = rk_tensor_count(out) / (out->shape[dim] ? out->shape[dim] : 1);
  if (rk_tensor_count(src) != n * rest || (src->rank > dim && src->rank == out->rank && src->shape[dim] != n))
    return rk_fail(RK_ESHAPE, "%s: argument 4: %lld slices along dimension %d of %s expected, got %s", who,
                   (long long)n, dim + 1, rk_describe(out), rk_describe(src));
  return RK_OK;
}

/* Adding forms: one loop a dtype. `each` has an index for every element (scatter), else one for a block (index_add). */
typedef void adder(char *to, const char *from, int64_t n);
#define ADDER(dt, T, ...)                                                                                              \
  static void add_##dt(char *to, const char *from, int64_t n) {                                                        \
    T *o = (T *)to;                                                                                                    \
    const T *x = (const T *)from;                                                                                      \
    for (int64_t i = 0; i < n; i++) o[i] = RK_STORE_##dt(RK_WIDE_##dt(o[i]) + RK_WIDE_##dt(x[i]));                     \
  }
RK_DTYPES(ADDER, )
#define ADDERS(dt, ...) [RK_##dt] = add_##dt,
static adder *const adders[] = {RK_DTYPES(ADDERS, )};

static int add_slices(adder *add, char *to, const char *from, const int64_t *at, int64_t n, struct rows r,
                      int64_t size) {
  const int64_t block = r.inner * size;
  int64_t since = 0;
  for (int64_t o = 0; o < r.outer; o++, to += r.size * block)
    for (int64_t j = 0; j < n; j++, from += block) {
      add(to + (at[j] - 1) * block, from, r.inner);
      if ((since += r.inner) < ASK) continue;
      RK_TRY(rk_interrupted());
      since = 0;
    }
  return RK_OK;
}

enum write { COPY, ADD, FILL };
static int write_slices(const char *who, enum write how, struct rk_tensor *out, int dim, const struct rk_tensor *index,
                        const struct rk_tensor *src, double value) {
  RK_TRY(check_slices(who, out, dim, index, src));
  struct rk_tensor pi, ps = {0}, tmp = {0};
  RK_TRY(rk_packed_view(&pi, index));
  int status = check_index(who, &pi, out->shape[dim]);
  if (!status && src) status = rk_packed_view(&ps, src);
  if (!status) status = rk_pack_result(&tmp, out, src ? &ps : NULL, true);
  if (!status) {
    struct rows r = rk_rows(out->rank, out->shape, dim);
    const int64_t *at = (int64_t *)rk_at(&pi), n = rk_tensor_count(index), size = rk_dtype_size(out->dt);
    if (how == FILL) {
      struct rk_tensor slice;
      rk_lend(&slice, &tmp);
      for (int64_t j = 0; j < n && !status; j++) {
        if (j && (status = rk_interrupted())) break;
        status = rk_narrow(&slice, &tmp, dim, at[j] - 1, 1);
        if (!status) status = rk_fill(&slice, value);
      }
      rk_tensor_drop(&slice);
    } else if (how == COPY) {
      struct move m = {rk_at(&tmp), rk_at(&ps), at, r.size, n, n, r.inner * size, true};
      for (int64_t k = 0; m.block && n && k < r.outer * ((n + MOVES - 1) / MOVES) && !status; k++)
        if (!(status = rk_interrupted())) move_part(&m, k); /* in order: the last wins */
    } else {
      status = add_slices(adders[out->dt], rk_at(&tmp), rk_at(&ps), at, n, r, size);
    }
    status = rk_unpack(out, &tmp, status);
  }
  rk_tensor_drop(&ps);
  rk_tensor_drop(&pi);
  return status;
}
int rk_index_copy(struct rk_tensor *out, int dim, const struct rk_tensor *index, const struct rk_tensor *src) {
  RK_TRY(rk_need(src, "indexCopy", 4));
  return write_slices("indexCopy", COPY, out, dim, index, src, 0);
}
int rk_index_add(struct rk_tensor *out, int dim, const struct rk_tensor *index, const struct rk_tensor *src) {
  RK_TRY(rk_need(src, "indexAdd", 4));
  return write_slices("indexAdd", ADD, out, dim, index, src, 0);
}
int rk_index_fill(struct rk_tensor *out, int dim, const struct rk_tensor *index, double value) {
  return write_slices("indexFill", FILL, out, dim, index, NULL, value);
}

/* -- an index for every element --------------------------------------------------------------------- */
struct each {
  char *to;
  const char *from;
  const int64_t *index;
  int64_t n, to_size, from_size, outer, inner, element; /* indices and slots along dim, blocks around it, bytes */
  int mode;                                             /* GATHER, SCATTER (may fill: from_size 0), SCATTER_ADD */
  adder *add;
  const int *flag; /* the caller's: rk_interrupt_flag */
  int64_t every;   /* indices between two looks at it */
};
enum { GATHER, SCATTER, SCATTER_ADD };
/* What a loop over indices does with element k of the indexed side and element j of the other; value: from[0]. */
#define TAKE(T) ((T *)to)[j] = ((const T *)from)[k]
#define PLACE(T) ((T *)to)[k] = ((const T *)from)[j]
#define PLACE_ONE(T) ((T *)to)[k] = value
#define EACH_DO(DO, T)                                                                                                 \
  if (inner == 1) {                                                                                                    \
    for (int64_t j = 0; j < n; j++) {                                                                                  \
      const int64_t k = at[j] - 1;                                                                                     \
      DO(T);                                                                                                           \
    }                                                                                                                  \
  } else {                                                                                                             \
    for (int64_t j = 0; j < n * inner;)                                                                                \
      for (int64_t i = 0; i < inner; i++, j++) {                                                                       \
        const int64_t k = (at[j] - 1) * inner + i;                                                                     \
        DO(T);                                                                                                         \
      }                                                                                                                \
  }
#define EACH_LOOP(T)                                                                                                   \
  {                                                                                                                    \
    const T value = *(const T *)from;                                                                                  \
    if (e->mode == GATHER) {                                                                                           \
      EACH_DO(TAKE, T)                                                                                                 \
    } else if (e->from_size) {                                                                                         \
      EACH_DO(PLACE, T)                                                                                                \
    } else {                                                                                                           \
      EACH_DO(PLACE_ONE, T)                                                                                            \
    }                                                                                                                  \
  }
/* n indices along dim, and what is beside them. */
static void each_run(const struct each *e, const int64_t *at, int64_t n, char *to, const char *from) {
  const int64_t inner = e->inner;
  if (e->mode == SCATTER_ADD) {
    for (int64_t i = 0; i < n * inner; i++)
      e->add(to + ((at[i] - 1) * inner + i % inner) * e->element, from + i * e->element, 1);
    return;
  }
  switch (e->element) {
  case 1: EACH_LOOP(uint8_t); break;
  case 2: EACH_LOOP(uint16_t); break;
  case 4: EACH_LOOP(uint32_t); break;
  default: EACH_LOOP(uint64_t); break;
  }
}
static void each_part(void *arg, int64_t o) {
  const struct each *e = arg;
  const int64_t n = e->n, inner = e->inner, *at = e->index + o * n * inner;
  char *to = e->to + o * e->to_size * inner * e->element;
  const char *from = e->from + o * e->from_size * inner * e->element;
  const int64_t row = e->from_size * inner * e->element;
  /* Most lines of the next row will be wanted: fetching them in order is quicker than at random. */
  if (e->mode == GATHER && o + 1 < e->outer && n * inner * 128 > row && row < 1 << 14)
    for (int64_t line = 0; line < row; line += 64) __builtin_prefetch(from + row + line);
  for (int64_t first = 0; first < n && !(first && rk_stopped(e->flag)); first += e->every) {
    const int64_t count = n - first < e->every ? n - first : e->every, bytes = first * inner * e->element;
    if (e->mode == GATHER)
      each_run(e, at + first * inner, count, to + bytes, from);
    else
      each_run(e, at + first * inner, count, to, e->from_size ? from + bytes : from);
  }
}

/* index and x agree in all sizes but that of dim. */
static int check_each(const char *who, const struct rk_tensor *x, int dim, const struct rk_tensor *index) {
  RK_TRY(rk_check_dim(who, x, dim));
  bool fits = index->rank == x->rank;
  for (int d = 0; fits && d < x->rank; d++) fits = d == dim || index->shape[d] == x->shape[d];
  if (!fits)
    return rk_fail(RK_ESHAPE, "%s: indices %s do not fit %s: sizes must agree in all dimensions but %d", who,
                   rk_describe(index), rk_describe(x), dim + 1);
  return RK_OK;
}

static int each_element(const char *who, int mode, struct rk_tensor *to, const struct rk_tensor *from,
                        const void *value, int dim, const struct rk_tensor *index) {
  const struct rk_tensor *indexed = mode == GATHER ? from : to;
  struct rk_tensor pi, pf = {0}, tmp = {0};
  RK_TRY(rk_packed_view(&pi, index));
  int status = check_index(who, &pi, indexed->shape[dim]);
  if (!status && from) status = rk_packed_view(&pf, from);
  if (!status && mode == GATHER) status = rk_result(to, index->rank, index->shape, who);
  if (!status) status = rk_pack_result(&tmp, to, from ? &pf : NULL, mode != GATHER);
  if (!status) {
    struct rows r = rk_rows(indexed->rank, indexed->shape, dim);
    int64_t n = index->shape[dim];
    struct each e = {rk_at(&tmp),
                     from ? rk_at(&pf) : value,
                     (int64_t *)rk_at(&pi),
                     n,
                     mode == GATHER ? n : r.size,
                     mode == GATHER ? r.size
                     : from         ? n
                                    : 0,
                     r.outer,
                     r.inner,
                     rk_dtype_size(to->dt),
                     mode,
                     adders[to->dt],
                     rk_interrupt_flag(),
                     1 + ASK / r.inner};
    if (rk_tensor_count(index)) status = rk_parallel_try(r.outer, rk_tensor_count(index) * 24, each_part, &e);
    if (!status && n * r.inner >= ASK) status = rk_interrupted();
    status = rk_unpack(to, &tmp, status);
  }
  rk_tensor_drop(&pf);
  rk_tensor_drop(&pi);
  return status;
}

int rk_gather(struct rk_tensor *out, const struct rk_tensor *x, int dim, const struct rk_tensor *index) {
  RK_TRY(rk_need(out, "gather", 1));
  RK_TRY(rk_need(x, "gather", 2));
  RK_TRY(check_long("gather", index, 4));
  RK_TRY(rk_same_dtype("gather", out, x));
  RK_TRY(check_each("gather", x, dim, index));
  return each_element("gather", GATHER, out, x, NULL, dim, index);
}
static int scatter(const char *who, int mode, struct rk_tensor *out, int dim, const struct rk_tensor *index,
                   const struct rk_tensor *src) {
  RK_TRY(rk_need(out, who, 1));
  RK_TRY(check_long(who, index, 3));
  RK_TRY(rk_need(src, who, 4));
  RK_TRY(rk_same_dtype(who, out, src));
  RK_TRY(check_each(who, out, dim, index));
  if (!rk_tensor_same_shape(src, index))
    return rk_fail(RK_ESHAPE, "%s: values %s and indices %s must have the same sizes", who, rk_describe(src),
                   rk_describe(index));
  return each_element(who, mode, out, src, NULL, dim, index);
}
int rk_scatter(struct rk_tensor *out, int dim, const struct rk_tensor *index, const struct rk_tensor *src) {
  return scatter("scatter", SCATTER, out, dim, index, src);
}
int rk_scatter_add(struct rk_tensor *out, int dim, const struct rk_tensor *index, const struct rk_tensor *src) {
  return scatter("scatterAdd", SCATTER_ADD, out, dim, index, src);
}
int rk_scatter_fill(struct rk_tensor *out, int dim, const struct rk_tensor *index, double value) {
  RK_TRY(rk_need(out, "scatter", 1));
  RK_TRY(check_long("scatter", index, 3));
  RK_TRY(check_each("scatter", out, dim, index));
  const int64_t one = 1;
  struct rk_tensor v = {0};
  RK_TRY(rk_tensor_init(&v, out->dt, 1, &one));
  int status = rk_fill(&v, value);
  if (!status) status = each_element("scatter", SCATTER, out, NULL, rk_at(&v), dim, index);
  rk_tensor_drop(&v);
  return status;
}

/* -- masks ------------------------------------------------------------------------------------------------ */
static void check_mask_part(void *arg, int64_t part) {
  struct checked *c = arg;
  const int64_t first = part * CHECKS, end = first + CHECKS < c->n ? first + CHECKS : c->n;
  const uint8_t *m = (const uint8_t *)c->at;
  unsigned char all = 0;
  for (int64_t i = first; i < end; i++) all |= m[i];
  if (all > 1) __atomic_store_n(&c->bad, true, __ATOMIC_RELAXED);
}
static int check_mask(const char *who, const struct rk_tensor *x, const struct rk_tensor *mask,
                      struct rk_tensor *packed) {
  RK_TRY(rk_need(x, who, 1));
  RK_TRY(rk_need(mask, who, 2));
  if (mask->dt != RK_u8) return rk_fail(RK_EDTYPE, "%s: expected ByteTensor as mask, got %s", who, rk_describe(mask));
  int64_t n = rk_tensor_count(mask);
  if (n != rk_tensor_count(x))
    return rk_fail(RK_ESHAPE, "%s: mask %s has not as many elements as %s", who, rk_describe(mask), rk_describe(x));
  RK_TRY(rk_packed_view(packed, mask));
  struct checked c = {(const int64_t *)rk_at(packed), n, 1, false};
  int status = rk_parallel_try((n + CHECKS - 1) / CHECKS, n, check_mask_part, &c);
  if (!status && c.bad) status = rk_fail(RK_EARG, "%s: mask elements must be 0 or 1, found one above", who);
  if (status) rk_tensor_drop(packed);
  return status;
}
static int64_t ones(const struct rk_tensor *mask) {
  const uint8_t *m = (uint8_t *)rk_at(mask);
  int64_t n = rk_tensor_count(mask), total = 0;
  for (int64_t i = 0; i < n; i++) total += m[i];
  return total;
}

struct masked {
  char *to;
  const uint8_t *mask;
  uint64_t value;
  int64_t n, element;
};
enum { MASK_CHUNK = 1 << 15 };
#define FILL_LOOP(T)                                                                                                   \
  {                                                                                                                    \
    T *restrict to = (T *)m->to;                                                                                       \
    const T value = (T)m->value;                                                                                       \
    for (int64_t i = first; i < end; i++) to[i] = mask[i] ? value : to[i];                                             \
  }
static void fill_part(void *arg, int64_t part) {
  const struct masked *m = arg;
  const int64_t first = part * MASK_CHUNK, end = first + MASK_CHUNK < m->n ? first + MASK_CHUNK : m->n;
  const uint8_t *restrict mask = m->mask;
  switch (m->element) {
  case 1: FILL_LOOP(uint8_t); break;
  case 2: FILL_LOOP(uint16_t); break;
  case 4: FILL_LOOP(uint32_t); break;
  default: FILL_LOOP(uint64_t); break;
  }
}
int rk_masked_fill(struct rk_tensor *out, const struct rk_tensor *mask, double value) {
  struct rk_tensor pm, tmp, v = {0};
  const int64_t one = 1;
  RK_TRY(check_mask("maskedFill", out, mask, &pm));
  int status = rk_tensor_init(&v, out->dt, 1, &one);
  if (!status) status = rk_fill(&v, value);
  if (!status) status = rk_pack_result(&tmp, out, &pm, true);
  if (!status) {
    struct masked m = {rk_at(&tmp), (uint8_t *)rk_at(&pm), 0, rk_tensor_count(out), rk_dtype_size(out->dt)};
    if (m.element == 1)
      m.value = *(uint8_t *)rk_at(&v);
    else if (m.element == 2)
      m.value = *(uint16_t *)rk_at(&v);
    else if (m.element == 4)
      m.value = *(uint32_t *)rk_at(&v);
    else
      m.value = *(uint64_t *)rk_at(&v);
    status = rk_parallel_try((m.n + MASK_CHUNK - 1) / MASK_CHUNK, m.n * (m.element + 1), fill_part, &m);
    status = rk_unpack(out, &tmp, status);
  }
  rk_tensor_drop(&v);
  rk_tensor_drop(&pm);
  return status;
}

/* Copy the elements of x where the mask says to consecutive places, or the other way round. */
#define SQUEEZE(T)                                                                                                     \
  for (int64_t i = 0; i < n; i++)                                                                                      \
    if (mask[i]) {                                                                                                     \
      if (spread)                                                                                                      \
        ((T *)wide)[i] = ((T *)dense)[k++];                                                                            \
      else                                                                                                             \
        ((T *)dense)[k++] = ((T *)wide)[i];                                                                            \
    }
static void squeeze_by(const uint8_t *mask, int64_t n, char *wide, char *dense, int64_t element, bool spread) {
  int64_t k = 0;
  switch (element) {
  case 1: SQUEEZE(uint8_t) break;
  case 2: SQUEEZE(uint16_t) break;
  case 4: SQUEEZE(uint32_t) break;
  default: SQUEEZE(uint64_t) break;
  }
}

int rk_masked_select(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *mask) {
  struct rk_tensor pm, px, fresh = {0};
  RK_TRY(rk_need(out, "maskedSelect", 1));
  RK_TRY(rk_need(x, "maskedSelect", 2));
  RK_TRY(rk_same_dtype("maskedSelect", out, x));
  RK_TRY(check_mask("maskedSelect", x, mask, &pm));
  int status = rk_packed_view(&px, x);
  if (!status) {
    int64_t n = ones(&pm);
    status = n ? rk_tensor_init(&fresh, x->dt, 1, &n) : rk_tensor_init(&fresh, x->dt, 0, NULL);
    if (!status) {
      squeeze_by((uint8_t *)rk_at(&pm), rk_tensor_count(x), rk_at(&px), rk_at(&fresh), rk_dtype_size(x->dt), false);
      status = rk_result(out, n ? 1 : 0, &n, "maskedSelect");
    }
    if (!status) status = rk_copy(out, &fresh);
    rk_tensor_drop(&fresh);
    rk_tensor_drop(&px);
  }
  rk_tensor_drop(&pm);
  return status;
}

int rk_masked_copy(struct rk_tensor *out, const struct rk_tensor *mask, const struct rk_tensor *src) {
  struct rk_tensor pm, ps = {0}, tmp;
  RK_TRY(rk_need(out, "maskedCopy", 1));
  RK_TRY(rk_need(src, "maskedCopy", 3));
  RK_TRY(rk_same_dtype("maskedCopy", out, src));
  RK_TRY(check_mask("maskedCopy", out, mask, &pm));
  int64_t wanted = ones(&pm);
  int status = RK_OK;
  if (wanted > rk_tensor_count(src))
    status = rk_fail(RK_ESHAPE, "maskedCopy: the mask has %lld ones, but %s fewer elements", (long long)wanted,
                     rk_describe(src));
  if (!status) status = rk_packed_view(&ps, src);
  if (!status) status = rk_pack_result(&tmp, out, &ps, true);
  if (!status) {
    squeeze_by((uint8_t *)rk_at(&pm), rk_tensor_count(out), rk_at(&tmp), rk_at(&ps), rk_dtype_size(out->dt), true);
    status = rk_unpack(out, &tmp, RK_OK);
  }
  rk_tensor_drop(&ps);
  rk_tensor_drop(&pm);
  return status;
}

int rk_nonzero(struct rk_tensor *out, const struct rk_tensor *x) {
  RK_TRY(rk_need(out, "nonzero", 1));
  RK_TRY(rk_need(x, "nonzero", 2));
  if (out->dt != RK_i64)
    return rk_fail(RK_EDTYPE, "nonzero: argument 1: expected LongTensor, got %s", rk_describe(out));
  struct rk_tensor px, zero = {.dt = RK_u8};
  /* compare with 0 first: one pass that knows the dtype */
  RK_TRY(rk_packed_view(&px, x));
  int status = rk_tensor_count(x) ? rk_compare(RK_OP_ne, &zero, &px, NULL, 0) : RK_OK;
  if (!status) {
    int64_t n = rk_tensor_count(x), shape[2] = {rk_tensor_count(x) ? ones(&zero) : 0, x->rank}, k = 0;
    struct rk_tensor fresh = {0};
    status = rk_tensor_init(&fresh, RK_i64, shape[0] ? 2 : 0, shape);
    for (int64_t i = 0; !status && i < n; i++) {
      if (i && i % ASK == 0) status = rk_interrupted();
      if (!((uint8_t *)rk_at(&zero))[i]) continue;
      int64_t left = i, *row = (int64_t *)rk_at(&fresh) + k++ * x->rank;
      for (int d = x->rank - 1; d >= 0; d--) row[d] = left % x->shape[d] + 1, left /= x->shape[d];
    }
    if (!status) status = rk_result(out, fresh.rank, shape, "nonzero");
    if (!status) status = rk_copy(out, &fresh);
    rk_tensor_drop(&fresh);
  }
  rk_tensor_drop(&zero);
  rk_tensor_drop(&px);
  return status;
}
