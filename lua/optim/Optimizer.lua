--- optim.Optimizer: optimisers in PyTorch's form, objects that hold what they train: optim.SGD, Adam, AdamW, NAdam,
-- RAdam, RMSprop, Adagrad, Adadelta, Adamax, ASGD, Rprop, LBFGS, Adafactor, Muon.
--
-- optim.Adam(net, { lr = 1e-3 }): the parameters are those of an nn module, flattened by net:getParameters(), or
-- {x, dx}, such flat tensors. Options have PyTorch's names and defaults (lr, betas, eps, weight_decay, momentum ...;
-- camelCase will do) or those of Torch7's settings. groups: a list as optim.Groups takes.
-- Then, batch after batch: opt:zeroGrad(), net:forward, net:backward, opt:step(). Settings stand in opt.config, under
-- Torch7's names, where optim.Schedule and optim.lr_scheduler find them; x, dx and state in opt.x, opt.dx, opt.state.
-- Adafactor and Muon look at matrices: they take a net, or {x, dx} with the option parameters = net:parameters(), and
-- no groups. Muon moves biases by optim.adamw.
-- Steps are those of the functions optim.sgd, optim.adamw ..., with PyTorch's numbers.
local Optimizer = torch.class 'optim.Optimizer'
local optim = require 'optim'
local fail = require 'torch.position'.fail

-- Method, the settings by PyTorch's names, and the defaults that are not the method's own. coupled: the decay passes
-- through the gradient; rate: PyTorch's default; scaled: Torch7's method has no rate; parts: see optim.parts.
local kinds = {
  SGD = { 'sgd', { momentum = 'momentum', dampening = 'dampening', nesterov = 'nesterov' }, { dampening = 0 },
    rate = 1e-3 },
  Adam = { 'adamw', { betas = 'betas', eps = 'epsilon', amsgrad = 'amsgrad' }, { weightDecay = 0 }, coupled = true,
    rate = 1e-3 },
  AdamW = { 'adamw', { betas = 'betas', eps = 'epsilon', amsgrad = 'amsgrad' }, {}, rate = 1e-3 },
  NAdam = { 'nadam', { betas = 'betas', eps = 'epsilon', momentumDecay = 'momentumDecay' }, {}, rate = 2e-3 },
  RAdam = { 'radam', { betas = 'betas', eps = 'epsilon' }, {}, rate = 1e-3 },
  RMSprop = { 'rmsprop', { alpha = 'alpha', eps = 'epsilon', momentum = 'momentum', centered = 'centered' }, {},
    rate = 1e-2 },
  Adagrad = { 'adagrad', { lrDecay = 'learningRateDecay' }, {}, rate = 1e-2 },
  Adadelta = { 'adadelta', { rho = 'rho', eps = 'eps' }, {}, rate = 1, scaled = true },
  Adamax = { 'adamax', { betas = 'betas', eps = 'epsilon' }, { epsilon = 1e-8 }, rate = 2e-3 },
  ASGD = { 'asgd', { lr = 'eta0', lambd = 'lambda', alpha = 'alpha', t0 = 't0' }, { eta0 = 0.01 }, no_decay = true },
  Rprop = { 'rprop', { lr = 'stepsize', etas = 'etas', stepSizes = 'stepSizes' }, { stepsize = 0.01 },
    no_decay = true },
  LBFGS = { 'lbfgs', { maxIter = 'maxIter', maxEval = 'maxEval', toleranceGrad = 'tolFun', toleranceChange = 'tolX',
    historySize = 'nCorrection' }, { tolFun = 1e-7, nCorrection = 100 }, no_decay = true, closure = true, rate = 1 },
  Adafactor = { 'adafactor', { beta2Decay = 'beta2Decay', eps = 'epsilons', d = 'clip' }, { weightDecay = 0 },
    rate = 1e-2, parts = true },
  Muon = { 'muon', { momentum = 'momentum', nesterov = 'nesterov', nsCoefficients = 'coefficients', eps = 'epsilon',
    nsSteps = 'steps', adjustLrFn = 'adjust' }, {}, rate = 1e-3, parts = true },
}
-- Settings that are true or false.
local flags = { nesterov = true, amsgrad = true, centered = true }
-- Options that are a pair: the settings of both.
local couples = { betas = { 'beta1', 'beta2' }, etas = { 'etaminus', 'etaplus' },
  stepSizes = { 'stepsizemin', 'stepsizemax' }, epsilons = { 'epsilon1', 'epsilon2' } }

-- What options of a kind may be called → the setting.
local function known(kind)
  local out = {}
  if kind.rate then out.lr = 'learningRate' end
  if not kind.no_decay then out.weightDecay = 'weightDecay' end
  for name, setting in pairs(kind[2]) do out[name] = setting end
  for _, setting in pairs(kind[2]) do
    for _, each in ipairs(couples[setting] or { setting }) do out[each] = each end
  end
  if out.lr then out[out.lr] = out.lr end
  return out
end

local function refuse(who, text, ...) fail(('optim.%s: '):format(who) .. text:format(...)) end

local function set(who, config, setting, value)
  if flags[setting] then
    if type(value) ~= 'boolean' then refuse(who, '%s: expected true or false, got %s', setting, torch.type(value)) end
  elseif setting == 'coefficients' then
    if torch.type(value) ~= 'table' or #value ~= 3 then refuse(who, 'nsCoefficients: expected three numbers') end
  elseif setting == 'adjust' then
    if type(value) ~= 'string' then refuse(who, 'adjustLrFn: expected a name, got %s', torch.type(value)) end
  elseif type(value) ~= 'number' or value ~= value then
    refuse(who, '%s: expected a number, got %s', setting, torch.type(value))
  end
  config[setting] = value
end

local function settings_of(who, kind, options)
  local config, names = {}, known(kind)
  if kind[2].betas then config.beta1, config.beta2 = 0.9, 0.999 end
  for name, value in pairs(kind[3]) do config[name] = value end
  for key, value in pairs(options) do
    local name = type(key) == 'string' and key:gsub('_(%w)', string.upper) or key
    local setting = names[name]
    if not setting then
      local list = {}
      for each in pairs(names) do list[#list + 1] = each end
      table.sort(list)
      refuse(who, 'there is no option %s; there are: %s', tostring(key), table.concat(list, ', '))
    elseif couples[setting] then
      if type(value) ~= 'table' or #value ~= 2 then refuse(who, '%s: expected two numbers', name) end
      for i, each in ipairs(couples[setting]) do set(who, config, each, value[i]) end
    else
      set(who, config, setting, value)
    end
  end
  return config
end

-- Flat parameters and gradients of what is to be trained.
local function flat(who, parameters)
  if torch.isTypeOf(parameters, 'nn.Module') then
    local list = parameters:parameters()
    if not list or #list == 0 then refuse(who, 'argument 1: %s has no parameters', torch.type(parameters)) end
    return parameters:getParameters()
  end
  local x, dx
  if torch.type(parameters) == 'table' then x, dx = parameters[1], parameters[2] end
  if not torch.isTensor(x) or not torch.isTensor(dx) or x:nElement() ~= dx:nElement() or x:type() ~= dx:type() then
    refuse(who, 'argument 1: expected an nn module, or {parameters, gradients} from net:getParameters(), got %s',
      torch.type(parameters))
  end
  return x, dx
end

--- @param kind 'SGD', 'Adam' ...; optim.SGD(...) is optim.Optimizer('SGD', ...)
-- @param parameters an nn module, or {x, dx}
-- @param[opt] options see above
-- @usage
-- local net = nn.Linear(3, 1)
-- local opt = optim.Optimizer('SGD', net, { lr = 0.1, momentum = 0.9 })
function Optimizer:__init(kind, parameters, options)
  if type(kind) ~= 'string' or not kinds[kind] then
    fail('optim.Optimizer: argument 1: expected the name of a kind, such as "SGD", got ' .. tostring(kind))
  end
  options = options == nil and {} or options
  if torch.type(options) ~= 'table' then refuse(kind, 'argument 2: expected a table of options') end
  local rest = {}
  for k, v in pairs(options) do
    if k ~= 'groups' and not (k == 'parameters' and kinds[kind].parts) then rest[k] = v end
  end
  self.kind, self.config, self.state = kind, settings_of(kind, kinds[kind], rest), {}
  self.x, self.dx = flat(kind, parameters)
  self:rated()
  if kinds[kind].parts then
    if options.groups ~= nil then refuse(kind, 'groups: not with an optimizer that looks at matrices') end
    local list = torch.isTypeOf(parameters, 'nn.Module') and parameters:parameters() or options.parameters
    self.state.parts = require('optim.parts').places(kinds[kind][1], self.x, list, 0)
  end
  if options.groups ~= nil then self.groups = optim.Groups(self.x, options.groups) end
end

-- The settings, where they have a learning rate: its default written out.
function Optimizer:rated()
  local kind = kinds[self.kind]
  if not kind.rate then return nil end
  self.config.learningRate = self.config.learningRate or kind.rate
  return self.config
end

-- Is it a step that Torch7's function does not know?
local function varied(method, config)
  if method == 'rmsprop' then return config.centered or (config.momentum or 0) ~= 0 end
  return method == 'adamw' and config.amsgrad
end

--- Set all gradients to zero.
function Optimizer:zeroGrad() self.dx:zero() end
Optimizer.zero_grad = Optimizer.zeroGrad

--- Move the parameters by the gradients that stand in dx.
-- @param[opt] closure computes the loss and the gradients anew and returns the loss; LBFGS, which may ask several
-- times, needs it
-- @return the loss that closure gave first
function Optimizer:step(closure)
  local kind = kinds[self.kind]
  if closure == nil and kind.closure then
    error(('optim.%s: step: expected a function that computes loss and gradients'):format(self.kind), 2)
  elseif closure ~= nil and type(closure) ~= 'function' then
    error(('optim.%s: step: expected a function, got %s'):format(self.kind, torch.type(closure)), 2)
  end
  local config, decay = self.config, 0
  if kind.coupled or kind.scaled then
    config = {}
    for k, v in pairs(self.config) do config[k] = v end
    if kind.scaled then config.scale = config.learningRate end
    if kind.coupled then decay, config.weightDecay = config.weightDecay, 0 end
  end
  local function evaluate()
    local loss = closure and closure()
    if decay ~= 0 then self.dx:add(decay, self.x) end
    return loss, self.dx
  end
  local method = optim[kind[1]]
  if varied(kind[1], config) then method = require('optim.variants')[kind[1]] end
  if self.groups then method = self.groups:wrap(method) end
  local _, losses = method(evaluate, self.x, config, self.state)
  return losses and losses[1]
end

function Optimizer:__tostring__()
  local list = {}
  for k, v in pairs(self.config) do list[#list + 1] = ('%s = %s'):format(k, tostring(v)) end
  table.sort(list)
  return ('optim.%s(%d parameters; %s)'):format(self.kind, self.x:nElement(), table.concat(list, ', '))
end

for name in pairs(kinds) do
  optim[name] = function(parameters, options) return optim.Optimizer(name, parameters, options) end
end

return Optimizer
