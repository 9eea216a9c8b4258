--- Reductions, products, order and picking, against plain Lua loops in every type and layout.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

-- Fold f over the rows (dim 2) or columns (dim 1) of a matrix: a table of numbers.
local function fold(a, dim, f)
  local out = {}
  for k = 1, a:size(3 - dim) do
    local line = a:select(3 - dim, k)
    out[k] = f(line:totable())
  end
  return torch.DoubleTensor(out):view(dim == 1 and 1 or -1, dim == 1 and #out or 1)
end

local function sum(v)
  local s = 0
  for i = 1, #v do s = s + v[i] end
  return s
end
local function mean(v) return sum(v) / #v end
local function var(v)
  local m, s = mean(v), 0
  for i = 1, #v do s = s + (v[i] - m) ^ 2 end
  return s / (#v - 1)
end
local reductions = {
  sum = sum, max = function(v) return math.max(unpack(v)) end, min = function(v) return math.min(unpack(v)) end,
}
local real = { mean = mean, var = var, std = function(v) return math.sqrt(var(v)) end }

describe('reductions', function()
  torch.manualSeed(3)
  for _, short in ipairs(support.types) do
    local a = support.numbers(short, 4, 6)
    local tolerance = support.tolerance[short] or 0
    local flat = a:double():view(-1):totable()

    it('of ' .. short, function()
      for name, f in pairs(reductions) do
        for _, layout in pairs(support.layouts) do
          local x = layout(a)
          assert.equal(f(flat), x[name](x))
          assert.equal(f(flat), torch[name](x))
          for dim = 1, 2 do
            local want = fold(a:double(), dim, f)
            assert.is_true(support.near(torch[name](x, dim), want, tolerance))
            assert.is_true(support.near(x[name](x, dim), want, tolerance))
            assert.is_true(support.near((torch[name](a.new(), x, dim)), want, tolerance))
          end
        end
      end
    end)

    it('finds ' .. short .. ' positions', function()
      local values, index = a:max(2)
      assert.equal('torch.LongTensor', index:type())
      assert.same(values:totable(), a:gather(2, index):totable())
      local res, at = a.new(), torch.LongTensor()
      local r1, r2 = torch.min(res, at, a, 1)
      assert.is_true(r1 == res and r2 == at)
      assert.same(res:totable(), a:gather(1, at):totable())
      local sorted, order = torch.sort(a, 2, true)
      assert.same(sorted:totable(), a:gather(2, order):totable())
      for i = 1, 4 do
        for j = 2, 6 do assert.is_true(sorted[i][j] <= sorted[i][j - 1]) end
      end
      assert.same(a:sort(1)[2]:totable(), a:kthvalue(2, 1)[1]:totable())
      assert.same(a:sort(2):narrow(2, 3, 1):totable(), (a:median(2)):totable())
      assert.same(a:cumsum(1)[4]:totable(), a:sum(1)[1]:totable())
      local picked = a:index(2, torch.LongTensor { 6, 1, 6 })
      assert.same(a:select(2, 6):totable(), picked:select(2, 3):totable())
      assert.same({ 4, 3 }, picked:size():totable())
      local copy = a:clone():zero()
      copy:scatter(2, order, sorted)
      assert.is_true(copy:equal(a))
      copy:zero():indexCopy(1, torch.LongTensor { 2, 1, 4, 3 }, a)
      assert.same(a[1]:totable(), copy[2]:totable())
    end)

    it('multiplies ' .. short, function()
      local b = support.numbers(short, 6, 3)
      local want = torch.DoubleTensor(4, 3):zero()
      for i = 1, 4 do
        for j = 1, 3 do
          for k = 1, 6 do want[i][j] = want[i][j] + a[i][k] * b[k][j] end
        end
      end
      local function check(got, expected)
        local wrapped = expected:type(a:type())
        assert.is_true(support.near(got, wrapped, tolerance))
      end
      for _, left in pairs(support.layouts) do
        for _, right in pairs(support.layouts) do check(torch.mm(left(a), right(b)), want) end
        check(left(a) * b, want)
        check(torch.mv(left(a), b:select(2, 1)), want:select(2, 1))
      end
      local m = support.numbers(short, 4, 3)
      local md = m:double()
      check(m:clone():addmm(a, b), md + want)
      check(m:clone():addmm(2, a, b), md + want * 2)
      check(m:clone():addmm(3, 2, a, b), md * 3 + want * 2)
      check(torch.addmm(m, a, b), md + want)
      check(torch.addmm(3, m, a, b), md * 3 + want)
      check(torch.addmm(m, 2, a, b), md + want * 2)
      check(torch.addmm(3, m, 2, a, b), md * 3 + want * 2)
      check(torch.addmm(a.new(), 3, m, 2, a, b), md * 3 + want * 2)
      check(torch.addmm(a.new(), 3, m, a, b), md * 3 + want)
      check(a.new():addmm(m, 2, a, b), md + want * 2)
      check(a.new(4, 3):mm(a, b), want)
      check(torch.bmm(a:view(1, 4, 6), b:view(1, 6, 3))[1], want)
      check(torch.ger(a[1], b[1]), torch.mm(a[1]:double():view(6, 1), b[1]:double():view(1, 3)))
    end)
  end

  for _, short in ipairs(support.floats) do
    it('of ' .. short .. ' only', function()
      local a = support.numbers(short, 4, 6)
      for name, f in pairs(real) do
        assert.is_true(support.near(a[name](a), f(a:double():view(-1):totable()), support.tolerance[short]))
        for dim = 1, 2 do
          local want = fold(a:double(), dim, f)
          assert.is_true(support.near(torch[name](a, dim), want, support.tolerance[short]))
          assert.is_true(support.near(torch[name](a.new(), a:t():clone():t(), dim), want, support.tolerance[short]))
        end
      end
      assert.is_true(support.near(a:norm(), math.sqrt(sum(torch.pow(a:double(), 2):view(-1):totable())), 1e-3))
      assert.is_true(support.near(a:norm(1, 2), fold(a:double(), 2, sum), support.tolerance[short]))
    end)
  end

  it('know the empty tensor, NaN and single samples', function()
    assert.equal(0, torch.Tensor():sum())
    assert.equal(1, torch.Tensor():prod())
    local t = torch.Tensor { 1, 0 / 0, 3 }
    assert.is_true(t:max() ~= t:max()) -- luacheck: ignore 581
    assert.equal(2, select(2, t:max(1))[1])
    assert.is_true(torch.Tensor { 1 }:std() ~= torch.Tensor { 1 }:std())
    assert.equal(0, torch.Tensor { 1 }:std(true))
    assert.equal(255 * 4, torch.ByteTensor(4):fill(255):sum())
    assert.equal(252, torch.ByteTensor(4):fill(255):sum(1)[1])
    assert.is_true(torch.ByteTensor { 1, 2 }:all())
    assert.is_false(torch.ByteTensor { 0, 0 }:any())
  end)

  local m, v, i = torch.ones(2, 3), torch.ones(3), torch.IntTensor(3):fill(1)
  support.refuses(it, {
    { 'sum over dimension 3 of 2', function() m:sum(3) end, 'dimension 3 out of range for DoubleTensor %[2x3%]' },
    { 'sum over dimension 0', function() m:sum(0) end, 'dimension 0' },
    { 'sum over a string', function() m:sum('x') end, 'a number' },
    { 'max of nothing', function() torch.Tensor():max() end, 'without elements' },
    { 'mean of integers', function() torch.mean(i) end, 'not defined for IntTensor: convert' },
    { 'all of floats', function() torch.all(v) end, 'ByteTensor' },
    { 'equal of two types', function() v:equal(i) end, 'DoubleTensor' },
    { 'a result of another type', function() torch.sum(torch.FloatTensor(), m, 1) end, 'FloatTensor' },
    { 'indices that are no LongTensor', function() torch.max(v.new(), i, m, 1) end, 'LongTensor' },
    { 'dist of other sizes', function() v:dist(torch.ones(2)) end, 'dist' },
    { 'norm over no dimension', function() torch.norm(v.new(), v, 2) end, 'dimension' },
    { 'matrices that do not fit', function() return m * m end, 'sizes do not fit: DoubleTensor %[2x3%]' },
    { 'matrix times cube', function() return m * torch.ones(2, 2, 2) end, 'products exist for' },
    { 'mm of a vector', function() torch.mm(m, v) end, 'argument 2: expected a tensor of 2 dimensions' },
    { 'mm of two types', function() torch.mm(m, torch.FloatTensor(3, 2)) end, 'DoubleTensor' },
    { 'mm into a wrong size', function() torch.ones(3, 3):mm(m, m:t()) end, '%[2x2%], got DoubleTensor %[3x3%]' },
    { 'addmm to a wrong size', function() torch.addmm(torch.ones(3, 3), m, m:t()) end, 'to add to' },
    { 'mm of one', function() torch.mm(m) end, 'argument 2' },
    { 'dot of other counts', function() v:dot(torch.ones(2)) end, 'dot' },
    { 'ger of a matrix', function() torch.ger(m, v) end, 'argument 1' },
    { 'an index out of range', function() v:index(1, torch.LongTensor { 4 }) end, 'out of range' },
    { 'indices of another type', function() v:index(1, i) end, 'LongTensor of indices' },
    { 'a source that does not fit', function() m:indexCopy(1, torch.LongTensor { 1, 2 }, torch.ones(1, 3)) end,
      'index' },
    { 'gather along dimension 3', function() m:gather(3, torch.LongTensor(2, 3):fill(1)) end, 'dimension 3' },
    { 'scatter of index 0', function() v:clone():scatter(1, torch.LongTensor { 0 }, 1) end, 'out of range' },
    { 'the fifth of three', function() v:kthvalue(5) end, '5 is out of range' },
    { 'sort along dimension 2 of 1', function() v:sort(2) end, 'dimension 2' },
  })
end)

describe('norms of other powers', function()
  it('are sums of powers in double, of every length, layout and type', function()
    torch.manualSeed(8)
    for _, class in ipairs { torch.FloatTensor, torch.DoubleTensor } do
      for _, n in ipairs { 1, 63, 64, 1000, 33000 } do
        local x = class(n, 2):normal()
        for _, v in ipairs { x, x:select(2, 2), x:t() } do
          for _, p in ipairs { 3, 2.5, 0.5, 7 } do
            local wanted = 0
            for _, y in ipairs(v:contiguous():view(-1):totable()) do
              wanted = wanted + math.abs(y) ^ p
            end
            wanted = wanted ^ (1 / p)
            local got, along = v:norm(p), v:contiguous():view(-1):norm(p, 1)[1]
            assert(math.abs(got - wanted) <= 2e-9 * wanted, ('%d, power %g: %.17g, %.17g'):format(n, p, got, wanted))
            assert(math.abs(along - wanted) <= 1e-6 * wanted)
          end
        end
      end
      assert.equal(0, class(100):zero():norm(3))
      assert.equal(0, class(100):zero():norm(2.5))
      assert.equal(math.huge, class(100):fill(-math.huge):norm(3))
      assert.equal(math.huge, class(100):fill(math.huge):norm(1.5))
      local x = class(100):fill(1)
      x[70] = 0 / 0
      assert(x:norm(3) ~= x:norm(3) and x:norm(1.5) ~= x:norm(1.5))
    end
    local large = torch.FloatTensor(100):fill(1e30)
    assert(math.abs(large:norm(3.5) / (1e30 * 100 ^ (1 / 3.5)) - 1) < 1e-6)
  end)
end)
