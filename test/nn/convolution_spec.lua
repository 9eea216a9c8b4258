--- Convolutions of all kinds: gradients by finite differences, a naive sum, batches against single inputs, layouts,
-- types, files, errors.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

-- name in the report, constructor, sizes of inputs: a batch, and one without it
local rows = {
  { 'SpatialConvolution in groups', function()
    return nn.SpatialConvolution(4, 6, 3, 2, 1, 2, 1, 0, 2)
  end, { { 2, 4, 5, 6 }, { 4, 5, 6 } } },
  { 'SpatialConvolution of planes each by itself', function()
    return nn.SpatialConvolution(3, 3, 3, 3, 1, 1, 1, 1, 3)
  end, { { 2, 3, 5, 4 }, { 3, 5, 4 } } },
  { 'SpatialDilatedConvolution', function()
    return nn.SpatialDilatedConvolution(2, 3, 3, 2, 2, 1, 2, 1, 2, 3)
  end, { { 2, 2, 6, 7 }, { 2, 6, 7 } } },
  { 'SpatialDilatedConvolution without bias', function()
    return nn.SpatialDilatedConvolution(2, 2, 2, 2, 1, 1, 0, 0, 2, 2):noBias()
  end, { { 2, 2, 4, 5 } } },
  { 'SpatialFullConvolution', function()
    return nn.SpatialFullConvolution(2, 3, 4, 3, 2, 3, 1, 0, 1, 2)
  end, { { 2, 2, 3, 4 }, { 2, 3, 4 } } },
  { 'SpatialFullConvolution in groups', function()
    return nn.SpatialFullConvolution(4, 2, 2, 2, 2, 2, 0, 0, 0, 0, 2):noBias()
  end, { { 2, 4, 3, 3 }, { 4, 3, 3 } } },
  { 'SpatialConvolutionLocal', function()
    return nn.SpatialConvolutionLocal(2, 3, 6, 5, 3, 2, 2, 1, 1, 0)
  end, { { 2, 2, 5, 6 }, { 2, 5, 6 } } },
  { 'SpatialConvolutionMap', function()
    return nn.SpatialConvolutionMap(torch.Tensor { { 1, 1 }, { 2, 1 }, { 3, 2 }, { 2, 1 } }, 3, 2, 2, 1)
  end, { { 2, 3, 5, 7 }, { 3, 5, 7 } } },
  { 'SpatialFullConvolutionMap', function()
    return nn.SpatialFullConvolutionMap(torch.Tensor { { 1, 1 }, { 2, 1 }, { 3, 2 } }, 3, 2, 2, 1)
  end, { { 2, 3, 3, 2 }, { 3, 3, 2 } } },
  { 'SpatialDepthWiseConvolution', function()
    return nn.SpatialDepthWiseConvolution(3, 2, 3, 2, 2, 1, 1, 1)
  end, { { 2, 3, 5, 6 }, { 3, 5, 6 } } },
  { 'SpatialDepthWiseConvolution of one kernel', function()
    return nn.SpatialDepthWiseConvolution(3, 1, 3, 3, 1, 1, 1):noBias()
  end, { { 2, 3, 4, 5 }, { 3, 4, 5 } } },
  { 'SpatialSubSampling', function() return nn.SpatialSubSampling(2, 3, 2, 2, 1) end, { { 2, 2, 5, 6 }, { 2, 5, 6 } } },
  { 'TemporalConvolution', function() return nn.TemporalConvolution(3, 4, 3, 2) end, { { 2, 8, 3 }, { 8, 3 } } },
  { 'TemporalRowConvolution', function() return nn.TemporalRowConvolution(3, 3, 2) end, { { 2, 8, 3 }, { 8, 3 } } },
  { 'TemporalRowConvolution, features first', function()
    return nn.TemporalRowConvolution(3, 2, 1, true):noBias()
  end, { { 2, 3, 6 }, { 3, 6 } } },
  { 'TemporalSubSampling', function() return nn.TemporalSubSampling(3, 2, 2) end, { { 2, 7, 3 }, { 7, 3 } } },
  { 'VolumetricConvolution', function()
    return nn.VolumetricConvolution(2, 3, 2, 3, 2, 1, 2, 1, 1, 0, 1)
  end, { { 2, 2, 3, 4, 5 }, { 2, 3, 4, 5 } } },
  { 'VolumetricConvolution in groups', function()
    return nn.VolumetricConvolution(2, 4, 2, 2, 2, 1, 1, 1, 0, 0, 0, 2):noBias()
  end, { { 2, 2, 3, 3, 3 } } },
  { 'VolumetricDilatedConvolution', function()
    return nn.VolumetricDilatedConvolution(1, 2, 2, 2, 2, 1, 1, 2, 1, 0, 0, 2, 3, 1)
  end, { { 2, 1, 3, 4, 5 }, { 1, 3, 4, 5 } } },
  { 'VolumetricFullConvolution', function()
    return nn.VolumetricFullConvolution(2, 3, 2, 3, 2, 2, 2, 1, 0, 1, 0, 1, 1, 0)
  end, { { 2, 2, 2, 3, 2 }, { 2, 2, 3, 2 } } },
}

-- The same values behind other steps: back to front, and with the planes side by side.
local function reversed(x)
  local n = x:dim()
  return x:transpose(1, n):clone():transpose(1, n)
end
local function planes_last(x)
  local n = x:dim()
  return x:transpose(n > 2 and n ~= 3 and 2 or 1, n):clone():transpose(n > 2 and n ~= 3 and 2 or 1, n)
end

local function run(m, x, g)
  m:zeroGradParameters()
  local y = m:forward(x):clone()
  local dx = m:backward(x, g):clone()
  local grads = {}
  for i, d in ipairs((select(2, m:parameters()))) do grads[i] = d:clone() end
  return y, dx, grads
end

local function check_same(m, x, g, y, dx, grads, tolerance, what)
  local y2, dx2, grads2 = run(m, x, g)
  assert.is_true(support.distance(y2, y) < tolerance, 'output, ' .. what)
  assert.is_true(support.distance(dx2, dx) < tolerance, 'gradInput, ' .. what)
  for i = 1, #grads do
    assert.is_true(support.distance(grads2[i], grads[i]) < tolerance * 10, 'parameters, ' .. what)
  end
end

local message = support.message

describe('convolutions', function()
  before_each(function() torch.manualSeed(3) end)

  for _, row in ipairs(rows) do
    it('gradients of ' .. row[1], function()
      for _, size in ipairs(row[3]) do
        local x = torch.DoubleTensor(unpack(size)):uniform(-1, 1)
        local err = support.gradient_error(row[2](), x)
        assert.is_true(err < 1e-7, ('error %g for input %s'):format(err, table.concat(size, 'x')))
      end
    end)

    it('layouts, types, scale, files of ' .. row[1], function()
      for _, size in ipairs(row[3]) do
        local m, x = row[2](), torch.DoubleTensor(unpack(size)):uniform(-1, 1)
        local g = m:forward(x):clone():uniform(-1, 1)
        local y, dx, grads = run(m, x, g)
        check_same(m, reversed(x), reversed(g), y, dx, grads, 1e-12, 'reversed steps')
        check_same(m, planes_last(x), planes_last(g), y, dx, grads, 1e-12, 'planes last')
        check_same(m, x, planes_last(g), y, dx, grads, 1e-12, 'mixed')
        check_same(m:clone():float(), x:float(), g:float(), y, dx, grads, 1e-4, 'float')
        check_same(m:clone():float(), planes_last(x:float()), g:float(), y, dx, grads, 1e-4, 'float, planes last')
        local loaded = torch.deserialize(torch.serialize(m:clone():clearState()))
        assert.are.equal(tostring(m), tostring(loaded))
        check_same(loaded, x, g, y, dx, grads, 1e-12, 'from a file')
        m:zeroGradParameters()
        m:accGradParameters(x, g, 0.5)
        m:accGradParameters(x, g, 0.25)
        for i, d in ipairs((select(2, m:parameters()))) do
          assert.is_true(support.distance(d, grads[i] * 0.75) < 1e-11, 'scale')
        end
      end
    end)

    it('a batch is its inputs one by one: ' .. row[1], function()
      local batch, single = row[3][1], row[3][2]
      if not single then return end
      local m, x = row[2](), torch.DoubleTensor(unpack(batch)):uniform(-1, 1)
      local g = m:forward(x):clone():uniform(-1, 1)
      local y, dx, grads = run(m, x, g)
      m:zeroGradParameters()
      for i = 1, batch[1] do
        assert.is_true(support.distance(m:forward(x[i]), y[i]) < 1e-12, 'output')
        assert.are.equal(#single, m.output:dim())
        assert.is_true(support.distance(m:backward(x[i], g[i]), dx[i]) < 1e-12, 'gradInput')
      end
      for i, d in ipairs((select(2, m:parameters()))) do
        assert.is_true(support.distance(d, grads[i]) < 1e-11, 'parameters')
      end
    end)
  end

  it('large kernels of 3x3, which run by another algorithm in float', function()
    for _, c in ipairs { { 4, 32, 64, 17, 18, 1 }, { 6, 64, 32, 13, 12, 0 }, { 3, 64, 64, 16, 16, 1, 0 } } do
      local d = nn.SpatialConvolution(c[2], c[3], 3, 3, 1, 1, c[6], c[7])
      local x = torch.randn(c[1], c[2], c[4], c[5])
      local g = torch.randn(d:forward(x):size())
      local y, dx, grads = run(d, x, g)
      local f = d:clone():float()
      check_same(f, x:float(), g:float(), y, dx, grads, 1e-3, 'float')
      check_same(f, planes_last(x:float()), planes_last(g:float()), y, dx, grads, 1e-3, 'float, planes last')
      assert.is_true(support.distance(f:forward(x:float()), y) < 2e-5 * y:clone():abs():max())
      torch.deterministic(true)
      check_same(f, x:float(), g:float(), y, dx, grads, 1e-3, 'float, deterministic')
      torch.deterministic(false)
    end
  end)

  it('half types compute in float', function()
    for _, kind in ipairs { 'half', 'bfloat16' } do
      local m = nn.SpatialConvolution(2, 3, 3, 3, 1, 1, 1)
      local x = torch.randn(2, 2, 5, 5)
      local y = m:forward(x):clone()
      local h = m:clone()[kind](m:clone())
      assert.is_true(support.distance(h:forward(x[kind](x)):double(), y) < 0.1)
    end
  end)

  it('in groups are convolutions side by side', function()
    local m = nn.SpatialConvolution(4, 6, 3, 3, 1, 1, 1, 1, 2)
    local x = torch.randn(2, 4, 5, 5)
    local y = m:forward(x)
    for k = 0, 1 do
      local part = nn.SpatialConvolution(2, 3, 3, 3, 1, 1, 1)
      part.weight:copy(m.weight:narrow(1, 3 * k + 1, 3))
      part.bias:copy(m.bias:narrow(1, 3 * k + 1, 3))
      assert.is_true(support.distance(part:forward(x:narrow(2, 2 * k + 1, 2)), y:narrow(2, 3 * k + 1, 3)) < 1e-12)
    end
    assert.are.equal('nn.SpatialConvolution(4 -> 6, 3x3, 1,1, 1,1, 2 groups)', tostring(m))
  end)

  it('a transposed one given {x, target} fits the target', function()
    for _, batch in ipairs { true, false } do
      local m = nn.SpatialFullConvolution(2, 3, 3, 3, 2, 2, 1, 1)
      local x, t = torch.randn(2, 2, 3, 3), torch.randn(2, 1, 6, 5)
      if not batch then x, t = x[1], t[1] end
      local y = m:forward { x, t }
      assert.are.equal(6, y:size(y:dim() - 1))
      assert.are.equal(5, y:size(y:dim()))
      for _ = 1, 2 do
        local dx = m:backward({ x, t }, y)
        assert.are.equal(0, dx[2]:clone():abs():max())
        assert.is_true(dx[2]:isSameSizeAs(t) and dx[1]:isSameSizeAs(x))
      end
      assert.is_true(torch.isTensor(m:backward(x, m:forward(x))))
    end
    local v = nn.VolumetricFullConvolution(1, 2, 3, 3, 3, 2, 2, 2, 1, 1, 1)
    assert.are.same({ 1, 2, 4, 3, 4 }, v:forward({ torch.randn(1, 1, 2, 2, 2), torch.randn(1, 2, 4, 3, 4) }):size()
      :totable())
  end)

  it('write to the buffers they have', function()
    local live
    for _, row in ipairs(rows) do
      local m, x = row[2]():float(), torch.FloatTensor(unpack(row[3][1])):uniform()
      local g = m:forward(x):clone()
      local function places()
        m:forward(x)
        m:backward(x, g)
        return torch.pointer(m.output:storage()) .. ' ' .. torch.pointer(m.gradInput:storage())
      end
      live = places()
      assert.are.equal(live, places(), row[1])
    end
  end)

  it('connection tables', function()
    assert.are.same({ 6, 2 }, nn.tables.full(3, 2):size():totable())
    assert.are.equal(3, nn.tables.oneToOne(3)[3][1])
    local t = nn.tables.random(6, 4, 3)
    for o = 1, 4 do assert.are.equal(o, t[3 * o][2]) end
    local m, full = nn.SpatialConvolutionMap(nn.tables.full(2, 3), 3, 3), nn.SpatialConvolution(2, 3, 3, 3)
    full.weight:view(-1):copy(m.weight:view(-1))
    full.bias:copy(m.bias)
    local x = torch.randn(2, 6, 6)
    assert.is_true(support.distance(m:forward(x), full:forward(x)) < 1e-12)
    local far = torch.LongTensor { { 1, 0x7fffffffffffffffLL } }
    assert.error_matches(function() nn.SpatialConvolutionMap(far, 3, 3) end,
      'got 1 to 9%.22337e%+18 in the table')
  end)

  it('tables need not name all planes of the input', function()
    for _, name in ipairs { 'SpatialConvolutionMap', 'SpatialFullConvolutionMap' } do
      local m = nn[name](torch.Tensor { { 1, 1 }, { 3, 2 }, { 3, 2 } }, 2, 3)
      local x = torch.randn(2, 5, 6, 7)
      local y = m:forward(x):clone()
      assert.is_true(support.distance(m:forward(x:narrow(2, 1, 3)), y) < 1e-12)
      assert.is_true(support.distance(m:forward(x[2]), y[2]) < 1e-12)
      assert.is_true(nn.Jacobian.testJacobian(m, x) < 1e-7)
      assert.is_true(nn.Jacobian.testJacobianParameters(m, x, m.weight, m.gradWeight) < 1e-7)
      assert.are.equal(0, m:updateGradInput(x, y):narrow(2, 4, 2):norm())
      assert.are.equal(('nn.%s: expected input [N x 3 x H x W] or [3 x H x W], got [2 x 6 x 7]'):format(name),
        message(m.forward, m, torch.ones(2, 6, 7)))
    end
  end)

  it('say what is wrong', function()
    local m = nn.SpatialConvolution(3, 4, 5, 5)
    assert.are.equal(
      'nn.SpatialConvolution(3 -> 4, 5x5): expected input [N x 3 x H x W] or [3 x H x W], got [2 x 8 x 8]',
      message(m.forward, m, torch.ones(2, 8, 8)))
    assert.are.equal('nn.SpatialConvolution(3 -> 4, 5x5): conv: the input of 4x8 is smaller than the kernel of 5x5',
      message(m.forward, m, torch.ones(3, 4, 8)))
    m = nn.VolumetricDilatedConvolution(1, 1, 2, 2, 2, 1, 1, 1, 1, 0, 0, 4, 1, 1)
    assert.is_truthy(message(m.forward, m, torch.ones(1, 2, 4, 4)):find(
      'the input of 2x4x4 (padded: 4x4x4) is smaller than the kernel of 2x2x2 (dilated: 5x2x2)', 1, true))
    m = nn.TemporalConvolution(2, 3, 4)
    assert.is_truthy(message(m.forward, m, torch.ones(3, 2)):find(
      'the input of 3 is smaller than the kernel of 4', 1, true))
    assert.is_truthy(message(m.forward, m, torch.ones(3, 5)):find(
      'expected input [N x T x 2] or [T x 2], got [3 x 5]', 1, true))
    m = nn.SpatialSubSampling(1, 5, 5)
    assert.is_truthy(message(m.forward, m, torch.ones(1, 4, 4)):find('5', 1, true))
    m = nn.SpatialFullConvolution(2, 3, 3, 3)
    for _, x in ipairs { torch.ones(1, 4, 4), {}, { torch.ones(2, 3, 3) }, 'x', { torch.ones(2, 3, 3), 5 } } do
      assert.has_error(function() m:forward(x) end)
    end
    for _, f in ipairs {
      function() nn.SpatialConvolution(3, 4, 5) end,
      function() nn.SpatialConvolution(3, 4, 5, 0) end,
      function() nn.SpatialConvolution(3, 4, 5, 5, 1, 1, -1) end,
      function() nn.SpatialConvolution(3, 4, 5, 5, 1, 1, 0, 0, 2) end,
      function() nn.SpatialFullConvolution(3, 4, 5, 5, 2, 2, 0, 0, 2) end,
      function() nn.VolumetricFullConvolution(3, 4, 5, 5, 5, 1, 1, 1, 0, 0, 0, 1) end,
      function() nn.SpatialConvolutionLocal(1, 1, 3, 3, 4, 4) end,
      function() nn.SpatialConvolutionMap(torch.ones(3), 2, 2) end,
      function() nn.SpatialConvolutionMap(torch.zeros(3, 2), 2, 2) end,
      function() nn.tables.random(2, 3, 4) end,
      function() nn.TemporalConvolution() end,
      function() nn.SpatialConvolutionLocal(1, 1, 5, 5, 3, 3):forward(torch.ones(1, 6, 5)) end,
    } do
      assert.has_error(f)
    end
    m = nn.SpatialConvolution(1, 1, 3, 3)
    m:forward(torch.ones(1, 5, 5))
    assert.has_error(function() m:backward(torch.ones(1, 5, 5), torch.ones(1, 2, 2)) end)
    assert.has_error(function() m:forward(torch.ones(1, 5, 5):float()) end)
  end)
end)
