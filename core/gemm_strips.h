/* gemm_strips.h -- the innermost loops of gemm_strips.c, which includes this once per instruction set, with
 *   RK_NAME(f), RK_TARGET       as everywhere
 *   RK_VBYTES                   bytes of a vector register
 *   RK_STRIPS(X, type)          X(type, n) for each number of rows n, of which there are RK_NSTRIPS
 *   RK_MULADD_type(c, s, b)     c += s * b, s a number, c and b vectors
 * all of which it undefines. */

/* base, step, next: where rows begin, what an element does to the sums, and on to the next one. */
#define LOOP(name, type, n, base, step, next)                                                                          \
  RK_TARGET static void RK_NAME(name##_##type##_##n)(int64_t parts, int64_t part, int64_t k, const void *pa,           \
                                                     int64_t row, const void *pb, void *po) {                          \
    typedef type vector __attribute__((vector_size(RK_VBYTES), may_alias));                                            \
    typedef type strip_t;                                                                                              \
    enum { LANES = RK_VBYTES / sizeof(type) };                                                                         \
    const type *restrict a = pa, *restrict b = pb;                                                                     \
    type *restrict out = po;                                                                                           \
    (void)row;                                                                                                         \
    ROWS##n(STRIP_LOAD) for (; parts > 0; parts--, a += part) {                                                        \
      base(n) for (int64_t q = k; q > 0; q--, b += 2 * LANES) {                                                        \
        const vector b0 = *(const vector *)b, b1 = *(const vector *)(b + LANES);                                       \
        ROWS##n(step) next(n)                                                                                          \
      }                                                                                                                \
    }                                                                                                                  \
    ROWS##n(STRIP_STORE)                                                                                               \
  }
#define STRIP(type, n) LOOP(strip, type, n, STRIP_BASES, STRIP_STEP_##type, STRIP_NEXTS)
#define TURNED(type, n) LOOP(turned, type, n, TURNED_BASE, TURNED_STEP_##type, TURNED_NEXT)
#define STRIP_LOAD(i)                                                                                                  \
  vector c##i##_0 = *(const vector *)(out + 2 * LANES * i), c##i##_1 = *(const vector *)(out + 2 * LANES * i + LANES);
#define STRIP_STORE(i)                                                                                                 \
  *(vector *)(out + 2 * LANES * i) = c##i##_0;                                                                         \
  *(vector *)(out + 2 * LANES * i + LANES) = c##i##_1;
#define STRIP_STEP_float(i) RK_MULADD_float(c##i##_0, AT_##i, b0) RK_MULADD_float(c##i##_1, AT_##i, b1)
#define STRIP_STEP_double(i) RK_MULADD_double(c##i##_0, AT_##i, b0) RK_MULADD_double(c##i##_1, AT_##i, b1)
#define STRIP_BASE(i) BASE_##i
#define STRIP_NEXT(i) NEXT_##i
#define STRIP_BASES(n) ROWS##n(STRIP_BASE)
#define STRIP_NEXTS(n) ROWS##n(STRIP_NEXT)
#define TURNED_STEP_float(i) RK_MULADD_float(c##i##_0, p[i], b0) RK_MULADD_float(c##i##_1, p[i], b1)
#define TURNED_STEP_double(i) RK_MULADD_double(c##i##_0, p[i], b0) RK_MULADD_double(c##i##_1, p[i], b1)
#define TURNED_BASE(n) const strip_t *p = a;
#define TURNED_NEXT(n) p += row;
RK_STRIPS(STRIP, float)
RK_STRIPS(STRIP, double)
RK_STRIPS(TURNED, float)
RK_STRIPS(TURNED, double)

#define STRIP_ENTRY(type, n) [n] = RK_NAME(strip_##type##_##n),
#define TURNED_ENTRY(type, n) [n] = RK_NAME(turned_##type##_##n),
static const struct rk_strips RK_NAME(strips)[2] = {
    [RK_COMPUTE_F32] = {{RK_STRIPS(STRIP_ENTRY, float)}, {RK_STRIPS(TURNED_ENTRY, float)}, RK_NSTRIPS, RK_VBYTES / 2},
    [RK_COMPUTE_F64] = {{RK_STRIPS(STRIP_ENTRY, double)}, {RK_STRIPS(TURNED_ENTRY, double)}, RK_NSTRIPS, RK_VBYTES / 4},
};
#undef LOOP
#undef STRIP
#undef TURNED
#undef STRIP_LOAD
#undef STRIP_STORE
#undef STRIP_STEP_float
#undef STRIP_STEP_double
#undef STRIP_BASE
#undef STRIP_NEXT
#undef STRIP_BASES
#undef STRIP_NEXTS
#undef TURNED_STEP_float
#undef TURNED_STEP_double
#undef TURNED_BASE
#undef TURNED_NEXT
#undef STRIP_ENTRY
#undef TURNED_ENTRY
#undef RK_NAME
#undef RK_TARGET
#undef RK_VBYTES
#undef RK_STRIPS
#undef RK_NSTRIPS
#undef RK_MULADD_float
#undef RK_MULADD_double
