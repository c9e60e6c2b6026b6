// The cases of the conformance suite in Go: see tests/conformance/README.md.
package main

import (
	"errors"
	"fmt"

	"host.example/host"
)

func init() {
	host.Register(upgrade, downgrade)
	host.RegisterTransform("shout", shout)
	host.RegisterTransform("same", same)
	host.RegisterTransform("reject", reject)
}

func main() {}

var cases = map[string]func() error{
	"edges": edges, "native": native, "rows": rows, "prepared": prepared, "bulk": bulk,
	"transform": transform, "transform_values": transformValues, "transform_rejects": transformRejects, "script": script,
	"caught": caught, "savepoints": savepoints, "bad_params": badParams, "denied": denied,
	"conversion": conversion, "misuse": misuse, "sql_error": sqlError, "failure": failure, "panic": openKitchenAtNight,
	"offline": offline, "offline_query": offlineQuery, "random": random, "clock": clock, "run_info": runInfo,
	"log": logLines, "endless": endless, "memory": memory, "recursion": recursion, "file": file,
	"network": network, "process": process, "irreversible": irreversible,
}

func name() string {
	name, _ := host.Run().Arg("case")
	return name
}

func upgrade() error {
	run, ok := cases[name()]
	if !ok {
		return fmt.Errorf("unknown case %s", name())
	}
	return run()
}

func downgrade() error {
	if name() == "irreversible" {
		return host.ErrIrreversible
	}
	return nil
}

func note(name string, value any) error {
	_, err := host.Execute("INSERT INTO notes VALUES ($1, $2)", name, value)
	return err
}

// kindOf notes the kind of an error that was caught.
func kindOf(err error) error {
	var kind *host.Error
	if !errors.As(err, &kind) {
		return fmt.Errorf("not refused by host: %w", err)
	}
	return note("kind", kind.Kind.Error())
}
