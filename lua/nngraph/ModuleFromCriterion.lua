--- nn.ModuleFromCriterion: a criterion as a module, {prediction, target} → a tensor of one element, the loss.
local common = require 'nn.common'
local ModuleFromCriterion, parent = torch.class('nn.ModuleFromCriterion', 'nn.Module')

--- @param criterion nn.Criterion
-- @usage local loss = nn.ModuleFromCriterion(nn.MSECriterion()):forward {torch.ones(2), torch.zeros(2)}
function ModuleFromCriterion:__init(criterion)
  if not torch.isTypeOf(criterion, 'nn.Criterion') then
    error('nn.ModuleFromCriterion: expected a criterion, got ' .. torch.type(criterion), 3)
  end
  parent.__init(self)
  self.criterion = criterion
  self.output = torch.Tensor(1)
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

local function pair(input)
  if type(input) ~= 'table' then
    error('nn.ModuleFromCriterion: expected input {prediction, target}, got ' .. torch.type(input), 0)
  end
  return input[1], input[2]
end

function ModuleFromCriterion:updateOutput(input)
  self.output:resize(1)
  self.output[1] = self.criterion:updateOutput(pair(input))
  return self.output
end

-- scale * gradient, nested as the prediction is.
local function scaled(to, gradient, scale)
  if torch.isTensor(gradient) then
    to = torch.isTensor(to) and torch.type(to) == torch.type(gradient) and to or gradient.new()
    return to:resizeAs(gradient):copy(gradient):mul(scale)
  end
  to = torch.type(to) == 'table' and to or {}
  for i, g in ipairs(gradient) do to[i] = scaled(to[i], g, scale) end
  return to
end

local function zeros(to, like, depth)
  if torch.isTensor(like) then
    to = torch.isTensor(to) and torch.type(to) == torch.type(like) and to or like.new()
    return to:resizeAs(like):zero()
  elseif type(like) ~= 'table' then
    return to
  end
  depth = common.deeper('nn.ModuleFromCriterion', depth)
  to = torch.type(to) == 'table' and to or {}
  for i, x in ipairs(like) do to[i] = zeros(to[i], x, depth) end
  return to
end

function ModuleFromCriterion:updateGradInput(input, gradOutput)
  local prediction, target = pair(input)
  local gradient = self.criterion:updateGradInput(prediction, target)
  local scale = torch.isTensor(gradOutput) and gradOutput:contiguous():view(-1)[1] or gradOutput
  self.gradInput[1] = scaled(self.gradInput[1], gradient, scale)
  self.gradInput[2] = zeros(self.gradInput[2], target)
  return self.gradInput
end

function ModuleFromCriterion:__tostring__() return 'nn.ModuleFromCriterion(' .. torch.type(self.criterion) .. ')' end

return ModuleFromCriterion
