--- multinomial, alias draws, cross, match, renorm, histc, bhistc: forms, properties, errors.
-- Numbers of the original are in the golden vectors.
require 'torch'

describe('torch.multinomial', function()
  it('draws in proportion, with and without replacement', function()
    torch.manualSeed(3)
    local p = torch.Tensor { 1, 0, 3 }
    local draws = torch.multinomial(p, 4000, true)
    assert.equal('torch.LongTensor', draws:type())
    assert.equal(0, draws:eq(2):sum())
    assert.is_true(math.abs(draws:eq(3):sum() / 4000 - 0.75) < 0.03)
    for _ = 1, 20 do
      local some = torch.multinomial(torch.rand(2, 5):add(0.01), 5)
      assert.same({ { 1, 2, 3, 4, 5 }, { 1, 2, 3, 4, 5 } }, (some:sort(2)):totable())
    end
    local res, gen = torch.LongTensor(), torch.Generator()
    torch.manualSeed(gen, 5)
    local first = torch.multinomial(gen, p, 3, true)
    torch.manualSeed(gen, 5)
    assert.equal(res, torch.multinomial(res, gen, p, 3, true))
    assert.same(first:totable(), res:totable())
  end)

  it('refuses what cannot be drawn', function()
    local p = torch.Tensor { 1, 0 }
    for _, case in ipairs {
      { function() torch.multinomial(p, 2) end, '2 draws without replacement from 1' },
      { function() torch.multinomial(torch.zeros(2), 1) end, 'add up to 0' },
      { function() torch.multinomial(torch.Tensor { -1, 2 }, 1) end, 'probability 1 is %-1' },
      { function() torch.multinomial(torch.Tensor { 0 / 0, 2 }, 1) end, 'probability 1' },
      { function() torch.multinomial(p, 0) end, '0 draws' },
      { function() torch.multinomial(p) end, 'argument 2' },
      { function() torch.multinomial(torch.IntTensor { 1, 2 }, 1) end, 'FloatTensor or DoubleTensor' },
      { function() torch.multinomial(torch.ones(2, 2, 2), 1) end, 'a vector or matrix' },
      { function() torch.multinomialAlias(torch.LongTensor(3), 3) end, 'a state' },
      { function() torch.multinomialAliasSetup(torch.ones(2, 2)) end, 'a vector' },
      { function() torch.multinomialAlias_(torch.ones(3), torch.LongTensor { 1 }, torch.ones(1)) end, 'LongTensor' },
    } do
      assert.error_matches(case[1], case[2])
    end
  end)
end)

describe('torch composed functions', function()
  it('cross is perpendicular, along the dimension asked for', function()
    local a, b = torch.randn(3, 4), torch.randn(3, 4)
    local c = torch.cross(a, b)
    assert.is_true(torch.cmul(a, c):sum(1):abs():max() < 1e-12)
    assert.same({ 0, 0, 1 }, torch.cross(torch.Tensor { 1, 0, 0 }, torch.Tensor { 0, 1, 0 }):totable())
    local res = torch.Tensor()
    assert.equal(res, torch.cross(res, a, b, 1))
    assert.is_true((torch.cross(a:t(), b:t(), 2) - c:t()):abs():max() < 1e-12)
    assert.error_matches(function() torch.cross(torch.ones(2), torch.ones(2)) end, 'has size 3')
    assert.error_matches(function() torch.cross(a, b, 2) end, 'has not size 3')
    assert.error_matches(function() torch.cross(a, b:float()) end, 'DoubleTensor')
  end)

  it('match gives squared distances', function()
    local a, b = torch.randn(3, 4), torch.randn(2, 4)
    local d = torch.match(a, b, 2)
    for i = 1, 3 do
      for j = 1, 2 do assert.is_true(math.abs(d[i][j] - 2 * (a[i] - b[j]):pow(2):sum()) < 1e-12) end
    end
    assert.error_matches(function() torch.match(a, torch.ones(2, 3)) end, 'one length')
  end)

  it('renorm limits norms, as a method in place', function()
    local x = torch.randn(4, 5):mul(3)
    local y = torch.renorm(x, 2, 1, 1)
    for i = 1, 4 do
      local n = x[i]:norm()
      local want = n > 1 and x[i] / (n + 1e-7) or x[i]
      assert.is_true((y[i] - want):abs():max() < 1e-12)
    end
    assert.equal(x, x:renorm(2, 1, 1))
    assert.is_true((x - y):abs():max() == 0)
    assert.error_matches(function() torch.renorm(torch.ones(3), 2, 1, 1) end, '2 dimensions')
    assert.error_matches(function() x:renorm(0, 1, 1) end, 'above 0')
    assert.error_matches(function() x:renorm(2, 3, 1) end, 'out of range')
  end)

  it('draws from an alias table stay among the categories', function()
    for seed = 1, 20 do
      torch.manualSeed(seed)
      local p = torch.rand(5)
      local state = torch.multinomialAliasSetup(p:div(p:sum()))
      local draws = torch.multinomialAlias(torch.LongTensor(40, 25), torch.multinomialAliasSetup(p, state))
      assert.is_true(draws:min() >= 1 and draws:max() <= 5)
      assert.same({ 40, 25 }, draws:size():totable())
    end
  end)

  it('an alias table holds the probabilities it was made from', function()
    torch.manualSeed(3)
    for _, class in ipairs { 'torch.FloatTensor', 'torch.DoubleTensor' } do
      for _, n in ipairs { 1, 2, 7, 100 } do
        local p = torch.rand(n):add(1e-3)
        p = p:div(p:sum()):type(class)
        local J, q = unpack(torch.multinomialAliasSetup(p))
        local back = q:double():clone()
        for k = 1, n do
          if q[k] < 1 then back[J[k] + 1] = back[J[k] + 1] + 1 - q[k] end
        end
        assert.is_true((back / n - p:double()):abs():max() < 1e-6, class .. n)
      end
    end
  end)

  it('draws a row of many categories by their shares', function()
    torch.manualSeed(7)
    local p = torch.FloatTensor(2000):fill(1)
    p:narrow(1, 501, 1000):zero()
    local draws = torch.multinomial(p, 4000, true)
    assert.equal(0, draws:gt(500):cmul(draws:le(1500)):sum())
    assert.is_true(math.abs(draws:le(500):sum() - 2000) < 300)
    local all = torch.multinomial(p:view(1, -1):expand(2, 2000), 1000):sort(2)
    assert.same({ 1, 500, 1501, 2000 }, { all[2][1], all[2][500], all[2][501], all[2][1000] })
  end)

  it('histograms count', function()
    local x = torch.Tensor { 0, 1, 2, 3, 4, 5, -9 }
    assert.same({ 2, 2, 2 }, torch.histc(x, 3, 0, 5):totable())
    assert.equal(7, torch.histc(x):sum())
    assert.same({ { 1, 1 }, { 0, 2 } }, torch.bhistc(torch.Tensor { { 0, 3 }, { 2, 3 } }, 2):totable())
    assert.error_matches(function() torch.histc(torch.Tensor()) end, 'without elements')
    local wide = torch.LongTensor { 3, 1, 2 }:mul(2 ^ 61)
    assert.same({ 1, 2 }, torch.histc(wide, 2):totable())
    assert.error_matches(function() torch.histc(x, 3, -1 / 0, 1) end, 'not finite and in order')
    assert.error_matches(function() torch.histc(x, 2 ^ 50) end, 'out of memory')
    assert.same({ 2, 0, 1 }, torch.histc(torch.Tensor { 0, 0, 2 ^ -1073 }, 3):totable()) -- bounds next to each other
    local one = torch.LongTensor(4)
    torch.multinomialAlias_(one, torch.LongTensor { { 1 } }, torch.ones(1, 1, 1)) -- a table of any sizes
    assert.same({ 1, 1, 1, 1 }, one:totable())
    assert.error_matches(function() x:histc(0) end, '0 bins')
    assert.error_matches(function() x:histc(2, 5, 1) end, 'in order')
    assert.error_matches(function() torch.bhistc(x) end, 'a matrix')
  end)
end)
