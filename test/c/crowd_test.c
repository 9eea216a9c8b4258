/* crowd_test.c -- the same bits whether or not other processes are thought to be in the way, and many changes of mind.
 */
#include "crowd.h"
#include "test.h"
#include <pthread.h>

enum { N = 300, COUNT = 400000, CALLERS = 4, ROUNDS = 50 };

static struct rk_tensor x, a, b;

static void setup(void) {
  rk_set_threads(2);
  CHECK_OK(rk_tensor_init1(&x, RK_f32, COUNT));
  CHECK_OK(rk_tensor_init(&a, RK_f32, 2, (int64_t[]){N, N}));
  CHECK_OK(rk_tensor_init(&b, RK_f32, 2, (int64_t[]){N, N}));
  for (int64_t i = 0; i < COUNT; i++) ((float *)x.mem->data)[i] = (float)(i % 1009) * 0.01F - 5;
  for (int64_t i = 0; i < (int64_t)N * N; i++) {
    ((float *)a.mem->data)[i] = (float)(i % 97) * 0.1F - 5;
    ((float *)b.mem->data)[i] = (float)(i % 89) * 0.1F - 4;
  }
}

struct results {
  struct rk_tensor map, product;
  double sum;
};
static void compute(struct results *r) {
  struct rk_value v = {0, 0};
  CHECK_OK(rk_tensor_init1(&r->map, RK_f32, COUNT));
  CHECK_OK(rk_tensor_init(&r->product, RK_f32, 2, (int64_t[]){N, N}));
  CHECK_OK(rk_map1(RK_OP_exp, &r->map, &x, 0, 0));
  CHECK_OK(rk_gemm(&r->product, 0, 1, &a, &b));
  CHECK_OK(rk_reduce(RK_RED_sum, &x, 0, &v));
  r->sum = v.f;
}
static void check_same(const struct results *r, const struct results *s) {
  CHECK(memcmp(r->map.mem->data, s->map.mem->data, COUNT * sizeof(float)) == 0);
  CHECK(memcmp(r->product.mem->data, s->product.mem->data, (size_t)N * N * sizeof(float)) == 0);
  CHECK(r->sum == s->sum);
}
static void drop(struct results *r) {
  rk_tensor_drop(&r->map);
  rk_tensor_drop(&r->product);
}

static void same_bits(void) {
  struct results alone, beside;
  rk_set_crowded(0);
  compute(&alone);
  rk_set_crowded(1);
  compute(&beside);
  check_same(&alone, &beside);
  drop(&alone);
  drop(&beside);
}

static void *ask(void *unused) {
  for (int k = 0; k < 1000; k++) (void)rk_crowded();
  return unused;
}
static void changes_its_mind(void) {
  struct results before, after;
  compute(&before);
  for (int k = 0; k < ROUNDS; k++) {
    pthread_t callers[CALLERS];
    rk_set_crowded(-1);
    int there = 0;
    while (there < CALLERS && CHECK(pthread_create(&callers[there], NULL, ask, NULL) == 0)) there++;
    rk_set_crowded(k % 2);
    while (there > 0) pthread_join(callers[--there], NULL);
    if (rk_threads() > 1) CHECK_EQ(rk_crowded(), k % 2);
    compute(&after);
    check_same(&before, &after);
    drop(&after);
  }
  drop(&before);
  rk_set_crowded(-1);
  CHECK(rk_crowded() == 0 || rk_crowded() == 1);
}

int main(void) {
  setup();
  RUN(same_bits);
  RUN(changes_its_mind);
  rk_set_crowded(0);
  rk_tensor_drop(&x);
  rk_tensor_drop(&a);
  rk_tensor_drop(&b);
  return test_done();
}
