/* rk_lua.h -- tensors in modules written against the plain Lua C API.
 *
 * A tensor in Lua is a LuaJIT cdata object that holds a struct rk_tensor: a module borrows it for the length of a call.
 * Results are tensors that the caller made (`torch.FloatTensor()`) and the module resizes, so that Lua owns them.
 *
 *   struct rk_tensor *out = rk_lua_tensor(L, 1), *x = rk_lua_tensor(L, 2);
 *   rk_lua_check(L, rk_tensor_resize_as(out, x));
 *   const float *from = rk_lua_data(x);
 *
 * Nothing here is in librekindle: the module links it for rk_*, and finds lua_* in the process. */
#ifndef RK_LUA_H
#define RK_LUA_H
#include "rk.h"
#include <lauxlib.h>
#include <lua.h>

/* The tensor at a place of the stack; a Lua error that names the argument when there is none. */
static inline struct rk_tensor *rk_lua_tensor(lua_State *L, int place) {
  lua_getglobal(L, "torch");
  lua_getfield(L, -1, "isTensor");
  lua_pushvalue(L, place);
  lua_call(L, 1, 1);
  const int is = lua_toboolean(L, -1);
  lua_pop(L, 2);
  if (!is) luaL_argerror(L, place, lua_pushfstring(L, "tensor expected, got %s", luaL_typename(L, place)));
  struct rk_tensor *t = (struct rk_tensor *)lua_topointer(L, place);
  if (t->bare) { /* the module may share or resize it */
    lua_getglobal(L, "torch");
    lua_getfield(L, -1, "data");
    lua_pushvalue(L, place);
    lua_call(L, 1, 0);
    lua_pop(L, 1);
  }
  return t;
}

/* Address of element (0, 0, ...); NULL for an empty tensor. Element (i, j) lies i*step[0] + j*step[1] elements on. */
static inline void *rk_lua_data(const struct rk_tensor *t) {
  return t->mem && t->mem->data ? (char *)t->mem->data + t->start * rk_dtype_size(t->dt) : NULL;
}

/* Raise the library's text when a call of it failed. */
static inline void rk_lua_check(lua_State *L, int status) {
  if (status != RK_OK) luaL_error(L, "%s", rk_error());
}
#endif
