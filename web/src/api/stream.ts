// A server-sent event stream that comes back by itself, from where it stopped.
//
// The browser reconnects after a dropped connection but gives up for good when the server answers
// with an error, so those cases are opened again here, later and later.

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export interface StreamHandlers {
  /** Names of the events to listen to. */
  events: readonly string[];
  onEvent: (name: string, data: unknown, cursor: string) => void;
  onOpen?: () => void;
  onDown?: () => void;
  /** The stream has said that nothing more will come. */
  onEnd?: () => void;
}

export interface Stream {
  close: () => void;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function openStream(path: string, handlers: StreamHandlers): Stream {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let cursor = '';
  let wait = FIRST_WAIT_MS;
  let closed = false;

  const close = () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };

  const connect = () => {
    if (closed) return;
    const separator = path.includes('?') ? '&' : '?';
    const opened = new EventSource(
      cursor ? `${path}${separator}after=${encodeURIComponent(cursor)}` : path,
    );
    source = opened;
    opened.onopen = () => {
      wait = FIRST_WAIT_MS;
      handlers.onOpen?.();
    };
    opened.onerror = () => {
      if (closed) return;
      handlers.onDown?.();
      if (opened.readyState === EventSource.CLOSED) {
        timer = setTimeout(connect, wait);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    };
    for (const name of handlers.events) {
      opened.addEventListener(name, (event) => {
        const message = event as MessageEvent<string>;
        if (message.lastEventId) cursor = message.lastEventId;
        handlers.onEvent(name, parse(message.data), cursor);
      });
    }
    opened.addEventListener('end', () => {
      close();
      handlers.onEnd?.();
    });
  };

  connect();
  return { close };
}
