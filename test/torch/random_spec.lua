--- Random numbers: argument forms, generators and states. The streams themselves are golden vectors.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

describe('random numbers', function()
  it('repeat after a seed', function()
    torch.manualSeed(5)
    local a, b = torch.rand(3), torch.randn(2, 2)
    torch.manualSeed(5)
    assert.is_true(a:equal(torch.rand(torch.LongStorage { 3 })))
    assert.is_true(b:equal(torch.Tensor():randn(2, 2)))
    assert.equal(5, torch.initialSeed())
    local seed = torch.seed()
    assert.equal(seed, torch.initialSeed())
  end)

  it('come from separate generators', function()
    local g, h = torch.Generator(), torch.Generator()
    torch.manualSeed(g, 9)
    torch.manualSeed(h, 9)
    assert.equal(torch.random(g), torch.random(h))
    assert.equal(torch.uniform(g, 1, 2), torch.uniform(h, 1, 2))
    assert.is_true(torch.rand(g, 4):equal(torch.rand(h, 4)))
    assert.is_true(torch.randn(torch.FloatTensor(), g, 4):equal(torch.FloatTensor():randn(h, 4)))
    assert.is_true(torch.Tensor(4):normal(g, 1, 2):equal(torch.Tensor(4):normal(h, 1, 2)))
    assert.is_true(torch.randperm(g, 5):equal(torch.randperm(h, 5)))
    local state = torch.getRNGState(g)
    local a = torch.randn(g, 5)
    torch.setRNGState(g, state)
    assert.is_true(a:equal(torch.randn(g, 5)))
  end)

  it('fill all types they make sense for', function()
    for _, short in ipairs(support.types) do
      local t = torch[short .. 'Tensor'](200)
      assert.is_true(t:random(3):min() >= 1 and t:max() <= 3)
      assert.is_true(t:random(2, 4):min() >= 2 and t:max() <= 4)
      local ones = t:bernoulli(0.5):double():sum()
      assert.is_true(ones > 50 and ones < 150)
      assert.is_true(t:geometric(0.5):min() >= 1)
      local order = torch[short .. 'Tensor']():randperm(9)
      assert.equal(45, order:double():sum())
    end
    for _, short in ipairs(support.floats) do
      local t = torch[short .. 'Tensor'](2000)
      assert.is_true(math.abs(t:uniform(2, 4):double():mean() - 3) < 0.1)
      assert.is_true(math.abs(t:normal(1, 2):double():std() - 2) < 0.2)
      assert.is_true(t:exponential(2):min() >= 0)
      assert.is_true(t:logNormal(0, 1):min() >= 0)
    end
  end)

  support.refuses(it, {
    { 'a probability of 2', function() torch.bernoulli(2) end, 'probability' },
    { 'a negative deviation', function() torch.normal(0, -1) end, 'deviation' },
    { 'a probability of 0', function() torch.geometric(0) end, 'probability' },
    { 'exponential without a rate', function() torch.exponential() end, 'argument 1' },
    { 'a negative rate', function() torch.Tensor(2):exponential(-1) end, 'rate' },
    { 'random of 0', function() torch.random(0) end, 'not positive' },
    { 'random backwards', function() torch.random(5, 1) end, 'below' },
    { 'randperm of 0', function() torch.randperm(0) end, 'positive' },
    { 'rand without sizes', function() torch.rand() end, 'sizes' },
    { 'a state of three bytes', function() torch.setRNGState(torch.ByteTensor(3)) end, 'ByteTensor of %d+ elements' },
    { 'a seed that is no number', function() torch.manualSeed('x') end, 'a number' },
    { 'uniform integers', function() torch.ByteTensor(2):uniform() end, 'no method uniform' },
  })
end)
