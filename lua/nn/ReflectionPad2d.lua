--- nn.ReflectionPad2d(padding): borders mirrored at the edge elements,
-- which are not repeated; negative widths cut.
-- padding: one width for all, or {left, right, top, bottom}.
-- input (N, C, H, W) or (C, H, W) → (N, C, H + top + bottom, W + left + right) or without N.
-- @usage y = nn.ReflectionPad2d(1):forward(torch.randn(2, 3, 6, 6))
return require 'nn.padding'.modern('Reflection', 2)
