--- Packed sequences: nn.utils.rnn and the recurrent layers, with the numbers of PyTorch 2.15.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local rnn = nn.utils.rnn

local function digest(t)
  local flat = t:double():contiguous():view(-1)
  return flat:dot(torch.range(0, flat:nElement() - 1):cos())
end
local function series(step, ...)
  local x = torch.Tensor(...)
  return x:copy(torch.range(0, x:nElement() - 1):mul(step):cos())
end
local function near(want, got) assert.is_true(math.abs(got - want) < 1e-10, ('%.13g, not %.13g'):format(got, want)) end

-- Names of PyTorch's parameters in its order.
local function names_of(m)
  local names = {}
  for l = 0, m.numLayers - 1 do
    for _, tail in ipairs { '', '_reverse' } do
      for _, name in ipairs { 'weight_ih', 'weight_hh', 'bias_ih', 'bias_hh', m.projSize and 'weight_hr' or nil } do
        names[#names + 1] = ('%s_l%d%s'):format(name, l, tail)
      end
    end
  end
  return names
end

-- Layer, options, digests of y, hn, y padded to 6 steps with -1, and the gradients of x, h0, all parameters.
local rows = {
  { 'LSTM', nil, 1.229656675598, -0.434999867916, -0.4081379794553, -0.3114224613417, 0.5049002928003, 24.92875981127 },
  { 'GRU', nil, -0.192767932471, -0.6101900245847, -0.438807090887, -0.3692466443935, -1.331000266846,
    -26.77893113978 },
  { 'RNN', nil, -4.158366326133, 2.060895363665, 1.395480575119, -0.5534391243094, 1.740793281961, 3.017630872339 },
  { 'LSTM', 2, 1.040554840614, -0.4691660750922, -8.085195946609, 0.02092794750486, -0.1657256504104,
    -25.81152066973 },
}

describe('packed sequences', function()
  before_each(function() torch.manualSeed(3) end)

  for _, row in ipairs(rows) do
    it(('go through nn.%s%s'):format(row[1], row[2] and ', projected' or ''), function()
      local m = nn[row[1]](3, 4, { num_layers = 2, bidirectional = true, projSize = row[2] })
      local own = m:named()
      for i, name in ipairs(names_of(m)) do
        local p = own[name]
        p:copy(series(0.7 + 0.1 * (i - 1), p:nElement()):mul(0.5))
      end
      local lstm, H = row[1] == 'LSTM', row[2] or 4
      local packed = rnn.pack_padded_sequence(series(0.3, 5, 3, 3), { 2, 5, 3 }, { enforce_sorted = false })
      assert.are.same({ 3, 3, 2, 1, 1 }, packed.batch_sizes:totable())
      assert.are.same({ 2, 3, 1 }, packed.sorted_indices:totable())
      assert.are.same({ 3, 1, 2 }, packed.unsorted_indices:totable())
      local input = { packed, series(0.2, 4, 3, H), lstm and series(0.4, 4, 3, 4) or nil }
      for _ = 1, 2 do -- buffers are used again
        m:zeroGradParameters()
        local y = m:forward(input)
        near(row[3], digest(y[1].data))
        near(row[4], digest(y[2]))
        local padded, lengths = rnn.pad_packed_sequence(y[1], false, -1, 6)
        near(row[5], digest(padded))
        assert.are.same({ 2, 5, 3 }, lengths:totable())
        local dy = y[1]:clone()
        dy.data:copy(series(0.9, dy.data:nElement()))
        local d = m:backward(input, { dy, series(0.15, y[2]:nElement()):viewAs(y[2]) })
        local sum, slopes = 0, m:named(true)
        for i, name in ipairs(names_of(m)) do sum = sum + i * digest(slopes[name]) end
        near(row[6], digest(rnn.pad_packed_sequence(d[1])))
        near(row[7], digest(d[2]))
        near(row[8], sum)
      end
      assert.is_nil(m.lengths)
    end)
  end

  it('give what padded ones give', function()
    local x, lengths = torch.randn(2, 4, 3), { 4, 2 }
    for _, kind in ipairs { 'LSTM', 'GRU', 'RNN' } do
      local m = nn[kind](3, 5, { batch_first = true })
      local twin = m:clone():setLengths(lengths)
      local packed = rnn.pack_padded_sequence(x, torch.LongTensor(lengths), true)
      assert.is_nil(packed.sorted_indices)
      local y = nn.Sequential():add(m):forward(packed)
      local got, at = rnn.pad_packed_sequence(y, true)
      assert.is_true(support.distance(twin:forward(x), got) < 1e-12)
      assert.is_true(support.distance(twin.hiddenOutput, m.hiddenOutput) < 1e-12)
      assert.are.same(lengths, at:totable())
      local g = y:clone()
      g.data:normal()
      m:zeroGradParameters()
      twin:zeroGradParameters()
      local dx = m:backward(packed, g)
      local want = twin:backward(x, (rnn.pad_packed_sequence(g, true)))
      assert.is_true(support.distance(want, (rnn.pad_packed_sequence(dx, true))) < 1e-12)
      assert.is_true(support.distance(twin.gradWeight, m.gradWeight) < 1e-12)
      -- and padded ones afterwards
      assert.is_true(support.distance(twin:setLengths():forward(x), m:forward(x)) < 1e-12)
      m = m:float()
      assert.are.equal('torch.FloatTensor', m:forward(packed:float()):type())
      assert.is_nil(m:clearState().packing)
      local again = torch.deserialize(torch.serialize { m, packed })
      assert.is_true(support.distance(m:forward(packed:float()).data, again[1]:forward(again[2]:float()).data) == 0)
    end
  end)

  it('are made of lists and become lists', function()
    local list = { torch.randn(3, 2), torch.randn(5, 2), torch.randn(1, 2), torch.randn(5, 2) }
    local packed = rnn.pack_sequence(list, false)
    assert.are.same({ 4, 3, 3, 2, 2 }, packed.batch_sizes:totable())
    assert.are.same({ 3, 5, 1, 5 }, packed:lengths():totable())
    for i, t in ipairs(rnn.unpack_sequence(packed)) do assert.is_true(t:equal(list[i])) end
    local sorted = { list[2], list[1], list[3] }
    packed = rnn.pack_sequence(sorted)
    for i, t in ipairs(rnn.unpack_sequence(packed)) do assert.is_true(t:equal(sorted[i])) end
    local twin = rnn.PackedSequence(packed.data * 2, packed.batch_sizes)
    assert.is_true(rnn.unpack_sequence(twin)[1]:equal(sorted[1] * 2))
    assert.are.equal('nn.PackedSequence(3 sequences, 9 steps in all)', tostring(twin))
    assert.are.same({ 2, 3, 1 }, rnn.invert_permutation(torch.LongTensor { 3, 1, 2 }):totable())
    assert.is_nil(rnn.invert_permutation())
    local left = rnn.pad_sequence({ torch.ones(1), torch.ones(2) }, { padding_side = 'left', padding_value = 7 })
    assert.are.same({ { 7, 1 }, { 1, 1 } }, left:totable())
    local ids = rnn.pack_sequence { torch.LongTensor { 4, 5 }, torch.LongTensor { 6 } }
    assert.are.same({ 4, 6, 5 }, ids.data:totable())
  end)

  it('say what is wrong', function()
    local x = torch.ones(4, 2, 3)
    local packed, m = rnn.pack_padded_sequence(x, { 4, 2 }), nn.LSTM(3, 5)
    local other = rnn.pack_padded_sequence(x, { 3, 2 })
    for _, case in ipairs {
      { 'lengths[2]: expected at most 2, or enforceSorted = false, got 4', rnn.pack_padded_sequence, x, { 2, 4 } },
      { 'lengths[1]: expected a whole number of 1..4, got 0', rnn.pack_padded_sequence, x, { 0, 4 } },
      { 'lengths: expected 2 numbers', rnn.pack_padded_sequence, x, { 4 } },
      { 'padded: expected a tensor of at least 2', rnn.pack_padded_sequence, torch.ones(3), { 3 } },
      { 'there is no option sorted', rnn.pack_sequence, { x }, { sorted = true } },
      { 'sequence: expected an nn.PackedSequence', rnn.pad_packed_sequence, x },
      { 'sequence: expected an nn.PackedSequence', rnn.unpack_sequence, { x } },
      { 'totalLength: expected a whole number from 4', rnn.pad_packed_sequence, packed, false, 0, 3 },
      { 'data: expected 6 rows, got 4', rnn.PackedSequence, x, { 3, 2, 1 } },
      { 'batchSizes[2]: expected a number of 1..1, got 2', rnn.PackedSequence, x, { 1, 2, 1 } },
      { 'sortedIndices: expected 2 whole numbers', rnn.PackedSequence, x, { 2, 2 }, { 1 } },
      { 'backward before forward', m.backward, m, packed, packed },
      { 'expected input [T x N x 7]', nn.LSTM(7, 2).forward, nn.LSTM(7, 2), packed },
    } do
      local got = support.message(unpack(case, 2, 6))
      assert.is_truthy(got:find(case[1], 1, true), got)
    end
    m:forward(packed)
    local got = support.message(m.backward, m, packed, other)
    assert.is_truthy(got:find('gradOutput as an nn.PackedSequence of 6 steps', 1, true), got)
    assert.is_nil(m.lengths)
  end)
end)
