//! Features that plans were written without: whoever is on such a plan keeps what it gave.

/// Templates in the words of `Dialect::schema`. Terms are written without spaces; those that list
/// no features have all of them anyway.
pub(super) const STATEMENTS: &[&str] = &[
    r#"UPDATE plans SET terms = REPLACE(terms, '"features":["',
        '"features":["collaboration","chatbot","branding","')
        WHERE terms LIKE '%"features":["%'"#,
    r#"UPDATE plans SET terms = REPLACE(terms, '"features":[]',
        '"features":["collaboration","chatbot","branding"]')
        WHERE terms LIKE '%"features":[]%'"#,
];
