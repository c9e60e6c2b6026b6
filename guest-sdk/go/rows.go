package host

import (
	"fmt"
	"iter"
	"strings"
)

// Column is one column of a result.
type Column struct {
	// Name is the name, as the statement gives it.
	Name string
	// Type is the type.
	Type OID
	// TypeName is its name, such as int4, text[] or order_status.
	TypeName string
	// Table is the table that the column comes from, or 0. With Number it leads to everything else in pg_attribute.
	Table OID
	// Number is the column's number in that table, or 0.
	Number int16
}

// Rows are all rows of a result, in the server's order.
//
//	for row := range rows.All() { … }
type Rows struct {
	columns   []Column
	rows      [][]any
	statement string
}

// Row is one row of a result.
type Row struct {
	of     *Rows
	values []any
}

// Len is the number of rows.
func (r *Rows) Len() int { return len(r.rows) }

// Columns are the columns, also when there are no rows.
func (r *Rows) Columns() []Column { return r.columns }

// Row is the row at a place from 0.
func (r *Rows) Row(index int) Row { return Row{of: r, values: r.rows[index]} }

// All are the rows, for range.
func (r *Rows) All() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for _, values := range r.rows {
			if !yield(Row{of: r, values: values}) {
				return
			}
		}
	}
}

// Columns are the columns.
func (r Row) Columns() []Column {
	if r.of == nil {
		return nil
	}
	return r.of.columns
}

// Values are the values, each as any reads it: nil for NULL, int32, string, time.Time, … (see the page of the package).
func (r Row) Values() []any {
	values := make([]any, len(r.values))
	for i, value := range r.values {
		values[i] = native(value)
	}
	return values
}

// Scan reads the columns in their order into what the pointers point to. There have to be as many as columns.
func (r Row) Scan(into ...any) error {
	if len(into) != len(r.values) {
		return fault(Conversion, "%d values are to be read from %s, which has %d columns, at %s",
			len(into), r.statement(), len(r.values), caller())
	}
	for i, pointer := range into {
		if err := r.read(i, pointer); err != nil {
			return err
		}
	}
	return nil
}

// Read reads the column of a name into what a pointer points to.
func (r Row) Read(column string, into any) error {
	for i, found := range r.Columns() {
		if found.Name == column {
			return r.read(i, into)
		}
	}
	names := make([]string, len(r.Columns()))
	for i, found := range r.Columns() {
		names[i] = found.Name
	}
	return fault(Conversion, "there is no column %q in %s, which has: %s, at %s",
		column, r.statement(), strings.Join(names, ", "), caller())
}

// Get is the value of a column by its name. A pointer or sql.Null[T] stands for what may be NULL.
//
//	seats, err := host.Get[int](row, "seats")
func Get[T any](row Row, column string) (T, error) {
	var value T
	err := row.Read(column, &value)
	return value, err
}

// Column reads one column of all rows.
//
//	ids, err := host.Collect[int64](rows, "id")
func Collect[T any](rows *Rows, column string) ([]T, error) {
	values := make([]T, rows.Len())
	for i := range values {
		if err := rows.Row(i).Read(column, &values[i]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (r Row) read(index int, into any) error {
	value := r.values[index]
	err := assign(into, value)
	if err == nil {
		return nil
	}
	column := r.of.columns[index]
	name := fmt.Sprintf("column %q of %s", column.Name, r.statement())
	wanted := strings.TrimPrefix(fmt.Sprintf("%T", into), "*")
	switch {
	case err != error(errMismatch):
		return fault(Conversion, "%s %s, at %s", name, reason(err), caller())
	case value == nil:
		return fault(Conversion, "%s is NULL, %s was wanted, at %s; *%s allows NULL", name, wanted, caller(), wanted)
	}
	return fault(Conversion, "%s is %s, %s was wanted, at %s", name, sqlTypeName(column.TypeName), wanted, caller())
}

func (r Row) statement() string {
	if r.of == nil {
		return "no row"
	}
	return quoteStatement(r.of.statement)
}

func (r *Rows) one() (Row, error) {
	if len(r.rows) != 1 {
		return Row{}, fault(Conversion, "one row was wanted, %s gave %d, at %s", quoteStatement(r.statement), len(r.rows), caller())
	}
	return r.Row(0), nil
}

func (r *Rows) optional() (Row, bool, error) {
	switch len(r.rows) {
	case 0:
		return Row{}, false, nil
	case 1:
		return r.Row(0), true, nil
	}
	return Row{}, false, fault(Conversion, "at most one row was wanted, %s gave %d, at %s", quoteStatement(r.statement), len(r.rows), caller())
}

// The characters of a statement that stand in a message.
const statementCharacters = 80

// quoteStatement is the text of a statement in one line, cut.
func quoteStatement(sql string) string {
	text := []rune(strings.Join(strings.Fields(sql), " "))
	if len(text) > statementCharacters {
		text = append(text[:statementCharacters], '…')
	}
	return `"` + string(text) + `"`
}

// sqlTypeName is the name of a type as statements have it: int8[] becomes bigint[].
func sqlTypeName(name string) string {
	element, rest, isArray := strings.Cut(name, "[")
	if isArray {
		rest = "[" + rest
	}
	names := map[string]string{
		"bool": "boolean", "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision",
	}
	if long, ok := names[element]; ok {
		element = long
	}
	return element + rest
}
