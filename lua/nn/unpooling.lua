--- What nn.SpatialMaxUnpooling and nn.VolumetricMaxUnpooling share: values back to where a pooling layer found them.
local ffi = require 'ffi'
local common = require 'nn.common'
local planes = require 'nn.planes'
local C, again, buffer = common.C, common.again, common.buffer
local shape = ffi.new 'int64_t[5]'

--- Define the class.
-- @param name 'nn.SpatialMaxUnpooling'
-- @param pools typenames of the pooling layers it goes with
-- @param letters of the spatial dimensions
-- @param fields the pooling layer's fields with the sizes of its input, in the order of the tensor's dimensions
return function(name, pools, letters, fields)
  local Unpool, parent = torch.class(name, 'nn.Module')
  local check_input, n = planes.checker(letters), #letters

  function Unpool:__init(pooling)
    parent.__init(self)
    if not pools[torch.type(pooling)] then
      local list = {}
      for class in pairs(pools) do list[#list + 1] = class end
      table.sort(list)
      error(('%s: expected a module %s, got %s'):format(name, table.concat(list, ' or '), torch.type(pooling)), 2)
    end
    if pooling.kH ~= pooling.dH or pooling.kW ~= pooling.dW or (n == 3 and pooling.kT ~= pooling.dT) then
      error(('%s: expected windows as large as the steps between them, got %s'):format(name, tostring(pooling)), 2)
    end
    self.pooling = pooling
  end

  --- Take positions and sizes from the pooling layer.
  function Unpool:setParams()
    local indices = self.pooling.indices
    -- a conversion of the pooling layer took them along
    if indices and indices:type() ~= 'torch.LongTensor' then indices = indices:long() end
    self.indices = indices
    for _, field in ipairs(fields) do self['o' .. field:sub(2)] = self.pooling[field] end
  end

  -- input (N, C, sizes...) of the pooling's output → output (N, C, sizes of the pooling's input)
  function Unpool:updateOutput(input)
    check_input(self, input)
    self:setParams()
    common.check_dims(self, self.indices, input.rank, input.rank, 'the pooling layer\'s forward first (indices)')
    local out, rank, indices = buffer(self.output, input), input.rank, self.indices
    self.output = out
    for d = 0, rank - 1 do shape[d] = input.extent[d] end
    for i = 1, n do shape[rank - n + i - 1] = self.pooling[fields[i]] end
    local s = C.rk_plane_scatter(out, rank, shape, input, indices, n, 0)
    if s ~= 0 then again(self, s, C.rk_plane_scatter, out, rank, shape, input, indices, n, 0) end
    return out
  end

  function Unpool:updateGradInput(input, gradOutput)
    check_input(self, input)
    self:setParams()
    common.check_dims(self, self.indices, input.rank, input.rank, 'the pooling layer\'s forward first (indices)')
    common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
    for i = 1, n do
      if gradOutput.extent[input.rank - n + i - 1] ~= self.pooling[fields[i]] then
        common.expected(self, 'gradOutput of the output\'s size', gradOutput)
      end
    end
    local dx = buffer(self.gradInput, input)
    self.gradInput = dx
    local s = C.rk_plane_gather(dx, gradOutput, self.indices, n)
    if s ~= 0 then again(self, s, C.rk_plane_gather, dx, gradOutput, self.indices, n) end
    return dx
  end

  function Unpool:clearState()
    self.indices = nil
    return parent.clearState(self)
  end

  -- Old name of clearState.
  function Unpool:empty() self:clearState() end

  function Unpool:__tostring__()
    return ('%s associated to %s'):format(torch.type(self), tostring(self.pooling))
  end

  return Unpool
end
