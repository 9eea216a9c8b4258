--- nn.functional: PyTorch's functions of that name, on tensors: F.relu(x), F.softmax(x, dim), F.cross_entropy(x, t).
--
-- A function makes the layer or loss, runs it forward and returns its output, which is the caller's. There is no way
-- back through it: layers are for training. Arguments come in PyTorch's order, or by name in a last table:
-- F.max_pool2d(x, 3, { stride = 2 }). Classes, positions and dimensions count from 1. f_(x) is f(x) put into x.
--
-- The tables below name them: the function, its arguments after the tensors, and the class where that has another name
-- or another order of arguments. What has weights of its own stands after them.
-- @usage
-- local F = nn.functional
-- local y = F.softmax(F.linear(torch.randn(2, 3), torch.randn(4, 3)), 2)
local nn = require 'nn'
local bare = require 'nn.bare'
local options = require 'nn.options'
local convolution = require 'nn.convolution'
local groupnorm = require 'nn.groupnorm'

local M = {}

-- One tensor in, one out. "training": the layer evaluates where it is false; "training=no" says the default.
local layers = [[
relu: inplace = ReLU
relu6: inplace = ReLU6
elu: alpha inplace = ELU
selu: inplace = SELU
celu: alpha inplace = CELU
leaky_relu: negativeSlope inplace = LeakyReLU
rrelu: lower upper training=no inplace = RReLU
gelu: approximate = GELU
silu: inplace = SiLU
mish: inplace = Mish
softplus: beta threshold = Softplus
softsign: = Softsign
softshrink: lambd = Softshrink
hardshrink: lambd = Hardshrink
tanhshrink: = Tanhshrink
hardtanh: minVal maxVal inplace = Hardtanh
hardswish: inplace = Hardswish
hardsigmoid: inplace = Hardsigmoid
logsigmoid: = LogSigmoid
threshold: threshold value inplace = Threshold
tanh: = Tanh
sigmoid: = Sigmoid
glu: dim = GLU
softmax: dim = Softmax
log_softmax: dim = LogSoftmax
softmin: dim = Softmin
dropout: p training inplace = Dropout
dropout1d: p training inplace = Dropout1d
dropout2d: p training inplace = Dropout2d
dropout3d: p training inplace = Dropout3d
alpha_dropout: p training inplace = AlphaDropout
feature_alpha_dropout: p training inplace = FeatureAlphaDropout
max_pool1d: kernelSize stride padding dilation ceilMode returnIndices = MaxPool1d
max_pool2d: kernelSize stride padding dilation ceilMode returnIndices = MaxPool2d
max_pool3d: kernelSize stride padding dilation ceilMode returnIndices = MaxPool3d
avg_pool1d: kernelSize stride padding ceilMode countIncludePad = AvgPool1d
avg_pool2d: kernelSize stride padding ceilMode countIncludePad divisorOverride = AvgPool2d
avg_pool3d: kernelSize stride padding ceilMode countIncludePad divisorOverride = AvgPool3d
lp_pool1d: normType kernelSize stride ceilMode = LPPool1d
lp_pool2d: normType kernelSize stride ceilMode = LPPool2d
lp_pool3d: normType kernelSize stride ceilMode = LPPool3d
adaptive_avg_pool1d: outputSize = AdaptiveAvgPool1d
adaptive_avg_pool2d: outputSize = AdaptiveAvgPool2d
adaptive_avg_pool3d: outputSize = AdaptiveAvgPool3d
adaptive_max_pool1d: outputSize returnIndices = AdaptiveMaxPool1d
adaptive_max_pool2d: outputSize returnIndices = AdaptiveMaxPool2d
adaptive_max_pool3d: outputSize returnIndices = AdaptiveMaxPool3d
fractional_max_pool2d: kernelSize outputSize outputRatio returnIndices = FractionalMaxPool2d
fractional_max_pool3d: kernelSize outputSize outputRatio returnIndices = FractionalMaxPool3d
unfold: kernelSize dilation padding stride = Unfold
fold: outputSize kernelSize dilation padding stride = Fold
pixel_shuffle: upscaleFactor = PixelShuffle
pixel_unshuffle: downscaleFactor = PixelUnshuffle
channel_shuffle: groups = ChannelShuffle
local_response_norm: size alpha beta k = LocalResponseNorm
interpolate: size scaleFactor mode alignCorners = Upsample
upsample: size scaleFactor mode alignCorners = Upsample
upsample_nearest: size scaleFactor = UpsamplingNearest2d
upsample_bilinear: size scaleFactor = UpsamplingBilinear2d
]]

-- Input and target in; the number says how many inputs there are.
local losses = [[
cross_entropy: weight sizeAverage ignoreIndex reduce reduction labelSmoothing = CrossEntropyLoss
nll_loss: weight sizeAverage ignoreIndex reduce reduction = NLLLoss
mse_loss: sizeAverage reduce reduction = MSELoss
l1_loss: sizeAverage reduce reduction = L1Loss
smooth_l1_loss: sizeAverage reduce reduction beta = SmoothL1Loss
huber_loss: reduction delta = HuberLoss
binary_cross_entropy: weight sizeAverage reduce reduction = BCELoss
binary_cross_entropy_with_logits: weight sizeAverage reduce reduction posWeight = BCEWithLogitsLoss
kl_div: sizeAverage reduce reduction logTarget = KLDivLoss
poisson_nll_loss: logInput full sizeAverage eps reduce reduction = PoissonNLLLoss
soft_margin_loss: sizeAverage reduce reduction = SoftMarginLoss
hinge_embedding_loss: margin sizeAverage reduce reduction = HingeEmbeddingLoss
multilabel_margin_loss: sizeAverage reduce reduction = MultiLabelMarginLoss
multilabel_soft_margin_loss: weight sizeAverage reduce reduction = MultiLabelSoftMarginLoss
multi_margin_loss: p margin weight sizeAverage reduce reduction = MultiMarginLoss
cosine_embedding_loss 2: margin sizeAverage reduce reduction = CosineEmbeddingLoss
margin_ranking_loss 2: margin sizeAverage reduce reduction = MarginRankingLoss
]]

-- -- from the tables ------------------------------------------------------------------------------------------

local function insist(who, name, x)
  if not torch.isTensor(x) then options.refuse(who, name, 'a tensor', x) end
  return x
end

-- The layer or loss with its numbers in x's type.
local function typed(m, x)
  local kind = x:type()
  return kind:find('^torch%.%a*Tensor$') and x.normal and kind ~= torch.getdefaulttensortype() and m:type(kind) or m
end

local function split(words)
  local names = {}
  for word in words:gmatch '%S+' do names[#names + 1] = word end
  return names
end

for name, words, class in layers:gmatch '([%w_]+): ([^=\n]*=?n?o?[^=\n]*)= (%w+)\n' do
  local who, names, training = 'nn.functional.' .. name, split(words), nil
  for i, word in ipairs(names) do
    if word:find '^training' then names[i], training = 'training', word == 'training' end
  end
  M[name] = function(x, ...)
    insist(who, 'input', x)
    local o = options.read(who, names, ...)
    local train = options.flag(who, 'training', o.training, training)
    local inplace = options.flag(who, 'inplace', o.inplace, false)
    o.training, o.inplace = nil, nil
    local m = next(o) and nn[class](o) or nn[class]()
    m = typed(m, x)
    if train == false then m:evaluate() end
    local y = m:forward(x)
    return inplace and x:copy(y) or y
  end
  if words:find 'inplace' or not words:find '%l' then
    M[name .. '_'] = function(x, ...) return insist(who, 'input', x):copy(M[name](x, ...)) end
  end
end

for name, count, words, class in losses:gmatch '([%w_]+)( ?%d?): ([^=\n]*)= (%w+)\n' do
  local who, names = 'nn.functional.' .. name, split(words)
  local pairs_ = count ~= ''
  M[name] = function(x, target, ...)
    local third = ...
    local second
    insist(who, 'input', x)
    if pairs_ then second, target = insist(who, 'second input', target), third end
    if target == nil then options.refuse(who, 'target', 'a tensor', nil) end
    local o = pairs_ and options.read(who, names, select(2, ...)) or options.read(who, names, ...)
    local c = typed(nn[class](o), x)
    return c:forward(second and { x, second } or x, target)
  end
end

-- -- what takes weights ----------------------------------------------------------------------------------------

local function weights(who, w, dims, name)
  insist(who, name or 'weight', w)
  if w:dim() ~= dims then options.refuse(who, name or 'weight', ('%d dimensions'):format(dims), w:dim()) end
  return w
end

--- x wᵀ + b: input (..., in), weight (out, in), bias (out) → (..., out).
-- @usage local y = nn.functional.linear(torch.randn(5, 2, 3), torch.randn(4, 3))
function M.linear(x, weight, bias)
  local who = 'nn.functional.linear'
  insist(who, 'input', x)
  weights(who, weight, 2)
  local m = bare('Linear', x, { weight = weight, bias = bias, addBuffer = x.new() })
  if x:dim() < 3 then return m:forward(x) end
  local sizes = x:size():totable()
  local y = m:forward(x:contiguous():view(-1, sizes[#sizes]))
  sizes[#sizes] = weight:size(1)
  return y:view(unpack(sizes))
end

--- y_k = x1ᵀ W_k x2 + b_k: inputs (N, n1), (N, n2), weight (out, n1, n2) → (N, out).
-- @usage local y = nn.functional.bilinear(torch.randn(5, 2), torch.randn(5, 3), torch.randn(4, 2, 3))
function M.bilinear(x1, x2, weight, bias)
  local who = 'nn.functional.bilinear'
  insist(who, 'first input', x1)
  weights(who, weight, 3)
  return bare('Bilinear', x1, { weight = weight, bias = bias }):forward { x1, x2 }
end

local letters = { { 'H', 'W' }, { 'H', 'W' }, { 'T', 'H', 'W' } }
local kinds = { [false] = {}, [true] = {} }
for n = 1, 3 do
  for full in pairs(kinds) do kinds[full][n] = convolution.kind(letters[n], full or nil) end
end

-- A number, or a list of n of them, as fields of a layer: 'd' gives dH, dW. Sequences are images of one row.
local function spread(who, m, n, prefix, name, v, default, least)
  if v == nil then v = default end
  if type(v) == 'table' and #v ~= n then options.refuse(who, name, ('a number or a list of %d'):format(n), v) end
  for i, letter in ipairs(letters[n]) do
    local at = n == 1 and i - 1 or i
    local value = at == 0 and (least == 1 and 1 or 0) or (type(v) == 'table' and v[at] or v)
    m[prefix .. letter] = options.count(who, name, value, least)
  end
end

-- Sequences as images of one row, and back.
local function rowed(x, n)
  if n > 1 then return x end
  local s = x:size():totable()
  table.insert(s, #s, 1)
  return x:contiguous():view(unpack(s))
end

local function unrowed(y, n)
  if n > 1 then return y end
  local s = y:size():totable()
  table.remove(s, #s - 1)
  return y:view(unpack(s))
end

local function convolve(who, n, full, x, weight, bias, o)
  insist(who, 'input', x)
  weights(who, weight, n + 2)
  local groups = options.count(who, 'groups', o.groups or 1)
  local planes, others = weight:size(1), weight:size(2) * groups
  local m = bare(full and (n == 3 and 'VolumetricFullConvolution' or 'SpatialFullConvolution')
    or (n == 3 and 'VolumetricConvolution' or 'SpatialConvolution'), x, {})
  m.nInputPlane, m.nOutputPlane = full and planes or others, full and others or planes
  m.groups = groups > 1 and groups or nil
  weight = rowed(weight, n)
  for i, letter in ipairs(letters[n]) do m['k' .. letter] = weight:size(i + 2) end
  spread(who, m, n, 'd', 'stride', o.stride, 1, 1)
  spread(who, m, n, 'pad', 'padding', o.padding, 0, 0)
  spread(who, m, n, 'dilation', 'dilation', o.dilation, 1, 1)
  spread(who, m, n, 'adj', 'outputPadding', o.outputPadding, 0, 0)
  if bias ~= nil then weights(who, bias, 1, 'bias') end
  x = rowed(x, n)
  local batch = convolution.check_input(m, x, #letters[n], m.nInputPlane, table.concat(letters[n], ' x '))
  return unrowed(convolution.forward(m, kinds[full][n], batch, groups, m.output, x, weight, bias), n)
end

for n = 1, 3 do
  local name = ('conv%dd'):format(n)
  M[name] = function(x, weight, ...)
    local who = 'nn.functional.' .. name
    local o = options.read(who, { 'bias', 'stride', 'padding', 'dilation', 'groups' }, ...)
    if o.padding == 'valid' then o.padding = 0 end
    if o.padding == 'same' then
      weights(who, weight, n + 2)
      local d = type(o.dilation) == 'table' and o.dilation or {}
      o.padding = {}
      for i = 1, n do
        local p = (d[i] or tonumber(o.dilation) or 1) * (weight:size(i + 2) - 1) / 2
        if p % 1 ~= 0 then options.refuse(who, 'padding', "numbers, or 'same' with odd kernels", 'same') end
        o.padding[i] = p
      end
    end
    return convolve(who, n, false, x, weight, o.bias, o)
  end
  local transposed = ('conv_transpose%dd'):format(n)
  M[transposed] = function(x, weight, ...)
    local who = 'nn.functional.' .. transposed
    local o = options.read(who, { 'bias', 'stride', 'padding', 'outputPadding', 'groups', 'dilation' }, ...)
    return convolve(who, n, true, x, weight, o.bias, o)
  end
  local unpool = ('max_unpool%dd'):format(n)
  M[unpool] = function(x, indices, ...)
    local o = options.read('nn.functional.' .. unpool, { 'kernelSize', 'stride', 'padding', 'outputSize' }, ...)
    return nn[('MaxUnpool%dd'):format(n)](o.kernelSize, o.stride, o.padding):forward { x, indices, o.outputSize }
  end
end

--- Convolution over time of x (T, N, in) with weight (k, in, out) and bias (out) → (T + 2 pad - k + 1, N, out).
-- @usage local y = nn.functional.conv_tbc(torch.randn(7, 2, 3), torch.randn(3, 3, 4), torch.zeros(4), 1)
function M.conv_tbc(x, weight, ...)
  local who = 'nn.functional.conv_tbc'
  local o = options.read(who, { 'bias', 'pad' }, ...)
  if insist(who, 'input', x):dim() ~= 3 then options.refuse(who, 'input', '3 dimensions', x:dim()) end
  weights(who, weight, 3)
  return convolve(who, 1, false, x:permute(2, 3, 1), weight:permute(3, 2, 1):contiguous(), o.bias,
    { padding = o.pad }):permute(3, 1, 2):contiguous()
end

--- The rows of weight (n, width) that indices pick: (...) → (..., width).
-- @usage local y = nn.functional.embedding(torch.LongTensor { 2, 1 }, torch.randn(3, 4))
function M.embedding(input, weight, ...)
  local who = 'nn.functional.embedding'
  insist(who, 'input', input)
  weights(who, weight, 2)
  local o = options.read(who, { 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse' }, ...)
  return bare('LookupTable', weight, { weight = weight, paddingValue = o.paddingIdx or 0, maxNorm = o.maxNorm,
    normType = o.normType }):forward(input)
end

--- The mean (or sum, or max) of the rows of weight that each bag of indices picks: nn.EmbeddingBag.
-- @usage local y = nn.functional.embedding_bag(torch.LongTensor { { 2, 1 } }, torch.randn(3, 4), { mode = 'sum' })
function M.embedding_bag(input, weight, ...)
  local who = 'nn.functional.embedding_bag'
  insist(who, 'input', input)
  weights(who, weight, 2)
  local o = options.read(who, { 'offsets', 'maxNorm', 'normType', 'scaleGradByFreq', 'mode', 'sparse',
    'perSampleWeights', 'includeLastOffset', 'paddingIdx' }, ...)
  local mode = o.mode or 'mean'
  if mode ~= 'mean' and mode ~= 'sum' and mode ~= 'max' then
    options.refuse(who, 'mode', "'mean', 'sum' or 'max'", mode)
  end
  local ends = options.flag(who, 'includeLastOffset', o.includeLastOffset, false)
  local m = bare('EmbeddingBag', weight, { weight = weight, mode = mode, maxNorm = o.maxNorm,
    normType = o.normType or 2, paddingIdx = o.paddingIdx, includeLastOffset = ends })
  local shares = o.perSampleWeights
  if shares ~= nil then insist(who, 'perSampleWeights', shares) end
  if o.offsets then return m:forward { input, o.offsets, shares } end
  return m:forward(shares and { input, shares } or input)
end

--- Vectors of n with 1 at an index: (...) → LongTensor (..., n); n is the largest index where it is not given.
-- @usage print(nn.functional.one_hot(torch.LongTensor { 2, 1 }, 3))
function M.one_hot(input, n)
  insist('nn.functional.one_hot', 'input', input)
  return nn.OneHot(n or input:max()):forward(input):long()
end

--- Batch normalisation: running statistics are moved where it is training, used where it is not.
-- @usage local y = nn.functional.batch_norm(torch.randn(4, 3), torch.zeros(3), torch.ones(3))
function M.batch_norm(x, mean, var, ...)
  local who = 'nn.functional.batch_norm'
  local o = options.read(who, { 'weight', 'bias', 'training', 'momentum', 'eps' }, ...)
  if insist(who, 'input', x):dim() < 2 then options.refuse(who, 'input', '2 dimensions or more', x:dim()) end
  local train = options.flag(who, 'training', o.training, false)
  if not (torch.isTensor(mean) and torch.isTensor(var)) then
    if not train then options.refuse(who, 'runningMean', 'a tensor, and runningVar, where it is not training', mean) end
    mean, var = x.new(x:size(2)):zero(), x.new(x:size(2)):fill(1)
  end
  return bare('SyncBatchNorm', x, { running_mean = mean, running_var = var, weight = o.weight, bias = o.bias,
    train = train, momentum = options.number(who, 'momentum', o.momentum, 0.1),
    eps = options.number(who, 'eps', o.eps, 1e-5), affine = o.weight ~= nil }):forward(x)
end

--- Every plane of every sample by itself to mean 0 and variance 1; useInputStats = false: by running statistics.
-- @usage local y = nn.functional.instance_norm(torch.randn(4, 3, 5))
function M.instance_norm(x, ...)
  local who = 'nn.functional.instance_norm'
  local o = options.read(who, { 'runningMean', 'runningVar', 'weight', 'bias', 'useInputStats', 'momentum', 'eps' },
    ...)
  if insist(who, 'input', x):dim() < 3 then options.refuse(who, 'input', '3 dimensions or more', x:dim()) end
  if not options.flag(who, 'useInputStats', o.useInputStats, true) then
    return M.batch_norm(x, o.runningMean, o.runningVar, o.weight, o.bias, false, nil, o.eps)
  elseif o.runningMean ~= nil then
    options.refuse(who, 'runningMean', 'none with useInputStats: nn.InstanceNorm2d moves them', o.runningMean)
  end
  local m = bare('GroupNorm', x, { groups = x:size(2), planes = x:size(2), weight = o.weight, bias = o.bias,
    eps = options.number(who, 'eps', o.eps, 1e-5) })
  return groupnorm.forward(m, x, x:size(2))
end

--- The planes of each sample in groups, each to mean 0 and variance 1: nn.GroupNorm.
-- @usage local y = nn.functional.group_norm(torch.randn(2, 6, 5), 3)
function M.group_norm(x, groups, ...)
  local who = 'nn.functional.group_norm'
  local o = options.read(who, { 'weight', 'bias', 'eps' }, ...)
  if insist(who, 'input', x):dim() < 2 then options.refuse(who, 'input', '2 dimensions or more', x:dim()) end
  local m = bare('GroupNorm', x, { groups = options.count(who, 'numGroups', groups), planes = x:size(2),
    weight = o.weight, bias = o.bias, eps = options.number(who, 'eps', o.eps, 1e-5) })
  if x:size(2) % groups ~= 0 then options.refuse(who, 'numGroups', ('a divisor of %d'):format(x:size(2)), groups) end
  return m:forward(x)
end

local function last(class, names, eps)
  return function(who)
    return function(x, sizes, ...)
      local o = options.read(who, names, ...)
      insist(who, 'input', x)
      if type(sizes) == 'number' then sizes = { sizes } end
      if torch.isTypeOf(sizes, 'torch.LongStorage') then sizes = sizes:totable() end
      if type(sizes) ~= 'table' or #sizes == 0 then
        options.refuse(who, 'normalizedShape', 'a number or a list of sizes', sizes)
      end
      for _, n in ipairs(sizes) do options.count(who, 'normalizedShape', n) end
      return bare(class, x, { sizes = sizes, weight = o.weight, bias = o.bias,
        eps = (o.eps or eps) and options.number(who, 'eps', o.eps, eps) }):forward(x)
    end
  end
end

--- The last dimensions, of these sizes, to mean 0 and variance 1: nn.LayerNorm.
-- @function layer_norm
-- @usage local y = nn.functional.layer_norm(torch.randn(2, 6), 6)
M.layer_norm = last('LayerNorm', { 'weight', 'bias', 'eps' }, 1e-5) 'nn.functional.layer_norm'

--- The last dimensions, of these sizes, divided by the root of their mean square: nn.RMSNorm.
-- @function rms_norm
-- @usage local y = nn.functional.rms_norm(torch.randn(2, 6), 6)
M.rms_norm = last('RMSNorm', { 'weight', 'eps' }) 'nn.functional.rms_norm'

--- x above 0, weight times x below; weight holds one number or one a plane.
-- @usage local y = nn.functional.prelu(torch.randn(2, 3), torch.Tensor { 0.25 })
function M.prelu(x, weight)
  insist('nn.functional.prelu', 'input', x)
  weights('nn.functional.prelu', weight, 1)
  local n = weight:nElement()
  return bare('PReLU', x, { weight = weight, nOutputPlane = n > 1 and n or 0 }):forward(x)
end

-- -- several inputs, and the rest ------------------------------------------------------------------------------

--- The cosine of the angle between vectors along a dimension.
-- @usage local c = nn.functional.cosine_similarity(torch.randn(2, 3), torch.randn(2, 3))
function M.cosine_similarity(x1, x2, dim, eps)
  return typed(nn.CosineSimilarity(dim, eps), insist('nn.functional.cosine_similarity', 'first input', x1))
    :forward { x1, x2 }
end

--- The p-norm of x1 - x2 + eps over the last dimension.
-- @usage local d = nn.functional.pairwise_distance(torch.randn(2, 3), torch.randn(2, 3))
function M.pairwise_distance(x1, x2, ...)
  local who = 'nn.functional.pairwise_distance'
  local o = options.read(who, { 'p', 'eps', 'keepdim' }, ...)
  insist(who, 'first input', x1)
  insist(who, 'second input', x2)
  local y = (x1 - x2):add(options.number(who, 'eps', o.eps, 1e-6)):norm(options.number(who, 'p', o.p, 2), x1:dim())
  return (options.flag(who, 'keepdim', o.keepdim, false) or y:dim() == 1) and y or y:squeeze(y:dim())
end

--- The p-norms of the differences of all pairs of rows: torch.pdist.
-- @usage local d = nn.functional.pdist(torch.randn(4, 2))  -- 6 numbers: of rows 1 and 2, 1 and 3 ...
function M.pdist(x, ...)
  local who = 'nn.functional.pdist'
  if insist(who, 'input', x):dim() ~= 2 then options.refuse(who, 'input', '2 dimensions', x:dim()) end
  return torch.pdist(x, options.number(who, 'p', options.read(who, { 'p' }, ...).p, 2))
end

--- x divided by its p-norm (at least eps) along a dimension.
-- @usage local y = nn.functional.normalize(torch.randn(2, 3))
function M.normalize(x, ...)
  local who = 'nn.functional.normalize'
  local o = options.read(who, { 'p', 'dim', 'eps' }, ...)
  local dim = options.number(who, 'dim', o.dim, 2)
  if dim < 0 then dim = insist(who, 'input', x):dim() + 1 + dim end
  local norm = insist(who, 'input', x):norm(options.number(who, 'p', o.p, 2), dim)
  return torch.cdiv(x, norm:clamp(options.number(who, 'eps', o.eps, 1e-12), math.huge):expandAs(x))
end

--- A border: pad = {before, after} of the last dimension, then of those before it; negative numbers cut off.
-- @param x a tensor
-- @param pad list of an even number of widths
-- @param[opt='constant'] mode 'constant', 'reflect', 'replicate' or 'circular'
-- @param[opt=0] value of a constant border
-- @usage local y = nn.functional.pad(torch.randn(2, 3), { 1, 2 })
function M.pad(x, pad, ...)
  local who = 'nn.functional.pad'
  local o = options.read(who, { 'mode', 'value' }, ...)
  insist(who, 'input', x)
  if type(pad) ~= 'table' or #pad % 2 ~= 0 or #pad > 2 * x:dim() then
    options.refuse(who, 'pad', 'two widths a dimension, the last one first', pad)
  end
  local mode, n = o.mode or 'constant', #pad / 2
  local border = ({ reflect = 'ReflectionPad', replicate = 'ReplicationPad', circular = 'CircularPad' })[mode]
  if border then
    if n < 1 or n > 3 then options.refuse(who, 'pad', 'widths of 1 to 3 dimensions', #pad) end
    return nn[border .. n .. 'd'](pad):forward(x):clone()
  elseif mode ~= 'constant' then
    options.refuse(who, 'mode', "'constant', 'reflect', 'replicate' or 'circular'", mode)
  end
  local sizes, from = x:size():totable(), x
  for i = 1, #pad do options.count(who, ('pad[%d]'):format(i), pad[i], -math.huge) end
  for i = 1, n do
    local d, before, after = x:dim() + 1 - i, pad[2 * i - 1], pad[2 * i]
    local cut, left = math.max(0, -before), x:size(d) - math.max(0, -before) - math.max(0, -after)
    if left < 1 then options.refuse(who, 'pad', ('something left of dimension %d'):format(d), left) end
    from = from:narrow(d, 1 + cut, left)
    sizes[d] = sizes[d] + before + after
  end
  local y = x.new():resize(torch.LongStorage(sizes)):fill(options.number(who, 'value', o.value, 0))
  local into = y
  for i = 1, n do into = into:narrow(x:dim() + 1 - i, 1 + math.max(0, pad[2 * i - 1]), from:size(x:dim() + 1 - i)) end
  into:copy(from)
  return y
end

--- softmax((x + Gumbel noise) / tau): a draw from the classes, soft, or hard: one of ones and zeros.
-- @usage local y = nn.functional.gumbel_softmax(torch.randn(2, 3), 1, true)
function M.gumbel_softmax(x, ...)
  local who = 'nn.functional.gumbel_softmax'
  local o = options.read(who, { 'tau', 'hard', 'eps', 'dim' }, ...)
  local dim = options.number(who, 'dim', o.dim, -1)
  if dim < 0 then dim = insist(who, 'logits', x):dim() + 1 + dim end
  local noise = insist(who, 'logits', x).new(x:size()):exponential(1):log():mul(-1)
  local y = M.softmax(noise:add(x):div(options.number(who, 'tau', o.tau, 1)), dim)
  if not options.flag(who, 'hard', o.hard, false) then return y end
  local _, at = y:max(dim)
  return y:zero():scatter(dim, at, 1)
end

--- Of mean, target and variances: nn.GaussianNLLLoss.
-- @usage local l = nn.functional.gaussian_nll_loss(torch.randn(3), torch.randn(3), torch.ones(3))
function M.gaussian_nll_loss(x, target, var, ...)
  insist('nn.functional.gaussian_nll_loss', 'input', x)
  return typed(nn.GaussianNLLLoss(...), x):forward({ x, var }, target)
end

--- Of anchors, positives and negatives: nn.TripletMarginLoss.
-- @usage local l = nn.functional.triplet_margin_loss(torch.randn(3, 2), torch.randn(3, 2), torch.randn(3, 2))
function M.triplet_margin_loss(anchor, positive, negative, ...)
  insist('nn.functional.triplet_margin_loss', 'anchor', anchor)
  return typed(nn.TripletMarginLoss(...), anchor):forward { anchor, positive, negative }
end

--- Of anchors, positives and negatives, by a distance of one's own: nn.TripletMarginWithDistanceLoss.
-- @usage
-- local F, x = nn.functional, torch.randn(3, 2)
-- local l = F.triplet_margin_with_distance_loss(x, x * 2, x * 3, { distance_function = nn.PairwiseDistance(1) })
function M.triplet_margin_with_distance_loss(anchor, positive, negative, ...)
  insist('nn.functional.triplet_margin_with_distance_loss', 'anchor', anchor)
  return typed(nn.TripletMarginWithDistanceLoss(...), anchor):forward { anchor, positive, negative }
end

--- Of log-probabilities (T, N, C), targets and lengths: nn.CTCLoss.
-- @usage local l = nn.functional.ctc_loss(nn.functional.log_softmax(torch.randn(9, 1, 5), 3), { { 3, 2 } })
function M.ctc_loss(logProbs, targets, inputLengths, targetLengths, ...)
  insist('nn.functional.ctc_loss', 'logProbs', logProbs)
  return nn.CTCLoss(...):forward(logProbs, { targets, inputLengths, targetLengths })
end

for _, file in ipairs { 'nn.functional_attention', 'nn.grid' } do
  for name, f in pairs(require(file)) do M[name] = f end
end

return M
