--- A rock of pure Lua with a layer of its own.
require 'nn'
stretch = {}
torch.include('stretch', 'Stretch.lua')
stretch.folder = torch.packageLuaPath 'stretch'
return stretch
