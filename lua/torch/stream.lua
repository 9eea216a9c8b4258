--- Byte streams below `torch.File`: stdio files, pipes and growing memory, all with the same few methods.
--
-- Positions count from 0 here. `remaining()` bounds what a reader may allocate: the bytes left until the end of a file
-- or of memory, nil for a pipe, whose end nobody knows.
--
-- A stream is a plain table; closing it (or collecting it) gives the handle back. This module knows nothing
-- of formats, and needs no tensor.
-- @module torch.stream

local ffi = require 'ffi'
local bit = require 'bit'

ffi.cdef [[
int rk_c_access(const char *path, int mode) __asm__("access");
typedef struct rk_FILE rk_FILE;
rk_FILE *rk_c_fopen(const char *path, const char *mode) __asm__("fopen");
rk_FILE *rk_c_popen(const char *command, const char *mode) __asm__("popen");
int rk_c_fclose(rk_FILE *f) __asm__("fclose");
int rk_c_pclose(rk_FILE *f) __asm__("pclose");
int rk_c_fflush(rk_FILE *f) __asm__("fflush");
size_t rk_c_fread(void *to, size_t size, size_t n, rk_FILE *f) __asm__("fread");
size_t rk_c_fwrite(const void *from, size_t size, size_t n, rk_FILE *f) __asm__("fwrite");
int rk_c_fseeko(rk_FILE *f, int64_t offset, int whence) __asm__("fseeko");
int64_t rk_c_pread(int fd, void *to, size_t n, int64_t at) __asm__("pread");
int64_t rk_c_ftello(rk_FILE *f) __asm__("ftello");
int rk_c_getc_unlocked(rk_FILE *f) __asm__("getc_unlocked");
int rk_c_ungetc(int c, rk_FILE *f) __asm__("ungetc");
int rk_c_setvbuf(rk_FILE *f, char *buffer, int mode, size_t size) __asm__("setvbuf");
int rk_c_fileno(rk_FILE *f) __asm__("fileno");
int rk_c_fsync(int fd) __asm__("fsync");
void *rk_c_realloc(void *p, size_t n) __asm__("realloc");
void rk_c_free(void *p) __asm__("free");
void *rk_c_memchr(const void *p, int c, size_t n) __asm__("memchr");
char *rk_c_strerror(int code) __asm__("strerror");
]]

-- Our own names for C's functions: a program may declare fopen and the rest in its own way.
local C = ffi.C
local SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2
local UNBUFFERED = 2 -- _IONBF of glibc and musl
local tonumber, min, max = tonumber, math.min, math.max

local M = {}

--- Text of the last system error.
local function system_error()
  return ffi.string(C.rk_c_strerror(ffi.errno()))
end
M.system_error = system_error

-- ---------------------------------------------------------------------------------------------------------
-- stdio
-- ---------------------------------------------------------------------------------------------------------

local Stdio = {}
Stdio.__index = Stdio

-- C wants a seek or a flush between writing and reading one stream.
local function turn(self, direction)
  if self.direction ~= direction then
    if self.direction and not self.pipe then
      C.rk_c_fseeko(self.handle, 0, SEEK_CUR)
    end
    self.direction = direction
  end
end

-- Large reads from regular files go past stdio, to all threads.
local LARGE = 2 ^ 23
local count_box = ffi.new 'int64_t[1]'

local function read_large(self, to, n)
  local library, at = require 'torch.ffi', C.rk_c_ftello(self.handle)
  if at < 0 or library.rk_file_read(C.rk_c_fileno(self.handle), at, to, n, count_box) ~= 0 then
    return nil
  end
  C.rk_c_fseeko(self.handle, at + count_box[0], SEEK_SET)
  return tonumber(count_box[0])
end

function Stdio:read(to, n)
  turn(self, 'read')
  if n >= LARGE and self.read_only and self:remaining() then
    local count = read_large(self, to, n)
    if count then
      return count
    end
  end
  return tonumber(C.rk_c_fread(to, 1, n, self.handle))
end

function Stdio:write(from, n)
  turn(self, 'write')
  return tonumber(C.rk_c_fwrite(from, 1, n, self.handle))
end

--- What comes next, without taking it: up to n bytes in `buffer` or in the stream's own memory, and how many. Then
-- `pass(k)` takes k of them. Only where that needs no guess: in files that are read only.
function Stdio:window(buffer, n)
  if self.pipe or not self.read_only then
    return buffer, 0
  end
  local at = C.rk_c_ftello(self.handle)
  local got = at >= 0 and tonumber(C.rk_c_pread(C.rk_c_fileno(self.handle), buffer, n, at)) or 0
  return buffer, max(0, got)
end

function Stdio:pass(n)
  if n > 0 then
    C.rk_c_fseeko(self.handle, n, SEEK_CUR)
  end
end

function Stdio:getc()
  turn(self, 'read')
  return C.rk_c_getc_unlocked(self.handle)
end

function Stdio:ungetc(c)
  C.rk_c_ungetc(c, self.handle)
end

function Stdio:tell()
  return max(0, tonumber(C.rk_c_ftello(self.handle)))
end

function Stdio:seek(position)
  self.direction = nil
  return C.rk_c_fseeko(self.handle, position, SEEK_SET) == 0
end

function Stdio:seek_end()
  self.direction = nil
  return C.rk_c_fseeko(self.handle, 0, SEEK_END) == 0
end

-- Of a file that is only read, the size is asked for once.
function Stdio:remaining()
  if self.pipe then
    return nil
  end
  local at, size = tonumber(C.rk_c_ftello(self.handle)), self.size
  if at < 0 then
    return nil
  end
  if not size then
    if C.rk_c_fseeko(self.handle, 0, SEEK_END) ~= 0 then
      return nil
    end
    size = tonumber(C.rk_c_ftello(self.handle))
    C.rk_c_fseeko(self.handle, at, SEEK_SET)
    -- Devices and the files of /proc call themselves empty
    if size == 0 then
      return nil
    end
    if self.read_only then
      self.size = size
    end
  end
  return max(0, size - at)
end

function Stdio:unbuffer()
  C.rk_c_setvbuf(self.handle, nil, UNBUFFERED, 0)
end

function Stdio:flush()
  return C.rk_c_fflush(self.handle) == 0
end

--- Have the system put everything on the disk.
function Stdio:sync()
  return C.rk_c_fflush(self.handle) == 0 and C.rk_c_fsync(C.rk_c_fileno(self.handle)) == 0
end

function Stdio:close()
  local handle = ffi.gc(self.handle, nil)
  self.handle = nil
  return self.shut(handle) == 0
end

local function stdio(handle, shut, pipe, read_only)
  return setmetatable({handle = ffi.gc(handle, shut), shut = shut, pipe = pipe, read_only = read_only}, Stdio)
end

--- What is the matter with the place where a file shall be made: '' when nothing is, else a text that begins with ': '.
-- @string path of the file
function M.lack(path)
  if path == '' then return ': the name is empty' end
  local folder = path:match '^(.*[^/])/+[^/]*$'
  if not folder or C.rk_c_access(folder .. '/.', 0) == 0 then return '' end
  if C.rk_c_access(folder, 0) == 0 then return (': %s is no folder'):format(folder) end
  return (': there is no folder %s; paths.mkdir or mkdir -p makes it'):format(folder)
end

--- Open a file; nil and the reason when that fails.
-- @string path
-- @string mode as in C: "rb", "r+b", "w+b", "wbx" ...
function M.open(path, mode)
  local handle = C.rk_c_fopen(path, mode)
  if handle == nil then
    local why = system_error()
    return nil, mode:find '[wa+]' and why .. M.lack(path) or why
  end
  return stdio(handle, C.rk_c_fclose, false, mode == 'rb')
end

--- Start a shell command and read what it prints ("r"), or write what it reads ("w").
function M.pipe(command, mode)
  local handle = C.rk_c_popen(command, mode)
  if handle == nil then
    return nil, system_error()
  end
  return stdio(handle, C.rk_c_pclose, true, mode == 'r')
end

-- ---------------------------------------------------------------------------------------------------------
-- Memory
-- ---------------------------------------------------------------------------------------------------------

local Memory = {}
Memory.__index = Memory

local function grow(self, room)
  local n = max(room, min(2 * self.room, self.room + 2 ^ 28), 64)
  local data = C.rk_c_realloc(ffi.gc(self.data, nil), n)
  if data == nil then
    ffi.gc(self.data, C.rk_c_free)
    return false
  end
  self.data = ffi.gc(ffi.cast('uint8_t *', data), C.rk_c_free)
  self.room = n
  return true
end

function Memory:read(to, n)
  n = max(0, min(n, self.size - self.at))
  ffi.copy(to, self.data + self.at, n)
  self.at = self.at + n
  return n
end

function Memory:write(from, n)
  local last = self.at + n
  if last > self.room and not grow(self, last) then
    return 0
  end
  ffi.copy(self.data + self.at, from, n)
  self.at = last
  if last > self.size then
    self.size = last
  end
  return n
end

function Memory:window()
  return self.data + self.at, self.size - self.at
end

function Memory:pass(n)
  self.at = self.at + n
end

function Memory:getc()
  local at = self.at
  if at < self.size then
    self.at = at + 1
    return self.data[at]
  end
  return -1
end

function Memory:ungetc()
  self.at = self.at - 1
end

function Memory:tell()
  return self.at
end

function Memory:seek(position)
  if position > self.size then
    return false
  end
  self.at = position
  return true
end

function Memory:seek_end()
  self.at = self.size
  return true
end

function Memory:remaining()
  return self.size - self.at
end

function Memory.unbuffer()
end

function Memory.flush()
  return true
end

Memory.sync = Memory.flush

function Memory:close()
  C.rk_c_free(ffi.gc(self.data, nil))
  self.data, self.handle = nil, nil
  return true
end

--- Everything written so far, as a string.
function Memory:text()
  return ffi.string(self.data, self.size)
end

--- Growing memory, filled with a string or with `n` bytes behind a pointer.
function M.memory(from, n)
  local self = setmetatable({data = ffi.cast('uint8_t *', nil), room = 0, size = 0, at = 0, handle = true}, Memory)
  n = n or (from and #from) or 0
  if not grow(self, n) then
    return nil, ('no memory for %d bytes'):format(n)
  end
  if n > 0 then
    ffi.copy(self.data, from, n)
    self.size = n
  end
  return self
end

-- ---------------------------------------------------------------------------------------------------------
-- What both can do
-- ---------------------------------------------------------------------------------------------------------

local CHUNK = 65536

--- Next line without its newline; nil at the end.
local function read_line(self)
  local parts, n = {}, 0
  local buffer, fill = ffi.new('uint8_t[?]', CHUNK), 0
  local c = self:getc()
  if c < 0 then
    return nil
  end
  while c >= 0 and c ~= 10 do
    buffer[fill] = c
    fill = fill + 1
    if fill == CHUNK then
      n = n + 1
      parts[n], fill = ffi.string(buffer, CHUNK), 0
    end
    c = self:getc()
  end
  parts[n + 1] = ffi.string(buffer, fill)
  return table.concat(parts)
end

--- Everything up to the end; nil at the end.
local function read_all(self)
  local left = self:remaining()
  if left then
    if left == 0 then
      return nil
    end
    local buffer = ffi.new('uint8_t[?]', left)
    return ffi.string(buffer, self:read(buffer, left))
  end
  local parts, n = {}, 0
  local buffer = ffi.new('uint8_t[?]', CHUNK)
  repeat
    local got = self:read(buffer, CHUNK)
    n = n + 1
    parts[n] = ffi.string(buffer, got)
  until got < CHUNK
  local text = table.concat(parts)
  return text ~= '' and text or nil
end

for _, class in ipairs {Stdio, Memory} do
  class.read_line, class.read_all = read_line, read_all
end

-- ---------------------------------------------------------------------------------------------------------
-- What is where: statx has one layout on every processor, stat has not.
-- ---------------------------------------------------------------------------------------------------------

ffi.cdef [[
struct rk_statx {
  uint32_t mask, blksize;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, pad;
  uint64_t ino, size, blocks, attributes_mask;
  uint64_t rest[27];
};
int rk_c_statx(int dir, const char *path, int flags, unsigned mask, struct rk_statx *out) __asm__("statx");
int rk_c_fchmod(int fd, unsigned mode) __asm__("fchmod");
int rk_c_rename(const char *from, const char *to) __asm__("rename");
int rk_c_unlink(const char *path) __asm__("unlink");
char *rk_c_realpath(const char *path, char *out) __asm__("realpath");
int rk_c_getpid(void) __asm__("getpid");
]]

local AT_FDCWD, AT_SYMLINK_NOFOLLOW, STATX_BASIC = -100, 0x100, 0x7ff
local kinds = {[0x1000] = 'fifo', [0x2000] = 'char device', [0x4000] = 'directory', [0x6000] = 'block device',
  [0x8000] = 'file', [0xa000] = 'link', [0xc000] = 'socket'}
local facts = ffi.new 'struct rk_statx'

--- Kind of what lies at a path ("file", "directory", ...), its permission bits and its size; nil when there is nothing.
-- @string path
-- @bool[opt] nofollow look at a symbolic link itself
function M.stat(path, nofollow)
  if C.rk_c_statx(AT_FDCWD, path, nofollow and AT_SYMLINK_NOFOLLOW or 0, STATX_BASIC, facts) ~= 0 then
    return nil, system_error()
  end
  return kinds[bit.band(facts.mode, 0xf000)] or 'other', bit.band(facts.mode, 0xfff), tonumber(facts.size)
end

local serial = 0

--- Write a file so that its path holds either the old content or the whole new one: `fill(stream)` writes a temporary
-- file in the same folder, which is synced and renamed. A symbolic link stays one; what is not a
-- regular file (a device, a pipe) is written directly.
-- @string path
-- @func fill receives the stream; an error raised by it leaves the old file alone
-- @return true, or nil and the reason
function M.replace(path, fill)
  local kind, mode = M.stat(path)
  if kind and kind ~= 'file' then
    local stream, why = M.open(path, 'wb')
    if not stream then
      return nil, why
    end
    fill(stream)
    return stream:close() or nil, 'cannot write everything: ' .. system_error()
  end
  if kind then
    local real = C.rk_c_realpath(path, nil)
    if real ~= nil then
      path = ffi.string(real)
      C.rk_c_free(real)
    end
  end
  serial = serial + 1
  local folder, base = path:match '^(.*/)([^/]*)$'
  local temporary = ('%s.%s.%d-%d.tmp'):format(folder or '', base or path, C.rk_c_getpid(), serial)
  C.rk_c_unlink(temporary)
  local stream, why = M.open(temporary, 'wbx')
  if not stream then
    return nil, why
  end
  if kind then
    C.rk_c_fchmod(C.rk_c_fileno(stream.handle), mode)
  end
  local ok, err = pcall(fill, stream)
  local good = ok and stream:sync()
  why = system_error()
  good = stream:close() and good
  if good and C.rk_c_rename(temporary, path) ~= 0 then
    good, why = false, system_error() .. M.lack(path)
  end
  if not good then
    C.rk_c_unlink(temporary)
    if not ok then
      error(err, 0)
    end
    return nil, 'cannot write everything: ' .. why
  end
  -- The folder, too, so that the new name survives a power failure; where that is refused nothing is lost but this
  local dir = C.rk_c_fopen(folder or '.', 'r')
  if dir ~= nil then
    C.rk_c_fsync(C.rk_c_fileno(dir))
    C.rk_c_fclose(dir)
  end
  return true
end

return M
