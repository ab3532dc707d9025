//! Fireworks AI API keys from a browser or an edge worker: what JavaScript can call.
//!
//! Each export takes the caller's options as they are and returns a promise that settles. The npm
//! package wraps them (`js/index.ts`) and loads this module at the first call.

mod error;
mod exchange;
pub mod lifecycle;
mod options;

use crate::exchange::Api;
use crate::lifecycle::Failure;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

// Smaller than the standard library's, and quicker for few, short-lived allocations.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Creates an API key; the promise resolves to the service's answer as it was parsed.
#[wasm_bindgen(js_name = createApiKey)]
pub fn create_api_key(options: &JsValue) -> Promise {
    const OPERATION: &str = "createApiKey";
    let options = options::Create::read(options);
    future_to_promise(async move {
        let options =
            options.map_err(|invalid| error::error(OPERATION, 0, Failure::Invalid(invalid)))?;
        let api = Api::new(options.connection);
        lifecycle::create(&api, &options.account, &options.user, &options.key)
            .await
            .map(|answer| answer.value())
            .map_err(|failure| error::error(OPERATION, api.sent(), failure))
    })
}
