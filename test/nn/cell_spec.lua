--- Cells against the whole layers, hand-made LSTMs against the fused one, nn.EmbeddingBag.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local message = support.message

describe('cells', function()
  before_each(function() torch.manualSeed(8) end)

  for _, name in ipairs { 'LSTM', 'GRU', 'RNN' } do
    it(name .. 'Cell makes the steps of ' .. name, function()
      local cell, whole = nn[name .. 'Cell'](3, 5), nn[name](3, 5)
      whole.weight:copy(cell.weight)
      whole.bias:copy(cell.bias)
      local x = torch.randn(4, 2, 3)
      local y, h, c = whole:forward(x), torch.zeros(2, 5), name == 'LSTM' and torch.zeros(2, 5) or nil
      for t = 1, 4 do
        local out = cell:forward { x[t], h, c }
        if c then h, c = out[1]:clone(), out[2]:clone() else h = out:clone() end
        assert.is_true(support.distance(h, y[t]) < 1e-12)
      end
      assert.is_true(support.gradient_error(cell, { x[1]:clone(), h, c }) < 1e-7)
      assert.is_true(support.gradient_error(cell, { x[1][1]:clone(), h[1]:clone(), c and c[1]:clone() }) < 1e-7)
      assert.is_true(support.gradient_error(cell, x[2]:clone()) < 1e-7)
      if c then
        local out = cell:forward { x[1], { h, c } }
        local d = cell:backward({ x[1], { h, c } }, out)
        assert.are.equal(2, #d[2])
      end
      assert.are.same({ 5 * cell.gates, 3 }, cell:named().weight_ih:size():totable())
      local again = torch.deserialize(torch.serialize(cell:clearState()))
      again:forward { x[1], h, c }
      assert.is_truthy(message(cell.forward, cell, torch.randn(2, 4)):find('input [N x 3] or [3]', 1, true))
      assert.is_truthy(message(cell.forward, cell, { x[1], torch.randn(3, 5) }):find('initial states', 1, true))
      assert.is_truthy(message(nn[name .. 'Cell'], 3, 5, { layers = 2 }):find('no option layers', 1, true))
    end)
  end

  it('agree with an LSTM made of simple layers, unrolled', function()
    local H, cell = 4, nn.LSTMCell(3, 4)
    local w = cell:named()
    local function linear(weight, bias)
      local m = nn.Linear(weight:size(2), weight:size(1))
      m.weight:copy(weight)
      m.bias:copy(bias)
      return m
    end
    local function gate(k, f) return nn.Sequential():add(nn.Narrow(2, k * H + 1, H)):add(f) end
    -- {x, h, c} → {c', o}, then {c', h'}
    local sums = nn.Sequential():add(nn.NarrowTable(1, 2)):add(nn.ParallelTable()
      :add(linear(w.weight_ih, w.bias_ih)):add(linear(w.weight_hh, w.bias_hh))):add(nn.CAddTable())
    local parts = nn.ConcatTable():add(gate(0, nn.Sigmoid())):add(gate(1, nn.Sigmoid())):add(gate(2, nn.Tanh()))
      :add(gate(3, nn.Sigmoid()))
    local x, h, c = torch.randn(2, 3), torch.randn(2, H), torch.randn(2, H)
    local g = parts:forward(sums:forward { x, h, c })
    local c2 = torch.cmul(g[2], c) + torch.cmul(g[1], g[3])
    local out = cell:forward { x, h, c }
    assert.is_true(support.distance(out[2], c2) < 1e-12)
    assert.is_true(support.distance(out[1], torch.cmul(g[4], torch.tanh(c2))) < 1e-12)
  end)

  it('unroll with shared weights', function()
    local cell = nn.GRUCell(3, 4)
    local twin = cell:clone('weight', 'bias', 'gradWeight', 'gradBias')
    cell:zeroGradParameters()
    local x, h = torch.randn(2, 3), torch.zeros(2, 4)
    local h1 = cell:forward { x, h }
    local h2 = twin:forward { x, h1 }
    local d = twin:backward({ x, h1 }, h2)
    cell:backward({ x, h }, d[2])
    assert.are.equal(cell.gradWeight:norm(), twin.gradWeight:norm())
  end)
end)

describe('nn.EmbeddingBag', function()
  before_each(function() torch.manualSeed(8) end)

  -- Options, digests of output and gradient: PyTorch 2.15
  for _, row in ipairs {
    { 'mode = "max"', -1.7660985291925522, -1.7343014429759571 },
    { 'mode = "max", padding_idx = 5', -1.7660985291925522, -1.7343014429759571 },
    { 'mode = "sum", scale_grad_by_freq = true', -2.2204514070755716, 3.3703902527699268 },
    { 'mode = "mean", max_norm = 0.5', -0.19830865203313214, 0.12532890971789168 },
    { 'mode = "sum", include_last_offset = true', -1.0421473323306372, 7.233696844439829 },
    { 'mode = "max", max_norm = 0.7, norm_type = 1', -0.5063047682678925, -0.48211502281534035 },
  } do
    it('gives PyTorch\'s numbers: ' .. row[1], function()
      local function digest(t) return t:clone():view(-1):dot(torch.range(0, t:nElement() - 1):cos()) end
      local m = nn.EmbeddingBag(9, 4, assert(loadstring('return {' .. row[1] .. '}'))())
      m.weight:copy(torch.range(0, 35):mul(0.7):sin())
      local keys, offsets = torch.LongTensor { 1, 5, 2, 9, 1, 1, 4, 4, 3 }, torch.LongTensor { 1, 4, 4, 8 }
      if m.includeLastOffset then keys, offsets = keys:narrow(1, 1, 8), torch.LongTensor { 1, 4, 4, 8, 9 } end
      local y = m:forward { keys, offsets }
      assert.is_true(math.abs(digest(y) - row[2]) < 1e-6)
      m:zeroGradParameters()
      m:backward({ keys, offsets }, y * 2)
      assert.is_true(math.abs(digest(m.gradWeight) - row[3]) < 1e-6)
      local again = torch.deserialize(torch.serialize(m:clone():float()))
      assert.is_true(support.distance(again:forward { keys, offsets }, y) < 1e-5)
    end)
  end

  it("weighs indices, with PyTorch's numbers", function()
    local function digest(t) return t:clone():view(-1):dot(torch.range(0, t:nElement() - 1):cos()) end
    local m = nn.EmbeddingBag(9, 4, nil, 2, false, 'sum', false, torch.range(0, 35):mul(0.7):sin():view(9, 4), false, 5)
    local keys, offsets = torch.LongTensor { 1, 5, 2, 9, 1, 1, 5, 4, 3 }, torch.LongTensor { 1, 4, 4, 8 }
    local w = torch.range(0, 8):mul(0.3):cos()
    local y = m:forward { keys, offsets, w }
    assert.is_true(math.abs(digest(y) - 0.7896142469406945) < 1e-12)
    local d = m:backward({ keys, offsets, w }, y * 2)
    assert.is_true(math.abs(digest(m.gradWeight) + 0.032775326567586055) < 1e-12)
    assert.is_true(math.abs(digest(d[3]) - 1.221127965535389) < 1e-12)
    assert.are.equal(0, d[1]:sum() + d[2]:sum())
    local even = { torch.LongTensor { { 1, 5, 2 }, { 4, 1, 1 } }, torch.range(1, 6):view(2, 3) }
    y = m:forward(even)
    assert.is_true(support.distance(y[1], m.weight[1] + m.weight[2] * 3) < 1e-12)
    assert.are.same({ 2, 3 }, m:backward(even, y)[2]:size():totable())
    m.mode = 'mean'
    assert.is_truthy(message(m.forward, m, even):find("mode 'sum' only", 1, true))
    m.mode = 'sum'
    assert.is_truthy(message(m.forward, m, { even[1], torch.ones(6) }):find('weights [2 x 3] of type', 1, true))
    assert.is_truthy(message(nn.EmbeddingBag, 6, 4, { weight = torch.ones(4, 6) }):find('a tensor of 6 x 4', 1, true))
  end)

  it('adds and averages rows', function()
    local index = torch.LongTensor { { 1, 5, 2 }, { 4, 1, 1 } }
    for _, mode in ipairs { 'mean', 'sum' } do
      local m, lookup = nn.EmbeddingBag(6, 4, mode), nn.LookupTable(6, 4)
      lookup.weight:copy(m.weight)
      local want = lookup:forward(index):sum(2):view(2, 4)
      if mode == 'mean' then want:div(3) end
      assert.is_true(support.distance(m:forward(index), want) < 1e-12)
      assert.is_true(support.distance(m:forward { torch.LongTensor { 1, 5, 2, 4, 1, 1 }, torch.LongTensor { 1, 4 } },
        want) < 1e-12)
      local g = torch.randn(2, 4)
      m:zeroGradParameters()
      m:backward(index, g)
      local dw = torch.zeros(6, 4)
      for n = 1, 2 do
        for s = 1, 3 do dw[index[n][s]]:add(mode == 'mean' and 1 / 3 or 1, g[n]) end
      end
      assert.is_true(support.distance(m.gradWeight, dw) < 1e-12)
      assert.is_true(support.distance(m:float():forward(index:float()), want) < 1e-5)
    end
    local padded = nn.EmbeddingBag { numEmbeddings = 6, embeddingDim = 4, paddingIdx = 1 }
    local y = padded:forward(index)
    assert.is_true(support.distance(y[1], (padded.weight[5] + padded.weight[2]) / 2) < 1e-12)
    assert.is_true(support.distance(y[2], padded.weight[4]) < 1e-12)
    local empty = nn.EmbeddingBag(6, 4):forward { torch.LongTensor { 3 }, torch.LongTensor { 1, 1 } }
    assert.are.equal(0, empty[1]:norm())
  end)

  it('says what is wrong', function()
    assert.is_truthy(message(nn.EmbeddingBag, 6, 4, { padding_idx = 7 }):find('paddingIdx: expected a number of 1..6'))
    assert.is_truthy(message(nn.EmbeddingBag, 6, 4, { max_norm = 'a' }):find('maxNorm: expected a number', 1, true))
    assert.is_truthy(message(nn.EmbeddingBag, 6, 4, { mode = 'max', scale_grad_by_freq = true }):find('scaleGradByFreq',
      1, true))
    local one = nn.EmbeddingBag(6, 4, { include_last_offset = true })
    assert.is_truthy(message(one.forward, one, { torch.LongTensor { 1 }, torch.LongTensor { 1 } }):find('two offsets'))
    local largest = nn.EmbeddingBag(6, 4, 'max')
    assert.is_truthy(message(largest.accGradParameters, largest, torch.LongTensor { { 1, 2 } }, torch.ones(1, 4)):find(
      'the input of the last forward', 1, true))
    largest:forward(torch.LongTensor { { 1, 2 } })
    for _, shape in ipairs { { 2, 4 }, { 1, 3 }, { 4 } } do
      assert.is_truthy(message(largest.accGradParameters, largest, torch.LongTensor { { 1, 2 } },
        torch.ones(torch.LongStorage(shape))):find('gradOutput [1 x 4]', 1, true))
    end
    local m = nn.EmbeddingBag(6, 4)
    assert.is_truthy(message(m.forward, m, torch.LongTensor { { 1, 7 } }):find('7', 1, true))
    assert.is_truthy(message(m.forward, m, torch.LongTensor { 1, 2 }):find('{indices, offsets}', 1, true))
    assert.is_truthy(message(m.forward, m, { torch.LongTensor { 1, 2 }, torch.LongTensor { 2 } }):find('rise', 1, true))
    assert.is_truthy(message(nn.EmbeddingBag, 6, 4, 'min'):find("'mean', 'sum' or 'max'", 1, true))
    assert.is_truthy(message(nn.EmbeddingBag, 6):find('embeddingDim', 1, true))
  end)
end)
