--- Fuzzes the API from Lua: random functions and methods of torch, and functions of other packages, with random
-- arguments. Anything may raise an error of its own; nothing may end the process, take very long, or hold memory.
--
--     th test/fuzz/api.lua [options of options.lua] [--show N] [--collect 1] [--limit N]
--
-- Every case is a small world of its own, made from the seed and its number: some values, then some calls that pick
-- their arguments among them and add their results. The log holds the calls of the running case, so after a crash it
-- ends with the call that did it; `--seed S --case N` runs that case alone and prints its calls. `--collect 1` collects
-- after every call, so that what spoils memory shows at once. An error that names an argument is answered by another
-- value for that one, as a user would: so calls get beyond the first check.
local here = arg[0]:match '^(.*)/' or '.'
local new_random = dofile(here .. '/random.lua')
local values = dofile(here .. '/values.lua')
for _, name in ipairs { 'image', 'optim', 'xlua', 'sys', 'paths', 'nn' } do rawset(_G, name, require(name)) end
local new_calls = dofile(here .. '/calls.lua') -- before options: it changes the folder
local options = dofile(here .. '/options.lua')('api', arg)
local calls = new_calls(options, function(message, name)
  if name:find '^Tester:' then return true end -- quotes what it was given to call
  return message:find 'fuzz/api.lua' or message:find 'fuzz/values.lua' -- the mistake stands in the program
end)

-- -- what is called ------------------------------------------------------------------

-- Not called: what ends or blocks the process, changes it for all later cases, or takes addresses, which nobody can
-- check (Storage(size, address) likewise: see `disarm`).
local excluded = {}
for name in ([[ test pushudata metatype include setenv getenv setdefaulttensortype register_package setheaptracking seed
  class newmetatable setmetatable PipeFile CmdLine isatty setnumthreads set_num_threads
  set_default_dtype set_default_tensor_type updateerrorhandlers usage help tic
  toc ]]):gmatch '%S+' do
  excluded[name] = true
end

local function sorted_names(from, wanted)
  local names = {}
  for name, value in pairs(from) do
    if type(name) == 'string' and not excluded[name] and wanted(name, value) then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

for name in pairs(require 'torch.lazy'.where) do local _ = torch[name] end
local functions, others = {}, {}
local function add_functions(list, package, from, names)
  for name in (names or ''):gmatch '%S+' do excluded[name] = true end
  for _, name in ipairs(sorted_names(from, function(name, v)
    local called = type(v) == 'function' or type(v) == 'table' and getmetatable(v) and getmetatable(v).__call
    return called and not name:find '^_'
  end)) do
    list[#list + 1] = { name = package .. '.' .. name, f = from[name] }
  end
end
add_functions(functions, 'torch', torch)
-- Left out: what draws on screens, runs programs, removes folders, asks or tells the terminal.
add_functions(others, 'image', image, 'display window lena fabio COLORS supported_filetypes')
add_functions(others, 'optim', optim, 'Logger')
add_functions(others, 'xlua', xlua, 'clear clearall require who install usage usage_module log progress error print')
add_functions(others, 'tds', require 'tds')
add_functions(others, 'sys', sys, 'execute fexecute tic toc sleep usleep uname ls la ll lla OS')
add_functions(others, 'paths', paths, 'rmall rmdir dofile require thisfile findprogram getregistryvalue')
add_functions(others, 'nn.utils', nn.utils, 'clears')
add_functions(others, 'nn.init', nn.init)
local is_operator = {}
local operators = {
  __add__ = function(a, b) return a + b end, __sub__ = function(a, b) return a - b end,
  __mul__ = function(a, b) return a * b end, __div__ = function(a, b) return a / b end,
  __mod__ = function(a, b) return a % b end, __pow__ = function(a, b) return a ^ b end,
  __unm__ = function(a) return -a end, __eq__ = function(a, b) return a == b end,
  __lt__ = function(a, b) return a < b end, __le__ = function(a, b) return a <= b end,
  __concat__ = function(a, b) return a .. b end, __len__ = function(a) return #a end,
  __tostring__ = function(a) return tostring(a) end, __call__ = function(a, ...) return a(...) end,
  __index__ = function(a, k) return a[k] end,
  __newindex__ = function(a, k, v) a[k] = v return a end,
}
for name in pairs(operators) do is_operator[name] = true end

local methods = {} -- class -> names
local function methods_of(class)
  if not methods[class] then
    local seen, mt = {}, torch.getmetatable(class)
    while mt do
      for name, value in pairs(mt) do
        if type(value) == 'function' and (is_operator[name] or not name:find '^_') then seen[name] = true end
      end
      local up = debug.getmetatable(mt)
      mt = up and up.__index
      if type(mt) ~= 'table' then mt = nil end
    end
    for name in pairs(operators) do seen[name] = true end
    methods[class] = sorted_names(seen, function() return true end)
  end
  return methods[class]
end

-- -- one call ---------------------------------------------------------------------------------

local function brief(v)
  if torch.isTensor(v) then
    local ok, text = pcall(function() return ('%s%s'):format(v:type():sub(7), v:dim() > 0
      and '[' .. table.concat(v:size():totable(), 'x') .. ']' or '[]') end)
    return ok and text or 'a tensor'
  elseif torch.isStorage(v) then
    return v:type():sub(7) .. '(' .. v:size() .. ')'
  elseif type(v) == 'string' then
    return ('%q'):format(v)
  elseif type(v) == 'number' then
    return ('%.17g'):format(v)
  end
  local ok, text = pcall(tostring, torch.typename(v) or v)
  return ok and tostring(text):sub(1, 40) or 'what has no text'
end

local function arguments(random, pool)
  local list, n = {}, random:integer(5) - 1
  if random:once(20) then n = n + random:integer(8) end
  for i = 1, n do
    if not random:once(20) then list[i] = values.any(random, pool) end
  end
  return list, n
end

-- Storage(size, address) takes any memory of the process, so numbers are not passed there.
local function disarm(name, list)
  local v = name:find 'Storage$' and list[2] -- also of subclasses
  if type(v) == 'number' or type(v) == 'cdata' and not torch.typename(v) then list[2] = nil end
end

local function text_of(name, list, n)
  local words = {}
  for i = 1, n do words[i] = brief(list[i]) end
  return ('%s(%s)'):format(name, table.concat(words, ', '))
end

-- A function, a constructor, or a method of something in the pool.
local function pick_callee(random, pool)
  local object = not random:once(3) and values.any(random, pool) or nil
  local class = object and torch.typename(object)
  if not class then
    local one = random:pick(random:once(5) and others or functions)
    return one.f, one.name, nil
  end
  local name = random:pick(methods_of(class))
  return operators[name] or object[name], class:gsub('^torch%.', '') .. ':' .. name, object
end

local function is_pointer(v) return type(v) == 'cdata' and tostring(require 'ffi'.typeof(v)):find '[*&]' ~= nil end

-- What takes no memory may have any size: expanded views would take for ever.
local function is_big(v) return torch.isTensor(v) and v:nElement() > 1e6 end

local function keep(pool, ok, ...)
  for i = 1, ok and select('#', ...) or 0 do
    local v = (select(i, ...))
    local object = torch.typename(v) and not is_pointer(v) and not is_big(v)
    if object or type(v) == 'number' or (type(v) == 'table' and #pool < 30) then
      if #pool >= 30 then table.remove(pool, 1) end
      pool[#pool + 1] = v
    end
  end
  return ok, ...
end

-- Another argument where the error asks for one, or, after a success, anywhere: what went through the first checks is
-- worth going on with.
local function mended(random, pool, list, n, first, ok, message)
  local at = not ok and tonumber(tostring(message):match 'argument (%d+)')
  if not ok and (not at or random:once(8)) then return nil end
  at = at or first + random:integer(math.max(1, n - first + 1)) - 1
  if at < first or at > 12 then return nil end
  local v = not ok and not random:once(3) and values.wanted(random, message) or nil
  if v == nil then v = values.any(random, pool) end
  list[at] = v
  return math.max(n, at)
end

local function call(random, pool)
  local f, name, object = pick_callee(random, pool)
  local list, n = arguments(random, pool)
  if object ~= nil then
    table.insert(list, 1, object) -- holes move, too: n counts
    n = n + 1
  end
  local first = object ~= nil and 2 or 1
  for attempt = 1, 4 do
    disarm(name, list)
    local text = text_of(name, list, n)
    local ok, message = keep(pool, calls.try(text, name, f, unpack(list, 1, n)))
    n = attempt < 4 and not (ok and random:once(2)) and mended(random, pool, list, n, first, ok, message)
    if not n then return end
  end
end

io.stdout:setvbuf 'line'
calls.run(function(case)
  local random = new_random((options.seed * 7919 + case * 104729) % 2147483647)
  torch.manualSeed(random:integer(1e6))
  torch.setdefaulttensortype(random:once(2) and 'torch.FloatTensor' or 'torch.DoubleTensor')
  local pool = {}
  for _ = 1, 4 do pool[#pool + 1] = values.plain(random, pool) end
  for _ = 1, 15 do call(random, pool) end
end)
