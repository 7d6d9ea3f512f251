import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { startI18n } from './app/i18n';
import './app/mantine.css';
import { createQueryClient } from './app/queryClient';
import { router } from './app/router';
import { readNonce, resolveVariables, theme } from './app/theme';
import './app/tokens.css';
import './parts/parts.css';
import './shell/shell.css';
import './job/job.css';
import './dataset/dataset.css';

const container = document.getElementById('root');
const client = createQueryClient();

// Scroll locks behind dialogs write a style of their own; it needs the nonce as well.
setNonce(readNonce());

await startI18n();
if (container) {
  createRoot(container).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        cssVariablesResolver={resolveVariables}
        getStyleNonce={readNonce}
      >
        <Notifications position="bottom-right" limit={4} />
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
