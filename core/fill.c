/* fill.c -- numbers into tensors and out of them: fills, ranges, single elements, bulk traffic with C arrays. */
#include "copy.h"
#include "stream_loops.h"
#include <string.h>

/* -- fills ------------------------------------------------------------------------------------ */
int rk_fill(struct rk_tensor *out, double value) {
  uint64_t element = 0;
  RK_TRY(rk_need(out, "fill", 1));
  if (out->dt == RK_f64)
    memcpy(&element, &value, sizeof value);
  else
    rk_converter(RK_f64, out->dt)(1, &element, &value);
  return rk_fill_with(out, &element);
}
int rk_fill_long(struct rk_tensor *out, int64_t value) {
  uint64_t element = 0;
  RK_TRY(rk_need(out, "fill", 1));
  rk_converter(RK_i64, out->dt)(1, &element, &value);
  return rk_fill_with(out, &element);
}
int rk_zero(struct rk_tensor *out) {
  const uint64_t element = 0; /* all dtypes have zero as zero bits */
  RK_TRY(rk_need(out, "zero", 1));
  return rk_fill_with(out, &element);
}

/* Computed in runs, as doubles or exact integers, and converted. Integers wrap. */
enum { RUN = 256, PART = 1 << 15 };
static void range_run(char *out, int dtype, int64_t k, int64_t n, double first, double step) {
  double f[RUN];
  int64_t i[RUN], base = 0, by = 0;
  if (rk_dtype_is_float(dtype)) {
    const double from = (double)k; /* places are exact: fewer than 2^53 elements */
    for (int j = 0; j < (int)n; j++) f[j] = first + (from + (double)j) * step;
    rk_converter(RK_f64, dtype)(n, out, f);
    return;
  }
  rk_converter(RK_f64, RK_i64)(1, &base, &first);
  rk_converter(RK_f64, RK_i64)(1, &by, &step);
  for (int64_t j = 0; j < n; j++) i[j] = (int64_t)((uint64_t)base + (uint64_t)(k + j) * (uint64_t)by);
  rk_converter(RK_i64, dtype)(n, out, i);
}

struct range {
  char *out;
  int dtype, size;
  int64_t n;
  double first, step;
};
static void range_part(void *arg, int64_t part) {
  const struct range *r = arg;
  const int64_t end = (part + 1) * PART < r->n ? (part + 1) * PART : r->n;
  const bool past = RK_STREAMS && r->n * r->size >= RK_STREAM_FROM;
  _Alignas(RK_LINE) char run[RUN * 8];
  for (int64_t k = part * PART; k < end; k += RUN) {
    const int64_t n = end - k < RUN ? end - k : RUN;
    char *to = r->out + k * r->size;
    range_run(past ? run : to, r->dtype, k, n, r->first, r->step);
    if (past) rk_stream_loops()->copy(to, run, n * r->size, NULL);
  }
  if (past) rk_stream_end();
}

int rk_range(struct rk_tensor *out, double first, double step) {
  RK_TRY(rk_need(out, "range", 1));
  const int64_t n = rk_tensor_count(out), size = rk_dtype_size(out->dt);
  struct rk_tensor packed;
  if (n == 0) return RK_OK;
  if (rk_tensor_packed(out)) {
    struct range r = {rk_at(out), out->dt, (int)size, n, first, step};
    return rk_parallel_try((n + PART - 1) / PART, n, range_part, &r);
  }
  RK_TRY(rk_tensor_like(&packed, out));
  int status = rk_range(&packed, first, step);
  if (!status) status = rk_copy(out, &packed);
  rk_tensor_drop(&packed);
  return status;
}

/* -- elements ------------------------------------------------------------------------------------ */
static int check_offset(const char *who, const struct rk_tensor *t, int64_t offset) {
  RK_TRY(rk_need(t, who, 1));
  if (!t->mem || offset < 0 || offset >= t->mem->bytes / rk_dtype_size(t->dt))
    return rk_fail(RK_EARG, "%s: element %lld is outside of the storage of %s", who, (long long)offset + 1,
                   rk_describe(t));
  return RK_OK;
}
int rk_peek(const struct rk_tensor *t, int64_t offset, struct rk_value *v) {
  RK_TRY(check_offset("get", t, offset));
  const char *at = (char *)t->mem->data + offset * rk_dtype_size(t->dt);
  rk_converter(t->dt, RK_f64)(1, &v->f, at);
  rk_converter(t->dt, RK_i64)(1, &v->i, at);
  return RK_OK;
}
int rk_poke(struct rk_tensor *t, int64_t offset, double f, int64_t i) {
  RK_TRY(check_offset("set", t, offset));
  char *at = (char *)t->mem->data + offset * rk_dtype_size(t->dt);
  if (rk_dtype_is_float(t->dt))
    rk_converter(RK_f64, t->dt)(1, at, &f);
  else
    rk_converter(RK_i64, t->dt)(1, at, &i);
  return RK_OK;
}

/* -- C arrays ---------------------------------------------------------------------------------------- */
/* A vector over memory that is only borrowed for a call: no count is ever given back. */
static struct rk_tensor over(struct rk_storage *mem, const double *data, int64_t n) {
  *mem = (struct rk_storage){.data = (void *)data, .bytes = n * 8, .refs = 1, .flags = RK_FIXED | RK_FOREIGN};
  return (struct rk_tensor){.mem = mem, .dt = RK_f64, .dev = RK_CPU, .rank = 1, .shape = {n}, .step = {1}};
}
static int check_array(const char *who, const struct rk_tensor *t, const double *array, int64_t n) {
  RK_TRY(rk_need(t, who, 1));
  if (n != rk_tensor_count(t))
    return rk_fail(RK_ESHAPE, "%s: %lld numbers given for %s", who, (long long)n, rk_describe(t));
  if (n && !array) return rk_fail(RK_EARG, "%s: array of %lld numbers expected, got nil", who, (long long)n);
  return RK_OK;
}
int rk_read_doubles(const struct rk_tensor *t, double *to, int64_t n) {
  RK_TRY(check_array("read", t, to, n));
  struct rk_storage mem;
  struct rk_tensor v = over(&mem, to, n);
  return rk_copy(&v, t);
}
int rk_write_doubles(struct rk_tensor *t, const double *from, int64_t n) {
  RK_TRY(check_array("write", t, from, n));
  struct rk_storage mem;
  const struct rk_tensor v = over(&mem, from, n);
  return rk_copy(t, &v);
}
