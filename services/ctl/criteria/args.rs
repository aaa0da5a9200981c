//! What can be asked about criteria, and what a carrier files for them.

use crate::ctl::args::Known;
use crate::ctl::lang::Say;
use crate::ctl::parse;
use crate::ctl::write::args::Undated;
use crate::domain::incubator::report::FigureUnit;
use crate::domain::{CarrierFigure, Day};
use clap::Args;

/// Which carrier, against which set.
#[derive(Debug, Args)]
pub struct CriteriaArgs {
    /// The carrier; without one, the sets that the server knows are listed.
    #[arg(requires = "set")]
    pub incubator: Option<String>,
    /// Id of a set that the server knows, or a file with one.
    #[arg(long, value_name = "ID|FILE", requires = "incubator")]
    pub set: Option<String>,
    /// State at the end of this day; default: today. Of a list: the sets in force on it; default: all.
    #[arg(long, value_name = "DATE", value_parser = parse::day)]
    pub as_of: Option<Day>,
    /// As known when.
    #[command(flatten)]
    pub known: Known,
    /// Whether the relief for remote areas (艰苦边远地区) applies; default: as the set says.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", requires = "set")]
    pub remote_area: Option<bool>,
}

/// A carrier's report of a year.
#[derive(Debug, Args)]
pub struct IncubatorReportArgs {
    /// Its id.
    pub id: String,
    /// The year (年度).
    #[arg(long)]
    pub year: i32,
    /// A figure and its value, e.g. STAFF=12 or 专职人员=12; areas in m², yes or no as 是 or 否. What isn't known is left out.
    #[arg(long = "figure", value_name = "NAME=VALUE", required = true, value_parser = figure)]
    pub figures: Vec<(CarrierFigure, i64)>,
    /// Common.
    #[command(flatten)]
    pub frame: Undated,
}

fn figure(text: &str) -> Result<(CarrierFigure, i64), Say> {
    let form = || Say::new("应写作 数据项=数值", format!("`{text}` is not NAME=VALUE"));
    let (name, value) = text.split_once('=').ok_or_else(form)?;
    let figure = parse::carrier_figure(name)?;
    let value = match (figure.unit(), value) {
        (FigureUnit::YesNo, "是" | "yes" | "true" | "1") => 1,
        (FigureUnit::YesNo, "否" | "no" | "false" | "0") => 0,
        (FigureUnit::YesNo, _) => return Err(Say::new("应为“是”或“否”", format!("`{value}` is neither yes nor no"))),
        (FigureUnit::Area, _) => parse::hundredths(value)?,
        (FigureUnit::Count | FigureUnit::Months, _) => {
            let english = |fault| format!("`{value}` is no whole number: {fault}");
            value.parse().map_err(|fault| Say::new("应为整数", english(fault)))?
        }
    };
    Ok((figure, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_names_in_both_languages_and_units_of_their_own() {
        assert_eq!(figure("staff=12"), Ok((CarrierFigure::Staff, 12)));
        assert_eq!(figure("在孵企业使用面积=3700.5"), Ok((CarrierFigure::TenantArea, 370_050)));
        assert_eq!(figure("legal-person=是"), Ok((CarrierFigure::LegalPerson, 1)));
        for bad in ["staff", "staff=", "staff=1.5", "legal-person=2", "人=3"] {
            assert!(figure(bad).is_err(), "{bad}");
        }
    }
}
