import time

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, IsolationLevel, KafkaError, TopicPartition
from confluent_kafka.admin import OffsetSpec

from workbench import Workbench

VALUES = [b"a", b"b", b"c", b"d", b"e"]


def values(messages: list) -> list:
    return [message.value() for message in messages]


def assigned(bench: Workbench) -> None:
    topic = bench.topic()
    bench.send(topic, VALUES)
    consumer = bench.consumer()
    consumer.assign([TopicPartition(topic, 0, 2)])
    assert values(bench.poll(consumer, 3)) == VALUES[2:]
    assert consumer.position([TopicPartition(topic, 0)])[0].offset == 5


def seeking(bench: Workbench) -> None:
    topic = bench.topic()
    bench.send(topic, VALUES)
    consumer = bench.consumer()
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    bench.poll(consumer, 5)
    consumer.seek(TopicPartition(topic, 0, 3))
    assert values(bench.poll(consumer, 2)) == VALUES[3:]


def watermarks(bench: Workbench) -> None:
    topic = bench.topic()
    bench.send(topic, VALUES)
    assert bench.consumer().get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (0, 5)


def by_time(bench: Workbench) -> None:
    topic = bench.topic()
    producer = bench.producer()
    now = int(time.time() * 1000)
    for ago in (3000, 2000, 1000):
        producer.produce(topic, b"x", partition=0, timestamp=now - ago)
    assert producer.flush(10) == 0
    consumer = bench.consumer()

    def at(stamp: int) -> int:
        return consumer.offsets_for_times([TopicPartition(topic, 0, stamp)], timeout=10)[0].offset

    assert [at(now - ago) for ago in (9000, 2500, 1000)] == [0, 1, 2]
    assert at(now) == OFFSET_END


def listed_offsets(bench: Workbench) -> None:
    topic = bench.topic()
    producer = bench.producer()
    now = int(time.time() * 1000)
    for ago in (1000, 500, 2000):
        producer.produce(topic, b"x", partition=0, timestamp=now - ago)
        assert producer.flush(10) == 0
    place = TopicPartition(topic, 0)

    def offset(spec) -> int:
        return bench.admin.list_offsets({place: spec})[place].result(10).offset

    assert offset(OffsetSpec.earliest()) == 0
    assert offset(OffsetSpec.latest()) == 3
    assert offset(OffsetSpec.max_timestamp()) == 1
    assert offset(OffsetSpec.for_timestamp(now - 700)) == 1
    options = {"isolation_level": IsolationLevel.READ_COMMITTED}
    assert bench.admin.list_offsets({place: OffsetSpec.latest()}, **options)[place].result(10).offset == 3


def end_of_partition(bench: Workbench) -> None:
    topic = bench.topic()
    bench.send(topic, VALUES)
    consumer = bench.consumer(enable_partition_eof=True)
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    seen: list = []
    bench.until(lambda: collect(consumer, seen), "the end of the partition")
    assert values(seen[:-1]) == VALUES and seen[-1].offset() == 5


def collect(consumer, seen: list) -> bool:
    message = consumer.poll(0.1)
    if message is None:
        return False
    seen.append(message)
    return message.error() is not None and message.error().code() == KafkaError._PARTITION_EOF


def out_of_range(bench: Workbench) -> None:
    topic = bench.topic()
    bench.send(topic, VALUES)
    consumer = bench.consumer()
    consumer.assign([TopicPartition(topic, 0, 77)])
    assert values(bench.poll(consumer, 5)) == VALUES
    strict = bench.consumer(auto_offset_reset="error")
    strict.assign([TopicPartition(topic, 0, 77)])
    seen: list = []

    def failed() -> bool:
        message = strict.poll(0.1)
        if message is not None:
            seen.append(message.error())
        return len(seen) > 0

    bench.until(failed, "the error")
    assert seen[0].code() == KafkaError._AUTO_OFFSET_RESET, seen[0]


def read_committed(bench: Workbench) -> None:
    topic = bench.topic()
    bench.send(topic, VALUES)
    assert len(bench.read(topic, 5, isolation_level="read_committed")) == 5


def small_fetches(bench: Workbench) -> None:
    topic = bench.topic(2)
    for partition in (0, 1):
        bench.send(topic, [b"x" * 3000 for _ in range(20)], partition=partition)
    settings = {"fetch_max_bytes": 5000, "message_max_bytes": 5000, "max_partition_fetch_bytes": 2000}
    assert len(bench.read(topic, 40, **settings)) == 40


def many_partitions(bench: Workbench) -> None:
    topic = bench.topic(50)
    bench.send(topic, [(str(index).encode(), b"x") for index in range(500)], partition=None)
    assert len(bench.read(topic, 500)) == 500


operations = {
    "consume: assigned": assigned,
    "consume: seek": seeking,
    "consume: watermarks": watermarks,
    "consume: offsets by time": by_time,
    "consume: list offsets": listed_offsets,
    "consume: end of partition": end_of_partition,
    "consume: offset out of range": out_of_range,
    "consume: read committed where nothing is open": read_committed,
    "consume: messages beyond the fetch sizes": small_fetches,
    "consume: fifty partitions": many_partitions,
}
