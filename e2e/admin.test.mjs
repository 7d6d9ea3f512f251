// An administrator's day: somebody is found, suspended and let in again, given credits and a limit of
// their own; then what jobs cost, who brought whom, revenue and claims of credits are looked at.

import assert from 'node:assert/strict';

import { assertQuiet, checkViews } from './checks.mjs';
import { ADMIN, openPage, signIn, startServer, tellStory } from './harness.mjs';

const GRACE = 'grace@example.org';
const PASSWORD = 'nanoseconds are short';
const REASON = 'shares the account with a whole office';
const GIFT = 25;

const step = tellStory(() => startServer({ config: '[server]\nedition = "automl"\n' }));

async function signInAsGrace({ page }) {
    await page.getByLabel('Email').fill(GRACE);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Presses a button, and the one of the same name in the dialog that it opens. */
async function press(page, name, fill = async () => {}) {
    await page.getByRole('button', { name, exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name, exact: true }).waitFor();
    await fill(dialog);
    await dialog.getByRole('button', { name, exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
}

const findHeading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

/** What can be spent, of the organization on a person's page. */
const findAvailable = (page) =>
    page.getByTestId('organization').first().getByRole('definition').nth(2);

step('somebody signs up and gets a link to pass on', async (stage) => {
    // Closed with the browser that it belongs to.
    stage.guest = await openPage(stage.context.browser(), stage.server);
    const { page, troubles } = stage.guest;
    troubles.expect(/Failed to load resource.*40[13]/);
    await page.goto('/register');
    await page.getByLabel('Your name').fill('Grace');
    await page.getByLabel('Email').fill(GRACE);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the account', exact: true }).click();
    await page.waitForURL('**/app/**');
    await page.goto('/app/account');
    const recommend = page.getByTestId('recommend');
    await recommend.getByRole('button', { name: 'Get my link', exact: true }).click();
    await recommend.getByRole('button', { name: /\/sign-up\?ref=.*your link$/ }).waitFor();
    await checkViews(page, troubles, 'account-recommend');
    // A page of the app would leave by itself once the session is over.
    await page.goto('/pricing');
    assertQuiet(troubles);
});

step('an administrator finds them', async ({ page, troubles }) => {
    await page.goto('/sign-in');
    await signIn(page);
    await page.waitForURL('**/app/**');
    await page.goto('/app/admin');
    await findHeading(page, 'Administration').waitFor();
    const sections = page.getByRole('navigation', { name: 'Sections of the administration' });
    await sections.getByRole('link', { name: 'Fraud review', exact: true }).waitFor();
    await checkViews(page, troubles, 'admin');
    await sections.getByRole('link', { name: 'People', exact: true }).click();
    await findHeading(page, 'People').waitFor();
    const rows = page.getByTestId('person-row');
    await rows.filter({ hasText: ADMIN.email }).waitFor();
    await page.getByLabel('Search by name or address').fill('GRACE@');
    await rows.filter({ hasText: ADMIN.email }).waitFor({ state: 'detached' });
    await rows.filter({ hasText: GRACE }).waitFor();
    await checkViews(page, troubles, 'people');
    await rows.getByRole('link', { name: 'Grace', exact: true }).click();
    await findHeading(page, 'Grace').waitFor();
    await page.getByTestId('person').getByText('Active', { exact: true }).waitFor();
    await checkViews(page, troubles, 'person');
});

step('who is suspended cannot sign in', async ({ page, troubles, guest }) => {
    await press(page, 'Suspend', async (dialog) => {
        await dialog.getByLabel('Reason', { exact: true }).fill(REASON);
        await checkViews(page, troubles, 'suspend');
    });
    await page.getByTestId('person').getByText('Suspended', { exact: true }).waitFor();
    await page.getByTestId('restriction').getByText(REASON).waitFor();
    await checkViews(page, troubles, 'person-suspended');
    await guest.page.goto('/app/account', { waitUntil: 'commit' });
    await guest.page.waitForURL('**/sign-in?**');
    await signInAsGrace(guest);
    const alert = guest.page.getByRole('alert');
    await alert.getByText(/is suspended/).waitFor();
    // Administrators know why; the person is sent to support.
    assert.equal(await alert.getByText(REASON).count(), 0);
    await checkViews(guest.page, guest.troubles, 'sign-in-suspended', { only: /^light$/ });
    assertQuiet(guest.troubles);
});

step('who is reinstated works again', async ({ page, guest }) => {
    await press(page, 'Reinstate');
    await page.getByTestId('person').getByText('Active', { exact: true }).waitFor();
    await page.getByTestId('restriction').waitFor({ state: 'detached' });
    await guest.page.goto('/sign-in');
    await signInAsGrace(guest);
    await guest.page.waitForURL('**/app/**');
    await guest.page.goto('/app/account');
    await guest.page.getByTestId('leave-account').waitFor();
    assertQuiet(guest.troubles);
});

step('an organization is given credits', async ({ page, troubles, guest }) => {
    const before = Number((await findAvailable(page).innerText()).replaceAll(/\D/g, ''));
    const after = (before + GIFT).toLocaleString('en');
    await press(page, 'Grant credits', async (dialog) => {
        await dialog.getByLabel('Credits', { exact: true }).fill(String(GIFT));
        await dialog.getByLabel('Reason', { exact: true }).fill('for the trouble');
        await checkViews(page, troubles, 'grant-credits');
    });
    await findAvailable(page).filter({ hasText: after }).waitFor();
    await guest.page.reload();
    const credits = guest.page.getByRole('region', { name: 'Credits', exact: true });
    await credits.getByText(after, { exact: true }).waitFor();
});

step('an organization has a limit of its own until it is cleared', async (stage) => {
    const { page, troubles, guest } = stage;
    const limits = page.getByTestId('account-limits');
    await limits.getByText(/It has no limit of its own/).waitFor();
    await press(page, 'Set a limit', async (dialog) => {
        await dialog.getByLabel('Limit', { exact: true }).selectOption('per_month');
        await dialog.getByLabel('Meter', { exact: true }).fill('jobs');
        await dialog.getByLabel('Allowed', { exact: true }).fill('7000');
        await dialog.getByLabel('Reason', { exact: true }).fill('a pilot');
        await checkViews(page, troubles, 'set-limit');
    });
    const row = limits.getByTestId('own-limit-row');
    await row.getByText('7,000', { exact: true }).waitFor();
    await checkViews(page, troubles, 'person-own-limit');
    await guest.page.reload();
    const own = guest.page.getByTestId('own-limits');
    await own.getByText('7,000', { exact: true }).waitFor();
    const meters = guest.page.getByTestId('meters');
    await meters.getByText('The limit is your own', { exact: false }).waitFor();
    // Why, is for administrators.
    assert.equal(await guest.page.getByText('a pilot', { exact: true }).count(), 0);
    await checkViews(guest.page, guest.troubles, 'account-own-limit');

    await press(page, 'Clear');
    await row.waitFor({ state: 'detached' });
    await guest.page.reload();
    // Both stand on what the account says.
    await guest.page.getByRole('region', { name: 'Credits', exact: true }).waitFor();
    assert.equal(await own.count(), 0);
});

step('costs, referrals, revenue and claims have pages of their own', async ({ page, troubles }) => {
    for (const [place, title, text] of [
        ['costs', 'Costs', 'No job ended in this time.'],
        ['referrals', 'Referrals', 'Nobody has been brought by anybody yet.'],
        ['revenue', 'Revenue', 'Back again'],
        ['fraud', 'Fraud review', 'There is no claim to look at.'],
    ]) {
        await page.goto(`/app/admin/${place}`);
        await findHeading(page, title).waitFor();
        await page.getByText(text, { exact: true }).waitFor();
        await checkViews(page, troubles, `admin-${place}`);
    }
});
