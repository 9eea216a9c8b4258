require 'nn'
stretch = {}
torch.include('stretch', 'Stretch.lua')
stretch.folder = torch.packageLuaPath 'stretch'
return stretch
