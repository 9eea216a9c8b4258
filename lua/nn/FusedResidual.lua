--- nn.FusedResidual(path, [shortcut], [relu = false], [shortcutFirst = false]): a residual block for inference,
-- y = relu(path(x) + shortcut(x)), whose sum and ReLU happen in the path's last convolution.
--
-- nn.fuse makes these. path is an nn.Sequential that ends with an nn.FusedConvolution; without a shortcut the input
-- itself is added. There is no backward pass: that is an error.
-- @usage nn.FusedResidual(nn.Sequential():add(nn.FusedConvolution(nn.SpatialConvolution(2, 2, 1, 1))))
local Residual, parent = torch.class('nn.FusedResidual', 'nn.Container')
local common = require 'nn.common'
local planes = require 'nn.planes'
local view = common.scratch()

function Residual:__init(path, shortcut, relu, shortcutFirst)
  parent.__init(self)
  local last = torch.isTypeOf(path, 'nn.Sequential') and path:get(path:size())
  if not torch.isTypeOf(last, 'nn.FusedConvolution') then
    error('nn.FusedResidual: expected an nn.Sequential that ends with an nn.FusedConvolution, got ' .. torch.type(path),
      2)
  end
  last.relu = relu and true or false
  self.modules = { path, shortcut }
  self.shortcutFirst = shortcutFirst and true or false
  self.train = false
end

local function other(self, input)
  local shortcut = self.modules[2]
  return shortcut and self:rethrowErrors(shortcut, 2, 'updateOutput', input) or input
end

-- In the order of the block that this was made of: layers that work in place may change the input for the second path.
function Residual:updateOutput(input)
  common.check_tensor(self, input)
  local path, single = self.modules[1], input.rank == 3
  if single then input = planes.batch_of_one(self, view, input) end
  local z = self.shortcutFirst and other(self, input)
  local x, steps = input, path.modules
  for i = 1, #steps - 1 do x = path:rethrowErrors(steps[i], i, 'updateOutput', x) end
  z = z or other(self, input)
  self.output = path:rethrowErrors(steps[#steps], #steps, 'outputWith', x, z)
  path.output = self.output
  if single then planes.drop_batch(self.output) end
  return self.output
end

local function no_backward(self)
  error(torch.type(self) .. ': fused for inference, it cannot learn: train the model that nn.fuse was given', 0)
end
Residual.updateGradInput, Residual.accGradParameters, Residual.backward = no_backward, no_backward, no_backward

Residual.__tostring__ = require 'nn.tree'

return Residual
