package main

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"host.example/host"
)

func edges() error {
	rows, err := host.Query("SELECT * FROM edges ORDER BY id")
	if err != nil {
		return err
	}
	for row := range rows.All() {
		values := row.Values()
		places := make([]string, len(values))
		for i := range values {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		if _, err := host.Execute("INSERT INTO copies VALUES ("+strings.Join(places, ", ")+")", values...); err != nil {
			return err
		}
	}
	return nil
}

func native() error {
	evening := time.Date(2026, 2, 28, 23, 59, 59, 999_999_000, time.UTC)
	timestamp, err := host.TimestampOf(evening)
	if err != nil {
		return err
	}
	id, err := host.ParseUUID("0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11")
	if err != nil {
		return err
	}
	document, err := host.NewJSONB(map[string]any{"a": []any{1, nil, "x"}})
	if err != nil {
		return err
	}
	one, three := int32(1), int32(3)
	for _, line := range []struct {
		name, kind string
		value      any
	}{
		{"bool", "boolean", true},
		{"int", "integer", int32(-42)},
		{"bigint", "bigint", int64(math.MaxInt64)},
		{"float", "double precision", 0.1},
		{"nan", "double precision", math.NaN()},
		{"numeric", "numeric", host.Numeric("12345678901234567890.123450")},
		{"text", "text", `Grüße, 世界 🎉 'quoted' \backslash`},
		{"empty", "text", ""},
		{"null", "text", nil},
		{"bytes", "bytea", []byte{0x00, 0xff, 0x10, 0x27, 0x5c}},
		{"date", "date", host.NewDate(2026, time.February, 28)},
		{"time", "time", host.NewTime(23, 59, 59, 999_999)},
		{"timetz", "timetz", host.TimeTZ{Time: host.NewTime(12, 0, 0, 0), Offset: 2 * 60 * 60}},
		{"timestamp", "timestamp", timestamp},
		{"timestamptz", "timestamptz", evening},
		{"interval", "interval", host.Interval{Months: 1, Days: 2, Micros: 3_000_004}},
		{"uuid", "uuid", id},
		{"json", "jsonb", document},
		{"array", "integer[]", []*int32{&one, nil, &three}},
		{"matrix", "text[]", [][]string{{"a", "b"}, {"c", "d"}}},
		{"none", "integer[]", []int32{}},
		{"range", "int4range", host.Range[int32]{Lower: host.Including(one), Upper: host.Excluding[int32](10)}},
		{"unbounded", "tstzrange", host.Range[time.Time]{Lower: host.Including(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}},
		{"inet", "inet", netip.MustParsePrefix("192.0.2.7/24")},
	} {
		insert := fmt.Sprintf("INSERT INTO native VALUES ('%s', ($1::%s)::text)", line.name, line.kind)
		if _, err := host.Execute(insert, line.value); err != nil {
			return fmt.Errorf("%s: %w", line.name, err)
		}
	}
	return nil
}
