/* dnnl.c -- float32 convolutions through oneDNN 2.x, opened on first use.
 *
 * A primitive (with the reorders it needs and its memory objects) is made once
 * per shape, layout and number of threads and kept in a bounded cache, the
 * least recently used going first; big buffers come from the caching allocator
 * at each call. An entry in use is out of the cache, so calls from several
 * threads do not meet: the second makes an entry of its own.
 *
 * Data lie in one of our two layouts. Channels-last goes to oneDNN as it is.
 * Packed rows do so where that is faster, else through a reorder into the
 * layout oneDNN likes best (`choose_formats`). Weights are reordered at each
 * call, since training changes them, unless the caller keeps them packed.
 *
 * Bits: oneDNN shares some sums out among threads; rk_set_deterministic runs
 * it on one. Then results are the same at any number of threads, though not on
 * another processor.
 *
 * Kernels of 3x3 run by Winograd's algorithm where that pays (`winograd_pays`).
 *
 * RK_DNNL=off in the environment keeps oneDNN closed, RK_DNNL=direct keeps it
 * from Winograd's algorithm, and so does rk_set_deterministic.
 *
 * Version 3 has no operation descriptors and opaque memory descriptors: it is
 * not opened, im2col and matrix products serve (torch.config() says so). */
#include "dnnl.h"
#ifdef RK_HAVE_DNNL
#include <oneapi/dnnl/dnnl.h>
#endif
#if defined(RK_HAVE_DNNL) && DNNL_VERSION_MAJOR == 2
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* -- the library -------------------------------------------------------------- */
#define FUNCTIONS(X)                                                                                                   \
  X(version)                                                                                                           \
  X(engine_create)                                                                                                     \
  X(stream_create)                                                                                                     \
  X(stream_destroy)                                                                                                    \
  X(stream_wait)                                                                                                       \
  X(memory_desc_init_by_strides)                                                                                       \
  X(memory_desc_init_by_tag)                                                                                           \
  X(memory_desc_equal)                                                                                                 \
  X(memory_desc_get_size)                                                                                              \
  X(memory_create)                                                                                                     \
  X(memory_destroy)                                                                                                    \
  X(memory_set_data_handle)                                                                                            \
  X(primitive_attr_create)                                                                                             \
  X(primitive_attr_destroy)                                                                                            \
  X(primitive_attr_set_post_ops)                                                                                       \
  X(post_ops_create)                                                                                                   \
  X(post_ops_destroy)                                                                                                  \
  X(post_ops_append_eltwise)                                                                                           \
  X(post_ops_append_binary)                                                                                            \
  X(primitive_attr_set_scratchpad_mode)                                                                                \
  X(primitive_desc_create)                                                                                             \
  X(primitive_desc_destroy)                                                                                            \
  X(primitive_desc_query)                                                                                              \
  X(primitive_desc_query_md)                                                                                           \
  X(primitive_create)                                                                                                  \
  X(primitive_destroy)                                                                                                 \
  X(primitive_execute)                                                                                                 \
  X(reorder_primitive_desc_create)                                                                                     \
  X(set_primitive_cache_capacity)                                                                                      \
  X(dilated_convolution_forward_desc_init)                                                                             \
  X(dilated_convolution_backward_data_desc_init)                                                                       \
  X(dilated_convolution_backward_weights_desc_init)

/* The functions under their own names, less the prefix: lib.engine_create(...). */
static struct {
#define POINTER(f) __typeof__(dnnl_##f) *f;
  FUNCTIONS(POINTER)
  dnnl_engine_t engine;
  char name[64];
  bool usable, winograd;
} lib;

static void open_library(void) {
  static const char *const wishes[] = {"", "on", "1", "direct", "off", "0"};
  const char *wish = getenv("RK_DNNL");
  size_t known = 0;
  while (wish && known < sizeof wishes / sizeof *wishes && strcmp(wish, wishes[known]) != 0) known++;
  if (wish && known == sizeof wishes / sizeof *wishes)
    fprintf(stderr, "rekindle: warning: RK_DNNL=%s: on, direct or off expected; it is on\n", wish);
  if (wish && (strcmp(wish, "off") == 0 || strcmp(wish, "0") == 0)) return;
#define STRING_(x) #x
#define STRING(x) STRING_(x)
  void *so = dlopen("libdnnl.so." STRING(DNNL_VERSION_MAJOR), RTLD_NOW | RTLD_LOCAL);
  if (!so) return;
#define RESOLVE(f)                                                                                                     \
  if (!(lib.f = (__typeof__(lib.f))dlsym(so, "dnnl_" #f))) return;
  FUNCTIONS(RESOLVE)
  if (lib.version()->major != DNNL_VERSION_MAJOR) return;
  if (lib.engine_create(&lib.engine, dnnl_cpu, 0)) return;
  lib.set_primitive_cache_capacity(0); /* ours is enough */
  snprintf(lib.name, sizeof lib.name, "oneDNN %d.%d.%d", lib.version()->major, lib.version()->minor,
           lib.version()->patch);
  lib.winograd = !wish || strcmp(wish, "direct") != 0;
  lib.usable = true;
}

static bool usable(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_library);
  return lib.usable;
}
const char *rk_dnnl(void) { return usable() ? lib.name : NULL; }

/* oneDNN takes the number of threads from OpenMP, when a primitive is made and when it runs. */
static int swap_threads(int n) {
#ifdef _OPENMP
  int old = omp_get_max_threads();
  if (old != n) omp_set_num_threads(n);
  return old;
#else
  return n;
#endif
}

/* -- cache ------------------------------------------------------------------------ */
enum { IMAGE, COLUMN, WEIGHT, SIDES, ENTRIES = 256, SMALL = 3 << 20 };

/* All int64_t, no padding: compared and hashed as bytes. */
struct key {
  int64_t product, layout[COLUMN + 1], bias, add, relu, threads, winograd; /* layout: of IMAGE and COLUMN */
  int64_t n, groups, ci, cj, in[3], out[3], k[3], stride[3], pad[3], dilation[3];
};
/* One tensor of a product: as it lies in our memory, and as the primitive wants it. */
struct side {
  dnnl_memory_t ours, theirs; /* theirs NULL: the same */
  dnnl_primitive_t reorder;   /* NULL: the same, or `blocks` */
  bool blocks;                /* ours is channels-last, theirs in blocks of 16 planes: rk_blocks_copy */
  int64_t bytes;              /* of theirs */
  float *data, *copy;         /* in our format, in theirs */
};
struct rk_dnnl {
  struct key key;
  struct rk_dnnl *next; /* most recently used first */
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  struct side side[SIDES];
  dnnl_memory_t bias, add, scratch;
  int64_t scratch_bytes;
  uint64_t format; /* of the weight, a hash */
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rk_dnnl *entries;

static void destroy(struct rk_dnnl *e) {
  if (!e) return;
  for (int s = 0; s < SIDES; s++) {
    if (e->side[s].ours) lib.memory_destroy(e->side[s].ours);
    if (e->side[s].theirs) lib.memory_destroy(e->side[s].theirs);
    if (e->side[s].reorder) lib.primitive_destroy(e->side[s].reorder);
  }
  if (e->bias) lib.memory_destroy(e->bias);
  if (e->add) lib.memory_destroy(e->add);
  if (e->scratch) lib.memory_destroy(e->scratch);
  if (e->primitive) lib.primitive_destroy(e->primitive);
  if (e->stream) lib.stream_destroy(e->stream);
  free(e);
}

static struct rk_dnnl *take(const struct key *k) {
  pthread_mutex_lock(&lock);
  struct rk_dnnl **at = &entries, *e;
  while ((e = *at) && memcmp(&e->key, k, sizeof *k) != 0) at = &e->next;
  if (e) *at = e->next;
  pthread_mutex_unlock(&lock);
  return e;
}

static void give_back(struct rk_dnnl *e) {
  pthread_mutex_lock(&lock);
  e->next = entries;
  entries = e;
  struct rk_dnnl **at = &entries;
  for (int n = 0; *at && n < ENTRIES; n++) at = &(*at)->next;
  struct rk_dnnl *old = *at;
  *at = NULL;
  pthread_mutex_unlock(&lock);
  destroy(old); /* at most one */
}

/* -- making a primitive ------------------------------------------------------------- */
/* Dims as oneDNN takes them: 2-D for one or two spatial dims, 3-D for three. */
static int spatial(const struct key *k) {
  return k->in[0] == 1 && k->out[0] == 1 && k->k[0] == 1 && !k->pad[0] ? 2 : 3;
}

/* The descriptor of an image batch, IMAGE or COLUMN, in one of our layouts; or of the weight. */
static dnnl_status_t ours_image(dnnl_memory_desc_t *md, const struct key *k, int side, int layout) {
  int dims = spatial(k);
  dnnl_dims_t shape = {k->n, side == IMAGE ? k->ci : k->cj}, step;
  memcpy(shape + 2, (side == IMAGE ? k->in : k->out) + 3 - dims, (size_t)dims * sizeof *shape);
  rk_layout_steps(layout, dims + 2, shape, step);
  return lib.memory_desc_init_by_strides(md, dims + 2, shape, dnnl_f32, step);
}
static dnnl_status_t ours_weight(dnnl_memory_desc_t *md, const struct key *k) {
  int dims = spatial(k), at = 0;
  dnnl_dims_t shape, step;
  if (k->groups > 1) shape[at++] = k->groups;
  shape[at++] = k->cj / k->groups;
  shape[at++] = k->ci / k->groups;
  for (int d = 3 - dims; d < 3; d++) shape[at++] = k->k[d];
  rk_layout_steps(RK_ROWS, at, shape, step);
  return lib.memory_desc_init_by_strides(md, at, shape, dnnl_f32, step);
}
static dnnl_status_t any_of(dnnl_memory_desc_t *md, const dnnl_memory_desc_t *like) {
  return lib.memory_desc_init_by_tag(md, like->ndims, like->dims, dnnl_f32, dnnl_format_tag_any);
}

static bool has_last(const struct key *k) { return k->layout[IMAGE] == RK_LAST || k->layout[COLUMN] == RK_LAST; }

/* Does Winograd's F(4x4, 3x3) pay? It multiplies 36 times for a tile of 4x4 where the sum itself takes 144, but makes
 * its kernels anew at each call and works on blocks of 16 planes, to and from which images are reordered. Seconds by
 * what was measured on two Zen 4 cores: 230 and 200 Gflop/s, 12 ns a kernel, 0.4 ns an element reordered. Its rounding
 * errors are some 10 times those of the sum itself (2e-6 of the largest result), as cuDNN's are. */
static bool winograd_pays(const struct key *k) {
  for (int d = 1; d < 3; d++)
    if (k->k[d] != 3 || k->stride[d] != 1 || k->dilation[d] != 1 || k->pad[d] > 1) return false;
  if (!k->winograd || k->groups > 1 || k->k[0] > 1 || k->in[0] > 1 || k->ci % 16 || k->cj % 16) return false;
  double pairs = (double)(k->ci * k->cj), places = (double)(k->n * k->out[1] * k->out[2]);
  double tiles = (double)(k->n * ((k->out[1] + 3) / 4) * ((k->out[2] + 3) / 4));
  double moved = 0.8e-9 * places * (double)(k->ci + k->cj);
  double direct = 18 * pairs * places / 230e9 + (has_last(k) ? 0 : moved);
  return 72 * pairs * tiles / 200e9 + 12e-9 * pairs + moved < 0.9 * direct;
}

static dnnl_status_t describe(dnnl_convolution_desc_t *d, const struct key *k, dnnl_alg_kind_t how,
                              const dnnl_memory_desc_t *want, const dnnl_memory_desc_t *bias) {
  int dims = spatial(k);
  dnnl_dims_t stride, dilation, left, right;
  for (int i = 0; i < dims; i++) {
    int s = i + 3 - dims;
    stride[i] = k->stride[s], dilation[i] = k->dilation[s] - 1, left[i] = k->pad[s];
    right[i] = (k->out[s] - 1) * k->stride[s] + k->dilation[s] * (k->k[s] - 1) + 1 - k->in[s] - k->pad[s];
  }
  switch (k->product) {
  case RK_GATHER:
    return lib.dilated_convolution_forward_desc_init(d, dnnl_forward_training, how, &want[IMAGE], &want[WEIGHT], bias,
                                                     &want[COLUMN], stride, dilation, left, right);
  case RK_SCATTER:
    return lib.dilated_convolution_backward_data_desc_init(d, how, &want[IMAGE], &want[WEIGHT], &want[COLUMN], stride,
                                                           dilation, left, right);
  default:
    return lib.dilated_convolution_backward_weights_desc_init(d, how, &want[IMAGE], &want[WEIGHT], bias, &want[COLUMN],
                                                              stride, dilation, left, right);
  }
}

/* Which of its three tensors a product makes, and what oneDNN calls them. */
static int result_of(int64_t product) { return product == RK_GATHER ? COLUMN : product == RK_SCATTER ? IMAGE : WEIGHT; }
static const dnnl_query_t queries[3][SIDES] = {
    [RK_GATHER] = {dnnl_query_src_md, dnnl_query_dst_md, dnnl_query_weights_md},
    [RK_SCATTER] = {dnnl_query_diff_src_md, dnnl_query_diff_dst_md, dnnl_query_weights_md},
    [RK_WEIGHTS] = {dnnl_query_src_md, dnnl_query_diff_dst_md, dnnl_query_diff_weights_md}};
static const int arguments[3][SIDES] = {[RK_GATHER] = {DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WEIGHTS},
                                        [RK_SCATTER] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS},
                                        [RK_WEIGHTS] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS}};

/* Blocks of 16 planes, none of them padded? */
static bool is_blocks(const dnnl_memory_desc_t *md) {
  dnnl_memory_desc_t blocks;
  return md->dims[1] % 16 == 0 &&
         !lib.memory_desc_init_by_tag(&blocks, md->ndims, md->dims, dnnl_f32,
                                      md->ndims == 5 ? dnnl_aBcde16b : dnnl_aBcd16b) &&
         lib.memory_desc_equal(md, &blocks);
}

/* The memory objects of one tensor and the reorder between them. `last`: ours is a channels-last image; `out`: the
 * reorder goes from theirs to ours. */
static dnnl_status_t make_side(struct side *s, const dnnl_memory_desc_t *ours, const dnnl_memory_desc_t *theirs,
                               bool last, bool out) {
  dnnl_status_t e = lib.memory_create(&s->ours, ours, lib.engine, DNNL_MEMORY_NONE);
  if (e || lib.memory_desc_equal(ours, theirs)) return e;
  dnnl_primitive_desc_t pd;
  s->bytes = (int64_t)lib.memory_desc_get_size(theirs);
  if ((e = lib.memory_create(&s->theirs, theirs, lib.engine, DNNL_MEMORY_NONE))) return e;
  if ((s->blocks = last && is_blocks(theirs))) return e;
  e = lib.reorder_primitive_desc_create(&pd, out ? theirs : ours, lib.engine, out ? ours : theirs, lib.engine, NULL);
  if (e) return e;
  e = lib.primitive_create(&s->reorder, pd);
  lib.primitive_desc_destroy(pd);
  return e;
}

static uint64_t hash(const void *bytes, size_t n) { /* FNV-1a */
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < n; i++) h = (h ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
  return h;
}

/* What make() has put together: our descriptors, those wanted of the primitive. */
struct plan {
  dnnl_memory_desc_t ours[SIDES], want[SIDES], bias;
  dnnl_primitive_attr_t attr;
};

static dnnl_status_t fill_entry(struct rk_dnnl *e, dnnl_primitive_desc_t pd, const struct plan *p) {
  const struct key *k = &e->key;
  dnnl_status_t s = lib.primitive_create(&e->primitive, pd);
  for (int i = 0; i < SIDES && !s; i++)
    s = make_side(&e->side[i], &p->ours[i], lib.primitive_desc_query_md(pd, queries[k->product][i], 0),
                  i <= COLUMN && k->layout[i] == RK_LAST, i == result_of(k->product));
  e->format = hash(lib.primitive_desc_query_md(pd, queries[k->product][WEIGHT], 0), sizeof(dnnl_memory_desc_t));
  const dnnl_memory_desc_t *scratch = lib.primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
  e->scratch_bytes = scratch ? (int64_t)lib.memory_desc_get_size(scratch) : 0;
  if (!s && e->scratch_bytes) s = lib.memory_create(&e->scratch, scratch, lib.engine, DNNL_MEMORY_NONE);
  if (!s && k->bias) s = lib.memory_create(&e->bias, &p->bias, lib.engine, DNNL_MEMORY_NONE);
  if (!s && k->add) s = lib.memory_create(&e->add, &p->ours[COLUMN], lib.engine, DNNL_MEMORY_NONE);
  return s ? s : lib.stream_create(&e->stream, lib.engine, dnnl_stream_default_flags);
}

/* The formats that the primitive gets to choose: all for Winograd. Otherwise packed images of more than a few planes,
 * when no side is channels-last: blocks of 16 planes are faster, and would pad few planes. Images of few planes lie
 * packed: channels-last, they were 5 times slower. */
static bool choose_formats(struct plan *p, const struct key *k, dnnl_alg_kind_t how) {
  bool few = k->groups == 1 && (k->ci <= 4 || k->cj <= 4);
  for (int s = IMAGE; s <= COLUMN; s++) {
    dnnl_memory_desc_t *want = &p->want[s];
    bool any = how == dnnl_convolution_winograd || (few ? (s == IMAGE ? k->ci : k->cj) > 4 : !has_last(k));
    if (any ? any_of(want, &p->ours[s]) : ours_image(want, k, s, few ? RK_ROWS : has_last(k) ? RK_LAST : RK_ROWS))
      return false;
  }
  return !any_of(&p->want[WEIGHT], &p->ours[WEIGHT]);
}

/* Scratch memory is the caller's; then the sum with another tensor, then the activation. */
static dnnl_status_t make_attr(dnnl_primitive_attr_t *attr, const struct key *k, const dnnl_memory_desc_t *add) {
  dnnl_status_t s = lib.primitive_attr_create(attr);
  if (!s) s = lib.primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
  if (s || !(k->add || k->relu)) return s;
  dnnl_post_ops_t ops;
  if ((s = lib.post_ops_create(&ops))) return s;
  if (k->add) s = lib.post_ops_append_binary(ops, dnnl_binary_add, add);
  if (!s && k->relu) s = lib.post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
  if (!s) s = lib.primitive_attr_set_post_ops(*attr, ops);
  lib.post_ops_destroy(ops);
  return s;
}

/* oneDNN 2.6's convolution by gemm adds the wrong numbers of another tensor (found by the tests). */
static bool adds_well(const_dnnl_primitive_desc_t pd) {
  const char *name = "";
  lib.primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name);
  return strncmp(name, "jit", 3) == 0 || strncmp(name, "brg", 3) == 0;
}

static struct rk_dnnl *make_with(const struct key *k, dnnl_alg_kind_t how, struct plan *p) {
  dnnl_convolution_desc_t desc;
  dnnl_primitive_desc_t pd, hint = NULL;
  if (!choose_formats(p, k, how) || describe(&desc, k, how, p->want, k->bias ? &p->bias : NULL)) return NULL;
  /* what is added has the result's format, and is not reordered */
  if (k->add && !lib.memory_desc_equal(&p->want[COLUMN], &p->ours[COLUMN])) return NULL;
  if (lib.primitive_desc_create(&pd, &desc, p->attr, lib.engine, hint)) return NULL;
  struct rk_dnnl *e = k->add && !adds_well(pd) ? NULL : calloc(1, sizeof *e);
  if (e) e->key = *k;
  if (e && fill_entry(e, pd, p)) {
    destroy(e);
    e = NULL;
  }
  lib.primitive_desc_destroy(pd);
  return e;
}

static struct rk_dnnl *make(const struct key *k) {
  struct plan p = {.attr = NULL};
  dnnl_dims_t planes = {k->bias};
  struct rk_dnnl *e = NULL;
  bool winograd = winograd_pays(k);
  if (winograd && k->add) return NULL; /* better without the sum, which the caller then does */
  bool made = !ours_image(&p.ours[IMAGE], k, IMAGE, (int)k->layout[IMAGE]) &&
              !ours_image(&p.ours[COLUMN], k, COLUMN, (int)k->layout[COLUMN]) && !ours_weight(&p.ours[WEIGHT], k);
  if (made && k->bias) made = !lib.memory_desc_init_by_tag(&p.bias, 1, planes, dnnl_f32, dnnl_a);
  if (made) made = !make_attr(&p.attr, k, &p.ours[COLUMN]);
  if (made && winograd) e = make_with(k, dnnl_convolution_winograd, &p);
  if (made && !e) e = make_with(k, dnnl_convolution_direct, &p);
  if (p.attr) lib.primitive_attr_destroy(p.attr);
  return e;
}

/* -- use -------------------------------------------------------------------------------- */
/* To wake the other threads and to meet them again takes 10 us: small products are done by the thread that asks. One
 * image of 16 planes, 16x16, to 32 by 3x3: 31 us by two threads, 22 by one; from 32: 47 and 42; two of 64, 8x8, to 64:
 * 71 and 77. Reading and writing a number counts as 16 products. */
static bool is_small(const struct rk_conv_plan *p) {
  int64_t in = p->n * p->ci, out = p->n * p->cj, taps = p->ci / p->groups;
  for (int d = 0; d < 3; d++) in *= p->in[d], out *= p->out[d], taps *= p->k[d];
  return out * taps + 16 * (in + out) < SMALL;
}

struct rk_dnnl *rk_dnnl_begin(const struct rk_dnnl_wish *wish, const struct rk_conv_plan *p) {
  if (!p->n || !usable()) return NULL;
  struct key k = {.product = wish->product, .n = p->n, .groups = p->groups, .ci = p->ci, .cj = p->cj};
  k.layout[IMAGE] = wish->image, k.layout[COLUMN] = wish->column;
  k.bias = wish->bias ? p->cj : 0, k.add = wish->add, k.relu = wish->relu;
  k.threads = rk_deterministic() || is_small(p) ? 1 : rk_threads();
  k.winograd = lib.winograd && !rk_deterministic();
  for (int d = 0; d < 3; d++) {
    k.in[d] = p->in[d], k.out[d] = p->out[d], k.k[d] = p->k[d];
    k.stride[d] = p->stride[d], k.pad[d] = p->pad[d], k.dilation[d] = p->dilation[d];
  }
  struct rk_dnnl *e = take(&k);
  if (e) return e;
  int threads = swap_threads((int)k.threads);
  e = make(&k);
  swap_threads(threads);
  return e;
}

void rk_dnnl_end(struct rk_dnnl *e) {
  if (e) give_back(e);
}

static int64_t aligned(int64_t bytes) { return (bytes + 63) & ~(int64_t)63; }

static dnnl_status_t reorder(struct rk_dnnl *e, int i, bool out) {
  const struct side *s = &e->side[i];
  const struct key *k = &e->key;
  const int64_t *size = i == IMAGE ? k->in : k->out;
  if (s->blocks) {
    rk_blocks_copy(s->copy, s->data, k->n, i == IMAGE ? k->ci : k->cj, size[0] * size[1] * size[2], out);
    return dnnl_success;
  }
  dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, out ? s->theirs : s->ours}, {DNNL_ARG_TO, out ? s->ours : s->theirs}};
  return lib.primitive_execute(s->reorder, e->stream, 2, args);
}

/* The weight as the primitive wants it, kept between calls: the numbers, after a line that says what they are. */
enum { LINE = 64 };
struct line {
  uint64_t format;
  const void *weight;
};
static int keep_weight(struct rk_dnnl *e, const struct rk_dnnl_data *data, char **packed, bool *fresh) {
  struct rk_tensor *t = data->packed;
  struct side *w = &e->side[WEIGHT];
  *packed = NULL, *fresh = false;
  if (!t || !w->reorder || e->key.product != RK_GATHER) return RK_OK;
  int64_t count = (LINE + w->bytes) / (int64_t)sizeof(float);
  struct line want = {e->format, data->w};
  *fresh = t->rank != 1 || t->shape[0] != count || t->step[0] != 1 || memcmp(rk_at(t), &want, sizeof want) != 0;
  if (*fresh) {
    RK_TRY(rk_tensor_resize(t, 1, &count, NULL));
    memcpy(rk_at(t), &want, sizeof want);
  }
  *packed = rk_at(t) + LINE;
  return RK_OK;
}

/* Point side i at its memory, and bring an operand into the primitive's format. */
static dnnl_status_t place(struct rk_dnnl *e, int i, float *data, char **scratch) {
  struct side *d = &e->side[i];
  dnnl_status_t s = lib.memory_set_data_handle(d->ours, data);
  if (s || !d->theirs) return s;
  s = lib.memory_set_data_handle(d->theirs, *scratch);
  d->data = data, d->copy = (float *)*scratch;
  *scratch += aligned(d->bytes);
  return s || i == result_of(e->key.product) ? s : reorder(e, i, false);
}

static dnnl_status_t execute(struct rk_dnnl *e, const struct rk_dnnl_data *data, char *packed, bool fresh,
                             char *scratch) {
  int product = (int)e->key.product, result = result_of(product), n = 0;
  float *memory[SIDES] = {[IMAGE] = data->i, [COLUMN] = data->j, [WEIGHT] = data->w};
  dnnl_exec_arg_t args[SIDES + 3];
  dnnl_status_t s = dnnl_success;
  for (int i = 0; i < SIDES && !s; i++) {
    struct side *d = &e->side[i];
    if (i == WEIGHT && packed) {
      s = lib.memory_set_data_handle(d->theirs, packed);
      if (!s && fresh) s = lib.memory_set_data_handle(d->ours, memory[i]);
      if (!s && fresh) s = reorder(e, i, false);
    } else {
      s = place(e, i, memory[i], &scratch);
    }
    args[n++] = (dnnl_exec_arg_t){arguments[product][i], d->theirs ? d->theirs : d->ours};
  }
  if (!s && e->bias) {
    s = lib.memory_set_data_handle(e->bias, data->bias);
    args[n++] = (dnnl_exec_arg_t){product == RK_GATHER ? DNNL_ARG_BIAS : DNNL_ARG_DIFF_BIAS, e->bias};
  }
  if (!s && e->add) {
    s = lib.memory_set_data_handle(e->add, (void *)(uintptr_t)data->add);
    args[n++] = (dnnl_exec_arg_t){DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, e->add};
  }
  if (!s && e->scratch) {
    s = lib.memory_set_data_handle(e->scratch, scratch);
    args[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, e->scratch};
  }
  if (!s) s = lib.primitive_execute(e->primitive, e->stream, n, args);
  if (!s && e->side[result].theirs) s = reorder(e, result, true);
  return s ? s : lib.stream_wait(e->stream);
}

int rk_dnnl_run(struct rk_dnnl *e, const struct rk_dnnl_data *data, const char *who) {
  int64_t bytes = aligned(e->scratch_bytes) + 64;
  char *packed;
  bool fresh;
  for (int s = 0; s < SIDES; s++) bytes += aligned(e->side[s].bytes);
  RK_TRY(keep_weight(e, data, &packed, &fresh));
  char *scratch = rk_scratch(bytes, who);
  if (!scratch) return RK_ENOMEM;
  int threads = swap_threads((int)e->key.threads);
  dnnl_status_t s = execute(e, data, packed, fresh, scratch);
  swap_threads(threads);
  rk_scratch_free(scratch);
  return s ? rk_fail(RK_ESYS, "%s: oneDNN failed with status %d", who, (int)s) : RK_OK;
}

#else
const char *rk_dnnl(void) { return NULL; }
struct rk_dnnl *rk_dnnl_begin(const struct rk_dnnl_wish *wish, const struct rk_conv_plan *p) {
  (void)wish, (void)p;
  return NULL;
}
int rk_dnnl_run(struct rk_dnnl *e, const struct rk_dnnl_data *data, const char *who) {
  (void)e, (void)data;
  return rk_fail(RK_ESYS, "%s: built without oneDNN", who);
}
void rk_dnnl_end(struct rk_dnnl *e) { (void)e; }
#endif
