package host

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

var upgrade, downgrade func() error

// Register makes two functions the directions of this migration: from the revision before to this one, and back. Call it in
// an init function, once. What they return rolls everything back and reaches the operator; where there is no way back, the
// downgrade returns [ErrIrreversible].
func Register(up, down func() error) {
	if up == nil || down == nil {
		panic("host.Register: a migration has two directions; return host.ErrIrreversible where there is no way back")
	}
	if upgrade != nil {
		panic("host.Register: called a second time; a migration has one upgrade and one downgrade")
	}
	upgrade, downgrade = up, down
	register()
}

var errUnregistered = errors.New("the migration does not call host.Register in an init function")

// traceOfRefusal is where a call came from that host itself refused, for an error that is returned as it is: what the host makes
// of such an error has no place for that.
func traceOfRefusal(err error) string {
	if known, ok := err.(*Error); ok {
		return known.trace
	}
	return ""
}

// encodeOutcome writes a result<_, failure>.
func encodeOutcome(err error) *block {
	b := newBlock()
	b.reserve(140, 8)
	if err == nil {
		return b
	}
	b.u8(0, 1)
	// Only what was returned as it is tells everything; what was said about it is the author's, and goes first.
	if known, ok := err.(*Error); ok {
		b.u8(8, uint8(known.Kind))
		if known.Kind == Exceeded {
			b.u8(12, uint8(known.Limit))
		} else {
			b.string(12, known.text)
		}
		return b
	}
	if errors.Is(err, ErrIrreversible) {
		b.u8(4, 1)
		return b
	}
	b.u8(4, 2)
	b.string(8, describe(err))
	return b
}

// describe is what the operator reads about an error: its text, what it means in a migration, and where it came from.
func describe(err error) string {
	text := err.Error() + missing(err)
	var refused *SQLError
	if errors.As(err, &refused) && refused.trace != "" {
		text += "\n" + refused.trace
	}
	return text
}

// missing says what a migration does not have, when the standard library stumbled over that.
func missing(err error) string {
	var number syscall.Errno
	var path *fs.PathError
	if errors.As(err, &number) || errors.As(err, &path) {
		return " (migrations have no files, network or processes)"
	}
	return ""
}

// panicMessage is what a panic says.
func panicMessage(value any) string {
	switch value := value.(type) {
	case error:
		return value.Error()
	case string:
		return value
	}
	return fmt.Sprint(value)
}
