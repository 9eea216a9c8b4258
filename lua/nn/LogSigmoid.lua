--- nn.LogSigmoid(): log(1 / (1 + e^-x)).
-- input (any shape) → output (the same).
-- @usage local y = nn.LogSigmoid():forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.LogSigmoid', 'logsigmoid')
