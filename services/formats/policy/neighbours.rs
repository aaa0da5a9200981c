//! The parameters of the schemes beside S1–S4, read.

use super::section::Section;
use super::tree::Value;
use super::{MONTHS_MAX, version};
use crate::domain::values::FEN_MAX;
use crate::domain::{PlatformKind, Reason};
use crate::policy::parameters::{Dated, Series, Version};
use crate::policy::{
    InstrumentSharing, OpenPlatform, PlatformConstruction, PlatformSupport, Policy, Scheme, TechnologyTransfer,
};

/// Their versions, as they are read.
#[derive(Default)]
pub(super) struct Neighbours {
    technology_transfer: Vec<Dated<Version<TechnologyTransfer>>>,
    open_platform: Vec<Dated<Version<OpenPlatform>>>,
    platform_construction: Vec<Dated<Version<PlatformConstruction>>>,
    instrument_sharing: Vec<Dated<Version<InstrumentSharing>>>,
}

impl Neighbours {
    /// Reads a version; its scheme was read already.
    pub(super) fn read(&mut self, scheme: Scheme, index: usize, section: &mut Section<'_, '_>) {
        match scheme {
            Scheme::TechnologyTransfer => {
                let terms = technology_transfer(section);
                self.technology_transfer.extend(version(index, section, Some(terms)));
            }
            Scheme::OpenPlatform => {
                let support = support(section);
                let terms = OpenPlatform { support, minimum_open_ppm: section.ppm("minimum_open_ppm") };
                self.open_platform.extend(version(index, section, Some(terms)));
            }
            Scheme::PlatformConstruction => {
                let terms = PlatformConstruction { support: support(section) };
                self.platform_construction.extend(version(index, section, Some(terms)));
            }
            Scheme::InstrumentSharing => {
                let terms = instrument_sharing(section);
                self.instrument_sharing.extend(version(index, section, Some(terms)));
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
        policy.open_platform = Series::new(self.open_platform);
        policy.platform_construction = Series::new(self.platform_construction);
        policy.instrument_sharing = Series::new(self.instrument_sharing);
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

fn support(section: &mut Section<'_, '_>) -> PlatformSupport {
    let kind = |value: &Value| match value {
        Value::Text(text) => PlatformKind::from_key(text),
        _ => None,
    };
    PlatformSupport {
        kinds: section.list("kinds", Reason::UnknownWord, kind),
        rate_ppm: section.ppm("rate_ppm"),
        cap_per_year_fen: section.cap("cap_per_year_fen"),
    }
}

fn instrument_sharing(section: &mut Section<'_, '_>) -> InstrumentSharing {
    InstrumentSharing {
        minimum_price_fen: section.number("minimum_price_fen", 0, FEN_MAX),
        purchase_rate_ppm: section.ppm("purchase_rate_ppm"),
        running_rate_ppm: section.ppm("running_rate_ppm"),
        cap_per_purchase_fen: section.cap("cap_per_purchase_fen"),
        cap_per_year_fen: section.cap("cap_per_year_fen"),
    }
}
