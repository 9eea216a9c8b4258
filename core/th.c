/* th.c -- th, the launcher: LuaJIT that finds Rekindle by itself.
 *
 * It embeds the interpreter, works out from /proc/self/exe where the Lua
 * packages and librekindle lie (build tree or installation), puts them in front
 * of the default module path, loads torch, paths, sys and xlua as Torch7's th
 * did (lua/trepl), and then behaves as the plain `lua` program does: options,
 * `arg`, tracebacks, exit status. The prompt itself is Lua: lua/trepl/prompt.lua. */
#include "interrupt.h"
#include "low_heap.h"
#include "low_stack.h"

#include <dlfcn.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <luajit.h>
#include <lualib.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: th [options] [file [arguments]]\n"
    "  -l NAME     require the module NAME (and set the global NAME)\n"
    "  -e CODE     run the Lua CODE\n"
    "  -i          enter the prompt afterwards (--interactive)\n"
    "  -a          the same, and while it waits for input the program's timers, watched files and thread pools go on;\n"
    "              the global `async` makes them (--async)\n"
    "  -g, -gg     warn about, or refuse, globals that are created, or read without existing (--globals, --gglobals)\n"
    "  -x          plots: gfx.js and its server where that rock is installed, else image and gnuplot (--gfx)\n"
    "  -v          print the version\n"
    "  -h, --help  print this and leave; --version: print the version and leave\n"
    "  --cmake-prefix  print the folder for CMAKE_PREFIX_PATH, by which find_package(Torch) finds this Rekindle\n"
    "  --          end of options;  -: run the standard input\n"
    "Without file, -e and -l: a prompt on a terminal, else the standard input is run.\n"
    "LUA_PATH and LUA_CPATH are searched first; LUA_INIT is run first; RK_LIB names another librekindle.so.\n";

/* Run before anything else: module paths, the library's place (build tree, installation, tree of luarocks), os.exit.
 * Returns the folder by which CMake finds Torch. Paths set by the environment come first (";;"
 * in them stands for ours and the defaults), then ours, rocks of `luarocks --local`, and the defaults. */
static const char setup[] =
    "local home, tree_lua, bin_lib, bin_lua, finish = ...\n"
    "local function at(path)\n"
    "  path = home .. '/' .. path\n"
    "  local n\n"
    "  repeat path, n = path:gsub('/[^/]+/%.%./', '/', 1) until n == 0\n"
    "  return (path:gsub('/[^/]+/%.%.$', ''))\n"
    "end\n"
    "local places = {{'librekindle.so', tree_lua, tree_lua .. '/../rocks'},\n"
    "  {bin_lib .. '/librekindle.so', bin_lua, '..'}, {'../lib/lua/5.1/librekindle.so', '../share/lua/5.1', '..'}}\n"
    "local library, lua, cmake\n"
    "for _, place in ipairs(places) do\n"
    "  library, lua, cmake = at(place[1]), at(place[2]), at(place[3])\n"
    "  local file = io.open(library)\n"
    "  if file then file:close() break end\n"
    "end\n"
    "package.loaded['torch.libpath'] = os.getenv 'RK_LIB' or library\n"
    "local user = os.getenv 'HOME'\n"
    "local function search(field, variable, ours, rocks)\n"
    "  if user then ours = ours .. ';' .. rocks:gsub('~', user) end\n"
    "  local wanted, path = os.getenv(variable), ours .. ';' .. package[field]\n"
    "  if wanted then\n"
    "    local text, n = wanted:gsub(';;', function() return ';' .. path .. ';' end)\n"
    "    path = n > 0 and text or wanted .. ';' .. path\n" /* the defaults hold LuaJIT's own modules */
    "  end\n"
    "  package[field] = path\n"
    "end\n"
    "search('path', 'LUA_PATH', lua .. '/?.lua;' .. lua .. '/?/init.lua',\n"
    "       '~/.luarocks/share/lua/5.1/?.lua;~/.luarocks/share/lua/5.1/?/init.lua')\n"
    "search('cpath', 'LUA_CPATH', at(bin_lib .. '/lua/5.1/?.so'), '~/.luarocks/lib/lua/5.1/?.so')\n"
    "os.exit = finish\n"
    "local ffi = require 'ffi'\n"
    "if jit.arch == 'x64' and not ffi.abi 'gc64' then\n"
    "  io.stderr:write('th: warning: this LuaJIT was built without GC64: its Lua objects must fit in the lowest 2 GB "
    "of memory,\\n',\n"
    "    '  so programs with many tables or tensors will run out of it. Use a LuaJIT built with "
    "-DLUAJIT_ENABLE_GC64.\\n')\n"
    "end\n"
    "return cmake, '@' .. lua .. '/'\n";

struct options {
  int script;   /* index of the file in argv; argc: none */
  int prompt;   /* -i */
  int async;    /* -a */
  int graphics; /* -x */
  int version;  /* -v */
  int prefix;   /* --cmake-prefix */
  int monitor;  /* -g: 1, -gg: 2 */
  int help;     /* 1: -h, 2: --version */
  int executed; /* an -e or -l was given */
};

static const struct {
  const char *brief, *full;
  size_t field;
  int value;
} flags[] = {
    {"-i", "--interactive", offsetof(struct options, prompt), 1},
    {"-a", "--async", offsetof(struct options, async), 1},
    {"-x", "--gfx", offsetof(struct options, graphics), 1},
    {"-g", "--globals", offsetof(struct options, monitor), 1},
    {"-gg", "--gglobals", offsetof(struct options, monitor), 2},
    {"-v", NULL, offsetof(struct options, version), 1},
    {"-h", "--help", offsetof(struct options, help), 1},
    {NULL, "--version", offsetof(struct options, help), 2},
    {NULL, "--cmake-prefix", offsetof(struct options, prefix), 1},
};

struct process {
  int argc;
  char **argv;
  int status; /* to exit with */
};

/* -- running Lua: interrupts, tracebacks, messages ------------------------------ */
static char *library_lua; /* "@/folder/of/our/packages/", where errors of programs do not come from */

/* Does the first line say where it comes from, as `file:12: text`? */
static int has_place(const char *text) {
  for (const char *p = text; *p && *p != '\n'; p++) {
    if (*p != ':' || p[1] < '0' || p[1] > '9') continue;
    const char *q = p + 1;
    while (*q >= '0' && *q <= '9') q++;
    if (*q == ':') return 1;
  }
  return 0;
}

/* An error raised at level 0 does not say where: add the line of the program that led to it. */
static void add_place(lua_State *L) {
  lua_Debug ar;
  for (int level = 1; !has_place(lua_tostring(L, 1)) && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0 || (library_lua && !strncmp(ar.source, library_lua, strlen(library_lua)))) continue;
    lua_pushfstring(L, "%s\n  raised at %s:%d", lua_tostring(L, 1), ar.short_src, ar.currentline);
    lua_replace(L, 1);
    return;
  }
}

/* Two mistakes that LuaJIT's text does not name: Lua files that ask the library for what it does not declare came after
 * it; a method that is given something else as its tensor was called by a dot. */
static void add_remedy(lua_State *L) {
  const char *text = lua_tostring(L, 1), *remedy = NULL;
  if (strstr(text, "missing declaration for symbol 'rk_") ||
      (strstr(text, "'struct rk_") && strstr(text, "has no member named")))
    remedy = "librekindle.so is older than the Lua files: build it again (cmake --build build)";
  else if (strstr(text, "to 'struct rk_tensor *')"))
    remedy = "a tensor was expected there: methods are called by a colon, x:abs() in place of x.abs()";
  if (!remedy) return;
  lua_pushfstring(L, "%s\n  %s", text, remedy);
  lua_replace(L, 1);
}

static int traceback(lua_State *L) {
  if (!lua_isstring(L, 1)) { /* an error object: its own text, or what it is */
    if (luaL_callmeta(L, 1, "__tostring") && lua_isstring(L, -1)) return 1;
    lua_settop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "th.show");
    lua_pushvalue(L, 1);
    if (!lua_istable(L, 1) || lua_pcall(L, 1, 1, 0) || !lua_isstring(L, -1)) lua_pushliteral(L, "");
    lua_pushfstring(L, "(error object is a %s value)%s%s", luaL_typename(L, 1), *lua_tostring(L, -1) ? "\n" : "",
                    lua_tostring(L, -1));
    lua_replace(L, 1);
    lua_settop(L, 1);
  }
  add_place(L);
  add_remedy(L);
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

/* Compiled code that runs out of stack ends without asking for a traceback, and without a place. */
static void explain(lua_State *L) {
  const char *text = lua_tostring(L, -1);
  if (!text || strcmp(text, "stack overflow") != 0) return;
  lua_pop(L, 1);
  lua_pushliteral(L, "stack overflow: calls are nested too deep; does a function call itself without end?\n"
                     "  compiled code leaves no traceback: with jit.off() as the first line there is one");
}

static int in_session; /* at the prompt Ctrl-C stops what runs, not the process */

/* Call the function under its n arguments, all results kept; an error becomes its traceback. */
static int call(lua_State *L, int n) {
  int base = lua_gettop(L) - n;
  lua_pushcfunction(L, traceback);
  lua_insert(L, base);
  struct interrupt before = interrupt_begin(L, in_session);
  int status = lua_pcall(L, n, LUA_MULTRET, base);
  interrupt_end(before);
  lua_remove(L, base);
  if (status) explain(L);
  return status;
}

static int report(lua_State *L, int status) {
  if (status) {
    const char *text = lua_tostring(L, -1);
    fflush(stdout);
    fprintf(stderr, "th: %s\n", text ? text : "(error without text)");
    fflush(stderr);
    lua_pop(L, 1);
  }
  return status;
}

/* call(f, ...) for the prompt: true and the results, or false and the traceback. */
static int protected_call(lua_State *L) {
  in_session = 1;
  int status = call(L, lua_gettop(L) - 1);
  in_session = 0;
  lua_pushboolean(L, status == 0);
  lua_insert(L, 1);
  return lua_gettop(L);
}

/* Pools of threads are left while this state is whole: closing it finalizes tensors first. */
static void leave_pools(lua_State *L) {
  static const char code[] = "local m = package and package.loaded['threads.threads'] if m then m.leave() end";
  report(L, luaL_loadbuffer(L, code, sizeof code - 1, "=th") || lua_pcall(L, 0, 0, 0));
}

/* os.exit([code [, close]]): unlike Lua's it closes the state unless told not to, so finalizers run. */
static int finish(lua_State *L) {
  int code = lua_isboolean(L, 1) ? !lua_toboolean(L, 1) : (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
  if (lua_isnoneornil(L, 2) || lua_toboolean(L, 2)) {
    leave_pools(L);
    lua_close(L);
  }
  exit(code);
}

/* Run a chunk just loaded (or the error of loading it) with n arguments that follow it. */
static int run(lua_State *L, int status, int n) {
  if (status == 0) {
    int base = lua_gettop(L) - n - 1;
    status = call(L, n);
    if (status == 0) lua_settop(L, base);
  }
  return report(L, status);
}

/* Compile a text, or the file of that name (NULL: the standard input) when text is NULL, by what the global loadstring
 * or loadfile was once trepl was loaded: programs' code may have to be rewritten (torch.compat). */
static int compile(lua_State *L, const char *text, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, text ? "th.loadstring" : "th.loadfile");
  int n = 0;
  if (text) lua_pushstring(L, text), n++;
  if (name) lua_pushstring(L, name), n++;
  int status = lua_pcall(L, n, 2, 0);
  if (status) return status;
  lua_remove(L, lua_isnil(L, -2) ? -2 : -1);
  return lua_isfunction(L, -1) ? 0 : LUA_ERRSYNTAX;
}

/* For coroutine.running of torch.compat, which cannot get at the main thread in another way. */
static void keep_main(lua_State *L) {
  lua_pushthread(L);
  lua_setfield(L, LUA_REGISTRYINDEX, "th.main");
}

/* What trepl has for us: compilers, and the text of tables. */
static void keep_compilers(lua_State *L) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "loaded");
  lua_getfield(L, -1, "trepl");
  lua_getfield(L, -1, "show");
  lua_setfield(L, LUA_REGISTRYINDEX, "th.show");
  lua_pop(L, 3);
  lua_getglobal(L, "loadstring");
  lua_setfield(L, LUA_REGISTRYINDEX, "th.loadstring");
  lua_getglobal(L, "loadfile");
  lua_setfield(L, LUA_REGISTRYINDEX, "th.loadfile");
}

/* Ctrl-C reaches long operations of the library, which trepl has opened (torch.ffi). */
static void watch_operations(lua_State *L) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "loaded");
  lua_getfield(L, -1, "torch.libpath");
  const char *path = lua_tostring(L, -1);
  void *library = path ? dlopen(path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
  int *(*flag)(void) = NULL;
  if (library) *(void **)&flag = dlsym(library, "rk_interrupt_flag");
  if (flag) interrupt_operations(flag());
  lua_pop(L, 3);
}

static int require(lua_State *L, const char *name, int global) {
  lua_getglobal(L, "require");
  lua_pushstring(L, name);
  int status = call(L, 1);
  if (status) return report(L, status);
  if (global) {
    lua_getglobal(L, name);
    if (lua_isnil(L, -1)) {
      lua_pushvalue(L, -2);
      lua_setglobal(L, name);
    }
  }
  lua_settop(L, 0);
  return 0;
}

/* -- start ------------------------------------------------------------------------- */
/* Leaves the folder by which CMake finds Torch on the stack; keeps that of the packages. */
static int set_up(lua_State *L) {
  char home[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", home, sizeof home - 1);
  if (n < 0) luaL_error(L, "cannot read /proc/self/exe, by which th finds its modules");
  home[n] = 0;
  char *slash = strrchr(home, '/');
  if (slash) *slash = 0;
  lua_pushboolean(L, 1); /* the environment's paths are ours to read */
  lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
  luaL_openlibs(L);
  lua_pushnil(L);
  lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
  if (luaL_loadbuffer(L, setup, sizeof setup - 1, "=th")) return lua_error(L);
  lua_pushstring(L, home);
  lua_pushliteral(L, TH_TREE_LUA);
  lua_pushliteral(L, TH_INSTALLED_LIB);
  lua_pushliteral(L, TH_INSTALLED_LUA);
  lua_pushcfunction(L, finish);
  lua_call(L, 5, 2);
  library_lua = strdup(lua_tostring(L, -1));
  lua_pop(L, 1);
  return 1;
}

static int fail(const char *what, const char *option) {
  fprintf(stderr, "th: %s '%s'\n%s", what, option, usage);
  return -1;
}

/* Set the field of a flag; whether it is one. */
static int read_flag(const char *s, struct options *o) {
  for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
    if ((flags[k].brief && !strcmp(s, flags[k].brief)) || (flags[k].full && !strcmp(s, flags[k].full))) {
      *(int *)((char *)o + flags[k].field) = flags[k].value;
      return 1;
    }
  }
  return 0;
}

/* Read the options; 0, or -1 when they are wrong, or 1 when there is nothing more to do. */
static int read_options(const struct process *p, struct options *o) {
  int i = 1;
  for (; i < p->argc && p->argv[i][0] == '-' && p->argv[i][1]; i++) {
    const char *s = p->argv[i];
    if (!strcmp(s, "--")) {
      i++;
      break;
    } else if (read_flag(s, o)) {
      if (o->help == 1) fputs(usage, stdout);
      if (o->help == 2) printf("Rekindle %s (%s)\n", TH_VERSION, LUAJIT_VERSION);
      if (o->help) return 1;
    } else if (s[1] == 'e' || s[1] == 'l') {
      o->executed = 1;
      if (!s[2] && ++i >= p->argc) return fail("an argument is missing after", s);
    } else {
      return fail("unknown option", s);
    }
  }
  if (o->async) o->prompt = 1;
  o->script = i;
  return 0;
}

/* arg[0] is the script, what follows it 1, 2, ..., what precedes it -1, -2, ... Without a script it is as if th were
 * one. */
static void set_arg(lua_State *L, const struct process *p, int script) {
  int zero = script < p->argc ? script : 0;
  lua_createtable(L, p->argc, zero + 1);
  for (int i = 0; i < p->argc; i++) {
    lua_pushstring(L, p->argv[i]);
    lua_rawseti(L, -2, i - zero);
  }
  lua_setglobal(L, "arg");
}

/* -e and -l in the order given. */
static int run_options(lua_State *L, const struct process *p, int end) {
  for (int i = 1; i < end; i++) {
    const char *s = p->argv[i];
    if (!strcmp(s, "--")) break;
    if (s[1] != 'e' && s[1] != 'l') continue;
    const char *value = s[2] ? s + 2 : p->argv[++i];
    int status = s[1] == 'l' ? require(L, value, 1) : run(L, compile(L, value, "=(command line)"), 0);
    if (status) return status;
  }
  return 0;
}

static int run_script(lua_State *L, const struct process *p, int script) {
  const char *name = p->argv[script];
  int dashes = !strcmp(p->argv[script - 1], "--"); /* `th -- -` is a file of that name */
  int status = compile(L, NULL, !strcmp(name, "-") && !dashes ? NULL : name), n = p->argc - script - 1;
  luaL_checkstack(L, n + 4, "too many arguments");
  for (int i = 0; i < n && !status; i++) lua_pushstring(L, p->argv[script + 1 + i]);
  return run(L, status, n);
}

static int run_init(lua_State *L) {
  const char *init = getenv("LUA_INIT");
  if (!init) return 0;
  return run(L, *init == '@' ? compile(L, NULL, init + 1) : compile(L, init, "=LUA_INIT"), 0);
}

/* A field of the module trepl, called with n values from the top of the stack. */
static int call_trepl(lua_State *L, const char *field, int n) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "trepl");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, field);
  lua_insert(L, -n - 2);
  lua_pop(L, 1);
  return run(L, 0, n);
}

static int protected_main(lua_State *L) {
  struct process *p = lua_touserdata(L, 1);
  struct options o = {0};
  lua_settop(L, 0);
  p->status = EXIT_FAILURE;
  int read = read_options(p, &o);
  if (read) {
    p->status = read < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    return 0;
  }
  lua_gc(L, LUA_GCSTOP, 0);
  set_up(L);
  lua_gc(L, LUA_GCRESTART, -1);
  if (o.prefix) {
    puts(lua_tostring(L, -1));
    p->status = EXIT_SUCCESS;
    return 0;
  }
  lua_settop(L, 0);
  set_arg(L, p, o.script);
  if (o.version) printf("Rekindle %s (%s)\n", TH_VERSION, LUAJIT_VERSION);
  keep_main(L);
  if (require(L, "trepl", 0)) return 0;
  keep_compilers(L);
  watch_operations(L);
  lua_pushcfunction(L, interrupt_note);
  if (call_trepl(L, "watch", 1)) return 0;
  if (run_init(L)) return 0;
  if (o.async && call_trepl(L, "preload_async", 0)) return 0;
  if (o.graphics && call_trepl(L, "graphics", 0)) return 0;
  if (o.monitor) {
    lua_pushinteger(L, o.monitor);
    if (call_trepl(L, "monitor", 1)) return 0;
  }
  if (run_options(L, p, o.script)) return 0;
  if (o.script < p->argc && run_script(L, p, o.script) && !o.prompt) return 0;
  int idle = o.script >= p->argc && !o.executed && !o.version;
  if (o.prompt || (idle && isatty(STDIN_FILENO))) {
    lua_pushcfunction(L, protected_call);
    lua_pushboolean(L, o.async);
    if (call_trepl(L, "repl", 2)) return 0;
  } else if (idle && run(L, compile(L, NULL, NULL), 0)) {
    return 0;
  }
  p->status = EXIT_SUCCESS;
  return 0;
}

static void run_process(void *arg) {
  struct process *p = arg;
  lua_State *L = luaL_newstate();
  if (!L) {
    fputs("th: not enough memory for a Lua state\n", stderr);
    return;
  }
  int status = lua_cpcall(L, protected_main, p);
  report(L, status);
  leave_pools(L);
  lua_close(L);
  free(library_lua);
  if (status) p->status = EXIT_FAILURE;
}

/* Enough for what Lua's own stack allows: calls back out of string.gsub, each with a buffer of 8 KB in C, end in an
 * error at a depth of about 10,000. Only what is used takes memory. */
static const size_t STACK = (size_t)128 << 20;

int main(int argc, char **argv) {
  struct process p = {argc, argv, EXIT_FAILURE};
  th_low_heap();
  rk_on_low_stack(STACK, run_process, &p);
  return p.status;
}
