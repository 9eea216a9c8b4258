--- Networks that were saved with layers of cudnn: where that package is not there, they are read as the layers of nn
-- that compute the same, as cudnn.convert(net, nn) would make them.
--
-- M.stand_in('cudnn.ReLU') gives 'nn.ReLU' and the function that completes the object once its fields are read.
local M = {}

-- Classes of one name in both, and of another one in nn.
local same = 'BatchNormalization SpatialBatchNormalization VolumetricBatchNormalization SpatialConvolution '
  .. 'VolumetricConvolution SpatialFullConvolution VolumetricFullConvolution TemporalConvolution SpatialMaxPooling '
  .. 'VolumetricMaxPooling SpatialAveragePooling VolumetricAveragePooling SpatialCrossMapLRN ReLU Tanh Sigmoid SoftMax '
  .. 'LogSoftMax SpatialSoftMax SpatialLogSoftMax'
local names = { ClippedReLU = 'HardTanh', VolumetricSoftMax = 'SpatialSoftMax',
  VolumetricLogSoftMax = 'SpatialLogSoftMax' }
for name in same:gmatch '%S+' do names[name] = name end

-- What nn's layers have and cudnn's do not.
local complete = {}

function complete.ReLU(m) m.threshold, m.val = m.threshold or 0, m.val or 0 end

function complete.ClippedReLU(m) m.min_val, m.max_val, m.inplace = 0, m.ceiling, m.inplace or false end

-- In place they need their output, which nn's read from the input.
function complete.Tanh(m) m.inplace = nil end
complete.Sigmoid = complete.Tanh

local function convolution(m)
  m.groups = type(m.groups) == 'number' and m.groups > 1 and m.groups or nil
  local w = m.weight
  if m.groups and torch.isTensor(w) and w:dim() == 5 and not m.kT then -- (groups, nOut / groups, ...), of early files
    m.weight = w:view(m.nOutputPlane, w:size(3), w:size(4), w:size(5))
    local g = m.gradWeight
    if torch.isTensor(g) and g:dim() == 5 then m.gradWeight = g:view(m.weight:size()) end
  end
end
complete.SpatialConvolution, complete.VolumetricConvolution = convolution, convolution
complete.SpatialFullConvolution, complete.VolumetricFullConvolution = convolution, convolution

-- (nOut, 1, kW, nIn) to (nOut, kW nIn)
function complete.TemporalConvolution(m)
  for _, name in ipairs { 'weight', 'gradWeight' } do
    local t = m[name]
    if torch.isTensor(t) and t:dim() == 4 then m[name] = t:view(t:size(1), -1) end
  end
end

local function max_pooling(m)
  m.indices, m.mode, m.ceil_mode = torch.LongTensor(), nil, m.ceil_mode or false
end
complete.SpatialMaxPooling, complete.VolumetricMaxPooling = max_pooling, max_pooling

local function average_pooling(m)
  local mode = m.mode
  if m.count_include_pad == nil then
    m.count_include_pad = mode ~= 'CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING'
  end
  m.divide, m.mode, m.ceil_mode = true, nil, m.ceil_mode or false
end
complete.SpatialAveragePooling, complete.VolumetricAveragePooling = average_pooling, average_pooling

function complete.SpatialCrossMapLRN(m) m.k, m.K = m.k or m.K or 1, nil end

local function batch_norm(m) m.nDim, m.mode = nil, nil end
complete.BatchNormalization, complete.SpatialBatchNormalization = batch_norm, batch_norm
complete.VolumetricBatchNormalization = batch_norm

--- The layer of nn in the place of one of cudnn.
-- @param name 'cudnn.ReLU'
-- @return 'nn.ReLU' and a function of the object, or nil
function M.stand_in(name)
  local class = name:match '^cudnn%.(%w+)$'
  if not class or not names[class] then return nil end
  local finish = complete[class]
  return 'nn.' .. names[class], function(m)
    m.algType, m.fmode, m.bwmode, m.bdmode = nil, nil, nil, nil
    if finish then finish(m) end
  end
end

return M
