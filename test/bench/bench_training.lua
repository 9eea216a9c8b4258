--- Whole training steps (zero gradients, forward, loss, backward, SGD with momentum) and inference.
local function mlp(...)
  local d, net = { ... }, nn.Sequential()
  for i = 1, #d - 1 do
    net:add(nn.Linear(d[i], d[i + 1]))
    if i < #d - 1 then
      net:add(nn.ReLU(true))
    end
  end
  return net
end

local function lenet()
  return nn.Sequential()
    :add(nn.SpatialConvolution(1, 6, 5, 5)):add(nn.ReLU(true)):add(nn.SpatialMaxPooling(2, 2))
    :add(nn.SpatialConvolution(6, 16, 5, 5)):add(nn.ReLU(true)):add(nn.SpatialMaxPooling(2, 2))
    :add(nn.View(256)):add(nn.Linear(256, 120)):add(nn.ReLU(true)):add(nn.Linear(120, 84)):add(nn.ReLU(true))
    :add(nn.Linear(84, 10))
end

-- Convolution without bias, batch normalisation.
local function unit(net, i, o, k, stride, relu)
  net:add(nn.SpatialConvolution(i, o, k, k, stride, stride, (k - 1) / 2, (k - 1) / 2):noBias())
  net:add(nn.SpatialBatchNormalization(o))
  return relu and net:add(nn.ReLU(true)) or net
end

-- A residual block around `path`.
local function residual(path, i, o, stride)
  local short = stride == 1 and i == o and nn.Identity() or unit(nn.Sequential(), i, o, 1, stride)
  return nn.Sequential():add(nn.ConcatTable():add(path):add(short)):add(nn.CAddTable(true)):add(nn.ReLU(true))
end

local function basic(i, w, stride)
  return residual(unit(unit(nn.Sequential(), i, w, 3, stride, true), w, w, 3, 1), i, w, stride), w
end

local function bottle(i, w, stride)
  local path = unit(unit(nn.Sequential(), i, w, 1, 1, true), w, w, 3, stride, true)
  return residual(unit(path, w, 4 * w, 1, 1), i, 4 * w, stride), 4 * w
end

local function resnet(block, counts, classes, small)
  local net = nn.Sequential()
  unit(net, 3, 64, small and 3 or 7, small and 1 or 2, true)
  if not small then
    net:add(nn.SpatialMaxPooling(3, 3, 2, 2, 1, 1))
  end
  local i = 64
  for k, n in ipairs(counts) do
    for j = 1, n do
      local b
      b, i = block(i, 64 * 2 ^ (k - 1), k > 1 and j == 1 and 2 or 1)
      net:add(b)
    end
  end
  local last = small and 4 or 7
  return net:add(nn.SpatialAveragePooling(last, last, 1, 1)):add(nn.View(i)):add(nn.Linear(i, classes))
end

-- 65 symbols, two layers of 128, 50 steps of 50 sequences; clipped to ±5, RMSprop.
local function charlstm(bench)
  local net = bench.on(nn.Sequential():add(nn.LookupTable(65, 128)):add(nn.LSTM(128, 128, 2)):add(nn.View(-1, 128))
    :add(nn.Linear(128, 65)):float())
  local criterion = bench.on(nn.CrossEntropyCriterion():float())
  net:training()
  local x, target = bench.on(torch.LongTensor(50, 50):random(65)), bench.on(torch.LongTensor(2500):random(65))
  local parameters, gradients = net:getParameters()
  local config = { learningRate = 2e-3, alpha = 0.95 }
  local function evaluate()
    gradients:zero()
    local y = net:forward(x)
    local loss = criterion:forward(y, target)
    net:backward(x, criterion:backward(y, target))
    gradients:clamp(-5, 5)
    return loss, gradients
  end
  return function() optim.rmsprop(evaluate, parameters, config) end
end

local RESNET = { 'nn.SpatialConvolution', 'nn.SpatialBatchNormalization', 'nn.SpatialAveragePooling', 'nn.ConcatTable',
  'nn.CAddTable', 'nn.Identity' }
local R18, R50 = { 2, 2, 2, 2 }, { 3, 4, 6, 3 }

return function(bench, add)
  local function train(name, needs, make, sizes, classes, inner)
    add(name, needs, function()
      local net, criterion = bench.on(make():float()), bench.on(nn.CrossEntropyCriterion():float())
      net:training()
      bench.layout(net)
      net:get(1).gradInput = nil -- nobody asks for the gradient of the data: the peer does not compute it either
      local x = bench.image(bench.randn(unpack(sizes)))
      local target = bench.on(torch.LongTensor(sizes[1]):random(classes))
      local parameters, gradients = net:getParameters()
      local config = { learningRate = 1e-3, momentum = 0.9, dampening = 0 }
      local function evaluate()
        gradients:zero()
        local y = net:forward(x)
        local loss = criterion:forward(y, target)
        net:backward(x, criterion:backward(y, target))
        return loss, gradients
      end
      return function() optim.sgd(evaluate, parameters, config) end, inner
    end)
  end
  local function infer(name, make, sizes)
    add(name, RESNET, function()
      local net, x = bench.on(nn.fuse(make():float())), bench.image(bench.randn(unpack(sizes)))
      bench.layout(net)
      return function() net:forward(x) end
    end)
  end
  local function resnet18() return resnet(basic, R18, 1000) end
  local function resnet50() return resnet(bottle, R50, 1000) end

  train('train_mlp_tiny_b16', { 'nn.ReLU' }, function() return mlp(32, 64, 64, 10) end, { 16, 32 }, 10, 20)
  train('train_mlp_b128', { 'nn.ReLU' }, function() return mlp(784, 512, 512, 10) end, { 128, 784 }, 10)
  train('train_lenet_b64', { 'nn.SpatialConvolution', 'nn.SpatialMaxPooling', 'nn.View' }, lenet, { 64, 1, 28, 28 }, 10)
  train('train_resnet18_cifar_b64', RESNET, function()
    return resnet(basic, R18, 10, true)
  end, { 64, 3, 32, 32 }, 10)
  train('train_resnet18_224_b8', RESNET, resnet18, { 8, 3, 224, 224 }, 1000)
  add('train_charlstm_h128_t50_b50', { 'nn.LSTM', 'nn.LookupTable' }, function() return charlstm(bench) end)
  infer('infer_resnet18_224_b1', resnet18, { 1, 3, 224, 224 })
  infer('infer_resnet50_224_b1', resnet50, { 1, 3, 224, 224 })
  infer('infer_resnet50_224_b16', resnet50, { 16, 3, 224, 224 })
  if bench.options.device == 'cuda' then
    train('train_resnet50_224_b128', RESNET, resnet50, { 128, 3, 224, 224 }, 1000)
    add('train_resnet50_224_b128_bf16', { 'torch.CudaBFloat16Tensor' })
  end
end
