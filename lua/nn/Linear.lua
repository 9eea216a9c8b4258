--- nn.Linear(nIn, nOut, [bias = true]): y = W x + b with W of nOut x nIn.
-- input (N, nIn) → output (N, nOut), input (nIn) → output (nOut). weight (nOut, nIn), bias (nOut).
-- @usage local y = nn.Linear(5, 3):forward(torch.randn(2, 5)) -- 2 x 3
local Linear, parent = torch.class('nn.Linear', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local C, again = common.C, common.again
local options = require 'nn.options'
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'

local view, dims = common.scratch(), ffi.new 'int64_t[2]' -- view.dt is set: after an error it shows another's elements

local names = { 'inFeatures|inputSize', 'outFeatures|outputSize', 'bias' }

function Linear:__init(nIn, nOut, bias)
  parent.__init(self)
  nIn, nOut, bias = options.positional('nn.Linear', names, nIn, nOut, bias)
  nIn, nOut = common.number(nIn), common.number(nOut)
  if not (type(nIn) == 'number' and type(nOut) == 'number' and nIn >= 1 and nOut >= 1) then
    error(('nn.Linear: expected the numbers of inputs and outputs, got %s and %s')
      :format(tostring(nIn), tostring(nOut)), 3)
  end
  self.weight = torch.Tensor(nOut, nIn)
  self.gradWeight = torch.Tensor(nOut, nIn)
  if bias ~= false then
    self.bias = torch.Tensor(nOut)
    self.gradBias = torch.Tensor(nOut)
  end
  self:reset()
end

--- Learn without a bias.
-- @return self
function Linear:noBias()
  self.bias, self.gradBias = nil, nil
  return self
end

--- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(nIn).
-- @return self
function Linear:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(2))
  self.weight:uniform(-stdv, stdv)
  if self.bias then self.bias:uniform(-stdv, stdv) end
  return self
end

--- Make self.addBuffer a vector of n ones, where a subclass wants it.
function Linear:updateAddBuffer(input)
  if not istype(tensor, input) then common.expected(self, 'a tensor as input', input) end
  local n = input:size(1)
  self.addBuffer = self.addBuffer or input.new()
  if self.addBuffer:nElement() ~= n then self.addBuffer:resize(n):fill(1) end
end

local function check(self, input)
  local weight = self.weight
  local nIn = weight.extent[1]
  if not istype(tensor, input) or input.rank < 1 or input.rank > 2 or input.extent[input.rank - 1] ~= nIn then
    local text = istype(tensor, input) and input.rank == 2 and 'input [N x %d]' or 'input [N x %d] or [%d]'
    common.expected(self, text:format(tonumber(nIn), tonumber(nIn)), input)
  end
  return weight, input.rank
end

-- input (N, nIn) → output (N, nOut); input (nIn) → output (nOut)
function Linear:updateOutput(input)
  local weight, rank = check(self, input)
  local out = common.buffer(self.output, weight)
  self.output = out
  dims[0] = rank == 2 and input.extent[0] or weight.extent[0]
  dims[1] = weight.extent[0]
  local s = C.rk_tensor_resize(out, rank, dims, nil)
  if s ~= 0 then again(self, s, C.rk_tensor_resize, out, rank, dims, nil) end
  local bias = self.bias
  if bias then
    view.dt = bias.dt
    s = C.rk_expand(view, bias, rank, dims)
    if s ~= 0 then again(self, s, C.rk_expand, view, bias, rank, dims) end
    s = C.rk_copy(out, view)
    if s ~= 0 then again(self, s, C.rk_copy, out, view) end
  end
  if rank == 2 then
    view.dt = weight.dt
    s = C.rk_transpose(view, weight, 0, 1)
    if s ~= 0 then again(self, s, C.rk_transpose, view, weight, 0, 1) end
    s = C.rk_gemm(out, bias and 1 or 0, 1, input, view)
    if s ~= 0 then again(self, s, C.rk_gemm, out, bias and 1 or 0, 1, input, view) end
  else
    s = C.rk_gemv(out, bias and 1 or 0, 1, weight, input)
    if s ~= 0 then again(self, s, C.rk_gemv, out, bias and 1 or 0, 1, weight, input) end
  end
  C.rk_tensor_drop(view)
  return out
end

local function check_gradient(self, input, g, rank)
  if not istype(tensor, g) or g.rank ~= rank or g.extent[rank - 1] ~= self.weight.extent[0]
    or (rank == 2 and g.extent[0] ~= input.extent[0]) then
    local nOut = tonumber(self.weight.extent[0])
    local want = rank == 2 and ('[%d x %d]'):format(tonumber(input.extent[0]), nOut) or ('[%d]'):format(nOut)
    common.expected(self, 'gradOutput ' .. want, g)
  end
end

-- gradOutput (N, nOut) → gradInput (N, nIn)
function Linear:updateGradInput(input, gradOutput)
  local dx = self.gradInput
  if not dx then return end
  local weight, rank = check(self, input)
  check_gradient(self, input, gradOutput, rank)
  dx = common.buffer(dx, weight)
  self.gradInput = dx
  local s = C.rk_tensor_resize(dx, rank, input.extent, nil)
  if s ~= 0 then again(self, s, C.rk_tensor_resize, dx, rank, input.extent, nil) end
  if rank == 2 then
    s = C.rk_gemm(dx, 0, 1, gradOutput, weight)
    if s ~= 0 then again(self, s, C.rk_gemm, dx, 0, 1, gradOutput, weight) end
  else
    view.dt = weight.dt
    s = C.rk_transpose(view, weight, 0, 1)
    if s ~= 0 then again(self, s, C.rk_transpose, view, weight, 0, 1) end
    s = C.rk_gemv(dx, 0, 1, view, gradOutput)
    if s ~= 0 then again(self, s, C.rk_gemv, dx, 0, 1, view, gradOutput) end
    C.rk_tensor_drop(view)
  end
  return dx
end

-- gradWeight (nOut, nIn) += scale * gradOutput' input; gradBias (nOut) += scale * column sums of gradOutput
function Linear:accGradParameters(input, gradOutput, scale)
  scale = scale or 1
  local _, rank = check(self, input)
  check_gradient(self, input, gradOutput, rank)
  local s
  if rank == 2 then
    view.dt = gradOutput.dt
    s = C.rk_transpose(view, gradOutput, 0, 1)
    if s ~= 0 then again(self, s, C.rk_transpose, view, gradOutput, 0, 1) end
    s = C.rk_gemm(self.gradWeight, 1, scale, view, input)
    if s ~= 0 then again(self, s, C.rk_gemm, self.gradWeight, 1, scale, view, input) end
    if self.bias then
      self:updateAddBuffer(input)
      s = C.rk_gemv(self.gradBias, 1, scale, view, self.addBuffer)
      if s ~= 0 then again(self, s, C.rk_gemv, self.gradBias, 1, scale, view, self.addBuffer) end
    end
    C.rk_tensor_drop(view)
  else
    s = C.rk_ger(self.gradWeight, 1, scale, gradOutput, input)
    if s ~= 0 then again(self, s, C.rk_ger, self.gradWeight, 1, scale, gradOutput, input) end
    if self.bias then self.gradBias:add(scale, gradOutput) end
  end
end

-- Each copy of a shared layer may take its own step: nothing has to be accumulated first.
function Linear:sharedAccUpdateGradParameters(input, gradOutput, lr)
  self:defaultAccUpdateGradParameters(input, gradOutput, lr)
end

function Linear:clearState()
  self.addBuffer = nil
  return parent.clearState(self)
end

function Linear:__tostring__()
  return ('%s(%d -> %d)%s'):format(torch.type(self), self.weight:size(2), self.weight:size(1),
    self.bias and '' or ' without bias')
end

return Linear
