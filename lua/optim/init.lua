--- optim: optimisers, ConfusionMatrix and Logger, as Torch7 knows them.
--
-- `optim.name(opfunc, x, [config], [state])`: opfunc(x) returns f and df/dx (which may be changed); x is changed in
-- place. config holds settings, state what is remembered between calls; one table may be both. Returns x and the list
-- of values of f before the step. One file a function, loaded on first mention.
require 'torch'

local optim = {}
local names = [[ sgd adam adamax adagrad adadelta rmsprop rprop nag asgd ConfusionMatrix Logger ]]
local file = {}
for name in names:gmatch '%S+' do file[name] = 'optim.' .. name end

setmetatable(optim, {
  __index = function(_, name)
    local module = file[name]
    if not module then return nil end
    local value = require(module)
    if rawget(optim, name) == nil then rawset(optim, name, value) end
    return rawget(optim, name)
  end,
})

_G.optim = optim
return optim
