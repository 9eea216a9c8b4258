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
