package host

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
)

// Numeric is a numeric as decimal text without loss: digits after the point are kept (1.500), and NaN, Infinity and -Infinity
// exist. Packages for decimal numbers read and write such texts.
type Numeric string

// JSON is a json, as it is written.
type JSON string

// JSONB is a jsonb, as the server prints it.
type JSONB string

// NewJSONB is the jsonb of what [json.Marshal] makes of a value.
func NewJSONB(value any) (JSONB, error) {
	text, err := json.Marshal(value)
	return JSONB(text), err
}

// NewJSON is the json of what [json.Marshal] makes of a value.
func NewJSON(value any) (JSON, error) {
	text, err := json.Marshal(value)
	return JSON(text), err
}

// Unmarshal reads the text into what a pointer points to, by [json.Unmarshal].
func (j JSON) Unmarshal(into any) error { return json.Unmarshal([]byte(j), into) }

// Unmarshal reads the text into what a pointer points to, by [json.Unmarshal].
func (j JSONB) Unmarshal(into any) error { return json.Unmarshal([]byte(j), into) }

// UUID is a uuid, like those of the common packages: each of them converts with UUID(id).
type UUID [16]byte

// ParseUUID reads the 36 characters of a UUID.
func ParseUUID(text string) (UUID, error) {
	var id UUID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, fmt.Errorf("%q is not a UUID", text)
	}
	digits := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return UUID{}, fmt.Errorf("%q is not a UUID", text)
	}
	return id, nil
}

func (u UUID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// OID is the number by which PostgreSQL names an object.
type OID uint32

// Format says how the data of a [Raw] are written.
type Format uint8

const (
	// Text is what the type's output function prints and its input function reads.
	Text Format = iota
	// Binary is what the type's send function sends and its receive function reads.
	Binary
)

// Raw is a value of any type without a Go type of its own: a composite, bit, xml, a vector, a geometry. Results are binary.
//
//	_, err := host.Execute("UPDATE shapes SET outline = $1", host.Raw{Data: []byte("((0,0),(1,0),(1,1))")})
type Raw struct {
	// Type is the type; in a parameter, 0 leaves it to the server.
	Type OID
	// Format says how the data are written.
	Format Format
	// Data is the value.
	Data []byte
}

const (
	oidOID     OID = 26
	cidrOID    OID = 650
	inetOID    OID = 869
	familyIPv4     = 2
	familyIPv6     = 3
)

// prefix reads the binary form of inet and cidr: family, bits, whether it is a cidr, length, address.
func (r Raw) prefix() (netip.Prefix, bool) {
	if r.Format != Binary || (r.Type != inetOID && r.Type != cidrOID) || len(r.Data) < 4 {
		return netip.Prefix{}, false
	}
	if family := r.Data[0]; family != familyIPv4 && family != familyIPv6 {
		return netip.Prefix{}, false
	}
	address, ok := netip.AddrFromSlice(r.Data[4:])
	if !ok || int(r.Data[1]) > address.BitLen() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, int(r.Data[1])), true
}

func (r Raw) oid() (OID, bool) {
	if r.Format != Binary || r.Type != oidOID || len(r.Data) != 4 {
		return 0, false
	}
	return OID(binary.BigEndian.Uint32(r.Data)), true
}
