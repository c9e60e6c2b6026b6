import assert from "node:assert/strict";
import { test } from "node:test";

import { split } from "../migrations/202601020900_family_names.js";

test("a name is split", () => {
  assert.deepEqual(split("Ada Lovelace"), { given: "Ada", family: "Lovelace" });
  assert.deepEqual(split("van der Berg, Anna"), { given: "Anna", family: "van der Berg" });
  assert.deepEqual(split("Zoë"), { given: "Zoë", family: null });
});
