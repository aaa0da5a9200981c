//! What a measure is on a day: a span, the facts behind it, and what would make it narrower.

use super::facts::{Facts, Stated};
use super::words::{Computed, Unit};
use super::{Measure, Test};
use crate::domain::firm::FirmView;
use crate::domain::{CarrierFigure, Event, InvestmentForm, Kind};
use crate::policy::exact::Exact;
use std::collections::BTreeSet;

/// Positions that one input names; its value counts them all.
pub const POSITIONS_MAX: usize = 1000;

/// A figure behind a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it is, e.g. `tenants`, `staff`, `incubation_area`.
    pub name: String,
    /// Its value, in its unit.
    pub value: Exact,
    /// In which unit.
    pub unit: Unit,
    /// Year of the report that it is from; none: it is from the registry's own facts.
    pub year: Option<i16>,
    /// Where its facts are recorded, at most `POSITIONS_MAX`.
    pub positions: Vec<u64>,
}

/// What would have to be recorded for a measure to be known, or known better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A figure of the carrier's report of a year.
    Figure(CarrierFigure, i16),
    /// The incubation area.
    IncubationArea,
    /// The public service area.
    PublicArea,
    /// A seed fund.
    Fund,
    /// Annual reports of so many tenants.
    AnnualReports(usize),
    /// Carriers of the operator outside the district.
    OtherDistricts,
    /// A report states more than there is: the figure, of a year.
    Contradiction(CarrierFigure, i16),
    /// There is nothing to divide by: no tenant, no staff.
    NothingToDivideBy,
}

/// A measure as the facts show it: at least, and at most. None: no end is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// No less than this.
    pub least: Option<Exact>,
    /// No more than this.
    pub most: Option<Exact>,
    /// The figures behind it.
    pub inputs: Vec<Input>,
    /// What would narrow it.
    pub missing: Vec<Missing>,
}

impl Measured {
    /// Known exactly.
    pub(super) fn exactly(value: Exact, inputs: Vec<Input>) -> Self {
        Self { least: Some(value), most: Some(value), inputs, missing: Vec::new() }
    }

    /// Known to be no less.
    pub(super) fn at_least(value: Exact, inputs: Vec<Input>, missing: Missing) -> Self {
        Self { least: Some(value), most: None, inputs, missing: vec![missing] }
    }

    /// Not known.
    pub(super) fn unknown(inputs: Vec<Input>, missing: Missing) -> Self {
        Self { least: None, most: None, inputs, missing: vec![missing] }
    }

    /// A part of a whole of the same facts.
    pub(super) fn quotient(part: Exact, whole: Exact, inputs: Vec<Input>) -> Self {
        match whole == Exact::ZERO {
            true => Self::unknown(inputs, Missing::NothingToDivideBy),
            false => Self::exactly(over(part, whole), inputs),
        }
    }
}

/// The quotient of two figures, the second not 0.
pub(super) fn over(part: Exact, whole: Exact) -> Exact {
    part.times(Exact::new(whole.denominator(), whole.numerator()))
}

/// So many, with where each is recorded.
pub(super) fn counted(name: &str, positions: Vec<u64>) -> Input {
    let value = whole(positions.len());
    let positions = positions.into_iter().take(POSITIONS_MAX).collect();
    Input { name: name.to_owned(), value, unit: Unit::Count, year: None, positions }
}

/// A count.
pub(super) fn whole(count: usize) -> Exact {
    Exact::whole(i128::try_from(count).unwrap_or(i128::MAX))
}

/// A figure of a report, in its unit.
pub(super) fn reported(figure: CarrierFigure, stated: Stated) -> Input {
    let unit = Measure::Reported(figure).unit();
    let value = Exact::new(stated.value.into(), unit.smallest());
    Input { name: figure.field(), value, unit, year: Some(stated.year), positions: vec![stated.position] }
}

/// Measures what a test is about.
pub(super) fn measure(facts: &Facts<'_>, test: &Test) -> Measured {
    match test.measure {
        Measure::Reported(figure) => match facts.stated(figure) {
            Some(stated) => {
                let input = reported(figure, stated);
                Measured::exactly(input.value, vec![input])
            }
            None => Measured::unknown(Vec::new(), facts.not_stated(figure)),
        },
        Measure::Computed(computed) => facts.computed(computed, test),
    }
}

impl Facts<'_> {
    pub(super) fn not_stated(&self, figure: CarrierFigure) -> Missing {
        Missing::Figure(figure, self.finished_year())
    }

    fn computed(&self, computed: Computed, test: &Test) -> Measured {
        use CarrierFigure::{HighGrowthArea, LargestTenantArea, Mentors, PatentApplicants, ProfessionalStaff};
        match computed {
            Computed::Area => self.area(),
            Computed::AreaInUseShare => self.area_in_use(),
            Computed::HighGrowthAreaShare => self.area_share(HighGrowthArea),
            Computed::LargestTenantShare => self.area_share(LargestTenantArea),
            Computed::MonthsInOperation => self.months_in_operation(),
            Computed::StatisticsYears => self.statistics_years(),
            Computed::Fund => self.fund(),
            Computed::FundUseCases => self.fund_use_cases(),
            Computed::Financed => self.financed(false),
            Computed::FinancedShare => self.financed(true),
            Computed::ProfessionalShare => self.professional_share(),
            Computed::ProfessionalsPerTenant => self.per_tenant(ProfessionalStaff),
            Computed::MentorsPerTenant => self.per_tenant(Mentors),
            Computed::PatentApplicantShare => self.per_tenant(PatentApplicants),
            Computed::ValidIpShare => self.valid_ip_share(),
            Computed::Tenants => {
                let tenants = self.tenants_input();
                Measured::exactly(tenants.value, vec![tenants])
            }
            Computed::TenantDensity => self.density(),
            Computed::Graduates => self.graduates(),
            Computed::SameFieldShare => self.same_field_share(),
            Computed::LinkedCarriers => self.linked_carriers(),
            Computed::TenantsWithRevenue => self.tenants_with_revenue(test.each_fen),
        }
    }

    /// The tenants of the day, by where their admissions are recorded.
    pub(super) fn tenants_input(&self) -> Input {
        counted("tenants", self.tenants().map(|(_, stay)| stay.position).collect())
    }

    fn months_in_operation(&self) -> Measured {
        let Some(founded) = self.view.registered.filter(|term| term.day <= self.as_of.day) else {
            let months = Input { unit: Unit::Months, ..counted("months_since_founded", Vec::new()) };
            return Measured::exactly(Exact::ZERO, vec![months]);
        };
        // No month is longer than 31 days, so that this is no more than the answer.
        let mut months = u32::try_from((self.as_of.day.days() - founded.day.days()) / 31).unwrap_or_default();
        while months < 12 * 10_000 && founded.day.add_months(months + 1) <= self.as_of.day {
            months += 1;
        }
        let value = Exact::whole(months);
        let name = format!("months_since_{}", founded.day);
        let input = Input { name, value, unit: Unit::Months, year: None, positions: vec![founded.position] };
        Measured::exactly(value, vec![input])
    }

    /// Years of complete statistics up to the newest report that counts. Where the run goes back to a year that says nothing
    /// of it, it may be longer.
    fn statistics_years(&self) -> Measured {
        let figure = CarrierFigure::StatisticsComplete;
        let Some(last) = self.stated(figure) else {
            return Measured::unknown(Vec::new(), self.not_stated(figure));
        };
        let mut positions = Vec::new();
        for year in (1..=last.year).rev() {
            match self.stated_of(figure, year) {
                Some(stated) if stated.value > 0 => positions.push(stated.position),
                Some(_) => break,
                None => {
                    let years = counted("years_with_complete_statistics", positions);
                    return Measured::at_least(years.value, vec![years], Missing::Figure(figure, year));
                }
            }
        }
        let years = counted("years_with_complete_statistics", positions);
        Measured::exactly(years.value, vec![years])
    }

    /// No fund on record is not a fund of 0: it may be with a partner.
    fn fund(&self) -> Measured {
        let line = self.registry.incubator_line(self.id).into_iter();
        let sizes = line.flat_map(|line| line.seen(self.as_of)).filter_map(|entry| match entry.event {
            Event::SeedFundEstablished { size, .. } => Some((i128::from(size), entry.position)),
            _ => None,
        });
        let (sizes, positions): (Vec<i128>, Vec<u64>) = sizes.unzip();
        if positions.is_empty() {
            return Measured::unknown(Vec::new(), Missing::Fund);
        }
        let value = Exact::new(sizes.iter().sum(), Unit::Money.smallest());
        let input = Input { value, unit: Unit::Money, ..counted("seed_funds", positions) };
        Measured::exactly(value, vec![input])
    }

    /// Every investment or guarantee from its fund is a case; the report may know of more.
    fn fund_use_cases(&self) -> Measured {
        let made = self.firms.iter().flat_map(|firm| &firm.investments).filter(|made| made.incubator == self.id);
        let recorded = counted("investments_and_guarantees", made.map(|made| made.position).collect());
        self.more_by_report(recorded.value, recorded, CarrierFigure::FundUseCases, |cases| {
            Some(Exact::whole(cases.value))
        })
    }

    /// Tenants with an equity investment, from whatever carrier's fund. The registry doesn't see other investors; a report may.
    fn financed(&self, share: bool) -> Measured {
        let equity = |firm: &FirmView<'_>| {
            firm.investments.iter().find(|made| made.form == InvestmentForm::Equity).map(|made| made.position)
        };
        let recorded = counted("tenants_with_equity", self.tenants().filter_map(|(firm, _)| equity(firm)).collect());
        if !share {
            let known = recorded.value;
            let count = |stated: Stated| Some(Exact::whole(stated.value));
            return self.more_by_report(known, recorded, CarrierFigure::FinancedTenants, count);
        }
        let tenants = self.tenants_input();
        if tenants.value == Exact::ZERO {
            return Measured::unknown(vec![recorded, tenants], Missing::NothingToDivideBy);
        }
        let known = over(recorded.value, tenants.value);
        let of_day = |stated: Stated| {
            let there = self.tenants_on(stated.day);
            let possible = there > 0 && Exact::whole(stated.value) <= whole(there);
            possible.then(|| over(Exact::whole(stated.value), whole(there)))
        };
        let mut measured = self.more_by_report(known, recorded, CarrierFigure::FinancedTenants, of_day);
        measured.inputs.push(tenants);
        measured
    }

    /// What the registry knows, or what a report says where that is more. Without a report there may be more.
    fn more_by_report(
        &self,
        known: Exact,
        recorded: Input,
        figure: CarrierFigure,
        value: impl Fn(Stated) -> Option<Exact>,
    ) -> Measured {
        let Some(stated) = self.stated(figure) else {
            return Measured::at_least(known, vec![recorded], self.not_stated(figure));
        };
        let inputs = vec![recorded, reported(figure, stated)];
        match value(stated) {
            Some(value) => Measured::exactly(known.max(value), inputs),
            None => Measured::at_least(known, inputs, Missing::Contradiction(figure, stated.year)),
        }
    }

    fn professional_share(&self) -> Measured {
        let figures = [CarrierFigure::ProfessionalStaff, CarrierFigure::Staff];
        let [Some(part), Some(staff)] = figures.map(|figure| self.stated(figure)) else {
            let missing = figures.into_iter().find(|figure| self.stated(*figure).is_none());
            return Measured::unknown(Vec::new(), self.not_stated(missing.unwrap_or(CarrierFigure::Staff)));
        };
        let inputs = vec![reported(figures[0], part), reported(figures[1], staff)];
        if part.year != staff.year || part.value > staff.value {
            return Measured::unknown(inputs, Missing::Contradiction(figures[0], part.year));
        }
        Measured::quotient(Exact::whole(part.value), Exact::whole(staff.value), inputs)
    }

    fn graduates(&self) -> Measured {
        let mut positions = BTreeSet::new();
        for firm in &self.firms {
            let here = firm.stays.iter().filter(|stay| stay.incubator == self.id);
            positions.extend(here.filter_map(|stay| stay.graduated().map(|left| left.position)).min());
        }
        let graduates = counted("graduates", positions.into_iter().collect());
        Measured::exactly(graduates.value, vec![graduates])
    }

    /// Makerspaces and incubators that whoever runs this carrier on the day runs besides; those of other districts are not seen.
    fn linked_carriers(&self) -> Measured {
        let day = self.as_of.day;
        let Some(operator) = self.view.operators.last() else {
            return Measured::at_least(Exact::ZERO, Vec::new(), Missing::OtherDistricts);
        };
        let others = self.registry.run_by(&operator.value.code, self.as_of).filter(|(id, view)| {
            let now = view.operators.iter().rev().find(|term| term.day <= day);
            *id != self.id
                && matches!(view.kind(), Some(Kind::Makerspace | Kind::Incubator))
                && now.is_some_and(|term| term.value.code == operator.value.code)
        });
        let positions = others.filter_map(|(_, view)| view.operators.last().map(|term| term.position)).collect();
        let linked = counted("carriers_of_the_operator", positions);
        Measured::at_least(linked.value, vec![linked], Missing::OtherDistricts)
    }
}
