--- nn.SpatialAdaptiveAveragePooling(W, H): the mean of each of W x H windows that cover the image evenly; row o takes
-- rows floor(o*h/H) to ceil((o + 1)*h/H), counted from 0 and without the last.
-- input (N, C, h, w) or (C, h, w) → (N, C, H, W) or without N.
-- @usage y = nn.SpatialAdaptiveAveragePooling(1, 1):forward(torch.randn(4, 7, 7)) -- 4x1x1
local windows = require 'nn.windows'
local Pool, _, fill = windows.spatial 'nn.SpatialAdaptiveAveragePooling'
return windows.average(Pool, 'HW', fill)
