--- Drawing categories: multinomial, and Walker's alias method for many draws from one distribution.
--
-- Draws follow Torch7's: one uniform a draw without replacement or with it, rows in order.
local ffi = require 'ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local random = require 'torch.random'
local C = require 'torch.ffi'

local fail, need, describe, argument = check.fail, check.tensor, check.describe, check.argument
local LONG, DOUBLE = types.of_class.Long, types.of_class.Double
local M = {}

local function probabilities(name, n, p)
  need(name, n, p)
  if not types.float[p.dt] then argument(name, n, 'a FloatTensor or DoubleTensor of probabilities', p) end
end

local doubles, long_pointer = ffi.typeof 'double[?]', ffi.typeof 'int64_t *'

-- The elements of a row as doubles, counted from 1
local function values_of(row)
  local n = tonumber(C.rk_tensor_count(row))
  local values, view = doubles(n + 1), tensor.to(row, DOUBLE):contiguous()
  ffi.copy(values + 1, view:data(), 8 * n)
  return values, n
end

-- Running totals of one row, scaled to end at 1, and how many categories have a share.
local function distribution(row)
  local values, n = values_of(row)
  local total, used = 0, 0
  for i = 1, n do
    local v = values[i]
    if not (v >= 0 and v < math.huge) then fail('multinomial: probability %d is %.14g: at least 0 expected', i, v) end
    if v > 0 then used = used + 1 end
    total = total + v
  end
  if total <= 0 then fail('multinomial: argument 1: the probabilities of %s add up to 0', describe(row)) end
  local sum = 0
  for i = 1, n do
    sum = sum + values[i]
    values[i] = sum / total
  end
  return values, n, used
end

-- The first category whose running total reaches u.
local function find(totals, high, u)
  local low = 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if totals[middle] < u then low = middle + 1 else high = middle end
  end
  return low
end

-- Take a category out of the running totals and scale the rest up again.
local function remove(totals, n, k)
  local gone = totals[k] - (k > 1 and totals[k - 1] or 0)
  local rest = 1 - gone
  for i = 1, k - 1 do totals[i] = totals[i] / rest end
  for i = k, n do totals[i] = (totals[i] - gone) / rest end
end

local function draw(out, row, n, replacement, generator)
  local totals, categories, used = distribution(row)
  if not replacement and used < n then
    fail('multinomial: %d draws without replacement from %d categories that are not 0', n, used)
  end
  local to, step = ffi.cast(long_pointer, out:data()), out:stride(1)
  for i = 1, n do
    local k = find(totals, categories, C.rk_random_uniform(generator, 0, 1))
    to[(i - 1) * step] = k
    if i < n and not replacement then remove(totals, categories, k) end
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

-- Elements of a vector from doubles counted from 1
local function fill_from(t, values, n)
  local view = tensor.empty(DOUBLE):resize(n)
  ffi.copy(view:data(), values + 1, 8 * n)
  t:copy(view)
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
  q:resize(n):copy(p):mul(n) -- in the precision of p
  local share, alias, has = values_of(q), doubles(n + 1), ffi.new('bool[?]', n + 1)
  local small, large, smalls, larges = doubles(n + 1), doubles(n + 1), 0, 0
  for i = 1, n do
    if share[i] < 1 then
      smalls = smalls + 1
      small[smalls] = i
    else
      larges = larges + 1
      large[larges] = i
    end
  end
  local narrow = p.dt == DOUBLE and doubles(1) or ffi.new 'float[1]' -- rounds what q would round
  while smalls > 0 and larges > 0 do
    local s, l = small[smalls], large[larges]
    smalls = smalls - 1
    alias[s], has[s] = l - 1, true
    narrow[0] = share[l] - (1 - share[s])
    share[l] = narrow[0]
    if share[l] < 1 then
      larges, smalls = larges - 1, smalls + 1
      small[smalls] = l
    end
  end
  local most = 0
  for i = 1, n do most = math.max(most, share[i]) end
  for i = 1, n do
    narrow[0] = most > 1 and share[i] / most or share[i]
    share[i] = has[i] and narrow[0] or 1
  end
  fill_from(q, share, n)
  fill_from(J:resize(n), alias, n)
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
  local share, alias = values_of(q), values_of(J)
  return res:apply(function()
    local k = math.floor(C.rk_random_uniform(generator, 0, n)) + 1
    -- Torch7's tables hold the alias counted from 0 and its draws take that number as it is; 0 is no category
    return C.rk_random_bernoulli(generator, share[k]) ~= 0 and k or math.max(alias[k], 1)
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
