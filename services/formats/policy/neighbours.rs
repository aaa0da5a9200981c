//! The parameters of the schemes beside S1–S4, read.

use super::section::Section;
use super::{MONTHS_MAX, version};
use crate::policy::parameters::{Dated, Series, Version};
use crate::policy::{Policy, Scheme, TechnologyTransfer};

/// Their versions, as they are read.
#[derive(Default)]
pub(super) struct Neighbours {
    technology_transfer: Vec<Dated<Version<TechnologyTransfer>>>,
}

impl Neighbours {
    /// Reads a version; its scheme was read already.
    pub(super) fn read(&mut self, scheme: Scheme, index: usize, section: &mut Section<'_, '_>) {
        match scheme {
            Scheme::TechnologyTransfer => {
                let terms = technology_transfer(section);
                self.technology_transfer.extend(version(index, section, Some(terms)));
            }
            Scheme::IncubatorTaxRebate
            | Scheme::RelocationRebate
            | Scheme::CultivationAward
            | Scheme::LoanInterestSubsidy => {} // Read by the caller.
        }
    }

    /// Puts them into the policy.
    pub(super) fn into(self, policy: &mut Policy) {
        policy.technology_transfer = Series::new(self.technology_transfer);
    }
}

fn technology_transfer(section: &mut Section<'_, '_>) -> TechnologyTransfer {
    TechnologyTransfer {
        institution_rate_ppm: section.ppm("institution_rate_ppm"),
        individual_rate_ppm: section.ppm("individual_rate_ppm"),
        waiting_months: u32::try_from(section.number("waiting_months", 0, MONTHS_MAX)).unwrap_or(0),
        cap_per_transfer_fen: section.cap("cap_per_transfer_fen"),
    }
}
