"""What every operation needs: names that nobody else uses, clients that are closed after it, and waiting with an end."""

import itertools
import os
import time

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic


class Workbench:
    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._numbers = itertools.count(1)
        self._consumers: list[Consumer] = []
        self.admin = AdminClient({"bootstrap.servers": bootstrap})

    def name(self, what: str) -> str:
        return f"rdk-{what}-{os.getpid()}-{next(self._numbers)}"

    def topic(self, partitions: int = 1, config: dict[str, str] | None = None) -> str:
        topic = self.name("topic")
        new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config or {})
        self.admin.create_topics([new])[topic].result(15)
        return topic

    def producer(self, **settings) -> Producer:
        return Producer({"bootstrap.servers": self.bootstrap, "message.timeout.ms": 10000, **dotted(settings)})

    def send(self, topic: str, messages: list, partition: int | None = 0, **settings) -> list:
        """Sends (key, value) pairs or values; gives the delivered messages, raises the first delivery error."""
        delivered: list = []
        producer = self.producer(**settings)

        def on_delivery(error, message) -> None:
            delivered.append(error or message)

        for message in messages:
            key, value = message if isinstance(message, tuple) else (None, message)
            where = {} if partition is None else {"partition": partition}
            producer.produce(topic, value, key, on_delivery=on_delivery, **where)
        left = producer.flush(15)
        assert left == 0, f"{left} messages were not delivered"
        for each in delivered:
            if not hasattr(each, "offset"):
                raise KafkaException(each)
        return delivered

    def consumer(self, **settings) -> Consumer:
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": self.name("group"),
                "auto.offset.reset": "earliest",
                "session.timeout.ms": 6000,
                "heartbeat.interval.ms": 300,
                "fetch.wait.max.ms": 100,
                **dotted(settings),
            }
        )
        self._consumers.append(consumer)
        return consumer

    def new_protocol_consumer(self) -> Consumer:
        settings = {"bootstrap.servers": self.bootstrap, "group.id": self.name("group"), "group.protocol": "consumer"}
        consumer = Consumer({**settings, "auto.offset.reset": "earliest"})
        self._consumers.append(consumer)
        return consumer

    def poll(self, consumer: Consumer, count: int, seconds: float = 15) -> list:
        """The next `count` messages."""
        messages: list = []
        end = time.monotonic() + seconds
        while len(messages) < count:
            assert time.monotonic() < end, f"{len(messages)} of {count} messages came"
            message = consumer.poll(0.1)
            if message is None:
                continue
            if message.error():
                raise KafkaException(message.error())
            messages.append(message)
        return messages

    def read(self, topic: str, count: int, **settings) -> list:
        consumer = self.consumer(**settings)
        consumer.subscribe([topic])
        return self.poll(consumer, count)

    def until(self, condition, what: str, consumers: list[Consumer] | None = None, seconds: float = 20) -> None:
        """Waits for the condition; consumers are polled meanwhile, which is what drives their membership."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}"
            for consumer in consumers or []:
                consumer.poll(0.02)
            if not consumers:
                time.sleep(0.05)

    def close(self, consumer: Consumer) -> None:
        self._consumers.remove(consumer)
        consumer.close()

    def tidy(self) -> None:
        while self._consumers:
            self._consumers.pop().close()


def dotted(settings: dict) -> dict:
    return {name.replace("_", "."): value for name, value in settings.items()}


def refused(code: int, work) -> None:
    """Raises unless the work fails with this error of Kafka."""
    try:
        work()
    except KafkaException as error:
        actual = error.args[0]
        assert actual.code() == code, f"expected error {code}, got {actual}"
        return
    raise AssertionError(f"expected error {code}, was accepted")
