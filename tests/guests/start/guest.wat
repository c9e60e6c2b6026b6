;; Never comes to its upgrade: what runs when an instance is made has no end.
(module
  (memory (export "memory") 1)
  (func $begin (loop $again (br $again)))
  (start $begin)
  ;; Nothing that the host answers needs memory.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host:migration/migration@0.1.0#upgrade") (result i32)
    (i32.const 0))
  (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))
