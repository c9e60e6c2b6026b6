package host

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"time"
)

// scanner is sql.Scanner, without the weight of database/sql.
type scanner interface {
	Scan(from any) error
}

// errMismatch says that a value does not fit; what it is and what was wanted is for whoever knows the column.
var errMismatch = fault(Conversion, "it does not fit")

// native is what any reads: points in time and addresses as the standard library has them.
func native(value any) any {
	switch value := value.(type) {
	case Timestamptz:
		if t, ok := value.Time(); ok {
			return t
		}
	case Raw:
		if prefix, ok := value.prefix(); ok {
			return prefix
		}
		if oid, ok := value.oid(); ok {
			return oid
		}
	case Array:
		items := make([]any, len(value.Items))
		for i, item := range value.Items {
			items[i] = native(item)
		}
		return Array{Element: value.Element, Dims: value.Dims, Items: items}
	case Range[any]:
		return Range[any]{Element: value.Element, Empty: value.Empty, Lower: nativeBound(value.Lower), Upper: nativeBound(value.Upper)}
	}
	return value
}

func nativeBound(bound *Bound[any]) *Bound[any] {
	if bound == nil {
		return nil
	}
	return &Bound[any]{Value: native(bound.Value), Inclusive: bound.Inclusive}
}

// assign writes a value to where a pointer points. Only what loses nothing is written: an int64 from an integer, but no int16.
func assign(into any, value any) error {
	switch into := into.(type) {
	case *any:
		*into = native(value)
		return nil
	case *int64:
		if number, ok := integer(value); ok {
			*into = number
			return nil
		}
		return errMismatch
	case *string:
		if text, ok := text(value); ok {
			*into = text
			return nil
		}
		return errMismatch
	case *time.Time:
		if at, ok := value.(Timestamptz); ok {
			if *into, ok = at.Time(); !ok {
				return fault(Conversion, "is %s, which a time.Time cannot be; host.Timestamptz can", at)
			}
			return nil
		}
		return errMismatch
	case *json.RawMessage:
		switch document := value.(type) {
		case nil:
			*into = nil
			return nil
		case JSON:
			*into = json.RawMessage(document)
			return nil
		case JSONB:
			*into = json.RawMessage(document)
			return nil
		}
		return errMismatch
	case *netip.Prefix:
		if raw, ok := value.(Raw); ok {
			if *into, ok = raw.prefix(); ok {
				return nil
			}
		}
		return errMismatch
	case *netip.Addr:
		if raw, ok := value.(Raw); ok {
			if prefix, ok := raw.prefix(); ok && prefix.IsSingleIP() {
				*into = prefix.Addr()
				return nil
			}
		}
		return errMismatch
	case *OID:
		if raw, ok := value.(Raw); ok {
			if *into, ok = raw.oid(); ok {
				return nil
			}
		}
		return errMismatch
	case rangeScanner:
		if from, ok := value.(Range[any]); ok {
			return into.scanRange(from)
		}
		return errMismatch
	case scanner:
		return into.Scan(driverValue(value))
	}
	return assignReflected(reflect.ValueOf(into), value)
}

// assignReflected does the same for every other type.
func assignReflected(pointer reflect.Value, value any) error {
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return fault(Misuse, "where a value goes has to be a pointer")
	}
	into := pointer.Elem()
	if value != nil && reflect.TypeOf(value) == into.Type() {
		into.Set(reflect.ValueOf(value))
		return nil
	}
	switch into.Kind() {
	case reflect.Pointer:
		if value == nil {
			into.SetZero()
			return nil
		}
		target := reflect.New(into.Type().Elem())
		if err := assign(target.Interface(), value); err != nil {
			return err
		}
		into.Set(target)
		return nil
	case reflect.Slice:
		if value == nil {
			into.SetZero()
			return nil
		}
		if array, ok := value.(Array); ok {
			return assignSlice(into, array)
		}
		if bytes, ok := value.([]byte); ok && into.Type().Elem().Kind() == reflect.Uint8 {
			into.SetBytes(bytes)
			return nil
		}
	case reflect.Array:
		if id, ok := value.(UUID); ok && into.Type().ConvertibleTo(reflect.TypeFor[UUID]()) {
			into.Set(reflect.ValueOf(id).Convert(into.Type()))
			return nil
		}
	case reflect.Bool:
		if truth, ok := value.(bool); ok {
			into.SetBool(truth)
			return nil
		}
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		if number, ok := integer(value); ok && fits(into.Type(), value) {
			into.SetInt(number)
			return nil
		}
	case reflect.Float64, reflect.Float32:
		switch number := value.(type) {
		case float32:
			into.SetFloat(float64(number))
			return nil
		case float64:
			if into.Kind() == reflect.Float64 {
				into.SetFloat(number)
				return nil
			}
		}
	case reflect.String:
		if text, ok := value.(string); ok {
			into.SetString(text)
			return nil
		}
	}
	return errMismatch
}

func assignSlice(into reflect.Value, array Array) error {
	depth := 0
	for kind := into.Type(); kind.Kind() == reflect.Slice && isList(kind); kind = kind.Elem() {
		depth++
	}
	if len(array.Dims) == 0 {
		into.Set(reflect.MakeSlice(into.Type(), 0, 0))
		return nil
	}
	if depth != len(array.Dims) {
		return fault(Conversion, "has %d dimensions, and %s has %d", len(array.Dims), into.Type(), depth)
	}
	for _, dim := range array.Dims {
		if dim.Lower != 1 {
			return fault(Conversion, "has an index that begins at %d, which a slice cannot say; host.Array can", dim.Lower)
		}
	}
	return fill(into, array.Dims, array.Items)
}

// fill makes slices in slices of items that lie flat.
func fill(into reflect.Value, dims []Dim, items []any) error {
	count := dims[0].Len
	into.Set(reflect.MakeSlice(into.Type(), count, count))
	size := len(items) / count
	for i := range count {
		element, part := into.Index(i), items[i*size:(i+1)*size]
		if len(dims) > 1 {
			if err := fill(element, dims[1:], part); err != nil {
				return err
			}
			continue
		}
		if err := assign(element.Addr().Interface(), part[0]); err == errMismatch {
			return fault(Conversion, "has %s as an element, and %s was wanted", typeName(native(part[0])), element.Type())
		} else if err != nil {
			return err
		}
	}
	return nil
}

func integer(value any) (int64, bool) {
	switch number := value.(type) {
	case int16:
		return int64(number), true
	case int32:
		return int64(number), true
	case int64:
		return number, true
	}
	return 0, false
}

// fits says whether every integer of the type of value has a place in kind.
func fits(kind reflect.Type, value any) bool {
	return kind.Bits() >= reflect.TypeOf(value).Bits()
}

func text(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case Numeric:
		return string(value), true
	case JSON:
		return string(value), true
	case JSONB:
		return string(value), true
	case UUID:
		return value.String(), true
	}
	return "", false
}

// driverValue is what a sql.Scanner expects.
func driverValue(value any) any {
	if number, ok := integer(value); ok {
		return number
	}
	if text, ok := text(value); ok {
		return text
	}
	switch value := native(value).(type) {
	case float32:
		return float64(value)
	case Date:
		if at, ok := value.Time(); ok {
			return at
		}
		return value.String()
	case Timestamp:
		if at, ok := value.Time(); ok {
			return at
		}
		return value.String()
	case Raw:
		return value.Data
	case fmt.Stringer:
		if at, ok := value.(time.Time); ok {
			return at
		}
		return value.String()
	default:
		return value
	}
}
