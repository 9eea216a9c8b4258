--- Fuzzes the API from Lua: random functions and methods of torch with random arguments. Anything may raise an error;
-- nothing may end the process, and memory stays bounded.
--
--     th test/fuzz/api.lua [--seconds N] [--seed N] [--case N] [--log FILE] [--show N] [--collect 1]
--
-- Every case is a small world of its own, made from the seed and its number: some values, then some calls that pick
-- their arguments among them and add their results. The log holds the calls of the running case, so after a crash it
-- ends with the call that did it; `--seed S --case N` runs that case alone and prints its calls. `--collect 1` collects
-- after every call, so that what spoils memory shows at once.
local here = arg[0]:match '^(.*)/' or '.'
local new_random = dofile(here .. '/random.lua')
local options = dofile(here .. '/options.lua')('api', arg)

-- -- what is called ------------------------------------------------------------------

-- Not called: what ends or blocks the process, changes it for all later cases, or takes addresses, which nobody can
-- check (Storage(size, address) likewise: see `disarm`).
local excluded = { test = true, pushudata = true, metatype = true, include = true, setenv = true, getenv = true,
  setdefaulttensortype = true, register_package = true, setheaptracking = true, seed = true, class = true,
  newmetatable = true, setmetatable = true, PipeFile = true, CmdLine = true, isatty = true, setnumthreads = true,
  set_num_threads = true, set_default_dtype = true, set_default_tensor_type = true,
  updateerrorhandlers = true, usage = true, help = true }

local function sorted_names(from, wanted)
  local names = {}
  for name, value in pairs(from) do
    if type(name) == 'string' and not excluded[name] and wanted(name, value) then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

for name in pairs(require 'torch.lazy'.where) do local _ = torch[name] end
local kinds = { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Half', 'BFloat16', 'Float', 'Double' }
local functions = sorted_names(torch, function(name, value)
  local called = type(value) == 'function' or type(value) == 'table' and (getmetatable(value) or {}).__call
  return called and not name:find '^_'
end)
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

-- -- values --------------------------------------------------------------------------------

local small = { 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, -1, -2, 7, 0.5, 10 }
local odd = { 1.5, -0.5, 0 / 0, -(0 / 0), 1 / 0, -1 / 0, 2 ^ 31, -2 ^ 31, 2 ^ 31 - 1, 2 ^ 32, 2 ^ 53, 2 ^ 62, 2 ^ 63,
  -2 ^ 63, 2 ^ 64, 1e300, -1e300, 1e-300, 100, 255, 256, 1000, 65536, 1e6 }
local strings = { '', 'V', 'F', 'N', 'U', 'S', 'A', '*l', '*a', 'r', 'w', 'rw', 'binary', 'ascii', '0x10', '3', 'nan',
  'torch.FloatTensor', 'torch.LongTensor', 'torch.ByteStorage', 'torch.Timer', 'nowhere.Nothing', 'sum', 'scratch',
  ('long'):rep(50), '%s%n', 'a\0b' }
local callbacks = {
  function(x) return x end, function() end, function() return 'text' end, function() error 'callback' end,
  function(x) return x, x end, function() return 0 / 0 end, print and function() return {} end,
}

local function sizes(random, sane)
  local list = {}
  local rank = random:once(12) and 10 or random:integer(4) - (random:once(6) and 1 or 0)
  for i = 1, rank do
    list[i] = not sane and random:once(9) and random:pick(odd) or random:integer(rank > 5 and 2 or 4)
  end
  return list
end

local function new_tensor(random)
  local class = torch[random:pick(kinds) .. 'Tensor']
  local list = sizes(random, true)
  local t = #list == 0 and class() or class(torch.LongStorage(list))
  if t:nElement() > 4096 then return t end
  local way = random:integer(4)
  if t:dim() == 0 then return t end
  if way == 1 then t:copy(torch.range(-2, t:nElement() - 3)) else t:random(0, way == 2 and 1 or 5) end
  if t:dim() > 1 and random:once(3) then t = t:transpose(1, t:dim()) end
  if random:once(5) then t = t:narrow(random:integer(t:dim()), 1, 1) end
  if t:dim() > 1 and random:once(8) then t = t:select(t:dim(), 1) end
  return t
end

-- makers: a value of each kind
local makers
local function plain_table(random, depth)
  local t = {}
  for i = 1, random:integer(4) - 1 do
    t[i] = random:once(4) and depth < 3 and plain_table(random, depth + 1) or random:pick(makers)(random)
  end
  if random:once(6) then t.key = 1 end
  return t
end

local function small_number(random) return random:pick(small) end
makers = {
  small_number, small_number, small_number,
  function(random) return random:pick(odd) end,
  function(random) return random:pick(strings) end,
  function(random) return random:once(2) end,
  new_tensor, new_tensor, new_tensor,
  function(random) return torch[random:pick(kinds) .. 'Storage'](random:integer(6) - 1):fill(1) end,
  function(random) return torch.LongStorage(sizes(random)) end,
}
local rare = {
  function(random) return random:pick(callbacks) end,
  function(random) return plain_table(random, 1) end,
  function(random) return 1LL * random:integer(5) end,
  function(random) return 0x7fffffffffffffffLL - random:integer(5) + 1 end,
  function(random) return 1ULL * random:integer(5) end,
  function() return torch.Generator() end,
  function() return torch.MemoryFile() end,
  function(random)
    return torch.MemoryFile(torch.CharStorage():string(torch.serialize(plain_table(random, 1), 'ascii') .. '\0'), 'r')
  end,
  function() return torch.Timer() end,
  function() return coroutine.create(function() end) end,
  function() return io.stdout end,
  function(random)
    local t = new_tensor(random)
    t:free()
    return t
  end,
  function(random)
    local s = torch[random:pick(kinds) .. 'Storage'](3)
    s:free()
    return s
  end,
  function(random)
    local s = torch[random:pick(kinds) .. 'Storage'](12):fill(1)
    local t = torch[s:type():match 'torch%.(%w+)Storage' .. 'Tensor'](s, 2, torch.LongStorage { 2, 2 })
    s:resize(random:integer(3)) -- a tensor that reaches beyond its storage
    return t
  end,
  function(random)
    local t = new_tensor(random)
    return t:dim() > 0 and t:size(1) < 5000 and t:narrow(1, 1, 1):expandAs(t) or t -- elements that share memory
  end,
}

local function value(random, pool)
  local way = random:integer(10)
  if way <= 5 and #pool > 0 then return random:pick(pool) end
  if way <= 9 then return random:pick(makers)(random) end
  return random:pick(rare)(random)
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
  return tostring(torch.typename(v) or v):sub(1, 40)
end

local log
local last_text = ''
local function note(text)
  last_text = text
  if options.case then print(text) io.flush() end
  if log then
    log:write(text, '\n')
    log:flush()
  end
end

local function arguments(random, pool)
  local list, n = {}, random:integer(5) - 1
  if random:once(20) then n = n + random:integer(8) end
  for i = 1, n do
    if not random:once(20) then list[i] = value(random, pool) end
  end
  return list, n
end

-- Storage(size, address) takes any memory of the process, so numbers are not passed there.
local function disarm(name, list)
  local v = name:find 'Storage$' and list[2]
  if type(v) == 'number' or type(v) == 'cdata' and not torch.typename(v) then list[2] = nil end
end

local function text_of(name, list, n)
  local words = {}
  for i = 1, n do words[i] = brief(list[i]) end
  return ('%s(%s)'):format(name, table.concat(words, ', '))
end

-- A function, a constructor, or a method of something in the pool.
local function pick_callee(random, pool)
  local object = random:once(3) and nil or value(random, pool)
  local class = object and torch.typename(object)
  if not class then
    local name = random:pick(functions)
    return torch[name], 'torch.' .. name, nil
  end
  local name = random:pick(methods_of(class))
  return operators[name] or object[name], class:sub(7) .. ':' .. name, object
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

-- Texts that come from inside of the library instead of from a check of the arguments.
local insides = { 'attempt to', 'bad argument', 'cannot convert', 'invalid order', 'too many results',
  'stack overflow', 'invalid key', 'expected near' }
local found = {}
local function judge(text, name, message)
  if name:find '^Tester:assert' then return end -- quotes what it was given to call
  message = tostring(message)
  for _, words in ipairs(insides) do
    -- Lua's own words are right where the mistake stands in the program, about objects that are tables
    local own = message:find('fuzz/api.lua', 1, true) and not message:find 'struct'
    if message:find(words, 1, true) and not own and not message:find 'attempt to use' and
      not message:find 'attempt to read in a' and not message:find 'attempt to write in a' then
      local key = name .. message:gsub('0x%x+', ''):gsub('%d+', '#')
      if not found[key] then
        found[key] = true
        found[#found + 1] = ('%s\n    %s'):format(text, message)
      end
    end
  end
end

io.stdout:setvbuf "line"
local calls, errors = 0, 0
local function run_case(seed, case)
  local random = new_random((seed * 7919 + case * 104729) % 2147483647)
  torch.manualSeed(random:integer(1e6))
  torch.setdefaulttensortype(random:once(2) and 'torch.FloatTensor' or 'torch.DoubleTensor')
  if log then log:close() end
  log = options.log and assert(io.open(options.log, 'w'))
  note(('case %d'):format(case))
  local pool = {}
  for _ = 1, 4 do pool[#pool + 1] = random:pick(makers)(random) end
  for _ = 1, 25 do
    local f, name, object = pick_callee(random, pool)
    local list, n = arguments(random, pool)
    if object ~= nil then
      table.insert(list, 1, object) -- holes move, too: n counts
      n = n + 1
    end
    disarm(name, list)
    local text = text_of(name, list, n)
    note(text)
    local ok, message = keep(pool, pcall(f, unpack(list, 1, n)))
    calls = calls + 1
    if options.collect then collectgarbage() end
    if not ok then
      errors = errors + 1
      judge(text, name, message)
    end
  end
end

-- -- all cases ------------------------------------------------------------------------------------

options.run(function(case)
  local ok, why = pcall(run_case, options.seed, case)
  if not ok and not tostring(why):find 'out of memory' then
    error(('case %d: %s\nafter: %s'):format(case, tostring(why), last_text), 0)
  end
end)
print(('%d calls, %d errors raised'):format(calls, errors))
if #found > 0 then
  print(('%d errors come from inside:'):format(#found))
  for i = 1, math.min(#found, tonumber(options.show) or 40) do print('  ' .. found[i]) end
  os.exit(1)
end
