/* storage_test.c -- the allocator, storages and their windows, mapped files, and failing allocations. */
#include "test.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void aligned_and_reused(void) {
  for (int64_t n = 1; n < 3000000; n = n * 3 / 2 + 1) {
    struct rk_buffer b, again;
    CHECK_OK(rk_buffer_init(&b, RK_u8, n));
    CHECK_EQ((uintptr_t)b.mem->data % 64, 0);
    CHECK(b.mem->room >= n && b.mem->room <= n + n / 4 + 64);
    memset(b.mem->data, 1, (size_t)b.mem->room);
    const void *data = b.mem->data;
    rk_buffer_drop(&b);
    CHECK_OK(rk_buffer_init(&again, RK_u8, n));
    CHECK(again.mem->data == data);
    rk_buffer_drop(&again);
  }
  CHECK(rk_cached_bytes() > 0);
  rk_trim();
  CHECK_EQ(rk_cached_bytes(), 0);
}

static void no_hoard(void) { /* ever larger blocks, each used once */
  for (int64_t n = 1 << 20; n < 64 << 20; n += 1 << 20) {
    struct rk_buffer b;
    CHECK_OK(rk_buffer_init(&b, RK_u8, n));
    rk_buffer_drop(&b);
    CHECK(rk_cached_bytes() <= 256 << 20);
  }
  rk_trim();
}

static void resized(void) {
  struct rk_buffer b;
  CHECK_OK(rk_buffer_init(&b, RK_i32, 4));
  for (int i = 0; i < 4; i++) ((int32_t *)b.mem->data)[i] = i;
  CHECK_OK(rk_buffer_resize(&b, 100000));
  CHECK_EQ(rk_buffer_count(&b), 100000);
  for (int i = 0; i < 4; i++) CHECK_EQ(((int32_t *)b.mem->data)[i], i);
  CHECK_OK(rk_buffer_resize(&b, 2));
  CHECK_EQ(((int32_t *)b.mem->data)[1], 1);
  CHECK_OK(rk_buffer_resize(&b, 0));
  CHECK_EQ(rk_buffer_count(&b), 0);
  CHECK_OK(rk_buffer_resize(&b, 3));
  rk_buffer_drop(&b);
}

/* A tensor may show more than a shrunk storage has left: reading it must be harmless. */
static void shrunk_under_a_tensor(void) {
  struct rk_tensor t;
  struct rk_buffer b;
  struct rk_value v;
  CHECK_OK(rk_tensor_init1(&t, RK_f64, 5000));
  CHECK_OK(rk_fill(&t, 3));
  CHECK_OK(rk_tensor_buffer(&t, &b));
  CHECK_OK(rk_buffer_resize(&b, 0));
  CHECK_OK(rk_fill(&t, 4));
  CHECK_FAILS(rk_peek(&t, 0, &v), RK_EARG, "outside of the storage");
  rk_buffer_drop(&b), rk_tensor_drop(&t);
}

static void windows(void) {
  struct rk_buffer all, part, inner;
  CHECK_OK(rk_buffer_init(&all, RK_i16, 100));
  for (int i = 0; i < 100; i++) ((int16_t *)all.mem->data)[i] = (int16_t)i;
  CHECK_OK(rk_buffer_part(&part, &all, 10, 20));
  CHECK_OK(rk_buffer_part(&inner, &part, 5, 5));
  CHECK_EQ(((int16_t *)inner.mem->data)[0], 15);
  CHECK_FAILS(rk_buffer_resize(&part, 21), RK_EARG, "window");
  CHECK_FAILS(rk_buffer_resize(&all, 100000), RK_EARG, "1 parts");
  CHECK_OK(rk_buffer_resize(&all, 101)); /* within its room: nothing moves */
  rk_buffer_drop(&part);
  CHECK_FAILS(rk_buffer_resize(&all, 100000), RK_EARG, "parts"); /* inner holds part holds all */
  rk_buffer_drop(&inner);
  CHECK_OK(rk_buffer_resize(&all, 100000));
  CHECK_OK(rk_buffer_part(&part, &all, 50, 50));
  rk_buffer_drop(&all);
  CHECK_EQ(((int16_t *)part.mem->data)[49], 99); /* the window keeps its parent */
  rk_buffer_drop(&part);
}

static int released;
static void release(struct rk_storage *s) {
  released++;
  free(s->owner);
}
static void foreign(void) {
  struct rk_buffer b, c;
  struct rk_tensor t = {.dt = RK_f64};
  double *memory = malloc(8 * sizeof *memory);
  CHECK_OK(rk_buffer_wrap(&b, RK_f64, memory, 8, release, memory));
  CHECK_OK(rk_tensor_set(&t, &b, 2, 1, (int64_t[]){6}, NULL));
  CHECK_OK(rk_fill(&t, 5));
  CHECK_NEAR(memory[7], 5, 0);
  CHECK_FAILS(rk_tensor_resize(&t, 1, (int64_t[]){7}, NULL), RK_EARG, "resize");
  CHECK_EQ(t.shape[0], 6);
  CHECK_FAILS(rk_buffer_wrap(&c, RK_f64, (char *)memory + 3, 1, NULL, NULL), RK_EARG, "multiples of 8");
  CHECK_FAILS(rk_buffer_wrap(&c, RK_f64, NULL, 1, NULL, NULL), RK_EARG, "nil");
  rk_buffer_drop(&b);
  CHECK_EQ(released, 0);
  rk_tensor_drop(&t);
  CHECK_EQ(released, 1);
}

static void mapped(void) {
  char path[] = "/tmp/rekindle_map_XXXXXX";
  struct rk_buffer a, b, c;
  const int fd = mkstemp(path);
  CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10);
  close(fd);
  CHECK_OK(rk_buffer_map(&a, RK_u8, path, 0, 0, 0)); /* the whole file, private */
  CHECK_EQ(rk_buffer_count(&a), 10);
  ((char *)a.mem->data)[0] = 'x';
  CHECK_OK(rk_buffer_map(&b, RK_u8, path, 1, 5000, 3)); /* grown, shared, from the middle */
  CHECK_EQ(rk_buffer_count(&b), 5000);
  CHECK_EQ(((char *)b.mem->data)[0], '3');
  ((char *)b.mem->data)[4999] = 'e';
  CHECK_OK(rk_buffer_map(&c, RK_i32, path, 0, 2, 1)); /* no multiple of 4: read */
  CHECK(memcmp(c.mem->data, "12345678", 8) == 0);
  rk_buffer_drop(&c);
  CHECK_OK(rk_buffer_map(&c, RK_u8, path, 0, 0, 5002));
  CHECK_EQ(rk_buffer_count(&c), 1);
  CHECK_EQ(((char *)c.mem->data)[0], 'e');
  CHECK_FAILS(rk_buffer_resize(&b, 6000), RK_EARG, "mapped");
  rk_buffer_drop(&a), rk_buffer_drop(&b), rk_buffer_drop(&c);
  CHECK_FAILS(rk_buffer_map(&a, RK_u8, path, 0, 6000, 0), RK_EARG, "5003 bytes, 6000 needed");
  CHECK_FAILS(rk_buffer_map(&a, RK_f32, path, 1, 1, 2), RK_EARG, "multiple of 4");
  CHECK_FAILS(rk_buffer_map(&a, RK_u8, path, 0, 1, -1), RK_EARG, "offset");
  CHECK_FAILS(rk_buffer_map(&a, RK_u8, "/nonexistent/file", 0, 0, 0), RK_ESYS, "/nonexistent/file");
  CHECK_FAILS(rk_buffer_map(&a, RK_u8, NULL, 0, 0, 0), RK_EARG, "nil");
  CHECK_FAILS(rk_buffer_map(&a, 77, path, 0, 0, 0), RK_EDTYPE, "77");
  unlink(path);
}

static void wrong_calls(void) {
  struct rk_buffer b, none = {.dt = RK_f32};
  CHECK_FAILS(rk_buffer_init(&b, RK_f32, -1), RK_ESHAPE, "-1");
  CHECK_FAILS(rk_buffer_init(&b, RK_f32, INT64_MAX / 2), RK_ESHAPE, "elements");
  CHECK_FAILS(rk_buffer_init(&b, -1, 1), RK_EDTYPE, "dtype");
  CHECK_FAILS(rk_buffer_init(&b, RK_u8, (int64_t)1 << 45), RK_ENOMEM, "out of memory");
  CHECK_FAILS(rk_buffer_part(&b, NULL, 0, 0), RK_EARG, "nil");
  CHECK_FAILS(rk_buffer_part(&b, &none, 0, 0), RK_EARG, "nil");
  CHECK_FAILS(rk_buffer_share(&b, &none), RK_EARG, "nil");
  CHECK_FAILS(rk_buffer_resize(NULL, 1), RK_EARG, "nil");
  CHECK_FAILS(rk_buffer_resize(&none, 1), RK_EARG, "nil");
  CHECK_OK(rk_buffer_init(&b, RK_f32, 10));
  CHECK_FAILS(rk_buffer_resize(&b, -2), RK_ESHAPE, "-2");
  struct rk_buffer p;
  CHECK_FAILS(rk_buffer_part(&p, &b, -1, 2), RK_EARG, "outside");
  CHECK_FAILS(rk_buffer_part(&p, &b, 8, 3), RK_EARG, "elements 9 to 11");
  CHECK_FAILS(rk_buffer_part(&p, &b, 11, 0), RK_EARG, "outside");
  CHECK_FAILS(rk_buffer_part(&p, &b, 1, INT64_MAX), RK_EARG, "outside");
  CHECK_OK(rk_buffer_part(&p, &b, 10, 0));
  rk_buffer_drop(&p), rk_buffer_drop(&b), rk_buffer_drop(&none), rk_buffer_drop(NULL);
  CHECK_EQ(rk_buffer_count(&none), 0);
  CHECK(!rk_scratch(-5, "test"));
  CHECK(!rk_scratch((int64_t)1 << 50, "test") && strstr(rk_error(), "test: out of memory"));
  rk_scratch_free(NULL);
}

/* A bit of everything that allocates. */
static int workload(void) {
  struct rk_tensor a = {.dt = RK_f32}, b = {.dt = RK_f32}, c = {.dt = RK_i32}, v = {.dt = RK_f32}, p = {.dt = RK_f32};
  struct rk_buffer s = {0}, w = {0};
  int status = rk_tensor_resize(&a, 2, (int64_t[]){6, 70}, NULL);
  if (!status) status = rk_range(&a, 0, 1);
  if (!status) status = rk_transpose(&v, &a, 0, 1);
  if (!status) status = rk_tensor_resize_as(&b, &v);
  if (!status) status = rk_copy(&b, &v);
  if (!status) status = rk_narrow(&v, &a, 1, 1, 60);
  if (!status) status = rk_tensor_resize(&c, 2, (int64_t[]){60, 6}, NULL);
  if (!status) status = rk_copy(&c, &v);
  if (!status) status = rk_packed_view(&p, &v);
  if (!status) status = rk_transpose(&v, &a, 0, 1);
  if (!status) status = rk_range(&v, 5, 1);
  if (!status) status = rk_buffer_init(&s, RK_f64, 3000);
  if (!status) status = rk_buffer_part(&w, &s, 3, 4);
  if (!status) rk_buffer_drop(&w);
  if (!status) status = rk_buffer_resize(&s, 300000);
  if (!status) status = rk_tensor_resize(&a, 1, (int64_t[]){1000}, NULL);
  if (!status) status = rk_map2(RK_OP_cadd, &b, &b, &b, 1);
  rk_buffer_drop(&s), rk_buffer_drop(&w);
  rk_tensor_drop(&a), rk_tensor_drop(&b), rk_tensor_drop(&c), rk_tensor_drop(&v), rk_tensor_drop(&p);
  return status;
}
static void failing_allocations(void) {
  const int64_t held = rk_live_bytes;
  int status = RK_ENOMEM;
  int64_t n = 0;
  while (status == RK_ENOMEM && n++ < 1000) {
    rk_fail_allocation(n);
    status = workload();
    if (status) CHECK(strstr(rk_error(), "out of memory") != NULL);
    CHECK_EQ(rk_live_bytes, held);
  }
  CHECK_EQ(status, RK_OK);
  CHECK(n > 10);
  rk_fail_allocation(0);
}

static void *churn(void *arg) {
  struct rk_tensor t[8] = {{0}};
  uint64_t state = (uint64_t)(uintptr_t)arg * 7919 + 1;
  for (int i = 0; i < 20000; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const int k = state >> 60 & 7;
    rk_tensor_drop(&t[k]);
    if (rk_tensor_init1(&t[k], RK_u8, 1 + (int64_t)(state >> 40 & 4095))) return "failed";
    memset(rk_at(&t[k]), k, (size_t)t[k].shape[0]);
  }
  const char *bad = NULL;
  for (int k = 0; k < 8; k++) {
    for (int64_t i = 0; t[k].mem && i < t[k].shape[0]; i++)
      if (rk_at(&t[k])[i] != k) bad = "overwritten";
    rk_tensor_drop(&t[k]);
  }
  return (void *)bad;
}
static void many_threads(void) {
  pthread_t threads[4];
  void *bad;
  for (intptr_t k = 0; k < 4; k++) pthread_create(&threads[k], NULL, churn, (void *)k);
  for (int k = 0; k < 4; k++) {
    pthread_join(threads[k], &bad);
    CHECK(bad == NULL);
  }
}

static void count_part(void *arg, int64_t part) { ((char *)arg)[part]++; }
static void nested(void *arg, int64_t part) { rk_parallel(10, 1 << 30, count_part, (char *)arg + part * 10); }
static void parallel(void) {
  char done[1000] = {0};
  CHECK_OK(rk_set_threads(3));
  CHECK_EQ(rk_threads(), 3);
  rk_parallel(1000, 1 << 30, count_part, done);
  rk_parallel(100, 1 << 30, nested, done);
  rk_parallel(1000, 1, count_part, done);
  rk_parallel(0, 1 << 30, count_part, done);
  bool all = true;
  for (int k = 0; k < 1000; k++) all &= done[k] == 3;
  CHECK(all);
  fflush(NULL);
  const pid_t child = fork(); /* must not wait for threads that are not there */
  if (child == 0) {
    alarm(20);
    rk_parallel(1000, 1 << 30, count_part, done);
    _exit(done[999] == 4 ? 0 : 1);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK_FAILS(rk_set_threads(0), RK_EARG, "got 0");
  CHECK_FAILS(rk_set_threads(-3), RK_EARG, "got -3");
  CHECK_FAILS(rk_set_threads(1 << 20), RK_EARG, "4096");
  CHECK(rk_cores() >= 1);
  rk_set_deterministic(7);
  CHECK_EQ(rk_deterministic(), 1);
  rk_set_deterministic(0);
  CHECK_OK(rk_set_threads(rk_cores()));
}

static void descriptions(void) {
  struct rk_tensor t;
  CHECK(!strcmp(rk_describe(NULL), "nil"));
  CHECK_OK(rk_tensor_init2(&t, RK_f32, 3, 4));
  char text[512];
  snprintf(text, sizeof text, "%s %s %s", rk_describe(&t), rk_describe_shape(2, (int64_t[]){-1, 5}),
           rk_describe_shape(0, NULL));
  CHECK(!strcmp(text, "FloatTensor [3x4] [-1x5] []"));
  rk_tensor_drop(&t);
  const int64_t wide[RK_MAX_DIMS] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
                                     INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
  CHECK(strlen(rk_describe_shape(RK_MAX_DIMS, wide)) < 192);
  rk_fail(RK_EARG, "first");
  rk_fail(RK_EARG, "second after %s", rk_error());
  CHECK(!strcmp(rk_error(), "second after first"));
  for (int dt = 0; dt < RK_NDTYPES; dt++) CHECK(rk_dtype_name(dt) && rk_dtype_class(dt) && rk_dtype_size(dt) > 0);
  CHECK(!rk_dtype_name(RK_NDTYPES) && !rk_dtype_name(-1) && !rk_dtype_class(99) && !rk_dtype_size(-1));
}

int main(void) {
  const int64_t held = rk_live_bytes;
  RUN(aligned_and_reused);
  RUN(no_hoard);
  RUN(resized);
  RUN(shrunk_under_a_tensor);
  RUN(windows);
  RUN(foreign);
  RUN(mapped);
  RUN(wrong_calls);
  RUN(failing_allocations);
  RUN(many_threads);
  RUN(parallel);
  RUN(descriptions);
  CHECK_EQ(rk_live_bytes, held);
  return test_done();
}
