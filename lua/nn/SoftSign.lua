--- nn.SoftSign(): x / (1 + |x|).
return require('nn.pointwise').layer('nn.SoftSign', 'softsign')
