module example.com/good/nested

go 1.26
