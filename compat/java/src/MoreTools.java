import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The tools that are needed less often: measuring clients, offsets of every form, replicas, features, the quorum. */
final class MoreTools {
    private final Tools tools;
    private final String bootstrap;
    private final Path home;
    private final String topic;
    private final String group;

    MoreTools(Tools tools, String bootstrap, Path home, String suffix) {
        this.tools = tools;
        this.bootstrap = bootstrap;
        this.home = home;
        this.topic = "more-tools" + suffix;
        this.group = "more-readers" + suffix;
    }

    void register(Operations to) {
        clients(to);
        offsets(to);
        internalTopics(to);
        replicas(to);
        cluster(to);
    }

    private void clients(Operations to) {
        to.add("tools: a group that has read", () -> {
            tools.tool("TopicCommand", "--create", "--topic", topic, "--partitions", "2");
            Tools.call(Tools.TOOLS + "ConsoleProducer", "a:1\nb:2\nc:3\nd:4\ne:5\nf:6\ng:7\nh:8\n", tools.with("--topic", topic, "--property", "parse.key=true", "--property", "key.separator=:"));
            String read = tools.tool("consumer.ConsoleConsumer", "--topic", topic, "--from-beginning", "--max-messages", "8", "--timeout-ms", "15000", "--group", group);
            Tools.expect(read, "Processed a total of 8 messages");
        });
        to.add("tools: end to end latency", () -> {
            String told = Tools.call(Tools.TOOLS + "EndToEndLatency", "", List.of(bootstrap, "latency-" + topic, "200", "all", "100"));
            Tools.expect(told, "Avg latency: [\\d.]+ ms");
        });
        to.add("tools: what a broker can do for clients", () -> Tools.call(Tools.TOOLS + "ClientCompatibilityTest", "", List.of(
            "--bootstrap-server", bootstrap, "--topic", "compat-" + topic, "--offsets-for-times-supported", "true", "--cluster-id-supported", "true",
            "--expect-record-too-large-exception", "false", "--num-cluster-nodes", "1", "--create-topics-supported", "true", "--describe-acls-supported", "true",
            "--describe-configs-supported", "true", "--idempotent-producer-supported", "true")));
        to.add("tools: consumer groups across topics", () -> Tools.expect(tools.tool("GroupsCommand", "--list", "--group-type", "classic"), group));
    }

    private void offsets(Operations to) {
        String[] reset = {"--reset-offsets", "--group", group};
        to.add("tools: groups reset offsets, shown, exported and from a file", () -> {
            String[] topicOf = {"--topic", topic};
            groups(topicOf, "--reset-offsets", "--group", group, "--to-earliest", "--dry-run");
            String exported = groups(reset, "--all-topics", "--to-offset", "3", "--export", "--dry-run");
            Tools.expect(exported, "\"?" + topic + "\"?,[01],\\d");
            Path file = home.resolve("offsets.csv");
            Files.writeString(file, topic + ",0,2\n" + topic + ",1,1\n");
            Tools.expect(groups(reset, "--from-file", file.toString(), "--execute"), topic + "\\s+0\\s+2");
            Tools.expect(groups(reset, "--topic", topic + ":1", "--shift-by", "-9", "--execute"), topic + "\\s+1\\s+0");
            Tools.expect(groups(reset, "--all-topics", "--to-offset", "999", "--execute"), topic + "\\s+0\\s+\\d+");
            Tools.expect(groups(reset, "--topic", topic + ":9", "--to-earliest", "--execute"), "(?i)partition|not exist|Error|WARN");
        });
        to.add("tools: groups described by members, state and offsets", () -> {
            Tools.expect(groups(new String[] {"--describe", "--group", group}, "--members"), "has no active members");
            Tools.expect(groups(new String[] {"--describe", "--group", group}, "--state", "--verbose"), "Empty\\s+.*0");
            Tools.expect(groups(new String[] {"--describe", "--group", group}, "--offsets", "--verbose"), topic + "\\s+0");
        });
        to.add("tools: offsets of every kind", () -> {
            for (String time : List.of("latest", "earliest", "max-timestamp", "earliest-local", "0", "-1")) {
                Tools.expect(tools.tool("GetOffsetShell", "--topic-partitions", topic + ":0", "--time", time), topic + ":0:\\d*");
            }
            Tools.expect(tools.tool("GetOffsetShell", "--topic", topic, "--partitions", "1", "--exclude-internal-topics"), topic + ":1:\\d+");
        });
        to.add("tools: groups deleted, all", () ->
            Tools.expect(groups(new String[] {"--delete"}, "--group", group, "--group", "nobody-" + group), "GroupIdNotFoundException"));
    }

    private void internalTopics(Operations to) {
        to.add("tools: the offsets topic, formatted", () -> {
            String formatter = "org.apache.kafka.tools.consumer.OffsetsMessageFormatter";
            String read = tools.tool("consumer.ConsoleConsumer", "--topic", "__consumer_offsets", "--from-beginning", "--timeout-ms", "5000", "--formatter", formatter);
            Tools.expect(read, "\"group\":\"" + group + "\",\"topic\":\"" + topic + "\",\"partition\":0");
        });
        to.add("tools: the offsets topic, its groups", () -> {
            String formatter = "org.apache.kafka.tools.consumer.GroupMetadataMessageFormatter";
            String read = tools.tool("consumer.ConsoleConsumer", "--topic", "__consumer_offsets", "--from-beginning", "--timeout-ms", "5000", "--formatter", formatter);
            Tools.expect(read, "\"group\":\"" + group + "\".*\"protocolType\":\"consumer\"");
        });
    }

    private void replicas(Operations to) {
        to.add("tools: reassignments", () -> {
            String name = "reassign.ReassignPartitionsCommand";
            Tools.expect(tools.tool(name, "--list"), "No partition reassignments found");
            Path file = home.resolve("moves.json");
            Files.writeString(file, "{\"version\":1,\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":0,\"replicas\":[1]}]}");
            Tools.expect(tools.tool(name, "--execute", "--reassignment-json-file", file.toString()), "Successfully started partition reassignment");
            Tools.expect(tools.tool(name, "--verify", "--reassignment-json-file", file.toString()), "Reassignment of partition " + topic + "-0 is completed");
            Path topics = home.resolve("topics-to-move.json");
            Files.writeString(topics, "{\"version\":1,\"topics\":[{\"topic\":\"" + topic + "\"}]}");
            Tools.expect(tools.tool(name, "--generate", "--topics-to-move-json-file", topics.toString(), "--broker-list", "1"), "Proposed partition reassignment");
        });
        to.add("tools: elections of every kind", () -> {
            tools.tool("LeaderElectionCommand", "--election-type", "preferred", "--all-topic-partitions");
            Tools.expect(tools.tool("LeaderElectionCommand", "--election-type", "unclean", "--topic", topic, "--partition", "1"), "not needed|Valid replica already elected");
        });
    }

    private void cluster(Operations to) {
        to.add("tools: client metrics", () -> {
            tools.tool("ClientMetricsCommand", "--alter", "--name", "m", "--interval", "5000", "--metrics", "org.apache.kafka.");
            Tools.expect(tools.tool("ClientMetricsCommand", "--describe", "--name", "m"), "interval\\.ms=5000");
            tools.tool("ClientMetricsCommand", "--delete", "--name", "m");
        });
        to.add("tools: endpoints of the cluster", () -> Tools.expect(
            Tools.call(Tools.TOOLS + "ClusterTool", "", List.of("list-endpoints", "--bootstrap-server", bootstrap)), "127\\.0\\.0\\.1"));
        to.add("tools: features", () -> Tools.expect(Tools.call(Tools.TOOLS + "FeatureCommand", "", tools.with("describe")), "metadata\\.version"));
        to.add("tools: metadata quorum", () -> Tools.expect(Tools.call(Tools.TOOLS + "MetadataQuorumCommand", "", tools.with("describe", "--status")), "LeaderId:\\s+1"));
    }

    private String groups(String[] first, String... more) throws Exception {
        return Tools.call(Tools.GROUPS, "", tools.with(first, more));
    }
}
