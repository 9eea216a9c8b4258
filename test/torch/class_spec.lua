--- torch.class and its relatives.
require 'torch'
local ffi = require 'ffi'

local serial = 0

-- A fresh pair of classes A and B < A in their own module
local function pair()
  serial = serial + 1
  local ns, name = {}, 'class_spec' .. serial
  local A = torch.class(name .. '.A', ns)
  function A:__init(x) self.x = x end
  function A:get() return self.x end
  function A:over() return 'A' end
  local B, parent = torch.class(name .. '.B', name .. '.A', ns)
  function B:__init(x, y)
    parent.__init(self, x)
    self.y = y
  end
  function B:over() return 'B' .. parent.over(self) end
  return ns, A, B, name
end

local fails = require 'helpers'.fails

describe('torch.class', function()
  it('makes classes with parents', function()
    local ns, A, B, name = pair()
    local b = ns.B(1, 2)
    assert.equal(1, b:get())
    assert.equal('BA', b:over())
    assert.equal(name .. '.B', torch.typename(b))
    assert.equal(name .. '.B', torch.type(b))
    assert.equal(A, getmetatable(B))
    assert.equal(A, torch.getmetatable(name .. '.A'))
    assert.is_nil(torch.typename(ns.A))
  end)

  it('has all forms', function()
    local ns = {}
    serial = serial + 1
    local name = 'ClassSpecGlobal' .. serial
    local mt, parent = torch.class(name)
    assert.is_nil(parent)
    assert.equal(name, torch.typename(_G[name]()))
    local _, above = torch.class(name .. 'Child', name)
    assert.equal(mt, above)
    torch.class('anything.Inner' .. serial, name, ns)
    assert.truthy(torch.isTypeOf(ns['Inner' .. serial](), name))
    rawset(_G, name, nil)
    rawset(_G, name .. 'Child', nil)
  end)

  it('sees what is added to a class later, in all classes below', function()
    local ns, A = pair()
    local b = ns.B(1)
    function A:later() return 'later' end
    assert.equal('later', b:later())
    ns.A.through = 5
    assert.equal(5, b.through)
    assert.equal(5, A.through)
  end)

  it('answers isTypeOf for names, patterns and constructors', function()
    local ns, _, _, name = pair()
    local a, b = ns.A(1), ns.B(1)
    assert.is_true(torch.isTypeOf(b, name .. '.A'))
    assert.is_true(torch.isTypeOf(b, ns.A))
    assert.is_false(torch.isTypeOf(a, ns.B))
    assert.is_false(torch.isTypeOf(b, name))
    assert.is_true(torch.isTypeOf(b, '.*B'))
    assert.is_true(torch.isTypeOf(b, name .. '%.[AB]'))
    assert.is_true(torch.isTypeOf(torch.FloatTensor(2), 'torch.FloatTensor'))
    assert.is_true(torch.isTypeOf(torch.FloatTensor(2), 'torch.*Tensor'))
    assert.is_false(torch.isTypeOf({}, name))
    assert.is_false(torch.isTypeOf(nil, name))
    fails('isTypeOf: argument 2', torch.isTypeOf, {}, 5)
  end)

  it('keeps versions, factories and setmetatable apart from __init', function()
    local ns, A, _, name = pair()
    A.__version = 4
    assert.equal(4, torch.version(ns.A(1)))
    assert.equal(1, torch.version(ns.B(1)))
    local o = torch.factory(name .. '.B')()
    assert.equal(name .. '.B', torch.typename(o))
    assert.is_nil(o.x)
    local t = {x = 7}
    assert.equal(name .. '.A', torch.setmetatable(t, name .. '.A'))
    assert.equal(7, t:get())
    assert.is_nil(torch.factory 'no.Such')
    assert.is_nil(torch.getmetatable 'no.Such')
    assert.equal(ns.A, torch.getconstructortable(name .. '.A'))
  end)
end)

describe('operators', function()
  it('are looked up through the parents', function()
    local ns, A = pair()
    local a, b = ns.A(3), ns.B(4)
    assert.is_false(a == ns.A(3))
    A.__add__ = function(x, y) return ns.A((type(x) == 'number' and x or x.x) + (type(y) == 'number' and y or y.x)) end
    A.__sub__ = function(x, y) return x.x - y.x end
    A.__mul__ = function(x, y) return x.x * y.x end
    A.__div__ = function(x, y) return x.x / y.x end
    A.__mod__ = function(x, y) return x.x % y.x end
    A.__pow__ = function(x, y) return x.x ^ y.x end
    A.__eq__ = function(x, y) return x.x == y.x end
    A.__lt__ = function(x, y) return x.x < y.x end
    A.__le__ = function(x, y) return x.x <= y.x end
    A.__unm__ = function(x) return -x.x end
    A.__concat__ = function() return 'cat' end
    A.__call__ = function(x, v, w) return x.x * v, w end
    A.__len__ = function() return 42 end
    A.__tostring__ = function(x) return 'A!' .. x.x end
    assert.equal(7, (a + b).x)
    assert.equal(5, (b + 1).x)
    assert.equal(5, (1 + b).x)
    assert.same({-1, 12, 0.75, 3, 81}, {a - b, a * b, a / b, a % b, a ^ b})
    assert.is_true(a == ns.A(3))
    assert.is_true(ns.B(3) == a)
    assert.is_true(a < b and a <= b and b > a)
    assert.equal(-4, -b)
    assert.equal('cat', b .. 'x')
    assert.equal('cat', 'x' .. b)
    assert.same({8, 'w'}, {b(2, 'w')})
    assert.equal('A!4', tostring(b))
    assert.equal(0, #a == 42 and 0 or #a) -- 5.1 rules: __len of a table is not called
  end)

  it('of a subclass win over the parent\'s', function()
    local ns, A, B = pair()
    A.__call__ = function() return 'A' end
    B.__call__ = function() return 'B' end
    assert.equal('B', ns.B(1)())
    assert.equal('A', ns.A(1)())
  end)

  it('index and newindex answer or let the class answer', function()
    local ns, A = pair()
    A.__index__ = function(_, k)
      if k == 'magic' then return 77, true end
      return false
    end
    A.__newindex__ = function(_, k) return k == 'blocked' end
    for _, o in ipairs {ns.A(1), ns.B(1)} do
      o.blocked, o.open = 5, 6
      assert.equal(77, o.magic)
      assert.is_nil(rawget(o, 'blocked'))
      assert.equal(6, o.open)
      assert.equal(1, o:get())
    end
  end)

  it('are missed by name', function()
    local ns, A = pair()
    A.__lt__ = function() return true end
    local C = pair().A(1)
    fails('attempt to perform arithmetic', function() return ns.A(1) + 1 end)
    fails('attempt to', function() return C < 5 end)
  end)

  it('may be defined anew once it is out of the registry', function()
    local ns, _, _, name = pair()
    local old = ns.A(1)
    assert.equal(torch.getmetatable(name .. '.A'), debug.getregistry()[name .. '.A'])
    debug.getregistry()[name .. '.A'] = nil
    local A = torch.class(name .. '.A', ns)
    assert.equal(A, torch.getmetatable(name .. '.A'))
    assert.equal(name .. '.A', torch.typename(old))
    assert.is_nil(ns.A().a)
  end)

  it('tostring without __tostring__ is the class name', function()
    local ns, _, _, name = pair()
    assert.equal(name .. '.A', tostring(ns.A(1)))
  end)
end)

describe('class errors', function()
  it('name what is wrong', function()
    local ns, _, _, name = pair()
    fails('exists already', torch.class, name .. '.A', ns)
    fails('<class name>', torch.class)
    fails('<class name>', torch.class, 5)
    fails('<class name>', torch.class, 'a.B', 5)
    fails('<class name>', torch.class, 'a.B', 'c', 'd')
    fails('<class name>', torch.class, 'a.B', 'c', {}, 1)
    fails('there is no package nopkg_zz', torch.class, 'nopkg_zz.Foo')
    fails('there is no parent class no.Parent', torch.class, 'x.Y', 'no.Parent', {})
    fails('argument 1', torch.getmetatable)
    fails('argument 1', torch.factory)
    fails('no class is called', torch.setmetatable, {}, 'no.Such')
    fails('table expected', torch.setmetatable, 5, name .. '.A')
    fails('no class is called', torch.getconstructortable, 'no.Such')
    fails('no class is called', torch.metatype, 'no.Such', 'int')
    fails('expected an FFI type', torch.metatype, 'torch.Timer')
    fails('argument 1', torch.pushudata, {}, name .. '.A')
    fails('argument 1', torch.pointer, 5)
    fails('argument 1', torch.setenv, 5, {})
  end)
end)

describe('objects', function()
  it('have addresses', function()
    local t = {}
    assert.equal(torch.pointer(t), torch.pointer(t))
    assert.not_equal(torch.pointer(t), torch.pointer {})
    assert.equal('number', type(torch.pointer(print)))
    assert.equal(torch.pointer 'a', torch.pointer 'a')
    local x = torch.ones(2)
    assert.equal(torch.pointer(x:storage()), torch.pointer(x:storage()))
    assert.not_equal(torch.pointer(x), torch.pointer(x:clone()))
  end)

  it('are equal when they are one', function()
    local x = torch.ones(2)
    assert.is_true(torch.isequal(x, x))
    assert.is_true(torch.isequal(x:storage(), x:storage()))
    assert.is_false(torch.isequal(x, x:clone()))
    assert.is_false(torch.isequal({}, {}))
    assert.is_true(torch.isequal('a', 'a'))
  end)

  it('of no constructor say so', function()
    torch.newmetatable 'torch.ClassSpecBare'
    assert.has_error(torch.getconstructortable 'torch.ClassSpecBare', 'torch.ClassSpecBare has no constructor')
  end)

  it('have environments', function()
    local f = torch.MemoryFile()
    torch.setenv(f, {a = 1})
    assert.equal(1, torch.getenv(f).a)
    local g = function() return zzz end -- luacheck: ignore 113
    torch.setenv(g, {zzz = 5})
    assert.equal(5, g())
  end)

  it('of FFI types can belong to a class', function()
    local ns, _, _, name = pair()
    local ctype = torch.metatype(name .. '.A', 'struct { int v; }')
    local o = ctype(5)
    assert.equal(name .. '.A', torch.typename(o))
    assert.is_true(torch.isTypeOf(o, ns.A))
    local again = torch.pushudata(ffi.cast('void *', o), name .. '.A')
    assert.equal(5, again.v)
  end)

  it('of tensors let programs replace operators under both names', function()
    for _, name in ipairs { '__add', '__add__' } do
      local mt = torch.getmetatable 'torch.FloatTensor'
      local before = mt[name]
      mt[name] = function(a, b) return { before(a, b) } end
      local sum = torch.FloatTensor { 1, 2 } + 1
      mt[name] = before
      assert.are.same({ 2, 3 }, sum[1]:totable())
      assert.are.same({ 2, 3 }, (torch.FloatTensor { 1, 2 } + 1):totable())
    end
    local mt = torch.getmetatable 'torch.ShortTensor'
    local before = mt.__tostring
    mt.__tostring = function(x) return 'short ' .. x:nElement() end
    assert.are.equal('short 3', tostring(torch.ShortTensor(3)))
    mt.__tostring = before
    assert.truthy(tostring(torch.ShortTensor { 7 }):find 'ShortTensor of size 1')
  end)

  it('of tensors let programs answer reads and named writes themselves', function()
    local mt = torch.getmetatable 'torch.ShortTensor'
    local read, write = mt.__index, mt.__newindex
    local x, written = torch.ShortTensor { 4, 5 }, {}
    mt.__index = function(t, key)
      if key == 'answer' then return 42 end
      return read(t, key)
    end
    mt.__newindex = function(t, key, value)
      if key == 'answer' then
        written[1] = value
      else
        write(t, key, value)
      end
    end
    assert.are.equal(42, x.answer)
    assert.are.equal(5, x[2])
    assert.are.equal(9, x:sum())
    assert.is_nil(torch.IntTensor(2).answer)
    x.answer, x[1] = 7, 6
    assert.are.same({ 7, 6 }, { written[1], x[1] })
    assert.has_error(function() x.other = 1 end)
    mt.__index, mt.__newindex = read, write
    assert.is_nil(x.answer)
    assert.has_error(function() x.answer = 1 end)
    mt.__index.doubled = function(t) return t * 2 end
    assert.are.same({ 12, 10 }, x:doubled():totable())
    mt.doubled = nil
  end)
end)
