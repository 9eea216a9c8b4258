--- What nn.MaxUnpool1d, 2d and 3d share: values back to where a max pooling layer found them, by its positions.
local ffi = require 'ffi'
local common = require 'nn.common'
local options = require 'nn.options'
local C, again, buffer = common.C, common.again, common.buffer
local shape = ffi.new 'int64_t[5]'

local function list_of(who, name, v, n, least)
  if type(v) == 'number' then
    local out = {}
    for i = 1, n do out[i] = v end
    v = out
  end
  if type(v) ~= 'table' or #v ~= n then options.refuse(who, name, ('a number or a list of %d'):format(n), v) end
  for i = 1, n do options.count(who, name, v[i], least) end
  return v
end

--- Define the class.
-- @param name 'nn.MaxUnpool2d'
-- @param n how many dimensions a plane has
return function(name, n)
  local Unpool, parent = torch.class(name, 'nn.Module')

  function Unpool:__init(...)
    parent.__init(self)
    local o = options.read(name, { 'kernelSize', 'stride', 'padding' }, ...)
    self.kernelSize = list_of(name, 'kernelSize', o.kernelSize, n, 1)
    self.stride = list_of(name, 'stride', o.stride or o.kernelSize, n, 1)
    self.padding = list_of(name, 'padding', o.padding or 0, n, 0)
  end

  local expected = '{values, positions} or {values, positions, sizes}, values of %d or %d dimensions'
  expected = expected:format(n + 1, n + 2)

  -- Check the input and put the sizes of its output into `shape`.
  local function measure(self, input)
    if type(input) ~= 'table' or not common.istensor(input[1]) or not common.istensor(input[2]) then
      common.expected(self, expected, input)
    end
    local x, at, sizes = input[1], input[2], input[3]
    local rank = x.rank
    common.check_dims(self, x, n + 1, n + 2, expected)
    if not at:isSameSizeAs(x) then common.expected(self, 'positions ' .. common.shape(x), at) end
    if torch.isTypeOf(sizes, 'torch.LongStorage') then sizes = sizes:totable() end
    if sizes ~= nil and (type(sizes) ~= 'table' or #sizes < n) then
      common.expected(self, ('sizes of %d dimensions'):format(n), sizes)
    end
    for d = 0, rank - n - 1 do shape[d] = x.extent[d] end
    for i = 1, n do
      local d = rank - n + i - 1
      local size = (tonumber(x.extent[d]) - 1) * self.stride[i] - 2 * self.padding[i] + self.kernelSize[i]
      if sizes then size = options.count(name, 'sizes', sizes[#sizes - n + i]) end
      if size < 1 then
        common.expected(self, ('%s that leave an output (stride %d, padding %d, window %d)'):format(expected,
          self.stride[i], self.padding[i], self.kernelSize[i]), x)
      end
      shape[d] = size
    end
    return x, at:type() == 'torch.LongTensor' and at or at:long(), rank
  end

  function Unpool:updateOutput(input)
    local x, at, rank = measure(self, input)
    local out = buffer(self.output, x)
    self.output = out
    local s = C.rk_plane_scatter(out, rank, shape, x, at, n, 0)
    if s ~= 0 then again(self, s, C.rk_plane_scatter, out, rank, shape, x, at, n, 0) end
    return out
  end

  function Unpool:updateGradInput(input, gradOutput)
    local x, at, rank = measure(self, input)
    common.check_dims(self, gradOutput, rank, rank, 'gradOutput of the output\'s size')
    for d = 0, rank - 1 do
      if gradOutput.extent[d] ~= shape[d] then common.expected(self, 'gradOutput of the output\'s size', gradOutput) end
    end
    if type(self.gradInput) ~= 'table' then self.gradInput = {} end
    local dx = buffer(self.gradInput[1], x)
    self.gradInput[1] = dx
    local s = C.rk_plane_gather(dx, gradOutput, at, n)
    if s ~= 0 then again(self, s, C.rk_plane_gather, dx, gradOutput, at, n) end
    self.gradInput[2] = common.zeros_like(self.gradInput[2], input[2])
    return self.gradInput
  end

  function Unpool:__tostring__() return ('%s(%s)'):format(torch.type(self), table.concat(self.kernelSize, 'x')) end

  return Unpool
end
