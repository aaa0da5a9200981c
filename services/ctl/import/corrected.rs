//! `--corrected`: one file a ledger with its refused rows, to be mended and imported as it is. A file is begun with its
//! first refused row, so that a clean ledger leaves none; rows stand in the order in which they were refused. Nothing that
//! is there already is written over: someone may have mended it.

use super::read::Place;
use crate::ctl::lang::{Lang, Say};
use crate::ctl::trouble::Trouble;
use crate::domain::Reason;
use crate::formats::corrected::Writer;
use crate::formats::ledger::{Format, LedgerFile};
use crate::formats::report::Detail;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of refused rows of one import.
pub struct Corrections {
    lang: Lang,
    files: Arc<Vec<LedgerFile>>,
    /// Where the refused rows of each file go.
    paths: Vec<PathBuf>,
    writers: Vec<Option<Writer<BufWriter<File>>>>,
    /// What could not be written first; after it no more is tried.
    fault: Option<(PathBuf, io::Error)>,
}

impl Corrections {
    /// In a folder, which is made where it is missing; none of its files may be there yet.
    pub fn to(folder: &Path, files: Arc<Vec<LedgerFile>>, lang: Lang) -> Result<Self, Trouble> {
        std::fs::create_dir_all(folder).map_err(|fault| unwritable(folder, &fault))?;
        let paths = paths(folder, &files);
        if let Some(there) = paths.iter().find(|path| path.exists()) {
            let place = there.display();
            return Err(Trouble::Usage(Say::new(
                format!("{place} 已存在，其中可能有已改正的内容，不会覆盖；请另指定目录，或先将其移走"),
                format!(
                    "{place} is there already, mended perhaps, and is not written over: name another folder, or move it"
                ),
            )));
        }
        let writers = files.iter().map(|_| None).collect();
        Ok(Self { lang, files, paths, writers, fault: None })
    }

    /// Takes a refused row.
    pub fn refused(&mut self, place: &Place, reason: Reason, detail: &Detail) {
        if self.fault.is_some() {
            return;
        }
        if let Err(fault) = self.write(place, reason, detail) {
            self.fault = Some((self.paths[place.file].clone(), fault));
        }
    }

    fn write(&mut self, place: &Place, reason: Reason, detail: &Detail) -> io::Result<()> {
        let writer = match &mut self.writers[place.file] {
            Some(writer) => writer,
            none => {
                let to = BufWriter::new(File::create_new(&self.paths[place.file])?);
                none.insert(Writer::new(&self.files[place.file], to, self.lang.into())?)
            }
        };
        writer.refused(place.line, &place.cells, reason, detail)
    }

    /// Ends the files; answers those that were written, with their rows.
    pub fn finish(self) -> Result<Vec<(PathBuf, u64)>, Trouble> {
        let mut written = Vec::new();
        let mut fault = self.fault;
        for (writer, path) in self.writers.into_iter().zip(self.paths) {
            let Some(writer) = writer else { continue };
            let rows = writer.rows();
            match writer.finish().and_then(|mut to| io::Write::flush(&mut to)) {
                Ok(()) => written.push((path, rows)),
                Err(error) => fault = fault.or(Some((path, error))),
            }
        }
        match fault {
            Some((path, fault)) => Err(unwritable(&path, &fault)),
            None => Ok(written),
        }
    }
}

/// The file's own name, with the ending of what it is; a number before it where that name is taken.
fn paths(folder: &Path, files: &[LedgerFile]) -> Vec<PathBuf> {
    let mut taken = BTreeSet::new();
    let named = files.iter().enumerate().map(|(at, file)| {
        let ending = match file.format() {
            Format::Csv(_) => "csv",
            Format::Xlsx => "xlsx",
        };
        let stem = Path::new(file.name()).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let sheet = file.further_sheet().map(|sheet| format!("#{}", sheet.replace(['/', '\\'], "_")));
        let mut name = format!("{}{}.{ending}", stem.unwrap_or_default(), sheet.unwrap_or_default());
        while !taken.insert(name.clone()) {
            name = format!("{}-{name}", at + 1);
        }
        folder.join(name)
    });
    named.collect()
}

fn unwritable(path: &Path, fault: &io::Error) -> Trouble {
    let place = path.display();
    Trouble::Said(Say::new(
        format!("改正用的文件无法写入 {place}：{fault}"),
        format!("refused rows can't be written to {place}: {fault}"),
    ))
}
