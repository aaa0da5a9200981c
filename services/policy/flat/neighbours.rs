//! The parameters of the schemes beside S1–S4.

use super::Flat;
use crate::policy::parameters::Policy;
use crate::policy::platform_support::PlatformSupport;
use crate::policy::words::Scheme;

impl Flat {
    pub(super) fn neighbours(&mut self, policy: &Policy) {
        self.versions(Scheme::TechnologyTransfer, &policy.technology_transfer, |flat, terms| {
            flat.put("institution_rate_ppm", terms.institution_rate_ppm);
            flat.put("individual_rate_ppm", terms.individual_rate_ppm);
            flat.put("waiting_months", terms.waiting_months);
            flat.optional("cap_per_transfer_fen", terms.cap_per_transfer_fen);
        });
        self.versions(Scheme::OpenPlatform, &policy.open_platform, |flat, terms| {
            flat.support(&terms.support);
            flat.put("minimum_open_ppm", terms.minimum_open_ppm);
        });
        self.versions(Scheme::PlatformConstruction, &policy.platform_construction, |flat, terms| {
            flat.support(&terms.support);
        });
    }

    fn support(&mut self, terms: &PlatformSupport) {
        self.list("kinds", terms.kinds.iter().map(|kind| kind.key()));
        self.put("rate_ppm", terms.rate_ppm);
        self.optional("cap_per_year_fen", terms.cap_per_year_fen);
    }
}
