from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError

from workbench import Workbench, refused

LINES = [f"a line that repeats itself {index}".encode() for index in range(300)]


def compressed(codec: str):
    def operation(bench: Workbench) -> None:
        topic = bench.topic()
        bench.send(topic, LINES, compression_type=codec, linger_ms=50)
        assert [message.value() for message in bench.read(topic, 300)] == LINES

    return operation


def recompressed(codec: str):
    def operation(bench: Workbench) -> None:
        topic = bench.topic(config={"compression.type": codec})
        bench.send(topic, LINES, compression_type="gzip", linger_ms=50)
        assert [message.value() for message in bench.read(topic, 300)] == LINES

    return operation


def acknowledged(acks: str):
    def operation(bench: Workbench) -> None:
        topic = bench.topic()
        delivered = bench.send(topic, [b"a", b"b"], acks=acks)
        if acks != "0":
            assert [message.offset() for message in delivered] == [0, 1]
        assert [message.value() for message in bench.read(topic, 2)] == [b"a", b"b"]

    return operation


def idempotent(bench: Workbench) -> None:
    topic = bench.topic()
    delivered = bench.send(topic, LINES, enable_idempotence=True, batch_num_messages=10)
    assert [message.offset() for message in delivered] == list(range(300))
    assert [message.value() for message in bench.read(topic, 300)] == LINES


def headers(bench: Workbench) -> None:
    topic = bench.topic()
    producer = bench.producer()
    producer.produce(topic, None, b"", headers=[("a", b"1"), ("a", None), ("b", b"")])
    assert producer.flush(10) == 0
    [message] = bench.read(topic, 1)
    assert message.value() is None and message.key() == b""
    assert message.headers() == [("a", b"1"), ("a", None), ("b", b"")]


def partitioned(bench: Workbench) -> None:
    topic = bench.topic(4)
    pairs = [(f"key {index % 8}".encode(), str(index).encode()) for index in range(64)]
    bench.send(topic, pairs, partition=None, partitioner="murmur2_random")
    places: dict = {}
    for message in bench.read(topic, 64):
        places.setdefault(message.key(), set()).add(message.partition())
    assert all(len(partitions) == 1 for partitions in places.values())


def append_time(bench: Workbench) -> None:
    topic = bench.topic(config={"message.timestamp.type": "LogAppendTime"})
    producer = bench.producer()
    producer.produce(topic, b"x", timestamp=1000)
    assert producer.flush(10) == 0
    kind, stamp = bench.read(topic, 1)[0].timestamp()
    assert kind == TIMESTAMP_LOG_APPEND_TIME and stamp > 1_600_000_000_000


def too_large(bench: Workbench) -> None:
    topic = bench.topic(config={"max.message.bytes": "1000"})
    refused(KafkaError.MSG_SIZE_TOO_LARGE, lambda: bench.send(topic, [b"x" * 5000]))


def compacted_needs_keys(bench: Workbench) -> None:
    topic = bench.topic(config={"cleanup.policy": "compact"})
    refused(KafkaError.INVALID_RECORD, lambda: bench.send(topic, [b"keyless"]))


def purged_large_volume(bench: Workbench) -> None:
    topic = bench.topic(3)
    values = [b"x" * 1000 for _ in range(20_000)]
    bench.send(topic, values, partition=None, linger_ms=5, queue_buffering_max_messages=100_000)
    assert len(bench.read(topic, 20_000)) == 20_000


operations = {
    **{f"produce: {codec}": compressed(codec) for codec in ("none", "gzip", "snappy", "lz4", "zstd")},
    **{f"produce: re-compressed to {codec}": recompressed(codec) for codec in ("uncompressed", "snappy", "lz4", "zstd")},
    **{f"produce: acks {acks}": acknowledged(acks) for acks in ("all", "1", "0")},
    "produce: idempotent": idempotent,
    "produce: headers, null value, empty key": headers,
    "produce: keys choose partitions": partitioned,
    "produce: log append time": append_time,
    "produce: too large a message": too_large,
    "produce: a compacted topic wants keys": compacted_needs_keys,
    "produce: twenty thousand messages": purged_large_volume,
}
