--- What train.lua and sample.lua share: a vocabulary of characters, the network, and writing with it.
local torch, nn = require 'torch', require 'nn'

local M = {}

--- The characters of a text: a list, sorted, and the number of each.
function M.vocabulary(text)
  local seen, list, number = {}, {}, {}
  for c in text:gmatch '.' do seen[c] = true end
  for c in pairs(seen) do list[#list + 1] = c end
  table.sort(list)
  for i, c in ipairs(list) do number[c] = i end
  return { list = list, number = number }
end

--- Text to a LongTensor of character numbers. A character that the vocabulary lacks is an error.
function M.encode(vocabulary, text)
  local codes = torch.LongTensor(#text)
  for i = 1, #text do
    local c = text:sub(i, i)
    codes[i] = vocabulary.number[c] or error(('the network never saw %q (byte %d)'):format(c, c:byte()), 0)
  end
  return codes
end

--- Character numbers (T, N) to scores (T*N, characters). The LSTM begins each call in the state in which the last one
-- ended, so that a text may be read, or written, in pieces.
function M.network(characters, hidden, layers, dropout)
  local net = nn.Sequential()
  net:add(nn.LookupTable(characters, math.min(characters, 32)))
  net:add(nn.LSTM(math.min(characters, 32), hidden, { numLayers = layers, dropout = dropout }):remember())
  net:add(nn.View(-1, hidden))
  net:add(nn.Linear(hidden, characters))
  return net
end

--- Have the net write `length` characters that follow `prime`. The scores are divided by the temperature before one
-- is drawn: near 0 the likeliest is taken always, at 1 as often as the net believes, above 1 the surprising gain.
function M.write(net, vocabulary, prime, length, temperature)
  net:evaluate()
  net:get(2):resetStates()
  local input = M.encode(vocabulary, prime)
  local probabilities, written = torch.FloatTensor(), {}
  for i = 1, length do
    local scores = net:forward(input:view(-1, 1)) -- T x 1: one text
    probabilities:resize(scores:size(2)):copy(scores[scores:size(1)]):div(temperature)
    probabilities:add(-probabilities:max()):exp()
    input = torch.multinomial(probabilities, 1)
    written[i] = vocabulary.list[input[1]]
  end
  net:get(2):resetStates()
  return table.concat(written)
end

return M
