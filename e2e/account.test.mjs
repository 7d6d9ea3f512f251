// What is one's own: somebody signs up, earns credits by a test ad, takes their data home, registers
// an application, and leaves; then they stay after all.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { checkViews } from './checks.mjs';
import { startServer, tellStory } from './harness.mjs';
import { waitForLink } from './mail.mjs';

const GRACE = 'grace@example.org';
const PASSWORD = 'nanoseconds are short';
/** What an ad earns in this edition. */
const PER_AD = 5;
const EXPORT_MS = 60_000;
/** A browser that says it is driven by a program earns nothing. */
const USER_AGENT =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';

const step = tellStory(() => startServer({ config: '[server]\nedition = "automl"\n' }), {
    userAgent: USER_AGENT,
});

/** The first fact of the panel: credits that may be spent. */
const findBalance = (page) =>
    page.getByRole('region', { name: 'Credits', exact: true }).getByRole('definition').first();

const readBalance = async (page) =>
    Number((await findBalance(page).innerText()).replaceAll(/\D/g, ''));

async function signInAsGrace(page) {
    await page.getByLabel('Email').fill(GRACE);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

step('somebody signs up', async ({ page, troubles }) => {
    await page.goto('/register');
    await page.getByLabel('Your name').fill('Grace');
    await page.getByLabel('Email').fill(GRACE);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the account', exact: true }).click();
    await page.waitForURL('**/app/**');
    await page.goto('/app/account');
    await page.getByTestId('leave-account').waitFor();
    await page.getByTestId('earn-credits').getByText('10 of 10 ads left today').waitFor();
    await checkViews(page, troubles, 'account');
});

step('a test ad earns credits', async (stage) => {
    const { page, troubles } = stage;
    const before = await readBalance(page);
    const earn = page.getByTestId('earn-credits');
    await earn.getByRole('button', { name: 'Watch an ad', exact: true }).click();
    const dialog = page.getByRole('dialog');
    // It can be pressed once the ad is over.
    await dialog.getByRole('button', { name: 'Get the credits', exact: true }).click();
    await page.getByText(`${PER_AD} credits earned`, { exact: true }).waitFor();
    await dialog.waitFor({ state: 'detached' });
    await earn.getByText('9 of 10 ads left today').waitFor();
    await earn.getByTestId('next-ad').waitFor();
    await page.reload();
    await findBalance(page).waitFor();
    stage.balance = await readBalance(page);
    assert.equal(stage.balance, before + PER_AD);
    await earn.getByText('9 of 10 ads left today').waitFor();
    await checkViews(page, troubles, 'account-earned');
});

step('what is kept about one comes as a file', async ({ page, troubles }) => {
    const data = page.getByTestId('your-data');
    await data.getByLabel('Present password').fill(PASSWORD);
    await data.getByRole('button', { name: 'Gather my data', exact: true }).click();
    const link = data.getByRole('link', { name: /^Download \(/ });
    await link.waitFor({ timeout: EXPORT_MS });
    await checkViews(page, troubles, 'account-export');
    const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
    assert.equal(file.suggestedFilename(), 'account-export.zip');
    const bytes = await readFile(await file.path());
    assert.equal(bytes.subarray(0, 2).toString(), 'PK');
    assert.ok(bytes.includes('manifest.json') && bytes.includes('README.txt'));
});

step('the secret of an application is shown once', async ({ page, troubles }) => {
    await page.goto('/app/account/keys');
    const clients = page.getByTestId('oauth-clients');
    await clients.getByRole('button', { name: 'New application', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: /^Name/ }).fill('Nightly reports');
    await checkViews(page, troubles, 'application-new');
    await dialog.getByRole('button', { name: 'Register', exact: true }).click();
    const secret = (await dialog.getByTestId('client-secret').innerText()).trim();
    assert.match(secret, /^\S{20,}$/);
    await checkViews(page, troubles, 'application-secret');
    await dialog.getByRole('button', { name: 'I have copied it', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.reload();
    await clients.getByTestId('client-row').getByText('Nightly reports', { exact: true }).waitFor();
    assert.ok(!(await page.content()).includes(secret), 'the secret is shown again');
    await checkViews(page, troubles, 'applications');
});

step('no passkey is offered where the page is reached by an address', async ({ page }) => {
    await page.goto('/app/account/security');
    const passkeys = page.getByTestId('passkeys');
    await passkeys.getByText(/^Passkeys need a name/).waitFor();
    assert.equal(await passkeys.getByRole('button').count(), 0);
});

step('who leaves is told until when they may stay', async ({ page, troubles }) => {
    await page.goto('/app/account');
    const leave = page.getByTestId('leave-account');
    await leave.getByRole('button', { name: 'Delete my account', exact: true }).click();
    const dialog = page.getByRole('dialog');
    const password = dialog.getByLabel('Present password');
    const confirm = dialog.getByRole('button', { name: 'Delete my account', exact: true });
    await password.fill('not the password');
    troubles.expect(/Failed to load resource.*400/);
    await confirm.click();
    await dialog.getByRole('alert').waitFor();
    await checkViews(page, troubles, 'leave');
    await password.fill(PASSWORD);
    await confirm.click();
    await dialog.getByTestId('farewell').getByText(/is erased on/).waitFor();
    // The session is over, so whatever the page reads again leads to sign-in: one look is enough.
    await checkViews(page, troubles, 'farewell', { only: /^light$/ });
    await dialog.getByRole('button', { name: 'Go to sign-in', exact: true }).click();
    await page.waitForURL('**/sign-in');
    await signInAsGrace(page);
    troubles.expect(/Failed to load resource.*403/);
    await page.getByRole('alert').getByText(/about to be deleted/).waitFor();
});

step('the link of the mail keeps the account', async ({ page, server, troubles, balance }) => {
    await page.goto(await waitForLink(server, GRACE, 'keep-account'));
    await checkViews(page, troubles, 'keep-account');
    await page.getByRole('button', { name: 'Keep the account', exact: true }).click();
    await page.getByRole('status').getByText(/is kept/).waitFor();
    await page.getByRole('link', { name: 'Sign in', exact: true }).last().click();
    await page.waitForURL('**/sign-in');
    assert.equal(await page.getByRole('button', { name: 'Sign in with a passkey' }).count(), 0);
    await signInAsGrace(page);
    await page.waitForURL('**/app/**');
    await page.goto('/app/account');
    await findBalance(page).waitFor();
    assert.equal(await readBalance(page), balance);
});
