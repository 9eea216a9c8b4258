/* gemm_kernels.h -- the innermost loops of the matrix product. gemm_kernels.c
 * includes it once per instruction set, with
 *   RK_NAME(f), RK_TARGET       as everywhere
 *   RK_VBYTES                   bytes of a vector register
 *   RK_ROWS(X), RK_NROWS        rows of a tile: its two vectors a row must fit the registers
 *   RK_MULADD_type(c, s, b)     c += s * b, s a number, c and b vectors
 *   RK_TRANSPOSE_type           a function for rk_gemm_kernel.transpose8, or NULL
 * of which it undefines RK_NAME, RK_ROWS and RK_NROWS. */

#define TILE(type)                                                                                                     \
  RK_TARGET static void RK_NAME(tile_##type)(int64_t k, const void *pa, const void *pb, void *po) {                    \
    typedef type vector __attribute__((vector_size(RK_VBYTES), may_alias));                                            \
    enum { LANES = RK_VBYTES / sizeof(type) };                                                                         \
    const type *restrict a = pa, *restrict b = pb;                                                                     \
    type *restrict out = po;                                                                                           \
    RK_ROWS(TILE_ZERO)                                                                                                 \
    for (; k > 0; k--, a += RK_NROWS, b += 2 * LANES) {                                                                \
      vector b0 = *(const vector *)b, b1 = *(const vector *)(b + LANES);                                               \
      RK_ROWS(TILE_STEP_##type)                                                                                        \
    }                                                                                                                  \
    RK_ROWS(TILE_STORE)                                                                                                \
  }
#define TILE_ZERO(i) vector c##i##_0 = {0}, c##i##_1 = {0};
#define TILE_STORE(i)                                                                                                  \
  *(vector *)(out + 2 * LANES * i) = c##i##_0;                                                                         \
  *(vector *)(out + 2 * LANES * i + LANES) = c##i##_1;
#define TILE_STEP_float(i) RK_MULADD_float(c##i##_0, a[i], b0) RK_MULADD_float(c##i##_1, a[i], b1)
#define TILE_STEP_double(i) RK_MULADD_double(c##i##_0, a[i], b0) RK_MULADD_double(c##i##_1, a[i], b1)
#define TILE_STEP_uint32_t(i) c##i##_0 += a[i] * b0, c##i##_1 += a[i] * b1;
#define TILE_STEP_uint64_t(i) c##i##_0 += a[i] * b0, c##i##_1 += a[i] * b1;
TILE(float)
TILE(double)
TILE(uint32_t)
TILE(uint64_t)
#undef TILE
#undef TILE_ZERO
#undef TILE_STORE
#undef TILE_STEP_float
#undef TILE_STEP_double
#undef TILE_STEP_uint32_t
#undef TILE_STEP_uint64_t

static const struct rk_gemm_kernel RK_NAME(kernels)[RK_NCOMPUTE] = {
    [RK_COMPUTE_F32] = {RK_NAME(tile_float), RK_NROWS, RK_VBYTES / 2, RK_TRANSPOSE_float},
    [RK_COMPUTE_F64] = {RK_NAME(tile_double), RK_NROWS, RK_VBYTES / 4, RK_TRANSPOSE_double},
    [RK_COMPUTE_U32] = {RK_NAME(tile_uint32_t), RK_NROWS, RK_VBYTES / 2, RK_TRANSPOSE_float},
    [RK_COMPUTE_U64] = {RK_NAME(tile_uint64_t), RK_NROWS, RK_VBYTES / 4, RK_TRANSPOSE_double},
};
#undef RK_NAME
#undef RK_ROWS
#undef RK_NROWS
