--- Bare tensors: small results whose elements lie within them (rk.h) behave as all others do, whatever is done to them.
require 'torch'
local ffi = require 'ffi'
local C = require 'torch.ffi'
local collect = require 'torch.collect'
local support = require 'torch.support'

local function live()
  collectgarbage()
  collectgarbage()
  return tonumber(C.rk_live_bytes)
end
local function refusals() return tonumber(C.rk_tensor_refusals()) end

-- Run f; each refusal of the library was answered by its caller, no tensor lost its memory, all of it went again.
local function clean(f)
  f() -- what stays by right: caches, constants
  local bytes, refused, answered, strays = live(), refusals(), collect.answers, collect.strays
  f()
  assert.equal(refusals() - refused, collect.answers - answered)
  assert.equal(strays, collect.strays)
  assert.equal(bytes, live())
end

local function numbers(class, ...)
  local t, n = class(...), 0
  return t:apply(function()
    n = n + 1
    return n
  end)
end

-- A bare tensor and an ordinary one with the same elements.
local function pair(class, ...)
  local bare, ordinary = numbers(class, ...):clone(), collect.own(numbers(class, ...))
  assert.equal(1, bare.bare)
  return bare, ordinary
end

local function same(a, b)
  assert.is_true(support.near(a, b, 0))
end

describe('a small result', function()
  it('is bare in each way to make one', function()
    local a = torch.FloatTensor(10):fill(3)
    for name, t in pairs {
      add = a + a, number = a * 2, less = a - 1, negative = -a, unary = torch.exp(a), binary = torch.cmul(a, a),
      ternary = torch.addcmul(a, a, a), comparison = torch.gt(a, 2), clone = a:clone(), sized = torch.Tensor(3),
      matrix = torch.IntTensor(2, 3), list = torch.Tensor { 1, 2 }, deep = torch.ByteTensor(1, 2, 1, 2, 1, 2),
      eleven = torch.DoubleTensor(11), bytes = torch.ByteTensor(88), clamp = torch.clamp(a, 1, 2),
    } do
      assert.equal(1, t.bare, name)
    end
    for name, t in pairs {
      twelve = torch.DoubleTensor(12), bytes = torch.ByteTensor(89), deep = torch.ByteTensor(1, 1, 1, 1, 1, 1, 1),
      empty = torch.Tensor(), large = torch.FloatTensor(30) + 1, nothing = torch.exp(torch.Tensor()):resize(3),
    } do
      assert.equal(0, t.bare, name)
    end
  end)

  it('holds no memory', function()
    local a, before, list = torch.FloatTensor(10):fill(1), live(), {}
    for i = 1, 100 do list[i] = a + a end
    assert.equal(before, tonumber(C.rk_live_bytes))
    assert.equal(20, list[50]:sum())
  end)

  it('of every size and type has the right elements', function()
    for _, short in ipairs(support.types) do
      local class = support.class(short)
      for _, sizes in ipairs { { 1 }, { 7 }, { 11 }, { 12 }, { 89 }, { 2, 5 }, { 10, 1 }, { 3, 4 }, { 2, 1, 3 },
        { 1, 2, 2, 1 }, { 1, 1, 2, 2, 2 }, { 2, 1, 1, 2, 1, 1 }, { 1, 1, 1, 2, 1, 1, 2 } } do
        local t = class(unpack(sizes)):fill(3)
        local c = t:clone()
        c:add(t)
        assert.equal(6 * t:nElement() % (short == 'Byte' and 256 or 1e9), c:sum() % (short == 'Byte' and 256 or 1e9))
        same(c, torch.add(t, t))
        same(c, torch.mul(t, 2))
        assert.equal(t:nElement(), torch.eq(c, 6):sum())
      end
    end
  end)
end)

describe('a bare tensor', function()
  local dir = os.tmpname()
  teardown(function() os.remove(dir) end)

  -- What is asked of a 2 x 4 matrix; results that are tensors share its memory.
  local views = {
    narrow = function(t) return t:narrow(2, 2, 2) end, select = function(t) return t:select(1, 2) end,
    sub = function(t) return t:sub(1, 2, -3, -2) end, index = function(t) return t[2] end,
    range = function(t) return t[{ {}, { 2, 3 } }] end, transpose = function(t) return t:transpose(1, 2) end,
    t = function(t) return t:t() end, permute = function(t) return t:permute(2, 1) end,
    unfold = function(t) return t:unfold(2, 2, 1) end, view = function(t) return t:view(4, 2) end,
    viewAs = function(t) return t:viewAs(t.new(8)) end, view_into = function(t) return t.new():view(t, 8) end,
    unsqueeze = function(t) return t:unsqueeze(2) end, squeeze = function(t) return t:squeeze() end,
    split = function(t) return t:split(1)[2] end, chunk = function(t) return t:chunk(2, 2)[2] end,
    set = function(t) return t.new():set(t) end, new = function(t) return t.new(t) end,
    storage = function(t) return t.new(t:storage()) end, flatten = function(t) return t:flatten() end,
    set_storage = function(t) return t.new():set(t:storage(), 2, 3) end,
    diagonal = function(t) return t:diagonal() end,
    expand = function(t) return t:view(2, 4, 1):expand(2, 4, 3):select(3, 2) end,
    resized = function(t) return t.new(t):resize(4, 2) end, mask = function(t) return t:narrow(1, 1, 1):squeeze() end,
  }
  for name, view in pairs(views) do
    it('is shared by ' .. name, function()
      for _, short in ipairs { 'Float', 'Byte', 'Long' } do
        local class = support.class(short)
        clean(function()
          local bare, ordinary = pair(class, 2, 4)
          local v, w = view(bare), view(ordinary)
          same(v, w)
          same(bare, ordinary)
          v:add(1)
          w:add(1)
          same(bare, ordinary)
          bare:mul(2)
          ordinary:mul(2)
          same(v, w)
          bare = nil -- luacheck: ignore
          collectgarbage()
          same(v, w)
        end)
      end
    end)
  end

  local changes = {
    larger = function(t) return t:resize(5, 40) end, smaller = function(t) return t:resize(3) end,
    other = function(t) return t:resize(4, 2) end, as = function(t) return t:resizeAs(t.new(3, 9)) end,
    empty = function(t) return t:resize(0) end, set = function(t) return t:set() end,
    set_again = function(t) return t:set():resize(70) end, zeros = function(t) return t:zeros(9, 9) end,
    set_other = function(t) return t:set(t.new(3):fill(1)) end, squeeze = function(t) return t:squeeze_() end,
    transpose = function(t) return t:transpose_(1, 2) end, unsqueeze = function(t) return t:unsqueeze_(1) end,
    add = function(t) return t:add(t.new(9):fill(2), t.new(9):fill(1)) end, fill = function(t) return t:fill(2) end,
    exp = function(t) return t:abs(t.new(60):fill(2)) end, cat = function(t) return torch.cat(t, t, t:clone()) end,
    sum = function(t) return torch.sum(t, t:clone(), 1) end,
    mv = function(t) return t:view(8):mv(t.new(8, 2):fill(1), t.new(2):fill(2)) end,
    sort = function(t) return (torch.sort(t, torch.LongTensor(), t.new(3):fill(2))) end,
    gather = function(t) return torch.gather(t.new(2), t:view(8), 1, torch.LongTensor { 3, 1 }) end,
    repeated = function(t) return t:repeatTensor(t.new(2):fill(2), 6) end,
    range = function(t) return torch.range(t, 1, 33) end, swap = function(t) return t:set(t:t()) end,
    diag = function(t) return torch.diag(t, t.new(4):fill(3)) end,
    tril = function(t) return torch.tril(t, t:clone()) end,
    reshape = function(t) return torch.reshape(t, t:clone(), 8) end, free = function(t)
      t:free()
      return t:resize(40):fill(1)
    end,
    indexAdd = function(t) return t:indexAdd(1, torch.LongTensor { 2, 1 }, t:clone()) end,
    indexFill = function(t)
      t:indexFill(2, torch.LongTensor { 2, 3 }, 7)
      return t
    end,
    scatter = function(t) return t:scatter(2, torch.LongTensor(2, 1):fill(2), t.new(2, 1):fill(5)) end,
    maskedSelect = function(t) return t:maskedSelect(t:clone(), torch.ge(t, 3)) end,
    cumsum = function(t) return torch.cumsum(t, t:clone(), 2) end, max = function(t) return (torch.max(t, 1)) end,
    max_into = function(t) return (torch.max(t, torch.LongTensor(1), t:clone(), 1)) end,
    apply = function(t)
      pcall(t.apply, t, function(v)
        if v == 1 then t:resize(30) end
        return v + 1
      end)
      return t:fill(1)
    end,
    clone = function(t) return t:clone():resize(3, 3):fill(1) end, double = function(t) return t:double():t() end,
  }
  for name, change in pairs(changes) do
    it('is changed by ' .. name, function()
      clean(function()
        local bare, ordinary = pair(torch.FloatTensor, 2, 4)
        local a, b = change(bare), change(ordinary)
        assert.is_true(a:isSameSizeAs(b))
        if name ~= 'larger' and name ~= 'as' and name ~= 'set_again' then same(a, b) end
        a:fill(3)
        assert.equal(3 * b:nElement(), a:nElement() > 0 and a:sum() or 0)
      end)
    end)
  end

  it('keeps its address once it is known', function()
    local t = torch.FloatTensor(4):fill(2) + 1
    local p = t:data()
    local v = t:narrow(1, 2, 2)
    assert.equal(p + 1, v:data())
    p[1] = 9
    assert.equal(9, v[1])
    assert.equal(t:cdata(), t:cdata())
    assert.equal(0, t.bare)
  end)

  it('goes through files and back', function()
    clean(function()
      for _, mode in ipairs { 'binary', 'ascii' } do
        local t = torch.FloatTensor { 1, 2 } + 1
        torch.save(dir, { t, t, t:narrow(1, 2, 1) }, mode)
        local got = torch.load(dir, mode)
        same(t, got[1])
        got[1][2] = 8
        assert.equal(8, got[2][2])
        assert.equal(8, got[3][1])
        same(t, torch.deserialize(torch.serialize(t)))
      end
    end)
  end)

  it('is shared with containers and threads', function()
    local tds, threads = require 'tds', require 'threads'
    clean(function()
      local t = torch.LongTensor { 1, 2 } + 1
      local hash = tds.Hash()
      hash.t = t
      t[1] = 7
      assert.equal(7, hash.t[1])
      hash.t[2] = 5
      assert.equal(5, t[2])
    end)
    threads.Threads.serialization 'threads.sharedserialize'
    local pool = threads.Threads(1, function() require 'torch' end)
    local t = torch.FloatTensor { 1, 2 } + 1
    pool:addjob(function()
      t:add(1)
      return t, t + 1
    end, function(back, fresh)
      assert.are.same({ 3, 4 }, back:totable())
      assert.are.same({ 4, 5 }, fresh:totable())
    end)
    pool:synchronize()
    pool:terminate()
    assert.are.same({ 3, 4 }, t:totable())
  end)
end)

describe('every pointwise row', function()
  it('gives the same into a bare, an ordinary and a fresh result, of few and of many elements', function()
    clean(function()
      for _, short in ipairs { 'Double', 'Float', 'Int', 'Half' } do
        local class = support.class(short)
        for _, sizes in ipairs { { 6 }, { 2, 3 }, { 300 } } do
          local x = class(unpack(sizes)):fill(2)
          for op = 0, C.RK_NOPS - 1 do
            local name, kind = ffi.string(C.rk_op_name(op)), C.rk_op_kind(op)
            local f = torch[name]
            if kind == C.RK_MAP1 and C.rk_op_scalars(op) == 0 and C.rk_op_defined(op, x.dt) ~= 0 and f then
              local want = f(x)
              local small, other, empty = torch.add(x, 1), class(2) + 1, class()
              same(f(small, x), want)
              same(f(other, x), want)
              same(f(empty, x), want)
              same(want:clone(), want)
            end
          end
        end
      end
    end)
  end)
end)

describe('memory without finalizers', function()
  it('stays flat, compiled and interpreted', function()
    local function loop(n)
      local a, b, last = torch.FloatTensor(10):fill(1), torch.FloatTensor(40):fill(1), nil
      for i = 1, n do
        local c = a + a
        local d = c:narrow(1, 2, 3)
        if i % 3 == 0 then c:resize(50) end
        last = d + 1
        c = b + b
        last:add(torch.exp(c):narrow(1, 1, 3))
      end
      return last
    end
    clean(function() assert.is_true(loop(20000):sum() > 0) end)
    collectgarbage()
    local before = collectgarbage 'count'
    loop(100000)
    collectgarbage()
    assert.is_true(collectgarbage 'count' < before + 4000)
    jit.off(loop, true)
    clean(function() loop(2000) end)
    jit.on(loop, true)
  end)

  it('stays right when allocations fail', function()
    local a, big = torch.FloatTensor(10):fill(1), torch.FloatTensor(100):fill(1)
    clean(function()
      for _, f in ipairs {
        function() return (a + a):narrow(1, 1, 2) end, function() return (a + a):resize(100) end,
        function() return (a + a):storage() end, function() return big + big end,
        function() return torch.gt(big, 0) end,
      } do
        for n = 1, 5 do
          C.rk_fail_allocation(n)
          pcall(f)
          C.rk_fail_allocation(0)
          assert.equal(10, a:sum())
        end
      end
    end)
  end)
end)
