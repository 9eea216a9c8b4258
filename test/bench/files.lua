--- How fast .t7 files are written and read:  build/th test/bench/files.lua [million floats = 100] [folder = /tmp]
-- A tensor of 400 MB is saved and loaded; beside it what the system does with the same bytes: `cat FILE >/dev/null`
-- (out of the page cache into one small buffer), read(2) by one thread into memory never touched before, and a write
-- that ends with fsync, as a save does. Best of three.
local ffi = require 'ffi'
ffi.cdef [[
int files_open(const char *, int) __asm__("open");
int64_t files_read(int, void *, size_t) __asm__("read");
int files_close(int) __asm__("close");
]]
local millions, folder = tonumber(arg[1]) or 100, arg[2] or '/tmp'
local path = ('%s/rekindle-bench-%d.t7'):format(folder, os.time())
local x = torch.FloatTensor(millions * 1e6):fill(1)
local bytes = millions * 4e6

local function best(f)
  local least = math.huge
  for _ = 1, 3 do
    collectgarbage()
    collectgarbage()
    local began = torch.tic()
    f()
    least = math.min(least, torch.toc(began))
  end
  return least
end

local function fresh_read()
  require 'torch.ffi'.rk_trim()
  local storage = torch.ByteStorage(bytes)
  local fd = ffi.C.files_open(path, 0)
  local at = 0
  repeat
    local n = tonumber(ffi.C.files_read(fd, storage:data() + at, math.min(bytes - at, 2 ^ 30)))
    at = at + n
  until n <= 0 or at >= bytes
  ffi.C.files_close(fd)
end

local times = {
  { 'torch.save', best(function() torch.save(path, x) end) },
  { 'dd conv=fsync', best(function()
    os.execute(('dd if=%s of=%s.copy bs=1M conv=fsync 2>/dev/null'):format(path, path))
  end), 1 },
  { 'torch.load', best(function() torch.load(path) end) },
  { 'read into fresh memory', best(fresh_read), 3 },
  { 'cat FILE >/dev/null', best(function() os.execute(('cat %s >/dev/null'):format(path)) end), 3 },
}
for _, row in ipairs(times) do
  local ratio = row[3] and (', %s is at %.0f %%'):format(times[row[3]][1], 100 * row[2] / times[row[3]][2]) or ''
  print(('%-24s %6.3f s  %5.2f GB/s%s'):format(row[1], row[2], bytes / row[2] / 1e9, ratio))
end
os.remove(path)
os.remove(path .. '.copy')
