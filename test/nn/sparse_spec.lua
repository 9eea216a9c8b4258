--- LookupTable, SparseLinear, IndexLinear against dense layers; lazy updates; wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local distance = support.distance

local function fails(f, text)
  local ok, err = pcall(f)
  assert.is_false(ok)
  assert.is_truthy(tostring(err):find(text, 1, true), tostring(err))
end

describe('nn.LookupTable', function()
  before_each(function() torch.manualSeed(4) end)

  it('picks rows, whatever holds the indices', function()
    local m = nn.LookupTable(10, 3)
    local index = torch.LongTensor { { 1, 4, 1 }, { 10, 2, 2 } }
    local y = m:forward(index):clone()
    assert.are.same({ 2, 3, 3 }, y:size():totable())
    for i = 1, 2 do
      for k = 1, 3 do assert.are.equal(0, distance(y[i][k], m.weight[index[i][k]])) end
    end
    for _, other in ipairs { index:double(), index:int(), index:t():clone():t(), index:float() } do
      assert.are.equal(0, distance(y, m:forward(other)))
      assert.are.equal(other:type(), m:updateGradInput(other, y):type())
      assert.are.equal(0, m.gradInput:double():abs():sum())
    end
    assert.are.same({ 3, 3 }, m:forward(index[1]):size():totable())
  end)

  it('gradients: sums by index, padding, frequency, steps', function()
    local index = torch.LongTensor { 3, 1, 3, 2, 3 }
    local g = torch.randn(5, 130)
    for _, case in ipairs { 'plain', 'padding', 'frequency' } do
      local m = nn.LookupTable(4, 130, case == 'padding' and 3 or nil)
      if case == 'frequency' then m:scaleGradByFreq() end
      local want = torch.zeros(4, 130)
      for i = 1, 5 do want[index[i]]:add(case == 'frequency' and index[i] == 3 and 0.5 / 3 or 0.5, g[i]) end
      if case == 'padding' then want[3]:zero() end
      m:zeroGradParameters()
      m:forward(index)
      m:backward(index, g, 0.5)
      assert.is_true(distance(want, m.gradWeight) < 1e-14)
      local w = m.weight:clone()
      m:accUpdateGradParameters(index, g, 0.5)
      assert.is_true(distance(w - want, m.weight) < 1e-14)
      -- gradients with gaps, several threads
      m:zeroGradParameters()
      m:backward(index, torch.randn(130, 5):t():copy(g), 0.5)
      assert.is_true(distance(want, m.gradWeight) < 1e-14)
    end
    local lean = nn.LookupTable(4, 130):accUpdateOnly()
    local w = lean.weight:clone()
    lean:forward(index)
    lean:accUpdateGradParameters(index, g, 1)
    assert.is_true(distance(w, lean.weight) > 0)
    fails(function() lean:accGradParameters(index, g) end, 'accUpdateGradParameters')
  end)

  it('limits norms of the rows it uses', function()
    local m = nn.LookupTable(6, 5):setMaxNorm(1.2):setNormType(1)
    m.weight:mul(10)
    local before = m.weight:clone()
    m:forward(torch.LongTensor { 2, 5, 2 })
    for i = 1, 6 do
      local used = i == 2 or i == 5
      assert.is_true(math.abs(m.weight[i]:norm(1) - (used and 1.2 or before[i]:norm(1))) < 1e-6)
    end
  end)

  it('keeps its indices integers through type(), and loads what it saved', function()
    local m = nn.LookupTable(5, 2)
    m:forward(torch.Tensor { 1, 2 })
    m:float()
    assert.are.equal('torch.LongTensor', m._input:type())
    local c = torch.deserialize(torch.serialize(m))
    assert.are.equal(0, distance(c:forward(torch.Tensor { 4 }), m:forward(torch.Tensor { 4 })))
    m:clearState()
    assert.are.equal('torch.FloatTensor', m:forward(torch.Tensor { 4 }):type())
    assert.are.equal('nn.LookupTable', tostring(m))
  end)

  it('says what is wrong', function()
    local m = nn.LookupTable(5, 2)
    fails(function() m:forward(torch.LongTensor { 1, 6 }) end, '6 at position 2')
    fails(function() m:forward(torch.LongTensor { 0 }) end, 'nn.LookupTable')
    fails(function() m:forward(3) end, 'indices')
    fails(function() m:forward(torch.Tensor()) end, 'indices')
    fails(function() nn.LookupTable(0, 2) end, 'nIndex')
    fails(function() nn.LookupTable(2) end, 'nOutput')
    m:forward(torch.LongTensor { 1, 2 })
    fails(function() m:backward(torch.LongTensor { 1, 2 }, torch.zeros(3, 2)) end, 'gradient')
    fails(function() m:backward(torch.LongTensor { 1, 2 }, torch.zeros(2, 2):float()) end, 'Float')
    fails(function() m:setMaxNorm(-1):forward(torch.LongTensor { 1 }) end, 'norm')
  end)
end)

-- A batch of sparse samples, as lists and as a dense matrix.
local function batch(n, width)
  local list, keys, values, dense = {}, {}, {}, torch.zeros(n, width)
  for i = 1, n do
    local count = torch.random(1, 4)
    local order = torch.randperm(width)
    list[i], keys[i], values[i] = torch.Tensor(count, 2), torch.LongTensor(count), torch.Tensor(count)
    for k = 1, count do
      local v = torch.normal()
      list[i][k][1], list[i][k][2] = order[k], v
      keys[i][k], values[i][k] = order[k], v
      dense[i][order[k]] = v
    end
  end
  return list, keys, values, dense
end

describe('nn.SparseLinear', function()
  before_each(function() torch.manualSeed(4) end)

  local function pair(width, out)
    local sparse, full = nn.SparseLinear(width, out, true), nn.Linear(width, out)
    full.weight:copy(sparse.weight)
    full.bias:copy(sparse.bias)
    sparse:zeroGradParameters()
    full:zeroGradParameters()
    return sparse, full
  end

  it('is nn.Linear on sparse samples', function()
    local sparse, full = pair(9, 4)
    for step = 1, 3 do
      local list, _, _, dense = batch(5, 9)
      local g = torch.randn(5, 4)
      assert.is_true(distance(sparse:forward(list), full:forward(dense)) < 1e-14)
      local dx = sparse:backward(list, g, 0.5)
      local want = full:backward(dense, g, 0.5)
      assert.is_true(distance(sparse.gradWeight, full.gradWeight) < 1e-14)
      assert.is_true(distance(sparse.gradBias, full.gradBias) < 1e-14)
      for i = 1, 5 do assert.is_true(distance(dx[i]:select(2, 2), want[i]) < 1e-14) end
      if step ~= 2 then -- one input between two steps, then two
        sparse:updateParameters(0.1)
        full:updateParameters(0.1)
        assert.is_true(distance(sparse.weight, full.weight) < 1e-14)
        assert.is_true(distance(sparse.bias, full.bias) < 1e-14)
        sparse:zeroGradParameters()
        full:zeroGradParameters()
        assert.are.equal(0, sparse.gradWeight:norm())
      end
    end
  end)

  it('one sample, a tensor batch, float', function()
    local sparse, full = pair(7, 3)
    local x = torch.Tensor { { 2, 0.5 }, { 7, -1 } }
    local dense = torch.Tensor { 0, 0.5, 0, 0, 0, 0, -1 }
    assert.is_true(distance(sparse:forward(x), full:forward(dense)) < 1e-14)
    assert.are.same({ 3 }, sparse.output:size():totable())
    local two = torch.Tensor { { { 2, 0.5 }, { 7, -1 } }, { { 1, 3 }, { 0, 0 } } }
    local y = sparse:forward(two)
    assert.is_true(distance(y[1], full:forward(dense)) < 1e-14)
    assert.is_true(distance(y[2], full:forward(torch.Tensor { 3, 0, 0, 0, 0, 0, 0 })) < 1e-14)
    sparse:float()
    assert.is_true(distance(sparse:forward(two:float()), y) < 1e-6)
    sparse:clearState()
    assert.is_true(distance(sparse:forward(two:float()), y) < 1e-6)
  end)

  it('says what is wrong', function()
    local m = nn.SparseLinear(5, 2)
    fails(function() m:forward(torch.Tensor { { 6, 1 } }) end, '6 at position 1')
    fails(function() m:forward(torch.Tensor { { 0, 1 } }) end, 'count from 1')
    fails(function() m:forward(torch.Tensor(2, 3)) end, 'index and value')
    fails(function() m:forward { 3 } end, 'index and value')
    fails(function() m:forward(3) end, 'nn.SparseLinear')
    m:forward(torch.Tensor { { 1, 1 } })
    fails(function() m:backward(torch.Tensor { { 1, 1 } }, torch.zeros(3)) end, 'gradOutput')
    fails(function() nn.SparseLinear(5) end, 'numbers')
  end)
end)

describe('nn.IndexLinear', function()
  before_each(function() torch.manualSeed(4) end)

  it('is nn.Linear on keys and values, in each form', function()
    local _, keys, values, dense = batch(4, 8)
    local full = nn.Linear(8, 3)
    local g = torch.randn(4, 3)
    local sizes = torch.LongTensor(4)
    for i = 1, 4 do sizes[i] = keys[i]:size(1) end
    local forms = {
      lists = { keys, values },
      flat = { torch.cat(keys), torch.cat(values), sizes },
    }
    for name, input in pairs(forms) do
      local m = nn.IndexLinear(8, 3, true)
      m.weight:copy(full.weight:t())
      m.bias:copy(full.bias)
      local ref = full:clone()
      ref:zeroGradParameters()
      m:zeroGradParameters()
      assert.is_true(distance(m:forward(input), ref:forward(dense)) < 1e-14)
      local dx = m:backward(input, g, 0.5)
      local want = ref:backward(dense, g, 0.5)
      local got = name == 'flat' and dx[2]:view(4, 8) or torch.cat(dx[2], 1):view(4, 8)
      assert.is_true(distance(got, want) < 1e-14)
      m:backward(input, g)
      ref:backward(dense, g)
      m:updateParameters(0.1)
      ref:updateParameters(0.1)
      assert.is_true(distance(m.weight, ref.weight:t()) < 1e-14)
      assert.is_true(distance(m.bias, ref.bias) < 1e-14)
      m:zeroGradParameters()
      m:updateParameters(0.1)
      assert.is_true(distance(m.weight, ref.weight:t()) < 1e-14)
      local twin = m:clone()
      twin:accUpdateGradParameters(input, g, 0.1)
      ref:zeroGradParameters()
      ref:backward(dense, g)
      ref:updateParameters(0.1)
      assert.is_true(distance(twin.weight, ref.weight:t()) < 1e-14)
    end
    local one = nn.IndexLinear(8, 3)
    one.weight:copy(full.weight:t())
    one.bias:copy(full.bias)
    assert.is_true(distance(one:forward { keys[1], values[1] }, full:forward(dense[1])) < 1e-14)
    local shifted = nn.IndexLinear(8, 3, false, 1, one.weight, one.bias)
    assert.is_true(distance(shifted:forward { keys[1] - 1, values[1] }, full:forward(dense[1])) < 1e-14)
  end)

  it('normalizes values by the largest of their key', function()
    local m = nn.IndexLinear(6, 2, false, nil, nil, nil, true)
    assert.are.same({ 6, 6 }, m.weight:size():totable())
    m:training()
    local keys = { torch.LongTensor { 1, 3 }, torch.LongTensor { 3 } }
    local values = { torch.Tensor { 4, -2 }, torch.Tensor { 1 } }
    m:forward { keys, values }
    assert.are.equal(4, m.weight[1][1])
    assert.are.equal(2, m.weight[3][1])
    assert.are.equal(0.5, m.weight[3][2])
    assert.are.same({ 1, -1, 0.5 }, m.normalizedValues:totable())
    -- gradients of weights and of the keys' biases by finite differences
    m:evaluate()
    local g = torch.randn(2, 2)
    m:zeroGradParameters()
    m:forward { keys, values }
    m:backward({ keys, values }, g)
    local before = m.weight:clone()
    m:updateParameters(1)
    local step = before - m.weight
    for _, at in ipairs { { 1, 5 }, { 3, 6 }, { 3, 4 }, { 1, 4 }, { 2, 5 } } do
      local function value(d)
        m.weight:copy(before)
        m.weight[at[1]][at[2]] = before[at[1]][at[2]] + d
        return m:forward({ keys, values }):dot(g)
      end
      m.bias:zero()
      assert.is_true(math.abs((value(1e-5) - value(-1e-5)) / 2e-5 - step[at[1]][at[2]]) < 1e-8)
    end
  end)

  it('says what is wrong', function()
    local m = nn.IndexLinear(5, 2)
    fails(function() m:forward { torch.LongTensor { 6 }, torch.Tensor { 1 } } end, '6')
    fails(function() m:forward { torch.LongTensor { 1, 2 }, torch.Tensor { 1 } } end, '2 values')
    fails(function() m:forward(torch.Tensor { 1 }) end, '{keys, values}')
    fails(function() m:forward { 3, 4 } end, 'keys')
    fails(function()
      m:forward { torch.LongTensor { 1, 2 }, torch.Tensor { 1, 1 }, torch.LongTensor { 1, 5 } }
    end, 'sizes')
    fails(function() nn.IndexLinear() end, 'numbers')
    m = nn.IndexLinear(5, 2, false, nil, nil, nil, true)
    fails(function() m:forward { torch.LongTensor { 7 }, torch.Tensor { 1 } } end, '1..5')
  end)
end)
