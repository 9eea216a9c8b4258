// sim.h -- CUDA's kernel language as plain C++ on the host, for tests on machines without a GPU.
//
// The same .cu sources are compiled by the host compiler with -DRK_CUDA_SIM. A launch runs its
// blocks one after another and the threads of a block in a permuted order, which changes from
// launch to launch: what depends on the order shows. Threads of kernels with barriers are fibers
// (ucontext), and __syncthreads really waits for all of them. Only what cuda/ uses is here.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <ucontext.h>
#include <vector>

#define __global__ static
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static // one block runs at a time
#define __launch_bounds__(...)

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
typedef void *cudaStream_t;
enum cudaError_t { cudaSuccess };
static inline cudaError_t cudaGetLastError() { return cudaSuccess; }
static inline const char *cudaGetErrorString(cudaError_t) { return "no error"; }
static inline cudaError_t cudaMallocAsync(void **p, size_t n, cudaStream_t) { return *p = malloc(n), cudaSuccess; }
static inline cudaError_t cudaFreeAsync(void *p, cudaStream_t) { return free(p), cudaSuccess; }

namespace sim {
inline thread_local dim3 thread, block, block_size, grid_size;

struct fibers { // the threads of the block that runs
  std::vector<ucontext_t> at;
  std::vector<char> stacks, done;
  ucontext_t home;
  size_t now = 0;
  const std::function<void()> *body = nullptr;
};
inline fibers *running = nullptr;

// A permutation of 0..n-1: k -> (k * odd + shift) mod n, with odd prime to n.
inline uint32_t next_random() {
  static uint32_t state = 2463534242u;
  return state ^= state << 13, state ^= state >> 17, state ^= state << 5;
}
inline unsigned gcd(unsigned a, unsigned b) { return b ? gcd(b, a % b) : a; }
struct order {
  unsigned n, factor, shift;
  explicit order(unsigned n) : n(n), factor(1), shift(next_random() % n) {
    do factor = next_random() % n + 1;
    while (gcd(factor, n) != 1);
  }
  unsigned operator()(unsigned k) const { return (unsigned)(((uint64_t)k * factor + shift) % n); }
};

inline void enter() {
  fibers *f = running;
  (*f->body)();
  f->done[f->now] = 1;
  swapcontext(&f->at[f->now], &f->home);
}
inline void barrier() {
  fibers *f = running;
  if (!f) {
    fprintf(stderr, "sim: __syncthreads in a kernel launched without barriers\n");
    abort();
  }
  swapcontext(&f->at[f->now], &f->home);
}
// Every round runs each thread to its next barrier; a thread that ends while others wait is a bug CUDA would not show.
inline void run_fibers(unsigned n, const std::function<void()> &body) {
  enum { STACK = 64 << 10 };
  fibers f;
  f.at.resize(n), f.stacks.resize((size_t)n * STACK), f.done.assign(n, 0), f.body = &body;
  for (unsigned k = 0; k < n; k++) {
    getcontext(&f.at[k]);
    f.at[k].uc_stack.ss_sp = &f.stacks[(size_t)k * STACK], f.at[k].uc_stack.ss_size = STACK, f.at[k].uc_link = nullptr;
    makecontext(&f.at[k], enter, 0);
  }
  running = &f;
  for (unsigned ended = 0; ended < n;) {
    order next(n);
    ended = 0;
    for (unsigned k = 0; k < n; k++) {
      f.now = next(k), thread = dim3((unsigned)f.now);
      if (!f.done[f.now]) swapcontext(&f.home, &f.at[f.now]);
      ended += f.done[f.now];
    }
    if (ended && ended < n) {
      fprintf(stderr, "sim: %u of %u threads missed a barrier\n", ended, n);
      abort();
    }
  }
  running = nullptr;
}
inline void launch(unsigned grid, unsigned threads, bool barriers, const std::function<void()> &body) {
  grid_size = dim3(grid), block_size = dim3(threads);
  order blocks(grid);
  for (unsigned b = 0; b < grid; b++) {
    block = dim3(blocks(b));
    if (barriers) {
      run_fibers(threads, body);
      continue;
    }
    order next(threads);
    for (unsigned k = 0; k < threads; k++) thread = dim3(next(k)), body();
  }
}
} // namespace sim

#define threadIdx sim::thread
#define blockIdx sim::block
#define blockDim sim::block_size
#define gridDim sim::grid_size
#define __syncthreads() sim::barrier()
#define RK_LAUNCH(kernel, grid, threads, stream, ...)                                                                  \
  ((void)(stream), sim::launch(grid, threads, false, [&] { kernel(__VA_ARGS__); }))
#define RK_LAUNCH_BARRIERS(kernel, grid, threads, stream, ...)                                                         \
  ((void)(stream), sim::launch(grid, threads, true, [&] { kernel(__VA_ARGS__); }))
