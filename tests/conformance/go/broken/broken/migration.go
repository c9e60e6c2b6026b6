// A mistake in line 12.
package main

import "host.example/host"

func init() { host.Register(upgrade, downgrade) }

// The compiler asks for it.
func main() {}

func upgrade() error {
	table := )
	return nil
}

func downgrade() error { return nil }
