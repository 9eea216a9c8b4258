--- nn: neural network modules and criterions, as Torch7 knows them.
--
-- One file a class, `nn.Linear` in Linear.lua. A class is loaded when it is first mentioned: as a field of this table,
-- as a class name (`torch.class('my.Layer', 'nn.Linear')`, `torch.factory 'nn.Linear'`) or by a file being loaded, so
-- `require 'nn'` costs next to nothing.
require 'torch'
local onefile = require 'torch.onefile'

local nn = {}
-- Tables of helpers, and names that share a file; PyTorch's names that no class here has are in aliases.lua.
local extra = {
  diagnose = 'nn.diagnose',
  functional = 'nn.functional',
  fuse = 'nn.fuse',
  init = 'nn.initialize',
  tables = 'nn.tables',
  utils = 'nn.utils',
  hints = 'nn.hints',
  hessian = 'nn.hessian',
  test = 'nn.selftest',
  THNN = 'nn.THNN',
}

--- Load every class at once, so that `pairs(nn)` shows all of them.
-- @function loadAll
-- @return nn
-- @usage for name in pairs(nn.loadAll()) do print(name) end
nn.loadAll = onefile.attach(nn, 'nn', debug.getinfo(1, 'S').source, '^%u%w*$', extra, 'nn.aliases')

-- input.THNN.X_updateOutput(...): loaded when a function is first asked for.
for _, kind in ipairs { 'torch.FloatTensor', 'torch.DoubleTensor' } do
  torch.getmetatable(kind).THNN = setmetatable({}, {
    __index = function(_, name) return require 'nn.THNN'.kernels[kind][name] end,
  })
end

_G.nn = nn
return nn
