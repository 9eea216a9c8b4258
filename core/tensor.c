/* tensor.c -- tensors: making, sizing, pointing them at storages, and questions about their layout. */
#include "internal.h"
#include <stddef.h>
#include <string.h>

static const int64_t MAX_COUNT = (int64_t)1 << 60;

int rk_layout(struct rk_tensor *t, int rank, const int64_t *shape, const char *who) {
  if (rank < 0 || rank > RK_MAX_DIMS)
    return rk_fail(RK_ESHAPE, "%s: %d dimensions asked for, at most %d", who, rank, RK_MAX_DIMS);
  if (rank && !shape) return rk_fail(RK_EARG, "%s: sizes expected, got nil", who);
  int64_t n = 1;
  for (int d = rank - 1; d >= 0; d--) {
    if (shape[d] < 0) return rk_fail(RK_ESHAPE, "%s: negative size in %s", who, rk_describe_shape(rank, shape));
    t->shape[d] = shape[d], t->step[d] = n;
    if (shape[d] && n > MAX_COUNT / shape[d])
      return rk_fail(RK_ESHAPE, "%s: too many elements in %s", who, rk_describe_shape(rank, shape));
    n *= shape[d] > 0 ? shape[d] : 1; /* the steps of an empty tensor stay sensible */
  }
  t->rank = (int16_t)rank;
  return RK_OK;
}

int64_t rk_tensor_count(const struct rk_tensor *t) {
  if (!t || t->rank == 0) return 0;
  int64_t n = 1;
  for (int d = 0; d < t->rank; d++) n *= t->shape[d];
  return n;
}

/* Elements of storage that a layout reaches: one past the last. What no memory can hold counts as MAX_COUNT / 2. */
static int64_t reach(const struct rk_tensor *t) {
  int64_t last = t->start, way;
  if (rk_tensor_count(t) == 0) return 0;
  for (int d = 0; d < t->rank; d++)
    if (__builtin_mul_overflow(t->shape[d] - 1, t->step[d], &way) || __builtin_add_overflow(last, way, &last))
      return MAX_COUNT / 2;
  return last < MAX_COUNT / 2 ? last + 1 : MAX_COUNT / 2;
}

/* Storage for t's layout: grown, or made when there is none. */
static int provide(struct rk_tensor *t, const char *who) {
  int64_t need = reach(t) * rk_dtype_size(t->dt);
  if (t->mem) return need > t->mem->bytes ? rk_storage_resize(t->mem, need, who) : RK_OK;
  if (t->rank == 0) return RK_OK;
  return rk_storage_new(&t->mem, need, who);
}

/* -- bare tensors ------------------------------------------------------------------------- */
static _Thread_local struct rk_tensor *refused;
static int64_t refusals;

struct rk_tensor *rk_tensor_refused(void) {
  return refused;
}
int64_t rk_tensor_refusals(void) { return __atomic_load_n(&refusals, __ATOMIC_RELAXED); }

static int refuse(struct rk_tensor *t) {
  refused = t;
  __atomic_add_fetch(&refusals, 1, __ATOMIC_RELAXED);
  return rk_fail(RK_EBARE, "a bare tensor cannot be shared, resized or given a storage: rk_tensor_own first");
}
int rk_refuse_inside(const struct rk_storage *s) {
  return refuse((struct rk_tensor *)((char *)(uintptr_t)s - offsetof(struct rk_tensor, inside.mem)));
}
/* A copy of a bare tensor's header is nobody's: the tensor itself is meant. */
int rk_refuse_bare(const struct rk_tensor *t) {
  return t->mem ? rk_refuse_inside(t->mem) : refuse((struct rk_tensor *)(uintptr_t)t);
}

bool rk_keep_inside(struct rk_tensor *t, int dtype, int rank, const int64_t *shape) {
  if (rank < 1 || rank > RK_INSIDE_DIMS) return false;
  const int64_t room = (RK_MAX_DIMS - rank) * (int64_t)sizeof t->step[0];
  int64_t bytes = rk_dtype_size(dtype);
  for (int d = 0; d < rank; d++) {
    if (shape[d] < 1 || shape[d] > room) return false;
    bytes *= shape[d];
    if (bytes > room) return false;
  }
  int64_t n = 1;
  for (int d = rank - 1; d >= 0; d--) t->shape[d] = shape[d], t->step[d] = n, n *= shape[d];
  t->inside.mem = (struct rk_storage){.data = t->step + rank, .bytes = bytes, .refs = 1, .flags = RK_FIXED | RK_INSIDE};
  t->mem = &t->inside.mem, t->start = 0, t->dt = (int8_t)dtype, t->dev = RK_CPU, t->rank = (int16_t)rank, t->bare = 1;
  return true;
}

int rk_tensor_own(struct rk_tensor *t) {
  RK_TRY(rk_need(t, "tensor", 1));
  if (!t->bare) return RK_OK;
  if (t->mem) {
    struct rk_storage *s = NULL;
    RK_TRY(rk_storage_new(&s, t->mem->bytes, "tensor"));
    memcpy(s->data, t->mem->data, (size_t)t->mem->bytes);
    t->mem = s;
  }
  t->bare = 0;
  return RK_OK;
}

void rk_lend(struct rk_tensor *tmp, const struct rk_tensor *x) {
  *tmp = *x;
  tmp->bare = 0;
  rk_storage_hold(tmp->mem);
}

static int start_fresh(struct rk_tensor *t, int dtype, int rank, const int64_t *shape) {
  if (!t) return rk_fail(RK_EARG, "tensor: no tensor to initialise");
  if (!rk_dtype_size(dtype)) return rk_fail(RK_EDTYPE, "tensor: no dtype %d", dtype);
  struct rk_tensor fresh;
  fresh.mem = NULL, fresh.start = 0, fresh.dt = (int8_t)dtype, fresh.dev = RK_CPU;
  RK_TRY(rk_layout(&fresh, rank, shape, "tensor"));
  RK_TRY(provide(&fresh, "tensor"));
  t->mem = fresh.mem, t->start = 0, t->dt = (int8_t)dtype, t->dev = RK_CPU, t->rank = (int16_t)rank;
  t->bare = 0;
  for (int d = 0; d < rank; d++) t->shape[d] = fresh.shape[d], t->step[d] = fresh.step[d];
  return RK_OK;
}

int rk_tensor_init(struct rk_tensor *t, int dtype, int rank, const int64_t *shape) {
  return start_fresh(t, dtype, rank, shape);
}
int rk_tensor_init1(struct rk_tensor *t, int dtype, int64_t n) { return start_fresh(t, dtype, 1, &n); }
int rk_tensor_init2(struct rk_tensor *t, int dtype, int64_t n, int64_t m) {
  const int64_t shape[] = {n, m};
  return start_fresh(t, dtype, 2, shape);
}
int rk_tensor_like(struct rk_tensor *t, const struct rk_tensor *x) {
  RK_TRY(rk_need(x, "tensor", 1));
  return start_fresh(t, x->dt, x->rank, x->shape);
}

int rk_tensor_small(struct rk_tensor *t, int dtype, int rank, const int64_t *shape) {
  if (t && shape && rk_dtype_size(dtype) && rk_keep_inside(t, dtype, rank, shape)) return RK_OK;
  RK_TRY(start_fresh(t, dtype, rank, shape));
  return RK_TAKEN;
}
int rk_tensor_small1(struct rk_tensor *t, int dtype, int64_t n) { return rk_tensor_small(t, dtype, 1, &n); }
int rk_tensor_small2(struct rk_tensor *t, int dtype, int64_t n, int64_t m) {
  const int64_t shape[] = {n, m};
  return rk_tensor_small(t, dtype, 2, shape);
}
int rk_tensor_small_like(struct rk_tensor *t, const struct rk_tensor *x) {
  RK_TRY(rk_need(x, "tensor", 1));
  return rk_tensor_small(t, x->dt, x->rank, x->shape);
}

void rk_tensor_drop(struct rk_tensor *t) {
  if (!t) return;
  struct rk_storage *s = t->mem;
  t->mem = NULL, t->start = 0, t->rank = 0;
  rk_storage_drop(s);
}

int rk_tensor_view(struct rk_tensor *t, const struct rk_tensor *of) {
  RK_TRY(rk_need(t, "set", 1));
  RK_TRY(rk_need(of, "set", 2));
  if (t == of) return RK_OK;
  if (t->mem) RK_TRY(rk_same_dtype("set", t, of));
  if (t->bare) return rk_refuse_bare(t);
  if (rk_is_inside(of->mem)) return rk_refuse_inside(of->mem);
  rk_storage_hold(of->mem);
  struct rk_storage *old = t->mem;
  *t = *of;
  t->bare = 0;
  rk_storage_drop(old);
  return RK_OK;
}

int rk_tensor_set(struct rk_tensor *t, const struct rk_buffer *b, int64_t start, int rank, const int64_t *shape,
                  const int64_t *step) {
  RK_TRY(rk_need(t, "set", 1));
  struct rk_tensor fresh = {.dt = t->dt, .dev = t->dev, .start = start, .mem = b ? b->mem : NULL};
  if (b && b->mem && b->dt != t->dt)
    return rk_fail(RK_EDTYPE, "set: expected %sStorage, got %sStorage", rk_dtype_class(t->dt), rk_dtype_class(b->dt));
  if (start < 0)
    return rk_fail(RK_EARG, "set: storage offset %lld is before the storage's first element", (long long)start + 1);
  RK_TRY(rk_layout(&fresh, rank, shape, "set"));
  for (int d = 0; step && d < rank; d++) {
    if (step[d] < 0) return rk_fail(RK_EARG, "set: negative stride %lld in dimension %d", (long long)step[d], d + 1);
    if (fresh.shape[d] > 1 && step[d] > MAX_COUNT / fresh.shape[d])
      return rk_fail(RK_ESHAPE, "set: stride %lld of dimension %d reaches too far", (long long)step[d], d + 1);
    fresh.step[d] = step[d];
  }
  if (t->bare) return rk_refuse_bare(t);
  RK_TRY(provide(&fresh, "set"));
  if (b && b->mem) rk_storage_hold(b->mem);
  struct rk_storage *old = t->mem;
  *t = fresh;
  rk_storage_drop(old);
  return RK_OK;
}

static int resize_bare(struct rk_tensor *t, int rank, const int64_t *shape, const int64_t *step) {
  if (!t->mem && !step && shape && rk_keep_inside(t, t->dt, rank, shape)) return RK_OK;
  return rk_refuse_bare(t);
}
int rk_tensor_resize(struct rk_tensor *t, int rank, const int64_t *shape, const int64_t *step) {
  RK_TRY(rk_need(t, "resize", 1));
  if (t->rank == rank && shape && memcmp(t->shape, shape, (size_t)rank * sizeof *shape) == 0 &&
      (!step || memcmp(t->step, step, (size_t)rank * sizeof *step) == 0) && (t->mem || rank == 0))
    return RK_OK;
  if (t->bare) return resize_bare(t, rank, shape, step);
  struct rk_tensor fresh = *t;
  RK_TRY(rk_layout(&fresh, rank, shape, "resize"));
  for (int d = 0; step && d < rank; d++) {
    /* Torch7: a negative stride asks for the packed one */
    if (step[d] >= 0) fresh.step[d] = step[d];
    if (fresh.shape[d] > 1 && fresh.step[d] > MAX_COUNT / fresh.shape[d])
      return rk_fail(RK_ESHAPE, "resize: stride %lld of dimension %d reaches too far", (long long)step[d], d + 1);
  }
  RK_TRY(provide(&fresh, "resize"));
  *t = fresh;
  return RK_OK;
}
int rk_tensor_resize_as(struct rk_tensor *t, const struct rk_tensor *x) {
  RK_TRY(rk_need(x, "resizeAs", 2));
  return rk_tensor_resize(t, x->rank, x->shape, NULL);
}
int rk_result(struct rk_tensor *out, int rank, const int64_t *shape, const char *who) {
  RK_TRY(rk_need(out, who, 1));
  return rk_tensor_resize(out, rank, shape, NULL);
}

int rk_tensor_buffer(const struct rk_tensor *t, struct rk_buffer *b) {
  RK_TRY(rk_need(t, "storage", 1));
  if (rk_is_inside(t->mem)) return rk_refuse_inside(t->mem);
  rk_storage_hold(t->mem);
  b->mem = t->mem, b->dt = t->dt, b->dev = t->dev;
  return RK_OK;
}

/* -- questions ---------------------------------------------------------------------------- */
int rk_tensor_packed(const struct rk_tensor *t) {
  if (!t) return 0; /* a method called without its tensor: what comes next says so */
  int64_t n = 1;
  for (int d = t->rank - 1; d >= 0; d--) {
    if (t->shape[d] == 1) continue;
    if (t->step[d] != n) return 0;
    n *= t->shape[d];
  }
  return 1;
}
int rk_tensor_same_shape(const struct rk_tensor *t, const struct rk_tensor *u) {
  if (!t || !u || t->rank != u->rank) return 0;
  for (int d = 0; d < t->rank; d++)
    if (t->shape[d] != u->shape[d]) return 0;
  return 1;
}
int rk_tensor_same_view(const struct rk_tensor *t, const struct rk_tensor *u) {
  if (!t || !u || t->mem != u->mem || t->start != u->start || !rk_tensor_same_shape(t, u)) return 0;
  for (int d = 0; d < t->rank; d++)
    if (t->step[d] != u->step[d]) return 0;
  return 1;
}

/* Elements from the first to the last of a layout, less the dim `without` (-1: none). */
static int64_t extent(const struct rk_tensor *t, int without) {
  int64_t n = 1;
  for (int d = 0; d < t->rank; d++)
    if (d != without) n += (t->shape[d] - 1) * t->step[d];
  return n;
}
static int widest(const struct rk_tensor *t) {
  int at = -1;
  for (int d = 0; d < t->rank; d++)
    if (t->shape[d] > 1 && (at < 0 || t->step[d] > t->step[at])) at = d;
  return at;
}
/* Side by side in the rows of one matrix? Both repeat every `row` bytes, and leave different parts of it alone. */
static bool beside(const struct rk_tensor *t, const struct rk_tensor *u) {
  const int a = widest(t), b = widest(u);
  const int64_t t_size = rk_dtype_size(t->dt), u_size = rk_dtype_size(u->dt);
  if (a < 0 || b < 0 || t->step[a] * t_size != u->step[b] * u_size || t->step[a] == 0) return false;
  const int64_t row = t->step[a] * t_size;
  const int64_t shift = (((rk_at(u) - rk_at(t)) % row) + row) % row;
  return extent(t, a) * t_size <= shift && shift + extent(u, b) * u_size <= row;
}

/* Blocks of memory that have nothing in common? Two storages may stand for one block. */
static bool apart(const struct rk_storage *s, const struct rk_storage *u) {
  const char *a = s->data, *b = u->data;
  return s != u && (a >= b + u->bytes || b >= a + s->bytes);
}
/* Conservative: address ranges that meet count as overlapping unless they are columns beside each other. */
bool rk_overlap(const struct rk_tensor *t, const struct rk_tensor *u) {
  if (!t->mem || !u->mem || apart(t->mem, u->mem) || !rk_tensor_count(t) || !rk_tensor_count(u)) return false;
  const char *a = rk_at(t), *b = rk_at(u);
  const char *a_end = a + extent(t, -1) * rk_dtype_size(t->dt);
  const char *b_end = b + extent(u, -1) * rk_dtype_size(u->dt);
  if (a >= b_end || b >= a_end || (t->dt == u->dt && rk_tensor_same_view(t, u))) return false;
  return !beside(t, u);
}

int rk_packed_view(struct rk_tensor *tmp, const struct rk_tensor *x) {
  memset(tmp, 0, sizeof *tmp);
  tmp->dt = x->dt;
  if (rk_tensor_packed(x)) return rk_lend(tmp, x), RK_OK;
  RK_TRY(rk_tensor_like(tmp, x));
  int status = rk_copy(tmp, x);
  if (status) rk_tensor_drop(tmp);
  return status;
}

int rk_collapse(int rank, int64_t *shape, int n, int64_t *const *step) {
  int kept = 0;
  for (int d = 0; d < rank; d++) {
    if (shape[d] == 1) continue;
    bool joins = kept > 0;
    for (int k = 0; joins && k < n; k++) joins = step[k][kept - 1] == step[k][d] * shape[d];
    if (joins)
      shape[kept - 1] *= shape[d];
    else
      shape[kept++] = shape[d];
    for (int k = 0; k < n; k++) step[k][kept - 1] = step[k][d];
  }
  return kept;
}
