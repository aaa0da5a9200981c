//! What a district's registry records and refuses, told as scenarios: given what is recorded, when this is asked, then that.
//! One scenario at least for every command and for every refusal of rules §2 that these commands meet.

mod assessments;
mod carrier_reports;
mod carriers;
mod dsl;
mod figures;
mod firms;
mod guidance_funds;
mod instruments;
mod late;
mod money;
mod platforms;
mod random;
mod random_briefs;
mod random_checker;
mod random_neighbours;
mod regressions;
mod relocations;
mod rows;
mod settings;
mod stays;
mod transfers;
mod two_times;
mod voids;
mod work;
#[path = "../common/world.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod world;
