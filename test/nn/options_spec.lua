--- Arguments by name, as PyTorch takes them: every constructor that has some, in snake_case and camelCase, against the
-- same arguments in order; wrong names and values.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local message = support.message

-- By name and in order; what both make is compared field by field.
local pairs_of = [[
Linear { in_features = 3, out_features = 2 } | Linear(3, 2)
Linear(3, 2, { bias = false }) | Linear(3, 2, false)
Bilinear { in1Features = 2, in2_features = 3, out_features = 4, bias = false } | Bilinear(2, 3, 4, false)
Dropout { p = 0.3, inplace = true } | Dropout(0.3, nil, true)
Dropout(0.3, { inplace = true }) | Dropout(0.3, nil, true)
AlphaDropout { p = 0.3 } | AlphaDropout(0.3)
FeatureAlphaDropout { p = 0.3, inplace = false } | FeatureAlphaDropout(0.3)
Dropout2d { p = 0.3 } | Dropout2d(0.3)
SpatialDropout { p = 0.3, stochastic_inference = true } | SpatialDropout(0.3, true)
ReLU { inplace = true } | ReLU(true)
ReLU6 { inplace = true } | ReLU6(true)
LeakyReLU { negative_slope = 0.2, inplace = true } | LeakyReLU(0.2, true)
ELU { alpha = 0.5, inplace = true } | ELU(0.5, true)
CELU { alpha = 0.5 } | CELU(0.5)
SELU { inplace = true } | SELU()
SiLU { inplace = true } | SiLU(true)
PReLU { num_parameters = 3, init = 0.1 } | PReLU(3, 0.1)
RReLU { lower = 0.1, upper = 0.3 } | RReLU(0.1, 0.3)
Threshold { threshold = 0.1, value = 0 } | Threshold(0.1, 0)
PairwiseDistance { p = 1 } | PairwiseDistance(1)
PixelShuffle { upscale_factor = 2 } | PixelShuffle(2)
PixelUnshuffle { downscale_factor = 2 } | PixelUnshuffle(2)
LayerNorm { normalized_shape = { 3, 4 }, elementwise_affine = false } | LayerNorm({ 3, 4 }, 1e-5, false)
RMSNorm({ 3, 4 }, { elementwise_affine = false }) | RMSNorm({ 3, 4 }, nil, false)
Unflatten { dim = 2, unflattened_size = { 2, 3 } } | Unflatten(2, { 2, 3 })
ZeroPad2d { padding = { 1, 2, 3, 4 } } | ZeroPad2d({ 1, 2, 3, 4 })
ConstantPad1d { padding = 2, value = 3 } | ConstantPad1d(2, 3)
AdaptiveAvgPool2d { output_size = { 2, 3 } } | AdaptiveAvgPool2d({ 2, 3 })
AdaptiveMaxPool1d { output_size = 2 } | AdaptiveMaxPool1d(2)
Upsample { scale_factor = 2, mode = 'bilinear', align_corners = true } | Upsample(nil, 2, 'bilinear', true)
LSTM { input_size = 3, hidden_size = 4, num_layers = 2 } | LSTM(3, 4, 2)
GRU(3, { hidden_size = 4, batch_first = true }) | GRU(3, 4, 1, true, true)
GRUCell { input_size = 3, hidden_size = 4, bias = false } | GRUCell(3, 4, false)
MultiHeadAttention { embed_dim = 4, num_heads = 2, bias = false } | MultiHeadAttention(4, 2, 0, false)
TransformerEncoderLayer { d_model = 4, nhead = 2, dim_feedforward = 8 } | TransformerEncoderLayer(4, 2, 8)
Embedding { num_embeddings = 5, embedding_dim = 3, scale_grad_by_freq = true } | Embedding(5, 3, nil, nil, nil, true)
AvgPool2d { kernel_size = 3, divisor_override = 4 } | AvgPool2d(3, nil, nil, nil, nil, 4)
Softplus { beta = 2, threshold = 20 } | Softplus(2)
Softplus { threshold = 0.5 } | Softplus(1, 0.5)
AdaptiveLogSoftmaxWithLoss { in_features = 8, n_classes = 9, cutoffs = { 5 } } | AdaptiveLogSoftmaxWithLoss(8, 9, { 5 })
TripletMarginLoss { margin = 2, eps = 1e-3 } | TripletMarginLoss(2, 2, 1e-3)
Sequential(nn.Identity(), nn.Tanh()) | Sequential():add(nn.Identity()):add(nn.Tanh())
Sequential({ nn.Identity(), nn.Tanh() }) | Sequential():add(nn.Identity()):add(nn.Tanh())
]]

local function made(text)
  torch.manualSeed(3)
  return assert(loadstring('return nn.' .. text))()
end

-- A value as text: numbers, names and sizes; tensors' numbers where they are parameters.
local function shown(v, seen)
  seen = seen or {}
  if torch.isTensor(v) then return torch.type(v) .. table.concat(v:size():totable(), 'x') end
  if type(v) ~= 'table' then return tostring(v) end
  if seen[v] then return 'again' end
  seen[v] = true
  local list = {}
  for k, x in pairs(v) do
    local numbers = (k == 'weight' or k == 'bias') and torch.isTensor(x) and x:nElement() > 0 and ' ' .. x:sum() or ''
    list[#list + 1] = tostring(k) .. '=' .. shown(x, seen) .. numbers
  end
  table.sort(list)
  return torch.type(v) .. '{' .. table.concat(list, ';') .. '}'
end

describe('arguments by name', function()
  for line in pairs_of:gmatch '[^\n]+' do
    local named, ordered = line:match '^(.-) | (.*)$'
    it(named, function() assert.are.equal(shown(made(ordered)), shown(made(named))) end)
  end

  it('that are wrong are refused', function()
    local cases = {
      { 'Linear { in_features = 3 }', 'nn.Linear: expected the numbers of inputs and outputs, got 3 and nil' },
      { 'Sequential(nn.Tanh(), 4)', 'nn.Sequential: argument 2: expected a module, got number' },
      { 'Linear(3, 2, { biases = true })', 'nn.Linear: there is no option biases; there are: inFeatures, outFeatures, '
        .. 'bias' },
      { 'Linear(3, 2, { in_features = 3 })', 'nn.Linear: in_features is given twice' },
      { 'AlphaDropout({ p = 0.1 }, true, 3)', 'too many arguments' },
      { 'Dropout { q = 1 }', 'nn.Dropout: there is no option q' },
      { 'Dropout { p = 2 }', 'nn.Dropout: illegal probability 2' },
      { 'ReLU { inplace = 1 }', 'nn.ReLU: inplace: expected true or false, got number' },
      { 'SELU(3)', 'nn.SELU: inplace: expected true or false, got number' },
      { 'ELU { alpha = true }', 'nn.ELU: alpha: expected a number, got boolean' },
      { 'PReLU { init = "x" }', 'nn.PReLU: init: expected a number, got "x"' },
      { 'LSTM { input_size = 3 }', 'nn.LSTM: hiddenSize: expected a whole number from 1, got nil' },
      { 'LSTM(3, 4, { proj_size = 4 })', 'nn.LSTM: projSize: expected a number below hiddenSize, 4, got 4' },
      { 'LSTM(3, 4, { proj_size = -1 })', 'nn.LSTM: projSize: expected a whole number from 1, got -1' },
      { 'GRU(3, 4, { proj_size = 2 })', 'nn.GRU: there is no option proj_size' },
      { 'LayerNorm { shape = 3 }', 'nn.LayerNorm: there is no option shape; there are: sizes, eps, affine, bias' },
      { 'AdaptiveAvgPool2d { size = 3 }', 'nn.AdaptiveAvgPool2d: there is no option size' },
      { 'ZeroPad2d { pad = 3 }', 'nn.ZeroPad2d: there is no option pad' },
      { 'Upsample { factor = 2 }', 'nn.Upsample: there is no option factor' },
      { 'Embedding(5, 3, { sparse = 1 })', 'nn.Embedding: sparse: expected true or false, got 1' },
      { 'ConvTranspose2d(3, 4, 3, { dilation = 0 })', 'dilationH: expected an integer >= 1, got 0' },
      { 'ConvTranspose2d(3, 4, 3, 2, 1, 3, { dilation = 2 })', 'smaller than the stride or the dilation, 2, got 3' },
      { 'AvgPool2d(3, { divisor_override = 0 })', 'divisorOverride: expected a whole number from 1, got 0' },
      { 'Softplus { threshold = {} }', 'threshold: expected a number, got table' },
      { 'BatchNorm2d(3, { track_running_stats = 1 })', 'trackRunningStats: expected true or false' },
      { 'Bilinear(torch.ones(2), 3, 4)', 'nn.Bilinear: argument 1' },
    }
    for _, case in ipairs(cases) do
      local got = message(made, case[1])
      assert.is_truthy(got:find(case[2], 1, true), got)
    end
  end)

  it('do what they say', function()
    local x = torch.randn(2, 3, 4, 4)
    local sums = nn.AvgPool2d(2, { divisor_override = 1 }):forward(x)
    assert.is_true(support.distance(sums, nn.AvgPool2d(2):forward(x) * 4) < 1e-12)
    local bn = nn.BatchNorm2d(3, { track_running_stats = false })
    local y = bn:forward(x):clone()
    bn:evaluate()
    assert.are.equal(0, support.distance(bn:forward(x), y))
    assert.is_true(support.gradient_error(bn, x) < 1e-5)
    local net = nn.Sequential(nn.Conv2d(3, 3, 1), bn)
    net:evaluate()
    y = net:forward(x):clone()
    assert.is_true(support.distance(nn.fuse(net):forward(x), y) < 1e-12)
    assert.is_false(nn.Sequential(nn.Dropout()):eval():get(1).train)
    local linear = nn.Linear(2, 3)
    linear:zero_grad()
    assert.are.equal(0, linear.gradWeight:norm())
    -- backward at once, and of no tensor
    for _, m in ipairs { nn.PReLU(), nn.RReLU(), nn.CTCCriterion(), nn.BatchNorm2d(3), nn.Flatten() } do
      assert.is_truthy(message(m.updateGradInput, m, 3, 4):find('expected a tensor as input, got number', 1, true))
    end
    local p = nn.PReLU { init = 0.5 }
    assert.are.equal(-1, p:forward(torch.Tensor { -2 })[1])
    p.weight:fill(3)
    p:reset()
    assert.are.equal(0.5, p.weight[1])
    -- a class of one's own may take modules and keep them elsewhere, as in Torch7
    local box = {}
    local Own, parent = torch.class('options_spec.Own', 'nn.Sequential', box)
    function Own:__init(module) parent.__init(self, module) end
    assert.are.equal(0, box.Own(nn.Linear(2, 3)):size())
  end)
end)
