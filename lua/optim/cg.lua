--- Nonlinear conjugate gradients, Polak-Ribiere with a line search by quadratic and cubic interpolation (Rasmussen's
-- minimize).
--
-- config: maxIter = 20 (evaluations of one line search), maxEval = 1.25 * maxIter (in all), rho = 0.01 and sig = 0.5
-- (Wolfe-Powell conditions), int = 0.1 (no nearer to a bracket's end), ext = 3 (extrapolation at most), ratio = 100
-- (largest change of the slope), verbose = 0. state: df0, df1, df2, df3, s, x0.
--
-- It stops at the first line search that fails: the original meant to try once more along the gradient, but its flag
-- 0 counts as true in Lua, and trajectories follow it.
local settings = require 'optim.settings'

local function finite(z) return z - z == 0 end

-- The minimum between the points 1 and 2, relative to 2; v holds the three points of the search.
local function interpolated(v, int)
  local z
  if v.f2 > v.f1 then
    z = v.z3 - (0.5 * v.d3 * v.z3 * v.z3) / (v.d3 * v.z3 + v.f2 - v.f3)
  else
    local a = 6 * (v.f2 - v.f3) / v.z3 + 3 * (v.d2 + v.d3)
    local b = 3 * (v.f3 - v.f2) - v.z3 * (v.d3 + 2 * v.d2)
    z = (math.sqrt(b * b - a * v.d2 * v.z3 * v.z3) - b) / a
  end
  if not finite(z) then z = v.z3 / 2 end
  return math.max(math.min(z, int * v.z3), (1 - int) * v.z3)
end

-- How far to go on beyond point 2. v.limit: the farthest step known to be too far, -1 for none.
local function extrapolated(v, int, ext)
  local a = 6 * (v.f2 - v.f3) / v.z3 + 3 * (v.d2 + v.d3)
  local b = 3 * (v.f3 - v.f2) - v.z3 * (v.d3 + 2 * v.d2)
  local z = -v.d2 * v.z3 * v.z3 / (b + math.sqrt(b * b - a * v.d2 * v.z3 * v.z3))
  local limited = v.limit > -0.5
  if not finite(z) or z < 0 then return limited and (v.limit - v.z1) / 2 or v.z1 * (ext - 1) end
  if limited and z + v.z1 > v.limit then return (v.limit - v.z1) / 2 end
  if not limited and z + v.z1 > v.z1 * ext then return v.z1 * (ext - 1) end
  if z < -v.z3 * int then return -v.z3 * int end
  if limited and z < (v.limit - v.z1) * (1 - int) then return (v.limit - v.z1) * (1 - int) end
  return z
end

-- Go z along s from where x is; point 2 is measured anew.
local function step(v, state, opfunc, x, z)
  x:add(z, state.s)
  local f, g = settings.evaluate('cg', opfunc, x, true)
  v.evaluations = v.evaluations + 1
  v.f2 = f
  state.df2:copy(g)
  v.d2 = state.df2:dot(state.s)
end

-- @return did it find a point that satisfies both conditions?
local function line_search(v, state, opfunc, x, o)
  step(v, state, opfunc, x, v.z1)
  v.f3, v.d3, v.z3, v.limit = v.f1, v.d1, -v.z1, -1
  local left = math.min(o.maxIter, o.maxEval - v.evaluations)
  local function too_far() return v.f2 > v.f1 + v.z1 * o.rho * v.d1 or v.d2 > -o.sig * v.d1 end
  while true do
    while too_far() and left > 0 do
      v.limit = v.z1
      local z = interpolated(v, o.int)
      v.z1 = v.z1 + z
      step(v, state, opfunc, x, z)
      left = left - 1
      v.z3 = v.z3 - z
    end
    if too_far() then return false end
    if v.d2 > o.sig * v.d1 then return true end
    if left == 0 then return false end -- maxEval may be a fraction: then the search may run past it
    local z = extrapolated(v, o.int, o.ext)
    v.f3, v.d3, v.z3 = v.f2, v.d2, -z
    v.z1 = v.z1 + z
    step(v, state, opfunc, x, z)
    left = left - 1
  end
end

-- The next direction and first step after a success.
local function turn(v, state, ratio)
  local s = state.s
  v.f1 = v.f2
  local beta = (state.df2:dot(state.df2) - state.df2:dot(state.df1)) / state.df1:dot(state.df1)
  s:mul(beta):add(-1, state.df2)
  state.df1, state.df2 = state.df2, state.df1
  v.d2 = state.df1:dot(s)
  if v.d2 > 0 then
    s:mul(state.df1, -1)
    v.d2 = -s:dot(s)
  end
  v.z1 = v.z1 * math.min(ratio, v.d1 / (v.d2 - 1e-320))
  v.d1 = v.d2
end

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f after each line search}, evaluations
-- @usage optim.cg(function(x) return x:dot(x), x * 2 end, torch.ones(3), {maxIter = 10})
return function(opfunc, x, config, state)
  config, state = settings.check('cg', opfunc, x, config, state)
  local o = { rho = config.rho or 0.01, sig = config.sig or 0.5, int = config.int or 0.1, ext = config.ext or 3,
    maxIter = config.maxIter or 20 }
  o.maxEval = config.maxEval or o.maxIter * 1.25
  for _, name in ipairs { 'df0', 'df1', 'df2', 'df3', 's', 'x0' } do
    state[name] = (state[name] or x.new()):resizeAs(x)
  end

  local v = { evaluations = 1 }
  local f, g = settings.evaluate('cg', opfunc, x, true)
  v.f1 = f
  state.df1:copy(g)
  local values = { f }
  state.s:mul(state.df1, -1)
  v.d1 = -state.s:dot(state.s)
  v.z1 = 1 / (1 - v.d1)
  while v.evaluations < math.abs(o.maxEval) do
    state.x0:copy(x)
    state.df0:copy(state.df1)
    local before = v.f1
    if not line_search(v, state, opfunc, x, o) then
      x:copy(state.x0)
      v.f1 = before
      state.df1:copy(state.df0)
      break
    end
    turn(v, state, config.ratio or 100)
    values[#values + 1] = v.f1
    if (config.verbose or 0) ~= 0 then
      print(('<optim.cg> %d evaluations, value %g'):format(v.evaluations, v.f1))
    end
  end
  return x, values, v.evaluations
end
