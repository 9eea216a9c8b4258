--- What is said when the C library cannot be opened: which file, why, and what to do about it.
-- Whatever is required later says the same: what `require` remembers of modules that were being loaded is forgotten.
-- @module torch.nolibrary

local BUILD = 'sh rocks/build.sh builds it, sh rocks/install installs it, RK_LIB=FILE names another one'
local PROCESSORS = { -- by number in the file's head
  [3] = 'x86', [8] = 'mips', [20] = 'ppc', [21] = 'ppc64', [22] = 's390x', [40] = 'arm', [62] = 'x64', [183] = 'arm64',
  [243] = 'riscv64',
}

-- The processor a shared library was made for: LuaJIT's name, or false for a file that is none.
local function processor_of(file)
  local head = file:read(20) or ''
  if #head < 20 or head:sub(1, 4) ~= '\127ELF' then return false end
  local low, high = head:byte(19, 20)
  if head:byte(6) == 2 then low, high = high, low end
  local machine = low + 256 * high
  return PROCESSORS[machine] or ('number %d'):format(machine)
end

local function explain(path, why)
  local wanted = os.getenv 'RK_LIB' == path and 'the environment variable RK_LIB names it' or BUILD
  if not path:find '/' then
    return ('it is neither in package.cpath nor where the system looks (%s); %s'):format(why, BUILD)
  end
  local file = io.open(path, 'rb')
  if not file then return 'there is no such file; ' .. wanted end
  local processor = processor_of(file)
  file:close()
  if processor == nil or processor == false then
    return 'this file is no shared library; ' .. wanted
  elseif processor ~= jit.arch then
    return ('it was built for another processor (%s, this is %s); %s'):format(processor, jit.arch, BUILD)
  elseif why:find('rk_cdef', 1, true) then
    return 'this is another library; ' .. wanted
  end
  local needed = why:match '(lib[%w_+-]+%.so[%.%d]*): cannot open shared object'
  if needed then
    return ('it needs %s, which is not installed (sh rocks/install-deps installs what is missing)'):format(needed)
  end
  return why
end

-- For a module whose loading failed `require` answers "loop or previous error" from then on. It marks what is being
-- loaded by a value of its own; so is this file now.
local mark = package.loaded['torch.nolibrary']

local function forget()
  local names = {}
  for name, value in pairs(package.loaded) do
    if value == mark then names[#names + 1] = name end
  end
  for _, name in ipairs(names) do package.loaded[name] = nil end
end

--- The message.
-- @string path of the library, or its name
-- @string why it cannot be opened
return function(path, why)
  forget()
  why = tostring(why)
  if why:sub(1, #path + 2) == path .. ': ' then why = why:sub(#path + 3) end
  local name = path == 'rekindle' and 'librekindle.so' or path
  return ("torch: Rekindle's library cannot be opened: %s: %s"):format(name, explain(path, why))
end
