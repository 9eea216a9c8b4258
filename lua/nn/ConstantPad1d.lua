--- nn.ConstantPad1d(padding, [value = 0]): the number `value` around; negative widths cut.
-- padding: one width for all, or {left, right}.
-- input (N, C, W) or (C, W) → (N, C, W + left + right) or without N.
-- @usage y = nn.ConstantPad1d(1, -2):forward(torch.randn(2, 3, 6))
return require 'nn.padding'.modern('Constant', 1)
