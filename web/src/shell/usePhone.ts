import { useMediaQuery } from '@mantine/hooks';

/** Whether the screen is too narrow for the side navigation; the same width as in shell.css. */
export function usePhone(): boolean {
  return useMediaQuery('(max-width: 47.99em)', false, { getInitialValueInEffect: false });
}
