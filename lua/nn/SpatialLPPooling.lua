--- nn.SpatialLPPooling(nPlane, p, kW, kH, [dW = kW], [dH = kH]): (sum of x^p over each window)^(1/p).
-- input (N, C, H, W) or (C, H, W) → the same with H' = floor((H - kH) / dH) + 1, W' likewise.
-- It is a chain of nn.Power (nn.Square for p = 2), nn.SpatialAveragePooling, nn.MulConstant and nn.Power (nn.Sqrt), has
-- nothing to learn, and prints as that chain.
-- @usage y = nn.SpatialLPPooling(3, 2, 2, 2):forward(torch.rand(3, 4, 4)) -- 3x2x2
local Pool, parent = torch.class('nn.SpatialLPPooling', 'nn.Sequential')

function Pool:__init(_nPlane, p, kW, kH, dW, dH)
  parent.__init(self)
  for name, v in pairs { p = p or false, kW = kW or false, kH = kH or false } do
    if type(v) ~= 'number' or v <= 0 then
      error(('nn.SpatialLPPooling: %s: expected a number > 0, got %s'):format(name, tostring(v or nil)), 2)
    end
  end
  dW, dH = dW or kW, dH or kH
  self.kW, self.kH = kW, kH
  self.dW, self.dH = dW, dH
  self:add(p == 2 and nn.Square() or nn.Power(p))
  self:add(nn.SpatialAveragePooling(kW, kH, dW, dH))
  self:add(nn.MulConstant(kW * kH))
  self:add(p == 2 and nn.Sqrt() or nn.Power(1 / p))
end

-- The module is silent about parameters: there are none.
function Pool:reset() end
function Pool:accGradParameters() end
function Pool:accUpdateGradParameters() end
function Pool:zeroGradParameters() end
function Pool:updateParameters() end

function Pool:__tostring__() return (parent.__tostring__(self):gsub('^nn%.SpatialLPPooling', 'nn.Sequential')) end

return Pool
