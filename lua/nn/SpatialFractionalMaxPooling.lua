--- nn.SpatialFractionalMaxPooling(poolW, poolH, outW, outH), or ratios below 1 in place of outW, outH: the largest of
-- windows of poolW x poolH at pseudo-random places, drawn for each plane (Graham, 2014).
-- Row o of the result begins at floor((o + u)*a) - floor(u*a), a = (H - poolH)/(outH - 1), u uniform; the last at
-- H - poolH.
-- input (N, C, H, W) or (C, H, W) → (N, C, outH, outW) or without N; with ratios outH = floor(H*ratioH).
-- @usage y = nn.SpatialFractionalMaxPooling(2, 2, 0.7, 0.7):forward(torch.randn(3, 10, 10)) -- 3x7x7
return require 'nn.windows'.fractional('nn.SpatialFractionalMaxPooling', 'HW', 'WH')
