/* sync.c -- mutexes, condition variables and queues that Lua states share, and the parcels that pass through queues.
 *
 * Every object has a number under which other states find it as long as it lives. All waits take a time limit: Lua
 * waits in slices, so that it can be interrupted. While the process is being left (states.c), a thread of ours that
 * would wait is parked for good instead. */
#include "internal.h"
#include "leave.h"
#include "states.h"
#include "tds.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rk_sync {
  int kind, refs;
  int64_t id;
  struct rk_sync *next;
  pthread_mutex_t inner;
  pthread_cond_t changed; /* mutex: it is free; condition: signalled; queue: something was put or taken */
  pthread_t owner;        /* of a mutex, while locked */
  bool locked;
  int64_t waiters, signals;      /* of a condition */
  int64_t capacity, count, head; /* of a queue: a ring */
  struct rk_item *items;
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rk_sync *registry;
static int64_t last_id;

static const char *const kinds[] = {"mutex", "condition", "queue"};

/* -- waiting ------------------------------------------------------------------------- */
static struct timespec deadline(double seconds) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  if (seconds > 1e6 || seconds < 0) seconds = 1e6;
  at.tv_sec += (time_t)seconds;
  at.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  return at;
}

static int check(const struct rk_sync *s, int kind, const char *who) {
  if (!s) return rk_fail(RK_EARG, "%s: this %s was freed", who, kinds[kind]);
  if (s->kind != kind) return rk_fail(RK_EARG, "%s: %s expected, got a %s", who, kinds[kind], kinds[s->kind]);
  return RK_OK;
}

/* Wait on `changed`, inner held; false when the time is over. */
static bool wait_until(struct rk_sync *s, const struct timespec *at) {
  if (rk_leaving()) {
    pthread_mutex_unlock(&s->inner);
    rk_park();
    pthread_mutex_lock(&s->inner);
  }
  return pthread_cond_timedwait(&s->changed, &s->inner, at) != ETIMEDOUT;
}

void rk_sync_wake_all(void) {
  pthread_mutex_lock(&registry_lock);
  for (struct rk_sync *s = registry; s; s = s->next) {
    pthread_mutex_lock(&s->inner);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->inner);
  }
  pthread_mutex_unlock(&registry_lock);
}

/* -- life ------------------------------------------------------------------------------ */
int rk_sync_new(struct rk_sync **out, int kind, int64_t capacity) {
  if (!out || kind < RK_MUTEX || kind > RK_QUEUE) return rk_fail(RK_EARG, "threads: no object of kind %d", kind);
  if (kind == RK_QUEUE && (capacity < 1 || capacity > 1 << 24))
    return rk_fail(RK_EARG, "threads.queue: argument 1: a size from 1 to %d expected, got %lld", 1 << 24,
                   (long long)capacity);
  struct rk_sync *s = calloc(1, sizeof *s);
  if (s && kind == RK_QUEUE && !(s->items = calloc((size_t)capacity, sizeof *s->items))) {
    free(s);
    s = NULL;
  }
  if (!s) return rk_fail(RK_ENOMEM, "threads: no memory for a %s", kinds[kind]);
  s->kind = kind, s->refs = 1, s->capacity = capacity;
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&s->changed, &clock);
  pthread_condattr_destroy(&clock);
  pthread_mutex_init(&s->inner, NULL);
  pthread_mutex_lock(&registry_lock);
  s->id = ++last_id;
  s->next = registry;
  registry = s;
  pthread_mutex_unlock(&registry_lock);
  *out = s;
  return RK_OK;
}

int rk_sync_find(struct rk_sync **out, int kind, int64_t id) {
  pthread_mutex_lock(&registry_lock);
  struct rk_sync *s = registry;
  while (s && (s->id != id || s->kind != kind)) s = s->next;
  if (s) s->refs++;
  pthread_mutex_unlock(&registry_lock);
  if (!s)
    return rk_fail(RK_EARG, "threads: there is no %s %lld; it was freed, or the number is not that of a %s",
                   kind >= RK_MUTEX && kind <= RK_QUEUE ? kinds[kind] : "object", (long long)id,
                   kind >= RK_MUTEX && kind <= RK_QUEUE ? kinds[kind] : "known kind");
  *out = s;
  return RK_OK;
}

void rk_sync_hold(struct rk_sync *s) {
  if (!s) return;
  pthread_mutex_lock(&registry_lock);
  s->refs++;
  pthread_mutex_unlock(&registry_lock);
}

void rk_sync_drop(struct rk_sync *s) {
  if (!s) return;
  pthread_mutex_lock(&registry_lock);
  const bool last = --s->refs == 0;
  if (last) {
    struct rk_sync **at = &registry;
    while (*at != s) at = &(*at)->next;
    *at = s->next;
  }
  pthread_mutex_unlock(&registry_lock);
  if (!last) return;
  for (int64_t i = 0; i < s->count; i++) rk_buffer_drop(&s->items[(s->head + i) % s->capacity].bytes);
  pthread_cond_destroy(&s->changed);
  pthread_mutex_destroy(&s->inner);
  free(s->items);
  free(s);
}

int64_t rk_sync_id(const struct rk_sync *s) { return s ? s->id : 0; }

/* -- mutexes --------------------------------------------------------------------------- */
int rk_mutex_lock(struct rk_sync *m, double seconds) {
  if (check(m, RK_MUTEX, "threads.Mutex.lock")) return RK_REFUSED;
  const struct timespec at = deadline(seconds);
  int result = RK_DONE;
  pthread_mutex_lock(&m->inner);
  if (m->locked && pthread_equal(m->owner, pthread_self())) {
    rk_fail(RK_EARG, "threads.Mutex.lock: this thread holds the mutex already, and would wait for itself for ever");
    result = RK_REFUSED;
  }
  while (result == RK_DONE && m->locked)
    if (!wait_until(m, &at) && m->locked) result = RK_TIMEOUT;
  if (result == RK_DONE) m->locked = true, m->owner = pthread_self();
  pthread_mutex_unlock(&m->inner);
  return result;
}

int rk_mutex_unlock(struct rk_sync *m) {
  if (check(m, RK_MUTEX, "threads.Mutex.unlock")) return RK_REFUSED;
  int result = RK_DONE;
  pthread_mutex_lock(&m->inner);
  if (m->locked && pthread_equal(m->owner, pthread_self())) {
    m->locked = false;
    pthread_cond_signal(&m->changed);
  } else {
    rk_fail(RK_EARG, m->locked ? "threads.Mutex.unlock: another thread holds the mutex"
                               : "threads.Mutex.unlock: the mutex is not locked");
    result = RK_REFUSED;
  }
  pthread_mutex_unlock(&m->inner);
  return result;
}

/* -- conditions -------------------------------------------------------------------------- */
void rk_condition_begin(struct rk_sync *c) {
  if (check(c, RK_CONDITION, "threads.Condition.wait")) return;
  pthread_mutex_lock(&c->inner);
  c->waiters++;
  pthread_mutex_unlock(&c->inner);
}

int rk_condition_poll(struct rk_sync *c, double seconds) {
  if (check(c, RK_CONDITION, "threads.Condition.wait")) return RK_REFUSED;
  const struct timespec at = deadline(seconds);
  int result = RK_DONE;
  pthread_mutex_lock(&c->inner);
  while (result == RK_DONE && !c->signals)
    if (!wait_until(c, &at) && !c->signals) result = RK_TIMEOUT;
  if (result == RK_DONE) c->signals--, c->waiters--;
  pthread_mutex_unlock(&c->inner);
  return result;
}

void rk_condition_end(struct rk_sync *c) {
  if (check(c, RK_CONDITION, "threads.Condition.wait")) return;
  pthread_mutex_lock(&c->inner);
  if (c->waiters > 0) c->waiters--;
  if (c->signals > c->waiters) c->signals = c->waiters;
  pthread_mutex_unlock(&c->inner);
}

void rk_condition_signal(struct rk_sync *c, int all) {
  if (check(c, RK_CONDITION, "threads.Condition.signal")) return;
  pthread_mutex_lock(&c->inner);
  if (all)
    c->signals = c->waiters;
  else if (c->signals < c->waiters)
    c->signals++;
  pthread_cond_broadcast(&c->changed);
  pthread_mutex_unlock(&c->inner);
}

/* -- queues -------------------------------------------------------------------------------- */
int rk_queue_put(struct rk_sync *q, const struct rk_item *item, double seconds) {
  if (check(q, RK_QUEUE, "threads.queue.addjob")) return RK_REFUSED;
  if (!item || !item->bytes.mem) {
    rk_fail(RK_EARG, "threads.queue.addjob: a storage with something in it expected");
    return RK_REFUSED;
  }
  const struct timespec at = deadline(seconds);
  int result = RK_DONE;
  pthread_mutex_lock(&q->inner);
  while (result == RK_DONE && q->count == q->capacity)
    if (!wait_until(q, &at) && q->count == q->capacity) result = RK_TIMEOUT;
  if (result == RK_DONE) {
    struct rk_item *place = &q->items[(q->head + q->count++) % q->capacity];
    rk_buffer_share(&place->bytes, &item->bytes);
    place->tag = item->tag;
    pthread_cond_broadcast(&q->changed);
  }
  pthread_mutex_unlock(&q->inner);
  return result;
}

int rk_queue_take(struct rk_sync *q, struct rk_item *item, double seconds) {
  if (check(q, RK_QUEUE, "threads.queue.dojob")) return RK_REFUSED;
  const struct timespec at = deadline(seconds);
  int result = RK_DONE;
  pthread_mutex_lock(&q->inner);
  while (result == RK_DONE && !q->count)
    if (!wait_until(q, &at) && !q->count) result = RK_TIMEOUT;
  if (result == RK_DONE) {
    *item = q->items[q->head]; /* the count goes along */
    q->head = (q->head + 1) % q->capacity;
    if (q->count-- == q->capacity) pthread_cond_broadcast(&q->changed);
  }
  pthread_mutex_unlock(&q->inner);
  return result;
}

int64_t rk_queue_count(struct rk_sync *q) {
  if (check(q, RK_QUEUE, "threads.queue")) return 0;
  pthread_mutex_lock(&q->inner);
  int64_t n = q->count;
  pthread_mutex_unlock(&q->inner);
  return n;
}

int64_t rk_queue_capacity(struct rk_sync *q) { return check(q, RK_QUEUE, "threads.queue") ? 0 : q->capacity; }

/* -- parcels --------------------------------------------------------------------------------- */
struct parcel {
  int64_t n;
  struct rk_hold holds[];
};

static void hold(const struct rk_hold *h) {
  if (h->kind == RK_HELD_STORAGE)
    rk_storage_hold(h->object);
  else if (h->kind == RK_HELD_SYNC)
    rk_sync_hold(h->object);
  else
    rk_tds_hold(h->object);
}

static void drop(const struct rk_hold *h) {
  if (h->kind == RK_HELD_STORAGE)
    rk_storage_drop(h->object);
  else if (h->kind == RK_HELD_SYNC)
    rk_sync_drop(h->object);
  else
    rk_tds_drop(h->object);
}

static void release_parcel(struct rk_storage *s) {
  struct parcel *p = s->owner;
  for (int64_t i = 0; i < p->n; i++) drop(&p->holds[i]);
  free(p);
}

int rk_parcel_new(struct rk_buffer *out, int dtype, const void *bytes, int64_t length, const struct rk_hold *holds,
                  int64_t n) {
  if (!out || length < 0 || n < 0 || (length && !bytes) || (n && !holds))
    return rk_fail(RK_EARG, "threads: a parcel of %lld bytes and %lld objects", (long long)length, (long long)n);
  struct parcel *p = malloc(sizeof *p + (size_t)n * sizeof *holds + (size_t)length);
  if (!p) return rk_fail(RK_ENOMEM, "threads: no memory for %lld bytes to be passed on", (long long)length);
  char *data = (char *)(p->holds + n);
  p->n = n;
  if (n) memcpy(p->holds, holds, (size_t)n * sizeof *holds);
  if (length) memcpy(data, bytes, (size_t)length);
  int status = rk_buffer_wrap(out, dtype, data, length, release_parcel, p);
  if (status) {
    free(p);
    return status;
  }
  for (int64_t i = 0; i < n; i++) hold(&p->holds[i]);
  return RK_OK;
}

int64_t rk_parcel_holds(const struct rk_buffer *b) {
  return b && b->mem && b->mem->release == release_parcel ? ((struct parcel *)b->mem->owner)->n : -1;
}
