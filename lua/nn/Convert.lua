--- nn.Convert([inputShape = 'b*'], [outputShape]): from one order of dimensions to another, named by letters.
--
-- A letter stands for a dimension: b batch, c channel, h height, w width, f feature, t time or target. The same letters
-- in another order transpose; 'bf' flattens everything but the batch; 'b' takes the first of 'bf' or 'bt'; 'bt' and
-- 'bf' make a column of 'b'. Shapes without b mean one with b in front. An input without its batch dimension comes back
-- without one. The input may have any tensor type: without arguments the module converts the type only.
-- @usage nn.Convert('bchw', 'bf'):forward(torch.ones(2, 3, 4, 4))  -- 2x48
local Convert, parent = torch.class('nn.Convert', 'nn.Container')
local common = require 'nn.common'
local utils = require 'nn.utils'

local function sorted(s)
  local letters = { s:byte(1, -1) }
  table.sort(letters)
  return string.char(unpack(letters))
end

local function same_letters(a, b) return type(a) == 'string' and type(b) == 'string' and sorted(a) == sorted(b) end

function Convert:__init(inputShape, outputShape)
  parent.__init(self)
  if outputShape and not inputShape then error('nn.Convert: an output shape needs an input shape', 2) end
  for i, shape in ipairs { inputShape or 'b*', outputShape or 'b*' } do
    if type(shape) ~= 'string' or #shape == 0 then
      error(('nn.Convert: argument %d: expected a shape such as "bchw", got %s'):format(i, torch.type(shape)), 2)
    end
  end
  inputShape = inputShape or 'b*'
  outputShape = outputShape or inputShape
  self.inputShape = inputShape:find 'b' and inputShape or ('b' .. inputShape)
  self.outputShape = outputShape:find 'b' and outputShape or ('b' .. outputShape)
  self.inputBatchDim = self:findAxis('b', self.inputShape)
  self.outputBatchDim = self:findAxis('b', self.outputShape)
  if self.inputShape == 'b*' or self.outputShape == 'b*' then
    self.inputShape, self.outputShape = 'b*', 'b*'
    self.inputBatchDim, self.outputBatchDim = 1, 1
    self.nInputDim, self.nOutputDim = 0, 0
    self.transposition = true
  else
    self.nInputDim, self.nOutputDim = #self.inputShape, #self.outputShape
    self.transposition = same_letters(self.inputShape, self.outputShape)
  end
end

--- The dimension that a letter stands for.
-- @param letter one character
-- @param[opt] shape the input's by default
-- @param[opt] silent nil instead of an error
function Convert:findAxis(letter, shape, silent)
  shape = shape or self.inputShape
  if type(letter) ~= 'string' or type(shape) ~= 'string' then
    common.expected(self, 'letters of a shape', type(letter) ~= 'string' and letter or shape)
  end
  local axis = shape:find(letter, 1, true)
  if not axis and not silent then
    error(('nn.Convert: shape %q has no dimension %q'):format(shape, letter), 2)
  end
  return axis
end

local function impossible(self, why)
  error(('nn.Convert: cannot convert %s to %s%s'):format(self.inputShape, self.outputShape, why or ''), 0)
end

--- The module that makes 'bf'.
function Convert:bf(input)
  local batch, rank = self:findAxis 'b', #self.inputShape
  if self.inputShape == 'bt' then impossible(self) end
  if rank == 1 then return nn.Reshape(1) end
  local front = batch ~= 1 and nn.Transpose { 1, batch } or nil
  if rank == 2 then return front or nn.Identity() end
  common.check_tensor(self, input)
  local flatten = nn.Reshape(input:nElement() / input:size(batch), true)
  return front and nn.Sequential():add(front):add(flatten) or flatten
end

--- The module that makes 'b', one number a sample.
function Convert:b(input)
  local shape = self.inputShape
  if shape == 'bt' or shape == 'tb' then return nn.Select(self:findAxis 't', 1) end
  if shape ~= 'bf' and shape ~= 'fb' then impossible(self) end
  local feature = self:findAxis 'f'
  common.check_tensor(self, input)
  if input:size(feature) > 1 then impossible(self, ': it has more than one feature') end
  return nn.Select(feature, 1)
end

--- The module that makes 'bt'.
function Convert:bt()
  if self.inputShape ~= 'b' then impossible(self) end
  return nn.Reshape(1)
end

--- The module for 'b*': nothing but the type changes.
function Convert:default() return nn.Identity() end

--- The module that exchanges dimensions until their letters stand as in a new shape.
function Convert:transpose(shape)
  if shape == self.inputShape then return nn.Identity() end
  if not same_letters(shape, self.inputShape) then
    common.expected(self, 'the letters of ' .. self.inputShape, shape)
  end
  local now, swaps = {}, {}
  for i = 1, #self.inputShape do now[i] = self.inputShape:sub(i, i) end
  for i = 1, #shape do
    local from = i
    while now[from] ~= shape:sub(i, i) do from = from + 1 end
    if from ~= i then
      now[i], now[from] = now[from], now[i]
      swaps[#swaps + 1] = { from, i }
    end
  end
  return nn.Transpose(unpack(swaps))
end

--- Choose self.converter from the shapes and a first input.
function Convert:buildConverter(input)
  if self.inputShape == 'b*' then
    self.converter = self:default()
  elseif self.transposition then
    self.converter = self:transpose(self.outputShape)
  elseif self.outputShape == 'bf' or self.outputShape == 'b' or self.outputShape == 'bt' then
    self.converter = self[self.outputShape](self, input)
  else
    impossible(self)
  end
  self.converter:type(self:type())
  self.modules[1] = self.converter
end

-- The input in the module's type and with a batch dimension.
local function prepared(self, input)
  common.check_dims(self, input, 1, 12, 'a tensor with elements')
  local wanted = self:type()
  if torch.typename(input) ~= wanted then
    if torch.typename(self._input) ~= wanted then self._input = torch.factory(wanted)() end
    input = self._input:resize(input:size()):copy(input)
  end
  self.batchMode = input:dim() >= self.nInputDim
  if not self.batchMode then
    if input:dim() + 1 ~= self.nInputDim then
      common.expected(self, ('input with dimensions %s'):format(self.inputShape), input)
    end
    input = utils.addSingletonDimension(input, self.inputBatchDim)
  end
  return input
end

function Convert:updateOutput(input)
  local x = prepared(self, input)
  if not self.converter then self:buildConverter(x) end
  local out = self:rethrowErrors(self.converter, 1, 'updateOutput', x)
  if not self.batchMode then out = out:select(self.outputBatchDim, 1) end
  self.output = out
  return out
end

function Convert:updateGradInput(input, gradOutput)
  local x = prepared(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  local g = self.batchMode and gradOutput or utils.addSingletonDimension(gradOutput, self.outputBatchDim)
  if not self.converter then error(tostring(self) .. ': backward before forward', 0) end
  local dx = self:rethrowErrors(self.converter, 1, 'updateGradInput', x, g)
  if not self.batchMode then dx = dx:select(self.inputBatchDim, 1) end
  if torch.typename(input) ~= torch.typename(dx) then
    if torch.typename(self._gradInput) ~= torch.typename(input) then self._gradInput = input.new() end
    dx = self._gradInput:resize(dx:size()):copy(dx)
  end
  self.gradInput = dx
  return dx
end

-- There are no parameters.
function Convert:accGradParameters() end

function Convert:accUpdateGradParameters() end

--- Convert to another type; the output will have it whatever the input's.
function Convert:type(typename, cache)
  if not typename then return self._type end
  self._input, self._gradInput = nil, nil
  return parent.type(self, typename, cache)
end

function Convert:clearState()
  self._input, self._gradInput = nil, nil
  return parent.clearState(self)
end

function Convert:__tostring__() return torch.type(self) end

return Convert
