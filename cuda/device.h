// device.h -- what every .cu file of this folder starts with: CUDA, or its simulation on the host.
#pragma once
#ifdef RK_CUDA_SIM
#include "sim.h"
#else
#include <cuda_runtime.h>
#define RK_LAUNCH(kernel, grid, threads, stream, ...) kernel<<<(grid), (threads), 0, (stream)>>>(__VA_ARGS__)
#define RK_LAUNCH_BARRIERS RK_LAUNCH
#endif
#include "../core/kernels.h"
#include "../core/scalar.h"

enum { RK_THREADS = 256 };

// storage <-> compute: the dtype is the same for a whole launch, so these branches cost nothing
template <class T> struct memory;
template <> struct memory<float> {
  static __device__ __forceinline__ float load(int dtype, const void *p, int64_t i) {
    if (dtype == RK_f16) return rk_load_f16(((const rk_f16 *)p)[i]);
    if (dtype == RK_bf16) return rk_load_bf16(((const rk_bf16 *)p)[i]);
    return ((const float *)p)[i];
  }
  static __device__ __forceinline__ void store(int dtype, void *p, int64_t i, float v) {
    if (dtype == RK_f16)
      ((rk_f16 *)p)[i] = rk_store_f16(v);
    else if (dtype == RK_bf16)
      ((rk_bf16 *)p)[i] = rk_store_bf16(v);
    else
      ((float *)p)[i] = v;
  }
};
template <> struct memory<double> {
  static __device__ __forceinline__ double load(int, const void *p, int64_t i) { return ((const double *)p)[i]; }
  static __device__ __forceinline__ void store(int, void *p, int64_t i, double v) { ((double *)p)[i] = v; }
};
template <> struct memory<int32_t> {
  static __device__ __forceinline__ int32_t load(int dtype, const void *p, int64_t i) {
    if (dtype == RK_u8) return ((const uint8_t *)p)[i];
    if (dtype == RK_i8) return ((const int8_t *)p)[i];
    if (dtype == RK_i16) return ((const int16_t *)p)[i];
    return ((const int32_t *)p)[i];
  }
  static __device__ __forceinline__ void store(int dtype, void *p, int64_t i, int32_t v) {
    if (dtype == RK_u8)
      ((uint8_t *)p)[i] = (uint8_t)v;
    else if (dtype == RK_i8)
      ((int8_t *)p)[i] = (int8_t)v;
    else if (dtype == RK_i16)
      ((int16_t *)p)[i] = (int16_t)v;
    else
      ((int32_t *)p)[i] = v;
  }
};
template <> struct memory<int64_t> {
  static __device__ __forceinline__ int64_t load(int, const void *p, int64_t i) { return ((const int64_t *)p)[i]; }
  static __device__ __forceinline__ void store(int, void *p, int64_t i, int64_t v) { ((int64_t *)p)[i] = v; }
};
