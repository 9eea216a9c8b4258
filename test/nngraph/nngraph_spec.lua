--- nngraph: building, running, differentiating, copying, saving and drawing graphs of modules.
require 'nngraph'

local function same(a, b, tolerance)
  assert.are.same(a:size():totable(), b:size():totable())
  assert.is_true((a:double() - b:double()):abs():max() <= (tolerance or 0))
end

-- Central differences of the sum of outputs times fixed numbers, for the inputs and the parameters.
local function check_gradients(net, inputs)
  local function all(output) return torch.isTensor(output) and { output } or output end
  local given = #inputs == 1 and inputs[1] or inputs
  local weights = {}
  for i, y in ipairs(all(net:forward(given))) do weights[i] = torch.randn(y:size()) end
  local function value()
    local sum = 0
    for i, y in ipairs(all(net:forward(given))) do sum = sum + y:dot(weights[i]) end
    return sum
  end
  value()
  net:zeroGradParameters()
  local grads = net:backward(given, #weights == 1 and weights[1] or weights)
  local pairs_ = {}
  for i, g in ipairs(all(grads)) do pairs_[i] = { inputs[i], g:clone() } end
  local p, dp = net:parameters()
  for i = 1, #p do pairs_[#pairs_ + 1] = { p[i], dp[i]:clone() } end
  for _, pair in ipairs(pairs_) do
    local x, g = pair[1]:view(-1), pair[2]:view(-1)
    for i = 1, x:size(1) do
      local old = x[i]
      x[i] = old + 1e-6
      local above = value()
      x[i] = old - 1e-6
      local below = value()
      x[i] = old
      assert.is_true(math.abs((above - below) / 2e-6 - g[i]) < 1e-6)
    end
  end
end

-- char-rnn's cell
local function lstm(input, rnn)
  local x, c, h = nn.Identity()(), nn.Identity()(), nn.Identity()()
  local i2h = nn.Linear(input, 4 * rnn)(x):annotate { name = 'i2h_1' }
  local h2h = nn.Linear(rnn, 4 * rnn)(h):annotate { name = 'h2h_1' }
  local reshaped = nn.Reshape(4, rnn)(nn.CAddTable()({ i2h, h2h }))
  local n1, n2, n3, n4 = nn.SplitTable(2)(reshaped):split(4)
  local next_c = nn.CAddTable()({ nn.CMulTable()({ nn.Sigmoid()(n2), c }),
    nn.CMulTable()({ nn.Sigmoid()(n1), nn.Tanh()(n4) }) })
  local next_h = nn.CMulTable()({ nn.Sigmoid()(n3), nn.Tanh()(next_c) })
  return nn.gModule({ x, c, h }, { next_c, next_h })
end

describe('nn.gModule', function()
  it('runs chains, tables, several inputs and outputs', function()
    local x = nn.Identity()()
    local net = nn.gModule({ x }, { nn.Tanh()(nn.Linear(3, 2)(x)) })
    same(net:forward(torch.ones(4, 3)), torch.tanh(net:get(2):forward(torch.ones(4, 3))))
    assert.are.equal('nn.gModule', tostring(net))
    check_gradients(net, { torch.randn(4, 3) })
    local a, b = -nn.Identity(), -nn.Identity()
    local sum = nn.CAddTable()({ a, nn.Linear(2, 2)(b) })
    local two = nn.gModule({ a, b }, { sum, nn.CMulTable()({ sum, a }) })
    local y = two:forward { torch.ones(2), torch.ones(2) }
    assert.are.equal(2, #y)
    same(y[1], y[2])
    check_gradients(two, { torch.randn(2), torch.randn(2) })
    assert.are.equal(2, two.nInputs)
  end)

  it('has the syntax of pipelines', function()
    local x = -nn.Linear(3, 4)
    local h = x - nn.Tanh() - nn.Linear(4, 2)
    local net = nn.gModule({ x }, { h })
    assert.are.same({ 2 }, net:forward(torch.ones(3)):size():totable())
    local a, b = -nn.Identity(), -nn.Identity()
    local both = nn.gModule({ a, b }, { { a, b } - nn.CAddTable() - nn.ReLU() })
    assert.are.equal(3, both:forward { torch.ones(1), torch.ones(1) * 2 }[1])
    check_gradients(net, { torch.randn(3) })
  end)

  it('splits, before and after use', function()
    local prev = nn.Identity()()
    local h, cell = prev:split(2)
    local after = nn.Identity()(prev)
    local net = nn.gModule({ prev }, { h, after, nn.Linear(3, 3)(cell) })
    local hv, cv = torch.randn(3), torch.randn(3)
    local y = net:forward { hv, cv }
    same(y[1], hv)
    same(y[2][2], cv)
    local go = { torch.randn(3), { torch.randn(3), torch.randn(3) }, torch.zeros(3) }
    local gi = net:backward({ hv, cv }, go)
    same(gi[1], go[1] + go[2][1], 1e-15)
    same(gi[2], go[2][2], 1e-15)
    for _, n in ipairs { 1, 3 } do
      local x, list = nn.Identity()(), {}
      for i = 1, n do list[i] = torch.randn(2) end
      local parts = { x:split(n) }
      local m = nn.gModule({ x }, parts)
      local out = m:forward(list)
      same(n == 1 and out or out[n], list[n])
      list[n + 1] = torch.randn(2)
      assert.has_error(function() m:forward(list) end)
      assert.has_error(function() m:forward {} end)
      assert.has_error(function() m:forward(torch.ones(2)) end)
    end
  end)

  it('nests and takes criterions', function()
    local a, b, c = nn.Identity()(), nn.Identity()(), nn.Identity()()
    local net = nn.gModule({ a, b, c }, { nngraph.nest { a, { b, { c } } } })
    local va, vb, vc = torch.randn(1), torch.randn(2), torch.randn(3)
    local y = net:forward { va, vb, vc }
    same(y[1], va)
    same(y[2][1], vb)
    same(y[2][2][1], vc)
    local gi = net:backward({ va, vb, vc }, { va, { vb, { vc } } })
    same(gi[3], vc)
    assert.are.equal(a, nngraph.nest(a))
    assert.has_error(function() nngraph.nest {} end)
    assert.has_error(function() nngraph.nest(a, b) end)
    assert.has_error(function() nngraph.nest { a, 1 } end)
    local x, t = nn.Identity()(), nn.Identity()()
    local loss = nn.gModule({ x, t }, { nn.MSECriterion()({ nn.Linear(2, 2)(x), t }) })
    local input = { torch.randn(3, 2), torch.randn(3, 2) }
    assert.are.same({ 1 }, loss:forward(input):size():totable())
    local g = loss:backward(input, torch.ones(1) * 2)
    local want = nn.MSECriterion():backward(loss:get(3) and loss.modules[2].output, input[2])
    same(loss.modules[2].gradInput, loss.modules[2]:updateGradInput(input[1], want * 2), 1e-15)
    assert.are.equal(0, g[2]:abs():sum())
    local both = nn.ModuleFromCriterion(nn.ParallelCriterion():add(nn.MSECriterion()):add(nn.MSECriterion()))
    local pt = { { torch.ones(2), torch.ones(2) }, { torch.zeros(2), torch.zeros(2) } }
    assert.are.equal(2, both:forward(pt)[1])
    assert.are.equal(2, #both:backward(pt, torch.ones(1))[1])
    assert.has_error(function() nn.ModuleFromCriterion(nn.Tanh()) end)
  end)

  it('sums gradients of what is used often, and leaves zeros out', function()
    local x = nn.Identity()()
    local h = nn.Linear(2, 2)(x)
    local net = nn.gModule({ x }, { nn.CAddTable()({ nn.Tanh()(h), nn.Sigmoid()(h), nn.Exp()(h), nn.Square()(x) }) })
    check_gradients(net, { torch.randn(3, 2) })
    assert.is_true(torch.isTensor(net.backwardnodes[#net.backwardnodes - 1].data.gradOutputBuffer))

    local function silent()
      local m = nn.Module()
      function m.updateOutput(_, input) return input end
      function m.updateGradInput(_, input)
        return torch.Tensor { 0 }:view(unpack(torch.ones(input:dim()):totable())):expandAs(input)
      end
      return m
    end
    x = nn.Identity()()
    local quiet = nn.gModule({ x }, { nn.CAddTable()({ silent()(x), silent()(x), nn.Tanh()(x) }) })
    local v = torch.randn(2, 3)
    quiet:forward(v)
    same(quiet:backward(v, torch.ones(2, 3)), quiet.modules[4].gradInput)
    for _, node in ipairs(quiet.backwardnodes) do assert.is_nil(node.data.gradOutputBuffer) end
  end)

  it('gives and shares parameters, clones, converts, goes through files', function()
    torch.manualSeed(2)
    local net = lstm(3, 4)
    local input = { torch.randn(2, 3), torch.randn(2, 4), torch.randn(2, 4) }
    check_gradients(net, input)
    local want = net:forward(input)[2]:clone()
    same(net:clone():forward(input)[2], want)
    local twin = net:clone('weight', 'bias', 'gradWeight', 'gradBias')
    local flat, grads = net:getParameters()
    assert.are.equal(flat:nElement(), grads:nElement())
    assert.are.equal(144, flat:nElement())
    same(net:forward(input)[2], want)
    twin:share(net, 'weight', 'bias', 'gradWeight', 'gradBias')
    flat:mul(0.5)
    same(twin:forward(input)[2], net:forward(input)[2])
    for _, mode in ipairs { 'binary', 'ascii' } do
      local copy = torch.deserialize(torch.serialize(net, mode), mode)
      same(copy:forward(input)[2], net:forward(input)[2], 1e-12)
    end
    local y = net:forward(input)[2]:clone()
    net:float()
    local floats = { input[1]:float(), input[2]:float(), input[3]:float() }
    assert.are.equal('torch.FloatTensor', net:type())
    same(net:forward(floats)[2], y, 1e-5)
    net:backward(floats, { floats[2], floats[3] })
    for _, node in ipairs(net.forwardnodes) do
      for _, t in ipairs(node.data.input) do
        assert.is_true(not torch.isTensor(t) or t:type() == 'torch.FloatTensor')
      end
    end
    net:double()
    same(net:forward(input)[2], y, 1e-5)
    net:clearState()
    for _, node in ipairs(net.forwardnodes) do assert.is_nil(node.data.input) end
    same(net:forward(input)[2], y, 1e-5)
    assert.are.equal(3, #net:backward(input, { input[2], input[3] }))
    net:evaluate()
    assert.is_false(net:get(1).train)
  end)

  it('is unrolled in time by char-rnn\'s clones', function()
    local net = lstm(2, 3)
    local params, grads = net:parameters()
    local mem = torch.MemoryFile('w'):binary()
    mem:writeObject(net)
    local clones = {}
    for t = 1, 3 do
      local reader = torch.MemoryFile(mem:storage(), 'r'):binary()
      clones[t] = reader:readObject()
      reader:close()
      local p, g = clones[t]:parameters()
      for i = 1, #params do
        p[i]:set(params[i])
        g[i]:set(grads[i])
      end
    end
    mem:close()
    net:zeroGradParameters()
    local state = { torch.zeros(1, 3), torch.zeros(1, 3) }
    local inputs, states = {}, { state }
    for t = 1, 3 do
      inputs[t] = torch.randn(1, 2)
      states[t + 1] = clones[t]:forward { inputs[t], states[t][1], states[t][2] }
    end
    local d = { torch.zeros(1, 3), torch.ones(1, 3) }
    for t = 3, 1, -1 do
      local g = clones[t]:backward({ inputs[t], states[t][1], states[t][2] }, d)
      d = { g[2], g[3] }
    end
    assert.is_true(grads[1]:norm() > 0)
    for _, node in ipairs(clones[2].forwardnodes) do
      if node.data.annotations.name == 'i2h_1' then
        assert.are.equal(torch.pointer(params[1]:storage()), torch.pointer(node.data.module.weight:storage()))
      end
    end
  end)

  it('maps, replaces, runs other functions', function()
    local x = nn.Identity()()
    local inner = nn.gModule({ x }, { nn.Dropout()(nn.Linear(2, 2)(x)) })
    local y = nn.Identity()()
    local net = nn.gModule({ y }, { nn.Tanh()(inner(y)) })
    local other, count = net:clone(), 0
    net:map(other, function(a, b)
      assert.are.equal(torch.type(a), torch.type(b))
      count = count + 1
    end)
    assert.are.equal(3, count)
    net:replace(function(m) return torch.type(m) == 'nn.Dropout' and nn.Identity() or m end)
    assert.are.equal(0, #net:findModules 'nn.Dropout')
    assert.are.equal(2, #net:findModules 'nn.gModule')
    local v = torch.randn(2)
    same(net:forward(v), torch.tanh(net:findModules 'nn.Linear'[1]:forward(v)))
    for _, m in ipairs(net:listModules()) do m.double_up = function(_, input) return input * 2 end end
    net.double_up = nil
    assert.are.equal(v[1] * 8, net:runForwardFunction('double_up', v)[1])
    assert.are.equal(v[1] + 3, net:runForwardFunction(function(_, input) return input + 1 end, v)[1])
    assert.has_error(function() net:map(lstm(2, 2), function() end) end)
    local seq = nn.Sequential():add(net):add(nn.Linear(2, 1))
    assert.are.same({ 1 }, seq:forward(v):size():totable())
    check_gradients(seq, { v })
  end)

  it('takes tables that grow, shrink and nest otherwise from pass to pass', function()
    local x = nn.Identity()()
    local net = nn.gModule({ x }, { nn.Identity()(x), nn.Identity()(x) })
    for _, input in ipairs {
      { torch.randn(4), { torch.randn(3), torch.randn(2) } },
      { torch.randn(4), { torch.randn(3), torch.randn(2), torch.randn(5) } },
      { torch.randn(7), { torch.randn(3) } }, { { torch.randn(2) }, torch.randn(3), { { torch.randn(1) } } },
      torch.randn(3), { torch.randn(3) },
    } do
      local function twice(a, b)
        assert.are.equal(torch.type(a), torch.type(b))
        if torch.isTensor(a) then return same(a * 2, b) end
        assert.are.equal(#a, #b)
        for i = 1, #a do twice(a[i], b[i]) end
      end
      net:forward(input)
      twice(input, net:backward(input, net.output))
    end
  end)

  it('allocates nothing in steady state', function()
    local C = require 'torch.ffi'
    local net, input = lstm(3, 4), { torch.randn(2, 3), torch.randn(2, 4), torch.randn(2, 4) }
    local go = { torch.randn(2, 4), torch.randn(2, 4) }
    for _ = 1, 2 do
      net:forward(input)
      net:backward(input, go)
    end
    local before = C.rk_live_bytes
    collectgarbage()
    for _ = 1, 3 do
      net:forward(input)
      net:backward(input, go)
    end
    assert.is_true(C.rk_live_bytes <= before)
  end)
end)

describe('nngraph errors', function()
  local function x() return nn.Identity()() end

  it('of construction', function()
    for text, f in pairs {
      ['inputs%[2%].*not connected to the outputs'] = function()
        local a, b = x(), x()
        nn.gModule({ a, b }, { a })
      end,
      ['1 of the split%(2%) outputs'] = function()
        local a = x()
        local h = a:split(2)
        nn.gModule({ a }, { h })
      end,
      ['nn.CAddTable%) is unused'] = function()
        local a, b = x(), x()
        local _ = nn.CAddTable()({ a, b })
        nn.gModule({ a, b }, { nn.CMulTable()({ a, b }) })
      end,
      ["don't pass the same input twice"] = function()
        local a = x()
        nn.CAddTable()({ a, a })
      end,
      ['not connected to the inputs'] = function()
        local a = x()
        nn.gModule({ a }, { nn.CAddTable()({ a, nn.Linear(2, 2)() }) })
      end,
      ['inputs%[1%] is an nn.Module, a nn.Linear.*second pair of parentheses'] = function()
        nn.Tanh()(nn.Linear(2, 2))
      end,
      ['outputs%[1%] is an nn.Module'] = function() nn.gModule({ x() }, { nn.Linear(2, 2) }) end,
      ['inputs%[1%] is nil'] = function() nn.Linear(2, 2)(nil) end,
      ['inputs%[2%] is nil'] = function() nn.CAddTable()({ x(), nil, x() }) end,
      ['empty table of inputs'] = function() nn.Linear(2, 2)({}) end,
      ['one argument expected'] = function() nn.CAddTable()(x(), x()) end,
      ['is a torch.DoubleTensor; to compute'] = function() nn.Linear(2, 2)(torch.ones(2)) end,
      ['at least one input'] = function() nn.gModule({}, { x() }) end,
      ['at least one output'] = function() nn.gModule({ x() }, {}) end,
      ['nn.gModule: argument 1'] = function() nn.gModule(x(), { x() }) end,
      ['nn.gModule: argument 2'] = function() nn.gModule({ x() }) end,
      ['inputs%[2%].*given twice'] = function()
        local a = x()
        nn.gModule({ a, a }, { a })
      end,
      ['a module expected on the right'] = function() return x() - 3 end,
      ['split: expected how many'] = function() x():split(0) end,
      ['annotate: expected a table'] = function() x():annotate 'x' end,
    } do
      assert.error_matches(f, text)
    end
  end)

  it('of a pass name the node', function()
    local a, b = x(), x()
    local h = nn.Linear(2, 3)(a):annotate { name = 'hidden' }
    local net = nn.gModule({ a, b }, { nn.CAddTable()({ h, b }) })
    assert.error_matches(function() net:forward { torch.ones(5), torch.ones(3) } end,
      'In node "hidden" nn.Linear%(2 %-> 3%), declared at %[nngraph_spec.lua%]:%d+_, of nn.gModule:\n.*expected')
    assert.error_matches(function() nngraph.JustTable():backward(torch.ones(2), 2) end, 'table of one gradient')
    assert.error_matches(function() net:forward { torch.ones(2) } end, 'expected a table of 2 inputs, got one of 1')
    assert.error_matches(function() net:forward(torch.ones(2)) end, 'got torch.DoubleTensor')
    local c = x()
    local two = nn.gModule({ c }, { nn.Tanh()(c), nn.Exp()(c) })
    two:forward(torch.ones(2))
    assert.error_matches(function() two:backward(torch.ones(2), torch.ones(2)) end, 'table of 2 gradOutputs')
  end)
end)

describe('nngraph drawings', function()
  local content = require 'helpers'.content

  it('show annotations', function()
    local input = nn.Identity()():annotate { name = 'Input', description = 'DescA',
      graphAttributes = { color = 'red' } }
    local hidden_a = nn.Linear(10, 10)(input):annotate { name = 'Hidden A', description = 'DescB',
      graphAttributes = { color = 'blue', fontcolor = 'green', tooltip = 'I am green' } }
    local hidden_b = nn.Sigmoid()(hidden_a)
    local output = nn.Linear(10, 10)(hidden_b)
    nngraph.annotateNodes()
    local net = nn.gModule({ input }, { output })
    assert.are.same({ 'Hidden A', 'hidden_b', 'output' }, { hidden_a.data.annotations.name,
      hidden_b.data.annotations.name, output.data.annotations.name })
    local name = os.tmpname()
    graph.dot(net.fg, 'Test', name)
    local text = content(name .. '.dot')
    assert.matches('%[color=red.*label=%"Input.*DescA', text)
    assert.matches('%[.*fontcolor=green.*label=%"Hidden A.*DescB', text)
    assert.matches('I am green', text)
    assert.matches('tooltip="%[nngraph_spec.lua%]:%d+', text)
    assert.matches('<svg', content(name .. '.svg'))
    nngraph.simple_print.dot(net.fg, 'simple', name)
    assert.matches('nn.Sigmoid', content(name .. '.dot'))
    assert.matches('label="hidden_b\\nnn.Sigmoid', nngraph.simple_print.todot(net, 'x'))
    for _, end_ in ipairs { '', '.dot', '.svg' } do os.remove(name .. end_) end
    net:forward(torch.ones(10))
    assert.matches('module = nn.Sigmoid', hidden_b:label())
    assert.matches('input = {DoubleTensor %[10%]}', hidden_b:label())
    assert.has_error(function() nngraph.display(3) end)
  end)

  it('show where a pass failed', function()
    local a = nn.Identity()()
    local net = nn.gModule({ a }, { nn.Linear(2, 3)(a) })
    net.name = os.tmpname()
    nngraph.setDebug(true)
    local stderr = io.stderr
    io.stderr = { write = function() end } -- luacheck: ignore 122
    local ok = pcall(net.forward, net, torch.ones(7))
    io.stderr = stderr -- luacheck: ignore 122
    nngraph.setDebug(false)
    assert.is_false(ok)
    assert.matches('red', content(net.name .. '.svg'))
    for _, end_ in ipairs { '', '.dot', '.svg' } do os.remove(net.name .. end_) end
    assert.are.equal(net.name, tostring(net))
  end)

  it('unwraps tables of one entry, and names nodes in drawings', function()
    local m, x = nngraph.JustElement(), torch.ones(2)
    assert.are.equal(x, m:forward { x })
    assert.are.equal(x, m:backward({ x }, x)[1])
    assert.error_matches(function() m:forward { x, x } end, 'a table of one entry, got one of 2')
    assert.error_matches(function() m:forward(x) end, 'a table of one entry, got torch.DoubleTensor')
    local node = nn.Identity()()
    assert.are.equal('Node' .. node.id, node:graphNodeName())
    node:annotate { name = 'left' }
    assert.are.equal(('left (%s)'):format(node.id), node:graphNodeName())
  end)
end)
