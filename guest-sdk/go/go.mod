module host.example/host

go 1.24
