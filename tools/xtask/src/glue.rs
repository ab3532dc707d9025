//! What is changed in the JavaScript that wasm-bindgen writes around the module.

use anyhow::{Result, bail, ensure};
use wasm_bindgen_cli_support::Output;

/// What is replaced in the glue that wasm-bindgen writes, and by what.
const REPLACED: [(&str, &str); 9] = [
    // What still arrives for an instance that has failed is dropped: its calls have been ended, and
    // nothing could catch an exception there.
    (
        "throw new Error('Cannot invoke closure from previous WASM instance');",
        "return;",
    ),
    // An import needs nothing of the platform: a test tool may set up its globals later.
    (
        "let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });\ncachedTextDecoder.decode();",
        "let cachedTextDecoder;",
    ),
    (
        "if (numBytesDecoded >= MAX_SAFARI_DECODE_BYTES) {",
        "if (!cachedTextDecoder || numBytesDecoded >= MAX_SAFARI_DECODE_BYTES) {",
    ),
    (
        "const cachedTextEncoder = new TextEncoder();",
        "let cachedTextEncoder;",
    ),
    (
        "if (!('encodeInto' in cachedTextEncoder)) {",
        "if (false) {",
    ),
    ("if (realloc === undefined) {", "if (false) {"),
    (
        "const ret = cachedTextEncoder.encodeInto(arg, view);",
        "const ret = (cachedTextEncoder ??= new TextEncoder()).encodeInto(arg, view);",
    ),
    // The bundler's own function is there even if the platform has none; see src/js/microtask.ts.
    (
        "const ret = arg0.queueMicrotask;",
        "const ret = queueMicrotask;",
    ),
    // An annotation may have a name that every object has, and `Object.prototype` may be frozen.
    ("arg0[arg1] = arg2;", "import1.define(arg0, arg1, arg2);"),
];

/// Where the functions begin that load the module from wherever it may be, and where they end.
const LOADING: [&str; 2] = [
    "async function __wbg_load(module, imports) {",
    "export { initSync,",
];

/// What takes their place: the package compiles the module itself.
const LOADED: &str = "\
function initSync({ module }) {
    if (wasm === undefined) {
        __wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()), module);
    }
}

async function __wbg_init(module) {
    const instance = await WebAssembly.instantiate(module, __wbg_get_imports());
    // Another load may have been quicker.
    if (wasm === undefined) __wbg_finalize_init(instance, module);
}

";

/// The glue with these replacements, with the names that imports have been given, and with one import of
/// `#host`: wasm-bindgen writes one for each function, and every bundler would warn of the repeated key.
pub fn tidy(glue: &str, renamed: &[(String, String)]) -> Result<String> {
    let mut glue = glue.to_owned();
    for (theirs, ours) in REPLACED {
        ensure!(
            glue.contains(theirs),
            "wasm-bindgen's glue has changed: where is {theirs:?}?"
        );
        glue = glue.replace(theirs, ours);
    }
    let [start, end] = LOADING.map(|part| glue.find(part));
    let (Some(start), Some(end)) = (start, end) else {
        bail!("wasm-bindgen's glue has changed: where does it load the module?");
    };
    glue.replace_range(start..end, LOADED);
    for (long, short) in renamed {
        let long = format!("{long}: function(");
        ensure!(
            glue.contains(&long),
            "wasm-bindgen's glue has changed: where is {long:?}?"
        );
        glue = glue.replace(&long, &format!("{short}: function("));
    }
    let (mut imported, mut named) = (false, false);
    let kept = glue.lines().filter(|line| {
        if line.starts_with("import * as import") && line.ends_with("from \"#host\"") {
            !std::mem::replace(&mut imported, true)
        } else if line.trim_start().starts_with("\"#host\": import") {
            !std::mem::replace(&mut named, true)
        } else {
            true
        }
    });
    Ok(kept.flat_map(|line| [line, "\n"]).collect())
}

/// Gives what the module imports from its glue short names, and returns the long ones with them:
/// wasm-bindgen ends each with a hash, which nothing can compress.
pub fn shorten(output: &mut Output, module: &str) -> Vec<(String, String)> {
    let glue = format!("./{module}_bg.js");
    let imports = output.wasm_mut().imports.iter_mut();
    imports
        .filter(|import| import.module == glue)
        .enumerate()
        .map(|(index, import)| {
            let short = format!("f{index}");
            (std::mem::replace(&mut import.name, short.clone()), short)
        })
        .collect()
}

/// What begins a panic. Nothing shows its words on this platform, where it ends in a trap.
const PANICS: [&str; 3] = [
    "::panicking::panic_fmt",
    "::panicking::panic_with_hook",
    "::result::unwrap_failed",
];

/// Has panics trap at once, so that the words of none of them need to be written.
pub fn trap(output: &mut Output) {
    for function in output.wasm_mut().funcs.iter_mut() {
        let is = |name: &String| PANICS.iter().any(|panic| name.ends_with(panic));
        if function.name.as_ref().is_some_and(is) {
            let local = function.kind.unwrap_local_mut();
            let mut body = local.builder_mut().func_body();
            body.instrs_mut().clear();
            body.unreachable();
        }
    }
}
