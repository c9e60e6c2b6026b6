package host

// Execute runs one statement and gives the number of rows that it touched. Parameters are $1, $2, …
func Execute(sql string, params ...any) (int64, error) {
	list, err := encodeParams(params)
	if err != nil {
		return 0, err
	}
	return touched(request{operation: opExecute, sql: sql, list: list})
}

// ExecuteScript runs many statements without parameters. It stops at the first one that fails.
func ExecuteScript(sql string) error {
	return call(request{operation: opExecuteScript, sql: sql}, func(answer memory) error { return answer.nothing() })
}

// ExecuteMany runs one statement once for each row of parameters, in few round trips, and gives the rows touched in all.
//
//	_, err := host.ExecuteMany("INSERT INTO tables VALUES ($1, $2)", [][]any{{1, "window"}, {2, "door"}})
func ExecuteMany(sql string, rows [][]any) (int64, error) {
	statement, err := Prepare(sql)
	if err != nil {
		return 0, err
	}
	defer statement.Close()
	return statement.ExecuteMany(rows)
}

// Query runs one statement and gives its rows. For small results: past the host's limit on rows or bytes it answers [Exceeded].
func Query(sql string, params ...any) (*Rows, error) {
	list, err := encodeParams(params)
	if err != nil {
		return nil, err
	}
	return queried(request{operation: opQuery, sql: sql, list: list}, sql)
}

// QueryOne runs one statement that has to give one row.
func QueryOne(sql string, params ...any) (Row, error) {
	rows, err := Query(sql, params...)
	if err != nil {
		return Row{}, err
	}
	return rows.one()
}

// QueryOptional runs one statement that has to give one row or none; false for none.
func QueryOptional(sql string, params ...any) (Row, bool, error) {
	rows, err := Query(sql, params...)
	if err != nil {
		return Row{}, false, err
	}
	return rows.optional()
}

func touched(request request) (count int64, err error) {
	err = call(request, func(answer memory) (err error) {
		count, err = answer.touched()
		return err
	})
	return count, err
}

func queried(request request, sql string) (*Rows, error) {
	rows := &Rows{statement: sql}
	err := call(request, func(answer memory) (err error) {
		rows.columns, rows.rows, err = answer.resultSet()
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}
