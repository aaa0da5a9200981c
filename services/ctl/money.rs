//! Commands about money: loans, seed funds and what came from them, receipts of the treasury. Amounts are typed and shown in
//! yuan, and travel in fen.

use super::args::Reading;
use super::connect::Session;
use super::lang::{Lang, label};
use super::message;
use super::money_args::{FundCommand, InvestmentCommand, LoanCommand, TaxCommand};
use super::output::{Report, hundredths};
use super::pages::Shown;
use super::parse::{Wire as _, opt_day};
use super::show::{known_at, one, page_size, pages};
use super::trouble::Trouble;
use super::write::send;
use crate::wire::v1;
use serde_json::{Value, json};

/// Shows a list of one type, filtered.
macro_rules! listed {
    ($shown:expr, $columns:expr, $session:expr, $list:expr, $filter:expr, $service:ident.$method:ident, $request:ident, $module:ident,
     $items:ident: $type:literal) => {{
        let $crate::ctl::money_args::Listing { limit, reading: Reading { as_of, known } } = $list;
        let mut filter = Vec::new();
        for (name, value) in $filter {
            $crate::ctl::show::clause(&mut filter, name, value);
        }
        let request = v1::$request {
            parent: $session.parent(),
            as_of_date: opt_day(as_of),
            min_position: known.min_position,
            page_size: page_size(limit),
            filter: filter.join(" AND "),
            known_at: known_at!($module, known),
            ..Default::default()
        };
        pages!($shown, $columns, limit, $session, $service.$method, request, $items: $type)
    }};
}

pub(super) use listed;

/// `loan …`.
pub async fn loan(session: &Session, command: LoanCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    let written = match command {
        LoanCommand::Draw { contract, firm, lender, amount, rate, maturity, frame } => send!(
            session, frame, financing.draw_loan,
            DrawLoanRequest {
                parent: session.parent(), contract_no: contract, firm: session.firm(&firm), lender: lender,
                principal_fen: amount, rate_ppm: rate, maturity_date: maturity.to_string(),
            },
            loan: "Loan"
        ),
        LoanCommand::Pay { contract, amount, nature, frame } => send!(
            session, frame, financing.pay_interest,
            PayInterestRequest { name: session.name("loans", &contract), amount_fen: amount, nature: nature.wire() },
            loan: "Loan"
        ),
        LoanCommand::Show { contract, reading } => {
            return one!(
                session, financing.get_loan, GetLoanRequest, get_loan_request, session.name("loans", &contract), reading,
                loan: "Loan", lang
            );
        }
        LoanCommand::List { firm, list: of } => {
            let filter = [("firm", firm.as_deref())];
            let columns =
                ["name", "firm", "lender", "principal_fen", "rate_ppm", "drawdown_date", "maturity_date", "position"];
            return listed!(
                shown, &columns, session, of, filter, financing.list_loans, ListLoansRequest, list_loans_request,
                loans: "Loan"
            );
        }
    };
    Ok(written?.report(lang))
}

/// `fund …`.
pub async fn fund(session: &Session, command: FundCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        FundCommand::Establish { incubator, size, frame } => {
            let written = send!(
                session, frame, financing.establish_seed_fund,
                EstablishSeedFundRequest { name: session.incubator(&incubator), size_fen: size },
                seed_fund: "SeedFund"
            );
            Ok(written?.report(lang))
        }
        FundCommand::List { incubator, list: of } => {
            let filter = [("incubator", incubator.as_deref())];
            let columns = ["incubator", "effective_date", "size_fen", "position"];
            listed!(
                shown, &columns, session, of, filter, financing.list_seed_funds, ListSeedFundsRequest,
                list_seed_funds_request, seed_funds: "SeedFund"
            )
        }
    }
}

/// `investment …`.
pub async fn investment(
    session: &Session,
    command: InvestmentCommand,
    shown: &mut Shown<'_, '_>,
) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        InvestmentCommand::Record { code, incubator, amount, form, frame } => {
            let written = send!(
                session, frame, financing.record_investment,
                RecordInvestmentRequest {
                    name: session.firm(&code), incubator: session.incubator(&incubator), amount_fen: amount,
                    form: form.wire(),
                },
                investment: "Investment"
            );
            Ok(written?.report(lang))
        }
        InvestmentCommand::List { firm, incubator, form, list: of } => {
            let form = form.map(|form| form.key());
            let filter = [("firm", firm.as_deref()), ("incubator", incubator.as_deref()), ("form", form)];
            let columns = ["firm", "incubator", "effective_date", "amount_fen", "form", "position"];
            listed!(
                shown, &columns, session, of, filter, financing.list_investments, ListInvestmentsRequest,
                list_investments_request, investments: "Investment"
            )
        }
    }
}

/// `tax …`.
pub async fn tax(session: &Session, command: TaxCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        TaxCommand::Record { voucher, tax, taxpayer, amount, nature, period_start, period_end, frame } => {
            let written = send!(
                session, frame, taxes.record_tax_receipt,
                RecordTaxReceiptRequest {
                    parent: session.parent(), taxpayer_code: taxpayer, tax: tax.wire(),
                    period_start_date: opt_day(period_start), period_end_date: opt_day(period_end), amount_fen: amount,
                    nature: nature.wire(), voucher_no: voucher,
                },
                tax_receipt: "TaxReceipt"
            );
            Ok(written?.report(lang))
        }
        TaxCommand::Show { voucher, tax, reading } => one!(
            session, taxes.get_tax_receipt, GetTaxReceiptRequest, get_tax_receipt_request,
            session.name("taxReceipts", &format!("{voucher}:{}", tax.key())), reading, tax_receipt: "TaxReceipt", lang
        ),
        TaxCommand::List { taxpayer, tax, nature, list: of } => {
            let (tax, nature) = (tax.map(|tax| tax.key()), nature.map(|nature| nature.key()));
            let filter = [("taxpayer", taxpayer.as_deref()), ("tax", tax), ("nature", nature)];
            let columns = ["voucher_no", "taxpayer_code", "tax", "treasury_date", "amount_fen", "nature", "position"];
            listed!(
                shown, &columns, session, of, filter, taxes.list_tax_receipts, ListTaxReceiptsRequest,
                list_tax_receipts_request, tax_receipts: "TaxReceipt"
            )
        }
    }
}

/// `firm evidence`: what the registry holds of the evidence for a firm's graduations.
pub async fn evidence(session: &Session, code: &str, reading: Reading, lang: Lang) -> Result<Report, Trouble> {
    let request = v1::GetGraduationEvidenceRequest {
        name: session.firm(code),
        as_of_date: opt_day(reading.as_of),
        min_position: reading.known.min_position,
        known_at: known_at!(get_graduation_evidence_request, reading.known),
    };
    let reply = session.firms().get_graduation_evidence(request).await?.into_inner();
    let graduations: Vec<Value> = reply.graduations.iter().map(|it| message::json("GraduationEvidence", it)).collect();
    let json = json!({ "position": reply.position, "graduations": graduations });
    let mut readable = json.clone();
    for graduation in readable["graduations"].as_array_mut().into_iter().flatten() {
        let figures = graduation["figures"].as_array().into_iter().flatten();
        graduation["figures"] = figures.map(|figure| figure_text(figure, lang)).collect();
    }
    Ok(Report { grids: Report::of(readable, lang).grids, ..Report::of(json, lang) })
}

/// `over_fen`, 500000000 as `over 5000000`: in words, amounts in yuan.
fn figure_text(figure: &Value, lang: Lang) -> String {
    let (name, value) = (figure["name"].as_str().unwrap_or_default(), figure["value"].as_str().unwrap_or_default());
    let amount = name.strip_suffix("_fen").and_then(|name| Some((name, hundredths(value.parse().ok()?))));
    let (name, value) = amount.unwrap_or((name, value.to_owned()));
    if lang == Lang::En {
        return format!("{} {value}", name.replace('_', " "));
    }
    let of = |prefix: &str| name.strip_prefix(prefix).map(|when| when.replace('_', "、"));
    let text = match (of("revenue_"), of("equity_"), of("high_tech_")) {
        (Some(years), ..) => format!("{years}年营业收入(元)"),
        (_, Some(day), _) => format!("{day}股权投资(元)"),
        (.., Some(year)) => format!("{year}年报所填高新技术企业"),
        _ => match name {
            "equity" => "股权投资合计(元)".to_owned(),
            "over" => "应超过(元)".to_owned(),
            other => label(other, lang).to_owned(),
        },
    };
    let value = match value.as_str() {
        "true" => "是",
        "false" => "否",
        other => other,
    };
    format!("{text} {value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_evidence_are_readable() {
        let text = |name: &str, value: &str, lang| figure_text(&json!({"name": name, "value": value}), lang);
        assert_eq!(text("over_fen", "500000000", Lang::Zh), "应超过(元) 5000000");
        assert_eq!(text("revenue_2022_2023_fen", "150", Lang::Zh), "2022、2023年营业收入(元) 1.50");
        assert_eq!(text("equity_2023-05-06_fen", "100", Lang::Zh), "2023-05-06股权投资(元) 1");
        assert_eq!(text("high_tech_2023", "true", Lang::Zh), "2023年报所填高新技术企业 是");
        assert_eq!(text("certificate_no", "GR1", Lang::Zh), "证书编号 GR1");
        assert_eq!(text("over_fen", "500000000", Lang::En), "over 5000000");
    }
}
