from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, ConsumerGroupType, KafkaError, TopicPartition

from workbench import Workbench, refused


def member(bench: Workbench, topic: str, group: str, **settings):
    consumer = bench.consumer(group_id=group, **settings)
    consumer.subscribe([topic])
    return consumer


def sizes(members: list) -> list:
    return sorted(len(consumer.assignment()) for consumer in members)


def sharing(strategy: str):
    def operation(bench: Workbench) -> None:
        topic, group = bench.topic(6), bench.name("group")
        members = [member(bench, topic, group, partition_assignment_strategy=strategy)]
        bench.until(lambda: sizes(members) == [6], "all partitions", members)
        members.append(member(bench, topic, group, partition_assignment_strategy=strategy))
        bench.until(lambda: sizes(members) == [3, 3], "half of the partitions each", members)
        bench.close(members.pop())
        bench.until(lambda: sizes(members) == [6], "all partitions again", members)

    return operation


def static_member(bench: Workbench) -> None:
    topic, group = bench.topic(4), bench.name("group")
    revoked: list = []
    stays = bench.consumer(group_id=group, group_instance_id="stays")
    stays.subscribe([topic], on_revoke=lambda _, partitions: revoked.extend(partitions))
    goes = member(bench, topic, group, group_instance_id="goes")
    bench.until(lambda: sizes([stays, goes]) == [2, 2], "half of the partitions each", [stays, goes])
    revoked.clear()
    bench.close(goes)
    back = member(bench, topic, group, group_instance_id="goes")
    bench.until(lambda: sizes([back]) == [2], "its partitions back", [stays, back])
    assert revoked == [], "the other member noticed"


def fenced_instance(bench: Workbench) -> None:
    topic, group = bench.topic(1), bench.name("group")
    first = member(bench, topic, group, group_instance_id="one")
    bench.until(lambda: sizes([first]) == [1], "the partition", [first])
    second = member(bench, topic, group, group_instance_id="one")
    bench.until(lambda: sizes([second]) == [1], "the partition", [second])
    seen: list = []

    def fenced() -> bool:
        message = first.poll(0.1)
        if message is not None and message.error():
            seen.append(message.error().code())
        return KafkaError._FATAL in seen or KafkaError.FENCED_INSTANCE_ID in seen

    bench.until(fenced, "the first one to be fenced")


def commits(bench: Workbench) -> None:
    topic, group = bench.topic(), bench.name("group")
    bench.send(topic, [b"a", b"b", b"c"])
    consumer = member(bench, topic, group, enable_auto_commit=False)
    [message, *_] = bench.poll(consumer, 3)
    consumer.commit(message, asynchronous=False)
    place = TopicPartition(topic, 0)
    assert consumer.committed([place], timeout=10)[0].offset == 1
    consumer.commit(offsets=[TopicPartition(topic, 0, 2, metadata="a note")], asynchronous=False)
    stored = consumer.committed([place], timeout=10)[0]
    assert (stored.offset, stored.metadata) == (2, "a note")
    bench.close(consumer)
    assert [each.value() for each in bench.poll(member(bench, topic, group), 1)] == [b"c"]


def commit_without_group(bench: Workbench) -> None:
    topic = bench.topic()
    consumer = bench.consumer(enable_auto_commit=False)
    consumer.commit(offsets=[TopicPartition(topic, 0, 7)], asynchronous=False)
    assert consumer.committed([TopicPartition(topic, 0)], timeout=10)[0].offset == 7
    unknown = [TopicPartition("nobody-made-this-rdk", 0, 1)]
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: consumer.commit(offsets=unknown, asynchronous=False))


def described(bench: Workbench) -> None:
    topic, group = bench.topic(2), bench.name("group")
    one = member(bench, topic, group, group_instance_id="named", client_id="describer")
    bench.until(lambda: sizes([one]) == [2], "the partitions", [one])
    description = bench.admin.describe_consumer_groups([group])[group].result(10)
    assert description.state == ConsumerGroupState.STABLE, description.state
    assert description.partition_assignor == "range"
    [shown] = description.members
    assert (shown.group_instance_id, shown.client_id) == ("named", "describer")
    assert len(shown.assignment.topic_partitions) == 2
    bench.close(one)


def listed(bench: Workbench) -> None:
    topic, group = bench.topic(), bench.name("group")
    one = member(bench, topic, group)
    bench.until(lambda: sizes([one]) == [1], "the partition", [one])

    def names(**filters) -> set:
        return {each.group_id for each in bench.admin.list_consumer_groups(**filters).result(10).valid}

    assert group in names()
    assert group in names(states={ConsumerGroupState.STABLE})
    assert group not in names(states={ConsumerGroupState.EMPTY})
    assert group in names(types={ConsumerGroupType.CLASSIC})
    assert group not in names(types={ConsumerGroupType.CONSUMER})
    refused(KafkaError.NON_EMPTY_GROUP, lambda: bench.admin.delete_consumer_groups([group])[group].result(10))
    bench.close(one)
    bench.until(lambda: group in names(states={ConsumerGroupState.EMPTY}), "the group to be empty")
    bench.admin.delete_consumer_groups([group])[group].result(10)
    assert group not in names()


def altered(bench: Workbench) -> None:
    topic, group = bench.topic(2), bench.name("group")
    wanted = [TopicPartition(topic, 0, 3), TopicPartition(topic, 1, 4)]
    alter = bench.admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, wanted)])
    alter[group].result(10)
    offsets = bench.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(10)
    found = {each.partition: each.offset for each in offsets.topic_partitions}
    assert found == {0: 3, 1: 4}, found


def dead_member(bench: Workbench) -> None:
    """A member that is not polled leaves the group by itself; the other one takes its partitions."""
    topic, group = bench.topic(2), bench.name("group")
    silent = member(bench, topic, group, max_poll_interval_ms=6000)
    other = member(bench, topic, group)
    bench.until(lambda: sizes([silent, other]) == [1, 1], "one partition each", [silent, other])
    bench.until(lambda: sizes([other]) == [2], "both partitions", [other])


def consumer_protocol(bench: Workbench) -> None:
    topic = bench.topic(2)
    bench.send(topic, [b"a"])
    consumer = bench.new_protocol_consumer()
    consumer.subscribe([topic])
    assert len(bench.poll(consumer, 1)) == 1


operations = {
    **{f"groups: {strategy}": sharing(strategy) for strategy in ("range", "roundrobin", "cooperative-sticky")},
    "groups: a static member comes back unnoticed": static_member,
    "groups: an instance is taken over": fenced_instance,
    "groups: commits": commits,
    "groups: commits without a group": commit_without_group,
    "groups: described": described,
    "groups: listed by state and type, deleted": listed,
    "groups: offsets altered": altered,
    "groups: a silent member loses its place": dead_member,
    "groups: the consumer protocol": consumer_protocol,
}
