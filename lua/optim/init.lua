--- optim: optimisers, ConfusionMatrix and Logger, as Torch7 knows them.
--
-- `optim.name(opfunc, x, [config], [state])`: opfunc(x) returns f and df/dx (which may be changed); x is changed in
-- place. config holds settings, state what is remembered between calls; one table may be both. Returns x and the list
-- of values of f before the step. One file a function, loaded on first mention.
require 'torch'
local onefile = require 'torch.onefile'

local optim = {}
-- Names that share a file: name -> module; files that are no optimisers: false.
local extra = { init = false, settings = false, parts = false, variants = false, clip = false, clipNorm = 'optim.clip',
  clipValue = 'optim.clip', clipLayers = 'optim.clip', clipped = 'optim.clip' }
local objects = 'SGD Adam AdamW NAdam RAdam RMSprop Adagrad Adadelta Adamax ASGD Rprop LBFGS Adafactor Muon'
for name in objects:gmatch '%S+' do
  extra[name] = 'optim.Optimizer'
end

--- Load all optimisers and tools and return the package. Without it each file loads when its name is first mentioned.
-- @function loadAll
-- @usage for name in pairs(optim.loadAll()) do print(name) end
optim.loadAll = onefile.attach(optim, 'optim', debug.getinfo(1, 'S').source, '^%a[%w_]*$', extra)

_G.optim = optim
return optim
