--- What the fuzz targets that make calls share: the log of the running case, the clock of each call, and what they
-- judge: a text from inside instead of from a check of the arguments, a call that does not end, memory that grows.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local luatype = require 'torch.class'.luatype
ffi.cdef [[
struct rk_fuzz_timer { long interval_s, interval_us, s, us; };
int rk_fuzz_setitimer(int, const struct rk_fuzz_timer *, void *) __asm__("setitimer");
]]

local prof = 2 -- the timer that counts processor time: a busy machine does not upset it

-- Texts that come from inside of the library instead of from a check of the arguments.
local insides = { 'attempt to', 'bad argument', "cannot convert '", 'invalid order', 'too many results',
  'stack overflow', 'invalid key', 'expected near', 'struct rk_', 'not enough memory',
  'string length overflow', 'table overflow', 'number of C arguments', 'invalid value (', 'unable to dump',
  'error in error handling', 'C stack', 'has no member named', 'missing declaration', 'table index is' }
-- ... unless they are a sentence of ours, or of a program.
local sentences = { 'attempt to use', 'attempt to read in a', 'attempt to write in a', 'attempt to perform torch' }

--- The log, the clock and the judge of a target.
-- @param options what options.lua read
-- @param own a function of a message and what was called: does it come from the program that called wrongly?
return function(options, own)
  local M = { calls = 0, errors = 0 }
  local limit = options.limit or 60 -- seconds of processor time for one call
  local log, last, found, running = nil, '', {}, 0

  --- Begin the log of a case.
  function M.begin(case)
    if log then log:close() end
    log = options.log and assert(io.open(options.log, 'w'))
    running = case
    M.note(('case %d'):format(case))
  end

  --- Log a line before what it says is done.
  function M.note(text)
    last = text
    if options.case then
      print(text)
      io.flush()
    end
    if log then
      log:write(text, '\n')
      log:flush()
    end
  end

  local function report(kind, text, message)
    local key = kind .. message:gsub('0x%x+', ''):gsub('%d+', '#'):gsub('%b""', '""'):gsub('%b[]', '')
    if not found[key] then
      found[key] = true
      found[#found + 1] = ('case %d: %s\n    %s'):format(running, text, message)
      if options.verbose then print(found[#found]) end
    end
  end

  --- Judge the text of an error.
  function M.judge(text, name, message)
    message = tostring(message)
    for _, words in ipairs(sentences) do
      if message:find(words, 1, true) then return end
    end
    for _, words in ipairs(insides) do
      if message:find(words, 1, true) and not own(message, name) then return report(name, text, message) end
    end
  end

  --- pcall, timed: what takes longer than the limit is a finding, what takes much longer ends the process.
  function M.try(text, name, f, ...)
    M.note(text)
    M.calls = M.calls + 1
    local timer = ffi.new('struct rk_fuzz_timer', 0, 0, 3 * limit, 0)
    ffi.C.rk_fuzz_setitimer(prof, timer, nil)
    local began = os.clock()
    return M.ended(text, name, began, pcall(f, ...))
  end

  -- A NaN that was loaded as it stands in C's memory has a type that no value has.
  local function sound(v)
    local kind = luatype(v)
    return kind ~= 'proto' and kind ~= 'trace' and kind ~= 'upval'
  end
  local function check_results(text, name, ...)
    for i = 1, select('#', ...) do
      local v = (select(i, ...))
      local good = sound(v)
      if good and luatype(v) == 'table' then
        for _, entry in next, v do good = good and sound(entry) end
      end
      if not good then report(name, text, 'a NaN of C was taken for an object') end
    end
  end

  function M.ended(text, name, began, ok, ...)
    local took = os.clock() - began
    if took > limit then report(name, text, ('took %.0f s'):format(took)) end
    check_results(text, name, ...)
    if options.collect then collectgarbage() end
    if not ok then
      M.errors = M.errors + 1
      M.judge(text, name, (...))
    end
    return ok, ...
  end

  local held
  --- What is held between cases does not grow: to be called now and then, when everything has been let go.
  function M.memory()
    collectgarbage()
    collectgarbage()
    local now = tonumber(C.rk_live_bytes) + collectgarbage 'count' * 1024
    held = held or now + 64e6
    if now > held then
      report('memory', last, ('%.0f MB are held between cases'):format(now / 1e6))
      held = 1e300
    end
  end

  --- Say what was found; the exit status tells.
  function M.finish()
    ffi.C.rk_fuzz_setitimer(prof, ffi.new 'struct rk_fuzz_timer', nil)
    print(('%d calls, %d errors raised'):format(M.calls, M.errors))
    if #found > 0 then
      print(('%d findings:'):format(#found))
      for i = 1, math.min(#found, tonumber(options.show) or 40) do print('  ' .. found[i]) end
      os.exit(1)
    end
  end

  --- Run all cases; an error that escapes from one ends the target.
  function M.run(one)
    options.run(function(case)
      M.begin(case)
      local ok, why = pcall(one, case)
      if not ok and not tostring(why):find 'out of memory' then
        error(('case %d: %s\nafter: %s'):format(case, tostring(why), last), 0)
      end
      if case % 300 == 0 then M.memory() end
    end)
    M.finish()
  end

  return M
end
