--- Random numbers: Torch7's generator, streams and argument forms.
--
-- Every function takes an optional torch.Generator as its first argument (after a result tensor);
-- without one the process-wide generator is used.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local class = require 'torch.class'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'

local istype, pressure = ffi.istype, memory.pressure
local again, fail, argument = check.again, check.fail, check.argument
local number, integer = check.number, check.integer
local ctype, empty = tensor.ctype, tensor.empty
local define = tensor.define
local functions = tensor.functions
local random_ct = ffi.typeof 'struct rk_random'
local BYTE = types.of_class.Byte

--- The process-wide generator.
local function default() return C.rk_random_default() end

-- -- generators ---------------------------------------------------------------------------

local Generator = class.newmetatable('torch.Generator', nil, function()
  local g = random_ct()
  local seed = ffi.new 'uint64_t[1]'
  local s = C.rk_random_fresh_seed(seed)
  if s ~= 0 then again(s, 'Generator', C.rk_random_fresh_seed, seed) end
  C.rk_random_seed(g, seed[0])
  return g
end, nil, function() return random_ct() end)

local events = check.without_operators()
function events.__index(_, key) return Generator[key] end -- a function: a key of any kind gives nil
function events.__newindex(_, key) fail('Generator: cannot set field %s', tostring(key)) end
function events.__tostring() return 'torch.Generator' end
ffi.metatype(random_ct, events)
class.register_ctype(random_ct, function() return 'torch.Generator', Generator end, function(g)
  return tonumber(ffi.cast('uintptr_t', ffi.cast('void *', g)))
end)

local function isgenerator(v) return istype(random_ct, v) end

--- Seed a generator. manualSeed([generator,] seed)
function functions.manualSeed(g, seed)
  if not isgenerator(g) then g, seed = default(), g end
  if istype(ffi.typeof 'int64_t', seed) or istype(ffi.typeof 'uint64_t', seed) then
    C.rk_random_seed(g, ffi.cast('uint64_t', seed))
  else
    seed = integer('manualSeed', 1, seed)
    C.rk_random_seed(g, ffi.cast('uint64_t', ffi.cast('int64_t', seed)))
    if seed >= 2 ^ 63 then C.rk_random_seed(g, ffi.cast('uint64_t', seed)) end
  end
end

--- Seed from the operating system; returns the seed. seed([generator])
function functions.seed(g)
  g = isgenerator(g) and g or default()
  local seed = ffi.new 'uint64_t[1]'
  local s = C.rk_random_fresh_seed(seed)
  if s ~= 0 then again(s, 'seed', C.rk_random_fresh_seed, seed) end
  seed[0] = seed[0] % 2 ^ 53 -- so that the number given back seeds the same stream
  C.rk_random_seed(g, seed[0])
  return tonumber(seed[0])
end

--- The seed last given. initialSeed([generator])
function functions.initialSeed(g)
  return tonumber((isgenerator(g) and g or default()).initial_seed)
end

-- A generator's state as Torch7 kept it in memory and in files.
ffi.cdef [[
struct rk_torch7_generator {
  uint64_t initial_seed;
  int32_t left, seeded;
  uint64_t next, state[624];
  double normal_x, normal_y, normal_rho;
  int32_t normal_is_valid;
};]]
local state_ct = ffi.typeof 'struct rk_torch7_generator'
local STATE_BYTES = ffi.sizeof(state_ct)

local function get_state(g)
  local s = state_ct()
  s.initial_seed, s.left, s.seeded, s.next = g.initial_seed, g.left, g.seeded, g.next
  for i = 0, 623 do s.state[i] = g.state[i] end
  s.normal_x, s.normal_y, s.normal_rho, s.normal_is_valid = g.normal_x, g.normal_y, g.normal_rho, g.normal_is_valid
  return s
end

local function set_state(name, g, s)
  if s.left < 0 or s.left > 624 or s.next > 624 then fail('%s: these bytes are no state of a generator', name) end
  g.initial_seed, g.left, g.seeded, g.next = s.initial_seed, s.left, s.seeded, s.next
  for i = 0, 623 do g.state[i] = ffi.cast('uint32_t', s.state[i]) end
  g.normal_x, g.normal_y, g.normal_rho, g.normal_is_valid = s.normal_x, s.normal_y, s.normal_rho, s.normal_is_valid
end

--- The whole state as a ByteTensor. getRNGState([generator,] [result])
function functions.getRNGState(g, out)
  if not isgenerator(g) then g, out = default(), g end
  if out == nil then out = empty(BYTE) end
  if not istype(ctype, out) or out.dt ~= BYTE then argument('getRNGState', 1, 'a ByteTensor', out) end
  tensor.resize1('getRNGState', out, STATE_BYTES)
  local bytes = tensor.construct(BYTE, STATE_BYTES)
  ffi.copy(bytes:data(), get_state(g), STATE_BYTES)
  return out:copy(bytes)
end

--- Restore a state. setRNGState([generator,] bytes)
function functions.setRNGState(g, from)
  if not isgenerator(g) then g, from = default(), g end
  if not istype(ctype, from) or from.dt ~= BYTE or C.rk_tensor_count(from) ~= STATE_BYTES then
    argument('setRNGState', 1, ('a ByteTensor of %d elements'):format(STATE_BYTES), from)
  end
  local s = state_ct()
  ffi.copy(s, tensor.contiguous(from):data(), STATE_BYTES)
  set_state('setRNGState', g, s)
end

-- -- distributions -------------------------------------------------------------------------

-- Fill t with a distribution of one or two parameters.
local function fill(name, g, distribution, t, a, b)
  local s = C.rk_random_fill(g, distribution, t, a, b)
  if s ~= 0 then again(s, name, C.rk_random_fill, g, distribution, t, a, b) end
  return t
end

local function finite(name, n, v)
  v = number(name, n, v)
  if v ~= v then argument(name, n, 'a number', v) end
  return v
end

-- name -> draw one number, distribution for tensors, defaults (false: required), check of the parameters
local function positive_deviation(_, b) return b > 0 and b < math.huge, 'the standard deviation must be positive' end

local distributions = {
  uniform = { C.RK_UNIFORM, 0, 1, draw = function(g, a, b) return C.rk_random_uniform(g, a, b) end },
  normal = { C.RK_NORMAL, 0, 1, draw = function(g, a, b) return C.rk_random_normal(g, a, b) end,
    check = positive_deviation },
  cauchy = { C.RK_CAUCHY, 0, 1, draw = function(g, a, b) return C.rk_random_cauchy(g, a, b) end },
  logNormal = { C.RK_LOG_NORMAL, 1, 2, draw = function(g, a, b) return C.rk_random_log_normal(g, a, b) end,
    check = positive_deviation },
  exponential = { C.RK_EXPONENTIAL, false, draw = function(g, a) return C.rk_random_exponential(g, a) end,
    check = function(a) return a > 0, 'the rate must be positive' end },
  geometric = { C.RK_GEOMETRIC, false, all = true,
    draw = function(g, a) return tonumber(C.rk_random_geometric(g, a)) end,
    check = function(a) return a > 0 and a < 1, 'the probability must lie between 0 and 1' end },
  bernoulli = { C.RK_BERNOULLI, 0.5, all = true, draw = function(g, a) return C.rk_random_bernoulli(g, a) end,
    check = function(a) return a >= 0 and a <= 1, 'the probability must lie in 0..1' end },
}

for name, d in pairs(distributions) do
  local kind, default_a, default_b, draw = d[1], d[2], d[3] or 0, d.draw
  local function parameters(a, b)
    if a == nil then a = default_a or argument(name, 1, 'a number', a) end
    a, b = finite(name, 1, a), b == nil and default_b or finite(name, 2, b)
    if d.check then
      local good, why = d.check(a, b)
      if not good then fail('%s: %s, got %.14g', name, why, d[3] and b or a) end
    end
    return a, b
  end
  local function on_tensor(t, g, a, b)
    if not isgenerator(g) then g, a, b = default(), g, a end
    if kind == C.RK_BERNOULLI and istype(ctype, a) then
      if types.float[a.dt] == false then argument(name, 1, 'a FloatTensor or DoubleTensor of probabilities', a) end
      if types.size[a.dt] == 2 then a = a:float() end
      local s = C.rk_random_fill_bernoulli(g, t, a)
      if s ~= 0 then again(s, name, C.rk_random_fill_bernoulli, g, t, a) end
      return t
    end
    a, b = parameters(a, b)
    return fill(name, g, kind, t, a, b)
  end
  define(name, on_tensor, function(g, a, b, c)
    if istype(ctype, g) then return on_tensor(g, a, b, c) end
    if not isgenerator(g) then g, a, b = default(), g, a end
    if istype(ctype, a) then return on_tensor(a, g, b, c) end
    a, b = parameters(a, b)
    return draw(g, a, b)
  end, not d.all and tensor.floats or nil)
end

-- Bounds of integers: none, 1..a, a..b.
local function bounds(a, b)
  if a == nil then return nil end
  a = integer('random', 1, a)
  if b == nil then
    if a < 1 then fail('random: argument 1: upper bound %.14g is not positive', a) end
    return 1, a
  end
  b = integer('random', 2, b)
  if b < a then fail('random: upper bound %.14g below lower bound %.14g', b, a) end
  return a, b
end

local random_tensor
function random_tensor(t, g, a, b)
  if not isgenerator(g) then g, a, b = default(), g, a end
  if t.dt == types.of_class.Long and check.wide(b) and check.isnumber(a) then
    -- relative to the lower bound, which a double need not hold
    local low = check.wide(a) and a or ffi.cast('int64_t', integer('random', 1, a))
    if b < low then fail('random: upper bound %s below lower bound %s', tostring(b), tostring(low)) end
    return random_tensor(t, g, 0, tonumber(b - low)):add(low)
  end
  a, b = bounds(a, b)
  local s
  if a == nil then
    s = C.rk_random_fill_words(g, t)
    if s ~= 0 then again(s, 'random', C.rk_random_fill_words, g, t) end
  else
    s = C.rk_random_fill_integers(g, t, a, b)
    if s ~= 0 then again(s, 'random', C.rk_random_fill_integers, g, t, a, b) end
  end
  return t
end

--- random(): a 32-bit word; random(n): 1..n; random(a, b): a..b. As a method fills the tensor.
define('random', random_tensor, function(g, a, b, c)
  if istype(ctype, g) then return random_tensor(g, a, b, c) end
  if not isgenerator(g) then g, a, b = default(), g, a end
  a, b = bounds(a, b)
  local word = C.rk_random_word(g)
  if a == nil then return word end
  return a + word % (b - a + 1)
end)

-- rand, randn: ([res,] [generator,] sizes)
local function filled(name, kind)
  local function run(t, g, ...)
    local n
    if isgenerator(g) then
      n = tensor.gather(name, 2, ...)
    else
      n = tensor.gather(name, 1, g, ...)
      g = default()
    end
    if t == nil then
      t = tensor.from_dims(name, tensor.default, n)
    else
      tensor.resize_dims(name, t, tensor.trim(n, name))
    end
    return fill(name, g, kind, t, 0, 1)
  end
  define(name, run, function(a, ...)
    if istype(ctype, a) then return run(a, ...) end
    if a == nil then argument(name, 1, 'sizes', a) end
    return run(nil, a, ...)
  end, tensor.floats)
end
filled('rand', C.RK_UNIFORM)
filled('randn', C.RK_NORMAL)

local function randperm(t, g, n)
  if not isgenerator(g) then g, n = default(), g end
  n = integer('randperm', 1, n)
  if n < 1 then fail('randperm: argument 1: expected a positive count, got %d', n) end
  local s = C.rk_random_permutation(g, t, n)
  if s ~= 0 then again(s, 'randperm', C.rk_random_permutation, g, t, n) end
  pressure()
  return t
end

--- randperm([res,] [generator,] n): the numbers 1..n in random order.
define('randperm', randperm, function(a, b, c)
  if istype(ctype, a) then return randperm(a, b, c) end
  return randperm(empty(tensor.default), a, b)
end)

return { default = default, isgenerator = isgenerator }
