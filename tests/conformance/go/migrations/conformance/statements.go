package main

import (
	"errors"
	"fmt"
	"strconv"

	"host.example/host"
)

func rows() error {
	found, err := host.Query("SELECT n, 'row ' || n AS name FROM generate_series(1, 1000) AS n")
	if err != nil {
		return err
	}
	sum, names := 0, 0
	for row := range found.All() {
		n, err := host.Get[int](row, "n")
		if err != nil {
			return err
		}
		var name string
		if err := row.Scan(&n, &name); err != nil {
			return err
		}
		sum += n
		if name == fmt.Sprintf("row %d", n) {
			names++
		}
	}
	insert := "INSERT INTO notes VALUES ('sum', $1), ('names', $2)"
	if _, err := host.Execute(insert, strconv.Itoa(sum), strconv.Itoa(names)); err != nil {
		return err
	}
	row, err := host.QueryOne("SELECT 7 AS seven")
	if err != nil {
		return err
	}
	seven, err := host.Get[int32](row, "seven")
	if err != nil {
		return err
	}
	if err := note("seven", strconv.Itoa(int(seven))); err != nil {
		return err
	}
	_, isThere, err := host.QueryOptional("SELECT 1 WHERE false")
	if err != nil || isThere {
		return errors.Join(err, errors.New("a row was there"))
	}
	return note("nothing", "none")
}

func bulk() error {
	numbers, err := host.OpenCursor("SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END AS name FROM generate_series(1, 1000) AS n")
	if err != nil {
		return err
	}
	defer numbers.Close()
	into, err := host.CopyInto("numbers", "n", "name")
	if err != nil {
		return err
	}
	defer into.Close()
	var rows host.RowWriter
	for {
		batch, err := numbers.Next(300)
		if err != nil {
			return err
		}
		if batch == nil {
			break
		}
		for batch.Next() {
			var n int32
			var name *string
			if err := batch.Scan(&n, &name); err != nil {
				return err
			}
			if err := rows.Row(n, name); err != nil {
				return err
			}
		}
		if err := into.Write(&rows); err != nil {
			return err
		}
	}
	written, err := into.Finish()
	if err != nil {
		return err
	}
	if err := note("written", strconv.FormatInt(written, 10)); err != nil {
		return err
	}
	dropped, err := host.CopyIntoSchema("public", "numbers", "n", "name")
	if err != nil {
		return err
	}
	defer dropped.Close()
	if err := rows.Row(int32(0), "zero"); err != nil {
		return err
	}
	return dropped.Write(&rows)
}

func prepared() error {
	insert, err := host.Prepare("INSERT INTO numbers VALUES ($1, $2)")
	if err != nil {
		return err
	}
	defer insert.Close()
	one, err := insert.Execute(int32(0), "zero")
	if err != nil {
		return err
	}
	var lines [][]any
	for i := int32(1); i <= 1000; i++ {
		lines = append(lines, []any{i, fmt.Sprintf("n%d", i)})
	}
	many, err := insert.ExecuteMany(lines)
	if err != nil {
		return err
	}
	if err := errors.Join(note("one", strconv.FormatInt(one, 10)), note("many", strconv.FormatInt(many, 10))); err != nil {
		return err
	}
	find, err := host.Prepare("SELECT name FROM numbers WHERE n = $1")
	if err != nil {
		return err
	}
	defer find.Close()
	row, err := find.QueryOne(int32(500))
	if err != nil {
		return err
	}
	found, err := host.Get[string](row, "name")
	if err != nil {
		return err
	}
	return note("found", found)
}

func script() error {
	return host.ExecuteScript("INSERT INTO notes VALUES ('a; b', '1'); INSERT INTO notes VALUES ('c', '2');")
}

func caught() error {
	err := host.Savepoint(func() error {
		if err := note("twice", "1"); err != nil {
			return err
		}
		return note("twice", "2")
	})
	var refused *host.SQLError
	if !errors.As(err, &refused) {
		return fmt.Errorf("not refused by the server: %w", err)
	}
	return errors.Join(
		note("sqlstate", refused.SQLState), note("constraint", refused.Constraint),
		note("table", refused.Table), note("schema", refused.Schema),
	)
}

func savepoints() error {
	if err := note("outer", "1"); err != nil {
		return err
	}
	return host.Savepoint(func() error {
		if err := note("inner", "1"); err != nil {
			return err
		}
		given := errors.New("given up")
		err := host.Savepoint(func() error {
			return errors.Join(note("innermost", "1"), given)
		})
		if !errors.Is(err, given) {
			return fmt.Errorf("another error: %w", err)
		}
		return nil
	})
}

func badParams() error {
	one, err := host.Prepare("SELECT $1::int")
	if err != nil {
		return err
	}
	_, err = one.Execute()
	return kindOf(err)
}

func denied() error {
	_, err := host.Execute("COMMIT")
	return kindOf(err)
}

func conversion() error {
	_, err := host.Query("SELECT '{[1,2)}'::int4multirange")
	return kindOf(err)
}

func misuse() error {
	point, err := host.BeginSavepoint()
	if err != nil {
		return err
	}
	if err := point.Release(); err != nil {
		return err
	}
	return kindOf(point.Release())
}

func sqlError() error { return insertNowhere() }

func insertNowhere() error {
	_, err := host.Execute("INSERT INTO nowhere VALUES (1)")
	return err
}
