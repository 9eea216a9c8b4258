--- Decompositions from Lua: argument forms and errors. The numbers are checked in test/c/lapack_test.c and by the
-- golden vectors.
require 'torch'

local function near(a, b) return (a - b):abs():max() < 1e-9 end

describe('torch lapack', function()
  local a = torch.Tensor { { 4, 1, 0 }, { 1, 3, 1 }, { 0, 1, 2 } }
  local b = torch.Tensor { { 1 }, { 2 }, { 3 } }

  it('takes results first or makes them', function()
    local x, lu = torch.gesv(b, a)
    assert.is_true(near(a * x, b))
    assert.same({ 3, 3 }, lu:size():totable())
    local rx, rlu = torch.Tensor(), torch.Tensor()
    local y = torch.gesv(rx, rlu, b, a)
    assert.equal(rx, y)
    assert.is_true(near(rx, x))
    assert.is_true(near(torch.inverse(a) * a, torch.eye(3)))
  end)

  it('reads option letters', function()
    local l = torch.potrf(a, 'L')
    assert.is_true(near(l * l:t(), a))
    local u = torch.potrf(a)
    assert.is_true(near(u:t() * u, a))
    assert.is_true(near(torch.potri(l, 'L') * a, torch.eye(3)))
    assert.is_true(near(a * torch.potrs(b, l, 'l'), b))
    local x = torch.trtrs(b, l, 'L', 'T')
    assert.is_true(near(l:t() * x, b))
    local e, v = torch.symeig(a, 'V')
    assert.is_true(near(v * torch.diag(e) * v:t(), a))
  end)

  -- Torch7's results come as LAPACK leaves them, and its programs test for it
  it('lays factors and solutions out by columns', function()
    local x, lu = torch.gesv(torch.randn(3, 2), a)
    local e, v = torch.symeig(a, 'V')
    local values, right = torch.eig(a, 'V')
    local u, _, w = torch.svd(torch.randn(4, 3))
    for name, t in pairs { x = x, lu = lu, v = v, right = right, u = u, inverse = torch.inverse(a), l = torch.potrf(a),
      q = torch.qr(torch.randn(4, 3)), compact = (torch.geqrf(a)), gels = torch.gels(torch.randn(3, 2), a) } do
      assert.same({ 1, t:size(1) }, t:stride():totable(), name)
    end
    for name, t in pairs { e = e, values = values, w = w } do assert.is_true(t:isContiguous(), name) end
  end)

  it('orgqr gives a matrix of the size it was given', function()
    for _, size in ipairs { { 5, 3 }, { 3, 3 }, { 3, 5 } } do
      local m = torch.randn(size[1], size[2])
      local compact, tau = torch.geqrf(m)
      local q, k = torch.orgqr(compact, tau), math.min(size[1], size[2])
      assert.same(size, q:size():totable())
      local first, r = q:narrow(2, 1, k), torch.triu(compact:narrow(1, 1, k))
      assert.is_true(near(first * r, m))
      assert.is_true(near(first:t() * first, torch.eye(k)))
      if size[2] > k then
        assert.is_true(near(q:narrow(2, k + 1, size[2] - k), compact:narrow(2, k + 1, size[2] - k)))
      end
    end
  end)

  it('writes given results where they are', function()
    local m = torch.randn(3, 3)
    local twice, strided, storage = torch.Tensor(3, 3), torch.zeros(3, 2, 3):select(2, 2), torch.zeros(5, 5)
    local within = storage:sub(2, 4, 2, 4)
    for _ = 1, 2 do
      for _, r in ipairs { twice, strided, within } do
        torch.inverse(r, m)
        assert.is_true(near(r * m, torch.eye(3)))
      end
    end
    assert.same({ 1, 3 }, twice:stride():totable())
    assert.same({ 6, 1 }, strided:stride():totable())
    assert.equal(0, storage[1]:norm() + storage[5]:norm())
    torch.inverse(m, m)
    assert.is_true(near(torch.inverse(m) * m, torch.eye(3)))
  end)

  it('has what Torch7 lacked', function()
    assert.is_true(math.abs(torch.det(a) - 18) < 1e-9)
    assert.is_true(math.abs(torch.det(a:index(1, torch.LongTensor { 2, 1, 3 })) + 18) < 1e-9)
    assert.equal(0, torch.det(torch.zeros(2, 2)))
  end)

  local wrong = {
    { 'gesv without a matrix', function() torch.gesv(b) end, 'torch.gesv: expected 2 tensor' },
    { 'gesv of other rows', function() torch.gesv(torch.ones(2, 1), a) end, 'as many rows' },
    { 'gesv of two types', function() torch.gesv(b:float(), a) end, 'FloatTensor' },
    { 'inverse of no square', function() torch.inverse(b) end, 'square' },
    { 'inverse of a singular one', function() torch.inverse(torch.zeros(2, 2)) end, 'singular: pivot 1 is zero' },
    { 'inverse of integers', function() torch.inverse(torch.IntTensor(2, 2)) end, 'FloatTensor or DoubleTensor' },
    { 'an unknown letter', function() torch.potrf(a, 'X') end, "expected 'U' or 'L'" },
    { 'a number as option', function() torch.svd(a, 3) end, "'S' or 'A'" },
    { 'too many arguments', function() torch.qr(a, 1) end, 'too many arguments' },
    { 'an indefinite matrix', function() torch.potrf(-a) end, 'not positive definite: leading minor 1' },
    { 'a wrong result type', function() torch.inverse(torch.FloatTensor(), a) end, 'DoubleTensor' },
    { 'det of a vector', function() torch.det(torch.ones(3)) end, 'square' },
  }
  for _, case in ipairs(wrong) do
    it('refuses ' .. case[1], function() assert.error_matches(case[2], case[3]) end)
  end
end)
