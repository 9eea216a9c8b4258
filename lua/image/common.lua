--- What the image functions share: argument checks, destinations, element types.
--
-- Kernels are LuaJIT loops over plain pointers of float or double. Images of other element types are computed in
-- double; results are rounded and clamped to the range of the type.
-- @module image.common
local torch = require 'torch'
local joined = require('torch.check').joined

local M = {}

local here = debug.getinfo(1, 'S').source:match '^(.*)common%.lua$'

-- The stack level of the first function outside this package.
local function user_level()
  local level = 3
  while true do
    local info = debug.getinfo(level, 'S')
    if not info then return 3 end
    if info.what ~= 'C' and info.source:sub(1, #here) ~= here then return level - 1 end
    level = level + 1
  end
end

--- Raise `image.<name>: <text>` at the caller of the image function.
function M.fail(name, text, ...)
  if select('#', ...) > 0 then text = text:format(...) end
  error(('image.%s: %s'):format(name, text), user_level())
end
local fail = M.fail

--- A value in words: "FloatTensor [3x4]", "the number 5", "nothing".
function M.describe(v)
  if torch.isTensor(v) then
    return ('%s [%s]'):format(torch.type(v):match '[^.]+$', joined(v:size(), 'x'))
  elseif v == nil then
    return 'nothing'
  elseif type(v) == 'string' then
    return ('the string %q'):format(#v > 40 and v:sub(1, 37) .. '...' or v)
  elseif type(v) == 'number' then
    return ('the number %.14g'):format(v)
  end
  return 'a ' .. torch.type(v)
end
local describe = M.describe

--- Raise "image.name: what: expected ..., got ...".
function M.expected(name, what, wanted, got)
  return fail(name, '%s: expected %s, got %s', what, wanted, describe(got))
end

--- Require a tensor of one of the ranks in `ranks` (a string such as '23').
function M.image(name, what, t, ranks)
  if not torch.isTensor(t) then M.expected(name, what, 'an image (a tensor)', t) end
  if not ranks:find(t:dim(), 1, true) then
    local words = {}
    for r in ranks:gmatch '.' do words[#words + 1] = r end
    M.expected(name, what, ('an image of %s dimensions'):format(table.concat(words, ' or ')), t)
  end
  return t
end

--- Require a colour image, 3 x H x W.
function M.colour(name, what, t)
  if not torch.isTensor(t) or t:dim() ~= 3 or t:size(1) ~= 3 then
    M.expected(name, what, 'a colour image [3 x H x W]', t)
  end
  return t
end

--- Require a number.
function M.number(name, what, v)
  if type(v) ~= 'number' or v ~= v then M.expected(name, what, 'a number', v) end
  return v
end

--- Require a whole number of at least `least`.
function M.whole(name, what, v, least)
  M.number(name, what, v)
  v = v < 0 and math.ceil(v) or math.floor(v)
  if math.abs(v) >= 2 ^ 31 then M.expected(name, what, 'a number below 2^31', v) end
  if least and v < least then M.expected(name, what, ('a number from %d on'):format(least), v) end
  return v
end

--- Channels, height and width of an image of two or three dimensions.
function M.sizes(t)
  if t:dim() == 2 then return 1, t:size(1), t:size(2) end
  return t:size(1), t:size(2), t:size(3)
end

local real = { ['torch.FloatTensor'] = true, ['torch.DoubleTensor'] = true }
local range = { ['torch.ByteTensor'] = { 0, 255 }, ['torch.CharTensor'] = { -128, 127 },
  ['torch.ShortTensor'] = { -32768, 32767 }, ['torch.IntTensor'] = { -2 ^ 31, 2 ^ 31 - 1 },
  ['torch.LongTensor'] = { -2 ^ 53, 2 ^ 53 } }

--- True for types without fractions.
function M.isinteger(t) return range[torch.type(t)] ~= nil end

--- A contiguous float or double tensor with the values of t: what kernels read. Its NaNs are the plain one: LuaJIT
-- would take others, as memory holds them that nobody filled, for objects at wild addresses.
function M.plain(t)
  local work = real[torch.type(t)] and t:contiguous() or t:double():contiguous()
  local total = work:sum()
  if total == total then return work end
  work = work:clone()
  work:maskedFill(work:ne(work), 0 / 0)
  return work
end

--- A fresh tensor of the type of the plain tensor `work`, where a kernel writes.
function M.fresh(work, c, h, w, flat)
  if flat then return work.new(h, w) end
  return work.new(c, h, w)
end

-- Copy to another type; to integers, round and clamp.
local function convert(to, from)
  local limits = range[torch.type(to)]
  if limits and real[torch.type(from)] then
    from = from:double():add(0.5):floor():clamp(limits[1], limits[2])
  end
  return to:copy(from)
end

--- Hand a kernel's result to the user: into dst when given (resized), else of the type of src.
function M.deliver(out, dst, src)
  if dst then
    dst:resize(out:size())
    return convert(dst, out)
  elseif torch.type(out) ~= torch.type(src) then
    return convert(src.new():resize(out:size()), out)
  end
  return out
end

--- Split ([dst,] src, ...) into dst or nil, src, and what follows: tensors come first, `extra` of them are arguments.
function M.split(name, extra, ...)
  local count, first = 0, ...
  for i = 1, select('#', ...) do
    if not torch.isTensor((select(i, ...))) then break end
    count = count + 1
  end
  if count == 0 then M.expected(name, 'argument 1', 'an image (a tensor)', first) end
  if count >= 2 + extra then return ... end
  return nil, ...
end

return M
