import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.utils.Exit;

/** Kafka's command-line tools: each is called with the arguments a shell would give it. */
public final class Tools {
    static final String TOOLS = "org.apache.kafka.tools.";
    static final String GROUPS = TOOLS + "consumer.group.ConsumerGroupCommand";
    static final String CONFIGS = "kafka.admin.ConfigCommand";

    private static volatile Integer firstCode;

    private final String bootstrap;
    private final Path home;
    private final int records;
    private final String suffix = "-" + ProcessHandle.current().pid();

    private Tools(String bootstrap, Path home, int records) {
        this.bootstrap = bootstrap;
        this.home = home;
        this.records = records;
    }

    public static void main(String[] args) {
        Operations operations = new Operations();
        new Tools(args[0], Path.of(args[1]), args[2].equals("full") ? 200_000 : 20_000).register(operations);
        Switched.install();
        Exit.setExitProcedure((code, message) -> {
            // Some tools catch whatever their own end throws and end again: the first code is the tool's.
            if (firstCode == null) firstCode = code;
            throw new Ended();
        });
        Exit.setShutdownHookAdder((name, runnable) -> {});
        operations.run();
        Runtime.getRuntime().halt(0);
    }

    private void register(Operations to) {
        String topic = "tools" + suffix;
        String group = "tools-readers" + suffix;
        to.add("tools: topics create", () -> {
            tool("TopicCommand", "--create", "--topic", topic, "--partitions", "2", "--config", "segment.ms=60000");
            expectFailure("already exists", () -> tool("TopicCommand", "--create", "--topic", topic));
            tool("TopicCommand", "--create", "--if-not-exists", "--topic", topic);
        });
        to.add("tools: topics describe", () -> {
            expect(tool("TopicCommand", "--describe", "--topic", topic), "PartitionCount: 2\\s+ReplicationFactor: 1\\s+Configs: .*segment\\.ms=60000");
            expect(tool("TopicCommand", "--list"), "(?m)^" + topic + "$");
        });
        to.add("tools: topics alter", () -> {
            String grown = "tools-grown" + suffix;
            tool("TopicCommand", "--create", "--topic", grown);
            tool("TopicCommand", "--alter", "--topic", grown, "--partitions", "3");
            expect(tool("TopicCommand", "--describe", "--topic", grown), "PartitionCount: 3");
            expectFailure("InvalidPartitions|would not be an increase|already has", () -> tool("TopicCommand", "--alter", "--topic", grown, "--partitions", "2"));
            tool("TopicCommand", "--delete", "--topic", grown);
            expectFailure("does not exist", () -> tool("TopicCommand", "--describe", "--topic", grown));
        });
        performance(to);
        console(to, topic, group);
        groups(to, topic, group);
        configs(to, topic);
        others(to, topic);
        new MoreTools(this, bootstrap, home, suffix).register(to);
    }

    private void performance(Operations to) {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            to.add("tools: producer and consumer performance, " + codec, () -> {
                String topic = "perf-" + codec + suffix;
                tool("TopicCommand", "--create", "--topic", topic, "--partitions", "2");
                String sent = call(TOOLS + "ProducerPerformance", "", List.of("--topic", topic, "--num-records", "" + records, "--record-size", "200",
                    "--throughput", "-1", "--producer-props", "bootstrap.servers=" + bootstrap, "acks=all", "compression.type=" + codec));
                expect(sent, records + " records sent");
                String read = tool("ConsumerPerformance", "--topic", topic, "--messages", "" + records, "--timeout", "20000");
                String[] last = read.strip().split("\n");
                Operations.same("" + records, last[last.length - 1].split(",")[4].strip());
            });
        }
    }

    private void console(Operations to, String topic, String group) {
        to.add("tools: console producer and consumer", () -> {
            call(TOOLS + "ConsoleProducer", "k1:one\nk2:two\nk3:three\n", with("--topic", topic, "--property", "parse.key=true", "--property", "key.separator=:"));
            String read = tool("consumer.ConsoleConsumer", "--topic", topic, "--from-beginning", "--max-messages", "3", "--timeout-ms", "15000", "--group", group,
                "--property", "print.key=true", "--property", "key.separator==");
            for (String line : List.of("k1=one", "k2=two", "k3=three")) expect(read, "(?m)^" + line + "$");
        });
        to.add("tools: offsets", () -> {
            String ends = tool("GetOffsetShell", "--topic", topic, "--time", "-1");
            int total = 0;
            for (String line : ends.strip().split("\n")) total += Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
            Operations.same(3, total);
            expect(tool("GetOffsetShell", "--topic", topic, "--time", "earliest"), "(?m)^" + topic + ":0:0$");
            expect(tool("GetOffsetShell", "--topic", topic, "--time", "max-timestamp"), "(?m)^" + topic + ":\\d:\\d$");
        });
    }

    private void groups(Operations to, String topic, String group) {
        to.add("tools: groups list", () -> {
            expect(call(GROUPS, "", with("--list")), "(?m)^" + group + "$");
            expect(call(GROUPS, "", with("--list", "--state")), group + "\\s+Empty");
            expect(call(GROUPS, "", with("--list", "--type")), group + "\\s+Classic");
            expect(call(GROUPS, "", with("--list", "--state", "empty")), group);
            Operations.check(!call(GROUPS, "", with("--list", "--state", "stable")).contains(group), "listed as stable");
            expect(tool("GroupsCommand", "--list"), group + "\\s+Classic\\s+consumer");
        });
        to.add("tools: groups describe", () -> {
            expect(call(GROUPS, "", with("--describe", "--group", group)), group + "\\s+" + topic + "\\s+\\d+\\s+\\d+\\s+\\d+\\s+0");
            expect(call(GROUPS, "", with("--describe", "--state", "--group", group)), "Empty\\s+0");
            expect(call(GROUPS, "", with("--describe", "--all-groups")), group);
            expect(call(GROUPS, "", with("--describe", "--group", "nobody" + suffix)), "GroupIdNotFoundException");
        });
        to.add("tools: groups reset offsets", () -> {
            String[] reset = {"--reset-offsets", "--group", group, "--topic", topic, "--execute"};
            expect(call(GROUPS, "", with(reset, "--to-earliest")), topic + "\\s+0\\s+0");
            expect(call(GROUPS, "", with(reset, "--shift-by", "1")), topic + "\\s+\\d\\s+[01]");
            expect(call(GROUPS, "", with(reset, "--to-datetime", "2000-01-01T00:00:00.000")), topic + "\\s+0\\s+0");
            expect(call(GROUPS, "", with(reset, "--by-duration", "PT0S")), topic);
            expect(call(GROUPS, "", with(reset, "--to-current")), topic);
            expect(call(GROUPS, "", with(reset, "--to-latest")), topic);
        });
        to.add("tools: groups delete offsets", () -> {
            expect(call(GROUPS, "", with("--delete-offsets", "--group", group, "--topic", topic + ":0")), topic + "\\s+0\\s+Successful");
            expect(call(GROUPS, "", with("--delete-offsets", "--group", "nobody" + suffix, "--topic", topic)), "does not exist|not found|Error");
        });
        to.add("tools: groups delete", () -> {
            expect(call(GROUPS, "", with("--delete", "--group", group)), "was successful");
            expect(call(GROUPS, "", with("--delete", "--group", group)), "GroupIdNotFoundException|could not be deleted");
        });
    }

    private void configs(Operations to, String topic) {
        String[] entity = {"--entity-type", "topics", "--entity-name", topic};
        to.add("tools: configs of a topic", () -> {
            call(CONFIGS, "", with(entity, "--alter", "--add-config", "retention.ms=70000,cleanup.policy=[compact,delete]"));
            String described = call(CONFIGS, "", with(entity, "--describe"));
            expect(described, "retention\\.ms=70000 sensitive=false synonyms=\\{DYNAMIC_TOPIC_CONFIG:retention\\.ms=70000");
            expect(described, "cleanup\\.policy=compact,delete");
            call(CONFIGS, "", with(entity, "--alter", "--delete-config", "retention.ms"));
            Operations.check(!call(CONFIGS, "", with(entity, "--describe")).contains("retention.ms=70000"), "still set");
            expect(call(CONFIGS, "", with(entity, "--describe", "--all")), "retention\\.ms=604800000");
            expectFailure("Unknown topic config name|InvalidConfiguration", () -> call(CONFIGS, "", with(entity, "--alter", "--add-config", "no.such=1")));
        });
        to.add("tools: configs of a broker", () -> {
            String[] broker = {"--entity-type", "brokers", "--entity-name", "1"};
            expect(call(CONFIGS, "", with(broker, "--describe", "--all")), "log\\.cleaner\\.threads=1");
            call(CONFIGS, "", with(broker, "--alter", "--add-config", "log.cleaner.threads=2"));
            // A broker takes a change up a moment after the controller has answered.
            String described = "";
            for (int tries = 0; tries < 20 && !described.contains("log.cleaner.threads=2 "); tries++) described = call(CONFIGS, "", with(broker, "--describe"));
            expect(described, "log\\.cleaner\\.threads=2.*DYNAMIC_BROKER_CONFIG");
            call(CONFIGS, "", with(broker, "--alter", "--delete-config", "log.cleaner.threads"));
            expectFailure("Cannot update|InvalidRequest|Invalid", () -> call(CONFIGS, "", with(broker, "--alter", "--add-config", "log.dirs=/elsewhere")));
        });
        to.add("tools: configs of groups", () -> {
            String[] readers = {"--entity-type", "groups", "--entity-name", "some-readers"};
            call(CONFIGS, "", with(readers, "--alter", "--add-config", "consumer.session.timeout.ms=50000"));
            expect(call(CONFIGS, "", with(readers, "--describe")), "consumer\\.session\\.timeout\\.ms=50000");
        });
        to.add("tools: SCRAM users and quotas", () -> {
            call(CONFIGS, "", with("--entity-type", "users", "--describe"));
        });
    }

    private void others(Operations to, String topic) {
        to.add("tools: delete records", () -> {
            Path order = home.resolve("delete-records.json");
            Files.writeString(order, "{\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":0,\"offset\":-1}],\"version\":1}");
            // cleanup.policy=compact alone would refuse it; the topic's is compact,delete.
            expect(tool("DeleteRecordsCommand", "--offset-json-file", order.toString()), "low_watermark: \\d+");
        });
        to.add("tools: log directories", () -> {
            expect(tool("LogDirsCommand", "--describe", "--topic-list", topic), "\"partition\":\"" + topic + "-0\",\"size\":\\d+,\"offsetLag\":0,\"isFuture\":false");
        });
        to.add("tools: cluster id and API versions", () -> {
            expect(call(TOOLS + "ClusterTool", "", List.of("cluster-id", "--bootstrap-server", bootstrap)), "Cluster ID: \\S{22}");
            expect(tool("BrokerApiVersionsCommand"), "Produce\\(0\\): 0 to 13|Produce");
        });
        to.add("tools: preferred leader election", () -> {
            tool("LeaderElectionCommand", "--election-type", "preferred", "--topic", topic, "--partition", "0");
        });
        to.add("tools: producers of a partition", () -> {
            expect(call(TOOLS + "TransactionsCommand", "", with("describe-producers", "--topic", topic, "--partition", "1")), "ProducerId\\s+ProducerEpoch");
        });
        to.add("tools: transactions list", () -> {
            expect(call(TOOLS + "TransactionsCommand", "", with("list")), "TransactionalId");
        });
        to.add("tools: ACLs without an authorizer", () -> {
            expectFailure("SecurityDisabled", () -> tool("AclCommand", "--list"));
        });
        to.add("tools: topics delete", () -> {
            tool("TopicCommand", "--delete", "--topic", topic);
            expectFailure("does not exist", () -> tool("TopicCommand", "--delete", "--topic", topic));
        });
    }

    List<String> with(String... args) {
        List<String> all = new ArrayList<>(List.of("--bootstrap-server", bootstrap));
        all.addAll(List.of(args));
        return all;
    }

    List<String> with(String[] first, String... more) {
        List<String> all = with(first);
        all.addAll(List.of(more));
        return all;
    }

    String tool(String name, String... args) throws Exception {
        return call(TOOLS + name, "", with(args));
    }

    /** Runs a tool's main; gives what it printed, throws Failed when it ended with another code than 0. */
    static String call(String className, String input, List<String> args) throws Exception {
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        Switched.begin();
        firstCode = null;
        try {
            Class.forName(className).getMethod("main", String[].class).invoke(null, (Object) args.toArray(new String[0]));
        } catch (InvocationTargetException thrown) {
            Throwable cause = thrown.getCause();
            if (!(cause instanceof Ended)) throw new Failed(Switched.end() + cause);
        }
        String output = Switched.end();
        if (firstCode != null && firstCode != 0) throw new Failed(output);
        return output;
    }

    static void expect(String output, String pattern) {
        Operations.check(Pattern.compile(pattern).matcher(output).find(), "no /" + pattern + "/ in: " + output);
    }

    static void expectFailure(String pattern, Operations.Operation operation) throws Exception {
        try {
            operation.run();
        } catch (Failed failed) {
            expect(failed.getMessage(), pattern);
            return;
        }
        throw new AssertionError("succeeded, expected " + pattern);
    }

    /** A tool asked for the process to end. */
    private static final class Ended extends RuntimeException {
        Ended() {
            super("the tool ended", null, false, false);
        }
    }

    static final class Failed extends Exception {
        Failed(String output) {
            super(output);
        }
    }

    /** Standard output and error, caught while a tool runs. Installed before Scala looks at them. */
    private static final class Switched {
        private static volatile ByteArrayOutputStream caught;

        static void install() {
            System.setOut(stream(System.out));
            System.setErr(stream(System.err));
        }

        static void begin() {
            caught = new ByteArrayOutputStream();
        }

        static String end() {
            System.out.flush();
            String text = caught.toString(StandardCharsets.UTF_8);
            caught = null;
            return text;
        }

        private static PrintStream stream(PrintStream otherwise) {
            return new PrintStream(new OutputStream() {
                @Override
                public void write(int one) {
                    ByteArrayOutputStream to = caught;
                    if (to == null) otherwise.write(one);
                    else to.write(one);
                }
            }, true);
        }
    }
}
