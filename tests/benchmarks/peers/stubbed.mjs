// Puts the stub in the place of the global fetch. Import this before any peer: some keep the fetch that they
// find. The package calls the stub with an address, as it does whatever is not the platform's own fetch; that
// one, which is called with a request, is measured over loopback.

import { stubFetch } from "./answers.mjs";

globalThis.fetch = stubFetch;
