//! An invoice or a credit note on sheets of A4.
//!
//! Invariants: a line of the table is torn apart only where it is longer than a sheet; columns are as
//! wide as the widest amount in them; sums stand together.

use krilla::metadata::{DateTime, Metadata};

use super::sheets::{LEFT, RIGHT, Sheets, Style};
use super::typeface::{Shaped, Weight};
use super::words::{AmountWords, InvoiceWords, LineWords};
use crate::problem::Answer;

const TITLE: Style = Style { weight: Weight::Bold, size: 20.0, line: 32.0, lightness: 0 };
const TEXT: Style = Style { weight: Weight::Regular, size: 9.5, line: 14.5, lightness: 0 };
const STRONG: Style = Style { weight: Weight::Bold, ..TEXT };
const LABEL: Style = Style { lightness: 0x55, ..TEXT };
/// Between two parts of an invoice.
const PART: f32 = 20.0;
/// Above and below what stands in a row of the table.
const PAD: f32 = 4.5;
/// Between two columns.
const GAP: f32 = 14.0;
/// What descriptions have at least, however wide the amounts are.
const NARROWEST: f32 = 90.0;

/// An invoice or a credit note as a PDF file.
///
/// # Errors
/// 500 where the file cannot be written.
pub fn write_pdf(words: &InvoiceWords) -> Answer<Vec<u8>> {
    let name = format!("{} {}", words.title, words.number);
    let mut sheets = Sheets::new()?;
    write_head(&mut sheets, words, &name);
    let columns = Columns::derive(&sheets, words);
    let mut table = Table { sheets: &mut sheets, columns };
    table.write_titles();
    for line in &words.lines {
        table.write_line(line);
    }
    table.write_sums(words);
    if let Some(note) = &words.note {
        sheets.skip(PART);
        sheets.write(note, TEXT);
    }
    sheets.finish(&name, derive_metadata(words, &name))
}

fn derive_metadata(words: &InvoiceWords, name: &str) -> Metadata {
    let metadata = Metadata::new()
        .title(name.to_owned())
        .authors(words.seller.iter().take(1).cloned().collect())
        .language("en".to_owned());
    match derive_date(&words.day) {
        Some(day) => metadata.creation_date(day),
        None => metadata,
    }
}

/// Such as `2027-01-31`; a time outside of the calendar is none.
fn derive_date(day: &str) -> Option<DateTime> {
    let mut parts = day.split('-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Some(DateTime::new(year).month(month).day(day).utc_offset_hour(0))
}

fn write_head(sheets: &mut Sheets, words: &InvoiceWords, name: &str) {
    for (place, line) in words.seller.iter().enumerate() {
        sheets.write(line, if place == 0 { STRONG } else { TEXT });
    }
    sheets.skip(PART);
    sheets.write(name, TITLE);
    let corrects = words.corrects.as_ref().map(|number| ("Corrects invoice", number));
    for (label, value) in [("Date", &words.day)].into_iter().chain(corrects) {
        sheets.write(&format!("{label}: {value}"), TEXT);
    }
    sheets.skip(PART);
    sheets.write(words.buyer_label, LABEL);
    for line in std::iter::once(&words.buyer).chain(&words.buyer_lines) {
        sheets.write(line, TEXT);
    }
    if let Some(email) = &words.email {
        sheets.write(email, TEXT);
    }
    sheets.skip(PART);
}

/// The columns of amounts, at the right edge.
struct Columns {
    /// What stands above them.
    titles: Vec<&'static str>,
    /// Where they end, to the right.
    ends: Vec<f32>,
    /// Where descriptions end.
    description_end: f32,
    /// Whether net and tax have columns of their own.
    tells_tax: bool,
}

impl Columns {
    fn derive(sheets: &Sheets, words: &InvoiceWords) -> Self {
        let tells_tax = words.tax_label.is_some();
        let titles = if tells_tax { vec!["Net", "Tax", "Amount"] } else { vec!["Amount"] };
        let mut columns = Self { titles, ends: Vec::new(), description_end: RIGHT, tells_tax };
        let mut rows: Vec<Vec<&str>> =
            words.lines.iter().map(|line| columns.pick(&line.amount)).collect();
        rows.push(columns.titles.clone());
        rows.push(columns.pick(&words.total));
        let mut end = RIGHT;
        for column in (0..columns.titles.len()).rev() {
            columns.ends.insert(0, end);
            let cells = rows.iter().filter_map(|row| row.get(column));
            // In bold, as titles and sums are, letters are widest.
            end -= cells.map(|cell| sheets.measure(cell, STRONG)).fold(0.0, f32::max) + GAP;
        }
        columns.description_end = end.max(LEFT + NARROWEST);
        columns
    }

    fn pick<'a>(&self, amount: &'a AmountWords) -> Vec<&'a str> {
        let AmountWords { net, tax, gross } = amount;
        if self.tells_tax { vec![net, tax, gross] } else { vec![gross] }
    }
}

/// The table of an invoice, row by row.
struct Table<'a> {
    sheets: &'a mut Sheets,
    columns: Columns,
}

impl Table<'_> {
    fn write_titles(&mut self) {
        let titles = self.columns.titles.clone();
        let height = TEXT.line + 2.0 * PAD;
        // A title alone at the foot of a sheet says nothing.
        if !self.sheets.has_room(2.0 * height) {
            self.sheets.turn();
        }
        self.write_row("Description", &titles, STRONG);
    }

    fn write_line(&mut self, line: &LineWords) {
        let cells = self.columns.pick(&line.amount);
        self.write_row(&line.description, &cells, TEXT);
    }

    /// What was bought altogether, and the tax in it.
    fn write_sums(&mut self, words: &InvoiceWords) {
        let AmountWords { net, tax, gross } = &words.total;
        let taxed = words.tax_label.iter();
        let mut sums: Vec<(&str, &str, Style)> =
            taxed.flat_map(|label| [("Net", net.as_str(), TEXT), (label, tax, TEXT)]).collect();
        sums.push((words.total_label, gross, STRONG));
        let heights =
            sums.iter().map(|(label, _, style)| derive_height(&self.wrap(label, *style), *style));
        let height: f32 = heights.sum();
        if !self.sheets.has_room(height) {
            self.sheets.turn();
        }
        for (label, amount, style) in sums {
            self.write_row(label, &[amount], style);
        }
    }

    /// At least one line: the amounts stand beside it.
    fn wrap(&self, first: &str, style: Style) -> Vec<Shaped> {
        let lines = self.sheets.wrap(first, style, self.columns.description_end - LEFT);
        if lines.is_empty() { vec![Shaped::default()] } else { lines }
    }

    /// A row, on the next sheet where it does not fit on this one; fewer cells than columns stand in
    /// the last ones.
    fn write_row(&mut self, first: &str, cells: &[&str], style: Style) {
        let lines = self.wrap(first, style);
        if !self.sheets.has_room(derive_height(&lines, style)) {
            self.turn();
        }
        self.sheets.skip(PAD);
        for (place, text) in lines.into_iter().enumerate() {
            if place > 0 && !self.sheets.has_room(style.line + PAD) {
                self.turn();
            }
            self.sheets.put(text, style, LEFT);
            if place == 0 {
                self.put_cells(cells, style);
            }
            self.sheets.skip(style.line);
        }
        self.sheets.skip(PAD);
        self.sheets.rule();
    }

    fn put_cells(&mut self, cells: &[&str], style: Style) {
        let skipped = self.columns.ends.len().saturating_sub(cells.len());
        for (cell, end) in cells.iter().zip(self.columns.ends.iter().skip(skipped)) {
            self.sheets.put_before(cell, style, *end);
        }
    }

    fn turn(&mut self) {
        self.sheets.turn();
        self.write_titles();
    }
}

/// Of a row with these lines.
fn derive_height(lines: &[Shaped], style: Style) -> f32 {
    lines.len() as f32 * style.line + 2.0 * PAD
}

#[cfg(test)]
mod tests {
    use lopdf::Document;

    use super::*;

    fn amount(net: &str, tax: &str, gross: &str) -> AmountWords {
        AmountWords { net: net.to_owned(), tax: tax.to_owned(), gross: gross.to_owned() }
    }

    fn invoice(descriptions: &[&str]) -> InvoiceWords {
        let lines = descriptions.iter().map(|description| LineWords {
            description: (*description).to_owned(),
            amount: amount("8.40 USD", "1.60 USD", "10.00 USD"),
        });
        InvoiceWords {
            title: "Invoice",
            number: "R-7".to_owned(),
            corrects: None,
            day: "2027-01-31".to_owned(),
            seller: vec!["Łódź & Sons".to_owned(), "1 Street".to_owned()],
            buyer_label: "Sold to",
            buyer: "Ωμέγα".to_owned(),
            buyer_lines: Vec::new(),
            email: None,
            lines: lines.collect(),
            total: amount("84.03 USD", "15.97 USD", "100.00 USD"),
            total_label: "Total, paid",
            tax_label: Some("VAT 19 %, included".to_owned()),
            note: Some("Thank you.".to_owned()),
        }
    }

    fn read(words: &InvoiceWords) -> Vec<String> {
        let document = Document::load_mem(&write_pdf(words).unwrap()).unwrap();
        let sheets = document.get_pages().into_keys();
        sheets.map(|sheet| document.extract_text(&[sheet]).unwrap()).collect()
    }

    #[test]
    fn the_same_invoice_is_the_same_file_and_names_itself() {
        let words = invoice(&["Credits"]);
        let bytes = write_pdf(&words).unwrap();
        assert!(bytes == write_pdf(&words).unwrap());
        let document = Document::load_mem(&bytes).unwrap();
        let named = document.trailer.get(b"Info").and_then(lopdf::Object::as_reference);
        let named = document.get_dictionary(named.unwrap()).unwrap();
        assert_eq!(named.get(b"Title").unwrap().as_str().unwrap(), b"Invoice R-7");
        let written = named.get(b"CreationDate").unwrap().as_str().unwrap();
        assert!(written.starts_with(b"D:20270131000000"), "{written:?}");
    }

    #[test]
    fn every_line_stands_on_one_sheet_below_the_titles_and_sums_on_the_last() {
        let names: Vec<String> = (1..=70).map(|place| format!("Article no. {place};")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let sheets = read(&invoice(&names));
        assert_eq!(sheets.len(), 3);
        for (index, sheet) in sheets.iter().enumerate() {
            assert_eq!(sheet.matches("Description").count(), 1, "{sheet}");
            assert!(sheet.contains(&format!("Page {} of 3", index + 1)), "{sheet}");
            assert_eq!(sheet.contains("VAT 19 %, included"), index == 2, "{sheet}");
            assert_eq!(sheet.contains("100.00 USD"), index == 2, "{sheet}");
        }
        for name in names {
            assert_eq!(sheets.iter().filter(|sheet| sheet.contains(name)).count(), 1, "{name}");
        }
    }

    #[test]
    fn a_line_that_is_longer_than_a_sheet_loses_nothing() {
        let words: Vec<String> = (1..=700).map(|place| format!("word-{place}-of-it")).collect();
        let sheets = read(&invoice(&[&words.join(" "), "", "The end"]));
        assert!(sheets.len() > 2, "{} sheets", sheets.len());
        for word in &words {
            assert_eq!(sheets.iter().filter(|sheet| sheet.contains(word)).count(), 1, "{word}");
        }
        let lines: usize = sheets.iter().map(|sheet| sheet.matches("10.00 USD").count()).sum();
        assert_eq!(lines, 3, "{sheets:?}");
    }

    #[test]
    fn without_tax_there_is_one_column() {
        let corrects = Some("R-1".to_owned());
        let words = InvoiceWords { tax_label: None, corrects, ..invoice(&["Credits"]) };
        let sheet = read(&words).remove(0);
        for word in ["Łódź & Sons", "Ωμέγα", "Corrects invoice: R-1", "10.00 USD", "Thank you."]
        {
            assert!(sheet.contains(word), "{word}: {sheet}");
        }
        for word in ["Net", "Tax", "8.40 USD", "1.60 USD", "VAT"] {
            assert!(!sheet.contains(word), "{word}: {sheet}");
        }
    }

    #[test]
    fn amounts_push_descriptions_aside_and_stay_on_the_sheet() {
        let wide = "92233720368547758.07 USD";
        let words = InvoiceWords { total: amount(wide, wide, wide), ..invoice(&["Credits"]) };
        let sheets = Sheets::new().unwrap();
        let columns = Columns::derive(&sheets, &words);
        assert!(columns.description_end >= LEFT + NARROWEST);
        assert!(columns.ends.is_sorted(), "{:?}", columns.ends);
        assert!(columns.ends.last().is_some_and(|end| *end <= RIGHT));
        assert!(derive_date("-9999-01-01").is_none());
    }
}
