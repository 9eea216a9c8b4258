--- For specs of layers: errors, inputs, comparison of tensors, gradients by finite differences.
local M = {}

--- The error that f(...) raises.
function M.message(f, ...)
  local ok, err = pcall(f, ...)
  if ok then error('expected an error, there was none', 2) end
  return err
end

--- Fill a tensor with values of either sign, none near to 0.
function M.away_from_zero(t)
  return t:apply(function()
    local v = torch.uniform(0.1, 1)
    return torch.uniform() < 0.5 and -v or v
  end)
end

--- Fill a tensor with values of 0.5 to 1.5.
function M.positive(t) return t:uniform(0.5, 1.5) end

--- Fill a tensor with values no two of which are close together, so that maxima stay where they are.
function M.distinct(t) return t:view(-1):copy(torch.randperm(t:nElement()):double():mul(0.01)):viewAs(t) end

--- A module, evaluating.
function M.evaluating(m)
  m:evaluate()
  return m
end

--- f of every tensor in a value.
-- @return nested tables of the results; what is neither table nor tensor stays
function M.map(x, f)
  if torch.isTensor(x) then return f(x) end
  if type(x) ~= 'table' then return x end
  local out = {}
  for k, v in pairs(x) do out[k] = M.map(v, f) end
  return out
end

--- Largest absolute difference of two tensors of as many elements.
function M.distance(a, b)
  if a:nElement() ~= b:nElement() then return math.huge end
  if a:nElement() == 0 then return 0 end
  return (a:double():clone():view(-1) - b:double():clone():view(-1)):abs():max()
end

--- The tensors in a value, as a list.
function M.flat(x, list)
  list = list or {}
  if torch.isTensor(x) then
    list[#list + 1] = x
  elseif type(x) == 'table' then
    for _, v in ipairs(x) do M.flat(v, list) end
  end
  return list
end
local flat = M.flat

local function random_like(y)
  if torch.isTensor(y) then return y:clone():uniform(-1, 1) end
  local out = {}
  for i, v in ipairs(y) do out[i] = random_like(v) end
  return out
end

local function inner(y, g)
  local sum, a, b = 0, flat(y), flat(g)
  for i = 1, #a do sum = sum + a[i]:clone():view(-1):dot(b[i]:clone():view(-1)) end
  return sum
end

-- d value() / d t by central differences.
local function numeric(value, t)
  local eps, grad = 1e-5, t:clone():zero()
  local where, out = t:storage(), grad:view(-1)
  local k = 0
  local function visit(dim, offset)
    if dim > t:dim() then
      k = k + 1
      local old = where[offset]
      where[offset] = old + eps
      local up = value()
      where[offset] = old - eps
      local down = value()
      where[offset] = old
      out[k] = (up - down) / (2 * eps)
      return
    end
    for i = 0, t:size(dim) - 1 do visit(dim + 1, offset + i * t:stride(dim)) end
  end
  visit(1, t:storageOffset())
  return grad
end

--- Worst error of a module's gradients (input and parameters) against finite differences; doubles.
-- @param module double module; its forward must be a function of its input alone
-- @param input double tensor or nested table of them
function M.gradient_error(module, input)
  local g = random_like(module:forward(input))
  local function value() return inner(module:forward(input), g) end
  module:zeroGradParameters()
  module:forward(input)
  local dx = module:backward(input, g)
  local analytic = {}
  for i, d in ipairs(flat(dx)) do analytic[i] = d:clone() end
  local params, grads = module:parameters()
  local dparams = {}
  for i, d in ipairs(grads or {}) do dparams[i] = d:clone() end
  local worst = 0
  for i, x in ipairs(flat(input)) do worst = math.max(worst, M.distance(numeric(value, x), analytic[i])) end
  for i, p in ipairs(params or {}) do worst = math.max(worst, M.distance(numeric(value, p), dparams[i])) end
  return worst
end

--- The same of a criterion's gradient.
function M.criterion_error(criterion, input, target)
  criterion:forward(input, target)
  local dx = criterion:backward(input, target)
  local analytic = {}
  for i, d in ipairs(flat(dx)) do analytic[i] = d:clone() end
  local worst = 0
  for i, x in ipairs(flat(input)) do
    local want = numeric(function() return (criterion:forward(input, target)) end, x)
    worst = math.max(worst, M.distance(want, analytic[i]))
  end
  return worst
end

return M
