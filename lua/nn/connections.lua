--- What SpatialConvolutionMap and SpatialFullConvolutionMap share: a dense convolution whose kernels are zero where the
-- table has no connection.
local convolution = require 'nn.convolution'
local common = require 'nn.common'
local buffer = common.buffer

local M = {}
local buffers = setmetatable({}, { __mode = 'k' }) -- dense kernels; not fields, files would hold them

-- Check the table of connections and keep it, with the numbers of planes that it names.
local function store(self, connections)
  local ok = common.istensor(connections) and connections.rank == 2 and connections.extent[1] == 2
  if not ok then
    error(('%s: expected a table of connections, a tensor [N x 2] of {input plane, output plane}, got %s'):format(
      torch.type(self), common.shape(connections)), 3)
  end
  if not (connections:min() >= 1 and connections:max() <= 2 ^ 31) then
    local text = '%s: planes count from 1, got %g to %g in the table of connections'
    error(text:format(torch.type(self), tonumber(connections:min()), tonumber(connections:max())), 3)
  end
  self.connTable = connections
  self.nInputPlane, self.nOutputPlane = connections:select(2, 1):max(), connections:select(2, 2):max()
end

--- Give a class its methods.
-- @param Class the class table
-- @param parent its parent
-- @param[opt] full true: transposed
-- @return Class
function M.methods(Class, parent, full)
  local kind = convolution.kind({ 'H', 'W' }, full)

  function Class:__init(connTable, kW, kH, dW, dH)
    parent.__init(self)
    convolution.store(self, 1, { 'kW', 'kH', 'dW', 'dH' }, kW, kH, dW or 1, dH or 1)
    store(self, connTable)
    convolution.allocate(self, self.nOutputPlane, connTable:size(1), kH, kW)
    self:reset()
  end

  -- Row of each connection among the kernels of the dense weight for so many input planes.
  local function places(self, planes)
    local from, to = self.connTable:select(2, 1):long(), self.connTable:select(2, 2):long()
    if full then return from:add(-1):mul(self.nOutputPlane):add(to) end
    return to:add(-1):mul(planes):add(from)
  end

  local function dense(self, name, planes)
    local b = buffers[self] or {}
    buffers[self] = b
    b[name] = buffer(b[name], self.weight)
    if full then return b[name]:resize(planes, self.nOutputPlane, self.kH, self.kW):zero() end
    return b[name]:resize(self.nOutputPlane, planes, self.kH, self.kW):zero()
  end

  local function kernels(self, planes)
    local w = dense(self, 'weight', planes)
    local n = self.weight:size(1)
    w:view(-1, self.kH * self.kW):indexAdd(1, places(self, planes), self.weight:view(n, -1))
    return w
  end

  -- Is x a batch, and how many planes has it? Planes beyond those of the table are not connected.
  local function check(self, x)
    local planes = common.istensor(x) and x.rank >= 3 and x:size(x.rank - 2) or 0
    planes = math.max(planes, self.nInputPlane)
    if planes > self.nInputPlane and x.rank <= 4 then return x.rank == 4, planes end
    return convolution.check_input(self, x, 2, self.nInputPlane, 'H x W'), planes
  end

  function Class:updateOutput(input)
    local batch, planes = check(self, input)
    self.output = buffer(self.output, self.weight)
    return convolution.forward(self, kind, batch, 1, self.output, input, kernels(self, planes), self.bias)
  end

  function Class:updateGradInput(input, gradOutput)
    if not self.gradInput then return end
    local batch, planes = check(self, input)
    self.gradInput = buffer(self.gradInput, self.weight)
    return convolution.backward_input(self, kind, batch, 1, self.gradInput, input, gradOutput, kernels(self, planes))
  end

  function Class:accGradParameters(input, gradOutput, scale)
    local batch, planes = check(self, input)
    local dw = dense(self, 'gradient', planes)
    convolution.backward_weight(self, kind, batch, 1, dw, self.gradBias, input, gradOutput, scale)
    local n = self.weight:size(1)
    self.gradWeight:view(n, -1):add(dw:view(-1, self.kH * self.kW):index(1, places(self, planes)))
  end

  --- Shrink weight and bias by a factor 1 - decay.
  function Class:decayParameters(decay)
    if type(decay) ~= 'number' then
      error(('%s: decayParameters: expected a number, got %s'):format(torch.type(self), torch.type(decay)), 2)
    end
    self.weight:add(-decay, self.weight)
    self.bias:add(-decay, self.bias)
  end

  --- Draw new parameters, uniform in ±stdv*sqrt(3), by default ±1/sqrt(kW*kH*connections of the plane).
  function Class:reset(stdv)
    if stdv then
      stdv = common.spread(self, stdv)
      self.weight:uniform(-stdv, stdv)
      self.bias:uniform(-stdv, stdv)
      return
    end
    -- planes whose connections count: those that a kernel writes to, or reads from when transposed
    local column, count = full and 1 or 2, {}
    for k = 1, self.connTable:size(1) do
      local plane = self.connTable[k][column]
      count[plane] = (count[plane] or 0) + 1
    end
    local function range(plane) return 1 / math.sqrt(self.kW * self.kH * (count[plane] or 1)) end
    for k = 1, self.connTable:size(1) do
      stdv = range(self.connTable[k][column])
      self.weight:select(1, k):uniform(-stdv, stdv)
    end
    for k = 1, self.bias:size(1) do
      stdv = range(full and 1 or k)
      self.bias[k] = torch.uniform(-stdv, stdv)
    end
  end

  function Class:clearState()
    buffers[self] = nil
    return nn.Module.clearState(self)
  end
  return Class
end

return M
