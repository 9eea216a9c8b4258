--- What happens when a tensor or storage has no such method.
--
-- Reading a field that is not there gives nil (programs test for methods that
-- way, `if t.isCuda then`). Calling it as a method is a mistake and deserves more than
-- "attempt to call a nil value": the class and the nearest names. Which of the
-- two it is stands in the caller's bytecode: a method call loads the object twice.
local fail = require 'torch.check'.fail
local ok, jutil = pcall(require, 'jit.util')

-- Methods of nn's modules: a tensor is asked for them where net.forward(x) stands for net:forward(x).
local of_modules = {}
for name in ([[updateOutput updateGradInput accGradParameters zeroGradParameters updateParameters parameters
  getParameters evaluate training modules]]):gmatch '%S+' do
  of_modules[name] = true
end

--- Number of single-letter changes between two names, at most `limit`.
local function distance(a, b, limit)
  if math.abs(#a - #b) > limit then return limit + 1 end
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal
    diagonal, row[0] = row[0], i
    for j = 1, #b do
      local change = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + change)
    end
  end
  return row[#b]
end

--- The names in a table nearest to a wrong one, best first, at most three.
local function nearest(name, methods)
  local found, low = {}, name:lower()
  local limit = #name <= 3 and 1 or #name <= 6 and 2 or 3
  for k in pairs(methods) do
    if type(k) == 'string' and k:sub(1, 2) ~= '__' then
      local d = distance(low, k:lower(), limit)
      if d <= limit then found[#found + 1] = { k, d } end
    end
  end
  table.sort(found, function(a, b)
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[1] < b[1]
  end)
  local names = {}
  for i = 1, math.min(3, #found) do names[i] = found[i][1] end
  return names
end

-- Opcode numbers differ between LuaJIT versions; read the two that matter from a sample.
local TGETS, MOV
if ok then
  local sample = function(x) x:m() end
  MOV = bit.band(jutil.funcbc(sample, 1), 0xff)
  TGETS = bit.band(jutil.funcbc(sample, 2), 0xff)
  if MOV == TGETS then ok = false end
end

-- The function that used the object: the first outside this package.
local here = debug.getinfo(1, 'S').source:match '^(.*)missing%.lua$'
local function caller()
  local level = 4
  repeat
    local info = debug.getinfo(level, 'fSl')
    if not info or info.what == 'C' then return nil end
    if info.source:sub(1, #here) ~= here then return info end
    level = level + 1
  until false
end

--- Is the key fetched for a method call, as far as the running line tells?
local function is_method_call(key)
  local info = caller()
  if not ok or not info then return false end
  local seen = false
  for pc = 1, 2 ^ 16 do
    local ins = jutil.funcbc(info.func, pc)
    if not ins then break end
    local at = jutil.funcinfo(info.func, pc).currentline
    if bit.band(ins, 0xff) == TGETS and (at == info.currentline or info.currentline < 0)
      and jutil.funck(info.func, -bit.band(bit.rshift(ins, 16), 0xff) - 1) == key then
      local before = jutil.funcbc(info.func, pc - 1)
      local a, b = bit.band(bit.rshift(ins, 8), 0xff), bit.rshift(ins, 24)
      local call = before and bit.band(before, 0xff) == MOV and bit.rshift(before, 16) == b
        and bit.band(bit.rshift(before, 8), 0xff) > a and bit.band(bit.rshift(before, 8), 0xff) <= a + 2
      if not call then return false end
      seen = true
    end
  end
  return seen
end

--- nil for a field read; an error that names the nearest methods for a method call.
-- @param _ the object
-- @param key the field
-- @string name of the class
-- @tab methods of the class
return function(_, key, name, methods)
  if type(key) ~= 'string' then
    return fail('%s: cannot be indexed by %s', name, require 'torch.check'.describe(key))
  end
  if not is_method_call(key) then return nil end
  local torch = package.loaded['torch']
  if torch and name:find '^%w+Tensor$' and torch.DoubleTensor[key] ~= nil then
    return fail('%s has no method %s: it is for float types; x:double():%s(...)', name, key, key)
  end
  if torch and name:find '^%w+Tensor$' and type(torch[key]) == 'function' then
    return fail('%s has no method %s; there is a function: torch.%s(...)', name, key, key)
  end
  if of_modules[key] then
    return require('torch.position').fail(
      ('torch.%s has no method %s: methods of modules are called with a colon, net:forward(x)'):format(name, key))
  end
  if key:find '^cuda' then return fail('%s has no method %s: %s', name, key, require 'torch.absent'.hint 'cutorch') end
  local near = nearest(key, methods)
  local hint = #near > 0 and ('; did you mean %s?'):format(table.concat(near, ', ')) or ''
  return fail('%s has no method %s%s', name, key, hint)
end
