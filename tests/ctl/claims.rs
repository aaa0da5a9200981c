//! `incubatorctl claims`, `budgets`, `accounts` and `calendar`: from an entitlement to an order by different people, all of it
//! typed, and what each is told who comes too early, or twice.

use crate::common::ctl::demo;
use crate::common::server::Server;
use crate::common::world::TODAY;
use incubator_registry::ctl::{self, Exit, output::Io};
use incubator_registry::keys::{MasterKey, path_of};
use incubator_registry::log::MemoryLog;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

const FIRM: &str = "91440203MA37GB743W";
const CLAIM: &str = "relocation_rebate:91440203MA37GB743W:1";
const NUMBER: &str = "6228480011223344";

/// A server that holds the sample district with its policy, calendars and a budget, all of it by the command line.
struct Desk {
    server: Server,
    /// Files that are typed.
    folder: tempfile::TempDir,
}

struct Told {
    exit: Exit,
    out: String,
    err: String,
}

impl Told {
    #[track_caller]
    fn json(&self) -> Value {
        assert!(matches!(self.exit, Exit::Clean | Exit::Rejected), "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = path_of(folder.path(), "440203");
        let master = MasterKey::new(Zeroizing::new([1; 32]));
        let server = Server::sealing(Arc::new(MemoryLog::new()), &keys, master).await;
        let desk = Self { server, folder };
        assert_eq!(desk.told("clerk", &["import", &demo()]).await.exit, Exit::Rejected);
        desk.done("approver", &["policy", "publish", &format!("{}/policy.toml", demo()), "--date", TODAY]).await;
        let calendar = format!("{}/deploy/calendar/2026.toml", env!("CARGO_MANIFEST_DIR"));
        desk.done("approver", &["calendar", "publish", &calendar]).await;
        desk
    }

    async fn told(&self, by: &str, args: &[&str]) -> Told {
        let common = ["incubatorctl", "--server", &self.server.address, "--principal", by, "--lang", "zh"];
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { out: &mut out, err: &mut err, watched: false };
        let exit = ctl::run(common.iter().chain(args).copied(), &mut io).await;
        Told { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
    }

    async fn done(&self, by: &str, args: &[&str]) -> Value {
        let told = self.told(by, &[args, &["-o", "json"]].concat()).await;
        assert_eq!(told.exit, Exit::Clean, "{args:?}: {}", told.err);
        serde_json::from_str(&told.out).unwrap()
    }

    /// A step that is refused: by this word, in Chinese, with what was sent again under the same id.
    async fn refused(&self, by: &str, args: &[&str], word: &str) {
        let head = self.head();
        let told = self.told(by, args).await;
        assert_eq!(told.exit, Exit::Trouble, "{args:?}: {}", told.out);
        assert!(told.err.contains(&format!("[{word}]")), "{args:?}: {}", told.err);
        assert_eq!(self.head(), head, "{args:?}");
    }

    async fn stage(&self) -> Value {
        self.done("auditor", &["claims", "show", CLAIM]).await["stage"].clone()
    }

    fn head(&self) -> u64 {
        self.server.engine.published().head.position
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    async fn budget(&self) -> Value {
        let id = "440203900-relocation_rebate-2026";
        let args = [
            "budgets",
            "appropriate",
            id,
            "--amount",
            "100000",
            "--rule",
            "先到先得",
            "--document-no",
            "武财〔2026〕8号",
        ];
        self.done("treasurer", &args).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_goes_from_an_entitlement_to_an_order_by_different_people() {
    let desk = Desk::new().await;
    assert_eq!(desk.budget().await["budget"]["left_fen"], 10_000_000);
    let open = ["claims", "open", "落户企业三年补贴", FIRM, "1"];
    let tried = desk.told("clerk", &[&open[..], &["--validate-only"]].concat()).await;
    assert!(
        tried.exit == Exit::Clean && tried.out.contains("已申报") && tried.out.contains("6666.67"),
        "{}",
        tried.out
    );
    let opened = desk.done("clerk", &open).await;
    assert_eq!((&opened["claim"]["stage"], &opened["claim"]["due_fen"]), (&"CLAIMED".into(), &666_667.into()));
    desk.refused("clerk", &open, "CLAIM_EXISTS").await;

    // The same request again gets the first answer; another content under its id does not.
    let id = "6f1c0e7a-93d5-4d0b-8f0a-2b7c5e1d9a34";
    let accept = ["claims", "accept", CLAIM, "--opinion", "材料齐全", "--request-id", id];
    let first = desk.done("clerk", &accept).await;
    let head = desk.head();
    assert_eq!(desk.done("clerk", &accept).await["position"], first["position"]);
    assert_eq!(desk.head(), head);
    desk.refused("clerk", &["claims", "accept", CLAIM, "--request-id", id], "REQUEST_ID_REUSED").await;

    desk.refused("clerk", &["claims", "review", CLAIM], "SAME_PERSON").await;
    desk.done("reviewer", &["claims", "review", CLAIM, "--opinion", "同意"]).await;
    let published = desk.done("clerk", &["claims", "publish", CLAIM]).await;
    // Five working days behind Tuesday 24 November.
    assert_eq!(published["claim"]["published_until_date"], "2026-12-01");
    desk.refused("approver", &["claims", "approve", CLAIM], "PUBLICATION_RUNNING").await;
    desk.done("clerk", &["claims", "object", CLAIM, "--reason", "企业名称有误"]).await;
    desk.server.clock.advance(Duration::from_secs(8 * 86_400));
    desk.refused("approver", &["claims", "approve", CLAIM], "OBJECTION_STANDING").await;
    desk.done("clerk", &["claims", "settle", CLAIM, "1", "--answer", "经核无误"]).await;
    desk.refused("reviewer", &["claims", "approve", CLAIM], "SAME_PERSON").await;
    assert_eq!(desk.told("approver", &["claims", "approve", CLAIM, "--amount", "1"]).await.exit, Exit::Usage);
    let less = ["claims", "approve", CLAIM, "--amount", "6000", "--reason", "预算"];
    let approved = desk.done("approver", &less).await;
    assert_eq!(approved["claim"]["approved_fen"], 600_000);
    let budget = desk.done("auditor", &["budgets", "show", "440203900-relocation_rebate-2026"]).await;
    assert_eq!((&budget["committed_fen"], &budget["left_fen"]), (&600_000.into(), &9_400_000.into()));

    account(&desk).await;
    let issued = desk.done("treasurer", &["orders", "issue"]).await;
    assert_eq!((&issued[0]["claim"], &issued[0]["amount_fen"]), (&CLAIM.into(), &600_000.into()));
    assert_eq!(desk.stage().await, "ORDERED");
    desk.refused("clerk", &["claims", "withdraw", CLAIM, "--reason", "不再申报"], "CLAIM_STAGE").await;
    shown(&desk).await;
}

/// The payee's account, recorded from a file by one person and confirmed by another.
async fn account(desk: &Desk) {
    let firm = desk.done("auditor", &["firm", "show", FIRM]).await;
    let holder = firm["display_name"].as_str().unwrap().to_owned();
    let number = desk.file("number", &format!("{NUMBER}\n"));
    let bank = ["--bank", "中国农业银行韶关武江支行", "--bank-no", "103100000026", "--number-file", &number];
    let record = |name| [&["accounts", "record", FIRM, "--holder", name][..], &bank].concat();
    desk.refused("treasurer", &record("别的名称"), "ACCOUNT_NAME_DIFFERS").await;
    let recorded = desk.done("treasurer", &record(&holder)).await;
    let position = recorded["account"]["waiting"]["position"].to_string();
    desk.refused("treasurer", &["accounts", "confirm", FIRM, &position], "SAME_PERSON").await;
    desk.done("checker", &["accounts", "confirm", FIRM, &position]).await;
    let shown = desk.told("auditor", &["accounts", "show", FIRM]).await;
    assert!(shown.out.contains("****3344") && shown.out.contains("treasurer"), "{}", shown.out);
    assert!(!shown.out.contains(NUMBER) && !recorded.to_string().contains(NUMBER));
    let listed = desk.told("auditor", &["accounts", "list"]).await.out;
    assert!(listed.contains(FIRM) && listed.contains("****3344") && !listed.contains(NUMBER), "{listed}");
    assert_eq!(desk.done("auditor", &["accounts", "list", "--waiting"]).await, Value::Array(Vec::new()));
}

/// What everyone sees of it afterwards.
async fn shown(desk: &Desk) {
    let whole = desk.done("auditor", &["claims", "show", CLAIM]).await;
    assert_eq!(whole["drift"]["differs"], false);
    let steps: Vec<_> =
        whole["history"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    let wanted =
        ["Claimed", "ClaimAccepted", "ClaimReviewed", "ClaimPublished", "ObjectionRaised", "ObjectionResolved"];
    assert_eq!(steps[..6], wanted);
    assert_eq!(steps[6..], ["ClaimApproved", "OrderIssued"]);
    let table = desk.told("auditor", &["claims", "show", CLAIM]).await.out;
    for words in ["已开支付令", "异议处理", "经核无误", "落户企业三年补贴", "reviewer", "现时比较"]
    {
        assert!(table.contains(words), "{words}: {table}");
    }
    let json = desk.told("auditor", &["claims", "explain", CLAIM, "-o", "json"]).await.out;
    assert_eq!(hex::encode(Sha256::digest(&json)), whole["frozen"]["explanation_sha256"]);
    let text = desk.told("auditor", &["claims", "explain", CLAIM]).await.out;
    assert!(text.contains("申报6666.67元") && text.contains("\n    四舍五入到分：6,666.67元\n"), "{text}");
    let csv = desk.told("auditor", &["claims", "explain", CLAIM, "-o", "csv"]).await.out;
    assert!(csv.lines().any(|line| line.contains("GIVEN,1111111,1,FEN,1891,")), "{csv}");
    let page = desk.told("auditor", &["claims", "explain", CLAIM, "--page", "-"]).await.out;
    assert!(page.starts_with("<!doctype html>") && page.contains("四舍五入到分"), "{page}");

    let list = ["claims", "list", "--stage", "已开支付令", "--beneficiary", FIRM, "--payer", "440203900"];
    let csv = desk.told("auditor", &[&list[..], &["-o", "csv"]].concat()).await.out;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains(&format!("districts/440203/claims/{CLAIM},ORDERED,RELOCATION_REBATE")), "{csv}");
    assert_eq!(desk.done("auditor", &["claims", "list", "--stage", "PAID"]).await, Value::Array(Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_who_is_entitled_is_claimed_for_after_a_preview() {
    let desk = Desk::new().await;
    let head = desk.head();
    let all = ["claims", "open-all", "relocation_rebate"];
    let preview = desk.told("clerk", &[&all[..], &["--dry-run", "-o", "json"]].concat()).await;
    assert!(preview.err.contains("预览") && desk.head() == head, "{}", preview.err);
    let preview = preview.json();
    let count = |of: &Value| of.as_array().unwrap().iter().filter(|line| line["opened"] == true).count();
    assert!(count(&preview) > 3, "{preview}");
    let done = desk.told("clerk", &[&all[..], &["-o", "json"]].concat()).await.json();
    assert_eq!(count(&done), count(&preview));
    let again = desk.told("clerk", &all).await;
    assert!(again.err.contains("已申报0笔"), "{}", again.err);
    let listed = desk.done("clerk", &["claims", "list", "--scheme", "relocation_rebate"]).await;
    assert_eq!(listed.as_array().unwrap().len(), count(&done));

    // Before anything is ordered: turned down, opened again, frozen anew.
    desk.done("clerk", &["claims", "reject", CLAIM, "--reason", "材料不符"]).await;
    let shown = desk.told("auditor", &["claims", "show", CLAIM]).await.out;
    assert!(shown.contains("不予通过") && shown.contains("材料不符"), "{shown}");
    desk.done("clerk", &["claims", "open", "relocation_rebate", FIRM, "1"]).await;
    desk.done("clerk", &["claims", "accept", CLAIM]).await;
    assert_eq!(desk.done("clerk", &["claims", "refreeze", CLAIM]).await["claim"]["stage"], "ACCEPTED");
    desk.done("clerk", &["claims", "withdraw", CLAIM, "--reason", "企业申请"]).await;
    assert_eq!(desk.stage().await, "WITHDRAWN");
    for step in [["supplement", CLAIM].as_slice(), &["report", CLAIM, "--summary", "见附件"]] {
        desk.refused("clerk", &[&["claims"], step].concat(), "CLAIM_STAGE").await;
    }
    desk.refused("approver", &["claims", "recover", CLAIM, "--amount", "1", "--reason", "多付"], "CLAIM_STAGE").await;
    let spend = ["claims", "spend", CLAIM, "--purpose", "种子资金", "--amount", "1", "--on", "设备", "--date", TODAY];
    desk.refused("clerk", &spend, "NOT_EARMARKED").await;
    let again = ["claims", "open", "relocation_rebate", FIRM, "1"];
    desk.refused("clerk", &[&again[..], &["--etag", "\"1\""]].concat(), "STALE_ETAG").await;
    let etag = desk.done("auditor", &["claims", "show", CLAIM]).await["etag"].as_str().unwrap().to_owned();
    desk.done("clerk", &[&again[..], &["--etag", &etag]].concat()).await;
    desk.refused("clerk", &["claims", "accept", CLAIM, "--etag", "\"1\""], "STALE_ETAG").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_of_a_budget_is_opened_and_not_approved_too_early() {
    let desk = Desk::new().await;
    let id = "440203900-relocation_rebate-2026";
    let args =
        ["budgets", "appropriate", id, "--amount", "5000", "--rule", "PRO_RATA", "--document-no", "武财〔2026〕9号"];
    desk.done("treasurer", &args).await;
    let open = ["claims", "round", "open", id, "--closes", "2026-12-10"];
    assert_eq!(desk.done("clerk", &open).await["budget"]["round_closes_date"], "2026-12-10");
    desk.refused("approver", &["claims", "round", "approve", id], "ROUND_STATE").await;
    let listed = desk.told("auditor", &["budgets", "list", "--year", "2026"]).await.out;
    assert!(listed.contains("按比例分配") && listed.contains("5000"), "{listed}");
    assert_eq!(desk.done("auditor", &["budgets", "list", "--year", "2025"]).await, Value::Array(Vec::new()));
    let less =
        ["budgets", "appropriate", id, "--amount", "-6000", "--rule", "PRO_RATA", "--document-no", "武财〔2026〕10号"];
    desk.refused("treasurer", &less, "BUDGET_COMMITTED").await;

    let known = desk.told("clerk", &["calendar", "show", "2026"]).await.out;
    assert!(
        known.contains("国办发明电〔2025〕7号") && known.contains("10-01–10-07") && known.contains("10-10"),
        "{known}"
    );
    let bad = desk
        .file("bad.toml", "[calendar]\nyear = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = \"2026-12-31\"\nto = \"x\"\n");
    let told = desk.told("approver", &["calendar", "publish", &bad]).await;
    assert_eq!(told.exit, Exit::Trouble);
    assert!(told.err.contains("第1行") && told.err.contains("holiday[0].to"), "{}", told.err);
}
