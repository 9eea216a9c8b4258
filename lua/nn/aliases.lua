--- PyTorch's names for what has another name here, with PyTorch's order of arguments: nn.Conv2d, nn.BatchNorm2d,
-- nn.CrossEntropyLoss ... Any arguments may come by name in a table: nn.Conv2d(3, 16, 5, { stride = 2, bias = false }),
-- in camelCase or snake_case; unknown names are refused.
--
-- Sizes of windows are a number or {height, width} ({time, height, width}), as there. What differs: classes, indices
-- and dimensions count from 1, as everywhere in Torch7.
--
-- One row a name: its arguments in order, and what makes the module from them. The losses' rows are in losses.lua.
local options = require 'nn.options'
local dilate = require 'nn.convolution'.dilate
local nn = require 'nn'

local rows = {}
local function row(name, arguments, make)
  local names = {}
  for word in arguments:gmatch '%S+' do names[#names + 1] = word end
  rows[name] = function(...)
    local who = 'nn.' .. name
    return make(options.read(who, names, ...), who)
  end
end

-- -- helpers ------------------------------------------------------------------------------------------------

-- A window's sizes as a list of n: a number stands for all of them.
local function sizes(who, name, v, n, default)
  if v == nil then v = default end
  if torch.isTypeOf(v, 'torch.LongStorage') then v = v:totable() end
  if type(v) == 'number' then
    local out = {}
    for i = 1, n do out[i] = v end
    return out
  elseif type(v) ~= 'table' or #v ~= n then
    options.refuse(who, name, ('a number or a list of %d'):format(n), v)
  end
  for i = 1, n do
    if type(v[i]) ~= 'number' then options.refuse(who, name, ('a number or a list of %d numbers'):format(n), v) end
  end
  return v
end

local function refuse_unless(who, name, v, allowed)
  if v ~= nil and v ~= allowed then options.refuse(who, name, tostring(allowed) .. ' only', v) end
end

local function whole(who, o, ...)
  for _, name in ipairs { ... } do options.count(who, name, o[name]) end
end

-- 'same': as much padding as keeps the size, at a stride of 1.
local function padding(who, o, kernel, dilation)
  local n = #kernel
  if o.padding == 'valid' then return sizes(who, 'padding', 0, n) end
  if o.padding ~= 'same' then return sizes(who, 'padding', o.padding, n, 0) end
  local out = {}
  for i = 1, n do
    out[i] = dilation[i] * (kernel[i] - 1) / 2
    if out[i] % 1 ~= 0 then options.refuse(who, 'padding', "numbers, or 'same' with odd kernels", 'same') end
  end
  return out
end

local function each_is(list, v)
  for i = 1, #list do
    if list[i] ~= v then return false end
  end
  return true
end

-- {height, width} → width, height; {time, height, width} → time, width, height.
local function turned(t)
  if #t == 1 then return t[1], 1 end
  if #t == 2 then return t[2], t[1] end
  return t[1], t[3], t[2]
end
local function beside(...) -- one list of several triples or pairs, in Torch7's order
  local out = {}
  for _, t in ipairs { ... } do
    for _, v in ipairs { turned(t) } do out[#out + 1] = v end
  end
  return unpack(out)
end

-- Put a second size next to those of one dimension.
local function one_row(n, value, ...)
  if n > 1 then return ... end
  local out = {}
  for i, t in ipairs { ... } do out[i] = { value[i], t[1] } end
  return unpack(out)
end

local function maybe_row(n, module, flat) return n == 1 and nn.OneRow(module, flat) or module end
local function no_bias(o, who, module)
  return options.flag(who, 'bias', o.bias, true) and module or module:noBias()
end

-- -- convolution --------------------------------------------------------------------------------------------

local plain = { 'SpatialConvolution', 'SpatialConvolution', 'VolumetricConvolution' }
local dilated = { 'SpatialDilatedConvolution', 'SpatialDilatedConvolution', 'VolumetricDilatedConvolution' }
local full = { 'SpatialFullConvolution', 'SpatialFullConvolution', 'VolumetricFullConvolution' }

-- A padding layer for a border of anything but zeros, and the padding that the convolution then has.
local borders = { reflect = 'ReflectionPad', replicate = 'ReplicationPad', circular = 'CircularPad' }
local function border_of(who, o, p)
  local mode = o.paddingMode or 'zeros'
  if mode == 'zeros' then return nil end
  if not borders[mode] then
    options.refuse(who, 'paddingMode', "'zeros', 'reflect', 'replicate' or 'circular'", mode)
  end
  local widths, none = {}, {}
  for i = #p, 1, -1 do -- the last dimension first, before and after
    widths[#widths + 1], widths[#widths + 2], none[i] = p[i], p[i], 0
  end
  return nn[borders[mode] .. #p .. 'd'](widths), none
end

for n = 1, 3 do
  row(('Conv%dd'):format(n), 'inChannels outChannels kernelSize stride padding dilation groups bias paddingMode',
    function(o, who)
      whole(who, o, 'inChannels', 'outChannels')
      local k, d = sizes(who, 'kernelSize', o.kernelSize, n), sizes(who, 'dilation', o.dilation, n, 1)
      local s, p = sizes(who, 'stride', o.stride, n, 1), padding(who, o, k, d)
      local border, none = border_of(who, o, p)
      if border then p = none end
      if o.padding == 'same' and not each_is(s, 1) then
        options.refuse(who, 'stride', "1 with padding 'same'", o.stride)
      end
      local groups = options.count(who, 'groups', o.groups or 1)
      k, s, p, d = one_row(n, { 1, 1, 0, 1 }, k, s, p, d)
      local arguments = each_is(d, 1) and { beside(k, s, p) } or { beside(k, s, p, d) }
      arguments[#arguments + 1] = groups
      local class = (each_is(d, 1) and plain or dilated)[n]
      local convolution = maybe_row(n, no_bias(o, who, nn[class](o.inChannels, o.outChannels, unpack(arguments))))
      return border and nn.Sequential():add(border):add(convolution) or convolution
    end)

  row(('ConvTranspose%dd'):format(n),
    'inChannels outChannels kernelSize stride padding outputPadding groups bias dilation paddingMode', function(o, who)
      whole(who, o, 'inChannels', 'outChannels')
      refuse_unless(who, 'paddingMode', o.paddingMode, 'zeros')
      local k, s = sizes(who, 'kernelSize', o.kernelSize, n), sizes(who, 'stride', o.stride, n, 1)
      local p, a = sizes(who, 'padding', o.padding, n, 0), sizes(who, 'outputPadding', o.outputPadding, n, 0)
      local d, none = sizes(who, 'dilation', o.dilation, n, 1), {}
      k, s, p, a, d = one_row(n, { 1, 1, 0, 0, 1 }, k, s, p, a, d)
      for i = 1, #k do none[i] = 0 end
      local arguments = { beside(k, s, p, none) }
      arguments[#arguments + 1] = options.count(who, 'groups', o.groups or 1)
      local convolution = nn[full[n]](o.inChannels, o.outChannels, unpack(arguments))
      dilate(convolution, #d == 3 and { 'T', 'H', 'W' } or { 'H', 'W' }, d, a)
      return maybe_row(n, no_bias(o, who, convolution))
    end)
end

-- -- pooling ------------------------------------------------------------------------------------------------

local max_pool = { 'SpatialDilatedMaxPooling', 'SpatialDilatedMaxPooling', 'VolumetricDilatedMaxPooling' }
local avg_pool = { 'SpatialAveragePooling', 'SpatialAveragePooling', 'VolumetricAveragePooling' }

-- {values, positions} in place of values.
local function with_indices(o, who, pool)
  return options.flag(who, 'returnIndices', o.returnIndices, false) and nn.PoolIndices(pool) or pool
end

for n = 1, 3 do
  row(('MaxPool%dd'):format(n), 'kernelSize stride padding dilation returnIndices ceilMode', function(o, who)
    local k = sizes(who, 'kernelSize', o.kernelSize, n)
    local s, p = sizes(who, 'stride', o.stride, n, k), sizes(who, 'padding', o.padding, n, 0)
    local d = sizes(who, 'dilation', o.dilation, n, 1)
    local pool = nn[max_pool[n]](beside(one_row(n, { 1, 1, 0, 1 }, k, s, p, d)))
    if options.flag(who, 'ceilMode', o.ceilMode, false) then pool:ceil() end
    return with_indices(o, who, maybe_row(n, pool))
  end)

  row(('AvgPool%dd'):format(n), 'kernelSize stride padding ceilMode countIncludePad divisorOverride', function(o, who)
    local k = sizes(who, 'kernelSize', o.kernelSize, n)
    local s, p = sizes(who, 'stride', o.stride, n, k), sizes(who, 'padding', o.padding, n, 0)
    local pool = nn[avg_pool[n]](beside(one_row(n, { 1, 1, 0 }, k, s, p)))
    if options.flag(who, 'ceilMode', o.ceilMode, false) then pool:ceil() end
    if not options.flag(who, 'countIncludePad', o.countIncludePad, true) then pool:setCountExcludePad() end
    if o.divisorOverride ~= nil then
      pool.divisor = options.count(who, 'divisorOverride', o.divisorOverride)
    end
    return maybe_row(n, pool)
  end)
end

-- (Σ x^p over each window)^(1/p)
for n = 1, 3 do
  row(('LPPool%dd'):format(n), 'normType kernelSize stride ceilMode', function(o, who)
    local p = options.number(who, 'normType', o.normType)
    if p <= 0 then options.refuse(who, 'normType', 'a number above 0', p) end
    local k = sizes(who, 'kernelSize', o.kernelSize, n)
    local s = sizes(who, 'stride', o.stride, n, k)
    local count = 1
    for i = 1, n do count = count * k[i] end
    local pool = nn[avg_pool[n]](beside(one_row(n, { 1, 1 }, k, s)))
    if options.flag(who, 'ceilMode', o.ceilMode, false) then pool:ceil() end
    return maybe_row(n, nn.Sequential():add(p == 2 and nn.Square() or nn.Power(p)):add(pool):add(nn.MulConstant(count))
      :add(p == 2 and nn.Sqrt() or nn.Power(1 / p)))
  end)
end

local fractional = { nil, 'SpatialFractionalMaxPooling', 'VolumetricFractionalMaxPooling' }
for n = 2, 3 do
  row(('FractionalMaxPool%dd'):format(n), 'kernelSize outputSize outputRatio returnIndices', function(o, who)
    if (o.outputSize == nil) == (o.outputRatio == nil) then
      options.refuse(who, 'outputSize', 'either it or outputRatio', o.outputSize)
    end
    local name = o.outputSize and 'outputSize' or 'outputRatio'
    local out = sizes(who, name, o[name], n)
    for i = 1, n do
      if name == 'outputRatio' and not (type(out[i]) == 'number' and out[i] > 0 and out[i] < 1) then
        options.refuse(who, name, 'numbers between 0 and 1', out[i])
      end
    end
    return with_indices(o, who, nn[fractional[n]](beside(sizes(who, 'kernelSize', o.kernelSize, n), out)))
  end)
end

-- -- normalisation, dropout -----------------------------------------------------------------------------------

local batch_norm = { 'SpatialBatchNormalization', 'SpatialBatchNormalization', 'VolumetricBatchNormalization' }
for n = 1, 3 do
  row(('BatchNorm%dd'):format(n), 'numFeatures eps momentum affine trackRunningStats', function(o, who)
    whole(who, o, 'numFeatures')
    local track = options.flag(who, 'trackRunningStats', o.trackRunningStats, true)
    local norm = nn[batch_norm[n]](o.numFeatures, options.number(who, 'eps', o.eps, 1e-5),
      options.number(who, 'momentum', o.momentum, 0.1), options.flag(who, 'affine', o.affine, true))
    if norm.weight then norm.weight:fill(1) end
    if not track then norm.trackRunningStats = false end
    return maybe_row(n, norm, true)
  end)
end

-- -- activations ----------------------------------------------------------------------------------------------

local function same(name, class, arguments, ...)
  local defaults = { ... }
  local names = {}
  for word in arguments:gmatch '%S+' do names[#names + 1] = word end
  row(name, arguments, function(o)
    local values = {}
    for i, key in ipairs(names) do
      values[i] = o[key]
      if values[i] == nil then values[i] = defaults[i] end
    end
    return nn[class](unpack(values, 1, #names))
  end)
end

same('Softplus', 'SoftPlus', 'beta threshold', 1, 20)
same('Softsign', 'SoftSign', '')
same('Softshrink', 'SoftShrink', 'lambd', 0.5)
same('Hardshrink', 'HardShrink', 'lambd', 0.5)
same('Hardtanh', 'HardTanh', 'minVal maxVal inplace', -1, 1)
same('Tanhshrink', 'TanhShrink', '')
same('LogSigmoid', 'LogSigmoid', '')
same('GLU', 'GatedLinearUnit', 'dim')

row('Softmin', 'dim', function(o)
  return nn.Sequential():add(nn.MulConstant(-1)):add(nn.Softmax(o.dim))
end)

rows.Swish = function() return nn.SiLU() end

-- -- the rest ---------------------------------------------------------------------------------------------------

-- Entry paddingIdx (from 1) stays at zero and gets no gradient; longer entries than maxNorm are scaled down. sparse: an
-- nn.SparseEmbedding, for optim.SparseAdam.
row('Embedding', 'numEmbeddings embeddingDim paddingIdx maxNorm normType scaleGradByFreq sparse', function(o, who)
  whole(who, o, 'numEmbeddings', 'embeddingDim')
  local class = options.flag(who, 'sparse', o.sparse, false) and 'SparseEmbedding' or 'LookupTable'
  local table_ = nn[class](o.numEmbeddings, o.embeddingDim, o.paddingIdx or 0, o.maxNorm, o.normType)
  if o.paddingIdx then table_.weight[o.paddingIdx]:zero() end
  if options.flag(who, 'scaleGradByFreq', o.scaleGradByFreq, false) then table_:scaleGradByFreq() end
  return table_
end)

row('Softmax2d', '', function() return nn.SpatialSoftMax() end)
row('UpsamplingNearest2d', 'size scaleFactor', function(o) return nn.Upsample(o.size, o.scaleFactor, 'nearest') end)
row('UpsamplingBilinear2d', 'size scaleFactor', function(o)
  return nn.Upsample(o.size, o.scaleFactor, 'bilinear', true)
end)

row('CrossMapLRN2d', 'size alpha beta k', function(o, who)
  whole(who, o, 'size')
  return nn.SpatialCrossMapLRN(o.size, o.alpha, o.beta, o.k)
end)
-- Its output is the attention's alone unless needWeights is true; weights() gives the probabilities.
row('MultiheadAttention', 'embedDim numHeads dropout bias addBiasKv addZeroAttn kdim vdim batchFirst needWeights '
  .. 'averageWeights', function(o)
  local width, heads = o.embedDim, o.numHeads
  o.embedDim, o.numHeads = nil, nil
  return nn.MultiHeadAttention(width, heads, o)
end)

-- Layers that take their number of inputs from their first input.
local lazy = { Linear = -1 }
for n = 1, 3 do
  lazy[('Conv%dd'):format(n)], lazy[('ConvTranspose%dd'):format(n)] = -1 - n, -1 - n
  lazy[('BatchNorm%dd'):format(n)], lazy[('InstanceNorm%dd'):format(n)] = n == 1 and 2 or -1 - n, -1 - n
end
for name, dim in pairs(lazy) do
  rows['Lazy' .. name] = function(...)
    local arguments = { ... }
    return nn.Lazy(name, arguments, dim)
  end
end

require 'nn.losses'(row)

for name, make in pairs(rows) do
  if nn[name] == nil then rawset(nn, name, make) end
end

return rows
