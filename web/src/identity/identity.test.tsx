import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { answer, changesOf, show } from '../../test/stage';
import { LeaveAccount } from './LeaveAccount';
import { Passkeys } from './Passkeys';
import { PasswordForm } from './PasswordForm';
import { RenameOrganization } from './RenameOrganization';
import { isAddress } from './webauthn';

const password = (place: HTMLElement = document.body) =>
  within(place).getByLabelText(/^Present password/);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('the form that asks for the password', () => {
  test('hands it over, tells the result, and forgets it', async () => {
    const deed = vi.fn((given: string) => Promise.resolve(given.length));
    const onDone = vi.fn();
    show(<PasswordForm<number> label="Go on" deed={deed} onDone={onDone} />);
    await userEvent.type(password(), 'a long enough one');
    await userEvent.click(screen.getByRole('button', { name: 'Go on' }));
    await vi.waitFor(() => expect(onDone).toHaveBeenCalledExactlyOnceWith(17));
    expect(deed).toHaveBeenCalledExactlyOnceWith('a long enough one');
    expect(password()).toHaveProperty('value', '');
  });

  test('says why it was refused, and keeps what was typed', async () => {
    const deed = () => Promise.reject(new Error('The password is wrong.'));
    const onDone = vi.fn();
    show(<PasswordForm<number> label="Go on" deed={deed} onDone={onDone} />);
    await userEvent.type(password(), 'not the password');
    await userEvent.click(screen.getByRole('button', { name: 'Go on' }));
    expect((await screen.findByRole('alert')).textContent).toContain('The password is wrong.');
    expect(password()).toHaveProperty('value', 'not the password');
    expect(onDone).not.toHaveBeenCalled();
  });

  test('says nothing to somebody who closed the window of the browser', async () => {
    const deed = vi.fn(() => Promise.reject(new DOMException('closed', 'NotAllowedError')));
    show(<PasswordForm<number> label="Go on" deed={deed} onDone={vi.fn()} />);
    await userEvent.type(password(), 'a long enough one');
    await userEvent.click(screen.getByRole('button', { name: 'Go on' }));
    await vi.waitFor(() => expect(deed).toHaveBeenCalled());
    await vi.waitFor(() =>
      expect(screen.getByRole('button', { name: 'Go on' })).toHaveProperty('disabled', false),
    );
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('leaving', () => {
  async function ask() {
    await userEvent.click(screen.getByRole('button', { name: 'Delete my account' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.type(password(dialog), 'a long enough one');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Delete my account' }));
    return dialog;
  }

  test('takes the password and says until when one may stay', async () => {
    const server = answer(200, { erase_at: '2026-12-11T10:00:00Z' });
    show(<LeaveAccount />);
    const dialog = await ask();
    const farewell = await within(dialog).findByTestId('farewell');
    expect(farewell.textContent).toContain('Dec 11, 2026');
    expect(farewell.textContent).toContain('ada@example.org');
    expect(server).toHaveBeenCalledTimes(1);
    const [path, request] = server.mock.calls[0] ?? [];
    expect([path, request?.method]).toEqual(['/api/v1/account', 'DELETE']);
    expect(request?.body).toBe('{"password":"a long enough one"}');
  });

  test('is refused to somebody who is needed, with the reason', async () => {
    const detail = 'You are the only owner of “Engines”.';
    answer(409, { title: 'Conflict', code: 'conflict', detail });
    show(<LeaveAccount />);
    const dialog = await ask();
    expect((await within(dialog).findByRole('alert')).textContent).toContain(detail);
    expect(within(dialog).queryByTestId('farewell')).toBeNull();
  });

  test('needs a password that there is', () => {
    show(<LeaveAccount />, { password: false });
    expect(screen.queryByRole('button', { name: 'Delete my account' })).toBeNull();
    expect(screen.getByRole('link').getAttribute('href')).toBe('/forgot-password');
  });
});

describe('the name of an organization', () => {
  const field = () => screen.getByLabelText(/^Name of this organization/);

  test('is changed by its owner', async () => {
    const server = answer(200, {});
    show(<RenameOrganization />);
    expect(screen.getByRole('button', { name: 'Rename it' })).toHaveProperty('disabled', true);
    await userEvent.clear(field());
    await userEvent.type(field(), ' Engines ');
    await userEvent.click(screen.getByRole('button', { name: 'Rename it' }));
    const change = ['PATCH', '/api/v1/organizations', { name: 'Engines' }];
    await vi.waitFor(() => expect(changesOf(server)).toEqual([change]));
  });

  test('is refused with the reason', async () => {
    answer(403, { title: 'Forbidden', code: 'forbidden', detail: 'Your role does not allow it.' });
    show(<RenameOrganization />);
    await userEvent.type(field(), ' No. 2');
    await userEvent.click(screen.getByRole('button', { name: 'Rename it' }));
    expect((await screen.findByRole('alert')).textContent).toContain('does not allow it');
  });
});

describe('passkeys', () => {
  function reach(hostname: string) {
    vi.stubGlobal('PublicKeyCredential', vi.fn());
    vi.stubGlobal('location', { hostname });
    answer(200, { items: [] });
    show(<Passkeys />);
  }
  const button = () => screen.queryByRole('button', { name: 'Add a passkey' });

  test('are offered under a name', () => {
    reach('gantry.example');
    expect(button()).not.toBeNull();
    expect(screen.queryByText(/need a name/)).toBeNull();
  });

  test('are not offered under an address, and the page says why', () => {
    reach('192.0.2.7');
    expect(button()).toBeNull();
    expect(screen.getByText(/need a name/)).toBeTruthy();
  });

  const laptop = { id: 'one', name: 'My laptop', created_at: '2026-12-11T10:00:00Z' };

  test('are removed by the password', async () => {
    const server = answer(200, { items: [laptop] });
    show(<Passkeys />);
    await userEvent.click(await screen.findByRole('button', { name: 'Remove' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.type(password(dialog), 'a long enough one');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Remove' }));
    const removal = ['DELETE', '/api/v1/auth/passkeys/one', { password: 'a long enough one' }];
    await vi.waitFor(() => expect(changesOf(server)).toEqual([removal]));
  });

  test('stay with somebody who has no password, and the page says why', async () => {
    answer(200, { items: [laptop] });
    show(<Passkeys />, { password: false });
    await screen.findByText('My laptop');
    expect(screen.queryByRole('button', { name: 'Remove' })).toBeNull();
    expect(screen.getByRole('link').getAttribute('href')).toBe('/forgot-password');
  });

  test('tell addresses from names', () => {
    expect(['127.0.0.1', '[::1]', '[2001:db8::7]'].every(isAddress)).toBe(true);
    expect(['localhost', 'gantry.example', '10.example'].some(isAddress)).toBe(false);
  });
});
