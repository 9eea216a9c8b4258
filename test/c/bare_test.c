/* bare_test.c -- tensors whose storage and elements lie within them: what is refused, what is computed, what they
 * become. */
#include "test.h"
#include <stddef.h>

static struct rk_tensor bare(int dtype) { return (struct rk_tensor){.dt = (int8_t)dtype, .bare = 1}; }

static bool is_inside(const struct rk_tensor *t) {
  return t->bare && t->mem == &t->inside.mem && t->mem->data == (const void *)(t->step + t->rank) && t->start == 0;
}

static void what_fits(void) {
  static const struct {
    int dtype, rank;
    int64_t shape[7];
    bool fits;
  } cases[] = {
      {RK_f64, 1, {11}, true},       {RK_f64, 1, {12}, false},          {RK_u8, 1, {88}, true},
      {RK_u8, 1, {89}, false},       {RK_f64, 2, {2, 5}, true},         {RK_f64, 2, {1, 11}, false},
      {RK_f32, 2, {4, 5}, true},     {RK_u8, 6, {2, 2, 2, 2, 3}, true}, {RK_u8, 6, {1, 1, 1, 1, 1, 49}, false},
      {RK_f32, 3, {0, 1, 2}, false}, {RK_f64, 1, {INT64_MAX}, false},   {RK_u8, 7, {1, 1, 1, 1, 1, 1, 1}, false},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    int64_t shape[7];
    for (int d = 0; d < 7; d++) shape[d] = cases[k].shape[d] || cases[k].rank == 3 ? cases[k].shape[d] : 1;
    struct rk_tensor t = bare(cases[k].dtype);
    CHECK_EQ(rk_tensor_resize(&t, cases[k].rank, shape, NULL), cases[k].fits ? RK_OK : RK_EBARE);
    CHECK_EQ(is_inside(&t), cases[k].fits);
    if (!cases[k].fits) CHECK(rk_tensor_refused() == &t);
    if (shape[0] == INT64_MAX) continue;
    struct rk_tensor u;
    CHECK_EQ(rk_tensor_small(&u, cases[k].dtype, cases[k].rank, shape), cases[k].fits ? RK_OK : RK_TAKEN);
    CHECK_EQ(u.bare, cases[k].fits);
    CHECK_EQ(rk_tensor_packed(&u), 1);
    rk_tensor_drop(&u);
  }
}

static void computing(void) {
  const int64_t live = rk_live_bytes;
  struct rk_tensor x, y = bare(RK_f32), z = bare(RK_f32), big, out = bare(RK_f32);
  CHECK_EQ(rk_tensor_small1(&x, RK_f32, 10), RK_OK);
  CHECK_OK(rk_range(&x, 1, 1));
  CHECK_OK(rk_map2(RK_OP_cadd, &y, &x, &x, 1));
  CHECK(is_inside(&y));
  CHECK_OK(rk_map1(RK_OP_mul, &z, &y, 3, 0));
  CHECK_OK(rk_add_to(&z, &x));
  for (int64_t i = 0; i < 10; i++) {
    struct rk_value v;
    CHECK_OK(rk_peek(&z, i, &v));
    CHECK_NEAR(v.f, 7.0 * (double)(i + 1), 0);
  }
  CHECK_EQ(rk_live_bytes, live);
  CHECK_OK(rk_tensor_init1(&big, RK_f32, 100));
  CHECK_OK(rk_fill(&big, 1));
  CHECK_EQ(rk_map1(RK_OP_exp, &out, &big, 0, 0), RK_TAKEN);
  CHECK_EQ(out.bare, 0);
  rk_tensor_drop(&out);
  out = bare(RK_f32);
  CHECK_EQ(rk_map2(RK_OP_cadd, &out, &big, &x, 1), RK_ESHAPE); /* neither equal nor broadcasting */
  CHECK(out.bare == 1 && !out.mem);
  CHECK_EQ(rk_compare(RK_OP_gt, &(struct rk_tensor){.dt = RK_u8, .bare = 1}, &x, NULL, 2), RK_OK);
  rk_tensor_drop(&big);
  CHECK_EQ(rk_live_bytes, live);
}

/* What would leave somebody with memory that goes, or the tensor with a count that nobody returns. */
static void refusals(void) {
  const int64_t live = rk_live_bytes, before = rk_tensor_refusals();
  struct rk_tensor x, v = {.dt = RK_f32}, other;
  struct rk_buffer b;
  CHECK_EQ(rk_tensor_small2(&x, RK_f32, 2, 5), RK_OK);
  CHECK_OK(rk_range(&x, 1, 1));
  CHECK_OK(rk_tensor_init1(&other, RK_f32, 10));
  CHECK_EQ(rk_narrow(&v, &x, 0, 0, 1), RK_EBARE);
  CHECK(rk_tensor_refused() == &x && !v.mem);
  CHECK_EQ(rk_transpose(&x, &x, 0, 1), RK_EBARE);
  CHECK_EQ(rk_unsqueeze(&x, &x, 0), RK_EBARE);
  CHECK_EQ(rk_tensor_view(&v, &x), RK_EBARE);
  CHECK_EQ(rk_tensor_view(&x, &other), RK_EBARE);
  CHECK_EQ(rk_tensor_set(&x, NULL, 0, 0, NULL, NULL), RK_EBARE);
  CHECK_EQ(rk_tensor_buffer(&x, &b), RK_EBARE);
  CHECK_EQ(rk_tensor_resize(&x, 1, (int64_t[]){10}, NULL), RK_EBARE);
  CHECK_EQ(rk_tensor_resize_as(&x, &other), RK_EBARE);
  CHECK_OK(rk_tensor_resize(&x, 2, (int64_t[]){2, 5}, NULL));
  CHECK_EQ(rk_tensor_refusals() - before, 9);
  CHECK(is_inside(&x));
  CHECK_OK(rk_tensor_own(&x));
  CHECK_OK(rk_tensor_own(&x));
  CHECK(!x.bare && x.mem != &x.inside.mem);
  CHECK_OK(rk_narrow(&v, &x, 0, 1, 1));
  struct rk_value value;
  CHECK_OK(rk_peek(&v, v.start + 4, &value));
  CHECK_NEAR(value.f, 10, 0);
  rk_tensor_drop(&v);
  rk_tensor_drop(&x);
  rk_tensor_drop(&other);
  CHECK_EQ(rk_live_bytes, live);
  CHECK_EQ(rk_tensor_own(NULL), RK_EARG);
  struct rk_tensor none = bare(RK_f32);
  CHECK_OK(rk_tensor_own(&none));
  CHECK(!none.bare && !none.mem);
}

/* Functions that look at parts of their arguments borrow them. */
static void lending(void) {
  const int64_t before = rk_tensor_refusals();
  struct rk_tensor x, index, out = {.dt = RK_f32}, at = {.dt = RK_i64};
  CHECK_EQ(rk_tensor_small2(&x, RK_f32, 3, 3), RK_OK);
  CHECK_EQ(rk_tensor_small1(&index, RK_i64, 2), RK_OK);
  CHECK_OK(rk_range(&x, 1, 1));
  CHECK_OK(rk_range(&index, 1, 1));
  CHECK_OK(rk_index_fill(&x, 1, &index, 5));
  CHECK_OK(rk_index_select(&out, &x, 0, &index));
  CHECK_OK(rk_extreme_dim(1, &out, &at, &x, 1));
  CHECK_OK(rk_sort(&out, &at, &x, 1, 0));
  CHECK_OK(rk_cumsum(&x, &x, 0));
  CHECK_OK(rk_reduce_dim(RK_RED_sum, &out, &x, 0, 0));
  struct rk_value v;
  CHECK_OK(rk_peek(&out, 0, &v));
  CHECK_NEAR(v.f, 30, 0); /* columns of 5, 5, 5: sums 5, 10, 15 */
  CHECK_EQ(rk_tensor_refusals(), before);
  CHECK(is_inside(&x) && is_inside(&index));
  rk_tensor_drop(&out);
  rk_tensor_drop(&at);
}

int main(void) {
  RUN(what_fits);
  RUN(computing);
  RUN(refusals);
  RUN(lending);
  return test_done();
}
