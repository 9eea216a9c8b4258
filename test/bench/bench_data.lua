--- The cost of the data: kernels bound by memory or by their arithmetic.
local N = 10000000

return function(bench, add)
  local randn, empty, on = bench.randn, bench.empty, bench.on

  for _, name in ipairs { 'exp', 'tanh', 'sigmoid', 'sqrt', 'abs' } do
    add(name .. '_10m', { 'torch.' .. name }, function()
      local a, o = randn(N), empty(N)
      return function() torch[name](o, a) end
    end)
  end

  add('log_10m', {}, function()
    local a, o = on(torch.FloatTensor(N):uniform()):add(0.1), empty(N)
    return function() torch.log(o, a) end
  end)

  add('add_10m', {}, function()
    local a, b, o = randn(N), randn(N), empty(N)
    return function() torch.add(o, a, b) end
  end)

  add('addcmul_10m', { 'Tensor.addcmul' }, function()
    local a, b, o = randn(N), randn(N), randn(N)
    return function() o:addcmul(1e-6, a, b) end
  end)

  add('add_new_10m', {}, function()
    local a, b = randn(N), randn(N)
    local c
    return function() c = a + b end, 1, c
  end)

  add('add_rows_4096', {}, function()
    local a, b, o = randn(4096, 4096), randn(4096), empty(4096, 4096)
    return function() torch.add(o, a, b) end
  end)

  add('transpose_copy_4096', {}, function()
    local a, o = randn(4096, 4096), empty(4096, 4096)
    return function() o:copy(a:t()) end
  end)

  add('sum_10m', {}, function()
    local a = randn(N)
    return function() a:sum() end
  end)

  local along = { { 'sum_dim0_4096', 'sum', 1 }, { 'sum_dim1_4096', 'sum', 2 }, { 'max_dim1_4096', 'max', 2 },
    { 'var_dim1_4096', 'var', 2 }, { 'cumsum_dim1_4096', 'cumsum', 2 } }
  for _, row in ipairs(along) do
    local name, method, dim = unpack(row)
    add(name, { 'Tensor.' .. method }, function()
      local a = randn(4096, 4096)
      local f = a[method]
      return function() f(a, dim) end
    end)
  end

  add('sort_1m', { 'Tensor.sort' }, function()
    local a = randn(1000000)
    return function() a:sort() end
  end)

  add('topk_100_of_1m', { 'Tensor.topk' }, function()
    local a = randn(1000000)
    return function() a:topk(100, 1, true, true) end
  end)

  add('index_select_rows', { 'Tensor.index' }, function()
    local a, i = randn(100000, 128), on(torch.LongTensor(50000):random(100000))
    return function() a:index(1, i) end
  end)

  add('gather_dim1', { 'Tensor.gather' }, function()
    local a, i = randn(10000, 1000), on(torch.LongTensor(10000, 100):random(1000))
    return function() a:gather(2, i) end
  end)

  add('masked_fill_10m', { 'Tensor.maskedFill' }, function()
    local a = randn(N)
    local m = a:gt(0)
    return function() a:maskedFill(m, 1) end
  end)

  add('uniform_10m', {}, function()
    local a = empty(N)
    return function() a:uniform() end
  end)

  add('normal_10m', {}, function()
    local a = empty(N)
    return function() a:normal() end
  end)
end
