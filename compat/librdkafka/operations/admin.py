from confluent_kafka import KafkaError, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from workbench import Workbench, refused


def create(bench: Workbench, topic: str, partitions: int = 1, replication: int = 1, **options):
    new = NewTopic(topic, num_partitions=partitions, replication_factor=replication, **options)
    return bench.admin.create_topics([new])[topic].result(15)


def created(bench: Workbench) -> None:
    topic = bench.name("topic")
    create(bench, topic, 3, config={"retention.ms": "60000"})
    refused(KafkaError.TOPIC_ALREADY_EXISTS, lambda: create(bench, topic))
    metadata = bench.admin.list_topics(topic, timeout=10).topics[topic]
    assert sorted(metadata.partitions) == [0, 1, 2]


def refusals(bench: Workbench) -> None:
    refused(KafkaError.TOPIC_EXCEPTION, lambda: create(bench, "no spaces"))
    refused(KafkaError.INVALID_REPLICATION_FACTOR, lambda: create(bench, bench.name("wide"), replication=3))
    refused(KafkaError.INVALID_CONFIG, lambda: create(bench, bench.name("odd"), config={"retention.ms": "soon"}))
    assigned = {"replica_assignment": [[99]]}
    new = NewTopic(bench.name("elsewhere"), num_partitions=1, **assigned)
    refused(KafkaError.INVALID_REPLICA_ASSIGNMENT, lambda: bench.admin.create_topics([new])[new.topic].result(15))


def described(bench: Workbench) -> None:
    topic = bench.topic(2)
    names = TopicCollection([topic])
    description = bench.admin.describe_topics(names, include_authorized_operations=True)[topic].result(10)
    assert description.name == topic and not description.is_internal
    assert [len(partition.isr) for partition in description.partitions] == [1, 1]
    assert str(description.topic_id) != "AAAAAAAAAAAAAAAAAAAAAA"
    missing = bench.name("missing")
    asked = bench.admin.describe_topics(TopicCollection([missing]))[missing]
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: asked.result(10))


def deleted(bench: Workbench) -> None:
    topic = bench.topic()
    bench.admin.delete_topics([topic])[topic].result(10)
    bench.until(lambda: topic not in bench.admin.list_topics(timeout=10).topics, "the topic to be gone")
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: bench.admin.delete_topics([topic])[topic].result(10))


def partitions(bench: Workbench) -> None:
    topic = bench.topic(1)

    def grow(count: int) -> None:
        bench.admin.create_partitions([NewPartitions(topic, count)])[topic].result(10)

    grow(3)
    bench.until(lambda: len(bench.admin.list_topics(topic, timeout=10).topics[topic].partitions) == 3, "three partitions")
    refused(KafkaError.INVALID_PARTITIONS, lambda: grow(2))


def settings_of(bench: Workbench, kind, name: str) -> dict:
    resource = ConfigResource(kind, name)
    return bench.admin.describe_configs([resource])[resource].result(10)


def topic_settings(bench: Workbench) -> None:
    topic = bench.topic(config={"retention.ms": "60000"})

    def change(name: str, value: str | None, operation) -> None:
        entry = ConfigEntry(name, value, incremental_operation=operation)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        bench.admin.incremental_alter_configs([resource])[resource].result(10)

    change("cleanup.policy", "compact", AlterConfigOpType.APPEND)
    change("segment.ms", "5000", AlterConfigOpType.SET)
    change("retention.ms", None, AlterConfigOpType.DELETE)
    after = settings_of(bench, ConfigResource.Type.TOPIC, topic)
    assert after["cleanup.policy"].value == "delete,compact", after["cleanup.policy"].value
    assert after["segment.ms"].source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    assert after["retention.ms"].source == ConfigSource.DEFAULT_CONFIG.value
    refused(KafkaError.INVALID_CONFIG, lambda: change("segment.ms", "-5", AlterConfigOpType.SET))
    refused(KafkaError.INVALID_CONFIG, lambda: change("no.such.setting", "1", AlterConfigOpType.SET))


def broker_settings(bench: Workbench) -> None:
    [broker] = bench.admin.list_topics(timeout=10).brokers
    settings = settings_of(bench, ConfigResource.Type.BROKER, str(broker))
    assert settings["log.cleaner.delete.retention.ms"].value == "86400000"
    assert settings["log.dirs"].is_read_only
    # librdkafka shows the boolean of the wire as a number.
    assert not settings["log.cleaner.threads"].is_read_only


def whole_settings(bench: Workbench) -> None:
    topic = bench.topic(config={"retention.ms": "60000"})
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={"segment.ms": "7000"})
    bench.admin.alter_configs([resource])[resource].result(10)
    after = settings_of(bench, ConfigResource.Type.TOPIC, topic)
    assert after["segment.ms"].value == "7000"
    assert after["retention.ms"].source == ConfigSource.DEFAULT_CONFIG.value


def records_deleted(bench: Workbench) -> None:
    topic = bench.topic()
    bench.send(topic, [b"a", b"b", b"c"])
    place = TopicPartition(topic, 0, 2)
    assert bench.admin.delete_records([place])[place].result(10).low_watermark == 2
    assert [message.value() for message in bench.read(topic, 1)] == [b"c"]
    beyond = TopicPartition(topic, 0, 9)
    refused(KafkaError.OFFSET_OUT_OF_RANGE, lambda: bench.admin.delete_records([beyond])[beyond].result(10))


def cluster(bench: Workbench) -> None:
    description = bench.admin.describe_cluster(include_authorized_operations=True).result(10)
    assert len(description.nodes) == 1
    assert len(description.cluster_id) == 22
    assert description.controller is not None


def elections(bench: Workbench) -> None:
    from confluent_kafka import ElectionType

    topic = bench.topic()
    place = TopicPartition(topic, 0)
    outcome = bench.admin.elect_leaders(ElectionType.PREFERRED, [place]).result(10)
    assert outcome[place].code() == KafkaError.ELECTION_NOT_NEEDED, outcome


def no_access_control(bench: Workbench) -> None:
    anything = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    # The binding hands the answer's error on as an empty list of bindings, so creating says more.
    assert bench.admin.describe_acls(anything).result(10) == []
    allow = (AclOperation.READ, AclPermissionType.ALLOW)
    binding = AclBinding(ResourceType.TOPIC, "t", ResourcePatternType.LITERAL, "User:u", "*", *allow)
    refused(KafkaError.SECURITY_DISABLED, lambda: bench.admin.create_acls([binding])[binding].result(10))


def scram_users(bench: Workbench) -> None:
    assert bench.admin.describe_user_scram_credentials().result(10) == {}


operations = {
    "admin: create": created,
    "admin: refused creations": refusals,
    "admin: describe": described,
    "admin: delete": deleted,
    "admin: add partitions": partitions,
    "admin: a topic's settings, one by one": topic_settings,
    "admin: a topic's settings as a whole": whole_settings,
    "admin: a broker's settings": broker_settings,
    "admin: delete records": records_deleted,
    "admin: the cluster": cluster,
    "admin: elections": elections,
    "admin: no access control without an authorizer": no_access_control,
    "admin: SCRAM users": scram_users,
}
