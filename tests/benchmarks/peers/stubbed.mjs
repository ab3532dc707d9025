// Puts the stub in the place of the global fetch. Import this before any peer: the package takes the fetch
// that it finds when it is imported for the platform's own, which is called with a request; one that comes
// later is called with an address.

import { stubFetch } from "./answers.mjs";

globalThis.fetch = stubFetch;
