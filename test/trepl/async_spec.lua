--- th -a: the prompt reads while timers, watched files and pools of threads go on; its options; terminals that go away.
-- luacheck: ignore 113
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$'
package.path = here .. '/?.lua;' .. package.path
local open_th = require 'pty'
local async = require 'trepl.async'
local th = arg[-1]:sub(1, 1) == '/' and arg[-1] or paths.concat(paths.cwd(), arg[-1])

local EXPECT = 20 -- seconds that an answer may take

local function output(words, input)
  local pipe = io.popen(("printf '%%s' '%s' | %s %s 2>&1"):format((input or ''):gsub("'", "'\\''"), th, words))
  local text = pipe:read '*a'
  pipe:close()
  return text
end

describe('the asynchronous prompt', function()
  local terminal, history

  local function start(words)
    terminal = open_th(words, history)
    terminal:wait('th> ', EXPECT)
  end

  before_each(function() history = os.tmpname() end)
  after_each(function()
    terminal:close()
    os.remove(history)
  end)

  it('lets timers run while a line is typed', function()
    start { '-a' }
    terminal:send 'n = 0 function tick() n = n + 1 if n % 5 == 0 then print("tick" .. n) end end\n'
    terminal:send 'timer = async.setInterval(5, tick)\n'
    terminal:wait('tick5\n', EXPECT)
    terminal:send '1 +'
    terminal:wait('tick20\n', EXPECT)
    terminal:send ' 41\n'
    terminal:wait('\n42\n', EXPECT)
    terminal:send 'timer:clear() print("cleared " .. tostring(timer))\n'
    terminal:wait('cleared async: every 5 ms, over', EXPECT)
  end)

  it('runs the end callbacks of jobs, and shows their errors', function()
    start { '--async' }
    terminal:send 'pool = require "threads".Threads(2)\n'
    terminal:send 'pool:addjob(function() return 6 end, function(x) print("job gave " .. 7 * x) end)\n'
    terminal:wait('job gave 42', EXPECT)
    terminal:send 'pool:addjob(function() error "in" end)\n'
    terminal:wait('async: [thread', EXPECT)
    terminal:send 'async.setTimeout(1, function() error("bad " .. "timer") end)\n'
    terminal:wait('bad timer', EXPECT)
    terminal:send '("al" .. "ive")\n'
    terminal:wait('alive', EXPECT)
  end)

  it('interrupts callbacks, compiled ones too, and abandons lines', function()
    start { '-a' }
    terminal:send 'async.setTimeout(1, function() print("be" .. "gun") while true do end end)\n'
    terminal:wait('begun', EXPECT)
    terminal:pause(0.2):send '\3'
    terminal:wait('interrupted!', EXPECT)
    terminal:send 'for i = 1, 300 do x = i end print("x" .. x)\n' -- that what was changed is compiled anew
    terminal:wait('x300', EXPECT)
    terminal:wait('th> ', EXPECT)
    terminal:send 'print("unwanted"' :pause(0.3):send '\3'
    terminal:wait('th> ', EXPECT)
    terminal:send '6 * 7\n'
    terminal:wait('\n42\n', EXPECT)
  end)

  it('abandons a search of the history', function()
    start { '-a' }
    terminal:send 'print(11)\n'
    terminal:wait('\n11\n', EXPECT)
    terminal:wait('th> ', EXPECT)
    terminal:send '\18'
    terminal:pause(0.3):send 'pri'
    terminal:pause(0.2):send '\3'
    terminal:wait('\nth> ', EXPECT)
    terminal:send 'print(6 * 7)\n'
    terminal:wait('\n42\n', EXPECT)
  end)

  it('completes, remembers, and leaves at Ctrl-D', function()
    start { '-a' }
    terminal:send 'torch.addcdi\t ~= nil\n'
    terminal:wait('true', EXPECT)
    terminal:wait('th> ', EXPECT)
    terminal:send '\27[A\n'
    terminal:wait('true', EXPECT)
    terminal:wait('th> ', EXPECT)
    terminal:ready(EXPECT):send '\4'
    assert.is_true(terminal:ended(EXPECT))
  end)

  for _, option in ipairs { '-i', '-a' } do
    it('leaves in good order when its terminal goes away: ' .. option, function()
      for _, line in ipairs { '', 'while true do pcall(function() while true do end end) end', 'sys.sleep(1000)' } do
        local left = os.tmpname()
        start { option }
        terminal:send(('P = newproxy(true) getmetatable(P).__gc = function() io.open(%q, "w"):write "left":close() end'
          .. ' print("re" .. "ady")\n'):format(left))
        terminal:wait('ready', EXPECT)
        terminal:wait('th> ', EXPECT)
        if line ~= '' then
          terminal:send(('io.write("st" .. "art\\n") io.flush() %s\n'):format(line))
          terminal:wait('start\n', EXPECT)
          terminal:pause(0.2)
        end
        terminal:hang_up()
        assert.is_true(terminal:ended(EXPECT), line)
        local file = io.open(left)
        assert.are.equal('left', file:read '*a', line)
        file:close()
        os.remove(left)
      end
    end)
  end
end)

describe('events', function()
  it('happen in order until none is left', function()
    local seen = {}
    async.setTimeout(500, function() seen[#seen + 1] = 'late' end) -- far behind, on a busy machine, too
    local timer
    timer = async.setInterval(1, function()
      seen[#seen + 1] = 'tick'
      if #seen == 3 then timer:clear() end
    end)
    async.setTimeout(0, function() async.setTimeout(0, function() seen.nested = true end) end)
    local never = async.setTimeout(0, function() seen.never = true end)
    never:clear()
    async.go()
    assert.are.same({ 'tick', 'tick', 'tick', 'late', nested = true }, seen)
    assert.is_false(async.alive())
  end)

  it('tell of files that can be read', function()
    local ffi = require 'ffi'
    ffi.cdef [[
      int async_spec_pipe(int *) __asm__("pipe");
      int async_spec_close(int) __asm__("close");
      long async_spec_write(int, const void *, size_t) __asm__("write");
      long async_spec_read(int, void *, size_t) __asm__("read");
    ]]
    local ends, byte, got = ffi.new 'int[2]', ffi.new 'char[1]', 0
    ffi.C.async_spec_pipe(ends)
    local event
    event = async.watch(ends[0], function(fd)
      if ffi.C.async_spec_read(fd, byte, 1) == 1 then
        got = got + 1
      else
        event:clear()
      end
    end)
    async.setTimeout(0, function()
      ffi.C.async_spec_write(ends[1], 'xyz', 3)
      ffi.C.async_spec_close(ends[1])
    end)
    async.go()
    assert.are.equal(3, got)
    ffi.C.async_spec_close(ends[0])
  end)

  it('wait for pools', function()
    local pool, sum = require 'threads'.Threads(2), 0
    for i = 1, 10 do pool:addjob(function() return i end, function(x) sum = sum + x end) end
    async.go()
    assert.are.equal(55, sum)
    pool:terminate()
  end)

  it('refuse wrong arguments', function()
    for _, call in ipairs { { async.setTimeout, -1, print }, { async.setInterval, 'x', print }, { async.setTimeout, 1 },
      { async.watch, nil, print }, { async.setInterval, 0 / 0, print } } do
      local ok, why = pcall(call[1], call[2], call[3])
      assert.is_false(ok)
      assert.truthy(why:find 'async%.%a+: argument %d: ')
    end
  end)
end)

describe('options of th', function()
  it('-a gives the global async, and reads pipes', function()
    assert.are.equal('3\n', output('-a', 'print(1 + 2)'))
    local lines = 'async.setTimeout(0, function() print "one" end);\nsys.sleep(0.01)\n6 * 7'
    assert.are.equal('one\n42\n', output('-a', lines))
    assert.are.equal('true\n', output("-a -e 'print(async ~= nil)'"))
  end)

  it('-x loads what draws', function()
    assert.are.equal('table\ttable\n', output("-x -e 'print(type(image), type(gnuplot))'"))
    assert.are.equal('table\n', output("--gfx -e 'print(type(image))'"))
  end)

  it('-g warns once a line about created and missing globals, -gg refuses them', function()
    local text = output("-g -e 'for i = 1, 3 do made = i local _ = missing end'")
    assert.are.equal('(command line):1: a new global: made\n(command line):1: no such global: missing\n', text)
    assert.truthy(output("-gg -e 'local x = missing'"):find('(command line):1: no such global: missing', 1, true))
    assert.truthy(output("--gglobals -e 'made = 1'"):find('(command line):1: a new global: made', 1, true))
    text = output("-gg -l nn -l optim -l image -e 'print(nn.Linear(2, 2):forward(torch.ones(2)):dim() + 1)'")
    assert.are.equal('2\n', text)
  end)

  it('a place is told for errors raised at level 0', function()
    local text = output("-e 'local function f() error(\"zero\", 0) end f()'")
    assert.truthy(text:find('th: zero\n  raised at (command line):1\n', 1, true))
    assert.falsy(output("-e 'error \"one\"'"):find 'raised at')
    local line = ' torch.ones(3):add(torch.ones(4))\n'
    text = output('-i', 'local t =' .. line .. 'return' .. line .. line .. 'no.name')
    assert.truthy(text:find('^' .. ('stdin:1: torch.add: [^\n]*\n'):rep(3) .. 'stdin:1: attempt to index[^\n]*\n$'))
  end)
end)
