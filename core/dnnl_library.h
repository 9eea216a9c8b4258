/* dnnl_library.h -- oneDNN as dnnl.c and dnnl_gemm.c see it: versions 2 and 3
 * as one table of functions, filled when the library is opened (dnnl_library.c).
 *
 * What is called is declared here, so nothing of oneDNN is needed to build and
 * one build runs with whichever version a machine has. Names, numbers and
 * meanings are those of oneDNN's manual. */
#ifndef RK_DNNL_LIBRARY_H
#define RK_DNNL_LIBRARY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dnnl_engine *dnnl_engine_t;
typedef struct dnnl_stream *dnnl_stream_t;
typedef struct dnnl_memory *dnnl_memory_t;
typedef struct dnnl_primitive *dnnl_primitive_t;
typedef struct dnnl_primitive_desc *dnnl_primitive_desc_t;
typedef struct dnnl_primitive_attr *dnnl_primitive_attr_t;
typedef struct dnnl_post_ops *dnnl_post_ops_t;
typedef struct dnnl_memory_desc dnnl_md; /* only ever pointed to: version 2 shows what is in it, version 3 does not */
typedef struct {
  int arg;
  dnnl_memory_t memory;
} dnnl_exec_arg_t;
typedef struct {
  int major, minor, patch;
  const char *hash;
  unsigned cpu_runtime, gpu_runtime;
} dnnl_version_t;

enum { DNNL_CPU = 1, DNNL_F32 = 3, DNNL_STREAM_DEFAULT = 1, DNNL_SCRATCHPAD_USER = 1, DNNL_RUNTIME_OMP = 2 };
enum { DNNL_TAG_ANY = 1, DNNL_TAG_A = 2, DNNL_DIMS = 12 };
enum { DNNL_CONV_DIRECT = 1, DNNL_CONV_WINOGRAD = 2, DNNL_FORWARD_TRAINING = 64, DNNL_BINARY_ADD = 0x1fff0 };
enum {
  DNNL_QUERY_NAME = 8,
  DNNL_QUERY_SRC = 129,
  DNNL_QUERY_DIFF_SRC,
  DNNL_QUERY_WEIGHTS,
  DNNL_QUERY_DIFF_WEIGHTS,
  DNNL_QUERY_DST,
  DNNL_QUERY_DIFF_DST,
  DNNL_QUERY_SCRATCHPAD = 136
};
enum {
  DNNL_SRC = 1,
  DNNL_SRC_1 = 2,
  DNNL_DST = 17,
  DNNL_WEIGHTS = 33,
  DNNL_BIAS = 41,
  DNNL_SCRATCHPAD = 80,
  DNNL_DIFF_SRC = 129,
  DNNL_DIFF_DST = 145,
  DNNL_DIFF_WEIGHTS = 161,
  DNNL_DIFF_BIAS = 169
};

/* The functions that both versions have: result, name less the prefix, arguments. Those that return int return a
 * status, 0 for success. */
#define RK_DNNL_FUNCTIONS(X)                                                                                           \
  X(const dnnl_version_t *, version, (void))                                                                           \
  X(const char *, fmt_tag2str, (int))                                                                                  \
  X(int, engine_create, (dnnl_engine_t *, int, size_t))                                                                \
  X(int, stream_create, (dnnl_stream_t *, dnnl_engine_t, unsigned))                                                    \
  X(int, stream_destroy, (dnnl_stream_t))                                                                              \
  X(int, stream_wait, (dnnl_stream_t))                                                                                 \
  X(int, memory_desc_equal, (const dnnl_md *, const dnnl_md *)) /* 1: they are */                                      \
  X(size_t, memory_desc_get_size, (const dnnl_md *))                                                                   \
  X(int, memory_create, (dnnl_memory_t *, const dnnl_md *, dnnl_engine_t, void *))                                     \
  X(int, memory_destroy, (dnnl_memory_t))                                                                              \
  X(int, memory_get_memory_desc, (dnnl_memory_t, const dnnl_md **))                                                    \
  X(int, memory_set_data_handle, (dnnl_memory_t, void *))                                                              \
  X(int, primitive_attr_create, (dnnl_primitive_attr_t *))                                                             \
  X(int, primitive_attr_destroy, (dnnl_primitive_attr_t))                                                              \
  X(int, primitive_attr_set_post_ops, (dnnl_primitive_attr_t, dnnl_post_ops_t))                                        \
  X(int, primitive_attr_set_scratchpad_mode, (dnnl_primitive_attr_t, int))                                             \
  X(int, post_ops_create, (dnnl_post_ops_t *))                                                                         \
  X(int, post_ops_destroy, (dnnl_post_ops_t))                                                                          \
  X(int, post_ops_append_binary, (dnnl_post_ops_t, int, const dnnl_md *))                                              \
  X(int, primitive_desc_destroy, (dnnl_primitive_desc_t))                                                              \
  X(int, primitive_desc_query, (dnnl_primitive_desc_t, int, int, void *))                                              \
  X(const dnnl_md *, primitive_desc_query_md, (dnnl_primitive_desc_t, int, int))                                       \
  X(int, primitive_create, (dnnl_primitive_t *, dnnl_primitive_desc_t))                                                \
  X(int, primitive_destroy, (dnnl_primitive_t))                                                                        \
  X(int, primitive_execute, (dnnl_primitive_t, dnnl_stream_t, int, const dnnl_exec_arg_t *))                           \
  X(int, reorder_primitive_desc_create,                                                                                \
    (dnnl_primitive_desc_t *, const dnnl_md *, dnnl_engine_t, const dnnl_md *, dnnl_engine_t, dnnl_primitive_attr_t))  \
  X(int, set_primitive_cache_capacity, (int))                                                                          \
  X(int, sgemm,                                                                                                        \
    (char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float, float *,     \
     int64_t))

/* See conv.h: a convolution forward, backward to the data, backward to the weights. */
enum rk_conv_product { RK_GATHER, RK_SCATTER, RK_WEIGHTS };
/* A convolution to be described: the tensors under our names (`bias` may be NULL), dilation counted from 0. */
struct rk_dnnl_conv {
  int product, how;
  const dnnl_md *image, *column, *weight, *bias;
  int64_t stride[DNNL_DIMS], dilation[DNNL_DIMS], left[DNNL_DIMS], right[DNNL_DIMS];
};

struct rk_dnnl_library {
  char name[64]; /* "oneDNN 2.6.3" */
  dnnl_engine_t engine;
  bool winograd;        /* it has Winograd's algorithm, and RK_DNNL does not forbid it */
  int blocks2, blocks3; /* tags of images in blocks of 16 planes, with 2 and 3 spatial dims */
  int post_op;          /* what the first post-op adds to the number of an argument */
#define RK_DNNL_MEMBER(result, f, arguments) result(*f) arguments;
  RK_DNNL_FUNCTIONS(RK_DNNL_MEMBER)
  /* Where the versions differ. Descriptors of float32 tensors, by steps or by tag, are the caller's to drop. */
  int (*md_steps)(dnnl_md **, int rank, const int64_t *shape, const int64_t *step);
  int (*md_tag)(dnnl_md **, int rank, const int64_t *shape, int tag);
  void (*md_drop)(dnnl_md *); /* NULL: nothing */
  int (*append_relu)(dnnl_post_ops_t);
  int (*convolution)(dnnl_primitive_desc_t *, const struct rk_dnnl_conv *, dnnl_primitive_attr_t);
};
extern struct rk_dnnl_library rk_dnnl_library; /* to be used once rk_dnnl() has said that one serves */
/* oneDNN takes the number of threads from OpenMP, when a primitive is made and when it runs. Returns the one before. */
int rk_dnnl_swap_threads(int n);
#endif
