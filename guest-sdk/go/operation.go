package host

import "errors"

// operation is a function of the contract.
type operation uint8

const (
	opExecute operation = iota
	opExecuteScript
	opQuery
	opPrepare
	opStatementParams
	opStatementColumns
	opStatementExecute
	opStatementExecuteMany
	opStatementQuery
	opStatementDrop
	opBeginSavepoint
	opSavepointRelease
	opSavepointRollback
	opSavepointDrop
	opRun
)

// request is a call of such a function, with those of the arguments that it has.
type request struct {
	operation operation
	// handle is the statement or the savepoint.
	handle uint32
	sql    string
	// list has the parameters, or the rows of them.
	list *block
}

// errOutside is what a call answers where there is no host, as in go test.
var errOutside = errors.New("there is no host here: a migration's SQL runs only in `host upgrade` and `host downgrade`; " +
	"go test can try what it computes")
