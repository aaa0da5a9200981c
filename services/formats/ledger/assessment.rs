//! The ledger of assessed projects: cells to the typed row that they state.

use super::cells;
use super::row::Cells;
use crate::domain::assessment::{Indicators, ProjectAssessed};
use crate::domain::rows::Dated;
use crate::domain::words::Indicator;

/// A row of 准入评估.
pub(super) fn read(cells: &mut Cells) -> Option<Dated<ProjectAssessed>> {
    let assessment = cells.required("assessment_id", cells::assessment);
    let firm = cells.required("firm_code", cells::code);
    let park = cells.required("park_id", cells::park);
    let industry = cells.required("industry", cells::text);
    let day = cells.required("assessed_date", cells::day);
    let mut values = [None; 7];
    for (value, indicator) in values.iter_mut().zip(Indicator::ALL) {
        *value = cells.measured(&indicator.key().to_lowercase());
    }
    let indicators = Indicators::checked(values).map_err(|fault| {
        let field = fault.field.clone();
        cells.wrong(&field, (fault.reason, fault.message));
    });
    let fact = ProjectAssessed {
        assessment: assessment?,
        firm: firm?,
        park: park?,
        industry: industry?,
        indicators: indicators.ok()?,
    };
    Some(Dated { fact, day: day? })
}
