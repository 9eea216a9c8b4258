/* tds.h -- containers outside of the Lua heap, shared by Lua states; declared to Lua by lua/threads/ffi.lua. */
#ifndef RK_TDS_H
#define RK_TDS_H
#include "rk.h"

/* -- cells: what containers hold -- */
enum rk_cell_kind {
  RK_CELL_NIL,
  RK_CELL_NUMBER,
  RK_CELL_BOOLEAN,
  RK_CELL_STRING,
  RK_CELL_TENSOR,
  RK_CELL_STORAGE,
  RK_CELL_TDS
};
struct rk_cell {
  int32_t kind, dt; /* dt: of a storage */
  union {
    double number; /* booleans: 0 or 1 */
    void *object;  /* counted */
  };
};
int rk_cell_set_string(struct rk_cell *c, const char *text, int64_t length);
int rk_cell_set_tensor(struct rk_cell *c, const struct rk_tensor *t); /* shares its storage */
int rk_cell_set_storage(struct rk_cell *c, const struct rk_buffer *b);
void rk_cell_drop(struct rk_cell *c); /* becomes nil */
const char *rk_cell_string(const struct rk_cell *c, int64_t *length);
int rk_cell_tensor(const struct rk_cell *c, struct rk_tensor *t); /* a view of it */
int rk_cell_storage(const struct rk_cell *c, struct rk_buffer *b);

/* -- containers -- */
enum rk_tds_kind { RK_TDS_HASH, RK_TDS_VEC, RK_TDS_COUNTER };
struct rk_tds;
int rk_tds_new(struct rk_tds **out, int kind); /* one count */
void rk_tds_hold(struct rk_tds *t);
void rk_tds_drop(struct rk_tds *t);
int rk_tds_kind(const struct rk_tds *t);
int64_t rk_tds_count(struct rk_tds *t); /* elements */

/* Whatever is put in goes over with its counts (and is dropped when that fails); what is got has counts of its own.
 * Places count from 0. */
int rk_vec_get(struct rk_tds *v, int64_t at, struct rk_cell *out); /* nil past the end */
int rk_vec_set(struct rk_tds *v, int64_t at, struct rk_cell *c);   /* grows, nils in between */
int rk_vec_insert(struct rk_tds *v, int64_t at, struct rk_cell *c);
int rk_vec_remove(struct rk_tds *v, int64_t at, struct rk_cell *out);
int rk_vec_resize(struct rk_tds *v, int64_t count);
int rk_vec_permute(struct rk_tds *v, const double *order,
                   int64_t count); /* element k becomes the one at order[k] - 1 */

int rk_hash_get(struct rk_tds *h, const struct rk_cell *key, struct rk_cell *out);
int rk_hash_set(struct rk_tds *h, struct rk_cell *key, struct rk_cell *value); /* nil removes */
/* The first element from place *at on, which moves past it; 0 when there is none. In the order of insertion. */
int rk_hash_next(struct rk_tds *h, int64_t *at, struct rk_cell *key, struct rk_cell *value);
int rk_tds_clear(struct rk_tds *t);

double rk_counter_add(struct rk_tds *c, double n); /* the sum */
double rk_counter_get(struct rk_tds *c);
void rk_counter_set(struct rk_tds *c, double n);
#endif
