//! Adapters of the port for payments.
//!
//! Invariant: every provider speaks through one port; the sandbox tells its events in the shapes of
//! Stripe's API, signed in Stripe's way, so that what reads them is written once.

mod names;
mod paypal;
mod razorpay;
mod sandbox;
mod shapes;
mod signature;
mod stripe;
mod trial;
mod unread;
mod wire;

pub use paypal::{PAYPAL_API, PayPal, PayPalError, PayPalSettings};
pub use razorpay::{RAZORPAY_API, Razorpay, RazorpayError, RazorpaySettings};
pub use sandbox::{Delivery, Sandbox, SandboxError};
pub use stripe::{OnPage, STRIPE_API, Stripe, StripeError, StripeSettings};
