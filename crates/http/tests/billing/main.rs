//! From the free limit to a paid plan and back, in every edition that sells one; packages of
//! credits, refunds, disputes, dunning; and messages that are lost, late, or not to be believed.
//! Over HTTP; each story with every payment provider and on every store.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

/// A test for each place where a story plays.
macro_rules! stages {
    ($story:ident: $($test:ident = $who:ident on $database:ident),+ $(,)?) => {
        mod $story {
            use crate::provider::{Database, Stage, Who};

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() -> anyhow::Result<()> {
                let stage = Stage { who: Who::$who, database: Database::$database };
                super::$story(stage).await
            })+
        }
    };
}

/// Tests of stories: each with every provider and on every store.
macro_rules! on_every_stage {
    ($($story:ident),+ $(,)?) => {
        $(stages!($story:
            sandbox_sqlite = Sandbox on Sqlite,
            sandbox_postgres = Sandbox on Postgres,
            stripe_sqlite = Stripe on Sqlite,
            stripe_postgres = Stripe on Postgres,
            razorpay_sqlite = Razorpay on Sqlite,
            razorpay_postgres = Razorpay on Postgres,
            paypal_sqlite = PayPal on Sqlite,
            paypal_postgres = PayPal on Postgres,
        );)+
    };
}

/// The same without PayPal, which changes no plan within a period.
macro_rules! on_every_switching_stage {
    ($($story:ident),+ $(,)?) => {
        $(stages!($story:
            sandbox_sqlite = Sandbox on Sqlite,
            sandbox_postgres = Sandbox on Postgres,
            stripe_sqlite = Stripe on Sqlite,
            stripe_postgres = Stripe on Postgres,
            razorpay_sqlite = Razorpay on Sqlite,
            razorpay_postgres = Razorpay on Postgres,
        );)+
    };
}

/// The same without Razorpay either, which credits nothing.
macro_rules! on_every_crediting_stage {
    ($($story:ident),+ $(,)?) => {
        $(stages!($story:
            sandbox_sqlite = Sandbox on Sqlite,
            sandbox_postgres = Sandbox on Postgres,
            stripe_sqlite = Stripe on Sqlite,
            stripe_postgres = Stripe on Postgres,
        );)+
    };
}

mod ai;
mod contracts;
mod costs;
mod discounts;
mod disputes;
mod editions;
mod features;
mod invoices;
mod limits;
mod lots;
mod messages;
mod money;
mod older_paths;
mod over_limits;
mod pages;
mod payment_events;
mod paypal;
mod plan_choice;
mod plan_fixes;
mod provider;
mod razorpay;
mod referrals;
mod repeats;
mod request_rates;
mod returns;
mod revenue;
mod several;
mod shop;
mod strangers;
mod stripe;
mod trials;
mod two_pages;
mod usage;
