//! What is allowed and does not look right: the bureau should ask.

use crate::domain::{AsOf, Day, IncubatorId, Registry, Uscc};

/// What does not look right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnomalyKind {
    /// A firm is deregistered, and a stay of it still open: deregistration ends no stay by itself.
    DeregisteredWithOpenStay,
}

impl AnomalyKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::DeregisteredWithOpenStay => "DEREGISTERED_WITH_OPEN_STAY",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// The firm.
    pub firm: Uscc,
    /// The carrier of the open stay.
    pub incubator: IncubatorId,
    /// Day of the deregistration.
    pub since: Day,
    /// Positions of the facts, ascending: the admission and the deregistration.
    pub positions: Vec<u64>,
}

/// Every finding, by the code of the firm.
pub fn anomalies(registry: &Registry, as_of: AsOf) -> Vec<Anomaly> {
    let mut found = Vec::new();
    for firm in registry.firms(as_of) {
        let Some((since, deregistration)) = firm.deregistered else { continue };
        for stay in firm.stays.iter().filter(|stay| stay.is_open()) {
            let mut positions = vec![stay.position, deregistration];
            positions.sort_unstable();
            found.push(Anomaly {
                kind: AnomalyKind::DeregisteredWithOpenStay,
                firm: firm.code,
                incubator: stay.incubator.clone(),
                since,
                positions,
            });
        }
    }
    found
}
