--- Classes, constructors, storages, indexing and assignment.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')
local ffi = require 'ffi'

describe('tensor classes', function()
  it('hide no method behind a field of the structure', function()
    local C = require 'torch.ffi'
    for _, name in ipairs { 'rk_tensor', 'rk_buffer', 'rk_random' } do
      local body = ffi.string(C.rk_cdef):match('struct ' .. name .. ' (%b{})')
      for field in body:gmatch '([%a_]+)[%[,;]' do
        assert.is_nil(torch.getmetatable('torch.FloatTensor')[field], field)
        assert.is_nil(torch.getmetatable('torch.FloatStorage')[field], field)
      end
    end
  end)

  for _, short in ipairs(support.types) do
    local class = support.class(short)
    it('torch.' .. short .. 'Tensor constructs in every form', function()
      assert.equal('torch.' .. short .. 'Tensor', torch.typename(class(2)))
      assert.equal(0, class():dim())
      assert.equal(0, class(0):nElement())
      assert.same({ 2 }, class(2, 0, 3):size():totable())
      assert.same({ 2, 3, 1, 2 }, class(2, 3, 1, 2):size():totable())
      assert.same({ 1, 1, 1, 1, 1, 1, 1, 1, 1, 2 }, class(1, 1, 1, 1, 1, 1, 1, 1, 1, 2):size():totable())
      assert.same({ { 1, 2 }, { 3, 4 } }, class({ { 1, 2 }, { 3, 4 } }):totable())
      assert.same({ { { 5 } } }, class({ { { 5 } } }):totable())
      local storage = torch[short .. 'Storage'] { 1, 2, 3, 4, 5, 6 }
      assert.same({ { 2, 3 }, { 4, 5 } }, class(storage, 2, torch.LongStorage { 2, 2 }):totable())
      assert.same({ { 1, 3 }, { 2, 4 } }, class(storage, 1, 2, 1, 2, 2):totable())
      local t = class { 1, 2 }
      local alias = class(t)
      alias[1] = 9
      assert.equal(9, t[1])
      assert.is_false(alias == t)
      assert.is_true(t == t) -- luacheck: ignore 581
      assert.equal('torch.' .. short .. 'Tensor', t.new(3):type())
      if short == 'Long' then
        assert.same({ 2, 3 }, class(torch.LongStorage { 2, 3 }):totable())
      else
        assert.same({ 2, 3 }, class(torch.LongStorage { 2, 3 }):size():totable())
      end
    end)

    it('torch.' .. short .. 'Storage works', function()
      local s = torch[short .. 'Storage'](4):fill(2)
      s[2] = 7
      assert.same({ 2, 7, 2, 2 }, s:totable())
      assert.equal(4, #s)
      s:resize(2)
      assert.same({ 2, 7 }, s:totable())
      assert.same({ 2, 7 }, torch.DoubleStorage(2):copy(s):totable())
      local view = torch[short .. 'Storage'](s, 2, 1)
      view[1] = 5
      assert.equal(5, s[2])
      assert.is_true(torch[short .. 'Tensor'](s):storage() == s)
    end)
  end

  it('follow the default type', function()
    torch.setdefaulttensortype 'torch.FloatTensor'
    assert.equal('torch.FloatTensor', torch.typename(torch.zeros(2)))
    assert.equal('torch.FloatStorage', torch.typename(torch.Storage(2)))
    torch.setdefaulttensortype 'torch.DoubleTensor'
    assert.equal('torch.DoubleTensor', torch.typename(torch.Tensor(2)))
  end)

  it('can be extended by programs', function()
    function torch.FloatTensor.twiceForTest(t) return t * 2 end
    assert.equal(4, torch.FloatTensor { 2 }:twiceForTest()[1])
    torch.getmetatable 'torch.FloatTensor'.twiceForTest = nil
  end)

  it('give nil for an unknown field and name the nearest for an unknown method', function()
    local t = torch.FloatTensor(2)
    assert.is_nil(t.nosuchfield)
    local ok, message = pcall(function() t:narow(1, 1, 1) end)
    assert.is_false(ok)
    assert.truthy(message:find 'FloatTensor has no method narow; did you mean narrow')
  end)

  support.refuses(it, {
    { 'a table with rows of two lengths', function() torch.Tensor { { 1, 2 }, { 3 } } end, 'inconsistent' },
    { 'a table with a number among rows', function() torch.Tensor { { 1, 2 }, 3 } end, 'table at depth 2' },
    { 'a row among numbers', function() torch.Tensor { 1, { 2 } } end, 'inconsistent' },
    { 'a string in a table', function() torch.Tensor { 1, 'x' } end, 'a number' },
    { 'a boolean', function() torch.Tensor(true) end, 'argument 1' },
    { 'a storage of another type', function() torch.FloatTensor(torch.DoubleStorage(2)) end, 'FloatStorage' },
    { 'a tensor of another type', function() torch.FloatTensor(torch.ones(2)) end, 'FloatTensor' },
    { 'offset 0', function() torch.Tensor(torch.DoubleStorage(4), 0) end, 'offset' },
    { 'too many dimensions', function() torch.Tensor(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) end, 'dimensions' },
    { 'a size beyond memory', function() torch.Tensor(2 ^ 50) end, 'memory' },
    { 'sizes that overflow', function() torch.Tensor(2 ^ 40, 2 ^ 40) end, 'elements' },
    { 'a storage index of 0', function() return torch.LongStorage { 1 }[0] end, 'out of range 1%.%.1' },
    { 'a field of a tensor', function() torch.Tensor(2).x = 1 end, "cannot set field 'x'" },
    { 'a storage table with a string', function() torch.LongStorage { 1, 'a' } end, 'element 2' },
    { 'an unknown default type', function() torch.setdefaulttensortype 'torch.Nope' end, 'tensor type' },
  })
end)

describe('indexing', function()
  for _, short in ipairs(support.types) do
    it('reads and writes ' .. short .. ' elements and views in every layout', function()
      local plain = support.numbers(short, 4, 5)
      for _, layout in pairs(support.layouts) do
        local t = layout(plain)
        assert.equal(plain:double()[{ 2, 3 }], t[2][3])
        assert.equal(t[4][5], t[-1][-1])
        assert.same(t:select(1, 2):totable(), t[2]:totable())
        assert.same(t:narrow(1, 2, 2):narrow(2, 3, 1):totable(), t[{ { 2, 3 }, { 3 } }]:totable())
        assert.same(t:select(2, 3):totable(), t[{ {}, 3 }]:totable())
        assert.equal(t[3][1], t[torch.LongStorage { 3, 1 }])
        local above = t[t:gt(4)]
        assert.equal(t:gt(4):sum(), above:nElement())
        local u = t:clone()
        u[2] = 7
        u[{ {}, 1 }] = torch.range(1, 4)
        u[{ 3, -1 }] = 1
        assert.same({ 2, 7, 7, 7, 7 }, u[2]:totable())
        assert.equal(1, u[3][5])
        u[u:gt(6)] = 0
        assert.is_true(u:max() <= 6)
      end
    end)
  end

  it('fills a mask with values in order', function()
    local t = torch.zeros(2, 2)
    t[torch.ByteTensor { { 1, 0 }, { 0, 1 } }] = torch.Tensor { 5, 6, 7 }
    assert.same({ { 5, 0 }, { 0, 6 } }, t:totable())
  end)

  it('keeps int64 exact', function()
    local t = torch.LongTensor(2)
    t[1] = 9007199254740993LL
    t[2] = -5
    assert.is_true(t[1] == 9007199254740993LL)
    assert.equal(-5, t[2])
    t:add(2LL)
    assert.is_true(t[1] == 9007199254740995LL)
    assert.equal('number', type(t[2]))
    assert.is_true(torch.LongTensor { 9007199254740993LL }[1] == 9007199254740993LL)
    assert.is_true(t:max() == 9007199254740995LL)
  end)

  it('converts as C does', function()
    local t = torch.ByteTensor(3)
    t[1], t[2], t[3] = 300, -1, 2.9
    assert.same({ 44, 255, 2 }, t:totable())
    local i = torch.IntTensor(1)
    i[1] = 1e10
    assert.equal(-2147483648, i[1])
  end)

  local m, v = torch.ones(2, 3), torch.ones(3)
  support.refuses(it, {
    { 'index 0', function() return v[0] end, 'out of range' },
    { 'an index past the end', function() return v[4] end, '1%.%.3' },
    { 'an index before the start', function() return v[-4] end, 'out of range' },
    { 'NaN', function() return v[0 / 0] end, 'out of range' },
    { 'too many indices', function() return m[{ 1, 2, 3 }] end, '3 indices' },
    { 'a range backwards', function() return v[{ { 3, 2 } }] end, 'ends before' },
    { 'a range of three', function() return v[{ { 1, 2, 3 } }] end, 'one or two ends' },
    { 'a mask of another size', function() return v[torch.ByteTensor(2):fill(1)] end, 'mask of 3' },
    { 'a mask with a 2', function() return v[torch.ByteTensor { 2, 0, 0 }] end, '0 or 1' },
    { 'a mask of floats', function() return v[torch.FloatTensor(3)] end, 'ByteTensor' },
    { 'positions that do not fit', function() return m[torch.LongStorage { 1 }] end, '1 positions' },
    { 'a position out of range', function() return m[torch.LongStorage { 3, 1 }] end, 'out of range' },
    { 'a boolean', function() return v[true] end, 'argument 2' },
    { 'an empty tensor', function() return torch.Tensor()[1] end, 'no elements' },
    { 'a tensor of another size', function() m[1] = torch.ones(4) end, 'assignment' },
    { 'a string as value', function() v[1] = 'x' end, 'a number' },
    { 'a vector for one element', function() m[{ 1, 1 }] = torch.ones(3) end, 'one element' },
    { 'a masked tensor of another type', function() v[v:gt(0)] = torch.FloatTensor(3) end, 'DoubleTensor' },
    { 'too few masked values', function() v[v:gt(0)] = torch.ones(2) end, '3 ones' },
  })
end)

describe('a storage', function()
  it('says what it is and gives its memory back', function()
    for name, size in pairs { Byte = 1, Char = 1, Short = 2, Half = 2, Int = 4, Float = 4, Long = 8, Double = 8 } do
      local s = torch[name .. 'Storage'](3):fill(2)
      assert.equal(size, s:elementSize())
      assert.equal(('torch.%sStorage'):format(name), s:type())
      local text = ('[torch.%sStorage of size 3]\n'):format(name)
      assert.equal(text, tostring(s):match '(%[.*)$')
      assert.equal(tostring(s), tostring(s:cdata()))
      assert.equal(s:cdata(true), s:cdata(true))
      s:retain()
      s:free()
      assert.equal(0, s:size())
    end
  end)
end)
