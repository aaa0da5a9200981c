//! Workbooks made by hand, so that they can lie.

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// A part, and what the directory says of its size where that is not the truth.
#[derive(Clone)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its content.
    pub xml: Vec<u8>,
    /// What is said of its size.
    said: Option<u32>,
}

/// A zip.
#[derive(Clone, Default)]
pub struct Zip {
    /// Its parts.
    pub parts: Vec<Part>,
    /// Flags of every part.
    pub flags: u16,
}

impl Zip {
    /// Adds a part.
    pub fn add(&mut self, name: &str, xml: &str) {
        self.parts.push(Part { name: name.into(), xml: xml.into(), said: None });
    }

    /// Takes a part away.
    pub fn remove(&mut self, name: &str) {
        self.parts.retain(|part| part.name != name);
    }

    fn part(&mut self, name: &str) -> &mut Part {
        self.parts.iter_mut().find(|part| part.name == name).expect("a part")
    }

    /// Changes a part.
    pub fn replace(&mut self, name: &str, change: impl FnOnce(String) -> String) {
        let part = self.part(name);
        part.xml = change(String::from_utf8(std::mem::take(&mut part.xml)).expect("text")).into();
    }

    /// Lies about the size of a part.
    pub fn unpacked(&mut self, name: &str, lie: impl FnOnce(u32) -> u32) {
        let part = self.part(name);
        part.said = Some(lie(u32::try_from(part.xml.len()).expect("a small part")));
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let (mut file, mut directory) = (Vec::new(), Vec::new());
        for part in &self.parts {
            let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&part.xml).expect("memory");
            let packed = packed.finish().expect("memory");
            let mut crc = Crc::new();
            crc.update(&part.xml);
            let size = part.said.unwrap_or(u32::try_from(part.xml.len()).expect("a small part"));
            let name = part.name.as_bytes();
            let mut common = Vec::new();
            common.extend([20, 0]);
            common.extend(self.flags.to_le_bytes());
            common.extend([8, 0, 0, 0, 0, 0]);
            for n in [crc.sum(), u32::try_from(packed.len()).expect("a small part"), size] {
                common.extend(n.to_le_bytes());
            }
            common.extend(u16::try_from(name.len()).expect("a short name").to_le_bytes());
            common.extend([0, 0]);
            directory.extend(b"PK\x01\x02\x14\x00");
            directory.extend(&common);
            directory.extend([0; 10]);
            directory.extend(u32::try_from(file.len()).expect("a small file").to_le_bytes());
            directory.extend(name);
            file.extend(b"PK\x03\x04");
            file.extend(&common);
            file.extend(name);
            file.extend(&packed);
        }
        let count = u16::try_from(self.parts.len()).expect("few parts").to_le_bytes();
        let end =
            [u32::try_from(directory.len()), u32::try_from(file.len())].map(|n| n.expect("a small file").to_le_bytes());
        file.extend(directory);
        file.extend(b"PK\x05\x06\0\0\0\0");
        file.extend([count, count].concat());
        file.extend(end.concat());
        file.extend([0, 0]);
        file
    }
}

/// A workbook of one sheet.
pub fn book(sheet: &str) -> Zip {
    let mut zip = Zip::default();
    let relation = |kind: &str, target: &str| {
        format!("<Relationships><Relationship Id=\"r1\" Type=\"http://x/{kind}\" Target=\"{target}\"/>")
    };
    zip.add("_rels/.rels", &(relation("officeDocument", "xl/workbook.xml") + "</Relationships>"));
    let shared = "<Relationship Id=\"r2\" Type=\"http://x/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>";
    let relations = relation("worksheet", "worksheets/sheet1.xml") + shared + "</Relationships>";
    zip.add("xl/_rels/workbook.xml.rels", &relations);
    let sheets =
        "<workbook><workbookPr date1904=\"0\"/><sheets><sheet name=\"甲\" sheetId=\"1\" r:id=\"r1\"/></sheets>";
    zip.add("xl/workbook.xml", &format!("{sheets}</workbook>"));
    zip.add("xl/worksheets/sheet1.xml", sheet);
    zip
}

/// A sheet of these rows.
pub fn sheet_of(rows: &str) -> String {
    format!("<?xml version=\"1.0\"?><worksheet><sheetData>{rows}</sheetData></worksheet>")
}

/// Cells of text, from the first column on.
pub fn texts(cells: &[&str]) -> String {
    cells.iter().map(|cell| format!("<c t=\"str\"><v>{cell}</v></c>")).collect()
}
