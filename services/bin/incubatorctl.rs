//! The command line's process: its arguments, its two writers, its exit code. All else is `ctl::run`.

use incubator_registry::ctl;
use std::io::{IsTerminal as _, stderr, stdout};
use std::process::ExitCode;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let watched = stderr().is_terminal();
    let mut io = ctl::output::Io { out: &mut stdout(), err: &mut stderr(), watched };
    ctl::run(std::env::args_os(), &mut io).await.into()
}
