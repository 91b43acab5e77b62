import { pseudonymAudit } from './support/pseudonym-audit.js';

pseudonymAudit('the bundled broker and the embedded database', async () => ({}));
