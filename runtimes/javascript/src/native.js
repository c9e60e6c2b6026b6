// In the place of the module of this name in the SDK: the calls of the contract, which the runtime put here.

export const native = globalThis.__native;
delete globalThis.__native;
