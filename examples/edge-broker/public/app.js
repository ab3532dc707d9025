// The page: signs in a test member, and shows the keyring's current key.

import { Keyring } from "./keyring.js";

const at = (id) => document.getElementById(id);
const form = at("sign-in");
let ring;
let clock;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const member = new FormData(form).get("member");
  await saying("Signing in …", async () => {
    const response = await fetch(`/sign-in?${new URLSearchParams({ member })}`, { method: "POST" });
    if (!response.ok) throw new Error("This broker has no test sign-in: use your identity provider.");
    const { token } = await response.json();
    open(member, new Keyring(token));
    await ring.refresh();
  });
});

at("next").addEventListener("click", () => saying("Fetching …", () => ring.refresh()));

at("sign-out").addEventListener("click", () =>
  saying("Revoking …", async () => {
    await ring.close();
    close();
    at("member").focus();
    return "Revoked.";
  }),
);

function open(member, keyring) {
  ring = keyring;
  let count = 0;
  ring.addEventListener("change", () => {
    if (!ring.current) return;
    count += 1;
    form.hidden = true;
    at("ring").hidden = false;
    at("who").textContent = member;
    at("key").textContent = masked(ring.current.key);
    at("key-id").textContent = ring.current.keyId;
    at("count").textContent = String(count);
    tick();
  });
  ring.addEventListener("failure", ({ detail }) => say(detail.message));
  clock = setInterval(tick, 1_000);
}

function close() {
  clearInterval(clock);
  form.hidden = false;
  at("ring").hidden = true;
  for (const id of ["key", "key-id", "ends"]) at(id).textContent = "";
}

function tick() {
  if (!ring.current) return;
  const seconds = Math.max(0, Math.round((Date.parse(ring.current.expireTime) - Date.now()) / 1_000));
  at("ends").textContent = `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  at("ends").dateTime = ring.current.expireTime;
}

/** The start of the key: enough to recognise it. */
function masked(key) {
  return `${key.slice(0, 7)}${"•".repeat(12)}`;
}

async function saying(meanwhile, work) {
  say(meanwhile);
  try {
    const result = await work();
    say(typeof result === "string" ? result : "Here it is.");
  } catch (error) {
    say(error.message);
  }
}

function say(text) {
  at("said").textContent = text;
}
