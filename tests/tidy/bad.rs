//! Each rule of tidy against what it must refuse and what it must let pass: a tidy that can't fail is worth nothing.

use super::*;

fn service(room_file: &str, text: &str) -> Source {
    Source::new(&format!("services/{room_file}"), text)
}

/// The lines that a rule refuses.
fn lines(faults: Vec<Fault>) -> Vec<usize> {
    let line = |f: &Fault| f.split(':').nth(1).and_then(|l| l.parse().ok());
    faults.iter().map(|f| line(f).unwrap_or_else(|| panic!("no line in {f}"))).collect()
}

#[track_caller]
fn layers_refuse(room_file: &str, text: &str, expected: &[usize]) {
    let door = "pub mod codec;\npub mod commit;\npub use codec::decode;\npub use commit::{ChainError, Head};\n";
    let doors = doors(&[service("journal/mod.rs", door)]);
    assert_eq!(lines(layers(&service(room_file, text), &doors)), expected, "{text}");
}

#[test]
fn layers_between_rooms() {
    layers_refuse("domain/firm.rs", "use crate::domain::Day;\nuse crate::policy::Scheme;", &[2]);
    layers_refuse("policy/mod.rs", "use crate::{domain::Day, log::EventLog};", &[1]);
    layers_refuse("grpc/firm.rs", "fn f() { let x = crate::log::open(); }", &[1]);
    layers_refuse("ctl/mod.rs", "use crate::{\n    wire::v1,\n    engine::Engine,\n};", &[3]);
    layers_refuse("bin/x.rs", "use incubator_registry::engine::Engine;\nuse incubator_registry::nowhere::X;", &[2]);
    layers_refuse("domain/mod.rs", "impl From<crate::log::X> for Y {}", &[1]);
}

#[test]
fn layers_know_parts_of_rooms_and_what_doors_re_export() {
    layers_refuse(
        "journal/codec.rs",
        "use crate::wire::journal as stored;\nuse crate::wire::v1;\nuse crate::wire;",
        &[2, 3],
    );
    layers_refuse("journal/codec.rs", "use crate::wire::{journal::Event, v1::Firm};", &[1]);
    layers_refuse("log/mod.rs", "use crate::journal::{Head, commit::Commit};\nuse crate::journal::decode;", &[2]);
    layers_refuse("log/mod.rs", "use crate::journal::codec;\nuse crate::journal::*;", &[1, 2]);
    layers_refuse("log/sled/mod.rs", "use crate::log::EventLog;", &[]);
}

#[test]
fn layers_follow_super_out_of_the_room() {
    layers_refuse("domain/firm/mod.rs", "use super::super::log::X;\nuse super::Day;", &[1]);
    layers_refuse("domain/firm/state.rs", "use super::super::super::log::X;\nuse super::super::Day;", &[1]);
    layers_refuse(
        "domain/firm.rs",
        "mod inner {\n    use super::super::Day;\n    use super::super::super::log::X;\n}",
        &[3],
    );
}

#[test]
fn layers_know_no_way_round() {
    layers_refuse("domain/mod.rs", "use crate as all;", &[1]);
    layers_refuse("domain/mod.rs", "use crate::*;", &[1]);
    layers_refuse("domain/mod.rs", "use crate::{self as all};", &[1]);
    layers_refuse("cellar/mod.rs", "", &[1]);
}

#[test]
fn layers_and_other_crates() {
    layers_refuse("domain/mod.rs", "use jiff::civil::Date;\nuse std::time::Instant;", &[2]);
    layers_refuse("domain/mod.rs", "use std::{\n    fmt,\n    time::Instant,\n};", &[3]);
    layers_refuse("policy/mod.rs", "#[derive(Debug, serde::Serialize)]\nstruct X;", &[1]);
    layers_refuse("domain/mod.rs", "fn f() { tracing::info!(\"x\"); }", &[1]);
    layers_refuse("domain/mod.rs", "fn f() -> Zoned { jiff::Zoned::now() }\nfn g() { Zoned::now(); now(); }", &[1, 2]);
    layers_refuse("grpc/mod.rs", "use ::sled::Db;\nuse tonic::Status;", &[1]);
    layers_refuse("log/mod.rs", "use sled::Db;\nuse tonic::Status;", &[2]);
    layers_refuse("journal/mod.rs", "use prost::Message;\nuse tokio as t;", &[2]);
}

#[test]
fn layers_overlook_comments_strings_and_tests() {
    layers_refuse(
        "domain/mod.rs",
        "// crate::log::X\n/* tokio::x /* sled::x */ */\nconst A: &str = \"crate::log::X\";",
        &[],
    );
    layers_refuse("domain/mod.rs", "const A: &str = r#\"\" crate::log::X\"#;\nuse crate::log::X;", &[2]);
    layers_refuse(
        "domain/mod.rs",
        "fn f<'a>(c: char) { c == '\"'; c == '\\''; }\nuse crate::log::X;\nconst Q: char = '\"';",
        &[2],
    );
    layers_refuse("domain/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::log::X;\n}\nuse crate::log::X;", &[5]);
    layers_refuse("domain/mod.rs", "#[cfg(not(test))]\nmod x {\n    use crate::log::X;\n}", &[3]);
}

#[test]
fn module_docs() {
    assert_eq!(lines(module_doc(&service("domain/a.rs", "use x;\n//! Late."))), [1]);
    assert_eq!(lines(module_doc(&service("domain/a.rs", "//!\nuse x;"))), [1]);
    assert_eq!(lines(module_doc(&service("domain/a.rs", ""))), [1]);
    assert_eq!(lines(module_doc(&service("domain/a.rs", "//! Days and months."))), []);
}

#[test]
fn unwraps_are_found() {
    let text =
        "fn f() {\n    a.unwrap();\n    b.map(Option::unwrap);\n    c.unwrap_or(1);\n}\n/// x.unwrap()\nfn unwrap() {}";
    assert_eq!(lines(unwraps(&service("domain/a.rs", text))), [2, 3]);
    assert_eq!(lines(unwraps(&service("bin/a.rs", text))), []);
    assert_eq!(lines(unwraps(&Source::new("tests/a.rs", text))), []);
    let text = "#[cfg(test)]\n#[rustfmt::skip]\nmod tests { fn f() { a.unwrap(); } }\n#[test]\nfn t() { a.unwrap(); }\nfn f() { a\n.unwrap(); }";
    assert_eq!(lines(unwraps(&service("domain/a.rs", text))), [7]);
}

#[test]
fn test_modules_in_files_of_their_own_are_tests() {
    let mut all = [
        service("log/sled.rs", "#[cfg(test)]\nmod tests;\nmod witness;"),
        service("log/sled/tests.rs", "fn f() { a.unwrap(); }"),
        service("log/sled/tests/more.rs", "fn f() { a.unwrap(); }"),
        service("log/sled/witness.rs", "fn f() { a.unwrap(); }"),
    ];
    mark_test_files(&mut all);
    let faults: Vec<_> = all.iter().flat_map(unwraps).collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("services/log/sled/witness.rs:1:"));
}

#[test]
fn printing_is_found() {
    let text = "fn f() {\n    println!(\"x\");\n    eprint!(\"x\");\n    writeln!(out, \"println!\");\n}";
    assert_eq!(lines(printing(&service("ctl/a.rs", text))), [2, 3]);
    assert_eq!(lines(printing(&service("bin/a.rs", text))), []);
}

#[test]
fn unfinished_work_is_found_in_tests_too() {
    let text = "fn f() { todo!() }\n#[cfg(test)]\nmod tests { fn g() { dbg!(1); } }\nfn h() { unimplemented!() }";
    assert_eq!(lines(unfinished(&service("domain/a.rs", text))), [1, 3, 4]);
}

#[test]
fn ignored_tests_are_found() {
    let text = "#[test]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\nfn b() {}\n#[cfg_attr(debug, ignore)]\nfn c() {}\nfn ignore() {}";
    assert_eq!(lines(ignored(&Source::new("tests/a.rs", text))), [3, 5, 7]);
}

#[test]
fn silenced_lints_need_a_reason() {
    let text = "#[allow(dead_code)]\nstruct A;\n#[allow(dead_code)] // Because.\nstruct B;\n#[expect(x, reason = \"y\")]\nstruct C;\n\
                #![allow(x)]\n#[cfg_attr(a, allow(x))]\n#[allow(x)] /// A doc is no reason.\nstruct D;";
    assert_eq!(lines(silenced(&service("domain/a.rs", text))), [1, 7, 8, 9]);
}

#[test]
fn long_files_are_found() {
    assert_eq!(lines(length(&service("domain/a.rs", &"\n".repeat(LINES_MAX)))), []);
    assert_eq!(lines(length(&service("domain/a.rs", &"\n".repeat(LINES_MAX + 1)))), [LINES_MAX + 1]);
}

#[test]
fn bare_pins_are_found() {
    assert_eq!(lines(pins("# Why.\na = \"=1.0.0\"\nb = { version = \"=2.0.0\" }\nc = \"1\"\n")), [3]);
}

#[test]
fn missing_lints_are_found() {
    assert_eq!(lints("[lib]\n\n[lints.rust]\nmissing_docs = \"warn\"\nunsafe_code = \"forbid\"\n").len(), 0);
    assert_eq!(lints("[lib]\n\n[lints.rust]\nmissing_docs = \"allow\"\n").len(), 2);
    assert_eq!(lints("[lib]\n").len(), 2);
}

#[test]
fn strangers_at_the_top_level_are_found() {
    let entries = ["services", "src", "Cargo.toml"].map(String::from).into();
    assert_eq!(top_level(&entries), ["src:1: not among the entries of the top level"]);
}
