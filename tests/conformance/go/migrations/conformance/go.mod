module conformance

go 1.24

require host.example/host v0.0.0

// host writes the SDK there.
replace host.example/host => ../../.host/sdk/go
