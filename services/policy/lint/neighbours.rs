//! What is odd about the schemes beside S1–S4.

use super::Findings;
use crate::policy::parameters::{Series, Version};
use crate::policy::platform_support::PlatformSupport;
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
        self.instruments();
        self.platforms(Scheme::OpenPlatform, &policy.open_platform);
        self.platforms(Scheme::PlatformConstruction, &policy.platform_construction);
        for version in policy.open_platform.all() {
            self.rate(version.value.terms.minimum_open_ppm, format!("scheme[{}].minimum_open_ppm", version.index));
        }
    }

    fn instruments(&mut self) {
        let series = &self.policy.instrument_sharing;
        self.series("scheme", series);
        for version in series.all() {
            let key = |name: &str| format!("scheme[{}].{name}", version.index);
            self.version(Scheme::InstrumentSharing, version);
            self.rate(version.value.terms.purchase_rate_ppm, key("purchase_rate_ppm"));
            self.rate(version.value.terms.running_rate_ppm, key("running_rate_ppm"));
        }
    }

    fn platforms<V: AsRef<PlatformSupport>>(&mut self, scheme: Scheme, series: &Series<Version<V>>) {
        self.series("scheme", series);
        for version in series.all() {
            let terms = version.value.terms.as_ref();
            self.version(scheme, version);
            self.rate(terms.rate_ppm, format!("scheme[{}].rate_ppm", version.index));
            if terms.kinds.is_empty() {
                let message = ("no kind of platform counts", "没有计入任何平台类型");
                self.error("EMPTY_LIST", format!("scheme[{}].kinds", version.index), message);
            }
        }
    }
}
