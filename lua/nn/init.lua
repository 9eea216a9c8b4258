--- nn: neural network modules and criterions, as Torch7 knows them.
--
-- One file a class. A class is loaded when it is first mentioned: as a field
-- of this table (`nn.Linear`), as a class name (`torch.class('my.Layer',
-- 'nn.Linear')`, `torch.factory 'nn.Linear'`) or by a file being loaded, so
-- `require 'nn'` costs next to nothing. Every name that can be loaded stands
-- in one of the lists below; a spec compares them with the folder.
require 'torch'

local names = [[
  Module Container Criterion Sequential Concat ConcatTable ParallelTable
  Linear SpatialConvolution SpatialConvolutionMM SpatialMaxPooling SpatialAveragePooling
  BatchNormalization SpatialBatchNormalization Dropout
  Threshold ReLU ReLU6 LeakyReLU ELU HardTanh Clamp Tanh Sigmoid LogSigmoid SoftMax LogSoftMax SoftPlus SoftSign
  SoftShrink HardShrink TanhShrink Abs Exp Log Power Sqrt Square AddConstant MulConstant
  Mul Identity Copy Contiguous View Reshape Select Narrow Transpose JoinTable SplitTable NarrowTable
  SelectTable CAddTable CSubTable CMulTable CDivTable
  ClassNLLCriterion CrossEntropyCriterion MSECriterion AbsCriterion SmoothL1Criterion BCECriterion MarginCriterion
  MultiMarginCriterion DistKLDivCriterion MultiCriterion ParallelCriterion
]]
-- Helpers that are tables, not classes.
local tables = [[ utils ]]

local nn = {}
local file = {}
for name in (names .. tables):gmatch '%S+' do file[name] = 'nn.' .. name end

local loading = {}
--- Load the file of a class; nil when nn has none of this name or it is being loaded.
local function load(name)
  local module = file[name]
  if not module or loading[name] then return nil end
  loading[name] = true
  local ok, value = pcall(require, module)
  loading[name] = nil
  if not ok then error(value, 0) end
  if rawget(nn, name) == nil then rawset(nn, name, value) end
  return rawget(nn, name)
end

setmetatable(nn, {
  __index = function(_, name) return load(name) end,
  -- LuaJIT built with Lua 5.2 compatibility asks this; others list what has been mentioned so far.
  __pairs = function(t)
    t.loadAll()
    return next, t, nil
  end,
})

--- Load every class at once, so that `pairs(nn)` shows all of them.
-- @return nn
-- @usage for name in pairs(nn.loadAll()) do print(name) end
function nn.loadAll()
  for name in pairs(file) do load(name) end
  return nn
end

_G.nn = nn
return nn
