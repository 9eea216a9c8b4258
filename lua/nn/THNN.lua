--- THNN: the entry points that layers of Torch7 packages call: input.THNN.SoftMax_updateOutput(input:cdata(), ...).
--
-- One table of signatures, as THNN.h had them. A call makes a bare object of the nn class of that name, puts the
-- arguments into the fields they are called after, runs the class's method, and hands the result to the tensor given
-- for it. nil stands for NULL.
-- @usage local x, y = torch.randn(2, 3), torch.Tensor()
-- x.THNN.Tanh_updateOutput(x:cdata(), y:cdata())
local THNN = {}
local ffi = require 'ffi'

-- t:cdata() is a pointer; what it points to is the tensor.
local pointer = ffi.typeof 'struct rk_tensor *'
local function tensor(v)
  if type(v) == 'cdata' and ffi.istype(pointer, v) then return ffi.cast(pointer, v)[0] end
  return v
end

-- "Class: updateOutput arguments | updateGradInput | accGradParameters", "Name=Class: ..." where THNN has another name.
-- A star: the gradient needs the output, which the call does not give: it is computed again.
local signatures = [[
Abs: input output |* input gradOutput gradInput
AbsCriterion: input target output sizeAverage | input target gradInput sizeAverage
BCECriterion: input target output sizeAverage weights | input target gradInput sizeAverage weights
ClassNLLCriterion: input target output sizeAverage weights total_weight ignoreIndex | input target gradInput
  sizeAverage weights total_weight ignoreIndex
SpatialClassNLLCriterion: input target output sizeAverage weights total_weight ignoreIndex | input target gradInput
  sizeAverage weights total_weight ignoreIndex
DistKLDivCriterion: input target output sizeAverage | input target gradInput sizeAverage
ELU: input output alpha inplace | input gradOutput gradInput output alpha inplace
HardShrink: input output lambda |* input gradOutput gradInput lambda
HardTanh: input output min_val max_val inplace |* input gradOutput gradInput min_val max_val inplace
L1Cost: input output | input - gradInput
LeakyReLU: input output negval inplace |* input gradOutput gradInput negval inplace
LogSigmoid: input output buffer |* input gradOutput gradInput buffer
LogSoftMax: input output | input gradOutput gradInput output
MarginCriterion: input target output sizeAverage margin | input target gradInput sizeAverage margin
SoftMarginCriterion: input target output sizeAverage | input target gradInput sizeAverage
MSECriterion: input target output sizeAverage | input target gradInput sizeAverage
MultiLabelMarginCriterion: input target output isTarget sizeAverage | input target gradInput isTarget sizeAverage
MultiMarginCriterion: input target output sizeAverage p weights margin | input target gradInput sizeAverage p
  weights margin
PReLU: input output weight nOutputPlane |* input gradOutput gradInput weight nOutputPlane |* input gradOutput
  gradInput weight gradWeight gradWeightBuf gradWeightBuf2 nOutputPlane scale
RReLU: input output noise lower upper train inplace - | input gradOutput gradInput noise lower upper train inplace
Sigmoid: input output | input gradOutput gradInput output
SmoothL1Criterion: input target output sizeAverage | input target gradInput sizeAverage
SoftMax: input output | input gradOutput gradInput output
SoftPlus: input output beta threshold | input gradOutput gradInput output beta threshold
SoftShrink: input output lambda |* input gradOutput gradInput lambda
Sqrt: input output eps | input gradOutput gradInput output
Square: input output |* input gradOutput gradInput
Tanh: input output | input gradOutput gradInput output
Threshold: input output threshold val inplace |* input gradOutput gradInput threshold val inplace
GatedLinearUnit: input output dim | input gradOutput gradInput dim
Linear: input output weight bias addBuffer | input gradOutput gradInput weight | input gradOutput gradInput weight bias
  gradWeight gradBias addBuffer scale
BatchNormalization: input output weight bias running_mean running_var save_mean save_std train momentum eps
TemporalConvolution: input output weight bias kW dW inputFrameSize outputFrameSize | input gradOutput gradInput
  weight kW dW | input gradOutput gradWeight gradBias kW dW scale
TemporalMaxPooling: input output indices kW dW | input gradOutput gradInput indices kW dW
TemporalSubSampling: input output weight bias kW dW inputFrameSize | input gradOutput gradInput weight kW dW |
  input gradOutput gradWeight gradBias kW dW scale
SpatialConvolutionMM: input output weight bias finput fgradInput kW kH dW dH padW padH | input gradOutput gradInput
  weight finput fgradInput kW kH dW dH padW padH | input gradOutput gradWeight gradBias finput fgradInput kW kH dW
  dH padW padH scale
SpatialConvolutionMap: input output weight bias connTable nInputPlane nOutputPlane dW dH | input gradOutput
  gradInput weight bias connTable nInputPlane nOutputPlane dW dH | input gradOutput gradWeight gradBias connTable
  nInputPlane nOutputPlane dW dH scale
SpatialFullConvolutionMap: input output weight bias connTable nInputPlane nOutputPlane dW dH | input gradOutput
  gradInput weight bias connTable nInputPlane nOutputPlane dW dH | input gradOutput gradWeight gradBias connTable
  nInputPlane nOutputPlane dW dH scale
SpatialDilatedConvolution: input output weight bias columns ones kW kH dW dH padW padH dilationW dilationH | input
  gradOutput gradInput weight columns kW kH dW dH padW padH dilationW dilationH | input gradOutput gradWeight
  gradBias columns ones kW kH dW dH padW padH dilationW dilationH scale
SpatialDepthWiseConvolution: input output weight bias finput fgradInput kW kH dW dH padW padH | input gradOutput
  gradInput weight finput fgradInput kW kH dW dH padW padH | input gradOutput gradWeight gradBias finput fgradInput kW
  kH dW dH padW padH scale
SpatialFullConvolution: input output weight bias columns ones kW kH dW dH padW padH adjW adjH | input gradOutput
  gradInput weight columns kW kH dW dH padW padH adjW adjH | input gradOutput gradWeight gradBias columns ones kW
  kH dW dH padW padH adjW adjH scale
SpatialAveragePooling: input output kW kH dW dH padW padH ceil_mode count_include_pad | input gradOutput gradInput
  kW kH dW dH padW padH ceil_mode count_include_pad
SpatialMaxPooling: input output indices kW kH dW dH padW padH ceil_mode | input gradOutput gradInput indices kW kH
  dW dH padW padH ceil_mode
SpatialDilatedMaxPooling: input output indices kW kH dW dH padW padH dilationW dilationH ceil_mode | input
  gradOutput gradInput indices kW kH dW dH padW padH dilationW dilationH ceil_mode
SpatialSubSampling: input output weight bias kW kH dW dH | input gradOutput gradInput weight kW kH dW dH | input
  gradOutput gradWeight gradBias kW kH dW dH scale
SpatialUpSamplingNearest: input output scale_factor | input gradOutput gradInput scale_factor
SpatialReflectionPadding: input output pad_l pad_r pad_t pad_b | input gradOutput gradInput pad_l pad_r pad_t pad_b
SpatialReplicationPadding: input output pad_l pad_r pad_t pad_b | input gradOutput gradInput pad_l pad_r pad_t pad_b
VolumetricAveragePooling: input output kT kW kH dT dW dH padT padW padH ceil_mode count_include_pad | input gradOutput
  gradInput kT kW kH dT dW dH padT padW padH ceil_mode count_include_pad
VolumetricMaxPooling: input output indices kT kW kH dT dW dH padT padW padH ceil_mode
VolumetricDilatedMaxPooling: input output indices kT kW kH dT dW dH padT padW padH dilationT dilationW dilationH
  ceil_mode | input gradOutput gradInput indices kT kW kH dT dW dH padT padW padH dilationT dilationW dilationH
  ceil_mode
VolumetricConvolutionMM=VolumetricConvolution: input output weight bias finput kT kW kH dT dW dH padT padW padH | input
  gradOutput gradInput weight finput fgradInput kT kW kH dT dW dH padT padW padH | input gradOutput gradWeight gradBias
  finput kT kW kH dT dW dH padT padW padH scale
VolumetricConvolution: input output weight bias finput fgradInput dT dW dH padT padW padH | input gradOutput gradInput
  weight finput dT dW dH padT padW padH | input gradOutput gradWeight gradBias finput fgradInput dT dW dH padT padW padH
  scale
VolumetricDilatedConvolution: input output weight bias columns ones kT kW kH dT dW dH padT padW padH dilationT dilationW
  dilationH | input gradOutput gradInput weight columns kT kW kH dT dW dH padT padW padH dilationT dilationW dilationH |
  input gradOutput gradWeight gradBias columns ones kT kW kH dT dW dH padT padW padH dilationT dilationW dilationH scale
VolumetricFullConvolution: input output weight bias finput fgradInput dT dW dH padT padW padH adjT adjW adjH | input
  gradOutput gradInput weight finput fgradInput dT dW dH padT padW padH adjT adjW adjH | input gradOutput gradWeight
  gradBias finput fgradInput dT dW dH padT padW padH adjT adjW adjH scale
SpatialConvolutionLocal: input output weight bias finput fgradInput kW kH dW dH padW padH iW iH oW oH | input gradOutput
  gradInput weight finput fgradInput kW kH dW dH padW padH iW iH oW oH | input gradOutput gradWeight gradBias finput
  fgradInput kW kH dW dH padW padH iW iH oW oH scale
TemporalRowConvolution: input output weight bias finput fgradInput kW dW padW featFirst | input gradOutput gradInput
  weight finput fgradInput kW dW padW featFirst | input gradOutput gradWeight gradBias finput fgradInput kW dW padW
  featFirst scale
SpatialAdaptiveMaxPooling: input output indices W H | input gradOutput gradInput indices
SpatialAdaptiveAveragePooling: input output W H | input gradOutput gradInput
SpatialMaxUnpooling: input output indices owidth oheight | input gradOutput gradInput indices owidth oheight
VolumetricMaxUnpooling: input output indices oT oW oH dT dW dH padT padW padH | input gradOutput gradInput indices oT oW
  oH dT dW dH padT padW padH
SpatialFractionalMaxPooling: input output outW outH poolSizeW poolSizeH indices randomSamples | input gradOutput
  gradInput outW outH poolSizeW poolSizeH indices
VolumetricFractionalMaxPooling: input output outT outW outH poolSizeT poolSizeW poolSizeH indices randomSamples | input
  gradOutput gradInput outT outW outH poolSizeT poolSizeW poolSizeH indices
SpatialUpSamplingBilinear: input output oheight owidth
GatedLinear=GatedLinearUnit: input output dim | input gradOutput gradInput dim
VolumetricReplicationPadding: input output pleft pright ptop pbottom pfront pback | input gradOutput gradInput
  pleft pright ptop pbottom pfront pback
]]

local methods = { 'updateOutput', 'updateGradInput', 'accGradParameters' }
local flags = { sizeAverage = true, inplace = true, train = true, ceil_mode = true, count_include_pad = true }

-- What a class reads besides what its signature gives it.
local prepare = {}
local function planes_mm(m)
  local weight = m.weight or m.gradWeight
  m.nOutputPlane = weight:size(1)
  m.nInputPlane = weight:nElement() / (m.nOutputPlane * m.kW * m.kH)
end
prepare.SpatialConvolutionMM = planes_mm
prepare.SpatialDilatedConvolution = planes_mm
prepare.SpatialDepthWiseConvolution = planes_mm
function prepare.SpatialFullConvolution(m)
  local weight = m.weight or m.gradWeight
  m.nInputPlane, m.nOutputPlane = weight:size(1), weight:size(2)
end
function prepare.TemporalConvolution(m)
  local weight = m.weight or m.gradWeight
  m.outputFrameSize = weight:size(1)
  m.inputFrameSize = weight:size(2) / m.kW
end
function prepare.TemporalSubSampling(m) m.inputFrameSize = (m.weight or m.gradWeight):size(1) end
function prepare.SpatialSubSampling(m) m.nInputPlane = (m.weight or m.gradWeight):size(1) end
function prepare.BatchNormalization(m) m.affine, m.nDim = m.weight ~= nil, 2 end
function prepare.SpatialAveragePooling(m) m.divide = true end
local function map(m)
  local weight = m.weight or m.gradWeight
  m.kH, m.kW = weight:size(2), weight:size(3)
end
prepare.SpatialConvolutionMap, prepare.SpatialFullConvolutionMap = map, map
local function volumes(m)
  local weight = m.weight or m.gradWeight
  if not m.kT then m.kT, m.kH, m.kW = weight:size(3), weight:size(4), weight:size(5) end
  m.nOutputPlane = weight:size(1)
  m.nInputPlane = weight:nElement() / (m.nOutputPlane * m.kT * m.kW * m.kH)
end
prepare.VolumetricConvolution, prepare.VolumetricDilatedConvolution = volumes, volumes
function prepare.VolumetricFullConvolution(m)
  local s = (m.weight or m.gradWeight):size()
  m.nInputPlane, m.nOutputPlane, m.kT, m.kH, m.kW = s[1], s[2], s[3], s[4], s[5]
end
-- Its weight comes as (places, nOut, nIn kH kW), its bias as it is.
function prepare.SpatialConvolutionLocal(m)
  local weight = m.weight or m.gradWeight
  local g = m.gradOutput
  m.nOutputPlane = g and g:size(g:dim() - 2) or m.bias:size(1)
  m.nInputPlane = weight:nElement() / (m.oH * m.oW * m.nOutputPlane * m.kH * m.kW)
end
function prepare.TemporalRowConvolution(m) m.inputFrameSize = (m.weight or m.gradWeight):size(1) end
function prepare.SpatialAdaptiveAveragePooling(m)
  local g = m.gradOutput
  if g then m.H, m.W = g:size(g:dim() - 1), g:size(g:dim()) end
end
prepare.SpatialAdaptiveMaxPooling = prepare.SpatialAdaptiveAveragePooling
-- The pooling layer that positions and sizes come from.
function prepare.SpatialMaxUnpooling(m)
  m.pooling = { indices = m.indices, iheight = m.oheight, iwidth = m.owidth }
end
function prepare.VolumetricMaxUnpooling(m)
  m.pooling = { indices = m.indices, itime = m.oT, iheight = m.oH, iwidth = m.oW }
end
local function drawn(m) m.newRandomPool = true end
prepare.SpatialFractionalMaxPooling, prepare.VolumetricFractionalMaxPooling = drawn, drawn
function prepare.SpatialUpSamplingBilinear(m)
  m.inputSize, m.outputSize = torch.LongStorage(4), torch.LongStorage(4)
end
function prepare.SpatialUpSamplingNearest(m)
  m.inputSize, m.outputSize = torch.LongStorage(4), torch.LongStorage(4)
end
function prepare.MultiLabelMarginCriterion(m) m.isTarget = m.isTarget or m.gradInput.new() end

local function words(text)
  local list = {}
  for word in text:gmatch '%S+' do list[#list + 1] = word end
  return list
end

-- Hand a result to the tensor that was given for it.
local function deliver(to, result)
  if to == nil then return end
  if type(result) == 'number' then
    to:resize(1)
    to[1] = result
  elseif torch.pointer(to) == torch.pointer(result) then
    return
  elseif result:type() == to:type() then
    to:set(result)
  else
    to:resizeAs(result):copy(result)
  end
end

local function check_count(name, arguments, ...)
  local n = select('#', ...)
  if n > #arguments then
    error(('THNN.%s: expected %d arguments (%s), got %d'):format(name, #arguments, table.concat(arguments, ', '), n), 3)
  end
end

local is_tensor = { input = true, gradOutput = true, connTable = true }
local may_be_tensor = {} -- or NULL
for name in ('output gradInput weight bias gradWeight gradBias indices weights finput fgradInput columns ones noise '
    .. 'addBuffer gradWeightBuf gradWeightBuf2 running_mean running_var save_mean save_std total_weight isTarget '
    .. 'buffer randomSamples'):gmatch '%S+' do
  may_be_tensor[name] = true
end
local may_be_absent = { ['-'] = true, target = true, scale = true, ignoreIndex = true, featFirst = true }
local function is_number(field)
  return not (is_tensor[field] or may_be_tensor[field] or flags[field] or may_be_absent[field])
end
local weighted = {}
for name in ('Linear TemporalConvolution TemporalRowConvolution TemporalSubSampling SpatialConvolutionMM PReLU '
    .. 'SpatialConvolutionMap SpatialFullConvolutionMap SpatialConvolutionLocal SpatialDilatedConvolution '
    .. 'SpatialFullConvolution SpatialDepthWiseConvolution SpatialSubSampling VolumetricConvolution '
    .. 'VolumetricDilatedConvolution VolumetricFullConvolution'):gmatch '%S+' do
  weighted[name] = true
end

local function refuse(name, i, field, expected, got)
  error(('THNN.%s: argument %d (%s): expected %s, got %s'):format(name, i, field, expected, torch.type(got)), 4)
end

-- The arguments as fields of a bare object of the class.
local function object(class, name, arguments, ...)
  check_count(name, arguments, ...)
  local m = torch.factory('nn.' .. class)()
  for i, field in ipairs(arguments) do
    local v = tensor((select(i, ...)))
    if flags[field] and type(v) == 'number' then v = v ~= 0 end
    if is_tensor[field] and not torch.isTensor(v) then refuse(name, i, field, 'a tensor', v) end
    if may_be_tensor[field] and v ~= nil and not torch.isTensor(v) then refuse(name, i, field, 'a tensor or nil', v) end
    if is_number(field) and type(v) ~= 'number' then refuse(name, i, field, 'a number', v) end
    m[field] = v
  end
  local input = m.input
  if not m.weight and not m.gradWeight and weighted[class] then
    refuse(name, 4, 'weight', 'a tensor', nil)
  end
  m._type = input:type()
  if class == 'RReLU' then m.noise = m.noise or input.new() end
  return m, input
end

local function fresh(m, input, field)
  local given = m[field]
  if given == nil then m[field] = input.new() end
  return given
end

local run = {}

function run.updateOutput(class, m, input)
  local out = fresh(m, input, 'output')
  fresh(m, input, 'gradInput')
  if prepare[class] then prepare[class](m) end
  local result = m:updateOutput(input, m.target)
  deliver(out, result)
end

function run.updateGradInput(class, m, input, again)
  local dx = fresh(m, input, 'gradInput')
  fresh(m, input, 'output')
  if prepare[class] then prepare[class](m) end
  if again then
    local inplace = m.inplace
    m.inplace = false
    m:updateOutput(input)
    m.inplace = inplace
  end
  deliver(dx, m:updateGradInput(input, m.target or m.gradOutput))
end

function run.accGradParameters(class, m, input, again)
  fresh(m, input, 'gradInput')
  fresh(m, input, 'output')
  if prepare[class] then prepare[class](m) end
  m.weight = m.weight or m.gradWeight -- its size is read
  if m.gradBias and not m.bias then m.bias = m.gradBias end
  if again then m:updateOutput(input) end
  m:accGradParameters(input, m.gradOutput, m.scale or 1)
end

local functions = {}

-- Classes with total_weight as a tensor keep a number there.
local function total_weight_number(m)
  local total = m.total_weight
  if not torch.isTensor(total) then return total end
  return total:nElement() > 0 and total:contiguous():view(-1)[1] or nil
end

local function entry(prefix, class, method, arguments, again)
  local name = prefix .. '_' .. method
  functions[name] = function(...)
    local m, input = object(class, name, arguments, ...)
    if method == 'updateGradInput' then m.total_weight = total_weight_number(m) end
    local total = method == 'updateOutput' and m.total_weight or nil
    if total == nil then return run[method](class, m, input, again) end
    m.total_weight = nil
    run[method](class, m, input, again)
    deliver(total, m.total_weight)
  end
end

for line in signatures:gsub('\n  +', ' '):gmatch '[^\n]+' do
  local prefix, class, rest = line:match '^(%w+)=?(%w*): (.*)$'
  if class == '' then class = prefix end
  local i = 0
  for part in (rest .. ' |'):gmatch '(.-)|' do
    i = i + 1
    local again, arguments = part:match '^(%*?)(.*)$'
    entry(prefix, class, methods[i], words(arguments), again == '*')
  end
end

function functions.BatchNormalization_backward(input, gradOutput, gradInput, gradWeight, gradBias, weight, running_mean,
                                               running_var, save_mean, save_std, train, scale, eps)
  local m = torch.factory 'nn.BatchNormalization'()
  input, gradOutput, gradInput, gradWeight = tensor(input), tensor(gradOutput), tensor(gradInput), tensor(gradWeight)
  gradBias, weight, running_mean, running_var = tensor(gradBias), tensor(weight), tensor(running_mean),
    tensor(running_var)
  save_mean, save_std = tensor(save_mean), tensor(save_std)
  m._type, m.output, m.gradInput = input:type(), input.new(), gradInput or input.new()
  m.weight, m.gradWeight, m.gradBias = weight, gradWeight, gradBias
  m.bias = gradBias and gradBias:clone():zero()
  m.running_mean, m.running_var, m.save_mean, m.save_std = running_mean, running_var, save_mean, save_std
  m.train, m.eps, m.momentum, m.affine, m.nDim = train == true or train == 1, eps, 0, weight ~= nil, input:dim()
  if gradInput then deliver(gradInput, m:updateGradInput(input, gradOutput)) end
  if gradWeight then m:accGradParameters(input, gradOutput, scale or 1) end
end

function functions.LookupTable_accGradParameters(input, gradOutput, gradWeight, _count, _sorted, _indices, byFrequency,
                                                 paddingValue, scale)
  local m = torch.factory 'nn.LookupTable'()
  input, gradOutput, gradWeight = tensor(input), tensor(gradOutput), tensor(gradWeight)
  m._type, m.weight, m.gradWeight = gradWeight:type(), gradWeight, gradWeight
  m.paddingValue, m.shouldScaleGradByFreq = paddingValue or 0, byFrequency == true or byFrequency == 1
  m:accGradParameters(input, gradOutput, scale)
end

function functions.LookupTable_renorm(index, weight, maxNorm, normType)
  local m = torch.factory 'nn.LookupTable'()
  index, weight = tensor(index), tensor(weight)
  m._type, m.weight, m.maxNorm, m.normType = weight:type(), weight, maxNorm, normType
  m:renorm(index)
end

function functions.SpatialUpSamplingBilinear_updateGradInput(gradOutput, gradInput, nbatch, nchannel, iheight, iwidth,
                                                             oheight, owidth)
  gradOutput, gradInput = tensor(gradOutput), tensor(gradInput)
  local m = nn.SpatialUpSamplingBilinear { oheight = oheight, owidth = owidth }
  local input = gradOutput.new(nbatch, nchannel, iheight, iwidth) -- only its size is read
  m._type, m.output, m.gradInput = gradOutput:type(), gradOutput.new(), gradInput
  deliver(gradInput, m:updateGradInput(input, gradOutput))
end

-- It is told steps but no windows: the positions are enough.
function functions.VolumetricMaxPooling_updateGradInput(input, gradOutput, gradInput, indices)
  local C = require 'torch.ffi'
  local x, g, dx, at = tensor(input), tensor(gradOutput), tensor(gradInput), tensor(indices)
  local s = C.rk_plane_scatter(dx, x:dim(), x.extent, g, at, 3, 1)
  if s ~= 0 then
    require 'nn.common'.again({ __typename = 'THNN' }, s, C.rk_plane_scatter, dx, x:dim(), x.extent, g, at, 3, 1)
  end
end

function functions.FeatureLPPooling_updateOutput(input, output, power, width, stride, batchMode)
  local m = nn.FeatureLPPooling(width, stride, power, batchMode == true or batchMode == 1)
  m.output = tensor(output)
  deliver(m.output, m:updateOutput(tensor(input)))
end

function functions.FeatureLPPooling_updateGradInput(gradOutput, input, output, gradInput, power, width, stride,
                                                    batchMode)
  local m = nn.FeatureLPPooling(width, stride, power, batchMode == true or batchMode == 1)
  m.output, m.gradInput = tensor(output), tensor(gradInput)
  deliver(m.gradInput, m:updateGradInput(tensor(input), tensor(gradOutput)))
end

for name, f in pairs(require 'nn.thnn_sparse'(tensor, deliver)) do functions[name] = f end

-- Which arguments of the functions without a row above must be tensors (t) or numbers (n); others may be anything.
local forms = {
  BatchNormalization_backward = 'tt',
  LookupTable_accGradParameters = 'ttt',
  LookupTable_renorm = 'ttnn',
  SpatialUpSamplingBilinear_updateGradInput = 'ttnnnnnn',
  VolumetricMaxPooling_updateGradInput = 'tttt',
  FeatureLPPooling_updateOutput = 'ttnnn',
  FeatureLPPooling_updateGradInput = 'ttttnnn',
  SparseLinear_updateOutput = 'tttt',
  SparseLinear_accGradParameters = 'ttttt-nn',
  SparseLinear_zeroGradParameters = 'ttt',
  SparseLinear_updateParameters = 'tttttn',
  IndexLinear_updateOutput = 'tntt-ttt',
  IndexLinear_accGradParameters = 'tntt-tttttt',
  IndexLinear_accUpdateGradParameters = 'tntt-ttt',
  IndexLinear_updateParameters = 'ttttt-nnn',
  unfolded_copy = 'ttnnnnnnnnn',
  unfolded_acc = 'ttnnnnnnnnn',
}
for _, method in ipairs { 'updateOutput', 'accGradParameters', 'zeroGradParameters', 'updateParameters' } do
  forms['SparseLinear_legacy' .. method:gsub('^%l', string.upper)] = forms['SparseLinear_' .. method]
end
for name, form in pairs(forms) do
  local f = functions[name]
  functions[name] = function(...)
    for i = 1, #form do
      local kind, v = form:sub(i, i), tensor((select(i, ...)))
      if kind == 't' and not torch.isTensor(v) or kind == 'n' and type(v) ~= 'number' then
        local expected = kind == 't' and 'a tensor' or 'a number'
        error(('THNN.%s: argument %d: expected %s, got %s'):format(name, i, expected, torch.type(v)), 2)
      end
    end
    return f(...)
  end
end
functions.SpatialConvolutionMM_updateGradParameters = functions.SpatialConvolutionMM_accGradParameters

-- Of these the original's CPU library had the names alone.
for _, name in ipairs { 'LSTMFused', 'GRUFused' } do
  local layer = name:sub(1, -6)
  for i = 1, 2 do
    functions[name .. '_' .. methods[i]] = function()
      error(('THNN.%s_%s: for GPUs only, here as in Torch7: use nn.%s, or nn.%sCell for single steps'):format(name,
        methods[i], layer, layer), 2)
    end
  end
end

setmetatable(functions, {
  __index = function(_, name)
    error(('THNN.%s: not one of the functions offered here; lua/nn/THNN.lua lists them'):format(tostring(name)), 2)
  end,
})

--- The functions by name, for those who list them.
THNN.functions = functions

--- By tensor type: the functions.
THNN.kernels = { ['torch.FloatTensor'] = functions, ['torch.DoubleTensor'] = functions }
THNN.NULL = nil

--- t:cdata(), or nil for nil: what is passed where a tensor may be absent.
function THNN.optionalTensor(t) return t and t:cdata() or nil end

--- There is no state on the CPU.
function THNN.getState() return nil end

return THNN
