// Administrators with a sign-in of their own: the ordinary session leads there, and the one that begins
// there administers until it is left.

import assert from 'node:assert/strict';

import { checkViews } from './checks.mjs';
import { ADMIN, signIn, startServer, tellStory } from './harness.mjs';

const SETTINGS = '[auth]\nadministrator_sign_in = "separate"\n';

const step = tellStory(() => startServer({ config: SETTINGS }));

const findHeading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

step('the ordinary session is sent to the sign-in of administrators', async (stage) => {
    const { page, troubles } = stage;
    // What the ordinary session may not read is refused first.
    troubles.expect(/Failed to load resource.*403/);
    await page.goto('/sign-in');
    await signIn(page);
    await page.waitForURL('**/app/**');
    await page.goto('/app/admin', { waitUntil: 'commit' });
    await page.waitForURL('**/admin/sign-in?next=**');
    await findHeading(page, 'Sign in to administer').waitFor();
    await checkViews(page, troubles, 'admin-sign-in');
});

step('password and code begin a session that administers', async ({ page }) => {
    await signIn(page, 'not the password');
    await page.getByRole('alert').waitFor();
    await signIn(page);
    await page.waitForURL('**/app/admin');
    await findHeading(page, 'Administration').waitFor();
    await page.getByRole('button', { name: 'Stop administering', exact: true }).waitFor();
});

step('the list of sessions tells which one administers', async ({ page, troubles }) => {
    await page.goto('/app/account/sessions');
    await findHeading(page, 'Sessions').waitFor();
    const sessions = page.getByRole('table', { name: 'Sessions', exact: true });
    const ordinary = sessions.getByRole('row').filter({ hasText: 'This session' });
    await ordinary.getByText('Your work', { exact: true }).waitFor();
    await sessions.getByText('Administering', { exact: true }).waitFor();
    await checkViews(page, troubles, 'sessions-with-desk');
    await page.goto('/app/admin');
    await findHeading(page, 'Administration').waitFor();
});

step('leaving it leaves the ordinary session', async ({ page, context }) => {
    await page.getByRole('button', { name: 'Stop administering', exact: true }).click();
    await page.waitForURL('**/app/');
    const answers = await Promise.all(
        ['/api/v1/auth/me', '/api/v1/admin/overview'].map((path) => context.request.get(path)),
    );
    assert.deepEqual(
        answers.map((answer) => answer.status()),
        [200, 403],
    );
    const me = await answers[0].json();
    assert.equal(me.user.email, ADMIN.email);
    assert.equal(me.administrator_sign_in, '/admin/sign-in');
});
