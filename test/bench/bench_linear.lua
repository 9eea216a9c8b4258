--- Linear algebra, and the row-wise softmax that stands beside it in the peer's list.
return function(bench, add)
  local randn, empty, on = bench.randn, bench.empty, bench.on

  local function square(name, n, inner, class)
    add(name, {}, function()
      local function make()
        return on(torch[class](n, n):normal())
      end
      local a, b, c = make(), make(), make()
      return function() c:mm(a, b) end, inner
    end)
  end
  square('gemm_f32_2048', 2048, 1, 'FloatTensor')
  square('gemm_f32_256', 256, 20, 'FloatTensor')
  square('gemm_f64_1024', 1024, 1, 'DoubleTensor')

  add('gemv_f32_4096', {}, function()
    local a, b, c = randn(4096, 4096), randn(4096), empty(4096)
    return function() c:mv(a, b) end
  end)

  add('bmm_64x128', { 'Tensor.bmm' }, function()
    local a, b, c = randn(64, 128, 128), randn(64, 128, 128), empty(64, 128, 128)
    return function() c:bmm(a, b) end
  end)

  add('softmax_10000x1000', { 'nn.SoftMax' }, function()
    local a, m = randn(10000, 1000), on(nn.SoftMax():float())
    return function() m:forward(a) end
  end)

  add('svd_f64_256', { 'torch.svd' }, function()
    local a = on(torch.DoubleTensor(256, 256):normal())
    return function() torch.svd(a) end
  end)

  if bench.options.device == 'cuda' then
    add('gemm_bf16_8192', { 'torch.CudaBFloat16Tensor' }, function()
      local function make()
        return randn(8192, 8192):type 'torch.CudaBFloat16Tensor'
      end
      local a, b, c = make(), make(), make()
      return function() c:mm(a, b) end
    end)
  end
end
