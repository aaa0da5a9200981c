//! Cells that a spreadsheet program would take for a formula. In a .csv there is no way to say that a cell is text, so that
//! `corrected` puts an apostrophe before them, and the reader of a corrected file takes it away again. One that stood there
//! before gets another, so that every cell comes back as it was.

/// The cell with its apostrophe; none where it needs none. A number with its sign is no formula.
pub(in crate::formats) fn guarded(cell: &str) -> Option<String> {
    needs(cell).then(|| format!("'{cell}"))
}

/// The cell without its apostrophe; none where it has none.
pub(super) fn unguarded(cell: &str) -> Option<&str> {
    cell.strip_prefix('\'').filter(|rest| needs(rest))
}

fn needs(cell: &str) -> bool {
    let bare = cell.trim_start_matches(|c: char| c == '\'' || c.is_whitespace());
    let sign = bare.chars().next().map(super::headings::narrow);
    let number = cell.chars().all(|c| matches!(c, '0'..='9' | '.' | ',' | '-'));
    matches!(sign, Some('=' | '+' | '-' | '@')) && !number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_comes_back() {
        for (cell, guard) in [
            ("=1+1", true),
            ("@SUM(A1)", true),
            ("+86", true),
            ("-cmd", true),
            ("'=1", true),
            (" =1", true),
            ("\t=1", true),
            ("＝1", true),
            ("-5", false),
            ("-1,234.50", false),
            ("甲", false),
            ("'甲", false),
            ("", false),
            ("'", false),
        ] {
            let written = guarded(cell).unwrap_or(cell.to_owned());
            assert_eq!(written != cell, guard, "{cell}");
            assert_eq!(unguarded(&written).unwrap_or(&written), cell);
        }
    }
}
