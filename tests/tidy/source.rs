//! One source file as the rules see it: its room, its code, and which of it is only compiled for tests.

use crate::lexer::{Kind, Token, lex};
use std::collections::HashMap;
use std::ops::Range;

/// A file of code.
pub struct Source {
    /// From the repository's root, with `/`.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// Its code.
    pub tokens: Vec<Token>,
    /// Lines on which a plain comment ends.
    pub comments: Vec<usize>,
    /// Tokens that are only compiled for tests; all of them in a file that a test module stands for.
    pub test: Vec<Range<usize>>,
}

/// A path such as `crate::log::sled`, grouped imports taken apart, and the index of its first token.
pub struct Named {
    /// Its segments; `*` for a glob, `self` left out.
    pub segments: Vec<String>,
    /// Index of its first token.
    pub at: usize,
}

/// An attribute.
pub struct Attribute<'a> {
    /// What stands between its brackets.
    pub tokens: &'a [Token],
    /// Line of its closing bracket.
    pub last_line: usize,
}

impl Attribute<'_> {
    /// Whether `word` is its name, or one of the names behind a `cfg_attr`.
    pub fn is(&self, word: &str) -> bool {
        let first = self.tokens.first().is_some_and(|t| t.text == word);
        let behind = self.tokens.first().is_some_and(|t| t.text == "cfg_attr");
        first || behind && self.tokens.iter().any(|t| t.text == word)
    }
}

impl Source {
    /// Reads `text`.
    pub fn new(path: &str, text: &str) -> Self {
        let (tokens, comments) = lex(text);
        let mut source = Self { path: path.into(), text: text.into(), tokens, comments, test: Vec::new() };
        source.test = source.test_items();
        source
    }

    /// The room of `services/` it belongs to: the folder, or the file itself. None for `lib.rs` and for other folders.
    pub fn room(&self) -> Option<&str> {
        let room = self.path.strip_prefix("services/")?.split('/').next()?;
        let room = room.strip_suffix(".rs").unwrap_or(room);
        (room != "lib").then_some(room)
    }

    /// Names of the modules from the crate's root to this file.
    fn module(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("services/").unwrap_or(&self.path);
        let mut names: Vec<_> = path.strip_suffix(".rs").unwrap_or(path).split('/').collect();
        if matches!(names.last(), Some(&"mod" | &"lib")) {
            names.pop();
        }
        names
    }

    /// Whether the token is only compiled for tests.
    pub fn is_test(&self, at: usize) -> bool {
        self.test.iter().any(|range| range.contains(&at))
    }

    /// The text of a token; empty past either end.
    pub fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| t.text.as_str())
    }

    /// All attributes, outer and inner, with the index of the token behind each.
    pub fn attributes(&self) -> Vec<(usize, Attribute<'_>)> {
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            let open = if self.word(at + 1) == "!" { at + 2 } else { at + 1 };
            if self.word(at) == "#" && self.word(open) == "[" {
                let close = self.closing(open);
                let last_line = self.tokens.get(close).map_or(0, |t| t.line);
                let end = close.min(self.tokens.len());
                found.push((close + 1, Attribute { tokens: &self.tokens[open + 1..end], last_line }));
            }
        }
        found
    }

    /// Index of the bracket that closes the one at `open`.
    fn closing(&self, open: usize) -> usize {
        let mut depth = 0usize;
        for at in open..self.tokens.len() {
            match self.word(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        self.tokens.len()
    }

    /// Index behind the item that begins at `at`: behind its `;`, or behind its body.
    fn item_end(&self, mut at: usize) -> usize {
        while at < self.tokens.len() {
            match self.word(at) {
                ";" => return at + 1,
                "{" => return self.closing(at) + 1,
                "(" | "[" => at = self.closing(at),
                _ => {}
            }
            at += 1;
        }
        at
    }

    fn test_items(&self) -> Vec<Range<usize>> {
        let is = |a: &Attribute<'_>, words: &[&str]| a.tokens.iter().map(|t| t.text.as_str()).eq(words.iter().copied());
        let attributes = self.attributes().into_iter();
        attributes
            .filter(|(_, a)| is(a, &["cfg", "(", "test", ")"]) || is(a, &["test"]) || is(a, &["tokio", "::", "test"]))
            .map(|(next, _)| next..self.item_end(next))
            .collect()
    }

    /// Paths (without `.rs`) of the modules in other files that are declared for tests only.
    pub fn test_modules(&self) -> Vec<String> {
        let mut found = Vec::new();
        let folder = match self.path.rsplit_once('/') {
            Some((folder, "mod.rs" | "lib.rs")) => folder,
            _ => self.path.strip_suffix(".rs").unwrap_or(&self.path),
        };
        for range in &self.test {
            let at = range.clone().find(|&at| self.word(at) == "mod");
            if let Some(at) = at.filter(|&at| self.word(at + 2) == ";") {
                found.push(format!("{folder}/{}", self.word(at + 1)));
            }
        }
        found
    }

    /// Every path that the code names, `use` trees taken apart, `super::` resolved to `crate::` where it leaves the room.
    pub fn paths(&self) -> Vec<Named> {
        let mut found = Vec::new();
        let mut in_use = 0;
        for at in 0..self.tokens.len() {
            if at < in_use || self.tokens[at].kind != Kind::Ident || self.word(at.wrapping_sub(1)) == "::" {
                continue;
            }
            if self.word(at) == "use" {
                let start = if self.word(at + 1) == "::" { at + 2 } else { at + 1 };
                in_use = self.tree(start, &mut Vec::new(), &mut found);
            } else if self.word(at + 1) == "::" {
                self.tree(at, &mut Vec::new(), &mut found);
            }
        }
        for named in &mut found {
            self.resolve(&mut named.segments, named.at);
        }
        found
    }

    /// Reads one path or tree; answers the index behind it.
    fn tree(&self, mut at: usize, prefix: &mut Vec<String>, found: &mut Vec<Named>) -> usize {
        let depth = prefix.len();
        let start = at;
        loop {
            match self.word(at) {
                "{" => {
                    let close = self.closing(at);
                    at += 1;
                    while at < close {
                        at = self.tree(at, prefix, found);
                        while at < close && self.word(at) != "," {
                            at += 1;
                        }
                        at += 1;
                    }
                    prefix.truncate(depth);
                    return close + 1;
                }
                "*" => prefix.push("*".into()),
                "self" if !prefix.is_empty() => {}
                _ if self.tokens.get(at).is_some_and(|t| t.kind == Kind::Ident) => prefix.push(self.word(at).into()),
                _ => break,
            }
            at += 1;
            let goes_on =
                self.tokens.get(at + 1).is_some_and(|t| t.kind == Kind::Ident || t.text == "{" || t.text == "*");
            if self.word(at) != "::" || !goes_on {
                break;
            }
            at += 1;
        }
        if prefix.len() > depth || depth > 0 {
            found.push(Named { segments: prefix.clone(), at: start });
        }
        prefix.truncate(depth);
        at.max(start + 1)
    }

    /// Counts the modules written in braces around `at`, for `super::`.
    fn inline_modules(&self, at: usize) -> usize {
        (0..at).filter(|&m| self.word(m) == "mod" && self.word(m + 2) == "{" && self.closing(m + 2) > at).count()
    }

    fn resolve(&self, segments: &mut Vec<String>, at: usize) {
        if segments.first().is_some_and(|s| s == "self") {
            segments.remove(0);
        }
        let ups = segments.iter().take_while(|s| *s == "super").count();
        let module = self.module();
        let inline = self.inline_modules(at);
        if ups > inline && ups - inline <= module.len() {
            let base = &module[..module.len() - (ups - inline)];
            let mut full = vec!["crate".to_owned()];
            full.extend(base.iter().map(|s| (*s).to_owned()));
            full.extend(segments.drain(..).skip(ups));
            *segments = full;
        } else if segments.first().is_some_and(|s| s == "incubator_registry") {
            segments[0] = "crate".into();
        }
    }

    /// For a room's door: where each re-exported name lives, `Head` → `commit`.
    pub fn reexports(&self) -> HashMap<String, String> {
        let mut found = HashMap::new();
        for named in self.paths().into_iter().filter(|n| self.in_pub_use(n.at)) {
            let mut homes = named.segments.iter().filter(|s| *s != "crate" && Some(s.as_str()) != self.room());
            if let (Some(home), Some(name)) = (homes.next(), named.segments.last()) {
                found.insert(name.clone(), home.clone());
            }
        }
        found
    }

    /// Whether the statement that holds `at` is a `pub use`, or one with a narrower `pub(…)`.
    fn in_pub_use(&self, at: usize) -> bool {
        let start = (0..at).rev().find(|&i| self.word(i) == "use" || self.word(i) == ";");
        start.is_some_and(|i| self.word(i) == "use" && matches!(self.word(i.wrapping_sub(1)), "pub" | ")"))
    }
}
