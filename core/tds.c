/* tds.c -- containers outside of the Lua heap: vectors, hash tables that keep the order of insertion, counters.
 *
 * A container is counted atomically and has a lock, so that Lua states on several threads may use it at once: each call
 * here sees it whole. What it holds is counted, too: texts, tensors (their headers; storages are shared), storages,
 * other containers. Containers that hold each other in a ring are never freed.
 *
 * A hash table is an array of entries in order of insertion and an index into it (open addressing). A removed entry
 * leaves a gap, which goes at the next rebuilding. */
#include "tds.h"
#include "internal.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const int64_t MOST = (int64_t)1 << 40;

struct text {
  int32_t refs;
  int64_t length;
  char bytes[];
};
struct shown { /* a tensor header of its own */
  int32_t refs;
  struct rk_tensor tensor;
};
struct entry {
  struct rk_cell key, value; /* key nil: removed */
};
struct rk_tds {
  int32_t kind, refs;
  struct rk_tds *next; /* among those to be freed */
  pthread_mutex_t lock;
  int64_t count, room; /* elements; places in cells or entries */
  union {
    struct rk_cell *cells;
    struct entry *entries;
    int64_t counter;
  };
  int64_t used;  /* entries, gaps included */
  int64_t *slot; /* of a hash: 1 + entry, 0: free; 2 * room slots */
};

static const char *const names[] = {"tds.Hash", "tds.Vec", "tds.AtomicCounter"};

static void account(int64_t bytes) { __atomic_add_fetch(&rk_live_bytes, bytes, __ATOMIC_RELAXED); }
static void up(int32_t *refs) { __atomic_add_fetch(refs, 1, __ATOMIC_RELAXED); }
static bool down(int32_t *refs) { return __atomic_sub_fetch(refs, 1, __ATOMIC_ACQ_REL) == 0; }

/* -- cells ------------------------------------------------------------------------------ */
int rk_cell_set_string(struct rk_cell *c, const char *bytes, int64_t length) {
  struct text *t = length >= 0 && length < MOST ? malloc(sizeof *t + (size_t)length + 1) : NULL;
  if (!t) return rk_fail(RK_ENOMEM, "tds: no memory for a string of %lld bytes", (long long)length);
  t->refs = 1, t->length = length;
  if (length) memcpy(t->bytes, bytes, (size_t)length);
  t->bytes[length] = 0;
  account((int64_t)sizeof *t + length);
  c->kind = RK_CELL_STRING, c->object = t;
  return RK_OK;
}

int rk_cell_set_tensor(struct rk_cell *c, const struct rk_tensor *t) {
  RK_TRY(rk_need(t, "tds", 2));
  if (rk_is_inside(t->mem)) return rk_refuse_inside(t->mem);
  struct shown *s = calloc(1, sizeof *s);
  if (!s) return rk_fail(RK_ENOMEM, "tds: no memory for a tensor");
  s->refs = 1;
  s->tensor = *t;
  s->tensor.bare = 0;
  rk_storage_hold(s->tensor.mem);
  c->kind = RK_CELL_TENSOR, c->object = s;
  return RK_OK;
}

int rk_cell_set_storage(struct rk_cell *c, const struct rk_buffer *b) {
  if (!b || !b->mem) return rk_fail(RK_EARG, "tds: this storage was freed");
  rk_storage_hold(b->mem);
  c->kind = RK_CELL_STORAGE, c->dt = b->dt, c->object = b->mem;
  return RK_OK;
}

static void hold(const struct rk_cell *c) {
  if (c->kind == RK_CELL_STRING)
    up(&((struct text *)c->object)->refs);
  else if (c->kind == RK_CELL_TENSOR)
    up(&((struct shown *)c->object)->refs);
  else if (c->kind == RK_CELL_STORAGE)
    rk_storage_hold(c->object);
  else if (c->kind == RK_CELL_TDS)
    rk_tds_hold(c->object);
}

void rk_cell_drop(struct rk_cell *c) {
  struct rk_cell old = *c;
  c->kind = RK_CELL_NIL;
  struct text *text = old.object;
  struct shown *shown = old.object;
  if (old.kind == RK_CELL_STRING && down(&text->refs)) {
    account(-(int64_t)sizeof *text - text->length);
    free(text);
  } else if (old.kind == RK_CELL_TENSOR && down(&shown->refs)) {
    rk_storage_drop(shown->tensor.mem);
    free(shown);
  } else if (old.kind == RK_CELL_STORAGE) {
    rk_storage_drop(old.object);
  } else if (old.kind == RK_CELL_TDS) {
    rk_tds_drop(old.object);
  }
}

const char *rk_cell_string(const struct rk_cell *c, int64_t *length) {
  const struct text *t = c->object;
  *length = t->length;
  return t->bytes;
}

int rk_cell_tensor(const struct rk_cell *c, struct rk_tensor *t) {
  const struct shown *s = c->object;
  t->dt = s->tensor.dt;
  return rk_tensor_view(t, &s->tensor);
}

int rk_cell_storage(const struct rk_cell *c, struct rk_buffer *b) {
  rk_storage_hold(c->object);
  *b = (struct rk_buffer){.mem = c->object, .dt = (int8_t)c->dt, .dev = RK_CPU};
  return RK_OK;
}

/* -- life of containers ------------------------------------------------------------------- */
int rk_tds_new(struct rk_tds **out, int kind) {
  if (!out || kind < RK_TDS_HASH || kind > RK_TDS_COUNTER)
    return rk_fail(RK_EARG, "tds: no container of kind %d", kind);
  struct rk_tds *t = calloc(1, sizeof *t);
  if (!t) return rk_fail(RK_ENOMEM, "%s: no memory", names[kind]);
  t->kind = kind, t->refs = 1;
  pthread_mutex_init(&t->lock, NULL);
  account((int64_t)sizeof *t);
  *out = t;
  return RK_OK;
}

void rk_tds_hold(struct rk_tds *t) {
  if (t) up(&t->refs);
}

static int64_t place_bytes(const struct rk_tds *t) {
  return t->kind == RK_TDS_VEC ? (int64_t)sizeof(struct rk_cell)
                               : (int64_t)(sizeof(struct entry) + 2 * sizeof(int64_t));
}

static void drop_entry(struct entry *e) {
  rk_cell_drop(&e->key);
  rk_cell_drop(&e->value);
}

static void empty(struct rk_tds *t) {
  if (t->kind == RK_TDS_COUNTER) return;
  account(-t->room * place_bytes(t));
  if (t->kind == RK_TDS_VEC) {
    for (int64_t i = 0; i < t->count; i++) rk_cell_drop(&t->cells[i]);
    free(t->cells);
    t->cells = NULL;
  } else {
    for (int64_t i = 0; i < t->used; i++) drop_entry(&t->entries[i]);
    free(t->entries);
    t->entries = NULL;
  }
  free(t->slot);
  t->slot = NULL;
  t->count = t->room = t->used = 0;
}

/* Freeing one container may free others, as deep as they are nested: those wait in a list, not on the C stack. */
void rk_tds_drop(struct rk_tds *t) {
  static _Thread_local struct rk_tds *waiting;
  static _Thread_local bool busy;
  if (!t || !down(&t->refs)) return;
  t->next = waiting;
  waiting = t;
  if (busy) return;
  busy = true;
  while ((t = waiting)) {
    waiting = t->next;
    empty(t);
    pthread_mutex_destroy(&t->lock);
    account(-(int64_t)sizeof *t);
    free(t);
  }
  busy = false;
}

int rk_tds_kind(const struct rk_tds *t) { return t ? t->kind : -1; }

int64_t rk_tds_count(struct rk_tds *t) {
  if (!t) return 0;
  pthread_mutex_lock(&t->lock);
  int64_t n = t->count;
  pthread_mutex_unlock(&t->lock);
  return n;
}

int rk_tds_clear(struct rk_tds *t) {
  if (!t) return rk_fail(RK_EARG, "tds: this container was freed");
  pthread_mutex_lock(&t->lock);
  empty(t);
  pthread_mutex_unlock(&t->lock);
  return RK_OK;
}

static int enter(struct rk_tds *t, int kind, const char *who) {
  if (!t) return rk_fail(RK_EARG, "%s: this container was freed", who);
  if (t->kind != kind) return rk_fail(RK_EARG, "%s: %s expected, got a %s", who, names[kind], names[t->kind]);
  pthread_mutex_lock(&t->lock);
  return RK_OK;
}

/* -- vectors -------------------------------------------------------------------------------- */
/* Room for n cells, v locked. */
static int reserve(struct rk_tds *v, int64_t n, const char *who) {
  if (n <= v->room) return RK_OK;
  if (n > MOST) return rk_fail(RK_ESHAPE, "%s: %lld elements asked for", who, (long long)n);
  int64_t room = n < 8 ? 8 : n < 2 * v->room ? 2 * v->room : n;
  struct rk_cell *cells = realloc(v->cells, (size_t)room * sizeof *cells);
  if (!cells) return rk_fail(RK_ENOMEM, "%s: no memory for %lld elements", who, (long long)n);
  account((room - v->room) * place_bytes(v));
  v->cells = cells, v->room = room;
  return RK_OK;
}

static int resize(struct rk_tds *v, int64_t n, const char *who) {
  RK_TRY(reserve(v, n, who));
  for (int64_t i = n; i < v->count; i++) rk_cell_drop(&v->cells[i]);
  for (int64_t i = v->count; i < n; i++) v->cells[i] = (struct rk_cell){.kind = RK_CELL_NIL};
  v->count = n;
  return RK_OK;
}

int rk_vec_resize(struct rk_tds *v, int64_t count) {
  RK_TRY(enter(v, RK_TDS_VEC, "tds.Vec.resize"));
  int status = count < 0 ? rk_fail(RK_EARG, "tds.Vec.resize: argument 2: a size of 0 or more expected, got %lld",
                                   (long long)count)
                         : resize(v, count, "tds.Vec.resize");
  pthread_mutex_unlock(&v->lock);
  return status;
}

int rk_vec_get(struct rk_tds *v, int64_t at, struct rk_cell *out) {
  out->kind = RK_CELL_NIL;
  RK_TRY(enter(v, RK_TDS_VEC, "tds.Vec"));
  if (at >= 0 && at < v->count) {
    *out = v->cells[at];
    hold(out);
  }
  pthread_mutex_unlock(&v->lock);
  return RK_OK;
}

int rk_vec_set(struct rk_tds *v, int64_t at, struct rk_cell *c) {
  int status = enter(v, RK_TDS_VEC, "tds.Vec");
  if (status == RK_OK) {
    if (at < 0)
      status = rk_fail(RK_EARG, "tds.Vec: index %lld: elements count from 1", (long long)at + 1);
    else if (at >= v->count)
      status = resize(v, at + 1, "tds.Vec");
    if (status == RK_OK) {
      struct rk_cell old = v->cells[at];
      v->cells[at] = *c;
      *c = old;
    }
    pthread_mutex_unlock(&v->lock);
  }
  rk_cell_drop(c);
  return status;
}

int rk_vec_insert(struct rk_tds *v, int64_t at, struct rk_cell *c) {
  int status = enter(v, RK_TDS_VEC, "tds.Vec.insert");
  if (status == RK_OK) {
    if (at < 0)
      status = rk_fail(RK_EARG, "tds.Vec.insert: position %lld: elements count from 1", (long long)at + 1);
    else
      status = resize(v, at < v->count ? v->count + 1 : at + 1, "tds.Vec.insert");
    if (status == RK_OK) {
      memmove(v->cells + at + 1, v->cells + at, (size_t)(v->count - 1 - at) * sizeof *v->cells);
      v->cells[at] = *c;
      c->kind = RK_CELL_NIL;
    }
    pthread_mutex_unlock(&v->lock);
  }
  rk_cell_drop(c);
  return status;
}

int rk_vec_remove(struct rk_tds *v, int64_t at, struct rk_cell *out) {
  out->kind = RK_CELL_NIL;
  RK_TRY(enter(v, RK_TDS_VEC, "tds.Vec.remove"));
  if (at >= 0 && at < v->count) {
    *out = v->cells[at];
    memmove(v->cells + at, v->cells + at + 1, (size_t)(--v->count - at) * sizeof *v->cells);
  }
  pthread_mutex_unlock(&v->lock);
  return RK_OK;
}

int rk_vec_permute(struct rk_tds *v, const double *order, int64_t count) {
  RK_TRY(enter(v, RK_TDS_VEC, "tds.Vec.sort"));
  int status = RK_OK;
  struct rk_cell *cells = NULL;
  if (count != v->count)
    status = rk_fail(RK_EARG, "tds.Vec.sort: another thread changed the vector from %lld to %lld elements meanwhile",
                     (long long)count, (long long)v->count);
  else if (count && !(cells = calloc((size_t)v->room, sizeof *cells)))
    status = rk_fail(RK_ENOMEM, "tds.Vec.sort: no memory for %lld elements", (long long)count);
  for (int64_t i = 0; status == RK_OK && i < count; i++) { /* what was taken is marked: an order may name it once */
    int64_t from = (int64_t)order[i] - 1;
    if (from < 0 || from >= count || v->cells[from].kind < 0)
      status = rk_fail(RK_EARG, "tds.Vec.sort: this order is no permutation");
    else
      cells[i] = v->cells[from], v->cells[from].kind = -1 - v->cells[from].kind;
  }
  if (status == RK_OK && count) {
    free(v->cells);
    v->cells = cells;
  } else {
    for (int64_t i = 0; i < v->count; i++)
      if (v->cells[i].kind < 0) v->cells[i].kind = -1 - v->cells[i].kind;
    free(cells);
  }
  pthread_mutex_unlock(&v->lock);
  return status;
}

/* -- hash tables ------------------------------------------------------------------------------ */
static uint64_t mix(uint64_t x) { /* splitmix64 */
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

static uint64_t hash_of(const struct rk_cell *c) {
  uint64_t h = 14695981039346656037u;
  if (c->kind == RK_CELL_STRING) { /* FNV-1a */
    const struct text *t = c->object;
    for (int64_t i = 0; i < t->length; i++) h = (h ^ (unsigned char)t->bytes[i]) * 1099511628211u;
  } else if (c->kind == RK_CELL_TENSOR) {
    const struct shown *s = c->object;
    h = (uint64_t)(uintptr_t)s->tensor.mem + (uint64_t)s->tensor.start;
  } else if (c->kind == RK_CELL_NUMBER || c->kind == RK_CELL_BOOLEAN) {
    const double x = c->number == 0 ? 0 : c->number; /* -0 */
    memcpy(&h, &x, sizeof h);
  } else {
    h = (uint64_t)(uintptr_t)c->object;
  }
  return mix(h + (uint64_t)c->kind);
}

static bool same_view(const struct rk_tensor *a, const struct rk_tensor *b) {
  size_t bytes = (size_t)a->rank * sizeof *a->shape;
  return a->mem == b->mem && a->start == b->start && a->dt == b->dt && a->rank == b->rank &&
         !memcmp(a->shape, b->shape, bytes) && !memcmp(a->step, b->step, bytes);
}

static bool equal(const struct rk_cell *a, const struct rk_cell *b) {
  if (a->kind != b->kind) return false;
  if (a->kind == RK_CELL_NUMBER || a->kind == RK_CELL_BOOLEAN) return a->number == b->number;
  if (a->object == b->object) return a->kind != RK_CELL_STORAGE || a->dt == b->dt;
  if (a->kind == RK_CELL_STRING) {
    const struct text *x = a->object, *y = b->object;
    return x->length == y->length && !memcmp(x->bytes, y->bytes, (size_t)x->length);
  }
  return a->kind == RK_CELL_TENSOR &&
         same_view(&((struct shown *)a->object)->tensor, &((struct shown *)b->object)->tensor);
}

/* The slot of a key, or the free one where it would be found. The table has room. */
static int64_t *slot_of(const struct rk_tds *h, const struct rk_cell *key) {
  const uint64_t mask = (uint64_t)(2 * h->room - 1);
  uint64_t at = hash_of(key) & mask;
  while (h->slot[at] && !equal(&h->entries[h->slot[at] - 1].key, key)) at = (at + 1) & mask;
  return &h->slot[at];
}

/* Make room for one more: twice the places when most are in use, else the gaps. room is a power of two. */
static int rebuild(struct rk_tds *h) {
  int64_t room = h->count * 4 >= h->room * 3 ? 2 * h->room : h->room;
  if (room < 8) room = 8;
  struct entry *entries = room < MOST ? malloc((size_t)room * sizeof *entries) : NULL;
  int64_t *slot = entries ? calloc((size_t)room * 2, sizeof *slot) : NULL;
  if (!slot) {
    free(entries);
    return rk_fail(RK_ENOMEM, "tds.Hash: no memory for %lld elements", (long long)room);
  }
  struct rk_tds old = *h;
  account((room - h->room) * place_bytes(h));
  h->entries = entries, h->slot = slot, h->room = room, h->used = 0;
  for (int64_t i = 0; i < old.used; i++) {
    if (old.entries[i].key.kind == RK_CELL_NIL) continue;
    entries[h->used] = old.entries[i];
    *slot_of(h, &entries[h->used].key) = h->used + 1;
    h->used++;
  }
  free(old.entries);
  free(old.slot);
  return RK_OK;
}

int rk_hash_get(struct rk_tds *h, const struct rk_cell *key, struct rk_cell *out) {
  out->kind = RK_CELL_NIL;
  RK_TRY(enter(h, RK_TDS_HASH, "tds.Hash"));
  const int64_t *slot = h->room ? slot_of(h, key) : NULL;
  if (slot && *slot) {
    *out = h->entries[*slot - 1].value;
    hold(out);
  }
  pthread_mutex_unlock(&h->lock);
  return RK_OK;
}

static int put(struct rk_tds *h, struct rk_cell *key, struct rk_cell *value) {
  int64_t *slot = h->room ? slot_of(h, key) : NULL;
  if (slot && *slot) {
    struct entry *e = &h->entries[*slot - 1];
    rk_cell_drop(&e->value);
    e->value = *value;
    if (value->kind == RK_CELL_NIL) {
      rk_cell_drop(&e->key);
      h->count--;
    }
    value->kind = RK_CELL_NIL;
    return RK_OK;
  }
  if (value->kind == RK_CELL_NIL) return RK_OK;
  if (!slot || h->used == h->room) {
    RK_TRY(rebuild(h));
    slot = slot_of(h, key);
  }
  h->entries[h->used] = (struct entry){*key, *value};
  *slot = ++h->used;
  h->count++;
  key->kind = value->kind = RK_CELL_NIL;
  return RK_OK;
}

int rk_hash_set(struct rk_tds *h, struct rk_cell *key, struct rk_cell *value) {
  int status = enter(h, RK_TDS_HASH, "tds.Hash");
  if (status == RK_OK) {
    if (key->kind == RK_CELL_NIL || (key->kind == RK_CELL_NUMBER && key->number != key->number))
      status = rk_fail(RK_EARG, "tds.Hash: a key is %s", key->kind == RK_CELL_NIL ? "nil" : "not a number (NaN)");
    else
      status = put(h, key, value);
    pthread_mutex_unlock(&h->lock);
  }
  rk_cell_drop(key);
  rk_cell_drop(value);
  return status;
}

int rk_hash_next(struct rk_tds *h, int64_t *at, struct rk_cell *key, struct rk_cell *value) {
  key->kind = value->kind = RK_CELL_NIL;
  if (enter(h, RK_TDS_HASH, "tds.Hash")) return 0;
  int64_t i = *at < 0 ? 0 : *at;
  while (i < h->used && h->entries[i].key.kind == RK_CELL_NIL) i++;
  const int found = i < h->used;
  if (found) {
    *key = h->entries[i].key;
    *value = h->entries[i].value;
    hold(key);
    hold(value);
  }
  *at = i + 1;
  pthread_mutex_unlock(&h->lock);
  return found;
}

/* -- counters: whole numbers ---------------------------------------------------------------------- */
double rk_counter_add(struct rk_tds *c, double n) {
  if (!c || c->kind != RK_TDS_COUNTER) return 0;
  return (double)__atomic_add_fetch(&c->counter, (int64_t)n, __ATOMIC_ACQ_REL);
}
double rk_counter_get(struct rk_tds *c) {
  return c && c->kind == RK_TDS_COUNTER ? (double)__atomic_load_n(&c->counter, __ATOMIC_ACQUIRE) : 0;
}
void rk_counter_set(struct rk_tds *c, double n) {
  if (c && c->kind == RK_TDS_COUNTER) __atomic_store_n(&c->counter, (int64_t)n, __ATOMIC_RELEASE);
}
