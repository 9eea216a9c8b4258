--- Pooling, normalisation over planes, dropout of planes, padding, up-sampling: gradients by finite differences, one
-- sample against a batch, layouts, types, files, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local distinct, positive, evaluating = support.distinct, support.positive, support.evaluating

-- constructor, sizes of a batch; values: draws the input; single = false: one sample is refused or drawn anew; draws:
-- forward draws numbers; any: any number of dimensions does
local rows = {
  { function() return nn.SpatialMaxPooling(3, 2, 2, 1, 1, 1) end, { 2, 3, 6, 7 }, values = distinct },
  { function() return nn.SpatialMaxPooling(3, 3, 2, 2):ceil() end, { 2, 3, 6, 8 }, values = distinct },
  { function() return nn.SpatialDilatedMaxPooling(2, 3, 1, 2, 1, 0, 2, 2) end, { 2, 3, 7, 6 }, values = distinct },
  { function() return nn.VolumetricMaxPooling(2, 3, 2, 1, 2, 2, 1, 1, 0) end, { 2, 2, 4, 5, 5 }, values = distinct },
  { function() return nn.VolumetricMaxPooling(2, 2, 2):ceil() end, { 2, 2, 3, 5, 4 }, values = distinct },
  { function()
    return nn.VolumetricDilatedMaxPooling(2, 2, 2, 1, 1, 1, 1, 0, 0, 1, 2, 2)
  end, { 2, 2, 3, 4, 5 }, values = distinct },
  { function() return nn.TemporalMaxPooling(3, 2) end, { 2, 7, 4 }, values = distinct },
  { function() return nn.TemporalMaxPooling(2) end, { 3, 4, 1 }, values = distinct },
  { function() return nn.TemporalDynamicKMaxPooling(2, 0.4) end, { 2, 6, 3 }, values = distinct },
  { function() return nn.SpatialAveragePooling(3, 2, 2, 1, 1, 1) end, { 2, 3, 6, 7 } },
  { function() return nn.SpatialAveragePooling(3, 3, 2, 2, 1, 1):ceil():setCountExcludePad() end, { 2, 3, 6, 7 } },
  { function()
    local m = nn.SpatialAveragePooling(2, 2)
    m.divide = false
    return m
  end, { 2, 3, 4, 5 } },
  { function() return nn.VolumetricAveragePooling(2, 3, 2) end, { 2, 2, 4, 4, 6 } },
  { function() return nn.VolumetricAveragePooling(2, 2, 2, 1, 2, 2, 1, 0, 1):ceil() end, { 2, 2, 3, 5, 5 } },
  { function() return nn.SpatialLPPooling(3, 2, 2, 2) end, { 2, 3, 4, 6 }, values = positive },
  { function() return nn.SpatialLPPooling(3, 3, 2, 3, 1, 1) end, { 2, 3, 4, 6 }, values = positive },
  { function() return nn.VolumetricBatchNormalization(3) end, { 2, 3, 2, 3, 2 }, single = false },
  { function() return evaluating(nn.VolumetricBatchNormalization(3)) end, { 2, 3, 2, 3, 2 }, single = false },
  { function() return nn.SpatialAdaptiveMaxPooling(3, 2) end, { 2, 3, 5, 7 }, values = distinct },
  { function() return nn.SpatialAdaptiveAveragePooling(3, 4) end, { 2, 3, 5, 7 } },
  { function() return nn.SpatialAdaptiveAveragePooling(1, 1) end, { 2, 3, 5, 4 } },
  { function() return nn.AdaptiveAvgPool1d(4) end, { 2, 3, 7 } },
  { function() return nn.AdaptiveAvgPool2d { 2, 3 } end, { 2, 3, 5, 4 } },
  { function() return nn.AdaptiveAvgPool3d(2, 3, 1) end, { 2, 3, 3, 5, 4 } },
  { function() return nn.AdaptiveMaxPool1d(3) end, { 2, 3, 7 }, values = distinct },
  { function() return nn.AdaptiveMaxPool2d(3) end, { 2, 3, 5, 4 }, values = distinct },
  { function() return nn.AdaptiveMaxPool3d(2) end, { 2, 2, 3, 5, 4 }, values = distinct },
  { function() return nn.SpatialFractionalMaxPooling(3, 2, 2, 3) end, { 2, 3, 6, 7 }, values = distinct, single = false,
    draws = true },
  { function() return nn.SpatialFractionalMaxPooling(2, 2, 0.6, 0.7) end, { 2, 3, 6, 7 }, values = distinct,
    single = false, draws = true },
  { function() return nn.VolumetricFractionalMaxPooling(2, 2, 2, 2, 3, 2) end, { 2, 2, 5, 4, 4 }, values = distinct,
    single = false, draws = true },
  { function() return nn.SpatialCrossMapLRN(3) end, { 2, 5, 2, 3 } },
  { function() return nn.SpatialCrossMapLRN(4, 0.5, 0.6, 2) end, { 2, 6, 2, 3 } },
  { function() return nn.SpatialCrossMapLRN(9, 0.3, 0.75, 1) end, { 2, 4, 2, 3 } },
  { function() return nn.SpatialZeroPadding(1, 2, 0, -1) end, { 2, 3, 4, 3 } },
  { function() return nn.SpatialReflectionPadding(2, 1, 1, 2) end, { 2, 3, 4, 3 } },
  { function() return nn.SpatialReflectionPadding(-1, 1, 1, 0) end, { 2, 3, 4, 3 } },
  { function() return nn.SpatialReplicationPadding(2, 1, 3, -1) end, { 2, 3, 4, 3 } },
  { function() return nn.VolumetricReplicationPadding(1, 2, 0, 1, 1, -1) end, { 2, 2, 3, 3, 4 } },
  { function() return nn.ZeroPad1d(2) end, { 2, 3, 4 } },
  { function() return nn.ZeroPad2d { 1, 0, 2, 1 } end, { 2, 3, 4, 3 } },
  { function() return nn.ZeroPad3d(1) end, { 2, 2, 2, 3, 2 } },
  { function() return nn.ConstantPad1d({ 1, -1 }, 3) end, { 2, 3, 4 } },
  { function() return nn.ConstantPad2d(1, -0.5) end, { 2, 3, 4, 3 } },
  { function() return nn.ConstantPad3d({ 1, 0, 0, 1, 2, -1 }, 2) end, { 2, 2, 2, 3, 2 } },
  { function() return nn.ReflectionPad1d { 3, 1 } end, { 2, 3, 4 } },
  { function() return nn.ReflectionPad2d(1) end, { 2, 3, 4, 3 } },
  { function() return nn.ReflectionPad3d(1) end, { 2, 2, 2, 3, 2 } },
  { function() return nn.ReplicationPad1d { 5, 1 } end, { 2, 3, 4 } },
  { function() return nn.ReplicationPad2d { 1, 0, 2, 1 } end, { 2, 3, 4, 3 } },
  { function() return nn.ReplicationPad3d(1) end, { 2, 2, 2, 3, 2 } },
  { function() return nn.CircularPad1d { 3, 4 } end, { 2, 3, 4 } },
  { function() return nn.CircularPad2d { 1, -1, 2, 1 } end, { 2, 3, 4, 3 } },
  { function() return nn.CircularPad3d(1) end, { 2, 2, 2, 3, 2 } },
  { function() return nn.SpatialUpSamplingNearest(3) end, { 2, 3, 2, 4 } },
  { function() return nn.SpatialUpSamplingBilinear(2) end, { 2, 3, 2, 4 } },
  { function() return nn.SpatialUpSamplingBilinear { oheight = 5, owidth = 3 } end, { 2, 3, 3, 4 } },
  { function() return nn.UpSampling(2) end, { 2, 3, 3, 2 }, single = false },
  { function() return nn.UpSampling(1.5, 'bilinear') end, { 2, 3, 4, 2 }, single = false },
  { function() return nn.UpSampling({ odepth = 3, oheight = 4, owidth = 3 }, 'linear') end, { 2, 2, 2, 3, 4 },
    single = false },
  { function() return nn.Upsample(nil, 2) end, { 2, 3, 4 }, single = false },
  { function() return nn.Upsample(7, nil, 'linear') end, { 2, 3, 4 }, single = false },
  { function() return nn.Upsample({ 5, 3 }, nil, 'bilinear', true) end, { 2, 3, 4, 4 }, single = false },
  { function() return nn.Upsample(nil, 1.7, 'bicubic') end, { 2, 2, 4, 3 }, single = false },
  { function() return nn.Upsample(6, nil, 'bicubic', true) end, { 2, 2, 4, 3 }, single = false },
  { function() return nn.Upsample { scale_factor = 1.5, mode = 'trilinear' } end, { 2, 2, 2, 2, 4 }, single = false },
  { function() return nn.SpatialSubtractiveNormalization(2, torch.ones(3, 5)) end, { 2, 2, 4, 5 } },
  { function() return nn.SpatialSubtractiveNormalization(3, torch.Tensor { 1, 2, 1 }) end, { 2, 3, 4, 5 } },
  { function() return nn.SpatialDivisiveNormalization(2, torch.ones(3, 3)) end, { 2, 2, 4, 5 }, tolerance = 1e-5 },
  { function() return nn.SpatialDivisiveNormalization(1, torch.Tensor { 1, 2, 1 }, 0.2, 0.7) end, { 2, 1, 4, 5 },
    tolerance = 1e-5 },
  { function() return nn.SpatialContrastiveNormalization(2, torch.ones(3)) end, { 2, 2, 4, 5 }, tolerance = 1e-5 },
  { function() return nn.GroupNorm(2, 6) end, { 3, 6, 2, 3 }, single = false },
  { function() return nn.GroupNorm(3, 3, 1e-3, false) end, { 2, 3, 4 }, single = false },
  { function() return nn.GroupNorm(2, 8) end, { 5, 8 }, single = false },
  { function() return nn.InstanceNorm1d(3) end, { 2, 3, 5 } },
  { function() return nn.InstanceNorm2d(3, { affine = true }) end, { 2, 3, 3, 4 } },
  { function() return nn.InstanceNorm3d(2, 1e-3, 0.1, true) end, { 2, 2, 2, 3, 4 } },
  { function() return evaluating(nn.InstanceNorm2d(3, { affine = true, trackRunningStats = true })) end,
    { 2, 3, 3, 4 } },
  { function() return nn.LayerNorm(6) end, { 3, 4, 6 } },
  { function() return nn.LayerNorm({ 2, 3 }, 1e-3, true, false) end, { 3, 2, 3 } },
  { function() return nn.RMSNorm(6) end, { 3, 4, 6 } },
  { function() return nn.RMSNorm { sizes = { 2, 3 }, affine = false } end, { 3, 2, 3 } },
  { function() return nn.PixelUnshuffle(2) end, { 2, 3, 4, 6 } },
  { function() return nn.DropPath(0.4) end, { 5, 3, 2 }, single = false, draws = true, any = true },
  { function() return nn.AlphaDropout(0.4) end, { 5, 3, 2 }, single = false, draws = true, any = true },
  { function() return nn.CELU(0.7) end, { 5, 3, 2 }, any = true },
  { function() return nn.SpatialSoftMax() end, { 2, 3, 3, 2 } },
  { function() return nn.SpatialLogSoftMax() end, { 2, 3, 3, 2 } },
  { function() return nn.SpatialDropout(0.4) end, { 2, 3, 2, 2 }, single = false, draws = true },
  { function() return nn.VolumetricDropout(0.4) end, { 2, 3, 2, 2, 2 }, single = false, draws = true },
}

local function any(t) return t:uniform(-1, 1) end

-- The same values behind other steps: dimensions in another order (channels last among them), gaps between elements.
local function layouts(x)
  local list = {}
  local function rotated(by)
    local order, back = {}, {}
    for d = 1, x:dim() do order[d] = (d - 1 + by) % x:dim() + 1 end
    for d = 1, x:dim() do back[order[d]] = d end
    return x:permute(unpack(order)):clone():permute(unpack(back))
  end
  list.rotated, list.rotated_back = rotated(1), rotated(-1)
  if x:dim() > 3 then -- (N, sizes..., C) as (N, C, sizes...)
    local order, back = { 1 }, { 1, x:dim() }
    for d = 3, x:dim() do order[d - 1], back[d] = d, d - 1 end
    order[x:dim()] = 2
    list.channels_last = x:permute(unpack(order)):clone():permute(unpack(back))
  end
  local wide = x:size():totable()
  wide[#wide + 1] = 2
  list.gaps = x.new(unpack(wide)):fill(7):select(#wide, 1):copy(x)
  return list
end

describe('layers over planes', function()
  before_each(function() torch.manualSeed(7) end)

  for _, row in ipairs(rows) do
    local size = row[2]
    local function make()
      local m = row[1]()
      if row.draws then -- the same at each forward
        local class = getmetatable(m).__index
        m.updateOutput = function(...)
          torch.manualSeed(3)
          return class.updateOutput(...)
        end
      end
      return m
    end
    local title = tostring(row[1]()):gsub('\n.*', '') .. ' of ' .. table.concat(size, 'x')
    local function input() return (row.values or any)(torch.DoubleTensor(unpack(size))) end

    it('gradients: ' .. title, function()
      local err = support.gradient_error(make(), input())
      assert.is_true(err < (row.tolerance or 1e-6), ('error %g'):format(err))
    end)

    it('layouts and types: ' .. title, function()
      local x, m = input(), make()
      local y = m:forward(x):clone()
      local g = y:clone():uniform(-1, 1)
      local dx = m:backward(x, g):clone()
      for name, other in pairs(layouts(x)) do
        local og = layouts(g)[name]
        assert.is_true(support.distance(m:forward(other), y) < 1e-12, 'output, ' .. name)
        assert.is_true(support.distance(m:backward(other, og), dx) < 1e-12, 'gradInput, ' .. name)
        assert.is_true(support.distance(m:backward(other, g), dx) < 1e-12, 'gradInput, input ' .. name)
      end
      for kind, tolerance in pairs { Float = 1e-4, Half = 2e-2, BFloat16 = 0.2 } do
        local t = 'torch.' .. kind .. 'Tensor'
        local f = make():type(t)
        for k, p in ipairs(f:parameters() or {}) do p:copy(m:parameters()[k]) end
        local fy = f:forward(x:type(t))
        assert.are.equal(t, torch.type(fy))
        assert.is_true(support.distance(fy:double(), y) < tolerance * math.max(1, y:clone():abs():max()), t)
        local fx = f:backward(x:type(t), g:type(t))
        assert.are.equal(t, torch.type(fx))
        -- a maximum may move when numbers are rounded
        if row.values ~= distinct or kind == 'Float' then
          local top = math.max(1, dx:clone():abs():max())
          assert.is_true(support.distance(fx:double(), dx) < 4 * tolerance * top, t .. ' gradInput')
        end
      end
    end)

    it('one sample, files, buffers: ' .. title, function()
      local x, m = input(), make()
      local y = m:forward(x):clone()
      local g = y:clone():uniform(-1, 1)
      local dx = m:backward(x, g):clone()
      if row.single ~= false then
        for i = 1, size[1] do
          assert.is_true(support.distance(m:forward(x[i]), y[i]) < 1e-12, 'output of one')
          assert.are.same(y[i]:size():totable(), m.output:size():totable())
          assert.is_true(support.distance(m:backward(x[i], g[i]), dx[i]) < 1e-12, 'gradInput of one')
          assert.are.same(dx[i]:size():totable(), m.gradInput:size():totable())
        end
      end
      local function places()
        m:forward(x)
        m:backward(x, g)
        return torch.pointer(m.output:storage()) .. ' ' .. torch.pointer(m.gradInput:storage())
      end
      assert.are.equal(places(), places())
      m.updateOutput = nil
      if row.draws then torch.manualSeed(3) end
      local loaded = torch.deserialize(torch.serialize(m))
      assert.are.equal(tostring(m), tostring(loaded))
      assert.is_true(support.distance(loaded:forward(x), y) < 1e-12, 'output of the loaded')
      if row.draws then torch.manualSeed(3) end
      m:clearState()
      loaded = torch.deserialize(torch.serialize(m))
      assert.is_true(support.distance(loaded:forward(x), y) < 1e-12, 'output of the cleared')
      assert.is_true(support.distance(loaded:backward(x, g), dx) < 1e-12, 'gradInput of the cleared')
    end)

    it('refuses what does not fit: ' .. title, function()
      local x, m = input(), make()
      local list = { false, 3, 'x', {} }
      if not row.any then list = { false, 3, 'x', {}, torch.Tensor(), torch.ones(1, 1, 1, 1, 1, 1, 1) } end
      for _, wrong in ipairs(list) do
        assert.has_error(function() m:forward(wrong) end)
        assert.has_error(function() m:updateGradInput(wrong, wrong) end)
      end
      m:forward(x)
      for _, wrong in ipairs { false, 3, torch.Tensor(), torch.ones(2), torch.ones(1, 1, 1, 1, 1, 1, 1) } do
        assert.has_error(function() m:updateGradInput(x, wrong) end)
      end
    end)
  end

  it('the same bits on one thread and on two', function()
    local threads = torch.getnumthreads()
    local function bits(make, channels_last, size)
      torch.manualSeed(1)
      local x = torch.FloatTensor(unpack(size)):normal()
      if channels_last then x = x:permute(1, 3, 4, 2):clone():permute(1, 4, 2, 3) end
      local m = make():float()
      m:zeroGradParameters()
      local y = m:forward(x)
      local dx = m:backward(x, y:clone())
      local _, grads = m:parameters()
      local list = { y:clone(), dx:clone() }
      for _, g in ipairs(grads or {}) do list[#list + 1] = g:clone() end
      return list
    end
    for _, make in ipairs {
      function() return nn.SpatialMaxPooling(3, 3, 2, 2, 1, 1) end,
      function() return nn.SpatialAveragePooling(3, 3, 2, 2, 1, 1) end,
      function() return nn.SpatialAdaptiveMaxPooling(5, 7) end,
      function() return nn.SpatialAdaptiveAveragePooling(1, 1) end,
      function() return nn.SpatialCrossMapLRN(5) end,
      function() return nn.SpatialReflectionPadding(3, 2, 1, 0) end,
      function() return nn.SpatialUpSamplingBilinear(2) end,
      function() return nn.SpatialBatchNormalization(6) end,
      function() return nn.GroupNorm(3, 6) end,
      function() return nn.LayerNorm { 24, 32 } end,
      function() return nn.RMSNorm(32) end,
    } do
      for _, last in ipairs { false, true } do
        torch.setnumthreads(1)
        local one = bits(make, last, { 40, 6, 24, 32 })
        torch.setnumthreads(2)
        local two = bits(make, last, { 40, 6, 24, 32 })
        torch.setnumthreads(threads)
        for i = 1, #one do assert.is_true(one[i]:equal(two[i]), tostring(make())) end
      end
    end
  end)

  it('positions of maxima', function()
    local m = nn.SpatialMaxPooling(2, 2)
    m:forward(torch.Tensor { { { 1, 9, 3, 4 }, { 5, 6, 7, 8 } } })
    assert.are.same({ 2, 8 }, { m.indices[1][1][1], m.indices[1][1][2] })
    local t = nn.TemporalMaxPooling(2)
    t:forward(torch.Tensor { { 1 }, { 2 }, { 4 }, { 3 } })
    assert.are.same({ 1, 0 }, { t.indices[1][1], t.indices[2][1] })
    local v = nn.VolumetricMaxPooling(2, 2, 2)
    v:forward(torch.range(1, 8):view(1, 2, 2, 2))
    assert.are.equal(8, v.indices[1][1][1][1])
  end)

  it('dropped planes are whole, kept ones not scaled', function()
    for _, m in ipairs { nn.SpatialDropout(0.25), nn.VolumetricDropout(0.25) } do
      local dims = torch.type(m) == 'nn.SpatialDropout' and { 2, 2 } or { 2, 2, 2 }
      local y = m:forward(torch.ones(50, 40, unpack(dims)))
      local planes = y:view(2000, -1):sum(2):view(-1)
      local whole = planes:eq(y:nElement() / 2000):sum()
      assert.are.equal(2000, planes:eq(0):sum() + whole)
      assert.is_true(math.abs(whole / 2000 - 0.75) < 0.05)
      m:evaluate()
      assert.are.equal(0.75, m:forward(torch.ones(1, 1, unpack(dims))):max())
      assert.has_error(function() m:backward(torch.ones(1, 1, unpack(dims)), torch.ones(1, 1, unpack(dims))) end)
      assert.has_error(function() m:setp(2) end)
    end
  end)

  it('normalisation by groups gives each group mean 0 and variance 1', function()
    local x = torch.randn(3, 6, 4, 5):mul(3):add(100)
    local y = nn.GroupNorm(2, 6):forward(x):view(3, 2, -1)
    assert.is_true(y:mean(3):abs():max() < 1e-9 and (y:var(3, true) - 1):abs():max() < 1e-4)
    y = nn.InstanceNorm2d(6):forward(x):view(18, -1)
    assert.is_true(y:mean(2):abs():max() < 1e-9 and (y:var(2, true) - 1):abs():max() < 1e-4)
    y = nn.LayerNorm({ 4, 5 }):forward(x):view(18, -1)
    assert.is_true(y:mean(2):abs():max() < 1e-9 and (y:var(2, true) - 1):abs():max() < 1e-4)
    y = nn.RMSNorm(5):forward(x)
    assert.is_true((torch.pow(y, 2):mean(4) - 1):abs():max() < 1e-6)
  end)

  it('instances move running estimates', function()
    local m = nn.InstanceNorm1d(2, 0, 0.5, { trackRunningStats = true })
    m:forward(torch.Tensor { { { 1, 3 }, { 0, 4 } }, { { 5, 7 }, { 2, 2.5 } } })
    assert.is_true(support.distance(m.running_mean, torch.Tensor { 2, 1.0625 }) < 1e-9)
    assert.is_true(support.distance(m.running_var, torch.Tensor { 1.5, 0.5 + 0.25 * (8 + 0.125) }) < 1e-9)
  end)

  it('pixels shuffled and back', function()
    local x = torch.randn(2, 8, 3, 4)
    assert.are.equal(0, support.distance(nn.PixelUnshuffle(2):forward(nn.PixelShuffle(2):forward(x)), x))
  end)

  it('dropped samples, dropout of SELU nets', function()
    local y = nn.DropPath(0.25):forward(torch.ones(4000, 2, 3)):view(4000, 6)
    local kept = y:gt(0):sum() / 6
    assert.are.equal(4000 - kept, y:sum(2):eq(0):sum())
    assert.is_true(math.abs(kept / 4000 - 0.75) < 0.03 and math.abs(y:max() - 4 / 3) < 1e-12)
    local z = nn.AlphaDropout(0.2):forward(torch.randn(200000))
    assert.is_true(math.abs(z:mean()) < 0.02 and math.abs(z:var() - 1) < 0.02)
    for _, m in ipairs { nn.DropPath(0.3), nn.AlphaDropout(0.3) } do
      m:evaluate()
      assert.are.equal(0, support.distance(m:forward(y), y))
      assert.has_error(function() m:setp(1) end)
    end
  end)

  it('up-sampling as PyTorch places it', function()
    local x = torch.Tensor { { { 1, 2, 4 } } }
    local function row(...) return nn.Upsample(...):forward(x):view(-1) end
    local function near(y, ...) return support.distance(y, torch.Tensor { ... }) < 1e-6 end
    assert.is_true(near(row(6), 1, 1, 2, 2, 4, 4))
    assert.is_true(near(row(nil, 2, 'linear'), 1, 1.25, 1.75, 2.5, 3.5, 4))
    assert.is_true(near(row(5, nil, 'linear', true), 1, 1.5, 2, 3, 4))
    local image = torch.Tensor { { { { 1, 2 }, { 3, 4 } } } }
    local y = nn.Upsample(nil, 2, 'bicubic'):forward(image)
    assert.is_true(near(y[1][1][1], 0.68359375, 1.015625, 1.5625, 1.89453125))
  end)

  it('constructors name what is wrong', function()
    for expected, make in pairs {
      ['nn.SpatialMaxPooling: kH: expected an integer >= 1, got nil'] = function() nn.SpatialMaxPooling(2) end,
      ['nn.SpatialAdaptiveMaxPooling: W: expected an integer of 1 to 2^31 - 1, got inf'] = function()
        nn.SpatialAdaptiveMaxPooling(1 / 0, 2)
      end,
      ['each an integer of 1 to 2^31 - 1, got 1.1529215046068e+18'] = function()
        nn.AdaptiveAvgPool2d(2 ^ 60)
      end,
      ['nn.SpatialConvolution: kH: expected an integer below 2^31, got inf'] = function()
        nn.SpatialConvolution(1, 1, 3, 1 / 0)
      end,
      ['nn.SpatialMaxPooling: dW: expected an integer >= 1, got 0'] = function() nn.SpatialMaxPooling(2, 2, 0) end,
      ['nn.SpatialAveragePooling: padH: expected an integer >= 0, got -1'] = function()
        nn.SpatialAveragePooling(2, 2, 1, 1, 0, -1)
      end,
      ['nn.VolumetricMaxPooling: kT: expected an integer >= 1, got x'] = function()
        nn.VolumetricMaxPooling('x', 2, 2)
      end,
      ['nn.SpatialLPPooling: kH: expected a number > 0, got nil'] = function() nn.SpatialLPPooling(1, 2, 2) end,
      ['nn.TemporalMaxPooling: kW: expected an integer >= 1, got 0.5'] = function() nn.TemporalMaxPooling(0.5) end,
      ['nn.TemporalMaxPooling: kW: expected an integer >= 1, got nan'] = function() nn.TemporalMaxPooling(0 / 0) end,
    } do
      local ok, message = pcall(make)
      assert.is_false(ok)
      assert.is_truthy(message:find(expected, 1, true), message)
    end
  end)
end)
