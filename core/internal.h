/* internal.h -- what the files of core/ share with each other and with nobody
 * else: raising errors, describing tensors in them, scratch memory, splitting
 * work among threads. */
#ifndef RK_INTERNAL_H
#define RK_INTERNAL_H
#include "rk.h"
#include <stdbool.h>

/* -- errors (error.c) -- */
/* Write the text of the failure and return its status: `return rk_fail(RK_EARG, "narrow: ...")`. */
int rk_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
#ifdef __clang_analyzer__ /* so that it sees that the status comes back */
#define rk_fail(status, ...) ((void)rk_fail(status, __VA_ARGS__), (status))
#endif
#define RK_TRY(e)                                                                                                      \
  do {                                                                                                                 \
    int status_ = (e);                                                                                                 \
    if (status_) return status_;                                                                                       \
  } while (0)
/* "FloatTensor [3x4]" for messages; a ring of 8 thread-local buffers, so several fit in one format. NULL gives "nil".
 */
const char *rk_describe(const struct rk_tensor *t);
const char *rk_describe_shape(int rank, const int64_t *shape); /* "[3x4]" */
/* RK_EARG "who: argument n: tensor expected, got nil" when t is NULL. */
int rk_need(const struct rk_tensor *t, const char *who, int n);
#ifdef __clang_analyzer__
#define rk_need(t, who, n) (rk_need(t, who, n), (t) ? RK_OK : RK_EARG)
#endif
/* All present, on the CPU, of one dtype: the usual opening of an entry point. `got` may be NULL-terminated early. */
int rk_same_dtype(const char *who, const struct rk_tensor *t, const struct rk_tensor *u);

/* -- memory (storage.c) -- */
/* Scratch from the caching allocator, 64-byte aligned; NULL and an error text when there is none. */
void *rk_scratch(int64_t bytes, const char *who);
void rk_scratch_free(void *p);
/* Storages with one count; `who` names the operation in the error. */
int rk_storage_new(struct rk_storage **out, int64_t bytes, const char *who);
int rk_storage_resize(struct rk_storage *s, int64_t bytes, const char *who);
void rk_storage_hold(struct rk_storage *s);
void rk_storage_drop(struct rk_storage *s);

/* -- tensors (tensor.c) -- */
extern const uint8_t rk_sizes[256];                    /* bytes of an element by dtype; 0 for what is none */
static inline char *rk_at(const struct rk_tensor *t) { /* address of element (0, 0, ...) */
  return t->mem && t->mem->data ? (char *)t->mem->data + t->start * rk_sizes[(uint8_t)t->dt] : NULL;
}
/* Fill in shape and packed steps, checking rank, sizes and the product. */
int rk_layout(struct rk_tensor *t, int rank, const int64_t *shape, const char *who);
/* Make `out` a tensor of that shape for a result: as it is when it has the shape already, else resized, packed. */
int rk_result(struct rk_tensor *out, int rank, const int64_t *shape, const char *who);
/* Drop dims of size 1 and merge neighbours that step as one, of n tensors that share `shape` (rank may become 0: one
 * element). step[k] points to RK_MAX_DIMS entries each, changed in place with shape. Returns the new rank. */
int rk_collapse(int rank, int64_t *shape, int n, int64_t *const *step);
/* tmp (zeroed) shows what x does, bare or not, for the length of a call; drop it. */
void rk_lend(struct rk_tensor *tmp, const struct rk_tensor *x);
/* RK_EBARE for a tensor, or for the one that a storage lies in. */
int rk_refuse_bare(const struct rk_tensor *t);
int rk_refuse_inside(const struct rk_storage *s);
static inline bool rk_is_inside(const struct rk_storage *s) { return s && s->flags & RK_INSIDE; }
/* Give a tensor without storage one inside of it, packed, for elements of a known dtype; false where there is no room.
 */
bool rk_keep_inside(struct rk_tensor *t, int dtype, int rank, const int64_t *shape);
/* tmp: a packed tensor with x's elements, a view when x is packed already, else a copy. Drop it. */
int rk_packed_view(struct rk_tensor *tmp, const struct rk_tensor *x);
/* Do the memories that two tensors show overlap without being the very same view? */
bool rk_overlap(const struct rk_tensor *t, const struct rk_tensor *u);

/* -- the BLAS library (blas.c) -- */
/* A symbol of the BLAS that is in use, opened by the first call: "dgesv_". NULL when there is none. */
void *rk_blas_symbol(const char *name);

/* -- threads (thread.c) -- */
/* Call f(arg, k) for k in [0, parts), on several threads when `work` (about: bytes or operations
 * touched in all) makes that pay. The parts are the caller's and do not depend on the number of threads: same bits. */
void rk_parallel(int64_t parts, int64_t work, void (*f)(void *arg, int64_t part), void *arg);
enum { RK_WORK_PER_THREAD = 1 << 15 };

/* -- interruption (thread.c): see rk_interrupt_flag -- */
/* As rk_parallel, but no part is begun any more once the caller's flag is set: RK_EINTERRUPT. A part should take less
 * than a tenth of a second or look at the flag itself. What parts find out and later addresses depend on (positions
 * checked, elements counted) may be used when this returns RK_OK only. */
int rk_parallel_try(int64_t parts, int64_t work, void (*f)(void *arg, int64_t part), void *arg);
/* For loops within parts, which run on other threads: ask by the flag of the caller. */
static inline bool rk_stopped(const int *flag) { return __atomic_load_n(flag, __ATOMIC_RELAXED) != 0; }
int rk_interrupted(void); /* RK_EINTERRUPT and its text when the caller's flag is set */
#endif
