--- nn.SpatialConvolutionMM(nIn, nOut, kW, kH, ...): nn.SpatialConvolution with weight (nOut, nIn*kH*kW).
-- Arguments, formula, shapes and errors are those of nn.SpatialConvolution.
-- @usage print(nn.SpatialConvolutionMM(3, 16, 5, 5).weight:size())
local ConvMM, parent = torch.class('nn.SpatialConvolutionMM', 'nn.SpatialConvolution')

function ConvMM:makeParameters()
  parent.makeParameters(self)
  for _, name in ipairs { 'weight', 'gradWeight' } do self[name] = self[name]:view(self.nOutputPlane, -1) end
end

return ConvMM
