//! The whole engine, simulated: random commands, retries, rows, trouble with the log, deaths and starts, from a seed, on a log
//! and a clock that the run holds; and beside it a model, a flat list of facts with slow, plain functions. Whatever one of
//! them answers, the other must.
//!
//! A failure says its seed, and `SIMULATION_SEED=7 cargo test --test simulation` plays that run again, alone and alike. A long
//! run: `SIMULATION_RUNS=10000 cargo test --release --test simulation -- --nocapture`; with `SIMULATION_FIRST=3001` it begins
//! at that seed.

#[path = "simulation/asks.rs"]
mod asks;
#[path = "simulation/calendar.rs"]
mod calendar;
#[path = "simulation/dice.rs"]
mod dice;
#[path = "simulation/disk.rs"]
mod disk;
#[path = "simulation/figures.rs"]
mod figures;
#[path = "simulation/hold.rs"]
mod hold;
#[path = "simulation/lives.rs"]
mod lives;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/play.rs"]
mod play;
#[path = "simulation/rules.rs"]
mod rules;
#[path = "simulation/sameness.rs"]
mod sameness;
#[path = "simulation/stays.rs"]
mod stays;
#[path = "simulation/views.rs"]
mod views;
#[allow(dead_code, reason = "what it shares with other tests is more than is used here")]
#[path = "common/world.rs"]
mod world;

use play::{Play, Tally};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs of the quick test; seeds 1 to this, and those that failed once.
const RUNS: u64 = 60;
/// Seeds that failed once: 3451, where limits were voided and not every fact that depended on them was named.
const FAILED_ONCE: [u64; 1] = [3451];
/// Steps of one run: rounds of commands, reads, moves of the clock, restarts.
const STEPS: usize = 60;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

/// One run of a seed.
fn run(seed: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut play = Play::new(seed).await;
        for _ in 0..STEPS {
            play.step().await;
        }
        play.ask_again().await;
        play.restart().await;
        play.ask_again().await;
        play.still_works().await;
        for _ in 0..3 {
            play.read();
        }
        play.hold_rebuilt().await;
        play.hold_acknowledged().await;
        assert_eq!(play.head().await, play.model.position());
        play.tally
    })
}

/// The run, its seed told where it fails.
fn told(seed: u64) -> Tally {
    match catch_unwind(AssertUnwindSafe(|| run(seed))) {
        Ok(tally) => tally,
        Err(_) => panic!("the run of SIMULATION_SEED={seed} failed; that variable plays it again"),
    }
}

#[test]
fn the_engine_answers_as_the_model_does() {
    if let Some(seed) = number("SIMULATION_SEED") {
        println!("{:?}", told(seed));
        return;
    }
    let first = number("SIMULATION_FIRST").unwrap_or(1);
    let mut seeds: Vec<u64> =
        (first..).zip(0..number("SIMULATION_RUNS").unwrap_or(RUNS)).map(|(seed, _)| seed).collect();
    let again: Vec<u64> = FAILED_ONCE.into_iter().filter(|seed| !seeds.contains(seed)).collect();
    seeds.extend(again);
    let runs = seeds.len();
    let next = AtomicUsize::new(0);
    let sum = Mutex::new([0; 9]);
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get().min(8));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let Some(seed) = seeds.get(at).copied() else { break };
                    let t = catch_unwind(|| told(seed)).unwrap_or_else(|failed| {
                        next.store(runs, Ordering::SeqCst); // One failure is enough.
                        resume_unwind(failed)
                    });
                    let counts = [
                        t.commands,
                        t.recorded,
                        t.refused,
                        t.duplicates,
                        t.retries,
                        t.trials,
                        t.troubles,
                        t.restarts,
                        t.reads,
                    ];
                    let mut sum = sum.lock().unwrap();
                    sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                    if (at + 1).is_multiple_of(100) {
                        println!("{} runs: {sum:?}", at + 1);
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    println!(
        "{runs} runs: commands, recorded, refused, duplicates, retries, trials, troubles, restarts, reads: {sum:?}"
    );
    assert!(sum.iter().all(|count| *count > 0), "something never happened: {sum:?}");
    assert!(sum[1] * 5 > sum[0], "most of what is asked is refused, so little is tested: {sum:?}");
}

#[test]
fn a_seed_plays_the_same_run_again() {
    for seed in [number("SIMULATION_SEED").unwrap_or(3), 1_000_003] {
        assert_eq!(told(seed), told(seed));
    }
}
