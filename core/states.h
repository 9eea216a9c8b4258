/* states.h -- Lua states in threads of their own, what they wait on, and what passes between them; declared to Lua by
 * lua/threads/ffi.lua. Each object is counted; another state finds it by its number. */
#ifndef RK_STATES_H
#define RK_STATES_H
#include "rk.h"

/* What a wait came to. */
enum rk_wait { RK_DONE = 0, RK_TIMEOUT = 1, RK_REFUSED = -1 /* the text is in rk_error */ };

/* -- threads -- */
struct rk_thread;
/* Run Lua code in a new state on a new thread, where an operation uses at most `cores` threads (0: as many as by
 * default). */
int rk_thread_start(struct rk_thread **out, const char *code, int64_t length, int cores);
/* RK_DONE: it has ended and t is gone. seconds < 0: no limit. */
int rk_thread_join(struct rk_thread *t, double seconds);
void rk_thread_abandon(struct rk_thread *t); /* nobody will join it */

/* -- mutexes, conditions, queues -- */
enum rk_sync_kind { RK_MUTEX, RK_CONDITION, RK_QUEUE };
struct rk_sync;
int rk_sync_new(struct rk_sync **out, int kind, int64_t capacity); /* capacity of a queue; one count */
int rk_sync_find(struct rk_sync **out, int kind, int64_t id);      /* takes a count */
void rk_sync_hold(struct rk_sync *s);
void rk_sync_drop(struct rk_sync *s);
int64_t rk_sync_id(const struct rk_sync *s);
/* A mutex belongs to the thread that locked it. */
int rk_mutex_lock(struct rk_sync *m, double seconds);
int rk_mutex_unlock(struct rk_sync *m);
/* Waiting is cut into slices, so that the caller can be interrupted without missing a signal: begin, poll until
 * RK_DONE, or end when it gives up. */
void rk_condition_begin(struct rk_sync *c);
int rk_condition_poll(struct rk_sync *c, double seconds);
void rk_condition_end(struct rk_sync *c);
void rk_condition_signal(struct rk_sync *c, int all);
/* A queue holds counts on storages; each goes with a number of the sender's. */
struct rk_item {
  struct rk_buffer bytes;
  int64_t tag;
};
int rk_queue_put(struct rk_sync *q, const struct rk_item *item, double seconds);
int rk_queue_take(struct rk_sync *q, struct rk_item *item, double seconds);
int64_t rk_queue_count(struct rk_sync *q);
int64_t rk_queue_capacity(struct rk_sync *q);

/* -- parcels -- */
/* Bytes that mention storages and other counted objects by address, and keep a count on each as long as they live. */
enum rk_held { RK_HELD_STORAGE, RK_HELD_SYNC, RK_HELD_TDS };
struct rk_hold {
  int64_t kind;
  void *object;
};
int rk_parcel_new(struct rk_buffer *out, int dtype, const void *bytes, int64_t length, const struct rk_hold *holds,
                  int64_t n);
int64_t rk_parcel_holds(const struct rk_buffer *b); /* how many; -1: b is no parcel */
#endif
