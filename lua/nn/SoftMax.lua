--- nn.SoftMax(): exp(x_i) / sum_j exp(x_j) over classes.
return require 'nn.softmax'(torch.class('nn.SoftMax', 'nn.Module'), 0)
