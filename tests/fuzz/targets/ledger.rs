//! Ledgers as somebody hands them in, text or workbook: every file is read to its end or refused in words.
#![no_main]

use incubator_registry::formats::Lang;
use incubator_registry::formats::ledger::{LedgerFile, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let file = match LedgerFile::new("fuzz", Source::Bytes(data.into())) {
        Ok(file) => file,
        Err(fault) => {
            assert!(!fault.message(Lang::En).is_empty() && !fault.message(Lang::Zh).is_empty());
            return;
        }
    };
    let rows = match file.rows() {
        Ok(rows) => rows.map(|row| row.map(|row| row.line)).collect::<Result<Vec<_>, _>>(),
        Err(fault) => Err(fault),
    };
    let Ok(lines) = rows else { return };
    assert!(lines.is_sorted());
    // The order of an import holds the same rows.
    if let Ok(sorted) = file.sorted_rows()
        && let Ok(mut sorted) = sorted.map(|row| row.map(|row| row.line)).collect::<Result<Vec<_>, _>>()
    {
        sorted.sort_unstable();
        assert_eq!(sorted, lines);
    }
});
