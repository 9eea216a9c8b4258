--- nn.ZeroPad1d(padding): zeros around; negative widths cut.
-- padding: one width for all, or {left, right}.
-- input (N, C, W) or (C, W) → (N, C, W + left + right) or without N.
-- @usage y = nn.ZeroPad1d(1):forward(torch.randn(2, 3, 6))
return require 'nn.padding'.modern('Zero', 1)
