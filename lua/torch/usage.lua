--- What functions and classes are for and how they are called: read from the comments of the packages' own files.
--
-- A fact is written once, above the function it is about: `torch.usage 'cmul'`, the prompt's `?torch.cmul`,
-- `help(nn.Linear)` and the generated pages all show it. The files are those that `require` finds, so this works
-- offline and after installation, for every package of one folder. Nothing is read until somebody asks.
--
-- A comment that begins with three dashes documents what follows it: `function M.f(...)`, `function Class:m(...)`,
-- `define('name', ...)`, `local Class = torch.class('p.Class', ...)`, or the names that it gives itself by
-- `@function f` lines. The comment at the head of a file that defines one class documents that class. Ops and
-- reductions are rows of the library, and so are their sentences.
-- @module torch.usage

local class = require 'torch.class'

local M = {}

-- ---------------------------------------------------------------------------------------------------------
-- Comments
-- ---------------------------------------------------------------------------------------------------------

-- Text, tags and first line of code of every comment of a file that begins with three dashes (or, before a local
-- function, two: such functions get their public names below).
local function comments(path)
  local found, block, number = {}, nil, 0
  local file = io.open(path)
  if not file then
    return found
  end
  for line in file:lines() do
    number = number + 1
    local text = line:match '^%s*%-%-%-?%s?(.*)$'
    if text and not line:find '^%s*%-%-%[' and not text:find '^%-%-' then
      if not block or line:find '^%s*%-%-%-' then
        block = { line = number, doc = line:find '^%s*%-%-%-' ~= nil, lines = {} }
        found[#found + 1] = block
      end
      block.lines[#block.lines + 1] = text
    elseif block then
      block.code = line
      block = nil
    end
  end
  file:close()
  return found
end

-- Split a comment into its text and its tags.
local function read_tags(block)
  local text, tags, current = {}, {}, nil
  for i, line in ipairs(block.lines) do
    local tag, rest = line:match '^@(%w+)%s*(.*)$'
    local modifiers = tag and line:match '^@%w+(%b[])'
    if tag then
      rest = modifiers and line:match '^@%w+%b[]%s*(.*)$' or rest
      if tag == 'tparam' or tag == 'treturn' then -- a type comes first
        tag, rest = tag:sub(2), rest:gsub('^%S+%s*', '', 1)
      end
      current = { tag = tag, optional = modifiers and modifiers:find 'opt' ~= nil, text = rest,
        line = block.line + i - 1 }
      tags[#tags + 1] = current
    elseif current then
      current.text = current.text .. '\n' .. line
    else
      text[#text + 1] = line
    end
  end
  return (table.concat(text, '\n'):gsub('%s+$', '')), tags
end

-- ---------------------------------------------------------------------------------------------------------
-- Names
-- ---------------------------------------------------------------------------------------------------------

local class_patterns = {
  '^%s*local%s+([%w_]+)[%w_, ]*=%s*[%w_.]*class%(?%s*[\'"]([%w_.]+)[\'"]',
  '^%s*local%s+([%w_]+)[%w_, ]*=%s*[%w_.]*newmetatable%(?%s*[\'"]([%w_.]+)[\'"]',
  '^%s*([%w_]+)[%w_, ]*=%s*[%w_.]*newmetatable%(?%s*[\'"]([%w_.]+)[\'"]',
  '^%s*local%s+([%w_]+)[%w_, ]*=%s*define%(%s*[\'"]([%w_]+%.[%w_.]+)[\'"]',
}

-- The class that a line of code makes: its variable and its name.
local function class_of(code)
  for _, pattern in ipairs(class_patterns) do
    local variable, name = code:match(pattern)
    if variable then
      return variable, name
    end
  end
  return nil, code:match "^%s*define%(%s*'([%w_]+%.[%w_.]+)'"
end

-- Where a function of a table in a file is found: torch gathers its files' functions, other packages keep them under
-- the name of a helper's file, or of the table itself.
local function place_of(package, file, owner)
  if package == 'torch' or owner == package or file == 'init' or file:find '^%u' then
    return package
  elseif owner == 'M' or owner == file then
    return package .. '.' .. file
  end
  return package .. '.' .. owner
end

-- What a line of code defines: kind, name, arguments.
local function defined(code, variables, package, file)
  local variable, name = class_of(code)
  if name then
    return 'class', name, nil, variable
  end
  local owner, sign, last, arguments = code:match '^%s*function%s+([%w_.]+)([.:])([%w_]+)%s*(%b())'
  if owner then
    if variables[owner] then
      return 'method', variables[owner] .. sign .. last, arguments
    end
    return 'function', place_of(package, file, owner) .. '.' .. last, arguments
  end
  last = code:match "^%s*define[%w_]*%(%s*'([%w_]+)'" or code:match "^%s*method%(%s*'([%w_]+)'"
  if last then
    return code:find '^%s*method' and 'method' or 'function', package .. '.' .. last, code:match 'function%s*(%b())',
      nil, true
  end
  owner, last = code:match '^%s*([%w_]+)%.([%w_]+)[%w_., ]*='
  if owner then
    local kind = variables[owner] and 'method' or 'function'
    return kind, variables[owner] and variables[owner] .. ':' .. last or place_of(package, file, owner) .. '.' .. last,
      code:match 'function%s*(%b())'
  end
  last, arguments = code:match '^%s*local%s+function%s+([%w_]+)%s*(%b())'
  if last then
    return 'local', last, arguments
  end
end

local function entry_of(block, kind, name, arguments, path)
  local text, tags = read_tags(block)
  return { kind = kind, name = name, arguments = arguments, text = text, tags = tags, file = path, line = block.line }
end

local function add(entries, entry)
  local there = entries[entry.name]
  if not there then
    entries[entry.name] = entry
    entries[#entries + 1] = entry
  elseif there.kind == 'file' and entry.kind ~= 'file' then -- torch.save in torch/save.lua
    for key in pairs(there) do
      there[key] = entry[key]
    end
  end
end

-- Variables that hold classes in a file.
local function class_variables(path)
  local variables = {}
  for line in io.lines(path) do
    local variable, name = class_of(line)
    if variable and name then
      variables[variable] = name
    end
  end
  return variables
end

-- define('name', f): public names of the local functions of a file.
local function public_names(path)
  local names = {}
  for line in io.lines(path) do
    for name, f in line:gmatch "define%(%s*'([%w_]+)',%s*([%w_]+)" do
      names[f] = name
    end
    for name, f in line:gmatch "method%(%s*'([%w_]+)',%s*([%w_]+)%)" do
      names[f] = name
    end
  end
  return names
end

local function add_file(entries, package, path)
  local variables, public = class_variables(path), public_names(path)
  local blocks = comments(path)
  local base = path:match '([%w_]+)%.lua$' or ''
  local only = package .. '.' .. base
  for i, block in ipairs(blocks) do
    local kind, name, arguments = defined(block.code or '', variables, package, base)
    if kind == 'local' then
      kind, name = public[name] and 'function' or nil, public[name] and package .. '.' .. public[name]
    elseif not block.doc then
      kind = nil
    end
    if block.doc then
      local _, tags = read_tags(block)
      for _, tag in ipairs(tags) do
        if tag.tag == 'function' then -- several names may share a comment
          kind = nil
          local named, signature = tag.text:match '^%s*([%w_.:]+)%s*(%(.*%))'
          named = named or tag.text:match '^%s*([%w_.:]+)'
          add(entries, entry_of(block, 'function', named:find '[.:]' and named or package .. '.' .. named, signature,
            path))
        end
      end
      if i == 1 and block.line == 1 then
        add(entries, entry_of(block, 'file', only, nil, path))
      end
    end
    if kind and name then
      if kind == 'class' and entries[name] and entries[name].kind == 'file' then
        entries[name].kind = 'class' -- the head of the file speaks, unless the class has a comment of its own
        if block.line > 1 then
          local own = entry_of(block, 'class', name, nil, path)
          entries[name].text, entries[name].tags, entries[name].line = own.text, own.tags, own.line
        end
      else
        add(entries, entry_of(block, kind, name, arguments, path))
      end
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- The library's rows
-- ---------------------------------------------------------------------------------------------------------

-- How ops are called, by kind and number of scalars; F is the name.
local function row_forms(C)
  return {
    [C.RK_MAP1] = { [0] = 'torch.F([res,] x) | x:F() | res:F(x) | torch.F(number)',
      'torch.F([res,] x, a) | x:F(a) | res:F(x, a)', 'torch.F([res,] x, a, b) | x:F(a, b) | res:F(x, a, b)' },
    [C.RK_MAP2] = { [0] = 'torch.F([res,] x, y) | x:F(y) | res:F(x, y)',
      'torch.F([res,] x, y, a) | x:F(y, a) | res:F(x, y, a)' },
    [C.RK_MAP3] = { [0] = 'torch.F([res,] x, [value,] y, z) | x:F([value,] y, z) | res:F(x, [value,] y, z)',
      'torch.F([res,] x, [value,] y, z) | x:F([value,] y, z) | res:F(x, [value,] y, z)' },
    [C.RK_COMPARE] = { [0] = 'torch.F([res,] x) | x:F() | res:F(x)',
      'torch.F([res,] x, y) | x:F(y) | res:F(x, y)' },
  }
end

local reduction_forms = 'torch.F(x) | torch.F([res,] x, dim) | x:F([dim])'

local function add_rows(entries)
  local ffi, C = require 'ffi', require 'torch.ffi'
  local torch = require 'torch'
  local forms = row_forms(C)
  for op = 0, C.RK_NOPS - 1 do
    local name = ffi.string(C.rk_op_name(op))
    if torch[name] ~= nil then
      add(entries, { kind = 'function', name = 'torch.' .. name, tags = {}, text = ffi.string(C.rk_op_doc(op)),
        forms = (forms[C.rk_op_kind(op)][C.rk_op_scalars(op)] or ''):gsub('F%f[%W]', name), file = 'core/ops.h' })
    end
  end
  for red = 0, C.RK_NREDS - 1 do
    local name = ffi.string(C.rk_red_name(red))
    if torch[name] ~= nil then
      add(entries, { kind = 'function', name = 'torch.' .. name, tags = {}, text = ffi.string(C.rk_red_doc(red)),
        forms = reduction_forms:gsub('F%f[%W]', name), file = 'core/ops.h' })
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Packages
-- ---------------------------------------------------------------------------------------------------------

local packages = {}

local function lua_files(folder, found)
  local paths = require 'paths'
  local names = {}
  for name in paths.files(folder) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local path = folder .. '/' .. name
    if name:find '%.lua$' then
      found[#found + 1] = path
    elseif not name:find '^%.' and paths.dirp(path) then
      lua_files(path, found)
    end
  end
  return found
end

--- Everything that a package documents: a list of entries, which is also a table by full name. An entry has `name`
-- ('nn.Linear', 'torch.Timer:stop'), `kind` ('function', 'method', 'class', 'file'), `text`, `tags`, `arguments` or
-- `forms`, `file` and `line`.
-- @string name of a package
function M.package(name)
  if type(name) ~= 'string' then
    error(('torch.usage: argument 1: package name (string) expected, got %s'):format(class.type(name)), 2)
  end
  local entries = packages[name]
  if not entries then
    entries = {}
    local folder = require 'torch.system'.packageLuaPath(name)
    if folder and folder:match '([^/]+)$' == name then
      for _, path in ipairs(lua_files(folder, {})) do
        add_file(entries, name, path)
      end
    end
    if name == 'torch' then
      add_rows(entries)
    end
    packages[name] = entries
  end
  return entries
end

-- Methods of tensors are documented as functions of torch; so are those of all classes below another.
local function find(name)
  local package, rest = name:match '^([%w_]+)%.(.+)$'
  if not package then
    return M.package 'torch'['torch.' .. name]
  end
  local entries = M.package(package)
  if entries[name] then
    return entries[name]
  end
  local owner, method = rest:match '^([%w_]+)[:.]([%w_]+)$'
  if owner then
    if owner:find 'Tensor$' then
      return entries[package .. '.' .. method]
    end
    return entries[package .. '.' .. owner .. ':' .. method] or entries[package .. '.' .. owner .. '.' .. method]
  end
end

-- Full name of a function or class that a loaded package holds.
local function name_of(value)
  local own = class.typename(value)
  if own then
    return own
  end
  local mt = type(value) == 'table' and getmetatable(value)
  if type(mt) == 'table' and rawget(mt, '__typename') then
    return mt.__typename
  end
  for package, loaded in pairs(package.loaded) do
    if rawequal(loaded, value) and value ~= _G then return package end
    if type(loaded) == 'table' and type(package) == 'string' and package:find '^[%w_]+$' and package ~= '_G' then
      for key, each in next, loaded do -- a value that somebody holds is there already
        if rawequal(each, value) and type(key) == 'string' then
          return package .. '.' .. key
        end
      end
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Text
-- ---------------------------------------------------------------------------------------------------------

--- How an entry of `package` is called: "torch.save(path, object, mode, referenced)".
function M.signature(entry)
  if entry.forms then
    return entry.forms
  end
  local arguments = entry.arguments
  if not arguments or arguments == '(...)' then
    local names = {}
    for _, tag in ipairs(entry.tags) do
      if tag.tag ~= 'usage' and tag.tag ~= 'return' and tag.tag ~= 'function' and tag.tag ~= 'module' then
        local name = tag.text:match '^([%w_]+)'
        names[#names + 1] = name and (tag.optional and '[' .. name .. ']' or name)
      end
    end
    arguments = #names > 0 and '(' .. table.concat(names, ', ') .. ')' or arguments
  end
  return entry.name .. (arguments or entry.kind == 'class' and '(...)' or '')
end

local skipped = { module = true, ['function'] = true, usage = true, see = true }

--- Text of an entry: how it is called, what it does, its arguments, an example.
function M.text(entry)
  local parts = { M.signature(entry), entry.text }
  for _, tag in ipairs(entry.tags) do
    if tag.tag == 'usage' then
      parts[#parts + 1] = 'Example:\n  ' .. tag.text:gsub('^\n', ''):gsub('\n', '\n  ')
    elseif tag.tag == 'return' then
      parts[#parts + 1] = '  returns ' .. tag.text:gsub('\n', '\n    ')
    elseif not skipped[tag.tag] then
      parts[#parts + 1] = '  ' .. tag.text:gsub('^([%w_]+)', '%1:', 1):gsub('\n', '\n    ')
        .. (tag.optional and ' (optional)' or '')
    end
  end
  return (table.concat(parts, '\n'):gsub('%s+\n', '\n'):gsub('%s+$', ''))
end

-- ---------------------------------------------------------------------------------------------------------
-- What programs and other people's packages document
-- ---------------------------------------------------------------------------------------------------------

-- The value of 'a.b.c' among globals and loaded packages; nil when there is none.
local function resolve(name)
  local value
  for part in name:gmatch '[^.]+' do
    if value == nil then
      value = rawget(_G, part)
      if value == nil then value = package.loaded[part] end
    else
      local ok, field = pcall(function() return value[part] end)
      value = ok and field or nil
    end
    if value == nil then return nil end
  end
  return value
end

-- The comment above a function, or above the class that has it as its constructor, in the file that defines it.
local function entry_in_source(name, value)
  local mt = type(value) == 'table' and getmetatable(value)
  local f = type(value) == 'function' and value or type(mt) == 'table' and rawget(mt, '__init')
  local info = type(f) == 'function' and debug.getinfo(f, 'S')
  local path = info and info.what ~= 'C' and info.source:match '^@(.*)$'
  if not path then return nil end
  local blocks = comments(path)
  if f ~= value then
    local entries = {}
    add_file(entries, name:match '^[%w_]+', path)
    return entries[name]
  end
  for _, block in ipairs(blocks) do
    if block.code and block.line + #block.lines == info.linedefined then
      name = name or block.code:match 'function%s+([%w_.:]+)' or 'function'
      return entry_of(block, 'function', name, block.code:match 'function[%s%w_.:]*(%b())', path)
    end
  end
end

-- A method, as its class or one above it documents it; tensors' are those of torch.
local function entry_of_method(object, method)
  local mt = class.classof(object) or type(object) == 'table' and getmetatable(object)
  while type(mt) == 'table' do
    local own = rawget(mt, '__typename')
    local entry = own and find(own .. ':' .. method)
    if entry then return entry end
    mt = getmetatable(mt)
  end
end

-- A package: what the head of its init.lua says, and its names.
local function package_text(name)
  local entries = M.package(name)
  if #entries == 0 then return nil end
  local head = entries[name .. '.init'] or entries[name .. '.' .. name]
  local names, lines, line = {}, { head and head.text or name, '' }, ' '
  local ok, loaded = pcall(require, name)
  for key in pairs(ok and type(loaded) == 'table' and loaded or {}) do
    if type(key) == 'string' and not key:find '^_' then names[#names + 1] = key end
  end
  table.sort(names)
  for _, each in ipairs(names) do
    if #line + #each > 110 then
      lines[#lines + 1], line = line, ' '
    end
    line = line .. ' ' .. each
  end
  lines[#lines + 1] = line
  return table.concat(lines, '\n')
end

-- Texts for a name that no package of ours has: a package, a method of an object, something of a program.
local function other(name)
  if name:find '^[%w_]+$' and (package.loaded[name] or require 'torch.system'.packageLuaPath(name)) then
    local text = package_text(name)
    if text then return text end
  end
  local owner, method = name:match '^(.+):([%w_]+)$'
  local object = owner and resolve(owner)
  if object ~= nil then
    local entry = entry_of_method(object, method)
    return entry and M.text(entry)
  end
  local value = resolve(name)
  local entry = value ~= nil and entry_in_source(name, value)
  if entry then return M.text(entry) end
  local own = value ~= nil and name_of(value)
  if own == name and value ~= nil and own:find 'Tensor$' then own = 'torch.Tensor' end
  entry = own and own ~= name and find(own)
  return entry and M.text(entry)
end

--- How something is called and what it does, as text; nil when nothing is known about it.
-- @param what a name ('cmul', 'nn.Linear', 'torch.Timer:stop', 'FloatTensor:cmul'), a function, a class or an object
-- @usage assert(torch.usage('cmul'):find 'torch.cmul')
function M.usage(what)
  if what == nil then
    error('torch.usage: argument 1: a name, function, class or object expected, got nothing', 2)
  end
  local name = type(what) == 'string' and what or name_of(what)
  if name then
    name = name:match '^%s*(.-)%s*%(?%)?%s*$'
    if name:find '^%u[%w_]*[:.]' then
      name = 'torch.' .. name
    end
    local own = rawget(_G, name) -- a program's function of that name comes first
    local entry = class.luatype(own) == 'function' and entry_in_source(name, own) or find(name)
    local text = entry and M.text(entry) or other(name)
    if text then return text end
  end
  local entry = class.luatype(what) == 'function' and entry_in_source(name, what)
  return entry and M.text(entry) or nil
end

return M
