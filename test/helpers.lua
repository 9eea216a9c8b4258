--- What specs of several packages share: errors, files, programs in processes of their own, memory. `require 'helpers'`
-- finds it: test/run.lua puts its folder on the path.
local M = {}

local th = arg[-1]

--- The text of the error that f(...) raises.
function M.message(f, ...)
  local ok, err = pcall(f, ...)
  if ok then error('expected an error, there was none', 2) end
  return tostring(err)
end

--- What pcall(f, a, b, c) gives, called from line 1 of a program of that name.
function M.call_in_program(f, a, b, c)
  return pcall(loadstring('local f, a, b, c = ... local r = f(a, b, c) return r', '=program'), f, a, b, c)
end

--- The error of a program that ends in one; its lines are those of "program".
function M.message_of(source) return M.message(assert(loadstring(source, '=program'))) end

--- f(...) raises an error whose text matches the pattern.
function M.fails(pattern, f, ...)
  local ok, err = pcall(f, ...)
  if ok then error('expected an error, there was none', 2) end
  if not tostring(err):find(pattern) then error(('%q does not match %q'):format(tostring(err), pattern), 2) end
end

--- What a file holds.
function M.content(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read '*a'
  file:close()
  return text
end

--- Write a file anew.
-- @return its path
function M.write(path, text)
  local file = assert(io.open(path, 'wb'))
  file:write(text)
  file:close()
  return path
end

--- What a shell command prints, errors too.
function M.output(command)
  local pipe = io.popen(('{ %s ; } 2>&1'):format(command))
  local text = pipe:read '*a'
  pipe:close()
  return text
end

--- What th prints, errors too, when it runs a text as a file.
-- @string code the program
-- @string[opt] words its arguments, and more for the shell behind them
-- @string[opt] before variables of the environment, or a command that runs th
function M.program(code, words, before)
  local name = M.write(os.tmpname(), code)
  local text = M.output(("%s '%s' %s %s"):format(before or '', th, name, words or ''))
  os.remove(name)
  return text
end

--- Memory of this process in kB.
function M.resident()
  for line in io.lines '/proc/self/status' do
    local n = line:match '^VmRSS:%s*(%d+)'
    if n then return tonumber(n) end
  end
end

--- Bytes that tensors hold, when what nobody needs has been collected.
function M.live()
  collectgarbage()
  collectgarbage()
  return tonumber(require 'torch.ffi'.rk_live_bytes)
end

return M
