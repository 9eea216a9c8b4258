/* interrupt.c -- Ctrl-C while Lua runs, in compiled loops and long operations of the library too.
 *
 * An interpreted program is stopped by a hook, which is made to be set from a signal handler. Code that LuaJIT has
 * compiled looks at no hooks: `while true do end` would never end. So the handler changes the traces themselves (the
 * compiler's events have told where they lie, lua/trepl/interrupt.lua) such that each takes an exit to the interpreter,
 * where the hook waits, the next time it goes round:
 *
 *   - on x86-64 a trace that starts from the stack: exit 0, right behind its first instruction, which stores its
 *     number;
 *   - a loop that ends in a condition and a jump to an exit: the condition goes, the exit remains;
 *   - any other loop: on x86-64 its first guard exits always; on arm64 every guard of every trace does;
 *   - a loop without guards: exit 0 from its start. Its registers are lost: what locals held when the loop began is
 *     what the error finds. They are dead then, but for those a closure holds.
 *
 * The first three are exits the trace could have taken by itself. Changed traces are thrown away when the hook has
 * them. On other processors compiled loops end at the last Ctrl-C, with the process.
 *
 * Operations of librekindle look at a flag of the thread that calls them (rk_interrupt_flag). The handler sets the one
 * of the main state; states of other threads have flags of their own, which nobody sets. The operation fails, and the
 * hook is the first thing that Lua then comes to. A call of BLAS, LAPACK or oneDNN goes on to its end; Ctrl-C once more
 * (at the prompt: twice) ends the process. Of a program that a pcall has kept running, a Ctrl-C more than a second
 * after the one it caught is a first one again.
 *
 * A terminal that goes away while a session computes is an interrupt that no pcall holds up: the prompt then finds the
 * end of its input, and th leaves as it does at Ctrl-D. */
#define _GNU_SOURCE
#include "interrupt.h"

#include <lauxlib.h>
#include <luajit.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TRACES = 8192, MAX_GROUPS = 64, AGAIN = 1000000000 /* nanoseconds */ };

struct trace {
  uint8_t *code;
  uint32_t number, size, loop; /* loop: offset, 0 when there is none */
  uint32_t exits;
  uint8_t *stubs; /* the first group */
  int root;
};

static struct {
  lua_State *L;
  int session, count;
  int64_t caught; /* when the program got its error: nanoseconds; 0: not yet */
  pthread_t thread;
} running;
static struct trace traces[MAX_TRACES]; /* by number */
static uint8_t *groups[MAX_GROUPS];     /* of exit stubs, 4 bytes each */
static int ntraces, ngroups;
static volatile sig_atomic_t changed;
static int nobody, *flag = &nobody; /* of operations under way */

void interrupt_operations(int *of_this_thread) { flag = of_this_thread; }

static void set_flag(int to) { __atomic_store_n(flag, to, __ATOMIC_RELAXED); }

static void flush_changed(lua_State *L) {
  if (!changed) return;
  changed = 0;
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

static void stop(lua_State *L, lua_Debug *ar) {
  (void)ar;
  running.caught = now();
  if (running.count < 2) { /* the second time a pcall shall not hold it up */
    lua_sethook(L, NULL, 0, 0);
    set_flag(0);
  }
  flush_changed(L);
  luaL_error(L, "interrupted!");
}

#if defined __x86_64__ || defined __aarch64__
/* Lets f change a trace's code. Returns where to go on: elsewhere than `at` when that is inside of a loop that nothing
 * else stops. */
static const uint8_t *rewrite(const struct trace *t, const uint8_t *at,
                              const uint8_t *(*f)(const struct trace *, const uint8_t *)) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)t->code & ~(page - 1);
  uintptr_t size = (uintptr_t)t->code + t->size - from;
  if (mprotect((void *)from, size, PROT_READ | PROT_WRITE | PROT_EXEC)) return at;
  at = f(t, at);
  __builtin___clear_cache((char *)t->code, (char *)t->code + t->size);
  mprotect((void *)from, size, PROT_READ | PROT_EXEC);
  return at;
}
#endif

#ifdef __x86_64__
enum { GROUP_BYTES = 32 * 4, JUMP = 5, GUARD = 6 };

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

static const uint8_t *leave(const struct trace *t, const uint8_t *at) {
  if (t->root) leave_head(t, at);
  if (t->loop && !leave_end(t) && !leave_guard(t) && t->root) {
    uint8_t *loop = t->code + t->loop;
    if (at >= loop && at < t->code + t->size)
      at = groups[0], changed = 1;
    else if (loop + JUMP <= t->code + t->size)
      jump(loop, groups[0]);
  }
  return at;
}

static void leave_traces(void *context) {
  greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
  const uint8_t *at = (const uint8_t *)*rip;
  for (int i = 0; i < ntraces && ngroups; i++)
    if (traces[i].code) at = rewrite(&traces[i], at, leave);
  *rip = (greg_t)at;
}
#elif defined __aarch64__
/* Stubs lie behind each trace, an instruction an exit: bl to what they share. One that leads to a side trace is a b:
 * such an exit cannot be taken without its condition. */
static const uint32_t nop = 0xD503201F;

static uint32_t word(const uint8_t *p) {
  uint32_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

static void set_word(uint8_t *p, uint32_t w) {
  memcpy(p, &w, sizeof w);
  changed = 1;
}

/* The signed field of n bits that begins at a bit of an instruction. */
static int32_t field(uint32_t w, int first, int n) { return (int32_t)(w << (32 - first - n)) >> (32 - n); }

/* Where a branch leads; NULL for other instructions. */
static uint8_t *target(uint8_t *p) {
  uint32_t w = word(p);
  if ((w & 0xFC000000) == 0x14000000) return p + 4L * field(w, 0, 26); /* b */
  if ((w & 0x7E000000) == 0x36000000) return p + 4L * field(w, 5, 14); /* tbz, tbnz */
  if ((w & 0xFF000010) == 0x54000000 || (w & 0x7E000000) == 0x34000000)
    return p + 4L * field(w, 5, 19); /* b.cond, cbz */
  return NULL;
}

static int is_branch(const uint8_t *p) { return (word(p) & 0xFC000000) == 0x14000000; }

static int is_exit(const struct trace *t, const uint8_t *p) {
  return p >= t->stubs && p < t->stubs + 4 * (size_t)t->exits && (word(p) & 0xFC000000) == 0x94000000;
}

static void jump(uint8_t *p, const uint8_t *to) { set_word(p, 0x14000000 | ((uint32_t)((to - p) / 4) & 0x03FFFFFF)); }

/* Returns whether the loop, or the trace when it has none, has a way out now. */
static int leave_guards(const struct trace *t) {
  uint8_t *loop = t->code + t->loop, *end = t->code + t->size;
  int found = 0;
  for (uint8_t *p = t->code; p + 4 <= end; p += 4) {
    uint8_t *to = target(p);
    if (!to || is_branch(p)) continue;
    if (is_exit(t, to)) {
      jump(p, to);
      found |= p >= loop;
    } else if (t->loop && to == loop && p + 8 == end && is_branch(p + 4) && is_exit(t, target(p + 4))) {
      set_word(p, nop);
      found = 1;
    }
  }
  return found;
}

static const uint8_t *leave(const struct trace *t, const uint8_t *at) {
  if (leave_guards(t) || !t->root || !t->exits || !is_exit(t, t->stubs)) return at;
  uint8_t *from = t->code + t->loop, *end = t->code + t->size;
  if (!t->loop && (word(from) & 0xFF8003FF) == 0xD10003FF) from += 4; /* sub sp, sp, #n */
  if (from + 4 > end) return at;
  if (t->loop && at >= from && at < end) at = t->stubs;
  jump(from, t->stubs);
  return at;
}

static void leave_traces(void *context) {
  mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
  const uint8_t *at = (const uint8_t *)machine->pc;
  for (int i = 0; i < ntraces; i++)
    if (traces[i].code) at = rewrite(&traces[i], at, leave);
  machine->pc = (uintptr_t)at;
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
  if (!running.session && running.caught && now() - running.caught > AGAIN) running.count = 0;
  running.caught = 0;
  running.count = number == SIGHUP && running.count < 2 ? 2 : running.count + 1;
  if (running.count > (running.session ? 2 : 1)) {
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  set_flag(1);
  lua_sethook(running.L, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1); // NOLINT(bugprone-signal-handler)
  leave_traces(context);
}

struct interrupt interrupt_begin(lua_State *L, int session) {
  struct interrupt before = {.L = running.L, .session = running.session};
  struct sigaction ours = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO | (session ? 0 : SA_RESTART)};
  running.L = L;
  running.session = session;
  running.count = 0, running.caught = 0;
  running.thread = pthread_self();
  sigaction(SIGINT, &ours, &before.action);
  sigaction(SIGHUP, NULL, &before.hangup);
  before.handled = session && before.hangup.sa_handler != SIG_DFL && before.hangup.sa_handler != SIG_IGN;
  if (before.handled) sigaction(SIGHUP, &ours, NULL);
  return before;
}

void interrupt_end(struct interrupt before) {
  if (running.L && lua_gethook(running.L) == stop) lua_sethook(running.L, NULL, 0, 0);
  set_flag(0);
  if (running.L) flush_changed(running.L);
  running.L = before.L;
  running.session = before.session;
  running.count = 0;
  sigaction(SIGINT, &before.action, NULL);
  if (before.handled) sigaction(SIGHUP, &before.hangup, NULL);
}

static void note_group(uint8_t *group) {
  for (int i = 0; i < ngroups; i++)
    if (groups[i] == group) return;
  if (ngroups == MAX_GROUPS) return;
  groups[ngroups] = group;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  ngroups++;
}

static uint8_t *address(lua_State *L, int n) { return (uint8_t *)(uintptr_t)luaL_checknumber(L, n); }

int interrupt_note(lua_State *L) {
  int n = lua_gettop(L);
  lua_Integer number = n ? luaL_checkinteger(L, 1) : 0;
  if (!n) {
    ntraces = ngroups = 0; /* the stubs go with them */
    memset(traces, 0, sizeof traces);
  } else if (number >= 0 && number < MAX_TRACES) {
    struct trace t = {address(L, 2),
                      (uint32_t)number,
                      (uint32_t)luaL_checkinteger(L, 3),
                      (uint32_t)luaL_checkinteger(L, 4),
                      (uint32_t)luaL_checkinteger(L, 6),
                      address(L, 7),
                      lua_toboolean(L, 5)};
    for (int i = 7; i <= n; i++) note_group(address(L, i));
    traces[number].code = NULL; /* the handler may come at any time: it passes over what is being written */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    traces[number].number = t.number, traces[number].size = t.size, traces[number].loop = t.loop;
    traces[number].exits = t.exits, traces[number].stubs = t.stubs, traces[number].root = t.root;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    traces[number].code = t.code;
    if (number >= ntraces) ntraces = (int)number + 1;
  }
  return 0;
}
