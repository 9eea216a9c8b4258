--- Packages that Torch7's programs ask for and that are not part of Rekindle: when `require` finds none of these, the
-- error says what the package is and how it, or what stands in for it, is to be had.
-- @module torch.absent

local M = {}

local KINDS = {
  cuda = 'Rekindle has no CUDA tensors yet. Programs usually have an option for the CPU: -gpuid -1, -gpu -1, -gpu 0, '
    .. '-type float, -backend nn',
  windows = 'Rekindle opens no windows and no cameras: image.save, gnuplot and a browser show pictures',
  native = 'this package has C code against TH, the C library of Torch7, which does not build here '
    .. '(rocks/README.md says how C code is written for Rekindle)',
  wrapper = 'cwrap wrote C code against TH and luaT, the C libraries of Torch7, which do not build here. C functions '
    .. "are called by LuaJIT's FFI, or by C code with rk_lua.h (rocks/README.md)",
  rock = 'this is a package of its own: luarocks '
    .. '--server=https://raw.githubusercontent.com/torch/rocks/master install %s',
  hdf5 = 'this is a package of its own (torch-hdf5: Lua over the HDF5 library, libhdf5-dev): luarocks '
    .. '--server=https://raw.githubusercontent.com/torch/rocks/master install hdf5',
}

local PACKAGES = {
  cuda = 'cutorch cunn cudnn cunnx cudnn1 fbcunn fbcuda nccl cltorch clnn ccn2 inn warp_ctc',
  windows = 'qt qtwidget qttorch qtuiloader qtsvg camera ffmpeg',
  native = 'loadcaffe nnx unsup audio mattorch stn ipc signal torchzlib liblinear '
    .. 'parallel imgraph fex svm fbtorch fblualib',
  wrapper = 'cwrap wrap',
  rock = 'rnn dpnn dp torchnet argcheck class classic csvigo optnet torchx nninit iterm display logroll totem '
    .. 'autograd dataload hash mnist luaunit distributions graphicsmagick lmdb manifold cephes itorch async',
  hdf5 = 'hdf5',
}

-- Lua's own packages, as Debian names them
local DEBIAN = {cjson = 'lua-cjson', lfs = 'lua-filesystem', pl = 'lua-penlight', socket = 'lua-socket',
  lpeg = 'lua-lpeg', argparse = 'lua-argparse', moses = 'lua-moses', posix = 'lua-posix'}

local hints

local function prepare()
  hints = {}
  for kind, names in pairs(PACKAGES) do
    for name in names:gmatch '%S+' do
      hints[name] = KINDS[kind]:format(name)
    end
  end
  for name, package in pairs(DEBIAN) do
    hints[name] = ('on Debian and its relatives: apt-get install %s; elsewhere luarocks'):format(package)
  end
end

--- What is known of a package that is not there.
-- @string name as `require` takes it; what follows a dot does not count
-- @return a sentence, or nil
-- @usage assert(require 'torch.absent'.hint 'cutorch':match 'CPU')
function M.hint(name)
  if not hints then
    prepare()
  end
  return hints[tostring(name):match '^[^.]*']
end

-- The last searcher: it finds nothing, and its text ends the error of `require`.
function M.install()
  table.insert(package.loaders, function(name)
    local hint = M.hint(name)
    return hint and ("\n\t'%s': %s"):format(name, hint) or nil
  end)
end

return M
