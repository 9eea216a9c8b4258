--- The minimum of the polynomial through points with values and slopes (Schmidt's minFunc).
--
-- Two points without bounds: the cubic's minimum in closed form, kept between the points, their middle when it has
-- none. Otherwise the polynomial of degree 2n - 1 through all n points is solved for, and the least of its values at
-- the bounds, the points and the real roots of its slope is taken.

local joined = require('torch.check').joined
local function check(points, lowest, highest)
  if not torch.isTensor(points) or points:dim() ~= 2 or points:size(2) ~= 3 then
    local got = torch.isTensor(points) and joined(points:size(), ' x ') or torch.type(points)
    error('optim.polyinterp: argument 1: expected an n x 3 tensor of positions, values and slopes, got ' .. got, 3)
  end
  for n, bound in pairs { [2] = lowest, [3] = highest } do
    if type(bound) ~= 'number' then
      error(('optim.polyinterp: argument %d: expected a number, got %s'):format(n, torch.type(bound)), 3)
    end
  end
end

local function cubic(points)
  local near, far = points[1], points[2]
  if far[1] < near[1] then near, far = far, near end
  local x1, f1, g1, x2, f2, g2 = near[1], near[2], near[3], far[1], far[2], far[3]
  local d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
  local square = d1 * d1 - g1 * g2
  if square < 0 or square ~= square then return (x1 + x2) / 2 end
  local d2 = math.sqrt(square)
  local t = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
  return math.min(math.max(t, x1), x2)
end

-- Coefficients, the highest power first, of the polynomial with these values and slopes.
local function fit(points, degree)
  local n = points:size(1)
  local a, b = torch.zeros(2 * n, degree + 1), torch.zeros(2 * n, 1)
  for i = 1, n do
    local x = points[i][1]
    for j = 1, degree + 1 do a[i][j] = x ^ (degree + 1 - j) end
    for j = 1, degree do a[n + i][j] = (degree - j + 1) * x ^ (degree - j) end
    b[i][1], b[n + i][1] = points[i][2], points[i][3]
  end
  local solution = torch.gels(b, a):select(2, 1)
  local c = {}
  for j = 1, degree + 1 do c[j] = math.abs(solution[j]) > 1e-12 and solution[j] or 0 end
  return c
end

-- Real roots: eigenvalues of the companion matrix.
local function real_roots(c)
  local first, last = 1, #c
  while first <= last and c[first] == 0 do first = first + 1 end
  local roots = {}
  while last > first and c[last] == 0 do
    roots[1] = 0
    last = last - 1
  end
  local n = last - first
  if n < 1 then return roots end
  local m = torch.zeros(n, n)
  for j = 1, n do
    m[1][j] = -c[first + j] / c[first]
    if j < n then m[j + 1][j] = 1 end
  end
  local values = torch.eig(m, 'N')
  for i = 1, n do
    if values[i][2] == 0 then roots[#roots + 1] = values[i][1] end
  end
  return roots
end

local function value_at(c, x)
  local y = 0
  for i = 1, #c do y = y * x + c[i] end
  return y
end

--- @param points n x 3 tensor: position, value, slope
-- @param[opt] lowest smallest position allowed; the points' own by default
-- @param[opt] highest largest position allowed
-- @return position of the minimum, and its value except in the closed form
-- @usage local t = optim.polyinterp(torch.Tensor {{0, 1, -2}, {1, 0.5, 1}})
return function(points, lowest, highest)
  check(points, lowest, highest)
  local n = points:size(1)
  if n == 2 and not lowest and not highest then return cubic(points) end

  local positions = points:select(2, 1)
  lowest, highest = lowest or positions:min(), highest or positions:max()
  local degree = 2 * n - 1
  local ok, c = pcall(fit, points, degree)
  local at, least = (lowest + highest) / 2, math.huge
  if not ok then return at, least end -- no polynomial (two points in one place): bisect

  local slope, sane = {}, true
  for i = 1, degree do
    slope[i] = c[i] * (degree - i + 1)
    sane = sane and slope[i] - slope[i] == 0
  end
  local candidates = { lowest, highest, unpack(positions:totable()) }
  for _, x in ipairs(sane and real_roots(slope) or {}) do candidates[#candidates + 1] = x end
  for _, x in ipairs(candidates) do
    local y = value_at(c, x)
    if x >= lowest and x <= highest and y < least then at, least = x, y end
  end
  return at, least
end
