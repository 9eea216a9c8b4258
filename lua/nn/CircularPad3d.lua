--- nn.CircularPad3d(padding): borders that show the other end; negative widths cut.
-- padding: one width for all, or {left, right, top, bottom, front, back}.
-- input (N, C, T, H, W) or (C, T, H, W) → (N, C, T + front + back, H + top + bottom, W + left + right)
-- or without N.
-- @usage y = nn.CircularPad3d(1):forward(torch.randn(2, 3, 4, 6, 6))
return require 'nn.padding'.modern('Circular', 3)
