//! The sets that come with the program: what deploy/criteria holds, as it was built.

use super::parse;
use crate::policy::criteria::CriteriaSet;
use std::sync::LazyLock;

const FILES: [&str; 7] = [
    include_str!("../../../deploy/criteria/national-2018-general.toml"),
    include_str!("../../../deploy/criteria/national-2018-specialised.toml"),
    include_str!("../../../deploy/criteria/national-2017-makerspace.toml"),
    include_str!("../../../deploy/criteria/huizhou-2024-accelerator.toml"),
    include_str!("../../../deploy/criteria/longgang-accelerator.toml"),
    include_str!("../../../deploy/criteria/yuyao-accelerator.toml"),
    include_str!("../../../deploy/criteria/zhaoqing-2024-accelerator-cultivation.toml"),
];

/// A set with the file that it was read from.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// The set.
    pub set: CriteriaSet,
    /// The file, byte for byte.
    pub text: &'static str,
}

static SETS: LazyLock<Vec<Shipped>> = LazyLock::new(|| {
    // A test reads every file, so that none is left out here.
    FILES.iter().filter_map(|text| Some(Shipped { set: parse(text).ok()?, text })).collect()
});

/// All of them, in their order.
pub fn shipped() -> &'static [Shipped] {
    &SETS
}

/// The one with an id.
pub fn by_id(id: &str) -> Option<&'static Shipped> {
    shipped().iter().find(|shipped| shipped.set.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_file_is_a_set_of_its_own() {
        for text in FILES {
            let set = parse(text).unwrap_or_else(|faults| panic!("{faults:?}"));
            let named = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("deploy/criteria/{}.toml", set.id));
            assert_eq!(std::fs::read_to_string(named).unwrap(), text, "a file bears its set's id");
            assert_eq!(by_id(&set.id).map(|shipped| shipped.text), Some(text));
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/criteria");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        assert_eq!(files.filter(|file| file.extension().is_some_and(|e| e == "toml")).count(), FILES.len());
    }
}
