//! Draws intermediaries and technology transfers.

use super::position;
use super::scene::{Scene, number};
use crate::domain::{Entity, IntermediaryId, TransferId};
use crate::wire::v1;

impl Scene<'_> {
    /// An intermediary; none where it is not on record by the day, as known.
    pub fn intermediary(&self, id: &IntermediaryId) -> Option<v1::Intermediary> {
        let registered = self.registry.innovation().intermediary(id, self.as_of)?;
        if registered.day > self.as_of.day {
            return None;
        }
        let entity = Entity::Intermediary(id.clone());
        let (revision, etag) = self.stamp(&entity);
        Some(v1::Intermediary {
            name: self.name(&entity),
            display_name: registered.value.name.clone(),
            party: number(registered.value.party.code()),
            registered_date: registered.day.to_string(),
            position: position(registered.position),
            revision,
            etag,
        })
    }

    /// A technology transfer; none where it was not completed by the day, as known.
    pub fn technology_transfer(&self, id: &TransferId) -> Option<v1::TechnologyTransfer> {
        let transfer = self.registry.innovation().transfer(id, self.as_of)?;
        let entity = Entity::Transfer(id.clone());
        let (revision, etag) = self.stamp(&entity);
        Some(v1::TechnologyTransfer {
            name: self.name(&entity),
            intermediary: self.name(&Entity::Intermediary(transfer.value.intermediary.clone())),
            firm: self.name(&Entity::Firm(transfer.value.firm)),
            began_date: transfer.value.began.to_string(),
            completed_date: transfer.day.to_string(),
            paid_fen: transfer.value.paid,
            position: position(transfer.position),
            revision,
            etag,
        })
    }
}
