/* rowsum.c -- out[i] = the sum of row i: a module of plain Lua C functions that works on tensors by rk.h. */
#include <lauxlib.h>
#include <rk_lua.h>

/* rowsum.sum(out, x): x a matrix of floats */
static int sum(lua_State *L) {
  struct rk_tensor *out = rk_lua_tensor(L, 1), *x = rk_lua_tensor(L, 2);
  if (x->dt != RK_f32 || x->rank != 2) return luaL_error(L, "rowsum: a matrix of floats expected");
  rk_lua_check(L, rk_tensor_resize(out, 1, x->shape, NULL));
  for (int64_t i = 0; i < x->shape[0]; i++) {
    const float *row = (const float *)rk_lua_data(x) + i * x->step[0];
    float total = 0;
    for (int64_t j = 0; j < x->shape[1]; j++) total += row[j * x->step[1]];
    ((float *)rk_lua_data(out))[i * out->step[0]] = total;
  }
  lua_settop(L, 1);
  return 1;
}

int luaopen_librowsum(lua_State *L);
int luaopen_librowsum(lua_State *L) {
  static const luaL_Reg functions[] = {{"sum", sum}, {NULL, NULL}};
  lua_newtable(L);
  luaL_register(L, NULL, functions);
  return 1;
}
