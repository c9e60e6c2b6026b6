;; Runs a script of a hundred thousand statements.
(module
  (import "host:migration/sql@0.1.0" "execute"
    (func $execute (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
  (import "host:migration/sql@0.1.0" "execute-script"
    (func $execute-script (param $text i32) (param $length i32) (param $answer i32)))
  (memory (export "memory") 15)
  (data (i32.const 1024) "CREATE TABLE left_behind ()")
  (data (i32.const 2048) "SELECT 1;")
  ;; Nothing that the host answers needs memory.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host:migration/migration@0.1.0#upgrade") (result i32) (local $end i32)
    ;; Must not survive.
    (call $execute (i32.const 1024) (i32.const 27) (i32.const 0) (i32.const 0) (i32.const 16))
    (local.set $end (i32.const 4096))
    (loop $again
      (memory.copy (local.get $end) (i32.const 2048) (i32.const 9))
      (local.set $end (i32.add (local.get $end) (i32.const 9)))
      (br_if $again (i32.lt_u (local.get $end) (i32.const 904096))))
    (call $execute-script (i32.const 4096) (i32.const 900000) (i32.const 64))
    (i32.const 0))
  (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))
