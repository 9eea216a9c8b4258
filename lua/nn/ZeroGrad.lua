--- nn.ZeroGrad(): the input unchanged; the gradient 0.
--
-- Shapes: any tensor or nested table of them; gradInput sized like the input.
-- @usage nn.ZeroGrad():backward(torch.ones(2), torch.ones(2))
local ZeroGrad, parent = torch.class('nn.ZeroGrad', 'nn.Module')
local common = require 'nn.common'

function ZeroGrad:updateOutput(input)
  if type(input) == 'table' then
    self.output = input
    return input
  end
  common.check_tensor(self, input)
  self.output = common.buffer(torch.isTensor(self.output) and self.output or nil, input)
  return self.output:set(input)
end

-- 0 for each tensor, in the tensors of `into` where it has them
local function zeros(into, x, depth)
  if type(x) == 'table' then
    depth = common.deeper('nn.ZeroGrad', depth)
    into = type(into) == 'table' and into or {}
    for k, v in pairs(x) do into[k] = zeros(into[k], v, depth) end
    for k in pairs(into) do
      if x[k] == nil then into[k] = nil end
    end
    return into
  end
  if not torch.isTensor(x) then return 0 end
  return common.buffer(torch.isTensor(into) and into or nil, x):resizeAs(x):zero()
end

function ZeroGrad:updateGradInput(input)
  self.gradInput = zeros(self.gradInput, input)
  return self.gradInput
end

ZeroGrad.__init = parent.__init

return ZeroGrad
