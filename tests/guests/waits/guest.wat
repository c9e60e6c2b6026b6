;; Waits for an hour, again and again. Sleeping takes no time, so this is an endless loop.
(module
  (import "host:migration/sql@0.1.0" "execute"
    (func $execute (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
  (import "wasi:clocks/monotonic-clock@0.2.3" "subscribe-duration" (func $subscribe (param $time i64) (result i32)))
  (import "wasi:io/poll@0.2.3" "[method]pollable.block" (func $block (param $pollable i32)))
  (import "wasi:io/poll@0.2.3" "[resource-drop]pollable" (func $drop (param $pollable i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "CREATE TABLE left_behind ()")
  ;; Nothing that the host answers needs memory.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host:migration/migration@0.1.0#upgrade") (result i32) (local $hour i32)
    ;; Must not survive.
    (call $execute (i32.const 1024) (i32.const 27) (i32.const 0) (i32.const 0) (i32.const 16))
    (loop $again
      (local.set $hour (call $subscribe (i64.const 3600000000000)))
      (call $block (local.get $hour))
      (call $drop (local.get $hour))
      (br $again))
    (i32.const 0))
  (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))
