// Give each reservation a code that can be read out on the telephone and says nothing about how many there are.
package main

import (
	"fmt"
	"log/slog"

	"host.example/host"
)

func init() { host.Register(upgrade, downgrade) }

func main() {}

// As many are read and written at a time.
const batch = 500

func upgrade() error {
	// What people do to reservations is tracked, and this is none of it.
	before := "ALTER TABLE reservations ADD COLUMN code text UNIQUE, DISABLE TRIGGER reservations_changed"
	if _, err := host.Execute(before); err != nil {
		return err
	}
	update, err := host.Prepare("UPDATE reservations SET code = $1 WHERE id = $2")
	if err != nil {
		return err
	}
	defer update.Close()
	taken := map[string]bool{}
	var done, last int64
	for {
		rows, err := host.Query("SELECT id FROM reservations WHERE id > $1 ORDER BY id LIMIT $2", last, int64(batch))
		if err != nil {
			return err
		}
		ids, err := host.Collect[int64](rows, "id")
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		changes := make([][]any, len(ids))
		for i, id := range ids {
			changes[i] = []any{unused(id, taken), id}
		}
		count, err := update.ExecuteMany(changes)
		if err != nil {
			return err
		}
		done, last = done+count, ids[len(ids)-1]
		host.Progress("codes", uint64(done), 0)
	}
	after := "ALTER TABLE reservations ALTER COLUMN code SET NOT NULL, ENABLE TRIGGER reservations_changed"
	if _, err := host.Execute(after); err != nil {
		return err
	}
	slog.Info(fmt.Sprintf("%d reservations have a code", done))
	return nil
}

func downgrade() error {
	_, err := host.Execute("ALTER TABLE reservations DROP COLUMN code")
	return err
}
