--- Layers, forward and backward to the input and the parameters.
return function(bench, add)
  local function layer(name, class, make, ...)
    local sizes = { ... }
    add(name, { 'nn.' .. class }, function()
      local m = bench.on(make():float())
      local x = bench.image(bench.randn(unpack(sizes)))
      local g = m:forward(x):clone():fill(1)
      if x:dim() == 4 then
        g = bench.image(g)
      end
      return function()
        m:forward(x)
        m:backward(x, g)
      end
    end)
  end
  local function conv(name, ...)
    local a = { ... }
    local n, sizes = a[1], a[2]
    layer(name, 'SpatialConvolution', function() return nn.SpatialConvolution(unpack(n)) end, unpack(sizes))
  end

  layer('linear_256x1024x1024', 'Linear', function() return nn.Linear(1024, 1024) end, 256, 1024)
  -- planes in, planes out, width, height, strides, padding
  conv('conv3x3_64_56_b32', { 64, 64, 3, 3, 1, 1, 1, 1 }, { 32, 64, 56, 56 })
  conv('conv7x7s2_3_224_b16', { 3, 64, 7, 7, 2, 2, 3, 3 }, { 16, 3, 224, 224 })
  conv('conv1x1_256_128_28_b16', { 256, 128, 1, 1 }, { 16, 256, 28, 28 })
  conv('conv3x3s2_128_256_28_b16', { 128, 256, 3, 3, 2, 2, 1, 1 }, { 16, 128, 28, 28 })
  layer('conv_depthwise3x3_128_28_b16', 'SpatialDepthWiseConvolution', function()
    return nn.SpatialDepthWiseConvolution(128, 1, 3, 3, 1, 1, 1, 1)
  end, 16, 128, 28, 28)
  layer('deconv4x4s2_128_64_16_b16', 'SpatialFullConvolution', function()
    return nn.SpatialFullConvolution(128, 64, 4, 4, 2, 2, 1, 1)
  end, 16, 128, 16, 16)
  layer('conv3d_3_16_16_56_b2', 'VolumetricConvolution', function()
    return nn.VolumetricConvolution(3, 16, 3, 3, 3, 1, 1, 1, 1, 1, 1)
  end, 2, 3, 16, 56, 56)
  -- TemporalConvolution has another layout and no padding: the same work is a convolution over one row.
  conv('conv1d_256_256_k3_b32', { 256, 256, 3, 1, 1, 1, 1, 0 }, { 32, 256, 1, 128 })
  layer('batchnorm_64_56_b32', 'SpatialBatchNormalization', function()
    return nn.SpatialBatchNormalization(64)
  end, 32, 64, 56, 56)
  layer('maxpool3x3s2_64_56_b32', 'SpatialMaxPooling', function()
    return nn.SpatialMaxPooling(3, 3, 2, 2, 1, 1)
  end, 32, 64, 56, 56)
  layer('avgpool2x2_64_56_b32', 'SpatialAveragePooling', function()
    return nn.SpatialAveragePooling(2, 2, 2, 2)
  end, 32, 64, 56, 56)
  layer('relu_64_56_b32', 'ReLU', function() return nn.ReLU() end, 32, 64, 56, 56)
  layer('dropout_64_56_b32', 'Dropout', function() return nn.Dropout(0.5) end, 32, 64, 56, 56)
  layer('logsoftmax_128x10000', 'LogSoftMax', function() return nn.LogSoftMax() end, 128, 10000)
  layer('lstm_in128_h256_t64_b32', 'LSTM', function() return nn.LSTM(128, 256) end, 64, 32, 128)
  layer('gru_in128_h256_t64_b32', 'GRU', function() return nn.GRU(128, 256) end, 64, 32, 128)
end
