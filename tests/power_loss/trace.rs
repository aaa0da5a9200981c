//! A process's system calls on files and sockets, recorded by strace and read back whole: every byte that was written,
//! and the lines of the trace at which a call began and ended, which is all that is known of the order of things.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// More than any single write.
const BYTES_SHOWN: &str = "33554432";

/// What may change a file or a folder, make a change durable, or tell somebody. Those that the model of the disk does
/// not know are traced all the same, so that it can refuse them.
const WATCHED: &str = "trace=open,openat,creat,lseek,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,copy_file_range,\
    sendfile,splice,truncate,ftruncate,fallocate,mmap,msync,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,\
    link,linkat,symlink,symlinkat,fsync,fdatasync,sync_file_range,sync,syncfs,io_uring_setup,io_submit";

/// One system call that succeeded.
pub struct Call {
    /// Its name.
    pub name: String,
    /// Its arguments as strace wrote them.
    pub fields: Vec<String>,
    /// The bytes of its strings, one after the other; of a write, those it took.
    pub bytes: Vec<u8>,
    /// What it answered.
    pub result: u64,
    /// Line at which it began.
    pub began: usize,
    /// Line at which it ended.
    pub ended: usize,
}

impl Call {
    /// Number and path (or connection) of a descriptor among its arguments.
    pub fn descriptor(&self, field: usize) -> Option<(u64, String)> {
        let (number, name) = self.fields.get(field)?.split_once('<')?;
        let name = name.strip_suffix('>').unwrap_or(name);
        Some((number.parse().unwrap_or(u64::MAX), String::from_utf8_lossy(&unescaped(name.as_bytes())).into_owned()))
    }

    /// A path among its arguments, from the folder that the argument before it names.
    pub fn path(&self, field: usize) -> Option<String> {
        let quoted = self.fields.get(field)?.strip_prefix('"')?;
        let path = String::from_utf8_lossy(&unescaped(quoted.trim_end_matches('"').as_bytes())).into_owned();
        if path.starts_with('/') || field == 0 {
            return Some(path);
        }
        let (_, folder) = self.descriptor(field - 1)?;
        Some(format!("{folder}/{path}"))
    }

    /// A number among its arguments; none where it is NULL.
    pub fn number(&self, field: usize) -> Option<u64> {
        self.fields.get(field)?.trim_matches(['[', ']']).parse().ok()
    }
}

/// A command line that runs another under strace.
pub fn traced(trace: &Path, program: &str) -> Command {
    let missing = "this test needs strace (apt-get install strace; tests/run installs it): it can't be shown otherwise";
    let version = Command::new("strace").arg("--version").stdout(Stdio::null()).status().expect(missing);
    assert!(version.success(), "{missing}");
    let mut command = Command::new("strace");
    command.args(["-f", "-yy", "-xx", "-s", BYTES_SHOWN, "-e", WATCHED, "-o"]).arg(trace).arg(program);
    command
}

/// The calls of a trace in the order in which they began, their lines counted from `first`; and the line after the last.
pub fn read(trace: &Path, first: usize) -> (Vec<Call>, usize) {
    let text = std::fs::read(trace).unwrap();
    let mut open: HashMap<&[u8], (&[u8], usize)> = HashMap::new();
    let mut calls = Vec::new();
    let mut at = first;
    for line in text.split(|byte| *byte == b'\n') {
        at += 1;
        let Some(space) = line.iter().position(|byte| *byte == b' ') else { continue };
        let (process, text) = (&line[..space], line[space..].trim_ascii_start());
        if let Some(begun) = text.strip_suffix(b"<unfinished ...>") {
            open.insert(process, (begun, at));
        } else if text.starts_with(b"<... ") {
            let (begun, began) = open.remove(process).unwrap();
            let resumed = text.windows(9).position(|part| part == b" resumed>").unwrap();
            let whole = [begun.trim_ascii_end(), &text[resumed + 9..]].concat();
            calls.extend(call(&whole, began, at));
        } else {
            calls.extend(call(text, at, at));
        }
    }
    // Killed in the middle of a call: what it did is not known, so it may have been done.
    for (_, (begun, began)) in open {
        let killed = [begun.trim_ascii_end(), b") = 0"].concat();
        if begun.starts_with(b"pwrite64") || begun.starts_with(b"write(") {
            calls.extend(call(&killed, began, at));
        }
    }
    calls.sort_by_key(|call| call.began);
    (calls, at)
}

fn call(text: &[u8], began: usize, ended: usize) -> Option<Call> {
    let open = text.iter().position(|byte| *byte == b'(')?;
    let name = String::from_utf8_lossy(&text[..open]).into_owned();
    let equals = text.windows(3).rposition(|part| part == b" = ")?;
    let answer = String::from_utf8_lossy(&text[equals + 3..]).into_owned();
    if answer.starts_with(['-', '?']) {
        return None;
    }
    let arguments = text[open + 1..equals].trim_ascii_end();
    let arguments = arguments.strip_suffix(b")").unwrap_or(arguments);
    let number: String = answer.chars().take_while(char::is_ascii_digit).collect();
    let result = number.parse().unwrap_or(0);
    let (mut fields, mut bytes) = (Vec::new(), Vec::new());
    let writes = name.contains("write") || name.starts_with("send");
    for (nth, part) in arguments.split(|byte| *byte == b'"').enumerate() {
        let string = nth % 2 == 1;
        assert!(!(nth > 0 && !string && part.starts_with(b"...")), "{name}: strace cut a string");
        if string && writes {
            bytes.extend(unescaped(part));
        }
    }
    if writes {
        bytes.truncate(if ended > began && result == 0 { bytes.len() } else { result as usize });
        fields.extend(arguments.split(|byte| *byte == b',').next().map(lossy));
        let after = arguments.iter().rposition(|byte| *byte == b'"').map_or(0, |quote| quote + 1);
        fields.extend(lossy(&arguments[after..]).split(", ").skip(1).map(str::to_owned));
    } else {
        fields.extend(lossy(arguments).split(", ").map(str::to_owned));
    }
    Some(Call { name, fields, bytes, result, began, ended })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The bytes of `\x2f\x74…`; what is not escaped stays.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        match tail {
            [b'x', high, low, tail @ ..] if *first == b'\\' => {
                bytes.push(digit(*high).unwrap() << 4 | digit(*low).unwrap());
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}
