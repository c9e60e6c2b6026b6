;; Writes to standard output without end.
(module
  (import "host:migration/sql@0.1.0" "execute"
    (func $execute (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
  (import "wasi:cli/stdout@0.2.3" "get-stdout" (func $get-stdout (result i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush"
    (func $write (param $stream i32) (param $text i32) (param $length i32) (param $answer i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "CREATE TABLE left_behind ()")
  ;; Nothing that the host answers needs memory.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host:migration/migration@0.1.0#upgrade") (result i32) (local $stream i32)
    ;; Must not survive.
    (call $execute (i32.const 1024) (i32.const 27) (i32.const 0) (i32.const 0) (i32.const 16))
    (local.set $stream (call $get-stdout))
    (loop $again
      (call $write (local.get $stream) (i32.const 4096) (i32.const 4096) (i32.const 64))
      (br $again))
    (i32.const 0))
  (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))
