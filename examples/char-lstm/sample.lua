--- Let a network of train.lua write: th examples/char-lstm/sample.lua -checkpoint char-lstm/checkpoint.t7 [options].
local torch, paths = require 'torch', require 'paths'
local model = dofile(paths.thisfile 'model.lua')

local cmd = torch.CmdLine()
cmd:text 'Let a network of train.lua write'
cmd:option('-checkpoint', 'char-lstm/checkpoint.t7', 'what train.lua saved')
cmd:option('-prime', 'The ', 'text to go on from')
cmd:option('-length', 500, 'characters to write')
cmd:option('-temperature', 0.5, 'near 0: always the likeliest character; 1: as the net believes; above: wilder')
cmd:option('-seed', 0, 'of the random numbers; 0: another one each time')
cmd:option('-smoke', false, 'write with a net that has learned nothing, to see that all works')
local opt = cmd:parse(arg)
if #opt.prime == 0 then error('-prime: expected at least one character', 0) end
if opt.temperature <= 0 then error('-temperature: expected a number above 0, got ' .. opt.temperature, 0) end
if opt.seed ~= 0 then torch.manualSeed(opt.seed) end

local run
if opt.smoke then
  local vocabulary = model.vocabulary 'The quick brown fox jumps over the lazy dog.\n'
  run = { vocabulary = vocabulary, net = model.network(#vocabulary.list, 16, 2, 0):float() }
else
  if not paths.filep(opt.checkpoint) then
    error(('-checkpoint: no file %s; train.lua makes one'):format(opt.checkpoint), 0)
  end
  run = torch.load(opt.checkpoint)
end
print(opt.prime .. model.write(run.net, run.vocabulary, opt.prime, opt.length, opt.temperature))
