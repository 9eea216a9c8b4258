--- What `torch` loads only when it is first mentioned: name -> module.
--
-- `torch.DiskFile` as an expression, a file that holds a `torch.Timer`, `torch.getmetatable 'torch.CmdLine'`: all come
-- here through the `__index` of the table `torch`.
-- @module torch.lazy

local modules = {
  ['torch.file'] = {'File', 'DiskFile', 'MemoryFile', 'PipeFile'},
  ['torch.save'] = {'save', 'load', 'saveobj', 'loadobj', 'serialize', 'deserialize', 'serializeToStorage',
    'deserializeFromStorage'},
  ['torch.timer'] = {'Timer', 'tic', 'toc'},
  ['torch.cmdline'] = {'CmdLine'},
  ['torch.tester'] = {'Tester', 'TestSuite', 'test'},
  ['torch.lapack'] = {'gesv', 'gels', 'trtrs', 'symeig', 'eig', 'svd', 'inverse', 'potrf', 'potrs', 'potri', 'pstrf',
    'geqrf', 'orgqr', 'ormqr', 'qr', 'lu', 'det'},
  ['torch.system'] = {'include', 'packageLuaPath', 'isatty', 'updateerrorhandlers', 'updatethreadlocals',
    'Allocator'},
}

local M = {}

--- Name -> module that defines it.
M.where = {}
for module, names in pairs(modules) do
  for _, name in ipairs(names) do
    M.where[name] = module
  end
end

--- Define all names of the module that defines `name` in `torch`; returns the value of `name`, nil for an unknown one.
function M.load(torch, name)
  local module = M.where[name]
  if not module then
    return nil
  end
  local defined = require(module)
  for _, each in ipairs(modules[module]) do
    if rawget(torch, each) == nil then
      rawset(torch, each, defined[each])
    end
  end
  return rawget(torch, name)
end

return M
