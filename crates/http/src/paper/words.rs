//! What an invoice or a credit note says, in words.

use gantry_ports::store::{Invoice, InvoiceContent, InvoiceKind};
use gantry_rules::invoice::TaxedAmount;
use gantry_types::Money;

/// Of a time in RFC 3339, the day.
const DAY_CHARACTERS: usize = 10;

/// An invoice or a credit note, ready to be shown.
#[derive(Debug, Clone)]
pub struct InvoiceWords {
    /// What it is.
    pub title: &'static str,
    /// Its number.
    pub number: String,
    /// The number of the invoice that a credit note corrects.
    pub corrects: Option<String>,
    /// When it was written, such as `2027-01-31`.
    pub day: String,
    /// Who sold, line by line.
    pub seller: Vec<String>,
    /// What the buyer is called.
    pub buyer_label: &'static str,
    /// Who bought.
    pub buyer: String,
    /// Their address and tax number, line by line.
    pub buyer_lines: Vec<String>,
    /// Their address, while it is known.
    pub email: Option<String>,
    /// What was sold, or given back.
    pub lines: Vec<LineWords>,
    /// All of it.
    pub total: AmountWords,
    /// What the total is called.
    pub total_label: &'static str,
    /// The tax in it, where there is one.
    pub tax_label: Option<String>,
    /// What else is said of tax.
    pub note: Option<String>,
}

/// A line of it.
#[derive(Debug, Clone)]
pub struct LineWords {
    /// What for.
    pub description: String,
    /// How much.
    pub amount: AmountWords,
}

/// An amount, and what it is made of.
#[derive(Debug, Clone)]
pub struct AmountWords {
    /// Without tax.
    pub net: String,
    /// The tax.
    pub tax: String,
    /// Both.
    pub gross: String,
}

impl From<Invoice> for InvoiceWords {
    fn from(invoice: Invoice) -> Self {
        let Invoice { number, content } = invoice;
        let (title, buyer_label, total_label) = match content.kind {
            InvoiceKind::Invoice => ("Invoice", "Sold to", "Total, paid"),
            InvoiceKind::CreditNote => ("Credit note", "Credited to", "Given back"),
            InvoiceKind::CreditReversal => {
                ("Reversal of a credit note", "Sold to", "Total, not given back after all")
            }
        };
        Self {
            title,
            number,
            day: content.at.to_string().chars().take(DAY_CHARACTERS).collect(),
            buyer_label,
            lines: describe_lines(&content),
            total: describe_amount(content.total, &content),
            total_label,
            tax_label: describe_tax(&content),
            corrects: content.corrects,
            seller: content.seller,
            buyer: content.buyer.name,
            buyer_lines: content.buyer.lines,
            email: content.buyer.email,
            note: content.note,
        }
    }
}

/// What the tax is called; that of a provider comes without a name and a rate.
fn describe_tax(content: &InvoiceContent) -> Option<String> {
    match &content.tax {
        Some(tax) => Some(format!("{tax}, included")),
        None => (content.total.tax_minor != 0).then(|| "Tax, included".to_owned()),
    }
}

fn describe_lines(content: &InvoiceContent) -> Vec<LineWords> {
    let lines = content.lines.iter();
    lines
        .map(|line| LineWords {
            description: line.description.clone(),
            amount: describe_amount(line.amount, content),
        })
        .collect()
}

fn describe_amount(amount: TaxedAmount, content: &InvoiceContent) -> AmountWords {
    let money = |minor: i64| Money { minor, currency: content.currency }.to_string();
    AmountWords {
        net: money(amount.net_minor),
        tax: money(amount.tax_minor),
        gross: money(amount.gross_minor),
    }
}
