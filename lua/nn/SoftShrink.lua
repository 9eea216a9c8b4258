--- nn.SoftShrink([lambda = 0.5]): x moved by lambda towards 0, not past it.
return require('nn.pointwise').layer('nn.SoftShrink', 'softshrink', { { 'lambda', 0.5 } })
