export type {
  Erasure,
  ErasurePlace,
  ErasureState,
  ErasureStore,
  Extension,
  ForgottenKeys,
  Hold,
  KeyTopicWindow,
  LeaseStore,
  LedgerEntry,
  LogWindow,
  PrivacyStores,
  TopicWindow,
} from './ports.js';
export { PrivacyError } from './errors.js';
export type { PrivacyErrorCode } from './errors.js';
export { guardBound } from './guard/guard-bound.js';
export type { BoundQuestion } from './guard/guard-bound.js';
export { checkTopics, judgeSight } from './guard/check-topic.js';
export type { SightQuestion, TopicUse, TopicVerdict } from './guard/check-topic.js';
export { seeTopics } from './guard/topic-sight.js';
export type { ClusterView, TopicSight } from './guard/topic-sight.js';
export { fittingSettings } from './guard/fitting-settings.js';
export type { FittingPlan, FittingQuestion, SettingChange } from './guard/fitting-settings.js';
export { RetentionWatch } from './guard/retention-watch.js';
export type { RetentionWatchParts, WatchedTopic, WatchedVerdict } from './guard/retention-watch.js';
export { applyFitting } from './guard/apply-fitting.js';
export { readCleanupSettings } from './guard/cleanup-settings.js';
export type { CleanupSettings } from './guard/cleanup-settings.js';
export { compactWorstCase, deleteWorstCase } from './guard/worst-case.js';
export type { BoundTerm, LogUse, WorstCase } from './guard/worst-case.js';
export type { GuardResult, TopicRole, Verdict } from './guard/verdict.js';
export { spellDuration } from './guard/spell-duration.js';
export { planPartitions } from './planner/plan-partitions.js';
export type { PartitionDemand, PartitionPlan } from './planner/plan-partitions.js';
export { ForgettingService } from './forgetting/forgetting-service.js';
export type { DeadlineOptions, ForgettingOptions } from './forgetting/forgetting-options.js';
export type { LedgerCheck } from './forgetting/ledger-check.js';
export type { RestrictionCheck } from './restriction/restriction-check.js';
export { erasureBoundMs } from './forgetting/erasure-bound.js';
export { readErasure } from './forgetting/read-erasure.js';
export { unseenReplicas } from './forgetting/unseen-replicas.js';
export type { PartitionMark, TopicErasure, TopicPartitionEvidence, TopicPass } from './ways/topic-erasure.js';
export { certificatePage } from './certificate/certificate-page.js';
export { CertificateRegister } from './certificate/certificate-register.js';
export type { CertificateStore, IssuedCertificate } from './certificate/certificate-store.js';
export {
  verifyCertificate,
  verifyChain,
  type VerifiedCertificate,
} from './certificate/erasure-certificate.js';
export { readStatement, userCommitment, type ErasureStatement } from './certificate/erasure-statement.js';
export {
  createSigningKeyFile,
  loadSigningKeyFile,
  publicKeyPem,
  readTrustedKeys,
} from './certificate/signing-key-file.js';
export { readCertificate, type ChainLink, type ReadCertificate } from './certificate/signed-certificate.js';
export { openCertificateKey, type OpenCertificateKey } from './certificate/open-certificate-key.js';
export { keyName, type CertificateSigner, type TrustedKey } from './certificate/signing-key.js';
export type { DeadlineAlert } from './deadlines/deadline-watch.js';
export { deadlineOf, urgencyOf, type Deadline, type Urgency } from './deadlines/deadline.js';
export { deadlinePolicies, type DeadlinePolicy, type NamedPolicy } from './deadlines/deadline-policy.js';
export type { CalendarOptions } from './deadlines/legal-calendar.js';
export { checkEntry, checkReason, MAX_REASON_LENGTH } from './log/privacy-log.js';
export type { LoggedEntry, PrivacyLog, PrivacyLogEntry, PrivacyLogKind } from './log/privacy-log.js';
export type {
  ErasureEvidence,
  FilesPass,
  ReplicaPass,
  UnseenReason,
  UnseenReplica,
} from './verification/erasure-evidence.js';
export type { Blockage, BlockageCode, BlockedPartition, BlockedTopic } from './nudger/blockage.js';
export { compareHalves, type LedgerHalves } from './mirror/compare-halves.js';
export type { LedgerMirror } from './mirror/ledger-mirror.js';
export { MirroredErasureStore } from './mirror/mirrored-erasure-store.js';
export { ledgerTopicOf, openTopicMirror, type TopicMirrorParts } from './mirror/topic-ledger-mirror.js';
export { RestrictionService } from './restriction/restriction-service.js';
export type { RestrictionOptions } from './restriction/restriction-service.js';
export type {
  Acknowledgement,
  AcknowledgementStore,
  GivenAnswer,
  ProcessorAnswer,
  RefusalReason,
} from './processors/acknowledgement.js';
export { refusalReasons } from './processors/acknowledgement.js';
export {
  Acknowledgements,
  type AcknowledgementsParts,
  type Received,
} from './processors/acknowledgements.js';
export { checkAnswer, checkProcessor } from './processors/check-answer.js';
export {
  ErasureMessages,
  erasureTopicOf,
  erasureTopicSpec,
  type ErasureMessagesParts,
} from './processors/erasure-messages.js';
export type { AddressedAnswer, AddressedQuestion, ErasureQuestion } from './processors/erasure-question.js';
export { nudgerGapMs } from './nudger/timing.js';
export type { KeyTopicTimings } from './nudger/timing.js';
export {
  ErasureVerifier,
  type ErasureCheck,
  type LogReading,
  type SeenReplica,
  type VerificationScope,
  type VerifierParts,
} from './verification/erasure-verifier.js';
export type { FilesQuestion } from './verification/file-findings.js';
export type {
  Counted,
  FilesReport,
  FilesScope,
  FoundBytes,
  ReadDirectory,
  ReadFile,
  ReadLogDir,
  StandingKey,
} from './verification/files-report.js';
export {
  LogDirKeyFiles,
  type FilesReading,
  type KeyFiles,
  type LogDirKeyFilesParts,
  type StandingFile,
} from './verification/key-files.js';
export { kidFingerprint, type ForgottenUser } from './verification/key-record-judge.js';
export { verifyFiles } from './verification/verify-files.js';
export type { Logger, LogFields } from './logger.js';
export {
  emailIndex,
  MAX_LOOKUP_BYTES,
  type EmailIndexOptions,
  type LookupIndex,
} from './lookups/lookup-index.js';
export { LookupError, type LookupErrorCode } from './lookups/lookup-error.js';
export type { LookupKey, LookupPage, LookupPlace, LookupRow, LookupStore } from './lookups/lookup-store.js';
export type { RehashOptions, RehashResult } from './lookups/lookup-rehash.js';
export { UserLookups, type LookupEntry, type UserLookupsOptions } from './lookups/user-lookups.js';
export {
  valueSource,
  type AuditContent,
  type AuditGap,
  type AuditSource,
  type AuditSourceKind,
  type AuditValue,
} from './audit/audit-source.js';
export { fileSource } from './audit/file-source.js';
export {
  auditLeaks,
  type LeakAuditOptions,
  type LeakAuditProgress,
  type LeakFinding,
  type LeakQuestion,
  type LeakReport,
  type SourceReport,
  type UnseenPlace,
} from './audit/leak-audit.js';
export { topicSource } from './audit/topic-source.js';
export type { TermForm } from './audit/term-forms.js';
export { AUDIT_PRESETS, auditPattern, type AuditPattern } from './audit/text-patterns.js';
export { erasureWays, type ErasedTopic, type ErasureWay } from './ways/erasure-way.js';
