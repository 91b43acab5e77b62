// Answers one line for each line on standard input, with Apache Kafka's own classes:
//   schema NAME    -> the message's definition out of the kafka-clients jar, base64
//   messages       -> JSON of every message in that jar: name, and of a request or response its API key and stable versions
//   data NAME VERSION JSON -> hex of a message that is neither request nor response
//   write JSON     -> hex of one record batch that Kafka's builder made of the description
//   marker JSON    -> hex of the control batch that ends a transaction
//   read HEX       -> JSON of the record batches, each checked by Kafka (length, CRC)
// A line that fails is answered with "ERR ...".
import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.*;
import org.apache.kafka.common.record.*;
import org.apache.kafka.common.record.Record;
import java.io.*;
import java.nio.ByteBuffer;
import java.util.*;

public class ProtocolOracle {
  static final ObjectMapper JSON = new ObjectMapper();

  static byte[] bytes(JsonNode n) { return n == null || n.isNull() ? null : HexFormat.of().parseHex(n.asText()); }
  static String hex(ByteBuffer b) {
    if (b == null) return null;
    byte[] r = new byte[b.remaining()];
    b.duplicate().get(r);
    return HexFormat.of().formatHex(r);
  }

  static String schema(String name) throws IOException {
    try (InputStream in = RecordBatch.class.getResourceAsStream("/common/message/" + name + ".json")) {
      return Base64.getEncoder().encodeToString(in.readAllBytes());
    }
  }

  static String data(String name, short version, String json) throws Exception {
    Message m = (Message) converter(name).getMethod("read", JsonNode.class, short.class)
        .invoke(null, JSON.readTree(json), version);
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer b = ByteBuffer.allocate(m.size(cache, version));
    m.write(new ByteBufferAccessor(b), cache, version);
    b.flip();
    return hex(b);
  }

  static Class<?> converter(String name) throws ClassNotFoundException {
    // Headers are generated as ...Data, what consumers embed and what coordinators store is not.
    for (String type : List.of("org.apache.kafka.common.message." + name, "org.apache.kafka.common.message." + name + "Data",
        "org.apache.kafka.coordinator.group.generated." + name, "org.apache.kafka.coordinator.transaction.generated." + name)) {
      try {
        return Class.forName(type + "JsonConverter");
      } catch (ClassNotFoundException e) {
        continue;
      }
    }
    throw new ClassNotFoundException(name);
  }

  static String messages() throws Exception {
    ArrayNode all = JSON.createArrayNode();
    String jar = java.nio.file.Path.of(RecordBatch.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    try (java.util.zip.ZipFile zip = new java.util.zip.ZipFile(jar)) {
      for (String entry : zip.stream().map(java.util.zip.ZipEntry::getName).sorted().toList())
        if (entry.matches("common/message/\\w+\\.json")) all.addObject().put("name", entry.substring(15, entry.length() - 5));
    }
    Map<String, ApiMessageType> byName = new HashMap<>();
    for (ApiMessageType t : ApiMessageType.values()) byName.put(t.name, t);
    for (JsonNode n : all) {
      ApiMessageType t = byName.get(n.get("name").asText().replaceFirst("(Request|Response)$", ""));
      if (t == null || !n.get("name").asText().matches(".*(Request|Response)")) continue;
      ((ObjectNode) n).put("key", t.apiKey()).put("minVersion", t.lowestSupportedVersion())
          .put("maxVersion", t.highestSupportedVersion(false));
    }
    return all.toString();
  }

  static String marker(String text) throws Exception {
    JsonNode d = JSON.readTree(text);
    return hex(MemoryRecords.withEndTransactionMarker(d.get("baseOffset").asLong(), d.get("timestamp").asLong(),
        d.get("leaderEpoch").asInt(), d.get("producerId").asLong(), (short) d.get("producerEpoch").asInt(),
        new EndTransactionMarker(ControlRecordType.valueOf(d.get("result").asText().toUpperCase(Locale.ROOT)),
            d.get("coordinatorEpoch").asInt())).buffer());
  }

  static Compression compression(String name, JsonNode level) {
    if (level == null) return Compression.of(CompressionType.forName(name)).build();
    return switch (name) {
      case "gzip" -> Compression.gzip().level(level.asInt()).build();
      case "lz4" -> Compression.lz4().level(level.asInt()).build();
      case "zstd" -> Compression.zstd().level(level.asInt()).build();
      default -> throw new IllegalArgumentException(name + " has no level");
    };
  }

  static String write(String text) throws Exception {
    JsonNode d = JSON.readTree(text);
    boolean stamped = d.get("logAppendTime").asLong() >= 0;
    MemoryRecordsBuilder b = MemoryRecords.builder(ByteBuffer.allocate(1024), RecordBatch.MAGIC_VALUE_V2,
        compression(d.get("compression").asText(), d.get("level")),
        stamped ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME, d.get("baseOffset").asLong(),
        d.get("logAppendTime").asLong(), d.get("producerId").asLong(), (short) d.get("producerEpoch").asInt(),
        d.get("baseSequence").asInt(), d.get("isTransactional").asBoolean(), d.get("leaderEpoch").asInt());
    long offset = d.get("baseOffset").asLong();
    for (JsonNode r : d.get("records")) {
      List<Header> headers = new ArrayList<>();
      for (JsonNode h : r.get("headers")) headers.add(new RecordHeader(h.get("key").asText(), bytes(h.get("value"))));
      b.appendWithOffset(offset + r.get("offsetDelta").asLong(), r.get("timestamp").asLong(), bytes(r.get("key")),
          bytes(r.get("value")), headers.toArray(new Header[0]));
    }
    return hex(b.build().buffer());
  }

  static String read(String text) throws Exception {
    ArrayNode batches = JSON.createArrayNode();
    for (MutableRecordBatch b : MemoryRecords.readableRecords(ByteBuffer.wrap(HexFormat.of().parseHex(text))).batches()) {
      b.ensureValid();
      ObjectNode o = batches.addObject();
      o.put("compression", b.compressionType().name).put("baseOffset", Long.toString(b.baseOffset()))
          .put("lastOffset", Long.toString(b.lastOffset())).put("maxTimestamp", Long.toString(b.maxTimestamp()))
          .put("producerId", Long.toString(b.producerId())).put("producerEpoch", b.producerEpoch())
          .put("baseSequence", b.baseSequence()).put("isTransactional", b.isTransactional())
          .put("isControl", b.isControlBatch()).put("leaderEpoch", b.partitionLeaderEpoch())
          .put("isLogAppendTime", b.timestampType() == TimestampType.LOG_APPEND_TIME)
          .put("deleteHorizonMs", b.deleteHorizonMs().isPresent() ? Long.toString(b.deleteHorizonMs().getAsLong()) : null)
          .put("sizeBytes", b.sizeInBytes());
      ArrayNode records = o.putArray("records");
      for (Record r : b) {
        r.ensureValid();
        ObjectNode n = records.addObject();
        n.put("offset", Long.toString(r.offset())).put("timestamp", Long.toString(r.timestamp()))
            .put("key", hex(r.key())).put("value", hex(r.value()));
        ArrayNode hs = n.putArray("headers");
        for (Header h : r.headers())
          hs.addObject().put("key", h.key()).put("value", h.value() == null ? null : hex(ByteBuffer.wrap(h.value())));
      }
    }
    return batches.toString();
  }

  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    String line;
    while ((line = in.readLine()) != null) {
      String[] a = line.split(" ", 2);
      String answer;
      try {
        answer = switch (a[0]) {
          case "schema" -> schema(a[1]);
          case "data" -> { String[] d = a[1].split(" ", 3); yield data(d[0], Short.parseShort(d[1]), d[2]); }
          case "messages" -> messages();
          case "write" -> write(a[1]);
          case "marker" -> marker(a[1]);
          case "read" -> read(a[1]);
          default -> "ERR unknown " + a[0];
        };
      } catch (Throwable e) {
        answer = "ERR " + e;
      }
      System.out.println(answer);
    }
  }
}
