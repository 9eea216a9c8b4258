--- Named arguments: xlua.unpack and the texts that describe a function's arguments.
--
-- A function `f(a, b)` that calls `xlua.unpack({...}, 'f', 'what it does', {arg = 'a', type = 'number'}, ...)` may be
-- called as `f(1, 2)` or as `f {a = 1, b = 2}`.
-- @module xlua.arguments

local expect = require 'xlua.expect'

local M = {}

local MAX_ARGUMENTS = 64
local BLUE, MAGENTA, CYAN, RED, PLAIN = '\27[34m', '\27[35m', '\27[36m', '\27[31m', '\27[0m'

local function type_of(value)
  local torch = package.loaded.torch
  return type(torch) == 'table' and torch.type and torch.type(value) or type(value)
end

--- Help for a function.
-- @string name
-- @string description
-- @string[opt] example
-- @param ... records `{arg =, type =, help =, default =, req =}`, or texts
function M.usage(name, description, example, ...)
  local lines = {}
  local function add(fmt, ...)
    lines[#lines + 1] = fmt:format(...)
  end
  add('%s++++++++++++++++++++++++++++++++++++++++++++++++++%s', BLUE, PLAIN)
  add('%sNAME:%s\n%s', MAGENTA, PLAIN, tostring(name))
  if description then
    add('\n%sDESC:%s\n%s', MAGENTA, PLAIN, description)
  end
  if example then
    add('\n%sEXAMPLE:%s\n%s', MAGENTA, PLAIN, example)
  end
  if select('#', ...) > 0 then
    add('\n%sUSAGE:%s\n%s(', MAGENTA, PLAIN, tostring(name))
    for _, row in ipairs {...} do
      if type(row) == 'table' then
        local default = row.default
        if default == nil and row.defaulta then
          default = row.defaulta
        end
        local note = default ~= nil and ('  [default = %s]'):format(tostring(default)) or ''
        add('    %s%s%s = %s%s%s%s', row.req and RED or CYAN, tostring(row.arg), PLAIN, tostring(row.type or 'any'),
          row.help and '  -- ' .. row.help or '', note, row.req and '  (required)' or '')
      else
        add('    %s', tostring(row))
      end
    end
    add ')'
  end
  add('%s++++++++++++++++++++++++++++++++++++++++++++++++++%s', BLUE, PLAIN)
  return table.concat(lines, '\n')
end

-- One table without a class holds named arguments, whatever names: constructors of a family hand on one table of
-- options, of which each reads its own. A list is a value, so is a table whose first place wants one and that names no
-- argument.
local function named(args, specs)
  local t = args[1]
  if #args ~= 1 or type(t) ~= 'table' or type_of(t) ~= 'table' then
    return nil
  end
  for _, spec in ipairs(specs) do
    if t[spec.arg] ~= nil then
      return t
    end
  end
  local first = #specs > 0 and tostring(specs[1].type or '')
  return first and #t == 0 and not first:find 'table' and t or nil
end

-- Types are for readers: `header`, a string, may be false in published programs, `sizes`, numbers, a list. Whatever is
-- given goes through, as it did.
local function read(args, who, description, specs)
  if type(args) ~= 'table' then
    error(('%s: xlua.unpack: argument 1: table of arguments expected, got %s'):format(tostring(who), type(args)), 4)
  elseif #specs > MAX_ARGUMENTS then
    error(('%s: xlua.unpack: %d arguments (at most %d)'):format(tostring(who), #specs, MAX_ARGUMENTS), 4)
  end
  for i, spec in ipairs(specs) do
    if type(spec) ~= 'table' or spec.arg == nil or spec.arg ~= spec.arg then
      error(('%s: xlua.unpack: argument %d: a record with a field arg expected'):format(tostring(who), i + 3), 4)
    end
  end
  local function refuse(fmt, ...)
    local text = M.usage(who, description, nil, unpack(specs))
    error(('%s\n%s<%s> %s%s'):format(text, RED, tostring(who), fmt:format(...), PLAIN), 4)
  end
  local source = named(args, specs)
  local values = {}
  for i, spec in ipairs(specs) do
    local value
    if source then
      value = source[spec.arg]
    else
      value = args[i]
    end
    if value == nil then
      value = spec.default
      if value == nil and spec.defaulta then
        value = values[spec.defaulta]
      end
    end
    if value == nil and spec.req then
      refuse('missing argument: %s', spec.arg)
    end
    values[spec.arg] = value
  end
  for i, spec in ipairs(specs) do
    values[i] = values[spec.arg]
  end
  values.usage = setmetatable({}, { __tostring = function() return M.usage(who, description, nil, unpack(specs)) end })
  return values
end

--- Arguments of a call, positional or in one table of names.
-- @tab args `{...}`
-- @string name of the function
-- @string description
-- @param ... records `{arg =, type =, help =, default =, defaulta = other argument, req =}`
-- @return the table of values by name and by place, with `usage` that prints as the help; then the values in order
-- @usage
-- local function area(...)
--   local _, w, h = xlua.unpack({...}, 'area', 'of a box', {arg = 'w', req = true}, {arg = 'h', defaulta = 'w'})
--   return w * h
-- end
-- assert(area(3) == 9 and area {w = 2, h = 5} == 10)
function M.unpack(args, name, description, ...)
  local specs = {...}
  local values = read(args, name, description, specs)
  local list = {}
  for i, spec in ipairs(specs) do
    list[i] = values[spec.arg]
  end
  return values, unpack(list, 1, #specs)
end

--- The same, with the values stored as fields of an object.
function M.unpack_class(object, args, name, description, ...)
  expect('xlua.unpack_class', 1, object, 'table')
  local specs = {...}
  local values = read(args, name, description, specs)
  for _, spec in ipairs(specs) do
    object[spec.arg] = values[spec.arg]
  end
end

--- Describe a package: what tostring shows of its table.
function M.usage_module(module, name, description)
  expect('xlua.usage_module', 1, module, 'table')
  local names = {}
  for key in pairs(module) do
    names[#names + 1] = tostring(key)
  end
  table.sort(names)
  local text = ('%s%s%s: %s\n%s'):format(MAGENTA, tostring(name), PLAIN, tostring(description or ''),
    table.concat(names, ' '))
  local mt = getmetatable(module) or {}
  mt.__tostring = function()
    return text
  end
  setmetatable(module, mt)
end

-- Text of an environment variable as a value of the type of a default
local function cast(text, like, name)
  if type(like) == 'number' then
    local number = tonumber(text)
    if not number then
      error(('xlua.envparams: %s: number expected, got "%s"'):format(name, text), 3)
    end
    return number
  elseif type(like) == 'boolean' then
    return text == 'true' or text == '1'
  end
  return text
end

--- Parameters of a program: defaults, overridden by environment variables of the same names.
-- @usage assert(xlua.envparams({RK_NO_SUCH_NAME = 5}).RK_NO_SUCH_NAME == 5)
function M.envparams(defaults)
  expect('xlua.envparams', 1, defaults, 'table')
  local params = {}
  for name, default in pairs(defaults) do
    local text = type(name) == 'string' and os.getenv(name)
    if text then
      params[name] = cast(text, default, name)
    else
      params[name] = default
    end
  end
  return params
end

return M
