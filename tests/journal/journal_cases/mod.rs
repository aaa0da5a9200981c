//! One value of every event type and commands of every shape, fixed for ever: what the golden bytes are of.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod access;
mod finance;

use crate::common::world::{carrier, day, firm, limits, park};
use incubator_registry::domain::assessment::{Indicators, ProjectAssessed};
use incubator_registry::domain::event::{
    AnnualReport, IncubatorRegistered, LoanDrawn, Operator, PolicyPublished, TaxReceipt,
};
use incubator_registry::domain::guidance_fund::{
    GuidanceFundContributed, GuidanceFundEstablished, GuidanceFundEvent, GuidanceFundInvested,
};
use incubator_registry::domain::incubator::report::IncubatorReport;
use incubator_registry::domain::instrument::{InstrumentCatalogued, InstrumentEvent, InstrumentYear};
use incubator_registry::domain::person::ContactRecorded;
use incubator_registry::domain::platform::{PlatformEvent, PlatformRegistered, PlatformYear};
use incubator_registry::domain::sealed::{KeyId, Sealed};
use incubator_registry::domain::transfer::{IntermediaryRegistered, TechnologyTransferred, TransferEvent};
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{
    AssessmentId, BuildMode, CapitalSource, CarrierFigure, Command, ContactRole, Criterion, Document, Entity, Event,
    GuidanceFundId, HoldId, InstrumentId, InterestNature, IntermediaryId, InvestmentForm, Kind, LeaveKind, Level,
    LoanId, Party, PersonEvent, PersonId, PlatformId, PlatformKind, PolicyId, Stated, Tax, TaxNature, TransferId,
    VoidOrder, VoucherNo,
};
use incubator_registry::journal::{Record, RequestKey, Subject, ZERO_HASH, codec};

/// Two documents: one with everything, one with its title only.
pub fn documents() -> Vec<Document> {
    let full = Document {
        title: "关于认定孵化载体的通知".to_owned(),
        document_no: "武科〔2025〕7号".to_owned(),
        sha256: Some(std::array::from_fn(|i| u8::try_from(i * 3).unwrap())),
        location: "档案室/2025/7.pdf".to_owned(),
    };
    let bare =
        Document {
            title: "会议纪要".to_owned(), document_no: String::new(), sha256: None, location: String::new()
        };
    vec![full, bare]
}

fn operator(introduced: bool) -> Operator {
    Operator { name: "武江孵化运营有限公司".to_owned(), code: firm(12_345_678), introduced }
}

fn of_carriers() -> Vec<Event> {
    let incubator = carrier("WJ03");
    let registered = IncubatorRegistered {
        incubator: incubator.clone(),
        name: "武江科创园".to_owned(),
        kind: Kind::Accelerator,
        operator: operator(true),
        build_mode: BuildMode::Cooperative,
        area: Area { incubation: 1_234_567, public: 89_000 },
        upstream: Some(carrier("WJ02")),
    };
    vec![
        Event::IncubatorRegistered(registered),
        Event::IncubatorRecognised {
            incubator: incubator.clone(),
            level: Level::National,
            document_no: "国科火字〔2020〕1号".to_owned(),
        },
        Event::RecognitionEnded { incubator: incubator.clone(), level: Level::City, recognition: day("2019-07-01") },
        Event::OperatorChanged { incubator: incubator.clone(), operator: operator(true) },
        Event::AreaChanged { incubator: incubator.clone(), area: Area { incubation: 1, public: 1_000_000_000 } },
        Event::UpstreamChanged { incubator, upstream: Some(carrier("WJ01")) },
    ]
}

fn of_firms() -> Vec<Event> {
    let (firm, incubator, admitted) = (firm(7), carrier("WJ03"), day("2022-02-28"));
    vec![
        Event::FirmRegistered {
            firm, name: "韶关芯片科技有限公司".to_owned(), field: "集成电路设计".to_owned()
        },
        Event::FirmRenamed { firm, name: "韶关芯片股份有限公司".to_owned() },
        Event::FirmDeregistered { firm },
        Event::FirmAdmitted { firm, incubator: incubator.clone(), waiver: "武科免〔2022〕3号".to_owned() },
        Event::FirmGraduated {
            firm,
            incubator: incubator.clone(),
            admitted,
            criterion: Criterion::AcquiredOrListed,
            document_no: "武科毕〔2025〕11号".to_owned(),
        },
        Event::FirmLeft { firm, incubator, admitted: day("1969-12-31"), kind: LeaveKind::Expired },
    ]
}

fn of_reports() -> Vec<Event> {
    let firm = firm(7);
    let report = AnnualReport {
        firm,
        year: 2024,
        revenue: 1_234_567_890,
        research: 98_765_432,
        employees: 57,
        ip_rights: 6,
        high_tech: true,
    };
    let certificate_no = "GR202444000001".to_owned();
    vec![
        Event::AnnualReportFiled(report),
        Event::HighTechCertified { firm, certificate_no, expiry: Some(day("2027-11-18")) },
    ]
}

fn of_money() -> Vec<Event> {
    let (firm, incubator, loan) = (firm(7), carrier("WJ03"), LoanId::parse("JK20231011001").unwrap());
    let receipt = TaxReceipt {
        taxpayer: firm,
        tax: Tax::EduSurcharge,
        period: (Some(day("2023-07-01")), Some(day("2023-07-31"))),
        amount: -3_678_391,
        nature: TaxNature::AuditSupplement,
        voucher: VoucherNo::parse("440203020230000918").unwrap(),
    };
    let drawn = LoanDrawn {
        loan: loan.clone(),
        firm,
        lender: "韶关农商行".to_owned(),
        principal: 447_000_000,
        rate_ppm: 47_850,
        maturity: day("2027-04-11"),
    };
    vec![
        Event::TaxReceiptRecorded(receipt),
        Event::LoanDrawn(drawn),
        Event::InterestPaid { loan, amount: 2_712_687, nature: InterestNature::Compound },
        Event::SeedFundEstablished { incubator: incubator.clone(), size: 100_000_000 },
        Event::InvestmentMade { firm, incubator, amount: 265_000_000, form: InvestmentForm::Guarantee },
    ]
}

fn of_incubator_report() -> Event {
    let value = |figure: &CarrierFigure| (*figure, figure.most().min(100 - i64::from(figure.code())));
    let figures = CarrierFigure::ALL.iter().map(value).collect();
    Event::IncubatorReportFiled(IncubatorReport { incubator: carrier("WJ03"), year: 2024, figures })
}

fn of_policy() -> Event {
    Event::PolicyPublished(PolicyPublished {
        policy: PolicyId::parse("wujiang-2023").unwrap(),
        title: "武江区培育孵化企业落户扶持办法".to_owned(),
        text: "[policy]\nid = \"wujiang-2023\"\n# 全文\n".into(),
        sha256: std::array::from_fn(|i| u8::try_from(i * 7 % 256).unwrap()),
    })
}

fn of_transfers() -> Vec<Event> {
    let intermediary = IntermediaryId::parse("韶技经2023007").unwrap();
    let registered = IntermediaryRegistered {
        intermediary: intermediary.clone(),
        name: "技术经纪人007".to_owned(),
        party: Party::Individual,
    };
    let transferred = TechnologyTransferred {
        transfer: TransferId::parse("JS2024-004").unwrap(),
        intermediary,
        firm: firm(7),
        began: day("2024-05-01"),
        paid: 5_000_050,
    };
    vec![
        Event::Transfer(TransferEvent::IntermediaryRegistered(registered)),
        Event::Transfer(TransferEvent::TechnologyTransferred(transferred)),
    ]
}

fn of_platforms() -> Vec<Event> {
    let platform = PlatformId::parse("PT01").unwrap();
    let registered = PlatformRegistered {
        platform: platform.clone(),
        name: "武江检验检测公共服务平台".to_owned(),
        kind: PlatformKind::Testing,
        operator_name: "韶关市质量检测所".to_owned(),
        operator_code: firm(7),
    };
    let report = PlatformYear {
        platform: platform.clone(),
        year: 2024,
        capacity: 3_000,
        open_capacity: 1_000,
        service_cost: 300_000_010,
        input: 5_000_000,
    };
    let of = [
        PlatformEvent::Registered(registered),
        PlatformEvent::YearReported(report),
        PlatformEvent::Completed { platform },
    ];
    of.map(Event::Platform).to_vec()
}

fn of_instruments() -> Vec<Event> {
    let instrument = InstrumentId::parse("YQ01").unwrap();
    let catalogued = InstrumentCatalogued {
        instrument: instrument.clone(),
        name: "透射电子显微镜".to_owned(),
        owner: firm(7),
        price: 50_000_000,
    };
    let report = InstrumentYear { instrument: instrument.clone(), year: 2023, running_cost: 1_234_567 };
    let of = [
        InstrumentEvent::Catalogued(catalogued),
        InstrumentEvent::Removed { instrument },
        InstrumentEvent::YearReported(report),
    ];
    of.map(Event::Instrument).to_vec()
}

fn of_guidance_funds() -> Vec<Event> {
    let fund = GuidanceFundId::parse("TJ01").unwrap();
    let established =
        GuidanceFundEstablished { fund: fund.clone(), name: "天使引导基金".to_owned(), size: 2_000_000_000 };
    let contributed =
        GuidanceFundContributed { fund: fund.clone(), amount: 600_000_000, source: CapitalSource::Social };
    let invested = GuidanceFundInvested { fund, firm: firm(7), amount: 100_000_000 };
    let of = [
        GuidanceFundEvent::Established(established),
        GuidanceFundEvent::Contributed(contributed),
        GuidanceFundEvent::Invested(invested),
    ];
    of.map(Event::GuidanceFund).to_vec()
}

fn of_assessments() -> Vec<Event> {
    let values = [4_500_000_000, 6_000_000_000, 300_000_000, 1_200_000, 70_000, 400_000, 200_000];
    vec![Event::ProjectAssessed(ProjectAssessed {
        assessment: AssessmentId::parse("XM01").unwrap(),
        firm: firm(7),
        park: park("甘棠"),
        industry: "先进制造".to_owned(),
        indicators: Indicators::recorded(values.map(Some)),
    })]
}

/// What can happen to a person. The sealed bytes are any: what is stored is how they lie in the payload.
fn of_persons() -> Vec<Event> {
    let sealed = |byte: u8| Sealed {
        key: KeyId([0xee; 16]),
        nonce: [byte; 24],
        ciphertext: vec![byte; 64],
        commitment: [byte.wrapping_add(1); 32],
    };
    let (person, hold) =
        (PersonId(std::array::from_fn(|i| u8::try_from(i).unwrap())), HoldId::parse("2026-1").unwrap());
    let contact = ContactRecorded {
        person,
        of: Entity::Firm(firm(7)),
        role: ContactRole::Finance,
        name: sealed(1),
        phone: Some(sealed(2)),
        email: Some(sealed(3)),
    };
    let events = vec![
        PersonEvent::ContactRecorded(Box::new(contact)),
        PersonEvent::Erased { person, key: KeyId([0xee; 16]), ground: "本人申请".to_owned() },
        PersonEvent::HoldPlaced { person, hold: hold.clone(), ground: "诉讼".to_owned() },
        PersonEvent::HoldLifted { person, hold },
    ];
    events.into_iter().map(Event::Person).collect()
}

/// A settling that refers to an assessment, which the first release had not.
fn settled_under() -> Vec<Event> {
    let assessment = Some(AssessmentId::parse("XM01").unwrap());
    vec![Event::FirmSettled { firm: firm(7), park: park("甘棠"), assessment }]
}

/// One event of every type, every field filled.
pub fn events() -> Vec<Event> {
    let beside = [of_transfers(), of_platforms(), of_instruments(), of_guidance_funds(), of_assessments()].concat();
    let once = vec![of_policy(), of_heads(), of_incubator_report()];
    [first_events(), of_reports(), of_money(), beside, once, of_persons(), finance::events()].concat()
}

/// What the log says of itself; no command records it.
fn of_heads() -> Event {
    Event::HeadsRecorded {
        position: 1 << 33,
        count: 700,
        root: std::array::from_fn(|i| u8::try_from(255 - i).unwrap()),
    }
}

/// The types of the first release.
fn first_events() -> Vec<Event> {
    let (firm, park) = (firm(7), park("甘棠园区"));
    let of_log = vec![
        Event::LogCreated { district: "440203".to_owned(), log_id: *b"0123456789abcdef", hash_algorithm: 1 },
        Event::FactsVoided {
            positions: vec![3, 300, 1 << 40],
            reason: "录错".to_owned(),
            decided_by: "区科技局".to_owned(),
        },
        Event::LimitsSet(limits()),
    ];
    let of_parks = vec![
        Event::ParkTreasurySet {
            park: park.clone(),
            treasury_code: "440203001".to_owned(),
            treasury_name: "武江区国库".to_owned(),
        },
        Event::RelocationSigned { firm, park: park.clone() },
        Event::FirmSettled { firm, park: park.clone(), assessment: None },
        Event::ProductionStarted { firm, park },
    ];
    [of_log, of_carriers(), of_firms(), of_parks].concat()
}

/// A full record of an event: every field of the envelope filled.
pub fn record(event: &Event) -> Record {
    let encoded = codec::encode(event, &documents());
    let names: std::collections::BTreeSet<String> = event.subjects().map(|entity| entity.to_string()).collect();
    let subject = |(index, name)| Subject {
        name,
        revision: 0x0102_0304 + index,
        previous: if index == 0 { ZERO_HASH } else { [0xab; 32] },
    };
    Record {
        commit: 0x1122_3344,
        position: 0x55_6677_8899,
        index: 1,
        count: 3,
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        effective_days: -2,
        recorded_at_micros: 1_795_492_800_123_456,
        principal: "user:张三".to_owned(),
        on_behalf_of: "operator:WJ03".to_owned(),
        request: Some(RequestKey { id: std::array::from_fn(|i| u8::try_from(i).unwrap()), hash: [0xcd; 32] }),
        previous: std::array::from_fn(|i| u8::try_from(255 - i).unwrap()),
        subjects: (0u64..).zip(names).map(subject).collect(),
        payload: encoded.payload,
    }
}

fn stay(open_stay: bool) -> Vec<Stated> {
    let (firm, incubator) = (firm(7), carrier("WJ03"));
    let admitted = Event::FirmAdmitted { firm, incubator: incubator.clone(), waiver: String::new() };
    let left = Event::FirmLeft { firm, incubator, admitted: day("2022-02-28"), kind: LeaveKind::Transferred };
    vec![Stated::new(day("2022-02-28"), admitted), Stated { open_stay, ..Stated::new(day("2024-02-29"), left) }]
}

/// Commands of every shape, by name.
pub fn commands() -> Vec<(&'static str, Command)> {
    let void = || VoidOrder::checked(&[10, 11], "录错", "区科技局").unwrap();
    let graduated = |open_stay| {
        let event = of_firms().remove(4);
        vec![Stated { open_stay, ..Stated::new(day("2025-06-30"), event) }]
    };
    let each = |event: &Event| Stated::new(day("2025-03-05"), event.clone());
    let later = [of_reports(), of_money()].concat();
    let mut commands = vec![
        ("one-fact", Command::new(stay(false)[..1].to_vec(), Vec::new(), None).unwrap()),
        ("stay-named", Command::new(stay(false), Vec::new(), None).unwrap()),
        ("stay-open", Command::new(stay(true), Vec::new(), None).unwrap()),
        ("graduation-named", Command::new(graduated(false), Vec::new(), None).unwrap()),
        ("graduation-open", Command::new(graduated(true), Vec::new(), None).unwrap()),
        ("void-only", Command::new(Vec::new(), Vec::new(), void()).unwrap()),
        ("void-only-with-documents", Command::new(Vec::new(), documents(), void()).unwrap()),
        ("replace-with-documents", Command::new(stay(false), documents(), void()).unwrap()),
        ("every-fact", Command::new(first_events()[2..].iter().map(each).collect(), documents(), None).unwrap()),
        ("policy", Command::new(vec![each(&of_policy())], documents(), None).unwrap()),
        ("transfers", Command::new(of_transfers().iter().map(each).collect(), documents(), None).unwrap()),
        ("platforms", Command::new(of_platforms().iter().map(each).collect(), documents(), None).unwrap()),
        ("instruments", Command::new(of_instruments().iter().map(each).collect(), documents(), None).unwrap()),
        ("guidance-funds", Command::new(of_guidance_funds().iter().map(each).collect(), documents(), None).unwrap()),
        (
            "assessments",
            Command::new([of_assessments(), settled_under()].concat().iter().map(each).collect(), documents(), None)
                .unwrap(),
        ),
        ("persons", Command::new(of_persons().iter().map(each).collect(), documents(), None).unwrap()),
        ("incubator-report", Command::new(vec![each(&of_incubator_report())], Vec::new(), None).unwrap()),
        ("every-report-and-payment", Command::new(later.iter().map(each).collect(), documents(), None).unwrap()),
    ];
    commands.extend(finance::commands());
    commands
}
