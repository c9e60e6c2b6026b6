package host

import (
	"errors"
	"fmt"
)

// ErrIrreversible is what a downgrade returns where there is no way back.
//
//	func downgrade() error { return host.ErrIrreversible }
var ErrIrreversible = errors.New("this direction cannot be done")

// A SQLError is what the server said when it refused a statement (PostgreSQL manual, "Error and Notice Message Fields").
// Fields that it did not send are empty. The transaction is lost then, unless the statement ran in a [Savepoint].
type SQLError struct {
	// SQLState has five characters, for example 23505.
	SQLState string
	// Severity is ERROR, FATAL or PANIC.
	Severity string
	// Message is the primary message.
	Message string
	// Detail says more about the problem.
	Detail string
	// Hint says what to do about it.
	Hint string
	// Context is the call stack of functions and statements.
	Context string
	// Position is the place in the statement, in characters from 1, or 0.
	Position int
	// Schema, Table, Column, DataType and Constraint name what is concerned.
	Schema, Table, Column, DataType, Constraint string

	trace string
}

// Error has the message, the SQLSTATE and the detail.
func (e *SQLError) Error() string {
	text := fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.SQLState)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// SQLState is the SQLSTATE of an error of the server, also one that is wrapped; of others it is empty.
//
//	err := host.Savepoint(func() error { return insert(guest) })
//	if host.SQLState(err) == "23505" { … }
func SQLState(err error) string {
	var refused *SQLError
	if errors.As(err, &refused) {
		return refused.SQLState
	}
	return ""
}

// A Kind is one of the reasons, besides the server's, for which a call fails. It is for errors.Is:
//
//	if errors.Is(err, host.Denied) { … }
type Kind uint8

const (
	// BadParams: the parameters do not fit the statement; nothing was sent.
	BadParams Kind = iota + 1
	// Conversion: a value or a result is not of the kind that is needed.
	Conversion
	// Exceeded: a limit of the host was exceeded.
	Exceeded
	// Denied: the host does not allow this statement; nothing was sent.
	Denied
	// Offline: the call needs rows, but there is no database: a script is being written.
	Offline
	// Misuse: the call makes no sense here, such as the release of a savepoint that is gone.
	Misuse
)

// Error is the name of the kind.
func (k Kind) Error() string {
	switch k {
	case BadParams:
		return "bad-params"
	case Conversion:
		return "conversion"
	case Exceeded:
		return "exceeded"
	case Denied:
		return "denied"
	case Offline:
		return "offline"
	case Misuse:
		return "misuse"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// A Limit is one of the host's limits that a call can run into.
type Limit uint8

const (
	// LimitRows: too many rows in one result.
	LimitRows Limit = iota
	// LimitBytes: too many bytes in one result.
	LimitBytes
	// LimitStatementTime: the statement took too long.
	LimitStatementTime
	// LimitTotalTime: the migration took too long.
	LimitTotalTime
	// LimitOpenHandles: too many statements and savepoints are open.
	LimitOpenHandles
)

func (l Limit) String() string {
	switch l {
	case LimitRows:
		return "more rows in a result"
	case LimitBytes:
		return "more bytes in a result"
	case LimitStatementTime:
		return "more time for a statement"
	case LimitTotalTime:
		return "more time for a migration"
	case LimitOpenHandles:
		return "more open statements and savepoints"
	}
	return fmt.Sprintf("limit %d", uint8(l))
}

// An Error is why a call failed when it was not the server that refused.
type Error struct {
	// Kind is the reason.
	Kind Kind
	// Limit is the limit of an error of the kind Exceeded.
	Limit Limit

	text  string
	trace string
}

// Error says what happened.
func (e *Error) Error() string {
	switch e.Kind {
	case BadParams:
		return "the parameters do not fit: " + e.text
	case Exceeded:
		return e.Limit.String() + " than the host allows"
	case Denied:
		return "not allowed: " + e.text
	case Offline:
		return "not possible without a database: " + e.text
	}
	return e.text
}

// Is makes errors.Is compare with a [Kind].
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

func fault(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, text: fmt.Sprintf(format, args...)}
}
