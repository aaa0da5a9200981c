//! The sample district: its ledgers stand in the program, are laid beside the data so that they can be looked at and
//! imported again, and are loaded row by row through the same engine as everything else.

use crate::domain::rows::Row;
use crate::domain::{Command, Refusal};
use crate::engine::{Engine, Principal, ROWS_MAX, RowOutcome};
use crate::formats::ledger::{LedgerFile, in_import_order, open};
use crate::grpc::Districts;
use std::net::SocketAddr;
use std::path::Path;

/// Who the demo's facts are recorded by.
const PRINCIPAL: &str = "demo@incubatord";

/// The sample district's ledgers, as an operator would have them: some in GB18030, dirty rows included.
const LEDGERS: &[(&str, &[u8])] = &[
    ("载体台账.csv", include_bytes!("../../deploy/demo/载体台账.csv")),
    ("认定记录.csv", include_bytes!("../../deploy/demo/认定记录.csv")),
    ("企业台账.csv", include_bytes!("../../deploy/demo/企业台账.csv")),
    ("在孵台账.csv", include_bytes!("../../deploy/demo/在孵台账.csv")),
    ("落户园区.csv", include_bytes!("../../deploy/demo/落户园区.csv")),
    ("企业变更.csv", include_bytes!("../../deploy/demo/企业变更.csv")),
    ("企业年报.csv", include_bytes!("../../deploy/demo/企业年报.csv")),
    ("贷款台账.csv", include_bytes!("../../deploy/demo/贷款台账.csv")),
    ("利息支付.csv", include_bytes!("../../deploy/demo/利息支付.csv")),
    ("种子基金.csv", include_bytes!("../../deploy/demo/种子基金.csv")),
    ("投资担保.csv", include_bytes!("../../deploy/demo/投资担保.csv")),
    ("税收入库明细.csv", include_bytes!("../../deploy/demo/税收入库明细.csv")),
];

/// Loads the ledgers into the first district and says what to try next.
pub(super) async fn load(districts: &Districts, data: &Path, address: SocketAddr) -> Result<String, String> {
    let dir = data.join("ledgers");
    std::fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
    let mut files: Vec<LedgerFile> = Vec::new();
    for (name, bytes) in LEDGERS {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        files.push(open(&path).map_err(|error| format!("{name}: {error:?}"))?);
    }
    in_import_order(&mut files);
    let engine = districts.engines().next().ok_or("no district is served")?;
    let mut lines = Vec::new();
    let mut refused = 0;
    for file in &files {
        let (accepted, skipped, rejected) = import(engine, file).await?;
        refused += rejected;
        lines.push(format!("  {}: {accepted} accepted, {skipped} skipped, {rejected} refused", file.name()));
    }
    lines.push(super::demo_policy::publish(engine, PRINCIPAL).await?);
    lines.push(super::demo_calendar::publish(engine, PRINCIPAL).await?);
    let head = engine.published().head.position;
    Ok(hints(engine.district(), &dir, address, head, &lines.join("\n"), refused))
}

async fn import(engine: &Engine, file: &LedgerFile) -> Result<(u64, u64, u64), String> {
    let principal = Principal { id: PRINCIPAL.to_owned(), on_behalf_of: String::new() };
    let fault = |error: &dyn std::fmt::Debug| format!("{}: {error:?}", file.name());
    let mut counts = (0, 0, 0);
    let mut rows: Vec<Result<Command, Refusal>> = Vec::new();
    let mut all = file.sorted_rows().map_err(|error| fault(&error))?;
    loop {
        let next = all.next().transpose().map_err(|error| fault(&error))?;
        let last = next.is_none();
        rows.extend(next.map(|row| row.row.and_then(|row: Row| row.command())));
        if rows.len() == ROWS_MAX || (last && !rows.is_empty()) {
            let sent = engine.submit_rows(principal.clone(), std::mem::take(&mut rows)).await;
            for outcome in sent.map_err(|error| error.to_string())?.0 {
                match outcome {
                    RowOutcome::Accepted { .. } => counts.0 += 1,
                    RowOutcome::Skipped { .. } => counts.1 += 1,
                    RowOutcome::Rejected(_) => counts.2 += 1,
                }
            }
        }
        if last {
            return Ok(counts);
        }
    }
}

fn hints(district: &str, ledgers: &Path, address: SocketAddr, head: u64, loaded: &str, refused: u64) -> String {
    let ctl = format!("cargo run --release --bin incubatorctl -- --server http://{address}");
    let ledgers = ledgers.display();
    format!(
        "The sample district {district} is loaded, up to position {head}:
{loaded}

In another shell, try:
  # the science bureau: graduation metrics and the chain, as of any day
  {ctl} metrics --as-of 2025-10-31
  {ctl} chain --as-of 2025-10-31
  # the finance bureau: what is owed, and why to the last fen
  {ctl} entitlements --as-of 2025-10-31
  {ctl} explain relocation_rebate 91440203MA37GB743W 1 --as-of 2025-10-31
  # the bureau's clerk: what could be claimed of a scheme for everyone, and the working days that a publication runs by
  {ctl} claims open-all relocation_rebate --dry-run
  {ctl} calendar show
  # an operator: one firm whole, and the ledgers once more: what was accepted is a duplicate, the sample's {refused} dirty rows
  # are refused again (exit code 2), and nothing is added
  {ctl} firm show 91440203MA20WQ9M3C
  {ctl} import {ledgers}
  # an auditor: follow the log, and check its chain
  {ctl} events tail --from 1
  {ctl} log verify
  # any gRPC client, by reflection alone
  buf curl --protocol grpc --http2-prior-knowledge -d '{{\"parent\":\"districts/{district}\"}}' \\
    http://{address}/incubation.v1.JournalService/GetHead
"
    )
}
