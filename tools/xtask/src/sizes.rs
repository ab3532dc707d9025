//! Prints how large files are, raw and compressed as a server would send them.

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folders of dist/ that hold the package's scripts and modules.
const FOLDERS: [&str; 3] = ["", "broker", "member"];

/// Prints raw, gzip (level 9) and brotli (quality 11) sizes in bytes of a package's scripts and modules.
pub fn print(dist: &Path) -> Result<()> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        files.extend(files_in(&dist.join(folder))?);
    }
    let mut output = std::io::stdout().lock();
    writeln!(
        output,
        "{:<24}{:>10}{:>10}{:>10}",
        "bytes", "raw", "gzip", "brotli"
    )?;
    for file in files {
        let bytes = std::fs::read(&file)?;
        writeln!(
            output,
            "{:<24}{:>10}{:>10}{:>10}",
            file.strip_prefix(dist)?.display(),
            bytes.len(),
            gzip(&bytes)?,
            brotli(&bytes)?,
        )?;
    }
    Ok(())
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    Ok(files)
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    const BUFFER: usize = 4096;
    const QUALITY: u32 = 11;
    const WINDOW: u32 = 22;
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), BUFFER, QUALITY, WINDOW);
    encoder.write_all(bytes)?;
    Ok(encoder.into_inner().len())
}
