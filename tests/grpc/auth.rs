//! Who may do what: every role on every method, and what an operator sees, states and takes back.

#[path = "auth_cases/claims.rs"]
mod claims;
#[path = "auth_cases/matrix.rs"]
mod matrix;
#[path = "auth_cases/scope.rs"]
mod scope;
#[path = "auth_cases/words.rs"]
mod words;
