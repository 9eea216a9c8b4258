/* low_heap.c -- Lua's heap below 4 GB, where LuaJIT's compiled code cannot lose it.
 *
 * LuaJIT 2.1 with GC64 on x86-64, as distributions ship it (Debian 12's is of March 2022), has compiled code that swaps
 * two registers by a 32-bit instruction: `for k, v in pairs(t)` and next(t) get the address of a table's slot that way,
 * its upper half is gone, and once in a few minutes of such loops the process dies. An address below 4 GB has no upper
 * half to lose. LuaJIT gets its memory from mmap; this mmap, which th puts in front of the C library's, answers
 * LuaJIT's allocator with memory from down there as long as there is any, and everybody else as always. Its generator
 * of code asks for addresses near its own and is left alone. Once the memory down there has run out, LuaJIT goes on
 * asking next to what it got elsewhere, and is as safe as without this file.
 *
 * The same happens to addresses on the C stack: low_stack.c.
 *
 * Elsewhere than on x86-64 nothing happens. */
#define _GNU_SOURCE
#include "low_heap.h"

#if defined __x86_64__ && defined __linux__
#include <link.h>
#include <lua.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static const uintptr_t FIRST = (uintptr_t)1 << 28, LIMIT = (uintptr_t)1 << 32, STEP = (uintptr_t)1 << 24;
static uintptr_t code, code_end; /* LuaJIT's */
static uintptr_t next;
static char lock;

/* The object that holds lua_newstate. */
static int find_code(struct dl_phdr_info *info, size_t size, void *arg) {
  (void)size;
  const uintptr_t wanted = (uintptr_t)arg;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, to = from + info->dlpi_phdr[i].p_memsz;
    if (info->dlpi_phdr[i].p_type != PT_LOAD || wanted < from || wanted >= to) continue;
    code = from, code_end = to;
    return 1;
  }
  return 0;
}
void th_low_heap(void) { dl_iterate_phdr(find_code, (void *)(uintptr_t)lua_newstate); }

static bool is_luajit(const void *caller) { return (uintptr_t)caller - code < code_end - code; }

static void *raw(void *at, size_t length, int prot, int flags, int fd, off_t offset) {
  return (void *)syscall(SYS_mmap, at, length, prot, flags, fd, offset); // NOLINT(performance-no-int-to-ptr)
}

/* The next free stretch, once around; NULL: there is none. */
static void *low(size_t length, int flags) {
  const uintptr_t n = (length + 0xffff) & ~(uintptr_t)0xffff;
  void *found = NULL;
  while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE)) {}
  if (!next) next = FIRST;
  for (uintptr_t gone = 0; !found && gone <= LIMIT && n < LIMIT - FIRST;) {
    if (next + n > LIMIT) gone += LIMIT - next, next = FIRST;
    void *const at = (void *)next; // NOLINT(performance-no-int-to-ptr)
    void *p = raw(at, length, PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == at) {
      found = p, next += n;
    } else {
      if (p != MAP_FAILED) munmap(p, length); /* a kernel that does not know the flag */
      gone += STEP, next += STEP;
    }
  }
  __atomic_clear(&lock, __ATOMIC_RELEASE);
  return found;
}

static void *answer(const void *caller, void *at, size_t length, int prot, int flags, int fd, off_t offset) {
  const bool heap = (uintptr_t)at < LIMIT && fd == -1 && prot == (PROT_READ | PROT_WRITE) && !(flags & MAP_FIXED);
  void *p = heap && is_luajit(caller) ? low(length, flags) : NULL;
  return p ? p : raw(at, length, prot, flags, fd, offset);
}
void *mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset) {
  return answer(__builtin_return_address(0), at, length, prot, flags, fd, offset);
}
void *mmap64(void *at, size_t length, int prot, int flags, int fd, off64_t offset) {
  return answer(__builtin_return_address(0), at, length, prot, flags, fd, offset);
}

/* A large block that grows stays below, too. */
void *mremap(void *p, size_t old, size_t size, int flags, ...) {
  va_list more;
  va_start(more, flags);
  void *const to = flags & MREMAP_FIXED ? va_arg(more, void *) : NULL;
  va_end(more);
  if ((uintptr_t)p < LIMIT && flags == MREMAP_MAYMOVE && is_luajit(__builtin_return_address(0))) {
    void *here = (void *)syscall(SYS_mremap, p, old, size, 0); // NOLINT(performance-no-int-to-ptr)
    if (here != MAP_FAILED) return here;
    void *q = low(size, MAP_PRIVATE | MAP_ANONYMOUS);
    if (q) return (void *)syscall(SYS_mremap, p, old, size, MREMAP_MAYMOVE | MREMAP_FIXED, q); // NOLINT
  }
  return (void *)syscall(SYS_mremap, p, old, size, flags, to); // NOLINT(performance-no-int-to-ptr)
}
#else
void th_low_heap(void) {}
#endif
