--- Classify the images of a folder: th examples/image-folder/train.lua -data FOLDER [options], -help lists them.
--
-- Each sub-folder of FOLDER is a class, its JPG, PNG, PPM and PGM files are the examples. A part of each class is kept
-- for the test. Training images are cut out at random places and mirrored; those of the test are cut out in the middle.
-- SAVE/accuracy.png shows the course; SAVE/net.t7 holds net, classes and all that is needed to name another image:
-- `-classify IMAGE` does that.
local torch, nn, optim = require 'torch', require 'nn', require 'optim'
local image, paths, xlua = require 'image', require 'paths', require 'xlua'

local cmd = torch.CmdLine()
cmd:text 'Classify the images of a folder'
cmd:option('-data', '', 'folder with a sub-folder of images for each class')
cmd:option('-epochs', 20, 'passes over the training images')
cmd:option('-batch', 16, 'images a step')
cmd:option('-size', 32, 'height and width that the net sees')
cmd:option('-held', 0.2, 'part of each class that is only tested on')
cmd:option('-lr', 0.002, 'largest learning rate of AdamW')
cmd:option('-seed', 1, 'of all random numbers')
cmd:option('-save', 'image-folder', 'folder for net, log and plot')
cmd:option('-classify', '', 'name this image with SAVE/net.t7, and train nothing')
cmd:option('-smoke', false, 'a short run on images drawn for it, to see that all works')
local opt = cmd:parse(arg)
torch.manualSeed(opt.seed)
torch.setdefaulttensortype 'torch.FloatTensor'

-- An image of any size and number of channels as 3 x size x size.
local function read(path, size)
  local picture = image.load(path, 3)
  return image.crop(image.scale(picture, '^' .. size), 'c', size, size)
end

local function normalise(batch, run)
  for c = 1, 3 do batch:select(2, c):add(-run.mean[c]):div(run.std[c]) end
  return batch
end

local net_file = opt.save .. '/net.t7'
if opt.classify ~= '' then
  if not paths.filep(net_file) then error(('-classify: no file %s; train first'):format(net_file), 0) end
  local run = torch.load(net_file)
  local input = read(opt.classify, run.size):view(1, 3, run.size, run.size)
  run.net:evaluate()
  local scores = run.net:forward(normalise(input, run))
  local probability, order = torch.sort(nn.SoftMax():forward(scores)[1], 1, true)
  for i = 1, math.min(5, #run.classes) do
    print(('%5.1f %%  %s'):format(probability[i] * 100, run.classes[order[i]]))
  end
  return
end
if not paths.mkdir(opt.save) then error('-save: cannot make the folder ' .. opt.save, 0) end

-- For -smoke: discs, squares and stripes of random colours on dark noise.
local function draw_examples(folder)
  local function inside(class, x, y, r, period)
    if class == 'disc' then return x * x + y * y < r * r end
    if class == 'square' then return math.max(math.abs(x), math.abs(y)) < r * 0.9 end
    return math.floor((x + y) / period) % 2 == 0
  end
  paths.mkdir(folder)
  for class, suffix in pairs { disc = 'png', square = 'jpg', stripes = 'ppm' } do
    paths.mkdir(paths.concat(folder, class))
    for i = 1, 40 do
      local picture, colour = torch.rand(3, 40, 48):mul(0.3), torch.rand(3):mul(0.5):add(0.5)
      local cx, cy, r, period = torch.uniform(18, 30), torch.uniform(15, 25), torch.uniform(8, 13), torch.uniform(5, 9)
      for y = 1, 40 do
        for x = 1, 48 do
          if inside(class, x - cx, y - cy, r, period) then picture:select(3, x):select(2, y):copy(colour) end
        end
      end
      image.save(('%s/%s/%02d.%s'):format(folder, class, i, suffix), picture)
    end
  end
end
if opt.smoke then
  opt.data, opt.epochs = paths.concat(opt.save, 'drawn'), 6
  draw_examples(opt.data)
elseif not paths.dirp(opt.data) then
  local what = opt.data == '' and 'not given' or opt.data .. ' is not a folder'
  error(('-data: %s: expected a folder with a sub-folder of images for each class'):format(what), 0)
end

-- Classes, and {picture, class} pairs to train and to test with. Pictures are kept with a margin to cut from.
local margin = math.ceil(opt.size / 8)
local function load_folder(folder)
  local classes, train, test = {}, {}, {}
  for class in paths.iterdirs(folder) do classes[#classes + 1] = class end
  table.sort(classes)
  for label, class in ipairs(classes) do
    local files = {}
    for file in paths.iterfiles(paths.concat(folder, class)) do
      if image.is_supported(paths.extname(file) or '') then files[#files + 1] = paths.concat(folder, class, file) end
    end
    if #files < 2 then error(('%s/%s: expected 2 images or more, found %d'):format(folder, class, #files), 0) end
    table.sort(files)
    local order, held = torch.randperm(#files), math.max(1, math.floor(#files * opt.held))
    for i = 1, #files do
      local ok, picture = pcall(read, files[order[i]], opt.size + margin)
      if ok then
        table.insert(i <= held and test or train, { picture, label })
      else
        io.stderr:write(('left out: %s\n'):format(picture))
      end
    end
  end
  if #classes < 2 then error(('%s: expected 2 sub-folders or more, found %d'):format(folder, #classes), 0) end
  return classes, train, test
end
local classes, train, test = load_folder(opt.data)
print(('%d classes, %d images to train with, %d to test with'):format(#classes, #train, #test))

local run = { classes = classes, size = opt.size, mean = {}, std = {} }
for c = 1, 3 do
  local sum, squares = 0, 0
  for _, example in ipairs(train) do
    sum, squares = sum + example[1][c]:mean(), squares + torch.pow(example[1][c], 2):mean()
  end
  run.mean[c] = sum / #train
  run.std[c] = math.sqrt(math.max(squares / #train - run.mean[c] ^ 2, 1e-6))
end

local net = nn.Sequential()
local function stage(from, to)
  local convolution = nn.SpatialConvolution(from, to, 3, 3, 1, 1, 1, 1):noBias()
  nn.init.kaimingNormal(convolution.weight)
  net:add(convolution):add(nn.SpatialBatchNormalization(to))
  net:add(nn.ReLU(true)):add(nn.SpatialMaxPooling(2, 2))
end
stage(3, 16)
stage(16, 32)
stage(32, 64)
net:add(nn.SpatialAdaptiveAveragePooling(1, 1)):add(nn.View(-1, 64)):add(nn.Dropout(0.2)):add(nn.Linear(64, #classes))
run.net = net
local criterion = nn.CrossEntropyCriterion()
local parameters, gradients = net:getParameters()

-- examples[order[from .. from + n - 1]], cut out: at random and mirrored by chance, or in the middle
local input, label = torch.Tensor(), torch.LongTensor()
local function batch(examples, order, from, n, at_random)
  input:resize(n, 3, opt.size, opt.size)
  label:resize(n)
  for i = 1, n do
    local picture, class = unpack(examples[order[from + i - 1]])
    local x, y = math.floor(margin / 2), math.floor(margin / 2)
    if at_random then x, y = torch.random(0, margin), torch.random(0, margin) end
    picture = image.crop(picture, x, y, x + opt.size, y + opt.size)
    if at_random and torch.bernoulli() == 1 then picture = image.hflip(picture) end
    input[i]:copy(picture)
    label[i] = class
  end
  return normalise(input, run), label
end

local config = { learningRate = opt.lr, weightDecay = 0.01 }
local steps = math.ceil(#train / opt.batch)
local schedule = optim.Schedule(config, { kind = 'onecycle', steps = opt.epochs * steps, momentum = false })
local log = optim.Logger(opt.save .. '/accuracy'):setNames { 'training %', 'test %' }:style('+-', '+-')

local function epoch_of(examples, learn)
  local confusion, order = optim.ConfusionMatrix(classes), torch.randperm(#examples)
  for from = 1, #examples, opt.batch do
    local x, t = batch(examples, order, from, math.min(opt.batch, #examples - from + 1), learn)
    if learn then
      optim.adamw(function()
        gradients:zero()
        local loss = criterion:forward(net:forward(x), t)
        net:backward(x, criterion:backward(net.output, t))
        return loss, gradients
      end, parameters, config)
      schedule:step()
      if torch.isatty(io.stdout) then xlua.progress(from, #examples) end
    else
      net:forward(x)
    end
    confusion:batchAdd(net.output, t)
  end
  confusion:updateValids()
  return confusion
end

for epoch = 1, opt.epochs do
  net:training()
  local learnt = epoch_of(train, true).totalValid * 100
  net:evaluate()
  local confusion = epoch_of(test, false)
  log:add { learnt, confusion.totalValid * 100 }
  print(('epoch %d of %d: right in training %.1f %%, in the test %.1f %%'):format(epoch, opt.epochs, learnt,
    confusion.totalValid * 100))
  if epoch == opt.epochs then print(confusion) end
end
log:plot('right, %', 'epoch')
net:clearState()
torch.save(net_file, run)
print('saved ' .. net_file)
