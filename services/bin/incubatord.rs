//! The server's main: options, then `run`. It prints the address once it serves; everything else goes to stderr.

use clap::Parser as _;
use incubator_registry::server::{Options, run};
use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Threads that read the log and draw up large answers. Each keeps memory of its own, so there are no more of them than the
/// disk and the cores can use; further work waits.
const BLOCKING_THREADS: usize = 16;

/// Wrong options (sysexits.h, EX_USAGE).
const USAGE: u8 = 64;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    spare_huge_pages();
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let asked = !error.use_stderr(); // --help and --version.
            let _ = error.print();
            return if asked { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
        }
    };
    let config = match options.validate() {
        Ok(config) => config,
        Err(faults) => {
            for fault in faults {
                eprintln!("incubatord: {fault}");
            }
            return ExitCode::from(USAGE);
        }
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().max_blocking_threads(BLOCKING_THREADS).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return fail(&error, 1),
        };
    let served = runtime.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let shutdown = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("draining");
        };
        let ready = |address, hints: Option<String>| {
            // Whoever reads may have gone after the first line; that ends no server.
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "listening on {address}");
            if let Some(hints) = hints {
                let _ = writeln!(out, "\n{hints}");
            }
        };
        Ok::<_, std::io::Error>(run(config, ready, shutdown).await)
    });
    match served {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => fail(&error, error.exit_status()),
        Err(error) => fail(&error, 1),
    }
}

/// The allocator asks for pages of 2 MiB. An import that lets go of buffers and takes others has each such page zeroed again
/// for the few KiB it needs (an eighth of its time), and what is left of the pages stays resident. Where the kernel can't do
/// without, the server serves all the same.
fn spare_huge_pages() {
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

fn fail(error: &dyn Error, status: u8) -> ExitCode {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    eprintln!("incubatord: {text}");
    ExitCode::from(status)
}
