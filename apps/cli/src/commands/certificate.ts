import type { Command } from 'commander';
import {
  readTrustedKeys,
  verifyCertificate,
  verifyChain,
  type VerifiedCertificate,
} from '@oubliette/privacy';
import { answers } from '../action.js';
import type { Answer, CliContext } from '../context.js';
import { CliError } from '../errors.js';
import { addCertificateFetch } from './certificate-fetch.js';

interface VerifyOptions {
  readonly trustedKey: string;
  readonly chain?: string;
}

/** A chain of a million certificates has about a gigabyte; more than memory is for. */
const mostBytes = 1024 * 1024 * 1024;

export function addCertificateCommands(program: Command, context: CliContext): void {
  const certificate = program.command('certificate').description('proofs of erasure');
  addCertificateFetch(certificate, context);
  const verify = certificate
    .command('verify')
    .description('holds a certificate against a key that you trust; offline')
    .argument('<file>')
    .requiredOption('--trusted-key <file>', 'public keys in PEM, from a source other than the certificate')
    .option('--chain <file>', 'all certificates, one a line, first to last: the file must stand in it');
  answers<VerifyOptions>(verify, context, ({ trustedKey, chain }, [file = '']) => {
    const trusted = readTrustedKeys(Buffer.from(read(context, trustedKey)).toString('utf8'));
    const bytes = read(context, file);
    const certificate = verifyCertificate(bytes, trusted);
    const links = chain === undefined ? null : verifyChain(linesOf(read(context, chain)), trusted);
    if (links !== null && !links.some(({ digest }) => digest === certificate.digest))
      throw new CliError(
        'CERTIFICATE_NOT_IN_CHAIN',
        `The chain is whole, but the certificate ${certificate.body.number} in it is another one than this file.`,
      );
    return verified(certificate, links?.length ?? null);
  });
}

function verified({ key, digest, statement }: VerifiedCertificate, chain: number | null): Answer {
  const { erasure, deadline, outstanding, number } = statement;
  const isWhole = outstanding.length === 0;
  return {
    document: { verified: true, complete: isWhole, key, digest, chain, statement },
    lines: [
      `Genuine: certificate ${number}, issued ${statement.issuedAt}, signed by the trusted key ${key}.`,
      `Erasure ${erasure.id}: ${erasure.state}${isWhole ? '' : `; outstanding: ${outstanding.join(', ')}`}.`,
      `Requested ${erasure.requestedAt}, forgotten ${erasure.forgottenAt ?? 'not yet'}, erased ${erasure.erasedAt ?? 'not yet'}; deadline ${deadline.at} (${deadline.law}).`,
      ...whyItTook(statement),
      ...beyondKeys(statement),
      chain === null
        ? 'The chain was not checked: give --chain.'
        : `The chain is whole (certificates: ${chain}), and this one stands in it.`,
    ],
  };
}

function whyItTook({ deadline: { extension }, hold }: VerifiedCertificate['statement']): string[] {
  return [
    ...(extension === null ? [] : [`Deadline extended ${extension.at}: ${extension.reason}.`]),
    ...(hold === null
      ? []
      : [`Held from ${hold.at} to ${hold.liftedAt ?? 'at least the time of issue'}: ${hold.reason}.`]),
  ];
}

/** What else went beside the keys, and elsewhere. */
function beyondKeys({ topics, acknowledgements }: VerifiedCertificate['statement']): string[] {
  return [
    ...topics.map(
      ({ topic, way, partitions }) =>
        `Records of topic ${topic}, by ${way}: ${partitions === null ? 'not gone yet' : 'gone'}.`,
    ),
    ...acknowledgements.map(
      ({ processor, outcome, reason }) =>
        `Processor ${processor}: ${outcome}${reason === null ? '' : ` (${reason})`}.`,
    ),
  ];
}

function* linesOf(chain: Uint8Array): Iterable<Uint8Array> {
  for (let from = 0; from < chain.length;) {
    const end = chain.indexOf(0x0a, from);
    yield chain.subarray(from, end < 0 ? chain.length : end);
    from = end < 0 ? chain.length : end + 1;
  }
}

function read({ disk }: CliContext, file: string): Uint8Array {
  if (file === '' || !disk.existsSync(file) || disk.statSync(file).kind !== 'file')
    throw new CliError('USAGE', `certificate verify: there is no file ${file}.`);
  if (disk.statSync(file).size > mostBytes)
    throw new CliError('USAGE', `certificate verify: ${file} has more than a gigabyte.`);
  return disk.readFileSync(file);
}
