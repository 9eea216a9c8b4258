--- nn.Concat(dim): every child gets the input; their outputs are joined along dimension dim.
-- Without a dimension it only holds modules, for getParameters and the like.
-- input anything → output (..., m1 + ... + mk, ...), y = [f1(x), ..., fk(x)], mi the size of dimension dim of output i.
-- @usage nn.Concat(2):add(nn.Linear(3, 2)):add(nn.Linear(3, 4)):forward(torch.randn(5, 3))  -- 5x6
local Concat, parent = torch.class('nn.Concat', 'nn.Container')
local ffi = require 'ffi'
local common = require 'nn.common'
local guard = require 'nn.guard'
local utils = require 'nn.utils'
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'

function Concat:__init(dimension)
  parent.__init(self)
  if dimension and type(dimension) ~= 'number' then
    error(('%s: expected a dimension, got %s'):format(torch.type(self), torch.type(dimension)), 2)
  end
  self.outputSize = torch.LongStorage()
  self.dimension = dimension
end

--- The part of `whole` where `part` lies.
-- @param whole all outputs joined, or their gradient
-- @param part one of them
-- @param offset where it begins along self.dimension
-- @return a view of whole, sized like part
function Concat:windowNarrow(whole, part, offset)
  common.check_tensor(self, whole, 'a whole')
  common.check_tensor(self, part, 'its part')
  return whole:narrow(self.dimension, offset, part:size(self.dimension))
end

--- May an output stand beside the first one? Both have as many dimensions.
function Concat:_joins(out, first)
  common.check_tensor(self, out, 'output')
  common.check_tensor(self, first, 'first output')
  for d = 1, out:dim() do
    if d ~= self.dimension and out:size(d) ~= first:size(d) then return false end
  end
  return true
end

-- Take the i-th output into account in self.outputSize: added up along the dimension, the largest of the others.
local function join(self, outs, i)
  local sizes, dim, out, first = self.outputSize, self.dimension, outs[i], outs[1]
  if not istype(tensor, out) or out:dim() < dim or out:dim() ~= first:dim() or not self:_joins(out, first) then
    error(('%s: module %d gives %s, module 1 gives %s: they do not join along dimension %d'):format(torch.type(self),
      i, common.shape(out), common.shape(first), dim), 0)
  end
  if not sizes then -- files of old hold none
    sizes = torch.LongStorage()
    self.outputSize = sizes
  end
  if i == 1 then sizes:resize(out:dim()) end
  for d = 1, out:dim() do
    local n = out:size(d)
    if i > 1 then n = d == dim and sizes[d] + n or math.max(sizes[d], n) end
    sizes[d] = n
  end
end

-- input → outputs joined along self.dimension
function Concat:updateOutput(input)
  local modules, outs, dim, elements = self.modules, {}, self.dimension, 0
  if not dim then
    local kind = torch.type(self)
    error(('%s: made without a dimension, it holds parameters only; %s(dim) can run'):format(kind, kind), 0)
  end
  for i = 1, #modules do
    outs[i] = self:rethrowErrors(modules[i], i, 'updateOutput', input)
    join(self, outs, i)
    elements = elements + outs[i]:nElement()
  end
  if #outs == 0 then return self.output end
  self.output = common.buffer(self.output, outs[1])
  local whole = common.joined(self.output, self.outputSize, outs[1])
  if whole:nElement() > elements then whole:zero() end
  local at = 1
  for i = 1, #outs do
    self:windowNarrow(whole, outs[i], at):copy(outs[i])
    at = at + outs[i]:size(dim)
  end
  return whole
end

-- Add a child's gradient of a table to the sum.
local function add_table(self, i, sum, g)
  if type(g) ~= 'table' then
    error(('%s: module %d: expected the gradient of a table, got %s'):format(torch.type(self), i, common.shape(g)), 0)
  end
  if i == 1 then
    utils.recursiveResizeAs(sum, g)
    utils.recursiveCopy(sum, g)
  else
    utils.recursiveAdd(sum, g)
  end
end

-- Call method on each child with its part of gradOutput; what the children return is summed into dx, if given.
local function each(self, method, input, gradOutput, extra, dx)
  local modules, at, empty = self.modules, 1, true
  common.check_tensor(self, gradOutput, 'gradOutput')
  for i = 1, #modules do
    local out = modules[i].output
    local part = self:windowNarrow(gradOutput, out, at)
    local g = self:rethrowErrors(modules[i], i, method, input, part, extra)
    if dx and not istype(tensor, dx) then
      add_table(self, i, dx, g)
    elseif dx and istype(tensor, g) then
      if empty then dx:copy(g) else dx:add(g) end
      empty = false
    end
    at = at + out:size(self.dimension)
  end
  return dx
end

local function add_up(self, input, gradOutput, method, scale)
  if istype(tensor, input) then
    self.gradInput = common.like(common.buffer(self.gradInput, input), input)
  elseif type(self.gradInput) ~= 'table' then
    self.gradInput = {}
  end
  return each(self, method, input, gradOutput, scale, self.gradInput)
end

function Concat:updateGradInput(input, gradOutput) return add_up(self, input, gradOutput, 'updateGradInput') end

function Concat:backward(input, gradOutput, scale)
  return guard.run(self, add_up, input, gradOutput, 'backward', scale or 1)
end

function Concat:accGradParameters(input, gradOutput, scale)
  each(self, 'accGradParameters', input, gradOutput, scale or 1)
end

function Concat:accUpdateGradParameters(input, gradOutput, lr)
  each(self, 'accUpdateGradParameters', input, gradOutput, lr)
end

Concat.__tostring__ = require 'nn.tree'

return Concat
