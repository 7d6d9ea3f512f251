// Mantine's variables, set to our tokens.

import { createTheme } from '@mantine/core';
import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';

const brand: MantineColorsTuple = [
  '#f0fdfa',
  '#ccfbf1',
  '#99f6e4',
  '#5eead4',
  '#2dd4bf',
  '#14b8a6',
  '#0d9488',
  '#0f766e',
  '#115e59',
  '#134e4a',
];

/** The greys of the dark scheme, from text to canvas. */
const dark: MantineColorsTuple = [
  '#e8ecee',
  '#c9d1d6',
  '#a3adb8',
  '#7d8790',
  '#4a545b',
  '#3a4348',
  '#1f2427',
  '#181c1e',
  '#14181a',
  '#101314',
];

const bad: MantineColorsTuple = [
  '#fef3f2',
  '#fee4e2',
  '#fecdca',
  '#fda29b',
  '#f97066',
  '#f04438',
  '#d92d20',
  '#b42318',
  '#912018',
  '#7a271a',
];

export const theme = createTheme({
  primaryColor: 'brand',
  primaryShade: 7,
  colors: { brand, bad, dark },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontFamilyMonospace:
    "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '18px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  radius: { sm: '4px', md: '8px' },
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'sm' } },
  },
});

const scheme = {
  '--mantine-color-body': 'var(--g-surface)',
  '--mantine-color-text': 'var(--g-text)',
  '--mantine-color-dimmed': 'var(--g-muted)',
  '--mantine-color-placeholder': 'var(--g-muted)',
  '--mantine-color-anchor': 'var(--g-link)',
  '--mantine-color-error': 'var(--g-bad)',
  '--mantine-color-default': 'var(--g-surface)',
  '--mantine-color-default-hover': 'var(--g-hover)',
  '--mantine-color-default-color': 'var(--g-text)',
  '--mantine-color-default-border': 'var(--g-control-line)',
};

export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: scheme,
  dark: scheme,
});

/** The nonce that the server put into the page; styles made at run time carry it. */
export function readNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}
