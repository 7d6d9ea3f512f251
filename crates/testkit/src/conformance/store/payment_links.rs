//! Payments find the subscription that they are for, whichever of the two is told of first; and the
//! pages on which an organization may still pay.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::payments::Purchase;
use gantry_ports::store::{
    Checkout, CheckoutStatus, Payment, PaymentStatus, PaymentTrail, StoreExt,
};
use gantry_rules::plan::Interval;
use gantry_types::{
    CheckoutId, Credits, Currency, Money, OrganizationId, PaymentId, SubscriptionId,
};

use super::World;
use super::payments::subscription;
use super::world::START;
use crate::conformance::Outcome;

/// A payment that names a subscription which is not known yet.
fn payment(account: OrganizationId, (provider, name): (&str, &str), of: &str) -> Payment {
    Payment {
        id: PaymentId::generate(),
        organization_id: account,
        provider: provider.to_owned(),
        provider_ref: name.to_owned(),
        subscription_id: None,
        subscription_ref: Some(of.to_owned()),
        lot_id: None,
        amount: Money { minor: 4_900, currency: Currency::usd() },
        refunded_minor: 0,
        status: PaymentStatus::Received,
        description: "a month".to_owned(),
        at: START,
        trail: PaymentTrail::default(),
    }
}

/// A subscription takes the payments that name it and were told of before it; those that name
/// another one, that are with another provider or of another organization, or that have their
/// subscription, stay as they are.
pub async fn payments_told_before_their_subscription_are_its_own(world: &World) -> Outcome {
    let (account, stranger) = (world.account(0).await?, world.account(0).await?);
    let plan_id = world.overview(account).await?.plan.id;
    let begun = subscription(account, plan_id);
    let earlier = SubscriptionId::generate();
    let mut linked = payment(account, ("story", "in_linked"), "sub_1");
    linked.subscription_id = Some(earlier);
    let all = [
        (payment(account, ("story", "in_1"), "sub_1"), Some(begun.id)),
        (payment(account, ("story", "in_2"), "sub_1"), Some(begun.id)),
        (payment(account, ("story", "in_other"), "sub_2"), None),
        (payment(account, ("elsewhere", "in_1"), "sub_1"), None),
        (payment(stranger, ("story", "in_strange"), "sub_1"), None),
        (linked, Some(earlier)),
    ];
    let told = all.clone().map(|(payment, _)| payment);
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let (told, begun) = (told.clone(), begun.clone());
            Box::pin(async move {
                for payment in &told {
                    tx.payments().put_payment(payment).await?;
                }
                tx.payments().insert_subscription(&begun).await
            })
        })
        .await?;
    let snapshot = world.read().await?;
    for (payment, whose) in all {
        let (provider, name) = (&payment.provider, &payment.provider_ref);
        let found = snapshot.payments().find_payment(provider, name).await?;
        let found = found.context("it is there")?;
        ensure!(found.subscription_id == whose, "{provider} {name}: {found:?}");
        ensure!(found.subscription_ref == payment.subscription_ref, "{found:?}");
    }
    Ok(())
}

/// Open pages for plans are listed by their organization, newest first, without those that became a
/// subscription; pages for credits hide none of them, however many there are.
pub async fn open_pages_for_plans_are_listed_by_their_organization(world: &World) -> Outcome {
    let (account, stranger) = (world.account(0).await?, world.account(0).await?);
    let plan_id = world.overview(account).await?.plan.id;
    let begun = subscription(account, plan_id);
    let plan = Purchase::Plan { plan_id, interval: Interval::Month, trial_days: 0 };
    let page = |whose: OrganizationId, (provider, name): (&str, &str), second: u64| Checkout {
        id: CheckoutId::generate(),
        organization_id: whose,
        user_id: None,
        provider: provider.to_owned(),
        provider_ref: name.to_owned(),
        purchase: plan.clone(),
        price: Money { minor: 950, currency: Currency::usd() },
        status: CheckoutStatus::Open,
        created_at: World::at(second),
    };
    let all = [
        page(account, ("story", "cs_old"), 1),
        page(account, ("story", "cs_a"), 2),
        page(account, ("other", "sub_1"), 3),
        page(account, ("story", "sub_1"), 4),
        page(stranger, ("story", "cs_strange"), 5),
        page(account, ("story", "cs_over"), 6),
    ];
    // The name of a package may look like the word for a plan.
    let slug = r#""kind":"plan""#.to_owned();
    let purchase = Purchase::Package { slug, credits: Credits::new(100) };
    let names: Vec<String> = (0..5).map(|number| format!("cs_credits_{number}")).collect();
    let credits = names.iter().map(|name| {
        let of_credits = page(account, ("story", name.as_str()), 7);
        Checkout { purchase: purchase.clone(), ..of_credits }
    });
    let kept: Vec<Checkout> = all.iter().cloned().chain(credits).collect();
    let over = all[5].id;
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let (kept, begun) = (kept.clone(), begun.clone());
            Box::pin(async move {
                for checkout in &kept {
                    tx.payments().insert_checkout(checkout).await?;
                }
                tx.payments().finish_checkout(over, CheckoutStatus::Expired, START).await?;
                tx.payments().insert_subscription(&begun).await
            })
        })
        .await?;
    let snapshot = world.read().await?;
    let payments = snapshot.payments();
    let open = payments.list_open_plan_checkouts(account, World::at(2), 10).await?;
    ensure!(open == [all[2].clone(), all[1].clone()], "{open:?}");
    let newest = payments.list_open_plan_checkouts(account, World::at(2), 1).await?;
    ensure!(newest == all[2..3], "{newest:?}");
    Ok(())
}
