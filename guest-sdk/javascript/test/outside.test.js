import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { HostError, Irreversible, SqlError, execute, log, runInfo, runTransform, savepoint } from "../src/index.js";
import { errorOf } from "../src/errors.js";

test("a call says what is missing outside of host", () => {
  assert.throws(() => execute("SELECT 1"), /execute\(\) needs a database.*host upgrade/);
  assert.throws(() => runInfo(), /runInfo\(\) needs a database/);
  assert.throws(() => savepoint(() => {}), /savepoint\(\) needs a database/);
  assert.throws(() => runTransform(() => [], "SELECT 1", {}), /runTransform\(\) needs a database/);
  assert.throws(() => log("loud", "x"), RangeError);
});

test("errors are classes with the fields of the server", () => {
  const error = errorOf("sql", { message: "duplicate key", sqlstate: "23505", severity: "ERROR", constraint: "guests_pkey" });
  assert.ok(error instanceof SqlError && error instanceof HostError && error instanceof Error);
  assert.deepEqual([error.name, error.kind, error.sqlstate, error.constraint], ["SqlError", "sql", "23505", "guests_pkey"]);
  for (const [kind, name] of [["bad-params", "BadParams"], ["conversion", "Conversion"], ["denied", "Denied"], ["offline", "Offline"], ["misuse", "Misuse"]]) {
    assert.deepEqual([errorOf(kind, "why").name, errorOf(kind, "why").kind, errorOf(kind, "why").message], [name, kind, "why"]);
  }
  assert.match(errorOf("exceeded", "rows").message, /result-rows/);
  assert.equal(new Irreversible().name, "Irreversible");
});

test("the tests of a project find the module", () => {
  const folder = mkdtempSync(join(tmpdir(), "host-sdk-"));
  try {
    writeFileSync(
      join(folder, "phones.js"),
      'import { execute, PgDate } from "host";\n' +
        'export const digits = (text) => text.replace(/\\D/g, "");\n' +
        'export const upgrade = () => execute("SELECT $1", [PgDate.of(2026, 1, 1)]);\n',
    );
    writeFileSync(
      join(folder, "phones.test.js"),
      'import { test } from "node:test";\nimport assert from "node:assert";\nimport { digits } from "./phones.js";\n' +
        'test("digits", () => assert.equal(digits("+49 30/1"), "49301"));\n',
    );
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    const register = fileURLToPath(new URL("../register.mjs", import.meta.url));
    const run = spawnSync(process.execPath, ["--import", register, "--test"], {
      cwd: folder,
      encoding: "utf8",
      // The runner of this test would take the other for a part of it.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    assert.equal(run.status, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /pass 1/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
