--- For registry_spec.lua: how each class of nn is made and what it is given, {arguments, input, target or nil}: Lua
-- expressions over torch, nn and the samples below. Flags: batch, the samples of a batch give what they give alone;
-- untyped, type() leaves its numbers alone; fixed, as many samples as it says; abstract, only a parent of others;
-- forward, there is no way back; sparse, getParameters has no whole gradient; layers, how many it has inside.
local M = {}

--- What the expressions call: numbers of [-1, 1], away from zero, positive, in (0, 1), distinct, whole, signs,
-- log-probabilities; R2(...) two of R in a table.
local samples, scale = {}, 1
local function sized(n, ...) return torch.DoubleTensor(n * scale, ...) end

--- How many times as many samples to draw from now on.
function samples.scale(times) scale = times end
function samples.R(...) return sized(...):uniform(-1, 1) end
function samples.A(...) return samples.U(...):cmul(samples.S(...)) end
function samples.P(...) return sized(...):uniform(0.5, 1.5) end
function samples.U(...) return sized(...):uniform(0.1, 0.9) end
function samples.D(...)
  local t = sized(...)
  return t:copy(torch.randperm(t:nElement()):double():mul(0.01):viewAs(t))
end
function samples.I(...) return torch.LongTensor { ... }:repeatTensor(scale) end
function samples.S(...) return sized(...):uniform(-1, 1):sign() end
function samples.L(...) return nn.LogSoftMax():forward(samples.R(...)):clone() end
function samples.R2(...) return { samples.R(...), samples.R(...) } end

local function all(names, args, input, flags)
  for name in names:gmatch '%S+' do
    M[name] = { args = args, input = input }
    for k, v in pairs(flags or {}) do M[name][k] = v end
  end
end
local function criterion(names, args, input, target) all(names, args, input, { target = target }) end

local batch = { batch = true }

-- element by element
all('Abs Threshold ReLU ReLU6 HardTanh ELU LeakyReLU CELU SELU HardShrink SoftShrink Hardswish Hardsigmoid SoftSign '
  .. 'RReLU PReLU', '', 'A(4, 5)')
all('Contiguous Identity Exp Square Tanh TanhShrink Sigmoid SiLU Mish GELU LogSigmoid SoftPlus Dropout AlphaDropout '
  .. 'DropPath WhiteNoise Mul ZeroGrad GradientReversal', '', 'R(4, 5)')
all('Log Sqrt', '', 'P(4, 5)')
all('Clamp', '-0.5, 0.5', 'R(4, 5)')
all('Power', '2.5', 'P(4, 5)')
all('AddConstant MulConstant', '1.5', 'R(4, 5)')
all('L1Penalty', '0.1', 'A(4, 5)')
all('SoftMax LogSoftMax SoftMin', '', 'R(3, 4)', batch)
all('Softmax LogSoftmax', '-1', 'R(3, 4, 2)')
all('Copy', "'torch.DoubleTensor', 'torch.DoubleTensor'", 'R(4, 5)', { untyped = true })

-- linear
all('Add CAdd CMul', '5', 'R(4, 5)', batch)
all('Linear Cosine Euclidean WeightedEuclidean LinearWeightNorm PartialLinear', '5, 3', 'R(4, 5)', batch)
all('Maxout', '5, 3, 2', 'R(4, 5)', batch)
all('Kmeans', '2, 5', 'R(4, 5)')
all('Bilinear', '2, 3, 4', '{ R(5, 2), R(5, 3) }')
all('SparseLinear', '9, 3', '{ torch.Tensor { { 1, 0.5 }, { 4, -1 } }, torch.Tensor { { 2, 0.3 } } }')
all('IndexLinear', '9, 3', '{ { I(1, 4), I(2) }, { R(2), R(1) } }', { sparse = true })
all('LookupTable SparseEmbedding', '9, 4', 'torch.Tensor { { 1, 5, 2 }, { 9, 1, 1 } }', batch)
all('EmbeddingBag', '9, 4', 'torch.Tensor { { 1, 5, 2 }, { 9, 1, 1 } }')
all('OneHot', '4', 'torch.Tensor { 1, 4, 2 }')

-- shapes
all('View Reshape', '6', 'R(4, 2, 3)')
all('Flatten', '', 'R(4, 2, 3)')
all('Unflatten', '2, { 3, -1 }', 'R(4, 6)')
all('Squeeze', '', 'R(4, 1, 3)')
all('Unsqueeze Replicate', '2', 'R(4, 3)')
all('Transpose', '{ 1, 2 }', 'R(4, 2, 3)')
all('Collapse', '2', 'R(4, 2, 3)')
all('Convert', "'bchw', 'bf'", 'R(2, 3, 4, 5)', batch)
all('Padding', '1, 2', 'R(3, 4)')
all('Select', '2, -1', 'R(4, 5)')
all('Narrow', '2, 2, 3', 'R(4, 5)')
all('Sum Mean', '2', 'R(4, 5)')
all('Max Min', '2', 'D(4, 5)')
all('Constant', '2', 'R(4, 5)')
all('Index', '1', '{ R(4, 3), I(2, 2, 4) }')
all('MaskedSelect', '', '{ R(4), S(4):gt(0) }')
all('PixelShuffle', '2', 'R(2, 8, 2, 3)', batch)
all('PixelUnshuffle', '2', 'R(2, 2, 4, 6)', batch)

all('Unfold', '{ 2, 3 }, { padding = 1, stride = { 2, 1 } }', 'R(2, 3, 4, 5)', batch)
all('Fold', '{ 4, 5 }, { 2, 3 }, { padding = 1, stride = { 2, 1 } }', 'R(2, 12, 15)', batch)

-- tables
all('CAddTable CMulTable CMaxTable CMinTable', '', '{ R(3, 2), R(3, 2), R(3, 2) }')
all('CSubTable CDivTable', '', '{ P(3, 2), P(3, 2) }')
all('CosineDistance DotProduct PairwiseDistance', '', 'R2(3, 4)')
all('CAddTensorTable', '', '{ R(3), R2(3) }')
all('JoinTable', '1, 1', '{ R(4, 2), R(4, 3) }')
all('SplitTable', '2', 'R(3, 2, 4)')
all('SelectTable', '-1', 'R2(3, 4)')
all('NarrowTable', '2, 2', '{ R(2), R(3), R(4) }')
all('FlattenTable', '', '{ R(2), { R(3), { R(4) } } }')
all('ZipTable', '', '{ R2(2), R2(3) }')
all('ZipTableOneToMany', '', '{ R(2), R2(3) }')
all('MixtureTable', '', '{ P(4, 2), R2(4, 3) }')
all('MM', '', '{ R(5, 2, 3), R(5, 3, 4) }')
all('MV', '', '{ R(5, 2, 3), R(5, 3) }')
all('CriterionTable', 'nn.MSECriterion()', 'R2(3, 4)')

-- containers, decorators
all('Container', '', 'R(4, 5)', { abstract = true })
all('Sequential', '):add(nn.Linear(5, 3)):add(nn.Tanh()', 'R(4, 5)', batch)
all('ConcatTable', '):add(nn.Linear(5, 3)):add(nn.Tanh()', 'R(4, 5)')
all('Concat', '2):add(nn.Linear(5, 3)):add(nn.Tanh()', 'R(4, 5)')
all('DepthConcat', '2):add(nn.SpatialConvolution(1, 2, 3, 3)):add(nn.SpatialConvolution(1, 1, 2, 2)',
  'R(2, 1, 5, 4)')
all('Parallel', '1, 1):add(nn.Linear(3, 2)):add(nn.Linear(3, 4)', 'R(2, 3)', { fixed = true })
all('ParallelTable', '):add(nn.Linear(5, 3)):add(nn.Tanh()', '{ R(4, 5), R(3) }')
all('MapTable', 'nn.Linear(3, 2)', '{ R(2, 3), R(4, 3) }')
all('Bottle', 'nn.Linear(3, 4)', 'R(2, 2, 3)', batch)
all('Decorator NaN WeightNorm', 'nn.Linear(5, 3)', 'R(4, 5)', batch)
all('GPU', 'nn.Linear(5, 3), 1', 'R(4, 5)', batch)
all('DontCast', 'nn.Linear(5, 3)', 'R(4, 5)', { batch = true, untyped = true })
all('Profile', 'nn.Linear(5, 3), 1e9', 'R(4, 5)', batch)
all('PrintSize', "'x'", 'R(4, 5)', { prints = true })
all('OneRow', 'nn.SpatialConvolution(3, 4, 5, 1)', 'R(2, 3, 9)', batch)
all('FusedConvolution', 'nn.SpatialConvolution(3, 4, 3, 3), true', 'R(2, 3, 5, 6)', { batch = true, forward = true })
all('FusedResidual', 'nn.Sequential():add(nn.FusedConvolution(nn.SpatialConvolution(3, 3, 1, 1)))', 'R(2, 3, 5, 6)',
  { batch = true, forward = true })

-- normalisation
all('SpectralNorm', 'nn.Linear(5, 3), 80', 'R(4, 5)', batch)
all('PruningHook', "'updateOutput'", '', { abstract = true })
all('PackedSequence', 'torch.ones(3, 2), { 2, 1 }', '', { abstract = true }) -- test/nn/packed_spec.lua
all('BatchNormalization', '5', 'R(6, 5)')
all('SpatialBatchNormalization SyncBatchNorm', '3', 'R(2, 3, 4, 5)')
all('VolumetricBatchNormalization', '3', 'R(2, 3, 2, 3, 4)')
all('InstanceNorm1d', '3, { affine = true, trackRunningStats = true }', 'R(2, 3, 5)')
all('InstanceNorm2d', '3, { affine = true, trackRunningStats = true }', 'R(2, 3, 4, 5)')
all('InstanceNorm3d', '3, { affine = true, trackRunningStats = true }', 'R(2, 3, 2, 3, 4)')
all('GroupNorm', '2, 6', 'R(3, 6, 2, 3)')
all('LayerNorm RMSNorm LayerNormalization', '6', 'R(4, 6)')
all('Normalize', '2', 'R(4, 5)', batch)
all('SpatialCrossMapLRN', '3', 'R(2, 5, 3, 4)', batch)
all('LocalResponseNorm', '4, 0.5, 0.7, 1.5', 'R(2, 5, 3, 4)')
all('SpatialSubtractiveNormalization SpatialDivisiveNormalization SpatialContrastiveNormalization', '2, torch.ones(3)',
  'R(2, 2, 4, 5)', batch)

-- planes
local planes, volumes = 'R(2, 3, 6, 7)', 'R(2, 3, 5, 4, 6)'
all('SpatialConvolution SpatialConvolutionMM SpatialFullConvolution', '3, 4, 3, 2, 2, 1, 1, 0', planes, batch)
all('SpatialDilatedConvolution', '3, 4, 3, 2, 1, 1, 1, 0, 1, 2', planes, batch)
all('SpatialDepthWiseConvolution', '3, 2, 3, 2', planes, batch)
all('SpatialConvolutionLocal', '3, 4, 7, 6, 3, 2', planes, batch)
all('SpatialConvolutionMap SpatialFullConvolutionMap', 'nn.tables.full(3, 4), 3, 2', planes, batch)
all('VolumetricConvolution VolumetricFullConvolution', '3, 2, 2, 3, 2', volumes, batch)
all('VolumetricDilatedConvolution', '3, 2, 2, 3, 2, 1, 1, 1, 0, 0, 0, 2, 1, 1', volumes, batch)
all('TemporalConvolution', '4, 3, 2', 'R(2, 5, 4)', batch)
all('TemporalRowConvolution', '4, 2', 'R(2, 5, 4)', batch)
all('TemporalSubSampling', '4, 2', 'R(2, 5, 4)', batch)
all('TemporalMaxPooling', '2', 'D(2, 5, 4)', batch)
all('TemporalDynamicKMaxPooling', '2', 'D(2, 5, 4)', batch)
all('SpatialMaxPooling SpatialAveragePooling', '3, 2, 2, 1, 1, 1', 'D(2, 3, 6, 7)', batch)
all('SpatialDilatedMaxPooling', '2, 2, 1, 1, 0, 0, 2, 2', 'D(2, 3, 6, 7)', batch)
all('SpatialLPPooling', '3, 2, 2, 2', 'P(2, 3, 4, 6)', batch)
all('SpatialSubSampling', '3, 2, 2', planes, batch)
all('SpatialAdaptiveMaxPooling SpatialAdaptiveAveragePooling', '3, 2', 'D(2, 3, 6, 7)', batch)
all('SpatialFractionalMaxPooling', '2, 2, 3, 4', 'D(2, 3, 6, 7)')
all('VolumetricMaxPooling VolumetricAveragePooling', '2, 2, 2', 'D(2, 3, 4, 5, 6)', batch)
all('VolumetricDilatedMaxPooling', '2, 2, 2, 1, 1, 1, 0, 0, 0, 1, 2, 2', 'D(2, 3, 4, 5, 6)', batch)
all('VolumetricFractionalMaxPooling', '2, 2, 2, 2, 3, 2', 'D(2, 2, 5, 4, 4)')
all('AdaptiveAvgPool1d AdaptiveMaxPool1d', '3', 'D(2, 3, 7)', batch)
all('AdaptiveAvgPool2d AdaptiveMaxPool2d', '3, 2', 'D(2, 3, 5, 4)', batch)
all('AdaptiveAvgPool3d AdaptiveMaxPool3d', '2, 3, 1', 'D(2, 3, 3, 5, 4)', batch)
all('SpatialMaxUnpooling', 'pooled(nn.SpatialMaxPooling(2, 2), 2, 3, 4, 6)', 'R(2, 3, 2, 3)', { fixed = true })
all('VolumetricMaxUnpooling', 'pooled(nn.VolumetricMaxPooling(2, 2, 2), 2, 3, 4, 4, 6)',
  'R(2, 3, 2, 2, 3)', { fixed = true })
all('SpatialZeroPadding SpatialReflectionPadding SpatialReplicationPadding', '2, 1, 1, 2', 'R(2, 3, 4, 3)', batch)
all('VolumetricReplicationPadding', '1, 2, 0, 1, 1, 2', volumes, batch)
all('ZeroPad1d ConstantPad1d ReflectionPad1d ReplicationPad1d CircularPad1d', '2, 1', 'R(2, 3, 5)', batch)
all('ZeroPad2d ConstantPad2d ReflectionPad2d ReplicationPad2d CircularPad2d', '1, 2', 'R(2, 3, 5, 4)', batch)
all('ZeroPad3d ConstantPad3d ReflectionPad3d ReplicationPad3d CircularPad3d', '1, 2', 'R(2, 2, 3, 5, 4)', batch)
for name in pairs(M) do -- the value of constants, the only argument of the others
  if name:find 'Pad%dd$' and not name:find '^Constant' then
    M[name] = { args = '1', input = M[name].input, batch = true }
  end
end
all('SpatialUpSamplingNearest SpatialUpSamplingBilinear', '2', 'R(2, 3, 4, 3)', batch)
all('UpSampling', "1.5, 'bilinear'", 'R(2, 3, 4, 2)')
all('Upsample', "{ scale_factor = 1.5, mode = 'bicubic' }", 'R(2, 3, 4, 5)')
all('SpatialDropout', '0.4', 'R(2, 3, 4, 5)')
all('Dropout1d', '0.4', 'R(2, 3, 4)')
all('Dropout2d', '0.4', 'R(2, 3, 4, 5)')
all('Dropout3d', '0.4', 'R(2, 3, 2, 3, 4)')
all('VolumetricDropout', '0.4', 'R(2, 3, 2, 3, 4)')
all('SpatialSoftMax SpatialLogSoftMax', '', 'R(2, 3, 4, 5)', batch)
all('CReLU', '3', 'A(2, 3, 4, 5)', batch)
all('FeatureLPPooling', '3, 2, 2, true', 'R(2, 7)')
all('GatedLinearUnit', '', 'R(3, 4)', batch)

all('ChannelShuffle', '2', 'R(2, 6, 2, 3)')
all('FeatureAlphaDropout', '0.4', 'R(2, 3, 4, 5)')
all('MaxUnpool1d', '2', '{ R(2, 3, 2), places(4, 2, 3, 2) }', { fixed = true })
all('MaxUnpool2d', '{ 2, 1 }, 2', '{ R(2, 3, 1, 2), places(4, 2, 3, 1, 2) }', { fixed = true })
all('MaxUnpool3d', '2', '{ R(2, 3, 1, 1, 2), places(14, 2, 3, 1, 1, 2) }', { fixed = true })
all('PoolIndices', 'nn.SpatialMaxPooling(2, 2)', '', { abstract = true })
all('CosineSimilarity', '-2', 'R2(3, 4, 2)')
all('Parameter', '3, 2', 'R(4)')
all('Lazy', "'Linear', { 3 }", '', { abstract = true })
all('ModuleList', '{ nn.Linear(2, 3) }', '', { abstract = true })
all('ModuleDict', '{ a = nn.Linear(2, 3) }', '', { abstract = true })
all('ParameterList', '{ torch.ones(2) }', '', { abstract = true })
all('ParameterDict', '{ a = torch.ones(2) }', '', { abstract = true })

-- sequences
all('RNN LSTM GRU', '3, 5, 2, { bidirectional = true }', 'R(6, 4, 3)')
all('ProjectedLSTM', '3, 5, 2, { bidirectional = true, projSize = 2 }', 'R(6, 4, 3)')
all('RNNCell GRUCell', '3, 5', '{ R(2, 3), R(2, 5) }')
all('LSTMCell', '3, 5', '{ R(2, 3), R(2, 5), R(2, 5) }')
all('RNNBase CellBase', '', '', { abstract = true })
all('ScaledDotProductAttention', '', '{ R(2, 3, 4), R(2, 5, 4), R(2, 5, 6) }')
all('MultiHeadAttention', '8, 2, { causal = true, addBiasKv = true, addZeroAttn = true }', 'R(5, 3, 8)')
all('PositionalEncoding', '4', 'R(5, 3, 4)')
all('TransformerEncoderLayer', '8, 2, { dimFeedforward = 16 }', 'R(5, 3, 8)')
all('TransformerDecoderLayer', '8, 2, { dimFeedforward = 16 }', '{ R(5, 3, 8), R(4, 3, 8) }')

all('TransformerEncoder', 'nn.TransformerEncoderLayer(8, 2, { dimFeedforward = 16 }), 2, nn.LayerNorm(8)', 'R(5, 3, 8)',
  { layers = 3 })
all('TransformerDecoder', 'nn.TransformerDecoderLayer(8, 2, { dimFeedforward = 16 }), 2, nn.LayerNorm(8)',
  '{ R(5, 3, 8), R(4, 3, 8) }', { layers = 3 })
all('Transformer', '8, 2, { dimFeedforward = 16, numEncoderLayers = 1, numDecoderLayers = 2 }',
  '{ R(4, 3, 8), R(5, 3, 8) }', { layers = 5 })
all('AdaptiveLogSoftmaxWithLoss', '8, 12, { 3, 7 }, { divValue = 2 }', '{ R(5, 8), I(1, 12, 5, 4, 9) }', { layers = 4 })

-- criterions
criterion('AbsCriterion MSECriterion SmoothL1Criterion HuberCriterion CosineDistanceCriterion', '', 'R(4, 5)',
  'R(4, 5)')
criterion('MarginCriterion SoftMarginCriterion HingeEmbeddingCriterion', '', 'R(4, 5)', 'S(4, 5)')
criterion('BCECriterion DistKLDivCriterion KLDivCriterion', '', 'U(4, 5)', 'U(4, 5)')
criterion('BCEWithLogitsCriterion MultiLabelSoftMarginCriterion', '', 'R(4, 5)', 'U(4, 5)')
criterion('PoissonNLLCriterion', '', 'R(4, 5)', 'P(4, 5)')
criterion('GaussianNLLCriterion', '', '{ R(4, 5), P(4, 5) }', 'R(4, 5)')
criterion('ClassNLLCriterion', '', 'L(3, 5)', 'I(2, 5, 1)')
criterion('CrossEntropyCriterion', 'nil, true, 0.1', 'R(3, 5)', 'I(2, 5, 1)')
criterion('MultiMarginCriterion FocalCriterion', '', 'R(3, 5)', 'I(2, 5, 1)')
criterion('ClassSimplexCriterion', '5', 'R(3, 5)', 'I(2, 5, 1)')
criterion('MultiLabelMarginCriterion', '', 'R(2, 3)',
  'torch.LongTensor { 1, 3, 0 }:view(1, 3):repeatTensor(I(1, 1):size(1), 1)')
criterion('SpatialClassNLLCriterion', '', 'L(2, 3, 2, 2)', 'U(2, 2, 2):mul(3):add(1):floor():long()')
criterion('SpatialAutoCropMSECriterion', '', 'R(2, 2, 2)', 'R(2, 4, 4)')
criterion('WeightedMSECriterion', 'torch.rand(5)', 'R(4, 5)', 'R(4, 5)')
criterion('L1Cost', '', 'A(4, 5)', 'nil')
criterion('CosineEmbeddingCriterion ContrastiveCriterion', '', 'R2(4, 5)', 'S(4)')
criterion('L1HingeEmbeddingCriterion', '', 'R2(5)', '-1')
criterion('MarginRankingCriterion', '0.1', 'R2(4)', 'S(4)')
criterion('TripletMarginCriterion', '', '{ R(4, 5), R(4, 5), R(4, 5) }', 'nil')
criterion('TripletMarginWithDistanceCriterion', '', '{ R(4, 5), R(4, 5), R(4, 5) }', 'nil')
criterion('DistanceRatioCriterion', '', '{ P(4), P(4) }', 'nil')
criterion('CTCCriterion', '', 'L(9, 5)', '{ { { 3, 2, 2 } } }')
criterion('UnreducedCriterion', 'nn.MSECriterion()', 'R(4, 5)', 'R(4, 5)')
criterion('MultiCriterion', '):add(nn.MSECriterion(), 0.5):add(nn.AbsCriterion()', 'R(4, 5)', 'R(4, 5)')
criterion('ParallelCriterion', '):add(nn.MSECriterion(), 0.5):add(nn.AbsCriterion()', 'R2(4, 5)', 'R2(4, 5)')
criterion('ModuleCriterion', 'nn.MSECriterion(), nn.Tanh(), nn.Tanh()', 'R(4, 5)', 'R(4, 5)')
all('Module Criterion', '', '', { abstract = true })
all('StochasticGradient', 'nn.Linear(2, 1), nn.MSECriterion()', '', { abstract = true })

--- Places 1 and `last` in planes of two elements.
function samples.places(last, ...)
  local t = torch.LongTensor(...):fill(1)
  t:select(t:dim(), 2):fill(last)
  return t
end

--- For classes that want a pooling layer that has been used.
function samples.pooled(pool, ...)
  pool:forward(samples.D(...))
  return pool
end

--- Other modes of classes above, and names of PyTorch's: {expression, input, target or nil}, of which a step is taken.
local rows = {}
samples.modes = rows
local function modes(input, target, list)
  for text in list:gmatch '[^\n]+' do rows[#rows + 1] = { text:match '^%s*(.-)%s*$', input, target } end
end
modes('R(4, 6, 3)', nil, [[
  LSTM(3, 5, 2, { batchFirst = true, dropout = 0.2 })
  GRU(3, 5, { bias = false })
  LSTM(3, 5, { projSize = 2, bias = false, batchFirst = true })
  RNN(3, 5, { nonlinearity = 'relu' })]])
modes('torch.Tensor { { 1, 5, 2 }, { 9, 1, 1 } }', nil, [[
  EmbeddingBag(9, 4, 'max')
  EmbeddingBag(9, 4, { mode = 'max', padding_idx = 1 })
  EmbeddingBag(9, 4, { mode = 'sum', max_norm = 1, scale_grad_by_freq = true })
  Embedding(9, 4, { padding_idx = 1, max_norm = 1 })]])
modes('R(5, 3, 8)', nil, [[
  MultiHeadAttention(8, 2, { needWeights = true, batchFirst = true, dropout = 0.3 })
  MultiHeadAttention(8, 2, { bias = false, kdim = 8, averageWeights = false, needWeights = true })
  TransformerEncoderLayer(8, 2, { dimFeedforward = 16, normFirst = true, activation = 'gelu', batchFirst = true })
  LayerNorm(8, { affine = false })
  LocalResponseNorm(3)
  LocalResponseNorm(2, { alpha = 0.5 })
  RMSNorm({ 3, 8 })
  Conv1d(3, 4, 3, { padding = 'same', groups = 1 })
  BatchNorm1d(3)
  MaxPool1d(2)
  AvgPool1d(3, 2, 1)
  AdaptiveAvgPool1d(3)
  GLU(-1)
  Softmin(3)
  Upsample { scale_factor = 2 }
  LPPool1d(2, 2)]])
modes('R(2, 4, 6, 5)', nil, [[
  Conv2d(4, 6, 3, { padding = 1, groups = 2, dilation = 2, bias = false })
  Conv2d(4, 6, 3, { padding = 1, padding_mode = 'reflect' })
  ConvTranspose2d(4, 6, 3, 2, 1, 1)
  BatchNorm2d(4, 1e-5, 0.1, false)
  MaxPool2d(2, { ceil_mode = true, return_indices = true })
  AvgPool2d(3, 2, 1, { count_include_pad = false })
  AvgPool2d(3, 2, 1, { divisor_override = 2, ceil_mode = true })
  LPPool2d(2, { 3, 2 }, 2)
  FractionalMaxPool2d(2, { output_size = { 3, 3 } })
  LocalResponseNorm(3)
  Upsample { scale_factor = 2, mode = 'bicubic' }
  Softmax2d()
  Dropout2d(0.3)
  LazyConv2d(3, 3)
  ConvTranspose2d(4, 6, 3, 2, 1, 1, { dilation = 2, groups = 2 })
  AdaptiveMaxPool2d({ 3, 2 }, { return_indices = true })
  SpectralNorm(nn.Conv2d(4, 6, 3))
  SyncBatchNorm(4)
  Flatten(2, 3)]])
modes('R(3, 5)', 'I(2, 5, 1)', [[
  CrossEntropyLoss { reduction = 'none' }
  CrossEntropyLoss { weight = torch.ones(5), label_smoothing = 0.1, reduction = 'none', ignore_index = 1 }
  UnreducedCriterion(nn.MultiMarginCriterion())
  UnreducedCriterion(nn.FocalCriterion(2))]])
modes('L(3, 5)', 'I(2, 5, 1)', 'NLLLoss { reduction = "none", weight = torch.ones(5) }')
modes('R(3, 5)', 'U(3, 5):div(5)', [[
  CrossEntropyLoss()
  CrossEntropyLoss { weight = torch.ones(5), reduction = 'none' }]])
modes('R(2, 3, 4, 2)', 'U(2, 4, 2):mul(3):add(1):floor():long()', [[
  CrossEntropyLoss { label_smoothing = 0.1 }
  CrossEntropyLoss { reduction = 'none' }]])
modes('R(4, 5)', 'U(4, 5)', [[
  BCEWithLogitsLoss { pos_weight = torch.rand(5), reduction = 'none' }
  MultiLabelSoftMarginLoss { reduction = 'none' }
  KLDivLoss { reduction = 'none', log_target = true }
  PoissonNLLLoss { reduction = 'none' }
  SmoothL1Loss { beta = 0.3, reduction = 'none' }]])
modes('R2(4, 5)', 'S(4)', [[
  CosineEmbeddingLoss { reduction = 'none' }
  UnreducedCriterion(nn.ContrastiveCriterion())]])
modes('{ R(4, 5), P(4, 5) }', 'R(4, 5)', 'GaussianNLLLoss { reduction = "none" }')
modes('{ R(4, 5), R(4, 5), R(4, 5) }', 'nil', 'TripletMarginLoss { swap = true, reduction = "none" }')

local environment = setmetatable({}, { __index = function(_, k) return samples[k] or _G[k] end })

--- What an expression of a row is.
local function value(expression)
  return setfenv(assert(loadstring('return ' .. expression)), environment)()
end

return M, value, samples
