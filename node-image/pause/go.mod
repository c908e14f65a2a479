module podcheck.local/pause

go 1.21
