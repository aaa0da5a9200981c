//! Files as people keep them: ledgers in, typed rows out; orders out and answers in; reports and settings. Nothing here decides: a row that is refused
//! here is refused for its form alone, before it travels.

pub mod calendar;
pub mod corrected;
pub mod criteria;
pub mod ledger;
pub mod limits;
pub mod orders;
pub mod policy;
pub mod report;

/// In which language a sentence for a person is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// 简体中文.
    Zh,
}
