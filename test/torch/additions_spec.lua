--- What torch offers beyond Torch7, under PyTorch's names: arrangement, conditions, reductions, values and places,
-- einsum and matmul, constructors, other spellings. Against loops written out here, in every element type.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

local longs, sizes = support.longs, support.sizes
local function same(want, got) assert.same(want, torch.isTensor(got) and got:totable() or got) end

-- The same numbers in memory laid out otherwise
local function layouts(x)
  return { x, x:t():clone():t(), torch.cat({ x, x }, 2):narrow(2, 1, x:size(2)) }
end

describe('arrangement', function()
  for _, short in ipairs(support.types) do
    it('of ' .. short, function()
      local m = torch.range(1, 6):view(2, 3):type('torch.' .. short .. 'Tensor')
      for _, x in ipairs(layouts(m)) do
        same({ 1, 2, 3, 4, 5, 6 }, x:flatten())
        same({ 1, 2, 3, 4, 5, 6 }, x:unsqueeze(2):flatten(1, -1))
        same({ 2, 3, 1 }, sizes(x:unsqueeze(3):flatten(2, 2)))
        same({ { { 1, 2, 3 }, { 4, 5, 6 } } }, x:unsqueeze(1))
        same({ { { 1, 1 }, { 2, 2 }, { 3, 3 } }, { { 4, 4 }, { 5, 5 }, { 6, 6 } } }, torch.stack({ x, x }, 3))
        same({ 2, 2, 3 }, sizes(torch.stack { x, x }))
        same({ 2, 3, 2 }, sizes(torch.stack({ x, x }, -1)))
        same({ { 3, 1, 2 }, { 6, 4, 5 } }, x:roll(1, 2))
        same({ { 6, 1, 2 }, { 3, 4, 5 } }, torch.roll(x, 1))
        same({ { 5, 6, 4 }, { 2, 3, 1 } }, x:roll({ 1, -1 }, { 1, 2 }))
        same({ { 6, 5, 4 }, { 3, 2, 1 } }, x:flip(1, 2))
        same({ { 6, 5, 4 }, { 3, 2, 1 } }, torch.flip(x, { -1, 1 }))
        same({ { 3, 2, 1 }, { 6, 5, 4 } }, x:fliplr())
        same({ { 4, 5, 6 }, { 1, 2, 3 } }, x:flipud())
        same({ { 3, 6 }, { 2, 5 }, { 1, 4 } }, torch.rot90(x))
        same({ { 4, 1 }, { 5, 2 }, { 6, 3 } }, x:rot90(-1))
        same({ { 6, 5, 4 }, { 3, 2, 1 } }, x:rot90(2))
        same({ { 1, 2, 3, 1, 2, 3 }, { 4, 5, 6, 4, 5, 6 } }, x:tile(2))
        same({ 4, 2, 9 }, sizes(x:tile(4, 1, 3)))
        same({ { 1, 4 }, { 2, 5 }, { 3, 6 } }, x:movedim(1, 2))
        same({ 4, 2, 3 }, sizes(torch.movedim(torch.zeros(2, 3, 4), 3, 1)))
        same({ 4, 3, 2 }, sizes(torch.movedim(torch.zeros(2, 3, 4), { 1, -1 }, { 3, 1 })))
        same({ { 1, 4 }, { 2, 5 }, { 3, 6 } }, x:swapaxes(-1, 1))
        same({ 5, 2, 3 }, sizes(x:broadcast_to(5, -1, 3)))
        same({ 4, 5, 6 }, x:unbind()[2])
        same({ 2, 5 }, torch.unbind(x, 2)[2])
        same({ 1, 5 }, x:diagonal())
        same({ 2, 6 }, x:diagonal(1))
        same({ 4 }, x:diagonal(-1))
        same({ { 1, 1, 2, 2, 3, 3 }, { 4, 4, 5, 5, 6, 6 } }, x:repeat_interleave(2, 2))
        same({ 1, 1, 2, 2 }, torch.repeat_interleave(x, 2):narrow(1, 1, 4))
        same({ { 4, 5, 6 } }, x:repeat_interleave(longs { 0, 1 }, 1))
        same({ { 6, 1 } }, x:take(longs { { 6, 1 } }))
        same({ { 1, 2, 9 }, { 4, 5, 8 } }, x:put(longs { 3, 6 }, x.new { 9, 8 }))
        same({ { 1, 2, 5 }, { 4, 5, 6 } }, x:put(longs { 3, 3 }, x.new { 1, 1 }, true))
        same({ { 2 }, { 6 } }, x:take_along_dim(longs { { 2 }, { 3 } }, 2))
        same({ { 1, 1 }, { 1, 1 } }, x:diff())
        same({ { 3, 3, 3 } }, torch.diff(x, 1, 1))
        same({ { { 1, 2 }, { 3, 4 } }, { { 1, 2 }, { 3, 4 } } }, x.new { { 1, 2, 3, 4 },
          { 1, 2, 3, 4 } }:unflatten(2, { 2, -1 }))
        same({ 1, 2, 3, 1, 2, 3 }, torch.hstack { x[1], x[1] })
        same({ 2, 6 }, sizes(torch.hstack { x, x }))
        same({ 3, 3 }, sizes(torch.vstack { x, x[1] }))
      end
      local y, x = torch.meshgrid(m[1], m[2])
      same({ { 1, 1, 1 }, { 2, 2, 2 }, { 3, 3, 3 } }, y)
      same({ { 4, 5, 6 }, { 4, 5, 6 }, { 4, 5, 6 } }, x)
      y, x = torch.meshgrid(m[1], m.new { 7, 8 }, { indexing = 'xy' })
      same({ { 1, 2, 3 }, { 1, 2, 3 } }, y)
      same({ { 7, 7, 7 }, { 8, 8, 8 } }, x)
    end)
  end

  it('shares memory where it can', function()
    local x = torch.zeros(2, 3)
    x:flatten():fill(1)
    x:diagonal():fill(2)
    x:movedim(1, 2)[1]:add(5)
    x:unbind(2)[3]:zero()
    same({ { 7, 1, 0 }, { 6, 2, 0 } }, x)
    x:fill_diagonal_(4)
    same({ { 4, 1, 0 }, { 6, 4, 0 } }, x)
    local d = torch.range(1, 24):view(2, 3, 4):diagonal(1, 3, 1)
    same({ { 13 }, { 17 }, { 21 } }, d)
    same({ { 1, 2, 2 }, { 1, 1, 2 } }, torch.tril_indices(2, 3))
    assert.equal(0, torch.triu_indices(2, 2, 5):nElement())
    assert.equal(0, torch.diff(torch.ones(70000), 2 ^ 31):nElement()) -- at once
    same({ { 1, 1, 2 }, { 2, 3, 3 } }, torch.triu_indices(3, 3, 1))
  end)

  support.refuses(it, {
    { 'stacks of different sizes', function() torch.stack { torch.ones(2), torch.ones(3) } end,
      'stack: tensors of one size' },
    { 'stacks of nothing', function() torch.stack {} end, 'stack: expected at least one tensor' },
    { 'wrong dimensions', function() torch.ones(2, 3):flatten(3) end, 'flatten: argument 2: dimension 3 out of range' },
    { 'twice the same dimension', function() torch.ones(2, 3):flip(1, -2) end,
      'flip: argument 2: dimension 1 is named twice' },
    { 'impossible sizes', function() torch.ones(6):unflatten(1, { 4, -1 }) end, 'do not form %[4x%-1%]' },
    { 'broadcasts that do not fit', function() torch.ones(2):broadcast_to(3, 3) end, 'broadcast_to' },
    { 'positions out of range', function() torch.ones(2):take(longs { 3 }) end, '3' },
    { 'unknown options', function() torch.meshgrid(torch.ones(2), { index = 'xy' }) end, 'meshgrid: no option index' },
  })
end)

describe('conditions', function()
  for _, short in ipairs(support.types) do
    it('of ' .. short, function()
      local new = torch[short .. 'Tensor']
      local x, y = new { { 1, 2 }, { 3, 4 } }, new { { 5, 6 }, { 7, 8 } }
      local mask = x:gt(2)
      same({ { 5, 6 }, { 3, 4 } }, torch.where(mask, x, y))
      same({ { 5, 2 }, { 7, 4 } }, torch.where(torch.ByteTensor { 0, 1 }, x, y))
      same({ { 0, 0 }, { 3, 4 } }, x:where(mask, 0))
      same({ { 1, 1 }, { 3, 4 } }, torch.where(mask, x, new { 1 }))
      same({ { 9, 9 }, { 7, 7 } }, torch.where(x:lt(3), 9, new { 7 }))
      local i, j = torch.where(mask)
      same({ 2, 2 }, i)
      same({ 1, 2 }, j)
      same({ { 3, 3 }, { 3, 4 } }, x:clone():clamp(3))
      same({ { 1, 2 }, { 2, 2 } }, torch.clamp(x, nil, 2))
      same({ { 2, 2 }, { 3, 3 } }, x:clone():clamp { min = 2, max = 3 })
      same({ { 2, 2 }, { 3, 3 } }, new():clamp(x, 2, 3))
      same({ { 3, 3 }, { 3, 4 } }, torch.clamp(x, { min = 3 }))
      same({ { 0, 0 }, { 0, 0 } }, x:isnan())
      same({ { 1, 1 }, { 1, 1 } }, torch.isfinite(x))
      same({ true, true, false, false }, { x:all(), x:any(), x:gt(1):all(), x:gt(4):any() })
      same({ { 1 }, { 0 } }, x.new { { 1, 2 }, { 0, 1 } }:all(2))
      same({ { 1, 1 } }, torch.any(x.new { { 1, 2 }, { 0, 1 } }, 1))
      same({ { 1, 2 }, { 9, 9 } }, x:masked_fill(mask, 9))
      same({ { 1, 9 }, { 3, 9 } }, x:masked_fill(torch.ByteTensor { 0, 1 }, 9))
      same({ { 1, 2 }, { 5, 6 } }, x:masked_scatter(mask, y[1]))
      same({ { 6, 8 }, { 3, 4 } }, x:index_add(1, longs { 1 }, y:narrow(1, 1, 1)))
      same({ { 5, 6 }, { 3, 4 } }, torch.index_copy(x, 1, longs { 1 }, y:narrow(1, 1, 1)))
      same({ { 0, 2 }, { 0, 4 } }, x:index_fill(2, longs { 1 }, 0))
      same({ { 1, 2 }, { 3, 4 } }, x)
      assert.is_true(torch.allclose(x, x))
      assert.is_true(x:allclose(x.new { { 1, 2 }, { 3, 5 } }, { rtol = 0, atol = 1 }))
      assert.is_false(x:allclose(y))
      same({ { 1, 1 }, { 1, 0 } }, x:isclose(x.new { { 1, 2 }, { 3, 8 } }))
    end)
  end

  it('of what is no number', function()
    local x = torch.Tensor { 0 / 0, 1 / 0, -1 / 0, 1 }
    same({ 0, 1.7976931348623157e308, -1.7976931348623157e308, 1 }, torch.nan_to_num(x))
    same({ 7, 8, 9, 1 }, x:clone():nan_to_num(7, 8, 9))
    assert.equal(65504, x:half():nan_to_num():max())
    same({ 0, 1, 1, 1 }, x:isclose(x))
    same({ 1, 1, 1, 1 }, x:isclose(x, 0, 0, true))
    assert.is_false(x:allclose(x))
    same({ 0, 0 }, torch.Tensor { 1 / 0, 1 }:isclose(torch.Tensor { 1, 1 / 0 }))
    same({ 1, 0 }, torch.where(torch.Tensor { 1 / 0, 1 }:gt(2), 1, 0))
  end)

  support.refuses(it, {
    { 'one bound as a function', function() torch.clamp(torch.ones(2), 1) end, 'clamp: argument 3' },
    { 'no bound', function() torch.ones(2):clamp {} end, 'clamp: argument 2' },
    { 'unknown bounds', function() torch.ones(2):clamp { low = 1 } end, 'clamp: no option low' },
    { 'torch.all of numbers, as Torch7', function() torch.all(torch.ones(2)) end, 'all: argument 1' },
    { 'mixed types', function() torch.where(torch.ones(2), torch.ones(2), torch.ones(2):float()) end,
      'where: argument 3' },
    { 'sizes that do not broadcast', function() torch.where(torch.ones(2), torch.ones(3), 0) end, 'do not broadcast' },
  })
end)

describe('reductions', function()
  for _, short in ipairs(support.types) do
    it('of ' .. short, function()
      local m = torch[short .. 'Tensor'] { { 3, 1, 3 }, { 0, 5, 2 } }
      for _, x in ipairs(layouts(m)) do
        assert.equal(5, x:argmax())
        assert.equal(4, torch.argmin(x))
        same({ { 1 }, { 2 } }, x:argmax(2))
        same({ { 2, 1, 2 } }, x:argmin(1))
        same({ 2, 1, 2 }, x:argmin(1, { keepdim = false }))
        same({ { 3 }, { 5 } }, x:amax(2))
        assert.equal(0, x:amin())
        same({ 3, 5 }, torch.amax(x, { dim = -1, keepdim = false }))
        same({ 0, 5 }, { x:aminmax() })
        assert.equal(5, x:count_nonzero())
        same({ { 1, 2, 2 } }, x:count_nonzero(1))
        same({ { 2, 1, 3 }, { 1, 3, 2 } }, x:argsort())
        same({ { 1, 3, 2 }, { 2, 3, 1 } }, torch.argsort(x, 2, true))
        same({ { 0, 1, 2 }, { 3, 5, 3 } }, x:msort())
        local v, i = x:cummax(2)
        same({ { 3, 3, 3 }, { 0, 5, 5 } }, v)
        same({ { 1, 1, 1 }, { 1, 2, 2 } }, i)
        v, i = torch.cummin(x)
        same({ { 3, 1, 3 }, { 0, 1, 2 } }, v)
        same({ { 1, 1, 1 }, { 2, 1, 2 } }, i)
      end
    end)
  end

  for _, short in ipairs(support.floats) do
    it('of ' .. short .. ' that need fractions', function()
      local tolerance = support.tolerance[short]
      local x = torch.randn(7, 130):type('torch.' .. short .. 'Tensor')
      local d = x:double()
      for dim = 1, 2 do
        assert(support.near(x:logsumexp(dim), torch.exp(d):sum(dim):log(), tolerance))
        assert(support.near(x:logcumsumexp(dim), torch.exp(d):cumsum(dim):log(), tolerance))
        local p = torch.exp(d)
        assert(support.near(x:softmax(dim), torch.cdiv(p, p:sum(dim):expandAs(p)), tolerance))
        assert(support.near(torch.log_softmax(x, dim), torch.cdiv(p, p:sum(dim):expandAs(p)):log(), tolerance * 4))
      end
      assert(support.near(x:logsumexp(), math.log(torch.exp(d):sum()), tolerance))
      local big = x.new { 1000, 1000 }
      assert(support.near(big:logsumexp(), 1000 + math.log(2), tolerance))
      assert.equal(-1 / 0, x.new { -1 / 0, -1 / 0 }:logsumexp())
      assert.equal(1 / 0, x.new { 1 / 0, 1 }:logsumexp())
      local holes = x.new { { 1, 0 / 0 }, { 0 / 0, 4 } }
      assert.equal(5, holes:nansum())
      assert.equal(2.5, torch.nanmean(holes))
      same({ { 1 }, { 4 } }, holes:nanmean(2))
      local v, i = x.new { 1, 0 / 0, 2 }:cummax(1)
      assert.is_true(v[2] ~= v[2] and v[3] ~= v[3] and i[3] == 2)
    end)
  end

  it('of several results', function()
    local x = torch.randn(5, 40)
    local s, m = x:std_mean(2)
    assert.is_true(s:equal(x:std(2)) and m:equal(x:mean(2)))
    local c = torch.cov(x)
    local d = x - x:mean(2):expandAs(x)
    assert.is_true(c:allclose((d * d:t()) / 39))
    assert.is_true(torch.corrcoef(x):diag():allclose(torch.ones(5)))
    local wide = torch.randn(3, 200, 70)
    local v, i = wide:cummax(2)
    for k = 1, 70, 23 do
      local best, at = -1 / 0, 0
      for r = 1, 200 do
        if wide[{ 2, r, k }] > best then best, at = wide[{ 2, r, k }], r end
        assert(v[{ 2, r, k }] == best and i[{ 2, r, k }] == at)
      end
    end
  end)

  support.refuses(it, {
    { 'integers', function() torch.ones(2):int():logsumexp() end, 'logsumexp' },
    { 'empty tensors', function() torch.Tensor():argmax() end, 'argmax: argument 1' },
    { 'unknown options', function() torch.ones(2):argmax(1, { keep = false }) end, 'argmax: no option keep' },
    { 'wrong dimensions', function() torch.ones(2):cummax(2) end, 'cummax: argument 2: dimension 2 out of range' },
  })
end)

describe('values and places', function()
  for _, short in ipairs(support.types) do
    it('of ' .. short, function()
      local new = torch[short .. 'Tensor']
      local x = new { { 3, 1, 3 }, { 1, 1, 2 } }
      local values, inverse, counts = torch.unique(x, true, true, true)
      same({ 1, 2, 3 }, values)
      same({ { 3, 1, 3 }, { 1, 1, 2 } }, inverse)
      same({ 3, 1, 2 }, counts)
      values, counts = x:unique { return_counts = true }
      same({ { 1, 2, 3 }, { 3, 1, 2 } }, { values:totable(), counts:totable() })
      values, inverse, counts = new { 1, 1, 2, 1 }:unique_consecutive { return_inverse = true, return_counts = true }
      same({ { 1, 2, 1 }, { 1, 1, 2, 3 }, { 2, 1, 1 } }, { values:totable(), inverse:totable(), counts:totable() })
      values, inverse = new { { 2, 1 }, { 1, 3 }, { 2, 1 } }:unique { dim = 1, return_inverse = true }
      same({ { { 1, 3 }, { 2, 1 } }, { 2, 1, 2 } }, { values:totable(), inverse:totable() })
      same({ { 1, 3 }, { 2, 1 } }, new { { 1, 3, 1 }, { 2, 1, 2 } }:unique { dim = 2 })
      local sorted = new { 1, 3, 3, 5 }
      same({ 1, 2, 2, 4, 5 }, torch.searchsorted(sorted, new { 0, 2, 3, 5, 9 }))
      same({ 1, 2, 4, 5, 5 }, sorted:searchsorted(new { 0, 2, 3, 5, 9 }, { right = true }))
      assert.equal(2, torch.searchsorted(sorted, 3))
      same({ { 2 }, { 1 } }, torch.searchsorted(new { { 1, 5 }, { 7, 9 } }, new { { 4 }, { 4 } }))
      same({ { 2, 1, 2 }, { 1, 1, 2 } }, x:bucketize(sorted))
      same({ { 1, 0, 1 }, { 0, 0, 1 } }, x:isin { 2, 3, 9 })
      if short ~= 'Half' and short ~= 'BFloat16' and short ~= 'Float' and short ~= 'Double' then
        same({ 3, 1, 2 }, x:bincount())
        same({ 3, 1, 2, 0, 0 }, torch.bincount(x, nil, 5))
        same({ 1.5, 0.5, 1 }, x:bincount(torch.Tensor(6):fill(0.5)))
      end
    end)
  end

  it('of NaN', function()
    assert.equal(3, torch.Tensor { 0 / 0, 1, 0 / 0 }:unique():nElement())
    same({ 4, 3 }, torch.searchsorted(torch.Tensor { 1, 2, 0 / 0 }, torch.Tensor { 0 / 0, 3 }, true))
  end)

  it('of random data', function()
    local x = torch.LongTensor(1000):random(1, 50)
    local values, inverse, counts = x:unique { return_inverse = true, return_counts = true }
    assert.is_true(values:index(1, inverse):equal(x))
    assert.equal(1000, counts:sum())
    assert.is_true(torch.bincount(x):maskedSelect(torch.bincount(x):gt(0)):equal(counts))
  end)

  support.refuses(it, {
    { 'zeros in bincount', function() torch.bincount(longs { 0, 1 }) end, 'counts values from 1' },
    { 'fractions in bincount', function() torch.bincount(torch.ones(2)) end, 'bincount: argument 1' },
    { 'absurd values in bincount', function() torch.bincount(longs { 2 ^ 52 }) end, 'as many bins' },
    { 'other types', function() torch.searchsorted(torch.ones(2), longs { 1 }) end, 'searchsorted: argument 2' },
    { 'rows that do not fit', function() torch.searchsorted(torch.ones(2, 2), torch.ones(3, 1)) end, 'searchsorted' },
  })
end)

describe('products', function()
  -- einsum by counting through all indices
  local function naive(equation, ...)
    local list, left, out = { ... }, equation:match '^(.*)%->(.*)$'
    local terms, size, letters = {}, {}, {}
    for term in (left .. ','):gmatch '(.-),' do terms[#terms + 1] = term end
    for k, term in ipairs(terms) do
      for d = 1, #term do
        local c = term:sub(d, d)
        if not size[c] then letters[#letters + 1] = c end
        size[c] = math.max(size[c] or 1, list[k]:size(d))
      end
    end
    local shape = {}
    for d = 1, #out do shape[d] = size[out:sub(d, d)] end
    local result = torch.DoubleTensor(unpack(#out > 0 and shape or { 1 })):zero()
    local at = {}
    local function walk(i)
      if i > #letters then
        local p = 1
        for k, term in ipairs(terms) do
          local where = {}
          for d = 1, #term do where[d] = math.min(at[term:sub(d, d)], list[k]:size(d)) end
          p = p * list[k][torch.LongStorage(where)]
        end
        local where = {}
        for d = 1, #out do where[d] = at[out:sub(d, d)] end
        if #out == 0 then where = { 1 } end
        where = torch.LongStorage(where)
        result[where] = result[where] + p
        return
      end
      for v = 1, size[letters[i]] do
        at[letters[i]] = v
        walk(i + 1)
      end
    end
    walk(1)
    return #out > 0 and result or result[1]
  end

  local function whole(...) return torch.DoubleTensor(...):random(-4, 4) end
  local rows = {
    { 'ij,jk->ik', { 2, 3 }, { 3, 4 } }, { 'ij,kj->ki', { 2, 3 }, { 4, 3 } }, { 'i,j->ij', { 2 }, { 3 } },
    { 'i,i->', { 3 }, { 3 } }, { 'ij->ji', { 2, 3 } }, { 'ii->i', { 3, 3 } }, { 'ii->', { 3, 3 } },
      { 'ij->', { 2, 3 } },
    { 'ij->i', { 2, 3 } }, { 'bij,bjk->bik', { 2, 3, 4 }, { 2, 4, 5 } }, { 'bij,bjk->ikb', { 2, 3, 4 }, { 2, 4, 5 } },
    { 'bij,jk->bik', { 2, 3, 4 }, { 4, 5 } }, { 'ijk,ijk->', { 2, 3, 4 }, { 2, 3, 4 } },
      { 'ijk,jil->kl', { 2, 3, 4 }, { 3, 2, 5 } },
    { 'ij,jk,kl->il', { 2, 3 }, { 3, 4 }, { 4, 2 } }, { 'i,j,k->ijk', { 2 }, { 3 }, { 4 } },
      { 'ij,ij->ij', { 2, 3 }, { 2, 3 } },
    { 'iij->ji', { 3, 3, 2 } }, { 'iij,jk->ik', { 3, 3, 2 }, { 2, 4 } }, { 'ij,ij->j', { 1, 3 }, { 2, 3 } },
    { 'ij,jk->ik', { 2, 1 }, { 3, 4 } }, { 'abcd,cd->ba', { 2, 3, 2, 2 }, { 2, 2 } }, { 'ab,b,a->', { 2, 3 },
      { 3 }, { 2 } },
    { 'bnqd,bnkd->bnqk', { 2, 2, 3, 4 }, { 2, 2, 5, 4 } }, { 'iji->j', { 2, 3, 2 } }, { 'ij,k->ik', { 2, 3 }, { 4 } },
  }
  for _, row in ipairs(rows) do
    it('einsum ' .. row[1] .. ' ' .. #row, function()
      local list = {}
      for i = 2, #row do list[i - 1] = whole(unpack(row[i])) end
      local want = naive(row[1], unpack(list))
      for _, short in ipairs { 'Double', 'Float', 'Half', 'Int', 'Long' } do
        local typed = {}
        for i, t in ipairs(list) do typed[i] = t:type('torch.' .. short .. 'Tensor') end
        same(torch.isTensor(want) and want:totable() or want, torch.einsum(row[1], unpack(typed)))
        same(torch.isTensor(want) and want:totable() or want, torch.einsum(row[1], typed))
      end
      -- the same numbers in other memory
      for i, t in ipairs(list) do
        if t:dim() > 1 then list[i] = t:transpose(1, t:dim()):clone():transpose(1, t:dim()) end
      end
      same(torch.isTensor(want) and want:totable() or want, torch.einsum(row[1], unpack(list)))
    end)
  end

  it('einsum with an ellipsis and without an arrow', function()
    local a, b = whole(2, 3, 4), whole(2, 4, 5)
    same(naive('bij,bjk->bik', a, b):totable(), torch.einsum('...ij,...jk->...ik', a, b))
    same(naive('bij,bjk->bik', a, b):totable(), torch.einsum('...ij,...jk', a, b))
    same(naive('bij,jk->bik', a, b[1]):totable(), torch.einsum('...ij , jk -> ...ik', a, b[1]))
    same(naive('ij,jk->ik', a[1], b[1]):totable(), torch.einsum('ij,jk', a[1], b[1]))
    same(a[1]:t():totable(), torch.einsum('ba', a[1]))
    same(a:transpose(2, 3):totable(), torch.einsum('...ij->...ji', a))
    same(a:sum(1):totable()[1], torch.einsum('b...->...', a))
    same({ 2, 3, 6, 5 }, sizes(torch.einsum('...ij,...jk->...ik', whole(2, 1, 6, 4), whole(3, 4, 5))))
  end)

  it('matmul of vectors, matrices and batches', function()
    local v, m, a, b = whole(3), whole(2, 3), whole(5, 2, 3), whole(5, 3, 4)
    assert.equal(v:dot(v), torch.matmul(v, v))
    same((m * v):totable(), m:matmul(v))
    same((m:t() * whole(2):fill(1)):totable(), torch.matmul(whole(2):fill(1), m))
    same((m * b[1]):totable(), torch.matmul(m, b[1]))
    same(torch.bmm(a, b):totable(), torch.matmul(a, b))
    same(torch.einsum('bij,j->bi', a, v):totable(), torch.matmul(a, v))
    same(torch.einsum('i,bij->bj', v, b):totable(), torch.matmul(v, b))
    same(torch.einsum('bij,jk->bik', a, b[2]):totable(), torch.matmul(a, b[2]))
    same(torch.einsum('ij,bjk->bik', m, b):totable(), torch.matmul(m, b))
    same({ 7, 5, 2, 4 }, sizes(torch.matmul(whole(7, 1, 2, 3), b)))
    same(torch.einsum('abij,bjk->abik', whole(7, 5, 2, 3):fill(2), b):totable(), torch.matmul(whole(7, 5, 2,
      3):fill(2), b))
    same((m:t() * m * (m:t() * m)):totable(), torch.matrix_power(m:t() * m, 2))
    same(torch.eye(3):totable(), torch.matrix_power(m:t() * m, 0))
    same(torch.ger(v, v):totable(), torch.outer(v, v))
    same(torch.einsum('ij,kj->ik', m, a[1]):totable(), torch.inner(m, a[1]))
    same(torch.einsum('bij,bik->jk', a, whole(5, 2, 4):fill(3)):totable(), torch.tensordot(a, whole(5, 2,
      4):fill(3), { 1, 2 }, { 1, 2 }))
    same(torch.einsum('bij,ijk->bk', a, whole(2, 3, 4):fill(1)):totable(), torch.tensordot(a, whole(2, 3, 4):fill(1)))
    same(torch.cmul(m, m):sum(2):totable(), torch.vecdot(m, m))
    same({ { 0, 1, 0, 2 }, { 1, 0, 2, 0 }, { 0, 3, 0, 4 }, { 3, 0, 4, 0 } },
      torch.kron(torch.Tensor { { 1, 2 }, { 3, 4 } }, torch.Tensor { { 0, 1 }, { 1, 0 } }))
    same({ 1, 1, 2, 2 }, torch.kron(torch.Tensor { 1, 2 }, torch.Tensor { 1, 1 }))
    same({ 2, 0, 4, 0 }, torch.kron(torch.Tensor { 1, 2 }, torch.Tensor { 2, 0 }))
  end)

  support.refuses(it, {
    { 'sizes that differ', function() torch.einsum('ij,jk->ik', whole(2, 3), whole(4, 2)) end,
      "'j' stands for 3 and for 4" },
    { 'too few tensors', function() torch.einsum('ij,jk->ik', whole(2, 3)) end, 'more terms than the 1' },
    { 'too many tensors', function() torch.einsum('ij->i', whole(2, 3), whole(2)) end, '1 terms for 2' },
    { 'wrong ranks', function() torch.einsum('ijk->i', whole(2, 3)) end, 'names 3 dimensions, the tensor has 2' },
    { 'unknown letters', function() torch.einsum('ij->k', whole(2, 3)) end, "'k' of the result is in no term" },
    { 'letters twice in the result', function() torch.einsum('ij->ii', whole(2, 3)) end, 'appears twice' },
    { 'other signs', function() torch.einsum('i1->i', whole(2, 3)) end, 'letters' },
    { 'no equation', function() torch.einsum(whole(2, 3)) end, 'einsum: argument' },
    { 'mixed types', function() torch.einsum('i,i->', whole(2), torch.ones(2):float()) end, 'argument 2' },
    { 'products that do not fit', function() torch.matmul(whole(5, 2, 3), whole(5, 2, 3)) end,
      'matmul: sizes do not fit' },
    { 'batches that do not broadcast', function() torch.matmul(whole(5, 2, 3), whole(4, 3, 3)) end,
      'do not broadcast' },
  })
end)

describe('constructors', function()
  it('take an element type by any of its names', function()
    local names = { float32 = 'Float', float = 'Float', ['torch.FloatTensor'] = 'Float', ['torch.float32'] = 'Float',
      int64 = 'Long', long = 'Long', half = 'Half', bfloat16 = 'BFloat16', uint8 = 'Byte', bool = 'Byte', int8 = 'Char',
      short = 'Short', int = 'Int', double = 'Double', [torch.float16] = 'Half' }
    for name, short in pairs(names) do
      local kind = 'torch.' .. short .. 'Tensor'
      assert.equal(kind, torch.tensor({ { 1, 2 }, { 3, 4 } }, { dtype = name }):type())
      assert.equal(kind, torch.ones(2, 2):to(name):type())
      assert.equal(kind, torch.zeros_like(torch.ones(2), { dtype = name }):type())
      assert.equal(kind, torch.full({ 2, 3 }, 7, { dtype = name }):type())
      assert.equal(kind, torch.arange(3, { dtype = name }):type())
      assert.equal(kind, torch.empty(2, 3, { dtype = name }):type())
    end
    assert.equal('torch.FloatTensor', torch.ones(2):to(torch.FloatTensor(1)):type())
    assert.equal('torch.IntTensor', torch.ones(2):to(torch.IntTensor):type())
    assert.equal('torch.IntTensor', torch.ones(2):to('cpu', 'int32'):type())
    assert.equal('torch.IntTensor', torch.ones(2):to { dtype = 'int32', device = 'cpu' }:type())
    local x = torch.ones(2)
    assert.is_true(x:to 'cpu' == x and x:to 'float64' == x and x:to { copy = true } ~= x)
    same({ 'float64', 'cpu', 2, 2, 16 }, { x:dtype(), x:device(), x:ndim() + 1, x:numel(), x:nbytes() })
  end)

  it('infer it from the values', function()
    assert.equal('torch.DoubleTensor', torch.tensor({ 1, 2 }):type())
    assert.equal('torch.ByteTensor', torch.tensor({ { true }, { false } }):type())
    assert.equal('torch.LongTensor', torch.tensor({ 1LL, 9007199254740993LL }):type())
    assert.equal(9007199254740993LL, torch.tensor({ 1LL, 9007199254740993LL })[2])
    assert.equal('torch.FloatTensor', torch.tensor(torch.ones(2):float()):type())
    same({ 5 }, torch.tensor(5))
    same({ { 1, 0 } }, torch.tensor { { true, false } })
    same({}, torch.tensor {})
    same({ 1, 2 }, torch.tensor(torch.DoubleStorage { 1, 2 }))
    local x = torch.ones(2)
    torch.tensor(x):fill(3)
    same({ 1, 1 }, x)
  end)

  it('follow a tensor', function()
    for _, short in ipairs(support.types) do
      local x = torch[short .. 'Tensor'](2, 3):fill(5)
      same({ { 0, 0, 0 }, { 0, 0, 0 } }, torch.zeros_like(x))
      same({ { 1, 1, 1 }, { 1, 1, 1 } }, x:ones_like())
      same({ { 4, 4, 4 }, { 4, 4, 4 } }, torch.full_like(x, 4))
      assert.equal(x:type(), x:empty_like():type())
      assert.equal(x:type(), x:new_zeros(2):type())
      same({ 1, 1 }, x:new_ones(2))
      same({ { 7 }, { 7 } }, x:new_full({ 2, 1 }, 7))
      same({ { 1, 2 } }, x:new_tensor { { 1, 2 } })
      same({ 2, 2 }, sizes(x:new_empty(torch.LongStorage { 2, 2 })))
      same({ 2, 3 }, sizes(torch.rand_like(x, { dtype = 'float' })))
      assert.equal(x:type(), x:new_tensor { 1 }:type())
    end
    assert.is_true(torch.randn_like(torch.FloatTensor(100)):std() > 0.5)
    same({ 0, 1, 2 }, torch.arange(3))
    same({ 1, 3 }, torch.arange(1, 5, 2))
    same({ 3, 2 }, torch.arange(3, 1, -1))
    same({}, torch.arange(0))
    same({ 7, 7 }, torch.full(2, 7))
    assert.equal(4, torch.tensor(4):item())
  end)

  support.refuses(it, {
    { 'unknown types', function() torch.tensor({ 1 }, { dtype = 'float31' }) end, 'float31' },
    { 'unknown options', function() torch.tensor({ 1 }, { type = 'float' }) end, 'no option type' },
    { 'ragged tables', function() torch.tensor { { 1, 2 }, { 3 } } end, 'tensor: inconsistent table' },
    { 'other devices', function() torch.ones(2):to 'cuda' end, "argument 2: expected the device 'cpu'" },
    { 'nothing', function() torch.tensor() end, 'tensor: argument 1' },
    { 'text', function() torch.tensor 'text' end, 'tensor: argument 1' },
    { 'item of several', function() torch.ones(2):item() end, 'item: expected one element' },
    { 'ranges that never arrive', function() torch.arange(1, 0) end, 'never arrives' },
    { 'random integers', function() torch.rand_like(torch.IntTensor(2)) end,
      'rand_like: is not defined for IntTensor' },
  })
end)

describe('other spellings', function()
  it('with an underscore write in place and return the tensor', function()
    local mask, index = torch.ByteTensor { 1, 0, 0 }, longs { 1 }
    local rows = {
      { 'add_', { 1 }, { 2, 3, 4 } }, { 'sub_', { torch.ones(3) }, { 0, 1, 2 } }, { 'mul_', { 2 }, { 2, 4, 6 } },
      { 'mul_', { torch.Tensor { 1, 2, 3 } }, { 1, 4, 9 } }, { 'div_', { torch.Tensor { 1, 2, 3 } }, { 1, 1, 1 } },
      { 'add_', { torch.ones(3), 2 }, { 3, 4, 5 } }, { 'add_', { 2, torch.ones(3) }, { 3, 4, 5 } },
      { 'cmul_', { torch.Tensor { 2, 2, 2 } }, { 2, 4, 6 } }, { 'pow_', { 2 }, { 1, 4, 9 } }, { 'neg_', {},
        { -1, -2, -3 } },
      { 'zero_', {}, { 0, 0, 0 } }, { 'fill_', { 4 }, { 4, 4, 4 } }, { 'clamp_', { 2, 2.5 }, { 2, 2, 2.5 } },
      { 'clamp_', { 2 }, { 2, 2, 3 } }, { 'masked_fill_', { mask, 9 }, { 9, 2, 3 } }, { 'maskedFill_', { mask, 9 },
        { 9, 2, 3 } },
      { 'index_fill_', { 1, index, 9 }, { 9, 2, 3 } }, { 'index_add_', { 1, index, torch.ones(1) }, { 2, 2, 3 } },
      { 'index_copy_', { 1, index, torch.ones(1):mul(5) }, { 5, 2, 3 } }, { 'copy_', { torch.ones(3):float() },
        { 1, 1, 1 } },
      { 'masked_scatter_', { mask, torch.ones(1):mul(5) }, { 5, 2, 3 } }, { 'scatter_', { 1, index, 5 }, { 5, 2, 3 } },
      { 'scatter_add_', { 1, index, torch.ones(1) }, { 2, 2, 3 } }, { 'cumsum_', { 1 }, { 1, 3, 6 } },
      { 'gt_', { 2 }, { 0, 0, 1 } }, { 'unsqueeze_', { 1 }, { { 1, 2, 3 } } }, { 'relu_', {}, { 1, 2, 3 } },
      { 'addcmul_', { 2, torch.ones(3), torch.ones(3) }, { 3, 4, 5 } }, { 'reciprocal_', {}, { 1, 0.5, 1 / 3 } },
      { 'apply_', { function(v) return v * 2 end }, { 2, 4, 6 } }, { 'remainder_', { 2 }, { 1, 0, 1 } },
      { 'nan_to_num_', {}, { 1, 2, 3 } }, { 'lerp_', { torch.zeros(3), 0.5 }, { 0.5, 1, 1.5 } },
      { 'clamp_min_', { 2 }, { 2, 2, 3 } }, { 'resize_', { 2 }, { 1, 2 } }, { 'resize_as_', { torch.ones(2) },
        { 1, 2 } },
    }
    for _, row in ipairs(rows) do
      local x = torch.Tensor { 1, 2, 3 }
      local got = x[row[1]](x, unpack(row[2]))
      assert.is_true(got == x, row[1])
      assert.same(row[3], x:totable(), row[1])
    end
    local m = torch.range(1, 4):view(2, 2)
    same({ { 1, 0 }, { 3, 4 } }, m:tril_())
    same({ { 1, 3 }, { 0, 4 } }, m:t_())
    torch.manualSeed(5)
    local a = torch.Tensor(4):normal_()
    torch.manualSeed(5)
    assert.is_true(a:equal(torch.Tensor(4):normal()))
    same({ 1, 1 }, torch.add_(torch.zeros(2), 1))
    same({ 4, 9 }, torch.IntTensor { 2, 3 }:pow_(torch.IntTensor { 2, 2 }))
    assert.is_false(pcall(function() torch.IntTensor(2):pow_(2) end))
  end)

  it('in snake_case mean the methods of Torch7', function()
    local x = torch.range(1, 4):view(2, 2)
    assert.is_true(x:is_contiguous() and x:is_same_size_as(x) and torch.is_tensor(x))
    same({ 2, 4 }, sizes(x:repeat_tensor(1, 2)))
    same({ 1, 2, 3, 4 }, x:view_as(torch.ones(4)))
    same({ { 1 }, { 3 } }, torch.index_select(x, 2, longs { 1 }))
    same({ 3, 4 }, x:masked_select(x:gt(2)))
    assert.equal(1, x:storage_offset())
    assert.equal(8, x:element_size())
    assert.equal('torch.FloatTensor', x:type_as(torch.FloatTensor()):type())
    assert.is_nil(x.no_such_thing)
    assert.is_nil(x.nosuch_)
    assert.is_function(torch.FloatTensor.flatten)
    assert.is_function(torch.IntTensor.add_)
  end)

  it('do not change what Torch7 means', function()
    local x = torch.range(1, 3)
    same({ 2, 3 }, x:sub(2, 3))
    assert.equal(4, x:clone():maskedFill(torch.ByteTensor { 1, 0, 0 }, 4))
    assert.equal(5, x:clone():indexFill(1, longs { 1 }, 5))
    local y = x:add(1)
    assert.is_true(y == x)
    same({ 3, 1 }, sizes(torch.ones(3, 4):sum(2)))
  end)
end)
