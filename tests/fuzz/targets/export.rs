//! An export that somebody hands in, in pieces of any size: the same answer as in one piece, and never more held than a
//! piece and a commit.
#![no_main]

use incubator_registry::journal::COMMIT_BYTES_MAX;
use incubator_registry::journal::export::{Decoder, ExportFault, FRAME_BYTES, Item};
use libfuzzer_sys::fuzz_target;

fn read(data: &[u8], piece: usize) -> (Vec<Item>, Option<ExportFault>, u64) {
    let mut decoder = Decoder::new();
    let mut items = Vec::new();
    for piece in data.chunks(piece) {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(fault) => return (items, Some(fault), decoder.offset()),
            }
        }
        assert!(decoder.held_bytes() <= COMMIT_BYTES_MAX + FRAME_BYTES + piece.len());
    }
    let offset = decoder.offset();
    let end = decoder.finish();
    assert_eq!(end.is_ok(), matches!(items.last(), Some(Item::End(_))));
    (items, end.err(), offset)
}

fuzz_target!(|data: &[u8]| {
    let [size, export @ ..] = data else { return };
    if export.is_empty() {
        return;
    }
    let whole = read(export, export.len());
    let pieces = read(export, usize::from(*size) + 1);
    assert_eq!((&whole.0, whole.2), (&pieces.0, pieces.2));
    assert_eq!(format!("{:?}", whole.1), format!("{:?}", pieces.1));
});
