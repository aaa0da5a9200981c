//! The parameters of the schemes beside S1–S4.

use super::Flat;
use crate::policy::parameters::Policy;
use crate::policy::words::Scheme;

impl Flat {
    pub(super) fn neighbours(&mut self, policy: &Policy) {
        self.versions(Scheme::TechnologyTransfer, &policy.technology_transfer, |flat, terms| {
            flat.put("institution_rate_ppm", terms.institution_rate_ppm);
            flat.put("individual_rate_ppm", terms.individual_rate_ppm);
            flat.put("waiting_months", terms.waiting_months);
            flat.optional("cap_per_transfer_fen", terms.cap_per_transfer_fen);
        });
    }
}
