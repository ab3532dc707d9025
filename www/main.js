// The demo page: creates a key and shows it once. The key is in this document until the person
// says that it is stored, and nowhere else.

import { createApiKey } from "./fireworks-keys/default.js";

const form = document.querySelector("#create");
const failure = document.querySelector("#failure");
const created = document.querySelector("#created");
const key = document.querySelector("#key");
const fields = document.querySelector("#fields");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  failure.textContent = "";
  forget();
  try {
    show(await createApiKey(options(new FormData(form))));
  } catch (error) {
    failure.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});

document.querySelector("#stored").addEventListener("click", () => {
  forget();
  form.elements.displayName.focus();
});

function options(data) {
  const { lifetime, displayName, ...rest } = Object.fromEntries(data);
  return {
    ...rest,
    baseUrl: location.origin,
    displayName: displayName || undefined,
    expiresIn: lifetime || undefined,
  };
}

function show({ key: secret, ...rest }) {
  key.textContent = secret;
  for (const [name, value] of Object.entries(rest)) {
    const term = document.createElement("dt");
    term.textContent = name;
    const description = document.createElement("dd");
    description.textContent = typeof value === "object" ? JSON.stringify(value) : String(value);
    fields.append(term, description);
  }
  created.hidden = false;
  created.focus();
}

function forget() {
  key.textContent = "";
  fields.replaceChildren();
  created.hidden = true;
}
