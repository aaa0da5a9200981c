//! The ledger of assessed projects: cells to the typed row that they state.

use super::cells;
use super::problem::{Problem, Wrong};
use super::row::Cells;
use crate::domain::assessment::{Indicators, ProjectAssessed};
use crate::domain::reason::Reason;
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
        *value = cells.optional_quantity(&indicator.key().to_lowercase());
    }
    let indicators = Indicators::checked(values).map_err(|fault| {
        let (field, cell) = (fault.field.clone(), cells.cell(&fault.field).map_or("", |(cell, _)| cell));
        let problem = if fault.reason == Reason::MissingValue { Problem::NoFigure } else { Problem::OutOfRange };
        cells.wrong(&field, Wrong::judged(fault, problem, cell));
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
