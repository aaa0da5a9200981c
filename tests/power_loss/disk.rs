//! A disk under a folder, as a trace changes it, and what a power cut may leave of it.
//!
//! The model is the least that POSIX and a drive that honours its flush promise, and harsher than ext4, XFS or btrfs:
//!
//! - **Data.** What was written to a file before an fsync or fdatasync of it began is there once that call has ended.
//!   Of everything else each sector (512 or 4096 bytes, by the cut) is as it was after any number of its own writes, each
//!   sector for itself: writes are lost, kept, torn at sectors and reordered. Within a sector they keep their order, since
//!   the page cache holds the sum of them. `sync_file_range` promises nothing: it flushes no drive and no size.
//! - **Size.** Grows with what is kept; or to what it was at the cut, zeros where no data came. A truncation is lost or
//!   kept like a write.
//! - **Names.** A file made, renamed or removed, a folder made or removed: lost or kept until an fsync of the *folder*,
//!   each for itself, but for two that touch the same name, which keep their order. A rename is whole or not at all. An
//!   fsync of a file says nothing of its name.
//! - A call that has begun and not ended may have done its work or part of it.

use super::trace::Call;
use crate::log_common::Rng;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::rc::Rc;

/// A change that no sync covers yet, and when its call ended.
struct Pending<T> {
    ended: usize,
    change: T,
}

#[derive(Clone)]
enum Data {
    Write { at: u64, bytes: Rc<[u8]> },
    Size(u64),
}

#[derive(Clone)]
enum Name {
    Bind(String, usize),
    Unbind(String),
    Rename(String, String),
}

enum Node {
    File { now: Vec<u8>, durable: Vec<u8>, pending: Vec<Pending<Data>> },
    Folder { now: Names, durable: Names, pending: Vec<Pending<Name>> },
}

type Names = BTreeMap<String, usize>;

/// The disk below `base`, moved along a trace.
pub struct Disk<'a> {
    base: String,
    calls: &'a [Call],
    next: usize,
    nodes: Vec<Node>,
    /// Where each descriptor stands in its file.
    offsets: HashMap<u64, u64>,
    /// Syncs under way: when they ended and began, and of what.
    syncs: Vec<(usize, usize, usize)>,
}

/// How much of what is not durable is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// Everything.
    All,
    /// By chance, file by file and sector by sector.
    Some,
}

fn apply(file: &mut Vec<u8>, data: &Data) {
    match data {
        Data::Size(size) => file.resize(*size as usize, 0),
        Data::Write { at, bytes } => put(file, *at as usize, bytes),
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if file.len() < at + bytes.len() {
        file.resize(at + bytes.len(), 0);
    }
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

fn rename(names: &mut Names, name: &Name) {
    match name {
        Name::Bind(name, node) => {
            names.insert(name.clone(), *node);
        }
        Name::Unbind(name) => {
            names.remove(name);
        }
        Name::Rename(from, to) => {
            // An independent loss of the source's own making leaves nothing to rename.
            if let Some(node) = names.remove(from) {
                names.insert(to.clone(), node);
            }
        }
    }
}

fn folder() -> Node {
    Node::Folder { now: Names::new(), durable: Names::new(), pending: Vec::new() }
}

fn inside(base: &str, path: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl<'a> Disk<'a> {
    /// An empty folder before the first call.
    pub fn new(base: &Path, calls: &'a [Call]) -> Self {
        let base = base.to_str().unwrap().to_owned();
        Self { base, calls, next: 0, nodes: vec![folder()], offsets: HashMap::new(), syncs: Vec::new() }
    }

    /// Moves on to the moment before `line`.
    pub fn advance(&mut self, line: usize) {
        while let Some(call) = self.calls.get(self.next).filter(|call| call.began < line) {
            self.settle(call.began);
            self.begin(call);
            self.next += 1;
        }
        self.settle(line);
    }

    /// Takes note of the syncs that ended before `line`.
    fn settle(&mut self, line: usize) {
        let done = self.syncs.extract_if(.., |(ended, ..)| *ended < line).collect::<Vec<_>>();
        for (_, began, node) in done {
            match &mut self.nodes[node] {
                Node::File { durable, pending, .. } => {
                    let covered = pending.extract_if(.., |pending| pending.ended < began);
                    covered.for_each(|pending| apply(durable, &pending.change));
                }
                Node::Folder { durable, pending, .. } => {
                    let covered = pending.extract_if(.., |pending| pending.ended < began);
                    covered.for_each(|pending| rename(durable, &pending.change));
                }
            }
        }
    }

    fn find(&self, path: &str) -> Option<usize> {
        let mut node = 0;
        for name in path.strip_prefix(&self.base)?.split('/').filter(|name| !name.is_empty()) {
            let Node::Folder { now, .. } = &self.nodes[node] else { return None };
            node = *now.get(name)?;
        }
        Some(node)
    }

    fn found(&self, path: &str, call: &Call) -> usize {
        self.find(path).unwrap_or_else(|| panic!("line {}: {} of {path}, which nobody made", call.began, call.name))
    }

    fn name(&mut self, path: &str, call: &Call, change: impl FnOnce(String) -> Name) {
        let (parent, name) = path.trim_end_matches('/').rsplit_once('/').unwrap();
        let parent = self.found(parent, call);
        let Node::Folder { now, pending, .. } = &mut self.nodes[parent] else { panic!("{path} in a file") };
        let change = change(name.to_owned());
        rename(now, &change);
        pending.push(Pending { ended: call.ended, change });
    }

    fn data(&mut self, path: &str, call: &Call, change: Data) {
        // A file without a name can't come back.
        if path.ends_with(" (deleted)") {
            return;
        }
        let node = self.found(path, call);
        let Node::File { now, pending, .. } = &mut self.nodes[node] else { panic!("{path} is a folder") };
        apply(now, &change);
        pending.push(Pending { ended: call.ended, change });
    }

    fn make(&mut self, path: &str, call: &Call, node: Node) {
        let number = self.nodes.len();
        self.nodes.push(node);
        self.name(path, call, |name| Name::Bind(name, number));
    }

    fn begin(&mut self, call: &Call) {
        let base = self.base.clone();
        let ours = |path: Option<String>| path.filter(|path| inside(&base, path));
        let file = ours(call.descriptor(0).map(|(_, path)| path));
        let number = call.descriptor(0).map_or(u64::MAX, |(number, _)| number);
        match call.name.as_str() {
            "openat" => {
                self.offsets.insert(call.result, 0);
                if let Some(path) = ours(call.path(1)) {
                    self.open(&path, call);
                }
            }
            "lseek" => {
                self.offsets.insert(number, call.result);
            }
            "write" => {
                let at = self.moved(number, call.bytes.len() as u64);
                if let Some(path) = file {
                    self.data(&path, call, Data::Write { at, bytes: call.bytes.as_slice().into() });
                }
            }
            "pwrite64" => {
                if let Some(path) = file {
                    let at = call.number(call.fields.len() - 1).unwrap();
                    self.data(&path, call, Data::Write { at, bytes: call.bytes.as_slice().into() });
                }
            }
            "copy_file_range" => {
                let (from, to) = (call.descriptor(0).unwrap(), call.descriptor(2).unwrap());
                self.copy(call, from, call.number(1), to, call.number(3));
            }
            "ftruncate" => {
                if let Some(path) = file {
                    self.data(&path, call, Data::Size(call.number(1).unwrap()));
                }
            }
            "fsync" | "fdatasync" => {
                if let Some(path) = file.filter(|path| !path.ends_with(" (deleted)")) {
                    self.syncs.push((call.ended, call.began, self.found(&path, call)));
                }
            }
            "rename" => {
                if let Some((from, to)) = ours(call.path(0)).zip(call.path(1)) {
                    let (parent, to) = to.rsplit_once('/').unwrap();
                    assert_eq!(from.rsplit_once('/').unwrap().0, parent, "a rename from one folder to another");
                    self.name(&from, call, |from| Name::Rename(from, to.to_owned()));
                }
            }
            "unlink" | "rmdir" => {
                if let Some(path) = ours(call.path(0)) {
                    self.name(&path, call, Name::Unbind);
                }
            }
            "unlinkat" => {
                if let Some(path) = ours(call.path(1)) {
                    self.name(&path, call, Name::Unbind);
                }
            }
            "mkdir" => {
                if let Some(path) = ours(call.path(0)) {
                    self.make(&path, call, folder());
                }
            }
            "mmap" => {
                let mapped = ours(call.descriptor(4).map(|(_, path)| path));
                assert!(mapped.is_none(), "line {}: a file of the folder is mapped: not in the model", call.began);
            }
            // A promise about nothing but the drive's own cache; see above.
            "sync_file_range" => {}
            // To sockets.
            "writev" | "sendto" | "sendmsg" => assert!(file.is_none(), "line {}: {}", call.began, call.name),
            other => {
                let touched = call.fields.iter().any(|field| field.contains(&escaped(&self.base)));
                assert!(!touched, "line {}: `{other}` on the folder is not in the model", call.began);
            }
        }
    }

    fn open(&mut self, path: &str, call: &Call) {
        let flags = call.fields.get(2).map_or("", String::as_str);
        assert!(!flags.contains("O_APPEND"), "{path}: appending is not in the model");
        if self.find(path).is_none() {
            assert!(flags.contains("O_CREAT"), "line {}: {path} is opened, and nobody made it", call.began);
            let node = Node::File { now: Vec::new(), durable: Vec::new(), pending: Vec::new() };
            self.make(path, call, node);
        } else if flags.contains("O_TRUNC") {
            self.data(path, call, Data::Size(0));
        }
    }

    /// Where a descriptor stood, moved on by `length`.
    fn moved(&mut self, descriptor: u64, length: u64) -> u64 {
        let offset = self.offsets.entry(descriptor).or_default();
        *offset += length;
        *offset - length
    }

    fn copy(&mut self, call: &Call, from: (u64, String), start: Option<u64>, to: (u64, String), at: Option<u64>) {
        let start = start.unwrap_or_else(|| self.moved(from.0, call.result)) as usize;
        let at = at.unwrap_or_else(|| self.moved(to.0, call.result));
        if !inside(&self.base, &to.1) || call.result == 0 {
            return;
        }
        let Node::File { now, .. } = &self.nodes[self.found(&from.1, call)] else { panic!("{} is a folder", from.1) };
        let bytes = now[start..start + call.result as usize].into();
        self.data(&to.1, call, Data::Write { at, bytes });
    }

    /// Writes to `target` what a power cut may leave.
    pub fn cut(&self, target: &Path, keep: Keep, rng: &mut Rng) {
        let sector = if rng.below(2) == 0 { 512 } else { 4096 };
        self.leave(0, target, keep, sector, rng);
    }

    fn leave(&self, node: usize, target: &Path, keep: Keep, sector: usize, rng: &mut Rng) {
        match &self.nodes[node] {
            Node::File { durable, pending, .. } => {
                fs::write(target, left(durable, pending, keep, sector, rng)).unwrap()
            }
            Node::Folder { durable, pending, .. } => {
                fs::create_dir_all(target).unwrap();
                for (name, node) in names_left(durable, pending, keep, rng) {
                    self.leave(node, &target.join(name), keep, sector, rng);
                }
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// Stands for the size where sectors are counted.
const SIZE: usize = usize::MAX;

/// The sectors that a change touches.
fn sectors(change: &Data, sector: usize) -> std::ops::RangeInclusive<usize> {
    match change {
        Data::Size(_) => SIZE..=SIZE,
        Data::Write { at, bytes } => *at as usize / sector..=(*at as usize + bytes.len().max(1) - 1) / sector,
    }
}

/// The content of a file after a cut.
fn left(durable: &[u8], pending: &[Pending<Data>], keep: Keep, sector: usize, rng: &mut Rng) -> Vec<u8> {
    let mut file = durable.to_vec();
    let count = pending.len() as u64;
    // Of each sector, how many of the pending writes came before what the drive holds of it.
    let all = rng.below(count + 1);
    let from = rng.below(3);
    let border = pending.last().map_or(0, |last| match &last.change {
        Data::Write { at, bytes } => *at as usize / sector + rng.below((bytes.len() / sector) as u64 + 2) as usize,
        Data::Size(_) => 0,
    });
    let style = rng.below(8);
    let one = rng.below(count + 1);
    let mut stops: HashMap<usize, u64> = HashMap::new();
    if keep == Keep::Some && style >= 5 {
        // Whole writes, by chance, or one alone is kept or lost: what stands in a sector is the sum up to the last one kept.
        for (nth, pending) in (0..).zip(pending) {
            let kept = match style {
                5 => rng.below(2) == 0,
                6 => nth == one,
                _ => nth != one,
            };
            if kept {
                stops.extend(sectors(&pending.change, sector).map(|sector| (sector, nth + 1)));
            }
        }
    }
    let mut chance = |sector: usize| match (keep, style) {
        (Keep::Nothing, _) | (Keep::Some, 0 | 5..) => 0,
        (Keep::All, _) | (Keep::Some, 1) => count,
        // All up to some moment.
        (Keep::Some, 2) => all,
        // The last one torn in two, one part of it lost.
        (Keep::Some, 3) => count - u64::from((sector < border) == (from == 0)),
        // Sector by sector.
        (Keep::Some, 4) => rng.below(count + 1),
    };
    let mut size = durable.len();
    for (nth, pending) in (0..).zip(pending) {
        match &pending.change {
            Data::Size(to) => {
                size = *to as usize;
                if nth < *stops.entry(SIZE).or_insert_with(|| chance(0)) {
                    apply(&mut file, &pending.change);
                }
            }
            Data::Write { at, bytes } => {
                let (at, end) = (*at as usize, *at as usize + bytes.len());
                size = size.max(end);
                let mut from = at;
                while from < end {
                    let to = end.min((from / sector + 1) * sector);
                    if nth < *stops.entry(from / sector).or_insert_with(|| chance(from / sector)) {
                        put(&mut file, from, &bytes[from - at..to - at]);
                    }
                    from = to;
                }
            }
        }
    }
    if keep == Keep::Some && rng.below(4) == 0 && size > file.len() {
        file.resize(size, 0);
    }
    file
}

/// The names in a folder after a cut.
fn names_left(durable: &Names, pending: &[Pending<Name>], keep: Keep, rng: &mut Rng) -> Names {
    let mut names = durable.clone();
    let style = rng.below(3);
    let first = rng.below(pending.len() as u64 + 1);
    let mut lost: HashSet<&str> = HashSet::new();
    for (nth, pending) in (0..).zip(pending) {
        let touched: Vec<&str> = match &pending.change {
            Name::Bind(name, _) | Name::Unbind(name) => vec![name],
            Name::Rename(from, to) => vec![from, to],
        };
        let chosen = match (keep, style) {
            (Keep::Nothing, _) => false,
            (Keep::All, _) => true,
            // A journal's order.
            (Keep::Some, 0) => nth < first,
            (Keep::Some, _) => rng.below(2) == 0,
        };
        if chosen && !touched.iter().any(|name| lost.contains(name)) {
            rename(&mut names, &pending.change);
        } else {
            lost.extend(touched);
        }
    }
    names
}
