--- nn.FusedConvolution(convolution, [relu = false]): a convolution for inference, y = relu(convolution(x) + z) in one
-- pass over the result.
--
-- nn.fuse makes these. Shapes are those of the convolution inside. The weight is kept reordered between calls: after
-- changing its numbers, call :refresh() (:parameters() and :type() do). There is no backward pass: that is an error.
-- @usage nn.FusedConvolution(nn.SpatialConvolution(3, 8, 3, 3), true):forward(torch.randn(3, 8, 8))
local Fused, parent = torch.class('nn.FusedConvolution', 'nn.Container')

function Fused:__init(convolution, relu)
  parent.__init(self)
  if not torch.isTypeOf(convolution, 'nn.Module') or not convolution.fusedOutput then
    error('nn.FusedConvolution: expected a convolution, got ' .. torch.type(convolution), 2)
  end
  self.modules[1] = convolution
  self.relu = relu and true or false
  self.train = false
end

local packed = setmetatable({}, { __mode = 'k' }) -- reordered weights; not a field, which files would hold
local extras = {}

--- The output for x, with z (of the output's size, or nil) added before the ReLU.
function Fused:outputWith(x, z)
  local convolution = self.modules[1]
  packed[self] = packed[self] or torch.FloatTensor()
  extras.relu, extras.add, extras.packed = self.relu, z, packed[self]
  self.output = self:rethrowErrors(convolution, 1, 'fusedOutput', x, extras)
  extras.add = nil
  return self.output
end

function Fused:updateOutput(input) return self:outputWith(input, nil) end

local function no_backward(self)
  error(torch.type(self) .. ': fused for inference, it cannot learn: train the model that nn.fuse was given', 0)
end
Fused.updateGradInput, Fused.accGradParameters, Fused.backward = no_backward, no_backward, no_backward

--- Forget the reordered weight.
-- @return self
function Fused:refresh()
  packed[self] = nil
  return self
end

function Fused:parameters()
  self:refresh()
  return parent.parameters(self)
end

function Fused:type(typename, cache)
  if typename then self:refresh() end
  return parent.type(self, typename, cache)
end

function Fused:clearState()
  self:refresh()
  return parent.clearState(self)
end

function Fused:__tostring__() return tostring(self.modules[1]) .. (self.relu and ' + ReLU' or '') .. ' (fused)' end

return Fused
