/* interrupt_test.c -- long operations that are asked to stop, before and while they run: the status, what they hold,
 * and that everything works afterwards. */
#include "test.h"
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 600, COLUMNS = 1100, COUNT = ROWS * COLUMNS, LONG = 1500000 };

static struct rk_tensor x, y, turned, small, place, mask, image, filter;
static struct rk_tensor out, index_out;

/* -- what is stopped: each writes `out`, and gives a number besides where it has one -------------------- */
static double number;

static int fills(void) {
  RK_TRY(rk_result(&out, x.rank, x.shape, "test"));
  return rk_fill(&out, 3);
}
static int ranges(void) {
  const int64_t n = (int64_t)1 << 21;
  RK_TRY(rk_result(&out, 1, &n, "test"));
  return rk_range(&out, 1, 1);
}
static int copies(void) {
  RK_TRY(rk_result(&out, x.rank, x.shape, "test"));
  return rk_copy(&out, &x);
}
static int transposes(void) {
  RK_TRY(rk_result(&out, turned.rank, turned.shape, "test"));
  return rk_copy(&out, &turned);
}
static int maps(void) { return rk_map1(RK_OP_exp, &out, &x, 0, 0); }
static int adds(void) { return rk_map2(RK_OP_cadd, &out, &x, &y, 2); }
static int strided_maps(void) { return rk_map1(RK_OP_exp, &out, &turned, 0, 0); }
static int sums(void) {
  struct rk_value v = {0, 0};
  RK_TRY(rk_reduce(RK_RED_sum, &x, 0, &v));
  number = v.f;
  return RK_OK;
}
static int sums_rows(void) { return rk_reduce_dim(RK_RED_sum, &out, &x, 1, 0); }
static int sums_columns(void) { return rk_reduce_dim(RK_RED_sum, &out, &turned, 1, 0); }
static int varies(void) { return rk_variance_dim(&out, &x, 1, 0, 1); }
static int finds_largest(void) { return rk_extreme_dim(1, &out, &index_out, &x, 1); }
static int sorts_rows(void) { return rk_sort(&out, &index_out, &x, 1, 0); }
static int sorts(void) {
  struct rk_tensor flat = {.dt = x.dt};
  RK_TRY(rk_reshape(&flat, &x, 1, (int64_t[]){COUNT}));
  const int status = rk_sort(&out, &index_out, &flat, 0, 1);
  rk_tensor_drop(&flat);
  return status;
}
static int takes_top(void) { return rk_topk(&out, &index_out, &x, 5, 1, 1, 1); }
static int runs_on(void) { return rk_cumsum(&out, &x, 1); }
static int selects(void) { return rk_index_select(&out, &x, 1, &place); }
static int masks(void) {
  RK_TRY(rk_result(&out, x.rank, x.shape, "test"));
  RK_TRY(rk_copy(&out, &x));
  return rk_masked_fill(&out, &mask, 7);
}
static int picks_masked(void) { return rk_masked_select(&out, &x, &mask); }
static int multiplies(void) {
  RK_TRY(rk_result(&out, 2, (int64_t[]){ROWS, ROWS}, "test"));
  return rk_gemm(&out, 0, 1, &x, &turned);
}
static int multiplies_vector(void) {
  struct rk_tensor v = {.dt = x.dt};
  RK_TRY(rk_result(&out, 1, (int64_t[]){ROWS}, "test"));
  RK_TRY(rk_select(&v, &x, 0, 0));
  const int status = rk_gemv(&out, 0, 1, &x, &v);
  rk_tensor_drop(&v);
  return status;
}
static int dots(void) {
  struct rk_value v = {0, 0};
  RK_TRY(rk_dot(&x, &y, &v));
  number = v.f;
  return RK_OK;
}
static int convolves(void) {
  const struct rk_conv c = {.dims = 2, .groups = 1, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  return rk_conv_forward(&out, &image, &filter, NULL, &c);
}
static int normalises(void) { return rk_softmax_forward(&out, &x, 1, 1); }
static int draws(void) {
  struct rk_random r = {0};
  rk_random_seed(&r, 5);
  RK_TRY(rk_result(&out, 1, (int64_t[]){(int64_t)1 << 21}, "test"));
  return rk_random_fill(&r, RK_UNIFORM, &out, 0, 1);
}
static int shuffles(void) {
  struct rk_random r = {0};
  rk_random_seed(&r, 5);
  return rk_random_permutation(&r, &out, (int64_t)1 << 21);
}
static int reads(void) {
  int64_t got = 0;
  const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return rk_fail(RK_ESYS, "no /dev/zero");
  int status = rk_result(&out, 1, (int64_t[]){(int64_t)1 << 21}, "test");
  if (!status) status = rk_file_read(fd, 0, rk_at(&out), 16 << 20, &got);
  number = (double)got;
  close(fd);
  return status;
}

/* -- layers: what they keep for the way back goes to `kept` and `also` -- */
static struct rk_tensor kept, also, row, rows_of_row, sequence, weights, state;
static const struct rk_pool window = {.dims = 2, .size = {3, 3, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};

static int pools(void) { return rk_maxpool_forward(&out, &index_out, &image, &window); }
static int pools_back(void) {
  RK_TRY(rk_avgpool_forward(&kept, &image, &window));
  RK_TRY(rk_result(&out, image.rank, image.shape, "test"));
  return rk_avgpool_backward(&out, &kept, &image, &window);
}
static int pools_evenly(void) {
  const struct rk_windows w = {.kind = RK_ADAPTIVE, .dims = 2, .out = {5, 7, 1}};
  return rk_window_max_forward(&out, &index_out, &image, &w);
}
static int pads(void) {
  const struct rk_pad p = {.dims = 2, .before = {1, 2, 0}, .after = {3, 0, 0}};
  return rk_pad_forward(&out, &image, &p);
}
static int normalises_batch(void) {
  const struct rk_batchnorm b = {.save_mean = &kept, .save_std = &also, .eps = 1e-5, .train = 1};
  return rk_batchnorm_forward(&out, &image, NULL, NULL, &b);
}
static int normalises_batch_back(void) {
  const struct rk_batchnorm b = {.save_mean = &kept, .save_std = &also, .eps = 1e-5, .train = 1};
  RK_TRY(normalises_batch());
  return rk_batchnorm_backward(&out, NULL, NULL, &image, &image, NULL, 1, &b);
}
static int normalises_groups(void) {
  const struct rk_groupnorm b = {.save_mean = &kept, .save_std = &also, .eps = 1e-5, .groups = 4};
  return rk_groupnorm_forward(&out, &image, NULL, NULL, &b);
}
static int normalises_planes(void) {
  const struct rk_lrn n = {5, 1, 0.75, 1};
  return rk_lrn_forward(&out, &kept, &image, &n);
}
static int picks_rows(void) {
  const struct rk_bag bag = {.keys = &place};
  RK_TRY(rk_result(&out, 2, (int64_t[]){COLUMNS, ROWS}, "test"));
  RK_TRY(rk_fill(&out, 0));
  return rk_bag_forward(&out, &turned, &bag);
}
static int remembers(void) {
  const struct rk_rnn r = {.kind = RK_RNN_TANH,
                           .x = &sequence,
                           .w_ih = &weights,
                           .w_hh = &weights,
                           .y = &out,
                           .gates = &kept,
                           .cells = &also,
                           .hn = &state};
  RK_TRY(rk_result(&out, 3, sequence.shape, "test"));
  return rk_rnn_forward(&r);
}
static int runs_on_in_one_row(void) { return rk_cumsum(&out, &row, 0); }
static int runs_down(void) { return rk_cumprod(&out, &x, 0); }
static int gathers_in_one_row(void) { return rk_gather(&out, &row, 0, &rows_of_row); }
static int scatters_in_one_row(void) {
  RK_TRY(rk_result(&out, row.rank, row.shape, "test"));
  RK_TRY(rk_fill(&out, 0));
  return rk_scatter(&out, 0, &rows_of_row, &row);
}

static const struct {
  const char *name;
  int (*run)(void);
} subjects[] = {
    {"fill", fills},
    {"range", ranges},
    {"copy", copies},
    {"copy of columns", transposes},
    {"map1", maps},
    {"map2", adds},
    {"map1 of columns", strided_maps},
    {"sum", sums},
    {"sums of rows", sums_rows},
    {"sums of columns", sums_columns},
    {"std", varies},
    {"max", finds_largest},
    {"sort", sorts_rows},
    {"sort of one row", sorts},
    {"topk", takes_top},
    {"cumsum", runs_on},
    {"index", selects},
    {"maskedFill", masks},
    {"maskedSelect", picks_masked},
    {"gemm", multiplies},
    {"gemv", multiplies_vector},
    {"dot", dots},
    {"conv", convolves},
    {"softmax", normalises},
    {"uniform", draws},
    {"randperm", shuffles},
    {"read", reads},
    {"max pooling", pools},
    {"average pooling, back", pools_back},
    {"adaptive pooling", pools_evenly},
    {"padding", pads},
    {"batch norm", normalises_batch},
    {"batch norm, back", normalises_batch_back},
    {"group norm", normalises_groups},
    {"response norm", normalises_planes},
    {"rows by keys", picks_rows},
    {"rnn", remembers},
    {"cumsum of one row", runs_on_in_one_row},
    {"cumprod of columns", runs_down},
    {"gather in one row", gathers_in_one_row},
    {"scatter in one row", scatters_in_one_row},
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };

/* -- the tests ------------------------------------------------------------------------------------- */
static void check_same(const struct rk_tensor *want, double wanted_number) {
  int same = 0;
  CHECK_OK(rk_equal(&out, want, &same));
  CHECK(same);
  CHECK(number == wanted_number);
}

/* Runs f with what it gives when nobody asks for anything; that is to come out again afterwards. */
static void on_each(void (*f)(int subject)) {
  for (int k = 0; k < SUBJECTS; k++) {
    struct rk_tensor want = {.dt = RK_f64};
    number = 0;
    test_name = subjects[k].name;
    rk_tensor_drop(&out);
    if (!CHECK_OK(subjects[k].run())) continue;
    CHECK_OK(rk_result(&want, out.rank, out.shape, "test"));
    CHECK_OK(rk_copy(&want, &out));
    const double wanted_number = number;
    const int64_t held = rk_live_bytes;
    f(k);
    CHECK_OK(subjects[k].run());
    CHECK_EQ(rk_live_bytes, held);
    check_same(&want, wanted_number);
    rk_tensor_drop(&want);
  }
}

static void asked_before(int k) {
  const int64_t held = rk_live_bytes;
  int *flag = rk_interrupt_flag();
  *flag = 1;
  CHECK_FAILS(subjects[k].run(), RK_EINTERRUPT, "interrupted!");
  CHECK_EQ(rk_live_bytes, held);
  *flag = 0;
}
static void stopped_at_once(void) { on_each(asked_before); }

struct asking {
  int *flag;
  long after; /* nanoseconds */
};
static void *ask(void *arg) {
  const struct asking *a = arg;
  nanosleep(&(struct timespec){0, a->after}, NULL);
  __atomic_store_n(a->flag, 1, __ATOMIC_RELAXED);
  return NULL;
}
static void asked_meanwhile(int k) {
  for (long i = 0; i < 6; i++) {
    struct asking a = {rk_interrupt_flag(), i * i * 100000};
    pthread_t t;
    pthread_create(&t, NULL, ask, &a);
    const int status = subjects[k].run();
    CHECK(status == RK_OK || status == RK_EINTERRUPT);
    pthread_join(t, NULL);
    *a.flag = 0;
  }
}
static void stopped_on_the_way(void) { on_each(asked_meanwhile); }

/* Positions that a sort left half done may be anything: whoever uses them looks at them. */
static void positions_are_looked_at(void) {
  struct rk_tensor picked = {.dt = x.dt};
  int *flag = rk_interrupt_flag();
  CHECK_OK(sorts_rows());
  CHECK_OK(rk_fill_long(&index_out, -1));
  *flag = 1;
  CHECK_FAILS(sorts_rows(), RK_EINTERRUPT, "interrupted!");
  CHECK_FAILS(rk_gather(&picked, &x, 1, &index_out), RK_EINTERRUPT, "interrupted!");
  *flag = 0;
  CHECK_FAILS(rk_gather(&picked, &x, 1, &index_out), RK_EARG, "out of range");
  rk_tensor_drop(&picked);
}

static void small_ones_go_on(void) {
  int *flag = rk_interrupt_flag();
  struct rk_tensor sum = {.dt = RK_f64};
  struct rk_value v = {0, 0};
  *flag = 1;
  CHECK_OK(rk_map2(RK_OP_cadd, &sum, &small, &small, 1));
  CHECK_OK(rk_reduce(RK_RED_sum, &sum, 0, &v));
  *flag = 0;
  CHECK_NEAR(v.f, 200, 0);
  rk_tensor_drop(&sum);
}

static void *run_sums(void *status) {
  *(int *)status = *rk_interrupt_flag() ? -1 : sums();
  return NULL;
}
static void each_thread_has_its_own(void) {
  int status = -1;
  pthread_t t;
  *rk_interrupt_flag() = 1;
  pthread_create(&t, NULL, run_sums, &status);
  pthread_join(t, NULL);
  *rk_interrupt_flag() = 0;
  CHECK_EQ(status, RK_OK);
}

static void make(struct rk_tensor *t, int dtype, int rank, const int64_t *shape, int distribution, double a, double b) {
  if (!CHECK_OK(rk_tensor_init(t, dtype, rank, shape))) exit(1);
  CHECK_OK(rk_random_fill(NULL, distribution, t, a, b));
}

int main(void) {
  const int64_t shape[] = {ROWS, COLUMNS}, hundred = 100, columns = COLUMNS;
  rk_random_seed(NULL, 1);
  rk_set_deterministic(1);
  out.dt = RK_f64, index_out.dt = RK_i64, turned.dt = RK_f64;
  make(&x, RK_f64, 2, shape, RK_UNIFORM, 0, 1);
  make(&y, RK_f64, 2, shape, RK_UNIFORM, 0, 1);
  make(&mask, RK_u8, 2, shape, RK_BERNOULLI, 0.5, 0);
  make(&image, RK_f64, 4, (int64_t[]){6, 8, 40, 40}, RK_UNIFORM, 0, 1);
  make(&filter, RK_f64, 4, (int64_t[]){8, 8, 3, 3}, RK_UNIFORM, 0, 1);
  make(&row, RK_f64, 1, (int64_t[]){LONG}, RK_UNIFORM, 0, 1);
  make(&sequence, RK_f64, 3, (int64_t[]){12, 20, 40}, RK_UNIFORM, 0, 1);
  make(&weights, RK_f64, 2, (int64_t[]){40, 40}, RK_UNIFORM, 0, 0.02);
  make(&state, RK_f64, 2, (int64_t[]){20, 40}, RK_UNIFORM, 0, 1);
  place.dt = rows_of_row.dt = RK_i64, kept.dt = also.dt = RK_f64;
  CHECK_OK(rk_random_permutation(NULL, &rows_of_row, LONG));
  CHECK_OK(rk_random_permutation(NULL, &place, columns));
  CHECK_OK(rk_transpose(&turned, &x, 0, 1));
  CHECK_OK(rk_tensor_init(&small, RK_f64, 1, &hundred));
  CHECK_OK(rk_fill(&small, 1));
  RUN(stopped_at_once);
  RUN(stopped_on_the_way);
  RUN(positions_are_looked_at);
  RUN(small_ones_go_on);
  RUN(each_thread_has_its_own);
  struct rk_tensor *all[] = {&x,         &y,    &turned, &small, &place,       &mask,     &image,   &filter, &out,
                             &index_out, &kept, &also,   &row,   &rows_of_row, &sequence, &weights, &state};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) rk_tensor_drop(all[k]);
  CHECK_EQ(rk_live_bytes, 0);
  return test_done();
}
