--- th as a program: options, arg, exit status, standard input, the prompt; and the print of lua/trepl.
local trepl = require 'trepl'

local th = arg[-1]

--- Runs th with the words (shell text); the output (stderr too) and the exit status.
local function run(words, input, environment)
  local command = ("printf '%%s' '%s' | %s %s %s 2>&1; echo \"== $?\""):format(
    (input or ''):gsub("'", "'\\''"), environment or '', th, words)
  local pipe = io.popen(command)
  local text, status = pipe:read('*a'):match '^(.*)== (%d+)%s*$'
  pipe:close()
  return text, tonumber(status)
end

local function file_with(code)
  local name = os.tmpname()
  local file = assert(io.open(name, 'w'))
  file:write(code)
  file:close()
  return name
end

describe('th', function()
  it('runs -e and -l in the order given', function()
    assert.are.equal('1\ttrue\n', (run "-e 'x = 1' -l ffi -e 'print(x, ffi ~= nil)'"))
    assert.are.equal('2\n', (run "-e'print(1 + 1)'"))
  end)

  it('has the printers, the switch of colours, the documentation and the prompt as functions', function()
    assert.are.equal('{\n  1 : 2\n}\n', (run [[-e "noColors() print_new {2}"]]))
    assert.matches('^table: ', (run [[-e "print_old {2}"]]))
    assert.matches('SpatialConvolution', (run [[-e "browse 'nn'"]]))
    assert.matches('browse', (run [[-e "browse()"]]))
    assert.matches('42', (run('-e "repl()"', 'print(6 * 7)\n')))
  end)

  it("has its printing under plain LuaJIT as Torch7's env", function()
    local text = run [[-e "assert(require 'env'); print_old(setprintlevel ~= nil, type(lfs))"]]
    assert.are.equal('true\ttable\n', text)
  end)

  it('loads what Torch7 programs expect as globals', function()
    local text = run "-e 'print(type(torch), type(paths), type(sys), type(xlua))'"
    assert.are.equal('table\ttable\ttable\ttable\n', text)
  end)

  it('says that the stack is full, from compiled code too', function()
    local text, status = run "-e 'local function f(n) return 1 + f(n) end f(1)'"
    assert.are.equal(1, status)
    assert.truthy(text:find '^th: [^\n]*stack overflow')
    assert.truthy(text:find 'traceback')
  end)

  it('warns about environment variables that name nothing there is, and goes on', function()
    local code = "-e 'print(torch.ones(2, 2):mm(torch.ones(2, 2)):sum())'"
    local text = run(code, '', 'RK_ISA=zork')
    assert.truthy(text:find('rekindle: warning: RK_ISA=zork: ', 1, true) and text:find '\n8\n$')
    text = run(code, '', 'RK_BLAS=/nowhere/zork.so')
    assert.truthy(text:find('8\n', 1, true))
    text = run("-e 'print(torch.config().version ~= nil)'", '', 'RK_DNNL=zork')
    assert.truthy(text:find 'true\n')
    assert.falsy(run(code, '', 'RK_BLAS=own RK_ISA=base RK_DNNL=direct'):find 'warning')
    assert.truthy(run("-e 'print(torch.config())'", '', 'RK_DNNL=off'):find 'none, shut by RK_DNNL=off')
  end)

  it('gives a script its arguments as lua does', function()
    local name = file_with 'print(arg[0], #arg, arg[1], arg[2], arg[-1] ~= nil, arg[-2], select("#", ...), (...))'
    assert.are.equal(name .. "\t2\ta\tb c\ttrue\tnil\t2\ta\n", (run(name .. " a 'b c'")))
    assert.are.equal(name .. '\t1\t-x\tnil\ttrue\t-e\t1\t-x\n', (run("-e 'local y = 1' " .. name .. ' -x')))
    assert.are.equal(name .. '\t1\t-i\tnil\ttrue\t' .. th .. '\t1\t-i\n', (run('-- ' .. name .. ' -i')))
    os.remove(name)
  end)

  it('runs the standard input', function()
    assert.are.equal('3\n', (run('', 'print(3)')))
    assert.are.equal('-\ta\n', (run('- a', 'print(arg[0], ...)')))
  end)

  it('reports errors with a traceback and status 1', function()
    local text, status = run "-e 'local function f() error \"boom\" end f()'"
    assert.are.equal(1, status)
    assert.truthy(text:match 'boom')
    assert.truthy(text:match 'stack traceback')
    text, status = run "-e 'error(setmetatable({}, {__tostring = function() return \"mine\" end}))'"
    assert.are.equal(1, status)
    assert.truthy(text:match 'mine')
    assert.truthy(run "-e 'error {code = 7}'":find('(error object is a table value)\n{\n  code : 7\n}', 1, true))
    assert.are.equal(1, select(2, run "-e 'error()'"))
    text, status = run 'no-such-file.lua'
    assert.are.equal(1, status)
    assert.truthy(text:match 'no%-such%-file')
    text, status = run "-e 'x ='"
    assert.are.equal(1, status)
    assert.truthy(text:match 'unexpected')
    assert.are.equal(1, select(2, run '-l no_such_module'))
  end)

  it('says that the library is older than what asks it, and that a method was called by a dot', function()
    local text = run "-e 'require \"torch.ffi\".rk_of_tomorrow()'"
    assert.truthy(text:find('librekindle.so is older than the Lua files: build it again', 1, true), text)
    text = run "-e 'return torch.Tensor(2).of_tomorrow.field'"
    assert.is_nil(text:find('older', 1, true), text)
    text = run "-e 'torch.ones(2).abs(1)'"
    assert.truthy(text:find('methods are called by a colon', 1, true), text)
  end)

  it('refuses wrong options', function()
    for _, words in ipairs { '-y', '-e', '-l', '--wrong', '-ii' } do
      local text, status = run(words)
      assert.are.equal(1, status)
      assert.truthy(text:match 'usage')
    end
  end)

  it('prints help and version', function()
    local text, status = run '-h'
    assert.are.equal(0, status)
    assert.truthy(text:match '^usage: th[^\n]*\n.*another librekindle%.so%.\n$')
    assert.truthy(run('--version'):match '^Rekindle %d+%.%d+%.%d+ %(LuaJIT')
  end)

  it('exits with the status asked for and closes the state', function()
    assert.are.equal(7, select(2, run "-e 'os.exit(7)'"))
    assert.are.equal(0, select(2, run "-e 'os.exit(true)'"))
    assert.are.equal(1, select(2, run "-e 'os.exit(false)'"))
    local code = 'P = newproxy(true) getmetatable(P).__gc = function() print "closed" end '
      .. 'coroutine.wrap(function() os.exit(%s) end)()'
    assert.are.equal('closed\n', (run("-e '" .. code:format '0' .. "'")))
    assert.are.equal('', (run("-e '" .. code:format '0, false' .. "'")))
  end)

  it('puts LUA_PATH first, then its own, then the defaults', function()
    local first = run("-e 'print(package.path)'", '', "LUA_PATH='/mine/?.lua;;'")
    assert.truthy(first:match '^/mine/%?%.lua;.-/%?/init%.lua;.*%./%?%.lua')
    first = run("-e 'print(package.path, torch ~= nil)'", '', "LUA_PATH='/mine/?.lua'")
    assert.truthy(first:match '^/mine/%?%.lua;' and first:match 'true\n$')
  end)

  it('runs LUA_INIT', function()
    assert.are.equal('1\n2\n', (run("-e 'print(2)'", '', "LUA_INIT='print(1)'")))
  end)

  it('works from any folder', function()
    local pipe = io.popen(("th=$(realpath %s) && cd / && $th -e 'print(require \"trepl\" ~= nil)' 2>&1"):format(th))
    assert.are.equal('true\n', pipe:read '*a')
    pipe:close()
  end)

  it('watches new globals with -g and refuses them with -gg', function()
    local text, status = run "-g -e 'forgotten = 1 print(forgotten)'"
    assert.are.equal(0, status)
    assert.truthy(text:match 'new global: forgotten' and text:match '1\n')
    text, status = run "-gg -e 'forgotten = 1'"
    assert.are.equal(1, status)
    assert.truthy(text:match 'new global: forgotten')
  end)
end)

describe('the prompt', function()
  local function session(text)
    return (run('-i', text))
  end

  it('reads on where a statement or an expression is not at its end', function()
    local text = session('1 +\n2\n#{7,\n8}\nnot\ntrue\n"ab" ..\n"cd"\nmath.floor(\n2.5) +\n3\n1 2\na b\n5')
    assert.are.equal("3\n2\nfalse\nabcd\n5\nstdin:1: '<eof>' expected near '2'\nstdin:1: '=' expected near 'b'\n5\n",
      text)
  end)

  it('prints expressions, runs statements, keeps going after an error', function()
    assert.are.equal('2\n3\n5\n', session '1 + 1\n= 3\nx = 5\nx\n')
    local text = session 'error "bad"\nprint "alive"\n'
    assert.truthy(text:match 'bad' and text:match 'alive')
    assert.truthy(session('x = = 1\nprint "alive"\n'):match 'unexpected.*alive')
  end)

  it('reads statements of several lines', function()
    assert.are.equal('1\n2\n', session 'for i = 1, 2 do\n  print(i)\nend\n')
  end)

  it('is silent after a semicolon and keeps the results', function()
    assert.are.equal('7\n', session '7;\n_LAST\n')
    assert.are.equal('nil\n', session 'nil\n')
  end)

  it('shows tables, runs commands, leaves on exit', function()
    assert.are.equal('{\n  1 : 1\n  a : "b"\n}\n', session '{1, a = "b"}\n')
    assert.are.equal('hello\n', session '$ echo hello\nexit\nprint "not reached"\n')
  end)
end)

describe('print', function()
  it('shows nested tables, with tensors by their sizes, to a depth', function()
    assert.are.equal('{}', trepl.show {})
    assert.are.equal('{\n  1 : "x"\n  y : \n    {\n      z : {}\n    }\n}', trepl.show { 'x', y = { z = {} } })
    assert.are.equal('{\n  t : FloatTensor - size: 2x3\n}', trepl.show { t = torch.FloatTensor(2, 3) })
    assert.are.equal('{\n  a : \n    two\n    lines\n  s : LongStorage - size: 2\n}', trepl.show {
      s = torch.LongStorage(2), a = setmetatable({}, { __tostring = function() return 'two\nlines' end }) })
    assert.truthy(trepl.show { require 'torch.storage'.ctype, 3LL }:find '  1 : ctype<.->\n  2 : 3LL\n')
    local loop = {}
    loop.loop = loop
    assert.are.equal('{\n  loop : {...}\n}', trepl.show(loop))
    trepl.setprintlevel(1)
    assert.are.equal('{\n  1 : {...}\n}', trepl.show { { 1 } })
    trepl.setprintlevel(5)
    assert.has_error(function() trepl.setprintlevel 'deep' end)
  end)
end)
