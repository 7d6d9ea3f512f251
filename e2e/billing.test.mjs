// A customer's way: the plans, the sandbox's page, a card that fails and one that pays, the paid
// plan, and its end.

import assert from 'node:assert/strict';

import { checkViews } from './checks.mjs';
import { signIn, startServer, tellStory } from './harness.mjs';

const step = tellStory(() => startServer({ config: '[server]\nedition = "montecarlo"\n' }));

step('the plans stand side by side', async ({ page, troubles }) => {
    await page.goto('/sign-in');
    await signIn(page);
    await page.waitForURL('**/app/**');
    await page.goto('/app/account');
    const plans = page.getByTestId('plans');
    await plans.getByText('Your plan', { exact: true }).waitFor();
    await page.getByTestId('plan-free').getByText('Iterations: 1,000 in one job').waitFor();
    await page.getByTestId('plan-enterprise').getByText('On request').waitFor();
    await checkViews(page, troubles, 'account-plans');
});

step('a card that is declined buys nothing', async ({ page, troubles }) => {
    await page
        .getByTestId('plan-professional')
        .getByRole('button', { name: /buy for 99/i })
        .click();
    await page.waitForURL('**/sandbox/checkout/**');
    assert.equal(await page.locator('#due').innerText(), '99.00 USD');
    await page.getByLabel('Card number').fill('4000 0000 0000 0002');
    // The refusal is a page with an error's status, which Chromium reports.
    troubles.expect(/Failed to load resource.*422/);
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByRole('alert').getByText(/declines this card/).waitFor();
    await checkViews(page, troubles, 'sandbox-declined');
});

step('a card that pays brings the plan, with its payment', async ({ page, troubles }) => {
    await page.getByLabel('Card number').fill('4242 4242 4242 4242');
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.waitForURL('**/app/account');
    // The provider's message may come a moment after the buyer.
    await page.getByTestId('subscription').waitFor({ timeout: 15_000 }).catch(() => page.reload());
    await page.getByTestId('plan-professional').getByText('Your plan', { exact: true }).waitFor();
    await page.getByTestId('payments').getByText('99.00 USD').waitFor();
    await checkViews(page, troubles, 'account-paid');
});

step('a cancelled plan lasts until its period ends', async ({ page, troubles }) => {
    await page.getByTestId('cancel-subscription').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel subscription' }).click();
    await page.getByRole('button', { name: 'Keep subscription' }).waitFor();
    await page.getByTestId('subscription').getByText('Ends', { exact: true }).waitFor();
    await checkViews(page, troubles, 'account-cancelled');
});

step('strangers see the plans under the name of the product', async ({ page, troubles }) => {
    await page.goto('/pricing');
    await page.getByRole('heading', { level: 2, name: 'Professional' }).waitFor();
    assert.equal(await page.title(), 'Plans · Monte Carlo Platform');
    await page.getByText('29.00 USD a month').waitFor();
    await checkViews(page, troubles, 'pricing');
});
