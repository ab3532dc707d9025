// Counts how often the module calls into JavaScript. Import this before the package loads its module.

/** The names of the imports that were called. */
let called = [];

const { instantiate } = WebAssembly;
WebAssembly.instantiate = (module, imports) => {
  const counted = (functions) =>
    Object.fromEntries(
      Object.entries(functions).map(([name, value]) => {
        if (typeof value !== "function") return [name, value];
        const count = (...given) => {
          called.push(name);
          return value(...given);
        };
        return [name, count];
      }),
    );
  const all = Object.entries(imports).map(([from, functions]) => [from, counted(functions)]);
  return instantiate(module, Object.fromEntries(all));
};

/** The names of the imports that a create calls, in order. The first create, which does more, is left out. */
export async function crossings(createApiKey) {
  const fetch = async (_url, { body }) => {
    const { apiKey } = JSON.parse(body);
    return Response.json({ ...apiKey, keyId: "k", key: "fw_k", createTime: new Date().toISOString() });
  };
  const create = () =>
    createApiKey({
      token: "fw_x",
      accountId: "acme",
      userId: "ci-bot",
      displayName: "nightly",
      expiresIn: "30d",
      annotations: { team: "infra" },
      fetch,
    });
  await create();
  called = [];
  const { keyId } = await create();
  if (keyId !== "k") throw new Error(`the key's id is ${keyId}`);
  return called;
}
