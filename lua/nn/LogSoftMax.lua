--- nn.LogSoftMax(): x_i - log sum_j exp(x_j) over classes.
return require 'nn.softmax'(torch.class('nn.LogSoftMax', 'nn.Module'), 1)
