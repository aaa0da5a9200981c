//! What a principal may be.

use std::fmt;

/// What a principal is to the district. What each may do is the table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs carriers: states and sees what is theirs, and their firms for the days of their stays with them.
    Operator,
    /// The science bureau's clerk, who keeps the facts.
    BureauClerk,
    /// The science bureau's approver, who decides: recognitions, policies, limits.
    BureauApprover,
    /// The finance bureau's clerk, who keeps what reached the treasury.
    FinanceClerk,
    /// The finance bureau's approver, who releases money.
    FinanceApprover,
    /// Reads everything, changes nothing.
    Auditor,
    /// Keeps keys and settings; states no business facts.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Operator,
        Self::BureauClerk,
        Self::BureauApprover,
        Self::FinanceClerk,
        Self::FinanceApprover,
        Self::Auditor,
        Self::Administrator,
    ];

    /// Its word in files of principals and in refusals.
    pub fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::BureauClerk => "bureau-clerk",
            Self::BureauApprover => "bureau-approver",
            Self::FinanceClerk => "finance-clerk",
            Self::FinanceApprover => "finance-approver",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// A set of roles.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// Every role.
    pub fn all() -> Self {
        Role::ALL.into_iter().collect()
    }

    /// Whether the role is among them.
    pub fn contains(self, role: Role) -> bool {
        self.0 & Self::bit(role) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Them, in the order of `Role::ALL`.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.contains(*role))
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn bit(role: Role) -> u8 {
        1 << (role as u8)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().map(Self::bit).fold(0, |all, bit| all | bit))
    }
}

/// Their words, a comma between them.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Role::word).collect();
        f.write_str(&words.join(","))
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_into_it() {
        let two: Roles = [Role::Auditor, Role::Operator, Role::Auditor].into_iter().collect();
        assert_eq!(two.iter().collect::<Vec<_>>(), [Role::Operator, Role::Auditor]);
        assert_eq!(two.to_string(), "operator,auditor");
        assert!(two.contains(Role::Auditor) && !two.contains(Role::FinanceClerk));
        assert_eq!(Roles::all().iter().count(), Role::ALL.len());
        assert!(Roles::default().is_empty() && !two.is_empty());
        let one: Roles = [Role::Auditor].into_iter().collect();
        assert_eq!(two.and(one), one);
    }

    #[test]
    fn every_word_is_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(role));
        }
        assert_eq!(Role::from_word("root"), None);
    }
}
