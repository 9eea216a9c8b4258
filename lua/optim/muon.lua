--- Muon (Jordan, 2024): the momentum of each weight matrix is made orthogonal before it becomes a step.
--
-- config: learningRate = 1e-3, weightDecay = 0.1, momentum = 0.95, nesterov = true, steps = 5 (of the Newton-Schulz
-- iteration), coefficients = {3.4445, -4.775, 2.0315} (of it), epsilon = 1e-7, adjust = 'original' (the rate's factor:
-- sqrt(max(1, rows/columns)); 'match_rms_adamw', or match = true: steps of AdamW's size, 0.2*sqrt(max(rows, columns));
-- 'spectral_unclamped': sqrt(rows/columns)), parameters (the tensors that x is made of, net:parameters()), adamw
-- (settings for those of one dimension, which optim.adamw moves).
-- state: parts (place and shape of each parameter, with its own state), t.
--
-- x is a matrix, or the flat vector of net:getParameters(); then config.parameters says where its matrices lie. More
-- than two dimensions count as a matrix of size(1) rows.
local settings = require 'optim.settings'
local places = require 'optim.parts'.places
local adamw = require 'optim.adamw'

local usual = { 3.4445, -4.7750, 2.0315 }

-- Nearly the orthogonal matrix closest to u, up to scale: X = a*X + (b*XX' + c*(XX')^2)*X, repeated.
local function orthogonal(u, steps, epsilon, coefficients)
  local a, b, c = unpack(coefficients or usual)
  local tall = u:size(1) > u:size(2)
  local x = (tall and u:t() or u):clone()
  x:div(math.max(x:norm(), epsilon))
  for _ = 1, steps do
    local s = torch.mm(x, x:t())
    local poly = torch.mm(s, s):mul(c):add(b, s)
    x = torch.mm(poly, x):add(a, x)
  end
  return tall and x:t() or x
end

-- Factors of the rate by the shape.
local adjust = {}
function adjust.original(rows, columns) return math.sqrt(math.max(1, rows / columns)) end
function adjust.match_rms_adamw(rows, columns) return 0.2 * math.sqrt(math.max(rows, columns)) end
function adjust.spectral_unclamped(rows, columns) return math.sqrt(rows / columns) end

local function step_matrix(w, g, part, config)
  local momentum, rate = config.momentum or 0.95, config.learningRate or 1e-3
  part.m = part.m or settings.like(g)
  part.m:mul(momentum):add(1 - momentum, g)
  local u = part.m
  if config.nesterov ~= false then u = torch.mul(g, 1 - momentum):add(momentum, part.m) end
  local rows = part.rows or part.sizes[1] -- states of before had rows
  local columns = part.n / rows
  local factor = adjust[config.adjust or (config.match and 'match_rms_adamw') or 'original'](rows, columns)
  local o = orthogonal(u:view(rows, columns), config.steps or 5, config.epsilon or 1e-7, config.coefficients)
  w:mul(1 - rate * (config.weightDecay or 0.1)):add(-rate * factor, o:contiguous())
end

--- @param opfunc x → f, df/dx
-- @param x a matrix, or flat parameters, changed in place
-- @return x, {f}
-- @usage optim.muon(function(x) return x:dot(x), x * 2 end, torch.randn(3, 4), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('muon', opfunc, x, config, state)
  if not x:isContiguous() then error('optim.muon: argument 2: expected contiguous parameters', 2) end
  if config.adjust and not adjust[config.adjust] then
    error(("optim.muon: adjust: expected 'original', 'match_rms_adamw' or 'spectral_unclamped', got %s")
      :format(tostring(config.adjust)), 2)
  end
  state.parts = state.parts or places('muon', x, config.parameters)
  local fx, dfdx = settings.evaluate('muon', opfunc, x)
  local flat, g = x:view(-1), dfdx:contiguous():view(-1)
  for _, part in ipairs(state.parts) do
    local w, slope = flat:narrow(1, part.first, part.n), g:narrow(1, part.first, part.n)
    if part.rows or (part.sizes and #part.sizes > 1) then
      step_matrix(w, slope, part, config)
    else
      part.state = part.state or {}
      adamw(function() return fx, slope end, w, config.adamw or { learningRate = config.learningRate }, part.state)
    end
  end
  state.t = (state.t or 0) + 1
  return x, { fx }
end
