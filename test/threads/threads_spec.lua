-- threads: pools, what passes between states, errors, raw threads, mutexes and conditions.
-- luacheck: globals first __threadid
local threads = require 'threads'

local message = require 'helpers'.message

describe('a pool', function()
  after_each(function() threads.Threads.serialization 'threads.serialize' end)

  it('runs init functions in every worker and returns the results of the last', function()
    local pool, results = threads.Threads(3, function() first = 7 end,
      function(id) return first * id, id == __threadid end)
    assert.same({{7, true}, {14, true}, {21, true}}, results)
    assert.equal(3, pool.N)
    assert.is_true(pool:isrunning())
    pool:terminate()
    assert.is_false(pool:isrunning())
    pool:terminate()
    assert.equal('threads.Threads', torch.type(pool))
  end)

  it('is made by calling the module, too', function()
    local pool = threads(1)
    assert.is_false(pool:hasjob())
    assert.is_false(pool:haserror())
    pool:terminate()
  end)

  it('passes upvalues, arguments and results', function()
    local pool = threads.Threads(2)
    local up, x = {a = {1, 2, nested = true}}, torch.range(1, 5)
    local view = x:narrow(1, 2, 3)
    local got = {}
    for i = 1, 20 do
      pool:addjob(function(n, s, nothing, last)
        return up.a[2] * n, s .. '!', nothing, last, x:sum(), view:sum()
      end, function(...) got[i] = {n = select('#', ...), ...} end, i, 'hi', nil, true)
    end
    pool:synchronize()
    for i = 1, 20 do assert.same({n = 6, 2 * i, 'hi!', nil, true, 15, 9}, got[i]) end
    pool:terminate()
  end)

  it('copies tensors, or shares their memory', function()
    for _, name in ipairs {'threads.serialize', 'threads.sharedserialize'} do
      threads.Threads.serialization(name)
      assert.equal(name, threads.Threads.serialization())
      local pool = threads.Threads(2)
      local x = torch.zeros(4, 3)
      local row, s = x[2], x:storage()
      pool:addjob(function()
        row:fill(5)
        s[1] = 9
        return x
      end, function(y)
        assert.equal(24, y:sum())
        if name == 'threads.sharedserialize' then y[4][3] = 1 end
      end)
      pool:terminate()
      assert.equal(name == 'threads.sharedserialize' and 25 or 0, x:sum())
    end
  end)

  it('passes modules, classes, recursive functions, shared upvalues and library functions', function()
    require 'nn'
    local pool = threads.Threads(1)
    local net, floor, ones, Linear = nn.Sequential():add(nn.Linear(3, 2)), math.floor, torch.ones, nn.Linear
    local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
    local counter = 0
    local function step() counter = counter + 1 end
    local function read() return counter end
    pool:addjob(function()
      require 'nn'
      step()
      return net:forward(ones(3)), floor(2.5), fib(15), read(), torch.type(Linear(1, 1))
    end, function(y, two, f, c, name)
      assert.is_true((y - net:forward(torch.ones(3))):abs():max() == 0)
      assert.same({2, 610, 1, 'nn.Linear'}, {two, f, c, name})
    end)
    pool:terminate()
    assert.equal(0, counter)
  end)

  it('raises errors at once, with their traceback, and goes on', function()
    local pool = threads.Threads(2)
    pool:addjob(function() local t = nil; return t.field end)
    local why = message(pool.synchronize, pool)
    assert.is_truthy(why:find '%[thread %d callback%]')
    assert.is_truthy(why:find 'threads_spec.lua:%d+')
    assert.is_truthy(why:find 'stack traceback')
    pool:addjob(function() return 1 end, function() error 'at the end' end)
    assert.is_truthy(message(pool.dojob, pool):find '%[thread %d endcallback%].*at the end')
    pool:addjob(function() return coroutine.create(print) end)
    assert.is_truthy(message(pool.synchronize, pool):find 'cannot be sent')
    local ran
    pool:addjob(function() return 5 end, function(x) ran = x end)
    pool:synchronize()
    assert.equal(5, ran)
    pool:addjob(function() error {code = 3} end)
    assert.is_truthy(message(pool.terminate, pool):find 'table')
    assert.is_false(pool:isrunning())
  end)

  it('raises errors of init functions', function()
    assert.is_truthy(message(threads.Threads, 2, function() error 'no init' end):find 'no init')
  end)

  it('takes a worker for each job when specific', function()
    local pool = threads.Threads(3)
    assert.is_false(pool:specific())
    pool:specific(true)
    local got = {}
    for i = 1, 30 do
      local id = i % 3 + 1
      assert.is_boolean(pool:acceptsjob(id))
      pool:addjob(id, function() return __threadid end, function(t) got[i] = t == id end)
    end
    pool:synchronize()
    for i = 1, 30 do assert.is_true(got[i]) end
    assert.is_truthy(message(pool.addjob, pool, 4, print):find 'argument 1: a worker from 1 to 3')
    pool:specific(false)
    pool:terminate()
  end)

  it('names the argument of a wrong call', function()
    local pool = threads.Threads(1)
    assert.is_truthy(message(threads.Threads, 0):find 'argument 1')
    assert.is_truthy(message(threads.Threads, 'x'):find 'argument 1')
    assert.is_truthy(message(threads.Threads, 1, 5):find 'argument 2')
    assert.is_truthy(message(pool.addjob, pool, 5):find 'addjob: argument 1')
    assert.is_truthy(message(pool.addjob, pool, function() end, 5):find 'addjob: argument 2')
    assert.is_truthy(message(pool.addjob):find 'call it with a colon')
    assert.is_truthy(message(pool.specific, pool, 1):find 'specific: argument 1')
    assert.is_truthy(message(pool.dojob, pool):find 'no job')
    assert.is_truthy(message(pool.addjob, pool, function() return pool end):find 'cannot be passed')
    assert.is_truthy(message(threads.Threads.serialization, 5):find 'argument 1')
    pool:terminate()
    assert.is_truthy(message(pool.addjob, pool, function() end):find 'terminated')
  end)

  it('has a random generator in each worker', function()
    torch.manualSeed(3)
    local pool = threads.Threads(2, function(id) torch.manualSeed(id) end)
    pool:specific(true)
    local draws = {}
    for round = 1, 2 do
      for id = 1, 2 do
        pool:addjob(id, function() return torch.random() end, function(x) draws[round * 2 + id] = x end)
      end
    end
    pool:terminate()
    for id = 1, 2 do
      torch.manualSeed(id)
      assert.equal(torch.random(), draws[2 + id])
      assert.equal(torch.random(), draws[4 + id])
    end
  end)

  it('computes right in eight workers at once', function()
    local pool = threads.Threads(8)
    local x = torch.range(1, 200000):resize(400, 500)
    local want, product = x:sum(), torch.mm(x, x:t()):sum()
    local good = 0
    for _ = 1, 24 do
      pool:addjob(function()
        torch.setnumthreads(2)
        return x:sum(), torch.mm(x, x:t()):sum(), torch.exp(x * 0):sum()
      end, function(s, p, e)
        if s == want and math.abs(p / product - 1) < 1e-12 and e == 200000 then good = good + 1 end
      end)
    end
    pool:terminate()
    assert.equal(24, good)
  end)
end)

describe('under stress', function()
  it('does 100000 jobs in 8 threads, some of which fail, and keeps no memory', function()
    local resident = require 'helpers'.resident
    local pool = threads.Threads(8)
    local sum, failed, live, held = 0, 0
    local function attempt(f, ...)
      local ok = pcall(f, ...)
      if not ok then failed = failed + 1 end
      return ok
    end
    for i = 1, 100000 do
      local function job(x)
        if x % 1000 == 0 then error 'injected' end
        return x, torch.ones(10)
      end
      local function done(x, t) sum = sum + x + t:sum() - 10 end
      while not pool:acceptsjob() do attempt(pool.dojob, pool) end
      pool:addjob(job, done, i)
      if i == 10000 then live, held = collectgarbage 'count', resident() end
    end
    while pool:hasjob() do attempt(pool.dojob, pool) end
    pool:terminate()
    assert.equal(100, failed)
    assert.equal(100000 * 100001 / 2 - 1000 * 100 * 101 / 2, sum)
    collectgarbage()
    assert.is_true(collectgarbage 'count' < live + 4096)
    assert.is_true(resident() < held + 16384, ('%d kB after %d'):format(resident(), held))
  end)
end)

describe('below pools', function()
  it('raw threads, mutexes and conditions work by number', function()
    local m, c = threads.Mutex(), threads.Condition()
    assert.equal(m, threads.Mutex(m:id()))
    local thread = threads.Thread(([[
      local threads = require 'threads'
      local m, c = threads.Mutex(%d), threads.Condition(%d)
      m:lock()
      c:signal()
      m:unlock()
      m:free()
    ]]):format(m:id(), c:id()))
    m:lock()
    c:wait(m)
    m:unlock()
    thread:free()
    assert.is_truthy(message(m.unlock, m):find 'not locked')
    m:lock()
    assert.is_truthy(message(m.lock, m):find 'holds the mutex already')
    m:unlock()
    local id = m:id()
    m:free()
    c:free()
    collectgarbage()
    collectgarbage()
    assert.is_truthy(message(threads.Mutex, id):find 'there is no mutex')
    assert.is_truthy(message(m.lock, m):find 'freed')
    assert.is_truthy(message(threads.Thread, 'x ='):find 'argument 1')
    assert.is_truthy(message(threads.Mutex, 'x'):find 'argument 1')
  end)

  it('queues pass jobs among threads', function()
    local q = threads.queue(2)
    q:addjob(function(a, b) return a + b, 'x' end, 3, 4)
    assert.is_false(q:isempty())
    local a, b = q:dojob()
    assert.same({7, 'x'}, {a, b})
    local pool = threads.Threads(2)
    pool:addjob(function() q:addjob(function(n) return n end, 42) end)
    assert.equal(42, (q:dojob()))
    pool:terminate()
    assert.is_truthy(message(q.addjob, q, 5):find 'argument 1')
  end)

  it('safe functions exclude each other', function()
    threads.Threads.serialization 'threads.sharedserialize'
    local x = torch.zeros(1)
    local add = threads.safe(function() for _ = 1, 100 do x[1] = x[1] + 1 end end)
    local pool = threads.Threads(4)
    for _ = 1, 40 do pool:addjob(function() add() end) end
    pool:terminate()
    threads.Threads.serialization 'threads.serialize'
    assert.equal(4000, x[1])
    assert.is_truthy(message(threads.safe, 5):find 'argument 1')
    assert.is_truthy(message(threads.safe(function() error 'inside' end)):find 'inside')
  end)

  it('values that the packer leaves to torch.File are shared, too', function()
    require 'nn'
    local shared = require 'threads.sharedserialize'
    local net = nn.Sequential():add(nn.SpatialBatchNormalization(3)):add(nn.Linear(2, 2))
    local copy = shared.load(shared.save(net))
    copy:get(2).weight:fill(3)
    assert.equal(12, net:get(2).weight:sum())
    assert.is_truthy(message(shared.load, 5):find 'argument 1')
  end)
end)
