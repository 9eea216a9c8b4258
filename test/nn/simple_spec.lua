--- Layers without a kernel of their own, tables, decorators: gradients, batches, layouts, types, files, usage lines,
-- wrong calls.
require 'nn'
local here = debug.getinfo(1, 'S').source:match '^@(.*/)'
local support = dofile(here .. 'support.lua')

local away_from_zero, positive = support.away_from_zero, support.positive
local distinct, evaluating = support.distinct, support.evaluating

-- name, constructor, sizes of inputs (a list of sizes: tables of tensors); `values` draws the input, `single` names
-- sizes whose batch must give what its samples give alone
local rows = {
  { 'Add', function() return nn.Add(5) end, { { 5 }, { 4, 5 } }, single = { 4, 5 } },
  { 'Add of planes', function() return nn.Add(6) end, { { 4, 2, 3 } } },
  { 'Add of one', function() return nn.Add(5, true) end, { { 5 }, { 4, 5 } }, single = { 4, 5 } },
  { 'CAdd', function() return nn.CAdd(2, 3) end, { { 2, 3 }, { 4, 2, 3 } }, single = { 4, 2, 3 } },
  { 'CAdd of planes', function() return nn.CAdd(torch.LongStorage { 1, 3, 1 }) end, { { 2, 3, 4 }, { 2, 2, 3, 4 } } },
  { 'CMul', function() return nn.CMul(2, 3) end, { { 2, 3 }, { 4, 2, 3 }, { 4, 6 } }, single = { 4, 2, 3 } },
  { 'CMul of planes', function() return nn.CMul(1, 3, 1, 1) end, { { 2, 3, 2, 2 } } },
  { 'CMul of one', function() return nn.CMul(1) end, { { 4 }, { 4, 5 } } },
  { 'Bilinear', function() return nn.Bilinear(2, 3, 4) end, { { { 5, 2 }, { 5, 3 } } } },
  { 'Bilinear without bias', function() return nn.Bilinear(2, 3, 1, false) end, { { { 5, 2 }, { 5, 3 } } } },
  { 'Bottle', function() return nn.Bottle(nn.Linear(3, 4)) end, { { 3, 3 }, { 2, 2, 3 }, { 2, 1, 2, 3 } } },
  { 'Bottle to fewer dimensions', function() return nn.Bottle(nn.Sum(2), 2, 1) end, { { 4, 3 }, { 2, 4, 3 } } },
  { 'CAddTensorTable', function() return nn.CAddTensorTable() end, { { { 3 }, { { 3 }, { 3 } } } } },
  { 'CMaxTable', function() return nn.CMaxTable() end, { { { 3, 2 }, { 3, 2 }, { 3, 2 } } } },
  { 'CMinTable', function() return nn.CMinTable() end, { { { 3, 2 }, { 3, 2 }, { 3, 2 } } } },
  { 'Collapse', function() return nn.Collapse(2) end, { { 2, 3 }, { 4, 2, 3 } } },
  { 'Constant', function() return nn.Constant(2) end, { { 3 } }, constant = true },
  { 'Convert', function() return nn.Convert('bchw', 'bwhc') end, { { 2, 3, 4, 5 }, { 3, 4, 5 } } },
  { 'Convert to rows', function() return nn.Convert('cbhw', 'bf') end, { { 3, 2, 4, 5 }, { 3, 4, 5 } } },
  { 'Cosine', function() return nn.Cosine(3, 4) end, { { 3 }, { 5, 3 } }, single = { 5, 3 } },
  { 'CosineDistance', function() return nn.CosineDistance() end, { { { 4 }, { 4 } }, { { 3, 4 }, { 3, 4 } } } },
  { 'CReLU', function() return nn.CReLU(1) end, { { 5 }, { 4, 5 } }, values = away_from_zero, single = { 4, 5 } },
  { 'CReLU of planes', function() return nn.CReLU(3) end, { { 2, 3, 2, 4 }, { 3, 2, 4 } }, values = away_from_zero },
  { 'Decorator', function() return nn.Decorator(nn.Linear(3, 2)) end, { { 4, 3 } } },
  { 'DepthConcat', function()
    return nn.DepthConcat(2):add(nn.SpatialConvolution(1, 2, 3, 3)):add(nn.SpatialConvolution(1, 1, 2, 2))
  end, { { 2, 1, 5, 4 } } },
  { 'DontCast', function() return nn.DontCast(nn.Linear(3, 2)) end, { { 4, 3 } }, untyped = true },
  { 'DotProduct', function() return nn.DotProduct() end, { { { 4 }, { 4 } }, { { 3, 4 }, { 3, 4 } } } },
  { 'Euclidean', function() return nn.Euclidean(3, 4) end, { { 3 }, { 5, 3 } }, single = { 5, 3 } },
  { 'FeatureLPPooling', function() return nn.FeatureLPPooling(3, 2, 2, true) end,
    { { 2, 7 }, { 2, 5, 3 }, { 2, 4, 2, 2 } } },
  { 'FeatureLPPooling of one', function() return nn.FeatureLPPooling(2, 1, 3) end,
    { { 7 }, { 5, 3 }, { 4, 2, 2 } }, values = positive },
  { 'FlattenTable', function() return nn.FlattenTable() end, { { { 2 }, { { 3 }, { { 4 } } } } } },
  { 'GatedLinearUnit', function() return nn.GatedLinearUnit() end, { { 4 }, { 3, 4 }, { 2, 3, 4 } },
    single = { 3, 4 } },
  { 'GatedLinearUnit of planes', function() return nn.GatedLinearUnit(-3) end, { { 2, 4, 3, 2 } } },
  { 'GPU', function() return nn.GPU(nn.Linear(3, 2), 1) end, { { 4, 3 } } },
  { 'L1Penalty', function() return nn.L1Penalty(0) end, { { 4, 3 } } },
  { 'LayerNormalization', function() return nn.LayerNormalization(4, 0.5) end, { { 1, 4 }, { 3, 4 } } },
  { 'LinearWeightNorm', function() return nn.LinearWeightNorm(3, 2) end, { { 3 }, { 5, 3 } }, single = { 5, 3 } },
  { 'LinearWeightNorm without bias', function() return nn.LinearWeightNorm(3, 2, false) end, { { 5, 3 } } },
  { 'MapTable', function() return nn.MapTable(nn.Linear(3, 2)) end, { { { 3 }, { 4, 3 }, { 2, 3 } } } },
  { 'MapTable of copies', function()
    local m = nn.MapTable(nn.Linear(3, 2), false)
    m:forward { torch.ones(3), torch.ones(3) }
    return m
  end, { { { 3 }, { 4, 3 } } } },
  { 'Max', function() return nn.Max(2) end, { { 3, 4 }, { 3, 4, 2 } }, values = distinct },
  { 'Max of batches', function() return nn.Max(1, 1) end, { { 4 }, { 3, 4 } }, values = distinct, single = { 3, 4 } },
  { 'Max from the end', function() return nn.Max(-1) end, { { 4 }, { 3, 2, 4 } }, values = distinct },
  { 'Min', function() return nn.Min(1) end, { { 4 }, { 3, 4 }, { 3, 4, 2 } }, values = distinct },
  { 'Maxout', function() return nn.Maxout(3, 4, 2) end, { { 5, 3 }, { 3 } }, single = { 5, 3 } },
  { 'Maxout preprocessed', function() return nn.Maxout(3, 4, 2, nn.Tanh()) end, { { 5, 3 } } },
  { 'Mean', function() return nn.Mean(2) end, { { 3, 4 }, { 3, 4, 2 } } },
  { 'Mean of batches', function() return nn.Mean(1, 1) end, { { 4 }, { 3, 4 } }, single = { 3, 4 } },
  { 'MixtureTable', function() return nn.MixtureTable() end,
    { { { 2 }, { { 3 }, { 3 } } }, { { 4, 2 }, { { 4, 3 }, { 4, 3 } } }, { { 4, 2 }, { { 4, 3, 2 }, { 4, 3, 2 } } },
      { { 2 }, { 2, 3 } }, { { 4, 2 }, { 4, 2, 3 } } } },
  { 'MixtureTable of a dimension', function() return nn.MixtureTable(3) end, { { { 4, 2 }, { 4, 3, 2 } } } },
  { 'MM', function() return nn.MM() end, { { { 2, 3 }, { 3, 4 } }, { { 5, 2, 3 }, { 5, 3, 4 } } } },
  { 'MM of A transposed', function() return nn.MM(true) end, { { { 3, 2 }, { 3, 4 } }, { { 5, 3, 2 }, { 5, 3, 4 } } } },
  { 'MM of B transposed', function() return nn.MM(false, true) end,
    { { { 2, 3 }, { 4, 3 } }, { { 5, 2, 3 }, { 5, 4, 3 } } } },
  { 'MM of both transposed', function() return nn.MM(true, true) end,
    { { { 3, 2 }, { 4, 3 } }, { { 5, 3, 2 }, { 5, 4, 3 } } } },
  { 'MV', function() return nn.MV() end, { { { 2, 3 }, { 3 } }, { { 5, 2, 3 }, { 5, 3 } } } },
  { 'MV transposed', function() return nn.MV(true) end, { { { 3, 2 }, { 3 } }, { { 5, 3, 2 }, { 5, 3 } } } },
  { 'NaN', function() return nn.NaN(nn.Linear(3, 2), 'x') end, { { 4, 3 } } },
  { 'Normalize', function() return nn.Normalize(2) end, { { 4 }, { 3, 4 } }, single = { 3, 4 } },
  { 'Normalize 1', function() return nn.Normalize(1) end, { { 4 }, { 3, 4 } }, values = away_from_zero },
  { 'Normalize 3', function() return nn.Normalize(3, 0.1) end, { { 3, 4 } }, values = away_from_zero },
  { 'Normalize 1.5', function() return nn.Normalize(1.5) end, { { 3, 4 } }, values = away_from_zero },
  { 'Normalize by the largest', function() return nn.Normalize(math.huge) end, { { 4 }, { 3, 4 } }, values = distinct,
    tolerance = 1e-5 },
  { 'Padding', function() return nn.Padding(1, 2) end, { { 3 }, { 3, 2 } } },
  { 'Padding in front', function() return nn.Padding(2, -2, nil, 7) end, { { 3, 2 } } },
  { 'Padding inside of batches', function() return nn.Padding(1, -1, 1, 7, 2) end, { { 3 }, { 4, 3 } },
    single = { 4, 3 } },
  { 'Padding inside from the end', function() return nn.Padding(1, 1, 1, 7, 2) end, { { 3 }, { 4, 3 } } },
  { 'PairwiseDistance', function() return nn.PairwiseDistance() end, { { { 4 }, { 4 } }, { { 3, 4 }, { 3, 4 } } },
    tolerance = 1e-5 },
  { 'PairwiseDistance 1', function() return nn.PairwiseDistance(1) end, { { { 3, 4 }, { 3, 4 } } } },
  { 'PairwiseDistance eps', function() return nn.PairwiseDistance { p = 3, eps = 0.1, keepdim = true } end,
    { { { 3, 4 }, { 3, 4 } } } },
  { 'PairwiseDistance 3', function() return nn.PairwiseDistance(3) end, { { { 3, 4 }, { 3, 4 } } }, tolerance = 1e-5 },
  { 'Parallel', function() return nn.Parallel(1, 1):add(nn.Linear(3, 2)):add(nn.Linear(3, 4)) end, { { 2, 3 } } },
  { 'Parallel from the end', function() return nn.Parallel(-1, -1):add(nn.Linear(3, 2)):add(nn.Linear(3, 4)) end,
    { { 5, 3, 2 } } },
  { 'PixelShuffle', function() return nn.PixelShuffle(2) end, { { 4, 2, 3 }, { 2, 8, 2, 1 } },
    single = { 2, 8, 2, 1 } },
  { 'PReLU', function() return nn.PReLU() end, { { 4 }, { 3, 4 }, { 2, 3, 2, 2 } }, values = away_from_zero },
  { 'PReLU of planes', function() return nn.PReLU(3) end, { { 3 }, { 2, 3 }, { 2, 3, 4 }, { 2, 3, 2, 2 } },
    values = away_from_zero },
  { 'Replicate', function() return nn.Replicate(3) end, { { 4 }, { 2, 4 } } },
  { 'Replicate at the end', function() return nn.Replicate(3, 2) end, { { 4 }, { 2, 4 } } },
  { 'Replicate of batches', function() return nn.Replicate(3, 1, 1) end, { { 4 }, { 2, 4 } }, single = { 2, 4 } },
  { 'RReLU evaluating', function() return evaluating(nn.RReLU()) end, { { 4 }, { 3, 4 } }, values = away_from_zero },
  { 'SoftMin', function() return nn.SoftMin() end, { { 4 }, { 3, 4 }, { 4, 2, 3 }, { 2, 4, 2, 3 } },
    single = { 3, 4 } },
  { 'Squeeze', function() return nn.Squeeze() end, { { 3, 1, 2 }, { 1, 1, 3 }, { 1, 1 } } },
  { 'Squeeze one', function() return nn.Squeeze(2) end, { { 3, 1, 2 }, { 3, 2 } } },
  { 'Squeeze of batches', function() return nn.Squeeze(nil, 2) end, { { 1, 1, 2 }, { 3, 1, 2 }, { 1, 2 } } },
  { 'Sum', function() return nn.Sum(1) end, { { 4 }, { 3, 4 }, { 3, 4, 2 } } },
  { 'Sum of batches', function() return nn.Sum(1, 1) end, { { 4 }, { 3, 4 } }, single = { 3, 4 } },
  { 'Sum kept', function() return nn.Sum(-1, nil, true, false) end, { { 4 }, { 3, 4, 2 } } },
  { 'Unsqueeze', function() return nn.Unsqueeze(1) end, { { 4 }, { 3, 4 } } },
  { 'Unsqueeze of batches', function() return nn.Unsqueeze(2, 1) end, { { 4 }, { 3, 4 } }, single = { 3, 4 } },
  { 'WeightedEuclidean', function() return nn.WeightedEuclidean(3, 4) end, { { 3 }, { 5, 3 } }, single = { 5, 3 } },
  { 'WeightNorm', function() return nn.WeightNorm(nn.Linear(3, 2)) end, { { 5, 3 }, { 3 } }, single = { 5, 3 } },
  { 'WeightNorm of planes', function() return nn.WeightNorm(nn.SpatialConvolution(2, 3, 2, 2)) end,
    { { 2, 2, 3, 3 } } },
  { 'WeightNorm of another dimension', function() return nn.WeightNorm(nn.SpatialConvolution(2, 3, 2, 2), 2) end,
    { { 2, 2, 3, 3 } } },
  { 'ZipTable', function() return nn.ZipTable() end, { { { { 2 }, { 3 } }, { { 4 }, { 5 } } } } },
  { 'ZipTableOneToMany', function() return nn.ZipTableOneToMany() end, { { { 2 }, { { 3 }, { 4 } } } } },
  { 'PartialLinear', function() return nn.PartialLinear(3, 5) end, { { 4, 3 }, { 3 } }, single = { 4, 3 } },
  { 'PartialLinear of some', function()
    return nn.PartialLinear(3, 5, false):setPartition(torch.LongTensor { 4, 2 })
  end, { { 4, 3 } } },
}

local function any(t) return t:uniform(-1, 1) end

-- A tensor of a list of numbers, a table of a list of lists.
local function input_of(row, size)
  if type(size[1]) == 'number' then return (row.values or any)(torch.DoubleTensor(unpack(size))) end
  local list = {}
  for i, s in ipairs(size) do list[i] = input_of(row, s) end
  return list
end

local map = support.map

local function transposed(x) -- the same values behind other steps
  if x:dim() < 2 then
    local wide = torch.DoubleTensor(x:size(1), 2):zero()
    return wide:select(2, 1):copy(x)
  end
  return x:transpose(1, x:dim()):clone():transpose(1, x:dim())
end

local function distance(a, b)
  if torch.isTensor(a) then
    if not torch.isTensor(b) or not a:isSameSizeAs(b) then return math.huge end
    return support.distance(a, b)
  end
  local worst = 0
  for k, v in pairs(a) do worst = math.max(worst, distance(v, b[k])) end
  for k in pairs(b) do
    if a[k] == nil then worst = math.huge end
  end
  return worst
end

local function copied(x) return map(x, function(t) return t:clone() end) end
local function random_like(y) return map(y, function(t) return t:clone():uniform(-1, 1) end) end
local function text(size) return table.concat(torch.serialize(size, 'ascii'):split '\n', ' ') end

describe('nn simple layers', function()
  before_each(function() torch.manualSeed(11) end)

  for _, row in ipairs(rows) do
    it('gradients of ' .. row[1], function()
      for _, size in ipairs(row[3]) do
        local err = support.gradient_error(row[2](), input_of(row, size))
        assert.is_true(err < (row.tolerance or 2e-7), ('error %g for input %s'):format(err, text(size)))
      end
    end)

    it('layouts, types and files of ' .. row[1], function()
      for _, size in ipairs(row[3]) do
        local x, m = input_of(row, size), row[2]()
        local y = copied(m:forward(x))
        local g = random_like(y)
        m:zeroGradParameters()
        local dx = copied(m:backward(x, g))
        local _, grads = m:parameters()
        grads = copied(grads or {})
        -- other steps
        local xt, gt = map(x, transposed), map(g, transposed)
        m:zeroGradParameters()
        assert.is_true(distance(m:forward(xt), y) < 1e-12, 'output with other steps')
        assert.is_true(distance(m:backward(xt, gt), dx) < 1e-12, 'gradInput with other steps')
        local _, again = m:parameters()
        assert.is_true(distance(again or {}, grads) < 1e-12, 'gradients with other steps')
        -- a copy, and a file
        local loaded = torch.deserialize(torch.serialize(m:clone():clearState()))
        assert.are.equal(tostring(m), tostring(loaded))
        loaded:zeroGradParameters()
        assert.is_true(distance(loaded:forward(x), y) < 1e-12, 'output from a file')
        assert.is_true(distance(loaded:backward(x, g), dx) < 1e-12, 'gradInput from a file')
        -- floats
        if not row.untyped then
          local f = m:clone():float()
          local function float(t) return t:float() end
          local fy = f:forward(map(x, float))
          assert.is_true(distance(fy, map(y, float)) < 1e-4, 'float output')
          assert.is_true(distance(f:backward(map(x, float), map(g, float)), map(dx, float)) < 1e-3, 'float gradInput')
        end
        -- parameters in one vector
        local w = m:getParameters()
        if not row.untyped and w:nElement() > 0 then
          assert.is_true(distance(m:forward(x), y) < 1e-12, 'output after getParameters')
        end
      end
    end)

    if row.single then
      it('a batch of ' .. row[1] .. ' gives what its samples give', function()
        local x, m = input_of(row, row.single), row[2]()
        local y = m:forward(x):clone()
        local g = random_like(y)
        local dx = m:backward(x, g):clone()
        for i = 1, x:size(1) do
          local yi = m:forward(x[i])
          assert.is_true(support.distance(yi, y:narrow(1, i, 1)) < 1e-12, 'output of a sample')
          local di = m:backward(x[i], type(g[i]) == 'number' and g:narrow(1, i, 1) or g[i])
          assert.is_true(support.distance(di, dx:narrow(1, i, 1)) < 1e-12, 'gradInput of a sample')
        end
      end)
    end

    it('wrong inputs of ' .. row[1] .. ' are errors', function()
      for _, wrong in ipairs { 'text', {}, torch.DoubleTensor(), { {} }, torch.ones(2, 2, 2, 2, 2, 2, 2), 7 } do
        local m = row[2]()
        local ok, err = pcall(m.forward, m, wrong)
        assert.is_true(ok or type(err) == 'string')
        pcall(m.backward, m, wrong, wrong)
      end
      local m = row[2]()
      local x = input_of(row, row[3][1])
      m:forward(x)
      for _, wrong in ipairs { 'text', {}, torch.DoubleTensor(), torch.ones(7, 9), { { torch.ones(2) } } } do
        pcall(m.backward, m, x, wrong)
      end
      if not row.constant then assert.has_error(function() m:forward(nil) end) end
    end)
  end

  it('probabilities that are no numbers are refused', function()
    local nan = 0 / 0
    local average = require 'optim'.Average
    for _, call in ipairs { { 'must be 0 <= p < 1', nn.Dropout, nan },
      { 'must be 0 <= p <= 1', nn.SpatialDropout, nan },
      { 'sparsity: expected 0 to 1', nn.init.sparse, torch.Tensor(2, 2), nan },
      { 'a decay between 0 and 1', average, torch.Tensor(2), nan } } do
      assert.truthy(support.message(unpack(call, 2)):find(call[1], 1, true), call[1])
    end
  end)

  it('shapes of more elements than can be are refused', function()
    local big = 2 ^ 32
    for message, call in pairs {
      ['nn.View: sizes 4294967296 x 4294967296: more elements'] = function() nn.View(big, big) end,
      ['nn.View: sizes %-1 x 4294967296 x 4294967296: more'] = function() nn.View(-1, big, big) end,
      ['nn.View: argument 1: expected a size, got inf'] = function() nn.View(math.huge) end,
      ['nn.Reshape: sizes 4294967296 x 4294967296: more elements'] = function() nn.Reshape(big, big) end,
    } do
      assert.error_matches(call, message)
    end
  end)

  -- beta, threshold; sums of the output and of the gradient for 1, 2, 3 ... as PyTorch 2.15 gives them
  it('SoftPlus is x above its threshold', function()
    local x = torch.DoubleTensor { -3, -1, -0.25, 0, 0.1, 0.2, 0.3, 0.5, 1, 2, 30 }
    for _, row in ipairs {
      { 1, 0.2, 36.973471168985924, 54.82267913452973 }, { 2, 0.5, 35.30389099135115, 54.71479642083241 },
      { -1, 0.2, -7.654304637225031, 22.687829823986146 }, { 0.5, -1, 33.252826555965505, 65.18242552380636 },
    } do
      for _, layout in ipairs {
        function(t) return t end, function(t) return t:view(11, 1):expand(11, 2):select(2, 2) end,
      } do
        local m = nn.SoftPlus(row[1], row[2])
        assert.is_true(math.abs(m:forward(layout(x)):sum() - row[3]) < 1e-12)
        assert.is_true(math.abs(m:backward(layout(x), layout(torch.range(1, 11))):sum() - row[4]) < 1e-12)
        m = torch.deserialize(torch.serialize(m:float():clearState()))
        assert.is_true(math.abs(m:forward(layout(x:float())):sum() - row[3]) < 1e-5)
      end
    end
    local old = nn.SoftPlus(2)
    old.threshold = nil
    assert.are.equal(nn.SoftPlus(2):forward(x):sum(), old:forward(x):sum())
    assert.error_matches(function() nn.SoftPlus(1, 'a') end, 'nn.SoftPlus: threshold: expected a number, got string')
  end)

  it('usage lines run', function()
    local print_ = print
    rawset(_G, 'print', function() end)
    local folder, failures = here .. '../../lua/nn/', {}
    for file in paths.files(folder, '%.lua$') do
      local f = assert(io.open(folder .. file))
      local head = f:read '*a':match '^(.-)\n[^%-]' or ''
      f:close()
      for usage in head:gmatch '@usage ([^\n]+)' do
        local chunk = loadstring('return ' .. usage) or loadstring(usage)
        local ok, err = pcall(chunk or function() error 'does not compile' end)
        if not ok then failures[#failures + 1] = file .. ': ' .. tostring(err) end
      end
    end
    rawset(_G, 'print', print_)
    assert.are.equal('', table.concat(failures, '\n'))
  end)
end)
