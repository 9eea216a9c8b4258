/* states_test.c -- mutexes, conditions, queues, parcels and containers used by several threads at once. Lua states
 * themselves are tested by test/threads: this program has no Lua. */
#include "states.h"
#include "tds.h"
#include "test.h"
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 2000 };

static void on_threads(void *(*f)(void *), void *arg) {
  pthread_t t[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, f, arg);
  for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
}

static void no_lua(void) {
  struct rk_thread *t;
  CHECK_FAILS(rk_thread_start(&t, "", 0, 0), RK_ESYS, "luajit");
  CHECK_EQ(rk_thread_join(NULL, 0), RK_DONE);
}

static void found_by_number(void) {
  struct rk_sync *m, *again;
  CHECK_OK(rk_sync_new(&m, RK_MUTEX, 0));
  const int64_t id = rk_sync_id(m);
  CHECK_OK(rk_sync_find(&again, RK_MUTEX, id));
  CHECK(again == m);
  rk_sync_drop(again);
  CHECK_FAILS(rk_sync_find(&again, RK_QUEUE, id), RK_EARG, "there is no queue");
  rk_sync_drop(m);
  CHECK_FAILS(rk_sync_find(&again, RK_MUTEX, id), RK_EARG, "there is no mutex");
  CHECK_FAILS(rk_sync_new(&m, RK_QUEUE, 0), RK_EARG, "argument 1");
}

static struct {
  struct rk_sync *mutex, *condition, *queue;
  int64_t count, sum;
} shared;

static void *count_up(void *arg) {
  (void)arg;
  for (int i = 0; i < ROUNDS; i++) {
    while (rk_mutex_lock(shared.mutex, 0.01)) {}
    shared.count++;
    if (rk_mutex_unlock(shared.mutex)) abort();
  }
  return NULL;
}

static void excluded(void) {
  CHECK_OK(rk_sync_new(&shared.mutex, RK_MUTEX, 0));
  on_threads(count_up, NULL);
  CHECK_EQ(shared.count, THREADS * ROUNDS);
  CHECK_EQ(rk_mutex_unlock(shared.mutex), RK_REFUSED);
  CHECK_EQ(rk_mutex_lock(shared.mutex, 0), RK_DONE);
  CHECK_EQ(rk_mutex_lock(shared.mutex, 0), RK_REFUSED);
  CHECK_EQ(rk_mutex_unlock(shared.mutex), RK_DONE);
  rk_sync_drop(shared.mutex);
}

static void *signal_one(void *arg) {
  (void)arg;
  rk_condition_signal(shared.condition, 0);
  return NULL;
}

static void signalled(void) { /* a signal between two slices of a wait is not lost */
  CHECK_OK(rk_sync_new(&shared.condition, RK_CONDITION, 0));
  rk_condition_signal(shared.condition, 0); /* nobody waits */
  rk_condition_begin(shared.condition);
  CHECK_EQ(rk_condition_poll(shared.condition, 0.01), RK_TIMEOUT);
  on_threads(signal_one, NULL);
  CHECK_EQ(rk_condition_poll(shared.condition, 1), RK_DONE);
  rk_condition_begin(shared.condition);
  CHECK_EQ(rk_condition_poll(shared.condition, 0.01), RK_TIMEOUT);
  rk_condition_end(shared.condition);
  rk_sync_drop(shared.condition);
}

static void *produce(void *arg) {
  (void)arg;
  for (int64_t i = 1; i <= ROUNDS; i++) {
    struct rk_item item = {.tag = i};
    struct rk_buffer held;
    if (rk_buffer_init(&held, RK_u8, 100)) abort();
    memset(held.mem->data, 1, 100);
    struct rk_hold hold = {RK_HELD_STORAGE, held.mem};
    if (rk_parcel_new(&item.bytes, RK_i8, &held.mem, sizeof held.mem, &hold, 1)) abort();
    rk_buffer_drop(&held); /* the parcel keeps it */
    while (rk_queue_put(shared.queue, &item, 0.01)) {}
    rk_buffer_drop(&item.bytes);
  }
  return NULL;
}

static void *consume(void *arg) {
  (void)arg;
  for (int64_t i = 1; i <= ROUNDS; i++) {
    struct rk_item item;
    while (rk_queue_take(shared.queue, &item, 0.01)) {}
    struct rk_storage *held;
    memcpy(&held, item.bytes.mem->data, sizeof held);
    __atomic_add_fetch(&shared.sum, item.tag * ((unsigned char *)held->data)[99], __ATOMIC_RELAXED);
    if (rk_parcel_holds(&item.bytes) != 1) abort();
    rk_buffer_drop(&item.bytes);
  }
  return NULL;
}

static void queued(void) {
  const int64_t live = rk_live_bytes;
  CHECK_OK(rk_sync_new(&shared.queue, RK_QUEUE, 3));
  pthread_t producers[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&producers[i], NULL, produce, NULL);
  on_threads(consume, NULL);
  for (int i = 0; i < THREADS; i++) pthread_join(producers[i], NULL);
  CHECK_EQ(shared.sum, (int64_t)THREADS * ROUNDS * (ROUNDS + 1) / 2);
  CHECK_EQ(rk_queue_count(shared.queue), 0);
  struct rk_item item = {.tag = 1};
  CHECK_EQ(rk_queue_take(shared.queue, &item, 0), RK_TIMEOUT);
  CHECK_EQ(rk_queue_put(shared.queue, &item, 0), RK_REFUSED);
  CHECK_OK(rk_buffer_init(&item.bytes, RK_u8, 10));
  CHECK_EQ(rk_queue_put(shared.queue, &item, 0), RK_DONE);
  rk_buffer_drop(&item.bytes);
  rk_sync_drop(shared.queue); /* with something in it */
  CHECK_EQ(rk_live_bytes, live);
}

static struct rk_tds *vec, *hash, *counter;

static void *use_containers(void *arg) {
  (void)arg;
  for (int i = 0; i < ROUNDS; i++) {
    struct rk_cell key = {.kind = RK_CELL_NUMBER, .number = i % 50}, value, out;
    if (rk_cell_set_string(&value, "some text", 9)) abort();
    if (rk_hash_set(hash, &key, &value)) abort();
    struct rk_cell back = {.kind = RK_CELL_TDS, .object = hash};
    rk_tds_hold(hash);
    if (rk_vec_set(vec, i % 20, &back) || rk_vec_get(vec, i % 7, &out)) abort();
    rk_cell_drop(&out);
    key = (struct rk_cell){.kind = RK_CELL_NUMBER, .number = i % 30};
    if (rk_hash_get(hash, &key, &out)) abort();
    rk_cell_drop(&out);
    value.kind = RK_CELL_NIL;
    if (i % 3 == 0 && rk_hash_set(hash, &key, &value)) abort();
    int64_t at = 0;
    while (i % 100 == 0 && rk_hash_next(hash, &at, &key, &value)) {
      rk_cell_drop(&key);
      rk_cell_drop(&value);
    }
    if (i % 500 == 0 && rk_vec_resize(vec, 5)) abort();
    rk_counter_add(counter, 2);
  }
  return NULL;
}

static void contained(void) {
  const int64_t live = rk_live_bytes;
  CHECK_OK(rk_tds_new(&vec, RK_TDS_VEC));
  CHECK_OK(rk_tds_new(&hash, RK_TDS_HASH));
  CHECK_OK(rk_tds_new(&counter, RK_TDS_COUNTER));
  on_threads(use_containers, NULL);
  CHECK(rk_counter_get(counter) == 2.0 * THREADS * ROUNDS);
  CHECK_EQ(rk_tds_count(vec), 20);
  CHECK(rk_tds_count(hash) <= 50);
  struct rk_cell c;
  CHECK_FAILS(rk_vec_get(hash, 0, &c), RK_EARG, "tds.Vec expected");
  rk_tds_drop(hash);
  rk_tds_drop(vec);
  rk_tds_drop(counter);
  CHECK_EQ(rk_live_bytes, live);
}

int main(void) {
  RUN(no_lua);
  RUN(found_by_number);
  RUN(excluded);
  RUN(signalled);
  RUN(queued);
  RUN(contained);
  return test_done();
}
