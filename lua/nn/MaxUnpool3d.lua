--- nn.MaxUnpool3d(kernelSize, [stride = kernelSize], [padding = 0]): values back to the places from which max pooling
-- took them; zeros elsewhere.
--
-- input {values, positions} as nn.MaxPool3d with returnIndices gives them, or {values, positions, sizes}: values
-- (N, C, T, H, W) or (C, T, H, W), positions from 1 in their plane → output of
-- (size - 1)·stride - 2·padding + kernelSize, or of the sizes given. gradInput {gradient, zeros}.
-- @usage
-- local pool = nn.MaxPool3d(2, { returnIndices = true })
-- local y = nn.MaxUnpool3d(2):forward(pool:forward(torch.randn(1, 3, 4, 4, 4))) -- 1 x 3 x 4 x 4 x 4
return require 'nn.maxunpool'('nn.MaxUnpool3d', 3)
