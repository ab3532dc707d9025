// Tests what stands against a release, and where the links of the packed README lead.

import assert from "node:assert/strict";
import { test } from "node:test";
import { linked, obstacles } from "../../tools/package/pack.mjs";

test("the packed README's relative links lead to the repository, as it is at the version's tag", () => {
  assert.equal(
    linked('[a](b/c.md#d) ![e](f.png) [g](#h) [i](https://j) <img srcset="k.webp">', "https://r", "v1"),
    "[a](https://r/blob/v1/b/c.md#d) ![e](https://r/raw/v1/f.png) [g](#h) [i](https://j)" +
      ' <img srcset="https://r/raw/v1/k.webp">',
  );
});

test("a release is refused while docs/tried.md is older than the entries or the exports", () => {
  const url = "https://github.com/somebody/fireworks-keys";
  assert.deepEqual(obstacles(url, "<!-- entries 0123 -->", "0123"), []);
  for (const tried of ["", "<!-- entries 4567 -->"])
    assert.match(obstacles(url, tried, "0123").join(), /^docs\/tried\.md is older/);
});
