// The member's page of the documents, in Chromium. Its broker and the inference host are stand-ins.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { withPage } from "../matrix/browsers.mjs";
import { folder, tool, write } from "../matrix/fixture.mjs";
import { startBroker, stopAll } from "../member/broker.mjs";
import { startInference, WORDS } from "../member/inference.mjs";
import { code, SERVICE, start, stop } from "./snippets.mjs";

before(start);
after(async () => {
  await stopAll();
  await stop();
});

const USE = `
import { streamText } from "ai";
import { fireworks, keyring, openai } from "./member.js";

const messages = [{ role: "user", content: "Whose is it?" }];

globalThis.ask = async () => {
  const answers = ["", ""];
  const stream = await openai.chat.completions.create({ model: "m", stream: true, messages });
  for await (const { choices } of stream) answers[0] += choices[0].delta.content ?? "";
  for await (const word of streamText({ model: fireworks("m"), messages }).textStream) answers[1] += word;
  return answers;
};
globalThis.keyring = keyring;
`;

test("docs: the member's page", async () => {
  const at = "readme/member";
  await write(`${at}/member.js`, code("member.js"));
  await write(
    `${at}/sign-in.js`,
    `export const memberId = "ada"; export const accessToken = async () => "token";`,
  );
  const { build } = await tool("esbuild");
  const script = join(folder, at, "dist/app.js");
  await build({
    entryPoints: [await write(`${at}/use.js`, USE)],
    outfile: script,
    bundle: true,
    format: "esm",
  });
  const broker = await startBroker();
  const inference = await startInference(broker.works);
  await withPage("", async (page, problems) => {
    for (const [real, standIn] of [
      ["https://keys.example.com", broker.url],
      [SERVICE, inference.origin],
    ]) {
      await page.route(`${real}/**`, async (route) => {
        const response = await route.fetch({ url: route.request().url().replace(real, standIn) });
        await route.fulfill({ response });
      });
    }
    await page.route("https://app.example.com/", (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html>" }),
    );
    await page.goto("https://app.example.com/");
    await page.addScriptTag({ path: script, type: "module" });
    await page.waitForFunction("globalThis.ask");
    assert.deepEqual(await page.evaluate("ask()"), [WORDS.join(""), WORDS.join("")]);
    assert.deepEqual([broker.mints.length, broker.mints[0].headers.authorization], [1, "Bearer token"]);
    assert.equal(inference.requests.length, 2);
    assert.deepEqual(await page.evaluate("keyring.close()"), { revoked: ["id-1"], pending: [] });
    assert.deepEqual(problems, []);
  });
});
