import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.serialization.*;

/** KafkaProducer, KafkaConsumer and Admin as applications use them. */
public final class Clients {
    private final String bootstrap;
    private final Admin admin;
    private int number;

    private Clients(String bootstrap) {
        this.bootstrap = bootstrap;
        this.admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    public static void main(String[] args) {
        Operations operations = new Operations();
        new Clients(args[0]).register(operations);
        operations.run();
        Runtime.getRuntime().halt(0);
    }

    private void register(Operations to) {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) to.add("produce: " + codec, () -> compressed(codec));
        for (String acks : List.of("all", "1", "0")) to.add("produce: acks " + acks, () -> acknowledged(acks));
        to.add("produce: refused records", this::refusedRecords);
        to.add("consume: seek, pause, position, end", this::seeks);
        to.add("consume: offsets for times", this::times);
        to.add("consume: pattern", this::pattern);
        to.add("consume: read committed where nothing is open", this::readCommitted);
        for (String assignor : List.of("RangeAssignor", "RoundRobinAssignor", "StickyAssignor", "CooperativeStickyAssignor"))
            to.add("groups: " + assignor, () -> shares("org.apache.kafka.clients.consumer." + assignor));
        to.add("groups: cooperative members keep what they may", this::cooperative);
        to.add("groups: a static member comes back unnoticed", this::staticMember);
        to.add("groups: an administrator removes members", this::removed);
        to.add("groups: commits, with metadata", this::commits);
        to.add("groups: offsets listed, altered, deleted", this::offsets);
        to.add("groups: described and listed", this::described);
        to.add("groups: of no known protocol type", this::simpleGroup);
        to.add("admin: topics", this::topics);
        to.add("admin: settings", this::settings);
        to.add("admin: records deleted", this::recordsDeleted);
        to.add("admin: offsets listed", this::listedOffsets);
        to.add("admin: cluster, log directories, producers", this::cluster);
        to.add("transactions: commit and abort", this::transactions);
        to.add("groups: the consumer protocol", this::consumerProtocol);
    }

    private String name(String what) {
        return "java-" + what + "-" + ProcessHandle.current().pid() + "-" + ++number;
    }

    private String topic(int partitions, Map<String, String> config) throws Exception {
        String topic = name("topic");
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(config))).all().get();
        return topic;
    }

    private Producer<String, String> producer(String... settings) {
        Properties all = properties(settings);
        all.putIfAbsent("delivery.timeout.ms", "15000");
        all.putIfAbsent("request.timeout.ms", "10000");
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    private Consumer<String, String> consumer(String group, String... settings) {
        Properties all = properties(settings);
        if (group != null) all.put("group.id", group);
        all.putIfAbsent("auto.offset.reset", "earliest");
        if (!"consumer".equals(all.get("group.protocol"))) {
            all.putIfAbsent("session.timeout.ms", "6000");
            all.putIfAbsent("heartbeat.interval.ms", "300");
        }
        all.putIfAbsent("fetch.max.wait.ms", "100");
        all.putIfAbsent("default.api.timeout.ms", "15000");
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    private Properties properties(String... settings) {
        Properties all = new Properties();
        all.put("bootstrap.servers", bootstrap);
        for (String setting : settings) all.put(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        return all;
    }

    private void send(String topic, String... values) throws Exception {
        try (Producer<String, String> producer = producer()) {
            for (String value : values) producer.send(new ProducerRecord<>(topic, 0, null, value)).get();
        }
    }

    private List<String> poll(Consumer<String, String> consumer, int count) {
        List<String> values = new ArrayList<>();
        long end = System.nanoTime() + 15_000_000_000L;
        while (values.size() < count) {
            Operations.check(System.nanoTime() < end, values.size() + " of " + count + " records came");
            consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
        }
        return values;
    }

    private List<String> read(String topic, int count, String... settings) {
        try (Consumer<String, String> consumer = consumer(name("group"), settings)) {
            consumer.subscribe(List.of(topic));
            return poll(consumer, count);
        }
    }

    /** Polls the members, which is what drives them, until the condition holds. */
    private void until(String what, BooleanSupplier condition, Collection<Consumer<String, String>> members) {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            Operations.check(System.nanoTime() < end, "waited in vain for " + what);
            for (Consumer<String, String> member : members) member.poll(Duration.ofMillis(50));
        }
    }

    private static void refused(Class<? extends Throwable> expected, Operations.Operation operation) throws Exception {
        try {
            operation.run();
        } catch (Exception error) {
            Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
            Operations.check(expected.isInstance(cause), "expected " + expected.getSimpleName() + ", got " + cause);
            return;
        }
        throw new AssertionError("expected " + expected.getSimpleName() + ", was accepted");
    }

    private void compressed(String codec) throws Exception {
        String topic = topic(1, Map.of());
        List<String> sent = new ArrayList<>();
        try (Producer<String, String> producer = producer("compression.type=" + codec, "linger.ms=20")) {
            for (int index = 0; index < 500; index++) {
                sent.add("a line that repeats itself " + index);
                producer.send(new ProducerRecord<>(topic, null, sent.get(index)));
            }
        }
        Operations.same(sent, read(topic, 500));
    }

    private void acknowledged(String acks) throws Exception {
        String topic = topic(1, Map.of());
        try (Producer<String, String> producer = producer("acks=" + acks, "enable.idempotence=" + acks.equals("all"))) {
            for (String value : List.of("a", "b", "c")) {
                RecordMetadata metadata = producer.send(new ProducerRecord<>(topic, null, value)).get();
                if (!acks.equals("0")) Operations.check(metadata.hasOffset() && metadata.offset() == "abc".indexOf(value), "offset " + metadata);
            }
        }
        Operations.same(List.of("a", "b", "c"), read(topic, 3));
    }

    private void refusedRecords() throws Exception {
        String small = topic(1, Map.of("max.message.bytes", "1000"));
        String compacted = topic(1, Map.of("cleanup.policy", "compact"));
        String strict = topic(1, Map.of("message.timestamp.after.max.ms", "1000"));
        try (Producer<String, String> producer = producer()) {
            refused(RecordTooLargeException.class, () -> producer.send(new ProducerRecord<>(small, "k", "x".repeat(3000))).get());
            refused(InvalidRecordException.class, () -> producer.send(new ProducerRecord<>(compacted, null, "keyless")).get());
            long future = System.currentTimeMillis() + 100_000_000L;
            refused(InvalidTimestampException.class, () -> producer.send(new ProducerRecord<>(strict, 0, future, "k", "v")).get());
            Operations.same(0L, producer.send(new ProducerRecord<>(small, "k", "fits")).get().offset());
        }
    }

    private void seeks() throws Exception {
        String topic = topic(1, Map.of());
        send(topic, "a", "b", "c", "d");
        TopicPartition place = new TopicPartition(topic, 0);
        try (Consumer<String, String> consumer = consumer(null)) {
            consumer.assign(List.of(place));
            consumer.seek(place, 2);
            Operations.same(List.of("c", "d"), poll(consumer, 2));
            Operations.same(4L, consumer.position(place));
            consumer.seekToBeginning(List.of(place));
            consumer.pause(List.of(place));
            Operations.check(consumer.poll(Duration.ofMillis(300)).isEmpty(), "a record while paused");
            consumer.resume(List.of(place));
            Operations.same(4, poll(consumer, 4).size());
            Operations.same(Map.of(place, 4L), consumer.endOffsets(List.of(place)));
            Operations.same(Map.of(place, 0L), consumer.beginningOffsets(List.of(place)));
        }
    }

    private void times() throws Exception {
        String topic = topic(1, Map.of());
        TopicPartition place = new TopicPartition(topic, 0);
        long now = System.currentTimeMillis();
        try (Producer<String, String> producer = producer()) {
            for (long ago : new long[] {3000, 2000, 1000}) producer.send(new ProducerRecord<>(topic, 0, now - ago, null, "x")).get();
        }
        try (Consumer<String, String> consumer = consumer(null)) {
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(place, now - 2500)).get(place);
            Operations.same(1L, found.offset());
            Operations.same(now - 2000, found.timestamp());
            Operations.same(null, consumer.offsetsForTimes(Map.of(place, now)).get(place));
        }
    }

    private void pattern() throws Exception {
        String topic = topic(1, Map.of());
        send(topic, "a");
        try (Consumer<String, String> consumer = consumer(name("group"))) {
            consumer.subscribe(java.util.regex.Pattern.compile(topic + ".*"));
            Operations.same(List.of("a"), poll(consumer, 1));
        }
    }

    private void readCommitted() throws Exception {
        String topic = topic(1, Map.of());
        send(topic, "a", "b");
        Operations.same(List.of("a", "b"), read(topic, 2, "isolation.level=read_committed"));
    }

    private void shares(String assignor) throws Exception {
        String topic = topic(4, Map.of());
        String group = name("group");
        String strategy = "partition.assignment.strategy=" + assignor;
        try (Consumer<String, String> first = consumer(group, strategy); Consumer<String, String> second = consumer(group, strategy)) {
            first.subscribe(List.of(topic));
            until("all partitions", () -> first.assignment().size() == 4, List.of(first));
            second.subscribe(List.of(topic));
            until("two each", () -> first.assignment().size() == 2 && second.assignment().size() == 2, List.of(first, second));
            second.unsubscribe();
            until("all again", () -> first.assignment().size() == 4, List.of(first));
        }
    }

    private void cooperative() throws Exception {
        String topic = topic(4, Map.of());
        String group = name("group");
        String strategy = "partition.assignment.strategy=" + CooperativeStickyAssignor.class.getName();
        Set<TopicPartition> revoked = new HashSet<>();
        try (Consumer<String, String> first = consumer(group, strategy); Consumer<String, String> second = consumer(group, strategy)) {
            first.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                    revoked.addAll(partitions);
                }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
            });
            until("all partitions", () -> first.assignment().size() == 4, List.of(first));
            second.subscribe(List.of(topic));
            until("two each", () -> first.assignment().size() == 2 && second.assignment().size() == 2, List.of(first, second));
            Operations.same(2, revoked.size());
        }
    }

    private void staticMember() throws Exception {
        String topic = topic(2, Map.of());
        String group = name("group");
        List<TopicPartition> revoked = new ArrayList<>();
        try (Consumer<String, String> stays = consumer(group, "group.instance.id=stays")) {
            stays.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                    revoked.addAll(partitions);
                }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
            });
            Set<TopicPartition> before;
            try (Consumer<String, String> goes = consumer(group, "group.instance.id=goes")) {
                goes.subscribe(List.of(topic));
                until("one each", () -> stays.assignment().size() == 1 && goes.assignment().size() == 1, List.of(stays, goes));
                before = goes.assignment();
                revoked.clear();
            }
            try (Consumer<String, String> back = consumer(group, "group.instance.id=goes")) {
                back.subscribe(List.of(topic));
                until("its partition", () -> back.assignment().size() == 1, List.of(back, stays));
                Operations.same(before, back.assignment());
                Operations.check(revoked.isEmpty(), "the other member noticed");
            }
        }
    }

    private void removed() throws Exception {
        String topic = topic(1, Map.of());
        String group = name("group");
        try (Consumer<String, String> one = consumer(group, "group.instance.id=one")) {
            one.subscribe(List.of(topic));
            until("the partition", () -> one.assignment().size() == 1, List.of(one));
            RemoveMembersFromConsumerGroupOptions order = new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("one")));
            admin.removeMembersFromConsumerGroup(group, order).all().get();
            Operations.same(GroupState.EMPTY, description(group).groupState());
        }
    }

    private void commits() throws Exception {
        String topic = topic(1, Map.of());
        String group = name("group");
        TopicPartition place = new TopicPartition(topic, 0);
        send(topic, "a", "b", "c");
        try (Consumer<String, String> consumer = consumer(group, "enable.auto.commit=false")) {
            consumer.subscribe(List.of(topic));
            poll(consumer, 3);
            consumer.commitSync(Map.of(place, new OffsetAndMetadata(2, java.util.Optional.of(0), "a note")));
            OffsetAndMetadata stored = consumer.committed(Set.of(place)).get(place);
            Operations.same("a note", stored.metadata());
            Operations.same(java.util.Optional.of(0), stored.leaderEpoch());
        }
        try (Consumer<String, String> consumer = consumer(group)) {
            consumer.subscribe(List.of(topic));
            Operations.same(List.of("c"), poll(consumer, 1));
        }
    }

    private void offsets() throws Exception {
        String topic = topic(2, Map.of());
        String group = name("group");
        TopicPartition first = new TopicPartition(topic, 0);
        TopicPartition second = new TopicPartition(topic, 1);
        admin.alterConsumerGroupOffsets(group, Map.of(first, new OffsetAndMetadata(5), second, new OffsetAndMetadata(6))).all().get();
        Operations.same(5L, admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(first).offset());
        Map<String, ListConsumerGroupOffsetsSpec> two = Map.of(group, new ListConsumerGroupOffsetsSpec(), name("none"), new ListConsumerGroupOffsetsSpec());
        Operations.same(2, admin.listConsumerGroupOffsets(two).all().get().get(group).size());
        admin.deleteConsumerGroupOffsets(group, Set.of(first)).all().get();
        Operations.same(Set.of(second), admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().keySet());
        try (Consumer<String, String> member = consumer(group)) {
            member.subscribe(List.of(topic));
            until("the partitions", () -> member.assignment().size() == 2, List.of(member));
            refused(GroupSubscribedToTopicException.class, () -> admin.deleteConsumerGroupOffsets(group, Set.of(second)).partitionResult(second).get());
            refused(GroupNotEmptyException.class, () -> admin.deleteConsumerGroups(List.of(group)).all().get());
            refused(UnknownMemberIdException.class, () -> admin.alterConsumerGroupOffsets(group, Map.of(first, new OffsetAndMetadata(1))).all().get());
        }
        admin.deleteConsumerGroups(List.of(group)).all().get();
        refused(GroupIdNotFoundException.class, () -> admin.deleteConsumerGroups(List.of(group)).all().get());
    }

    private ConsumerGroupDescription description(String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    }

    private void described() throws Exception {
        String topic = topic(2, Map.of());
        String group = name("group");
        try (Consumer<String, String> member = consumer(group, "client.id=describer", "group.instance.id=named")) {
            member.subscribe(List.of(topic));
            until("the partitions", () -> member.assignment().size() == 2, List.of(member));
            ConsumerGroupDescription found = description(group);
            Operations.same(GroupState.STABLE, found.groupState());
            Operations.same(GroupType.CLASSIC, found.type());
            Operations.same("range", found.partitionAssignor());
            MemberDescription shown = found.members().iterator().next();
            Operations.same("describer", shown.clientId());
            Operations.same(java.util.Optional.of("named"), shown.groupInstanceId());
            Operations.same(2, shown.assignment().topicPartitions().size());
            Operations.check(listed(ListGroupsOptions.forConsumerGroups().inGroupStates(Set.of(GroupState.STABLE))).contains(group), "not listed as stable");
            Operations.check(!listed(ListGroupsOptions.forConsumerGroups().inGroupStates(Set.of(GroupState.EMPTY))).contains(group), "listed as empty");
            Operations.check(listed(new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC))).contains(group), "not listed as classic");
        }
        refused(GroupIdNotFoundException.class, () -> description(name("nobody")));
    }

    private Set<String> listed(ListGroupsOptions options) throws Exception {
        Set<String> ids = new HashSet<>();
        admin.listGroups(options).all().get().forEach(each -> ids.add(each.groupId()));
        return ids;
    }

    private void simpleGroup() throws Exception {
        String topic = topic(1, Map.of());
        String group = name("group");
        TopicPartition place = new TopicPartition(topic, 0);
        try (Consumer<String, String> alone = consumer(group, "enable.auto.commit=false")) {
            alone.assign(List.of(place));
            alone.commitSync(Map.of(place, new OffsetAndMetadata(3)));
        }
        Operations.check(description(group).isSimpleConsumerGroup(), "not simple");
        Operations.same(GroupState.EMPTY, description(group).groupState());
    }

    private void topics() throws Exception {
        String topic = name("topic");
        NewTopic order = new NewTopic(topic, java.util.Optional.of(3), java.util.Optional.empty());
        CreateTopicsResult created = admin.createTopics(List.of(order));
        Uuid id = created.topicId(topic).get();
        Operations.same(3, created.numPartitions(topic).get());
        Operations.check(created.config(topic).get().get("cleanup.policy") != null, "no settings answered");
        Operations.same(id, admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId());
        Operations.same(topic, admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get().get(id).name());
        refused(TopicExistsException.class, () -> admin.createTopics(List.of(order)).all().get());
        refused(InvalidReplicationFactorException.class, () -> admin.createTopics(List.of(new NewTopic(name("wide"), 1, (short) 2))).all().get());
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all().get();
        refused(InvalidPartitionsException.class, () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all().get());
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
        refused(UnknownTopicIdException.class, () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get());
        refused(UnknownTopicOrPartitionException.class, () -> admin.deleteTopics(List.of(topic)).all().get());
    }

    private void settings() throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic(1, Map.of("retention.ms", "60000")));
        AlterConfigOp set = new AlterConfigOp(new ConfigEntry("segment.ms", "5000"), AlterConfigOp.OpType.SET);
        AlterConfigOp append = new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(set, append))).all().get();
        DescribeConfigsOptions options = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        Config config = admin.describeConfigs(List.of(resource), options).all().get().get(resource);
        // Kafka's controller answers before its broker has heard.
        for (int tries = 0; tries < 100 && !config.get("cleanup.policy").value().equals("delete,compact"); tries++) {
            Thread.sleep(50);
            config = admin.describeConfigs(List.of(resource), options).all().get().get(resource);
        }
        Operations.same("delete,compact", config.get("cleanup.policy").value());
        Operations.same(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, config.get("segment.ms").source());
        Operations.same(ConfigEntry.ConfigType.LONG, config.get("segment.ms").type());
        Operations.same(1, config.get("segment.ms").synonyms().size());
        Operations.same(2, config.get("cleanup.policy").synonyms().size());
        AlterConfigOp bad = new AlterConfigOp(new ConfigEntry("segment.ms", "0"), AlterConfigOp.OpType.SET);
        refused(InvalidConfigurationException.class, () -> admin.incrementalAlterConfigs(Map.of(resource, List.of(bad))).all().get());
    }

    private void recordsDeleted() throws Exception {
        String topic = topic(1, Map.of());
        TopicPartition place = new TopicPartition(topic, 0);
        send(topic, "a", "b", "c");
        Operations.same(2L, admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(2))).lowWatermarks().get(place).get().lowWatermark());
        Operations.same(List.of("c"), read(topic, 1));
        refused(org.apache.kafka.common.errors.OffsetOutOfRangeException.class, () -> admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(9))).all().get());
        String compacted = topic(1, Map.of("cleanup.policy", "compact"));
        TopicPartition kept = new TopicPartition(compacted, 0);
        refused(PolicyViolationException.class, () -> admin.deleteRecords(Map.of(kept, RecordsToDelete.beforeOffset(0))).all().get());
    }

    private void listedOffsets() throws Exception {
        String topic = topic(1, Map.of());
        TopicPartition place = new TopicPartition(topic, 0);
        send(topic, "a", "b");
        Operations.same(0L, offset(place, OffsetSpec.earliest()));
        Operations.same(2L, offset(place, OffsetSpec.latest()));
        Operations.same(1L, offset(place, OffsetSpec.maxTimestamp()));
        Operations.same(0L, offset(place, OffsetSpec.earliestLocal()));
        Operations.same(-1L, offset(place, OffsetSpec.latestTiered()));
        Operations.same(0L, offset(place, OffsetSpec.forTimestamp(0)));
    }

    private long offset(TopicPartition place, OffsetSpec spec) throws Exception {
        return admin.listOffsets(Map.of(place, spec)).partitionResult(place).get().offset();
    }

    private void cluster() throws Exception {
        String topic = topic(1, Map.of());
        send(topic, "a");
        Operations.same(1, admin.describeCluster().nodes().get().size());
        int node = admin.describeCluster().controller().get().id();
        Map<String, LogDirDescription> dirs = admin.describeLogDirs(List.of(node)).allDescriptions().get().get(node);
        TopicPartition place = new TopicPartition(topic, 0);
        Operations.check(dirs.values().iterator().next().replicaInfos().get(place).size() > 0, "no size");
        Operations.same(1, admin.describeProducers(List.of(place)).partitionResult(place).get().activeProducers().size());
    }

    private void transactions() throws Exception {
        String topic = topic(1, Map.of());
        try (Producer<String, String> producer = producer("transactional.id=" + name("transaction"), "max.block.ms=5000")) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, "dropped"));
            producer.abortTransaction();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(topic, "kept"));
            producer.commitTransaction();
        }
        Operations.same(List.of("kept"), read(topic, 1, "isolation.level=read_committed"));
    }

    private void consumerProtocol() throws Exception {
        String topic = topic(1, Map.of());
        send(topic, "a");
        Operations.same(List.of("a"), read(topic, 1, "group.protocol=consumer"));
    }
}
