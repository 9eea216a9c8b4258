--- Limited-memory BFGS, with a fixed step or a line search.
--
-- config: maxIter = 20, maxEval = 1.25 * maxIter, tolFun = 1e-5 (on the sum of |gradient|), tolX = 1e-9 (on the
-- sum of |step| and the change of f), nCorrection = 100 (pairs remembered), lineSearch (a function such as
-- optim.lswolfe), lineSearchOptions, learningRate = 1 (the fixed step), verbose = false.
-- state: funcEval, nIter, d, t, old_dirs, old_stps, Hdiag, g_old, f_old, tmp1, ro, al, dir_bufs, stp_bufs.
--
-- The first step is learningRate * min(1, 1 / sum|g|). Without a line search the function is not evaluated after the
-- last step: on a batch that is no longer of use it would be for nothing.
local settings = require 'optim.settings'

local function sum_abs(tmp, t) return tmp:abs(t):sum() end

-- A vector from the pool of those given back, or a new one.
local function vector(pool, like) return table.remove(pool) or like.new():resizeAs(like) end

-- Remember the last step and the change of the gradient along it.
local function remember(state, g, limit)
  local y, s = vector(state.dir_bufs, g), vector(state.stp_bufs, g)
  y:add(g, -1, state.g_old)
  s:mul(state.d, state.t)
  local ys = y:dot(s)
  if ys > 1e-10 then
    if #state.old_dirs == limit then
      table.insert(state.dir_bufs, table.remove(state.old_dirs, 1))
      table.insert(state.stp_bufs, table.remove(state.old_stps, 1))
    end
    table.insert(state.old_dirs, s)
    table.insert(state.old_stps, y)
    state.Hdiag = ys / y:dot(y)
  else
    table.insert(state.dir_bufs, y)
    table.insert(state.stp_bufs, s)
  end
end

-- state.d = -H*g by the two-loop recursion.
local function direct(state, g, limit)
  local dirs, stps, k = state.old_dirs, state.old_stps, #state.old_dirs
  state.ro = state.ro or torch.Tensor(limit):zero()
  state.al = state.al or torch.Tensor(limit):zero()
  local ro, al, q, d = state.ro, state.al, state.tmp1, state.d
  for i = 1, k do ro[i] = 1 / stps[i]:dot(dirs[i]) end
  q:mul(g, -1)
  for i = k, 1, -1 do
    al[i] = dirs[i]:dot(q) * ro[i]
    q:add(-al[i], stps[i])
  end
  d:mul(q, state.Hdiag)
  for i = 1, k do
    local b = stps[i]:dot(d) * ro[i]
    d:add(al[i] - b, dirs[i])
  end
end

local function next_direction(state, g, limit)
  if state.nIter == 1 then
    state.d = g:clone():mul(-1)
    state.old_dirs, state.old_stps, state.Hdiag = {}, {}, 1
  else
    remember(state, g, limit)
    direct(state, g, limit)
  end
  if not state.g_old then state.g_old = g.new():resizeAs(g) end
  state.g_old:copy(g)
end

-- Why to stop after a step, or nil.
local function reason(state, f, g, last, evaluations, config, maxEval)
  local tolX = config.tolX or 1e-9
  if last then return 'reached max number of iterations' end
  if evaluations >= maxEval then return 'max nb of function evals' end
  if sum_abs(state.tmp1, g) <= (config.tolFun or 1e-5) then return 'optimality condition below tolFun' end
  if state.tmp1:mul(state.d, state.t):abs():sum() <= tolX then return 'step size below tolX' end
  if math.abs(f - state.f_old) < tolX then return 'function value changing less than tolX' end
end

local function start(state, g)
  if g:dim() ~= 1 then g = g:view(-1) end
  state.tmp1 = state.tmp1 or settings.like(g)
  state.dir_bufs, state.stp_bufs = state.dir_bufs or {}, state.stp_bufs or {}
  state.funcEval, state.nIter = (state.funcEval or 0) + 1, state.nIter or 0
end

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f of each evaluation kept}, evaluations of this call
-- @usage optim.lbfgs(function(x) return x:dot(x), x * 2 end, torch.ones(3), {maxIter = 5, lineSearch = optim.lswolfe})
return function(opfunc, x, config, state)
  config, state = settings.check('lbfgs', opfunc, x, config, state)
  local maxIter = tonumber(config.maxIter) or 20
  local maxEval = tonumber(config.maxEval) or maxIter * 1.25
  local limit, rate = config.nCorrection or 100, config.learningRate or 1
  local lineSearch = config.lineSearch
  if lineSearch ~= nil and type(lineSearch) ~= 'function' then
    error('optim.lbfgs: config.lineSearch: expected a function (optim.lswolfe), got ' .. torch.type(lineSearch), 2)
  end
  local say = config.verbose and function(text) print('<optim.lbfgs> ' .. text) end or function() end

  local f, g = settings.evaluate('lbfgs', opfunc, x, true)
  local values, evaluations = { f }, 1
  start(state, g)
  if sum_abs(state.tmp1, g) <= (config.tolFun or 1e-5) then
    say 'optimality condition below tolFun'
    return x, values, evaluations
  end

  for iteration = 1, maxIter do
    state.nIter = state.nIter + 1
    next_direction(state, g, limit)
    state.f_old = f
    local slope = g:dot(state.d)
    if slope > -(config.tolX or 1e-9) then
      say 'can not make progress along direction'
      break
    end
    state.t = state.nIter == 1 and math.min(1, 1 / sum_abs(state.tmp1, g)) * rate or rate

    local used = 0
    if lineSearch then
      f, g, x, state.t, used = lineSearch(opfunc, x, state.t, state.d, f, g, slope, config.lineSearchOptions)
      values[#values + 1] = f
    else
      x:add(state.t, state.d)
      if iteration ~= maxIter then
        f, g = settings.evaluate('lbfgs', opfunc, x, true)
        used = 1
        values[#values + 1] = f
      end
    end
    evaluations, state.funcEval = evaluations + used, state.funcEval + used
    local why = reason(state, f, g, iteration == maxIter, evaluations, config, maxEval)
    if why then
      say(why)
      break
    end
  end
  return x, values, evaluations
end
