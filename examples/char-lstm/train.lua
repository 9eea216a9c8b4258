--- Teach an LSTM to write, character by character: th examples/char-lstm/train.lua [options], -help lists them.
--
-- The text is cut into -batch strips that are read side by side, -length characters a step; the gradient goes back over
-- these, the state over the whole strip. Every tenth epoch ends with SAVE/train.log, the curve in SAVE/train.log.png,
-- a few written words and a checkpoint, SAVE/checkpoint.t7, for sample.lua and for `-resume`. text.txt is so small that
-- the net soon knows it by heart, as the loss on the part held back tells; `-text` takes a larger one.
local torch, nn, optim = require 'torch', require 'nn', require 'optim'
local paths, xlua = require 'paths', require 'xlua'
local model = dofile(paths.thisfile 'model.lua')

local cmd = torch.CmdLine()
cmd:text 'Teach an LSTM to write'
cmd:option('-text', paths.thisfile 'text.txt', 'file to learn from')
cmd:option('-epochs', 60, 'passes over the text')
cmd:option('-batch', 8, 'strips that are read side by side')
cmd:option('-length', 40, 'characters a step')
cmd:option('-hidden', 128, 'units of a layer')
cmd:option('-layers', 2, 'layers of the LSTM')
cmd:option('-dropout', 0.1, 'part of what goes from layer to layer that is dropped')
cmd:option('-lr', 0.005, 'learning rate of Adam at the start; falls to 0 along a cosine')
cmd:option('-clip', 5, 'largest norm of the gradient')
cmd:option('-held', 0.05, 'part of the text, at its end, that is only tested on')
cmd:option('-seed', 1, 'of all random numbers')
cmd:option('-save', 'char-lstm', 'folder for checkpoint, log and curve')
cmd:option('-resume', '', 'checkpoint to go on from; its options hold, but -text and -save')
cmd:option('-smoke', false, 'a short run of a small net, to see that all works')
local opt = cmd:parse(arg)
if opt.smoke then opt.epochs, opt.hidden = 2, 32 end

local file, why = io.open(opt.text, 'rb')
if not file then error(('-text: cannot read %s'):format(why), 0) end
local text = file:read '*a'
file:close()
if not paths.mkdir(opt.save) then error('-save: cannot make the folder ' .. opt.save, 0) end

torch.manualSeed(opt.seed)
local run
if opt.resume ~= '' then
  run = torch.load(opt.resume)
  if torch.type(run) ~= 'table' or not run.vocabulary then
    error(opt.resume .. ': not a checkpoint of this program', 0)
  end
  run.opt.text, run.opt.save, opt = opt.text, opt.save, run.opt
  torch.setRNGState(run.random)
else
  local vocabulary = model.vocabulary(text)
  local net = model.network(#vocabulary.list, opt.hidden, opt.layers, opt.dropout):float()
  run = { opt = opt, epoch = 0, net = net, vocabulary = vocabulary, optim = {}, log = {} }
end
local net, criterion = run.net, nn.CrossEntropyCriterion():float()
local parameters, gradients = net:getParameters()
local lstm = net:get(2)

-- the text as columns: strips (length of a strip, number of strips), so that rows are time
local function strips(codes, n)
  local rows = math.floor(codes:size(1) / n)
  return codes:narrow(1, 1, rows * n):view(n, rows):t():contiguous()
end
local codes = model.encode(run.vocabulary, text)
local held = math.floor(codes:size(1) * opt.held)
local columns = strips(codes:narrow(1, 1, codes:size(1) - held), opt.batch)
local steps = math.floor((columns:size(1) - 1) / opt.length)
if steps < 1 then
  error(('-text: %s is too short: %d characters, expected more than %d (-batch * (-length + 1)) and those held back')
    :format(opt.text, #text, opt.batch * (opt.length + 1)), 0)
end
local test = held > 1 and strips(codes:narrow(1, codes:size(1) - held + 1, held), 1)

local function train_epoch(epoch)
  net:training()
  lstm:resetStates()
  local sum = 0
  for step = 1, steps do
    local input = columns:narrow(1, (step - 1) * opt.length + 1, opt.length)
    local target = columns:narrow(1, (step - 1) * opt.length + 2, opt.length):view(-1) -- the next character
    local done = ((epoch - 1) * steps + step - 1) / (opt.epochs * steps)
    run.optim.learningRate = opt.lr * (1 + math.cos(math.pi * done)) / 2
    local _, loss = optim.adam(function()
      gradients:zero()
      local l = criterion:forward(net:forward(input), target)
      net:backward(input, criterion:backward(net.output, target))
      optim.clipNorm(gradients, opt.clip)
      return l, gradients
    end, parameters, run.optim)
    sum = sum + loss[1]
    if torch.isatty(io.stdout) then xlua.progress(step, steps) end
  end
  return sum / steps
end

-- the loss on the text held back: nats a character that the net would need to spell it
local function evaluate()
  if not test then return 0 / 0 end
  net:evaluate()
  lstm:resetStates()
  local n = test:size(1) - 1
  local loss = criterion:forward(net:forward(test:narrow(1, 1, n)), test:narrow(1, 2, n):view(-1))
  lstm:resetStates()
  return loss
end

local function report()
  local log = optim.Logger(opt.save .. '/train.log'):setNames { 'training loss', 'held back' }:style('-', '-')
  for _, row in ipairs(run.log) do log:add(row) end
  log:plot('nats a character', 'epoch')
end

print(net)
print(('%d characters, %d different; %d weights'):format(#text, #run.vocabulary.list, parameters:nElement()))
io.stdout:setvbuf 'line'
for epoch = run.epoch + 1, opt.epochs do
  local loss = train_epoch(epoch)
  run.epoch, run.log[epoch] = epoch, { loss, evaluate() }
  print(('epoch %d of %d: loss %.3f, on text held back %.3f'):format(epoch, opt.epochs, loss, run.log[epoch][2]))
  if epoch % 10 == 0 or epoch == opt.epochs then
    run.random = torch.getRNGState() -- before the net writes: a resumed run draws the same numbers
    run.net = net:clearState()
    torch.save(opt.save .. '/checkpoint.t7', run)
    report()
    print('  The ' .. model.write(net, run.vocabulary, 'The ', 72, 0.5):gsub('\n', ' '))
    torch.setRNGState(run.random)
  end
end
