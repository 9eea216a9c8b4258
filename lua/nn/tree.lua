--- The text of containers whose children stand side by side.

--- @param self a container
-- @param[opt] output how the last line calls the result: '... -> output' by default
-- @return the lines that tostring(self) gives
return function(self, output)
  local modules = self.modules
  local lines = { torch.type(self) .. ' {', '  input' }
  for i, module in ipairs(modules) do
    local last = i == #modules
    local text = tostring(module):gsub('\n', last and '\n         ' or '\n    |    ')
    lines[#lines + 1] = (last and '     `-> (%d): %s' or '    |`-> (%d): %s'):format(i, text)
  end
  lines[#lines + 1] = '     ' .. (output or '... -> output')
  lines[#lines + 1] = '}'
  return table.concat(lines, '\n')
end
