import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { DiskFile } from '@oubliette/runtime';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { CliError } from '../errors.js';
import { SampleClient } from '../sample/sample-client.js';

interface FetchOptions {
  readonly out: string;
  readonly page?: string;
  readonly chain?: string;
}

/** Certificates in one answer: a chain is longer than memory is for. */
const together = 100;

export function addCertificateFetch(certificate: Command, context: CliContext): void {
  const fetch = certificate
    .command('fetch')
    .description(
      'writes the certificate of an erasure as it stands now to a file; those that are there are replaced',
    )
    .argument('<id>', "the erasure's")
    .requiredOption('--out <file>', 'the certificate, byte for byte')
    .option('--page <file>', 'the same as a page (HTML), for people')
    .option('--chain <file>', 'all certificates up to now, one a line, as certificate verify takes them');
  answers<FetchOptions>(fetch, context, async ({ dataDir, out, page, chain }, [id = '']) => {
    if (id === '') throw new CliError('USAGE', 'certificate fetch: the id is empty.');
    for (const file of [out, page, chain]) assertWritable(context, file);
    const client = new SampleClient(context, dataDir);
    const path = `/privacy/erasures/${encodeURIComponent(id)}/certificate`;
    context.disk.replaceFileSync(out, await client.bytes({ method: 'GET', path }));
    if (page !== undefined)
      context.disk.replaceFileSync(page, await client.bytes({ method: 'GET', path, accept: 'text/html' }));
    const certificates = chain === undefined ? null : await writeChain(context, client, chain);
    return {
      document: { out, page: page ?? null, chain: chain ?? null, certificates },
      lines: [
        `Written: ${out}${page === undefined ? '' : `, ${page}`}${chain === undefined ? '' : `, ${chain} (certificates: ${certificates})`}.`,
        'Whether it is genuine, and what it says: certificate verify.',
      ],
    };
  });
}

/** How many there are. The file is the old one until the new one is whole. */
async function writeChain({ disk }: CliContext, client: SampleClient, file: string): Promise<number> {
  const draft = `${file}.part`;
  const written = disk.openSync(draft, 'write');
  try {
    written.truncateSync(0);
    const certificates = await copyChain(client, written);
    written.syncSync();
    disk.renameSync(draft, file);
    disk.syncDirectorySync(dirname(file));
    return certificates;
  } catch (error) {
    disk.removeFileSync(draft);
    throw error;
  } finally {
    written.closeSync();
  }
}

async function copyChain(client: SampleClient, written: DiskFile): Promise<number> {
  for (let certificates = 0, position = 0; ;) {
    // The numbers of a chain count up from 1.
    const path = `/privacy/certificates?after=${certificates}&limit=${together}`;
    const lines = await client.bytes({ method: 'GET', path });
    written.writeSync([lines], position);
    position += lines.length;
    const count = lines.filter((byte) => byte === 0x0a).length;
    certificates += count;
    if (count < together) return certificates;
  }
}

function assertWritable({ disk }: CliContext, file: string | undefined): void {
  if (file === undefined) return;
  const directory = dirname(file);
  if (file === '' || !disk.existsSync(directory) || disk.statSync(directory).kind !== 'directory')
    throw new CliError('USAGE', `certificate fetch: there is no directory for ${JSON.stringify(file)}.`);
  if (disk.existsSync(file) && disk.statSync(file).kind !== 'file')
    throw new CliError('USAGE', `certificate fetch: ${file} is no file.`);
}
