// Shows at a form's field what is wrong with it. A field is an element with `data-path` that contains the
// control and a `.field-error`.

/** Marks the field of this path and focuses it; returns whether there is one that can be seen. */
export function mark(form, path, text) {
  const field = fieldOf(form, path);
  if (!field?.checkVisibility()) return false;
  const control = field.querySelector("input, select");
  // Another field may stand within it, with an error of its own.
  const error = field.querySelector(":scope > .field-error");
  error.textContent = text;
  for (const each of field.querySelectorAll("input, select")) each.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", [error.id, control.dataset.hint].filter(Boolean).join(" "));
  control.focus();
  return true;
}

/** Removes every mark. */
export function unmark(form) {
  for (const error of form.querySelectorAll(".field-error")) error.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    if (control.dataset.hint) control.setAttribute("aria-describedby", control.dataset.hint);
    else control.removeAttribute("aria-describedby");
  }
}

/** The path's field. `annotations.team` is the row named `team`, or else the field with all rows. */
function fieldOf(form, path) {
  const fields = [...form.querySelectorAll("[data-path]")];
  const exact = fields.find((field) => field.dataset.path.split(" ").includes(path));
  if (exact) return exact;
  const [whole, ...rest] = path.split(".");
  const named = fields.find((field) => field.querySelector("[data-name]")?.value === rest.join("."));
  return (whole === "annotations" && named) || (rest.length > 0 ? fieldOf(form, whole) : undefined);
}
