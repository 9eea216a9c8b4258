--- The networks of train.lua: each takes N x 1 x 28 x 28 floats and gives a score for each of 10 classes, N x 10.
local nn = require 'nn'

local models = {}

--- Two layers over all pixels: what is next to what is not known to it.
function models.mlp()
  local net = nn.Sequential():add(nn.View(28 * 28))
  net:add(nn.Linear(28 * 28, 256)):add(nn.ReLU(true)):add(nn.Dropout(0.2))
  net:add(nn.Linear(256, 128)):add(nn.ReLU(true)):add(nn.Linear(128, 10))
  return net
end

--- Two convolutions, each with pooling, then three linear layers.
function models.lenet()
  local net = nn.Sequential()
  net:add(nn.SpatialConvolution(1, 16, 5, 5)):add(nn.ReLU(true)):add(nn.SpatialMaxPooling(2, 2))
  net:add(nn.SpatialConvolution(16, 32, 5, 5)):add(nn.ReLU(true)):add(nn.SpatialMaxPooling(2, 2))
  net:add(nn.View(32 * 4 * 4))
  net:add(nn.Linear(32 * 4 * 4, 120)):add(nn.ReLU(true))
  net:add(nn.Linear(120, 84)):add(nn.ReLU(true)):add(nn.Linear(84, 10))
  return net
end

-- 3 x 3, without a bias: the batch normalisation after it has one.
local function convolution(from, to, stride)
  return nn.SpatialConvolution(from, to, 3, 3, stride, stride, 1, 1):noBias()
end

-- y = relu(f(x) + x): f only learns what to change. Where the size changes, x is brought to it by 1 x 1 windows.
local function block(from, to, stride)
  local f = nn.Sequential()
  f:add(convolution(from, to, stride)):add(nn.SpatialBatchNormalization(to)):add(nn.ReLU(true))
  f:add(convolution(to, to, 1)):add(nn.SpatialBatchNormalization(to))
  local x = nn.Identity()
  if from ~= to or stride ~= 1 then
    x = nn.Sequential():add(nn.SpatialConvolution(from, to, 1, 1, stride, stride):noBias())
    x:add(nn.SpatialBatchNormalization(to))
  end
  return nn.Sequential():add(nn.ConcatTable():add(f):add(x)):add(nn.CAddTable(true)):add(nn.ReLU(true))
end

--- Six blocks on planes of 28 x 28, 14 x 14 and 7 x 7, then the mean of each plane.
function models.resnet()
  local net = nn.Sequential()
  net:add(convolution(1, 16, 1)):add(nn.SpatialBatchNormalization(16)):add(nn.ReLU(true))
  net:add(block(16, 16, 1)):add(block(16, 16, 1))
  net:add(block(16, 32, 2)):add(block(32, 32, 1))
  net:add(block(32, 64, 2)):add(block(64, 64, 1))
  net:add(nn.SpatialAveragePooling(7, 7)):add(nn.View(64)):add(nn.Linear(64, 10))
  for _, layer in ipairs(net:findModules 'nn.SpatialConvolution') do nn.init.kaimingNormal(layer.weight) end
  return net:channelsLast() -- planes side by side in memory: the faster form for convolutions
end

return models
