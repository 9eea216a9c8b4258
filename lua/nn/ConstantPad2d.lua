--- nn.ConstantPad2d(padding, [value = 0]): the number `value` around; negative widths cut.
-- padding: one width for all, or {left, right, top, bottom}.
-- input (N, C, H, W) or (C, H, W) → (N, C, H + top + bottom, W + left + right) or without N.
-- @usage y = nn.ConstantPad2d(1, -2):forward(torch.randn(2, 3, 6, 6))
return require 'nn.padding'.modern('Constant', 2)
