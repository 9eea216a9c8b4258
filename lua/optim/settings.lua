--- What the optimisers share: checks of their arguments, buffers, and the step itself, which is one pass in C
-- (core/updates.h has the formulas).
local ffi = require 'ffi'
local fail = require 'torch.position'.fail
local C = require 'torch.ffi'
local M = {}

local ENOMEM = tonumber(C.RK_ENOMEM)
local numbers = ffi.new 'double[8]'
local rows = {}
for i = 0, tonumber(C.RK_NUPDATES) - 1 do rows[ffi.string(C.rk_update_name(i))] = i end

local NUMBERS = { 'learningRate', 'learningRateDecay', 'momentum', 'dampening', 'weightDecay', 'beta1', 'beta2',
  'epsilon', 'eps', 'alpha', 'rho', 'lambda', 'eta0', 't0', 'etaplus', 'etaminus', 'stepsizemax', 'stepsizemin',
  'maxIter', 'maxEval', 'tolFun', 'tolX', 'nCorrection', 'momentumDecay', 'beta2Decay',
  'epsilon1', 'epsilon2', 'clip', 'steps', 'sig', 'int', 'ext', 'ratio' }
local judged = setmetatable({}, { __mode = 'k' })

-- Once for each table of settings: what is to be a number is one. Digits in a string, as they come from a command line
-- or the environment, become a number.
local function judge(name, config)
  for i = 1, #NUMBERS do
    local key = NUMBERS[i]
    local v = config[key]
    if v and type(v) ~= 'number' then
      local n = (type(v) == 'string' or type(v) == 'cdata') and tonumber(v)
      if not n then
        fail(('optim.%s: %s: expected a number, got %s'):format(name, key,
          type(v) == 'string' and ('%q'):format(v) or torch.type(v)))
      end
      config[key] = n
    end
  end
  judged[config] = true
end

--- Insist on the arguments that every optimiser takes.
-- @return config and state, never nil
function M.check(name, opfunc, x, config, state)
  if type(opfunc) ~= 'function' and (torch.isTensor(opfunc) or not (debug.getmetatable(opfunc) or {}).__call) then
    fail(('optim.%s: argument 1: expected a function, got %s'):format(name, torch.type(opfunc)))
  end
  if not torch.isTensor(x) then
    fail(('optim.%s: argument 2: expected a tensor of parameters, got %s'):format(name, torch.type(x)))
  end
  if config ~= nil and type(config) ~= 'table' then
    fail(('optim.%s: argument 3: expected a table of settings, got %s'):format(name, torch.type(config)))
  end
  if state ~= nil and type(state) ~= 'table' then
    fail(('optim.%s: argument 4: expected a table of state, got %s'):format(name, torch.type(state)))
  end
  if not config then
    config = {}
  elseif not judged[config] then
    judge(name, config)
  end
  return config, state or config
end

--- Insist on parameters of a floating type, at least one.
function M.floating(name, x)
  if x:nElement() == 0 or not x.norm then
    fail(('optim.%s: argument 2: expected parameters of floating type, got %s of %d'):format(name, torch.type(x),
      x:nElement()))
  end
end

local function shown(t)
  return torch.isTensor(t) and ('%s of %d'):format(torch.type(t), t:nElement()) or torch.type(t)
end

--- Call the function: f(x) and its gradient, which must have as many elements as x.
-- @param[opt] number true: f(x) must be a number
function M.evaluate(name, opfunc, x, number)
  local fx, dfdx = opfunc(x)
  if number and type(fx) ~= 'number' then
    fail(('optim.%s: the function must return a number and a gradient; its first result is %s'):format(name,
      torch.type(fx)))
  end
  if not torch.isTensor(dfdx) or dfdx:nElement() ~= x:nElement() then
    fail(('optim.%s: the function must return f(x) and a gradient like x, %s; its second result is %s')
      :format(name, shown(x), shown(dfdx)))
  end
  return fx, dfdx
end

--- A fresh tensor of x's type and size, filled with a value.
function M.like(x, value) return x.new():resizeAs(x):fill(value or 0) end

--- n fresh tensors like x in one, zero.
function M.rows(n, x) return x.new(n, unpack(x:size():totable())):zero() end

local function failed(name, status, ...)
  if status == ENOMEM then
    collectgarbage()
    collectgarbage()
    C.rk_trim()
    if C.rk_update(...) == 0 then return end
  end
  -- x comes after a function here
  local text = ffi.string(C.rk_error()):gsub('^%a+: ', ''):gsub('argument 1:', 'argument 2:')
  fail(('optim.%s: %s'):format(name, text))
end

--- One step of a row of core/updates.h: x and the states change in place.
-- @param name the row, and the optimiser in error texts
-- @param x parameters
-- @param g their gradient
-- @param s0 states, as many as the row has; nil for others (s1, s2, s3 likewise)
-- @param ... the row's numbers, p0 first
function M.step(name, x, g, s0, s1, s2, s3, p0, p1, p2, p3, p4, p5, p6, p7)
  numbers[0], numbers[1], numbers[2], numbers[3] = p0, p1 or 0, p2 or 0, p3 or 0
  numbers[4], numbers[5], numbers[6], numbers[7] = p4 or 0, p5 or 0, p6 or 0, p7 or 0
  local row = rows[name]
  local status = C.rk_update(row, x, g, s0, s1, s2, s3, numbers)
  if status ~= 0 then failed(name, status, row, x, g, s0, s1, s2, s3, numbers) end
end

return M
