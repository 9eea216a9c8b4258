/* tensor_test.c -- tensors and views against a naive model: a list of the elements each shows. */
#include "test.h"

static struct rk_tensor empty(int dtype) { return (struct rk_tensor){.dt = (int8_t)dtype}; }
#define SHAPE(...)                                                                                                     \
  (int)(sizeof((int64_t[]){__VA_ARGS__}) / 8), (int64_t[]) { __VA_ARGS__ }

/* Offset of element (index) computed the plain way. */
static int64_t at(const struct rk_tensor *t, const int64_t *index) {
  int64_t o = t->start;
  for (int d = 0; d < t->rank; d++) o += index[d] * t->step[d];
  return o;
}
/* Go through all indices of t; false after the last. */
static bool next(const struct rk_tensor *t, int64_t *index) {
  for (int d = t->rank - 1; d >= 0; d--) {
    if (++index[d] < t->shape[d]) return true;
    index[d] = 0;
  }
  return false;
}
static void random_view(struct rk_tensor *x, int kind) {
  const int rank = (int)test_int(1, 4);
  int64_t shape[4];
  for (int d = 0; d < rank; d++) shape[d] = test_int(1, 6);
  CHECK_OK(test_layout(x, RK_i32, rank, shape, kind % TEST_LAYOUTS));
}

/* Each view, checked through what every index of the result must show of x. */
static void check_narrow(const struct rk_tensor *x, struct rk_tensor *v) {
  const int d = (int)test_int(0, x->rank - 1);
  const int64_t first = test_int(0, x->shape[d]), n = test_int(0, x->shape[d] - first);
  CHECK_OK(rk_narrow(v, x, d, first, n));
  CHECK_EQ(v->shape[d], n);
  int64_t i[RK_MAX_DIMS] = {0};
  for (bool go = n > 0; go; go = next(v, i)) {
    int64_t k[RK_MAX_DIMS];
    memcpy(k, i, sizeof k);
    k[d] += first;
    CHECK_EQ(at(v, i), at(x, k));
  }
}
static void check_select(const struct rk_tensor *x, struct rk_tensor *v) {
  if (x->rank == 1) return;
  const int d = (int)test_int(0, x->rank - 1);
  const int64_t which = test_int(0, x->shape[d] - 1);
  CHECK_OK(rk_select(v, x, d, which));
  CHECK_EQ(v->rank, x->rank - 1);
  int64_t i[RK_MAX_DIMS] = {0};
  do {
    int64_t k[RK_MAX_DIMS] = {0};
    for (int e = 0; e < x->rank; e++) k[e] = e < d ? i[e] : e == d ? which : i[e - 1];
    CHECK_EQ(at(v, i), at(x, k));
  } while (next(v, i));
}
static void check_transpose(const struct rk_tensor *x, struct rk_tensor *v) {
  const int a = (int)test_int(0, x->rank - 1), b = (int)test_int(0, x->rank - 1);
  CHECK_OK(rk_transpose(v, x, a, b));
  int64_t i[RK_MAX_DIMS] = {0};
  do {
    int64_t k[RK_MAX_DIMS];
    memcpy(k, i, sizeof k);
    k[a] = i[b], k[b] = i[a];
    CHECK_EQ(at(v, i), at(x, k));
  } while (next(v, i));
}
static void check_permute(const struct rk_tensor *x, struct rk_tensor *v) {
  int64_t order[RK_MAX_DIMS];
  for (int d = 0; d < x->rank; d++) order[d] = d;
  for (int d = x->rank - 1; d > 0; d--) {
    const int64_t e = test_int(0, d), t = order[d];
    order[d] = order[e], order[e] = t;
  }
  CHECK_OK(rk_permute(v, x, x->rank, order));
  int64_t i[RK_MAX_DIMS] = {0};
  do {
    int64_t k[RK_MAX_DIMS] = {0};
    for (int d = 0; d < x->rank; d++) k[order[d]] = i[d];
    CHECK_EQ(at(v, i), at(x, k));
  } while (next(v, i));
}
static void check_unfold(const struct rk_tensor *x, struct rk_tensor *v) {
  const int d = (int)test_int(0, x->rank - 1);
  const int64_t size = test_int(1, x->shape[d]), step = test_int(1, 4);
  CHECK_OK(rk_unfold(v, x, d, size, step));
  CHECK_EQ(v->rank, x->rank + 1);
  CHECK_EQ(v->shape[d], (x->shape[d] - size) / step + 1);
  int64_t i[RK_MAX_DIMS] = {0};
  do {
    int64_t k[RK_MAX_DIMS];
    memcpy(k, i, sizeof k);
    k[d] = i[d] * step + i[x->rank];
    CHECK_EQ(at(v, i), at(x, k));
  } while (next(v, i));
}
static void check_expand(const struct rk_tensor *x, struct rk_tensor *v) {
  int64_t shape[RK_MAX_DIMS];
  const int lead = (int)test_int(0, 2), rank = x->rank + lead;
  for (int d = 0; d < rank; d++) shape[d] = d < lead || x->shape[d - lead] == 1 ? test_int(1, 4) : x->shape[d - lead];
  CHECK_OK(rk_expand(v, x, rank, shape));
  int64_t i[RK_MAX_DIMS] = {0};
  do {
    int64_t k[RK_MAX_DIMS] = {0};
    for (int d = 0; d < x->rank; d++) k[d] = x->shape[d] == 1 ? 0 : i[d + lead];
    CHECK_EQ(at(v, i), at(x, k));
  } while (next(v, i));
}
static void check_squeeze(const struct rk_tensor *x, struct rk_tensor *v) {
  struct rk_tensor w = empty(x->dt);
  const int d = (int)test_int(0, x->rank);
  CHECK_OK(rk_unsqueeze(v, x, d));
  CHECK(v->rank == x->rank + 1 && v->shape[d] == 1);
  CHECK_OK(rk_squeeze(&w, v, d));
  CHECK(rk_tensor_same_view(&w, x));
  CHECK_OK(rk_squeeze(v, x, -1));
  CHECK_EQ(rk_tensor_count(v), rk_tensor_count(x));
  for (int e = 0; e < v->rank; e++) CHECK(v->shape[e] > 1 || v->rank == 1);
  for (int64_t k = 0; k < rk_tensor_count(x); k++) CHECK_EQ(test_offset(v, k), test_offset(x, k));
  rk_tensor_drop(&w);
}
static void check_reshape(const struct rk_tensor *x, struct rk_tensor *v) {
  const int64_t n = rk_tensor_count(x);
  int64_t shape[4] = {1, 1, 1, 1}, left = n;
  const int rank = (int)test_int(1, 4);
  for (int d = 0; d < rank - 1; d++) {
    do shape[d] = test_int(1, 6);
    while (left % shape[d]);
    left /= shape[d];
  }
  shape[rank - 1] = left;
  if (test_int(0, 1)) shape[test_int(0, rank - 1)] = -1;
  const int status = rk_reshape(v, x, rank, shape);
  if (status) {
    CHECK(!rk_tensor_packed(x) && status == RK_ESHAPE); /* only steps can be in the way */
    return;
  }
  CHECK_EQ(rk_tensor_count(v), n);
  for (int64_t k = 0; k < n; k++) CHECK_EQ(test_offset(v, k), test_offset(x, k));
}
static void views(void) {
  static void (*const checks[])(const struct rk_tensor *,
                                struct rk_tensor *) = {check_narrow, check_select, check_transpose, check_permute,
                                                       check_unfold, check_expand, check_squeeze,   check_reshape};
  for (int round = 0; round < 400; round++)
    for (size_t c = 0; c < sizeof checks / sizeof checks[0]; c++) {
      struct rk_tensor x, v = empty(RK_i32);
      random_view(&x, round);
      if (round % 2) rk_tensor_init1(&v, RK_i32, 3); /* something to be dropped */
      checks[c](&x, &v);
      rk_tensor_drop(&x), rk_tensor_drop(&v);
    }
}

static void into_itself(void) {
  struct rk_tensor t;
  CHECK_OK(rk_tensor_init(&t, RK_f32, SHAPE(4, 5, 6)));
  CHECK_OK(rk_transpose(&t, &t, 0, 2));
  CHECK_OK(rk_narrow(&t, &t, 0, 1, 3));
  CHECK_OK(rk_select(&t, &t, 1, 2));
  CHECK_OK(rk_unsqueeze(&t, &t, 1));
  CHECK_OK(rk_squeeze(&t, &t, -1));
  CHECK_OK(rk_tensor_view(&t, &t));
  CHECK(t.rank == 2 && t.shape[0] == 3 && t.shape[1] == 4 && t.step[0] == 1 && t.step[1] == 30 && t.start == 13);
  CHECK_EQ(t.mem->refs, 1);
  CHECK_OK(rk_diagonal(&t, &t, 1));
  CHECK(t.shape[0] == 3 && t.step[0] == 31 && t.start == 43);
  rk_tensor_drop(&t);
  CHECK_OK(rk_tensor_init(&t, RK_f32, SHAPE(3, 4)));
  struct rk_tensor d = empty(RK_f32);
  CHECK_OK(rk_diagonal(&d, &t, -2));
  CHECK(d.shape[0] == 1 && d.start == 8);
  CHECK_FAILS(rk_diagonal(&d, &t, 4), RK_EARG, "no diagonal 4");
  CHECK_FAILS(rk_diagonal(&d, &t, INT64_MIN), RK_EARG, "diagonal");
  rk_tensor_drop(&t), rk_tensor_drop(&d);
}

static void sizes(void) {
  struct rk_tensor t = empty(RK_f64), like;
  CHECK_EQ(rk_tensor_count(&t), 0);
  CHECK(rk_tensor_packed(&t));
  CHECK_OK(rk_tensor_resize(&t, SHAPE(3, 4), NULL));
  CHECK_OK(rk_range(&t, 0, 1));
  CHECK_OK(rk_transpose(&t, &t, 0, 1));
  CHECK(!rk_tensor_packed(&t));
  CHECK_OK(rk_tensor_resize(&t, SHAPE(4, 3), NULL)); /* the same sizes: stays transposed */
  CHECK_EQ(t.step[0], 1);
  CHECK_OK(rk_tensor_like(&like, &t));
  CHECK(rk_tensor_packed(&like) && rk_tensor_same_shape(&like, &t) && like.mem != t.mem);
  CHECK_OK(rk_tensor_resize(&t, SHAPE(2, 2, 2), NULL)); /* others: the memory is read again from the start */
  for (int64_t k = 0; k < 8; k++) CHECK_NEAR(test_get(&t, k), (double)k, 0);
  CHECK_OK(rk_tensor_resize(&t, SHAPE(100, 100), NULL));
  CHECK_NEAR(test_get(&t, 11), 11, 0);
  CHECK_OK(rk_tensor_resize(&t, SHAPE(2, 3), ((int64_t[]){1, 2})));
  CHECK(t.step[0] == 1 && t.step[1] == 2);
  CHECK_OK(rk_tensor_resize(&t, SHAPE(2, 3), ((int64_t[]){-1, -1})));
  CHECK(t.step[0] == 3 && t.step[1] == 1);
  CHECK_OK(rk_tensor_resize_as(&t, &like));
  CHECK(rk_tensor_same_shape(&like, &t));
  CHECK_OK(rk_tensor_resize(&t, 0, NULL, NULL));
  CHECK_EQ(t.rank, 0);
  CHECK_OK(rk_tensor_resize(&t, SHAPE(0, 3), NULL)); /* dims of size 0 are shapes like others in C */
  CHECK_EQ(rk_tensor_count(&t), 0);
  rk_tensor_drop(&t), rk_tensor_drop(&like), rk_tensor_drop(&like), rk_tensor_drop(NULL);
}

static void pointed_at_storage(void) {
  struct rk_tensor t = empty(RK_f32), u = empty(RK_f32);
  struct rk_buffer b, c;
  CHECK_OK(rk_buffer_init(&b, RK_f32, 6));
  CHECK_OK(rk_tensor_set(&t, &b, 2, SHAPE(2, 2), NULL));
  CHECK(t.mem == b.mem && t.start == 2 && b.mem->refs == 2);
  CHECK_OK(rk_tensor_set(&t, &b, 1, SHAPE(3, 4), ((int64_t[]){1, 3}))); /* reaches 1 + 2 + 9: grown */
  CHECK_EQ(rk_buffer_count(&b), 13 - 0);
  CHECK_OK(rk_tensor_buffer(&t, &c));
  CHECK(c.mem == b.mem && c.dt == RK_f32);
  CHECK_OK(rk_tensor_view(&u, &t));
  CHECK(rk_tensor_same_view(&u, &t));
  CHECK_EQ(b.mem->refs, 4);
  CHECK_OK(rk_tensor_set(&t, NULL, 0, 0, NULL, NULL));
  CHECK(!t.mem && t.rank == 0);
  CHECK_FAILS(rk_tensor_set(&t, &b, -1, SHAPE(2), NULL), RK_EARG, "offset 0");
  CHECK_FAILS(rk_tensor_set(&t, &b, 0, SHAPE(2), ((int64_t[]){-1})), RK_EARG, "negative stride");
  CHECK_FAILS(rk_tensor_set(&t, &b, INT64_MAX, SHAPE(2), NULL), RK_ENOMEM, "set");
  CHECK_FAILS(rk_tensor_set(&t, &b, 0, SHAPE(3, 3), ((int64_t[]){INT64_MAX / 2, INT64_MAX / 2})), RK_ESHAPE, "stride");
  CHECK_FAILS(rk_tensor_set(NULL, &b, 0, SHAPE(2), NULL), RK_EARG, "nil");
  struct rk_tensor d = empty(RK_f64);
  CHECK_FAILS(rk_tensor_set(&d, &b, 0, SHAPE(2), NULL), RK_EDTYPE, "DoubleStorage");
  rk_buffer_drop(&b), rk_buffer_drop(&c), rk_tensor_drop(&t), rk_tensor_drop(&u);
}

static void overlaps(void) {
  struct rk_tensor m, a = empty(RK_f32), b = empty(RK_f32);
  CHECK_OK(rk_tensor_init2(&m, RK_f32, 4, 10));
  for (int round = 0; round < 2000; round++) { /* never says apart when an element is shared */
    bool shared = false;
    for (int k = 0; k < 2; k++) {
      struct rk_tensor *t = k ? &b : &a;
      const int64_t r = test_int(0, 3), c = test_int(0, 9);
      CHECK_OK(rk_narrow(t, &m, 0, r, test_int(1, 4 - r)));
      CHECK_OK(rk_narrow(t, t, 1, c, test_int(1, 10 - c)));
      if (test_int(0, 1)) CHECK_OK(rk_transpose(t, t, 0, 1));
    }
    for (int64_t i = 0; i < rk_tensor_count(&a); i++)
      for (int64_t k = 0; k < rk_tensor_count(&b); k++) shared |= test_offset(&a, i) == test_offset(&b, k);
    if (shared) CHECK(rk_overlap(&a, &b) || rk_tensor_same_view(&a, &b));
  }
  CHECK_OK(rk_narrow(&a, &m, 1, 0, 5));
  CHECK_OK(rk_narrow(&b, &m, 1, 5, 5));
  CHECK(!rk_overlap(&a, &b) && !rk_overlap(&b, &a)); /* the halves of a matrix */
  CHECK_OK(rk_narrow(&b, &m, 1, 4, 5));
  CHECK(rk_overlap(&a, &b) && !rk_overlap(&a, &a));
  rk_tensor_drop(&m), rk_tensor_drop(&a), rk_tensor_drop(&b);
}

static void wrong_tensors(void) {
  struct rk_tensor t, none = empty(RK_f32);
  CHECK_FAILS(rk_tensor_init(&t, RK_f32, SHAPE(2, -3)), RK_ESHAPE, "[2x-3]");
  CHECK_FAILS(rk_tensor_init(&t, RK_f32, 13, (int64_t[13]){1}), RK_ESHAPE, "13 dimensions");
  CHECK_FAILS(rk_tensor_init(&t, RK_f32, -1, NULL), RK_ESHAPE, "-1 dimensions");
  CHECK_FAILS(rk_tensor_init(&t, RK_f32, 2, NULL), RK_EARG, "nil");
  CHECK_FAILS(rk_tensor_init(&t, RK_NDTYPES, SHAPE(2)), RK_EDTYPE, "dtype");
  CHECK_FAILS(rk_tensor_init(&t, RK_f32, SHAPE(INT64_MAX, INT64_MAX)), RK_ESHAPE, "too many");
  CHECK_FAILS(rk_tensor_init(&t, RK_f32, SHAPE(0, INT64_MAX, INT64_MAX)), RK_ESHAPE, "too many");
  CHECK_FAILS(rk_tensor_init(&t, RK_f64, SHAPE((int64_t)1 << 30, (int64_t)1 << 20)), RK_ENOMEM, "out of memory");
  CHECK_FAILS(rk_tensor_init1(NULL, RK_f32, 2), RK_EARG, "tensor");
  CHECK_FAILS(rk_tensor_like(&t, NULL), RK_EARG, "nil");
  CHECK_FAILS(rk_tensor_view(NULL, &none), RK_EARG, "nil");
  CHECK_FAILS(rk_tensor_view(&none, NULL), RK_EARG, "nil");
  CHECK_FAILS(rk_tensor_resize(NULL, SHAPE(2), NULL), RK_EARG, "nil");
  CHECK_FAILS(rk_tensor_resize(&none, SHAPE(2, -2), NULL), RK_ESHAPE, "[2x-2]");
  CHECK_FAILS(rk_tensor_resize(&none, SHAPE(5, 5), ((int64_t[]){INT64_MAX / 2, 1})), RK_ESHAPE, "stride");
  CHECK_FAILS(rk_tensor_resize_as(&none, NULL), RK_EARG, "nil");
  CHECK_FAILS(rk_tensor_resize_as(NULL, &none), RK_EARG, "nil");
  CHECK_FAILS(rk_tensor_buffer(NULL, NULL), RK_EARG, "nil");
  CHECK(!none.mem && none.rank == 0);
}

static void wrong_views(void) {
  struct rk_tensor x, d, v = empty(RK_f32), none = empty(RK_f32);
  CHECK_OK(rk_tensor_init2(&x, RK_f32, 3, 4));
  CHECK_OK(rk_tensor_init1(&d, RK_f64, 4));
  CHECK_FAILS(rk_narrow(&v, &x, 2, 0, 1), RK_EARG, "narrow: dimension 3 out of range for FloatTensor [3x4]");
  CHECK_FAILS(rk_narrow(&v, &x, -1, 0, 1), RK_EARG, "dimension 0");
  CHECK_FAILS(rk_narrow(&v, &x, 0, 2, 2), RK_EARG, "narrow");
  CHECK_FAILS(rk_narrow(&v, &x, 0, -1, 2), RK_EARG, "narrow");
  CHECK_FAILS(rk_narrow(&v, &x, 0, 1, INT64_MAX), RK_EARG, "narrow");
  CHECK_FAILS(rk_narrow(&v, NULL, 0, 0, 1), RK_EARG, "nil");
  CHECK_FAILS(rk_narrow(NULL, &x, 0, 0, 1), RK_EARG, "nil");
  CHECK_FAILS(rk_narrow(&d, &x, 0, 0, 1), RK_EDTYPE, "FloatTensor");
  CHECK_FAILS(rk_narrow(&v, &none, 0, 0, 1), RK_EARG, "FloatTensor []");
  CHECK_FAILS(rk_select(&v, &x, 0, 3), RK_EARG, "index 4");
  CHECK_FAILS(rk_select(&v, &x, 0, -1), RK_EARG, "index 0");
  CHECK_FAILS(rk_select(&v, &x, 5, 0), RK_EARG, "dimension 6");
  CHECK_FAILS(rk_select(&v, &d, 0, 0), RK_ESHAPE, "one dimension");
  CHECK_FAILS(rk_transpose(&v, &x, 0, 2), RK_EARG, "dimension 3");
  CHECK_FAILS(rk_transpose(&v, NULL, 0, 0), RK_EARG, "nil");
  CHECK_FAILS(rk_permute(&v, &x, 1, (int64_t[]){0}), RK_EARG, "1 dimensions");
  CHECK_FAILS(rk_permute(&v, &x, SHAPE(0, 0)), RK_EARG, "twice");
  CHECK_FAILS(rk_permute(&v, &x, SHAPE(0, 64)), RK_EARG, "out of range");
  CHECK_FAILS(rk_permute(&v, &x, 2, NULL), RK_EARG, "nil");
  CHECK_FAILS(rk_unfold(&v, &x, 0, 4, 1), RK_EARG, "windows of 4");
  CHECK_FAILS(rk_unfold(&v, &x, 0, 0, 1), RK_EARG, "windows of 0");
  CHECK_FAILS(rk_unfold(&v, &x, 0, 2, 0), RK_EARG, "step 0");
  CHECK_FAILS(rk_unfold(&v, &x, 2, 2, 1), RK_EARG, "dimension 3");
  CHECK_FAILS(rk_expand(&v, &x, SHAPE(3, 5)), RK_ESHAPE, "expand");
  CHECK_FAILS(rk_expand(&v, &x, SHAPE(4)), RK_ESHAPE, "expand");
  CHECK_FAILS(rk_expand(&v, &x, SHAPE(-1, 4)), RK_ESHAPE, "negative");
  CHECK_FAILS(rk_expand(&v, &none, SHAPE(1)), RK_ESHAPE, "expand");
  CHECK_FAILS(rk_squeeze(&v, &x, 2), RK_EARG, "dimension 3");
  CHECK_FAILS(rk_squeeze(&v, &x, -2), RK_EARG, "squeeze");
  CHECK_FAILS(rk_unsqueeze(&v, &x, 3), RK_EARG, "dimension 4");
  CHECK_FAILS(rk_unsqueeze(&v, &none, 0), RK_EARG, "unsqueeze");
  CHECK_FAILS(rk_reshape(&v, &x, SHAPE(5, -1)), RK_ESHAPE, "12 elements");
  CHECK_FAILS(rk_reshape(&v, &x, SHAPE(-1, -1)), RK_EARG, "only one");
  CHECK_FAILS(rk_reshape(&v, &x, SHAPE(-3, -4)), RK_ESHAPE, "view");
  CHECK_FAILS(rk_reshape(&v, &x, SHAPE(INT64_MAX, 2, 2)), RK_ESHAPE, "view");
  CHECK_FAILS(rk_reshape(&v, &x, SHAPE(0, -1)), RK_ESHAPE, "view");
  CHECK_FAILS(rk_reshape(&v, &x, 0, NULL), RK_ESHAPE, "view");
  CHECK_FAILS(rk_reshape(&v, &x, 2, NULL), RK_EARG, "nil");
  CHECK_FAILS(rk_diagonal(&v, &d, 0), RK_ESHAPE, "matrix");
  CHECK_FAILS(rk_diagonal(&v, NULL, 0), RK_EARG, "nil");
  CHECK(!v.mem && d.rank == 1 && d.mem->refs == 1 && x.mem->refs == 1); /* nothing was changed */
  CHECK_OK(rk_transpose(&v, &x, 0, 1));
  CHECK_FAILS(rk_reshape(&v, &v, SHAPE(12)), RK_ESHAPE, "contiguous()");
  rk_tensor_drop(&v);
  const int64_t ones[RK_MAX_DIMS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  CHECK_OK(rk_tensor_init(&v, RK_f32, RK_MAX_DIMS, ones));
  CHECK_FAILS(rk_unsqueeze(&v, &v, 0), RK_ESHAPE, "most dimensions");
  CHECK_FAILS(rk_unfold(&v, &v, 0, 1, 1), RK_ESHAPE, "most dimensions");
  rk_tensor_drop(&v), rk_tensor_drop(&x), rk_tensor_drop(&d);
}

int main(void) {
  const int64_t held = rk_live_bytes;
  RUN(views);
  RUN(into_itself);
  RUN(sizes);
  RUN(pointed_at_storage);
  RUN(overlaps);
  RUN(wrong_tensors);
  RUN(wrong_views);
  CHECK_EQ(rk_live_bytes, held);
  return test_done();
}
