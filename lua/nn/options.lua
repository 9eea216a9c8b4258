--- Arguments of constructors that take a trailing table of options, as PyTorch's take keywords.
--
-- `options.read('nn.LSTM', { 'numLayers', 'bias' }, 2, { bias = false })` is { numLayers = 2, bias = false }. Names are
-- known in camelCase and in snake_case; one that is not known is an error that names it and those there are.
local fail = require 'torch.position'.fail

local M = {}

local function camel(name) return (name:gsub('_(%w)', string.upper)) end

local function shown(v)
  if type(v) == 'number' or type(v) == 'boolean' then return tostring(v) end
  return type(v) == 'string' and ('%q'):format(v) or torch.type(v)
end

--- Raise "nn.LSTM: dropout: expected a number from 0 to 1, got true" at the program's line.
function M.refuse(who, name, expected, got)
  fail(('%s: %s: expected %s, got %s'):format(who, name, expected, shown(got)))
end

-- Is v a table of arguments by name?
local function by_name(v) return type(v) == 'table' and v[1] == nil and getmetatable(v) == nil end

-- The first of the names that `each` may have ('sizes|normalizedShape') where it has `name`.
local function known_as(each, name)
  local first = each:match '^[^|]*'
  if each == first then return name == first and first or nil end
  for word in each:gmatch '[^|]+' do
    if word == name then return first end
  end
end

--- Read positional arguments and a last table into one table.
-- @string who the constructor, for messages
-- @param names of the arguments, in order; 'sizes|normalizedShape' has two, of which the first is the result's
-- @param ... the arguments; a plain table among them holds some by name; a list, such as {3, 5}, is a value
-- @return name -> value
function M.read(who, names, ...)
  local out, n = {}, select('#', ...)
  for i = 1, n do
    local v = select(i, ...)
    if by_name(v) then
      for key, value in pairs(v) do
        local name
        for _, each in ipairs(names) do
          name = name or (type(key) == 'string' and (known_as(each, key) or known_as(each, camel(key)))) or nil
        end
        if not name then
          local list = table.concat(names, ', '):gsub('|[^,]*', '')
          fail(('%s: there is no option %s; there are: %s'):format(who, tostring(key), list))
        elseif out[name] ~= nil then
          fail(('%s: %s is given twice'):format(who, tostring(key)))
        end
        out[name] = value
      end
    elseif v ~= nil then
      if i > #names then fail(('%s: too many arguments: %d, at most %d'):format(who, n, #names)) end
      local name = names[i]:match '^[^|]*'
      if out[name] ~= nil then fail(('%s: %s is given twice'):format(who, name)) end
      out[name] = v
    end
  end
  return out
end

--- Positional arguments of a constructor of Torch7's that may come by name, too: as they are, unless there is a table
-- of names among them.
-- @string who the constructor, for messages
-- @param names in order, as of read
-- @param ... the arguments
-- @return the arguments in order
function M.positional(who, names, ...)
  local a, b, c, d = ...
  if not (by_name(a) or by_name(b) or by_name(c) or by_name(d)) then return ... end
  local o, values = M.read(who, names, ...), {}
  for i, each in ipairs(names) do values[i] = o[each:match '^[^|]*'] end
  return unpack(values, 1, #names)
end

--- Insist on a whole number of at least `least` (1), and not above `most`, if given.
function M.count(who, name, v, least, most)
  least = least or 1
  if type(v) ~= 'number' or v < least or v ~= math.floor(v) or v == math.huge or (most and v > most) then
    M.refuse(who, name, ('a whole number from %d'):format(least) .. (most and (' to %d'):format(most) or ''), v)
  end
  return v
end

--- Insist on true or false; nil is the default.
function M.flag(who, name, v, default)
  if v == nil then return default end
  if type(v) ~= 'boolean' then M.refuse(who, name, 'true or false', v) end
  return v
end

--- Insist on a number from 0 up to, but not, 1.
function M.fraction(who, name, v)
  if type(v) ~= 'number' or not (v >= 0 and v < 1) then M.refuse(who, name, 'a number from 0 to below 1', v) end
  return v
end

--- Insist on a number.
function M.number(who, name, v, default)
  if v == nil then v = default end
  if type(v) ~= 'number' then M.refuse(who, name, 'a number', v) end
  return v
end

return M
