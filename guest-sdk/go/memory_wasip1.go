package host

import (
	"runtime"
	"unsafe"
)

// Where the host puts the strings and lists of its answers. It asks for memory in the middle of a call, when no import may
// be called: the collector must not run, and a stack must not grow. So this memory is the runtime's own from below the
// collector, given out in order, and used again for the next answer.

// What the adapter of WASI asks for once and keeps: its stack and its state, of 64 KiB each. It asks before Go's runtime is ready. The
// arguments of a transform come here, too, as far as there is room.
var kept [192 << 10]byte

var (
	keptUsed uintptr
	// Whether an answer is being written; otherwise it is the adapter that asks, or the host with the arguments of an export.
	answering bool
	// The piece of memory for answers, and how much of it is used.
	piece     unsafe.Pointer
	pieceSize uintptr
	pieceUsed uintptr
)

// The size of the first piece.
const pieceSizeMin = 256 << 10

// sbrk grows the memory of the runtime. The linker lets it pass with -checklinkname=0.
//
//go:linkname sbrk runtime.sbrk
func sbrk(size uintptr) unsafe.Pointer

//go:wasmexport cabi_realloc
//go:nosplit
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	// The canonical ABI asks only for new memory where strings are UTF-8 on both sides.
	if old != nil || oldSize != 0 {
		trap()
	}
	if !answering {
		at := alignUp(uintptr(unsafe.Pointer(&kept))+keptUsed, uintptr(align)) - uintptr(unsafe.Pointer(&kept))
		if at+uintptr(size) > unsafe.Sizeof(kept) {
			// A batch of rows, of which an instance gets one.
			batch := sbrk(uintptr(size))
			if batch == nil {
				trap()
			}
			return batch
		}
		keptUsed = at + uintptr(size)
		return unsafe.Add(unsafe.Pointer(&kept), at)
	}
	at := alignUp(pieceUsed, uintptr(align))
	if at+uintptr(size) > pieceSize {
		// The piece before is lost: pieces double, so that is no more than what the last one has.
		pieceSize = max(2*pieceSize, uintptr(size), pieceSizeMin)
		piece = sbrk(pieceSize)
		if piece == nil {
			trap()
		}
		at = 0
	}
	pieceUsed = at + uintptr(size)
	return unsafe.Add(piece, at)
}

//go:nosplit
func alignUp(at, align uintptr) uintptr { return (at + align - 1) &^ (align - 1) }

func beginAnswer() {
	growStack()
	pieceUsed = 0
	answering = true
}

func endAnswer() { answering = false }

// growStack leaves room on the stack for what runs in the middle of a call.
//
//go:noinline
func growStack() {
	var room [4096]byte
	runtime.KeepAlive(&room)
}

func keepAlive(list *block) { runtime.KeepAlive(list) }

// Addresses below are never those of an answer.
const memoryStart = 1024

// linearMemory is all memory, to read an answer from. Go's pointers are addresses in it.
func linearMemory(start uint32) memory {
	first := unsafe.Add(unsafe.Pointer(&answer), memoryStart-int(address(unsafe.Pointer(&answer))))
	return memory{base: memoryStart, data: unsafe.Slice((*byte)(first), 1<<32-memoryStart), start: start}
}

// trap ends the migration at once.
//
//go:nosplit
func trap()
