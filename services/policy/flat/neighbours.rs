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
        self.versions(Scheme::InstrumentSharing, &policy.instrument_sharing, |flat, terms| {
            flat.put("minimum_price_fen", terms.minimum_price_fen);
            flat.put("purchase_rate_ppm", terms.purchase_rate_ppm);
            flat.put("running_rate_ppm", terms.running_rate_ppm);
            flat.optional("cap_per_purchase_fen", terms.cap_per_purchase_fen);
            flat.optional("cap_per_year_fen", terms.cap_per_year_fen);
        });
    }

    fn support(&mut self, terms: &PlatformSupport) {
        self.list("kinds", terms.kinds.iter().map(|kind| kind.key()));
        self.put("rate_ppm", terms.rate_ppm);
        self.optional("cap_per_year_fen", terms.cap_per_year_fen);
    }
}
