--- nn.hessian: the diagonal of the second derivative of a loss, as the Gauss-Newton approximation carries it back
-- through a network.
--
-- For a module with outputs y, inputs x and parameters w, and h the diagonal at its outputs:
-- h_x[i] = Σ_k h[k] (∂y[k]/∂x[i])², h_w[j] = Σ_k h[k] (∂y[k]/∂w[j])².
--
-- nn.hessian.enable() gives every module updateDiagHessianInput(input, diagHessianOutput), which leaves h_x in
-- diagHessianInput; accDiagHessianParameters(input, diagHessianOutput), which adds h_w to diagHessianWeight and
-- diagHessianBias (to the list diagHessian where the parameters have other names); initDiagHessianParameters(), which
-- makes and zeroes these; a third result, the diagonals, to parameters() and getParameters(). Call them in this order,
-- after forward. Criterions get updateDiagHessianInput(input, target).
--
-- Maps that are linear run their own backward on squares; what works element by element squares its slope; containers
-- carry h through their children as they carry gradients; any other module is asked for the gradient of one output
-- after the other, which is exact, and as slow as it has outputs.
-- @usage nn.hessian.enable()
-- local m, x = nn.Linear(3, 2), torch.randn(3)
-- m:initDiagHessianParameters()
-- m:forward(x)
-- local h = m:updateDiagHessianInput(x, torch.ones(2))
-- m:accDiagHessianParameters(x, torch.ones(2))
-- nn.hessian.disable()
local common = require 'nn.common'
local hessian = {}

-- How a class carries the diagonal back. linear: backward with squared weights, and squared inputs for the parameters.
-- single: each input feeds one output at most. moving: y sums inputs and parameters as they are.
-- exact: classes whose parents are of another kind.
local kinds = {
  linear = 'Linear SpatialConvolution SpatialConvolutionMM SpatialConvolutionMap SpatialFullConvolution '
    .. 'SpatialFullConvolutionMap SpatialConvolutionLocal SpatialDilatedConvolution SpatialDepthWiseConvolution '
    .. 'TemporalConvolution TemporalRowConvolution VolumetricConvolution VolumetricDilatedConvolution '
    .. 'VolumetricFullConvolution Mul CMul',
  single = 'Tanh TanhShrink Sigmoid Square Sqrt Abs HardTanh HardShrink SoftShrink SoftPlus SoftSign ReLU ReLU6 ELU '
    .. 'CELU SELU GELU SiLU Mish Hardswish Hardsigmoid LeakyReLU Threshold Exp Log LogSigmoid Power MulConstant Clamp '
    .. 'Dropout SpatialDropout VolumetricDropout Mean CMulTable CSubTable CDivTable',
  moving = 'Reshape View Identity Contiguous Transpose Select Narrow SpatialMaxPooling SpatialDilatedMaxPooling '
    .. 'VolumetricMaxPooling TemporalMaxPooling SpatialZeroPadding SpatialReflectionPadding SpatialReplicationPadding '
    .. 'SpatialUpSamplingNearest Padding Squeeze Unsqueeze Replicate Sum Max Min JoinTable SplitTable SelectTable '
    .. 'NarrowTable FlattenTable CAddTable CMaxTable CMinTable Add CAdd AddConstant Copy LookupTable Flatten Unflatten',
  exact = 'PartialLinear LinearWeightNorm WeightNorm SpectralNorm MultiHeadAttention CReLU RReLU '
    .. 'AdaptiveLogSoftmaxWithLoss',
}

-- -- helpers ----------------------------------------------------------------------------------------------------

-- Run f(...) with some fields of a module standing in for others; false: absent.
local function with(module, fields, f, ...)
  local kept = {}
  for name, value in pairs(fields) do
    kept[name] = rawget(module, name)
    module[name] = value or nil
  end
  local ok, result = pcall(f, ...)
  for name in pairs(fields) do rawset(module, name, kept[name]) end
  if not ok then error(result, 0) end
  return result
end

local function field(module, name, like)
  if not torch.isTensor(like) then
    error(('%s: %s: expected a tensor as input, got %s'):format(torch.type(module), name, torch.type(like)), 0)
  end
  if not torch.isTensor(module[name]) or module[name]:type() ~= like:type() then module[name] = like.new() end
  return module[name]
end

-- f(x, y) for each tensor of x, nested tables of them, and what stands at its place in y.
local function each_pair(x, y, f)
  if torch.isTensor(x) then
    if torch.isTensor(y) and y:type() == x:type() and y:nElement() == x:nElement() then f(x, y) end
  elseif type(x) == 'table' and type(y) == 'table' then
    for key, value in pairs(x) do each_pair(value, y[key], f) end
  end
end

local function copied(x, depth)
  if torch.isTensor(x) then return x:clone() end
  if type(x) ~= 'table' then return x end
  depth = common.deeper('nn.hessian', depth)
  local out = {}
  for key, value in pairs(x) do out[key] = copied(value, depth) end
  return out
end

local function zeros(x) return nn.utils.recursiveFill(copied(x), 0) end

-- What gradInput has been, of the kind that backward expects to find.
local function empty_gradient(module)
  local old = module.gradInput
  if torch.isTensor(old) then return old.new() end
  return type(old) == 'table' and {} or old
end

-- -- modules ------------------------------------------------------------------------------------------------------

local carry, accumulate = {}, {}

local function backward(module, input, h) return module:updateGradInput(input, h) end

local function kept(module, h)
  module.diagHessianInput = h
  return h
end

function carry.moving(module, input, h)
  return kept(module, copied(with(module, { gradInput = empty_gradient(module) or torch.Tensor() }, backward, module,
    input, h)))
end

-- sum_k w_ki^2 h_k: the gradient of the input with the weights squared
function carry.linear(module, input, h)
  local square = field(module, '_squaredWeight', module.weight):resizeAs(module.weight)
  square:cmul(module.weight, module.weight)
  local out = field(module, 'diagHessianInput', module.weight)
  return kept(module, with(module, { weight = square, gradInput = out }, backward, module, input, h))
end

-- slope times (slope times h)
function carry.single(module, input, h)
  local ones = nn.utils.recursiveFill(copied(h), 1)
  local fields = { gradInput = empty_gradient(module) or torch.Tensor(), inplace = false }
  local slope = copied(with(module, fields, backward, module, input, ones))
  local out = copied(with(module, fields, backward, module, input, copied(h)))
  each_pair(out, slope, function(a, b) a:cmul(b) end)
  return kept(module, out)
end

-- f(one, h_k) for each output k that has an h: one is 1 there and 0 elsewhere.
local function each_output(h, f)
  local one = zeros(h)
  each_pair(h, one, function(values, ones)
    local flat, list = ones:view(-1), values:contiguous():view(-1)
    for k = 1, list:nElement() do
      if list[k] ~= 0 then
        flat[k] = 1
        f(one, list[k])
        nn.utils.recursiveFill(one, 0) -- also after layers that work in place
      end
    end
  end)
end

function carry.exact(module, input, h)
  local out = zeros(input)
  with(module, { gradInput = empty_gradient(module) or torch.Tensor(), inplace = false }, each_output, h,
    function(one, value)
      each_pair(out, module:updateGradInput(input, one), function(sum, g) sum:addcmul(value, g, g) end)
    end)
  return kept(module, out)
end

-- The diagonals that stand beside a module's parameters; made where they are missing.
local function diagonals_of(module)
  local params, grads, diagonals = module:parameters()
  if not params then return {}, {} end
  if not diagonals or #diagonals ~= #params then
    module:initDiagHessianParameters()
    params, grads, diagonals = module:parameters()
    if not diagonals or #diagonals ~= #params then diagonals = module.diagHessian end
  end
  return diagonals, grads
end

function accumulate.moving(module, input, h)
  diagonals_of(module)
  with(module, { gradWeight = module.diagHessianWeight or false, gradBias = module.diagHessianBias or false },
    module.accGradParameters, module, input, h, 1)
end

function accumulate.linear(module, input, h)
  local square = field(module, '_squaredInput', input):resizeAs(input)
  square:cmul(input, input)
  accumulate.moving(module, square, h)
end

function accumulate.exact(module, input, h)
  local diagonals, grads = diagonals_of(module)
  if #diagonals == 0 then return end
  local old = copied(grads)
  with(module, { gradInput = empty_gradient(module) or torch.Tensor(), inplace = false }, each_output, h,
    function(one, value)
      for i = 1, #grads do grads[i]:zero() end
      module:updateGradInput(input, one)
      module:accGradParameters(input, one, 1)
      for i = 1, #grads do diagonals[i]:addcmul(value, grads[i], grads[i]) end
    end)
  for i = 1, #grads do grads[i]:copy(old[i]) end
end

-- -- containers ---------------------------------------------------------------------------------------------------

-- Run a container's own way back, its children answering with diagonals instead of gradients.
local function through(self, method, answer, input, h)
  local before = {}
  for _, child in ipairs(self.modules) do
    if not before[child] then
      local own = rawget(child, method)
      before[child] = { method = own, gradInput = rawget(child, 'gradInput') }
      local function stand_in(m, ...)
        rawset(m, method, own)
        local result = answer(m, ...)
        rawset(m, method, before[m].stand_in)
        return result
      end
      before[child].stand_in = stand_in
    end
  end
  for child, old in pairs(before) do
    rawset(child, method, old.stand_in)
    if method ~= 'updateGradInput' then child.gradInput = child.diagHessianInput end
  end
  local own = { gradInput = empty_gradient(self) or false }
  local ok, result = pcall(with, self, own, self[method], self, input, h, 1)
  for child, old in pairs(before) do
    rawset(child, method, old.method)
    rawset(child, 'gradInput', old.gradInput)
  end
  if not ok then error(result, 0) end
  return result
end

local function child_input(child, input, h)
  child.gradInput = child:updateDiagHessianInput(input, h)
  return child.gradInput
end
function carry.container(self, input, h)
  return kept(self, through(self, 'updateGradInput', child_input, input, h))
end

-- Copies of one module that share its parameters share their diagonals.
local function share_diagonals(self)
  local first = self.modules[1]:listModules()
  for i = 2, #self.modules do
    for k, module in ipairs(self.modules[i]:listModules()) do
      for _, name in ipairs { 'diagHessianWeight', 'diagHessianBias', 'diagHessian' } do
        module[name] = first[k][name]
      end
    end
  end
end

local function child_parameters(child, input, h) child:accDiagHessianParameters(input, h) end
function accumulate.container(self, input, h)
  if self.module and self.shared and #self.modules > 1 then -- nn.MapTable
    diagonals_of(self.modules[1])
    share_diagonals(self)
  end
  through(self, 'accGradParameters', child_parameters, input, h)
end

-- -- criterions -----------------------------------------------------------------------------------------------------

local criterions = {}

function criterions.MSECriterion(self, input)
  local h = field(self, 'diagHessianInput', input)
  return h:resizeAs(input):fill(2 / (self.sizeAverage and input:nElement() or 1))
end
criterions.WeightedMSECriterion = criterions.MSECriterion

-- As Torch7 has it: 1, and 0 where the input is.
function criterions.L1Cost(self, input)
  local h = field(self, 'diagHessianInput', input)
  h:resizeAs(input):fill(1)
  return h:maskedFill(input:eq(0), 0) and h
end

-- p (1 - p) of the probabilities
function criterions.CrossEntropyCriterion(self, input, target)
  local h, log = field(self, 'diagHessianInput', input), nn.LogSoftMax():type(input:type())
  local p = log:forward(input:squeeze()):exp()
  h:resizeAs(input):copy(p):cmul(torch.add(torch.mul(p, -1), 1):viewAs(h))
  local nll = self.nll
  if nll and nll.weights then
    local classes = torch.isTensor(target) and target:long():view(-1) or torch.LongTensor { target }
    local weights = nll.weights:index(1, classes):type(h:type())
    local rows = h:view(classes:nElement(), -1)
    rows:cmul(weights:view(-1, 1):expandAs(rows))
    return nll.sizeAverage ~= false and h:div(weights:sum()) or h
  end
  return nll and nll.sizeAverage == false and h or h:div(p:dim() == 2 and p:size(1) or 1)
end

function criterions.MultiCriterion(self, input, target)
  local total = zeros(input)
  for i, criterion in ipairs(self.criterions) do
    local weight = self.weights[i]
    each_pair(total, criterion:updateDiagHessianInput(input, target), function(sum, h) sum:add(weight, h) end)
  end
  return kept(self, total)
end

function criterions.ParallelCriterion(self, input, target)
  local out = {}
  for i, criterion in ipairs(self.criterions) do
    local t = not self.repeatTarget and target and target[i] or target
    out[i] = copied(criterion:updateDiagHessianInput(input[i], t))
    each_pair(out[i], out[i], function(h) h:mul(self.weights[i]) end)
  end
  return kept(self, out)
end

-- -- enable ---------------------------------------------------------------------------------------------------------

local function init(self)
  for name, grad in pairs { diagHessianWeight = 'gradWeight', diagHessianBias = 'gradBias' } do
    local g = self[grad]
    if torch.isTensor(g) then field(self, name, g):resizeAs(g):zero() end
  end
  local params, grads, diagonals = self:parameters()
  if not params or (diagonals and #diagonals == #params) then return end
  self.diagHessian = self.diagHessian or {}
  for i, g in ipairs(grads) do
    self.diagHessian[i] = (self.diagHessian[i] or g.new()):resizeAs(g):zero()
  end
end

local function parameters(self)
  if self.weight and self.bias then
    return { self.weight, self.bias }, { self.gradWeight, self.gradBias },
      { self.diagHessianWeight, self.diagHessianBias }
  end
  if self.weight then return { self.weight }, { self.gradWeight }, { self.diagHessianWeight } end
  if self.bias then return { self.bias }, { self.gradBias }, { self.diagHessianBias } end
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
    append(diagonals, d and #d == #(p or {}) and d or module.diagHessian)
  end
  return params, grads, diagonals
end

local function container_init(self)
  for _, module in ipairs(self.modules) do module:initDiagHessianParameters() end
  local params, _, diagonals = self:parameters()
  if params and #params > 0 and (not diagonals or #diagonals ~= #params) then init(self) end
end

local function get_parameters(self)
  local params, grads, diagonals = self:parameters()
  local flat, dflat = nn.Module.flatten(params or {}), nn.Module.flatten(grads or {})
  diagonals = diagonals and #diagonals == #params and diagonals or self.diagHessian
  if not diagonals or #diagonals == 0 then return flat, dflat end
  return flat, dflat, nn.Module.flatten(diagonals)
end

local function undefined(self)
  error(torch.type(self) .. ': updateDiagHessianInput is not defined for this criterion', 0)
end

local changes = {} -- {class, name, what was there}

local function set(class, name, value)
  local mt = getmetatable(class)
  changes[#changes + 1] = { mt, name, rawget(mt, name) }
  class[name] = value
end

--- Add the methods. A second call changes nothing.
-- @function enable
-- @usage nn.hessian.enable(); nn.hessian.disable()
function hessian.enable()
  if hessian.enabled then return end
  hessian.enabled = true
  set(nn.Module, 'updateDiagHessianInput', carry.exact)
  set(nn.Module, 'accDiagHessianParameters', accumulate.exact)
  set(nn.Module, 'initDiagHessianParameters', init)
  set(nn.Module, 'parameters', parameters)
  set(nn.Module, 'getParameters', get_parameters)
  set(nn.Container, 'parameters', container_parameters)
  set(nn.Container, 'initDiagHessianParameters', container_init)
  set(nn.Container, 'updateDiagHessianInput', carry.container)
  set(nn.Container, 'accDiagHessianParameters', accumulate.container)
  for kind, names in pairs(kinds) do
    for name in names:gmatch '%S+' do
      set(nn[name], 'updateDiagHessianInput', carry[kind])
      set(nn[name], 'accDiagHessianParameters', accumulate[kind] or accumulate.exact)
    end
  end
  set(nn.Criterion, 'updateDiagHessianInput', undefined)
  for name, f in pairs(criterions) do set(nn[name], 'updateDiagHessianInput', f) end
end

--- Take the methods away again; fields that objects have stay.
-- @function disable
-- @usage nn.hessian.disable()
function hessian.disable()
  for i = #changes, 1, -1 do
    local change = changes[i]
    rawset(change[1], change[2], change[3])
    changes[i] = nil
  end
  hessian.enabled = nil
end

return hessian
