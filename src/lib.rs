//! Manages Fireworks AI API keys from a browser or an edge worker. These are the exports to JavaScript. The
//! npm package wraps them (`js/index.ts`), and loads this module at the first call.

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

use js_sys::Promise;
use options::Operation;
use wasm_bindgen::prelude::*;

// Smaller than the standard library's allocator, and faster for a few short-lived allocations.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The table of the options of the public function of this name, for `js/options.ts`; that of a client's
/// defaults for another name.
#[wasm_bindgen(js_name = optionsOf)]
pub fn options_of(function: &str) -> String {
    Operation::named(function).described()
}

/// Does what the public function of this name does, with what the caller passed in one unchecked piece
/// (`js/options.ts`); of a list, it fetches one page. The promise always settles. `beside` is the `Watch` of
/// a create or a rotation, which notes what the caller must be told if this module fails, or the set of the
/// page tokens that a list has used. `waited_ms` is the part of the call's total timeout that loading took.
#[wasm_bindgen]
pub fn run(
    function: &str,
    text: String,
    numbers: Vec<f64>,
    values: Vec<JsValue>,
    beside: JsValue,
    waited_ms: f64,
) -> Promise {
    let operation = Operation::named(function);
    operations::run(operation, text, numbers, values, beside, waited_ms)
}
