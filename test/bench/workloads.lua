--- The workloads, group by group: the same work as in peer_pytorch.py, in its order.
-- A workload is {name, group, needs = names it uses beyond the basics, make = function() → step, repetitions}.
local groups = { 'calls', 'data', 'linear', 'layers', 'training' }

return function(options)
  local bench = { items = {}, options = options }
  local cuda = options.device == 'cuda'

  bench.sync = function() end
  if cuda and pcall(require, 'cutorch') then
    bench.sync = function()
      _G.cutorch.synchronize()
    end
  end

  --- Moves a tensor or a module to the device of the run.
  function bench.on(x)
    return cuda and x:cuda() or x
  end

  --- A fresh float32 tensor from the standard normal.
  function bench.randn(...)
    return bench.on(torch.FloatTensor(...):normal())
  end

  --- Memory for a result, of these sizes.
  function bench.empty(...)
    return bench.on(torch.FloatTensor(...))
  end

  --- (N, C, H, W) with the channels next to each other where --channels-last asks for it.
  function bench.image(x)
    if options['channels-last'] and x:dim() == 4 then
      return x:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3)
    end
    return x
  end

  --- A net that computes in the layout of its images.
  function bench.layout(net)
    return options['channels-last'] and net:channelsLast() or net
  end

  --- Whether a name such as 'nn.SpatialConvolution' or 'Tensor.sort' is there.
  local function exists(name)
    local value = _G
    for part in name:gsub('^Tensor%.', 'torch.FloatTensor.'):gmatch '[^.]+' do
      local ok, inner = pcall(function() return value[part] end)
      if not ok or inner == nil then
        return false
      end
      value = inner
    end
    return true
  end

  --- What the workload needs and the engine lacks; nil: nothing.
  function bench.lacking(item)
    if cuda and not exists 'cutorch' then
      return 'cuda'
    end
    if item.group ~= 'calls' and item.group ~= 'data' then
      for _, name in ipairs { 'nn', 'optim' } do
        if not pcall(require, name) then
          return name
        end
      end
    end
    for _, name in ipairs(item.needs or {}) do
      if not exists(name) then
        return name
      end
    end
    return not item.make and 'this workload' or nil
  end

  for _, group in ipairs(groups) do
    --- Adds a workload. make nil: the engine has nothing for it yet, `needs` says what.
    require('bench_' .. group)(bench, function(name, needs, make)
      table.insert(bench.items, { name = name, group = group, needs = needs, make = make })
    end)
  end
  return bench
end
