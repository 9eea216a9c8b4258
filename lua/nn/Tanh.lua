--- nn.Tanh(): hyperbolic tangent.
return require('nn.pointwise').layer('nn.Tanh', 'tanh')
