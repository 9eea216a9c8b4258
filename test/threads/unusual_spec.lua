-- threads in unusual use: pools inside of jobs, end callbacks that wait, add and terminate, pools nobody holds.
-- luacheck: globals __threadid kept_by_worker
local threads = require 'threads'

local resident = require 'helpers'.resident

describe('a pool in unusual use', function()
  it('lives inside of jobs of another, terminated or not', function()
    local pool, sum = threads.Threads(3), 0
    for i = 1, 6 do
      pool:addjob(function()
        local inner, s = require 'threads'.Threads(2), 0
        for j = 1, 10 do inner:addjob(function() return j end, function(x) s = s + x end) end
        inner:synchronize()
        if i % 2 == 0 then inner:terminate() end
        return s
      end, function(s) sum = sum + s end)
    end
    pool:terminate()
    assert.equal(6 * 55, sum)
  end)

  it('may be waited for, added to and terminated by end callbacks', function()
    local pool, ended, added = threads.Threads(4), 0, 0
    for i = 1, 40 do
      pool:addjob(function() return i end, function()
        ended = ended + 1
        pool:synchronize()
        if i % 4 == 0 then pool:addjob(function() return 1 end, function(x) added = added + x end) end
      end)
    end
    pool:synchronize()
    assert.same({40, 10}, {ended, added})
    pool:addjob(function() end, function() pool:terminate() end)
    pool:synchronize()
    assert.is_false(pool:isrunning())
  end)

  it('terminates while jobs run and fail', function()
    for _ = 1, 5 do
      local pool, got = threads.Threads(4), 0
      for i = 1, 4 do
        pool:addjob(function()
          local s = 0
          for k = 1, 100000 do s = s + k end
          if i == 3 then error 'injected' end
          return s
        end, function() got = got + 1 end)
      end
      local ok, why = pcall(pool.terminate, pool)
      assert.is_false(ok)
      assert.truthy(why:find('injected', 1, true))
      assert.equal(3, got)
    end
  end)

  it('is specific and shared in turn, with what each worker keeps', function()
    local pool = threads.Threads(4, function() kept_by_worker = 0 end)
    local total, wrong = 0, 0
    for _ = 1, 3 do
      pool:specific(true)
      for i = 1, 80 do
        local id = i % 4 + 1
        pool:addjob(id, function()
          kept_by_worker = kept_by_worker + 1
          return __threadid
        end, function(there) if there ~= id then wrong = wrong + 1 end end)
      end
      pool:specific(false)
      for _ = 1, 20 do pool:addjob(function() return 1 end, function(x) total = total + x end) end
    end
    pool:specific(true)
    for id = 1, 4 do pool:addjob(id, function() return kept_by_worker end, function(n) total = total + n end) end
    pool:terminate()
    assert.same({0, 3 * 20 + 3 * 80}, {wrong, total})
  end)

  it('returns tensors, closures and what they hold', function()
    local pool, sum = threads.Threads(4), 0
    for i = 1, 60 do
      local scale = torch.DoubleTensor(3):fill(i)
      local function inner(x) return x + i end
      pool:addjob(function()
        local mine = scale * 2
        return mine, function(x) return inner(x) + mine[1] end, {deep = {scale}}
      end, function(t, f, tree) sum = sum + t:sum() + f(1) + tree.deep[1]:sum() end)
    end
    pool:terminate()
    assert.equal((6 + 1 + 2 + 3) * 60 * 61 / 2 + 60, sum)
  end)

  it('is given back when nobody holds it', function()
    local held
    for round = 1, 30 do
      do
        local pool = threads.Threads(2)
        for _ = 1, 3 do pool:addjob(function() return torch.ones(10) end, function() end) end
        if round % 2 == 0 then pool:synchronize() end
      end
      collectgarbage()
      collectgarbage()
      held = round == 10 and resident() or held
    end
    assert.is_true(resident() < held + 32768, ('%d kB, then %d'):format(held, resident()))
  end)

  it('is passed objects whose class makes what it writes', function()
    local pack, home = require 'threads.pack', {}
    local Made = torch.class('made.Objects', home)
    function Made:__init(shared) self.shared = shared end -- luacheck: ignore 212
    local function each(i, shared)
      local t = torch.FloatTensor(1000):fill(i)
      return shared and t or t:storage()
    end
    function Made:write(file)
      file:writeBool(self.shared)
      for i = 1, 20 do
        file:writeObject(each(i, self.shared))
        collectgarbage()
      end
    end
    function Made:read(file)
      self.shared, self.list = file:readBool(), {}
      for i = 1, 20 do self.list[i] = file:readObject() end
    end
    for _, by_reference in ipairs {false, true} do
      for _, tensors in ipairs {false, true} do
        local back = pack.load(pack.save(home.Objects(tensors), by_reference))
        for i = 1, 20 do assert.equal(i, back.list[i][1]) end
      end
    end
  end)
end)
