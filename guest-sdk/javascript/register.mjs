// Lets Node find "host" in the tests of a project: node --import ./.host/sdk/javascript/register.mjs --test
//
// Outside of host there is no database: what only computes can be called, and a call that needs one says so.

import { register } from "node:module";

register("./resolve.mjs", import.meta.url);
