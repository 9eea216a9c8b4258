--- nn.Sigmoid(): 1 / (1 + e^-x).
return require('nn.pointwise').layer('nn.Sigmoid', 'sigmoid')
