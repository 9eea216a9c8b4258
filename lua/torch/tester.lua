--- torch.Tester and torch.TestSuite: unit tests as Torch7's packages write them.
-- @module torch.tester

local class = require 'torch.class'

local typename = class.typename
local M = {}

-- ---------------------------------------------------------------------------------------------------------
-- TestSuite
-- ---------------------------------------------------------------------------------------------------------

--- A table of test functions that refuses a second function of the same name.
-- @usage
-- local suite = torch.TestSuite()
-- function suite.addition() assert(1 + 1 == 2) end
-- assert(not pcall(function() suite.addition = print end))
function M.TestSuite()
  local tests, order = {}, {}
  local suite = {}
  return setmetatable(suite, {
    __typename = 'torch.TestSuite',
    __index = tests,
    __newindex = function(_, name, test)
      if type(test) ~= 'function' then
        local message = 'torch.TestSuite: %s: only functions can be members, got %s'
        error(message:format(tostring(name), class.type(test)), 2)
      elseif tests[name] ~= nil then
        error(('torch.TestSuite: a test %s exists already'):format(tostring(name)), 2)
      end
      tests[name] = test
      order[#order + 1] = name
    end,
    -- in order of definition, for Tester:add
    each = function()
      local i = 0
      return function()
        i = i + 1
        return order[i], tests[order[i]]
      end
    end,
  })
end

local function is_suite(t)
  local mt = type(t) == 'table' and getmetatable(t)
  return type(mt) == 'table' and mt.__typename == 'torch.TestSuite' and mt
end

-- ---------------------------------------------------------------------------------------------------------
-- Comparing: each function gives equal, and a note on the difference
-- ---------------------------------------------------------------------------------------------------------

local compare

local function is_tensor(x)
  local name = typename(x)
  return name and name:find '^torch%..*Tensor$' ~= nil
end

local function is_storage(x)
  local name = typename(x)
  return name and name:find '^torch%..*Storage$' ~= nil
end

local function compare_numbers(a, b, tolerance)
  if a == b then
    return true
  end
  local difference = math.abs(a - b)
  return difference <= tolerance, ('%.17g and %.17g differ by %g'):format(a, b, difference)
end

local function sizes(t)
  return t:dim() == 0 and '[empty]' or '[' .. table.concat(t:size():totable(), 'x') .. ']'
end

local function compare_tensors(a, b, tolerance)
  if typename(a) ~= typename(b) then
    return false, ('types %s and %s'):format(typename(a), typename(b))
  elseif sizes(a) ~= sizes(b) then
    return false, ('sizes %s and %s'):format(sizes(a), sizes(b))
  elseif a:nElement() == 0 or (tolerance == 0 and a.equal and a:equal(b)) then
    return true
  end
  local x, y = a:double(), b:double()
  -- equal infinities have no difference
  local difference = (x - y):abs()
  difference[x:eq(y)] = 0
  local largest = difference:max()
  return largest <= tolerance, ('tensors differ by up to %g'):format(largest)
end

local function compare_storages(a, b, tolerance)
  if typename(a) ~= typename(b) then
    return false, ('types %s and %s'):format(typename(a), typename(b))
  elseif a:size() ~= b:size() then
    return false, ('%d and %d elements'):format(a:size(), b:size())
  end
  for i = 1, a:size() do
    local same, note = compare(a[i], b[i], tolerance)
    if not same then
      return false, ('element %d: %s'):format(i, note)
    end
  end
  return true
end

local function compare_tables(a, b, tolerance, seen)
  if seen[a] == b then
    return true
  end
  seen[a] = b
  for k, v in pairs(a) do
    local same, note = compare(v, b[k], tolerance, seen)
    if not same then
      return false, ('[%s]: %s'):format(tostring(k), note)
    end
  end
  for k in pairs(b) do
    if a[k] == nil then
      return false, ('[%s]: only in the second'):format(tostring(k))
    end
  end
  return true
end

function compare(a, b, tolerance, seen)
  if type(a) == 'number' and type(b) == 'number' then
    return compare_numbers(a, b, tolerance)
  elseif is_tensor(a) and is_tensor(b) then
    return compare_tensors(a, b, tolerance)
  elseif is_storage(a) and is_storage(b) then
    return compare_storages(a, b, tolerance)
  elseif type(a) == 'table' and type(b) == 'table' then
    return compare_tables(a, b, tolerance, seen or {})
  end
  if a == b then
    return true
  end
  return false, ('%s (%s) and %s (%s)'):format(tostring(a), class.type(a), tostring(b), class.type(b))
end

-- ---------------------------------------------------------------------------------------------------------
-- Tester
-- ---------------------------------------------------------------------------------------------------------

--- Runs tests and reports.
-- @usage
-- local tester = torch.Tester()
-- tester:add(function() tester:eq(1 + 1, 2, 'sum') end, 'addition')
local Tester = class.class('torch.Tester', M)

function Tester:__init()
  self._tests, self._names, self._disabled = {}, {}, {}
  self._early, self._rethrow, self._summary = false, false, false
  self.errors, self.countasserts, self.curtestname = {}, 0, ''
  self._failures = {}
end

--- Stop at the first failed assertion; let errors through; print the summary only.
function Tester:setEarlyAbort(on)
  self._early = on and true or false
  return self
end

function Tester:setRethrowErrors(on)
  self._rethrow = on and true or false
  return self
end

function Tester:setSummaryOnly(on)
  self._summary = on and true or false
  return self
end

local EARLY = {} -- raised to leave a test early

-- File and line of the test that called us
local function place()
  local level, here = 2, debug.getinfo(1, 'S').source
  while true do
    local info = debug.getinfo(level, 'Sl')
    if not info then
      return ''
    elseif info.source ~= here and info.what ~= 'C' then
      return ('%s:%d'):format(info.short_src, info.currentline)
    end
    level = level + 1
  end
end

-- Count an assertion; the caller's place goes with a failure.
local function judge(self, passed, note, message)
  self.countasserts = self.countasserts + 1
  if passed then
    return true
  end
  local text = ('%s%s\n%s'):format(message and tostring(message) .. '\n' or '', note or 'condition is false', place())
  table.insert(self._failures, {name = self.curtestname, text = text})
  table.insert(self.errors, self.curtestname .. '\n' .. text)
  if self._early then
    error(EARLY, 0)
  end
  return false, text
end

-- Tolerance and message come in any order.
local function tolerance_and_message(a, b, default)
  if type(a) == 'string' or type(b) == 'number' then
    a, b = b, a
  end
  if a ~= nil and type(a) ~= 'number' then
    error('Tester: tolerance (number) and message (string) expected as the last arguments', 3)
  end
  return a or default, b
end

--- Record a condition.
function Tester:assert(condition, message)
  return judge(self, condition, 'condition is ' .. tostring(condition), message)
end

-- name -> operator and comparison, for the numeric ones
local orders = {
  assertlt = {'<', function(a, b) return a < b end},
  assertgt = {'>', function(a, b) return a > b end},
  assertle = {'<=', function(a, b) return a <= b end},
  assertge = {'>=', function(a, b) return a >= b end},
  asserteq = {'==', function(a, b) return a == b end},
  assertne = {'~=', function(a, b) return a ~= b end},
}
for name, row in pairs(orders) do
  local sign, holds = row[1], row[2]
  Tester[name] = function(self, a, b, message)
    local comparable, held = pcall(holds, a, b)
    if not comparable then
      return judge(self, false, ('%s and %s have no order'):format(class.type(a), class.type(b)), message)
    end
    return judge(self, held, ('%s %s %s is violated'):format(tostring(a), sign, tostring(b)), message)
  end
end

--- Numbers that differ by at most a tolerance.
function Tester:assertalmosteq(a, b, tolerance, message)
  tolerance, message = tolerance_and_message(tolerance, message, 1e-16)
  if type(a) ~= 'number' or type(b) ~= 'number' then
    return judge(self, false, ('numbers expected, got %s and %s'):format(class.type(a), class.type(b)), message)
  end
  local same, note = compare_numbers(a, b, tolerance)
  return judge(self, same, note, message)
end

--- Deep equality of numbers, strings, tables, tensors, storages, up to a tolerance.
function Tester:eq(got, expected, tolerance, message)
  tolerance, message = tolerance_and_message(tolerance, message, 0)
  local same, note = compare(got, expected, tolerance)
  return judge(self, same, note, message)
end

--- The contrary.
function Tester:ne(got, unexpected, tolerance, message)
  tolerance, message = tolerance_and_message(tolerance, message, 0)
  return judge(self, not compare(got, unexpected, tolerance), 'the values are equal', message)
end

Tester.assertGeneralEq, Tester.assertGeneralNe = Tester.eq, Tester.ne

-- Both forms of a comparison of one type
local function typed(name, test, what)
  Tester[name .. 'Eq'] = function(self, a, b, tolerance, message)
    tolerance, message = tolerance_and_message(tolerance, message, 0)
    if not (test(a) and test(b)) then
      return judge(self, false, ('%s expected, got %s and %s'):format(what, class.type(a), class.type(b)), message)
    end
    local same, note = compare(a, b, tolerance)
    return judge(self, same, note, message)
  end
  Tester[name .. 'Ne'] = function(self, a, b, tolerance, message)
    tolerance, message = tolerance_and_message(tolerance, message, 0)
    if not (test(a) and test(b)) then
      return judge(self, false, ('%s expected, got %s and %s'):format(what, class.type(a), class.type(b)), message)
    end
    return judge(self, not compare(a, b, tolerance), 'the values are equal', message)
  end
end
typed('assertTensor', is_tensor, 'tensors')
typed('assertTable', function(x) return type(x) == 'table' end, 'tables')

--- A call that raises an error.
function Tester:assertError(f, message)
  return judge(self, not pcall(f), 'the call raised no error', message)
end

--- A call that raises none.
function Tester:assertNoError(f, message)
  local ok, err = pcall(f)
  return judge(self, ok, 'the call raised: ' .. tostring(err), message)
end

--- A call whose error is this text.
function Tester:assertErrorMsg(f, text, message)
  local ok, err = pcall(f)
  return judge(self, not ok and err == text,
    ok and 'the call raised no error' or ('error "%s" instead of "%s"'):format(tostring(err), tostring(text)), message)
end

--- A call whose error matches a Lua pattern.
function Tester:assertErrorPattern(f, pattern, message)
  if type(pattern) ~= 'string' then
    error(('Tester.assertErrorPattern: argument 2: pattern (string) expected, got %s'):format(class.type(pattern)), 2)
  end
  local ok, err = pcall(f)
  return judge(self, not ok and tostring(err):find(pattern) ~= nil,
    ok and 'the call raised no error' or ('error "%s" does not match "%s"'):format(tostring(err), pattern), message)
end

--- A call whose error equals an object, or satisfies it when it is a function.
function Tester:assertErrorObj(f, object, message)
  local ok, err = pcall(f)
  local same, note
  if type(object) == 'function' and type(err) ~= 'function' then
    same, note = not ok and object(err), tostring(err)
  else
    same, note = compare(err, object, 0)
  end
  return judge(self, not ok and same, ok and 'the call raised no error' or note, message)
end

-- ---------------------------------------------------------------------------------------------------------
-- Tests by name
-- ---------------------------------------------------------------------------------------------------------

local function add_one(self, test, name)
  if self._tests[name] then
    error(('Tester.add: a test %s exists already'):format(name), 3)
  end
  self._tests[name] = test
  table.insert(self._names, name)
end

--- Register a function under a name, or all functions of a table or TestSuite; returns the tester.
function Tester:add(test, name)
  if type(test) == 'function' then
    add_one(self, test, name and tostring(name) or ('test %d'):format(#self._names + 1))
    return self
  elseif type(test) ~= 'table' then
    error(('Tester.add: argument 1: function, table or TestSuite expected, got %s'):format(class.type(test)), 2)
  end
  local suite = is_suite(test)
  if suite then
    for each, f in suite.each() do
      add_one(self, f, tostring(each))
    end
    return self
  end
  local names = {}
  for each, f in pairs(test) do
    if type(f) ~= 'function' then
      error(('Tester.add: %s: function expected, got %s'):format(tostring(each), class.type(f)), 2)
    end
    names[#names + 1] = each
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, each in ipairs(names) do
    add_one(self, test[each], tostring(each))
  end
  return self
end

-- A name or a list of names, which must exist
local function listed(self, who, names)
  if type(names) == 'string' then
    names = {names}
  elseif type(names) ~= 'table' then
    error(('Tester.%s: argument 1: name or list of names expected, got %s'):format(who, class.type(names)), 3)
  end
  for _, name in ipairs(names) do
    if not self._tests[name] then
      error(('Tester.%s: there is no test %s'):format(who, tostring(name)), 3)
    end
  end
  return names
end

--- Skip tests; returns the tester.
function Tester:disable(names)
  for _, name in ipairs(listed(self, 'disable', names)) do
    self._disabled[name] = true
  end
  return self
end

-- ---------------------------------------------------------------------------------------------------------
-- Running
-- ---------------------------------------------------------------------------------------------------------

local function run_one(self, name)
  local before = #self._failures
  self.curtestname = name
  local ok, err
  if self._rethrow then
    self._tests[name]()
    ok = true
  else
    ok, err = xpcall(self._tests[name], function(e)
      return e == EARLY and EARLY or tostring(e) .. '\n' .. debug.traceback('', 2):gsub('^\n', '')
    end)
  end
  if not ok and err ~= EARLY then
    table.insert(self.errors, name .. '\n' .. tostring(err))
    return 'ERROR', err
  end
  return #self._failures > before and 'FAIL' or 'PASS', nil, err == EARLY
end

local function report(self, broken, count, skipped)
  if not self._summary then
    for _, failure in ipairs(self._failures) do
      io.write(('\n%s\n Failure: %s\n'):format(failure.name, failure.text))
    end
    for _, each in ipairs(broken) do
      io.write(('\n%s\n Error: %s\n'):format(each.name, tostring(each.err)))
    end
  end
  io.write(('Completed %d assert%s in %d test%s with %d failure%s and %d error%s%s\n'):format(
    self.countasserts, self.countasserts == 1 and '' or 's', count, count == 1 and '' or 's',
    #self._failures, #self._failures == 1 and '' or 's', #broken, #broken == 1 and '' or 's',
    skipped > 0 and (' (%d disabled)'):format(skipped) or ''))
end

--- Run all tests or those named, print a report, and raise an error when something failed.
-- @param[opt] names a name or a list of names
function Tester:run(names)
  names = names and listed(self, 'run', names) or self._names
  self._failures, self.errors, self.countasserts = {}, {}, 0
  local broken, count, skipped, width = {}, 0, 0, 0
  for _, name in ipairs(names) do
    width = math.max(width, #name)
  end
  io.write(('Running %d test%s\n'):format(#names, #names == 1 and '' or 's'))
  for i, name in ipairs(names) do
    local state, err, abort = 'SKIP'
    if self._disabled[name] then
      skipped = skipped + 1
    else
      count = count + 1
      state, err, abort = run_one(self, name)
      if state == 'ERROR' then
        table.insert(broken, {name = name, err = err})
      end
    end
    if not self._summary then
      io.write(('%d/%d %-' .. width .. 's [%s]\n'):format(i, #names, name, state))
    end
    if abort or (self._early and state == 'ERROR') then
      break
    end
  end
  report(self, broken, count, skipped)
  if #self._failures + #broken > 0 then
    error('An error was found while running tests!', 0)
  end
end

--- The package's own quick self-test, `torch.test([names])`.
function M.test(names)
  require 'torch.selftest'(M.Tester()):run(names)
end

return M
