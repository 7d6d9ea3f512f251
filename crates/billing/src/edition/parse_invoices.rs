//! `[invoices]` of an edition's file: who sells, how invoices are numbered, and the tax in prices.

use gantry_rules::invoice::{InvoiceTerms, NumberFormat, TaxTerms};

use super::reader::Reader;

/// Digits behind the point of a percentage.
const PLACES: usize = 2;
/// The highest tax, in hundredths of a percent.
const HIGHEST: u32 = 10_000;

/// `[invoices]`; without it the edition's title sells, and prices contain no tax that is told apart.
pub(super) fn read_invoices(root: &Reader<'_>, title: &str) -> InvoiceTerms {
    let usual = InvoiceTerms::plain(title);
    let Some(table) = root.table("invoices") else { return usual };
    let seller = table.texts("seller").unwrap_or(usual.seller);
    if seller.iter().all(|line| line.trim().is_empty()) {
        table.refuse("seller", "is empty", "write name, address and tax number, line by line");
    }
    let note = table.text("note").filter(|note| !note.trim().is_empty());
    let terms = InvoiceTerms { number: read_number(&table), seller, tax: read_tax(&table), note };
    table.finish();
    terms
}

fn read_number(table: &Reader<'_>) -> NumberFormat {
    let Some(text) = table.text("number") else { return NumberFormat::default() };
    match text.parse::<NumberFormat>() {
        Ok(format) => format,
        Err(error) => {
            table.refuse("number", "numbers no invoices", &error.to_string());
            NumberFormat::default()
        }
    }
}

fn read_tax(table: &Reader<'_>) -> Option<TaxTerms> {
    let name = table.text("tax");
    let percent = table.text("tax_percent");
    let (name, percent) = match (name, percent) {
        (None, None) => return None,
        (Some(name), Some(percent)) => (name, percent),
        (Some(_), None) => {
            table.refuse("tax_percent", "is missing", "write `tax_percent = \"19\"`");
            return None;
        }
        (None, Some(_)) => {
            table.refuse(
                "tax",
                "is missing",
                "write what the tax is called, such as `tax = \"VAT\"`",
            );
            return None;
        }
    };
    let hundredths =
        parse_percent(&percent).filter(|hundredths| (1..=HIGHEST).contains(hundredths));
    if hundredths.is_none() {
        let remedy = "write a text above \"0\" and up to \"100\", such as \"19\" or \"7.70\"";
        table.refuse("tax_percent", "is no percentage", remedy);
    }
    hundredths.map(|hundredths| TaxTerms { name, hundredths })
}

/// Hundredths of a percent.
fn parse_percent(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || text.ends_with('.') || part.len() > PLACES {
        return None;
    }
    if !numeric(whole) || !numeric(part) {
        return None;
    }
    format!("{whole}{part:0<PLACES$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_to_the_hundredth() {
        for (text, hundredths) in [("19", 1_900), ("7.7", 770), ("8.25", 825), ("0.01", 1)] {
            assert_eq!(parse_percent(text), Some(hundredths), "{text}");
        }
        for wrong in ["", ".5", "5.", "1.234", "-1", "1e2", "99999999999"] {
            assert_eq!(parse_percent(wrong), None, "{wrong}");
        }
    }
}
