--- Runs the busted specs inside th.
--
--     build/th test/run.lua [options] [spec files or folders]     default: test
--       --filter PATTERN   only tests whose full name matches the Lua pattern
--       --jobs N           N files at a time (1)
--       --list             print the names of the tests instead of running them
--       --verbose          a line for every test
--       --summary FILE     write "passed failed skipped" to FILE instead of the last line
--
-- Every file runs in a process of its own: a crash costs one file, and nothing
-- one spec leaves behind reaches another. Ends with `N passed, N failed, N skipped`.
local lfs = require 'lfs'
package.path = (arg[0]:match '^(.*/)' or './') .. '?.lua;' .. package.path -- for helpers.lua

local function fail(text)
  io.stderr:write('run.lua: ', text, '\n')
  os.exit(2)
end

local FLAGS = { list = true, verbose = true }
local VALUES = { filter = true, jobs = true, summary = true, only = true }

local function parse(words)
  local options, files, i = { jobs = 1 }, {}, 1
  while i <= #words do
    local name = words[i]:match '^%-%-(.+)$'
    if not name then
      files[#files + 1] = words[i]
    elseif FLAGS[name] then
      options[name] = true
    elseif VALUES[name] then
      i = i + 1
      options[name] = words[i] or fail(('a value is missing after --%s'):format(name))
    else
      fail(('unknown option --%s; see the top of test/run.lua'):format(name))
    end
    i = i + 1
  end
  options.jobs = tonumber(options.jobs) or fail '--jobs: a number expected'
  return options, files
end

-- All X_spec.lua under the path, sorted; a file is taken as it is.
local function find(path, found)
  local mode = lfs.attributes(path, 'mode')
  if mode == 'file' then
    found[#found + 1] = path
  elseif mode == 'directory' then
    local names = {}
    for name in lfs.dir(path) do
      names[#names + 1] = name
    end
    table.sort(names)
    for _, name in ipairs(names) do
      local full = path .. '/' .. name
      if name:match '_spec%.lua$' or (not name:match '^%.' and lfs.attributes(full, 'mode') == 'directory') then
        find(full, found)
      end
    end
  else
    fail(('no such file or folder: %s'):format(path))
  end
  return found
end

-- -- one file, in this process ------------------------------------------------
-- Subscribes to busted's events and counts. Returns the counts.
local function watch(busted, options)
  local handler = require 'busted.outputHandlers.base'()
  local counts = { passed = 0, failed = 0, skipped = 0 }
  local function say(mark, name)
    if options.verbose or mark == 'FAIL' then
      io.write('  ', mark, '  ', name, '\n')
    end
  end
  local function problem(element, parent, message, trace)
    counts.failed = counts.failed + 1
    local name = element.name and handler.getFullName(element) or parent and handler.getFullName(parent) or 'the file'
    say('FAIL', name)
    local text = type(message) == 'table' and (message.message or require 'pl.pretty'.write(message)) or message
    io.write('    ', tostring(text):gsub('\n', '\n    '), '\n')
    if trace and trace.short_src and trace.currentline then
      io.write(('    at %s:%d\n'):format(trace.short_src, trace.currentline))
    end
  end
  local failed = {}
  for _, event in ipairs { 'failure', 'error' } do
    busted.subscribe({ event }, function(element, parent, message, trace)
      if not failed[element] then
        failed[element] = true
        problem(element, parent, message, trace)
      end
      return nil, true
    end)
  end
  busted.subscribe({ 'test', 'start' }, function(element)
    io.write('== test ', (handler.getFullName(element):gsub('\n', ' ')), '\n') -- tells where a crash was
    io.flush()
    return nil, true
  end)
  busted.subscribe({ 'test', 'end' }, function(element, _, status)
    if status == 'success' then
      counts.passed = counts.passed + 1
      say('ok  ', handler.getFullName(element))
    elseif status == 'pending' then
      counts.skipped = counts.skipped + 1
      say('skip', handler.getFullName(element))
    end
    return nil, true
  end)
  return counts
end

local function run_file(file, options)
  local busted = require 'busted.core'()
  require 'busted'(busted)
  busted.register('file', 'file', {}) -- a process for every file is insulation enough
  local counts = watch(busted, options)
  -- busted.luajit is left out: it caches ffi.typeof by its first argument, so that all of typeof('$[1]', type)
  -- became one type
  require 'busted.modules.filter_loader'()(busted, {
    tags = {}, excludeTags = {}, filter = options.filter and { options.filter } or {}, filterOut = {},
    list = options.list,
  })
  require 'busted.modules.test_file_loader'(busted, { 'lua' })({ file }, { '' }, { excludes = {}, recursive = false })
  require 'busted.execute'(busted)(1, {})
  busted.publish { 'exit' }
  return counts
end

-- -- many files, a process each --------------------------------------------------
local function quoted(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

local function start(file, options)
  local words = { arg[-1], arg[0], '--only', file }
  for _, name in ipairs { 'filter', 'list', 'verbose' } do
    if options[name] then
      words[#words + 1] = '--' .. name
      words[#words + 1] = VALUES[name] and options[name] or nil
    end
  end
  for i, word in ipairs(words) do
    words[i] = quoted(word)
  end
  -- The status comes back as a line: what pclose would tell is lost in Lua 5.1.
  local command = table.concat(words, ' ') .. ' </dev/null 2>&1; echo "== status $?"'
  return { file = file, pipe = io.popen(command, 'r'), started = os.time() }
end

-- Waits for a job and reports it. Returns the counts.
local function finish(job, options)
  local text, last = job.pipe:read '*a', 'before its tests'
  job.pipe:close()
  text = text:gsub('== test ([^\n]*)\n', function(name)
    last = name
    return ''
  end)
  local body, status = text:match '^(.*)== status (%d+)%s*$'
  local head, p, f, s, seconds = (body or text):match '^(.-)== (%d+) (%d+) (%d+) ([%d.]+)%s*$'
  if options.list then
    io.write(head or text)
    return 0, 0, 0
  end
  if not p then -- it died before its end
    io.write(('FAIL  %s: ended with status %s in: %s\n%s\n'):format(job.file, status or '?', last, body or text))
    return 0, 1, 0
  end
  p, f, s = tonumber(p), tonumber(f), tonumber(s)
  local word = f > 0 and 'FAIL' or 'ok  '
  io.write(('%s  %s  %d tests, %.1f s%s\n%s'):format(word, job.file, p + f + s, seconds,
    s > 0 and (', %d skipped'):format(s) or '', head))
  io.flush()
  return p, f, s
end

local function run_all(files, options)
  local jobs, sum = {}, { 0, 0, 0 }
  for i = 1, #files do
    for k = i, math.min(#files, i + options.jobs - 1) do
      jobs[k] = jobs[k] or start(files[k], options)
    end
    local counts = { finish(jobs[i], options) }
    for k = 1, 3 do
      sum[k] = sum[k] + counts[k]
    end
    jobs[i] = false
  end
  return unpack(sum)
end

local options, roots = parse(arg)
if options.only then
  -- Names of our own: a declaration of the same function elsewhere would count instead.
  require 'ffi'.cdef [[
    struct timespec_run { long s, n; };
    int run_clock(int, struct timespec_run *) __asm__("clock_gettime");
  ]]
  local t = require 'ffi'.new 'struct timespec_run'
  local function now()
    require 'ffi'.C.run_clock(1, t)
    return tonumber(t.s) + tonumber(t.n) * 1e-9
  end
  local began = now()
  local counts = run_file(options.only, options)
  io.write(('== %d %d %d %.2f\n'):format(counts.passed, counts.failed, counts.skipped, now() - began))
  os.exit(counts.failed == 0)
end

local files = {}
for _, root in ipairs(#roots > 0 and roots or { 'test' }) do
  find(root:gsub('/$', ''), files)
end
local passed, failed, skipped = run_all(files, options)
if not options.list then
  if options.summary then
    local file = assert(io.open(options.summary, 'w'))
    file:write(('%d %d %d\n'):format(passed, failed, skipped))
    file:close()
  else
    print(('%d passed, %d failed, %d skipped'):format(passed, failed, skipped))
  end
end
os.exit(failed == 0)
