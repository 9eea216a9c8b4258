--- nn.Reshape(sizes..., [batchMode]): another shape, without -1.
-- batchMode true: the first dimension is a batch and kept; false: it is not; nil: it is kept unless the input has
-- exactly the elements asked for and its first dimension is not 1.
-- input (sizes) or (N, sizes), as many elements → output (sizes...) or (N, sizes...).
-- @usage local y = nn.Reshape(6):forward(torch.randn(4, 2, 3)) -- 4 x 6
local Reshape, parent = torch.class('nn.Reshape', 'nn.Module')
local common = require 'nn.common'
local joined = require('torch.check').joined

function Reshape:__init(...)
  parent.__init(self)
  local arg = { ... }
  self.size = torch.LongStorage()
  self.batchsize = torch.LongStorage()
  if torch.type(arg[#arg]) == 'boolean' then
    self.batchMode = arg[#arg]
    arg[#arg] = nil
  end
  local sizes = arg
  if #arg == 1 and torch.typename(arg[1]) == 'torch.LongStorage' then sizes = arg[1]:totable() end
  self.size:resize(#sizes)
  self.batchsize:resize(#sizes + 1)
  self.nelement = 1
  for i = 1, #sizes do
    local n = common.number(sizes[i])
    if type(n) ~= 'number' or n < 1 or n ~= n or n > 2 ^ 53 then
      error(('nn.Reshape: argument %d: expected a positive size, got %s'):format(i, tostring(n)), 2)
    end
    self.nelement = self.nelement * n
    self.size[i] = n
    self.batchsize[i + 1] = n
  end
  if self.nelement >= 2 ^ 63 then
    error(('nn.Reshape: sizes %s: more elements than a tensor can have'):format(joined(self.size, ' x ')), 2)
  end
end

local function packed(self, field, x)
  if x:isContiguous() then return x end
  self[field] = common.buffer(self[field], x)
  self[field]:resize(x:size()):copy(x)
  return self[field]
end

-- input → output of sizes, or (N, sizes...)
function Reshape:updateOutput(input)
  common.check_dims(self, input, 1, 12, 'a tensor with elements')
  input = packed(self, '_input', input)
  self.output = common.buffer(self.output, input)
  local n = input:nElement()
  local single = self.batchMode == false or (self.batchMode == nil and n == self.nelement and input:size(1) ~= 1)
  if n ~= self.nelement * (single and 1 or input:size(1)) then
    common.expected(self, ('%d elements%s'):format(self.nelement,
      single and '' or ' for each entry of the first dimension'), input)
  end
  if single then
    self.output:view(input, self.size)
  else
    self.batchsize[1] = input:size(1)
    self.output:view(input, self.batchsize)
  end
  return self.output
end

function Reshape:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  gradOutput = packed(self, '_gradOutput', gradOutput)
  self.gradInput = common.buffer(self.gradInput, gradOutput)
  self.gradInput:viewAs(gradOutput, input)
  return self.gradInput
end

function Reshape:clearState()
  self._input, self._gradOutput = nil, nil
  return parent.clearState(self)
end

function Reshape:__tostring__() return torch.type(self) .. '(' .. joined(self.size, 'x') .. ')' end

return Reshape
