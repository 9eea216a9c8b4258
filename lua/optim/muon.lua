--- Muon (Jordan, 2024): the momentum of each weight matrix is made orthogonal before it becomes a step.
--
-- config: learningRate = 1e-3, weightDecay = 0.1, momentum = 0.95, nesterov = true, steps = 5 (of the Newton-Schulz
-- iteration), epsilon = 1e-7, match = false (true: steps of AdamW's size, factor 0.2*sqrt(max(rows, columns)), else
-- sqrt(max(1, rows/columns))), parameters (the tensors that x is made of, net:parameters()), adamw (settings for
-- those of one dimension, which optim.adamw moves).
-- state: parts (place and shape of each parameter, with its own state), t.
--
-- x is a matrix, or the flat vector of net:getParameters(); then config.parameters says where its matrices lie. More
-- than two dimensions count as a matrix of size(1) rows.
local settings = require 'optim.settings'
local adamw = require 'optim.adamw'

local A, B, C = 3.4445, -4.7750, 2.0315

-- Nearly the orthogonal matrix closest to u, up to scale: X = a*X + (b*XX' + c*(XX')^2)*X, repeated.
local function orthogonal(u, steps, epsilon)
  local tall = u:size(1) > u:size(2)
  local x = (tall and u:t() or u):clone()
  x:div(math.max(x:norm(), epsilon))
  for _ = 1, steps do
    local s = torch.mm(x, x:t())
    local poly = torch.mm(s, s):mul(C):add(B, s)
    x = torch.mm(poly, x):add(A, x)
  end
  return tall and x:t() or x
end

local function places(x, config)
  if x:dim() > 1 then return { { first = 1, n = x:nElement(), rows = x:size(1) } } end
  if type(config.parameters) ~= 'table' then
    error('optim.muon: x is a vector: config.parameters must list the tensors it is made of (net:parameters())', 3)
  end
  local parts = {}
  for i, p in ipairs(config.parameters) do
    local first = torch.isTensor(p) and p:dim() > 0 and p:storageOffset() - x:storageOffset() + 1 or 0
    if first < 1 or first + p:nElement() - 1 > x:nElement() or not p:isContiguous()
      or torch.pointer(p:storage()) ~= torch.pointer(x:storage()) then
      error(('optim.muon: config.parameters[%d] is no part of x; flatten first, net:getParameters()'):format(i), 3)
    end
    parts[i] = { first = first, n = p:nElement(), rows = p:dim() > 1 and p:size(1) or nil }
  end
  return parts
end

local function step_matrix(w, g, part, config)
  local momentum, rate = config.momentum or 0.95, config.learningRate or 1e-3
  part.m = part.m or settings.like(g)
  part.m:mul(momentum):add(1 - momentum, g)
  local u = part.m
  if config.nesterov ~= false then u = torch.mul(g, 1 - momentum):add(momentum, part.m) end
  local rows, columns = part.rows, part.n / part.rows
  local factor = config.match and 0.2 * math.sqrt(math.max(rows, columns)) or math.sqrt(math.max(1, rows / columns))
  local o = orthogonal(u:view(rows, columns), config.steps or 5, config.epsilon or 1e-7)
  w:mul(1 - rate * (config.weightDecay or 0.1)):add(-rate * factor, o:contiguous())
end

--- @param opfunc x → f, df/dx
-- @param x a matrix, or flat parameters, changed in place
-- @return x, {f}
-- @usage optim.muon(function(x) return x:dot(x), x * 2 end, torch.randn(3, 4), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('muon', opfunc, x, config, state)
  if not x:isContiguous() then error('optim.muon: argument 2: expected contiguous parameters', 2) end
  state.parts = state.parts or places(x, config)
  local fx, dfdx = settings.evaluate('muon', opfunc, x)
  local flat, g = x:view(-1), dfdx:contiguous():view(-1)
  for _, part in ipairs(state.parts) do
    local w, slope = flat:narrow(1, part.first, part.n), g:narrow(1, part.first, part.n)
    if part.rows then
      step_matrix(w, slope, part, config)
    else
      part.state = part.state or {}
      adamw(function() return fx, slope end, w, config.adamw or { learningRate = config.learningRate }, part.state)
    end
  end
  state.t = (state.t or 0) + 1
  return x, { fx }
end
