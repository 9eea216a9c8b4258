--- FISTA with backtracking (Beck and Teboulle, 2009): minimises f(x) + g(x), f smooth, g simple.
--
-- params: L = 0.1 (inverse step), Lstep = 1.5 (its growth), maxiter = 50, maxline = 20, errthres = 1e-4 (on the change
-- of the sum), doFistaUpdate = false (the momentum; without it this is ISTA), verbose = false. L is written back, and
-- the buffers xkm, y, ply are kept there.
local function check(f, g, pl, xinit, params)
  for n, v in ipairs { f or 'nothing', g or 'nothing', pl or 'nothing' } do
    if type(v) ~= 'function' and not (debug.getmetatable(v) or {}).__call then
      error(('optim.FistaLS: argument %d: expected a function, got %s'):format(n, torch.type(v)), 3)
    end
  end
  if not torch.isTensor(xinit) then
    error('optim.FistaLS: argument 4: expected a tensor, got ' .. torch.type(xinit), 3)
  end
  if params ~= nil and type(params) ~= 'table' then
    error('optim.FistaLS: argument 5: expected a table of settings, got ' .. torch.type(params), 3)
  end
end

-- A step from y, shorter until the quadratic bound holds; the new point is left in xk.
local function backtrack(f, pl, xk, params, fy, slope, L, Lstep, maxline)
  local y, ply, tries = params.y, params.ply, 0
  while true do
    ply:copy(y):add(-1 / L, slope)
    pl(ply, L)
    xk:copy(ply)
    local value = f(ply)
    if type(value) ~= 'number' then
      error('optim.FistaLS: f(x) must return a number, got ' .. torch.type(value), 3)
    end
    ply:add(-1, y)
    local bound = fy + slope:dot(ply) + L / 2 * ply:dot(ply)
    tries = tries + 1
    if value <= bound then return L, tries, bound end
    if tries > maxline then
      xk:copy(params.xkm)
      return L, tries, bound
    end
    L = L * Lstep
  end
end

--- @param f f(x) returns the smooth part, f(x, 'dx') also its gradient
-- @param g g(x) returns the other part
-- @param pl pl(x, L) replaces x by the minimum of g(z) + L/2 |z - x|^2
-- @param xinit receives the solution; the search starts at zero
-- @param[opt] params see above
-- @return y, a list of {nline, L, F, Fply, Gply, Q} for each iteration
-- @usage optim.FistaLS(function(x) return x:dot(x), x * 2 end, torch.norm, function(x) x:mul(0.5) end, torch.ones(2))
return function(f, g, pl, xinit, params)
  check(f, g, pl, xinit, params)
  params = params or {}
  local L, errthres = params.L or 0.1, params.errthres or 1e-4
  for _, name in ipairs { 'xkm', 'y', 'ply' } do
    params[name] = (params[name] or xinit.new()):resizeAs(xinit):zero()
  end
  local xk, xkm, y = xinit, params.xkm, params.y
  local history, t = {}, 1
  for iteration = 1, params.maxiter or 50 do
    local fy, slope = f(y, 'dx')
    if type(fy) ~= 'number' or not torch.isTensor(slope) then
      error(("optim.FistaLS: f(x, 'dx') must return a number and a gradient, got %s and %s"):format(torch.type(fy),
        torch.type(slope)), 2)
    end
    local tries, bound
    L, tries, bound = backtrack(f, pl, xk, params, fy, slope, L, params.Lstep or 1.5, params.maxline or 20)
    if params.doFistaUpdate then
      local after = (1 + math.sqrt(1 + 4 * t * t)) / 2
      xkm:add(-1, xk)
      y:copy(xk):add((1 - t) / after, xkm)
      xkm:copy(xk)
      t = after
    else
      y:copy(xk)
      xkm:copy(xk)
    end
    local value, other = f(y), g(y)
    history[iteration] = { nline = tries, L = L, F = value + other, Fply = value, Gply = other, Q = bound }
    params.L = L
    if params.verbose then
      print(('<optim.FistaLS> iteration %d: %d tries, L %g, F %g'):format(iteration, tries, L, value + other))
    end
    local before = history[iteration - 1]
    if before and math.abs(history[iteration].F - before.F) <= errthres then break end
  end
  xinit:copy(y)
  return y, history
end
