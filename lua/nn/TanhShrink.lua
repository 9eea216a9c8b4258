--- nn.TanhShrink(): x - tanh(x).
return require('nn.pointwise').layer('nn.TanhShrink', 'tanhshrink')
