--- The prompt in a pseudo-terminal: editing, completion, history, interrupts, help; and `require './file'`.
-- luacheck: ignore 113
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$'
package.path = here .. '/?.lua;' .. package.path
local open_th = require 'pty'

local EXPECT = 60 -- seconds that an answer may take on a busy machine

describe('the prompt on a terminal', function()
  local terminal, history

  local function start(words)
    terminal = open_th(words or { '-i' }, history)
    terminal:wait('th> ', EXPECT)
  end

  -- Sends a line; what it prints.
  local function answer(line) return terminal:answer(line, EXPECT) end

  before_each(function()
    history = os.tmpname()
  end)
  after_each(function()
    terminal:close()
    os.remove(history)
  end)

  it('prints values, keeps them, spans lines', function()
    start()
    assert.truthy(answer '1 + 1':find('\n2\n', 1, true))
    assert.truthy(answer '= 3 * 4':find('\n12\n', 1, true))
    assert.truthy(answer 'print(_LAST, #_RESULTS >= 2)':find('12\ttrue', 1, true))
    assert.falsy(answer '77 + 1;':find('\n78\n', 1, true))
    assert.truthy(answer 'for i = 5, 6 do\nprint("<" .. i .. ">")\nend':find('<5>\n<6>', 1, true))
    assert.truthy(answer '{a = {1, 2}, torch.ones(2)}':find('DoubleTensor - size: 2', 1, true))
    assert.truthy(answer '$ echo from the $((6 * 7)) shell':find('from the 42 shell', 1, true))
  end)

  it('shows short errors and goes on', function()
    start()
    local text = answer 'local function f() error "dee" end f()'
    assert.truthy(text:find("stdin:1: dee\n\tstdin:1: in function 'f'", 1, true))
    assert.falsy(text:find('prompt.lua', 1, true))
    assert.truthy(answer 'x x':find('near', 1, true))
  end)

  it('completes globals, fields, methods, classes and files', function()
    start()
    answer 'nn = require "nn" a = torch.ones(2)'
    local cases = {
      { 'setprintl\t(5) print(1, 1)', '1\t1' },
      { 'torch.addcdi\t ~= nil', 'true' },
      { 'a:addcmu\t(1, a, a):sum()', '4' },
      { '(nn.SpatialConvolutionMa\t ~= nil)', 'true' },
      { 'deep = {{inner = {["a b"] = {leaf_name = 40}}}};', '' },
      { 'deep[1].inn\t["a b"].lea\t + 2', '42' },
      { '("up"):uppe\t()', 'UP' },
      { 'nn.Linear(2, 3):updateParam\t(0)', "'updateParam'" }, -- what a call gives is unknown: \t completes nothing
      { '_G.deep[1].in\t ~= nil', 'true' },
      { 'no_such.thi\t = 1;', "attempt to index global 'no_such'" },
    }
    for _, case in ipairs(cases) do
      assert.truthy(answer(case[1]):find(case[2], 1, true), case[1])
    end
    local folder = os.tmpname()
    os.remove(folder)
    paths.mkdir(folder)
    io.open(folder .. '/some-long_name.txt', 'w'):write 'inside of it':close()
    assert.truthy(answer('io.open("' .. folder .. '/some-l\t"):read()'):find('inside of it', 1, true))
    paths.rmall(folder, 'yes')
  end)

  it('keeps the history across sessions', function()
    start()
    answer 'print("rem" .. "ember")'
    terminal:ready(EXPECT):send '\4'
    assert.is_true(terminal:ended(EXPECT))
    terminal:close()
    start()
    terminal:send '\27[A\27[A\n' -- two lines up
    terminal:wait('remember', EXPECT)
  end)

  it('searches the history, knows letters of several bytes and the width of the terminal', function()
    start()
    answer 'sought_after = 6 * 7;'
    answer 'other = 1;'
    terminal:send '\18sought':pause(0.2):send '\n'
    assert.truthy(answer 'print("<" .. sought_after .. ">")':find('<42>', 1, true))
    assert.truthy(answer '"p\195\164"':find('\np\195\164\n', 1, true))
    terminal:resize(24, 40)
    local long = ('x'):rep(60)
    assert.truthy(answer('#"' .. long .. '"'):find('\n60\n', 1, true))
  end)

  it('asks for more lines only where more can follow', function()
    start()
    assert.truthy(answer 'x = "open':find('unfinished string', 1, true))
    assert.truthy(answer 'y = [[one\ntwo]] print(#y)':find('\n7\n', 1, true))
    assert.truthy(answer 'function double(x)\n  local y = x\n\n  return 2 * y\nend\ndouble(21)':find('\n42\n', 1, true))
    terminal:send 'for i = 1, 2 do\n'
    terminal:wait('..> ', EXPECT)
    terminal:ready(EXPECT):send '\4' -- the statement is given up, not the session
    terminal:wait('th> ', EXPECT)
    assert.truthy(answer '6 * 7':find('\n42\n', 1, true))
  end)

  it('tells the time of statements, unless it shall not', function()
    start()
    assert.truthy(answer '1 + 1':find '\n2\n +%[%d+%.%d%d%d%ds%]\n')
    answer 'require "trepl".timing = false'
    assert.falsy(answer '1 + 1':find '%ds%]\n')
  end)

  it('leaves at exit and quit()', function()
    for _, word in ipairs { 'exit', 'quit()', ' exit ( ) ;' } do
      start()
      terminal:send(word .. '\n')
      assert.is_true(terminal:ended(EXPECT), word)
      terminal:close()
    end
    start()
    answer 'exit = 5;'
    assert.truthy(answer 'exit':find '\n5\n')
  end)

  it('abandons a line at Ctrl-C', function()
    start()
    terminal:send 'print("unwanted"' :pause(0.3):send '\3'
    terminal:wait('th> ', EXPECT)
    terminal:send 'while true do\n'
    terminal:wait('..> ', EXPECT)
    terminal:pause(0.2):send '\3'
    terminal:wait('th> ', EXPECT)
    assert.truthy(answer '6 * 7':find('\n42\n', 1, true))
  end)

  it('interrupts loops, also compiled ones', function()
    start()
    answer 'x, big, th = 0, torch.ones(300, 300), {}'
    for _, loop in ipairs {
      'while true do end', 'local i = 0 while true do i = i + 1 end', 'while true do x = x + 1 end',
      'for i = 1, 1e15 do end', 'local t = {} while true do t[#t % 10 + 1] = 1 end', 'while true do big:add(1) end',
      'local function f(n) return n == 0 and 0 or f(n - 1) end while true do f(50) end',
      'local s = 0 while true do for i = 1, 9 do s = i % 3 == 0 and s + 1 or i % 7 == 1 and s * 2 or s + i end end',
      'local t = {} while true do t = {t, nil} end', 'while true do local s = ("x"):rep(10) .. x end',
      'coroutine.wrap(function() local i = 0 while true do i = i + 1 end end)()',
      'local s = io.read() return s', 'sys.sleep(60) x = 1',
      'for _ in pairs(setmetatable({}, {__pairs = function() return function() return 1 end end})) do end',
      'local a = torch.ones(10) while true do a = a + 1 end', 'while true do a = #big end', 'while true do a = #th end',
      'local s = 0 for i = 1, 1e15 do for j = 1, 100 do s = s + (j % 2 == 0 and i or j) end end',
      'local f f = function(i) return f(i + 1) end f(1)', 'while true do type(big) end',
      'jit.off() while true do end', 'jit.on() repeat until false',
    } do
      terminal:send(loop .. '\n')
      terminal:pause(0.3):send '\3'
      terminal:wait('interrupted!', EXPECT)
      terminal:wait('th> ', EXPECT)
    end
    terminal:send 'while true do pcall(function() while true do end end) end\n'
    terminal:pause(0.3):send '\3' -- the first is caught
    terminal:pause(0.2):send '\3'
    terminal:wait('interrupted!', EXPECT)
    assert.truthy(answer 'print(x > 1000, big:min() > 1, jit.status())':find('true\ttrue\ttrue', 1, true))
  end)

  it('shows documentation, lists globals, imports', function()
    start()
    assert.truthy(answer '? torch.cmul':find('torch.cmul([res,] x, y)', 1, true))
    answer 'nn = require "nn"'
    assert.truthy(answer 'help(nn.Linear)':find('nn.Linear(', 1, true))
    assert.truthy(answer '?':find('who()', 1, true))
    assert.truthy(answer '? no.such':find('nothing is documented', 1, true))
    assert.truthy(answer '? who':find('who(with_system)\nLists the globals', 1, true))
    assert.truthy(answer 'held = torch.ones(2, 3); ? held':find('near', 1, true)) -- ? begins a line
    assert.truthy(answer 'held = torch.ones(2, 3)\n? held':find('torch.DoubleTensor of size 2x3', 1, true))
    assert.truthy(answer '? held:cmul':find('torch.cmul([res,] x, y)', 1, true))
    local text = answer 'mine = torch.ones(3, 4) who()'
    assert.truthy(text:find('mine +torch.DoubleTensor +3x4'))
    assert.falsy(text:find 'setmetatable')
    assert.truthy(answer 'import "paths" print(basename "a/b")':find('\nb\n', 1, true))
    assert.truthy(answer 'pwd()':find(paths.cwd(), 1, true))
    assert.truthy(answer 'cd "/" pwd()':find('\n/\n', 1, true))
    assert.truthy(answer 'cd "/no/such"':find('cd: /no/such: No such file', 1, true))
    assert.truthy(answer '! echo from the $((6 * 7)) shell':find('from the 42 shell', 1, true))
    assert.falsy(answer 'require "optim"':find('adam', 1, true))
    assert.truthy(answer 'optim':find('adam : function', 1, true))
  end)

  it('ends with its terminal', function()
    start()
    terminal:hang_up()
    assert.is_true(terminal:ended(EXPECT))
  end)
end)

describe("require './file'", function()
  it('finds files beside the calling one and loads them once', function()
    local folder = os.tmpname()
    os.remove(folder)
    paths.mkdir(folder)
    paths.mkdir(folder .. '/sub')
    local function write(name, text)
      io.open(folder .. '/' .. name, 'w'):write(text):close()
    end
    write('main.lua', "return {require './a', require './sub', require './sub/b', require './a' == require './a'}")
    write('a.lua', 'return {}')
    write('sub/init.lua', "return require '../sub/b'")
    write('sub/b.lua', "return 'b'")
    local t = dofile(folder .. '/main.lua')
    assert.are.equal('table', type(t[1]))
    assert.are.same({ 'b', 'b', true }, { t[2], t[3], t[4] })
    write('wrong.lua', "require './nothing'")
    local ok, message = pcall(dofile, folder .. '/wrong.lua')
    assert.is_false(ok)
    assert.truthy(message:find("module './nothing' not found", 1, true))
    paths.rmall(folder, 'yes')
  end)
end)

describe('monitor_G', function()
  it('tells of new and missing globals', function()
    local seen = {}
    monitor_G(function(key, kind) seen[#seen + 1] = kind .. ' ' .. key end)
    local ok = pcall(function()
      setfenv(0, _G)
      local _ = _G.rk_no_such_name
      _G.rk_new_name = 1
    end)
    monitor_G(false)
    assert.is_true(ok)
    assert.are.same({ 'index rk_no_such_name', 'newindex rk_new_name' }, seen)
    _G.rk_new_name = nil
    local _ = _G.rk_no_such_name
    assert.are.equal(2, #seen)
  end)
end)
