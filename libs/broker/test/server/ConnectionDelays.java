import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Scanner;
import kafka.network.ConnectionQuotas;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.common.utils.Time;

/**
 * What Kafka's acceptor makes of new connections: reads lines of `RATE WINDOW_SECONDS WINDOWS TIME…`, the ms at which each comes, and
 * prints for each line for how many ms they are held back. java -cp 'libs/*' ConnectionDelays.java
 */
public class ConnectionDelays {
  static final ListenerName LISTENER = new ListenerName("PLAINTEXT");
  static KafkaConfig config(Scanner line) {
    Properties settings = new Properties();
    settings.put("process.roles", "broker");
    settings.put("node.id", "1");
    settings.put("controller.quorum.voters", "2@127.0.0.1:1");
    settings.put("controller.listener.names", "CONTROLLER");
    settings.put("listeners", "PLAINTEXT://127.0.0.1:0");
    for (String name : new String[] {"max.connection.creation.rate", "quota.window.size.seconds", "quota.window.num"})
      settings.put(name, line.next());
    return KafkaConfig.fromProps(settings, false);
  }
  public static void main(String[] args) throws Exception {
    var delay = ConnectionQuotas.class.getDeclaredMethod(
        "recordConnectionAndGetThrottleTimeMs", ListenerName.class, long.class);
    delay.setAccessible(true);
    Scanner in = new Scanner(System.in);
    while (in.hasNextLine()) {
      Scanner line = new Scanner(in.nextLine());
      KafkaConfig config = config(line);
      List<String> delays = new ArrayList<>();
      try (Metrics metrics = new Metrics()) {
        ConnectionQuotas quotas = new ConnectionQuotas(config, Time.SYSTEM, metrics);
        quotas.addListener(config, LISTENER);
        while (line.hasNextLong()) delays.add(delay.invoke(quotas, LISTENER, 1_000_000 + line.nextLong()).toString());
      }
      System.out.println(String.join(" ", delays));
    }
  }
}
