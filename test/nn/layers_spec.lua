--- Every layer: gradients by finite differences, floats against doubles, layouts, text, files, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

-- name in the report, constructor, sizes of inputs; `values` draws the input
local away_from_zero, positive = support.away_from_zero, support.positive
local distinct, evaluating = support.distinct, support.evaluating
local rows = {
  { 'Linear', function() return nn.Linear(5, 3) end, { { 4, 5 }, { 5 }, { 1, 5 } } },
  { 'Linear without bias', function() return nn.Linear(5, 3, false) end, { { 4, 5 }, { 5 } } },
  { 'Linear of one', function() return nn.Linear(1, 1) end, { { 4, 1 }, { 1 } } },
  { 'SpatialConvolution', function() return nn.SpatialConvolution(2, 3, 3, 2) end, { { 2, 2, 5, 6 }, { 2, 5, 6 } } },
  { 'SpatialConvolution strided', function()
    return nn.SpatialConvolution(2, 3, 3, 3, 2, 1, 1, 2)
  end, { { 2, 2, 5, 6 }, { 2, 5, 6 } } },
  { 'SpatialConvolution without bias', function()
    return nn.SpatialConvolution(1, 2, 2, 2):noBias()
  end, { { 2, 1, 4, 4 } } },
  { 'SpatialConvolutionMM', function()
    return nn.SpatialConvolutionMM(2, 3, 3, 2)
  end, { { 2, 2, 5, 6 }, { 2, 5, 6 } } },
  { 'SpatialMaxPooling', function()
    return nn.SpatialMaxPooling(2, 2)
  end, { { 2, 2, 4, 6 }, { 2, 5, 5 } }, values = distinct },
  { 'SpatialMaxPooling padded', function()
    return nn.SpatialMaxPooling(3, 3, 2, 2, 1, 1):ceil()
  end, { { 2, 2, 6, 7 }, { 2, 6, 6 } }, values = distinct },
  { 'SpatialAveragePooling', function()
    return nn.SpatialAveragePooling(2, 3, 2, 1)
  end, { { 2, 2, 5, 6 }, { 2, 5, 6 } } },
  { 'SpatialAveragePooling padded', function()
    return nn.SpatialAveragePooling(3, 3, 2, 2, 1, 1):ceil():setCountExcludePad()
  end, { { 2, 2, 6, 7 } } },
  { 'BatchNormalization', function() return nn.BatchNormalization(3) end, { { 6, 3 } }, tolerance = 1e-5 },
  { 'BatchNormalization plain', function()
    return nn.BatchNormalization(3, nil, nil, false)
  end, { { 6, 3 } }, tolerance = 1e-5 },
  { 'BatchNormalization evaluating', function()
    return evaluating(nn.BatchNormalization(3))
  end, { { 6, 3 }, { 3 } } },
  { 'SpatialBatchNormalization', function()
    return nn.SpatialBatchNormalization(3)
  end, { { 2, 3, 4, 3 } }, tolerance = 1e-5 },
  { 'SpatialBatchNormalization evaluating', function()
    return evaluating(nn.SpatialBatchNormalization(3))
  end, { { 2, 3, 4, 3 }, { 3, 4, 3 } } },
  { 'Dropout evaluating', function() return evaluating(nn.Dropout(0.4)) end, { { 4, 5 } } },
  { 'ReLU', function() return nn.ReLU() end, { { 4, 5 }, { 7 }, { 2, 3, 4 } }, values = away_from_zero },
  { 'Threshold', function() return nn.Threshold(0.05, -2) end, { { 4, 5 } }, values = away_from_zero },
  { 'Tanh', function() return nn.Tanh() end, { { 4, 5 }, { 1 } } },
  { 'Sigmoid', function() return nn.Sigmoid() end, { { 4, 5 }, { 1 } } },
  { 'SoftMax', function() return nn.SoftMax() end, { { 4 }, { 3, 4 }, { 4, 2, 3 }, { 2, 4, 2, 3 } } },
  { 'LogSoftMax', function() return nn.LogSoftMax() end, { { 4 }, { 3, 4 }, { 4, 2, 3 }, { 2, 4, 2, 3 } } },
  { 'Mul', function() return nn.Mul() end, { { 4, 5 }, { 3 } } },
  { 'MulConstant', function() return nn.MulConstant(-2.5) end, { { 4, 5 } } },
  { 'AddConstant', function() return nn.AddConstant(torch.Tensor { 1, 2, 3 }) end, { { 4, 3 }, { 3 } } },
  { 'Select', function() return nn.Select(2, -1) end, { { 4, 5 }, { 2, 3, 4 } } },
  { 'Narrow', function() return nn.Narrow(-1, 2, -2) end, { { 4, 5 }, { 2, 3, 4 } } },
  { 'Transpose', function() return nn.Transpose({ 1, 2 }, { 2, 3 }) end, { { 4, 2, 3 } } },
  { 'ELU', function() return nn.ELU(1.5) end, { { 4, 5 } }, values = away_from_zero },
  { 'LeakyReLU', function() return nn.LeakyReLU(0.2) end, { { 4, 5 } }, values = away_from_zero },
  { 'HardTanh', function() return nn.HardTanh(-0.5, 0.5) end, { { 4, 5 } }, values = away_from_zero },
  { 'ReLU6', function() return nn.ReLU6() end, { { 4, 5 } }, values = away_from_zero },
  { 'SoftPlus', function() return nn.SoftPlus(2) end, { { 4, 5 } } },
  { 'SoftSign', function() return nn.SoftSign() end, { { 4, 5 } }, values = away_from_zero },
  { 'SoftShrink', function() return nn.SoftShrink(0.05) end, { { 4, 5 } }, values = away_from_zero },
  { 'HardShrink', function() return nn.HardShrink(0.05) end, { { 4, 5 } }, values = away_from_zero },
  { 'TanhShrink', function() return nn.TanhShrink() end, { { 4, 5 } } },
  { 'LogSigmoid', function() return nn.LogSigmoid() end, { { 4, 5 } } },
  { 'Abs', function() return nn.Abs() end, { { 4, 5 } }, values = away_from_zero },
  { 'Exp', function() return nn.Exp() end, { { 4, 5 } } },
  { 'Square', function() return nn.Square() end, { { 4, 5 } } },
  { 'Log', function() return nn.Log() end, { { 4, 5 } }, values = positive },
  { 'Sqrt', function() return nn.Sqrt() end, { { 4, 5 } }, values = positive },
  { 'Power', function() return nn.Power(2.5) end, { { 4, 5 } }, values = positive },
  { 'View', function() return nn.View(6) end, { { 4, 2, 3 }, { 2, 3 } } },
  { 'View inferred', function() return nn.View(-1, 3):setNumInputDims(2) end, { { 4, 2, 3 }, { 2, 3 } } },
  { 'Reshape', function() return nn.Reshape(3, 2) end, { { 4, 6 }, { 6 } } },
  { 'Contiguous', function() return nn.Contiguous() end, { { 4, 6 } } },
  { 'Identity', function() return nn.Identity() end, { { 4, 6 } } },
  { 'Sequential', function()
    return nn.Sequential():add(nn.Linear(4, 3)):add(nn.Tanh()):add(nn.Linear(3, 2))
  end, { { 3, 4 }, { 4 } } },
}

local function any(t) return t:uniform(-1, 1) end
local function input_of(row, size) return (row.values or any)(torch.DoubleTensor(unpack(size))) end

local function transposed(x) -- the same values behind other steps
  if x:dim() < 2 then
    local wide = torch.DoubleTensor(x:size(1), 2):zero()
    local narrow = wide:select(2, 1)
    return narrow:copy(x)
  end
  return x:transpose(1, x:dim()):clone():transpose(1, x:dim())
end

describe('nn layers', function()
  before_each(function() torch.manualSeed(7) end)

  for _, row in ipairs(rows) do
    it('gradients of ' .. row[1], function()
      for _, size in ipairs(row[3]) do
        local err = support.gradient_error(row[2](), input_of(row, size))
        assert.is_true(err < (row.tolerance or 1e-7), ('error %g for input %s'):format(err, table.concat(size, 'x')))
      end
    end)

    it('floats, layouts and files of ' .. row[1], function()
      for _, size in ipairs(row[3]) do
        local x = input_of(row, size)
        local m = row[2]()
        local y = m:forward(x):clone()
        local g = y:clone():uniform(-1, 1)
        m:zeroGradParameters()
        local dx = m:backward(x, g):clone()
        local again = torch.deserialize(torch.serialize(row[2]():share(m, 'weight', 'bias')))
        again.weight, again.bias = m.weight, m.bias
        -- other steps
        assert.is_true(support.distance(m:forward(transposed(x)), y) < 1e-12, 'output with other steps')
        assert.is_true(support.distance(m:backward(transposed(x), transposed(g)), dx) < 1e-12,
          'gradInput with other steps')
        -- float
        local f = m:clone():float()
        assert.are.equal('torch.FloatTensor', f:type())
        local fy = f:forward(x:float())
        assert.are.equal('torch.FloatTensor', torch.type(fy))
        assert.is_true(support.distance(fy, y) < 1e-4, 'float output')
        assert.is_true(support.distance(f:backward(x:float(), g:float()), dx) < 1e-3, 'float gradInput')
        -- file
        local loaded = torch.deserialize(torch.serialize(m:clearState()))
        assert.are.equal(torch.type(m), torch.type(loaded))
        assert.are.equal(tostring(m), tostring(loaded))
      end
    end)
  end

  local tables = {
    { 'ConcatTable', function() return nn.ConcatTable():add(nn.Tanh()):add(nn.Linear(3, 2))
      end, { { 4, 3 } }, single = true },
    { 'ParallelTable', function() return nn.ParallelTable():add(nn.Tanh()):add(nn.Linear(3, 2))
      end, { { 4 }, { 2, 3 } } },
    { 'Concat', function() return nn.Concat(2):add(nn.Tanh()):add(nn.Linear(3, 2)) end, { { 4, 3 } }, single = true },
    { 'JoinTable', function() return nn.JoinTable(1, 1) end, { { 2, 3 }, { 2, 4 } } },
    { 'NarrowTable', function() return nn.NarrowTable(2, 2) end, { { 2 }, { 3 }, { 4 }, { 5 } } },
    { 'SplitTable', function() return nn.SplitTable(-1) end, { { 2, 3 } }, single = true },
    { 'SelectTable', function() return nn.SelectTable(-1) end, { { 2, 3 }, { 4 } } },
    { 'CAddTable', function() return nn.CAddTable() end, { { 2, 3 }, { 2, 3 }, { 2, 3 } } },
    { 'CSubTable', function() return nn.CSubTable() end, { { 2, 3 }, { 2, 3 } } },
    { 'CMulTable', function() return nn.CMulTable() end, { { 2, 3 }, { 2, 3 }, { 2, 3 } } },
    { 'CDivTable', function() return nn.CDivTable() end, { { 2, 3 }, { 2, 3 } } },
  }
  for _, row in ipairs(tables) do
    it('gradients of ' .. row[1], function()
      local input = {}
      for i, size in ipairs(row[3]) do input[i] = positive(torch.DoubleTensor(unpack(size))) end
      local m = row[2]()
      local err = support.gradient_error(m, row.single and input[1] or input)
      assert.is_true(err < 1e-7, ('error %g'):format(err))
      assert.are.equal(tostring(m), tostring(torch.deserialize(torch.serialize(m:clearState():float()))))
      assert.has_error(function() m:forward(nil) end)
    end)
  end

  it('write to the buffers they have', function()
    local net = nn.Sequential():add(nn.SpatialConvolution(1, 2, 3, 3)):add(nn.ReLU()):add(nn.SpatialMaxPooling(2, 2))
      :add(nn.View(-1):setNumInputDims(3)):add(nn.Linear(18, 3)):add(nn.LogSoftMax())
    local x = torch.randn(4, 1, 8, 8)
    local function run()
      local y = net:forward(x)
      net:backward(x, y)
      local places = {}
      for i, m in ipairs(net.modules) do
        places[i] = torch.pointer(m.output:storage()) .. ' ' .. torch.pointer(m.gradInput:storage())
      end
      return table.concat(places, ',')
    end
    assert.are.equal(run(), run())
  end)

  it('work in place', function()
    for _, m in ipairs { nn.ReLU(true), nn.Threshold(0.1, 0, true), nn.Dropout(0.5, false, true) } do
      local x = torch.randn(5)
      local y = m:forward(x)
      assert.are.equal(torch.pointer(x:storage()), torch.pointer(y:storage()))
      local g = torch.randn(5)
      assert.are.equal(torch.pointer(g:storage()), torch.pointer(m:backward(x, g):storage()))
    end
  end)

  it('Dropout keeps the mean and repeats its mask backwards', function()
    local m = nn.Dropout(0.25)
    local x = torch.ones(20000)
    local y = m:forward(x)
    assert.is_true(math.abs(y:mean() - 1) < 0.02)
    assert.is_true(support.distance(m:backward(x, torch.ones(20000)), y) == 0)
    local old = nn.Dropout(0.25, true)
    old:evaluate()
    assert.are.equal(0.75, old:forward(torch.ones(3))[2])
  end)

  it('batch statistics: running estimates, a batch of one', function()
    local m = nn.BatchNormalization(2, 0, 0.5)
    m:forward(torch.Tensor { { 1, 2 }, { 3, 6 } })
    assert.is_true(support.distance(m.running_mean, torch.Tensor { 1, 2 }) < 1e-12)
    assert.is_true(support.distance(m.running_var, torch.Tensor { 1.5, 4.5 }) < 1e-12)
    local y = m:forward(torch.Tensor { { 1, 2 } })
    assert.is_true(support.distance(y, m.bias) < 1e-12)
    assert.is_true(support.distance(m.running_mean, torch.Tensor { 1, 2 }) < 1e-12)
  end)

  it('say what is wrong', function()
    local function message(f, ...)
      local ok, err = pcall(f, ...)
      assert.is_false(ok)
      return err
    end
    local linear = nn.Linear(512, 10)
    assert.are.equal('nn.Linear(512 -> 10): expected input [N x 512], got [64 x 400]',
      message(linear.forward, linear, torch.ones(64, 400)))
    assert.is_truthy(message(linear.forward, linear, nil):find('got nil', 1, true))
    assert.is_truthy(message(linear.forward, linear, torch.Tensor()):find('got empty torch.DoubleTensor', 1, true))
    linear:forward(torch.ones(2, 512))
    assert.is_truthy(message(linear.backward, linear, torch.ones(2, 512),
      torch.ones(3, 10)):find('gradOutput [2 x 10], got [3 x 10]', 1, true))
    assert.is_truthy(message(linear.forward, linear, torch.FloatTensor(2, 512):zero()):find('convert', 1, true))
    local net = nn.Sequential():add(nn.Tanh()):add(nn.Sequential():add(nn.Linear(3, 4)))
    assert.are.equal('In 2 module of nn.Sequential:\nIn 1 module of nn.Sequential:\n'
      .. 'nn.Sequential > [2] nn.Sequential > [1] nn.Linear(3 -> 4): expected input [N x 3], got [2 x 5] '
      .. '(size mismatch)',
      message(net.forward, net, torch.ones(2, 5)))
    local conv = nn.SpatialConvolution(3, 4, 3, 3)
    assert.is_truthy(message(conv.forward, conv, torch.ones(2, 1, 5, 5)):find('[N x 3 x H x W]', 1, true))
    assert.is_truthy(message(conv.forward, conv, torch.ones(3, 2, 2)):find('nn.SpatialConvolution(3 -> 4, 3x3)', 1,
      true))
    assert.is_truthy(message(nn.SpatialConvolution, 3, 4, 0, 3):find('kW', 1, true))
    assert.is_truthy(message(nn.Dropout, 1):find('probability', 1, true))
    assert.is_truthy(message(nn.ReLU, 'a'):find('inplace', 1, true))
    local bn = nn.BatchNormalization(3)
    assert.is_truthy(message(bn.forward, bn, torch.ones(3)):find('a batch [N x 3] when training', 1, true))
    local view = nn.View(5)
    assert.is_truthy(message(view.forward, view, torch.ones(7)):find('multiple of 5', 1, true))
    assert.is_truthy(message(nn.View, -1, -1):find('-1', 1, true))
    local reshape = nn.Reshape(4)
    assert.is_truthy(message(reshape.forward, reshape, torch.ones(3)):find('4 elements', 1, true))
    local soft = nn.SoftMax()
    assert.is_truthy(message(soft.forward, soft, torch.ones(1, 1, 1, 1, 1)):find('1 to 4 dimensions', 1, true))
    local pool = nn.SpatialMaxPooling(3, 3, 1, 1, 2, 2)
    assert.is_truthy(message(pool.forward, pool, torch.ones(1, 4, 4)):find('nn.SpatialMaxPooling(3x3, 1,1, 2,2)', 1,
      true))
  end)
end)
