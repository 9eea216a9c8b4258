--- Fuzzes everything that has an example: the @usage lines of all packages, damaged: other numbers, arguments left out,
-- doubled, exchanged, put in from other examples. What makes a layer or a criterion is also put through the whole of
-- a training step: forward, backward, parameters, conversion, cloning, writing and reading.
--
--     th test/fuzz/examples.lua [options of options.lua] [--show N] [--limit N] [--of TEXT]
--
-- `--of SpatialConvolution` takes the examples that mention it.
local here = arg[0]:match '^(.*)/' or '.'
local new_random = dofile(here .. '/random.lua')
local values = dofile(here .. '/values.lua')
local new_calls = dofile(here .. '/calls.lua') -- before options: it changes the folder
local options = dofile(here .. '/options.lua')('examples', arg)
local calls = new_calls(options, function(message)
  -- raised by the text itself, or by a callback that was handed over
  return message:find '^%[?[sg]?t?r?i?n?g? ?"?example' or message:find 'fuzz/values.lua'
    or message:find 'fuzz/examples.lua'
end)

-- -- the examples -----------------------------------------------------------------------------------

local packages = { 'torch', 'nn', 'optim', 'image', 'nngraph', 'xlua', 'tds', 'sys', 'vision', 'paths' }
-- What loops over its own numbers, runs programs, draws, opens connections, removes files, or changes the process.
local left_out = { 'for ', 'while ', 'execute', 'rmall', 'rmdir', 'os%.', 'io%.popen', 'display', 'gnuplot', 'threads',
  'setdefaulttensortype', 'setheaptracking', 'PipeFile', 'sleep', 'CmdLine', 'include', 'progress', 'dofile',
  'findprogram', 'torch%.class', 'newmetatable', 'xlua%.log', 'clearall', 'setenv', 'setnumthreads', 'test[%({]',
  'Tester', 'TestSuite', 'metatype', 'SuiteTester', 'StochasticGradient', 'split%(', 'require', 'debug%.' }

local function usable(text)
  if #text > 400 then return false end
  for _, words in ipairs(left_out) do
    if text:find(words) then return false end
  end
  return loadstring(text) or loadstring('return ' .. text)
end

local examples, pieces = {}, {}
for _, package in ipairs(packages) do
  rawset(_G, package, require(package))
  for _, entry in ipairs(require 'torch.usage'.package(package)) do
    for _, tag in ipairs(entry.tags) do
      local text = tag.tag == 'usage' and tag.text:gsub('%-%-[^\n]*', ''):gsub('^%s+', '')
      if text and (not options.of or text:find(options.of, 1, true)) and usable(text) then
        examples[#examples + 1] = text
      end
    end
  end
end

-- -- damage -----------------------------------------------------------------------------------------------

-- The arguments of a call's text, without its brackets.
local function split(text)
  local list, depth, start, quote = {}, 0, 1, nil
  for i = 1, #text do
    local c = text:sub(i, i)
    if quote then
      if c == quote then quote = nil end
    elseif c == '"' or c == "'" then
      quote = c
    elseif c:find '[%(%[{]' then
      depth = depth + 1
    elseif c:find '[%)%]}]' then
      depth = depth - 1
    elseif c == ',' and depth == 0 then
      list[#list + 1] = text:sub(start, i - 1)
      start = i + 1
    end
  end
  if text:find '%S' then list[#list + 1] = text:sub(start) end
  return list
end

-- All bracketed lists of a text: where they begin and end.
local function lists_of(text)
  local found = {}
  for at, open in text:gmatch '()([%({])' do
    local last = text:match(open == '(' and '^%b()()' or '^%b{}()', at)
    if last then found[#found + 1] = { first = at + 1, last = last - 2 } end
  end
  return found
end

for _, text in ipairs(examples) do
  for _, list in ipairs(lists_of(text)) do
    for _, piece in ipairs(split(text:sub(list.first, list.last))) do
      if not piece:find '=' and loadstring('return ' .. piece) then pieces[#pieces + 1] = piece end
    end
  end
end
local odd_pieces = { 'nil', 'false', 'true', '0', '-1', '0/0', '1/0', '-1/0', '1e300', '2^31', '2^53', '1.5', '-0.5',
  '""', '"a"', '"3"', '{}', '{1, 2}', '{{}}', 'torch.Tensor()', 'torch.ones(1)', 'torch.LongTensor{1, 2}',
  'torch.ByteTensor(2)', 'torch.FloatTensor(2, 3):fill(1)', 'torch.DoubleTensor(2, 3):fill(1)',
  'torch.zeros(2, 3, 4, 5)', 'torch.ones(3)', 'torch.LongStorage{2, 3}', 'print', 'nn.Linear(3, 2)', 'nn.Identity()',
  'nn.MSECriterion()', 'torch.randn(2, 3):t()', 'torch.HalfTensor(2, 3)', 'torch.ones(1):expand(4)',
  'torch.Generator()', 'torch.MemoryFile()', 'setmetatable({}, {})', '{torch.ones(2), torch.ones(3)}', '{nan = 1}',
  'function(x) return x end', 'function() end', '10', '1000', '1LL', 'torch.randn(1, 1, 1, 1, 1)' }

-- Between small and far too big for any memory nothing is learnt, and it takes long.
local odd = {}
for _, v in ipairs(values.odd) do
  if not (v > 300 and v < 2 ^ 31 - 1) then odd[#odd + 1] = v end
end

local function piece(random)
  return random:once(3) and random:pick(odd_pieces) or random:pick(pieces)
end

local damages = {
  function(text, random) -- a number
    local places = {}
    for at, digits in text:gmatch '%f[%w_.]()(%d+%.?%d*)%f[^%w_.]' do places[#places + 1] = { at, digits } end
    if #places == 0 then return text end
    local at, digits = unpack(random:pick(places))
    local new = random:once(4) and ('%.17g'):format(random:pick(odd)):gsub('-?nan', '0/0'):gsub('inf', '1/0')
      or tostring(random:integer(8) - 2)
    return text:sub(1, at - 1) .. new .. text:sub(at + #digits)
  end,
  function(text, random) -- an argument
    local found = lists_of(text)
    if #found == 0 then return text end
    local list = random:pick(found)
    local words, way = split(text:sub(list.first, list.last)), random:integer(5)
    local at = random:integer(#words + 1)
    if way == 1 then
      table.remove(words, math.min(at, #words))
    elseif way == 2 then
      table.insert(words, at, piece(random))
    elseif way == 3 and #words > 0 then
      table.insert(words, at, words[math.min(at, #words)])
    elseif way == 4 and #words > 1 then
      at = math.min(at, #words - 1)
      words[at], words[at + 1] = words[at + 1], words[at]
    else
      words[math.max(1, math.min(at, #words))] = piece(random)
    end
    return text:sub(1, list.first - 1) .. table.concat(words, ', ') .. text:sub(list.last + 1)
  end,
}

-- -- what follows a layer -----------------------------------------------------------------------------------

local function finite(t) return torch.isTensor(t) and t:nElement() < 1e6 end
local function copy_of(v)
  if torch.isTensor(v) then return finite(v) and v:clone() or v end
  if type(v) ~= 'table' or getmetatable(v) then return v end
  local t = {}
  for k, x in pairs(v) do t[k] = copy_of(x) end
  return t
end

local types = { 'torch.FloatTensor', 'torch.DoubleTensor', 'torch.HalfTensor', 'torch.BFloat16Tensor' }
local follow = {
  function(m, x) return m:forward(x) end,
  function(m, x) return m:forward(x) end,
  function(m, x) return m:backward(x, copy_of(m.output)) end,
  function(m, x) return m:updateGradInput(x, copy_of(m.output)) end,
  function(m, x) return m:accGradParameters(x, copy_of(m.output), 0.5) end,
  function(m, x) return m:accUpdateGradParameters(x, copy_of(m.output), 0.1) end,
  function(m) return m:zeroGradParameters() end,
  function(m) return m:updateParameters(0.1) end,
  function(m) return m:parameters() end,
  function(m) return m:getParameters() end,
  function(m, _, random) return m:type(random:pick(types)) end,
  function(m) return m:clone() end,
  function(m) return m:evaluate() end,
  function(m) return m:training() end,
  function(m) return m:reset() end,
  function(m) return m:clearState() end,
  function(m) return tostring(m) end,
  function(m) return torch.deserialize(torch.serialize(m)) end,
  function(m) return m:sharedClone() end,
  function(m) return m:listModules() end,
  function(m) return m:channelsLast() end,
  function(m, x, random) return m:backward(x, random:once(2) and torch.randn(2, 3) or values.any(random, {})) end,
  function(m, _, random) return m:forward(values.any(random, {})) end,
  function(m, _, random) return m:forward(torch.randn(torch.LongStorage(values.sizes(random, true)))) end,
}

local uses_input = {}
for n, f in ipairs(follow) do
  local about = debug.getinfo(f, 'u')
  uses_input[n] = n > 2 and about.nparams > 1 and debug.getlocal(f, 2) == 'x' -- a pass back
end

local function train(text, m, x, forwarded, random)
  for _ = 1, 6 do
    local n = random:integer(#follow)
    if not forwarded and uses_input[n] then n = 9 end
    local _, result = calls.try(('%s  -- then %d'):format(text, n), 'nn', follow[n], m, x, random)
    if torch.isTypeOf(result, 'nn.Module') then m = result end
  end
end

-- Layers come to light where they are called.
local seen
local function watch(class)
  local mt = torch.getmetatable(class)
  local forward = mt.forward
  mt.forward = function(self, x, ...)
    if not seen then seen = { self, x } end
    return forward(self, x, ...)
  end
end
watch 'nn.Module'
watch 'nn.Criterion'

calls.run(function(case)
  local random = new_random((options.seed * 7919 + case * 104729) % 2147483647)
  torch.manualSeed(random:integer(1e6))
  local text = random:pick(examples)
  for _ = 1, random:integer(3) do
    local new = random:pick(damages)(text, random)
    text = (loadstring(new) or loadstring('return ' .. new)) and new or text
  end
  local f = loadstring(text, '=example') or loadstring('return ' .. text, '=example')
  setfenv(f, setmetatable({ print = function() end }, { __index = _G }))
  seen = nil
  local ok = calls.try(text, text:match '[%w_.]+%f[%({\'"]' or 'example', f)
  if seen then
    local m, x = unpack(seen)
    seen = false
    if text:find 'functional' then return end -- a layer that no program sees
    train(text, m, x, ok, random)
  end
end)
