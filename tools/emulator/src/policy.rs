//! The headers that keep answers harmless in a browser: no answer may run scripts of others, or pass for a
//! document of the emulator's origin unless it is one.

use axum::http::{HeaderMap, HeaderValue, header};

/// What the emulator's own pages may load and do.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self' https://api.fireworks.ai; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// Takes a document's origin away from it. Browsers apply it beside every other policy.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox");

/// Puts an answer under the policy that all answers have.
pub fn protect(headers: &mut HeaderMap) {
    // Appended, as an answer that was ordered may bring a policy of its own. Browsers obey all of them.
    headers.append(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

/// Marks an answer whose bytes somebody else has chosen: it is never a document of this origin.
pub fn sandbox(headers: &mut HeaderMap) {
    headers.append(header::CONTENT_SECURITY_POLICY, SANDBOX);
}
