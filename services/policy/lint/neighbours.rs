//! What is odd about the schemes beside S1–S4.

use super::Findings;
use crate::policy::words::Scheme;

impl Findings<'_> {
    pub(super) fn neighbours(&mut self) {
        let policy = self.policy;
        self.series("scheme", &policy.technology_transfer);
        for version in policy.technology_transfer.all() {
            let key = |name: &str| format!("scheme[{}].{name}", version.index);
            self.version(Scheme::TechnologyTransfer, version);
            self.rate(version.value.terms.institution_rate_ppm, key("institution_rate_ppm"));
            self.rate(version.value.terms.individual_rate_ppm, key("individual_rate_ppm"));
        }
    }
}
