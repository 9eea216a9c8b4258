--- nn.Exp(): e^x.
return require('nn.pointwise').layer('nn.Exp', 'exp')
