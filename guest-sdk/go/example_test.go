package host_test

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"host.example/host"
)

func ExampleNewDate() {
	opened := host.NewDate(2026, time.November, 22)
	fmt.Println(opened, opened+10)
	fmt.Println(host.NewDate(0, time.December, 31), host.InfiniteDate)
	// Output:
	// 2026-11-22 2026-12-02
	// 0001-12-31 BC infinity
}

func ExampleTimestampOf() {
	berlin := time.FixedZone("CEST", 2*60*60)
	evening, err := host.TimestampOf(time.Date(2026, 6, 1, 19, 30, 0, 0, berlin))
	fmt.Println(evening, err)
	// Output: 2026-06-01 19:30:00 <nil>
}

func ExampleParseUUID() {
	id, err := host.ParseUUID("0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11")
	fmt.Println(id, err)
	_, err = host.ParseUUID("17")
	fmt.Println(err)
	// Output:
	// 0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11 <nil>
	// "17" is not a UUID
}

func ExampleNewJSONB() {
	wishes, err := host.NewJSONB(map[string]any{"soup": 4, "bread": nil})
	fmt.Println(wishes, err)
	// Output: {"bread":null,"soup":4} <nil>
}

func ExampleRange() {
	lunch := host.Range[host.Time]{
		Lower: host.Including(host.NewTime(12, 0, 0, 0)),
		Upper: host.Excluding(host.NewTime(14, 30, 0, 0)),
	}
	fmt.Println(lunch.Lower.Value, lunch.Upper.Value, lunch.Upper.Inclusive)
	// Output: 12:00:00 14:30:00 false
}

func ExampleExecute() {
	count, err := host.Execute("UPDATE tables SET free = true WHERE seats >= $1", 4)
	if err != nil {
		return
	}
	slog.Info("freed", "tables", count)
}

func ExampleQuery() {
	rows, err := host.Query("SELECT id, phone FROM guests WHERE phone IS NOT NULL")
	if err != nil {
		return
	}
	for row := range rows.All() {
		var id int64
		var phone string
		if err := row.Scan(&id, &phone); err != nil {
			return
		}
	}
}

func ExampleSavepoint() {
	err := host.Savepoint(func() error {
		_, err := host.Execute("ALTER TABLE guests ADD UNIQUE (email)")
		return err
	})
	var refused *host.SQLError
	if errors.As(err, &refused) && refused.SQLState == "23505" {
		slog.Warn("left as it is", "error", refused, "constraint", refused.Constraint)
	}
}

func ExampleStatement() {
	insert, err := host.Prepare("INSERT INTO tables VALUES ($1, $2)")
	if err != nil {
		return
	}
	defer insert.Close()
	for number, place := range map[int32]string{1: "window", 2: "door"} {
		if _, err := insert.Execute(number, place); err != nil {
			return
		}
	}
}
