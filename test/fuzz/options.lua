--- What the fuzz targets share: options, the clock, the folder they run in.
--
--     --seconds N   how long (10)      --seed N   where the cases come from (the clock)
--     --cases N     and no more cases than these: what they find does not depend on the machine's speed
--     --case N      this case alone    --log FILE the calls of the running case
--     --hot N       loops are compiled after N turns, side exits after N exits
local ffi = require 'ffi'
ffi.cdef 'int rk_fuzz_chdir(const char *) __asm__("chdir");'

--- Read the options of a target.
-- @param name of the target
-- @param words the program's arguments
-- @return a table of the options with `run(one)`, which calls one(case) until the time or the cases are over
return function(name, words)
  local options = { seconds = 10, seed = os.time() % 1000003 }
  for i = 1, #words, 2 do
    local key = words[i]:match '^%-%-(%l+)$'
    if not key or not words[i + 1] then error(('%s: unknown option %s'):format(name, words[i]), 0) end
    options[key] = tonumber(words[i + 1]) or words[i + 1]
  end
  if options.hot then jit.opt.start('hotloop=' .. options.hot, 'hotexit=' .. options.hot) end
  -- Functions that write files write them here.
  local folder = os.tmpname()
  os.remove(folder)
  assert(paths.mkdir(folder))
  ffi.C.rk_fuzz_chdir(folder)
  print(('%s: --seed %d'):format(name, options.seed))

  function options.run(one)
    if options.case then
      one(options.case)
    else
      local timer, case = torch.Timer(), 0
      while timer:time().real < options.seconds and case < (options.cases or math.huge) do
        case = case + 1
        one(case)
      end
      print(('%d cases in %.0f s'):format(case, timer:time().real))
    end
    ffi.C.rk_fuzz_chdir '/'
    paths.rmall(folder, 'yes')
  end
  return options
end
