// The page: signs in a test member, shows the keyring's current key, and asks a model with it.

import { createKeyring } from "./keyring/index.js";

const at = (id) => document.getElementById(id);
const form = at("sign-in");
let ring;
let address;
let clock;
let endsAt;
let count;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const member = new FormData(form).get("member");
  return saying("Signing in …", async () => {
    const response = await fetch(`/sign-in?${new URLSearchParams({ member })}`, { method: "POST" });
    if (!response.ok) throw new Error("This broker has no test sign-in: use your identity provider.");
    const { token, inference = "https://api.fireworks.ai/inference/" } = await response.json();
    address = `${inference}v1/chat/completions`;
    count = 0;
    // The tabs of one member share one key.
    ring = createKeyring({ broker: "/", authorization: `Bearer ${token}`, member, inference, onEvent });
    await ring.key();
    at("who").textContent = member;
    form.hidden = true;
    at("ring").hidden = false;
    clock = setInterval(tick, 1_000);
    return "Here it is.";
  });
});

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const { model, prompt } = Object.fromEntries(new FormData(at("ask")));
  at("answer").textContent = "";
  return saying("Asking …", async () => {
    const response = await ring.fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: prompt }] }),
    });
    if (!response.ok) throw new Error(`The inference host answered ${response.status}.`);
    for await (const word of words(response)) at("answer").append(word);
    return "That came straight from the inference host.";
  });
});

at("sign-out").addEventListener("click", () =>
  saying("Revoking …", async () => {
    const { pending } = await ring.signOut();
    return pending.length === 0 ? "Revoked." : "It may work until it ends: the broker cannot be reached.";
  }),
);

/** What the keyring tells of. It never shows a key. */
function onEvent({ type, keyId, expiresInMs, error }) {
  if (type === "failure") say(error.message);
  if (type === "closed") close();
  if (type !== "key") return;
  count += 1;
  endsAt = Date.now() + expiresInMs;
  at("key-id").textContent = keyId;
  at("count").textContent = String(count);
  tick();
}

/** Another tab may have signed out. */
function close() {
  clearInterval(clock);
  form.hidden = false;
  at("ring").hidden = true;
  for (const id of ["key-id", "ends", "answer"]) at(id).textContent = "";
  at("member").focus();
}

function tick() {
  const seconds = Math.max(0, Math.round((endsAt - Date.now()) / 1_000));
  at("ends").textContent = `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The words of a streamed answer. */
async function* words(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const [, data] = /^data: (\{.*)/.exec(line) ?? [];
      if (data) yield JSON.parse(data).choices[0]?.delta?.content ?? "";
    }
  }
}

async function saying(meanwhile, work) {
  say(meanwhile);
  try {
    say(await work());
  } catch (error) {
    say(error.message);
  }
}

function say(text) {
  at("said").textContent = text;
}
