//! Criteria at their boundaries: exactly the threshold and one short of it, facts that are absent, sets by date and kind, the
//! relief for remote areas. Every set is a file of deploy/criteria.

use crate::common::world::{World, carrier, day, firm};
use incubator_registry::domain::event::{AnnualReport, IncubatorRegistered, Operator};
use incubator_registry::domain::incubator::report::IncubatorReport;
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{
    AsOf, BuildMode, CarrierFigure, Command, Criterion, Day, Decision, Event, InvestmentForm, Kind, LeaveKind, Stated,
};
use incubator_registry::formats::criteria::by_id;
use incubator_registry::policy::Exact;
use incubator_registry::policy::criteria::{Checked, CheckedTest, Missing, NotApplicable, Verdict, check};

use CarrierFigure::{
    FinancedTenants, FundUseCases, HighGrowthArea, LargestTenantArea, LegalPerson, Mentors, NewIncorporations,
    PatentApplicants, ProfessionalStaff, Staff, StatisticsComplete, TenantArea, Workstations,
};
use Verdict::{Met, NotMet, Unknown};

const GENERAL: &str = "national-2018-general";
const SPECIALISED: &str = "national-2018-specialised";
/// The day of most questions.
const DAY: &str = "2025-01-01";

/// A carrier `K1` founded on 2022-01-01, and what became of it.
struct Case(World);

impl Case {
    fn new(kind: Kind, incubation: i64, public: i64) -> Self {
        let mut case = Self(World::new());
        case.founded("K1", kind, Area { incubation, public });
        case
    }

    fn founded(&mut self, id: &str, kind: Kind, area: Area) {
        let operator = Operator { name: "运营".into(), code: firm(9_000), introduced: false };
        let (incubator, name, build_mode) = (carrier(id), "载体".into(), BuildMode::Private);
        let registered = IncubatorRegistered { incubator, name, kind, operator, build_mode, area, upstream: None };
        self.fact("2022-01-01", Event::IncubatorRegistered(registered));
    }

    fn fact(&mut self, on: &str, event: Event) {
        let command = Command::new(vec![Stated::new(day(on), event)], Vec::new(), None).unwrap();
        let decision = self.0.run(&command).unwrap_or_else(|refusal| panic!("{}", refusal.message));
        assert!(matches!(decision, Decision::Record { .. }), "{decision:?}");
    }

    fn admit(&mut self, number: u32, on: &str, field: &str) {
        let (firm, name) = (firm(number), format!("企业{number}"));
        self.fact(on, Event::FirmRegistered { firm, name, field: field.into() });
        self.fact(on, Event::FirmAdmitted { firm, incubator: carrier("K1"), waiver: String::new() });
    }

    /// Tenants of one field, all since 2022-06-01.
    fn tenants(mut self, count: u32) -> Self {
        for number in 1..=count {
            self.admit(number, "2022-06-01", "软件");
        }
        self
    }

    fn report(mut self, year: i16, figures: &[(CarrierFigure, i64)]) -> Self {
        let report = IncubatorReport::new(carrier("K1"), year, figures.iter().copied().collect()).unwrap();
        self.fact(&format!("{year}-12-31"), Event::IncubatorReportFiled(report));
        self
    }

    fn annual(&mut self, number: u32, year: i16, revenue: i64, ip_rights: u32) {
        let report =
            AnnualReport { firm: firm(number), year, revenue, research: 0, employees: 1, ip_rights, high_tech: false };
        self.fact(&format!("{year}-12-31"), Event::AnnualReportFiled(report));
    }

    fn graduate(&mut self, number: u32, on: &str) {
        let (firm, incubator, admitted) = (firm(number), carrier("K1"), day("2022-06-01"));
        let (criterion, document_no) = (Criterion::HighTech, String::new());
        self.fact(on, Event::FirmGraduated { firm, incubator, admitted, criterion, document_no });
    }

    fn invest(&mut self, number: u32, form: InvestmentForm) {
        let event = Event::InvestmentMade { firm: firm(number), incubator: carrier("K1"), amount: 1_000_000, form };
        self.fact("2024-03-01", event);
    }

    fn check(&self, set: &str, on: &str) -> Checked {
        self.checked(set, day(on), None)
    }

    fn checked(&self, set: &str, on: Day, remote: Option<bool>) -> Checked {
        check(&by_id(set).unwrap().set, &self.0.registry, AsOf::day(on), &carrier("K1"), remote).unwrap()
    }

    /// Verdict on one criterion of a set, on the usual day.
    fn verdict(&self, set: &str, criterion: &str) -> Verdict {
        verdict_of(&self.check(set, DAY), set, criterion)
    }

    fn test(&self, set: &str, criterion: &str, at: usize) -> CheckedTest {
        self.check(set, DAY).criteria[index(set, criterion)].tests[at].clone()
    }
}

fn index(set: &str, criterion: &str) -> usize {
    by_id(set).unwrap().set.criteria.iter().position(|of| of.id == criterion).unwrap()
}

fn verdict_of(checked: &Checked, set: &str, criterion: &str) -> Verdict {
    checked.criteria[index(set, criterion)].verdict
}

/// An incubator of 1 000 m² for each of `tenths` tenths.
fn incubator(hundredths: i64) -> Case {
    Case::new(Kind::Incubator, hundredths, 0)
}

#[test]
fn area_and_density_at_their_thresholds() {
    assert_eq!(incubator(1_000_000).verdict(GENERAL, "area"), Met);
    let short = incubator(999_999);
    assert_eq!(short.verdict(GENERAL, "area"), NotMet);
    assert_eq!(short.test(GENERAL, "area", 0).short_by, Some(Exact::new(1, 100)));
    let unknown = incubator(0).test(GENERAL, "area", 0);
    assert_eq!((unknown.verdict, unknown.measured.missing), (Unknown, vec![Missing::IncubationArea]));
    // Three firms on 1 000 m² are 3.0; a hundredth of a square metre more and they are fewer.
    assert_eq!(incubator(100_000).tenants(3).verdict(GENERAL, "density"), Met);
    assert_eq!(incubator(100_001).tenants(3).verdict(GENERAL, "density"), NotMet);
    assert_eq!(incubator(100_001).tenants(3).verdict(SPECIALISED, "density"), Met);
    assert_eq!(incubator(100_000).tenants(2).verdict(SPECIALISED, "density"), Met);
    assert_eq!(incubator(0).tenants(3).verdict(GENERAL, "density"), Unknown);
}

#[test]
fn firms_are_counted_from_their_stays() {
    let mut full = incubator(1_000_000).tenants(50);
    assert_eq!(full.verdict(GENERAL, "tenants"), Met);
    let tenants = full.test(GENERAL, "tenants", 0).measured.inputs[0].clone();
    let admission =
        |at: &u64| matches!(full.0.history[usize::try_from(*at).unwrap() - 1].event, Event::FirmAdmitted { .. });
    assert!((tenants.positions.len(), tenants.positions.iter().all(admission)) == (50, true));
    // The day a firm leaves it is gone.
    full.graduate(1, DAY);
    assert_eq!(full.verdict(GENERAL, "tenants"), NotMet);
    assert_eq!(full.test(GENERAL, "tenants", 0).short_by, Some(Exact::whole(1)));
    assert_eq!(verdict_of(&full.check(GENERAL, "2024-12-31"), GENERAL, "tenants"), Met);
    let thirty = incubator(1_000_000).tenants(30);
    assert_eq!((thirty.verdict(SPECIALISED, "tenants"), thirty.verdict(GENERAL, "tenants")), (Met, NotMet));
}

#[test]
fn graduates_are_counted_from_their_graduations() {
    let mut case = incubator(1_000_000).tenants(20);
    for number in 1..=19 {
        case.graduate(number, "2024-01-01");
    }
    assert_eq!((case.verdict(GENERAL, "graduates"), case.verdict(SPECIALISED, "graduates")), (NotMet, Met));
    let (firm, incubator, admitted) = (firm(20), carrier("K1"), day("2022-06-01"));
    case.fact("2024-01-01", Event::FirmLeft { firm, incubator, admitted, kind: LeaveKind::Withdrawn });
    assert_eq!(case.verdict(GENERAL, "graduates"), NotMet, "who leaves otherwise is no graduate");
    case.admit(21, "2022-06-01", "软件");
    case.graduate(21, DAY);
    assert_eq!(case.verdict(GENERAL, "graduates"), Met);
}

#[test]
fn intellectual_property_by_either_way() {
    // Ten tenants: five that applied are exactly 50 %, three with rights exactly 30 %.
    let applied = |count| incubator(1_000_000).tenants(10).report(2024, &[(PatentApplicants, count)]);
    let with_rights = |case: &mut Case, with: u32, reported: u32| {
        for number in 1..=reported {
            case.annual(number, 2024, 0, u32::from(number <= with));
        }
    };
    let mut by_rights = applied(4);
    with_rights(&mut by_rights, 3, 10);
    assert_eq!((by_rights.test(GENERAL, "ip", 0).verdict, by_rights.verdict(GENERAL, "ip")), (NotMet, Met));
    let mut by_applications = applied(5);
    with_rights(&mut by_applications, 2, 10);
    assert_eq!((by_applications.test(GENERAL, "ip", 1).verdict, by_applications.verdict(GENERAL, "ip")), (NotMet, Met));
    let mut neither = applied(4);
    with_rights(&mut neither, 2, 10);
    assert_eq!(neither.verdict(GENERAL, "ip"), NotMet);
    // Two with rights and one unheard of: it may have some.
    let mut may_be = applied(4);
    with_rights(&mut may_be, 2, 9);
    let share = may_be.test(GENERAL, "ip", 1);
    assert_eq!((share.verdict, share.measured.missing), (Unknown, vec![Missing::AnnualReports(1)]));
    assert_eq!((share.measured.least, share.measured.most), (Some(Exact::new(1, 5)), Some(Exact::new(3, 10))));
    assert_eq!(may_be.verdict(GENERAL, "ip"), Unknown);
    // More applicants than tenants can't be.
    let contradiction = applied(11).test(GENERAL, "ip", 0);
    let missing = vec![Missing::Contradiction(PatentApplicants, 2024)];
    assert_eq!((contradiction.verdict, contradiction.measured.missing), (Unknown, missing));
}

#[test]
fn an_absent_figure_is_unknown_and_nought_is_not() {
    let bare = incubator(1_000_000).tenants(10);
    for criterion in
        ["legal_person", "statistics", "area_in_use", "fund", "professional_staff", "mentors_per_tenant", "ip"]
    {
        assert_eq!(bare.verdict(GENERAL, criterion), Unknown, "{criterion}");
    }
    assert_eq!(bare.test(GENERAL, "legal_person", 0).measured.missing, [Missing::Figure(LegalPerson, 2024)]);
    let nought = bare.report(2024, &[(LegalPerson, 0), (Mentors, 0), (StatisticsComplete, 0)]);
    for criterion in ["legal_person", "mentors_per_tenant", "statistics"] {
        assert_eq!(nought.verdict(GENERAL, criterion), NotMet, "{criterion}");
    }
    // What is unknown is never counted as met, and one criterion not met is enough for the whole.
    assert_eq!(nought.check(GENERAL, DAY).verdict, NotMet);
}

#[test]
fn staff_by_staff_and_by_tenants_of_the_same_day() {
    let of = |staff, professional, mentors| {
        let figures = [(Staff, staff), (ProfessionalStaff, professional), (Mentors, mentors)];
        incubator(1_000_000).tenants(11).report(2024, &figures)
    };
    // 80 % exactly; 1.1 for eleven tenants: one is too few.
    assert_eq!(of(5, 4, 2).verdict(GENERAL, "professional_staff"), Met);
    assert_eq!(of(6, 4, 2).verdict(GENERAL, "professional_staff"), NotMet);
    assert_eq!(of(5, 4, 1).verdict(GENERAL, "mentors_per_tenant"), NotMet);
    assert_eq!(of(5, 4, 2).verdict(GENERAL, "mentors_per_tenant"), Met);
    assert_eq!(of(1, 1, 2).verdict(GENERAL, "professionals_per_tenant"), NotMet);
    // A tenant that came after the report's year is not set against the report's staff.
    let mut later = incubator(1_000_000).tenants(10).report(2024, &[(Mentors, 1)]);
    later.admit(99, "2025-01-01", "软件");
    assert_eq!(later.verdict(GENERAL, "mentors_per_tenant"), Met);
    assert_eq!(of(0, 0, 0).verdict(GENERAL, "professional_staff"), Unknown, "a part of nothing");
}

#[test]
fn floor_space_in_use_counts_the_public_area() {
    let of = |public, used| Case::new(Kind::Incubator, 1_000_000, public).report(2024, &[(TenantArea, used)]);
    assert_eq!(of(150_000, 600_000).verdict(GENERAL, "area_in_use"), Met);
    assert_eq!(of(150_000, 599_999).verdict(GENERAL, "area_in_use"), NotMet);
    // A public area that isn't recorded may make up for it.
    let unknown = of(0, 600_000).test(GENERAL, "area_in_use", 0);
    assert_eq!((unknown.verdict, unknown.measured.missing), (Unknown, vec![Missing::PublicArea]));
    assert_eq!(of(0, 750_000).verdict(GENERAL, "area_in_use"), Met);
    assert_eq!(of(500_000, 600_000).verdict(GENERAL, "area_in_use"), Unknown, "more than there is");
}

#[test]
fn years_are_counted_to_the_day_and_statistics_without_a_gap() {
    let case = || incubator(1_000_000);
    assert_eq!(
        case().verdict(GENERAL, "operation"),
        Met,
        "founded on the first day of 2022: three years on that of 2025"
    );
    assert_eq!(verdict_of(&case().check(GENERAL, "2024-12-31"), GENERAL, "operation"), NotMet);
    let complete = |years: &[(i16, i64)]| {
        years.iter().fold(case(), |case, (year, value)| case.report(*year, &[(StatisticsComplete, *value)]))
    };
    assert_eq!(complete(&[(2023, 1), (2024, 1)]).verdict(GENERAL, "statistics"), Met);
    assert_eq!(complete(&[(2022, 1), (2023, 0), (2024, 1)]).verdict(GENERAL, "statistics"), NotMet);
    let gap = complete(&[(2022, 1), (2024, 1)]).test(GENERAL, "statistics", 0);
    assert_eq!((gap.verdict, gap.measured.missing), (Unknown, vec![Missing::Figure(StatisticsComplete, 2023)]));
    // The year before the last finished one still counts; an older one doesn't.
    assert_eq!(complete(&[(2022, 1), (2023, 1)]).verdict(GENERAL, "statistics"), Met);
    assert_eq!(complete(&[(2022, 1)]).verdict(GENERAL, "statistics"), Unknown);
}

#[test]
fn funds_and_what_came_from_them() {
    let fund = |size| {
        let mut case = incubator(1_000_000).tenants(10);
        case.fact("2023-01-01", Event::SeedFundEstablished { incubator: carrier("K1"), size });
        case
    };
    assert_eq!(fund(500_000_000).verdict(GENERAL, "fund"), Met);
    assert_eq!(fund(499_999_999).verdict(GENERAL, "fund"), NotMet);
    let mut case = fund(1);
    assert_eq!(case.verdict(GENERAL, "financed"), Unknown, "investors outside the registry are not seen");
    case.invest(1, InvestmentForm::Guarantee);
    assert_eq!(case.verdict(GENERAL, "financed"), Unknown, "a guarantee is no investment");
    case.invest(2, InvestmentForm::Equity);
    assert_eq!(case.verdict(GENERAL, "financed"), Met, "one of ten is 10 %");
    assert_eq!(case.verdict(GENERAL, "fund_use_cases"), Unknown);
    case.invest(3, InvestmentForm::Equity);
    assert_eq!(case.verdict(GENERAL, "fund_use_cases"), Met, "three cases on record");
    let told =
        |financed| incubator(1_000_000).tenants(20).report(2024, &[(FinancedTenants, financed), (FundUseCases, 2)]);
    assert_eq!(told(1).verdict(GENERAL, "financed"), NotMet);
    assert_eq!((told(2).verdict(GENERAL, "financed"), told(2).verdict(GENERAL, "fund_use_cases")), (Met, NotMet));
}

#[test]
fn a_specialised_incubator_has_one_field_and_a_platform() {
    let of = |others: u32| {
        let mut case = incubator(1_000_000).tenants(4 - others);
        for number in 0..others {
            case.admit(100 + number, "2022-06-01", "生物医药");
        }
        case
    };
    assert_eq!(of(1).verdict(SPECIALISED, "same_field"), Met, "three of four are 75 %");
    assert_eq!(of(2).verdict(SPECIALISED, "same_field"), NotMet);
    assert_eq!(of(1).verdict(SPECIALISED, "service_platform"), Unknown);
    assert!(by_id(SPECIALISED).unwrap().set.criteria[index(SPECIALISED, "area")].unconfirmed);
}

#[test]
fn a_set_holds_between_its_days_for_its_kinds() {
    let mut case = incubator(1_000_000);
    let not_applicable = |case: &Case, on: &str| case.check(GENERAL, on).not_applicable;
    assert_eq!(not_applicable(&case, "2018-12-31"), [NotApplicable::NotYet(day("2019-01-01"))]);
    assert_eq!(not_applicable(&case, "2019-01-01"), []);
    assert_eq!(not_applicable(&case, "2025-07-09"), []);
    assert_eq!(not_applicable(&case, "2025-07-10"), [NotApplicable::NoLonger(day("2025-07-10"))]);
    case = Case::new(Kind::Makerspace, 1_000_000, 0);
    assert_eq!(not_applicable(&case, DAY), [NotApplicable::Kind(Kind::Makerspace)]);
}

#[test]
fn the_relief_for_remote_areas_is_a_fifth_of_what_it_is_for() {
    let case = incubator(800_000).tenants(40);
    let with = |remote| case.checked(GENERAL, day(DAY), remote);
    for (criterion, without) in [("area", NotMet), ("tenants", NotMet), ("density", Met)] {
        assert_eq!(verdict_of(&with(None), GENERAL, criterion), without, "{criterion}");
        assert_eq!(verdict_of(&with(Some(true)), GENERAL, criterion), Met, "{criterion}");
    }
    assert_eq!((with(None).relief_ppm, with(Some(true)).relief_ppm), (0, 200_000));
    let short = incubator(799_999).tenants(39).checked(GENERAL, day(DAY), Some(true));
    assert_eq!(verdict_of(&short, GENERAL, "area"), NotMet);
    assert_eq!(verdict_of(&short, GENERAL, "tenants"), NotMet);
}

#[test]
fn makerspaces_by_space_or_by_what_they_bring_forth() {
    const SET: &str = "national-2017-makerspace";
    let of = |area, figures: &[(CarrierFigure, i64)]| Case::new(Kind::Makerspace, area, 0).report(2024, figures);
    assert_eq!(of(50_000, &[(Workstations, 0)]).verdict(SET, "space"), Met);
    assert_eq!(of(49_999, &[(Workstations, 30)]).verdict(SET, "space"), Met);
    assert_eq!(of(49_999, &[(Workstations, 29)]).verdict(SET, "space"), NotMet);
    assert_eq!(of(49_999, &[(Mentors, 3)]).verdict(SET, "space"), Unknown);
    assert_eq!(of(1, &[(NewIncorporations, 9)]).verdict(SET, "results"), Unknown, "financings are not told");
    assert_eq!(of(1, &[(NewIncorporations, 10)]).verdict(SET, "results"), Met);
}

#[test]
fn accelerators_by_the_sets_of_their_places() {
    let of = |figures: &[(CarrierFigure, i64)]| Case::new(Kind::Accelerator, 300_000, 0).report(2024, figures);
    let longgang =
        |high| of(&[(TenantArea, 300_000), (HighGrowthArea, high)]).verdict("longgang-accelerator", "high_growth_area");
    assert_eq!((longgang(200_000), longgang(199_999)), (Met, NotMet), "two thirds, exactly");
    let yuyao = |largest| of(&[(LargestTenantArea, largest)]).verdict("yuyao-accelerator", "largest_tenant");
    assert_eq!((yuyao(30_000), yuyao(30_001)), (Met, NotMet));
    let mut earning = of(&[(Mentors, 1)]).tenants(5);
    for number in 1..=5 {
        earning.annual(number, 2024, 300_000_000, 0);
    }
    assert_eq!(earning.verdict("yuyao-accelerator", "revenue"), Met);
    // Who came within the year before the report's end has no year behind it.
    let mut fewer = of(&[(Mentors, 1)]).tenants(4);
    fewer.admit(5, "2024-01-01", "软件");
    for number in 1..=5 {
        fewer.annual(number, 2024, 300_000_000, 0);
    }
    assert_eq!(
        fewer.verdict("yuyao-accelerator", "revenue"),
        Unknown,
        "its year is over on the day, its report isn't there"
    );
    assert_eq!(verdict_of(&fewer.check("yuyao-accelerator", "2024-12-31"), "yuyao-accelerator", "revenue"), NotMet);
    assert_eq!(fewer.verdict("huizhou-2024-accelerator", "linked_carriers"), Unknown);
    fewer.founded("K0", Kind::Makerspace, Area::default());
    assert_eq!(fewer.verdict("huizhou-2024-accelerator", "linked_carriers"), Met);
}

#[test]
fn what_is_learnt_later_leaves_the_earlier_answer_as_it_was() {
    let case = incubator(1_000_000).tenants(3);
    let known = case.0.registry.position();
    let case = case.report(2024, &[(LegalPerson, 1)]);
    let set = &by_id(GENERAL).unwrap().set;
    let at = |known| {
        let as_of = AsOf { day: day(DAY), known };
        verdict_of(&check(set, &case.0.registry, as_of, &carrier("K1"), None).unwrap(), GENERAL, "legal_person")
    };
    assert_eq!((at(known), at(known + 1)), (Unknown, Met));
    assert!(check(set, &case.0.registry, AsOf::NOW, &carrier("K9"), None).is_none());
}

#[test]
fn a_sentence_says_threshold_measure_and_what_is_missing() {
    let case = incubator(1_000_000).tenants(48);
    let sentences = |criterion: &str| case.check(GENERAL, DAY).criteria[index(GENERAL, criterion)].sentences.clone();
    let (zh, en) = sentences("tenants");
    assert_eq!(zh, "在孵企业数：不少于50，实为48，差2。不达标。");
    assert_eq!(en, "Tenants: at least 50, is 48, off by 2. Not met.");
    let (zh, en) = sentences("legal_person");
    assert_eq!(zh, "独立法人：须为是，实为未知（缺2024年度载体年报的“独立法人”）。无法判断。");
    assert!(en.ends_with("(the carrier's report of 2024 does not state legal_person). Unknown."), "{en}");
    let (zh, _) = sentences("mentors_per_tenant");
    assert!(zh.contains("不少于每10家1人"), "{zh}");
}
