// The hook that register.mjs sets: the module "host" is this SDK.

const sdk = new URL("./src/index.js", import.meta.url).href;

/** See Node's documentation, "Customization Hooks". */
export async function resolve(specifier, context, next) {
  return specifier === "host" ? { url: sdk, format: "module", shortCircuit: true } : next(specifier, context);
}
