--- nn.Bilinear(n1, n2, nOut, [bias = true]): y_k = x1' W_k x2 + b_k.
--
-- Shapes: input {(N, n1), (N, n2)}; output (N, nOut). weight (nOut, n1, n2), bias (nOut).
-- @usage nn.Bilinear(2, 3, 4):forward {torch.ones(5, 2), torch.ones(5, 3)}
local Bilinear, parent = torch.class('nn.Bilinear', 'nn.Module')
local options = require 'nn.options'
local common = require 'nn.common'
local utils = require 'nn.utils'

local names = { 'in1Features', 'in2Features', 'outFeatures', 'bias' }

function Bilinear:__init(n1, n2, nOut, bias)
  parent.__init(self)
  n1, n2, nOut, bias = options.positional('nn.Bilinear', names, n1, n2, nOut, bias)
  for i, n in ipairs { n1 or 0, n2 or 0, nOut or 0 } do
    if type(n) ~= 'number' or n < 1 then
      error(('nn.Bilinear: argument %d: expected a positive number of elements, got %s'):format(i, tostring(n)), 2)
    end
  end
  self.weight = torch.Tensor(nOut, n1, n2)
  self.gradWeight = torch.Tensor(nOut, n1, n2)
  if bias ~= false then
    self.bias = torch.Tensor(nOut)
    self.gradBias = torch.Tensor(nOut)
  end
  self.gradInput = { torch.Tensor(), torch.Tensor() }
  self:reset()
end

--- Draw new parameters, uniform in ±stdv*sqrt(3), by default ±1/sqrt(n1).
-- @return self
function Bilinear:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(2))
  self.weight:uniform(-stdv, stdv)
  if self.bias then self.bias:uniform(-stdv, stdv) end
  return self
end

local function check(self, input, gradOutput)
  local w = self.weight
  local n1, n2 = w:size(2), w:size(3)
  if type(input) ~= 'table' then common.expected(self, 'a table {x1, x2}', input) end
  common.check_dims(self, input[1], 2, 2, ('first input [N x %d]'):format(n1))
  local n = input[1]:size(1)
  if input[1]:size(2) ~= n1 then common.expected(self, ('first input [N x %d]'):format(n1), input[1]) end
  local second = ('second input [%d x %d]'):format(n, n2)
  common.check_dims(self, input[2], 2, 2, second)
  if input[2]:size(1) ~= n or input[2]:size(2) ~= n2 then common.expected(self, second, input[2]) end
  if gradOutput ~= nil then
    local text = ('gradOutput [%d x %d]'):format(n, w:size(1))
    common.check_dims(self, gradOutput, 2, 2, text)
    if gradOutput:size(1) ~= n or gradOutput:size(2) ~= w:size(1) then common.expected(self, text, gradOutput) end
  end
  return input[1], input[2], n, w:size(1), n1, n2
end

-- W x2 of each sample, (N, nOut, n1)
local function right(self, x2, n, nOut, n1, n2)
  self.buff2 = common.buffer(self.buff2, x2):resize(n, nOut * n1)
  self.buff2:mm(x2, self.weight:view(nOut * n1, n2):t())
  return self.buff2:view(n, nOut, n1)
end

-- gradOutput times x1 of each sample, (N, nOut * n1)
local function outer(self, x1, gradOutput, n, nOut, n1)
  self.buff1 = common.buffer(self.buff1, x1):resize(n, nOut, n1)
  self.buff1:cmul(utils.addSingletonDimension(x1, 2):expand(n, nOut, n1),
    utils.addSingletonDimension(gradOutput, 3):expand(n, nOut, n1))
  return self.buff1:view(n, nOut * n1)
end

function Bilinear:updateOutput(input)
  local x1, x2, n, nOut, n1, n2 = check(self, input)
  local out = common.buffer(self.output, x1)
  self.output = out
  out:resize(n, nOut)
  out:view(n, nOut, 1):bmm(right(self, x2, n, nOut, n1, n2), utils.addSingletonDimension(x1, 3))
  if self.bias then out:add(self.bias:view(1, nOut):expandAs(out)) end
  return out
end

function Bilinear:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local x1, x2, n, nOut, n1, n2 = check(self, input, gradOutput or false)
  local dx = self.gradInput
  dx[1] = common.buffer(dx[1], x1):resize(n, n1)
  dx[2] = common.buffer(dx[2], x2):resize(n, n2)
  dx[1]:view(n, 1, n1):bmm(utils.addSingletonDimension(gradOutput, 2), right(self, x2, n, nOut, n1, n2))
  dx[2]:mm(outer(self, x1, gradOutput, n, nOut, n1), self.weight:view(nOut * n1, n2))
  return dx
end

function Bilinear:accGradParameters(input, gradOutput, scale)
  scale = scale or 1
  local x1, x2, n, nOut, n1, n2 = check(self, input, gradOutput or false)
  self.gradWeight:view(nOut * n1, n2):addmm(scale, outer(self, x1, gradOutput, n, nOut, n1):t(), x2)
  if self.bias then self.gradBias:add(scale, gradOutput:sum(1):view(nOut)) end
end

function Bilinear:sharedAccUpdateGradParameters(input, gradOutput, lr)
  self:defaultAccUpdateGradParameters(input, gradOutput, lr)
end

function Bilinear:clearState()
  self.buff1, self.buff2 = nil, nil
  return parent.clearState(self)
end

function Bilinear:__tostring__()
  local w = self.weight
  return ('%s(%dx%d -> %d) %s'):format(torch.type(self), w:size(2), w:size(3), w:size(1),
    self.bias and '' or ' without bias')
end

return Bilinear
