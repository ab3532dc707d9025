//! How long files and lines of source code may be.

use super::kept_files;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::fs;

/// The lines of a file: a longer one is asking to be two.
const MOST_LINES: usize = 400;

/// The characters of a line. The formatters break code sooner; they leave texts and comments alone.
const MOST_CHARACTERS: usize = 110;

/// The extensions of source code.
const SOURCES: [&str; 9] = ["css", "html", "js", "jsonc", "lua", "mjs", "rs", "sh", "ts"];

/// Finds every file and line that is too long.
pub fn check(workspace: &Workspace) -> Result<()> {
    let mut wrong = Vec::new();
    for path in kept_files(workspace)? {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !extension.is_some_and(|extension| SOURCES.contains(&extension)) {
            continue;
        }
        let path = path.display();
        let text = fs::read_to_string(workspace.root.join(path.to_string()))
            .with_context(|| path.to_string())?;
        wrong.extend(findings(&text).map(|finding| format!("{path}{finding}")));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn findings(text: &str) -> impl Iterator<Item = String> {
    let count = text.lines().count();
    let long = (count > MOST_LINES).then(|| format!(": {count} lines, of {MOST_LINES}"));
    let lines = text.lines().enumerate().filter_map(|(index, line)| {
        let count = line.chars().count();
        (count > MOST_CHARACTERS)
            .then(|| format!(":{}: {count} characters, of {MOST_CHARACTERS}", index + 1))
    });
    long.into_iter().chain(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_line_and_file_that_are_allowed_are_found_one_later() {
        let line = "é".repeat(MOST_CHARACTERS);
        assert_eq!(findings(&line).count(), 0);
        assert_eq!(
            findings(&format!("a\n{line}b\n")).next().as_deref(),
            Some(":2: 111 characters, of 110")
        );
        let file = "a\n".repeat(MOST_LINES);
        assert_eq!(findings(&file).count(), 0);
        assert_eq!(
            findings(&(file + "a\n")).next().as_deref(),
            Some(": 401 lines, of 400")
        );
    }
}
