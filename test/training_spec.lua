--- Whole trainings of five epochs against stored losses, so that a change of numbers anywhere is noticed; and no step
-- after the second takes memory. Data from a fixed seed, float64, torch.deterministic(true).
--
-- A loss differs and should? RK_SHOW_LOSSES=1 prints the new ones.
local torch, nn, optim = require 'torch', require 'nn', require 'optim'

local TOLERANCE = 1e-5 -- relative: another BLAS may sum in another order
local BATCHES, EPOCHS = 4, 5

-- Each makes its net and data, and gives net, criterion, batches {input, target}, optimiser, config.
local trainings = {}

-- 4 batches of 16 points in 10 dimensions; the class is the largest of three products with fixed vectors.
function trainings.mlp()
  local net = nn.Sequential()
  net:add(nn.Linear(10, 20)):add(nn.Tanh()):add(nn.Linear(20, 15)):add(nn.ReLU(true))
  net:add(nn.Dropout(0.1)):add(nn.Linear(15, 3)):add(nn.LogSoftMax())
  local rule, batches = torch.randn(10, 3), {}
  for i = 1, BATCHES do
    local x = torch.randn(16, 10)
    local _, class = torch.max(x * rule, 2)
    batches[i] = { x, class:view(-1) }
  end
  local config = { learningRate = 0.1, momentum = 0.9, dampening = 0, weightDecay = 1e-4 }
  return net, nn.ClassNLLCriterion(), batches, optim.sgd, config
end

-- 4 batches of 8 images of 3 x 12 x 12 whose brighter quarter is the class.
function trainings.convnet()
  local net = nn.Sequential()
  net:add(nn.SpatialConvolution(3, 6, 3, 3, 1, 1, 1, 1)):add(nn.SpatialBatchNormalization(6)):add(nn.ReLU(true))
  net:add(nn.SpatialMaxPooling(2, 2))
  net:add(nn.ConcatTable():add(nn.SpatialConvolution(6, 6, 3, 3, 1, 1, 1, 1)):add(nn.Identity()))
  net:add(nn.CAddTable()):add(nn.ReLU()):add(nn.SpatialAveragePooling(2, 2, 2, 2))
  net:add(nn.View(6 * 3 * 3)):add(nn.Linear(6 * 3 * 3, 4))
  local batches = {}
  for i = 1, BATCHES do
    local x, class = torch.randn(8, 3, 12, 12), torch.LongTensor(8)
    for k = 1, 8 do
      local c = torch.random(4)
      class[k] = c
      x[k]:narrow(2, c > 2 and 7 or 1, 6):narrow(3, c % 2 == 0 and 7 or 1, 6):add(0.7)
    end
    batches[i] = { x, class }
  end
  return net, nn.CrossEntropyCriterion(), batches, optim.adam, { learningRate = 0.01 }
end

-- 4 batches of 6 sequences of 9 numbers; the running mean of each is asked for at every step.
function trainings.lstm()
  local net = nn.Sequential()
  net:add(nn.LSTM(2, 8, 2)):add(nn.View(-1, 8)):add(nn.Linear(8, 2)):add(nn.View(9, 6, 2))
  local batches = {}
  for i = 1, BATCHES do
    local x = torch.randn(9, 6, 2)
    local y = torch.cumsum(x, 1)
    for t = 1, 9 do y[t]:div(t) end
    batches[i] = { x, y }
  end
  return net, nn.MSECriterion(), batches, optim.rmsprop, { learningRate = 0.01 }
end

local STORED = {
  mlp = { 1.131728272, 1.031270212, 0.921261953, 0.7989416839, 0.6172374823 },
  convnet = { 1.518054674, 1.250900086, 1.152932816, 0.9736283676, 0.6881058873 },
  lstm = { 0.3150739536, 0.2331462835, 0.1601084648, 0.1291247336, 0.1216082931 },
}

local live = require 'helpers'.live

-- Mean loss of each epoch, and the live bytes after each step.
local function train(name)
  torch.manualSeed(20)
  local net, criterion, batches, method, config = trainings[name]()
  local parameters, gradients = net:getParameters()
  local x, t
  local function loss_and_gradients()
    gradients:zero()
    local loss = criterion:forward(net:forward(x), t)
    net:backward(x, criterion:backward(net.output, t))
    return loss, gradients
  end
  local losses, bytes = {}, {}
  for epoch = 1, EPOCHS do
    local sum = 0
    for i = 1, BATCHES do
      x, t = batches[i][1], batches[i][2]
      local _, loss = method(loss_and_gradients, parameters, config)
      sum = sum + loss[1]
      bytes[#bytes + 1] = live()
    end
    losses[epoch] = sum / BATCHES
  end
  return losses, bytes
end

describe('a training of five epochs', function()
  local before, threads, default
  before_each(function()
    before, threads, default = torch.deterministic(), torch.getnumthreads(), torch.getdefaulttensortype()
    torch.setdefaulttensortype 'torch.DoubleTensor'
    torch.deterministic(true)
  end)
  after_each(function()
    torch.deterministic(before)
    torch.setnumthreads(threads)
    torch.setdefaulttensortype(default)
  end)

  for name in pairs(trainings) do
    it(name .. ': gives the stored losses, from the second step on in the same memory', function()
      local losses, bytes = train(name)
      if os.getenv 'RK_SHOW_LOSSES' then
        for _, loss in ipairs(losses) do io.write(('%.10g, '):format(loss)) end
        print(name)
      end
      for epoch, loss in ipairs(losses) do
        local stored = STORED[name][epoch]
        assert(math.abs(loss - stored) <= TOLERANCE * stored,
          ('%s, epoch %d: loss %.10g, stored %.10g'):format(name, epoch, loss, stored))
      end
      for step = 3, #bytes do
        assert(bytes[step] == bytes[2], ('%s, step %d: %d live bytes, %d after the second'):format(name, step,
          bytes[step], bytes[2]))
      end
    end)

    it(name .. ': gives the same bits again, on one thread and on two', function()
      torch.setnumthreads(1)
      local one = train(name)
      torch.setnumthreads(2)
      assert.are.same(one, (train(name)))
    end)
  end
end)
