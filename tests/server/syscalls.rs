//! That the server answers only when the answer's events are on the drive can't be seen by a client. The system calls of
//! the real server are watched under strace instead, and its sockets read as HTTP/2: between a request read whole and the
//! first frame of its answer there must be a write to sled's file and, begun after it and done, a sync of that file.

use crate::common_server::ledgers::talk;
use crate::common_server::{Client, DISTRICT, Incubatord, carrier, code, registration, signal};
use incubator_registry::wire::v1;
use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const COMMANDS: u64 = 20;
const MESSAGES: u64 = 10;

/// One system call: its name, what its descriptor is, its bytes, and the lines of the trace at which it began and ended.
struct Call {
    name: String,
    file: String,
    bytes: Vec<u8>,
    began: usize,
    ended: usize,
}

/// Puts the halves of interrupted calls together; leaves out those that failed.
fn calls(trace: &str) -> Vec<Call> {
    let mut open: HashMap<&str, (String, usize)> = HashMap::new();
    let mut out = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((pid, text)) = line.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(begun) = text.strip_suffix("<unfinished ...>") {
            open.insert(pid, (begun.to_owned(), at));
        } else if let Some((_, rest)) = text.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            if let Some((begun, began)) = open.remove(pid) {
                out.extend(call(&format!("{begun}{rest}"), began, at));
            }
        } else {
            out.extend(call(text, at, at));
        }
    }
    out
}

fn call(text: &str, began: usize, ended: usize) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let (descriptor, arguments) = arguments.split_once(">, ").or_else(|| arguments.rsplit_once('>'))?;
    let (_, file) = descriptor.split_once('<')?;
    let mut bytes: Vec<u8> = quoted(arguments).flat_map(unescaped).collect();
    // A read or write says how much of what it was given it took.
    if let Ok(length) = result.split(' ').next()?.parse::<usize>() {
        bytes.truncate(length);
    }
    let file = String::from_utf8_lossy(&unescaped(file)).into_owned();
    Some(Call { name: name.to_owned(), file, bytes, began, ended })
}

/// Every string of the arguments; with `-xx` nothing in one is a quote.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// The bytes of `\x2f\x74…`; what is not escaped stays.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'\\' && tail.first() == Some(&b'x')).then(|| tail.get(1..3)).flatten();
        let byte = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &rest[4..] } else { tail };
    }
    bytes
}

/// Frames of HTTP/2 in one direction of a connection.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    preface: bool,
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;

/// Type, flags, stream and length of a frame.
type Frame = (u8, u8, u32, usize);

impl Frames {
    /// The frames that these bytes complete.
    fn take(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.bytes.extend(bytes);
        if self.preface {
            if self.bytes.len() < PREFACE.len() {
                return Vec::new();
            }
            assert!(self.bytes.starts_with(PREFACE), "the server reads something else than HTTP/2");
            self.bytes.drain(..PREFACE.len());
            self.preface = false;
        }
        let mut frames = Vec::new();
        while let [a, b, c, kind, flags, s, t, u, v, ..] = self.bytes[..] {
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            if self.bytes.len() < 9 + length {
                break;
            }
            frames.push((kind, flags, u32::from_be_bytes([s & 0x7f, t, u, v]), length));
            self.bytes.drain(..9 + length);
        }
        frames
    }
}

/// A message that came in whole, or a frame of an answer that went out, by the call that did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Asked { stream: u32, call: usize },
    Said { stream: u32, call: usize, kind: u8 },
}

fn reads(call: &Call) -> bool {
    call.name.starts_with("re")
}

/// What passed over the connections of the client, in order.
fn steps(calls: &[Call], port: &str) -> Vec<Step> {
    let mut connections: HashMap<&str, (Frames, Frames)> = HashMap::new();
    let mut steps = Vec::new();
    let ours = |call: &Call| call.file.starts_with("TCP") && call.file.contains(port) && !call.bytes.is_empty();
    let mut passed: Vec<(usize, &Call)> = calls.iter().enumerate().filter(|(_, call)| ours(call)).collect();
    // A request is there when its read ends, an answer may be when its write begins: the client can be faster than the
    // trace.
    passed.sort_by_key(|(_, call)| if reads(call) { call.ended } else { call.began });
    for (at, call) in passed {
        let fresh = || (Frames { preface: true, ..Frames::default() }, Frames::default());
        let (read, written) = connections.entry(&call.file).or_insert_with(fresh);
        if reads(call) {
            let whole = read.take(&call.bytes).into_iter().filter(|frame| frame.0 == DATA && frame.3 > 0);
            steps.extend(whole.map(|frame| Step::Asked { stream: frame.2, call: at }));
        } else {
            let said = written.take(&call.bytes).into_iter().filter(|frame| matches!(frame.0, DATA | HEADERS));
            steps.extend(said.map(|frame| Step::Said { stream: frame.2, call: at, kind: frame.0 }));
        }
    }
    steps
}

/// How many answers were given, each behind a write and a sync of sled's file that began after its request was read.
/// With `headers` the whole answer counts, else its messages only: those of a stream begin before there is any answer.
fn synced(calls: &[Call], steps: &[Step], streams: &[u32], headers: bool) -> u64 {
    let mut answers = 0;
    let mut asked: HashMap<u32, usize> = HashMap::new();
    for step in steps {
        match *step {
            Step::Asked { stream, call } if streams.contains(&stream) => {
                asked.insert(stream, call);
            }
            Step::Said { stream, call, kind } if kind == DATA || headers => {
                let Some(read) = asked.remove(&stream) else { continue };
                let (after, before) = (calls[read].ended, calls[call].began);
                let within =
                    |call: &&Call| call.file.ends_with("/sled/db") && call.began > after && call.ended < before;
                let within: Vec<&Call> = calls.iter().filter(within).collect();
                let written = within.iter().filter(|call| call.name.contains("write")).map(|call| call.ended).max();
                let written = written.unwrap_or_else(|| panic!("stream {stream}: answered without a write"));
                let synced = within.iter().any(|call| call.name.ends_with("sync") && call.began > written);
                assert!(synced, "stream {stream}: answered without a sync of what was written");
                answers += 1;
            }
            _ => {}
        }
    }
    answers
}

fn traced(data: &Path, trace: &Path) -> Incubatord {
    let missing = "this test needs strace (apt-get install strace; tests/run installs it): it can't be shown otherwise";
    let version = Command::new("strace").arg("--version").stdout(Stdio::null()).status().expect(missing);
    assert!(version.success(), "{missing}");
    let mut command = Command::new("strace");
    let watched = "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,fdatasync,fsync";
    command.args(["-f", "-yy", "-xx", "-s", "65536", "-e", watched, "-o"]).arg(trace);
    command.arg(env!("CARGO_BIN_EXE_incubatord")).args(["--listen", "127.0.0.1:0", "--data"]).arg(data);
    Incubatord::spawn({
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    })
}

/// The server below strace.
fn child(pid: u32) -> u32 {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.split_whitespace().next().unwrap().parse().unwrap()
}

/// Commands one after the other.
async fn commands(client: &Client) {
    client.incubators().register_incubator(carrier(DISTRICT, "W1")).await.unwrap();
    for number in 1..COMMANDS {
        client.firms().register_firm(registration(DISTRICT, number)).await.unwrap();
    }
}

/// Messages of one import, each sent when the one before was answered.
async fn messages(client: &Client) {
    let mut talk = talk(client).await.unwrap();
    let send = talk.send.take().unwrap();
    for message in 0..MESSAGES {
        let row = |n: u64| {
            let firm_code = code(1_000_000 + message * 10 + n);
            let registered_date = "2023-01-01".into();
            let firm =
                v1::FirmRow { firm_code, display_name: "企业".into(), registered_date, field: "新材料".into() };
            v1::ImportRow { line: n as i64 + 1, row: Some(v1::import_row::Row::Firm(firm)) }
        };
        let rows = (0..10).map(row).collect();
        send.send(v1::ImportRowsRequest { parent: DISTRICT.into(), rows, validate_only: false }).await.unwrap();
        let answer = talk.answers.message().await.unwrap().unwrap();
        assert!(answer.results.iter().all(|result| result.outcome() == v1::RowOutcome::Accepted));
    }
}

/// A stream's number, by the order of its connection's calls.
fn nth(call: u64) -> u32 {
    2 * u32::try_from(call).unwrap() + 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_follows_a_write_and_a_sync() {
    let dir = TempDir::new().unwrap();
    let (data, trace) = (dir.path().join("data"), dir.path().join("trace"));
    let server = traced(&data, &trace);
    let port = format!("[{}->", server.address);
    let client = server.client().await;
    commands(&client).await;
    messages(&client).await;
    // strace itself ends when the server has.
    signal(child(server.pid()), "TERM");
    assert_eq!(server.ended().code, Some(0));
    let text = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
    let calls = calls(&text);
    let steps = steps(&calls, &port);
    let unary: Vec<u32> = (0..COMMANDS).map(nth).collect();
    assert_eq!(synced(&calls, &steps, &unary, true), COMMANDS);
    assert_eq!(synced(&calls, &steps, &[nth(COMMANDS)], false), MESSAGES);
}
