--- Names that Torch7's interpreter had without a `require`: Penlight's `path`, `stringx`, `tablex`, `lapp`
-- and `pretty`, LuaFileSystem's `lfs` and Lua 5.2's `bit32`. Each is loaded when its name is first read, so that
-- they cost nothing to a program that does not use them; one that is not installed stays nil.
-- `require 'bit32'` works too: an installed one is preferred to that of this file.
local bit = require 'bit'

local modules = {
  path = 'pl.path', stringx = 'pl.stringx', tablex = 'pl.tablex', lapp = 'pl.lapp', pretty = 'pl.pretty',
  lfs = 'lfs', bit32 = 'bit32',
}

local word = 2 ^ 32

-- Lua 5.2 takes numbers modulo 2^32 and gives results from 0 on.
local function unsigned(x)
  return bit.tobit(x) % word
end

local function field(first, width, name)
  width = width or 1
  if first < 0 or width < 1 or first + width > 32 then
    error(('bit32.%s: bits %d to %d are not in 0 to 31'):format(name, first, first + width - 1), 3)
  end
  return 2 ^ width - 1
end

local bit32 = {}

for name, start in pairs { band = -1, bor = 0, bxor = 0 } do
  local operation = bit[name]
  bit32[name] = function(...)
    local result = start
    for i = 1, select('#', ...) do
      result = operation(result, (select(i, ...)))
    end
    return unsigned(result)
  end
end

function bit32.btest(...)
  return bit32.band(...) ~= 0
end

function bit32.bnot(x)
  return unsigned(bit.bnot(x))
end

function bit32.lshift(x, n)
  if n <= -32 or n >= 32 then
    return 0
  end
  return unsigned(n < 0 and bit.rshift(x, -n) or bit.lshift(x, n))
end

function bit32.rshift(x, n)
  return bit32.lshift(x, -n)
end

function bit32.arshift(x, n)
  if n < 0 then
    return bit32.lshift(x, -n)
  end
  return unsigned(bit.arshift(x, math.min(n, 31)))
end

function bit32.lrotate(x, n)
  return unsigned(bit.rol(x, n % 32))
end

function bit32.rrotate(x, n)
  return unsigned(bit.ror(x, n % 32))
end

function bit32.extract(x, first, width)
  local mask = field(first, width, 'extract')
  return bit32.band(bit.rshift(x, first), mask)
end

function bit32.replace(x, value, first, width)
  local mask = field(first, width, 'replace')
  return bit32.bor(bit.band(x, bit.bnot(bit.lshift(mask, first))), bit.lshift(bit.band(value, mask), first))
end

table.insert(package.loaders, function(name)
  return name == 'bit32' and function()
    return bit32
  end or nil
end)

local meta = getmetatable(_G) or {}
local before = meta.__index

function meta.__index(globals, name)
  local module = modules[name]
  if module then
    local ok, found = pcall(require, module)
    if ok then
      rawset(globals, name, found)
      return found
    end
  elseif type(before) == 'function' then
    return before(globals, name)
  elseif before then
    return before[name]
  end
end

setmetatable(_G, meta)

return modules
