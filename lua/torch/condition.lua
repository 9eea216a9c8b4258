--- By condition: where, one-sided clamp, isclose, allclose, nan_to_num, isnan ... for integers, any and all of every
-- type, and the masked and indexed writes that leave their tensor alone (masked_fill, index_add ...).
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local options = require 'torch.options'
local reduce = require 'torch.reduce'
local pointwise = require 'torch.pointwise'

local istype = ffi.istype
local again, fail, argument, need, describe = check.again, check.fail, check.argument, check.tensor, check.describe
local ctype, empty, define, functions = tensor.ctype, tensor.empty, tensor.define, tensor.functions
local BYTE = types.of_class.Byte
local op = pointwise.op

-- -- where ------------------------------------------------------------------------------------

-- A number as a tensor of one element, which broadcasts.
local function operand(n, v, dt)
  if istype(ctype, v) then
    if v.dt ~= dt then argument('where', n, types.class[dt] .. 'Tensor or a number', v) end
    if v.rank == 0 then argument('where', n, 'a tensor with elements', v) end
    return v
  end
  if not check.isnumber(v) then argument('where', n, 'a tensor or a number', v) end
  return tensor.construct(dt, 1):fill(v)
end

--- where(condition, x, y): x where the condition is not 0, else y. Tensors broadcast; x or y may be numbers.
-- where(condition) gives the positions, one LongTensor a dimension. x:where(condition, y) as PyTorch has it.
-- @usage torch.where(torch.Tensor{1, 0}:gt(0), torch.Tensor{5, 6}, 0) -- 5 0
function functions.where(condition, x, y)
  need('where', 1, condition)
  if x == nil and y == nil then
    local at, list = condition:nonzero(), {}
    for d = 1, condition.rank do list[d] = at.rank > 0 and at:select(2, d) or empty(at.dt) end
    return unpack(list)
  end
  local dt = istype(ctype, x) and x.dt or istype(ctype, y) and y.dt or tensor.default
  x, y = operand(2, x, dt), operand(3, y, dt)
  if condition.rank == 0 then argument('where', 1, 'a tensor with elements', condition) end
  if condition.dt ~= dt then condition = tensor.to(condition.dt == BYTE and condition or condition:ne(0), dt) end
  local list, out = options.broadcast('where', { condition, x, y }), empty(dt)
  local s = C.rk_map3(op.where, out, list[1], list[2], list[3], 0)
  if s ~= 0 then again(s, 'where', C.rk_map3, op.where, out, list[1], list[2], list[3], 0) end
  memory.pressure()
  return out
end
tensor.method('where', function(x, condition, y) return functions.where(condition, x, y) end)

-- -- closeness -----------------------------------------------------------------------------------

local function tolerances(name, rtol, atol, nans)
  if options.isoptions(rtol) then
    local given = options.check(name, rtol, 'rtol atol equal_nan')
    rtol, atol, nans = given.rtol, given.atol, given.equal_nan
  end
  rtol, atol = rtol == nil and 1e-5 or check.number(name, 3, rtol), atol == nil and 1e-8 or check.number(name, 4, atol)
  if not (rtol >= 0 and atol >= 0) then
    fail('%s: tolerances of at least 0 expected, got %.14g, %.14g', name, rtol, atol)
  end
  return rtol, atol, nans
end

local function pair(name, a, b)
  need(name, 1, a)
  if check.isnumber(b) then b = tensor.construct(a.dt, 1):fill(b) end
  if not istype(ctype, b) or b.dt ~= a.dt then argument(name, 2, types.class[a.dt] .. 'Tensor', b) end
  return options.broadcast(name, { a, b })
end

--- isclose(a, b, [rtol = 1e-5], [atol = 1e-8], [equal_nan = false]): |a - b| <= atol + rtol * |b|, as a ByteTensor. The
-- tolerances may come as one table. Infinities are close to themselves.
define('isclose', function(a, b, rtol, atol, nans)
  local list = pair('isclose', a, b)
  rtol, atol, nans = tolerances('isclose', rtol, atol, nans)
  if list[1].rank == 0 then return empty(BYTE) end
  local same = list[1]:eq(list[2])
  local wide = types.float[a.dt] and a.dt ~= types.of_class.Double and 'torch.FloatTensor' or 'torch.DoubleTensor'
  local x, y = list[1]:type(wide), list[2]:type(wide)
  local close = (x - y):abs():le(y:clone():abs():mul(rtol):add(atol)):cmul(y:isfinite()):cmax(same)
  if nans then close:cmax(x:isnan():cmul(y:isnan())) end
  return close
end)

--- allclose(a, b, [rtol = 1e-5], [atol = 1e-8], [equal_nan = false]): are all elements close?
define('allclose', function(a, b, rtol, atol, nans)
  local list = pair('allclose', a, b)
  rtol, atol, nans = tolerances('allclose', rtol, atol, nans)
  if list[1].rank == 0 then return list[2].rank == 0 end
  return reduce.whole('allclose', reduce.red.all, list[1]:isclose(list[2], rtol, atol, nans)) ~= 0
end)

-- largest finite number of each float type
local largest = { float16 = 65504, bfloat16 = 2 ^ 127 * (2 - 2 ^ -7), float32 = 2 ^ 127 * (2 - 2 ^ -23),
  float64 = 2 ^ 1023 * (2 - 2 ^ -52) }

--- nan_to_num([nan = 0], [posinf = largest], [neginf = lowest]): as for all pointwise operations the method works in
-- place.
local function nan_to_num(t, nan, posinf, neginf)
  if not types.float[need('nan_to_num', 1, t).dt] or t.rank == 0 then return t end
  local top = largest[types.name[t.dt]]
  nan = nan == nil and 0 or check.number('nan_to_num', 2, nan)
  posinf = posinf == nil and top or check.number('nan_to_num', 3, posinf)
  neginf = neginf == nil and -top or check.number('nan_to_num', 4, neginf)
  local isnan, up, down = t:ne(t), t:eq(math.huge), t:eq(-math.huge)
  t:maskedFill(isnan, nan)
  t:maskedFill(up, posinf)
  t:maskedFill(down, neginf)
  return t
end
define('nan_to_num', nan_to_num, function(t, ...)
  return nan_to_num(tensor.clone(need('nan_to_num', 1, t)), ...)
end)

-- -- writes to a copy ----------------------------------------------------------------------------------

-- masked_fill(mask, v) and so on: PyTorch's names without an underscore at the end leave the tensor as it is.
local copies = { masked_fill = 'maskedFill', masked_scatter = 'maskedCopy', masked_copy = 'maskedCopy',
  index_add = 'indexAdd', index_copy = 'indexCopy', index_fill = 'indexFill', scatter_add = 'scatterAdd' }
for name, writes in pairs(copies) do
  local masked = writes:find '^masked'
  define(name, function(t, a, ...)
    need(name, 1, t)
    local out = tensor.clone(t)
    if masked and istype(ctype, a) and a.rank > 0 and t.rank > 0 then
      a = options.expanded(name, a, options.sizes(t))
    end
    out[writes](out, a, ...)
    return out
  end)
end

--- fill_diagonal_(v): the main diagonal of a matrix, in place.
tensor.method('fill_diagonal_', function(t, v)
  if t.rank ~= 2 then fail('fill_diagonal_: argument 1: a matrix expected, got %s', describe(t)) end
  t:diagonal():fill(v)
  return t
end)

return functions
