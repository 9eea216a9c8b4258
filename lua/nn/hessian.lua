--- nn.hessian: the diagonal of the second derivative of a loss, as the Gauss-Newton approximation carries it back
-- through
-- a network: weights squared where the gradient has weights, slopes squared where it has slopes.
--
-- nn.hessian.enable() adds to modules updateDiagHessianInput(input, diagHessianOutput), accDiagHessianParameters(input,
-- diagHessianOutput), initDiagHessianParameters(), the fields diagHessianInput, diagHessianWeight, diagHessianBias,
-- and a
-- third result to parameters() and getParameters().
-- @usage nn.hessian.enable()
-- local m, x = nn.Linear(3, 2), torch.randn(3)
-- m:initDiagHessianParameters()
-- m:forward(x)
-- local h = m:updateDiagHessianInput(x, torch.ones(2))
local hessian = {}

-- How a class carries the diagonal back. linear: a map with weight and bias. pointwise: element by element. moving:
-- elements move or vanish, unweighted.
local kinds = {
  linear = { 'Linear', 'SpatialConvolution', 'SpatialConvolutionMM', 'SpatialConvolutionMap', 'SpatialFullConvolution',
    'SpatialFullConvolutionMap', 'SpatialConvolutionLocal', 'SpatialDilatedConvolution', 'TemporalConvolution',
    'VolumetricConvolution' },
  pointwise = { 'Tanh', 'TanhShrink', 'Sigmoid', 'Square', 'Sqrt', 'Abs', 'HardTanh', 'HardShrink', 'SoftShrink',
    'SoftPlus', 'SoftSign', 'ReLU', 'ReLU6', 'ELU', 'LeakyReLU', 'Threshold', 'Exp', 'Log', 'LogSigmoid', 'Power',
    'MulConstant', 'AddConstant', 'Clamp' },
  moving = { 'Reshape', 'View', 'Identity', 'Contiguous', 'Transpose', 'Select', 'Narrow', 'SpatialMaxPooling',
    'SpatialZeroPadding' },
}

-- Run module[method](module, ...) with some fields standing in for others.
local function with(module, fields, method, ...)
  local kept = {}
  for name, value in pairs(fields) do
    kept[name] = module[name]
    module[name] = value
  end
  local ok, result = pcall(module[method], module, ...)
  for name in pairs(fields) do module[name] = kept[name] end
  if not ok then error(result, 0) end
  return result
end

local function field(module, name, like)
  if not module[name] or module[name]:type() ~= like:type() then module[name] = like.new() end
  return module[name]
end

local carry = {}

-- sum_k w_ki^2 h_k: the gradient of the input with the weights squared
function carry.linear(module, input, h)
  local square = field(module, '_squaredWeight', module.weight):resizeAs(module.weight)
  square:cmul(module.weight, module.weight)
  local out = with(module, { weight = square, gradInput = field(module, 'diagHessianInput', input) },
    'updateGradInput', input, h)
  module.diagHessianInput = out
  return out
end

function carry.moving(module, input, h)
  module.diagHessianInput = with(module, { gradInput = field(module, 'diagHessianInput', input) }, 'updateGradInput',
    input, h)
  return module.diagHessianInput
end

function carry.pointwise(module, input, h)
  local ones = field(module, '_ones', h):resizeAs(h):fill(1)
  local slope = with(module, { gradInput = field(module, 'diagHessianInput', input), inplace = false },
    'updateGradInput', input, ones)
  module.diagHessianInput = slope
  return slope:cmul(slope):cmul(h)
end

local function acc_linear(module, input, h)
  local square = field(module, '_squaredInput', input):resizeAs(input)
  square:cmul(input, input)
  with(module, { gradWeight = module.diagHessianWeight, gradBias = module.diagHessianBias },
    'accGradParameters', square, h, 1)
end

local function chain_input(self, input, h)
  local modules = self.modules
  for i = #modules, 1, -1 do h = modules[i]:updateDiagHessianInput(i > 1 and modules[i - 1].output or input, h) end
  self.diagHessianInput = h
  return h
end

local function chain_parameters(self, input, h)
  local modules = self.modules
  for i = #modules, 1, -1 do
    modules[i]:accDiagHessianParameters(i > 1 and modules[i - 1].output or input, h)
    h = modules[i].diagHessianInput
  end
end

local function criterion_constant(value)
  return function(self, input)
    local h = field(self, 'diagHessianInput', input)
    return h:resizeAs(input):fill(value / (self.sizeAverage and input:nElement() or 1))
  end
end

local function init(self)
  for name, grad in pairs { diagHessianWeight = 'gradWeight', diagHessianBias = 'gradBias' } do
    local g = self[grad]
    if g then field(self, name, g):resizeAs(g):zero() end
  end
end

local function parameters(self)
  local params, grads, diagonals
  if self.weight and self.bias then
    params, grads = { self.weight, self.bias }, { self.gradWeight, self.gradBias }
    diagonals = { self.diagHessianWeight, self.diagHessianBias }
  elseif self.weight then
    params, grads, diagonals = { self.weight }, { self.gradWeight }, { self.diagHessianWeight }
  elseif self.bias then
    params, grads, diagonals = { self.bias }, { self.gradBias }, { self.diagHessianBias }
  else
    return
  end
  return params, grads, diagonals
end

local function append(list, more)
  for _, t in ipairs(more or {}) do list[#list + 1] = t end
end

local function container_parameters(self)
  local params, grads, diagonals = {}, {}, {}
  for _, module in ipairs(self.modules) do
    local p, g, d = module:parameters()
    append(params, p)
    append(grads, g)
    append(diagonals, d)
  end
  return params, grads, diagonals
end

local function get_parameters(self)
  local params, grads, diagonals = self:parameters()
  local flat, dflat = nn.Module.flatten(params or {}), nn.Module.flatten(grads or {})
  if not diagonals or #diagonals == 0 then return flat, dflat end
  return flat, dflat, nn.Module.flatten(diagonals)
end

local function undefined(name)
  return function(self) error(torch.type(self) .. ': ' .. name .. ' is not defined for this class', 0) end
end

-- Classes that exist here; every one has a file of its own.
local function class(name)
  local ok, Class = pcall(function() return nn[name] end)
  return ok and Class or nil
end

--- Add the methods. A second call changes nothing.
function hessian.enable()
  if hessian.enabled then return end
  hessian.enabled = true
  local Module = nn.Module
  Module.updateDiagHessianInput = undefined 'updateDiagHessianInput'
  Module.accDiagHessianParameters = function() end
  Module.initDiagHessianParameters = init
  Module.parameters = parameters
  Module.getParameters = get_parameters
  for kind, names in pairs(kinds) do
    for _, name in ipairs(names) do
      local Class = class(name)
      if Class then
        Class.updateDiagHessianInput = carry[kind]
        if kind == 'linear' then Class.accDiagHessianParameters = acc_linear end
      end
    end
  end
  nn.Container.parameters = container_parameters
  nn.Container.initDiagHessianParameters = function(self)
    for _, module in ipairs(self.modules) do module:initDiagHessianParameters() end
  end
  nn.Sequential.updateDiagHessianInput = chain_input
  nn.Sequential.accDiagHessianParameters = chain_parameters
  nn.Criterion.updateDiagHessianInput = undefined 'updateDiagHessianInput'
  nn.MSECriterion.updateDiagHessianInput = criterion_constant(2)
  nn.L1Cost.updateDiagHessianInput = criterion_constant(0)
end

return hessian
