package host

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"time"
)

// The numbers of PostgreSQL's catalogue, src/include/catalog/pg_type.dat; they never change. Text has none: it takes the type
// that the statement needs, also in arrays, where an enum's labels are text.
func elementOf(scalar any) OID {
	switch value := scalar.(type) {
	case bool:
		return 16
	case []byte:
		return 17
	case int64:
		return 20
	case int16:
		return 21
	case int32:
		return 23
	case JSON:
		return 114
	case float32:
		return 700
	case float64:
		return 701
	case Date:
		return 1082
	case Time:
		return 1083
	case Timestamp:
		return 1114
	case Timestamptz:
		return 1184
	case Interval:
		return 1186
	case TimeTZ:
		return 1266
	case Numeric:
		return 1700
	case UUID:
		return 2950
	case JSONB:
		return 3802
	case Raw:
		return value.Type
	}
	return 0
}

func elementOfType[T any]() OID {
	var zero T
	return elementOfReflected(reflect.TypeOf(&zero).Elem())
}

func elementOfReflected(kind reflect.Type) OID {
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind.Kind() == reflect.Interface {
		return 0
	}
	scalar, err := normalizeScalar(reflect.Zero(kind).Interface())
	if err != nil {
		return 0
	}
	return elementOf(scalar)
}

// normalizeAll turns parameters into the forms that normalize has.
func normalizeAll(params []any) ([]any, error) {
	normal := make([]any, len(params))
	for i, param := range params {
		value, err := normalize(param)
		if err != nil {
			return nil, fault(BadParams, "$%d: %s", i+1, reason(err))
		}
		normal[i] = value
	}
	return normal, nil
}

// reason is the text of an error without what its kind says.
func reason(err error) string {
	if known, ok := err.(*Error); ok {
		return known.text
	}
	return err.Error()
}

// normalize turns a parameter into one of few forms: nil, the types of elementOf, string, Array of these, Range[any] of these.
func normalize(param any) (any, error) {
	switch value := param.(type) {
	case Array:
		return normalizeArray(value)
	case ranger:
		return value.normalizeRange()
	}
	if scalar, err := normalizeScalar(param); err != errNoScalar {
		return scalar, err
	}
	value := reflect.ValueOf(param)
	switch value.Kind() {
	case reflect.Pointer:
		return normalize(value.Elem().Interface())
	case reflect.Slice, reflect.Array:
		return arrayOf(value)
	}
	return nil, fault(BadParams, "a %T cannot be a parameter", param)
}

var errNoScalar = fault(BadParams, "a single value is needed here")

func normalizeScalar(param any) (any, error) {
	switch value := param.(type) {
	case nil, bool, int16, int32, int64, float32, float64, string,
		Numeric, Date, Time, TimeTZ, Timestamp, Timestamptz, Interval, UUID, JSON, JSONB, Raw:
		return value, nil
	case []byte:
		if value == nil {
			return nil, nil
		}
		return value, nil
	case int:
		return int64(value), nil
	case OID:
		return Raw{Type: oidOID, Format: Binary, Data: []byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}}, nil
	case time.Time:
		return TimestamptzOf(value)
	case json.RawMessage:
		if value == nil {
			return nil, nil
		}
		return string(value), nil
	case netip.Addr:
		return value.String(), nil
	case netip.Prefix:
		return value.String(), nil
	}
	value := reflect.ValueOf(param)
	if (value.Kind() == reflect.Pointer || value.Kind() == reflect.Slice) && value.IsNil() {
		return nil, nil
	}
	if valuer, ok := param.(driver.Valuer); ok {
		made, err := valuer.Value()
		if err != nil {
			return nil, err
		}
		if _, again := made.(driver.Valuer); again {
			return nil, fault(BadParams, "the Value of a %T is another driver.Valuer", param)
		}
		return normalizeScalar(made)
	}
	switch value.Kind() {
	case reflect.Bool:
		return value.Bool(), nil
	case reflect.Int8, reflect.Int16:
		return int16(value.Int()), nil
	case reflect.Int32:
		return int32(value.Int()), nil
	case reflect.Int, reflect.Int64:
		return value.Int(), nil
	case reflect.Uint8:
		return int16(value.Uint()), nil
	case reflect.Uint16:
		return int32(value.Uint()), nil
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		if value.Uint() > math.MaxInt64 {
			return nil, fault(BadParams, "%d is more than a bigint holds; a host.Numeric is not", value.Uint())
		}
		return int64(value.Uint()), nil
	case reflect.Float32:
		return float32(value.Float()), nil
	case reflect.Float64:
		return value.Float(), nil
	case reflect.String:
		return value.String(), nil
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return value.Bytes(), nil
		}
	case reflect.Array:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			bytes := make([]byte, value.Len())
			reflect.Copy(reflect.ValueOf(bytes), value)
			return bytes, nil
		}
	case reflect.Pointer:
		return normalizeScalar(value.Elem().Interface())
	}
	return nil, errNoScalar
}

func normalizeArray(array Array) (any, error) {
	normal := Array{Element: array.Element, Dims: array.Dims, Items: make([]any, len(array.Items))}
	for i, item := range array.Items {
		scalar, err := normalizeScalar(item)
		if err != nil {
			return nil, err
		}
		normal.Items[i] = scalar
		if normal.Element == 0 && scalar != nil {
			normal.Element = elementOf(scalar)
		}
	}
	return normal, nil
}

// arrayOf makes an array of slices in slices.
func arrayOf(slice reflect.Value) (any, error) {
	array := Array{}
	lens, element := shape(slice)
	total := 1
	for _, len := range lens {
		total *= len
		array.Dims = append(array.Dims, Dim{Len: len, Lower: 1})
	}
	array.Element = elementOfReflected(element)
	if total == 0 {
		array.Dims = nil
		return array, nil
	}
	array.Items = make([]any, 0, total)
	if err := flatten(&array.Items, slice, lens); err != nil {
		return nil, err
	}
	return normalizeArray(array)
}

// shape is how long slices in slices are, by the first ones, and the type of what is in them.
func shape(value reflect.Value) (lens []int, element reflect.Type) {
	element = value.Type()
	for isList(element) {
		element = element.Elem()
		if !value.IsValid() {
			lens = append(lens, 0)
			continue
		}
		lens = append(lens, value.Len())
		if value.Len() == 0 {
			value = reflect.Value{}
		} else {
			value = value.Index(0)
		}
	}
	return lens, element
}

func flatten(items *[]any, value reflect.Value, lens []int) error {
	if value.Len() != lens[0] {
		return fault(BadParams, "an array needs parts of one length, and has one of %d and one of %d", lens[0], value.Len())
	}
	for i := range value.Len() {
		if len(lens) == 1 {
			*items = append(*items, value.Index(i).Interface())
		} else if err := flatten(items, value.Index(i), lens[1:]); err != nil {
			return err
		}
	}
	return nil
}

var valuerType = reflect.TypeFor[driver.Valuer]()

// isList says whether values of a type are arrays rather than single values.
func isList(kind reflect.Type) bool {
	if kind.Kind() != reflect.Slice && kind.Kind() != reflect.Array {
		return false
	}
	return kind.Elem().Kind() != reflect.Uint8 && !kind.Implements(valuerType)
}

// typeName is what a type is called in messages.
func typeName(value any) string {
	if value == nil {
		return "NULL"
	}
	return fmt.Sprintf("%T", value)
}
