--- nn.HardShrink([lambda = 0.5]): x where |x| > lambda, else 0.
return require('nn.pointwise').layer('nn.HardShrink', 'hardshrink', { { 'lambda', 0.5 } })
