--- The original Torch7's own numbers, replayed: every vector in test/golden, one test a file.
--
-- `golden_pending` lists what is not built yet, with the reason. Those vectors are replayed, too, and must fail: one
-- that passes makes the test fail until it is taken off the list. They count as skipped, never as passed. What is
-- refused for good is listed there, too.
require 'torch'
for _, name in ipairs {'nn', 'nngraph', 'optim'} do
  pcall(require, name)
end
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test'
package.path = here .. '/?.lua;' .. package.path
require 'golden_classes'
local replay = require 'golden_replay'
local objects = require 'golden_objects'
local pending_rows, refused = unpack(require 'golden_pending')

local folder = here .. '/golden'
local MOST_SHOWN = 25

-- ---------------------------------------------------------------------------------------------------------

local function fixtures(path, prefix, found)
  for name in paths.files(path) do
    if name:match '%.t7$' then
      found[#found + 1] = prefix .. name
    elseif not name:match '^%.' and paths.dirp(path .. '/' .. name) then
      fixtures(path .. '/' .. name, prefix .. name .. '/', found)
    end
  end
  table.sort(found)
  return found
end

local function mode_of(file)
  return file:match '%.(ascii)%.t7$' or file:match '%.(b32)%.t7$' or 'binary'
end

-- Reason why a vector is expected to fail: the first row whose pattern matches "file label"
local function reason_for(file, label)
  local text = file .. ' ' .. label
  for _, row in ipairs(pending_rows) do
    if text:find(row[1]) then
      return row[2]
    end
  end
end

local function silently(f, ...)
  local print_, write = print, io.write
  rawset(_G, 'print', function() end)
  io.write = function() return io.stdout end -- luacheck: ignore 122
  local ok, difference = pcall(f, ...)
  io.write = write -- luacheck: ignore 122
  rawset(_G, 'print', print_)
  if not ok then
    return 'error: ' .. tostring(difference)
  end
  return difference
end

local kinds = {{'^torch_ops/', 'op'}, {'^random', 'op'}, {'^image', 'op'},
  {'^optim', 'optim'}, {'^print', 'print'}, {'^errors', 'error'}}

local function replay_of(file, set)
  if file:match '^nn/' then
    return replay[set.kind]
  end
  for _, row in ipairs(kinds) do
    if file:match(row[1]) then
      return replay[row[2]]
    end
  end
end

local function label_of(i, c)
  local name = c.fn or c.method or c.ctor_src or ''
  local src = c.src and c.src:gsub('^local a,b,c,d,e,f = %.%.%.; ', '') or ''
  return ('#%d %s %s'):format(i, name, src)
end

-- Replay all cases of a file: failures to report, and how many vectors are pending for each reason
local function replay_cases(file, set)
  local failures, waiting = {}, {}
  local run = replay_of(file, set)
  for i, c in ipairs(set.cases) do
    if not c.crash then
      local label = label_of(i, c)
      local reason = reason_for(file, label)
      local missing = c.message and replay.missing_name(c.src)
      local difference = missing and ('there is no ' .. missing) or silently(run, c, set)
      if reason or missing then
        reason = reason or 'not there yet: ' .. missing
        waiting[reason] = (waiting[reason] or 0) + 1
        if not difference then
          failures[#failures + 1] = label:sub(1, 150) .. ' :: listed as pending, but it passes: take it off the list'
        end
      elseif difference then
        failures[#failures + 1] = label:sub(1, 150) .. ' :: ' .. difference
      end
    end
  end
  return failures, waiting
end

local function report(failures, total)
  if #failures > 0 then
    local shown = {}
    for i = 1, math.min(#failures, MOST_SHOWN) do
      shown[i] = failures[i]
    end
    error(('%d of %d vectors fail:\n%s'):format(#failures, total, table.concat(shown, '\n')), 0)
  end
end

-- One whole object: load it, look at it, write it again
local function replay_object(file)
  local mode = mode_of(file)
  local referenced = not file:match '%.noref%.t7$'
  local ok, object = pcall(torch.load, folder .. '/' .. file, mode, referenced)
  if not ok then
    return 'error: ' .. object
  end
  local name = file:match '/(.-)%.':gsub('_[ab]$', '')
  local holds = objects[name] or (type(object) == 'table' and object.net and objects.net)
  return holds and silently(holds, object) or nil
end

-- ---------------------------------------------------------------------------------------------------------

describe('golden vectors', function()
  local started = {}

  for _, file in ipairs(fixtures(folder, '', {})) do
    if file:match '^nn_serialized/' then
      if refused[file] then
        it(file .. ' is refused: ' .. refused[file], function()
          assert.is_false((pcall(torch.load, folder .. '/' .. file, mode_of(file))))
          local object = torch.load(folder .. '/' .. file, mode_of(file), {functions = true})
          assert.is_nil(objects[file:match '/(.-)_[ab]%.'](object))
        end)
      else
        -- Replayed when the file is declared, as below
        local reason, difference = reason_for(file, ''), replay_object(file)
        if reason and difference then
          pending(('%s: 1 vector: %s'):format(file, reason))
        else
          it(file, function()
            assert(not reason, 'listed as pending, but it passes: take it off the list')
            if difference then
              error(difference, 0)
            end
          end)
        end
      end
    else
      local set = torch.load(folder .. '/' .. file)
      local failures, waiting
      -- Replayed once, when the file is declared: what waits is known then, and is reported as skipped.
      failures, waiting = replay_cases(file, set)
      local count = 0
      for reason, n in pairs(waiting) do
        pending(('%s: %d of %d vectors: %s'):format(file, n, #set.cases, reason))
        count = count + n
      end
      if count < #set.cases or #failures > 0 then
        it(file, function()
          report(failures, #set.cases - count)
        end)
      end
      started[file] = true
    end
  end

  it('has all its fixtures', function()
    local n = 0
    for _ in pairs(started) do
      n = n + 1
    end
    assert.is_true(n > 200)
  end)
end)
