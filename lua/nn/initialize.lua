--- nn.init: initial values for tensors and for whole networks.
--
-- Each function fills a tensor and returns it. Given a module it fills the weights (two dimensions and more) of the
-- module and of all inside it, each with its own fans, and returns the module; biases and normalisation layers stay.
-- Names are there in camelCase, in snake_case, and with PyTorch's final underscore: xavierUniform, xavier_uniform,
-- xavier_uniform_. fan_in and fan_out of a weight (out, in, kernel...): in and out times the kernel's size.
-- @module nn.init
local M = {}

local function refuse(name, text, ...) error(('nn.init.%s: %s'):format(name, text:format(...)), 0) end

local function number(name, what, v, default)
  if v == nil then v = default end
  if type(v) ~= 'number' then refuse(name, '%s: expected a number, got %s', what, torch.type(v)) end
  return v
end

local function matrix(name, t)
  if t:dim() < 2 then
    refuse(name, 'expected a tensor of at least 2 dimensions (out, in, kernel...), got %d', t:dim())
  end
  return t
end

--- fan_in, fan_out of a weight.
local function fans(name, t)
  matrix(name, t)
  local field = t:nElement() / t:size(1) / t:size(2)
  return t:size(2) * field, t:size(1) * field
end

local gains = {
  linear = 1, identity = 1, sigmoid = 1, conv = 1, conv1d = 1, conv2d = 1, conv3d = 1, tanh = 5 / 3,
  relu = math.sqrt(2), selu = 3 / 4,
}
for d = 1, 3 do gains['convtranspose' .. d .. 'd'] = 1 end

--- The gain that keeps the scale of what passes through a nonlinearity: 'linear', 'sigmoid', 'tanh' 5/3, 'relu'
-- sqrt(2), 'leakyRelu' sqrt(2 / (1 + slope^2)), 'selu' 3/4.
-- @string nonlinearity its name, in any spelling: 'leaky_relu', 'LeakyReLU'
-- @param[opt=0.01] slope of leakyRelu
-- @usage assert(nn.init.calculateGain('tanh') == 5 / 3)
function M.calculateGain(nonlinearity, slope)
  local key = tostring(nonlinearity):lower():gsub('_', ''):gsub('^nn%.', '')
  if key == 'leakyrelu' then return math.sqrt(2 / (1 + number('calculateGain', 'slope', slope, 0.01) ^ 2)) end
  if not gains[key] then
    refuse('calculateGain', "there is no gain for %s; there are: linear, sigmoid, tanh, relu, leakyRelu, selu",
      tostring(nonlinearity))
  end
  return gains[key]
end

local fill = {} -- name -> function(name, tensor, ...)

function fill.uniform(name, t, a, b)
  a, b = number(name, 'a', a, 0), number(name, 'b', b, 1)
  if a > b then refuse(name, 'the bounds %g and %g are the wrong way round', a, b) end
  t:uniform(a, b)
end
function fill.normal(name, t, mean, std)
  std = number(name, 'std', std, 1)
  if std < 0 then refuse(name, 'std: expected at least 0, got %g', std) end
  if std == 0 then return t:fill(number(name, 'mean', mean, 0)) end
  t:normal(number(name, 'mean', mean, 0), std)
end
function fill.constant(name, t, value) t:fill(number(name, 'value', value)) end
function fill.ones(_, t) t:fill(1) end
function fill.zeros(_, t) t:zero() end

function fill.eye(name, t)
  if t:dim() ~= 2 then refuse(name, 'expected a matrix, got %d dimensions', t:dim()) end
  t:zero()
  for i = 1, math.min(t:size(1), t:size(2)) do t[i][i] = 1 end
end

-- Channel i of each group passes on as it is.
function fill.dirac(name, t, groups)
  groups = number(name, 'groups', groups, 1)
  if t:dim() < 3 or t:dim() > 5 then
    refuse(name, "expected a convolution's weight of 3 to 5 dimensions, got %d", t:dim())
  elseif groups < 1 or t:size(1) % groups ~= 0 then
    refuse(name, 'groups: %g do not divide %d outputs', groups, t:size(1))
  end
  t:zero()
  local outs = t:size(1) / groups
  for g = 0, groups - 1 do
    for i = 1, math.min(outs, t:size(2)) do
      local at = t[g * outs + i][i]
      while torch.isTensor(at) and at:dim() > 1 do at = at[math.floor(at:size(1) / 2) + 1] end
      at[math.floor(at:size(1) / 2) + 1] = 1
    end
  end
end

function fill.xavierUniform(name, t, gain)
  local fan_in, fan_out = fans(name, t)
  local a = number(name, 'gain', gain, 1) * math.sqrt(6 / (fan_in + fan_out))
  t:uniform(-a, a)
end
function fill.xavierNormal(name, t, gain)
  local fan_in, fan_out = fans(name, t)
  t:normal(0, number(name, 'gain', gain, 1) * math.sqrt(2 / (fan_in + fan_out)))
end

local function kaiming(name, t, slope, mode, nonlinearity)
  local fan_in, fan_out = fans(name, t)
  local key = tostring(mode or 'fanIn'):lower():gsub('_', '')
  if key ~= 'fanin' and key ~= 'fanout' then
    refuse(name, "mode: expected 'fanIn' or 'fanOut', got %s", tostring(mode))
  end
  local gain = M.calculateGain(nonlinearity or 'leakyRelu', number(name, 'a', slope, 0))
  return gain / math.sqrt(key == 'fanin' and fan_in or fan_out)
end
function fill.kaimingUniform(name, t, ...)
  local bound = math.sqrt(3) * kaiming(name, t, ...)
  t:uniform(-bound, bound)
end
function fill.kaimingNormal(name, t, ...) t:normal(0, kaiming(name, t, ...)) end

-- Q of a normal matrix's QR, with R's diagonal made positive: uniform among the orthogonal ones.
function fill.orthogonal(name, t, gain)
  matrix(name, t)
  gain = number(name, 'gain', gain, 1)
  local rows = t:size(1)
  local columns = t:nElement() / rows
  local tall = torch.DoubleTensor(math.max(rows, columns), math.min(rows, columns)):normal()
  local q, r = torch.qr(tall)
  for j = 1, q:size(2) do
    if r[j][j] < 0 then q:select(2, j):mul(-1) end
  end
  if rows < columns then q = q:t() end
  t:copy(q:contiguous():mul(gain):viewAs(t))
end

function fill.sparse(name, t, sparsity, std)
  if t:dim() ~= 2 then refuse(name, 'expected a matrix, got %d dimensions', t:dim()) end
  sparsity = number(name, 'sparsity', sparsity)
  if not (sparsity >= 0 and sparsity <= 1) then refuse(name, 'sparsity: expected 0 to 1, got %g', sparsity) end
  t:normal(0, number(name, 'std', std, 0.01))
  local zeros = math.ceil(sparsity * t:size(1))
  for j = 1, t:size(2) do
    local order = torch.randperm(t:size(1))
    for k = 1, zeros do t[order[k]][j] = 0 end
  end
end

-- A standard normal number of low..high, by rejection that accepts about half or more, however far out they lie:
-- beyond 0 from an exponential cut to the interval (Robert, 1995), around 0 from the uniform or the normal itself.
local function standard(low, high)
  if high < 0 then return -standard(-high, -low) end
  local rate = low < 1e8 and (low + math.sqrt(low * low + 4)) / 2 or low
  while true do
    local z, accepted
    if low > 0 then
      z = low - math.log(1 - torch.uniform() * (1 - math.exp(-rate * (high - low)))) / rate
      accepted = math.exp(-0.5 * (z - rate) ^ 2)
    elseif high - low < 2.5 then
      z = torch.uniform(low, high)
      accepted = math.exp(-0.5 * z * z)
    else
      z = torch.normal(0, 1)
      accepted = z >= low and z <= high and 1 or 0
    end
    if torch.uniform() < accepted then return z end
  end
end

local function tail(mean, std, a, b)
  return math.min(math.max(mean + std * standard((a - mean) / std, (b - mean) / std), a), b)
end
function fill.truncNormal(name, t, mean, std, a, b)
  mean, std = number(name, 'mean', mean, 0), number(name, 'std', std, 1)
  a, b = number(name, 'a', a, -2), number(name, 'b', b, 2)
  if not (std > 0 and a < b and math.abs(mean) + std < math.huge) then
    refuse(name, 'expected a finite mean, std > 0 and a < b, got %g, %g, %g, %g', mean, std, a, b)
  end
  t:normal(mean, std)
  for _ = 1, 30 do -- draw what fell outside again, all at once
    local outside = torch.lt(t, a):add(torch.gt(t, b))
    local n = outside:sum()
    if n == 0 then return end
    t:maskedCopy(outside, t.new(n):normal(mean, std))
  end
  t:apply(function(v)
    if v < a or v > b then return tail(mean, std, a, b) end
  end)
end

-- The weights of one module, as (out, in, kernel...).
local function weights(module)
  if module.named and module.hiddenSize then
    local list = {}
    for key, t in pairs(module:named()) do
      if key:find '^weight' then list[#list + 1] = { key, t } end
    end
    table.sort(list, function(x, y) return x[1] < y[1] end)
    for i = 1, #list do list[i] = list[i][2] end
    return list
  end
  local w = module.weight
  if not torch.isTensor(w) or w:dim() < 2 then return {} end
  if w:dim() == 2 and module.kW and module.kH and module.nInputPlane and w:isContiguous() then
    return { w:view(w:size(1), -1, module.kH, module.kW) } -- the MM layers keep a matrix
  end
  return { w }
end

local function define(name, f)
  local function run(what, ...)
    if torch.isTensor(what) then
      f(name, what, ...)
    elseif torch.isTypeOf(what, 'nn.Module') then
      for _, module in ipairs(what:listModules()) do
        for _, w in ipairs(weights(module)) do f(name, w, ...) end
      end
    else
      refuse(name, 'expected a tensor or a module, got %s', torch.type(what))
    end
    return what
  end
  local snake = name:gsub('%u', function(c) return '_' .. c:lower() end)
  M[name], M[snake], M[snake .. '_'], M[name .. '_'] = run, run, run, run
end
for name, f in pairs(fill) do define(name, f) end
M.calculate_gain = M.calculateGain

return M
