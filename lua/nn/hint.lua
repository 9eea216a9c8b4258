--- Things that are not errors but probably mistakes, told once each on the standard error stream.
--
-- `nn.hints(false)` silences them, `nn.hints('error')` makes them errors, `nn.hints(function(text) ... end)` gets them.
local M = {}
local told, sink = {}, true

--- Choose what happens to hints.
-- @param to true (print), false (nothing), 'error', or a function of the text; nil: only ask
-- @return what was in force
-- @usage local before = nn.hints(false); nn.hints(before)
function M.to(to)
  local before = sink
  if to ~= nil then
    if type(to) ~= 'boolean' and type(to) ~= 'function' and to ~= 'error' then
      error("nn.hints: expected true, false, 'error' or a function, got " .. torch.type(to), 2)
    end
    sink, told = to, {}
  end
  return before
end

--- Tell something once a process.
-- @param key what tells one hint from another
-- @param text the hint with its remedy
function M.once(key, text)
  if told[key] or not sink then return end
  if sink == 'error' then error(text, 0) end
  told[key] = true
  if sink == true then
    io.stderr:write('warning: ', text, '\n')
  else
    sink(text)
  end
end

return M
