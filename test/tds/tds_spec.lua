-- tds: Hash, Vec, AtomicCounter: elements, table functions, files, threads, memory, wrong calls.
local tds = require 'tds'

local message = require 'helpers'.message

describe('tds.Hash', function()
  it('holds numbers, strings, booleans, tensors, storages and containers', function()
    local h = tds.Hash()
    local x, s = torch.range(1, 4), torch.FloatStorage {1, 2}
    h[1], h.a, h[true], h[-0.5], h[''] = 'one', 2, false, x, s
    h.v, h.list, h.map = tds.Vec {1}, {4, 5}, {k = {1}}
    assert.equal(8, #h)
    assert.same({'one', 2, false}, {h[1], h.a, h[true]})
    assert.is_true(h[-0.5]:equal(x))
    h[-0.5][1] = 9
    assert.equal(9, x[1])
    assert.equal(s, h[''])
    assert.equal('tds.Vec', torch.type(h.list))
    assert.equal(1, h.map.k[1])
    assert.equal(h.v, h.v)
    assert.is_nil(h.nothing)
    h.a = nil
    assert.equal(7, #h)
    h[0 / 1] = 'zero'
    assert.equal('zero', h[-0])
    h[torch.Tensor(x)] = 'by identity of the view'
    assert.equal('by identity of the view', h[x])
  end)

  it('agrees with a Lua table under many changes', function()
    torch.manualSeed(1)
    local h, t = tds.Hash(), {}
    for i = 1, 20000 do
      local k = torch.random(500)
      k = k % 2 == 0 and k or 'k' .. k
      local v = torch.random(3) > 1 and i or nil
      h[k], t[k] = v, v
    end
    local n = 0
    for k, v in pairs(t) do
      n = n + 1
      assert.equal(v, h[k])
    end
    assert.equal(n, #h)
    for k, v in pairs(h) do
      assert.equal(v, t[k])
      n = n - 1
      h[k] = nil
    end
    assert.equal(0, n)
    assert.equal(0, #h)
  end)

  it('prints, copies, converts', function()
    local h = tds.Hash {a = 1}
    h.text = 'x'
    assert.equal('tds.Hash[2]{\n   a : 1\ntext : x\n}', tostring(h))
    h.me = h
    assert.is_truthy(tostring(h):find 'tds.Hash%[3%]{...}')
    h.me = nil
    assert.same({a = 1, text = 'x'}, tds.Hash(h):totable())
    assert.same({list = {1, {2}}}, tds.Hash {list = {1, {2}}}:totable())
    h:clear()
    assert.equal(0, #h)
  end)

  it('refuses what it cannot hold', function()
    local h = tds.Hash()
    assert.is_truthy(message(function() h.x = print end):find 'tds.Hash: argument 2: .* got a function')
    assert.is_truthy(message(function() h[print] = 1 end):find 'tds.Hash: argument 1')
    assert.is_truthy(message(function() h[0 / 0] = 1 end):find 'NaN')
    assert.is_truthy(message(tds.Hash, 5):find 'argument 1')
    local ring = {}
    ring[1] = ring
    assert.is_truthy(message(function() h.x = ring end):find 'nested')
    assert.equal(0, #h)
  end)
end)

describe('tds.Vec', function()
  it('is an array', function()
    local v = tds.Vec {3, 'x', true}
    assert.equal(3, #v)
    v[5] = 1.5
    assert.equal(5, #v)
    assert.is_nil(v[4])
    assert.is_nil(v[6])
    assert.is_nil(v[0])
    local seen = 0
    for i, x in ipairs(v) do seen = seen + (v[i] == x and i or 100) end
    assert.equal(6, seen)
    seen = 0
    for i in pairs(v) do seen = seen + i end
    assert.equal(15, seen)
    assert.same({1, 2, 3}, tds.Vec(1, 2, 3):totable())
    assert.same({1, 2}, tds.Vec(tds.Vec {1, 2}):totable())
    v:resize(1)
    assert.same({3}, v:totable())
    v:resize(3)
    assert.equal(3, #v)
    assert.is_nil(v[3])
  end)

  it('has the functions of the table library', function()
    local v, t = tds.Vec(), {}
    torch.manualSeed(2)
    for i = 1, 200 do
      local at = torch.random(i)
      v:insert(at, i)
      table.insert(t, at, i)
    end
    assert.same(t, v:totable())
    assert.equal(table.concat(t, ','), v:concat ',')
    assert.equal(table.concat(t, ',', 3, 7), v:concat(',', 3, 7))
    assert.equal(table.remove(t, 17), v:remove(17))
    assert.equal(table.remove(t), v:remove())
    v:sort(function(a, b) return a > b end)
    table.sort(t, function(a, b) return a > b end)
    assert.same(t, v:totable())
    v:sort()
    table.sort(t)
    assert.same(t, v:totable())
    assert.same({3, 4}, {tds.Vec {3, 4}:unpack()})
    v = tds.Vec {'b', 'a'}
    v:insert 'c'
    v:sort()
    assert.equal('abc', v:concat())
    assert.equal('tds.Vec[3]{\n1 : a\n2 : b\n3 : c\n}', tostring(v))
    assert.is_truthy(message(v.sort, v, function() error 'inside' end):find 'inside')
    assert.equal('abc', v:concat())
  end)

  it('names the argument of a wrong call', function()
    local v = tds.Vec {1}
    assert.is_truthy(message(function() v.x = 1 end):find 'tds.Vec: argument 1')
    assert.is_truthy(message(function() v[0] = 1 end):find 'argument 1')
    assert.is_truthy(message(function() v[1.5] = 1 end):find 'argument 1')
    assert.is_truthy(message(function() v[1] = print end):find 'argument 2')
    assert.is_truthy(message(v.resize, v, -1):find 'resize: argument 1')
    assert.is_truthy(message(v.resize, 5, 1):find 'tds.Vec expected')
    assert.is_truthy(message(v.insert, v):find 'insert')
    assert.is_truthy(message(v.insert, v, 'x', 1):find 'insert: argument 1')
    assert.is_truthy(message(v.remove, v, 'x'):find 'remove: argument 1')
    assert.is_truthy(message(v.sort, v, 1):find 'sort: argument 1')
    assert.is_truthy(message(tds.Vec, {a = 1}):find 'list expected')
    assert.is_truthy(message(v.resize, v, 2 ^ 39):find 'memory')
    v[3] = 1
    assert.is_truthy(message(v.sort, v):find 'nil')
    assert.equal(3, #v)
  end)
end)

describe('tds in files and threads', function()
  it('is written and read', function()
    local h = tds.Hash {a = 1, v = {1, 'two', false}, t = torch.range(1, 3)}
    h.again = h.v
    for _, mode in ipairs {'binary', 'ascii'} do
      local copy = torch.deserialize(torch.serialize({h, tds.AtomicCounter(4)}, mode), mode)
      assert.equal(4, copy[2]:get())
      copy = copy[1]
      assert.equal('tds.Hash', torch.type(copy))
      assert.same({1, 'two', false}, copy.v:totable())
      assert.is_true(copy.t:equal(h.t))
      assert.equal(copy.v, copy.again)
      assert.is_false(copy == h)
    end
  end)

  it('is shared between threads, or copied', function()
    local threads = require 'threads'
    threads.Threads.serialization 'threads.sharedserialize'
    local pool = threads.Threads(4, function() require 'tds' end)
    local h, v, c = tds.Hash(), tds.Vec(), tds.AtomicCounter()
    for i = 1, 200 do
      pool:addjob(function()
        for k = 1, 20 do
          h[i * 100 + k] = 'text ' .. i
          v:insert(torch.ones(2))
          c:inc()
          h[i * 100 + k - 1] = nil
        end
        return h
      end, function(same) assert.equal(h, same) end)
    end
    pool:terminate()
    assert.same({200, 4000, 4000}, {#h, #v, c:get()})
    assert.equal('text 7', h[720])
    threads.Threads.serialization 'threads.serialize'
    pool = threads.Threads(1)
    pool:addjob(function()
      h.copy = true
      return h
    end, function(copy) assert.is_true(copy.copy) end)
    pool:terminate()
    assert.is_nil(h.copy)
  end)

  it('counts', function()
    local c = tds.AtomicCounter(5)
    assert.same({6, 16, 15, 10}, {c:inc(), c:inc(10), c:dec(), c:dec(5)})
    c:set(-3)
    assert.equal(-3, c:get())
    assert.equal('tds.AtomicCounter[-3]', tostring(c))
    assert.is_truthy(message(c.inc, c, 'x'):find 'inc: argument 1')
    assert.is_truthy(message(c.inc, c, 0.5):find 'inc: argument 1')
    assert.is_truthy(message(tds.AtomicCounter, 'x'):find 'argument 1')
    local v, h = tds.Vec { 'a', 'b', true }, tds.Hash()
    assert.equal('a,b', v:concat(',', 1, 2))
    assert.equal('', v:concat(',', 2 ^ 53, 2))
    assert.is_truthy(message(v.concat, v):find 'element 3 is a boolean')
    assert.is_truthy(message(v.concat, v, {}):find 'argument 2: a string expected')
    assert.is_truthy(message(v.concat, v, '', 1, 1e300):find 'argument 4: a whole number')
    assert.is_truthy(message(v.unpack, v, 1, 1e15):find 'too many for Lua')
    assert.same({ 'b', true }, { v:unpack(2, 3) })
    for _, object in ipairs { v, h, c } do
      assert.is_truthy(message(object.write, object, 3):find 'argument 2: a torch.File expected')
      assert.is_truthy(message(object.read, object, {}):find 'argument 2: a torch.File expected')
      assert.is_truthy(message(function() object() end):find 'it is no function')
    end
    assert.is_truthy(message(tds.Hash, c):find 'argument 1')
  end)

  it('gives its memory back, however deep', function()
    local ffi = require 'ffi'
    local live = require 'helpers'.live
    local before = live()
    do
      local top = tds.Vec()
      for _ = 1, 100000 do
        local outer = tds.Vec()
        outer[1] = top
        top = outer
      end
      local h = tds.Hash()
      for i = 1, 1000 do h['key' .. i] = torch.zeros(100) end
      assert.is_true(live() > before + 800000)
      top, h = nil, nil -- luacheck: ignore
    end
    assert.equal(before, live())
    assert.is_not_nil(ffi)
  end)
end)
