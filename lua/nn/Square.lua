--- nn.Square(): x^2.
return require('nn.pointwise').layer('nn.Square', 'square')
