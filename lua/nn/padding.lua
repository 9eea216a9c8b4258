--- What the padding layers share: a border around the last one to three dimensions, negative widths cut.
local ffi = require 'ffi'
local options = require 'nn.options'
local common = require 'nn.common'
local planes = require 'nn.planes'
local C = common.C

local M = {}
local pad = ffi.new 'struct rk_pad'
local kinds = {
  Zero = C.RK_PAD_VALUE, Constant = C.RK_PAD_VALUE, Reflection = C.RK_PAD_REFLECT, Replication = C.RK_PAD_REPLICATE,
  Circular = C.RK_PAD_CIRCULAR,
}
local letters = { 'W', 'HW', 'THW' }

local function width(class, name, v)
  v = common.number(v)
  if type(v) ~= 'number' or v ~= v then
    error(('%s: %s: expected an integer, got %s'):format(class, name, tostring(v)), 4)
  end
  return common.whole(class, name, v)
end

--- Give a class its methods.
-- @param Class the class table
-- @param kind 'Zero', 'Constant', 'Reflection', 'Replication', 'Circular'
-- @param fields the names of the widths, innermost dimension first: before, after, before, after ...
-- @return Class
function M.methods(Class, kind, fields)
  local dims, code = #fields / 2, kinds[kind]
  local function fill(self)
    pad.kind, pad.dims, pad.value = code, dims, self.value or 0
    for d = 0, dims - 1 do
      local at = 2 * (dims - d) - 1
      pad.before[d], pad.after[d] = self[fields[at]], self[fields[at + 1]]
    end
    return pad
  end
  planes.methods(Class, 'pad', letters[dims], fill)

  function Class:__tostring__()
    local words = {}
    for i, name in ipairs(fields) do
      words[i] = ('%s=%d'):format(name:match '^pad_(.*)$' or name:match '^p(.*)$', self[name])
    end
    return ('%s(%s)'):format(torch.type(self), table.concat(words, ', '))
  end
  return Class
end

--- Define a class in Torch7's form: nn.<name>(first, [others = first]), a width an argument.
-- @param name 'nn.SpatialZeroPadding'
-- @param kind as in methods
-- @param fields as in methods
-- @return the class
function M.layer(name, kind, fields)
  local Class, parent = torch.class(name, 'nn.Module')
  function Class:__init(...)
    local first = ...
    parent.__init(self)
    for i, field in ipairs(fields) do
      local v = (select(i, ...))
      if v == nil then v = first end
      self[field] = width(name, field, v)
    end
  end
  return M.methods(Class, kind, fields)
end

local modern = { 'pad_left', 'pad_right', 'pad_top', 'pad_bottom', 'pad_front', 'pad_back' }

--- Define a class in PyTorch's form, nn.ReflectionPad2d(padding): one width for all, or a table {left, right, top,
-- bottom, front, back} of as many as there are. nn.ConstantPad2d(padding, value) has the border's value, too.
-- @param kind as in methods
-- @param dims 1, 2 or 3
-- @return the class
function M.modern(kind, dims)
  local name = ('nn.%sPad%dd'):format(kind, dims)
  local Class, parent = torch.class(name, 'nn.Module')
  local fields = { unpack(modern, 1, 2 * dims) }
  local names = { 'padding', kind == 'Constant' and 'value' or nil }
  function Class:__init(padding, value)
    parent.__init(self)
    padding, value = options.positional(name, names, padding, value)
    if type(padding) == 'table' and #padding ~= 2 * dims then
      error(('%s: expected one width or a table of %d, got %d'):format(name, 2 * dims, #padding), 2)
    end
    for i, field in ipairs(fields) do
      self[field] = width(name, field, type(padding) == 'table' and padding[i] or padding)
    end
    if kind == 'Constant' then
      if type(value or 0) ~= 'number' then
        error(('%s: value: expected a number, got %s'):format(name, type(value)), 2)
      end
      self.value = common.optional(torch.type(self), 'value', value) or 0
    end
  end
  return M.methods(Class, kind, fields)
end

return M
