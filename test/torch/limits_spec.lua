--- Numbers and shapes at the edge: int64 beyond 2^53 through every operation, ten dimensions in every operation,
-- tensors of more than 2^31 elements.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

describe('LongTensor beyond 2^53 is exact in', function()
  local b = 9007199254740993LL -- 2^53 + 1, no double
  local function long(...) return torch.LongTensor(...) end
  local function x() return long { b, b + 2, -b } end
  local one = long { 1 }

  local rows = {
    ['sums'] = { b + 2, function() return x():sum() end },
    ['sums along a dimension'] = { b + 2, function() return x():sum(1)[1] end },
    ['products'] = { 3 * b, function() return long { b, 3 }:prod() end },
    ['max'] = { b + 2, function() return x():max() end },
    ['min along a dimension'] = { -b, function() return (x():min(1))[1] end },
    ['running sums'] = { 2 * b + 2, function() return x():cumsum()[2] end },
    ['running products'] = { 3 * b, function() return long { b, 3 }:cumprod()[2] end },
    ['add of a number'] = { 2 * b, function() return x():add(b)[1] end },
    ['add of a tensor'] = { 2 * b, function() return x():add(x())[1] end },
    ['add of a scaled tensor'] = { b * 3, function() return x():add(2LL, x())[1] end },
    ['operators'] = { 3 * b + 1, function() return (x() * 3 + 1)[1] end },
    ['number - tensor'] = { -2LL, function() return (b - x())[2] end },
    ['division'] = { b / 3, function() return x():div(3LL)[1] end },
    ['remainders'] = { 3LL, function() return (x() % 10)[1] end },
    ['elementwise products'] = { 3 * b, function() return x():cmul(long { 3, 1, 1 })[1] end },
    ['elementwise quotients'] = { b / 7, function() return x():cdiv(long { 7, 1, 1 })[1] end },
    ['powers'] = { b, function() return x():cpow(long { 1, 1, 1 })[1] end },
    ['addcmul'] = { b, function() return long { 0 }:addcmul(b, one, one)[1] end },
    ['abs'] = { b, function() return x():abs()[3] end },
    ['clamp'] = { b + 1, function() return x():clamp(b + 1, b + 1)[3] end },
    ['cmax with a number'] = { b + 1, function() return x():cmax(b + 1)[1] end },
    ['bits'] = { b, function() return x():bitand(b)[1] end },
    ['shifts'] = { 2 * b, function() return x():lshift(1)[1] end },
    ['fill'] = { b, function() return long(2):fill(b)[2] end },
    ['element writes'] = { b, function() local t = long(2); t[2] = b; return t[2] end },
    ['range writes'] = { b, function() local t = long(2); t[{ {} }] = b; return t[2] end },
    ['masked writes'] = { b, function() local t = long { 1, 2 }; t[t:eq(2)] = b; return t[2] end },
    ['indexFill'] = { b, function() local t = long { 1, 2 }; t:indexFill(1, one, b); return t[1] end },
    ['scatter'] = { b, function() return long { 1, 2 }:scatter(1, one, b)[1] end },
    ['range'] = { b + 2, function() return long():range(b, b + 2)[3] end },
    ['range downwards'] = { b - 4, function() return long():range(b, b - 5, -2)[3] end },
    ['random'] = { b, function() return long(3):random(b, b)[1] end },
    ['sort'] = { -b, function() return (x():sort())[1] end },
    ['median'] = { b, function() return (x():median())[1] end },
    ['mode'] = { b, function() return (long { b, b, b + 1 }:mode())[1] end },
    ['topk'] = { b + 2, function() return (x():topk(1, true))[1] end },
    ['matrix products'] = { 3 * b, function() return torch.mm(long { { b } }, long { { 3 } })[1][1] end },
    ['addmm'] = { 2 * b, function() return long { { b } }:addmm(1, long { { b } }, long { { 1 } })[1][1] end },
    ['addmm with alpha'] = { b, function() return long { { 0 } }:addmm(b, long { { 1 } }, long { { 1 } })[1][1] end },
    ['addmv with beta'] = { b + 1, function() return torch.addmv(b, long { 1 }, long { { 1 } }, long { 1 })[1] end },
    ['trace'] = { b, function() return long { { b } }:trace() end },
    ['convolution'] = { b, function() return torch.conv2(long { { b } }, long { { 1 } })[1][1] end },
    ['where'] = { b, function() return torch.where(x():gt(0), b, x())[2] end },
    ['einsum'] = { b, function() return torch.einsum('i->', long { b }) end },
    ['index, gather, take'] = { b + 2, function() return x():index(1, long { 2 }):gather(1, one):take(one)[1] end },
    ['tables'] = { b, function() return x():totable()[1] end },
    ['files'] = { b, function() return torch.deserialize(torch.serialize(x()))[1] end },
    ['text files'] = { b, function() return torch.deserialize(torch.serialize(x(), 'ascii'), 'ascii')[1] end },
    ['storages'] = { b, function() local s = torch.LongStorage(2):fill(b); return s[2] end },
    ['apply'] = { b + 1, function() return x():apply(function(v) return v + 1 end)[1] end },
    ['unique'] = { -b, function() return x():unique()[1] end },
    ['torch.tensor'] = { b, function() return torch.tensor { { b } }[1][1] end },
    ['item'] = { b, function() return long { b }:item() end },
  }
  for name, row in pairs(rows) do
    it(name, function()
      local got = row[2]()
      assert(got == row[1], ('%s instead of %s'):format(tostring(got), tostring(row[1])))
    end)
  end

  it('comparisons', function()
    local t = x()
    assert.same({ 1, 0, 0 }, t:eq(b):totable())
    assert.same({ 0, 0, 0 }, t:eq(b - 1):totable())
    assert.same({ 0, 1, 0 }, t:gt(b):totable())
    assert.same({ 0, 0, 1 }, t:lt(b):totable())
    assert.is_false(long { b }:equal(long { b - 1 }))
    assert.same({ 0, 1, 1 }, t:ne(long { b, b, b }):totable())
  end)

  it('print', function()
    assert.equal(' 9007199254740993\n                1\n[torch.LongTensor of size 2]\n', tostring(long { b, 1 }))
    assert.equal(' 9007199254740993                 2\n               -3 -9007199254740993\n'
      .. '[torch.LongTensor of size 2x2]\n', tostring(long { { b, 2 }, { -3, -b } }))
    assert.is_truthy(tostring(long { { { b } } }):find '9007199254740993')
    -- as in Torch7 while doubles are exact
    assert.equal(' 1.0000e+12\n 5.0000e+00\n[torch.LongTensor of size 2]\n', tostring(long { 1e12, 5 }))
  end)
end)

it('apply and map meet any NaN', function()
  for _, row in ipairs { { 'Float', 'Int', -1 }, { 'Float', 'Int', 0x7fc00001 }, { 'Double', 'Long', -1LL }, { 'Half',
    'Short', -1 },
    { 'Double', 'Long', 0x7ff8000000000001LL }, { 'BFloat16', 'Short', -1 } } do
    for _, stride in ipairs { 1, 2 } do
      local t = torch[row[1] .. 'Tensor'](400, stride):fill(1)
      local ffi = require 'ffi'
      local bits = ffi.cast(({ Int = 'int32_t *', Long = 'int64_t *', Short = 'int16_t *' })[row[2]], t:data())
      for k = 0, 399, 3 do bits[k * stride] = row[3] end
      local x, nans = t:select(2, 1), 0
      x:apply(function(v)
        if v ~= v then nans = nans + 1 end
      end)
      assert.equal(134, nans)
      x:map(x, function(a, b) return a ~= a and b ~= b and 7 or a + b end)
      assert.equal(134 * 7 + 266 * 2, x:double():sum())
    end
  end
end)

describe('ten dimensions in', function()
  local sizes = { 2, 1, 3, 1, 2, 1, 2, 2, 1, 2 }
  local function deep(short) return torch.range(1, 96):view(unpack(sizes)):type('torch.' .. short .. 'Tensor') end
  -- the same elements, not packed
  local function turned(short) return deep(short):transpose(1, 10):clone():transpose(1, 10) end
  local function same_tensor(want, got) assert.is_true(want:isSameSizeAs(got) and want:equal(got)) end

  for _, short in ipairs { 'Byte', 'Long', 'Half', 'Float', 'Double' } do
    it('operations on ' .. short, function()
      local x, y = deep(short), turned(short)
      same_tensor(x, y)
      same_tensor(x + x, y * 2)
      same_tensor(x, y + y - x)
      assert.equal(0, y:ne(x):sum())
      assert.equal(96, y:max())
      local flat = torch.range(1, 96):type(x:type())
      for d = 1, 10 do
        local n = sizes[d]
        -- the same reduction with the other dimensions merged around this one
        local before, after = 1, 1
        for k = 1, d - 1 do before = before * sizes[k] end
        for k = d + 1, 10 do after = after * sizes[k] end
        local three = flat:view(before, n, after)
        for _, name in ipairs { 'sum', 'prod', 'cumsum', 'max', 'sort', 'median', 'mode', 'kthvalue' } do
          local want, want_index, got, got_index
          if name == 'kthvalue' then
            want, want_index = three:kthvalue(1, 2)
            got, got_index = y:kthvalue(1, d)
          else
            want, want_index = three[name](three, 2)
            got, got_index = y[name](y, d)
          end
          assert.is_true(want:view(-1):equal(got:contiguous():view(-1)), name .. d)
          if want_index then assert.is_true(want_index:view(-1):equal(got_index:contiguous():view(-1)), name .. d) end
        end
        local picks = torch.LongTensor { n, 1 }
        assert.is_true(three:index(2, picks):view(-1):equal(y:index(d, picks):view(-1)))
        same_tensor(x:narrow(d, n, 1):clone(), y:narrow(d, n, 1))
        same_tensor(x:select(d, n):clone(), y:select(d, n))
        same_tensor(torch.cat({ x, x }, d), torch.cat({ y, y }, d))
        same_tensor(y:flip(d), x:flip(d))
        same_tensor(y:roll(1, d), x:roll(1, d))
        assert.equal(2 * n, torch.cat({ x, y }, d):size(d))
        assert.equal(11, torch.stack({ x, y }, d):dim())
        assert.equal(11, y:unfold(d, 1, 1):dim())
      end
      local order = torch.randperm(10):totable()
      same_tensor(x:permute(unpack(order)):clone(), y:permute(unpack(order)))
      same_tensor(x, torch.deserialize(torch.serialize(y)))
      assert.same(x:totable(), y:totable())
      assert.equal(tostring(x), tostring(y))
      assert.equal(96, y:nonzero():size(1))
      assert.equal(10, y:nonzero():size(2))
      assert.equal(48, y:maskedSelect(x:gt(48)):nElement())
      local big = y:repeatTensor(1, 2, 1, 2, 1, 2, 1, 1, 2, 1)
      assert.same({ 2, 2, 3, 2, 2, 2, 2, 2, 2, 2 }, big:size():totable())
      assert.equal(96 * 16, big:nElement())
      same_tensor(x, big:narrow(2, 2, 1):narrow(4, 2, 1):narrow(6, 1, 1):narrow(9, 2, 1))
      same_tensor(y:expand(2, 5, 3, 1, 2, 1, 2, 2, 4, 2):clone(), x:expand(2, 5, 3, 1, 2, 1, 2, 2, 4, 2))
      local two = x:repeatTensor(2, 2, 2, 2, 2, 2, 2, 2, 2, 2)
      assert.equal(96 * 1024, two:nElement())
      same_tensor(x, two:sub(3, 4, 2, 2, 4, 6, 2, 2):narrow(5, 3, 2):narrow(6, 2, 1):narrow(7, 1, 2):narrow(8, 3, 2)
        :narrow(9, 1, 1):narrow(10, 3, 2))
      y[{ 2, 1, 3, 1, 2, 1, 2, 2, 1, 2 }] = 7
      assert.equal(7, y[torch.LongStorage { 2, 1, 3, 1, 2, 1, 2, 2, 1, 2 }])
      assert.equal(7, y[2][1][3][1][2][1][2][2][1][2])
      y:apply(function(v) return v + 1 end)
      y:map(x, function(a, b) return a - b end)
      assert.equal(1, y[{ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }])
    end)
  end

  it('sizes that 64 bits do not hold are refused', function()
    for text, f in pairs {
      ['torch.DoubleTensor: '] = function() return torch.Tensor(3, 1e19, 2) end,
      ['torch.zeros: size 2 is no number below 2^63'] = function() return torch.zeros(2, 1e300) end,
      ['torch.resize: size 1 is no number below 2^63'] = function() return torch.Tensor(2):resize(0 / 0) end,
    } do
      local ok, why = pcall(f)
      assert.is_false(ok)
      assert.truthy(why:find(text, 1, true), why)
    end
    assert.are.same({ 3 }, torch.Tensor(3, -1, 2):size():totable()) -- as in Torch7
  end)

  it('the text of very many elements is refused', function()
    local ok, why = pcall(tostring, torch.ones(1):expand(2 ^ 40))
    assert.is_false(ok)
    assert.are.equal('tostring: the text of a torch.DoubleTensor of 1099511627776 elements would be too long: '
      .. 'take a part of it', why)
  end)

  it('statistics, gather, einsum and broadcasting', function()
    local x, y = deep 'Double', turned 'Double'
    for d = 1, 10 do
      assert(support.near(x:mean(d), y:mean(d), 1e-12))
      assert(support.near(x:norm(2, d), y:norm(2, d), 1e-12))
      local index = torch.LongTensor(unpack(sizes)):random(1, sizes[d])
      same_tensor(x:gather(d, index), y:gather(d, index))
      same_tensor(x:clone():scatter(d, index, 0), y:clone():scatter(d, index, 0))
      local row = torch.ones(unpack(sizes)):narrow(d, 1, 1)
      same_tensor(x + 1, y + row:expandAs(y))
    end
    same_tensor(x:permute(10, 9, 8, 7, 6, 5, 4, 3, 2, 1):clone(), torch.einsum('abcdefghij->jihgfedcba', y))
    assert(support.near(torch.einsum('abcdefghij,abcdefghij->', x, y), torch.cmul(x, y):sum(), 1e-12))
  end)

  support.refuses(it, {
    { 'thirteen', function() torch.ones(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) end, 'at most 12' },
  })
end)

-- Bytes of memory that the system could still give; nil where it does not say.
local function available()
  local f = io.open '/proc/meminfo'
  local text = f and f:read '*a' or ''
  if f then f:close() end
  local kb = text:match 'MemAvailable:%s+(%d+)'
  return kb and tonumber(kb) * 1024
end

describe('more than 2^31 elements', function()
  it('in a ByteTensor', function()
    local n = 2 ^ 31 + 16
    local free = available()
    if os.getenv 'RK_TEST_LARGE' ~= '1' then
      return pending 'takes 5 GB and half a minute: RK_TEST_LARGE=1 runs it'
    end
    if not free or free < 7e9 then return pending('needs 7 GB of memory, there are ' .. (free or 0) / 1e9) end
    local x = torch.ByteTensor(n):fill(1)
    assert.equal(n, x:nElement())
    assert.equal(n, x:sum())
    x[n] = 9
    x[-2] = 8
    assert.same({ 8, 9 }, x:narrow(1, n - 1, 2):totable())
    assert.equal(9, x:max())
    local _, at = x:max(1)
    assert.equal(n, at[1])
    assert.same({ 8, 9 }, x[{ { -2, -1 } }]:totable())
    assert.same({ 9, 1, 8 }, x:index(1, torch.LongTensor { n, 1, n - 1 }):totable())
    assert.same({ 9 }, x:gather(1, torch.LongTensor { n }):totable())
    assert.equal(n - 2, x:select(1, n) == 9 and x:eq(1):sum())
    local m = x:view(2, n / 2)
    assert.same({ n / 2, n / 2 + 15 }, m:sum(2):long():size(1) == 2 and { m[1]:sum(), m[2]:sum() })
    assert.equal(9, m:t()[n / 2][2])
    x:narrow(1, n - 15, 16):copy(torch.range(1, 16))
    assert.equal(16, x[n])
    local y = torch.ByteTensor(n):copy(x)
    assert.is_true(x:equal(y))
    y:add(x)
    assert.same({ 2, 32 }, { y[1], y[n] })
  end)
end)
