--- Gradient accumulation: one step for several batches that do not fit together.

--- A function for optimisers that calls opfunc n times and gives the means of its values and gradients.
-- @param opfunc x → f, df/dx; takes the next batch at each call
-- @param n how often
-- @return x → mean f, mean df/dx, in a buffer of its own
-- @usage optim.sgd(optim.accumulate(function(x) return x:dot(x), x * 2 end, 4), torch.ones(3), {})
return function(opfunc, n)
  if type(n) ~= 'number' or n < 1 then
    error('optim.accumulate: argument 2: expected a number of calls, got ' .. tostring(n), 2)
  end
  local sum
  return function(x)
    local total = 0
    for i = 1, n do
      local fx, dfdx = opfunc(x)
      total = total + fx
      if i == 1 then
        sum = (sum or dfdx.new()):resizeAs(dfdx):copy(dfdx)
      else
        sum:add(dfdx)
      end
    end
    return total / n, sum:div(n)
  end
end
