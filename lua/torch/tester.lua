--- torch.Tester and torch.TestSuite: unit tests as Torch7's packages write them.
-- @module torch.tester

local class = require 'torch.class'
local joined = require('torch.check').joined

local typename = class.typename
local M = {}

-- ---------------------------------------------------------------------------------------------------------
-- TestSuite
-- ---------------------------------------------------------------------------------------------------------

--- A table of test functions that refuses a second function of the same name. `_setUp(name)` and `_tearDown(name)` are
-- no tests: they run before and after each.
-- @usage
-- local suite = torch.TestSuite()
-- function suite.addition() assert(1 + 1 == 2) end
-- assert(not pcall(function() suite.addition = print end))
function M.TestSuite()
  local tests, order = {}, {}
  -- the two fields are Torch7's, which some programs read
  return setmetatable({__tests = tests, __isTestSuite = true}, {
    __typename = 'torch.TestSuite',
    __index = tests,
    __newindex = function(_, name, test)
      if tests[name] ~= nil then
        error(('Test %s is already defined. (torch.TestSuite: it exists already)'):format(tostring(name)), 2)
      elseif type(test) == 'table' then
        error(('Nested tests are not supported. (torch.TestSuite: %s is a table)'):format(tostring(name)), 2)
      elseif type(test) ~= 'function' then
        local message = 'Only functions are allowed as members of a TestSuite. (torch.TestSuite: %s: %s)'
        error(message:format(tostring(name), class.type(test)), 2)
      end
      tests[name] = test
      order[#order + 1] = name
    end,
    order = order, -- of definition, for Tester:add
  })
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
  return t:dim() == 0 and '[empty]' or '[' .. joined(t:size(), 'x') .. ']'
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

-- `tests` and the fields below it are named as in Torch7, whose programs read and replace some.
function Tester:__init()
  self.tests, self._order, self.disabledTests = {}, {}, {}
  self.errors, self.warnings, self._warningCount = {}, {}, {}
  self.assertionPass, self.assertionFail, self.testError = {}, {}, {}
  self.countasserts, self._currentTestName = 0, ''
  self.earlyAbort, self.rethrow, self.summaryOnly = false, false, false
  self._assertTensorEqIgnoresDims = true -- assertTensorEq only warns of other sizes when the count of elements is right
end

--- Stop after the first test that fails.
function Tester:setEarlyAbort(on)
  self.earlyAbort = on and true or false
  return self
end

--- Let errors, and failed assertions as errors, through.
function Tester:setRethrowErrors(on)
  self.rethrow = on and true or false
  return self
end

--- Print the summary only.
function Tester:setSummaryOnly(on)
  self.summaryOnly = on and true or false
  return self
end

-- Files and lines of the test that called us: the innermost two
local function place()
  local level, here, lines = 2, debug.getinfo(1, 'S').source, {}
  while #lines < 2 do
    local info = debug.getinfo(level, 'Sl')
    if not info or (#lines > 0 and (info.source == here or info.what == 'C')) then
      break
    elseif info.source ~= here and info.what ~= 'C' then
      lines[#lines + 1] = ('\t%s:%d'):format(info.short_src, info.currentline)
    end
    level = level + 1
  end
  return table.concat(lines, '\n')
end

local function count(counts, name)
  counts[name] = (counts[name] or 0) + 1
end

local function noted(self, message)
  local name = self._currentTestName
  return ('%s%s\n%s'):format(name ~= '' and name .. '\n' or '', message or '', place())
end

-- What an assertion does when it holds, and when not. Programs replace them; their results are the assertion's.
function Tester:_success()
  self.countasserts = self.countasserts + 1
  count(self.assertionPass, self._currentTestName)
  return true
end

function Tester:_failure(message)
  self.countasserts = self.countasserts + 1
  count(self.assertionFail, self._currentTestName)
  if self.rethrow then
    error(message, 2)
  end
  self.errors[#self.errors + 1] = noted(self, message)
  return false, message
end

function Tester:_warning(message)
  count(self._warningCount, self._currentTestName)
  self.warnings[#self.warnings + 1] = noted(self, message)
end

-- What assertions of a program's own testers call
function Tester:_assert_sub(condition, message)
  if condition then
    return self:_success()
  end
  return self:_failure(message)
end

-- Note an assertion: the program's message, then ours.
local function judge(self, passed, note, message)
  if passed then
    return self:_assert_sub(true, message)
  end
  local words = message ~= nil and message ~= '' and tostring(message) .. '\n' or ''
  return self:_assert_sub(false, words .. tostring(note))
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
  return judge(self, condition, 'BOOL violation: condition=' .. tostring(condition), message)
end

-- name -> operator and comparison, for the numeric ones
local orders = {
  assertlt = {'LT(<)', function(a, b) return a < b end},
  assertgt = {'GT(>)', function(a, b) return a > b end},
  assertle = {'LE(<=)', function(a, b) return a <= b end},
  assertge = {'GE(>=)', function(a, b) return a >= b end},
  asserteq = {'EQ(==)', function(a, b) return a == b end},
  assertne = {'NE(~=)', function(a, b) return a ~= b end},
}
for name, row in pairs(orders) do
  local sign, holds = row[1], row[2]
  Tester[name] = function(self, a, b, message)
    local comparable, held = pcall(holds, a, b)
    if not comparable then
      return judge(self, false, ('%s violation: %s and %s have no order'):format(sign, class.type(a), class.type(b)),
        message)
    end
    return judge(self, held, ('%s violation: val=%s, condition=%s'):format(sign, tostring(a), tostring(b)), message)
  end
end

--- Numbers that differ by at most a tolerance.
function Tester:assertalmosteq(a, b, tolerance, message)
  tolerance, message = tolerance_and_message(tolerance, message, 1e-16)
  if type(a) ~= 'number' or type(b) ~= 'number' then
    return judge(self, false, ('numbers expected, got %s and %s'):format(class.type(a), class.type(b)), message)
  end
  local same, note = compare_numbers(a, b, tolerance)
  return judge(self, same, ('ALMOST_EQ(==) violation: %s, tolerance=%g'):format(note or '', tolerance), message)
end

local function violation(note, tolerance)
  return ('EQ(==) violation: %s, tolerance=%g'):format(note or '', tolerance)
end

--- Deep equality of numbers, strings, tables, tensors, storages, up to a tolerance.
function Tester:eq(got, expected, tolerance, message)
  tolerance, message = tolerance_and_message(tolerance, message, 0)
  local same, note = compare(got, expected, tolerance)
  return judge(self, same, violation(note, tolerance), message)
end

--- The contrary.
function Tester:ne(got, unexpected, tolerance, message)
  tolerance, message = tolerance_and_message(tolerance, message, 0)
  return judge(self, not compare(got, unexpected, tolerance), 'NE(~=) violation: the values are equal', message)
end

Tester.assertGeneralEq, Tester.assertGeneralNe = Tester.eq, Tester.ne

-- Both forms of a comparison of one type. prepare(self, a, b) may give other forms of the two.
local function typed(name, test, what, prepare)
  local function form(judged)
    return function(self, a, b, tolerance, message)
      tolerance, message = tolerance_and_message(tolerance, message, 0)
      if not (test(a) and test(b)) then
        return judge(self, false, ('%s expected, got %s and %s'):format(what, class.type(a), class.type(b)), message)
      end
      if prepare then
        a, b = prepare(self, a, b)
      end
      return judged(self, message, tolerance, compare(a, b, tolerance))
    end
  end
  Tester[name .. 'Eq'] = form(function(self, message, tolerance, same, note)
    return judge(self, same, violation(note, tolerance), message)
  end)
  Tester[name .. 'Ne'] = form(function(self, message, _, same)
    return judge(self, not same, 'NE(~=) violation: the values are equal', message)
  end)
end

-- Torch7's suites compare tensors of other sizes and as many elements: it warns.
local function same_sizes(self, a, b)
  if self._assertTensorEqIgnoresDims and sizes(a) ~= sizes(b) and a:nElement() == b:nElement()
    and typename(a) == typename(b) then
    self:_warning(('assertTensorEq: sizes %s and %s differ; the elements are compared in order'):format(sizes(a),
      sizes(b)))
    b = b:clone():resizeAs(a)
  end
  return a, b
end
typed('assertTensor', is_tensor, 'tensors', same_sizes)
typed('assertTable', function(x) return type(x) == 'table' end, 'tables')

--- A call that raises an error.
function Tester:assertError(f, message)
  return judge(self, not pcall(f), 'ERROR violation: the call raised no error', message)
end

--- A call that raises none.
function Tester:assertNoError(f, message)
  local ok, err = pcall(f)
  return judge(self, ok, 'ERROR violation: err=' .. tostring(err), message)
end

--- A call whose error is this text.
function Tester:assertErrorMsg(f, text, message)
  local ok, err = pcall(f)
  return judge(self, not ok and err == text, ok and 'ERROR violation: the call raised no error'
    or ('ERROR violation: err="%s" expected="%s"'):format(tostring(err), tostring(text)), message)
end

--- A call whose error matches a Lua pattern.
function Tester:assertErrorPattern(f, pattern, message)
  if type(pattern) ~= 'string' then
    error(('Tester.assertErrorPattern: argument 2: pattern (string) expected, got %s'):format(class.type(pattern)), 2)
  end
  local ok, err = pcall(f)
  return judge(self, not ok and tostring(err):find(pattern) ~= nil, ok and 'ERROR violation: the call raised no error'
    or ('ERROR violation: err="%s" does not match "%s"'):format(tostring(err), pattern), message)
end

--- A call whose error equals an object, or satisfies it when it is a function.
function Tester:assertErrorObj(f, object, message)
  local ok, err = pcall(f)
  local same, note
  if type(object) == 'function' and type(err) ~= 'function' then
    same, note = not ok and object(err), 'err=' .. tostring(err)
  else
    same, note = compare(err, object, 0)
  end
  return judge(self, not ok and same, 'ERROR violation: ' .. (ok and 'the call raised no error' or tostring(note)),
    message)
end

-- ---------------------------------------------------------------------------------------------------------
-- Tests by name
-- ---------------------------------------------------------------------------------------------------------

local hooks = {_setUp = true, _tearDown = true}

local function add_one(self, test, name)
  if type(test) == 'table' then
    error(('Nested sets of tests are not supported (Tester.add: %s is a table)'):format(tostring(name)), 3)
  elseif type(test) ~= 'function' then
    error(('Tester.add: %s: function expected, got %s'):format(tostring(name), class.type(test)), 3)
  elseif hooks[name] then
    self[name] = test
    return
  elseif self.tests[name] then
    error(('Tester.add: a test %s exists already'):format(tostring(name)), 3)
  end
  self.tests[name] = test
  table.insert(self._order, name)
end

-- The names in a table or TestSuite: in order of definition, else by name
local function names_in(tests)
  local mt = getmetatable(tests)
  if type(mt) == 'table' and mt.__typename == 'torch.TestSuite' then
    return mt.order
  end
  local names = {}
  for name in pairs(tests) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

--- Register a function under a name, or all functions of a table or TestSuite; returns the tester.
function Tester:add(test, name)
  if type(test) == 'function' then
    add_one(self, test, name and tostring(name) or ('test %d'):format(#self._order + 1))
    return self
  elseif type(test) ~= 'table' then
    error(('Tester.add: argument 1: function, table or TestSuite expected, got %s'):format(class.type(test)), 2)
  end
  if not test.__isTestSuite then
    self.warnings[#self.warnings + 1] = 'Should use TestSuite rather than plain lua table'
  end
  for _, each in ipairs(names_in(test)) do
    add_one(self, test[each], type(each) == 'string' and each or tostring(each))
  end
  return self
end

local function list_of(who, names)
  if type(names) == 'string' then
    return {names}
  elseif type(names) ~= 'table' then
    error(('Tester.%s: argument 1: name or list of names expected, got %s'):format(who, class.type(names)), 3)
  end
  return names
end

--- Skip tests of these names; returns the tester.
function Tester:disable(names)
  for _, name in ipairs(list_of('disable', names)) do
    if not self.tests[name] then
      error(('Tester.disable: there is no test %s'):format(tostring(name)), 2)
    end
    self.disabledTests[name] = true
  end
  return self
end

-- The tests to run, in their order: all, or those whose names match one of the patterns (a plain name matches itself).
local function chosen(self, patterns)
  local names = {}
  patterns = patterns ~= nil and list_of('run', patterns) or nil
  for _, name in ipairs(self._order) do
    local take = self.tests[name] ~= nil and patterns == nil
    for _, pattern in ipairs(patterns or {}) do
      take = take or name == pattern or name:match(pattern) ~= nil
    end
    if take then
      names[#names + 1] = name
    end
  end
  if #names == 0 and patterns and #patterns > 0 then
    error(('Tester.run: there is no test %s'):format(tostring(patterns[1])), 3)
  end
  return names
end

-- ---------------------------------------------------------------------------------------------------------
-- Running
-- ---------------------------------------------------------------------------------------------------------

local COLUMNS = 80
-- Colours, and lines that are written twice, are for terminals.
local function terminal()
  return os.getenv 'TERM' ~= 'dumb' and require 'torch.system'.isatty(io.stdout)
end

local function coloured(text, colour)
  if not terminal() then
    return text
  end
  local colours = require 'sys.colors'
  return colours[colour] .. text .. colours.none
end

local function plural(n, what)
  return ('%d %s%s'):format(n, what, n == 1 and '' or 's')
end

local function with_trace(err)
  return tostring(err) .. '\n' .. debug.traceback('', 2):gsub('^\n', '')
end

-- One test, between its hooks
local function call_test(self, name)
  if self._setUp then
    self._setUp(name)
  end
  local ok, err = true, nil
  if self.rethrow then
    self.tests[name]()
  else
    ok, err = xpcall(self.tests[name], with_trace)
  end
  if self._tearDown then
    self._tearDown(name)
  end
  return ok, err
end

local function run_one(self, name)
  if self.disabledTests[name] then
    return 'SKIP', 'yellow'
  end
  local failures = self.assertionFail[name]
  local ok, err = call_test(self, name)
  if not ok then
    self.testError[name] = 1
    table.insert(self.errors, ('%s\nFunction call failed\n%s\n'):format(name, err))
    return 'ERROR', 'magenta'
  elseif self.assertionFail[name] > failures then
    return 'FAIL', 'red'
  end
  return 'PASS', 'green'
end

local function total(counts, names)
  local sum = 0
  for _, name in ipairs(names) do
    sum = sum + (counts[name] or 0)
  end
  return sum
end

local function report(self, names)
  local failures, errors, skipped = total(self.assertionFail, names), total(self.testError, names), 0
  for _, name in ipairs(names) do
    skipped = skipped + (self.disabledTests[name] and 1 or 0)
  end
  io.write('Completed ', plural(total(self.assertionPass, names) + failures, 'assert'), ' in ', plural(#names, 'test'),
    ' with ', coloured(plural(failures, 'failure'), failures == 0 and 'green' or 'red'),
    ' and ', coloured(plural(errors, 'error'), errors == 0 and 'green' or 'magenta'),
    #self.warnings > 0 and ' and ' .. coloured(plural(#self.warnings, 'warning'), 'yellow') or '',
    skipped > 0 and (' (%d disabled)'):format(skipped) or '', '\n')
  if self.summaryOnly or #self.errors + #self.warnings == 0 then
    return failures + errors == 0
  end
  local dashes = ('-'):rep(COLUMNS) .. '\n'
  io.write(dashes)
  for _, list in ipairs {self.errors, self.warnings} do
    for _, text in ipairs(list) do
      io.write(text, '\n', dashes)
    end
  end
  return failures + errors == 0
end

-- Errors and counts of an earlier run are gone; a warning about how tests were added stays.
local function forget(self, names)
  self.errors, self.countasserts, self._warningCount = {}, 0, {}
  self.assertionPass, self.assertionFail, self.testError = {}, {}, {}
  for _, name in ipairs(names) do
    self.assertionPass[name], self.assertionFail[name], self.testError[name] = 0, 0, 0
  end
end

local function run_all(self, names)
  local digits, live = #tostring(#names), terminal()
  for i, name in ipairs(names) do
    self._currentTestName = name
    local head = ('%' .. digits .. 'd/%d '):format(i, #names)
    local line = coloured(head, 'cyan') .. name .. ' ' .. ('.'):rep(math.max(COLUMNS - 8 - #head - #name, 0)) .. ' '
    if live and not self.summaryOnly then
      io.write(line, '[', coloured('WAIT', 'cyan'), ']')
      io.flush()
    end
    local state, colour = run_one(self, name)
    if not self.summaryOnly then
      io.write(live and '\r' or '', line, '[', coloured(state, colour), ']', live and ' ' or '', '\n')
      io.flush()
    end
    if self.earlyAbort and (state == 'FAIL' or state == 'ERROR') and i < #names then
      io.write('Aborting on first error, not all tests have been executed\n')
      break
    end
    collectgarbage()
  end
  self._currentTestName = ''
end

--- Run all tests or those named, print a report, and raise an error when something failed.
-- @param[opt] names a name or a Lua pattern, or a list of them
function Tester:run(names)
  names = chosen(self, names)
  forget(self, names)
  io.write('Running ', plural(#names, 'test'), '\n')
  run_all(self, names)
  if not report(self, names) then
    error('An error was found while running tests!', 0)
  end
end

--- The package's own quick self-test, `torch.test([names])`; returns its tester.
function M.test(names)
  local tester = require 'torch.selftest'(M.Tester())
  tester:run(names)
  return tester
end

return M
