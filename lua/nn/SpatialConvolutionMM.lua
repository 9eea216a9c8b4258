--- nn.SpatialConvolutionMM(nIn, nOut, kW, kH, ...): nn.SpatialConvolution with weight (nOut, nIn*kH*kW).
local ConvMM, parent = torch.class('nn.SpatialConvolutionMM', 'nn.SpatialConvolution')

function ConvMM:makeParameters()
  parent.makeParameters(self)
  for _, name in ipairs { 'weight', 'gradWeight' } do
    self[name] = self[name]:view(self.nOutputPlane, self.nInputPlane * self.kH * self.kW)
  end
end

return ConvMM
