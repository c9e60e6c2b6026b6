package host

import "unsafe"

//go:wasmimport host:migration/transforms@0.1.0 run-transform
func transformsRun(plan unsafe.Pointer, answer unsafe.Pointer)

// callTransform calls the host and reads what it answers. It stands apart, so that a migration that rewrites no table imports nothing
// for it.
func callTransform(plan *block, read func(memory) error) error {
	calls.Lock()
	defer calls.Unlock()
	first := unsafe.Pointer(unsafe.SliceData(plan.data))
	plan.placed(address(first))
	result := unsafe.Pointer(&answer)
	beginAnswer()
	transformsRun(first, result)
	endAnswer()
	// The host has read it by now.
	keepAlive(plan)
	return read(linearMemory(address(result)))
}

// What the last batch became, which the host reads after the function has returned.
var made RowWriter

// Host calls it on an instance of its own for each batch; in a component it is there where the migration runs a transform.
//
//go:wasmexport host:migration/transform@0.1.0#apply
func exportApply(pipeline unsafe.Pointer, pipelineLength, rows uint32, data unsafe.Pointer, length uint32) uint32 {
	name := string(unsafe.Slice((*byte)(pipeline), pipelineLength))
	batch := &Batch{rows: int(rows), data: unsafe.Slice((*byte)(data), length)}
	batch.rest = batch.data
	made.Clear()
	err := guarded(func() error { return applyTransform(name, batch, &made) })
	if err != nil {
		return answered(err)
	}
	// A result<tuples, failure>.
	outcome = newBlock()
	outcome.reserve(140, 8)
	outcome.u32(4, uint32(made.rows))
	outcome.u32(8, address(unsafe.Pointer(unsafe.SliceData(made.data))))
	outcome.u32(12, uint32(len(made.data)))
	return address(unsafe.Pointer(unsafe.SliceData(outcome.data)))
}
