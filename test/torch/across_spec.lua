--- Operands that run across the result, large enough to be turned strip by strip, and extremes of many elements with
-- NaNs in any place.
require 'torch'

local classes = { torch.FloatTensor, torch.DoubleTensor, torch.IntTensor, torch.LongTensor, torch.ByteTensor,
  torch.HalfTensor }

local function random(class, ...)
  return torch.DoubleTensor(...):random(1, 100):type(torch.typename(class()))
end

local function same(a, b)
  assert(a:eq(b):all(), 'differ')
end

describe('large operands that run across the result', function()
  it('count as their copies do, of every type, in every place', function()
    torch.manualSeed(3)
    for _, sizes in ipairs { { 300, 500 }, { 257, 263 }, { 16, 4200 }, { 4200, 64 }, { 1000, 65 } } do
      local m, n = unpack(sizes)
      for _, class in ipairs(classes) do
        local a, b, c = random(class, m, n), random(class, n, m):t(), random(class, n, m):t()
        local plain = b:contiguous()
        same(torch.add(a, plain), torch.add(a, b))
        same(torch.add(plain, a), torch.add(plain, a))
        same(torch.cmul(plain, c:contiguous()), torch.cmul(b, c))
        same(torch.lt(a, plain), torch.lt(a, b))
        same(torch.addcmul(a, 2, plain, c:contiguous()), torch.addcmul(a, 2, b, c))
        local mine, theirs = a:clone(), a:clone()
        same(mine:add(plain), theirs:add(b))
        same(torch.add(a, plain), torch.add(torch.add(a, 0), b))
      end
    end
  end)

  it('in results larger than the caches, which are written past them, wherever their rows begin', function()
    torch.manualSeed(5)
    for _, class in ipairs { torch.FloatTensor, torch.DoubleTensor } do
      local m, n = 2051, class == torch.DoubleTensor and 1033 or 2063
      local a, b, c = random(class, m, n), random(class, n, m):t(), random(class, n, m):t()
      local row, column = random(class, 1, n):expand(m, n), random(class, m, 1):expand(m, n)
      local function packed(f) -- what f gives without transposed and repeated operands, and what lies around it stays
        local plain = f(nil, a, b:contiguous(), c:contiguous(), row:contiguous(), column:contiguous())
        same(plain, f(nil, a, b, c, row, column))
        local whole = class(m + 2, n + 3):fill(7)
        local window = whole:narrow(1, 2, m):narrow(2, 3, n)
        f(window, a, b, c, row, column)
        same(plain, window)
        window:fill(7)
        assert(whole:eq(7):all())
      end
      packed(function(o, x, y) return torch.add(o or class(), x, y) end)
      packed(function(o, _, y, z) return torch.cmul(o or class(), y, z) end)
      packed(function(o, x, _, _, r) return torch.add(o or class(), x, r) end)
      packed(function(o, x, _, _, _, k) return torch.cmul(o or class(), k, x) end)
      packed(function(o, _, _, z, r, k) return torch.addcmul(o or class(), z, 3, k, r) end)
    end
  end)

  it('with more dimensions, offsets and repeated ones', function()
    torch.manualSeed(4)
    local x = random(torch.FloatTensor, 5, 70, 6, 90)
    for _, order in ipairs { { 1, 4, 3, 2 }, { 4, 2, 3, 1 }, { 2, 3, 4, 1 }, { 3, 4, 1, 2 } } do
      local y = x:permute(unpack(order))
      local o = random(torch.FloatTensor, y:size())
      same(torch.cmul(o, y:contiguous()), torch.cmul(o, y))
      local part, other = y:narrow(2, 2, y:size(2) - 2), o:narrow(2, 1, y:size(2) - 2)
      same(torch.add(other:contiguous(), part:contiguous()), torch.add(other, part))
    end
    local row = random(torch.FloatTensor, 300, 1)
    local wide, matrix = row:expand(300, 400), random(torch.FloatTensor, 400, 300):t()
    same(torch.add(wide:contiguous(), matrix:contiguous()), torch.add(wide, matrix))
    local square = random(torch.FloatTensor, 300, 300)
    same(square + square:t():contiguous(), torch.add(square, square:t()))
    local sum = square + square:t():contiguous()
    same(sum, square:add(square:t())) -- over itself: computed aside
  end)

  it('give the same bits on one thread', function()
    local a, b = torch.FloatTensor(400, 700):uniform(), torch.FloatTensor(700, 400):uniform():t()
    local threads = torch.getnumthreads()
    local two = torch.cdiv(a, b)
    torch.setnumthreads(1)
    local one = torch.cdiv(a, b)
    torch.setnumthreads(threads)
    same(one, two)
  end)
end)

describe('extremes of many elements', function()
  it('are found in any place, among NaNs', function()
    torch.manualSeed(5)
    for _, class in ipairs { torch.FloatTensor, torch.DoubleTensor } do
      for _, n in ipairs { 1, 15, 31, 32, 33, 64, 1000, 1055, 40000, 70001 } do
        local x = class(n):uniform(-1, 1)
        for _ = 1, 4 do
          local at = torch.random(n)
          local before = x[at]
          x[at] = 7
          assert.equal(7, x:max())
          assert.equal(7, x:norm(math.huge))
          x[at] = -9
          assert.equal(-9, x:min())
          assert.equal(9, x:norm(math.huge))
          x[at] = 0 / 0
          assert(x:max() ~= x:max() and x:min() ~= x:min() and x:norm(math.huge) ~= x:norm(math.huge))
          x[at] = before
        end
      end
    end
  end)

  it('and any and all, of every type', function()
    torch.manualSeed(6)
    for _, class in ipairs(classes) do
      for _, n in ipairs { 1, 31, 32, 100, 1030, 50000 } do
        local x, at = class(n):zero(), torch.random(n)
        assert(not x:any())
        x[at] = 1
        assert(x:any())
        x:fill(1)
        assert(x:all())
        x[at] = 0
        assert(not x:all())
      end
    end
    for _, class in ipairs { torch.IntTensor, torch.LongTensor, torch.ShortTensor } do
      local x = class(5000):random(-100, 100)
      x[4321], x[77] = 101, -102
      assert.equal(101, x:max())
      assert.equal(-102, x:min())
    end
  end)
end)
