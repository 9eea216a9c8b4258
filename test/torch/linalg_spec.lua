--- torch.linalg and its kin: what each result promises (products, orthogonality, least squares), batches against one
-- matrix after another, and wrong calls.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')
local linalg = torch.linalg

local function close(a, b, tolerance)
  if not torch.isTensor(a) then return assert.is_true(math.abs(a - b) <= (tolerance or 1e-10), a .. ' ~= ' .. b) end
  assert.same(b:size():totable(), a:size():totable())
  local worst = (a - b):abs():max()
  assert.is_true(worst <= (tolerance or 1e-10), ('%g apart'):format(worst))
end

describe('torch.linalg', function()
  local generator = torch.Generator()
  torch.manualSeed(generator, 7)
  local function normal(...) return torch.DoubleTensor(...):normal(generator, 0, 1) end
  local a, tall, wide = normal(4, 4), normal(5, 3), normal(3, 5)
  local s = a * a:t() + torch.eye(4)
  local eye = torch.eye(4)

  it('inverts, solves, finds least squares', function()
    close(linalg.inv(a) * a, eye)
    close(a:inverse() * a, eye)
    local b, v = normal(4, 2), normal(4)
    close(a * linalg.solve(a, b), b)
    close(a * linalg.solve(a, v), v)
    local x = linalg.lstsq(tall, normal(5))
    assert.same({ 3 }, x:size():totable())
    local target = normal(5, 2)
    close(tall:t() * (tall * linalg.lstsq(tall, target) - target), torch.zeros(3, 2))
    close(wide * linalg.lstsq(wide, torch.ones(3)), torch.ones(3))
    local lower, upper = s:clone():tril(), s:clone():triu()
    close(lower * linalg.solve_triangular(lower, b, { upper = false }), b)
    close(linalg.solve_triangular(upper, b:t(), { upper = true, left = false }) * upper, b:t():clone())
    local x2 = torch.triangular_solve(b, upper)
    close(upper * x2, b)
    close(upper:t() * b:triangular_solve(upper, true, true), b)
    close(lower * torch.triangular_solve(b, lower, false), b)
  end)

  it('factors', function()
    local l = linalg.cholesky(s)
    close(l * l:t(), s)
    close(l, l:clone():tril(), 0)
    local u = torch.cholesky(s, true)
    close(u:t() * u, s)
    close(linalg.cholesky(s, { upper = true }), u, 0)
    close(s * torch.cholesky_solve(eye, l), eye)
    close(s * torch.cholesky_inverse(u, true), eye)
    for _, m in ipairs { tall, wide, a } do
      local q, r = linalg.qr(m)
      close(q * r, m)
      local full, rest = linalg.qr(m, 'complete')
      close(full * rest, m)
      close(full:t() * full, torch.eye(m:size(1)))
      local none, alone = linalg.qr(m, { mode = 'r' })
      assert.equal(0, none:nElement())
      close(alone, r, 0)
      local us, sv, vh = linalg.svd(m)
      local k = sv:size(1)
      close(us:narrow(2, 1, k) * torch.diag(sv) * vh:narrow(1, 1, k), m)
      close(us:t() * us, torch.eye(m:size(1)))
      close(vh * vh:t(), torch.eye(m:size(2)))
      local short, same, across = linalg.svd(m, false)
      close(short * torch.diag(same) * across, m)
      close(linalg.svdvals(m), sv)
    end
    local w, v = linalg.eigh(s)
    close(v * torch.diag(w) * v:t(), s)
    close(linalg.eigvalsh(s:clone():triu(), 'U'), w)
  end)

  it('measures', function()
    local sign, log = linalg.slogdet(a)
    close(sign * math.exp(log), linalg.det(a))
    close(linalg.det(a), a:det())
    close(s:logdet(), math.log(s:det()))
    assert.same({ 0, -math.huge }, { torch.slogdet(torch.zeros(2, 2)) })
    assert.same({ -1, 0 }, { torch.slogdet(torch.Tensor { { 0, 1 }, { 1, 0 } }) })
    local flip = torch.Tensor { { 0, 1 }, { 1, 0 } }
    assert.is_true(flip:logdet() ~= flip:logdet())
    assert.equal(3, linalg.matrix_rank(tall))
    assert.equal(1, linalg.matrix_rank(torch.ones(3, 4)))
    assert.equal(0, linalg.matrix_rank(tall, 1e9))
    local m = torch.Tensor { { 3, -4 }, { 0, 2 } }
    close(linalg.norm(m), math.sqrt(29))
    assert.equal(6, linalg.norm(m, 1))
    assert.equal(3, linalg.norm(m, -1))
    assert.equal(7, linalg.norm(m, math.huge))
    assert.equal(2, linalg.norm(m, -math.huge))
    close(linalg.norm(m, 2) * linalg.norm(m, -2), math.abs(m:det()))
    close(linalg.norm(m, 'nuc'), linalg.svdvals(m):sum())
    close(linalg.vector_norm(m, math.huge, 1), torch.Tensor { 3, 4 }, 0)
    close(linalg.vector_norm(m, -math.huge, 2), torch.Tensor { 3, 0 }, 0)
    close(linalg.vector_norm(m, 0, 1), torch.Tensor { 1, 2 }, 0)
    close(linalg.norm(torch.Tensor { 3, -4 }), 5)
    close(linalg.norm(torch.Tensor { 3, -4 }, 3), (27 + 64) ^ (1 / 3))
    close(linalg.cond(s), linalg.norm(s, 2) * linalg.norm(linalg.inv(s), 2), 1e-9)
    close(linalg.cond(s, 1), linalg.norm(s, 1) * linalg.norm(linalg.inv(s), 1), 1e-9)
  end)

  it('multiplies', function()
    for _, m in ipairs { tall, wide, torch.ones(3, 4) } do -- the last one has no full rank
      local p = m:pinverse()
      close(m * p * m, m)
      close(p * m * p, p)
      close((m * p):t(), m * p)
      close(linalg.pinv(m), p, 0)
    end
    close(torch.matrix_exp(torch.zeros(3, 3)), torch.eye(3), 0)
    close(linalg.matrix_exp(torch.Tensor { { 0, 9 }, { -9, 0 } }),
      torch.Tensor { { math.cos(9), math.sin(9) }, { -math.sin(9), math.cos(9) } }, 1e-12)
    local sum, term = torch.eye(4), torch.eye(4)
    for k = 1, 60 do
      term = term * a / k
      sum = sum + term
    end
    close(a:matrix_exp() / sum:norm(), sum / sum:norm(), 1e-13)
    close(torch.chain_matmul(tall, wide, tall), tall * wide * tall)
    close(linalg.multi_dot { torch.ones(2, 3), torch.ones(3, 4), torch.ones(4) }, torch.Tensor { 12, 12 }, 0)
    assert.equal(24, linalg.multi_dot { torch.ones(2), torch.ones(2, 3), torch.ones(3, 4), torch.ones(4) })
    close(linalg.matrix_power(a, 3), a * a * a)
    close(linalg.matmul(a, s), a * s, 0)
  end)

  it('takes batches', function()
    local batch = torch.stack { torch.stack { a, s }, torch.stack { s, a }, torch.stack { a, a } }
    close(linalg.inv(batch)[3][2], a:inverse(), 0)
    close(linalg.det(batch), torch.Tensor { { a:det(), s:det() }, { s:det(), a:det() }, { a:det(), a:det() } }, 0)
    local u, values, vh = linalg.svd(batch)
    assert.same({ 3, 2, 4, 4 }, u:size():totable())
    assert.same({ 3, 2, 4 }, values:size():totable())
    close(vh[2][1], select(3, linalg.svd(s)), 0)
    local b = normal(3, 2, 4, 2)
    close(linalg.solve(batch, b)[2][2], linalg.solve(a, b[2][2]), 0)
    close(linalg.solve(batch, eye)[1][1], a:inverse())
    close(linalg.matrix_rank(batch), torch.Tensor(3, 2):fill(4), 0)
  end)

  it('has Torch7\'s decompositions as methods, of each floating type', function()
    for _, short in ipairs { 'Float', 'Double', 'Half', 'BFloat16' } do
      local x = s:type('torch.' .. short .. 'Tensor')
      for _, name in ipairs { 'inverse', 'svd', 'qr', 'symeig', 'eig', 'potrf', 'lu', 'geqrf' } do
        local got, want = { x[name](x) }, { torch[name](x) }
        assert.equal(#want, #got)
        for i = 1, #want do assert.same(want[i]:totable(), got[i]:totable()) end
      end
      assert.equal(torch.det(x), x:det())
    end
    local x = torch.ones(4, 1):gesv(s)
    close(s * x, torch.ones(4, 1))
    assert.is_nil(torch.LongTensor(2, 2).inverse)
  end)

  support.refuses(it, {
    { 'unknown names', function() return linalg.eig end, 'linalg has no function eig; there are: cholesky' },
    { 'what is not square', function() linalg.inv(torch.ones(2, 3)) end, 'square matrix' },
    { 'integers', function() linalg.det(torch.LongTensor(2, 2):fill(1)) end, 'FloatTensor or DoubleTensor' },
    { 'vectors', function() linalg.svd(torch.ones(3)) end, 'a matrix' },
    { 'singular systems', function() linalg.solve(torch.zeros(2, 2), torch.ones(2)) end, 'singular' },
    { 'indefinite matrices', function() torch.cholesky(torch.Tensor { { -1 } }) end, 'positive' },
    { 'batches that do not fit', function() linalg.solve(torch.rand(2, 3, 3), torch.rand(4, 3, 1)) end,
      'batches do not fit' },
    { 'other types', function() linalg.solve(torch.eye(2), torch.FloatTensor(2)) end, 'DoubleTensor' },
    { 'unknown norms', function() linalg.norm(torch.eye(2), 'sum') end, "'fro', 'nuc'" },
    { 'unknown modes', function() linalg.qr(torch.eye(2), 'all') end, "'reduced', 'complete' or 'r'" },
    { 'unknown options', function() linalg.svd(torch.eye(2), { full = true }) end, 'no option full' },
    { 'triangles without a side', function() linalg.solve_triangular(torch.eye(2), torch.eye(2)) end, 'option upper' },
    { 'chains that do not fit', function() linalg.multi_dot { torch.eye(2), torch.eye(3) } end, 'sizes do not fit' },
    { 'chains of nothing', function() linalg.multi_dot {} end, 'a table of 1 to 1000 matrices' },
    { 'batches where one matrix is expected', function() torch.pinverse(torch.rand(2, 2, 2)) end, 'a matrix' },
  })
end)

describe('torch.linalg', function()
  it('has products of vectors under its names', function()
    local a, b = torch.Tensor { 1, 2, 3 }, torch.Tensor { 4, 5, 6 }
    assert.are.same({ 32 }, torch.linalg.vecdot(a, b):totable())
    assert.are.same({ { 4, 5, 6 }, { 8, 10, 12 }, { 12, 15, 18 } }, torch.linalg.outer(a, b):totable())
    assert.are.same({ -3, 6, -3 }, torch.linalg.cross(a, b):totable())
  end)

  it('reads the triangle it is told', function()
    local upper = torch.Tensor { { 2, 1 }, { 9, 2 } }
    assert.is_true(math.abs(torch.linalg.eigvalsh(upper, 'U')[1] - 1) < 1e-12)
    assert.is_true(math.abs(torch.linalg.eigvalsh(upper)[1] + 7) < 1e-12)
    assert.is_false(pcall(torch.linalg.eigvalsh, upper, 'X'))
  end)
end)

describe('torch.broadcast_tensors', function()
  it('gives views of the common sizes', function()
    local x, y = torch.Tensor { { 1 }, { 2 } }, torch.Tensor { { 5, 6, 7 } }
    local a, b = torch.broadcast_tensors(x, y)
    assert.are.same({ { 1, 1, 1 }, { 2, 2, 2 } }, a:totable())
    assert.are.same({ { 5, 6, 7 }, { 5, 6, 7 } }, b:totable())
    assert.equal(torch.pointer(x:storage()), torch.pointer(a:storage()))
    assert.is_false(pcall(torch.broadcast_tensors, torch.ones(2), torch.ones(3)))
  end)
end)
