package host

import (
	"sync"
	"unsafe"
)

// The functions of the contract as core WebAssembly has them (component model, "Canonical ABI"): a string or a list is an address
// and a length, and the last argument is where the answer goes. Written down by hand, because the generated layer needs a
// module from elsewhere, whose memory for answers comes from the collector: that may begin a collection, which reads the
// clock, which no guest may do in the middle of a call.

//go:wasmimport host:migration/sql@0.1.0 execute
func sqlExecute(sql string, first, count uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 execute-script
func sqlExecuteScript(sql string, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 query
func sqlQuery(sql string, first, count uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 prepare
func sqlPrepare(sql string, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [method]statement.params
func statementParams(handle uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [method]statement.columns
func statementColumns(handle uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [method]statement.execute
func statementExecute(handle, first, count uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [method]statement.execute-many
func statementExecuteMany(handle, first, count uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [method]statement.query
func statementQuery(handle, first, count uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [resource-drop]statement
func statementDrop(handle uint32)

//go:wasmimport host:migration/sql@0.1.0 begin-savepoint
func sqlBeginSavepoint(answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [method]savepoint.release
func savepointRelease(handle uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [method]savepoint.rollback
func savepointRollback(handle uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/sql@0.1.0 [resource-drop]savepoint
func savepointDrop(handle uint32)

//go:wasmimport host:migration/env@0.1.0 log
func envLog(level uint32, message string)

//go:wasmimport host:migration/env@0.1.0 progress
func envProgress(label string, done uint64, hasTotal uint32, total uint64)

//go:wasmimport host:migration/env@0.1.0 report-panic
func envReportPanic(message string, hasBacktrace uint32, backtrace string)

//go:wasmimport host:migration/env@0.1.0 run
func envRun(answer unsafe.Pointer)

// One call at a time: a goroutine that reads an answer may be interrupted by another one, which would write over it.
var calls sync.Mutex

// The largest answer has 144 bytes.
var answer [18]uint64

// call calls the host and reads what it answers.
func call(request request, read func(memory) error) error {
	calls.Lock()
	defer calls.Unlock()
	var first, count uint32
	if list := request.list; list != nil {
		list.placed(address(unsafe.Pointer(unsafe.SliceData(list.data))))
		first, count = list.first, list.count
	}
	result := unsafe.Pointer(&answer)
	beginAnswer()
	switch request.operation {
	case opExecute:
		sqlExecute(request.sql, first, count, result)
	case opExecuteScript:
		sqlExecuteScript(request.sql, result)
	case opQuery:
		sqlQuery(request.sql, first, count, result)
	case opPrepare:
		sqlPrepare(request.sql, result)
	case opStatementParams:
		statementParams(request.handle, result)
	case opStatementColumns:
		statementColumns(request.handle, result)
	case opStatementExecute:
		statementExecute(request.handle, first, count, result)
	case opStatementExecuteMany:
		statementExecuteMany(request.handle, first, count, result)
	case opStatementQuery:
		statementQuery(request.handle, first, count, result)
	case opBeginSavepoint:
		sqlBeginSavepoint(result)
	case opSavepointRelease:
		savepointRelease(request.handle, result)
	case opSavepointRollback:
		savepointRollback(request.handle, result)
	case opRun:
		envRun(result)
	}
	endAnswer()
	// The host has read them by now.
	keepAlive(request.list)
	return read(linearMemory(address(result)))
}

func drop(operation operation, handle uint32) {
	if operation == opStatementDrop {
		statementDrop(handle)
	} else {
		savepointDrop(handle)
	}
}

func log(level uint32, message string) { envLog(level, message) }

func progress(label string, done, total uint64) {
	hasTotal := uint32(0)
	if total != 0 {
		hasTotal = 1
	}
	envProgress(label, done, hasTotal, total)
}

func address(pointer unsafe.Pointer) uint32 { return uint32(uintptr(pointer)) }
