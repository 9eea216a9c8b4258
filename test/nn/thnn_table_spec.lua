--- Every function of THNN, called as THNN.h orders its arguments, against the layer of that name.
--
-- A row: the layer, its input, then the arguments of updateOutput, updateGradInput and accGradParameters as words:
-- x input, t target, y output, g gradOutput, dx gradInput, w b dw db parameters and their gradients, i positions of
-- maxima, f an empty tensor, - NULL, .name a field of the layer; anything else is a Lua value.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local distance = support.distance
local functions = require 'nn.THNN'.functions

local tested = {}
local function R(...) return torch.Tensor(...):uniform(-1, 1) end
local function P(...) return torch.Tensor(...):uniform(0.2, 0.8) end
local function distinct(...)
  local t = torch.Tensor(...)
  return t:copy(torch.randperm(t:nElement()):double():mul(0.01):viewAs(t))
end

local rows = {
  Abs = { 'Abs()', 'R(3, 4)', 'x y', 'x g dx' },
  ELU = { 'ELU(0.7)', 'R(3, 4)', 'x y 0.7 false', 'x g dx y 0.7 false' },
  HardShrink = { 'HardShrink(0.3)', 'R(3, 4)', 'x y 0.3', 'x g dx 0.3' },
  HardTanh = { 'HardTanh(-0.5, 0.6)', 'R(3, 4)', 'x y -0.5 0.6 false', 'x g dx -0.5 0.6 false' },
  LeakyReLU = { 'LeakyReLU(0.1)', 'R(3, 4)', 'x y 0.1 false', 'x g dx 0.1 false' },
  LogSigmoid = { 'LogSigmoid()', 'R(3, 4)', 'x y f', 'x g dx f' },
  LogSoftMax = { 'LogSoftMax()', 'R(3, 4)', 'x y', 'x g dx y' },
  PReLU = { 'PReLU(4)', 'R(3, 4)', 'x y w 4', 'x g dx w 4', 'x g dx w dw f f 4 0.5' },
  RReLU = { 'RReLU(0.1, 0.3):evaluate()', 'R(3, 4)', 'x y f 0.1 0.3 false false -', 'x g dx f 0.1 0.3 false false' },
  Sigmoid = { 'Sigmoid()', 'R(3, 4)', 'x y', 'x g dx y' },
  SoftMax = { 'SoftMax()', 'R(3, 4)', 'x y', 'x g dx y' },
  SoftPlus = { 'SoftPlus(2)', 'R(3, 4)', 'x y 2 20', 'x g dx y 2 20' },
  SoftShrink = { 'SoftShrink(0.2)', 'R(3, 4)', 'x y 0.2', 'x g dx 0.2' },
  Sqrt = { 'Sqrt()', 'P(3, 4)', 'x y 0', 'x g dx y' },
  Square = { 'Square()', 'R(3, 4)', 'x y', 'x g dx' },
  Tanh = { 'Tanh()', 'R(3, 4)', 'x y', 'x g dx y' },
  Threshold = { 'Threshold(0.1, -2)', 'R(3, 4)', 'x y 0.1 -2 false', 'x g dx 0.1 -2 false' },
  GatedLinear = { 'GatedLinearUnit(2)', 'R(3, 4)', 'x y 2', 'x g dx 2' },
  GatedLinearUnit = { 'GatedLinearUnit(2)', 'R(3, 4)', 'x y 2', 'x g dx 2' },
  Linear = { 'Linear(4, 2)', 'R(3, 4)', 'x y w b f', 'x g dx w', 'x g dx w b dw db f 0.5' },
  BatchNormalization = { 'BatchNormalization(4)', 'R(5, 4)',
    'x y w b torch.zeros(4) torch.ones(4) torch.zeros(4) torch.zeros(4) true 0.1 1e-5' },
  FeatureLPPooling = { 'FeatureLPPooling(3, 2, 2, true)', 'R(2, 7)', 'x y 2 3 2 true', 'g x y dx 2 3 2 true' },

  TemporalConvolution = { 'TemporalConvolution(4, 3, 2)', 'R(2, 5, 4)', 'x y w b 2 1 4 3', 'x g dx w 2 1',
    'x g dw db 2 1 0.5' },
  TemporalRowConvolution = { 'TemporalRowConvolution(4, 2)', 'R(2, 5, 4)', 'x y w b f f 2 1 0 false',
    'x g dx w f f 2 1 0 false', 'x g dw db f f 2 1 0 false 0.5' },
  TemporalMaxPooling = { 'TemporalMaxPooling(2)', 'D(2, 5, 4)', 'x y i 2 2', 'x g dx i 2 2' },
  TemporalSubSampling = { 'TemporalSubSampling(4, 2)', 'R(2, 5, 4)', 'x y w b 2 1 4', 'x g dx w 2 1',
    'x g dw db 2 1 0.5' },

  SpatialConvolutionMM = { 'SpatialConvolutionMM(2, 3, 3, 2, 1, 2, 1, 0)', 'R(2, 2, 5, 6)', 'x y w b f f 3 2 1 2 1 0',
    'x g dx w f f 3 2 1 2 1 0', 'x g dw db f f 3 2 1 2 1 0 0.5' },
  SpatialDepthWiseConvolution = { 'SpatialDepthWiseConvolution(2, 3, 3, 2, 1, 2, 1, 0)', 'R(2, 2, 5, 6)',
    'x y w b f f 3 2 1 2 1 0', 'x g dx w f f 3 2 1 2 1 0', 'x g dw db f f 3 2 1 2 1 0 0.5' },
  SpatialConvolutionMap = { 'SpatialConvolutionMap(nn.tables.random(4, 3, 2), 3, 2, 1, 2)', 'R(2, 4, 6, 6)',
    'x y w b .connTable 4 3 1 2', 'x g dx w b .connTable 4 3 1 2', 'x g dw db .connTable 4 3 1 2 0.5' },
  SpatialFullConvolutionMap = { 'SpatialFullConvolutionMap(nn.tables.random(4, 3, 2), 3, 2, 1, 2)', 'R(2, 4, 4, 5)',
    'x y w b .connTable 4 3 1 2', 'x g dx w b .connTable 4 3 1 2', 'x g dw db .connTable 4 3 1 2 0.5' },
  SpatialDilatedConvolution = { 'SpatialDilatedConvolution(2, 3, 3, 2, 1, 1, 1, 0, 2, 1)', 'R(2, 2, 5, 6)',
    'x y w b f f 3 2 1 1 1 0 2 1', 'x g dx w f 3 2 1 1 1 0 2 1', 'x g dw db f f 3 2 1 1 1 0 2 1 0.5' },
  SpatialFullConvolution = { 'SpatialFullConvolution(2, 3, 3, 2, 2, 1, 1, 0, 1, 0)', 'R(2, 2, 4, 5)',
    'x y w b f f 3 2 2 1 1 0 1 0', 'x g dx w f 3 2 2 1 1 0 1 0', 'x g dw db f f 3 2 2 1 1 0 1 0 0.5' },
  SpatialConvolutionLocal = { 'SpatialConvolutionLocal(2, 3, 6, 5, 3, 2)', 'R(2, 2, 5, 6)',
    'x y w b f f 3 2 1 1 0 0 6 5 4 4', 'x g dx w f f 3 2 1 1 0 0 6 5 4 4', 'x g dw db f f 3 2 1 1 0 0 6 5 4 4 0.5' },
  SpatialAveragePooling = { 'SpatialAveragePooling(3, 2, 2, 1, 1, 0):setCountExcludePad()', 'R(2, 2, 5, 6)',
    'x y 3 2 2 1 1 0 false false', 'x g dx 3 2 2 1 1 0 false false' },
  SpatialMaxPooling = { 'SpatialMaxPooling(3, 2, 2, 1, 1, 0):ceil()', 'D(2, 2, 5, 6)', 'x y i 3 2 2 1 1 0 true',
    'x g dx i 3 2 2 1 1 0 true' },
  SpatialDilatedMaxPooling = { 'SpatialDilatedMaxPooling(2, 2, 1, 1, 0, 0, 2, 1)', 'D(2, 2, 5, 6)',
    'x y i 2 2 1 1 0 0 2 1 false', 'x g dx i 2 2 1 1 0 0 2 1 false' },
  SpatialAdaptiveMaxPooling = { 'SpatialAdaptiveMaxPooling(3, 2)', 'D(2, 2, 5, 6)', 'x y i 3 2', 'x g dx i' },
  SpatialAdaptiveAveragePooling = { 'SpatialAdaptiveAveragePooling(3, 2)', 'R(2, 2, 5, 6)', 'x y 3 2', 'x g dx' },
  SpatialFractionalMaxPooling = { 'SpatialFractionalMaxPooling(2, 3, 4, 2)', 'D(2, 2, 7, 8)',
    'x y 4 2 2 3 i .randomSamples', 'x g dx 4 2 2 3 i' },
  SpatialSubSampling = { 'SpatialSubSampling(2, 3, 2, 2, 1)', 'R(2, 2, 5, 7)', 'x y w b 3 2 2 1', 'x g dx w 3 2 2 1',
    'x g dw db 3 2 2 1 0.5' },
  SpatialUpSamplingNearest = { 'SpatialUpSamplingNearest(3)', 'R(2, 2, 3, 4)', 'x y 3', 'x g dx 3' },
  SpatialUpSamplingBilinear = { 'SpatialUpSamplingBilinear { oheight = 5, owidth = 9 }', 'R(2, 2, 3, 4)', 'x y 5 9',
    'g dx 2 2 3 4 5 9' },
  SpatialReflectionPadding = { 'SpatialReflectionPadding(1, 2, 0, 1)', 'R(2, 2, 4, 5)', 'x y 1 2 0 1',
    'x g dx 1 2 0 1' },
  SpatialReplicationPadding = { 'SpatialReplicationPadding(1, 2, 0, 1)', 'R(2, 2, 4, 5)', 'x y 1 2 0 1',
    'x g dx 1 2 0 1' },
  SpatialMaxUnpooling = { 'SpatialMaxUnpooling(pooled(nn.SpatialMaxPooling(2, 2), 2, 2, 4, 6))', 'R(2, 2, 2, 3)',
    'x y .indices 6 4', 'x g dx .indices 6 4' },

  VolumetricAveragePooling = { 'VolumetricAveragePooling(2, 3, 2, 1, 2, 1, 1, 1, 0)', 'R(2, 2, 4, 5, 6)',
    'x y 2 3 2 1 2 1 1 1 0 false true', 'x g dx 2 3 2 1 2 1 1 1 0 false true' },
  VolumetricMaxPooling = { 'VolumetricMaxPooling(2, 3, 2, 1, 2, 1, 1, 1, 0)', 'D(2, 2, 4, 5, 6)',
    'x y i 2 3 2 1 2 1 1 1 0 false', 'x g dx i 1 2 1 1 1 0' },
  VolumetricDilatedMaxPooling = { 'VolumetricDilatedMaxPooling(2, 3, 2, 1, 2, 1, 1, 0, 0, 1, 2, 2)',
    'D(2, 2, 4, 8, 6)', 'x y i 2 3 2 1 2 1 1 0 0 1 2 2 false', 'x g dx i 2 3 2 1 2 1 1 0 0 1 2 2 false' },
  VolumetricFractionalMaxPooling = { 'VolumetricFractionalMaxPooling(2, 2, 3, 3, 4, 2)', 'D(2, 2, 6, 7, 8)',
    'x y 3 4 2 2 2 3 i .randomSamples', 'x g dx 3 4 2 2 2 3 i' },
  VolumetricMaxUnpooling = {
    'VolumetricMaxUnpooling(pooled(nn.VolumetricMaxPooling(2, 2, 2), 2, 2, 4, 6, 4))', 'R(2, 2, 2, 3, 2)',
    'x y .indices 4 4 6 2 2 2 0 0 0', 'x g dx .indices 4 4 6 2 2 2 0 0 0' },
  VolumetricConvolutionMM = { 'VolumetricConvolution(2, 3, 2, 3, 2, 1, 2, 1, 1, 0, 1)', 'R(2, 2, 4, 5, 6)',
    'x y w b f 2 3 2 1 2 1 1 0 1', 'x g dx w f f 2 3 2 1 2 1 1 0 1', 'x g dw db f 2 3 2 1 2 1 1 0 1 0.5' },
  VolumetricConvolution = { 'VolumetricConvolution(2, 3, 2, 3, 2, 1, 2, 1, 1, 0, 1)', 'R(2, 2, 4, 5, 6)',
    'x y w b f f 1 2 1 1 0 1', 'x g dx w f 1 2 1 1 0 1', 'x g dw db f f 1 2 1 1 0 1 0.5' },
  VolumetricDilatedConvolution = { 'VolumetricDilatedConvolution(2, 3, 2, 3, 2, 1, 1, 1, 0, 1, 0, 1, 2, 1)',
    'R(2, 2, 4, 6, 6)', 'x y w b f f 2 3 2 1 1 1 0 1 0 1 2 1', 'x g dx w f 2 3 2 1 1 1 0 1 0 1 2 1',
    'x g dw db f f 2 3 2 1 1 1 0 1 0 1 2 1 0.5' },
  VolumetricFullConvolution = { 'VolumetricFullConvolution(2, 3, 2, 3, 2, 1, 2, 2, 0, 1, 0, 0, 1, 1)',
    'R(2, 2, 3, 4, 5)', 'x y w b f f 1 2 2 0 1 0 0 1 1', 'x g dx w f f 1 2 2 0 1 0 0 1 1',
    'x g dw db f f 1 2 2 0 1 0 0 1 1 0.5' },
  VolumetricReplicationPadding = { 'VolumetricReplicationPadding(1, 2, 0, 1, 1, 2)', 'R(2, 2, 3, 4, 5)',
    'x y 1 2 0 1 1 2', 'x g dx 1 2 0 1 1 2' },

  -- criterions: layer, input, updateOutput, updateGradInput, target
  AbsCriterion = { 'AbsCriterion()', 'R(3, 4)', 'x t y true', 'x t dx true', t = 'R(3, 4)' },
  BCECriterion = { 'BCECriterion(torch.linspace(1, 2, 4))', 'P(3, 4)', 'x t y true .weights', 'x t dx true .weights',
    t = 'P(3, 4)' },
  ClassNLLCriterion = { 'ClassNLLCriterion(torch.linspace(1, 2, 4))', 'R(3, 4)', 'x t y true .weights total -100',
    'x t dx true .weights total -100', t = 'torch.LongTensor { 1, 4, 2 }' },
  SpatialClassNLLCriterion = { 'SpatialClassNLLCriterion(torch.linspace(1, 2, 4))', 'R(2, 4, 2, 2)',
    'x t y true .weights total -100', 'x t dx true .weights total -100',
    t = 'torch.LongTensor { 1, 4, 2, 3, 3, 1, 1, 2 }:view(2, 2, 2)' },
  DistKLDivCriterion = { 'DistKLDivCriterion()', 'R(3, 4)', 'x t y true', 'x t dx true', t = 'P(3, 4)' },
  L1Cost = { 'L1Cost()', 'R(3, 4)', 'x y', 'x - dx' },
  MarginCriterion = { 'MarginCriterion(0.7)', 'R(3, 4)', 'x t y true 0.7', 'x t dx true 0.7', t = 'R(3, 4):sign()' },
  SoftMarginCriterion = { 'SoftMarginCriterion()', 'R(3, 4)', 'x t y true', 'x t dx true', t = 'R(3, 4):sign()' },
  MSECriterion = { 'MSECriterion(false)', 'R(3, 4)', 'x t y false', 'x t dx false', t = 'R(3, 4)' },
  MultiLabelMarginCriterion = { 'MultiLabelMarginCriterion()', 'R(2, 3)', 'x t y f true', 'x t dx f true',
    t = 'torch.LongTensor { 1, 3, 0, 2, 0, 0 }:view(2, 3)' },
  MultiMarginCriterion = { 'MultiMarginCriterion(2, torch.linspace(1, 2, 4), 0.8)', 'R(3, 4)',
    'x t y true 2 .weights 0.8', 'x t dx true 2 .weights 0.8', t = 'torch.LongTensor { 1, 4, 2 }' },
  SmoothL1Criterion = { 'SmoothL1Criterion()', 'R(3, 4)', 'x t y true', 'x t dx true', t = 'R(3, 4)' },
}

local environment = setmetatable({ R = R, P = P, D = distinct }, { __index = _G })
function environment.pooled(pool, ...)
  pool:forward(distinct(...))
  return pool
end
local function value(expression) return setfenv(assert(loadstring('return ' .. expression)), environment)() end

-- Call a function with a row's words; `known` gives what words stand for.
local function call(name, words, known, m)
  tested[name] = true
  local arguments, n = {}, 0
  for word in words:gmatch '%S+' do
    n = n + 1
    local v = known[word]
    if v == nil and word:find '^%.' then v = m[word:sub(2)] end
    if v == nil and word == 'f' then v = torch.Tensor() end
    if v == nil and word ~= '-' and not word:find '^%.' then v = value(word) end
    arguments[n] = torch.isTensor(v) and v:cdata() or v
  end
  return known.x.THNN[name](unpack(arguments, 1, n))
end

local function copy(t) return torch.isTensor(t) and t:clone() or t end

local function criterion(name, row, m)
  local x, t = value(row[2]), row.t and value(row.t)
  local known = { x = x, t = t, y = torch.Tensor(1), dx = torch.Tensor(), total = torch.Tensor(1) }
  local loss = m:forward(x, t)
  call(name .. '_updateOutput', row[3], known, m)
  assert.is_true(math.abs(known.y[1] - loss) < 1e-12, name)
  call(name .. '_updateGradInput', row[4], known, m)
  assert.is_true(distance(known.dx, m:backward(x, t)) < 1e-12, name)
end

local function layer(name, row, m)
  local x = value(row[2])
  local want = m:forward(x):clone()
  local known = { x = x, y = torch.Tensor(), w = m.weight, b = m.bias, i = torch.LongTensor() }
  call(name .. '_updateOutput', row[3], known, m)
  assert.is_true(distance(known.y, want) < 1e-12, name .. ': output')
  if not row[4] then return end
  known.g, known.dx = want:clone():uniform(-1, 1), torch.Tensor()
  local dx = m:updateGradInput(x, known.g):clone()
  call(name .. '_updateGradInput', row[4], known, m)
  assert.is_true(distance(known.dx, dx) < 1e-12, name .. ': gradInput')
  if not row[5] then return end
  m:zeroGradParameters()
  m:accGradParameters(x, known.g, 0.5)
  known.dw, known.db = m.gradWeight:clone():zero(), copy(m.gradBias)
  if known.db then known.db:zero() end
  call(name .. '_accGradParameters', row[5], known, m)
  assert.is_true(distance(known.dw, m.gradWeight) < 1e-12, name .. ': gradWeight')
  if known.db then assert.is_true(distance(known.db, m.gradBias) < 1e-12, name .. ': gradBias') end
end

describe('THNN functions', function()
  before_each(function() torch.manualSeed(8) end)

  for name, row in pairs(rows) do
    it(name, function()
      local made = row[1]:gsub(':evaluate%(%)$', '')
      local m = value('nn.' .. made)
      if made ~= row[1] then m:evaluate() end
      if torch.isTypeOf(m, 'nn.Criterion') then criterion(name, row, m) else layer(name, row, m) end
    end)
  end

  local function near(a, b) assert.is_true(distance(a, b) < 1e-12) end

  it('SparseLinear', function()
    local m, samples = nn.SparseLinear(7, 3), { torch.Tensor { { 2, 0.5 }, { 5, -1 } }, torch.Tensor { { 7, 2 } } }
    local rows3 = torch.Tensor { { 1, 2, 0.5 }, { 1, 5, -1 }, { 2, 7, 2 } }
    local padded = torch.Tensor { { { 2, 0.5 }, { 5, -1 } }, { { 7, 2 }, { 1, 0 } } }
    for _, case in ipairs { { '', rows3 }, { 'legacy', padded } } do
      local function f(method)
        local name = 'SparseLinear_' .. (case[1] == '' and method or 'legacy' .. method:gsub('^%l', string.upper))
        tested[name] = true
        return m.weight.THNN[name]
      end
      local y, g = torch.Tensor(2, 3), R(2, 3)
      f 'updateOutput'(case[2]:cdata(), y:cdata(), m.weight:cdata(), m.bias:cdata())
      near(y, m:forward(samples))
      m:zeroGradParameters()
      m:accGradParameters(samples, g, 0.5)
      local dw, db = torch.zeros(3, 7), torch.zeros(3)
      local w, b = m.weight, m.bias
      local function accumulate(decay)
        f 'accGradParameters'(case[2]:cdata(), g:cdata(), dw:cdata(), db:cdata(), w:cdata(), b:cdata(), decay, 0.5)
      end
      accumulate(0)
      near(dw, m.gradWeight)
      near(db, m.gradBias)
      local w2, b2 = w:clone(), b:clone()
      f 'updateParameters'(w2:cdata(), b2:cdata(), dw:cdata(), db:cdata(), case[2]:cdata(), 0.3)
      near(w2, w - dw * 0.3)
      near(b2, b - db * 0.3)
      f 'zeroGradParameters'(dw:cdata(), db:cdata(), case[2]:cdata())
      assert.are.equal(0, dw:clone():abs():sum() + db:clone():abs():sum())
      accumulate(0.1)
      near(dw, m.gradWeight + m.weight * 0.1)
    end
    assert.has_error(function()
      m.weight.THNN.SparseLinear_updateOutput(R(2, 2):cdata(), R(2, 3):cdata(), m.weight:cdata(), m.bias:cdata())
    end, 'THNN.SparseLinear_updateOutput: expected input [n x 3], got [2 x 2]')
    rows3[1][2] = 8
    local ok, err = pcall(m.weight.THNN.SparseLinear_updateOutput, rows3, R(2, 3), m.weight, m.bias)
    assert.truthy(not ok and err:find 'expected columns of 1..7, got 8')
  end)

  for _, normalize in ipairs { false, true } do
    it(normalize and 'IndexLinear, normalized' or 'IndexLinear', function()
      local m = nn.IndexLinear(9, 3, nil, nil, nil, nil, normalize)
      m.train = true
      local keys, values = torch.LongTensor { 1, 4, 4, 2 }, R(4)
      local sizes, sums = torch.LongTensor { 3, 1 }, torch.LongTensor { 3, 4 }
      local input, g, THNN = { keys, values, sizes }, R(2, 3), m.weight.THNN
      local function tell(name)
        tested['IndexLinear_' .. name] = true
        return THNN['IndexLinear_' .. name]
      end
      local weight = m.weight:clone()
      local want = m:forward(input):clone()
      local y, normalized = torch.Tensor(), torch.Tensor()
      tell 'updateOutput'(keys:cdata(), -1, values:cdata(), sizes:cdata(), sums:cdata(), y:cdata(), weight:cdata(),
        m.bias:cdata(), normalized:cdata(), true)
      near(y, want)
      near(weight, m.weight)
      m:zeroGradParameters()
      m:accGradParameters(input, g, 0.5)
      local dw, db = torch.Tensor(), torch.zeros(3)
      tell 'accGradParameters'(keys:cdata(), -1, values:cdata(), sizes:cdata(), sums:cdata(), g:cdata(), dw:cdata(),
        db:cdata(), weight:cdata(), m.bias:cdata(), normalized:cdata(), 0, 0.5)
      near(db, m.gradBias)
      local bias = m.bias:clone()
      tell 'updateParameters'(dw:cdata(), db:cdata(), weight:cdata(), bias:cdata(), keys:cdata(), sums:cdata(), -1, 0,
        0.3)
      m:updateParameters(0.3)
      near(weight, m.weight)
      near(bias, m.bias)
      if normalize then return end
      m:accUpdateGradParameters(input, g, 0.2)
      tell 'accUpdateGradParameters'(keys:cdata(), -1, values:cdata(), sizes:cdata(), sums:cdata(), g:cdata(),
        weight:cdata(), bias:cdata(), 0, 0.2)
      near(weight, m.weight)
      near(bias, m.bias)
    end)
  end

  it('unfolded_copy, unfolded_acc', function()
    tested.unfolded_copy, tested.unfolded_acc = true, true
    local x, columns = R(2, 5, 6), torch.Tensor()
    local kW, kH, dW, dH, padW, padH, oW, oH = 3, 2, 2, 1, 1, 0, 3, 4
    x.THNN.unfolded_copy(columns:cdata(), x:cdata(), kW, kH, dW, dH, padW, padH, 2, 6, 5, oW, oH)
    assert.are.same({ 2 * kH * kW, oH * oW }, columns:size():totable())
    local image = R(2, 5, 6)
    local sum = image:clone()
    for c = 1, 2 do
      for u = 1, kH do
        for v = 1, kW do
          for i = 1, oH do
            for j = 1, oW do
              local row, place = ((c - 1) * kH + u - 1) * kW + v, (i - 1) * oW + j
              local a, b = (i - 1) * dH + u - padH, (j - 1) * dW + v - padW
              local inside = a >= 1 and a <= 5 and b >= 1 and b <= 6
              assert.are.equal(inside and x[c][a][b] or 0, columns[row][place])
              if inside then sum[c][a][b] = sum[c][a][b] + columns[row][place] end
            end
          end
        end
      end
    end
    x.THNN.unfolded_acc(columns:cdata(), image:cdata(), kW, kH, dW, dH, padW, padH, 2, 6, 5, oW, oH)
    near(image, sum)
  end)

  it('BatchNormalization_backward, LookupTable', function()
    tested.BatchNormalization_backward = true
    local bn, x, g = nn.BatchNormalization(3), R(6, 3), R(6, 3)
    bn:forward(x)
    local dx, dw, db = torch.Tensor(), torch.zeros(3), torch.zeros(3)
    x.THNN.BatchNormalization_backward(x:cdata(), g:cdata(), dx:cdata(), dw:cdata(), db:cdata(), bn.weight:cdata(),
      bn.running_mean:cdata(), bn.running_var:cdata(), bn.save_mean:cdata(), bn.save_std:cdata(), true, 0.5, 1e-5)
    bn:zeroGradParameters()
    near(dx, bn:backward(x, g, 0.5))
    near(dw, bn.gradWeight)
    near(db, bn.gradBias)
    tested.LookupTable_accGradParameters, tested.LookupTable_renorm = true, true
    local m, keys = nn.LookupTable(5, 3, 2), torch.LongTensor { 2, 5, 5 }
    local grad = torch.zeros(5, 3)
    g = R(3, 3)
    grad.THNN.LookupTable_accGradParameters(keys:cdata(), g:cdata(), grad:cdata(), nil, nil, nil, true, 2, 0.5)
    m:zeroGradParameters()
    m:scaleGradByFreq()
    m:forward(keys)
    m:accGradParameters(keys, g, 0.5)
    near(grad, m.gradWeight)
    local weight = m.weight:clone()
    weight.THNN.LookupTable_renorm(keys:cdata(), weight:cdata(), 0.5, 2)
    assert.is_true(weight[5]:norm() <= 0.5 + 1e-6 and weight[2]:norm() <= 0.5 + 1e-6)
    assert.are.equal(0, (weight[1] - m.weight[1]):abs():max())
  end)

  it('refuse what is not there', function()
    local x = torch.ones(2)
    for _, name in ipairs { 'LSTMFused_updateOutput', 'GRUFused_updateGradInput' } do
      local ok, err = pcall(x.THNN[name], x:cdata())
      assert.is_true(not ok and err:find('for GPUs only, here as in Torch7', 1, true) ~= nil, err)
    end
    local THNN = torch.Tensor().THNN
    for name, f in pairs(functions) do
      local lists = { {}, { R(2, 3) }, { R(2, 3), R(2, 3) }, { 'x' }, { R(2, 3), 3, {}, 'x' }, { 3, 4, 5 } }
      for _, arguments in ipairs(lists) do
        local ok, err = pcall(f, unpack(arguments, 1, 4))
        assert.is_false(ok and not torch.isTensor(arguments[1]), name)
        if not ok then
          assert.truthy(err:find('THNN.', 1, true) or err:find 'nn%.%w+' or err:find 'torch%.%w+', name .. ': ' .. err)
          assert.is_nil(err:find 'attempt to', name .. ': ' .. err)
        end
      end
    end
    assert.has_error(function() THNN.Linear_updateOutput(R(2, 3):cdata(), R(2):cdata()) end,
      'THNN.Linear_updateOutput: argument 4 (weight): expected a tensor, got nil')
  end)

  it('all of them', function()
    tested.SpatialConvolutionMM_updateGradParameters = true -- another name of accGradParameters
    assert.are.equal(functions.SpatialConvolutionMM_accGradParameters,
      functions.SpatialConvolutionMM_updateGradParameters)
    local missing = {}
    for name in pairs(functions) do
      if not tested[name] and not name:find 'Fused' then missing[#missing + 1] = name end
    end
    table.sort(missing)
    assert.are.same({}, missing)
  end)
end)
