// Makes the project with the packed package once for all tests, and prints the tarball's path.

import { prepare } from "./fixture.mjs";

const { tarball } = await prepare();
console.log(tarball);
