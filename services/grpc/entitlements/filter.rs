//! Which entitlements: `scheme = … AND payer = … AND …`.

use crate::grpc::convert::Reader;
use crate::policy::{Scheme, Status};
use crate::projections::Standing;
use crate::projections::standing::is_period;

/// A cut through entitlements; none: any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    scheme: Option<Scheme>,
    payer: Option<String>,
    beneficiary: Option<String>,
    status: Option<Status>,
    period: Option<String>,
    year: Option<i16>,
}

impl Filter {
    /// Reads it.
    pub fn read(reader: &mut Reader<'_>, text: &str) -> Option<Self> {
        let names = ["scheme", "payer", "beneficiary", "status", "period", "year"];
        let [scheme, payer, beneficiary, status, period, year] = reader.filter(names, text)?;
        let scheme = reader.filter_word(scheme.as_deref(), Scheme::from_key);
        let status = reader.filter_word(status.as_deref(), Status::from_key);
        let year = reader.filter_word(year.as_deref(), |year| year.parse().ok());
        Some(Self { scheme: scheme?, payer, beneficiary, status: status?, period, year: year? })
    }

    /// Whether a line passes.
    pub fn passes(&self, line: &Standing) -> bool {
        let of = &line.entitlement;
        self.scheme.is_none_or(|scheme| of.scheme == scheme)
            && self.status.is_none_or(|status| of.status == status)
            && self.year.is_none_or(|year| line.year == Some(year))
            && self.payer.as_ref().is_none_or(|code| of.payer.as_ref().is_some_and(|payer| payer.code == *code))
            && self.beneficiary.as_ref().is_none_or(|id| of.beneficiary.to_string() == *id)
            && self.period.as_ref().is_none_or(|period| is_period(&of.period, period))
    }
}
