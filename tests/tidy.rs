//! Reads the project's own source and holds its rules: which room may use which, what may stand at the top level, docs,
//! banned calls, sizes. A rule that is only written down is broken within a month.

#[path = "tidy/bad.rs"]
mod bad;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/source.rs"]
mod source;

use source::Source;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A room of `services/`: a folder, or a single file.
struct Room {
    /// Its name.
    name: &'static str,
    /// Which other rooms it may use, or which part of one. Rooms below it in the table are never among them.
    uses: &'static [&'static str],
    /// Which paths of other crates it never names; `*::now` is any path that ends so.
    never: &'static [&'static [&'static str]],
}

/// No clock, no randomness, no files, no network: whatever varies comes in as an argument.
const WORLD: &[&str] = &[
    "std::time",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "rand",
    "getrandom",
    "rustix",
    "*::now",
    "*::new_v4",
];
/// No async runtime, no storage, no wire, no logging: the same inputs always give the same outputs.
#[rustfmt::skip] // One line a family reads better than one line a crate.
const MACHINERY: &[&str] = &[
    "tokio", "tokio_stream", "async_trait", "async_stream", "tower", "http",
    "tonic", "tonic_prost", "tonic_health", "tonic_reflection", "tonic_types", "prost", "prost_types",
    "sled", "serde", "serde_json", "toml", "csv", "encoding_rs",
    "tracing", "tracing_subscriber", "clap", "indicatif", "comfy_table",
];
const GRPC: &[&str] = &["tonic", "tonic_prost", "tonic_health", "tonic_reflection", "tonic_types"];
const SLED: &[&str] = &["sled"];
const TOKIO: &[&str] = &["tokio", "tokio_stream"];

/// The rooms in order; a room uses only rooms above it, and only those named.
#[rustfmt::skip] // A table.
const ROOMS: &[Room] = &[
    Room { name: "domain", uses: &[], never: &[WORLD, MACHINERY] },
    Room { name: "policy", uses: &["domain"], never: &[WORLD, MACHINERY] },
    // Generated from proto/.
    Room { name: "wire", uses: &[], never: &[SLED, TOKIO] },
    Room { name: "journal", uses: &["domain", "wire::journal"], never: &[WORLD, SLED, TOKIO, GRPC] },
    // A log moves bytes: it knows the envelope and the commit, never what the records mean.
    Room { name: "log", uses: &["journal::commit", "journal::envelope"], never: &[GRPC, &["prost"]] },
    // Data keys lie beside the log, never in it: randomness and files, and nothing of who asks.
    Room { name: "keys", uses: &["domain", "journal"], never: &[SLED, TOKIO, GRPC, &["prost"]] },
    Room { name: "formats", uses: &["domain", "policy"], never: &[SLED, TOKIO, GRPC, &["prost"]] },
    Room { name: "projections", uses: &["domain", "policy", "journal"], never: &[WORLD, SLED, TOKIO, GRPC] },
    Room { name: "engine", uses: &["domain", "policy", "journal", "log", "formats", "projections"], never: &[SLED, GRPC] },
    // A log of its own; of the engine only its clock and its store of checkpoints.
    Room { name: "access", uses: &["journal", "log", "engine"], never: &[SLED, GRPC, &["prost"]] },
    Room { name: "auth", uses: &["domain"], never: &[SLED] },
    Room {
        name: "grpc",
        uses: &["domain", "policy", "wire", "journal", "keys", "formats", "projections", "engine", "access", "auth"],
        never: &[SLED],
    },
    Room {
        name: "console",
        uses: &["domain", "policy", "wire", "journal", "formats", "projections", "engine", "auth"],
        never: &[SLED],
    },
    Room {
        name: "ctl",
        uses: &["domain", "policy", "wire", "journal", "keys", "log", "formats", "projections"],
        never: &[SLED],
    },
    // What the server's main runs; only the log of one server is opened here, never sled itself.
    Room {
        name: "server",
        uses: &["domain", "policy", "journal", "keys", "log", "formats", "engine", "access", "auth", "grpc", "console"],
        never: &[SLED],
    },
    Room {
        name: "bin",
        uses: &[
            "domain", "policy", "wire", "journal", "keys", "log", "formats", "projections", "engine", "access", "auth", "grpc",
            "console", "ctl", "server",
        ],
        never: &[SLED],
    },
];

/// What may stand at the top level.
#[rustfmt::skip] // A list.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml", "Cargo.lock", "build.rs", "proto", "services", "deploy", "tests", "README.md",
    ".ci", ".gitignore", ".rustfmt.toml", ".deny.toml",
];

/// A longer file holds more than one thing.
const LINES_MAX: usize = 600;

/// `file:line: what is wrong`.
type Fault = String;

fn fault(source: &Source, at: usize, what: impl std::fmt::Display) -> Fault {
    let line = source.tokens.get(at).map_or(1, |t| t.line);
    format!("{}:{line}: {what}", source.path)
}

/// For each room, where the names live that its door re-exports.
type Doors = HashMap<String, HashMap<String, String>>;

fn doors(sources: &[Source]) -> Doors {
    let door = |s: &&Source| s.room().is_some_and(|room| s.path == format!("services/{room}/mod.rs"));
    sources.iter().filter(door).map(|s| (s.room().unwrap_or_default().to_owned(), s.reexports())).collect()
}

fn layers(source: &Source, doors: &Doors) -> Vec<Fault> {
    let Some(name) = source.room() else { return Vec::new() };
    let Some(room) = ROOMS.iter().find(|r| r.name == name) else {
        return vec![fault(source, 0, format_args!("`{name}` is no room of the table in tests/tidy.rs"))];
    };
    let mut faults = Vec::new();
    for named in source.paths().iter().filter(|n| !source.is_test(n.at)) {
        let path = named.segments.join("::");
        if let Some(inside) = path.strip_prefix("crate::") {
            if !may_use(room, inside, doors) {
                faults.push(fault(source, named.at, format_args!("`{name}` may not use `{path}`")));
            }
        } else if path == "crate" || room.never.iter().copied().flatten().any(|banned| names(&path, banned)) {
            faults.push(fault(source, named.at, format_args!("`{name}` never names `{path}`")));
        }
    }
    faults
}

fn may_use(room: &Room, path: &str, doors: &Doors) -> bool {
    let (other, rest) = path.split_once("::").unwrap_or((path, ""));
    let name = rest.split("::").next().unwrap_or_default();
    // A name that the door re-exports counts as named where it lives.
    let home = doors.get(other).and_then(|names| names.get(name)).map(|home| format!("{other}::{home}"));
    let within = |whole: &str, part: &str| whole == part || whole.starts_with(&format!("{part}::"));
    other == room.name
        || room.uses.iter().any(|part| within(path, part) || home.as_deref().is_some_and(|h| within(h, part)))
}

fn names(path: &str, banned: &str) -> bool {
    match banned.strip_prefix('*') {
        Some(tail) => path.ends_with(tail),
        None => path == banned || path.starts_with(&format!("{banned}::")),
    }
}

fn module_doc(source: &Source) -> Vec<Fault> {
    let documented = source.text.lines().next().is_some_and(|l| l.starts_with("//! ") && l.len() > 10);
    if documented {
        Vec::new()
    } else {
        vec![format!("{}:1: begins without a `//!` that says what lives here", source.path)]
    }
}

/// Whether the file is shipped code: neither a test nor one of the two mains.
fn shipped(source: &Source) -> bool {
    source.room().is_some_and(|room| room != "bin")
}

fn unwraps(source: &Source) -> Vec<Fault> {
    let found = (0..source.tokens.len()).filter(|&at| {
        source.word(at) == "unwrap" && matches!(source.word(at.wrapping_sub(1)), "." | "::") && !source.is_test(at)
    });
    let what = "`unwrap`: answer an error, or say with `expect` why it can't happen";
    found.filter(|_| shipped(source)).map(|at| fault(source, at, what)).collect()
}

fn macros<'a>(source: &'a Source, banned: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    (0..source.tokens.len()).filter(|&at| source.word(at + 1) == "!" && banned.contains(&source.word(at)))
}

fn printing(source: &Source) -> Vec<Fault> {
    let found = macros(source, &["println", "print", "eprintln", "eprint"]).filter(|&at| !source.is_test(at));
    let what = "prints: the server traces, the client writes to the writer it was given";
    found.filter(|_| shipped(source)).map(|at| fault(source, at, what)).collect()
}

fn unfinished(source: &Source) -> Vec<Fault> {
    let found = macros(source, &["dbg", "todo", "unimplemented"]);
    found.map(|at| fault(source, at, format_args!("`{}!`", source.word(at)))).collect()
}

fn ignored(source: &Source) -> Vec<Fault> {
    let found = source.attributes().into_iter().filter(|(_, a)| a.is("ignore"));
    found.map(|(next, _)| fault(source, next, "`#[ignore]`: a test runs or is not there")).collect()
}

fn silenced(source: &Source) -> Vec<Fault> {
    let reasoned = |a: &source::Attribute<'_>| {
        a.tokens.windows(2).any(|w| w[0].text == "reason" && w[1].text == "=") || source.comments.contains(&a.last_line)
    };
    let found = source.attributes().into_iter().filter(|(_, a)| (a.is("allow") || a.is("expect")) && !reasoned(a));
    found.map(|(_, a)| format!("{}:{}: silences a lint without a reason beside it", source.path, a.last_line)).collect()
}

fn length(source: &Source) -> Vec<Fault> {
    let lines = source.text.lines().count();
    if lines <= LINES_MAX {
        Vec::new()
    } else {
        vec![format!("{}:{lines}: longer than {LINES_MAX} lines", source.path)]
    }
}

/// Every exact pin in Cargo.toml bears its reason: a comment in the line above.
fn pins(manifest: &str) -> Vec<Fault> {
    let lines: Vec<_> = manifest.lines().collect();
    let bare = |&i: &usize| lines[i].contains("\"=") && !(i > 0 && lines[i - 1].starts_with('#'));
    (0..lines.len())
        .filter(bare)
        .map(|i| format!("Cargo.toml:{}: a pin without its reason in the line above", i + 1))
        .collect()
}

/// The lints that do the rest of the work must stay on, for the library and the programs alike.
fn lints(manifest: &str) -> Vec<Fault> {
    let rust = manifest.split("\n[").find(|section| section.starts_with("lints.rust]")).unwrap_or_default();
    let on = |lint: &str| {
        rust.lines()
            .any(|l| l.starts_with(lint) && ["\"warn\"", "\"deny\"", "\"forbid\""].iter().any(|v| l.contains(v)))
    };
    let off = ["missing_docs", "unsafe_code"].into_iter().filter(|lint| !on(lint));
    off.map(|lint| format!("Cargo.toml:1: [lints.rust] has no `{lint}`")).collect()
}

fn top_level(entries: &HashSet<String>) -> Vec<Fault> {
    let mut extra: Vec<_> = entries.iter().filter(|e| !TOP_LEVEL.contains(&e.as_str())).collect();
    extra.sort();
    extra.into_iter().map(|e| format!("{e}:1: not among the entries of the top level")).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Rust files under a folder, other workspaces' build folders left out.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a folder that can be listed").path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Marks as test code what a `#[cfg(test)] mod x;` elsewhere stands for.
fn mark_test_files(sources: &mut [Source]) {
    let modules: Vec<_> = sources.iter().flat_map(Source::test_modules).collect();
    for source in sources {
        let stem = source.path.strip_suffix(".rs").unwrap_or(&source.path);
        if modules.iter().any(|m| stem == m || stem.starts_with(&format!("{m}/"))) {
            source.test.push(0..source.tokens.len());
        }
    }
}

fn sources() -> Vec<Source> {
    let mut files = vec![root().join("build.rs")];
    rust_files(&root().join("services"), &mut files);
    rust_files(&root().join("tests"), &mut files);
    files.sort();
    let name = |p: &Path| p.strip_prefix(root()).expect("a file under the root").to_string_lossy().replace('\\', "/");
    let mut sources: Vec<_> = files.iter().map(|p| Source::new(&name(p), &read(p))).collect();
    assert!(sources.iter().any(|s| s.path == "services/lib.rs"), "the source was not found");
    mark_test_files(&mut sources);
    sources
}

#[track_caller]
fn refuse(faults: Vec<Fault>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn rooms_use_only_what_the_table_names() {
    let sources = sources();
    let doors = doors(&sources);
    refuse(sources.iter().flat_map(|s| layers(s, &doors)).collect());
}

#[test]
fn rooms_use_only_rooms_above_them() {
    for (i, room) in ROOMS.iter().enumerate() {
        for part in room.uses {
            let other = part.split("::").next().unwrap_or_default();
            assert!(ROOMS[..i].iter().any(|r| r.name == other), "`{}` uses `{part}`, which is not above it", room.name);
        }
    }
}

#[test]
fn every_module_says_what_it_is() {
    refuse(sources().iter().flat_map(module_doc).collect());
}

#[test]
fn docs_are_demanded_and_unsafe_is_refused() {
    refuse(lints(&read(&root().join("Cargo.toml"))));
}

#[test]
fn nothing_unwraps() {
    refuse(sources().iter().flat_map(unwraps).collect());
}

#[test]
fn nothing_prints() {
    refuse(sources().iter().flat_map(printing).collect());
}

#[test]
fn nothing_is_unfinished() {
    refuse(sources().iter().flat_map(unfinished).collect());
}

#[test]
fn no_test_is_ignored() {
    refuse(sources().iter().flat_map(ignored).collect());
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    refuse(sources().iter().flat_map(silenced).collect());
}

#[test]
fn no_file_is_too_long() {
    refuse(sources().iter().flat_map(length).collect());
}

#[test]
fn every_pin_has_a_reason() {
    refuse(pins(&read(&root().join("Cargo.toml"))));
}

#[test]
fn the_top_level_is_as_fixed() {
    // What git tracks; in an unpacked archive, what lies there.
    let git = Command::new("git").arg("-C").arg(root()).args(["ls-files", "-z"]).output();
    let tracked = git.ok().filter(|o| o.status.success()).map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    let entries: HashSet<String> = match tracked {
        Some(list) => {
            list.split('\0').filter_map(|p| p.split('/').next()).filter(|e| !e.is_empty()).map(Into::into).collect()
        }
        None => {
            let all = std::fs::read_dir(root()).expect("the root").flatten();
            all.map(|e| e.file_name().to_string_lossy().into_owned()).filter(|e| e != "target").collect()
        }
    };
    assert!(entries.contains("services"), "the top level was not found");
    refuse(top_level(&entries));
}
