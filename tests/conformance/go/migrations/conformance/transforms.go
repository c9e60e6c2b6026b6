package main

import (
	"errors"
	"strconv"
	"strings"

	"host.example/host"
)

func shout(rows *host.Batch, out *host.RowWriter) error {
	var n int32
	var name *string
	for rows.Next() {
		if err := rows.Scan(&n, &name); err != nil {
			return err
		}
		if n%10 == 0 {
			continue
		}
		if name != nil {
			*name = strings.ToUpper(*name)
		}
		if err := out.Row(n, name); err != nil {
			return err
		}
	}
	return nil
}

func reject(rows *host.Batch, out *host.RowWriter) error {
	var n int32
	var name host.RawBytes
	for rows.Next() {
		if err := rows.Scan(&n, &name); err != nil {
			return err
		}
		if n == 500 {
			return errors.New("the kitchen is closed")
		}
		if err := out.Row(n, name); err != nil {
			return err
		}
	}
	return nil
}

func rewrite(transform string) error {
	insert := "INSERT INTO numbers SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END FROM generate_series(1, 1000) AS n"
	if _, err := host.Execute(insert); err != nil {
		return err
	}
	written, err := host.RunTransform(transform, host.Plan{
		Source: "SELECT n, name FROM numbers", Key: []string{"n"},
		Into: "numbers", Columns: []string{"n", "name"}, BatchRows: 300,
	})
	if err != nil {
		return err
	}
	return note("written", strconv.FormatInt(written, 10))
}

func transform() error { return rewrite("shout") }

func transformRejects() error { return rewrite("reject") }

func same(rows *host.Batch, out *host.RowWriter) error {
	var (
		id                              int32
		truth                           *bool
		two                             *int16
		four                            *int32
		eight                           *int64
		half                            *float32
		float                           *float64
		text                            *string
		date                            *host.Date
		clock                           *host.Time
		moment                          *host.Timestamptz
		uuid                            *host.UUID
		numeric, bytes, interval, jsonb host.RawBytes
	)
	for rows.Next() {
		err := rows.Scan(&id, &truth, &two, &four, &eight, &half, &float, &numeric, &text, &bytes, &date, &clock, &moment, &interval, &uuid, &jsonb)
		if err != nil {
			return err
		}
		err = out.Row(id, truth, two, four, eight, half, float, numeric, text, bytes, date, clock, moment, interval, uuid, jsonb)
		if err != nil {
			return err
		}
	}
	return nil
}

func transformValues() error {
	columns := "id, a_bool, an_int2, an_int4, an_int8, a_float4, a_float8, a_numeric, " +
		"a_text, a_bytea, a_date, a_time, a_timestamptz, an_interval, a_uuid, a_jsonb"
	_, err := host.RunTransform("same", host.Plan{
		Source: "SELECT " + columns + " FROM edges", Key: []string{"id"},
		Into: "copies", Columns: strings.Split(columns, ", "), Mode: host.Insert,
	})
	return err
}
