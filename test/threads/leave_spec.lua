-- Leaving a program whose threads live: it neither hangs nor crashes, and finished work is not lost.

-- Output and exit status of a program.
local function run(code)
  return require 'helpers'.program("threads = require 'threads'\n" .. code, '; echo " status $?"', 'timeout 30')
end

describe('leaving a program', function()
  it('with a live pool finishes its jobs and their end callbacks', function()
    assert.equal('3\n status 0\n', run [[
      pool = threads.Threads(2)
      x = torch.zeros(3)
      pool:addjob(function() return torch.ones(3) end, function(y) print(x:add(y):sum()) end)]])
  end)

  it('keeps the status of os.exit, in whatever thread', function()
    assert.equal(' status 6\n', run 'pool = threads.Threads(3) os.exit(6)')
    assert.equal(' status 7\n', run [[
      pool = threads.Threads(2)
      pool:addjob(function() return 1 end, function() os.exit(7) end)
      pool:synchronize()]])
    assert.equal(' status 5\n', run [[
      pool = threads.Threads(2)
      pool:addjob(function() os.exit(5) end)
      pool:synchronize()]])
  end)

  it('shows the error of a program with a live pool', function()
    local text = run "pool = threads.Threads(2) error 'stop here'"
    assert.is_truthy(text:find 'stop here')
    assert.is_truthy(text:find ' status 1')
  end)

  it('does not wait for ever for what does not end', function()
    assert.equal('before\n status 4\n', run [[
      pool = threads.Threads(2)
      pool:addjob(function() while true do end end)
      print 'before'
      os.exit(4, false)]])
    assert.equal(' status 0\n', run [[
      threads.Thread "local t = require 'threads' local m = t.Mutex() m:lock() t.Condition():wait(m)"]])
  end)
end)
