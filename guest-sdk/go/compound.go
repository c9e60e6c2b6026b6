package host

// Array is an array with any number of dimensions and any lower bounds. Slices do for most.
type Array struct {
	// Element is the type of the elements; 0 takes it from them.
	Element OID
	// Dims are the dimensions, outermost first; none for an empty array.
	Dims []Dim
	// Items are all elements, row by row (the last index runs fastest); nil is NULL.
	Items []any
}

// Dim is one dimension of an [Array].
type Dim struct {
	// Len is the number of elements.
	Len int
	// Lower is the index of the first one, usually 1.
	Lower int32
}

// Range is a range such as int4range or tstzrange.
//
//	lunch := host.Range[time.Time]{Lower: host.Including(noon), Upper: host.Excluding(two)}
type Range[T any] struct {
	// Element is the type of the bounds; 0 takes it from T.
	Element OID
	// Empty says that the range has no points; then it has no bounds either.
	Empty bool
	// Lower is nil for a range without a lower bound.
	Lower *Bound[T]
	// Upper is nil for a range without an upper bound.
	Upper *Bound[T]
}

// Bound is one end of a [Range].
type Bound[T any] struct {
	// Value is where the range ends.
	Value T
	// Inclusive says whether the end belongs to the range.
	Inclusive bool
}

// Including is a bound that belongs to its range.
func Including[T any](value T) *Bound[T] { return &Bound[T]{Value: value, Inclusive: true} }

// Excluding is a bound that does not belong to its range.
func Excluding[T any](value T) *Bound[T] { return &Bound[T]{Value: value} }

// ranger is every Range.
type ranger interface {
	normalizeRange() (any, error)
}

// rangeScanner is every pointer to a Range.
type rangeScanner interface {
	scanRange(from Range[any]) error
}

func (r Range[T]) normalizeRange() (any, error) {
	normal := Range[any]{Element: r.Element, Empty: r.Empty}
	for _, end := range []struct {
		from *Bound[T]
		to   **Bound[any]
	}{{r.Lower, &normal.Lower}, {r.Upper, &normal.Upper}} {
		if end.from == nil {
			continue
		}
		value, err := normalizeScalar(end.from.Value)
		if err != nil {
			return nil, err
		}
		*end.to = &Bound[any]{Value: value, Inclusive: end.from.Inclusive}
		if normal.Element == 0 {
			normal.Element = elementOf(value)
		}
	}
	if normal.Element == 0 {
		normal.Element = elementOfType[T]()
	}
	return normal, nil
}

func (r *Range[T]) scanRange(from Range[any]) error {
	read := Range[T]{Element: from.Element, Empty: from.Empty}
	for _, end := range []struct {
		from *Bound[any]
		to   **Bound[T]
	}{{from.Lower, &read.Lower}, {from.Upper, &read.Upper}} {
		if end.from == nil {
			continue
		}
		bound := &Bound[T]{Inclusive: end.from.Inclusive}
		if err := assign(&bound.Value, end.from.Value); err != nil {
			return err
		}
		*end.to = bound
	}
	*r = read
	return nil
}
