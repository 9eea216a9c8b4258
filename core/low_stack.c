/* low_stack.c -- C stacks below 4 GB, where LuaJIT's compiled code cannot lose them.
 *
 * The other half of low_heap.c: for elements of a list, and at its end, `for k, v in pairs(t)` and next(t) get the
 * address of a place on the C stack, by the same instruction that drops an address's upper half. So th's Lua state and
 * those of threads run on stacks from down there. Part of th and of the library.
 *
 * Elsewhere than on x86-64 with the GNU C library nothing happens. */
#define _GNU_SOURCE
#include "low_stack.h"
#include <stdint.h> /* tells which C library this is */

#if defined __x86_64__ && defined __linux__ && defined __GLIBC__ && !defined __SANITIZE_THREAD__
#include <stdbool.h>
#include <sys/mman.h>
#include <ucontext.h>

static const size_t GUARD = (size_t)64 << 10;

struct call {
  void (*f)(void *);
  void *arg;
  void *stack;
  size_t size;
  ucontext_t caller, callee;
  const void *old; /* what AddressSanitizer knows of the caller's stack */
  size_t old_size;
};

#if defined __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
static void leave(void **keep, const void *stack, size_t size) { __sanitizer_start_switch_fiber(keep, stack, size); }
static void arrive(void *kept, const void **old, size_t *size) { __sanitizer_finish_switch_fiber(kept, old, size); }
#else
static void leave(void **keep, const void *stack, size_t size) { (void)keep, (void)stack, (void)size; }
static void arrive(void *kept, const void **old, size_t *size) { (void)kept, (void)old, (void)size; }
#endif

/* What makecontext calls takes ints only: halves of a pointer. */
static void begin(unsigned high, unsigned low) {
  struct call *c = (struct call *)((uintptr_t)high << 32 | low); // NOLINT(performance-no-int-to-ptr)
  arrive(NULL, &c->old, &c->old_size);
  c->f(c->arg);
  leave(NULL, c->old, c->old_size);
}

static bool go(struct call *c) {
  if (mprotect(c->stack, GUARD, PROT_NONE) || getcontext(&c->callee)) return false;
  c->callee.uc_stack.ss_sp = c->stack;
  c->callee.uc_stack.ss_size = c->size;
  c->callee.uc_link = &c->caller;
  const uintptr_t at = (uintptr_t)c;
  makecontext(&c->callee, (void (*)(void))begin, 2, (unsigned)(at >> 32), (unsigned)at);
  void *kept = NULL;
  leave(&kept, (char *)c->stack + GUARD, c->size - GUARD);
  const int failed = swapcontext(&c->caller, &c->callee);
  arrive(kept, NULL, NULL);
  return failed == 0;
}

void rk_on_low_stack(size_t size, void (*f)(void *), void *arg) {
  struct call c = {.f = f, .arg = arg, .size = size};
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_32BIT;
  c.stack = mmap(NULL, c.size, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (c.stack == MAP_FAILED) {
    f(arg);
    return;
  }
  madvise(c.stack, c.size, MADV_NOHUGEPAGE); /* a huge page would be zeroed for a few kilobytes */
  if (!go(&c)) f(arg);
  munmap(c.stack, c.size);
}
#else
void rk_on_low_stack(size_t size, void (*f)(void *), void *arg) {
  (void)size;
  f(arg);
}
#endif
