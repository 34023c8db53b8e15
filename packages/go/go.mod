module touchstonepeer

go 1.19
