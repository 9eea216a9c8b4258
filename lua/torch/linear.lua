--- Products of vectors and matrices: mm, mv, ger, bmm, dot and the accumulating
-- forms addmm, addmv, addr, baddbmm, addbmm.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'

local istype, pressure = ffi.istype, memory.pressure
local again, fail, argument, need = check.again, check.fail, check.argument, check.tensor
local describe, number, isnumber = check.describe, check.number, check.isnumber
local ctype, empty, dims = tensor.ctype, tensor.empty, tensor.dims
local define = tensor.define

local M = {}
local value = ffi.new 'struct rk_value'

-- Require tensors of the given ranks and one dtype.
local function operands(name, a, rank_a, b, rank_b)
  need(name, 1, a)
  if not istype(ctype, b) or a.dt ~= b.dt then argument(name, 2, types.class[a.dt] .. 'Tensor', b) end
  if a.rank ~= rank_a then argument(name, 1, ('a tensor of %d dimensions'):format(rank_a), a) end
  if b.rank ~= rank_b then argument(name, 2, ('a tensor of %d dimensions'):format(rank_b), b) end
end

local function mismatch(name, a, b)
  fail('%s: sizes do not fit: %s and %s', name, describe(a), describe(b))
end

-- -- the kinds of product -------------------------------------------------------------------
-- Each: how it is named without and with a matrix to add to, the ranks, and the shape of the result in `dims`.

local products = {}

products.mm = { add = 'addmm', ranks = { 2, 2 }, call = function(...) return C.rk_gemm(...) end, shape = function(a, b)
  if a.extent[1] ~= b.extent[0] then mismatch('mm', a, b) end
  dims[0], dims[1] = a.extent[0], b.extent[1]
  return 2
end }

products.mv = { add = 'addmv', ranks = { 2, 1 }, call = function(...) return C.rk_gemv(...) end, shape = function(a, b)
  if a.extent[1] ~= b.extent[0] then mismatch('mv', a, b) end
  dims[0] = a.extent[0]
  return 1
end }

products.ger = { add = 'addr', ranks = { 1, 1 }, call = function(...) return C.rk_ger(...) end, shape = function(a, b)
  dims[0], dims[1] = a.extent[0], b.extent[0]
  return 2
end }

local function batch_shape(a, b)
  if a.extent[0] ~= b.extent[0] or a.extent[2] ~= b.extent[1] then mismatch('bmm', a, b) end
  dims[0], dims[1], dims[2] = a.extent[0], a.extent[1], b.extent[2]
  return 3
end

products.bmm = { add = 'baddbmm', ranks = { 3, 3 }, call = function(...) return C.rk_bmm(...) end, shape = batch_shape }

local function sum_shape(a, b)
  batch_shape(a, b)
  dims[0], dims[1] = a.extent[1], b.extent[2]
  return 2
end

products.bmm_sum = { add = 'addbmm', ranks = { 3, 3 }, call = function(...) return C.rk_bmm_sum(...) end,
  shape = sum_shape }

-- out = beta * out + alpha * a * b, through a copy where out shares memory with an operand
local function run(p, name, out, beta, alpha, a, b)
  if tensor.shares(out, a) or tensor.shares(out, b) then
    local copy = tensor.clone(out)
    run(p, name, copy, beta, alpha, a, b)
    local s = C.rk_copy(out, copy)
    if s ~= 0 then again(s, name, C.rk_copy, out, copy) end
    return out
  end
  local s = p.call(out, beta, alpha, a, b)
  if s ~= 0 then again(s, name, p.call, out, beta, alpha, a, b) end
  return out
end

local function same_dims(t, rank)
  if t.rank ~= rank then return false end
  for i = 0, rank - 1 do
    if t.extent[i] ~= dims[i] then return false end
  end
  return true
end

local function multiply(p, name, out, a, b)
  operands(name, a, p.ranks[1], b, p.ranks[2])
  local rank = p.shape(a, b)
  if not out then
    out = tensor.from_dims(name, a.dt, rank)
  elseif out.dt ~= a.dt or not same_dims(out, rank) then
    fail('%s: the result must be a %sTensor %s, got %s', name, types.class[a.dt], check.shape(rank, dims),
      describe(out))
  end
  return run(p, name, out, 0, 1, a, b)
end

local accumulate -- out = beta * m + alpha * a * b

-- the same with numbers that are no exact doubles
local function accumulate_exactly(p, name, out, beta, m, alpha, a, b)
  local product = accumulate(p, name, nil, 0, m, 1, a, b):mul(alpha):add(m:clone():mul(beta))
  if out == nil then return product end
  return out:resizeAs(product):copy(product)
end

function accumulate(p, name, out, beta, m, alpha, a, b)
  operands(name, a, p.ranks[1], b, p.ranks[2])
  need(name, 1, m)
  if (check.wide(beta) or check.wide(alpha)) and not types.float[m.dt] then
    return accumulate_exactly(p, name, out, beta, m, alpha, a, b)
  end
  beta, alpha = number(name, 2, beta), number(name, 3, alpha)
  local rank = p.shape(a, b)
  if m.dt ~= a.dt or not same_dims(m, rank) then
    fail('%s: argument 1: expected %sTensor %s to add to, got %s', name, types.class[a.dt],
      check.shape(rank, dims), describe(m))
  end
  if not out then out = empty(m.dt) end
  if out ~= m then
    if out.dt ~= m.dt then argument(name, 1, types.class[m.dt] .. 'Tensor', out) end
    local s = C.rk_tensor_resize_as(out, m)
    if s ~= 0 then again(s, name, C.rk_tensor_resize_as, out, m) end
    pressure()
    if tensor.shares(out, a) or tensor.shares(out, b) then
      local copy = tensor.clone(m)
      run(p, name, copy, beta, alpha, a, b)
      s = C.rk_copy(out, copy)
      if s ~= 0 then again(s, name, C.rk_copy, out, copy) end
      return out
    end
    s = C.rk_copy(out, m)
    if s ~= 0 then again(s, name, C.rk_copy, out, m) end
  end
  return run(p, name, out, beta, alpha, a, b)
end

for short, p in pairs(products) do
  if short ~= 'bmm_sum' then
    local call = p.call
    local function both(a, b, c)
      if istype(ctype, c) and istype(ctype, b) and istype(ctype, a) then
        -- the library checks it all once more: only what it refuses needs the explanations here
        if call(a, 0, 1, b, c) == 0 then return a end
        return multiply(p, short, a, b, c)
      end
      if c or c ~= nil then return multiply(p, short, need(short, 1, a), b, c) end
      return multiply(p, short, nil, a, b)
    end
    define(short, both, both)
  end
  local name = p.add
  define(name, function(t, a, b, c, d, e)
    if c == nil then return accumulate(p, name, t, 1, t, 1, a, b) end
    if d == nil then
      if istype(ctype, a) then return accumulate(p, name, t, 1, a, 1, b, c) end
      return accumulate(p, name, t, 1, t, a, b, c)
    end
    if e == nil then
      if istype(ctype, a) then return accumulate(p, name, t, 1, a, b, c, d) end
      if istype(ctype, b) then return accumulate(p, name, t, a, b, 1, c, d) end
      return accumulate(p, name, t, a, t, b, c, d)
    end
    return accumulate(p, name, t, a, b, c, d, e)
  end, function(x, a, b, c, d, e)
    if isnumber(x) then
      if d == nil then return accumulate(p, name, nil, x, a, 1, b, c) end
      return accumulate(p, name, nil, x, a, b, c, d)
    end
    need(name, 1, x)
    if c == nil then return accumulate(p, name, nil, 1, x, 1, a, b) end
    if d == nil then
      if istype(ctype, a) then return accumulate(p, name, x, 1, a, 1, b, c) end
      return accumulate(p, name, nil, 1, x, a, b, c)
    end
    if e == nil then
      if istype(ctype, a) then return accumulate(p, name, x, 1, a, b, c, d) end
      return accumulate(p, name, x, a, b, 1, c, d)
    end
    return accumulate(p, name, x, a, b, c, d, e)
  end)
end

--- Inner product over all elements: as in Torch7 always a Lua number, also where int64 holds more digits.
local function dot(a, b, extra)
  need('dot', 1, a)
  if extra ~= nil then check.too_many('dot', 2) end
  if not istype(ctype, b) or b.dt ~= a.dt then argument('dot', 2, types.class[a.dt] .. 'Tensor', b) end
  local s = C.rk_dot(a, b, value)
  if s ~= 0 then again(s, 'dot', C.rk_dot, a, b, value) end
  return types.float[a.dt] and types.number(value) or tonumber(value.i)
end
define('dot', dot)

--- a * b of tensors: inner product, matrix times vector, matrix times matrix.
function M.product(a, b)
  if a.rank == 1 and b.rank == 1 then return dot(a, b) end
  if a.rank == 2 and b.rank == 1 then return multiply(products.mv, 'mv', nil, a, b) end
  if a.rank == 2 and b.rank == 2 then return multiply(products.mm, 'mm', nil, a, b) end
  return fail('mul: %s * %s: products exist for vector * vector, matrix * vector and matrix * matrix; '
    .. 'torch.cmul multiplies elements', describe(a), describe(b))
end

return M
