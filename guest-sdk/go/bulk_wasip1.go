package host

import "unsafe"

//go:wasmimport host:migration/bulk@0.1.0 open-cursor
func bulkOpenCursor(sql string, first, count uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/bulk@0.1.0 [method]cursor.columns
func cursorColumns(handle uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/bulk@0.1.0 [method]cursor.fetch-rows
func cursorFetchRows(handle, maxRows uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/bulk@0.1.0 [method]cursor.fetch-tuples
func cursorFetchTuples(handle, maxRows, maxBytes uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/bulk@0.1.0 [resource-drop]cursor
func cursorDrop(handle uint32)

//go:wasmimport host:migration/bulk@0.1.0 copy-in
func bulkCopyIn(hasSchema uint32, schema, table string, first, count uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/bulk@0.1.0 [method]copy-in-writer.write-tuples
func copyInWriteTuples(handle, rows uint32, data unsafe.Pointer, length uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/bulk@0.1.0 [method]copy-in-writer.finish
func copyInFinish(handle uint32, answer unsafe.Pointer)

//go:wasmimport host:migration/bulk@0.1.0 [resource-drop]copy-in-writer
func copyInDrop(handle uint32)

// callBulk calls the host and reads what it answers.
func callBulk(request bulkRequest, read func(memory) error) error {
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
	case opOpenCursor:
		bulkOpenCursor(request.text, first, count, result)
	case opCursorColumns:
		cursorColumns(request.handle, result)
	case opCursorFetchRows:
		cursorFetchRows(request.handle, request.maxRows, result)
	case opCursorFetchTuples:
		cursorFetchTuples(request.handle, request.maxRows, request.maxBytes, result)
	case opCopyIn:
		hasSchema := uint32(0)
		if request.schema != "" {
			hasSchema = 1
		}
		bulkCopyIn(hasSchema, request.schema, request.text, first, count, result)
	case opCopyInWriteTuples:
		copyInWriteTuples(request.handle, request.rows, unsafe.Pointer(unsafe.SliceData(request.data)), uint32(len(request.data)), result)
	case opCopyInFinish:
		copyInFinish(request.handle, result)
	}
	endAnswer()
	// The host has read them by now.
	keepAlive(request.list)
	return read(linearMemory(address(result)))
}

func dropBulk(operation bulkOperation, handle uint32) {
	if operation == opCursorDrop {
		cursorDrop(handle)
	} else {
		copyInDrop(handle)
	}
}
