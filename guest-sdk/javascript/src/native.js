// What the runtime of host puts in the place of this module: the calls of the contract. Here, outside of host, there is no
// database, and each call that needs one says so. What is logged goes to the console.

/** Calls that a migration knows by another name. */
const NAMES = { beginSavepoint: "savepoint", exportedAs: "runTransform" };

const PROVIDED = {
  log: (level, message) => console[level === "trace" ? "debug" : level](message),
  progress() {},
};

function missing(name) {
  throw new Error(
    `${NAMES[name] ?? name}() needs a database, which only \`host upgrade\` and \`host downgrade\` give to a migration; ` +
      "a test can call the functions of a migration that only compute",
  );
}

/** Calls of the contract, by name. */
export const native = new Proxy(PROVIDED, { get: (provided, name) => provided[name] ?? (() => missing(name)) });
