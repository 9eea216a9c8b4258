--- Random numbers from Lua: streams, states, forms and wrong calls. The original's own
-- numbers are replayed from test/golden/random.t7; the C side is test/c/random_test.c.
require 'torch'

local function draws(n, f, ...)
  local t = {}
  for i = 1, n do
    t[i] = f(...)
  end
  return t
end

describe('torch random numbers', function()
  it('give the same stream to single draws and to fills, whatever the steps', function()
    for _, class in ipairs { 'FloatTensor', 'DoubleTensor' } do
      local new = torch[class]
      for _, form in ipairs { { 'uniform', -1, 2 }, { 'normal', 1, 3 }, { 'exponential', 2 }, { 'cauchy', 0, 2 },
        { 'logNormal', 0, 1 }, { 'geometric', 0.3 }, { 'bernoulli', 0.7 } } do
        local name, a, b = form[1], form[2], form[3]
        torch.manualSeed(5)
        local single = new(draws(35, torch[name], a, b))
        torch.manualSeed(5)
        local packed = new(35)
        packed[name](packed, a, b)
        torch.manualSeed(5)
        local turned = new(7, 5):t()
        turned[name](turned, a, b)
        assert.equal(0, (single - packed):abs():max(), class .. ' ' .. name)
        assert.equal(0, (turned:clone():view(35) - packed):abs():max(), class .. ' ' .. name)
      end
    end
  end)

  it('have moments as they should', function()
    torch.manualSeed(1)
    local n = 200000
    local x = torch.FloatTensor(n):normal(2, 3)
    assert.near(2, x:mean(), 0.05)
    assert.near(3, x:std(), 0.05)
    assert.near(0.5, torch.FloatTensor(n):uniform():mean(), 0.005)
    assert.near(0.25, torch.FloatTensor(n):exponential(4):mean(), 0.005)
    assert.near(0.3, torch.FloatTensor(n):bernoulli(0.3):mean(), 0.005)
    assert.near(5.5, torch.FloatTensor(n):random(10):mean(), 0.05)
  end)

  it('go on from a saved state, half a pair of normals included', function()
    torch.manualSeed(9)
    torch.randn(3)
    local state = torch.getRNGState()
    local a, b = torch.randn(1001), torch.random()
    torch.setRNGState(state)
    assert.equal(0, (torch.randn(1001) - a):abs():max())
    assert.equal(b, torch.random())
  end)

  it('come from a generator of one\'s own without touching the common one', function()
    local g = torch.Generator()
    torch.manualSeed(3)
    local want = draws(4, torch.random)
    torch.manualSeed(3)
    torch.manualSeed(g, 3)
    torch.rand(g, 10)
    assert.same(want, draws(4, torch.random))
  end)

  it('shuffle every number once', function()
    local p = torch.randperm(1000)
    assert.equal(0, (torch.sort(p) - torch.range(1, 1000)):abs():max())
    assert.has_error(function() torch.ByteTensor():randperm(300) end)
    assert.has_error(function() torch.randperm(0) end)
  end)

  it('take integers exactly', function()
    local t = torch.LongTensor(100):random(2 ^ 52, 2 ^ 52 + 3)
    assert.is_true(t:min() >= 2 ^ 52 and t:max() <= 2 ^ 52 + 3)
    assert.equal(0, torch.ByteTensor(50):random(0, 0):max())
  end)

  it('refuse wrong parameters, naming them', function()
    local t = torch.Tensor(3)
    for _, wrong in ipairs {
      { function() t:normal(0, -1) end, 'normal' },
      { function() t:normal(0, 0) end, 'normal' },
      { function() t:bernoulli(2) end, 'bernoulli' },
      { function() t:bernoulli(torch.Tensor { 0, 0.5, 7 }) end, 'bernoulli' },
      { function() t:bernoulli(torch.Tensor { 0, 0.5 }) end, 'bernoulli' },
      { function() t:geometric(1) end, 'geometric' },
      { function() t:exponential() end, 'exponential' },
      { function() t:exponential(-1) end, 'exponential' },
      { function() t:random(0) end, 'random' },
      { function() t:random(5, 1) end, 'random' },
      { function() t:uniform('x') end, 'uniform' },
      { function() torch.IntTensor(2):uniform() end, 'uniform' },
    } do
      local ok, text = pcall(wrong[1])
      assert.is_false(ok)
      assert.matches(wrong[2], tostring(text))
    end
  end)
end)
