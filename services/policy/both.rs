//! A sentence in both languages of the district's desks.

/// A sentence, made where its values are known and shown where the language is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both {
    /// English.
    pub en: String,
    /// 简体中文.
    pub zh: String,
}

impl<E: Into<String>, Z: Into<String>> From<(E, Z)> for Both {
    /// English first.
    fn from((en, zh): (E, Z)) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}
