import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;
/** Prints Kafka's tables of configurations as JSON: java -cp 'libs/*' ConfigTables.java */
public class ConfigTables {
  static final ObjectMapper JSON = new ObjectMapper();
  static ArrayNode table(ConfigDef def) {
    ArrayNode rows = JSON.createArrayNode();
    for (ConfigDef.ConfigKey key : new TreeMap<>(def.configKeys()).values()) {
      ObjectNode row = rows.addObject();
      row.put("name", key.name);
      row.put("type", key.type.name());
      if (key.defaultValue == ConfigDef.NO_DEFAULT_VALUE) row.put("default", "<required>");
      else row.put("default", ConfigDef.convertToString(key.defaultValue, key.type));
      row.put("range", key.validator == null ? null : key.validator.toString());
      row.put("internal", key.internalConfig);
    }
    return rows;
  }
  public static void main(String[] args) throws Exception {
    ObjectNode all = JSON.createObjectNode();
    all.set("topic", table(LogConfig.configDefCopy()));
    all.set("broker", table(AbstractKafkaConfig.CONFIG_DEF));
    all.set("group", table(GroupConfig.configDef()));
    ObjectNode synonyms = all.putObject("synonyms");
    ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.forEach((name, list) -> {
      ArrayNode names = synonyms.putArray(name);
      list.forEach(synonym -> names.add(synonym.name()));
    });
    all.set("updateModes", JSON.valueToTree(kafka.server.DynamicBrokerConfig$.MODULE$.dynamicConfigUpdateModes()));
    System.out.println(all.toString());
  }
}
