/* interrupt.c -- Ctrl-C while Lua runs, in compiled loops too.
 *
 * An interpreted program is stopped by a hook, which is made to be set from a signal handler. Code that LuaJIT has
 * compiled looks at no hooks: `while true do end` would never end. So the handler changes the traces themselves (the
 * prompt has noted where they lie, lua/trepl/interrupt.lua) such that each takes an exit to the interpreter, where the
 * hook waits, the next time it goes round:
 *
 *   - a trace that starts from the stack, right behind its first instruction, which stores its number: exit 0;
 *   - a loop that ends in a condition and a jump to an exit: the condition goes, the exit remains;
 *   - any other loop: its first guard exits always;
 *   - a loop without guards: exit 0 from its start. Its registers are lost: what locals held when the loop began is
 *     what the error finds. They are dead then, but for those a closure holds.
 *
 * The first three are exits the trace could have taken by itself. Changed traces are thrown away (jit.flush) when the
 * prompt is back. This is for x86-64; elsewhere compiled loops end at the third Ctrl-C, with the process. */
#define _GNU_SOURCE
#include "interrupt.h"

#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_TRACES = 8192, MAX_GROUPS = 64, GROUP_BYTES = 32 * 4, JUMP = 5, GUARD = 6 };

struct trace {
  uint8_t *code;
  uint32_t number, size, loop; /* loop: offset, 0 when there is none */
  int root;
};

static struct {
  lua_State *L;
  int session, count;
  pthread_t thread;
} running;
static struct trace traces[MAX_TRACES]; /* by number */
static uint8_t *groups[MAX_GROUPS];     /* of exit stubs, 4 bytes each */
static int ntraces, ngroups;
static volatile sig_atomic_t changed;

static void stop(lua_State *L, lua_Debug *ar) {
  (void)ar;
  if (running.count < 2) lua_sethook(L, NULL, 0, 0); /* the second time a pcall shall not hold it up */
  luaL_error(L, "interrupted!");
}

#ifdef __x86_64__
static int is_stub(const uint8_t *p) {
  for (int i = 0; i < ngroups; i++)
    if (p >= groups[i] && p < groups[i] + GROUP_BYTES && (p - groups[i]) % 4 == 0) return 1;
  return 0;
}

/* Where the 32-bit offset that ends at p + n leads. */
static uint8_t *target(uint8_t *p, int n) {
  int32_t offset;
  memcpy(&offset, p + n - 4, 4);
  return p + n + offset;
}

static void jump(uint8_t *p, const uint8_t *to) {
  int32_t offset = (int32_t)(to - (p + JUMP));
  p[0] = 0xE9;
  memcpy(p + 1, &offset, 4);
  changed = 1;
}

/* The first instructions: the stack pointer's adjustment, if any, and mov dword [r14 + offset], number. */
static uint8_t *behind_head(const struct trace *t) {
  for (uint8_t *p = t->code; p < t->code + 16 && p + 11 + JUMP <= t->code + t->size; p++) {
    uint32_t number;
    memcpy(&number, p + 7, 4);
    if (p[0] == 0x41 && p[1] == 0xC7 && p[2] == 0x86 && number == t->number) return p + 11;
  }
  return NULL;
}

static void leave_head(const struct trace *t, const uint8_t *at) {
  uint8_t *p = behind_head(t);
  if (p && !(at > p && at < p + JUMP) && !(t->loop && p + JUMP > t->code + t->loop)) jump(p, groups[0]);
}

/* The loop's last jump is conditional, an exit follows: let the exit be taken. */
static const uint8_t nop2[] = {0x66, 0x90}, nop_guard[GUARD] = {0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00};
static int leave_end(const struct trace *t) {
  uint8_t *loop = t->code + t->loop, *p = t->code + t->size - JUMP;
  if (p < loop + 2 || p[0] != 0xE9 || !is_stub(target(p, JUMP))) return 0;
  if ((p[-2] & 0xF0) == 0x70 && p + (int8_t)p[-1] == loop) {
    memcpy(p - 2, nop2, sizeof nop2);
  } else if (p >= loop + GUARD && p[-6] == 0x0F && (p[-5] & 0xF0) == 0x80 && target(p - GUARD, GUARD) == loop) {
    memcpy(p - GUARD, nop_guard, sizeof nop_guard);
  } else {
    return 0;
  }
  changed = 1;
  return 1;
}

static int leave_guard(const struct trace *t) {
  uint8_t *end = t->code + t->size;
  for (uint8_t *p = t->code + t->loop; p + GUARD <= end; p++) {
    if (p[0] == 0x0F && (p[1] & 0xF0) == 0x80 && is_stub(target(p, GUARD))) {
      jump(p, target(p, GUARD));
      p[JUMP] = 0x90;
      return 1;
    }
  }
  return 0;
}

/* Returns where to go on: elsewhere than `at` when that is inside of a loop that nothing else stops. */
static const uint8_t *leave(const struct trace *t, const uint8_t *at) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)t->code & ~(page - 1);
  uintptr_t size = (uintptr_t)t->code + t->size - from;
  if (mprotect((void *)from, size, PROT_READ | PROT_WRITE | PROT_EXEC)) return at;
  if (t->root) leave_head(t, at);
  if (t->loop && !leave_end(t) && !leave_guard(t) && t->root) {
    uint8_t *loop = t->code + t->loop;
    if (at >= loop && at < t->code + t->size)
      at = groups[0], changed = 1;
    else if (loop + JUMP <= t->code + t->size)
      jump(loop, groups[0]);
  }
  mprotect((void *)from, size, PROT_READ | PROT_EXEC);
  return at;
}

static void leave_traces(void *context) {
  greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
  const uint8_t *at = (const uint8_t *)*rip;
  for (int i = 0; i < ntraces && ngroups; i++)
    if (traces[i].code) at = leave(&traces[i], at);
  *rip = (greg_t)at;
}
#else
static void leave_traces(void *context) { (void)context; }
#endif

/* lua_sethook is made to be called from here. */
static void on_interrupt(int number, siginfo_t *info, void *context) {
  (void)info;
  if (!pthread_equal(pthread_self(), running.thread)) { /* threads of the library get signals, too */
    pthread_kill(running.thread, number);
    return;
  }
  if (++running.count > (running.session ? 2 : 1)) {
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  lua_sethook(running.L, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1); // NOLINT(bugprone-signal-handler)
  leave_traces(context);
}

struct interrupt interrupt_begin(lua_State *L, int session) {
  struct interrupt before = {.L = running.L, .session = running.session};
  struct sigaction ours = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO | (session ? 0 : SA_RESTART)};
  running.L = L;
  running.session = session;
  running.count = 0;
  running.thread = pthread_self();
  sigaction(SIGINT, &ours, &before.action);
  return before;
}

void interrupt_end(struct interrupt before) {
  if (running.L && lua_gethook(running.L) == stop) lua_sethook(running.L, NULL, 0, 0);
  running.L = before.L;
  running.session = before.session;
  running.count = 0;
  sigaction(SIGINT, &before.action, NULL);
}

static void note_group(uint8_t *group) {
  for (int i = 0; i < ngroups; i++)
    if (groups[i] == group) return;
  if (ngroups < MAX_GROUPS) groups[ngroups++] = group;
}

static uint8_t *address(lua_State *L, int n) { return (uint8_t *)(uintptr_t)luaL_checknumber(L, n); }

int interrupt_note(lua_State *L) {
  int n = lua_gettop(L);
  lua_Integer number = n ? luaL_checkinteger(L, 1) : 0;
  if (!n) {
    ntraces = ngroups = 0; /* the stubs go with them */
    memset(traces, 0, sizeof traces);
  } else if (number >= 0 && number < MAX_TRACES) {
    struct trace t = {address(L, 2), (uint32_t)number, (uint32_t)luaL_checkinteger(L, 3),
                      (uint32_t)luaL_checkinteger(L, 4), lua_toboolean(L, 5)};
    for (int i = 6; i <= n; i++) note_group(address(L, i));
    traces[number] = t;
    if (number >= ntraces) ntraces = (int)number + 1;
  }
  lua_pushboolean(L, changed);
  if (!n) changed = 0;
  return 1;
}
