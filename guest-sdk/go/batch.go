package host

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// Batch is some rows in PostgreSQL's binary form, read one after the other.
type Batch struct {
	rows int
	data []byte
	// rest is what follows the row that Scan reads.
	rest []byte
	row  []byte
	read int
}

// NewBatch is the rows of a writer, for tests of what reads them.
func NewBatch(rows *RowWriter) *Batch {
	return &Batch{rows: rows.rows, data: rows.data, rest: rows.data}
}

// Len is the number of rows.
func (b *Batch) Len() int { return b.rows }

// Next goes to the next row; false at the end.
func (b *Batch) Next() bool {
	if b.read >= b.rows || len(b.rest) < 2 {
		return false
	}
	b.read++
	b.row = b.rest
	fields := int(int16(binary.BigEndian.Uint16(b.rest)))
	b.rest = b.rest[2:]
	for range fields {
		_, b.rest = field(b.rest)
	}
	return true
}

// Scan reads the fields of the row, all of them, into pointers. Nothing is converted: a bigint is an *int64, not an *int32. What can be NULL
// is a pointer to a pointer (**string); there are *bool, *int16, *int32, *int64, *float32, *float64, *string, *[]byte, *[Date], *[Time],
// *[Timestamp], *[Timestamptz] and *[UUID]. What a type has no form for is read as *[]byte, in PostgreSQL's binary form. A *[RawBytes] is
// a look at any field, NULL as nil, without a copy.
func (b *Batch) Scan(into ...any) error {
	if len(b.row) < 2 {
		return fault(Misuse, "Scan without a row: call Next before it, at %s", caller())
	}
	if count := int(int16(binary.BigEndian.Uint16(b.row))); count != len(into) {
		return fault(Conversion, "row %d has %d fields, and %d were wanted, at %s", b.read, count, len(into), caller())
	}
	rest := b.row[2:]
	var value []byte
	for i, target := range into {
		value, rest = field(rest)
		if !scanField(target, value) {
			return fault(Conversion, "column %d of row %d: %s is no %s, at %s", i+1, b.read, described(value), pointee(target), caller())
		}
	}
	return nil
}

// RawBytes are the bytes of a field where they lie in the batch: nothing is copied, and they are to be read only. nil is NULL.
type RawBytes []byte

// field gives the next field, nil for NULL, and what follows it.
func field(data []byte) (value, rest []byte) {
	length := int32(binary.BigEndian.Uint32(data))
	data = data[4:]
	if length < 0 {
		return nil, data
	}
	return data[:length:length], data[length:]
}

func described(value []byte) string {
	if value == nil {
		return "NULL"
	}
	return fmt.Sprintf("a field of %d bytes", len(value))
}

func pointee(target any) string {
	name := fmt.Sprintf("%T", target)
	if len(name) > 0 && name[0] == '*' {
		return name[1:]
	}
	return name
}

func scanField(target any, value []byte) bool {
	switch target := target.(type) {
	case *RawBytes:
		*target = value
		return true
	case **bool:
		return scanNullable(target, value)
	case **int16:
		return scanNullable(target, value)
	case **int32:
		return scanNullable(target, value)
	case **int64:
		return scanNullable(target, value)
	case **float32:
		return scanNullable(target, value)
	case **float64:
		return scanNullable(target, value)
	case **string:
		return scanNullable(target, value)
	case **[]byte:
		return scanNullable(target, value)
	case **Date:
		return scanNullable(target, value)
	case **Time:
		return scanNullable(target, value)
	case **Timestamp:
		return scanNullable(target, value)
	case **Timestamptz:
		return scanNullable(target, value)
	case **UUID:
		return scanNullable(target, value)
	}
	return value != nil && scanValue(target, value)
}

func scanNullable[T any](target **T, value []byte) bool {
	if value == nil {
		*target = nil
		return true
	}
	*target = new(T)
	return scanValue(*target, value)
}

func scanValue(target any, value []byte) bool {
	switch target := target.(type) {
	case *string:
		*target = string(value)
		return utf8.Valid(value)
	case *[]byte:
		*target = append([]byte{}, value...)
		return true
	}
	switch len(value) {
	case 1:
		if target, ok := target.(*bool); ok {
			*target = value[0] != 0
			return true
		}
	case 2:
		if target, ok := target.(*int16); ok {
			*target = int16(binary.BigEndian.Uint16(value))
			return true
		}
	case 4:
		number := binary.BigEndian.Uint32(value)
		switch target := target.(type) {
		case *int32:
			*target = int32(number)
		case *float32:
			*target = math.Float32frombits(number)
		case *Date:
			*target = Date(int32(number))
		default:
			return false
		}
		return true
	case 8:
		number := binary.BigEndian.Uint64(value)
		switch target := target.(type) {
		case *int64:
			*target = int64(number)
		case *float64:
			*target = math.Float64frombits(number)
		case *Time:
			*target = Time(number)
		case *Timestamp:
			*target = Timestamp(number)
		case *Timestamptz:
			*target = Timestamptz(number)
		default:
			return false
		}
		return true
	case 16:
		if target, ok := target.(*UUID); ok {
			*target = UUID(value)
			return true
		}
	}
	return false
}

// RowWriter puts rows together. Its memory is used again: what a [CopyIn] has written is gone from it.
type RowWriter struct {
	rows int
	data []byte
}

// Row appends a row, of the forms that [Batch.Scan] reads. The types have to be those of the target's columns: an int64 for a bigint. nil
// and nil pointers are NULL.
func (w *RowWriter) Row(values ...any) error {
	start := len(w.data)
	w.data = binary.BigEndian.AppendUint16(w.data, uint16(len(values)))
	for i, value := range values {
		place := len(w.data)
		w.data = append(w.data, 0xff, 0xff, 0xff, 0xff)
		null, ok := w.append(value)
		if !ok {
			w.data = w.data[:start]
			return fault(BadParams, "value %d of the row is a %T, which has no binary form here, at %s", i+1, value, caller())
		}
		if !null {
			binary.BigEndian.PutUint32(w.data[place:], uint32(len(w.data)-place-4))
		}
	}
	w.rows++
	return nil
}

// Len is the number of rows.
func (w *RowWriter) Len() int { return w.rows }

// Clear forgets the rows, and keeps the memory.
func (w *RowWriter) Clear() { w.rows, w.data = 0, w.data[:0] }

func (w *RowWriter) append(value any) (null, ok bool) {
	switch value := value.(type) {
	case nil:
		return true, true
	case bool:
		if value {
			w.data = append(w.data, 1)
		} else {
			w.data = append(w.data, 0)
		}
	case int16:
		w.data = binary.BigEndian.AppendUint16(w.data, uint16(value))
	case int32:
		w.data = binary.BigEndian.AppendUint32(w.data, uint32(value))
	case int64:
		w.data = binary.BigEndian.AppendUint64(w.data, uint64(value))
	case float32:
		w.data = binary.BigEndian.AppendUint32(w.data, math.Float32bits(value))
	case float64:
		w.data = binary.BigEndian.AppendUint64(w.data, math.Float64bits(value))
	case string:
		w.data = append(w.data, value...)
	case []byte:
		if value == nil {
			return true, true
		}
		w.data = append(w.data, value...)
	case RawBytes:
		return w.append([]byte(value))
	case Date:
		w.data = binary.BigEndian.AppendUint32(w.data, uint32(value))
	case Time:
		w.data = binary.BigEndian.AppendUint64(w.data, uint64(value))
	case Timestamp:
		w.data = binary.BigEndian.AppendUint64(w.data, uint64(value))
	case Timestamptz:
		w.data = binary.BigEndian.AppendUint64(w.data, uint64(value))
	case UUID:
		w.data = append(w.data, value[:]...)
	default:
		return w.appendPointer(value)
	}
	return false, true
}

func (w *RowWriter) appendPointer(value any) (null, ok bool) {
	switch value := value.(type) {
	case *bool:
		return appendTo(w, value)
	case *int16:
		return appendTo(w, value)
	case *int32:
		return appendTo(w, value)
	case *int64:
		return appendTo(w, value)
	case *float32:
		return appendTo(w, value)
	case *float64:
		return appendTo(w, value)
	case *string:
		return appendTo(w, value)
	case *Date:
		return appendTo(w, value)
	case *Time:
		return appendTo(w, value)
	case *Timestamp:
		return appendTo(w, value)
	case *Timestamptz:
		return appendTo(w, value)
	case *UUID:
		return appendTo(w, value)
	}
	return false, false
}

func appendTo[T any](w *RowWriter, value *T) (null, ok bool) {
	if value == nil {
		return true, true
	}
	return w.append(*value)
}
