--- Calls that once read or wrote memory of others, or followed null pointers: found by test/fuzz.
require 'torch'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

describe('what the fuzzers found', function()
  it('max and min with a last dimension of size 1 that steps', function()
    local x = torch.range(1, 24):view(2, 3, 4):transpose(1, 3) -- 4 x 3 x 2
    local y = x:narrow(3, 2, 1)
    for d = 1, 3 do
      for _, name in ipairs { 'max', 'min' } do
        local values, places = y[name](y, d)
        local want, at = y:clone()[name](y:clone(), d)
        assert.is_true(values:equal(want) and places:equal(at))
      end
    end
  end)

  support.refuses(it, {
    { 'a storage at inf', function() return torch.ShortStorage(3)[1 / 0] end, 'index inf out of range 1%.%.3' },
    { 'a storage at 2^63', function() torch.ShortStorage(3)[2 ^ 63] = 1 end, 'out of range 1%.%.3' },
    { 'an empty tensor at a storage', function() return torch.ByteTensor()[torch.HalfStorage()] end, 'LongStorage' },
    { 'an empty tensor at an empty storage', function() return torch.ByteTensor()[torch.LongStorage()] end,
      'no elements' },
    { 'a tensor as a pointer', function() return torch.FloatStorage(3, torch.FloatTensor(3)) end,
      'argument 2: expected a pointer' },
    { 'a number that is no address', function() return torch.FloatStorage(3, 5) end, 'expected an address' },
    { 'a negative address', function() return torch.FloatStorage(3, -5) end, 'expected an address' },
    { 'an address of nothing', function() return torch.FloatStorage(3, 2 ^ 46 + 7) end, 'expected an address' },
    { 'more than there is at an address', function()
      return torch.FloatStorage(2 ^ 37, torch.FloatTensor(3):data(true))
    end, 'expected an address' },
    { 'a string as a pointer', function() return torch.FloatStorage('x', 'y') end, '' },
    { 'storages in arithmetic', function() return torch.FloatStorage(3) + 1 end, 'no such operator' },
    { 'a call of a storage', function() return torch.FloatStorage(3)() end, 'cannot be called' },
    { 'fields of a generator', function() torch.Generator().anything = 1 end, 'cannot set field anything' },
    { 'tensor.write without a file', function() torch.Tensor(3):write() end, 'argument 2: expected a torch.File' },
    { 'storage.read without a file', function() torch.FloatStorage(3):read(5) end,
      'argument 2: expected a torch.File' },
  })

  it('half storages at fractions', function()
    local s = torch.HalfStorage(4):fill(0)
    s[1.5] = 3
    assert.equal(3, s[1])
    assert.equal(0, s[2])
  end)

  it('elements of what has sizes and no memory', function()
    for _, class in ipairs { 'Long', 'Float', 'Half', 'Byte' } do
      local t = torch[class .. 'Tensor']():view(-1)
      assert.same({}, t:totable())
      assert.equal(t, t:apply(function() return 1 end))
      assert.equal(t, t:map(t:clone(), function() return 1 end))
      assert.equal(t, t:map2(t:clone(), t:clone(), function() return 1 end))
      assert.is_false(pcall(function() return t[1] end))
      assert.is_false(pcall(function() t[1] = 1 end))
    end
  end)

  it('resize to empty sizes and strides, and freed storages', function()
    assert.equal(0, torch.Tensor(3):resize(torch.LongStorage(), torch.LongStorage()):dim())
    local s = torch.CharStorage(3)
    s:free()
    assert.equal('', s:string())
    assert.same({}, s:totable())
  end)
end)

describe('a function that apply calls', function()
  it('may not move the memory that is being walked', function()
    local x = torch.FloatTensor(1000):fill(1)
    assert.has_error(function() x:apply(function() x:resize(1e6) end) end,
      'torch.apply: the function resized the tensor that is being walked')
    x = torch.FloatTensor(3e6):fill(1)
    x:apply(function() x:set() end) -- forgets it: the loop still holds it
    assert.equal(0, x:dim())
    local y = torch.LongTensor(1000):fill(1)
    assert.has_error(function() y:map(torch.LongTensor(1000), function() y:resize(1e6) end) end)
    y = torch.DoubleTensor(4):fill(2)
    assert.equal(20, y:apply(function(v) return v + 3 end):sum())
    assert.equal(0, y:map2(y, y, function(a, b, c) return a + b - 2 * c end):sum())
  end)
end)
