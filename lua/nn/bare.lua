--- Layers around tensors that are there already: what nn.functional computes with.
local options = require 'nn.options'

--- An object of a class of nn whose constructor has not run: no weights are drawn.
-- @string class without the package
-- @param like a tensor of the type it works in
-- @param fields of the object; weights and biases must be tensors
return function(class, like, fields)
  local m = torch.factory('nn.' .. class)()
  m.output, m.gradInput, m._type = like.new(), like.new(), like:type()
  for k, v in pairs(fields) do
    if (k == 'weight' or k == 'bias') and not torch.isTensor(v) then
      options.refuse('nn.functional', k, 'a tensor', v)
    elseif (k == 'maxNorm' or k == 'normType') and type(v) ~= 'number' then
      options.refuse('nn.functional', k, 'a number', v)
    end
    m[k] = v
  end
  return m
end
