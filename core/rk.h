/* rk.h -- the whole public C API of librekindle, and its manual.
 *
 * Both the C compiler and LuaJIT's FFI read this file: the build preprocesses
 * it (`cc -E -P -DRK_CDEF`) and embeds the text in the library, so it holds
 * only what LuaJIT's C parser understands (enums, plain structs, prototypes).
 *
 * Conventions
 *  - A function that can fail returns a status, RK_OK = 0; rk_error() then
 *    holds the text. Everything is checked before anything is allocated or
 *    changed. Nothing exits, aborts, prints or installs signal handlers.
 *  - `out` comes first. Arguments are borrowed. No function returns an owned
 *    tensor: it fills a struct that the caller provides and later drops.
 *  - NULL for a required tensor is an error (nil arrives from Lua as NULL);
 *    arguments that may be NULL say so.
 *  - Dimensions and indices count from 0 here; Lua counts from 1.
 *  - Results that depend on the shape are resized: `out` keeps its storage
 *    when it is large enough. A tensor without storage (all zero bytes, dtype
 *    set) is a valid `out` everywhere.
 *  - Sizes in elements unless a name says bytes. */
#ifndef RK_H
#define RK_H
#ifndef RK_CDEF
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#endif
#include "dtypes.h"
#include "ops.h"
#include "updates.h"

/* -- status ------------------------------------------------------------------ */
enum rk_status {
  RK_OK = 0,
  RK_ENOMEM,     /* out of memory: the text has the size asked for and what is held */
  RK_EARG,       /* a wrong argument */
  RK_ESHAPE,     /* shapes that do not fit */
  RK_EDTYPE,     /* an element type that does not fit */
  RK_EDEVICE,    /* not on this device */
  RK_ESYS,       /* the system refused: file, library, thread */
  RK_EINTERRUPT, /* left early: rk_interrupt_flag */
  RK_EBARE,      /* nothing was done: a bare tensor must be owned first (rk_tensor_own), then the call repeated */
  RK_TAKEN       /* done; but a result that was bare holds a count now (functions that say so) */
};
/* Text of this thread's last failure: "op: what was wrong", with shapes. */
const char *rk_error(void);
const char *rk_version(void); /* "0.1.0" */
const char *rk_isa(void);     /* loops in use: "base", "avx2", "avx512" (RK_ISA overrides) */

/* -- what the library contains ------------------------------------------------ */
#define RK_DT_(name, ...) RK_##name,
enum rk_dtype { RK_DTYPES(RK_DT_, ) RK_NDTYPES };
#undef RK_DT_
const char *rk_dtype_name(int dtype);  /* "float32"; NULL past the end */
const char *rk_dtype_class(int dtype); /* "Float" */
int rk_dtype_size(int dtype);          /* bytes */
int rk_dtype_is_float(int dtype);

#define RK_OPID_(name, ...) RK_OP_##name,
enum rk_op { RK_OP1(RK_OPID_, ) RK_OP2(RK_OPID_, ) RK_OP3(RK_OPID_, ) RK_CMP(RK_OPID_, ) RK_NOPS };
#undef RK_OPID_
#define RK_REDID_(name, ...) RK_RED_##name,
enum rk_red { RK_RED(RK_REDID_, ) RK_NREDS };
#undef RK_REDID_
/* the number of tensor inputs; RK_COMPARE: 2, or 1 and a number */
enum rk_op_kind { RK_MAP1 = 1, RK_MAP2, RK_MAP3, RK_COMPARE };
enum rk_op_class { RK_NUM, RK_FLT, RK_INT }; /* dtypes the op is defined on */
const char *rk_op_name(int op);              /* NULL past the end */
const char *rk_op_doc(int op);               /* one sentence with the formula */
int rk_op_kind(int op);
int rk_op_class(int op);
int rk_op_scalars(int op); /* how many of a, b it reads: 0, 1, 2 */
int rk_op_has_grad(int op);
int rk_op_defined(int op, int dtype);
const char *rk_red_name(int red);
const char *rk_red_doc(int red);
int rk_red_defined(int red, int dtype);

/* -- storage: counted memory --------------------------------------------------- */
enum { RK_CPU = 0 };
/* One block of memory, shared by the tensors that hold a count on it. `data`
 * moves when the storage is resized, so it is always read through here. */
struct rk_storage {
  void *data;
  int64_t bytes; /* in use */
  int64_t room;  /* allocated; 0 for memory that is not ours */
  int32_t refs;
  int16_t device;
  int16_t flags;                        /* enum rk_storage_flags */
  void (*release)(struct rk_storage *); /* returns memory that is not ours; may be NULL */
  void *owner;                          /* for release */
};
/* RK_FIXED: refuses to be resized; RK_INSIDE: of a bare tensor, and gone with it */
enum rk_storage_flags { RK_FIXED = 1, RK_MAPPED = 2, RK_FOREIGN = 4, RK_INSIDE = 8 };

/* What Lua calls a storage: one count on a block, and the type it is read as. */
struct rk_buffer {
  struct rk_storage *mem;
  int8_t dt, dev;
};
int rk_buffer_init(struct rk_buffer *b, int dtype, int64_t count); /* contents undefined */
/* Map a file. shared: writes go to the file, which is created or grown to
 * `count` elements; otherwise they stay private. shared 2: also, the file,
 * an object of shared memory, is removed when the mapping goes. count 0: the
 * whole file. offset in bytes; in a shared mapping a multiple of the element's size. */
int rk_buffer_map(struct rk_buffer *b, int dtype, const char *path, int shared, int64_t count, int64_t offset);
/* Read `bytes` at `offset` of a regular file with all threads; *got: how many there were before its end. The file's
 * own position stays. */
int rk_file_read(int fd, int64_t offset, void *to, int64_t bytes, int64_t *got);
/* Use memory of someone else; release (may be NULL) is called with the storage when the last count goes. */
int rk_buffer_wrap(struct rk_buffer *b, int dtype, void *data, int64_t count, void (*release)(struct rk_storage *),
                   void *owner);
/* a fixed window on `of` */
int rk_buffer_part(struct rk_buffer *b, const struct rk_buffer *of, int64_t first, int64_t count);
int rk_buffer_share(struct rk_buffer *b, const struct rk_buffer *of);
int rk_buffer_resize(struct rk_buffer *b, int64_t count); /* keeps the leading elements */
int64_t rk_buffer_count(const struct rk_buffer *b);
void rk_buffer_drop(struct rk_buffer *b);

/* Bytes held by live storages of the CPU: drives the Lua collector. Read only. */
extern int64_t rk_live_bytes;
int64_t rk_cached_bytes(void); /* freed but kept for reuse */
void rk_trim(void);            /* give the cached bytes back to the system */
/* Test hook: the n-th allocation from now on fails (0: never). */
void rk_fail_allocation(int64_t n);
int64_t rk_allocations(void); /* how many allocations this process has made */

/* -- tensor: a plain value that holds one count on its storage ----------------- */
enum { RK_MAX_DIMS = 12, RK_INSIDE_DIMS = 6 };
/* The storage of a bare tensor (below) behind its shape; its elements lie behind its steps. */
struct rk_inside {
  int64_t shape[RK_INSIDE_DIMS];
  struct rk_storage mem;
};
/* Field names must not be method names: on a LuaJIT cdata a field hides a
 * method (a field `size` would break t:size()). A spec checks. */
struct rk_tensor {
  struct rk_storage *mem; /* NULL: never sized */
  int64_t start;          /* of element (0, 0, ...), in elements */
  int8_t dt, dev;         /* enum rk_dtype; device */
  int16_t rank;           /* 0: the empty tensor, no elements (Torch7's rule) */
  int32_t bare;           /* 1: nobody will drop this tensor, see below */
  union {
    int64_t shape[RK_MAX_DIMS];
    struct rk_inside inside; /* of a bare tensor */
  };
  int64_t step[RK_MAX_DIMS]; /* in elements; 0 repeats */
};
/* Bare tensors. A finalizer costs Lua's collector more than a sum of ten numbers takes, so a small fresh result does
 * without: it holds no count. Up to RK_INSIDE_DIMS dimensions and as many bytes as unused steps leave (88 of a vector),
 * its storage and elements lie in the tensor itself; `mem` points there, and every function that computes treats it as
 * any other tensor. It must not be moved. To share its elements (views, storages), to resize it or to give it another
 * storage is refused by RK_EBARE before anything is done; rk_tensor_own makes it an ordinary tensor that somebody has
 * to drop. In C a tensor becomes bare only if `bare` is set while it has no storage; those that come from Lua may be.
 */
int rk_tensor_own(struct rk_tensor *t);    /* an ordinary tensor stays as it is */
struct rk_tensor *rk_tensor_refused(void); /* the tensor of this thread's last RK_EBARE */
int64_t rk_tensor_refusals(void);          /* how many RK_EBARE this process has seen */
int rk_tensor_init(struct rk_tensor *t, int dtype, int rank, const int64_t *shape); /* contents undefined */
int rk_tensor_init1(struct rk_tensor *t, int dtype, int64_t n); /* a vector: the same, without a shape array */
int rk_tensor_init2(struct rk_tensor *t, int dtype, int64_t n, int64_t m);
int rk_tensor_like(struct rk_tensor *t, const struct rk_tensor *x); /* fresh, packed, shape and dtype of x */
/* The same, bare where the elements find room inside; RK_TAKEN where they do not. */
int rk_tensor_small(struct rk_tensor *t, int dtype, int rank, const int64_t *shape);
int rk_tensor_small1(struct rk_tensor *t, int dtype, int64_t n);
int rk_tensor_small2(struct rk_tensor *t, int dtype, int64_t n, int64_t m);
int rk_tensor_small_like(struct rk_tensor *t, const struct rk_tensor *x);
void rk_tensor_drop(struct rk_tensor *t); /* gives the count back; t becomes empty, dtype stays */
/* Point t at what `of` shows (Torch's set). t may hold something, which is dropped; dtypes must agree unless t is
 * fresh. */
int rk_tensor_view(struct rk_tensor *t, const struct rk_tensor *of);
/* Point t at a buffer. step NULL: packed rows. The storage grows when the view reaches past its end (Torch's rule). b
 * NULL: empty. */
int rk_tensor_set(struct rk_tensor *t, const struct rk_buffer *b, int64_t start, int rank, const int64_t *shape,
                  const int64_t *step);
/* Torch's resize: same sizes leave t as it is; else packed rows from `start`, the storage grown when needed, contents
 * kept as bytes. */
int rk_tensor_resize(struct rk_tensor *t, int rank, const int64_t *shape, const int64_t *step);
int rk_tensor_resize_as(struct rk_tensor *t, const struct rk_tensor *x);
int rk_tensor_buffer(const struct rk_tensor *t, struct rk_buffer *b); /* take a count on t's storage */
int64_t rk_tensor_count(const struct rk_tensor *t);
int rk_tensor_packed(const struct rk_tensor *t); /* row-major without gaps? */
int rk_tensor_same_shape(const struct rk_tensor *t, const struct rk_tensor *u);
int rk_tensor_same_view(const struct rk_tensor *t, const struct rk_tensor *u); /* same storage, start, shape, step */

/* Views: `out` shares x's storage. out may be x itself. */
int rk_narrow(struct rk_tensor *out, const struct rk_tensor *x, int dim, int64_t first, int64_t length);
int rk_select(struct rk_tensor *out, const struct rk_tensor *x, int dim, int64_t index); /* drops dim */
int rk_transpose(struct rk_tensor *out, const struct rk_tensor *x, int d1, int d2);
int rk_permute(struct rk_tensor *out, const struct rk_tensor *x, int rank, const int64_t *order);
/* windows in a new last dim */
int rk_unfold(struct rk_tensor *out, const struct rk_tensor *x, int dim, int64_t size, int64_t step);
/* rank may be larger: new leading dims */
int rk_expand(struct rk_tensor *out, const struct rk_tensor *x, int rank, const int64_t *shape);
int rk_squeeze(struct rk_tensor *out, const struct rk_tensor *x, int dim); /* dim -1: all of size 1 */
int rk_unsqueeze(struct rk_tensor *out, const struct rk_tensor *x, int dim);
/* Another shape on the same elements, without copying: RK_ESHAPE when the steps do not allow it. One size may be -1. */
int rk_reshape(struct rk_tensor *out, const struct rk_tensor *x, int rank, const int64_t *shape);
int rk_diagonal(struct rk_tensor *out, const struct rk_tensor *x, int64_t k); /* of a matrix, as a vector */

/* Elements. Offsets are absolute in the storage (start included). */
/* FLT dtypes: f. INT dtypes: i exactly, and f the nearest double. */
struct rk_value {
  double f;
  int64_t i;
};
int rk_peek(const struct rk_tensor *t, int64_t offset, struct rk_value *v);
int rk_poke(struct rk_tensor *t, int64_t offset, double f, int64_t i); /* FLT stores f, INT stores i */
/* Any dtype and layout to any other with as many elements, in row-major order of both; converts like a C cast on x86
 * (floats to integers through int32, for Long int64; NaN and what does not fit give its lowest value). Overlapping
 * memory is safe. */
int rk_copy(struct rk_tensor *out, const struct rk_tensor *x);
int rk_fill(struct rk_tensor *out, double value);       /* cast to the dtype */
int rk_fill_long(struct rk_tensor *out, int64_t value); /* the same from an exact integer */
int rk_zero(struct rk_tensor *out);
/* out[k] = first + k*step over the elements of out, accumulated as first + k*step in double (int64 for INT) */
int rk_range(struct rk_tensor *out, double first, double step);
/* Bulk traffic with C arrays in row-major order: n must be the element count. */
int rk_read_doubles(const struct rk_tensor *t, double *to, int64_t n);
int rk_write_doubles(struct rk_tensor *t, const double *from, int64_t n);

/* -- pointwise ------------------------------------------------------------------ */
/* out[k] = f(x[k], y[k], z[k]; a, b), rows of ops.h. All tensors of one dtype
 * (comparisons: out may also be u8). Inputs with equal element counts go
 * pointwise whatever their shapes, out shaped like the first; else shapes that
 * broadcast, broadcast; else RK_ESHAPE. out may be an input; partial overlap
 * is safe (computed aside). a, b are cast to the dtype first (rk_map*_long:
 * given as exact integers). Same bits on any ISA and number of threads. A bare
 * out without storage gets one: RK_TAKEN when it was too small for the result. */
int rk_map1(int op, struct rk_tensor *out, const struct rk_tensor *x, double a, double b);
int rk_map2(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y, double a);
int rk_map3(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y,
            const struct rk_tensor *z, double a);
int rk_map1_long(int op, struct rk_tensor *out, const struct rk_tensor *x, int64_t a, int64_t b);
int rk_map2_long(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y, int64_t a);
int rk_map3_long(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y,
                 const struct rk_tensor *z, int64_t a);
/* out[k] = x[k] <op> y[k] as 0/1. y NULL: against the number a (or the exact integer i where the dtype is INT and
 * `exact`). */
int rk_compare(int op, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *y, double a);
int rk_compare_long(int op, struct rk_tensor *out, const struct rk_tensor *x, int64_t a);
/* dx = g * f'(x), with y = f(x) as computed by rk_map1 and the same a, b. */
int rk_map_grad(int op, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *y,
                const struct rk_tensor *g, double a, double b);
/* The same for a row of two inputs: dx = g * df/dx (which 0) or g * df/dy (which 1), with z = f(x, y) as computed by
 * rk_map2. */
int rk_map2_grad(int op, int which, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *y,
                 const struct rk_tensor *z, const struct rk_tensor *g, double a);
/* x += y, the call of calls: as rk_map2(RK_OP_cadd, x, x, y, 1), with the fewest arguments. */
int rk_add_to(struct rk_tensor *x, const struct rk_tensor *y);
/* The scalar function of a FLT row of one input, on one number. */
int rk_map1_number(int op, double x, double a, double b, double *out);

/* -- reductions ------------------------------------------------------------------ */
/* Over everything. Integers accumulate in int64, floats as documented in
 * reduce.c; fixed lanes and chunks: same bits on any ISA and thread count. An empty tensor
 * gives the neutral element where there is one (sum 0, prod 1), else RK_ESHAPE. p: for norm-like rows. */
int rk_reduce(int red, const struct rk_tensor *x, double p, struct rk_value *out);
/* Over one dimension, which stays with size 1; integers wrap in the dtype. */
int rk_reduce_dim(int red, struct rk_tensor *out, const struct rk_tensor *x, int dim, double p);
/* Largest (sign > 0) or smallest along dim with its index (i64, 1-based as Torch shows it); first on ties, NaN wins. */
int rk_extreme_dim(int sign, struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim);
/* Two passes (mean, then squared deviations, in double); biased: divide by n, else n - 1. root: standard deviation. */
int rk_variance(const struct rk_tensor *x, int biased, int root, double *out);
int rk_variance_dim(struct rk_tensor *out, const struct rk_tensor *x, int dim, int biased, int root);
int rk_norm(const struct rk_tensor *x, double p, double *out);
int rk_norm_dim(struct rk_tensor *out, const struct rk_tensor *x, double p, int dim);
int rk_dist(const struct rk_tensor *x, const struct rk_tensor *y, double p, double *out);
int rk_equal(const struct rk_tensor *x, const struct rk_tensor *y, int *out); /* same shape and values */

/* -- picking and placing (index.c) ------------------------------------------------ */
/* Index tensors are i64 and hold 1-based positions, as Torch's programs and files do; one out of range is RK_EARG and
 * nothing is changed. Masks are u8 with as many elements as x. Functions that change `out` want it sized. */
/* slices of x along dim */
int rk_index_select(struct rk_tensor *out, const struct rk_tensor *x, int dim, const struct rk_tensor *index);
/* the later of two equal indices stays */
int rk_index_copy(struct rk_tensor *out, int dim, const struct rk_tensor *index, const struct rk_tensor *src);
/* repeated indices add up */
int rk_index_add(struct rk_tensor *out, int dim, const struct rk_tensor *index, const struct rk_tensor *src);
int rk_index_fill(struct rk_tensor *out, int dim, const struct rk_tensor *index, double value);
/* out shaped like index */
int rk_gather(struct rk_tensor *out, const struct rk_tensor *x, int dim, const struct rk_tensor *index);
int rk_scatter(struct rk_tensor *out, int dim, const struct rk_tensor *index, const struct rk_tensor *src);
int rk_scatter_add(struct rk_tensor *out, int dim, const struct rk_tensor *index, const struct rk_tensor *src);
int rk_scatter_fill(struct rk_tensor *out, int dim, const struct rk_tensor *index, double value);
int rk_masked_fill(struct rk_tensor *out, const struct rk_tensor *mask, double value);
/* takes src in order */
int rk_masked_copy(struct rk_tensor *out, const struct rk_tensor *mask, const struct rk_tensor *src);
/* a vector; empty when none */
int rk_masked_select(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *mask);
int rk_nonzero(struct rk_tensor *out, const struct rk_tensor *x); /* i64, count x rank, 1-based; empty when none */

/* -- ordering (sort.c, scan.c) -------------------------------------------------------- */
/* Along dim; NaN counts as the largest. Sorts are stable. index: i64, 1-based. */
int rk_sort(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim, int descending);
int rk_topk(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int64_t k, int dim, int largest,
            int sorted);
/* k-th smallest, k from 1; dim stays with size 1 */
int rk_kth(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int64_t k, int dim);
/* the smallest of the most frequent */
int rk_mode(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim);
int rk_cumsum(struct rk_tensor *out, const struct rk_tensor *x, int dim);
int rk_cumprod(struct rk_tensor *out, const struct rk_tensor *x, int dim);
/* Largest (sign > 0) or smallest so far along dim, with its 1-based position: the first of equals; a NaN stays. */
int rk_cumextreme(int sign, struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x, int dim);
int rk_logcumsumexp(struct rk_tensor *out, const struct rk_tensor *x, int dim); /* log of the running sum of e^x */
/* Where each value would go into the sorted rows of the last dim (i64, 1-based): before equal elements, or behind them
 * (right). sorted: one row, or one for each row of values. */
int rk_searchsorted(struct rk_tensor *out, const struct rk_tensor *sorted, const struct rk_tensor *values, int right);

/* -- linear algebra ---------------------------------------------------------------- */
/* Any steps, any dtype (float32/64 through BLAS), results independent of the
 * steps; 0-sized operands are fine. beta 0 overwrites `out`, NaN or not. out must
 * have the right shape and may not overlap an input (RK_EARG); a broadcast out keeps the last value of each element. */
/* out = beta*out + alpha*a*b */
int rk_gemm(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a, const struct rk_tensor *b);
int rk_gemv(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a, const struct rk_tensor *x);
int rk_ger(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *x, const struct rk_tensor *y);
/* one product a batch */
int rk_bmm(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a, const struct rk_tensor *b);
/* their sum (addbmm) */
int rk_bmm_sum(struct rk_tensor *out, double beta, double alpha, const struct rk_tensor *a, const struct rk_tensor *b);
int rk_dot(const struct rk_tensor *x, const struct rk_tensor *y, struct rk_value *out); /* any equal counts */
const char *rk_blas(void); /* what serves gemm: "OpenBLAS 0.3.21 SkylakeX", "oneDNN ...", "own"; opens it */

/* -- decompositions (lapack.c) -------------------------------------------------------- */
/* LAPACK of the BLAS in use; float32 and float64. Inputs are matrices with any steps and are not changed; results are
 * resized. A matrix that does not allow the operation is RK_EARG naming the pivot, minor or eigenvalue at fault. */
/* a*x = b; lu packed */
int rk_gesv(struct rk_tensor *x, struct rk_tensor *lu, const struct rk_tensor *b, const struct rk_tensor *a);
/* least squares or least norm */
int rk_gels(struct rk_tensor *x, struct rk_tensor *qr, const struct rk_tensor *b, const struct rk_tensor *a);
int rk_trtrs(struct rk_tensor *x, const struct rk_tensor *b, const struct rk_tensor *a, int upper, int transposed,
             int unit);
/* ascending */
int rk_symeig(struct rk_tensor *e, struct rk_tensor *v, const struct rk_tensor *a, int vectors, int upper);
/* e: n x 2, real and imaginary */
int rk_eig(struct rk_tensor *e, struct rk_tensor *v, const struct rk_tensor *a, int vectors);
/* a = u*diag(s)*v' */
int rk_svd(struct rk_tensor *u, struct rk_tensor *s, struct rk_tensor *v, const struct rk_tensor *a, int full);
int rk_inverse(struct rk_tensor *out, const struct rk_tensor *a);
/* pivots: i32, 1-based; singular is allowed */
int rk_lu(struct rk_tensor *lu, struct rk_tensor *pivots, int *swaps, const struct rk_tensor *a);
int rk_potrf(struct rk_tensor *out, const struct rk_tensor *a, int upper); /* the other triangle is zero */
int rk_potrs(struct rk_tensor *x, const struct rk_tensor *b, const struct rk_tensor *factor, int upper);
int rk_potri(struct rk_tensor *out, const struct rk_tensor *factor, int upper); /* the whole symmetric inverse */
/* pivots: i32, 1-based */
int rk_pstrf(struct rk_tensor *out, struct rk_tensor *pivots, const struct rk_tensor *a, int upper, double tolerance);
int rk_geqrf(struct rk_tensor *m, struct rk_tensor *tau, const struct rk_tensor *a);
int rk_orgqr(struct rk_tensor *q, const struct rk_tensor *m, const struct rk_tensor *tau);
int rk_ormqr(struct rk_tensor *out, const struct rk_tensor *m, const struct rk_tensor *tau, const struct rk_tensor *c,
             int left, int transposed);
int rk_qr(struct rk_tensor *q, struct rk_tensor *r, const struct rk_tensor *a); /* reduced */

/* -- random -------------------------------------------------------------------------- */
/* mt19937 and Torch7's order of draws, bit for bit; see random.c. */
struct rk_random {
  uint64_t initial_seed;
  int32_t left, next, seeded;
  uint32_t state[624];
  double normal_x, normal_y, normal_rho;
  int32_t normal_is_valid;
};
struct rk_random *rk_random_default(void);               /* the process-wide generator; never NULL */
void rk_random_seed(struct rk_random *r, uint64_t seed); /* drops a cached normal */
int rk_random_fresh_seed(uint64_t *seed);                /* from the operating system */
uint32_t rk_random_word(struct rk_random *r);
double rk_random_uniform(struct rk_random *r, double a, double b);
double rk_random_normal(struct rk_random *r, double mean, double std);
double rk_random_exponential(struct rk_random *r, double lambda);
double rk_random_cauchy(struct rk_random *r, double median, double sigma);
double rk_random_log_normal(struct rk_random *r, double mean, double std);
int64_t rk_random_geometric(struct rk_random *r, double p);
int rk_random_bernoulli(struct rk_random *r, double p);
/* Fill `out` in row-major order, drawing as Torch7 does; parameters are checked. */
enum rk_distribution { RK_UNIFORM, RK_NORMAL, RK_EXPONENTIAL, RK_CAUCHY, RK_LOG_NORMAL, RK_GEOMETRIC, RK_BERNOULLI };
int rk_random_fill(struct rk_random *r, int distribution, struct rk_tensor *out, double a, double b);
int rk_random_fill_integers(struct rk_random *r, struct rk_tensor *out, int64_t a, int64_t b); /* a..b inclusive */
/* random() without bounds: the dtype's natural range */
int rk_random_fill_words(struct rk_random *r, struct rk_tensor *out);
/* one p an element */
int rk_random_fill_bernoulli(struct rk_random *r, struct rk_tensor *out, const struct rk_tensor *p);
int rk_random_permutation(struct rk_random *r, struct rk_tensor *out, int64_t n); /* 1..n */

/* -- layers: what is too heavy to be composed of ops ----------------------------------- */
/* Correlation of plain tensors over the last `dims` (2 or 3) dims: x (p, sizes), kernels k (o, p, sizes), out (o, sizes
 * of x less those of k, plus 1), resized: out[o] = sum over p of k[o][p] laid over x[p] wherever it fits. float32 and
 * float64; same bits on any ISA and number of threads. out: packed, with a storage of its own. */
int rk_correlate(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *k, int dims);

/* Convolution over 1 to 3 spatial dims. x (N, C, spatial...), weight (out, C/groups, kernel...),
 * transposed: weight (C, out/groups, kernel...). bias (out) or NULL. The order of dims is that of
 * the tensor (depth, height, width). float32 through oneDNN where it serves, else im2col + gemm.
 * A channels-last x (permuted steps) gives a channels-last result, any other a packed one. */
struct rk_conv {
  int32_t dims; /* 1, 2, 3 */
  int32_t groups, transposed;
  int32_t stride[3], pad[3], dilation[3], extra[3]; /* extra: added to a transposed result's size */
  /* Of the forward call, all 0 or NULL in the usual case: out = relu(convolution + bias + add). */
  int32_t last, relu;          /* a channels-last result whatever x is; max(., 0) */
  const struct rk_tensor *add; /* shaped like the result */
  struct rk_tensor *packed;    /* f32: keeps a reordered weight for the next call. The caller empties it when the
                                * weight's numbers have changed */
};
const char *rk_dnnl(void);      /* "oneDNN 2.6.3"; NULL: none serves. Opens it */
const char *rk_dnnl_note(void); /* then why: shut by RK_DNNL=off, not found, another version ... */
int rk_conv_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *weight,
                    const struct rk_tensor *bias, const struct rk_conv *c);
int rk_conv_backward_input(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *weight,
                           const struct rk_tensor *x, const struct rk_conv *c);
/* dw += scale * ..., db += scale * ... (db may be NULL) */
int rk_conv_backward_weight(struct rk_tensor *dw, struct rk_tensor *db, const struct rk_tensor *g,
                            const struct rk_tensor *x, double scale, const struct rk_conv *c);

struct rk_pool {
  int32_t dims;
  int32_t size[3], stride[3], pad[3], dilation[3];
  int32_t ceil_mode; /* round the result's size up; windows that start in the padding are dropped */
  int32_t count_pad; /* average: padding counts in the divisor */
};
/* index (i64, shape of out): 1-based position in the input plane, as Torch7 keeps it. */
int rk_maxpool_forward(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x,
                       const struct rk_pool *p);
int rk_maxpool_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *index,
                        const struct rk_tensor *x, const struct rk_pool *p);
int rk_avgpool_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_pool *p);
int rk_avgpool_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                        const struct rk_pool *p);

/* Batch normalisation over dim 1 of x (N, C, ...). weight, bias (C) or NULL.
 * train: uses and saves the batch's mean and 1/sqrt(var + eps), and moves the running ones by `momentum` (unbiased
 * variance). */
struct rk_batchnorm {
  struct rk_tensor *running_mean, *running_var, *save_mean, *save_std;
  double eps, momentum;
  int32_t train;
};
int rk_batchnorm_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *weight,
                         const struct rk_tensor *bias, const struct rk_batchnorm *b);
/* dx, dw, db may be NULL: not wanted. dw += scale * ..., db += scale * ... */
int rk_batchnorm_backward(struct rk_tensor *dx, struct rk_tensor *dw, struct rk_tensor *db, const struct rk_tensor *g,
                          const struct rk_tensor *x, const struct rk_tensor *weight, double scale,
                          const struct rk_batchnorm *b);
/* Group normalisation of x (N, C, ...): each image's C planes as `groups` equal groups, each group brought to mean 0
 * and variance 1, then times weight plus bias, (C) each or NULL. With one group and no spatial dims that is layer
 * normalisation, with groups of one plane instance normalisation. uncentred: the root of the mean square divides and no
 * mean is taken (RMS normalisation). mean, std (N x groups): what was taken off and 1/sqrt(var + eps), for backward. */
struct rk_groupnorm {
  struct rk_tensor *save_mean, *save_std;
  double eps;
  int64_t groups;
  int32_t uncentred;
};
int rk_groupnorm_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *weight,
                         const struct rk_tensor *bias, const struct rk_groupnorm *b);
/* dx, dw, db may be NULL: not wanted. dw += scale * ..., db += scale * ... */
int rk_groupnorm_backward(struct rk_tensor *dx, struct rk_tensor *dw, struct rk_tensor *db, const struct rk_tensor *g,
                          const struct rk_tensor *x, const struct rk_tensor *weight, double scale,
                          const struct rk_groupnorm *b);

/* Response normalisation across the planes of x (N, C, ...): y = x / s^beta, s = k + alpha/size * sum of squares over
 * `size` planes around each (size/2 before it). `scale` keeps s. */
struct rk_lrn {
  int32_t size;
  double alpha, beta, k;
};
int rk_lrn_forward(struct rk_tensor *out, struct rk_tensor *scale, const struct rk_tensor *x, const struct rk_lrn *n);
int rk_lrn_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                    const struct rk_tensor *out, const struct rk_tensor *scale, const struct rk_lrn *n);

/* Pooling of x (N, C, spatial...) into a result of given sizes.
 * RK_ADAPTIVE: window o of a dimension is [floor(o*in/out), ceil((o+1)*in/out)).
 * RK_FRACTIONAL (maximum only): windows of `size` at pseudo-random places; samples (N, C, dims) in [0, 1) and x's dtype
 * place them: window o begins at floor((o + u)*a) - floor(u*a), a = (in - size)/(out - 1), the last one at in - size.
 * sample[d] says which of the dims numbers u places dim d.
 * index (i64, shape of out): 1-based position in the input plane. */
enum rk_window_kind { RK_ADAPTIVE, RK_FRACTIONAL };
struct rk_windows {
  int32_t kind, dims;
  int32_t size[3], sample[3];
  int64_t out[3];
  const struct rk_tensor *samples;
};
int rk_window_max_forward(struct rk_tensor *out, struct rk_tensor *index, const struct rk_tensor *x,
                          const struct rk_windows *w);
int rk_window_avg_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_windows *w);
int rk_window_avg_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                           const struct rk_windows *w);
/* Places in planes: the last `dims` dims of a tensor, counted from 1 as pooling's index counts them.
 * scatter: out, of that shape, is 0 but for x's numbers at their places; `add`: equal places add up, else the later one
 * stays. gather: out[k] = x[place k], shaped like index. A place out of range is RK_EARG. */
int rk_plane_scatter(struct rk_tensor *out, int rank, const int64_t *shape, const struct rk_tensor *x,
                     const struct rk_tensor *index, int dims, int add);
int rk_plane_gather(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *index, int dims);

/* Borders around the last `dims` dims of x (any leading ones): before[d] and after[d] elements, fewer where negative.
 * RK_PAD_VALUE: `value`. _REFLECT: mirrored without the edge element. _REPLICATE: the edge again. _CIRCULAR: from the
 * other end. */
enum rk_pad_kind { RK_PAD_VALUE, RK_PAD_REFLECT, RK_PAD_REPLICATE, RK_PAD_CIRCULAR };
struct rk_pad {
  int32_t kind, dims;
  int64_t before[3], after[3];
  double value;
};
int rk_pad_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_pad *p);
int rk_pad_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x, const struct rk_pad *p);

/* Resampling of the last `dims` dims of x (N, C, spatial...) to sizes `out`. Position of result o in the input:
 * align: o*(in - 1)/(out - 1), the corners' centres coincide; else (o + 0.5)/scale - 0.5, the corners do (scale 0:
 * out/in). RK_NEAREST takes floor(o/scale), RK_LINEAR blends 2 neighbours a dim, RK_CUBIC 4 (Keys, a = -0.75). */
enum rk_resample_kind { RK_NEAREST, RK_LINEAR, RK_CUBIC };
struct rk_resample {
  int32_t kind, dims, align;
  int64_t out[3];
  double scale[3];
};
int rk_resample_forward(struct rk_tensor *out, const struct rk_tensor *x, const struct rk_resample *r);
int rk_resample_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *x,
                         const struct rk_resample *r);

/* Along one dim. take_log: log-softmax. */
int rk_softmax_forward(struct rk_tensor *out, const struct rk_tensor *x, int dim, int take_log);
int rk_softmax_backward(struct rk_tensor *dx, const struct rk_tensor *g, const struct rk_tensor *y, int dim,
                        int take_log);
/* Negative log likelihood: x (N, C) or (N, C, spatial...) log-probabilities, target i64 classes from 1, (N) or (N,
 * spatial...); weights (C) or NULL; targets equal to `ignore` count nothing. Any other target out of 1..C is RK_EARG
 * naming row, value and C. total: the sum of the chosen weights. average: loss divided by it. */
int rk_nll_forward(double *loss, double *total, const struct rk_tensor *x, const struct rk_tensor *target,
                   const struct rk_tensor *weights, int64_t ignore, int average);
int rk_nll_backward(struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *target,
                    const struct rk_tensor *weights, int64_t ignore, double total, int average);

/* Hinge losses of rows of scores x (N, C) or (C). multi_margin: target (N) classes from 1, the sum over the other
 * classes of max(0, margin - x[t] + x[c])^p, times the weight of t, divided by C; averaged over rows.
 * multi_label_margin: target lists classes, ended by 0, in x's shape: sum over the listed and the others of max(0, 1 -
 * x[t] + x[c]), divided by C; marks (x's shape): 1 for the classes listed. loss or dx may be NULL. */
int rk_multi_margin(double *loss, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *target,
                    const struct rk_tensor *weights, int p, double margin, int average);
int rk_multi_label_margin(double *loss, struct rk_tensor *dx, struct rk_tensor *marks, const struct rk_tensor *x,
                          const struct rk_tensor *target, int average);
/* Rows of a matrix m (K, D) picked by keys. A bag is a list of keys, one for each row of the result. Half
 * types compute in float; m is read through its steps. */
struct rk_bag {
  const struct rk_tensor *keys;   /* i64: 1..K after adding offset; anything else is RK_EARG naming it */
  const struct rk_tensor *values; /* as many, of m's dtype: what each row picked is multiplied by; NULL: 1 */
  const struct rk_tensor *ends;   /* i64 (N): how many keys the rows up to this one have in all; NULL: one each */
  int64_t offset, skip;           /* skip: a key (after adding offset) that picks nothing; 0: none */
  int32_t by_count;               /* gradients of a key are divided by how often it occurs */
};
/* out (N, D) += the sums */
int rk_bag_forward(struct rk_tensor *out, const struct rk_tensor *m, const struct rk_bag *bag);
/* dm += scale * gradients, g (N, D) or any shape of as many that ends in D. Same bits at any number of threads. */
int rk_bag_backward(struct rk_tensor *dm, const struct rk_tensor *g, const struct rk_bag *bag, double scale);
/* Scale the rows picked (each once) whose p-norm is above the limit down to it: by limit / (norm + 1e-7). */
int rk_bag_renorm(struct rk_tensor *m, const struct rk_tensor *keys, double p, double limit);
/* Losses element by element, rows of loss_rows.h: x and target of one dtype and count (shapes may differ; elements pair
 * in row-major order); weights NULL or a tensor of that dtype whose count divides x's: it repeats. a and b: the row's
 * numbers. forward gives the sum; each the losses, weight * loss, of x's shape (out may be x); backward dx = scale *
 * weight * slope, likewise. */
const char *rk_loss_name(int loss); /* "mse"; NULL past the end */
const char *rk_loss_doc(int loss);
int rk_loss_forward(int loss, double *sum, const struct rk_tensor *x, const struct rk_tensor *target,
                    const struct rk_tensor *weights, double a, double b);
int rk_loss_each(int loss, struct rk_tensor *out, const struct rk_tensor *x, const struct rk_tensor *target,
                 const struct rk_tensor *weights, double a, double b);
int rk_loss_backward(int loss, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_tensor *target,
                     const struct rk_tensor *weights, double a, double b, double scale);

/* -- recurrent layers (rnn.c): one direction of one layer over a whole sequence ------------ */
/* x (T, B, in), states h and c (B, H), G gates (1, 1, 4, 3), s the logistic function. In blocks of H rows, as PyTorch
 * lays its weights out: w_ih (G*H, in), w_hh (G*H, H), b_ih and b_hh (G*H) or NULL.
 *   RK_RNN_TANH, RELU   h = f(w_ih x + b_ih + w_hh h' + b_hh)
 *   RK_RNN_LSTM  i f g o: c = s(f)*c' + s(i)*tanh(g), h = s(o)*tanh(c)
 *   RK_RNN_GRU   r z n: n = tanh(w_in x + b_in + s(r)*(w_hn h' + b_hn)), h = (1 - s(z))*n + s(z)*h'
 * float32 and float64. Same bits at any number of threads where the weights are small enough (2 MB) to be kept in the
 * caches; beyond that products with x are rk_gemm's. */
enum rk_rnn_kind { RK_RNN_TANH, RK_RNN_RELU, RK_RNN_LSTM, RK_RNN_GRU };
struct rk_rnn {
  int32_t kind, reverse; /* reverse: from the last step to the first */
  const struct rk_tensor *x, *w_ih, *w_hh, *b_ih, *b_hh;
  const struct rk_tensor *h0, *c0; /* (B, H); NULL: zeros */
  const struct rk_tensor *lengths; /* (B) integers in 0..T, the rest of a sequence is padding: y is 0 there, the states
                                    * stay, nothing is learned; NULL: all T */
  struct rk_tensor *y;             /* (T, B, H), sized: may be columns of a wider result */
  /* Kept for the backward pass, resized: gates (in an order of their own), cells (T, B, H) for LSTM and GRU, states
   * (T, B, H) with lengths. What is not needed may be NULL. */
  struct rk_tensor *gates, *cells, *states;
  struct rk_tensor *hn, *cn; /* (B, H), sized: the last states; NULL: not wanted */
};
struct rk_rnn_grad {
  const struct rk_tensor *g;         /* of y; NULL: none */
  const struct rk_tensor *dhn, *dcn; /* of the last states; NULL: none */
  struct rk_tensor *dgates;          /* resized, in an order of its own: what rk_rnn_backward_weight reads */
  struct rk_tensor *dx;              /* (T, B, in), sized; NULL: not wanted */
  double beta;                       /* dx = beta*dx + ... */
  struct rk_tensor *dh0, *dc0;       /* (B, H), sized, packed; dc0 for LSTM only */
};
int rk_rnn_forward(const struct rk_rnn *r);
/* Gradients of x and of the first states, through time; r as in the forward pass. */
int rk_rnn_backward(const struct rk_rnn *r, const struct rk_rnn_grad *d);
/* dw += scale * ..., from the dgates of rk_rnn_backward; each may be NULL: not wanted. */
int rk_rnn_backward_weight(struct rk_tensor *dw_ih, struct rk_tensor *dw_hh, struct rk_tensor *db_ih,
                           struct rk_tensor *db_hh, double scale, const struct rk_rnn *r,
                           const struct rk_tensor *dgates);

/* -- steps of optimisers (update.c) -------------------------------------------------------- */
#define RK_UPDATEID_(name, ...) RK_UPDATE_##name,
enum rk_update_row { RK_UPDATES(RK_UPDATEID_) RK_NUPDATES };
#undef RK_UPDATEID_
const char *rk_update_name(int update); /* NULL past the end */
const char *rk_update_doc(int update);  /* the formula */
int rk_update_states(int update);       /* how many of s0..s3 it wants */
/* One step, a row of updates.h, in one pass: x and the states change in place. All tensors of one floating type, with
 * as many elements, in row-major order of each. p: eight numbers, what they mean stands beside the row. g may be x's
 * own view; other sharing is refused. Same bits as Torch7's tensor operations, on any ISA and number of threads. */
int rk_update(int update, struct rk_tensor *x, const struct rk_tensor *g, struct rk_tensor *s0, struct rk_tensor *s1,
              struct rk_tensor *s2, struct rk_tensor *s3, const double *p);

/* -- connectionist temporal classification (ctc.c) ------------------------------------------ */
struct rk_ctc {
  const struct rk_tensor *targets;        /* integers, classes from 1: (N, S), or all of them in one vector */
  const struct rk_tensor *lengths;        /* (N) integers, steps of each sequence; NULL: all T */
  const struct rk_tensor *target_lengths; /* (N) integers; NULL: all S */
  int64_t blank;                          /* the class that stands for nothing, from 1 */
  int32_t zero_infinity;                  /* targets that do not fit count nothing, instead of infinity */
  int32_t mean;                           /* each sample's gradient divided by N and its target's length (at least 1) */
};
/* losses (N, resized): -log of the probability of each target, log-probabilities x (T, N, C); not divided by anything.
 * dx (resized; NULL: not wanted): gradient of their sum, or mean, with respect to x. float32 and float64; computed in
 * double, in log space. Same bits at any number of threads. */
int rk_ctc(struct rk_tensor *losses, struct rk_tensor *dx, const struct rk_tensor *x, const struct rk_ctc *c);

/* -- threads and determinism ------------------------------------------------------------- */
int rk_threads(void);
int rk_set_threads(int n);
int rk_cores(void);
/* forbids paths whose bits depend on the number of threads (BLAS, oneDNN in parallel) */
void rk_set_deterministic(int on);
int rk_deterministic(void);

/* -- interruption ------------------------------------------------------------------------- */
/* The flag of the calling thread, 0 at first, there as long as the thread is. Long operations that this thread calls
 * look at it from time to time; once it is not 0 they stop where they are and fail with RK_EINTERRUPT. What they were
 * to write then holds anything, in memory of the right size. Anybody may set it (a signal handler, another thread);
 * the thread itself sets it back to 0, between operations. Nobody does, unless the program or th (Ctrl-C) does. A
 * single call of BLAS, LAPACK or oneDNN is not left, nor is a step of an optimiser, which would leave weights of two
 * ages behind. */
int *rk_interrupt_flag(void);

#ifndef RK_CDEF
#ifdef __cplusplus
}
#endif
#endif
#endif
