//! The engine on a log in memory, on one that fails by plan and on one whose appends are held: what its callers are promised,
//! on good days and bad ones. The clock is held; nothing here waits for time to pass unless the engine itself does.

#[path = "engine_cases/mod.rs"]
mod engine_cases;
