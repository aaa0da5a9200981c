//! Steps of money: one event of every type with every field filled, and acts of every shape.

use super::{carrier, day, documents, firm};
use incubator_registry::domain::account::{AccountEvent, AccountRecorded, BankNo};
use incubator_registry::domain::act::{Act, Answer, ClaimStep, Wanted};
use incubator_registry::domain::budget::{Appropriated, BudgetEvent, BudgetId};
use incubator_registry::domain::calendar::CalendarSet;
use incubator_registry::domain::claim::{Approved, ClaimEvent, Frozen, Piece, Reduction, Taken};
use incubator_registry::domain::order::{CursorAdvanced, Issued, OrderEvent, Told};
use incubator_registry::domain::sealed::{KeyId, Sealed};
use incubator_registry::domain::{
    ClaimId, Command, CursorName, Entity, Event, Handing, OrderNo, PolicyId, Purpose, ReductionKind, SchemeKey,
    TreasuryCode,
};

fn claim() -> ClaimId {
    ClaimId::parse("cultivation_award:91440203MA00000007:WJ03").unwrap()
}

fn budget() -> BudgetId {
    BudgetId::parse("440203000-cultivation_award-2025").unwrap()
}

fn order() -> OrderNo {
    OrderNo::parse("2025-440203000-000007").unwrap()
}

fn cursor() -> CursorName {
    CursorName::parse("预算管理一体化").unwrap()
}

fn taken(text: &str) -> Taken {
    Taken { claim: claim(), by: "user:李四".to_owned(), text: text.to_owned() }
}

fn frozen() -> Frozen {
    let reduction = |kind, amount, of: &str| Reduction { kind, amount, of: of.to_owned() };
    Frozen {
        claim: claim(),
        by: "user:张三".to_owned(),
        scheme: SchemeKey::parse("cultivation_award").unwrap(),
        beneficiary: Entity::Incubator(carrier("WJ03")),
        period: firm(7).to_string(),
        payee: firm(8),
        payer: TreasuryCode::parse("440203900").unwrap(),
        payer_name: "武江甘棠园区国库".to_owned(),
        amount: 5_000_000,
        reductions: vec![
            reduction(ReductionKind::Stacking, 100, "relocation_rebate 91440203MA00000007 year 1"),
            reduction(ReductionKind::Attribution, 1, "cultivation_award:91440203MA00000007:WJ01"),
        ],
        as_of: day("2025-10-31"),
        known: 300,
        policy: PolicyId::parse("wujiang-2023").unwrap(),
        policy_position: 12,
        policy_sha256: [0x5a; 32],
        version: day("2024-01-01"),
        rules_version: 1,
        window: Some((day("2024-03-05"), day("2025-03-05"))),
        start: Some(day("2024-03-05")),
        attribution: vec![(carrier("WJ01"), 1_000_000), (carrier("WJ03"), 4_000_000)],
        counted: [20, 21, 300].into(),
        sources: vec![Entity::Taxpayer(firm(7))],
        explanation_sha256: [0xa5; 32],
        explanation_bytes: 4096,
        pieces: 1,
    }
}

fn of_claims() -> Vec<Event> {
    let frozen = || Box::new(frozen());
    let approved = Approved { taken: taken("预算不足"), budget: budget(), awarded: 4_999_000, round: 2 };
    let of = [
        ClaimEvent::Claimed(frozen()),
        ClaimEvent::Explained(Piece { claim: claim(), index: 1, bytes: [0x78, 0x9c, 0].into() }),
        ClaimEvent::Accepted(taken("材料齐全")),
        ClaimEvent::Reviewed(taken("属实")),
        ClaimEvent::Published { taken: taken("区政府网站"), until: day("2025-11-17") },
        ClaimEvent::ObjectionRaised { taken: taken("税款不实"), objection: 1 },
        ClaimEvent::ObjectionResolved { taken: taken("经核不成立"), objection: 1, upheld: true },
        ClaimEvent::Approved(approved),
        ClaimEvent::Withdrawn(taken("企业撤回")),
        ClaimEvent::Rejected(taken("不符")),
        ClaimEvent::Reopened(frozen()),
        ClaimEvent::Refrozen(frozen()),
        ClaimEvent::Supplemented { frozen: frozen(), due: 700 },
        ClaimEvent::RecoveryOrdered { taken: taken("迁出"), recovery: 1, amount: 300 },
        ClaimEvent::RecoveryReceived { taken: taken("回单1"), recovery: 1, amount: 200 },
        ClaimEvent::PerformanceReported(taken("已达标")),
        ClaimEvent::EarmarkSpent { taken: taken("购置设备"), purpose: Purpose::PublicPlatform, amount: 100 },
    ];
    of.map(Event::Claim).to_vec()
}

fn appropriated() -> Appropriated {
    Appropriated {
        budget: budget(),
        by: "user:王五".to_owned(),
        amount: -100,
        handing: Handing::ProRata,
        document_no: "武财〔2025〕3号".to_owned(),
        programme: "孵化器培育奖励".to_owned(),
        function_code: "2060502".to_owned(),
    }
}

fn recorded() -> AccountRecorded {
    AccountRecorded {
        holder: firm(8),
        by: "user:王五".to_owned(),
        holder_name: "韶关孵化有限公司".to_owned(),
        number: Sealed { key: KeyId([3; 16]), nonce: [4; 24], ciphertext: vec![5; 64], commitment: [6; 32] },
        tail: "2345".to_owned(),
        bank_name: "中国农业银行韶关武江支行".to_owned(),
        bank_no: BankNo::parse("103100000026").unwrap(),
    }
}

fn calendar() -> CalendarSet {
    CalendarSet {
        year: 2025,
        by: "user:王五".to_owned(),
        off: [day("2025-10-01"), day("2025-10-02")].into(),
        worked: [day("2025-09-28")].into(),
        publication_days: 5,
        document_no: "国办发明电〔2024〕12号".to_owned(),
    }
}

fn of_money() -> Vec<Event> {
    let (holder, by) = (firm(8), "user:赵六".to_owned());
    vec![
        Event::Budget(BudgetEvent::Appropriated(Box::new(appropriated()))),
        Event::Budget(BudgetEvent::RoundOpened {
            budget: budget(),
            by: by.clone(),
            round: 2,
            closes: day("2025-11-30"),
        }),
        Event::Budget(BudgetEvent::RoundApproved {
            budget: budget(),
            by: by.clone(),
            round: 2,
            available: 1_000,
            claimed: 2_000,
            claims: 3,
        }),
        Event::Account(AccountEvent::Recorded(Box::new(recorded()))),
        Event::Account(AccountEvent::Confirmed { holder, by: by.clone(), recorded: 88 }),
        Event::Account(AccountEvent::Refused { holder, by, recorded: 88, reason: "户名不符".to_owned() }),
        Event::CalendarSet(calendar()),
    ]
}

fn of_orders() -> Vec<Event> {
    let told = |text: &str| Told { order: order(), claim: claim(), by: "finance".to_owned(), text: text.to_owned() };
    let issued = Issued {
        order: order(),
        claim: claim(),
        grant: 1,
        by: "user:王五".to_owned(),
        budget: budget(),
        payer_name: "武江甘棠园区国库".to_owned(),
        programme: "孵化器培育奖励".to_owned(),
        function_code: "2060502".to_owned(),
        government_code: "50701".to_owned(),
        department_code: "31204".to_owned(),
        payee: firm(8),
        payee_name: "韶关孵化有限公司".to_owned(),
        account: 88,
        amount: 4_999_000,
        purpose: "培育奖励".to_owned(),
    };
    let of = [
        OrderEvent::Issued(Box::new(issued)),
        OrderEvent::Accepted(told("收到")),
        OrderEvent::Paid { told: told("回单9"), standing: true, budget: budget() },
        OrderEvent::Returned { told: told("账号不存在"), account: 88 },
        OrderEvent::Rejected(told("要素不全")),
        OrderEvent::Closed(told("年度终了")),
    ];
    let advanced = CursorAdvanced { cursor: cursor(), by: "finance".to_owned(), acknowledged: 900 };
    of.map(Event::Order).into_iter().chain([Event::CursorAdvanced(advanced)]).collect()
}

/// One event of every type about money that is paid.
pub fn events() -> Vec<Event> {
    [of_claims(), of_money(), of_orders()].concat()
}

/// Acts of every shape, by name.
pub fn commands() -> Vec<(&'static str, Command)> {
    let wanted = |policy, as_of| {
        Act::Claim(Wanted {
            scheme: SchemeKey::parse("relocation_rebate").unwrap(),
            beneficiary: Entity::Firm(firm(7)),
            period: "1".to_owned(),
            policy,
            as_of,
        })
    };
    let step = |step, text: &str| Act::Step { claim: claim(), step, text: text.to_owned() };
    let tell = |answer| Act::Tell { order: order(), answer };
    let text = str::to_owned;
    let on = day("2025-12-01");
    let acts = vec![
        ("act-claim", wanted(None, None)),
        ("act-claim-of", wanted(Some(PolicyId::parse("wujiang-2023").unwrap()), Some(day("2025-10-31")))),
        ("act-refreeze", Act::Refreeze(claim())),
        ("act-supplement", Act::Supplement(claim())),
        ("act-accept", step(ClaimStep::Accept, "材料齐全")),
        ("act-review", step(ClaimStep::Review, "属实")),
        ("act-publish", step(ClaimStep::Publish, "网站")),
        ("act-object", step(ClaimStep::Object, "不实")),
        ("act-withdraw", step(ClaimStep::Withdraw, "撤回")),
        ("act-reject", step(ClaimStep::Reject, "不符")),
        ("act-report", step(ClaimStep::Report, "达标")),
        ("act-resolve", Act::Resolve { claim: claim(), objection: 1, upheld: false, text: text("不成立") }),
        ("act-approve", Act::Approve { claim: claim(), awarded: None, reason: String::new() }),
        ("act-approve-less", Act::Approve { claim: claim(), awarded: Some(7), reason: text("预算") }),
        ("act-recover", Act::Recover { claim: claim(), amount: 3, reason: text("迁出") }),
        ("act-receive", Act::Receive { claim: claim(), recovery: 1, amount: 3, reference: text("回单"), day: on }),
        (
            "act-spend",
            Act::Spend { claim: claim(), purpose: Purpose::SeedFund, amount: 3, text: text("补充"), day: on },
        ),
        ("act-appropriate", Act::Appropriate(Appropriated { by: String::new(), ..appropriated() })),
        ("act-open-round", Act::OpenRound { budget: budget(), closes: on }),
        ("act-approve-round", Act::ApproveRound(budget())),
        ("act-calendar", Act::SetCalendar(CalendarSet { by: String::new(), ..calendar() })),
        ("act-account", Act::RecordAccount(Box::new(AccountRecorded { by: String::new(), ..recorded() }))),
        ("act-account-confirm", Act::CheckAccount { holder: firm(8), recorded: 88, refused: None }),
        ("act-account-refuse", Act::CheckAccount { holder: firm(8), recorded: 88, refused: Some(text("户名不符")) }),
        ("act-order", Act::IssueOrder { claim: claim(), purpose: text("奖励") }),
        ("act-accepted", tell(Answer::Accepted)),
        ("act-paid", tell(Answer::Paid { reference: text("回单9"), day: on, amount: None })),
        ("act-returned", tell(Answer::Returned { reason: text("账号不存在"), day: on })),
        ("act-rejected", tell(Answer::Rejected { reason: text("要素不全") })),
        ("act-close-year", Act::CloseYear(2025, None)),
        ("act-acknowledge", Act::Acknowledge { cursor: cursor(), position: 900 }),
    ];
    acts.into_iter().map(|(name, act)| (name, Command::act(act, documents()).unwrap())).collect()
}
