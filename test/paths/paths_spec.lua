--- paths and sys.
require 'torch'
local paths, sys = require 'paths', require 'sys'

local fails = require 'helpers'.fails

describe('names', function()
  it('are taken apart', function()
    for _, row in ipairs {{'/a/b.lua', 'b.lua', '/a', 'lua'}, {'b', 'b', '.', nil}, {'/a', 'a', '/', nil},
      {'/', '/', '/', nil}, {'a/b/', 'b', 'a', nil}, {'x.tar.gz', 'x.tar.gz', '.', 'gz'},
      {'.bashrc', '.bashrc', '.', nil},
      {'a.b/c', 'c', 'a.b', nil}} do
      assert.same({row[2], row[3], row[4]}, {paths.basename(row[1]), paths.dirname(row[1]), paths.extname(row[1])})
    end
    assert.equal('b', paths.basename('/a/b.lua', 'lua'))
    assert.equal('b', paths.basename('/a/b.lua', '.lua'))
    assert.equal('b.lua', paths.basename('/a/b.lua', 'txt'))
    fails('argument 1', paths.basename)
    fails('argument 1', paths.dirname, 5)
  end)

  it('are put together', function()
    assert.equal('/a/c', paths.concat('/a', 'b', '../c'))
    assert.equal('/x', paths.concat('/a', '/x'))
    assert.equal('/', paths.concat '/..')
    assert.equal(paths.cwd(), paths.concat())
    assert.equal(paths.cwd() .. '/x/z', paths.concat 'x/./y/..//z')
    assert.equal(paths.concat, sys.concat)
  end)
end)

describe('folders', function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert.is_true(paths.mkdir(folder))
    paths.mkdir(folder .. '/sub')
    os.execute(('touch %s/a.txt %s/b.lua %s/sub/c; ln -s /etc %s/link'):format(folder, folder, folder, folder))
  end)
  after_each(function() paths.rmall(folder, 'yes') end)

  local function list(iterator)
    local names = {}
    for name in iterator do
      names[#names + 1] = name
    end
    table.sort(names)
    return table.concat(names, ' ')
  end

  it('list what is there', function()
    assert.equal('. .. a.txt b.lua link sub', list(paths.files(folder)))
    assert.equal('b.lua', list(paths.files(folder, '%.lua$')))
    assert.equal('a.txt', list(paths.files(folder, function(name) return name == 'a.txt' end)))
    assert.equal('link sub', list(paths.iterdirs(folder)))
    assert.equal('a.txt b.lua', list(paths.iterfiles(folder)))
    assert.equal(6, #paths.dir(folder))
    assert.is_nil(paths.dir '/no/such')
    fails('cannot read </no/such>', paths.files, '/no/such')
    fails('pattern or function', paths.files, folder, 5)
  end)

  it('know what is what', function()
    assert.is_true(paths.filep(folder .. '/a.txt') and paths.dirp(folder) and paths.dirp(folder .. '/link'))
    assert.is_false(paths.filep(folder) or paths.dirp(folder .. '/a.txt') or paths.filep '/no/such')
  end)

  it('come and go', function()
    assert.is_true(paths.mkdir(folder)) -- there already
    assert.is_nil((paths.mkdir(folder .. '/x/y')))
    assert.is_nil((paths.rmdir(folder)))
    fails('must be "yes"', paths.rmall, folder)
    assert.is_true(paths.rmall(folder, 'yes'))
    assert.is_false(paths.dirp(folder))
    assert.is_true(paths.dirp '/etc') -- the link was not followed
    local name = paths.tmpname()
    assert.is_true(paths.filep(name))
  end)
end)

describe('the system', function()
  it('is known', function()
    assert.equal(sys.execute 'uname -s', (paths.uname()))
    assert.equal('linux', sys.uname())
    assert.equal(sys.uname(), sys.OS)
    assert.is_false(paths.is_win() or paths.is_mac())
    assert.is_true(paths.dirp(paths.execdir()) and paths.dirp(paths.home))
    assert.truthy(paths.findprogram('no_such_program', 'sh'))
    assert.is_nil(paths.findprogram 'no_such_program')
    fails('registry', paths.getregistryvalue, 1, 2, 3)
  end)

  it('runs commands', function()
    assert.equal('a b\nerr', sys.execute 'echo " a b"; echo err >&2')
    assert.equal('a', sys.fexecute 'echo a')
    assert.equal('', sys.execute 'true')
    assert.equal('passwd', sys.ls '/etc/passwd':match '[^/]*$')
    assert.is_true(pcall(sys.ls, 3))
    fails('string expected', sys.execute)
  end)

  it('has clocks', function()
    assert.is_true(math.abs(sys.clock() - os.time()) < 2)
    sys.tic()
    sys.usleep(10000)
    assert.is_true(sys.toc() >= 0.01 and sys.toc() < 2)
  end)

  it('has texts', function()
    assert.same({'a', 'b', '', 'c'}, sys.split('a,b,,c', ','))
    assert.same({'a', 'b'}, sys.split('a  b', ' +'))
    fails('pattern', sys.split, 'a', '')
    fails('pattern', sys.split, 'a', 'x*')
    assert.equal('\27[0m', sys.COLORS.none)
    assert.is_true(sys.isNaN(0 / 0) and not sys.isNaN(1))
    assert.equal('paths_spec.lua', select(2, sys.fpath()))
  end)
end)
