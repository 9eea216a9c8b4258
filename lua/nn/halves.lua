--- Layers of HalfTensors and BFloat16Tensors that compute as their FloatTensor twin does.
--
-- The twin has the layer's options, its weights are copied anew at each pass, and what goes in and comes out is
-- converted, so that numbers are rounded once a pass, not once a step. It lives in the layer's `work`.
local common = require 'nn.common'
local C, buffer = common.C, common.buffer

local M = {}
local float = torch.FloatTensor() -- its type is meant
local STATES = { 'hiddenInput', 'cellInput', 'gradHiddenOutput', 'gradCellOutput' }
local ENDS = { 'hiddenOutput', 'cellOutput' }
local GRADIENTS = { 'gradHiddenInput', 'gradCellInput' }

local function is_half(self)
  local weight = self.weight
  return common.istensor(weight) and (weight.dt == C.RK_f16 or weight.dt == C.RK_bf16)
end

-- v in the type of `like`, in the buffer at[name]; tables of tensors element by element, all else as it is. Tables in
-- tables in tables are nothing that a layer takes: it will say so.
local function converted(at, name, v, like, levels)
  levels = levels or 3
  if common.istensor(v) then
    at[name] = buffer(common.istensor(at[name]) and at[name] or nil, like)
    return at[name]:resize(v:size()):copy(v)
  elseif type(v) ~= 'table' or getmetatable(v) or levels == 0 then
    return v
  end
  local list = type(at[name]) == 'table' and at[name] or {}
  at[name] = list
  for k in pairs(list) do
    if v[k] == nil then list[k] = nil end
  end
  for k, x in pairs(v) do list[k] = converted(list, k, x, like, levels - 1) end
  return list
end

-- What a caller gives must be of the layer's type.
local function check(self, v, levels)
  levels = levels or 3
  if common.istensor(v) and v.dt ~= self.weight.dt then
    error(('%s: the module is of type %s, the input of type %s: convert one of them with :type()')
      :format(tostring(self), torch.type(self.weight), torch.type(v)), 0)
  elseif type(v) == 'table' and not getmetatable(v) and levels > 0 then
    for _, x in pairs(v) do check(self, x, levels - 1) end
  end
end

local function twin_of(self)
  local work = self.work
  local twin = work.twin
  if not (twin and common.istensor(twin.weight) and twin.weight.dt == C.RK_f32) then
    twin = setmetatable({ work = {}, given = {}, output = torch.FloatTensor() }, getmetatable(self))
    work.twin, work.back = twin, {}
  end
  for k, v in pairs(self) do
    if type(v) == 'number' or type(v) == 'boolean' or type(v) == 'string' then twin[k] = v end
  end
  twin._type, twin.lengths, twin.ended, twin.rememberStates = 'torch.FloatTensor', self.lengths, self.ended,
    self.rememberStates
  for _, name in ipairs { 'weight', 'bias' } do twin[name] = converted(twin, name, self[name], float) end
  return twin
end

-- Initial states and gradients of the last ones, to the twin.
local function hand_over(self, twin)
  for _, name in ipairs(STATES) do
    check(self, self[name])
    twin[name] = converted(twin.given, name, self[name], float)
  end
end
local function hand_back(self, twin, names)
  for _, name in ipairs(names) do self[name] = converted(self.work.back, name, twin[name], self.weight) end
end

--- Let a class of recurrent layers take half types: wraps its passes.
-- @param class a class table with `work` in its objects
function M.through(class)
  local updateOutput, updateGradInput = class.updateOutput, class.updateGradInput
  local accGradParameters = class.accGradParameters

  function class:updateOutput(input)
    if not is_half(self) then return updateOutput(self, input) end
    check(self, input)
    local twin = twin_of(self)
    hand_over(self, twin)
    local y = updateOutput(twin, converted(twin.given, 'input', input, float))
    self.output = converted(self.work.back, 'output', y, self.weight)
    hand_back(self, twin, ENDS)
    if twin.rememberStates then hand_back(self, twin, { 'hiddenInput', 'cellInput' }) end
    self.ended = twin.ended
    return self.output
  end

  function class:updateGradInput(input, gradOutput)
    if not is_half(self) then return updateGradInput(self, input, gradOutput) end
    check(self, input)
    check(self, gradOutput)
    local twin = twin_of(self)
    hand_over(self, twin)
    if self.gradInput == nil then twin.gradInput = nil else twin.gradInput = twin.gradInput or torch.FloatTensor() end
    local given = twin.given
    local dx = updateGradInput(twin, converted(given, 'input', input, float),
      converted(given, 'gradOutput', gradOutput, float))
    hand_back(self, twin, GRADIENTS)
    if dx == nil then return nil end
    self.gradInput = converted(self.work.back, 'gradInput', dx, self.weight)
    return self.gradInput
  end

  function class:accGradParameters(input, gradOutput, scale)
    if not is_half(self) then return accGradParameters(self, input, gradOutput, scale) end
    check(self, input)
    local twin = twin_of(self)
    hand_over(self, twin)
    for _, name in ipairs { 'gradWeight', 'gradBias' } do twin[name] = converted(twin, name, self[name], float) end
    accGradParameters(twin, converted(twin.given, 'input', input, float),
      converted(twin.given, 'gradOutput', gradOutput, float), scale)
    for _, name in ipairs { 'gradWeight', 'gradBias' } do
      if self[name] then self[name]:copy(twin[name]) end
    end
  end
end

return M
