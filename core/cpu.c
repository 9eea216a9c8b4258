/* cpu.c -- what the library contains, by name, and the loops of the best ISA
 * this processor has. RK_ISA=base|avx2|avx512 in the environment asks for
 * another one; what the processor lacks is not granted. */
#include "internal.h"
#include "kernels.h"
#include "layer_loops.h"
#include "scalar.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- ops and reductions ------------------------------------------------------------------ */
enum { RK_TRG = RK_FLT };
struct op_row {
  const char *name, *doc;
  int kind, class, scalars;
};
#define ROW1(op, cls, scalars, f, d, doc, ...) [RK_OP_##op] = {#op, doc, RK_MAP1, RK_##cls, scalars},
#define ROW2(op, cls, scalars, f, dx, dy, doc, ...) [RK_OP_##op] = {#op, doc, RK_MAP2, RK_##cls, scalars},
#define ROW3(op, cls, scalars, f, doc, ...) [RK_OP_##op] = {#op, doc, RK_MAP3, RK_##cls, scalars},
#define ROWC(op, cls, scalars, f, doc, ...) [RK_OP_##op] = {#op, doc, RK_COMPARE, RK_##cls, scalars},
static const struct op_row ops[RK_NOPS] = {RK_OP1(ROW1, ) RK_OP2(ROW2, ) RK_OP3(ROW3, ) RK_CMP(ROWC, )};

static const struct op_row *op_row(int op) {
  static const struct op_row none = {0};
  return op >= 0 && op < RK_NOPS ? &ops[op] : &none;
}
const char *rk_op_name(int op) { return op_row(op)->name; }
const char *rk_op_doc(int op) { return op_row(op)->doc; }
int rk_op_kind(int op) { return op_row(op)->kind; }
int rk_op_class(int op) { return op_row(op)->class; }
int rk_op_scalars(int op) { return op_row(op)->scalars; }

struct red_row {
  const char *name, *doc;
};
#define ROWR(red, cls, empty, start, step, merge, end, doc, ...) [RK_RED_##red] = {#red, doc},
static const struct red_row reds[RK_NREDS] = {RK_RED(ROWR, )};
const char *rk_red_name(int red) { return red >= 0 && red < RK_NREDS ? reds[red].name : NULL; }
const char *rk_red_doc(int red) { return red >= 0 && red < RK_NREDS ? reds[red].doc : NULL; }

/* -- the loops of one ISA ------------------------------------------------------------------ */
#define DECLARE(isa)                                                                                                   \
  extern const struct rk_loops rk_loops_i32_##isa, rk_loops_i64_##isa, rk_loops_f32_##isa, rk_loops_f64_##isa;
#define TABLES(isa)                                                                                                    \
  {                                                                                                                    \
#isa, RK_LEVEL_##isa, { &rk_loops_i32_##isa, &rk_loops_i64_##isa, &rk_loops_f32_##isa, &rk_loops_f64_##isa }       \
  }
#pragma GCC visibility push(hidden)
DECLARE(base)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif
#pragma GCC visibility pop
struct isa {
  const char *name;
  int level;
  const struct rk_loops *loops[RK_NCOMPUTE];
};
static const struct isa isas[] = {/* best first */
#if defined(__x86_64__)
                                  TABLES(avx512), TABLES(avx2),
#endif
                                  TABLES(base)};
enum { ISAS = sizeof isas / sizeof isas[0] };

static bool has_isa(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!strcmp(name, "avx512"))
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
  if (!strcmp(name, "avx2")) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return !strcmp(name, "base");
}

#define COMPUTE_u8 RK_C_i32
#define COMPUTE_i8 RK_C_i32
#define COMPUTE_i16 RK_C_i32
#define COMPUTE_i32 RK_C_i32
#define COMPUTE_i64 RK_C_i64
#define COMPUTE_f16 RK_C_f32
#define COMPUTE_bf16 RK_C_f32
#define COMPUTE_f32 RK_C_f32
#define COMPUTE_f64 RK_C_f64
#define ROW(dt, ...) [RK_##dt] = COMPUTE_##dt,
const int rk_compute_of[RK_NDTYPES] = {RK_DTYPES(ROW, )};
#undef ROW

const struct rk_loops *rk_cpu_loops[RK_NDTYPES];
static const struct isa *chosen;

bool rk_use_isa(const char *name) {
  const struct isa *found = NULL;
  for (int k = 0; k < ISAS && !found; k++)
    if ((!name || !strcmp(name, isas[k].name)) && has_isa(isas[k].name)) found = &isas[k];
  if (!found) return false;
  chosen = found;
  for (int dt = 0; dt < RK_NDTYPES; dt++) rk_cpu_loops[dt] = chosen->loops[rk_compute_of[dt]];
  return true;
}
__attribute__((constructor)) static void choose_isa(void) {
  const char *wanted = getenv("RK_ISA");
  if (wanted && *wanted && rk_use_isa(wanted)) return;
  rk_use_isa(NULL);
  if (wanted && *wanted)
    fprintf(stderr, "rekindle: warning: RK_ISA=%s: this processor and build have no such loops; those for %s run\n",
            wanted, rk_isa());
}
const char *rk_isa(void) { return chosen->name; }
int rk_isa_level(void) { return chosen->level; }

int rk_op_defined(int op, int dtype) {
  return op_row(op)->name && rk_dtype_name(dtype) && rk_cpu_loops[dtype]->map[RK_VALUE][op] != NULL;
}
int rk_op_has_grad(int op) { return op_row(op)->name && rk_cpu_loops[RK_f64]->map[RK_GRAD_X][op] != NULL; }
int rk_red_defined(int red, int dtype) {
  return rk_red_name(red) && rk_dtype_name(dtype) && rk_cpu_loops[dtype]->fold[red] != NULL;
}

/* -- numbers as a dtype holds them ------------------------------------------------------------ */
uint64_t rk_dtype_mask(int dtype) { return ~(uint64_t)0 >> (64 - 8 * rk_dtype_size(dtype)); }
int rk_is_compute(int dtype) { return dtype == RK_f32 || dtype == RK_f64 || dtype == RK_i32 || dtype == RK_i64; }

static int64_t wrap(int dtype, int64_t v) {
  int spare = 64 - 8 * rk_dtype_size(dtype);
  if (dtype == RK_u8) return v & 255;
  return (int64_t)((uint64_t)v << spare) >> spare;
}
static double round_to(int dtype, double v) {
  if (dtype == RK_f64) return v;
  if (dtype == RK_f16) return (double)rk_load_f16(rk_store_f16((float)v));
  if (dtype == RK_bf16) return (double)rk_load_bf16(rk_store_bf16((float)v));
  return (double)(float)v;
}
struct rk_scalar rk_scalar_double(int dtype, double v) {
  struct rk_scalar s = {v, 0};
  if (rk_dtype_is_float(dtype)) {
    s.f = round_to(dtype, v);
  } else { /* as copies convert, and x86: what does not fit int32 (for Long: int64) gives the lowest, which then wraps
            */
    const double most = dtype == RK_i64 ? 9223372036854775808.0 : 2147483648.0;
    const double least = dtype == RK_i64 ? -most : -2147483649.0;
    const bool fits = (dtype == RK_i64 ? v >= least : v > least) && v < most;
    s.i = wrap(dtype, fits ? (int64_t)v : dtype == RK_i64 ? INT64_MIN : INT32_MIN);
    s.f = (double)s.i;
  }
  return s;
}
struct rk_scalar rk_scalar_long(int dtype, int64_t v) {
  if (rk_dtype_is_float(dtype)) return rk_scalar_double(dtype, (double)v);
  struct rk_scalar s = {0, wrap(dtype, v)};
  s.f = (double)s.i;
  return s;
}
