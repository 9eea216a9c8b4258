--- nn.Parameter(tensor), nn.Parameter(sizes...): a tensor to be learnt, as the source of a network: y = weight,
-- whatever the input is.
--
-- input (anything) → output, of the tensor's sizes; weight, gradWeight. Without a tensor it begins uniform in
-- ±1/sqrt(size of the last dimension). gradInput is zero.
-- @usage local bias = nn.Parameter(torch.zeros(3)); bias:forward(nil); bias:backward(nil, torch.ones(3))
local Parameter, parent = torch.class('nn.Parameter', 'nn.Module')
local common = require 'nn.common'
local joined = require('torch.check').joined

function Parameter:__init(...)
  local first = ...
  parent.__init(self)
  if torch.isTensor(first) then
    self.weight = first
    self.gradWeight = first:clone():zero()
    return
  end
  local sizes = torch.isTypeOf(first, 'torch.LongStorage') and first:totable() or { ... }
  for _, size in ipairs(sizes) do
    if type(size) ~= 'number' or size < 1 then
      error('nn.Parameter: expected a tensor or sizes, got ' .. tostring(size), 2)
    end
  end
  if #sizes == 0 then error('nn.Parameter: expected a tensor or sizes, got ' .. torch.type(first), 2) end
  self.weight, self.gradWeight = torch.Tensor(unpack(sizes)), torch.Tensor(unpack(sizes)):zero()
  self:reset()
end

--- Draw new numbers, uniform in ±stdv*sqrt(3), by default ±1/sqrt(size of the last dimension).
-- @return self
function Parameter:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(self.weight:dim()))
  self.weight:uniform(-stdv, stdv)
  return self
end

function Parameter:updateOutput()
  self.output = common.buffer(self.output, self.weight)
  self.output:resizeAs(self.weight):copy(self.weight)
  return self.output
end

function Parameter:updateGradInput(input)
  if input == nil then return self.gradInput end
  self.gradInput = common.zeros_like(self.gradInput, input)
  return self.gradInput
end

function Parameter:accGradParameters(_, gradOutput, scale)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= self.weight:nElement() then
    common.expected(self, 'gradOutput ' .. common.shape(self.weight), gradOutput)
  end
  self.gradWeight:add(scale or 1, gradOutput)
end

function Parameter:__tostring__()
  return ('%s(%s)'):format(torch.type(self), joined(self.weight:size(), 'x'))
end

return Parameter
