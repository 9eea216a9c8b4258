--- THNN's entry points that have no layer's shape: SparseLinear, IndexLinear, unfolded_copy and unfolded_acc (im2col
-- and back). For nn/THNN.lua, which hands over how it reads a tensor argument and how it delivers a result.
--
-- SparseLinear reads rows (sample, column, value), "legacy" ones a batch N x n x 2 of (column, value); weight (nOut,
-- nIn). IndexLinear reads the keys of all samples one after another; weight (nIn, nOut), with 4 columns before the
-- weights where values are normalized.
local im2col = require 'nn.columns'
local joined = require('torch.check').joined

local function entries(tensor, deliver)
  local functions = {}

  -- -- SparseLinear --------------------------------------------------------------------------------------------

  local function refuse(who, x, expected)
    local shape = torch.isTensor(x) and '[' .. joined(x:size(), ' x ') .. ']' or torch.type(x)
    error(('THNN.SparseLinear_%s: expected %s, got %s'):format(who, expected, shape), 3)
  end

  -- Rows, columns, values of the entries that are not 0; nil where there are none.
  local function read(who, x, legacy, nIn)
    x = tensor(x)
    local dims, last = legacy and 3 or 2, legacy and 2 or 3
    if not torch.isTensor(x) or x:dim() ~= dims or x:size(dims) ~= last then
      refuse(who, x, legacy and 'input [N x n x 2]' or 'input [n x 3]')
    end
    local rows
    if legacy then
      rows = torch.range(1, x:size(1)):long():view(-1, 1):expand(x:size(1), x:size(2)):contiguous():view(-1)
      x = x:reshape(x:size(1) * x:size(2), 2)
    else
      rows = x:select(2, 1):long()
    end
    local values = x:select(2, last):clone()
    local used = values:ne(0):nonzero()
    if used:nElement() == 0 then return nil end
    used = used:view(-1)
    local columns = x:select(2, last - 1):long():index(1, used)
    if columns:min() < 1 or columns:max() > nIn then
      local bad = columns:min() < 1 and columns:min() or columns:max()
      error(('THNN.SparseLinear_%s: expected columns of 1..%d, got %d'):format(who, nIn, bad), 3)
    end
    return rows:index(1, used), columns, values:index(1, used):view(-1, 1)
  end

  -- The columns of an input, each once.
  local function used_columns(who, lastInput, legacy, nIn)
    local _, columns = read(who, lastInput, legacy, nIn)
    if not columns then return nil end
    local seen = torch.ByteTensor(nIn):zero()
    seen:indexFill(1, columns, 1)
    return seen:nonzero():view(-1)
  end

  local function sparse(name, legacy)
    local prefix = 'SparseLinear_' .. name

    functions[legacy and prefix .. 'UpdateOutput' or prefix .. 'updateOutput'] = function(input, output, weight, bias)
      output, weight, bias = tensor(output), tensor(weight), tensor(bias)
      local nOut = weight:size(1)
      if legacy then output:resize(tensor(input):size(1), nOut) end
      local rows, columns, values = read(name .. 'updateOutput', input, legacy, weight:size(2))
      output:copy(bias:view(1, nOut):expand(output:size(1), nOut))
      if not rows then return end
      local terms = weight:t():index(1, columns)
      output:indexAdd(1, rows, terms:cmul(values:expandAs(terms)))
    end

    functions[legacy and prefix .. 'AccGradParameters' or prefix .. 'accGradParameters'] = function(input, gradOutput,
        gradWeight, gradBias, weight, _bias, weightDecay, scale)
      gradOutput, gradWeight, gradBias = tensor(gradOutput), tensor(gradWeight), tensor(gradBias)
      local rows, columns, values = read(name .. 'accGradParameters', input, legacy, gradWeight:size(2))
      if rows then
        local terms = gradOutput:index(1, rows)
        gradWeight:indexAdd(2, columns, terms:cmul(values:expandAs(terms)):mul(scale or 1):t())
      end
      gradBias:add(scale or 1, gradOutput:sum(1):view(-1))
      if weightDecay and weightDecay ~= 0 then gradWeight:add(weightDecay, tensor(weight)) end
    end

    functions[legacy and prefix .. 'ZeroGradParameters' or prefix .. 'zeroGradParameters'] = function(gradWeight,
        gradBias, lastInput)
      gradWeight = tensor(gradWeight)
      tensor(gradBias):zero()
      local columns = used_columns(name .. 'zeroGradParameters', lastInput, legacy, gradWeight:size(2))
      if columns then gradWeight:indexFill(2, columns, 0) end
    end

    functions[legacy and prefix .. 'UpdateParameters' or prefix .. 'updateParameters'] = function(weight, bias,
        gradWeight, gradBias, lastInput, learningRate)
      weight, gradWeight = tensor(weight), tensor(gradWeight)
      tensor(bias):add(-learningRate, tensor(gradBias))
      local columns = used_columns(name .. 'updateParameters', lastInput, legacy, weight:size(2))
      if columns then weight:indexAdd(2, columns, gradWeight:index(2, columns):mul(-learningRate)) end
    end
  end
  sparse('', false)
  sparse('legacy', true)

  -- -- IndexLinear -----------------------------------------------------------------------------------------------

  local function index_linear(weight, bias, keysOffset)
    local m = torch.factory 'nn.IndexLinear'()
    weight, bias = tensor(weight), tensor(bias)
    m.weight, m.bias, m._type = weight, bias, weight:type()
    m.inputSize, m.outputSize = weight:size(1), bias:nElement()
    m.normalize = weight:size(2) - m.outputSize
    m.offset, m.weightDecay = keysOffset, 0
    m.output, m.gradInput, m.normalizedValues = weight.new(), weight.new(), weight.new()
    m.running = { cumSumSizes = {}, keys = {}, gradWeight = {}, counter = 1 }
    return m
  end
  local function flat(keys, values, sizes) return { tensor(keys), tensor(values), tensor(sizes) } end

  function functions.IndexLinear_updateOutput(keys, keysOffset, values, sizes, _cumSumSizes, output, weight, bias,
                                              normalizedValues, train)
    local m = index_linear(weight, bias, keysOffset)
    m.train = train == true or train == 1
    deliver(tensor(output), m:updateOutput(flat(keys, values, sizes)))
    if m.normalize > 0 then deliver(tensor(normalizedValues), m.normalizedValues) end
  end

  -- gradWeight: the gradient of each key's row, a row an occurrence
  function functions.IndexLinear_accGradParameters(keys, keysOffset, values, sizes, _cumSumSizes, gradOutput,
                                                   gradWeight, gradBias, weight, bias, valuesBuffer, weightDecay, scale)
    local m = index_linear(weight, bias, keysOffset)
    m.weightDecay, m.gradBias = weightDecay or 0, tensor(gradBias)
    if m.normalize > 0 then m.normalizedValues = tensor(valuesBuffer) end
    m:accGradParameters(flat(keys, values, sizes), tensor(gradOutput), scale or 1)
    if m.running.counter > 1 then deliver(tensor(gradWeight), m.running.gradWeight[1]) end
  end

  function functions.IndexLinear_accUpdateGradParameters(keys, keysOffset, values, sizes, _cumSumSizes, gradOutput,
                                                         weight, bias, weightDecay, scale)
    local m = index_linear(weight, bias, keysOffset)
    m.weightDecay = weightDecay or 0
    m:accUpdateGradParameters(flat(keys, values, sizes), tensor(gradOutput), scale or 1)
  end

  function functions.IndexLinear_updateParameters(gradWeight, gradBias, weight, bias, runningKeys, _cumSumSizes,
                                                  keysOffset, weightDecay, learningRate)
    local m = index_linear(weight, bias, keysOffset)
    m.weightDecay, m.gradBias = weightDecay or 0, tensor(gradBias)
    m.running = { keys = { tensor(runningKeys) }, gradWeight = { tensor(gradWeight) }, counter = 2 }
    m:updateParameters(learningRate)
  end

  -- -- im2col ----------------------------------------------------------------------------------------------------

  local function sizes_of(kW, kH, dW, dH, padW, padH)
    return { kernelSize = { kH, kW }, dilation = { 1, 1 }, padding = { padH, padW }, stride = { dH, dW } }
  end

  -- finput (nInputPlane·kH·kW, outputHeight·outputWidth) of one image (nInputPlane, inputHeight, inputWidth)
  function functions.unfolded_copy(finput, input, kW, kH, dW, dH, padW, padH, nInputPlane, inputWidth, inputHeight)
    finput, input = tensor(finput), tensor(input)
    local image = input:contiguous():view(1, nInputPlane, inputHeight, inputWidth)
    local out = im2col.unfold(sizes_of(kW, kH, dW, dH, padW, padH), input.new(), image, input.new())
    deliver(finput, out:select(1, 1))
  end

  -- added to the image
  function functions.unfolded_acc(finput, input, kW, kH, dW, dH, padW, padH, nInputPlane, inputWidth, inputHeight)
    finput, input = tensor(finput), tensor(input)
    local image = input.new(1, nInputPlane, inputHeight, inputWidth)
    im2col.fold(sizes_of(kW, kH, dW, dH, padW, padH), image, finput:contiguous(), input.new())
    input:add(image:viewAs(input))
  end

  return functions
end

return entries
