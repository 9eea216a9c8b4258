package = "tally"
version = "1.2-0"
source = { url = "git://example.org/tally.git" }
description = { summary = "A rock of the builtin kind, on top of another" }
dependencies = { "lua >= 5.1", "torch >= 7.0", "stretch" }
build = {
  type = "builtin",
  modules = { tally = "tally.lua", ["tally.parts"] = "parts.lua" },
}
