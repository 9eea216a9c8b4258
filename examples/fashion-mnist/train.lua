--- Train a network on Fashion-MNIST: th examples/fashion-mnist/train.lua [options], -help lists them.
--
-- `-model mlp`, `lenet` or `resnet`: see models.lua. After 5 epochs the MLP is right on 88.6 % of the test set, LeNet
-- on 90.5 %.
-- Each epoch ends with the test accuracy, the confusion matrix, a row in SAVE/train.log, curves in SAVE/*.png and a
-- checkpoint, SAVE/checkpoint.t7, which replaces the last one in one step. `-resume SAVE/checkpoint.t7` goes on bit for
-- bit as if the run had never stopped: weights, optimiser, random numbers and the order of the data are all in it.
-- smoke: -model mlp
-- smoke: -model resnet -epochs 1
local torch, nn, optim, xlua = require 'torch', require 'nn', require 'optim', require 'xlua'
local vision, paths = require 'vision', require 'paths'
local models = dofile(paths.thisfile 'models.lua')

local cmd = torch.CmdLine()
cmd:text 'Train a network on Fashion-MNIST'
cmd:option('-model', 'lenet', 'mlp, lenet or resnet')
cmd:option('-epochs', 5, 'passes over the training set')
cmd:option('-batch', 64, 'images a step')
cmd:option('-lr', 0.03, 'learning rate at the start; falls linearly to 0')
cmd:option('-seed', 1, 'of all random numbers')
cmd:option('-threads', 0, 'threads to use; 0: one a core')
cmd:option('-data', '/usr/share/datasets/fashion-mnist', 'folder of the IDX files')
cmd:option('-save', 'fashion-mnist', 'folder for checkpoint, log and curves')
cmd:option('-resume', '', 'checkpoint to go on from; its options hold, but -data -save -threads')
cmd:option('-smoke', false, 'a short run on a part of the data, to see that all works')
local opt = cmd:parse(arg)

if not models[opt.model] then error(('-model %s: expected mlp, lenet or resnet'):format(opt.model), 0) end

-- what is kept between epochs, and in the checkpoint: options, epochs done, net, optimiser state, log, random state
local function fresh()
  local net = models[opt.model]()
  return { opt = opt, epoch = 0, net = net:float(), optim = { momentum = 0.9, dampening = 0, weightDecay = 5e-4 },
    log = {} }
end

local function resume(path)
  local run = torch.load(path)
  if torch.type(run) ~= 'table' or not run.net or not run.random then
    error(path .. ': not a checkpoint of this program', 0)
  end
  for _, name in ipairs { 'data', 'save', 'threads' } do run.opt[name] = opt[name] end
  torch.setRNGState(run.random)
  return run
end

if opt.threads > 0 then torch.setnumthreads(opt.threads) end
torch.manualSeed(opt.seed)
local run = opt.resume ~= '' and resume(opt.resume) or fresh()
opt = run.opt
os.execute("mkdir -p '" .. opt.save:gsub("'", "'\\''") .. "'")

local data = vision.datasets.fashionMNIST(opt.data)
local function first(half, n)
  if not opt.smoke then return half end
  return { data = half.data:narrow(1, 1, n), label = half.label:narrow(1, 1, n), classes = half.classes }
end
local train, test = first(data.train, 2000), first(data.test, 500)
local mean, std = 0.2860 * 255, 0.3530 * 255 -- of the training set's pixels

local net, criterion = run.net, nn.CrossEntropyCriterion():float()
local parameters, gradients = net:getParameters()
if net:get(1).weight then net:get(1).gradInput = nil end -- nobody asks for the gradient of the images
local tty = torch.isatty(io.stdout)
io.stdout:setvbuf 'line'

-- images order[from .. from+n-1] as normalised floats, with their labels
local input, label = torch.FloatTensor(), torch.LongTensor()
local function batch(half, order, from, n)
  input:resize(n, 1, 28, 28)
  label:resize(n)
  for i = 1, n do
    local k = order and order[from + i - 1] or from + i - 1
    input[i]:copy(half.data[k])
    label[i] = half.label[k]
  end
  return input:add(-mean):mul(1 / std), label
end

-- loss and gradients of the present batch x, with classes t
local x, t
local function loss_and_gradients()
  gradients:zero()
  local loss = criterion:forward(net:forward(x), t)
  net:backward(x, criterion:backward(net.output, t))
  return loss, gradients
end

local function train_epoch(epoch)
  net:training()
  local total, order = train.data:size(1), torch.randperm(train.data:size(1))
  local steps = math.ceil(total / opt.batch)
  local loss_sum, clock = 0, torch.Timer()
  for step = 1, steps do
    local from = (step - 1) * opt.batch + 1
    x, t = batch(train, order, from, math.min(opt.batch, total - from + 1))
    run.optim.learningRate = opt.lr * (1 - ((epoch - 1) * steps + step - 1) / (opt.epochs * steps))
    local _, loss = optim.sgd(loss_and_gradients, parameters, run.optim)
    loss_sum = loss_sum + loss[1]
    if tty and (step % 20 == 0 or step == steps) then
      xlua.progress(step, steps)
      io.write(('  loss %.4f  %.0f images/s\r'):format(loss_sum / step, step * opt.batch / clock:time().real))
      io.flush()
    end
  end
  return loss_sum / steps, total / clock:time().real
end

local function evaluate()
  net:evaluate()
  local confusion, total = optim.ConfusionMatrix(test.classes), test.data:size(1)
  for from = 1, total, 500 do
    x, t = batch(test, nil, from, math.min(500, total - from + 1))
    confusion:batchAdd(net:forward(x), t)
  end
  confusion:updateValids()
  return confusion
end

-- the log file and the curves, anew from the rows: a resumed run leaves the same files
local function report()
  local log = optim.Logger(opt.save .. '/train.log'):setNames { 'loss', 'accuracy %' }
  local loss = optim.Logger(opt.save .. '/loss'):setNames { 'training loss' }
  local accuracy = optim.Logger(opt.save .. '/accuracy'):setNames { 'test accuracy %' }
  for _, row in ipairs(run.log) do
    log:add(row)
    loss:add { row[1] }
    accuracy:add { row[2] }
  end
  for _, l in ipairs { loss, accuracy } do l:style('+-'):plot() end
end

print(net)
for epoch = run.epoch + 1, opt.epochs do
  local loss, speed = train_epoch(epoch)
  local confusion = evaluate()
  run.epoch = epoch
  run.log[epoch] = { loss, confusion.totalValid * 100 }
  run.net = net:clearState()
  run.random = torch.getRNGState()
  torch.save(opt.save .. '/checkpoint.t7', run)
  report()
  print(confusion)
  print(('epoch %d of %d: loss %.4f, test accuracy %.2f %%, %.0f images/s'):format(epoch, opt.epochs, loss,
    confusion.totalValid * 100, speed))
end
