package host

import (
	"log/slog"
	"unsafe"
)

// The last answer to the host, which reads it after the function has returned.
var outcome *block

func register() {
	slog.SetDefault(slog.New(&LogHandler{}))
}

//go:wasmexport host:migration/migration@0.1.0#upgrade
func exportUpgrade() uint32 { return run(upgrade) }

//go:wasmexport host:migration/migration@0.1.0#downgrade
func exportDowngrade() uint32 { return run(downgrade) }

func run(direction func() error) uint32 {
	err := errUnregistered
	if direction != nil {
		err = guarded(direction)
	}
	return answered(err)
}

// answered says to the host how a function ended.
func answered(err error) uint32 {
	if trace := traceOfRefusal(err); trace != "" {
		envReportPanic(err.Error(), 1, trace)
	}
	outcome = encodeOutcome(err)
	outcome.placed(address(unsafe.Pointer(unsafe.SliceData(outcome.data))))
	return address(unsafe.Pointer(unsafe.SliceData(outcome.data)))
}

// guarded runs a direction so that a panic says to the host what happened before it ends the migration.
func guarded(direction func() error) error {
	defer func() {
		if value := recover(); value != nil {
			backtrace := traceOf(frames())
			envReportPanic(panicMessage(value), 1, backtrace)
			trap()
		}
	}()
	return direction()
}
