--- The classes of the objects in test/golden/nn_serialized/custom*.t7 and legacy*.t7: their names, fields and formats
-- are given by the files.
require 'torch'

local golden = rawget(_G, 'golden') or {}
rawset(_G, 'golden', golden)

if not torch.getmetatable 'golden.Point' then
  -- stored as the table of its fields
  local Point = torch.class('golden.Point', golden)
  function Point:__init(x, y)
    self.x, self.y = x, y
  end
  function Point:norm2()
    return self.x ^ 2 + self.y ^ 2
  end

  -- writes itself, and has a version
  local Packed, parent = torch.class('golden.Packed', 'golden.Point', golden)
  Packed.__version = 3
  function Packed:__init(x, y, label)
    parent.__init(self, x, y)
    self.label, self.cache = label, {'not written'}
  end
  function Packed:write(file)
    file:writeDouble(self.x)
    file:writeDouble(self.y)
    file:writeObject(self.label)
  end
  function Packed:read(file, version)
    self.x, self.y = file:readDouble(), file:readDouble()
    self.label = file:readObject()
    self.readversion = version
  end

  -- the same under the names with underscores
  local Dunder = torch.class('golden.Dunder', golden)
  function Dunder:__init(v)
    self.v = v
  end
  function Dunder:__write(file)
    file:writeInt(self.v)
  end
  function Dunder:__read(file)
    self.v = file:readInt()
  end
end

return golden
