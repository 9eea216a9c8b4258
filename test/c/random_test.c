/* random_test.c -- the generator against numbers of the original Torch7, fills
 * against single draws, same bits at any number of threads, and wrong calls. */
#include "test.h"

static struct rk_random r;

static void vector(struct rk_tensor *t, int dtype, int64_t n) {
  *t = (struct rk_tensor){0};
  CHECK_OK(rk_tensor_init1(t, dtype, n));
}
static double at(const struct rk_tensor *t, int64_t k) {
  struct rk_value v = {0};
  CHECK_OK(rk_peek(t, k, &v));
  return v.f;
}

/* Draws from torch.manualSeed(seed) in the original. */
static const struct {
  int distribution;
  uint64_t seed;
  double a, b, want[4];
} golden[] = {
    {RK_UNIFORM, 123, 0, 1, {0.6964691872708499, 0.7129553214181215, 0.2861393387429416, 0.428470924962312}},
    {RK_UNIFORM, 5489, 0, 1, {0.8147236919030547, 0.13547700410708785, 0.9057919341139495, 0.8350085897836834}},
    {RK_NORMAL, 123, 0, 1, {-0.5214430627124417, -1.491419435981541, -0.23812953316813365, 1.0306183433272835}},
    {RK_NORMAL, 123, 1, 0.5, {0.7392784686437792, 0.25429028200922954, 0.8809352334159332, 1.5153091716636418}},
    {RK_NORMAL, 2147483647, 0, 1, {-1.6539408553789203, 1.309919741649538, -0.7900677758891547, -1.189069444859387}},
    {RK_EXPONENTIAL, 123, 2.5, 0, {0.47690885959714535, 0.4992469603348859, 0.1348269951953118, 0.2237759688339096}},
    {RK_CAUCHY, 0, 1, 2, {1.3091313564053038, 1.6004865438255331, 2.604256562660899, 4.756363977700807}},
    {RK_LOG_NORMAL, 123, 0.5, 0.25, {1.4472124159047, 1.1355818253079797, 1.5534334601374178, 2.133266953852582}},
    {RK_GEOMETRIC, 42, 0.5, 0, {1, 3, 5, 1}},
    {RK_BERNOULLI, 42, 0.3, 0, {0, 0, 0, 1}},
};
static double single(int distribution, double a, double b) {
  switch (distribution) {
  case RK_UNIFORM: return rk_random_uniform(&r, a, b);
  case RK_NORMAL: return rk_random_normal(&r, a, b);
  case RK_EXPONENTIAL: return rk_random_exponential(&r, a);
  case RK_CAUCHY: return rk_random_cauchy(&r, a, b);
  case RK_LOG_NORMAL: return rk_random_log_normal(&r, a, b);
  case RK_GEOMETRIC: return (double)rk_random_geometric(&r, a);
  default: return rk_random_bernoulli(&r, a);
  }
}
static void streams(void) {
  for (size_t g = 0; g < sizeof golden / sizeof *golden; g++)
    for (int dtype = RK_f32; dtype <= RK_f64; dtype++) {
      struct rk_tensor t;
      vector(&t, dtype, 4);
      rk_random_seed(&r, golden[g].seed);
      CHECK_OK(rk_random_fill(&r, golden[g].distribution, &t, golden[g].a, golden[g].b));
      rk_random_seed(&r, golden[g].seed);
      for (int k = 0; k < 4; k++) {
        CHECK_NEAR(at(&t, k), golden[g].want[k], dtype == RK_f64 ? 1e-12 : 1e-6);
        CHECK_NEAR(single(golden[g].distribution, golden[g].a, golden[g].b), golden[g].want[k], 1e-12);
      }
      rk_tensor_drop(&t);
    }
}
static void words(void) {
  uint64_t s = 0;
  rk_random_seed(&r, 0);
  for (int i = 0; i < 1500; i++) s = (s * 31 + rk_random_word(&r)) % 4294967296u;
  CHECK_EQ((int64_t)s, 1274408786);
  rk_random_seed(&r, (uint64_t)-1);
  CHECK_EQ(rk_random_word(&r), 419326371);
  CHECK_EQ(rk_random_word(&r), 479346978);
  static const struct {
    int dtype;
    int64_t want[6];
  } natural[] = {
      {RK_f32, {4967756, 8666295, 4222261, 11551957, 1240994, 14537650}},
      {RK_u8, {254, 109, 126, 66, 220, 98}},
      {RK_i8, {126, 109, 126, 66, 92, 98}},
      {RK_i16, {19966, 15725, 28030, 17730, 28636, 21602}},
      {RK_i32, {843828734, 914636141, 1228959102, 1840268610, 974319580, 819844194}},
      {RK_i64, {2991312382, 3062119789, 1228959102, 1840268610, 974319580, 2967327842}},
      {RK_f64, {2991312382, 3062119789, 1228959102, 1840268610, 974319580, 2967327842}},
  };
  for (size_t i = 0; i < sizeof natural / sizeof *natural; i++) {
    struct rk_tensor t;
    vector(&t, natural[i].dtype, 6);
    rk_random_seed(&r, 123);
    CHECK_OK(rk_random_fill_words(&r, &t));
    for (int k = 0; k < 6; k++) CHECK_EQ((int64_t)at(&t, k), natural[i].want[k]);
    rk_tensor_drop(&t);
  }
}

/* The second of a pair waits, also across uniforms; seeding drops it. */
static void pairs(void) {
  rk_random_seed(&r, 7);
  CHECK_NEAR(rk_random_normal(&r, 0, 1), 0.6372305949003282, 1e-12);
  rk_random_uniform(&r, 0, 1);
  CHECK_NEAR(rk_random_normal(&r, 0, 1), 0.33131121063421026, 1e-12);
  CHECK_NEAR(rk_random_uniform(&r, 0, 1), 0.31897222762927413, 1e-12);
  rk_random_seed(&r, 8);
  rk_random_normal(&r, 0, 1);
  rk_random_seed(&r, 8);
  CHECK_NEAR(rk_random_normal(&r, 0, 1), 0.10467133700028497, 1e-12);
  CHECK_NEAR(rk_random_uniform(&r, 0, 1), 0.9685406649950892, 1e-12);
}

static void integers(void) {
  static const int64_t small[] = {-1, -2, -3, 2, 0, 0, -1, 0}, order[] = {11, 5, 2, 4, 9, 3, 7, 10, 12, 1, 6, 8};
  struct rk_tensor t;
  struct rk_value v;
  vector(&t, RK_i64, 8);
  rk_random_seed(&r, 123);
  CHECK_OK(rk_random_fill_integers(&r, &t, -3, 3));
  for (int k = 0; k < 8; k++) CHECK_EQ((int64_t)at(&t, k), small[k]);
  CHECK_OK(rk_random_fill_integers(&r, &t, INT64_MAX, INT64_MAX));
  CHECK_OK(rk_peek(&t, 7, &v));
  CHECK_EQ(v.i, INT64_MAX);
  CHECK_OK(rk_random_fill_integers(&r, &t, INT64_MIN, INT64_MAX));
  CHECK_OK(rk_random_fill_integers(&r, &t, 0, (int64_t)1 << 40));
  for (int k = 0; k < 8; k++) CHECK(at(&t, k) >= 0 && at(&t, k) <= 0x1p40);
  CHECK_OK(rk_random_fill_integers(&r, &t, 0, 4294967295));
  /* remainders by multiplication agree with remainders by division */
  for (int i = 0; i < 200; i++) {
    int64_t range = i < 100 ? i + 1 : test_int(1, 4294967295);
    struct rk_random copy = r;
    CHECK_OK(rk_random_fill_integers(&r, &t, 0, range - 1));
    for (int k = 0; k < 8; k++) CHECK_EQ((int64_t)at(&t, k), rk_random_word(&copy) % range);
  }
  rk_random_seed(&r, 123);
  CHECK_OK(rk_random_permutation(&r, &t, 12));
  CHECK_EQ(rk_tensor_count(&t), 12);
  for (int k = 0; k < 12; k++) CHECK_EQ((int64_t)at(&t, k), order[k]);
  CHECK_OK(rk_random_permutation(&r, &t, 2000));
  int64_t sum = 0;
  for (int k = 0; k < 2000; k++) sum += (int64_t)at(&t, k);
  CHECK_EQ(sum, 2000 * 2001 / 2);
  rk_tensor_drop(&t);
}

/* A fill, of any length and after any number of draws, is as many single draws, in row-major order, for every dtype. */
static void fills_are_draws(void) {
  static const int64_t lengths[] = {1, 2, 3, 17, 511, 512, 513, 1300};
  for (int d = RK_UNIFORM; d <= RK_BERNOULLI; d++)
    for (int dtype = 0; dtype < RK_NDTYPES; dtype++) {
      if (!rk_dtype_is_float(dtype) && d < RK_GEOMETRIC) continue;
      for (int i = 0; i < 16; i++) {
        double a = d == RK_EXPONENTIAL ? 2 : d == RK_GEOMETRIC ? 0.4 : 0.25, b = 1.5;
        struct rk_tensor t;
        int64_t shape[] = {i < 8 ? lengths[i] : 7, i < 8 ? 1 : 30};
        CHECK_OK(test_layout(&t, dtype, 2, shape, i < 8 ? 0 : i % 3));
        rk_random_seed(&r, (uint64_t)i);
        for (int k = 0; k < i % 3; k++) rk_random_normal(&r, 0, 1);
        struct rk_random after = r;
        CHECK_OK(rk_random_fill(&r, d, &t, a, b));
        struct rk_random filled = r;
        r = after;
        struct rk_tensor one;
        vector(&one, dtype, 1);
        bool same = true;
        for (int64_t k = 0; k < rk_tensor_count(&t); k++) {
          double x = single(d, a, b);
          CHECK_OK(rk_poke(&one, 0, x, (int64_t)x));
          same = same && at(&one, 0) == at(&t, t.start + k / t.shape[1] * t.step[0] + k % t.shape[1] * t.step[1]);
        }
        CHECK(same);
        CHECK_EQ(rk_random_word(&r), rk_random_word(&filled));
        CHECK_EQ(r.normal_is_valid, filled.normal_is_valid);
        rk_tensor_drop(&one);
        rk_tensor_drop(&t);
      }
    }
}

static void threads(void) {
  int before = rk_threads();
  for (int d = RK_UNIFORM; d <= RK_BERNOULLI; d++) {
    struct rk_tensor t, u;
    int same;
    vector(&t, RK_f32, 300001);
    vector(&u, RK_f32, 300001);
    rk_random_seed(&r, 3);
    struct rk_random copy = r;
    CHECK_OK(rk_set_threads(1));
    CHECK_OK(rk_random_fill(&r, d, &t, 0.5, 1));
    CHECK_OK(rk_set_threads(3));
    CHECK_OK(rk_random_fill(&copy, d, &u, 0.5, 1));
    same = memcmp(rk_at(&t), rk_at(&u), 300001 * 4) == 0;
    CHECK(same);
    CHECK_EQ(rk_random_word(&r), rk_random_word(&copy));
    rk_tensor_drop(&t);
    rk_tensor_drop(&u);
  }
  CHECK_OK(rk_set_threads(before));
}

static void bernoulli_tensor(void) {
  static const double p[] = {0, 0.2, 0.5, 0.7, 0.9, 1}, want[] = {0, 0, 0, 1, 1, 1};
  struct rk_tensor t, q;
  vector(&t, RK_f64, 6);
  vector(&q, RK_f64, 6);
  CHECK_OK(rk_write_doubles(&q, p, 6));
  rk_random_seed(&r, 42);
  CHECK_OK(rk_random_fill_bernoulli(&r, &t, &q));
  for (int k = 0; k < 6; k++) CHECK_NEAR(at(&t, k), want[k], 0);
  rk_random_seed(&r, 42);
  CHECK_OK(rk_random_fill_bernoulli(&r, &q, &q)); /* into the probabilities themselves */
  for (int k = 0; k < 6; k++) CHECK_NEAR(at(&q, k), want[k], 0);
  CHECK_OK(rk_poke(&q, 2, 1.5, 0));
  CHECK_FAILS(rk_random_fill_bernoulli(&r, &t, &q), RK_EARG, "1.5 as element 3");
  rk_tensor_drop(&q);
  vector(&q, RK_f32, 5);
  CHECK_FAILS(rk_random_fill_bernoulli(&r, &t, &q), RK_ESHAPE, "one probability an element");
  CHECK_FAILS(rk_random_fill_bernoulli(&r, &t, NULL), RK_EARG, "argument 2");
  rk_tensor_drop(&q);
  vector(&q, RK_i32, 6);
  CHECK_FAILS(rk_random_fill_bernoulli(&r, &t, &q), RK_EDTYPE, "IntTensor");
  rk_tensor_drop(&q);
  rk_tensor_drop(&t);
}

static void wrong_calls(void) {
  struct rk_tensor t, b, empty = {.dt = RK_f64};
  vector(&t, RK_f64, 3);
  vector(&b, RK_u8, 3);
  CHECK_FAILS(rk_random_fill(&r, RK_NORMAL, &t, 0, -1), RK_EARG, "standard deviation must be strictly positive");
  CHECK_FAILS(rk_random_fill(&r, RK_NORMAL, &t, 0, (double)NAN), RK_EARG, "standard deviation");
  CHECK_FAILS(rk_random_fill(&r, RK_LOG_NORMAL, &t, 0, 0), RK_EARG, "logNormal");
  CHECK_FAILS(rk_random_fill(&r, RK_BERNOULLI, &t, 2, 0), RK_EARG, ">= 0 and <= 1");
  CHECK_FAILS(rk_random_fill(&r, RK_GEOMETRIC, &t, 0, 0), RK_EARG, "> 0 and < 1");
  CHECK_FAILS(rk_random_fill(&r, RK_EXPONENTIAL, &t, 0, 0), RK_EARG, "lambda");
  CHECK_FAILS(rk_random_fill(&r, RK_UNIFORM, &t, (double)NAN, 0), RK_EARG, "uniform");
  CHECK_FAILS(rk_random_fill(&r, RK_UNIFORM, &b, 0, 1), RK_EDTYPE, "ByteTensor [3]");
  CHECK_FAILS(rk_random_fill(&r, RK_UNIFORM, NULL, 0, 1), RK_EARG, "nil");
  CHECK_FAILS(rk_random_fill(&r, 99, &t, 0, 1), RK_EARG, "99");
  CHECK_FAILS(rk_random_fill_integers(&r, &t, 5, 1), RK_EARG, "5 to 1");
  CHECK_FAILS(rk_random_permutation(&r, &t, 0), RK_EARG, "strictly positive");
  CHECK_FAILS(rk_random_permutation(&r, &b, 300), RK_EARG, "ByteTensor cannot hold 1 to 300");
  CHECK_OK(rk_random_fill(&r, RK_NORMAL, &empty, 0, 1));
  CHECK_OK(rk_random_fill(NULL, RK_NORMAL, &t, 0, 1)); /* the default generator */
  struct rk_random damaged = {.seeded = 1, .left = -7, .next = 1 << 30};
  rk_random_word(&damaged);
  struct rk_random unseeded = {0};
  CHECK(rk_random_word(&unseeded) != rk_random_word(&unseeded));
  rk_tensor_drop(&t);
  rk_tensor_drop(&b);
}

int main(void) {
  RUN(streams);
  RUN(words);
  RUN(pairs);
  RUN(integers);
  RUN(fills_are_draws);
  RUN(threads);
  RUN(bernoulli_tensor);
  RUN(wrong_calls);
  return test_done();
}
