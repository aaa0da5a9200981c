//! A rehearsal: rows decided one after the other on an overlay that nobody else sees and that is thrown away, so that a dry
//! run answers exactly what the real one would get now.

use super::Engine;
use super::claims::{Texts, decided};
use super::clock::shanghai_day;
use super::request::{Bounded, RowOutcome};
use crate::domain::{Command, Day, Decision, Recorded, Refusal, Registry};

/// An overlay over the state as of one moment.
pub struct Rehearsal {
    registry: Registry,
    texts: Texts,
    today: Day,
    principal: String,
    bounds: Bounded,
}

impl Engine {
    /// Begins a rehearsal, by a principal, on the state that is published now, within bounds that are judged on the
    /// rehearsal's own.
    pub fn rehearse(&self, principal: &str, bounds: Bounded) -> Rehearsal {
        let registry = Registry::clone(&self.published().registry);
        let today = shanghai_day(self.clock().now_micros());
        Rehearsal { registry, texts: Texts::default(), today, principal: principal.to_owned(), bounds }
    }
}

impl Rehearsal {
    /// What would become of these rows behind those rehearsed before.
    pub fn rows(&mut self, rows: &[Result<Command, Refusal>]) -> Vec<RowOutcome> {
        rows.iter()
            .map(|row| row.as_ref().map_or_else(|refusal| RowOutcome::Rejected(refusal.clone()), |row| self.row(row)))
            .collect()
    }

    /// The state that the rows would leave.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The position that the log would have reached.
    pub fn position(&self) -> u64 {
        self.registry.position()
    }

    fn row(&mut self, command: &Command) -> RowOutcome {
        let by = (self.principal.as_str(), self.today);
        match decided(self.bounds.as_deref(), &self.registry, &self.texts, command, by) {
            Err(refusal) => RowOutcome::Rejected(refusal),
            Ok((Decision::Same { reason, position }, _)) => RowOutcome::Skipped { reason, position },
            Ok((Decision::Record { warnings, .. }, Some(next))) => {
                self.registry = next;
                RowOutcome::Accepted { position: self.registry.position(), warnings }
            }
            Ok((Decision::Record { events, warnings }, None)) => {
                let start = self.registry.position() + 1;
                for event in events {
                    let position = self.registry.position() + 1;
                    let (day, documents, event) = (event.day, event.documents, event.event);
                    self.registry.evolve(Recorded { position, start, day, event, documents });
                }
                RowOutcome::Accepted { position: self.registry.position(), warnings }
            }
        }
    }
}
