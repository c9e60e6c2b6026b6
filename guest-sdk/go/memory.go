package host

import (
	"encoding/binary"
	"math"
	"time"
)

// memory is what the host wrote as an answer: the values of the contract, as the canonical ABI lays them out.
type memory struct {
	// base is the address of the first byte of data.
	base uint32
	data []byte
	// start is the address of the answer.
	start uint32
}

// The sizes of the contract's types.
const (
	scalarSize = 24
	valueSize  = 96
	columnSize = 28
)

func (m memory) u8(at uint32) uint8   { return m.data[at-m.base] }
func (m memory) u16(at uint32) uint16 { return binary.LittleEndian.Uint16(m.data[at-m.base:]) }
func (m memory) u32(at uint32) uint32 { return binary.LittleEndian.Uint32(m.data[at-m.base:]) }
func (m memory) u64(at uint32) uint64 { return binary.LittleEndian.Uint64(m.data[at-m.base:]) }
func (m memory) bool(at uint32) bool  { return m.u8(at) != 0 }

func (m memory) list(at uint32) (first, count uint32) { return m.u32(at), m.u32(at + 4) }

func (m memory) bytes(at uint32) []byte {
	first, count := m.list(at)
	if count == 0 {
		return []byte{}
	}
	return append([]byte(nil), m.data[first-m.base:first-m.base+count]...)
}

func (m memory) string(at uint32) string {
	first, count := m.list(at)
	if count == 0 {
		return ""
	}
	return string(m.data[first-m.base : first-m.base+count])
}

func (m memory) optionalString(at uint32) string {
	if !m.bool(at) {
		return ""
	}
	return m.string(at + 4)
}

// nothing reads a result<_, error>.
func (m memory) nothing() error { return m.result(4) }

// touched reads a result<u64, error>.
func (m memory) touched() (int64, error) {
	if err := m.result(8); err != nil {
		return 0, err
	}
	return int64(m.u64(m.start + 8)), nil
}

// handle reads a result of a resource.
func (m memory) handle() (uint32, error) {
	if err := m.result(4); err != nil {
		return 0, err
	}
	return m.u32(m.start + 4), nil
}

// resultSet reads a result<result-set, error>.
func (m memory) resultSet() ([]Column, [][]any, error) {
	if err := m.result(4); err != nil {
		return nil, nil, err
	}
	columns := m.columns(m.start + 4)
	return columns, m.rowsAt(m.start+12, len(columns)), nil
}

// rows reads a result<list<row>, error>.
func (m memory) rows(columns int) ([][]any, error) {
	if err := m.result(4); err != nil {
		return nil, err
	}
	return m.rowsAt(m.start+4, columns), nil
}

// tuples reads a result<tuples, error>.
func (m memory) tuples() (int, []byte, error) {
	if err := m.result(4); err != nil {
		return 0, nil, err
	}
	return int(m.u32(m.start + 4)), m.bytes(m.start + 8), nil
}

func (m memory) rowsAt(at uint32, columns int) [][]any {
	first, count := m.list(at)
	rows := make([][]any, count)
	cells := make([]any, int(count)*columns)
	for i := range rows {
		values, width := m.list(first + uint32(i)*8)
		if int(width) > len(cells) {
			cells = make([]any, width)
		}
		rows[i], cells = cells[:width:width], cells[width:]
		for k := range rows[i] {
			rows[i][k] = m.value(values + uint32(k)*valueSize)
		}
	}
	return rows
}

func (m memory) columns(at uint32) []Column {
	first, count := m.list(at)
	columns := make([]Column, count)
	for i := range columns {
		at := first + uint32(i)*columnSize
		columns[i] = Column{
			Name: m.string(at), Type: OID(m.u32(at + 8)), TypeName: m.string(at + 12),
			Table: OID(m.u32(at + 20)), Number: int16(m.u16(at + 24)),
		}
	}
	return columns
}

func (m memory) oids() []OID {
	first, count := m.list(m.start)
	oids := make([]OID, count)
	for i := range oids {
		oids[i] = OID(m.u32(first + uint32(i)*4))
	}
	return oids
}

// result reads the error of a result whose payload lies at an offset.
func (m memory) result(offset uint32) error {
	if !m.bool(m.start) {
		return nil
	}
	return m.error(m.start + offset)
}

func (m memory) error(at uint32) error {
	kind, at := m.u8(at), at+4
	switch kind {
	case 0:
		position := 0
		if m.bool(at + 60) {
			position = int(m.u32(at + 64))
		}
		return &SQLError{
			SQLState: m.string(at), Severity: m.string(at + 8), Message: m.string(at + 16),
			Detail: m.optionalString(at + 24), Hint: m.optionalString(at + 36), Context: m.optionalString(at + 48),
			Position: position,
			Schema:   m.optionalString(at + 68), Table: m.optionalString(at + 80), Column: m.optionalString(at + 92),
			DataType: m.optionalString(at + 104), Constraint: m.optionalString(at + 116),
			trace: traceOf(frames()),
		}
	case uint8(Exceeded):
		return &Error{Kind: Exceeded, Limit: Limit(m.u8(at)), trace: traceOf(frames())}
	}
	return &Error{Kind: Kind(kind), text: m.string(at), trace: traceOf(frames())}
}

func (m memory) value(at uint32) any {
	switch tag, at := m.u8(at), at+8; tag {
	case 0:
		return m.scalar(at)
	case 1:
		array := Array{Element: OID(m.u32(at))}
		dims, depth := m.list(at + 4)
		for i := range depth {
			array.Dims = append(array.Dims, Dim{Len: int(m.u32(dims + i*8)), Lower: int32(m.u32(dims + i*8 + 4))})
		}
		items, count := m.list(at + 12)
		array.Items = make([]any, count)
		for i := range array.Items {
			array.Items[i] = m.scalar(items + uint32(i)*scalarSize)
		}
		return array
	default:
		return Range[any]{Element: OID(m.u32(at)), Empty: m.bool(at + 4), Lower: m.bound(at + 8), Upper: m.bound(at + 48)}
	}
}

func (m memory) bound(at uint32) *Bound[any] {
	if !m.bool(at) {
		return nil
	}
	return &Bound[any]{Value: m.scalar(at + 8), Inclusive: m.bool(at + 8 + scalarSize)}
}

func (m memory) scalar(at uint32) any {
	switch tag, at := m.u8(at), at+8; tag {
	case 1:
		return m.bool(at)
	case 2:
		return int16(m.u16(at))
	case 3:
		return int32(m.u32(at))
	case 4:
		return int64(m.u64(at))
	case 5:
		return math.Float32frombits(m.u32(at))
	case 6:
		return math.Float64frombits(m.u64(at))
	case 7:
		return Numeric(m.string(at))
	case 8:
		return m.string(at)
	case 9:
		return m.bytes(at)
	case 10:
		return Date(int32(m.u32(at)))
	case 11:
		return Time(m.u64(at))
	case 12:
		return TimeTZ{Time: Time(m.u64(at)), Offset: int32(m.u32(at + 8))}
	case 13:
		return Timestamp(m.u64(at))
	case 14:
		return Timestamptz(m.u64(at))
	case 15:
		return Interval{Months: int32(m.u32(at)), Days: int32(m.u32(at + 4)), Micros: int64(m.u64(at + 8))}
	case 16:
		var id UUID
		binary.BigEndian.PutUint64(id[:], m.u64(at))
		binary.BigEndian.PutUint64(id[8:], m.u64(at+8))
		return id
	case 17:
		return JSON(m.string(at))
	case 18:
		return JSONB(m.string(at))
	case 19:
		return Raw{Type: OID(m.u32(at)), Format: Format(m.u8(at + 4)), Data: m.bytes(at + 8)}
	}
	return nil
}

func (m memory) runInfo() RunInfo {
	at := m.start
	info := RunInfo{
		Revision: m.string(at), ServerVersion: int(m.u32(at + 8)), DryRun: m.bool(at + 20),
		Now: time.UnixMicro(int64(m.u64(at + 24))).UTC(), Seed: m.u64(at + 32),
	}
	path, count := m.list(at + 12)
	for i := range count {
		info.SearchPath = append(info.SearchPath, m.string(path+i*8))
	}
	args, count := m.list(at + 40)
	for i := range count {
		info.Args = append(info.Args, Arg{Key: m.string(args + i*16), Value: m.string(args + i*16 + 8)})
	}
	return info
}
