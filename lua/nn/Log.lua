--- nn.Log(): natural logarithm.
return require('nn.pointwise').layer('nn.Log', 'log')
