package host

import (
	"encoding/binary"
	"math"
)

// block is memory for the host to read: the values of the contract, as the canonical ABI lays them out. Addresses in it count
// from its beginning until placed says where it lies.
type block struct {
	data []byte
	// pointers are the places of addresses.
	pointers []int
	// first and count are the list that the block holds.
	first, count uint32
}

func newBlock() *block { return &block{data: make([]byte, 0, 1024)} }

// reserve gives the place of so many zeros.
func (b *block) reserve(size, align int) int {
	at := (len(b.data) + align - 1) &^ (align - 1)
	if at+size > cap(b.data) {
		grown := make([]byte, len(b.data), max(2*cap(b.data), at+size))
		copy(grown, b.data)
		b.data = grown
	}
	b.data = b.data[:at+size]
	return at
}

// placed makes the addresses those of a block that lies at base.
func (b *block) placed(base uint32) {
	for _, at := range b.pointers {
		binary.LittleEndian.PutUint32(b.data[at:], base+binary.LittleEndian.Uint32(b.data[at:]))
	}
	b.pointers = nil
	b.first += base
}

func (b *block) u8(at int, value uint8)   { b.data[at] = value }
func (b *block) u32(at int, value uint32) { binary.LittleEndian.PutUint32(b.data[at:], value) }
func (b *block) u64(at int, value uint64) { binary.LittleEndian.PutUint64(b.data[at:], value) }

func (b *block) bool(at int, value bool) {
	if value {
		b.data[at] = 1
	}
}

func (b *block) list(at, first, count int) {
	b.u32(at, uint32(first))
	b.u32(at+4, uint32(count))
	b.pointers = append(b.pointers, at)
}

func (b *block) string(at int, text string) {
	place := b.reserve(len(text), 1)
	copy(b.data[place:], text)
	b.list(at, place, len(text))
}

func (b *block) bytes(at int, bytes []byte) {
	place := b.reserve(len(bytes), 1)
	copy(b.data[place:], bytes)
	b.list(at, place, len(bytes))
}

func (b *block) optionalString(at int, text string) {
	if text != "" {
		b.u8(at, 1)
		b.string(at+4, text)
	}
}

// encodeParams writes a list<value>.
func encodeParams(params []any) (*block, error) {
	b := newBlock()
	if err := b.params(params); err != nil {
		return nil, err
	}
	return b, nil
}

// encodeRows writes a list<row>.
func encodeRows(rows [][]any) (*block, error) {
	b := newBlock()
	at := b.reserve(8*len(rows), 8)
	for i, row := range rows {
		if err := b.params(row); err != nil {
			return nil, fault(BadParams, "row %d: %s", i+1, reason(err))
		}
		b.list(at+8*i, int(b.first), int(b.count))
	}
	b.first, b.count = uint32(at), uint32(len(rows))
	return b, nil
}

func (b *block) params(params []any) error {
	normal, err := normalizeAll(params)
	if err != nil {
		return err
	}
	at := b.reserve(valueSize*len(normal), 8)
	for i, value := range normal {
		b.value(at+valueSize*i, value)
	}
	b.first, b.count = uint32(at), uint32(len(normal))
	return nil
}

func (b *block) value(at int, value any) {
	switch value := value.(type) {
	case Array:
		b.u8(at, 1)
		b.array(at+8, value)
	case Range[any]:
		b.u8(at, 2)
		b.u32(at+8, uint32(value.Element))
		b.bool(at+12, value.Empty)
		b.bound(at+16, value.Lower)
		b.bound(at+56, value.Upper)
	default:
		b.scalar(at+8, value)
	}
}

func (b *block) array(at int, array Array) {
	b.u32(at, uint32(array.Element))
	dims := b.reserve(8*len(array.Dims), 4)
	for i, dim := range array.Dims {
		b.u32(dims+8*i, uint32(dim.Len))
		b.u32(dims+8*i+4, uint32(dim.Lower))
	}
	b.list(at+4, dims, len(array.Dims))
	items := b.reserve(scalarSize*len(array.Items), 8)
	for i, item := range array.Items {
		b.scalar(items+scalarSize*i, item)
	}
	b.list(at+12, items, len(array.Items))
}

func (b *block) bound(at int, bound *Bound[any]) {
	if bound != nil {
		b.u8(at, 1)
		b.scalar(at+8, bound.Value)
		b.bool(at+8+scalarSize, bound.Inclusive)
	}
}

// scalar writes one of the forms that normalizeScalar makes.
func (b *block) scalar(at int, value any) {
	tag, payload := uint8(0), at+8
	switch value := value.(type) {
	case bool:
		tag = 1
		b.bool(payload, value)
	case int16:
		tag = 2
		binary.LittleEndian.PutUint16(b.data[payload:], uint16(value))
	case int32:
		tag = 3
		b.u32(payload, uint32(value))
	case int64:
		tag = 4
		b.u64(payload, uint64(value))
	case float32:
		tag = 5
		b.u32(payload, math.Float32bits(value))
	case float64:
		tag = 6
		b.u64(payload, math.Float64bits(value))
	case Numeric:
		tag = 7
		b.string(payload, string(value))
	case string:
		tag = 8
		b.string(payload, value)
	case []byte:
		tag = 9
		b.bytes(payload, value)
	case Date:
		tag = 10
		b.u32(payload, uint32(value))
	case Time:
		tag = 11
		b.u64(payload, uint64(value))
	case TimeTZ:
		tag = 12
		b.u64(payload, uint64(value.Time))
		b.u32(payload+8, uint32(value.Offset))
	case Timestamp:
		tag = 13
		b.u64(payload, uint64(value))
	case Timestamptz:
		tag = 14
		b.u64(payload, uint64(value))
	case Interval:
		tag = 15
		b.u32(payload, uint32(value.Months))
		b.u32(payload+4, uint32(value.Days))
		b.u64(payload+8, uint64(value.Micros))
	case UUID:
		tag = 16
		b.u64(payload, binary.BigEndian.Uint64(value[:]))
		b.u64(payload+8, binary.BigEndian.Uint64(value[8:]))
	case JSON:
		tag = 17
		b.string(payload, string(value))
	case JSONB:
		tag = 18
		b.string(payload, string(value))
	case Raw:
		tag = 19
		b.u32(payload, uint32(value.Type))
		b.u8(payload+4, uint8(value.Format))
		b.bytes(payload+8, value.Data)
	}
	b.u8(at, tag)
}
