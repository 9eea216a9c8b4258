--- index, gather, scatter, masks, sorts from Lua: forms, odd return values, errors.
-- Values over all dtypes and layouts are checked in test/c/index_test.c and by the golden vectors.
require 'torch'

local L, B = torch.LongTensor, torch.ByteTensor

describe('torch picking and placing', function()
  local x = torch.Tensor { { 1, 2, 3 }, { 4, 5, 6 } }

  it('picks slices, elements and masked elements', function()
    assert.same({ { 3, 1 }, { 6, 4 } }, x:index(2, L { 3, 1 }):totable())
    assert.same({ { 2, 1, 3 } }, torch.gather(x, 2, L { { 2, 1, 3 }, { 1, 1, 1 } }):narrow(1, 1, 1):totable())
    assert.same({ 1, 6 }, x:maskedSelect(B { { 1, 0, 0 }, { 0, 0, 1 } }):totable())
    assert.same({ { 1, 1 }, { 2, 3 } }, torch.Tensor({ { 7, 0, 0 }, { 0, 0, 7 } }):nonzero():totable())
    assert.equal(0, torch.zeros(2, 2):nonzero():nElement())
    assert.equal(0, x:maskedSelect(x:gt(9)):nElement())
  end)

  it('returns what Torch7 returned', function()
    local i, mask, r = L { 1 }, x:gt(3), torch.Tensor()
    assert.equal(i, r:index(x, 1, i))
    assert.equal(mask, r:maskedSelect(x, mask))
    local y, source = x:clone(), torch.ones(1, 3)
    assert.equal(source, y:indexCopy(1, i, source))
    assert.equal(source, y:indexAdd(1, i, source))
    assert.equal(7, y:indexFill(2, i, 7))
    assert.equal(8, y:maskedFill(mask, 8))
    assert.equal(y, y:maskedCopy(mask, x))
    assert.equal(y, y:scatter(1, L { { 1, 1, 1 } }, 0))
    assert.same({ { 0, 0, 0 }, { 1, 2, 3 } }, y:totable())
  end)

  it('adds repeated indices up', function()
    local t = torch.zeros(3)
    t:indexAdd(1, L { 2, 2, 3 }, torch.Tensor { 1, 2, 4 })
    assert.same({ 0, 3, 4 }, t:totable())
    t:scatterAdd(1, L { 1, 1, 1 }, torch.Tensor { 1, 2, 4 })
    assert.same({ 7, 3, 4 }, t:totable())
  end)

  local wrong = {
    { 'an index of 0', function() x:index(1, L { 0 }) end, 'torch.index: index 0 at position 1 is out of range' },
    { 'the least index', function() x:index(1, L(1):fill(-2 ^ 63)) end, 'index %-9223372036854775808 at position 1' },
    { 'an index beyond', function() x:index(2, L { 1, 4 }) end, 'index 4 at position 2' },
    { 'indices of doubles', function() x:index(1, x) end, 'LongTensor of indices' },
    { 'a third dimension', function() x:index(3, L { 1 }) end, 'dimension 3 out of range' },
    { 'no indices', function() x:index(1) end, 'argument 3: expected a LongTensor of indices, got nothing' },
    { 'slices that do not fit', function() x:clone():indexCopy(1, L { 1 }, torch.ones(2)) end, 'slices' },
    { 'gather of another shape', function() x:gather(1, L { 1 }) end, 'do not fit' },
    { 'scatter of another type', function() x:scatter(1, L { { 1, 1, 1 } }, torch.FloatTensor(1, 3)) end, 'Float' },
    { 'a mask of another size', function() x:maskedSelect(B(2)) end, 'mask of 6 elements' },
    { 'a mask of doubles', function() x:maskedFill(x, 1) end, 'ByteTensor' },
    { 'a mask of twos', function() x:clone():maskedFill(B(2, 3):fill(2), 1) end, '0 or 1' },
    { 'too few values', function() x:clone():maskedCopy(B(2, 3):fill(1), torch.ones(2)) end, 'fewer' },
  }
  for _, case in ipairs(wrong) do
    it('refuses ' .. case[1], function() assert.error_matches(case[2], case[3]) end)
  end
end)

describe('long rows', function()
  it('are picked from, placed into and added to in pieces', function()
    torch.manualSeed(5)
    for _, columns in ipairs { 1, 3 } do
      local rows = math.floor(600000 / columns)
      local x = torch.randn(rows, columns)
      local index = torch.LongTensor(rows, columns)
      for c = 1, columns do index:select(2, c):copy(torch.randperm(rows)) end
      local picked = x:gather(1, index)
      for c = 1, columns do
        local column, places = x:select(2, c):contiguous(), index:select(2, c):contiguous()
        assert.is_true(picked:select(2, c):equal(column:index(1, places)))
      end
      assert.is_true(torch.zeros(rows, columns):scatter(1, index, picked):equal(x))
      assert.is_true(torch.zeros(rows, columns):scatterAdd(1, index, picked):equal(x))
      assert.are.equal(2 * x:nElement(), torch.zeros(rows, columns):scatter(1, index, 2):sum())
    end
    assert.are.equal(3000000, torch.ones(3000000):cumsum(1)[3000000])
    assert.are.equal(700 * 3000, torch.ones(3000, 700):cumsum(1)[3000]:sum())
  end)
end)

describe('torch ordering', function()
  local x = torch.Tensor { { 3, 1, 2 }, { 9, 7, 8 } }

  it('sorts along any dimension, with results given or made', function()
    local v, i = x:sort()
    assert.same({ { 1, 2, 3 }, { 7, 8, 9 } }, v:totable())
    assert.same({ { 2, 3, 1 }, { 2, 3, 1 } }, i:totable())
    assert.same({ { 9, 7, 8 }, { 3, 1, 2 } }, (torch.sort(x, 1, true)):totable())
    assert.same({ { 3, 2, 1 }, { 9, 8, 7 } }, (torch.sort(x, true)):totable())
    local rv, ri = torch.Tensor(), L()
    local a, b = torch.sort(rv, ri, x, 2)
    assert.is_true(a == rv and b == ri)
    assert.same(v:totable(), rv:totable())
    assert.same(i:totable(), ri:totable())
  end)

  it('finds the first ones', function()
    assert.same({ { 1 }, { 7 } }, (x:topk()):totable())
    assert.same({ { 3, 2 }, { 9, 8 } }, (x:topk(2, 2, true, true)):totable())
    assert.same({ { 2 }, { 8 } }, (torch.median(x)):totable())
    assert.same({ { 3, 1, 2 } }, (torch.kthvalue(x, 1, 1)):totable())
    assert.same({ 2 }, (torch.mode(torch.Tensor { 3, 2, 3, 2 })):totable())
    assert.same({ { 3, 4, 6 }, { 9, 16, 24 } }, x:cumsum(2):totable())
    assert.same({ { 3, 1, 2 }, { 27, 7, 16 } }, torch.cumprod(x):totable())
  end)

  local wrong = {
    { 'k beyond the dimension', function() x:topk(4) end, 'torch.topk: 4 is out of range for dimension 2' },
    { 'k of 0', function() x:kthvalue(0) end, '0 is out of range' },
    { 'no k', function() x:kthvalue() end, 'torch.kthvalue: argument 2' },
    { 'dimension 0', function() x:sort(0) end, 'dimension 0 out of range' },
    { 'a string', function() torch.sort('x') end, 'torch.sort: argument 1: expected a tensor' },
    { 'indices of doubles', function() torch.sort(torch.Tensor(), torch.Tensor(), x) end, 'LongTensor' },
    { 'values of another type', function() torch.sort(torch.FloatTensor(), L(), x) end, 'DoubleTensor' },
    { 'nothing to sort', function() torch.Tensor():sort() end, 'without elements' },
    { 'a running total of nothing', function() torch.Tensor():cumsum() end, 'dimension' },
    { 'dimension 3 of a matrix', function() x:mode(3) end, 'dimension 3 out of range' },
  }
  for _, case in ipairs(wrong) do
    it('refuses ' .. case[1], function() assert.error_matches(case[2], case[3]) end)
  end
end)

describe('one element by a table of positions', function()
  it('is the one of the storage, whatever the strides, types and forms of positions', function()
    torch.manualSeed(3)
    local names = { 'Double', 'Float', 'Long', 'Byte', 'Half', 'BFloat16' }
    for _ = 1, 200 do
      local rank, sizes = torch.random(1, 4), {}
      for i = 1, rank do sizes[i] = torch.random(2, 4) end
      local t = torch.Tensor(unpack(sizes)):random(0, 100):type('torch.' .. names[torch.random(#names)] .. 'Tensor')
      t = t:transpose(torch.random(rank), torch.random(rank)):narrow(1, 2, 1)
      local keys, wrong, offset = {}, {}, t:storageOffset()
      for i = 1, rank do
        local k = torch.random(t:size(i))
        offset = offset + (k - 1) * t:stride(i)
        keys[i] = ({ k, k - t:size(i) - 1, k + 0.5, tostring(k) })[torch.random(4)]
        wrong[i] = 1
      end
      assert.are.equal(t:storage()[offset], t[keys])
      t[keys] = 7
      assert.are.equal(7, t:storage()[offset])
      t[keys] = torch.Tensor { 9 }
      assert.are.equal(9, t[keys])
      wrong[torch.random(rank)] = ({ 0, 9, -9, 0 / 0, math.huge })[torch.random(5)]
      assert.error_matches(function() return t[wrong] end, 'out of range')
      assert.error_matches(function() t[wrong] = 1 end, 'out of range')
    end
    assert.are.equal(0, torch.Tensor()[{}]:nElement())
  end)
end)
