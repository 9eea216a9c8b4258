/* dnnl_library.c -- opens oneDNN, and makes its versions 2 and 3 look alike.
 *
 * Version 3 made memory descriptors opaque and dropped operation descriptors:
 * primitive descriptors come straight from their arguments. Version 2's
 * structs are filled and read by the library alone, so that blocks of memory
 * larger than any of them do here; nothing of either version's headers is used.
 *
 * Which one: RK_DNNL may name a file (anything with a slash or ".so"). Else the
 * first of `sonames` that is there, of a version known here, and built for
 * OpenMP, whose threads we share: another kind of threads would run beside
 * ours, in other numbers. RK_DNNL=off keeps all closed, RK_DNNL=direct keeps
 * from Winograd's algorithm. */
#include "dnnl_library.h"
#include "rk.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

struct rk_dnnl_library rk_dnnl_library;
#define lib rk_dnnl_library
static bool usable;
static char note[512] = "";

/* -- version 2 -------------------------------------------------------------------- */
/* 2.6's are of 696 and 5976 bytes. */
enum { MD_BYTES = 2048, OP_BYTES = 16384 };
static struct {
  int (*memory_desc_init_by_strides)(dnnl_md *, int, const int64_t *, int, const int64_t *);
  int (*memory_desc_init_by_tag)(dnnl_md *, int, const int64_t *, int, int);
  int (*post_ops_append_eltwise)(dnnl_post_ops_t, float, int, float, float);
  int (*dilated_convolution_forward_desc_init)(void *, int, int, const dnnl_md *, const dnnl_md *, const dnnl_md *,
                                               const dnnl_md *, const int64_t *, const int64_t *, const int64_t *,
                                               const int64_t *);
  int (*dilated_convolution_backward_data_desc_init)(void *, int, const dnnl_md *, const dnnl_md *, const dnnl_md *,
                                                     const int64_t *, const int64_t *, const int64_t *,
                                                     const int64_t *);
  int (*dilated_convolution_backward_weights_desc_init)(void *, int, const dnnl_md *, const dnnl_md *, const dnnl_md *,
                                                        const dnnl_md *, const int64_t *, const int64_t *,
                                                        const int64_t *, const int64_t *);
  int (*primitive_desc_create)(dnnl_primitive_desc_t *, const void *, dnnl_primitive_attr_t, dnnl_engine_t,
                               dnnl_primitive_desc_t);
} v2;

enum { OUT_OF_MEMORY = 1 }; /* oneDNN's status */
static int md2_steps(dnnl_md **md, int rank, const int64_t *shape, const int64_t *step) {
  *md = calloc(1, MD_BYTES);
  return *md ? v2.memory_desc_init_by_strides(*md, rank, shape, DNNL_F32, step) : OUT_OF_MEMORY;
}
static int md2_tag(dnnl_md **md, int rank, const int64_t *shape, int tag) {
  *md = calloc(1, MD_BYTES);
  return *md ? v2.memory_desc_init_by_tag(*md, rank, shape, DNNL_F32, tag) : OUT_OF_MEMORY;
}
static void md2_drop(dnnl_md *md) { free(md); }
static int append_relu2(dnnl_post_ops_t ops) { return v2.post_ops_append_eltwise(ops, 1, 0x1f, 0, 0); }

static int convolution2(dnnl_primitive_desc_t *pd, const struct rk_dnnl_conv *c, dnnl_primitive_attr_t attr) {
  _Alignas(64) char op[OP_BYTES] = {0};
  int status;
  if (c->product == RK_GATHER)
    status = v2.dilated_convolution_forward_desc_init(op, DNNL_FORWARD_TRAINING, c->how, c->image, c->weight, c->bias,
                                                      c->column, c->stride, c->dilation, c->left, c->right);
  else if (c->product == RK_SCATTER)
    status = v2.dilated_convolution_backward_data_desc_init(op, c->how, c->image, c->weight, c->column, c->stride,
                                                            c->dilation, c->left, c->right);
  else
    status = v2.dilated_convolution_backward_weights_desc_init(op, c->how, c->image, c->weight, c->bias, c->column,
                                                               c->stride, c->dilation, c->left, c->right);
  return status ? status : v2.primitive_desc_create(pd, op, attr, lib.engine, NULL);
}

/* -- version 3 -------------------------------------------------------------------- */
static struct {
  int (*memory_desc_create_with_strides)(dnnl_md **, int, const int64_t *, int, const int64_t *);
  int (*memory_desc_create_with_tag)(dnnl_md **, int, const int64_t *, int, int);
  int (*memory_desc_destroy)(dnnl_md *);
  int (*post_ops_append_eltwise)(dnnl_post_ops_t, int, float, float);
  int (*convolution_forward_primitive_desc_create)(dnnl_primitive_desc_t *, dnnl_engine_t, int, int, const dnnl_md *,
                                                   const dnnl_md *, const dnnl_md *, const dnnl_md *, const int64_t *,
                                                   const int64_t *, const int64_t *, const int64_t *,
                                                   dnnl_primitive_attr_t);
  int (*convolution_backward_data_primitive_desc_create)(dnnl_primitive_desc_t *, dnnl_engine_t, int, const dnnl_md *,
                                                         const dnnl_md *, const dnnl_md *, const int64_t *,
                                                         const int64_t *, const int64_t *, const int64_t *,
                                                         dnnl_primitive_desc_t, dnnl_primitive_attr_t);
  int (*convolution_backward_weights_primitive_desc_create)(dnnl_primitive_desc_t *, dnnl_engine_t, int,
                                                            const dnnl_md *, const dnnl_md *, const dnnl_md *,
                                                            const dnnl_md *, const int64_t *, const int64_t *,
                                                            const int64_t *, const int64_t *, dnnl_primitive_desc_t,
                                                            dnnl_primitive_attr_t);
} v3;

static int md3_steps(dnnl_md **md, int rank, const int64_t *shape, const int64_t *step) {
  return v3.memory_desc_create_with_strides(md, rank, shape, DNNL_F32, step);
}
static int md3_tag(dnnl_md **md, int rank, const int64_t *shape, int tag) {
  return v3.memory_desc_create_with_tag(md, rank, shape, DNNL_F32, tag);
}
static void md3_drop(dnnl_md *md) {
  if (md) v3.memory_desc_destroy(md);
}
static int append_relu3(dnnl_post_ops_t ops) { return v3.post_ops_append_eltwise(ops, 0x20, 0, 0); }

static int convolution3(dnnl_primitive_desc_t *pd, const struct rk_dnnl_conv *c, dnnl_primitive_attr_t attr) {
  switch (c->product) {
  case RK_GATHER:
    return v3.convolution_forward_primitive_desc_create(pd, lib.engine, DNNL_FORWARD_TRAINING, c->how, c->image,
                                                        c->weight, c->bias, c->column, c->stride, c->dilation, c->left,
                                                        c->right, attr);
  case RK_SCATTER:
    return v3.convolution_backward_data_primitive_desc_create(pd, lib.engine, c->how, c->image, c->weight, c->column,
                                                              c->stride, c->dilation, c->left, c->right, NULL, attr);
  default:
    return v3.convolution_backward_weights_primitive_desc_create(pd, lib.engine, c->how, c->image, c->weight, c->bias,
                                                                 c->column, c->stride, c->dilation, c->left, c->right,
                                                                 NULL, attr);
  }
}

/* -- opening -------------------------------------------------------------------------- */
/* A function by its name, and the pointer that is to hold it. */
struct symbol {
  const char *name;
  void *at;
};
#define OF(table, f)                                                                                                   \
  { "dnnl_" #f, &(table).f }
#define COMMON(result, f, arguments) OF(lib, f),
static const struct symbol common[] = {RK_DNNL_FUNCTIONS(COMMON){NULL, NULL}};
static const struct symbol of2[] = {OF(v2, memory_desc_init_by_strides),
                                    OF(v2, memory_desc_init_by_tag),
                                    OF(v2, post_ops_append_eltwise),
                                    OF(v2, dilated_convolution_forward_desc_init),
                                    OF(v2, dilated_convolution_backward_data_desc_init),
                                    OF(v2, dilated_convolution_backward_weights_desc_init),
                                    OF(v2, primitive_desc_create),
                                    {NULL, NULL}};
static const struct symbol of3[] = {OF(v3, memory_desc_create_with_strides),
                                    OF(v3, memory_desc_create_with_tag),
                                    OF(v3, memory_desc_destroy),
                                    OF(v3, post_ops_append_eltwise),
                                    OF(v3, convolution_forward_primitive_desc_create),
                                    OF(v3, convolution_backward_data_primitive_desc_create),
                                    OF(v3, convolution_backward_weights_primitive_desc_create),
                                    {NULL, NULL}};

static bool resolve(void *so, const struct symbol *s) {
  for (; s->name; s++) {
    void *f = dlsym(so, s->name);
    if (!f) return false;
    memcpy(s->at, &f, sizeof f);
  }
  return true;
}

static const struct version {
  int major, post_op;
  const struct symbol *symbols;
  int (*md_steps)(dnnl_md **, int, const int64_t *, const int64_t *);
  int (*md_tag)(dnnl_md **, int, const int64_t *, int);
  void (*md_drop)(dnnl_md *);
  int (*append_relu)(dnnl_post_ops_t);
  int (*convolution)(dnnl_primitive_desc_t *, const struct rk_dnnl_conv *, dnnl_primitive_attr_t);
} versions[] = {{2, 16384, of2, md2_steps, md2_tag, md2_drop, append_relu2, convolution2},
                {3, 32768, of3, md3_steps, md3_tag, md3_drop, append_relu3, convolution3}};

/* Tags are numbered anew from version to version. */
static int tag_named(const char *name) {
  for (int tag = 1; tag < 1024; tag++)
    if (strcmp(lib.fmt_tag2str(tag), name) == 0) return tag;
  return 0;
}

/* Does it make a convolution of 3x3 by Winograd's algorithm? Not on every processor; version 3 dropped it. */
static bool has_winograd(void) {
  const int64_t shape[] = {1, 64, 28, 28}, kernel[] = {64, 64, 3, 3};
  dnnl_md *image = NULL, *weight = NULL;
  struct rk_dnnl_conv c = {.product = RK_GATHER, .how = DNNL_CONV_WINOGRAD};
  for (int d = 0; d < 2; d++) c.stride[d] = c.left[d] = c.right[d] = 1;
  dnnl_primitive_desc_t pd;
  bool has = false;
  if (!lib.md_tag(&image, 4, shape, DNNL_TAG_ANY) && !lib.md_tag(&weight, 4, kernel, DNNL_TAG_ANY)) {
    c.image = c.column = image, c.weight = weight;
    has = !lib.convolution(&pd, &c, NULL);
    if (has) lib.primitive_desc_destroy(pd);
  }
  lib.md_drop(image);
  lib.md_drop(weight);
  return has;
}

/* `so` becomes the library; else says in `note`, unless something stands there, why not. */
static bool take_library(void *so, const char *file) {
  char why[256];
  const struct version *v = NULL;
  const dnnl_version_t *is = NULL;
  if (resolve(so, common)) is = lib.version();
  for (size_t i = 0; is && i < sizeof versions / sizeof *versions; i++)
    if (versions[i].major == is->major && resolve(so, versions[i].symbols)) v = &versions[i];
  if (!is)
    snprintf(why, sizeof why, "not oneDNN, or one older than version 2");
  else if (!v)
    snprintf(why, sizeof why, "version %d.%d.%d has another interface; 2 and 3 serve", is->major, is->minor, is->patch);
  else if (is->cpu_runtime != DNNL_RUNTIME_OMP)
    snprintf(why, sizeof why, "oneDNN %d.%d.%d was built for other threads than OpenMP's", is->major, is->minor,
             is->patch);
  else if (lib.engine_create(&lib.engine, DNNL_CPU, 0))
    snprintf(why, sizeof why, "oneDNN %d.%d.%d makes no engine for this processor", is->major, is->minor, is->patch);
  else {
    snprintf(lib.name, sizeof lib.name, "oneDNN %d.%d.%d", is->major, is->minor, is->patch);
    lib.md_steps = v->md_steps, lib.md_tag = v->md_tag, lib.md_drop = v->md_drop;
    lib.append_relu = v->append_relu, lib.convolution = v->convolution, lib.post_op = v->post_op;
    lib.blocks2 = tag_named("aBcd16b"), lib.blocks3 = tag_named("aBcde16b");
    lib.set_primitive_cache_capacity(0); /* that of dnnl.c is enough */
    return true;
  }
  if (!*note) snprintf(note, sizeof note, "%s: %s", file, why);
  return false;
}

static bool open_file(const char *file) {
  void *so = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  return so && take_library(so, file); /* one that is refused stays open: libraries with threads dislike being closed */
}

/* What RK_DNNL names, and nothing else. */
static void open_named(const char *file) {
  usable = open_file(file);
  if (usable) return;
  const char *why = *note ? NULL : dlerror();
  if (!*note) snprintf(note, sizeof note, "%s", why ? why : file);
  fprintf(stderr, "rekindle: warning: RK_DNNL: no oneDNN that serves: %s\n", note);
}

/* Version 2 first: it has Winograd's algorithm (3x3, 64 planes, 56x56, batch 32: 68 ms a step, 3.2 took 123). */
static void open_any(void) {
  static const char *const sonames[] = {"libdnnl.so.2", "libdnnl.so.3"};
  for (size_t i = 0; !usable && i < sizeof sonames / sizeof *sonames; i++) usable = open_file(sonames[i]);
  if (!usable && !*note) snprintf(note, sizeof note, "not found (libdnnl.so.2 or libdnnl.so.3)");
}

static void open_library(void) {
  static const char *const wishes[] = {"", "on", "1", "direct", "off", "0"};
  enum { WISHES = sizeof wishes / sizeof *wishes, OFF = 4 };
  const char *wish = getenv("RK_DNNL");
  int known = 0;
  while (wish && known < WISHES && strcmp(wish, wishes[known]) != 0) known++;
  if (known == WISHES && (strchr(wish, '/') || strstr(wish, ".so")))
    open_named(wish);
  else if (wish && known >= OFF && known < WISHES)
    snprintf(note, sizeof note, "shut by RK_DNNL=%s", wish);
  else {
    if (known == WISHES)
      fprintf(stderr, "rekindle: warning: RK_DNNL=%s: on, direct, off or a file expected; it is on\n", wish);
    open_any();
  }
  lib.winograd = usable && !(wish && strcmp(wish, "direct") == 0) && has_winograd();
}

const char *rk_dnnl(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_library);
  return usable ? lib.name : NULL;
}
const char *rk_dnnl_note(void) { return rk_dnnl() ? "" : note; }

int rk_dnnl_swap_threads(int n) {
#ifdef _OPENMP
  const int old = omp_get_max_threads();
  if (old != n && !omp_in_parallel()) omp_set_num_threads(n);
  return old;
#else
  return n;
#endif
}
