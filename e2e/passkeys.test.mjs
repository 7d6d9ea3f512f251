// A person adds a passkey, signs in by it alone, and removes it. The authenticator is the browser's
// own virtual one.

import assert from 'node:assert/strict';

import { checkViews } from './checks.mjs';
import { ADMIN, signIn, startServer, tellStory } from './harness.mjs';

const step = tellStory(() => startServer({ host: 'localhost' }));

step('a passkey is added under Security', async (stage) => {
    const { page, context, troubles } = stage;
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
        options: {
            protocol: 'ctap2',
            transport: 'internal',
            hasResidentKey: true,
            hasUserVerification: true,
            isUserVerified: true,
            automaticPresenceSimulation: true,
        },
    });
    await page.goto('/sign-in');
    await signIn(page);
    await page.waitForURL('**/app/**');
    await page.goto('/app/account/security');
    const section = page.getByTestId('passkeys');
    await section.getByRole('button', { name: 'Add a passkey' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('My laptop');
    await dialog.getByLabel('Present password').fill(ADMIN.password);
    await checkViews(page, troubles, 'passkey-add');
    await dialog.getByRole('button', { name: 'Add a passkey' }).click();
    await section.getByTestId('passkey-row').getByText('My laptop').waitFor();
});

step('it signs in alone', async ({ page, troubles }) => {
    await page.getByTestId('user-menu').click();
    await page.getByTestId('sign-out').click();
    await page.waitForURL('**/sign-in');
    await page.goto('/sign-in?next=%2Fapp%2Faccount%2Fsecurity');
    await checkViews(page, troubles, 'sign-in-passkey');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL('**/app/account/security');
    await page.getByTestId('passkey-row').getByText('Last used').waitFor();
});

step('it is renamed and removed', async ({ page }) => {
    const row = page.getByTestId('passkey-row');
    await row.getByRole('button', { name: 'Rename' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Old laptop');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.getByText('Old laptop').waitFor();
    await row.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByLabel('Present password').fill(ADMIN.password);
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    assert.equal(await row.count(), 0);
});
