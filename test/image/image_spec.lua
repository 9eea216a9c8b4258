--- The image package: files, geometry, colours and filters against references in plain Lua, and wrong calls.
local image = require 'image'

describe('image files', function()
  it('PNG gives back what was saved, for 1 to 4 channels', function()
    for c = 1, 4 do
      local bytes = torch.ByteTensor(c, 7, 5):random(0, 255)
      local path = os.tmpname() .. '.png'
      image.save(path, bytes)
      local again = image.load(path, nil, 'byte')
      assert.is_true(again:equal(bytes))
      assert.same({c, 7, 5}, image.getSize(path):totable())
      assert.same({c, 7, 5}, {image.getPNGsize(path)})
      os.remove(path)
    end
  end)
end)
