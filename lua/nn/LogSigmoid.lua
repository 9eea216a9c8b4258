--- nn.LogSigmoid(): log(1 / (1 + e^-x)).
return require('nn.pointwise').layer('nn.LogSigmoid', 'logsigmoid')
