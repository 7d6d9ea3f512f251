//! Invoices with numbers of our own: for what the provider does not invoice itself.

use anyhow::{Context, Result, ensure};
use gantry_billing::Edition;
use gantry_rules::invoice::{InvoiceTerms, TaxTerms};
use gantry_testkit::TestRequest;
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{PAYS, Shop, edition};

on_every_stage!(
    what_is_paid_is_invoiced_and_what_is_given_back_is_credited,
    a_subscription_is_invoiced_by_one_alone,
    an_invoice_carries_the_billing_details_of_its_day,
);

const INVOICES: &str = "/api/v1/account/invoices";

fn numbering(edition: Edition) -> Result<Edition> {
    let invoices = InvoiceTerms {
        number: "R-{number}".parse()?,
        seller: vec!["Shop <Ltd>".to_owned(), "ul. Żółta 1, Łódź, Київ".to_owned()],
        tax: Some(TaxTerms { name: "VAT".to_owned(), hundredths: 1_900 }),
        note: Some("Thank you & good bye.".to_owned()),
    };
    Ok(Edition { invoices, ..edition })
}

async fn list(shop: &mut Shop) -> Result<Vec<Value>> {
    let list = shop.buyer.get(INVOICES).await?;
    list.require_status(200)?;
    list.json()?["items"].as_array().cloned().context("items")
}

/// The page of an invoice, on which everything in `words` stands.
async fn read_page(shop: &mut Shop, invoice: &Value, words: &[&str]) -> Result<()> {
    let url = invoice["page_url"].as_str().context("a page")?.to_owned();
    let page = shop.buyer.get(&url).await?;
    page.require_status(200)?;
    ensure!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let policy = page.header("content-security-policy").context("a policy")?;
    ensure!(policy.starts_with("default-src 'none'"), "{policy}");
    let text = page.text();
    for word in words {
        ensure!(text.contains(word), "{word} is missing: {text}");
    }
    // It is whole by itself.
    for link in ["<script", "<link", "<img", "src=", "href=", "@import"] {
        ensure!(!text.contains(link), "{link}: {text}");
    }
    Ok(())
}

/// The PDF file of an invoice, read back: what stands on each of its sheets.
async fn read_file(shop: &mut Shop, invoice: &Value) -> Result<Vec<String>> {
    let url = invoice["pdf_url"].as_str().context("a file")?.to_owned();
    let number = invoice["number"].as_str().context("a number")?;
    let file = shop.buyer.get(&url).await?;
    file.require_status(200)?;
    assert_eq!(file.header("content-type"), Some("application/pdf"));
    let disposition = format!("attachment; filename=\"{number}.pdf\"");
    assert_eq!(file.header("content-disposition"), Some(disposition.as_str()));
    assert_eq!(file.header("cache-control"), Some("private, no-cache"));
    ensure!(shop.buyer.get(&url).await?.body == file.body, "the same invoice is another file");
    let document = lopdf::Document::load_mem(&file.body)?;
    let sheets = document.get_pages().into_keys();
    sheets.map(|sheet| Ok(document.extract_text(&[sheet])?)).collect()
}

/// The only sheet of an invoice, on which everything in `words` stands.
async fn read_sheet(shop: &mut Shop, invoice: &Value, words: &[&str]) -> Result<()> {
    let sheets = read_file(shop, invoice).await?;
    assert_eq!(sheets.len(), 1);
    for word in words.iter().chain(&["Page 1 of 1"]) {
        ensure!(sheets[0].contains(word), "{word} is missing: {}", sheets[0]);
    }
    Ok(())
}

fn sum(list: &[Value], member: &str) -> i64 {
    list.iter().filter_map(|invoice| invoice[member]["minor"].as_i64()).sum()
}

async fn what_is_paid_is_invoiced_and_what_is_given_back_is_credited(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, numbering(edition("automl"))?).await?;
    assert_eq!(list(&mut shop).await?, [] as [Value; 0]);
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    shop.reconcile().await?;
    let first = list(&mut shop).await?;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(first[0]["number"], "R-1");
    assert_eq!(first[0]["kind"], "invoice");
    assert_eq!(first[0]["status"], "paid");
    let amounts = ["amount", "net", "tax"].map(|member| first[0][member]["text"].clone());
    assert_eq!(amounts, ["10.00 USD", "8.40 USD", "1.60 USD"]);
    let seller = ["Shop &lt;Ltd&gt;", "ul. Żółta 1, Łódź, Київ", "Thank you &amp; good bye."];
    let said = ["Invoice R-1", "100 credits", "buyer@example.org", "VAT 19 %", "1.60 USD"];
    read_page(&mut shop, &first[0], &[&seller[..], &said[..]].concat()).await?;
    let seller = ["Shop <Ltd>", "ul. Żółta 1, Łódź, Київ", "Thank you & good bye.", "Sold to"];
    let amounts = ["Net", "Tax", "Amount", "8.40 USD", "10.00 USD", "VAT 19 %, included"];
    read_sheet(&mut shop, &first[0], &[&seller[..], &said[..], &amounts[..]].concat()).await?;

    let payment = shop.payments().await?.remove(0);
    for minor in [Some(250), None] {
        shop.refund(&payment, minor).await?.require_status(202)?;
        shop.deliver().await?;
    }
    let all = list(&mut shop).await?;
    let told: Vec<[&Value; 3]> = all
        .iter()
        .map(|invoice| [&invoice["number"], &invoice["corrects"], &invoice["amount"]["text"]])
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["R-3", "R-1", "-7.50 USD"],
            ["R-2", "R-1", "-2.50 USD"],
            ["R-1", null, "10.00 USD"],
        ])
    );
    for member in ["amount", "net", "tax"] {
        assert_eq!(sum(&all, member), 0, "{member}: {all:?}");
    }
    let said = ["Credit note R-2", "Corrects invoice", ">R-1<", "2.50 USD", "0.40 USD"];
    read_page(&mut shop, &all[1], &said).await?;
    let said =
        ["Credit note R-2", "Corrects invoice: R-1", "Credited to", "2.50 USD", "Given back"];
    read_sheet(&mut shop, &all[1], &said).await?;
    assert_eq!(first[0], all[2], "an invoice that was written stays");
    require_own(&mut shop).await?;
    shop.require_sound_books().await
}

/// Nobody else reads it, and their own numbers go on.
async fn require_own(shop: &mut Shop) -> Result<()> {
    let mut stranger = shop.app.register("stranger@example.org").await?;
    assert_eq!(stranger.get(INVOICES).await?.json()?["items"], json!([]));
    for form in ["page", "pdf"] {
        let theirs = format!("{INVOICES}/R-1/{form}");
        stranger.get(&theirs).await?.require_status(404)?;
        shop.administrator.get(&theirs).await?.require_status(404)?;
        shop.app.client().get(&theirs).await?.require_status(401)?;
        shop.buyer.get(&format!("{INVOICES}/R-4/{form}")).await?.require_status(404)?;
    }
    std::mem::swap(&mut shop.buyer, &mut stranger);
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let theirs = list(shop).await?;
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0]["number"], "R-4");
    std::mem::swap(&mut shop.buyer, &mut stranger);
    assert_eq!(list(shop).await?.len(), 3);
    Ok(())
}

fn amounts_of(invoice: &Value) -> [Value; 3] {
    ["amount", "net", "tax"].map(|member| invoice[member]["text"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tax_that_stripe_worked_out_is_the_one_on_our_invoice() -> Result<()> {
    let stage = Stage { who: Who::Stripe, database: Database::Sqlite };
    let mut shop = Shop::open(stage, numbering(edition("automl"))?).await?;
    shop.provider.stripe()?.add_taxes(7);
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let first = list(&mut shop).await?.remove(0);
    assert_eq!(amounts_of(&first), ["10.70 USD", "10.00 USD", "0.70 USD"]);
    let said = ["Tax, included", "10.00 USD", "0.70 USD", "10.70 USD"];
    read_page(&mut shop, &first, &said).await?;
    read_sheet(&mut shop, &first, &said).await?;
    let page = shop.buyer.get(first["page_url"].as_str().context("a page")?).await?.text();
    ensure!(!page.contains("VAT"), "this is another tax: {page}");

    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, Some(535)).await?.require_status(202)?;
    shop.deliver().await?;
    let half = list(&mut shop).await?.remove(0);
    assert_eq!(amounts_of(&half), ["-5.35 USD", "-5.00 USD", "-0.35 USD"]);
    shop.refund(&payment, None).await?.require_status(202)?;
    shop.deliver().await?;
    let all = list(&mut shop).await?;
    for member in ["amount", "net", "tax"] {
        assert_eq!(sum(&all, member), 0, "{member}: {all:?}");
    }

    // Where Stripe finds that there is none, there is none.
    shop.provider.stripe()?.add_taxes(0);
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let free = list(&mut shop).await?.remove(0);
    assert_eq!(amounts_of(&free), ["10.00 USD", "10.00 USD", "0.00 USD"]);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_on_a_sheet_goes_on_on_the_next() -> Result<()> {
    let mut edition = numbering(edition("automl"))?;
    let words: Vec<String> = (1..=900).map(|place| format!("word-{place}-of-the-note")).collect();
    edition.invoices.note = Some(words.join(" "));
    let stage = Stage { who: Who::Sandbox, database: Database::Sqlite };
    let mut shop = Shop::open(stage, edition).await?;
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let invoice = list(&mut shop).await?.remove(0);
    let sheets = read_file(&mut shop, &invoice).await?;
    let count = sheets.len();
    assert!((3..=6).contains(&count), "{count} sheets");
    for (index, sheet) in sheets.iter().enumerate() {
        let foot = format!("Page {} of {count}", index + 1);
        ensure!(sheet.contains(&foot) && sheet.contains("Invoice R-1"), "{foot}: {sheet}");
    }
    for word in &words {
        let times = sheets.iter().filter(|sheet| sheet.contains(word.as_str())).count();
        assert_eq!(times, 1, "{word}");
    }
    Ok(())
}

async fn a_subscription_is_invoiced_by_one_alone(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, numbering(edition("litxplore"))?).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    shop.pass(32).await?;
    let paid = shop.payments().await?.len();
    assert_eq!(paid, 2);
    let invoices = list(&mut shop).await?;
    assert_eq!(invoices.len(), paid, "{invoices:?}");
    for (place, invoice) in invoices.iter().rev().enumerate() {
        assert_eq!(invoice["amount"]["text"], "9.99 USD");
        assert_eq!(invoice["kind"], "invoice");
        match stage.who {
            Who::Stripe => {
                assert!(invoice["pdf_url"].is_string(), "{invoice}");
                assert_eq!(invoice["tax"], Value::Null, "Stripe writes its own");
            }
            Who::Sandbox | Who::Razorpay | Who::PayPal => {
                assert_eq!(invoice["number"], format!("R-{}", place + 1));
                assert_eq!(invoice["tax"]["text"], "1.60 USD");
                let number = invoice["number"].as_str().context("a number")?;
                assert_eq!(invoice["pdf_url"], format!("{INVOICES}/{number}/pdf"));
            }
        }
    }
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, Some(100)).await?.require_status(202)?;
    shop.deliver().await?;
    let credited = list(&mut shop).await?.into_iter().filter(|one| one["kind"] == "credit_note");
    let expected = match stage.who {
        Who::Stripe => 0,
        Who::Sandbox | Who::Razorpay | Who::PayPal => 1,
    };
    assert_eq!(credited.count(), expected);
    shop.require_sound_books().await
}

async fn an_invoice_carries_the_billing_details_of_its_day(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, numbering(edition("automl"))?).await?;
    let put = |details: Value| {
        let body = json!({ "details": details });
        TestRequest::new("PUT", "/api/v1/account/billing-details").json(&body)
    };
    let details = json!({
        "name": "Engines Ltd", "lines": ["1 Mill Road", ""], "city": "London",
        "postal_code": "N1 7AA", "country": "gb", "tax_id": "GB123",
    });
    for (field, wrong) in [("country", json!("UK")), ("lines", json!([])), ("city", json!(""))] {
        let mut body = details.clone();
        body[field] = wrong;
        let refused = shop.buyer.send(put(body)).await?;
        refused.require_status(400)?;
        let pointer = refused.json()?["errors"][0]["pointer"].clone();
        assert_eq!(pointer, format!("/details/{field}"));
    }
    let kept = shop.buyer.send(put(details)).await?;
    kept.require_status(200)?;
    assert_eq!(kept.json()?["details"]["lines"], json!(["1 Mill Road"]));

    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    shop.reconcile().await?;
    shop.buyer.send(put(Value::Null)).await?.require_status(200)?;
    let now = shop.buyer.get("/api/v1/account/billing-details").await?.json()?;
    assert_eq!(now["details"], Value::Null);
    let written = list(&mut shop).await?;
    let said = ["Engines Ltd", "1 Mill Road", "N1 7AA London", "Tax ID GB123"];
    read_page(&mut shop, &written[0], &said).await?;
    read_sheet(&mut shop, &written[0], &said).await
}
