--- Ctrl-C in long operations of the library and in scripts: what would take minutes ends at once, the session goes on.
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$'
package.path = here .. '/?.lua;' .. package.path
local open_th = require 'pty'

local EXPECT = 60 -- seconds that an answer may take on a busy machine; each operation would take many more

describe('Ctrl-C in long operations', function()
  local terminal, history, script

  local function start(words)
    terminal = open_th(words, history)
  end

  -- Sends a line; what it prints.
  local function answer(line) return terminal:answer(line, EXPECT) end

  -- Sends a line that runs for ever and interrupts it, once it has begun.
  local function interrupt(line)
    terminal:send('print("be" .. "gun") ' .. line .. '\n')
    terminal:wait('begun\n', EXPECT)
    terminal:pause(0.15):send '\3'
    terminal:wait('interrupted!', EXPECT)
    terminal:wait('th> ', EXPECT)
  end

  -- Runs a script until it has printed `ready`.
  local function run_script(text)
    script = os.tmpname()
    local file = assert(io.open(script, 'w'))
    file:write('io.stdout:setvbuf "no"\n', text)
    file:close()
    start { script }
    terminal:wait('ready', EXPECT)
    terminal:pause(0.15)
  end

  before_each(function()
    history = os.tmpname()
  end)
  after_each(function()
    terminal:close()
    os.remove(history)
    if script then os.remove(script) end
    script = nil
  end)

  it('leaves them, and the session goes on', function()
    start { '-i' }
    terminal:wait('th> ', EXPECT)
    answer 'one = torch.ones(1, 1) flat = one:expand(1000000, 400000) kept = torch.ones(3, 4)'
    answer 'tall, wide = one:expand(1000, 100000000), one:expand(100000000, 1000) made = torch.Tensor(1000, 1000)'
    answer 'words = torch.LongTensor(1, 1):fill(1):expand(1000000, 400000)'
    for _, operation in ipairs {
      'flat:sum()', 'flat:max()', 'flat:mean()', 'words:sum()', 'torch.norm(flat)', 'flat:std()',
      'torch.deterministic(true) made:mm(tall, wide)', 'made:zero():addmm(tall:t():t(), wide)',
    } do
      interrupt(operation)
    end
    terminal:send 'pcall(function() print("be" .. "gun") flat:sum() end) print("aga" .. "in") flat:sum()\n'
    terminal:wait('begun\n', EXPECT)
    terminal:pause(0.15):send '\3' -- caught
    terminal:wait('again\n', EXPECT)
    terminal:pause(0.15):send '\3'
    terminal:wait('interrupted!', EXPECT)
    terminal:wait('th> ', EXPECT)
    local text = answer 'torch.deterministic(false) print(kept:sum(), made:fill(2):sum())'
    assert.truthy(text:find('12\t2000000', 1, true))
  end)

  it('leaves loops over operations and layers', function()
    start { '-i' }
    terminal:wait('th> ', EXPECT)
    answer 'nn = require "nn" x = torch.rand(300000) s, i = torch.sort(x) image = torch.rand(4, 3, 32, 32)'
    answer 'm = nn.SpatialConvolution(3, 16, 5, 5) f = m:clone():float() small = image:float() torch.manualSeed(1)'
    for _, operation in ipairs {
      'torch.sort(s, i, x)', 'm:forward(image)', 'f:forward(small)', 'm:backward(image, m:forward(image))', 's:copy(x)',
      's:uniform()', 's:add(x, 2, x)', 'x:float()', 'torch.cumsum(s, x)', 's:gather(1, i)', 's:maskedSelect(s:gt(0))',
      'torch.randperm(100000)', 'torch.svd(image[1][1])',
    } do
      interrupt('while true do ' .. operation .. ' end')
    end
    local text = answer 'torch.sort(s, i, x) print(x:index(1, i):equal(s), s[1] == x:min())'
    assert.truthy(text:find('true\ttrue', 1, true))
    assert.truthy(answer 'print(m:forward(image):float():dist(f:forward(image:float())) >= 0)':find('true', 1, true))
  end)

  it('leaves the jobs of threads alone', function()
    start { '-i' }
    terminal:wait('th> ', EXPECT)
    answer 'pool = require "threads".Threads(1)'
    answer [[pool:addjob(function() local s = 0 for k = 1, 300 do s = s + torch.ones(300, 300):sum() end return s end,
      function(v) got = v end)]]
    interrupt 'torch.ones(1, 1):expand(1000000, 400000):sum()'
    assert.truthy(answer 'pool:synchronize() print(got == 300 * 90000) pool:terminate()':find('true', 1, true))
  end)

  it('ends a script once, in an operation or in a compiled loop', function()
    for _, text in ipairs {
      'print "ready" torch.ones(1, 1):expand(1000000, 400000):sum()',
      'print "ready" local i = 0 while true do i = i + 1 end',
      'print "ready" local x = torch.ones(100, 100) while true do x:add(1):mul(0.5) end',
    } do
      run_script(text)
      terminal:send '\3'
      terminal:wait('interrupted!', EXPECT)
      assert.is_true(terminal:ended(EXPECT))
      terminal:close()
      os.remove(script)
    end
  end)

  it('can be caught by a script, whose compiled code runs on as before', function()
    run_script [[
      local function spin() print 'ready' local i = 0 while true do i = i + 1 end end
      local ok, why = pcall(spin)
      local s = 0
      for i = 1, 1e6 do s = s + i % 7 end
      print(ok, why:match 'interrupted!', s, torch.ones(1000, 1000):sum())
      print 'again'
      print(pcall(function() torch.ones(1, 1):expand(1000000, 400000):sum() end))
      print 'end']]
    terminal:send '\3'
    local text = terminal:wait('again', EXPECT)
    assert.truthy(text:find('false\tinterrupted!\t2999998\t1000000', 1, true), text)
    terminal:send '\3' -- the second one in a script ends it
    assert.is_true(terminal:ended(EXPECT))
  end)

  it('can be caught by a script again, a while later', function()
    run_script [[
      print 'ready'
      for round = 1, 3 do
        pcall(function() while true do end end)
        print('caught ' .. round)
      end
      print 'over']]
    for round = 1, 3 do
      terminal:send '\3'
      terminal:wait('caught ' .. round, EXPECT)
      if round < 3 then terminal:pause(1.1) end
    end
    terminal:wait('over', EXPECT)
    assert.is_true(terminal:ended(EXPECT))
  end)

  it('leaves layers that keep to their own loops', function()
    start { '-i' }
    terminal:wait('th> ', EXPECT)
    answer 'nn = require "nn" net = nn.LSTM(8, 300) steps = torch.ones(60000, 1, 8)'
    interrupt 'while true do net:forward(steps) end'
    assert.truthy(answer 'print(net:forward(torch.ones(2, 1, 8)):size(1))':find('2', 1, true))
  end)

  it('ends a script at the second one where nothing can be left', function()
    run_script 'print "ready" while true do torch.symeig(torch.rand(1500, 1500)) end'
    terminal:send '\3'
    if not terminal:ended(0.2) then
      pcall(terminal.send, terminal, '\3') -- it may have ended meanwhile
      assert.is_true(terminal:ended(EXPECT))
    end
  end)
end)
