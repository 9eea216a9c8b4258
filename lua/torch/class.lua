--- Torch7's class system, in pure Lua.
--
-- A class is a metatable registered under a name. Its methods live in the metatable, which is also the
-- `__index` of its objects; the metatable's own metatable leads on to the parent's, so what a program adds to a
-- class later is seen by all classes below it. What a user calls, `nn.Linear(2, 3)`, is a constructor
-- table: an empty table through which the metatable is read and written.
--
-- Operators are written on the class with two more underscores (`__add__`, `__call__`, `__index__` ...) and are
-- looked up through the parents, which Lua does not do for its own metamethods. So the first assignment of
-- `__add__` puts a dispatcher as `__add` into that class and all below it. Classes without operators pay
-- nothing: their `__index` stays a plain table.
--
-- Objects that are not tables (tensors, storages, generators: cdata) are made known by `register_ctype`.
--
-- This module needs no tensor and no library; `torch.init` copies its public functions into `torch`.
-- @module torch.class

local ffi = require 'ffi'

local rawget, rawset, setmetatable, type, tonumber = rawget, rawset, setmetatable, type, tonumber
local getmeta = debug.getmetatable
local istype = ffi.istype

local M = {}

M.luatype = type -- Lua's own: the global one may answer 'userdata' for tensors (torch.compat)
M.opaque = {} -- metatables of classes whose objects are tables here and were userdata in Torch7 (torch.compat)
M.luarequire = require -- the global one may look for files beside the calling one (trepl.require)

local metatables = {} -- class name -> metatable
local names = {} -- metatable -> class name
local parents = {} -- metatable -> parent's metatable
local children = {} -- metatable -> list of metatables
local constructors = {} -- class name -> constructor table
local ctypes = {} -- list of {ctype, describe, address}
local packages = {} -- package name -> table, for packages that are not globals (yet)
local gives_way = {} -- metatables of our own packages' classes: a program's class of the same name takes their place
local own = 0 -- above 0 while a file of our own packages is being loaded

local function refuse(fmt, ...)
  error(fmt:format(...), 3)
end

-- ---------------------------------------------------------------------------------------------------------
-- Operators
-- ---------------------------------------------------------------------------------------------------------

-- One dispatcher an operator for all classes: Lua compares objects of two classes only when both have the same
-- function as `__eq`, `__lt` or `__le`.
local function binary(name)
  local field = '__' .. name .. '__'
  return function(a, b)
    local mt = getmeta(a)
    local f = names[mt] and mt[field]
    if f == nil or f == false then
      mt = getmeta(b)
      f = names[mt] and mt[field]
      if f == nil or f == false then
        error(('%s has no operator %s'):format(M.type(a), field), 2)
      end
    end
    return f(a, b)
  end
end

local function unary(name)
  local field = '__' .. name .. '__'
  return function(a, ...)
    return getmeta(a)[field](a, ...)
  end
end

local dispatchers = {__call__ = unary 'call', __unm__ = unary 'unm', __len__ = unary 'len'}
for _, name in ipairs {'add', 'sub', 'mul', 'div', 'mod', 'pow', 'concat', 'eq', 'lt', 'le'} do
  dispatchers['__' .. name .. '__'] = binary(name)
end

-- `__tostring__` may be a function or the text itself; without one the text is the name of the class.
local function to_text(obj)
  local mt = getmeta(obj)
  local f = mt.__tostring__
  if f == nil then
    return names[mt]
  end
  if type(f) == 'function' then
    return f(obj)
  end
  return f
end

-- `__index__(obj, key)` answers with `value, true`, or lets the class answer with false.
local function index_dispatcher(mt)
  return function(obj, key)
    local f = mt.__index__
    if f then
      local value, handled = f(obj, key)
      if handled then
        return value
      end
    end
    return mt[key]
  end
end

-- `__newindex__(obj, key, value)` answers true when it has dealt with the assignment.
local function newindex_dispatcher(mt)
  return function(obj, key, value)
    local f = mt.__newindex__
    if not (f and f(obj, key, value)) then
      rawset(obj, key, value)
    end
  end
end

-- Put Lua's metamethod for an operator into a class and all below it, unless a program has set its own.
local function install(mt, field)
  local event = field:sub(1, -3)
  if field == '__index__' then
    if rawget(mt, event) == mt then
      rawset(mt, event, index_dispatcher(mt))
    end
  elseif rawget(mt, event) == nil then
    rawset(mt, event, field == '__newindex__' and newindex_dispatcher(mt) or dispatchers[field])
  end
  for _, child in ipairs(children[mt]) do
    install(child, field)
  end
end

local operators = {'__index__', '__newindex__'}
for field in pairs(dispatchers) do
  operators[#operators + 1] = field
end
local is_operator = {}
for _, field in ipairs(operators) do
  is_operator[field] = true
end

-- New fields of a class arrive here.
local function add_field(mt, key, value)
  rawset(mt, key, value)
  if is_operator[key] and value ~= nil then
    install(mt, key)
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Finding classes and packages
-- ---------------------------------------------------------------------------------------------------------

--- Load a module of our own packages. Classes it registers give way to a class of the same name that a program or a
-- third-party package registers later: many published packages have classes that Torch7 did not have and we do. Objects
-- of the class that gave way go on working.
-- @string module what to require
-- @return what it returns
function M.require_own(module)
  own = own + 1
  local ok, result = pcall(require, module)
  own = own - 1
  if not ok then error(result, 0) end
  return result
end

--- Make a package's table known to the class system before (or without) it being a global.
function M.register_package(name, table)
  packages[name] = table
end

local function package_of(name)
  local p = packages[name]
  if p == nil then
    p = rawget(_G, name)
  end
  if p == nil then
    p = package.loaded[name]
  end
  return p
end

-- The table that holds the last component of a dotted name, and that component.
local function holder(name)
  local at, last = _G, name
  local path = name:match '^(.*)%.[^.]*$'
  if path then
    last = name:match '[^.]*$'
    local first = true
    for part in path:gmatch '[^.]+' do
      if first then
        at, first = package_of(part), false
      else
        at = type(at) == 'table' and at[part] or nil
      end
      if type(at) ~= 'table' then
        return nil, last, path
      end
    end
  end
  return at, last, path
end

-- Packages may load a class's file on first mention: mention it, then look again.
local function find(name)
  local mt = metatables[name]
  if mt == nil and name:find('.', 1, true) then
    local at, last = holder(name)
    if at and at ~= _G then
      local _ = at[last]
      mt = metatables[name]
    end
  end
  return mt
end

--- Class metatable, where its methods live; nil when there is no such class.
-- @string name full class name
function M.getmetatable(name)
  if type(name) ~= 'string' then
    refuse('torch.getmetatable: argument 1: class name (string) expected, got %s', M.type(name))
  end
  return find(name)
end

--- Function that makes an empty object of a class without calling `__init`; nil when there is no such class.
-- @string name full class name
function M.factory(name)
  if type(name) ~= 'string' then
    refuse('torch.factory: argument 1: class name (string) expected, got %s', M.type(name))
  end
  local mt = find(name)
  return mt and rawget(mt, '__factory') or nil
end

--- Table whose call constructs objects of a class.
-- @string name full class name
function M.getconstructortable(name)
  if type(name) ~= 'string' or not find(name) then
    refuse('torch.getconstructortable: no class is called %s', tostring(name))
  end
  return constructors[name]
end

-- ---------------------------------------------------------------------------------------------------------
-- Asking objects
-- ---------------------------------------------------------------------------------------------------------

local function cdata_entry(obj)
  for i = 1, #ctypes do
    local entry = ctypes[i]
    if istype(entry.ctype, obj) then
      return entry
    end
  end
end

--- Make objects of an FFI type known as Torch objects.
-- @param ctype the FFI type
-- @func describe `describe(obj)` gives the class name and the class metatable
-- @func[opt] address `address(obj)` gives a number that is equal for two handles of one object
function M.register_ctype(ctype, describe, address)
  ctypes[#ctypes + 1] = {ctype = ctype, describe = describe, address = address}
end

--- Class name of an object, nil for what is not a Torch object.
-- @usage assert(torch.typename(torch.Timer()) == 'torch.Timer')
function M.typename(obj)
  local kind = type(obj)
  if kind == 'table' then
    return names[getmeta(obj)]
  elseif kind == 'cdata' then
    local entry = cdata_entry(obj)
    if entry then
      return (entry.describe(obj))
    end
  end
end
local typename = M.typename

--- Class name of an object, else its Lua type.
-- @usage assert(torch.type {} == 'table')
function M.type(obj)
  return typename(obj) or type(obj)
end

--- Metatable of an object's class (of any object: table or cdata), nil when it has none.
function M.classof(obj)
  local kind = type(obj)
  if kind == 'table' then
    local mt = getmeta(obj)
    return names[mt] and mt or nil
  elseif kind == 'cdata' then
    local entry = cdata_entry(obj)
    if entry then
      local _, mt = entry.describe(obj)
      return mt
    end
  end
end

--- Does an object belong to a class or to one below it?
-- @param obj anything
-- @param spec a class name, which must match entirely; a Lua pattern, which may match a part of the name; or a
-- constructor such as `nn.Linear`
function M.isTypeOf(obj, spec)
  local plain
  if type(spec) ~= 'string' then
    local mt = type(spec) == 'table' and getmetatable(spec)
    spec = type(mt) == 'table' and names[mt]
    if not spec then
      refuse('torch.isTypeOf: argument 2: class name, pattern or constructor expected')
    end
    plain = true
  else
    plain = not spec:find '[%^%$%(%)%%%[%]%*%+%-%?]' and not spec:find('..', 1, true)
  end
  local mt = M.classof(obj)
  while mt do
    local name = names[mt]
    if name == spec or (not plain and name:find(spec)) then
      return true
    end
    mt = parents[mt]
  end
  return false
end

--- Version of an object's class: the number written to files as "V n".
function M.version(obj)
  local mt = M.classof(obj)
  return mt and rawget(mt, '__version') or nil
end

-- Functions, threads and userdata print as "kind: 0x..." in any LuaJIT; %p gives the address alone.
local function lua_address(obj)
  return tonumber(('%p'):format(obj))
end

--- Address of an object as a number: equal for two handles of one tensor or storage.
-- @param obj Torch object, table, function, thread, string, userdata or cdata
function M.pointer(obj)
  local kind = type(obj)
  if kind == 'cdata' then
    local entry = cdata_entry(obj)
    if entry and entry.address then
      return entry.address(obj)
    end
    local ok, address = pcall(function()
      return tonumber(ffi.cast('intptr_t', ffi.cast('void *', obj)))
    end)
    if ok then
      return address
    end
    ok, address = pcall(function()
      return tonumber(ffi.cast('intptr_t', ffi.cast('void *', ffi.cast('char *', obj))))
    end)
    if ok then
      return address
    end
    refuse('torch.pointer: argument 1: object, table, function, thread, string or cdata expected, got a C number')
  elseif kind == 'nil' or kind == 'number' or kind == 'boolean' then
    refuse('torch.pointer: argument 1: object, table, function, thread, string or cdata expected, got %s', kind)
  end
  return lua_address(obj)
end

--- Are two handles of one object? Numbers, strings and plain tables compare as in Lua without metamethods.
function M.isequal(a, b)
  if rawequal(a, b) then
    return true
  end
  if type(a) == 'cdata' and type(b) == 'cdata' then
    local ea, eb = cdata_entry(a), cdata_entry(b)
    if ea and ea == eb and ea.address then
      return typename(a) == typename(b) and ea.address(a) == ea.address(b)
    end
    return not ea and not eb and a == b
  end
  return false
end

-- ---------------------------------------------------------------------------------------------------------
-- Making classes
-- ---------------------------------------------------------------------------------------------------------

local function no_constructor(name)
  return function()
    error(('%s has no constructor'):format(name), 2)
  end
end

local function make_constructor(name, mt, construct)
  construct = construct or no_constructor(name)
  return setmetatable({}, {
    __index = mt,
    __newindex = mt,
    __metatable = mt,
    __call = function(_, ...)
      return construct(...)
    end,
    __tostring = function()
      return ('constructor of %s'):format(name)
    end,
  })
end

-- Torch7 kept its classes in Lua's registry, and programs that define a class anew take it out there first.
local registry = debug.getregistry()

local function forget_unregistered(name)
  if metatables[name] and registry[name] ~= metatables[name] then
    metatables[name], constructors[name] = nil, nil
  end
end

local function check_name(who, name)
  if type(name) ~= 'string' or name == '' then
    error(('%s: argument 1: class name (string) expected, got %s'):format(who, M.type(name)), 3)
  end
  forget_unregistered(name)
  if metatables[name] and (own > 0 or not gives_way[metatables[name]]) then
    local message = '%s: class %s exists already, and is registered only once; torch.getmetatable("%s") extends it'
    error(message:format(who, name, name), 3)
  end
end

--- Register a class: the primitive behind `torch.class`.
-- @string name full class name; the constructor is stored under its last component
-- @string[opt] parent name of the parent class
-- @func[opt] construct called with the arguments of `name(...)`, returns the object
-- @func[opt] destroy stored as `__gc`
-- @func[opt] factory returns an empty object
-- @tab[opt] module table that receives the constructor; else the package before the last dot
-- @return the metatable, and the parent's
function M.newmetatable(name, parent, construct, destroy, factory, module)
  check_name('torch.newmetatable', name)
  local above
  if parent ~= nil then
    if type(parent) ~= 'string' then
      refuse('torch.newmetatable: argument 2: name of the parent class (string) expected, got %s', M.type(parent))
    end
    above = find(parent)
    if not above then
      refuse('torch.newmetatable: %s: there is no parent class %s; require its package first', name, parent)
    end
  end
  local last = name:match '[^.]*$'
  if module == nil then
    local path
    module, last, path = holder(name)
    if not module then
      refuse('torch.newmetatable: %s: there is no package %s; require it, or give its table as the last argument',
        name, path)
    end
  end
  local mt = {__typename = name, __version = 1, __tostring = to_text, __factory = factory, __gc = destroy}
  mt.__index = mt
  setmetatable(mt, {__index = above, __newindex = add_field, __metatable = above or false})
  metatables[name], names[mt], parents[mt], children[mt] = mt, name, above, {}
  registry[name] = mt
  if own > 0 then gives_way[mt] = true end
  if above then
    local siblings = children[above]
    siblings[#siblings + 1] = mt
    for _, field in ipairs(operators) do
      if above[field] ~= nil then
        install(mt, field)
      end
    end
  end
  constructors[name] = make_constructor(name, mt, construct)
  rawset(module, last, constructors[name])
  return mt, above
end

local usage = 'torch.class: <class name> [<parent class name>] [<module table>] expected'

--- Define a class.
-- `torch.class(name)`, `torch.class(name, parent)`, `torch.class(name, module)`, `torch.class(name, parent, module)`.
-- Calling `module.Name(...)` makes an object and calls its `__init(...)`; loading and factories do not.
-- @string name `'package.Name'`, or a global name
-- @string[opt] parent name of the parent class
-- @tab[opt] module table that receives the constructor; without one the package must be a global
-- @return metatable of the class, and of its parent
-- @usage
-- local zoo = {}
-- local Cat, parent = torch.class('zoo.Cat', zoo)
-- function Cat:__init(name) self.name = name end
-- assert(zoo.Cat('Tom').name == 'Tom')
function M.class(name, parent, module, ...)
  if type(parent) == 'table' and module == nil then
    parent, module = nil, parent
  end
  if type(name) ~= 'string' or (parent ~= nil and type(parent) ~= 'string')
    or (module ~= nil and type(module) ~= 'table') or select('#', ...) > 0 then
    error(usage, 2)
  end
  local mt
  local function make()
    return setmetatable({}, mt)
  end
  local function construct(...)
    local self = setmetatable({}, mt)
    local init = mt.__init
    if init then
      init(self, ...)
    end
    return self
  end
  local ok, result, above = pcall(M.newmetatable, name, parent, construct, nil, make, module)
  if not ok then
    error((tostring(result):gsub('^.-torch%.newmetatable', 'torch.class')), 2)
  end
  mt = result
  return mt, above
end

--- Turn a table into an object of a class.
-- @tab obj table
-- @string name class name
-- @return the class name (not the object)
function M.setmetatable(obj, name)
  local mt = type(name) == 'string' and find(name)
  if type(obj) ~= 'table' then
    refuse('torch.setmetatable: argument 1: table expected, got %s', M.type(obj))
  elseif not mt then
    refuse('torch.setmetatable: argument 2: no class is called %s', tostring(name))
  end
  setmetatable(obj, mt)
  return name
end

--- Let objects of an FFI type belong to a class.
-- @string name class name; the class must exist
-- @param ctype FFI type or its declaration
function M.metatype(name, ctype)
  local mt = type(name) == 'string' and find(name)
  if not mt then
    refuse('torch.metatype: argument 1: no class is called %s', tostring(name))
  end
  if type(ctype) ~= 'string' and type(ctype) ~= 'cdata' then
    refuse('torch.metatype: argument 2: expected an FFI type or its declaration, got %s', type(ctype))
  end
  ctype = ffi.typeof(ctype)
  rawset(mt, '__ctype', ctype)
  M.register_ctype(ctype, function()
    return name, mt
  end)
  return ctype
end

--- Object of a class for a native pointer, which must outlive it. Classes that wrap native structures say how in
-- `__wrap`; classes registered by `torch.metatype` give a reference to the structure.
-- @param pointer cdata pointer
-- @string name class name
function M.pushudata(pointer, name)
  local mt = type(name) == 'string' and find(name)
  if type(pointer) ~= 'cdata' then
    refuse('torch.pushudata: argument 1: cdata pointer expected, got %s', M.type(pointer))
  elseif not mt then
    refuse('torch.pushudata: argument 2: no class is called %s', tostring(name))
  end
  local wrap, ctype = mt.__wrap, rawget(mt, '__ctype')
  if wrap then
    return wrap(pointer)
  elseif ctype then
    return ffi.cast(ffi.typeof('$ &', ctype), pointer)
  end
  refuse('torch.pushudata: %s is not a native structure', name)
end

-- ---------------------------------------------------------------------------------------------------------
-- Environments: Torch7 keeps Lua's environment tables for its objects.
-- ---------------------------------------------------------------------------------------------------------

local environments = setmetatable({}, {__mode = 'k'})

local function has_environment(obj)
  local kind = type(obj)
  return kind == 'table' or kind == 'cdata' or kind == 'userdata' or kind == 'function' or kind == 'thread'
end

--- Table that was set for an object by `torch.setenv`; of a function, its environment.
function M.getenv(obj)
  if not has_environment(obj) then
    refuse('torch.getenv: argument 1: object or function expected, got %s', M.type(obj))
  elseif type(obj) == 'function' then
    return getfenv(obj)
  end
  return environments[obj]
end

--- Set that table.
function M.setenv(obj, env)
  if not has_environment(obj) then
    refuse('torch.setenv: argument 1: object or function expected, got %s', M.type(obj))
  elseif type(env) ~= 'table' then
    refuse('torch.setenv: argument 2: table expected, got %s', M.type(env))
  elseif type(obj) == 'function' then
    setfenv(obj, env)
  else
    environments[obj] = env
  end
end

--- Names of this module that belong to `torch`.
M.public = {
  'class', 'newmetatable', 'getmetatable', 'setmetatable', 'typename', 'type', 'isTypeOf', 'factory',
  'getconstructortable', 'version', 'isequal', 'pointer', 'metatype', 'pushudata', 'getenv', 'setenv',
}

--- The `__len` of classes: it asks `__len__`. Torch7's own interpreter did not ask it for `#object`: see torch.length.
M.length_of_class = dispatchers.__len__

return M
