//! Lists, printed as their pages come: JSON and CSV leave page by page, so that a list of any length costs one page of
//! memory. A table is kept until its end, as the text of its cells: its columns are as wide as the widest of them.

use super::lang::Lang;
use super::output::{Format, Grid, Io, Report, cells_of, heads_of, plain_cells_of, print_csv_rows, print_tables};
use super::trouble::Trouble;
use serde_json::Value;

/// How and where a command shows its answer.
pub struct Shown<'a, 'b> {
    /// As what.
    pub format: Format,
    /// In which language.
    pub lang: Lang,
    /// Where to.
    pub io: &'a mut Io<'b>,
}

/// An item of a list as each format shows it.
pub struct Item {
    /// For `json`.
    pub json: Value,
    /// For `table`.
    pub cells: Vec<String>,
    /// For `csv`.
    pub plain: Vec<String>,
}

/// A list that is being printed.
pub struct List<'a, 'b, 'c> {
    shown: &'a mut Shown<'b, 'c>,
    columns: &'a [&'a str],
    /// Heads of the table, which may have other columns.
    head: Vec<String>,
    /// Said above the table; empty: nothing.
    title: String,
    /// At most so many items; 0: all.
    limit: usize,
    count: usize,
    more: bool,
    /// The table so far.
    rows: Vec<Vec<String>>,
}

impl<'a, 'b, 'c> List<'a, 'b, 'c> {
    /// A list of nothing yet, with these fields as the columns of a table or CSV.
    pub fn new(shown: &'a mut Shown<'b, 'c>, limit: usize, columns: &'a [&'a str]) -> Self {
        let head = heads_of(columns, shown.lang);
        Self::headed(shown, limit, columns, head)
    }

    /// A list of nothing yet, with these columns of CSV, and a table under heads of its own.
    pub fn headed(shown: &'a mut Shown<'b, 'c>, limit: usize, columns: &'a [&'a str], head: Vec<String>) -> Self {
        Self { shown, columns, head, title: String::new(), limit, count: 0, more: false, rows: Vec::new() }
    }

    /// Says something above the table.
    pub fn title(&mut self, title: String) {
        self.title = title;
    }

    /// Takes the next page, whose columns are fields; whether another is wanted.
    pub fn page(&mut self, items: Vec<Value>, is_last: bool) -> Result<bool, Trouble> {
        let (columns, lang) = (self.columns, self.shown.lang);
        let item =
            |json: Value| Item { cells: cells_of(&json, columns, lang), plain: plain_cells_of(&json, columns), json };
        self.page_of(items.into_iter().map(item).collect(), is_last)
    }

    /// Takes the next page; whether another is wanted.
    pub fn page_of(&mut self, items: Vec<Item>, is_last: bool) -> Result<bool, Trouble> {
        let room = if self.limit == 0 { items.len() } else { self.limit - self.count };
        let cut = items.len() > room;
        for item in items.into_iter().take(room) {
            self.item(item)?;
        }
        let full = self.limit > 0 && self.count == self.limit;
        self.more = cut || (full && !is_last);
        if self.shown.format != Format::Table {
            self.shown.io.out.flush()?;
        }
        Ok(!is_last && !full)
    }

    fn item(&mut self, item: Item) -> Result<(), Trouble> {
        let first = self.count == 0;
        self.count += 1;
        let out = &mut *self.shown.io.out;
        match self.shown.format {
            Format::Table => self.rows.push(item.cells),
            Format::Json => {
                let text = serde_json::to_string_pretty(&item.json).map_err(std::io::Error::from)?;
                let before = if first { "[" } else { "," };
                // A line break within a text is written `\n`, so that every line of the text is one of the layout.
                write!(out, "{before}\n  {}", text.replace('\n', "\n  "))?;
            }
            Format::Csv => {
                let head = self.columns.iter().map(|key| (*key).to_owned()).collect();
                let rows = if first { vec![head, item.plain] } else { vec![item.plain] };
                print_csv_rows(&rows, out)?;
            }
        }
        Ok(())
    }

    /// Ends the list; what is left to say about it is a note.
    pub fn finish(self) -> Result<Report, Trouble> {
        let Self { shown: Shown { format, lang, io }, columns, head, title, count, more, rows, .. } = self;
        match format {
            Format::Table => {
                print_tables(&[Grid { title, head, rows }], io.out)?;
            }
            Format::Json => writeln!(io.out, "{}", if count == 0 { "[]" } else { "\n]" })?,
            Format::Csv if count == 0 => {
                let head = columns.iter().map(|key| (*key).to_owned()).collect();
                print_csv_rows(&[head], io.out)?;
            }
            Format::Csv => {}
        }
        let note = more.then(|| {
            lang.pick(
                format!("只列出前 {count} 项，后面还有；用 --limit 0 列出全部"),
                format!("the first {count} only, there are more; --limit 0 lists all"),
            )
        });
        Ok(Report { note, is_printed: true, ..Report::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn printed(format: Format, limit: usize, pages: &[&[Value]]) -> (String, Option<String>) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { out: &mut out, err: &mut err, watched: false };
        let mut shown = Shown { format, lang: Lang::En, io: &mut io };
        let mut list = List::new(&mut shown, limit, &["code", "field"]);
        for (at, page) in pages.iter().enumerate() {
            if !list.page(page.to_vec(), at + 1 == pages.len()).unwrap() {
                break;
            }
        }
        let note = list.finish().unwrap().note;
        (String::from_utf8(out).unwrap(), note)
    }

    #[test]
    fn pages_print_as_the_whole_would() {
        let [a, b] =
            [json!({"code": "91", "field": "a\nb"}), json!({"code": "92", "stays": [{"x": 1}], "field": "c,d"})];
        for pages in [vec![vec![a.clone(), b.clone()]], vec![vec![a.clone()], vec![b.clone()]], vec![vec![]]] {
            let all: Vec<Value> = pages.concat();
            let pages: Vec<&[Value]> = pages.iter().map(Vec::as_slice).collect();
            for format in [Format::Json, Format::Csv, Format::Table] {
                let mut whole = Vec::new();
                Report::list(all.clone(), &["code", "field"], Lang::En).print(format, &mut whole).unwrap();
                assert_eq!(printed(format, 0, &pages), (String::from_utf8(whole).unwrap(), None), "{format:?}");
            }
        }
    }

    #[test]
    fn a_list_that_is_cut_says_so() {
        let item = |code: &str| json!({"code": code, "field": "x"});
        let pages = [[item("1"), item("2")], [item("3"), item("4")]];
        let pages: Vec<&[Value]> = pages.iter().map(<[Value; 2]>::as_slice).collect();
        for (limit, rows, more) in [(1, 1, true), (2, 2, true), (3, 3, true), (4, 4, false), (9, 4, false)] {
            let (text, note) = printed(Format::Csv, limit, &pages);
            assert_eq!((text.lines().count(), note.is_some()), (rows + 1, more), "{limit}");
        }
    }

    #[test]
    fn a_table_may_have_heads_and_cells_of_its_own() {
        for (format, wanted) in [(Format::Table, ["as of 1", "金额", "5.00"]), (Format::Csv, ["fen\n", "500\n", ""])]
        {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let mut io = Io { out: &mut out, err: &mut err, watched: false };
            let mut shown = Shown { format, lang: Lang::Zh, io: &mut io };
            let mut list = List::headed(&mut shown, 0, &["fen"], vec!["金额".to_owned()]);
            list.title("as of 1".to_owned());
            let item = Item { json: json!({}), cells: vec!["5.00".to_owned()], plain: vec!["500".to_owned()] };
            assert!(!list.page_of(vec![item], true).unwrap());
            list.finish().unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(wanted.iter().all(|part| text.contains(part)), "{text}");
        }
    }

    #[test]
    fn the_first_page_is_out_before_the_second_is_asked_for() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { out: &mut out, err: &mut err, watched: false };
        let mut shown = Shown { format: Format::Json, lang: Lang::En, io: &mut io };
        let mut list = List::new(&mut shown, 0, &[]);
        assert!(list.page(vec![json!(1)], false).unwrap());
        drop(list);
        assert_eq!(String::from_utf8(out).unwrap(), "[\n  1");
    }
}
