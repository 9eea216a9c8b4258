// rows.h -- the rows of ops.h as kernels of one compute type. pointwise_f32.cu and its like define
// C (float), A (double, for reductions), RK_C (f32) and RK_IS_FLT after device.h, and include this.

#define K(c) ((C)(c))
#if RK_IS_FLT
#define WHEN_NUM(...) __VA_ARGS__
#define WHEN_FLT(...) __VA_ARGS__
#define WHEN_TRG(...) __VA_ARGS__
#define WHEN_INT(...)
#define GRAD_NUM(...) __VA_ARGS__
#define GRAD_FLT(...) __VA_ARGS__
#define GRAD_TRG(...) __VA_ARGS__
#define GRAD_INT(...)
#define RK_LOWEST (-HUGE_VAL)
#define RK_HIGHEST HUGE_VAL
#else
#define WHEN_NUM(...) __VA_ARGS__
#define WHEN_FLT(...)
#define WHEN_TRG(...)
#define WHEN_INT(...) __VA_ARGS__
#define GRAD_NUM(...)
#define GRAD_FLT(...)
#define GRAD_TRG(...)
#define GRAD_INT(...)
#define RK_LOWEST INT64_MIN
#define RK_HIGHEST INT64_MAX
#endif
#define rk_sin(x) rk_sin_far(x) // branches are no obstacle here
#define rk_cos(x) rk_cos_far(x)
#define rk_tan(x) rk_tan_far(x)

namespace {
// -- pointwise: one functor a row, one kernel around it ------------------------------------------
struct operands {
  C v[4], a, b;
  uint64_t M;
};
#define OPEN                                                                                                           \
  [[maybe_unused]] const C a = o.a, b = o.b;                                                                           \
  [[maybe_unused]] const uint64_t M = o.M;
#define ROW(name, inputs, DECLARE, E)                                                                                  \
  struct name {                                                                                                        \
    enum { INPUTS = inputs };                                                                                          \
    static __device__ __forceinline__ C at(const operands &o) {                                                        \
      OPEN DECLARE;                                                                                                    \
      return (C)(E);                                                                                                   \
    }                                                                                                                  \
  };
#define IN_X [[maybe_unused]] const C x = o.v[0]
#define IN_XY [[maybe_unused]] const C x = o.v[0], y = o.v[1]
#define IN_XYZ [[maybe_unused]] const C x = o.v[0], y = o.v[1], z = o.v[2]
#define IN_XYG [[maybe_unused]] const C x = o.v[0], y = o.v[1], g = o.v[2]
#define IN_XYZG [[maybe_unused]] const C x = o.v[0], y = o.v[1], z = o.v[2], g = o.v[3]
#define MAP1(op, cls, scalars, f, d, ...) WHEN_##cls(ROW(f_##op, 1, IN_X, f)) GRAD_##cls(ROW(d_##op, 3, IN_XYG, d))
#define MAP2(op, cls, scalars, f, dx, dy, ...)                                                                         \
  WHEN_##cls(ROW(f_##op, 2, IN_XY, f)) GRAD_##cls(ROW(d_##op, 4, IN_XYZG, dx) ROW(e_##op, 4, IN_XYZG, dy))
#define MAP3(op, cls, scalars, f, ...) WHEN_##cls(ROW(f_##op, 3, IN_XYZ, f))
#define COMPARE(op, cls, scalars, f, ...) WHEN_##cls(ROW(f_##op, 2, IN_XY, f))
RK_OP1(MAP1, )
RK_OP2(MAP2, )
RK_OP3(MAP3, )
RK_CMP(COMPARE, )

template <class F> __global__ void each(struct rk_job j, int64_t count, uint64_t mask) {
  operands o;
  o.a = RK_IS_FLT ? (C)j.a : (C)j.ia, o.b = RK_IS_FLT ? (C)j.b : (C)j.ib, o.M = mask;
  for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < count; i += (int64_t)gridDim.x * blockDim.x) {
    int64_t at[RK_MAX_ARGS] = {0}, rest = i;
    for (int d = j.rank - 1; d >= 0; d--) {
      const int64_t k = d ? rest % j.shape[d] : rest;
      rest = d ? rest / j.shape[d] : 0;
      for (int w = 0; w <= F::INPUTS; w++) at[w] += k * j.step[w][d];
    }
    for (int w = 0; w < F::INPUTS; w++) o.v[w] = memory<C>::load(j.dtype, j.base[w + 1], at[w + 1]);
    const C v = F::at(o);
    if (j.out_dtype != j.dtype) // a comparison into bytes
      ((uint8_t *)j.base[0])[at[0]] = (uint8_t)v;
    else
      memory<C>::store(j.dtype, j.base[0], at[0], v);
  }
}
unsigned blocks_for(int64_t count) {
  const int64_t blocks = (count + RK_THREADS - 1) / RK_THREADS;
  return (unsigned)(blocks < 4096 ? blocks : 4096);
}
template <class F> void run(const struct rk_job *j, int64_t count, uint64_t mask) {
  RK_LAUNCH(each<F>, blocks_for(count), RK_THREADS, (cudaStream_t)0, *j, count, mask);
}

// -- reductions: a block folds its share of one list, a second launch merges the shares -------------
// clang-format off
#define REDUCE(op, cls, empty, start, step, merge, end_, ...)                                                          \
  WHEN_##cls(struct r_##op {                                                                                           \
    static __device__ __forceinline__ A first() { return (A)(start); }                                                 \
    static __device__ __forceinline__ A add(A acc, A x, A p) { return (void)p, (A)(step); }                            \
    static __device__ __forceinline__ A join(A acc, A t) { return (A)(merge); }                                        \
    static __device__ __forceinline__ A end(A acc, A n, A p) { return (void)n, (void)p, (A)(end_); }                   \
  };)
// clang-format on
RK_RED(REDUCE, )

template <class R> __device__ A join_block(A acc) { // all threads of the block; the total in thread 0
  __shared__ A part[RK_THREADS];
  part[threadIdx.x] = acc;
  __syncthreads();
  for (unsigned w = RK_THREADS / 2; w; w /= 2) {
    if (threadIdx.x < w) part[threadIdx.x] = R::join(part[threadIdx.x], part[threadIdx.x + w]);
    __syncthreads();
  }
  return part[0];
}
// Block b: share b % shares of list b / shares.
template <class R> __global__ void fold_shares(struct rk_fold_job f, A *to, int64_t shares, int64_t share) {
  const int64_t list = blockIdx.x / shares, first = blockIdx.x % shares * share;
  const int64_t end = first + share < f.n ? first + share : f.n;
  int64_t at = 0, rest = list;
  for (int d = f.rank - 1; d >= 0; d--) at += rest % f.shape[d] * f.step[d], rest /= f.shape[d];
  A acc = R::first();
  for (int64_t k = first + threadIdx.x; k < end; k += blockDim.x)
    acc = R::add(acc, (A)memory<C>::load(f.dtype, f.base, at + k * f.along), (A)f.p);
  acc = join_block<R>(acc);
  if (!threadIdx.x) to[blockIdx.x] = acc;
}
template <class R>
__global__ void join_shares(A *result, const A *from, int64_t outputs, int64_t shares, int64_t n, A p) {
  for (int64_t o = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; o < outputs; o += (int64_t)gridDim.x * blockDim.x) {
    A acc = from[o * shares];
    for (int64_t k = 1; k < shares; k++) acc = R::join(acc, from[o * shares + k]);
    result[o] = R::end(acc, (A)n, p);
  }
}
template <class R> int run_fold(const struct rk_fold_job *f) {
  const int64_t share = 1 << 16, shares = f->n ? (f->n + share - 1) / share : 1;
  A *parts;
  if (cudaMallocAsync((void **)&parts, (size_t)(f->outputs * shares) * sizeof(A), 0)) return RK_ENOMEM;
  RK_LAUNCH_BARRIERS(fold_shares<R>, (unsigned)(f->outputs * shares), RK_THREADS, (cudaStream_t)0, *f, parts, shares,
                     share);
  RK_LAUNCH(join_shares<R>, blocks_for(f->outputs), RK_THREADS, (cudaStream_t)0, (A *)f->result, (const A *)parts,
            f->outputs, shares, f->n, (A)f->p);
  cudaFreeAsync(parts, 0);
  return cudaGetLastError() ? RK_EDEVICE : RK_OK;
}

// -- tables, by op -------------------------------------------------------------------------------------
typedef void runner(const struct rk_job *j, int64_t count, uint64_t mask);
struct table {
  runner *map[RK_NCOLUMNS][RK_NOPS] = {};
  int (*fold[RK_NREDS])(const struct rk_fold_job *f) = {};
  table() {
#define SET1(op, cls, ...)                                                                                             \
  WHEN_##cls(map[RK_VALUE][RK_OP_##op] = run<f_##op>;) GRAD_##cls(map[RK_GRAD_X][RK_OP_##op] = run<d_##op>;)
#define SET2(op, cls, ...) SET1(op, cls, ) GRAD_##cls(map[RK_GRAD_Y][RK_OP_##op] = run<e_##op>;)
#define SET(op, cls, ...) WHEN_##cls(map[RK_VALUE][RK_OP_##op] = run<f_##op>;)
#define SETR(op, cls, ...) WHEN_##cls(fold[RK_RED_##op] = run_fold<r_##op>;)
    RK_OP1(SET1, ) RK_OP2(SET2, ) RK_OP3(SET, ) RK_CMP(SET, ) RK_RED(SETR, )
  }
};
const table rows;
} // namespace

#define NAME_(a, b) a##b
#define NAME(a, b) NAME_(a, b)
extern "C" int NAME(rk_cuda_map_, RK_C)(const struct rk_job *j, int64_t count, uint64_t mask) {
  runner *f = rows.map[j->column][j->op];
  if (!f) return RK_EDTYPE;
  f(j, count, mask);
  return cudaGetLastError() ? RK_EDEVICE : RK_OK;
}
extern "C" int NAME(rk_cuda_fold_, RK_C)(const struct rk_fold_job *f) {
  return rows.fold[f->red] ? rows.fold[f->red](f) : RK_EDTYPE;
}
