module codes

go 1.24

require host.example/host v0.0.0

// The SDK comes with host, which writes it there.
replace host.example/host => ../../.host/sdk/go
