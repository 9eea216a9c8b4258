--- Views share memory, copies do not; sizes, strides and offsets in every type; errors; printed text.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

describe('views', function()
  for _, short in ipairs(support.types) do
    it('of ' .. short .. ' look at the same memory', function()
      local a = torch.range(1, 24):type('torch.' .. short .. 'Tensor'):view(2, 3, 4)
      local views = {
        narrow = a:narrow(3, 2, 2), select = a:select(1, 2), sub = a:sub(1, 2, -2, -1), transpose = a:transpose(1, 3),
        permute = a:permute(3, 1, 2), unfold = a:unfold(3, 2, 1), view = a:view(-1, 4), t = a[1]:t(),
        viewAs = a:viewAs(torch.Tensor(24)), expand = a:narrow(2, 2, 1):expand(2, 5, 4),
        unsqueeze = a:unsqueeze(2), squeeze = a:narrow(1, 1, 1):squeeze(),
      }
      for name, view in pairs(views) do
        assert.equal(torch.pointer(a:storage()), torch.pointer(view:storage()), name)
        local copy = view:clone()
        assert.same(view:totable(), copy:totable(), name)
        assert.is_true(copy:isContiguous())
        assert.is_true(copy:equal(view), name)
      end
      assert.same({ 14, 15 }, a:narrow(3, 2, 2)[{ 2, 1 }]:totable())
      assert.same({ 4, 2, 3 }, a:permute(3, 1, 2):size():totable())
      assert.same({ 1, 12, 4 }, a:permute(3, 1, 2):stride():totable())
      assert.equal(13, a:select(1, 2):storageOffset())
      assert.same({ 2, 3, 3, 2 }, a:unfold(3, 2, 1):size():totable())
      assert.same({ 2, 3, 1, 2 }, a:unfold(3, 2, 2 ^ 62):size():totable())
      a:narrow(1, 2, 1):fill(0)
      assert.equal(78, a:sum())
      assert.same({ 3, 2 }, { #a:chunk(3, 2), #a:split(2, 3) })
      assert.same({ 4, 3, 4 }, a:repeatTensor(2, 1, 1):size():totable())
      assert.same({ 2, 2, 3, 8 }, a:repeatTensor(2, 1, 1, 2):size():totable())
      assert.is_false(a:reshape(24):isSetTo(a))
    end)

    it('of ' .. short .. ' resize as Torch7 does', function()
      local t = torch[short .. 'Tensor'] { { 1, 2, 3 }, { 4, 5, 6 } }
      assert.same({ { 1, 2 }, { 3, 4 } }, t:clone():resize(2, 2):totable())
      assert.same({ { 1, 4 }, { 2, 5 }, { 3, 6 } }, t:t():resize(3, 2):totable())
      assert.same({ 1, 2, 3, 4, 5, 6 }, t:t():resize(6):totable())
      assert.same({ 4, 5 }, torch[short .. 'Tensor']():resizeAs(t[{ 1, { 1, 2 } }]):copy(t[{ 2, { 1, 2 } }]):totable())
      assert.equal(0, t:clone():set():dim())
      assert.same({ 2, 3 }, t.new():set(t:storage(), 2, 2, 1):totable())
    end)

    it('of ' .. short .. ' convert', function()
      for _, other in ipairs(support.types) do
        local t = torch[short .. 'Tensor'] { { 1, 2 }, { 3, 4 } }
        local u = t:type('torch.' .. other .. 'Tensor')
        assert.equal('torch.' .. other .. 'Tensor', u:type())
        assert.same(t:totable(), u:totable())
        assert.is_true((u == t) == (short == other))
        assert.same(t:t():totable(), u.new(2, 2):copy(t:t()):totable())
        assert.same(t:totable(), u:typeAs(t):totable())
      end
    end)
  end

  it('balance retain and free', function()
    local t = torch.ones(2)
    t:retain()
    t:free()
    assert.equal(2, t:sum())
    t:free()
    assert.equal(0, t:dim())
  end)

  it('print as Torch7', function()
    assert.equal(' 1  2\n 3  4\n[torch.IntTensor of size 2x2]\n', tostring(torch.IntTensor { { 1, 2 }, { 3, 4 } }))
    assert.equal('[torch.FloatTensor with no dimension]\n', tostring(torch.FloatTensor()))
    assert.equal('[torch.ByteTensor of size 0x4x1]\n',
      tostring(torch.ByteTensor(2, 4, 1):index(1, torch.LongTensor())))
    assert.equal('0.001 *\n 1.0000\n 2.0000\n[torch.DoubleTensor of size 2]\n', tostring(torch.Tensor { 1e-3, 2e-3 }))
    assert.equal(' 2\n 3\n[torch.LongStorage of size 2]\n', tostring(torch.LongStorage { 2, 3 }))
    assert.equal('(1,.,.) = \n  1  2\n\n(2,.,.) = \n  3  4\n[torch.DoubleTensor of size 2x1x2]\n',
      tostring(torch.Tensor { { { 1, 2 } }, { { 3, 4 } } }))
  end)

  it('follow rules: zeros, ones, eye, range, linspace, cat, diag, tril', function()
    assert.same({ { 1, 0, 0 }, { 0, 1, 0 } }, torch.eye(2, 3):totable())
    assert.same({ 1, 3, 5 }, torch.range(1, 6, 2):totable())
    assert.same({ 0, 0.5, 1 }, torch.linspace(0, 1, 3):totable())
    local left, right = torch.Tensor { { 1, 2 }, { 3, 4 } }, torch.Tensor { { 5 }, { 6 } }
    assert.same({ { 1, 2, 5 }, { 3, 4, 6 } }, torch.cat(left, right, 2):totable())
    assert.same({ 1, 2, 3 }, torch.cat { torch.Tensor { 1 }, torch.Tensor(), torch.Tensor { 2, 3 } }:totable())
    assert.same({ { 0, 7 }, { 0, 0 } }, torch.diag(torch.Tensor { 7 }, 1):totable())
    assert.same({ { 1, 0 }, { 1, 1 } }, torch.tril(torch.ones(2, 2)):totable())
    assert.same({ { 1, 1 }, { 0, 1 } }, torch.ones(2, 2):triu():totable())
    assert.equal(2, torch.trace(torch.ones(2, 3)))
  end)

  local m, v = torch.ones(2, 3), torch.ones(4)
  support.refuses(it, {
    { 'narrow in dimension 3', function() m:narrow(3, 1, 1) end, 'dimension 3 out of range' },
    { 'narrow to nothing', function() m:narrow(1, 1, 0) end, '0 positions' },
    { 'narrow past the end', function() m:narrow(2, 2, 3) end, '3 positions from 2 do not fit dimension 2' },
    { 'select past the end', function() m:select(1, 3) end, 'index 3 out of range' },
    { 'select of nothing', function() m:select(1) end, 'got nothing' },
    { 'sub backwards', function() v:sub(3, 2) end, 'range 3..2' },
    { 'sub in too many dimensions', function() v:sub(1, 1, 1, 1) end, '2 ranges' },
    { 't of a vector', function() v:t() end, 'expected a matrix' },
    { 'transpose out of range', function() m:transpose(1, 3) end, 'dimension 3' },
    { 'permute with a repeated dimension', function() m:permute(1, 1) end, 'once' },
    { 'unfold by step 0', function() v:unfold(1, 2, 0) end, 'unfold' },
    { 'expand to other sizes', function() m:expand(3, 3) end, 'expand' },
    { 'expand to other dimensions', function() torch.ones(1, 3):expand(2) end, '1 sizes given' },
    { 'view of another count', function() m:view(5) end, '6 elements, cannot be seen as %[5%]' },
    { 'view with two unknowns', function() v:view(-1, -1) end, 'only one size can be %-1' },
    { 'view of a transposed matrix', function() m:t():view(6) end, 'contiguous' },
    { 'reshape to another count', function() m:reshape(4) end, '6 elements' },
    { 'size of dimension 3', function() m:size(3) end, 'dimension 3' },
    { 'resize to nothing', function() m:resize() end, 'sizes' },
    { 'resizeAs another type', function() m:resizeAs(torch.FloatTensor(2)) end, 'DoubleTensor' },
    { 'set to another type', function() m:clone():set(torch.FloatTensor(2)) end, 'DoubleTensor' },
    { 'copy of other counts', function() m:copy(torch.ones(5)) end, 'copy' },
    { 'copy of a table', function() m:copy({ 1 }) end, 'argument 2: expected a tensor' },
    { 'an unknown type', function() m:type('torch.Nope') end, 'tensor type' },
    { 'repeatTensor of fewer', function() m:repeatTensor(2) end, 'repeated' },
    { 'chunk into 0', function() m:chunk(0) end, 'positive' },
    { 'split by 0', function() m:split(0) end, 'size 0' },
    { 'zeros of nothing', function() torch.zeros() end, 'sizes' },
    { 'range of step 0', function() torch.range(1, 5, 0) end, 'step' },
    { 'range that never arrives', function() torch.range(5, 1) end, 'never arrives' },
    { 'linspace of 0 points', function() torch.linspace(0, 1, 0) end, '0 points' },
    { 'eye of a negative size', function() torch.eye(-1) end, 'positive' },
    { 'cat of nothing', function() torch.cat {} end, 'at least one' },
    { 'cat of two types', function() torch.cat(v, torch.FloatTensor(2)) end, 'DoubleTensor' },
    { 'cat of other sizes', function() torch.cat({ m, torch.ones(2, 2) }, 1) end, 'differ outside dimension 1' },
    { 'diag of a cube', function() torch.diag(torch.ones(2, 2, 2)) end, 'vector or a matrix' },
  })
end)
