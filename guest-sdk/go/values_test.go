package host

import (
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// decoded is what the host would read of parameters, read back as if it had answered them.
func decoded(t *testing.T, params ...any) []any {
	t.Helper()
	b, err := encodeParams(params)
	if err != nil {
		t.Fatal(err)
	}
	const base = 0x10000
	b.placed(base)
	m := memory{base: base, data: b.data}
	values := make([]any, b.count)
	for i := range values {
		values[i] = m.value(b.first + uint32(i)*valueSize)
	}
	return values
}

func TestEveryValueCrossesTheBoundary(t *testing.T) {
	moment := time.Date(2026, 2, 28, 23, 59, 59, 999_999_000, time.UTC)
	id, err := ParseUUID("0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []any{
		nil, true, int16(math.MinInt16), int32(math.MaxInt32), int64(math.MinInt64), float32(1.5), math.Inf(-1),
		Numeric("1.500"), "Grüße", "", []byte{0, 255}, []byte{}, InfiniteDate, NewDate(-4712, 1, 1), NewTime(24, 0, 0, 0),
		TimeTZ{Time: 1, Offset: -57540}, NegativeInfiniteTimestamp, InfiniteTimestamptz,
		Interval{Months: -1, Days: math.MinInt32, Micros: math.MaxInt64}, id, JSON(`{"a":  1}`), JSONB(`{"a": 1}`),
		Raw{Type: 829, Format: Binary, Data: []byte{1, 2, 3}}, moment, OID(4294967295), netip.MustParsePrefix("10.1.0.0/16"),
		Array{Element: 23, Dims: []Dim{{Len: 2, Lower: 0}, {Len: 1, Lower: 5}}, Items: []any{int32(1), nil}},
		Array{Element: 25, Items: []any{}},
		Range[any]{Element: 23, Lower: Including[any](int32(1)), Upper: Excluding[any](int32(10))},
		Range[any]{Element: 1184, Lower: Excluding[any](moment)},
		Range[any]{Element: 20, Empty: true},
	} {
		got := native(decoded(t, value)[0])
		if prefix, ok := value.(netip.Prefix); ok {
			value = prefix.String()
		}
		if !reflect.DeepEqual(got, value) {
			t.Errorf("%#v became %#v", value, got)
		}
	}
}

type tier string

func TestTypesOfOnesOwnCountAsWhatTheyAreMadeOf(t *testing.T) {
	three := int32(3)
	for _, c := range []struct{ value, want any }{
		{5, int64(5)}, {uint8(5), int16(5)}, {uint16(5), int32(5)}, {uint64(5), int64(5)}, {tier("regular"), "regular"},
		{&three, int32(3)}, {(*int32)(nil), nil}, {[4]byte{1, 2, 3, 4}, []byte{1, 2, 3, 4}}, {[]byte(nil), nil},
		{json.RawMessage(`[1]`), "[1]"}, {netip.MustParseAddr("::1"), "::1"},
		{sql.Null[string]{}, nil}, {sql.NullInt64{Int64: 7, Valid: true}, int64(7)},
		{[]int32{}, Array{Element: 23, Items: []any{}}}, {[]int32(nil), nil},
		{[]*int32{nil, &three}, Array{Element: 23, Dims: []Dim{{2, 1}}, Items: []any{nil, int32(3)}}},
		{[][]string{{"a"}, {"b"}}, Array{Dims: []Dim{{2, 1}, {1, 1}}, Items: []any{"a", "b"}}},
		{[][]byte{{1}}, Array{Element: 17, Dims: []Dim{{1, 1}}, Items: []any{[]byte{1}}}},
		{[]any{nil, Numeric("1")}, Array{Element: 1700, Dims: []Dim{{2, 1}}, Items: []any{nil, Numeric("1")}}},
		{[]time.Time{}, Array{Element: 1184, Items: []any{}}}, {[2]UUID{}, Array{Element: 2950, Dims: []Dim{{2, 1}}, Items: []any{UUID{}, UUID{}}}},
		{Range[Date]{}, Range[any]{Element: 1082}},
	} {
		if got := decoded(t, c.value)[0]; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%#v became %#v instead of %#v", c.value, got, c.want)
		}
	}
}

func TestWhatCannotBeAParameterIsSaid(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{struct{}{}, "the parameters do not fit: $2: a struct {} cannot be a parameter"},
		{uint64(math.MaxUint64), "$2: 18446744073709551615 is more than a bigint holds"},
		{[][]int{{1}, {2, 3}}, "$2: an array needs parts of one length, and has one of 1 and one of 2"},
		{time.Unix(math.MaxInt64/2, 0), "$2: PostgreSQL has no such time as"},
	} {
		_, err := Execute("SELECT $1, $2", 1, c.value)
		if !errors.Is(err, BadParams) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v", err)
		}
	}
}

func TestTextsAreThoseOfPostgreSQL(t *testing.T) {
	for _, c := range []struct {
		value interface{ String() string }
		want  string
	}{
		{NewDate(2000, 1, 1), "2000-01-01"}, {NewDate(2026, 2, 29), "2026-03-01"}, {NewDate(-4712, 1, 1), "4713-01-01 BC"},
		{NewDate(5874897, 12, 31), "5874897-12-31"}, {InfiniteDate, "infinity"}, {NewTime(23, 59, 59, 7), "23:59:59.000007"},
		{TimeTZ{Time: NewTime(12, 0, 0, 0), Offset: -19800}, "12:00:00-05:30"}, {Timestamp(-1), "1999-12-31 23:59:59.999999"},
		{NegativeInfiniteTimestamptz, "-infinity"}, {Timestamptz(0), "2000-01-01 00:00:00+00"},
	} {
		if got := c.value.String(); got != c.want {
			t.Errorf("%s instead of %s", got, c.want)
		}
	}
	if days := NewDate(1582, 10, 15); days != -152_384 {
		t.Errorf("%d", days)
	}
}

// result is a row as a query would give it.
func result(values ...any) Row {
	names := []string{"id", "note", "sizes", "more"}
	rows := &Rows{statement: "SELECT *\n  FROM dishes", rows: [][]any{values}}
	for i := range values {
		rows.columns = append(rows.columns, Column{Name: names[i], TypeName: []string{"int8", "text", "int4[]", "x"}[i]})
	}
	return rows.Row(0)
}

func TestReadsWhatLosesNothing(t *testing.T) {
	array := Array{Element: 23, Dims: []Dim{{Len: 2, Lower: 1}}, Items: []any{int32(1), nil}}
	row := result(int64(7), nil, array, Range[any]{Lower: Including[any](int32(1))})
	var id int
	var note sql.Null[string]
	var sizes []*int32
	var more Range[int32]
	if err := row.Scan(&id, &note, &sizes, &more); err != nil {
		t.Fatal(err)
	}
	if id != 7 || note.Valid || len(sizes) != 2 || *sizes[0] != 1 || sizes[1] != nil || more.Lower.Value != 1 || more.Upper != nil {
		t.Errorf("%v %v %v %v", id, note, sizes, more)
	}
	if pointer, err := Get[*string](row, "note"); err != nil || pointer != nil {
		t.Errorf("%v %v", pointer, err)
	}
	var custom tier
	if err := result("regular").Scan(&custom); err != nil || custom != "regular" {
		t.Errorf("%v %v", custom, err)
	}
}

func TestSaysWhatDoesNotFit(t *testing.T) {
	row := result(int64(7), nil, Array{Dims: []Dim{{Len: 1, Lower: 0}}, Items: []any{int32(1)}})
	of := ` of "SELECT * FROM dishes"`
	for _, c := range []struct {
		err  error
		want string
	}{
		{row.Read("id", new(int32)), `column "id"` + of + " is bigint, int32 was wanted, at "},
		{row.Read("note", new(string)), `column "note"` + of + " is NULL, string was wanted, at "},
		{row.Read("note", new(string)), "; *string allows NULL"},
		{row.Read("sizes", new([]int32)), `column "sizes"` + of + " has an index that begins at 0, which a slice cannot say"},
		{row.Read("Id", new(int)), `there is no column "Id" in "SELECT * FROM dishes", which has: id, note, sizes, at `},
		{row.Scan(new(int)), "1 values are to be read from"},
		{result(InfiniteTimestamptz).Scan(new(time.Time)), "is infinity, which a time.Time cannot be"},
	} {
		if !errors.Is(c.err, Conversion) || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v\ninstead of\n%s", c.err, c.want)
		}
	}
}
