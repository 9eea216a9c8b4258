--- Generates the API documentation of all packages as HTML: th rocks/docs.lua [folder = build/docs]. Needs ldoc.
--
-- `torch.usage` reads the comments of the packages and the rows of the library; here every entry becomes a comment in
-- LDoc's own form, in one file a package, and LDoc makes pages of them. Its warnings are errors.
local usage = require 'torch.usage'
local out = arg[1] or 'build/docs'

local packages = {}
for name in paths.files(torch.packageLuaPath()) do
  if not name:find '^%.' and paths.dirp(torch.packageLuaPath() .. '/' .. name) then packages[#packages + 1] = name end
end
table.sort(packages)

-- Tags that describe arguments; the others are not for pages.
local types = { param = 'param', tparam = 'param', string = 'string', number = 'number', tab = 'tab', bool = 'bool',
  func = 'func', int = 'int', thread = 'param' }

local function comment(file, text)
  for line in (text .. '\n'):gmatch '([^\n]*)\n' do
    -- an @ at the head of a line would be a tag
    file:write('-- ', (line:gsub('^(%s*)@', '%1\\@')), '\n')
  end
end

local function argument_names(entry)
  local names, seen = {}, {}
  for _, tag in ipairs(entry.tags) do
    local name = types[tag.tag] and tag.text:match '^([%a_][%w_]*)'
    if name and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  return names, seen
end

-- LDoc wants one name an item; the module holds the package's.
local function write_entry(file, package, entry)
  local name = entry.name:gsub('^' .. package .. '%.', '')
  local names, known = argument_names(entry)
  file:write '---\n'
  local text = entry.text:gsub('^%s+', '')
  comment(file, text ~= '' and text or 'See the file.')
  file:write('--\n-- `', (usage.signature(entry):gsub('`', "'")), '`\n')
  file:write('-- @function ', name, '\n')
  for _, tag in ipairs(entry.tags) do
    local kind, argument, rest = types[tag.tag], tag.text:match '^([%a_][%w_]*)%s*(.*)$'
    if kind and argument and known[argument] then
      known[argument] = nil
      file:write('-- @', kind, tag.optional and '[opt] ' or ' ', argument, ' ', (rest:gsub('\n', '\n--   ')), '\n')
    elseif tag.tag == 'return' then
      file:write('-- @return ', (tag.text:gsub('\n', '\n--   ')), '\n')
    elseif tag.tag == 'usage' then
      file:write('-- @usage ', (tag.text:gsub('\n', '\n-- ')), '\n')
    end
  end
  file:write('local function f(', table.concat(names, ', '), ') end\n\n')
end

local function write_package(name)
  local file = assert(io.open(('%s/source/%s.lua'):format(out, name), 'w'))
  local entries, head = usage.package(name), ('The package %s.'):format(name)
  for _, entry in ipairs(entries) do
    if entry.name == name .. '.init' then head = entry.text end
  end
  file:write '---\n'
  comment(file, head)
  file:write('-- @module ', name, '\n\n')
  local count = 0
  for _, entry in ipairs(entries) do
    -- heads of files are items where the file is what a user names: optim.adam
    local named = entry.kind ~= 'file' or (package.loaded[name] or {})[entry.name:match '[^.]*$'] ~= nil
    if named and not entry.name:find '[.:]_' then
      write_entry(file, name, entry)
      count = count + 1
    end
  end
  file:close()
  return count
end

assert(paths.mkdir(out) or paths.dirp(out), 'cannot make ' .. out)
paths.mkdir(out .. '/source')
local total = 0
for _, name in ipairs(packages) do
  pcall(require, name)
  total = total + write_package(name)
end
local config = assert(io.open(out .. '/config.ld', 'w'))
config:write(([[
project, title = 'Rekindle', 'Rekindle'
description = 'Torch7, alight again'
file, dir = 'source', 'html'
format = 'plain'
no_space_before_args = true
sort = true
all = true
]]))
config:close()
local pipe = assert(io.popen(("cd '%s' && ldoc -c config.ld . 2>&1; echo status $?"):format(out)))
local warnings, status = {}, nil
for line in pipe:lines() do
  status = line:match '^status (%d+)$' or status
  if not line:find '^status' and not line:find '^reading config' and not line:find '^output written'
    and not line:find '^changing to' then
    warnings[#warnings + 1] = line
  end
end
pipe:close()
print(table.concat(warnings, '\n', 1, math.min(#warnings, 40)))
print(('%d items of %d packages in %s/html, %d warnings'):format(total, #packages, out, #warnings))
os.exit(status == '0' and #warnings == 0)
