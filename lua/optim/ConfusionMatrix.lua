--- optim.ConfusionMatrix: how often class t was taken for class p.
--
-- mat (LongTensor, classes x classes, rows are targets), valids (recall of each class), unionvalids (intersection over
-- union of each class), averageValid, averageUnionValid, totalValid (fractions). Targets below 1 are ignored.
local ConfusionMatrix = torch.class 'optim.ConfusionMatrix'
local joined = require('torch.check').joined

--- @param nclasses number of classes, or the list of their names
-- @param[opt] classes list of their names
-- @usage local c = optim.ConfusionMatrix {'cat', 'dog'}
function ConfusionMatrix:__init(nclasses, classes)
  if type(nclasses) == 'table' then
    classes, nclasses = nclasses, #nclasses
  end
  if type(nclasses) ~= 'number' or nclasses < 1 then
    error('optim.ConfusionMatrix: expected the number of classes or a list of names, got ' .. torch.type(nclasses), 2)
  end
  if classes ~= nil and torch.type(classes) ~= 'table' then
    error('optim.ConfusionMatrix: argument 2: expected a list of names, got ' .. torch.type(classes), 2)
  end
  self.mat = torch.LongTensor(nclasses, nclasses):zero()
  self.valids = torch.FloatTensor(nclasses):zero()
  self.unionvalids = torch.FloatTensor(nclasses):zero()
  self.nclasses = nclasses
  self.totalValid = 0
  self.averageValid = 0
  self.averageUnionValid = 0
  self.classes = classes or {}
end

local function check(self, prediction, target)
  if prediction < 1 or prediction > self.nclasses or target > self.nclasses or prediction ~= math.floor(prediction) then
    error(('optim.ConfusionMatrix: prediction %g, target %g: expected classes 1..%d'):format(tonumber(prediction),
      tonumber(target), self.nclasses), 4)
  end
end

local function count(self, prediction, target)
  if target < 1 then return end
  check(self, prediction, target)
  local row = self.mat[target]
  row[prediction] = row[prediction] + 1
end

-- Class of a score vector or one-hot target.
local function class_of(self, v, what)
  if type(v) == 'number' then return v end
  if not torch.isTensor(v) then
    error(('optim.ConfusionMatrix: add: %s: expected a class or a vector of scores, got %s'):format(what,
      torch.type(v)), 3)
  end
  if v:nElement() ~= self.nclasses then
    error(('optim.ConfusionMatrix: add: %s: expected %d scores, got %d'):format(what, self.nclasses, v:nElement()), 3)
  end
  local _, index = v:contiguous():view(-1):max(1)
  return index[1]
end

--- Count one sample.
-- @param prediction class or vector of scores
-- @param target class or one-hot vector
function ConfusionMatrix:add(prediction, target)
  count(self, class_of(self, prediction, 'prediction'), class_of(self, target, 'target'))
end

-- A vector of classes from classes (N), (N, 1), (1, N), or from scores (N, classes).
local function classes_of(self, t, what)
  if not torch.isTensor(t) then
    error(('optim.ConfusionMatrix: batchAdd: %s: expected a tensor, got %s'):format(what, torch.type(t)), 3)
  end
  if t:dim() == 2 and t:size(2) == self.nclasses and self.nclasses > 1 then
    local _, index = t:max(2)
    return index:view(-1)
  elseif t:dim() == 1 or (t:dim() == 2 and (t:size(1) == 1 or t:size(2) == 1)) then
    return t:long():view(-1)
  end
  error(('optim.ConfusionMatrix: batchAdd: %s: expected N classes or N x %d scores, got %s'):format(what, self.nclasses,
    joined(t:size(), ' x ')), 3)
end

--- Count a batch.
-- @param predictions N classes or N x classes scores
-- @param targets N classes or N x classes one-hot rows
function ConfusionMatrix:batchAdd(predictions, targets)
  local p, t = classes_of(self, predictions, 'predictions'), classes_of(self, targets, 'targets')
  local n = p:size(1)
  if t:size(1) ~= n then
    error(('optim.ConfusionMatrix: batchAdd: %d predictions for %d targets'):format(n, t:size(1)), 2)
  end
  local seen = t:ge(1)
  if seen:sum() == 0 then return end
  if seen:sum() < n then p, t = p[seen], t[seen] end
  if p:min() < 1 or p:max() > self.nclasses or t:max() > self.nclasses then
    for i = 1, p:size(1) do check(self, p[i], t[i]) end
  end
  local places = (t - 1):mul(self.nclasses):add(p)
  self.mat:view(-1):indexAdd(1, places, places:clone():fill(1))
end

--- Forget all counts.
function ConfusionMatrix:zero()
  self.mat:zero()
  self.valids:zero()
  self.unionvalids:zero()
  self.totalValid = 0
  self.averageValid = 0
  self.averageUnionValid = 0
end

local function average(values)
  local sum, n = 0, 0
  for i = 1, values:size(1) do
    local v = values[i]
    if v == v then sum, n = sum + v, n + 1 end
  end
  return sum / n
end

--- Compute valids, unionvalids, totalValid, averageValid and averageUnionValid from the counts.
function ConfusionMatrix:updateValids()
  local mat, right, all = self.mat, 0, self.mat:sum()
  local rows, columns = mat:sum(2), mat:sum(1)
  for t = 1, self.nclasses do
    local hits, row, column = mat[t][t], rows[t][1], columns[1][t]
    right = right + hits
    self.valids[t] = hits / row
    self.unionvalids[t] = hits / (row + column - hits)
  end
  self.totalValid = right / all
  self.averageValid = average(self.valids)
  self.averageUnionValid = average(self.unionvalids)
end

--- False reject and false accept rates of each class (-1 for a class never seen), then those of the seen classes alone.
-- @return rejects, accepts, seen rejects, seen accepts
function ConfusionMatrix:farFrr()
  local n, mat = self.nclasses, self.mat
  local frrs, fars = torch.Tensor(n):zero(), torch.Tensor(n):zero()
  local seen_frrs, seen_fars = {}, {}
  local all, rows, columns = mat:sum(), mat:sum(2), mat:sum(1)
  for t = 1, n do
    local positives = rows[t][1]
    if positives == 0 then
      frrs[t], fars[t] = -1, -1
    else
      local hits = mat[t][t]
      frrs[t] = (positives - hits) / positives
      fars[t] = (columns[1][t] - hits) / (all - positives)
      seen_frrs[#seen_frrs + 1], seen_fars[#seen_fars + 1] = frrs[t], fars[t]
    end
  end
  return frrs, fars, torch.Tensor(seen_frrs), torch.Tensor(seen_fars)
end

--- The matrix as an image; it needs Qt, which is not supported: print the matrix instead.
function ConfusionMatrix.render()
  error('optim.ConfusionMatrix: render needs a Qt display, which is not supported; print(confusion) shows the matrix',
    2)
end

function ConfusionMatrix:__tostring__()
  self:updateValids()
  local lines = { 'ConfusionMatrix:' }
  local width = math.max(8, 1 + math.ceil(math.log10(math.max(1, self.mat:max()))))
  local cell = '%' .. width .. 'd'
  for t = 1, self.nclasses do
    local row = {}
    for p = 1, self.nclasses do row[p] = cell:format(self.mat[t][p]) end
    local name = self.classes[1] and ('\t[class: %s]'):format(tostring(self.classes[t] or '')) or ''
    lines[#lines + 1] = ('%s[%s]%s  %2.3f%% %s'):format(t == 1 and '[' or ' ', table.concat(row),
      t == self.nclasses and ']' or ' ', self.valids[t] * 100, name)
  end
  lines[#lines + 1] = ' + average row correct: ' .. self.averageValid * 100 .. '% '
  lines[#lines + 1] = ' + average rowUcol correct (VOC measure): ' .. self.averageUnionValid * 100 .. '% '
  lines[#lines + 1] = ' + global correct: ' .. self.totalValid * 100 .. '%'
  return table.concat(lines, '\n')
end

return ConfusionMatrix
