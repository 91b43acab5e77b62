import { leakAudit } from './support/leak-audit.js';

leakAudit('the bundled broker and the embedded database', async () => ({}));
