//! The links between the repository's Markdown files: each leads to a file, and to a heading in it.

use super::kept_files;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Finds every link that leads nowhere.
pub fn check(workspace: &Workspace) -> Result<()> {
    let mut pages = BTreeMap::new();
    for path in kept_files(workspace)? {
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(workspace.root.join(&path))
                .with_context(|| path.display().to_string())?;
            pages.insert(path, Page::read(&text));
        }
    }
    let mut wrong = Vec::new();
    for (path, page) in &pages {
        for link in &page.links {
            if !leads_somewhere(workspace, &pages, path, link) {
                wrong.push(format!("{}: {link} leads nowhere", path.display()));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// What matters of a page.
struct Page {
    links: Vec<String>,
    /// The fragments of its headings.
    anchors: HashSet<String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self {
            links: Vec::new(),
            anchors: HashSet::new(),
        };
        let mut heading = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let heading = heading.take().unwrap_or_default();
                    page.add(&anchor(&heading));
                }
                _ => {}
            }
        }
        page
    }

    /// Adds a heading's fragment. One that is there already gets a number.
    fn add(&mut self, anchor: &str) {
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        for anchor in std::iter::once(anchor.to_owned()).chain(numbered) {
            if self.anchors.insert(anchor) {
                break;
            }
        }
    }
}

/// The fragment that GitHub and npm give a heading.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|each| each.is_alphanumeric() || " -_".contains(*each))
        .map(|each| if each == ' ' { '-' } else { each })
        .collect()
}

fn leads_somewhere(
    workspace: &Workspace,
    pages: &BTreeMap<PathBuf, Page>,
    from: &Path,
    link: &str,
) -> bool {
    if link.contains("://") {
        return true;
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() {
        from.to_owned()
    } else {
        target(from, path)
    };
    if !workspace.root.join(&target).exists() {
        return false;
    }
    let page = pages.get(&target);
    fragment.is_empty() || page.is_some_and(|page| page.anchors.contains(fragment))
}

/// Where a path in a file leads to, from the repository's root.
fn target(from: &Path, path: &str) -> PathBuf {
    let mut target = PathBuf::new();
    for part in from.with_file_name(path).components() {
        if part == Component::ParentDir {
            target.pop();
        } else {
            target.push(part);
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_can_be_linked_to_as_on_github() {
        let page = Page::read(
            "# Node, `Deno` & Bun\n\n[a](b.md#c), ![d](e.png)\n\n## A key's `end`\n\n## A key's end\n",
        );
        assert!(page.anchors.contains("node-deno--bun"));
        assert!(page.anchors.contains("a-keys-end"));
        assert!(page.anchors.contains("a-keys-end-1"));
        assert_eq!(page.links, ["b.md#c", "e.png"]);
    }

    #[test]
    fn a_path_leads_on_from_the_file_that_it_stands_in() {
        assert_eq!(
            target(Path::new("a/b/c.md"), "../../d.md"),
            Path::new("d.md")
        );
        assert_eq!(target(Path::new("c.md"), "a/d.md"), Path::new("a/d.md"));
    }
}
