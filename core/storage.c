/* storage.c -- counted memory: the caching allocator, mapped files, memory of others.
 *
 * A fresh 40 MB block costs ten thousand page faults, more than most ops on
 * it, so freed blocks are kept by size class and handed out again. Up to 1 KiB
 * classes are multiples of 64 bytes; above, four a power of two, so at most a
 * fifth of a block is unused. One spin lock a class: taken for a few
 * nanoseconds, contended only when threads allocate the same size at once.
 * What is kept is bounded by CACHE_FLOOR plus half of what is live; when that
 * is reached all of it goes back to the system, so sizes no longer asked for
 * do not stay for ever. rk_trim returns all of it at once. Of the fine classes
 * each keeps FINE_KEPT, counted apart: a counter that all threads share costs
 * as much as the rest of handing out a block.
 *
 * A storage is a block, too, and a small one holds its elements as well: a
 * tensor of a few numbers takes one block, not two. */
#define _GNU_SOURCE
#include "internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALIGN = 64, FINE = 1024, CLASSES = FINE / ALIGN + 4 * 37 };
enum { FINE_KEPT = 4 << 20 };
static const int64_t MAX_BYTES = (int64_t)1 << 46, CACHE_FLOOR = (int64_t)256 << 20, HUGE_PAGE = 2 << 20;

struct block {
  struct block *next;
};
static struct {
  char lock;
  int32_t kept; /* of a fine class: how many blocks are free */
  struct block *free;
} classes[CLASSES];
static int64_t cached, allocations, fail_at;
int64_t rk_live_bytes;

/* A free block is nobody's: AddressSanitizer is told. */
#if defined __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define HIDE(b, size) __asan_poison_memory_region((b) + 1, (size_t)(size) - sizeof *(b))
#define SHOW(b, size) __asan_unpoison_memory_region(b, (size_t)(size))
#else
#define HIDE(b, size) ((void)(size))
#define SHOW(b, size) ((void)(size))
#endif

static int64_t add(int64_t *counter, int64_t n) { return __atomic_add_fetch(counter, n, __ATOMIC_RELAXED); }
static int64_t get(const int64_t *counter) { return __atomic_load_n(counter, __ATOMIC_RELAXED); }

/* Size class of `bytes` (> 0), and the size of its blocks. */
static int class_of(int64_t bytes, int64_t *size) {
  if (bytes <= FINE) {
    *size = (bytes + ALIGN - 1) & -(int64_t)ALIGN;
    return (int)(*size / ALIGN) - 1;
  }
  int log2 = 63 - __builtin_clzll((unsigned long long)(bytes - 1)); /* 2^log2 < bytes <= 2^(log2+1) */
  int64_t quarter = (int64_t)1 << (log2 - 2), k = (bytes - 1 - ((int64_t)1 << log2)) / quarter; /* 0..3 */
  *size = ((int64_t)1 << log2) + (k + 1) * quarter;
  return FINE / ALIGN + 4 * (log2 - 10) + (int)k;
}

static void lock(int c) {
  while (__atomic_test_and_set(&classes[c].lock, __ATOMIC_ACQUIRE)) {}
}
static void unlock(int c) { __atomic_clear(&classes[c].lock, __ATOMIC_RELEASE); }

/* By who holds the lock; others may look. */
static void count(int c, int32_t change) {
  __atomic_store_n(&classes[c].kept, classes[c].kept + change, __ATOMIC_RELAXED);
}
static bool is_fine(int c) { return c < FINE / ALIGN; }

static struct block *pop(int c, int64_t size) {
  if (!__atomic_load_n(&classes[c].free, __ATOMIC_RELAXED)) return NULL; /* a stale answer only costs a fresh block */
  lock(c);
  struct block *b = classes[c].free;
  if (b) {
    __atomic_store_n(&classes[c].free, b->next, __ATOMIC_RELAXED);
    count(c, -1);
  }
  unlock(c);
  if (!b) return NULL;
  SHOW(b, size);
  if (!is_fine(c)) add(&cached, -size);
  return b;
}

static void push(int c, struct block *b, int64_t size) {
  if (!is_fine(c)) add(&cached, size);
  HIDE(b, size);
  lock(c);
  b->next = classes[c].free;
  __atomic_store_n(&classes[c].free, b, __ATOMIC_RELAXED);
  count(c, 1);
  unlock(c);
}

/* More than the machine has: refused here, where it is an error, and not when the pages are touched. */
static bool beyond_machine(int64_t size) {
  const int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && size / page > pages;
}

static void *fresh(int64_t size) {
  if (size < 2 * HUGE_PAGE) return aligned_alloc(ALIGN, (size_t)size);
  if (beyond_machine(size)) return NULL;
  void *p = aligned_alloc((size_t)HUGE_PAGE, (size_t)((size + HUGE_PAGE - 1) & -HUGE_PAGE));
#ifdef MADV_HUGEPAGE
  if (p) madvise(p, (size_t)size, MADV_HUGEPAGE); /* one fault for 2 MiB instead of 512; a refusal costs nothing */
#endif
  return p;
}

void rk_fail_allocation(int64_t n) { __atomic_store_n(&fail_at, n ? get(&allocations) + n : 0, __ATOMIC_RELAXED); }
int64_t rk_allocations(void) { return get(&allocations); }
int64_t rk_cached_bytes(void) {
  int64_t bytes = get(&cached);
  for (int c = 0; is_fine(c); c++)
    bytes += (int64_t)__atomic_load_n(&classes[c].kept, __ATOMIC_RELAXED) * (c + 1) * ALIGN;
  return bytes;
}

void rk_trim(void) {
  for (int c = 0; c < CLASSES; c++) {
    lock(c);
    struct block *b = classes[c].free;
    __atomic_store_n(&classes[c].free, NULL, __ATOMIC_RELAXED);
    count(c, -classes[c].kept);
    unlock(c);
    while (b) {
      struct block *next = b->next;
      if (!is_fine(c))
        add(&cached, -(((int64_t)1 << ((c - FINE / ALIGN) / 4 + 10)) / 4) * (5 + (c - FINE / ALIGN) % 4));
      free(b);
      b = next;
    }
  }
}

/* A block of at least `bytes`; its true size in *room. NULL when the system has none (even with the cache given back).
 */
static void *take(int64_t bytes, int64_t *room) {
  int64_t n = add(&allocations, 1), at = get(&fail_at);
  if (bytes > MAX_BYTES || n == at) return NULL;
  int c = class_of(bytes > 0 ? bytes : 1, room);
  void *p = pop(c, *room);
  if (!p && !(p = fresh(*room))) {
    rk_trim();
    p = fresh(*room);
  }
  if (p) add(&rk_live_bytes, *room);
  return p;
}

static void give(void *p, int64_t room) {
  if (!p) return;
  int64_t size, live = add(&rk_live_bytes, -room);
  int c = class_of(room, &size);
  const int64_t most = CACHE_FLOOR + live / 2;
  if (is_fine(c) ? __atomic_load_n(&classes[c].kept, __ATOMIC_RELAXED) >= FINE_KEPT / room
                 : room > most / 4 * 3) { /* keeping it would drive out everything else */
    free(p);
    return;
  }
  if (!is_fine(c) && get(&cached) + room > most) rk_trim();
  push(c, p, room);
}

static int no_memory(const char *who, int64_t bytes) {
  const double mib = 1.0 / (1 << 20);
  return rk_fail(RK_ENOMEM, "%s: out of memory: %.1f MiB asked for, tensors hold %.1f MiB", who, (double)bytes * mib,
                 (double)get(&rk_live_bytes) * mib);
}

/* Scratch memory carries its size in front. */
void *rk_scratch(int64_t bytes, const char *who) {
  int64_t room;
  char *p = bytes >= 0 && bytes < MAX_BYTES ? take(bytes + ALIGN, &room) : NULL;
  if (!p) {
    no_memory(who, bytes);
    return NULL;
  }
  memcpy(p, &room, sizeof room);
  return p + ALIGN;
}
void rk_scratch_free(void *p) {
  if (!p) return;
  int64_t room;
  memcpy(&room, (char *)p - ALIGN, sizeof room);
  give((char *)p - ALIGN, room);
}

/* -- storages ---------------------------------------------------------------------- */
enum { HEAD = 64, NEAR = FINE - HEAD }; /* a storage's part of its block; elements that fit behind it */
struct home {
  struct rk_storage s;
  int64_t room; /* of the block */
};
_Static_assert(sizeof(struct home) <= HEAD, "a storage fits in front of its elements");
static void *near(struct rk_storage *s) { return (char *)s + HEAD; }

static struct rk_storage *open_home(int64_t bytes) { /* NULL when there is no memory */
  int64_t room;
  struct home *h = take(HEAD + bytes, &room);
  if (h) h->room = room;
  return (struct rk_storage *)h;
}
static void close_home(struct rk_storage *s) {
  if (s) give(s, ((struct home *)s)->room);
}
static void give_data(struct rk_storage *s) {
  if (s->room && s->data != near(s)) give(s->data, s->room);
}

int rk_storage_new(struct rk_storage **out, int64_t bytes, const char *who) {
  if (bytes < 0) return rk_fail(RK_ESHAPE, "%s: negative size", who);
  const bool small = bytes <= NEAR;
  struct rk_storage *s = open_home(small ? bytes : 0);
  int64_t room = s && small && bytes ? ((struct home *)s)->room - HEAD : 0;
  void *data = !s ? NULL : small ? (bytes ? near(s) : NULL) : take(bytes, &room);
  if (!s || (bytes && !data)) {
    close_home(s);
    return no_memory(who, bytes);
  }
  *s = (struct rk_storage){.data = data, .bytes = bytes, .room = room, .refs = 1, .device = RK_CPU};
  *out = s;
  return RK_OK;
}

/* A storage inside of a tensor is not counted: it is only ever lent, for the length of a call (rk_lend). */
void rk_storage_hold(struct rk_storage *s) {
  if (s && !rk_is_inside(s)) __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
}

void rk_storage_drop(struct rk_storage *s) {
  if (!s || rk_is_inside(s) || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL)) return;
  if (s->release) s->release(s);
  give_data(s);
  close_home(s);
}

/* Windows (rk_buffer_part) on memory of our own are counted in `owner`, which such memory has no other use for: while
 * there are any, the block stays where it is. */
static int64_t windows(struct rk_storage *s, int64_t change) {
  return (int64_t)__atomic_add_fetch((intptr_t *)&s->owner, (intptr_t)change, __ATOMIC_RELAXED);
}

/* New size in bytes; the leading contents stay. Shrinking gives memory back only when nobody else holds a count: a
 * tensor may show what is cut off, and reading it must stay harmless. */
int rk_storage_resize(struct rk_storage *s, int64_t bytes, const char *who) {
  if (bytes == s->bytes) return RK_OK;
  if (rk_is_inside(s)) return rk_refuse_inside(s);
  if (s->flags & RK_FIXED)
    return rk_fail(
        RK_EARG,
        "%s: a storage of %lld bytes that is a window, a mapped file or foreign memory cannot be resized to %lld", who,
        (long long)s->bytes, (long long)bytes);
  if (bytes < 0) return rk_fail(RK_ESHAPE, "%s: negative size", who);
  const bool in_use = __atomic_load_n(&s->refs, __ATOMIC_ACQUIRE) > 1;
  if (bytes <= s->room && (in_use || bytes > s->room / 4 || s->data == near(s))) {
    s->bytes = bytes;
    return RK_OK;
  }
  if (windows(s, 0))
    return rk_fail(RK_EARG, "%s: a storage of %lld bytes cannot grow to %lld while %lld parts of it are in use", who,
                   (long long)s->bytes, (long long)bytes, (long long)windows(s, 0));
  int64_t room = 0;
  void *data = bytes ? take(bytes, &room) : NULL;
  if (bytes && !data) return no_memory(who, bytes);
  int64_t keep = s->bytes < bytes ? s->bytes : bytes;
  if (keep > 0) memcpy(data, s->data, (size_t)keep);
  give_data(s);
  s->data = data, s->room = room, s->bytes = bytes;
  return RK_OK;
}

/* Memory that is not the allocator's. */
static int adopt(struct rk_storage **out, void *data, int64_t bytes, int flags, void (*release)(struct rk_storage *),
                 void *owner, const char *who) {
  struct rk_storage *s = open_home(0);
  if (!s) return no_memory(who, (int64_t)sizeof *s);
  *s = (struct rk_storage){data, bytes, 0, 1, RK_CPU, (int16_t)flags, release, owner};
  *out = s;
  return RK_OK;
}

/* -- buffers: what Lua calls storages ------------------------------------------------- */
static int check_count(const char *who, int dtype, int64_t count) {
  if (!rk_dtype_size(dtype)) return rk_fail(RK_EDTYPE, "%s: no dtype %d", who, dtype);
  if (count < 0 || count > MAX_BYTES / rk_dtype_size(dtype))
    return rk_fail(RK_ESHAPE, "%s: %lld elements asked for", who, (long long)count);
  return RK_OK;
}
static void point(struct rk_buffer *b, struct rk_storage *s, int dtype) {
  b->mem = s, b->dt = (int8_t)dtype, b->dev = RK_CPU;
}

int rk_buffer_init(struct rk_buffer *b, int dtype, int64_t count) {
  RK_TRY(check_count("storage", dtype, count));
  struct rk_storage *s = NULL;
  RK_TRY(rk_storage_new(&s, count * rk_dtype_size(dtype), "storage"));
  point(b, s, dtype);
  return RK_OK;
}

int rk_buffer_wrap(struct rk_buffer *b, int dtype, void *data, int64_t count, void (*release)(struct rk_storage *),
                   void *owner) {
  RK_TRY(check_count("storage", dtype, count));
  if (!data && count) return rk_fail(RK_EARG, "storage: pointer to %lld elements expected, got nil", (long long)count);
  if ((uintptr_t)data % (uintptr_t)rk_dtype_size(dtype))
    return rk_fail(RK_EARG, "storage: %s elements lie at multiples of %d bytes, the pointer given does not",
                   rk_dtype_name(dtype), rk_dtype_size(dtype));
  struct rk_storage *s = NULL;
  RK_TRY(adopt(&s, data, count * rk_dtype_size(dtype), RK_FIXED | RK_FOREIGN, release, owner, "storage"));
  point(b, s, dtype);
  return RK_OK;
}

static void release_parent(struct rk_storage *s) {
  struct rk_storage *parent = s->owner;
  if (!(parent->flags & RK_FIXED)) windows(parent, -1);
  rk_storage_drop(parent);
}
int rk_buffer_part(struct rk_buffer *b, const struct rk_buffer *of, int64_t first, int64_t count) {
  if (!of || !of->mem) return rk_fail(RK_EARG, "storage: a storage expected, got nil");
  int64_t size = rk_dtype_size(of->dt), n = of->mem->bytes / size;
  if (first < 0 || count < 0 || first > n || count > n - first)
    return rk_fail(RK_EARG, "storage: elements %lld to %lld are outside of a storage of %lld",
                   (long long)((uint64_t)first + 1), (long long)((uint64_t)first + (uint64_t)count), (long long)n);
  struct rk_storage *s = NULL, *parent = of->mem;
  RK_TRY(adopt(&s, (char *)parent->data + first * size, count * size, RK_FIXED, release_parent, parent, "storage"));
  if (!(parent->flags & RK_FIXED)) windows(parent, 1); /* so it is not left hanging by a resize */
  rk_storage_hold(parent);
  point(b, s, of->dt);
  return RK_OK;
}

int rk_buffer_share(struct rk_buffer *b, const struct rk_buffer *of) {
  if (!of || !of->mem) return rk_fail(RK_EARG, "storage: a storage expected, got nil");
  rk_storage_hold(of->mem);
  *b = *of;
  return RK_OK;
}
int rk_buffer_resize(struct rk_buffer *b, int64_t count) {
  if (!b || !b->mem) return rk_fail(RK_EARG, "resize: a storage expected, got nil");
  RK_TRY(check_count("resize", b->dt, count));
  return rk_storage_resize(b->mem, count * rk_dtype_size(b->dt), "resize");
}
int64_t rk_buffer_count(const struct rk_buffer *b) { return b && b->mem ? b->mem->bytes / rk_dtype_size(b->dt) : 0; }
void rk_buffer_drop(struct rk_buffer *b) {
  if (!b) return;
  struct rk_storage *s = b->mem;
  b->mem = NULL;
  rk_storage_drop(s);
}

/* -- mapped files ----------------------------------------------------------------------- */
enum { SHARED_MEMORY = 2 }; /* as `shared`: the file, one of shared memory, goes with the mapping, as Torch7's did */
struct mapping {
  void *base;
  size_t bytes;
  char unlink[]; /* the file to remove at the end; empty for none */
};
static void unmap(struct rk_storage *s) {
  struct mapping *m = s->owner;
  if (m->base) munmap(m->base, m->bytes);
  if (m->unlink[0]) unlink(m->unlink); /* someone else may have been before us */
  free(m);
}
static struct mapping *mapping_new(const char *path) {
  const size_t length = strlen(path) + 1;
  struct mapping *m = malloc(sizeof *m + length);
  if (m) m->base = NULL, m->bytes = 0, memcpy(m->unlink, path, length);
  return m;
}

/* Grow or measure the file; its size goes to *bytes. */
static int size_file(int fd, const char *path, int shared, int64_t need, int64_t *bytes) {
  struct stat st;
  if (fstat(fd, &st)) return rk_fail(RK_ESYS, "storage: %s: %s", path, strerror(errno));
  if (st.st_size < need) {
    if (!shared)
      return rk_fail(RK_EARG, "storage: %s: file of %lld bytes, %lld needed", path, (long long)st.st_size,
                     (long long)need);
    if (ftruncate(fd, (off_t)need))
      return rk_fail(RK_ESYS, "storage: %s: cannot grow to %lld bytes: %s", path, (long long)need, strerror(errno));
    st.st_size = (off_t)need;
  }
  *bytes = st.st_size;
  return RK_OK;
}

/* A private file at an offset where elements would not be aligned: read, not mapped. */
static int read_file(struct rk_buffer *b, int fd, int dtype, const char *path, int64_t bytes, int64_t offset) {
  struct rk_storage *s = NULL;
  RK_TRY(rk_storage_new(&s, bytes, "storage"));
  for (int64_t done = 0; done < bytes;) {
    ssize_t n = pread(fd, (char *)s->data + done, (size_t)(bytes - done), (off_t)(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      rk_storage_drop(s);
      return rk_fail(RK_ESYS, "storage: cannot read %s: %s", path, n ? strerror(errno) : "it ends too early");
    }
    done += n;
  }
  point(b, s, dtype);
  return RK_OK;
}

static int map_open(struct rk_buffer *b, int fd, int dtype, const char *path, int shared, int64_t count,
                    int64_t offset) {
  const int64_t size = rk_dtype_size(dtype);
  int64_t length = 0;
  if (shared && offset % size)
    return rk_fail(RK_EARG, "storage: %s: offset %lld is not a multiple of %lld, the size of an element", path,
                   (long long)offset, (long long)size);
  RK_TRY(size_file(fd, path, shared, offset + count * size, &length));
  int64_t bytes = count ? count * size : length > offset ? (length - offset) / size * size : 0;
  if (offset % size) return read_file(b, fd, dtype, path, bytes, offset);
  char *base = NULL;
  int64_t lead = offset % sysconf(_SC_PAGESIZE);
  struct rk_storage *s = NULL;
  struct mapping *m = mapping_new(shared == SHARED_MEMORY ? path : "");
  int status =
      m ? adopt(&s, NULL, bytes, RK_FIXED | RK_MAPPED, unmap, m, "storage") : no_memory("storage", (int64_t)sizeof *m);
  if (status) {
    free(m);
    return status;
  }
  if (bytes) {
    base = mmap(NULL, (size_t)(bytes + lead), PROT_READ | PROT_WRITE, shared ? MAP_SHARED : MAP_PRIVATE, fd,
                (off_t)(offset - lead));
    if (base == MAP_FAILED) {
      status = rk_fail(RK_ESYS, "storage: cannot map %lld bytes of %s: %s", (long long)bytes, path, strerror(errno));
      rk_storage_drop(s);
      return status;
    }
    m->base = base, m->bytes = (size_t)(bytes + lead), s->data = base + lead;
  }
  point(b, s, dtype);
  return RK_OK;
}

int rk_buffer_map(struct rk_buffer *b, int dtype, const char *path, int shared, int64_t count, int64_t offset) {
  RK_TRY(check_count("storage", dtype, count));
  if (!path) return rk_fail(RK_EARG, "storage: file name expected, got nil");
  if (offset < 0 || offset > MAX_BYTES) return rk_fail(RK_EARG, "storage: %s: offset %lld", path, (long long)offset);
  int fd = open(path, (shared ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0666);
  if (fd < 0) return rk_fail(RK_ESYS, "storage: cannot open %s: %s", path, strerror(errno));
  int status = map_open(b, fd, dtype, path, shared, count, offset);
  close(fd);
  return status;
}
