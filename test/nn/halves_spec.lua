--- Recurrent layers and tables of vectors of HalfTensors and BFloat16Tensors, against what FloatTensors give.
require 'nn'
local live = require 'helpers'.live
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local function to(v, typename)
  if torch.isTensor(v) then return v:type(typename) end
  local list = {}
  for k, x in pairs(v) do list[k] = to(x, typename) end
  return list
end
local function assert_near(got, want, eps)
  if torch.isTensor(want) then
    assert.is_true((got:double() - want:double()):abs():max() <= eps)
  else
    for k in pairs(want) do assert_near(got[k], want[k], eps) end
  end
end

local layers = {
  LSTM = { function() return nn.LSTM(3, 5, 2, { bidirectional = true }) end, h = 5, c = 5 },
  GRU = { function() return nn.GRU(3, 5, 2, { bidirectional = true }) end, h = 5 },
  RNN = { function() return nn.RNN(3, 5, 2, { bidirectional = true }) end, h = 5 },
  ProjectedLSTM = { function() return nn.LSTM(3, 5, 2, { bidirectional = true, projSize = 2 }) end, h = 2, c = 5 },
  LSTMCell = { function() return nn.LSTMCell(3, 5) end, h = 5, c = 5, cell = true },
  GRUCell = { function() return nn.GRUCell(3, 5) end, h = 5, cell = true },
  RNNCell = { function() return nn.RNNCell(3, 5) end, h = 5, cell = true },
}

describe('layers of half types', function()
  before_each(function() torch.manualSeed(9) end)

  for typename, eps in pairs { ['torch.HalfTensor'] = 2e-3, ['torch.BFloat16Tensor'] = 1e-2 } do
    for name, row in pairs(layers) do
      it(('%s of %ss rounds what a FloatTensor gives'):format(name, typename), function()
        local layer = row[1]():type(typename)
        local twin = layer:clone():float()
        local x = row.cell and torch.randn(2, 3) or torch.randn(4, 2, 3)
        local function state(n) return n and (row.cell and torch.randn(2, n) or torch.randn(4, 2, n)) end
        for _, given in ipairs { x, { x, state(row.h), state(row.c) } } do
          local input = to(given, typename)
          local wide = to(input, 'torch.FloatTensor')
          local y = twin:forward(wide)
          assert_near(layer:forward(input), y, eps)
          local g = to(y, typename)
          layer:zeroGradParameters()
          twin:zeroGradParameters()
          local dx = twin:backward(wide, to(g, 'torch.FloatTensor'), 0.5)
          assert_near(layer:backward(input, g, 0.5), dx, 8 * eps)
          assert_near(layer.gradWeight, twin.gradWeight, 8 * eps)
          assert_near(layer.gradBias, twin.gradBias, 8 * eps)
          assert.are.equal(typename, layer.gradWeight:type())
        end
        local file = torch.MemoryFile()
        file:writeObject(layer)
        file:seek(1)
        local input = to(x, typename)
        assert_near(file:readObject():forward(input), layer:forward(input), 0)
        assert_near(layer:float():forward(input:float()), twin:forward(input:float()), 0)
        assert_near(layer:type(typename):forward(input), twin.output, eps)
        assert.matches('type torch.' .. typename:match '%.(%a+)' .. '.*input of type torch.FloatTensor',
          support.message(layer.forward, layer, input:float()))
      end)
    end

    it(('%ss: packed sequences, remembered states, nothing allocated in steady state'):format(typename), function()
      local layer = nn.LSTM(3, 5):type(typename)
      local x = torch.randn(4, 2, 3):type(typename)
      local packed = nn.utils.rnn.pack_padded_sequence(x, { 4, 2 })
      local y = nn.utils.rnn.pad_packed_sequence(layer:forward(packed))
      assert.are.equal(typename, y:type())
      assert_near(y:select(2, 1), layer:forward(x):select(2, 1), 0)
      layer:resetStates():remember()
      local first = layer:forward(x):clone()
      assert.is_true((layer:forward(x) - first):abs():max() > 0)
      layer:resetStates()
      assert_near(layer:forward(x), first, 0)
      layer:remember(false):resetStates()
      local function step()
        layer:forward(x)
        layer:backward(x, layer.output)
      end
      step()
      step()
      local before = live()
      step()
      assert.are.equal(before, live())
    end)

    it(('a LookupTable of %ss learns'):format(typename), function()
      local table_, x = nn.LookupTable(6, 4, 2, 1.5):type(typename), torch.LongTensor { { 1, 5, 2 }, { 5, 6, 5 } }
      local twin = table_:clone():float()
      local y = twin:forward(x)
      assert_near(table_:forward(x), y, eps)
      table_:zeroGradParameters()
      twin:zeroGradParameters()
      local g = torch.randn(2, 3, 4):type(typename)
      twin:backward(x, g:float())
      table_:backward(x, g)
      assert_near(table_.gradWeight, twin.gradWeight, 4 * eps)
      assert.are.equal(0, table_.gradWeight[2]:double():abs():sum())
    end)
  end
end)
