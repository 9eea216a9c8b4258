--- nn.MaxUnpool1d(kernelSize, [stride = kernelSize], [padding = 0]): values back to the places from which max pooling
-- took them; zeros elsewhere.
--
-- input {values, positions} as nn.MaxPool1d with returnIndices gives them, or {values, positions, sizes}: values
-- (N, C, L) or (C, L), positions from 1 in their plane → output of
-- (size - 1)·stride - 2·padding + kernelSize, or of the sizes given. gradInput {gradient, zeros}.
-- @usage
-- local pool = nn.MaxPool1d(2, { returnIndices = true })
-- local y = nn.MaxUnpool1d(2):forward(pool:forward(torch.randn(1, 3, 8))) -- 1 x 3 x 8
return require 'nn.maxunpool'('nn.MaxUnpool1d', 1)
