/* pointwise_test.c -- every row of ops.h on the device's backend against the CPU's, job by job: packed, strided and
 * broadcast operands, values and gradients, every dtype; reductions likewise. Run with the simulated device. */
#include "kernels.h"
#include "test.h"
#include <math.h>

const struct rk_backend *rk_cuda_backend(void);

enum { ROWS = 23, COLUMNS = 31, N = ROWS * COLUMNS };
static int64_t memory[4][4 * N]; /* inputs, aligned for any dtype */
static int64_t results[2][2 * N];

static void fill_inputs(int dtype) {
  for (int k = 0; k < 4; k++)
    for (int64_t i = 0; i < 2 * N; i++) {
      struct rk_storage s = {.data = memory[k], .bytes = sizeof memory[k], .refs = 1};
      struct rk_tensor t = {.mem = &s, .dt = (int8_t)dtype, .rank = 1, .shape = {2 * N}, .step = {1}};
      const int64_t v = test_int(1, 60) * (test_int(0, 1) ? 1 : -1);
      rk_poke(&t, i, (double)v / 16, v);
    }
}
/* kind 0: all packed; 1: first input transposed; 2: the second repeats a row, the result is strided. */
static struct rk_job job_of(int op, int column, int dtype, int args, int kind, void *out) {
  struct rk_job j = {.op = op,
                     .column = column,
                     .dtype = dtype,
                     .out_dtype = rk_op_kind(op) == RK_COMPARE ? RK_u8 : dtype,
                     .args = args,
                     .rank = kind ? 2 : 1,
                     .a = 1.5,
                     .b = 2.5,
                     .ia = 3,
                     .ib = 5};
  for (int w = 0; w < args; w++) {
    j.base[w] = w ? (char *)memory[w - 1] : out;
    j.step[w][0] = kind ? COLUMNS : 1, j.step[w][1] = 1;
  }
  j.shape[0] = kind ? ROWS : N, j.shape[1] = COLUMNS;
  if (kind == 1) j.step[1][0] = 1, j.step[1][1] = ROWS;
  if (kind == 2) j.step[0][0] = 2 * COLUMNS, j.step[0][1] = 2;
  if (kind == 2 && args > 2) j.step[2][0] = 0;
  return j;
}
static double as_double(int dtype, const void *p, int64_t i) {
  struct rk_storage s = {.data = (void *)(intptr_t)p, .bytes = 16 * N, .refs = 1};
  struct rk_tensor t = {.mem = &s, .dt = (int8_t)dtype, .rank = 1, .shape = {2 * N}, .step = {1}};
  struct rk_value v = {0, 0};
  rk_peek(&t, i, &v);
  return v.f;
}
static bool same_results(int dtype) {
  const int size = rk_dtype_size(dtype);
  for (int64_t i = 0; i < 2 * N; i++) {
    if (!memcmp((char *)results[0] + i * size, (char *)results[1] + i * size, (size_t)size)) continue;
    if (isnan(as_double(dtype, results[0], i)) && isnan(as_double(dtype, results[1], i))) continue;
    printf("  element %d: %.17g on the CPU, %.17g on the device\n", (int)i, as_double(dtype, results[0], i),
           as_double(dtype, results[1], i));
    return false;
  }
  return true;
}
static void every_row(void) {
  const struct rk_backend *device = rk_cuda_backend();
  for (int dt = 0; dt < RK_NDTYPES; dt++) {
    fill_inputs(dt);
    for (int op = 0; rk_op_name(op); op++)
      for (int column = 0; column < RK_NCOLUMNS; column++) {
        if (!rk_cpu_loops[dt]->map[column][op]) continue;
        const int inputs = rk_op_kind(op) == RK_COMPARE ? 2 : rk_op_kind(op), args = column ? inputs + 3 : inputs + 1;
        for (int kind = 0; kind < 3; kind++) {
          memset(results, 0, sizeof results);
          struct rk_job cpu = job_of(op, column, dt, args, kind, results[0]),
                        gpu = job_of(op, column, dt, args, kind, results[1]);
          rk_job_run(&cpu);
          CHECK_EQ(device->map(&gpu), RK_OK);
          if (!CHECK(same_results(cpu.out_dtype)))
            printf("  %s %s column %d, layout %d\n", rk_op_name(op), rk_dtype_name(dt), column, kind);
        }
      }
  }
}
static void every_reduction(void) {
  const struct rk_backend *device = rk_cuda_backend();
  for (int dt = 0; dt < RK_NDTYPES; dt++) {
    fill_inputs(dt);
    struct rk_storage s = {.data = memory[0], .bytes = sizeof memory[0], .refs = 1};
    struct rk_tensor x = {.mem = &s, .dt = (int8_t)dt, .rank = 2, .shape = {ROWS, COLUMNS}, .step = {COLUMNS, 1}};
    for (int red = 0; rk_red_name(red); red++) {
      if (!rk_red_defined(red, dt)) continue;
      struct rk_value want;
      CHECK_OK(rk_reduce(red, &x, 2.5, &want));
      union {
        double f;
        int64_t i;
      } got[COLUMNS];
      struct rk_fold_job all = {.red = red,
                                .dtype = dt,
                                .rank = 0,
                                .outputs = 1,
                                .n = N,
                                .along = 1,
                                .base = memory[0],
                                .result = got,
                                .p = 2.5};
      CHECK_EQ(device->fold(&all), RK_OK);
      const bool is_float = rk_dtype_is_float(dt);
      bool ok = is_float ? got[0].f == want.f || fabs(got[0].f - want.f) <= 1e-12 * fabs(want.f) : got[0].i == want.i;
      if (!CHECK(ok)) printf("  %s %s: %g instead of %g\n", rk_red_name(red), rk_dtype_name(dt), got[0].f, want.f);
      struct rk_fold_job by_row = {.red = red,
                                   .dtype = dt,
                                   .rank = 1,
                                   .shape = {COLUMNS},
                                   .step = {1},
                                   .outputs = COLUMNS,
                                   .n = ROWS,
                                   .along = COLUMNS,
                                   .base = memory[0],
                                   .result = got,
                                   .p = 2.5};
      CHECK_EQ(device->fold(&by_row), RK_OK);
      for (int c = 0; c < COLUMNS; c++) {
        struct rk_tensor column = {
            .mem = &s, .start = c, .dt = (int8_t)dt, .rank = 1, .shape = {ROWS}, .step = {COLUMNS}};
        CHECK_OK(rk_reduce(red, &column, 2.5, &want));
        CHECK(is_float ? got[c].f == want.f || fabs(got[c].f - want.f) <= 1e-12 * fabs(want.f) : got[c].i == want.i);
      }
    }
  }
}

int main(void) {
  RUN(every_row);
  RUN(every_reduction);
  return test_done();
}
