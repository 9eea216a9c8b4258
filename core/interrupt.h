/* interrupt.h -- what th.c uses of interrupt.c: Ctrl-C while Lua runs. Part of th, not of librekindle. */
#ifndef TH_INTERRUPT_H
#define TH_INTERRUPT_H
#include <lua.h>
#include <signal.h>

/* What SIGINT does from now on, and what it did before, to be given back. */
struct interrupt {
  lua_State *L;
  int session, handled;
  struct sigaction action, hangup;
};

/* Let SIGINT raise an error in L; with session != 0 it never ends the process before the third time, and SIGHUP, if
 * somebody handles it already, ends what runs so that the session can end. */
struct interrupt interrupt_begin(lua_State *L, int session);
void interrupt_end(struct interrupt before);

/* SIGINT sets this flag, too, and it is 0 again when Lua has learnt of it. */
void interrupt_operations(int *of_this_thread);

/* The Lua function note([number, address, size, loop, root, exits, stub, ...]): a compiled trace, its loop's
 * offset, whether it starts from the stack, the number of its exits and where their groups of stubs lie; without
 * arguments: all traces are gone. */
int interrupt_note(lua_State *L);
#endif
