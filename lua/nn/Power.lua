--- nn.Power(p): x^p.
return require('nn.pointwise').layer('nn.Power', 'pow', { { 'pow' } })
