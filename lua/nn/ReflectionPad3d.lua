--- nn.ReflectionPad3d(padding): borders mirrored at the edge elements,
-- which are not repeated; negative widths cut.
-- padding: one width for all, or {left, right, top, bottom, front, back}.
-- input (N, C, T, H, W) or (C, T, H, W) → (N, C, T + front + back, H + top + bottom, W + left + right)
-- or without N.
-- @usage y = nn.ReflectionPad3d(1):forward(torch.randn(2, 3, 4, 6, 6))
return require 'nn.padding'.modern('Reflection', 3)
