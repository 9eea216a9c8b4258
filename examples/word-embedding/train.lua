--- Word embeddings by skip-gram with negative sampling: th examples/word-embedding/train.lua [options]; see -help.
--
-- Each word has a vector. It should tell which words stand near to it: the product with the vector of a word from its
-- neighbourhood goes up, the products with those of words drawn at random go down (Mikolov et al., 2013). The words
-- are those of this project's own documentation, or of -text. At the end the nearest neighbours of some words are
-- printed, and SAVE/words.png shows the commonest words in the plane of the two main axes (PCA).
local torch, nn, optim = require 'torch', require 'nn', require 'optim'
local gnuplot, paths = require 'gnuplot', require 'paths'

local cmd = torch.CmdLine()
cmd:text 'Train word embeddings'
cmd:option('-text', '', "file to learn from; without one, this project's documentation")
cmd:option('-epochs', 10, 'passes over the text')
cmd:option('-batch', 256, 'pairs of words a step')
cmd:option('-size', 48, 'numbers a word')
cmd:option('-window', 4, 'words to each side that count as near')
cmd:option('-negative', 8, 'words drawn at random for each pair')
cmd:option('-least', 8, 'how often a word must occur')
cmd:option('-frequent', 1e-3, 'words above this part of the text are often skipped')
cmd:option('-lr', 0.003, 'learning rate of Adam at the start; falls linearly to 0')
cmd:option('-show', 'tensor,forward,loss,error,rows,file,random,first', 'words whose neighbours are printed')
cmd:option('-seed', 1, 'of all random numbers')
cmd:option('-save', 'word-embedding', 'folder for vectors, log and plots')
cmd:option('-smoke', false, 'a short run on a part of the text, to see that all works')
local opt = cmd:parse(arg)
if opt.smoke then opt.epochs = 2 end
if not paths.mkdir(opt.save) then error('-save: cannot make the folder ' .. opt.save, 0) end
torch.manualSeed(opt.seed)
torch.setdefaulttensortype 'torch.FloatTensor'

local function read(path)
  local file, why = io.open(path, 'rb')
  if not file then error('cannot read ' .. why, 0) end
  local text = file:read '*a'
  file:close()
  return text
end

-- README.md and the comments of all Lua files
local function documentation()
  local root = paths.concat(paths.thisfile(), '../../..')
  local parts = { read(paths.concat(root, 'README.md')) }
  for package in paths.iterdirs(paths.concat(root, 'lua')) do
    for file in paths.iterfiles(paths.concat(root, 'lua', package)) do
      for line in read(paths.concat(root, 'lua', package, file)):gmatch '[^\n]+' do
        parts[#parts + 1] = line:match '^%s*%-%-+%s(.*)'
      end
    end
  end
  return table.concat(parts, '\n')
end

-- Words in the order of the text as numbers; number 1 is the commonest.
local function vocabulary(text)
  local count, list = {}, {}
  for word in text:lower():gmatch '%a+' do
    if not count[word] then list[#list + 1] = word end
    count[word] = (count[word] or 0) + 1
  end
  table.sort(list, function(a, b) return count[a] > count[b] or count[a] == count[b] and a < b end)
  while #list > 0 and count[list[#list]] < opt.least do count[table.remove(list)] = nil end
  local number, counts, codes = {}, torch.Tensor(#list), {}
  for i, word in ipairs(list) do number[word], counts[i] = i, count[word] end
  for word in text:lower():gmatch '%a+' do codes[#codes + 1] = number[word] end
  return { list = list, number = number, counts = counts }, codes
end
local words, codes = vocabulary(opt.text ~= '' and read(opt.text) or documentation())
if #words.list < 10 then
  error(('-text: only %d words occur %d times or more, expected at least 10'):format(#words.list, opt.least), 0)
end
if opt.smoke then
  for i = #codes, 3001, -1 do codes[i] = nil end
end

-- Pairs of a word and one near to it, in a new order. Of frequent words only some are kept, and the window's width is
-- drawn for each word, so that the nearest ones count most.
local keep = (words.counts / words.counts:sum() / opt.frequent):pow(-0.5)
local function pairs_of_words()
  local kept, flat = {}, {}
  for _, code in ipairs(codes) do
    if torch.uniform() < keep[code] then kept[#kept + 1] = code end
  end
  for i = 1, #kept do
    local width = torch.random(opt.window)
    for j = math.max(1, i - width), math.min(#kept, i + width) do
      if j ~= i then flat[#flat + 1], flat[#flat + 2] = kept[i], kept[j] end
    end
  end
  local all = torch.LongTensor(flat):view(-1, 2)
  return all:index(1, torch.randperm(all:size(1)):long())
end

-- {word (N, 1), candidates (N, 1 + negative)} -> a score for each candidate (N, 1, 1 + negative)
local vectors, contexts = nn.LookupTable(#words.list, opt.size), nn.LookupTable(#words.list, opt.size)
vectors:reset(0.1)
contexts:reset(0.1)
local net = nn.Sequential():add(nn.ParallelTable():add(vectors):add(contexts)):add(nn.MM(false, true))
local criterion = nn.BCEWithLogitsCriterion()
local parameters, gradients = net:getParameters()

local drawn_as = words.counts:clone():pow(0.75) -- rare words are drawn somewhat more often than they occur
local candidates, target = torch.LongTensor(), torch.Tensor()

local function train_step(batch, config)
  local n, columns = batch:size(1), 1 + opt.negative
  candidates:resize(n, columns):copy(torch.multinomial(drawn_as, n * columns, true))
  candidates:select(2, 1):copy(batch:select(2, 2))
  target:resize(n, 1, columns):zero():select(3, 1):fill(1)
  local input = { batch:narrow(2, 1, 1), candidates }
  local _, loss = optim.adam(function()
    gradients:zero()
    local l = criterion:forward(net:forward(input), target)
    net:backward(input, criterion:backward(net.output, target))
    return l, gradients
  end, parameters, config)
  return loss[1]
end

-- Rows of length 1: their products are the cosines.
local function normalised() return nn.Normalize(2):forward(vectors.weight):clone() end

local function show_neighbours(rows)
  for word in opt.show:gmatch '[^,%s]+' do
    local i = words.number[word]
    local near = {}
    if i then
      local _, order = torch.sort(torch.mv(rows, rows[i]), 1, true)
      for k = 2, 7 do near[#near + 1] = words.list[order[k]] end -- the first is the word itself
    end
    print(('%-12s %s'):format(word, i and table.concat(near, ', ') or '(not among the words)'))
  end
end

-- The commonest words of four letters or more in the plane in which their vectors differ most.
local function plot_words(rows)
  local chosen = {}
  for i, word in ipairs(words.list) do
    if #word >= 4 and #chosen < 80 then chosen[#chosen + 1] = i end
  end
  local x = rows:index(1, torch.LongTensor(chosen))
  x:add(-1, x:mean(1):expandAs(x))
  local _, _, axes = torch.svd(x)
  local plane = x * axes:narrow(2, 1, 2)
  local labels = {}
  for k, i in ipairs(chosen) do labels[k] = words.list[i] end
  if not paths.findprogram 'gnuplot' then return end -- optim.Logger has said so
  gnuplot.pngfigure(opt.save .. '/words.png')
  gnuplot.raw 'set key off'
  for k, label in ipairs(labels) do
    gnuplot.raw(("set label '%s' at %g,%g center font ',9'"):format(label, plane[k][1], plane[k][2]))
  end
  gnuplot.plot('', plane:select(2, 1), plane:select(2, 2), '.')
  gnuplot.plotflush()
  print('plane of words: ' .. opt.save .. '/words.png')
end

print(('%d words in the text, %d different that occur %d times or more'):format(#codes, #words.list, opt.least))
local log = optim.Logger(opt.save .. '/train.log'):setNames { 'loss' }:style '+-'
local config = {}
for epoch = 1, opt.epochs do
  local all, sum = pairs_of_words(), 0
  for from = 1, all:size(1), opt.batch do
    local n = math.min(opt.batch, all:size(1) - from + 1)
    config.learningRate = opt.lr * (1 - (epoch - 1 + from / all:size(1)) / opt.epochs)
    sum = sum + n * train_step(all:narrow(1, from, n), config)
  end
  log:add { sum / all:size(1) }
  print(('epoch %d of %d: %d pairs, loss %.4f'):format(epoch, opt.epochs, all:size(1), sum / all:size(1)))
end
log:plot('loss', 'epoch')
local rows = normalised()
show_neighbours(rows)
plot_words(rows)
torch.save(opt.save .. '/vectors.t7', { words = words.list, vectors = vectors.weight:clone() })
