--- Products from Lua: forms, results given, memory shared, sizes that do not fit. The original's
-- own numbers are replayed from test/golden; shapes, steps and dtypes at random are in test/c/gemm_test.c.
require 'torch'

-- Naive product in double.
local function naive(a, b)
  local out = torch.DoubleTensor(a:size(1), b:size(2)):zero()
  for i = 1, a:size(1) do
    for j = 1, b:size(2) do
      local sum = 0
      for k = 1, a:size(2) do
        sum = sum + a[i][k] * b[k][j]
      end
      out[i][j] = sum
    end
  end
  return out
end
local function distance(x, y) return (x:double() - y:double()):abs():max() end

describe('torch products', function()
  local a, b = torch.randn(5, 7), torch.randn(7, 4)
  local ab = naive(a, b)

  it('agree for operands stored transposed, sliced or expanded', function()
    local wide = torch.randn(9, 20)
    local row = wide:narrow(1, 1, 1):narrow(2, 1, 7)
    for _, x in ipairs { a, a:t():clone():t(), wide:narrow(1, 2, 5):narrow(2, 3, 7), row:expand(5, 7) } do
      for _, y in ipairs { b, b:t():clone():t(), wide:narrow(1, 3, 7):narrow(2, 9, 4) } do
        assert.near(0, distance(torch.mm(x, y), naive(x, y)), 1e-12)
        assert.near(0, distance(torch.mm(x:float(), y:float()), naive(x, y)), 1e-4)
        local out = torch.Tensor(4, 5):t()
        out:mm(x, y)
        assert.near(0, distance(out, naive(x, y)), 1e-12)
      end
    end
  end)

  it('overwrite the result, NaN or not, and accumulate where asked', function()
    local out = torch.Tensor(5, 4):fill(0 / 0)
    assert.near(0, distance(out:mm(a, b), ab), 1e-12)
    assert.near(0, distance(out:addmm(2, a, b), ab * 3), 1e-12)
    assert.near(0, distance(out:addmm(0, 1, a, b), ab), 1e-12)
    assert.near(0, distance(torch.addmm(out, a, b), ab * 2), 1e-12)
  end)

  it('go into expanded results, where the last row stays, as in Torch7', function()
    local function rows() return torch.range(1, 4):view(1, 4):expand(5, 4) end
    local sum = rows():addmm(a, b)
    assert.near(0, distance(sum[1], torch.range(1, 4) + ab[5]), 1e-12)
    assert.near(0, distance(rows():mm(a, b)[3], ab[5]), 1e-12)
    local x, y = torch.randn(5), torch.randn(4)
    assert.near(0, distance(rows():addr(x, y)[1], torch.range(1, 4) + y * x[5]), 1e-12)
    assert.near(1 + a[5]:sum(), torch.ones(1):expand(5):addmv(a, torch.ones(7))[1], 1e-12)
    local batch = torch.zeros(1, 5, 4):expand(3, 5, 4)
    batch:baddbmm(a:view(1, 5, 7):expand(3, 5, 7), b:view(1, 7, 4):expand(3, 7, 4))
    assert.near(0, distance(batch[1], ab), 1e-12)
    rows():addbmm(a:view(1, 5, 7), b:view(1, 7, 4))
  end)

  it('are known by the operator', function()
    assert.near(0, distance(a * b, ab), 1e-12)
    local v = torch.randn(7)
    assert.near(0, distance(a * v, naive(a, v:view(7, 1)):view(5)), 1e-12)
    assert.near(v:norm() ^ 2, v * v, 1e-12)
  end)

  it('wrap in integer types', function()
    local x = torch.ByteTensor { { 200, 100 } }
    assert.same({ { (200 * 200 + 100 * 100) % 256 } }, torch.mm(x, x:t()):totable())
  end)

  it('multiply batches one by one, and sum them', function()
    local x, y = torch.randn(3, 5, 7), torch.randn(3, 7, 4)
    local z, sum = torch.bmm(x, y), torch.zeros(5, 4)
    for i = 1, 3 do
      assert.near(0, distance(z[i], naive(x[i], y[i])), 1e-12)
      sum:add(naive(x[i], y[i]))
    end
    assert.near(0, distance(torch.zeros(5, 4):addbmm(x, y), sum), 1e-12)
  end)

  it('say which sizes do not fit', function()
    for _, wrong in ipairs {
      { function() return torch.mm(a, a) end, '5x7' },
      { function() return torch.mm(a, b:float()) end, 'FloatTensor' },
      { function() return torch.mm(a, torch.randn(7)) end, '7' },
      { function() return torch.Tensor(2, 2):mm(a, b) end, '5x4' },
      { function() return torch.mv(a, torch.randn(5)) end, '5x7' },
      { function() return torch.dot(a, b) end, '5x7' },
      { function() return torch.bmm(torch.randn(2, 3, 4), torch.randn(3, 4, 5)) end, '2x3x4' },
      { function() return torch.mm(a) end, 'mm' },
      { function() return a * torch.randn(2, 2, 2) end, '2x2x2' },
      { function() return torch.ger(a, torch.randn(2)) end, 'ger' },
    } do
      local ok, text = pcall(wrong[1])
      assert.is_false(ok)
      assert.matches(wrong[2], tostring(text))
    end
  end)
end)
