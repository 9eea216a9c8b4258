--- Data sets from files on disk: MNIST and what shares its form.
local idx = require 'vision.idx'

local M = {}

--- Read one IDX file, gzipped or not: see vision.idx.
M.idx = idx

local function exists(path)
  local f = io.open(path, 'rb')
  if f then f:close() end
  return f ~= nil
end

-- The file in folder under this name, or with .gz.
local function find(folder, name, remedy)
  for _, suffix in ipairs { '', '.gz' } do
    local path = folder .. '/' .. name .. suffix
    if exists(path) then return path end
  end
  error(('%s/%s: no such file, nor with .gz%s'):format(folder, name, remedy or ''), 0)
end

-- One half of the data: images (N, 1, H, W) of bytes, labels (N) from 1.
local function half(folder, prefix, classes, remedy)
  local image_path = find(folder, prefix .. '-images-idx3-ubyte', remedy)
  local label_path = find(folder, prefix .. '-labels-idx1-ubyte', remedy)
  local images, labels = idx(image_path), idx(label_path)
  if torch.type(images) ~= 'torch.ByteTensor' or images:dim() ~= 3 then
    error(('%s: offset 0: expected images (bytes, 3 dimensions), found a %s of %d'):format(image_path,
      torch.type(images), images:dim()), 0)
  elseif torch.type(labels) ~= 'torch.ByteTensor' or labels:dim() ~= 1 then
    error(('%s: offset 0: expected labels (bytes, 1 dimension), found a %s of %d'):format(label_path,
      torch.type(labels), labels:dim()), 0)
  elseif labels:size(1) ~= images:size(1) then
    error(('%s: offset 4: %d labels for %d images'):format(label_path, labels:size(1), images:size(1)), 0)
  elseif labels:max() >= #classes then
    error(('%s: label %d, expected 0..%d'):format(label_path, labels:max(), #classes - 1), 0)
  end
  return {
    data = images:view(images:size(1), 1, images:size(2), images:size(3)),
    label = labels:long():add(1),
    classes = classes,
    size = function() return images:size(1) end,
  }
end

local function load(name, folder, default, classes, package)
  folder = folder or default
  if type(folder) ~= 'string' then error(('vision.datasets.%s: expected the folder of the files'):format(name), 3) end
  local remedy = ('; expected the four files of %s there'):format(name)
    .. (package and (' (Debian: apt-get install %s puts them into %s)'):format(package, default) or '')
  return { train = half(folder, 'train', classes, remedy), test = half(folder, 't10k', classes, remedy) }
end

--- MNIST: 60000 + 10000 digits of 28 x 28.
-- @param folder with train-images-idx3-ubyte and the three other files, gzipped or not
-- @return {train = half, test = half}, a half being data (ByteTensor N x 1 x 28 x 28), label (LongTensor N, class 1 is
-- the digit 0), classes (names), size()
-- @usage local ok, data = pcall(vision.datasets.mnist, '/data/mnist') -- an error names the files that are missing
function M.mnist(folder)
  return load('mnist', folder, nil, { '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' })
end

--- Fashion-MNIST: 60000 + 10000 articles of clothing, in the form of MNIST.
-- @param[opt='/usr/share/datasets/fashion-mnist'] folder
-- @return as for mnist
-- @usage local data = vision.datasets.fashionMNIST()
function M.fashionMNIST(folder)
  return load('fashionMNIST', folder, '/usr/share/datasets/fashion-mnist', {
    'T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot',
  }, 'dataset-fashion-mnist')
end

return M
