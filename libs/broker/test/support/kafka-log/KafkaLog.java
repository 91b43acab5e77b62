// Drives one log of Apache Kafka's own storage classes on a clock of ours: the same appends, passes and restarts as the bundled broker's
// log gets, so that both directories can be compared byte by byte. One command a line on standard input, one answer a line.
//   open DIR NOW_MS NAME=VALUE,… [CLEAN RECOVERY_POINT LOG_START EPOCH]   topic settings, and dedupe=BYTES, load=FACTOR
//   append HEX | marker PRODUCER EPOCH COORDINATOR commit|abort | highWatermark OFFSET
//   read OFFSET MAX committed|uncommitted | find TIMESTAMP | producers | epochEnd EPOCH | expire | roll | recover RECOVERY_POINT | state
//   time MS (forward by) | clean (passes until none is due, each with retention) | retain | deleteBefore OFFSET | restart | close
// Each restart and recovery leads the partition in an epoch two above the last, as that of a single node does.
// Answers: "ok …" or "error CLASS MESSAGE".
import java.io.*;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.*;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.Scheduler;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.*;
import org.apache.kafka.storage.internals.utils.Throttler;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

public class KafkaLog {
  static final class ManualTime implements Time {
    long now;
    public long milliseconds() { return now; }
    public long nanoseconds() { return now * 1_000_000L; }
    public void sleep(long ms) { throw new IllegalStateException("nobody sleeps here"); }
    public void waitObject(Object o, Supplier<Boolean> c, long d) { throw new IllegalStateException("nobody waits here"); }
  }

  /** Runs one-time tasks when their time has come; periodic ones never. */
  static final class ManualScheduler implements Scheduler {
    record Task(long due, long order, Runnable run) {}
    final PriorityQueue<Task> tasks = new PriorityQueue<>(Comparator.comparingLong(Task::due).thenComparingLong(Task::order));
    final ManualTime time;
    long count;
    ManualScheduler(ManualTime time) { this.time = time; }
    public void startup() {}
    public void shutdown() {}
    public void resizeThreadPool(int size) {}
    public ScheduledFuture<?> schedule(String name, Runnable task, long delayMs, long periodMs) {
      if (periodMs < 0) tasks.add(new Task(time.now + delayMs, count++, task));
      return (ScheduledFuture<?>) Proxy.newProxyInstance(KafkaLog.class.getClassLoader(), new Class<?>[] {ScheduledFuture.class},
          (future, method, given) -> method.getReturnType() == boolean.class ? Boolean.FALSE : null);
    }
    void advance(long ms) {
      long end = time.now + ms;
      while (!tasks.isEmpty() && tasks.peek().due <= end) {
        Task next = tasks.poll();
        time.now = Math.max(time.now, next.due);
        next.run.run();
      }
      time.now = end;
    }
  }

  final ManualTime time = new ManualTime();
  final ManualScheduler scheduler = new ManualScheduler(time);
  final LogDirFailureChannel failures = new LogDirFailureChannel(1);
  final ConcurrentMap<TopicPartition, UnifiedLog> logs = new ConcurrentHashMap<>();
  final File directory;
  final LogConfig config;
  final LogCleanerManager manager;
  final Cleaner cleaner;
  UnifiedLog log;
  int epoch;

  KafkaLog(String directory, long now, String settings, boolean clean, long recoveryPoint, long logStart, int epoch) throws Exception {
    this.epoch = epoch;
    time.now = now;
    this.directory = new File(directory);
    Map<String, String> given = new HashMap<>();
    for (String setting : settings.split(",")) given.put(setting.split("=")[0], setting.split("=")[1].replace('+', ','));
    int memory = Integer.parseInt(given.getOrDefault("dedupe", "1000000"));
    double load = Double.parseDouble(given.getOrDefault("load", "0.9"));
    given.remove("dedupe");
    given.remove("load");
    config = new LogConfig(given);
    Files.createDirectories(this.directory.toPath());
    openLog(clean, recoveryPoint, logStart);
    manager = new LogCleanerManager(List.of(this.directory.getParentFile()), logs, failures);
    cleaner = new Cleaner(0, new SkimpyOffsetMap(memory), 65_536, 1_048_588, load,
        new Throttler(Double.MAX_VALUE, 300, "cleaner-io", "bytes", time), time, partition -> {});
  }

  /** Opens the log as after a clean stop, or as after a crash. */
  void openLog(boolean clean, long recoveryPoint, long logStart) throws Exception {
    log = UnifiedLog.create(directory, config, logStart, recoveryPoint, scheduler, new BrokerTopicStats(), time, 900_000,
        new ProducerStateManagerConfig(86_400_000, false), 600_000, failures, clean, Optional.empty());
    log.updateHighWatermark(log.logEndOffset());
    log.assignEpochStartOffset(epoch, log.logEndOffset()); // as a partition does that becomes the leader
    logs.put(log.topicPartition(), log);
  }

  void reopen(boolean clean, long recoveryPoint) throws Exception {
    scheduler.tasks.clear();
    log.close();
    epoch += 2;
    openLog(clean, recoveryPoint, log.logStartOffset());
  }

  String append(MemoryRecords records, AppendOrigin origin) throws Exception {
    LogAppendInfo info = log.appendAsLeader(records, epoch, origin);
    log.updateHighWatermark(log.logEndOffset());
    log.activeSegment().offsetIndex(); // indexes are made when they are first asked for
    log.activeSegment().timeIndex();
    log.activeSegment().setLastModified(time.now);
    return "ok " + info.firstOffset();
  }

  String clean() throws Exception {
    int passes = 0;
    while (true) {
      Optional<LogToClean> work = manager.grabFilthiestCompactedLog(time, new PreCleanStats());
      if (work.isPresent()) {
        long end = work.get().firstDirtyOffset();
        try {
          end = cleaner.clean(work.get()).getKey();
        } finally {
          manager.doneCleaning(log.topicPartition(), directory.getParentFile(), end);
        }
        passes++;
      }
      Map<TopicPartition, UnifiedLog> deletable = manager.deletableLogs();
      for (UnifiedLog each : deletable.values()) each.deleteOldSegments();
      manager.doneDeleting(List.copyOf(deletable.keySet()));
      if (work.isEmpty()) return "ok " + passes;
    }
  }

  String run(String[] words) throws Exception {
    switch (words[0]) {
      case "append": return append(MemoryRecords.readableRecords(ByteBuffer.wrap(HexFormat.of().parseHex(words[1]))), AppendOrigin.CLIENT);
      case "marker": {
        ControlRecordType type = words[4].equals("commit") ? ControlRecordType.COMMIT : ControlRecordType.ABORT;
        EndTransactionMarker marker = new EndTransactionMarker(type, Integer.parseInt(words[3]));
        return append(MemoryRecords.withEndTransactionMarker(time.now, Long.parseLong(words[1]), Short.parseShort(words[2]), marker),
            AppendOrigin.COORDINATOR);
      }
      case "time": scheduler.advance(Long.parseLong(words[1])); return "ok";
      case "clean": return clean();
      case "retain": return "ok " + (config.compact ? 0 : log.deleteOldSegments());
      case "deleteBefore": log.maybeIncrementLogStartOffset(Long.parseLong(words[1]), LogStartOffsetIncrementReason.ClientRecordDeletion); return "ok";
      case "restart": reopen(true, log.logEndOffset()); return "ok";
      case "read": {
        FetchIsolation isolation = words[3].equals("committed") ? FetchIsolation.TXN_COMMITTED : FetchIsolation.HIGH_WATERMARK;
        FetchDataInfo found = log.read(Long.parseLong(words[1]), Integer.parseInt(words[2]), isolation, true);
        ByteBuffer bytes = ByteBuffer.allocate(found.records.sizeInBytes());
        if (found.records instanceof FileRecords file) file.readInto(bytes, 0);
        String aborted = found.abortedTransactions.map(all -> String.join(",", all.stream().map(t -> t.producerId() + ":" + t.firstOffset()).toList())).orElse("null");
        return "ok " + HexFormat.of().formatHex(bytes.array(), 0, bytes.limit()) + " " + aborted;
      }
      case "find": {
        Optional<FileRecords.TimestampAndOffset> found = log.fetchOffsetByTimestamp(Long.parseLong(words[1]), Optional.empty()).timestampAndOffsetOpt();
        return found.map(f -> "ok " + f.offset + " " + f.timestamp + " " + f.leaderEpoch.orElse(-1)).orElse("ok none");
      }
      case "producers": return "ok " + String.join(",", log.activeProducers().stream().sorted(Comparator.comparingLong(p -> p.producerId())).map(p ->
          p.producerId() + ":" + p.producerEpoch() + ":" + p.lastSequence() + ":" + p.lastTimestamp() + ":" + p.coordinatorEpoch() + ":" + p.currentTxnStartOffset()).toList());
      case "epochEnd": return log.endOffsetForEpoch(Integer.parseInt(words[1])).map(e -> "ok " + e.epoch() + " " + e.offset()).orElse("ok none");
      case "expire": log.removeExpiredProducers(time.now); return "ok";
      case "roll": log.roll(); return "ok";
      case "recover": reopen(false, Long.parseLong(words[1])); return "ok";
      case "state": return "ok " + log.logStartOffset() + " " + log.logEndOffset() + " " + log.lastStableOffset();
      case "close": log.close(); return "ok";
      default: throw new IllegalArgumentException(words[0]);
    }
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true);
    System.setOut(System.err);
    KafkaLog current = null;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      try {
        if (words[0].equals("open")) {
          boolean isNew = words.length == 4;
          current = new KafkaLog(words[1], Long.parseLong(words[2]), words[3], isNew || words[4].equals("true"),
              isNew ? 0 : Long.parseLong(words[5]), isNew ? 0 : Long.parseLong(words[6]), isNew ? 0 : Integer.parseInt(words[7]));
          out.println("ok");
        } else out.println(current.run(words));
      } catch (Throwable error) {
        out.println("error " + error.getClass().getSimpleName() + " " + String.valueOf(error.getMessage()).replace('\n', ' '));
      }
    }
  }
}
