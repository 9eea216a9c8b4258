--- nn.SpatialAdaptiveMaxPooling(W, H): the largest of each of W x H windows that cover the image evenly; row o takes
-- rows floor(o*h/H) to ceil((o + 1)*h/H), counted from 0 and without the last.
-- input (N, C, h, w) or (C, h, w) → (N, C, H, W) or without N. self.indices: where they were, 1-based in their planes.
-- @usage y = nn.SpatialAdaptiveMaxPooling(2, 3):forward(torch.randn(4, 7, 7)) -- 4x3x2
local windows = require 'nn.windows'
local Pool, parent, fill = windows.spatial 'nn.SpatialAdaptiveMaxPooling'
return windows.max(Pool, parent, 'HW', fill)
