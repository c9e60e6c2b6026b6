package host

// Cursor is a query whose rows stay on the server and come some at a time. Other statements may run in between, and other
// cursors. It shows the rows as they were when it was opened.
//
//	cursor, err := host.OpenCursor("SELECT id, phone FROM guests")
//	if err != nil { return err }
//	defer cursor.Close()
//	for {
//		batch, err := cursor.Next(10_000)
//		if err != nil { return err }
//		if batch == nil { break }
//		for batch.Next() {
//			var id int64
//			var phone *string
//			if err := batch.Scan(&id, &phone); err != nil { return err }
//		}
//	}
type Cursor struct {
	handle uint32
	text   string
	closed bool
}

// batchBytesMax is how many bytes come at a time, at most.
const batchBytesMax = 8 << 20

// OpenCursor opens a cursor for one query. It is an [Error] of kind [Misuse] without a transaction, and [Offline] in a script.
func OpenCursor(sql string, params ...any) (*Cursor, error) {
	list, err := encodeParams(params)
	if err != nil {
		return nil, err
	}
	cursor := &Cursor{text: sql}
	err = callBulk(bulkRequest{operation: opOpenCursor, text: sql, list: list}, func(answer memory) (err error) {
		cursor.handle, err = answer.handle()
		return err
	})
	if err != nil {
		return nil, err
	}
	return cursor, nil
}

// Columns are the columns of its rows.
func (c *Cursor) Columns() ([]Column, error) {
	var columns []Column
	err := c.call(bulkRequest{operation: opCursorColumns}, func(answer memory) error {
		columns = answer.columns(answer.start)
		return nil
	})
	return columns, err
}

// Next gives the next rows, at most so many and 8 MiB; nil at the end. Their types have to be known exactly, see [Batch.Scan].
func (c *Cursor) Next(maxRows int) (*Batch, error) {
	request := bulkRequest{operation: opCursorFetchTuples, maxRows: uint32(min(max(maxRows, 0), 1<<31)), maxBytes: batchBytesMax}
	batch := &Batch{}
	err := c.call(request, func(answer memory) (err error) {
		batch.rows, batch.data, err = answer.tuples()
		return err
	})
	if err != nil || batch.rows == 0 {
		return nil, err
	}
	batch.rest = batch.data
	return batch, nil
}

// NextRows gives the next rows with values of any type, at most so many; none at the end. It is several times slower than
// [Cursor.Next].
func (c *Cursor) NextRows(maxRows int) (*Rows, error) {
	columns, err := c.Columns()
	if err != nil {
		return nil, err
	}
	rows := &Rows{columns: columns, statement: c.text}
	request := bulkRequest{operation: opCursorFetchRows, maxRows: uint32(min(max(maxRows, 0), 1<<31))}
	err = c.call(request, func(answer memory) (err error) {
		rows.rows, err = answer.rows(len(columns))
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Close closes it on the server. The end of the migration does the same.
func (c *Cursor) Close() {
	if !c.closed {
		c.closed = true
		dropBulk(opCursorDrop, c.handle)
	}
}

func (c *Cursor) call(request bulkRequest, read func(memory) error) error {
	if c.closed {
		return fault(Misuse, "the cursor of %s is closed, at %s", quoteStatement(c.text), caller())
	}
	request.handle = c.handle
	return callBulk(request, read)
}

// CopyIn writes rows into a table by COPY. The host gathers rows and sends some megabytes at a time, so an error of the server may
// come with a later call. Closed before [CopyIn.Finish], it leaves nothing of them.
//
//	copy, err := host.CopyInto("phones", "guest", "digits")
//	if err != nil { return err }
//	defer copy.Close()
//	var rows host.RowWriter
//	if err := rows.Row(int64(7), "+4930123456"); err != nil { return err }
//	if err := copy.Write(&rows); err != nil { return err }
//	written, err := copy.Finish()
type CopyIn struct {
	handle uint32
	table  string
	closed bool
}

// CopyInto begins to write into columns of a table that the search path finds.
func CopyInto(table string, columns ...string) (*CopyIn, error) {
	return CopyIntoSchema("", table, columns...)
}

// CopyIntoSchema begins to write into columns of a table of a schema.
func CopyIntoSchema(schema, table string, columns ...string) (*CopyIn, error) {
	list := newBlock()
	at := list.reserve(8*len(columns), 4)
	for i, column := range columns {
		list.string(at+8*i, column)
	}
	list.first, list.count = uint32(at), uint32(len(columns))
	copyIn := &CopyIn{table: table}
	request := bulkRequest{operation: opCopyIn, text: table, schema: schema, list: list}
	err := callBulk(request, func(answer memory) (err error) {
		copyIn.handle, err = answer.handle()
		return err
	})
	if err != nil {
		return nil, err
	}
	return copyIn, nil
}

// Write writes the rows of a writer, and empties it.
func (c *CopyIn) Write(rows *RowWriter) error {
	request := bulkRequest{operation: opCopyInWriteTuples, rows: uint32(rows.rows), data: rows.data}
	err := c.call(request, memory.nothing)
	rows.Clear()
	return err
}

// WriteBatch writes the rows of a batch as they are.
func (c *CopyIn) WriteBatch(batch *Batch) error {
	return c.call(bulkRequest{operation: opCopyInWriteTuples, rows: uint32(batch.rows), data: batch.data}, memory.nothing)
}

// Finish writes what is left, and gives the number of rows written in all.
func (c *CopyIn) Finish() (int64, error) {
	var written int64
	err := c.call(bulkRequest{operation: opCopyInFinish}, func(answer memory) (err error) {
		written, err = answer.touched()
		return err
	})
	if err == nil {
		c.Close()
	}
	return written, err
}

// Close ends it; what was not finished leaves nothing.
func (c *CopyIn) Close() {
	if !c.closed {
		c.closed = true
		dropBulk(opCopyInDrop, c.handle)
	}
}

func (c *CopyIn) call(request bulkRequest, read func(memory) error) error {
	if c.closed {
		return fault(Misuse, "the copy into %s is closed, at %s", c.table, caller())
	}
	request.handle = c.handle
	return callBulk(request, read)
}

// bulkOperation is a function of the interface bulk. It stands apart, so that a migration that uses none imports none.
type bulkOperation uint8

const (
	opOpenCursor bulkOperation = iota
	opCursorColumns
	opCursorFetchRows
	opCursorFetchTuples
	opCursorDrop
	opCopyIn
	opCopyInWriteTuples
	opCopyInFinish
	opCopyInDrop
)

// bulkRequest is a call of such a function, with those of the arguments that it has.
type bulkRequest struct {
	operation bulkOperation
	handle    uint32
	// text is the query, or the table.
	text   string
	schema string
	// list has the parameters, or the names of the columns.
	list              *block
	maxRows, maxBytes uint32
	rows              uint32
	data              []byte
}
