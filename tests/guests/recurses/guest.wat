;; Calls itself without end.
(module
  (import "host:migration/sql@0.1.0" "execute"
    (func $execute (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "CREATE TABLE left_behind ()")
  (func $deeper (param $depth i32) (result i32)
    ;; Adding something afterwards keeps the call from becoming a loop.
    (i32.add (call $deeper (i32.add (local.get $depth) (i32.const 1))) (i32.const 1)))
  ;; Nothing that the host answers needs memory.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host:migration/migration@0.1.0#upgrade") (result i32)
    ;; Must not survive.
    (call $execute (i32.const 1024) (i32.const 27) (i32.const 0) (i32.const 0) (i32.const 16))
    (call $deeper (i32.const 0)))
  (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))
