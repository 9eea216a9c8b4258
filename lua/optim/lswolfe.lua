--- Line search for the strong Wolfe conditions (after Schmidt's minFunc): brackets a step, then narrows the bracket by
-- cubic interpolation.
--
-- options: c1 = 1e-4 (sufficient decrease), c2 = 0.9 (curvature), tolX = 1e-9, maxIter = 20, verbose = false.
local polyinterp = require 'optim.polyinterp'
local settings = require 'optim.settings'

local function check(opfunc, x, t, d, f, g, gtd, options)
  settings.check('lswolfe', opfunc, x, options)
  for _, row in ipairs { { 3, t, 'number' }, { 4, d }, { 5, f, 'number' }, { 6, g }, { 7, gtd, 'number' } } do
    local n, v, kind = row[1], row[2], row[3]
    if kind and type(v) ~= kind then
      error(('optim.lswolfe: argument %d: expected a number, got %s'):format(n, torch.type(v)), 3)
    elseif not kind and not (torch.isTensor(v) and v:nElement() == x:nElement()) then
      error(('optim.lswolfe: argument %d: expected a tensor like x, of %d, got %s'):format(n, x:nElement(),
        torch.isTensor(v) and 'one of ' .. v:nElement() or torch.type(v)), 3)
    end
  end
end

-- f, g and slope at x = from + t*d. Positions and values are kept in x's own precision.
local function search(opfunc, x, d)
  local s = { from = x:clone(), evaluations = 0 }
  local cell = x.new(1)
  function s.round(v)
    cell:fill(v)
    return cell[1]
  end
  function s.move(t) x:copy(s.from):add(t, d) end
  function s.evaluate(t)
    s.move(t)
    local f, g = settings.evaluate('lswolfe', opfunc, x, true)
    s.evaluations = s.evaluations + 1
    return { t = t, f = f, g = g:clone(), slope = g:dot(d) }
  end
  -- A point as the bracket remembers it
  function s.keep(p) return { t = s.round(p.t), f = s.round(p.f), g = p.g, slope = p.g:dot(d) } end
  return s
end

-- Step outwards until two points enclose a good one, or one is good itself.
-- @return the points, is the first one good?, iterations, the last point
local function bracket(s, x, start, t, o)
  local before, now = start, s.evaluate(t)
  local iteration = 0
  while iteration < o.maxIter do
    if now.f > start.f + o.c1 * now.t * start.slope or (iteration > 1 and now.f >= before.f) then
      return { s.keep(before), s.keep(now) }, false, iteration, now
    elseif math.abs(now.slope) <= -o.c2 * start.slope then
      return { s.keep(now) }, true, iteration, now
    elseif now.slope >= 0 then
      return { s.keep(before), s.keep(now) }, false, iteration, now
    end
    local nearest = now.t + 0.01 * (now.t - before.t)
    local farthest = now.t * 10
    local points = x.new(2, 3)
    for i, p in ipairs { before, now } do points[i][1], points[i][2], points[i][3] = p.t, p.f, p.slope end
    before, now = now, s.evaluate((polyinterp(points, nearest, farthest)))
    iteration = iteration + 1
  end
  return { s.keep(start), s.keep(now) }, false, iteration, now
end

-- Keep away from the ends when the step hardly shrinks the bracket, the second time or at an end.
local function progress(t, low, high, stalled)
  if math.min(high - t, t - low) / (high - low) >= 0.1 then return t, false end
  if not (stalled or t >= high or t <= low) then return t, true end
  if math.abs(t - high) < math.abs(t - low) then return high - 0.1 * (high - low), false end
  return low + 0.1 * (high - low), false
end

local function zoom(s, x, start, points, iteration, o)
  local stalled, done = false, false
  while not done and iteration < o.maxIter do
    local lo = points[2].f < points[1].f and 2 or 1
    local hi = 3 - lo
    local table_ = x.new(2, 3)
    for i, p in ipairs(points) do table_[i][1], table_[i][2], table_[i][3] = p.t, p.f, p.slope end
    local low, high = math.min(points[1].t, points[2].t), math.max(points[1].t, points[2].t)
    local t
    t, stalled = progress(polyinterp(table_), low, high, stalled)

    local now = s.evaluate(t)
    iteration = iteration + 1
    if now.f > start.f + o.c1 * t * start.slope or now.f >= points[lo].f then
      points[hi] = s.keep(now)
    else
      if math.abs(now.slope) <= -o.c2 * start.slope then
        done = true
      elseif now.slope * (points[hi].t - points[lo].t) >= 0 then
        points[hi] = points[lo]
      end
      points[lo] = s.keep(now)
    end
    if not done and math.abs((points[1].t - points[2].t) * now.slope) < o.tolX then break end
  end
end

--- @param opfunc x → f, df/dx
-- @param x where the search starts; moved in place
-- @param t first step to try
-- @param d direction
-- @param f value at x
-- @param g gradient at x
-- @param gtd slope along d, g:dot(d): negative
-- @param[opt] options see above
-- @return f, g, x, t at the point found, number of evaluations
-- @usage local x = torch.ones(1); optim.lswolfe(function(v) return v:dot(v), v * 2 end, x, 1, -x, 1, x * 2, -2)
return function(opfunc, x, t, d, f, g, gtd, options)
  check(opfunc, x, t, d, f, g, gtd, options)
  options = options or {}
  local o = { c1 = options.c1 or 1e-4, c2 = options.c2 or 0.9, tolX = options.tolX or 1e-9,
    maxIter = options.maxIter or 20 }
  local s = search(opfunc, x, d)
  local start = { t = 0, f = f, g = g:clone(), slope = gtd }
  local points, done, iteration = bracket(s, x, start, t, o)
  if not done then zoom(s, x, start, points, iteration, o) end
  local best = points[2] and points[2].f < points[1].f and points[2] or points[1]
  if options.verbose then
    print(('<optim.lswolfe> step %g, value %g, %d evaluations'):format(best.t, best.f, s.evaluations))
  end
  s.move(best.t)
  return best.f, best.g, x, best.t, s.evaluations
end
