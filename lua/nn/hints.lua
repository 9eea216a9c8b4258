return require 'nn.hint'.to
