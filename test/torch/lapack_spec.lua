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
