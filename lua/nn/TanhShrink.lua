--- nn.TanhShrink(): x - tanh(x).
-- input (any shape) → output (the same).
-- @usage local y = nn.TanhShrink():forward(torch.randn(2, 3))
local TanhShrink = require('nn.pointwise').layer('nn.TanhShrink', 'tanhshrink')

-- The layer that Torch7 computes it with, when it reads this from a file.
local init = TanhShrink.__init
function TanhShrink:__init(...)
  init(self, ...)
  self.tanh = nn.Tanh()
end

return TanhShrink
