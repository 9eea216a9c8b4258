--- Timer, tic and toc, include, packageLuaPath, isatty, Tester, TestSuite.
require 'torch'

local fails = require 'helpers'.fails

describe('Timer', function()
  it('counts while it runs', function()
    local t = torch.Timer()
    sys.sleep(0.02)
    assert.is_true(t:time().real >= 0.02)
    assert.equal(t, t:stop())
    local a = t:time()
    sys.sleep(0.01)
    assert.same(a, t:time())
    assert.is_true(t:resume():time().real >= a.real)
    local fresh = false -- a busy machine may stop us in between
    for _ = 1, 20 do fresh = fresh or t:reset():time().real < 0.02 end
    assert.is_true(fresh)
    assert.equal('torch.Timer [status: running]', tostring(t))
    local x, began = 0, os.clock()
    while os.clock() - began < 0.02 do
      x = x + 1
    end
    assert.is_true(t:time().user + t:time().sys > 0.005)
  end)

  it('tic and toc', function()
    assert.is_true(torch.toc(torch.tic()) >= 0)
    fails('argument 1', torch.toc)
  end)
end)

describe('packages', function()
  it('have folders and files', function()
    local folder = torch.packageLuaPath 'torch'
    assert.truthy(io.open(folder .. '/class.lua'))
    assert.equal(folder:match '^(.*)/', torch.packageLuaPath())
    assert.is_nil(torch.packageLuaPath 'no_such_package')
    assert.equal(require 'torch.timer'.tic, torch.tic)
    fails('there is no package no_such_package', torch.include, 'no_such_package', 'x.lua')
    fails('argument 2', torch.include, 'torch')
    fails('argument 1', torch.packageLuaPath, 5)
  end)

  it('include files beside the calling one', function()
    local folder = os.tmpname()
    os.remove(folder)
    paths.mkdir(folder)
    local function file(name, text)
      local f = io.open(folder .. '/' .. name, 'w')
      f:write(text)
      f:close()
    end
    file('a.lua', 'local r = include "b.lua" return r') -- a tail call would hide the calling file
    file('b.lua', 'return {torch.include(nil, "c.lua"), paths.dofile "c.lua", paths.thisfile(), paths.thisfile "d"}')
    file('c.lua', 'return "c"')
    local r = dofile(folder .. '/a.lua')
    assert.same({'c', 'c', folder .. '/b.lua', folder .. '/d'}, r)
    paths.rmall(folder, 'yes')
  end)

  it('ask for terminals and switches', function()
    assert.equal('boolean', type(torch.isatty(io.stdout)))
    local f = io.open '/dev/null'
    assert.is_false(torch.isatty(f))
    f:close()
    fails('open file expected', torch.isatty, f)
    fails('open file expected', torch.isatty, 5)
    torch.setheaptracking(false)
    assert.is_false(torch._heaptracking)
    torch.setheaptracking(true)
    assert.is_true(torch._heaptracking)
    torch.updateerrorhandlers()
    torch.updatethreadlocals()
    assert.equal('table', type(torch.Allocator))
  end)
end)

describe('TestSuite', function()
  it('refuses what is there already and what is no function', function()
    local s = torch.TestSuite()
    function s.a() end
    assert.equal('function', type(s.a))
    fails('exists already', function() function s.a() end end)
    fails('Test a is already defined.', function() s.a = print end)
    fails('Only functions are allowed', function() s.b = 3 end)
    fails('Nested tests', function() s.b = {} end)
    assert.is_true(s.__isTestSuite and s.__tests.a == s.a)
  end)
end)

describe('Tester', function()
  local function run(t, ...)
    local lines, write = {}, io.write
    io.write = function(...) -- luacheck: ignore 122
      lines[#lines + 1] = table.concat {...}
      return io.stdout
    end
    local ok, err = pcall(t.run, t, ...)
    io.write = write -- luacheck: ignore 122
    return ok, table.concat(lines), err
  end

  it('passes what is right', function()
    local t = torch.Tester()
    t:add({all = function()
      t:assert(true)
      t:eq({a = {1, 'x'}}, {a = {1, 'x'}})
      t:eq(torch.Tensor {1, 2}, torch.Tensor {1, 2.001}, 0.01, 'with a message')
      t:eq(1, 1.001, 'in any order', 0.01)
      t:ne(1, 2)
      t:eq(torch.LongStorage {1, 2}, torch.LongStorage {1, 2})
      t:assertlt(1, 2)
      t:assertgt(2, 1)
      t:assertle(1, 1)
      t:assertge(1, 1)
      t:asserteq('a', 'a')
      t:assertne('a', 'b')
      t:assertalmosteq(1, 1 + 1e-10, 1e-9)
      t:assertTensorEq(torch.ones(2), torch.ones(2), 1e-10)
      t:assertTensorNe(torch.ones(2), torch.zeros(2))
      t:assertTensorEq(torch.Tensor {1 / 0}, torch.Tensor {1 / 0})
      t:assertTableEq({1, {2}}, {1, {2}})
      t:assertTableNe({1}, {2})
      t:assertError(function() error 'x' end)
      t:assertNoError(function() end)
      t:assertErrorMsg(function() error('x', 0) end, 'x')
      t:assertErrorPattern(function() error 'some text' end, 'me te')
      t:assertErrorObj(function() error {1} end, {1})
    end})
    local ok, text = run(t)
    assert.is_true(ok, text)
    assert.truthy(text:find('Completed 23 asserts in 1 test with 0 failures and 0 errors', 1, true), text)
  end)

  it('fails what is wrong, with its place', function()
    local t = torch.Tester()
    local count = 0
    local function wrong(name, f)
      count = count + 1
      t:add(f, name)
    end
    wrong('sizes', function() t:eq(torch.ones(2), torch.ones(3)) end)
    wrong('types', function() t:eq(torch.ones(2), torch.FloatTensor(2)) end)
    wrong('nan', function() t:eq(torch.Tensor {0 / 0}, torch.Tensor {1}, 1) end)
    wrong('tables', function() t:eq({1, {2}}, {1, {3}}, 'the message') end)
    wrong('keys', function() t:eq({1}, {1, 2}) end)
    wrong('order', function() t:assertlt(2, 1) end)
    wrong('silence', function() t:assertError(function() end) end)
    wrong('pattern', function() t:assertErrorPattern(function() error 'x' end, 'zzz') end)
    t:add(function() local x = nil; return x.y end, 'error')
    local ok, text, err = run(t)
    assert.is_false(ok)
    assert.equal('An error was found while running tests!', err)
    assert.truthy(text:find(('with %d failures and 1 error'):format(count), 1, true), text)
    assert.truthy(text:find('the message', 1, true) and text:find 'system_spec.lua:%d+')
  end)

  it('chooses tests', function()
    local t, seen = torch.Tester(), {}
    local s = torch.TestSuite()
    function s.b() seen[#seen + 1] = 'b' end
    function s.a() seen[#seen + 1] = 'a' end
    assert.equal(t, t:add(s):add(function() seen[#seen + 1] = 'c' end, 'c'))
    t:disable 'c'
    assert.is_true((run(t)))
    assert.same({'b', 'a'}, seen)
    assert.is_true((run(t, {'a'})))
    assert.same({'b', 'a', 'a'}, seen)
    fails('no test zz', t.disable, t, 'zz')
    fails('exists already', t.add, t, print, 'c')
    fails('function, table or TestSuite', t.add, t, 5)
    t = torch.Tester():setEarlyAbort(true):setSummaryOnly(true)
    t:add(function() t:assert(false) seen[1] = 'to its end' end):add(function() seen[1] = 'not reached' end)
    assert.is_false((run(t)))
    assert.equal('to its end', seen[1])
    t = torch.Tester():setRethrowErrors(true)
    t:add(function() error('mine', 0) end)
    assert.equal('mine', select(3, run(t)))
  end)

  it('runs all tests that match a pattern', function()
    local t, seen = torch.Tester(), {}
    for _, name in ipairs {'eig', 'eig_reuse', 'svd'} do
      t:add(function() seen[#seen + 1] = name end, name)
    end
    assert.is_true((run(t, '^eig')))
    assert.same({'eig', 'eig_reuse'}, seen)
    fails('no test qr', t.run, t, 'qr')
  end)

  it('calls _setUp and _tearDown of a suite around each test', function()
    local t, s, seen = torch.Tester(), torch.TestSuite(), {}
    function s._setUp(name) seen[#seen + 1] = 'up ' .. name end
    function s._tearDown(name) seen[#seen + 1] = 'down ' .. name end
    function s.one() seen[#seen + 1] = 'one' end
    t:add(s)
    assert.is_nil(t.tests._setUp)
    local ok, text = run(t)
    assert.is_true(ok, text)
    assert.same({'up one', 'one', 'down one'}, seen)
  end)

  it('lets programs replace what follows an assertion', function()
    local t = torch.Tester()
    t._success = function() return true, 'held' end
    t._failure = function(_, message) return false, message end
    assert.same({true, 'held'}, {t:eq({1}, {1})})
    assert.same({true, 'held'}, {t:assertNoError(function() end)})
    for _, name in ipairs {'eq', 'assertlt', 'assertgt', 'assertne', 'assertalmosteq', 'assertTensorEq'} do
      local held, message = t[name](t, 1, name == 'assertlt' and 0 or name == 'assertne' and 1 or 2, 'words of mine')
      assert.is_false(held, name)
      assert.truthy(message:find 'words of mine', name)
    end
    assert.truthy(select(2, t:assertError(function() end, 'words of mine')):find 'words of mine')
    assert.same({}, t.errors)
  end)

  it('warns of tensors of other sizes, and refuses them when told', function()
    local t, s = torch.Tester(), torch.TestSuite()
    function s.sizes() t:assertTensorEq(torch.Tensor {{1}}, torch.Tensor {1}) end
    t:add(s)
    local ok, text = run(t)
    assert.is_true(ok, text)
    assert.equal(1, #t.warnings)
    assert.truthy(text:find('0 failures and 0 errors and 1 warning', 1, true), text)
    t._assertTensorEqIgnoresDims = false
    assert.is_false((run(t)))
  end)

  it('counts by test, and says where it stands', function()
    local t = torch.Tester()
    t:add(function() for _ = 1, 4 do t:assert(true) end end, 'four')
    t:add(function() t:eq({1}, {2}, '', 0) end, 'bad')
    local ok, text = run(t)
    assert.is_false(ok)
    assert.same({4, 0, 1}, {t.assertionPass.four, t.assertionFail.four, t.assertionFail.bad})
    assert.truthy(text:find('Completed 5 asserts in 2 tests with 1 failure and 0 errors', 1, true), text)
    assert.truthy(text:find '1/2 four %.+ %[PASS%]\n2/2 bad %.+ %[FAIL%]', text)
    fails('Nested sets', t.add, t, {{function() end}})
  end)

  it('is what torch.test runs', function()
    local write, lines = io.write, {}
    io.write = function(...) lines[#lines + 1] = table.concat {...} end -- luacheck: ignore 122
    local ok, err = pcall(torch.test)
    io.write = write -- luacheck: ignore 122
    assert.is_true(ok, tostring(err) .. table.concat(lines))
  end)
end)
