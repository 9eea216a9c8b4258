--- Attention and transformer layers: against a plain reference, masks, gradients, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local message = support.message

-- One head, one sample: q (L, d), k (S, d), v (S, e), hidden(i, j) says whether key j is hidden from query i.
local function plain(q, k, v, scale, hidden, bias)
  local out = torch.zeros(q:size(1), v:size(2))
  for i = 1, q:size(1) do
    local p, sum = {}, 0
    for j = 1, k:size(1) do
      if not (hidden and hidden(i, j)) then
        p[j] = math.exp(scale * q[i]:dot(k[j]) + (bias and bias[i][j] or 0))
        sum = sum + p[j]
      end
    end
    for j, w in pairs(p) do out[i]:add(w / sum, v[j]) end
  end
  return out
end

describe('nn.ScaledDotProductAttention', function()
  before_each(function() torch.manualSeed(6) end)

  it('is softmax(q k) v, under masks', function()
    local q, k, v = torch.randn(2, 3, 4), torch.randn(2, 5, 4), torch.randn(2, 5, 6)
    local bytes, bias = torch.ByteTensor(3, 5):bernoulli(0.4), torch.randn(3, 5)
    bytes:select(2, 1):zero()
    local rows = {
      { nn.ScaledDotProductAttention() }, { nn.ScaledDotProductAttention { scale = 2 }, scale = 2 },
      { nn.ScaledDotProductAttention { causal = true }, hidden = function(i, j) return j > i + 2 end },
      { nn.ScaledDotProductAttention():setMask(bytes), hidden = function(i, j) return bytes[i][j] == 1 end },
      { nn.ScaledDotProductAttention():setMask(bias), bias = bias },
    }
    for _, row in ipairs(rows) do
      local m = row[1]
      local y = m:forward { q, k, v }
      for b = 1, 2 do
        assert.is_true(support.distance(y[b], plain(q[b], k[b], v[b], row.scale or 0.5, row.hidden, row.bias)) < 1e-12)
      end
      assert.is_true(support.gradient_error(m, { q, k, v }) < 1e-7)
      local twisted = { q:transpose(1, 3):clone():transpose(1, 3), k:transpose(1, 2):clone():transpose(1, 2), v }
      assert.is_true(support.distance(m:forward(twisted), y) < 1e-12)
      if not row.bias then
        local f = m:clone():float()
        assert.is_true(support.distance(f:forward { q:float(), k:float(), v:float() }, y) < 1e-5)
      end
    end
    local blind = nn.ScaledDotProductAttention():setMask(torch.ByteTensor(3, 5):fill(1))
    assert.are.equal(0, blind:forward({ q, k, v }):norm())
    assert.are.equal(0, blind:backward({ q, k, v }, torch.randn(2, 3, 6))[1]:norm())
  end)

  it('drops while training', function()
    local m = nn.ScaledDotProductAttention(0.5)
    local input = { torch.randn(1, 3, 4), torch.randn(1, 5, 4), torch.randn(1, 5, 6) }
    local y = m:forward(input):clone()
    assert.is_true(support.distance(m:forward(input), y) > 0)
    m:evaluate()
    y = m:forward(input):clone()
    assert.is_true(support.distance(m:forward(input), y) == 0)
  end)

  it('says what is wrong', function()
    local m = nn.ScaledDotProductAttention()
    local q = torch.randn(2, 3, 4)
    assert.is_truthy(message(m.forward, m, q):find('{q, k, v}', 1, true))
    assert.is_truthy(message(m.forward, m, { q, q }):find('v [B x S x e]', 1, true))
    assert.is_truthy(message(m.forward, m, { q, torch.randn(2, 3, 5), q }):find('k [2 x S x 4]', 1, true))
    assert.is_truthy(message(m.forward, m, { q, q, torch.randn(2, 4, 4) }):find('v [2 x 3 x e]', 1, true))
    m:setMask(torch.ByteTensor(2, 2))
    assert.is_truthy(message(m.forward, m, { q, q, q }):find('attention mask [3 x 3]', 1, true))
    assert.is_truthy(message(m.setMask, m, 3):find('mask', 1, true))
    assert.is_truthy(message(nn.ScaledDotProductAttention, 1):find('dropout', 1, true))
  end)
end)

describe('nn.MultiHeadAttention', function()
  before_each(function() torch.manualSeed(6) end)

  it('attends head by head', function()
    local m = nn.MultiHeadAttention(6, 2, { kdim = 5, vdim = 4 })
    for _, l in ipairs(m.modules) do l.bias:uniform() end
    local q, k, v = torch.randn(3, 2, 6), torch.randn(4, 2, 5), torch.randn(4, 2, 4)
    local padding = torch.ByteTensor { { 0, 0, 1, 0 }, { 0, 0, 0, 1 } }
    m:setKeyPaddingMask(padding)
    local y = m:forward { q, k, v }
    local function project(i, x) return x * m:get(i).weight:t() + m:get(i).bias:view(1, -1):expand(x:size(1), 6) end
    for n = 1, 2 do
      local a, b, c = project(1, q:select(2, n)), project(2, k:select(2, n)), project(3, v:select(2, n))
      local joined = torch.Tensor(3, 6)
      for h = 0, 1 do
        joined:narrow(2, 3 * h + 1, 3):copy(plain(a:narrow(2, 3 * h + 1, 3), b:narrow(2, 3 * h + 1, 3),
          c:narrow(2, 3 * h + 1, 3), 1 / math.sqrt(3), function(_, j) return padding[n][j] == 1 end))
      end
      assert.is_true(support.distance(y:select(2, n):clone(), project(4, joined)) < 1e-12)
    end
    assert.are.same({ 2, 2, 3, 4 }, m:weights():size():totable())
    assert.is_true(support.gradient_error(m, { q, k, v }) < 1e-7)
  end)

  it('gives its weights, and takes a gradient for them', function()
    local x, mask = torch.randn(3, 2, 4), torch.randn(3, 3)
    for _, o in ipairs { {}, { averageWeights = false }, { addBiasKv = true, batchFirst = true }, { addZeroAttn = true,
      causal = true } } do
      o.needWeights = true
      local m = nn.MultiHeadAttention(4, 2, o):setMask(mask)
      if o.batchFirst then m:setMask(nil) end
      local out = m:forward(x)
      local again = nn.MultiHeadAttention(4, 2, { addBiasKv = o.addBiasKv, addZeroAttn = o.addZeroAttn,
        causal = o.causal, batchFirst = o.batchFirst }):setMask(not o.batchFirst and mask or nil)
      again:getParameters():copy(m:getParameters())
      assert.is_true(support.distance(again:forward(x), out[1]) < 1e-12)
      assert.is_true((out[2]:sum(out[2]:dim()) - 1):abs():max() < 1e-12)
      assert.is_true(support.distance(again:weights(o.averageWeights ~= false), out[2]) < 1e-12)
      assert.is_true(support.gradient_error(m, x) < 1e-7)
      out = m:forward(x)
      local dx = m:backward(x, { out[1] }):clone()
      assert.is_true(support.distance(again:backward(x, out[1]), dx) < 1e-12)
      assert.is_truthy(message(m.backward, m, x, out[1]):find('a table as gradOutput', 1, true))
      assert.is_truthy(message(m.backward, m, x, { out[1], torch.ones(2) }):find('gradient of the weights', 1, true))
    end
  end)

  it('has the right gradients in all forms', function()
    for _, o in ipairs { {}, { causal = true }, { batchFirst = true }, { bias = false }, { addBiasKv = true },
      { addZeroAttn = true, batchFirst = true }, { addBiasKv = true, addZeroAttn = true, causal = true } } do
      local m = nn.MultiHeadAttention(4, 2, o)
      local x, memory = torch.randn(3, 2, 4), torch.randn(3, 2, 4)
      assert.is_true(support.gradient_error(m, x) < 1e-7)
      assert.is_true(support.gradient_error(m, { x, memory }) < 1e-7)
      assert.is_true(support.gradient_error(m, { x, memory, torch.randn(3, 2, 4) }) < 1e-7)
      local y = m:forward(x):clone()
      local again = torch.deserialize(torch.serialize(m:clearState()))
      assert.is_true(support.distance(again:forward(x), y) == 0)
      assert.is_true(support.distance(again:float():forward(x:float()), y) < 1e-5)
    end
    local first, second = nn.MultiHeadAttention(4, 2), nn.MultiHeadAttention(4, 2, { batchFirst = true })
    for i = 1, 4 do second:get(i).weight:copy(first:get(i).weight) end
    local x = torch.randn(5, 3, 4)
    assert.is_true(support.distance(second:forward(x:transpose(1, 2)):transpose(1, 2), first:forward(x)) < 1e-12)
  end)

  it('says what is wrong', function()
    local m = nn.MultiHeadAttention(4, 2)
    assert.is_truthy(message(m.forward, m, torch.randn(3, 2, 5)):find('query [L x N x 4], got [3 x 2 x 5]', 1, true))
    assert.is_truthy(message(m.forward, m, { torch.randn(3, 2, 4), torch.randn(3, 3, 4) })
      :find('key [S x N x 4]', 1, true))
    assert.is_truthy(message(m.forward, m, { torch.randn(3, 2, 4), torch.randn(3, 2, 4), torch.randn(4, 2, 4) })
      :find('as many values as keys, 3', 1, true))
    assert.is_truthy(message(m.forward, m, nil):find('{query, memory}', 1, true))
    m:setKeyPaddingMask(torch.ByteTensor(3, 2))
    assert.is_truthy(message(m.forward, m, torch.randn(3, 2, 4)):find('key padding mask [2 x 3]', 1, true))
    m:setKeyPaddingMask(nil):forward(torch.randn(3, 2, 4))
    assert.is_truthy(message(m.backward, m, torch.randn(3, 2, 4), torch.randn(3, 2, 5)):find('gradOutput', 1, true))
    assert.is_truthy(message(nn.MultiHeadAttention, 4, 3):find('a divisor of 4', 1, true))
    assert.is_truthy(message(nn.MultiHeadAttention, 4):find('numHeads', 1, true))
    assert.is_truthy(message(nn.MultiHeadAttention, 4, 2, { drop = 1 }):find('no option drop', 1, true))
  end)
end)

describe('transformer layers', function()
  before_each(function() torch.manualSeed(6) end)

  local variants = { {}, { normFirst = true }, { batchFirst = true, activation = 'gelu' } }

  it('have the right gradients', function()
    for _, o in ipairs(variants) do
      o.dropout, o.dimFeedforward = 0, 5
      o.activation = o.activation or 'tanh'
      local encoder, decoder = nn.TransformerEncoderLayer(4, 2, o), nn.TransformerDecoderLayer(4, 2, o)
      assert.is_true(support.gradient_error(encoder, torch.randn(3, 2, 4)) < 1e-6)
      local memory = o.batchFirst and torch.randn(3, 5, 4) or torch.randn(5, 2, 4)
      assert.is_true(support.gradient_error(decoder, { torch.randn(3, 2, 4), memory }) < 1e-6)
    end
  end)

  it('give what the steps give', function()
    local m = nn.TransformerEncoderLayer(4, 2, { dropout = 0, dimFeedforward = 6, causal = true })
    local x = torch.randn(3, 2, 4)
    local norm, linears = nn.LayerNorm(4), m:findModules 'nn.Linear'
    local a = norm:forward(x + m.attention:clone():forward(x)):clone()
    local flat = a:view(6, 4)
    local inner = torch.cmax(linears[5]:clone():forward(flat):clone(), 0)
    local want = norm:forward(flat + linears[6]:clone():forward(inner))
    assert.is_true(support.distance(m:forward(x), want) < 1e-12)
    -- causal: later steps do not matter
    local y = m:forward(x):clone()
    x[3]:normal()
    assert.is_true(support.distance(m:forward(x):narrow(1, 1, 2), y:narrow(1, 1, 2)) < 1e-12)
  end)

  it('mask, drop, save', function()
    local m = nn.TransformerEncoderLayer(4, 2, { dimFeedforward = 6 })
    m:setKeyPaddingMask(torch.ByteTensor { { 0, 0, 1 } }):evaluate()
    local x = torch.randn(3, 1, 4)
    local y = m:forward(x):clone()
    x[3]:normal()
    assert.is_true(support.distance(m:forward(x):narrow(1, 1, 2), y:narrow(1, 1, 2)) < 1e-12)
    local again = torch.deserialize(torch.serialize(m))
    assert.is_true(support.distance(again:forward(x), m:forward(x)) == 0)
    again:setKeyPaddingMask(nil)
    assert.is_true(support.distance(again:forward(x), m:forward(x)) > 0)
    m:training()
    m:forward(x)
    m:backward(x, x)
    assert.is_truthy(message(nn.TransformerEncoderLayer, 4, 3):find('a divisor of 4', 1, true))
    assert.is_truthy(message(nn.TransformerDecoderLayer, 4, 2, { activation = 'x' }):find('activation', 1, true))
  end)

  it('know positions', function()
    local m = nn.PositionalEncoding(5, 10)
    local y = m:forward(torch.zeros(4, 2, 5)):clone()
    for t = 0, 3 do
      for j = 0, 4 do
        local angle = t / 10000 ^ (2 * math.floor(j / 2) / 5)
        assert.is_true(math.abs(y[t + 1][2][j + 1] - (j % 2 == 0 and math.sin(angle) or math.cos(angle))) < 1e-12)
      end
    end
    assert.is_true(support.gradient_error(m, torch.randn(4, 2, 5)) < 1e-7)
    local first = nn.PositionalEncoding { width = 5, batchFirst = true }
    assert.is_true(support.distance(first:forward(torch.zeros(2, 4, 5)):transpose(1, 2), y) < 1e-12)
    assert.is_true(support.distance(first:forward(torch.zeros(4, 5)), y:select(2, 1):clone()) < 1e-12)
    assert.is_truthy(message(m.forward, m, torch.ones(11, 1, 5)):find('at most 10 steps', 1, true))
    assert.is_truthy(message(m.forward, m, torch.ones(3, 1, 4)):find('[T x N x 5]', 1, true))
    local noisy = nn.PositionalEncoding(5, { dropout = 0.5 })
    local x = torch.randn(4, 2, 5)
    noisy:forward(x)
    assert.is_true(support.distance(noisy:backward(x, torch.ones(4, 2, 5)), noisy.noise) == 0)
  end)
end)
