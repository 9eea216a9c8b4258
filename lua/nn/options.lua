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

--- Read positional arguments and a last table into one table.
-- @string who the constructor, for messages
-- @param names of the arguments, in order
-- @param ... the arguments; a plain table among them holds some by name; a list, such as {3, 5}, is a value
-- @return name -> value
function M.read(who, names, ...)
  local out, n = {}, select('#', ...)
  for i = 1, n do
    local v = select(i, ...)
    if torch.type(v) == 'table' and v[1] == nil then
      for key, value in pairs(v) do
        local name = type(key) == 'string' and camel(key) or key
        local known
        for _, each in ipairs(names) do known = known or each == name end
        if not known then
          fail(('%s: there is no option %s; there are: %s'):format(who, tostring(key), table.concat(names, ', ')))
        elseif out[name] ~= nil then
          fail(('%s: %s is given twice'):format(who, tostring(key)))
        end
        out[name] = value
      end
    elseif i > #names then
      fail(('%s: too many arguments: %d, at most %d'):format(who, n, #names))
    else
      out[names[i]] = v
    end
  end
  return out
end

--- Insist on a whole number of at least `least` (1).
function M.count(who, name, v, least)
  least = least or 1
  if type(v) ~= 'number' or v < least or v ~= math.floor(v) or v == math.huge then
    M.refuse(who, name, ('a whole number from %d'):format(least), v)
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
