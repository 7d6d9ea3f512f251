//! Sizes that a reader can hold: lines of a file, lines and arguments of a function, and no call
//! whose two bare flags can be swapped without the compiler noticing.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::files::SourceFile;
use crate::finding::Finding;

/// A size that asks for attention, and one that fails.
struct Limit {
    warn: usize,
    fail: usize,
}

const FILE_LINES: Limit = Limit { warn: 400, fail: 600 };
const FUNCTION_LINES: Limit = Limit { warn: 60, fail: 120 };
const MOST_ARGUMENTS: usize = 5;
const CODE: [&str; 7] = ["rs", "ts", "tsx", "js", "mjs", "py", "sh"];
/// Written by a tool, and read by none of us.
const GENERATED: [&str; 1] = [".d.ts"];

/// Holds the file to its number of lines.
pub fn check_size(source: &SourceFile) -> Option<Finding> {
    let is_generated = GENERATED.iter().any(|end| source.path.ends_with(end));
    if is_generated || !CODE.contains(&source.extension()) {
        return None;
    }
    let what = "file has";
    measure(&source.path, 1, source.line_count(), &FILE_LINES, what)
}

/// Holds every function of a Rust file to its lines and arguments.
pub fn check_functions(source: &SourceFile) -> Vec<Finding> {
    let parsed = match syn::parse_file(&source.text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let line = error.span().start().line;
            let advice = format!("does not parse: {error}");
            return vec![Finding::failure(&source.path, line, "syntax", advice)];
        }
    };
    let mut reader = Reader { path: &source.path, findings: Vec::new(), foreign_trait: false };
    reader.visit_file(&parsed);
    reader.findings
}

fn measure(path: &str, line: usize, lines: usize, limit: &Limit, what: &str) -> Option<Finding> {
    let advice = format!("{what} {lines} lines, more than {}: split it by purpose", limit.warn);
    if lines > limit.fail {
        Some(Finding::failure(path, line, "size", advice))
    } else if lines > limit.warn {
        Some(Finding::warning(path, line, "size", advice))
    } else {
        None
    }
}

struct Reader<'a> {
    path: &'a str,
    findings: Vec<Finding>,
    /// Inside `impl Trait for …`: the trait has decided the signature.
    foreign_trait: bool,
}

impl Reader<'_> {
    fn check(&mut self, signature: &syn::Signature, body: proc_macro2::Span, is_public: bool) {
        let start = signature.span().start().line;
        let lines = body.end().line.saturating_sub(start) + 1;
        let what = format!("`{}` has", signature.ident);
        self.findings.extend(measure(self.path, start, lines, &FUNCTION_LINES, &what));
        if self.foreign_trait {
            return;
        }
        let types: Vec<&syn::Type> = signature
            .inputs
            .iter()
            .filter_map(|input| match input {
                syn::FnArg::Typed(argument) => Some(argument.ty.as_ref()),
                syn::FnArg::Receiver(_) => None,
            })
            .collect();
        if types.len() > MOST_ARGUMENTS {
            let advice = format!(
                "`{}` takes {} arguments, more than {MOST_ARGUMENTS}: give them a struct with names",
                signature.ident,
                types.len()
            );
            self.findings.push(Finding::failure(self.path, start, "arguments", advice));
        }
        let bare = types.iter().filter(|ty| is_bare(ty)).count();
        if is_public && bare > 1 {
            let advice = format!(
                "`{}` takes {bare} bare `bool` or `Option` arguments, which callers can swap: \
                 give them an enum or a struct",
                signature.ident
            );
            self.findings.push(Finding::failure(self.path, start, "bare", advice));
        }
    }
}

fn is_bare(ty: &syn::Type) -> bool {
    let syn::Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "bool" || last.ident == "Option")
}

fn is_public(visibility: &syn::Visibility) -> bool {
    !matches!(visibility, syn::Visibility::Inherited)
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.check(&item.sig, item.block.span(), is_public(&item.vis));
        visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let before = std::mem::replace(&mut self.foreign_trait, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.foreign_trait = before;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.check(&item.sig, item.block.span(), is_public(&item.vis));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.check(&item.sig, item.span(), true);
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::tidy::fixture;

    fn rules(text: &str) -> Vec<&'static str> {
        check_functions(&fixture("a.rs", text)).iter().map(|finding| finding.rule).collect()
    }

    fn function_of(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    call();\n".repeat(lines - 2))
    }

    #[test]
    fn long_files_warn_and_then_fail() {
        let severity = |lines: usize, path: &str| {
            check_size(&fixture(path, &"x\n".repeat(lines))).map(|finding| finding.severity)
        };
        assert_eq!(severity(400, "a.rs"), None);
        assert_eq!(severity(401, "a.rs"), Some(Severity::Warning));
        assert_eq!(severity(601, "web/a.tsx"), Some(Severity::Failure));
        assert_eq!(severity(601, "web/schema.d.ts"), None);
        assert_eq!(severity(601, "README.md"), None);
    }

    #[test]
    fn long_functions_warn_and_then_fail() {
        let severity = |lines: usize| {
            let findings = check_functions(&fixture("a.rs", &function_of(lines)));
            findings.first().map(|finding| finding.severity)
        };
        assert_eq!(severity(60), None);
        assert_eq!(severity(61), Some(Severity::Warning));
        assert_eq!(severity(121), Some(Severity::Failure));
    }

    #[test]
    fn documentation_is_no_part_of_a_function() {
        let text = format!("{}{}", "/// words\n".repeat(50), function_of(60));
        assert_eq!(rules(&text), Vec::<&str>::new());
    }

    #[test]
    fn a_sixth_argument_fails_and_self_is_none() {
        let five = "a: u8, b: u8, c: u8, d: u8, e: u8";
        assert_eq!(rules(&format!("impl A {{ fn a(&self, {five}) {{}} }}")), Vec::<&str>::new());
        assert_eq!(rules(&format!("fn a({five}, f: u8) {{}}")), vec!["arguments"]);
        let theirs = format!("impl B for A {{ fn a({five}, f: u8) {{}} }}");
        assert_eq!(rules(&theirs), Vec::<&str>::new());
    }

    #[test]
    fn two_bare_flags_in_public_fail() {
        assert_eq!(rules("pub fn a(x: bool, y: Option<u8>) {}"), vec!["bare"]);
        assert_eq!(rules("trait T { fn a(x: bool, y: bool); }"), vec!["bare"]);
        assert_eq!(rules("fn a(x: bool, y: bool) {}"), Vec::<&str>::new());
        assert_eq!(rules("pub fn a(x: bool, y: u8) {}"), Vec::<&str>::new());
    }
}
