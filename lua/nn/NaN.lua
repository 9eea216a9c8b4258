--- nn.NaN(module, [id]): an error when NaN appears in what a module takes or gives.
--
-- Shapes: those of the module. Forward looks at the output, and when it has NaN says whether the input, the parameters
-- or the module are to blame; backward does so for gradients. id (by default a running number) is told with the module.
-- @usage nn.NaN(nn.Linear(3, 2), 'first'):forward(torch.ones(3))
local common = require 'nn.common'
local NaN, parent = torch.class('nn.NaN', 'nn.Decorator')

local idseq = 0

--- A new running number.
function NaN.newId()
  idseq = idseq + 1
  return idseq
end

function NaN:__init(module, id)
  parent.__init(self, module)
  self.id = id or NaN.newId()
end

local function is_nan(x, depth)
  if torch.isTensor(x) then
    -- the sum of anything with NaN is NaN; so may be that of infinities
    if x:nElement() == 0 then return false end
    local sum = x:sum()
    return sum ~= sum and x:ne(x):any()
  elseif type(x) == 'table' then
    depth = common.deeper('nn.NaN', depth)
    for _, v in pairs(x) do
      if is_nan(v, depth) then return true end
    end
  elseif type(x) == 'number' then
    return x ~= x
  end
  return false
end

--- Is there NaN in a tensor or in nested tables of them?
function NaN:recursiveIsNaN(x) return is_nan(x) end -- luacheck: ignore self

local function blame(self, what)
  error(('nn.NaN(%s): NaN found in %s of module: %s'):format(tostring(self.id), what, tostring(self.modules[1])), 0)
end

local function parameters_or(self, what)
  if self:recursiveIsNaN((self.modules[1]:parameters())) then blame(self, 'parameters') end
  blame(self, what)
end

function NaN:updateOutput(input)
  parent.updateOutput(self, input)
  if self:recursiveIsNaN(self.output) then
    if self:recursiveIsNaN(input) then blame(self, 'input') end
    parameters_or(self, 'output')
  end
  return self.output
end

function NaN:updateGradInput(input, gradOutput)
  parent.updateGradInput(self, input, gradOutput)
  if self:recursiveIsNaN(self.gradInput) then
    if self:recursiveIsNaN(gradOutput) then blame(self, 'gradOutput') end
    parameters_or(self, 'gradInput')
  end
  return self.gradInput
end

function NaN:accGradParameters(input, gradOutput, scale)
  parent.accGradParameters(self, input, gradOutput, scale)
  local _, grads = self.modules[1]:parameters()
  if self:recursiveIsNaN(grads) then
    if self:recursiveIsNaN(gradOutput) then blame(self, 'gradOutput') end
    blame(self, 'gradParameters')
  end
end

function NaN:__tostring__()
  return ('%s(%s) @ %s'):format(torch.type(self), tostring(self.id), tostring(self.modules[1]))
end

return NaN
