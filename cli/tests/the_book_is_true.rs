//! The book: its commands do what it says, all of its code is tested, its links lead somewhere.

mod common;
mod user;

use std::path::{Path, PathBuf};

use common::{code, stderr, stdout};
use user::{home, run, succeeds};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// All pages, by their paths in the book.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for folder in ["", "guide"] {
        for entry in std::fs::read_dir(docs().join(folder)).expect("it is there") {
            let path = entry.expect("it can be read").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = Path::new(folder).join(path.file_name().expect("a file has a name"));
                let text = std::fs::read_to_string(&path).expect("it can be read");
                pages.push((name.to_str().expect("the path is text").to_owned(), text));
            }
        }
    }
    pages.sort();
    pages
}

/// A piece of code, and the last line of text above it.
struct Block {
    language: String,
    above: String,
    lines: Vec<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut above, mut inside) = (String::new(), false);
    for line in page.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(language), false) => {
                let (language, lines) = (language.to_owned(), Vec::new());
                blocks.push(Block { language, above: above.clone(), lines });
                inside = true;
            }
            (Some(_), true) => inside = false,
            (None, true) => blocks.last_mut().expect("it began").lines.push(line.to_owned()),
            (None, false) if !line.is_empty() => above = line.to_owned(),
            (None, false) => {}
        }
    }
    blocks
}

/// Runs the commands of a block; a line behind one that begins with `error:` is what it fails with.
fn console(home: &Path, folder: &mut PathBuf, block: &Block) {
    let mut lines = block.lines.iter().peekable();
    while let Some(line) = lines.next() {
        let command = line.strip_prefix("$ ").unwrap_or_else(|| panic!("no command: {line}"));
        if let Some(to) = command.strip_prefix("cd ") {
            folder.push(to);
            continue;
        }
        let words: Vec<_> = command.split_whitespace().collect();
        assert_eq!(words.first(), Some(&"bessemer"), "{command}");
        match lines.next_if(|line| line.starts_with("error:")) {
            Some(error) => {
                let output = run(home, folder, &words[1..]);
                assert_eq!(code(&output), 4, "{command}: {}", stderr(&output));
                assert!(stderr(&output).contains(error), "{command}: {}", stderr(&output));
            }
            None => {
                let output = succeeds(home, folder, &words[1..]);
                assert!(!stdout(&output).is_empty(), "{command} says nothing");
                let different = stdout(&output).lines().any(|line| line.starts_with("DIFF"));
                assert!(!different, "{command}: {}", stdout(&output));
            }
        }
    }
}

#[test]
fn a_reader_of_the_tutorial_comes_to_its_end() {
    let Some(home) = home() else { return };
    let home = home.path();
    let mut folder = home.to_owned();
    let text = std::fs::read_to_string(docs().join("tutorial.md")).expect("it is there");
    let mut files = 0;
    for block in blocks(&text) {
        match block.language.as_str() {
            "console" => console(home, &mut folder, &block),
            "toml" | "rust,ignore" => {
                let file = block.above.trim_matches(|c| c == '`' || c == ':');
                let path = folder.join(file);
                let parent = path.parent().expect("it lies in the project");
                std::fs::create_dir_all(parent).expect("it can be made");
                std::fs::write(&path, block.lines.join("\n") + "\n").expect("it can be written");
                files += 1;
            }
            other => panic!("the tutorial has a block of {other}"),
        }
    }
    assert_eq!(files, 3);
    let counted = succeeds(home, &folder, &["query", "counter", "get"]);
    assert_eq!(stdout(&counted), "4\n");
}

#[test]
fn every_piece_of_code_in_the_book_is_tested() {
    // by the tests of documentation of these packages, and by the one above
    let library = include_str!("../../sdk/src/lib.rs");
    let images = include_str!("../../contracts/images/src/lib.rs");
    let mut tested = 0;
    for (page, text) in pages() {
        for block in blocks(&text) {
            let name = page.trim_end_matches(".md");
            let documented = match name.strip_prefix("guide/") {
                Some(name) => library.contains(&format!("\"{name}\" ")),
                None => images.contains(&format!("docs/{page}\"")),
            };
            let fine = match block.language.as_str() {
                "rust" => documented,
                "toml" | "rust,ignore" => page == "tutorial.md",
                // what a failing test shows; `a_test_that_fails_fails_alone` has others of the kind
                "text" => page == "guide/tests.md",
                // a node does not end, and bytecode of others is not in the repository
                "console" => {
                    let pages = ["tutorial.md", "introduction.md", "node.md", "ethereum.md"];
                    pages.contains(&&*page)
                }
                _ => false,
            };
            // the specifications have formulas and layouts, which their own tests hold
            let reference =
                ["specification.md", "artifact.md", "loader.md", "host-calls.md"].contains(&&*page);
            assert!(fine || reference, "{page}: a block of {} is not tested", block.language);
            tested += usize::from(fine);
        }
    }
    assert!(tested >= 20, "found only {tested}");
}

#[test]
fn the_commands_outside_of_the_tutorial_are_commands() {
    let text = std::fs::read_to_string(docs().join("introduction.md")).expect("it is there");
    for block in blocks(&text) {
        // what it says is the machine's
        assert_eq!(block.lines, ["$ bessemer doctor"]);
    }
    assert_eq!(code(&common::bessemer(&["doctor", "--help"])), 0);
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let pages = pages();
    let summary = &pages.iter().find(|(page, _)| page == "SUMMARY.md").expect("it is there").1;
    for (page, text) in &pages {
        assert!(page == "SUMMARY.md" || summary.contains(&format!("({page})")), "{page}");
        let here = docs().join(page);
        let here = here.parent().expect("a page lies in a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !target.is_empty() {
                assert!(here.join(target).exists(), "{page}: {link}");
            }
        }
    }
}
