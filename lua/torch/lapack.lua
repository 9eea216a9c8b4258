--- Decompositions and solvers: gesv gels trtrs symeig eig svd inverse potrf potrs potri pstrf geqrf orgqr ormqr qr,
-- and lu and det, which Torch7 had not.
--
-- All take matrices of FloatTensor or DoubleTensor (half types compute in float) and leave them as they are. As
-- everywhere in torch, result tensors may come first: `torch.gesv(x, lu, b, a)`. Options are letters as in LAPACK and
-- come last. A matrix that does not allow the operation raises an error that names the pivot, minor or eigenvalue at
-- fault.
-- @usage x = torch.gesv(torch.ones(2, 1), torch.Tensor{{2, 0}, {0, 4}}) -- {{0.5}, {0.25}}
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'

local again, fail, argument = check.again, check.fail, check.argument
local ctype, empty = tensor.ctype, tensor.empty
local INT, FLOAT = types.of_class.Int, types.of_class.Float

local M = {}

-- One row a function. results, inputs: how many tensors; ints: results that are IntTensors, by position; options: the
-- letters allowed for each, the default first; call(results, inputs, flags) with flags[i] true for an option's default.
local rows = {
  gesv = { results = 2, inputs = 2, call = function(r, x) return C.rk_gesv(r[1], r[2], x[1], x[2]) end },
  gels = { results = 2, inputs = 2, call = function(r, x) return C.rk_gels(r[1], r[2], x[1], x[2]) end },
  trtrs = { results = 1, inputs = 2, options = { 'UL', 'NT', 'NU' }, also = 2,
    call = function(r, x, first) return C.rk_trtrs(r[1], x[1], x[2], first[1], 1 - first[2], 1 - first[3]) end },
  symeig = { results = 2, inputs = 1, options = { 'NV', 'UL' },
    call = function(r, x, first) return C.rk_symeig(r[1], r[2], x[1], 1 - first[1], first[2]) end },
  eig = { results = 2, inputs = 1, options = { 'NV' },
    call = function(r, x, first) return C.rk_eig(r[1], r[2], x[1], 1 - first[1]) end },
  svd = { results = 3, inputs = 1, options = { 'SA' },
    call = function(r, x, first) return C.rk_svd(r[1], r[2], r[3], x[1], 1 - first[1]) end },
  inverse = { results = 1, inputs = 1, call = function(r, x) return C.rk_inverse(r[1], x[1]) end },
  potrf = { results = 1, inputs = 1, options = { 'UL' },
    call = function(r, x, first) return C.rk_potrf(r[1], x[1], first[1]) end },
  potrs = { results = 1, inputs = 2, options = { 'UL' },
    call = function(r, x, first) return C.rk_potrs(r[1], x[1], x[2], first[1]) end },
  potri = { results = 1, inputs = 1, options = { 'UL' },
    call = function(r, x, first) return C.rk_potri(r[1], x[1], first[1]) end },
  pstrf = { results = 2, inputs = 1, options = { 'UL' }, ints = { [2] = true }, number = -1,
    call = function(r, x, first, tolerance) return C.rk_pstrf(r[1], r[2], x[1], first[1], tolerance) end },
  geqrf = { results = 2, inputs = 1, call = function(r, x) return C.rk_geqrf(r[1], r[2], x[1]) end },
  orgqr = { results = 1, inputs = 2, call = function(r, x) return C.rk_orgqr(r[1], x[1], x[2]) end },
  ormqr = { results = 1, inputs = 3, options = { 'LR', 'NT' },
    call = function(r, x, first) return C.rk_ormqr(r[1], x[1], x[2], x[3], first[1], 1 - first[2]) end },
  qr = { results = 2, inputs = 1, call = function(r, x) return C.rk_qr(r[1], r[2], x[1]) end },
  lu = { results = 2, inputs = 1, ints = { [2] = true },
    call = function(r, x) return C.rk_lu(r[1], r[2], nil, x[1]) end },
}

-- The leading tensors among the arguments.
local function count_tensors(args, n)
  for i = 1, n do
    if not ffi.istype(ctype, args[i]) then return i - 1 end
  end
  return n
end

-- An option letter as 1 when it is the default (or left out), else 0.
local function letter(name, n, allowed, given)
  if given == nil then return 1 end
  local at = type(given) == 'string' and #given == 1 and allowed:find(given:upper(), 1, true)
  if not at then argument(name, n, ("'%s' or '%s'"):format(allowed:sub(1, 1), allowed:sub(2)), given) end
  return at == 1 and 1 or 0
end

local function read_options(name, row, args, at)
  local flags, number = {}, row.number
  for i, allowed in ipairs(row.options or {}) do
    flags[i] = letter(name, at, allowed, args[at])
    at = at + 1
  end
  if row.number and args[at] ~= nil then number = check.number(name, at, args[at]) end
  return flags, number, row.number and at or at - 1
end

-- Result i: the tensor given, or a fresh one of the inputs' type.
local function result(name, row, given, i, dt)
  local wanted = row.ints and row.ints[i] and INT or dt
  if given == nil then return empty(wanted) end
  if given.dt ~= wanted then argument(name, i, types.class[wanted] .. 'Tensor', given) end
  return given
end

local function input(name, n, x, dt)
  if not types.float[x.dt] then argument(name, n, 'FloatTensor or DoubleTensor', x) end
  if x.dt ~= dt then argument(name, n, types.class[dt] .. 'Tensor', x) end
  return x
end

-- The library's call; half types compute in float and come back.
local function call(name, row, results, inputs, flags, number)
  local own = results
  if types.size[inputs[1].dt] == 2 then
    local wide = {}
    results = {}
    for i, x in ipairs(inputs) do wide[i] = tensor.to(x, FLOAT) end
    for i, t in ipairs(own) do results[i] = t.dt == INT and t or empty(FLOAT) end
    inputs = wide
  end
  local status = row.call(results, inputs, flags, number)
  if status ~= 0 then again(status, name, row.call, results, inputs, flags, number) end
  for i, t in ipairs(results) do
    if own[i] ~= t then own[i]:resize(t:size()):copy(t) end
  end
end

local function run(name, row, n, ...)
  local args = { ... }
  local tensors = count_tensors(args, n)
  local given = tensors - row.inputs
  if given ~= 0 and given ~= row.results then
    fail('%s: expected %d tensor(s), or %d results and %d tensor(s), got %d%s', name, row.inputs, row.results,
      row.inputs, tensors, tensors < n and ' and then ' .. check.describe(args[tensors + 1]) or '')
  end
  local flags, number, last = read_options(name, row, args, tensors + 1)
  if n > math.max(last, tensors) then fail('%s: too many arguments: %d', name, n) end
  local inputs, results = {}, {}
  for i = 1, row.inputs do inputs[i] = input(name, given + i, args[given + i], args[given + 1].dt) end
  for i = 1, row.results do results[i] = result(name, row, given > 0 and args[i] or nil, i, inputs[1].dt) end
  call(name, row, results, inputs, flags, number)
  memory.pressure()
  if row.also then results[#results + 1] = tensor.clone(inputs[row.also]) end -- trtrs also returns its matrix
  return unpack(results)
end

for name, row in pairs(rows) do
  M[name] = function(...) return run(name, row, select('#', ...), ...) end
end

-- trtrs and its result-first form: Torch7 takes (x, a, b, A) there, x and a being results.
local trtrs = M.trtrs
function M.trtrs(a, b, c, d, ...)
  if ffi.istype(ctype, d) then
    local x = trtrs(a, c, d, ...)
    b:resizeAs(d):copy(d)
    return x, b
  end
  return trtrs(a, b, c, d, ...)
end

--- Determinant of a square matrix, a number.
-- @usage torch.det(torch.eye(3)) -- 1
function M.det(a)
  check.tensor('det', 1, a)
  if a.rank ~= 2 or a.extent[0] ~= a.extent[1] then
    fail('det: argument 1: a square matrix expected, got %s', check.describe(a))
  end
  local lu, pivots = M.lu(a)
  local product = lu:diag():prod()
  for i = 1, pivots:nElement() do
    if pivots[i] ~= i then product = -product end
  end
  return product
end

-- Torch7 had them as functions only; `x:inverse()` stands for `torch.inverse(x)`.
for name, f in pairs(M) do tensor.method(name, f, tensor.floats) end

return M
