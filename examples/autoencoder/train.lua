--- An autoencoder on Fashion-MNIST: th examples/autoencoder/train.lua [options], -help lists them.
--
-- The net has to give back the picture that it gets, but between its halves there is room for -code numbers only: it
-- learns what clothes have in common. With -noise a part of the pixels is blackened first, and the net learns to
-- clean. SAVE/epoch-N.png shows pictures of the test set: above what goes in, below what comes out.
local torch, nn, optim = require 'torch', require 'nn', require 'optim'
local image, paths, vision = require 'image', require 'paths', require 'vision'

local cmd = torch.CmdLine()
cmd:text 'Train an autoencoder on Fashion-MNIST'
cmd:option('-epochs', 5, 'passes over the training set')
cmd:option('-batch', 64, 'images a step')
cmd:option('-code', 16, 'numbers between encoder and decoder')
cmd:option('-noise', 0, 'part of the pixels that the net does not see')
cmd:option('-lr', 1e-3, 'learning rate of Adam')
cmd:option('-seed', 1, 'of all random numbers')
cmd:option('-data', '/usr/share/datasets/fashion-mnist', 'folder of the IDX files')
cmd:option('-save', 'autoencoder', 'folder for pictures, log and net')
cmd:option('-smoke', false, 'a short run on a part of the data, to see that all works')
local opt = cmd:parse(arg)
if opt.noise < 0 or opt.noise >= 1 then error('-noise: expected a part from 0 to below 1, got ' .. opt.noise, 0) end
if not paths.mkdir(opt.save) then error('-save: cannot make the folder ' .. opt.save, 0) end
torch.manualSeed(opt.seed)
torch.setdefaulttensortype 'torch.FloatTensor'

local data = vision.datasets.fashionMNIST(opt.data)
local train, test = data.train.data, data.test.data
if opt.smoke then
  train, test, opt.epochs = train:narrow(1, 1, 2000), test:narrow(1, 1, 500), 2
end

local encoder = nn.Sequential():add(nn.View(28 * 28))
encoder:add(nn.Linear(28 * 28, 256)):add(nn.ReLU(true))
encoder:add(nn.Linear(256, opt.code))
local decoder = nn.Sequential()
decoder:add(nn.Linear(opt.code, 256)):add(nn.ReLU(true))
decoder:add(nn.Linear(256, 28 * 28)) -- scores: the sigmoid of one is the brightness of its pixel
local net = nn.Sequential():add(encoder):add(decoder)
local criterion = nn.BCEWithLogitsCriterion()
local parameters, gradients = net:getParameters()

-- The pictures at indices as rows of pixels 0..1, and as the net sees them.
local clean, seen = torch.Tensor(), torch.Tensor()
local function batch(pictures, indices)
  local n = indices:size(1)
  clean:resize(n, 28 * 28):copy(pictures:index(1, indices)):div(255)
  if opt.noise == 0 then return clean, clean end
  return clean, seen:resizeAs(clean):bernoulli(1 - opt.noise):cmul(clean)
end

-- f(loss function) for each batch; the mean loss.
local function each_batch(pictures, order, f)
  local total, sum = order:size(1), 0
  for from = 1, total, opt.batch do
    local n = math.min(opt.batch, total - from + 1)
    local target, input = batch(pictures, order:narrow(1, from, n))
    sum = sum + n * f(input, target)
  end
  return sum / total
end

local config = { learningRate = opt.lr }
local function train_step(input, target)
  local _, loss = optim.adam(function()
    gradients:zero()
    local l = criterion:forward(net:forward(input), target)
    net:backward(input, criterion:backward(net.output, target))
    return l, gradients
  end, parameters, config)
  return loss[1]
end

local function test_step(input, target) return criterion:forward(net:forward(input), target) end

-- 16 pictures of the test set, each above what the net makes of it
local function picture(path)
  local _, input = batch(test, torch.range(1, 16):long())
  local both = torch.Tensor(32, 1, 28, 28)
  for row = 0, 1 do
    both:narrow(1, row * 16 + 1, 8):copy(input:narrow(1, row * 8 + 1, 8))
    both:narrow(1, row * 16 + 9, 8):copy(torch.sigmoid(net:forward(input)):narrow(1, row * 8 + 1, 8))
  end
  image.save(path, image.toDisplayTensor { input = both, nrow = 8, padding = 2 })
end

print(net)
local log = optim.Logger(opt.save .. '/train.log'):setNames { 'training', 'test' }:style('+-', '+-')
for epoch = 1, opt.epochs do
  net:training()
  local loss = each_batch(train, torch.randperm(train:size(1)):long(), train_step)
  net:evaluate()
  local test_loss = each_batch(test, torch.range(1, test:size(1)):long(), test_step)
  log:add { loss, test_loss }
  local path = ('%s/epoch-%d.png'):format(opt.save, epoch)
  picture(path)
  print(('epoch %d of %d: loss %.4f, on the test set %.4f; %s'):format(epoch, opt.epochs, loss, test_loss, path))
end
log:plot('cross entropy a pixel', 'epoch')
torch.save(opt.save .. '/net.t7', { encoder = encoder:clearState(), decoder = decoder:clearState() })
