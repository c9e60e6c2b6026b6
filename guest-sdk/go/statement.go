package host

// Statement is a prepared statement, for repeated use. The server decides the types of its parameters.
type Statement struct {
	handle uint32
	text   string
	closed bool
}

// Prepare prepares a statement. [Statement.Close] gives it back.
func Prepare(sql string) (*Statement, error) {
	statement := &Statement{text: sql}
	err := call(request{operation: opPrepare, sql: sql}, func(answer memory) (err error) {
		statement.handle, err = answer.handle()
		return err
	})
	if err != nil {
		return nil, err
	}
	return statement, nil
}

// Params are the types of its parameters.
func (s *Statement) Params() ([]OID, error) {
	var types []OID
	err := s.call(opStatementParams, nil, func(answer memory) error {
		types = answer.oids()
		return nil
	})
	return types, err
}

// Columns are the columns of its result; none for a statement without one.
func (s *Statement) Columns() ([]Column, error) {
	var columns []Column
	err := s.call(opStatementColumns, nil, func(answer memory) error {
		columns = answer.columns(answer.start)
		return nil
	})
	return columns, err
}

// Execute runs it and gives the number of rows that it touched.
func (s *Statement) Execute(params ...any) (int64, error) {
	list, err := encodeParams(params)
	if err != nil {
		return 0, err
	}
	return s.touched(opStatementExecute, list)
}

// ExecuteMany runs it once for each row of parameters, in few round trips, and gives the rows touched in all.
func (s *Statement) ExecuteMany(rows [][]any) (int64, error) {
	list, err := encodeRows(rows)
	if err != nil {
		return 0, err
	}
	return s.touched(opStatementExecuteMany, list)
}

// Query runs it and gives its rows.
func (s *Statement) Query(params ...any) (*Rows, error) {
	list, err := encodeParams(params)
	if err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return queried(request{operation: opStatementQuery, handle: s.handle, list: list}, s.text)
}

// QueryOne runs it; it has to give one row.
func (s *Statement) QueryOne(params ...any) (Row, error) {
	rows, err := s.Query(params...)
	if err != nil {
		return Row{}, err
	}
	return rows.one()
}

// QueryOptional runs it; it has to give one row or none; false for none.
func (s *Statement) QueryOptional(params ...any) (Row, bool, error) {
	rows, err := s.Query(params...)
	if err != nil {
		return Row{}, false, err
	}
	return rows.optional()
}

// Close gives it back to the server. The end of the migration does the same.
func (s *Statement) Close() {
	if !s.closed {
		s.closed = true
		drop(opStatementDrop, s.handle)
	}
}

func (s *Statement) open() error {
	if s.closed {
		return fault(Misuse, "the statement %s is closed, at %s", quoteStatement(s.text), caller())
	}
	return nil
}

func (s *Statement) call(operation operation, list *block, read func(memory) error) error {
	if err := s.open(); err != nil {
		return err
	}
	return call(request{operation: operation, handle: s.handle, list: list}, read)
}

func (s *Statement) touched(operation operation, list *block) (int64, error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	return touched(request{operation: operation, handle: s.handle, list: list})
}
