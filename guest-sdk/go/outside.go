//go:build !wasip1

package host

// call answers that there is no host.
func call(request, func(memory) error) error { return errOutside }

func drop(operation, uint32) {}

func callBulk(bulkRequest, func(memory) error) error { return errOutside }

func callTransform(*block, func(memory) error) error { return errOutside }

func dropBulk(bulkOperation, uint32) {}

func progress(string, uint64, uint64) {}

func log(uint32, string) { panic(errOutside) }

func register() {}
