--- The cost of a call: small operands, so that only the way into the library counts.
local INNER = 2000

return function(bench, add)
  local randn, empty = bench.randn, bench.empty

  add('call_add_inplace_10', {}, function()
    local a, b = randn(10), randn(10)
    return function() a:add(b) end, INNER
  end)

  add('call_add_new_10', {}, function()
    local a, b = randn(10), randn(10)
    local c
    return function() c = a + b end, INNER, c
  end)

  add('call_mm_8', {}, function()
    local a, b, c = randn(8, 8), randn(8, 8), empty(8, 8)
    return function() c:mm(a, b) end, INNER
  end)

  add('call_element_read', {}, function()
    local a, sum, k = randn(10), 0, 1
    return function() -- the place varies, else the compiler would read it once
      sum = sum + a[k]
      k = k % 10 + 1
    end, INNER, sum
  end)

  add('call_narrow', {}, function()
    local a = randn(64, 64)
    local b
    return function() b = a:narrow(1, 4, 10) end, INNER, b
  end)
end
