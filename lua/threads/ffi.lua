--- What `threads` and `tds` use of the C library beyond core/rk.h: core/states.h and core/tds.h, declared here.
-- @module threads.ffi

local ffi = require 'ffi'
local C = require 'torch.ffi'

ffi.cdef [[
enum rk_wait { RK_DONE = 0, RK_TIMEOUT = 1, RK_REFUSED = -1 };

struct rk_thread;
int rk_thread_start(struct rk_thread **out, const char *code, int64_t length, int cores);
int rk_thread_join(struct rk_thread *t, double seconds);
void rk_thread_abandon(struct rk_thread *t);

enum rk_sync_kind { RK_MUTEX, RK_CONDITION, RK_QUEUE };
struct rk_sync;
int rk_sync_new(struct rk_sync **out, int kind, int64_t capacity);
int rk_sync_find(struct rk_sync **out, int kind, int64_t id);
void rk_sync_hold(struct rk_sync *s);
void rk_sync_drop(struct rk_sync *s);
int64_t rk_sync_id(const struct rk_sync *s);
int rk_mutex_lock(struct rk_sync *m, double seconds);
int rk_mutex_unlock(struct rk_sync *m);
void rk_condition_begin(struct rk_sync *c);
int rk_condition_poll(struct rk_sync *c, double seconds);
void rk_condition_end(struct rk_sync *c);
void rk_condition_signal(struct rk_sync *c, int all);
struct rk_item { struct rk_buffer bytes; int64_t tag; };
int rk_queue_put(struct rk_sync *q, const struct rk_item *item, double seconds);
int rk_queue_take(struct rk_sync *q, struct rk_item *item, double seconds);
int64_t rk_queue_count(struct rk_sync *q);
int64_t rk_queue_capacity(struct rk_sync *q);

enum rk_held { RK_HELD_STORAGE, RK_HELD_SYNC, RK_HELD_TDS };
struct rk_hold { int64_t kind; void *object; };
int rk_parcel_new(struct rk_buffer *out, int dtype, const void *bytes, int64_t length, const struct rk_hold *holds,
                  int64_t n);
int64_t rk_parcel_holds(const struct rk_buffer *b);

enum rk_cell_kind { RK_CELL_NIL, RK_CELL_NUMBER, RK_CELL_BOOLEAN, RK_CELL_STRING, RK_CELL_TENSOR, RK_CELL_STORAGE,
  RK_CELL_TDS };
struct rk_cell { int32_t kind, dt; union { double number; void *object; }; };
int rk_cell_set_string(struct rk_cell *c, const char *text, int64_t length);
int rk_cell_set_tensor(struct rk_cell *c, const struct rk_tensor *t);
int rk_cell_set_storage(struct rk_cell *c, const struct rk_buffer *b);
void rk_cell_drop(struct rk_cell *c);
const char *rk_cell_string(const struct rk_cell *c, int64_t *length);
int rk_cell_tensor(const struct rk_cell *c, struct rk_tensor *t);
int rk_cell_storage(const struct rk_cell *c, struct rk_buffer *b);

enum rk_tds_kind { RK_TDS_HASH, RK_TDS_VEC, RK_TDS_COUNTER };
struct rk_tds;
int rk_tds_new(struct rk_tds **out, int kind);
void rk_tds_hold(struct rk_tds *t);
void rk_tds_drop(struct rk_tds *t);
int rk_tds_kind(const struct rk_tds *t);
int64_t rk_tds_count(struct rk_tds *t);
int rk_vec_get(struct rk_tds *v, int64_t at, struct rk_cell *out);
int rk_vec_set(struct rk_tds *v, int64_t at, struct rk_cell *c);
int rk_vec_insert(struct rk_tds *v, int64_t at, struct rk_cell *c);
int rk_vec_remove(struct rk_tds *v, int64_t at, struct rk_cell *out);
int rk_vec_resize(struct rk_tds *v, int64_t count);
int rk_vec_permute(struct rk_tds *v, const double *order, int64_t count);
int rk_hash_get(struct rk_tds *h, const struct rk_cell *key, struct rk_cell *out);
int rk_hash_set(struct rk_tds *h, struct rk_cell *key, struct rk_cell *value);
int rk_hash_next(struct rk_tds *h, int64_t *at, struct rk_cell *key, struct rk_cell *value);
int rk_tds_clear(struct rk_tds *t);
double rk_counter_add(struct rk_tds *c, double n);
double rk_counter_get(struct rk_tds *c);
void rk_counter_set(struct rk_tds *c, double n);

/* Handles that Lua collects: what they point to is counted. */
struct rk_sync_handle { struct rk_sync *object; int keep, kind; };
struct rk_hash_handle { struct rk_tds *object; };
struct rk_vec_handle { struct rk_tds *object; };
struct rk_counter_handle { struct rk_tds *object; };
]]

return C
