;; The runtime of SQL migrations (world `script-runtime`, and `reuse`): it hands the source to `execute-script`, and its answer back.
;;
;; Nothing is freed while a migration runs. `reuse` frees everything at once, so one instance serves all migrations of a run.
(module
  (import "host:migration/sql@0.1.0" "execute-script"
    (func $execute-script (param $text i32) (param $length i32) (param $result i32)))
  (memory (export "memory") 1)

  ;; Below 1024 lies the answer of one call; above it, what the host puts in.
  (global $next (mut i32) (i32.const 1024))
  (global $answer i32 (i32.const 16))

  (func $realloc (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $start i32) (local $end i32) (local $pages i32)
    (local.set $start
      (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (local.set $end (i32.add (local.get $start) (local.get $size)))
    ;; An address past the end of 32 bits would wrap around.
    (if (i32.lt_u (local.get $end) (local.get $start)) (then unreachable))
    (local.set $pages
      (i32.sub
        (i32.shr_u (i32.add (local.get $end) (i32.const 65535)) (i32.const 16))
        (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then unreachable))))
    (memory.copy (local.get $start) (local.get $old) (local.get $old-size))
    (global.set $next (local.get $end))
    (local.get $start))

  ;; `execute-script` answers result<_, error>: the case at 0, the error at 4.
  ;; This runtime answers result<_, failure>: the case at 0, the failure at 4, its error at 8.
  ;; So the first answer is received 4 bytes further on, and only its case has to move.
  (func $run (param $text i32) (param $length i32) (result i32)
    (local $received i32)
    (local.set $received (i32.add (global.get $answer) (i32.const 4)))
    (call $execute-script (local.get $text) (local.get $length) (local.get $received))
    (i32.store8 (global.get $answer) (i32.load8_u (local.get $received)))
    ;; The failure's case 0 is sql(error).
    (i32.store8 (local.get $received) (i32.const 0))
    (global.get $answer))

  (func (export "host:migration/script@0.1.0#upgrade")
    (param $file i32) (param $file-length i32) (param $text i32) (param $length i32) (result i32)
    (call $run (local.get $text) (local.get $length)))

  (func (export "host:migration/script@0.1.0#downgrade")
    (param $file i32) (param $file-length i32) (param $text i32) (param $length i32) (result i32)
    (call $run (local.get $text) (local.get $length)))

  ;; What is wrong with a script only the server can say: ok.
  (func (export "host:migration/script@0.1.0#check")
    (param $file i32) (param $file-length i32) (param $text i32) (param $length i32) (result i32)
    (i32.store8 (global.get $answer) (i32.const 0))
    (global.get $answer))

  ;; Nothing that one migration has put in is read by the next one. An instance that has grown beyond 16 pages (1 MiB) is given up,
  ;; so that one long migration does not hold its memory for the rest of a run.
  (func (export "host:migration/reuse@0.1.0#is-fit") (result i32)
    (global.set $next (i32.const 1024))
    (i32.le_u (memory.size) (i32.const 16)))

  ;; SQL has no transforms: err(message("…")).
  (data $no-transforms "a migration in SQL has no transforms")
  (func (export "host:migration/script@0.1.0#apply")
    (param $file i32) (param $file-length i32) (param $text i32) (param $length i32)
    (param $pipeline i32) (param $pipeline-length i32) (param $rows i32) (param $data i32) (param $data-length i32)
    (result i32)
    (memory.init $no-transforms (i32.const 512) (i32.const 0) (i32.const 36))
    (i32.store8 (global.get $answer) (i32.const 1))
    (i32.store8 (i32.add (global.get $answer) (i32.const 4)) (i32.const 2))
    (i32.store (i32.add (global.get $answer) (i32.const 8)) (i32.const 512))
    (i32.store (i32.add (global.get $answer) (i32.const 12)) (i32.const 36))
    (global.get $answer)))
