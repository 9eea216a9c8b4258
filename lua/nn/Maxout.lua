--- nn.Maxout(nIn, nOut, k, [preprocess]): the largest of k linear maps, element by element.
--
-- Shapes: input (nIn) or (N, nIn); output (nOut) or (N, nOut). A chain of nn.Linear(nIn, nOut * k), nn.View and
-- nn.Max, with the module `preprocess` before it. Goodfellow et al. 2013, Maxout Networks.
-- @usage nn.Maxout(3, 4, 2):forward(torch.randn(5, 3))
local Maxout, parent = torch.class('nn.Maxout', 'nn.Sequential')

function Maxout:__init(nIn, nOut, k, preprocess)
  parent.__init(self)
  if type(nIn) ~= 'number' or type(nOut) ~= 'number' or type(k) ~= 'number' then
    error('nn.Maxout: expected the numbers of inputs, outputs and maps', 2)
  end
  self.maxoutNumber = k
  if preprocess then self:add(preprocess) end
  self:add(nn.Linear(nIn, nOut * k))
  self:add(nn.View(k, nOut):setNumInputDims(1))
  self:add(nn.Max(1, 2))
end

return Maxout
