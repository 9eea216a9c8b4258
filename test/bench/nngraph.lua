--- A step of char-rnn's LSTM cell as a graph, as plain containers, and as bare calls of the same modules:
--   build/th test/bench/nngraph.lua [size [batch]]
require 'nngraph'
torch.setdefaulttensortype 'torch.FloatTensor'

local rnn, batch = tonumber(arg[1]) or 16, tonumber(arg[2]) or 1
local RUNS = 2000

local function graph_cell()
  local x, c, h = nn.Identity()(), nn.Identity()(), nn.Identity()()
  local sums = nn.CAddTable()({ nn.Linear(rnn, 4 * rnn)(x), nn.Linear(rnn, 4 * rnn)(h) })
  local n1, n2, n3, n4 = nn.SplitTable(2)(nn.Reshape(4, rnn)(sums)):split(4)
  local next_c = nn.CAddTable()({ nn.CMulTable()({ nn.Sigmoid()(n2), c }),
    nn.CMulTable()({ nn.Sigmoid()(n1), nn.Tanh()(n4) }) })
  return nn.gModule({ x, c, h }, { next_c, nn.CMulTable()({ nn.Sigmoid()(n3), nn.Tanh()(next_c) }) })
end

-- {x, c, h} → {c', h'} of tables and containers.
local function container_cell()
  local function pick(...)
    local t = nn.ConcatTable()
    for _, m in ipairs { ... } do t:add(m) end
    return t
  end
  local function seq(...)
    local s = nn.Sequential()
    for _, m in ipairs { ... } do s:add(m) end
    return s
  end
  local sums = seq(pick(seq(nn.SelectTable(1), nn.Linear(rnn, 4 * rnn)), seq(nn.SelectTable(3),
    nn.Linear(rnn, 4 * rnn))), nn.CAddTable(), nn.Reshape(4, rnn), nn.SplitTable(2))
  local gate = function(i, m) return seq(nn.SelectTable(1), nn.SelectTable(i), m) end
  local next_c = seq(pick(seq(pick(gate(2, nn.Sigmoid()), nn.SelectTable(2)), nn.CMulTable()),
    seq(pick(gate(1, nn.Sigmoid()), gate(4, nn.Tanh())), nn.CMulTable())), nn.CAddTable())
  return seq(pick(sums, nn.SelectTable(2)), pick(next_c, gate(3, nn.Sigmoid())),
    pick(nn.SelectTable(1), seq(pick(seq(nn.SelectTable(1), nn.Tanh()), nn.SelectTable(2)), nn.CMulTable())))
end

-- The same modules called one by one on what the graph gave them: what the arithmetic costs without any container.
local function bare_calls(net)
  local list = {}
  for _, node in ipairs(net.forwardnodes) do
    if node.data.module then list[#list + 1] = node.data end
  end
  return function()
    for i = 1, #list do
      local d = list[i]
      d.module:updateOutput(#d.input == 1 and d.input[1] or d.input)
    end
  end
end

local function best(f)
  for _ = 1, 200 do f() end
  local least = math.huge
  for _ = 1, 5 do
    local timer = torch.Timer()
    for _ = 1, RUNS do f() end
    least = math.min(least, timer:time().real / RUNS)
  end
  return least * 1e6
end

local input = { torch.randn(batch, rnn), torch.randn(batch, rnn), torch.randn(batch, rnn) }
local go = { torch.randn(batch, rnn), torch.randn(batch, rnn) }
print(('LSTM cell of %d, batch of %d: microseconds forward, forward and backward'):format(rnn, batch))
for _, row in ipairs { { 'nn.gModule', graph_cell }, { 'containers', container_cell } } do
  local net = row[2]()
  net:getParameters()
  print(('%-12s %8.1f %8.1f'):format(row[1], best(function() net:forward(input) end), best(function()
    net:forward(input)
    net:backward(input, go)
  end)))
end
local net = graph_cell()
net:forward(input)
print(('%-12s %8.1f'):format('bare calls', best(bare_calls(net))))
