--- Rewrites Lua source so that Lua 5.2 forms run on a LuaJIT built without them.
--
-- `length` replaces the operator in `#x` by a call of torch.length, unless what follows is a constructor, a string or
-- a number. Nothing else changes, no line moves. Only as much of the grammar is read as tells where strings and
-- comments are and where the operand ends: a name or a bracket, its suffixes, and `^`, which binds tighter.
-- `statements` writes `do break end` for `break`, which 5.2 allows anywhere, and drops empty statements.
-- @module torch.source

local find, sub, byte, match = string.find, string.sub, string.byte, string.match
local M = {}

local CALL, END = '(("").__len(', '))' -- the outer brackets: a call behind `return` would be a tail call
local NOT_A_NAME = { ['nil'] = true, ['true'] = true, ['false'] = true, ['function'] = true, ['not'] = true }

-- The state of the rewriting under way, and those it interrupted: a handler of the virtual machine's events (jit.v,
-- jit.dump) may load code of its own in the middle of one.
local text, pieces, n, copied
local outer = {}

local function put(piece, from, to)
  pieces[n + 1], pieces[n + 2] = sub(text, copied, from - 1), piece
  n, copied = n + 2, to
end

-- Behind the long bracket that opens at p, else nil.
local function behind_long(p)
  local level = match(text, '^%[(=*)%[', p)
  if level then
    local _, last = find(text, ']' .. level .. ']', p + #level + 2, true)
    return (last or #text) + 1
  end
end

-- Behind the string whose quote is at p.
local function behind_string(p)
  local stops = byte(text, p) == 34 and '["\\\n]' or "['\\\n]"
  local q = p + 1
  while true do
    q = find(text, stops, q)
    if not q then
      return #text + 1
    elseif byte(text, q) ~= 92 then
      return q + 1
    end
    q = byte(text, q + 1) == 122 and find(text, '[^%s]', q + 2) or q + 2 -- \z skips white space
    if not q then
      return #text + 1
    end
  end
end

-- Behind the comment at p, nil when there is none.
local function behind_comment(p)
  if byte(text, p + 1) ~= 45 then
    return nil
  end
  return behind_long(p + 2) or (find(text, '\n', p + 2, true) or #text) + 1
end

-- First position from p on that is neither white space nor comment.
local function skip_space(p)
  while true do
    p = find(text, '%S', p) or #text + 1
    local q = byte(text, p) == 45 and behind_comment(p)
    if not q then
      return p
    end
    p = q
  end
end

-- Behind whatever starts at p with the byte c, one that strings and comments begin with.
local function behind_literal(p, c)
  if c == 34 or c == 39 then
    return behind_string(p)
  elseif c == 45 then
    return behind_comment(p) or p + 1
  end
  return behind_long(p) or p + 1
end

local rewrite_length

-- Behind the bracket that closes the one at p; operators inside are rewritten.
local function behind_bracket(p)
  local depth = 1
  p = p + 1
  while depth > 0 do
    p = find(text, '[#"\'%[%]%-(){}]', p)
    if not p then
      return #text + 1
    end
    local c = byte(text, p)
    if c == 35 then
      p = rewrite_length(p)
    elseif c == 40 or c == 123 then
      depth, p = depth + 1, p + 1
    elseif c == 41 or c == 93 or c == 125 then
      depth, p = depth - 1, p + 1
    else
      local q = behind_literal(p, c)
      if c == 91 and q == p + 1 then
        depth = depth + 1
      end
      p = q
    end
  end
  return p
end

-- Behind the fields, indices and arguments that follow what ends before p.
local function behind_suffixes(p)
  while true do
    local q = skip_space(p)
    local c = byte(text, q)
    if c == 46 or c == 58 then -- . or : and a name; not .. or ::
      if byte(text, q + 1) == c then
        return p
      end
      local _, last = find(text, '^[%w_\128-\255]+', skip_space(q + 1))
      if not last then
        return p
      end
      p = last + 1
    elseif c == 40 or c == 123 then
      p = behind_bracket(q)
    elseif c == 91 then
      p = behind_long(q) or behind_bracket(q)
    elseif c == 34 or c == 39 then
      p = behind_string(q)
    else
      return p
    end
  end
end

local behind_power

-- Behind the exponent that starts at p.
local function behind_exponent(p)
  p = skip_space(p)
  local c = byte(text, p)
  if c == 45 then
    return behind_exponent(p + 1)
  elseif c == 35 then
    local q = rewrite_length(p)
    return q > p + 1 and q or behind_exponent(q)
  elseif c == 34 or c == 39 then
    return behind_power(behind_string(p))
  elseif c == 40 then
    return behind_power(behind_suffixes(behind_bracket(p)))
  end
  local _, last = find(text, '^%.?%d[%w.]*', p)
  if last then
    if match(sub(text, p, last), '^0[xX]') == nil and find(text, '^[eE]', last) then -- 1e-5
      local _, further = find(text, '^[+-]%d+', last + 1)
      last = further or last
    end
    return behind_power(last + 1)
  end
  _, last = find(text, '^[%a_\128-\255][%w_\128-\255]*', p)
  return last and behind_power(behind_suffixes(last + 1)) or p
end

function behind_power(p)
  local q = skip_space(p)
  return byte(text, q) == 94 and behind_exponent(q + 1) or p
end

-- Rewrite the operator at p and all in its operand; the position from which to go on.
function rewrite_length(p)
  local q = skip_space(p + 1)
  local c = byte(text, q)
  if c == 40 then
    put(CALL, p, p + 1)
    q = behind_suffixes(behind_bracket(q))
  elseif sub(text, q, q + 2) == '...' then
    put(CALL, p, p + 1)
    q = q + 3
  else
    local _, last = find(text, '^[%a_\128-\255][%w_\128-\255]*', q)
    if not last or NOT_A_NAME[sub(text, q, last)] then
      return p + 1
    end
    put(CALL, p, p + 1)
    q = behind_suffixes(last + 1)
  end
  q = behind_power(q)
  put(END, q, q)
  return q
end

-- Where the program starts: LuaJIT passes over a first line `#!...`.
local function start()
  local p = sub(text, 1, 3) == '\239\187\191' and 4 or 1
  return byte(text, p) == 35 and (find(text, '\n', p, true) or #text + 1) or p
end

local function begin(source)
  outer[#outer + 1] = { text, pieces, n, copied }
  text, pieces, n, copied = source, {}, 0, 1
end

local function finish()
  local whole = text
  if n > 0 then
    pieces[n + 1] = sub(text, copied)
    whole = table.concat(pieces)
  end
  text, pieces, n, copied = unpack(table.remove(outer), 1, 4)
  return whole
end

--- The source with `#x` as calls of torch.length; unchanged text is returned as it is.
-- @string source
-- @usage assert(require 'torch.source'.length 'return #x.y + 1' == 'return (("").__len(x.y)) + 1')
function M.length(source)
  if not find(source, '#', 1, true) then
    return source
  end
  begin(source)
  local p = start()
  while true do
    p = find(text, '[#"\'%[%-]', p)
    if not p then
      break
    end
    local c = byte(text, p)
    if c == 35 then
      p = rewrite_length(p)
    else
      p = behind_literal(p, c)
    end
    if not find(text, '#', p, true) then -- only strings and comments are left, or nothing
      break
    end
  end
  return finish()
end

local opens_block = { ['do'] = true, ['then'] = true, ['else'] = true, ['repeat'] = true }

--- The source with `break` in a block of its own and without empty statements.
-- @string source
-- @usage assert(require 'torch.source'.statements 'do break; end' == 'do do break end; end')
function M.statements(source)
  begin(source)
  local p, previous = start(), ';'
  while true do
    p = skip_space(p)
    local c = byte(text, p)
    if not c then
      break
    end
    local _, last = find(text, '^[%w_\128-\255]+', p)
    local word = last and sub(text, p, last)
    if word == 'break' then
      put('do break end', p, last + 1)
    elseif c == 59 and (previous == ';' or opens_block[previous]) then
      put(' ', p, p + 1)
    end
    previous = word or sub(text, p, p)
    p = last and last + 1 or (c == 34 or c == 39 or c == 91) and behind_literal(p, c) or p + 1
  end
  return finish()
end

return M
