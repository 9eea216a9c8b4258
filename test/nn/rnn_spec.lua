--- nn.LSTM, nn.GRU, nn.RNN: against a plain reference, gradients by finite differences, states, lengths, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local function sigmoid(x) return torch.sigmoid(x) end
local function affine(w, x, b) return b and w * x + b or w * x end

-- One step of one sequence: vectors.
local step = {}
function step.LSTM(w, x, h, c, H)
  local a = affine(w[1], x, w[3]) + affine(w[2], h, w[4])
  local i, f = sigmoid(a:narrow(1, 1, H)), sigmoid(a:narrow(1, H + 1, H))
  local g, o = torch.tanh(a:narrow(1, 2 * H + 1, H)), sigmoid(a:narrow(1, 3 * H + 1, H))
  c = torch.cmul(f, c) + torch.cmul(i, g)
  return torch.cmul(o, torch.tanh(c)), c
end
function step.GRU(w, x, h, c, H)
  local a, b = affine(w[1], x, w[3]), affine(w[2], h, w[4])
  local r = sigmoid(a:narrow(1, 1, H) + b:narrow(1, 1, H))
  local z = sigmoid(a:narrow(1, H + 1, H) + b:narrow(1, H + 1, H))
  local n = torch.tanh(a:narrow(1, 2 * H + 1, H) + torch.cmul(r, b:narrow(1, 2 * H + 1, H)))
  return n - torch.cmul(z, n) + torch.cmul(z, h), c
end
function step.RNN(w, x, h, c) return torch.tanh(affine(w[1], x, w[3]) + affine(w[2], h, w[4])), c end
function step.relu(w, x, h, c)
  return torch.cmax(affine(w[1], x, w[3]) + affine(w[2], h, w[4]), 0), c
end

-- The whole layer, sequence by sequence: y (T, N, D*H), hn, cn (L*D, N, H).
local function reference(m, f, x, h0, c0, lengths)
  local T, N, H, D = x:size(1), x:size(2), m.hiddenSize, m.bidirectional and 2 or 1
  local hn, cn, named = torch.zeros(m.numLayers * D, N, H), torch.zeros(m.numLayers * D, N, H), m:named()
  for l = 1, m.numLayers do
    local y = torch.zeros(T, N, D * H)
    for d = 1, D do
      local w, index = {}, (l - 1) * D + d
      for k, name in ipairs { 'weight_ih', 'weight_hh', 'bias_ih', 'bias_hh' } do
        w[k] = named[('%s_l%d%s'):format(name, l - 1, d == 2 and '_reverse' or '')]
      end
      for n = 1, N do
        local h = h0 and h0[index][n]:clone() or torch.zeros(H)
        local c = c0 and c0[index][n]:clone() or torch.zeros(H)
        local last = lengths and lengths[n] or T
        for k = 1, last do
          local t = d == 2 and last + 1 - k or k
          h, c = f(w, x[t][n], h, c, H)
          y[t][n]:narrow(1, (d - 1) * H + 1, H):copy(h)
        end
        hn[index][n]:copy(h)
        cn[index][n]:copy(c)
      end
    end
    x = y
  end
  return x, hn, cn
end

local kinds = {
  { 'LSTM', step.LSTM, function(...) return nn.LSTM(...) end },
  { 'GRU', step.GRU, function(...) return nn.GRU(...) end },
  { 'RNN', step.RNN, function(...) return nn.RNN(...) end },
  { 'relu', step.relu, function(i, h, l, o)
    o = o or {}
    o.nonlinearity = 'relu'
    return nn.RNN(i, h, l, o)
  end },
}
-- in, hidden, layers, options, T, N, lengths
local shapes = {
  { 3, 5, 1, {}, 4, 3 }, { 1, 1, 1, {}, 1, 1 }, { 4, 7, 2, { bidirectional = true }, 5, 2 },
  { 2, 33, 1, { bias = false }, 3, 9 }, { 40, 65, 1, {}, 3, 17 }, { 3, 5, 3, {}, 2, 4 },
  { 3, 6, 2, { bidirectional = true }, 5, 4, { 5, 2, 0, 3 } },
  { 3, 34, 1, {}, 4, 10, { 1, 4, 2, 0, 3, 4, 4, 1, 2, 3 } },
}

local message = support.message

describe('recurrent layers', function()
  before_each(function() torch.manualSeed(11) end)

  for _, kind in ipairs(kinds) do
    it(kind[1] .. ' agrees with a plain reference', function()
      for _, s in ipairs(shapes) do
        local options = {}
        for k, v in pairs(s[4]) do options[k] = v end
        local m = kind[3](s[1], s[2], s[3], options):setLengths(s[7])
        local LD = s[3] * (m.bidirectional and 2 or 1)
        local x, h0, c0 = torch.randn(s[5], s[6], s[1]), torch.randn(LD, s[6], s[2]), torch.randn(LD, s[6], s[2])
        for _, given in ipairs { false, true } do
          local h, c = given and h0 or nil, given and c0 or nil
          m.hiddenInput, m.cellInput = h, kind[1] == 'LSTM' and c or nil
          local y = m:forward(x)
          local want, hn, cn = reference(m, kind[2], x, h, c, s[7])
          assert.is_true(support.distance(y, want) < 1e-12)
          assert.is_true(support.distance(m.hiddenOutput, hn) < 1e-12)
          if kind[1] == 'LSTM' then assert.is_true(support.distance(m.cellOutput, cn) < 1e-12) end
          local f = m:clone():float()
          assert.is_true(support.distance(f:forward(x:float()), want) < 1e-4)
          local g = torch.randn(y:size())
          local dx = m:backward(x, g):clone()
          assert.is_true(support.distance(f:backward(x:float(), g:float()), dx) < 1e-3)
          m:clearState()
        end
      end
    end)

    it(kind[1] .. ' has the right gradients', function()
      for _, s in ipairs { shapes[1], shapes[2], shapes[3], shapes[6], shapes[7], shapes[8] } do
        local options = {}
        for k, v in pairs(s[4]) do options[k] = v end
        local m = kind[3](s[1], s[2], s[3], options):setLengths(s[7])
        local LD = s[3] * (m.bidirectional and 2 or 1)
        local input = { torch.randn(s[5], s[6], s[1]), torch.randn(LD, s[6], s[2]) }
        if kind[1] == 'LSTM' then input[3] = torch.randn(LD, s[6], s[2]) end
        if s[2] < 30 then assert.is_true(support.gradient_error(m, input) < 1e-7) end
        if s[2] < 10 then assert.is_true(support.gradient_error(m, input[1]) < 1e-7) end
      end
      for _, size in ipairs { { 2, 4, 3 }, { 4, 3 } } do
        assert.is_true(support.gradient_error(kind[3](3, 4, 2, { batchFirst = true, bidirectional = true }),
          torch.randn(unpack(size))) < 1e-7)
      end
    end)

    it(kind[1] .. ' accumulates, at any number of threads, without allocating', function()
      local m = kind[3](20, 70, 2, { bidirectional = true }):float()
      local x = torch.FloatTensor(6, 33, 20):normal()
      local g = m:forward(x):clone():normal()
      m:zeroGradParameters()
      m:backward(x, g)
      local once = m.gradWeight:clone()
      m:backward(x, g, 2)
      assert.is_true(support.distance(m.gradWeight, once * 3) < 1e-2)
      local threads = torch.getnumthreads()
      torch.setnumthreads(1)
      local y1 = m:forward(x):clone()
      torch.setnumthreads(4)
      assert.is_true(support.distance(m:forward(x), y1) < 1e-5)
      torch.setnumthreads(threads)
      collectgarbage()
      collectgarbage()
      local C = require 'torch.ffi'
      m:backward(x, g)
      local live = tonumber(C.rk_live_bytes)
      for _ = 1, 5 do
        m:forward(x)
        m:backward(x, g)
      end
      assert.are.equal(live, tonumber(C.rk_live_bytes))
    end)
  end

  -- Rows that are the same bits are multiplied once. A view with its features apart is not searched for them.
  it('share what equal rows of the input make', function()
    local function apart(x) return x:transpose(1, 3):clone():transpose(1, 3) end
    local T, N = 12, 11
    for _, case in ipairs { { 5, 17, 40 }, { 65, 16, 9 }, { 1, 64, 33 }, { 66, 20, 70 }, { 2000, 16, 8 } } do
      local symbols, features, hidden = unpack(case)
      local inputs = { torch.randn(symbols, features), torch.eye(math.max(symbols, features)):narrow(2, 1, features) }
      for _, table in ipairs(inputs) do
        local x = table:index(1, torch.LongTensor(T * N):random(symbols)):view(T, N, features)
        for _, kind in ipairs(kinds) do
          for _, type in ipairs { 'torch.DoubleTensor', 'torch.FloatTensor' } do
            local m = kind[3](features, hidden, 1, { bidirectional = true }):type(type)
            if symbols == 5 then m:setLengths(torch.range(2, T):totable()) end
            local from = x:type(type)
            local y = m:forward(from):clone()
            local g = y:clone():normal()
            m:zeroGradParameters()
            local dx, near = m:backward(from, g, 2):clone(), type == 'torch.FloatTensor' and 2e-4 or 1e-11
            local dw, db = m.gradWeight:clone(), m.gradBias:clone()
            assert.is_true(torch.equal(m:forward(apart(from)), y))
            m:zeroGradParameters()
            assert.is_true(torch.equal(m:backward(apart(from), g, 2), dx))
            assert.is_true(support.distance(m.gradWeight, dw) < near)
            assert.is_true(support.distance(m.gradBias, db) < near)
          end
        end
      end
    end
  end)

  it('tell rows apart that only look the same, and have the right gradients where rows repeat', function()
    local x = torch.zeros(8, 8, 16)
    x:select(3, 3):select(2, 1):fill(-0.0)
    x[5][2][16], x[8][8][1], x[2][3][7] = 1e-300, 0 / 0, 3
    local m = nn.LSTM(16, 3)
    local y = m:forward(x)
    assert.are_not.equal(y[2][3][1], y[2][4][1])
    for n = 1, 8 do assert.are.equal(n == 8 and 3 or 0, y[8][n]:ne(y[8][n]):sum()) end
    x[8][8][1] = 0
    for _, layer in ipairs { m, nn.GRU(16, 3), nn.RNN(16, 3) } do
      assert.is_true(support.gradient_error(layer, x) < 1e-7)
    end
  end)

  -- More rows than are packed at a time, and columns that fill no tile.
  it('sum the gradients of long sequences: those of two halves of the batch', function()
    for _, kind in ipairs { 'LSTM', 'GRU', 'RNN' } do
      local m = nn[kind](5, 9, { bidirectional = true }):double()
      local x, g = torch.randn(301, 8, 5):double(), torch.randn(301, 8, 18):double()
      local function gradients(first, n, threads)
        torch.setnumthreads(threads)
        m:zeroGradParameters()
        m:forward(x:narrow(2, first, n))
        m:backward(x:narrow(2, first, n), g:narrow(2, first, n), 0.5)
        return torch.cat(m.gradWeight, m.gradBias)
      end
      local threads = torch.getnumthreads()
      local all, alone = gradients(1, 8, 2), gradients(1, 8, 1)
      local halves = gradients(1, 4, 2) + gradients(5, 4, 2)
      torch.setnumthreads(threads)
      assert.equal(0, (all - alone):abs():max())
      assert.is_true((all - halves):abs():max() < 1e-10 * all:abs():max())
    end
  end)

  it('read other steps and forms of states', function()
    local m = nn.LSTM(3, 4)
    local x = torch.randn(5, 2, 3)
    local y = m:forward(x):clone()
    local g = torch.randn(5, 2, 4)
    local dx = m:backward(x, g):clone()
    local other = x:transpose(1, 3):clone():transpose(1, 3)
    assert.is_true(support.distance(m:forward(other), y) == 0)
    assert.is_true(support.distance(m:backward(other, g:transpose(1, 2):clone():transpose(1, 2)), dx) < 1e-15)
    local wide = torch.zeros(5, 2, 1, 4):expand(5, 2, 3, 4)
    assert.is_true(support.distance(m:backward(x, wide:select(3, 1)), dx:clone():zero()) == 0)
    local first = nn.LSTM(3, 4, { batchFirst = true })
    first.weight:copy(m.weight)
    first.bias:copy(m.bias)
    assert.is_true(support.distance(first:forward(x:transpose(1, 2)):transpose(1, 2):contiguous(), y) == 0)
    assert.is_true(first.output:isContiguous())
    local h, c = torch.randn(1, 2, 4), torch.randn(1, 2, 4)
    local a = m:forward({ x, h, c })[1]:clone()
    assert.is_true(support.distance(m:forward({ x, { h[1], c[1] } })[1], a) == 0)
    assert.are.equal(2, m:forward(torch.randn(5, 3)):dim())
    assert.are.equal(2, m.hiddenOutput:dim())
  end)

  it('continue where they ended', function()
    local m = nn.LSTM(3, 4, 2)
    local x = torch.randn(6, 2, 3)
    local y = m:forward(x):clone()
    m:remember()
    m:resetStates()
    assert.is_true(support.distance(m:forward(x:narrow(1, 1, 2)), y:narrow(1, 1, 2)) < 1e-15)
    assert.is_true(support.distance(m:forward(x:narrow(1, 3, 4)), y:narrow(1, 3, 4)) < 1e-15)
    m:backward(x:narrow(1, 3, 4), torch.randn(4, 2, 4))
    assert.are.same({ 3, 1, 4 }, m:forward(torch.randn(3, 1, 3)):size():totable())
  end)

  it('drop between layers while training only', function()
    local m = nn.GRU(3, 50, 2, { dropout = 0.5 })
    local x = torch.randn(4, 2, 3)
    local a = m:forward(x):clone()
    assert.is_true(support.distance(m:forward(x), a) > 0)
    m:backward(x, torch.randn(4, 2, 50))
    m:evaluate()
    local b = m:forward(x):clone()
    assert.is_true(support.distance(m:forward(x), b) == 0)
    m:backward(x, torch.randn(4, 2, 50))
  end)

  it('keep the module protocol', function()
    local m = nn.LSTM(3, 4, 2, { bidirectional = true })
    local x = torch.randn(5, 2, 3)
    local y = m:forward(x):clone()
    local again = torch.deserialize(torch.serialize(m))
    assert.is_true(support.distance(again:forward(x), y) == 0)
    assert.are.equal('nn.LSTM(3 -> 4, 2 layers, bidirectional)', tostring(again:clearState()))
    assert.is_true(support.distance(again:forward(x), y) == 0)
    local p, gp = m:getParameters()
    assert.are.equal(2 * 16 * (3 + 4 + 2) + 2 * 16 * (8 + 4 + 2), p:nElement())
    assert.is_true(support.distance(m:forward(x), y) == 0)
    gp:zero()
    m:backward(x, y)
    assert.is_true(gp:norm() > 0)
    local twin = m:clone('weight', 'bias', 'gradWeight', 'gradBias')
    m.weight:mul(0.5)
    assert.is_true(support.distance(twin:forward(x), m:forward(x)) == 0)
    m:backwardUpdate(x, y, 0.1)
    m.gradInput = nil
    m:forward(x)
    assert.is_nil(m:updateGradInput(x, y))
    m:accGradParameters(x, y)
    local count = 0
    for _, v in pairs(m:named(true)) do count = count + v:nElement() end
    assert.are.equal(gp:nElement(), count)
  end)

  it('say what is wrong', function()
    local m = nn.LSTM(128, 256, 2)
    assert.are.equal('nn.LSTM(128 -> 256, 2 layers): expected input [T x N x 128] or [T x 128], got [64 x 32 x 64]',
      message(m.forward, m, torch.ones(64, 32, 64)))
    assert.is_truthy(message(m.forward, m, nil):find('got nil', 1, true))
    assert.is_truthy(message(m.forward, m, torch.ones(128)):find('[T x N x 128]', 1, true))
    assert.is_truthy(message(m.forward, m, torch.FloatTensor(2, 2, 128)):find('torch.FloatTensor', 1, true))
    assert.is_truthy(message(m.forward, m, { torch.ones(2, 3, 128), torch.ones(2, 2, 256) })
      :find('initial states [2 x 3 x 256], got [2 x 2 x 256]', 1, true))
    m:forward(torch.ones(2, 3, 128))
    assert.is_truthy(message(m.backward, m, torch.ones(2, 3, 128), torch.ones(2, 3, 128))
      :find('gradOutput [2 x 3 x 256], got [2 x 3 x 128]', 1, true))
    assert.is_truthy(message(m.backward, m, torch.ones(2, 3, 128), nil):find('gradOutput', 1, true))
    m:setLengths { 1, 2, 3 }
    assert.is_truthy(message(m.forward, m, torch.ones(2, 3, 128))
      :find('length 3 of sequence 3 is not in 0..2', 1, true))
    assert.is_truthy(message(m.forward, m, torch.ones(2, 2, 128)):find('lengths of 2 sequences', 1, true))
    assert.is_truthy(message(m.setLengths, m, 'a'):find('list of numbers', 1, true))
    local fresh = nn.GRU(2, 3)
    assert.is_truthy(message(fresh.backward, fresh, torch.ones(2, 1, 2), torch.ones(2, 1, 3)):find('before forward'))
    for _, wrong in ipairs { { nil, 3 }, { 0, 3 }, { 2.5, 3 }, { 2 }, { 2, 3, 0 }, { 2, 3, 'a' },
      { 2, 3, 1, true, false, 1 }, { 2, 3, 1, 4 }, { 2, 3, { dropuot = 0.1 } }, { 2, 3, 1, { numLayers = 2 } },
      { 2, 3, 1, true, false, 0, false, 9 } } do
      assert.is_truthy(message(nn.LSTM, unpack(wrong, 1, 8)):find('nn.LSTM', 1, true))
    end
    local text = message(nn.LSTM, 2, 3, { dropuot = 0.1 })
    assert.is_truthy(text:find('no option dropuot; there are: inputSize, hiddenSize, numLayers', 1, true))
    assert.is_truthy(message(nn.RNN, 2, 3, 1, 'gelu'):find("'tanh' or 'relu'", 1, true))
  end)
end)
