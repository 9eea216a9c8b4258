/* random.c -- random numbers: mt19937 and Torch7's order of draws.
 *
 * What is kept exactly: the seeding of 2002, the words, one word a uniform
 * (word / 2^32, also for doubles), normals by Box-Muller in pairs of which the
 * second one is kept for the next normal draw, and tensors filled in row-major
 * order whatever their steps. A fill therefore leaves the generator as the same
 * number of single draws would, and gives the same numbers.
 *
 * Words are made in blocks. While the threads turn one block into numbers, one
 * of them makes the words of the next; neither changes what is drawn.
 *
 * A generator is a plain value: copy it to save its state. It has no lock: one
 * thread at a time draws from it. NULL as generator means the default one.
 * random_kernels.c has the loops and the maths. */
#include "random.h"
#include "scalar.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STATE = 624, SMALL = 512, PART = 1 << 13, PARTS = 16, BLOCK = PART * PARTS };
/* After so many elements a long fill may be left: the generator stays where it has come to. */
enum { ASK = 1 << 20 };
static int ask(int64_t done) { return done && done % ASK == 0 ? rk_interrupted() : RK_OK; }

/* -- the generator ---------------------------------------------------------- */
/* One a thread: each Lua state draws from a stream of its own. */
static _Thread_local struct rk_random the_default;

void rk_random_seed(struct rk_random *r, uint64_t seed) {
  if (!r) r = rk_random_default();
  r->initial_seed = seed;
  r->state[0] = (uint32_t)seed;
  for (uint32_t i = 1; i < STATE; i++) r->state[i] = 1812433253u * (r->state[i - 1] ^ r->state[i - 1] >> 30) + i;
  r->left = 1;
  r->next = 0;
  r->seeded = 1;
  r->normal_x = r->normal_y = r->normal_rho = 0;
  r->normal_is_valid = 0;
}

int rk_random_fresh_seed(uint64_t *seed) {
  if (!seed) return rk_fail(RK_EARG, "seed: a place for the seed expected, got nil");
  FILE *f = fopen("/dev/urandom", "rb");
  size_t got = f ? fread(seed, sizeof *seed, 1, f) : 0;
  if (f) fclose(f);
  if (got != 1) return rk_fail(RK_ESYS, "seed: cannot read /dev/urandom; give a seed with manualSeed");
  return RK_OK;
}

/* A seed even where the system gives none: time and process. */
static uint64_t some_seed(void) {
  uint64_t seed;
  struct timespec now;
  if (rk_random_fresh_seed(&seed) == RK_OK) return seed;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 32;
}

struct rk_random *rk_random_default(void) {
  if (!the_default.seeded) rk_random_seed(&the_default, some_seed());
  return &the_default;
}

/* The generator meant, seeded. A state read from somewhere may be damaged:
 * its counters are brought in range here, so that no draw reads outside it. */
static struct rk_random *ready(struct rk_random *r) {
  if (!r) return rk_random_default();
  if (!r->seeded) rk_random_seed(r, some_seed());
  if (r->left < 1 || r->left > STATE || r->next < 0 || (r->left > 1 && r->next != STATE + 1 - r->left)) r->left = 1;
  return r;
}

static void draw_words(struct rk_random *r, uint32_t *to, int64_t n) {
  const struct random_kernels *kernels = rk_random_kernels();
  while (n > 0) {
    if (r->left == 1) { /* all 624 used */
      kernels->twist(r->state);
      r->left = STATE + 1;
      r->next = 0;
    }
    int64_t some = r->left - 1 < n ? r->left - 1 : n;
    kernels->temper(to, r->state + r->next, some);
    r->next += (int32_t)some;
    r->left -= (int32_t)some;
    to += some;
    n -= some;
  }
}

static uint32_t word(struct rk_random *r) {
  if (r->left == 1) {
    rk_random_kernels()->twist(r->state);
    r->left = STATE + 1;
    r->next = 0;
  }
  r->left--;
  return rk_random_temper(r->state[r->next++]);
}

/* -- single draws -------------------------------------------------------------- */
static double one(struct rk_random *r, int distribution, double a, double b) {
  uint32_t w = word(r);
  double x;
  rk_random_kernels()->fill[distribution][1](&x, &w, 1, a, b);
  return x;
}

uint32_t rk_random_word(struct rk_random *r) { return word(ready(r)); }
double rk_random_uniform(struct rk_random *r, double a, double b) { return one(ready(r), RK_UNIFORM, a, b); }
double rk_random_exponential(struct rk_random *r, double lambda) { return one(ready(r), RK_EXPONENTIAL, lambda, 0); }
double rk_random_cauchy(struct rk_random *r, double median, double sigma) {
  return one(ready(r), RK_CAUCHY, median, sigma);
}
int64_t rk_random_geometric(struct rk_random *r, double p) {
  double x = one(ready(r), RK_GEOMETRIC, p, log(p));
  return x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}
int rk_random_bernoulli(struct rk_random *r, double p) { return one(ready(r), RK_BERNOULLI, p, 0) != 0; }

/* The cosine value is given out first; the sine value waits for the next call
 * and is scaled by the mean and deviation of that one. */
static double normal(struct rk_random *r, double mean, double std) {
  double cosine, sine;
  if (!r->normal_is_valid) {
    r->normal_x = word(r) * (1.0 / 4294967296.0);
    r->normal_y = word(r) * (1.0 / 4294967296.0);
    r->normal_rho = rk_random_radius(r->normal_y);
  }
  r->normal_is_valid = !r->normal_is_valid;
  rk_random_turn(r->normal_x, &cosine, &sine);
  return r->normal_rho * (r->normal_is_valid ? cosine : sine) * std + mean;
}
double rk_random_normal(struct rk_random *r, double mean, double std) { return normal(ready(r), mean, std); }
double rk_random_log_normal(struct rk_random *r, double mean, double std) {
  return rk_exp(normal(ready(r), mean, std));
}

/* -- blocks of draws ------------------------------------------------------------- */
struct job {
  struct rk_random *r;
  random_fill *fill;
  char *out;
  const uint32_t *now; /* words of this block */
  uint32_t *then;      /* room for those of the next one */
  int64_t count, next_count;
  int size; /* of an element */
  double a, b;
};
/* Part 0 makes the words of the next block, the others convert this one. */
static void do_part(void *arg, int64_t part) {
  struct job *j = arg;
  if (part == 0) {
    draw_words(j->r, j->then, j->next_count);
    return;
  }
  int64_t first = (part - 1) * PART, n = j->count - first < PART ? j->count - first : PART;
  if (n > 0) j->fill(j->out + first * j->size, j->now + first, n, j->a, j->b);
}

static int64_t words_of(int64_t n) { return n <= BLOCK ? n : 2 * BLOCK; }

/* n draws of one word each (normals: n even, no half pair waiting), packed, as
 * float (size 4) or double (8). space: room for words_of(n) words when n > SMALL. */
static void draw_packed(struct rk_random *r, int distribution, void *out, int size, int64_t n, double a, double b,
                        uint32_t *space) {
  uint32_t few[SMALL];
  random_fill *fill = rk_random_kernels()->fill[distribution][size == 8];
  if (distribution == RK_GEOMETRIC) b = log(a);
  if (n <= SMALL) {
    draw_words(r, few, n);
    fill(out, few, n, a, b);
    return;
  }
  struct job j = {r, fill, out, space, n > BLOCK ? space + BLOCK : NULL, n < BLOCK ? n : BLOCK, 0, size, a, b};
  draw_words(r, space, j.count);
  for (int64_t done = 0; done < n && !ask(done); done += BLOCK) {
    int64_t rest = n - done - j.count;
    j.next_count = rest < BLOCK ? rest : BLOCK;
    /* 16: a converted element costs several times one that is only moved */
    rk_parallel(PARTS + 1, j.count * 16, do_part, &j);
    uint32_t *used = (uint32_t *)j.now;
    j.now = j.then;
    j.then = used;
    j.out += j.count * size;
    j.count = j.next_count;
  }
}

static void put_real(void *out, int size, int64_t at, double x) {
  if (size == 8)
    ((double *)out)[at] = x;
  else
    ((float *)out)[at] = (float)x;
}

/* The same for any distribution of reals: takes care of half pairs of normals. */
static void draw_reals(struct rk_random *r, int distribution, void *out, int size, int64_t n, double a, double b,
                       uint32_t *space) {
  if (distribution == RK_NORMAL || distribution == RK_LOG_NORMAL) {
    int64_t first = n > 0 && r->normal_is_valid;
    if (first) put_real(out, size, 0, normal(r, a, b));
    int64_t even = (n - first) & ~(int64_t)1;
    if (even) draw_packed(r, distribution, (char *)out + first * size, size, even, a, b, space);
    if (first + even < n) put_real(out, size, n - 1, normal(r, a, b));
  } else if (n > 0) {
    draw_packed(r, distribution, out, size, n, a, b, space);
  }
}

/* -- storing numbers in any tensor -------------------------------------------------- */
/* A place in a tensor that moves on in row-major order. */
struct walk {
  const struct rk_tensor *t;
  int64_t index[RK_MAX_DIMS], offset;
  int packed;
};
static struct walk walk_start(const struct rk_tensor *t) {
  return (struct walk){.t = t, .offset = t->start, .packed = rk_tensor_packed(t)};
}
static void walk_on(struct walk *w) {
  const struct rk_tensor *t = w->t;
  if (w->packed) {
    w->offset++;
    return;
  }
  for (int d = t->rank - 1; d >= 0; d--) {
    w->offset += t->step[d];
    if (++w->index[d] < t->shape[d]) return;
    w->offset -= t->step[d] * t->shape[d];
    w->index[d] = 0;
  }
}

#define PUT_u8(x) (uint8_t)(int64_t)(x)
#define PUT_i8(x) (int8_t)(int64_t)(x)
#define PUT_i16(x) (int16_t)(int64_t)(x)
#define PUT_i32(x) (int32_t)(int64_t)(x)
#define PUT_i64(x) (int64_t)(x)
#define PUT_f16(x) rk_store_f16((float)(x))
#define PUT_bf16(x) rk_store_bf16((float)(x))
#define PUT_f32(x) (float)(x)
#define PUT_f64(x) (double)(x)
#define STORE(name, type, ...)                                                                                         \
  static void store_reals_##name(struct walk *w, const double *x, int64_t n) {                                         \
    type *base = w->t->mem->data;                                                                                      \
    for (int64_t i = 0; i < n; i++, walk_on(w)) base[w->offset] = PUT_##name(x[i]);                                    \
  }                                                                                                                    \
  static void store_longs_##name(struct walk *w, const int64_t *x, int64_t n) {                                        \
    type *base = w->t->mem->data;                                                                                      \
    for (int64_t i = 0; i < n; i++, walk_on(w)) base[w->offset] = PUT_##name(x[i]);                                    \
  }
RK_DTYPES(STORE, )
#define ROW(name, ...) {store_reals_##name, store_longs_##name},
static const struct {
  void (*reals)(struct walk *, const double *, int64_t);
  void (*longs)(struct walk *, const int64_t *, int64_t);
} store[RK_NDTYPES] = {RK_DTYPES(ROW, )};

/* How many integers from 0 a float dtype holds without gaps, where random() stops; integers: their largest value. */
static const struct {
  uint64_t words; /* random() is word modulo this */
  int64_t whole;  /* the largest n with 1..n exact */
} range_of[RK_NDTYPES] = {
    [RK_u8] = {256, 255},
    [RK_i8] = {128, 127},
    [RK_i16] = {32768, 32767},
    [RK_i32] = {2147483648u, 2147483647},
    [RK_i64] = {(uint64_t)1 << 63, INT64_MAX},
    [RK_f16] = {(1 << 11) + 1, 1 << 11},
    [RK_bf16] = {(1 << 8) + 1, 1 << 8},
    [RK_f32] = {(1 << 24) + 1, 1 << 24},
    [RK_f64] = {((uint64_t)1 << 53) + 1, (int64_t)1 << 53},
};

/* -- fills ---------------------------------------------------------------------------- */
static int check_out(const char *who, const struct rk_tensor *out) {
  RK_TRY(rk_need(out, who, 1));
  if (out->dev != RK_CPU) return rk_fail(RK_EDEVICE, "%s: argument 1: %s is not on the CPU", who, rk_describe(out));
  return RK_OK;
}

/* Names, and what the parameters must be. */
static const struct {
  const char *name;
  int integers; /* also for integer tensors */
} distributions[] = {
    [RK_UNIFORM] = {"uniform", 0},     [RK_NORMAL] = {"normal", 0},        [RK_EXPONENTIAL] = {"exponential", 0},
    [RK_CAUCHY] = {"cauchy", 0},       [RK_LOG_NORMAL] = {"logNormal", 0}, [RK_GEOMETRIC] = {"geometric", 1},
    [RK_BERNOULLI] = {"bernoulli", 1},
};
static int check_parameters(int distribution, double a, double b) {
  const char *who = distributions[distribution].name;
  switch (distribution) {
  case RK_NORMAL:
  case RK_LOG_NORMAL:
    if (!(b > 0)) return rk_fail(RK_EARG, "%s: standard deviation must be strictly positive, got %g", who, b);
    break;
  case RK_EXPONENTIAL:
    if (!(a > 0)) return rk_fail(RK_EARG, "%s: lambda must be strictly positive, got %g", who, a);
    break;
  case RK_GEOMETRIC:
    if (!(a > 0 && a < 1)) return rk_fail(RK_EARG, "%s: p must be > 0 and < 1, got %g", who, a);
    break;
  case RK_BERNOULLI:
    if (!(a >= 0 && a <= 1)) return rk_fail(RK_EARG, "%s: p must be >= 0 and <= 1, got %g", who, a);
    break;
  default:
    if (a != a || b != b) return rk_fail(RK_EARG, "%s: parameters must be numbers, got %g and %g", who, a, b);
  }
  return RK_OK;
}

int rk_random_fill(struct rk_random *r, int distribution, struct rk_tensor *out, double a, double b) {
  if (distribution < 0 || distribution > RK_BERNOULLI)
    return rk_fail(RK_EARG, "random: no distribution %d", distribution);
  const char *who = distributions[distribution].name;
  RK_TRY(check_out(who, out));
  if (!distributions[distribution].integers && !rk_dtype_is_float(out->dt))
    return rk_fail(RK_EDTYPE, "%s: argument 1: %s holds integers only; use random, geometric or bernoulli on it", who,
                   rk_describe(out));
  RK_TRY(check_parameters(distribution, a, b));
  int64_t n = rk_tensor_count(out);
  if (n == 0) return RK_OK;
  r = ready(r);
  int size = out->dt == RK_f64 ? 8 : 4;
  if ((out->dt == RK_f64 || out->dt == RK_f32) && distribution != RK_LOG_NORMAL && rk_tensor_packed(out)) {
    uint32_t *space = n > SMALL ? rk_scratch(words_of(n) * 4, who) : NULL;
    if (n > SMALL && !space) return RK_ENOMEM;
    draw_reals(r, distribution, rk_at(out), size, n, a, b, space);
    rk_scratch_free(space);
    return n > ASK ? rk_interrupted() : RK_OK;
  }
  double x[SMALL];
  struct walk w = walk_start(out);
  for (int64_t done = 0; done < n; done += SMALL) {
    int64_t some = n - done < SMALL ? n - done : SMALL;
    RK_TRY(ask(done));
    draw_reals(r, distribution, x, 8, some, a, b, NULL);
    for (int64_t i = 0; distribution == RK_LOG_NORMAL && i < some; i++) x[i] = rk_exp(x[i]);
    store[out->dt].reals(&w, x, some);
  }
  return RK_OK;
}

/* out[k] = first + word % range; range 0 stands for 2^64. Ranges beyond 2^32
 * take two words a number, where Torch7 would never reach the upper values. */
static int fill_modulo(struct rk_random *r, struct rk_tensor *out, int64_t first, uint64_t range) {
  uint32_t words[2 * SMALL];
  int64_t x[SMALL], n = rk_tensor_count(out);
  int wide = range == 0 || range > (uint64_t)1 << 32;
  /* Exact remainders of 32-bit words by multiplication (Lemire, Kaser, Kurz 2019). */
  uint64_t inverse = wide ? 0 : UINT64_MAX / range + 1;
  struct walk w = walk_start(out);
  for (int64_t done = 0; done < n; done += SMALL) {
    int64_t some = n - done < SMALL ? n - done : SMALL;
    RK_TRY(ask(done));
    draw_words(r, words, some << wide);
    for (int64_t i = 0; i < some; i++) {
      uint64_t v = words[i];
      if (wide) {
        v = (uint64_t)words[2 * i] << 32 | words[2 * i + 1];
        v = range ? v % range : v;
      } else if (range <= UINT32_MAX) {
        v = (uint64_t)(((unsigned __int128)(inverse * v) * range) >> 64);
      }
      x[i] = (int64_t)((uint64_t)first + v);
    }
    store[out->dt].longs(&w, x, some);
  }
  return RK_OK;
}

int rk_random_fill_integers(struct rk_random *r, struct rk_tensor *out, int64_t a, int64_t b) {
  RK_TRY(check_out("random", out));
  if (b < a)
    return rk_fail(RK_EARG, "random: upper bound must not be smaller than lower bound, got %lld to %lld", (long long)a,
                   (long long)b);
  return rk_tensor_count(out) ? fill_modulo(ready(r), out, a, (uint64_t)b - (uint64_t)a + 1) : RK_OK;
}

int rk_random_fill_words(struct rk_random *r, struct rk_tensor *out) {
  RK_TRY(check_out("random", out));
  uint64_t range = range_of[out->dt].words, word_range = (uint64_t)1 << 32;
  return rk_tensor_count(out) ? fill_modulo(ready(r), out, 0, range < word_range ? range : word_range) : RK_OK;
}

/* p as packed doubles or floats that no store into out can change. */
static int probabilities(struct rk_tensor *tmp, const struct rk_tensor *p, const struct rk_tensor *out) {
  *tmp = (struct rk_tensor){.dt = p->dt};
  if (!rk_overlap(out, p)) return rk_packed_view(tmp, p);
  RK_TRY(rk_tensor_like(tmp, p));
  int status = rk_copy(tmp, p);
  if (status) rk_tensor_drop(tmp);
  return status;
}

int rk_random_fill_bernoulli(struct rk_random *r, struct rk_tensor *out, const struct rk_tensor *p) {
  RK_TRY(check_out("bernoulli", out));
  RK_TRY(rk_need(p, "bernoulli", 2));
  if (p->dt != RK_f32 && p->dt != RK_f64)
    return rk_fail(RK_EDTYPE, "bernoulli: argument 2: FloatTensor or DoubleTensor expected, got %s", rk_describe(p));
  int64_t n = rk_tensor_count(out);
  if (p->dev != RK_CPU || rk_tensor_count(p) != n)
    return rk_fail(RK_ESHAPE, "bernoulli: %s takes one probability an element, got %s", rk_describe(out),
                   rk_describe(p));
  if (n == 0) return RK_OK;
  struct rk_tensor tmp;
  RK_TRY(probabilities(&tmp, p, out));
  const float *pf = (const float *)rk_at(&tmp);
  const double *pd = (const double *)rk_at(&tmp);
  bool is_float = p->dt == RK_f32;
  for (int64_t i = 0; i < n; i++) {
    double q = is_float ? (double)pf[i] : pd[i];
    if (q >= 0 && q <= 1) continue;
    rk_tensor_drop(&tmp);
    return rk_fail(RK_EARG, "bernoulli: p must be >= 0 and <= 1, got %g as element %lld of %s", q, (long long)(i + 1),
                   rk_describe(p));
  }
  r = ready(r);
  double x[SMALL];
  struct walk w = walk_start(out);
  int status = RK_OK;
  for (int64_t done = 0; done < n && !(status = ask(done)); done += SMALL) {
    int64_t some = n - done < SMALL ? n - done : SMALL;
    draw_packed(r, RK_UNIFORM, x, 8, some, 0, 1, NULL);
    for (int64_t i = 0; i < some; i++) x[i] = x[i] <= (is_float ? (double)pf[done + i] : pd[done + i]);
    store[out->dt].reals(&w, x, some);
  }
  rk_tensor_drop(&tmp);
  return status;
}

/* Fisher and Yates from the front: place i changes with one of those from i on. */
static int shuffle(struct rk_random *r, int64_t *x, int64_t n) {
  uint32_t words[SMALL];
  for (int64_t i = 0; i < n; i++) x[i] = i + 1;
  for (int64_t done = 0; done < n - 1; done += SMALL) {
    int64_t some = n - 1 - done < SMALL ? n - 1 - done : SMALL;
    RK_TRY(ask(done));
    draw_words(r, words, some);
    for (int64_t i = done; i < done + some; i++) {
      int64_t other = i + (int64_t)(words[i - done] % (uint64_t)(n - i)), kept = x[i];
      x[i] = x[other];
      x[other] = kept;
    }
  }
  return RK_OK;
}

int rk_random_permutation(struct rk_random *r, struct rk_tensor *out, int64_t n) {
  RK_TRY(check_out("randperm", out));
  if (n <= 0) return rk_fail(RK_EARG, "randperm: n must be strictly positive, got %lld", (long long)n);
  if (n > range_of[out->dt].whole || n > UINT32_MAX)
    return rk_fail(RK_EARG, "randperm: a %sTensor cannot hold 1 to %lld%s", rk_dtype_class(out->dt), (long long)n,
                   n > UINT32_MAX ? "; at most 4294967295" : "; use a LongTensor");
  int64_t *x = rk_scratch(n * 8, "randperm");
  if (!x) return RK_ENOMEM;
  int status = rk_tensor_resize(out, 1, &n, NULL);
  if (!status) status = shuffle(ready(r), x, n);
  if (!status) {
    struct walk w = walk_start(out);
    store[out->dt].longs(&w, x, n);
  }
  rk_scratch_free(x);
  return status;
}
