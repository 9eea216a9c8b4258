/* collect.c -- what Lua's collector calls for a tensor or storage that nobody refers to.
 *
 * LuaJIT calls a finalizer that is an FFI function through the same slow path as an interpreted FFI call; a
 * lua_CFunction, looked up with package.loadlib, costs 50 to 100 ns less for each object: a third of `c = a + b`. The
 * library links no Lua: the one function that is needed is found in the process. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "internal.h"
#include <dlfcn.h>

struct lua_State;
int rk_lua_ready(void);
int rk_lua_drop_tensor(struct lua_State *L);
int rk_lua_drop_buffer(struct lua_State *L);

/* On a cdata object: the address of its value. */
static const void *(*topointer)(struct lua_State *, int);

/* Can the two functions below be used in this process? Each state asks before it uses them. */
int rk_lua_ready(void) {
  void *found = dlsym(RTLD_DEFAULT, "lua_topointer");
  /* Other threads' states ask, too, while the first one's finalizers run. */
  if ((void *)topointer != found) *(void **)&topointer = found;
  return found != NULL;
}
int rk_lua_drop_tensor(struct lua_State *L) {
  rk_tensor_drop((struct rk_tensor *)topointer(L, 1));
  return 0;
}
int rk_lua_drop_buffer(struct lua_State *L) {
  rk_buffer_drop((struct rk_buffer *)topointer(L, 1));
  return 0;
}
