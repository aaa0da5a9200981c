//! `budgets …`: what a treasury appropriated for a scheme and a fiscal year, and what of it is taken. Rounds of a budget are
//! `claims round`.

use super::connect::Session;
use super::deed::{Deed, deed};
use super::finance::args::budget_rule;
use super::finance::rule_number;
use super::message;
use super::output::Report;
use super::pages::Shown;
use super::parse;
use super::trouble::Trouble;
use crate::policy::BudgetRule;
use crate::wire::v1;
use clap::{Args, Subcommand};

/// What a list bears.
const COLUMNS: [&str; 10] = [
    "name",
    "payer",
    "scheme",
    "year",
    "rule",
    "appropriated_fen",
    "committed_fen",
    "ordered_fen",
    "paid_fen",
    "left_fen",
];
/// What people are told of a budget after an act.
const TOLD: &[&str] = &["name", "appropriated_fen", "committed_fen", "left_fen"];

/// Budgets.
#[derive(Debug, Subcommand)]
pub enum BudgetsCommand {
    /// Appropriate, or adjust by a further document, never below what is committed.
    Appropriate(AppropriateArgs),
    /// The budgets, by payer, scheme and year.
    List {
        /// Of this fiscal year.
        #[arg(long, value_name = "YEAR", default_value_t = 0, hide_default_value = true)]
        year: i32,
    },
    /// One budget.
    Show {
        /// The budget, PAYER-SCHEME-YEAR.
        budget: String,
    },
}

/// What is appropriated.
#[derive(Debug, Args)]
pub struct AppropriateArgs {
    /// The budget, PAYER-SCHEME-YEAR, e.g. 440203900-relocation_rebate-2026.
    pub budget: String,
    /// Amount in yuan; negative: so much less.
    #[arg(long, value_name = "YUAN", value_parser = parse::yuan, allow_negative_numbers = true)]
    pub amount: i64,
    /// How it is handed out: FIRST_COME 先到先得, PRO_RATA 按比例分配; the first says it for good.
    #[arg(id = "handing", long = "rule", value_name = "RULE", value_parser = budget_rule)]
    pub rule: BudgetRule,
    /// Document number (文号).
    #[arg(long, value_name = "NO")]
    pub document_no: String,
    /// Programme (项目); default: as before.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub programme: String,
    /// Function code (功能分类科目), digits; default: as before, at first 2060502.
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub function_code: String,
    /// Common.
    #[command(flatten)]
    pub deed: Deed,
}

/// Runs `budgets …`.
pub async fn run(session: &Session, command: BudgetsCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    let named = |budget: &str| session.name("budgets", budget);
    match command {
        BudgetsCommand::Appropriate(args) => {
            let AppropriateArgs { budget, amount, rule, document_no, programme, function_code, deed } = args;
            let written = deed!(
                session, deed, budgets.appropriate_budget,
                AppropriateBudgetRequest {
                    name: named(&budget), amount_fen: amount, rule: rule_number(rule), document_no: document_no,
                    programme: programme, function_code: function_code,
                },
                budget: "Budget"
            );
            Ok(written?.telling(TOLD, lang))
        }
        BudgetsCommand::List { year } => {
            let ask = v1::ListBudgetsRequest { parent: session.parent(), year };
            let reply = session.budgets().list_budgets(ask).await?.into_inner();
            let budgets = reply.budgets.iter().map(|budget| message::json("Budget", budget)).collect();
            Ok(Report::list(budgets, &COLUMNS, lang))
        }
        BudgetsCommand::Show { budget } => {
            let reply = session.budgets().get_budget(v1::GetBudgetRequest { name: named(&budget) }).await?.into_inner();
            let budget = reply.budget.map_or(serde_json::Value::Null, |budget| message::json("Budget", &budget));
            Ok(Report::of(budget, lang))
        }
    }
}
