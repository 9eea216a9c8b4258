--- From arguments to gnuplot's plot commands and data.
--
-- A curve is `[name,] data..., [format]`; plot, splot and scatter3 take one curve as their arguments, or tables of
-- curves.
-- @module gnuplot.data
local torch = require 'torch'
local joined = require('torch.check').joined
local types = require 'torch.types'

local M = {}

local function fail(name, text, ...) error(('gnuplot.%s: '):format(name) .. text:format(...), 0) end
M.fail = fail

local function describe(v)
  if torch.isTensor(v) then
    return ('%s [%s]'):format(torch.type(v):match '[^.]+$', joined(v:size(), 'x'))
  end
  return v == nil and 'nothing' or type(v) == 'string' and ('the string %q'):format(v) or 'a ' .. torch.type(v)
end
M.describe = describe

local function is_numbers(v) return type(v) == 'table' and torch.type(v) == 'table' and type(v[1]) == 'number' end

-- Tensors, storages and tables of numbers are data.
local function is_data(v)
  return torch.isTensor(v) or torch.isStorage(v) or is_numbers(v)
end

local function as_tensor(v)
  if torch.isTensor(v) then return v:double() end
  return torch.DoubleTensor(is_numbers(v) and v or v:totable())
end

--- Split the arguments of a call into curves {name, format, data...}.
function M.curves(name, ...)
  local first = ...
  local list
  if type(first) == 'table' and not is_data(first) then
    list = { ... }
    if type(first[1]) == 'table' and not is_data(first[1]) and #list == 1 then list = first end
  else
    list = { { ... } }
  end
  local curves = {}
  for i, each in ipairs(list) do
    if type(each) ~= 'table' or is_data(each) then
      fail(name, 'curve %d: a table {[name,] data..., [format]} expected, got %s', i, describe(each))
    end
    local curve, at, last = {}, 1, table.maxn(each)
    if type(each[1]) == 'string' and last > 1 then curve.name, at = each[1], 2 end
    if type(each[last]) == 'string' and last >= at then
      curve.format = each[last]
      last = last - 1
    end
    for k = at, last do
      if not is_data(each[k]) then
        fail(name, 'curve %d: data (a tensor or a table of numbers) expected, got %s', i, describe(each[k]))
      end
      local data = as_tensor(each[k])
      if data:nElement() == 0 then fail(name, 'curve %d: its data is empty', i) end
      curve[#curve + 1] = data
    end
    if #curve == 0 then fail(name, 'curve %d: data (a tensor or a table of numbers) expected, got nothing', i) end
    curves[i] = curve
  end
  if #curves == 0 then fail(name, 'data expected, got nothing') end
  return curves
end

local formats = { ['-'] = 'with lines', ['+'] = 'with points', ['.'] = 'with dots', ['+-'] = 'with linespoints',
  ['|'] = 'with boxes', ['~'] = 'smooth csplines with lines', v = 'with vectors', ['surf'] = 'with pm3d' }

local function style(format, default)
  if not format or format == '' then return default end
  if formats[format] then return formats[format] end
  if format:match '^%s*with%s' or format:match '^%s*smooth%s' or format:match '^%s*using%s' then return format end
  return 'with ' .. format
end

--- Text within double quotes, newlines kept.
function M.quoted(text)
  return '"' .. tostring(text):gsub('[\\"]', '\\%0'):gsub('\n', '\\n') .. '"'
end

-- In single quotes, so that nothing in a name is read as a command or a mark.
local function title(curve)
  return curve.name and "title '" .. curve.name:gsub("'", "''"):gsub('\n', ' ') .. "'" or 'notitle'
end

local function number(x) return x - x == 0 and ('%.9g'):format(x) or 'NaN' end

-- Lines of numbers, one for each row of a matrix; `broken`: a blank line after each of so many rows.
local function rows_text(m, broken)
  local lines, p = {}, m:double():clone()
  local data, columns = p:data(), p:size(2)
  types.clean(data, p:nElement())
  for i = 0, p:size(1) - 1 do
    local line = {}
    for k = 0, columns - 1 do line[k + 1] = number(data[i * columns + k]) end
    lines[#lines + 1] = table.concat(line, ' ')
    if broken and (i + 1) % broken == 0 and i + 1 < p:size(1) then lines[#lines + 1] = '' end
  end
  lines[#lines + 1] = 'e\n'
  return table.concat(lines, '\n')
end

local function vector(name, i, what, t)
  local long = 0
  for d = 1, t:dim() do
    if t:size(d) > 1 then long = long + 1 end
  end
  if long > 1 then fail(name, 'curve %d: %s: a vector expected, got %s', i, what, describe(t)) end
  return t:contiguous():view(-1)
end

local function is_vector(t)
  return t:dim() == 1 or t:dim() == 2 and (t:size(1) == 1 or t:size(2) == 1)
end

-- Vectors side by side as the columns of a matrix.
local function columns_of(name, i, ...)
  local list = { ... }
  local n = list[1]:size(1)
  local m = torch.DoubleTensor(n, #list)
  for k, v in ipairs(list) do
    if v:size(1) ~= n then
      fail(name, 'curve %d: data of the same length expected, got %d and %d elements', i, n, v:size(1))
    end
    m:select(2, k):copy(v)
  end
  return m
end

local function plane_columns(name, i, curve)
  if #curve > 2 then
    local list = {}
    for k, t in ipairs(curve) do list[k] = vector(name, i, ('data %d'):format(k), t) end
    return columns_of(name, i, unpack(list))
  end
  local x, y = curve[1], curve[2]
  if y then return columns_of(name, i, vector(name, i, 'x', x), vector(name, i, 'y', y)) end
  if is_vector(x) then
    x = x:contiguous():view(-1)
    return columns_of(name, i, torch.range(1, x:size(1)):double(), x)
  end
  if x:dim() ~= 2 then fail(name, 'curve %d: a vector or a matrix of columns expected, got %s', i, describe(x)) end
  return x
end

local function join(verb, heads, blocks)
  return verb .. ' ' .. table.concat(heads, ', ') .. '\n' .. table.concat(blocks)
end

--- The command for curves in the plane: y; x and y; or a matrix whose columns are x, y and what the format asks for.
function M.plot(name, default, ...)
  local heads, blocks = {}, {}
  for i, curve in ipairs(M.curves(name, ...)) do
    heads[i] = ("'-' %s %s"):format(title(curve), style(curve.format, default))
    -- gnuplot wants "smooth" before "title"
    heads[i] = heads[i]:gsub("^('%-') (.*) (smooth %S+) ", '%1 %3 %2 ')
    blocks[i] = rows_text(plane_columns(name, i, curve))
  end
  return join('plot', heads, blocks)
end

local function surface_rows(name, i, curve)
  local z = curve[3] or curve[1]
  if #curve == 2 then fail(name, 'curve %d: z, or x, y and z expected, got two', i) end
  if z:dim() ~= 2 then fail(name, 'curve %d: z: a matrix expected, got %s', i, describe(z)) end
  local h, w = z:size(1), z:size(2)
  local x, y = curve[3] and curve[1] or torch.range(1, h):double(), curve[3] and curve[2] or torch.range(1, w):double()
  if is_vector(x) and is_vector(y) and x:nElement() == h and y:nElement() == w then
    x = x:contiguous():view(h, 1):expand(h, w)
    y = y:contiguous():view(1, w):expand(h, w)
  elseif not (x:isSameSizeAs(z) and y:isSameSizeAs(z)) then
    fail(name, 'curve %d: x and y for z %s: vectors of %d and %d elements, or matrices of its size expected, got %s '
      .. 'and %s', i, describe(z), h, w, describe(x), describe(y))
  end
  return columns_of(name, i, x:contiguous():view(-1), y:contiguous():view(-1), z:contiguous():view(-1)), w
end

--- The command for surfaces: z; or x, y and z.
function M.splot(name, ...)
  local heads, blocks = {}, {}
  for i, curve in ipairs(M.curves(name, ...)) do
    heads[i] = ("'-' %s %s"):format(title(curve), style(curve.format, 'with lines'))
    blocks[i] = rows_text(surface_rows(name, i, curve))
  end
  return join('splot', heads, blocks)
end

--- The command for points in space: x, y and z; or a matrix of three columns.
function M.scatter3(name, ...)
  local heads, blocks = {}, {}
  for i, curve in ipairs(M.curves(name, ...)) do
    local m
    if #curve == 1 and curve[1]:dim() == 2 and curve[1]:size(2) == 3 then
      m = curve[1]
    elseif #curve == 3 then
      m = columns_of(name, i, vector(name, i, 'x', curve[1]), vector(name, i, 'y', curve[2]),
        vector(name, i, 'z', curve[3]))
    else
      fail(name, 'curve %d: x, y and z, or a matrix of three columns expected', i)
    end
    heads[i] = ("'-' %s %s"):format(title(curve), style(curve.format, 'with points'))
    blocks[i] = rows_text(m)
  end
  return join('splot', heads, blocks)
end

--- The command for a matrix as an image.
function M.image(name, z)
  if not torch.isTensor(z) or z:nElement() == 0 then
    fail(name, 'argument 1: a matrix expected, got %s', describe(z))
  end
  z = z:double()
  z = z:nElement() > 1 and z:squeeze() or z:contiguous():view(1, -1)
  if z:dim() == 1 then z = z:view(1, -1) end
  if z:dim() ~= 2 then fail(name, 'argument 1: a matrix expected, got %s', describe(z)) end
  local h, w = z:size(1), z:size(2)
  local x = torch.range(0, w - 1):double():view(1, w):expand(h, w):contiguous():view(-1)
  local y = torch.range(0, h - 1):double():view(h, 1):expand(h, w):contiguous():view(-1)
  -- x, y, value: how many lines end a matrix depends on gnuplot's version
  return "plot '-' notitle with image\n" .. rows_text(columns_of(name, 1, x, y, z:contiguous():view(-1))), h, w
end

return M
