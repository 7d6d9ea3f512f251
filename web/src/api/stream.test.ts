import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { openStream } from './stream';

class FakeSource {
  static CLOSED = 2;
  static opened: FakeSource[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  listeners = new Map<string, (event: unknown) => void>();
  constructor(readonly url: string) {
    FakeSource.opened.push(this);
  }
  addEventListener(name: string, listener: (event: unknown) => void) {
    this.listeners.set(name, listener);
  }
  close() {
    this.readyState = FakeSource.CLOSED;
  }
  say(name: string, data: string, lastEventId = '') {
    this.listeners.get(name)?.({ data, lastEventId });
  }
  break() {
    this.readyState = FakeSource.CLOSED;
    this.onerror?.();
  }
}

const last = () => FakeSource.opened[FakeSource.opened.length - 1] as FakeSource;

describe('openStream', () => {
  beforeEach(() => {
    FakeSource.opened = [];
    vi.useFakeTimers();
    vi.stubGlobal('EventSource', FakeSource);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('comes back from where it stopped, later each time', () => {
    const onEvent = vi.fn();
    const onDown = vi.fn();
    openStream('/events', { events: ['job'], onEvent, onDown });
    last().say('job', '{"a":1}', '7');
    expect(onEvent).toHaveBeenCalledWith('job', { a: 1 }, '7');
    last().break();
    expect(onDown).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1_000);
    expect(last().url).toBe('/events?after=7');
    last().break();
    vi.advanceTimersByTime(1_000);
    expect(FakeSource.opened).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(FakeSource.opened).toHaveLength(3);
  });

  test('stays closed after its end and after being closed', () => {
    const onEnd = vi.fn();
    openStream('/jobs/1/events', { events: ['log'], onEvent: vi.fn(), onEnd });
    last().say('end', '{}');
    expect(onEnd).toHaveBeenCalledOnce();
    const stream = openStream('/events', { events: [], onEvent: vi.fn() });
    stream.close();
    last().break();
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.opened).toHaveLength(2);
  });

  test('bears what is no JSON', () => {
    const onEvent = vi.fn();
    openStream('/events', { events: ['job'], onEvent });
    last().say('job', 'nonsense', '1');
    expect(onEvent).toHaveBeenCalledWith('job', null, '1');
  });
});
