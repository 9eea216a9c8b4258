/* dnnl.c -- float32 convolutions through oneDNN (dnnl_library.c opens it).
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
 * Kernels of 3x3 run by Winograd's algorithm where the library has it and it
 * pays (`winograd_pays`). RK_DNNL=direct in the environment and
 * rk_set_deterministic keep from it. */
#include "dnnl.h"
#include "crowd.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct rk_dnnl_library *const lib = &rk_dnnl_library;

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
  int64_t format; /* of the weight: entries whose weights have the same format have the same number */
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rk_dnnl *entries;

static void destroy(struct rk_dnnl *e) {
  if (!e) return;
  for (int s = 0; s < SIDES; s++) {
    if (e->side[s].ours) lib->memory_destroy(e->side[s].ours);
    if (e->side[s].theirs) lib->memory_destroy(e->side[s].theirs);
    if (e->side[s].reorder) lib->primitive_destroy(e->side[s].reorder);
  }
  if (e->bias) lib->memory_destroy(e->bias);
  if (e->add) lib->memory_destroy(e->add);
  if (e->scratch) lib->memory_destroy(e->scratch);
  if (e->primitive) lib->primitive_destroy(e->primitive);
  if (e->stream) lib->stream_destroy(e->stream);
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

/* The shape of a tensor; returns its number of dims. */
static int shape_of(int64_t *shape, const struct key *k, int side) {
  const int dims = spatial(k);
  const int64_t *size = side == IMAGE ? k->in : side == COLUMN ? k->out : k->k;
  int at = 0;
  if (side == WEIGHT && k->groups > 1) shape[at++] = k->groups;
  shape[at++] = side == WEIGHT ? k->cj / k->groups : k->n;
  shape[at++] = side == WEIGHT ? k->ci / k->groups : side == IMAGE ? k->ci : k->cj;
  for (int d = 3 - dims; d < 3; d++) shape[at++] = size[d];
  return at;
}
/* A tensor's descriptor in one of our layouts, or by a tag. */
static int md_ours(dnnl_md **md, const struct key *k, int side, int layout) {
  int64_t shape[DNNL_DIMS], step[DNNL_DIMS];
  const int rank = shape_of(shape, k, side);
  rk_layout_steps(layout, rank, shape, step);
  return lib->md_steps(md, rank, shape, step);
}
static int md_tagged(dnnl_md **md, const struct key *k, int side, int tag) {
  int64_t shape[DNNL_DIMS];
  const int rank = shape_of(shape, k, side);
  return lib->md_tag(md, rank, shape, tag);
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

/* What make() has put together: our descriptors, those wanted of the primitive. */
struct plan {
  dnnl_md *ours[SIDES], *want[SIDES], *bias;
  dnnl_primitive_attr_t attr;
};
static void drop_wants(struct plan *p) {
  for (int s = 0; s < SIDES; s++) {
    lib->md_drop(p->want[s]);
    p->want[s] = NULL;
  }
}
static void drop_plan(struct plan *p) {
  drop_wants(p);
  for (int s = 0; s < SIDES; s++) lib->md_drop(p->ours[s]);
  lib->md_drop(p->bias);
  if (p->attr) lib->primitive_attr_destroy(p->attr);
}

static int describe(dnnl_primitive_desc_t *pd, const struct key *k, int how, const struct plan *p) {
  const int dims = spatial(k);
  struct rk_dnnl_conv c = {.product = (int)k->product, .how = how, .bias = p->bias};
  c.image = p->want[IMAGE], c.column = p->want[COLUMN], c.weight = p->want[WEIGHT];
  for (int i = 0; i < dims; i++) {
    const int s = i + 3 - dims;
    c.stride[i] = k->stride[s], c.dilation[i] = k->dilation[s] - 1, c.left[i] = k->pad[s];
    c.right[i] = (k->out[s] - 1) * k->stride[s] + k->dilation[s] * (k->k[s] - 1) + 1 - k->in[s] - k->pad[s];
  }
  return lib->convolution(pd, &c, p->attr);
}

/* Which of its three tensors a product makes, and what oneDNN calls them. */
static int result_of(int64_t product) { return product == RK_GATHER ? COLUMN : product == RK_SCATTER ? IMAGE : WEIGHT; }
static const int queries[3][SIDES] = {[RK_GATHER] = {DNNL_QUERY_SRC, DNNL_QUERY_DST, DNNL_QUERY_WEIGHTS},
                                      [RK_SCATTER] = {DNNL_QUERY_DIFF_SRC, DNNL_QUERY_DIFF_DST, DNNL_QUERY_WEIGHTS},
                                      [RK_WEIGHTS] = {DNNL_QUERY_SRC, DNNL_QUERY_DIFF_DST, DNNL_QUERY_DIFF_WEIGHTS}};
static const int arguments[3][SIDES] = {[RK_GATHER] = {DNNL_SRC, DNNL_DST, DNNL_WEIGHTS},
                                        [RK_SCATTER] = {DNNL_DIFF_SRC, DNNL_DIFF_DST, DNNL_WEIGHTS},
                                        [RK_WEIGHTS] = {DNNL_SRC, DNNL_DIFF_DST, DNNL_DIFF_WEIGHTS}};

/* Is this format of an image blocks of 16 planes, none of them padded? */
static bool is_blocks(const dnnl_md *md, const struct key *k, int side) {
  dnnl_md *blocks = NULL;
  const int tag = spatial(k) == 3 ? lib->blocks3 : lib->blocks2;
  const bool is = (side == IMAGE ? k->ci : k->cj) % 16 == 0 && tag && !md_tagged(&blocks, k, side, tag) &&
                  lib->memory_desc_equal(md, blocks);
  lib->md_drop(blocks);
  return is;
}

/* The memory objects of tensor i and the reorder between them. */
static int make_side(struct rk_dnnl *e, int i, const dnnl_md *ours, const dnnl_md *theirs) {
  struct side *s = &e->side[i];
  const bool out = i == result_of(e->key.product); /* the reorder goes from theirs to ours */
  int status = lib->memory_create(&s->ours, ours, lib->engine, NULL);
  if (status || lib->memory_desc_equal(ours, theirs)) return status;
  dnnl_primitive_desc_t pd;
  s->bytes = (int64_t)lib->memory_desc_get_size(theirs);
  if ((status = lib->memory_create(&s->theirs, theirs, lib->engine, NULL))) return status;
  s->blocks = i <= COLUMN && e->key.layout[i] == RK_LAST && is_blocks(theirs, &e->key, i);
  if (s->blocks) return 0;
  status =
      lib->reorder_primitive_desc_create(&pd, out ? theirs : ours, lib->engine, out ? ours : theirs, lib->engine, NULL);
  if (status) return status;
  status = lib->primitive_create(&s->reorder, pd);
  lib->primitive_desc_destroy(pd);
  return status;
}

/* A number for a weight's format: that of an entry in the cache whose weight has the same, else a new one. */
static int64_t number_format(const dnnl_md *weight) {
  static int64_t last;
  int64_t number = 0;
  pthread_mutex_lock(&lock);
  for (const struct rk_dnnl *e = entries; e && !number; e = e->next) {
    const dnnl_md *other;
    if (e->side[WEIGHT].theirs && !lib->memory_get_memory_desc(e->side[WEIGHT].theirs, &other) &&
        lib->memory_desc_equal(weight, other))
      number = e->format;
  }
  if (!number) number = ++last;
  pthread_mutex_unlock(&lock);
  return number;
}

static int fill_entry(struct rk_dnnl *e, dnnl_primitive_desc_t pd, const struct plan *p) {
  const struct key *k = &e->key;
  int s = lib->primitive_create(&e->primitive, pd);
  for (int i = 0; i < SIDES && !s; i++)
    s = make_side(e, i, p->ours[i], lib->primitive_desc_query_md(pd, queries[k->product][i], 0));
  e->format = number_format(lib->primitive_desc_query_md(pd, queries[k->product][WEIGHT], 0));
  const dnnl_md *scratch = lib->primitive_desc_query_md(pd, DNNL_QUERY_SCRATCHPAD, 0);
  e->scratch_bytes = scratch ? (int64_t)lib->memory_desc_get_size(scratch) : 0;
  if (!s && e->scratch_bytes) s = lib->memory_create(&e->scratch, scratch, lib->engine, NULL);
  if (!s && k->bias) s = lib->memory_create(&e->bias, p->bias, lib->engine, NULL);
  if (!s && k->add) s = lib->memory_create(&e->add, p->ours[COLUMN], lib->engine, NULL);
  return s ? s : lib->stream_create(&e->stream, lib->engine, DNNL_STREAM_DEFAULT);
}

/* The formats that the primitive gets to choose: all for Winograd. Otherwise packed images of more than a few planes,
 * when no side is channels-last: blocks of 16 planes are faster, and would pad few planes. Images of few planes lie
 * packed: channels-last, they were 5 times slower. */
static bool choose_formats(struct plan *p, const struct key *k, int how) {
  bool few = k->groups == 1 && (k->ci <= 4 || k->cj <= 4);
  drop_wants(p);
  for (int s = IMAGE; s <= COLUMN; s++) {
    bool any = how == DNNL_CONV_WINOGRAD || (few ? (s == IMAGE ? k->ci : k->cj) > 4 : !has_last(k));
    int layout = few || !has_last(k) ? RK_ROWS : RK_LAST;
    if (any ? md_tagged(&p->want[s], k, s, DNNL_TAG_ANY) : md_ours(&p->want[s], k, s, layout)) return false;
  }
  return !md_tagged(&p->want[WEIGHT], k, WEIGHT, DNNL_TAG_ANY);
}

/* Scratch memory is the caller's; then the sum with another tensor, then the activation. */
static int make_attr(dnnl_primitive_attr_t *attr, const struct key *k, const dnnl_md *add) {
  int s = lib->primitive_attr_create(attr);
  if (!s) s = lib->primitive_attr_set_scratchpad_mode(*attr, DNNL_SCRATCHPAD_USER);
  if (s || !(k->add || k->relu)) return s;
  dnnl_post_ops_t ops;
  if ((s = lib->post_ops_create(&ops))) return s;
  if (k->add) s = lib->post_ops_append_binary(ops, DNNL_BINARY_ADD, add);
  if (!s && k->relu) s = lib->append_relu(ops);
  if (!s) s = lib->primitive_attr_set_post_ops(*attr, ops);
  lib->post_ops_destroy(ops);
  return s;
}

/* oneDNN 2.6's convolution by gemm adds the wrong numbers of another tensor (found by the tests). */
static bool adds_well(dnnl_primitive_desc_t pd) {
  const char *name = "";
  lib->primitive_desc_query(pd, DNNL_QUERY_NAME, 0, &name);
  return strncmp(name, "jit", 3) == 0 || strncmp(name, "brg", 3) == 0;
}

static struct rk_dnnl *make_with(const struct key *k, int how, struct plan *p) {
  dnnl_primitive_desc_t pd;
  if (!choose_formats(p, k, how)) return NULL;
  /* what is added has the result's format, and is not reordered */
  if (k->add && !lib->memory_desc_equal(p->want[COLUMN], p->ours[COLUMN])) return NULL;
  if (describe(&pd, k, how, p)) return NULL;
  struct rk_dnnl *e = k->add && !adds_well(pd) ? NULL : calloc(1, sizeof *e);
  if (e) e->key = *k;
  if (e && fill_entry(e, pd, p)) {
    destroy(e);
    e = NULL;
  }
  lib->primitive_desc_destroy(pd);
  return e;
}

static struct rk_dnnl *make(const struct key *k) {
  struct plan p = {.attr = NULL};
  const int64_t planes = k->bias;
  struct rk_dnnl *e = NULL;
  bool winograd = winograd_pays(k), made = true;
  if (winograd && k->add) return NULL; /* better without the sum, which the caller then does */
  for (int s = 0; s < SIDES && made; s++) made = !md_ours(&p.ours[s], k, s, s == WEIGHT ? RK_ROWS : (int)k->layout[s]);
  if (made && k->bias) made = !lib->md_tag(&p.bias, 1, &planes, DNNL_TAG_A);
  if (made) made = !make_attr(&p.attr, k, p.ours[COLUMN]);
  if (made && winograd) e = make_with(k, DNNL_CONV_WINOGRAD, &p);
  if (made && !e) e = make_with(k, DNNL_CONV_DIRECT, &p);
  drop_plan(&p);
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
  if (!p->n || !rk_dnnl()) return NULL;
  struct key k = {.product = wish->product, .n = p->n, .groups = p->groups, .ci = p->ci, .cj = p->cj};
  k.layout[IMAGE] = wish->image, k.layout[COLUMN] = wish->column;
  k.bias = wish->bias ? p->cj : 0, k.add = wish->add, k.relu = wish->relu;
  k.threads = rk_deterministic() || is_small(p) ? 1 : rk_threads();
  k.winograd = lib->winograd && !rk_deterministic();
  for (int d = 0; d < 3; d++) {
    k.in[d] = p->in[d], k.out[d] = p->out[d], k.k[d] = p->k[d];
    k.stride[d] = p->stride[d], k.pad[d] = p->pad[d], k.dilation[d] = p->dilation[d];
  }
  if (k.threads > 1) (void)rk_crowded();
  struct rk_dnnl *e = take(&k);
  if (e) return e;
  int threads = rk_dnnl_swap_threads((int)k.threads);
  e = make(&k);
  rk_dnnl_swap_threads(threads);
  return e;
}

void rk_dnnl_end(struct rk_dnnl *e) {
  if (e) give_back(e);
}

static int64_t aligned(int64_t bytes) { return (bytes + 63) & ~(int64_t)63; }

static int reorder(struct rk_dnnl *e, int i, bool out) {
  const struct side *s = &e->side[i];
  const struct key *k = &e->key;
  const int64_t *size = i == IMAGE ? k->in : k->out;
  if (s->blocks) {
    rk_blocks_copy(s->copy, s->data, k->n, i == IMAGE ? k->ci : k->cj, size[0] * size[1] * size[2], out);
    return 0;
  }
  dnnl_exec_arg_t args[] = {{DNNL_SRC, out ? s->theirs : s->ours}, {DNNL_DST, out ? s->ours : s->theirs}};
  return lib->primitive_execute(s->reorder, e->stream, 2, args);
}

/* The weight as the primitive wants it, kept between calls: the numbers, after a line that says what they are. */
enum { LINE = 64 };
struct line {
  int64_t format;
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
static int place(struct rk_dnnl *e, int i, float *data, char **scratch) {
  struct side *d = &e->side[i];
  int s = lib->memory_set_data_handle(d->ours, data);
  if (s || !d->theirs) return s;
  s = lib->memory_set_data_handle(d->theirs, *scratch);
  d->data = data, d->copy = (float *)*scratch;
  *scratch += aligned(d->bytes);
  return s || i == result_of(e->key.product) ? s : reorder(e, i, false);
}

static int execute(struct rk_dnnl *e, const struct rk_dnnl_data *data, char *packed, bool fresh, char *scratch) {
  int product = (int)e->key.product, result = result_of(product), n = 0;
  float *memory[SIDES] = {[IMAGE] = data->i, [COLUMN] = data->j, [WEIGHT] = data->w};
  dnnl_exec_arg_t args[SIDES + 3];
  int s = 0;
  for (int i = 0; i < SIDES && !s; i++) {
    struct side *d = &e->side[i];
    if (i == WEIGHT && packed) {
      s = lib->memory_set_data_handle(d->theirs, packed);
      if (!s && fresh) s = lib->memory_set_data_handle(d->ours, memory[i]);
      if (!s && fresh) s = reorder(e, i, false);
    } else {
      s = place(e, i, memory[i], &scratch);
    }
    args[n++] = (dnnl_exec_arg_t){arguments[product][i], d->theirs ? d->theirs : d->ours};
  }
  if (!s && e->bias) {
    s = lib->memory_set_data_handle(e->bias, data->bias);
    args[n++] = (dnnl_exec_arg_t){product == RK_GATHER ? DNNL_BIAS : DNNL_DIFF_BIAS, e->bias};
  }
  if (!s && e->add) {
    s = lib->memory_set_data_handle(e->add, (void *)(uintptr_t)data->add);
    args[n++] = (dnnl_exec_arg_t){lib->post_op | DNNL_SRC_1, e->add};
  }
  if (!s && e->scratch) {
    s = lib->memory_set_data_handle(e->scratch, scratch);
    args[n++] = (dnnl_exec_arg_t){DNNL_SCRATCHPAD, e->scratch};
  }
  if (!s) s = lib->primitive_execute(e->primitive, e->stream, n, args);
  if (!s && e->side[result].theirs) s = reorder(e, result, true);
  return s ? s : lib->stream_wait(e->stream);
}

int rk_dnnl_run(struct rk_dnnl *e, const struct rk_dnnl_data *data, const char *who) {
  int64_t bytes = aligned(e->scratch_bytes) + 64;
  char *packed;
  bool fresh;
  for (int s = 0; s < SIDES; s++) bytes += aligned(e->side[s].bytes);
  RK_TRY(keep_weight(e, data, &packed, &fresh));
  char *scratch = rk_scratch(bytes, who);
  if (!scratch) return RK_ENOMEM;
  int threads = rk_dnnl_swap_threads((int)e->key.threads);
  int s = execute(e, data, packed, fresh, scratch);
  rk_dnnl_swap_threads(threads);
  rk_scratch_free(scratch);
  return s ? rk_fail(RK_ESYS, "%s: oneDNN failed with status %d", who, (int)s) : RK_OK;
}
