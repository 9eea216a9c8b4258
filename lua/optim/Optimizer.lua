--- optim.Optimizer: optimisers in PyTorch's form, objects that hold what they train: optim.SGD, Adam, AdamW, NAdam,
-- RAdam, RMSprop, Adagrad, Adadelta, Adamax, ASGD, Rprop, LBFGS, Adafactor, Muon.
--
-- optim.Adam(net, { lr = 1e-3 }): the parameters are those of an nn module, flattened by net:getParameters(), or
-- {x, dx}, such flat tensors. Options have PyTorch's names and defaults (lr, betas, eps, weight_decay, momentum,
-- maximize ...; camelCase will do) or those of Torch7's settings.
-- groups: a list as optim.Groups takes, whose settings may have PyTorch's names, too; params: a module, a tensor, or a
-- list of them. An lr of a group stands in the same ratio to the optimiser's from then on, so schedules move both.
-- PyTorch's list of groups for argument 1 does: optim.SGD({{ params = a }, { params = b, lr = 0.1 }}, { lr = 0.01 }).
-- Then, batch after batch: opt:zeroGrad(), net:forward, net:backward, opt:step(). Settings stand in opt.config, under
-- Torch7's names, where optim.Schedule and optim.lr_scheduler find them; x, dx and state in opt.x, opt.dx, opt.state.
-- Adafactor and Muon look at matrices: they take a net, or {x, dx} with the option parameters = net:parameters(). Muon
-- moves biases by optim.adamw.
-- Steps are those of the functions optim.sgd, optim.adamw ..., with PyTorch's numbers.
local Optimizer = torch.class 'optim.Optimizer'
local optim = require 'optim'
local kinds = require 'optim.kinds'
local parts = require 'optim.parts'
local fail = require 'torch.position'.fail
local refuse = kinds.refuse

local function is_module(v) return torch.isTypeOf(v, 'nn.Module') end

-- Does a list of groups stand where a net is expected?
local function are_groups(v)
  if torch.type(v) ~= 'table' or #v == 0 then return false end
  for _, group in ipairs(v) do
    if torch.type(group) ~= 'table' or group.params == nil then return false end
  end
  return true
end

-- A module that holds all modules of such a list.
local function net_of(who, groups)
  local net = nn.Sequential()
  for i, group in ipairs(groups) do
    for _, m in ipairs(is_module(group.params) and { group.params } or group.params) do
      if not is_module(m) then
        refuse(who, 'argument 1: group %d: params: expected modules, got %s; parts of them go with the net as '
          .. 'argument 1 and the option groups', i, torch.type(m))
      end
      net:add(m)
    end
  end
  return net
end

-- Flat parameters and gradients of what is to be trained.
local function flat(who, parameters)
  if is_module(parameters) then
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

-- A group as optim.Groups takes it.
local function group_of(who, group, i, rate)
  if torch.type(group) ~= 'table' then return group end
  local out, rest = {}, {}
  for k, v in pairs(group) do
    if optim.Groups.own[k] then out[k] = v elseif k ~= 'params' then rest[k] = v end
  end
  local list = group.params
  if list ~= nil then
    out.modules, out.parameters = {}, {}
    if is_module(list) or torch.isTensor(list) then list = { list } end
    for _, v in ipairs(torch.type(list) == 'table' and list or { list }) do
      if not is_module(v) and not torch.isTensor(v) then
        refuse(who, 'group %d: params: expected modules or tensors, got %s', i, torch.type(v))
      end
      table.insert(is_module(v) and out.modules or out.parameters, v)
    end
  end
  local lr = rest.lr
  for k, v in pairs(kinds.read(who, rest, {})) do out[k] = v end
  if lr and rate and rate ~= 0 and out.scale == nil then out.scale, out.learningRate = lr / rate, nil end
  return out
end

--- @param kind 'SGD', 'Adam' ...; optim.SGD(...) is optim.Optimizer('SGD', ...)
-- @param parameters an nn module, {x, dx}, or a list of groups
-- @param[opt] options see above
-- @usage
-- local net = nn.Linear(3, 1)
-- local opt = optim.Optimizer('SGD', net, { lr = 0.1, momentum = 0.9 })
function Optimizer:__init(kind, parameters, options)
  local row = type(kind) == 'string' and kinds.list[kind]
  if not row then
    fail('optim.Optimizer: argument 1: expected the name of a kind, such as "SGD", got ' .. tostring(kind))
  end
  options = options == nil and {} or options
  if torch.type(options) ~= 'table' then refuse(kind, 'argument 2: expected a table of options') end
  local groups, rest = options.groups, {}
  for k, v in pairs(options) do
    if k ~= 'groups' and not (k == 'parameters' and row.parts) then rest[k] = v end
  end
  if are_groups(parameters) then
    groups, parameters = parameters, net_of(kind, parameters)
  end
  self.kind, self.config, self.state = kind, kinds.settings(kind, rest), {}
  self.x, self.dx = flat(kind, parameters)
  self:rated()
  local list
  if row.parts then
    list = parts.places(row[1], self.x, is_module(parameters) and parameters:parameters() or options.parameters, 0)
    self.state.parts = groups == nil and list or nil
  end
  if groups ~= nil then self:group(groups, list) end
end

-- Have groups, each stretch of x with those of the parts that lie in it.
function Optimizer:group(groups, list)
  local row = kinds.list[self.kind]
  if row.closure then refuse(self.kind, 'groups: not with a method that moves all parameters by one direction') end
  if torch.type(groups) == 'table' then
    local translated = {}
    for i, group in ipairs(groups) do
      translated[i] = group_of(self.kind, group, i, row.rate and self.config.learningRate)
    end
    groups = translated
  end
  self.groups = optim.Groups(self.x, groups)
  if not list then return end
  self.state.groups = {}
  for i, s in ipairs(self.groups.stretches) do
    self.state.groups[i] = { parts = parts.within(row[1], list, s.first, s.last, 0) }
  end
end

-- The settings, where they have a learning rate: its default written out.
function Optimizer:rated()
  local kind = kinds.list[self.kind]
  if not kind.rate then return nil end
  self.config.learningRate = self.config.learningRate or kind.rate
  return self.config
end

--- Set all gradients to zero.
function Optimizer:zeroGrad() self.dx:zero() end
Optimizer.zero_grad = Optimizer.zeroGrad

--- Move the parameters by the gradients that stand in dx.
-- @param[opt] closure computes the loss and the gradients anew and returns the loss; LBFGS, which may ask several
-- times, needs it
-- @return the loss that closure gave first
function Optimizer:step(closure)
  local kind = kinds.list[self.kind]
  if closure == nil and kind.closure then
    error(('optim.%s: step: expected a function that computes loss and gradients'):format(self.kind), 2)
  elseif closure ~= nil and type(closure) ~= 'function' then
    error(('optim.%s: step: expected a function, got %s'):format(self.kind, torch.type(closure)), 2)
  end
  local method = kinds.step(kind)
  if self.groups then method = self.groups:wrap(method) end
  local _, losses = method(function() return closure and closure(), self.dx end, self.x, self.config, self.state)
  return losses and losses[1]
end

function Optimizer:__tostring__()
  local list = {}
  for k, v in pairs(self.config) do list[#list + 1] = ('%s = %s'):format(k, tostring(v)) end
  table.sort(list)
  return ('optim.%s(%d parameters; %s)'):format(self.kind, self.x:nElement(), table.concat(list, ', '))
end

for name in pairs(kinds.list) do
  optim[name] = function(parameters, options) return optim.Optimizer(name, parameters, options) end
end

return Optimizer
