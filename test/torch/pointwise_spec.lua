--- Element-wise operations: every row of the library's op table, in every argument form, type and layout, against
-- plain Lua arithmetic.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')
local ffi = require 'ffi'
local C = require 'torch.ffi'

local function trunc(x) return x < 0 and math.ceil(x) or math.floor(x) end

-- name -> function of numbers, for whole numbers 1..9
local unary = {
  neg = function(x) return -x end, abs = math.abs,
  sign = function(x) return x > 0 and 1 or x < 0 and -1 or 0 end,
  square = function(x) return x * x end, sqrt = math.sqrt, rsqrt = function(x) return 1 / math.sqrt(x) end,
  cinv = function(x) return 1 / x end, exp = math.exp, log = function(x) return math.log(x) end,
  log1p = function(x) return math.log(1 + x) end,
  sin = math.sin, cos = math.cos, tan = math.tan, atan = math.atan, tanh = math.tanh, sinh = math.sinh,
  cosh = math.cosh, floor = math.floor, ceil = math.ceil, round = function(x) return math.floor(x + 0.5) end,
  trunc = trunc, frac = function(x) return x - trunc(x) end, sigmoid = function(x) return 1 / (1 + math.exp(-x)) end,
  relu = function(x) return math.max(x, 0) end,
}
local binary = {
  cmul = function(x, y) return x * y end, cmax = function(x, y) return math.max(x, y) end,
  cmin = function(x, y) return math.min(x, y) end,
  cfmod = function(x, y) return math.fmod(x, y) end, cmod = function(x, y) return math.fmod(x, y) end,
  cremainder = function(x, y) return x % y end, atan2 = function(x, y) return math.atan2(x, y) end,
  cdiv = function(x, y, whole) return whole and trunc(x / y) or x / y end,
}
local with_number = {
  mul = function(x, a) return x * a end, fmod = math.fmod, mod = math.fmod, remainder = function(x, a) return x % a end,
  div = function(x, a, whole) return whole and trunc(x / a) or x / a end,
}
local comparisons = {
  lt = function(x, y) return x < y end, le = function(x, y) return x <= y end, gt = function(x, y) return x > y end,
  ge = function(x, y) return x >= y end, eq = function(x, y) return x == y end, ne = function(x, y) return x ~= y end,
}

local function map(f, a, b, c)
  local out = torch.DoubleTensor(a:size())
  for i = 1, a:size(1) do
    for j = 1, a:size(2) do out[i][j] = f(a[i][j], b and b[i][j], c) end
  end
  return out
end

local function check(got, want, short)
  assert.equal('torch.' .. short .. 'Tensor', got:type())
  -- integers wrap: bring what is expected into the type as well
  local ok, why = support.near(got, want:type(got:type()), support.tolerance[short] or 0)
  assert.is_true(ok, why)
end

describe('element-wise operations', function()
  torch.manualSeed(11)
  for _, short in ipairs(support.types) do
    local dt = require 'torch.types'.of_class[short]
    local whole = C.rk_dtype_is_float(dt) == 0
    local op = require 'torch.pointwise'.op
    local a, b = support.numbers(short, 3, 4), support.numbers(short, 3, 4)
    local fresh = torch[short .. 'Tensor']

    it('of one ' .. short .. ' tensor', function()
      for name, f in pairs(unary) do
        if C.rk_op_defined(op[name], dt) ~= 0 then
          local want = map(f, a)
          for _, layout in pairs(support.layouts) do
            local x = layout(a)
            check(torch[name](x), want, short)
            check(torch[name](fresh(), x), want, short)
            check(fresh():resizeAs(x)[name](layout(fresh(3, 4)), x), want, short)
            assert.is_true(x:equal(a))
            assert.is_true(x == x[name](x)) -- luacheck: ignore 581
            check(x, want, short)
          end
        end
      end
    end)

    it('of two ' .. short .. ' tensors', function()
      for name, f in pairs(binary) do
        if name == 'cmod' or C.rk_op_defined(op[name], dt) ~= 0 then
          local want = map(f, a, b, whole)
          for _, layout in pairs(support.layouts) do
            check(torch[name](layout(a), b), want, short)
            check(torch[name](fresh(), a, layout(b)), want, short)
            check(layout(a)[name](layout(a), layout(b)), want, short)
            check(layout(fresh(3, 4))[name](layout(fresh(3, 4)), a, b), want, short)
          end
        end
      end
    end)

    it('of a ' .. short .. ' tensor and a number', function()
      for name, f in pairs(with_number) do
        local want = map(function(x) return f(x, 3, whole) end, a)
        for _, layout in pairs(support.layouts) do
          check(torch[name](layout(a), 3), want, short)
          check(torch[name](fresh(), a, 3), want, short)
          check(layout(a)[name](layout(a), 3), want, short)
          check(layout(fresh(3, 4))[name](fresh(3, 4), a, 3), want, short)
        end
      end
      check(torch.clamp(a, 3, 5), map(function(x) return math.min(math.max(x, 3), 5) end, a), short)
      check(torch.cmax(a, 4), map(function(x) return math.max(x, 4) end, a), short)
      check(a:clone():cmin(4), map(function(x) return math.min(x, 4) end, a), short)
    end)

    it('sums of ' .. short .. ' in every form', function()
      local function plus(k) return map(function(x, y) return x + k * y end, a, b) end
      check(torch.add(a, 2), map(function(x) return x + 2 end, a), short)
      check(torch.add(a, b), plus(1), short)
      check(torch.add(a, 3, b), plus(3), short)
      check(torch.add(fresh(), a, 2), map(function(x) return x + 2 end, a), short)
      check(torch.add(fresh(), a, b), plus(1), short)
      check(torch.add(fresh(), a, 3, b), plus(3), short)
      check(a:clone():add(2), map(function(x) return x + 2 end, a), short)
      check(a:clone():add(b), plus(1), short)
      check(a:clone():add(3, b), plus(3), short)
      check(fresh():add(a, 3, b), plus(3), short)
      check(fresh():add(a, b), plus(1), short)
      check(torch.csub(a, -3, b), plus(3), short)
      check(a:clone():csub(-1), map(function(x) return x + 1 end, a), short)
      check(a + b, plus(1), short)
      check(a - b, plus(-1), short)
      check(2 + a, map(function(x) return x + 2 end, a), short)
      check(20 - a, map(function(x) return 20 - x end, a), short)
      check(a * 3, map(function(x) return 3 * x end, a), short)
      check(a % 3, map(function(x) return x % 3 end, a), short)
      check(-a, map(function(x) return -x end, a), short)
      local product = map(function(x, y) return x + 2 * y * y end, a, b)
      check(torch.addcmul(a, 2, b, b), product, short)
      check(a:clone():addcmul(2, b, b), product, short)
      check(fresh():addcmul(a, 2, b, b), product, short)
      check(torch.addcmul(fresh(), a, 2, b, b), product, short)
      check(a:clone():addcdiv(b, b), map(function(x) return x + 1 end, a), short)
    end)

    it('comparisons of ' .. short, function()
      for name, f in pairs(comparisons) do
        local want = map(function(x, y) return f(x, y) and 1 or 0 end, a, b)
        local number = map(function(x) return f(x, 5) and 1 or 0 end, a)
        check(torch[name](a, b), want, 'Byte')
        check(a[name](a, 5), number, 'Byte')
        check(a[name](torch.ByteTensor(), a, b), want, 'Byte')
        check(fresh(3, 4)[name](fresh(3, 4), a, 5), number, short)
      end
    end)
  end

  it('of numbers', function()
    assert.equal(3, torch.abs(-3))
    assert.equal(1024, torch.pow(2, 10))
    assert.equal(1.5, torch.lerp(1, 3, 0.25))
    assert.is_true(math.abs(torch.exp(1) - math.exp(1)) < 1e-15)
    assert.equal(math.atan2(1, -1), torch.atan2(1, -1))
  end)

  it('have a sentence of documentation each', function()
    for op = 0, C.RK_NOPS - 1 do assert.is_true(#ffi.string(C.rk_op_doc(op)) > 1) end
  end)

  it('call functions on elements', function()
    for _, layout in pairs(support.layouts) do
      local t = layout(torch.FloatTensor { { 1, 2 }, { 3, 4 } })
      local seen = {}
      t:apply(function(x) seen[#seen + 1] = x end)
      assert.same({ 1, 2, 3, 4 }, seen)
      assert.same({ { 2, 4 }, { 6, 8 } }, t:apply(function(x) return 2 * x end):totable())
      assert.same({ { 3, 6 }, { 9, 12 } }, t:map(layout(torch.FloatTensor { { 1, 2 }, { 3, 4 } }),
        function(x, y) return x + y end):totable())
    end
    local l = torch.LongTensor { 1, 2 }:apply(function(x) return x + 9007199254740992LL end)
    assert.is_true(l[1] == 9007199254740993LL)
    assert.same({ 0.5, 1 }, torch.HalfTensor { 1, 2 }:apply(function(x) return x / 2 end):totable())
  end)

  local v, i = torch.ones(3), torch.IntTensor(3):fill(1)
  support.refuses(it, {
    { 'cmul of other sizes', function() v:cmul(torch.ones(4)) end,
      'torch.cmul: argument 2: expected DoubleTensor of 3 elements %[3%], got DoubleTensor %[4%]' },
    { 'cmul of other types', function() v:cmul(i) end, 'DoubleTensor of 3.*IntTensor %[3%]' },
    { 'add of nothing', function() v:add() end, 'add' },
    { 'add of a table', function() v:add({}) end, 'add: argument' },
    { 'add of a storage', function() v:add(v:storage()) end, 'DoubleStorage of 3' },
    { 'a function of integers', function() torch.sqrt(i) end, 'sqrt.*IntTensor' },
    { 'a method that integers lack', function() i:exp() end, 'IntTensor has no method exp' },
    { 'clamp with one bound', function() torch.clamp(v, 1) end, 'clamp: argument 3' },
    { 'pow of a tensor to a tensor', function() torch.pow(v, v) end, 'cpow' },
    { 'division of integers by 0', function() i:div(0) end, 'div' },
    { 'remainder of integers by 0', function() i:remainder(0) end, 'remainder' },
    { 'elements of integers divided by 0', function() i:cdiv(torch.IntTensor(3):zero()) end, 'cdiv' },
    { 'bits of floats', function() v:bitand(1) end, 'bitand' },
    { 'a tensor plus a string', function() return v + 'x' end, "string \"x\"" },
    { 'types added', function() return v + i end, 'IntTensor' },
    { 'a number over a tensor', function() return 1 / v end, 'cinv' },
    { 'a tensor over a tensor', function() return v / v end, 'cdiv' },
    { 'a tensor to a power', function() return v ^ 2 end, 'torch.pow' },
    { 'tensors in order', function() return v < v end, 'no order' }, -- luacheck: ignore 581
    { 'tensors joined', function() return v .. 'x' end, 'torch.cat' },
    { 'a tensor called', function() v() end, 'cannot be called' },
    { 'a result of another type', function() torch.exp(torch.FloatTensor(), v) end, 'FloatTensor' },
    { 'apply of a number', function() v:apply(5) end, 'a function' },
    { 'a function that returns a string', function() v:apply(function() return 'x' end) end, 'returned a string' },
    { 'map of other sizes', function() v:map(torch.ones(2), print) end, '3 elements' },
    { 'comparison with a string', function() return v:lt('x') end, 'tensor or a number' },
  })
end)

describe('a result that repeats elements', function()
  -- one element after another in row-major order
  local function step(r, f, ...)
    local others = { ... }
    local data, at = torch.data(r:storage()), {}
    local function visit(d)
      if d > r:dim() then
        local offset = r:storageOffset() - 1
        for k = 1, r:dim() do offset = offset + (at[k] - 1) * r:stride(k) end
        local values = {}
        for i, t in ipairs(others) do values[i] = t[at] end
        data[offset] = f(data[offset], unpack(values))
        return
      end
      for i = 1, r:size(d) do
        at[d] = i
        visit(d + 1)
      end
    end
    visit(1)
  end

  it('takes its updates one after another, as in Torch7', function()
    math.randomseed(5)
    for trial = 1, 60 do
      local base = torch.range(1, 60)
      local sizes, steps = {}, {}
      for d = 1, math.random(1, 4) do
        sizes[d], steps[d] = math.random(1, 3), ({ 0, 0, 1, 2, 3, 7 })[math.random(6)]
      end
      local function view(x) return x.new(x:storage(), 2, torch.LongStorage(sizes), torch.LongStorage(steps)) end
      local got, want = base:clone(), base:clone()
      local other = torch.rand(unpack(sizes))
      view(got):add(0.5):cmul(other)
      step(view(want), function(v) return v + 0.5 end)
      step(view(want), function(v, o) return v * o end, other)
      assert.are.same(want:totable(), got:totable(), 'trial ' .. trial)
      local flags = torch.ByteTensor(60):zero()
      view(flags):gt(other, 0.5)
      view(got):cmax(other, 0.5)
    end
    local sum = torch.FloatTensor { 1, 2 }:view(2, 1)
    sum:expand(2, 3):add(1)
    assert.are.same({ { 4 }, { 5 } }, sum:totable())
    local row = torch.IntTensor { 1, 2 }:view(1, 2)
    row:expand(3, 2):mul(2)
    assert.are.same({ { 8, 16 } }, row:totable())
    assert.are.same({ 2, 4, 6, 6, 6 }, (function(x) x:unfold(1, 3, 1):add(1) return x:totable() end)(torch.range(1, 5)))
  end)

  it('keeps the last of what is written to it', function()
    local last = torch.ones(1):expand(3)
    torch.mul(last, torch.Tensor { 1, 2, 3 }, 2)
    assert.are.equal(6, last[1])
    local flag = torch.ByteTensor(1):expand(3)
    torch.gt(flag, torch.Tensor { 1, 1, 0 }, 0.5)
    assert.are.equal(0, flag[1])
  end)
end)
