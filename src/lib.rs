//! Manages Fireworks AI API keys from a browser or an edge worker. These are the exports to JavaScript.
//!
//! Each export takes what the caller passed, in one unchecked piece (`js/options.ts`), and returns a promise
//! that always settles. The npm package wraps the exports (`js/index.ts`) and loads this module at the first
//! call; `waited_ms` is the part of the call's total timeout that loading took, in milliseconds.

mod answer;
mod connection;
mod error;
mod exchange;
mod host;
pub mod lifecycle;
mod operations;
mod options;
mod request;
mod rotation;
mod tape;

use js_sys::{Promise, Set};
use options::Passed;
use wasm_bindgen::prelude::*;

// Smaller than the standard library's allocator, and faster for a few short-lived allocations.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The table of an operation's options, for `js/options.ts`; that of a client's defaults for another name.
#[wasm_bindgen(js_name = optionsOf)]
pub fn options_of(operation: &str) -> String {
    options::described(operation)
}

/// Creates an API key; resolves to the service's parsed answer. `watch` notes what the caller must be
/// told if this module fails.
#[wasm_bindgen(js_name = createApiKey)]
pub fn create_api_key(
    text: &str,
    numbers: Vec<f64>,
    values: Vec<JsValue>,
    watch: host::Watch,
    waited_ms: f64,
) -> Promise {
    let options = options::Create::read(Passed::new(text, numbers, values));
    operations::create(options, watch, waited_ms)
}

/// Deletes an API key; resolves to nothing.
#[wasm_bindgen(js_name = deleteApiKey)]
pub fn delete_api_key(
    text: &str,
    numbers: Vec<f64>,
    values: Vec<JsValue>,
    waited_ms: f64,
) -> Promise {
    let options = options::Delete::read(Passed::new(text, numbers, values));
    operations::delete(options, waited_ms)
}

/// Deletes the orphans of a create; resolves to their ids.
#[wasm_bindgen(js_name = deleteOrphans)]
pub fn delete_orphans(
    text: &str,
    numbers: Vec<f64>,
    values: Vec<JsValue>,
    waited_ms: f64,
) -> Promise {
    let options = options::DeleteOrphans::read(Passed::new(text, numbers, values));
    operations::delete_orphans(options, waited_ms)
}

/// Lists one page of what the public function of this name lists; resolves to the service's answer.
/// `page_token` asks for a later page than the options do, and `seen` holds the page tokens used before.
#[wasm_bindgen]
pub fn list(
    function: &str,
    text: &str,
    numbers: Vec<f64>,
    values: Vec<JsValue>,
    page_token: Option<String>,
    seen: Set,
    waited_ms: f64,
) -> Promise {
    let listed = options::Listed::by(function);
    let options = options::List::read(listed, Passed::new(text, numbers, values));
    operations::list(listed, options, page_token, seen, waited_ms)
}

/// Checks every key for risks; resolves to the findings.
#[wasm_bindgen(js_name = auditApiKeys)]
pub fn audit_api_keys(
    text: &str,
    numbers: Vec<f64>,
    values: Vec<JsValue>,
    waited_ms: f64,
) -> Promise {
    let options = options::Audit::read(Passed::new(text, numbers, values));
    operations::audit(options, waited_ms)
}

/// Rotates an API key; resolves to the new key and to what became of the earlier ones. `watch` is the
/// same as for [`create_api_key`].
#[wasm_bindgen(js_name = rotateApiKey)]
pub fn rotate_api_key(
    text: &str,
    numbers: Vec<f64>,
    values: Vec<JsValue>,
    watch: host::Watch,
    waited_ms: f64,
) -> Promise {
    let options = options::Rotate::read(Passed::new(text, numbers, values));
    operations::rotate(options, watch, waited_ms)
}
