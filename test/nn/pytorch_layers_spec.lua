--- Layers and losses under PyTorch's names give the numbers that PyTorch 2.15 gives.
--
-- Inputs are x[i] = cos(0.3 i), i from 0 ('p': 0.4 x + 0.6, 'u': 0.3 x + 0.5), gradients of outputs sin(i + 1), the
-- k-th parameter sin(k + 1 + i) / 2; of each result the table holds sum of y[i] cos(i). Targets T = sin(0.7 i),
-- U = 0.3 T + 0.5, S = 1 where T > 0, else -1, B = (S + 1) / 2, C = {2, 4, 1}, M = lists of classes, P = 4 U.
require 'nn'

local function count(n, step) return torch.range(0, n - 1):mul(step) end
local function input(sizes, kind)
  local x = torch.Tensor(unpack(sizes))
  x:copy(count(x:nElement(), 0.3):cos())
  if kind == 'p' then x:mul(0.4):add(0.6) elseif kind == 'u' then x:mul(0.3):add(0.5) end
  return x
end
local function digest(y)
  local flat = y:double():contiguous():view(-1)
  return flat:dot(count(flat:nElement(), 1):cos())
end
local function gradient(y)
  local g = torch.Tensor(y:size())
  return g:copy(count(g:nElement(), 1):add(1):sin())
end
local function fill(list, factor)
  for k, parts in ipairs(list) do
    if torch.isTensor(parts) then parts = { parts } end
    local at = k
    for _, t in ipairs(parts) do
      t:copy(torch.range(at, at + t:nElement() - 1):sin():mul(0.5 * (factor or 1)))
      at = at + t:nElement()
    end
  end
end
-- Where single precision has its part: constants of PyTorch's, places of aligned corners as Torch7 finds them.
local rough = { ['CELU(0.7)'] = true, ['Hardsigmoid()'] = true, ['UpsamplingBilinear2d(nil, 2)'] = true,
  ["Upsample { scale_factor = 2, mode = 'bilinear', align_corners = true }"] = true }
local function near(got, want, what, tolerance)
  assert.is_true(math.abs(got - want) < (tolerance or 1e-9) * math.max(1, math.abs(want)),
    ('%s: %.13g instead of %.13g'):format(what, got, want))
end
local function make(expression) return assert(loadstring('return nn.' .. expression))() end

local layers = {
  { "CELU(0.7)", 'x', { 3, 4 }, 0.8541249949314, 3.7081241054946 },
  { "ELU(0.7)", 'x', { 3, 4 }, 0.7945643081957, 3.5758217973448 },
  { "GELU()", 'x', { 3, 4 }, 0.5066759529401, 2.7262314081025 },
  { "GELU('tanh')", 'x', { 3, 4 }, 0.5067558080165, 2.7261497661575 },
  { "SELU()", 'x', { 3, 4 }, 1.4981297990482, 5.2253197017011 },
  { "SiLU()", 'x', { 3, 4 }, 0.5913551239278, 2.6948668260981 },
  { "Mish()", 'x', { 3, 4 }, 0.6645734977524, 3.0893028904376 },
  { "Hardswish()", 'x', { 3, 4 }, 0.6399739776377, 2.6757814722765 },
  { "Hardsigmoid()", 'x', { 3, 4 }, 0.0433386999056, 0.8699836294639 },
  { "Hardshrink(0.3)", 'x', { 3, 4 }, 1.6971855760077, 4.6683422212727 },
  { "Softshrink(0.3)", 'x', { 3, 4 }, 1.5118176087191, 4.6683422212727 },
  { "Hardtanh(-0.5, 0.6)", 'x', { 3, 4 }, 0.2142446539969, 1.1783541349706 },
  { "Tanhshrink()", 'x', { 3, 4 }, 0.5601708391399, 1.9408353367525 },
  { "Softplus(2)", 'x', { 3, 4 }, 0.4537688079025, 2.6854599867785 },
  { "Softsign()", 'x', { 3, 4 }, 0.5201202780345, 1.9511040325350 },
  { "LogSigmoid()", 'x', { 3, 4 }, 1.1164591659374, 2.5641855923308 },
  { "Threshold(0.1, -2)", 'x', { 3, 4 }, 0.1075504642856, 2.6500633631023 },
  { "LeakyReLU(0.2)", 'x', { 3, 4 }, 0.5722461752511, 3.1006233260284 },
  { "ReLU6()", 'x', { 3, 4 }, 0.3405331328546, 2.5708037522309 },
  { "Softmax(2)", 'x', { 3, 4 }, -0.1698177391271, 1.0592174743689 },
  { "LogSoftmax(1)", 'x', { 3, 4 }, 1.9207612097892, 4.9053719344794 },
  { "Softmin(2)", 'x', { 3, 4 }, -0.0645959902458, -0.9917773528581 },
  { "GLU(2)", 'x', { 3, 4 }, 0.9989275971493, 0.5059476031710 },
  { "Tanh()", 'x', { 3, 4 }, 0.9389275056973, 3.2790662844660 },
  { "Sigmoid()", 'x', { 3, 4 }, 0.1230142725566, 1.1383520525702 },
  { "PReLU(4)", 'x', { 3, 4 }, 0.9490753530052, 2.5933044692312 },
  { "RReLU(0.1, 0.3):evaluate()", 'x', { 3, 4 }, 0.5722461752511, 3.1006233260284 },
  { "Softmax2d()", 'x', { 2, 3, 2, 2 }, -0.3193675833462, 3.0957823286304 },
  { "Linear(4, 3)", 'x', { 3, 4 }, 0.8001776204065, -0.7111245788573 },
  { "Conv1d(3, 4, 3, { stride = 2, padding = 1 })", 'x', { 2, 3, 7 }, 1.1849727087075, 0.0768227572849 },
  { "Conv2d(4, 6, { 3, 2 }, { stride = { 2, 1 }, padding = { 0, 1 }, groups = 2 })",
    'x', { 2, 4, 5, 6 }, -1.2753070966702, 0.3963055005726 },
  { "Conv2d(2, 3, 3, { dilation = 2, padding = 2, padding_mode = 'reflect' })",
    'x', { 2, 2, 5, 6 }, -1.5921516445792, 9.5785959663268 },
  { "Conv3d(2, 3, 2, { stride = { 1, 2, 1 } })", 'x', { 2, 2, 3, 4, 5 }, -9.7967969722408, 3.1615466677118 },
  { "ConvTranspose1d(3, 2, 3, 2, 1)", 'x', { 2, 3, 5 }, 2.1406733991315, -0.2051808792273 },
  { "ConvTranspose2d(2, 3, 3, 2, 1, 1)", 'x', { 2, 2, 3, 4 }, -2.3868465624782, -6.8554775431584 },
  { "ConvTranspose1d(3, 2, 3, 2, 1, 1, { dilation = 3 })", 'x', { 2, 3, 5 }, -0.0638203376022, 0.4224360722072 },
  { "ConvTranspose2d(4, 6, { 3, 2 }, { 2, 1 }, { 1, 0 }, { 1, 1 }, { groups = 2, dilation = { 2, 3 } })",
    'x', { 2, 4, 3, 4 }, -0.2368764585223, -2.5093347935782 },
  { "ConvTranspose3d(2, 3, 2, 1, 1, { dilation = { 1, 2, 3 }, bias = false })",
    'x', { 2, 2, 3, 3, 2 }, -1.3387064550743, 0.1308687187396 },
  { "ConvTranspose3d(2, 3, 2, 2)", 'x', { 2, 2, 2, 3, 2 }, 0.3274117557996, -2.1187711878435 },
  { "Unfold({ 2, 3 }, { dilation = { 1, 2 }, padding = { 1, 2 }, stride = { 2, 1 } })",
    'x', { 2, 3, 4, 5 }, 1.0344969310694, 7.8430783868749 },
  { "Fold({ 4, 5 }, { 2, 3 }, { dilation = { 1, 2 }, padding = { 1, 2 }, stride = { 2, 1 } })",
    'x', { 2, 12, 15 }, -1.0099829242197, 23.2913491719933 },
  { "MaxPool1d(3, 2, 1)", 'x', { 2, 3, 8 }, 0.5463141374904, 1.8745071135194 },
  { "MaxPool2d({ 3, 2 }, { 2, 1 }, { 1, 0 })", 'x', { 2, 3, 5, 6 }, 3.5019397016470, 2.9934162764882 },
  { "MaxPool2d(2, { dilation = 2, ceil_mode = true })", 'x', { 2, 3, 6, 7 }, 0.0705470534690, -0.9506016549654 },
  { "MaxPool3d(2)", 'x', { 2, 2, 4, 4, 5 }, 1.5470083453173, 1.1717410874429 },
  { "AvgPool1d(3, 2, 1)", 'x', { 2, 3, 8 }, -0.5910421317492, 0.4247185180572 },
  { "AvgPool2d({ 3, 2 }, { 2, 1 }, { 1, 0 }, { count_include_pad = false })",
    'x', { 2, 3, 5, 6 }, 1.7609580002906, -0.0742594459410 },
  { "AvgPool3d(2, { ceil_mode = true })", 'x', { 2, 2, 5, 4, 5 }, 14.4820637405630, 1.6195610693695 },
  { "AvgPool2d(3, 2, 1, { ceil_mode = true, divisor_override = 4 })",
    'x', { 2, 3, 6, 8 }, -5.2061206472701, -0.5230646247036 },
  { "AvgPool3d(2, { ceil_mode = true, divisor_override = 3 })",
    'x', { 2, 2, 5, 4, 3 }, 6.3824352493506, -0.0753864635649 },
  { "LocalResponseNorm(4, 0.1, 0.6, 2)", 'x', { 2, 6, 5 }, 0.2325136872469, 16.2743427954883 },
  { "LocalResponseNorm(2, { alpha = 0.3 })", 'x', { 2, 5, 3, 4 }, 0.8919928683071, 43.3962921690871 },
  { "LPPool1d(2, 3, 2)", 'p', { 2, 3, 8 }, -0.2936014942856, -0.4372309717523 },
  { "LPPool2d(3, { 3, 2 }, { 2, 1 })", 'p', { 2, 3, 5, 6 }, 0.6694630592558, 2.9076048090632 },
  { "LPPool2d(2, 2)", 'x', { 2, 3, 4, 6 }, -0.5131437451962, -1.0978606488301 },
  { "LPPool3d(1.5, 2)", 'p', { 2, 2, 4, 4, 5 }, 3.5714769812437, -0.2621242398981 },
  { "LPPool2d(2, 2, { ceil_mode = true })", 'x', { 2, 3, 5, 5 }, 5.6789087879797, -0.1528335226518 },
  { "AdaptiveAvgPool1d(3)", 'x', { 2, 3, 8 }, 0.8876486027801, 0.2764006278595 },
  { "AdaptiveMaxPool1d(3)", 'x', { 2, 3, 8 }, 0.8763970980051, -0.1745176776290 },
  { "AdaptiveAvgPool2d(3, 2)", 'x', { 2, 3, 5, 7 }, 0.0846071740415, -0.3650867046215 },
  { "AdaptiveMaxPool2d(3, 2)", 'x', { 2, 3, 5, 7 }, -0.4257958115203, -0.1532975100944 },
  { "AdaptiveAvgPool3d(2, 3, 1)", 'x', { 2, 2, 3, 5, 4 }, 0.0074749819231, 0.0149145422532 },
  { "AdaptiveMaxPool3d(2, 3, 1)", 'x', { 2, 2, 3, 5, 4 }, -0.4448825631578, 4.2087883387666 },
  { "ZeroPad1d { 1, 2 }", 'x', { 2, 3, 5 }, -7.8588330674402, -1.9104782747896 },
  { "ZeroPad2d { 1, 2, 2, 1 }", 'x', { 2, 3, 5, 4 }, -9.2267058315524, 0.6094196274439 },
  { "ZeroPad3d { 1, 2, 2, 1, 0, 1 }", 'x', { 2, 2, 3, 4, 5 }, -8.4803288225744, -0.3935728413109 },
  { "ReflectionPad1d { 1, 2 }", 'x', { 2, 3, 5 }, -0.4418295780765, -6.0654698785012 },
  { "ReflectionPad2d { 1, 2, 2, 1 }", 'x', { 2, 3, 5, 4 }, 9.7313609456327, -0.5540298350852 },
  { "ReflectionPad3d { 1, 2, 2, 1, 0, 1 }", 'x', { 2, 2, 3, 4, 5 }, -1.2900622520434, 4.8744985946550 },
  { "ReplicationPad1d { 1, 2 }", 'x', { 2, 3, 5 }, -0.8028911010429, -0.0870308844476 },
  { "ReplicationPad2d { 1, 2, 2, 1 }", 'x', { 2, 3, 5, 4 }, -3.6527202306333, -0.7306503498920 },
  { "ReplicationPad3d { 1, 2, 2, 1, 0, 1 }", 'x', { 2, 2, 3, 4, 5 }, -0.2564926422743, 11.5978401359976 },
  { "CircularPad1d { 1, 2 }", 'x', { 2, 3, 5 }, -1.1279571199219, -1.3603744134489 },
  { "CircularPad2d { 1, 2, 2, 1 }", 'x', { 2, 3, 5, 4 }, 2.7792090583289, 2.2314709931320 },
  { "CircularPad3d { 1, 2, 2, 1, 0, 1 }", 'x', { 2, 2, 3, 4, 5 }, -7.6319239346113, -14.0077110090771 },
  { "ConstantPad2d({ 1, 0, 2, 1 }, 0.5)", 'x', { 2, 3, 4, 3 }, -1.9633562528823, -2.0887554463995 },
  { "SyncBatchNorm(4)", 'x', { 5, 4 }, 0.3925588672905, 1.5382621950018 },
  { "SyncBatchNorm(3)", 'x', { 2, 3, 4, 5 }, 0.8885695886001, 22.6281786171962 },
  { "SyncBatchNorm(2)", 'x', { 2, 2, 3, 2, 4 }, 0.0943743847822, 25.1174427020918 },
  { "BatchNorm1d(4)", 'x', { 5, 4 }, 0.3925588672905, 1.5382621950018 },
  { "BatchNorm2d(3)", 'x', { 2, 3, 4, 5 }, 0.8885695886001, 22.6281786171962 },
  { "BatchNorm3d(2)", 'x', { 2, 2, 3, 2, 4 }, 0.0943743847822, 25.1174427020918 },
  { "InstanceNorm1d(3, { affine = true })", 'x', { 2, 3, 5 }, 2.8176138784015, 8.6335366683388 },
  { "InstanceNorm2d(3)", 'x', { 2, 3, 4, 5 }, 1.1304906530726, 70.7317014834542 },
  { "InstanceNorm3d(2)", 'x', { 2, 2, 3, 2, 4 }, -0.3923557992269, 57.6846377319593 },
  { "GroupNorm(2, 6)", 'x', { 3, 6, 2, 3 }, 0.1818238828835, -0.3149889661518 },
  { "LayerNorm { 3, 4 }", 'x', { 2, 3, 4 }, 4.3943413582249, 0.1676525047524 },
  { "RMSNorm(4, 1e-6)", 'x', { 3, 4 }, 1.6425849702655, 0.5378800730721 },
  { "LocalResponseNorm(3, 0.1, 0.6, 2)", 'x', { 2, 5, 3, 4 }, 0.5050200173408, 33.0828305108019 },
  { "CrossMapLRN2d(3, 0.1, 0.6, 2)", 'x', { 2, 5, 3, 4 }, 0.5050200173408, 33.0828305108019 },
  { "PixelShuffle(2)", 'x', { 2, 8, 2, 3 }, -0.1477826270251, -3.4447400618303 },
  { "PixelUnshuffle(2)", 'x', { 2, 2, 4, 6 }, -4.5558610997963, -3.4447400618303 },
  { "ChannelShuffle(3)", 'x', { 2, 6, 2, 3 }, 0.3811917201485, 28.3563014532366 },
  { "Flatten()", 'x', { 2, 3, 4 }, -0.3073589581431, 10.5849366941434 },
  { "Unflatten(2, { 3, -1 })", 'x', { 2, 6 }, 1.4990983448373, 5.2199016212186 },
  { "Upsample { scale_factor = 2 }", 'x', { 2, 2, 4, 6 }, 0.5782830564116, 0.6806190129245 },
  { "Upsample { size = { 5, 7 }, mode = 'bilinear' }", 'x', { 2, 2, 4, 6 }, -0.5908953507612, 0.5424391741759 },
  { "Upsample { scale_factor = 2, mode = 'bilinear', align_corners = true }",
    'x', { 2, 2, 4, 6 }, 0.5958052174784, 1.6694918713780 },
  { "Upsample { scale_factor = 1.5, mode = 'bicubic' }", 'x', { 2, 2, 4, 6 }, -0.3175602106412, 1.5899671231073 },
  { "UpsamplingNearest2d(nil, 2)", 'x', { 2, 2, 4, 6 }, 0.5782830564116, 0.6806190129245 },
  { "UpsamplingBilinear2d(nil, 2)", 'x', { 2, 2, 4, 6 }, 0.5958052174784, 1.6694918713780 },
}

local pairs_ = {
  { 'CosineSimilarity()', { 3, 4 }, { 3, 4 }, 1.4382323912005, -0.8492975171801, 0.5023479902858 },
  { 'CosineSimilarity(-1)', { 2, 3, 4 }, { 2, 3, 4 }, 1.8914392001536, -2.4250880316000, 0.4719919635008 },
  { 'CosineSimilarity(1)', { 2, 3, 4 }, { 2, 3, 4 }, -1.5115117046949, -1.4149980560199, 2.6446213151279 },
  { 'Bilinear(3, 4, 2)', { 5, 3 }, { 5, 4 }, -0.0353442969788, 0.8520850422891, 0.3547385848334 },
}

local losses = {
  { "MSELoss({ reduction = 'mean' })", 'x', 'T', 0.7897979103212, 0.7970075969863 },
  { "L1Loss({ reduction = 'mean' })", 'x', 'T', 0.6611118961702, 0.5151507392825 },
  { "SmoothL1Loss({ reduction = 'mean' })", 'x', 'T', 0.3377959977826, 0.3536251472112 },
  { "HuberLoss({ reduction = 'mean' })", 'x', 'T', 0.3377959977826, 0.3536251472112 },
  { "SoftMarginLoss({ reduction = 'mean' })", 'x', 'S', 0.7493885252207, 0.2823559178060 },
  { "BCELoss({ reduction = 'mean' })", 'u', 'U', 0.7656058085372, 0.6636778722526 },
  { "BCEWithLogitsLoss({ reduction = 'mean' })", 'x', 'U', 0.7216297612571, 0.1095341223262 },
  { "PoissonNLLLoss({ reduction = 'mean' })", 'x', 'U', 1.2319947352255, 0.1964816298736 },
  { "HingeEmbeddingLoss({ reduction = 'mean' })", 'x', 'S', 0.4401500109518, -0.4264576194803 },
  { "MultiLabelSoftMarginLoss({ reduction = 'mean' })", 'x', 'B', 0.7493885252207, 0.2823559178060 },
  { "CrossEntropyLoss({ reduction = 'mean' })", 'x', 'C', 1.4616088262531, -0.4395074218433 },
  { "MultiMarginLoss({ reduction = 'mean' })", 'x', 'C', 0.8026670024293, -0.4173200128399 },
  { "NLLLoss({ reduction = 'mean' })", 'x', 'C', 0.0956344436718, -0.3829015088009 },
  { "KLDivLoss({ reduction = 'mean' })", 'x', 'U', -0.3074175145555, 0.0992829329465 },
  { "MSELoss({ reduction = 'sum' })", 'x', 'T', 9.4775749238550, 9.5640911638357 },
  { "L1Loss({ reduction = 'sum' })", 'x', 'T', 7.9333427540434, 6.1818088713907 },
  { "SmoothL1Loss({ reduction = 'sum' })", 'x', 'T', 4.0535519733918, 4.2435017665352 },
  { "HuberLoss({ reduction = 'sum' })", 'x', 'T', 4.0535519733918, 4.2435017665352 },
  { "SoftMarginLoss({ reduction = 'sum' })", 'x', 'S', 8.9926623026492, 3.3882710136728 },
  { "BCELoss({ reduction = 'sum' })", 'u', 'U', 9.1872697024467, 7.9641344670318 },
  { "BCEWithLogitsLoss({ reduction = 'sum' })", 'x', 'U', 8.6595571350860, 1.3144094679147 },
  { "PoissonNLLLoss({ reduction = 'sum' })", 'x', 'U', 14.7839368227071, 2.3577795584836 },
  { "HingeEmbeddingLoss({ reduction = 'sum' })", 'x', 'S', 5.2818001314227, -5.1174914337644 },
  { "MultiLabelSoftMarginLoss({ reduction = 'sum' })", 'x', 'B', 2.2481655756623, 0.8470677534182 },
  { "CrossEntropyLoss({ reduction = 'sum' })", 'x', 'C', 4.3848264787593, -1.3185222655299 },
  { "MultiMarginLoss({ reduction = 'sum' })", 'x', 'C', 2.4080010072879, -1.2519600385197 },
  { "NLLLoss({ reduction = 'sum' })", 'x', 'C', 0.2869033310154, -1.1487045264028 },
  { "KLDivLoss({ reduction = 'sum' })", 'x', 'U', -3.6890101746669, 1.1913951953580 },
  { "SmoothL1Loss { beta = 0.5 }", 'x', 'T', 0.4613740023406, 0.4673455875569 },
  { "HuberLoss { delta = 0.5 }", 'x', 'T', 0.2306870011703, 0.2336727937784 },
  { "CrossEntropyLoss { weight = torch.Tensor { 1, 2, 3, 4 } }", 'x', 'C', 1.6117500232896, -0.5044106980836 },
  { "CrossEntropyLoss { label_smoothing = 0.1 }", 'x', 'C', 1.4563421260102, -0.3977754205593 },
  { "MultiMarginLoss { p = 2, margin = 0.7, weight = torch.Tensor { 1, 2, 3, 4 } }",
    'x', 'C', 1.9058578664685, -2.0990401900273 },
  { "KLDivLoss { reduction = 'batchmean' }", 'x', 'U', -1.2296700582223, 0.3971317317860 },
  { "KLDivLoss { log_target = true }", 'x', 'T', 0.6752423412694, 0.3394701810035 },
  { "PoissonNLLLoss { log_input = false, full = true }", 'p', 'P', 2.9995112264156, 1.5651184866516 },
  { "MultiLabelMarginLoss()", 'x', 'M', 0.7014510915336, 0.6612276013459 },
  { "BCEWithLogitsLoss { pos_weight = torch.Tensor { 1, 2, 3, 4 } }", 'x', 'U', 1.4380604867748, 0.2311652965496 },
}

local T = count(12, 0.7):sin():view(3, 4)
local targets = { T = T, U = T * 0.3 + 0.5, S = torch.gt(T, 0):double() * 2 - 1, C = torch.LongTensor { 2, 4, 1 } }
targets.B, targets.P = (targets.S + 1) / 2, targets.U * 4
targets.M = torch.LongTensor { { 2, 4, 0, 1 }, { 1, 0, 1, 1 }, { 3, 2, 1, 0 } }

describe("PyTorch's numbers of", function()
  for _, row in ipairs(layers) do
    it(row[1], function()
      local evaluate = row[1]:find(':evaluate()', 1, true)
      local m = make((row[1]:gsub(':evaluate%(%)', '')))
      if evaluate then m:evaluate() end
      fill(m:parameters() or {})
      local x = input(row[3], row[2])
      local y = m:forward(x)
      near(digest(y), row[4], 'output', rough[row[1]] and 1e-6)
      near(digest(m:backward(x, gradient(y))), row[5], 'gradInput', rough[row[1]] and 1e-6)
    end)
  end

  for _, row in ipairs(pairs_) do
    it(row[1], function()
      local m, b = make(row[1]), torch.Tensor(unpack(row[3]))
      fill(m:parameters() or {})
      local x = { input(row[2]), b:copy(count(b:nElement(), 0.7):sin()) }
      local y = m:forward(x)
      near(digest(y), row[4], 'output')
      local dx = m:backward(x, gradient(y))
      near(digest(dx[1]), row[5], 'first gradient')
      near(digest(dx[2]), row[6], 'second gradient')
    end)
  end

  for _, row in ipairs(losses) do
    it(row[1], function()
      local c, x, t = make(row[1]), input({ 3, 4 }, row[2]), targets[row[3]]
      near(c:forward(x, t), row[4], 'loss')
      near(digest(c:backward(x, t)), row[5], 'gradient')
    end)
  end

  it('losses of two and three inputs', function()
    local a, b = input { 3, 4 }, T:clone()
    local c = (T * 0.5 + 0.2):cos()
    local function three(loss, want)
      near(loss:forward { a, b, c }, want[1], 'loss')
      local dx = loss:backward { a, b, c }
      for i = 1, 3 do near(digest(dx[i]), want[i + 1], 'gradient ' .. i) end
    end
    three(nn.TripletMarginLoss { margin = 0.3 },
      { 0.3909125209944, 0.0965746906233, -0.4521277457917, 0.3555530551684 })
    three(nn.TripletMarginLoss { margin = 0.9, swap = true },
      { 1.1650167818083, 0.3681716853548, -0.9480898691329, 0.5799181837781 })
    local distance = nn.Sequential():add(nn.CosineSimilarity()):add(nn.MulConstant(-1)):add(nn.AddConstant(1))
    three(nn.TripletMarginWithDistanceLoss { distanceFunction = distance, margin = 0.9 },
      { 0.5044299267840, 0.1195986817309, -0.3831195171195, 0.0284571217077 })
    three(nn.TripletMarginWithDistanceLoss { distanceFunction = distance, margin = 0.9, swap = true },
      { 0.9290229374623, 0.1241520753923, -0.5981667075001, 0.0138905571292 })
    local cosine, signs = nn.CosineEmbeddingLoss { margin = 0.2 }, torch.Tensor { 1, -1, 1 }
    near(cosine:forward({ a, b }, signs), 0.7830523680334833, 'loss')
    local dx = cosine:backward({ a, b }, signs)
    near(digest(dx[1]), -0.00835794572529168, 'gradient 1')
    near(digest(dx[2]), -0.40130408948095286, 'gradient 2')
    local v, gauss = T * 0.2 + 0.5, nn.GaussianNLLLoss()
    near(gauss:forward({ a, v }, b), 0.34140311722897737, 'loss')
    dx = gauss:backward({ a, v }, b)
    near(digest(dx[1]), 0.8279602122545107, 'gradient 1')
    near(digest(dx[2]), 0.04430155662548941, 'gradient 2')
  end)

  for n, want in ipairs {
    { 0.9548755942319, -4.2836147745132, -0.5347777930719, 6.3905401158347 },
    { 0.1339125739270, -132.3172628089779, 1.3253897776593, 15.2944906922655 },
    { -1.0171102332279, -133.8066273743728, 0.7334598191825, 33.3557237957051 },
  } do
    it('MaxPool and MaxUnpool, ' .. n, function()
      local pool, unpool = nn[('MaxPool%dd'):format(n)](2, { returnIndices = true }), nn[('MaxUnpool%dd'):format(n)](2)
      local x = input(({ { 2, 3, 8 }, { 2, 3, 4, 6 }, { 2, 2, 4, 4, 6 } })[n])
      local y, at = unpack(pool:forward(x))
      near(digest(y), want[1], 'values')
      near(digest(at:double():add(-1)), want[2], 'positions')
      local z = unpool:forward { torch.cmul(y, y), at }
      near(digest(z), want[3], 'output')
      local g = unpool:backward({ torch.cmul(y, y), at }, gradient(z))[1]
      near(digest(pool:backward(x, { g:cmul(y):mul(2) })), want[4], 'gradInput')
      local sized = unpool:forward { y, at, z:size() }
      assert.are.same(z:size():totable(), sized:size():totable())
    end)
  end

  it('MaxUnpool refuses sizes that are none', function()
    local function refused(m, message, sizes)
      local x = { torch.ones(1, 2, 2), torch.LongTensor(1, 2, 2):fill(1), sizes }
      local ok, err = pcall(m.forward, m, x)
      assert.is_false(ok)
      assert.is_truthy(err:find(message, 1, true), err)
    end
    refused(nn.MaxUnpool2d(2 ^ 63), 'size in [1x')
    refused(nn.MaxUnpool2d(1, { stride = 1, padding = 3 }), 'that leave an output')
    refused(nn.MaxUnpool2d(2), 'sizes: expected a whole number', { 'a', 'b' })
    refused(nn.MaxUnpool2d(2), 'sizes: expected a whole number', { 4, 2 ^ 53 + 0.5 - 1 / 0 })
  end)

  it('AdaptiveLogSoftmaxWithLoss', function()
    local m = nn.AdaptiveLogSoftmaxWithLoss(8, 12, { 3, 7 }, { div_value = 2 })
    local params, grads = m:parameters()
    fill(params)
    local x, t = input { 5, 8 }, torch.LongTensor { 1, 12, 5, 4, 9 }
    near(m:forward({ x, t })[1], 2.7987523757831365, 'loss')
    near(digest(m.logProbabilities), 2.877010807865646, 'log-probabilities')
    m:zeroGradParameters()
    near(digest(m:backward({ x, t }, torch.ones(1))[1]), -0.8258966895935409, 'gradInput')
    for i, want in ipairs { -0.1172725600883, 0.0298738545825, 0.2516526976872, -0.1598234035554, -0.1025542607333 } do
      near(digest(grads[i]), want, 'gradient ' .. i)
    end
    near(digest(m:logProb(x)), 9.115173566968519, 'all log-probabilities')
    assert.are.same({ 1, 2, 2, 3, 2 }, m:predict(x):totable())
  end)

  it('Transformer', function()
    local m = nn.Transformer(4, 2, 2, 2, 6, { dropout = 0, activation = 'gelu' })
    local list = {}
    local function put(...)
      for _, t in ipairs { ... } do list[#list + 1] = t end
    end
    local function attention(a)
      local q, k, v, out = a:get(1), a:get(2), a:get(3), a:get(4)
      put({ q.bias, k.bias, v.bias }, { q.weight, k.weight, v.weight }, out.bias, out.weight)
    end
    local function stack(layers_, first)
      for i = 1, 2 do
        local layer = layers_:get(i)
        local linears, norms = layer:findModules 'nn.Linear', layer:findModules 'nn.LayerNorm'
        for k = first, first + 1 do put(linears[k].bias, linears[k].weight) end
        if layer.memoryAttention then attention(layer.memoryAttention) end
        for _, norm in ipairs(norms) do put(norm.bias, norm.weight) end
        attention(layer.attention)
      end
      put(layers_:get(3).bias, layers_:get(3).weight)
    end
    stack(m.decoder, 9)
    stack(m.encoder, 5)
    assert.are.equal(64, #list)
    fill(list, 0.5)
    local x = { input { 3, 2, 4 }, input { 5, 2, 4 } * 0.7 }
    local y = m:forward(x)
    near(digest(y), 0.19855665737718256, 'output')
    local dx = m:backward(x, gradient(y))
    near(digest(dx[1]), 0.001880108804381355, 'first gradient')
    near(digest(dx[2]), 0.17425178459335383, 'second gradient')
  end)
end)
