//! What is recorded: the real server through several starts, stops and a kill; and a log by itself, with small segments
//! and large commits, so that sled does in a short time everything that it does.

use super::replies::{Ack, acks};
use super::trace::{Call, read, traced};
use crate::common_server::ledgers::{import_whole, lines, wire};
use crate::common_server::{Client, DISTRICT, Incubatord, registration, signal};
use crate::log_common::{Rng, commit, copy_dir, read_all, scratch, small};
use incubator_registry::journal::{Commit, Head};
use incubator_registry::log::{Append, EventLog, SledLog, SledOptions};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder's history.
pub struct Recording {
    /// The folder that was recorded, empty before the first call.
    pub base: PathBuf,
    /// The log within it.
    pub log: &'static str,
    /// Options with which it is opened.
    pub options: SledOptions,
    /// Every call of all runs.
    pub calls: Vec<Call>,
    /// Line after the last.
    pub lines: usize,
    /// Every acknowledgement, by line.
    pub acks: Vec<Ack>,
    /// What the log held in the end: nothing else was ever sent.
    pub truth: Vec<Commit>,
}

impl Recording {
    fn add(&mut self, trace: &Path, acks: impl FnOnce(&[Call]) -> Vec<Ack>) {
        let (calls, lines) = read(trace, self.lines);
        self.acks.extend(acks(&calls));
        self.calls.extend(calls);
        self.lines = lines;
        std::fs::remove_file(trace).unwrap();
    }

    /// Reads what the folder holds, from a copy, since a start would write.
    async fn finish(mut self) -> Self {
        let copy = scratch();
        copy_dir(&self.base.join(self.log), copy.path());
        let log = SledLog::open(copy.path(), self.options).unwrap();
        self.truth = read_all(&log).await.unwrap();
        log.close().await.unwrap();
        self
    }
}

/// A runtime for one log.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn server(data: &Path, trace: &Path) -> Incubatord {
    let mut command = traced(trace, env!("CARGO_BIN_EXE_incubatord"));
    command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data).stdout(Stdio::piped()).stderr(Stdio::piped());
    Incubatord::spawn(command)
}

/// The server below strace.
fn below(server: &Incubatord) -> u32 {
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", server.pid())).unwrap();
    children.split_whitespace().next().unwrap().parse().unwrap()
}

/// Registers firms from several clients at once, so that commands share commits.
async fn commands(server: &Incubatord, first: u64, count: u64) {
    const CLIENTS: u64 = 4;
    let mut tasks = Vec::new();
    for nth in 0..CLIENTS {
        let client: Client = server.client().await;
        tasks.push(tokio::spawn(async move {
            for number in (first..first + count).skip(nth as usize).step_by(CLIENTS as usize) {
                client.firms().register_firm(registration(DISTRICT, number)).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// The real server: commands, an import and a drain; a second run that is killed; a third that finds it so, and drains;
/// a fourth that only starts and drains.
pub async fn serving(dir: &Path) -> Recording {
    let (base, trace) = (dir.join("data"), dir.join("trace"));
    std::fs::create_dir(&base).unwrap();
    let mut recording = Recording {
        base: base.clone(),
        log: "440203/log",
        options: SledOptions { reserve_bytes: 0, ..SledOptions::default() },
        calls: Vec::new(),
        lines: 0,
        acks: Vec::new(),
        truth: Vec::new(),
    };
    for (run, count) in [(0, 120), (1, 60), (2, 60), (3, 0)] {
        let server = server(&base, &trace);
        commands(&server, run * 1000 + 1, count).await;
        if run == 0 {
            import_whole(&server.client().await, DISTRICT, &wire(&lines())).await;
        }
        signal(below(&server), if run == 1 { "KILL" } else { "TERM" });
        let ended = server.ended();
        assert!(run == 1 || ended.code == Some(0), "{}", ended.stderr);
        recording.add(&trace, acks);
    }
    recording.finish().await
}

/// Tells the child what to do: the folder, how many commits, and whether to close.
pub const CHILD: &str = "POWER_LOSS_CHILD";

/// The recorded half of `appending`: appends, and says so in a file after each.
pub fn child() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let [dir, count, end] = order.split('|').collect::<Vec<_>>()[..] else { panic!("{order}") };
    let mut said = File::create(Path::new(dir).join("said")).unwrap();
    runtime().block_on(async {
        let log = SledLog::open(&Path::new(dir).join("data/log"), options()).unwrap();
        let mut head = log.head().await.unwrap();
        let mut rng = Rng(head.position);
        for _ in 0..count.parse().unwrap() {
            let (events, payload) = match rng.below(20) {
                0 => (1, 300_000),
                1..5 => (4, 9_000),
                _ => (1 + rng.below(3) as usize, 250),
            };
            let next = commit(&head, events, payload, rng.next());
            assert_eq!(log.append(head, next.clone()).await, Append::Appended(next.head()));
            head = next.head();
            said.write_all(&head.position.to_be_bytes()).unwrap();
        }
        if end == "close" {
            log.close().await.unwrap();
        } else {
            std::process::exit(0);
        }
    });
}

fn options() -> SledOptions {
    SledOptions { reserve_bytes: 0, ..small() }
}

fn told(calls: &[Call]) -> Vec<Ack> {
    let told = calls.iter().filter(|call| call.name == "write");
    let told = told.filter(|call| call.descriptor(0).is_some_and(|(_, path)| path.ends_with("/said")));
    told.map(|call| Ack { line: call.began, position: u64::from_be_bytes(call.bytes[..].try_into().unwrap()) })
        .collect()
}

/// A log by itself, through clean and unclean ends.
pub fn appending(dir: &Path) -> Recording {
    let (base, trace) = (dir.join("data"), dir.join("trace"));
    std::fs::create_dir(&base).unwrap();
    let mut recording = Recording {
        base,
        log: "log",
        options: options(),
        calls: Vec::new(),
        lines: 0,
        acks: Vec::new(),
        truth: Vec::new(),
    };
    let program = std::env::current_exe().unwrap();
    for (count, end) in [(70, "close"), (50, "exit"), (30, "exit"), (0, "close"), (30, "close"), (10, "exit")] {
        let mut command: Command = traced(&trace, program.to_str().unwrap());
        command.args(["--exact", "child_appends"]).env(CHILD, format!("{}|{count}|{end}", dir.display()));
        let run = command.output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        recording.add(&trace, told);
    }
    let recording = runtime().block_on(recording.finish());
    assert_eq!(recording.truth.last().map_or(Head::EMPTY, Commit::head).commit, 190);
    recording
}
