--- HalfTensor and BFloat16Tensor take part in everything that FloatTensor does. Enumerated: every method of FloatTensor
-- is theirs too, every pointwise row and reduction of the library agrees with Double; then decompositions, files,
-- element access.
require 'torch'
local ffi = require 'ffi'
local C = require 'torch.ffi'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

for _, short in ipairs { 'Half', 'BFloat16' } do
  describe(short, function()
    local kind = 'torch.' .. short .. 'Tensor'
    local near = short == 'Half' and 1e-2 or 8e-2
    local function typed(x) return x:type(kind) end

    it('has every method of FloatTensor', function()
      local mine = torch.getmetatable(kind)
      for name in pairs(torch.getmetatable 'torch.FloatTensor') do
        assert(mine[name] ~= nil, name)
      end
    end)

    -- arguments that every row takes, in (0.2, 1), exact in both types
    local function numbers(n) return typed(torch.range(1, n):mul(1 / 16):add(0.125)) end

    for op = 0, C.RK_NOPS - 1 do
      local name = ffi.string(C.rk_op_name(op))
      if C.rk_op_defined(op, 7) ~= 0 and C.rk_op_kind(op) ~= C.RK_COMPARE then
        it('agrees with Double in ' .. name, function()
          local inputs = { numbers(12), numbers(12):mul(0.5):add(0.25), numbers(12):mul(0.25):add(0.5) }
          local out, want = typed(torch.Tensor()), torch.DoubleTensor()
          local x, y, z = unpack(inputs)
          local kind_of = C.rk_op_kind(op)
          local function run(to, a, b, c)
            if kind_of == C.RK_MAP1 then return C.rk_map1(op, to, a, 0.5, 0.75) end
            if kind_of == C.RK_MAP2 then return C.rk_map2(op, to, a, b, 0.5) end
            return C.rk_map3(op, to, a, b, c, 0.5)
          end
          assert.equal(0, run(out, x, y, z))
          assert.equal(0, run(want, x:double(), y:double(), z:double()))
          assert(support.near(out, want, near))
        end)
      end
    end

    for red = 0, C.RK_NREDS - 1 do
      local name = ffi.string(C.rk_red_name(red))
      it('agrees with Double in ' .. name, function()
        local x = numbers(12):resize(3, 4)
        local a, b = ffi.new 'struct rk_value', ffi.new 'struct rk_value'
        assert.equal(0, C.rk_reduce(red, x, 2, a))
        assert.equal(0, C.rk_reduce(red, x:double(), 2, b))
        assert(support.near(a.f, b.f, near))
        for dim = 0, 1 do
          local out, want = typed(torch.Tensor()), torch.DoubleTensor()
          assert.equal(0, C.rk_reduce_dim(red, out, x, dim, 2))
          assert.equal(0, C.rk_reduce_dim(red, want, x:double(), dim, 2))
          assert(support.near(out, want, near))
        end
      end)
    end

    it('decomposes and solves', function()
      torch.manualSeed(3)
      local a = torch.randn(4, 4)
      local p = typed(a * a:t() + torch.eye(4) * 4)
      local function close(x, y) assert(support.near(x:double(), y:double(), near * 4)) end
      local b = typed(torch.randn(4, 2))
      close(p * torch.gesv(b, p), b)
      close(p * torch.inverse(p), typed(torch.eye(4)))
      local u, s, v = torch.svd(p)
      close(u * torch.diag(s) * v:t(), p)
      local q, r = torch.qr(p)
      close(q * r, p)
      local chol = torch.potrf(p)
      close(chol:t() * chol, p)
      close(p * torch.potrs(b, chol), b)
      local e, w = torch.symeig(p, 'V')
      close(w * torch.diag(e) * w:t(), p)
      local x = p.new()
      assert.is_true(torch.inverse(x, p) == x)
      assert.equal(kind, x:type())
      assert(support.near(torch.det(p), torch.det(p:double()), near * 4))
      local _, pivots = torch.lu(p)
      assert.equal('torch.IntTensor', pivots:type())
      assert.equal(kind, torch.eig(p):type())
      assert.equal(kind, torch.gels(b, p):type())
    end)

    it('is read, written, mapped, printed and kept in files', function()
      local x = typed(torch.range(1, 6):view(2, 3))
      assert.is_true(torch.deserialize(torch.serialize(x)):equal(x))
      assert.is_true(torch.deserialize(torch.serialize(x, 'ascii'), 'ascii'):equal(x))
      assert.same({ { 2, 4, 6 }, { 8, 10, 12 } }, x:clone():apply(function(v) return v * 2 end):totable())
      assert.same({ { 2, 4, 6 }, { 8, 10, 12 } }, x:clone():map(x, function(a, b) return a + b end):totable())
      assert.is_truthy(tostring(x):find('4  5  6', 1, true))
      assert.equal(6, x[{ 2, 3 }])
      x[{ {}, 2 }] = 9
      assert.same({ { 1, 9, 3 }, { 4, 9, 6 } }, x:totable())
      x[x:gt(5)] = 0
      assert.same({ { 1, 0, 3 }, { 4, 0, 0 } }, x:totable())
      assert.same({ 1, 0, 3, 4, 0, 0 }, x:storage():totable())
      assert.is_true(x[{ 1, {} }]:equal(x:select(1, 1)))
      assert.is_true((x * 2 - x):equal(x) and (-x):equal(x * -1))
    end)

    it('draws', function()
      for _, name in ipairs { 'uniform', 'normal', 'cauchy', 'logNormal' } do
        torch.manualSeed(4)
        local a = typed(torch.Tensor(64))
        a[name](a)
        torch.manualSeed(4)
        local b = torch.DoubleTensor(64)
        b[name](b)
        assert(support.near(a, b, near))
      end
      assert.equal(64, typed(torch.Tensor(64)):bernoulli(typed(torch.ones(64))):sum())
      assert.is_true(typed(torch.Tensor(64)):random(3, 5):min() >= 3)
      assert.same({ 2, 2 }, torch.multinomial(typed(torch.Tensor { 0, 1 }), 2, true):totable())
      assert.equal(28, typed(torch.Tensor()):randperm(7):sum())
    end)

    it('refuses products over views longer than any memory', function()
      local one = typed(torch.ones(1, 1, 1))
      local wide, high = one:expand(1, 1, 2 ^ 60), one:expand(1, 2 ^ 60, 1)
      assert.error_matches(function() torch.bmm(wide, high) end, 'out of memory')
      local rows, columns = one:expand(2, 32, 2 ^ 54), one:expand(2, 2 ^ 54, 32) -- 2^65 multiplications
      assert.error_matches(function() torch.bmm(rows, columns) end, 'out of memory')
      assert.error_matches(function() torch.mm(wide:select(1, 1), high:select(1, 1)) end, 'out of memory')
    end)
  end)
end
