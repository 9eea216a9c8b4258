--- Adafactor (Shazeer and Stern, 2018): the second moment of a matrix is kept as one number a row and one a column.
--
-- config: learningRate = 0.01, beta2Decay = -0.8, epsilon1 (the type's machine epsilon), epsilon2 = 1e-3,
-- clip = 1 (largest root mean square of a step, before the rate), weightDecay = 0, parameters (the tensors that x is
-- made of, net:parameters(); without them a vector x is one of biases).
-- state: parts (place and sizes of each parameter; row and column, or v), t.
-- Of more than two dimensions the last two make the matrices. PyTorch's numbers.
local settings = require 'optim.settings'
local places = require 'optim.parts'.places

-- v = v + share * (mean of squares of g along a dimension - v)
local function follow(v, g, dim, share)
  local mean = torch.cmul(g, g):mean(dim)
  return v and v:mul(1 - share):add(share, mean) or mean:mul(share)
end

-- The estimate of the second moment.
local function moment(part, g, share, epsilon)
  local sizes = part.sizes
  if #sizes < 2 then
    part.v = part.v or g:clone():zero()
    part.v:mul(1 - share):addcmul(share, g, g)
    return part.v:clone()
  end
  local rows, columns = sizes[#sizes - 1], sizes[#sizes]
  local m = g:view(-1, rows, columns)
  part.row, part.column = follow(part.row, m, 3, share), follow(part.column, m, 2, share)
  local scale = part.row:mean(2):clamp(epsilon, math.huge)
  return torch.bmm(part.row, part.column):cdiv(scale:expandAs(m)):view(-1)
end

local function step_part(w, g, part, t, config)
  local single = torch.type(w) == 'torch.FloatTensor'
  local epsilon = config.epsilon1 or (single and 2 ^ -23 or 2 ^ -52)
  local rate, n = config.learningRate or 0.01, math.sqrt(part.n)
  local share = t ^ (config.beta2Decay or -0.8)
  local size = math.max(config.epsilon2 or 1e-3, w:norm() / n) * math.min(rate, 1 / math.sqrt(t))
  if (config.weightDecay or 0) ~= 0 then w:mul(1 - rate * config.weightDecay) end
  local update = moment(part, g, share, epsilon):clamp(epsilon ^ 2, math.huge):rsqrt():cmul(g)
  w:add(-size / math.max(1, update:norm() / (n * (config.clip or 1))), update)
end

--- x = x - max(epsilon2, |x|/sqrt n) * min(rate, 1/sqrt t) * u / max(1, |u|/(clip sqrt n)), u = g / sqrt(v)
-- @param opfunc x → f, df/dx
-- @param x a matrix, or flat parameters, changed in place
-- @return x, {f}
-- @usage optim.adafactor(function(x) return x:dot(x), x * 2 end, torch.randn(3, 4), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('adafactor', opfunc, x, config, state)
  settings.floating('adafactor', x)
  if not x:isContiguous() then error('optim.adafactor: argument 2: expected contiguous parameters', 2) end
  if not state.parts then
    local whole = x:dim() < 2 and config.parameters == nil
    state.parts = whole and { { first = 1, n = x:nElement(), sizes = { x:nElement() } } }
      or places('adafactor', x, config.parameters)
  end
  local fx, dfdx = settings.evaluate('adafactor', opfunc, x)
  local flat, g = x:view(-1), dfdx:contiguous():view(-1)
  state.t = (state.t or 0) + 1
  for _, part in ipairs(state.parts) do
    step_part(flat:narrow(1, part.first, part.n), g:narrow(1, part.first, part.n), part, state.t, config)
  end
  return x, { fx }
end
