--- What published programs do with classes, testers and files, form by form.
require 'torch'

describe('a class with operators', function()
  local Base = torch.class 'RkOperators'
  function Base:__init(a) self.a = a end
  function Base:__call__(x) return x + self.a end
  function Base.__eq__(a, b) return a.a == b.a end
  function Base.__lt__(a, b) return a.a < b.a end
  function Base.__add__() return 'sum' end
  function Base.__concat__() return 'joined' end
  function Base.__unm__() return 'negative' end
  function Base.__tostring__() return 'text' end
  function Base.__index__(_, key)
    if key == 'magic' then return 7, true end
    return false
  end
  function Base.__newindex__(_, key) return key == 'refused' end
  local Sub, parent = torch.class('RkOperatorsSub', 'RkOperators')

  local Own, Inherited = _G.RkOperators, _G.RkOperatorsSub
  for name, make in pairs { own = Own, inherited = Inherited } do
    it('has them, ' .. name, function()
      local x, y = make(1), make(1)
      assert.equal(3, x(2))
      assert.is_true(x == y and x < make(2))
      assert.same({ 'sum', 'joined', 'negative', 'text', 7 }, { x + 1, x .. y, -x, tostring(x), x.magic })
      x.refused, x.kept = 1, 2
      assert.is_nil(rawget(x, 'refused'))
      assert.equal(2, x.kept)
    end)
  end

  it('sees what its parent learns later', function()
    local x = Sub.__factory()
    function Base.later() return 'later' end
    assert.equal('later', x:later())
    assert.equal(torch.getmetatable 'RkOperators', parent)
    assert.is_nil(x.a) -- factories call no __init
    assert.is_true(torch.isTypeOf(x, 'RkOperators') and torch.isTypeOf(x, Own))
  end)
end)

describe('a tester', function()
  it('has every assertion of published suites', function()
    local tester, suite = torch.Tester(), torch.TestSuite()
    local one, other = torch.ones(2), torch.zeros(2)
    function suite.all()
      tester:assert(true, 'message')
      tester:eq({ 1, one }, { 1, torch.ones(2) })
      tester:eq(one, torch.ones(2), 'message', 1e-4)
      tester:eq(one, torch.ones(2), 1e-4, 'message')
      tester:ne(1, 2)
      tester:assertGeneralEq('a', 'a')
      tester:assertGeneralNe('a', 'b')
      tester:assertlt(1, 2)
      tester:assertgt(2, 1)
      tester:assertle(1, 1)
      tester:assertge(1, 1)
      tester:asserteq(1, 1, 'message')
      tester:assertne(1, 2, 'message')
      tester:assertalmosteq(1, 1 + 1e-17)
      tester:assertTensorEq(one, torch.ones(2), 1e-3, 'message')
      tester:assertTensorNe(one, other, 1e-3, 'message')
      tester:assertTableEq({ 1, { 2 } }, { 1, { 2 } })
      tester:assertTableNe({ 1 }, { 2 })
      tester:assertError(function() error 'x' end)
      tester:assertNoError(function() end)
      tester:assertErrorMsg(function() error('m', 0) end, 'm')
      tester:assertErrorPattern(function() error 'xyz' end, 'xy')
      tester:assertErrorObj(function() error { 1 } end, { 1 })
    end
    tester:add(suite):add(function() error 'never' end, 'off')
    tester:disable 'off'
    tester:setEarlyAbort(false)
    tester:setRethrowErrors(false)
    tester:setSummaryOnly(true)
    tester:run()
    assert.equal(23, tester.countasserts)
    tester:run 'all'
    tester:run { 'all' }
  end)

  it('ends with an error when something failed', function()
    local tester = torch.Tester()
    tester:setSummaryOnly(true)
    tester:add(function() tester:assertlt(nil, 'x', 'without order') end, 'bad')
    assert.has_error(function() tester:run() end)
    assert.equal(1, #tester.errors)
    tester:setRethrowErrors(true)
    tester:add(function() error { code = 5 } end, 'thrown')
    assert.has_error(function() tester:run 'thrown' end)
  end)
end)
