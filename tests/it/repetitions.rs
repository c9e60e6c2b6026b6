//! Nothing stands twice, as it does where a merge kept both sides: in the documents, and in the comments of the library.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use crate::harness::source::files;

/// How many of their words in a row two paragraphs may share, in percent. Two that say something similar share a fifth, two
/// versions of the same one more than half.
const SHARED_PERCENT_MAX: usize = 45;

/// Words in a row that are compared.
const ROW: usize = 3;

/// What is shorter says the same by chance, in words.
const WORDS_MIN: usize = 4;

/// A piece of a text: a heading, a row of a table, an item of a list, or a paragraph.
struct Piece {
    /// Where it begins.
    line: usize,
    text: String,
}

/// The pieces of a text in Markdown, without its fenced blocks.
fn pieces(lines: &[(usize, &str)]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut fenced, mut goes_on) = (false, false);
    for (line, text) in lines.iter().map(|(line, text)| (*line, text.trim())) {
        if text.starts_with("```") {
            fenced = !fenced;
            goes_on = false;
        } else if fenced || text.is_empty() {
            goes_on = false;
        } else if goes_on && !begins_a_piece(text) {
            if let Some(piece) = pieces.last_mut() {
                piece.text.push(' ');
                piece.text.push_str(text);
            }
        } else {
            pieces.push(Piece { line, text: text.to_owned() });
            goes_on = !is_heading(text) && !text.starts_with('|');
        }
    }
    pieces
}

fn begins_a_piece(line: &str) -> bool {
    let numbered = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    is_heading(line) || line.starts_with('|') || line.starts_with("- ") || line.starts_with("* ") || numbered
}

fn is_heading(line: &str) -> bool {
    line.starts_with('#') && line.trim_start_matches('#').starts_with(' ')
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Whether two pieces are the same, or two versions of the same.
fn alike(one: &[String], other: &[String]) -> bool {
    if one.len() < WORDS_MIN || other.len() < WORDS_MIN {
        return false;
    }
    let rows = |words: &[String]| words.windows(ROW).map(<[String]>::to_vec).collect::<BTreeSet<_>>();
    let (one, other) = (rows(one), rows(other));
    let shared = one.intersection(&other).count();
    let all = one.union(&other).count();
    shared * 100 > all * SHARED_PERCENT_MAX
}

/// What stands twice in a text in Markdown: pieces that are alike, rows of one table with the same first cell. And a heading
/// that is glued to what stands before it.
fn repetitions(lines: &[(usize, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    let with_words = |piece: Piece| (words(&piece.text), piece);
    let pieces: Vec<(Vec<String>, Piece)> = pieces(lines).into_iter().map(with_words).collect();
    let is_prose = |piece: &Piece| !piece.text.starts_with('|') && !is_heading(&piece.text);
    for (index, (one_words, one)) in pieces.iter().enumerate().filter(|(_, (_, piece))| is_prose(piece)) {
        for (other_words, other) in pieces[index + 1..].iter().filter(|(_, piece)| is_prose(piece)) {
            if alike(one_words, other_words) {
                found.push(format!("lines {} and {} say the same: {}", one.line, other.line, one.text));
            }
        }
    }
    let mut cells: BTreeMap<&str, usize> = BTreeMap::new();
    let mut before = None;
    for (_, piece) in &pieces {
        let Some(row) = piece.text.strip_prefix('|') else { continue };
        if before.is_none_or(|before| before + 1 != piece.line) {
            cells.clear();
        }
        before = Some(piece.line);
        let cell = row.split('|').next().unwrap_or_default().trim();
        let first = *cells.entry(cell).or_insert(piece.line);
        if first != piece.line && !cell.is_empty() {
            found.push(format!("lines {first} and {} of a table begin alike: {cell}", piece.line));
        }
    }
    for (_, piece) in pieces.iter().filter(|(_, piece)| is_heading(&piece.text)) {
        if lines.iter().any(|(line, text)| line + 1 == piece.line && !text.trim().is_empty()) {
            found.push(format!("line {}: no empty line before the heading: {}", piece.line, piece.text));
        }
    }
    found
}

/// Lines that stand twice in one block of comments.
fn repeated_lines(block: &[(usize, &str)]) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let mut found = Vec::new();
    for (line, text) in block.iter().filter(|(_, text)| words(text).len() >= WORDS_MIN) {
        let first = *seen.entry(text.trim()).or_insert(*line);
        if first != *line {
            found.push(format!("lines {first} and {line} are the same: {}", text.trim()));
        }
    }
    found
}

/// The blocks of comments in a source, each with its lines.
fn comments(source: &str) -> Vec<Vec<(usize, &str)>> {
    let mut blocks: Vec<Vec<(usize, &str)>> = Vec::new();
    let mut last: Option<(usize, &str)> = None;
    for (line, text) in source.lines().enumerate().map(|(index, text)| (index + 1, text.trim_start())) {
        let Some(marker) = ["//!", "///", "//"].into_iter().find(|marker| text.starts_with(marker)) else { continue };
        if last != Some((line - 1, marker)) {
            blocks.push(Vec::new());
        }
        last = Some((line, marker));
        if let Some(block) = blocks.last_mut() {
            block.push((line, &text[marker.len()..]));
        }
    }
    blocks
}

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut documents = Vec::new();
    let mut folders: Vec<PathBuf> = ["docs", "examples", "guest-sdk"].iter().map(|folder| root.join(folder)).collect();
    let mut take = |path: PathBuf| {
        if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    };
    for entry in std::fs::read_dir(&root).expect("the repository") {
        take(entry.expect("an entry").path());
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            let is_made = path.file_name().is_some_and(|name| name == ".host" || name == "target");
            if path.is_dir() && !is_made {
                folders.push(path);
            } else {
                take(path);
            }
        }
    }
    assert!(documents.len() > 10, "the documents were not found");
    documents
}

#[test]
fn no_document_says_something_twice() {
    let mut found = Vec::new();
    for path in documents() {
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let lines: Vec<_> = text.lines().enumerate().map(|(index, line)| (index + 1, line)).collect();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.extend(repetitions(&lines).into_iter().map(|repetition| format!("{name}, {repetition}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_comment_says_something_twice() {
    let mut found = Vec::new();
    let mut blocks = 0;
    for file in files() {
        for block in comments(&file.text) {
            let repetitions = repeated_lines(&block).into_iter().chain(repetitions(&block));
            found.extend(repetitions.map(|repetition| format!("{}, {repetition}", file.path)));
            blocks += 1;
        }
    }
    assert!(blocks > 1_000, "{blocks} blocks of comments were found");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn found_in(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().enumerate().map(|(index, line)| (index + 1, line)).collect();
    repetitions(&lines)
}

const ITEM: &str =
    "- **The lock is on the connection that migrates.** It is free as soon as the server has ended the session.\n";

#[test]
fn what_a_merge_leaves_twice_is_found() {
    let twice = format!("{ITEM}- Something else is said in between, and it is of the same length.\n{ITEM}");
    assert_eq!(found_in(&twice).len(), 1);
    let wrapped = format!("{ITEM}\n{}", ITEM.replacen("connection that", "connection\n  that", 1));
    assert_eq!(found_in(&wrapped).len(), 1);
    let versions = format!("{ITEM}{}", ITEM.replace("has ended", "ends"));
    assert_eq!(found_in(&versions).len(), 1);
    let table = "| a | b |\n|---|---|\n| `x` | one |\n| `y` | two |\n| `x` | three |\n";
    assert_eq!(found_in(table), ["lines 3 and 5 of a table begin alike: `x`"]);
    assert_eq!(found_in("A text.\n## A heading\n"), ["line 2: no empty line before the heading: ## A heading"]);
}

#[test]
fn what_is_only_similar_is_not_found() {
    let other = "- **The journal is on the connection that migrates.** It is made with the other tables, not when it is needed.\n";
    assert_eq!(found_in(&format!("{ITEM}{other}")), [""; 0]);
    assert_eq!(
        found_in("| a | b |\n|---|---|\n| `x` | one |\n\nA text.\n\n| a | b |\n|---|---|\n| `x` | 1 |\n"),
        [""; 0]
    );
    assert_eq!(found_in(&format!("```text\n{ITEM}```\n\n```text\n# no heading\n{ITEM}```\n")), [""; 0]);
}

#[test]
fn lines_that_stand_twice_in_a_comment_are_found() {
    let source = "/// Waits until the lock is free.\n///\n/// Waits until the lock is free.\nfn wait() {}\n\
                  //! Waits until the lock is free.\n";
    let blocks = comments(source);
    assert_eq!(blocks.len(), 2);
    assert_eq!(repeated_lines(&blocks[0]), ["lines 1 and 3 are the same: Waits until the lock is free."]);
    assert_eq!(repeated_lines(&blocks[1]), [""; 0]);
}
