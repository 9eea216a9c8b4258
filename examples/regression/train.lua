--- Fit a curve with a small net, and compare optimisers: th examples/regression/train.lua [options], -help lists them.
--
-- sgd, adam and lbfgs begin with the same weights and see the same points. SAVE/loss.png shows how the loss falls with
-- the number of times that loss and gradient were computed; SAVE/fit.png the points and what each one made of them.
local torch, nn, optim = require 'torch', require 'nn', require 'optim'
local gnuplot, paths = require 'gnuplot', require 'paths'

local cmd = torch.CmdLine()
cmd:text 'Fit a curve, and compare optimisers'
cmd:option('-points', 100, 'points to learn from')
cmd:option('-noise', 0.1, 'deviation of the points from the curve')
cmd:option('-hidden', 24, 'units of each hidden layer')
cmd:option('-evaluations', 2000, 'how often loss and gradient are computed')
cmd:option('-seed', 1, 'of all random numbers')
cmd:option('-save', 'regression', 'folder for log and plots')
cmd:option('-smoke', false, 'a short run, to see that all works')
local opt = cmd:parse(arg)
if opt.smoke then opt.evaluations = 200 end
if not paths.mkdir(opt.save) then error('-save: cannot make the folder ' .. opt.save, 0) end
torch.manualSeed(opt.seed)

-- the curve, and points near to it
local function curve(x) return torch.sin(x * 3):add(torch.abs(x)) end
local x = torch.rand(opt.points, 1):mul(4):add(-2)
local y = curve(x):add(torch.randn(opt.points, 1):mul(opt.noise))

local net = nn.Sequential()
net:add(nn.Linear(1, opt.hidden)):add(nn.Tanh())
net:add(nn.Linear(opt.hidden, opt.hidden)):add(nn.Tanh())
net:add(nn.Linear(opt.hidden, 1))
local criterion = nn.MSECriterion()
local parameters, gradients = net:getParameters()
local start = parameters:clone()

local methods = {
  { name = 'sgd', config = { learningRate = 0.05, momentum = 0.9 } },
  { name = 'adam', config = { learningRate = 0.01 } },
  { name = 'lbfgs', config = { maxIter = 20, lineSearch = optim.lswolfe } }, -- a call is up to 20 steps
}

-- Train with a method from the common start; all losses that were computed, and the fitted curve at `grid`.
local function fit(method, grid)
  parameters:copy(start)
  local losses = {}
  local function loss_and_gradients()
    gradients:zero()
    local loss = criterion:forward(net:forward(x), y)
    net:backward(x, criterion:backward(net.output, y))
    losses[#losses + 1] = loss
    return loss, gradients
  end
  local clock = torch.Timer()
  while #losses < opt.evaluations do
    local before = #losses
    optim[method.name](loss_and_gradients, parameters, method.config)
    if #losses - before < 2 and method.name == 'lbfgs' then break end -- nothing to gain any more
  end
  local seconds = clock:time().real
  return losses, net:forward(grid):clone(), seconds
end

-- The points and the fitted curves.
local function plot_fit(path, grid, fitted)
  if not paths.findprogram 'gnuplot' then return end -- optim.Logger has said so
  local parts = { { 'points', x:view(-1), y:view(-1), '+' } }
  for _, method in ipairs(methods) do
    parts[#parts + 1] = { method.name, grid:view(-1), fitted[method.name]:view(-1), '-' }
  end
  gnuplot.pngfigure(path)
  gnuplot.grid(true)
  gnuplot.plot(unpack(parts))
  gnuplot.plotflush()
  print('points and curves: ' .. path)
end

print(net)
local grid = torch.linspace(-2, 2, 200):view(-1, 1)
local truth = curve(grid)
local losses, fitted, names = {}, {}, {}
for i, method in ipairs(methods) do
  local seconds
  losses[i], fitted[method.name], seconds = fit(method, grid)
  names[i] = method.name
  print(('%-6s %5d evaluations, %6.3f s: loss %.5f, mean distance from the curve %.4f'):format(method.name, #losses[i],
    seconds, losses[i][#losses[i]], (fitted[method.name] - truth):abs():mean()))
end

local log = optim.Logger(opt.save .. '/loss'):setNames(names):style('-', '-', '-')
for step = 1, opt.evaluations do
  local row = {}
  for i in ipairs(methods) do row[i] = losses[i][math.min(step, #losses[i])] end
  log:add(row)
end
log:setlogscale(true)
local path = log:plot('mean squared error', 'evaluations')
if path then print('losses: ' .. path) else print(log:chart()) end
plot_fit(opt.save .. '/fit.png', grid, fitted)
