--- Drawing categories: multinomial, and Walker's alias method for many draws from one distribution.
--
-- Draws follow Torch7's: one uniform a draw without replacement or with it, rows in order.
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local random = require 'torch.random'
local C = require 'torch.ffi'

local fail, need, describe, argument = check.fail, check.tensor, check.describe, check.argument
local LONG = types.of_class.Long
local M = {}

local function probabilities(name, n, p)
  need(name, n, p)
  if not types.float[p.dt] then argument(name, n, 'a FloatTensor or DoubleTensor of probabilities', p) end
end

-- Running totals of one row, scaled to end at 1, in a Lua table.
local function distribution(row)
  local values, total, used = row:totable(), 0, 0
  for i, v in ipairs(values) do
    if not (v >= 0 and v < math.huge) then fail('multinomial: probability %d is %.14g: at least 0 expected', i, v) end
    if v > 0 then used = used + 1 end
    total = total + v
  end
  if total <= 0 then fail('multinomial: argument 1: the probabilities of %s add up to 0', describe(row)) end
  local sum = 0
  for i, v in ipairs(values) do
    sum = sum + v
    values[i] = sum / total
  end
  return values, used
end

-- The first category whose running total reaches u.
local function find(totals, u)
  local low, high = 1, #totals
  while low < high do
    local middle = math.floor((low + high) / 2)
    if totals[middle] < u then low = middle + 1 else high = middle end
  end
  return low
end

-- Take a category out of the running totals and scale the rest up again.
local function remove(totals, k)
  local gone = totals[k] - (totals[k - 1] or 0)
  local rest = 1 - gone
  for i = 1, #totals do totals[i] = (i < k and totals[i] or totals[i] - gone) / rest end
end

local function draw(out, row, n, replacement, generator)
  local totals, used = distribution(row)
  if not replacement and used < n then
    fail('multinomial: %d draws without replacement from %d categories that are not 0', n, used)
  end
  for i = 1, n do
    local k = find(totals, C.rk_random_uniform(generator, 0, 1))
    out[i] = k
    if i < n and not replacement then remove(totals, k) end
  end
end

--- Draw n categories for each row of p (a vector, or a matrix of rows): multinomial([res,] [generator,] p, n,
-- [replacement = false]) gives a LongTensor. The rows need not add up to 1.
-- @usage torch.multinomial(torch.Tensor{0, 1}, 2, true) -- 2 2
function M.multinomial(...)
  local args, at = { ... }, 1
  local res, generator
  if check.istensor(args[1]) and args[1].dt == LONG then res, at = args[1], 2 end
  if random.isgenerator(args[at]) then generator, at = args[at], at + 1 end
  local p, n, replacement = args[at], args[at + 1], args[at + 2]
  probabilities('multinomial', at, p)
  n = check.integer('multinomial', at + 1, n)
  if not (n >= 1 and n < 2 ^ 31) then
    fail('multinomial: argument %d: %.14g draws: at least 1 and less than 2^31 expected', at + 1, n)
  end
  if p.rank ~= 1 and p.rank ~= 2 then
    fail('multinomial: argument %d: a vector or matrix expected, got %s', at, describe(p))
  end
  res, generator = res or tensor.empty(LONG), generator or random.default()
  if p.rank == 1 then
    draw(res:resize(n), p, n, replacement, generator)
  else
    res:resize(p:size(1), n)
    for i = 1, p:size(1) do draw(res:select(1, i), p:select(1, i), n, replacement, generator) end
  end
  return res
end

--- The alias table of a vector of probabilities: J, q. See multinomialAliasSetup.
function M.multinomialAliasSetup_(p, J, q)
  probabilities('multinomialAliasSetup', 1, p)
  if p.rank ~= 1 then fail('multinomialAliasSetup: argument 1: a vector expected, got %s', describe(p)) end
  local n = p:size(1)
  J, q = J or tensor.empty(LONG), q or tensor.empty(p.dt)
  if need('multinomialAliasSetup', 2, J).dt ~= LONG then argument('multinomialAliasSetup', 2, 'a LongTensor', J) end
  if need('multinomialAliasSetup', 3, q).dt ~= p.dt then
    argument('multinomialAliasSetup', 3, check.class(p), q)
  end
  J:resize(n):zero()
  q:resize(n):copy(p):mul(n)
  local small, large, has = {}, {}, {}
  for i = 1, n do
    local list = q[i] < 1 and small or large
    list[#list + 1] = i
  end
  while #small > 0 and #large > 0 do
    local s, l = table.remove(small), large[#large]
    J[s], has[s] = l - 1, true
    q[l] = q[l] - (1 - q[s])
    if q[l] < 1 then small[#small + 1] = table.remove(large) end
  end
  local most = q:max()
  if most > 1 then q:div(most) end
  for i = 1, n do
    if not has[i] then q[i] = 1 end
  end
  return J, q
end

--- Prepare many draws from one distribution: a state for multinomialAlias.
function M.multinomialAliasSetup(p, state)
  if state ~= nil and type(state) ~= 'table' then
    argument('multinomialAliasSetup', 2, 'a state (table) of an earlier call', state)
  end
  local J, q = M.multinomialAliasSetup_(p, state and state[1], state and state[2])
  if state then
    state[1], state[2] = J, q
    return state
  end
  return { J, q }
end

--- Fill a LongTensor with draws from an alias table: multinomialAlias_(res, [generator,] J, q).
function M.multinomialAlias_(res, generator, J, q)
  if not random.isgenerator(generator) then generator, J, q = random.default(), generator, J end
  need('multinomialAlias', 1, res)
  need('multinomialAlias', 2, J)
  probabilities('multinomialAlias', 3, q)
  if res.dt ~= LONG then argument('multinomialAlias', 1, 'a LongTensor', res) end
  if J.dt ~= LONG then argument('multinomialAlias', 2, 'a LongTensor', J) end
  local n = J:nElement()
  if n == 0 or n ~= q:nElement() then
    fail('multinomialAlias: %s and %s are no alias table', describe(J), describe(q))
  end
  if J.rank > 1 or q.rank > 1 then J, q = J:contiguous():view(-1), q:contiguous():view(-1) end
  return res:apply(function()
    local k = math.floor(C.rk_random_uniform(generator, 0, n)) + 1
    -- Torch7's tables hold the alias counted from 0 and its draws take that number as it is; 0 is no category
    return C.rk_random_bernoulli(generator, q[k]) ~= 0 and k or math.max(tonumber(J[k]), 1)
  end)
end

--- Fill a LongTensor with draws, from the state that multinomialAliasSetup made.
function M.multinomialAlias(res, state)
  if type(state) ~= 'table' then argument('multinomialAlias', 2, 'a state of multinomialAliasSetup', state) end
  return M.multinomialAlias_(res, state[1], state[2])
end

for _, name in ipairs { 'multinomial', 'multinomialAlias_', 'multinomialAliasSetup_' } do
  tensor.method(name, M[name], tensor.floats)
end
for name, f in pairs(M) do tensor.functions[name] = f end

return M
