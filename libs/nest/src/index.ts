export { LeakAuditService } from './audit/leak-audit.service.js';
export type { LeakAuditRequest } from './audit/leak-audit.service.js';
export { EncryptedEvent, Personal, RecordKey, UserId, eventInfoOf } from './decorators/encrypted-event.js';
export type {
  EncryptedEventOptions,
  EventClass,
  EventClassInfo,
  PersonalOptions,
} from './decorators/encrypted-event.js';
export { EncryptedTopic, OUBLIETTE_TRANSPORT } from './decorators/encrypted-topic.js';
export { ErasureProcessor } from './decorators/erasure-processor.js';
export type { ErasureProcessorMethod, ErasureProcessorOptions } from './decorators/erasure-processor.js';
export type { EncryptedTopicOptions } from './decorators/encrypted-topic.js';
export { OUBLIETTE_ENGINE } from './engine/engine.js';
export type {
  EngineFactory,
  ErasureStanding,
  Forgetting,
  OublietteEngine,
  Restrictions,
} from './engine/engine.js';
export { openKafkaEngine } from './engine/kafka-engine.js';
export { KEY_TOPIC_DEFAULTS } from './engine/kafka-engine-options.js';
export type {
  KafkaEngineOptions,
  PlacedCertificateKey,
  PlacedMasterKeys,
  UserKeyOptions,
} from './engine/kafka-engine-options.js';
export { nestLogger } from './engine/nest-logger.js';
export { logsReplay } from './engine/replay-log.js';
export { EventRefusedError, OublietteError } from './errors.js';
export type { OublietteErrorCode } from './errors.js';
export { CertificateService } from './forgetting/certificate.service.js';
export { ForgetUserService } from './forgetting/forget-user.service.js';
export type { UserStatus } from './forgetting/forget-user.service.js';
export { PrivacyService } from './forgetting/privacy.service.js';
export type { Withdrawal } from './forgetting/privacy.service.js';
export { VerificationService } from './forgetting/verification.service.js';
export { AccessGuard } from './http/access.guard.js';
export type { AuditLine } from './http/audit.controller.js';
export { BearerTokenGuard } from './http/bearer-token.guard.js';
export { ErasuresController } from './http/erasures.controller.js';
export { PrivacyController, checkedUserId } from './http/privacy.controller.js';
export type { ErasuresAccepted, UserReport } from './http/privacy.controller.js';
export type {
  AcknowledgementReport,
  TopicReport,
  ErasureAccepted,
  ErasureReport,
  HoldReport,
} from './http/erasure-report.js';
export { RestrictionController } from './http/restriction.controller.js';
export type { RestrictionReport } from './http/restriction.controller.js';
export { ProblemError, problemOf } from './http/problem.js';
export type { Problem } from './http/problem.js';
export { ProblemFilter } from './http/problem.filter.js';
export { VerificationController } from './http/verification.controller.js';
export { LookupsModule, USER_LOOKUPS } from './lookups/lookups.module.js';
export type { LookupsAsyncOptions, LookupsOptions } from './lookups/lookups.module.js';
export { Metrics } from './metrics/metrics.js';
export { OublietteModule } from './module/oubliette.module.js';
export type {
  AccessOptions,
  AuditOptions,
  HttpOptions,
  FeatureTopic,
  OublietteFeatureOptions,
  OublietteOptions,
  OublietteRootAsyncOptions,
  OublietteRootOptions,
} from './module/options.js';
export { eventIdFrom, randomEventId } from './publishing/event-ids.js';
export { EventPublisher } from './publishing/event-publisher.js';
export type { PublishOptions } from './publishing/event-publisher.js';
export { RetentionService } from './retention/retention.service.js';
export { ErasedTopics } from './boot/erased-topics.js';
export { connectOubliette } from './transport/connect-oubliette.js';
export { DEAD_LETTER_HEADERS } from './transport/dead-letters.js';
export { OublietteBatchContext, OublietteContext } from './transport/event-context.js';
export type { EventContext } from './transport/event-context.js';
export { OublietteTransport } from './transport/oubliette-transport.js';
export { DEAD_LETTER_SUFFIX } from './transport/topic-handler.js';
