// Strings come from src/locales alone. English is in the first load, other languages are fetched.

import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

import en from '../locales/en.json';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

const MEMORY_KEY = 'gantry-language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

const isLanguage = (text: string): text is Language => LANGUAGES.some((known) => known === text);

function findLanguage(): Language {
  let chosen: string | null = null;
  try {
    chosen = window.localStorage.getItem(MEMORY_KEY);
  } catch {
    // Storage is switched off; the browser's languages decide.
  }
  const wanted = [chosen, ...navigator.languages].filter((tag) => tag !== null);
  return wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en';
}

async function load(language: Language): Promise<void> {
  if (language === 'de' && !i18next.hasResourceBundle('de', 'translation')) {
    const { default: de } = await import('../locales/de.json');
    i18next.addResourceBundle('de', 'translation', de);
  }
}

export async function changeLanguage(language: Language): Promise<void> {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  try {
    window.localStorage.setItem(MEMORY_KEY, language);
  } catch {
    // The choice holds until the page is closed.
  }
}

export async function startI18n(language = findLanguage()): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: { en: { translation: en } },
    lng: 'en',
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
  });
  await load(language);
  if (language !== 'en') await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
