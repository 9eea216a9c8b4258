/* bare.c -- what this machine's memory gives to loops that do nothing but move it, for bandwidth.lua: each thread one
 * long run of its own, loads and stores as wide as the processor has them, stores past the caches in whole lines. */
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* AHEAD: how far before its use a line is fetched, where the caller wants that: the processor's own guesses stop while
 * lines are written past the caches. What reads nothing writes through the caches then. */
enum { LINE = 64, AHEAD = 4096 };
enum write { NOTHING, LINES, BYTES }; /* BYTES: a line for `shrink` lines read */
struct span {
  char *out;
  const char *in[3];
  int64_t lines, shrink; /* lines of each input, or of the result where nothing is read */
  int value;             /* of the bytes written where nothing is read: memory may take zeros in faster */
};

/* The blocks that a transposition reads and writes: so many lines of each of its rows; floats of a line. */
enum { READ = 16, WRITE = 4, FLOATS = 16 };
struct blocks {
  char *out;
  const char *in;
  int64_t side; /* floats, a multiple of a block's */
};

#if defined(__x86_64__)
#define INLINE static inline __attribute__((always_inline))
#define EACH(k) for (int k = 0; k < LINE; k += (int)sizeof(vector))
#define LOAD_512(p) _mm512_loadu_si512((const void *)(p))
#define LOAD_256(p) _mm256_loadu_si256((const void *)(p))
#define LOAD_128(p) _mm_loadu_si128((const void *)(p))
#define LOOPS(isa, NEEDS, V, LOAD, STREAM, ADD)                                                                        \
  NEEDS INLINE int64_t isa##_loop(int reads, int write, int fetch, const struct span *s) {                             \
    typedef V vector;                                                                                                  \
    vector keep[LINE / sizeof(vector)];                                                                                \
    char *o = s->out;                                                                                                  \
    const char *const a = s->in[0], *const b = s->in[1], *const c = s->in[2];                                          \
    const int64_t bytes = s->lines * LINE, shrink = s->shrink;                                                         \
    memset(keep, s->value, sizeof keep);                                                                               \
    for (int64_t i = 0, held = 0; i < bytes; i += LINE) {                                                              \
      if (fetch && reads > 0) __builtin_prefetch(a + i + AHEAD);                                                       \
      if (fetch && reads > 1) __builtin_prefetch(b + i + AHEAD);                                                       \
      if (fetch && reads > 2) __builtin_prefetch(c + i + AHEAD);                                                       \
      EACH(k) {                                                                                                        \
        vector *kept = &keep[k / (int)sizeof(vector)], v = *kept;                                                      \
        if (reads > 0) v = write == LINES ? LOAD(a + i + k) : ADD(v, LOAD(a + i + k));                                 \
        if (reads > 1) v = ADD(v, LOAD(b + i + k));                                                                    \
        if (reads > 2) v = ADD(v, LOAD(c + i + k));                                                                    \
        if (write == LINES && !reads && fetch)                                                                         \
          memcpy(o + i + k, &v, sizeof v);                                                                             \
        else if (write == LINES)                                                                                       \
          STREAM((void *)(o + i + k), v);                                                                              \
        else                                                                                                           \
          *kept = v;                                                                                                   \
      }                                                                                                                \
      if (write == BYTES && ++held == shrink) {                                                                        \
        EACH(k) STREAM((void *)(o + k), keep[k / (int)sizeof(vector)]);                                                \
        o += LINE, held = 0;                                                                                           \
      }                                                                                                                \
    }                                                                                                                  \
    _mm_sfence();                                                                                                      \
    vector all = keep[0];                                                                                              \
    for (int k = 1; k < LINE / (int)sizeof(vector); k++) all = ADD(all, keep[k]);                                      \
    int64_t any;                                                                                                       \
    memcpy(&any, &all, sizeof any);                                                                                    \
    return any;                                                                                                        \
  }                                                                                                                    \
  NEEDS static void isa##_blocks(const struct blocks *s, int64_t first, int64_t end) {                                 \
    typedef V vector;                                                                                                  \
    _Alignas(LINE) static _Thread_local char aside[READ * LINE * WRITE * FLOATS];                                      \
    for (int64_t row = first; row < end; row += READ * FLOATS)                                                         \
      for (int64_t at = 0; at < s->side; at += WRITE * FLOATS) {                                                       \
        const char *in = s->in + (at * s->side + row) * 4;                                                             \
        const char *next = in + WRITE * FLOATS * s->side * 4;                                                          \
        char *out = s->out + (row * s->side + at) * 4;                                                                 \
        for (int i = 0; i < WRITE * FLOATS; i++)                                                                       \
          for (int k = 0; k < READ * LINE; k += (int)sizeof(vector)) {                                                 \
            const vector v = LOAD(in + i * s->side * 4 + k);                                                           \
            memcpy(aside + (i * READ * LINE + k) % (int)sizeof aside, &v, sizeof v);                                   \
          }                                                                                                            \
        for (int i = 0, k = 0; i < READ * FLOATS; i++)                                                                 \
          for (int j = 0; j < WRITE * LINE; j += LINE, k++) {                                                          \
            EACH(b) STREAM((void *)(out + i * s->side * 4 + j + b), LOAD(aside + k * LINE % (int)sizeof aside + b));   \
            __builtin_prefetch(next + k / READ * s->side * 4 + k % READ * LINE, 0, 2);                                 \
          }                                                                                                            \
      }                                                                                                                \
    _mm_sfence();                                                                                                      \
  }                                                                                                                    \
  NEEDS static int64_t isa##_run(int kind, const struct span *s) {                                                     \
    switch (kind) {                                                                                                    \
      CASES(isa, 0, LINES)                                                                                             \
      CASES(isa, 1, LINES)                                                                                             \
      CASES(isa, 2, LINES)                                                                                             \
      CASES(isa, 3, LINES)                                                                                             \
      CASES(isa, 1, NOTHING)                                                                                           \
      CASES(isa, 2, NOTHING)                                                                                           \
      CASES(isa, 1, BYTES)                                                                                             \
      CASES(isa, 2, BYTES)                                                                                             \
    default: return 0;                                                                                                 \
    }                                                                                                                  \
  }
#define KIND(reads, write, fetch) (((reads)*3 + (write)) * 2 + (fetch))
#define CASES(isa, reads, write)                                                                                       \
  case KIND(reads, write, 0): return isa##_loop(reads, write, 0, s);                                                   \
  case KIND(reads, write, 1): return isa##_loop(reads, write, 1, s);
LOOPS(avx512, __attribute__((target("avx512f"))), __m512i, LOAD_512, _mm512_stream_si512, _mm512_add_epi32)
LOOPS(avx2, __attribute__((target("avx2"))), __m256i, LOAD_256, _mm256_stream_si256, _mm256_add_epi32)
LOOPS(sse2, , __m128i, LOAD_128, _mm_stream_si128, _mm_add_epi32)

static int64_t run(int kind, const struct span *s) {
  if (__builtin_cpu_supports("avx512f")) return avx512_run(kind, s);
  if (__builtin_cpu_supports("avx2")) return avx2_run(kind, s);
  return sse2_run(kind, s);
}
static void run_blocks(const struct blocks *s, int64_t first, int64_t end) {
  if (__builtin_cpu_supports("avx512f"))
    avx512_blocks(s, first, end);
  else if (__builtin_cpu_supports("avx2"))
    avx2_blocks(s, first, end);
  else
    sse2_blocks(s, first, end);
}
int bare_known(void) { return 1; }
#else
#define KIND(reads, write, fetch) 0
static int64_t run(int kind, const struct span *s) { return (void)kind, (void)s, 0; }
static void run_blocks(const struct blocks *s, int64_t first, int64_t end) { (void)s, (void)first, (void)end; }
int bare_known(void) { return 0; }
#endif

/* Reads `bytes` of each of the `reads` inputs, writes as many or, as BYTES, one for `shrink` of them. All begin with a
 * line. */
int64_t bare_run(int reads, int write, int fetch, int threads, char *out, const char *a, const char *b, const char *c,
                 int64_t bytes, int64_t shrink, int value) {
  const int64_t blocks = bytes / LINE / shrink;
  int64_t any = 0;
#pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(+ : any)
  for (int t = 0; t < threads; t++) {
    const int64_t first = blocks * t / threads, end = blocks * (t + 1) / threads, at = first * shrink * LINE;
    const struct span s = {
        out + (write == BYTES ? first * LINE : at), {a + at, b + at, c + at}, (end - first) * shrink, shrink, value};
    any += run(KIND(reads, write, fetch), &s);
  }
  return any;
}

/* What a transposition of `side` x `side` floats moves, block by block, without turning anything. */
void bare_blocks(int threads, char *out, const char *in, int64_t side) {
  const struct blocks s = {out, in, side};
  const int64_t block = READ * FLOATS, strips = side / block;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
  for (int64_t k = 0; k < strips; k++) run_blocks(&s, k * block, (k + 1) * block);
}
