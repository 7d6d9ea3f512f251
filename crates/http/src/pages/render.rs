//! Templates.

use gantry_billing::Edition;
use minijinja::{Environment, HtmlEscape, Value, context};
use sha2::{Digest, Sha256};

use gantry_types::RequestId;

use super::{PASSKEY_SCRIPT, STYLES};
use crate::problem::{Answer, Problem};

const TEMPLATES: [(&str, &str); 18] = [
    ("base.html", include_str!("templates/base.html")),
    ("home.html", include_str!("templates/home.html")),
    ("sign_in.html", include_str!("templates/sign_in.html")),
    ("admin_sign_in.html", include_str!("templates/admin_sign_in.html")),
    ("code.html", include_str!("templates/code.html")),
    ("forgot.html", include_str!("templates/forgot.html")),
    ("reset.html", include_str!("templates/reset.html")),
    ("verify.html", include_str!("templates/verify.html")),
    ("keep.html", include_str!("templates/keep.html")),
    ("invitation.html", include_str!("templates/invitation.html")),
    ("register.html", include_str!("templates/register.html")),
    ("setup.html", include_str!("templates/setup.html")),
    ("problem.html", include_str!("templates/problem.html")),
    ("problems.html", include_str!("templates/problems.html")),
    ("pricing.html", include_str!("templates/pricing.html")),
    ("consent.html", include_str!("templates/consent.html")),
    ("sandbox.html", include_str!("templates/sandbox.html")),
    ("invoice.html", include_str!("templates/invoice.html")),
];

/// The templates, parsed.
pub struct Pages {
    templates: Environment<'static>,
}

impl Pages {
    /// Parses the embedded templates; every page carries the edition's name.
    ///
    /// # Errors
    /// Where a template is wrong.
    pub fn new(edition: &Edition) -> Result<Self, minijinja::Error> {
        let mut templates = Environment::new();
        for (name, source) in TEMPLATES {
            templates.add_template(name, source)?;
        }
        templates.add_filter("inline_code", inline_code);
        templates.add_global("style_version", tag_of(STYLES).trim_matches('"').to_owned());
        templates.add_global("script_version", tag_of(PASSKEY_SCRIPT).trim_matches('"').to_owned());
        templates.add_global("version", env!("CARGO_PKG_VERSION"));
        templates.add_global("brand", edition.title.clone());
        templates.add_global("tagline", edition.tagline.clone());
        templates.add_global("sells", edition.plans.len() > 1 || !edition.packages.is_empty());
        Ok(Self { templates })
    }

    /// A page.
    ///
    /// # Errors
    /// 500 when a template asks for what it is not given.
    pub fn render(&self, name: &str, values: Value) -> Answer<String> {
        self.templates
            .get_template(name)
            .and_then(|template| template.render(values))
            .map_err(|error| Problem::internal(format!("the page {name}: {error}")))
    }

    /// The page of a request that did not succeed.
    ///
    /// # Errors
    /// As [`Pages::render`].
    pub fn problem(&self, problem: &Problem, request_id: RequestId) -> Answer<String> {
        self.render(
            "problem.html",
            context! {
                title => problem.code().title(),
                status => problem.code().status(),
                detail => problem.detail(),
                next_step => problem.next_step(),
                slug => problem.code().slug(),
                request_id => request_id.to_string(),
            },
        )
    }
}

/// A text in which `…` marks code, as HTML.
fn inline_code(text: &str) -> Value {
    let parts: Vec<&str> = text.split('`').collect();
    let last = parts.len() - 1;
    let html = parts.iter().enumerate().fold(String::new(), |html, (index, part)| {
        let part = HtmlEscape(part);
        if index % 2 == 1 && index < last {
            format!("{html}<code>{part}</code>")
        } else {
            format!("{html}{part}")
        }
    });
    Value::from_safe_string(html)
}

/// The tag of an embedded text.
pub fn tag_of(text: &str) -> String {
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    format!("\"{}\"", digest.get(..16).unwrap_or(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code_and_nothing_is_markup() {
        let html = |text: &str| inline_code(text).to_string();
        assert_eq!(html("run `gantry <x>` now"), "run <code>gantry &lt;x&gt;</code> now");
        assert_eq!(html("one ` alone & no more"), "one  alone &amp; no more");
        assert_eq!(html(""), "");
    }
}
