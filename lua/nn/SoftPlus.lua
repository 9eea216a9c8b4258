--- nn.SoftPlus([beta = 1]): log(1 + e^(beta x)) / beta.
return require('nn.pointwise').layer('nn.SoftPlus', 'softplus', { { 'beta', 1 } })
