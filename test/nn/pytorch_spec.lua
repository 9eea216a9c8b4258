--- Recurrent and transformer layers give the numbers that PyTorch 2.15 gives for the same weights and inputs.
require 'nn'

local function wave(n, k) return torch.range(k + 1, k + n):sin():mul(0.5) end
local function input(...)
  local x = torch.Tensor(...)
  return x:copy(torch.range(0, x:nElement() - 1):mul(0.3):cos())
end
local function sum(y)
  local flat = y:clone():view(-1)
  return flat:dot(torch.range(0, flat:nElement() - 1):cos())
end
local function near(got, want)
  assert.is_true(math.abs(got - want) < 1e-9, ('%.12g instead of %.12g'):format(got, want))
end

-- Parameter k (from 0) in the order of PyTorch's names: sin(k + 1 + i) / 2.
local function fill(list)
  for k, parts in ipairs(list) do
    local n, at = 0, 1
    for _, t in ipairs(parts) do n = n + t:nElement() end
    local values = wave(n, k - 1)
    for _, t in ipairs(parts) do
      t:copy(values:narrow(1, at, t:nElement()))
      at = at + t:nElement()
    end
  end
end
local function projections(m)
  local a, b, c, out = m:get(1), m:get(2), m:get(3), m:get(4)
  return { a.bias, b.bias, c.bias }, { a.weight, b.weight, c.weight }, { out.bias }, { out.weight }
end

local recurrent = {
  LSTM = { 0.18865762036870645, 0.8240902501789119, 0.05115409852684999, 4.329408616774504 },
  GRU = { -0.0879691025297401, 1.6193717498527271, -0.14816420704211963, 11.999206375455403 },
  RNN = { 0.8067083428954029, -0.6696487745416232, -0.15585545077562635, 44.38483348226802 },
}

describe("PyTorch's numbers", function()
  for name, want in pairs(recurrent) do
    it('of ' .. name, function()
      local m, names, list = nn[name](3, 4, 2, { bidirectional = true }), {}, {}
      local named = m:named()
      for key in pairs(named) do names[#names + 1] = key end
      table.sort(names)
      for i, key in ipairs(names) do list[i] = { named[key] } end
      fill(list)
      local x = input(5, 2, 3)
      local y = m:forward(x)
      near(sum(y), want[1])
      near(sum(m.hiddenOutput), want[2])
      m:zeroGradParameters()
      near(sum(m:backward(x, y * 2)), want[3])
      near(math.sqrt(m.gradWeight:norm() ^ 2 + m.gradBias:norm() ^ 2), want[4])
    end)
  end

  it('of MultiHeadAttention', function()
    local m, q = nn.MultiHeadAttention(6, 2), input(4, 2, 6)
    local bias, weight, out_bias, out_weight = projections(m)
    fill { bias, weight, out_bias, out_weight }
    local y = m:setKeyPaddingMask(torch.ByteTensor { { 0, 0, 0, 1 }, { 0, 1, 0, 0 } }):forward(q)
    near(sum(y), -11.063104026319301)
    near(sum(m:weights()), 0.288998154147858)
    near(sum(m:backward(q, y * 2)), 24.290576665228127)
  end)

  it('of MultiHeadAttention with steps added, and of its weights', function()
    local m = nn.MultiheadAttention { embed_dim = 6, num_heads = 2, kdim = 5, vdim = 4, add_bias_kv = true,
      add_zero_attn = true, need_weights = true }
    local w = {}
    for i, child in ipairs(m.modules) do w[i] = child.weight end
    local biases = { m:get(1).bias, m:get(2).bias, m:get(3).bias }
    local order = { { w[1] }, { w[2] }, { w[3] }, biases, { w[5] }, { w[6] }, { w[4] }, { m:get(4).bias } }
    fill(order)
    local function sine(...)
      local x = torch.Tensor(...)
      return x:copy(torch.range(0, x:nElement() - 1):mul(0.7):add(1):sin())
    end
    m:setKeyPaddingMask(torch.ByteTensor { { 0, 0, 0, 1 }, { 0, 1, 0, 0 } })
    m:setMask(torch.ByteTensor { { 0, 1, 0, 0 }, { 0, 0, 0, 0 }, { 1, 0, 0, 0 } })
    local x = { input(3, 2, 6), input(4, 2, 5), sine(4, 2, 4) }
    local out = m:forward(x)
    assert.are.same({ 2, 3, 6 }, out[2]:size():totable())
    near(sum(out[1]), 3.4000797711336124)
    near(sum(out[2]), -0.3830367870900232)
    m:zeroGradParameters()
    local dx = m:backward(x, { out[1] * 2, torch.cmul(out[2], out[2]) * 3 })
    for i, want in ipairs { -0.7437082935766166, -0.16970333870461213, 0.844189986087158 } do near(sum(dx[i]), want) end
    local g = {}
    for i, child in ipairs(m.modules) do g[i] = child.gradWeight end
    local slopes = torch.cat { m:get(1).gradBias, m:get(2).gradBias, m:get(3).gradBias }
    for i, want in ipairs { 0.455330462457254, 0.17987616681873994, -0.0747470973885444, -8.067513271649132,
      1.0937109187077196, 0.183640130193167, 10.401250284593505, 15.788360056848665 } do
      near(sum(({ g[1], g[2], g[3], slopes, g[5], g[6], g[4], m:get(4).gradBias })[i]), want)
    end
  end)

  it('of TransformerEncoderLayer', function()
    local m, x = nn.TransformerEncoderLayer(4, 2, 6, { dropout = 0, activation = 'gelu' }), input(5, 2, 4)
    local linears, norms = m:findModules 'nn.Linear', m:findModules 'nn.LayerNorm'
    local bias, weight, out_bias, out_weight = projections(m.attention)
    fill { { linears[5].bias }, { linears[5].weight }, { linears[6].bias }, { linears[6].weight }, { norms[1].bias },
      { norms[1].weight }, { norms[2].bias }, { norms[2].weight }, bias, weight, out_bias, out_weight }
    local y = m:forward(x)
    near(sum(y), 1.3440274285915121)
    near(sum(m:backward(x, torch.cmul(y, torch.range(0, 39):sin():viewAs(y)) * 2)), 1.1956331215287652)
  end)

  it('of TransformerDecoderLayer', function()
    local m = nn.TransformerDecoderLayer(4, 2, 6, { dropout = 0, normFirst = true })
    local x, memory = input(5, 2, 4), input(3, 2, 4)
    local linears, norms = m:findModules 'nn.Linear', m:findModules 'nn.LayerNorm'
    local a, b, c, d = projections(m.memoryAttention)
    local e, f, g, h = projections(m.attention)
    local function pair(t) return { t.bias }, { t.weight } end
    local list = {}
    for _, t in ipairs { linears[9], linears[10] } do list[#list + 1], list[#list + 2] = pair(t) end
    for _, t in ipairs { a, b, c, d } do list[#list + 1] = t end
    for i = 1, 3 do list[#list + 1], list[#list + 2] = pair(norms[i]) end
    for _, t in ipairs { e, f, g, h } do list[#list + 1] = t end
    fill(list)
    local y = m:forward { x, memory }
    near(sum(y), -0.17568370046550352)
    local dx = m:backward({ x, memory }, torch.cmul(y, torch.range(0, 39):sin():viewAs(y)) * 2)
    near(sum(dx[1]), 3.1593248725630634)
    near(sum(dx[2]), -0.7916636900980574)
  end)
end)
