;; Gives up, in two gibibytes of words.
(module
  (import "host:migration/sql@0.1.0" "execute"
    (func $execute (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
  (memory (export "memory") 32768)
  (data (i32.const 1024) "CREATE TABLE left_behind ()")
  ;; Nothing that the host answers needs memory.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host:migration/migration@0.1.0#upgrade") (result i32)
    ;; Must not survive.
    (call $execute (i32.const 1024) (i32.const 27) (i32.const 0) (i32.const 0) (i32.const 16))
    ;; err(message(text at 4096))
    (i32.store8 (i32.const 64) (i32.const 1))
    (i32.store8 (i32.const 68) (i32.const 2))
    (i32.store (i32.const 72) (i32.const 4096))
    (i32.store (i32.const 76) (i32.const 0x7ffff000))
    (i32.const 64))
  (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))
