//! Invoices: numbered without gaps, found by their own, and never changed but for who is erased.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    Invoice, InvoiceBuyer, InvoiceContent, InvoiceKind, InvoiceLine, Order, PageRequest, Payment,
    PaymentStatus, PaymentTrail, Traces,
};
use gantry_rules::invoice::{TaxTerms, TaxedAmount};
use gantry_types::{Credits, Currency, InvoiceId, Money, OrganizationId, PaymentId, UserId};

use super::World;
use super::departures::{departure, write};
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::{insert_account, new_user};

const SERIES: &str = "INV-2026-{number}";
const EMAIL: &str = "buyer@example.org";

fn payment(account: OrganizationId, name: &str) -> Payment {
    Payment {
        id: PaymentId::generate(),
        organization_id: account,
        provider: "story".to_owned(),
        provider_ref: name.to_owned(),
        subscription_id: None,
        subscription_ref: None,
        lot_id: None,
        amount: Money { minor: 1_000, currency: Currency::usd() },
        refunded_minor: 0,
        status: PaymentStatus::Received,
        description: "\"Credits\" é".to_owned(),
        at: START,
        trail: PaymentTrail::default(),
    }
}

fn invoice(payment: &Payment, user_id: UserId) -> InvoiceContent {
    let tax = TaxTerms { name: "VAT".to_owned(), hundredths: 1_900 };
    let total = TaxedAmount::of(payment.amount.minor, Some(&tax));
    let line = InvoiceLine { description: payment.description.clone(), amount: total };
    InvoiceContent {
        id: InvoiceId::generate(),
        organization_id: payment.organization_id,
        payment_id: payment.id,
        kind: InvoiceKind::Invoice,
        corrects: None,
        seller: vec!["Story Ltd".to_owned(), "1 Street".to_owned()],
        buyer: InvoiceBuyer {
            name: "Owner".to_owned(),
            lines: vec!["2 Street".to_owned(), "DE".to_owned()],
            user_id: Some(user_id),
            email: Some(EMAIL.to_owned()),
        },
        lines: vec![line],
        total,
        tax: Some(tax),
        note: Some("Paid by card.".to_owned()),
        currency: payment.amount.currency,
        at: START,
    }
}

/// Writes a payment, unless it is there, and what there is to say of it.
async fn write_invoice(
    world: &World,
    payment: &Payment,
    content: &InvoiceContent,
) -> Result<String, StoreError> {
    write_in(world, SERIES, (payment, content)).await
}

async fn write_in(
    world: &World,
    series: &'static str,
    (payment, content): (&Payment, &InvoiceContent),
) -> Result<String, StoreError> {
    write(world, (payment.clone(), content.clone()), move |tx, (payment, content)| {
        Box::pin(async move {
            tx.payments().put_payment(&payment).await?;
            tx.invoices().write_invoice(series, &content).await
        })
    })
    .await
}

/// Takes a number, and is undone.
async fn give_up(
    world: &World,
    payment: &Payment,
    content: &InvoiceContent,
) -> Result<(), StoreError> {
    let undone = write(world, (payment.clone(), content.clone()), |tx, (payment, content)| {
        Box::pin(async move {
            tx.payments().put_payment(&payment).await?;
            tx.invoices().write_invoice(SERIES, &content).await?;
            Err::<(), StoreError>(StoreError::Broken { reason: "given up".to_owned() })
        })
    })
    .await;
    match undone {
        Err(StoreError::Broken { .. }) => Ok(()),
        other => other,
    }
}

async fn list(world: &World, account: OrganizationId) -> anyhow::Result<Vec<Invoice>> {
    let page = PageRequest { after: None, limit: 100, order: Order::NewestFirst };
    Ok(world.read().await?.invoices().list_invoices(account, &page).await?.items)
}

/// An organization with an owner who buys.
async fn open_account(world: &World) -> anyhow::Result<(OrganizationId, UserId)> {
    let new = new_user(EMAIL, world.plan.id, START);
    insert_account(&*world.store, new.clone(), Credits::ZERO, START).await?;
    Ok((new.organization.id, new.user.id))
}

/// Many write at once and some are undone: every number of the series is there, once.
pub async fn numbers_have_neither_gaps_nor_twins(world: &World) -> Outcome {
    let (first, user_id) = open_account(world).await?;
    let second = world.account(0).await?;
    let payments: Vec<Payment> = (0..40)
        .map(|place| payment(if place % 2 == 0 { first } else { second }, &format!("pay_{place}")))
        .collect();
    let written = payments.iter().enumerate().map(|(place, payment)| async move {
        let content = invoice(payment, user_id);
        if place % 4 == 3 {
            give_up(world, payment, &content).await.map(|()| None)
        } else {
            write_invoice(world, payment, &content).await.map(Some)
        }
    });
    let answers = futures::future::try_join_all(written).await?;
    let mut numbers: Vec<String> = answers.into_iter().flatten().collect();
    ensure!(numbers.len() == 30, "{numbers:?}");
    let expected: BTreeSet<String> = (1..=30).map(|place| format!("INV-2026-{place}")).collect();
    ensure!(numbers.iter().cloned().collect::<BTreeSet<_>>() == expected, "{numbers:?}");
    let (mine, theirs) = (list(world, first).await?, list(world, second).await?);
    ensure!((mine.len(), theirs.len()) == (20, 10), "{} and {}", mine.len(), theirs.len());
    let mut kept: Vec<String> =
        mine.into_iter().chain(theirs).map(|invoice| invoice.number).collect();
    kept.sort();
    numbers.sort();
    ensure!(kept == numbers, "{kept:?} are kept, {numbers:?} were told");
    Ok(())
}

/// An invoice is read as it was written, by its own organization alone; a payment has one, and as
/// many credit notes as it takes.
pub async fn an_invoice_is_its_organizations_and_a_payment_has_one(world: &World) -> Outcome {
    let (account, user_id) = open_account(world).await?;
    let stranger = world.account(0).await?;
    let paid = payment(account, "pay_1");
    let content = invoice(&paid, user_id);
    let number = write_invoice(world, &paid, &content).await?;
    ensure!(number == "INV-2026-1", "{number}");
    let expected = Invoice { number: number.clone(), content: content.clone() };
    let read = world.read().await?;
    let found = read.invoices().find_invoice(account, &number).await?;
    ensure!(found.as_ref() == Some(&expected), "{found:?}");
    ensure!(read.invoices().find_invoice(stranger, &number).await?.is_none());
    ensure!(read.invoices().find_invoice(account, "INV-2026-2").await?.is_none());
    drop(read);
    ensure!(list(world, stranger).await?.is_empty());

    let twin = InvoiceContent { id: InvoiceId::generate(), ..content.clone() };
    let twice = write_invoice(world, &paid, &twin).await;
    ensure!(matches!(twice, Err(StoreError::AlreadyExists { .. })), "{twice:?}");
    for place in 2..=3 {
        let note = InvoiceContent {
            id: InvoiceId::generate(),
            kind: InvoiceKind::CreditNote,
            corrects: Some(number.clone()),
            at: World::at(5),
            ..content.clone()
        };
        let told = write_invoice(world, &paid, &note).await?;
        ensure!(told == format!("INV-2026-{place}"), "{told}: the refused one left a gap");
    }
    let all = list(world, account).await?;
    let numbers: Vec<&str> = all.iter().map(|invoice| invoice.number.as_str()).collect();
    ensure!(numbers == ["INV-2026-3", "INV-2026-2", "INV-2026-1"], "{numbers:?}");
    ensure!(all[0].content.corrects.as_deref() == Some("INV-2026-1"));
    let of_payment = world.read().await?.invoices().find_invoice_of_payment(paid.id).await?;
    ensure!(of_payment == Some(expected), "{of_payment:?}");
    Ok(())
}

/// Formats change, and no number is given twice.
pub async fn a_number_of_another_series_is_passed_over(world: &World) -> Outcome {
    let (account, user_id) = open_account(world).await?;
    let mut told = Vec::new();
    let series = std::iter::repeat_n("R{number}", 11).chain(["R1{number}", "R{number}"]);
    for (place, series) in series.enumerate() {
        let paid = payment(account, &format!("pay_{place}"));
        told.push(write_in(world, series, (&paid, &invoice(&paid, user_id))).await?);
    }
    ensure!(told[10..] == ["R11", "R12", "R13"], "{told:?}");
    Ok(())
}

/// Of a person who is erased the invoice keeps nothing, and everything else stays.
pub async fn who_bought_is_erased_and_the_invoice_stays(world: &World) -> Outcome {
    let (account, user_id) = open_account(world).await?;
    let paid = payment(account, "pay_1");
    let content = invoice(&paid, user_id);
    let number = write_invoice(world, &paid, &content).await?;
    let traces = Traces { user_id, email: EMAIL.to_owned(), organizations: vec![account] };
    write(world, (departure(user_id), traces), |tx, (departure, traces)| {
        Box::pin(async move {
            tx.departures().insert_departure(&departure).await?;
            tx.departures().erase_person(&traces, World::at(100)).await
        })
    })
    .await?;
    let found = world.read().await?.invoices().find_invoice(account, &number).await?;
    let found = found.context("the invoice")?;
    let buyer = InvoiceBuyer { user_id: None, email: None, ..content.buyer.clone() };
    ensure!(found == Invoice { number, content: InvoiceContent { buyer, ..content } }, "{found:?}");
    Ok(())
}
