;; Reads whatever is called "big", and passes an error on.
(module
  (import "host:migration/sql@0.1.0" "execute"
    (func $execute (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
  (import "host:migration/sql@0.1.0" "query"
    (func $query (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "CREATE TABLE left_behind ()")
  (data (i32.const 2048) "TABLE big")
  ;; Nothing that the host answers needs memory.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host:migration/migration@0.1.0#upgrade") (result i32)
    ;; Must not survive.
    (call $execute (i32.const 1024) (i32.const 27) (i32.const 0) (i32.const 0) (i32.const 16))
    ;; The answer has its case at 0 and its error at 4; the failure sql(error) has them 4 bytes further on.
    (call $query (i32.const 2048) (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 68))
    (i32.store8 (i32.const 64) (i32.load8_u (i32.const 68)))
    (i32.store8 (i32.const 68) (i32.const 0))
    (i32.const 64))
  (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))
