// What a migration finds besides the language itself. There is nothing of Node and nothing of browsers.

/** Writes to host's log, with the level of its name; `log` and `dir` are `info`. */
interface Console {
  debug(...values: unknown[]): void;
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  /** With the lines of the migration that led here. */
  trace(...values: unknown[]): void;
  dir(value: unknown): void;
  assert(condition: unknown, ...values: unknown[]): void;
}

declare var console: Console;

/** Text as the bytes of UTF-8. */
declare class TextEncoder {
  readonly encoding: "utf-8";
  encode(text?: string): Uint8Array;
}

/** The bytes of UTF-8 as text. */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  readonly encoding: "utf-8";
  readonly fatal: boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

declare function atob(text: string): string;
declare function btoa(text: string): string;
declare function queueMicrotask(work: () => void): void;

/** Stands still, like every clock in a migration. */
declare var performance: { now(): number };
