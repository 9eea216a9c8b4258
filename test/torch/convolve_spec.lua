--- conv2, xcorr2, conv3, xcorr3 against plain loops, for random sizes, kinds of arguments and layouts; errors.
require 'torch'

-- Correlation of 2-d tables by loops; full: with a border of zeros.
local function naive(x, k, full, flip)
  local kh, kw, h, w = k:size(1), k:size(2), x:size(1), x:size(2)
  local function at(i, j) return i >= 1 and i <= h and j >= 1 and j <= w and x[i][j] or 0 end
  local ph, pw = full and kh - 1 or 0, full and kw - 1 or 0
  local out = torch.Tensor(h + 2 * ph - kh + 1, w + 2 * pw - kw + 1)
  for i = 1, out:size(1) do
    for j = 1, out:size(2) do
      local sum = 0
      for a = 1, kh do
        for b = 1, kw do
          local v = flip and k[kh + 1 - a][kw + 1 - b] or k[a][b]
          sum = sum + v * at(i + a - 1 - ph, j + b - 1 - pw)
        end
      end
      out[i][j] = sum
    end
  end
  return out
end

local function near(got, want)
  assert.same(want:size():totable(), got:size():totable())
  assert.is_true((got:double() - want):abs():max() < 1e-9)
end

describe('torch convolutions', function()
  it('agree with loops', function()
    torch.manualSeed(7)
    for _ = 1, 20 do
      local kh, kw = torch.random(3), torch.random(3)
      local h, w = kh + torch.random(0, 4), kw + torch.random(0, 4)
      local x, k = torch.randn(w, h):t(), torch.randn(kh, kw)
      near(torch.xcorr2(x, k), naive(x, k))
      near(torch.xcorr2(x, k, 'F'), naive(x, k, true))
      near(torch.conv2(x, k), naive(x, k, false, true))
      near(torch.conv2(x, k, 'F'), naive(x, k, true, true))
    end
  end)

  it('agree with loops in rows of any length, in float and double', function()
    torch.manualSeed(8)
    for _, w in ipairs { 15, 16, 17, 31, 64, 65, 81, 131, 200 } do
      local x, k = torch.randn(4, w + 4), torch.randn(2, 5)
      near(torch.xcorr2(x, k), naive(x, k))
      local got, want = torch.xcorr2(x:float(), k:float()), naive(x:float():double(), k:float():double())
      assert.is_true((got:double() - want):abs():max() < 1e-5)
    end
  end)

  it('take no memory for windows', function()
    local x, k = torch.Tensor(600, 601):random(100), torch.Tensor(7, 5):random(100) -- 12 M numbers in windows
    local double = torch.conv2(x, k)
    assert.equal(0, (torch.conv2(x:long(), k:long()):double() - double):abs():max()) -- written out in three parts
    local large, small = torch.ones(500, 500), torch.ones(250, 250) -- 4 billion
    assert.equal(62500, torch.xcorr2(large, small)[{ 17, 251 }])
  end)

  it('sum over planes or go pairwise', function()
    local x, k, kk = torch.randn(2, 5, 4), torch.randn(3, 2, 2, 3), torch.randn(2, 2, 3)
    local out, pairs2 = torch.xcorr2(x, k), torch.conv2(x, kk)
    for o = 1, 3 do near(out[o], naive(x[1], k[o][1]) + naive(x[2], k[o][2])) end
    for p = 1, 2 do near(pairs2[p], naive(x[p], kk[p], false, true)) end
    local res = torch.Tensor()
    assert.equal(res, torch.xcorr2(res, x, k))
    near(res, out)
  end)

  it('work on integers and volumes', function()
    local x, k = torch.LongTensor { { 1, 2 }, { 3, 4 } }, torch.LongTensor { { 1, 10 } }
    assert.same({ { 21 }, { 43 } }, torch.xcorr2(x, k):totable())
    assert.same({ { 12 }, { 34 } }, torch.conv2(x, k):totable())
    local v, kv = torch.randn(2, 3, 3), torch.ones(2, 2, 2)
    near(torch.conv3(v, kv)[1], naive(v[1] + v[2], torch.ones(2, 2)))
    assert.same({ 3, 4, 4 }, torch.xcorr3(v, kv, 'F'):size():totable())
  end)

  local x = torch.ones(4, 4)
  local wrong = {
    { 'no kernel', function() torch.conv2(x) end, 'torch.conv2: argument 2: expected a tensor, got nothing' },
    { 'a vector', function() torch.conv2(torch.ones(3), torch.ones(2)) end, 'a kernel of 2 dimensions' },
    { 'a kernel for planes on one plane', function() torch.conv2(x, torch.ones(1, 1, 2, 2)) end, 'dimensions' },
    { 'another type', function() torch.xcorr2(x, torch.FloatTensor(2, 2)) end, 'FloatTensor' },
    { 'a larger kernel', function() torch.xcorr2(x, torch.ones(5, 1)) end, "larger than the input" },
    { 'an unknown mode', function() torch.xcorr2(x, x, 'S') end, "'V' or 'F'" },
    { 'other planes', function() torch.conv2(torch.ones(3, 4, 4), torch.ones(2, 2, 2, 2)) end, '3 planes' },
    { 'other planes, pairwise', function() torch.conv2(torch.ones(3, 4, 4), torch.ones(2, 2, 2)) end, '3 planes' },
    { 'a volume for conv2', function() torch.conv2(torch.ones(2, 3, 4, 4), torch.ones(2, 2)) end, 'dimensions' },
    { 'a string', function() torch.conv2('x', x) end, 'argument 1' },
  }
  for _, case in ipairs(wrong) do
    it('refuse ' .. case[1], function() assert.error_matches(case[2], case[3]) end)
  end
end)
