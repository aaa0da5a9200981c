//! 载体年报: a carrier's report of a year. An empty cell is a figure that isn't known, never 0.

use super::cells;
use super::problem::{Problem, Wrong};
use super::row::Cells;
use crate::domain::incubator::report::{FigureUnit, IncubatorReport};
use crate::domain::{CarrierFigure, Reason};
use std::collections::BTreeMap;

/// A row of 载体年报.
pub(super) fn read(cells: &mut Cells) -> Option<IncubatorReport> {
    let incubator = cells.required("incubator_id", cells::incubator);
    let year = cells.required("year", cells::year);
    let mut figures = BTreeMap::new();
    for figure in CarrierFigure::ALL {
        let field = figure.field();
        let value = match figure.unit() {
            FigureUnit::YesNo => cells.optional(&field, cells::yes_or_no).map(i64::from),
            FigureUnit::Count | FigureUnit::Area | FigureUnit::Months => cells.optional_quantity(&field),
        };
        figures.extend(value.map(|value| (*figure, value)));
    }
    match IncubatorReport::new(incubator?, year?, figures) {
        Ok(report) => Some(report),
        Err(faults) => {
            for fault in faults.0 {
                let field = fault.field.clone();
                let problem =
                    if fault.reason == Reason::MissingValue { Problem::NoFigure } else { Problem::OutOfRange };
                let cell = cells.cell(&field).map_or("", |(cell, _)| cell);
                cells.wrong(&field, Wrong::judged(fault, problem, cell));
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::headings::recognise;
    use super::super::row::read as row;
    use super::super::split::RawRow;
    use crate::domain::CarrierFigure::{LegalPerson, Staff, TenantArea, UseRightMonths};
    use crate::domain::rows::Row;
    use crate::domain::{Reason, Refusal};

    fn read(line: &str) -> Result<Row, Refusal> {
        let raw =
            |text: &str| RawRow { line: 2, cells: text.split(',').map(str::to_owned).collect(), ..RawRow::default() };
        let headings = "载体编号,年度,在孵企业使用面积(㎡),专职人员(人),专业孵化服务人员,独立法人,场地剩余使用期(月)";
        row(&recognise(&raw(headings)).unwrap(), &raw(line))
    }

    #[test]
    fn what_is_empty_is_not_nought() {
        let Ok(Row::IncubatorReport(report)) = read("WJ03,2024,3900.5,0,,是,36") else { panic!("a report") };
        assert_eq!((report.incubator.as_str(), report.year), ("WJ03", 2024));
        let figures: Vec<_> = report.figures.into_iter().collect();
        assert_eq!(figures, [(TenantArea, 390_050), (UseRightMonths, 36), (Staff, 0), (LegalPerson, 1)]);
    }

    #[test]
    fn faults_name_the_heading() {
        let refused = |line: &str| {
            let refusal = read(line).unwrap_err();
            (refusal.reason, refusal.faults[0].field.clone())
        };
        assert_eq!(refused("WJ03,2024,,,,,"), (Reason::MissingValue, String::new()));
        assert_eq!(refused("WJ03,2024,,8,9,,"), (Reason::OutOfRange, "专业孵化服务人员".to_owned()));
        assert_eq!(refused("WJ03,2024,,8.5,,,"), (Reason::MalformedAmount, "专职人员(人)".to_owned()));
        assert_eq!(refused("WJ03,2024,,,,也许,"), (Reason::UnknownWord, "独立法人".to_owned()));
    }
}
