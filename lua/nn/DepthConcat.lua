--- nn.DepthConcat(dim): as nn.Concat, but outputs may differ in size: smaller ones are padded with zeros all around.
--
-- Shapes: input anything; outputs of the children joined along dimension dim; in every other dimension the output has
-- the largest size, and a smaller one lies in its middle (where the difference is odd, nearer to the start).
-- @usage nn.DepthConcat(1):add(nn.SpatialConvolution(1, 2, 3, 3)):add(nn.SpatialConvolution(1, 1, 1, 1))
local DepthConcat, parent = torch.class('nn.DepthConcat', 'nn.Concat')

--- The part of `whole` where `part` lies: in the middle of every dimension but self.dimension.
function DepthConcat:windowNarrow(whole, part, offset)
  local window = parent.windowNarrow(self, whole, part, offset)
  for d = 1, part:dim() do
    if d ~= self.dimension and window:size(d) ~= part:size(d) then
      local start = math.floor((window:size(d) - part:size(d)) / 2) + 1
      window = window:narrow(d, start, part:size(d))
    end
  end
  return window
end

function DepthConcat:_joins() return true end

return DepthConcat
