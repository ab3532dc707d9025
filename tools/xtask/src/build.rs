//! Builds the publishable npm package: the module, its glue, the entries, the types.

use crate::command::{self, node_tool};
use crate::glue;
use crate::setup::{self, WASM_TARGET, modified};
use crate::sizes;
use crate::stage;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use clap::Args;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

/// The module's name in dist/ and in the glue.
const MODULE: &str = "fireworks_keys";

/// The bundles in dist/: each is `src/js/entry/<name>.ts` with everything it needs.
const ENTRIES: [&str; 4] = ["default", "edge", "inline", "url"];

/// The broker's bundles in dist/broker/: each is `src/js/broker/<name>.ts`. They import the package's own
/// entry, which is another in each runtime.
const BROKER: [&str; 4] = ["cloudflare", "index", "jwt", "redis"];

/// The bundles of the page's half of a broker in dist/member/: each is `src/js/member/<name>.ts`. The first
/// loads the second only where a page's tabs share keys.
const MEMBER: [&str; 2] = ["index", "tabs"];

/// What the broker's bundles leave to whoever imports them.
const BROKER_IMPORTS: [&str; 3] = ["cloudflare:workers", "fireworks-keys", "jose"];

/// What rustc and wasm-bindgen use of WebAssembly, and all that the module may: Node 20 loads it.
const FEATURES: [&str; 6] = [
    "bulk-memory",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

/// Options of `cargo xtask build`.
#[derive(Args)]
pub struct Options {
    /// Build a package with function names and source maps into cargo's target folder instead, to
    /// be installed from there with npm and debugged with.
    #[arg(long)]
    debug: bool,
}

/// What is built, and where to.
pub struct Flavour {
    /// Whether names and source maps are kept.
    debug: bool,
    /// The folder that holds src/js.
    sources: PathBuf,
    /// The module and its glue, before they are bundled.
    module: PathBuf,
    /// The package's files.
    dist: PathBuf,
}

/// Runs `cargo xtask build`.
pub fn run(options: &Options) -> Result<()> {
    let workspace = Workspace::find()?;
    if !options.debug {
        build(&workspace)?;
        return sizes::print(&workspace.dist());
    }
    let package = workspace.debug_package();
    let flavour = Flavour {
        debug: true,
        sources: workspace.root.clone(),
        module: package.join("module"),
        dist: package.join("dist"),
    };
    build_flavour(&workspace, &flavour)?;
    for file in ["package.json", "README.md"] {
        fs::copy(workspace.root.join(file), package.join(file))?;
    }
    writeln!(std::io::stdout(), "{}", package.display())?;
    Ok(())
}

impl Flavour {
    /// The same package, made from the scripts in another folder and written there.
    pub fn with_sources(self, folder: &Path) -> Self {
        Self {
            sources: folder.into(),
            dist: folder.join("dist"),
            ..self
        }
    }

    /// What is published.
    pub fn release(workspace: &Workspace) -> Self {
        Self {
            debug: false,
            sources: workspace.root.clone(),
            module: workspace.module(),
            dist: workspace.dist(),
        }
    }
}

/// Set for tests that run beside others: the package is built, and nobody may change what all of them read.
pub const DONE: &str = "FIREWORKS_BUILT";

/// Builds dist/ and the demo page's folder, unless [`DONE`] is set.
pub fn build(workspace: &Workspace) -> Result<()> {
    if std::env::var_os(DONE).is_some() {
        return Ok(());
    }
    if !workspace.www().exists() {
        eprintln!("Building the package: two or three minutes, the first time");
    }
    build_flavour(workspace, &Flavour::release(workspace))?;
    stage::www(workspace)
}

fn build_flavour(workspace: &Workspace, flavour: &Flavour) -> Result<()> {
    workspace.write_version()?;
    setup::wasm_target()?;
    setup::npm_packages(workspace)?;
    let compiled = compile(workspace)?;
    bind(workspace, flavour, &compiled)?;
    bundle(workspace, flavour)
}

/// Compiles the crate as a cdylib alone: beside an rlib, it could not be optimised as a whole.
fn compile(workspace: &Workspace) -> Result<PathBuf> {
    let mut flags = vec![
        // Stack and data share one page, and what is allocated begins with a second.
        "-Clink-arg=-zstack-size=49152".to_owned(),
        // A bound on what a runaway caller can take: then the instance fails, and is replaced.
        "-Clink-arg=--max-memory=268435456".to_owned(),
    ];
    // No path of the machine that built it ends up in the module, nor where its crates came from.
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    flags.push(remap(&workspace.root, ""));
    let crates = cargo_home()?.join("registry/src");
    for registry in crates.read_dir().into_iter().flatten() {
        flags.push(remap(&registry?.path(), "crates"));
    }
    command::run(
        Command::new("cargo")
            .args(["rustc", "--release", "--lib", "--package", "fireworks-keys"])
            .args(command::quiet())
            .args(["--crate-type", "cdylib", "--target", WASM_TARGET])
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .current_dir(&workspace.root),
    )?;
    Ok(workspace
        .target
        .join(WASM_TARGET)
        .join("release")
        .join(MODULE)
        .with_extension("wasm"))
}

fn cargo_home() -> Result<PathBuf> {
    match std::env::var_os("CARGO_HOME") {
        Some(home) => Ok(home.into()),
        None => Ok(std::env::home_dir()
            .context("there is no home directory")?
            .join(".cargo")),
    }
}

/// Makes the glue, optimises the module and deflates it, unless that was done since it changed.
fn bind(workspace: &Workspace, flavour: &Flavour, compiled: &Path) -> Result<()> {
    let folder = &flavour.module;
    let deflated = folder.join(MODULE).with_extension("deflate");
    // npm writes this file as it installs another binaryen, whose wasm-opt may make something else.
    let packages = workspace.root.join("node_modules/.package-lock.json");
    let newest_input = modified(compiled)
        .max(modified(&std::env::current_exe()?))
        .max(modified(&packages));
    if modified(&deflated).is_some_and(|made| Some(made) > newest_input) {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let mut output = Bindgen::new()
        .input_path(compiled)
        .out_name(MODULE)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(true)
        .reset_state_function(true)
        .remove_name_section(!flavour.debug)
        .remove_producers_section(true)
        .generate_output()
        .context("wasm-bindgen")?;
    glue::trap(&mut output);
    let renamed = if flavour.debug {
        Vec::new()
    } else {
        glue::shorten(&mut output, MODULE)
    };
    output.emit(folder).context("wasm-bindgen")?;
    let glue = folder.join(MODULE).with_extension("js");
    fs::write(&glue, glue::tidy(&fs::read_to_string(&glue)?, &renamed)?)?;
    let bound = folder.join(format!("{MODULE}_bg.wasm"));
    let module = folder.join(MODULE).with_extension("wasm");
    command::run(
        node_tool(workspace, "wasm-opt")
            // Written anew from flat code, its loops and branches come out smaller.
            .args(["--flatten", "--rereloop", "-Oz", "-Oz"])
            .args(flavour.debug.then_some("--debuginfo"))
            .args(FEATURES.map(|feature| format!("--enable-{feature}")))
            .arg("--output")
            .arg(&module)
            .arg(&bound),
    )?;
    // Pages unpack it, so it is worth the seconds that the smallest form takes.
    let mut smallest = Vec::new();
    zopfli::compress(
        zopfli::Options::default(),
        zopfli::Format::Zlib,
        fs::read(&module)?.as_slice(),
        &mut smallest,
    )
    .context("the module cannot be compressed")?;
    fs::write(&deflated, smallest)?;
    Ok(())
}

/// Bundles each entry into one file, and writes the types beside them.
fn bundle(workspace: &Workspace, flavour: &Flavour) -> Result<()> {
    bundle_scripts(workspace, flavour)?;
    command::run(
        node_tool(workspace, "tsc")
            .args(["--project", "src/js"])
            .arg("--outDir")
            .arg(flavour.dist.join("types")),
    )?;
    // The program for the terminal is for Node, whose types the rest must not use.
    command::run(node_tool(workspace, "tsc").args(["--project", "src/js/cli"]))
}

/// Bundles each entry into one file.
pub fn bundle_scripts(workspace: &Workspace, flavour: &Flavour) -> Result<()> {
    let dist = &flavour.dist;
    if dist.exists() {
        fs::remove_dir_all(dist).context("dist")?;
    }
    fs::create_dir_all(dist)?;
    let module = flavour.module.join(MODULE);
    let alias = |name: &str, path: &Path| format!("--alias:{name}={}", path.display());
    let esbuild = |sources: &[String], outdir: &Path| {
        let mut command = node_tool(workspace, "esbuild");
        command
            .current_dir(&flavour.sources)
            .args(sources)
            .args(["--bundle", "--format=esm", "--target=es2022"])
            .arg("--log-level=warning")
            .arg(format!("--outdir={}", outdir.display()))
            .arg(if flavour.debug {
                "--sourcemap"
            } else {
                "--minify"
            });
        command
    };
    command::run(
        esbuild(
            &BROKER.map(|entry| format!("src/js/broker/{entry}.ts")),
            &dist.join("broker"),
        )
        // A console shows the whole line that an uncaught error came from.
        .arg("--line-limit=200")
        .arg("--loader:.lua=text")
        .args(BROKER_IMPORTS.map(|name| format!("--external:{name}"))),
    )?;
    command::run(
        esbuild(&["testing=src/js/testing/index.ts".into()], dist)
            // Every line break counts here: it is to stay below 5 KB.
            .arg("--line-limit=0"),
    )?;
    command::run(
        esbuild(
            &MEMBER.map(|entry| format!("src/js/member/{entry}.ts")),
            &dist.join("member"),
        )
        // Shorter lines would make it larger by a fortieth.
        .arg("--line-limit=2000")
        .arg("--external:./tabs.js"),
    )?;
    command::run(
        esbuild(&["src/js/cli/main.ts".into()], dist)
            .args([
                "--entry-names=cli",
                "--line-limit=200",
                "--external:fireworks-keys",
                "--external:node:*",
            ])
            .arg("--banner:js=#!/usr/bin/env node"),
    )?;
    command::run(
        esbuild(
            &ENTRIES.map(|entry| format!("src/js/entry/{entry}.ts")),
            dist,
        )
        .arg("--line-limit=200")
        .arg("--inject:src/js/microtask.ts")
        .args([
            "--loader:.deflate=base64",
            "--loader:.wasm=base64",
            "--external:./fireworks_keys.wasm?module",
        ])
        .arg(alias("#module", &module.with_extension("js")))
        .arg(alias("#module.deflate", &module.with_extension("deflate")))
        .arg(alias("#module.inline", &module.with_extension("wasm")))
        .arg(alias("#host", &flavour.sources.join("src/js/host.ts"))),
    )?;
    fs::copy(
        module.with_extension("wasm"),
        dist.join(MODULE).with_extension("wasm"),
    )?;
    Ok(())
}
