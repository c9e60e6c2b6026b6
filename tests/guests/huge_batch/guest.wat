;; Hands over a batch of 64 million rows, all of which are the same empty place.
(module
  (import "host:migration/sql@0.1.0" "execute"
    (func $execute (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
  (import "host:migration/sql@0.1.0" "prepare" (func $prepare (param $sql i32) (param $length i32) (param $answer i32)))
  (import "host:migration/sql@0.1.0" "[method]statement.execute-many"
    (func $execute-many (param $statement i32) (param $rows i32) (param $count i32) (param $answer i32)))
  (memory (export "memory") 8192)
  (data (i32.const 1024) "CREATE TABLE left_behind ()")
  (data (i32.const 2048) "SELECT 1")
  ;; Nothing that the host answers needs memory.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host:migration/migration@0.1.0#upgrade") (result i32)
    ;; Must not survive.
    (call $execute (i32.const 1024) (i32.const 27) (i32.const 0) (i32.const 0) (i32.const 16))
    (call $prepare (i32.const 2048) (i32.const 8) (i32.const 64))
    ;; Each row takes eight bytes here: no values, at address 0.
    (call $execute-many (i32.load (i32.const 68)) (i32.const 4096) (i32.const 64000000) (i32.const 96))
    (i32.const 0))
  (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))
