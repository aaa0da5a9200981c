//! Measures of floor space and of tenants: quotients of facts of one day.

use super::facts::Facts;
use super::measure::{Input, Measured, Missing, counted, over, reported, whole};
use super::words::Unit;
use crate::domain::CarrierFigure;
use crate::domain::firm::FirmView;
use crate::policy::exact::Exact;
use std::collections::BTreeMap;

fn area_input(name: &str, hundredths: i64, position: u64) -> Input {
    let value = Exact::new(hundredths.into(), Unit::SquareMetres.smallest());
    Input { name: name.to_owned(), value, unit: Unit::SquareMetres, year: None, positions: vec![position] }
}

impl Facts<'_> {
    /// An area of 0 is unknown, as everywhere.
    pub(super) fn area(&self) -> Measured {
        match self.area_on(self.as_of.day).filter(|(area, _)| area.incubation > 0) {
            Some((area, position)) => {
                let input = area_input("incubation_area", area.incubation, position);
                Measured::exactly(input.value, vec![input])
            }
            None => Measured::unknown(Vec::new(), Missing::IncubationArea),
        }
    }

    pub(super) fn density(&self) -> Measured {
        let mut area = self.area();
        let tenants = self.tenants_input();
        let per_thousand = |area: Exact| over(tenants.value.times(Exact::whole(1000)), area);
        (area.least, area.most) = (area.least.map(per_thousand), area.most.map(per_thousand));
        area.inputs.insert(0, tenants);
        area
    }

    /// A floor space of the report by the incubation area of the report's day.
    pub(super) fn area_share(&self, figure: CarrierFigure) -> Measured {
        let Some(stated) = self.stated(figure) else {
            return Measured::unknown(Vec::new(), self.not_stated(figure));
        };
        let part = reported(figure, stated);
        let Some((area, position)) = self.area_on(stated.day).filter(|(area, _)| area.incubation > 0) else {
            return Measured::unknown(vec![part], Missing::IncubationArea);
        };
        let (value, all) = (part.value, area_input("incubation_area", area.incubation, position));
        let whole = all.value;
        let inputs = vec![part, all];
        match value > whole {
            true => Measured::unknown(inputs, Missing::Contradiction(figure, stated.year)),
            false => Measured::exactly(over(value, whole), inputs),
        }
    }

    /// Tenants' floor space and public service area by the incubation area. While the public area is not known, the share may be
    /// larger.
    pub(super) fn area_in_use(&self) -> Measured {
        let figure = CarrierFigure::TenantArea;
        let tenants_only = self.area_share(figure);
        let (Some(stated), Some(share)) = (self.stated(figure), tenants_only.least) else { return tenants_only };
        let Some((area, position)) = self.area_on(stated.day) else { return tenants_only };
        let mut inputs = tenants_only.inputs;
        if area.public == 0 {
            return Measured::at_least(share, inputs, Missing::PublicArea);
        }
        inputs.push(area_input("public_area", area.public, position));
        let share = share.plus(Exact::new(area.public.into(), area.incubation.into()));
        match share > Exact::whole(1) {
            true => Measured::unknown(inputs, Missing::Contradiction(figure, stated.year)),
            false => Measured::exactly(share, inputs),
        }
    }

    /// A count of the report by the tenants of the report's day.
    pub(super) fn per_tenant(&self, figure: CarrierFigure) -> Measured {
        let Some(stated) = self.stated(figure) else {
            return Measured::unknown(Vec::new(), self.not_stated(figure));
        };
        let there = whole(self.tenants_on(stated.day));
        let name = format!("tenants_on_{}", stated.day);
        let tenants = Input { value: there, name, ..counted("", Vec::new()) };
        let inputs = vec![reported(figure, stated), tenants];
        let part = Exact::whole(stated.value);
        if figure == CarrierFigure::PatentApplicants && part > there {
            return Measured::unknown(inputs, Missing::Contradiction(figure, stated.year));
        }
        Measured::quotient(part, there, inputs)
    }

    /// Each tenant's newest annual report that counts; a tenant without one may have rights or not.
    pub(super) fn valid_ip_share(&self) -> Measured {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for (firm, _) in self.tenants() {
            match self.newest_report(firm) {
                Some((report, position)) if report.ip_rights > 0 => with.push(position),
                Some((_, position)) => without.push(position),
                None => {}
            }
        }
        let (yes, no, tenants) = (whole(with.len()), whole(without.len()), self.tenants_input());
        let all = tenants.value;
        let unknown = self.tenants().count() - with.len() - without.len();
        let inputs = vec![counted("tenants_with_valid_ip", with), counted("tenants_without", without), tenants];
        if all == Exact::ZERO {
            return Measured::unknown(inputs, Missing::NothingToDivideBy);
        }
        let missing = (unknown > 0).then_some(Missing::AnnualReports(unknown));
        let most = over(all.plus(no.negated()), all);
        Measured { least: Some(over(yes, all)), most: Some(most), inputs, missing: missing.into_iter().collect() }
    }

    fn newest_report<'v>(&self, firm: &'v FirmView<'_>) -> Option<(&'v crate::domain::event::AnnualReport, u64)> {
        firm.reports.iter().rev().find(|(report, _)| self.counts(report.year)).map(|(report, at)| (*report, *at))
    }

    /// The field of most tenants; a field is what the firm was registered with.
    pub(super) fn same_field_share(&self) -> Measured {
        let mut fields: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (firm, _) in self.tenants() {
            fields.entry(firm.field()).or_default().extend(firm.registered.map(|registered| registered.position));
        }
        let tenants = self.tenants_input();
        let most = fields.into_iter().max_by(|(a, x), (b, y)| x.len().cmp(&y.len()).then(b.cmp(a)));
        let Some((field, positions)) = most else {
            return Measured::unknown(vec![tenants], Missing::NothingToDivideBy);
        };
        let same = counted(&format!("tenants_of_field:{field}"), positions);
        Measured::quotient(same.value, tenants.value, vec![same, tenants])
    }

    /// Tenants that had been there for a year by the end of their newest report's year, by its revenue.
    pub(super) fn tenants_with_revenue(&self, each_fen: i64) -> Measured {
        let (mut enough, mut unknown) = (Vec::new(), 0);
        for (firm, stay) in self.tenants() {
            let year_over = stay.admitted.add_months(12);
            match self.newest_report(firm) {
                Some((report, position)) if year_over.year() <= report.year => {
                    enough.extend((report.revenue >= each_fen).then_some(position));
                }
                _ => unknown += usize::from(year_over <= self.as_of.day),
            }
        }
        let known = counted("tenants_with_revenue", enough);
        let missing = (unknown > 0).then_some(Missing::AnnualReports(unknown));
        let (least, most) = (known.value, known.value.plus(whole(unknown)));
        let missing = missing.into_iter().collect();
        Measured { least: Some(least), most: Some(most), inputs: vec![known], missing }
    }
}
