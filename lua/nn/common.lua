--- What the layers share: the C namespace, input checks, error texts.
--
-- Checks cost one comparison when they hold; the text is built out of line, so
-- that compiled traces hold only a compare and an exit.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local fail = require 'torch.position'.fail

local M = { C = C }
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'
local EDTYPE, ENOMEM = tonumber(C.RK_EDTYPE), tonumber(C.RK_ENOMEM)
local collect = require 'torch.collect'
local settle = collect.settle
local own = collect.own
M.own = own

--- "64x400" of a tensor, the type's name of anything else.
local function shape(x)
  if not istype(tensor, x) then return torch.type(x) end
  if x.rank == 0 then return 'empty ' .. torch.type(x) end
  local s = {}
  for i = 0, x.rank - 1 do s[i + 1] = tostring(tonumber(x.extent[i])) end
  return '[' .. table.concat(s, ' x ') .. ']'
end
M.shape = shape

--- Modules that work on behalf of another, whose name their errors bear: part → whole.
M.whole_of = setmetatable({}, { __mode = 'kv' })

--- A module in one line: its text, or its class where that is a tree of children.
function M.name(module)
  module = M.whole_of[module] or module
  local kind = torch.type(module)
  if type(module) ~= 'table' or module.modules then return kind end
  return (tostring(module):match '^[^\n]*')
end

--- Raise "nn.Linear(512 -> 10): expected input [N x 512], got [64 x 400]".
-- @param self the module
-- @param expected what would have been right, in words
-- @param got the value that was given
function M.expected(self, expected, got)
  error(('%s: expected %s, got %s'):format(M.name(self), expected, shape(got)), 0)
end

--- A C call returned status ~= 0. A bare tensor: own it and call again. Out of memory: collect what Lua no longer needs
-- and call once more. Anything else, or a second failure: raise the library's text with the module's name before it:
-- `local s = C.rk_zero(t); if s ~= 0 then again(self, s, C.rk_zero, t) end`.
function M.again(self, status, f, ...)
  status = settle(status, f, ...)
  if status == ENOMEM then
    collectgarbage()
    collectgarbage()
    C.rk_trim()
    status = settle(f(...), f, ...)
  end
  if status == 0 then return end
  local text = ffi.string(C.rk_error())
  if status == EDTYPE and self._type then
    text = ('%s (the module is of type %s: convert it or the input with :type())'):format(text, self._type)
  end
  error(('%s: %s'):format(M.name(self), text), 0)
end

--- What an argument is as a number: a number in a string is that number, as Lua's C API takes it.
-- @param v anything; what is no such string comes back as it is
function M.number(v)
  return type(v) == 'string' and tonumber(v) or v
end

-- What a criterion inside of another gave, or its error behind the way to it.
local function finish(self, i, ok, ...)
  local first = ...
  if ok then return ... end
  if type(first) == 'string' then first = ('%s > [%s] %s'):format(torch.type(self), tostring(i), first) end
  error(first, 0)
end

--- Call a method of a criterion's i-th criterion: "nn.ParallelCriterion > [2] nn.MSECriterion: ..." where it fails.
function M.within(self, i, criterion, method, a, b)
  return finish(self, i, pcall(criterion[method], criterion, a, b))
end

--- An optional number of a constructor: nil and false stay out, numbers in strings are numbers, anything else is an
-- error at the program's line.
-- @param class name of the module's class
-- @param name what v is
-- @param v the argument
function M.optional(class, name, v)
  if type(v) == 'number' or not v then return v or nil end
  return tonumber(v) or fail(('%s: %s: expected a number, got %s'):format(class, name, torch.type(v)))
end

--- Insist on a probability below 1, or up to 1; a number in a string is one.
-- @param class name of the module's class
-- @param p the argument
-- @param[opt] one true: 1 may be, too
-- @return the number
function M.probability(class, p, one)
  p = M.number(p)
  if type(p) ~= 'number' or not (p >= 0 and (p < 1 or one and p == 1)) then
    error(('%s: illegal probability %s: must be 0 <= p %s 1'):format(class, tostring(p),
      one and '<=' or '<'), 3)
  end
  return p
end

--- The factor on what is added to the parameters' gradients.
-- @param self the module
-- @param scale the argument: nil is 1, a number in a string that number
function M.scale(self, scale)
  if scale == nil then return 1 end
  return tonumber(scale) or M.expected(self, 'a number as scale', scale)
end

--- Insist on a learning rate.
-- @param self the module
-- @param method that was given it
-- @param lr the value; a number in a string is one
-- @return the number
function M.rate(self, method, lr)
  return tonumber(lr)
    or fail(('%s: %s: a learning rate expected, got %s'):format(torch.type(self), method, torch.type(lr)))
end

--- The bound of what reset draws: uniform in ±stdv*sqrt(3), by default ±1/sqrt(fan).
-- @param self the module
-- @param stdv standard deviation, or nil
-- @param fan inputs of an output
function M.spread(self, stdv, fan)
  if not stdv then return 1 / math.sqrt(fan) end
  return M.deviation(self, stdv) * math.sqrt(3)
end

--- Insist on a standard deviation.
-- @param self the module
-- @param stdv the value; a number in a string is one
-- @return the number
function M.deviation(self, stdv)
  return tonumber(stdv)
    or fail(('%s: reset: a standard deviation expected, got %s'):format(torch.type(self), torch.type(stdv)))
end

--- Is it what a container can hold: a module, or an object that has a forward pass, but no criterion?
function M.is_module(v)
  return type(v) == 'table' and (v.forward or v.updateOutput) and not torch.isTypeOf(v, 'nn.Criterion')
end

--- A size as Torch7's C read it: a fraction is cut off, which is told once.
-- @param class name of the module's class
-- @param name what v is
-- @param v anything; what is no fraction comes back as it is
function M.whole(class, name, v)
  if type(v) ~= 'number' or v ~= v or v == math.floor(v) then return v end
  local whole = v < 0 and math.ceil(v) or math.floor(v)
  require 'nn.hint'.once(class .. name .. v, ('%s: %s: %g is taken as %d'):format(class, name, v, whole))
  return whole
end

--- Is x a tensor? Free in compiled code.
function M.istensor(x) return istype(tensor, x) end

--- Insist on a tensor.
-- @param self the module
-- @param x the value
-- @param name what it is, "input" by default
function M.check_tensor(self, x, name)
  if not istype(tensor, x) then M.expected(self, 'a tensor as ' .. (name or 'input'), x) end
end

--- Insist on something that can be indexed by numbers: a table, or a tensor whose slices stand for its entries.
-- @param self the module
-- @param x the value
-- @param name what it is
function M.check_entries(self, x, name)
  if type(x) ~= 'table' and not ffi.istype(tensor, x) then M.expected(self, 'a table as ' .. name, x) end
end

--- Insist on a tensor of lo..hi dimensions.
function M.check_dims(self, x, lo, hi, expected)
  if not istype(tensor, x) or x.rank < lo or x.rank > hi then M.expected(self, expected, x) end
end

-- A layer's pass back that was given no tensor, and called first of all: the layer is the first local of a caller.
local function no_tensor(x)
  for level = 3, 6 do
    local info = debug.getinfo(level, 'f')
    local name, self = nil, nil
    if info then name, self = debug.getlocal(level, 1) end
    if name == 'self' and type(self) == 'table' and self.updateOutput then M.expected(self, 'a tensor as input', x) end
  end
  error('expected a tensor, got ' .. torch.type(x), 0)
end

--- A tensor of x's type for a buffer field: the present one when it has that type, else a fresh one.
function M.buffer(t, x)
  if not istype(tensor, x) then no_tensor(x) end
  if t and t.dt == x.dt and t.dev == x.dev then return t end
  return x.new()
end

--- The buffer in a field of a module or criterion, of like's type and sizes.
-- @param self the module
-- @param name of the field
-- @param like a tensor
-- @return the tensor, contents undefined
function M.space(self, name, like)
  local t = M.buffer(self[name], like)
  self[name] = t
  return t:resizeAs(like)
end

--- Give a tensor the sizes of another, of whatever type: t:resize(x:size()) without a list of sizes in between.
-- @return t; contents undefined
function M.resize_as(t, x)
  if not istype(tensor, x) then no_tensor(x) end
  if t.bare ~= 0 then own(t) end
  if C.rk_tensor_resize(t, x.rank, x.extent, nil) ~= 0 then error(ffi.string(C.rk_error()), 0) end
  return t
end

--- Drop the entries of a table that another lacks.
-- @return t
function M.trim(t, other)
  for k in next, t do
    if not other[k] then t[k] = nil end
  end
  return t
end

--- One level down in nested tables: one that holds itself is an error before the stack is full.
-- @param name of who goes down
-- @param[opt=0] depth levels so far
-- @return depth + 1
function M.deeper(name, depth)
  depth = depth or 0
  if depth == 500 then error(name .. ': tables nested more than 500 deep: does one hold itself?', 0) end
  return depth + 1
end

--- Zeros of x's sizes, x a tensor or nested tables of them.
-- @param old what it returned before, used again; or nil
-- @param[opt] depth as in M.deeper
function M.zeros_like(old, x, depth)
  if istype(tensor, x) then return M.resize_as(M.buffer(istype(tensor, old) and old or nil, x), x):zero() end
  if type(x) ~= 'table' then return nil end -- numbers and the like have no gradient
  depth = M.deeper('nn: gradients of a table', depth)
  local out = type(old) == 'table' and old or {}
  for k, v in next, x do out[k] = M.zeros_like(out[k], v, depth) end
  return M.trim(out, x)
end

--- Is x a dense image batch with its planes side by side (N x C x H x W, or more dimensions, permuted steps)?
function M.is_last(x)
  local n, planes = x.rank, tonumber(x.rank > 1 and x.extent[1] or 0)
  if n < 4 or x.step[1] ~= 1 or planes == 1 then return false end
  local step = planes
  for d = n - 1, 2, -1 do
    if x.extent[d] ~= 1 and tonumber(x.step[d]) ~= step then return false end
    step = step * tonumber(x.extent[d])
  end
  return x.extent[0] == 1 or tonumber(x.step[0]) == step
end

--- Give a buffer the sizes of x, and its layout where x is an image batch: channels-last stays channels-last.
-- @param t the buffer, of x's type
-- @param x a tensor
-- @return t; contents undefined
function M.like(t, x)
  local n, last = x.rank, M.is_last(x)
  local same = t.rank == n and (n < 4 or M.is_last(t) == last)
  for d = 0, n - 1 do same = same and t.extent[d] == x.extent[d] end
  if not same and t.bare ~= 0 then own(t) end
  if not same and C.rk_tensor_resize(t, n, x.extent, last and x.step or nil) ~= 0 then
    error(ffi.string(C.rk_error()), 0)
  end
  return t
end

--- Give a buffer the sizes in which tensors are joined, and the layout of the first of them as `like` does.
-- @param t the buffer
-- @param sizes a LongStorage
-- @param first a tensor of as many dimensions
-- @return t; contents undefined
function M.joined(t, sizes, first)
  if not M.is_last(first) then return t:resize(sizes) end
  local n = #sizes
  local same = t.rank == n and M.is_last(t)
  for d = 1, n do same = same and t:size(d) == sizes[d] end
  if same then return t end
  local steps = torch.LongStorage(n)
  steps[2] = 1
  local step = sizes[2]
  for d = n, 3, -1 do
    steps[d], step = step, step * sizes[d]
  end
  steps[1] = step
  return t:resize(sizes, steps)
end

--- A fresh, unsized tensor header: scratch space for views that are made anew at each call.
M.scratch = collect.header

return M
