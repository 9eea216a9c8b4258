--- nn.PrintSize([prefix = 'PrintSize']): passes everything on and prints sizes, forwards and backwards.
--
-- Shapes: any; tables are printed whole.
-- @usage nn.PrintSize('after conv1'):forward(torch.ones(2, 3))
local PrintSize, parent = torch.class('nn.PrintSize', 'nn.Module')
local utils = require 'nn.utils'

function PrintSize:__init(prefix)
  parent.__init(self)
  self.prefix = tostring(prefix or 'PrintSize')
end

local function size_of(x)
  if x == nil then return 'missing size' end
  return torch.isTensor(x) and x:size() or x
end

function PrintSize:updateOutput(input)
  self.output = input
  print(self.prefix .. ':input\n', size_of(input))
  return input
end

function PrintSize:updateGradInput(_input, gradOutput)
  print(self.prefix .. ':gradOutput\n', size_of(gradOutput))
  self.gradInput = gradOutput
  return gradOutput
end

-- The buffers are the neighbours' tensors: they are forgotten, not emptied.
function PrintSize:clearState() return utils.forget(self, 'output', 'gradInput') end

return PrintSize
