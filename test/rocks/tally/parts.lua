--- What tally.lua takes from a second file.
return { one = 1 }
