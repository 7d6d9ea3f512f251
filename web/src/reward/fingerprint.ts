// By what this browser can be told from others: what it says of itself anyway. It is computed when it
// is needed and kept nowhere; the server keeps a digest.

export interface Traits {
  userAgent: string;
  languages: readonly string[];
  timeZone: string;
  screen: { width: number; height: number; colorDepth: number };
  pixelRatio: number;
  cores: number;
  touchPoints: number;
}

const LONGEST = 1_000;

export function readTraits(): Traits {
  const { userAgent, languages, hardwareConcurrency, maxTouchPoints } = navigator;
  const { width, height, colorDepth } = window.screen;
  return {
    userAgent,
    languages,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    screen: { width, height, colorDepth },
    pixelRatio: window.devicePixelRatio,
    cores: hardwareConcurrency,
    touchPoints: maxTouchPoints,
  };
}

/** The same traits give the same text, on every page and in every window. */
export function describeTraits(traits: Traits): string {
  const { width, height, colorDepth } = traits.screen;
  const parts = [
    traits.userAgent,
    traits.languages.join(','),
    traits.timeZone,
    `${width}x${height}x${colorDepth}@${traits.pixelRatio}`,
    `${traits.cores} cores`,
    `${traits.touchPoints} touches`,
  ];
  return parts
    .join('|')
    .replaceAll(/[^\u0020-\u007e]/g, '?')
    .slice(0, LONGEST);
}
