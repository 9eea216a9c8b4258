--- nn.Criterion: a number that says how far an input is from its target.
-- A parent: a criterion defines updateOutput(input, target), which returns the loss, and updateGradInput(input,
-- target), which returns a tensor like the input.
-- @usage local loss = nn.MSECriterion():forward(torch.randn(3), torch.randn(3))
local Criterion = torch.class('nn.Criterion')
local fail = require 'torch.position'.fail
local utils = require 'nn.utils'
local Module = require 'nn.Module'

function Criterion:__init()
  self.gradInput = torch.Tensor()
  self.output = 0
end

function Criterion:updateOutput(_input, _target) end

--- The loss, also kept in self.output.
function Criterion:forward(input, target) return self:updateOutput(input, target) end

--- The gradient of the loss with respect to the input, kept in self.gradInput.
function Criterion:backward(input, target) return self:updateGradInput(input, target) end

function Criterion:updateGradInput(_input, _target) end

--- A deep copy.
function Criterion:clone() return Module._copy(self) end

--- Convert every tensor of the criterion.
-- @param typename such as 'torch.FloatTensor'
-- @param[opt] cache carries sharing between several calls
-- @return self
function Criterion:type(typename, cache)
  if type(typename) ~= 'string' then
    fail(('%s: type: expected the name of a tensor type, got %s'):format(torch.type(self), torch.type(typename)))
  end
  cache = cache or {}
  for name, value in pairs(self) do self[name] = utils.recursiveType(value, typename, cache) end
  return self
end

for _, method in ipairs { 'float', 'double', 'half', 'bfloat16', 'cuda', 'cudaDouble', 'cudaHalf' } do
  Criterion[method] = Module[method]
end

--- loss, gradient = criterion(input, target)
function Criterion:__call__(input, target)
  self.output = self:forward(input, target)
  self.gradInput = self:backward(input, target)
  return self.output, self.gradInput
end

return Criterion
