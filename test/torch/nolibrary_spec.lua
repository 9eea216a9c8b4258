--- When the C library cannot be opened, every package says which file, why and what to do, each time it is required.
local th = arg[-1]

local helpers = require 'helpers'
local function output(library, code) return helpers.program(code, nil, ("RK_LIB='%s'"):format(library)) end

local program = [[
for _, name in ipairs {'torch', 'nn', 'optim', 'image', 'threads', 'tds', 'graph', 'nngraph', 'gnuplot', 'torch.compat',
    'nn'} do
  print(select(2, pcall(require, name)))
end]]

describe('without its library', function()
  local broken
  setup(function()
    broken = os.tmpname()
  end)
  teardown(function() os.remove(broken) end)

  local function said(library, expected)
    local message = ("torch: Rekindle's library cannot be opened: %s: %s"):format(library, expected)
    local n = 0
    for line in output(library, program):gmatch '[^\n]+' do
      n = n + 1
      assert.truthy(line:find(message, 1, true), line)
    end
    assert.are.equal(12, n) -- th itself says so once
  end

  it('says that the file is missing', function()
    said('/nowhere/librekindle.so', 'there is no such file; the environment variable RK_LIB names it')
  end)

  it('says that the file is none, or another library', function()
    io.open(broken, 'w'):write 'not a library at all, but long enough for a head':close()
    said(broken, 'this file is no shared library')
    local head = '\127ELF\2\1\1' .. ('\0'):rep(9) .. '\3\0'
    local other = jit.arch == 'arm64' and { '\62\0', 'x64' } or { '\183\0', 'arm64' }
    io.open(broken, 'w'):write(head, other[1], ('\0'):rep(200)):close()
    said(broken, ('it was built for another processor (%s, this is %s)'):format(other[2], jit.arch))
  end)

  it('leaves what needs no library, and the prompt', function()
    assert.truthy(output('/nowhere/librekindle.so', "print(require 'paths'.basename 'a/b', require 'xlua' ~= nil)")
      :find('b\ttrue\n', 1, true))
    local pipe = io.popen(("echo '1 + 1' | RK_LIB=/nowhere/librekindle.so %s -i 2>&1"):format(th))
    assert.truthy(pipe:read '*a':find('\n2\n', 1, true))
    pipe:close()
  end)
end)
