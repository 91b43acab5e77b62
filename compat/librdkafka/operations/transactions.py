from workbench import Workbench


def begin(bench: Workbench):
    producer = bench.producer(transactional_id=bench.name("transaction"))
    producer.init_transactions(5)
    producer.begin_transaction()
    return producer


def commit(bench: Workbench) -> None:
    topic = bench.topic()
    producer = begin(bench)
    producer.produce(topic, b"kept", partition=0)
    producer.commit_transaction(10)
    assert [message.value() for message in bench.read(topic, 1)] == [b"kept"]


def abort(bench: Workbench) -> None:
    topic = bench.topic()
    producer = begin(bench)
    producer.produce(topic, b"dropped", partition=0)
    producer.flush(10)
    producer.abort_transaction(10)
    producer.begin_transaction()
    producer.produce(topic, b"kept", partition=0)
    producer.commit_transaction(10)
    assert [message.value() for message in bench.read(topic, 1)] == [b"kept"]


operations = {"transactions: commit": commit, "transactions: abort": abort}
